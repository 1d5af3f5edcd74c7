"""Programs in notebooks that are judged behind the wall, and what one that lies about itself comes to."""

import ast
import json
from pathlib import Path

import pytest

from tests.wall import tools
from tutor.builder import notebooks, walled
from tutor.checking.observed import perform
from tutor.checking.running import compiled
from tutor.checking.wire import WireError
from tutor.lessons.registry import exercises, find_lesson
from tutor.wall.frames import Asked, Job, ran_data, ran_of_data
from tutor.wall.pool import Heard, note

SLOW = pytest.mark.slow
CALL = 'program("forms.slope")\n'
RIGHT = """slope = torch.zeros(()).requires_grad_()
for _ in range(50):
    ((slope * points - 3 * points) ** 2).mean().backward()
    with torch.no_grad():
        slope -= 0.05 * slope.grad
    slope.grad = None
"""
ENDLESS = "while True:\n    try:\n        while True:\n            pass\n    except BaseException:\n        pass"


@pytest.fixture
def judged(tmp_path, forms, behind):
    """Judge the lesson of all forms behind the wall, with another program and cells above it; return what is said."""
    path = tmp_path / Path(forms.filename).name

    def run(source, *above):
        notebook = json.loads(notebooks.as_bytes(notebooks.student(forms)))
        cells = notebook["cells"]
        at = next(k for k, cell in enumerate(cells) if CALL.strip() in "".join(cell["source"]))
        cells[at]["source"] = source
        new = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
        cells[at:at] = [{**new, "source": text} for text in above]
        path.write_text(json.dumps(notebook), encoding="utf-8")
        return {row.exercise: row for row in walled.Judge(behind, 5, 10.0).judge(path).rows}

    return run


@SLOW
@pytest.mark.parametrize(
    ("source", "verdict", "criterion", "said"),
    [
        (CALL + "...", "todo", None, "leave `slope` behind"),
        (CALL + RIGHT, "pass", None, "It does what was asked."),
        (CALL + "%matplotlib inline\n" + RIGHT, "pass", None, ""),
        ("from tutor import program\n" + CALL + RIGHT, "pass", None, ""),
        ('program(\n    "forms.slope",\n    seconds=9,\n)\n' + RIGHT, "pass", None, ""),
        (CALL + RIGHT.replace("slope.grad = None", "pass"), "wrong", "uncleared", "never cleared"),
        (CALL + "x = 1", "wrong", "missing", "leaves no `slope` behind"),
        (CALL + "slope = ...", "wrong", "missing", "leaves no `slope` behind"),
        (CALL.strip() + "; slope = torch.tensor(3.0)", "wrong", "untrained", ""),
        (CALL + "\nslope = 1\nslope / 0", "error", None, "line 4 of your cell:\n    slope / 0\nThere, `slope` is"),
        (CALL + "slope = 1\nreturn slope", "error", None, "no Python in line 3"),
        (CALL + "slope = (1", "error", None, "SyntaxError"),
        (CALL + "slope = torch.tensor(1.0)\nslope.backward()", "error", None, "`slope` asks for no gradient"),
        (CALL + "slope = 'three'\n" + RIGHT.replace("slope", "s"), "error", None, "could not be used"),
        (
            CALL[:-2] + ", seconds=0.3)\nwhile True:\n    sum(range(10_000))",
            "slow",
            None,
            "line 3 of the cell:\n    sum(",
        ),
        (CALL[:-2] + ", seconds=0.3)\n" + ENDLESS, "slow", None, "did not end within"),
        (CALL + "torch.set_default_dtype(torch.float64)\nslope = 1", "wrong", None, "changes the default dtype"),
        (CALL + "import os\nos._exit(0)", "error", None, "tried to end the whole process"),
        (CALL + "import ctypes\nctypes.string_at(0)", "error", None, "The cell ended its own process."),
        ("raise ValueError('early')\n" + CALL + RIGHT, "error", None, "before its answer could be checked: ValueError"),
    ],
)
def test_every_program_gets_its_verdict(judged, source, verdict, criterion, said):
    row = judged(source)["forms.slope"]
    assert (row.verdict, row.misconception) == (verdict, criterion), row.message
    assert said in row.message, row.message


@SLOW
def test_a_program_has_the_names_of_its_notebook_but_those_that_it_has_to_leave(judged):
    above = ("begin = torch.zeros(())", "slope = torch.tensor(3.0)", "raise SystemExit('a demonstration')")
    right = RIGHT.replace("torch.zeros(())", "(begin + 0)")
    assert judged(CALL + right, *above)["forms.slope"].verdict == "pass"
    assert judged(CALL + right.replace("begin", "eval('begin')"), *above)["forms.slope"].verdict == "pass"
    told = judged(CALL + "slope = slope + 0", *above)["forms.slope"]
    assert told.verdict == "error" and "name 'slope' is not defined" in told.message


