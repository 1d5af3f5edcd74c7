"""A graph before it is folded: views joined to the leaf they look at, every use of a leaf on its own, and groups."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from .levels import Levels
from .model import Edge, Node
from .modules import is_view, topological
from .recording import Recording


class Use(NamedTuple):
    """One use of a leaf: the edge that leads to it or to the first view of it, and the number of this use of all."""

    edge: Edge
    leaf: int
    views: tuple[str, ...]
    number: int
    of: int


class Group(NamedTuple):
    """What one card stands for.

    ``kind`` is ``"node"``, ``"leaf"`` (one use of a leaf), ``"module"``, ``"repeat"``, ``"rest"`` (what the budget
    left out), ``"chain"`` (operations that follow each other) or ``"stub"`` (a neighbour of what is in focus).
    ``first`` is the node that tells it from others of its kind. ``path`` and ``until`` are module paths: of the module,
    or of the first and last repeat. ``what`` says what repeats, ``differs`` in what the repeats are not alike.
    """

    kind: str
    first: int = -1
    path: str = ""
    until: str = ""
    times: int = 1
    use: Use | None = None
    what: str = ""
    differs: str = ""

    @property
    def folded(self) -> bool:
        """True if it stands for a module, or for several of them."""
        return self.kind in ("module", "repeat")


class Plain:
    """A graph with views folded into their leaves: operations, the edges between them, and uses of leaves."""

    def __init__(self, graph: Recording) -> None:
        self.nodes, self.roots = graph.nodes, frozenset(graph.roots)
        self.levels = Levels(graph.nodes, graph.classes)
        dressed = _leaves_and_views(graph)
        self.operations = [node.id for node in graph.nodes if node.id not in dressed]
        self.inner: list[Edge] = []
        self.uses: defaultdict[int, list[Use]] = defaultdict(list)
        self.near: defaultdict[int, list[int]] = defaultdict(list)
        outer = [edge for edge in graph.edges if edge.source not in dressed]
        total = Counter(dressed[edge.target][0] for edge in outer if edge.target in dressed)
        number: Counter[int] = Counter()
        for edge in outer:
            if edge.target in dressed:
                leaf, views = dressed[edge.target]
                number[leaf] += 1
                self.uses[edge.source].append(Use(edge, leaf, views, number[leaf], total[leaf]))
            else:
                self.inner.append(edge)
                self.near[edge.source].append(edge.target)
                self.near[edge.target].append(edge.source)

    def result(self, inside: Iterable[int]) -> Node:
        """Return the operation of a group that ran last, whose shape is that of what the group returns."""
        return max((self.nodes[i] for i in inside), key=lambda node: node.sequence)

    def quotient(self, groups: dict[int, Group]) -> tuple[dict[Group, list[int]], list[tuple[int, int]]]:
        """Return the operations of each group, and the edges between groups by their place in that dict."""
        members: dict[Group, list[int]] = {}
        for i, group in groups.items():
            members.setdefault(group, []).append(i)
        place = {group: n for n, group in enumerate(members)}
        ends = [(place[groups[edge.source]], place[groups[edge.target]]) for edge in self.inner]
        return members, [(a, b) for a, b in ends if a != b]


def _leaves_and_views(graph: Recording) -> dict[int, tuple[int, tuple[str, ...]]]:
    """Return for every leaf, and every view of nothing but a leaf, that leaf and the views in between."""
    ways: defaultdict[int, list[int]] = defaultdict(list)
    for edge in graph.edges:
        ways[edge.source].append(edge.target)
    dressed: dict[int, tuple[int, tuple[str, ...]]] = {node.id: (node.id, ()) for node in graph.nodes if node.is_leaf}
    # targets come after their sources, so views of views are met from the leaf upwards
    for i in reversed(topological(len(graph.nodes), [(edge.source, edge.target) for edge in graph.edges])):
        if len(ways[i]) == 1 and ways[i][0] in dressed and is_view(graph.nodes[i].op) and i not in graph.roots:
            leaf, views = dressed[ways[i][0]]
            dressed[i] = leaf, (*views, graph.nodes[i].op)
    return dressed
