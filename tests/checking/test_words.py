"""What a report says besides its finding is true of all test inputs, in a reader's words, and fits the failure."""

import itertools
import linecache
import textwrap
from dataclasses import replace

import numpy as np
import pytest
import torch

import tutor
from tutor.checking.diagnose import Words
from tutor.checking.fault import Fault

_cells = itertools.count()
NET = tutor.exercises["numpy_backprop.two_layer_gradients"]
FORWARD = tutor.exercises["numpy_backprop.two_layer_forward"]


def typed(exercise, text, **names):
    """The report on an answer that was typed into a cell."""
    space, filename, text = {"np": np, "torch": torch, **names}, f"<typed {next(_cells)}>", textwrap.dedent(text)
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    exec(compile(text, filename, "exec"), space)
    return exercise.check(space[exercise.name], search=0)


def right(x, y, w1, w2):
    h = x @ w1
    grad_y_pred = 2.0 * (np.maximum(h, 0) @ w2 - y)
    return x.T @ ((grad_y_pred @ w2.T) * (h > 0)), np.maximum(h, 0).T @ grad_y_pred


def test_an_output_is_called_right_only_if_it_is_so_for_all_test_inputs():
    def sometimes(x, y, w1, w2):
        grad_w1, grad_w2 = right(x, y, w1, w2)
        return grad_w1 + 1, grad_w2 if w2.shape[1] == 1 else grad_w2 + 1

    always = NET.check(lambda *a: (right(*a)[0] + 1, right(*a)[1]), search=0)
    assert "Right for all test inputs" not in NET.check(sometimes, search=0).message
    assert always.message.startswith("Look at `grad_w1`") and always.message.endswith("inputs: `grad_w2`.")


def test_many_right_outputs_are_counted_not_listed(make_lesson):
    lesson = make_lesson(
        text=[("return a + b", "return a, b, a + b, a - b, a * b")],
        data=[
            ("minutes=1", 'minutes=1, outputs=("a", "b", "the sum", "the_difference", "grad_a")'),
            ("alternatives=(lambda a, b: b + a, lambda a, b: sum([a, b]), lambda a, b: a - (-b))", "alternatives=()"),
        ],
    )
    exercise = lesson.exercises["small.add"]
    message = exercise.check(lambda a, b: (a, b, a + b, a - b, a * b + 1), search=0).message
    assert message.startswith("Look at the gradient of `a`.")
    assert message.endswith("4 of the 5 things that are looked at are right for all test inputs.")
    message = exercise.check(lambda a, b: (a, b, a + b + 1, a - b + 1, a * b), search=0).message
    assert message.startswith("Look at “the sum”.") and message.endswith("inputs: `a`, `b` and the gradient of `a`.")


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("", "your result"),
        ("h", "`h`"),
        ("the first loss", "“the first loss”"),
        ("after_step_1[0]", "item 0 of “after step 1”"),
        ("after_step_1[0]['x']", "item 'x' of item 0 of “after step 1”"),
        ("[2]", "item 2 of your result"),
        ("grad_h", "the gradient of `h`"),
        ("x.exp()", "`x.exp()`"),
    ],
)
def test_an_output_is_told_in_words_that_the_reader_has_seen(path, told):
    outputs = ("h", "the first loss", "after_step_1", "grad_h", "x.exp()")
    assert Words((), outputs, 'def f(x):\n    """Return h, and x.exp()."""').output(path) == told


def test_an_argument_goes_by_the_readers_own_name(make_lesson):
    assert "for `p` = " in make_lesson().exercises["small.add"].check(lambda p, q: p + q + p * q * 3, search=0).message


def test_an_argument_that_the_readers_function_does_not_have_is_not_told(make_lesson):
    use = "minutes=1, use=lambda answer, first, b: answer(first, b)"
    report = make_lesson(data=[("minutes=1", use)]).exercises["small.add"].check(lambda a, b: a + b + a * 3, search=0)
    assert "`b` = " in report.message and "first" not in report.message


def test_an_input_that_the_readers_function_is_given_otherwise_is_not_told(make_lesson):
    use = "minutes=1, use=lambda answer, a, b: [answer(a, b), answer(2 * a, b)]"
    check = make_lesson(data=[("minutes=1", use)]).exercises["small.add"].check
    report = check(lambda a, b: a + b + a * b * 3, search=0)
    assert "`b` = " in report.message and "`a` = " not in report.message


