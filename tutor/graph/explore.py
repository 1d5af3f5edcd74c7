"""The whole graph in one piece of HTML: pan, zoom, search, open and close its blocks, without kernel or network."""

from __future__ import annotations

import base64
import json
import math
import zlib
from collections import Counter
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from . import drawing
from .describe import describe, summary, title
from .display import picture
from .model import Node, Stats
from .pause import collector_paused
from .recording import Recording
from .rules import rule
from .scene import Card, Scene
from .svg import draw
from .theme import rules
from .tree import Block, nest
from .words import clean, gradient_words, markup, plural, shape_text, shorten

STILL = "This is a still picture; where scripts run it can be moved, searched and opened."


class Explorer:
    """A graph whose blocks open on a click or a key; made by `Graph.explore`.

    Displayed at the end of a cell it is the figure, and the still picture where scripts are dropped.
    """

    def __init__(self, graph: Recording) -> None:
        self._graph = graph

    @collector_paused()
    def html(self) -> str:
        """Return the figure as one self-contained piece of HTML."""
        graph, told = self._graph, json.dumps(_data(self._graph), ensure_ascii=False, separators=(",", ":"))
        packed = zlib.compress(told.encode(), 9)
        name = "roam" + sha256(packed).hexdigest()[:10]  # from the content, so that equal cells build equal bytes
        data = base64.b64encode(packed).decode("ascii")
        shown = drawing.scene(graph)
        alt = describe(graph, shown)
        still = picture(draw(shown, title(graph), alt), alt)
        # a finger scrolls the page past the figure until the figure is in use
        touch = f".{name} .pane{{touch-action:pan-y pinch-zoom}}.{name} .pane:focus-within{{touch-action:none}}"
        style = rules(f".{name} svg", 0) + rules(f".{name}.dark svg", 1) + touch
        script = _SCRIPT.replace("NAME", name).replace("DATA", data)
        return (
            f'<div class="tutor-roam {name}"><style>{style}</style>{still}<p class="still">{STILL}</p></div>'
            f"<script>{script}</script>"
        )

    def save(self, path: str | Path) -> Path:
        """Write the figure as a page of its own; a file that is there is replaced only once the new one is whole.

        Raises
        ------
        ValueError
            If the name does not end in .html.
        """
        path = Path(path)
        if path.suffix.lower() != ".html":
            raise ValueError(f"A graph to explore is saved as .html; {path.name!r} does not end in it.")
        page = (
            f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{markup(title(self._graph))}</title>'
            '<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"></head>'
            f"<body><main>{self.html()}</main></body></html>\n"
        )
        part = path.with_name(f".{path.name}.part")
        try:
            part.write_text(page, encoding="utf-8", newline="\n")
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
        return path

    def __repr__(self) -> str:
        return f"[graph to explore: {summary(self._graph)}]"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": self.html()}


def _data(graph: Recording) -> dict[str, object]:
    """Return all that the script needs, as plain lists; every text is kept once and meant by its number."""
    scene = drawing.scene(graph, None)
    tree = nest(scene, graph.nodes)
    words: dict[str, int] = {}

    def number(text: str) -> int:
        return words.setdefault(text, len(words))

    def drawn(card: Card, said: Sequence[str]) -> list[object]:
        lines = ([card.tag] if card.tag else [], card.lines, card.faint, card.marks, said)
        head = card.kind, card.title, card.rest, card.badge
        return [*map(number, head), *([number(line) for line in some] for some in lines)]

    place = {i: n for n, i in enumerate(tree.order)}
    cards = [drawn(scene.cards[i], _details(graph, scene.cards[i])) for i in tree.order]
    blocks = [[b.parent, b.start, b.end, *drawn(*_block(graph, scene, tree.order, b))] for b in tree.blocks]
    links = [
        (
            *(place[link.source], place[link.target], number(link.state), [number(line) for line in link.label]),
            *(_rounded(link.norm), number(link.trouble)),
        )
        for link in scene.links
    ]
    return {"words": list(words), "cards": cards, "blocks": blocks, "links": links, "title": title(graph)}


def _rounded(norm: float | None) -> float | None:
    return float(f"{norm:.4g}") if norm is not None and math.isfinite(norm) else None


def _details(graph: Recording, card: Card) -> list[str]:
    """Return what is said of a node in focus and does not fit on its card."""
    node: Node = graph.nodes[card.nodes[0]]
    said = [card.hint]
    if not node.is_leaf:
        said.append(f"Its local rule: {rule(node.op, node.kind)}.")
    said += [f"received {_figures(stats)}" for stats in node.received if stats]
    if node.grad:
        said.append(f".grad {_figures(node.grad)}")
    return [clean(line) for line in said if line]


def _figures(stats: Stats) -> str:
    span = "" if math.isnan(stats.min) else f", from {stats.min:.3g} to {stats.max:.3g}"
    return f"{shape_text(stats.shape)} {stats.dtype} {gradient_words(stats)}{span}"


def _block(graph: Recording, scene: Scene, order: Sequence[int], block: Block) -> tuple[Card, list[str]]:
    """Return a block as a card, and what is said of it in focus."""
    inside = [scene.cards[i] for i in order[block.start : block.end]]
    nodes = [graph.nodes[card.nodes[0]] for card in inside]
    leaves = {node.id for node in nodes if node.is_leaf}
    work = [node for node in nodes if not node.is_leaf]
    content = plural(len(work), "operation") + (f", {plural(len(leaves), 'leaf tensor')}" if leaves else "")
    kinds = Counter(card.title for card, node in zip(inside, nodes, strict=True) if not node.is_leaf)
    common = "mostly " + ", ".join(f"{name} \u00d7 {count}" for name, count in kinds.most_common(4))
    again = f", call {block.calls[-1] + 1}" if block.calls and block.calls[-1] else ""
    if block.kind == "module":
        head = (graph.classes.get(block.path) or block.path.rpartition(".")[2]) + again
    else:
        head = f"{inside[0].title} … {inside[-1].title}"
    marks = tuple(dict.fromkeys(mark.replace("here", "inside") for card in inside for mark in card.marks))
    orders = [node.order for node in nodes if node.order]
    badge = "-".join(dict.fromkeys(map(str, (min(orders), max(orders))))) if orders else ""
    faint = (shorten(block.path, 34),) if block.path else ()
    lines = (shape_text(work[0].shape), content) if work else (content,)
    return Card("module", (), shorten(head, 34), lines=lines, faint=faint, marks=marks, badge=badge), [
        clean(f"{block.path} {graph.classes.get(block.path, '')}"),
        common,
    ]


_PARTS = "explore_layout.js", "explore_draw.js", "explore.js"
_SCRIPT = "".join(Path(__file__).with_name(name).read_text(encoding="utf-8") for name in _PARTS)
_SCRIPT = f"(function () {{\n{_SCRIPT}}})();"
