"""What arrives at x past `detach`, `no_grad` and `inference_mode`: which cut, and which one fails."""

from tutor.checking import Misconception, value

NO_HISTORY = "But the history of `s` is recorded in none of the three, so for autograd `s` is a constant."
WHICH_HISTORY = ("Which `grad_fn` does `s` have?",)

EXERCISE = value(
    difficulty="medium",
    minutes=4,
    drills=("no-grad",),
    misconceptions=(
        Misconception("not-cut", f"8 is the slope of $x^2 + 2x$. {NO_HISTORY}", value=(8, 8, 8), hints=WHICH_HISTORY),
        Misconception(
            "not-cut-but-error",
            f"8 is the slope of $x^2 + 2x$. {NO_HISTORY} And what may not be saved does no harm here: a sum saves nothing.",
            value=(8, 8, "error"),
            hints=WHICH_HISTORY,
        ),
        Misconception(
            "detach-still-connected",
            "`detach` cuts as well: its result has the same numbers and no history, so the first way gives 2 too.",
            value=(8, 2, 2),
            hints=("Which `grad_fn` does `(x * x).detach()` have?",),
        ),
        Misconception(
            "sum-saves-its-terms",
            "The two 2s are right. What is made in `inference_mode` may not be *saved*, and a sum saves nothing: its slope is 1, whatever "
            "its terms are.",
            value=(2, 2, "error"),
            hints=("What does the way back of a sum have to know of its terms?",),
        ),
        Misconception(
            "no-grad-fails",
            "`s` has no history, but `s + 2 * x` is computed *after* the block, and `x` asks for a gradient. So it is recorded, with a constant in it.",
            value=(2, "error", "error"),
            hints=("Does `y` have a `grad_fn` if `s` was made under `no_grad`?",),
        ),
        Misconception(
            "no-grad-still-connected",
            "`no_grad` cuts as well: what is computed in the block is not recorded, so the second way gives 2 too.",
            value=(2, 8, 2),
            hints=("Which `grad_fn` does `s` have if it was made under `no_grad`?",),
        ),
        Misconception(
            "all-gradient-gone",
            "`s` is cut off, but `x` also stands in `y = s + 2 * x` itself, and that is recorded. The slope of $9 + 2x$ is not 0.",
            value=(0, 0, 0),
            hints=("If `s` is the constant 9, what is the slope of `y = s + 2 * x`?",),
        ),
        Misconception(
            "everything-fails",
            "An error comes only where nothing is recorded at all, or where something may not be saved. `s + 2 * x` is recorded, "
            "because `x` asks for it, and saves nothing of `s`.",
            value=("error", "error", "error"),
            hints=("Does `y` have a `grad_fn` in the first way?",),
        ),
    ),
    hints=(
        "For autograd, what is `s` after each of the three ways: a function of x, or a constant?",
        "With s = 9 as a constant: the slope of 9 + 2 x. And does a sum have to save its terms for the way back?",
        "Three equal numbers.",
    ),
    explain="Cut off, s is a constant 9, so y = 9 + 2 x has the slope 2. A sum saves nothing, so `inference_mode` does no harm here.",
)
