"""A notebook that is judged behind the wall: what is run of it, what is asked of it, and what was heard so far."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tutor.builder import judge, notebooks
from tutor.builder.judge import Places
from tutor.builder.needed import names_of, needed
from tutor.checking.fault import UNDEFINED
from tutor.errors import TutorError
from tutor.lessons import cells
from tutor.lessons.registry import Lesson
from tutor.wall.pool import Heard, Tried


@dataclass
class Submission:
    """A notebook that is judged, and what was heard of it so far.

    Attributes
    ----------
    path, lesson, notebook : where it is from, what it is of, what stands in it.
    sources : the code of its cells.
    places : exercise -> where it stands; the last of them counts.
    counts : exercise -> the cell that counts, of those that are tried.
    lent : exercises for which our solution stands: those that are to do, and those whose answers ended the process.
    fatal : of the latter, why.
    left_out : cell -> why it is not run.
    settled : exercises that are not tried again, because a solution goes in beside them now.
    every : whether all cells are run, and not only those that are seen to be needed.
    heard : what came of the last run.
    """

    path: Path
    lesson: Lesson
    notebook: dict[str, Any]
    sources: list[str]
    places: Places
    counts: dict[str, int] = field(default_factory=dict)
    lent: set[str] = field(default_factory=set)
    fatal: dict[str, str] = field(default_factory=dict)
    left_out: dict[int, str] = field(default_factory=dict)
    settled: set[str] = field(default_factory=set)
    every: bool = False
    heard: Heard = field(default_factory=Heard)

    @property
    def asked(self) -> dict[str, int]:
        """The exercises that are tried in the next run, each with its cell."""
        return {i: number for i, number in self.counts.items() if i not in self.fatal and i not in self.settled}

    def texts(self, *, whole: bool = False) -> list[str]:
        """The cells as they are run: our solutions for what is lent, and decorators that were lost.

        Of a program that counts only the call is left, unless they are asked for `whole`.
        """
        solved = {cell.exercise_id: cell.solved for cell in self.lesson.cells if cell.exercise_id in self.lent}
        made = list(self.sources)
        counting = [(*where[-1], i) for i, where in self.places.items() if i in self.lesson.exercises]
        for number, part, identifier in sorted(counting, key=lambda place: -place[1].start):
            if identifier in solved:
                made[number] = cells.replaced(made[number], part, solved[identifier])
            elif part.form == cells.BARE:
                made[number] = cells.decorated(made[number], part)
            elif not whole and identifier in self.counts and (text := self.program(identifier)):
                lines = cells.lines_of(made[number])
                lines[part.start : part.end] = _call_alone(text)[part.start :]
                made[number] = "\n".join(lines)
        return ["" if number in self.left_out else cells.as_python(text) for number, text in enumerate(made)]

    def run(self) -> tuple[tuple[int, str], ...]:
        """What is run: the cells that count and what they need, or every cell."""
        texts = self.texts()
        numbers = range(len(texts)) if self.every else needed(self.texts(whole=True), self.asked.values())
        return tuple((number, texts[number]) for number in numbers if texts[number].strip())

    def again(self, identifiers: Iterable[str]) -> tuple[tuple[int, str], ...]:
        """What is run so that answers stand as they did when they were tried: what they need, and nothing below."""
        numbers = [self.counts[i] for i in identifiers]
        texts = self.texts()
        wanted = range(max(numbers) + 1) if self.every else needed(self.texts(whole=True), numbers)
        return tuple((n, texts[n]) for n in wanted if n <= max(numbers) and texts[n].strip())

    def as_first(self) -> Submission:
        """The notebook as its answers were tried of which the solutions went in afterwards, where it calls `lend`."""
        return replace(self, lent=self.lent - (self.settled - set(self.fatal)))

    def program(self, identifier: str) -> str:
        """The text of a program below its call, with the line numbers of its cell; "" if it is none."""
        number, part = self.places[identifier][-1]
        if part.kind != cells.PROGRAM or part.form != cells.WHOLE:
            return ""
        text = "\n".join(cells.lines_of(self.sources[number])[part.start : part.end])
        return "\n" * part.start + cells.as_python(text)

    def definition(self, identifier: str) -> str | None:
        """The text of an answer, with the line numbers of its cell; None if it is no definition."""
        number, part = self.places[identifier][-1]
        if part.node is None:
            return None
        first = min([part.node.lineno, *(d.lineno for d in part.node.decorator_list)])
        lines = cells.lines_of(self.sources[number])[first - 1 : part.node.end_lineno]
        return "\n" * (first - 1) + "\n".join(lines)

    def lend(self) -> int:
        """Put our solutions where the notebook calls `lend`, and settle what has been tried above.

        Returns
        -------
        The number of the first cell that lends; -1 if none does, or no exercise below could need it.
        """
        called = {i: number for i, number in self._lending() if i in self.asked and number > self.counts[i]}
        first = min(called.values(), default=-1)
        below = {i for i, number in self.asked.items() if number > first and i not in called}
        if not called or not below:
            return -1
        self.lent |= set(called)
        self.settled |= set(self.counts) - below
        return first

    def _lending(self) -> Iterator[tuple[str, int]]:
        """Each exercise that is lent by `lend("lesson.exercise")`, with the last cell that does."""
        for number, text in enumerate(self.texts()):
            for identifier in cells.named(text, "lend"):
                if identifier in self.counts and self.lesson.exercises[identifier].is_lent:
                    yield identifier, number

    def leave_out(self, why: str) -> None:
        """Do without what ended the process: the answers of its cell that were not tried, or else the cell."""
        here = [i for i, number in self.asked.items() if number == self.heard.cell]
        heard = {i: self.heard.tried.get(i, Tried()) for i in here}
        blamed = [i for i in here if not heard[i].seen and not heard[i].ran] or here[-1:]
        if not blamed:
            self.left_out[self.heard.cell] = why
        for identifier in blamed:
            self.fatal[identifier] = why
            if self.lesson.exercises[identifier].is_lent:
                self.lent.add(identifier)

    def misses_a_cell(self) -> bool:
        """Whether an error names what a cell binds that was not run, because it was not seen that it is needed."""
        tried = [fault for one in self.heard.tried.values() for fault in one.faults]
        found = [UNDEFINED.match(fault.text) for fault in (*self.heard.faults.values(), *tried)]
        names = {match[1] for match in found if match}
        bound = [names_of(source) for source in self.sources] if names else []
        return any(cell is not None and names & cell.bound for cell in bound)


def read(path: Path) -> Submission:
    """Read a notebook's file, and find out which cells count.

    Raises
    ------
    TutorError
        If the file is not a notebook of the series.
    """
    if path.is_dir() and path.suffix != ".ipynb":
        raise TutorError(f"There is no notebook in {path.resolve()}: name the notebooks, or their folder.")
    return of(path, notebooks.read_notebook(path))


def of(path: Path, notebook: dict[str, Any]) -> Submission:
    """Find out which cells of a notebook that was read from `path` count; nothing is read any more.

    Raises
    ------
    TutorError
        If it is none of the series.
    """
    lesson = judge.lesson_of(path, notebook)
    sources = [notebooks.source_of(c) if c["cell_type"] == "code" else "" for c in notebook["cells"]]
    made = Submission(path, lesson, notebook, sources, cells.locate(sources, lesson.stubs))
    for identifier, known in lesson.exercises.items():
        number, part = made.places[identifier][-1] if identifier in made.places else (-1, None)
        if part is None or part.form == cells.COMMENT:
            continue
        if not part.todo:
            made.counts[identifier] = number
        elif known.is_lent and not known.broken:
            made.lent.add(identifier)
    return made


def _call_alone(program: str) -> list[str]:
    """The lines of a program with the call above it, without the program."""
    call = ast.parse(program).body[0]
    lines = [""] * len(cells.lines_of(program))
    lines[call.lineno - 1] = ast.unparse(call)
    return lines
