"""Readers' copies: nothing that a reader wrote is ever lost."""

import json
from pathlib import Path

import pytest

from tests.builder import tools
from tutor.builder import carry, copies, notebooks
from tutor.errors import TutorError
from tutor.lessons import cells as exercise_cells
from tutor.lessons.registry import find_lesson
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


def test_the_marks_are_kept_beside_the_copies_for_when_a_tool_drops_them(work):
    folder, path, make = work
    change(path, lambda cells: (cells[2].update(source=ANSWER), cells[3].update(source="print(add(5, 6))")))
    wanted = sources(path)
    path.write_text(json.dumps(tools.nbdev_clean(read(path))), encoding="utf-8")
    (said,) = copies.start(folder)
    assert "is marked again" in said and sources(path) == wanted, "an edited demo stays, for the lesson did not change"
    assert copies.start(folder) == [] and not (folder / "kept").exists()
    make(text=[("the sum is", "the total is")])
    copies.start(folder)
    assert ANSWER in sources(path) and "print(add(5, 6))" in sources(path)[4]


@pytest.mark.parametrize("tool", tools.TOOLS, ids=lambda tool: tool.__name__)
@pytest.mark.parametrize("lesson", ["numpy_backprop", "nn"])
def test_a_lesson_that_any_tool_has_rewritten_is_found_again_cell_by_cell(tool, lesson):
    fresh = notebooks.student(find_lesson(lesson))
    merged, carried = carry.carry_over(tool(fresh), fresh)
    assert (carried == 0 and merged["cells"] == fresh["cells"]) or tool in (tools.vscode, tools.nbgrader)
    assert [notebooks.source_of(c) for c in merged["cells"]] == [notebooks.source_of(c) for c in fresh["cells"]]
    assert [c["id"] for c in merged["cells"]] == [c["id"] for c in fresh["cells"]]


def test_what_tools_and_the_reader_note_in_a_copy_stays(work):
    folder, path, make = work
    picture = {"cell_type": "markdown", "id": "p", "metadata": {}, "source": ["![](attachment:a.png)"]}
    picture["attachments"] = {"a.png": {"image/png": ""}}

    def edit(cells):
        cells[2]["metadata"]["nbgrader"] = {"grade": True}
        cells.insert(1, picture)

    change(path, edit)
    made = read(path)
    made["metadata"]["kernelspec"]["name"] = "mine"
    path.write_text(json.dumps(made), encoding="utf-8")
    make(text=[("the sum is", "the total is")])
    copies.start(folder)
    made = read(path)
    assert made["cells"][1] == picture and made["cells"][3]["metadata"]["nbgrader"] == {"grade": True}
    assert made["metadata"]["kernelspec"]["name"] == "mine"


def test_a_cell_above_the_opening_stays_there(work):
    folder, path, make = work
    mine = {"cell_type": "markdown", "id": "mine", "metadata": {}, "source": "my notes"}
    change(path, lambda cells: cells.insert(0, mine))
    make(text=[("the sum is", "the total is")])
    copies.start(folder)
    assert sources(path)[0] == "my notes"


def test_the_reader_reorders_nothing_when_the_series_does(tmp_path, make_lesson, use_lessons):
    one, two = make_lesson(name="small"), make_lesson(name="little", text=[("small.add", "little.add")])
    use_lessons(one.folder, two.folder)
    first, second = (find_lesson(name).filename for name in ("small", "little"))
    folder = tmp_path / "work"
    copies.start(folder)
    change(folder / first, lambda cells: cells[2].update(source=ANSWER))
    change(folder / second, lambda cells: cells[2].update(source=ANSWER.replace("small", "little")))
    use_lessons(two.folder, one.folder)
    moved = [find_lesson(name).filename for name in ("small", "little")]
    assert moved != [first, second]
    dry, said = copies.start(folder, dry=True), copies.start(folder)
    assert any(f"{first} would be renamed to" in line for line in dry)
    assert any(f"{first} was renamed to {folder / moved[0]}" in line for line in said)
    assert ANSWER in sources(folder / moved[0]) and ANSWER.replace("small", "little") in sources(folder / moved[1])
    assert not (folder / first).exists() and not (folder / second).exists()
    assert copies.start(folder) == []


