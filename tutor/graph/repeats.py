"""Find stretches of a graph that repeat, as the layers of a deep network and the steps of a loop do, and fold them."""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from .levels import pattern
from .modules import common_path
from .plain import Group, Plain
from .words import kinds_text, operation

FEWEST = 3
# the longest stretch looked for, in cards
LONGEST = 128
MOST_ODD = 2


def merge_repeats(plain: Plain, groups: dict[int, Group], fewest: int = FEWEST) -> dict[int, Group]:
    """Return the groups with every stretch that occurs three times or more in a row folded.

    Groups are taken in the order of the program, where a stretch repeats if it equals itself shifted: a residual
    stream, an encoder's output or a time embedding that reaches every layer does not hide that. What stands at one
    place of the stretch becomes one group, so that the embeddings of all steps are a card beside the cell; only places
    that feed each other, as in a recurrence, stay together.
    """
    members, edges = plain.quotient(groups)
    known = list(members)
    latest = [max(plain.nodes[i].sequence for i in inside) for inside in members.values()]
    order = _in_order(len(known), edges, latest)
    signs = [_sign(plain, known[n], members[known[n]]) for n in order]
    following = defaultdict(set)
    for a, b in edges:
        following[a].add(b)
    merged = dict(groups)
    for start, period, times in _runs(signs, fewest):
        run = order[start : start + period * times]
        for places in _fed_by_each_other(run, period, following):
            stretches = [[known[run[k * period + p]] for p in places] for k in range(times)]
            repeat = _repeat(plain, stretches, members)
            merged.update((i, repeat) for stretch in stretches for group in stretch for i in members[group])
    return merged


def _in_order(count: int, edges: Sequence[tuple[int, int]], latest: Sequence[int]) -> list[int]:
    """Return groups so that every edge points forwards, the last of the program first."""
    following: list[list[int]] = [[] for _ in range(count)]
    waiting = [0] * count
    for a, b in edges:
        following[a].append(b)
        waiting[b] += 1
    ready = [(-latest[n], n) for n in range(count) if not waiting[n]]
    heapq.heapify(ready)
    order = []
    while ready:
        _, n = heapq.heappop(ready)
        order.append(n)
        for b in following[n]:
            waiting[b] -= 1
            if not waiting[b]:
                heapq.heappush(ready, (-latest[b], b))
    return order


def _sign(plain: Plain, group: Group, inside: Sequence[int]) -> tuple:
    """Return what makes two groups alike: for modules class, place and shape, else the operation and its leaves."""
    if group.kind == "module":
        return plain.levels.shown(group.path), pattern(group.path), plain.result(inside).shape
    node = plain.nodes[group.first]
    return node.op, len(plain.uses.get(node.id, ())), node.shape


def _runs(signs: Sequence[tuple], fewest: int) -> list[tuple[int, int, int]]:
    """Return (start, period, times) of the stretches that repeat, the one that covers most first at each place."""
    places: defaultdict[tuple, list[int]] = defaultdict(list)
    for place, sign in enumerate(signs):
        places[sign].append(place)
    runs = []
    start = 0
    while start < len(signs):
        best = (0, 0)
        alike = places[signs[start]]
        longest = min(LONGEST, (len(signs) - start) // fewest)
        for place in alike[bisect_right(alike, start) : bisect_right(alike, start + longest)]:
            period = place - start
            same = start
            while same + period < len(signs) and signs[same] == signs[same + period]:
                same += 1
            times = (same - start) // period + 1
            if times >= fewest and period * times > best[0] * best[1]:
                best = (period, times)
        if best[1]:
            runs.append((start, *best))
        start += max(best[0] * best[1], 1)
    return runs


def _fed_by_each_other(run: Sequence[int], period: int, following: defaultdict[int, set[int]]) -> Iterator[list[int]]:
    """Yield the places of a stretch that can only be folded together, because each leads to each other."""
    place = {n: k % period for k, n in enumerate(run)}
    reach = [0] * period
    for n in run:
        for b in following[n]:
            if b in place:
                reach[place[n]] |= 1 << place[b]
    for k in range(period):
        for p in range(period):
            if reach[p] >> k & 1:
                reach[p] |= reach[k]
    left = list(range(period))
    while left:
        first = left[0]
        together = [p for p in left if p == first or (reach[first] >> p & 1 and reach[p] >> first & 1)]
        left = [p for p in left if p not in together]
        yield together


def _repeat(plain: Plain, stretches: Sequence[Sequence[Group]], members: dict[Group, list[int]]) -> Group:
    paths = [[_path(plain, group) for group in stretch] for stretch in (stretches[0], stretches[-1])]
    path, until = map(common_path, paths)
    kinds = [
        plain.levels.shown(group.path) if group.path else operation(plain.nodes[group.first].op)[0]
        for group in stretches[0]
    ]
    one = path != until or all(inside == path for inside in paths[0])
    name = plain.levels.shown(path) if one and not plain.levels.is_list(path) else ""
    kinds = [name] if name else list(dict.fromkeys(kinds))
    what = kinds_text(kinds)
    differs = _differs(plain, [stretch[0] for stretch in stretches], members) if len(stretches[0]) == 1 else ""
    if not all(group.path == path for stretch in stretches for group in stretch) and until == path:
        until = ""  # not the calls of one module
    return stretches[0][0]._replace(
        kind="repeat", path=path, until=until, times=len(stretches), what=what, differs=differs
    )


def _path(plain: Plain, group: Group) -> str:
    return group.path or plain.nodes[group.first].place


def _differs(plain: Plain, alike: Sequence[Group], members: dict[Group, list[int]]) -> str:
    """Return in words which of the repeated modules hold something that most others do not."""
    if len({group.path for group in alike}) < len(alike):
        return ""
    inside = [
        frozenset(plain.nodes[i].module.removeprefix(group.path).lstrip(".") for i in members[group]) for group in alike
    ]
    usual = Counter(inside).most_common(1)[0][0]
    known = {path[:end] for path in usual for end in _ends(path)}
    said = []
    for group, parts in zip(alike, inside, strict=True):
        # the outermost path that is new stands for all that lies in it
        new = {
            next(path[:end] for end in _ends(path) if path[:end] not in known) for path in parts if path not in known
        }
        if new:
            said.append(f"{group.path.rpartition('.')[2]} also holds {', '.join(sorted(new)[:MOST_ODD])}")
    return "; ".join(said) if len(said) <= MOST_ODD else ""


def _ends(path: str) -> list[int]:
    """Return where the parts of a path end."""
    return [*(place for place, letter in enumerate(path) if letter == "."), len(path)]
