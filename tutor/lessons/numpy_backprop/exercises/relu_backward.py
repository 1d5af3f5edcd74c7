"""The gradient on its way back through the ReLU: a gate left out, turned round, or read off the gradient."""

from functools import partial

import numpy as np

from tutor.checking import FiniteDifference, Misconception, code
from tutor.checking.space import Array, Space
from tutor.lessons import two_layer_net


def relu_by_where(grad_h_relu, h):
    return np.where(h >= 0, grad_h_relu, 0)


def relu_by_heaviside(grad_h_relu, h):
    return np.heaviside(h, 0.5) * grad_h_relu


EXERCISE = code(
    difficulty="medium",
    minutes=6,
    drills=("two-layer-net",),
    space=Space(
        {
            "grad_h_relu": Array(
                "N H", layouts=("contiguous", "transposed"), scales=("usual", "large"), values=("distinct", "zeros")
            ),
            "h": Array("N H", layouts=("contiguous", "transposed"), scales=("usual", "small", "large")),
        },
        sizes={"N": (1,), "H": (1,)},
    ),
    probe=partial(two_layer_net.probe_relu_at_the_kink, kind="array"),
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
            "The gradient comes out times the ReLU's output. The local derivative is 1 where `h` is positive, not `h` itself.",
            patch=("    grad_h[h < 0] = 0\n", "    grad_h *= np.maximum(h, 0)\n"),
            hints=("What is the slope of the ReLU at h = 3?",),
        ),
        Misconception(
            "times-h",
            "The gradient comes out times `h`. The local derivative of the ReLU is 1 or 0.",
            patch=("    grad_h[h < 0] = 0\n", "    grad_h *= h\n"),
            hints=("What is the slope of the ReLU at h = 3, and at h = -3?",),
        ),
        two_layer_net.mask_by_gradient(hint="Which array tells whether the ReLU let a value through?"),
        Misconception(
            "no-copy",
            "`grad_h_relu` itself has changed. It belongs to the caller, who may still need it: work on a copy.",
            wrap=two_layer_net.writes_into_the_gradient,
            hints=("What does `grad_h = grad_h_relu` do: a new array, or a second name for the same one?",),
        ),
        two_layer_net.MASK_INVERTED,
        two_layer_net.gradient_of_ones("grad_h = grad_h_relu.copy()", "grad_h = np.ones_like(grad_h_relu)"),
        two_layer_net.relu_of_h("grad_h_relu.copy()", "h.copy()"),
    ),
    alternatives=(two_layer_net.relu_by_product, relu_by_where, two_layer_net.relu_by_loop, relu_by_heaviside),
    equivalent_mutants={"grad_h[h <= 0] = 0": "at exactly 0 either value is a subgradient"},
    hints=(
        "If a small nudge to an entry of h does not change h_relu, what is the gradient there?",
        "Copy the gradient that arrives, then set some of its entries to zero.",
        "`grad_h[h < 0] = 0` on a copy of `grad_h_relu`.",
    ),
)
