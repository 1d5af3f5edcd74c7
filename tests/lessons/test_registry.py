"""Lessons by name, exercises by id."""

import subprocess
import sys

import pytest

import tutor
from tutor.checking import SpecError
from tutor.lessons.registry import find_lesson
from tutor.lessons.text import LessonError


def test_listing_the_exercises_does_not_import_torch():
    code = "import sys, tutor; assert list(tutor.exercises); assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_exercises_are_in_the_order_of_the_series():
    ids = list(tutor.exercises)
    assert ids[0] == "start_here.squared_error"
    assert [i for i in ids if i.startswith("numpy")] == list(find_lesson("numpy_backprop").exercises)
    assert len(tutor.exercises) == len(ids) == len(set(ids))


def test_a_mistyped_id_is_answered_with_the_nearest_one():
    with pytest.raises(LessonError, match=r'Did you mean "numpy_backprop\.relu_backward"'):
        tutor.exercises["numpy_backprop.relu_backwrd"]


@pytest.mark.parametrize("name", ["numpy_backprop", "1", "01", "01_numpy_backprop.ipynb"])
def test_a_lesson_is_found_by_name_number_and_notebook(name):
    assert find_lesson(name).name == "numpy_backprop"


def test_an_unknown_lesson_is_answered_with_the_nearest_one():
    with pytest.raises(LessonError, match=r'no lesson "numpy_backprob"\. Did you mean "numpy_backprop"'):
        find_lesson("numpy_backprob")


def test_the_solution_is_text_and_object_at_once():
    ex = tutor.exercises["numpy_backprop.relu_backward"]
    assert ex.source.startswith("def relu_backward") and callable(ex.reference)
    assert callable(ex.misconceptions["mask-by-gradient"].wrong)


def test_a_reference_stands_on_the_solutions_above_it():
    ex = tutor.exercises["numpy_backprop.two_layer_gradients"]
    assert "relu_backward" in ex.reference.__globals__


def test_missing_data_is_told_with_file_and_field(make_lesson):
    lesson = make_lesson(data=[('"add": code', '"ad": code')])
    with pytest.raises(SpecError, match=r'small/exercises.py: EXERCISES has no entry "add"'):
        lesson.exercises["small.add"].spec  # noqa: B018


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('difficulty="easy"', 'difficulty="trivial"', "difficulty="),
        ("minutes=1", "minutes=0", "minutes="),
        ('hints=("What is asked?", "Which sign?", "`return a + b`")', 'hints=("One",)', "hints="),
        ('drills=("adding",)', 'drills=("adding")', "drills="),
        ("alternatives=", "alternative=", "alternative"),
        ('"times", "That', '"minus", "That', "misconceptions="),
    ],
)
def test_a_wrong_field_is_told_by_its_name(make_lesson, old, new, field):
    lesson = make_lesson(data=[(old, new)])
    with pytest.raises(SpecError, match=field) as told:
        lesson.exercises["small.add"].spec  # noqa: B018
    assert "small/exercises.py" in str(told.value)


def test_a_patch_that_no_longer_applies_is_told_with_the_exercise_and_the_text(make_lesson):
    lesson = make_lesson(data=[('patch=("a + b", "a - b")', 'patch=("a+b", "a - b")')])
    with pytest.raises(SpecError, match=r'small.add: misconception "minus".*"a\+b" is not in the solution'):
        lesson.exercises["small.add"].misconceptions  # noqa: B018
