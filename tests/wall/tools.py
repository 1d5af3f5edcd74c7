"""Right and wrong answers of the series' exercises as they are given behind the wall, and what is said of them here."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.conftest import ABOUT, DATA, LESSON
from tutor.checking import guard
from tutor.checking.exercise import Exercise
from tutor.checking.fault import Fault
from tutor.checking.observed import Ran
from tutor.checking.programs import ProgramExercise
from tutor.checking.report import Report
from tutor.checking.wire import decode, encode
from tutor.lessons.public import public_half
from tutor.lessons.registry import REFERENCE, Lesson, only_imports
from tutor.lessons.text import definition, find_target
from tutor.wall.frames import Asked, Job, fault_data, fault_of_data
from tutor.wall.pool import Heard

TURN = 3
EXERCISES = ["small.add", "small.moments", "small.count"]
MORE = '''
# %% name="more"
import numpy as np

# %% tags=["item:adding"]
@exercise("small.moments")
def moments(x):
    """Return the mean and the mean square."""
    ### BEGIN SOLUTION
    return x.mean(), (x * x).mean()
    ### END SOLUTION

# %% name="value"
count = ...
### BEGIN SOLUTION
count = 3
### END SOLUTION
count = check("small.count", count)

# %% name="prints"'''
MOMENTS = """
from tutor.checking import Misconception, code

EXERCISE = code(
    difficulty="easy",
    minutes=1,
    drills=("adding",),
    probe=lambda d: (d.array(*d.sizes(1, 4, 9)),),
    outputs=("mean", "square"),
    misconceptions=(Misconception("sum", "That is the sum.", patch=("x.mean()", "x.sum()")),),
    hints=("What is asked?", "How many?", "`x.mean()`"),
)
"""
COUNT = """
from tutor.checking import Misconception, value

