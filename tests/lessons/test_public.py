"""The public half of every exercise can be derived, works like the whole, and holds nothing of what is secret."""

import importlib
import itertools
import sys

import pytest

import tutor.lessons
from tutor.checking import guard, judge, symptoms
from tutor.checking.observed import ProgramHalf
from tutor.checking.plain import plain
from tutor.checking.probes import same
from tutor.checking.running import Recorder, Run
from tutor.checking.seen import Ask, Half
from tutor.lessons.public import PublicError, public_half
from tutor.lessons.registry import exercises, find_lesson, series
from tutor.wall.inside import Halves

CODE = [i for i in exercises if exercises[i].kind not in ("value", "program")]
PROGRAMS = [i for i in exercises if exercises[i].kind == "program"]


@pytest.fixture
def derived(monkeypatch):
    """Import the public half of an exercise as it is imported behind the wall."""

    def load(identifier):
        lesson, name = find_lesson(identifier.split(".")[0]), identifier.split(".")[1]
        texts = public_half(lesson, [name])
        for module in [m for m in sys.modules if m.startswith("tutor.lessons.")]:
            monkeypatch.delitem(sys.modules, module)
        monkeypatch.setattr(sys, "meta_path", [Halves(texts), *sys.meta_path])
        return importlib.import_module(f"{lesson.package}.exercises.{name}").EXERCISE

    before = dict(vars(tutor.lessons))  # where an import leaves the modules as attributes
    yield load
    for name in set(vars(tutor.lessons)) - set(before):
        delattr(tutor.lessons, name)
    vars(tutor.lessons).update(before)


@pytest.mark.parametrize("identifier", CODE)
def test_a_half_draws_the_same_inputs(identifier, derived):
    known = exercises[identifier]
    probed = [(p.ask, p.arguments) for p in known.probed()[:: known.spec.cases]]
    half = derived(identifier)
    assert type(half) is Half and half.forbid == known.spec.forbid and half.inplace == known.spec.inplace
    for ask, arguments in probed:
        assert same(list(arguments), list(ask.arguments(half)))


def _returned(known, turn):
    """What `use` returns for the solution on two probes of each kind, as plain data: what crosses the wall."""
    for number, case in itertools.product(range(len(known.spec.probes)), (1, 2)):
        seed = 100_000 * turn + 1000 * number + case
        outcome = known.run(known.reference, Ask(number, seed, seed).arguments(known.half), seed)
        assert outcome.error is None, outcome.error
        yield plain(outcome.value)


@pytest.mark.parametrize("identifier", CODE)
def test_what_crosses_the_wall_is_another_in_every_run(identifier):
    """Else it could be sent without computing anything, by one who has seen it once."""
    known, met = exercises[identifier], []
    with guard.plain_torch():
        for turn in range(1, 5):
            returned = list(_returned(known, turn))
            assert all(judge.compare(returned, other, exact=True) for other in met)
            met.append(returned)


@pytest.mark.parametrize("identifier", PROGRAMS)
def test_a_half_of_a_program_runs_and_looks_and_has_no_judge(identifier, derived):
    spec, given = exercises[identifier].spec, exercises[identifier].given()
    run = Run(dict.fromkeys(spec.leaves), Recorder())
    looks = list(spec.observe(run, given))
    half = derived(identifier)
    assert type(half) is ProgramHalf and half.seconds == spec.seconds
    assert (half.leaves, bool(half.watch)) == (spec.leaves, bool(spec.watch))
    assert list(half.observe(run, given)) == looks


@pytest.mark.parametrize("identifier", PROGRAMS)
def test_a_half_of_a_program_holds_no_criterion_and_no_right_answer(identifier):
    lesson, name = find_lesson(identifier.split(".")[0]), identifier.split(".")[1]
    text, known = "\n".join(public_half(lesson, [name]).values()), exercises[identifier]
    assert "Missed(" not in text and "Wrong(" not in text and not any(secret in text for secret in _secrets(known))
    assert not {"kept", "judge", "judged", "results", "trained"} & symptoms.names_in(text)


def test_a_part_that_is_set_belongs_to_what_it_is_a_part_of(make_lesson):
    setting = "class Given:\n    pass\n\nGiven.start = Given.end = 7.0\nGiven.others, other = [], 3\nunused = 5\n\n"
    lesson = make_lesson(data=[("EXERCISE = ", f"{setting}EXERCISE = "), ("d.number(), d", "Given.start, d")])
    (text,) = public_half(lesson, ["add"]).values()
    assert "Given.start = Given.end = 7.0" in text and "Given.others" in text and "unused" not in text


def _secrets(known):
    """The lines of a solution that say how it is done, and the words of misconceptions and hints."""
    yield from (m.message for m in known.spec.misconceptions)
    yield from known.spec.hints
    yield from (a for a in known.spec.alternatives if isinstance(a, str))


@pytest.mark.parametrize("lesson", series(), ids=lambda lesson: lesson.name)
def test_a_half_holds_no_solution_no_misconception_and_no_hint(lesson):
    names = [i.split(".")[1] for i in lesson.exercises if i in CODE]
    text = "\n".join(public_half(lesson, names).values())
    assert "Misconception(" not in text and "FiniteDifference(" not in text and "misconceptions" not in text
    for name in names:
        known = lesson.exercises[f"{lesson.name}.{name}"]
        assert known.source not in text and not any(secret in text for secret in _secrets(known))


def test_what_cannot_be_told_apart_is_refused_with_the_file(make_lesson):
    for old, new, told in (
        ("EXERCISE = code(", "EXERCISE = code(**{}, ", "write the fields of EXERCISE= out"),
        ("EXERCISE = code(", "made = code\nEXERCISE = code and code(", "has to be a call"),
    ):
        lesson = make_lesson(data=[(old, new)])
        with pytest.raises(PublicError, match=told) as caught:
            public_half(lesson, ["add"])
        assert "add.py" in str(caught.value)
