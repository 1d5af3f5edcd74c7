"""Charts of our own, a few kilobytes of SVG each: for figures that move and need dozens of pictures at once.

matplotlib takes 40 to 90 ms and 17 to 25 kB for such a picture, this about 1 ms and 2 to 6 kB; and a chart follows its
reader's light or dark theme. It knows what such figures need and no more: lines, dots, bars and words on two axes.
"""

from __future__ import annotations

import base64
import html
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tutor.plots.picture import COLOURS

WIDTH, HEIGHT = 600, 290
LEFT, RIGHT, TOP, BOTTOM = 66, 14, 34, 48  # the margins around the axes
WIDE, HIGH = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
DASHES = ("", "7 4", "2 3", "9 3 2 3", "1 4", "12 4")
STYLE = (
    "text{font:12px sans-serif;fill:#1b1f24}.h{font-size:14px;font-weight:600}.t{font-size:11px;fill:#4b535d}"
    ".p{fill:#fff}.f{fill:none;stroke:#6b7680}.g{stroke:#dfe3e8}.w{stroke:#fff;stroke-width:3;paint-order:stroke}"
    "@media(prefers-color-scheme:dark){text{fill:#e8eaed}.t{fill:#a6afb9}.p{fill:#15181d}.g{stroke:#2b323b}"
    ".w{stroke:#15181d}}"
)


