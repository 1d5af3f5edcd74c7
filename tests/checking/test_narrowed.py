"""Answers that are right for usual inputs only are made of every reference, and the proof tells which of them pass."""

import re

import pytest

from tutor.checking import narrowed
from tutor.checking.proof import prove
from tutor.checking.spec import SpecError
from tutor.checking.stretch import STRETCHES

# The solution, and probes: few and usual ones, then all that the text allows.
TEXT = [
    ("Return a + b.", "Return the list of a - b and a copy of a, whatever their shape, in float64 too."),
    ("return a + b", "return [a - b, a * 1]"),
]
LISTS = [
    ("from tutor.checking import", "import numpy as np\nfrom tutor.checking import"),
    ("alternatives=(lambda a, b: b + a, lambda a, b: sum([a, b]), lambda a, b: a - (-b))", "alternatives=()"),
    ('patch=("a + b", "a - b")', 'patch=("a - b", "b - a")'),
    ('patch=("a + b", "a * b")', 'patch=("a - b", "a * b")'),
    ('patch=("a + b", "a")', 'patch=("a - b", "b")'),
]
NOTHING_UNUSUAL = f"unstretched=dict.fromkeys({list(STRETCHES)}, 'tried without')"
USUAL = "(d.array(3, 4), d.array(3, 4))"
ALL = """(
            lambda d: (d.array(3, 4), d.array(3, 4)),
            lambda d: (d.array(3, 4), d.array(3, 4)),
            lambda d: (d.array(1, 4) * 30, d.array(1, 4)),
            lambda d: (-d.array(2, 3, 2, positive=True), d.array(2, 3, 2)),
            lambda d: (d.array(4) * 0, d.array(4)),
            lambda d: (1e9 + d.array(3).astype(np.float64), np.full(3, 1e9)),
        ),
        use=lambda answer, a, b: written_into(answer, a.copy(), b)"""
WRITTEN = """
def written_into(answer, a, b):
    result = answer(a, b)
    given = type(result), [type(r).__name__ for r in result], [r.copy() for r in result]
    kept = [r.copy() for r in result]
    a += 1
    return "a list" if given[0] is list else "something else", kept, [r - k for r, k in zip(result, kept)]

EXERCISE"""


@pytest.fixture
def usual(make_lesson):
    data = [*LISTS, ("(d.number(), d.number())", USUAL), ("\n    hints=", f"\n    {NOTHING_UNUSUAL},\n    hints=")]
    return make_lesson(TEXT, data).exercises["small.add"]


@pytest.fixture
def wide(make_lesson):
    data = [*LISTS, ("lambda d: (d.number(), d.number())", ALL), ("\nEXERCISE", WRITTEN)]
    return make_lesson(TEXT, data).exercises["small.add"]


def passing(exercise):
    told = [c for c in prove(exercise).complaints if "this narrowed answer passes" in c]
    return {complaint.split("passes: ")[1].split(" (told")[0] for complaint in told}


def test_usual_probes_let_answers_pass_that_are_right_for_usual_inputs_only(usual):
    assert passing(usual) >= {
        *("right for more than one example only", "right for two dimensions only", "a tuple for a list"),
        *("a result clipped", "an input clipped", "right without a zero only"),
        *("a result squeezed", "an input squeezed", "right for the usual numbers only"),
    }


def test_unusual_inputs_are_tried_without_an_author_and_let_the_commonest_of_them_not_pass(make_lesson):
    exercise = make_lesson(TEXT, [*LISTS, ("(d.number(), d.number())", USUAL)]).exercises["small.add"]
    assert passing(exercise) <= {"a tuple for a list", "right for two dimensions only", "float32 inside"}
    assert [probed.stretched for probed in exercise.probed()] == [False] * 3 + [True] * len(STRETCHES)


