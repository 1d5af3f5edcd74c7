"""Find the parameters that get no gradient, and why: frozen, not called, cut, unused, cleared, not a leaf."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import torch

from ..naming import variable_of
from .evidence import Evidence, storage_of
from .finding import Finding, names_text, singular
from .flow import Reason, cut_before, cut_words, flow_of, reason_of
from .leaves import not_leaves, unregistered
from .saved import FREED
from .tape import NUMBERS


def find(known: Evidence) -> Iterator[Finding]:
    """Yield a finding for each reason, with the parameters it holds for; what is frozen on purpose comes as a note."""
    if not known.graph.nodes:
        yield _no_graph(known)
        return
    yield from not_leaves(known)
    flow = flow_of(known)
    reached = known.reached.keys() | known.reached_before
    groups: defaultdict[Reason, list[str]] = defaultdict(list)
    frozen = [name for name in known.leaves if name in known.own and not known.leaves[name].requires_grad]
    for name, tensor in known.leaves.items():
        if tensor.requires_grad and id(tensor) not in reached and _expected(known, name, tensor):
            groups[reason_of(known, flow, name, tensor)].append(name)
    groups.pop(None, None)
    for reason, names in sorted(groups.items(), key=lambda group: -len(group[1])):
        yield _told(known, reason, names)
    yield from unregistered(known)
    yield from _cleared(known)
    yield from _gone(known)
    yield from _sent_none(known)
    if frozen:
        yield Finding(
            "note",
            f"{_count(frozen)} frozen (requires_grad=False), without a gradient: "
            f"{names_text(_shorter(known, frozen))}.",
            number=len(frozen),
            more=tuple(frozen),
        )


def _expected(known: Evidence, name: str, tensor: torch.Tensor) -> bool:
    """Tell whether one may expect a gradient: of the model's always, of another leaf if the forward pass used it."""
    if name in known.own or (known.tape is None and not known.own):
        return True
    return known.tape is not None and known.tape.value(tensor) < 0 and known.tape.used(tensor)


def _count(names: list[str]) -> str:
    return f"{len(names)} parameters are" if len(names) > 1 else "1 parameter is"


def _shorter(known: Evidence, names: list[str]) -> list[str]:
    """Return names, those that are all of a module as its path with a star."""
    whole: dict[str, list[str]] = {}
    for path in sorted(known.graph.classes, key=lambda path: path.count(".")):
        inside = [name for name in known.leaves if path and name.startswith(f"{path}.")]
        if len(inside) > 1 and set(inside) <= set(names) and not any(path.startswith(f"{other}.") for other in whole):
            whole[path] = inside
    taken = {name for inside in whole.values() for name in inside}
    return [f"`{path}.*`" for path in whole] + [f"`{name}`" for name in names if name not in taken]


def _told(known: Evidence, reason: Reason, names: list[str]) -> Finding:
    verb = "get" if len(names) > 1 else "gets"
    words = names_text(_shorter(known, names))
    ddp = ""
    if type(known.model).__name__ == "DistributedDataParallel":
        ddp = " DistributedDataParallel waits for them: it needs find_unused_parameters=True, or they have to go."
    return Finding(
        "no gradient" if reason.sure else "note",
        f"{words} {verb} no gradient: {reason.words if len(names) > 1 else singular(reason.words)}.{ddp}",
        place=reason.place or names[0],
        number=len(names),
        node=reason.node,
        inferred=reason.inferred,
        more=tuple(names),
    )


