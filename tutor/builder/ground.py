"""Core and deeper ground: which parts of a lesson are which, how long each takes, and what must not lean on what."""

from __future__ import annotations

import ast
import functools
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from tutor.lessons import scopes
from tutor.lessons.cells import is_python
from tutor.lessons.registry import Lesson
from tutor.lessons.text import Cell

CORE, DEEPER = "core", "deeper"
WORDS_A_MINUTE, LINES_A_MINUTE = 150, 12  # of a reader who follows every step
_HEADING = re.compile(r"^(##+) (.+)$", re.MULTILINE)
_MARK = re.compile(r"\s*\*(?:(Core)|Deeper ground: [^*]+)\*(?:\n\n|\s*\Z)")


@dataclass(frozen=True)
class Piece:
    """A code cell, or what stands in a Markdown cell under one heading.

    Attributes
    ----------
    ground : CORE or DEEPER.
    section : the heading, if it is one of the second level; else "".
    marked : whether the heading carries a mark.
    """

    cell: Cell
    text: str
    ground: str
    section: str = ""
    marked: bool = False


def pieces(lesson: Lesson) -> Iterator[Piece]:
    """The lesson in pieces, in order. A heading's mark holds to the next heading of its level or a higher one."""
    section = here = CORE
    for cell in lesson.cells:
        if cell.kind == "code":
            yield Piece(cell, cell.solved, here)
            continue
        starts = list(_HEADING.finditer(cell.source))
        if before := cell.source[: starts[0].start() if starts else None]:
            yield Piece(cell, before, here)
        for start, following in itertools.pairwise([*starts, None]):
            text = cell.source[start.start() : following.start() if following else None]
            mark = _MARK.match(cell.source, start.end())
            top = start[1] == "##"
            here = (CORE if mark[1] else DEEPER) if mark else CORE if top else section
            if top:
                section = here
            yield Piece(cell, text, here, start[2] if top else "", bool(mark))


def grounds(lesson: Lesson) -> dict[str, str]:
    """Exercise id -> the ground on which it is asked, in order."""
    return {piece.cell.exercise_id: piece.ground for piece in pieces(lesson) if piece.cell.exercise_id}


@dataclass
class Effort:
    """What there is to do on some ground: minutes of exercises, words of prose, lines of code."""

    exercises: int = 0
    words: int = 0
    lines: int = 0

    @property
    def minutes(self) -> float:
        """What all of it takes a first-time reader."""
        return self.exercises + self.words / WORDS_A_MINUTE + self.lines / LINES_A_MINUTE


def efforts(lesson: Lesson) -> tuple[Effort, Effort]:
    """What the core of a lesson asks of its reader, and what all of it does."""
    core, everything = Effort(), Effort()
    for piece in pieces(lesson):
        for effort in (core, everything) if piece.ground == CORE else (everything,):
            if piece.cell.kind == "markdown":
                effort.words += len(piece.text.split())
            elif piece.cell.exercise_id:
                effort.exercises += lesson.exercises[piece.cell.exercise_id].spec.minutes
            effort.lines += code_lines(piece.cell)
    return core, everything


def code_lines(cell: Cell) -> int:
    """How many lines of code a cell has, with its solution, without docstrings, comments and empty lines."""
    return lines_of_code(cell.solved) if cell.kind == "code" else 0


def lines_of_code(text: str) -> int:
    """How many lines of code a text has, without docstrings, comments and empty lines."""
    source = re.sub(r'""".*?"""', "", text, flags=re.DOTALL)
    return sum(1 for line in source.split("\n") if line.strip() and not line.strip().startswith("#"))


def leanings(lesson: Lesson) -> Iterator[tuple[str, str, str]]:
    """What in the core leans on deeper ground: the cell, the name that it reads, and the deeper cell that bound it.

    A name that was bound in the core and then anew on deeper ground counts: the core has to run alone, and as it does
    with everything.
    """
    bound_by: dict[str, Piece] = {}
    for piece in pieces(lesson):
        if piece.cell.kind != "code" or not is_python(piece.text):
            continue
        names = read_first(piece.text)
        names |= {f".{node.attr}" for node in ast.walk(ast.parse(piece.text)) if isinstance(node, ast.Attribute)}
        for name in sorted(names):
            if piece.ground == CORE and name in bound_by and bound_by[name].ground == DEEPER:
                yield piece.cell.name, name, bound_by[name].cell.name
        bound_by |= dict.fromkeys(bound(piece.text), piece)
        exercise = lesson.exercises.get(piece.cell.exercise_id)
        if exercise is not None and exercise.owner:
            bound_by[f".{exercise.name}"] = piece


@functools.cache
def bound(text: str) -> frozenset[str]:
    """The names that a cell binds for the cells below it."""
    return frozenset(scopes.names(ast.parse(text))[2])


@functools.cache
def read(text: str) -> frozenset[str]:
    """The names of the notebook that a cell reads, inside functions as well."""
    used, later, _ = scopes.names(ast.parse(text))
    return frozenset(used | later)


def read_first(text: str) -> set[str]:
    """The names that a cell reads before a statement of its own has bound them."""
    names, known = set(), set()
    for statement in ast.parse(text).body:
        source = ast.unparse(statement)
        mine = bound(source)
        loops = isinstance(statement, ast.For | ast.With | ast.FunctionDef | ast.ClassDef)
        names |= read(source) - known - (mine if loops else set())
        known |= mine
    return names
