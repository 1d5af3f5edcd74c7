"""An answer's outputs as plain data: values of exact types, which carry none of the answer's own code.

What is compared is plain in a notebook and across the wall alike, so that both say the same. Numbers, words, arrays,
tensors and containers of them are plain; everything else is told in words, as a `Thing`.
"""

from __future__ import annotations

import sys
import types
from dataclasses import dataclass
from typing import Any

import numpy as np

from tutor.checking.probes import is_tensor

DEEPEST = 32  # containers within containers
LONGEST = 2_000  # characters of what stands for a thing
LARGEST = int(sys.float_info.max)  # of whole numbers: what lies beyond is compared with no float
ARRAYS = ("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
ARRAYS = (*ARRAYS, "float16", "float32", "float64", "complex64", "complex128")
TENSORS = ("bool", "int8", "int16", "int32", "int64", "uint8", "float16", "bfloat16", "float32", "float64")
TENSORS = (*TENSORS, "complex64", "complex128")

_NAMED = (type, types.FunctionType, types.BuiltinFunctionType, types.MethodType)
_EXACTLY = {int: int.__int__, float: float.__float__, complex: complex.__complex__, str: str.__str__}
_WORDED = (bytes, range, slice)
_ATOMS = (type(None), bool, int, float, complex, str, type(...))


@dataclass(frozen=True)
class Thing:
    """What is no plain data: the name of its type, words for it, and whether it can be called.

    Without words two of them are never the same.
    """

    kind: str
    text: str = ""
    callable: bool = False

    def __repr__(self) -> str:
        return self.text or f"<{self.kind}>"


def type_name(value: Any) -> str:
    """The name of the type of plain data, or of what a `Thing` stands for."""
    return value.kind if isinstance(value, Thing) else type(value).__name__


def words(text: str, longest: int = LONGEST) -> str:
    """A text that is safe to show: of limited length, without control characters."""
    return "".join(c for c in text[:longest].expandtabs(4) if c == "\n" or c.isprintable() or c == "\u00a0")


def plain(value: Any, depth: int = 0) -> Any:
    """Return a copy of a value in which every type is exact; a tensor loses its graph and keeps `requires_grad`.

    Raises
    ------
    Exception
        Of whatever kind, if the value cannot be looked at.
    """
    if depth > DEEPEST:
        raise ValueError(f"more than {DEEPEST} things lie within each other")
    kind = type(value)
    if kind is int:
        return _whole(value)
    if kind in _ATOMS:
        return value
    if isinstance(value, np.generic):
        return _scalar(value)
    if isinstance(value, np.ndarray):
        return _array(value)
    if is_tensor(value):
        return _tensor(value)
    if isinstance(value, list):
        return [plain(item, depth + 1) for item in list.__iter__(value)]
    if isinstance(value, tuple):
        return tuple(plain(item, depth + 1) for item in tuple.__iter__(value))
    if isinstance(value, dict):
        return {plain(k, depth + 1): plain(v, depth + 1) for k, v in dict.items(value)}
    for exact, as_exact in _EXACTLY.items():
        if issubclass(kind, exact):
            return _whole(as_exact(value)) if exact is int else as_exact(value)
    return thing(value)


def _whole(value: int) -> int:
    if abs(value) > LARGEST:
        raise OverflowError("a whole number that no float can hold")
    return value


def thing(value: Any) -> Thing:
    """What stands for a value that is no plain data; the words of an object of the answer's own are never asked for."""
    kind, text = type(value).__name__, ""
    if isinstance(value, _NAMED):
        text = f"{getattr(value, '__module__', '')}.{getattr(value, '__qualname__', kind)}"
    elif (
        type(value) in _WORDED or isinstance(value, np.dtype) or type(value).__module__ == "torch"
    ):  # a dtype, a device, a layout
        text = repr(value)
    elif type(value) in (set, frozenset) and all(type(item) in _ATOMS for item in value):
        text = f"{kind}({sorted(map(repr, value))})"
    return Thing(words(kind), words(str(text)), callable(value))


def _scalar(value: np.generic) -> Any:
    if value.dtype.kind in "fc" and value.dtype.name not in ("float64", "complex128"):
        return _array(np.array(value))  # how exact they are counts
    item = value.item()
    return item if type(item) in _ATOMS else thing(value)


def _array(value: np.ndarray) -> Any:
    if value.dtype.kind in "fc" and value.dtype.name not in ARRAYS:
        value = value.astype(np.complex128 if value.dtype.kind == "c" else np.float64)
    if value.dtype.name not in ARRAYS:
        return thing(np.asarray(value))
    return np.array(value, dtype=value.dtype.newbyteorder("="), order="C", subok=False)


def _tensor(value: Any) -> Any:
    import torch

    if value.layout != torch.strided:
        raise TypeError(f"a tensor of layout {value.layout}")
    kept = value.detach().as_subclass(torch.Tensor)
    if str(kept.dtype).removeprefix("torch.") not in TENSORS:
        wide = torch.complex64 if kept.is_complex() else torch.float32 if kept.is_floating_point() else torch.int64
        kept = kept.to(wide)
    copied = kept.resolve_conj().resolve_neg().clone(memory_format=torch.contiguous_format)
    return copied.requires_grad_(bool(value.requires_grad) and (copied.is_floating_point() or copied.is_complex()))
