"""What it costs to feed a network: images per second from memory, through a DataLoader, and one by one with PIL.

Run with `python tests/benchmarks/bench_input.py`; prints figures, asserts none. All ways give the same thing: shuffled
batches of 256, every image mirrored with probability one half and moved by up to 2 pixels, normalised, float32
(N, 1, 28, 28), with its label. The ways take turns, so that each ratio comes from one minute of the machine. Images per
second are medians over the rounds, ratios the medians of the ratios of each round. What the way from memory does once,
before its first epoch, is told apart. On a machine that is busy with something else `--threads 1` is steadier.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import time
from collections.abc import Callable, Iterator

import torch
from torch.utils.data import DataLoader, Dataset, Subset, TensorDataset

from tutor.data import (
    Compose,
    FashionMNIST,
    FlipAndShift,
    MemoryLoader,
    Normalize,
    RandomHorizontalFlip,
    RandomShift,
    ToTensor,
)

BATCH = 256
MEAN, STD = 0.2860, 0.3530
Batches = Iterator[tuple[torch.Tensor, torch.Tensor]]

augment = FlipAndShift(2)


def tensor_loader(data: FashionMNIST) -> Batches:
    """A DataLoader takes the tensors apart, item by item, and stacks them again; the batch is augmented as a whole."""
    for images, labels in DataLoader(TensorDataset(data.data, data.targets), BATCH, shuffle=True):
        yield augment(images).unsqueeze(1).float().sub_(255 * MEAN).mul_(1 / (255 * STD)), labels


def item_loader(data: Dataset, workers: int = 0) -> Batches:
    """A DataLoader over the usual data set: each image on its own, from PIL to tensor."""
    yield from DataLoader(data, BATCH, shuffle=True, num_workers=workers)


def rate(batches: Batches) -> float:
    """Images per second over one epoch."""
    started, count = time.perf_counter(), 0
    for images, labels in batches:
        assert images.shape[1:] == (1, 28, 28) and images.dtype == torch.float32 and len(images) == len(labels)
        count += len(images)
    return count / (time.perf_counter() - started)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    arguments = parser.parse_args()
    rounds = arguments.rounds
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    data = FashionMNIST()
    steps = [RandomHorizontalFlip(), RandomShift(2), ToTensor(), Normalize((MEAN,), (STD,))]
    few = Subset(FashionMNIST(transform=Compose(steps)), range(min(len(data), 12_000)))
    started = time.perf_counter()
    memory = MemoryLoader(data.data, data.targets, BATCH, MEAN, STD, pixels=2)
    once = time.perf_counter() - started
    ways: dict[str, Callable[[], Batches]] = {
        "from memory, as one tensor": lambda: iter(memory),
        "DataLoader over a TensorDataset": lambda: tensor_loader(data),
        "item by item with PIL": lambda: item_loader(few),
        "item by item with PIL, 2 workers": lambda: item_loader(few, workers=2),
    }
    rate(iter(memory))
    found: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            found[name].append(rate(way()))
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, {platform.machine()}, {rounds} rounds")
    print(
        f"{len(data):,} images, batches of {BATCH}, flip and shift, float32; laid down in memory once in {once:.2f} s"
    )
    best = found["from memory, as one tensor"]
    for name, rates in found.items():
        ratio = statistics.median(ours / theirs for ours, theirs in zip(best, rates, strict=True))
        print(f"{name:34} {statistics.median(rates):>9,.0f} images/s   memory is {ratio:5.1f} times as fast")


if __name__ == "__main__":
    main()
