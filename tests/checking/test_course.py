"""The course's proof finds out what is wrong with an exercise; `tutor quality` runs it on all of them."""

from tutor.checking.proof import FAR, prove


def test_a_lax_probe_is_found_out_by_the_mutants(make_lesson):
    """An exercise that is only ever asked for 0 + 0 cannot tell anything."""
    lesson = make_lesson(data=[("(d.number(), d.number())", "(0.0, 0.0)")])
    complaints = " ".join(prove(lesson.exercises["small.add"]).complaints)
    assert "mutant passes: return a - b" in complaints
    assert "minus is diagnosed as pass" in complaints


def test_two_misconceptions_that_look_alike_are_found_out(make_lesson):
    lesson = make_lesson(data=[('patch=("a + b", "a * b")', 'patch=("a + b", "-(b - a)")')])
    assert any("minus is diagnosed as" in c for c in prove(lesson.exercises["small.add"]).complaints)


def test_a_misconception_that_is_almost_right_is_found_out(make_lesson):
    lesson = make_lesson(data=[('patch=("a + b", "a * b")', 'patch=("a + b", "a + b * 1.003")')])
    assert any(f"{FAR:g} is the least" in c for c in prove(lesson.exercises["small.add"]).complaints)


def test_a_right_answer_that_is_rejected_is_found_out(make_lesson):
    lesson = make_lesson(data=[("lambda a, b: b + a", "lambda a, b: b - a")])
    assert any("is rejected" in c for c in prove(lesson.exercises["small.add"]).complaints)


def test_an_equivalent_that_no_mutant_contains_is_found_out(make_lesson):
    lesson = make_lesson(data=[("minutes=1", 'minutes=1, equivalent_mutants={"return b + a": "order"}')])
    assert any("no mutant contains" in c for c in prove(lesson.exercises["small.add"]).complaints)


def test_a_misconception_whose_patch_uses_a_missing_name_is_found_out(make_lesson):
    lesson = make_lesson(data=[('patch=("a + b", "a * b")', 'patch=("a + b", "a + c")')])
    assert any("ends in a NameError of its own" in c for c in prove(lesson.exercises["small.add"]).complaints)
