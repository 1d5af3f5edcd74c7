"""Choose the modules that a picture for people opens: as many levels as tell the architecture, one card a block."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from .grouping import absorb_moves, by_module, join_chains
from .levels import pattern
from .model import Node
from .modules import topological
from .plain import Group, Plain
from .repeats import FEWEST, merge_repeats

# so many rows of cards are about two pages tall, so many cards in a row about two pages wide
MOST_ROWS = 20
MOST_IN_A_ROW = 9
# so many loose operations in a row are one card in a folded picture
CHAIN = 4


class Choice(NamedTuple):
    """Groups, the patterns of single modules among them, how many of which kind, the size, and how much was joined."""

    groups: dict[int, Group]
    single: Counter[str]
    loose: int
    folded: int
    repeats: int
    cards: int
    rows: int
    widest: int
    joined: int = 0

    def fits(self, goal: int, people: bool) -> bool:
        """Tell whether it has no more cards than the goal, and for people is no larger than two pages."""
        return self.cards <= goal and (not people or (self.rows <= MOST_ROWS and self.widest <= MOST_IN_A_ROW))


def choose(plain: Plain, goal: int, people: bool) -> Choice:
    """Return the groups of the picture that tells most within the goal.

    All modules are closed at first. They are opened from the outermost inwards, those at one place of a list
    together, as long as the picture fits and repeated blocks come to light, or more parts than loose operations. What
    repeats is a block, and stays closed.
    """
    opened: frozenset[str] = frozenset()
    best = _best(plain, opened, goal, people)
    tried: set[str] = set()
    while (following := next(_closed(plain, best, tried), None)) is not None:
        tried.add(following)
        trial = _best(plain, opened | {following}, goal, people)
        parts, loose = trial.folded - best.folded, trial.loose - best.loose
        tells = trial.repeats > best.repeats or loose <= max(parts, 0) + 1
        tells = tells and trial.fits(goal, people) and trial.joined <= best.joined
        if tells or (trial.cards < best.cards and not best.fits(goal, people)):
            best, opened = trial, opened | {following}
    return best


def _closed(plain: Plain, choice: Choice, tried: set[str]) -> Iterator[str]:
    """Yield what can be opened, the outermost first, and of those the largest."""
    levels = {pattern(group.path): plain.levels.of(group.path) for group in set(choice.groups.values()) if group.path}
    size = Counter(pattern(group.path) for group in choice.groups.values() if group.kind == "module")
    for one in sorted(choice.single, key=lambda one: (len(levels[one]), -size[one], one)):
        if one not in tried and plain.levels.inside.get(levels[one][-1]):
            yield one


def _best(plain: Plain, opened: frozenset[str], goal: int, people: bool) -> Choice:
    """Return the groups with these modules open, folded no further than it takes to fit."""

    def unit(node: Node) -> str:
        for path in plain.levels.of(node.place):
            if pattern(path) not in opened or not plain.levels.inside.get(path):
                return path
        return ""

    groups = absorb_moves(plain, by_module(plain, unit))
    for joined, (fewest, chain) in enumerate(((FEWEST, CHAIN), (FEWEST, 2), (2, 2))):
        folded = absorb_moves(plain, merge_repeats(plain, groups, fewest))
        choice = measured(plain, join_chains(plain, folded, chain))._replace(joined=joined)
        if choice.fits(goal, people):
            break
    # what is repeated somewhere is a block, also where another one of it stands alone
    repeated = {pattern(group.path) for i, group in groups.items() if group.path and choice.groups[i].kind == "repeat"}
    return choice._replace(single=Counter({one: n for one, n in choice.single.items() if one not in repeated}))


def measured(plain: Plain, groups: dict[int, Group]) -> Choice:
    """Return groups with the size of their picture."""
    members, edges = plain.quotient(groups)
    known = list(members)
    row = [0] * len(known)
    following: list[list[int]] = [[] for _ in known]
    for a, b in edges:
        following[a].append(b)
    for a in topological(len(known), edges):
        for b in following[a]:
            row[b] = max(row[b], row[a] + 1)
    docked = [len(plain.uses.get(group.first, ())) if group.kind == "node" else 0 for group in known]
    rows = Counter(row)
    for at, leaves in zip(row, docked, strict=True):
        if leaves:
            rows[at + 1] += leaves
    single = Counter(pattern(group.path) for group in known if group.kind == "module")
    folded = sum(group.folded for group in known)
    repeats = sum(group.kind == "repeat" and bool(group.path) for group in known)
    cards = len(known) + sum(docked)
    return Choice(groups, single, len(known) - folded, folded, repeats, cards, len(rows), max(rows.values(), default=0))
