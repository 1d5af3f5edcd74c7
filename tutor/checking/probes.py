"""Draw the inputs that an answer is tried on: small, float32, distinct sizes, away from kinks."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

KINK = 0.05  # no drawn number lies nearer to zero than this, so that no ReLU is judged at its kink


class Draw:
    """A seeded source of probe inputs, handed to an exercise's `probe` function.

    Sizes are distinct because a square or all-ones probe cannot tell a transpose; numbers stay away from zero because
    every subgradient is right there.
    """

    def __init__(self, seed: int):
        self.seed, self._asked = seed, 0
        self.rng = np.random.default_rng(seed)

    def sizes(self, count: int, low: int = 2, high: int = 8) -> tuple[int, ...]:
        """Return `count` distinct sizes between `low` and `high`; each one differs from that of the next seed."""
        order = np.random.default_rng(count).permutation(np.arange(low, high + 1))
        self._asked += 1
        return tuple(int(n) for n in np.roll(order, self.seed + 3 * (self._asked - 1))[:count])

    def integer(self, low: int, high: int) -> int:
        """Return an integer from `low` to `high`, both included."""
        return int(self.rng.integers(low, high + 1))

    def number(self, low: float = 0.1, high: float = 1.0) -> float:
        """Return a Python float between `low` and `high`."""
        return float(self.rng.uniform(low, high))

    def array(self, *shape: int, positive: bool = False) -> np.ndarray:
        """Return a float32 array with entries of size 0.05 to 1.5, of both signs unless `positive`."""
        values = np.asarray(self.rng.uniform(KINK, 1.5, shape))
        if not positive:
            values = values * self._signs(shape)
        return np.asarray(values, dtype=np.float32)

    def tensor(self, *shape: int, positive: bool = False) -> Any:
        """Return `array(*shape)` as a float32 torch tensor."""
        import torch

        return torch.from_numpy(self.array(*shape, positive=positive))

    def labels(self, count: int, classes: int) -> np.ndarray:
        """Return `count` int64 class labels below `classes`."""
        return self.rng.integers(0, classes, count)

    def _signs(self, shape: tuple[int, ...]) -> np.ndarray:
        """Random signs, with both signs present wherever there is room for both."""
        signs = np.where(self.rng.random(shape) < 0.5, -1.0, 1.0)
        flat = signs.reshape(-1)
        if flat.size > 1 and abs(flat.sum()) == flat.size:
            flat[self.rng.integers(flat.size)] *= -1
        return signs


def as_list(result: Any, what: str = "") -> list[Any]:
    """What an answer returned where its text asks for a list; `what` names what the list should hold.

    Raises
    ------
    TypeError
        If it is anything else, which the report then says.
    """
    if type(result) is not list:
        raise TypeError(f"{_kind_of(result)} came back; return a list{what and ' of ' + what}.")
    return result


def _kind_of(value: Any) -> str:
    name = type(value).__name__
    return "nothing" if value is None else f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"


def clone(value: Any) -> Any:
    """Copy arrays, tensors and containers of them deeply; other objects are passed through."""
    if isinstance(value, np.ndarray):
        copied = value.copy(order="K")  # a transposed array stays one
        if value.size and copied.strides != value.strides and min(value.strides) >= 0:  # so does one with gaps
            span = 1 + sum((n - 1) * step // value.itemsize for n, step in zip(value.shape, value.strides, strict=True))
            flat = np.lib.stride_tricks.as_strided(value, (span,), (value.itemsize,)).copy()
            copied = np.lib.stride_tricks.as_strided(flat, value.shape, value.strides)
        return copied
    if is_tensor(value):
        copied = value.detach().clone()
        if not value.is_sparse and value.numel() and copied.stride() != value.stride():
            flat, place = value.detach(), value.storage_offset()
            span = 1 + sum((n - 1) * step for n, step in zip(value.shape, value.stride(), strict=True))
            copied = flat.as_strided((span,), (1,), place).clone().as_strided(value.shape, value.stride())
        return copied.requires_grad_(value.requires_grad)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(clone(v) for v in value))
    if isinstance(value, list | tuple):
        return type(value)(clone(v) for v in value)
    if isinstance(value, dict):
        return {k: clone(v) for k, v in value.items()}
    return value


def in_float64(value: Any) -> Any:
    """Copy a probe with every floating array and tensor in float64, for the reference."""
    if isinstance(value, np.ndarray):
        return value.astype(np.float64) if value.dtype.kind == "f" else value.copy(order="K")
    if is_tensor(value):
        wide = value.detach().double() if value.is_floating_point() else value.detach()
        return wide.clone().requires_grad_(value.requires_grad)
    if isinstance(value, list | tuple):
        return type(value)(in_float64(v) for v in value)
    if isinstance(value, dict):
        return {k: in_float64(v) for k, v in value.items()}
    return value


def same(a: Any, b: Any) -> bool:
    """Whether two probes hold exactly the same numbers (used to see whether an answer changed its inputs)."""
    if isinstance(a, np.ndarray):
        return isinstance(b, np.ndarray) and a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes()
    if is_tensor(a):
        alike = is_tensor(b) and a.shape == b.shape and a.dtype == b.dtype and a.device == b.device
        return alike and bool(((a == b) | ((a != a) & (b != b))).all())
    if isinstance(a, list | tuple):
        return isinstance(b, list | tuple) and len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, dict):
        return isinstance(b, dict) and list(a) == list(b) and all(same(v, b[k]) for k, v in a.items())
    if isinstance(a, bool | int | float | complex | str | np.number):
        return type(a) is type(b) and (a == b or a != a)
    return True


def largest(value: Any) -> float:
    """The largest absolute number in a probe (its scale), 1.0 if it holds no numbers."""
    if isinstance(value, list | tuple):
        return max((largest(v) for v in value), default=1.0)
    if isinstance(value, dict):
        return largest(list(value.values()))
    if is_tensor(value):
        value = value.detach().cpu().double().numpy()
    if isinstance(value, np.ndarray | int | float) and np.size(value):
        return float(np.max(np.abs(np.asarray(value, dtype=np.float64))))
    return 1.0


def is_tensor(value: Any) -> bool:
    """Whether the value is a torch tensor, without importing torch to find out."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)
