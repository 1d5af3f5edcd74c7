"""A value."""

from tutor.checking import Misconception, value

from ..shared import HINTS

EXERCISE = value(
    difficulty="easy",
    minutes=1,
    misconceptions=(Misconception("turned", "Those are columns and rows.", value=(3, 2)),),
    hints=HINTS,
    explain="Two rows and three columns.",
)
