"""The commands: what they print, and one sentence for bad input."""

import csv
import io
import json
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from tutor import environment
from tutor.cli import _first, main
from tutor.errors import TutorError
from tutor.lessons.registry import find_lesson, series
from tutor.store import Progress


def tutor(*arguments):
    return CliRunner().invoke(main, list(map(str, arguments)))


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    "command", ["lab", "start", "run", "check", "progress", "reset", "doctor", "build", "data", "quality", "new"]
)
def test_every_command_explains_itself(command):
    shown = tutor(command, "--help")
    assert shown.exit_code == 0 and "Usage:" in shown.output


def test_start_copies_every_notebook_into_the_folder():
    shown = tutor("start", "mine")
    assert shown.exit_code == 0
    started = {path.relative_to("mine").as_posix() for path in Path("mine").rglob("*.ipynb")}
    assert started == {lesson.filename for lesson in series()}
    assert tutor("start", "mine").output == "mine is up to date.\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("run", "numpy_backprob"), 'Did you mean "numpy_backprop"?'),
        (("reset", "nowhere"), 'There is no lesson "nowhere"'),
        (("reset", "numpy_backprop", "relu"), 'no exercise "relu"'),
        (("reset", "numpy_backprop", "polynomial"), "There is no notebook"),
        (("check",), "run `tutor start` first"),
        (("check", "gone.ipynb"), "There is no notebook gone.ipynb"),
        (("build", "--solved"), "name another folder"),
    ],
)
def test_bad_input_gets_one_sentence_and_a_failing_status(arguments, sentence):
    shown = tutor(*arguments)
    assert shown.exit_code == 1
    assert sentence in shown.output and "Traceback" not in shown.output
    assert len(shown.output.strip().split("\n")) == 1


def test_debug_shows_the_traceback():
    shown = CliRunner().invoke(main, ["--debug", "reset", "nowhere"])
    assert type(shown.exception).__name__ == "LessonError"


def test_a_port_in_use_is_told_before_anything_starts():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        shown = tutor("lab", "--port", port)
    assert shown.exit_code == 1 and f"Port {port} is in use" in shown.output
    assert not Path("work").exists()


def test_without_torch_the_mend_is_told(monkeypatch):
    found = __import__("importlib").util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name, *a: None if name == "torch" else found(name, *a))
    shown = tutor("lab")
    assert shown.exit_code == 1 and "PyTorch is not installed here: run `make lab`" in shown.output


def test_an_old_python_is_told_in_one_sentence():
    code = "import sys; sys.version_info = (3, 9, 1, 'final', 0); import tutor"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode != 0
    assert done.stderr.strip() == "tutor needs Python 3.11 or newer; this is Python 3.9."


def test_progress_lists_every_lesson():
    Progress().record("start_here.chance", "pass")
    shown = tutor("progress").output
    assert "1 of 3" in shown and all(lesson.name in shown for lesson in series())


def test_copies_that_were_started_here_are_the_ones_that_are_meant():
    tutor("start", ".")
    path = Path("01_numpy_backprop.ipynb")
    shipped = path.read_text(encoding="utf-8")
    path.write_text(shipped.replace("### ", "#### ", 1), encoding="utf-8")
    assert tutor("reset", "01").exit_code == 0
    assert path.read_text(encoding="utf-8") == shipped
    assert not Path("work").exists()


@pytest.mark.parametrize("here", [".", "afternoon"])
def test_copies_on_a_shelf_are_found_from_beside_it_and_from_within(here, monkeypatch):
    tutor("start", ".")
    for path in Path().glob("[0-9]*.ipynb"):
        path.unlink()
    path = Path("afternoon/2_network_and_training.ipynb").resolve()
    shipped = path.read_text(encoding="utf-8")
    path.write_text(shipped.replace("### ", "#### ", 1).replace("## ", "### ", 1), encoding="utf-8")
    monkeypatch.chdir(here)
    shown = tutor("reset", "A2")
    assert shown.exit_code == 0 and path.read_text(encoding="utf-8") == shipped, shown.output
    assert not Path("work").exists()


