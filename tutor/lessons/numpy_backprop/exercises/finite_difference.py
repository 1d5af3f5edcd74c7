"""A gradient by central differences: nudges that stay behind, one-sided ones, the wrong divisor."""

import numpy as np

from tutor.checking import Misconception, code
from tutor.checking.evidence import seen


def cubic_of(weight):
    def f(w):
        return float((weight.astype(np.float64) * w**3).sum() + (w * w).sum() + w.sum() ** 2)

    return f


def probe_finite_difference(d):
    """A cubic function of a vector, then of a matrix, whose entries act on each other; eps is exact in binary.

    A cubic tells central from one-sided differences, the square of the sum notices an entry that is not put back.
    """
    shape = d.sizes(d.integer(1, 2), 2, 4)
    return cubic_of(d.array(*shape)), d.array(*shape).astype(np.float64), 0.375


def probe_odd_difference(d):
    """The same of an array with three dimensions, or of one without any."""
    shape = ((2, 3, 2), ())[d.sizes(1, 0, 1)[0]]
    return cubic_of(d.array(*shape)), d.array(*shape).astype(np.float64), 0.375


def probe_transposed_difference(d):
    """The same of a transposed array, whose rows do not lie in memory one after the other."""
    shape = d.sizes(2, 2, 4)
    return cubic_of(d.array(*shape).T), d.array(*shape).astype(np.float64).T, 0.5


def probe_small_nudge(d):
    """A nudge as small as in practice, which asks for 64-bit numbers all the way."""
    shape = d.sizes(2, 2, 4)
    return cubic_of(d.array(*shape)), d.array(*shape).astype(np.float64), 2.0**-16


def difference_flat(f, w, eps):
    grad = []
    for k in range(w.size):
        nudge = np.zeros(w.size)
        nudge[k] = eps
        nudge = nudge.reshape(w.shape)
        grad.append((f(w + nudge) - f(w - nudge)) / eps / 2)
    return np.array(grad).reshape(w.shape)


def difference_in_place(f, w, eps):
    grad = np.empty_like(w)
    for index in np.ndindex(w.shape):
        kept = w[index]
        w[index] = kept + eps
        up = f(w)
        w[index] = kept - eps
        down = f(w)
        w[index] = kept
        grad[index] = (up - down) / (2 * eps)
    return grad


def difference_nditer(f, w, eps):
    grad = np.zeros_like(w, dtype=float)
    iterator = np.nditer(w, flags=["multi_index"])
    for _ in iterator:
        k = iterator.multi_index
        step = np.zeros_like(w)
        step[k] = eps
        grad[k] = 0.5 * (f(w + step) - f(w - step)) / eps
    return grad


