"""What does a leaf's gradient hold after a second sweep, which began in the middle of the graph?"""

from tutor.checking import Misconception, value

EXERCISE = value(
    difficulty="medium",
    minutes=3,
    drills=("accumulation",),
    misconceptions=(
        Misconception(
            "swept-from-y-again",
            "That would be two sweeps from y. The second begins at the square: what does a nudge of x do to the square alone?",
            value=14,
        ),
        Misconception(
            "leaf-begins-afresh",
            "That is what the second sweep brings. A leaf *adds* it to what it holds already.",
            value=6,
        ),
        Misconception(
            "first-sweep-alone",
            "That is the gradient after the first sweep. The second, from the square, brings x a contribution as well.",
            value=7,
        ),
        Misconception(
            "leftovers-flow-again",
            "That would be so if the square still passed on the 1 that the first sweep left with it. The tensor that a sweep "
            "begins with gets the gradient 1, whatever it held before.",
            value=19,
        ),
    ),
    hints=(
        "Which gradient does x get from a sweep that begins at the square, $x \\cdot x$?",
        "Is x a leaf? Does a leaf begin a sweep with zeros?",
    ),
    explain="The first sweep leaves 7 at x. The second brings 2 x = 6, the slope of the square, and a leaf adds it up.",
)
