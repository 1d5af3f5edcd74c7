"""The shared pictures of tensors name every shape, and refuse what cannot be drawn."""

import pytest
import torch

from tutor import plots


def test_a_product_names_every_shape_and_what_is_summed():
    picture = plots.product_shapes({"addmm": "b (H) + x (N, D) · w (D, H) = h (N, H)"}, title="A layer")
    assert picture.alt == (
        "A layer. addmm: b of shape (H) plus x of shape (N, D) times w of shape (D, H) gives h of shape (N, H); "
        "summed over: D."
    )


def test_sizes_that_are_summed_over_carry_a_sigma_in_the_drawing():
    picture = plots.product_shapes({"addbmm": "a (B, N, D) · c (B, D, H) = out (N, H)"}, title="A batch")
    labels = [text.get_text() for text in picture.figure.axes[0].texts]
    assert sorted(t for t in labels if t.startswith("Σ")) == ["Σ B", "Σ B", "Σ D", "Σ D"]
    assert labels.count("N") == 2 and labels.count("H") == 2


def test_a_batch_is_drawn_as_a_stack_and_a_matrix_as_one_rectangle():
    picture = plots.product_shapes({"@": "a (B, N, D) · w (D, H) = out (B, N, H)"}, title="A batch")
    assert len(picture.figure.axes[0].patches) == 3 + 1 + 3


def test_entry_by_entry_nothing_is_summed():
    picture = plots.product_shapes({"*": "x (N, D) * v (D) = out (N, D)"}, title="Times")
    assert "summed" not in picture.alt and "entry by entry" in picture.alt


@pytest.mark.parametrize("formula", ["x (N, D)", "x (N, D) · w (D, H)", "", "x (N) = y (N) = z (N) ="])
def test_a_formula_without_a_result_is_refused(formula):
    with pytest.raises(ValueError, match="not of the form"):
        plots.product_shapes({"odd": formula}, title="Odd")


def test_a_size_that_comes_from_nowhere_is_refused():
    with pytest.raises(ValueError, match="has the size K, which no factor has"):
        plots.product_shapes({"odd": "x (N, D) · w (D, H) = h (N, K)"}, title="Odd")


def test_a_matrix_product_with_unequal_inner_sizes_is_refused():
    with pytest.raises(ValueError, match="x has D columns, w has H rows"):
        plots.matmul_shapes("x", ("N", "D"), "w", ("H", "D"), "h", title="Odd")


def test_a_matrix_product_says_what_is_summed():
    picture = plots.matmul_shapes("xᵀ", ("D", "N"), "g", ("N", "H"), "grad_w", title="A gradient")
    assert picture.alt.endswith("gives grad_w of shape (D, H); summed over: N.")


def test_strides_show_where_each_entry_lies():
    x = torch.tensor([[10, 20, 30], [40, 50, 60]])
    picture = plots.strides({"x": x, "x.t()": x.t(), "x[:, 1:]": x[:, 1:]}, title="Memory")
    assert "in memory 10, 20, 30, 40, 50, 60" in picture.alt
    assert (
        "x.t() with shape (3, 2), strides (1, 3), not contiguous, holding [[10, 40], [20, 50], [30, 60]]" in picture.alt
    )
    labels = [text.get_text() for text in picture.figure.axes[0].texts]
    # numbers and places of the slice, which is drawn last
    assert labels[-10:-2] == ["20", "1", "30", "2", "50", "4", "60", "5"]


def test_strides_refuse_tensors_of_different_memory():
    x = torch.zeros(2, 3)
    with pytest.raises(ValueError, match="do not share one memory"):
        plots.strides({"x": x, "copy": x.clone()}, title="Memory")


def test_strides_draw_matrices_only():
    with pytest.raises(ValueError, match="two dimensions"):
        plots.strides({"x": torch.zeros(3)}, title="Memory")


def test_broadcasting_tells_stored_cells_from_stretched_ones():
    picture = plots.broadcast(torch.tensor([[0], [10]]), torch.tensor([1, 2, 3]), "-", title="Stretched")
    assert "gives [[-1, -2, -3], [9, 8, 7]]" in picture.alt
    dashed = [patch for patch in picture.figure.axes[0].patches if patch.get_linestyle() == "--"]
    assert len(dashed) == (6 - 2) + (6 - 3)


def test_shapes_that_do_not_broadcast_are_refused():
    with pytest.raises(ValueError, match="broadcast"):
        plots.broadcast(torch.zeros(2, 3), torch.zeros(2), title="Odd")
