"""`tutor export --nbgrader`: lessons as nbgrader's source, with a cell below each exercise that gives its points."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from tutor.builder import judge, notebooks, write
from tutor.errors import TutorError
from tutor.lessons import cells
from tutor.lessons.registry import Lesson
from tutor.lessons.text import BEGIN, END, Cell
from tutor.store import write_atomically

SCHEMA = 3  # of nbgrader's metadata
STUB = 'c.ClearSolutions.code_stub = {"python": "..."}'
CONFIG = f'''"""What nbgrader has to know of the lessons; `tutor export` writes this file once and never changes it."""

c = get_config()

# what stands for a solution in a reader's notebook; an exercise is to do as long as it is there
{STUB}
# seconds that a cell may take, as for `tutor check`; by default 30, which training takes longer than
c.Execute.timeout = {judge.CELL_SECONDS}
'''
_REGION = re.compile(rf"^([ \t]*){BEGIN}$.*?^[ \t]*{END}$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\((?:[\w.-]+/)*(\w+)\.ipynb(?=[)#])")


def export(lessons: Sequence[Lesson], folder: Path, *, force: bool = False) -> list[str]:
    """Write lessons as assignments into a course's folder, one an assignment; return what was done, a line each.

    Raises
    ------
    TutorError
        If a notebook that is there already is another one and `force` is not given; with it, a copy is kept.
    """
    wanted = {folder / place(lesson): notebooks.as_bytes(source(lesson)) for lesson in lessons}
    changed = [path for path, content in wanted.items() if path.exists() and write.differs(path, content)]
    if changed and not force:
        names = ", ".join(str(path.relative_to(folder)) for path in changed)
        raise TutorError(
            f"{names} in {folder} is not what would be written: `tutor export --force` keeps a copy of it in the "
            "folder `kept` beside it; or name another folder."
        )
    said = write.replaced(wanted, changed)
    return [*said, *_configured(folder / "nbgrader_config.py")] or ["everything is up to date"]


def _configured(path: Path) -> Iterator[str]:
    """Write nbgrader's settings where there are none; of a teacher's own say what they lack."""
    if not path.exists():
        write_atomically(path, CONFIG)
        yield f"wrote {path}"
    elif "code_stub" not in path.read_text(encoding="utf-8", errors="replace"):
        yield f"{path} is yours and was left as it is; the lessons need this line in it: {STUB}"


def place(lesson: Lesson) -> PurePosixPath:
    """Where a lesson's notebook stands in a course's folder; the assignment is called like the notebook."""
    name = PurePosixPath(lesson.filename)
    return PurePosixPath("source", name.stem, name.name)


def source(lesson: Lesson) -> dict[str, Any]:
    """The notebook with solutions from which nbgrader makes the one that readers get."""
    made = notebooks.student(lesson)
    asked = {notebooks.cell_id(lesson, cell.name): cell for cell in lesson.cells if cell.exercise_id}
    told: list[dict[str, Any]] = []
    for cell in made["cells"]:
        if cell["id"] in asked:
            told += [_answer(lesson, asked[cell["id"]], cell), _points(lesson, asked[cell["id"]])]
        elif cell["cell_type"] == "markdown":
            told.append({**cell, "source": [_LINK.sub(r"](../\1/\1.ipynb", line) for line in cell["source"]]})
        else:
            told.append(cell)
    metadata = {**made["metadata"], "tutor": {"lesson": lesson.name}}  # a build's marks are of other texts
    return {**made, "cells": told, "metadata": metadata}


def _answer(lesson: Lesson, asked: Cell, cell: dict[str, Any]) -> dict[str, Any]:
    effort = "".join(cell["source"]).removesuffix(asked.student)
    noted = _noted(cell["id"], solution=True)
    metadata = {**cell["metadata"], "nbgrader": noted}
    return {**cell, "metadata": metadata, "source": notebooks.lines(effort + _with_regions(lesson, asked))}


def _with_regions(lesson: Lesson, asked: Cell) -> str:
    """An exercise's text in which nbgrader finds the solutions that it takes out.

    It puts the same stub in the place of every region. Where more than that was shipped (what is to be mended, a line
    for each step), what was shipped stands first, and the whole solution below it in a region of its own.
    """
    left = _REGION.sub(r"\1...", asked.source)
    if _part(lesson, asked, left).todo and not asked.is_repair:
        return asked.source
    solved = cells.text_of(asked.solved, _part(lesson, asked, asked.solved))
    return f"{asked.student}\n\n\n{BEGIN}\n{solved}\n{END}"


def _part(lesson: Lesson, asked: Cell, text: str) -> cells.Part:
    return next(part for part in cells.parse(text, lesson.stubs) if part.identifier == asked.exercise_id)


def _points(lesson: Lesson, asked: Cell) -> dict[str, Any]:
    """The cell by which nbgrader gives the points of the exercise above it."""
    points = judge.out_of(asked.exercise_id)
    worth = f"# {points} point{'s' if points > 1 else ''}, if the answer above is right"
    text = f'{worth}\nimport tutor\n\ntutor.assert_passed("{asked.exercise_id}")'
    name = notebooks.cell_id(lesson, f"{asked.name}-points")
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": name,
        "metadata": {"nbgrader": {**_noted(name, grade=True, locked=True), "points": points}},
        "outputs": [],
        "source": notebooks.lines(text),
    }


def _noted(name: str, *, grade: bool = False, locked: bool = False, solution: bool = False) -> dict[str, Any]:
    """What nbgrader asks of a cell's metadata."""
    flags = {"grade": grade, "locked": locked, "solution": solution, "task": False}
    return {**flags, "grade_id": name, "schema_version": SCHEMA}
