"""What training does when `zero_grad` is forgotten: the sum of gradients swings, it does not only grow."""

from tutor.checking import Misconception, value

EXERCISE = value(
    difficulty="medium",
    minutes=3,
    drills=("zero-grad",),
    misconceptions=(
        Misconception(
            "larger-steps-faster",
            "The steps do become larger, but they do not stop at the optimum: there the sum of all gradients so far is at "
            "its largest.",
            value="faster",
        ),
        Misconception(
            "sum-grows-for-ever",
            "The sum does not grow for ever. Beyond the optimum the new gradients point back and take away from it again.",
            value="grows",
        ),
    ),
    hints=("When the weights reach the bottom, the newest gradient is zero. Is the sum of all of them zero as well?",),
    explain="The sum carries the weights past the bottom and up the other side, and back again. Next you see it.",
)
