"""The gradient on its way back through the ReLU."""

import numpy as np

from tutor.checking import FiniteDifference, Misconception, code


def probe_relu(d):
    """A gradient and the ReLU's input, with both signs in each."""
    n, h = d.sizes(2, 3, 7)
    return d.array(n, h), d.array(n, h)


def probe_relu_at_the_kink(d):
    """The same with a 0 in `h`, where no gradient arrives: then every subgradient gives 0, and a division by `h` does not."""
    grad_h_relu, h = probe_relu(d)
    grad_h_relu[0, 1] = h[0, 1] = 0
    return grad_h_relu, h


def changes_input(reference):
    """ReLU's gradient without the copy."""

    def wrong(grad_h_relu, h):
        grad_h = grad_h_relu
        grad_h[h < 0] = 0
        return grad_h

    return wrong


def relu_by_product(grad_h_relu, h):
    return grad_h_relu * (h > 0)


def relu_by_where(grad_h_relu, h):
    return np.where(h >= 0, grad_h_relu, 0)


def relu_by_loop(grad_h_relu, h):
    out = np.zeros(h.shape)
    for i in range(h.shape[0]):
        for j in range(h.shape[1]):
            if h[i, j] > 0:
                out[i, j] = grad_h_relu[i, j]
    return out


def relu_by_heaviside(grad_h_relu, h):
    return np.heaviside(h, 0.5) * grad_h_relu


EXERCISE = code(
    difficulty="medium",
    minutes=6,
    drills=("two-layer-net",),
    probe=(probe_relu, probe_relu_at_the_kink),
    gradients={"": FiniteDifference(lambda g, h: float((g * np.maximum(h, 0)).sum()), wrt=1)},
    forbid=("autograd",),
    misconceptions=(
        Misconception(
            "no-gate",
            "Everything passes. Where `h` was negative the ReLU blocked it, and its gradient is zero.",
            patch=("    grad_h[h < 0] = 0\n", ""),
            hints=("What is the gradient where the ReLU blocked the entry?",),
        ),
        Misconception(
            "times-h-relu",
            "You multiply by the ReLU's output. The local derivative is 1 where `h` is positive, not `h` itself.",
            patch=("    grad_h[h < 0] = 0\n", "    grad_h *= np.maximum(h, 0)\n"),
            hints=("What is the slope of the ReLU at h = 3?",),
        ),
        Misconception(
            "times-h",
            "You multiply by `h`. The local derivative of the ReLU is 1 or 0.",
            patch=("    grad_h[h < 0] = 0\n", "    grad_h *= h\n"),
            hints=("What is the slope of the ReLU at h = 3, and at h = -3?",),
        ),
        Misconception(
            "mask-by-gradient",
            "You zero the entries where the *gradient* is negative. The gate is decided by `h`, the input of the "
            "ReLU; the sign of the gradient says nothing about it.",
            patch=("grad_h[h < 0]", "grad_h[grad_h < 0]"),
            hints=("Which array tells whether the ReLU let a value through?",),
        ),
        Misconception(
            "no-copy",
            "You write into `grad_h_relu` itself. It belongs to the caller, who may still need it: work on a copy.",
            wrap=changes_input,
            hints=("What does `grad_h = grad_h_relu` do: a new array, or a second name for the same one?",),
        ),
        Misconception(
            "mask-inverted",
            "The gate is upside down: you keep the gradient where `h` was negative and block it where it was positive.",
            patch=("h < 0", "h > 0"),
            hints=("Where h is positive, what does the ReLU do to it?",),
        ),
        Misconception(
            "gradient-of-ones",
            "You return the local derivative of the ReLU, 0 or 1. The chain rule multiplies it by what arrives.",
            patch=("grad_h = grad_h_relu.copy()", "grad_h = np.ones_like(grad_h_relu)"),
            hints=("What do you do with a local derivative once you have it?",),
        ),
        Misconception(
            "relu-of-h",
            "You return the ReLU of `h`, which is the forward pass. Backward, it is the gradient that goes through the gate.",
            patch=("grad_h_relu.copy()", "h.copy()"),
            hints=("What travels backwards: values or gradients?",),
        ),
    ),
    alternatives=(relu_by_product, relu_by_where, relu_by_loop, relu_by_heaviside),
    equivalent_mutants={"grad_h[h <= 0] = 0": "at exactly 0 either value is a subgradient"},
    hints=(
        "If a small nudge to an entry of h does not change h_relu, what is the gradient there?",
        "Copy the gradient that arrives, then set some of its entries to zero.",
        "`grad_h[h < 0] = 0` on a copy of `grad_h_relu`.",
    ),
)
