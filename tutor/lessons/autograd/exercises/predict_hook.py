"""The gradient that arrives at a leaf when a hook changes it on the way: other ways never pass the hook."""

from tutor.checking import Misconception, value

EXERCISE = value(
    difficulty="medium",
    minutes=3,
    drills=("hooks",),
    misconceptions=(
        Misconception(
            "only-looks",
            "That is the gradient without the hook. A hook that returns something replaces the gradient by it.",
            value=19,
            hints=("What does this hook return?",),
        ),
        Misconception(
            "everything-doubled",
            "The hook is on `h`. The contribution that reaches `x` from `+ x` never passes through `h`, so it is not doubled.",
            value=38,
            hints=("Which of the two ways from y to x leads through h?",),
        ),
        Misconception(
            "hook-for-each-use",
            "A hook is called once, with the sum of both contributions of `h * h`. It doubles once, not twice.",
            value=73,
            hints=("How often is a tensor's hook called in one backward pass?",),
        ),
        Misconception(
            "other-way-forgotten",
            "36 comes through `h`. There is a second way from `y` to `x`.",
            value=36,
            hints=("Where else does `x` stand in `y`?",),
        ),
        Misconception(
            "gradient-of-h",
            "12 is what leaves the hook at `h`. It still has to pass through `h = 3 * x`, and `+ x` adds its own part.",
            value=12,
            hints=("What does the product `3 * x` do with a gradient of 12?",),
        ),
        Misconception(
            "factor-three-forgotten",
            "12 leaves the hook, and 1 comes from `+ x`. But on the way from `h` to `x` the gradient passes through `3 * x`.",
            value=13,
            hints=("What is the derivative of `h` with respect to `x`?",),
        ),
    ),
    hints=(
        "Which gradient arrives at h, and what does the hook make of it?",
        "There are two ways from y to x: through h, and directly. Only one passes the hook.",
        "Through h: 2 times 6, then times 3. Directly: 1.",
    ),
    explain="At h arrives 2 h = 6, the hook makes it 12, and 3 x takes it to 36. The 1 comes along the other way, past the hook.",
)
