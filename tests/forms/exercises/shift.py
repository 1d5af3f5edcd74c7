"""A function."""

from tutor.checking import Misconception, code

from ..shared import HINTS

EXERCISE = code(
    difficulty="easy",
    minutes=1,
    probe=lambda d: (d.tensor(*d.sizes(2)), d.number()),
    misconceptions=(Misconception("minus", "That moves it the other way.", patch=("x + by", "x - by")),),
    hints=HINTS,
)
