"""The training in several processes computes what one process computes, and survives the death of a process."""

import socket
import subprocess
import sys
from types import SimpleNamespace

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from tutor import ddp, launch
from tutor.errors import TutorError
from tutor.networks import fashion_mlp
from tutor.training import load_checkpoint

CPU = torch.device("cpu")
HANG = 600  # seconds that only a hang takes, on however busy a machine


def torchrun(*arguments, restarts=0):
    """Run the script in two processes on this machine; return its lines."""
    return launch.torchrun("--max-restarts", restarts, "-m", "tutor.ddp", *arguments, seconds=HANG)


def weights(path):
    """All weights of a checkpoint in one row."""
    model = fashion_mlp()
    load_checkpoint(path, model)
    return torch.cat([p.detach().flatten() for p in model.parameters()])


@pytest.fixture(scope="module")
def two_processes(tmp_path_factory):
    """The checkpoint of two epochs in two processes, at a rate small enough that rounding stays rounding."""
    path = tmp_path_factory.mktemp("ddp") / "two.pt"
    torchrun("--epochs", 2, "--learning-rate", 1e-3, "--checkpoint", path)
    return path


@pytest.mark.slow
def test_two_processes_end_with_the_weights_of_one(two_processes, tmp_path, monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    ddp.main(["--epochs", "2", "--learning-rate", "1e-3", "--checkpoint", str(tmp_path / "one.pt")])
    torch.testing.assert_close(weights(tmp_path / "one.pt"), weights(two_processes), rtol=0, atol=1e-5)
    torch.manual_seed(0)
    start = torch.cat([p.detach().flatten() for p in fashion_mlp().parameters()])
    assert (weights(two_processes) - start).abs().max() > 1e-3  # it did train


@pytest.mark.slow
def test_a_training_whose_process_is_killed_ends_with_the_identical_weights(two_processes, tmp_path):
    options = ["--epochs", 2, "--learning-rate", 1e-3, "--checkpoint", tmp_path / "killed.pt", "--die-in-epoch", 2]
    lines = torchrun(*options, restarts=1)
    assert "process 1 is killed in the middle of its epoch" in lines
    assert "going on after epoch 1" in lines
    assert torch.equal(weights(tmp_path / "killed.pt"), weights(two_processes))


@pytest.mark.slow
def test_two_machines_end_with_the_weights_of_two_processes_though_they_share_no_folder(two_processes, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    start = [sys.executable, "-m", "torch.distributed.run", "--nnodes", "2", "--nproc-per-node", "1"]
    start += ["--master-addr", "127.0.0.1", "--master-port", str(port), "--local-addr", "127.0.0.1"]
    script = ["-m", "tutor.ddp", "--epochs", "2", "--learning-rate", "1e-3", "--checkpoint", "weights.pt"]
    machines = []
    for rank in ("0", "1"):
        (tmp_path / rank).mkdir()
        command = [*start, "--node-rank", rank, "--log-dir", "logs", *script]
        machines.append(subprocess.Popen(command, cwd=tmp_path / rank, env=launch.environment()))
    assert [machine.wait(HANG) for machine in machines] == [0, 0]
    assert torch.equal(weights(tmp_path / "0" / "weights.pt"), weights(two_processes))
    assert not (tmp_path / "1" / "weights.pt").exists()  # process 0 alone saves


def test_a_batch_that_cannot_be_shared_evenly_is_refused(monkeypatch):
    monkeypatch.setattr(ddp, "place", lambda: (0, 3))
    with pytest.raises(TutorError, match="--batch-size 64 cannot be shared evenly; take a multiple of 3"):
        ddp.train(ddp.parse([]), CPU)


def options(**changed):
    return SimpleNamespace(**{"die_in_epoch": 2, **changed})


def test_nobody_is_killed_in_a_second_life_or_in_another_epoch(monkeypatch):
    monkeypatch.setenv("TORCHELASTIC_RESTART_COUNT", "0")
    assert ddp.dies(options(), 2)
    assert not ddp.dies(options(), 1)
    assert not ddp.dies(options(die_in_epoch=None), 2)
    monkeypatch.setenv("TORCHELASTIC_RESTART_COUNT", "1")
    assert not ddp.dies(options(), 2)


def test_the_mean_loss_weighs_a_small_last_batch_by_its_images():
    torch.manual_seed(0)
    x, y = torch.randn(5, 3), torch.tensor([0, 1, 2, 0, 1])
    model = nn.Linear(3, 3)
    still = torch.optim.SGD(model.parameters(), lr=0.0)
    mean = ddp.train_epoch(model, still, DataLoader(TensorDataset(x, y), batch_size=3), CPU)
    assert mean == pytest.approx(nn.functional.cross_entropy(model(x), y).item())


def test_one_process_goes_on_from_its_checkpoint_with_the_identical_result(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    ddp.main(["--epochs", "2", "--checkpoint", str(tmp_path / "straight")])
    ddp.main(["--epochs", "1", "--checkpoint", str(tmp_path / "parts")])
    ddp.main(["--epochs", "2", "--checkpoint", str(tmp_path / "parts")])
    assert "going on after epoch 1" in capsys.readouterr().out
    assert torch.equal(weights(tmp_path / "parts"), weights(tmp_path / "straight"))


def test_without_a_checkpoint_training_begins_at_the_beginning(tmp_path):
    model = nn.Linear(2, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    assert ddp.resume(None, model, optimizer) == 0
    assert ddp.resume(tmp_path / "not there", model, optimizer) == 0
