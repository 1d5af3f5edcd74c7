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


def changed(exercises, name, *pairs):
    """The report on the solution with some texts replaced."""
    exercise = exercises[f"autograd.{name}"]
    source = exercise.source
    for old, new in pairs:
        assert old in source
        source = source.replace(old, new)
    return exercise.check(exercise.build(source)[0])


UPDATE, CLEAR = "p -= learning_rate * p.grad", "            p.grad = None\n"
WITH_ITS_GRAPH = ("return loss.item()", "return loss")


@pytest.mark.parametrize(
    ("mistake", "name"), [((CLEAR, ""), "never-cleared"), (("p -= ", "p += "), "uphill"), (None, "loss-with-its-graph")]
)
def test_a_loss_with_its_graph_does_not_hide_a_wrong_step(exercises, mistake, name):
    report = changed(exercises, "sine_step", WITH_ITS_GRAPH, *([mistake] if mistake else []))
    assert report.misconception == name


@pytest.mark.parametrize("update", ["p.sub(learning_rate * p.grad)", "p = p - learning_rate * p.grad"])
def test_an_update_that_writes_nothing_is_not_told_that_gradients_were_cleared_too_early(exercises, update):
    assert changed(exercises, "sine_step", (UPDATE, update)).misconception == "new-tensors"


def test_a_step_that_switches_requires_grad_off_is_told_so(exercises):
    report = changed(exercises, "sine_step", (CLEAR, "            p.requires_grad = False\n"))
    assert report.verdict == "error" and "leave `requires_grad` as it is" in report.message


@pytest.mark.parametrize("place", ["waiting.pop()", "waiting.pop(0)"])
def test_a_walk_that_ends_at_its_first_leaf_is_told_apart_from_one_that_takes_a_single_step(exercises, place):
    report = changed(
        exercises, "leaves", ("waiting.pop()", place), ("found.append(node.variable)", "return [node.variable]")
    )
    assert report.misconception == "stops-at-the-first"


@pytest.mark.parametrize("name", ["requires_gradient", "requires_grad_"])
def test_an_attribute_of_the_reader_s_own_is_named(exercises, name):
    report = changed(exercises, "set_trainable", ("w.requires_grad_(trainable)", f"w.{name} = trainable"))
    assert report.verdict == "error" and f"`{name}`" in report.message


def test_the_drawings_of_torchviz_appear_without_graphviz_too(monkeypatch):
    monkeypatch.setenv("PATH", "")
    w = torch.ones(2, requires_grad=True)
    with pytest.warns(UserWarning, match="tutor.graph instead of torchviz"):
        shown = plots.drawing(graph.make_dot((w * w).sum(), params={"w": w}), alt="the graph")
    assert "<img alt=" in shown.html()
