"""The line that is wrong: told of a class as in a notebook, and a search costs no row, no verdict and little time."""

import ast
import contextlib
import json
import re
from pathlib import Path

import pytest

from tests.wall.attacks import _flush
from tests.wall.test_judged import answer, cell
from tutor.builder import notebooks, searched, submission, walled, worker
from tutor.checking import guard
from tutor.checking.fault import keep_lines
from tutor.lessons.edition import edition
from tutor.lessons.registry import exercises, find_lesson
from tutor.wall.pool import Wall

SLOW = pytest.mark.slow
TURN = 5
PATIENT = 20.0  # seconds, so that a busy machine finds what an idle one does
HANGS = 120.0  # seconds that only a hang takes

# a line of a solution, and the same line with a mistake that has no name
WRONG = {
    "tensors_and_gradients.scores": ("return x @ weight.T + bias", "return 3 * x @ weight.T + bias"),
    "tensors_and_gradients.line_gradients": ("return (2 * error).mean(),", "return (2 / error).mean(),"),
    "network_and_training.LogisticRegression": ("self.linear(x), dim=1)", "self.linear(x), dim=2)"),
    "network_and_training.fit": ("total += train_step(", "total = train_step("),
    "data_to_prediction.ImageDataset": ("return image, label", "return 3 * image, label"),
    "data_to_prediction.test": ("y).item() * len(X)", "y).item() / len(X)"),
    "start_here.squared_error": ("return ((y_pred - y)", "return 3 * ((y_pred - y)"),
    "start_here.accuracy": ("scores.argmax(dim=1)", "scores.argmax(dim=2)"),
    "numpy_backprop.polynomial_gradients": ("grad_c = (grad_y_pred * x**2)", "grad_c = (grad_y_pred * x**3)"),
    "numpy_backprop.finite_difference": ("return grad", "return 3 * grad"),
    "numpy_backprop.half_sum_step": ("return 0.5 * ((y_pred - y)", "return 0.5 * ((y_pred + y)"),
    "torch_tensors.mend_patches": ("tiles.permute(0, 2, 4, 1, 3, 5)", "tiles.permute(1, 2, 4, 1, 3, 5)"),
    "torch_tensors.update_": ("w -= learning_rate * grad", "w -= learning_rate / grad"),
    "torch_tensors.mend_history": ("state = state - lost", "state = state + lost"),
    "torch_backprop.take_step": ("w -= learning_rate * grad_w", "w -= learning_rate / grad_w"),
    "torch_backprop.mend_scores": ("1 - unexplained / spread", "1 + unexplained / spread"),
    "own_autograd.exp": ("return (grad * out,)", "return 3 * (grad * out,)"),
    "own_autograd.matmul": ("return grad @ other.data.T,", "return 3 * grad @ other.data.T,"),
    "autograd.mend_total": ("return w.detach(), totals", "return 3 * w.detach(), totals"),
    "autograd.jacobian": ("return torch.stack(rows)", "return 3 * torch.stack(rows)"),
    "custom_function.clamp": ("(x < ctx.high)", "(x >= ctx.high)"),
    "custom_function.relu": ("grad_h = grad_output.clone()", "grad_h = grad_output"),
    "nn.two_layer_net": ("h_relu = h.clamp(min=0)", "h_relu = h.clamp(min=1)"),
    "nn.mend_softmax": ("scores = x @ weight.T", "scores = x * weight.T"),
    "optim.SGD": ("w -= self.lr * (w.grad", "w -= self.lr / (w.grad"),
    "optim.mend_schedule": ("((x @ w - y) ** 2).mean()", "((x @ w - y) ** 2).sum()"),
    "dynamic_nets.shared_gradient": ("grad_e += (grad_y_pred * x**power)", "grad_e += (grad_y_pred / x**power)"),
    "dynamic_nets.through_time": ("states[t - 1] if t > 0", "states[t - 2] if t > 0"),
    "fashion_mnist_data.Normalize": ("return (images - self.mean)", "return 3 * (images - self.mean)"),
    "fashion_mnist_data.mend_transform": ("image = (self.images[i] / 255", "image = (self.images[i] * 255"),
    "fashion_mnist_training.evaluate": ("y_pred.argmax(dim=1)", "y_pred.argmax(dim=2)"),
    "fashion_mnist_training.confusion": ("matrix[t, p] += 1", "matrix[t, p] += 2"),
    "compile_export_scale.mend_trace": ("> 0.5, 1 - image, image)", "> 0.5, 2 - image, image)"),
    "compile_export_scale.parallel_step": ("copy -= learning_rate * grad", "copy -= learning_rate / grad"),
}