@pytest.mark.parametrize("name", ["sgd_momentum", "adagrad", "rmsprop", "adam"])
def test_no_gradient_of_one_step_is_told_beside_the_numbers_of_another(name):
    exercise = tutor.exercises[f"optim.{name}"]
    told = [exercise.check(known.wrong, search=0).message for known in exercise.misconceptions.values()]
    told += [exercise.check(lambda *given: 3 + exercise.reference(*given) ** 2, search=0).message]
    assert not any("`grad` = " in message for message in told) and "expected" in told[-1]


def test_who_says_infinity_where_it_may_be_right_is_asked_for_no_division():
    crossing = tutor.exercises["torch_backprop.crossing_point"].check(lambda sizes, here, there: float("inf"), search=0)
    assert "infinite" in crossing.message and "division" not in (crossing.hint or "")


def test_the_line_that_is_told_of_a_changed_input_writes_numbers_into_it():
    answer = """
def fit_classifier(x, labels, weight, rate, steps):
    weight = weight.requires_grad_()
    losses = []
    for _ in range(steps):
        loss = nn.functional.cross_entropy(x @ weight.T, labels)
        weight.grad = None
        loss.backward()
        with torch.no_grad():
            weight -= rate * weight.grad
        losses.append(loss.item())
    return weight.detach(), losses
"""
    exercise = tutor.exercises["nn.mend_softmax"]
    report = exercise.check(exercise.build(answer.strip())[0], source=answer.strip(), search=20)
    assert "in line 9 " in report.message and "weight -= rate" in report.message


def test_the_line_of_a_missing_return_is_the_last():
    answer = """
def replay(tape, inputs):
    known = inputs.copy()
    for name, function, arguments in tape:
        result = function(*[known[a] if isinstance(a, str) else a for a in arguments])
        known[name] = result
"""
    exercise = tutor.exercises["compile_export_scale.replay"]
    report = exercise.check(exercise.build(answer.strip())[0], source=answer.strip(), search=20)
    assert "in line 5 " in report.message


def test_an_error_tells_of_each_name_what_it_is():
    answer = """
        def two_layer_forward(x, w1, w2):
            rate, t, many = 0.5, torch.zeros(3, dtype=torch.int64), [w1, w2]
            return x @ many * rate @ t
    """
    told = typed(FORWARD, answer).message.split("\nThere, ")[1]
    assert (
        told.startswith("`x` is an array of shape (")
        and ", float32, `many` is a list of 2 things (the first: an" in told
    )
    assert "`rate` is a number, float 0.5" in told and "`t` is a tensor of shape (3,), int64." in told


@pytest.mark.parametrize(
    ("head", "told"),
    [
        ("for i in range(len(w1) + x):", "`x` is an array of shape ("),
        ("while w1 @ x > 0:", "`w1` is an array of shape ("),
        ("if w1 @ w1 @ x:", "`w1` is an array of shape ("),
        ("with w2 as f:", "`w2` is an array of shape ("),
        ("for a, b in zip(w1, (x @\n            x)):", "`x` is an array of shape ("),
    ],
)
def test_an_error_in_the_head_of_a_block_tells_the_names_in_it(head, told):
    answer = (
        f"\ndef two_layer_forward(x, w1, w2):\n    hidden = 1\n    {head}\n        hidden = w1\n    return hidden\n"
    )
    message = typed(FORWARD, answer).message
    assert told in message and "hidden" not in message.split("There, ")[1]


def test_a_name_outside_a_comprehension_is_not_taken_for_the_notebooks():
    answer = "def two_layer_forward(x, w1, w2):\n    return [row @ w1 @ w1 @ w1 for row in x]\n"
    message = typed(FORWARD, answer, x=np.zeros((64, 10)), w1=np.zeros(2)).message
    assert "from the notebook" not in message and "`w1` is an array of shape (" in message


def test_an_error_keeps_its_sentence_whole_and_its_further_paragraphs_to_itself():
    told = typed(
        FORWARD,
        """
        def two_layer_forward(x, w1, w2):
            raise ValueError("the first line is " + "long, " * 60 + "\\nand ends here.\\n\\nException raised from")
        """,
    ).message.split("\n")[0]
    assert told.endswith("long, and ends here.") and len(told) > 300


