"""The pictures that lessons share; each is shown with alt text, on a light ground that is legible in any theme."""

from __future__ import annotations

import base64
import html
import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.colors import LogNorm, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, Rectangle

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


def loss_curves(
    curves: Mapping[str, Sequence[float]],
    *,
    floor: float | None = None,
    floor_label: str = "floor",
    xlabel: str = "step",
    title: str = "Loss at each step",
) -> Picture:
    """Draw loss against step on a logarithmic scale, a line per run; runs that leave the scale are cut there.

    Parameters
    ----------
    curves : label -> loss of every step.
    floor : a loss to draw as a dotted line, such as the best possible one.
    """
    figure, ax = axes()
    said = []
    for k, (label, losses) in enumerate(curves.items()):
        values = np.asarray(losses, dtype=float)
        grown = ~np.isfinite(values) | (values > 100 * values[0])
        end = int(np.argmax(grown)) if grown.any() else len(values)
        ax.plot(
            values[:end],
            color=COLOURS[k % 6],
            linestyle=STYLES[k % 6],
            label=label + (" (diverges)" if grown.any() else ""),
        )
        said.append(f"{label} {'diverges' if grown.any() else f'falls from {values[0]:.3g} to {values[-1]:.3g}'}")
    if floor is not None:
        ax.axhline(floor, color="black", linewidth=0.8, linestyle=":", label=f"{floor_label} ({floor:.3g})")
    ax.set(yscale="log", xlabel=xlabel, ylabel="loss (log scale)", title=title)
    ax.grid(alpha=0.3)
    ax.legend()
    return Picture(figure, f"{title}: " + "; ".join(said) + ".")


def sine_fit(
    x: np.ndarray, y: np.ndarray, fits: Mapping[str, np.ndarray], losses: Sequence[float], best_loss: float
) -> Picture:
    """Draw fitted curves against the sine, and beside them the loss at each step.

    Parameters
    ----------
    x, y : the points, shape (N,).
    fits : label -> predictions, shape (N,).
    losses : loss of every step.
    best_loss : the least-squares optimum.
    """
    figure, (left, right) = axes(9.0, 3.4, columns=2)
    left.plot(x, y, color="black", linewidth=2.5, alpha=0.5, label="sin(x)")
    for k, (label, y_pred) in enumerate(fits.items()):
        left.plot(x, y_pred, color=COLOURS[k], linestyle=STYLES[k + 1], label=label)
    left.set(xlabel="x (radians)", ylabel="y", title="The fitted curve")
    right.plot(losses, color=COLOURS[0], label="gradient descent")
    right.axhline(best_loss, color="black", linestyle=":", linewidth=0.8, label=f"best possible ({best_loss:.3g})")
    right.set(yscale="log", xlabel="step", ylabel="loss (log scale)", title="Loss at each step")
    for ax in (left, right):
        ax.grid(alpha=0.3)
        ax.legend()
    gap = max(float(np.max(np.abs(y_pred - y))) for y_pred in fits.values())
    return Picture(
        figure,
        f"Left: the sine and the fitted curve, at most {gap:.2f} apart. Right: the loss falls from {losses[0]:.3g} to "
        f"{losses[-1]:.3g}; the best possible is {best_loss:.3g}.",
    )


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


def matmul_shapes(
    left: str, left_shape: tuple[str, str], right: str, right_shape: tuple[str, str], result: str, *, title: str
) -> Picture:
    """Draw a matrix product as three rectangles with named sides; the inner size, which is summed over, is marked.

    Raises
    ------
    ValueError
        If the inner sizes do not agree.
    """
    if left_shape[1] != right_shape[0]:
        raise ValueError(
            f"The inner sizes differ: {left} has {left_shape[1]} columns, {right} has {right_shape[0]} rows."
        )
    terms = [
        _Term(left, left_shape, "·"),
        _Term(right, right_shape, "="),
        _Term(result, (left_shape[0], right_shape[1])),
    ]
    return _draw_products({"": terms}, title)


