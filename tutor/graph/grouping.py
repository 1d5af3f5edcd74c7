"""Put operations into groups: by the module that ran them, views with what they prepare, loose chains into one."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable

from .model import Node
from .modules import only_moves, topological
from .plain import Group, Plain
from .words import kinds_text, operation

Unit = Callable[[Node], str]


def by_depth(plain: Plain, depth: int) -> Unit:
    """Return what tells the module at a depth that ran a node; an empty string where that is opened."""

    def unit(node: Node) -> str:
        path = node.place
        levels = plain.levels.of(path)
        if len(levels) < depth and plain.levels.inside.get(path):
            return ""
        return levels[min(depth, len(levels)) - 1] if levels else ""

    return unit


def by_module(plain: Plain, unit: Unit) -> dict[int, Group]:
    """Return for each operation the call of the module that it belongs to, or itself."""

    def wanted(node: Node) -> tuple[str, tuple[int, ...]] | None:
        path = unit(node)
        return (path, node.calls[: path.count(".") + 1]) if path else None

    path_of = {i: wanted(plain.nodes[i]) for i in plain.operations}
    groups: dict[int, Group] = {}
    calls: dict[object, Group] = {}
    for first in plain.operations:
        if first in groups:
            continue
        told = path_of[first]
        groups[first] = group = _call(plain, first, told[0]) if told else Group("node", first)
        if told and told[1]:  # watched: which call it was is known
            groups[first] = calls.setdefault(told, group)
            continue
        reached = [first] if told else []
        while reached:  # else a module is drawn once for each connected part of it
            i = reached.pop()
            groups[i] = group
            reached += [j for j in plain.near[i] if j not in groups and path_of[j] == told]
    groups = {i: groups[i] for i in plain.operations}
    _dissolve_cycles(plain, groups)
    return groups


def _call(plain: Plain, first: int, path: str) -> Group:
    return Group("module", first, path, what=plain.levels.shown(path))


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


def absorb_moves(plain: Plain, groups: dict[int, Group]) -> dict[int, Group]:
    """Return the groups with every view or copy beside a folded one in it: it computes nothing.

    It belongs with what it prepares; where nothing else is made of it, else with what it looks at.
    """
    groups = dict(groups)
    users, reads = Counter(edge.target for edge in plain.inner), Counter(edge.source for edge in plain.inner)

    def loose(i: int) -> bool:
        return groups[i].kind == "node" and only_moves(plain.nodes[i].op) and i not in plain.roots

    for edge in plain.inner:  # breadth first from the loss: users come before what they use
        if users[edge.target] == 1 and groups[edge.source].folded and loose(edge.target):
            groups[edge.target] = groups[edge.source]
    for edge in reversed(plain.inner):
        if reads[edge.source] == 1 and groups[edge.target].folded and loose(edge.source):
            groups[edge.source] = groups[edge.target]
    return groups


def join_chains(plain: Plain, groups: dict[int, Group], least: int = 2) -> dict[int, Group]:
    """Return the groups with so many loose operations or more that follow each other, and nothing else, made one."""
    members, edges = plain.quotient(groups)
    known = list(members)
    after, before = defaultdict(set), defaultdict(set)
    for a, b in edges:
        after[a].add(b)
        before[b].add(a)

    def plain_node(n: int) -> bool:
        i = known[n].first
        return known[n].kind == "node" and i not in plain.roots and not plain.uses.get(i)

    joined = dict(groups)
    head: dict[int, list[int]] = {}
    for n in topological(len(known), edges):
        above = next(iter(before[n])) if len(before[n]) == 1 else None
        if plain_node(n) and above is not None and len(after[above]) == 1 and plain_node(above):
            head[n] = head[above]
            head[n].append(n)
        else:
            head[n] = [n]
    for n, chain in head.items():
        if len(chain) >= least and chain[0] == n:
            ops = list(dict.fromkeys(operation(plain.nodes[known[k].first].op)[0] for k in chain))
            what = kinds_text(ops)
            group = Group("chain", known[n].first, what=what)
            joined.update((known[k].first, group) for k in chain)
    return joined
