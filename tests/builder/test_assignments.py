"""Lessons as nbgrader's assignments, run by nbgrader itself: each exercise gives its points, and only its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.conftest import FORMS
from tutor.builder import assignments, judge, notebooks
from tutor.cli import main
from tutor.lessons import cells
from tutor.lessons.registry import find_lesson, series

AFTERNOON = "tensors_and_gradients"
DOTS = ("", "...")


def text_of(cell):
    return "".join(cell["source"])


def released(notebook):
    """A notebook of nbgrader's as its own tool makes it for readers, with the settings that are exported."""
    from nbformat.v4 import to_notebook
    from nbgrader.preprocessors import ClearSolutions
    from traitlets.config import Config

    config = Config()
    exec(assignments.CONFIG, {"get_config": lambda: config})
    made, _ = ClearSolutions(config=config).preprocess(to_notebook(json.loads(json.dumps(notebook))), {})
    return made["cells"]


@pytest.mark.parametrize("lesson", [*series(), "forms"], ids=lambda lesson: getattr(lesson, "name", lesson))
def test_what_nbgrader_leaves_of_an_exercise_is_to_do_and_what_it_takes_out_is_the_solution(lesson, use_lessons):
    lesson = use_lessons(FORMS)[0] if lesson == "forms" else lesson
    source = assignments.source(lesson)
    made = {cell["id"]: text_of(cell) for cell in released(source)}
    texts = {cell["id"]: text_of(cell) for cell in source["cells"]}
    for cell in (cell for cell in lesson.cells if cell.exercise_id):
        name = notebooks.cell_id(lesson, cell.name)
        (part,) = (p for p in cells.parse(made[name], lesson.stubs) if p.identifier == cell.exercise_id)
        assert part.todo, made[name]
        left = [line for line in made[name].split("\n") if line.strip() not in DOTS and not line.startswith("# Exer")]
        assert left == [line for line in cell.student.split("\n") if line.strip() not in DOTS]
        counts = [p for p in cells.parse(texts[name], lesson.stubs) if p.identifier == cell.exercise_id][-1]
        (solved,) = (p for p in cells.parse(cell.solved) if p.identifier == cell.exercise_id)
        answered = cells.text_of(texts[name], counts).split("\n")
        assert not counts.todo and not set(cells.text_of(cell.solved, solved).split("\n")) - set(answered)


@pytest.mark.parametrize("lesson", series(), ids=lambda lesson: lesson.name)
def test_the_metadata_is_nbgraders_and_the_points_are_those_of_a_class(lesson):
    from nbgrader.nbgraderformat import reads

    notebook = reads(notebooks.as_bytes(assignments.source(lesson)).decode(), as_version=4)  # raises what is wrong
    noted = [cell["metadata"]["nbgrader"] for cell in notebook["cells"] if "nbgrader" in cell["metadata"]]
    points = [meta["points"] for meta in noted if meta["grade"]]
    assert points == [judge.out_of(identifier) for identifier in lesson.exercises] and min(points) > 0
    assert [meta["solution"] for meta in noted] == [True, False] * len(points)
    assert all(meta["locked"] is meta["grade"] for meta in noted)
    links = [line for cell in notebook["cells"] for line in cell["source"].split("\n") if ".ipynb" in line]
    assert links and not [line for line in links if "](../" not in line]
    assert "cells" not in notebook["metadata"]["tutor"], "a build's marks are of other texts"


def test_what_is_to_be_mended_is_found_there_also_where_the_solution_replaces_all_of_it(make_lesson):
    mended = ("    ### END", "    ### BROKEN\n    # return a - b\n    ### END")
    lesson = make_lesson(text=[mended])
    (cell,) = (cell for cell in released(assignments.source(lesson)) if "def add" in text_of(cell))
    assert "return a - b" in text_of(cell) and "a + b\n" not in text_of(cell).partition('"""\n')[2]


def test_an_export_is_repeated_and_overwrites_nothing_that_was_changed(forms, tmp_path):
    course, config = tmp_path / "course", tmp_path / "course" / "nbgrader_config.py"
    path = course / "source" / "13_forms" / "13_forms.ipynb"
    command = ["export", "--nbgrader", str(course), "forms"]
    first = CliRunner().invoke(main, command)
    assert first.output.splitlines() == [f"wrote {path}", f"wrote {config}"], first.output
    assert CliRunner().invoke(main, command).output == "everything is up to date\n"
    path.write_text("mine")
    refused = CliRunner().invoke(main, command)
    assert refused.exit_code == 1 and "source/13_forms/13_forms.ipynb" in refused.output and "--force" in refused.output
    assert path.read_text() == "mine"
    config.write_text("c = get_config()\nc.Execute.timeout = 7\n")
    forced = CliRunner().invoke(main, [*command, "--force"]).output
    (kept,) = (path.parent / "kept").iterdir()
    assert kept.read_text() == "mine" and f"kept {kept}" in forced and json.loads(path.read_text())["cells"]
    assert config.read_text().endswith("timeout = 7\n") and f"need this line in it: {assignments.STUB}" in forced
    assert CliRunner().invoke(main, ["export", "forms"]).exit_code == 2  # without a format