def test_an_answered_copy_of_an_old_number_goes_before_a_blank_one_which_is_kept(work):
    folder, path, _ = work
    blank = path.read_bytes()
    change(path, lambda cells: cells[2].update(source=ANSWER))
    path.rename(folder / "55_small.ipynb")
    path.write_bytes(blank)
    (said,) = copies.start(folder)
    assert "55_small.ipynb was renamed" in said and ANSWER in sources(path)
    assert next((folder / "kept").iterdir()).read_bytes() == blank


def test_a_copy_without_marks_and_name_is_known_by_its_exercises_alone(work):
    folder, path, _ = work
    change(path, lambda cells: cells[2].update(source=ANSWER))
    bare = tools.nbdev_clean(read(path))
    assert copies.lesson_name(bare, "mine.ipynb") == "small"
    scratch = {"cells": [c for c in bare["cells"] if "small.add" not in notebooks.source_of(c)], "metadata": {}}
    assert copies.lesson_name(scratch, "scratch.ipynb") is None
    duplicate = folder / f"{path.stem}-Copy1.ipynb"
    duplicate.write_bytes(path.read_bytes())
    assert copies.find_copies(folder)["small"] == path


def test_a_dry_run_tells_what_a_start_would_do_and_writes_nothing(work, tmp_path):
    folder, path, make = work
    change(path, lambda cells: cells[2].update(source=ANSWER))
    make(text=[("the sum is", "the total is")])
    before = path.read_bytes()
    (said,) = copies.start(folder, dry=True)
    assert said == (
        f"{path} would be updated; 1 of your cells would be carried over, and the old notebook would be kept beside it."
    )
    assert path.read_bytes() == before and not (folder / "kept").exists()
    said = copies.start(tmp_path / "new", dry=True)
    assert "would be new" in said[0] and not (tmp_path / "new").exists()


@pytest.fixture
def clone(tmp_path, monkeypatch, make_lesson):
    """A clone whose own notebook was answered; returns (its notebooks, the reader's folder, the lesson's file name)."""
    lesson = make_lesson()
    monkeypatch.chdir(tmp_path)
    copies.start(Path("notebooks"))
    change(Path("notebooks", lesson.filename), lambda cells: cells[2].update(source=ANSWER))
    return Path("notebooks"), Path("work"), lesson.filename


def test_answers_in_the_clones_own_notebooks_are_offered_and_carried_over_on_request(clone):
    place, work, name = clone
    said = copies.start(work)[-1]
    assert said == (
        "notebooks holds answers of yours that work does not have (small): "
        "`tutor start --from notebooks` carries them over."
    )
    assert ANSWER not in sources(work / name), "never silently"
    (said,) = copies.start(work, source=place)
    assert "1 of your cells was carried over from notebooks" in said
    assert ANSWER.strip() in sources(work / name)[2]
    assert copies.start(work) == [] and copies.start(work, source=place) == []


def test_an_answer_in_both_places_stands_below_the_other(clone):
    place, work, name = clone
    copies.start(work)
    other = ANSWER.replace("b + a", "a - -b")
    change(work / name, lambda cells: cells[2].update(source=other))
    mine = {"cell_type": "code", "id": "m", "metadata": {}, "outputs": [], "execution_count": 1, "source": "my = 1"}
    change(place / name, lambda cells: cells.insert(2, mine))
    copies.start(work, source=place)
    made = read(work / name)["cells"]
    assert [notebooks.source_of(c) for c in made[2:4]] == ["my = 1", other]
    assert made[4]["cell_type"] == "raw" and "return b + a" in notebooks.source_of(made[4])
    assert copies.start(work, source=place) == [] and copies.start(work) == []