def test_a_reader_begins_with_the_afternoon_and_goes_on_in_the_series_that_he_has_begun(tmp_path):
    tutor("start", tmp_path)
    assert _first(tmp_path) == "afternoon/1_tensors_and_gradients.ipynb"
    Progress().record("numpy_backprop.polynomial", "wrong")
    assert _first(tmp_path) == "00_start_here.ipynb"
    assert _first(tmp_path / "nowhere") == ""


def test_an_empty_folder_to_judge_is_named():
    Path("class").mkdir()
    shown = tutor("check", "class")
    assert shown.exit_code == 1 and f"There is no notebook in {Path('class').resolve()}" in shown.output


def test_a_folder_of_lessons_is_told_from_a_lesson(use_lessons, tmp_path):
    told = f"TUTOR_LESSONS names {tmp_path}, which has no lesson.py"
    with pytest.raises(TutorError, match=re.escape(told)):
        use_lessons(tmp_path)
    assert told in tutor("start", "mine").output


def test_reset_restores_and_forgets():
    tutor("start")
    Progress().record("numpy_backprop.polynomial", "pass")
    shown = tutor("reset", "numpy_backprop", "polynomial")
    assert shown.exit_code == 0 and "is to do again" in shown.output
    assert Progress().read() == {}


@pytest.mark.slow
def test_check_passes_over_what_macos_puts_beside_a_notebook(make_lesson, tmp_path):
    from tutor.builder import notebooks

    lesson = make_lesson()
    place = tmp_path / "class"
    place.mkdir()
    (place / lesson.filename).write_bytes(notebooks.as_bytes(notebooks.student(lesson)))
    (place / f"._{lesson.filename}").write_bytes(b"\x00\x05\x16\x07\x00\x02\xff")
    shown = tutor("check", place, "--csv")
    assert shown.exit_code == 0 and "._" not in shown.output and "small.add,todo" in shown.output


def test_lab_starts_beside_a_file_called_like_a_module(monkeypatch, tmp_path):
    """JupyterLab imported a reader's own logging.py, in the folder that it was started in, and ended."""
    started = []
    monkeypatch.setattr("os.execve", lambda path, command, environment: started.append((command, environment)))
    monkeypatch.setattr("subprocess.run", lambda command, **more: started.append((command, more["env"])) or SystemExit)
    Path("logging.py").write_text("raise SystemExit('mine')")
    tutor("lab", "--no-browser")
    command, environment = started[0]
    monkeypatch.undo()
    version = [*command[: command.index("jupyterlab") + 1], "--version"]
    done = subprocess.run(version, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("version", "warns"), [("2.4.0", True), ("2.9.1+cpu", True), ("2.10.0", False), ("3.0", False)]
)
def test_doctor_warns_of_a_torch_whose_load_has_known_holes(monkeypatch, version, warns):
    monkeypatch.setattr("importlib.metadata.version", lambda name: version)
    row = environment.torch_version()
    assert row.state == ("note" if warns else "ok")
    assert ("CVE-2026-24747" in row.mend) == warns


