"""A whole check: six verdicts, one message, and no harm."""

import math

import numpy as np
import pytest
import torch

import tutor
from tutor.checking import VERDICTS

RELU = tutor.exercises["numpy_backprop.relu_backward"]
NET = tutor.exercises["numpy_backprop.two_layer_gradients"]
FORWARD = tutor.exercises["numpy_backprop.two_layer_forward"]
GRADS = tutor.exercises["numpy_backprop.polynomial_gradients"]


def net(x, y, w1, w2, *, two=2.0):
    h = x @ w1
    grad_y_pred = two * (np.maximum(h, 0) @ w2 - y)
    return x.T @ ((grad_y_pred @ w2.T) * (h > 0)), np.maximum(h, 0).T @ grad_y_pred


def test_outputs_in_another_order_are_told_as_such():
    report = NET.check(lambda *a: tuple(2 * g for g in net(*a))[::-1])
    assert "order" not in report.message
    turned = GRADS.check(lambda x, g: ((g * x).sum(), g.sum(), (g * x**2).sum(), (g * x**3).sum()))
    assert (
        turned.message
        == "The values are right, but you return them in the order `grad_b`, `grad_a`, `grad_c`, `grad_d`."
    )


def test_a_dtype_that_matters_is_told_in_words(make_lesson):
    lesson = make_lesson(data=[("minutes=1", "minutes=1, exact=True")])
    report = lesson.exercises["small.add"].check(lambda a, b: round(a + b) if a == b else np.float64(a + b) > 0)
    assert report.verdict == "wrong"
    exact = make_lesson(data=[("minutes=1", "minutes=1, exact=True"), ("d.number(), d.number()", "2.0, 3.0")])
    assert (
        "should hold float numbers; yours holds int ones" in exact.exercises["small.add"].check(lambda a, b: 5).message
    )


def test_float32_on_the_way_is_told_where_the_dtype_is_promised(make_lesson):
    double = ("d.number(), d.number()", "d.array(3).astype('float64') / 3, d.array(3).astype('float64')")
    small = make_lesson(data=[("minutes=1", "minutes=1, precise=True"), double]).exercises["small.add"]
    for answer in (lambda a, b: (a + b).astype(np.float32), lambda a, b: a.astype(np.float32) + b):
        report = small.check(answer)
        assert report.verdict == "wrong" and "digits, and float64 holds 15" in report.message
    assert small.check(lambda a, b: b + a).verdict == "pass"
    lax = make_lesson(data=[double]).exercises["small.add"]
    assert lax.check(lambda a, b: (a + b).astype(np.float32)).verdict == "pass"


def test_a_method_without_its_brackets_is_told():
    assert "brackets `()`" in tutor.exercises["start_here.squared_error"].check(lambda a, b: ((a - b) ** 2).sum).message


def test_a_word_that_is_not_offered_is_answered_with_the_words_to_choose_from():
    message = tutor.exercises["numpy_backprop.predict_rate"].check("it explodes").message
    assert message.endswith('"diverges", "faster", "slower".')


def test_a_stub_is_to_do():
    assert RELU.check(...).verdict == "todo"


def test_a_right_answer_passes_and_says_on_how_many_probes():
    report = RELU.check(lambda g, h: g * (h > 0))
    assert (report.verdict, report.message) == ("pass", "Right on all 57 test inputs.")


def test_any_subgradient_passes_at_the_kink():
    assert RELU.check(lambda g, h: g * (h >= 0)).verdict == "pass"


def test_a_known_mistake_is_told_by_its_name_with_a_question():
    report = RELU.check(lambda g, h: g * (g > 0))
    assert (report.verdict, report.misconception, report.tier) == ("wrong", "mask-by-gradient", "misconception")
    assert report.hint.endswith("?")


def test_an_unknown_factor_is_told_as_a_relation():
    report = NET.check(lambda x, y, w1, w2: tuple(3 * g for g in net(x, y, w1, w2)))
    assert report.tier == "relation" and "3 times the right one" in report.message


def test_a_transpose_is_told_as_one():
    report = NET.check(lambda *a: (net(*a)[0].T, net(*a)[1]))
    assert report.message == (
        "Look at `grad_w1`. It is the transpose of the right one.\nRight for all test inputs: `grad_w2`."
    )


def test_a_factor_that_is_a_size_is_told_by_the_size():
    def by_rows(x, y, w1, w2):
        return tuple(g / len(x) for g in net(x, y, w1, w2))

    assert "the right one divided by `x.shape[0]`" in NET.check(by_rows).message


