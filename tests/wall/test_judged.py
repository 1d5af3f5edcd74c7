"""Whole notebooks that are judged behind the wall: each answer gets its verdict, and costs only itself."""

import contextlib
import csv
import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.checking.harmful import BANK
from tutor.builder import handed, notebooks, walled
from tutor.cli import main
from tutor.lessons.registry import series

SLOW = pytest.mark.slow
LIMIT = 2.0
RIGHT = "return a + b"


def answer(body):
    return '@exercise("small.add")\ndef add(a, b):\n' + "\n".join("    " + line for line in body.split("\n"))


@pytest.fixture
def judged(tmp_path, make_lesson, behind):
    """Judge the small lesson behind the wall after an edit of its cells."""
    lesson = make_lesson(data=[("minutes=1", f"minutes=1, seconds={LIMIT}")])
    path = tmp_path / lesson.filename

    def run(edit, seconds=30.0):
        notebook = json.loads(notebooks.as_bytes(notebooks.student(lesson)))
        edit(notebook["cells"])
        path.write_text(json.dumps(notebook), encoding="utf-8")
        return walled.Judge(behind, 5, seconds).judge(path)

    return run


def cell(source):
    return {"cell_type": "code", "source": source, "metadata": {}, "outputs": [], "execution_count": None}


@SLOW
@pytest.mark.parametrize(
    ("source", "verdict", "misconception", "said"),
    [
        (answer("..."), "todo", None, "Write `add`"),
        (answer("return b + a"), "pass", None, "Right on all"),
        (answer("return a - b"), "wrong", "minus", "That is the difference."),
        (answer("return c"), "error", None, "name 'c' is not defined"),
        (answer("return None"), "wrong", None, "Is a `return` missing?"),
        (answer(RIGHT).split("\n", 1)[1], "pass", None, ""),
        ("def add(a, b: return a", "error", None, "SyntaxError"),
        ('@exercise("small.add")\ndef add(a, b: return a', "error", None, "SyntaxError"),
        (
            "raise ValueError('early')\n" + answer(RIGHT),
            "error",
            None,
            "before its answer could be checked: ValueError",
        ),
        ("# " + answer(RIGHT).replace("\n", "\n# "), "error", None, "commented out"),
        ("%%time\n" + answer(RIGHT), "pass", None, ""),
        ("%matplotlib inline\n" + answer(RIGHT), "pass", None, ""),
    ],
)
def test_every_answer_gets_its_verdict(judged, source, verdict, misconception, said):
    (row,) = judged(lambda cells: cells[2].update(source=source)).rows
    assert (row.verdict, row.misconception) == (verdict, misconception), row.message
    assert said in row.message


@SLOW
@pytest.mark.parametrize("harmful", BANK, ids=lambda h: h.name)
def test_a_harmful_answer_gets_its_verdict_and_the_rest_of_the_notebook_goes_on(harmful, judged):
    def edit(cells):
        cells[2]["source"] = answer(harmful.body)
        cells.append(cell('check("small.nothing", 1 / 0)'))

    (row,) = judged(edit).rows
    assert row.verdict == harmful.command, row


@SLOW
def test_demonstrations_are_not_run_but_what_an_answer_needs_is(judged):
    def edit(cells):
        cells[2]["source"] = answer("return a + helper(b)")
        cells.insert(2, cell("def helper(b):\n    return factor * b"))
        cells.insert(2, cell("factor = 2\nfactor -= 1"))
        cells.insert(2, cell("raise SystemExit('a demonstration')"))
        cells.insert(2, cell("while True: pass"))

    found = judged(edit, seconds=20)
    assert found.rows[0].verdict == "pass" and found.notes == ()


@SLOW
def test_what_was_not_seen_to_be_needed_is_run_when_it_is_missed(judged):
    def edit(cells):
        cells[2]["source"] = answer("return a + globals()['fac' + 'tor'] * eval('factor') * b")
        cells.insert(2, cell("factor = 1"))

    assert judged(edit).rows[0].verdict == "error"  # a KeyError names no variable

    def named(cells):
        cells[2]["source"] = answer("return a + eval('factor') * b")
        cells.insert(2, cell("factor = 1"))

    assert judged(named).rows[0].verdict == "pass"


@SLOW
def test_the_last_cell_counts_and_a_stub_beside_an_answer_gets_no_solution(judged):
    def edit(cells):
        cells.insert(3, cell(answer("return before(a, b)")))
        cells.insert(3, cell("before = add"))

    found = judged(edit)
    assert found.rows[0].verdict == "wrong" and found.notes == ("small.add stands in 2 cells; the last one counts.",)


FRAUD = {
    "another check": "import tutor\ntutor.session.exercise = tutor.exercise = lambda *a, **k: lambda f: f",
    "another comparison": "from tutor.checking import judge\njudge.compare = lambda *a, **k: None",
    "another judge": "from tutor.checking.exercise import Exercise\nExercise.judged = lambda *a, **k: None",
    "the wire": "from tutor.wall import inside\ninside.Notebook.send = lambda self, *frame: None",
    "the same numbers": "import numpy as np\nnp.random.default_rng = lambda seed, made=np.random.default_rng(0): made",
    "a file for those who come after": "open('/tmp/work/sitecustomize.py', 'w').write('import tutor')",
    "a verdict of its own": "import os\nos.environ['TUTOR_REPORT'] = '/tmp/report'",
}


