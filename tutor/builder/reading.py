"""Read a notebook file, whatever tool or accident has been at it, into cells that are well formed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from tutor.checking import guard
from tutor.errors import TutorError

LARGEST = 64 * 2**20  # bytes; a lesson with all its pictures has less than a twentieth of it
MOST_CELLS = 10_000
DEEPEST = 100  # lists in lists; json reads ten times as many, but cannot write them again
KINDS = ("code", "markdown", "raw")
READING = 10.0  # seconds for finding out what is in a notebook; of a solved lesson it takes less than one
T = TypeVar("T")
_CONFLICT = re.compile(rb"^<{7}( .*)?\r?$", re.MULTILINE)
_HALF = re.compile("[\ud800-\udfff]")  # one of the two parts that UTF-16 makes of an emoji; no file can hold it alone


def read_notebook(path: Path) -> dict[str, Any]:
    """Read a notebook file.

    Every cell of what is returned is a dict with a kind of cell, a dict of metadata and its text as a list of lines
    that end in `\\n`; an id is a text or is not there; `metadata.tutor` holds what `tutor build` writes or nothing.
    What is no cell at all becomes a raw cell with its text, so that nothing is lost.

    Raises
    ------
    TutorError
        If there is none, it cannot be read, or it is not a notebook.
    """
    content = _content(path)
    try:
        notebook = _plain(json.loads(content))  # which finds out itself whether it is UTF-8, 16 or 32
    except (ValueError, RecursionError) as error:
        raise TutorError(f"{path} {_complaint(path, content, error)}") from None
    if isinstance(notebook, dict) and isinstance(notebook.get("worksheets"), list):
        raise TutorError(f"{path} is in a format of before 2015: open it in JupyterLab and save it, then it is read.")
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
        raise TutorError(f"{path} is JSON but not a notebook (it has no list of cells); it was left as it is.")
    if len(notebook["cells"]) > MOST_CELLS:
        raise TutorError(f"{path} holds {len(notebook['cells']):,} cells; one of more than {MOST_CELLS:,} is not read.")
    version, minor = notebook.get("nbformat"), notebook.get("nbformat_minor")
    return {
        **notebook,
        "cells": [_cell(cell) for cell in notebook["cells"]],
        "metadata": _metadata(notebook.get("metadata")),
        "nbformat": version if type(version) is int else 4,
        "nbformat_minor": minor if type(minor) is int else 5,
    }


def source_of(cell: dict[str, Any]) -> str:
    """A notebook cell's text, whichever of its two forms the file uses."""
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)


def _content(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise TutorError(f"{path} is a folder, not a notebook.")
        if path.exists() and not path.is_file():
            raise TutorError(f"{path} is no ordinary file, so it was not read.")
        if (size := path.stat().st_size) > LARGEST:
            raise TutorError(f"{path} has {size / 1e6:,.0f} MB: clear its outputs (Edit, Clear Outputs of All Cells).")
        return path.read_bytes()
    except FileNotFoundError:
        raise TutorError(f"There is no notebook {path}.") from None
    except PermissionError as error:
        raise TutorError(f"{path} cannot be read ({error.strerror}): its owner has to allow it.") from None
    except (OSError, ValueError) as error:
        raise TutorError(f"{path} cannot be read ({getattr(error, 'strerror', None) or error}).") from None


def _complaint(path: Path, content: bytes, error: Exception) -> str:
    """Why a file is no JSON, and the mend."""
    if found := _CONFLICT.search(content):
        line = content.count(b"\n", 0, found.start()) + 1
        return (
            f"holds git's conflict marks (`<<<<<<<` in line {line}), two versions in one; it was left as it is. While "
            f"the merge is open, `git checkout --ours {path.name}` or `git checkout --theirs {path.name}` takes one."
        )
    if not content.strip(b" \t\r\n\x00"):
        return "is empty; it was left as it is. Move it away and run `tutor start` for a fresh one."
    why = "it is nested too deeply" if isinstance(error, RecursionError) else error
    return f"is not a valid notebook ({why}); it was left as it is. Move it away and run `tutor start` for a fresh one."


def _plain(value: Any, depth: int = 0) -> Any:
    """The same data with `�` for every half of an emoji that has lost the other."""
    if depth > DEEPEST:
        raise RecursionError
    if isinstance(value, str):
        whole = not _HALF.search(value)
        return value if whole else value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if isinstance(value, list):
        return [_plain(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {_plain(key): _plain(item, depth + 1) for key, item in value.items()}
    return value


def _cell(cell: Any) -> dict[str, Any]:
    if not isinstance(cell, dict):
        return {"cell_type": "raw", "metadata": {}, "source": _lines(cell)}
    kind = cell.get("cell_type")
    if kind not in KINDS:
        kind = "code" if "outputs" in cell else "raw"
    made = {**cell, "cell_type": kind, "metadata": _tagged(cell.get("metadata")), "source": _lines(cell.get("source"))}
    if not isinstance(cell.get("id"), str):
        made.pop("id", None)
    if kind == "code":
        outputs, count = cell.get("outputs"), cell.get("execution_count")
        made["outputs"] = [o for o in outputs if isinstance(o, dict)] if isinstance(outputs, list) else []
        made["execution_count"] = count if type(count) is int else None
    return made


def _lines(source: Any) -> list[str]:
    """A cell's text as lines that end in `\\n`, whatever stands in its place."""
    parts = source if isinstance(source, list) else [source]
    text = "".join(p if isinstance(p, str) else json.dumps(p, ensure_ascii=False) for p in parts if p is not None)
    return text.replace("\r\n", "\n").replace("\r", "\n").splitlines(keepends=True)


def _tagged(metadata: Any) -> dict[str, Any]:
    """A cell's metadata; its tags are a list of texts or are not there."""
    if not isinstance(metadata, dict):
        return {}
    tags = metadata.get("tags")
    if isinstance(tags, list) and all(isinstance(tag, str) for tag in tags):
        return metadata
    return {key: value for key, value in metadata.items() if key != "tags"}


def _metadata(metadata: Any) -> dict[str, Any]:
    """The notebook's metadata; under `tutor` stands only what `tutor build` may have written."""
    kept = metadata if isinstance(metadata, dict) else {}
    ours = kept.get("tutor")
    kept = {key: value for key, value in kept.items() if key != "tutor"}
    if not isinstance(ours, dict):
        return kept
    lesson, marks = ours.get("lesson"), ours.get("cells")
    made = {key: value for key, value in ours.items() if key not in ("lesson", "cells")}
    if isinstance(lesson, str):
        made["lesson"] = lesson
    if isinstance(marks, list):
        made["cells"] = [mark for mark in marks if _is_mark(mark)]
    return {**kept, "tutor": made}


def _is_mark(mark: Any) -> bool:
    return isinstance(mark, list) and len(mark) == 2 and all(isinstance(part, str) for part in mark)


def within(read: Callable[[], T], otherwise: T, seconds: float = READING) -> T:
    """What is read of a notebook; something else where that takes too long, or fails, which costs no other notebook."""
    try:
        with guard.time_limit(seconds):
            return read()
    except (Exception, guard.TooSlow):
        return otherwise