def test_a_wrong_gradient_is_shown_beside_the_finite_difference():
    def off(x, y, w1, w2):
        grad_w1, grad_w2 = net(x, y, w1, w2)
        grad_w1[0, 0] += 1
        return grad_w1, grad_w2

    message = NET.check(off).message
    assert "at index [0, 0]" in message and "1 of" in message
    lines = {line.split()[0]: float(line.split()[1]) for line in message.split("\n") if line.startswith("    ")}
    assert lines["expected"] == pytest.approx(lines["measured"], rel=1e-4)
    assert lines["yours"] == pytest.approx(lines["expected"] + 1, rel=1e-4)


def test_the_derivative_with_respect_to_a_coefficient_is_measured_too():
    report = GRADS.check(lambda x, g: (g.sum(), (g * x).sum(), (g * x**2).sum() + x[0], (g * x**3).sum()))
    assert report.message.endswith("\nRight for all test inputs: `grad_a`, `grad_b` and `grad_d`.")
    assert "finite difference" in report.message


def test_an_exception_shows_the_readers_line_and_the_shapes_in_it():
    def broken(x, w1, w2):
        h = x @ w1
        return h, h, w2 @ h

    report = FORWARD.check(broken)
    assert (report.verdict, report.tier) == ("error", "exception")
    assert "    return h, h, w2 @ h" in report.message
    assert "There, `h` is an array of shape (" in report.message and "`w2` is an array of shape (" in report.message


def test_a_name_that_is_no_argument_is_told_to_come_from_the_notebook():
    space = {"stray": np.ones((64, 10))}
    exec("def broken(x, w1, w2):\n    return x @ w1 + stray", space)
    import linecache

    linecache.cache["<string>"] = (1, None, ["def broken(x, w1, w2):\n", "    return x @ w1 + stray\n"], "<string>")
    message = FORWARD.check(space["broken"]).message
    assert "`stray` (from the notebook, no argument of yours) is an array of shape (64, 10), float64." in message


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda x, w1, w2: None, "return"),
        (lambda x, w1, w2: (x @ w1,), "should return 3 things"),
        (
            lambda x, w1, w2: (torch.from_numpy(x @ w1), np.maximum(x @ w1, 0), np.maximum(x @ w1, 0) @ w2),
            "NumPy array",
        ),
        (lambda x, w1: None, "TypeError"),
        (lambda x, w1, w2: exec("raise SystemExit"), "tried to end the program"),
        (lambda x, w1, w2: (_ for _ in ()).throw(KeyboardInterrupt), "interrupted"),
    ],
)
def test_answers_of_the_wrong_kind_are_told_in_words(answer, words):
    report = FORWARD.check(answer)
    assert words in report.message and report.verdict in ("wrong", "error")


def test_endless_recursion_is_told_as_such():
    def again(x, w1, w2):
        return again(x, w1, w2)

    assert "without end" in FORWARD.check(again).message


def test_a_loop_is_slow_and_the_message_says_what_to_do():
    def loop(x, w1, w2):
        while True:
            pass

    report = FORWARD.check(loop, seconds=0.3)
    assert report.verdict == "slow" and "restart the kernel" in report.message


def test_changing_an_input_is_wrong_even_if_the_result_is_right():
    def in_place(x, w1, w2):
        h = x @ w1
        x *= 0
        h_relu = np.maximum(h, 0)
        return h, h_relu, h_relu @ w2

    report = FORWARD.check(in_place)
    assert report.verdict == "wrong" and "changes its input `x` in place" in report.message


def test_writing_into_another_input_is_not_taken_for_the_known_mistake():
    def writes_h(grad_h_relu, h):
        h[h < 0] = 0
        return grad_h_relu * (h > 0)

    report = RELU.check(writes_h)
    assert report.misconception is None and "changes its input `h` in place" in report.message


def test_what_an_answer_prints_is_shown_in_the_report():
    def chatty(g, h):
        print("shape", g.shape[0] > 0)
        return g * (h > 0)

    report = RELU.check(chatty)
    assert report.printed == "shape True" and "shape True" in report.text and "shape True" in report.html


@pytest.mark.parametrize("answer", [3, None, "text", np.ones(3), int, [], object()])
def test_nothing_that_is_handed_in_makes_a_check_raise(answer):
    assert RELU.check(answer).verdict in ("error", "wrong")


