"""Notebooks made from lessons, byte for byte the same."""

import json
import subprocess
import sys

import nbformat
import pytest

from tutor.builder import notebooks
from tutor.lessons.registry import find_lesson, series
from tutor.lessons.text import LessonError


@pytest.mark.parametrize("lesson", [lesson.name for lesson in series()])
def test_both_notebooks_are_valid_and_the_unsolved_one_has_no_output(lesson):
    lesson = find_lesson(lesson)
    for made in (notebooks.student(lesson), notebooks.solved(lesson)):
        nbformat.validate(nbformat.reads(notebooks.as_bytes(made).decode(), as_version=4))
    assert not any(c.get("outputs") or c.get("execution_count") for c in notebooks.student(lesson)["cells"])


def test_two_builds_in_processes_with_other_hash_seeds_are_identical():
    code = (
        "import sys; from tutor.builder import notebooks; from tutor.lessons.registry import find_lesson;"
        "sys.stdout.buffer.write(notebooks.as_bytes(notebooks.solved(find_lesson('numpy_backprop'))))"
    )
    made = [
        subprocess.run(
            [sys.executable, "-c", code], check=True, capture_output=True, env={"PYTHONHASHSEED": seed}
        ).stdout
        for seed in ("1", "2")
    ]
    assert made[0] == made[1] and b"\r" not in made[0]


def test_no_solution_stands_in_an_unsolved_notebook():
    for lesson in series():
        text = notebooks.as_bytes(notebooks.student(lesson)).decode()
        assert "BEGIN SOLUTION" not in text
        cells = {c["id"]: notebooks.source_of(c) for c in notebooks.student(lesson)["cells"]}
        for cell in lesson.cells:
            if cell.exercise_id:
                shipped = cells[notebooks.cell_id(lesson, cell.name)]
                assert shipped.endswith(cell.student) and cell.solved not in shipped


def test_an_exercise_cell_tells_its_difficulty_and_time(make_lesson):
    cells = notebooks.student(make_lesson())["cells"]
    assert notebooks.source_of(cells[2]).startswith("# Exercise: easy, about 1 minute\n@exercise")


def test_the_kept_output_and_a_count_stand_in_the_solved_notebook_only(make_lesson):
    lesson = make_lesson()
    solved, student = (
        next(c for c in made["cells"] if "nbval-check-output" in c["metadata"].get("tags", []))
        for made in (notebooks.solved(lesson), notebooks.student(lesson))
    )
    assert solved["outputs"][0]["text"] == ["the sum is 3\n"] and solved["execution_count"] == 3
    assert student["outputs"] == [] and student["execution_count"] is None


def test_cell_ids_come_from_lesson_and_name_and_fit_the_format(make_lesson):
    lesson = make_lesson(text=[('name="prints"', f'name="{"x" * 80}"')], expected="{}")
    ids = [c["id"] for c in notebooks.student(lesson)["cells"]]
    assert "small-add" in ids and all(len(i) <= 64 for i in ids)


def test_a_diff_between_two_cells_is_computed(make_lesson):
    lesson = make_lesson(text=[("## Recap", "## Recap\n# <!-- diff: small/prints small/imports -->")])
    text = notebooks.source_of(notebooks.student(lesson)["cells"][-2])
    assert "```diff" in text and '-print("the sum is", add(1, 2))' in text and "+from tutor import" in text


def test_a_diff_of_an_exercise_is_only_told_how_to_ask_for(make_lesson):
    lesson = make_lesson(text=[("## Recap", "## Recap\n# <!-- diff: small/prints small/add -->")])
    text = notebooks.source_of(notebooks.student(lesson)["cells"][-2])
    assert 'tutor.compare("small/prints", "small/add")' in text
    assert "return a + b" not in text and "def add" not in text


def test_a_diff_with_a_missing_cell_is_told(make_lesson):
    lesson = make_lesson(text=[("## Recap", "## Recap\n# <!-- diff: small/prints small/nowhere -->")])
    with pytest.raises(LessonError, match='small has no cell "nowhere"'):
        notebooks.student(lesson)


def test_the_last_cell_links_to_the_neighbours():
    text = notebooks.source_of(notebooks.student(find_lesson("numpy_backprop"))["cells"][-1])
    assert "(00_start_here.ipynb)" in text
    text = notebooks.source_of(notebooks.student(find_lesson("A3"))["cells"][-1])
    assert "(2_network_and_training.ipynb)" in text and "(../00_start_here.ipynb)" in text
    text = notebooks.source_of(notebooks.student(find_lesson("00"))["cells"][-1])
    assert "(afternoon/3_data_to_prediction.ipynb)" in text


def test_a_fresh_build_is_pristine_and_any_change_is_seen(make_lesson):
    made = json.loads(notebooks.as_bytes(notebooks.student(make_lesson())))
    assert notebooks.is_pristine(made)
    for change in (
        lambda n: n["cells"][2].update(source=["x = 1"]),
        lambda n: n["cells"].pop(),
        lambda n: n["cells"].append(dict(n["cells"][1], id="new")),
        lambda n: n["cells"].reverse(),
        lambda n: n["cells"][1].update(execution_count=1),
    ):
        copy = json.loads(json.dumps(made))
        change(copy)
        assert not notebooks.is_pristine(copy)