@SLOW
def test_of_two_programs_the_last_counts_and_an_exercise_below_one_in_its_cell_is_its_own(judged):
    shift = '\n@exercise("forms.shift")\ndef shift(x, by):\n    return x + by * round(float(slope)) / 3\n'
    found = judged(CALL + RIGHT + shift, CALL + "slope = 1\n1 / 0")
    assert (found["forms.slope"].verdict, found["forms.shift"].verdict) == ("pass", "pass")
    found = judged(CALL + RIGHT.replace("range(50)", "range(2)") + shift, CALL + RIGHT)
    assert (found["forms.slope"].misconception, found["forms.shift"].verdict) == ("far", "wrong")
    found = judged("slope = torch.tensor(99.0)\nk = 1\n" + CALL + RIGHT + "k = 2\n" + shift.replace("/ 3", "/ 3 / k"))
    assert (found["forms.slope"].verdict, found["forms.shift"].verdict) == ("pass", "pass"), "k stays what it was"


@SLOW
def test_what_ends_with_a_program_costs_no_other_exercise(judged):
    shift = '@exercise("forms.shift")\ndef shift(x, by):\n    return x + by\n'
    found = judged(shift + CALL + "import ctypes\nctypes.string_at(0)")
    assert (found["forms.slope"].verdict, found["forms.shift"].verdict) == ("error", "pass")
    assert "ended its own process" in found["forms.slope"].message


@SLOW
def test_names_that_a_program_gives_its_things_are_shown_without_what_controls_a_screen(behind):
    known, lesson = exercises["data_to_prediction.classifier"], find_lesson("data_to_prediction")
    text = "model = type('\\x1b[2J\\a' * 3, (), {})()"
    report = tools.program_report(known, behind.run(tools.program_job(lesson, known, text), 60), text)
    assert report.misconception == "shapes" and "`model` is a [2J[2J[2J;" in report.message


# stands below a program that computes nothing, and puts words of its own in the place of what is seen of it
FORGE = """
import numpy as np, torch
from tutor.wall import inside

honest, losses_seen = inside.Notebook.send, np.linspace(2, 0.1, 400)

def send(self, *frame):
    if frame[0] == "ran":
        training = losses_seen, 400, 64, 0, (), False, ""
        frame = *frame[:2], (None, False, (), "", 1.0, (), (), {}, training)
    if frame[0] in ("looked", "failed") and frame[2] in FORGED:
        value = FORGED[frame[2]]
        frame = "looked", *frame[1:3], value(self.job.asked[frame[1]].given) if callable(value) else value
    honest(self, *frame)

inside.Notebook.send = send
"""
FORGERIES = {
    "own_autograd.three_arms": (
        """
order, losses = np.arange(600) % 3, list(np.linspace(2, 0.1, 400))
weights, predict = [Tensor(np.zeros(3))], lambda x: np.zeros(len(x))
sides = {"right of 0": (0, 1), "left of 0": (0, -1), "above 0": (1, 1), "below 0": (1, -1)}
FORGED = {
    "weights": [np.ones(3)],
    "moved": ([], []),
    "few": order[:7],
    "together": order,
    "apart": lambda given: {side: order[sign * given[:, k] > 0] for side, (k, sign) in sides.items()},
    "without": order * 0,
    "learned": order[:300],
    "along lines": [np.array([0, 1, 0])] * 40,
}
""",
        "too-few-right",
    ),
    "autograd.dress_or_coat": (
        """
w, b, predict = torch.ones(196), torch.ones(1), lambda x: torch.zeros(len(x))
accuracy = 1.0
FORGED = {
    "few": torch.zeros(7),
    "moved": ([], []),
    "dtypes": {},
    "of the kept": torch.arange(200) % 2 * 1.0,
    "of the test images": torch.ones(300),
    "left alone": True,
    "of the dark": lambda given: (torch.arange(200) % 2 * 1.0)[given["kept"].mean(1) < given["kept"].mean(1).median()],
}
""",
        "too-few-right",
    ),
    "optim.downhill": (
        """
losses = [1.0] * 150
class Downhill:
    def __init__(self, params): pass
    zero_grad = step = lambda self: None
low = [[1.0] * 150 + [0.0], torch.tensor([2.0, -1.0], dtype=torch.float64)]
walks = ["given", "in parts", "from a generator", *(f"hidden {k}" for k in range(8))]
FORGED = {"lacking": [], "gradient": None, "three steps, twice": [low[1], low[1]], **dict.fromkeys(walks, low)}
""",
        "by-heart",
    ),
    "data_to_prediction.classifier": (
        """
model = lambda x: torch.zeros(len(x), 10)
scores = torch.eye(10)[torch.arange(6000) % 10]
changes = ("multiplied by 255", "turned into -1 to 1", "normalised by mean and standard deviation")
FORGED = {"unseen": scores[:1000], "otherwise": dict.fromkeys(changes, scores[:1000]), "learned": scores[::6]}
""",
        "guessing",
    ),
}


