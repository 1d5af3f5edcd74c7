"""Find stretches of a graph that repeat, as the layers of a deep network do, and make each one group."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .modules import common_path, topological
from .plain import Group, Plain

FEWEST = 3
# the longest stretch looked for, in blocks between choke points
LONGEST = 64


def merge_repeats(plain: Plain, groups: dict[int, Group]) -> dict[int, Group]:
    """Return the groups with every stretch that occurs three times or more in a row made one.

    A graph is cut wherever all gradient passes through a single group (its choke points). The blocks between the
    cuts form a chain, and a chain repeats where it equals itself shifted.
    """
    members, edges = plain.quotient(groups)
    known = list(members)
    blocks = [[known[n] for n in block] for block in _blocks(len(known), edges)]
    signs = [tuple(_sign(plain, group) for group in block) for block in blocks]
    merged = dict(groups)
    for start, period, times in _runs(signs):
        stretch = [group for block in blocks[start : start + period * times] for group in block]
        firsts = [plain.nodes[group.first] for group in stretch]
        paths = [group.path or first.guess or first.module for group, first in zip(stretch, firsts, strict=True)]
        length = len(stretch) // times
        repeat = stretch[0]._replace(
            kind="repeat", path=common_path(paths[:length]), until=common_path(paths[-length:]), times=times
        )
        merged.update((i, repeat) for group in stretch for i in members[group])
    return merged


def _blocks(count: int, edges: Sequence[tuple[int, int]]) -> list[list[int]]:
    order = topological(count, edges)
    place = {n: p for p, n in enumerate(order)}
    farthest = list(range(count))
    for source, target in edges:
        farthest[place[source]] = max(farthest[place[source]], place[target])
    blocks: list[list[int]] = []
    reach = 0
    for p, n in enumerate(order):
        if p >= reach:  # every edge from before ends here or earlier
            blocks.append([])
        blocks[-1].append(n)
        reach = max(reach, farthest[p])
    return blocks


def _sign(plain: Plain, group: Group) -> tuple:
    """Return what makes two groups alike: for modules class, place and shape, else the operation and its leaves."""
    node = plain.nodes[group.first]
    if group.kind == "module":
        return plain.classes.get(group.path, ""), re.sub(r"\d+", "#", group.path), node.shape
    return node.op, len(plain.uses.get(node.id, ())), node.shape


def _runs(signs: Sequence[tuple]) -> list[tuple[int, int, int]]:
    """Return (start, period, times) of the stretches that repeat, the one that covers most first at each place."""
    runs = []
    start = 0
    while start < len(signs):
        best = (0, 0)
        for period in range(1, min(LONGEST, (len(signs) - start) // FEWEST) + 1):
            same = start
            while same + period < len(signs) and signs[same] == signs[same + period]:
                same += 1
            times = (same - start) // period + 1
            if times >= FEWEST and period * times > best[0] * best[1]:
                best = (period, times)
        if best[1]:
            runs.append((start, *best))
        start += max(best[0] * best[1], 1)
    return runs
