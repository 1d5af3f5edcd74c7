"""`tutor check` judges a reader's notebook, whatever is in it."""

import json

import pytest

from tutor.builder import carry, copies, judge, notebooks, trial
from tutor.errors import TutorError

pytestmark = pytest.mark.slow


@pytest.fixture
def judged(tmp_path, make_lesson):
    """Judge the small lesson after an edit of its cells."""
    lesson = make_lesson()
    path = tmp_path / lesson.filename

    def run(edit=lambda cells: None, **more):
        notebook = json.loads(notebooks.as_bytes(notebooks.student(lesson)))
        edit(notebook["cells"])
        path.write_text(json.dumps(notebook), encoding="utf-8")
        return judge.judge(path, **more)

    return run


def answer(body):
    return f'@exercise("small.add")\ndef add(a, b):\n    {body}\n'


@pytest.mark.parametrize(
    ("body", "verdict", "misconception"),
    [
        ("...", "todo", None),
        ("return b + a", "pass", None),
        ("return a - b", "wrong", "minus"),
        ("return c", "error", None),
    ],
)
def test_every_answer_gets_its_verdict(judged, body, verdict, misconception):
    (row,) = judged(lambda cells: cells[2].update(source=answer(body))).rows
    assert (row.verdict, row.misconception) == (verdict, misconception)


def test_an_answer_that_ends_its_process_costs_only_itself(judged):
    found = judged(lambda cells: cells[2].update(source=answer("import ctypes; ctypes.string_at(0)")))
    assert found.rows[0].verdict == "error" and "ended its own process" in found.rows[0].message
    assert found.notes == ()


def test_another_cell_that_never_ends_is_left_out_and_the_exercises_below_are_judged(judged):
    def edit(cells):
        cells[2].update(source=answer("return a + b"))
        cells.insert(1, {**cells[2], "id": "endless", "source": "while True: pass"})

    found = judged(edit, cell_seconds=20)
    assert found.rows[0].verdict == "pass"
    assert found.notes == ("cell 2 was left out: The cell did not end within 20 s and was killed.",)


def test_a_loop_that_swallows_everything_is_killed(judged):
    body = "while True:\n        try:\n            pass\n        except:\n            pass"
    patient = answer(body).replace('"small.add"', '"small.add", seconds=100')
    found = judged(
        lambda cells: cells[2].update(source=patient + "while True:\n  try:\n    pass\n  except: pass"),
        cell_seconds=20,
    )
    assert found.rows[0].verdict == "slow" and "was killed" in found.rows[0].message


def test_a_deleted_exercise_is_told_with_the_command_that_brings_it_back(judged):
    (row,) = judged(lambda cells: cells.pop(2)).rows
    assert row.verdict == "missing" and "tutor reset small add" in row.message


def test_a_text_that_quotes_an_exercise_does_not_pass_for_its_cell(judged):
    quoted = "It now reads, in other words:\n\n" + answer("...")
    (row,) = judged(lambda cells: cells[2].update(source=quoted, cell_type="raw")).rows
    assert row.verdict == "missing" and "tutor reset small add" in row.message


def test_a_renamed_notebook_without_marks_is_judged_by_what_its_exercises_are(tmp_path, make_lesson):
    notebook = notebooks.student(make_lesson())
    del notebook["metadata"]["tutor"]
    path = tmp_path / "Ada Lovelace (2).ipynb"
    path.write_bytes(notebooks.as_bytes(notebook))
    assert judge.judge(path).rows[0].exercise == "small.add"


def test_a_duplicated_exercise_is_noted_and_the_last_counts(judged):
    def twice(cells):
        cells[2]["source"] = answer("return a - b")
        cells.insert(3, {**cells[2], "id": "twin", "source": answer("return a + b")})

    found = judged(twice)
    assert found.rows[0].verdict == "pass" and "stands in 2 cells" in found.notes[0]


def test_a_renamed_id_is_noted(judged):
    found = judged(lambda cells: cells[2].update(source=answer("return a").replace("small.add", "small.addition")))
    assert found.rows[0].verdict == "missing" and 'no exercise "small.addition"' in found.notes[0]


def test_an_error_in_another_cell_is_noted(judged):
    found = judged(lambda cells: cells[3].update(source="1 / 0"))
    assert "cell 4 raised ZeroDivisionError" in found.notes[0]


def test_a_cell_that_is_not_python_leaves_its_exercise_unchecked(judged):
    found = judged(lambda cells: cells[2].update(source=answer("return (")))
    assert found.rows[0].verdict == "error" and "before its answer could be checked" in found.rows[0].message


