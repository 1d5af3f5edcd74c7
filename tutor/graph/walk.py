"""Read the structure of an autograd graph, one node after the other: no recursion, so no depth is too great."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from .model import Edge, Node, Shape
from .naming import Names, variable_of
from .stats import shape_of

# torch.autograd.graph.Node; named Any-like here because some builds export no such class to isinstance against
TorchNode = torch.autograd.graph.Node

_TORCH_FOLDER = str(Path(torch.__file__).parent)
_OPAQUE = ("CompiledFunctionBackward", "CheckpointFunctionBackward")


def roots_of(loss: torch.Tensor | Sequence[torch.Tensor]) -> list[tuple[TorchNode, int]]:
    """Return the (node, output number) pairs a graph starts from.

    Raises
    ------
    TypeError
        If loss is neither a tensor nor a sequence of tensors.
    ValueError
        If no graph leads to it; the message says why.
    """
    losses = [loss] if isinstance(loss, torch.Tensor) else loss
    if not isinstance(losses, list | tuple) or not losses or not all(isinstance(x, torch.Tensor) for x in losses):
        raise TypeError(f"A graph starts from a tensor or a non-empty list of tensors, not from {_said(loss)}.")
    for tensor in losses:
        if tensor.grad_fn is None:
            raise ValueError(_why_no_graph(tensor))
    return [(tensor.grad_fn, tensor.output_nr) for tensor in losses]


def _said(value: object) -> str:
    if isinstance(value, list | tuple):
        return f"a {type(value).__name__} that is empty or holds other things"
    return f"an object of type {type(value).__name__}"


def _why_no_graph(tensor: torch.Tensor) -> str:
    if not (tensor.is_floating_point() or tensor.is_complex()):
        return f"A tensor of dtype {tensor.dtype} has no autograd graph: only floating point and complex tensors do."
    if tensor.requires_grad:
        return (
            "This tensor is a leaf: it was made by you, not computed, so it has no grad_fn and no graph; "
            "pass the loss computed from it."
        )
    return (
        "This tensor has no grad_fn, so there is no graph to draw: nothing it was computed from has "
        "requires_grad=True, or it was computed under torch.no_grad() or detached."
    )


def collect(roots: Sequence[tuple[TorchNode, int]]) -> tuple[list[TorchNode], list[Edge]]:
    """Return all nodes reachable from the roots, breadth first, and the edges between them in slot order."""
    numbers: dict[TorchNode, int] = {}
    order: list[TorchNode] = []
    for node, _ in roots:
        if node not in numbers:
            numbers[node] = len(order)
            order.append(node)
    edges = []
    for node in order:
        source = numbers[node]
        for slot, (following, output) in enumerate(node.next_functions):
            if following is None:
                continue
            target = numbers.get(following)
            if target is None:
                target = numbers[following] = len(order)
                order.append(following)
            edges.append(Edge(source, target, slot, output))
    return order, edges


def describe(torch_nodes: Sequence[TorchNode], names: Names) -> list[Node]:
    """Turn torch's nodes into plain ones that keep nothing of torch alive."""
    sources = names.sources or _has_traceback(torch_nodes[0])
    return [_describe(i, node, names, sources) for i, node in enumerate(torch_nodes)]


def _describe(i: int, node: TorchNode, names: Names, sources: bool) -> Node:
    variable = variable_of(node)
    if variable is not None:
        kind, name, owner = names.leaf(variable)
        return Node(i, "AccumulateGrad", kind, (shape_of(variable),), name, owner)
    op, kind = _what(node)
    sequence = _sequence(node)
    source = _source(node) if sources else ""
    return Node(i, op, kind, _shapes(node), names.variable(node), *names.module_at(sequence), source, sequence)


_kinds: dict[type, tuple[str, str]] = {}


def _what(node: TorchNode) -> tuple[str, str]:
    """Return a node's operation and kind; PyTorch has a type for each operation, and one for all the rest."""
    kind = type(node)
    known = _kinds.get(kind)
    if known is None:
        op = node.name().rsplit("::", 1)[-1]
        known = op, _kind(node, op)
        # the class of a custom Function lives as long as its author wants
        if kind.__name__ == op and known[1] == "operation":
            _kinds[kind] = known
    return known


def _kind(node: TorchNode, op: str) -> str:
    if op in _OPAQUE:
        return "opaque"
    return "custom" if isinstance(node, torch.autograd.function.BackwardCFunction) else "operation"


def _shapes(node: TorchNode) -> tuple[Shape | None, ...]:
    # private: without it shapes are known only once gradients have been recorded
    return tuple([shape_of(entry) for entry in getattr(node, "_input_metadata", None) or ()])


def _sequence(node: TorchNode) -> int:
    # private: without it modules are inferred from their parameters alone
    try:
        return node._sequence_nr()
    except AttributeError:
        return -1


def _has_traceback(node: TorchNode) -> bool:
    return "traceback_" in (getattr(node, "metadata", None) or {})


def _source(node: TorchNode) -> str:
    """Return "file.py:12: code" for the innermost frame outside torch, from what anomaly mode kept."""
    for entry in reversed((getattr(node, "metadata", None) or {}).get("traceback_", ())):
        place, _, code = entry.strip().partition("\n")
        parts = place.split('"')
        if len(parts) < 3 or parts[1].startswith(_TORCH_FOLDER):
            continue
        line = parts[2].removeprefix(", line ").split(",")[0]
        code = code.strip().split("\n")[0]
        return f"{Path(parts[1]).name}:{line}: {code}".rstrip(": ")
    return ""
