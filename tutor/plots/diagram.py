"""Boxes with words in them and arrows between them, as SVG of our own: for figures that move (see `chart`)."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from tutor.plots.chart import STYLE, WIDTH, image
from tutor.plots.picture import COLOURS


@dataclass(frozen=True)
class Box:
    """A box at (x, y), its upper left corner, in pixels; `text` in its middle, `note` small at its lower edge.

    `fill` is how strongly it is coloured, from 0 to 1; a dashed one stands for what is read and never stored.
    """

    x: float
    y: float
    text: str = ""
    note: str = ""
    width: float = 48
    height: float = 34
    colour: int = 0
    fill: float = 0.15
    dashed: bool = False


@dataclass(frozen=True)
class Arrow:
    """An arrow from one point to another, in pixels, with words beside its middle; a dashed one leads back."""

    start: tuple[float, float]
    end: tuple[float, float]
    text: str = ""
    colour: int = 0
    dashed: bool = False


@dataclass(frozen=True)
class Label:
    """Words at a point, in pixels; `anchor` is "start", "middle" or "end"."""

    x: float
    y: float
    text: str
    anchor: str = "start"


@dataclass(frozen=True)
class Pixels:
    """A grey image at (x, y), `scale` pixels a number: an array (H, W) of numbers from 0, black, to 255, white."""

    x: float
    y: float
    values: Any
    scale: float = 5


class Diagram:
    """Boxes, arrows and labels under a title; 600 pixels wide, `height` pixels high, with alt text."""

    def __init__(self, title: str, parts: Sequence[Box | Arrow | Label | Pixels], alt: str, height: int = 240):
        if not alt.strip():
            raise ValueError("A diagram needs alt text that says in words what it shows.")
        self.title, self.parts, self.alt, self.height = title, tuple(parts), alt, height

    def svg(self) -> str:
        """The diagram as an SVG document, an element a line, so that those of one figure share most lines."""
        size = f'width="{WIDTH}" height="{self.height}"'
        heads = [
            f'<marker id="a{k}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
            f'<path d="M0 0L8 4L0 8z" fill="{colour}"/></marker>'
            for k, colour in enumerate(COLOURS)
        ]
        return "\n".join(
            [
                f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {self.height}" {size}>',
                f"<style>{STYLE}</style>",
                *heads,
                f'<rect class="p" {size}/>',
                f'<text class="h" x="{WIDTH / 2:g}" y="20" text-anchor="middle">{html.escape(self.title)}</text>',
                *(line for part in self.parts for line in _drawn(part)),
                "</svg>",
            ]
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": image(self.svg(), self.alt)}

    def __repr__(self) -> str:
        return f"[diagram: {self.alt}]"


def _drawn(part: Box | Arrow | Label | Pixels) -> list[str]:
    if isinstance(part, Label):
        return [f'<text x="{part.x:g}" y="{part.y:g}" text-anchor="{part.anchor}">{html.escape(part.text)}</text>']
    if isinstance(part, Pixels):
        return [_image(part)]
    colour = COLOURS[part.colour % len(COLOURS)]
    dash = ' stroke-dasharray="5 4"' if part.dashed else ""
    if isinstance(part, Arrow):
        (x1, y1), (x2, y2) = part.start, part.end
        head = f'marker-end="url(#a{part.colour % len(COLOURS)})"'
        pen = f'stroke="{colour}" stroke-width="1.8"{dash} {head}'
        said = html.escape(part.text)
        middle = f'x="{(x1 + x2) / 2:g}" y="{(y1 + y2) / 2 - 6:g}" text-anchor="middle"'
        return [
            f'<path d="M{x1:g} {y1:g}L{x2:g} {y2:g}" {pen}/>',
            *([f'<text class="w" {middle}>{said}</text>'] * bool(said)),
        ]
    middle = part.x + part.width / 2
    looks = f'fill="{colour}" fill-opacity="{part.fill:.2g}" stroke="{colour}"{dash}'
    place = f'x="{part.x:g}" y="{part.y:g}" width="{part.width:g}" height="{part.height:g}"'
    lines = [f'<rect {place} rx="4" {looks}/>']
    if part.text:
        at = part.y + part.height / 2 + (0 if part.note else 4)
        lines.append(f'<text x="{middle:g}" y="{at:g}" text-anchor="middle">{html.escape(part.text)}</text>')
    if part.note:
        at = part.y + part.height - 5
        lines.append(f'<text class="t" x="{middle:g}" y="{at:g}" text-anchor="middle">{html.escape(part.note)}</text>')
    return lines


def _image(part: Pixels) -> str:
    values = np.asarray(part.values).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(values).save(buffer, "PNG")
    (high, wide), source = values.shape, base64.b64encode(buffer.getvalue()).decode("ascii")
    place = f'x="{part.x:g}" y="{part.y:g}" width="{part.scale * wide:g}" height="{part.scale * high:g}"'
    return f'<image {place} style="image-rendering:pixelated" href="data:image/png;base64,{source}"/>'
