"""The gradient of a parameter that several terms share, without autograd: terms lost, or averaged."""

from functools import partial

import numpy as np
import torch

from tutor.checking import FiniteDifference, Misconception, code
from tutor.checking.evidence import seen
from tutor.checking.space import Array, Space

from ..shared import ORDERS


def try_gradients(shared_gradient, x, grad_y_pred):
    """The gradient of e at each of the three orders."""
    return tuple(shared_gradient(x, grad_y_pred, order) for order in ORDERS)


def nudged_e(x, grad_y_pred, nudge, *, order):
    """What the loss gains, to first order, when e is nudged."""
    return float(sum((grad_y_pred * nudge * x**power).sum() for power in range(4, order + 1)))


SHARED_LOOP = """    grad_e = 0.0
    for power in range(4, order + 1):
        grad_e += (grad_y_pred * x**power).sum()
"""


def shared_by_dot(x, grad_y_pred, order):
    powers = {3: 0 * x, 4: x**4, 5: x**4 + x**5}[order]
    return torch.dot(grad_y_pred, powers)


def shared_by_points(x, grad_y_pred, order):
    total = 0.0
    for point, arriving in zip(x.tolist(), grad_y_pred.tolist(), strict=True):
        for power in (4, 5)[: order - 3]:
            total += arriving * point**power
    return total


def shared_in_numpy(x, grad_y_pred, order):
    matrix = np.stack([x.numpy().astype(float) ** power for power in range(4, 6)])
    return (matrix[: order - 3] @ grad_y_pred.numpy().astype(float)).sum()


EXERCISE = code(
    difficulty="easy",
    minutes=6,
    drills=("shared-gradients",),
    space=Space(
        {
            "x": Array("N", scales=("usual", "eight"), values=("distinct", "zeros"), tensor=True),
            "grad_y_pred": Array("N", scales=("usual", "eight"), values=("distinct", "zeros"), tensor=True),
        },
        sizes={"N": (1,)},
    ),
    use=try_gradients,
    outputs=tuple(f"grad_e at order {order}" for order in ORDERS),
    gradients={
        f"grad_e at order {order}": FiniteDifference(partial(nudged_e, order=order), wrt=None) for order in ORDERS
    },
    forbid=("autograd",),
    misconceptions=(
        Misconception(
            "last-one-wins",
            "At order 5 only x⁵ counts. There e stands in two terms, and the contributions of both add up.",
            patch=("grad_e += ", "grad_e = "),
            hints=("At order 5, what has become of the contribution of x⁴?",),
        ),
        Misconception(
            "first-one-only",
            "At order 5 the contribution of x⁵ is missing.",
            patch=("range(4, order + 1)", "range(4, min(order, 4) + 1)"),
            hints=("How many terms use e at order 5?",),
        ),
        Misconception(
            "range-ends-early",
            "The highest power is missing at every order: at order 4 the gradient should count x⁴, at order 5 also x⁵.",
            patch=("range(4, order + 1)", "range(4, order)"),
            cause="`range(4, order)` ends before `order`.",
            evidence=seen("range(4, order)"),
            other=(("range(4, order + 1)", "range(5, order + 1)"), ("x**power", "x ** (power - 1)")),
            hints=("Which powers of x does your code count at order 4?",),
        ),
        Misconception(
            "averaged",
            "The contributions of the two uses are averaged. They add up: a nudge to e moves both terms by its full size.",
            patch=("return grad_e", "return grad_e / max(order - 3, 1)"),
            hints=("If e grows by a little, does each term feel half of it or all of it?",),
        ),
        Misconception(
            "powers-multiplied",
            "The two powers are multiplied, to x⁹. Two terms stand beside each other in a sum, so their contributions add up.",
            patch=(
                SHARED_LOOP,
                "    grad_e = (grad_y_pred * x ** sum(range(4, order + 1))).sum() if order > 3 else 0.0\n",
            ),
            hints=("Is y_pred a sum of the two terms or their product?",),
        ),
        Misconception(
            "order-for-power",
            "One power counts at each order, the one that is called like it. At order 3 e is not used at all, so its gradient is 0; at order 5 it is used twice.",
            patch=(SHARED_LOOP, "    grad_e = (grad_y_pred * x**order).sum()\n"),
            hints=("Which terms with e does the formula have at order 3, and which at order 5?",),
        ),
        Misconception(
            "begins-at-three",
            "x³ is counted as well, but that term belongs to d. The first term with e has x⁴.",
            patch=("range(4, order + 1)", "range(3, order + 1)"),
            hints=("Which is the lowest power that e stands before?",),
        ),
        Misconception(
            "summed-apart",
            "The gradients and the powers are added up apart, and the sums multiplied. Each point multiplies its own two numbers first; then the points add up.",
            patch=("(grad_y_pred * x**power).sum()", "grad_y_pred.sum() * (x**power).sum()"),
            hints=("Which comes first, the product or the sum over the points?",),
        ),
        Misconception(
            "derivative-by-x",
            "That is made of the derivatives with respect to x (4x³, 5x⁴). Here e is what moves: the derivative of e x⁴ with respect to e is x⁴.",
            patch=("x**power", "power * x ** (power - 1)"),
            hints=("Which symbol moves when you nudge e?",),
        ),
        Misconception(
            "sum-over-points-missing",
            "There is one number per point. A nudge to e moves all predictions at once, so the contributions of the points add up as well.",
            patch=(").sum()", ")"),
            hints=("How many numbers is the gradient of e?",),
        ),
        Misconception(
            "gradient-not-weighed",
            "What arrives from the loss is missing: each power is to be multiplied by `grad_y_pred` before you add up.",
            patch=("(grad_y_pred * x**power)", "(x**power)"),
            hints=("What does the chain rule multiply a local derivative by?",),
        ),
    ),
    alternatives=(shared_by_dot, shared_by_points, shared_in_numpy),
    hints=(
        "If e stood in one term only, e x⁴, what would its gradient be?",
        "For each power from 4 to `order`, multiply by what arrives, add up over the points; then add the powers up.",
        "`for power in range(4, order + 1): grad_e += (grad_y_pred * x**power).sum()`",
    ),
)
