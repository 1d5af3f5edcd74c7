"""A lesson's page of the site: its outputs, its exercises to do, their hints folded, its predictions closed."""

from __future__ import annotations

import base64
import hashlib
import html
import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tutor.builder import notebooks
from tutor.builder.leaks import squeeze
from tutor.checking.exercise import Exercise
from tutor.checking.report import inline
from tutor.lessons.registry import Lesson
from tutor.lessons.text import Cell
from tutor.ready import CELL

Notebook = dict[str, Any]

_IMAGE = re.compile(r'<img ([^>]*?)src="data:image/(png|svg\+xml);base64,([^"]+)"')
_WIDTH = re.compile(r'\bwidth="(\d+)"')
_HEADING = re.compile(r"^#{1,6} ", re.MULTILINE)
_SIZE = re.compile(r'<svg\b[^>]*?\bwidth="([\d.]+)(?:pt|px)?"[^>]*?\bheight="([\d.]+)(?:pt|px)?"')
# on a phone a picture wider than this is scrolled
WIDE = 450


def page(lesson: Lesson, executed: Notebook, links: str, pictures: Path) -> Notebook:
    """Turn a lesson's executed notebook into the notebook that its page is made from.

    Parameters
    ----------
    executed : the unsolved notebook with its outputs, the solutions lent.
    links : HTML that stands below the title.
    pictures : folder that takes the images out of the outputs.
    """
    cells: list[dict[str, Any]] = []
    closed, up = False, "../" * lesson.filename.count("/")
    for at, (cell, made) in enumerate(zip(lesson.cells, executed["cells"], strict=False)):
        if closed and _ends_reveal(lesson.cells[at:]):
            cells.append(markdown("</details>"))
            closed = False
        if cell.kind == "markdown":
            cells.append(markdown(notebooks.source_of(made)))
            continue
        cells.append(place(cell.name))
        if cell.exercise_id is None:
            text = notebooks.source_of(made).removeprefix(CELL)  # a page has no kernel
            cells.append(code(text, outputs(made, pictures, up)))
            continue
        exercise = lesson.exercises[cell.exercise_id]
        cells += [code(notebooks.source_of(made), []), markdown("\n".join(hints(exercise)))]
        if exercise.kind == "value":
            cells.append(markdown(_answer(exercise)))
            closed = True
    if closed:
        cells.append(markdown("</details>"))
    title, rest = notebooks.source_of(cells[0]).split("\n", 1)
    cells[0] = markdown(f"{title}\n\n{links}\n{rest}")
    return notebook(cells)


def _ends_reveal(cells: list[Cell]) -> bool:
    """Whether what a prediction is about ends before the first of these cells: at a heading or a next exercise."""
    first, following = cells[0], cells[1:2]
    if first.kind == "code":
        return first.exercise_id is not None
    return bool(_HEADING.search(first.source)) or any(cell.exercise_id for cell in following)


def hints(exercise: Exercise) -> Iterator[str]:
    """The exercise's hints, each folded; those that give away a line of the solution are left to the notebook."""
    kept = _kept(exercise)
    for number, hint in enumerate(kept, start=1):
        yield f'<details class="hint"><summary>Hint {number}</summary><p>{inline(hint)}</p></details>'
    if len(kept) < len(exercise.spec.hints):
        yield (
            '<p class="more-hints">In the notebook your answer is judged, and '
            f"<code>hint(&quot;{exercise.id}&quot;)</code> goes on from here.</p>"
        )


def _kept(exercise: Exercise) -> list[str]:
    if exercise.kind == "value":
        return list(exercise.spec.hints)
    lines = [squeeze(line) for line in exercise.source.split("\n") if squeeze(line)]
    told = [any(line in squeeze(hint.replace("`", "")) for line in lines) for hint in exercise.spec.hints]
    most = len(told) - 1  # the last rung of the ladder is the line itself
    return list(exercise.spec.hints[: min([most, *(k for k, tells in enumerate(told) if tells)])])


def _answer(exercise: Exercise) -> str:
    """The opening of the fold that a prediction's answer, and the cells that show it, stand in."""
    return (
        '<details class="answer"><summary>Commit to your answer, then open what happens</summary>\n'
        f"<p>{inline(exercise.spec.explain)}</p>\n"
    )


def outputs(cell: dict[str, Any], pictures: Path, up: str = "") -> list[dict[str, Any]]:
    """The cell's outputs in the one form that a page shows, their images moved into files.

    `up` leads from the page's folder to that of all pages.
    """
    kept = []
    for output in cell.get("outputs", []):
        if "data" in output:
            data = output["data"]
            best = next(kind for kind in ("text/html", "text/plain") if kind in data)
            text = data[best] if isinstance(data[best], str) else "".join(data[best])
            output = {**output, "data": {best: outside(text, pictures, up)}, "metadata": {}}
        kept.append(output)
    return kept


def shown(cell: dict[str, Any], pictures: Path) -> str:
    """What a cell shows, as a block of HTML in a Markdown page."""
    (output,) = outputs(cell, pictures)
    return f'<div class="cell_output">{output["data"]["text/html"]}</div>\n'


def outside(text: str, pictures: Path, up: str = "") -> str:
    """Move the images that HTML carries within itself into files, and say how large each is."""

    def move(found: re.Match[str]) -> str:
        content, kind = base64.b64decode(found[3]), "png" if found[2] == "png" else "svg"
        path = pictures / f"{hashlib.sha256(content).hexdigest()[:16]}.{kind}"
        pictures.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        place, room = f"{up}_static/{pictures.name}/{path.name}", _room(found[1], content, kind)
        return f'<img {found[1]}src="{place}" loading="lazy"{room}'

    return _IMAGE.sub(move, text)


def _room(attributes: str, content: bytes, kind: str) -> str:
    """Attributes that keep the picture's room on the page before it arrives."""
    width, height = _size(content, kind)
    if not width or not height:
        return ""
    given = _WIDTH.search(attributes)
    shown = int(given[1]) if given else round(width)
    room = "" if given else f' width="{shown}"'
    return f'{room} height="{round(shown * height / width)}"' + (' class="wide"' if shown > WIDE else "")


def _size(content: bytes, kind: str) -> tuple[float, float]:
    """Width and height of an image, in units of its own; zeros where it does not say."""
    if kind == "png":
        return struct.unpack(">II", content[16:24])
    found = _SIZE.search(content.decode("utf-8", errors="replace"))
    return (float(found[1]), float(found[2])) if found else (0, 0)


def anchor(name: str) -> str:
    """The id of a cell on its page."""
    return f"cell-{html.escape(name)}"


def place(name: str) -> dict[str, Any]:
    """What a link to a cell leads to."""
    return markdown(f'<div id="{anchor(name)}" class="anchor"></div>')


def markdown(text: str) -> dict[str, Any]:
    """A Markdown cell."""
    return {"cell_type": "markdown", "metadata": {}, "source": text}


def code(text: str, shown: list[dict[str, Any]]) -> dict[str, Any]:
    """A code cell with its outputs."""
    return {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": shown, "source": text}


def notebook(cells: list[dict[str, Any]]) -> Notebook:
    """A notebook of these cells."""
    numbered = [{**cell, "id": f"c{number}"} for number, cell in enumerate(cells)]
    return {"cells": numbered, "metadata": notebooks.KERNEL, "nbformat": 4, "nbformat_minor": 5}
