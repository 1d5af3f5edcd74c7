"""Readers' copies of the notebooks: made, updated with the answers carried over, and reset; nothing is ever lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tutor.builder import notebooks
from tutor.builder.notebooks import digest, source_of
from tutor.builder.write import keep
from tutor.errors import TutorError
from tutor.lessons.registry import Lesson, series, suggestion
from tutor.lessons.text import exercise_id
from tutor.store import Progress, write_atomically

Notebook = dict[str, Any]
Cell = dict[str, Any]


def start(folder: Path) -> list[str]:
    """Put a copy of every notebook into `folder`, or bring those there up to date; return what was done."""
    if folder.exists() and not folder.is_dir():
        raise TutorError(f"{folder} is a file; name a folder for the notebooks.")
    folder.mkdir(parents=True, exist_ok=True)
    said = [_shadow(folder)]
    for lesson in series():
        try:
            said.append(_start_one(lesson, folder / lesson.filename))
        except TutorError as error:
            said.append(str(error))
    return [line for line in said if line]


def _shadow(folder: Path) -> str:
    """A warning if a file in the folder would be imported in the place of this package."""
    for rival in (folder / "tutor.py", folder / "tutor" / "__init__.py"):
        if rival.exists():
            return f"{rival} would be imported instead of the series' own package: rename it."
    return ""


def _start_one(lesson: Lesson, path: Path) -> str:
    fresh = notebooks.student(lesson)
    if not path.exists():
        _write(path, fresh)
        return f"{path} is new."
    old = notebooks.read_notebook(path)
    if notebooks.marks_of(old) == notebooks.marks_of(fresh):
        return ""
    merged, carried = carry_over(old, fresh)
    copy = keep(path)
    _write(path, merged)
    cells = "1 of your cells was" if carried == 1 else f"{carried} of your cells were"
    return f"{path} was updated; {cells} carried over, and the old notebook is kept as {copy}."


def carry_over(old: Notebook, fresh: Notebook) -> tuple[Notebook, int]:
    """Bring a reader's cells into a newer build of the notebook.

    Answers are found by exercise id in the source; where the exercise was reworded since, its new text stands below the
    answer as a raw cell. An edited cell whose lesson text has not changed stays as the
    reader left it; where both changed, the reader's version stands below the new one as a raw cell. Cells that the
    reader added follow the cell that they followed.

    Returns
    -------
    The new notebook and how many cells of the reader's are in it.
    """
    marks, new_marks = dict(notebooks.marks_of(old)), dict(notebooks.marks_of(fresh))
    edited = [c for c in old["cells"] if marks.get(c.get("id")) != digest(source_of(c))]
    answers = {
        exercise_id(source_of(c)): c for c in edited if c.get("cell_type") == "code" and exercise_id(source_of(c))
    }
    by_id = {c.get("id"): c for c in edited if c.get("id") in marks and not exercise_id(source_of(c))}
    cells, carried, placed = [], 0, set()
    for cell in fresh["cells"]:
        cells.append(cell)
        asked = exercise_id(source_of(cell)) if cell["cell_type"] == "code" else None
        if asked in answers:
            mine, reworded = answers[asked], source_of(cell)
            placed.add(id(mine))
            cell["source"] = mine["source"]
            if marks.get(mine.get("id"), digest(reworded)) != digest(reworded):
                cells.append(_raw("This exercise was reworded after you had begun it. It now reads:", reworded, cells))
        elif asked is None and cell["id"] in by_id:
            mine = by_id[cell["id"]]
            placed.add(id(mine))
            if marks[cell["id"]] == new_marks[cell["id"]]:
                cell["source"] = mine["source"]
            else:
                told = "Your version of the cell above, from before the lesson changed:"
                cells.append(_raw(told, source_of(mine), cells))
        else:
            continue
        carried += 1
    for mine, before in _others(old, edited, placed):
        at = next((k + 1 for k, c in enumerate(cells) if c.get("id") == before), len(cells))
        cells.insert(at, _own(mine, cells))
        carried += 1
    return {**fresh, "cells": cells}, carried


def _others(old: Notebook, edited: list[Cell], placed: set[int]) -> list[tuple[Cell, str | None]]:
    """The reader's remaining cells, last first (so that inserting keeps their order), with the id before each."""
    found, before = [], None
    remaining = {id(c) for c in edited} - placed
    for cell in old["cells"]:
        if id(cell) in remaining and source_of(cell).strip():
            found.append((cell, before))
        else:
            before = cell.get("id")
    return found[::-1]


def _own(cell: Cell, cells: list[Cell]) -> Cell:
    """A reader's own cell, without outputs, with an id that no other cell has."""
    kept = {"cell_type": cell.get("cell_type", "raw"), "metadata": {}, "source": cell.get("source", "")}
    if kept["cell_type"] == "code":
        kept |= {"outputs": [], "execution_count": None}
    taken = {c.get("id") for c in cells}
    name = f"yours-{digest(source_of(cell))}"
    while name in taken:
        name += "x"
    return {**kept, "id": name}


def _raw(told: str, source: str, cells: list[Cell]) -> Cell:
    """Another version of the cell above, where it is read and not executed."""
    return _own({"cell_type": "raw", "source": notebooks.lines(f"{told}\n\n{source}")}, cells)


def reset(folder: Path, lesson: Lesson, exercise: str | None = None) -> str:
    """Restore a lesson, or one exercise of it, and forget its progress; the old text is kept beside it."""
    path = folder / lesson.filename
    fresh = notebooks.student(lesson)
    if exercise is None:
        kept = f" The old one is kept as {keep(path)}." if path.exists() else ""
        _write(path, fresh)
        Progress().forget(list(lesson.exercises))
        return f"{path} is as it was at the start.{kept}"
    identifier = find_exercise(lesson, exercise)
    old = notebooks.read_notebook(path)
    copy = keep(path)
    _restore(old, fresh, identifier)
    _write(path, old)
    Progress().forget([identifier])
    return f"{identifier} is to do again in {path}. The notebook with your old text is kept as {copy}."


def find_exercise(lesson: Lesson, name: str) -> str:
    """The id of an exercise of the lesson, given in full or by its last part."""
    identifier = name if "." in name else f"{lesson.name}.{name}"
    if identifier not in lesson.exercises:
        names = [i.split(".", 1)[1] for i in lesson.exercises]
        near = suggestion(name, names, "It has " + ", ".join(names) + ".")
        raise TutorError(f'{lesson.name} has no exercise "{name}". {near}')
    return identifier


def _restore(old: Notebook, fresh: Notebook, identifier: str) -> None:
    """Put the stub into the exercise's first cell, drop its duplicates, and bring it back where it was deleted."""
    at = next(
        k for k, c in enumerate(fresh["cells"]) if exercise_id(source_of(c)) == identifier and c["cell_type"] == "code"
    )
    stub = fresh["cells"][at]
    mine = [
        k
        for k, c in enumerate(old["cells"])
        if c.get("cell_type") == "code" and exercise_id(source_of(c)) == identifier
    ]
    if mine:
        old["cells"][mine[0]] = stub
        for k in reversed(mine[1:]):
            del old["cells"][k]
        return
    above = {c["id"] for c in fresh["cells"][:at]}
    place = max((k + 1 for k, c in enumerate(old["cells"]) if c.get("id") in above), default=len(old["cells"]))
    old["cells"].insert(place, stub)


def _write(path: Path, notebook: Notebook) -> None:
    write_atomically(path, json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
