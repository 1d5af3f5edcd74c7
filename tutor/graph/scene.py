"""Say in words what stands on every card and every edge of a folded graph; where they stand comes later."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .fold import Folding, Group
from .model import Edge, Node, Stats
from .words import clean, gradient_words, operation, plural, shape_text, shorten

if TYPE_CHECKING:
    from .graph import Graph


@dataclass(frozen=True)
class Card:
    """A card: ``kind`` sets its outline, ``tag`` says it in words; ``title`` and ``rest`` make its first line."""

    kind: str
    nodes: tuple[int, ...]
    title: str
    rest: str = ""
    tag: str = ""
    lines: tuple[str, ...] = ()
    faint: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    badge: str = ""
    hint: str = ""
    visited: bool = True


@dataclass(frozen=True)
class Link:
    """An edge between two cards: its label, its state, and the gradient its thickness follows."""

    source: int
    target: int
    label: tuple[str, ...]
    state: str
    norm: float | None = None
    trouble: str = ""
    nodes: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Scene:
    """Everything a picture says."""

    cards: tuple[Card, ...]
    links: tuple[Link, ...]
    notes: tuple[str, ...]


def set_scene(graph: Graph, folding: Folding) -> Scene:
    """Return the cards and links of a folded graph, worded."""
    cards = tuple(_card(graph, group) for group in folding.groups)
    links = tuple(_link(graph, source, target, edges) for source, target, edges in folding.links)
    notes = list(folding.notes)
    if graph.passes > 1:
        notes.append(f"the last of {graph.passes} backward passes")
    if graph.error and any(node.order is None for node in graph.nodes):
        notes.append(f"backward stopped: {shorten(graph.error, 100)}")
    return Scene(cards, links, tuple(notes))


def _card(graph: Graph, group: Group) -> Card:
    if group.kind == "leaf":
        return _leaf_card(graph, group, graph.nodes[group.nodes[0]])
    if group.kind in ("module", "repeat"):
        return _folded_card(graph, group)
    if group.kind == "rest":
        leaves = f" and {plural(group.leaves, 'leaf tensor')}" if group.leaves else ""
        return Card("rest", group.nodes, f"… {plural(len(group.nodes), 'operation')}{leaves}")
    node = graph.nodes[group.nodes[0]]
    if group.kind == "stub":
        return Card("stub", group.nodes, "… " + operation(node.op)[0])
    return _node_card(graph, node)


def _node_card(graph: Graph, node: Node) -> Card:
    title, rest = operation(node.op)
    is_root = node.id in graph.roots
    tags = {"custom": "custom Function", "opaque": "opaque: inside not visible"}
    shapes = " ".join(map(shape_text, node.shapes[:4])) + (" …" if len(node.shapes) > 4 else "")
    name = shorten(node.name)
    return Card(
        "output" if is_root else node.kind,
        (node.id,),
        shorten(title, 34),
        rest,
        tag=" · ".join(filter(None, ["output" if is_root else "", tags.get(node.kind, "")])),
        lines=tuple(filter(None, [f"{name} {shapes}".strip()])),
        faint=tuple(filter(None, [_where(graph, node.module), shorten(node.source, 34)])),
        marks=_marks(graph, node),
        badge=str(node.order or ""),
        hint=_hint(node),
        visited=not graph.recorded or node.order is not None or node.id == graph.raised,
    )


def _where(graph: Graph, path: str) -> str:
    kind = graph.classes.get(path, "") if path else ""
    return shorten(f"{path} · {kind}" if kind else path, 34)


def _leaf_card(graph: Graph, group: Group, node: Node) -> Card:
    use, uses = group.use
    lines = [shape_text(node.shape)]
    if group.views:
        lines.append("via " + ", ".join(operation(view)[0].lower() for view in reversed(group.views)))
    if uses > 1:
        lines.append(f"use {use} of {uses}")
    lines += _arrived(group, node)
    return Card(
        node.kind,
        (node.id,),
        shorten(node.name) or "unnamed",
        tag={"parameter": "parameter", "leaf": "leaf tensor"}[node.kind],
        lines=tuple(lines),
        marks=() if not graph.recorded or node.order is not None else ("not visited",),
        badge=str(node.order or "") if use == uses else "",
        hint=_hint(node),
        visited=not graph.recorded or node.order is not None,
    )


def _arrived(group: Group, node: Node) -> list[str]:
    """Return what is to be said of a leaf beyond the label of its edge."""
    if node.order is None:
        return []
    received = node.received[0] if node.received else None
    if received is None:
        return ["received None"]
    uses = group.use[1]
    lines = [f"sum of {uses} {gradient_words(received)}"] if uses > 1 else []
    sent = group.edge.gradient if group.edge else None
    # through a view the same numbers arrive in another shape
    if uses == 1 and sent and received.finite and not math.isclose(sent.norm, received.norm, rel_tol=1e-4):
        lines.append(f"a hook made it {gradient_words(received)}")
    if node.grad is not None and not node.grad.same(received):
        lines.append(f".grad now {gradient_words(node.grad)}")
    return lines


def _folded_card(graph: Graph, group: Group) -> Card:
    inside = [graph.nodes[i] for i in group.nodes]
    kind = graph.classes.get(group.path, "")
    if not kind:
        first = len(inside) // group.times
        kind = ", ".join(dict.fromkeys(operation(node.op)[0] for node in inside[: max(first, 1)][:4]))
    times = f" \u00d7 {group.times:,}" if group.kind == "repeat" else ""
    where = group.path if group.until in ("", group.path) else f"{group.until} … {group.path}"
    content = plural(len(inside), "operation") + (f", {plural(group.leaves, 'leaf tensor')}" if group.leaves else "")
    orders = [node.order for node in inside if node.order is not None]
    return Card(
        group.kind,
        group.nodes,
        shorten(kind) + times,
        lines=(shape_text(inside[0].shape), content),
        faint=(shorten(where, 34),) if where else (),
        marks=tuple(dict.fromkeys(mark for node in inside for mark in _marks(graph, node) if mark != "not visited")),
        badge="-".join(dict.fromkeys(f"{end}" for end in (min(orders), max(orders)))) if orders else "",
        visited=not graph.recorded or bool(orders),
    )


def _marks(graph: Graph, node: Node) -> tuple[str, ...]:
    marks = []
    if node.id == graph.first_nonfinite:
        trouble = [e.gradient.trouble for e in graph.edges if e.source == node.id and e.gradient]
        marks.append(f"{'NaN' if 'NaN' in trouble else 'Inf'} begins here")
    if node.id == graph.raised:
        marks.append("raised here")
    elif graph.recorded and node.order is None:
        marks.append("not visited")
    return tuple(marks)


def _hint(node: Node) -> str:
    return clean(" ".join(filter(None, [node.name[:200], node.op, node.module[:200], node.source[:200]])))


def _link(graph: Graph, source: int, target: int, edges: tuple[Edge, ...]) -> Link:
    ends = tuple((edge.source, edge.target) for edge in edges)
    flowed = [edge.gradient for edge in edges if edge.gradient]
    state = "flowed" if flowed else edges[0].state
    if state == "traced":
        return Link(source, target, (), state, nodes=ends)
    if not flowed:
        return Link(source, target, ("None" if state == "none" else "not visited",), state, nodes=ends)
    outputs = len(graph.nodes[edges[0].target].shapes)
    trouble = next((stats.trouble for stats in flowed if stats.trouble), "")
    if len(flowed) == 1:
        where = (f"output {edges[0].output}",) if outputs > 1 else ()
        return Link(source, target, (*where, *_label(flowed[0])), state, flowed[0].norm, trouble, ends)
    norm = sum(stats.norm**2 for stats in flowed) ** 0.5
    words = (f"{len(flowed)} gradients", trouble or f"‖g‖ {norm:.3g}")
    return Link(source, target, words, state, norm, trouble, ends)


def _label(stats: Stats) -> tuple[str, ...]:
    if stats.values is not None and 1 < len(stats.values) <= 3 and len(stats.shape) == 1 and stats.finite:
        return shape_text(stats.shape), "[" + ", ".join(f"{value:.3g}" for value in stats.values) + "]"
    return shape_text(stats.shape), gradient_words(stats)
