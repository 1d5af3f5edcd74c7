"""By how much does a step with momentum move a parameter that it did not use?"""

from tutor.checking import Misconception, value

EXERCISE = value(
    difficulty="medium",
    minutes=2,
    drills=("unused",),
    misconceptions=(
        Misconception(
            "velocity-carries-on",
            "That would be so with a gradient of zero: nine tenths of the velocity would be left. But the gradient is `None`, and "
            "what does an optimiser do with such a parameter?",
            value=-0.45,
        ),
        Misconception(
            "same-gradient-again",
            "That is how far the first step went. `zero_grad()` has cleared the gradient that it went along, and a velocity alone would lose a tenth.",
            value=-0.5,
        ),
        Misconception(
            "old-gradient-and-velocity",
            "That would be so if the old gradient were still there and were added to the velocity. `zero_grad()` has cleared it.",
            value=-0.95,
        ),
    ),
    hints=(
        "What is `model.e.grad` after the second backward pass?",
        "What did notebook 08 say that an optimiser does with a parameter whose gradient is `None`?",
    ),
    explain="The gradient of e is `None`, so the optimiser skips it, velocity and all.",
)
