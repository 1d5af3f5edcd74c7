"""Readers' copies: nothing that a reader wrote is ever lost."""

import json

import pytest

from tutor.builder import copies, notebooks
from tutor.errors import TutorError
from tutor.store import Progress

ANSWER = '# Exercise: easy, about 1 minute\n@exercise("small.add")\ndef add(a, b):\n    return b + a\n'


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def change(path, edit):
    notebook = read(path)
    edit(notebook["cells"])
    path.write_text(json.dumps(notebook), encoding="utf-8")


def sources(path):
    return [notebooks.source_of(c) for c in read(path)["cells"]]


@pytest.fixture
def work(tmp_path, make_lesson):
    """A reader's folder with a copy of the small lesson; returns (folder, path, a maker of newer versions)."""
    lesson = make_lesson()
    folder = tmp_path / "work"
    copies.start(folder)
    return folder, folder / lesson.filename, make_lesson


def test_a_second_start_leaves_an_answered_notebook_alone(work):
    folder, path, _ = work
    change(path, lambda cells: cells[2].update(source=ANSWER))
    before = path.read_bytes()
    assert copies.start(folder) == []
    assert path.read_bytes() == before


def test_an_update_carries_the_answer_over_and_keeps_the_old_notebook(work):
    folder, path, make = work
    change(path, lambda cells: cells[2].update(source=ANSWER))
    before = path.read_bytes()
    make(text=[('name="prints" ', 'name="new"\nprint("new cell")\n\n# %% name="prints" ')])
    (said,) = copies.start(folder)
    assert "1 of your cells was carried over" in said
    assert ANSWER in sources(path) and 'print("new cell")' in sources(path)
    assert next((folder / "kept").iterdir()).read_bytes() == before


def test_where_the_exercise_was_reworded_its_new_text_stands_below_the_answer(work):
    folder, path, make = work
    change(path, lambda cells: cells[2].update(source=ANSWER))
    make(text=[("    return a + b", "    return a + b  # or b + a"), ("def add(a, b):", "def add(a, b):  # both")])
    copies.start(folder)
    cells = read(path)["cells"]
    assert notebooks.source_of(cells[2]) == ANSWER
    assert cells[3]["cell_type"] == "raw" and "def add(a, b):  # both" in notebooks.source_of(cells[3])
    assert "or b + a" not in path.read_text(encoding="utf-8"), "a solution must not come with it"


def test_an_answer_is_found_by_its_id_wherever_the_reader_moved_it(work):
    folder, path, make = work
    change(path, lambda cells: cells.append({**cells.pop(2), "id": "moved", "source": ANSWER}))
    make(text=[("the sum is", "the total is")])
    copies.start(folder)
    assert sources(path)[2] == ANSWER


def test_cells_that_the_reader_added_stay_where_they_were(work):
    folder, path, make = work
    mine = {"cell_type": "code", "id": "mine", "metadata": {}, "outputs": [], "execution_count": 3, "source": "my = 1"}
    change(path, lambda cells: cells.insert(2, mine))
    make(text=[("the sum is", "the total is")])
    copies.start(folder)
    assert sources(path)[2] == "my = 1"


def test_a_demo_that_the_reader_changed_stays_changed_where_the_lesson_did_not(work):
    folder, path, make = work
    change(path, lambda cells: cells[1].update(source="import tutor"))
    make(text=[("the sum is", "the total is")])
    copies.start(folder)
    assert sources(path)[1] == "import tutor"


def test_where_both_changed_the_readers_version_stands_below_the_new_one(work):
    folder, path, make = work
    change(path, lambda cells: cells[3].update(source="print(add(5, 6))"))
    make(text=[("the sum is", "the total is")])
    copies.start(folder)
    cells = read(path)["cells"]
    assert "the total is" in notebooks.source_of(cells[3])
    assert cells[4]["cell_type"] == "raw" and "print(add(5, 6))" in notebooks.source_of(cells[4])


@pytest.mark.parametrize("content", ["", "{", "[]", '{"cells": 3}', "\udcff"])
def test_a_file_that_is_no_notebook_is_left_as_it_is_and_told(work, content):
    folder, path, _ = work
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    (said,) = copies.start(folder)
    assert "left as it is" in said and str(path) in said
    assert path.read_bytes() == content.encode("utf-8", "surrogateescape")


def test_a_folder_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "f").write_text("")
    with pytest.raises(TutorError, match="is a file"):
        copies.start(tmp_path / "f")


def test_a_file_called_tutor_in_the_folder_is_warned_of(tmp_path):
    (tmp_path / "tutor.py").write_text("")
    assert "would be imported instead" in copies.start(tmp_path)[0]


def test_resetting_one_exercise_restores_its_stub_and_nothing_else(work, make_lesson):
    folder, path, make = work
    change(path, lambda cells: (cells[2].update(source=ANSWER), cells[1].update(source="import tutor")))
    Progress().record("small.add", "pass")
    lesson = make()
    said = copies.reset(folder, lesson, "add")
    assert "..." in sources(path)[2] and sources(path)[1] == "import tutor"
    assert Progress().read() == {}
    kept = next((folder / "kept").iterdir())
    assert str(kept) in said and ANSWER in sources(kept)


def test_resetting_an_exercise_brings_a_deleted_cell_back_to_its_place(work):
    folder, path, make = work
    change(path, lambda cells: cells.pop(2))
    copies.reset(folder, make(), "add")
    assert '@exercise("small.add")' in sources(path)[2]


def test_resetting_an_exercise_drops_its_duplicates(work):
    folder, path, make = work
    change(path, lambda cells: cells.insert(4, {**cells[2], "id": "twin", "source": ANSWER}))
    copies.reset(folder, make(), "small.add")
    assert sum('@exercise("small.add")' in s for s in sources(path)) == 1


def test_resetting_a_lesson_restores_all_of_it_and_keeps_the_old(work):
    folder, path, make = work
    change(path, lambda cells: cells[2].update(source=ANSWER))
    copies.reset(folder, make())
    assert ANSWER not in sources(path)
    assert ANSWER in sources(next((folder / "kept").iterdir()))


def test_an_unknown_exercise_is_answered_with_the_nearest(work):
    folder, _, make = work
    with pytest.raises(TutorError, match=r'has no exercise "ad"\. Did you mean "add"'):
        copies.reset(folder, make(), "ad")


def test_two_resets_in_one_second_keep_both_old_versions(work):
    folder, _, make = work
    copies.reset(folder, make())
    copies.reset(folder, make())
    assert len(list((folder / "kept").iterdir())) == 2
