"""Which shape the gradient of the first weight has: that of the weight, not of a batch or its transpose."""

from tutor.checking import Misconception, value

EXERCISE = value(
    difficulty="easy",
    minutes=2,
    drills=("batched-shapes",),
    misconceptions=(
        Misconception(
            "one-per-example",
            "That is the shape of `h`, one row per example. The gradient of a weight is summed over the batch: the batch size does not appear.",
            value=(64, 100),
        ),
        Misconception(
            "transposed-weight",
            "Those are the right sizes in the wrong order: a gradient has exactly the shape of the weight it belongs to.",
            value=(100, 1000),
        ),
        Misconception(
            "shape-of-the-other-weight",
            "That is the shape of `w2`. The gradient of `w1` has the shape of `w1`.",
            value=(100, 10),
        ),
        Misconception(
            "shape-of-the-output",
            "That is the shape of `y_pred`. The gradient of `w1` has the shape of `w1`.",
            value=(64, 10),
        ),
        Misconception(
            "shape-of-the-input",
            "That is the shape of `x`. The gradient of `w1` has the shape of `w1`.",
            value=(64, 1000),
        ),
    ),
    hints=("What is the shape of `w1` itself?",),
    explain="A gradient has the shape of what it belongs to: one number for every weight.",
)