def test_a_notebook_of_no_lesson_is_refused_in_one_sentence(tmp_path):
    path = tmp_path / "other.ipynb"
    path.write_text(json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    with pytest.raises(TutorError, match="belongs to no lesson"):
        judge.judge(path)


def test_judging_leaves_the_readers_file_and_progress_alone(judged, tmp_path, monkeypatch):
    home = tmp_path / "home"
    monkeypatch.setenv("TUTOR_HOME", str(home))
    judged(lambda cells: cells[2].update(source=answer("return a + b")))
    assert not home.exists()


def test_a_whole_untouched_copy_is_to_do(tmp_path):
    copies.start(tmp_path)
    found = judge.judge(tmp_path / "01_numpy_backprop.ipynb")
    assert {row.verdict for row in found.rows} == {"todo"} and found.notes == ()


def own(source):
    """A cell of the reader's own."""
    return {"cell_type": "code", "id": "own", "metadata": {}, "outputs": [], "execution_count": None, "source": source}


@pytest.fixture
def kernels(monkeypatch):
    """Count the kernels that are started."""
    started = []
    run = trial.run
    monkeypatch.setattr(trial, "run", lambda *a: started.append(1) or run(*a))
    return started


RIGHT = answer("return a + b")
ENDINGS = {
    "exit()": "ended its kernel, as `exit()` does",
    "quit()": "ended its kernel",
    "get_ipython().kernel.do_shutdown(True)": "ended its kernel",
    "import os; os._exit(0)": "ended its own process",
    "import os; os.kill(os.getpid(), 9)": "ended its own process",
    "%reset -f": "took every name from the cells below",
}


@pytest.mark.parametrize("ends", ENDINGS)
def test_a_cell_that_ends_its_kernel_is_named_and_left_out_once(judged, kernels, ends):
    def edit(cells):
        cells[2]["source"] = RIGHT
        cells.insert(2, own(ends))

    found = judged(edit)
    assert [row.verdict for row in found.rows] == ["pass"]
    (note,) = found.notes
    assert note.startswith("cell 3 was left out: The cell") and ENDINGS[ends] in note
    assert len(kernels) == 2


def test_a_right_answer_above_an_exit_in_its_cell_stays_right(judged, kernels):
    found = judged(lambda cells: cells[2].update(source=RIGHT + "exit()"))
    assert [row.verdict for row in found.rows] == ["pass"]
    assert found.notes == ("cell 3 was left out: The cell ended its kernel, as `exit()` does.",)
    assert len(kernels) == 2


def test_a_fuse_is_found_and_no_cell_below_is_blamed(judged, kernels):
    def edit(cells):
        cells[2]["source"] = RIGHT
        cells.insert(1, own("import os, threading\nthreading.Timer(1.5, os._exit, [0]).start()"))
        cells[2:2] = [{**own(f"import time; time.sleep({k})"), "id": f"own{k}"} for k in (2, 3)]

    found = judged(edit)
    assert [row.verdict for row in found.rows] == ["pass"]
    assert found.notes == ("cell 2 was left out: The cell ended its own process.",)
    assert len(kernels) == 4


def test_a_kernel_that_answers_no_more_is_given_up_at_the_cell_that_silenced_it(judged):
    """Without the cell that sleeps, the exercise's is still at work when the fuse has burnt down, on any machine."""

    def edit(cells):
        cells[2]["source"] = f"import time\ntime.sleep(1)\n{RIGHT}"
        cells.insert(1, own("import os, signal, threading\nthreading.Timer(0.2, os.kill, [os.getpid(), 19]).start()"))
        cells.insert(2, {**own("import time; time.sleep(1)"), "id": "sleeps"})

    found = judged(edit, cell_seconds=4)
    assert [row.verdict for row in found.rows] == ["pass"]
    assert found.notes == (
        "cell 2 was left out: The kernel did not answer any more after the cell within 4 s and was killed.",
    )


@pytest.mark.parametrize(
    "harmless",
    [
        "import sys; sys.exit()",
        "raise SystemExit",
        "import sys; sys.stdout.close()",
        "import os; os.chdir('/')",
        "import os; os.close(1)",
        "exit = get_ipython = globals = None",
        "input('your name')",
        "import builtins; builtins.isinstance = None; del builtins.isinstance; import sys; sys.last_value = 3",
    ],
)
def test_what_other_cells_do_to_the_kernel_costs_no_answer(judged, harmless):
    def edit(cells):
        cells[2]["source"] = RIGHT
        cells.insert(2, own(harmless))

    assert [row.verdict for row in judged(edit).rows] == ["pass"]


def test_a_notebook_that_loses_every_kernel_is_given_up_and_says_where(judged, kernels, monkeypatch):
    monkeypatch.setattr(judge, "MOST_KERNELS", 2)

    def edit(cells):
        cells[1:1] = [{**own("exit()"), "id": f"own{k}"} for k in range(3)]

    (row,) = judged(edit).rows
    assert row.verdict == "error" and "2 kernels were lost; judging was given up in cell 3" in row.message
    assert len(kernels) == 2


@pytest.mark.parametrize(
    ("source", "told"),
    [
        (answer("return )"), "SyntaxError: unmatched ')' (line 3: `return )`)"),
        ("import nowhere\n" + RIGHT, "ModuleNotFoundError: No module named 'nowhere' (line 1: `import nowhere`)"),
        (RIGHT.replace("(a, b)", "(a, b=c)"), "NameError: name 'c' is not defined (line 2: `def add(a, b=c):`)"),
        ("%%time\n\nx = 1 / 0\n" + RIGHT, "ZeroDivisionError: division by zero (line 3: `x = 1 / 0`)"),
        ("import sys; sys.exit('bye')\n" + RIGHT, "SystemExit: bye (line 1: `import sys; sys.exit('bye')`)"),
        ("%nonsense\n" + RIGHT, "UsageError: Line magic function `%nonsense` not found."),
        ("<<<<<<< HEAD\n" + RIGHT, "SyntaxError: invalid syntax (line 1: `<<<<<<< HEAD`)"),
    ],
)
def test_why_an_answer_was_not_checked_is_told_with_the_line(judged, source, told):
    (row,) = judged(lambda cells: cells[2].update(source=source)).rows
    assert row.verdict == "error"
    assert row.message.startswith(f"The cell raised an error before its answer could be checked: {told}")


def test_an_error_in_a_file_beside_the_notebook_names_its_line(judged, tmp_path):
    (tmp_path / "helper.py").write_text("x = 1\ny = (\n")
    (row,) = judged(lambda cells: cells[2].update(source="import helper\n" + RIGHT)).rows
    assert "SyntaxError: '(' was never closed (line 2 of helper.py: `y = (`)" in row.message


def test_files_beside_the_notebook_are_there_and_the_readers_own_are_not_written(judged, tmp_path):
    (tmp_path / "helper.py").write_text("PLUS = 1\n")
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "table.csv").write_text("1,2\n")
    code = "from helper import PLUS\nassert open('pack/table.csv').read() == '1,2\\n'\n"
    change = "import os\nos.remove('helper.py'); open('helper.py', 'w').write('PLUS = 2')\n"
    found = judged(lambda cells: cells[2].update(source=code + RIGHT + change))
    assert [row.verdict for row in found.rows] == ["pass"] and found.notes == ()
    assert (tmp_path / "helper.py").read_text() == "PLUS = 1\n"


