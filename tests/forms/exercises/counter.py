"""A class."""

from tutor.checking import Misconception, code

from ..shared import HINTS

EXERCISE = code(
    difficulty="easy",
    minutes=1,
    probe=lambda d: (d.integer(1, 9),),
    use=lambda counter, start: (lambda c: [c(), c(), c()])(counter(start)),
    misconceptions=(Misconception("stuck", "It never counts on.", patch=("self.count += 1", "pass")),),
    hints=HINTS,
)
