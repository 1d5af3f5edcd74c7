"""`tutor quality`: the course's proof as a table, and its totals for the README."""

from __future__ import annotations

import statistics

from tutor.checking.proof import Proof, prove
from tutor.lessons.registry import Lesson

HEAD = ("exercise", "misconceptions", "mutants", "silent", "killed", "alternatives", "check (ms)")


def prove_all(lessons: list[Lesson]) -> list[Proof]:
    """Prove every exercise of the lessons."""
    return [prove(exercise) for lesson in lessons for exercise in lesson.exercises.values()]


def table(proofs: list[Proof]) -> str:
    """The proofs as lines of text under a head."""
    rows = [
        (p.exercise, p.misconceptions, p.mutants, p.silent, p.killed, p.alternatives, f"{p.milliseconds:.1f}")
        for p in proofs
    ]
    width = max(len(p.exercise) for p in proofs)
    lines = [f"{HEAD[0]:<{width}}  " + "  ".join(HEAD[1:])]
    for row in rows:
        cells = (f"{cell:>{len(name)}}" for cell, name in zip(row[1:], HEAD[1:], strict=True))
        lines.append(f"{row[0]:<{width}}  " + "  ".join(cells))
    return "\n".join([*lines, "", totals(proofs)])


def totals(proofs: list[Proof]) -> str:
    """One sentence with the totals; it holds no times, so that it is the same on every machine."""
    silent, killed = sum(p.silent for p in proofs), sum(p.killed for p in proofs)
    return (
        f"{len(proofs)} exercises; {sum(p.misconceptions for p in proofs)} misconceptions, each told by its name; "
        f"{killed:,} of {silent:,} silent mutants rejected; {sum(p.alternatives for p in proofs)} right answers "
        "written differently, all accepted."
    )


def median_milliseconds(proofs: list[Proof]) -> float:
    """The median over all exercises of the median time of a check."""
    return statistics.median(p.milliseconds for p in proofs)
