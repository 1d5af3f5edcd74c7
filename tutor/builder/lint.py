"""Lint the course: every rule looks at one lesson and returns its complaints, a sentence each."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from tutor.builder import notebooks, numbers
from tutor.builder.coverage import cells_for, exercises_for, questions_for
from tutor.builder.ground import CORE, bound, code_lines, efforts, grounds, leanings, lines_of_code, pieces, read
from tutor.checking.exercise import Exercise
from tutor.checking.space import disagreements
from tutor.checking.spec import SpecError
from tutor.errors import TutorError
from tutor.lessons import SERIES, SHELVES
from tutor.lessons.cells import is_python
from tutor.lessons.glossary import TERMS
from tutor.lessons.registry import Lesson, find_cell
from tutor.lessons.sources import ITEMS
from tutor.lessons.text import Cell

LONGEST_CELL = 24
LONGEST_FILE = 250  # of those that describe an exercise
MOST_OF_CORE = 8  # exercises
LONGEST_PROGRAM = 60  # lines of a solution that a reader writes from an empty cell
REPAIR_LINES = (8, 25)
REPAIRS, PROGRAMS = 3, 1  # the most of a lesson, beside its other exercises
WRONG_PROGRAMS = 5
TYPED = re.compile(
    r"\b[Yy]ou (?:have |had |also |only |never |just |still )?"
    r"(?:put|wrote|write|typed?|call(?:ed)?|pass(?:ed)?|copied|copy|forgot|wrap(?:ped)?)\b|\bas if you\b"
)
OPENING = ("**You will be able to**", "**You need**", "**It takes**")
CLOSING = ("## Recap", "## Self-check", "## Where to read on")


@dataclass(frozen=True)
class Form:
    """What is asked of the lessons of one series alone; every other rule is asked of both.

    Attributes
    ----------
    exercises : the least and the most exercises of a lesson.
    minutes : the most that a lesson may take; None where there is no such limit.
    recaps_changes : whether a lesson ends with what changed since the one before it.
    """

    exercises: tuple[int, int]
    minutes: int | None
    recaps_changes: bool


# here alone stands where the afternoon differs: it is short, and its lessons do not retell one problem rung by rung
FORMS = {"afternoon": Form((4, 7), 65, recaps_changes=False), "": Form((5, 12), None, recaps_changes=True)}

KNOWN_TAGS = ("reference", "figure", notebooks.CHECKED)


def lint(lesson: Lesson) -> list[str]:
    """All complaints about a lesson, each beginning with its name; an empty list is what is wanted."""
    complaints = []
    for rule in RULES:
        try:
            complaints += [f"{lesson.name}: {complaint}" for complaint in rule(lesson)]
        except TutorError as error:
            complaints.append(f"{lesson.name}: {error}")
    return list(dict.fromkeys(complaints))


def exercises_are_described(lesson: Lesson) -> Iterator[str]:
    """Every exercise has data (which asks for hints, a difficulty and a time), a docstring, and no data lies unused."""
    for identifier, exercise in lesson.exercises.items():
        assert exercise.spec is not None  # reading it raises where a field is wrong or missing
        if exercise.kind not in ("value", "program") and not ast.get_docstring(ast.parse(exercise.source).body[0]):
            yield f"{identifier} has no docstring."
    asked = {identifier.split(".", 1)[1] for identifier in lesson.exercises}
    for name in lesson.described():
        if name not in asked:
            yield f'exercises/{name}.py describes "{name}", which lesson.py never asks.'


def one_statement_is_easy(lesson: Lesson) -> Iterator[str]:
    """An exercise whose whole solution is one statement is called easy."""
    for identifier, exercise in lesson.exercises.items():
        if exercise.kind == "function" and exercise.spec.difficulty != "easy":
            function = ast.parse(exercise.source).body[0]
            statements = sum(isinstance(node, ast.stmt) for node in ast.walk(function)) - 1  # without the `def` itself
            if statements - bool(ast.get_docstring(function)) == 1:
                yield f"{identifier} is solved by one statement and is called {exercise.spec.difficulty}: call it easy."


def files_are_short(lesson: Lesson) -> Iterator[str]:
    """No file that describes an exercise is too long to be read in one go."""
    for path in sorted(lesson.folder.glob("exercises/*.py")):
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > LONGEST_FILE:
            yield f"exercises/{path.name} has {lines} lines; {LONGEST_FILE} is the most."


def exercises_are_unsolved(lesson: Lesson) -> Iterator[str]:
    """No exercise is shipped solved."""
    for cell in lesson.cells:
        if cell.exercise_id and cell.student == cell.solved:
            yield f"{cell.exercise_id} is shipped solved: put its solution between the two solution marks."


def solutions_pass(lesson: Lesson) -> Iterator[str]:
    """Every solution passes its own check."""
    for identifier, exercise in lesson.exercises.items():
        report = exercise.check(exercise.reference)
        if report.verdict != "pass":
            yield f"the solution of {identifier} does not pass: {report.message}"


def misconceptions_apply(lesson: Lesson) -> Iterator[str]:
    """Every misconception's patch still applies, and there are enough of them and of alternatives."""
    for identifier, exercise in lesson.exercises.items():
        spec = exercise.spec
        count, others = len(spec.misconceptions), len(spec.alternatives)
        if exercise.kind == "value":
            if not count:
                yield f"{identifier} names no wrong value with its cause."
            continue
        if exercise.kind == "program":
            yield from _wrong_programs_apply(exercise)
            continue
        if count < 3 or others < 3:
            yield f"{identifier} has {count} misconceptions and {others} alternatives; 3 of each are the least."
        for known in spec.misconceptions:
            try:
                compile(known.apply(exercise.source), identifier, "exec")
            except (SpecError, SyntaxError) as error:
                yield f"{identifier}: {error}"


