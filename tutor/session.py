"""What a notebook talks to: exercise, check, hint, solution, lend, progress, reset, expect, assert_passed.

Display and state live here. On a stub, the solution is lent so that a notebook never blocks; on every other verdict
the reader's own object stays bound.
"""

from __future__ import annotations

import contextlib
import dis
import html
import json
import linecache
import os
import sys
import textwrap
import traceback
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tutor.checking.exercise import Exercise
from tutor.checking.fault import functions_of, keep_lines
from tutor.checking.report import Report, blocks, card, inline, preformatted
from tutor.errors import TutorError
from tutor.lessons.cells import Part, lines_of, parse
from tutor.lessons.registry import exercises, find_cell, series
from tutor.lessons.text import LessonError, difference
from tutor.store import Progress


@dataclass
class Memory:
    """What this kernel remembers of one exercise: the last report, the answer and its text, and the hints given."""

    report: Report | None = None
    answer: str = ""
    judged: Any = None  # the function, class or method itself
    hints: int = 0  # how many steps of the ladder have been shown
    space: dict[str, Any] | None = None
    owner: Any = None


LOADS = ("LOAD_GLOBAL", "LOAD_ATTR", "LOAD_METHOD")  # what fetches something to call it; the last is Python 3.11's
SHOWN = 83  # characters of a line that nbgrader shows whole
LENT = "Until then our own solution is lent to you, so that the cells below run."

_memory: dict[str, Memory] = {}
_last_failed: list[str] = []


@dataclass(frozen=True)
class Card:
    """A notice in both of its forms."""

    text: str
    html: str

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": self.text, "text/html": self.html}


def show(thing: Report | Card) -> None:
    """Display in a notebook, print elsewhere."""
    ipython = sys.modules.get("IPython")
    if ipython is not None and ipython.get_ipython() is not None:
        from IPython.display import display

        display(thing)
    else:
        print(thing.text)


def say(title: str, body: str = "", colour: str = "#57606a") -> None:
    """Show a short notice; `code` may stand between backquotes, lines indented by four spaces are shown as they are."""
    show(Card("\n".join(filter(None, (title, body))), card(f"<b>{inline(title)}</b>", blocks(body), colour)))


def exercise(identifier: str, *, of: Any = None, seconds: float | None = None) -> Callable[[Any], Any]:
    """Check a function, class or method as its cell runs and show one report.

    Parameters
    ----------
    identifier : "lesson.exercise".
    of : the class that a method is filled into.
    seconds : a longer time limit, in seconds, for an answer that needs it.

    Returns
    -------
    A decorator; it gives back the reader's own object, or on a stub the solution, lent.
    """
    frame = sys._getframe(1)
    space, filename, line = frame.f_globals, frame.f_code.co_filename, frame.f_lineno

    def judge(answer: Any) -> Any:
        known = find(identifier)
        if known is None or _asks_a_program(known):
            return answer
        text, part = _cell(filename, line, known)
        todo = answer is Ellipsis or (part is not None and part.todo)
        memory = _memory.setdefault(identifier, Memory())
        memory.space, memory.owner = space, of
        if of is not None:
            setattr(of, known.name, answer)
        elif not todo:
            space[known.name] = answer  # already now, so that an answer which calls itself finds itself
        if identifier in os.environ.get("TUTOR_SKIP", "").split(os.pathsep):
            return _lend(known, memory)
        source = _numbered(filename, part)
        report = known.check(Ellipsis if todo else answer, of=of, seconds=seconds, source=source)
        memory.judged = answer
        if todo and known.broken:
            finish(known, memory, report, text)
            return answer
        if report.verdict in ("wrong", "error", "slow"):
            report = _unfinished(part, _stands_on(known, answer, report))
        if not todo and getattr(answer, "__name__", known.name) != known.name:
            report = _renamed(known, answer, report)
            space[known.name] = answer
        finish(known, memory, report, text)
        return _lend(known, memory) if todo else answer

    return judge


def check(identifier: str, answer: Any, *, seconds: float | None = None) -> Any:
    """Check a value (or any answer) and show one report; returns the answer as it was given."""
    frame = sys._getframe(1)
    known = find(identifier)
    if known is None or _asks_a_program(known):
        return answer
    memory = _memory.setdefault(identifier, Memory())
    memory.space = frame.f_globals
    text = repr(answer) if known.kind == "value" else _cell(frame.f_code.co_filename, frame.f_lineno, known)[0]
    memory.judged = None if known.kind == "value" else answer
    finish(known, memory, known.check(answer, seconds=seconds), text[:2000])
    return answer