EXERCISE = value(
    difficulty="easy",
    minutes=1,
    misconceptions=(Misconception("two", "One more.", value=2),),
    hints=("Count.", "Which?", "`3`"),
    explain="Three.",
)
"""


@dataclass(frozen=True)
class Given:
    """An answer: its name, its text behind the wall, the same answer as an object here."""

    name: str
    text: str
    here: Any


def setup(lesson: Lesson, before: str) -> str:
    """The text of what a lesson defines above an exercise, with the solutions: that of `Lesson.namespace`."""
    parts = ["from tutor import check as _check, exercise as _exercise"]
    for cell in lesson.cells:
        if cell.exercise_id == before:
            break
        if cell.exercise_id:
            target = find_target(cell.source, cell.exercise_id)
            if target.kind in ("value", "program"):
                continue
            parts.append(definition(cell.solved, cell.exercise_id))
            if target.owner:
                parts.append(f"setattr({target.owner}, {target.name!r}, {target.name})")
        elif cell.kind == "code" and (REFERENCE in cell.tags or only_imports(cell.source)):
            parts.append(cell.source)
    return "\n".join(parts)


def answers(known: Exercise) -> Iterator[Given]:
    """The solution, the right answers that are written differently, and the known mistakes."""
    if known.kind == "value":
        values = [("solution", known.reference)] + [(m.name, m.value) for m in known.spec.misconceptions]
        for name, value in [*values, *((f"alternative {k}", v) for k, v in enumerate(known.alternatives))]:
            if _is_literal(value):
                yield Given(name, f"{known.name} = {value!r}", value)
        return
    module = f"tutor.lessons.{known.id.split('.')[0]}.exercises.{known.id.split('.')[1]}"
    yield Given("solution", known.source, known.reference)
    for number, written in enumerate(known.spec.alternatives):
        text = f"import {module} as _m\n{known.name} = _m.ALTERNATIVES[{number}]"
        yield Given(f"alternative {number}", written if isinstance(written, str) else text, known.alternatives[number])
    for number, mistake in enumerate(known.known):
        if mistake.pairs:
            yield Given(mistake.name, mistake.apply(known.source), known.misconceptions[mistake.name].wrong)
        else:
            number -= len(known.known) - len(known.spec.misconceptions)
            made = f"{known.name} = _m.MISCONCEPTIONS[{number}].wrap({known.name})"
            text = f"{known.source}\nimport {module} as _m\n{made}"
            yield Given(mistake.name, text, known.misconceptions[mistake.name].wrong)


def _is_literal(value: Any) -> bool:
    try:
        return ast.literal_eval(repr(value)) == value
    except (ValueError, SyntaxError):
        return False


def job(lesson: Lesson, known: Exercise, given: list[Given]) -> Job:
    """A notebook in which each answer has a cell, and an exercise, of its own."""
    cells, asked = [(0, setup(lesson, known.id))], {}
    module = f"{lesson.package}.exercises.{known.id.split('.')[1]}"
    if known.kind == "value":
        halves, asks, module = {}, (), ""
    else:
        halves = public_half(lesson, [known.id.split(".")[1]], ("alternatives", "misconceptions"))
        asks = tuple(probed.ask for probed in known.probed(TURN))
    for number, answer in enumerate(given, 1):
        name, of = f"{known.id} {number}", f", of={known.owner}" if known.owner else ""
        how = f"_check({name!r}, {known.name})" if known.kind == "value" else f"_exercise({name!r}{of})({known.name})"
        cells.append((number, f"{answer.text}\n{how}"))
        asked[name] = Asked(number, module, known.name, known.owner or "", asks, 60.0)
    return Job(tuple(cells), halves, asked)


def programs(known: ProgramExercise) -> dict[str, str]:
    """The texts of the solution, of the right programs that are written differently, and of the wrong ones, by name."""
    others = {f"alternative {k}": text for k, text in enumerate(known.alternatives)}
    return {"solution": known.source, **others, **{w.name: w.apply(known.source) for w in known.spec.wrong}}


def program_job(lesson: Lesson, known: ProgramExercise, text: str, turn: int = 0) -> Job:
    """A notebook in which one program has a cell."""
    name = known.id.split(".")[1]
    call = f'program("{known.id}")'
    cells = ((0, f"from tutor import program\n{setup(lesson, known.id)}"), (1, call))
    module, given = f"{lesson.package}.exercises.{name}", known.given(turn)
    asked = Asked(1, module, name, seconds=2 * known.spec.seconds, program=f"{call}\n{text}", given=given)
    return Job(cells, public_half(lesson, [name]), {known.id: asked})


def program_report(known: ProgramExercise, heard: Heard, text: str, turn: int = 0) -> Report:
    """What is said of a program that ran behind the wall."""
    tried = heard.tried.get(known.id)
    assert tried is not None and tried.ran is not None, (heard.faults, heard.broken, heard.late)
    return judged(known, tried.ran, tried.look, text, turn)


def judged(known: ProgramExercise, ran: Ran, look: Callable[[str], Any], text: str, turn: int = 0) -> Report:
    """What is said of what was seen of a program, its text standing below a call."""
    program = ast.unparse(ast.parse(text))
    with guard.plain_torch():
        return known.judged_program(ran, look, program, lines=["", *text.splitlines()], limit=1.0, turn=turn)


def crossed(seen: Any) -> Any:
    """What was seen under a name as it arrives."""
    if isinstance(seen, Fault):
        return fault_of_data(decode(encode(fault_data(seen))))
    return decode(encode(seen))


def report(known: Exercise, heard: Heard, number: int) -> Report:
    """What is said of an answer that was tried behind the wall."""
    tried = heard.tried.get(f"{known.id} {number}")
    assert tried is not None, (known.id, number, heard.faults.get(number) or heard.faults.get(0), heard.broken)
    with guard.plain_torch():
        if known.kind == "value":
            return known.judged_value(tried.seen[-1])
        return known.judged(tried.answer, tried.seen, limit=tried.limit, turn=TURN).report


def told(report: Report) -> tuple[str, str | None, str, str]:
    """What has to be the same here and there: of an error's words, what does not depend on where a line stands."""
    message = report.message.split("\n")[0] if report.tier == "exception" else report.message
    return report.verdict, report.misconception, report.tier, message


def small_lesson(folder: Path) -> Path:
    """Write the small lesson with three exercises."""
    (folder / "exercises").mkdir(parents=True)
    data = DATA.replace("minutes=1", "minutes=1, seconds=1.0")
    text = LESSON.replace('\n# %% name="prints"', MORE)
    files = {"lesson.py": text, "__init__.py": ABOUT, "expected.json": '{"prints": "the sum is 3\\n"}'}
    files |= {"exercises/add.py": data, "exercises/moments.py": MOMENTS, "exercises/count.py": COUNT}
    for place, content in files.items():
        (folder / place).write_text(content, encoding="utf-8")
    return folder
