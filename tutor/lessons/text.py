"""Read a lesson's one text (jupytext's percent format) into cells, in its unsolved and its solved form.

The format is jupytext's, so a lesson opens as a notebook in JupyterLab. It is read here without jupytext because
importing that costs 0.9 s, which every first check in a notebook would pay; a test holds this reader against jupytext.
"""

from __future__ import annotations

import ast
import difflib
import functools
import json
import re
from dataclasses import dataclass
from pathlib import Path

from tutor.errors import TutorError
from tutor.lessons.cells import BROKEN, PROGRAM, Part, parse, program_text

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
BROKEN_AS = "### BROKEN"  # in a region of a repair: below it, commented out, what the reader finds there
_HEADER = re.compile(r"^# %%(?P<markdown> \[markdown\])?(?P<options>( \w+=.*)?)$")
_OPTION = re.compile(r'(\w+)=("(?:[^"\\]|\\.)*"|\[[^\]]*\])')


class LessonError(TutorError):
    """A mistake in a lesson, told in one sentence that names the file and the line."""


@dataclass(frozen=True)
class Cell:
    """One cell of a lesson.

    `source` is the text with its solution regions still in it; `student` and `solved` are the two forms that a
    notebook carries. `line` is the line of the cell's header in the lesson's file.
    """

    kind: str
    source: str
    name: str
    line: int
    tags: tuple[str, ...] = ()

    @functools.cached_property
    def exercise_id(self) -> str | None:
        """The id of the exercise that this cell asks, or None."""
        return exercise_id(self.source) if self.kind == "code" else None

    @property
    def student(self) -> str:
        """The cell as a reader first meets it: every solution region is a `...`."""
        return _without_solution(self.source)

    @property
    def solved(self) -> str:
        """The cell with the solution in place of the stub."""
        return _with_solution(self.source).rstrip("\n")

    @property
    def is_repair(self) -> bool:
        """Whether the cell arrives with a program that is to be mended."""
        return any(line.strip() == BROKEN_AS for line in self.source.split("\n"))


def exercise_id(source: str) -> str | None:
    """Return the id in the cell's `@exercise("id")` or `name = check("id", …)`, or None."""
    return next((part.identifier for part in parse(source)), None)


def read_lesson(path: Path) -> list[Cell]:
    """Read a lesson file into cells.

    Raises
    ------
    LessonError
        If a cell header, a solution region or a cell name is wrong.
    """
    lines = path.read_text(encoding="utf-8").split("\n")
    starts = [i for i, line in enumerate(lines) if line.startswith("# %%")]
    if not starts:
        raise LessonError(f"{path.name}: no cell found; a cell starts with a line `# %%`.")
    cells, names = [], set()
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        cell = _read_cell(path, lines, start, end)
        if cell.name in names:
            raise LessonError(
                f'{path.name}, line {cell.line}: a second cell is called "{cell.name}"; give it a name="…".'
            )
        names.add(cell.name)
        cells.append(cell)
    return cells


def _read_cell(path: Path, lines: list[str], start: int, end: int) -> Cell:
    where = f"{path.name}, line {start + 1}"
    header = _HEADER.match(lines[start].rstrip())
    if header is None or _OPTION.sub("", header["options"]).strip():
        wanted = '`# %% [markdown] name="…" tags=["…"]`'
        raise LessonError(f'{where}: cannot read the cell header "{lines[start]}"; write {wanted}.')
    options = {key: json.loads(text) for key, text in _OPTION.findall(header["options"])}
    if unknown := set(options) - {"name", "tags"}:
        raise LessonError(f"{where}: a cell header knows name= and tags=, not {', '.join(sorted(unknown))}=.")
    body = "\n".join(lines[start + 1 : end]).strip("\n")
    kind = "markdown" if header["markdown"] else "code"
    if kind == "markdown":
        body = "\n".join(_uncomment(line) for line in body.split("\n"))
    else:
        _check_regions(where, body)
    name = options.get("name") or _default_name(kind, body)
    return Cell(kind, body, name, start + 1, tuple(options.get("tags", ())))


