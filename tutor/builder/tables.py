"""What `tutor check` prints: text, CSV or JSON, each notebook as soon as it is judged."""

from __future__ import annotations

import contextlib
import json
import textwrap
from collections.abc import Callable, Iterator

from tutor import console
from tutor.builder.judge import Judged, out_of

TOLD = ("notebook", "exercise", "verdict", "misconception", "message")
COLUMNS = (*TOLD, "student", "lesson", "points", "out_of", "solution_seen")

Write = Callable[[Judged], None]


@contextlib.contextmanager
def text() -> Iterator[Write]:
    """Lines for a person."""
    yield _print


def _print(judged: Judged) -> None:
    if judged.unreadable:
        console.say(f"unreadable  {console.line(judged.rows[0].message)}")
        return
    console.say(console.line(judged.path))
    for row in judged.rows:
        first = row.message.split("\n")[0] if row.verdict not in ("pass", "todo") else ""
        named = f" [{row.misconception}]" if row.misconception else ""
        console.say(console.line(f"  {row.verdict:<9} {row.exercise}{named}  {first}".rstrip()))
    for note in judged.notes:
        console.say(console.line(f"  note      {note}"))


@contextlib.contextmanager
def csv(*, bom: bool = False) -> Iterator[Write]:
    """Rows for a spreadsheet, in UTF-8; `bom` puts the byte-order mark before them that Excel knows UTF-8 by."""
    first = ("\ufeff" if bom else "") + console.csv_row(COLUMNS)

    def write(judged: Judged) -> None:
        nonlocal first
        console.put(first + "".join(map(console.csv_row, _rows(judged))))
        first = ""

    yield write


def _rows(judged: Judged) -> Iterator[list[str]]:
    """The rows of a notebook, in the order of `COLUMNS`."""
    for row in judged.rows:
        seen = "yes" if row.exercise in judged.looked_at else ""
        told = [row.notebook, row.exercise, row.verdict, row.misconception or "", row.message]
        who = [judged.student, row.exercise.split(".")[0], str(row.points), str(out_of(row.exercise)), seen]
        yield told + who


@contextlib.contextmanager
def as_json() -> Iterator[Write]:
    """One array for a program; it is closed also where judging is broken off."""
    between = "[\n"

    def write(judged: Judged) -> None:
        nonlocal between
        console.put(between + textwrap.indent(json.dumps(judged.as_dict(), indent=1), " "))
        between = ",\n"

    try:
        yield write
    finally:
        console.put("\n]\n" if between != "[\n" else "[]\n")
