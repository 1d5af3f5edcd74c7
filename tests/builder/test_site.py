"""How the site is put together: links, lists, the glossary, the kept executions."""

import re
import subprocess

import pytest

from tutor.builder import coverage, execute, notebooks, site
from tutor.errors import TutorError
from tutor.lessons import SHELVES
from tutor.lessons.glossary import TERMS
from tutor.lessons.registry import HOME, series


def test_a_page_links_to_its_notebook_in_the_repository():
    text = site.links("05_autograd.ipynb", "someone/series")
    assert 'href="notebooks/05_autograd.ipynb" download' in text
    assert "https://colab.research.google.com/github/someone/series/blob/main/notebooks/05_autograd.ipynb" in text
    assert "https://mybinder.org/v2/gh/someone/series/main?urlpath=lab%2Ftree%2Fnotebooks%2F05_autograd.ipynb" in text
    assert "have not been tried" in text


def test_without_a_repository_only_the_file_is_offered():
    text = site.links("05_autograd.ipynb", None)
    assert "download" in text and "Colab" not in text and "Binder" not in text


def test_a_page_on_a_shelf_links_to_its_notebook_from_there():
    text = site.links("afternoon/2_network.ipynb", "someone/series")
    assert 'href="../notebooks/afternoon/2_network.ipynb" download' in text
    assert "/blob/main/notebooks/afternoon/2_network.ipynb" in text


def test_the_repository_is_named_by_the_setting_then_by_the_workflow():
    assert site.repository_of({"TUTOR_REPOSITORY": "a/b", "GITHUB_REPOSITORY": "c/d"}) == "a/b"
    assert site.repository_of({"GITHUB_REPOSITORY": "c/d"}) == "c/d"
    with pytest.raises(TutorError, match="write TUTOR_REPOSITORY=owner/name"):
        site.repository_of({"TUTOR_REPOSITORY": "https://github.com/a/b"})


@pytest.mark.parametrize("origin", ["https://github.com/a/b.git", "git@github.com:a/b.git", "https://github.com/a/b"])
def test_the_repository_is_else_the_clones_origin(origin, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    subprocess.run(["git", "init", "-q", "."], check=True)
    assert site.repository_of({}) is None
    subprocess.run(["git", "remote", "add", "origin", origin], check=True)
    assert site.repository_of({}) == "a/b"


def test_outside_a_clone_it_is_told_in_one_sentence(tmp_path):
    with pytest.raises(TutorError, match="runs in a clone"):
        site.build(tmp_path / "build", tmp_path)


def test_the_glossary_names_every_term_once_with_its_notebook():
    text = coverage.glossary()
    known = {lesson.name: lesson.filename for lesson in series()}
    for term in TERMS:
        if term.lesson in known:
            assert text.count(f"- **{term.name}**: {term.meaning}") == 1
            assert re.search(rf"\*\*{re.escape(term.name)}\*\*.*\({known[term.lesson]}\)", text)


def test_the_tables_of_the_site_link_to_the_cells():
    text = coverage.taught(site._link) + coverage.exercises_by_effort(site._link)
    assert '<a href="01_numpy_backprop.html#cell-relu_backward"><code>relu_backward</code></a>' in text
    assert '<a href="afternoon/2_network_and_training.html#cell-train_step"><code>train_step</code></a>' in text


def test_an_execution_is_kept_until_its_lesson_changes(make_lesson, tmp_path, monkeypatch):
    runs = []
    monkeypatch.setattr(execute, "_execute", lambda name, notebook: runs.append(name) or notebook)

    def build(**change):
        lesson = make_lesson(**change)
        made = {lesson.filename: notebooks.student(lesson)}
        return execute.executed(made, {lesson.filename: lesson.folder}, tmp_path, 1, lambda line: None)

    build()
    build()
    assert len(runs) == 1
    build(text=[("return a + b", "return b + a")])  # the notebook is the same, what is lent is not
    assert len(runs) == 2 and len(list(tmp_path.glob("*.ipynb"))) == 1


@pytest.mark.slow
def test_a_notebook_runs_with_what_is_lent_and_hides_where_it_ran(make_lesson, tmp_path):
    lesson = make_lesson(
        text=[('print("the sum is", add(1, 2))', 'import os\nprint("in", os.getcwd() + "/x", add(1, 2))')]
    )
    made = execute.executed({lesson.filename: notebooks.student(lesson)}, {}, tmp_path, 1, lambda line: None)
    printed = [o["text"] for c in made[lesson.filename]["cells"] for o in c.get("outputs", []) if "text" in o]
    assert "".join(printed[-1]) == "in …/x 3\n"


@pytest.mark.slow
def test_a_cell_that_raises_is_told_with_its_notebook(make_lesson, tmp_path):
    lesson = make_lesson(text=[('print("the sum is", add(1, 2))', "1 / 0")])
    with pytest.raises(TutorError, match=r"small\.ipynb does not run.*"):
        execute.executed({lesson.filename: notebooks.student(lesson)}, {}, tmp_path, 1, lambda line: None)


def test_a_kept_execution_depends_on_every_file_of_its_own_lesson_and_on_no_other_lessons(make_lesson):
    lesson = make_lesson()
    made = notebooks.student(lesson)
    before = execute._key(made, lesson.folder)
    data = lesson.folder / "exercises" / "add.py"
    data.write_text(data.read_text(encoding="utf-8") + "# changed", encoding="utf-8")
    assert execute._key(made, lesson.folder) != before
    sources = execute._sources()
    assert HOME / "two_layer_net.py" in sources
    lessons = [HOME / name for names in SHELVES.values() for name in names]
    assert not any(folder in path.parents for path in sources for folder in lessons)
