"""A parameter that is computed from a leaf, and so is none itself: its gradient is never kept."""

import torch

from tutor.checking import Misconception, repair
from tutor.checking.space import Array, Number, Space


def probe_float64(d):
    """Inputs and targets in float64, to which the weights have to fit."""
    n, m = d.sizes(2)
    return d.tensor(n, m).double(), d.tensor(n).double(), 0.4, 0.1, 5


def fit_from_full(x, y, scale, rate, steps):
    w = torch.full((x.shape[1],), scale, dtype=x.dtype, requires_grad=True)
    for _ in range(steps):
        (grad,) = torch.autograd.grad((x @ w - y).square().mean(), w)
        w.data.sub_(rate * grad)
    return w.data


def fit_by_hand(x, y, scale, rate, steps):
    w = torch.full((x.shape[1],), scale, dtype=x.dtype)
    for _ in range(steps):
        w = w - rate * 2 / len(x) * x.T @ (x @ w - y)
    return w


def fit_of_new_leaves(x, y, scale, rate, steps):
    w = scale * torch.ones(x.shape[1], dtype=x.dtype)
    for _ in range(steps):
        w = w.detach().requires_grad_()
        ((x @ w - y) ** 2).mean().backward()
        w = w - rate * w.grad
    return w.detach()


RIGHT = "(scale * torch.ones(x.shape[1], dtype=x.dtype)).requires_grad_()"
BROKEN = "scale * torch.ones(x.shape[1], dtype=x.dtype, requires_grad=True)"

EXERCISE = repair(
    difficulty="easy",
    minutes=6,
    drills=("training",),
    fault="`w.grad` is None still. `backward` keeps gradients in leaves alone, and what is computed from a tensor that requires a gradient is no leaf.",
    shown_by=("pytorch/pytorch#140469", "pytorch/pytorch#10065"),
    space=Space(  # the start is never 1, and the rates converge
        {
            "x": Array("N D", values=("distinct", "zeros"), layouts=("contiguous", "transposed"), tensor=True),
            "y": Array("N", scales=("usual", "eight"), tensor=True),
            "scale": Number((2.5, 0.0, -40.0)),
            "rate": Number((0.1, 0.06)),
            "steps": Number((6, 4)),
        },
        {"N": (1,), "D": (1,)},
    ),
    probe=probe_float64,
    precise=True,
    misconceptions=(
        Misconception(
            "still-computed",
            "It stops at the second `backward` now: `w` still is computed from another tensor, and the first `backward` has freed that computation. A guard around the step leads there, after which nothing moves, and so does `retain_grad()`, after which one step is made; both keep the cause.",
            patch=(
                (RIGHT, BROKEN),
                (
                    "            w -= rate * w.grad",
                    "            if w.grad is not None:\n                w -= rate * w.grad",
                ),
            ),
            hints=("Which line makes `w`, and from what? What does `w.is_leaf` say after it?",),
        ),
        Misconception(
            "scale-lost",
            "The fit runs, and begins at 1 instead of `scale`.",
            patch=(RIGHT, "torch.ones(x.shape[1], dtype=x.dtype, requires_grad=True)"),
            hints=("What is `w` before the first step?",),
        ),
        Misconception(
            "dtype-lost",
            "Right in float32; where x and y are float64 it stops, because torch refuses a product of two dtypes. Is `w` made in the dtype of `x`, as it was in the program that you mend?",
            patch=(RIGHT, "(scale * torch.ones(x.shape[1])).requires_grad_()"),
            hints=("Which dtype has `torch.ones(3)`, and which has `x`?",),
        ),
        Misconception(
            "float32-inside",
            "Right in float32; where x and y are float64, the weights have the digits of float32 alone, about 7 in place of 15. Are x and y turned into float32 to fit `w`? It is `w` that has to fit: make it in the dtype of `x`.",
            patch=(RIGHT, "(scale * torch.ones(x.shape[1])).requires_grad_()\n    x, y = x.float(), y.float()"),
            hints=("Which dtype has `torch.ones(3)`, and which has `x`?",),
        ),
        Misconception(
            "scaled-on-the-way",
            "The fit begins where it should, and its steps have another length. Is the leaf a tensor that is multiplied by `scale` in every step? Then the descent is in that tensor, and what comes of a step is multiplied by `scale` twice. The weights themselves have to be the leaf.",
            patch=(
                (RIGHT, "torch.ones(x.shape[1], dtype=x.dtype, requires_grad=True)"),
                ("x @ w - y", "x @ (scale * w) - y"),
                ("w.detach()", "(scale * w).detach()"),
            ),
            hints=("With respect to which tensor is the gradient that you step along?",),
        ),
        Misconception(
            "never-cleared",
            "The first step is right and the later ones are too long: they go along the sum of all gradients so far.",
            patch=("        w.grad = None\n", ""),
            hints=("What does `backward` do where there is a gradient already?",),
        ),
    ),
    alternatives=(fit_from_full, fit_by_hand, fit_of_new_leaves),
    equivalent_mutants={
        "w = (scale / torch.ones(x.shape[1], dtype=x.dtype)).requires_grad_()": "dividing by one is multiplying by it",
        "w = (scale * torch.ones(x.shape[1], dtype=y.dtype)).requires_grad_()": "inputs and targets have one dtype",
        "return w": "the values are the same",
    },
    hints=(
        "What does `w.is_leaf` say, right after the first line?",
        "First compute where `w` begins, then ask for its gradient.",
        "`w = (scale * torch.ones(...)).requires_grad_()`",
    ),
)
