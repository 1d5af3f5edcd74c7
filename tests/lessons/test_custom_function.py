"""Lesson 06: what its exercises say about classes that autograd cannot run, and an unusual one that they accept."""

import pytest

from tutor.lessons.registry import HOME, Lesson


@pytest.fixture(scope="module")
def exercises():
    return Lesson("custom_function", HOME / "custom_function", 6).exercises


def told(exercises, name, text):
    """The report on an answer given as text, as in a cell."""
    exercise = exercises[f"custom_function.{name}"]
    return exercise.check(exercise.build(text)[0])


def changed(exercises, name, old, new):
    """The report on the solution with one change."""
    source = exercises[f"custom_function.{name}"].source
    assert old in source
    return told(exercises, name, source.replace(old, new))


def test_a_class_that_is_no_function_is_told_so(exercises):
    report = changed(exercises, "legendre", "torch.autograd.Function", "torch.nn.Module")
    assert report.verdict == "error" and "derived from `torch.autograd.Function`" in report.message


@pytest.mark.parametrize(
    ("returned", "words"),
    [
        ("None", "is a `return` missing?"),
        ("torch.max(h, 0)", "should return a tensor"),
        ("h > 0", "can have no gradient"),
    ],
)
def test_a_forward_without_a_gradient_to_its_result_is_told_so(exercises, returned, words):
    report = changed(exercises, "relu", "return h.clamp(min=0)", f"return {returned}")
    assert report.verdict == "error" and words in report.message


def test_a_backward_without_return_leaves_no_gradient(exercises):
    report = changed(exercises, "legendre", "return grad_output * 1.5", "grad_output * 1.5")
    assert report.verdict == "wrong" and "`grad_x` is `None`" in report.message


@pytest.mark.parametrize("name", ["relu", "clamp", "swish", "sign"])
def test_a_tuple_that_was_taken_for_a_tensor_is_told_where_it_comes_from(exercises, name):
    x = "h" if name in ("relu", "sign") else "x"
    report = changed(exercises, name, f"({x},) = ctx.saved_tensors", f"{x} = ctx.saved_tensors")
    assert report.verdict == "error" and "`ctx.saved_tensors` is a tuple" in report.message


@pytest.mark.parametrize("name", ["relu", "sign"])
def test_a_backward_that_overwrites_what_arrives_is_told_so(exercises, name):
    report = changed(
        exercises, name, "(h,) = ctx.saved_tensors", "(h,) = ctx.saved_tensors\n        grad_output.mul_(h > -1)"
    )
    assert report.verdict == "wrong" and "`grad_output` in place" in report.message


def test_the_older_and_the_newer_form_cannot_be_mixed(exercises):
    report = changed(exercises, "hypotenuse", "def forward(u, v)", "def forward(ctx, u, v)")
    assert report.verdict == "error" and "`forward` takes no `ctx`" in report.message


def test_a_backward_that_only_vmap_cannot_run_is_refused(exercises):
    report = changed(
        exercises,
        "hypotenuse",
        "grad_output * u / r,",
        "grad_output.item() * u / r if u.dim() == 0 else grad_output * u / r,",
    )
    assert report.verdict == "error" and "under `torch.func`" in report.message


def test_an_answer_that_computes_in_float32_inside_passes(exercises):
    report = changed(exercises, "relu", "grad_output.clone()", "grad_output.float().clone()")
    assert report.verdict == "pass"
