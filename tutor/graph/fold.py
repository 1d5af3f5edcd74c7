"""Simplify a graph until it can be read: what is drawn as one card, and which cards are joined.

Views fold into the leaf they look at; a leaf is drawn once per use, below its user; modules fold to a depth, and
what repeats to "x 12"; what still exceeds the budget is counted, not drawn.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from .model import Edge, Node
from .modules import only_moves, topological
from .plain import Group, Plain
from .recording import Recording
from .repeats import merge_repeats
from .words import plural, shorten


class Folding(NamedTuple):
    """Cards as (what, nodes, leaves inside), links as (card, card, edges of the graph), notes on what was folded."""

    cards: tuple[tuple[Group, Sequence[int], int], ...]
    links: tuple[tuple[int, int, Sequence[Edge]], ...]
    notes: tuple[str, ...]


def fold(
    graph: Recording,
    budget: int | None = 150,
    depth: int | None = None,
    repeats: bool = False,
    focus: int | None = None,
    hops: int = 2,
    goal: int | None = None,
    plain: Plain | None = None,
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
    goal
        Once anything has to be folded: the number of cards to come down to, if it can be reached; the budget if None.
    plain
        The graph with its views folded, where it is known from an earlier call.
    """
    plain = Plain(graph) if plain is None else plain
    if focus is not None:
        return _focused(plain, focus, hops, budget)
    tried = []
    for levels, repeated in _ladder(graph, depth, repeats):
        groups = {i: Group("node", i) for i in plain.operations} if levels is None else _by_module(plain, levels)
        groups = merge_repeats(plain, groups) if repeated else groups
        tried.append((_cards(plain, groups), groups, levels))
        if budget is None or tried[-1][0] <= (budget if len(tried) == 1 or goal is None else goal):
            tried = tried[-1:]
            break
    count, groups, levels = min(tried, key=lambda one: one[0])
    notes = [] if levels is None else [f"modules folded to depth {levels}"]
    if any(group.kind == "repeat" for group in groups.values()):
        notes.append("repeats folded")
    if budget is not None and count > budget:
        groups = _cut(plain, groups, budget)
        left_out = sum(group.kind == "rest" for group in groups.values())
        notes.append(f"{plural(left_out, 'operation')} left out to keep within {budget} cards (budget)")
    return _build(plain, groups, notes)


def _ladder(graph: Recording, depth: int | None, repeats: bool) -> Iterator[tuple[int | None, bool]]:
    """Yield (depth, whether repeats are folded) from what folds least to what folds most."""
    yield depth, repeats
    if depth is None:
        deepest = max((node.module.count(".") + 1 for node in graph.nodes if node.module), default=0)
        for level in range(deepest, 0, -1):
            yield level, repeats
            if level <= 2:  # deeper than that, another level says more than a count
                yield level, True
    yield depth, True


def _by_module(plain: Plain, depth: int) -> dict[int, Group]:
    """Return for each operation the call of a module at this depth that it belongs to, or itself."""
    parents = {path.rpartition(".")[0] for path in plain.classes}

    def wanted(node: Node) -> tuple[str, tuple[int, ...]] | None:
        path = node.guess or node.module
        parts = path.split(".") if path else []
        if not parts or (len(parts) < depth and path in parents):
            return None  # it stands in a module that is opened at this depth
        return ".".join(parts[:depth]), node.calls[:depth]

    path_of = {i: wanted(plain.nodes[i]) for i in plain.operations}
    groups: dict[int, Group] = {}
    for first in plain.operations:
        group = Group("module", first, path_of[first][0]) if path_of[first] else Group("node", first)
        reached = [] if first in groups else [first]
        while reached:  # a module is drawn once for each connected part of it
            i = reached.pop()
            groups[i] = group
            if group.kind == "module":
                reached += [j for j in plain.near[i] if j not in groups and path_of[j] == path_of[first]]
    groups = {i: groups[i] for i in plain.operations}
    _dissolve_cycles(plain, groups)
    users = Counter(edge.target for edge in plain.inner)
    for edge in plain.inner:  # breadth first from the loss: users come before what they use
        i = edge.target
        # a view or copy between two modules computes nothing and belongs with what it prepares
        alone = groups[i].kind == "node" and users[i] == 1 and only_moves(plain.nodes[i].op)
        if alone and groups[edge.source].kind == "module":
            groups[i] = groups[edge.source]
    return groups


