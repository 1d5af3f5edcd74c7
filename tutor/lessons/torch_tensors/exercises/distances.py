"""Squared distances of all points to all others: pairs instead of all, sums over the wrong dimension."""

import torch

from tutor.checking import Misconception, code
from tutor.checking.space import Array, Space


def probe_one_point(d):
    """A single point of a single number, against one, two and three centres."""
    return d.tensor(1, 1), d.tensor(d.seed % 1000, 1)


def probe_as_many(d):
    """As many centres as points, so that a difference without a new dimension raises no error.

    Larger than those of the space, whose distinct sizes make the better example in a message.
    """
    n, dim = d.sizes(2, 6, 8)
    return d.tensor(n, dim), d.tensor(n, dim)


def distances_by_unsqueeze(x, y):
    return (x.unsqueeze(1) - y.unsqueeze(0)).square().sum(-1)


def distances_expanded(x, y):
    return (x * x).sum(1, keepdim=True) - 2 * x @ y.t() + (y * y).sum(1)


def distances_by_loop(x, y):
    out = torch.zeros(len(x), len(y))
    for n in range(len(x)):
        for m in range(len(y)):
            out[n, m] = ((x[n] - y[m]) ** 2).sum()
    return out


def distances_by_cdist(x, y):
    return torch.cdist(x, y) ** 2


EXERCISE = code(
    difficulty="medium",
    minutes=8,
    drills=("broadcasting",),
    space=Space(
        {
            "x": Array("N D", layouts=("contiguous", "transposed"), scales=("usual", "eight"), tensor=True),
            "y": Array("M D", scales=("usual", "eight"), values=("distinct", "zeros"), tensor=True),
        },
        sizes={"N": (1,), "M": (1,), "D": (1,)},
    ),
    probe=(probe_as_many, probe_one_point),
    misconceptions=(
        Misconception(
            "pairs-only",
            "Point 0 meets centre 0 alone, 1 meets 1, and so on. If there are as many of each that runs, and gives one "
            "number per pair; otherwise it stops. Every point has to meet every centre.",
            patch=(("x[:, None] - y[None, :]", "x - y"), ("sum(dim=2)", "sum(dim=1)")),
            hints=("Which shape should the differences have before you sum over D?",),
        ),
        Misconception(
            "transposed",
            "Your result is the transpose: rows belong to the points in `x`, columns to those in `y`.",
            patch=("x[:, None] - y[None, :]", "x[None, :] - y[:, None]"),
            hints=("Which of the two is stretched along the rows of the result?",),
        ),
        Misconception(
            "sum-before-square",
            "That is the square of the sum. In it differences of opposite sign cancel before "
            "they are squared: square each one first.",
            patch=("(difference**2).sum(dim=2)", "difference.sum(dim=2) ** 2"),
            hints=("Which comes first in the formula, the square or the sum?",),
        ),
        Misconception(
            "summed-over-the-centres",
            "The centres are summed over, and the coordinates are left: (N, D). The coordinates are the last dimension, and they are "
            "what should disappear.",
            patch=("sum(dim=2)", "sum(dim=1)"),
            hints=("Which of N, M and D stands at which place before the sum?",),
        ),
        Misconception(
            "square-root",
            "That is the distance. The *squared* distance is asked for, without the root.",
            patch=(".sum(dim=2)", ".sum(dim=2).sqrt()"),
            hints=("What does the formula do after the sum?",),
        ),
        Misconception(
            "mean-for-sum",
            "Those are means over the coordinates; the formula adds up.",
            patch=(".sum(dim=2)", ".mean(dim=2)"),
            hints=("Is there a division in the formula?",),
        ),
        Misconception(
            "absolute-for-square",
            "Those are sums of absolute differences. The formula squares them.",
            patch=("(difference**2)", "difference.abs()"),
            hints=("Which power stands in the formula?",),
        ),
        Misconception(
            "dot-products",
            "The shape is right, but those are dot products: large where points look the same way, not where they are far apart.",
            patch=("(difference**2).sum(dim=2)", "x @ y.t()"),
            hints=("What should the distance of a point to itself be?",),
        ),
    ),
    alternatives=(distances_by_unsqueeze, distances_expanded, distances_by_loop, distances_by_cdist),
    hints=(
        "Which three dimensions do you need before the sum?",
        "Give `x` the shape (N, 1, D) and `y` the shape (1, M, D); broadcasting does the rest.",
        "`difference = x[:, None] - y[None, :]`, then square and sum over `dim=2`.",
    ),
)
