"""What a notebook sees, cell by cell, in a real IPython shell."""

import functools
import json
import re

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from tutor import session
from tutor.checking import Exercise
from tutor.lessons.registry import exercises, find_lesson
from tutor.lessons.text import LessonError
from tutor.store import Progress

START = "import numpy as np\nfrom tutor import exercise, check, hint, solution, compare, lend, progress, reset, expect"

STUB = '''
@exercise("numpy_backprop.relu_backward")
def relu_backward(grad_h_relu, h):
    """Doc."""
    ...
'''
WRONG = STUB.replace("...", "return grad_h_relu * (grad_h_relu > 0)")
RIGHT = STUB.replace("...", "return grad_h_relu * (h > 0)")


class Notebook:
    """Runs cells and gives back what was shown."""

    def __init__(self):
        InteractiveShell.clear_instance()
        self.shell = InteractiveShell.instance()
        self.shell.reset()
        self.run(START)

    def run(self, cell, fails=False):
        with capture_output() as shown:
            result = self.shell.run_cell(cell, store_history=True)  # as a kernel does
        assert result.success is not fails, shown.stdout
        texts = [output.data["text/plain"] for output in shown.outputs]
        return "\n".join([*texts, shown.stdout])

    def __getitem__(self, name):
        return self.shell.user_ns[name]


@pytest.fixture
def notebook():
    session._memory.clear()
    session._last_failed.clear()
    yield Notebook()
    InteractiveShell.clear_instance()


def test_a_stub_is_to_do_and_the_solution_is_lent_with_a_notice(notebook):
    shown = notebook.run(STUB)
    assert "To do: numpy_backprop.relu_backward" in shown and "our own solution is lent" in shown
    assert notebook["relu_backward"](notebook["np"].ones(2), notebook["np"].array([1, -1])).tolist() == [1, 0]


def test_a_wrong_answer_stays_bound_and_is_explained(notebook):
    shown = notebook.run(WRONG)
    assert "The entries where the *gradient* is negative come out as 0" in shown
    assert notebook["relu_backward"](notebook["np"].ones(2), notebook["np"].array([1, -1])).tolist() == [1, 1]


def test_a_stub_below_a_cell_magic_is_to_do_and_an_answer_there_is_judged(notebook):
    assert "To do: numpy_backprop.relu_backward" in notebook.run("%%time" + STUB)
    assert "The entries where the *gradient* is" in notebook.run("%%time" + WRONG)


def test_dots_below_the_return_do_not_hide_an_answer(notebook):
    assert "Right: numpy_backprop.relu_backward" in notebook.run(RIGHT + "    ...\n")
    assert "Right: numpy_backprop.relu_backward" in notebook.run(RIGHT.replace("return", "if False: ...\n    return"))


def test_what_is_left_of_a_stub_is_told_where_the_rest_was_answered(notebook):
    notebook.run("import torch")
    stub = exercises["custom_function.relu"].stub
    assert "To do" in notebook.run(stub)
    shown = notebook.run(stub.replace("...", "return h.clamp(min=0)", 1))
    assert "Not yet" in shown and "`backward` is still only `...`." in shown


def test_two_exercises_in_one_cell_are_each_judged_for_themselves(notebook):
    stub = exercises["numpy_backprop.polynomial"].stub
    shown = notebook.run(f"{stub}\n{RIGHT}")
    assert "To do: numpy_backprop.polynomial" in shown and "Right: numpy_backprop.relu_backward" in shown


def test_lend_swaps_a_wrong_answer_on_request(notebook):
    notebook.run(WRONG)
    assert "is lent for now" in notebook.run('lend("numpy_backprop.relu_backward")')
    assert notebook["relu_backward"](notebook["np"].ones(2), notebook["np"].array([1, -1])).tolist() == [1, 0]


def test_a_right_answer_passes_and_is_remembered(notebook):
    assert "Right: numpy_backprop.relu_backward" in notebook.run(RIGHT)
    assert Progress().read()["numpy_backprop.relu_backward"]["verdict"] == "pass"
    assert f"1 of {len(find_lesson('numpy_backprop').exercises)}" in notebook.run("progress()")


def test_a_pass_is_not_lost_by_a_later_wrong_try(notebook):
    notebook.run(RIGHT)
    notebook.run(WRONG)
    assert Progress().read()["numpy_backprop.relu_backward"]["verdict"] == "pass"


