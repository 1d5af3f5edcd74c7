"""Find stretches of a graph that repeat, as the layers of a deep network do, and make each one group."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from .modules import common_path, topological

if TYPE_CHECKING:
    from .fold import Key, Plain

FEWEST = 3
# the longest stretch looked for, in blocks between choke points
LONGEST = 64


def merge_repeats(plain: Plain, keys: dict[int, Key], classes: Mapping[str, str]) -> dict[int, Key]:
    """Return the groups with every stretch that occurs three times or more in a row made one.

    A graph is cut wherever all gradient passes through a single group (its choke points). The blocks between the
    cuts form a chain, and a chain repeats where it equals itself shifted.
    """
    members: dict[Key, list[int]] = {}
    for i, key in keys.items():
        members.setdefault(key, []).append(i)
    blocks = _blocks(plain, keys, list(members))
    signs = [tuple(_sign(plain, key, members[key], classes) for key in block) for block in blocks]
    merged = dict(keys)
    for start, period, times in _runs(signs):
        stretch = [key for block in blocks[start : start + period * times] for key in block]
        length = len(stretch) // times
        first, last = (
            common_path([_path(plain, key, members[key]) for key in part])
            for part in (stretch[:length], stretch[-length:])
        )
        key = ("repeat", members[stretch[0]][0], first, last, times)
        for member in stretch:
            for i in members[member]:
                merged[i] = key
    return merged


def _blocks(plain: Plain, keys: dict[int, Key], known: Sequence[Key]) -> list[list[Key]]:
    numbers = {key: n for n, key in enumerate(known)}
    edges = [
        (numbers[keys[e.source]], numbers[keys[e.target]]) for e in plain.inner if keys[e.source] != keys[e.target]
    ]
    order = topological(len(known), edges)
    place = {n: p for p, n in enumerate(order)}
    farthest = list(range(len(order)))
    for source, target in edges:
        farthest[place[source]] = max(farthest[place[source]], place[target])
    blocks: list[list[Key]] = []
    reach = 0
    for p, n in enumerate(order):
        if p >= reach:  # every edge from before ends here or earlier
            blocks.append([])
        blocks[-1].append(known[n])
        reach = max(reach, farthest[p])
    return blocks


def _sign(plain: Plain, key: Key, nodes: Sequence[int], classes: Mapping[str, str]) -> tuple:
    """Return what makes two groups alike: for modules class, place and shape, else the operation and its leaves."""
    shape = plain.nodes[nodes[0]].shape
    if key[0] == "module":
        return classes.get(key[2], ""), re.sub(r"\d+", "#", key[2]), shape
    return plain.nodes[nodes[0]].op, len(plain.uses.get(nodes[0], ())), shape


def _path(plain: Plain, key: Key, nodes: Sequence[int]) -> str:
    return key[2] if key[0] == "module" else plain.nodes[nodes[0]].module


def _runs(signs: Sequence[tuple]) -> list[tuple[int, int, int]]:
    """Return (start, period, times) of the stretches that repeat, the one that covers most first at each place."""
    runs = []
    start = 0
    while start < len(signs):
        best = (0, 0, 0)
        for period in range(1, min(LONGEST, (len(signs) - start) // FEWEST) + 1):
            same = start
            while same + period < len(signs) and signs[same] == signs[same + period]:
                same += 1
            times = (same - start) // period + 1
            if times >= FEWEST and period * times > best[0]:
                best = (period * times, period, times)
        covered, period, times = best
        if covered:
            runs.append((start, period, times))
        start += max(covered, 1)
    return runs