def messages_tell_results(lesson: Lesson) -> Iterator[str]:
    """A message is said of every answer that behaves alike, so it says nothing of what was typed; a cause= may."""
    for identifier, exercise in lesson.exercises.items():
        for known in exercise.spec.misconceptions if exercise.kind != "value" else ():
            if typed := TYPED.search(known.message):
                yield (
                    f'{identifier}: the message of "{known.name}" says "{typed[0]}", which another answer with the '
                    "same results need not have: say what comes out, and give cause= and evidence= for what was typed."
                )


def _wrong_programs_apply(exercise: Exercise) -> Iterator[str]:
    count, others = len(exercise.spec.wrong), len(exercise.spec.alternatives)
    if count < WRONG_PROGRAMS or others < 3:
        had = f"{exercise.id} has {count} wrong programs and {others} alternatives"
        yield f"{had}; {WRONG_PROGRAMS} and 3 are the least."
    for wrong in exercise.spec.wrong:
        try:
            compile(wrong.apply(exercise.source), exercise.id, "exec")
        except (SpecError, SyntaxError) as error:
            yield f"{exercise.id}: {error}"


def kinds_are_described(lesson: Lesson) -> Iterator[str]:
    """A program has the data of a program, a repair those of a repair, and is neither too short nor too long."""
    for cell in lesson.cells:
        if not cell.exercise_id:
            continue
        exercise, name = lesson.exercises[cell.exercise_id], cell.exercise_id
        if (exercise.kind == "program") is not bool(exercise.spec.judge):
            yield f'{name}: its data are made by program(...) if and only if its cell begins with `program("{name}")`.'
        if bool(exercise.broken) is not bool(exercise.spec.fault):
            yield f"{name}: its data are made by repair(...) if and only if its cell says `### BROKEN`."
        low, high = REPAIR_LINES
        if exercise.broken and not low <= (length := lines_of_code(exercise.broken)) <= high:
            yield f"{name} arrives with {length} lines to mend; {low} to {high} are wanted."
        if exercise.broken and exercise.check(exercise.build(exercise.broken)[0]).verdict == "pass":
            yield f"{name} arrives with nothing to mend: what stands there passes."


