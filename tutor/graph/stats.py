"""Measure a gradient in a few microseconds, without keeping it, changing it or joining the graph."""

from __future__ import annotations

import math

import torch

from .model import Stats

SMALL = 64
_UNMEASURED = {"norm": math.nan, "min": math.nan, "max": math.nan, "finite": True}


def measure(gradient: torch.Tensor) -> Stats:
    """Return the statistics of a gradient of any shape, dtype, layout and device.

    A tensor that cannot be measured (on the meta device, say) yields its shape with NaN figures marked finite:
    a hook that raised would stop the reader's backward pass.
    """
    shape, dtype = tuple(gradient.shape), str(gradient.dtype).removeprefix("torch.")
    try:
        # create_graph=True leaves grad mode on inside hooks; what is measured must not join the graph
        with torch.no_grad():
            return Stats(shape, dtype, **_figures(gradient.detach()))
    except Exception:
        return Stats(shape, dtype, **_UNMEASURED)


def _figures(gradient: torch.Tensor) -> dict:
    if gradient.layout is not torch.strided:
        gradient = gradient.to_dense() if gradient.numel() <= SMALL else gradient.coalesce().values()
    numel = gradient.numel()
    if numel == 0:
        return {"norm": 0.0, "min": math.nan, "max": math.nan, "finite": True, "values": ()}
    sizes = gradient.abs() if gradient.is_complex() else gradient
    low, high = (end.item() for end in torch.aminmax(sizes))
    # half precision overflows when squared; min and max are NaN as soon as one element is
    wide = torch.float32 if gradient.dtype in (torch.float16, torch.bfloat16) else None
    return {
        "norm": torch.linalg.vector_norm(gradient, dtype=wide).item(),
        "min": low,
        "max": high,
        "finite": math.isfinite(low) and math.isfinite(high),
        "values": tuple(gradient.flatten().tolist()) if numel <= SMALL else None,
    }
