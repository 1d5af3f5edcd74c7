"""Find our solutions in files that readers get: notebooks, and the pages of the site."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

from tutor.builder import notebooks
from tutor.lessons.registry import series
from tutor.lessons.text import Cell

# a shorter line may stand anywhere for another reason; it is looked for as a line of its own
SHORT = 12
READ = (".html", ".ipynb", ".js", ".json", ".svg", ".txt", ".md", ".css")


def squeeze(line: str) -> str:
    """A line of code without its spaces and its comment, so that copies of it are found however they are set."""
    return re.sub(r"\s+", "", line.split("  #")[0])


@dataclass(frozen=True)
class Sought:
    """What gives an exercise's solution away: `parts` anywhere in a file, `lines` as lines of their own."""

    exercise: str
    parts: tuple[str, ...]
    lines: tuple[str, ...]


def leaks(paths: Iterable[Path]) -> list[str]:
    """A sentence for every solution that stands in one of the files."""
    told = []
    for path in paths:
        if path.suffix in READ:
            rows = [squeeze(row) for row in text_of(path).split("\n")]
            told += [f"{path} gives away the solution of {name}: {what}" for name, what in found_in(rows)]
    return told


def found_in(rows: list[str]) -> Iterator[tuple[str, str]]:
    """(exercise, what gives it away) for every solution in a text, given as squeezed lines."""
    whole, single = "".join(rows), set(rows)
    for sought in all_sought():
        hit = next((part for part in sought.parts if part in whole), None)
        hit = hit or next((line for line in sought.lines if line in single), None)
        if hit:
            yield sought.exercise, hit


@functools.cache
def all_sought() -> tuple[Sought, ...]:
    """What to look for, for every exercise of the series.

    A line that the lessons themselves show elsewhere (a later lesson starts from what an earlier one asked for)
    gives nothing away; the solution as a whole still does.
    """
    shown = [squeeze(row) for lesson in series() for cell in lesson.cells for row in cell.student.split("\n")]
    everywhere, alone = "".join(shown), set(shown)
    found = []
    for lesson in series():
        for cell in lesson.cells:
            if cell.exercise_id:
                body = [squeeze(row) for row in solution_lines(cell)]
                long = [row for row in [*body, "".join(body)] if len(row) >= SHORT and row not in everywhere]
                lines = () if long else tuple(row for row in body if row not in alone)
                found.append(Sought(cell.exercise_id, tuple(dict.fromkeys(long)), lines))
    return tuple(found)


def solution_lines(cell: Cell) -> list[str]:
    """The lines between the marks of an exercise's solution."""
    stub = cell.student.split("\n")
    return [row for row in cell.solved.split("\n") if row.strip() and row not in stub]


def text_of(path: Path) -> str:
    """A file's text as a reader sees it: of a page without its tags, of a notebook its sources and outputs."""
    text = path.read_text(encoding="utf-8", errors="replace")
    if path.suffix == ".html":
        page = _Text()
        page.feed(text)
        return "".join(page.pieces)
    if path.suffix == ".ipynb":
        cells = json.loads(text)["cells"]
        text = "\n".join([*map(notebooks.source_of, cells), *(json.dumps(c.get("outputs", [])) for c in cells)])
    return text.replace("\\n", "\n").replace('\\"', '"')  # as JSON and scripts write them


class _Text(HTMLParser):
    """Gathers a page's text, and the words in its attributes."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []

    def handle_data(self, data: str) -> None:
        self.pieces.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.pieces += [f"\n{value}\n" for name, value in attrs if name in ("alt", "title", "aria-label") and value]