@pytest.fixture
def patient(monkeypatch):
    """As much time for a search as it needs on a machine that is busy."""
    monkeypatch.setattr(searched, "EXERCISE", PATIENT)
    monkeypatch.setattr(searched, "NOTEBOOK", 10 * PATIENT)


@pytest.fixture
def jobs(monkeypatch):
    """The lines to processes that are begun, one for each run of a notebook."""
    begun, line = [], Wall.line

    def counted(self):
        begun.append(self)
        return line(self)

    monkeypatch.setattr(Wall, "line", counted)
    return begun


@pytest.fixture
def judged(tmp_path, make_lesson, behind):
    """Judge the small lesson after an edit of its cells; the answers have little time."""
    lesson = make_lesson(data=[("minutes=1", "minutes=1, seconds=2.0")])
    path = tmp_path / lesson.filename

    def run(edit):
        notebook = json.loads(notebooks.as_bytes(notebooks.student(lesson)))
        edit(notebook["cells"])
        path.write_text(json.dumps(notebook), encoding="utf-8")
        started = guard.clock()
        (row,) = walled.Judge(behind, TURN, 30.0).judge(path).rows
        assert guard.clock() - started < HANGS
        return row

    return run


def written(place, lesson, wrong):
    """Write the solved notebook with mistakes in some of its lines."""
    notebook = json.loads(notebooks.as_bytes(notebooks.solved(lesson)))
    for identifier, (old, new) in wrong.items():
        found = [c for c in notebook["cells"] if f'@exercise("{identifier}"' in "".join(c["source"])]
        (text,) = ("".join(c["source"]) for c in found)
        assert text.count(old) == 1, (identifier, text)
        found[0]["source"] = text.replace(old, new)
    path = place / Path(lesson.filename).name
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return path


def told_here(known, definition):
    """What a notebook says of an answer, its lines being those of its cell."""
    space, filename = known._namespace(), f"<cell of {known.id}>"
    keep_lines(filename, definition)
    tree = ast.parse(definition)
    tree.body[0].decorator_list = [d for d in tree.body[0].decorator_list if "exercise(" not in ast.unparse(d)]
    exec(compile(tree, filename, "exec"), space)
    of = space[known.owner] if known.owner else None
    return known.check(space[known.name], of=of, source=definition, search=PATIENT, turn=TURN)


@SLOW
@pytest.mark.parametrize("name", sorted({identifier.split(".")[0] for identifier in WRONG}))
def test_the_same_line_is_told_in_the_same_words_as_in_a_notebook(name, behind, tmp_path, patient):
    lesson = find_lesson(name)
    wrong = {i: lines for i, lines in WRONG.items() if i.startswith(f"{name}.")}
    path = written(tmp_path, lesson, wrong)
    made = submission.read(path)
    rows = {row.exercise: row for row in walled.Judge(behind, TURN).judge(path).rows}
    for identifier in wrong:
        here, row = told_here(exercises[identifier], made.definition(identifier)), rows[identifier]
        assert re.match(r"With (one change|two changes)", here.found), here
        assert (row.verdict, row.misconception, row.message) == (here.verdict, here.misconception, here.message)
    assert all(row.verdict == "pass" for row in rows.values() if row.exercise not in wrong)


@SLOW
def test_two_known_mistakes_at_once_are_told(make_lesson, behind, tmp_path, patient):
    lesson = make_lesson(
        text=[("return a + b", "a = a * 1\n    b = b * 1\n    return a + b")],
        data=[
            ('("minus", "That is the difference.", patch=("a + b", "a - b")', '("a", "A.", patch=("a * 1", "a * 3")'),
            ('("times", "That is the product.", patch=("a + b", "a * b")', '("b", "B.", patch=("b * 1", "b * 2")'),
        ],
    )
    path = written(tmp_path, lesson, {"small.add": ("return a + b", "return sum([2 * a, a, *[b] * 2])")})
    (row,) = walled.Judge(behind, TURN).judge(path).rows
    here = told_here(lesson.exercises["small.add"], submission.read(path).definition("small.add"))
    assert (row.verdict, row.misconception, row.message) == (here.verdict, here.misconception, here.message)
    assert row.misconception == "a" and "it is this as well: B." in row.message


@SLOW
def test_an_answer_is_searched_as_it_stood_when_it_was_tried(judged, patient):
    """What cells below make of what it uses is not what it was wrong with."""

    def edit(cells):
        cells[2]["source"] = answer("return helper(a) + b + 4")
        cells.insert(3, cell("factor = 7\ndef helper(x): return -x"))
        cells.insert(2, cell("factor = 1\ndef helper(x): return factor * x"))

    row = judged(edit)
    assert "With one change in line 3 all" in row.message and "`helper(a) + b + 4`" in row.message


