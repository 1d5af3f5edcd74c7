"""A recorded graph as plain data: its nodes and edges, what was found in it, and the way to find a node."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .model import Edge, Node
from .words import plural


@dataclass(repr=False)
class Recording:
    """An autograd graph as plain values; no tensor is kept alive by it.

    Attributes
    ----------
    nodes, edges
        All of them, unfolded; ``nodes[edge.source]`` is where an edge begins.
    roots
        Ids of the losses.
    classes
        Class names of the model's modules by path.
    recorded
        True if a backward pass was recorded, even one that did not get far.
    passes
        How many backward passes ran; the last one is shown.
    error
        What the block raised, on one line.
    first_nonfinite
        Id of the first node whose gradients held NaN or Inf.
    outside
        Names of the model's parameters that are not part of this graph.
    raised
        Id of the node in which backward stopped half-way.
    """

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    roots: tuple[int, ...]
    classes: Mapping[str, str] = field(default_factory=dict)
    recorded: bool = False
    passes: int = 0
    error: str = ""
    first_nonfinite: int | None = None
    raised: int | None = None
    outside: tuple[str, ...] = ()

    @property
    def order(self) -> tuple[Node, ...]:
        """The nodes that ran, in the order in which they did."""
        return tuple(sorted((node for node in self.nodes if node.order), key=lambda node: node.order))

    def find(self, node: Node | int | str) -> Node:
        """Return a node by its id, its name, or its operation where only one has it.

        Raises
        ------
        LookupError
            If there is no such node, or several.
        """
        if isinstance(node, Node):
            return self.nodes[node.id]
        if isinstance(node, int) and 0 <= node < len(self.nodes):
            return self.nodes[node]
        found = [one for one in self.nodes if one.name == node] or [one for one in self.nodes if one.op == node]
        if len(found) != 1:
            raise LookupError(f"{plural(len(found), 'node')} of this graph answer to {node!r}; an id is always exact.")
        return found[0]
