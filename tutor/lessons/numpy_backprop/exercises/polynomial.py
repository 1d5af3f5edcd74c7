"""The cubic a + b x + c x² + d x³ over an array: powers of the wrong thing, coefficients reversed."""

import numpy as np

from tutor.checking import Misconception, code
from tutor.checking.space import Array, Number, Space
from tutor.lessons.numpy_mistakes import caret_for_power


def probe_one_point(d):
    """A single point."""
    return np.array([-d.number(0.7, 1.4)], dtype=np.float32), *(float(v) for v in d.array(4))


def polynomial_horner(x, a, b, c, d):
    return ((d * x + c) * x + b) * x + a


def polynomial_loop(x, a, b, c, d):
    out = []
    for value_of_x in x:
        out.append(a + b * value_of_x + c * value_of_x * value_of_x + d * value_of_x**3)
    return np.array(out)


def polynomial_matrix(x, a, b, c, d):
    return np.vander(x, 4, increasing=True) @ np.array([a, b, c, d])


EXERCISE = code(
    difficulty="easy",
    minutes=4,
    drills=("sine-fit",),
    space=Space(
        {
            "x": Array(
                "N",
                dtypes=("float32", "float64", "int64"),
                layouts=("contiguous", "strided"),
                scales=("usual", "eight"),
                values=("distinct", "zeros"),
            ),
            "a": Number((4.0, 0.0, -2.5)),
            "b": Number((-1.3, 3.5)),
            "c": Number((1.6, -0.7)),
            "d": Number((-0.4, 0.8)),
        }
    ),
    probe=probe_one_point,
    misconceptions=(
        Misconception(
            "power-of-the-product",
            "The coefficients are raised to the power as well. Only `x` is squared or cubed: `c * x**2`, not `(c * x)**2`.",
            patch=(("c * x**2", "(c * x) ** 2"), ("d * x**3", "(d * x) ** 3")),
            hints=("In c x², what does the 2 belong to?",),
        ),
        Misconception(
            "times-for-power",
            "`x` comes out times 2 and times 3. The model asks for its square and its cube.",
            patch=(("x**2", "x * 2"), ("x**3", "x * 3")),
            hints=("What is x to the power 3 for x = 2?",),
        ),
        Misconception(
            "square-missing",
            "The term with `c` has `x` itself; the model asks for the square of `x` there.",
            patch=("x**2", "x"),
            hints=("Which power of x belongs to c?",),
        ),
        caret_for_power(("x**2", "x ^ 2"), ("x**3", "x ^ 3"), hint="How does Python write x to the power 3?"),
        Misconception(
            "constant-missing",
            "The constant `a` is missing: at x = 0 the model should give `a`, yours gives 0.",
            patch=("a + ", ""),
            hints=("What should the model give at x = 0?",),
        ),
        Misconception(
            "coefficients-reversed",
            "The coefficients stand in the opposite order: `a` is the constant and `d` goes with the cube.",
            patch=("a + b * x + c * x**2 + d * x**3", "d + c * x + b * x**2 + a * x**3"),
            hints=("Which coefficient stands alone, without an x?",),
        ),
    ),
    alternatives=(polynomial_horner, polynomial_loop, polynomial_matrix),
    hints=(
        "If x were a single number, what would you type into a calculator?",
        "NumPy works on the whole array at once: `x**3` cubes every entry.",
        "`return a + b * x + …` and two more terms of the same kind.",
    ),
)
