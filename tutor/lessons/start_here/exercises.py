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
    """Scores of a few images, about half of them with the highest score at the target."""
    n, classes = d.integer(6, 9), d.integer(3, 5)
    scores = d.tensor(n, classes)
    targets = scores.argmax(dim=1)
    wrong = torch.arange(n) >= n // 2 + d.integer(0, 1)
    # the targets of the wrong rows are the lowest scores, which is what a confused argmin would pick
    targets[wrong] = scores.argmin(dim=1)[wrong]
    targets[-1] = (scores[-1].argmax() + scores[-1].argmin()).remainder(classes)
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