def test_doctor_finds_this_machine_healthy_and_a_rival_not(monkeypatch, tmp_path):
    assert tutor("doctor").exit_code == 0
    (tmp_path / "tutor.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    shown = tutor("doctor")
    assert shown.exit_code == 1 and "other tutor" in shown.output and "Rename it" in shown.output


def test_the_command_itself_is_no_rival():
    command = Path(sys.executable).with_name("tutor")
    if not command.exists():
        pytest.skip("tutor is not installed as a command in this environment")
    done = subprocess.run([command, "doctor"], capture_output=True, text=True)
    assert "none in the way" in done.stdout, done.stdout


def test_build_check_fails_where_a_build_would_change_something():
    tutor("build", "here")
    assert tutor("build", "here", "--check").exit_code == 0
    Path("here", "README.md").write_text("old")
    shown = tutor("build", "here", "--check")
    assert shown.exit_code == 1 and "README.md in here is not what the lessons say" in shown.output


@pytest.mark.slow
def test_check_notes_progress_for_your_own_notebooks_and_gives_teachers_tables():
    tutor("start")
    for path in Path("work").rglob("*.ipynb"):
        if not path.name.startswith("01"):
            path.unlink()
    path = Path("work/01_numpy_backprop.ipynb")
    path.write_text(path.read_text(encoding="utf-8").replace("shape = ...", "shape = (1000, 100)"), encoding="utf-8")
    rows = list(csv.DictReader(io.StringIO(tutor("check", path, "--csv").output)))
    assert {r["exercise"]: r["verdict"] for r in rows}["numpy_backprop.predict_shape"] == "pass"
    assert Progress().read() == {}, "somebody else's notebook is not your progress"
    (found,) = json.loads(tutor("check", "--json").output)
    assert len(found["rows"]) == len(find_lesson("numpy_backprop").exercises)
    assert Progress().read()["numpy_backprop.predict_shape"]["verdict"] == "pass"


@pytest.mark.slow
def test_one_bad_notebook_does_not_stop_the_others():
    tutor("start")
    Path("work/00_start_here.ipynb").write_text("{")
    shown = tutor("check", "work/00_start_here.ipynb", "work/01_numpy_backprop.ipynb")
    assert shown.exit_code == 1
    assert "not a valid notebook" in shown.output and "todo      numpy_backprop.polynomial" in shown.output


def test_a_notebook_that_cannot_be_read_has_its_row_in_a_teachers_table():
    Path("torn.ipynb").write_text("{")
    shown = tutor("check", "torn.ipynb", "--csv")
    (row,) = csv.DictReader(io.StringIO(shown.output[shown.output.index("notebook,exercise") :]))  # below the error
    assert (row["notebook"], row["verdict"], row["exercise"]) == ("torn.ipynb", "unreadable", "")
    assert "not a valid notebook" in row["message"] and shown.exit_code == 1
    shown = tutor("check", "torn.ipynb", "--json")
    (found,) = json.loads(shown.output[shown.output.index("[\n") :])
    assert found["rows"][0]["verdict"] == "unreadable"


def test_two_kinds_of_table_at_once_are_refused():
    assert "choose one of them" in tutor("check", "--json", "--csv").output


def test_every_bad_file_costs_one_row_and_an_empty_folder_too():
    Path("class/x.ipynb").mkdir(parents=True)
    Path("class/._01_first.ipynb").write_bytes(b"\x00\x05\x16\x07")  # what macOS puts beside a file in an archive
    for name, content in {"empty": b"", "torn": b"{", "conflict": b"{\n<<<<<<< HEAD\n", "list": b"[]"}.items():
        Path(f"class/{name}.ipynb").write_bytes(content)
    Path("nobody").mkdir()
    shown = tutor("check", "class", "nobody", "gone.ipynb")
    assert shown.exit_code == 1
    lines = shown.output.strip().split("\n")
    assert len(lines) == 7 and all(line.startswith("unreadable  ") for line in lines), shown.output
    assert "holds git's conflict marks (`<<<<<<<` in line 2)" in lines[0] and "There is no notebook in" in lines[5]


def test_a_notebook_that_fails_the_judge_itself_costs_one_row(monkeypatch):
    def fail(path, **more):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tutor.builder.judge.judge", fail)
    shown = tutor("check", "a.ipynb", "b.ipynb")
    assert shown.exit_code == 1 and shown.output.count("could not be judged (OSError") == 2
    assert isinstance(CliRunner().invoke(main, ["--debug", "check", "a.ipynb"]).exception, OSError)
