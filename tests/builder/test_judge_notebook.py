"""`tutor check` judges a reader's notebook, whatever is in it."""

import json

import pytest

from tutor.builder import copies, judge, notebooks
from tutor.errors import TutorError

pytestmark = pytest.mark.slow


@pytest.fixture
def judged(tmp_path, make_lesson):
    """Judge the small lesson after an edit of its cells."""
    lesson = make_lesson()
    path = tmp_path / lesson.filename

    def run(edit=lambda cells: None, **more):
        notebook = json.loads(notebooks.as_bytes(notebooks.student(lesson)))
        edit(notebook["cells"])
        path.write_text(json.dumps(notebook), encoding="utf-8")
        return judge.judge(path, **more)

    return run


def answer(body):
    return f'@exercise("small.add")\ndef add(a, b):\n    {body}\n'


@pytest.mark.parametrize(
    ("body", "verdict", "misconception"),
    [
        ("...", "todo", None),
        ("return b + a", "pass", None),
        ("return a - b", "wrong", "minus"),
        ("return c", "error", None),
    ],
)
def test_every_answer_gets_its_verdict(judged, body, verdict, misconception):
    (row,) = judged(lambda cells: cells[2].update(source=answer(body))).rows
    assert (row.verdict, row.misconception) == (verdict, misconception)


def test_an_answer_that_ends_its_process_costs_only_itself(judged):
    found = judged(lambda cells: cells[2].update(source=answer("import ctypes; ctypes.string_at(0)")))
    assert found.rows[0].verdict == "error" and "ended its own process" in found.rows[0].message
    assert found.notes == ()


def test_another_cell_that_never_ends_is_left_out_and_the_exercises_below_are_judged(judged):
    def edit(cells):
        cells[2].update(source=answer("return a + b"))
        cells.insert(1, {**cells[2], "id": "endless", "source": "while True: pass"})

    found = judged(edit, cell_seconds=20)
    assert found.rows[0].verdict == "pass"
    assert found.notes == ("cell 2 was left out: The cell did not end within 20 s and was killed.",)


def test_a_loop_that_swallows_everything_is_killed(judged):
    body = "while True:\n        try:\n            pass\n        except:\n            pass"
    patient = answer(body).replace('"small.add"', '"small.add", seconds=100')
    found = judged(
        lambda cells: cells[2].update(source=patient + "while True:\n  try:\n    pass\n  except: pass"),
        cell_seconds=20,
    )
    assert found.rows[0].verdict == "slow" and "was killed" in found.rows[0].message


def test_a_deleted_exercise_is_told_with_the_command_that_brings_it_back(judged):
    (row,) = judged(lambda cells: cells.pop(2)).rows
    assert row.verdict == "missing" and "tutor reset small add" in row.message


def test_a_duplicated_exercise_is_noted_and_the_last_counts(judged):
    def twice(cells):
        cells[2]["source"] = answer("return a - b")
        cells.insert(3, {**cells[2], "id": "twin", "source": answer("return a + b")})

    found = judged(twice)
    assert found.rows[0].verdict == "pass" and "stands in 2 cells" in found.notes[0]


def test_a_renamed_id_is_noted(judged):
    found = judged(lambda cells: cells[2].update(source=answer("return a").replace("small.add", "small.addition")))
    assert found.rows[0].verdict == "missing" and 'no exercise "small.addition"' in found.notes[0]


def test_an_error_in_another_cell_is_noted(judged):
    found = judged(lambda cells: cells[3].update(source="1 / 0"))
    assert "cell 4 raised ZeroDivisionError" in found.notes[0]


def test_a_cell_that_is_not_python_leaves_its_exercise_unchecked(judged):
    found = judged(lambda cells: cells[2].update(source=answer("return (")))
    assert found.rows[0].verdict == "error" and "before its answer could be checked" in found.rows[0].message


def test_a_notebook_of_no_lesson_is_refused_in_one_sentence(tmp_path):
    path = tmp_path / "other.ipynb"
    path.write_text(json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    with pytest.raises(TutorError, match="belongs to no lesson"):
        judge.judge(path)


def test_judging_leaves_the_readers_file_and_progress_alone(judged, tmp_path, monkeypatch):
    home = tmp_path / "home"
    monkeypatch.setenv("TUTOR_HOME", str(home))
    judged(lambda cells: cells[2].update(source=answer("return a + b")))
    assert not home.exists()


def test_a_whole_untouched_copy_is_to_do(tmp_path):
    copies.start(tmp_path)
    found = judge.judge(tmp_path / "01_numpy_backprop.ipynb")
    assert {row.verdict for row in found.rows} == {"todo"} and found.notes == ()
