"""Simplify a graph until it can be read: what is drawn as one card, and which cards are joined.

Views fold into the leaf they look at; a leaf is drawn once per use, below its user; modules fold to a depth, and
what repeats to "x 12"; what still exceeds the budget is counted, not drawn.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from .blocks import Choice, choose, measured
from .grouping import absorb_moves, by_depth, by_module
from .model import Edge
from .modules import topological
from .plain import Group, Plain
from .recording import Recording
from .repeats import merge_repeats
from .words import plural, shorten

# a picture of few cards is folded, too, where so many stand in one row
WIDE = 8


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
    people: bool = False,
    plain: Plain | None = None,
) -> Folding:
    """Return what to draw of a graph.

    Parameters
    ----------
    budget
        Most cards to draw, at least 2; None for no limit. If they are too many, modules and repeats are folded, and at
        last the nodes farthest from the loss become a single card.
    depth
        Fold modules to this many levels, as a person counts them; None to leave that to the budget.
    repeats
        Fold stretches that occur three times or more in a row.
    focus, hops
        Draw only the nodes within this many steps of one node.
    goal
        Number of cards from which on the picture is folded; the budget if None.
    people
        Also keep the folded picture to the size of two pages.
    plain
        The graph with its views folded, where it is known from an earlier call.
    """
    plain = Plain(graph) if plain is None else plain
    if focus is not None:
        return _focused(plain, focus, hops, budget)
    groups = {i: Group("node", i) for i in plain.operations}
    asked = depth is not None or repeats
    notes = [] if depth is None else [f"modules folded to depth {depth}"]
    if depth is not None:
        groups = absorb_moves(plain, by_module(plain, by_depth(plain, depth)))
    if repeats:
        groups = merge_repeats(plain, groups)
    size = measured(plain, groups)
    limit = budget if asked or goal is None else goal
    if budget is not None and (size.cards > limit or (people and not asked and size.widest > WIDE)):
        groups, notes = _smaller(plain, size, depth, limit, people, notes)
    if any(group.kind == "repeat" for group in groups.values()):
        notes.append("repeats folded")
    if budget is not None and measured(plain, groups).cards > budget:
        groups = _cut(plain, groups, budget)
        left_out = sum(group.kind == "rest" for group in groups.values())
        notes.append(f"{plural(left_out, 'operation')} left out to keep within {budget} cards (budget)")
    return _build(plain, groups, notes)


def _smaller(
    plain: Plain, size: Choice, depth: int | None, limit: int, people: bool, notes: list[str]
) -> tuple[dict[int, Group], list[str]]:
    """Return groups that are fewer, if there are, and what to say of them."""
    if depth is not None:
        return merge_repeats(plain, size.groups), notes
    choice = choose(plain, limit, people)
    if choice.cards >= size.cards:
        return size.groups, notes
    kinds = {group.kind for group in choice.groups.values()}
    folded = "module" in kinds or any(group.path for group in choice.groups.values())
    notes = ["modules folded (depth=… and explore() open them)"] if folded else []
    return choice.groups, notes + ["operations in a row joined"] * ("chain" in kinds)


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