def spaces_are_the_docstrings(lesson: Lesson) -> Iterator[str]:
    """A declared space of arguments has what the docstring allows, and nothing that it does not."""
    for identifier, exercise in lesson.exercises.items():
        if exercise.spec.space is not None:
            docstring = ast.get_docstring(ast.parse(exercise.source).body[0]) or ""
            yield from (f"{identifier}: {told}" for told in disagreements(docstring, exercise.spec.space))


def items_are_taught(lesson: Lesson) -> Iterator[str]:
    """Every curriculum item has a cell that teaches it, every tag is known, every drill names an item."""
    items = lesson.about.items
    for item in items:
        if not cells_for(lesson, item):
            yield f'no cell carries the tag "item:{item}".'
    for cell in lesson.cells:
        for tag in cell.tags:
            known = tag in KNOWN_TAGS or tag.startswith(numbers.TAG) or tag.removeprefix("item:") in items
            if not known:
                yield f'cell "{cell.name}" carries the unknown tag "{tag}".'
    for identifier, exercise in lesson.exercises.items():
        for item in exercise.spec.drills:
            if item not in items:
                yield f'{identifier} drills "{item}", which is no item of the lesson.'


def items_are_drilled(lesson: Lesson) -> Iterator[str]:
    """Every curriculum item is practised: by an exercise, or by a question of the self-check that is marked with it."""
    marked = set()
    for cell in lesson.cells:
        for found in notebooks.DRILLS.finditer(cell.source):
            marked |= set(found[1].split(", "))
    for item in lesson.about.items:
        if not exercises_for(lesson, item) and not questions_for(lesson, item):
            yield f'nothing drills "{item}": write `<!-- drills: {item} -->` above a question of the self-check.'
    for item in sorted(marked):
        if not questions_for(lesson, item):
            yield f"`<!-- drills: {item} -->` does not stand right above a numbered question of the self-check."
        if item not in lesson.about.items:
            yield f'a question drills "{item}", which is no item of the lesson.'


def sources_are_taught(lesson: Lesson) -> Iterator[str]:
    """What the sources teach stands in the cells that are said to teach it, one of which carries a curriculum item."""
    known = {cell.name: cell for cell in lesson.cells}
    for item in ITEMS:
        here = item.cells_in(lesson.name)
        if missing := [name for name in here if name not in known]:
            yield f'{item.source} teaches "{item.words}" in cell "{missing[0]}", which is not there: see sources.py.'
            continue
        if here and not any(tag.startswith("item:") for name in here for tag in known[name].tags):
            yield f'{item.source}, "{item.words}": none of {", ".join(here)} carries a curriculum item.'
        if here and item.cells[0].partition("/")[0] == lesson.name:
            text = "\n".join(find_cell(*cell.split("/")).solved for cell in item.cells)
            if lost := [seen for seen in item.seen if seen not in text]:
                yield f'{item.source} teaches "{item.words}"; `{lost[0]}` is not seen in {", ".join(item.cells)}.'


def ground_is_marked(lesson: Lesson) -> Iterator[str]:
    """Every section is marked as core or as deeper ground; a lesson outside the series may do without."""
    made_of = list(pieces(lesson))
    if lesson.name in SERIES or any(piece.marked for piece in made_of):
        for piece in made_of:
            if piece.section and not piece.marked:
                yield f'below "## {piece.section}" stands neither `*Core*` nor `*Deeper ground: …*`.'


def core_stands_alone(lesson: Lesson) -> Iterator[str]:
    """The core runs without the deeper ground, and needs none of its exercises."""
    for cell, name, source in leanings(lesson):
        yield f'cell "{cell}" of the core reads {name}, which cell "{source}" binds on deeper ground.'


