"""The sum of squared differences, the first exercise of all: squared too late, too early or not at all."""

import numpy as np

from tutor.checking import Misconception, code
from tutor.checking.evidence import seen
from tutor.checking.space import Array, Space
from tutor.lessons.numpy_mistakes import caret_for_power


def probe_tensors(d):
    """Two tensors of one length."""
    (n,) = d.sizes(1, 4, 9)
    return d.tensor(n), d.tensor(n)


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


EXERCISE = code(
    difficulty="easy",
    minutes=3,
    drills=("first-exercise", "wrong-answer", "hint-reset-progress"),
    space=Space(
        {
            "y_pred": Array(
                "N", dtypes=("float32", "float64"), scales=("usual", "eight"), values=("distinct", "zeros")
            ),
            "y": Array("N", dtypes=("float32", "float64"), values=("distinct", "ties")),
        },
        sizes={"N": (1,)},
    ),
    probe=probe_tensors,
    misconceptions=(
        caret_for_power("** 2", "^ 2", hint="How does Python write a square?"),
        Misconception(
            "doubled-for-squared",
            "The differences come out doubled. A square multiplies each by itself.",
            patch=("** 2", "* 2"),
            hints=("What is the square of 3, and what is 3 doubled?",),
        ),
        Misconception(
            "difference-of-squares",
            "That is a difference of squares. The error is the difference; square that.",
            patch=("((y_pred - y) ** 2)", "(y_pred**2 - y**2)"),
            hints=("Which comes first, the difference or the square?",),
        ),
        Misconception(
            "brackets-missing",
            "Only `y` comes out squared. The difference should be: subtract first, in brackets, then square.",
            patch=("((y_pred - y) ** 2)", "(y_pred - y**2)"),
            cause="Without brackets `**` comes before `-`.",
            evidence=seen("_ - _**2"),
            other=("((y_pred - y) ** 2).sum()", "y_pred.sum() - (y * y).sum()"),
            hints=("Of what should the square be taken, and what does Python work out first in `a - b ** 2`?",),
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
            "That is the square of the sum. In it errors cancel before they are squared: square each one first.",
            patch=("((y_pred - y) ** 2).sum()", "(y_pred - y).sum() ** 2"),
            hints=("Which comes first, the square or the sum?",),
        ),
        Misconception(
            "absolute-for-square",
            "Those are the sizes of the errors, added up. Squared errors are asked for.",
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
)
