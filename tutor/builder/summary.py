"""What a teacher reads of a class: who has what, which mistakes are common, and what could not be judged."""

from __future__ import annotations

import ast
import hashlib
import html
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tutor import console
from tutor.builder import submission
from tutor.builder.judge import Judged, out_of
from tutor.errors import TutorError
from tutor.lessons.registry import series

COMMONEST = 5  # mistakes told of each exercise
LONG_ENOUGH = 40  # nodes of an answer's syntax tree from which on two that are identical are pointed out
UNNAMED = {"wrong": "no known mistake", "error": "it stopped", "slow": "too slow", "shortcut": "a shortcut"}
# heading, names of the columns, rows, what is said where there are none
Table = tuple[str, Sequence[str], list[Sequence[str]], str]


@dataclass
class Summary:
    """What was found of a class so far.

    Attributes
    ----------
    points : student -> exercise -> points; of several notebooks of one lesson the best answer to each exercise.
    verdicts : exercise -> verdict -> how many notebooks.
    mistakes : exercise -> mistake -> who made it.
    solvers : exercise -> who solved it.
    looked_at : student -> the solutions that cells of the notebook show.
    unjudged : notebook, why.
    answers : exercise -> an answer's text without its layout -> who gave it.
    """

    points: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    verdicts: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    mistakes: defaultdict[str, defaultdict[str, set[str]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(set))
    )
    solvers: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    looked_at: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    unjudged: list[tuple[str, str]] = field(default_factory=list)
    answers: defaultdict[str, defaultdict[str, set[str]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(set))
    )

    def add(self, judged: Judged, given: Iterable[tuple[str, str]] = ()) -> None:
        """Take in the verdicts on a notebook, and the `answers` that are in it."""
        student = judged.student or judged.path
        if judged.unreadable:
            self.unjudged.append((judged.path, judged.rows[0].message))
            if judged.student:
                self.points.setdefault(student, Counter())  # a row of the table, though an empty one
            return
        self.looked_at[student].update(judged.looked_at)
        for row in judged.rows:
            self.points[student][row.exercise] = max(self.points[student][row.exercise], row.points)
            self.verdicts[row.exercise][row.verdict] += 1
            if row.verdict == "pass":
                self.solvers[row.exercise].add(student)
            elif row.verdict not in ("todo", "missing"):
                self.mistakes[row.exercise][row.misconception or UNNAMED.get(row.verdict, row.verdict)].add(student)
        for exercise, text in given:
            self.answers[exercise][text].add(student)

    def markdown(self) -> str:
        """The summary as Markdown."""
        parts = ["# A class's notebooks", "", self._said()]
        for heading, names, rows, otherwise in self._tables():
            parts += ["", f"## {heading}", ""]
            if rows:
                parts += [_row(names), "|" + "---|" * len(names), *map(_row, rows)]
            else:
                parts.append(otherwise)
        return "\n".join(parts) + "\n"

    def html(self) -> str:
        """The summary as a page that needs no other file and no script."""
        parts = [f"<h1>A class's notebooks</h1><p>{html.escape(self._said())}</p>"]
        for heading, names, rows, otherwise in self._tables():
            parts.append(f"<h2>{html.escape(heading)}</h2>")
            if rows:
                head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in names)
                body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
                parts.append(
                    f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
                )
            else:
                parts.append(f"<p>{html.escape(otherwise)}</p>")
        return PAGE.replace("CONTENT", "\n".join(parts))

    def _said(self) -> str:
        count, lessons = len(self.points), {lesson for of in self.points.values() for lesson in _by_lesson(of)}
        asked = sum(out_of(exercise) for exercise in self.verdicts)
        return (
            f"{count} {'student' if count == 1 else 'students'}, {len(lessons)} "
            f"{'lesson' if len(lessons) == 1 else 'lessons'}, {len(self.verdicts)} exercises, {asked} points: an easy "
            "exercise is worth 1, a medium one 2, a hard one 3."
        )

    def _tables(self) -> Iterable[Table]:
        points = {student: _by_lesson(of) for student, of in self.points.items()}
        lessons = [lesson for lesson in series() if any(lesson.name in of for of in points.values())]
        names = ["student", *(lesson.label for lesson in lessons), "points", "solutions looked at"]
        rows = []
        for student, of in sorted(points.items()):
            here = [str(of[lesson.name]) if lesson.name in of else "" for lesson in lessons]
            rows.append([student, *here, str(of.total()), ", ".join(sorted(self.looked_at[student]))])
        yield "Students", names, rows, "No notebook could be judged."

        order = [exercise for lesson in series() for exercise in lesson.exercises if exercise in self.verdicts]
        shown = [[exercise, *self._counts(exercise), self._commonest(exercise)] for exercise in order]
        told = ["exercise", "solved", "wrong", "to do", "commonest mistakes (students)"]
        yield "Exercises", told, shown, "None was judged."

        nobody = [[exercise] for exercise in order if not self.solvers[exercise]]
        yield "Solved by nobody", ["exercise"], nobody, "Every exercise was solved by somebody."
        yield "Not judged", ["what", "why"], self.unjudged, "Everything could be judged."

        alike = [
            [exercise, ", ".join(sorted(who))]
            for exercise in order
            for who in self.answers[exercise].values()
            if len(who) > 1
        ]
        otherwise = "There are none that are longer than a line or two and differ from our solution."
        yield "Identical answers", ["exercise", "students"], alike, otherwise

    def _counts(self, exercise: str) -> list[str]:
        of = self.verdicts[exercise]
        wrong = of.total() - of["pass"] - of["todo"] - of["missing"]
        return [str(of["pass"]), str(wrong), str(of["todo"] + of["missing"])]

    def _commonest(self, exercise: str) -> str:
        made = sorted(self.mistakes[exercise].items(), key=lambda mistake: -len(mistake[1]))
        return "; ".join(f"{mistake} ({len(who)})" for mistake, who in made[:COMMONEST])


