"""Find tensors that were changed in place after an operation had saved them for backward."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from .evidence import Evidence, storage_of
from .finding import Finding, names_text
from .saved import CHANGED, Saved
from .tape import Change

_VERSIONS = re.compile(r"is at version (\d+); expected version (\d+)")
_MADE_BY = re.compile(r"which is output (\d+) of (\w+)")


class Victims(NamedTuple):
    """A tensor that was changed, what it is called, the nodes that had saved it, and what changed it."""

    what: str
    name: str
    kept: list[tuple[int, Saved]]
    then: int
    now: int
    changes: list[Change]


def find(known: Evidence) -> Iterator[Finding]:
    """Yield a finding for each cause: the tensors that one line or one optimizer's step changed are told together."""
    by_tensor: defaultdict[object, list[tuple[int, Saved]]] = defaultdict(list)
    for i, saved in known.saved:
        if saved.state == CHANGED:
            key = storage_of(saved.tensor) if saved.tensor is not None else saved.message
            by_tensor[key].append((i, saved))
    by_cause: defaultdict[object, list[Victims]] = defaultdict(list)
    for key, kept in by_tensor.items():
        victims = _victims(known, key if isinstance(key, int) else 0, kept)
        by_cause[_cause(known, victims)].append(victims)
    for victims in by_cause.values():
        yield _told(known, victims)


def _victims(known: Evidence, storage: int, kept: list[tuple[int, Saved]]) -> Victims:
    first, saved = kept[0]
    now, then = (int(number) for number in _VERSIONS.search(saved.message).groups())
    name = known.stored(storage)
    what = f"`{name}`" if name else _made(known, first, saved)
    return Victims(what, name, kept, then, now, _changes(known, storage, then))


def _cause(known: Evidence, one: Victims) -> object:
    """Return what two tensors have in common that are told together."""
    if one.changes:
        return tuple({(change.during, known.tape.ops[change.op].where) for change in one.changes})
    return one.name in known.leaves or one.kept[0][0]


def _told(known: Evidence, victims: list[Victims]) -> Finding:
    first = victims[0]
    whats = names_text(list(dict.fromkeys(one.what for one in victims)), 4)
    needed = names_text(list(dict.fromkeys(known.does(i) for one in victims for i, _ in one.kept)), 5)
    who, mend = _who(known, first)
    were = "was" if len(victims) == 1 else "were"
    return Finding(
        "changed in place",
        f"{whats[0].upper()}{whats[1:]} {were} changed in place after {needed} had saved "
        f"{'it' if were == 'was' else 'them'} for backward: {who}; version {first.then} was saved, it is at version "
        f"{first.now} now. Mend: {mend}.",
        place=who if first.changes else first.name,
        number=first.now - first.then,
        node=first.kept[0][0],
        inferred=not first.changes,
        more=tuple(
            f"saved as {one.name} by {known.does(i)}{known.at(i)}" for victim in victims for i, one in victim.kept
        ),
    )


def _who(known: Evidence, one: Victims) -> tuple[str, str]:
    """Return in words what changed a tensor, and the mend."""
    during = next((change for change in one.changes if change.during), None)
    if during:
        line = known.tape.ops[during.op].line
        return (
            f"{during.during}, line {line}, changed {'it' if one.name else 'that'} between the forward pass and this "
            "backward",
            "run every backward() of a forward pass before the step, or compute the loss again after it",
        )
    if one.changes:
        ops = [known.tape.ops[change.op] for change in one.changes]
        lines = list(dict.fromkeys(f"line {op.line}{known.within(op.module)}" for op in ops))
        return (
            f"by {names_text(lines, 4)}",
            "write a new tensor there (x = x + 1, not x += 1; inplace=False), or clone() before",
        )
    if one.name in known.leaves:
        return (
            "a parameter is changed by an optimizer's step(), or by hand under torch.no_grad(), between the forward "
            "pass and this backward (inferred: the change itself was not watched)",
            "run backward() before the step, or the forward pass again after it",
        )
    return (
        f"by which line was not watched{_suspect(known, *one.kept[0])}",
        "run the forward pass inside `with graph.explain(model):` to be told the line",
    )


def _changes(known: Evidence, storage: int, then: int) -> list[Change]:
    if known.tape is None or not storage:
        return []
    return [change for change in known.tape.changes if change.storage == storage and change.after > then]


def _made(known: Evidence, victim: int, saved: Saved) -> str:
    """Return what a tensor without a name is: the result of an operation, as the graph or torch tell it."""
    maker = _maker(known, victim, saved)
    if maker is not None:
        return f"the result of {known.does(maker)}{known.at(maker)}"
    made = _MADE_BY.search(saved.message)
    shape = f" of shape {tuple(saved.tensor.shape)}" if saved.tensor is not None else ""
    return f"a tensor{shape}" + (f", now output {made[1]} of {made[2].removesuffix('Backward0')}," if made else "")


def _maker(known: Evidence, victim: int, saved: Saved) -> int | None:
    """Return the node whose result was saved."""
    if saved.name.startswith("result"):
        return victim
    names = _INPUTS.get(known.graph.nodes[victim].op.rstrip("0123456789"), ("self", "other"))
    slot = names.index(saved.name) if saved.name in names else -1
    targets = [edge.target for edge in known.graph.edges if edge.source == victim and edge.slot == slot]
    return targets[0] if targets and not known.graph.nodes[targets[0]].is_leaf else None


# the order of the inputs where it is not self, other
_INPUTS = {
    "AddmmBackward": ("self", "mat1", "mat2"),
    "MmBackward": ("self", "mat2"),
    "BmmBackward": ("self", "mat2"),
    "ConvolutionBackward": ("input", "weight"),
    "NativeLayerNormBackward": ("input", "weight"),
    "NativeBatchNormBackward": ("input", "weight"),
}


def _suspect(known: Evidence, victim: int, saved: Saved) -> str:
    """Return the one later operation that took the same tensor first: an operation in place leaves such a trace."""
    maker, nodes = _maker(known, victim, saved), known.graph.nodes
    later = {
        edge.source
        for edge in known.graph.edges
        if edge.target == maker and edge.slot == 0 and nodes[edge.source].sequence > nodes[victim].sequence
    }
    return (
        f"; the {known.does(later.pop())} that follows may be it (inferred from the graph)" if len(later) == 1 else ""
    )
