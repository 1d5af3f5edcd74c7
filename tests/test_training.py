"""A training that stops at any moment goes on from its last whole checkpoint, with the identical result."""

import itertools
import os
import pickle
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

from tutor import training
from tutor.errors import TutorError

ROOT = Path(__file__).parent.parent


def network(hidden=5):
    return nn.Sequential(nn.Linear(4, hidden), nn.BatchNorm1d(hidden), nn.ReLU(), nn.Dropout(0.2), nn.Linear(hidden, 3))


class Training:
    """A small training with everything that has a state: batch norm, dropout, AdamW, a schedule, a shuffle."""

    def __init__(self, seed=0):
        torch.manual_seed(seed)
        self.x, self.y = torch.randn(24, 4), torch.arange(24) % 3
        self.model = network()
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=0.05)
        self.schedule = torch.optim.lr_scheduler.LambdaLR(self.optimizer, lambda t: 1 - t / 100)

    @property
    def parts(self):
        return self.model, self.optimizer, self.schedule

    def epochs(self, count):
        for _ in range(count):
            for rows in torch.randperm(24).split(7):
                loss = nn.functional.cross_entropy(self.model(self.x[rows]), self.y[rows])
                self.optimizer.zero_grad()
                loss.backward()
                self.optimizer.step()
                self.schedule.step()

    def numbers(self):
        return torch.cat([tensor.flatten().double() for tensor in self.model.state_dict().values()])


def test_a_resumed_training_ends_with_the_identical_numbers(tmp_path):
    straight = Training()
    straight.epochs(5)
    first = Training()
    first.epochs(2)
    training.save_checkpoint(tmp_path / "two", *first.parts, epoch=2)
    second = Training()
    torch.rand(10)  # whatever happens in between
    notes = training.load_checkpoint(tmp_path / "two", *second.parts)
    second.epochs(5 - notes["epoch"])
    assert torch.equal(second.numbers(), straight.numbers())


@pytest.mark.parametrize("left_out", ["optimizer", "random"])
def test_the_test_above_would_notice_a_part_that_is_not_restored(tmp_path, monkeypatch, left_out):
    straight = Training()
    straight.epochs(5)
    first = Training()
    first.epochs(2)
    training.save_checkpoint(tmp_path / "two", *first.parts)
    second = Training()
    torch.rand(10)
    if left_out == "optimizer":
        monkeypatch.setattr(training, "_load_optimizer", lambda *_: None)
    else:
        monkeypatch.setattr(torch, "set_rng_state", lambda _: None)
    training.load_checkpoint(tmp_path / "two", *second.parts)
    second.epochs(3)
    assert not torch.equal(second.numbers(), straight.numbers())


def test_a_finished_model_is_loaded_without_touching_the_random_state(tmp_path):
    trained, fresh = Training(), network()
    trained.epochs(1)
    training.save_checkpoint(tmp_path / "model", trained.model, accuracy=0.75, classes=["a", "b"])
    state = torch.get_rng_state()
    notes = training.load_checkpoint(tmp_path / "model", fresh)
    assert notes == {"accuracy": 0.75, "classes": ["a", "b"]}
    assert torch.equal(torch.get_rng_state(), state)
    for name, tensor in trained.model.state_dict().items():
        assert torch.equal(fresh.state_dict()[name], tensor)


def test_what_is_not_a_number_is_refused_when_it_is_saved(tmp_path):
    with pytest.raises(TutorError, match="a note of yours is something else"):
        training.save_checkpoint(tmp_path / "model", network(), when=Training)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(TutorError, match=r"There is no checkpoint .*model"):
        training.load_checkpoint(tmp_path / "model", network())


def told(path, *parts):
    """The sentence that a load ends with, after making sure that it changed nothing."""
    before = pickle.dumps([part.state_dict() for part in parts])
    with pytest.raises(TutorError) as caught:
        training.load_checkpoint(path, *parts)
    assert pickle.dumps([part.state_dict() for part in parts]) == before
    assert "\n" not in str(caught.value) and str(path) in str(caught.value)
    return str(caught.value)


@pytest.fixture
def saved(tmp_path):
    """A checkpoint after one epoch of training."""
    trained = Training()
    trained.epochs(1)
    training.save_checkpoint(tmp_path / "saved", *trained.parts, epoch=1)
    return tmp_path / "saved"