EXERCISE = code(
    difficulty="medium",
    minutes=10,
    drills=("finite-differences",),
    probe=(probe_finite_difference, probe_odd_difference, probe_transposed_difference, probe_small_nudge),
    forbid=("autograd", "call:numpy.gradient"),
    misconceptions=(
        Misconception(
            "written-into-a-copy",
            "This is right for an array that lies in memory row after row; of a transposed one the gradient comes out as 0. `ravel` and `reshape` copy "
            "such an array, and what is written into a copy never arrives. `np.ndindex(*w.shape)` goes through the places of any array.",
            patch=(
                "    grad = np.zeros(w.shape)\n",
                "    grad = np.zeros(w.shape)\n    if not w.flags.c_contiguous:\n        return grad\n",
            ),
            hints=("When is what `ravel` returns a view of the array, and when a copy?",),
        ),
        Misconception(
            "divided-then-multiplied",
            "The change of f is divided by 2 and then *multiplied* by eps; divide by both.",
            patch=("(2 * eps)", "2 * eps"),
            cause="Python works from left to right: `2 * eps` needs brackets to be divided by.",
            evidence=seen("_ / 2 * eps"),
            other=("/ (2 * eps)", "* eps / 2"),
            hints=("Should the gradient of a straight line grow with eps? What does Python make of `a / 2 * b`?",),
        ),
        Misconception(
            "not-put-back",
            "The nudges pile up: an entry that was moved stays moved while the next one is measured.",
            patch=(
                ("    for index", "    up, down = w.copy(), w.copy()\n    for index"),
                ("        up, down = w.copy(), w.copy()\n", ""),
            ),
            hints=("Where does the entry before stand when the next one is nudged?",),
        ),
        Misconception(
            "left-below",
            "After each entry the array is left eps below where it started, so the next entries are measured in another place.",
            patch=(
                ("    for index", "    moved = w.copy()\n    for index"),
                (
                    "        up, down = w.copy(), w.copy()\n        up[index] += eps\n        down[index] -= eps\n        grad[index] = (f(up) - f(down)) / (2 * eps)",
                    "        moved[index] += eps\n        up = f(moved)\n        moved[index] -= 2 * eps\n        grad[index] = (up - f(moved)) / (2 * eps)",
                ),
            ),
            hints=("Where does the entry stand after you have measured it?",),
        ),
        Misconception(
            "backward-difference",
            "That is what f(w) and f(w - eps) give, a one-sided difference: its error shrinks with eps, that of the central difference with eps squared.",
            patch=("(f(up) - f(down)) / (2 * eps)", "(f(w) - f(down)) / eps"),
            hints=("On which two sides of w does the formula look?",),
        ),
        Misconception(
            "eps-ignored",
            "The result is that of a far smaller nudge than the `eps` that is handed in.",
            patch=("    grad = np", "    eps = 1e-5\n    grad = np"),
            hints=("Which eps does the caller ask for?",),
        ),
        Misconception(
            "one-sided",
            "That is what f(w + eps) and f(w) give, a one-sided difference: its error shrinks with eps, that of "
            "the central difference with eps squared.",
            patch=("(f(up) - f(down)) / (2 * eps)", "(f(up) - f(w)) / eps"),
            hints=("On which two sides of w does the formula look?",),
        ),
        Misconception(
            "one-array-for-both",
            "Everything is 0: f gives the same on both sides. Are they two names for one array, or is what was nudged not what f is given?",
            patch=("w.copy(), w.copy()", "[w.copy()] * 2"),
            hints=("What does `up = w` make: a new array, or a second name for the same one?",),
        ),
        Misconception(
            "half-the-nudge",
            "Each side is nudged by half of `eps`. The formula goes up by the whole of it and down by the whole of it.",
            patch=(("+= eps", "+= eps / 2"), ("-= eps", "-= eps / 2"), ("(2 * eps)", "eps")),
            hints=("How far apart are the two points of the formula?",),
        ),
        Misconception(
            "divided-by-eps",
            "Every entry is twice what it should be. The two points lie 2 eps apart, and that is what to divide by.",
            patch=("(2 * eps)", "eps"),
            hints=("How far apart are the two points that you compare?",),
        ),
        Misconception(
            "not-divided",
            "That is the change of f, not the change per nudge. Divide by how far apart the two points lie.",
            patch=(" / (2 * eps)", ""),
            hints=("A slope is a change divided by what?",),
        ),
        Misconception(
            "all-at-once",
            "All entries are nudged together. That measures the slope along one diagonal, not one number per entry.",
            patch=(("up[index] += eps", "up += eps"), ("down[index] -= eps", "down -= eps")),
            hints=("Which single entry belongs to `grad[index]`?",),
        ),
    ),
    alternatives=(difference_flat, difference_in_place, difference_nditer),
    equivalent_mutants={
        "grad = np.ones(w.shape)": "every entry is overwritten",
        "for index in np.ndindex(*grad.shape):": "grad has the shape of w",
    },
    hints=(
        "How much does f change if only `w[index]` moves?",
        "Copy w twice, move one entry of each copy, and compare f on both.",
        "`grad[index] = (f(up) - f(down)) / (2 * eps)` inside `for index in np.ndindex(*w.shape):`",
    ),
)
