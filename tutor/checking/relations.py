"""Find how a wrong output relates to the right one: a factor, a sign, a transpose, a permutation, a missing sum."""

from __future__ import annotations

import numpy as np

from tutor.checking.judge import RTOL

LOOSE = 10 * RTOL  # a relation names a cause only when it holds about as well as equality would


def near(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two arrays of one shape agree norm-wise."""
    if a.shape != b.shape or not a.size:
        return False
    with np.errstate(all="ignore"):
        gap = np.max(np.abs(a - b))
    return bool(gap <= LOOSE * np.max(np.abs(b))) if np.isfinite(gap) else False


def constant_factor(mine: np.ndarray, right: np.ndarray) -> float | None:
    """Return c with mine = c * right (norm-wise), or None; c is neither 0 nor 1."""
    if mine.shape != right.shape or not mine.size or not np.isfinite(mine).all():
        return None
    square = float(np.sum(right * right))
    c = float(np.sum(mine * right)) / square if square else 0.0
    if abs(c) < 1e-9 or abs(c - 1) <= RTOL or not near(mine / c, right):
        return None
    # a factor that lies close to 1 has to explain the difference, not merely be hidden by the tolerance
    return c if np.max(np.abs(mine - c * right)) <= 0.1 * np.max(np.abs(mine - right)) else None


def _factor(mine: np.ndarray, right: np.ndarray) -> float | None:
    """The factor of one pair: 1 where both are alike, as of a size that is 1."""
    factor = constant_factor(mine, right)
    return 1.0 if factor is None and near(mine, right) else factor


def relation(mine: np.ndarray, right: np.ndarray) -> str | None:
    """Say in one sentence how `mine` relates to `right` within one probe, or None.

    Factors are left to `factor_relation`, which looks at all probes together.
    """
    if mine.size and not mine.any() and right.any():
        return "Everything in it is zero."
    if mine.ndim >= 2 and mine.T.shape == right.shape and near(mine.T, right):
        return "It is the transpose of the right one."
    if mine.ndim > 2 and near(mine.swapaxes(-1, -2), right):
        return "Its last two dimensions have changed places."
    if mine.size == right.size and mine.ndim != right.ndim and near(mine.reshape(right.shape), right):
        return f"The numbers are right, but the shape is {mine.shape} instead of {right.shape}."
    if mine.ndim > right.ndim:
        for axis in range(mine.ndim):
            if near(mine.sum(axis=axis), right):
                return f"A sum over axis {axis} is missing."
            if near(mine.mean(axis=axis), right):
                return f"A mean over axis {axis} is missing."
    if mine.ndim < right.ndim:
        for axis in range(right.ndim):
            if near(mine, right.sum(axis=axis)):
                return f"It has been summed over axis {axis}, which has to stay."
    if mine.shape != right.shape:
        return None
    if rounded := _rounded(mine, right):
        return rounded
    if mine.size < 2:
        return None
    shift = mine - right
    if near(shift + right.max(), np.full_like(shift, shift.flat[0] + right.max())) and near(
        mine - shift.flat[0], right
    ):
        return f"Every entry is off by the same amount, {shift.flat[0]:+.4g}."
    if near(np.sort(mine, axis=None), np.sort(right, axis=None)):
        return "It holds the right numbers, but in other places."
    return None


def _rounded(mine: np.ndarray, right: np.ndarray) -> str | None:
    """Say so where digits behind the point are lost."""
    if not mine.size or not (np.isfinite(mine).all() and np.isfinite(right).all()) or not mine.any():
        return None
    close = 1e-6 * np.max(np.abs(mine))
    large = np.max(np.abs(right)) >= 1.5  # a lone 1 is seldom a rounded one
    if large and np.max(np.abs(mine - np.trunc(right))) <= close:
        return "It is the right one without what stands behind the point."
    for digits in range(0 if large else 1, 5):
        if np.max(np.abs(mine - np.round(right, digits))) <= close:
            places = {0: "a whole number", 1: "1 decimal"}.get(digits, f"{digits} decimals")
            return f"It is the right one, rounded to {places}."
    return None


def factor_relation(pairs: list[tuple[np.ndarray, np.ndarray]], sizes: list[dict[str, float]]) -> str | None:
    """Say which factor separates an output from the right one on every probe, or None.

    Parameters
    ----------
    pairs : (mine, right) of one output, a pair per probe.
    sizes : names of numbers of each probe (its sizes and its scalar arguments) that the factor may equal.
    """
    # nothing times anything is nothing: that tells no factor
    telling = [k for k, (mine, right) in enumerate(pairs) if mine.any() or right.any()]
    factors = [_factor(*pairs[k]) for k in telling]
    if len(factors) < 2 or None in factors or all(f == 1 for f in factors):
        return None
    sizes = [sizes[k] for k in telling]
    if np.ptp(factors) <= LOOSE * abs(factors[0]):
        if abs(factors[0] - 1) < LOOSE:
            return None  # a rounding, say: no factor that anybody has written
        return "The sign is wrong, the size is right." if abs(factors[0] + 1) < LOOSE else _times(factors[0])
    for name in sizes[0]:
        values = [s.get(name, np.nan) for s in sizes]
        for power, words in ((1, "times"), (-1, "divided by")):
            if (power > 0 or all(values)) and np.allclose(factors, [v**power for v in values], rtol=LOOSE):
                return f"It is the right one {words} {name}."
    return None


def _times(factor: float) -> str | None:
    if f"{factor:.4g}" == "1":
        return None  # nobody sees a factor in that
    for scale, name in ((1, ""), (2, "half "), (4, "a quarter of ")):
        if scale > 1 and abs(factor * scale - 1) < LOOSE:
            return f"It is exactly {name}the right one."
    told = next((t for t in (f"{factor:.{digits}g}" for digits in (4, 6, 8)) if t != "1"), "almost 1")
    return f"It is {told} times the right one, everywhere."
