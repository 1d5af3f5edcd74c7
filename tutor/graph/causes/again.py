"""Find the part of a graph that an earlier backward pass freed, who freed it, and the tensor that leads into it."""

from __future__ import annotations

from collections.abc import Iterator

from .evidence import Backward, Evidence
from .finding import Finding, names_text
from .saved import FREED, HIDDEN

# as many separate passes make a running total
PASSES = 3
_JOINS = ("AddBackward", "StackBackward", "CatBackward", "DivBackward", "MulBackward", "MeanBackward", "SumBackward")


def find(known: Evidence) -> Iterator[Finding]:
    """Yield the finding about what was freed: all of the graph, a part that two losses share, or an earlier step's."""
    nodes = known.graph.nodes
    freed = sorted({i for i, saved in known.saved if saved.state == FREED and nodes[i].order is None})
    if not freed or (known.error is not None and "second time" not in str(known.error)):
        return
    kept = {i for i, saved in known.saved if saved.state not in (FREED, HIDDEN)} | {
        i for i, _ in known.saved if nodes[i].order is not None
    }
    by = _who(known, freed)
    doors = _doors(known, set(freed), kept) if kept else []
    passes = _passes(known, set(freed))
    if passes >= PASSES and not kept:
        sentence = _running_total(known, passes)
    elif not kept:
        sentence = _whole(known, by)
    else:
        sentence = _part(known, freed, kept, by, doors)
    yield Finding(
        "a second time",
        sentence,
        place=_door(known, doors[0]) if doors else str(by.line or "") if by else "",
        number=passes if passes >= PASSES and not kept else len(freed),
        node=doors[0] if doors else freed[0],
        inferred=by is None and bool(kept),
        more=tuple(f"freed: {known.does(i)}{known.at(i)}" for i in freed[:8]),
    )


def _words(by: Backward | None) -> str:
    return f"by the backward pass of line {by.line}" if by and by.line else "by an earlier backward pass"


def _whole(known: Evidence, by: Backward | None) -> str:
    mend = "Mend: compute the loss again first, or give the first call retain_graph=True if both are meant."
    if known.error is not None:
        return f"The whole graph was freed already, {_words(by)}: this is a second backward on the same loss. {mend}"
    return (
        f"Backward ran through this graph already and freed it: a second backward on the same loss would raise. {mend}"
    )


def _running_total(known: Evidence, passes: int) -> str:
    name = next((known.graph.nodes[i].name for i in known.graph.roots if known.graph.nodes[i].name), "")
    what = f"`{name}`" if name else "This graph"
    return (
        f"{what} holds the graphs of {passes} passes that share nothing but leaves, each freed by a backward pass of "
        "its own: a running total (total += loss) keeps every step alive, and backward() on it would go through all "
        "of them a second time. Mend: total += loss.item(), or loss.detach()."
    )


def _part(known: Evidence, freed: list[int], kept: set[int], by: Backward | None, doors: list[int]) -> str:
    through = names_text([_door(known, i) for i in doors[:3]]) or "what they share"
    size = f"{len(freed)} operations of this graph" if len(freed) > 1 else "1 operation of this graph"
    begin = f"{size} ran backward before and {'were' if len(freed) > 1 else 'was'} freed {_words(by)}"
    loops = by is not None and by.spot is not None and by.spot == known.spot
    if loops or _uses_again(known, freed, kept):
        sure = "" if by else " (inferred: the same parameters are used before and after it)"
        return (
            f"{begin}: that part comes from an earlier step, through {through}, which carries its history into this "
            f"step{sure}. Mend: detach a state between steps (h = h.detach()); compute anew in each step what is made "
            "of parameters."
        )
    return (
        f"{begin}: this loss shares that part with the one that went first, through {through}. Mend: add the losses "
        "and call backward() once, give the first call retain_graph=True, or detach() what the first loss need not "
        "reach."
    )


def _who(known: Evidence, freed: list[int]) -> Backward | None:
    """Return the last earlier backward pass of the block that ran what is freed."""
    numbers = {known.graph.nodes[i].sequence for i in freed}
    return next((one for one in reversed(known.earlier) if one.ran & numbers), None)


def _old(known: Evidence, freed: set[int], kept: set[int]) -> set[int]:
    """Return the freed nodes and those that keep nothing but are as old: below them, or run by a pass of the block."""
    nodes, ran = known.graph.nodes, frozenset().union(*(one.ran for one in known.earlier))
    last = max(nodes[i].sequence for i in freed)
    return {
        node.id
        for node in nodes
        if not node.is_leaf and node.id not in kept and (node.sequence <= last or node.sequence in ran)
    }


def _uses_again(known: Evidence, freed: list[int], kept: set[int]) -> bool:
    """Tell whether a parameter is used by what is freed and by what is not."""
    nodes, old = known.graph.nodes, _old(known, set(freed), kept)
    uses = [(edge.source in old, edge.target) for edge in known.graph.edges if nodes[edge.target].is_leaf]
    return bool({leaf for before, leaf in uses if before} & {leaf for before, leaf in uses if not before})


def _doors(known: Evidence, freed: set[int], kept: set[int]) -> list[int]:
    """Return the old nodes whose results the rest of the graph takes, those with a name of their own first."""
    nodes, old = known.graph.nodes, _old(known, freed, kept)
    below: dict[int, list[int]] = {}
    for edge in known.graph.edges:
        below.setdefault(edge.target, []).append(edge.source)
    doors = []
    for i in sorted(old, key=lambda i: -nodes[i].sequence):
        outside = [j for j in below.get(i, ()) if j not in old]
        if outside or i in known.graph.roots:
            # a sum keeps nothing: what is named above it is the tensor that the program carries on
            named = [j for j in outside if known.made(j) and j not in kept and j not in known.graph.roots]
            doors.append(named[0] if named else i)
    return sorted(dict.fromkeys(doors), key=lambda i: not known.made(i))


def _door(known: Evidence, i: int) -> str:
    name = known.made(i)
    return f"`{name}`" if name else f"the result of {known.does(i)}{known.at(i)}"


def _passes(known: Evidence, freed: set[int]) -> int:
    """Return how many pieces without a node in common a chain of sums below the loss holds together."""
    nodes, ways = known.graph.nodes, {}
    for edge in known.graph.edges:
        if not nodes[edge.target].is_leaf:
            ways.setdefault(edge.source, []).append(edge.target)
    spine, heads, waiting = set(), [], list(known.graph.roots)
    while waiting:
        i = waiting.pop()
        if i in spine:
            continue
        if nodes[i].op.startswith(_JOINS) and i not in freed:
            spine.add(i)
            waiting += ways.get(i, ())
        else:
            heads.append(i)
    owner: dict[int, int] = {}
    for head in heads:
        waiting, met = [head], set()
        while waiting:
            i = waiting.pop()
            if i in met:
                continue
            met.add(i)
            if owner.setdefault(i, head) != head:  # two pieces meet: one forward pass made both
                return 0
            waiting += ways.get(i, ())
    return sum(any(owner.get(i) == head for i in freed) for head in heads)
