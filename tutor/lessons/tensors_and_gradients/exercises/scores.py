"""A linear layer by hand: a transpose left out, `*` for `@`, a bias that is missing or in the wrong place."""

import torch

from tutor.checking import Misconception, code
from tutor.checking.space import Array, Space


def probe_one_example(d):
    """A single example, and as many classes as numbers: nothing but the order tells them apart."""
    (size,) = d.sizes(1, 3, 6)
    return d.tensor(1, size), d.tensor(size, size), d.tensor(size)


def scores_by_linear(x, weight, bias):
    return torch.nn.functional.linear(x, weight, bias)


def scores_by_broadcasting(x, weight, bias):
    return (x[:, None, :] * weight[None, :, :]).sum(dim=2) + bias


def scores_by_addmm(x, weight, bias):
    return torch.addmm(bias, x, weight.t())


def scores_by_columns(x, weight, bias):
    return torch.stack([x @ row + one for row, one in zip(weight, bias, strict=True)], dim=1)


EXERCISE = code(
    difficulty="easy",
    minutes=5,
    drills=("multiply",),
    space=Space(
        {
            "x": Array("N D", scales=("usual", "eight"), values=("distinct", "zeros"), tensor=True),
            "weight": Array("C D", scales=("usual", "eight"), tensor=True),
            "bias": Array("C", values=("distinct", "zeros"), tensor=True),
        },
        sizes={"N": (1,)},
    ),
    probe=probe_one_example,
    misconceptions=(
        Misconception(
            "not-transposed",
            "The rows of `x` meet the *columns* of `weight`, but the weights of a class stand in a row. Exchange rows and columns "
            "of `weight` first.",
            patch=("weight.T", "weight"),
            hints=("Which shape has to stand on the right of `@` so that D meets D?",),
        ),
        Misconception(
            "entry-by-entry",
            "This multiplies entry by entry, as `*` does, and adds nothing up. The matrix product is `@`.",
            patch=("x @ weight.T", "x * weight.T"),
            hints=("Which of the two products adds up over D?",),
        ),
        Misconception(
            "bias-forgotten",
            "The products are right; the bias is missing.",
            patch=(" + bias", ""),
            hints=("What belongs to every product besides, one for each class?",),
        ),
        Misconception(
            "classes-in-rows",
            "The numbers are right and lie on their side: the rows are the classes. The examples belong into the rows, as in `x`.",
            patch=("x @ weight.T + bias", "weight @ x.T + bias[:, None]"),
            hints=("Which shape does the docstring ask for, and which one is yours?",),
        ),
        Misconception(
            "bias-subtracted",
            "The bias is subtracted. It is added to the score.",
            patch=("+ bias", "- bias"),
            hints=("Should a larger bias make the score larger?",),
        ),
        Misconception(
            "bias-multiplied",
            "The bias multiplies the score. It is added.",
            patch=("+ bias", "* bias"),
            hints=("What should the score of an example of zeros be?",),
        ),
        Misconception(
            "added-up-over-classes",
            "One number came out for each example. Each of the C classes has a score of its own.",
            patch=("x @ weight.T + bias", "(x @ weight.T + bias).sum(dim=1)"),
            hints=("How many scores does one example have?",),
        ),
    ),
    alternatives=(scores_by_linear, scores_by_broadcasting, scores_by_addmm, scores_by_columns),
    hints=(
        "Which shapes have to stand on both sides of `@` so that the D numbers are multiplied and added up?",
        "`x` is (N, D); turn `weight` into (D, C). A bias of shape (C,) is added to every row by itself.",
        "`return x @ weight.T + bias`",
    ),
)