def product_shapes(rows: Mapping[str, str], *, title: str) -> Picture:
    """Draw products as boxes with named sides, a row each; sizes that are summed over carry a Σ.

    A vector is a strip, a matrix a rectangle, a batch of matrices a stack of rectangles, one number a small square.

    Parameters
    ----------
    rows : label of the row -> its formula, every name followed by its shape, such as
        ``{"addmm": "b (H) + x (N, D) · w (D, H) = h (N, H)"}``.

    Raises
    ------
    ValueError
        If a formula has no result, or a size of the result stands nowhere on the left.
    """
    return _draw_products({label: _terms(formula) for label, formula in rows.items()}, title)


@dataclass(frozen=True)
class _Term:
    """One box of a drawn product: its name, the names of its sizes and the sign that follows it."""

    name: str
    shape: tuple[str, ...]
    sign: str = ""


def _terms(formula: str) -> list[_Term]:
    """Read ``x (N, D) · w (D, H) = h (N, H)`` into terms."""
    found = list(re.finditer(r"([^\s()]+)\s*\(([^)]*)\)\s*([+·*=-]?)", formula))
    terms = [_Term(m[1], tuple(re.findall(r"[^\s,]+", m[2])), m[3]) for m in found]
    if len(terms) < 2 or [t.sign for t in terms[-2:]] != ["=", ""]:
        raise ValueError(f'"{formula}" is not of the form "x (N, D) · w (D, H) = h (N, H)".')
    known = {size for term in terms[:-1] for size in term.shape}
    if unknown := set(terms[-1].shape) - known:
        raise ValueError(f'The result of "{formula}" has the size {unknown.pop()}, which no factor has.')
    return terms


_SHEET = 0.17  # how far the sheets of a drawn stack lie apart


def _extent(term: _Term, sides: Mapping[str, float]) -> tuple[float, float]:
    """Width and height of a term's front sheet."""
    width = sides[term.shape[-1]] if term.shape else 0.4
    return width, sides[term.shape[-2]] if len(term.shape) > 1 else 0.4


def _draw_products(rows: Mapping[str, Sequence[_Term]], title: str) -> Picture:
    names = dict.fromkeys(size for terms in rows.values() for term in terms for size in term.shape)
    sides = {name: 1.0 + 0.4 * (k % 4) for k, name in enumerate(names)}
    heights = [
        max(_extent(term, sides)[1] + (2.5 * _SHEET if len(term.shape) > 2 else 0) for term in terms) + 0.8
        for terms in rows.values()
    ]
    margin = 0.3 + 0.19 * max(len(label) for label in rows)
    figure, ax = axes(1.0, 1.0)
    rightmost, bottom, said = 0.0, 0.0, []
    for (label, terms), height in zip(rows.items(), heights, strict=True):
        middle = bottom - height / 2
        ax.text(0, middle, label, va="center", fontsize=10, family="monospace", weight="bold")
        summed = {size for term in terms for size in term.shape} - set(terms[-1].shape)
        left = margin
        for term in terms:
            left = _draw_term(ax, term, left, middle, sides, summed)
        rightmost, bottom = max(rightmost, left), bottom - height
        said.append(_say_product(label, terms, summed))
    ax.set(xlim=(-0.1, rightmost), ylim=(bottom, 0.1), title=title, aspect="equal")
    ax.axis("off")
    figure.set_size_inches(0.68 * (rightmost + 0.1), 0.68 * (0.1 - bottom) + 0.35)
    return Picture(figure, f"{title}. {' '.join(said)}")


