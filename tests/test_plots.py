"""The shared pictures say in words what they show, and refuse what cannot be drawn."""

import base64
import re
from xml.etree import ElementTree

import numpy as np
import pytest
import torch

from tutor import graph, plots


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


def test_costs_are_told_in_milliseconds():
    picture = plots.costs([10, 1000], {"slow": [0.001, 0.5]}, xlabel="size", title="Costs")
    assert picture.alt == "Costs: slow takes 1 ms at 10, 5e+02 ms at 1,000."


@pytest.mark.parametrize(
    ("crossing", "said"),
    [
        (1000, "fast pays from 1,000 on"),
        (10, "fast pays at all of these sizes"),
        (float("inf"), "fast pays at none of these sizes"),
    ],
)
def test_costs_say_from_where_on_the_last_one_pays(crossing, said):
    times = {"slow": [0.001, 0.5], "fast": [0.01, 0.02]}
    assert said in plots.costs([10, 1000], times, xlabel="size", title="Costs", crossing=crossing).alt


def test_only_a_crossing_among_the_sizes_is_marked():
    def lines(crossing):
        picture = plots.costs([1, 2], {"a": [1, 2], "b": [2, 1]}, xlabel="size", title="Costs", crossing=crossing)
        return len(picture.figure.axes[0].lines)

    assert [lines(2), lines(1), lines(float("inf")), lines(None)] == [3, 2, 2, 2]


def test_a_timeline_adds_up_each_row_in_milliseconds_from_the_first_start():
    picture = plots.timeline({"calls": [(10.0, 10.001)], "work": [(10.001, 10.02), (10.02, 10.04)]}, title="Busy")
    assert picture.alt == (
        "Busy: calls, 1 bar(s), 1.00 ms in all; work, 2 bar(s), 39.00 ms in all; the whole takes 40.00 ms."
    )


def test_a_timeline_numbers_the_bars_that_are_wide_enough():
    picture = plots.timeline({"calls": [(0.0, 0.0001)], "work": [(0.0, 0.5), (0.5, 1.0)]}, title="Busy")
    assert [text.get_text() for text in picture.figure.axes[0].texts] == ["1", "2"]


def test_a_computation_says_what_each_thing_was_made_from():
    graph = {"a": (), "b": ("a", "a"), "c": ("a", "b")}
    picture = plots.computation(graph, {"a": "value 3\ngradient 7"}, title="A graph")
    assert picture.alt == "A graph. From left to right: a (value 3, gradient 7); b from a and a; c from a and b."


def test_a_computation_has_an_arrow_for_every_use():
    picture = plots.computation({"a": (), "b": ("a", "a"), "c": ("a", "b")}, {}, title="A graph")
    arrows = [text for text in picture.figure.axes[0].texts if getattr(text, "arrow_patch", None)]
    assert len(arrows) == 4


def test_in_a_computation_everything_stands_right_of_what_it_was_made_from():
    graph = {"a": (), "b": (), "c": ("a",), "d": ("b", "c")}
    picture = plots.computation(graph, {}, title="A graph")
    place = {text.get_text(): text.get_position()[0] for text in picture.figure.axes[0].texts}
    assert all(place[parent] < place[name] for name, made_from in graph.items() for parent in made_from)


def test_lines_say_where_each_curve_starts_ends_and_peaks():
    picture = plots.lines({"up and down": [1.0, 5.0, 2.0]}, xlabel="step", ylabel="rate", title="A rate")
    assert picture.alt == "A rate, rate against step: up and down goes from 1 to 2, highest 5."


def bowl(b, d):
    return (b - 1) ** 2 + 4 * d**2


BOWL = {"minimum": (1.0, 0.0), "spans": ((-1.0, 2.0), (-1.0, 1.0)), "names": ("b", "d"), "title": "A bowl"}
WAYS = {
    "long": np.array([[-0.5, 0.5], [0.5, 0.1], [1.0, 0.0]]),
    "short": np.array([[-0.5, 0.5], [-0.4, 0.4], [-0.3, 5.0]]),
}


def animated_values(svg):
    """Attribute name -> the numbers that each <animate> runs through, dot after dot."""
    found = {}
    for node in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}animate"):
        found.setdefault(node.get("attributeName"), []).append([float(v) for v in node.get("values").split(";")])
        assert len(node.get("values").split(";")) == len(node.get("keyTimes").split(";"))
    return found


def test_a_loss_surface_says_where_every_path_ends():
    picture = plots.loss_surface(bowl, WAYS, **BOWL)
    assert "lowest at (1, 0)" in picture.alt
    assert "long ends after 2 steps at (1, 0), loss 0" in picture.alt
    assert "short ends after 2 steps at (-0.3, 5), loss 101.7" in picture.alt