def test_a_checkpoint_of_another_model_is_told_by_what_differs(saved):
    assert "`0.weight` has the shape (5, 4) there and (6, 4) here" in told(saved, network(6))
    assert "it has no `5.weight`" in told(saved, nn.Sequential(*network(), nn.Linear(3, 3)))
    assert "it has a `4.weight`, which this one does not know" in told(saved, network()[:4])


def test_another_optimiser_or_none_is_told(saved, tmp_path):
    model = network()
    assert "with AdamW as its optimizer, and this one is SGD" in told(saved, model, torch.optim.SGD(model.parameters()))
    groups = torch.optim.AdamW([{"params": model[0].parameters()}, {"params": model[4].parameters()}])
    assert "other parameter groups" in told(saved, model, groups)
    training.save_checkpoint(tmp_path / "finished", model)
    assert "saved without optimizer=" in told(tmp_path / "finished", *Training().parts)


def test_a_file_of_something_else_is_told(tmp_path):
    for name, content in {"text": b"no checkpoint", "empty": b""}.items():
        (tmp_path / name).write_bytes(content)
        assert "damaged or no checkpoint" in told(tmp_path / name, network())
    torch.save(network().state_dict(), tmp_path / "weights")
    assert "no checkpoint that `save_checkpoint` wrote" in told(tmp_path / "weights", network())
    torch.save({"format": training.FORMAT}, tmp_path / "parts missing")
    assert "no checkpoint that `save_checkpoint` wrote" in told(tmp_path / "parts missing", network())
    (tmp_path / "folder").mkdir()
    assert "damaged or no checkpoint" in told(tmp_path / "folder", network())


class Bomb:
    """An object that runs code when it is loaded."""

    def __reduce__(self):
        return os.mkdir, ("exploded",)


def test_code_in_a_file_is_never_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save({"format": training.FORMAT, "model": Bomb()}, tmp_path / "bomb")
    assert "could run code" in told(tmp_path / "bomb", network())
    assert not (tmp_path / "exploded").exists()


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_checkpoint_is_told_and_never_half_loaded(saved, data):
    whole = saved.read_bytes()
    place = data.draw(st.integers(0, len(whole) - 1))
    if data.draw(st.booleans(), label="cut"):
        damaged = whole[:place]
    else:
        flipped = whole[place] ^ data.draw(st.integers(1, 255))
        damaged = whole[:place] + bytes([flipped]) + whole[place + 1 :]
    path = saved.with_name("damaged")
    path.write_bytes(damaged)
    fresh, right = Training(seed=1), Training()
    training.load_checkpoint(saved, *right.parts)
    before = fresh.numbers()
    try:
        training.load_checkpoint(path, *fresh.parts)
    except TutorError:
        assert torch.equal(fresh.numbers(), before)
    else:
        assert torch.equal(fresh.numbers(), right.numbers())