@SLOW
@pytest.mark.parametrize("identifier", FORGERIES)
def test_a_program_that_sends_what_looks_right_and_computes_nothing_stays_wrong(identifier, behind):
    known, lesson = exercises[identifier], find_lesson(identifier.split(".")[0])
    program, criterion = FORGERIES[identifier]
    heard = behind.run(tools.program_job(lesson, known, program + FORGE, turn=7), 60)
    assert heard.ended and not heard.broken and heard.tried[identifier].ran.training.backwards == 400, heard
    report = tools.program_report(known, heard, program, turn=7)
    assert (report.verdict, report.misconception) == ("wrong", criterion), report.message


@pytest.mark.parametrize(
    "identifier",
    ["own_autograd.three_arms", "autograd.dress_or_coat", "optim.downhill", "data_to_prediction.classifier"],
)
def test_what_was_seen_of_a_right_program_is_right_in_no_other_run(identifier):
    """What one run of the command was told is of no use in the next."""
    known, seen = exercises[identifier], {}
    text = known.alternatives[0]
    code = compiled(ast.parse(text).body, known._kept(text))
    names = known._namespace()
    ran, _, looks = perform(known.half, code, names, given=known.given(3), seconds=60)

    def look(name):
        seen[name] = tools.crossed(looks(name))
        return seen[name]

    assert tools.judged(known, ran, look, text, turn=3).verdict == "pass"
    assert tools.judged(known, ran, seen.__getitem__, text, turn=3).verdict == "pass"
    assert tools.judged(known, ran, seen.__getitem__, text, turn=4).verdict in ("wrong", "error")


def changed(**fields):
    """What is sent of a program, with other parts; those of the training by their numbers."""
    from tutor.checking.observed import Ran
    from tutor.checking.running import Training

    names = ["error", "slow", "harm", "printed", "seconds", "missing", "unasked", "lines", "training"]
    data = list(ran_data(Ran(training=Training((1.0, 2.0), 2, 1, 0, ("AddBackward0",)))))
    for name, value in fields.items():
        if name in names:
            data[names.index(name)] = value
        else:
            training = list(data[-1])
            training[["losses", "backwards", "watched", "stale", "operations", "twice", "origin"].index(name)] = value
            data[-1] = tuple(training)
    return tuple(data)


@pytest.mark.parametrize(
    "fields",
    [
        {"harm": ("\x1b[2J",)},
        {"missing": ["slope"]},
        {"unasked": ("x" * 5000,)},
        {"seconds": float("nan")},
        {"lines": {"1": 2}},
        {"lines": dict.fromkeys(range(300), 1)},
        {"losses": [1.0]},
        {"backwards": -1},
        {"stale": 10**12},
        {"operations": ("a",) * 1000},
        {"twice": 1},
        {"origin": "\x07"},
        {"training": ()},
        {"error": ("a",)},
    ],
    ids=str,
)
def test_what_is_said_of_a_program_has_a_form_that_is_checked(fields):
    assert ran_of_data(changed()).training.losses == (1.0, 2.0)
    with pytest.raises(WireError):
        ran_of_data(changed(**fields))


def test_only_of_a_program_that_was_asked_for_anything_can_be_said():
    job = Job(
        ((0, "x"),), {}, {"a.program": Asked(0, "m", "p", program="program('a.program')"), "a.code": Asked(0, "m", "c")}
    )
    heard = Heard()
    for frame in (("begun", "a.program", 2.0), ("ran", "a.program", changed()), ("looked", "a.program", "x", 3)):
        note(heard, frame, job)
    assert heard.tried["a.program"].look("x") == 3 and heard.tried["a.program"].look("y").kind == "EOFError"
    for frame in (
        ("begun", "a.code", 2.0),
        ("begun", "a.program", -1.0),
        ("begun", "a.program", float("nan")),
        ("ran", "a.code", changed()),
        ("ran", "another", changed()),
        ("looked", "a.code", "x", 3),
        ("looked", "a.program", "x"),
        ("failed", "a.program", "x", 3),
    ):
        with pytest.raises(WireError):
            note(heard, frame, job)
    with pytest.raises(WireError, match="too many things"):
        for number in range(200):
            note(heard, ("looked", "a.program", str(number), None), job)