def test_the_dots_of_an_animation_stand_where_the_still_paths_are_drawn():
    picture = plots.loss_surface(bowl, WAYS, **BOWL, animated=True)
    svg = picture.svg()
    spots = picture.ax.transData.transform(WAYS["long"]) * 72 / picture.figure.dpi
    height = picture.figure.get_size_inches()[1] * 72
    values = animated_values(svg)
    assert values["cx"][0] == pytest.approx([*spots[:, 0], spots[-1, 0]], abs=0.1)
    assert values["cy"][0] == pytest.approx([*(height - spots[:, 1]), height - spots[-1, 1]], abs=0.1)
    drawn = re.search(r'<g id="line2d_\d+">\s*<path d="M ([\d.]+) ([\d.]+)[^"]*"[^>]*stroke: #0072b2', svg)
    assert [float(v) for v in drawn.groups()] == pytest.approx([values["cx"][0][0], values["cy"][0][0]], abs=0.1)


def test_a_trail_is_drawn_as_far_as_its_dot_has_come():
    ahead = animated_values(plots.loss_surface(bowl, WAYS, **BOWL, animated=True).svg())["stroke-dashoffset"][0]
    assert ahead[0] == 1 and ahead[-1] == ahead[-2] == 0 and 0 < ahead[1] < 1


def test_an_animation_needs_no_script_and_no_network():
    source = plots.loss_surface(bowl, WAYS, **BOWL, animated=True).svg()
    assert "<script" not in source and "<image" not in source
    assert not re.search(r'(href|src)="(?!#)', source)


def test_an_animation_is_shown_as_an_image_with_alt_text_and_stays_small():
    way = np.cumsum(np.random.default_rng(0).normal(size=(101, 2)) / 20, axis=0)
    shown = plots.loss_surface(bowl, dict.fromkeys("abcde", way), **BOWL, animated=True)._repr_mimebundle_()
    assert shown["text/html"].startswith("<img ") and 'alt="A bowl: contours' in shown["text/html"]
    assert shown["text/plain"].startswith("[animation: A bowl")
    assert len(shown["text/html"]) < 140_000


def test_an_animation_is_the_same_each_time_it_is_drawn():
    one, other = (plots.loss_surface(bowl, WAYS, **BOWL, animated=True).svg() for _ in range(2))
    assert one == other


def test_paths_of_different_length_cannot_run_together():
    uneven = {"long": WAYS["long"], "short": WAYS["short"][:2]}
    with pytest.raises(ValueError, match="same number of points"):
        plots.loss_surface(bowl, uneven, **BOWL, animated=True)


def test_bars_tell_every_number_of_every_panel():
    panels = {"logits": [2.0, -1.0], "probabilities": [0.953, 0.047]}
    picture = plots.bars(["bag", "coat"], panels, title="Softmax")
    assert picture.alt == "Softmax. Bars: logits: bag 2, coat -1; probabilities: bag 0.953, coat 0.047."
    assert [len(ax.patches) for ax in picture.figure.axes] == [2, 2]
    assert [ax.get_ylabel() for ax in picture.figure.axes] == ["logits", "probabilities"]


def test_bars_need_a_number_for_every_label():
    with pytest.raises(ValueError):
        plots.bars(["bag", "coat"], {"logits": [1.0, 2.0, 3.0]}, title="Softmax")


class Dot:
    """Stands in for graphviz.Digraph."""

    def pipe(self, format):
        return f"<svg>{format}</svg>".encode()


def test_a_drawing_of_graphviz_is_an_image_with_alt_text():
    shown = plots.drawing(Dot(), 'leaves "a" & b')
    bundle = shown._repr_mimebundle_()
    assert 'alt="leaves &quot;a&quot; &amp; b"' in bundle["text/html"]
    assert base64.b64encode(b"<svg>svg</svg>").decode() in bundle["text/html"]
    assert bundle["text/plain"] == '[picture: leaves "a" & b]'


def test_without_graphviz_the_alt_text_is_that_of_the_drawing_that_is_shown(monkeypatch):
    """A lesson's own words speak of torchviz, whose drawing nobody sees then."""
    monkeypatch.setenv("PATH", "")
    with pytest.warns(UserWarning, match="is not on the PATH"):
        dot = graph.make_dot(torch.ones(3, requires_grad=True).exp().sum())
    shown = plots.drawing(dot, alt="torchviz's graph")._repr_mimebundle_()
    assert 'alt="Autograd graph of SumBackward0' in shown["text/html"]
    assert "torchviz" not in str(shown)


def test_a_drawing_that_is_none_of_graphviz_is_shown_as_it_is():
    ours = object()
    assert plots.drawing(ours, "words") is ours


def test_graphs_stand_beside_each_other_with_their_labels_and_words():
    x = torch.ones(2, requires_grad=True)
    shown = plots.beside({"a < b": graph.trace(x.sin()), "after": graph.trace(x.cos())})
    assert shown.html.count("<img alt=") == shown.html.count("width:48%") == 2
    assert "<b>a &lt; b</b>" in shown.html
    assert "a < b: " in shown.words
    assert "Cos" in shown.words


