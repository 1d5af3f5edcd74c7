"""Say in words what stands on every card and every edge of a folded graph; where they stand comes later."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from textwrap import wrap
from typing import NamedTuple

from .fold import Folding
from .model import Edge, Node
from .plain import Group, Use
from .recording import Recording
from .residual import branches
from .words import clean, gradient_words, operation, plural, shape_text, shorten, shorten_source

# as many values fit beside an edge
MOST_VALUES = 3

# as many columns of a folded card's smaller lines
WIDEST = 36
# as many residual branches are named on a card
MOST_BRANCHES = 4

HOW_TO_KNOW = "record(model) around the forward pass knows them"

TAGS = {
    "parameter": "parameter",
    "leaf": "leaf tensor",
    "custom": "custom Function",
    "opaque": "opaque: inside not visible",
}


class Card(NamedTuple):
    """A card: ``kind`` sets its outline, ``tag`` says it in words; ``title`` and ``rest`` make its first line.

    ``faint`` is cut to the width of a card; ``whole`` says the same in full, for text.
    """

    kind: str
    nodes: Sequence[int]
    title: str
    rest: str = ""
    tag: str = ""
    lines: tuple[str, ...] = ()
    faint: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    badge: str = ""
    hint: str = ""
    visited: bool = True
    whole: tuple[str, ...] = ()


class Link(NamedTuple):
    """An edge between two cards: its label, its state, and the gradient its thickness follows."""

    source: int
    target: int
    nodes: tuple[tuple[int, int], ...]
    state: str
    label: tuple[str, ...] = ()
    norm: float | None = None
    trouble: str = ""


class Scene(NamedTuple):
    """Everything a picture says."""

    cards: tuple[Card, ...]
    links: tuple[Link, ...]
    notes: tuple[str, ...]


def set_scene(graph: Recording, folding: Folding) -> Scene:
    """Return the cards and links of a folded graph, worded."""
    # a picture of every operation shows the branch itself
    residual = branches(graph) if any(group.folded for group, _, _ in folding.cards) else {}
    cards = tuple(_card(graph, *card, residual) for card in folding.cards)
    links = tuple(_link(graph, *link) for link in folding.links)
    notes = list(folding.notes)
    if graph.passes > 1:
        notes.append(f"the last of {graph.passes} backward passes")
    if graph.outside:
        notes.append(outside_words(graph.outside))
    if any(node.inferred for node in graph.nodes):
        notes.append(f"≈ modules are inferred from parameters; {HOW_TO_KNOW}")
    if graph.error and any(node.order is None for node in graph.nodes):
        notes.append(f"backward stopped: {graph.error}")
    return Scene(cards, links, tuple(notes))


def outside_words(names: Sequence[str]) -> str:
    """Return in words how many parameters of the model are not part of the graph, and the first of them."""
    few = ", ".join(shorten(name) for name in names[:3]) + (", …" if len(names) > 3 else "")
    return f"{plural(len(names), 'parameter')} of the model outside this graph: {few}"


def _card(graph: Recording, group: Group, ids: Sequence[int], leaves: int, residual: Mapping[int, str]) -> Card:
    inside = [graph.nodes[i] for i in ids]
    if group.kind == "stub":
        return Card("stub", ids, "… " + operation(inside[0].op)[0])
    if group.kind == "node":
        card = _node_card(graph, inside[0], residual.get(ids[0], ""))
    elif group.use:
        card = _leaf_card(inside[0], group.use)
    else:
        card = _folded_card(group, inside, leaves, residual)
    orders = [node.order for node in inside if node.order]
    visited = bool(orders) or not graph.recorded or graph.raised in ids
    marks = [f"{_first_trouble(graph)} begins here"] if graph.first_nonfinite in ids else []
    marks += ["raised here"] if graph.raised in ids else []
    marks += [] if visited else ["not visited"]
    shows_order = orders and (group.use is None or group.use.number == group.use.of)
    badge = "-".join(dict.fromkeys(map(str, (min(orders), max(orders))))) if shows_order else ""
    return card._replace(nodes=ids, marks=tuple(marks), badge=badge, visited=visited)


def _node_card(graph: Recording, node: Node, branch: str) -> Card:
    title, rest = operation(node.op)
    output = ["output"] if node.id in graph.roots else []
    shapes = " ".join(map(shape_text, node.shapes[:4])) + (" …" if len(node.shapes) > 4 else "")
    line = f"{shorten(node.name)} {shapes}".strip()
    around = f"residual: {branch}" if branch else ""
    module = f"≈ {node.module}" if node.inferred else node.module
    where = " · ".join(filter(None, [module, graph.classes.get(node.module) if node.module else ""]))
    return Card(
        output[0] if output else node.kind,
        (),
        shorten(title, 34),
        rest,
        tag=" · ".join([*output, *([TAGS[node.kind]] if node.kind in TAGS else [])]),
        lines=(line,) if line else (),
        faint=tuple(filter(None, (around, shorten(where, 34), shorten_source(node.source)))),
        hint=_hint(node),
        whole=tuple(filter(None, (around, where, clean(node.source)))),
    )


def _leaf_card(node: Node, use: Use) -> Card:
    lines = [shape_text(node.shape)]
    if use.views:
        lines.append("via " + ", ".join(operation(view)[0].lower() for view in reversed(use.views)))
    if use.of > 1:
        lines.append(f"use {use.number} of {use.of}")
    lines += _arrived(node, use) if node.order else ()
    return Card(
        node.kind, (), shorten(node.name) or "unnamed", tag=TAGS[node.kind], lines=tuple(lines), hint=_hint(node)
    )


def _arrived(node: Node, use: Use) -> list[str]:
    """Return what is to be said of a leaf beyond the label of its edge."""
    received, sent, lines = node.received[0], use.edge.gradient, []
    if received is None:
        return ["received None"]
    if use.of > 1:
        lines.append(f"sum of {use.of} {gradient_words(received)}")
    elif sent and abs(sent.norm - received.norm) > 1e-4 * received.norm:  # false if one could not be measured
        lines.append(f"a hook made it {gradient_words(received)}")
    if node.grad is None:
        lines.append(".grad now None")
    elif not node.grad.same(received):
        lines.append(f".grad now {gradient_words(node.grad)}")
    return lines


def _folded_card(group: Group, inside: Sequence[Node], leaves: int, residual: Mapping[int, str]) -> Card:
    content = plural(len(inside), "operation") + (f", {plural(leaves, 'leaf tensor')}" if leaves else "")
    if group.kind == "rest":
        return Card("rest", (), f"… {content}")
    kind = group.what or operation(inside[0].op)[0]
    times = f" \u00d7 {group.times:,}" if group.kind == "repeat" else ""
    where = group.path if group.until in ("", group.path) else f"{group.until} … {group.path}"
    where += f", called {group.times:,} times" if where and group.until == group.path and group.times > 1 else ""
    named = list(dict.fromkeys(residual[node.id] for node in reversed(inside) if node.id in residual))
    around = f"residual: {', '.join(named[:MOST_BRANCHES])}{', …' * (len(named) > MOST_BRANCHES)}" if named else ""
    whole = tuple(filter(None, (where, around, group.differs)))
    faint = tuple(shorten(part, WIDEST) for line in whole for part in wrap(line, WIDEST, break_long_words=False))
    result = max(inside, key=lambda node: node.sequence)
    lines = (shape_text(result.shape), content)
    return Card(group.kind, (), shorten(kind, 34) + times, lines=lines, faint=faint, whole=whole)


def _first_trouble(graph: Recording) -> str:
    i = graph.first_nonfinite
    seen = [*graph.nodes[i].received, *(edge.gradient for edge in graph.edges if edge.source == i)]
    return "NaN" if any(stats and stats.trouble == "NaN" for stats in seen) else "Inf"


def _hint(node: Node) -> str:
    return clean(" ".join(filter(None, [node.name[:200], node.op[:200], node.module[:200], node.source[:200]])))


def _link(graph: Recording, source: int, target: int, edges: Sequence[Edge]) -> Link:
    ends = tuple((edge.source, edge.target) for edge in edges)
    flowed = [edge.gradient for edge in edges if edge.gradient]
    if not flowed:
        words = {"none": ("None",), "not visited": ("not visited",)}.get(edges[0].state, ())
        return Link(source, target, ends, edges[0].state, words)
    norm = math.hypot(*(stats.norm for stats in flowed))
    trouble = next((stats.trouble for stats in flowed if stats.trouble), "")
    if len(flowed) > 1:
        words = (f"{len(flowed)} gradients", trouble or f"‖g‖ {norm:.3g}")
    else:
        words = shape_text(flowed[0].shape), gradient_words(flowed[0], MOST_VALUES)
        if len(graph.nodes[edges[0].target].shapes) > 1:
            words = (f"output {edges[0].output}", *words)
    return Link(source, target, ends, "flowed", words, norm, trouble)
