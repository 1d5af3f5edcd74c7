"""What a recording tells beyond its numbers: where the first NaN or Inf arose, and which node raised."""

from __future__ import annotations

from collections.abc import Sequence

from .model import Edge, Node


def first_nonfinite(nodes: Sequence[Node], edges: Sequence[Edge]) -> int | None:
    """Return the first node to run whose gradients hold NaN or Inf; what came in from outside counts as the loss's."""
    emits_trouble = {edge.source for edge in edges if edge.gradient and not edge.gradient.finite}
    wrong = [
        node
        for node in nodes
        if node.order and (node.id in emits_trouble or any(stats and not stats.finite for stats in node.received))
    ]
    return min(wrong, key=lambda node: node.order).id if wrong else None


def raised(nodes: Sequence[Node], edges: Sequence[Edge]) -> int | None:
    """Return the node during which a backward pass stopped half-way; None if none had begun or all had run.

    Of the nodes whose gradients had all arrived PyTorch takes the one with the highest sequence number.
    """
    waiting = {edge.target for edge in edges if nodes[edge.source].order is None}
    reached = {edge.target for edge in edges if edge.state == "flowed"}
    ready = [node for node in nodes if node.order is None and node.id in reached - waiting]
    # AccumulateGrad has the highest number of all: a leaf that is ready runs first
    return max(ready, key=lambda node: (node.is_leaf, node.sequence)).id if ready else None
