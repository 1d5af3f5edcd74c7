"""`tutor new` writes a skeleton that builds, and the lint says what is left to fill in."""

from pathlib import Path

import pytest

from tutor.builder import new
from tutor.builder.lint import lint
from tutor.checking.proof import prove
from tutor.errors import TutorError


def test_a_new_lesson_builds_and_its_exercise_can_be_judged(tmp_path, use_lessons):
    said = new.add("matrices", "twice", tmp_path)
    assert "TUTOR_LESSONS" in said[-2]
    (lesson,) = use_lessons(tmp_path / "matrices")
    exercise = lesson.exercises["matrices.twice"]
    assert exercise.check(exercise.reference).verdict == "pass"
    assert prove(exercise).complaints == ()
    assert "matrices.twice has 1 misconceptions and 1 alternatives; 3 of each" in " ".join(lint(lesson))


@pytest.mark.parametrize("kind", ["repair", "program"])
def test_a_new_repair_and_a_new_program_can_be_judged(tmp_path, use_lessons, kind):
    new.add("matrices", "twice", tmp_path, kind)
    (lesson,) = use_lessons(tmp_path / "matrices")
    exercise = lesson.exercises["matrices.twice"]
    assert exercise.check(exercise.reference).verdict == "pass" and bool(exercise.broken) == (kind == "repair")
    assert (exercise.kind == "program") == (kind == "program")
    assert [c for c in prove(exercise).complaints if "mutant passes" not in c] == []
    least = "1 wrong programs and 1 alternatives" if kind == "program" else "1 misconceptions and 1 alternatives"
    assert least in " ".join(lint(lesson))


def test_a_second_exercise_is_added_before_the_recap(tmp_path, use_lessons):
    new.add("matrices", "twice", tmp_path)
    new.add("matrices", "again", tmp_path)
    (lesson,) = use_lessons(tmp_path / "matrices")
    assert list(lesson.exercises) == ["matrices.twice", "matrices.again"]
    assert lesson.cells[-1].name == "recap"
    assert set(lesson.described()) == {"twice", "again"}


def test_an_exercise_that_is_there_is_not_overwritten(tmp_path):
    new.add("matrices", "twice", tmp_path)
    before = contents(tmp_path)
    with pytest.raises(TutorError, match=r"asks matrices\.twice already"):
        new.add("matrices", "twice", tmp_path)
    assert contents(tmp_path) == before


def test_data_that_is_there_without_a_question_is_not_overwritten(tmp_path):
    new.add("matrices", "twice", tmp_path)
    (tmp_path / "matrices" / "exercises" / "again.py").write_text("mine")
    before = contents(tmp_path)
    with pytest.raises(TutorError, match=r"again\.py is there already: delete it, or choose another name"):
        new.add("matrices", "again", tmp_path)
    assert contents(tmp_path) == before


def test_another_exercise_is_one_more_file_and_a_stub(tmp_path):
    new.add("matrices", "twice", tmp_path)
    before = contents(tmp_path)
    new.add("matrices", "again", tmp_path)
    after = contents(tmp_path)
    text, data = Path("matrices", "lesson.py"), Path("matrices", "exercises", "again.py")
    assert {path for path in after if after[path] != before.get(path)} == {text, data}


def contents(folder):
    return {path.relative_to(folder): path.read_text() for path in folder.rglob("*.py")}


@pytest.mark.parametrize("name", ["Two Words", "class", "2nd", "../up", "Upper"])
def test_a_name_that_cannot_be_one_is_refused(tmp_path, name):
    with pytest.raises(TutorError, match="cannot be a name"):
        new.add("matrices", name, tmp_path)


def test_an_exercise_takes_less_than_forty_lines_of_data():
    assert len(new.EXERCISE.splitlines()) < 40
