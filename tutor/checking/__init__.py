"""Judge an answer and say why it is wrong; this package knows no lesson, no notebook and no terminal."""

from tutor.checking.exercise import Exercise
from tutor.checking.judge import Difference, compare
from tutor.checking.probes import Draw, as_list
from tutor.checking.report import VERDICTS, Report
from tutor.checking.spec import (
    FiniteDifference,
    Misconception,
    Missed,
    Spec,
    SpecError,
    Wrong,
    code,
    program,
    repair,
    value,
)

__all__ = [
    "VERDICTS",
    "Difference",
    "Draw",
    "Exercise",
    "FiniteDifference",
    "Misconception",
    "Missed",
    "Report",
    "Spec",
    "SpecError",
    "Wrong",
    "as_list",
    "code",
    "compare",
    "program",
    "repair",
    "value",
]
