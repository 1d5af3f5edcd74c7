"""Draw a scene as one SVG: escaped, never clipped, light or dark with its reader, told apart by more than colour."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from hashlib import sha256
from textwrap import wrap

from .layout import Point, Size, lay_out
from .pause import collector_paused
from .scene import Card, Link, Scene
from .theme import style_sheet
from .words import columns, markup

MARGIN = 16.0
# widths of one column of a fixed-width font at 13, 11 and 10 pixels, a little more than any common font needs
WIDE, MIDDLE, SMALL = 8.0, 6.75, 6.15
LINE = 14.0
PALE = ' class="pale"'

LEGEND = "Gradients flow down: # is the order of the nodes, ‖g‖ the norm of a gradient, thickness its magnitude."


@collector_paused()
def draw(
    scene: Scene, title: str, description: str, now: Collection[int] = (), done: Collection[int] | None = None
) -> str:
    """Return the SVG document of a scene.

    Parameters
    ----------
    title, description
        Its accessible name, and what it shows in words.
    now
        Nodes to mark as running, with the edges that leave them.
    done
        Nodes that ran already; the others are drawn pale. None: all are drawn alike.
    """
    sizes = [_card_size(card) for card in scene.cards]
    labels = [_label_size(link) for link in scene.links]
    layout = lay_out(sizes, [(link.source, link.target) for link in scene.links], labels)

    def look(nodes: Iterable[int], running: str) -> str:
        pale = done is not None and all(i not in done and i not in now for i in nodes)
        return (" pale" if pale else "") + (running if any(i in now for i in nodes) else "")

    looks = [look([source for source, _ in link.nodes], " now") for link in scene.links]
    body = list(map(_edge, scene.links, layout.routes, _thickness(scene.links), looks))
    body += [_label(*label) for label in zip(scene.links, layout.labels, labels, looks, strict=True) if label[2]]
    for card, centre, size in zip(scene.cards, layout.centres, sizes, strict=True):
        body.append(_card(card, centre, size, look(card.nodes, " here")))
    legend = [LEGEND] if any(link.norm is not None for link in scene.links) else []
    room = int(max(layout.width, 300) / SMALL)
    notes = [line for note in (*legend, *scene.notes) for line in wrap(note, room)]
    width = max([layout.width, 300, *(columns(line) * SMALL for line in notes)])
    body += [text_at("n", 0, layout.height + 30 + LINE * k, markup(line), "") for k, line in enumerate(notes)]
    height = layout.height + (20 + LINE * len(notes) if notes else 0)
    return document(title, description, width, height, "\n".join(body))


def document(title: str, description: str, width: float, height: float, body: str) -> str:
    """Return an SVG document with its accessible name, what it shows, and the style sheet."""
    # ids come from the content: two different drawings inlined on one page cannot meet, and a build can be repeated
    scope = "ag" + sha256(f"{title}{description}{body}".encode()).hexdigest()[:10]
    wide, high = width + 2 * MARGIN, height + 2 * MARGIN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" id="{scope}" role="img" '
        f'aria-labelledby="{scope}-t {scope}-d" width="{wide:.0f}" height="{high:.0f}" '
        f'viewBox="{-MARGIN:.0f} {-MARGIN:.0f} {wide:.0f} {high:.0f}">'
        f'<title id="{scope}-t">{markup(title)}</title><desc id="{scope}-d">{markup(description)}</desc>'
        f"<style>{style_sheet(scope)}</style>"
        f'<rect class="paper" x="{-MARGIN:.0f}" y="{-MARGIN:.0f}" width="{wide:.0f}" height="{high:.0f}"/>\n'
        f"{body}\n</svg>\n"
    )


def _card_size(card: Card) -> Size:
    head = (columns(card.title) + columns(card.rest)) * WIDE
    head += columns(card.badge) * SMALL + 14 if card.badge else 0
    widest = max(
        [head, columns(card.tag) * SMALL, *(columns(line) * MIDDLE for line in (*card.lines, *card.faint, *card.marks))]
    )
    rows = len(card.lines) + len(card.faint) + len(card.marks) + bool(card.tag)
    return widest + (36 if card.kind in ("parameter", "leaf") else 24), 26 + LINE * rows


def _label_size(link: Link) -> Size | None:
    if not link.label:
        return None
    return max(columns(line) for line in link.label) * SMALL + 6, 13.0 * len(link.label)


def _thickness(links: Sequence[Link]) -> list[float]:
    """Return line widths from 1 to 6 pixels that follow the order of magnitude of the gradients."""
    sizes = [math.log10(link.norm) if link.norm and math.isfinite(link.norm) else None for link in links]
    known = [size for size in sizes if size is not None] or [0.0]
    low, high = min(known), max(known)
    # no less than two decades from thin to thick: gradients that hardly differ should not look as if they did
    span = max(high - low, 2.0)
    return [
        4.0 if link.trouble else 1.2 if size is None else 3.5 + 4.6 * (size - (low + high) / 2) / span
        for link, size in zip(links, sizes, strict=True)
    ]


def _edge(link: Link, route: Sequence[Point], thickness: float, look: str) -> str:
    look += " bad" if link.trouble else ""
    dashes = {"none": " none", "not visited": " lost"}.get(link.state, "")
    x, y = route[-1]
    tip = 5 + thickness * 0.8
    head = f"M{x:.1f} {y:.1f}l{-tip * 0.6:.1f} {-tip - 2:.1f}h{tip * 1.2:.1f}z"
    line = f'<path class="e{dashes}{look}" stroke-width="{thickness:.1f}" d="{_curve(route, tip)}"/>'
    return f'{line}<path class="h{look}" d="{head}"/>'


def _curve(points: Sequence[Point], tip: float) -> str:
    """Return a path that leaves and enters every rank vertically, and ends where the tip of the arrow begins."""
    x, y = points[0]
    parts = [f"M{x:.1f} {y:.1f}"]
    for nx, ny in (*points[1:-1], (points[-1][0], points[-1][1] - tip)):
        if abs(nx - x) < 0.5:
            parts.append(f"L{nx:.1f} {ny:.1f}")
        elif ny > y:
            bend = (y + ny) / 2
            parts.append(f"C{x:.1f} {bend:.1f} {nx:.1f} {bend:.1f} {nx:.1f} {ny:.1f}")
        x, y = nx, ny
    return "".join(parts)


def text_at(look: str, x: float, y: float, content: str, anchor: str = ' text-anchor="middle"') -> str:
    """Return a line of text in a style of the theme."""
    return f'<text class="{look}"{anchor} x="{x:.1f}" y="{y:.1f}">{content}</text>'


def box(left: float, top: float, width: float, height: float) -> str:
    """Return the attributes of a rectangle."""
    return f'x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}"'


def _label(link: Link, centre: Point, size: Size, look: str) -> str:
    (x, y), (width, height) = centre, size
    top = y - height / 2
    looks = ["l" + look] * len(link.label)
    looks[-1] += " a" if link.trouble else ""
    lines = [text_at(looks[k], x, top + 10 + 13 * k, markup(line)) for k, line in enumerate(link.label)]
    # a patch of paper lets the line pass behind its label
    return f'<rect class="paper" {box(x - width / 2, top, width, height)}/>{"".join(lines)}'


def _card(card: Card, centre: Point, size: Size, look: str) -> str:
    (x, y), (width, height) = centre, size
    pale = " pale" in look or not card.visited
    parts = [f"<title>{markup(card.hint)}</title>"] if card.hint else []
    parts.append(_outline(card.kind, look.replace(" pale", ""), x - width / 2, y - height / 2, width, height))
    y += 18 - height / 2
    if card.tag:
        parts.append(text_at("g", x, y - 4, markup(card.tag)))
        y += LINE
    rest = f'<tspan class="r">{markup(card.rest)}</tspan>' if card.rest else ""
    badge = f'<tspan class="b s" dx="8">#{card.badge}</tspan>' if card.badge else ""
    parts.append(text_at("t", x, y, markup(card.title) + rest + badge))
    styled = [("", line) for line in card.lines] + [("s", line) for line in card.faint]
    styled += [("a", line) for line in card.marks]
    parts += [text_at(style, x, y + LINE * k, markup(line)) for k, (style, line) in enumerate(styled, start=1)]
    return f"<g{PALE if pale else ''}>{''.join(parts)}</g>"


def _outline(kind: str, here: str, left: float, top: float, width: float, height: float) -> str:
    """Return the shape that tells a card's kind without its colour."""
    look, frame = f'class="c {kind}{here}"', box(left, top, width, height)
    if kind == "parameter":
        return f'<rect {look} {frame} rx="{min(height / 2, 22):.1f}"/>'
    if kind == "leaf":  # corners cut off
        cut, across, down = 11, width - 22, height - 22
        return (
            f'<path {look} d="M{left + cut:.1f} {top:.1f}h{across:.1f}l{cut} {cut}v{down:.1f}l{-cut} {cut}'
            f'h{-across:.1f}l{-cut} {-cut}v{-down:.1f}z"/>'
        )
    if kind == "opaque":  # a box with closed sides
        sides = f'd="M{left + 5:.1f} {top:.1f}v{height:.1f}M{left + width - 5:.1f} {top:.1f}v{height:.1f}"'
        return f'<rect {look} {frame}/><path class="e" {sides}/>'
    card = f'<rect {look} {frame} rx="5"/>'
    if kind == "output":  # a double frame
        return f'{card}<rect class="e" {box(left + 3, top + 3, width - 6, height - 6)} rx="3"/>'
    if kind in ("module", "repeat"):  # a pile of cards
        return f'<rect class="c {kind}" {box(left + 5, top + 5, width, height)} rx="5"/>{card}'
    return card
