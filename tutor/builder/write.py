"""`tutor build`: write the unsolved notebooks and the generated index, and record the outputs that lessons rely on."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from tutor.builder import coverage, notebooks
from tutor.errors import TutorError
from tutor.lessons.registry import Lesson, notebooks_in, series
from tutor.store import write_atomically


def build(folder: Path, *, force: bool = False) -> list[str]:
    """Write every unsolved notebook and the index into `folder`; return what was done, a line each.

    Raises
    ------
    TutorError
        If someone has changed a notebook there and `force` is not given; with it, a copy is kept.
    """
    folder.mkdir(parents=True, exist_ok=True)
    wanted = _wanted()
    changed = [name for name in wanted if _was_changed(folder / name, wanted[name])]
    if changed and not force:
        raise TutorError(
            f"{', '.join(changed)} in {folder} was changed by hand. `tutor build --force` keeps a copy in the folder "
            f"`kept` beside it and builds it anew; to change a lesson, edit its lesson.py."
        )
    said = replaced({folder / name: content for name, content in wanted.items()}, [folder / name for name in changed])
    return said or ["everything is up to date"]


def replaced(wanted: Mapping[Path, bytes], changed: Iterable[Path]) -> list[str]:
    """Write the files that are not as they are `wanted`, after a copy of those `changed`; return what was done."""
    said = [f"kept {keep(path)}" for path in changed]
    for path, content in wanted.items():
        if differs(path, content):
            write_atomically(path, content.decode("utf-8"))
            said.append(f"wrote {path}")
    return said


def differs(path: Path, content: bytes) -> bool:
    """Whether there is no such file, or it holds something else."""
    return not path.is_file() or path.read_bytes() != content


def stale(folder: Path) -> list[str]:
    """Names of the files in `folder` that a build would change or remove."""
    wanted = _wanted()
    others = {path.relative_to(folder).as_posix() for path in notebooks_in(folder)} - set(wanted)
    return sorted(n for n, content in wanted.items() if differs(folder / n, content)) + sorted(others)


def _wanted() -> dict[str, bytes]:
    """File name -> content of everything that a build writes."""
    made = {lesson.filename: notebooks.as_bytes(notebooks.student(lesson)) for lesson in series()}
    indexes = {"README.md": coverage.index(), coverage.GLOSSARY: coverage.glossary()}
    return {**made, **{name: text.encode("utf-8") for name, text in indexes.items()}}


def _was_changed(path: Path, content: bytes) -> bool:
    if path.suffix != ".ipynb" or not path.exists() or not differs(path, content):
        return False
    try:
        return not notebooks.is_pristine(notebooks.read_notebook(path))
    except TutorError:
        return True


def keep(path: Path) -> Path:
    """Copy a file into `kept/` beside it, under a name with the time; return the copy."""
    folder = path.parent / "kept"
    folder.mkdir(exist_ok=True)
    stamp = time.strftime("%Y%m%d-%H%M%S")
    copy, number = folder / f"{path.stem}-{stamp}{path.suffix}", 1
    while copy.exists():
        number += 1
        copy = folder / f"{path.stem}-{stamp}-{number}{path.suffix}"
    shutil.copy2(path, copy)
    return copy


def write_solved(lessons: list[Lesson], folder: Path) -> list[Path]:
    """Write solved notebooks, for the second lane and for teachers."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for lesson in lessons:
        path = folder / lesson.filename
        write_atomically(path, notebooks.as_bytes(notebooks.solved(lesson)).decode("utf-8"))
        paths.append(path)
    return paths


def record(lesson: Lesson) -> Path:
    """Execute the solved notebook and keep what the cells tagged `nbval-check-output` print."""
    import nbformat

    from tutor.builder import kernel

    notebook = nbformat.reads(notebooks.as_bytes(notebooks.solved(lesson)).decode("utf-8"), as_version=4)
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "TUTOR_HOME": home, "IPYTHONDIR": home, "OMP_NUM_THREADS": "1"}
        kernel.client(notebook, timeout=300).execute(env=environment)
    texts = {}
    for cell, made in zip(lesson.cells, notebook.cells, strict=False):
        if notebooks.CHECKED in cell.tags:
            texts[cell.name] = "".join(o.text for o in made.outputs if o.output_type == "stream" and o.name == "stdout")
    path = notebooks.expected_path(lesson)
    write_atomically(path, json.dumps(texts, indent=1, ensure_ascii=False) + "\n")
    return path