def killed_while_saving(path, moment):
    """Run a process that saves a checkpoint of threes over `path` and is killed at a moment of it."""
    program = f"""
        import os, signal, pathlib, torch
        from torch import nn
        from tutor import training
        def die(*arguments):
            os.kill(os.getpid(), signal.SIGKILL)
        model = nn.Linear(4, 3)
        nn.init.constant_(model.weight, 3.0)
        {moment}
        training.save_checkpoint({str(path)!r}, model, epoch=3)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True)
    assert done.returncode == -9, done.stderr


HALF_WRITTEN = "training.os.fsync = lambda number: (os.ftruncate(number, 500), die())"
BEFORE_THE_RENAME = "pathlib.Path.replace = die"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("moment", [HALF_WRITTEN, BEFORE_THE_RENAME], ids=["half written", "before the rename"])
def test_a_save_that_is_killed_leaves_the_last_whole_checkpoint(tmp_path, moment):
    path, model = tmp_path / "model", nn.Linear(4, 3)
    training.save_checkpoint(path, model, epoch=2)
    killed_while_saving(path, moment)
    loaded = nn.Linear(4, 3)
    assert training.load_checkpoint(path, loaded) == {"epoch": 2}
    assert torch.equal(loaded.weight, model.weight)
    training.save_checkpoint(path, model, epoch=4)  # and what it left behind is in nobody's way
    assert training.load_checkpoint(path, loaded) == {"epoch": 4}


def test_a_full_disk_is_told_and_leaves_the_last_whole_checkpoint(tmp_path, monkeypatch):
    path = tmp_path / "model"
    training.save_checkpoint(path, network(), epoch=2)

    def full(number):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(training.os, "fsync", full)
    with pytest.raises(TutorError, match=r"could not be saved \(No space left on device\); what stood there before"):
        training.save_checkpoint(path, network(), epoch=3)
    assert training.load_checkpoint(path, network()) == {"epoch": 2}
    assert [p.name for p in tmp_path.iterdir()] == ["model"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of a file")
def test_a_write_that_the_system_refuses_is_told_and_leaves_the_last_whole_checkpoint(tmp_path):
    path = tmp_path / "model"
    training.save_checkpoint(path, nn.Linear(4, 3), epoch=2)
    program = f"""
        import resource
        from torch import nn
        from tutor import training
        resource.setrlimit(resource.RLIMIT_FSIZE, (500, 500))
        training.save_checkpoint({str(path)!r}, nn.Linear(4, 3), epoch=3)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=False)
    assert "TutorError: The checkpoint" in done.stderr and "(File too large)" in done.stderr
    assert training.load_checkpoint(path, nn.Linear(4, 3)) == {"epoch": 2}
    assert [p.name for p in tmp_path.iterdir()] == ["model"]


def interrupted_at(line_number, action):
    """Interrupt an action, as Ctrl-C does, at the given one of its lines in `training`; say whether it has so many."""
    lines, before = itertools.count(), signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may ignore it

    def trace(frame, event, argument):
        if frame.f_code.co_filename == training.__file__ and event == "line" and next(lines) == line_number:
            signal.raise_signal(signal.SIGINT)
        return trace

    sys.settrace(trace)
    try:
        action()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(None)
        signal.signal(signal.SIGINT, before)
    return False


def test_an_interrupt_at_any_line_of_a_save_leaves_a_whole_checkpoint(tmp_path):
    path, old, new, loaded = tmp_path / "model", nn.Linear(4, 3), nn.Linear(4, 3), nn.Linear(4, 3)
    seen = []
    for line in itertools.count():
        training.save_checkpoint(path, old, epoch=2)
        if not interrupted_at(line, lambda: training.save_checkpoint(path, new, epoch=3)):
            break
        epoch = training.load_checkpoint(path, loaded)["epoch"]
        assert torch.equal(loaded.weight, (old if epoch == 2 else new).weight)
        seen.append(epoch)
    assert seen == sorted(seen) and set(seen) == {2, 3}  # the old one up to the rename, the new one from there


GOES_ON = """
    import signal, sys
    signal.signal(signal.SIGINT, signal.default_int_handler)  # what a shell starts in the background ignores it
    from pathlib import Path
    from tests.test_training import Training
    from tutor import training
    path = Path(sys.argv[1])
    work, done = Training(), 0
    if path.exists():
        done = training.load_checkpoint(path, *work.parts)["epoch"]
    while done < 60:
        work.epochs(1)
        done += 1
        training.save_checkpoint(path, *work.parts, epoch=done)
        print(done, flush=True)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
def test_a_training_interrupted_and_then_killed_ends_with_the_identical_numbers(tmp_path):
    path, straight = tmp_path / "model", Training()
    straight.epochs(60)
    command = [sys.executable, "-c", textwrap.dedent(GOES_ON), str(path)]
    for stop, lines in ((signal.SIGINT, 13), (signal.SIGKILL, 21)):  # it meets whatever is under way, a save or a step
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT) as process:
            for _ in range(lines):
                assert process.stdout.readline()
            process.send_signal(stop)
            process.communicate()
            assert process.returncode != 0
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
    resumed = Training()
    assert training.load_checkpoint(path, *resumed.parts) == {"epoch": 60}
    assert torch.equal(resumed.numbers(), straight.numbers())


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(TutorError, match=r"could not be saved \(No such file or directory\)"):
        training.save_checkpoint(tmp_path / "nowhere" / "model", network())
