"""Give the elements of ordered ranks their x: near their neighbours, in order, never closer than their sizes allow."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

GAP = 18.0
SWEEPS = 8
# a bend that leads to a bend should stand straight above it: long edges are then drawn as straight lines
STRAIGHT = 8.0
# In a tall drawing (of so many ranks) small leanings to one side add up; a faint pull to the middle holds it upright.
TALL = 40
UPRIGHT = 0.06


def place_rows(
    rows: Sequence[Sequence[int]],
    widths: Sequence[float],
    above: Sequence[Sequence[int]],
    below: Sequence[Sequence[int]],
    is_bend: Sequence[bool],
) -> list[float]:
    """Return the x of every element's centre, in pixels.

    Each sweep moves a rank as close to its neighbours as order and sizes allow, in the sense of weighted least
    squares: an isotonic regression, solved exactly by pooling adjacent violators (Ayer et al., 1955).
    """
    xs = [0.0] * len(widths)
    for row in rows:
        x = 0.0
        for i in row:
            xs[i] = x + widths[i] / 2
            x += widths[i] + GAP
        for i in row:
            xs[i] -= (x - GAP) / 2
    pull = UPRIGHT if len(rows) > TALL else 0.0
    both = [[*up, *down] for up, down in zip(above, below, strict=True)]
    for sweep in range(SWEEPS):
        last = sweep >= SWEEPS - 2
        near = both if last else (above if sweep % 2 == 0 else below)
        for row in rows if sweep % 2 == 0 else reversed(rows):
            _settle(row, xs, widths, near, is_bend, pull)
    return xs


def _settle(
    row: Sequence[int],
    xs: list[float],
    widths: Sequence[float],
    near: Sequence[Sequence[int]],
    is_bend: Sequence[bool],
    pull: float,
) -> None:
    if len(row) == 1:
        wish, weight = _wish(row[0], xs, near, is_bend, pull)
        if weight:
            xs[row[0]] = wish
        return
    # with z = x - offset, "in order and apart" becomes "z never decreases"
    offsets, wishes = [0.0], []
    for left, right in pairwise(row):
        offsets.append(offsets[-1] + (widths[left] + widths[right]) / 2 + GAP)
    for i, offset in zip(row, offsets, strict=True):
        wish, weight = _wish(i, xs, near, is_bend, pull)
        wishes.append((wish - offset, weight) if weight else (xs[i] - offset, 0.01))
    for i, offset, z in zip(row, offsets, isotonic(wishes), strict=True):
        xs[i] = z + offset


def _wish(
    i: int, xs: Sequence[float], near: Sequence[Sequence[int]], is_bend: Sequence[bool], pull: float
) -> tuple[float, float]:
    """Return where an element would like to stand, and how much."""
    total, weight = 0.0, pull  # the middle is at 0
    for j in near[i]:
        heavy = STRAIGHT if is_bend[i] and is_bend[j] else 1.0
        total += heavy * xs[j]
        weight += heavy
    return (total / weight, weight) if weight else (0.0, 0.0)


def isotonic(wishes: Sequence[tuple[float, float]]) -> list[float]:
    """Return the non-decreasing numbers nearest to (value, weight) pairs, in weighted least squares."""
    blocks: list[tuple[float, float, int]] = []
    for value, weight in wishes:
        count = 1
        while blocks and blocks[-1][0] > value:
            before, heavy, more = blocks.pop()
            value = (before * heavy + value * weight) / (heavy + weight)
            weight += heavy
            count += more
        blocks.append((value, weight, count))
    return [value for value, _, count in blocks for _ in range(count)]
