"""Where no name fits, the line is found: one change in the reader's own text that makes it right."""

import ast
import contextlib
import itertools
import linecache
import subprocess
import sys
import textwrap

import pytest

import tutor
from tutor.checking import blame, edits
from tutor.checking.changing import CannotRebuildError

_cells = itertools.count()
PATIENT = 20.0  # seconds, so that a busy machine finds what an idle one does


def asked(exercise, text, *, space=None, **more):
    """The report on an answer that was typed into a cell, and what the cell's names stand for afterwards."""
    text = textwrap.dedent(text)
    space = exercise._namespace() if space is None else space
    filename = f"<cell {next(_cells)}>"
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    exec(compile(text, filename, "exec"), space)
    return exercise.check(space[exercise.name], source=text, **{"search": PATIENT, **more})


GRADIENTS = """
def two_layer_gradients(x, y, w1, w2):
    h = x @ w1
    h_relu = np.maximum(h, 0)
    grad_y_pred = 2.0 * (h_relu @ w2 - y)
    grad_w2 = h_relu.T @ grad_y_pred
    grad_h = grad_y_pred @ w2.T
    grad_h = grad_h * (h > 0)
    grad_w1 = x.T @ grad_h
    return grad_w1, grad_w2
"""
DIFFERENCE = """
def finite_difference(f, w, eps=1e-6):
    grad = np.zeros_like(w)
    for index in np.ndindex(*w.shape):
        up, down = w.copy(), w.copy()
        up[index] += eps
        down[index] -= eps
        grad[index] = (f(up) - f(down)) / (2 * eps)
    return grad
"""
NORMALISE = """
def softmax(scores):
    e = torch.exp(scores - scores.max())
    return e / e.sum(axis=1, keepdims=True)
"""


@pytest.mark.parametrize(
    ("old", "new", "line", "look"),
    [
        ("h_relu @ w2 - y)", "h_relu @ w2 - y * 3)", 5, "whether everything in `y * 3` belongs there"),
        ("np.maximum(h, 0)", "np.minimum(h, 0)", 4, "whether `minimum` is the function that is meant"),
        ("x.T @ grad_h", "x.T @ grad_h * 7", 9, "whether everything in `x.T @ grad_h * 7` belongs there"),
        ("(h > 0)", "(h > 0.4)", 8, "the number `0.4`"),
        ("(h > 0)", "(h == 0)", 8, "the comparison `==`"),
        ("    grad_w1 = x.T", "    grad_h = grad_h - 5\n    grad_w1 = x.T", 9, "whether that line belongs there"),
        ("    grad_w1 = x.T", "    grad_h.fill(4)\n    grad_w1 = x.T", 9, "that line"),
        ("h_relu.T @ grad_y_pred", "(x @ w1).T @ grad_y_pred", None, ""),
    ],
)
def test_one_change_in_a_network_by_hand_is_found_and_only_its_line_and_kind_are_told(old, new, line, look):
    report = asked(tutor.exercises["numpy_backprop.two_layer_gradients"], GRADIENTS.replace(old, new))
    if line is None:  # no small change mends this one, so nothing is said
        assert report.found == "" and report.later is None
        return
    assert report.found.startswith(f"With one change in line {line} all test inputs come out right: look at ")
    assert look in report.found
    told = [words.strip() for words in report.message.split("\n")]
    assert report.found in report.message and GRADIENTS.split("\n")[line - 1].strip() not in told


@pytest.mark.parametrize(
    ("old", "new", "line", "look"),
    [
        ("/ (2 * eps)", "/ eps * 2", 8, "the operator `*`"),
        ("w.copy(), w.copy()", "w.copy(), w", 5, "whether you work on a copy there or on the thing itself"),
        ("    return grad", "        return grad", 9, "whether that line belongs inside the block"),
        ("up[index] += eps", "up[index] = eps", 6, "whether a value is written anew there or added"),
    ],
)
def test_one_change_in_a_loop_is_found(old, new, line, look):
    report = asked(tutor.exercises["numpy_backprop.finite_difference"], DIFFERENCE.replace(old, new))
    assert report.misconception or (f"in line {line} " in report.found and look in report.found)


