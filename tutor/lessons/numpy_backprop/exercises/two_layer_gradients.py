"""Both weight gradients by hand: the gate's mistakes, h for h_relu, a factor of 2 or a sign lost."""

from functools import partial

import numpy as np

from tutor.checking import FiniteDifference, Misconception, code
from tutor.lessons import two_layer_net


def net_loss(x, y, w1, w2):
    """The loss whose gradients are asked for."""
    return float(((np.maximum(x @ w1, 0) @ w2 - y) ** 2).sum())


def net_gradients_einsum(x, y, w1, w2):
    h = np.einsum("nd,dh->nh", x, w1)
    on = (h > 0).astype(x.dtype)
    error = np.einsum("nh,ho->no", h * on, w2) - y
    grad_w2 = 2 * np.einsum("nh,no->ho", h * on, error)
    grad_w1 = 2 * np.einsum("nd,nh,no,ho->dh", x, on, error, w2)
    return [grad_w1, grad_w2]


EXERCISE = code(
    difficulty="hard",
    minutes=15,
    drills=("two-layer-net", "batched-shapes", "finite-differences"),
    space=two_layer_net.space_of_problems(),
    probe=partial(two_layer_net.probe_thin_gradients, kind="array"),
    outputs=("grad_w1", "grad_w2"),
    gradients={"grad_w1": FiniteDifference(net_loss, wrt=2), "grad_w2": FiniteDifference(net_loss, wrt=3)},
    forbid=("autograd",),
    misconceptions=(
        Misconception(
            "times-h-relu",
            "On the way back the gradient comes out times `h_relu`. The local derivative is 1 where `h` is positive, not `h` itself.",
            patch=("relu_backward(grad_h_relu, h)", "grad_h_relu * h_relu"),
            hints=("What is the slope of the ReLU at h = 3?",),
        ),
        Misconception(
            "gate-inverted",
            "The gate is upside down: the gradient passes where `h` was negative.",
            patch=("relu_backward(grad_h_relu, h)", "grad_h_relu * (h < 0)"),
            hints=("Where h is positive, what does the ReLU do to it?",),
        ),
        Misconception(
            "outputs-swapped",
            "Both gradients are right, but `grad_w1` is asked for first.",
            patch=("return grad_w1, grad_w2", "return grad_w2, grad_w1"),
            hints=("In which order does the docstring name them?",),
        ),
        Misconception(
            "no-gate",
            "Nothing is blocked on the way back through the ReLU. Is the gate missing, or does it test an array that has no negative entries left?",
            patch=("relu_backward(grad_h_relu, h)", "grad_h_relu"),
            hints=("Which array still has its negative entries, h or h_relu?",),
        ),
        Misconception(
            "mask-by-gradient",
            "The gate blocks where the gradient that arrives is negative. It has to block where `h` is.",
            patch=("relu_backward(grad_h_relu, h)", "relu_backward(grad_h_relu, grad_h_relu)"),
            hints=("Which array tells whether the ReLU let a value through?",),
        ),
        two_layer_net.h_for_h_relu("grad_w2 = h_relu.T", "grad_w2 = h.T", hint="Which array was multiplied by w2?"),
        two_layer_net.FACTOR_TWO_MISSING,
        two_layer_net.mean_over_batch("2.0 * (y_pred - y)", "2.0 * (y_pred - y) / y.size"),
        Misconception(
            "error-turned-round",
            "The sign is wrong in both: the derivative of (y_pred - y)² is 2 (y_pred - y), not 2 (y - y_pred).",
            patch=("(y_pred - y)", "(y - y_pred)"),
            hints=("With respect to which of the two do you take the derivative?",),
        ),
    ),
    alternatives=(two_layer_net.net_gradients_at, net_gradients_einsum, two_layer_net.net_gradients_loop),
    hints=(
        "Which forward line comes last, and what are the gradients of its two inputs?",
        "Go back line by line: loss, second product, ReLU, first product. The shapes tell you the transposes.",
        "`grad_w2 = h_relu.T.dot(grad_y_pred)`, `grad_h_relu = grad_y_pred.dot(w2.T)`, and then the gate.",
    ),
)
