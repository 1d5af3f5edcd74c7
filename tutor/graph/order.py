"""Order the elements of each rank so that few edges cross: sweeps down and up by the barycentre of neighbours."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Sequence

Rows = list[list[int]]
Links = Sequence[Sequence[int]]

SWEEPS = 12
# sweeps that may pass without an improvement before the best order so far is taken
PATIENCE = 4


def order_rows(rows: Rows, above: Links, below: Links) -> tuple[Rows, int]:
    """Return the rows in their best order found, and the number of crossings that are left.

    Parameters
    ----------
    rows
        Elements of each rank, in an order to start from.
    above, below
        For each element its neighbours in the rank above and below.
    """
    place = {i: p for row in rows for p, i in enumerate(row)}
    best, fewest = rows, count_crossings(rows, below, place)
    current, since_best = [list(row) for row in rows], 0
    for sweep in range(SWEEPS):
        if fewest == 0 or since_best == PATIENCE:
            break
        _sweep(current, above if sweep % 2 == 0 else below, place, downwards=sweep % 2 == 0, turn_ties=sweep % 4 > 1)
        crossings = count_crossings(current, below, place)
        since_best += 1
        if crossings < fewest:
            best, fewest, since_best = [list(row) for row in current], crossings, 0
    return best, fewest


def _sweep(rows: Rows, fixed: Links, place: dict[int, int], downwards: bool, turn_ties: bool) -> None:
    for row in rows if downwards else reversed(rows):
        if len(row) < 2:
            continue
        # an element without neighbours on that side keeps its place
        key = {i: sum(place[j] for j in fixed[i]) / len(fixed[i]) if fixed[i] else place[i] for i in row}
        if turn_ties:  # elements with equal keys would otherwise never change places
            row.reverse()
        row.sort(key=key.__getitem__)
        for p, i in enumerate(row):
            place[i] = p


def count_crossings(rows: Rows, below: Links, place: dict[int, int]) -> int:
    """Return the number of pairs of edges between neighbouring ranks that cross."""
    crossings = 0
    for row in rows:
        if len(row) < 2:
            continue
        seen: list[int] = []
        for i in row:
            ends = [place[j] for j in below[i]]
            crossings += sum(len(seen) - bisect_right(seen, end) for end in ends)
            for end in ends:
                insort(seen, end)
    return crossings