def time_is_true(lesson: Lesson) -> Iterator[str]:
    """The opening's minutes are those of the index, and what the exercises, the prose and the code add up to."""
    about, (core, everything) = lesson.about, efforts(lesson)
    words = f"about {about.minutes} minutes"
    if about.core is not None:
        words = f"about {about.core} minutes for the core, {about.minutes} with everything"
    if f"**It takes** {words}" not in " ".join(lesson.cells[0].source.split()):
        yield f"the opening does not say `**It takes** {words}`, as ABOUT in __init__.py does."
    if about.core is None and any(piece.ground != CORE for piece in pieces(lesson)):
        yield "it has deeper ground, and ABOUT in __init__.py does not say how long the core takes: core=."
    stated = ((about.minutes, "", everything), (about.core_minutes, " of core", core))
    for minutes, part, effort in stated:
        if abs(minutes - effort.minutes) > max(5, effort.minutes * 0.15):
            yield (
                f"ABOUT says {minutes} minutes{part}; the exercises take {effort.exercises}, and with {effort.words} "
                f"words and {effort.lines} lines of code to read it is about {effort.minutes:.0f}."
            )


def figures_have_alt_text(lesson: Lesson) -> Iterator[str]:
    """Pictures come from `tutor.plots` or `tutor.graph`, which insist on alt text; images in prose carry their own."""
    for cell in lesson.cells:
        if cell.kind == "code" and re.search(r"\bpyplot\b|\bplt\.", cell.source):
            yield f'cell "{cell.name}" draws with pyplot, which gives no alt text: use tutor.plots.'
        if cell.kind == "markdown" and (
            re.search(r"!\[\s*\]\(", cell.source) or re.search(r"<img(?![^>]*\balt=\"[^\"])", cell.source)
        ):
            yield f'cell "{cell.name}" shows an image without alt text.'


def figures_can_be_run_again(lesson: Lesson) -> Iterator[str]:
    """A figure that waits for a guess is run again after the whole notebook was: what it uses must still be there."""
    code = [(cell.name, cell.solved) for cell in lesson.cells if cell.kind == "code" and is_python(cell.solved)]
    for at, (name, text) in enumerate(code):
        if not any(isinstance(node, ast.keyword) and node.arg == "guess" for node in ast.walk(ast.parse(text))):
            continue
        used = read(text) - bound(text)
        for later, other in code[at + 1 :]:
            if taken := sorted(used & bound(other)):
                yield (
                    f'cell "{name}" is run again when its reader has a guess, and uses {", ".join(taken)}, '
                    f'which cell "{later}" binds anew: give it names of its own.'
                )


def outputs_are_kept(lesson: Lesson) -> Iterator[str]:
    """Every checked cell has a recorded output and no recorded output lies unused."""
    expected = notebooks.read_expected(lesson)
    checked = [cell.name for cell in lesson.cells if notebooks.CHECKED in cell.tags]
    for name in checked:
        if not expected.get(name):
            yield f'cell "{name}" has no recorded output to be compared with: run `tutor build --record {lesson.name}`.'
    for name in expected:
        if name not in checked:
            yield f'an output is recorded for "{name}", which is no checked cell.'


def tolerances_are_stated(lesson: Lesson) -> Iterator[str]:
    """Every tolerance can be read, and stands where an output is compared."""
    for cell in lesson.cells:
        if any(tag.startswith(numbers.TAG) for tag in cell.tags) and notebooks.CHECKED not in cell.tags:
            yield f'cell "{cell.name}" states a tolerance, and nothing that it prints is compared.'
        try:
            numbers.tolerance(cell.tags)
        except ValueError as error:
            yield f'cell "{cell.name}": {error}'


