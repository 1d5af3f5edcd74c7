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
HANG = 600  # seconds that only a hang takes, on however busy a machine

GREET = """
import os, sys, time
import torch.distributed as dist
dist.init_process_group("gloo")
dist.barrier()
for piece in "process ", dist.get_rank(), " of ", dist.get_world_size(), " ", *sys.argv[1:]:
    print(piece, end="", flush=True)
    time.sleep(0.05)  # the other process writes meanwhile
print(flush=True)
os._exit(0)
"""
DIE_ONCE = """
import os
life = os.environ["TORCHELASTIC_RESTART_COUNT"]
print("process", os.environ["RANK"], "in life", life)
if life == "0":
    raise SystemExit(1)
"""
SLEEP = """
import os, time
from pathlib import Path
Path(f"pid {os.environ['RANK']}").write_text(str(os.getpid()))
time.sleep(100_000)
"""
FAIL = SLEEP.replace(
    "time.sleep",
    """
if os.environ["RANK"] == "1":
    while not Path("pid 0").exists():
        time.sleep(0.1)
    raise ValueError("this was meant")
time.sleep""",
)


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
    assert launch.torchrun(script(GREET), "hello", seconds=HANG) == ["process 0 of 2 hello", "process 1 of 2 hello"]
    assert list((tmp_path / "temporary").iterdir()) == []


def test_the_lines_of_an_earlier_life_come_first(script):
    lines = launch.torchrun("--max-restarts", 1, script(DIE_ONCE), seconds=HANG)
    assert lines[-2:] == ["process 0 in life 1", "process 1 in life 1"]
    assert set(lines[:-2]) <= {"process 0 in life 0", "process 1 in life 0"}  # the second may be ended unheard
    assert len(lines) > 2


def pids(folder):
    """The numbers of the processes that have begun, once both have told them."""
    told = [path.read_text() for path in folder.glob("pid *")]
    return [int(text) for text in told if text]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot ask a process to end, only kill it")
def test_processes_that_take_too_long_are_stopped_with_torchrun_itself(script, tmp_path, monkeypatch):
    communicate = subprocess.Popen.communicate

    def once_both_run(process, timeout=None):
        """The limit begins when both run, however long this machine takes to start them."""
        while timeout and len(pids(tmp_path)) < 2 and process.poll() is None:
            time.sleep(0.1)
        return communicate(process, timeout=timeout)

    monkeypatch.setattr(subprocess.Popen, "communicate", once_both_run)
    with pytest.raises(TutorError, match="had not ended after 2 seconds"):
        launch.torchrun(script(SLEEP), seconds=2)
    assert len(pids(tmp_path)) == 2
    assert not any(map(is_alive, pids(tmp_path)))
    assert list((tmp_path / "temporary").iterdir()) == []


def test_a_wrong_option_is_told_in_torchruns_own_words(script):
    with pytest.raises(TutorError, match="--no-such-option"):
        launch.torchrun("--no-such-option", script(GREET))


def test_when_one_process_fails_its_error_is_told_and_the_others_are_stopped(script, tmp_path):
    with pytest.raises(TutorError, match="did not end well") as caught:
        launch.torchrun(script(FAIL), seconds=HANG)
    first = str(caught.value).splitlines()[0]
    assert "process 1 failed first, with ValueError: this was meant, in line" in first
    assert 'of script.py: `raise ValueError("this was meant")`' in first
    assert len(pids(tmp_path)) == 2
    assert not any(map(is_alive, pids(tmp_path)))


@pytest.mark.skipif(sys.platform == "win32", reason="gloo knows no names of interfaces there")
def test_processes_talk_over_the_loopback_interface():
    show = [sys.executable, "-c", "import os; print(os.environ['GLOO_SOCKET_IFNAME'])"]
    said = subprocess.run(show, env=launch.environment(), capture_output=True, text=True, check=True).stdout
    assert said.startswith("lo")