def test_what_the_solution_cannot_take_is_left_out_and_a_name_that_is_none_is_told(make_lesson):
    text = [("return a + b", "assert a.shape[0] > 1 and b.all()\n    return a + b")]
    data = [*LISTS[1:2], ("(d.number(), d.number())", USUAL)]
    exercise = make_lesson(text, data).exercises["small.add"]
    assert sum(probed.stretched for probed in exercise.probed()) == len(STRETCHES) - 2
    data.append(("minutes=1", 'minutes=1, unstretched={"a hero": "no"}'))
    with pytest.raises(SpecError, match=r'small\.add: unstretched= has "a hero", which is none of: larger numbers'):
        make_lesson(text, data, name="small").exercises["small.add"].probed()


def test_of_usual_and_unusual_numbers_a_report_shows_the_usual_ones(make_lesson):
    data = [*LISTS[1:2], ("(d.number(), d.number())", USUAL)]
    exercise = make_lesson((), data).exercises["small.add"]
    report = exercise.check(lambda a, b: a + b + a**2 * b)
    assert report.verdict == "wrong" and not re.search(r"\d{3,}\.", report.message), report.message


def test_probes_that_meet_all_that_the_text_allows_let_none_pass(wide):
    assert passing(wide) == set()
    assert (done := prove(wide)).narrowed == done.refused >= 15


def test_what_passes_fails_the_proof(usual):
    assert any("this narrowed answer passes: a result clipped" in complaint for complaint in prove(usual).complaints)


def test_what_an_author_lists_as_equivalent_does_not_count_and_has_to_pass(make_lesson):
    listed = 'minutes=1, equivalent_narrowed={"a result clipped": "it is small", "the generator reseeded": "none"}'
    data = [*LISTS, ("(d.number(), d.number())", USUAL), ("minutes=1", f"{listed}, {NOTHING_UNUSUAL}")]
    exercise = make_lesson(TEXT, data).exercises["small.add"]
    assert "a result clipped" not in passing(exercise)
    listed = 'minutes=1, equivalent_narrowed={"the first result for all": "no"}'
    data[-1] = ("minutes=1", listed)
    again = make_lesson(TEXT, data, name="small").exercises["small.add"]
    assert any('lists "the first result for all", which does not pass' in c for c in prove(again).complaints)


def test_comparisons_are_a_constant_off_on_either_side(make_lesson):
    text = [("return a + b", "return a if a > 0.5 else b")]
    exercise = make_lesson(text, LISTS[1:2]).exercises["small.add"]
    kinds = [answer.kind for answer in narrowed.narrowed(exercise)]
    assert {"a > 0.5, +0.1 off", "a > 0.5, -0.1 off", "a > 0.5, +1 off", "a > 0.5, -1 off"} <= set(kinds)
    off = next(answer for answer in narrowed.narrowed(exercise) if answer.kind == "a > 0.5, +1 off")
    assert off.build()(1.2, 0.0) == 0.0 and exercise.reference(1.2, 0.0) == 1.2


def test_a_generator_that_is_seeded_anew_in_each_call_gives_the_same_numbers(make_lesson):
    text = [("return a + b", "import random\n    return a + b * random.random()")]
    exercise = make_lesson(text, LISTS[1:2]).exercises["small.add"]
    again = next(answer for answer in narrowed.narrowed(exercise) if answer.kind == "the generator reseeded").build()
    assert again(1.0, 1.0) == again(1.0, 1.0) and not narrowed.survives(
        exercise, narrowed.Narrowed("the generator reseeded", lambda: again)
    )


def test_of_a_class_each_method_is_narrowed_in_turn(forms):
    kinds = {answer.kind for answer in narrowed.narrowed(forms.exercises["forms.square"])}
    assert {"forward: a result clipped", "backward: an input squeezed"} <= kinds
    square = forms.exercises["forms.square"]
    first = next(a for a in narrowed.narrowed(square) if a.kind == "backward: the first result for all")
    assert not narrowed.survives(square, first)


def test_an_answer_that_no_inputs_tell_from_the_reference_is_not_counted(make_lesson):
    exercise = make_lesson().exercises["small.add"]
    squeezed = next(a for a in narrowed.narrowed(exercise) if a.kind == "a result squeezed")
    assert narrowed.survives(exercise, squeezed) and narrowed.shown_by(exercise, squeezed, {}) is None