LINE_GRADIENTS = """
def line_gradients(x, y, a, b):
    error = a + b * x - y
    return (2 * error).sum() / len(x), (2 * error * x).sum() / len(x)
"""
SCORED = """
def accuracy(scores, targets):
    return (scores.max(dim=1).indices == targets).float().mean()
"""
LOOPED = """
def line_gradients(x, y, a, b):
    grad_a = grad_b = 0
    for i in range(len(x)):
        error = a + b * x[i] - y[i]
        grad_a += 2 * error / len(x)
        grad_b += 2 * error * x[i] / len(x)
    return grad_a, grad_b
"""
SUMMED = """
def polynomial_gradients(x, g):
    a = b = c = d = 0
    for i in range(len(x)):
        a += g[i]
        b += g[i] * x[i]
        c += g[i] * x[i] ** 2
        d += g[i] * x[i] ** 3
    return a, b, c, d
"""
FILLED = """
def polynomial(x, a, b, c, d):
    out = np.zeros_like(x, dtype=float)
    for i, point in enumerate(x):
        out[i] = a + b * point + c * point**2 + d * point**3
    return out
"""
SCORES = """
def scores(x, weight, bias):
    out = torch.zeros(len(x), len(weight))
    for c in range(len(weight)):
        out[:, c] = x @ weight[c] + bias[c]
    return out
"""
NETWORK = """
class NeuralNetwork(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = nn.Linear(784, 512), nn.Linear(512, 512), nn.Linear(512, 10)

    def forward(self, x):
        x = self.a(x.flatten(1))
        x = F.relu(x)
        x = self.b(x)
        x = F.relu(x)
        return self.c(x)
"""


@pytest.mark.parametrize(
    ("exercise", "text", "changes", "found"),
    [
        (
            *("tensors_and_gradients.line_gradients", LINE_GRADIENTS, {"len(x)": "100"}),
            "With the same change at 2 places of line 4 * look at the number `100`, and whether it is the same for all",
        ),
        (
            *("tensors_and_gradients.line_gradients", LINE_GRADIENTS, {"a + b * x": "a * x + b"}),
            "With one change in line 3 * look at which of `b` and `a` stands where",
        ),
        (
            *("tensors_and_gradients.line_gradients", LOOPED, {"+= 2": "= 2"}),
            "With the same change in lines 6 and 7 * look at whether a value is written anew there or added",
        ),
        (
            *("numpy_backprop.polynomial_gradients", SUMMED, {"+=": "="}),
            "With the same change in lines 5, 6, 7 and 8 * look at whether a value is written anew there or added",
        ),
        (
            *("numpy_backprop.polynomial", FILLED, {", dtype=float": ""}),
            "With one change in line 3 * look at which kind of numbers `np.zeros_like` makes",
        ),
        (
            *("numpy_backprop.polynomial", FILLED, {"    out =": "    x = np.linspace(-1, 1, 20)\n    out ="}),
            "With one change in line 3 * look at whether that line belongs there",  # not: where in the order it stands
        ),
        (
            *("tensors_and_gradients.scores", SCORES, {"bias[c]": "bias[0]"}),
            "With one change in line 5 * look at which part `bias[0]` takes",
        ),
        (
            *("network_and_training.NeuralNetwork", NETWORK, {"F.relu": "F.sigmoid"}),
            "With the same change in lines 9 and 11 * look at whether `sigmoid` is the function that is meant",
        ),
        (
            *(
                "network_and_training.NeuralNetwork",
                NETWORK,
                {"x = F.relu(x)\n        x = self.b": "F.relu(x)\n        x = self.b"},
            ),
            "",  # a known mistake
        ),
        (
            *("start_here.accuracy", SCORED, {"indices": "values"}),
            "With one change in line 3 * look at whether `scores.max(dim=1).values` is what is meant",
        ),
    ],
)
def test_what_is_written_in_for_all_inputs_and_what_is_done_again_in_the_next_line_is_found(
    exercise, text, changes, found
):
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    report = asked(tutor.exercises[exercise], text)
    assert report.misconception or all(words in report.found for words in found.split(" * ")), report.message
    assert bool(report.misconception) is not bool(found)


