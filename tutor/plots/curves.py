"""Curves: losses and other numbers along steps or x, a fit beside its sine, and paths over a loss surface."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from contourpy import contour_generator
from matplotlib.colors import LogNorm

from tutor.plots.chart import Axis, Line
from tutor.plots.picture import COLOURS, STYLES, Animation, Picture, axes


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


def _in_words(numbers: Sequence[float]) -> list[str]:
    """Numbers with three digits; what is only rounding error beside the largest of them, such as sin(pi), is 0."""
    largest = max(abs(float(n)) for n in numbers)
    return [f"{n:.3g}" if abs(n) > 1e-6 * largest else "0" for n in numbers]


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


def contours(surface: Callable[..., Any], x: Axis, y: Axis, levels: Sequence[float]) -> list[Line]:
    """The lines on which a function of two numbers has one of these values, as marks of a `Chart`.

    Parameters
    ----------
    surface : a function of two arrays of one shape, the coordinates of the points of a grid.
    x, y : the axes that the grid spans.
    """
    grid = np.meshgrid(np.linspace(x.low, x.high, 80), np.linspace(y.low, y.high, 80))
    found = contour_generator(*grid, np.asarray(surface(*grid)))
    lines = [points.T for level in levels for points in found.lines(level)]
    return [Line(across.tolist(), up.tolist(), colour=5, width=1) for across, up in lines]
