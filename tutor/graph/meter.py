"""Measure the gradients of a pass: on the processor at once, elsewhere without waiting, one question at the end."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence

import torch

from .model import Stats
from .stats import SMALL, Measured, dtype_of, measure, measure_nothing

# devices that work on while the program runs ahead, and that sum in float64
_FAR = ("cuda", "xpu")
_SINGLE = (torch.float32, torch.float64)


class Later:
    """The statistics of a gradient that a device still computes: a few numbers there, never the gradient."""

    __slots__ = ("device", "dtype", "norm", "shape", "span", "stats", "values")

    def __init__(self, gradient: torch.Tensor, whole: bool) -> None:
        gradient = gradient.detach()
        self.shape, self.dtype, self.device = tuple(gradient.shape), dtype_of(gradient), gradient.device
        self.norm = torch.linalg.vector_norm(gradient, dtype=torch.float64)
        self.span = torch.stack(torch.aminmax(gradient)).double() if whole else None
        # a copy: the gradient itself may be changed in place before it is asked for
        self.values = gradient.flatten().to(torch.float64, copy=True) if gradient.numel() <= SMALL else None
        self.stats: Stats | None = None

    def now(self) -> Stats:
        """Return the statistics, waiting for the device if need be."""
        if self.stats is None:
            settle([self])
        return self.stats


def settle(waiting: Sequence[Later]) -> None:
    """Ask every device once for everything that waits, and fill in the statistics."""
    by_device: defaultdict[torch.device, list[Later]] = defaultdict(list)
    for one in waiting:
        if one.stats is None:
            by_device[one.device].append(one)
    for together in by_device.values():
        parts = [one.norm.reshape(1) for one in together]
        parts += [one.span for one in together if one.span is not None]
        parts += [one.values for one in together if one.values is not None]
        numbers = torch.cat(parts).tolist()
        norms, rest = numbers[: len(together)], iter(numbers[len(together) :])
        spans = [(math.nan, math.nan) if one.span is None else (next(rest), next(rest)) for one in together]
        for one, norm, span in zip(together, norms, spans, strict=True):
            values = None if one.values is None else tuple(next(rest) for _ in range(len(one.values)))
            one.stats = Stats(one.shape, one.dtype, norm, *span, math.isfinite(norm), values)
            one.norm = one.span = one.values = None


class Meter:
    """Measures as it is told to; `settle` has to be called before the statistics are read."""

    def __init__(self, measured: Measured) -> None:
        self._measured, self._whole = measured, measured is measure
        self._waiting: list[Later] = []

    def __call__(self, gradient: torch.Tensor) -> Stats | Later:
        if not self._far(gradient):
            return self._measured(gradient)
        try:
            later = Later(gradient, self._whole)
        except Exception:  # as in measure: a hook that raised would stop the reader's backward pass
            return self._measured(gradient)
        self._waiting.append(later)
        return later

    def _far(self, gradient: torch.Tensor) -> bool:
        if gradient.is_cpu or gradient.device.type not in _FAR or self._measured is measure_nothing:
            return False
        return gradient.layout is torch.strided and gradient.is_floating_point() and gradient.numel() > 0

    def settle(self) -> int:
        """Ask for what waits; returns how much did."""
        waiting, self._waiting = self._waiting, []
        settle(waiting)
        return len(waiting)


def settled(stats: Stats | Later | None) -> Stats | None:
    """Return statistics that may have been asked for later."""
    return stats.now() if isinstance(stats, Later) else stats


def norms_of(tensors: Sequence[torch.Tensor]) -> list[float | None]:
    """Return the norms of tensors that are all there, measured together; None where a tensor is of an uncommon kind."""
    groups: defaultdict[tuple, list[int]] = defaultdict(list)
    for i, tensor in enumerate(tensors):
        if type(tensor) is torch.Tensor and tensor.layout is torch.strided and tensor.dtype in _SINGLE:
            groups[tensor.device, tensor.dtype].append(i)
    norms: list[float | None] = [None] * len(tensors)
    for together in groups.values():
        try:
            measured = torch.stack(torch._foreach_norm([tensors[i].detach() for i in together])).tolist()
        except (RuntimeError, NotImplementedError):  # without data, as on the meta device
            continue
        for i, norm in zip(together, measured, strict=True):
            norms[i] = norm
    return norms