def test_runs_tell_the_mean_and_the_range_and_draw_a_dot_for_each_run():
    picture = plots.runs({"SGD": [80.0], "AdamW": [84.0, 86.0]}, xlabel="accuracy (%)", title="Steps")
    assert picture.alt == "Steps, accuracy (%): SGD 80; AdamW 85 on average, 84 to 86."
    (ax,) = picture.figure.axes
    dots = [line for line in ax.lines if line.get_marker() == "o"]
    assert [len(line.get_xdata()) for line in dots] == [1, 2]
    (bar,) = [line for line in ax.lines if line.get_marker() != "o"]
    assert list(bar.get_xdata()) == [85, 85]
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["SGD", "AdamW"]
    assert dots[0].get_ydata()[0] > dots[1].get_ydata()[0]


def test_runs_draw_and_tell_how_far_a_number_may_be_off():
    picture = plots.runs({"SGD": [80.0]}, xlabel="accuracy (%)", title="Steps", spreads={"SGD": 2.5})
    assert picture.alt == "Steps, accuracy (%): SGD 80 ± 2.5."
    (bar,) = picture.figure.axes[0].collections
    assert [list(end) for end in bar.get_segments()[0]] == [[77.5, 0], [82.5, 0]]


def test_a_chain_shows_the_factor_by_which_each_arrow_back_multiplies():
    picture = plots.chain(["d", "y", "loss"], [1, 2, 3], [30.0, 5.0, 1.0], [6.0, 5.0], title="Chain")
    assert "each with its factor: 6.000, 5.000" in picture.alt
    texts = [text.get_text() for text in picture.figure.axes[0].texts]
    assert texts.count("· 6.000") == texts.count("· 5.000") == 1


def test_a_confusion_matrix_tells_the_most_frequent_mistake():
    picture = plots.confusion(np.array([[8, 0, 2], [1, 9, 0], [5, 0, 5]]), ["bag", "coat", "shirt"], title="Mistakes")
    assert picture.alt.endswith(
        "22 of 30 lie on the diagonal. The most frequent mistake: shirt taken for bag, 5 times."
    )
    (ax,) = picture.figure.axes
    assert (ax.get_ylabel(), ax.get_xlabel()) == ("true class", "predicted class")
    assert sorted(int(text.get_text()) for text in ax.texts) == [1, 2, 5, 5, 8, 9]


def test_the_shades_of_a_confusion_matrix_are_set_by_the_mistakes():
    picture = plots.confusion(np.array([[900, 1], [3, 900]]), ["bag", "coat"], title="Mistakes")
    (image,) = picture.figure.axes[0].images
    assert np.asarray(image.get_array()).tolist() == [[0, 1], [3, 0]]


def test_contributions_begin_where_the_last_one_ended_and_the_sum_stands_beside_them():
    picture = plots.contributions([2.0, -3.0, 0.5], ylabel="gradient", title="Three uses")
    bars = [(bar.get_y(), bar.get_height()) for bar in picture.figure.axes[0].patches]
    assert bars == [(0.0, 2.0), (2.0, -3.0), (-1.0, 0.5), (0.0, -0.5)]
    assert picture.alt == "Three uses, gradient: step 1 +2, step 2 -3, step 3 +0.5; the sum is -0.5."


def test_contributions_of_either_sign_differ_in_colour_and_each_number_is_written_above_its_bar():
    ax = plots.contributions([2.0, -3.0], ylabel="gradient", title="Two uses").figure.axes[0]
    first, second, total = ax.patches
    assert len({first.get_facecolor(), second.get_facecolor(), total.get_facecolor()}) == 3
    assert [(text.get_text(), text.xy) for text in ax.texts] == [("+2", (0, 2)), ("-3", (1, 2)), ("-1", (2, 0))]


def test_panels_say_where_every_curve_begins_and_ends_and_keep_a_labels_colour():
    drawn = {"value": {"relu": [0.0, 0.0, 1.0], "clamp": [-1.0, 0.0, 0.5]}, "gradient": {"clamp": [0.0, 1.0, 0.0]}}
    picture = plots.panels([-1.0, 0.0, 1.0], drawn, xlabel="x", title="Kinks")
    assert "value of clamp goes from -1 to 0.5, between -1 and 0.5; gradient of clamp goes from 0 to 0" in picture.alt
    left, right = picture.figure.axes
    assert left.lines[1].get_color() == right.lines[0].get_color() != left.lines[0].get_color()


def test_panels_say_zero_of_a_rounding_error_and_keep_what_is_small_all_over():
    x = np.linspace(-np.pi, np.pi, 101)
    picture = plots.panels(x, {"y": {"sin(x)": np.sin(x), "small": 1e-9 * x}}, xlabel="x", title="A sine")
    assert "y of sin(x) goes from 0 to 0, between -1 and 1; y of small goes from -3.14e-09 to 3.14e-09" in picture.alt
