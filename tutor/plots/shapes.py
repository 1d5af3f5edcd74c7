"""Tensors and their shapes: products as boxes with named sides, memory under its strides, broadcasting."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.patches import Rectangle

from tutor.plots.picture import COLOURS, Picture, axes


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
