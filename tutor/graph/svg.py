"""Draw a scene as one SVG: escaped, never clipped, light or dark with its reader, told apart by more than colour."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from hashlib import sha256

from .layout import Layout, Point, lay_out
from .scene import Card, Link, Scene
from .theme import style_sheet
from .words import columns, markup

MARGIN = 16.0
# widths of one column of a fixed-width font at 13, 11 and 10 pixels, a little more than any common font needs
WIDE, MIDDLE, SMALL = 8.0, 6.75, 6.15
LINE = 14.0

LEGEND = "Gradients flow down: # is the order of the nodes, ‖g‖ the norm of a gradient, thickness its magnitude."


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
    layout = lay_out(
        sizes, [(link.source, link.target) for link in scene.links], [_label_size(link) for link in scene.links]
    )
    thickness = _thickness(scene.links)
    ran = None if done is None else {*done, *now}
    body = [_edge(link, layout, e, thickness[e], now, ran) for e, link in enumerate(scene.links)]
    body += [_label(link, layout.labels[e], ran) for e, link in enumerate(scene.links) if link.label]
    for card, centre, size in zip(scene.cards, layout.centres, sizes, strict=True):
        body.append(_card(card, centre, size, now, ran))
    width = max(layout.width, 300.0)
    legend = [LEGEND] if any(link.norm is not None for link in scene.links) else []
    notes = _wrap([*legend, *scene.notes], width)
    body += [
        f'<text class="n" x="0" y="{layout.height + 30 + LINE * k:.0f}">{markup(line)}</text>'
        for k, line in enumerate(notes)
    ]
    height = layout.height + (20 + LINE * len(notes) if notes else 0)
    return _document(title, description, width, height, "\n".join(body))


def _document(title: str, description: str, width: float, height: float, body: str) -> str:
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


def _card_size(card: Card) -> tuple[float, float]:
    head = (columns(card.title) + columns(card.rest)) * WIDE
    head += columns(card.badge) * SMALL + 14 if card.badge else 0
    widest = max(
        [head, columns(card.tag) * SMALL, *(columns(line) * MIDDLE for line in (*card.lines, *card.faint, *card.marks))]
    )
    rows = len(card.lines) + len(card.faint) + len(card.marks) + bool(card.tag)
    return widest + (36 if card.kind in ("parameter", "leaf") else 24), 26 + LINE * rows


def _label_size(link: Link) -> tuple[float, float] | None:
    if not link.label:
        return None
    return max(columns(line) for line in link.label) * SMALL + 6, 13.0 * len(link.label)


def _thickness(links: Sequence[Link]) -> list[float]:
    """Return line widths from 1 to 6 pixels that follow the order of magnitude of the gradients."""
    sizes = [math.log10(link.norm) for link in links if link.norm and math.isfinite(link.norm)]
    low, high = (min(sizes), max(sizes)) if sizes else (0.0, 0.0)
    # no less than two decades from thin to thick: gradients that hardly differ should not look as if they did
    span = max(high - low, 2.0)
    widths = []
    for link in links:
        if link.trouble:
            widths.append(4.0)
        elif not link.norm or not math.isfinite(link.norm):
            widths.append(1.2)
        else:
            widths.append(3.5 + 4.6 * (math.log10(link.norm) - (low + high) / 2) / span)
    return widths


def _pale(link: Link, ran: Collection[int] | None) -> str:
    return "" if ran is None or any(source in ran for source, _ in link.nodes) else " pale"


def _edge(
    link: Link, layout: Layout, e: int, thickness: float, now: Collection[int], ran: Collection[int] | None
) -> str:
    route = layout.routes[e]
    look = {"none": " none", "not visited": " lost"}.get(link.state, "") + _pale(link, ran)
    look += " bad" if link.trouble else ""
    look += " now" if any(source in now for source, _ in link.nodes) else ""
    x, y = route[-1]
    tip = 5 + thickness * 0.8
    path = _curve([*route[:-1], (x, y - tip)])
    head = f"M{x:.1f} {y:.1f}l{-tip * 0.6:.1f} {-tip - 2:.1f}h{tip * 1.2:.1f}z"
    return (
        f'<path class="e{look}" stroke-width="{thickness:.1f}" d="{path}"/><path class="h{look.replace(" none", "")}" '
        f'd="{head}"/>'
    )


def _curve(points: Sequence[Point]) -> str:
    """Return a path that leaves and enters every rank vertically."""
    (x, y), parts = points[0], []
    parts.append(f"M{x:.1f} {y:.1f}")
    for nx, ny in points[1:]:
        if abs(nx - x) < 0.5:
            parts.append(f"L{nx:.1f} {ny:.1f}")
        elif ny > y:
            bend = (y + ny) / 2
            parts.append(f"C{x:.1f} {bend:.1f} {nx:.1f} {bend:.1f} {nx:.1f} {ny:.1f}")
        x, y = nx, ny
    return "".join(parts)


def _label(link: Link, centre: Point, ran: Collection[int] | None) -> str:
    width, height = _label_size(link)
    x, y = centre
    alarm, pale = " a" if link.trouble else "", _pale(link, ran)
    lines = "".join(
        f'<text class="l{alarm if k == len(link.label) - 1 else ""}{pale}" text-anchor="middle" x="{x:.1f}" '
        f'y="{y - height / 2 + 10 + 13 * k:.1f}">{markup(line)}</text>'
        for k, line in enumerate(link.label)
    )
    # a patch of paper lets the line pass behind its label
    place = f'x="{x - width / 2:.1f}" y="{y - height / 2:.1f}" width="{width:.1f}" height="{height:.1f}"'
    return f'<rect class="paper" {place}/>{lines}'


def _card(
    card: Card, centre: Point, size: tuple[float, float], now: Collection[int], ran: Collection[int] | None
) -> str:
    (x, y), (width, height) = centre, size
    left, top = x - width / 2, y - height / 2
    pale = not card.visited or (ran is not None and not any(node in ran for node in card.nodes))
    here = " here" if any(node in now for node in card.nodes) else ""
    parts = [f"<g{' class=' + chr(34) + 'pale' + chr(34) if pale else ''}>"]
    if card.hint:
        parts.append(f"<title>{markup(card.hint)}</title>")
    parts.append(_outline(card.kind, here, left, top, width, height))
    y = top + 18
    if card.tag:
        parts.append(f'<text class="g" text-anchor="middle" x="{x:.1f}" y="{y - 4:.1f}">{markup(card.tag)}</text>')
        y += LINE
    rest = f'<tspan class="r">{markup(card.rest)}</tspan>' if card.rest else ""
    badge = f'<tspan class="b s" dx="8">#{markup(card.badge)}</tspan>' if card.badge else ""
    parts.append(
        f'<text class="t" text-anchor="middle" x="{x:.1f}" y="{y:.1f}">{markup(card.title)}{rest}{badge}</text>'
    )
    for look, lines in (("", card.lines), ("s", card.faint), ("a", card.marks)):
        for line in lines:
            y += LINE
            parts.append(f'<text class="{look}" text-anchor="middle" x="{x:.1f}" y="{y:.1f}">{markup(line)}</text>')
    return "".join([*parts, "</g>"])


def _outline(kind: str, here: str, left: float, top: float, width: float, height: float) -> str:
    """Return the shape that tells a card's kind without its colour."""
    box = f'x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}"'
    look = f'class="c {kind}{here}"'
    if kind == "parameter":
        return f'<rect {look} {box} rx="{min(height / 2, 22):.1f}"/>'
    if kind == "leaf":  # corners cut off
        cut = 11
        return (
            f'<path {look} d="M{left + cut:.1f} {top:.1f}h{width - 2 * cut:.1f}l{cut} {cut}v{height - 2 * cut:.1f}'
            f'l{-cut} {cut}h{2 * cut - width:.1f}l{-cut} {-cut}v{2 * cut - height:.1f}z"/>'
        )
    if kind == "output":  # a double frame
        inner = (
            f'x="{left + 3:.1f}" y="{top + 3:.1f}" width="{width - 6:.1f}" height="{height - 6:.1f}" rx="3" fill="none"'
        )
        return f'<rect {look} {box} rx="5"/><rect class="e" {inner}/>'
    if kind in ("module", "repeat"):  # a pile of cards
        behind = f'x="{left + 5:.1f}" y="{top + 5:.1f}" width="{width:.1f}" height="{height:.1f}"'
        return f'<rect class="c {kind}" {behind} rx="5"/><rect {look} {box} rx="5"/>'
    if kind == "opaque":  # a box with closed sides
        sides = f'd="M{left + 5:.1f} {top:.1f}v{height:.1f}M{left + width - 5:.1f} {top:.1f}v{height:.1f}"'
        return f'<rect {look} {box}/><path class="e" {sides}/>'
    return f'<rect {look} {box} rx="5"/>'


def _wrap(notes: Sequence[str], width: float) -> list[str]:
    room = int(width / SMALL)
    lines: list[str] = []
    for note in notes:
        line = ""
        for word in note.split():
            if line and columns(line) + 1 + columns(word) > room:
                lines.append(line)
                line = word
            else:
                line = f"{line} {word}".strip()
        lines.append(line)
    return lines