def test_hints_climb_from_the_misconception_to_the_line_and_end(notebook):
    assert "Hint: Which array tells" in notebook.run(WRONG)
    shown = [notebook.run("hint()") for _ in range(4)]
    assert "Hint 2 of 4" in shown[0] and "Copy the gradient" in shown[1] and "Hint 4 of 4" in shown[2]
    assert "no further hint" in shown[3] and 'solution("numpy_backprop.relu_backward")' in shown[3]


def test_the_same_wrong_answer_again_moves_one_hint_on(notebook):
    first, second = notebook.run(WRONG), notebook.run(WRONG)
    assert "Which array tells" in first and "Which array tells" not in second
    assert "Hint: If a small nudge" in second


def test_the_last_hint_is_given_only_to_who_asks(notebook):
    shown = [notebook.run(WRONG) for _ in range(6)]
    assert "Copy the gradient" in shown[2] and "Copy the gradient" in shown[5]
    assert "Hint 4 of 4" in notebook.run("hint()")


def test_another_wrong_answer_starts_its_own_hints(notebook):
    notebook.run(WRONG)
    assert "Hint: Where h is positive" in notebook.run(WRONG.replace("(grad_h_relu > 0)", "(h < 0)"))


def test_a_hint_can_be_asked_for_before_an_answer(notebook):
    assert "No answer has failed yet" in notebook.run("hint()")
    assert "Hint 1 of 3" in notebook.run('hint("numpy_backprop.relu_backward")')


def test_the_solution_is_shown_and_after_a_pass_beside_yours(notebook):
    shown = notebook.run('solution("numpy_backprop.relu_backward")')
    assert "grad_h[h < 0] = 0" in shown and "Yours" not in shown
    notebook.run(RIGHT)
    shown = notebook.run('solution("numpy_backprop.relu_backward")')
    assert "Yours:" in shown and "return grad_h_relu * (h > 0)" in shown


def test_two_cells_are_compared_with_our_solutions_in_them(notebook):
    shown = notebook.run('compare("numpy_backprop/two_layer_forward", "torch_backprop/two-layer-forward")')
    assert "-    h = x.dot(w1)" in shown and "+    h = x.mm(w1)" in shown
    assert Progress().read()["numpy_backprop.two_layer_forward"]["solution_seen"]


def test_a_place_that_names_no_cell_is_told(notebook):
    with pytest.raises(LessonError, match='write "lesson/cell"'):
        session.compare("two_layer_forward", "numpy_backprop/fit-sine")
    with pytest.raises(LessonError, match=r'numpy_backprop has no cell "fit_sin"\. Did you mean "fit-sine"\?'):
        session.compare("numpy_backprop/fit_sin", "numpy_backprop/fit-sine")


def test_reset_shows_the_stub_and_forgets_the_progress(notebook):
    notebook.run(RIGHT)
    shown = notebook.run('reset("numpy_backprop.relu_backward")')
    assert '"""Return the gradient of the loss with respect to h.' in shown and "tutor reset" in shown
    assert "numpy_backprop.relu_backward" not in Progress().read()


def test_a_prediction_is_judged_and_never_lent(notebook):
    notebook.run("shape = ...")
    assert "To do" in notebook.run('shape = check("numpy_backprop.predict_shape", shape)')
    assert notebook["shape"] is Ellipsis
    assert "transposed" not in notebook.run('shape = check("numpy_backprop.predict_shape", (1000, 100))')
    assert "wrong order" in notebook.run('shape = check("numpy_backprop.predict_shape", (100, 1000))')
    assert "not lent" in notebook.run('lend("numpy_backprop.predict_shape")')


def test_a_mistyped_id_is_answered_and_the_answer_stays_bound(notebook):
    shown = notebook.run(WRONG.replace("relu_backward", "relu_backwrd", 1))
    assert 'Did you mean "numpy_backprop.relu_backward"?' in shown
    assert callable(notebook["relu_backward"])


def test_a_renamed_function_is_judged_and_told_the_name_that_the_cells_below_use(notebook):
    shown = notebook.run(RIGHT.replace("def relu_backward", "def my_relu"))
    assert "Right" in shown and "The cells below call it `relu_backward`" in shown
    assert notebook["relu_backward"] is notebook["my_relu"]


def test_a_kernel_error_in_an_unknown_id_is_one_sentence_without_traceback(notebook):
    shown = notebook.run('hint("nowhere.nothing")', fails=True)
    assert "LessonError: There is no exercise" in shown and "Traceback" not in shown


def test_expect_shows_the_true_message_and_goes_on(notebook):
    shown = notebook.run("with expect(ValueError):\n    np.ones(3) + np.ones(4)\nafter = 1")
    assert "could not be broadcast" in shown and notebook["after"] == 1


