"""Give the elements of ordered ranks their x: near their neighbours, in order, never closer than their sizes allow."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise

GAP = 18.0
# the sweeps before the last two settle at once: more of them moved nothing on any graph tried
SWEEPS = 4
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
    offsets = []
    for row in rows:
        places = list(accumulate(((widths[i] + widths[j]) / 2 + GAP for i, j in pairwise(row)), initial=0.0))
        offsets.append(places)
        for i, place in zip(row, places, strict=True):
            xs[i] = place - places[-1] / 2
    pull = UPRIGHT if len(rows) > TALL else 0.0
    down, up = (_weighted(links, is_bend) for links in (above, below))
    both = [[*near, *far] for near, far in zip(down, up, strict=True)]
    for sweep in range(SWEEPS):
        near = both if sweep >= SWEEPS - 2 else down if sweep % 2 == 0 else up
        numbers = range(len(rows)) if sweep % 2 == 0 else reversed(range(len(rows)))
        for r in numbers:
            _settle(rows[r], offsets[r], xs, near, pull)
    return xs


def _weighted(links: Sequence[Sequence[int]], is_bend: Sequence[bool]) -> list[list[tuple[int, float]]]:
    return [[(j, STRAIGHT if is_bend[i] and is_bend[j] else 1.0) for j in near] for i, near in enumerate(links)]


def _settle(
    row: Sequence[int],
    offsets: Sequence[float],
    xs: list[float],
    near: Sequence[Sequence[tuple[int, float]]],
    pull: float,
) -> None:
    wishes = []
    for i, offset in zip(row, offsets, strict=True):
        total, weight = 0.0, pull  # the middle is at 0
        for j, heavy in near[i]:
            total += heavy * xs[j]
            weight += heavy
        # with z = x - offset, "in order and apart" becomes "z never decreases"
        wishes.append((total / weight - offset, weight) if weight else (xs[i] - offset, 0.01))
    settled = isotonic(wishes) if len(row) > 1 else [wishes[0][0]]
    for i, offset, z in zip(row, offsets, settled, strict=True):
        xs[i] = z + offset


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