def _by_lesson(of: Counter[str]) -> Counter[str]:
    """The points of each lesson."""
    made: Counter[str] = Counter()
    for exercise, points in of.items():
        made[exercise.split(".")[0]] += points
    return made


def answers(path: Path) -> Iterable[tuple[str, str]]:
    """The answers of a notebook that are long enough to be compared, each as one number for its syntax tree.

    Names count, layout and comments do not; an answer that is our solution word for word is left out.
    """
    try:
        made = submission.read(path)
    except TutorError:
        return
    for exercise in made.counts:
        text = made.definition(exercise)
        tree = _tree(text) if text else None
        if tree and tree[1] >= LONG_ENOUGH and tree != _tree(made.lesson.exercises[exercise].source):
            yield exercise, tree[0]


def _tree(text: str) -> tuple[str, int] | None:
    """A number for what a definition says, and how many nodes it has."""
    try:
        (node,) = ast.parse(text.strip("\n")).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        node.decorator_list = []
        if ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:]
    try:
        said = ast.dump(node).encode("utf-8", "replace")
    except RecursionError:
        return None
    return hashlib.sha256(said).hexdigest(), sum(1 for _ in ast.walk(node))


def _row(values: Sequence[str]) -> str:
    return "| " + " | ".join(_inline(value) for value in values) + " |"


def _inline(value: str) -> str:
    """A value in a Markdown table: what a student wrote can neither end its cell nor be a link, a picture or HTML."""
    text = html.escape(console.line(value), quote=False).replace("\\", "\\\\")
    for sign in "|[]!*_`":
        text = text.replace(sign, f"\\{sign}")
    return text


def _cell(value: str) -> str:
    return f"<td>{html.escape(console.line(value))}</td>"


PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>A class's notebooks</title>
<style>
:root { color-scheme: light dark; }
body { font: 15px/1.45 system-ui, sans-serif; max-width: 1100px; margin: 2rem auto; padding: 0 1rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; }
th, td { border: 1px solid #8c959f; padding: 3px 8px; text-align: left; vertical-align: top; }
</style>
</head>
<body>
<main>
CONTENT
</main>
</body>
</html>
"""