def test_expect_fails_when_nothing_happens_or_something_else_does(notebook):
    assert "ended without it" in notebook.run("with expect(ValueError):\n    pass", fails=True)
    assert "ZeroDivisionError" in notebook.run("with expect(ValueError):\n    1 / 0", fails=True)


def test_expect_shows_a_warning_too(notebook):
    cell = "import warnings\nwith expect(DeprecationWarning):\n    warnings.warn('old', DeprecationWarning)"
    assert "DeprecationWarning: old" in notebook.run(cell)


def test_an_answer_that_calls_itself_finds_itself(notebook):
    rows = "np.stack([relu_backward(g, k) for g, k in zip(grad_h_relu, h)])"
    body = f"return grad_h_relu * (h > 0) if h.ndim < 2 else {rows}"
    assert "Right" in notebook.run(STUB.replace("...", body))
    notebook.run(STUB)
    assert "Right" in notebook.run(STUB.replace("...", body)), "also where a lent solution was bound before"


def test_a_failure_that_may_come_from_an_earlier_answer_points_there(notebook):
    notebook.run(WRONG)
    later = """
@exercise("numpy_backprop.two_layer_gradients")
def two_layer_gradients(x, y, w1, w2):
    h = x @ w1
    grad_y_pred = 2 * (np.maximum(h, 0) @ w2 - y)
    return x.T @ relu_backward(grad_y_pred @ w2.T, h), np.maximum(h, 0).T @ grad_y_pred
"""
    assert "It calls `relu_backward`, and your answer to that has not passed" in notebook.run(later)
    notebook.run(RIGHT)
    assert "Right" in notebook.run(later)


def test_a_function_of_pythons_that_a_cell_has_assigned_to_is_named(notebook):
    notebook.run("sum = 0")
    shown = notebook.run(STUB.replace("...", "return sum([grad_h_relu * (h > 0)])"))
    assert "'int' object is not callable" in shown and "A cell has assigned to `sum`" in shown and "del sum" in shown
    notebook.run("del sum")
    assert "Right" in notebook.run(STUB.replace("...", "return sum([grad_h_relu * (h > 0)])"))


GRADIENTS = """
@exercise("numpy_backprop.two_layer_gradients")
def two_layer_gradients(x, y, w1, w2):
    h = x @ w1
    return x.T @ {called}(h @ w2.T, h), h
"""


def test_an_answer_is_not_blamed_on_one_of_another_lesson(notebook):
    """Two notebooks on one kernel share their names."""
    notebook.run(WRONG)
    other = '@exercise("start_here.squared_error")\ndef squared_error(y_pred, y):\n    return relu_backward(y_pred, y)'
    assert "It calls `relu_backward`" not in notebook.run(other)


@pytest.mark.parametrize(
    ("made", "called"),
    [
        ("def relu_backward(grad, h):\n    return grad * (h > 1)", "relu_backward"),
        ("import types\nmine = types.SimpleNamespace(relu_backward=lambda grad, h: grad)", "mine.relu_backward"),
        ('lend("numpy_backprop.relu_backward")', "relu_backward"),
    ],
)
def test_an_answer_is_not_blamed_on_what_only_has_the_same_name(notebook, made, called):
    notebook.run(WRONG)
    assert "It calls `relu_backward`" in notebook.run(GRADIENTS.format(called="relu_backward"))
    notebook.run(made)
    assert "It calls" not in notebook.run(GRADIENTS.format(called=called))


def test_a_method_that_calls_a_failed_method_of_its_class_points_there(notebook, forms):
    notebook.run("class Number:\n    def __init__(self, value):\n        self.value = value")
    notebook.run('@exercise("forms.add", of=Number)\ndef __add__(self, other):\n    return Number(self.value)')
    assert session._calls(type("T", (), {"f": lambda a, b: a.__add__(b)}), session._memory["forms.add"])
    assert not session._calls(type("T", (), {"f": lambda a, b: a.__sub__(b)}), session._memory["forms.add"])


UNKNOWN = """import math

@exercise("numpy_backprop.relu_backward")
def relu_backward(grad_h_relu, h):
    kept = h > 0
    return grad_h_relu * kept + 5
"""


def test_the_line_is_numbered_as_in_the_readers_cell(notebook, monkeypatch):
    monkeypatch.setattr(Exercise, "check", functools.partialmethod(Exercise.check, search=20))
    shown = notebook.run(UNKNOWN)
    assert "With one change in line 6 all test inputs come out right" in shown
    assert "      return grad_h_relu * kept + 5\n" in shown and "With one change" not in notebook.run("hint()")


