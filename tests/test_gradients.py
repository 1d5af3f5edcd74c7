"""Gradients are compared a line each."""

import numpy as np
import pytest

from tutor.gradients import compare_gradients


def test_a_gradient_takes_one_aligned_line_with_both_values_and_the_largest_difference(capsys):
    exact = {"grad_a": 4351.79164, "grad_w": np.array([[0.5, -2.0], [1.0, 0.0]])}
    compare_gradients(exact, {"grad_a": 4351.79162, "grad_w": exact["grad_w"] + [[0, 0], [3e-4, 0]]})
    assert capsys.readouterr().out == (
        "gradient  shape               exact   approximate  largest difference\n"
        "grad_a    ()                 4351.8        4351.8               2e-05\n"
        "grad_w    (2, 2)            -2.0000       -2.0000               3e-04\n"
    )


def test_tensors_of_a_graph_and_zeros_and_nan_can_be_compared(capsys):
    import torch

    w = torch.zeros(3, requires_grad=True)
    compare_gradients({"w": w, "v": w}, {"w": w.detach(), "v": torch.tensor([0.0, float("nan"), 0.0])}, ("one", "two"))
    rows = capsys.readouterr().out.splitlines()
    assert rows[0].split() == ["gradient", "shape", "one", "two", "largest", "difference"]
    assert rows[1].split() == ["w", "(3,)", "0.0000", "0.0000", "0e+00"] and rows[2].endswith("nan")


@pytest.mark.parametrize("other", [{"b": 1.0}, {"a": np.ones(2)}])
def test_gradients_that_do_not_belong_together_are_refused(other):
    with pytest.raises(ValueError, match="has the"):
        compare_gradients({"a": 1.0}, other)
