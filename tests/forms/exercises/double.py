"""A second method of the same class: twice the number."""

from tutor.checking import Misconception, code

from ..shared import HINTS

EXERCISE = code(
    difficulty="easy",
    minutes=1,
    probe=lambda d: (d.number(),),
    use=lambda number, a: number(a).double().value,
    misconceptions=(Misconception("itself", "That is the number itself.", patch=("self + self", "self")),),
    hints=HINTS,
)
