"""Relations between a wrong output and the right one."""

import numpy as np
import pytest

from tutor.checking.relations import factor_relation, relation

RIGHT = np.random.default_rng(0).normal(size=(3, 4))


@pytest.mark.parametrize(
    ("mine", "words"),
    [
        (RIGHT.T, "transpose"),
        (np.zeros_like(RIGHT), "zero"),
        (RIGHT.reshape(-1), "shape is (12,) instead of (3, 4)"),
        (RIGHT.reshape(1, 3, 4), "shape is"),
        (RIGHT[::-1], "other places"),
        (RIGHT + 0.5, "off by the same amount, +0.5"),
        (np.stack([RIGHT - 1, np.ones_like(RIGHT)]), "A sum over axis 0 is missing"),
        (np.stack([RIGHT - 1, RIGHT + 1]), "A mean over axis 0 is missing"),
        (RIGHT.sum(axis=1), "summed over axis 1"),
    ],
)
def test_each_relation_is_named(mine, words):
    assert words in relation(mine, RIGHT)


def test_unrelated_numbers_have_no_relation():
    assert relation(np.random.default_rng(1).normal(size=(3, 4)), RIGHT) is None


@pytest.mark.parametrize(
    ("factor", "words"), [(-1.0, "sign"), (0.5, "half"), (2.0, "2 times"), (0.25, "a quarter"), (-3.0, "-3 times")]
)
def test_a_constant_factor_is_named(factor, words):
    pairs = [(factor * RIGHT, RIGHT), (factor * RIGHT.T, RIGHT.T)]
    assert words in factor_relation(pairs, [{}, {}])


def test_a_factor_that_follows_a_size_is_named_by_it():
    pairs = [(RIGHT / 5, RIGHT), (RIGHT / 7, RIGHT)]
    assert factor_relation(pairs, [{"N": 5.0}, {"N": 7.0}]) == "It is the right one divided by N."


def test_one_probe_is_not_enough_to_name_a_factor():
    assert factor_relation([(2 * RIGHT, RIGHT)], [{}]) is None


def test_the_right_answer_has_no_factor():
    assert factor_relation([(RIGHT, RIGHT), (RIGHT, RIGHT)], [{}, {}]) is None


def test_an_argument_of_0_divides_nothing():
    """A learning rate of 0 among the probes ended the check itself."""
    pairs = [(np.array([2.0]), np.array([1.0])), (np.array([3.0]), np.array([1.0]))]
    assert factor_relation(pairs, [{"rate": 0.0}, {"rate": 3.0}]) is None
    assert "divided by rate" in factor_relation(pairs, [{"rate": 0.5}, {"rate": 1 / 3}])


def test_digits_that_are_lost_are_told():
    right = np.array([0.123456, -2.71828, 5.0])
    assert relation(np.round(right, 2), right) == "It is the right one, rounded to 2 decimals."
    assert relation(np.trunc(right), right) == "It is the right one without what stands behind the point."
    assert relation(np.array(0.7), np.array(0.6875)) == "It is the right one, rounded to 1 decimal."
    assert (
        relation(np.array(0.69), np.array(0.7375)) is None
        and relation(np.zeros(()), np.array(0.2)) == "Everything in it is zero."
    )
