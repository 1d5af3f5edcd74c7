"""The pictures that lessons share; each is shown with alt text, on a light ground that is legible in any theme."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
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
    return figure, figure.subplots(1, columns, **more)


def loss_curves(
    curves: Mapping[str, Sequence[float]],
    *,
    floor: float | None = None,
    floor_label: str = "floor",
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
    ax.set(yscale="log", xlabel="step", ylabel="loss (log scale)", title=title)
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


def chain(names: Sequence[str], values: Sequence[float], gradients: Sequence[float], title: str) -> Picture:
    """Draw a chain of computations: values flow right above the arrows, gradients flow left below them.

    Parameters
    ----------
    names : what stands in each box, first to last.
    values, gradients : the value of each box and the gradient of the last box with respect to it.
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
    ax.set(xlim=(-0.3, 3 * count - 0.7), ylim=(-1.0, 1.8), title=title)
    ax.axis("off")
    steps = ", ".join(f"{n}: value {v:.3f}, gradient {g:.3f}" for n, v, g in zip(names, values, gradients, strict=True))
    return Picture(figure, f"{title}. Boxes from left to right, solid arrows forward, dashed arrows back. {steps}.")


def matmul_shapes(
    left: str, left_shape: tuple[str, str], right: str, right_shape: tuple[str, str], result: str, *, title: str
) -> Picture:
    """Draw a matrix product as three rectangles with named sides; the inner size, which is summed over, is hatched.

    Raises
    ------
    ValueError
        If the inner sizes do not agree.
    """
    if left_shape[1] != right_shape[0]:
        raise ValueError(
            f"The inner sizes differ: {left} has {left_shape[1]} columns, {right} has {right_shape[0]} rows."
        )
    sides = {
        name: 1.0 + 0.45 * k for k, name in enumerate(dict.fromkeys((right_shape[1], left_shape[0], left_shape[1])))
    }
    figure, ax = axes(8.0, 2.6)
    position = 0.0
    result_shape = (left_shape[0], right_shape[1])
    for k, (name, shape, symbol) in enumerate(
        ((left, left_shape, "·"), (right, right_shape, "="), (result, result_shape, ""))
    ):
        height, width = sides[shape[0]], sides[shape[1]] * 1.4
        ax.add_patch(
            Rectangle((position, -height / 2), width, height, facecolor="#f2f2f2", edgecolor=COLOURS[k], linewidth=2)
        )
        ax.text(position + width / 2, 0, name, ha="center", va="center", fontsize=11)
        summed = "  (summed over)"
        ax.text(
            position + width / 2, height / 2 + 0.1, shape[1] + (summed if k == 0 else ""), ha="center", color=COLOURS[k]
        )
        ax.text(position - 0.1, 0, shape[0], ha="right", va="center", color=COLOURS[k])
        position += width
        ax.text(position + 0.35, 0, symbol, ha="center", va="center", fontsize=18)
        position += 1.3
    ax.set(xlim=(-0.7, position - 0.9), ylim=(-1.2, 1.4), title=title)
    ax.axis("off")
    return Picture(
        figure,
        f"{title}: {left} of shape ({', '.join(left_shape)}) times {right} of shape ({', '.join(right_shape)}) gives "
        f"{result} of shape ({', '.join(result_shape)}); {left_shape[1]} is summed over.",
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
        if wrong:
            ax.add_patch(Rectangle((-0.5, -0.5), 28, 28, fill=False, edgecolor=COLOURS[1], linewidth=3))
    figure.suptitle(title)
    marks = [] if right is None else [" (right)" if r else " (wrong)" for r in right]
    said = ", ".join(c.replace("\n", " ") + (marks[k] if marks else "") for k, c in enumerate(captions))
    return Picture(figure, f"{title}: a grid of {len(pixels)} images: {said}.")