def test_the_line_comes_with_the_first_hint_where_the_report_did_not_wait_for_it(notebook, monkeypatch):
    monkeypatch.setattr(Exercise, "check", functools.partialmethod(Exercise.check, search=1e-9))
    monkeypatch.setattr("tutor.checking.exercise.LATER", 20)
    assert "With one change" not in notebook.run(UNKNOWN)
    shown = notebook.run("hint()")
    assert "Hint 2 of 3" in shown and "With one change in line 6" in shown
    assert "Hint 3 of 3" in (again := notebook.run("hint()")) and "With one change" not in again


def test_methods_are_filled_into_the_readers_own_class(notebook, forms):
    notebook.run("class Number:\n    def __init__(self, value):\n        self.value = value\n        self.mine = True")
    notebook.run('@exercise("forms.add", of=Number)\ndef __add__(self, other):\n    """Doc."""\n    ...')
    notebook.run("total = Number(1.0) + Number(2.0)")
    assert notebook["total"].mine and notebook["total"].value == 3.0


def test_the_class_lane_expects_its_verdict(notebook, monkeypatch):
    monkeypatch.setenv("TUTOR_EXPECT", "pass")
    assert "expected the verdict pass, got todo" in notebook.run(STUB, fails=True)
    notebook.run(RIGHT)
    assert Progress().read() == {}, "a lane writes no progress"
    monkeypatch.setenv("TUTOR_EXPECT", "todo")
    notebook.run(STUB)
    assert "expected the verdict todo, got pass" in notebook.run(RIGHT, fails=True)


def test_every_report_is_logged_for_the_runner(notebook, monkeypatch, tmp_path):
    monkeypatch.setenv("TUTOR_REPORT", str(tmp_path / "report.jsonl"))
    notebook.run(STUB)
    notebook.run(WRONG)
    rows = [json.loads(line) for line in (tmp_path / "report.jsonl").read_text().splitlines()]
    assert [r["verdict"] for r in rows] == ["todo", "wrong"]
    assert rows[1]["misconception"] == "mask-by-gradient"


