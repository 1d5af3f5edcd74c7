"""Step between a program and its backward passes, also where the call stands inside a library."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch

Run = Callable[[], object]


@contextmanager
def each_backward(around: Callable[[list, Run], object]) -> Iterator[None]:
    """Let ``around(roots, run)`` carry out every backward pass that this thread starts in the block.

    ``roots`` is what was given to `backward` or `torch.autograd.grad`, ``run()`` does what was asked for. A backward
    pass inside another, as a reentrant checkpoint starts one, is part of it.
    """
    # private, and the one place through which backward() and grad() go; the public pair misses names imported before
    name = "_engine_run_backward" if hasattr(torch.autograd, "_engine_run_backward") else "backward"
    original, thread, inside = getattr(torch.autograd, name), threading.get_ident(), []

    def run(roots: object, *args: object, **kwargs: object) -> object:
        if inside or threading.get_ident() != thread:
            return original(roots, *args, **kwargs)
        inside.append(True)
        try:
            listed = list(roots) if isinstance(roots, list | tuple) else [roots]
            return around(listed, lambda: original(roots, *args, **kwargs))
        finally:
            inside.pop()

    setattr(torch.autograd, name, run)
    try:
        yield
    finally:
        setattr(torch.autograd, name, original)
