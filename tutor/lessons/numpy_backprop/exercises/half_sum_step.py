"""A step on half the sum of squares: the half in the loss alone, twice or not at all, a weight used after its step."""

import numpy as np

from tutor.checking import Misconception, code
from tutor.checking.evidence import seen
from tutor.checking.space import Number
from tutor.lessons import two_layer_net

STEPS = 3


def three_steps(half_sum_step, x, y, w1, w2, learning_rate):
    """The losses of three steps, and the weights after them, where they lay before."""
    w1, w2 = w1.copy(), w2.copy()
    losses = [half_sum_step(x, y, w1, w2, learning_rate) for _ in range(STEPS)]
    return *losses, w1, w2


def step_at(x, y, w1, w2, learning_rate):
    h = x @ w1
    error = np.maximum(h, 0) @ w2 - y
    grad_w2 = np.maximum(h, 0).T @ error
    grad_w1 = x.T @ ((error @ w2.T) * (h > 0))
    w1 -= learning_rate * grad_w1
    w2 -= learning_rate * grad_w2
    return (error**2).sum() / 2


def step_with_half_the_rate(x, y, w1, w2, learning_rate):
    grads = two_layer_net.net_gradients_at(x, y, w1, w2)
    _, _, y_pred = two_layer_net.forward_at(x, w1, w2)
    for w, grad in zip((w1, w2), grads, strict=True):
        w[:] = w - learning_rate / 2 * grad
    return float(np.square(y_pred - y).sum()) / 2


def step_row_by_row(x, y, w1, w2, learning_rate):
    grad_w1, grad_w2 = two_layer_net.net_gradients_loop(x, y, w1, w2)
    loss = sum(0.5 * ((two_layer_net.forward_at(x, w1, w2)[2][i] - y[i]) ** 2).sum() for i in range(len(x)))
    np.subtract(w1, 0.5 * learning_rate * grad_w1, out=w1)
    np.subtract(w2, 0.5 * learning_rate * grad_w2, out=w2)
    return loss


EXERCISE = code(
    difficulty="medium",
    minutes=6,
    drills=("loss-factor", "two-layer-net"),
    space=two_layer_net.space_of_problems(learning_rate=Number((4e-3, 2e-3))),
    use=three_steps,
    outputs=("the first loss", "the second loss", "the third loss", "w1 after three steps", "w2 after three steps"),
    forbid=("autograd",),
    misconceptions=(
        Misconception(
            "half-in-the-loss-alone",
            "The loss is halved, but the steps are those of the whole sum, twice as long as they should be. Half the loss has "
            "half the gradient.",
            patch=("learning_rate * 0.5 * ", "learning_rate * "),
            hints=("What is the derivative of 0.5 * e²?",),
        ),
        Misconception(
            "half-in-the-gradient-alone",
            "The steps are right. The loss that you return is the whole sum; half of it is asked for.",
            patch=("return 0.5 * ", "return "),
            hints=("Which loss does the docstring name?",),
        ),
        Misconception(
            "no-half",
            "That is the step for the whole sum, and its loss. Both are twice what the half of it has.",
            patch=(("learning_rate * 0.5 * ", "learning_rate * "), ("return 0.5 * ", "return ")),
            hints=("Where does a factor in front of the loss turn up in its gradient?",),
        ),
        Misconception(
            "half-twice",
            "The steps are half as long as they should be. `two_layer_gradients` gives the gradients of the whole sum; one factor of 0.5 "
            "makes them those of the half.",
            patch=("learning_rate * 0.5 * ", "learning_rate * 0.25 * "),
            hints=("By which factor, all in all, is the gradient of the whole sum made smaller?",),
        ),
        Misconception(
            "not-in-place",
            "The caller's weights have not changed. They should be changed where they lie: `w -= …` or `w[:] = …` does that.",
            patch=(
                ("w1 -= learning_rate * 0.5 * grad_w1", "w1 = w1 - learning_rate * 0.5 * grad_w1"),
                ("w2 -= learning_rate * 0.5 * grad_w2", "w2 = w2 - learning_rate * 0.5 * grad_w2"),
            ),
            cause="`w = w - …` makes a new array and gives it the name.",
            evidence=seen("w1 = w1 - _", "w2 = w2 - _"),
            other=(("    w1 -=", "    w1.copy()[:] -="), ("    w2 -=", "    w2.copy()[:] -=")),
            hints=("Which arrays does the caller look at afterwards?",),
        ),
        Misconception(
            "mean-returned",
            "The steps are right, and the loss that you return is a mean. Half the sum is asked for.",
            patch=("return 0.5 * ((y_pred - y) ** 2).sum()", "return ((y_pred - y) ** 2).mean()"),
            hints=("Which loss does the docstring name?",),
        ),
        Misconception(
            "uphill",
            "The steps lead up: the gradient points to where the loss grows. They have to go against it.",
            patch=("-= learning_rate", "+= learning_rate"),
            hints=("Does your loss fall?",),
        ),
        Misconception(
            "loss-after-the-step",
            "The step is right, and the loss is the one after it. The loss before the step is asked for.",
            patch=(
                "return 0.5 * ((y_pred - y) ** 2).sum()",
                "return 0.5 * ((two_layer_forward(x, w1, w2)[2] - y) ** 2).sum()",
            ),
            hints=("With which weights is your loss computed?",),
        ),
    ),
    alternatives=(step_at, step_with_half_the_rate, step_row_by_row),
    hints=(
        "If a loss is halved, what happens to its gradient?",
        "Predict, take both gradients, halve them, and subtract them from the weights where they lie; return half the sum.",
        "`w1 -= learning_rate * 0.5 * grad_w1`, the same for `w2`, and `return 0.5 * ((y_pred - y) ** 2).sum()`",
    ),
)