def _draw_term(ax: Any, term: _Term, left: float, middle: float, sides: Mapping[str, float], summed: set[str]) -> float:
    """Draw one box, its sizes and the sign after it; return where the next one begins."""
    width, height = _extent(term, sides)
    sheets = 3 if len(term.shape) > 2 else 1
    labels = [f"Σ {size}" if size in summed else size for size in term.shape]
    left += 0.4 + (0.15 * len(labels[-2]) if len(labels) > 1 else 0)
    for k in reversed(range(sheets)):
        corner = left + _SHEET * k, middle - height / 2 + _SHEET * k
        edge = COLOURS[2] if not term.sign else COLOURS[0]
        ax.add_patch(Rectangle(corner, width, height, facecolor="#f2f2f2", edgecolor=edge, linewidth=1.6))
    ax.text(left + width / 2, middle, term.name, ha="center", va="center", fontsize=10)
    places = (
        (left + width / 2, middle - height / 2 - 0.22, "center"),
        (left - 0.08, middle, "right"),
        (left - 0.02 + _SHEET, middle + height / 2 + 1.5 * _SHEET, "right"),
    )
    for text, (x, y, align) in zip(reversed(labels), places, strict=False):
        weight, colour = ("bold", COLOURS[1]) if text.startswith("Σ") else ("normal", "black")
        ax.text(x, y, text, ha=align, va="center", fontsize=10, color=colour, weight=weight)
    left += width + _SHEET * (sheets - 1)
    ax.text(left + 0.3, middle, term.sign, ha="center", va="center", fontsize=20 if term.sign == "·" else 15)
    return left + 0.45


def _say_product(label: str, terms: Sequence[_Term], summed: set[str]) -> str:
    words = {"·": " times ", "*": " times, entry by entry, ", "+": " plus ", "-": " minus ", "=": " gives ", "": ""}
    told = "".join(f"{t.name} of shape ({', '.join(t.shape)}){words[t.sign]}" for t in terms)
    order = [size for term in terms for size in term.shape if size in summed]
    gone = f"; summed over: {', '.join(dict.fromkeys(order))}" if summed else ""
    return f"{label + ': ' if label else ''}{told}{gone}."


def strides(tensors: Mapping[str, Any], *, title: str) -> Picture:
    """Draw the memory that matrices share as a strip of cells, and under it each matrix with its shape and strides.

    Every cell carries its number and, small, its place in memory; the deeper the blue, the later the place.

    Parameters
    ----------
    tensors : name -> a torch tensor of two dimensions; all of them views of the same memory.

    Raises
    ------
    ValueError
        If they do not share one memory, or one is no matrix.
    """
    first, *others = tensors.values()
    if any(t.dim() != 2 for t in (first, *others)):
        raise ValueError("Only matrices can be drawn: tensors of two dimensions.")
    if any(t.untyped_storage().data_ptr() != first.untyped_storage().data_ptr() for t in others):
        raise ValueError("These tensors do not share one memory.")
    count = first.untyped_storage().nbytes() // first.element_size()
    memory = first.as_strided((count,), (1,), 0).tolist()
    figure, ax = axes(1.0, 1.0)
    for place in range(count):
        _cell(ax, 2.2 + place, 0, memory[place], place, count)
    ax.text(0, 0.5, "in memory", va="center", fontsize=10, weight="bold")
    top, said = -0.9, [f"in memory {', '.join(f'{v:g}' for v in memory)}"]
    for name, tensor in tensors.items():
        rows, columns = tensor.shape
        (down, along), start = tensor.stride(), tensor.storage_offset()
        for i, j in np.ndindex(rows, columns):
            place = start + i * down + j * along
            _cell(ax, 2.2 + j, top - 1 - i, memory[place], place, count)
        facts = f"shape {tuple(tensor.shape)}\nstrides {tensor.stride()}"
        facts += "\ncontiguous" if tensor.is_contiguous() else "\nnot contiguous"
        ax.text(0, top - rows / 2, name, va="center", fontsize=10, family="monospace", weight="bold")
        ax.text(2.5 + columns, top - rows / 2, facts, va="center", fontsize=10)
        said.append(f"{name} with {facts.replace(chr(10), ', ')}, holding {tensor.tolist()}")
        top -= rows + 0.7
    right = 2.2 + max(count, *(t.shape[1] + 3.4 for t in tensors.values()))
    ax.set(xlim=(-0.1, right), ylim=(top + 0.5, 1.2), title=title, aspect="equal")
    ax.axis("off")
    figure.set_size_inches(0.56 * (right + 0.1), 0.56 * (0.7 - top) + 0.35)
    return Picture(figure, f"{title}: {'; '.join(said)}.")


