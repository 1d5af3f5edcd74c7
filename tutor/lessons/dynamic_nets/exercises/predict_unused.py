"""What happens to a parameter that a step did not use: no gradient is neither 0 nor the old one."""

from tutor.checking import Misconception, value

EXERCISE = value(
    difficulty="easy",
    minutes=2,
    drills=("unused",),
    misconceptions=(
        Misconception(
            "unused-means-zero",
            "Mathematically the derivative is 0, but nobody computes it: `backward` visits what is in the graph, and `e` is "
            "not.",
            value="zero",
        ),
        Misconception(
            "old-gradient-stays",
            "It would stay if nobody had cleared it. `zero_grad()` did; what does it leave behind?",
            value="old",
        ),
    ),
    alternatives=(None,),
    hints=("What does `zero_grad()` leave in `.grad`, and does anything write there afterwards?",),
    explain="`zero_grad()` leaves `None`, and `backward` never comes to `e`, which is not in this graph.",
)
