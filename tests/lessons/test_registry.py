"""Lessons by name, exercises by id."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

import tutor
from tutor.checking import SpecError
from tutor.lessons.registry import HOME, find_lesson
from tutor.lessons.text import LessonError

FORMS = Path(__file__).parents[1] / "forms"


def test_listing_the_exercises_does_not_import_torch():
    code = "import sys, tutor; assert list(tutor.exercises); assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_exercises_are_in_the_order_of_the_series():
    ids = list(tutor.exercises)
    assert ids[0] == "tensors_and_gradients.as_rows"
    assert next(i for i in ids if i.startswith("start_here")) == "start_here.squared_error"
    assert [i for i in ids if i.startswith("numpy")] == list(find_lesson("numpy_backprop").exercises)
    assert len(tutor.exercises) == len(ids) == len(set(ids))


def test_a_mistyped_id_is_answered_with_the_nearest_one():
    with pytest.raises(LessonError, match=r'Did you mean "numpy_backprop\.relu_backward"'):
        tutor.exercises["numpy_backprop.relu_backwrd"]


@pytest.mark.parametrize("name", ["numpy_backprop", "1", "01", "01_numpy_backprop.ipynb"])
def test_a_lesson_is_found_by_name_number_and_notebook(name):
    assert find_lesson(name).name == "numpy_backprop"


@pytest.mark.parametrize(
    "name",
    ["network_and_training", "A2", "a2", "2_network_and_training.ipynb", "afternoon/2_network_and_training.ipynb"],
)
def test_a_lesson_of_the_afternoon_is_found_likewise_and_no_bare_number_means_it(name):
    assert find_lesson(name).name == "network_and_training"
    assert find_lesson("2").name == "torch_tensors"


def test_a_teachers_lessons_stand_at_the_end_of_the_long_series(make_lesson):
    lesson = make_lesson()
    assert (lesson.shelf, lesson.number, lesson.filename) == ("", 13, "13_small.ipynb")


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
    lesson = make_lesson()
    (lesson.folder / "exercises" / "add.py").rename(lesson.folder / "exercises" / "ad.py")
    with pytest.raises(SpecError, match=r"small/exercises/add\.py is missing: it has to define EXERCISE"):
        lesson.exercises["small.add"].spec  # noqa: B018


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("EXERCISE = code", "EXERCISES = code", r"small/exercises/add\.py: there is no EXERCISE in it"),
        ("EXERCISE = code", "EXERCISE = dict", r"small/exercises/add\.py: EXERCISE= must be made by code"),
        (
            "from tutor.checking",
            "from ..shred import X\nfrom tutor.checking",
            r"small/exercises/add\.py: No module .*shred",
        ),
        ("EXERCISE = code(", "EXERCISE = code(,", r"small/exercises/add\.py: invalid syntax"),
    ],
)
def test_a_wrong_file_is_told_by_its_name(make_lesson, old, new, complaint):
    lesson = make_lesson(data=[(old, new)])
    with pytest.raises(SpecError, match=complaint):
        lesson.exercises["small.add"].spec  # noqa: B018


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("ABOT = 1", r"small/__init__\.py: there is no ABOUT in it"),
        ("from tutor.lessons.registry import About\nABOUT = About(minuts=1)", r"small/__init__\.py: .*minuts"),
    ],
)
def test_a_mistake_in_what_a_lesson_says_of_itself_is_told(make_lesson, content, complaint):
    lesson = make_lesson(files={"__init__.py": content})
    with pytest.raises(SpecError, match=f"^{complaint}"):
        lesson.about  # noqa: B018


def test_a_mistake_in_what_a_lesson_says_of_itself_is_not_told_of_an_exercise(make_lesson):
    lesson = make_lesson(files={"__init__.py": "ABOUT = About(minutes=1)"})
    with pytest.raises(SpecError, match=r"^small/__init__\.py: name 'About' is not defined"):
        lesson.exercises["small.add"].spec  # noqa: B018


def test_a_lesson_without_anything_about_itself_is_told(make_lesson):
    lesson = make_lesson()
    (lesson.folder / "__init__.py").unlink()
    with pytest.raises(SpecError, match=r"small/__init__\.py is missing: it has to define ABOUT"):
        lesson.about  # noqa: B018


def test_the_files_of_a_teachers_lesson_can_share(make_lesson):
    files = {"shared.py": "HINTS = ('What?', 'Which?', '`this`')"}
    hints = 'hints=("What is asked?", "Which sign?", "`return a + b`")'
    data = [("\nEXERCISE", "\nfrom ..shared import HINTS\n\nEXERCISE"), (hints, "hints=HINTS")]
    lesson = make_lesson(data=data, files=files)
    assert lesson.exercises["small.add"].spec.hints == ("What?", "Which?", "`this`")


@pytest.mark.parametrize("identifier", ["numpy_backprop.relu_backward", "nn.cross_entropy", "forms.shift"])
def test_a_check_imports_its_own_exercise_and_no_other(identifier):
    code = (
        "import sys, tutor\n"
        f"exercise = tutor.exercises[{identifier!r}]\n"
        "assert exercise.check(exercise.reference).verdict == 'pass'\n"
        "print(*(name for name in sys.modules if '.exercises.' in name))"
    )
    environment = {**os.environ, "TUTOR_LESSONS": str(FORMS)}
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, env=environment)
    lesson, name = identifier.split(".")
    series = "tutor_extra_lessons" if lesson == "forms" else "tutor.lessons"
    assert said.stdout.split() == [f"{series}.{lesson}.exercises.{name}"]


@pytest.mark.parametrize("identifier", ["dynamic_nets.uses", "dynamic_nets.unroll"])
def test_what_a_probe_needs_is_imported_before_the_fence_is_up(identifier):
    # an import behind the fence may not write its compiled file, so that the first check of a fresh clone failed
    code = f"import sys, tutor; tutor.exercises[{identifier!r}].spec; assert 'tutor.networks' in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_every_exercise_is_a_file_of_its_own_in_one_order():
    order = [
        "difficulty",
        "minutes",
        "drills",
        "fault",
        "shown_by",
        "leaves",
        "space",
        "probe",
        "unstretched",
        "use",
        "derive",
        "unsaid",
        "outputs",
        "gradients",
        "exact",
        "precise",
    ]
    order += [
        "inplace",
        "cases",
        "seconds",
        "forbid",
        "watch",
        "given",
        "observe",
        "judge",
        "wrong",
        "misconceptions",
        "alternatives",
    ]
    order += ["equivalent_mutants", "equivalent_narrowed", "mutants", "seeds", "hints", "explain"]
    for identifier in tutor.exercises:
        lesson, name = identifier.split(".")
        tree = ast.parse((HOME / lesson / "exercises" / f"{name}.py").read_text(encoding="utf-8"))
        *_, last = tree.body
        assert ast.get_docstring(tree) and ast.unparse(last.targets[0]) == "EXERCISE", identifier
        given = [keyword.arg for keyword in last.value.keywords]
        assert given == sorted(given, key=order.index), identifier


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
    assert "small/exercises/add.py" in str(told.value)


def test_a_patch_that_no_longer_applies_is_told_with_the_exercise_and_the_text(make_lesson):
    lesson = make_lesson(data=[('patch=("a + b", "a - b")', 'patch=("a+b", "a - b")')])
    with pytest.raises(SpecError, match=r'small.add: misconception "minus".*"a\+b" is not in the solution'):
        lesson.exercises["small.add"].misconceptions  # noqa: B018
