"""Exercises of lesson 00: the first function, the first prediction, and how to count right answers."""

import numpy as np
import torch

from tutor.checking import Misconception, code, value
from tutor.lessons.registry import About

ABOUT = About(
    minutes=20,
    items={
        "first-exercise": "how the notebooks work: a first exercise",
        "wrong-answer": "a wrong answer and its diagnosis",
        "hint-reset-progress": "a hint, a reset, the progress view",
        "environment": "the environment check (device, versions, data)",
        "map": "the PyTorch map: torch, autograd, nn, optim, compile/export",
        "fashion-mnist": "a small network recognises real FashionMNIST images before the reader's eyes",
    },
)


def probe_arrays(d):
    """Two NumPy arrays of one length."""
    (n,) = d.sizes(1, 4, 9)
    return d.array(n), d.array(n)


def probe_tensors(d):
    """Two tensors of one length."""
    (n,) = d.sizes(1, 4, 9)
    return d.tensor(n), d.tensor(n)


def probe_scores(d):
    """Scores of a few images, more than half of them with the highest score at the target."""
    n, classes = d.integer(11, 17), d.integer(3, 5)
    scores = d.tensor(n, classes)
    ranked = scores.argsort(dim=1, descending=True)
    targets = ranked[:, 0].clone()
    # wrong rows lie scattered between right ones, some with the second-best score and some with the lowest
    rows = 1 + torch.from_numpy(d.rng.permutation(n - 2)[: d.integer(4, n // 2)])
    targets[rows] = ranked[rows, 1]
    targets[rows[2:]] = ranked[rows[2:], -1]
    return scores, targets


def error_by_loop(y_pred, y):
    total = 0.0
    for one, other in zip(y_pred, y, strict=True):
        total += (one - other) * (one - other)
    return total


def error_by_dot(y_pred, y):
    return (y - y_pred).dot(y - y_pred)


def error_expanded(y_pred, y):
    return (y_pred * y_pred).sum() - 2 * (y_pred * y).sum() + (y * y).sum()


def error_in_numpy(y_pred, y):
    return np.square(np.asarray(y_pred) - np.asarray(y)).sum()


def accuracy_by_loop(scores, targets):
    right = 0
    for row, target in zip(scores, targets, strict=True):
        if int(row.argmax()) == int(target):
            right += 1
    return right / len(targets)


def accuracy_by_count(scores, targets):
    return (torch.max(scores, 1).indices == targets).sum().item() / scores.shape[0]


def accuracy_by_rank(scores, targets):
    own = scores.gather(1, targets[:, None])
    return ((scores > own).sum(dim=1) == 0).double().mean()


EXERCISES = {
    "squared_error": code(
        difficulty="easy",
        minutes=3,
        probe=(probe_arrays, probe_tensors),
        drills=("first-exercise", "wrong-answer", "hint-reset-progress"),
        misconceptions=(
            Misconception(
                "caret-for-power",
                "In Python `^` is not a power but a bitwise operation, and it is not defined for floats. A power is `**`.",
                patch=("** 2", "^ 2"),
                hints=("How does Python write a square?",),
            ),
            Misconception(
                "doubled-for-squared",
                "You double the differences. A square multiplies the difference by itself.",
                patch=("** 2", "* 2"),
                hints=("What is the square of 3, and what is 3 doubled?",),
            ),
            Misconception(
                "difference-of-squares",
                "You square first and subtract afterwards. The error is the difference; square that.",
                patch=("((y_pred - y) ** 2)", "(y_pred**2 - y**2)"),
                hints=("Which comes first, the difference or the square?",),
            ),
            Misconception(
                "brackets-missing",
                "Without brackets only `y` is squared: `**` binds tighter than `-`.",
                patch=("((y_pred - y) ** 2)", "(y_pred - y**2)"),
                hints=("What does Python work out first in `a - b ** 2`?",),
            ),
            Misconception(
                "square-missing",
                "The differences are added up without being squared, so positive and negative errors cancel.",
                patch=("((y_pred - y) ** 2).sum()", "(y_pred - y).sum()"),
                hints=("What happens to an error of +3 and one of -3 in a plain sum?",),
            ),
            Misconception(
                "mean-for-sum",
                "That is the mean of the squares: it is divided by the number of points. A sum is asked for.",
                patch=(".sum()", ".mean()"),
                hints=("What do you divide by, and who asked for it?",),
            ),
            Misconception(
                "sum-missing",
                "You return one squared error per point. Add them up to one number.",
                patch=(".sum()", ""),
                hints=("How many numbers should come out?",),
            ),
            Misconception(
                "square-of-the-sum",
                "You add up first and square afterwards. Then errors cancel before they are squared.",
                patch=("((y_pred - y) ** 2).sum()", "(y_pred - y).sum() ** 2"),
                hints=("Which comes first, the square or the sum?",),
            ),
            Misconception(
                "absolute-for-square",
                "You add up the sizes of the errors. Squared errors are asked for.",
                patch=("((y_pred - y) ** 2)", "abs(y_pred - y)"),
                hints=("Which power of the difference is asked for?",),
            ),
        ),
        alternatives=(error_by_loop, error_by_dot, error_expanded, error_in_numpy),
        hints=(
            "What would you do with pencil and paper for three points?",
            "Subtract, square with `** 2`, then add up with `.sum()`.",
            "`return ((y_pred - y) ** 2).sum()`",
        ),
    ),
    "chance": value(
        difficulty="easy",
        minutes=1,
        drills=("fashion-mnist",),
        misconceptions=(
            Misconception(
                "half-right", "Half right is the luck of a coin, with two sides. Here there are ten kinds.", value=500
            ),
            Misconception(
                "one-in-a-hundred", "That would be one in a hundred. There are ten kinds, so one in ten.", value=10
            ),
            Misconception(
                "fraction-for-count", "That is the fraction. How many of the 1,000 images is that?", value=0.1
            ),
            Misconception("none-right", "Even a blind guess is right now and then: in one case out of ten.", value=0),
        ),
        hints=("If you guess one of ten kinds blindly, how often are you right?",),
        explain="One in ten. A network that gets about 100 of 1,000 right has learned nothing.",
    ),
    "accuracy": code(
        difficulty="easy",
        minutes=4,
        probe=probe_scores,
        cases=5,
        drills=("fashion-mnist",),
        misconceptions=(
            Misconception(
                "mean-of-booleans",
                "A comparison gives True and False, and torch takes no mean of those. Turn them into numbers first.",
                patch=(".float()", ""),
                hints=("Which dtype does `==` give, and which has a mean?",),
            ),
            Misconception(
                "columns-for-rows",
                "You look for the highest score in each column. One image is one row, and its scores lie along dimension 1.",
                patch=("dim=1", "dim=0"),
                hints=("Along which dimension do the scores of one image lie?",),
            ),
            Misconception(
                "count-for-fraction",
                "That is how many are right, not which fraction. Divide by the number of rows.",
                patch=(".mean()", ".sum()"),
                hints=("Between which two numbers does a fraction lie?",),
            ),
            Misconception(
                "lowest-score",
                "You take the kind with the lowest score. The network's answer is the highest one.",
                patch=("argmax", "argmin"),
                hints=("Which score is the network's answer?",),
            ),
            Misconception(
                "wrong-ones-counted",
                "You count the wrong answers: yours is 1 minus the accuracy.",
                patch=("==", "!="),
                hints=("Is your number large when the network is good?",),
            ),
            Misconception(
                "per-image",
                "You return one 0 or 1 for each image. The mean of them is the fraction.",
                patch=(".mean()", ""),
                hints=("How many numbers should come out?",),
            ),
        ),
        alternatives=(accuracy_by_loop, accuracy_by_count, accuracy_by_rank),
        hints=(
            "For one row of scores, how do you tell whether the answer is right?",
            "Compare `scores.argmax(dim=1)` with `targets`, then take the mean of the hits.",
            "`return (scores.argmax(dim=1) == targets).float().mean()`",
        ),
    ),
}