def test_all_lessons_are_exported_by_default(tmp_path):
    said = assignments.export(series(), tmp_path)
    found = {path.stem for path in tmp_path.glob("source/*/*.ipynb")}
    assert found == {Path(lesson.filename).stem for lesson in series()} and len(said) == len(found) + 1
    assert all(path.parent.name == path.stem for path in tmp_path.glob("source/*/*.ipynb"))


class Course:
    """A course in a folder, to which nbgrader's commands are given."""

    def __init__(self, folder):
        self.folder = folder
        path = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))  # it calls `alembic`
        own = {name: str(folder / name.lower()) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR")}
        root = str(Path(__file__).parents[2])
        self.environment = {**os.environ, **own, "PATH": path, "PYTHONPATH": root, "JUPYTER_PREFER_ENV_PATH": "1"}

    def __call__(self, *command):
        command = [sys.executable, "-m", "nbgrader", *map(str, command)]
        done = subprocess.run(command, cwd=self.folder, env=self.environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def submit(self, student, assignment, notebook):
        path = self.folder / "submitted" / student / assignment / f"{assignment}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(notebook), encoding="utf-8")

    def points(self, student, assignment):
        """Exercise cell -> points."""
        from nbgrader.api import Gradebook

        with Gradebook(f"sqlite:///{self.folder}/gradebook.db") as book:
            found = book.find_submission_notebook(assignment, assignment, student)
            assert not found.needs_manual_grade
            return {grade.name.removesuffix("-points"): grade.auto_score for grade in found.grades}


def changed(notebook, edits):
    """A notebook with other texts in some of its cells, each an old and a new part; "" is the whole."""
    made = json.loads(json.dumps(notebook))
    for cell in made["cells"]:
        old, new = edits.get(cell["id"], (None, None))
        if old is not None:
            assert old in text_of(cell), (old, cell)
            cell["source"] = text_of(cell).replace(old, new) if old else new
    return made


WRONG = {
    "forms": {
        "forms-function": ("return x + by", "return x - by"),
        "forms-class": ("", 'import tutor\n\ntutor.lend("forms.counter")\nraise AssertionError("not answered")'),
        "forms-module": ("def forward(self, x):", "def forward(self, x)"),
        "forms-value": ("answer = (2, 3)", "answer = (3, 2)"),
        "forms-program-points": ("", "pass"),  # nbgrader puts its own text back
        "forms-program": ("- 3 * points", "- 4 * points"),
        "forms-repair": ("total = a + b", "total = a"),
    },
    AFTERNOON: {f"{AFTERNOON}-line_gradients": ("(2 * error * x).mean()", "(error * x).mean()")},
}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["forms", AFTERNOON])
def test_nbgrader_gives_full_points_none_and_all_but_those_of_wrong_answers(name, use_lessons, tmp_path):
    lesson = use_lessons(FORMS)[0] if name == "forms" else find_lesson(name)
    assignments.export([lesson], tmp_path)
    path, course = tmp_path / assignments.place(lesson), Course(tmp_path)
    assignment = path.stem
    course("generate_assignment", assignment)
    solved = json.loads(path.read_text(encoding="utf-8"))
    unsolved = json.loads((tmp_path / "release" / assignment / path.name).read_text(encoding="utf-8"))
    wrong = changed(solved, WRONG[name])
    full = {
        cell["id"].removesuffix("-points"): judge.out_of(asked_by(cell)) for cell in solved["cells"] if asked_by(cell)
    }
    for student, notebook in (("ada", solved), ("bob", unsolved), ("cy", wrong)):
        course.submit(student, assignment, notebook)
    course("autograde", assignment)
    assert course.points("ada", assignment) == full and sum(full.values()) > 0
    assert course.points("bob", assignment) == dict.fromkeys(full, 0)
    assert course.points("cy", assignment) == {i: 0 if i in WRONG[name] else worth for i, worth in full.items()}

    assert "Success! Your notebook passes all the tests." in course("validate", path)
    said = course("validate", tmp_path / "release" / assignment / path.name)
    assert f"VALIDATION FAILED ON {len(full)} CELL(S)!" in said and said.count("has not passed (todo)") == len(full)


def asked_by(cell):
    """The exercise of which a cell gives the points, or ""."""
    return text_of(cell).partition('tutor.assert_passed("')[2].removesuffix('")')


@pytest.mark.slow
def test_what_readers_of_nbgraders_copy_answer_is_judged_by_us_as_well(forms, tmp_path):
    source = assignments.source(forms)
    path = tmp_path / "submitted" / "ada" / "13_forms" / "13_forms.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(changed(source, {"forms-function": WRONG["forms"]["forms-function"]})), encoding="utf-8")
    found = judge.judge(path)
    assert {row.exercise: row.verdict for row in found.rows if row.verdict != "pass"} == {"forms.shift": "wrong"}
    assert found.notes == ()
