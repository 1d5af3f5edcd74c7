"""What several exercises of lesson 05 share."""

import contextlib
from collections.abc import Iterator

import torch


@contextlib.contextmanager
def nan_in_fresh_memory() -> Iterator[None]:
    """Fill memory that nobody has written to with NaN, so that an uninitialised gradient is never right by luck."""
    before = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before)


def leaf(values):
    """A leaf of its own that requires a gradient."""
    return values.detach().clone().requires_grad_()