def test_a_folder_without_copies_is_nothing_to_carry_over_from(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(TutorError, match="no notebook of the series"):
        copies.start(tmp_path / "work", source=tmp_path / "empty")


SECOND = '# Exercise: easy, about 1 minute\n@exercise("small.twice")\ndef twice(a):\n    return 2 * a'
FORMS = {
    "single quotes": [ANSWER.replace('"small.add"', "'small.add'")],
    "tutor.exercise": [ANSWER.replace("@exercise", "@tutor.exercise")],
    "below a magic": ["%%time\n" + ANSWER],
    "no decorator": [ANSWER.replace('@exercise("small.add")\n', "")],
    "no Python": [ANSWER.replace("b + a", "(b + a")],
    "commented out": ["\n".join("# " + line for line in ANSWER.strip().split("\n"))],
    "merged": [f"{SECOND}\n\n{ANSWER}"],
    "merged, no Python": [f"{ANSWER.replace('b + a', '(b + a')}\n{SECOND}"],
    "split": ['@exercise("small.add")', "def add(a, b):\n    return b + a"],
    "twice": [ANSWER, ANSWER.replace("b + a", "a - -b")],
}


@pytest.mark.parametrize("form", FORMS)
def test_an_exercise_is_reset_in_whatever_form_it_is_and_nothing_else_is(work, form):
    folder, path, make = work
    cell = read(path)["cells"][2]
    mine = [{**cell, "id": f"c{k}", "source": text} for k, text in enumerate(FORMS[form])]
    change(path, lambda cells: cells.__setitem__(slice(2, 3), mine))
    wanted, before = len(read(path)["cells"]) - len(FORMS[form]) + 1, path.read_bytes()
    copies.reset(folder, make(), "add")
    places = exercise_cells.locate(sources(path), {"small.add": notebooks.source_of(cell)})["small.add"]
    assert [(i, part.todo, part.form) for i, part in places] == [(2, True, "whole")]
    assert len(read(path)["cells"]) == wanted and "b + a" not in "".join(sources(path))
    assert ("return 2 * a" in "".join(sources(path))) == form.startswith("merged")
    assert next((folder / "kept").iterdir()).read_bytes() == before


@pytest.mark.parametrize("form", [form for form in FORMS if form != "twice"])
def test_an_update_leaves_an_answer_in_whatever_form_it_is_as_it_is(work, form):
    folder, path, make = work
    cell = read(path)["cells"][2]
    mine = [{**cell, "id": f"c{k}", "source": text} for k, text in enumerate(FORMS[form])]
    change(path, lambda cells: cells.__setitem__(slice(2, 3), mine))
    make(text=[("the sum is", "the total is")])
    copies.start(folder)
    assert sources(path)[2 : 2 + len(FORMS[form])] == FORMS[form]
    assert not any("..." in text for text in sources(path)), "no stub beside an answer"


def test_a_new_copy_says_in_one_sentence_what_came_into_it():
    step = copies.Step(Path("work/01_small.ipynb"), brought=1, notebook={})
    told = "work/01_small.ipynb is new, with 1 of your cells carried over from old."
    assert copies._told(step, None, False, Path("old")).replace("\\", "/") == told


def test_a_copy_on_a_shelf_is_found_wherever_it_lies_and_keeps_its_marks_with_the_others(tmp_path):
    copies.start(tmp_path)
    path = tmp_path / find_lesson("A1").filename
    answer = '@exercise("tensors_and_gradients.as_rows")\ndef as_rows(images):\n    return images.flatten(1) / 255\n'
    at = next(k for k, text in enumerate(sources(path)) if '@exercise("tensors_and_gradients.as_rows")' in text)
    change(path, lambda cells: cells[at].update(source=answer))
    path.write_text(json.dumps(tools.nbdev_clean(read(path))), encoding="utf-8")
    moved = path.replace(tmp_path / path.name)
    (said,) = copies.start(tmp_path)
    assert "was renamed" in said and "is marked again" in said
    assert not moved.exists() and sources(path)[at] == answer
    assert not (path.parent / copies.MARKS).exists(), "the marks of all copies stand in one file"
