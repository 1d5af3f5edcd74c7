"""What lesson 05's own proof does not reach: a switch that is put back, and drawings without Graphviz."""

import pytest
import torch

from tutor import graph, plots
from tutor.lessons.registry import HOME, Lesson


@pytest.fixture
def exercises():
    return Lesson("autograd", HOME / "autograd", 5).exercises


@pytest.mark.parametrize("switched_on", [False, True])
def test_a_check_that_fills_fresh_memory_puts_torch_s_switch_back(exercises, switched_on):
    before = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(switched_on)
    try:
        exercises["autograd.jacobian"].check(lambda y, x: torch.empty(2, 3))
        assert torch.are_deterministic_algorithms_enabled() is switched_on
    finally:
        torch.use_deterministic_algorithms(before)


def test_a_gradient_that_nobody_filled_is_told_even_where_memory_would_hold_the_right_numbers(exercises):
    def by_luck(x, w, measure):
        y_pred = x.mm(w)
        right = 2 * torch.from_numpy(measure(y_pred.detach().numpy()))
        del right  # its memory is free now, and often the next tensor's
        y_pred.backward(torch.empty_like(y_pred))
        return w.grad

    assert exercises["autograd.outside_gradient"].check(by_luck).misconception == "uninitialised"


def test_the_drawings_of_torchviz_appear_without_graphviz_too(monkeypatch):
    monkeypatch.setenv("PATH", "")
    w = torch.ones(2, requires_grad=True)
    with pytest.warns(UserWarning, match="tutor.graph instead of torchviz"):
        shown = plots.drawing(graph.make_dot((w * w).sum(), params={"w": w}), alt="the graph")
    assert "<img alt=" in shown.html()
