"""A method filled into a class: the sum of two numbers."""

from tutor.checking import Misconception, code

from ..shared import HINTS

EXERCISE = code(
    difficulty="easy",
    minutes=1,
    probe=lambda d: (d.number(), d.number()),
    use=lambda number, a, b: (number(a) + number(b)).value,
    misconceptions=(Misconception("minus", "That is the difference.", patch=("+ other", "- other")),),
    hints=HINTS,
)
