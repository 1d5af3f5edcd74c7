"""Nest the cards of a scene as their modules are nested, so that a reader can open one block after the other."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import ceil
from typing import NamedTuple

from .model import Node
from .modules import topological
from .scene import Scene

# a block shows no more parts than this; what has more is cut into stretches, which are blocks too
MOST_PARTS = 40
STRETCH = 30

Place = tuple[tuple[str, int], ...]


class Block(NamedTuple):
    """A part of the graph that opens: a module ("module"), a stretch of one ("stretch"), or all of it ("graph").

    Its cards are ``order[start:end]`` of the tree, whose blocks stand in preorder: the first is the whole graph.
    ``path`` is the module's, and ``calls`` says which call of each part of it this was.
    """

    parent: int
    start: int
    end: int
    kind: str
    path: str = ""
    calls: tuple[int, ...] = ()


class Tree(NamedTuple):
    """Cards in an order in which each block is a stretch, and, wherever it is possible, every link points forwards."""

    order: tuple[int, ...]
    blocks: tuple[Block, ...]


class _Part(NamedTuple):
    """Cards that share so many parts of their module paths; a single card is no block."""

    cards: Sequence[int]
    depth: int


def nest(scene: Scene, nodes: Sequence[Node]) -> Tree:
    """Return the blocks of a scene whose every card is one node or one use of a leaf."""
    places = _places(scene, nodes)
    ends = [(link.source, link.target) for link in scene.links]
    following: list[list[int]] = [[] for _ in scene.cards]
    for source, target in ends:
        following[source].append(target)
    whole = _Part(topological(len(scene.cards), ends), 0)
    order = [0] * len(scene.cards)
    blocks: list[Block] = []
    waiting = [(-1, 0, "graph", whole, None)]
    while waiting:  # a stack, not recursion: modules may be nested deeper than Python's
        parent, start, kind, part, inside = waiting.pop()
        if len(part.cards) == 1 and kind != "graph":
            order[start] = part.cards[0]
            continue
        if inside is None:
            part, inside = _open(part, places, following)
        path = places[part.cards[0]][: part.depth]
        names, calls = ".".join(name for name, _ in path), tuple(call for _, call in path)
        blocks.append(Block(parent, start, start + len(part.cards), kind, names, calls))
        parent, children = len(blocks) - 1, []
        for stretch in _stretches(inside, following):
            cards = [card for one in stretch for card in one.cards]
            if len(stretch) == 1:
                children.append((parent, start, "module", stretch[0], None))
            else:
                children.append((parent, start, "stretch", _Part(cards, part.depth), stretch))
            start += len(cards)
        waiting += reversed(children)
    return Tree(tuple(order), tuple(blocks))


def _places(scene: Scene, nodes: Sequence[Node]) -> list[Place]:
    """Return for each card the module that ran it; a leaf stands with the operation that uses it."""
    user = {link.target: link.source for link in scene.links if nodes[scene.cards[link.target].nodes[0]].is_leaf}
    places = []
    for i in range(len(scene.cards)):
        node = nodes[scene.cards[user.get(i, i)].nodes[0]]
        names = node.module.split(".") if node.module else []
        calls = (*node.calls, *[0] * len(names))
        places.append(tuple(zip(names, calls, strict=False)))
    return places


def _open(part: _Part, places: Sequence[Place], following: Sequence[Sequence[int]]) -> tuple[_Part, list[_Part]]:
    """Return a part, past wrappers that hold nothing but one module, and what is in it."""
    depth = part.depth
    while True:
        found: dict[object, list[int]] = {}
        for card in part.cards:
            place = places[card]
            found.setdefault(place[depth] if len(place) > depth else card, []).append(card)
        if len(found) > 1 or isinstance(next(iter(found)), int):
            break
        depth += 1
    inside = [_Part(cards, depth + 1) for cards in found.values()]
    edges = _between(inside, following)
    sorted_ = topological(len(inside), edges)
    left = set(range(len(inside))) - set(sorted_)  # a module that is both before and after another
    return part._replace(depth=depth), [inside[i] for i in (*sorted_, *sorted(left))]


def _between(parts: Sequence[_Part], following: Sequence[Sequence[int]]) -> list[tuple[int, int]]:
    home = {card: n for n, part in enumerate(parts) for card in part.cards}
    ends = ((home[card], home.get(other)) for card in home for other in following[card])
    return [(a, b) for a, b in ends if b is not None and a != b]


def _stretches(parts: Sequence[_Part], following: Sequence[Sequence[int]]) -> list[Sequence[_Part]]:
    """Cut parts into as many stretches as one block shows, where few links are cut; alone where none is needed."""
    if len(parts) <= MOST_PARTS:
        return [[part] for part in parts]
    count = min(MOST_PARTS, ceil(len(parts) / STRETCH))
    changes = [0] * (len(parts) + 1)
    for a, b in _between(parts, following):
        changes[min(a, b) + 1] += 1
        changes[max(a, b) + 1] -= 1
    cut, passing = [], 0
    for change in changes:
        passing += change
        cut.append(passing)  # links between parts before this place and parts from it on
    size = len(parts) / count
    bounds = [0]
    for k in range(1, count):
        ideal = round(k * size)
        reach = range(ideal - int(size / 4), ideal + int(size / 4) + 1)
        bounds.append(min(reach, key=lambda at: (cut[at], abs(at - ideal))))
    bounds.append(len(parts))
    return [parts[a:b] for a, b in pairwise(bounds)]
