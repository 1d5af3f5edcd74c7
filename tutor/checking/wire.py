"""Plain data as bytes, for a pipe of which the other end may lie: a header and raw buffers, parsed strictly.

A message is the length of its header (4 bytes), the header (JSON in which every value carries a tag) and, one after the
other, the buffers of its arrays and tensors. Nothing in a message names code, and nothing is unpickled.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from tutor.checking.plain import ARRAYS, DEEPEST, LONGEST, TENSORS, Thing
from tutor.checking.plain import LARGEST as LARGEST_WHOLE

LARGEST = 16 * 2**20  # bytes of a message; those of all solved lessons have less than a thousandth of it
HEADER = 4 * 2**20  # bytes of its header
MOST_KEYS = 1_000  # of a dict: keys can be chosen so that each has to be compared with all others
_TORCH = {"bfloat16": 2}  # what torch has beside NumPy, and its bytes


class WireError(Exception):
    """Bytes that are no message, or a value that none can hold."""


def encode(value: Any) -> bytes:
    """Return a plain value as a message.

    Raises
    ------
    WireError
        If it is not plain, or too large.
    """
    buffers: list[bytes] = []
    header = json.dumps(_tagged(value, buffers, 0), separators=(",", ":")).encode("ascii")
    if len(header) > HEADER or len(header) + sum(map(len, buffers)) > LARGEST:
        raise WireError(f"a message holds at most {LARGEST >> 20} MB")
    return b"".join([len(header).to_bytes(4, "little"), header, *buffers])


def _tagged(value: Any, buffers: list[bytes], depth: int) -> list[Any]:
    """A value as JSON holds it, its buffers apart."""
    if depth > DEEPEST + 8:
        raise WireError("too many things lie within each other")
    kind = type(value)
    if value is None or value is ...:
        return ["none" if value is None else "dots"]
    if kind is bool:
        return ["bool", value]
    if kind is int and abs(value) <= LARGEST_WHOLE:
        return ["int", format(value, "x")]
    if kind is float:
        return ["float", value.hex()]
    if kind is complex:
        return ["complex", value.real.hex(), value.imag.hex()]
    if kind is str:
        return ["str", value]
    if kind in (list, tuple):
        return [kind.__name__, [_tagged(item, buffers, depth + 1) for item in value]]
    if kind is dict and len(value) <= MOST_KEYS:
        return ["dict", [[_tagged(k, buffers, depth + 1), _tagged(v, buffers, depth + 1)] for k, v in value.items()]]
    if kind is Thing:
        return ["thing", value.kind, value.text, value.callable]
    if kind is np.ndarray and value.dtype.name in ARRAYS:
        buffers.append(np.ascontiguousarray(value, dtype=value.dtype.newbyteorder("<")).tobytes())
        return ["array", value.dtype.name, list(value.shape)]
    torch = sys.modules.get("torch")
    if torch is not None and kind is torch.Tensor:
        return _tensor(torch, value, buffers)
    raise WireError(f"this {kind.__name__} is no plain data, or too large")


def _tensor(torch: Any, value: Any, buffers: list[bytes]) -> list[Any]:
    name = str(value.dtype).removeprefix("torch.")
    if name not in TENSORS or value.device.type != "cpu":
        raise WireError(f"a tensor of {name} on {value.device.type} does not travel")
    flat = value.detach().contiguous().reshape(-1)
    buffers.append(flat.view(torch.uint8).numpy().tobytes() if flat.numel() else b"")
    return ["tensor", name, list(value.shape), bool(value.requires_grad)]


def decode(message: bytes) -> Any:
    """Return the value that a message holds.

    Raises
    ------
    WireError
        If the bytes are no message, for whatever reason.
    """
    if len(message) > LARGEST + 4 or len(message) < 4:
        raise WireError(f"{len(message)} bytes are no message")
    end = 4 + int.from_bytes(message[:4], "little")
    if end > min(len(message), HEADER + 4):
        raise WireError("the header is longer than it may be")
    try:
        header = json.loads(message[4:end].decode("ascii"), parse_constant=_no_constant)
        reader = _Reader(message, end)
        value = reader.value(header, 0)
    except WireError:
        raise
    except (ValueError, TypeError, LookupError, OverflowError, RecursionError, MemoryError, RuntimeError) as error:
        raise WireError(f"the header is none: {type(error).__name__}") from None
    if reader.at != len(message):
        raise WireError(f"{len(message) - reader.at} bytes are left over")
    return value


def _no_constant(name: str) -> Any:
    raise WireError(f"{name} stands bare in the header")


class _Reader:
    """Reads tagged values; buffers are taken from `at` on."""

    def __init__(self, message: bytes, at: int):
        self.message, self.at = message, at

    def value(self, tagged: Any, depth: int) -> Any:
        if depth > DEEPEST + 8 or type(tagged) is not list or not tagged or type(tagged[0]) is not str:
            raise WireError("a value carries no tag")
        tag, *rest = tagged
        if tag not in _READ:
            raise WireError("a tag is not known")
        types, read = _READ[tag]
        if tuple(map(type, rest)) != types:
            raise WireError(f"what stands behind the tag {tag} does not belong there")
        return read(self, depth, *rest)

    def items(self, depth: int, items: list[Any]) -> list[Any]:
        return [self.value(item, depth + 1) for item in items]

    def dict(self, depth: int, pairs: list[Any]) -> dict[Any, Any]:
        if len(pairs) > MOST_KEYS or not all(type(pair) is list and len(pair) == 2 for pair in pairs):
            raise WireError("a dict holds pairs, and not too many")
        made = {_key(self.value(key, depth + 1)): self.value(value, depth + 1) for key, value in pairs}
        if len(made) != len(pairs):
            raise WireError("a key stands twice")
        return made

    def int(self, depth: int, text: str) -> int:
        value = int(text, 16) if len(text) <= LONGEST else LARGEST_WHOLE + 1
        if abs(value) > LARGEST_WHOLE:
            raise WireError("a whole number is too large")
        return value

    def thing(self, depth: int, kind: str, text: str, callable: bool) -> Thing:
        if max(len(kind), len(text)) > LONGEST:
            raise WireError("the words for a thing are too long")
        return Thing(kind, text, callable)

    def buffer(self, name: str, shape: list[Any], known: tuple[str, ...]) -> bytes:
        if name not in known or len(shape) > DEEPEST or not all(type(n) is int and 0 <= n <= LARGEST for n in shape):
            raise WireError("a buffer has a dtype or a shape that there is none of")
        size = math.prod(shape) * (_TORCH.get(name) or np.dtype(name).itemsize)
        if self.at + size > len(self.message):
            raise WireError("a buffer is longer than the message")
        self.at += size
        return self.message[self.at - size : self.at]

    def array(self, depth: int, name: str, shape: list[Any]) -> np.ndarray:
        made = self.buffer(name, shape, ARRAYS)
        if name == "bool":  # a byte that is neither 0 nor 1 must not become a truth that is neither
            return (np.frombuffer(made, np.uint8) != 0).reshape(shape)
        found = np.frombuffer(made, np.dtype(name).newbyteorder("<")).reshape(shape)
        return found.astype(np.dtype(name))

    def tensor(self, depth: int, name: str, shape: list[Any], requires_grad: bool) -> Any:
        import torch

        made = bytearray(self.buffer(name, shape, TENSORS))
        if not made:
            found = torch.empty(shape, dtype=getattr(torch, name))
        elif name == "bool":
            found = torch.frombuffer(made, dtype=torch.uint8).ne(0).reshape(shape)
        else:
            found = torch.frombuffer(made, dtype=getattr(torch, name)).reshape(shape)
        if requires_grad and not (found.is_floating_point() or found.is_complex()):
            raise WireError("whole numbers have no gradient")
        return found.requires_grad_(requires_grad)


def _key(value: Any) -> Any:
    """A key of a dict, if it is one that can be hashed without running anything."""
    if type(value) is tuple:
        return tuple(map(_key, value))
    if type(value) in (type(None), bool, int, float, complex, str, Thing, type(...)):
        return value
    raise WireError("this is no key of a dict")


_READ: dict[str, tuple[tuple[type, ...], Callable[..., Any]]] = {
    "none": ((), lambda reader, depth: None),
    "dots": ((), lambda reader, depth: ...),
    "bool": ((bool,), lambda reader, depth, value: value),
    "int": ((str,), _Reader.int),
    "float": ((str,), lambda reader, depth, text: float.fromhex(text)),
    "complex": ((str, str), lambda reader, depth, re, im: complex(float.fromhex(re), float.fromhex(im))),
    "str": ((str,), lambda reader, depth, text: text),
    "list": ((list,), lambda reader, depth, items: reader.items(depth, items)),
    "tuple": ((list,), lambda reader, depth, items: tuple(reader.items(depth, items))),
    "dict": ((list,), _Reader.dict),
    "thing": ((str, str, bool), _Reader.thing),
    "array": ((str, list), _Reader.array),
    "tensor": ((str, list, bool), _Reader.tensor),
}


def framed(message: bytes) -> bytes:
    """A message with its length before it, for a stream."""
    return len(message).to_bytes(4, "little") + message


def read(receive: Callable[[int], bytes]) -> bytes:
    """Read one message from a stream, of which `receive` returns the next bytes, at most so many.

    Raises
    ------
    EOFError
        If the stream ends before it.
    WireError
        If it is longer than a message may be, or is broken off.
    """
    first = _exactly(receive, 4)
    if not first:
        raise EOFError
    length = int.from_bytes(first, "little")
    if length > LARGEST + 4:
        raise WireError(f"a message of {length} bytes is announced")
    message = _exactly(receive, length)
    if len(first) < 4 or len(message) < length:
        raise WireError("a message is broken off")
    return message


def _exactly(receive: Callable[[int], bytes], count: int) -> bytes:
    """So many bytes; fewer where the stream ends."""
    parts, left = [], count
    while left and (part := receive(min(left, 1 << 20))):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)
