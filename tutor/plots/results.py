"""What training gave: images with predictions, mistakes, runs side by side, numbers as bars, and times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from tutor.plots.picture import COLOURS, STYLES, Picture, axes


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


def _short(number: float) -> str:
    """A number with three digits, or whole and with commas from a thousand on."""
    return f"{number:.3g}" if abs(number) < 999.5 else f"{number:,.0f}"


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
