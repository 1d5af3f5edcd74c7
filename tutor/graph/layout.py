"""Give every card, label and edge its place: a layered drawing, top to bottom, written out in plain Python.

Why not a library. Measured on two cores (937-node transformer / 50-step LSTM, leaves per use / 10,000-node chain):
Graphviz's dot 0.18 s / 0.15 s / 21 s and a system program, fast-sugiyama 0.008 s / 0.010 s / 0.13 s. The latter is
quick and its drawings are good, but its Linux wheels ask for glibc 2.34, later than PyTorch's own (2.28), it is a
young beta by one author, and it places points: cards of different sizes, labels that keep clear of edges and rows of
different heights would still be ours. This module does all of it, in the time the rest of a drawing takes anyway,
and installs wherever Python does. The steps are those of Sugiyama, Tagawa and Toda (1981): ranks, an order within
each rank with few crossings (`order`), then coordinates (`coordinates`). Nothing is random; all loops are bounded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from .coordinates import place_rows
from .modules import topological
from .order import order_rows

Point = tuple[float, float]
Size = tuple[float, float]

ROW_GAP = 34.0
LABEL_ROW_GAP = 18.0
# Each rank that an edge passes costs a bend point. Past this many in all, the longest edges are drawn straight:
# a picture of that size is unreadable either way, and time stays bounded.
MOST_BENDS = 30_000


@dataclass(frozen=True)
class Layout:
    """Where everything stands, in pixels: centres of cards and labels, and the points each edge passes."""

    width: float
    height: float
    centres: tuple[Point, ...]
    routes: tuple[tuple[Point, ...], ...]
    labels: tuple[Point | None, ...]
    crossings: int


def lay_out(cards: Sequence[Size], edges: Sequence[tuple[int, int]], labels: Sequence[Size | None]) -> Layout:
    """Place cards of given (width, height), edges between them, and a label of given size on each edge or None.

    Raises
    ------
    ValueError
        If the edges form a cycle.
    """
    net = _Net(cards, edges, labels)
    rows, crossings = order_rows(net.rows, net.above, net.below)
    xs = place_rows(rows, net.widths, net.above, net.below, net.is_bend)
    tops, bottoms = _rows_at(rows, net)
    middle = [(tops[rank] + bottoms[rank]) / 2 for rank in net.rank]
    left = min((xs[i] - width / 2 for i, width in enumerate(net.widths)), default=0.0)
    right = max((xs[i] + width / 2 for i, width in enumerate(net.widths)), default=0.0)
    xs = [x - left for x in xs]
    leaving = _spread([(source, [*net.chains[e], target][0]) for e, (source, target) in enumerate(edges)], net, xs)
    arriving = _spread([(target, [source, *net.chains[e]][-1]) for e, (source, target) in enumerate(edges)], net, xs)
    routes = tuple(
        (
            (leaving[e], middle[source] + cards[source][1] / 2),
            *((xs[i], y) for i in net.chains[e] for y in (tops[net.rank[i]], bottoms[net.rank[i]])),
            (arriving[e], middle[target] - cards[target][1] / 2),
        )
        for e, (source, target) in enumerate(edges)
    )
    centres = tuple((xs[i], middle[i]) for i in range(len(cards)))
    places = tuple(None if i is None else (xs[i], middle[i]) for i in net.label_of)
    return Layout(right - left, max(bottoms, default=0.0), centres, routes, places, crossings)


class _Net:
    """Cards, and for every rank that an edge passes a bend: the elements that ranks consist of."""

    def __init__(self, cards: Sequence[Size], edges: Sequence[tuple[int, int]], labels: Sequence[Size | None]) -> None:
        step = 2 if any(labels) else 1  # labels stand in ranks of their own, between those of the cards
        self.rank = [step * rank for rank in _ranks(len(cards), edges)]
        self.labelled = step == 2
        self.widths = [width for width, _ in cards]
        self.heights = [height for _, height in cards]
        self.above: list[list[int]] = [[] for _ in cards]
        self.below: list[list[int]] = [[] for _ in cards]
        self.is_bend = [False] * len(cards)
        self.label_of: list[int | None] = []
        self.chains: list[list[int]] = []
        longest = _longest_allowed([self.rank[target] - self.rank[source] for source, target in edges])
        for (source, target), label in zip(edges, labels, strict=True):
            self._thread(source, target, label, longest)
        self.rows = [[] for _ in range(max(self.rank, default=-1) + 1)]
        for i in self._depth_first(len(cards)):
            self.rows[self.rank[i]].append(i)

    def _thread(self, source: int, target: int, label: Size | None, longest: int) -> None:
        """Put a bend into every rank between two cards, the first of the size of the label."""
        passed = range(self.rank[source] + 1, self.rank[target])
        straight = len(passed) >= longest  # then only the label is kept clear, and the rest is one line
        chain = []
        for rank in passed[:1] if straight else passed:
            width, height = (6.0, 0.0) if chain or not label else label
            chain.append(len(self.rank))
            self.rank.append(rank)
            self.widths.append(width)
            self.heights.append(height)
            self.is_bend.append(True)
            self.above.append([])
            self.below.append([])
        for above, below in pairwise([source, *chain, *(() if straight else (target,))]):
            self.below[above].append(below)
            self.above[below].append(above)
        self.chains.append(chain)
        self.label_of.append(chain[0] if label else None)

    def _depth_first(self, count: int) -> list[int]:
        """Return all elements in the order of a walk from the roots, which draws trees without a crossing."""
        seen = [False] * len(self.rank)
        walk = []
        stack = [i for i in reversed(range(count)) if not self.above[i]]
        while stack:
            i = stack.pop()
            if not seen[i]:
                seen[i] = True
                walk.append(i)
                stack.extend(reversed(self.below[i]))
        return walk


def _spread(ends: Sequence[tuple[int, int]], net: _Net, xs: Sequence[float]) -> list[float]:
    """Return where on its card each line ends, in the order of where the lines come from."""
    lines: dict[int, list[tuple[float, int]]] = {}
    for e, (card, near) in enumerate(ends):
        lines.setdefault(card, []).append((xs[near], e))
    ports = [0.0] * len(ends)
    for card, found in lines.items():
        step = min(26.0, net.widths[card] * 0.8 / len(found))
        for place, (_, e) in enumerate(sorted(found)):
            ports[e] = xs[card] + (place - (len(found) - 1) / 2) * step
    return ports


def _ranks(count: int, edges: Sequence[tuple[int, int]]) -> list[int]:
    """Return for each card the length of the longest path that leads to it."""
    order = topological(count, edges)
    if len(order) < count:
        raise ValueError("A layered drawing needs a graph without cycles.")
    following: list[list[int]] = [[] for _ in range(count)]
    for source, target in edges:
        following[source].append(target)
    rank = [0] * count
    for i in order:
        for target in following[i]:
            rank[target] = max(rank[target], rank[i] + 1)
    for i in set(range(count)) - {target for _, target in edges}:  # what nothing leads to stands just above its use
        rank[i] = min((rank[target] for target in following[i]), default=1) - 1
    return rank


def _longest_allowed(spans: Sequence[int]) -> int:
    """Return the span up to which edges may have bends, so that all together stay within MOST_BENDS."""
    total = 0
    for span in sorted(spans):
        total += span
        if total > MOST_BENDS + len(spans):
            return max(span - 1, 2)
    return max(spans, default=1)


def _rows_at(rows: Sequence[Sequence[int]], net: _Net) -> tuple[list[float], list[float]]:
    """Return the top and bottom of every rank."""
    gap = LABEL_ROW_GAP if net.labelled else ROW_GAP
    tops, bottoms, y = [], [], 0.0
    for row in rows:
        tops.append(y)
        y += max(net.heights[i] for i in row)
        bottoms.append(y)
        y += gap
    return tops, bottoms