@SLOW
def test_an_answer_above_a_solution_that_is_lent_is_searched_itself(forms, behind, tmp_path, patient):
    """One that is lent below, and one below that: each in a run of its own."""
    add = (
        '@exercise("forms.add", of=Number)\ndef __add__(self, other):\n    return Number(self.value + other.value * 3)'
    )
    double = '@exercise("forms.double", of=Number)\ndef double(self):\n    return self + self + self'
    notebook = json.loads(notebooks.as_bytes(notebooks.student(forms)))
    cells = notebook["cells"]
    first, last = (
        next(k for k, c in enumerate(cells) if f'"forms.{name}"' in "".join(c["source"])) for name in ("add", "double")
    )
    cells[first : last + 1] = map(cell, (add, 'from tutor import lend\nlend("forms.add")', double))
    path = tmp_path / Path(forms.filename).name
    path.write_text(json.dumps(notebook), encoding="utf-8")
    rows = {row.exercise: row for row in walled.Judge(behind, TURN, 30.0).judge(path).rows}
    for name in ("add", "double"):
        row = rows[f"forms.{name}"]
        assert row.verdict == "wrong" and "With one change in line 3 all test inputs come out right" in row.message


@SLOW
@pytest.mark.parametrize("body", ["return a + b", "return a - b", "..."])
def test_where_nothing_is_wrong_or_the_mistake_has_a_name_a_notebook_is_run_once(body, judged, jobs):
    judged(lambda cells: cells[2].update(source=answer(body)))
    assert len(jobs) == 1


@SLOW
def test_without_time_the_row_is_what_it_was(judged, jobs, monkeypatch):
    monkeypatch.setattr(searched, "NOTEBOOK", 0.0)
    row = judged(lambda cells: cells[2].update(source=answer("return a + b + 4")))
    assert row.verdict == "wrong" and "Look at your result" in row.message and "With one" not in row.message
    assert len(jobs) == 1


FAR = "a * a * b * b - 3 * a * b + 7"  # no two changes make it right, where its value has a name first
STUCK = """
import ctypes, os, signal, time
_exit, _libc = os._exit, ctypes.CDLL(None)
def stuck():
    while True:
        try:
            while True: pass
        except BaseException: pass
def forks():
    while True: _libc.fork()
def fills():
    kept = []
    while True: kept.append(bytearray(2**24))
"""
# in the place of these a notebook's process is lost as soon as `<` is changed, or much is asked of it
HOSTILE = {
    "loops and swallows what stops it": "stuck()",
    "ends its process": "_exit(0)",
    "kills its process": "_libc.kill(os.getpid(), signal.SIGKILL)",
    "forks": "forks()",
    "sleeps": "time.sleep(10**6)",
    "takes memory": "fills()",
    "prints a flood": "print('x' * 10**9)",
    "never returns from C": "_libc.pause()",
}