def test_a_second_change_is_never_told_in_words_of_the_changed_text(monkeypatch):
    monkeypatch.setattr("tutor.checking.transplant.transplants", lambda *_: [])  # one change would do
    text = """
        class LogisticRegression(nn.Module):
            def __init__(self, num_features, num_classes):
                super().__init__()
                self.linear = nn.Linear(num_features, num_classes)

            def forward(self, x):
                return (F.softmax(self.linear(x), dim=1) + 1e-9).log()
    """
    report = asked(tutor.exercises["network_and_training.LogisticRegression"], text)
    assert "in line 8" in report.found and "log_softmax" not in report.found
    assert "look at `F.softmax` and at the rest of that line." in report.found


def test_edits_reach_every_kind_that_readers_get_wrong():
    text = textwrap.dedent("""
        def answer(x, w, grads, flag=True):
            total = np.zeros(3)
            for g in grads:
                total += g.T.sum(axis=0, keepdims=True) - 2.0 * np.exp(w)
                x[0] = g
            if total[0] < 1 and flag:
                kept = x.clone()
            return kept @ w, total
    """)
    looks = " ".join(edit.look for edit in edits.edits(ast.parse(text)))
    for words in (
        *(
            "the operator",
            "the comparison",
            "transposed",
            "which axis",
            "which dimensions",
            "a copy",
            "the order of what",
        ),
        *("the number `2.0`", "written anew", "where in the order", "inside the block", "whether that line belongs"),
        *("is the variable that is meant", "the sign", "upside down", "the function that is meant", "which part"),
    ):
        assert words in looks, words


def test_every_edit_of_every_solution_is_python_and_leaves_the_tree_as_it_was():
    for name in ("numpy_backprop.two_layer_gradients", "nn.train_step", "own_autograd.backward", "optim.SGD"):
        tree = ast.parse(tutor.exercises[name].source)
        before, made = ast.unparse(tree), edits.edits(tree)
        for edit in made:
            with edit.made():
                compile(tree, "<edited>", "exec")
        assert ast.unparse(tree) == before and len(made) > 100
        assert [e.look for e in made] == [e.look for e in edits.edits(tree)], "the same list, in the same order"


def test_a_changed_answer_that_is_written_as_a_text_is_the_same_answer():
    """So it is run behind a wall."""
    for name in ("numpy_backprop.finite_difference", "own_autograd.layer", "optim.SGD", "torch_backprop.mend_scores"):
        text = blame.Text(tutor.exercises[name].source, name)
        for changed, *_ in itertools.islice(blame.changed(text, (), ""), 1500):
            with contextlib.suppress(SyntaxError):  # no Python in either form, as `-*values`
                changed.code()
                written = ast.parse(changed.text())
                with changed._made():
                    assert ast.dump(written) == ast.dump(text.tree)


def test_two_likely_edits_come_in_an_order_that_never_changes_and_are_not_listed_before():
    made = [edits.Edit("operator", k, "", k % 2, ast.Pass(), "body", None) for k in range(6)]
    pairs = [(first.line, second.line) for first, second in blame._likely(made)]
    assert pairs == sorted(itertools.combinations(range(6), 2), key=lambda pair: pair[0] % 2 + pair[1] % 2)
    assert next(blame._likely(made * 10**4))


