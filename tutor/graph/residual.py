"""Find residual branches: sums of something and of what modules made of the same thing."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

from .levels import LISTS
from .modules import common_path
from .recording import Recording

# a branch of more operations than this is not looked through
LONGEST = 3000
MOST_NAMED = 2
# what a person leaves out when naming a branch: it is named after what learns
ASIDE = re.compile(
    r".*norm(\dd|alization)?|(norm|bn|ln|drop|relu|gelu|silu|swish|act|act_fn|activation|non_?linearity|identity)[_\d]*"
    r"|.*dropout[_\d]*d?|.*activation",
    re.IGNORECASE,
)
SUMS = ("AddBackward", "AddcmulBackward")


def branches(graph: Recording) -> dict[int, str]:
    """Return for each sum that closes a residual branch the name of that branch, from the modules it goes through."""
    nodes = graph.nodes
    reads: defaultdict[int, list[int]] = defaultdict(list)
    for edge in graph.edges:
        if not nodes[edge.target].is_leaf:
            reads[edge.source].append(edge.target)
    found = {}
    for node in nodes:
        if node.op.rstrip("0123456789") not in SUMS or len(reads[node.id]) != 2:
            continue
        one, other = reads[node.id]
        through = _between(graph, reads, one, other) or _between(graph, reads, other, one)
        through = through or _around(graph, reads, node.module or node.guess, one, other)
        if name := _name(graph, through, node.place):
            found[node.id] = name
    return found


def _behind(graph: Recording, reads: dict[int, list[int]], start: int, least: int) -> set[int]:
    """Return what a value was computed from, back to a sequence number."""
    met, waiting = {start}, [start]
    while waiting and len(met) < LONGEST:
        for i in reads[waiting.pop()]:
            if i not in met and graph.nodes[i].sequence >= least:
                met.add(i)
                waiting.append(i)
    return met


def _between(graph: Recording, reads: dict[int, list[int]], end: int, start: int) -> set[int]:
    """Return the operations that made ``end`` out of ``start``; none if it was not made of it."""
    least = graph.nodes[start].sequence
    met = _behind(graph, reads, end, least) if 0 <= least < graph.nodes[end].sequence else set()
    return met - {start} if start in met else set()


def _around(graph: Recording, reads: dict[int, list[int]], home: str, one: int, other: int) -> set[int]:
    """Return the branch of a sum whose shortcut is a module, too, as a strided convolution is."""
    nodes = graph.nodes
    parts = [_part(nodes[i].module or nodes[i].guess, home) for i in (one, other)]
    if not all(parts) or parts[0] == parts[1]:
        return set()
    for short, part, end in ((one, parts[0], other), (other, parts[1], one)):
        inside, waiting, doors = {short}, [short], set()
        while waiting and len(inside) < LONGEST:
            for i in reads[waiting.pop()]:
                if _part(nodes[i].module or nodes[i].guess, home) != part:
                    doors.add(i)
                elif i not in inside:
                    inside.add(i)
                    waiting.append(i)
        if len(doors) == 1 and (through := _between(graph, reads, end, doors.pop())) and len(through) > len(inside):
            return through
    return set()


def _part(path: str, home: str) -> str:
    """Return the child of a module in which another lies."""
    inside = path.removeprefix(f"{home}.") if home and path.startswith(f"{home}.") else ""
    return inside.partition(".")[0]


def _name(graph: Recording, through: Iterable[int], where: str) -> str:
    """Return what a person calls a branch: the module that all of it lies in, or those that do its work."""
    order: Sequence[int] = sorted(through, key=lambda i: graph.nodes[i].sequence)
    paths = list(dict.fromkeys(graph.nodes[i].place for i in order))
    # what is no more than the module around the others names nothing
    paths = [path for path in paths if path and not any(other.startswith(f"{path}.") for other in paths)]
    home = common_path(paths)
    parts = list(dict.fromkeys(part for path in paths if (part := _part(path, home) if home else path.split(".")[0])))
    work = [
        part
        for part in parts
        if not (ASIDE.fullmatch(part) or ASIDE.fullmatch(graph.classes.get(f"{home}.{part}".lstrip("."), "")))
    ]
    work = [part for part in work if graph.classes.get(f"{home}.{part}".lstrip("."), "") not in LISTS]
    tail = home.rpartition(".")[2]
    if len(work) != 1 and home != where and not tail.isdigit() and graph.classes.get(home) not in LISTS:
        return tail
    return ", ".join(work) if len(work) <= MOST_NAMED else f"{work[0]} … {work[-1]}"
