"""Simplify a graph until it can be read: what is drawn as one card, and which cards are joined.

Views fold into the leaf they look at; a leaf is drawn once per use, below its user; modules fold to a depth, and
what repeats to "x 12"; what still exceeds the budget is counted, not drawn.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .model import Edge, Node
from .modules import is_view, only_moves, topological
from .repeats import merge_repeats
from .words import plural, shorten

if TYPE_CHECKING:
    from .graph import Graph

Key = tuple


@dataclass(frozen=True)
class Group:
    """What one card shows.

    ``kind`` is ``"node"``, ``"leaf"`` (one use of a leaf), ``"module"``, ``"repeat"``, ``"rest"`` (what the budget
    left out) or ``"stub"`` (a neighbour of what is in focus). ``path`` and ``until`` are module paths: of the module,
    or of the first and last repeat; ``use`` is (number of this use, uses in all); ``leaves`` counts the leaves inside;
    ``edge`` is the one along which a leaf is used.
    """

    kind: str
    nodes: tuple[int, ...]
    path: str = ""
    until: str = ""
    times: int = 1
    views: tuple[str, ...] = ()
    use: tuple[int, int] = (1, 1)
    leaves: int = 0
    edge: Edge | None = None


@dataclass(frozen=True)
class Folding:
    """The cards, the edges between them as (card, card, edges of the graph), and what was folded, in words."""

    groups: tuple[Group, ...]
    links: tuple[tuple[int, int, tuple[Edge, ...]], ...]
    notes: tuple[str, ...]


@dataclass
class Plain:
    """A graph with views folded into their leaves: operations, edges between them, and uses of leaves."""

    nodes: Sequence[Node]
    operations: list[int] = field(default_factory=list)
    inner: list[Edge] = field(default_factory=list)
    # for each operation: (edge to the leaf or to the view next to it, leaf, views in between, number of this use)
    uses: dict[int, list[tuple[Edge, int, tuple[str, ...], int]]] = field(default_factory=dict)
    total_uses: Counter = field(default_factory=Counter)


def fold(
    graph: Graph,
    budget: int | None = 150,
    depth: int | None = None,
    repeats: bool = False,
    focus: int | None = None,
    hops: int = 2,
) -> Folding:
    """Return what to draw of a graph.

    Parameters
    ----------
    budget
        Most cards to draw, at least 2; None for no limit. As long as they are too many, modules are folded, from the
        innermost outwards, then repeats, and at last the nodes farthest from the loss become a single card.
    depth
        Fold modules to paths of this many parts (1: ``layers``, 2: ``layers.0``); None to leave that to the budget.
    repeats
        Fold stretches that occur three times or more in a row.
    focus, hops
        Draw only the nodes within this many steps of one node.
    """
    plain = _fold_views(graph)
    if focus is not None:
        return _focused(plain, focus, hops, budget)
    if budget is None or depth is not None:
        candidates: Sequence[tuple[int | None, bool]] = [(depth, repeats), (depth, True)]
    else:
        deepest = max((node.module.count(".") + 1 for node in graph.nodes if node.module), default=0)
        candidates = [(None, repeats), *((d, repeats) for d in range(deepest, 1, -1))]
        candidates += [(2, True)] * (deepest > 1) + [(1, repeats), (1, True)] * (deepest > 0) + [(None, True)]
    best: tuple[int, dict, tuple[int | None, bool]] | None = None
    for levels, repeated in candidates:
        keys = _by_module(plain, graph, levels) if levels is not None else {i: ("node", i) for i in plain.operations}
        if repeated:
            keys = merge_repeats(plain, keys, graph.classes)
        count = _cards(plain, keys)
        if best is None or count < best[0]:
            best = count, keys, (levels, repeated)
        if budget is None or count <= budget:
            best = count, keys, (levels, repeated)
            break
    count, keys, (levels, repeated) = best
    notes = []
    if levels is not None:
        notes.append(f"modules folded to depth {levels}")
    if repeated and any(key[0] == "repeat" for key in keys.values()):
        notes.append("repeats folded")
    if budget is not None and count > budget:
        keys, left_out = _cut(plain, keys, budget)
        notes.append(f"{left_out:,} operations left out to keep within {budget} cards (budget)")
    return _build(plain, keys, notes)


def _fold_views(graph: Graph) -> Plain:
    out: dict[int, list[Edge]] = {}
    for edge in graph.edges:
        out.setdefault(edge.source, []).append(edge)
    dressed: dict[int, tuple[int, tuple[str, ...]]] = {node.id: (node.id, ()) for node in graph.nodes if node.is_leaf}
    # targets come after their sources, so views of views are met from the leaf upwards
    for i in reversed(topological(len(graph.nodes), [(edge.source, edge.target) for edge in graph.edges])):
        ways = out.get(i, ())
        if len(ways) == 1 and i not in graph.roots and is_view(graph.nodes[i].op) and ways[0].target in dressed:
            leaf, views = dressed[ways[0].target]
            dressed[i] = leaf, (*views, graph.nodes[i].op)
    plain = Plain(graph.nodes, [node.id for node in graph.nodes if node.id not in dressed])
    for edge in graph.edges:
        if edge.source in dressed:
            continue
        if edge.target in dressed:
            leaf, views = dressed[edge.target]
            plain.total_uses[leaf] += 1
            plain.uses.setdefault(edge.source, []).append((edge, leaf, views, plain.total_uses[leaf]))
        else:
            plain.inner.append(edge)
    return plain


def _by_module(plain: Plain, graph: Graph, depth: int) -> dict[int, Key]:
    """Return for each operation the module at this depth that it belongs to, or itself."""
    parents = {path.rpartition(".")[0] for path in graph.classes}

    def wanted(i: int) -> Key | None:
        node = plain.nodes[i]
        parts = node.module.split(".") if node.module else []
        if not parts or (len(parts) < depth and node.module in parents):
            return None  # it stands in a module that is opened at this depth
        return ".".join(parts[:depth]), node.calls[:depth]

    path_of = {i: wanted(i) for i in plain.operations}
    component = _components(plain, lambda a, b: path_of[a] is not None and path_of[a] == path_of[b])
    keys = {i: ("module", component[i], path_of[i][0]) if path_of[i] else ("node", i) for i in plain.operations}
    _dissolve_cycles(plain, keys)
    users = Counter(edge.target for edge in plain.inner)
    for edge in plain.inner:  # breadth first from the loss: users come before what they use
        i = edge.target
        # a view or copy between two modules computes nothing and belongs with what it prepares
        alone = keys[i][0] == "node" and users[i] == 1 and only_moves(plain.nodes[i].op)
        if alone and keys[edge.source][0] == "module":
            keys[i] = keys[edge.source]
    return keys


def _components(plain: Plain, together: Callable[[int, int], bool]) -> dict[int, int]:
    """Return for each operation the smallest id among those it is connected with."""
    parent = {i: i for i in plain.operations}

    def find(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for edge in plain.inner:
        if together(edge.source, edge.target):
            low, high = sorted((find(edge.source), find(edge.target)))
            parent[high] = low
    return {i: find(i) for i in plain.operations}


def _dissolve_cycles(plain: Plain, keys: dict[int, Key]) -> None:
    """Open every group that would be both before and after something else."""
    while True:
        numbers = {key: n for n, key in enumerate(dict.fromkeys(keys.values()))}
        edges = [(numbers[keys[edge.source]], numbers[keys[edge.target]]) for edge in plain.inner]
        edges = [(a, b) for a, b in edges if a != b]
        from_loss = set(topological(len(numbers), edges))
        from_leaves = set(topological(len(numbers), [(b, a) for a, b in edges]))
        if len(from_loss) == len(numbers):
            return
        members = Counter(keys.values())
        for i, key in keys.items():
            if members[key] > 1 and numbers[key] not in from_loss and numbers[key] not in from_leaves:
                keys[i] = ("node", i)


def _cards(plain: Plain, keys: dict[int, Key]) -> int:
    return len(set(keys.values())) + sum(len(uses) for i, uses in plain.uses.items() if keys[i][0] == "node")


def _cut(plain: Plain, keys: dict[int, Key], budget: int) -> tuple[dict[int, Key], int]:
    """Put what lies farthest from the loss into one group, so that no more than budget cards are left."""
    numbers = {key: n for n, key in enumerate(dict.fromkeys(keys.values()))}
    members: dict[Key, list[int]] = {}
    for i, key in keys.items():
        members.setdefault(key, []).append(i)
    known = list(numbers)
    edges = [(numbers[keys[e.source]], numbers[keys[e.target]]) for e in plain.inner]
    room, kept = max(budget, 2) - 1, set()
    for n in topological(len(numbers), [(a, b) for a, b in edges if a != b]):
        key = known[n]
        room -= 1 + (len(plain.uses.get(key[1], ())) if key[0] == "node" else 0)
        if room < 0 and kept:
            break
        kept.add(key)
    cut = {i: key if key in kept else ("rest",) for i, key in keys.items()}
    return cut, sum(key == ("rest",) for key in cut.values())


def _focused(plain: Plain, focus: int, hops: int, budget: int | None) -> Folding:
    users = [i for i, uses in plain.uses.items() if any(focus in (leaf, edge.target) for edge, leaf, _, _ in uses)]
    near: dict[int, list[int]] = {}
    for edge in plain.inner:
        near.setdefault(edge.source, []).append(edge.target)
        near.setdefault(edge.target, []).append(edge.source)
    kept = frontier = dict.fromkeys([focus] if focus in plain.operations else users)
    for _ in range(hops):
        frontier = {j: None for i in frontier for j in near.get(i, ()) if j not in kept}
        kept = {**kept, **frontier}
    keys = {i: ("node", i) for i in kept}
    if budget is not None:
        keys = dict(list(keys.items())[:budget])
    return _build(plain, keys, [f"only what lies within {plural(hops, 'step')} of {_called(plain.nodes[focus])}"])


def _called(node: Node) -> str:
    return shorten(node.name) or node.op


def _build(plain: Plain, keys: dict[int, Key], notes: list[str]) -> Folding:
    members: dict[Key, list[int]] = {}
    for i, key in keys.items():
        members.setdefault(key, []).append(i)
    groups = [_group(plain, key, nodes) for key, nodes in members.items()]
    number = {key: n for n, key in enumerate(members)}
    joined: dict[tuple, list[Edge]] = {}
    for edge in plain.inner:
        a, b = keys.get(edge.source), keys.get(edge.target)
        if a == b:
            continue
        if a is None or b is None:
            groups.append(Group("stub", (edge.source if a is None else edge.target,)))
            ends = (len(groups) - 1, number[b]) if a is None else (number[a], len(groups) - 1)
        else:
            ends = (number[a], number[b])
        # two operations keep each edge of their own, as x * x has; what is folded keeps one for all
        slot = edge.slot if a and b and a[0] == b[0] == "node" else None
        joined.setdefault((*ends, slot), []).append(edge)
    for i, uses in plain.uses.items():
        if keys.get(i, ("",))[0] != "node":
            continue
        for edge, leaf, views, use in uses:
            groups.append(Group("leaf", (leaf,), views=views, use=(use, plain.total_uses[leaf]), edge=edge))
            joined[number[keys[i]], len(groups) - 1, edge.slot] = [edge]
    links = [(ends[0], ends[1], tuple(edges)) for ends, edges in joined.items()]
    links.sort(key=lambda link: (link[0], link[2][0].slot))
    return Folding(tuple(groups), tuple(links), tuple(notes))


def _group(plain: Plain, key: Key, nodes: list[int]) -> Group:
    kind = key[0]
    leaves = len({leaf for i in nodes for _, leaf, _, _ in plain.uses.get(i, ())}) if kind != "node" else 0
    if kind == "repeat":
        return Group(kind, tuple(nodes), path=key[2], until=key[3], times=key[4], leaves=leaves)
    return Group(kind, tuple(nodes), path=key[2] if kind == "module" else "", leaves=leaves)