def _cell(ax: Any, x: float, y: float, number: float, place: int, count: int) -> None:
    """One cell of memory: its number large, its place small, and a blue that grows with the place."""
    shade = 0.08 + 0.42 * place / max(1, count - 1)
    ax.add_patch(Rectangle((x, y), 1, 1, facecolor=(*to_rgb(COLOURS[5]), shade), edgecolor="black", linewidth=1))
    ax.text(x + 0.45, y + 0.6, f"{number:g}", ha="center", va="center", fontsize=10)
    ax.text(x + 0.93, y + 0.07, str(place), ha="right", va="bottom", fontsize=7.5)


def broadcast(left: Any, right: Any, sign: str = "+", *, names: tuple[str, str] = ("a", "b"), title: str) -> Picture:
    """Draw how two arrays are stretched to one shape and combined; the copies that nobody stored are dashed.

    Parameters
    ----------
    left, right : arrays or tensors of up to two dimensions whose shapes broadcast.
    sign : "+", "-" or "*".
    names : what to call the two.
    """
    a, b = np.asarray(left), np.asarray(right)
    result = {"+": np.add, "-": np.subtract, "*": np.multiply}[sign](a, b)
    figure, ax = axes(1.0, 1.0)
    rows, columns = np.atleast_2d(result).shape
    shown = ((names[0], a, sign), (names[1], b, "="), (f"{names[0]} {sign} {names[1]}", result, ""))
    for k, (name, array, after) in enumerate(shown):
        x = k * (columns + 1.6)
        stored = np.atleast_2d(array).shape
        wide = np.broadcast_to(array, result.shape).reshape(rows, columns)
        for i, j in np.ndindex(rows, columns):
            real = i < stored[0] and j < stored[1]
            looks = {"facecolor": "#cfe6f5", "linestyle": "-"} if real else {"facecolor": "white", "linestyle": "--"}
            ax.add_patch(Rectangle((x + j, -1 - i), 1, 1, edgecolor="black" if real else "#8c959f", **looks))
            ax.text(x + j + 0.5, -0.5 - i, f"{wide[i, j]:g}", ha="center", va="center", color="black", fontsize=10)
        ax.text(x + columns / 2, 0.25, f"{name}  {array.shape}", ha="center", fontsize=10)
        ax.text(x + columns + 0.8, -rows / 2, after, ha="center", va="center", fontsize=16)
    width = 3 * (columns + 1.6) - 1.4
    ax.set(xlim=(-0.2, width), ylim=(-rows - 0.2, 0.8), title=title, aspect="equal")
    ax.axis("off")
    figure.set_size_inches(0.56 * (width + 0.2), 0.56 * (rows + 1.0) + 0.35)
    return Picture(
        figure,
        f"{title}: {names[0]} of shape {a.shape} {sign} {names[1]} of shape {b.shape}, both stretched to "
        f"{result.shape}, gives {result.tolist()}.",
    )


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


