"""Turn a lesson into its two notebooks, byte for byte the same on every system."""

from __future__ import annotations

import hashlib
import json
import posixpath
import re
from pathlib import Path
from typing import Any

from tutor.builder.reading import read_notebook as read_notebook  # what reads notebooks also asks what is in them
from tutor.builder.reading import source_of as source_of
from tutor.errors import TutorError
from tutor.lessons.registry import Lesson, find_cell, series
from tutor.lessons.text import Cell, difference
from tutor.ready import CELL

CHECKED = "nbval-check-output"
DRILLS = re.compile(r"<!-- drills: (.*?) -->\n")  # above a question of the self-check: the items that it drills
_DIFF = re.compile(r"<!-- diff: (\S+)/(\S+) (\S+)/(\S+) -->")
KERNEL = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def student(lesson: Lesson) -> dict[str, Any]:
    """The unsolved notebook: stubs, no outputs."""
    return _notebook(lesson, solved=False)


def solved(lesson: Lesson) -> dict[str, Any]:
    """The solved notebook, with the outputs that the lesson relies on; never committed."""
    return _notebook(lesson, solved=True)


def as_bytes(notebook: dict[str, Any]) -> bytes:
    """Serialise a notebook the way Jupyter does: sorted keys, one space, `\\n` line ends, UTF-8."""
    return (json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode("utf-8")


def _notebook(lesson: Lesson, *, solved: bool) -> dict[str, Any]:
    expected = read_expected(lesson) if solved else {}
    cells, count = [], 0
    for cell in lesson.cells:
        if cell.kind == "markdown":
            cells.append(_markdown(lesson, cell))
            continue
        count += 1
        first = CELL if count == 1 else ""
        text = first + _effort(lesson, cell) + (cell.solved if solved else cell.student)
        output = expected.get(cell.name) if CHECKED in cell.tags else None
        cells.append(_code(lesson, cell, text, output, count))
    cells.append(_navigation(lesson))
    texts = [[cell["id"], digest("".join(cell["source"]))] for cell in cells]
    marks = {"lesson": lesson.name, "cells": texts}
    return {"cells": cells, "metadata": {**KERNEL, "tutor": marks}, "nbformat": 4, "nbformat_minor": 5}


def _markdown(lesson: Lesson, cell: Cell) -> dict[str, Any]:
    text = _DIFF.sub(lambda found: _diff(*found.groups()), DRILLS.sub("", cell.source))
    return {"cell_type": "markdown", "id": cell_id(lesson, cell.name), "metadata": _tags(cell), "source": lines(text)}


def _code(lesson: Lesson, cell: Cell, text: str, output: str | None, count: int) -> dict[str, Any]:
    outputs = [] if output is None else [{"name": "stdout", "output_type": "stream", "text": lines(output)}]
    return {
        "cell_type": "code",
        "execution_count": None if output is None else count,
        "id": cell_id(lesson, cell.name),
        "metadata": _tags(cell),
        "outputs": outputs,
        "source": lines(text),
    }


def _effort(lesson: Lesson, cell: Cell) -> str:
    """The comment that tells an exercise's difficulty and time."""
    if not cell.exercise_id:
        return ""
    spec = lesson.exercises[cell.exercise_id].spec
    return f"# Exercise: {spec.difficulty}, about {spec.minutes} minute{'s' if spec.minutes > 1 else ''}\n"


def _tags(cell: Cell) -> dict[str, Any]:
    return {"tags": list(cell.tags)} if cell.tags else {}


def cell_id(lesson: Lesson, name: str) -> str:
    """The id of a cell, from its lesson and its name; at most 64 characters, as the format asks."""
    whole = re.sub(r"[^A-Za-z0-9_-]+", "-", f"{lesson.name}-{name}")
    return whole if len(whole) <= 64 else f"{whole[:55]}-{digest(whole)}"


def digest(text: str) -> str:
    """Eight hexadecimal digits that stand for a text."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:8]


def lines(text: str) -> list[str]:
    """A cell's source as the list of lines that the notebook format keeps."""
    return text.splitlines(keepends=True)


def _navigation(lesson: Lesson) -> dict[str, Any]:
    """The last cell: links to the notebook before and the one after."""
    known = series()
    at = known.index(lesson)
    links = []
    if at > 0:
        links.append(f"[← {known[at - 1].title}]({way(lesson, known[at - 1].filename)})")
    if at + 1 < len(known):
        links.append(f"[{known[at + 1].title} →]({way(lesson, known[at + 1].filename)})")
    text = "---\n" + " · ".join(links)
    return {"cell_type": "markdown", "id": cell_id(lesson, "navigation"), "metadata": {}, "source": lines(text)}


def way(lesson: Lesson, to: str) -> str:
    """A link from a lesson's notebook, or its page, to what stands at `to` in the folder of all of them."""
    return posixpath.relpath(to, posixpath.dirname(lesson.filename) or ".")


def _diff(lesson: str, cell: str, other_lesson: str, other_cell: str) -> str:
    """The difference between two cells of the series, as a block of Markdown.

    Where one of them holds a solution the notebook only says how to ask for it: a notebook gives no answer away.
    """
    before, after = find_cell(lesson, cell), find_cell(other_lesson, other_cell)
    if before.exercise_id or after.exercise_id:
        asked = f'import tutor\ntutor.compare("{lesson}/{cell}", "{other_lesson}/{other_cell}")'
        told = "Our solution is in it, so it stays closed. When you have written yours, run this in a new cell:"
        return f"{told}\n\n```python\n{asked}\n```"
    return "\n".join(["```diff", difference(before.solved, after.solved), "```"])


def expected_path(lesson: Lesson) -> Path:
    """Where a lesson keeps the text outputs that it relies on."""
    return lesson.folder / "expected.json"


def read_expected(lesson: Lesson) -> dict[str, str]:
    """Cell name -> the text that the cell prints when solved; empty if none were recorded."""
    path = expected_path(lesson)
    if not path.exists():
        return {}
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise TutorError(f"{path}: not valid JSON ({error}); record it again with `tutor build --record`.") from None


def marks_of(notebook: dict[str, Any]) -> list[list[str]]:
    """What a build wrote down of its cells: [id, digest of the text] of each, in order."""
    return notebook["metadata"].get("tutor", {}).get("cells", [])


def is_pristine(notebook: dict[str, Any]) -> bool:
    """Whether a notebook is just as some `tutor build` wrote it: no cell changed, added, moved, removed or run."""
    cells = notebook["cells"]
    if any(cell.get("outputs") or cell.get("execution_count") for cell in cells):
        return False
    return [[cell.get("id"), digest(source_of(cell))] for cell in cells] == marks_of(notebook)