def glossary_is_true(lesson: Lesson) -> Iterator[str]:
    """Every word that the glossary says the lesson introduces stands in its prose; no later lesson's stands in bold."""
    prose = "\n".join(cell.source for cell in lesson.cells if cell.kind == "markdown").casefold()
    for term in TERMS:
        if term.lesson == lesson.name and (term.written or term.name).casefold() not in prose:
            yield f'the glossary says that it introduces "{term.name}", which its text never uses.'
        later = {lesson.name, term.lesson} <= set(SERIES) and SERIES.index(term.lesson) > SERIES.index(lesson.name)
        if later and re.search(rf"\*\*{re.escape(term.name.casefold())}s?\*\*", prose):
            yield f'it sets "{term.name}" in bold as a new word; the glossary says that {term.lesson} introduces it.'


def shape_is_kept(lesson: Lesson) -> Iterator[str]:
    """Openings, closings, lengths and counts are those of the series."""
    text = "\n".join(cell.source for cell in lesson.cells if cell.kind == "markdown")
    first = lesson.cells[0].source
    for words in OPENING:
        if words not in first:
            yield f"the opening cell does not say {words}."
    form = FORMS[lesson.shelf]
    for words in CLOSING + (("### What changed since",) if lesson.number and form.recaps_changes else ()):
        if words not in text:
            yield f'there is no section "{words.lstrip("# ")}".'
    for cell in lesson.cells:
        most = LONGEST_PROGRAM if _asks_a_program(lesson, cell) else LONGEST_CELL
        if (length := code_lines(cell)) > most:
            yield f'cell "{cell.name}" has {length} lines of code; {most} is the most.'
    repairs = sum(bool(exercise.broken) for exercise in lesson.exercises.values())
    programs = sum(_asks_a_program(lesson, cell) for cell in lesson.cells)
    count = len(lesson.exercises) - repairs - programs
    core = list(grounds(lesson).values()).count(CORE)
    low, high = (3, 3) if lesson.name == SERIES[0] else form.exercises
    ours = any(lesson.name in names for names in SHELVES.values())
    if ours and not low <= count <= high:
        yield f"it has {count} exercises beside repairs and programs; {low} to {high} are wanted."
    if ours and (repairs > REPAIRS or programs > PROGRAMS):
        yield f"it has {repairs} repairs and {programs} programs; {REPAIRS} and {PROGRAMS} are the most."
    if lesson.name in SERIES and core > MOST_OF_CORE:
        yield f"its core has {core} exercises; {MOST_OF_CORE} is the most."
    if form.minutes is not None and lesson.about.minutes > form.minutes:
        yield f"it takes {lesson.about.minutes} minutes; {form.minutes} are the most in its series."


def _asks_a_program(lesson: Lesson, cell: Cell) -> bool:
    return bool(cell.exercise_id) and lesson.exercises[cell.exercise_id].kind == "program"


def cells_render(lesson: Lesson) -> Iterator[str]:
    """Both notebooks can be made, code cells are Python, cell ids are distinct."""
    for made in (notebooks.student(lesson), notebooks.solved(lesson)):
        ids = [cell["id"] for cell in made["cells"]]
        yield from (f'two cells have the id "{i}".' for i in sorted({i for i in ids if ids.count(i) > 1}))
        for cell in made["cells"]:
            try:
                ast.parse(notebooks.source_of(cell) if cell["cell_type"] == "code" else "")
            except SyntaxError as error:
                yield f'cell "{cell["id"]}" is not Python: {error}.'


RULES = (
    cells_render,
    exercises_are_described,
    exercises_are_unsolved,
    kinds_are_described,
    one_statement_is_easy,
    files_are_short,
    misconceptions_apply,
    messages_tell_results,
    spaces_are_the_docstrings,
    solutions_pass,
    items_are_taught,
    items_are_drilled,
    sources_are_taught,
    ground_is_marked,
    core_stands_alone,
    time_is_true,
    figures_have_alt_text,
    figures_can_be_run_again,
    outputs_are_kept,
    tolerances_are_stated,
    glossary_is_true,
    shape_is_kept,
)