def images(
    pixels: np.ndarray,
    captions: Sequence[str],
    *,
    columns: int = 6,
    right: Sequence[bool] | None = None,
    title: str = "",
) -> Picture:
    """Draw grey images in a grid with a caption under each; wrong ones are framed and marked with a cross.

    Parameters
    ----------
    pixels : (N, 28, 28), numbers in any range.
    captions : N strings.
    right : N booleans, whether a prediction is right; None draws no marks.
    """
    rows = -(-len(pixels) // columns)
    figure = Figure(figsize=(1.45 * columns, 1.75 * rows + 0.3), layout="constrained")
    grid = np.atleast_1d(figure.subplots(rows, columns)).reshape(-1)
    for ax in grid:
        ax.axis("off")
    for k, (ax, picture, caption) in enumerate(zip(grid, pixels, captions, strict=False)):
        mark = "" if right is None else ("✓ " if right[k] else "✗ ")
        wrong = right is not None and not right[k]
        ax.imshow(picture, cmap="gray_r")
        ax.set_title(
            mark + caption, fontsize=8.5, color=COLOURS[1] if wrong else "black", weight="bold" if wrong else "normal"
        )
        looks = {"edgecolor": COLOURS[1], "linewidth": 3} if wrong else {"edgecolor": "#8c959f", "linewidth": 0.8}
        ax.add_patch(Rectangle((-0.5, -0.5), *np.shape(picture)[::-1], fill=False, clip_on=False, **looks))
    figure.suptitle(title)
    marks = [] if right is None else [" (right)" if r else " (wrong)" for r in right]
    said = ", ".join(c.replace("\n", " ") + (marks[k] if marks else "") for k, c in enumerate(captions))
    return Picture(figure, f"{title}: a grid of {len(pixels)} images: {said}.")


def lines(curves: Mapping[str, Sequence[float]], *, xlabel: str, ylabel: str, title: str) -> Picture:
    """Draw one line per curve against 0, 1, 2, …, on linear axes.

    Parameters
    ----------
    curves : label -> values, at least one each.
    """
    figure, ax = axes()
    for k, (label, values) in enumerate(curves.items()):
        ax.plot(np.asarray(values, dtype=float), color=COLOURS[k % 6], linestyle=STYLES[k % 6], label=label)
    ax.set(xlabel=xlabel, ylabel=ylabel, title=title)
    ax.grid(alpha=0.3)
    ax.legend()
    said = (f"{label} goes from {v[0]:.3g} to {v[-1]:.3g}, highest {max(v):.3g}" for label, v in curves.items())
    return Picture(figure, f"{title}, {ylabel} against {xlabel}: " + "; ".join(said) + ".")


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
        buffer = io.StringIO()
        with rc_context({"svg.hashsalt": "tutor", "svg.fonttype": "path"}):
            self.figure.savefig(buffer, format="svg", facecolor="white", metadata={"Date": None})
        still = re.sub(r' d="[^"]*"', _shortened, buffer.getvalue())
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


def loss_surface(
    loss: Callable[[np.ndarray, np.ndarray], np.ndarray],
    paths: Mapping[str, np.ndarray],
    *,
    minimum: tuple[float, float],
    spans: tuple[tuple[float, float], tuple[float, float]],
    names: tuple[str, str],
    title: str,
    animated: bool = False,
    seconds: float = 8.0,
) -> Picture:
    """Draw the contours of a loss over two weights, and the paths that optimisers took on it.

    Parameters
    ----------
    loss : the loss of every point of a grid, given as two arrays of one shape.
    paths : label -> points (steps, 2), the start first.
    minimum : where the loss is lowest; marked with a star.
    spans : (low, high) of each weight.
    names : what the two axes are called.
    animated : whether a dot runs along each path; the paths then need the same number of points.
    seconds : how long a round of the animation takes.
    """
    figure, ax = axes(8.0, 4.6)
    grid = np.meshgrid(np.linspace(*spans[0], 120), np.linspace(*spans[1], 120))
    floor = float(loss(*(np.array([v]) for v in minimum))[0])
    excess = loss(*grid) - floor
    levels = np.geomspace(excess.max() / 1e4, excess.max(), 11)[:-1]
    contours = ax.contour(*grid, excess, levels=levels, cmap="Greys_r", norm=LogNorm(levels[0], 50 * levels[-1]))
    ax.clabel(contours, levels[5::2], fmt={v: f"loss {v + floor:,.0f}" for v in levels}, colors="#444444", fontsize=8)
    said = []
    for k, (label, points) in enumerate(paths.items()):
        looks = {"color": COLOURS[k % 6], "linestyle": STYLES[k % 6], "linewidth": 1.0 if animated else 1.6}
        ax.plot(*points.T, label=label, marker="." if len(points) <= 30 else None, **looks)
        here = f"({points[-1][0]:.3g}, {points[-1][1]:.3g}), loss {float(loss(*points[-1:].T)[0]):.4g}"
        said.append(f"{label} ends after {len(points) - 1} steps at {here}")
    ax.plot(*minimum, marker="*", markersize=13, color="#F0E442", markeredgecolor="black", linestyle="none", zorder=5)
    ground = {"facecolor": "white", "edgecolor": "none", "pad": 1}
    ax.annotate("lowest", minimum, (8, 8), textcoords="offset points", fontsize=9, bbox=ground, zorder=5)
    ax.set(xlim=spans[0], ylim=spans[1], xlabel=names[0], ylabel=names[1], title=title)
    ax.legend(loc="best", fontsize=9, framealpha=1)
    start = next(iter(paths.values()))[0]
    alt = (
        f"{title}: contours of the loss over {names[0]} and {names[1]}, "
        f"lowest at ({minimum[0]:.3g}, {minimum[1]:.3g}). From ({start[0]:.3g}, {start[1]:.3g}), "
        + "; ".join(said)
        + "."
    )
    return Animation(figure, ax, alt, paths, seconds) if animated else Picture(figure, alt)


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


def costs(
    sizes: Sequence[float],
    times: Mapping[str, Sequence[float]],
    *,
    xlabel: str,
    title: str,
    crossing: float | None = None,
) -> Picture:
    """Draw measured times against sizes, both on logarithmic scales, a line per label.

    Parameters
    ----------
    sizes : what was varied, all above zero.
    times : label -> seconds, one for each size.
    crossing : the size from which the last label pays, marked if it lies among the sizes: at the first of them nothing
        crosses. `math.inf` if it never pays, None if nobody asked.
    """
    figure, ax = axes()
    verdict = None
    for k, (label, seconds) in enumerate(times.items()):
        milliseconds = 1e3 * np.asarray(seconds)
        ax.plot(sizes, milliseconds, color=COLOURS[k % 6], linestyle=STYLES[k % 6], marker="os^D"[k % 4], label=label)
    said = [
        f"{label} takes " + ", ".join(f"{1e3 * s:.2g} ms at {n:,}" for n, s in zip(sizes, seconds, strict=True))
        for label, seconds in times.items()
    ]
    if crossing is not None and min(sizes) < crossing < np.inf:
        ax.axvline(crossing, color="black", linewidth=0.8, linestyle=":", label=f"{label} pays from {crossing:,g} on")
        said.append(f"{label} pays from {crossing:,g} on")
    elif crossing is not None:
        verdict = f"{label} pays at {'none' if crossing == np.inf else 'all'} of these sizes"
        said.append(verdict)
    ax.set(xscale="log", yscale="log", xlabel=f"{xlabel} (log scale)", ylabel="time in ms (log scale)", title=title)
    ax.grid(alpha=0.3)
    ax.legend(title=verdict)
    return Picture(figure, f"{title}: " + "; ".join(said) + ".")


def bars(labels: Sequence[str], panels: Mapping[str, Sequence[float]], *, title: str) -> Picture:
    """Draw one panel of bars beside the other, a bar per label, each with its number.

    Parameters
    ----------
    labels : what the bars stand for.
    panels : axis label -> a number for each bar.
    """
    figure, grid = axes(3.6 * len(panels), 2.9, columns=len(panels), squeeze=False)
    said = []
    for k, (name, numbers) in enumerate(panels.items()):
        ax = grid[0, k]
        drawn = ax.bar(labels, numbers, color=COLOURS[k % 6], width=0.6)
        ax.bar_label(drawn, [_short(n) for n in numbers], padding=2, fontsize=9)
        ax.axhline(0, color="black", linewidth=0.8)
        ax.margins(y=0.18)
        ax.set(ylabel=name)
        ax.grid(axis="y", alpha=0.3)
        ax.set_axisbelow(True)
        said.append(f"{name}: " + ", ".join(f"{b} {_short(n)}" for b, n in zip(labels, numbers, strict=True)))
    figure.suptitle(title, fontsize=11)
    return Picture(figure, f"{title}. Bars: " + "; ".join(said) + ".")


def runs(
    results: Mapping[str, Sequence[float]], *, xlabel: str, title: str, spreads: Mapping[str, float] | None = None
) -> Picture:
    """Draw a row for each recipe: a dot for every run, and a bar at their mean where there are several.

    Parameters
    ----------
    results : recipe -> one number for each run, at least one; the first is drawn at the top.
    spreads : recipe -> how far its numbers may be off, drawn as a line to either side of the mean.
    """
    figure, ax = axes(8.0, 0.34 * len(results) + 1.0)
    said = []
    for row, (label, numbers) in enumerate(results.items()):
        values, colour = np.asarray(numbers, dtype=float), COLOURS[row % 6]
        ax.plot(values, np.full(len(values), -row), "o", color=colour, alpha=0.6, markersize=7)
        if len(values) > 1:
            ax.plot([values.mean()] * 2, [-row - 0.32, -row + 0.32], color="black", linewidth=1.6)
        spread = f" on average, {values.min():.4g} to {values.max():.4g}" if len(values) > 1 else ""
        if spreads is not None:
            ax.errorbar(values.mean(), -row, xerr=spreads[label], color=colour, capsize=4)
            spread += f" ± {spreads[label]:.2g}"
        said.append(f"{label} {values.mean():.4g}{spread}")
    ax.set_yticks([-row for row in range(len(results))], list(results))
    ax.set(xlabel=xlabel, title=title, ylim=(0.6 - len(results), 0.6))
    ax.grid(alpha=0.3)
    return Picture(figure, f"{title}, {xlabel}: {'; '.join(said)}.")


def confusion(matrix: np.ndarray, classes: Sequence[str], *, title: str) -> Picture:
    """Draw a confusion matrix with its counts; the mistakes set the shades, so that the diagonal does not hide them.

    Parameters
    ----------
    matrix : (C, C) counts; the row is the true class, the column the predicted one.
    classes : names of the C classes.
    """
    counts = np.asarray(matrix)
    mistakes = np.where(np.eye(len(counts), dtype=bool), 0, counts)
    figure, ax = axes(7.2, 6.0)
    darkest = 1.25 * max(1, mistakes.max())
    ax.imshow(mistakes, cmap="Oranges", vmax=darkest)
    for row, column in np.ndindex(*counts.shape):
        right = row == column
        if right:
            ax.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, facecolor="#f2f2f2", edgecolor="#8c959f"))
        if counts[row, column]:
            looks = {"weight": "bold" if right else "normal"}
            looks["color"] = "white" if not right and counts[row, column] > 0.6 * darkest else "black"
            ax.text(column, row, f"{counts[row, column]:g}", ha="center", va="center", fontsize=9, **looks)
    ax.set_xticks(range(len(classes)), classes, rotation=45, ha="right")
    ax.set_yticks(range(len(classes)), classes)
    ax.set(xlabel="predicted class", ylabel="true class", title=title)
    row, column = np.unravel_index(int(np.argmax(mistakes)), mistakes.shape)
    return Picture(
        figure,
        f"{title}: a table of counts, true classes in rows, predicted ones in columns. {np.trace(counts):g} of "
        f"{counts.sum():g} lie on the diagonal. The most frequent mistake: {classes[row]} taken for {classes[column]}, "
        f"{mistakes[row, column]:g} times.",
    )


