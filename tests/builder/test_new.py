"""`tutor new` writes a skeleton that builds, and the lint says what is left to fill in."""

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


def test_a_second_exercise_is_added_before_the_recap(tmp_path, use_lessons):
    new.add("matrices", "twice", tmp_path)
    new.add("matrices", "again", tmp_path)
    (lesson,) = use_lessons(tmp_path / "matrices")
    assert list(lesson.exercises) == ["matrices.twice", "matrices.again"]
    assert lesson.cells[-1].name == "recap"
    assert set(lesson.specs()) == {"twice", "again"}


def test_an_exercise_that_is_there_is_not_overwritten(tmp_path):
    new.add("matrices", "twice", tmp_path)
    before = (tmp_path / "matrices" / "lesson.py").read_text()
    with pytest.raises(TutorError, match=r"asks matrices\.twice already"):
        new.add("matrices", "twice", tmp_path)
    assert (tmp_path / "matrices" / "lesson.py").read_text() == before


@pytest.mark.parametrize("name", ["Two Words", "class", "2nd", "../up", "Upper"])
def test_a_name_that_cannot_be_one_is_refused(tmp_path, name):
    with pytest.raises(TutorError, match="cannot be a name"):
        new.add("matrices", name, tmp_path)


def test_an_exercise_takes_less_than_forty_lines_of_data():
    assert len(new.ENTRY.splitlines()) < 40
