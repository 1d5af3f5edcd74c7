"""Networks and graphs: boxes with arrows between them, maps of a library, and drawings that others made."""

from __future__ import annotations

import base64
import html
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.patches import FancyBboxPatch

from tutor.plots.picture import COLOURS, Picture, axes


def chain(
    names: Sequence[str], values: Sequence[float], gradients: Sequence[float], slopes: Sequence[float], title: str
) -> Picture:
    """Draw a chain of computations: values flow right above the arrows, gradients flow left below them.

    Parameters
    ----------
    names : what stands in each box, first to last.
    values, gradients : the value of each box and the gradient of the last box with respect to it.
    slopes : the local derivative of each box but the first, with respect to the box before it.
    """
    figure, ax = axes(8.5, 2.3)
    count = len(names)
    for k, name in enumerate(names):
        ax.add_patch(
            FancyBboxPatch((3 * k, 0), 2, 1, boxstyle="round,pad=0.08", facecolor="#f2f2f2", edgecolor="black")
        )
        ax.text(3 * k + 1, 0.5, name, ha="center", va="center", fontsize=10)
        ax.text(3 * k + 1, 1.35, f"value {values[k]:.3f}", ha="center", color=COLOURS[0])
        ax.text(3 * k + 1, -0.55, f"gradient {gradients[k]:.3f}", ha="center", color=COLOURS[1])
        if k < count - 1:
            start, end = 3 * k + 2.12, 3 * k + 2.88
            ax.annotate("", (end, 0.72), (start, 0.72), arrowprops={"arrowstyle": "->", "color": COLOURS[0], "lw": 1.8})
            back = {"arrowstyle": "->", "color": COLOURS[1], "lw": 1.8, "linestyle": "--"}
            ax.annotate("", (start, 0.28), (end, 0.28), arrowprops=back)
            ax.text(3 * k + 2.5, -0.1, f"· {slopes[k]:.3f}", ha="center", color=COLOURS[1], fontsize=9)
    ax.set(xlim=(-0.3, 3 * count - 0.7), ylim=(-1.0, 1.8), title=title)
    ax.axis("off")
    steps = ", ".join(f"{n}: value {v:.3f}, gradient {g:.3f}" for n, v, g in zip(names, values, gradients, strict=True))
    factors = ", ".join(f"{slope:.3f}" for slope in slopes)
    said = f"Boxes from left to right, solid arrows forward, dashed arrows back, each with its factor: {factors}"
    return Picture(figure, f"{title}. {said}. {steps}.")


def computation(parents: Mapping[str, Sequence[str]], notes: Mapping[str, str], *, title: str) -> Picture:
    """Draw a graph of computations from left to right: a box for each, an arrow from each thing that it was made from.

    A name that stands twice among the parents gets two arrows.

    Parameters
    ----------
    parents : name -> what it was made from, each after its own parents.
    notes : name -> a line (or several) that stands under the box.
    """
    depth: dict[str, int] = {}
    for name, made_from in parents.items():
        depth[name] = max((depth[p] for p in made_from), default=-1) + 1
    columns = [[n for n in parents if depth[n] == k] for k in range(max(depth.values()) + 1)]
    place = {n: (3.0 * k, 1.7 * ((len(c) - 1) / 2 - i)) for k, c in enumerate(columns) for i, n in enumerate(c)}
    bent = any(depth[n] - depth[p] > 1 for n, made_from in parents.items() for p in made_from)
    rows = max(len(column) for column in columns)
    figure, ax = axes(8.5, 1.3 * rows + 0.9 + bent)
    for name, (x, y) in place.items():
        rounded = FancyBboxPatch((x - 0.75, y - 0.3), 1.5, 0.6, boxstyle="round,pad=0.05", fc="#f2f2f2", ec="black")
        ax.add_patch(rounded)
        ax.text(x, y, name, ha="center", va="center", fontsize=10)
        ax.text(x, y - 0.45, notes.get(name, ""), ha="center", va="top", fontsize=9, color=COLOURS[0])
        for target in (n for n, made_from in parents.items() if name in made_from):
            count = list(parents[target]).count(name)
            for k in range(count):
                curve = (k - (count - 1) / 2) * 0.5 - (0.42 if depth[target] - depth[name] > 1 else 0.0)
                _arrow(ax, place[name], place[target], curve)
    top = 0.85 * (rows - 1) + 0.5 + bent
    ax.set(xlim=(-1.2, 3.0 * (len(columns) - 1) + 1.2), ylim=(-0.85 * (rows - 1) - 1.1, top), title=title)
    ax.axis("off")
    said = (
        f"{name}{' from ' + ' and '.join(p) if (p := parents[name]) else ''}"
        + (f" ({notes[name]})" if name in notes else "")
        for name in parents
    )
    return Picture(figure, f"{title}. From left to right: " + "; ".join(said).replace("\n", ", ") + ".")


