"""Readers' copies of the notebooks: made, updated with the answers carried over, and reset; nothing is ever lost."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tutor
from tutor.builder import carry, notebooks
from tutor.builder.notebooks import source_of
from tutor.builder.write import keep
from tutor.errors import TutorError
from tutor.lessons import cells as exercise_cells
from tutor.lessons.registry import Lesson, notebooks_in, series, suggestion
from tutor.store import Progress, write_atomically

Notebook = dict[str, Any]
Cell = dict[str, Any]

MARKS = Path(".tutor", "marks.json")  # in the folder of copies: their marks once more, for when a tool drops them
_NUMBERED = re.compile(r"^\d+_(.+)$")
_DUPLICATE = re.compile(r"-Copy\d*$")  # JupyterLab's name for a copy that the reader makes


@dataclass(frozen=True)
class Step:
    """What a start does with one lesson's copy.

    Attributes
    ----------
    path : where the copy is to be.
    was : where it is now; None if there is none.
    notebook : what is written there; None if it stays as it is.
    carried, brought : how many cells of the reader's are in it, from the copy itself and from another folder.
    only_marks : whether no text changes.
    """

    path: Path
    was: Path | None = None
    notebook: Notebook | None = None
    carried: int = 0
    brought: int = 0
    only_marks: bool = False


def start(folder: Path, *, source: Path | None = None, dry: bool = False) -> list[str]:
    """Put a copy of every notebook into `folder`, or bring those there up to date; return what was done.

    Parameters
    ----------
    source : a folder of other copies; the answers in them are carried over into those here.
    dry : write nothing, and return what would be done.

    Raises
    ------
    TutorError
        If `folder` is a file, or `source` holds no copy.
    """
    if folder.exists() and not folder.is_dir():
        raise TutorError(f"{folder} is a file; name a folder for the notebooks.")
    found, others = find_copies(folder), {}
    if source is not None and not (others := find_copies(source)):
        raise TutorError(f"There is no notebook of the series in {source}: name the folder that your answers are in.")
    said, steps, trouble = [_shadow(folder)], [], []
    for lesson in series():
        try:
            step = _plan(lesson, folder, found.get(lesson.name), others.get(lesson.name))
        except TutorError as error:
            trouble.append(str(error))
            continue
        if step is not None:
            steps.append(step)
    if not dry:
        folder.mkdir(parents=True, exist_ok=True)
        _rename([step for step in steps if step.was not in (None, step.path)])
    for step in steps:
        kept = None
        if not dry and step.notebook is not None:
            kept = keep(step.path) if step.was is not None and not step.only_marks else None
            _write(step.path, step.notebook, folder)
        said.append(_told(step, kept, dry, source))
    said += trouble
    if source is None:
        said.append(offer(folder))
    return [line for line in said if line]


def _shadow(folder: Path) -> str:
    """A warning if a file in the folder would be imported in the place of this package."""
    for rival in (folder / "tutor.py", folder / "tutor" / "__init__.py"):
        if rival.exists():
            return f"{rival} would be imported instead of the series' own package: rename it."
    return ""


def find_copies(folder: Path) -> dict[str, Path]:
    """Lesson name -> its copy in a folder, whatever the file is called.

    Where several files hold a lesson, the one that is called like it counts, or like it in another edition.
    """
    found: dict[str, list[tuple[bool, bool, str, Path]]] = {}
    names = {lesson.name: lesson.filename for lesson in series()}
    for path in notebooks_in(folder):
        try:
            notebook = notebooks.read_notebook(path)
        except (TutorError, OSError):
            continue  # told when its lesson's turn comes
        name = lesson_name(notebook, path.name)
        elsewhere = name is not None and path != folder / names[name]
        if name is None or (_DUPLICATE.search(path.stem) and elsewhere):
            continue
        numbered = _NUMBERED.match(path.stem)
        theirs = numbered is not None and numbered[1] == name
        found.setdefault(name, []).append((not (theirs and _is_touched(notebook)), not theirs, elsewhere, path))
    return {name: min(candidates)[-1] for name, candidates in found.items()}


def lesson_name(notebook: Notebook, filename: str) -> str | None:
    """The name of the lesson that a notebook is a copy of: by its metadata, else its name, else its exercises."""
    known = {lesson.name: lesson for lesson in series()}
    marked = notebook.get("metadata", {}).get("tutor", {}).get("lesson")
    numbered = _NUMBERED.match(Path(filename).stem)
    for name in (marked, numbered[1] if numbered else None):
        if name in known:
            return name
    code = (source_of(cell) for cell in notebook["cells"] if cell.get("cell_type") == "code")
    asked = {part.identifier for source in code for part in exercise_cells.parse(source)}
    count = Counter(lesson.name for lesson in known.values() for identifier in lesson.stubs if identifier in asked)
    name, most = count.most_common(1)[0] if count else ("", 0)
    return name if name and 2 * most > len(known[name].stubs) else None


def _is_touched(notebook: Notebook) -> bool:
    """Whether a copy has any cell that it was not built with."""
    shipped = {mark for _, mark in notebooks.marks_of(notebook)}
    return any(notebooks.digest(carry.normal(source_of(cell))) not in shipped for cell in notebook["cells"])


def _plan(lesson: Lesson, folder: Path, at: Path | None, other: Path | None) -> Step | None:
    """What is to be done with a lesson's copy, or None if it is as it should be."""
    path, fresh = folder / lesson.filename, notebooks.student(lesson)
    if at is None and path.exists():
        at = path  # it belongs to no lesson, or cannot be read
    if at is None:
        made, brought = (fresh, 0) if other is None else carry.carry_over(notebooks.read_notebook(other), fresh)
        return Step(path, None, made, brought=brought)
    old = notebooks.read_notebook(at)
    made, carried, brought = old, 0, 0
    if notebooks.marks_of(old) != notebooks.marks_of(fresh):
        made, carried = carry.carry_over(_remembering(old, folder, lesson), fresh)
    if other is not None:
        made, brought = carry.bring(made, notebooks.read_notebook(other), fresh)
    if made == old:
        return None if at == path else Step(path, at)
    texts = [[(c.get("cell_type"), source_of(c)) for c in notebook["cells"]] for notebook in (old, made)]
    return Step(path, at, made, carried, brought, only_marks=texts[0] == texts[1])


