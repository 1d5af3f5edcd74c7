"""`tutor quality`: the course's proof as a table, and its totals for the README."""

from __future__ import annotations

import multiprocessing
import os
import re
from concurrent.futures import ProcessPoolExecutor

from tutor.checking.proof import Proof, prove
from tutor.errors import TutorError
from tutor.lessons.registry import Lesson, exercises

START, END = "<!-- quality -->", "<!-- /quality -->"

HEAD = (
    "exercise",
    "misconceptions",
    "mutants",
    "silent",
    "killed",
    "narrowed",
    "refused",
    "alternatives",
    "check (ms)",
    "proof (s)",
)


def prove_all(lessons: list[Lesson], jobs: int = 1) -> list[Proof]:
    """Prove every exercise of the lessons, several processes at once where `jobs` is above 1."""
    identifiers = [identifier for lesson in lessons for identifier in lesson.exercises]
    if jobs < 2:
        return [_prove(identifier) for identifier in identifiers]
    # threads that wait by spinning take the other processes' cores
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        return list(pool.map(_prove, identifiers))


def _prove(identifier: str) -> Proof:
    return prove(exercises[identifier])


def stated(readme: str) -> str:
    """What a README says between the marks of the generated figures.

    Raises
    ------
    TutorError
        If the marks are not there.
    """
    found = re.search(f"{re.escape(START)}\n(.*){re.escape(END)}", readme, flags=re.DOTALL)
    if found is None:
        raise TutorError(f"There are no marks `{START}` and `{END}` to write the figures between.")
    return found.group(1).strip()


def with_totals(readme: str, proofs: list[Proof]) -> str:
    """The README with the totals of the proofs between the marks."""
    before = stated(readme)
    old = f"{START}\n{before}\n{END}" if before else f"{START}\n{END}"
    return readme.replace(old, f"{START}\n{totals(proofs)}\n{END}")


def table(proofs: list[Proof]) -> str:
    """The proofs as lines of text under a head."""
    rows = [
        (
            p.exercise,
            p.misconceptions,
            p.mutants,
            p.silent,
            p.killed,
            p.narrowed,
            p.refused,
            p.alternatives,
            f"{p.milliseconds:.1f}",
            f"{p.seconds:.1f}",
        )
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
    narrowed, refused = sum(p.narrowed for p in proofs), sum(p.refused for p in proofs)
    return (
        f"{len(proofs)} exercises; {sum(p.misconceptions for p in proofs):,} misconceptions, each told by its name; "
        f"{killed:,} of {silent:,} silent mutants rejected; {refused:,} of {narrowed:,} answers "
        f"that are right for usual inputs only rejected; {sum(p.alternatives for p in proofs)} right answers "
        "written differently, all accepted."
    )


def says(readme: str, proofs: list[Proof]) -> bool:
    """Whether a README states these totals."""
    return stated(readme) == totals(proofs)
