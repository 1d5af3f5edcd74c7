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
    assert report.verdict == "wrong" and "Is a `return` missing?" in report.message


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