def timeline(rows: Mapping[str, Sequence[tuple[float, float]]], *, title: str) -> Picture:
    """Draw who was busy when: a row of numbered bars for each of them, the first at the top.

    Parameters
    ----------
    rows : label -> (start, end) of each piece of work, in seconds on one clock; drawn in milliseconds from the first.
    """
    begin = min(start for spans in rows.values() for start, _ in spans)
    last = max(end for spans in rows.values() for _, end in spans)
    figure, ax = axes(8.5, 0.7 * len(rows) + 1.1)
    said = []
    for k, (label, spans) in enumerate(rows.items()):
        looks = {"facecolor": COLOURS[k % 6], "edgecolor": "black", "linewidth": 0.8}
        ax.broken_barh([(1e3 * (s - begin), 1e3 * (e - s)) for s, e in spans], (-k - 0.3, 0.6), **looks)
        for number, (start, end) in enumerate(spans, 1):
            if end - start > 0.05 * (last - begin):  # a number in a narrower bar could not be read
                middle = 1e3 * ((start + end) / 2 - begin)
                ax.text(middle, -k, str(number), ha="center", va="center", color="white", weight="bold")
        said.append(f"{label}, {len(spans)} bar(s), {1e3 * sum(e - s for s, e in spans):.2f} ms in all")
    ax.set_yticks([-k for k in range(len(rows))], list(rows))
    ax.set(xlabel="time (ms)", title=title, xlim=(-0.01e3 * (last - begin), None))
    ax.grid(axis="x", alpha=0.3)
    return Picture(figure, f"{title}: {'; '.join(said)}; the whole takes {1e3 * (last - begin):.2f} ms.")


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