@SLOW
@pytest.mark.parametrize("what", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_changed_answer_that_costs_its_process_costs_the_search_alone(what, judged):
    def edit(cells):
        cells[2]["source"] = answer(f"if abs(a) + abs(b) < -1: {what}\ntotal = {FAR}\nreturn total")
        cells.insert(2, cell(STUCK))

    row = judged(edit)
    assert row.verdict == "wrong" and "With one" not in row.message
    assert judged(lambda cells: cells[2].update(source=answer("return a + b"))).verdict == "pass"


# what stands above an answer, and does something else where changed texts are to be tried
AGAIN = """
import gc, os, time
from tutor.checking.wire import decode, encode, framed, read
from tutor.wall.inside import Notebook
_book = next(o for o in gc.get_objects() if isinstance(o, Notebook))
_job, _line = _book.job, _book.connection
_again = _job.asked["small.add"].names is not None
def _send(*frame): _line.sendall(framed(encode(frame)))
def _value(value): return value, None, "", "", 0.0, False, (), (), ()
if _again:
"""
LIES = {
    "sleeps": "time.sleep(10**6)",
    "ends": "os._exit(0)",
    "sends bytes": r"_line.sendall(b'\xff' * 99)",
    "sends what was seen": "_send('seen', 'small.add', _value(1.0)); _send('end')",
    "sends an answer": "_send('answer', 'small.add', ('function', True, False, ()), 1.0)",
    "sends arrays": "import numpy; _send(numpy.zeros(3), numpy.zeros(3)); _send('ready', numpy.zeros(3))",
    "is ready and ends": "_send('ready', 'small.add'); os._exit(0)",
    "is ready for another": "_send('ready', 'small.other'); _send('ready', '')",
    "is ready and says no more": "_send('ready', 'small.add'); time.sleep(10**6)",
    "is ready and sends too much": "_send('ready', 'small.add'); [_send('tried', 0.0, _value(1.0)) for _ in range(99)]",
    "is ready and sends no numbers": "_send('ready', 'small.add'); _send('tried', float('nan'), _value(1.0))",
    "is ready and tries nothing": "_send('ready', 'small.add')\n    while True: read(_line.recv); _send('all')",
    "sends cells without end": "while True: _send('cell', 0)",
    "sends faults without end": "while True: _send('fault', 0, 'x' * 10**6)",
}


@SLOW
@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
def test_a_process_that_lies_when_it_is_run_again_changes_no_verdict(lie, judged):
    source = f"{_flush(AGAIN)}\n    {lie}\n{answer(f'return {FAR}')}"
    row = judged(lambda cells: cells[2].update(source=source))
    assert row.verdict == "wrong" and "Look at your result" in row.message


FORGED = """
    import importlib
    from tutor.checking.seen import Ask
    _half = importlib.import_module(_job.asked["small.add"].module).EXERCISE
    _send("ready", "small.add")
    while (_told := decode(read(_line.recv))) != ("enough",):
        for _, _text in _told[0]:
            _right = sum(Ask(*_told[1]).arguments(_half))
            _send("tried", 0.0, _value(_right if "+ 7" not in _text else None))
        _send("all")
"""


@SLOW
def test_right_results_that_are_forged_name_a_wrong_line_and_bring_no_point(judged):
    source = f"{_flush(AGAIN)}{FORGED}{answer('c = a - b + 7').rstrip()}\n    return c"
    row = judged(lambda cells: cells[2].update(source=source))
    assert row.verdict == "wrong" and row.points == 0 and "With one change in line" in row.message


@SLOW
@pytest.mark.parametrize(
    "body",
    [
        "return a - b + 7\n" + "\n".join(f"v{k} = v{k - 1}" for k in range(1, 900)),
        "return a - b + 7" + " + a" * 400,
        "return a - b + 7\n" + "if a:\n" * 1 + "    a = b\n" * 1_000,
        "return a - b + 7\n" + "x = 1\n" * 3_900,
        "return " + "(" * 80 + "a - b + 7" + ")" * 80,
        "a = a\r\nreturn a - b + 7",
        "'\x0c'\n\x0creturn a - b + 7",
    ],
    ids=["names", "sum", "block", "many", "brackets", "returns", "feeds"],
)
def test_an_answer_with_changes_without_number_is_given_up(body, judged):
    assert judged(lambda cells: cells[2].update(source=answer(body))).verdict in ("wrong", "error")


@SLOW
def test_where_one_answer_loses_the_process_the_next_is_searched_in_another(behind, tmp_path, patient, monkeypatch):
    monkeypatch.setattr(searched, "BY_THE_WALL", 1)
    lost = (
        "os = __import__('os').__dict__\n    if learning_rate == 10**9: os['_exit'](0)\n    w -= learning_rate / grad"
    )
    lesson = find_lesson("torch_tensors")
    wrong = {i: WRONG[i] for i in ("torch_tensors.update_", "torch_tensors.mend_history")}
    wrong["torch_tensors.update_"] = (wrong["torch_tensors.update_"][0], lost)
    path = written(tmp_path, lesson, wrong)
    path.write_text(path.read_text().replace("['_exit']", "['_exit' + '']"), encoding="utf-8")
    rows = {row.exercise: row for row in walled.Judge(behind, TURN).judge(path).rows}
    assert rows["torch_tensors.update_"].verdict in ("wrong", "error")
    assert "With one change" in rows["torch_tensors.mend_history"].message


@SLOW
def test_a_worker_of_a_cluster_tells_the_line(make_lesson, behind, tmp_path, patient, monkeypatch):
    lesson = make_lesson()
    path = written(tmp_path, lesson, {"small.add": ("return a + b", "return a + b + 4")})
    monkeypatch.setattr(worker, "wall", lambda *a: contextlib.nullcontext(behind))
    with contextlib.ExitStack() as stack:
        task = worker.Task(edition(), "ada.ipynb", path.read_bytes(), TURN, 30.0)
        (row,) = worker.Bench(stack).judge(task).rows
    assert row.verdict == "wrong" and "With one change in line" in row.message
