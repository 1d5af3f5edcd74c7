"""Notice when an answer takes a way round that its exercise forbids, however it is spelt."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import Any


@contextlib.contextmanager
def watch(forbidden: tuple[str, ...]) -> Iterator[list[str]]:
    """Collect the forbidden ways that are taken inside the block.

    Parameters
    ----------
    forbidden : "autograd" for any use of torch's autograd engine, backward or forward mode, from any thread.
    """
    found: list[str] = []
    with contextlib.ExitStack() as stack:
        if "autograd" in forbidden and "torch" in sys.modules:
            stack.enter_context(_watch_autograd(found))
        yield found


@contextlib.contextmanager
def _watch_autograd(found: list[str]) -> Iterator[None]:
    """Wrap the one function that every backward pass goes through, and forward mode's entry."""
    import torch
    from torch.autograd import forward_ad

    places = [
        (torch.autograd, "_engine_run_backward"),
        (torch.autograd.graph, "_engine_run_backward"),
        (forward_ad, "make_dual"),
    ]
    kept = [(module, name, getattr(module, name)) for module, name in places if hasattr(module, name)]
    for module, name, original in kept:
        setattr(module, name, _noting(original, found))
    try:
        yield
    finally:
        for module, name, original in kept:
            setattr(module, name, original)


def _noting(original: Any, found: list[str]) -> Any:
    def noted(*arguments: Any, **more: Any) -> Any:
        found.append("torch's autograd")
        return original(*arguments, **more)

    return noted