def _no_graph(known: Evidence) -> Finding:
    """Say why the loss has no graph at all."""
    loss = known.losses[0] if known.losses else None
    own = [known.leaves[name] for name in known.own]
    asks = [tensor for tensor in known.leaves.values() if tensor.requires_grad]
    begin = "The loss has no graph, so nothing gets a gradient: "
    if own and not any(tensor.requires_grad for tensor in own) and not asks:
        of = " of the model" if known.model is not None else ""
        return Finding(
            "no gradient",
            f"{begin}all {len(own)} parameters{of} are frozen (requires_grad=False). Mend: unfreeze what is "
            "to be trained, for p in ...: p.requires_grad_(True).",
            number=len(own),
        )
    cut = cut_before(known.tape, loss) if known.tape is not None and loss is not None else None
    if cut is not None:
        op = known.tape.ops[cut]
        return Finding(
            "no gradient",
            f"{begin}{singular(cut_words(known, cut)).replace('its way to the loss', 'the way to it')}.",
            place=str(op.line or op.name),
        )
    if loss is not None and loss.requires_grad:
        return _leaf_loss(known, begin)
    if loss is not None and not (loss.is_floating_point() or loss.is_complex()):
        return Finding(
            "no gradient",
            f"{begin}it is of type {str(loss.dtype).removeprefix('torch.')}, and only floating point carries "
            "gradients.",
        )
    return Finding(
        "no gradient",
        f"{begin}it was computed under torch.no_grad(), detached, made anew from numbers, or passed through integers "
        "as argmax gives them (inferred: nothing was watched; run the forward pass inside `with "
        "graph.explain(model):` to be told the line).",
        inferred=True,
    )


def _leaf_loss(known: Evidence, begin: str) -> Finding:
    """Say that a loss is a leaf, and which value left autograd before, if one did."""
    ops = known.tape.ops if known.tape is not None else []
    left = [n for n, op in enumerate(ops) if op.asked and (op.name in NUMBERS or not op.gives)]
    came = (
        f" Before, {cut_words(known, left[-1])}: if the loss is made from that, it is cut there (inferred)."
        if left
        else ""
    )
    return Finding(
        "no gradient",
        f"{begin}it is a leaf itself, made by you from values, not computed from anything that asks for "
        f"gradients.{came}",
        place=str(ops[left[-1]].line or "") if left else "",
        inferred=bool(left),
    )


def _cleared(known: Evidence) -> Iterator[Finding]:
    """Yield what says that gradients had arrived and were set to None since."""
    if known.tape is None:
        return
    by_line: defaultdict[object, list[str]] = defaultdict(list)
    for clearing in known.tape.clearings:
        tensor = known.tape.leaves[-clearing.leaf - 1]() if clearing.leaf < 0 else None
        if tensor is None or tensor.grad is not None or id(tensor) not in known.reached:
            continue
        if known.graph.nodes[known.reached[id(tensor)]].order is None or clearing.after < known.ended:
            continue
        between = (one for one in known.tape.changes if known.ended <= one.op < clearing.after)
        updated = any(one.storage == storage_of(tensor) for one in between)
        by_line[clearing.line, updated].append(known.called(tensor) or "an unnamed leaf")
    for (line, updated), names in by_line.items():
        yield Finding(
            "note" if updated else "no gradient",  # a loop that ends in zero_grad() is as it should be
            f"{names_text([f'`{name}`' for name in dict.fromkeys(names)])} had received a gradient; `.grad` is None "
            f"now because it was cleared since, by {line}.",
            place=str(line),
            number=len(names),
        )


def _gone(known: Evidence) -> Iterator[Finding]:
    """Conclude that gradients were cleared: backward freed the graph, and no leaf of it has any."""
    if known.tape is not None:  # then it is known, not concluded
        return
    freed = [saved.state == FREED for _, saved in known.saved]
    leaves = [node.variable for node in known.torch_nodes if variable_of(node) is not None]
    if freed and all(freed) and leaves and all(leaf.grad is None for leaf in leaves):
        yield Finding(
            "no gradient",
            f"Backward ran through this graph already (what it kept is freed), yet `.grad` of all {len(leaves)} "
            "leaves is None: it was cleared since, as optimizer.zero_grad() does, or the pass was "
            "torch.autograd.grad (inferred). Mend: read gradients before zero_grad().",
            place="zero_grad()",
            number=len(leaves),
            inferred=True,
        )


def _sent_none(known: Evidence) -> Iterator[Finding]:
    """Yield the leaves that a recorded backward pass reached and gave None."""
    graph = known.graph
    if not graph.recorded or graph.error:
        return
    for node in graph.nodes:
        if not node.is_leaf or node.order is None or any(node.received):
            continue
        sources = [edge.source for edge in graph.edges if edge.target == node.id]
        yield Finding(
            "no gradient",
            f"`{node.name or 'an unnamed leaf'}` gets no gradient: {names_text([known.does(i) for i in sources])} "
            "returned None for it.",
            place=node.name,
            number=1,
            node=node.id,
        )
