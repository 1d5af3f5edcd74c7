"""What two backward passes leave in `.grad`: gradients add up."""

from tutor.checking import Misconception, value

EXERCISE = value(
    difficulty="easy",
    minutes=2,
    drills=("backward",),
    misconceptions=(
        Misconception(
            "overwritten",
            "12 is what one pass brings. The second does not overwrite it; it brings another 12.",
            value=12,
            hints=("Does `backward` put into `.grad`, or add to it?",),
        ),
        Misconception(
            "the-value",
            "Each pass brings 12, and two passes were made. (12 is also the value of z; that is not added to `.grad`.)",
            value=36,
            hints=("What does each pass bring?",),
        ),
        Misconception(
            "multiplied",
            "The passes are not chained: each starts from a new `z`. What they bring is added, not multiplied.",
            value=144,
            hints=("What is computed anew in each round of the loop?",),
        ),
        Misconception(
            "slope-at-one",
            "That is the slope at x = 1. Here x is 2.",
            value=6,
            hints=("The slope is 6 x. What is x?",),
        ),
        Misconception(
            "cleared",
            "Nothing in the loop clears a gradient.",
            value=0,
            hints=("Which line would make it 0?",),
        ),
    ),
    hints=("What does one pass leave in `x.grad`?", "6 times 2 is 12, and there were two passes."),
    explain="Each pass adds 6 · 2 = 12 to what is there already.",
)
