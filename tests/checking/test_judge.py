"""The judge: values alone decide."""

import numpy as np
import pytest
import torch

from tutor.checking.judge import compare


def kind(got, expected, **more):
    found = compare(got, expected, **more)
    return found.kind if found else None


def test_rounding_in_another_order_is_no_difference():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(64, 784)).astype(np.float32), rng.normal(size=(784, 256)).astype(np.float32)
    assert compare(a @ b, a.astype(np.float64) @ b.astype(np.float64)) is None


def test_an_error_of_one_in_a_thousand_of_the_largest_entry_is_a_difference():
    right = np.linspace(1, 2, 12).reshape(3, 4)
    wrong = right.copy()
    wrong[1, 2] += 0.002
    found = compare(wrong, right)
    assert (found.kind, found.index) == ("value", (1, 2))
    assert found.error == pytest.approx(0.001)


def test_an_all_zero_gradient_is_never_taken_for_a_right_one():
    assert kind(np.zeros((2, 3)), np.full((2, 3), 1e-7)) == "value"


def test_against_an_all_zero_reference_the_scale_of_the_inputs_decides():
    assert compare(np.full(3, 1e-6), np.zeros(3), scale=1.0) is None
    assert kind(np.full(3, 1e-2), np.zeros(3), scale=1.0) == "value"


def test_bfloat16_is_judged_by_its_own_precision():
    right = torch.linspace(1, 2, 50, dtype=torch.float64)
    assert compare(right.bfloat16(), right) is None
    assert kind((right * 1.05).bfloat16(), right) == "value"


@pytest.mark.parametrize(
    ("got", "expected", "wanted"),
    [
        (None, 1.0, "none"),
        ([], (1.0, 2.0), "length"),
        ((1.0,), (1.0, 2.0), "length"),
        (1.0, (1.0, 2.0), "type"),
        ({"a": 1}, {"b": 1}, "keys"),
        (3, {"b": 1}, "type"),
        (np.ones((2, 3)), np.ones((3, 2)), "shape"),
        (np.ones(3), 3.0, "shape"),
        (np.ones(3), torch.ones(3), "type"),
        (torch.ones(3), np.ones(3), "type"),
        ([1.0, 1.0, 1.0], np.ones(3), "type"),
        ("right", 1.0, "type"),
        (float("nan"), 1.0, "nan"),
        (np.array([1.0, np.inf]), np.array([1.0, 2.0]), "nan"),
        ("left", "right", "value"),
    ],
)
def test_differences_are_told_apart(got, expected, wanted):
    assert kind(got, expected) == wanted


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (np.float32(3.0), 3.0),
        (torch.tensor(3.0), 3.0),
        (3, 3.0),
        ([1.0, 2.0], (1.0, 2.0)),
        (np.array([1.0, 2.0]), (1.0, 2.0)),
        (np.array([1, 0]), np.array([1.0, 0.0])),
        (np.array([np.nan, 1.0]), np.array([np.nan, 1.0])),
        (np.zeros((0, 3)), np.zeros((0, 3))),
        ("same", "same"),
        (None, None),
    ],
)
def test_what_holds_the_same_values_agrees(got, expected):
    assert compare(got, expected) is None


def test_dtype_counts_where_the_exercise_says_so():
    assert kind(torch.tensor([1, 2]), torch.tensor([1.0, 2.0]), exact=True) == "dtype"
    assert kind(torch.tensor([True]), torch.tensor([1]), exact=True) == "dtype"
    assert compare(torch.ones(2, dtype=torch.float64), torch.ones(2), exact=True) is None


def test_a_difference_names_its_output():
    found = compare((1.0, 5.0), (1.0, 2.0), names=("loss", "grad"))
    assert found.path == "grad"
    assert compare({"a": [1.0, 5.0]}, {"a": [1.0, 2.0]}).path == "['a'][1]"


def test_replacing_allclose_does_not_fool_the_judge(monkeypatch):
    monkeypatch.setattr(np, "max", lambda *a, **k: 0.0)
    monkeypatch.setattr(np, "abs", lambda *a, **k: 0.0)
    monkeypatch.setattr(torch, "allclose", lambda *a, **k: True)
    assert kind(np.ones(3), np.zeros(3)) == "value"


class Liar(torch.Tensor):
    """A tensor that claims to be equal to everything."""

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        if function.__name__ in ("eq", "allclose", "isclose", "equal", "__eq__"):
            return torch.tensor(True)
        return super().__torch_function__(function, types, args, kwargs or {})


def test_a_tensor_subclass_that_claims_equality_is_seen_through():
    assert kind(torch.ones(3).as_subclass(Liar), torch.zeros(3)) == "value"


def test_a_large_count_that_is_off_by_one_is_off():
    assert kind(7849, 7850) == "value"
    assert kind(np.array([100_001, 5]), np.array([100_000, 5])) == "value"
    assert compare(7850.0, 7850) is None
