"""Lesson 09: what its checks say about answers that no misconception describes."""

import random

import pytest
import torch

from tutor import models
from tutor.lessons.registry import HOME, Lesson


@pytest.fixture(scope="module")
def exercises():
    return Lesson("dynamic_nets", HOME / "dynamic_nets", 9).exercises


class Silent(models.DynamicNet):
    def forward(self, x, order=None):
        super().forward(x, order)


class Loaded(models.DynamicNet):
    def forward(self, x, order=None):
        return super().forward(x, order or random.choice([3, 4, 5, 5]))


class WithoutE(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b, self.c, self.d = (torch.nn.Parameter(torch.randn(())) for _ in range(4))

    def forward(self, x, order=None):
        return self.a + self.b * x + self.c * x**2 + self.d * x**3


def test_the_shared_net_is_a_right_answer(exercises):
    assert exercises["dynamic_nets.dynamic_net"].check(models.DynamicNet).verdict == "pass"


def test_a_net_that_returns_nothing_is_asked_for_its_return(exercises):
    report = exercises["dynamic_nets.dynamic_net"].check(Silent)
    assert report.verdict == "wrong" and "should be a tensor; yours is `None`." in report.message


def test_a_die_that_is_loaded_is_noticed(exercises):
    report = exercises["dynamic_nets.dynamic_net"].check(Loaded)
    assert report.verdict == "wrong" and "but 5 too often" in report.message


def test_a_net_without_e_is_told_what_it_lacks(exercises):
    report = exercises["dynamic_nets.dynamic_net"].check(WithoutE)
    assert report.verdict == "error" and "has no attribute 'e'" in report.message


def test_a_count_that_is_always_zero_is_not_taken_for_a_search_that_ends_early(exercises):
    report = exercises["dynamic_nets.uses"].check(lambda loss, parameter: 0)
    assert report.verdict == "wrong" and report.misconception is None


def test_the_gradient_of_an_unused_weight_may_be_zero_of_any_kind(exercises):
    def shared_gradient(x, grad_y_pred, order):
        powers = [x**power for power in range(4, order + 1)]
        return (grad_y_pred * sum(powers, torch.zeros_like(x))).sum()

    assert exercises["dynamic_nets.shared_gradient"].check(shared_gradient).verdict == "pass"


class TrackedTensor(models.DynamicNet):
    def __init__(self):
        super().__init__()
        del self.e
        self.e = torch.randn((), requires_grad=True)


def test_a_tensor_that_asks_for_a_gradient_is_still_no_parameter(exercises):
    assert exercises["dynamic_nets.dynamic_net"].check(TrackedTensor).misconception == "e-is-no-parameter"


def counted(is_it, skip_none):
    def uses(loss, parameter):
        count, seen, waiting = 0, set(), [loss.grad_fn]
        while waiting:
            node = waiting.pop()
            if node in seen or (skip_none and node is None):
                continue
            seen.add(node)
            for below, _ in node.next_functions:
                if hasattr(below, "variable"):
                    count += bool(is_it(below.variable, parameter))
                else:
                    waiting.append(below)
        return count

    return uses


def test_a_comparison_by_value_is_told_by_its_name(exercises):
    report = exercises["dynamic_nets.uses"].check(counted(lambda a, b: a == b, True))
    assert report.misconception == "compared-by-value"


def test_a_none_among_the_nodes_is_told_by_its_name(exercises):
    report = exercises["dynamic_nets.uses"].check(counted(lambda a, b: a is b, False))
    assert report.misconception == "none-taken-for-a-node"


def test_two_slips_at_once_in_the_way_back_through_time_are_both_told(exercises):
    def through_time(h, states, w_h, grad_h):
        parts = []
        for t in reversed(range(len(states))):
            grad_a = grad_h * (1 - states[t] ** 2)
            parts.append(states[t - 1].T @ grad_a)
            grad_h = grad_a @ w_h.T
        return torch.stack(parts)

    assert exercises["dynamic_nets.through_time"].check(through_time).misconception == "minus-one-and-turned-round"


@pytest.mark.parametrize(("answer", "verdict"), [(True, "wrong"), (3, "pass"), (3.0, "pass")])
def test_true_is_no_count_of_answers(exercises, answer, verdict):
    assert exercises["dynamic_nets.predict_traced"].check(answer).verdict == verdict


def test_a_cell_is_called_and_not_its_forward(exercises):
    def unroll(cell, x, h):
        states = []
        for x_t in x:
            h = cell.forward(x_t, h)
            states.append(h)
        return torch.stack(states)

    assert exercises["dynamic_nets.unroll"].check(unroll).misconception == "forward-called"


def test_a_batch_that_is_read_as_time_is_told_so(exercises):
    def unroll(cell, x, h):
        states = []
        for i in range(x.shape[1]):
            h = cell(x[:, i], h)
            states.append(h)
        return torch.stack(states)

    assert exercises["dynamic_nets.unroll"].check(unroll).misconception == "batch-read-as-time"


def test_a_net_that_joins_the_two_terms_is_right(exercises):
    class Joined(models.DynamicNet):
        def forward(self, x, order=None):
            order = random.randint(3, 5) if order is None else order
            cubic = super().forward(x, 3)
            return cubic if order == 3 else cubic + self.e * sum(x**power for power in range(4, order + 1))

    assert exercises["dynamic_nets.dynamic_net"].check(Joined).verdict == "pass"


def test_what_one_step_leaves_for_the_next_is_found():
    cells = {cell.name: cell.solved for cell in Lesson("dynamic_nets", HOME / "dynamic_nets", 9).cells}
    space = {}
    for name, kind, words in (
        ("imports", None, ""),
        ("time-reader", None, ""),
        ("time-state", "a second time", "through `h`"),
        ("time-state-mended", None, "Nothing wrong"),
        ("time-total", "a second time", "`total` holds the graphs of 4 passes"),
        ("time-factor", "exploding", "`b` is used in 20 steps"),
    ):
        exec(compile(cells[name], f"{name}.py", "exec"), space)
        found = space.get("found")
        if found is not None:
            assert (found.wrong[0].kind if found.wrong else None) == kind
            assert words in found.sentence
