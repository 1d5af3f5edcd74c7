"""Draw numbers of very different sizes as bars, one a row, on a logarithmic scale."""

from __future__ import annotations

import math
from collections.abc import Sequence

from .svg import LINE, SMALL, box, document, text_at
from .words import columns, markup, shorten

ROOM = 240.0
SHORTEST = 3.0


def bars(title: str, rows: Sequence[tuple[str, float]], longest_name: int = 34) -> str:
    """Return an SVG document with a bar for every (name, number); 0 and what is not finite have their word alone."""
    sizes = [math.log10(value) if value > 0 and math.isfinite(value) else None for _, value in rows]
    known = [size for size in sizes if size is not None] or [0.0]
    low, span = min(known), max(max(known) - min(known), 1.0)
    names = [shorten(name, longest_name) for name, _ in rows]
    left = max((columns(name) for name in names), default=0) * SMALL + 8
    body = [text_at("t", 0, 6, markup(title), "")]
    for k, ((_, value), name, size) in enumerate(zip(rows, names, sizes, strict=True)):
        y = 30 + LINE * 1.4 * k
        wide = 0.0 if size is None else SHORTEST + (ROOM - SHORTEST) * (size - low) / span
        look = "c here" if size is None else "c parameter"
        body.append(text_at("l", 0, y, markup(name), ""))
        body.append(f'<rect class="{look}" {box(left, y - 10, max(wide, 0.5), 13)}/>')
        body.append(text_at("l", left + wide + 6, y, f"{value:.3g}", ""))
    said = "; ".join(f"{name} {value:.3g}" for name, value in rows)
    width = max(left + ROOM + 70, columns(title) * 8)
    return document(
        title, f"{title}, on a logarithmic scale: {said}", width, 30 + LINE * 1.4 * len(rows), "\n".join(body)
    )
