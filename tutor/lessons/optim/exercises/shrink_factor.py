"""By which factor a step with momentum multiplies the distance from the minimum."""

import cmath
import math

import numpy as np

from tutor.checking import Misconception, code
from tutor.checking.evidence import seen
from tutor.checking.space import Number, Space


def probe_swinging(d):
    """A complex pair."""
    momentum = d.number(0.5, 0.9)
    curvature = d.number(2, 9)
    return curvature, (1 + d.number(-0.4, 0.4) * momentum) / curvature, momentum


def probe_creeping(d):
    """A flat direction: two real solutions, both positive."""
    curvature = d.number(0.1, 0.9)
    return curvature, d.number(0.06, 0.18) / curvature, d.number(0.2, 0.3)


def probe_too_fast(d):
    """A rate beyond the largest: two real solutions, both negative."""
    curvature, momentum = d.number(2, 9), d.number(0.1, 0.9)
    return curvature, (2 * (1 + momentum) + d.number(0.1, 1)) / curvature, momentum


def factor_by_cases(curvature, lr, momentum):
    middle = abs(1 + momentum - lr * curvature)
    if middle**2 < 4 * momentum:
        return math.sqrt(momentum)
    return (middle + math.sqrt(middle**2 - 4 * momentum)) / 2


def factor_by_eigenvalues(curvature, lr, momentum):
    step = np.array([[1 - lr * curvature, -lr * momentum], [curvature, momentum]])  # of the distance and the velocity
    return np.abs(np.linalg.eigvals(step)).max()


def factor_by_roots(curvature, lr, momentum):
    return max(abs(z) for z in np.roots([1, lr * curvature - momentum - 1, momentum]))


def factor_through_the_product(curvature, lr, momentum):
    half = (1 + momentum - lr * curvature) / 2
    root = cmath.sqrt(half * half - momentum)
    z = half + root if half > 0 else half - root
    return max(abs(z), momentum / abs(z))


LARGER = "return max(abs(middle + root), abs(middle - root)) / 2"

EXERCISE = code(
    difficulty="medium",
    minutes=7,
    drills=("momentum", "loss-surface"),
    space=Space(
        {"curvature": Number((4.0, 0.1, 12.0)), "lr": Number((0.3, 0.02)), "momentum": Number((0.6, 0.0, 1.0))}
    ),
    probe=(probe_swinging, probe_creeping, probe_too_fast),
    misconceptions=(
        Misconception(
            "no-momentum-in-it",
            "That is the factor without momentum, |1 - lr · curvature|. With momentum it is the larger solution of the quadratic equation.",
            patch=(LARGER, "return abs(1 - lr * curvature)"),
            hints=("Where does your answer depend on the momentum?",),
        ),
        Misconception(
            "smaller-solution",
            "That is the smaller of the two sizes. The other one shrinks more slowly, so it is what is left in the long run.",
            patch=("max(", "min("),
            hints=("Which of 0.5 to the power of t and 0.9 to the power of t is left after many steps?",),
        ),
        Misconception(
            "first-solution-only",
            "Right where the solution with the plus is the larger. At a high rate the bracket is negative, and then it is the one with the minus.",
            patch=(LARGER, "return abs(middle + root) / 2"),
            hints=("Which of -3 + 1 and -3 - 1 has the larger size?",),
        ),
        Misconception(
            "real-root",
            "`math.sqrt` refuses negative numbers. Where the weight swings the number under the root is negative: `cmath.sqrt` takes it.",
            patch=("cmath.sqrt", "math.sqrt"),
            hints=("What does `cmath.sqrt(-4)` give?",),
        ),
        Misconception(
            "imaginary-part-left-out",
            "Where the number under the root is negative your factor is half of the bracket: only the real part of z. The size of a complex number holds both parts; `abs(z)` knows it.",
            patch=("abs(middle + root), abs(middle - root)", "abs((middle + root).real), abs((middle - root).real)"),
            cause="`.real` throws the other part away.",
            evidence=seen("_.real"),
            other=("cmath.sqrt(middle**2 - 4 * momentum)", "cmath.sqrt(max(middle**2 - 4 * momentum, 0))"),
            hints=("What is `abs(3 + 4j)`?",),
        ),
        Misconception(
            "swinging-only",
            "Your factor is √μ whatever the rate. That is so where the number under the root is negative; elsewhere both solutions are real, and the larger is above √μ.",
            patch=(LARGER, "return math.sqrt(momentum)"),
            hints=("What is your factor for a rate of almost zero, and what should it be?",),
        ),
        Misconception(
            "size-of-a-real-z-forgotten",
            "Right where the weight swings. Where both solutions are real and negative, yours is the one with the plus, and negative: a factor is a size, `abs(z)`, and the larger one is that of the minus.",
            patch=(LARGER, "return abs(middle + root) / 2 if root.imag else (middle + root).real / 2"),
            hints=("At a high rate the bracket is negative. Which of the two solutions has the larger size then?",),
        ),
        Misconception(
            "no-size",
            "The larger solution itself comes back, a complex number. The factor is its size: `abs(z)`.",
            patch=(LARGER, "return max(middle + root, middle - root, key=abs) / 2"),
            hints=("What is `abs(3 + 4j)`?",),
        ),
        Misconception(
            "root-alone-halved",
            "The bracket is not halved, the root is: the whole sum of both is divided by 2.",
            patch=(LARGER, "return max(abs(middle + root / 2), abs(middle - root / 2))"),
            hints=("Over what does the line of the fraction reach?",),
        ),
        Misconception(
            "not-halved",
            "The whole formula is divided by 2; yours is twice as large.",
            patch=(" / 2", ""),
            hints=("What stands below the line in the formula for z?",),
        ),
        Misconception(
            "rate-added",
            "The bracket is 1 + momentum *minus* rate times curvature: a step goes against the gradient.",
            patch=("momentum - lr", "momentum + lr"),
            hints=("Which sign has the gradient in the formula for the next distance?",),
        ),
        Misconception(
            "four-missing",
            "Under the root stands the square of the bracket minus *four* times the momentum.",
            patch=("4 * momentum", "momentum"),
            hints=("How does one solve $z^2 - p z + q = 0$?",),
        ),
    ),
    alternatives=(factor_by_cases, factor_by_eigenvalues, factor_by_roots, factor_through_the_product),
    equivalent_mutants={
        "return max(abs(middle - root), abs(middle + root)) / 2": "the larger of two is the same in either order"
    },
    hints=(
        "Which number stands in place of p in $z^2 - p z + \\mu = 0$?",
        "Both solutions differ in the sign of the root only; take the larger `abs`.",
        "`root = cmath.sqrt(middle**2 - 4 * momentum)` with `middle = 1 + momentum - lr * curvature`, then the larger of `abs(middle + root)` and `abs(middle - root)`, halved.",
    ),
)
