"""Tell which module ran a node from the parameters it uses, for graphs whose forward pass nobody watched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .model import Edge, Node


def infer_modules(nodes: Sequence[Node], edges: Sequence[Edge], classes: Mapping[str, str]) -> list[Node]:
    """Give every node without a module the path that its neighbours in the order of the program agree on.

    A node that uses ``layers.0.linear1.weight`` belongs to ``layers.0.linear1``; what ran between ``layers.0.linear1``
    and ``layers.0.linear2`` belongs to what the two have in common, ``layers.0``; what ran before the first module
    or after the last one (the loss) belongs to none. Between two members of a list it belongs to what holds the list;
    which member it is, is a guess, for drawings alone. Nothing is inferred where a watched forward pass already told.
    ``classes`` are the class names of modules by path.
    """
    if any(node.module for node in nodes if not node.is_leaf) or not any(node.module for node in nodes):
        return list(nodes)
    own, leaves = _from_parameters(nodes, edges)
    order = topological(len(nodes), [(edge.source, edge.target) for edge in edges])
    order = sorted((i for i in order if not nodes[i].is_leaf), key=lambda i: -nodes[i].sequence)
    _leave_to_holder(nodes, order, own, leaves, classes)
    later = _nearest(order, own)
    earlier = _nearest(order[::-1], own)
    told, prepares = list(nodes), False
    for i in order:  # the last of the program first
        held = own[i] or _between(earlier[i], later[i], classes)
        # a view prepares the next member if nothing is computed before that; else the next would need itself
        prepares = own[i] is not None or (prepares and only_moves(nodes[i].op))
        member = held if own[i] else _member(held, earlier[i], later[i], prepares, classes)
        told[i] = nodes[i]._replace(module=held, guess=member if member != held else "")
    return told


def _nearest(order: Sequence[int], own: Sequence[str | None]) -> dict[int, str | None]:
    """Return for every node the last path met on the way to it."""
    met, nearest = None, {}
    for i in order:
        met = nearest[i] = met if own[i] is None else own[i]
    return nearest


def _between(earlier: str | None, later: str | None, classes: Mapping[str, str]) -> str:
    if earlier is None or later is None:
        return ""
    common = common_path([earlier, later])
    # a list runs nothing itself, and nobody can tell which of its members did: what holds the list is true of both
    while common and classes.get(common) in ("ModuleList", "ModuleDict"):
        common = common.rpartition(".")[0]
    return common


def _member(held: str, earlier: str | None, later: str | None, prepares: bool, classes: Mapping[str, str]) -> str:
    """Return the member of a list that a drawing puts a node into: the one before, or the one that it prepares."""
    if earlier is None or later is None:
        return held
    common = common_path([earlier, later])
    if classes.get(common) not in ("ModuleList", "ModuleDict"):
        return held
    nearer = later if prepares else earlier
    member = ".".join(nearer.split(".")[: common.count(".") + 2])
    return common if member == nearer else member


def _from_parameters(nodes: Sequence[Node], edges: Sequence[Edge]) -> tuple[list[str | None], dict[int, set[int]]]:
    """Return the path of each node that is the first to use a parameter, also through a view of it, and its leaves."""
    own: list[str | None] = [None] * len(nodes)
    leaves: dict[int, set[int]] = {}
    single = {}
    for edge in edges:
        single[edge.source] = None if edge.source in single else edge.target
    for edge in edges:
        target = edge.target
        while not nodes[target].is_leaf and single.get(target) is not None and is_view(nodes[target].op):
            target = single[target]
        if nodes[target].is_leaf and nodes[target].module and not is_view(nodes[edge.source].op):
            path = nodes[target].module
            own[edge.source] = common_path([own[edge.source] or path, path])
            leaves.setdefault(edge.source, set()).add(target)
    return own, leaves


def _leave_to_holder(
    nodes: Sequence[Node],
    order: Sequence[int],
    own: list[str | None],
    leaves: Mapping[int, set[int]],
    classes: Mapping[str, str],
) -> None:
    """Give what uses the parameters of a linear layer that was never called itself to the module that holds it.

    `nn.MultiheadAttention` hands its output layer's weights on, and Mamba multiplies by a weight and adds the bias only
    after other things: nn.Linear has nothing but a view between the two.
    """
    apart = {path for path, name in classes.items() if name == "NonDynamicallyQuantizableLinear"}
    last, between = None, []
    for i in order:
        if own[i] is None:
            between.append(i)
            continue
        one_call = last is not None and own[i] == own[last] and not leaves[i] & leaves[last]
        if one_call and classes.get(own[i]) == "Linear" and not all(is_view(nodes[j].op) for j in between):
            apart.add(own[i])
        last, between = i, []
    for i, path in enumerate(own):
        if path in apart:
            own[i] = path.rpartition(".")[0]


def common_path(paths: Sequence[str]) -> str:
    """Return the module path that all of these paths lie in; an empty string if there is none."""
    if len(set(paths)) == 1:
        return paths[0]
    shared = []
    for parts in zip(*(path.split(".") for path in paths), strict=False):
        if len(set(parts)) > 1:
            break
        shared.append(parts[0])
    return ".".join(shared)


VIEW_OPS = frozenset(
    f"{name}Backward"
    for name in (
        *("T", "Mt", "Transpose", "Permute", "Movedim", "View", "UnsafeView", "Reshape", "ReshapeAlias", "Flatten"),
        *("Unsqueeze", "Squeeze", "Expand", "Slice", "Select", "Unbind", "Split", "AsStrided", "Diagonal", "Alias"),
        *("ViewAsReal", "ViewAsComplex"),
    )
)


def is_view(op: str) -> bool:
    """Tell whether a backward function undoes a transpose or another view, which computes nothing."""
    return op.rstrip("0123456789") in VIEW_OPS


def only_moves(op: str) -> bool:
    """Tell whether a backward function undoes a view or a copy: what prepares the next module, and computes nothing."""
    return is_view(op) or op.startswith("CloneBackward")


def topological(count: int, edges: Sequence[tuple[int, int]]) -> list[int]:
    """Return node numbers so that every edge points forwards; nodes on a cycle are left out."""
    following: list[list[int]] = [[] for _ in range(count)]
    waiting = [0] * count
    for source, target in edges:
        following[source].append(target)
        waiting[target] += 1
    # a stack, not a queue: branches stay together, which is what cutting at choke points relies on
    ready = [i for i in reversed(range(count)) if waiting[i] == 0]
    order = []
    while ready:
        node = ready.pop()
        order.append(node)
        for target in reversed(following[node]):
            waiting[target] -= 1
            if waiting[target] == 0:
                ready.append(target)
    return order