@dataclass(frozen=True)
class Axis:
    """An axis: what it measures (with the unit), its two ends, whether it is logarithmic, and words for its ticks.

    `ticks` names positions, value -> word; without it they are round numbers, or powers of ten on a logarithmic axis.
    """

    label: str
    low: float
    high: float
    log: bool = False
    ticks: dict[float, str] | None = None

    def __post_init__(self) -> None:
        if not self.low < self.high or (self.log and self.low <= 0):
            raise ValueError(
                f'The axis "{self.label}" goes from {self.low:g} to {self.high:g}: low must lie below high.'
            )

    def part(self, value: float) -> float:
        """How far along the axis a value lies: 0 at its low end, 1 at its high one; what is far beyond is cut."""
        if math.isnan(value):
            return math.nan
        low, high = self.low, self.high
        if self.log:
            low, high, value = math.log10(low), math.log10(high), math.log10(value) if value > 0 else -math.inf
        return min(1.5, max(-0.5, (value - low) / (high - low)))

    def marks(self) -> dict[float, str]:
        """The ticks: value -> word."""
        if self.ticks is not None:
            return self.ticks
        if self.log:
            first, last = math.ceil(math.log10(self.low) - 1e-9), math.floor(math.log10(self.high) + 1e-9)
            every = max(1, (last - first) // 5)
            return {10.0**k: f"1e{k}" if abs(k) > 3 else f"{10.0**k:g}" for k in range(first, last + 1, every)}
        rough = (self.high - self.low) / 5
        unit = 10.0 ** math.floor(math.log10(rough))
        step = next(unit * m for m in (1, 2, 2.5, 5, 10) if unit * m >= rough * 0.999)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return {k * step: f"{k * step:.6g}" for k in range(first, last + 1)}


@dataclass(frozen=True)
class Line:
    """Points joined by a line; where one is NaN the line is broken. Told by its `name` in the legend."""

    x: Sequence[float]
    y: Sequence[float]
    name: str = ""
    colour: int = 0
    dash: int = 0
    width: float = 2.0


@dataclass(frozen=True)
class Dots:
    """Points, each a dot of `size` pixels."""

    x: Sequence[float]
    y: Sequence[float]
    name: str = ""
    colour: int = 0
    size: float = 4.5


@dataclass(frozen=True)
class Bars:
    """Bars that stand on 0 (or on the low end of the axis), each of `width` in the units of the x axis."""

    x: Sequence[float]
    y: Sequence[float]
    name: str = ""
    colour: int = 0
    width: float = 0.8
    words: Sequence[str] = ()


@dataclass(frozen=True)
class Words:
    """A few words at a point; `anchor` is "start", "middle" or "end"."""

    x: float
    y: float
    text: str
    anchor: str = "start"


class Chart:
    """Marks on a pair of axes, with a title and alt text.

    Parameters
    ----------
    title : what stands above it.
    x, y : the axes.
    marks : `Line`, `Dots`, `Bars` and `Words`, drawn in this order.
    alt : what it shows, in words.
    """

    def __init__(self, title: str, x: Axis, y: Axis, marks: Sequence[Line | Dots | Bars | Words], alt: str):
        if not alt.strip():
            raise ValueError("A chart needs alt text that says in words what it shows.")
        self.title, self.x, self.y, self.marks, self.alt = title, x, y, tuple(marks), alt

    def svg(self) -> str:
        """The chart as an SVG document, an element a line, so that charts of one figure share most of their lines."""
        size = f'width="{WIDTH}" height="{HEIGHT}"'
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" {size}>',
            f"<style>{STYLE}</style>",
            f'<rect class="p" {size}/>',
            f'<text class="h" x="{WIDTH / 2:g}" y="20" text-anchor="middle">{html.escape(self.title)}</text>',
            *self._grid(),
            f'<clipPath id="c"><rect x="{LEFT}" y="{TOP}" width="{WIDE}" height="{HIGH}"/></clipPath>',
            '<g clip-path="url(#c)">',
            *(line for mark in self.marks for line in self._drawn(mark)),
            "</g>",
            *self._legend(),
            "</svg>",
        ]
        return "\n".join(parts)

    def _grid(self) -> list[str]:
        parts = []
        bottom = HEIGHT - BOTTOM
        for value, word in self.x.marks().items():
            at = self._at(value, self.y.low)[0]
            parts.append(f'<path class="g" d="M{at:.1f} {TOP}V{bottom}"/>')
            parts.append(
                f'<text class="t" x="{at:.1f}" y="{bottom + 15}" text-anchor="middle">{html.escape(word)}</text>'
            )
        for value, word in self.y.marks().items():
            at = self._at(self.x.low, value)[1]
            parts.append(f'<path class="g" d="M{LEFT} {at:.1f}H{WIDTH - RIGHT}"/>')
            parts.append(
                f'<text class="t" x="{LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{html.escape(word)}</text>'
            )
        parts.append(f'<rect class="f" x="{LEFT}" y="{TOP}" width="{WIDE}" height="{HIGH}"/>')
        across, down = LEFT + WIDE / 2, TOP + HIGH / 2
        parts.append(f'<text x="{across:g}" y="{HEIGHT - 10}" text-anchor="middle">{html.escape(self.x.label)}</text>')
        turned = f'transform="translate(15 {down:g}) rotate(-90)" text-anchor="middle"'
        parts.append(f"<text {turned}>{html.escape(self.y.label)}</text>")
        return parts

    def _at(self, x: float, y: float) -> tuple[float, float]:
        """Where a point of the axes lies, in pixels."""
        return LEFT + self.x.part(x) * WIDE, TOP + (1 - self.y.part(y)) * HIGH

    def _drawn(self, mark: Line | Dots | Bars | Words) -> list[str]:
        if isinstance(mark, Words):
            x, y = self._at(mark.x, mark.y)
            looks = f'class="w" x="{x:.1f}" y="{y:.1f}" text-anchor="{mark.anchor}"'
            return [f"<text {looks}>{html.escape(mark.text)}</text>"]
        colour = COLOURS[mark.colour % len(COLOURS)]
        points = [self._at(float(x), float(y)) for x, y in zip(mark.x, mark.y, strict=True)]
        if isinstance(mark, Dots):
            return [
                f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{mark.size:g}" fill="{colour}"/>'
                for x, y in points
                if not math.isnan(x + y)
            ]
        if isinstance(mark, Bars):
            return self._bars(mark, colour, points)
        return [f'<path d="{_path(points)}" {_pen(mark)}/>']

    def _bars(self, mark: Bars, colour: str, points: list[tuple[float, float]]) -> list[str]:
        wide = abs(self.x.part(self.x.low + mark.width) * WIDE)
        ground = self._at(self.x.low, max(self.y.low, 0.0))[1]
        parts = []
        for k, (x, y) in enumerate(points):
            if math.isnan(x + y):
                continue
            top, high = min(y, ground), abs(ground - y)
            parts.append(
                f'<rect x="{x - wide / 2:.1f}" y="{top:.1f}" width="{wide:.1f}" height="{high:.1f}" fill="{colour}"/>'
            )
            if k < len(mark.words):
                said = html.escape(mark.words[k])
                parts.append(f'<text class="w" x="{x:.1f}" y="{top - 4:.1f}" text-anchor="middle">{said}</text>')
        return parts

    def _legend(self) -> list[str]:
        named = [mark for mark in self.marks if not isinstance(mark, Words) and mark.name]
        parts = []
        for k, mark in enumerate(named):
            y, colour = TOP + 16 + 17 * k, COLOURS[mark.colour % len(COLOURS)]
            if isinstance(mark, Line):
                parts.append(f'<path d="M{WIDTH - RIGHT - 34} {y - 4}h26" {_pen(mark)}/>')
            else:
                parts.append(f'<circle cx="{WIDTH - RIGHT - 20}" cy="{y - 4}" r="4.5" fill="{colour}"/>')
            parts.append(
                f'<text class="w" x="{WIDTH - RIGHT - 40}" y="{y}" text-anchor="end">{html.escape(mark.name)}</text>'
            )
        return parts

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": image(self.svg(), self.alt)}

    def __repr__(self) -> str:
        return f"[chart: {self.alt}]"


def image(svg: str, alt: str) -> str:
    """An `<img>` that carries an SVG within itself: notebooks that are not trusted keep it."""
    source = base64.b64encode(svg.encode()).decode("ascii")
    return f'<img style="max-width:100%" alt="{html.escape(alt)}" src="data:image/svg+xml;base64,{source}">'


def _pen(line: Line) -> str:
    dash = f' stroke-dasharray="{DASHES[line.dash % len(DASHES)]}"' if line.dash else ""
    colour = COLOURS[line.colour % len(COLOURS)]
    return f'fill="none" stroke="{colour}" stroke-width="{line.width:g}"{dash} stroke-linejoin="round"'


def _path(points: Sequence[tuple[float, float]]) -> str:
    """The points as an SVG path with a new start after every gap."""
    parts, pen = [], "M"
    for x, y in points:
        if math.isnan(x + y):
            pen = "M"
            continue
        parts.append(f"{pen}{x:.1f} {y:.1f}")
        pen = "L"
    return "".join(parts)