def _arrow(ax: Any, start: tuple[float, float], end: tuple[float, float], curve: float) -> None:
    """An arrow between two boxes of `computation`, from edge to edge; `curve` bends it, upwards if it is negative."""
    lift = 0.0 if abs(curve) < 0.3 else 0.36  # a strongly bent arrow leaves and arrives at the top
    shift = 0.55 if lift else 0.85
    looks = {"arrowstyle": "-|>", "color": COLOURS[1], "lw": 1.6, "connectionstyle": f"arc3,rad={curve}"}
    ax.annotate("", (end[0] - shift, end[1] + lift), (start[0] + shift, start[1] + lift), arrowprops=looks)


def boxes(rows: Sequence[Sequence[tuple[str, str]]], title: str) -> Picture:
    """Draw rows of named boxes, each with a line of explanation, as a map of a library or a course.

    Parameters
    ----------
    rows : from top to bottom, each a sequence of (name, explanation).
    """
    figure, ax = axes(9.0, 1.1 * len(rows) + 0.5)
    for r, row in enumerate(rows):
        width = 12 / len(row)
        for k, (name, words) in enumerate(row):
            left, bottom = k * width + 0.1, -1.2 * r
            ax.add_patch(
                FancyBboxPatch(
                    (left, bottom),
                    width - 0.2,
                    0.9,
                    boxstyle="round,pad=0.04",
                    facecolor="#f2f2f2",
                    edgecolor=COLOURS[r % 6],
                    lw=2,
                )
            )
            ax.text(left + (width - 0.2) / 2, bottom + 0.62, name, ha="center", va="center", fontsize=11, weight="bold")
            ax.text(left + (width - 0.2) / 2, bottom + 0.25, words, ha="center", va="center", fontsize=8.5)
    ax.set(xlim=(0, 12), ylim=(-1.2 * len(rows) + 1.0, 1.1), title=title)
    ax.axis("off")
    listed = "; ".join(f"{name}: {words}" for row in rows for name, words in row)
    return Picture(figure, f"{title}. {listed}.")


class Sheet:
    """Pictures that another package drew, in HTML that untrusted notebooks show as well; and their words."""

    def __init__(self, html_text: str, words: str):
        self.html, self.words = html_text, words

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": self.html}

    def __repr__(self) -> str:
        return f"[picture: {self.words}]"


def drawing(dot: Any, alt: str) -> Any:
    """Show what Graphviz draws as an image with alt text; its own has none, and is lost in an untrusted notebook.

    Parameters
    ----------
    dot : a `graphviz.Digraph`; anything else (the `Graph` that `make_dot` gives without Graphviz) is returned as it is.
    alt : what the drawing shows, in words.
    """
    if not hasattr(dot, "pipe"):
        return dot
    source = base64.b64encode(dot.pipe(format="svg")).decode("ascii")
    looks = f'style="max-width:100%;height:auto" alt="{html.escape(alt)}"'
    return Sheet(f'<img {looks} src="data:image/svg+xml;base64,{source}">', alt)


def beside(graphs: Mapping[str, Any]) -> Sheet:
    """Show drawings of `tutor.graph` side by side, a label above each.

    Parameters
    ----------
    graphs : label -> drawing, two or three of them.
    """
    looks = f"display:inline-block;vertical-align:top;width:{96 // len(graphs)}%;margin-right:1%"
    columns = (f'<div style="{looks}"><b>{html.escape(label)}</b><br>{g.html()}</div>' for label, g in graphs.items())
    words = "; ".join(f"{label}: {g.alt()}" for label, g in graphs.items())
    return Sheet("".join(columns), words)