class NotPassedError(AssertionError):
    """An exercise has not passed; its text is the report's."""

    def _render_traceback_(self) -> list[str]:
        """What IPython shows in place of a traceback; nbgrader cuts lines that are longer."""
        lines = str(self).split("\n")
        return [part for line in lines for part in textwrap.wrap(line, SHOWN, break_on_hyphens=False) or [""]]


def assert_passed(identifier: str) -> None:
    """Raise unless the last answer to an exercise in this kernel has passed; nothing is checked again.

    A solution that was lent is no answer.

    Raises
    ------
    NotPassedError
        With the report's message, an AssertionError.
    LessonError
        If there is no such exercise.
    """
    known = exercises[identifier]
    report = _memory.get(known.id, Memory()).report
    if report is None:
        why = "its cell was not run, or raised an error before its answer could be checked."
        raise NotPassedError(f"{identifier} has no verdict: {why}")
    if report.verdict != "pass":
        raise NotPassedError(f"{identifier} has not passed ({report.verdict}): {report.message}")


def memory_of(identifier: str) -> Memory:
    """What this kernel remembers of an exercise."""
    return _memory.setdefault(identifier, Memory())


def find(identifier: str) -> Exercise | None:
    """The exercise, or None after saying what is wrong with the id (an id that was mistyped must not stop a reader)."""
    try:
        return exercises[identifier]
    except LessonError as error:
        if os.environ.get("TUTOR_EXPECT"):
            raise
        say("This answer was not checked.", str(error), "#9a6700")
        return None


def _cell(filename: str, line: int, known: Exercise) -> tuple[str, Part | None]:
    """The text of the answer and what it is, from the source of the cell that is running."""
    source = "".join(linecache.getlines(filename)) or _typed()
    parts = [part for part in parse(source, {known.id: known.stub}) if part.identifier == known.id]
    part = next((part for part in parts if part.start < line <= part.end), parts[-1] if parts else None)
    if part is None or part.node is None:
        return source, part
    return "\n".join(lines_of(source)[part.node.lineno - 1 : part.node.end_lineno]), part


