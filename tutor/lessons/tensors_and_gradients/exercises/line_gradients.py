"""The gradients of a line's mean squared error by hand: factors lost, a sign turned, a sum for the mean."""

import numpy as np
import torch

from tutor.checking import FiniteDifference, Misconception, code
from tutor.checking.space import Array, Number, Space


def probe_one_point(d):
    """A single point."""
    return torch.tensor([-d.number(0.3, 0.6)]), d.tensor(1), d.number(0.5, 1.5), d.number(0.2, 0.9)


def mean_square(x, y, a, b):
    return float(np.mean((a + b * np.asarray(x) - np.asarray(y)) ** 2))


def gradients_by_sums(x, y, a, b):
    y_pred = a + b * x
    return 2 * (y_pred - y).sum() / len(x), 2 * ((y_pred - y) * x).sum() / len(x)


def gradients_by_dot(x, y, a, b):
    slope = (2 / x.numel()) * (b * x + a - y)
    return slope.sum(), slope @ x


def gradients_by_loop(x, y, a, b):
    grad_a = grad_b = 0.0
    for x_i, y_i in zip(x, y, strict=True):
        error = a + b * x_i - y_i
        grad_a = grad_a + 2 * error / x.shape[0]
        grad_b = grad_b + 2 * error * x_i / x.shape[0]
    return grad_a, grad_b


def gradients_by_matrix(x, y, a, b):
    columns = torch.stack([torch.ones_like(x), x])
    grads = 2 * columns @ (a + b * x - y) / x.size(0)
    return grads[0], grads[1]


EXERCISE = code(
    difficulty="medium",
    minutes=7,
    drills=("by-hand",),
    space=Space(
        {
            "x": Array("N", scales=("usual", "eight"), values=("distinct", "zeros"), tensor=True),
            "y": Array("N", scales=("usual", "eight"), values=("distinct", "zeros"), tensor=True),
            "a": Number((0.7, 0.0, -4.0)),
            "b": Number((-1.3, 3.0)),
        }
    ),
    probe=probe_one_point,
    outputs=("grad_a", "grad_b"),
    gradients={"grad_a": FiniteDifference(mean_square, wrt=2), "grad_b": FiniteDifference(mean_square, wrt=3)},
    forbid=("autograd",),
    misconceptions=(
        Misconception(
            "factor-two-lost",
            "Both gradients are half as large as they should be: the derivative of a square brings a factor 2.",
            patch=("2 * error", "error"),
            hints=("What is the derivative of $u^2$?",),
        ),
        Misconception(
            "inner-derivative-lost",
            "The gradient of `b` is that of `a`. The inside, a + b x, changes by x when b grows: each error is multiplied by its own x before the mean.",
            patch=("(2 * error * x).mean()", "(2 * error).mean()"),
            hints=("By how much does a + b x change when b grows by 1?",),
        ),
        Misconception(
            "sign-turned",
            "Both gradients have the wrong sign: they should point to where the loss grows. With the error as prediction minus target, a + b x - y, they do.",
            patch=("a + b * x - y", "y - a - b * x"),
            hints=("When the prediction is too high and a grows, does the loss rise or fall?",),
        ),
        Misconception(
            "sum-for-mean",
            "Both gradients are too large by the number of points: sums over them. The loss is a *mean*, so its gradient is one, too.",
            patch=(".mean()", ".sum()"),
            hints=("What happens to your gradient if every point stands there twice?",),
        ),
        Misconception(
            "mean-too-early",
            "The gradient of `b` is the mean of the errors times the mean of the x, and that is not the mean of their products. Multiply each error by its own x first.",
            patch=("(2 * error * x).mean()", "(2 * error).mean() * x.mean()"),
            hints=("Which belongs together: an error and its own x, or the means of both?",),
        ),
        Misconception(
            "not-averaged",
            "There is a number for each point. Take the mean, so that one number comes out for `a` and one for `b`.",
            patch=(".mean()", ""),
            hints=("How many numbers has the gradient of a single number?",),
        ),
        Misconception(
            "exchanged",
            "Both gradients are right and in the wrong order: first that of a, then that of b.",
            patch=("(2 * error).mean(), (2 * error * x).mean()", "(2 * error * x).mean(), (2 * error).mean()"),
            hints=("Which one does the docstring name first?",),
        ),
        Misconception(
            "squared",
            "The errors stand squared in both gradients. That is in the loss; its derivative has twice the error itself.",
            patch=("2 * error", "error**2"),
            hints=("What is the derivative of $u^2$?",),
        ),
    ),
    alternatives=(gradients_by_sums, gradients_by_dot, gradients_by_loop, gradients_by_matrix),
    hints=(
        "What does the loss have at each point, before the square is taken?",
        "Call that the error, a tensor of shape (N,). Both gradients are means of 2 times the error, one of them also times x.",
        "`error = a + b * x - y`, then `return (2 * error).mean(), (2 * error * x).mean()`.",
    ),
)
