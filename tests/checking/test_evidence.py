"""A cause is said only where the evidence for it stands in the reader's own text."""

import ast

import pytest

from tutor.checking import Misconception, SpecError, code
from tutor.checking.evidence import seen, without
from tutor.checking.proof import prove

CAUSED = (
    'Misconception("minus", "That is the difference.", patch=("a + b", "a - b"), hints=("Which way?",))',
    'Misconception("minus", "That is the difference.", patch=("a + b", "a - b"), hints=("Which way?",), '
    'cause="You wrote a minus.", evidence=seen("_ - _"), other=("a + b", "a + b * -1"))',
)
IMPORT = ("from tutor.checking import", "from tutor.checking.evidence import seen\nfrom tutor.checking import")


@pytest.fixture
def caused(make_lesson):
    def make(*more):
        return make_lesson(data=[IMPORT, CAUSED, *more]).exercises["small.add"]

    return make


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("h.clamp_(...)", "def f(h):\n    return (h\n      .clamp_(min=0))", True),
        ("_.clamp_(...)", "g = (a + b).clamp_(0)", True),
        ("_.clamp_(...)", "g = (a + b).clamp(0)", False),
        ("_ += _", "for g in gs:\n    total[0] += g", True),
        ("_ += _", "total -= g", False),
        ("h > 0", "m = (h  >  0)", True),
        ("h > 0", "m = h > 0.5", False),
        ("f(_, 1)", "f([2], 1)", True),
        ("f(_, 1)", "f([2], True)", False),
        ("once_differentiable", "@once_differentiable\ndef f(): pass", True),
    ],
)
def test_a_piece_of_python_is_seen_whatever_stands_around_it(pattern, text, found):
    assert seen("never", pattern)(ast.parse(text)) is found
    assert without(pattern)(ast.parse(text)) is not found


def test_the_cause_is_said_where_it_is_seen_and_else_the_message_alone(caused):
    exercise = caused()
    typed = exercise.check(lambda a, b: a - b, source="def add(a, b):\n    return a - b\n", search=0)
    other = exercise.check(lambda a, b: a - b, source="def add(a, b):\n    return -b + a\n", search=0)
    unknown = exercise.check(lambda a, b: a - b, search=0)
    assert typed.message == "That is the difference. You wrote a minus."
    assert other.message == unknown.message == "That is the difference."
    assert {r.misconception for r in (typed, other, unknown)} == {"minus"}


def test_evidence_that_does_not_fit_a_text_is_no_evidence(caused):
    exercise = caused(('seen("_ - _")', "lambda tree: tree.body[7].value"))
    report = exercise.check(lambda a, b: a - b, source="def add(a, b):\n    return a - b\n", search=0)
    assert (report.misconception, report.message) == ("minus", "That is the difference.")


def test_a_cause_that_is_held_to_another_cause_is_proven(caused):
    assert not prove(caused()).complaints


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('other=("a + b", "a + b * -1")', "", "has no other= that behaves the same"),
        ('seen("_ - _")', 'seen("_ @ _")', "the evidence= of minus is not seen in its own text"),
        ('seen("_ - _")', 'seen("_ * _", "_ - _")', "the other= of minus is told the cause that it does not have"),
        ('"a + b * -1"', '"a + b * -2"', "the other= of minus behaves otherwise"),
        ('("a + b", "a + b * -1")', '"def add(a, b):\\n    return b - a"', "the other= of minus behaves otherwise"),
    ],
)
def test_the_proof_finds_a_cause_that_is_not_held(caused, old, new, complaint):
    assert any(complaint in told for told in prove(caused((old, new))).complaints)


@pytest.mark.parametrize("more", [{"cause": "Why."}, {"evidence": seen("a")}])
def test_a_cause_without_evidence_is_refused_and_evidence_without_a_cause(more):
    known = Misconception("minus", "No.", patch=("a", "b"), **more)
    with pytest.raises(SpecError, match="a cause= needs an evidence="):
        code(difficulty="easy", minutes=1, probe=lambda d: (), hints=("a", "b", "c"), misconceptions=(known,))