def _uncomment(line: str) -> str:
    return line[2:] if line.startswith("# ") else line[1:] if line.startswith("#") else line


def _default_name(kind: str, body: str) -> str:
    if found := exercise_id(body):
        return found.split(".")[-1]
    first = next((line for line in body.split("\n") if line.strip()), kind)
    return re.sub(r"[^a-z0-9]+", "-", first.lower()).strip("-")[:40].strip("-") or kind


def _check_regions(where: str, body: str) -> None:
    lines = [line.strip() for line in body.split("\n")]
    marks = [line for line in lines if line in (BEGIN, END)]
    if marks != [BEGIN, END] * (len(marks) // 2):
        raise LessonError(f"{where}: `{BEGIN}` and `{END}` do not pair up.")
    inside = broken = False
    for line in lines:
        inside = line == BEGIN or (inside and line != END)
        broken = inside and (broken or line == BROKEN_AS)
        if line == BROKEN_AS and not inside:
            raise LessonError(f"{where}: `{BROKEN_AS}` stands between no `{BEGIN}` and `{END}`.")
        if broken and line and not line.startswith("#"):
            raise LessonError(f'{where}: below `{BROKEN_AS}` every line is commented out; "{line}" is not.')


def _without_solution(source: str) -> str:
    """Replace each region by `...`, unless the line before it is already a stub that ends in `...`.

    In a repair, a region becomes what stands in it below `### BROKEN`, or nothing.
    """
    kept, inside, broken = [], False, False
    for line, mark in ((line, line.strip()) for line in source.split("\n")):
        if mark == BEGIN:
            inside, at = True, len(kept)
            if not (kept and kept[-1].rstrip().endswith("...")):
                kept.append(line[: len(line) - len(line.lstrip())] + "...")
        elif mark == END:
            inside = broken = False
        elif mark == BROKEN_AS:
            broken = True
            del kept[at:]
        elif broken:
            kept.append(re.sub(r"^(\s*)# ?", r"\1", line))
        elif not inside:
            kept.append(line)
    return "\n".join(kept)


def _with_solution(source: str) -> str:
    """Drop the region marks, the stub line that a region replaces, and what is broken."""
    kept, broken = [], False
    for line in source.split("\n"):
        mark = line.strip()
        broken = mark == BROKEN_AS or (broken and mark != END)
        if broken:
            continue
        if mark == BEGIN and kept and kept[-1].rstrip().endswith("..."):
            kept.pop()
        if mark not in (BEGIN, END):
            kept.append(line)
    return "\n".join(kept)


def find_target(source: str, identifier: str) -> Part:
    """Find what the exercise cell `source` asks for under the id `identifier`.

    Raises
    ------
    SyntaxError
        If what carries the id is not Python.
    LessonError
        If no definition, call or program in it carries the id.
    """
    for part in parse(source):
        if part.identifier == identifier:
            if part.form == BROKEN:
                ast.parse(source)
            return part
    raise LessonError(
        f'no definition under `@exercise("{identifier}")`, no `check("{identifier}", …)` and no program named '
        f'by `program("{identifier}")` in this cell.'
    )


def difference(before: str, after: str) -> str:
    """The lines that differ between two texts, marked `-` and `+`, two around each, and `…` for the rest."""
    rows = list(difflib.unified_diff(before.split("\n"), after.split("\n"), lineterm="", n=2))[2:]
    return "\n".join(" …" if row.startswith("@@") else row for row in rows).removeprefix(" …\n")


def definition(source: str, identifier: str) -> str:
    """Return the text of the exercise's definition without its decorators; of a value, the lines that compute it."""
    target = find_target(source, identifier)
    lines = source.split("\n")
    if target.kind == PROGRAM:
        return program_text(source, target)
    if target.node is None:
        return "\n".join(line for line in lines if exercise_id(line) != identifier).strip("\n")
    return "\n".join(lines[target.node.lineno - 1 : target.node.end_lineno])