def test_a_known_mistake_turned_back_and_one_edit_are_told_as_two_changes():
    text = """
        def relu_backward(grad_h_relu, h):
            grad_h = grad_h_relu.copy()
            grad_h[grad_h  <  0] = 0
            grad_h = grad_h + 7
            return grad_h
    """
    report = asked(tutor.exercises["numpy_backprop.relu_backward"], text)
    assert report.found.startswith(
        "With two changes, in lines 4 and 5, all test inputs come out right: look at `grad_h["
    )
    assert report.found.endswith("\n    grad_h[grad_h  <  0] = 0\n    grad_h = grad_h + 7")


@pytest.mark.parametrize(
    ("reader", "turned", "first", "last"),
    [("a X b c", "a P Q b c", 2, 2), ("a X Y b c", "a P b c", 2, 3), ("X b", "P Q R b", 1, 1), ("a X", "a P", 2, 2)],
)
def test_a_line_below_words_that_were_turned_back_is_told_as_the_readers_own(reader, turned, first, last):
    """One word a line; capitals stand where the known mistake's words do."""
    reader, turned = reader.split(), turned.split()
    for number, word in enumerate(turned, 1):
        own = blame._own_line(number, first, last, len(turned) - len(reader))
        assert reader[own - 1] == word or (word.isupper() and reader[own - 1].isupper())


def test_every_second_change_is_told_with_a_line_of_the_readers_text():
    """Where the mistake that is turned back has fewer lines than what it stands for."""
    known = tutor.exercises["optim.mend_schedule"]
    text = known.source.replace("scheduler.step()", "pass")
    for misconception in known.spec.misconceptions:
        source = misconception.apply(known.source) if misconception.pairs else text
        space = known._namespace()
        filename = f"<cell {next(_cells)}>"
        linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
        exec(compile(source, filename, "exec"), space)
        read = blame.Text(source, None)
        for _, told, _ in itertools.islice(blame.changed(read, known.spec.misconceptions, known.source), 2000):
            assert all(line.strip() in source for line in told.split("\n")[1:])


def test_a_change_that_is_right_on_the_first_numbers_alone_is_not_told(make_lesson):
    """Twice two is two and two; with other numbers the product is not the sum."""
    probe = "(2.0, 2.0) if d.seed < 100_000 else (d.number(), d.number())"
    lesson = make_lesson(data=[("(d.number(), d.number())", probe)])
    report = asked(lesson.exercises["small.add"], "def add(a, b):\n    c = a // b\n    return c\n")
    assert report.verdict == "wrong" and report.found == ""


def test_what_is_right_when_it_is_defined_anew_is_not_blamed_on_a_line(make_lesson):
    exercise = make_lesson().exercises["small.add"]
    report = exercise.check(lambda a, b: a + b + 1, source="def add(a, b):\n    return a + b\n", search=PATIENT)
    assert report.verdict == "wrong" and report.found == ""


@pytest.mark.parametrize(
    "text",
    [
        "def add(a, b):\n    try:\n        return a + b + 1\n    except:\n        return 0\n",
        "def add(a, b):\n    try:\n        return a + b + 1\n    except BaseException:\n        return 0\n",
        "import math\ndef add(a, b):\n    return a + b + 1\n",
        "def add(a, b:\n",
    ],
)
def test_a_text_that_might_swallow_the_time_limit_or_is_no_definition_is_not_searched(text):
    with pytest.raises(CannotRebuildError):
        blame.Text(text, "small.add")


def test_nothing_of_the_notebook_is_changed_by_the_search(make_lesson):
    exercise = make_lesson().exercises["small.add"]
    space = {"seen": [], "table": {"a": 0}, "times": 1}
    text = """
        def helper(x, kept=[]):
            kept.append(x)
            table["a"] += 1
            return x

        def add(a, b):
            seen.append(a)
            return helper(a) + b + 4
    """
    exec(textwrap.dedent(text), space)
    definition = "\n" * 6 + textwrap.dedent(text).split("\n\n")[1]
    without = exercise.check(space["add"], search=0)
    calls = len(space["seen"])
    names = {k: v for k, v in space.items() if k != "__builtins__"}
    report = exercise.check(space["add"], source=definition, search=PATIENT)
    assert without.found == "" and "line 9" in report.found
    assert len(space["seen"]) == space["table"]["a"] == 2 * calls == len(space["helper"].__defaults__[0])
    assert {k: v for k, v in space.items() if k != "__builtins__"} == names


