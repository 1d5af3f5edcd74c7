"""The gradients of the cubic's four coefficients: by x for by c, a mean or nothing for the sum."""

from functools import partial

import numpy as np

from tutor.checking import FiniteDifference, Misconception, code
from tutor.checking.space import Array, Space


def nudged_polynomial(x, grad_y_pred, nudge, *, power):
    """What the loss gains, to first order, when one coefficient is nudged."""
    return float((grad_y_pred * nudge * x**power).sum())


def gradients_by_dot(x, grad_y_pred):
    return tuple((x**k).dot(grad_y_pred) for k in range(4))


def gradients_by_loop(x, grad_y_pred):
    grads = [0.0, 0.0, 0.0, 0.0]
    for point, gradient in zip(x, grad_y_pred, strict=True):
        for k in range(4):
            grads[k] += gradient * point**k
    return grads


def gradients_by_matrix(x, grad_y_pred):
    return np.stack([np.ones_like(x), x, x * x, x * x * x]).astype(np.float64) @ grad_y_pred


EXERCISE = code(
    difficulty="medium",
    minutes=8,
    drills=("chain-rule", "sine-fit"),
    space=Space(
        {
            "x": Array("N", layouts=("contiguous", "strided"), scales=("usual", "eight"), values=("distinct", "zeros")),
            "grad_y_pred": Array("N", scales=("usual", "small", "large"), values=("distinct", "zeros")),
        },
        sizes={"N": (1,)},
    ),
    outputs=("grad_a", "grad_b", "grad_c", "grad_d"),
    gradients={
        f"grad_{name}": FiniteDifference(partial(nudged_polynomial, power=power)) for power, name in enumerate("abcd")
    },
    forbid=("autograd",),
    misconceptions=(
        Misconception(
            "reversed",
            "The four numbers are right, but they come in the opposite order: a, b, c, d is asked for.",
            patch=("return grad_a, grad_b, grad_c, grad_d", "return grad_d, grad_c, grad_b, grad_a"),
            hints=("In which order does the docstring name them?",),
        ),
        Misconception(
            "sum-missing",
            "One number comes out per point. Each coefficient moves all predictions at once, so its gradient is "
            "the sum of what all points contribute.",
            patch=(".sum()", ""),
            hints=("How many numbers is the gradient of one coefficient?",),
        ),
        Misconception(
            "mean-for-sum",
            "Those are means over the points. The loss is a sum, so the contributions add up and are not divided.",
            patch=(".sum()", ".mean()"),
            hints=("Is the loss a sum or a mean?",),
        ),
        Misconception(
            "derivative-by-x",
            "Those are derivatives with respect to `x` (1, 2x, 3x²). Here `x` is fixed and the coefficient is what "
            "moves: the derivative of c x² with respect to c is x².",
            patch=(
                ("grad_b = (grad_y_pred * x).sum()", "grad_b = grad_y_pred.sum()"),
                ("grad_c = (grad_y_pred * x**2).sum()", "grad_c = (grad_y_pred * 2 * x).sum()"),
                ("grad_d = (grad_y_pred * x**3).sum()", "grad_d = (grad_y_pred * 3 * x**2).sum()"),
            ),
            hints=("Which symbol moves when you nudge c: c or x?",),
        ),
        Misconception(
            "power-of-the-product",
            "What arrives is squared and cubed as well. Only `x` is: the gradient of a point goes into each sum once.",
            patch=(
                ("(grad_y_pred * x**2)", "((grad_y_pred * x) ** 2)"),
                ("(grad_y_pred * x**3)", "((grad_y_pred * x) ** 3)"),
            ),
            hints=("In c x², what is squared?",),
        ),
        Misconception(
            "sums-multiplied",
            "A sum of gradients is multiplied by a sum of powers. Each point's gradient goes with its own x: multiply first, add up after that.",
            patch=(
                ("(grad_y_pred * x)", "grad_y_pred.sum() * (x)"),
                ("(grad_y_pred * x**2)", "grad_y_pred.sum() * (x**2)"),
                ("(grad_y_pred * x**3)", "grad_y_pred.sum() * (x**3)"),
            ),
            hints=("What do two points contribute together, and what does your formula make of them?",),
        ),
        Misconception(
            "nothing-arrives",
            "Those are sums of the powers of x, as if the loss were the prediction itself. The chain rule multiplies each by the gradient that arrives at its point.",
            patch=(
                ("grad_y_pred.sum()", "len(x)"),
                ("grad_y_pred * x", "x"),
            ),
            hints=("Where does `grad_y_pred` come into grad_d?",),
        ),
        Misconception(
            "two-again",
            "All four are twice what they should be. The factor 2 is in `grad_y_pred` already: it came from the square in the loss.",
            patch=(("grad_a = grad_y_pred", "grad_a = 2 * grad_y_pred"), ("(grad_y_pred", "(2 * grad_y_pred")),
            hints=("Where does the factor 2 come from, and who has applied it?",),
        ),
    ),
    alternatives=(gradients_by_dot, gradients_by_loop, gradients_by_matrix),
    hints=(
        "If you nudge d by a little, how much does the prediction at one point x move?",
        "Multiply what arrives at each point by that local derivative, then add up over the points.",
        "`grad_d = (grad_y_pred * x**3).sum()`; the others are like it with a lower power.",
    ),
)