def test_a_value_is_judged_with_its_cause():
    ask = tutor.exercises["numpy_backprop.predict_shape"]
    assert ask.check((1000, 100)).verdict == "pass"
    assert ask.check([1000, 100]).verdict == "pass"
    assert ask.check((100, 1000)).misconception == "transposed-weight"
    assert ask.check((1, 2)).verdict == "wrong"
    assert ask.check("(1000, 100)").verdict == "wrong"
    assert ask.check(...).verdict == "todo"
    assert ask.check(1000).verdict == "wrong"


def test_a_report_has_both_forms_and_escapes_what_it_quotes():
    def angry(g, h):
        raise ValueError("<script>alert(1)</script>")

    report = RELU.check(angry)
    assert "<script>" not in report.html and "&lt;script&gt;" in report.html
    assert "<script>" in report.text
    assert report.verdict in VERDICTS


def test_a_wrong_answer_does_not_poison_the_next_check():
    RELU.check(lambda g, h: g.fill(0))
    assert RELU.check(lambda g, h: g * (h > 0)).verdict == "pass"


def test_a_method_is_judged_on_the_class_it_is_filled_into(forms):
    add = forms.exercises["forms.add"]
    assert add.check(add.reference).verdict == "pass"
    assert add.check(add.misconceptions["minus"].wrong).misconception == "minus"

    class Number:
        def __init__(self, value):
            self.value = value

    assert add.check(lambda self, other: Number(self.value + other.value), of=Number).verdict == "pass"


@pytest.mark.parametrize("name", ["add", "double", "shift", "counter", "scale", "square", "answer", "halve"])
def test_every_form_of_exercise_tells_right_from_wrong(forms, name):
    exercise = forms.exercises[f"forms.{name}"]
    assert exercise.check(exercise.reference).verdict == "pass"
    for wrong in exercise.misconceptions.values():
        assert exercise.check(wrong.wrong).misconception == wrong.name


def test_autograd_in_a_by_hand_exercise_is_a_shortcut(make_lesson):
    lesson = make_lesson(data=[("minutes=1", 'minutes=1, forbid=("autograd",)')])

    def through_autograd(a, b):
        t = torch.tensor(a, requires_grad=True)
        (t * 1).backward()
        return a + b

    exercise = lesson.exercises["small.add"]
    assert exercise.check(through_autograd).verdict == "shortcut"
    assert exercise.check(lambda a, b: a + b).verdict == "pass"


def test_a_predicted_word_is_right_in_capitals_too_and_a_wrong_one_keeps_its_cause():
    ask = tutor.exercises["numpy_backprop.predict_rate"]
    assert ask.check(" Diverges ").verdict == "pass"
    assert ask.check("Faster").misconception == "twice-the-rate-twice-as-fast"


def test_a_known_wrong_value_is_known_in_another_form():
    assert tutor.exercises["numpy_backprop.predict_shape"].check([100, 1000]).misconception == "transposed-weight"
    assert tutor.exercises["start_here.chance"].check(500.0).misconception == "half-right"


def test_a_value_that_cannot_be_compared_is_no_known_mistake():
    class Odd:
        def __eq__(self, other):
            raise RuntimeError

    assert tutor.exercises["start_here.chance"].check(Odd()).misconception is None


def test_words_inside_a_tuple_are_folded_and_no_part_gives_another_away(forms):
    ask = forms.exercises["forms.answer"]
    ask.__dict__["reference"] = (9, "error")
    assert ask.check((9, "Error ")).verdict == "pass"
    assert ask.check(("9", "error")).message == "Write the number 9 without quotes."
    assert ask.check((9, 9)).message == "`(9, 9)` is not what happens."


def test_an_error_inside_a_transform_is_told_although_its_tensors_are_dead(make_lesson):
    exercise = make_lesson().exercises["small.add"]

    def transformed(a, b):
        def inner(x):
            return x @ x @ x

        return torch.vmap(torch.func.grad(inner))(torch.ones(2, 3))

    report = exercise.check(transformed)
    assert report.verdict == "error" and "cannot be judged" not in report.message


def test_a_value_before_it_is_rounded_is_as_right():
    known = tutor.exercises["fashion_mnist_training.predict_softmax"]
    for answer in (1.46, 1.4612, math.log(math.e + 9) - 1):
        assert known.check(answer).verdict == "pass"
    assert known.check(1.5).verdict == "wrong"