def test_a_search_that_goes_on_later_sees_the_notebook_as_it_was(make_lesson):
    space = {"one": [1]}
    text = "def add(a, b):\n    return a + b * one[0] + 4\n"
    report = asked(make_lesson().exercises["small.add"], text, space=space, search=1e-9)
    space["one"].append(2)
    space["one"][0] = space["add"] = 7
    better = next(filter(None, (report.later() for _ in range(20))))
    assert "With one change in line 2" in better.found and space["add"] == 7


def test_a_method_is_tried_in_the_readers_class_and_what_it_held_is_put_back(forms):
    exercise = forms.exercises["forms.add"]
    space = exercise._namespace()
    text = "def __add__(self, other):\n    return Number(self.value + other.value * 3)\n"
    report = asked(exercise, text, space=space, of=space["Number"])
    assert "With one change in line 2" in report.found
    assert space["Number"].__add__ is space["__add__"]
    assert (space["Number"](1.0) + space["Number"](2.0)).value == 7.0


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [("counter", "self.count = start", "self.count = start + 3"), ("square", "* 2 * x", "* 2 * x * 3")],
)
def test_a_line_of_a_class_is_found_too(forms, name, old, new):
    exercise = forms.exercises[f"forms.{name}"]
    source = exercise.source.replace(old, new)
    report = asked(exercise, source)
    wanted = next(k for k, line in enumerate(source.split("\n"), 1) if new in line)
    assert f"With one change in line {wanted}" in report.found


def test_an_answer_that_stops_is_searched_too():
    text = GRADIENTS.replace("grad_y_pred @ w2.T", "grad_y_pred @ w2")
    report = asked(tutor.exercises["numpy_backprop.two_layer_gradients"], text)
    assert report.verdict == "error" and "line 7" in report.found and "transposed" in report.found


def test_a_change_that_makes_it_right_by_a_way_round_is_no_mend(make_lesson):
    lesson = make_lesson(data=[("minutes=1", 'minutes=1, forbid=("call:math.fsum",)')])
    space = {"fsum": __import__("math").fsum}
    text = "def add(a, b, c=0, how=7):\n    return fsum([a, b, how])\n"
    report = asked(lesson.exercises["small.add"], text, space=space)
    assert report.verdict == "shortcut" and report.found == ""


def test_the_report_does_not_wait_and_the_hint_goes_on():
    report = asked(
        tutor.exercises["numpy_backprop.two_layer_gradients"],
        GRADIENTS.replace("x.T @ grad_h", "x.T @ grad_h * 7"),
        search=1e-9,
    )
    assert report.found == "" and report.later is not None
    better = next(filter(None, (report.later() for _ in range(20))))
    assert "With one change in line 9" in better.found and better.found in better.message and better.later is None


def test_no_search_is_made_where_a_name_fits_or_none_is_asked_for():
    known = tutor.exercises["numpy_backprop.relu_backward"]
    text = "def relu_backward(g, h):\n    return g * (g > 0)\n"
    assert asked(known, text).misconception == "mask-by-gradient" and asked(known, text).found == ""
    other = "def relu_backward(g, h):\n    return g * (h > 0) + 1\n"
    assert asked(known, other, search=0).later is None and asked(known, other).found


