"""Judge an answer and say why it is wrong; this package knows no lesson, no notebook and no terminal."""

from tutor.checking.exercise import Exercise
from tutor.checking.judge import Difference, compare
from tutor.checking.probes import Draw
from tutor.checking.report import VERDICTS, Report
from tutor.checking.spec import FiniteDifference, Misconception, Spec, SpecError, code, value

__all__ = [
    "VERDICTS",
    "Difference",
    "Draw",
    "Exercise",
    "FiniteDifference",
    "Misconception",
    "Report",
    "Spec",
    "SpecError",
    "code",
    "compare",
    "value",
]