def contributions(parts: Sequence[float], *, ylabel: str, title: str) -> Picture:
    """Draw numbers as bars that each begin where the last one ended, and beside them the bar of their sum.

    Parameters
    ----------
    parts : the contributions in the order in which they are added.
    ylabel : what they contribute to.
    """
    values = np.asarray(parts, dtype=float)
    ends = np.cumsum(values)
    figure, ax = axes(7.0, 3.2)
    labels = [f"step {k + 1}" for k in range(len(values))]
    colours = [COLOURS[1] if v < 0 else COLOURS[0] for v in values]
    # the edge keeps a bar in sight that is lower than a pixel
    ax.bar(labels, values, bottom=ends - values, color=colours, edgecolor=colours, linewidth=1.5, width=0.6)
    ax.bar(["sum"], ends[-1:], color="#57606a", width=0.6)
    ax.hlines(ends, np.arange(len(values)) + 0.3, np.arange(len(values)) + 0.7, color="black", linewidth=0.8)
    for k, (end, value) in enumerate(zip(np.append(ends, ends[-1]), np.append(values, ends[-1]), strict=True)):
        top = max(end, end - value)
        ax.annotate(f"{value:+.3g}", (k, top), (0, 3), textcoords="offset points", ha="center", fontsize=9)
    ax.axhline(0, color="black", linewidth=0.8)
    ax.margins(y=0.15)
    ax.set(ylabel=ylabel, title=title)
    ax.grid(axis="y", alpha=0.3)
    ax.set_axisbelow(True)
    said = ", ".join(f"step {k + 1} {value:+.3g}" for k, value in enumerate(values))
    return Picture(figure, f"{title}, {ylabel}: {said}; the sum is {ends[-1]:.3g}.")


