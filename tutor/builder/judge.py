"""`tutor check`: judge a reader's notebook in a kernel of its own that can be killed, and report every exercise."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from tutor.builder import beside, carry, copies, notebooks, trial
from tutor.builder.lanes import read_report
from tutor.builder.trial import Fault, Stop, Trial
from tutor.checking.fault import UNDEFINED
from tutor.errors import TutorError
from tutor.lessons import cells
from tutor.lessons.cells import Part
from tutor.lessons.registry import Lesson, find_lesson, series

CELL_SECONDS = 120  # of one cell, by the wall; a teacher may give another
MOST_KERNELS = 12  # after so many that were lost, judging is given up
LONGEST_FUSE = 10.0  # seconds for which a cell is waited for to end its kernel, where one does so later
POINTS = {"easy": 1, "medium": 2, "hard": 3}
Places = dict[str, list[tuple[int, Part]]]
_SHOWN = re.compile(r"""^[ \t]*solution\(\s*(["'])([\w.]+)\1\s*\)""", re.MULTILINE)


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

    @property
    def points(self) -> int:
        """What the exercise is worth, if it was solved."""
        return out_of(self.exercise) if self.verdict == "pass" else 0


def out_of(identifier: str) -> int:
    """The points that an exercise is worth: 1 for an easy one, 2 for a medium one, 3 for a hard one."""
    lesson = next((lesson for lesson in series() if lesson.name == identifier.split(".")[0]), None)
    known = lesson.exercises.get(identifier) if lesson else None
    return POINTS[known.spec.difficulty] if known else 0


@dataclass(frozen=True)
class Judged:
    """All verdicts on a notebook, and what else went wrong in it.

    Attributes
    ----------
    path : where it is from.
    rows, notes : a row for each exercise, and what else has to be known.
    student : who handed it in; "" where that is not asked.
    looked_at : the exercises of which a cell of the notebook shows our solution.
    """

    path: str
    rows: tuple[Row, ...]
    notes: tuple[str, ...]
    student: str = ""
    looked_at: tuple[str, ...] = ()

    @property
    def unreadable(self) -> bool:
        """Whether the file could not be judged at all."""
        return any(row.verdict == "unreadable" for row in self.rows)

    def as_dict(self) -> dict[str, Any]:
        """As plain data for JSON."""
        points = [{"points": row.points, "out_of": out_of(row.exercise)} for row in self.rows]
        plain = asdict(self)
        return {**plain, "rows": [{**row, **more} for row, more in zip(plain["rows"], points, strict=True)]}


@dataclass
class Findings:
    """What running a notebook, again and again if need be, has brought.

    Attributes
    ----------
    reports : exercise -> its last verdict.
    fatal : exercise -> why its answer cost the kernel; our solution stands in its place.
    left_out : cell -> why it is not run at all.
    faults : cell -> the error that it raised.
    not_copied : files beside the notebook that were not there.
    given_up : where and why the cells below were not run at all, or "".
    """

    reports: dict[str, dict[str, Any]] = field(default_factory=dict)
    fatal: dict[str, str] = field(default_factory=dict)
    left_out: dict[int, str] = field(default_factory=dict)
    faults: dict[int, Fault] = field(default_factory=dict)
    not_copied: list[str] = field(default_factory=list)
    given_up: str = ""


def judge(path: Path, *, cell_seconds: float = CELL_SECONDS) -> Judged:
    """Run a reader's notebook and collect the verdicts.

    A cell that ends its kernel, or does not end at all, costs only itself: the notebook is run again with our solution
    in that exercise's place, or without that cell. It runs in a folder of its own with copies of what lies beside the
    notebook and never touches the reader's files by accident; this is no wall against malice, which `walled` has.

    Raises
    ------
    TutorError
        If the file is not a notebook of the series.
    """
    notebook = notebooks.read_notebook(path)
    lesson = lesson_of(path, notebook)
    sources = [notebooks.source_of(c) if c["cell_type"] == "code" else "" for c in notebook["cells"]]
    places = cells.locate(sources, lesson.stubs)
    found = _run(path, lesson, sources, places, cell_seconds)
    whys = {**not_run(notebook, lesson), **{i: _why_unchecked(places[i], sources, found) for i in places}}
    rows = tuple(_row(path, lesson, identifier, whys, found) for identifier in lesson.exercises)
    return Judged(str(path), rows, tuple(_notes(lesson, places, found)))


def unreadable(path: Path, why: str) -> Judged:
    """What stands in a table for a file that could not be judged, so that nobody's work is missing from it."""
    return Judged(str(path), (Row(str(path), "", "unreadable", None, why),), ())


def looked_at(path: Path) -> tuple[str, ...]:
    """The exercises of which a notebook shows our solution: a cell with `solution("lesson.exercise")` that was run."""
    try:
        read = notebooks.read_notebook(path)["cells"]
    except TutorError:
        return ()
    shown = [notebooks.source_of(cell) for cell in read if cell["cell_type"] == "code" and cell.get("outputs")]
    return tuple(sorted({match[2] for text in shown for match in _SHOWN.finditer(text)}))


def lesson_of(path: Path, notebook: dict[str, Any]) -> Lesson:
    """The lesson that a notebook belongs to: as for a copy, from its metadata, its name or what its exercises are."""
    name = copies.lesson_name(notebook, path.name) or notebook["metadata"].get("tutor", {}).get("lesson")
    try:
        return find_lesson(name or path.name)
    except TutorError as error:
        raise TutorError(f"{path} belongs to no lesson. {error}") from None


def _run(path: Path, lesson: Lesson, sources: Sequence[str], places: Places, cell_seconds: float) -> Findings:
    """Run the cells until they reach the end, each time without what cost the last kernel.

    Where a kernel dies in a cell, that cell is left out. Where one dies again, a cell above may have lit a fuse (a
    thread or a timer) that ended both: then it is waited a while after every cell of the reader's own.
    """
    found, doubtful, patience = Findings(), set(), {}
    shipped = {notebooks.source_of(c) for c in notebooks.student(lesson)["cells"]}
    for _ in range(MOST_KERNELS):
        tried = _try(path, sources, places, found, cell_seconds, patience)
        found.faults = tried.faults
        if (stop := tried.stop) is None:
            return found
        if not stop.sure and doubtful and not patience:
            own = [k for k in tried.done if sources[k] not in shipped]
            patience = {k: min(LONGEST_FUSE, tried.stopped_at - tried.done[k] + 1) for k in own}
            continue
        if patience:
            patience = {}
            for index in {k for k in doubtful if k > stop.index}:  # they were not to blame
                doubtful.discard(index)
                _take_back(found, index, places)
        elif not stop.sure:
            doubtful.add(stop.index)
        _leave_out(found, stop, places)
    found.given_up = f"{MOST_KERNELS} kernels were lost; judging was given up in cell {stop.index + 1}."
    return found


def _leave_out(found: Findings, stop: Stop, places: Places) -> None:
    """Do without what cost the kernel: the answer that was being judged or, if it was none, the cell."""
    asked = _exercises_in(stop.index, places)
    unjudged = [i for i in asked if i not in found.reports and i not in found.fatal]
    found.fatal.update(dict.fromkeys(unjudged, stop.why))
    if not unjudged:
        found.left_out[stop.index] = stop.why


def _take_back(found: Findings, index: int, places: Places) -> None:
    found.left_out.pop(index, None)
    for identifier in _exercises_in(index, places):
        found.fatal.pop(identifier, None)


def _exercises_in(index: int, places: Places) -> list[str]:
    return [identifier for identifier, where in places.items() if any(number == index for number, _ in where)]


def _try(
    path: Path,
    sources: Sequence[str],
    places: Places,
    found: Findings,
    cell_seconds: float,
    patience: dict[int, float],
) -> Trial:
    """Run the cells once, in a folder of their own; note what was reported."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
        folder = Path(temporary).resolve()
        work, report, killed = folder / "work", folder / "report.jsonl", folder / "killed.txt"
        work.mkdir()
        found.not_copied = beside.copy(path.parent, work)
        environment = {
            **os.environ,
            "TUTOR_HOME": str(folder / "home"),
            "TUTOR_REPORT": str(report),
            "TUTOR_KILLED": str(killed),
            "TUTOR_SKIP": os.pathsep.join(found.fatal),
            "IPYTHONDIR": str(folder / "ipython"),  # no startup files or settings of whoever judges
            "OMP_WAIT_POLICY": "PASSIVE",
        }
        run = [_as_run(index, source, places, found) for index, source in enumerate(sources)]
        tried = trial.run(run, work, environment, killed, cell_seconds, patience)
        for index, fault in tried.faults.items():  # the reader knows his own folder, not this one
            message = fault.message.replace(str(work), str(path.parent.resolve()))
            tried.faults[index] = replace(fault, message=message)
        found.reports.update({reported["exercise"]: reported for reported in read_report(report)})
    return tried


def _as_run(index: int, source: str, places: Places, found: Findings) -> str:
    """The code that a cell is run as: with decorators that it had lost; of a cell left out, our solutions."""
    if index in found.left_out:
        return "\n".join(f'__import__("tutor").lend("{i}")' for i in _exercises_in(index, places))
    bare = [part for where in places.values() for number, part in where if number == index and part.form == cells.BARE]
    for part in sorted(bare, key=lambda part: -part.start):
        source = cells.decorated(source, part)
    return source


def _row(path: Path, lesson: Lesson, identifier: str, whys: dict[str, str], found: Findings) -> Row:
    """The row of one exercise; where it reported twice, the last report counts, and where never, why."""
    if identifier in found.fatal:
        why = found.fatal[identifier]
        return Row(str(path), identifier, "slow" if "did not end" in why else "error", None, why)
    if identifier in found.reports:
        report = found.reports[identifier]
        return Row(str(path), identifier, report["verdict"], report["misconception"], report["message"])
    if identifier not in whys:
        return Row(str(path), identifier, "missing", None, gone(lesson, identifier))
    return Row(str(path), identifier, "error", None, whys[identifier])


def gone(lesson: Lesson, identifier: str) -> str:
    """What is said of an exercise whose cell is missing."""
    return f"There is no cell for it; `tutor reset {lesson.name} {identifier.split('.', 1)[1]}` brings it back."


def not_run(notebook: dict[str, Any], lesson: Lesson) -> dict[str, str]:
    """Exercise -> why it was not run, of those in a cell that is not run as Python; a text may quote one."""
    found = {}
    for number, cell in enumerate(notebook["cells"], 1):
        text = notebooks.source_of(cell)
        first, _, rest = text.lstrip().partition("\n")
        if text.startswith(carry.NOTES) or (cell["cell_type"] != "code" and not cells.is_python(text)):
            continue
        if cell["cell_type"] != "code":
            kind = "raw" if cell["cell_type"] == "raw" else "Markdown"
            why = f"It stands in cell {number}, a {kind} cell, so it was not run: make that a code cell (Esc, then Y)."
        elif first.startswith("%%"):
            text, why = rest, f"Cell {number} begins with `{first}`, so it was not run as Python: take that line away."
        else:
            continue
        found.update({part.identifier: why for part in cells.parse(text, lesson.stubs)})
    return found


def _why_unchecked(where: Sequence[tuple[int, Part]], sources: Sequence[str], found: Findings) -> str:
    """Why no verdict came of the cells of an exercise."""
    raised = [index for index, _ in where if index in found.faults]
    if raised:
        above = _undone_above(raised[-1], sources, found)
        return f"The cell raised an error before its answer could be checked: {found.faults[raised[-1]]}{above}"
    if found.given_up:
        return found.given_up
    if all(part.form == cells.COMMENT for _, part in where):
        return "Its cell is commented out, so there was no answer to check."
    return "The cell ran, but no verdict came of it: its answer was not checked, or its report was damaged."


def _undone_above(index: int, sources: Sequence[str], found: Findings) -> str:
    """Where a cell misses a name that one above would have brought: what became of that cell."""
    missed = UNDEFINED.match(found.faults[index].message)
    for above in range(index - 1, -1, -1) if missed else ():
        if above in {*found.faults, *found.left_out} and re.search(rf"\b{missed[1]}\b", sources[above]):
            why = (
                f"was left out: {found.left_out[above]}" if above in found.left_out else f"raised {found.faults[above]}"
            )
            return f", because cell {above + 1}, above it, {why}"
    return ""


def _notes(lesson: Lesson, places: Places, found: Findings) -> Iterator[str]:
    """What else a reader has to know: cells that stand twice, ids that are none, cells left out, errors elsewhere."""
    for identifier, where in places.items():
        numbers = {index for index, _ in where}
        if identifier not in lesson.exercises:
            yield f'There is no exercise "{identifier}" in {lesson.name}: its name was changed.'
        elif any(part.form == cells.BARE for _, part in where):
            yield f'{identifier} had lost its line `@exercise("{identifier}")`; it was judged as if it stood there.'
        elif len(numbers) > 1:
            yield f"{identifier} stands in {len(numbers)} cells; the last one counts."
    for index, why in sorted(found.left_out.items()):
        yield f"cell {index + 1} was left out: {why}"
    for index, fault in sorted(found.faults.items()):
        asked = _exercises_in(index, places)
        if fault.name == "NotPassedError":
            continue  # of a cell that gives nbgrader's points: the exercise's row says it
        if not asked or any(i in found.reports for i in asked):
            yield f"cell {index + 1} raised {fault}"
    missed = {"FileNotFoundError", "ModuleNotFoundError", "ImportError"}
    if found.not_copied and any(fault.name in missed for fault in found.faults.values()):
        names = ", ".join(found.not_copied[:5]) + (", …" if len(found.not_copied) > 5 else "")
        yield f"Not copied from beside the notebook, because it is more than {beside.MOST_BYTES >> 20} MB: {names}."
