"""What gradient descent does when the learning rate is too large: it is not simply faster."""

from tutor.checking import Misconception, value

EXERCISE = value(
    difficulty="easy",
    minutes=2,
    drills=("learning-rate",),
    misconceptions=(
        Misconception(
            "twice-the-rate-twice-as-fast",
            "A larger step is faster only as long as it does not overshoot the valley. Here it lands higher on the "
            "other side each time.",
            value="faster",
        ),
        Misconception(
            "slower-at-larger-rate",
            "A larger rate takes larger steps; it does not make progress slower by itself. The danger is another one.",
            value="slower",
        ),
    ),
    hints=("What happens if a step is so long that it lands on the other side of the valley, higher up?",),
    explain="Each step overshoots the valley by more than the last one. The next cells show it, and why.",
)
