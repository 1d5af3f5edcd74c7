"""Batch normalisation, forward and backward, with every intermediate."""

import torch

from tutor.checking import FiniteDifference, Misconception, code
from tutor.checking.space import Array, Number, Space

FORWARD = ("mean", "centred", "squared", "variance", "spread", "inverse", "normed", "scaled", "y")
BACKWARD = (
    *("grad_beta", "grad_gamma", "grad_normed", "grad_inverse", "grad_spread"),
    *("grad_variance", "grad_squared", "grad_centred", "grad_mean", "grad_x"),
)


def probe_far_from_zero(d):
    """A batch whose columns lie far from 0 and differ in spread."""
    n, columns = d.sizes(2, 3, 7)
    x, gamma, beta = d.tensor(n, columns) * torch.linspace(0.5, 3, columns) + 5, d.tensor(columns), d.tensor(columns)
    return x, gamma, beta, d.number(0.1, 0.5), d.tensor(n, columns)


def loss(x, gamma, beta, eps, grad_y):
    """What arrives is the gradient of this with respect to y."""
    centred = x - x.mean(dim=0)
    return float((grad_y * (gamma * centred / torch.sqrt((centred**2).mean(dim=0) + eps) + beta)).sum())


def by_einsum(x, gamma, beta, eps, grad_y):
    n = x.shape[0]
    variance, mean = torch.var_mean(x, dim=0, unbiased=False)
    centred, ones = x.sub(mean), torch.ones(n, dtype=x.dtype)
    inverse = (variance + eps).rsqrt()
    normed = torch.einsum("nd,d->nd", centred, inverse)
    forward = [mean, centred, centred * centred, variance, (variance + eps).sqrt(), inverse, normed, gamma * normed]
    g_normed = torch.einsum("nd,d->nd", grad_y, gamma)
    g_inverse = torch.einsum("nd,nd->d", g_normed, centred)
    g_spread = -g_inverse / (variance + eps)
    g_variance = g_spread / (2 * (variance + eps).sqrt())
    g_squared = torch.outer(ones, g_variance) / n
    g_centred = g_normed * inverse + g_squared * centred * 2
    g_mean = -(ones @ g_centred)
    back = [ones @ grad_y, torch.einsum("nd,nd->d", grad_y, normed), g_normed, g_inverse, g_spread]
    return *forward, gamma * normed + beta, *back, g_variance, g_squared, g_centred, g_mean, g_centred + g_mean / n


def one_column(x, gamma, beta, eps, grad_y):
    n = len(x)
    mean = x.sum() / n
    centred = x - mean
    variance = centred.dot(centred) / n
    spread = torch.sqrt(variance + eps)
    normed = centred / spread
    back_normed = gamma * grad_y
    back_inverse = back_normed.dot(centred)
    back_variance = -back_inverse / (2 * spread**3)
    back_centred = back_normed / spread + 2 * back_variance * centred / n
    there = mean, centred, centred.square(), variance, spread, spread.reciprocal(), normed, gamma * normed
    back = grad_y.sum(), grad_y.dot(normed), back_normed, back_inverse, -back_inverse / spread**2, back_variance
    last = (back_variance / n).repeat(n), back_centred, -back_centred.sum(), back_centred - back_centred.mean()
    return *there, beta + gamma * normed, *back, *last


def column_by_column(x, gamma, beta, eps, grad_y):
    columns = [one_column(x[:, k], gamma[k], beta[k], eps, grad_y[:, k]) for k in range(x.shape[1])]
    return [torch.stack(parts, dim=-1) for parts in zip(*columns, strict=True)]


def by_the_short_formula(x, gamma, beta, eps, grad_y):
    *steps, grad_mean, _ = by_einsum(x, gamma, beta, eps, grad_y)
    inverse, normed, g = steps[5], steps[6], gamma * grad_y
    return *steps, grad_mean, inverse * (g - g.mean(dim=0) - normed * (g * normed).mean(dim=0))


AS_LARGE = ("grad_y", "centred", "squared", "normed", "scaled", "y", "grad_normed")
SAME_SHAPE = dict.fromkeys(
    (
        *(f"grad_squared = (grad_variance / len({t})).expand_as(x)" for t in AS_LARGE),
        *(f"grad_squared = (grad_variance / len(x)).expand_as({t})" for t in AS_LARGE),
        *(f"grad_x = grad_centred + grad_mean / len({t})" for t in (*AS_LARGE, "grad_squared", "grad_centred")),
    ),
    "all of them have the shape of x",
)


def wrong(name, message, old, new, hint):
    return Misconception(name, message, patch=(old, new), hints=(hint,))