def test_a_progress_that_cannot_be_saved_is_told_and_stops_nothing(notebook, monkeypatch, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    monkeypatch.setenv("TUTOR_HOME", str(blocked))
    shown = notebook.run(RIGHT)
    assert "Right" in shown and "Progress cannot be saved" in shown


def test_outside_a_notebook_reports_are_printed(capsys, monkeypatch):
    InteractiveShell.clear_instance()
    monkeypatch.setattr("IPython.get_ipython", lambda: None)
    session.check("numpy_backprop.predict_shape", (1, 2))
    assert "Not yet: numpy_backprop.predict_shape" in capsys.readouterr().out


FIT = """program("forms.slope")
print("live")
slope = torch.zeros(()).requires_grad_()
for _ in range(50):
    ((slope * points - 3 * points) ** 2).mean().backward()
    with torch.no_grad():
        slope -= 0.05 * slope.grad
    slope.grad = None
points = None
mine = 1
slope > 2"""


@pytest.fixture
def programs(notebook, forms):
    notebook.run("import torch\nfrom tutor import program\npoints = torch.tensor([-1.0, 2.0, 0.5, 3.0])")
    return notebook


@pytest.mark.parametrize("cell", ['program("forms.slope")\n\n...', 'program("forms.slope")\n# not yet'])
def test_an_empty_program_is_to_do_and_is_not_lent(programs, cell):
    shown = programs.run(cell)
    assert "To do: forms.slope" in shown and "lent" not in shown and "slope" not in programs.shell.user_ns
    assert "our program was run in the place of yours" in programs.run('lend("forms.slope")')
    assert abs(programs["slope"].item() - 3) < 0.01


def test_a_program_runs_live_and_leaves_what_it_has_to_and_what_is_free(programs):
    shown = programs.run(FIT)
    assert "live" in shown and "Right: forms.slope" in shown and "tensor(True)" in shown
    assert programs["slope"].requires_grad and programs["mine"] == 1 and programs["points"].numel() == 4
    programs.run('program("forms.slope")\nslope = 1')
    assert programs["slope"] == 1


def test_a_program_that_runs_again_keeps_what_later_cells_have_bound(programs):
    programs.run('program("forms.slope")\nimport math\nrate, slope = 1, 2')
    programs.run("import math\nrate = 0.5\ndef later(): return rate * math.pi")
    programs.run('program("forms.slope")\nrate, slope = 7, 3')
    assert programs["later"]() == pytest.approx(0.5 * 3.14159265) and programs["slope"] == 3


def test_an_exercise_below_a_program_in_one_cell_is_its_own(programs):
    shown = programs.run(FIT + '\n@exercise("forms.halve")\ndef halve(a, b):\n    return (a + b) / 2')
    assert "Right: forms.slope" in shown and "forms.halve" in shown and programs["halve"](2, 4) == 3


@pytest.mark.parametrize("cell", ['@exercise("forms.slope")\ndef slope(): return 1', 'x = check("forms.slope", 3)'])
def test_a_program_that_is_asked_in_another_form_is_told_which(programs, cell):
    programs.run("from tutor import exercise, check")
    assert 'Write `program("forms.slope")` as the first line of its cell' in programs.run(cell)


def test_our_program_is_not_lent_where_it_cannot_run(programs):
    programs.run("del points")
    shown = programs.run('lend("forms.slope")')
    assert "Run the cells above first" in shown and "slope" not in programs.shell.user_ns


def test_a_program_does_not_live_on_what_its_last_run_has_left(programs):
    programs.run(FIT)
    assert "name 'mine' is not defined" in programs.run('program("forms.slope")\nslope = mine')
    assert "name 'slope' is not defined" in programs.run('program("forms.slope")\nslope += 1')


def test_a_program_that_is_no_exercise_is_run_all_the_same(programs):
    assert "was not checked" in programs.run('program("forms.slop")\nx = 1') and programs["x"] == 1
    assert "does not ask for a program" in programs.run('program("forms.shift")\nx = 2') and programs["x"] == 2


def test_an_interrupted_program_ends_as_any_cell_does(programs):
    programs.run('program("forms.slope")\nraise KeyboardInterrupt', fails=True)
    assert "Right: forms.slope" in programs.run(FIT)


def test_progress_shows_programs_apart(programs):
    programs.run(FIT)
    shown = programs.run("progress()")
    assert re.search(r", 1 of \d+ capstones", shown) and re.search(r"capstones +○*●", shown)


def test_a_repair_as_it_was_is_to_do_and_stays_the_readers_own(programs):
    cell = '@exercise("forms.halve")\ndef halve(a, b):\n    """Mine."""\n    total = a - b  # hm\n    return total / 2'
    shown = programs.run(cell)
    assert "To do: forms.halve" in shown and "is as it was" in shown and "lent" not in shown
    assert programs["halve"](2.0, 4.0) == -1.0
    assert "It still returns the difference" in programs.run(cell.replace("total", "sum_"))
    assert "Right: forms.halve" in programs.run(cell.replace("a - b", "a + b"))


def passed(notebook, identifier="numpy_backprop.relu_backward"):
    """What is raised where the last answer has not passed, or None."""
    with capture_output():
        result = notebook.shell.run_cell(f'import tutor\ntutor.assert_passed("{identifier}")')
    return result.error_in_exec


def test_assert_passed_raises_unless_the_last_answer_has_passed(notebook):
    assert "has no verdict: its cell was not run" in str(passed(notebook))
    for answer, said in ((WRONG, "(wrong): The entries where the *gradient*"), (RIGHT, ""), (STUB, "(todo): Write")):
        notebook.run(answer)
        raised = passed(notebook)
        assert raised is None if not said else isinstance(raised, AssertionError) and said in str(raised)
    notebook.run('lend("numpy_backprop.relu_backward")')
    assert "(todo)" in str(passed(notebook)), "a solution that is lent is no answer"
    notebook.run(RIGHT)
    assert passed(notebook) is None
    notebook.run('reset("numpy_backprop.relu_backward")')
    assert "has no verdict" in str(passed(notebook))
    assert "Did you mean" in str(passed(notebook, "numpy_backprop.relu_backwards"))


def test_assert_passed_is_shown_without_a_traceback_in_lines_that_nbgrader_does_not_cut():
    error = session.NotPassedError("a word " * 30 + "\n\n    code")
    *lines, empty, code = error._render_traceback_()
    assert len(lines) == 3 and max(map(len, lines)) <= 83 and (empty, code) == ("", "    code")


def test_a_notebook_that_nbgrader_runs_notes_no_progress_of_who_grades_it(notebook, monkeypatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    assert "Right" in notebook.run(RIGHT) and Progress().read() == {}
    monkeypatch.delenv("NBGRADER_EXECUTION")
    assert "Right" in notebook.run(RIGHT) and Progress().read() != {}