def test_two_known_mistakes_at_once_are_both_named_the_first_in_the_text_first(make_lesson):
    lesson = make_lesson(
        text=[("return a + b", "a = a * 1\n    b = b * 1\n    return a + b")],
        data=[
            (
                'Misconception("minus", "That is the difference.", patch=("a + b", "a - b"), hints=("Which way?",))',
                'Misconception("b-twice", "You double b.", patch=("b = b * 1", "b = b * 2"), hints=("How many b?",))',
            ),
            (
                'Misconception("times", "That is the product.", patch=("a + b", "a * b"))',
                'Misconception("a-thrice", "You take a three times.", patch=("a * 1", "a * 3"), hints=("How?",))',
            ),
            (
                'Misconception("first", "That is the first.", patch=("a + b", "a"))',
                'Misconception("first", "That is the first.", patch=("return a + b", "return a"))',
            ),
        ],
    )
    report = lesson.exercises["small.add"].check(lambda a, b: 3 * a + 2 * b, search=PATIENT)
    assert (report.verdict, report.tier, report.misconception) == ("wrong", "pair", "a-thrice")
    assert "first: You take a three times.\nIf that is not enough, it is this as well: You double b." in report.message
    assert report.hint == "How?" and "first." not in report.message.split("as well: ")[1]


@pytest.mark.parametrize(("fourth", "tier"), [("a * 5", "pair"), ("a * 4", "probe")])
def test_two_pairs_that_do_the_same_are_not_told(make_lesson, fourth, tier):
    """2 * (2 * a + b) is also 4 * a + 2 * b."""
    lesson = make_lesson(
        text=[("return a + b", "a = a * 1\n    b = b * 1\n    c = 1\n    return c * (a + b)")],
        data=[
            ('("minus", "That is the difference.", patch=("a + b", "a - b")', '("a", "A.", patch=("a * 1", "a * 2")'),
            ('("times", "That is the product.", patch=("a + b", "a * b")', '("b", "B.", patch=("b * 1", "b * 2")'),
            (
                '("first", "That is the first.", patch=("a + b", "a")',
                f'("c", "C.", patch=("c = 1", "c = 2")), Misconception("d", "D.", patch=("a * 1", "{fourth}")',
            ),
        ],
    )
    assert lesson.exercises["small.add"].check(lambda a, b: 4 * a + 2 * b, search=PATIENT).tier == tier


def test_patches_that_do_not_apply_together_make_no_pair(forms):
    square = forms.exercises["forms.square"]
    assert square.both(*square.misconceptions.values()) is None


def test_every_pair_of_a_real_exercise_is_told_as_itself_or_by_one_of_the_two():
    exercise = tutor.exercises["numpy_backprop.two_layer_gradients"]
    told = 0
    for pair in itertools.combinations(exercise.misconceptions.values(), 2):
        both = exercise.both(*pair)
        if both is not None:
            report = exercise.check(both, search=PATIENT)
            assert report.verdict == "wrong", [m.name for m in pair]
            if report.tier == "pair":
                told += 1
                assert all(m.message in report.message for m in pair)
    assert told >= 5


def test_two_mistakes_without_a_wait_come_with_the_hint_and_bring_their_own():
    exercise = tutor.exercises["numpy_backprop.two_layer_gradients"]
    pairs = itertools.combinations(exercise.misconceptions.values(), 2)
    both = next(b for p in pairs if (b := exercise.both(*p)) and exercise.check(b, search=PATIENT).tier == "pair")
    report = exercise.check(both, search=1e-9)
    assert report.tier != "pair" and report.later is not None
    better = next(filter(None, (report.later() for _ in range(20))))
    assert better.tier == "pair" and better.found == better.message and better.hint