@SLOW
@pytest.mark.parametrize("fraud", FRAUD.values(), ids=FRAUD.keys())
def test_no_trick_makes_a_wrong_answer_right(judged, fraud):
    def edit(cells):
        cells[2]["source"] = fraud + "\n" + answer("return a - b")

    assert judged(edit).rows[0].verdict in ("wrong", "error")


@SLOW
def test_an_object_that_is_equal_to_everything_is_not_right(judged):
    body = """
class Liar(float):
    __eq__ = lambda self, other: True
    __array__ = lambda self, *a, **k: __import__('numpy').array(a + b)
    __float__ = lambda self: a + b
    __class__ = property(lambda self: float)
    __hash__ = float.__hash__
return Liar(0)""".strip()
    assert judged(lambda cells: cells[2].update(source=answer(body))).rows[0].verdict == "wrong"


@SLOW
@pytest.mark.parametrize("lesson", series(), ids=lambda lesson: lesson.name)
def test_a_solved_lesson_passes_and_one_as_shipped_is_to_do(lesson, behind, tmp_path):
    for made, wanted in ((notebooks.solved, "pass"), (notebooks.student, "todo")):
        path = tmp_path / Path(lesson.filename).name
        path.write_bytes(notebooks.as_bytes(made(lesson)))
        found = walled.Judge(behind, 11).judge(path)
        for row in found.rows:
            assert row.verdict == wanted, row


@SLOW
def test_a_class_is_judged_behind_the_wall_and_written_as_it_is_judged(make_lesson, tmp_path, monkeypatch):
    lesson = make_lesson()
    for student, body in (("ada", RIGHT), ("bob", "return a - b"), ("cy", "import os\nos._exit(0)")):
        notebook = json.loads(notebooks.as_bytes(notebooks.student(lesson)))
        notebook["cells"][2]["source"] = answer(body)
        place = tmp_path / student / Path(lesson.filename).name
        place.parent.mkdir()
        place.write_text(json.dumps(notebook), encoding="utf-8")
    (tmp_path / "torn.ipynb").write_text("{")
    paths = [*map(str, sorted(tmp_path.glob("*/*.ipynb"))), str(tmp_path / "torn.ipynb")]
    shown = CliRunner().invoke(main, ["check", *paths, "--csv"])
    rows = list(csv.DictReader(io.StringIO(shown.stdout)))
    verdicts = [(Path(row["notebook"]).parent.name, row["verdict"], row["misconception"]) for row in rows[:3]]
    assert verdicts == [("ada", "pass", ""), ("bob", "wrong", "minus"), ("cy", "error", "")]
    assert rows[3]["verdict"] == "unreadable" and shown.exit_code == 1


def test_a_class_is_refused_where_no_wall_can_be_had_unless_it_is_told_to_be_unsafe(make_lesson, tmp_path, monkeypatch):
    lesson = make_lesson()
    paths = []
    for student in ("ada", "bob"):
        paths.append(tmp_path / student / Path(lesson.filename).name)
        paths[-1].parent.mkdir()
        paths[-1].write_bytes(notebooks.as_bytes(notebooks.student(lesson)))
    monkeypatch.setenv("PATH", str(tmp_path))
    shown = CliRunner().invoke(main, ["check", *map(str, paths)])
    assert shown.exit_code == 1 and "judged behind a wall, which needs Linux and bubblewrap" in shown.output
    assert walled.is_class(paths) and not walled.is_class(paths[:1])
    monkeypatch.setattr("tutor.builder.judge.judge", lambda path, **more: walled.judge.unreadable(path, "in a kernel"))
    assert CliRunner().invoke(main, ["check", *map(str, paths), "--unsafe"]).output.count("in a kernel") == 2
    assert CliRunner().invoke(main, ["check", str(paths[0])]).output.count("in a kernel") == 1


def test_what_may_be_another_students_goes_behind_the_wall(make_lesson, tmp_path):
    lesson = make_lesson()
    right, torn, gone = (tmp_path / who / Path(lesson.filename).name for who in ("ada", "bob", "cy"))
    for path in (right, torn):
        path.parent.mkdir()
    right.write_bytes(notebooks.as_bytes(notebooks.student(lesson)))
    torn.write_text("{")
    assert walled.is_class([right, torn]) and not walled.is_class([right, gone]) and not walled.is_class([torn])
    (found,) = handed.handed_in([right], tmp_path)
    assert not handed.is_archived([found])


def test_what_takes_too_long_to_read_costs_its_own_row(make_lesson, tmp_path, monkeypatch, behind):
    lesson, read = make_lesson(), walled.submission.read
    paths = [tmp_path / who / Path(lesson.filename).name for who in ("ada", "eve", "cy")]
    for path in paths:
        path.parent.mkdir()
        path.write_bytes(notebooks.as_bytes(notebooks.solved(lesson)))

    def endless(path):
        while "eve" in str(path):
            pass
        return read(path)

    monkeypatch.setattr(walled.submission, "read", endless)
    monkeypatch.setattr(walled, "READING", 1.0)
    monkeypatch.setattr(walled, "wall", lambda *a: contextlib.nullcontext(behind))
    found = list(walled.judge_all(paths, 3, 30.0, 2))
    assert [judged.rows[0].verdict for judged in found] == ["pass", "unreadable", "pass"]
    assert "in 1 s it was not found out what counts" in found[1].rows[0].message