def test_endless_words_are_cut_between_sentences_or_words():
    def loud(text):
        return typed(FORWARD, f"def two_layer_forward(x, w1, w2):\n    raise ValueError({text!r})").message.split("\n")[
            0
        ]

    assert loud("One sentence. " * 100).endswith("One sentence.") and loud("word " * 500).endswith("word …")


def test_an_answer_that_takes_other_arguments_is_told_how_it_is_called():
    message = FORWARD.check(lambda x: x, search=0).message
    assert "The check calls your answer like this: `two_layer_forward(x, w1, w2)`." in message


def test_the_check_says_when_it_is_the_check_that_complains(forms):
    report = forms.exercises["forms.add"].check(lambda self, other: self.value + other.value, search=0)
    assert report.verdict == "error" and "It is the check that stopped, in none of your lines" in report.message


def test_a_complaint_of_what_the_check_passed_in_is_told_as_such():
    answer = "def finite_difference(f, w, eps=1e-6):\n    return f(None)\n"
    message = typed(tutor.exercises["numpy_backprop.finite_difference"], answer).message
    assert "line 2 of your cell" in message and "the error comes from what it passed to your answer" in message


def test_an_error_brings_no_hint_that_is_beside_the_point_and_a_missing_return_neither():
    assert FORWARD.check(lambda x, w1, w2: x @ x @ x, search=0).hint is None
    assert FORWARD.check(lambda x, w1, w2: None, search=0).hint is None
    assert FORWARD.check(lambda x, w1, w2: (x @ w1 + 3, x @ w1, x @ w1 @ w2), search=0).hint is not None


def test_a_changed_input_has_a_hint_and_the_exercises_own_come_after_it():
    def writes(x, w1, w2):
        x += 1
        return x @ w1, x @ w1, x @ w1 @ w2

    report = FORWARD.check(writes, search=0)
    assert "changes its input `x` in place" in report.message and "Which of your lines writes into" in report.hint
    assert FORWARD.ladder(report) == (report.hint, *FORWARD.hints_for())


@pytest.mark.parametrize(("value", "words"), [(np.nan, "There is NaN in it"), (np.inf, "There is an infinite number")])
def test_nan_is_said_where_there_is_nan(value, words):
    def broken(x, y, w1, w2):
        grad_w1, grad_w2 = right(x, y, w1, w2)
        grad_w1[0, 0] = value
        return grad_w1, grad_w2

    report = NET.check(broken, search=0)
    assert f"Look at `grad_w1`. {words}" in report.message and "division by zero" in report.hint
    assert ("1 of " in report.message) is bool(np.isnan(value))


def test_nan_for_other_inputs_is_said_too():
    def broken(x, y, w1, w2):
        grad_w1, grad_w2 = right(x, y, w1, w2)
        return grad_w1 + (np.nan if w2.shape[1] > 1 else 1), grad_w2

    assert "For other test inputs there is NaN in the result." in NET.check(broken, search=0).message


def test_an_error_of_the_same_words_from_another_cause_is_no_known_mistake():
    known = typed(FORWARD, "def two_layer_forward(x, w1, w2):\n    h = x @ w1\n    return h, max(0, h), h @ w2\n")
    other = typed(FORWARD, "def two_layer_forward(x, w1, w2):\n    if w1 and x:\n        return x, x, x\n")
    assert "max" in known.message and known.misconception is not None
    assert other.misconception is None and "`w1` is an array of shape" in other.message


def test_two_errors_over_a_file_are_alike_whatever_folder_it_is_in():
    """The same wrong answer runs in two processes, each with a temporary folder of its own."""
    there = Fault("FileNotFoundError", "Exception", "No such file or directory: '/tmp/a1/images/7'")
    assert there.alike(replace(there, text="No such file or directory: '/tmp/b/images/7'"))
    assert there.alike(replace(there, text=r"No such file or directory: 'C:\\Temp\\images\\7'"))
    assert not there.alike(replace(there, text="No such file or directory: '/tmp/a1/images/8'"))
    assert not there.alike(replace(there, kind="ValueError"))
