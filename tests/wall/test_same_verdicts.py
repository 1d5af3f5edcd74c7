"""What is said of an answer is the same in a notebook and through the boundary, whoever runs it."""

import pytest

from tests.wall import tools
from tutor.checking.wire import decode, encode
from tutor.lessons.registry import exercises, find_lesson, series
from tutor.wall.frames import answer_data, answer_of_data, seen_data, seen_of_data

CODE = [i for i in exercises if exercises[i].kind != "program"]
SAMPLE = (
    "numpy_backprop.relu_backward",
    "numpy_backprop.predict_shape",
    "torch_tensors.product_shapes",
    "own_autograd.mul",
    "custom_function.sign",
)


def test_no_exercise_is_left_out_but_the_programs():
    left_out = [i for i in exercises if i not in CODE]
    assert all(exercises[i].kind == "program" for i in left_out) and len(left_out) < 10
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