EXERCISE = code(
    difficulty="hard",
    minutes=25,
    drills=("batch-norm",),
    space=Space(
        {
            "x": Array("N D", scales=("usual", "eight"), values=("distinct", "ties", "equal"), tensor=True),
            "gamma": Array("D", values=("distinct", "zeros"), tensor=True),
            "beta": Array("D", scales=("usual", "large"), tensor=True),
            "eps": Number((0.3, 0.05)),
            "grad_y": Array("N D", scales=("usual", "small"), tensor=True),
        },
        {"N": (1,), "D": (1,)},
    ),
    probe=probe_far_from_zero,
    outputs=(*FORWARD, *BACKWARD),
    gradients={f"grad_{name}": FiniteDifference(loss, wrt=k) for k, name in enumerate(("x", "gamma", "beta"))},
    cases=2,
    forbid=("autograd",),
    misconceptions=(
        wrong(
            "divided-by-one-less",
            "The variance is divided by N - 1, as for an estimate from a sample (and as `var` does unless told otherwise). Here "
            "it is the mean of the squares: divided by N.",
            "squared.mean(dim=0)",
            "squared.sum(dim=0) / (len(x) - 1)",
            "By what does the formula divide the sum of the squares?",
        ),
        wrong(
            "eps-outside-the-root",
            "The epsilon is added to the root. It stands under it, with the variance.",
            "(variance + eps).sqrt()",
            "variance.sqrt() + eps",
            "Over what does the root sign reach?",
        ),
        wrong(
            "shift-not-gathered",
            "`grad_beta` has a row for every row of the batch. `beta` was stretched over the rows, so what arrives is summed over them.",
            "grad_y.sum(dim=0)",
            "grad_y",
            "Which shape has `beta`, and which its gradient?",
        ),
        wrong(
            "averaged-over-the-batch",
            "`grad_beta` is a mean over the rows. What was stretched over the rows gathers a *sum*: every row moves the loss.",
            "grad_y.sum(dim=0)",
            "grad_y.mean(dim=0)",
            "If beta moves by a little, how many rows of y move?",
        ),
        wrong(
            "scale-forgotten",
            "`grad_normed` is what arrived, unchanged. On the way there `normed` was multiplied by `gamma`, so on the way back the gradient is, too.",
            "grad_normed = grad_y * gamma",
            "grad_normed = grad_y",
            "By how much does `scaled` move if `normed` moves by 1?",
        ),
        wrong(
            "sign-of-the-reciprocal",
            "The slope of 1 / spread is *minus* 1 / spread squared: a larger spread makes a smaller inverse.",
            "grad_spread = -grad_inverse",
            "grad_spread = grad_inverse",
            "Does 1 / s grow or shrink when s grows?",
        ),
        wrong(
            "half-of-the-root",
            "The slope of a root is 1 / (2 root). The 2 is missing.",
            "grad_spread * inverse / 2",
            "grad_spread * inverse",
            "What is the derivative of $\\sqrt{v}$?",
        ),
        wrong(
            "share-of-a-mean",
            "`grad_squared` hands all of `grad_variance` to every row. The variance is a *mean* over the rows: each has the share 1 / N.",
            "(grad_variance / len(x)).expand_as(x)",
            "grad_variance.expand_as(x)",
            "By how much does a mean of N numbers move if one of them moves by 1?",
        ),
        wrong(
            "one-use-of-centred",
            "`grad_centred` holds what comes back through `normed` alone. `centred` is used a second time, by `squared`: add that contribution.",
            " + 2 * centred * grad_squared",
            "",
            "Which two of the nine steps read `centred`?",
        ),
        wrong(
            "slope-of-a-square",
            "The slope of a square is 2 times the number. The 2 is missing.",
            "2 * centred * grad_squared",
            "centred * grad_squared",
            "What is the derivative of $c^2$?",
        ),
        wrong(
            "sign-of-the-mean",
            "`mean` is *subtracted* from every row, so its gradient is minus the sum of what arrives there.",
            "grad_mean = -grad_centred",
            "grad_mean = grad_centred",
            "Does `centred` grow or shrink when `mean` grows?",
        ),
        wrong(
            "mean-taken-for-a-constant",
            "`grad_x` is what comes back through `centred` alone. `mean` was made from `x` as well, and hands back to each row its share of `grad_mean`.",
            " + grad_mean / len(x)",
            "",
            "Which two of the nine steps read `x`?",
        ),
    ),
    alternatives=(by_einsum, column_by_column, by_the_short_formula),
    equivalent_mutants=SAME_SHAPE,
    hints=(
        "Which step made this tensor, and which steps read it? One contribution comes back from each step that reads it.",
        "What has the shape (D,) and was stretched gathers a sum over `dim=0`; a mean hands 1 / N of what arrives to every row.",
        "The two with two contributions: `grad_centred = grad_normed * inverse + 2 * centred * grad_squared` and `grad_x = grad_centred + grad_mean / len(x)`.",
    ),
)
