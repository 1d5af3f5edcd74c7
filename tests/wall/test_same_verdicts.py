"""What is said of an answer is the same in a notebook and through the boundary, whoever runs it."""

import ast

import pytest

from tests.wall import tools
from tutor.checking.observed import perform
from tutor.checking.running import compiled
from tutor.checking.wire import decode, encode
from tutor.lessons.registry import exercises, find_lesson, series
from tutor.wall.frames import answer_data, answer_of_data, ran_data, ran_of_data, seen_data, seen_of_data

CODE = [i for i in exercises if exercises[i].kind != "program"]
PROGRAMS = [i for i in exercises if exercises[i].kind == "program"]
# of programs that train for long or start processes, those that are tried here; their solutions are in `test_judged`
LONG = {
    "data_to_prediction.classifier": ("alternative 0", "never-cleared", "one-score"),
    "fashion_mnist_training.trained_in_a_minute": ("measured-on-the-learned", "never-stepped", "percent"),
    "compile_export_scale.two_as_one": ("alternative 1", "gradients-stay-at-home", "one-after-the-other"),
}
SAMPLE = (
    "numpy_backprop.relu_backward",
    "numpy_backprop.predict_shape",
    "torch_tensors.product_shapes",
    "own_autograd.mul",
    "custom_function.sign",
)


def test_no_exercise_is_left_out():
    assert len(CODE) + len(PROGRAMS) == len(exercises) and set(LONG) <= set(PROGRAMS)
    assert {lesson.name for lesson in series()} == {i.split(".")[0] for i in CODE}


@pytest.mark.parametrize("identifier", [i for i in SAMPLE if exercises[i].kind != "value"])
def test_bytes_of_what_was_seen_are_judged_like_what_was_seen(identifier):
    """The wire alone, without a wall: an answer is seen here, and judged from the bytes that would have crossed."""
    from tutor.checking.seen import answer_of

    known = exercises[identifier]
    for given in tools.answers(known):
        here = known.check(given.here, search=0, turn=tools.TURN)
        seen = known._observed(given.here, None, known.spec.seconds, tools.TURN)
        crossed = (seen_of_data(decode(encode(seen_data(one)))) for one in seen)
        answer = answer_of_data(decode(encode(answer_data(answer_of(given.here)))))
        there = known.judged(answer, crossed, limit=known.spec.seconds, turn=tools.TURN).report
        assert (there.verdict, there.misconception, there.message) == (here.verdict, here.misconception, here.message)


@pytest.mark.slow
@pytest.mark.parametrize("identifier", CODE)
def test_an_answer_is_judged_behind_the_wall_as_it_is_here(identifier, behind):
    known, lesson = exercises[identifier], find_lesson(identifier.split(".")[0])
    given = list(tools.answers(known))
    heard = behind.run(tools.job(lesson, known, given), 120, 300)
    assert heard.ended, (heard.cell, heard.broken, heard.late)
    verdicts = set()
    for number, answer in enumerate(given, 1):
        here = known.check(answer.here, search=0, turn=tools.TURN)
        there = tools.report(known, heard, number)
        assert tools.told(there) == tools.told(here), (answer.name, here.message, there.message)
        verdicts.add(there.verdict)
    assert "pass" in verdicts and len(verdicts) > 1, "right and wrong answers were tried"


def test_bytes_of_what_was_seen_of_a_program_are_judged_like_what_was_seen(forms):
    """The wire alone, without a wall: a program runs here, and is judged from the bytes that would have crossed."""
    known, verdicts = forms.exercises["forms.slope"], set()
    stopped = {"stops": "slope = 1\nslope / 0", "leaves nothing": "x = 1", "unusable": "slope = 'three'"}
    for name, text in {**tools.programs(known), **stopped}.items():
        here, names = known.check(text), {**known._namespace()}
        code = compiled(ast.parse(f"\n{text}").body, known._kept(f"\n{text}"))
        ran, _, looks = perform(known.half, code, names, seconds=10)
        seen = {name: tools.crossed(one) for name, one in looks.all()} if looks else {}
        there = tools.judged(known, ran_of_data(decode(encode(ran_data(ran)))), seen.__getitem__, text)
        assert tools.told(there) == tools.told(here), (name, here.message, there.message)
        verdicts.add(there.misconception or there.verdict)
    assert verdicts >= {"pass", "error", "missing", *(w.criterion for w in known.spec.wrong)}


@pytest.mark.slow
@pytest.mark.parametrize("identifier", PROGRAMS)
def test_a_program_is_judged_behind_the_wall_as_it_is_here(identifier, behind, one_thread):
    known, lesson = exercises[identifier], find_lesson(identifier.split(".")[0])
    texts, verdicts = tools.programs(known), set()
    for name in LONG.get(identifier, texts):
        here = known.check(texts[name])
        heard = behind.run(tools.program_job(lesson, known, texts[name]), 200, 400)
        there = tools.program_report(known, heard, texts[name])
        assert tools.told(there) == tools.told(here), (name, here.message, there.message)
        verdicts.add(there.misconception or there.verdict)
    assert len(verdicts) > 2, verdicts
