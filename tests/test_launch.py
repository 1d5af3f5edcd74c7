"""Processes that are started from a notebook say what they have to say, end in time, and leave nothing behind."""

import os
import subprocess
import sys
import tempfile
import time

import pytest

from tutor import launch
from tutor.errors import TutorError

pytestmark = pytest.mark.slow

GREET = """
import os, sys
import torch.distributed as dist
dist.init_process_group("gloo")
print("process", dist.get_rank(), "of", dist.get_world_size(), *sys.argv[1:])
sys.stdout.flush()
os._exit(0)
"""
SLEEP = """
import os, time
from pathlib import Path
Path(f"pid {os.environ['RANK']}").write_text(str(os.getpid()))
time.sleep(600)
"""
FAIL = """
import os, time
if os.environ["RANK"] == "1":
    raise ValueError("this was meant")
time.sleep(600)
"""


@pytest.fixture
def script(tmp_path, monkeypatch):
    """Write a script into a folder of its own, which is also where processes run and where temporary files lie."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.setattr(tempfile, "tempdir", None)

    def write(text):
        (tmp_path / "script.py").write_text(text)
        return tmp_path / "script.py"

    return write


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_the_lines_of_all_processes_come_back_and_no_temporary_file_stays(script, tmp_path):
    assert sorted(launch.torchrun(script(GREET), "hello")) == ["process 0 of 2 hello", "process 1 of 2 hello"]
    assert list((tmp_path / "temporary").iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot ask a process to end, only kill it")
def test_processes_that_take_too_long_are_stopped_with_torchrun_itself(script, tmp_path):
    with pytest.raises(TutorError, match="had not ended after 30 seconds"):
        launch.torchrun(script(SLEEP), seconds=30)
    pids = [int(path.read_text()) for path in tmp_path.glob("pid *")]
    assert len(pids) == 2
    assert not any(map(is_alive, pids))
    assert list((tmp_path / "temporary").iterdir()) == []


def test_when_one_process_fails_its_error_is_told_and_the_others_are_stopped(script):
    started = time.monotonic()
    with pytest.raises(TutorError, match="did not end well") as caught:
        launch.torchrun(script(FAIL))
    assert "this was meant" in str(caught.value)
    assert time.monotonic() - started < 90


def test_an_unbuffered_environment_does_not_split_the_lines_of_processes(monkeypatch):
    monkeypatch.setenv("PYTHONUNBUFFERED", "1")
    assert "PYTHONUNBUFFERED" not in launch.environment()


@pytest.mark.skipif(sys.platform == "win32", reason="gloo knows no names of interfaces there")
def test_processes_talk_over_the_loopback_interface():
    show = [sys.executable, "-c", "import os; print(os.environ['GLOO_SOCKET_IFNAME'])"]
    said = subprocess.run(show, env=launch.environment(), capture_output=True, text=True, check=True).stdout
    assert said.startswith("lo")
