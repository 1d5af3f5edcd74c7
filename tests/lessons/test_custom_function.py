"""Lesson 06: what its exercises say about classes that autograd cannot run, and an unusual one that they accept."""

import pytest
import torch

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
    assert report.verdict == "wrong" and "The gradient of `x` should be a tensor; yours is `None`" in report.message


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


def test_a_sign_that_is_float32_for_a_float64_input_passes(exercises):
    """Its docstring asks for numbers and for a shape."""
    assert changed(exercises, "sign", "torch.sign(h)", "torch.where(h > 0, 1.0, -1.0)").verdict == "pass"


def test_a_window_that_leaves_out_exactly_one_passes_as_the_task_says(exercises):
    assert changed(exercises, "sign", "h.abs() <= 1", "h.abs() < 1").verdict == "pass"


def test_a_warning_of_the_judge_s_own_is_not_shown_as_the_answer_s_output(exercises):
    report = changed(exercises, "sign", "torch.sign(h)", "(h > 0).float()")
    assert report.misconception == "zero-or-one" and "UserWarning" not in report.message


def test_a_maximum_over_everything_is_told_the_shape_that_it_returns(exercises):
    report = changed(exercises, "relu", "h.clamp(min=0)", "torch.max(h)")
    assert report.verdict == "error" and "`forward` returns the shape ()" in report.message


def test_a_zero_that_was_taken_for_an_axis_is_told_so(exercises):
    report = changed(exercises, "relu", "h.clamp(min=0)", "torch.max(h, 0)")
    assert report.verdict == "error" and "the 0 is an axis" in report.message


def test_a_way_back_that_may_be_gone_once_is_not_told_to_save_what_it_saves(exercises):
    exercise = exercises["custom_function.legendre"]
    source = exercise.source.replace("def backward", "@torch.autograd.function.once_differentiable\n    def backward")
    report = exercise.check(exercise.build(source)[0], source=source, search=0)
    assert report.misconception == "slope-without-history" and "`once_differentiable`" in report.message
    assert "save `x` itself" not in report.message


def test_a_gate_of_either_condition_is_told_that_both_have_to_hold(exercises):
    report = changed(exercises, "clamp", ") & (", ") | (")
    assert report.misconception == "no-gate" and "`&`, not `|`" in report.message


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        ("0.5 * (5 * x**3 - 3 * x)", "0.5 * 5 * x**3 - 3 * x", "value-s-brackets-lost"),
        ("1.5 * (5 * x**2 - 1)", "0.5 * (15 * x**2 - 1)", "half-for-three-halves"),
    ],
)
def test_the_likeliest_slips_in_the_two_formulas_are_named(exercises, old, new, name):
    assert changed(exercises, "legendre", old, new).misconception == name


def test_a_maximum_divides_a_tie_and_a_clamp_s_choice_is_that_of_its_version():
    def slope(function):
        zero = torch.zeros(1, requires_grad=True)
        return torch.autograd.grad(function(zero).sum(), zero)[0].item()

    version = tuple(int(part) for part in torch.__version__.split("+")[0].split(".")[:2])
    assert slope(lambda h: torch.maximum(h, torch.zeros(1))) == 0.5 and slope(torch.relu) == 0
    assert slope(lambda h: h.clamp(min=0)) == (0 if version >= (2, 14) else 1)


def test_positions_refuse_backward_and_rounding_says_nothing():
    y_pred = torch.randn(4, 3, requires_grad=True)
    with pytest.raises(RuntimeError, match="does not require grad"):
        (y_pred.argmax(1) == torch.arange(4)).float().mean().backward()
    y_pred.round().sum().backward()
    assert not y_pred.grad.any()


KEPT_FOR_ALL_CALLS = (
    ("legendre", (("ctx.save_for_backward(x)", "LegendreP3.x = x"), ("(x,) = ctx.saved_tensors", "x = LegendreP3.x"))),
    (
        "relu",
        (("ctx.save_for_backward(h)", "ReLU.mask = h < 0"), ("grad_h[h < 0]", "grad_h[ReLU.mask]"), ("(h,) = ", "")),
    ),
    ("clamp", (("ctx.low, ctx.high = low", "Clamp.low, Clamp.high = low"), ("(x > ctx.low)", "(x > Clamp.low)"))),
    (
        "mend_scaled_exp",
        (("ctx.scale = scale", "ScaledExp.scale = scale"), ("ctx.scale, None", "ScaledExp.scale, None")),
    ),
)


@pytest.mark.parametrize(("name", "changes"), KEPT_FOR_ALL_CALLS)
def test_what_is_kept_in_one_place_for_all_calls_is_told_so(exercises, name, changes):
    source = exercises[f"custom_function.{name}"].source
    for old, new in changes:
        assert old in source
        source = source.replace(old, new)
    report = told(exercises, name, source.replace("x < ctx.high", "x < Clamp.high"))
    assert report.verdict == "error" and "kept in one place for all calls" in report.message


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("legendre", "return 0.5 * (5 * x**3", "return 0.5 * (5 * x.float() ** 3"),
        ("legendre", "5 * x**2 - 1)", "5 * x.float() ** 2 - 1)"),
        ("swish", "s = torch.sigmoid(x)", "s = torch.sigmoid(x.float())"),
        ("clamp", "return x.clamp(low, high)", "return x.clamp(low, high).float().to(x.dtype)"),
    ],
)
def test_float32_on_the_way_is_told_wherever_it_is(exercises, name, old, new):
    assert changed(exercises, name, old, new).misconception == "in-float32"