def _typed() -> str:
    """The cell that is running, as it was typed: what stands below `%%time` is compiled without its source."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell.history_manager.input_hist_raw[-1] if shell is not None else ""


def _unfinished(part: Part | None, report: Report) -> Report:
    """Say what of a stub is still as it was where the rest was answered."""
    if part is None or not part.unwritten:
        return report
    names, verb = ", ".join(f"`{name}`" for name in part.unwritten), "is" if len(part.unwritten) == 1 else "are"
    return replace(report, message=f"{report.message}\n{names} {verb} still only `...`.")


def _numbered(filename: str, part: Part | None) -> str | None:
    """The definition, decorators included, with blank lines above it: its lines are numbered as in the cell."""
    lines = linecache.getlines(filename)
    if part is None or part.node is None or not lines:
        return None
    first = min([part.node.lineno, *(d.lineno for d in part.node.decorator_list)])
    return "\n" * (first - 1) + "".join(lines[first - 1 : part.node.end_lineno])


def _renamed(known: Exercise, answer: Any, report: Report) -> Report:
    note = f"The cells below call it `{known.name}`, yours is called `{answer.__name__}`: change the name back."
    return replace(report, message=f"{report.message}\n{note}")


def _stands_on(known: Exercise, answer: Any, report: Report) -> Report:
    """Point at an earlier answer that this one calls and that has not passed: the fault may lie there."""
    lesson = known.id.split(".")[0]
    for identifier, memory in _memory.items():
        failed = memory.report is not None and memory.report.verdict in ("wrong", "error", "slow")
        if failed and identifier != known.id and identifier.split(".")[0] == lesson and _calls(answer, memory):
            note = f"It calls `{exercises[identifier].name}`, and your answer to that has not passed: look there first"
            return replace(report, message=f'{report.message}\n{note} (`lend("{identifier}")` borrows ours).')
    return report


def _calls(answer: Any, earlier: Memory) -> bool:
    """Whether an answer uses what was judged earlier: that very object, not another that has its name.

    A method is called on an object that is not known here, so what counts is its name and that its class has it still.
    """
    name = getattr(earlier.judged, "__name__", None)
    for function in functions_of(answer):
        uses = {i.opname for i in dis.get_instructions(function) if i.argval == name and i.opname in LOADS}
        if earlier.owner is not None:
            found = uses - {"LOAD_GLOBAL"} and vars(earlier.owner).get(name) is earlier.judged
        else:
            found = "LOAD_GLOBAL" in uses and function.__globals__.get(name) is earlier.judged
        if found:
            return True
    return False


def finish(known: Exercise, memory: Memory, report: Report, text: str) -> None:
    """Remember, write, show; and in a CI lane, fail on any verdict but the expected one."""
    failed = report.verdict not in ("pass", "todo")
    repeated = failed and memory.report is not None and (memory.answer, memory.report.verdict) == (text, report.verdict)
    if not repeated:
        memory.hints = 0
    if failed:
        _last_failed[:] = [known.id]
        if report.hint:  # the same wrong answer again moves one hint on, but the last, the line itself, is for asking
            ladder = known.ladder(report)
            step = min(memory.hints, max(0, len(ladder) - 2))
            report, memory.hints = replace(report, hint=ladder[step]), max(memory.hints, step + 1)
    memory.report, memory.answer = report, text
    _log(report)
    expected = os.environ.get("TUTOR_EXPECT")
    if expected and report.verdict != expected:
        show(report)
        raise AssertionError(f"{known.id}: expected the verdict {expected}, got {report.verdict}: {report.message}")
    others = os.environ.get("NBGRADER_EXECUTION")  # nbgrader runs a student's notebook: no progress of who grades it
    notice = "" if expected or others else _record(known.id, report.verdict)
    lent = report.verdict == "todo" and known.is_lent and not known.broken
    show(replace(report, message=f"{report.message}\n{LENT}") if lent else report)
    if notice:
        say(notice, colour="#9a6700")


def _record(identifier: str, verdict: str) -> str:
    store = Progress()
    store.record(identifier, verdict)
    return store.notice


def _log(report: Report) -> None:
    """Append the report to the file that a runner names in TUTOR_REPORT, one JSON object a line."""
    path = os.environ.get("TUTOR_REPORT")
    if path:
        fields = {k: getattr(report, k) for k in ("exercise", "verdict", "misconception", "tier", "message", "seconds")}
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(json.dumps(fields) + "\n")


def _lend(known: Exercise, memory: Memory) -> Any:
    """Execute the solution in the notebook's own globals, so that it sees the reader's classes, and bind it."""
    if known.kind == "value" or memory.space is None:
        return ...
    filename = f"<our solution of {known.id}>"
    keep_lines(filename, known.source)
    space = memory.space
    try:
        exec(compile(known.source, filename, "exec"), space)
    except NameError as error:
        say(f"Run the cells above first: {error}.", colour="#9a6700")
        return ...
    lent = space[known.name]
    if memory.owner is not None:
        setattr(memory.owner, known.name, lent)
    return lent


def _asks_a_program(known: Exercise) -> bool:
    """Whether an exercise wants another form than the one that it was given; then that is said."""
    if known.kind == "program":
        mend = f'Write `program("{known.id}")` as the first line of its cell, and the program below it.'
        say("This was not checked.", mend, "#9a6700")
    return known.kind == "program"


def lend(identifier: str) -> None:
    """Put our solution in the place of yours, so that the cells below run."""
    known = exercises[identifier]
    memory = _memory.setdefault(identifier, Memory())
    if memory.space is None:
        memory.space = sys._getframe(1).f_globals
    if known.kind == "method" and memory.owner is None:
        memory.owner = memory.space.get(known.owner)
    if known.kind == "program":
        report, left = known.run(known.source, names=memory.space)
        if report.verdict != "pass":
            say("Run the cells above first, then lend again.", report.message, "#9a6700")
            return
        memory.space.update({name: left[name] for name in known.spec.leaves if name in left})
        say(f"What `{identifier}` has to leave is lent for now: our program was run in the place of yours.")
    elif known.kind == "value":
        say("A prediction is not lent: nothing below depends on it.")
    elif _lend(known, memory) is not ...:
        say(f"`{known.name}` is lent for now: our solution stands in its place.")


def hint(identifier: str | None = None) -> None:
    """Show the next hint for the last answer that failed, or for the exercise named."""
    if identifier is None:
        if not _last_failed:
            say("No answer has failed yet.", 'For a hint beforehand name the exercise: `hint("lesson.exercise")`.')
            return
        identifier = _last_failed[0]
    known = exercises[identifier]
    memory = _memory.setdefault(identifier, Memory())
    report, found = memory.report, ""
    if report is not None and report.later is not None:  # the search for the line goes on where the report stopped it
        better = report.later()
        memory.report = report = better or replace(report, later=None)
        found = f"{better.found}\n" if better else ""
    ladder = known.ladder(report)
    if memory.hints >= len(ladder):
        say("There is no further hint.", f'{found}`solution("{identifier}")` shows our answer.')
        return
    memory.hints += 1
    say(f"Hint {memory.hints} of {len(ladder)} for {identifier}", found + ladder[memory.hints - 1], "#0969da")


def solution(identifier: str) -> None:
    """Show our solution; after a pass, beside yours."""
    known = exercises[identifier]
    memory = _memory.get(identifier, Memory())
    passed = memory.report is not None and memory.report.verdict == "pass" and known.kind != "value"
    if not os.environ.get("TUTOR_EXPECT"):
        Progress().saw_solution(identifier)
    columns = [("Ours", known.source)] + ([("Yours", memory.answer)] if passed else [])
    cells = "".join(
        f'<div style="display:inline-block;vertical-align:top;width:{48 if passed else 98}%;margin-right:1%">'
        f"<b>{title}</b>{preformatted(text)}</div>"
        for title, text in columns
    )
    text = "\n\n".join(f"{title}:\n{text}" for title, text in columns)
    show(
        Card(
            f"Solution of {identifier}\n{text}",
            card(f"<b>Solution of</b> <code>{html.escape(identifier)}</code>", cells),
        )
    )


def compare(before: str, after: str) -> None:
    """Show what changed from one cell of the series to another, with our solutions in them.

    Parameters
    ----------
    before, after : "lesson/cell", the cell by its name; an exercise's cell is called like the exercise.
    """
    cells = [find_cell(*place.split("/", 1)) if "/" in place else _no_place(place) for place in (before, after)]
    if not os.environ.get("TUTOR_EXPECT"):
        for cell in cells:
            if cell.exercise_id:
                Progress().saw_solution(cell.exercise_id)
    text = difference(cells[0].solved, cells[1].solved)
    show(
        Card(
            f"From {before} to {after}\n{text}",
            card(f"<b>From {inline(before)} to {inline(after)}</b>", preformatted(text)),
        )
    )


def _no_place(text: str) -> Any:
    raise LessonError(f'"{text}" names no cell: write "lesson/cell", for instance "numpy_backprop/fit-sine".')


def progress() -> None:
    """Show, lesson by lesson, what has been solved."""
    store = Progress()
    known = store.read()
    rows, text, done_all, count_all = [], [], 0, 0

    def row(name: str, marks: str) -> None:
        done, count = marks.count("●"), len(marks)
        text.append(f"  {name:<25} {marks:<10} {done} of {count}")
        rows.append(
            f"<tr><td style='text-align:left'>{html.escape(name)}</td>"
            f"<td style='text-align:left;letter-spacing:3px'>{marks}</td><td>{done} of {count}</td></tr>"
        )

    def mark(identifier: str) -> str:
        return "●" if known.get(identifier, {}).get("verdict") == "pass" else "○"

    capstones = []
    for lesson in series():
        marks = "".join(mark(i) for i, asked in lesson.exercises.items() if asked.kind != "program")
        capstones += [i for i, asked in lesson.exercises.items() if asked.kind == "program"]
        done_all, count_all = done_all + marks.count("●"), count_all + len(marks)
        row(f"{lesson.label} {lesson.name}", marks)
    title = f"{done_all} of {count_all} exercises solved"
    if capstones:
        marks = "".join(map(mark, capstones))
        row("capstones", marks)
        title += f", {marks.count('●')} of {len(capstones)} capstones"
    show(Card("\n".join([title, *text]), card(f"<b>{title}</b>", f"<table>{''.join(rows)}</table>", "#0969da")))
    if store.notice:
        say(store.notice, colour="#9a6700")


def reset(identifier: str) -> None:
    """Forget an exercise's progress and show the text that its cell started with."""
    known = exercises[identifier]
    Progress().forget([identifier])
    _memory.pop(identifier, None)
    lesson, name = identifier.split(".", 1)
    body = (
        f"Its cell started with the text below; paste it there, or run `tutor reset {lesson} {name}` in a terminal, "
        "which does it for you and keeps your old text beside it."
    )
    show(
        Card(
            f"{identifier} is to do again. {body}\n\n{known.stub}",
            card(
                f"<b>{html.escape(identifier)} is to do again</b>", f"<p>{inline(body)}</p>{preformatted(known.stub)}"
            ),
        )
    )


@contextlib.contextmanager
def expect(kind: type[BaseException]) -> Iterator[None]:
    """Show the error (or warning) that the block is meant to end in, and go on.

    Raises
    ------
    TutorError
        If the block ends without it, so that a lesson's claim cannot go stale unseen.
    """
    if issubclass(kind, Warning):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            yield
        met = next((f"{w.category.__name__}: {w.message}" for w in caught if issubclass(w.category, kind)), None)
    else:
        met = None
        try:
            yield
        except kind as error:
            met = "".join(traceback.format_exception_only(error)).strip()
    if met is None:
        raise TutorError(f"{kind.__name__} was expected here, but the block ended without it.")
    _show_expected(kind, met)


def _show_expected(kind: type[BaseException], message: str) -> None:
    title = "The warning that was expected" if issubclass(kind, Warning) else "The error that was expected"
    show(Card(f"{title}:\n{message}", card(f"<b>{title}</b>", preformatted(message), "#8250df")))
