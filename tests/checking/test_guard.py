"""The guard: nothing an answer does may harm the notebook."""

import contextlib
import inspect
import itertools
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from pathlib import Path

import numpy as np
import pytest
import torch

from tutor.checking import fence, guard
from tutor.checking.guard import FLOOD, KEPT_OUTPUT, OutputFlood, TooSlow, call, clock, plain_torch


def forever():
    while True:
        pass


def forever_in_torch():
    x = torch.ones(50, 50)
    while True:
        x = x @ x * 0


def swallow_once():
    with contextlib.suppress(BaseException):
        forever()
    forever()


@pytest.mark.parametrize("loop", [forever, forever_in_torch, lambda: time.sleep(60), swallow_once])
def test_a_loop_is_stopped_at_the_limit(loop):
    started = clock()
    outcome = call(loop, seconds=0.3)
    assert isinstance(outcome.error, TooSlow)
    assert clock() - started < 2  # the guard's own clock: waiting for a core aside


def test_a_loop_outside_the_main_thread_is_stopped_too():
    found = []
    thread = threading.Thread(target=lambda: found.append(call(forever, seconds=0.3)))
    thread.start()
    thread.join(120)
    assert found and found[0].slow


@pytest.fixture
def one_busy_core():
    """This thread and what it starts have one core, and share it with seven others that want all of it.

    So many that an answer may take three times its time besides waiting, as it does where the memory is slow, too.
    """
    if not Path("/proc/thread-self/schedstat").exists():
        pytest.skip("only Linux tells who waits for a core")
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})  # the others inherit it
    others = [
        subprocess.Popen([sys.executable, "-c", "print(flush=True)\nwhile True: pass"], stdout=-1) for _ in "1234567"
    ]
    try:
        for other in others:
            other.stdout.readline()
        yield
    finally:
        for other in others:
            other.kill()
            other.communicate()
        os.sched_setaffinity(0, cores)


def work(seconds):
    """Compute for so long, however long that takes."""
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


def test_waiting_for_a_core_does_not_count(one_busy_core):
    outcome = call(work, 0.6, seconds=2.0)
    assert outcome.seconds > 2.0, "the machine was not busy enough to tell"
    assert outcome.error is None


def test_waiting_for_a_core_does_not_count_outside_the_main_thread_either(one_busy_core):
    found = []
    thread = threading.Thread(target=lambda: found.append(call(work, 0.6, seconds=2.0)))
    thread.start()
    thread.join(120)
    assert found[0].seconds > 2.0, "the machine was not busy enough to tell"
    assert found[0].error is None


def test_an_answer_that_waits_for_a_core_does_not_get_a_runners_process_ended(one_busy_core, tmp_path):
    code = f"""
import time
import traceback
from tutor.checking import fence, guard
{inspect.getsource(work)}
guard.GRACE = 1.0
outcome = guard.call(work, 0.6, seconds=2.0)
assert outcome.seconds > 3.0, "the machine was not busy enough to tell"
assert outcome.error is None
"""
    environment = {**os.environ, "TUTOR_KILLED": str(tmp_path / "killed.txt")}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr or (tmp_path / "killed.txt").read_text()


def test_no_alarm_is_left_behind():
    call(lambda: None, seconds=0.1)
    time.sleep(0.3)


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(1), KeyboardInterrupt(), GeneratorExit()])
def test_whatever_is_raised_is_caught(error):
    def raising():
        raise error

    assert call(raising).error is error


def test_prints_are_kept_to_a_readable_length():
    assert call(lambda: print("hello")).printed == "hello"
    assert len(call(lambda: print("x" * 10_000)).printed) < KEPT_OUTPUT + 100


def test_an_output_flood_is_stopped():
    def flood():
        while True:
            print("y" * 1000)

    outcome = call(flood, seconds=5)
    assert isinstance(outcome.error, OutputFlood)
    assert f"{FLOOD:,}" in str(outcome.error)


def test_random_states_are_as_they_were():
    random.seed(1), np.random.seed(1), torch.manual_seed(1)
    call(lambda: (random.random(), np.random.rand(3), torch.rand(3)))
    after = random.random(), np.random.rand(), torch.rand(1).item()
    random.seed(1), np.random.seed(1), torch.manual_seed(1)
    assert after == (random.random(), np.random.rand(), torch.rand(1).item())


