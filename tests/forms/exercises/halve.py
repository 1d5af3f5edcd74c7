"""A sum that stays in the graph, and is halved where it should be doubled."""

from tutor.checking import Misconception, repair

from ..shared import HINTS

EXERCISE = repair(
    difficulty="easy",
    minutes=2,
    probe=lambda d: (d.number(), d.number()),
    fault="It still returns the difference.",
    shown_by=("owner/repository#1",),
    misconceptions=(
        Misconception("half-of-one", "That halves one of the two.", patch=("return total / 2", "return a + b / 2")),
        Misconception("no-half", "That is the sum.", patch=("total / 2", "total")),
    ),
    hints=HINTS,
)
