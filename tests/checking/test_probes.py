"""Probes: drawn, copied, and compared to the last bit."""

import numpy as np
import pytest
import torch

from tutor.checking.probes import KINK, Draw, clone, in_float64, largest, same


def test_sizes_are_distinct_and_differ_from_those_of_the_next_seed():
    for seed in range(30):
        here, there = Draw(seed).sizes(4), Draw(seed + 1).sizes(4)
        assert len(set(here)) == 4
        assert all(a != b for a, b in zip(here, there, strict=True))


def test_numbers_stay_away_from_the_kink_and_have_both_signs():
    for seed in range(30):
        x = Draw(seed).array(2, 3)
        assert x.dtype == np.float32 and np.abs(x).min() >= KINK - 1e-6
        assert (x > 0).any() and (x < 0).any()
    assert (Draw(0).array(50, positive=True) > 0).all()


def test_a_draw_without_sizes_is_one_number():
    assert Draw(0).array().shape == () and Draw(0).tensor().shape == ()


def test_a_seed_gives_the_same_probe_every_time():
    assert np.array_equal(Draw(7).array(3, 4), Draw(7).array(3, 4))
    assert torch.equal(Draw(7).tensor(3), Draw(7).tensor(3))


@pytest.mark.parametrize(
    "value",
    [
        np.ones(3),
        torch.ones(3),
        torch.ones(3).bfloat16(),
        [np.ones(2), 1.0],
        {"a": torch.ones(2)},
        (1, "x"),
        np.array([np.nan]),
    ],
)
def test_a_clone_is_the_same(value):
    assert same(value, clone(value))


@pytest.mark.parametrize(
    ("value", "change"),
    [
        (np.ones(3), lambda v: v.fill(2)),
        (torch.ones(3), lambda v: v.add_(1)),
        (torch.ones(3), lambda v: v.data.mul_(2)),
        ([3, 1, 2], lambda v: v.sort()),
        ([1.0, 2.0], lambda v: v.append(3.0)),
        ({"a": 1}, lambda v: v.update(a=2)),
        ([np.ones(2)], lambda v: v.__setitem__(0, "gone")),
    ],
)
def test_every_change_in_place_is_seen(value, change):
    kept = clone(value)
    change(value)
    assert not same(kept, value)


def test_the_reference_gets_float64_and_whole_numbers_stay_whole():
    assert in_float64(np.ones(2, np.float32)).dtype == np.float64
    assert in_float64(torch.ones(2)).dtype == torch.float64
    assert in_float64(torch.ones(2, dtype=torch.int64)).dtype == torch.int64
    assert in_float64(torch.ones(2, requires_grad=True)).requires_grad


def test_the_scale_is_the_largest_number():
    assert largest((np.array([1.0, -5.0]), 2.0, "text", [])) == 5.0