def test_randomness_inside_is_the_same_every_time():
    assert call(lambda: torch.rand(1).item(), seed=3).value == call(lambda: torch.rand(1).item(), seed=3).value


def test_a_changed_default_dtype_is_told_and_mended():
    outcome = call(lambda: torch.set_default_dtype(torch.float64))
    assert torch.get_default_dtype() == torch.float32
    assert "default dtype" in outcome.harm[0]


def test_a_changed_grad_mode_is_told_and_mended():
    outcome = call(lambda: torch.set_grad_enabled(False))
    assert torch.is_grad_enabled()
    assert "grad mode" in outcome.harm[0]


def test_an_answer_is_judged_with_gradients_on_even_under_no_grad():
    with torch.no_grad():
        assert call(torch.is_grad_enabled).value is True
        assert not torch.is_grad_enabled()


def test_an_answer_may_use_and_remove_temporary_folders():
    def uses_files():
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "inner").mkdir()
            (Path(folder) / "inner" / "file.txt").write_text("x")
        return Path(folder).exists()

    assert call(uses_files).value is False


def test_an_answer_may_not_remove_what_is_in_the_working_folder(monkeypatch, tmp_path):
    (tmp_path / "mine.txt").write_text("x")
    monkeypatch.chdir(tmp_path)
    for path in ("mine.txt", tmp_path / "mine.txt"):
        assert "tried to delete" in str(call(lambda p=path: Path(p).unlink()).error)
    assert (tmp_path / "mine.txt").exists()


def test_an_answer_may_not_remove_what_is_elsewhere(tmp_path):
    outcome = call(lambda: Path("/a-folder-that-does-not-exist/file.txt").unlink())
    assert "tried to delete" in str(outcome.error)


def defaults():
    with torch.device("meta"):
        yield
    with torch.autocast("cpu"):
        yield
    torch.set_default_dtype(torch.float16)
    try:
        yield
    finally:
        torch.set_default_dtype(torch.float32)


def test_what_a_notebook_has_set_in_torch_decides_no_verdict():
    """A default device (here the one that every machine has), autocast, a default dtype; each failed right answers."""
    from tutor import exercises

    for _ in defaults():
        for identifier in ("nn.linear", "autograd.jacobian", "nn.two_layer_net"):
            known = exercises[identifier]
            report = known.check(known.reference)
            assert report.verdict == "pass", (identifier, report.message)


def test_what_a_notebook_has_set_in_torch_stays_set():
    for _ in defaults():
        before = torch.get_default_device(), torch.get_default_dtype(), torch.is_autocast_enabled("cpu")
        with plain_torch():
            assert torch.ones(2).device.type == "cpu" and (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == torch.float32
        assert (torch.get_default_device(), torch.get_default_dtype(), torch.is_autocast_enabled("cpu")) == before


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="only POSIX systems have an alarm")
def test_an_alarm_that_rings_while_it_is_taken_down_is_taken_down_all_the_same(monkeypatch):
    """It rang once in about 700 calls that ended just at their limit, and went on to stop whatever ran next."""
    set_timer, taken_down = signal.setitimer, []

    def ringing(which, seconds, interval=0.0):
        if not seconds:
            taken_down.append(True)
            signal.raise_signal(signal.SIGALRM)
        return set_timer(which, seconds, interval)

    before = signal.getsignal(signal.SIGALRM)
    monkeypatch.setattr(guard, "clock", itertools.count(0, 100).__next__)
    monkeypatch.setattr(signal, "setitimer", ringing)
    assert guard.call(lambda: 3).value == 3 and taken_down
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0) and signal.getsignal(signal.SIGALRM) is before


def test_a_helper_that_is_trusted_may_start_a_process_and_the_answer_around_it_may_not():
    command = [sys.executable, "-c", "print(1)"]

    def helped():
        with fence.trusted():
            subprocess.run(command, check=True, capture_output=True)
        subprocess.run(command, check=True, capture_output=True)

    outcome = guard.call(helped)
    assert isinstance(outcome.error, fence.Forbidden)
    line = next(f.lineno for f in traceback.extract_tb(outcome.error.__traceback__) if f.name == "helped")
    assert line == helped.__code__.co_firstlineno + 3
