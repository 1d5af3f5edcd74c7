"""What every picture is: a figure with alt text, still or with dots that run along its paths."""

from __future__ import annotations

import base64
import html
import io
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure

# Okabe and Ito's colours, told apart by colour-blind readers; line styles differ as well.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
STYLES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (8, 2)))


class Picture:
    """A figure as an image with alt text; the alt text is also its text form.

    Shown as HTML because a bare PNG output carries no alt text in JupyterLab.
    """

    def __init__(self, figure: Figure, alt: str):
        if not alt.strip():
            raise ValueError("A picture needs alt text that says in words what it shows.")
        self.figure, self.alt = figure, alt

    def png(self) -> bytes:
        """The picture as PNG bytes, 160 dots per inch."""
        buffer = io.BytesIO()
        self.figure.savefig(buffer, format="png", dpi=160, bbox_inches="tight", facecolor="white")
        return buffer.getvalue()

    def svg(self) -> str:
        """The picture as the text of an SVG document, the same in every build."""
        buffer = io.StringIO()
        with rc_context({"svg.hashsalt": "tutor", "svg.fonttype": "path"}):
            self.figure.savefig(buffer, format="svg", facecolor="white", metadata={"Date": None})
        return re.sub(r' d="[^"]*"', _shortened, buffer.getvalue())

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        source = base64.b64encode(self.png()).decode("ascii")
        width = int(self.figure.get_size_inches()[0] * 80)
        looks = f'width="{width}" style="max-width:100%" alt="{html.escape(self.alt)}"'
        image = f'<img {looks} src="data:image/png;base64,{source}">'
        return {"text/plain": f"[picture: {self.alt}]", "text/html": image}

    def __repr__(self) -> str:
        return f"[picture: {self.alt}]"


def axes(width: float = 7.0, height: float = 3.4, columns: int = 1, **more: Any) -> tuple[Figure, Any]:
    """A figure of `width` x `height` inches and its axes, drawn without pyplot so that nothing is shown twice."""
    figure = Figure(figsize=(width, height), layout="constrained")
    if columns > 1:
        figure.get_layout_engine().set(w_pad=0.1)  # inches, so that a label keeps clear of the panel before it
    return figure, figure.subplots(1, columns, **more)


class Animation(Picture):
    """A figure with a dot that runs along each of several paths: a small SVG (five paths of 100 steps: 80 KB).

    It plays by itself in an `<img>`, so it needs no script, no widget and no network. Everything but the dots and their
    trails is drawn still, for printers and for readers who ask their system for reduced motion.

    Parameters
    ----------
    figure, ax : the still picture and the axes that the paths lie in.
    alt : what it shows, in words.
    paths : label -> points (steps, 2) in data coordinates, all of one length.
    seconds : how long a round takes; the dots rest at the end before they start again.
    """

    REST = 0.2  # the part of a round that the dots rest

    def __init__(self, figure: Figure, ax: Any, alt: str, paths: Mapping[str, np.ndarray], seconds: float = 8.0):
        super().__init__(figure, alt)
        if len({len(points) for points in paths.values()}) != 1:
            raise ValueError("The paths of an animation need the same number of points.")
        self.ax, self.paths, self.seconds = ax, paths, seconds

    def svg(self) -> str:
        """The animation as the text of an SVG document."""
        still = super().svg()
        return still[: still.rindex("</svg>")] + self._moving() + "</svg>\n"

    def _moving(self) -> str:
        """The dots and their trails, cut at the edge of the axes and hidden where motion is unwanted."""
        scale = 72 / self.figure.dpi  # matplotlib writes SVG at 72 dots per inch
        height = self.figure.bbox.height
        x0, y0, wide, high = (scale * v for v in self.ax.bbox.bounds)
        parts = [
            "<style>@media (prefers-reduced-motion: reduce) {#moving {display: none}}</style>",
            f'<clipPath id="frame"><rect x="{x0:.1f}" y="{scale * height - y0 - high:.1f}" width="{wide:.1f}" '
            f'height="{high:.1f}"/></clipPath><g id="moving" clip-path="url(#frame)">',
        ]
        for k, (label, points) in enumerate(self.paths.items()):
            spots = self.ax.transData.transform(points) * scale
            spots[:, 1] = scale * height - spots[:, 1]
            parts.append(self._dot(spots, COLOURS[k % 6], label, 12 * k - 6 * len(self.paths) + 10))
        return "\n".join(parts) + "\n</g>\n"

    def _dot(self, spots: np.ndarray, colour: str, label: str, below: float) -> str:
        """A dot, its trail, and its label, so far below it that labels of dots that meet stand in a column."""
        times = np.append(np.linspace(0, 1 - self.REST, len(spots)), 1)
        lengths = np.append(0, np.cumsum(np.hypot(*np.diff(spots, axis=0).T)))
        ahead = 1 - lengths / (lengths[-1] or 1)  # how much of the trail is still to be drawn
        clock = f'dur="{self.seconds:g}s" repeatCount="indefinite" keyTimes="{_listed(times, 4)}"'

        def moving(name: str, values: np.ndarray, digits: int) -> str:
            held = np.append(values, values[-1])
            return f'<animate attributeName="{name}" values="{_listed(held, digits)}" {clock}/>'

        trail = " ".join(f"{x:.1f},{y:.1f}" for x, y in spots)
        return (
            f'<polyline points="{trail}" pathLength="1" fill="none" stroke="{colour}" stroke-width="2.4" '
            f'stroke-dasharray="1 1">{moving("stroke-dashoffset", ahead, 4)}</polyline>'
            f'<circle r="5" fill="{colour}" stroke="white">{moving("cx", spots[:, 0], 1)}'
            f"{moving('cy', spots[:, 1], 1)}</circle>"
            f'<text dx="8" dy="{below:g}" font-size="11" font-family="sans-serif" stroke="white" stroke-width="3" '
            'paint-order="stroke">'
            f"{html.escape(label)}{moving('x', spots[:, 0], 1)}{moving('y', spots[:, 1], 1)}</text>"
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        source = base64.b64encode(self.svg().encode()).decode("ascii")
        width = int(self.figure.get_size_inches()[0] * 80)
        looks = f'width="{width}" style="max-width:100%" alt="{html.escape(self.alt)}"'
        image = f'<img {looks} src="data:image/svg+xml;base64,{source}">'
        return {"text/plain": f"[animation: {self.alt}]", "text/html": image}


def _shortened(drawing: re.Match[str]) -> str:
    """The points of a drawing with two decimals; matplotlib writes six, which nobody can see."""
    return re.sub(r"(\.\d\d)\d+", r"\1", drawing[0])


def _listed(values: np.ndarray, digits: int) -> str:
    """Numbers as SVG's animate wants them, rounded."""
    return ";".join(f"{v:.{digits}f}".rstrip("0").rstrip(".") if digits else f"{v:.0f}" for v in values)