TAKING = '''
import resource
import tutor

text = """def two_layer_forward(x, w1, w2):
    kept = []
    kept.append(np.zeros(10**8))
    return x, x, kept[0][:2]
"""
exercise = tutor.exercises["numpy_backprop.two_layer_forward"]
space = exercise._namespace()
exec(text, space)
report = exercise.check(space["two_layer_forward"], source=text, search=20.0)
assert report.verdict == "wrong", report
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
'''


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is limited on Linux only")
def test_no_changed_text_takes_the_memory_of_a_machine():
    """`kept.extend(np.zeros(10**8))` is one operation of many seconds and gigabytes, which no time limit can stop."""
    ran = subprocess.run([sys.executable, "-c", TAKING], capture_output=True, text=True, check=True)
    assert int(ran.stdout) < 2_000_000, "in KiB"


SMALL = """
def f(a, rate, many):
    for x in many:
        if x > 0 and a:
            break
        a = a + 1
    for k in range(0, a - rate, 2):
        a = 0.1 * np.einsum("nd,dm->nm", a, a.squeeze())
    return [a for _ in many]
"""


@pytest.mark.parametrize(
    ("line", "look", "changed"),
    [
        (4, "everything in `x > 0 and a`", "if x > 0:"),
        (5, "whether the loop ends there or goes on", "continue"),
        (7, "which part `range` takes", "range(0, a - rate + 1, 2)"),
        (8, "whether the number `0.1` may be written down", "rate * np.einsum"),
        (8, "the letters `nd,dm->nm`", "nd,dm->mn"),
        (8, "whether `a.squeeze` has to be called", "a, a)"),
        (9, "what kind of thing is returned", "torch.stack("),
    ],
)
def test_a_small_change_is_among_those_that_are_tried(line, look, changed):
    tree = ast.parse(SMALL)
    made = set()
    for edit in edits.edits(tree):
        if edit.line == line and look in edit.look:
            with edit.made():
                made.add(ast.unparse(tree))
    assert any(changed in text for text in made)


def test_no_line_is_moved_behind_a_return_and_none_is_left_out_by_a_product_with_1():
    tree = ast.parse("def f(x):\n    y = x + 1\n    z = y - 1\n    return z\n")
    for edit in edits.edits(tree):
        with edit.made():
            text = ast.unparse(tree)
        assert "+ 1 *" not in text and "x * 1" not in text and "y * 1" not in text
        if "where in the order" in edit.look and edit.line < 4:
            assert text.endswith("return z")


def test_lines_that_stand_in_a_right_answer_come_last_of_those_that_are_as_likely():
    text = blame.Text("def f(x):\n    y = x + 2\n    return y - 3\n", "small.f")
    solution = "def f(x):\n    y = x + 2\n    return y - 4\n"
    told = [sentence for _, sentence, _ in blame.changed(text, (), solution)]
    assert "line 3" in next(sentence for sentence in told if "look at the operator" in sentence)


def test_a_line_that_can_go_is_told_before_a_change_elsewhere_that_makes_up_for_it():
    exercise = tutor.exercises["optim.rmsprop"]
    kept = '    state["mean_square"] = mean_square\n'
    more = '    state["g"] = alpha * state.get("g", 0) + (1 - alpha) * grad\n'
    centred = f'{kept}{more}    mean_square = mean_square - state["g"] ** 2\n'
    report = asked(exercise, exercise.source.replace(kept, centred))
    assert "whether that line belongs there.\n    mean_square = mean_square - " in report.found


def test_a_changed_text_can_be_scripted():
    exercise = tutor.exercises["compile_export_scale.remember"]
    report = asked(exercise, exercise.source.replace("x.split(1):", "x[1:].split(1):"))
    assert "x[1:].split(1)" in report.found


def test_of_a_changed_input_the_loop_variable_that_is_written_into_is_told():
    answer = (
        "def replay(tape, inputs):\n    values = dict(inputs)\n    for name, function, arguments in tape:\n"
        "        for k, a in enumerate(arguments):\n            if isinstance(a, str):\n"
        "                arguments[k] = values[a]\n"
        "        values[name] = function(*arguments)\n    return values[name]\n"
    )
    report = asked(tutor.exercises["compile_export_scale.replay"], answer)
    assert "in line 6 " in report.found and "a copy" in report.found
