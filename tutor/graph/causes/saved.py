"""Read what nodes keep for backward without changing it, and without running a checkpoint's forward pass again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import NamedTuple

import torch

KEPT, CHANGED, FREED, HIDDEN = "kept", "changed", "freed", "hidden"


class Saved(NamedTuple):
    """One tensor that a node keeps.

    ``name`` is torch's, "self" or "result". ``state`` is "kept", "changed" (in place, since), "freed" (with the
    graph), or "hidden" (behind hooks, as a checkpoint's). ``tensor`` is None unless it can be seen; ``message`` is
    torch's own where it refuses to hand the tensor out.
    """

    name: str
    state: str
    tensor: torch.Tensor | None
    message: str = ""


def saved_by(node: object) -> Iterator[Saved]:
    """Yield what a node keeps for backward."""
    for attribute in _attributes(type(node)):
        name = attribute.removeprefix("_raw_saved_")
        try:
            raw = getattr(node, attribute)
        except RuntimeError as error:
            yield Saved(name, _state(error), None, str(error))
            continue
        if isinstance(raw, tuple | list):
            yield from _each(node, name, raw)
        elif found := _one(name, raw, lambda name=name: getattr(node, f"_saved_{name}")):
            yield found


def _each(node: object, name: str, raw: Sequence[object]) -> Iterator[Saved]:
    """Yield the tensors of a list that a node keeps."""
    alone = all(hasattr(one, "unpack") for one in raw)  # torch 2.10 unpacks the whole list, with the hooks of any of it
    if not alone and any(_inner(one)[1] for one in raw):
        yield from [Saved(name, HIDDEN, None)] * len(raw)
        return
    # a Function's own node has the list under a name without the first underscore
    public = f"_saved_{name}" if hasattr(type(node), f"_saved_{name}") else f"saved_{name}"
    for k, one in enumerate(raw):
        if found := _one(name, one, one.unpack if alone else lambda k=k: getattr(node, public)[k]):
            yield found


@cache
def _attributes(kind: type) -> tuple[str, ...]:
    return tuple(name for name in dir(kind) if name.startswith("_raw_saved_"))


def _one(name: str, raw: object, unpack: Callable[[], object]) -> Saved | None:
    data, hooked = _inner(raw)
    if hooked:
        return Saved(name, HIDDEN, None)
    try:
        tensor = unpack()
    except RuntimeError as error:
        if "detached" in str(error):  # an output that a custom Function saved: only the node itself unpacks it
            return Saved(name, KEPT, data) if data is not None else Saved(name, HIDDEN, None)
        return Saved(name, _state(error), data if isinstance(data, torch.Tensor) else None, str(error))
    return Saved(name, KEPT, tensor) if isinstance(tensor, torch.Tensor) else None


def _inner(raw: object) -> tuple[object, bool]:
    """Return the tensor behind the checks, and whether hooks stand in front of it; where torch tells."""
    try:
        return raw.data, raw.unpack_hook is not None
    except (AttributeError, RuntimeError):
        return None, False


def _state(error: RuntimeError) -> str:
    words = str(error)
    return CHANGED if "modified by an inplace operation" in words else FREED if "second time" in words else HIDDEN
