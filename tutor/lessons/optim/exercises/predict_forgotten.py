"""Where is a weight after three steps without `zero_grad`?"""

from tutor.checking import Misconception, value

EXERCISE = value(
    difficulty="medium",
    minutes=3,
    drills=("zero-grad",),
    misconceptions=(
        Misconception(
            "stops-at-the-minimum",
            "At 0 the new gradient is 0, but what is subtracted is the *sum* of all gradients so far, and that is still 1.",
            value=0,
        ),
        Misconception(
            "sum-stays-as-it-is",
            "After two steps w is -1, and the gradient there is -1: it is added to the sum, which is 0 then.",
            value=-2,
        ),
        Misconception(
            "thrice-the-first-gradient",
            "The first step leads from 1 to 0: the sum is 1. Follow w, the gradient and the sum one step at a time.",
            value=-3,
        ),
        Misconception(
            "back-again",
            "It does come back to 1, but later. Follow w, the gradient and the sum one step at a time.",
            value=1,
        ),
    ),
    hints=(
        "After the first step w is 0. Which gradient is added there, and what is the sum then?",
        "Write down w, its gradient and the sum of all gradients so far, a line for each step.",
    ),
    explain="The sums are 1, 1 and 0, so w goes from 1 to 0, to -1, and stays there for one step, before it turns back.",
)
