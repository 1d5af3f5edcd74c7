"""Predictions of shape (N, 1) and targets of shape (N,), whose difference is a table of N rows and N columns."""

import torch

from tutor.checking import Misconception, repair
from tutor.checking.space import Array, Several, Space


def probe_exact(d):
    """Weights that are right, among others."""
    n, width = d.sizes(2, 3, 8)
    x, w = d.tensor(n, width), d.tensor(width, 1)
    return x, x @ w[:, 0], [w, 2 * w]


def probe_least(d):
    """Two examples with one input, and a single candidate."""
    return d.tensor(2, 1), d.tensor(2), [d.tensor(1, 1)]


def scores_by_columns(x, y, candidates):
    target = y[:, None]
    spread = target.var(correction=0)
    return torch.stack([1 - ((x @ w - target) ** 2).mean() / spread for w in candidates])


def scores_at_once(x, y, candidates):
    residuals = x @ torch.cat(candidates, dim=1) - y.unsqueeze(1)
    return 1 - residuals.square().mean(0) / (y - y.mean()).square().mean()


def scores_by_sums(x, y, candidates):
    found = []
    for w in candidates:
        residual = (x @ w).flatten() - y
        found.append(1 - residual @ residual / ((y - y.mean()) ** 2).sum())
    return torch.stack(found)


LINES = "        predicted = (x @ w).squeeze(1)\n        residual = predicted - y"

EXERCISE = repair(
    difficulty="easy",
    minutes=5,
    drills=("mistakes",),
    fault="Every prediction is still compared with every target: (N, 1) minus (N,) is a table of shape (N, N).",
    shown_by=("pytorch/pytorch#16045", "pytorch/pytorch#19699"),
    space=Space(
        {
            "x": Array("N D", layouts=("contiguous", "transposed"), tensor=True),
            "y": Array("N", scales=("usual", "eight"), values=("distinct", "zeros"), tensor=True),
            "candidates": Several(Array("D 1", values=("distinct", "zeros"), tensor=True), counts=(3, 1, 2)),
        },
        sizes={"D": (1,)},
    ),
    probe=(probe_exact, probe_least),
    misconceptions=(
        Misconception(
            "table-averaged",
            "Each prediction is compared with the *mean* of the targets, not with its own target. Is it an average over the table of shape (N, N), which mixes all targets?",
            patch=(LINES, "        predicted = x @ w\n        residual = (predicted - y).mean(1)"),
            hints=("Which of the N * N differences do you want, and where do they stand?",),
        ),
        Misconception(
            "one-row-of-the-table",
            "All N residuals are those of the first prediction, held against every target. Is one row of the table of shape (N, N) taken for all of it?",
            patch=(LINES, "        predicted = x @ w\n        residual = (predicted - y)[0]"),
            hints=("What does a row of the table hold, what a column?",),
        ),
        Misconception(
            "table-scaled",
            "Every prediction is still compared with every target. There are N times N differences, and only the count by which their sum is divided is another one, N.",
            patch=(
                (LINES, "        predicted = x @ w\n        residual = predicted - y"),
                ("(residual**2).mean()", "(residual**2).sum() / len(y)"),
            ),
            hints=("What is the shape of `residual`?",),
        ),
    ),
    alternatives=(scores_by_columns, scores_at_once, scores_by_sums),
    equivalent_narrowed={"right for more than one example only": "there are at least two examples"},
    hints=(
        "What is `residual.shape`, and what should it be?",
        "Two shapes are lined up from the right: which size of `y` meets the 1 of `x @ w`?",
        "`predicted = (x @ w).squeeze(1)`",
    ),
)
