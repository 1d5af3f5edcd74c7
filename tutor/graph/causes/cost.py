"""Count what a graph keeps for backward, by node and by module, and tell how it grew from one pass to the next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from .evidence import Evidence, storage_of
from .finding import Finding, names_text
from .saved import FREED, HIDDEN, saved_by

# as many passes in a row, each larger than the one before, are growth
FEWEST_PASSES = 3
FARTHEST = 1000


class Cost(NamedTuple):
    """Bytes that a graph keeps for backward; a tensor that is kept twice counts once, at the first node that keeps it.

    Attributes
    ----------
    total
        All of it, parameters and other leaves left out: those exist anyway.
    by_node
        Bytes by node id.
    by_module
        Bytes by module path, the modules inside included; what ran in no module under an empty string.
    leaves
        Bytes of the parameters and other leaves that are kept, too.
    hidden
        How many tensors hooks hide (a checkpoint's, or moved elsewhere), whose bytes are not known.
    """

    total: int
    by_node: dict[int, int]
    by_module: dict[str, int]
    leaves: int
    hidden: int


def count(known: Evidence) -> Cost:
    """Return what the graph keeps."""
    own = {storage_of(tensor) for tensor in known.leaves.values()}
    by_node: Counter[int] = Counter()
    leaves, hidden, met = 0, 0, set()
    for i, saved in known.saved:
        if saved.state == HIDDEN:
            hidden += 1
        if saved.tensor is None or (storage := storage_of(saved.tensor)) in met or not storage:
            continue
        met.add(storage)
        size = saved.tensor.untyped_storage().nbytes()
        if storage in own or (saved.tensor.is_leaf and saved.tensor.requires_grad):
            leaves += size
        else:
            by_node[i] += size
    by_module: Counter[str] = Counter()
    for i, size in by_node.items():
        path = known.graph.nodes[i].module
        while path:
            by_module[path] += size
            path = path.rpartition(".")[0]
        if not known.graph.nodes[i].module:
            by_module[""] += size
    return Cost(sum(by_node.values()), dict(by_node.most_common()), dict(by_module.most_common()), leaves, hidden)


def size_text(size: float) -> str:
    """Return a number of bytes as "1.5 MB"."""
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:,.3g} GB"


def sentence(known: Evidence, cost: Cost) -> Finding | None:
    """Return the note that says what the graph keeps and where most of it."""
    if not cost.by_node:
        return None
    alike: dict[tuple, list[int]] = {}  # a place takes long to be put into words: one node of many speaks for all
    for i in cost.by_node:
        node, op = known.graph.nodes[i], known.op(i)
        alike.setdefault((node.op, node.name, node.module, node.source, op and (op.name, op.where)), []).append(i)
    by_place: Counter[str] = Counter()
    first: dict[str, int] = {}
    for nodes in alike.values():  # the largest first
        place = f"{known.does(nodes[0])}{known.at(nodes[0])}"
        by_place[place] += sum(cost.by_node[i] for i in nodes)
        first.setdefault(place, nodes[0])
    most = by_place.most_common(3)
    parts = [f"{size_text(size)} by {place}" for place, size in most]
    largest = first[most[0][0]]
    hidden = f" {cost.hidden} tensors more are kept behind hooks (checkpoints, offloading) and not counted." * bool(
        cost.hidden
    )
    return Finding(
        "note",
        f"The graph keeps {size_text(cost.total)} for backward (parameters left out), most of it "
        f"{names_text(parts)}.{hidden}",
        place=known.does(largest),
        number=cost.total,
        node=largest,
    )


def keepers(known: Evidence) -> Iterator[Finding]:
    """Yield the lists and dicts of the program that keep the graphs of passes that are over."""
    inside: dict[str, list[object]] = {}
    for name, tensor in known.variables.items():
        if tensor.grad_fn is not None and "[" in name:
            inside.setdefault(name.partition("[")[0], []).append(tensor.grad_fn)
    for name, nodes in inside.items():
        over = [node for node in nodes if node not in known.ids and _is_over(node)]
        if len(over) >= FEWEST_PASSES - 1 and len(nodes) >= FEWEST_PASSES:
            yield Finding(
                "cost",
                f"`{name}` keeps {len(nodes)} tensors with the graphs of passes that are over: nothing of them is "
                f"freed while it lives. Mend: {name}.append(loss.detach()), or loss.item().",
                place=name,
                number=len(nodes),
            )


def _is_over(root: object) -> bool:
    """Tell whether backward freed what a tensor was computed from; the first node that keeps anything tells."""
    met, waiting = {root}, [root]
    while waiting and len(met) < FARTHEST:
        node = waiting.pop(0)
        for saved in saved_by(node):
            return saved.state == FREED
        fresh = [following for following, _ in node.next_functions if following is not None and following not in met]
        met.update(fresh)
        waiting += fresh
    return False


def growth(known: Evidence) -> Iterator[Finding]:
    """Yield the finding that the graph grew with every pass of the block, and the tensor through which."""
    sizes = [one.nodes for one in known.earlier] + [len(known.graph.nodes)]
    same = [one.nodes for one in known.earlier if one.spot == known.spot] + [len(known.graph.nodes)]
    if len(same) < FEWEST_PASSES or any(b <= a for a, b in pairwise(same)):
        return
    before = known.earlier[-1].sequence
    nodes = known.graph.nodes
    doors = [
        edge.target
        for edge in known.graph.edges
        if nodes[edge.source].sequence >= before > nodes[edge.target].sequence >= 0 and not nodes[edge.target].is_leaf
    ]
    named = [f"`{known.made(i)}`" for i in doors if known.made(i)]
    through = names_text(
        list(dict.fromkeys(named or [f"the result of {known.does(i)}{known.at(i)}" for i in doors]))[:3]
    )
    yield Finding(
        "cost",
        f"The graph grows from pass to pass: {', '.join(map(str, sizes[-4:]))} nodes. What came before is still part "
        f"of it{f', through {through}' if through else ''}. Mend: detach() what is carried from one step to the next.",
        place=through,
        number=sizes[-1] - sizes[-2],
        node=doors[0] if doors else None,
    )