def _told(step: Step, kept: Path | None, dry: bool, source: Path | None) -> str:
    """What was done, or would be done, in a sentence."""
    was, now = ("would be", "would be") if dry else ("was", "is")
    said = []
    if step.was not in (None, step.path):
        said.append(f"{step.was} {was} renamed to {step.path}, as its lesson is called in this edition.")
    if step.notebook is not None and step.was is None:
        from_there = f", with {step.brought} of your cells carried over from {source}" if step.brought else ""
        said.append(f"{step.path} {now} new{from_there}.")
    elif step.only_marks:
        said.append(f"{step.path} {now} marked again: another tool had dropped what updates find your cells by.")
    elif step.notebook is not None:
        what = f"; {_cells(step.carried, dry)} carried over" if step.carried else ""
        if step.brought:
            what = f"; {_cells(step.brought, dry)} carried over from {source}"
        place = f"kept as {kept}" if kept else "kept beside it"
        said.append(f"{step.path} {was} updated{what}, and the old notebook {now} {place}.")
    return " ".join(said)


def _cells(count: int, dry: bool) -> str:
    verb = "would be" if dry else "was" if count == 1 else "were"
    return f"{count} of your cells {verb}"


def _rename(steps: list[Step]) -> None:
    """Give files their new names, in two rounds because two may change places; what is in the way is kept."""
    for step in steps:
        step.was.replace(step.was.with_name(f"renamed-{step.was.name}"))
    for step in steps:
        if step.path.exists():
            keep(step.path)
        step.path.parent.mkdir(exist_ok=True)
        step.was.with_name(f"renamed-{step.was.name}").replace(step.path)


def _remembering(old: Notebook, folder: Path, lesson: Lesson) -> Notebook:
    """A copy with its marks, which a tool may have dropped from it."""
    if notebooks.marks_of(old):
        return old
    marks = _marks(folder).get(lesson.name, [])
    return {**old, "metadata": {**old.get("metadata", {}), "tutor": {"lesson": lesson.name, "cells": marks}}}


def _marks(folder: Path) -> dict[str, list[list[str]]]:
    """Lesson -> the marks that its copy was last written with."""
    try:
        known = json.loads((folder / MARKS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def offer(folder: Path) -> str:
    """A sentence that names the answers typed into the clone's own notebooks, and how to carry them over; or ""."""
    places = {place.resolve(): place for place in (Path(tutor.__file__).parents[1] / "notebooks", Path("notebooks"))}
    for resolved, place in places.items():
        if not place.is_dir() or resolved == folder.resolve():
            continue
        theirs, mine = find_copies(place), find_copies(folder)
        names = [
            lesson.name
            for lesson in series()
            if lesson.name in theirs and _has_more(theirs[lesson.name], mine.get(lesson.name), lesson)
        ]
        if names:
            where = "" if folder == Path("work") else f" {folder}"
            return (
                f"{place} holds answers of yours that {folder} does not have ({', '.join(names)}): "
                f"`tutor start{where} --from {place}` carries them over."
            )
    return ""


def _has_more(theirs: Path, mine: Path | None, lesson: Lesson) -> bool:
    """Whether a copy holds an answer that another does not."""
    notebook = notebooks.read_notebook(theirs)
    if not _is_touched(notebook):
        return False
    here = "\n".join(map(source_of, notebooks.read_notebook(mine)["cells"])) if mine else ""
    return any(answer not in here for answer in carry.answers(notebook, lesson.stubs).values())


def reset(folder: Path, lesson: Lesson, exercise: str | None = None) -> str:
    """Restore a lesson, or one exercise of it, and forget its progress; the old text is kept beside it."""
    path = find_copies(folder).get(lesson.name, folder / lesson.filename)
    fresh = notebooks.student(lesson)
    if exercise is None:
        kept = f" The old one is kept as {keep(path)}." if path.exists() else ""
        _write(path, fresh, folder)
        Progress().forget(list(lesson.exercises))
        return f"{path} is as it was at the start.{kept}"
    identifier = find_exercise(lesson, exercise)
    old = notebooks.read_notebook(path)
    copy = keep(path)
    _write(path, carry.restore(old, fresh, identifier), folder)
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


def _write(path: Path, notebook: Notebook, folder: Path) -> None:
    """Write a copy, and its marks once more in the folder of all copies."""
    write_atomically(path, json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
    known = _marks(folder)
    marked = notebook.get("metadata", {}).get("tutor", {})
    if marked.get("lesson") and known.get(marked["lesson"]) != marked["cells"]:
        known[marked["lesson"]] = marked["cells"]
        write_atomically(folder / MARKS, json.dumps(known, sort_keys=True) + "\n")
