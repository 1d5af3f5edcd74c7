"""Notebooks run with the interpreter that judges them, whatever kernel `python3` a reader's home holds."""

import json
import sys

import pytest

from tutor.builder import execute, judge, kernel, lanes, notebooks, write

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def another_python3(monkeypatch, tmp_path):
    """A kernel of the same name in the reader's home, which would be taken before ours, and ends at once."""
    folder = tmp_path / "share" / "kernels" / "python3"
    folder.mkdir(parents=True)
    spec = {"argv": [sys.executable, "-c", "raise SystemExit(1)", "{connection_file}"], "display_name": "Python 3"}
    (folder / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "share"))
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "0")


@pytest.fixture(autouse=True)
def startup_files(monkeypatch, tmp_path):
    """Settings of IPython in the home of whoever judges, and of pytest in his environment, that would break a run."""
    startup = tmp_path / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "00.py").write_text("import sys; sys.modules['numpy'] = None")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("PYTEST_ADDOPTS", "--no-such-option")


def test_a_kernel_is_started_with_the_interpreter_that_runs_this():
    assert kernel.OwnKernelManager(kernel_name="python3").format_kernel_cmd()[0] == sys.executable


@pytest.mark.parametrize("lost", [1, kernel.STARTS])
def test_a_kernel_that_dies_before_it_replies_is_started_anew(lost, make_lesson, tmp_path, monkeypatch):
    """As one does whose port another program took a moment before."""
    ours, started = kernel.OwnKernelManager.format_kernel_cmd, []

    def command(self, *arguments, **options):
        started.append(self)
        dies = [sys.executable, "-c", "raise SystemExit(1)"]
        return dies if len(started) <= lost else ours(self, *arguments, **options)

    monkeypatch.setattr(kernel.OwnKernelManager, "format_kernel_cmd", command)
    lesson = make_lesson()
    path = tmp_path / lesson.filename
    path.write_bytes(notebooks.as_bytes(notebooks.solved(lesson)))
    if lost < kernel.STARTS:
        assert [row.verdict for row in judge.judge(path).rows] == ["pass"] and len(started) == lost + 1
    else:
        with pytest.raises(RuntimeError, match="died"):
            judge.judge(path)
        assert len(started) == kernel.STARTS


def test_a_reader_is_judged(make_lesson, tmp_path):
    lesson = make_lesson()
    path = tmp_path / lesson.filename
    path.write_bytes(notebooks.as_bytes(notebooks.solved(lesson)).replace(b'"name": "python3"', b'"name": "gone"'))
    assert [row.verdict for row in judge.judge(path).rows] == ["pass"]


def test_the_site_is_executed_and_outputs_are_recorded(make_lesson, tmp_path):
    lesson = make_lesson()
    made = execute.executed({lesson.filename: notebooks.student(lesson)}, {}, tmp_path / "cache", 1, print)
    assert "the sum is 3" in json.dumps(made)
    assert "the sum is 3" in write.record(lesson).read_text(encoding="utf-8")


def test_the_lanes_run(make_lesson, capfd):
    assert lanes.run([make_lesson()], jobs=1, solved=True) == 0, capfd.readouterr().out