def _dissolve_cycles(plain: Plain, groups: dict[int, Group]) -> None:
    """Open every group that would be both before and after something else."""
    while True:
        members, edges = plain.quotient(groups)
        from_loss = set(topological(len(members), edges))
        if len(from_loss) == len(members):
            return
        from_leaves = set(topological(len(members), [(b, a) for a, b in edges]))
        for n, inside in enumerate(members.values()):
            if len(inside) > 1 and n not in from_loss and n not in from_leaves:
                groups.update((i, Group("node", i)) for i in inside)


def _cards(plain: Plain, groups: dict[int, Group]) -> int:
    docked = sum(len(uses) for i, uses in plain.uses.items() if groups[i].kind == "node")
    return len(set(groups.values())) + docked


def _cut(plain: Plain, groups: dict[int, Group], budget: int) -> dict[int, Group]:
    """Put what lies farthest from the loss into one group, so that no more than budget cards are left."""
    members, edges = plain.quotient(groups)
    known, room, kept = list(members), budget - 1, set()
    for n in topological(len(members), edges):
        room -= 1 + (len(plain.uses[known[n].first]) if known[n].kind == "node" else 0)
        if room < 0 and kept:
            break
        kept.add(known[n])
    return {i: group if group in kept else Group("rest") for i, group in groups.items()}


def _focused(plain: Plain, focus: int, hops: int, budget: int | None) -> Folding:
    users = [i for i, uses in plain.uses.items() if any(focus in (use.leaf, use.edge.target) for use in uses)]
    kept = frontier = dict.fromkeys([focus] if focus in plain.operations else users)
    for _ in range(hops):
        frontier = {j: None for i in frontier for j in plain.near[i] if j not in kept}
        kept = {**kept, **frontier}
    called = shorten(plain.nodes[focus].name) or plain.nodes[focus].op
    whole = _build(
        plain, {i: Group("node", i) for i in kept}, [f"only what lies within {plural(hops, 'step')} of {called}"]
    )
    if budget is None or len(whole.cards) <= budget:
        return whole
    note = f"{plural(len(whole.cards) - budget, 'card')} left out to keep within {budget} cards (budget)"
    links = tuple(link for link in whole.links if max(link[:2]) < budget)
    return Folding(whole.cards[:budget], links, (*whole.notes, note))


def _build(plain: Plain, groups: dict[int, Group], notes: Sequence[str]) -> Folding:
    members: defaultdict[Group, list[int]] = defaultdict(list)
    for i, group in groups.items():
        members[group].append(i)
    cards: list[tuple[Group, Sequence[int], int]] = []
    place: dict[Group, int] = {}
    joined: defaultdict[tuple, list[Edge]] = defaultdict(list)

    def add(group: Group, nodes: Sequence[int], leaves: int = 0) -> int:
        cards.append((group, nodes, leaves))
        return len(cards) - 1

    for group, nodes in members.items():
        uses = [use for i in nodes for use in plain.uses.get(i, ())]
        docked = uses if group.kind == "node" else ()
        place[group] = add(group, nodes, 0 if docked else len({use.leaf for use in uses}))
        for use in docked:
            leaf = add(Group("leaf", use.leaf, use=use), (use.leaf,))
            joined[place[group], leaf, use.edge.slot].append(use.edge)
    for edge in plain.inner:
        a, b = groups.get(edge.source), groups.get(edge.target)
        if a == b:
            continue
        source = add(Group("stub", edge.source), (edge.source,)) if a is None else place[a]
        target = add(Group("stub", edge.target), (edge.target,)) if b is None else place[b]
        # two operations keep each edge of their own, as x * x has; what is folded keeps one for all
        single = a is not None and b is not None and a.kind == b.kind == "node"
        joined[source, target, edge.slot if single else None].append(edge)
    links = [(source, target, edges) for (source, target, _), edges in joined.items()]
    links.sort(key=lambda link: (link[0], link[2][0].slot))
    return Folding(tuple(cards), tuple(links), tuple(notes))