def test_an_answer_without_its_decorator_and_two_in_one_cell_are_judged(judged):
    found = judged(lambda cells: cells[2].update(source=RIGHT.split("\n", 1)[1]))
    assert [row.verdict for row in found.rows] == ["pass"]
    assert 'had lost its line `@exercise("small.add")`' in found.notes[0]


def test_an_answer_that_is_commented_out_is_called_so(judged):
    (row,) = judged(lambda cells: cells[2].update(source="# " + RIGHT.strip().replace("\n", "\n# "))).rows
    assert row.verdict == "error" and "commented out" in row.message


@pytest.mark.parametrize("junk", ["b'garbage'", 'b\'{"exercise": "small.add", "verd\'', "b'\\xff\\x00\\n[]\\n3\\n'"])
def test_a_garbled_report_costs_no_verdict(judged, junk):
    write = f"import os\nopen(os.environ['TUTOR_REPORT'], 'ab').write({junk})\n"
    found = judged(lambda cells: cells[2].update(source=write + RIGHT + write))
    assert [row.verdict for row in found.rows] == ["pass"]


def test_a_report_that_is_gone_is_told(judged):
    (row,) = judged(
        lambda cells: cells[2].update(source=RIGHT + "import os\nos.truncate(os.environ['TUTOR_REPORT'], 20)")
    ).rows
    assert row.verdict == "error" and "its report was damaged" in row.message


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"cell_type": "markdown"}, "It stands in cell 3, a Markdown cell, so it was not run"),
        ({"cell_type": "raw"}, "It stands in cell 3, a raw cell, so it was not run"),
        ({"source": "%%writefile add.py\n" + RIGHT}, "Cell 3 begins with `%%writefile add.py`, so it was not run"),
    ],
)
def test_an_answer_in_a_cell_that_is_not_run_is_told_as_what_it_is(judged, change, told):
    (row,) = judged(lambda cells: cells[2].update({"source": RIGHT, **change})).rows
    assert row.verdict == "error" and row.message.startswith(told)


@pytest.mark.parametrize("note", carry.NOTES)
def test_a_note_of_an_update_does_not_stand_for_the_answer(judged, note):
    (row,) = judged(lambda cells: cells[2].update(source=f"{note}\n\n{RIGHT}", cell_type="raw")).rows
    assert row.verdict == "missing"


def test_an_answer_that_misses_what_a_cell_above_would_have_brought_tells_why(judged, tmp_path):
    (tmp_path / "random.py").write_text("x = 1\n")
    (row,) = judged(lambda cells: cells[2].update(source=RIGHT)).rows
    assert "NameError: name 'exercise' is not defined" in row.message
    assert f"because cell 2, above it, raised ImportError: {tmp_path / 'random.py'} would be imported" in row.message
