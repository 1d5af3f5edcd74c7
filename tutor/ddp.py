"""Train the FashionMNIST network in one process or in many, on one machine or on several; this file does not change.

One process, two on this machine, and two on each of two machines::

    python -m tutor.ddp
    torchrun --standalone --nproc-per-node 2 -m tutor.ddp
    torchrun --nnodes 2 --node-rank 0 --nproc-per-node 2 --master-addr first.machine --master-port 29500 -m tutor.ddp
    torchrun --nnodes 2 --node-rank 1 --nproc-per-node 2 --master-addr first.machine --master-port 29500 -m tutor.ddp

The last two are typed on one machine each. torchrun tells every process its number in environment variables; that is
all that differs. With `--max-restarts 3` before the `-m`, torchrun starts all processes anew when one has died, and
they go on from the checkpoint.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, DistributedSampler, TensorDataset

from tutor.data import load_tensors, sample_folder
from tutor.errors import TutorError
from tutor.networks import fashion_mlp
from tutor.training import load_checkpoint, save_checkpoint


def main(arguments: Sequence[str] | None = None) -> None:
    """Train as the command line asks, and tidy up."""
    options = parse(arguments)
    device = join()
    try:
        train(options, device)
    finally:
        if dist.is_initialized():
            dist.destroy_process_group()


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Train the 784-512-512-10 network on FashionMNIST.")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--batch-size", type=int, default=64, help="images in a step, all processes together")
    parser.add_argument("--learning-rate", type=float, default=0.05)
    parser.add_argument("--data", type=Path, default=sample_folder(), help="a folder with the whole data set")
    parser.add_argument("--checkpoint", type=Path, help="saved here after every epoch; if it exists, training goes on")
    parser.add_argument("--die-in-epoch", type=int, help="the last process kills itself there once, to try the restart")
    return parser.parse_args(arguments)


def join() -> torch.device:
    """Join the other processes, if torchrun started this one; return the device to work on.

    NCCL, the library for NVIDIA cards, wants a card for each process of the machine; gloo works everywhere.
    """
    local_rank, local_count = int(os.environ.get("LOCAL_RANK", 0)), int(os.environ.get("LOCAL_WORLD_SIZE", 1))
    on_cuda = torch.cuda.device_count() >= local_count
    if on_cuda:
        torch.cuda.set_device(local_rank)
    if dist.is_torchelastic_launched():
        store, rank, count = next(dist.rendezvous("env://"))  # the board on which processes leave their addresses
        # torchrun keeps the board when it starts all anew; without a page of their own they would call the dead
        page = dist.PrefixStore(f"life {os.environ['TORCHELASTIC_RESTART_COUNT']}", store)
        backend = "nccl" if on_cuda else "gloo"
        dist.init_process_group(backend, store=page, rank=rank, world_size=count, timeout=timedelta(minutes=5))
    return torch.device("cuda", local_rank) if on_cuda else torch.device("cpu")


def place() -> tuple[int, int]:
    """Return this process's number and how many there are: 0 and 1 where torchrun did not start it."""
    return (dist.get_rank(), dist.get_world_size()) if dist.is_initialized() else (0, 1)


def train(options: argparse.Namespace, device: torch.device) -> None:
    """Train for all epochs that the checkpoint has not seen; process 0 prints, and saves after each."""
    rank, count = place()
    if options.batch_size % count:  # the mean of the shares' gradients is that of the batch if they are equally large
        raise TutorError(f"--batch-size {options.batch_size} cannot be shared evenly; take a multiple of {count}.")
    torch.manual_seed(0)
    model = fashion_mlp().to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=options.learning_rate, momentum=0.9)
    done = resume(options.checkpoint, model, optimizer)
    parallel = DistributedDataParallel(model) if count > 1 else model

    dataset = TensorDataset(*load_tensors(train=True, root=options.data))
    sampler = DistributedSampler(dataset, num_replicas=count, rank=rank, shuffle=True, seed=0)
    loader = DataLoader(dataset, batch_size=options.batch_size // count, sampler=sampler)

    for epoch in range(done + 1, options.epochs + 1):
        sampler.set_epoch(epoch)  # another shuffle in each epoch, the same one in every process
        loss = train_epoch(parallel, optimizer, loader, device, dies=dies(options, epoch))
        if rank == 0:
            print(f"epoch {epoch} of {options.epochs}, {count} process(es): mean loss {loss:.4f}", flush=True)
            if options.checkpoint:
                save_checkpoint(options.checkpoint, model, optimizer, epoch=epoch)


def train_epoch(
    model: nn.Module, optimizer: torch.optim.Optimizer, loader: DataLoader, device: torch.device, dies: bool = False
) -> float:
    """Go through this process's share of the data once; return the mean loss over all processes."""
    total = torch.zeros(2, device=device)  # the sum of the losses, and how many images
    for step, (x, y) in enumerate(loader):
        if dies and step == len(loader) // 2:
            print(f"process {place()[0]} is killed in the middle of its epoch", flush=True)
            os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))  # Windows has no SIGKILL
        x, y = x.to(device), y.to(device)
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()  # under DistributedDataParallel this also averages the gradients over all processes
        optimizer.step()
        total += torch.stack([loss.detach() * len(y), torch.tensor(float(len(y)), device=device)])
    if dist.is_initialized():
        dist.all_reduce(total)
    return (total[0] / total[1]).item()


def resume(path: Path | None, model: nn.Module, optimizer: torch.optim.Optimizer) -> int:
    """Load the checkpoint, if there is one, in every process; return how many epochs are done.

    Process 0 reads the file and sends what it holds to the others, so that machines need no common folder.
    """
    state = [0, None, None]
    if place()[0] == 0 and path is not None and path.exists():
        state[0] = load_checkpoint(path, model, optimizer)["epoch"]
        state[1:] = model.state_dict(), optimizer.state_dict()
        print(f"going on after epoch {state[0]}", flush=True)
    if dist.is_initialized():
        dist.broadcast_object_list(state)
    if state[0] and place()[0] != 0:
        model.load_state_dict(state[1])
        optimizer.load_state_dict(state[2])
    return state[0]


def dies(options: argparse.Namespace, epoch: int) -> bool:
    """Whether this process is the one to be killed in this epoch; after a restart nobody is."""
    rank, count = place()
    first_life = os.environ.get("TORCHELASTIC_RESTART_COUNT", "0") == "0"
    return epoch == options.die_in_epoch and rank == count - 1 and first_life


if __name__ == "__main__":
    main()
    # Threads of gloo outlive a wrapped model (torch 2.13), and one start in fifty was seen to abort in Python's own
    # ending, after everything was done; so this ends without it.
    sys.stdout.flush()
    os._exit(0)
