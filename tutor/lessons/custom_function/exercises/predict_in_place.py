"""The gradient when a tensor kept on ctx is changed in place: an attribute is no copy of the numbers."""

from tutor.checking import Misconception, value

EXERCISE = value(
    difficulty="medium",
    minutes=3,
    drills=("saving",),
    misconceptions=(
        Misconception(
            "as-if-nothing-happened",
            "6 is right for x = 3, and it is what backward would say if it had kept the *numbers*. What does "
            "`ctx.x` hold: the numbers, or the tensor whose numbers have changed?",
            value=6.0,
        ),
        Misconception(
            "noticed",
            "With `save_for_backward` there would be an error. Here the tensor is a plain attribute, and nobody "
            "looks after it.",
            value="error",
        ),
        Misconception(
            "noticed-by-its-name",
            "With `save_for_backward` there would be an error. Here the tensor is a plain attribute, and nobody "
            "looks after it.",
            value="RuntimeError",
        ),
        Misconception(
            "chain-through-the-change",
            "600 would count the factor 10 twice. `mul_` came after `y` was made, so it is not on the way from "
            "`x` to `y`.",
            value=600.0,
        ),
        Misconception("factor-two-lost", "Close: `ctx.x` holds 30 by now. Backward multiplies it by 2.", value=30.0),
        Misconception(
            "zero", "`y` still depends on `x`, and backward finds its way; only the number is off.", value=0.0
        ),
    ),
    hints=("`ctx.x` and `h` are two names for one tensor. What does it hold when backward runs?",),
    explain="Backward computes 2 · 30: the attribute is the very tensor that was multiplied by 10.",
)
