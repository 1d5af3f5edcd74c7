"""Measure a gradient in a few microseconds, without keeping it, changing it or joining the graph."""

from __future__ import annotations

import math

import torch

from .model import Shape, Stats

SMALL = 64
TINY = 1e-15
_UNMEASURED = (math.nan, math.nan, math.nan, True, None)


def shape_of(described: object) -> Shape | None:
    """Return the shape of a tensor, or of what torch keeps of one; None where it has no plain one (a nested tensor)."""
    try:
        return tuple(map(int, described.shape))
    except (AttributeError, RuntimeError, TypeError):
        return None


def measure(gradient: torch.Tensor) -> Stats:
    """Return the statistics of a gradient of any shape, dtype, layout and device.

    A tensor that cannot be measured (on the meta device, say) yields its shape with NaN figures marked finite:
    a hook that raised would stop the reader's backward pass.
    """
    shape, dtype = shape_of(gradient), str(gradient.dtype).removeprefix("torch.")
    try:
        # create_graph=True leaves grad mode on inside hooks; what is measured must not join the graph
        return Stats(shape, dtype, *_figures(gradient.detach()))
    except Exception:
        return Stats(shape, dtype, *_UNMEASURED)


def measure_norm(gradient: torch.Tensor) -> Stats:
    """Return the norm alone, in half of the time; what is zero, not finite or of an uncommon kind is measured whole."""
    try:
        if gradient.dtype is torch.float32 and gradient.layout is torch.strided:
            norm = torch.linalg.vector_norm(gradient.detach()).item()
            if TINY < norm < math.inf:  # below, the squares may have left float32's range
                return Stats(tuple(gradient.shape), "float32", norm, math.nan, math.nan, True)
    except Exception:  # as in measure: a hook that raised would stop the reader's backward pass
        return measure(gradient)
    return measure(gradient)


def _figures(gradient: torch.Tensor) -> tuple[float, float, float, bool, tuple | None]:
    """Return norm, min, max, finite and values."""
    if gradient.layout is not torch.strided:
        gradient = gradient.to_dense() if gradient.numel() <= SMALL else gradient.coalesce().values()
    if gradient.dtype in (torch.float16, torch.bfloat16):  # half precision overflows when squared
        gradient = gradient.float()
    numel = gradient.numel()
    if numel == 0:
        return 0.0, math.nan, math.nan, True, ()
    # min and max are NaN as soon as one element is
    low, high = torch.aminmax(gradient.abs() if gradient.is_complex() else gradient)
    low, high, norm = low.item(), high.item(), torch.linalg.vector_norm(gradient).item()
    if not 0 < norm < math.inf and 0 < max(-low, high) < math.inf:  # the squares left float32's range
        norm = torch.linalg.vector_norm(gradient.cpu().to(torch.promote_types(gradient.dtype, torch.float64))).item()
    values = tuple(gradient.flatten().tolist()) if numel <= SMALL else None
    return norm, low, high, math.isfinite(low) and math.isfinite(high), values
