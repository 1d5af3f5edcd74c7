"""What arrives at x past `detach`, `no_grad` and `inference_mode`: which cut, and which one fails."""

from tutor.checking import Misconception, value

EXERCISE = value(
    difficulty="medium",
    minutes=4,
    drills=("no-grad",),
    misconceptions=(
        Misconception(
            "not-cut",
            "27 is the slope of $x^3$. But in each way the history of `s` is not recorded, so for autograd `s` is a constant.",
            value=(27, 27, 27),
            hints=("Which `grad_fn` does `s` have?",),
        ),
        Misconception(
            "not-cut-but-error",
            "The error is right. But 27 is the slope of $x^3$, and after `detach` and under `no_grad` `s` is a constant.",
            value=(27, 27, "error"),
            hints=("Which `grad_fn` does `s` have?",),
        ),
        Misconception(
            "detach-still-connected",
            "`detach` cuts as well: its result has the same numbers and no history, so the first way gives 9 too.",
            value=(27, 9, "error"),
            hints=("Which `grad_fn` does `(x * x).detach()` have?",),
        ),
        Misconception(
            "inference-is-no-grad",
            "The two 9s are right. `inference_mode` is stricter than `no_grad`: its results may not be saved for a backward pass.",
            value=(9, 9, 9),
            hints=("What does `s * x` have to save in order to find the gradient of x?",),
        ),
        Misconception(
            "no-grad-fails",
            "`s` has no history, but `s * x` is computed *after* the block, and `x` asks for a gradient. So it is recorded, with the constant 9 as a factor.",
            value=(9, "error", "error"),
            hints=("Does `y` have a `grad_fn` if `s` was made under `no_grad`?",),
        ),
        Misconception(
            "no-grad-still-connected",
            "`no_grad` cuts as well: what is computed in the block is not recorded, so the second way gives 9 too.",
            value=(9, 27, "error"),
            hints=("Which `grad_fn` does `s` have if it was made under `no_grad`?",),
        ),
        Misconception(
            "another-word",
            'You mean the right thing. Write it as the word that was asked for: `"error"`.',
            value=(9, 9, "RuntimeError"),
        ),
        Misconception(
            "all-gradient-gone",
            "`s` is cut off, but `x` also stands in `y = s * x` itself, and that is recorded. The slope of $9x$ is not 0.",
            value=(0, 0, "error"),
            hints=("If `s` is the constant 9, what is the slope of `y = s * x`?",),
        ),
        Misconception(
            "everything-fails",
            "An error comes only where nothing is recorded at all, or where something may not be saved. `s * x` is recorded in the first two ways, because `x` asks for it.",
            value=("error", "error", "error"),
            hints=("Does `y` have a `grad_fn` in the first way?",),
        ),
    ),
    hints=(
        "For autograd, what is `s` after each of the three ways: a function of x, or a constant?",
        "With s = 9 as a constant: the slope of 9 x. And which of the three may never be saved for a backward pass?",
        "Two numbers that are equal, and one error.",
    ),
    explain="Cut off, s is a constant 9, so y = 9 x has the slope 9. An inference tensor may not be saved for backward at all.",
)
