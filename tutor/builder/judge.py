"""`tutor check`: judge a reader's notebook in a kernel of its own that can be killed, and report every exercise."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections import Counter
from collections.abc import Container, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tutor.builder import notebooks
from tutor.builder.lanes import read_report
from tutor.errors import TutorError
from tutor.lessons.registry import Lesson, find_lesson
from tutor.lessons.text import exercise_id

CELL_SECONDS = 120  # as in the lanes: a cell that starts processes took 60 s on a machine with 20 others waiting


@dataclass(frozen=True)
class Row:
    """The verdict on one exercise; `verdict` may also be "missing" (its cell is gone).

    A file that is no notebook of the series has one row, of no exercise, with the verdict "unreadable".
    """

    notebook: str
    exercise: str
    verdict: str
    misconception: str | None
    message: str


@dataclass(frozen=True)
class Judged:
    """All verdicts on a notebook, and what else went wrong in it."""

    path: str
    rows: tuple[Row, ...]
    notes: tuple[str, ...]

    @property
    def unreadable(self) -> bool:
        """Whether the file could not be judged at all."""
        return any(row.verdict == "unreadable" for row in self.rows)

    def as_dict(self) -> dict[str, Any]:
        """As plain data for JSON."""
        return asdict(self)


def judge(path: Path, *, cell_seconds: float = CELL_SECONDS) -> Judged:
    """Run a reader's notebook and collect the verdicts.

    A cell that ends its kernel, or does not end at all, costs only itself: the notebook is run again with our solution
    in that exercise's place, or without that cell. It runs in an empty folder and never touches the reader's files by
    accident; this is no wall against malice (the documentation says how to isolate it).

    Raises
    ------
    TutorError
        If the file is not a notebook of the series.
    """
    notebook = notebooks.read_notebook(path)
    lesson = lesson_of(path, notebook)
    fatal: dict[str, str] = {}  # exercise -> why the kernel had to be given up
    left_out: dict[int, str] = {}  # the same for other cells, by their place
    while True:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            stopped, errors = _execute(notebook, Path(folder), fatal, left_out, cell_seconds)
            reports = read_report(Path(folder) / "report.jsonl")
        if stopped is None:
            break
        identifier, index, message = stopped
        if identifier is None or identifier in fatal:
            left_out[index] = f"cell {index + 1} was left out: {message}"
        else:
            fatal[identifier] = message
    notes = (*_notes(lesson, notebook), *left_out.values(), *errors)
    return Judged(str(path), tuple(_rows(path, lesson, notebook, reports, fatal)), notes)


def unreadable(path: Path, why: str) -> Judged:
    """What stands in a table for a file that could not be judged, so that nobody's work is missing from it."""
    return Judged(str(path), (Row(str(path), "", "unreadable", None, why),), ())


def lesson_of(path: Path, notebook: dict[str, Any]) -> Lesson:
    """The lesson that a notebook belongs to, from its metadata or else its name."""
    name = notebook.get("metadata", {}).get("tutor", {}).get("lesson")
    try:
        return find_lesson(name or path.name)
    except TutorError as error:
        raise TutorError(f"{path} belongs to no lesson. {error}") from None


def _execute(
    notebook: dict[str, Any], folder: Path, fatal: dict[str, str], left_out: Container[int], cell_seconds: float
) -> tuple[tuple[str | None, int, str] | None, list[str]]:
    """Run the cells; return (exercise, cell, why) where a kernel was given up, and the errors of other cells."""
    import nbformat
    from nbclient.exceptions import CellTimeoutError, DeadKernelError

    from tutor.builder import kernel

    made = nbformat.reads(notebooks.as_bytes({**notebook, "nbformat": 4, "nbformat_minor": 5}).decode(), as_version=4)
    home = folder / "home"
    environment = {
        **os.environ,
        "TUTOR_HOME": str(home),
        "TUTOR_REPORT": str(folder / "report.jsonl"),
        "TUTOR_KILLED": str(folder / "killed.txt"),
        "TUTOR_SKIP": os.pathsep.join(fatal),
        "OMP_WAIT_POLICY": "PASSIVE",
    }
    work = folder / "work"
    work.mkdir()
    client = kernel.client(made, timeout=cell_seconds, allow_errors=True, interrupt_on_timeout=False)
    client.resources = {"metadata": {"path": str(work)}}
    errors: list[str] = []
    current: Any = None
    client.shutdown_kernel = "immediate"  # a kernel is killed, not asked
    with client.setup_kernel(env=environment, stderr=subprocess.DEVNULL):
        for index, cell in enumerate(made.cells):
            if index in left_out:
                continue
            current = exercise_id(cell.source) if cell.cell_type == "code" else None
            try:
                client.execute_cell(cell, index)
            except CellTimeoutError:
                return (current, index, f"The cell did not end within {cell_seconds:g} s and was killed."), errors
            except DeadKernelError:
                if (killed := folder / "killed.txt").exists() and killed.read_text(errors="replace"):
                    return (current, index, "The answer did not end within its time limit and was killed."), errors
                return (current, index, "The cell ended its own process."), errors
            if not current:
                errors += _errors_of(cell, index)
    return None, errors


def _errors_of(cell: Any, index: int) -> list[str]:
    return [
        f"cell {index + 1} raised {output.ename}: {output.evalue}"
        for output in cell.get("outputs", [])
        if output.output_type == "error"
    ]


def _rows(
    path: Path, lesson: Lesson, notebook: dict[str, Any], reports: list[dict[str, Any]], fatal: dict[str, str]
) -> Iterator[Row]:
    """One row for every exercise of the lesson; where an exercise reported twice, the last report counts."""
    last = {report["exercise"]: report for report in reports}
    asked = {exercise_id(notebooks.source_of(c)) for c in notebook["cells"] if c.get("cell_type") == "code"}
    for identifier in lesson.exercises:
        if identifier in fatal:
            slow = "did not end" in fatal[identifier]
            yield Row(str(path), identifier, "slow" if slow else "error", None, fatal[identifier])
        elif identifier in last:
            report = last[identifier]
            yield Row(str(path), identifier, report["verdict"], report["misconception"], report["message"])
        elif identifier in asked:
            yield Row(
                str(path), identifier, "error", None, "The cell raised an error before its answer could be checked."
            )
        else:
            name = identifier.split(".", 1)[1]
            mend = f"There is no cell for it; `tutor reset {lesson.name} {name}` brings it back."
            yield Row(str(path), identifier, "missing", None, mend)


def _notes(lesson: Lesson, notebook: dict[str, Any]) -> Iterator[str]:
    """Exercise cells that stand twice, or that name an exercise which does not exist."""
    asked = Counter(exercise_id(notebooks.source_of(c)) for c in notebook["cells"] if c.get("cell_type") == "code")
    for identifier, count in asked.items():
        if identifier is None:
            continue
        if identifier not in lesson.exercises:
            yield f'There is no exercise "{identifier}" in {lesson.name}: its name was changed.'
        elif count > 1:
            yield f"{identifier} stands in {count} cells; the last one counts."
