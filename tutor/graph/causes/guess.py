"""Conclude from the graph alone why a leaf is not in it, where nobody watched the forward pass; and say so."""

from __future__ import annotations

from typing import NamedTuple

import torch

from ..naming import variable_of
from .evidence import Evidence
from .finding import names_text

_WATCH = "run the forward pass inside `with graph.explain(model):` to be told the line"


class Reason(NamedTuple):
    """Why a leaf gets no gradient; leaves with equal reasons are told together."""

    words: str
    place: str = ""
    node: int | None = None
    inferred: bool = False
    sure: bool = True


def from_others(known: Evidence, leaf: torch.Tensor) -> Reason | None:
    """Return the tensors with a name that a leaf did go into, though this loss does not come from them."""
    names = []
    for name, tensor in known.variables.items():
        if tensor.grad_fn is not None and tensor.grad_fn not in known.ids and id(leaf) in _leaves_of(tensor.grad_fn):
            names.append(f"`{name}`")
    if not names:
        return None
    return Reason(
        f"they went into {names_text(names[:3])}, and this loss does not come from there: not used, detached, or made "
        f"anew from the value, as torch.tensor([...]) does ({_WATCH})",
        names[0].strip("`"),
    )


def _leaves_of(root: object) -> set[int]:
    met, waiting, leaves = {root}, [root], set()
    while waiting:
        node = waiting.pop()
        if variable_of(node) is not None:
            leaves.add(id(node.variable))
        fresh = {following for following, _ in node.next_functions if following is not None} - met
        met |= fresh
        waiting += fresh
    return leaves


def from_graph(known: Evidence, name: str) -> Reason | None:
    """Conclude from the graph alone: which module's input has no history, though this leaf comes before it."""
    if any(node.kind == "opaque" for node in known.graph.nodes):
        return Reason(
            f"they are not in the graph of the loss, unless inside what is opaque there (inferred: {_WATCH})",
            inferred=True,
            sure=False,
        )
    order = {path: n for n, path in enumerate(known.graph.classes)}
    place = order.get(name.rpartition(".")[0], -1)
    without = [(order[path], path, i) for path, i in _without_history(known) if order.get(path, -1) > place >= 0]
    if without:
        _, path, node = min(without)
        return Reason(
            f"the graph begins at `{path}`{known.kind(path)}, whose input has no history; if that comes from here, it "
            f"was detached, made anew, or computed under no_grad on the way (inferred from the graph; {_WATCH})",
            path,
            node,
            True,
        )
    return Reason(
        "they are not in the graph of the loss: not used, or their output does not reach the loss (inferred from the "
        f"graph; {_WATCH})",
        inferred=True,
    )


def _without_history(known: Evidence) -> list[tuple[str, int]]:
    """Return (module, node) for every module that used a parameter on an input without history."""
    found = []
    leaves = {node.id for node in known.graph.nodes if node.is_leaf}
    takes: dict[int, set[int]] = {}
    for edge in known.graph.edges:
        takes.setdefault(edge.source, set()).add(edge.target)
    dressed = set(leaves)
    for node in sorted(known.graph.nodes, key=lambda node: node.sequence):
        inside = takes.get(node.id, set())
        if node.is_leaf or not inside or not inside <= dressed:
            continue
        if len(known.torch_nodes[node.id].next_functions) == 1:  # a view of a parameter, or its like
            dressed.add(node.id)
        elif node.module:
            found.append((node.module, node.id))
    return found
