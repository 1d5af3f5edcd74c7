"""Compare gradients by hand: one aligned line each, with both values and the largest difference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np


def compare_gradients(
    exact: Mapping[str, Any], approximate: Mapping[str, Any], columns: tuple[str, str] = ("exact", "approximate")
) -> None:
    """Print a line for each gradient: its name and shape, one entry of both, and the largest difference of all entries.

    The entry is the one that is largest in `exact`.

    Parameters
    ----------
    exact, approximate : name -> gradient, a number, an array or a tensor; the same names and shapes in both.
    columns : what the two are called above the lines.

    Raises
    ------
    ValueError
        If names or shapes differ.
    """
    if list(exact) != list(approximate):
        raise ValueError(f"{columns[0]} has the gradients {list(exact)}, {columns[1]} has {list(approximate)}.")
    width = max(len("gradient"), *map(len, exact))
    print(f"{'gradient':{width}}  {'shape':11}  {columns[0]:>12}  {columns[1]:>12}  largest difference")
    for name in exact:
        one, other = _array(exact[name]), _array(approximate[name])
        if one.shape != other.shape:
            raise ValueError(f"{name} has the shape {one.shape} in {columns[0]} and {other.shape} in {columns[1]}.")
        at = abs(one).argmax()
        largest = abs(one - other).max()
        print(f"{name:{width}}  {one.shape!s:11}  {_told(one.flat[at])}  {_told(other.flat[at])}  {largest:18.0e}")


def _array(gradient: Any) -> np.ndarray:
    if hasattr(gradient, "detach"):
        gradient = gradient.detach().cpu().numpy()
    return np.asarray(gradient, dtype=np.float64)


def _told(number: float) -> str:
    """Five digits or more, without an exponent, so that two values can be read below each other."""
    before = int(np.floor(np.log10(abs(number)))) if number and np.isfinite(number) else 0
    return f"{number:12.{max(1, 4 - before)}f}"
