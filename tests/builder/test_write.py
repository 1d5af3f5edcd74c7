"""`tutor build` writes what the lessons say and never loses what someone changed."""

import json
import re

import pytest

from tutor.builder import write
from tutor.errors import TutorError
from tutor.lessons.registry import series


def test_a_build_writes_every_notebook_and_both_indexes_and_a_second_one_nothing(tmp_path):
    said = write.build(tmp_path)
    assert len(said) == len(series()) + 2
    assert write.build(tmp_path) == ["everything is up to date"]
    assert write.stale(tmp_path) == []


def test_a_notebook_changed_by_hand_is_not_overwritten(tmp_path):
    write.build(tmp_path)
    path = tmp_path / series()[0].filename
    notebook = json.loads(path.read_text(encoding="utf-8"))
    notebook["cells"][1]["source"] = ["mine = 1"]
    path.write_text(json.dumps(notebook), encoding="utf-8")
    before = path.read_bytes()
    with pytest.raises(TutorError, match="was changed by hand"):
        write.build(tmp_path)
    assert path.read_bytes() == before
    assert write.stale(tmp_path) == [series()[0].filename]
    write.build(tmp_path, force=True)
    assert next((path.parent / "kept").iterdir()).read_bytes() == before
    assert write.stale(tmp_path) == []


def test_an_older_build_that_nobody_touched_is_replaced(tmp_path, make_lesson):
    make_lesson()
    write.build(tmp_path)
    lesson = make_lesson(text=[("the sum is", "the total is")])
    assert write.stale(tmp_path) == [lesson.filename]
    write.build(tmp_path)
    assert "the total is" in (tmp_path / lesson.filename).read_text(encoding="utf-8")


def test_a_notebook_of_no_lesson_is_stale(tmp_path):
    write.build(tmp_path)
    (tmp_path / "99_gone.ipynb").write_text("{}")
    (tmp_path / "afternoon" / "9_gone.ipynb").write_text("{}")
    assert write.stale(tmp_path) == ["99_gone.ipynb", "afternoon/9_gone.ipynb"]


def test_the_committed_notebooks_are_what_the_lessons_say(pytestconfig):
    assert write.stale(pytestconfig.rootpath / "notebooks") == []


def test_the_index_maps_every_item_to_its_cells_and_exercises(tmp_path):
    write.build(tmp_path)
    index = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert re.search(r"\| finite differences as the independent judge \| [^|]*\| `finite_difference`", index)
    for lesson in series():
        assert all(words in index for words in lesson.about.items.values())
        assert all(f"`{identifier}`" in index for identifier in lesson.exercises)
