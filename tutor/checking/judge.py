"""Compare an answer's outputs with the reference's: values alone decide, norm-wise, in float64.

An output `o` agrees with the expected `e` if `max|o - e| <= max(1e-4, 16 eps) * max|e|`, `eps` being that of the
output's dtype, but never by more than 2 %, behind which a coarse dtype could hide a wrong number; where `e` is zero
everywhere, the scale of the inputs takes the place of `max|e|`. Element-wise tolerances reject most right answers that
are merely summed in another order; this rule was measured to reject none, while the nearest misconception lies at 0.3.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tutor.checking.plain import Thing
from tutor.checking.probes import is_tensor

RTOL = 1e-4
PRECISE = 1e-10  # what float64 reaches and nothing does that was float32 on the way
COARSEST = 0.02

# The function objects are taken at import, so that an answer which replaces them later cannot fool the judge.
_max, _abs, _asarray, _isnan = np.max, np.abs, np.asarray, np.isnan


@dataclass(frozen=True)
class Difference:
    """How one output differs from the expected one.

    `kind` is "none", "type", "length", "keys", "shape", "dtype", "device", "nan", "value" or "precision"; `path` names
    the output ("" for a lone one); for "value" and "precision", `index` is where they differ most, `error` the relative
    norm-wise error (infinite for whole numbers, which are compared one by one).
    """

    kind: str
    path: str
    got: Any
    expected: Any
    index: tuple[int, ...] = ()
    error: float = float("inf")


def compare(
    got: Any,
    expected: Any,
    scale: float = 1.0,
    *,
    names: tuple[str, ...] = (),
    exact: bool = False,
    rtol: float = RTOL,
) -> Difference | None:
    """Return the first difference between an answer's outputs and the expected ones, or None.

    Parameters
    ----------
    got, expected : numbers, strings, arrays, tensors, or (nested) tuples, lists and dicts of them.
    scale : what an all-zero expected output is judged against, in the output's units.
    names : names of the outputs, for the messages.
    exact : whether the dtype (and a tensor's device) must agree as well.
    rtol : the largest error, relative to the largest expected number.
    """
    return next(differences(got, expected, scale, names=names, exact=exact, rtol=rtol), None)


def differences(
    got: Any,
    expected: Any,
    scale: float = 1.0,
    *,
    names: tuple[str, ...] = (),
    exact: bool = False,
    rtol: float = RTOL,
) -> Iterator[Difference]:
    """Yield the difference of every output that differs; see `compare`."""
    if isinstance(expected, tuple | list) and names:
        yield from _sequences(got, expected, scale, "", names, exact, rtol)
    else:
        yield from _walk(got, expected, scale, names[0] if len(names) == 1 else "", exact, rtol)


def imprecise(got: Any, expected: Any, scale: float = 1.0, *, names: tuple[str, ...] = ()) -> Iterator[Difference]:
    """Yield the difference of every output that is right, though not to float64's digits."""
    for difference in differences(got, expected, scale, names=names, rtol=PRECISE):
        yield replace(difference, kind="precision") if difference.kind == "value" else difference


def _walk(got: Any, expected: Any, scale: float, path: str, exact: bool, rtol: float) -> Iterator[Difference]:
    if got is None and expected is not None:
        yield Difference("none", path, got, expected)
    elif isinstance(expected, dict):
        if not isinstance(got, dict):
            yield Difference("type", path, got, expected)
        elif set(got) != set(expected):
            yield Difference("keys", path, got, expected)
        else:
            for key, value in expected.items():
                yield from _walk(got[key], value, scale, f"{path}[{key!r}]", exact, rtol)
    elif isinstance(expected, tuple | list):
        names = tuple(f"{path}[{i}]" for i in range(len(expected)))
        yield from _sequences(got, expected, scale, path, names, exact, rtol)
    else:
        difference = _leaf(got, expected, scale, path, exact, rtol)
        if difference:
            yield difference


def _sequences(
    got: Any, expected: Any, scale: float, path: str, names: tuple[str, ...], exact: bool, rtol: float
) -> Iterator[Difference]:
    """Compare what is returned together; `path` names the whole, `names` its parts."""
    unpacks = isinstance(got, tuple | list)
    if is_numeric(got) and family(got) != "number":  # an array of as many numbers unpacks like a tuple
        unpacks = all(is_numeric(e) and family(e) == "number" for e in expected)
    if got is None:
        yield Difference("none", path, got, expected)
    elif not unpacks:
        yield Difference("type", path, got, expected)
    elif len(got) != len(expected):
        yield Difference("length", path, got, expected)
    else:
        for name, mine, theirs in zip(names, got, expected, strict=True):
            yield from _walk(mine, theirs, scale, name, exact, rtol)


def _leaf(got: Any, expected: Any, scale: float, path: str, exact: bool, rtol: float) -> Difference | None:
    if not is_numeric(expected):
        alike = type(got) is type(expected) and (type(got) is not Thing or got.kind == expected.kind)
        if alike and bool(got == expected) and (type(got) is not Thing or got.text):
            return None
        return Difference("value" if alike else "type", path, got, expected)
    if not is_numeric(got) or (family(got) not in ("number", family(expected)) and family(expected) != "number"):
        return Difference("type", path, got, expected)
    if shape_of(got) != shape_of(expected):
        return Difference("shape", path, got, expected)
    mine, theirs = to_numpy(got), to_numpy(expected)
    if exact and (different := _placed_differently(got, expected)):
        return Difference(different, path, got, expected)
    whole = dtype_kind(expected) in ("int", "bool")
    return _values(mine, theirs, eps_of(got), scale, path, rtol, whole=whole)


def _values(
    mine: np.ndarray, theirs: np.ndarray, eps: float, scale: float, path: str, rtol: float, *, whole: bool
) -> Difference | None:
    """Compare two arrays of one shape; where `whole`, a count that is off by one is off, however large it is."""
    if mine.size == 0:
        return None
    unsure = _isnan(mine) | np.isinf(mine)
    if unsure.any() or not np.isfinite(theirs).all():
        same = (_isnan(mine) & _isnan(theirs)) | (mine == theirs)
        if not same[unsure | ~np.isfinite(theirs)].all():
            index = np.unravel_index(int(np.argmax(~same & (unsure | ~np.isfinite(theirs)))), mine.shape)
            return Difference("nan", path, mine, theirs, tuple(int(i) for i in index))
        mine, theirs = np.where(unsure, 0.0, mine), np.where(unsure, 0.0, theirs)
    gap = _abs(mine - theirs)
    size = float(_max(_abs(theirs)))
    error = float(_max(gap)) / (size or scale or 1.0)
    allowed = rtol if rtol <= PRECISE else max(rtol, min(16 * eps, COARSEST))
    if error <= allowed and not (whole and float(_max(gap)) >= 0.5):
        return None
    index = tuple(int(i) for i in np.unravel_index(int(np.argmax(gap)), gap.shape))
    return Difference("value", path, mine, theirs, index, float("inf") if whole else error)


def is_numeric(value: Any) -> bool:
    """Whether the value is a number, or an array or tensor of numbers."""
    if isinstance(value, bool | int | float | complex | np.number | np.bool_):
        return True
    return is_tensor(value) or (isinstance(value, np.ndarray) and value.dtype.kind in "biufc")


def family(value: Any) -> str:
    """ "tensor", "array" or "number" (Python's and NumPy's scalars, and arrays and tensors of no dimensions)."""
    if isinstance(value, np.ndarray):
        return "array" if value.ndim else "number"
    if is_tensor(value):
        return "tensor" if value.dim() else "number"
    return "number"


def shape_of(value: Any) -> tuple[int, ...]:
    """The shape of a number, an array or a tensor."""
    return tuple(getattr(value, "shape", ()))


def to_numpy(value: Any) -> np.ndarray:
    """Return the value in float64 (complex128 where it is complex) as a NumPy array."""
    if is_tensor(value):
        import torch

        value = value.detach().resolve_conj().cpu()
        value = value.to(torch.complex128 if value.is_complex() else torch.float64).numpy()
    array = _asarray(value)
    return array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)


def eps_of(value: Any) -> float:
    """The machine epsilon of the value's dtype; 0 for whole numbers and float64's for Python floats."""
    if is_tensor(value):
        import torch

        return torch.finfo(value.dtype).eps if value.is_floating_point() or value.is_complex() else 0.0
    dtype = _asarray(value).dtype
    return float(np.finfo(dtype).eps) if dtype.kind in "fc" else 0.0


def _placed_differently(got: Any, expected: Any) -> str | None:
    if is_tensor(got) and is_tensor(expected) and got.device != expected.device:
        return "device"
    return None if dtype_kind(got) == dtype_kind(expected) else "dtype"


def dtype_kind(value: Any) -> str:
    """ "bool", "int", "float" or "complex"."""
    if is_tensor(value):
        if value.is_complex():
            return "complex"
        return "float" if value.is_floating_point() else "bool" if str(value.dtype) == "torch.bool" else "int"
    return {"b": "bool", "i": "int", "u": "int", "f": "float", "c": "complex"}.get(_asarray(value).dtype.kind, "object")
