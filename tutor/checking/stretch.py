"""Make unusual inputs of a probe's usual ones: large and small numbers, other signs, a zero, a single example."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from tutor.checking import judge
from tutor.checking.probes import is_tensor

Change = Callable[[Any], Any]


def each(change: Change, value: Any) -> Any:
    """Change every array and tensor in a value."""
    if is_tensor(value) or isinstance(value, np.ndarray):
        return change(value)
    if type(value) in (list, tuple):
        return type(value)(each(change, v) for v in value)
    if type(value) is dict:
        return {k: each(change, v) for k, v in value.items()}
    return value


def arrays_in(value: Any) -> list[Any]:
    """Every array and tensor in a value."""
    found: list[Any] = []
    each(lambda array: found.append(array) or array, value)
    return found


def first_size(arrays: list[Any]) -> int:
    """The size of the first dimension of the first array that has one."""
    return next((int(a.shape[0]) for a in arrays if a.ndim), 2)


def finite(value: Any) -> bool:
    """Whether no number in a value is NaN or infinite."""
    numbers = [judge.to_numpy(a) for a in arrays_in(value) if judge.is_numeric(a)]
    return all(bool(np.isfinite(a).all()) for a in numbers if a.dtype.kind in "fc")


def _numbers(change: Change) -> Change:
    """Change numbers with a point and keep the leaf: a tensor that asks for its gradient goes on to do so."""

    def changed(array: Any) -> Any:
        if not judge.is_numeric(array) or judge.dtype_kind(array) != "float":
            return array
        if is_tensor(array):
            return change(array.detach()).requires_grad_(array.requires_grad)
        return change(array)

    return functools.partial(each, changed)


def _one_example(arguments: Any) -> Any:
    size = first_size(arrays_in(arguments))
    return each(lambda a: a[:1] if a.ndim and a.shape[0] == size else a, arguments)


def _with_zero(array: Any) -> Any:
    array = array.clone() if is_tensor(array) else array.copy()
    if judge.to_numpy(array).size:
        array[(0,) * array.ndim] = 0
    return array


STRETCHES: dict[str, Change] = {
    "larger numbers": _numbers(lambda a: a * 8),
    "much larger numbers": _numbers(lambda a: a * 100),
    "smaller numbers": _numbers(lambda a: a * 0.02),
    "other signs": _numbers(lambda a: -a),
    "a zero": _numbers(_with_zero),
    "one example": _one_example,
}