def panels(
    x: Sequence[float], drawn: Mapping[str, Mapping[str, Sequence[float]]], *, xlabel: str, title: str
) -> Picture:
    """Draw curves over x, one panel beside the other, the same colour for the same label.

    Parameters
    ----------
    x : where the curves are given, shape (N,).
    drawn : what a panel's vertical axis is called -> label -> values, shape (N,).
    """
    figure, grid = axes(4.5 * len(drawn) if len(drawn) > 1 else 7.0, 3.2, columns=len(drawn), squeeze=False)
    labels = list(dict.fromkeys(label for curves in drawn.values() for label in curves))
    said, named = [], set()
    for ax, (name, curves) in zip(grid[0], drawn.items(), strict=True):
        for label, values in curves.items():
            k = labels.index(label)
            ax.plot(x, values, color=COLOURS[k % 6], linestyle=STYLES[k % 6], linewidth=1.8, label=label)
            first, last, low, high = _in_words((values[0], values[-1], min(values), max(values)))
            said.append(f"{name} of {label} goes from {first} to {last}, between {low} and {high}")
        ax.set(xlabel=xlabel, ylabel=name)
        ax.grid(alpha=0.3)
        if not set(curves) <= named:
            ax.legend()
        named |= set(curves)
    figure.suptitle(title, fontsize=11)
    span = f"for {xlabel} from {x[0]:.3g} to {x[-1]:.3g}"
    return Picture(figure, f"{title}, {span}: " + "; ".join(said) + ".")


def _short(number: float) -> str:
    """A number with three digits, or whole and with commas from a thousand on."""
    return f"{number:.3g}" if abs(number) < 999.5 else f"{number:,.0f}"


def _in_words(numbers: Sequence[float]) -> list[str]:
    """Numbers with three digits; what is only rounding error beside the largest of them, such as sin(pi), is 0."""
    largest = max(abs(float(n)) for n in numbers)
    return [f"{n:.3g}" if abs(n) > 1e-6 * largest else "0" for n in numbers]
