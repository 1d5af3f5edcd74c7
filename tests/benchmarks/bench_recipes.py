"""How far a recipe comes in the time that the recipe everybody copies takes: accuracies, and times as ratios.

    python tests/benchmarks/bench_recipes.py [--seeds 3] [--long] [--validate] [--device cuda] [--bf16]

Per seed, in turn: the first recipe (784-512-512-10, SGD, batches of 64, five epochs, images loaded one by one through a
DataLoader), the last recipe of lesson 11 in less than its time, and the least training that reaches its accuracy;
with `--long` also the recipe for ten times the time. All train on the 60,000 training images. When every network is
trained the test set is opened, once. Recipes are chosen with `--validate` instead: it trains on 50,000 of the training
images, judges by the other 10,000, after every epoch of the long recipe, and never opens the test set.

Prints means over the seeds with their standard deviation, and ratios of times; asserts none. On a machine that is busy
with something else the ratio of CPU times says more than the clock, but it hides that loading one by one keeps one core
waiting. With `--validate --long` the judging counts in the totals, not in the seconds that stand beside an epoch. On a
GPU the data lie on it, and those lines tell how soon 94 % are reached; no GPU has run this yet.
"""

from __future__ import annotations

import argparse
import datetime
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import nn
from torch.utils.data import DataLoader, Subset

from tutor import networks, recipes
from tutor.data import FashionMNIST, ToTensor

KEPT = 10_000  # training images to judge by with --validate
LEAST = replace(recipes.LAST, epochs=1, batch_size=64)  # on the first LEAST_IMAGES only
LEAST_IMAGES = 1_280


@dataclass(frozen=True)
class Split:
    """Images to learn from and to judge by, (N, 28, 28) uint8 with labels (N,), and the places of the former."""

    places: torch.Tensor
    learned: tuple[torch.Tensor, torch.Tensor]
    kept: tuple[torch.Tensor, torch.Tensor]
    mean: float
    std: float


def split(keep: int, device: torch.device) -> Split:
    """Set `keep` of the training images aside, the same in each run, and measure the pixels of the others."""
    whole = FashionMNIST()
    places = torch.randperm(len(whole), generator=torch.Generator().manual_seed(0))
    kept, learned = places[:keep], places[keep:]
    pixels = whole.data[learned].float().div_(255)
    parts = ((whole.data[rows].to(device), whole.targets[rows].to(device)) for rows in (learned, kept))
    return Split(learned, *parts, pixels.mean().item(), pixels.std().item())


@dataclass(frozen=True)
class Trained:
    """A finished training: its network, what its pixels were normalised by, and what it took in seconds."""

    model: nn.Module
    mean: float
    std: float
    wall: float
    cpu: float


def timed(device: torch.device, train: Callable[[], nn.Module], mean: float = 0.0, std: float = 1.0) -> Trained:
    """Train and take the times, all that the device has still to do included."""
    wall, cpu = time.perf_counter(), time.process_time()
    model = train()
    wait(device)
    return Trained(model.eval(), mean, std, time.perf_counter() - wall, time.process_time() - cpu)


def wait(device: torch.device) -> None:
    """Wait until the device has done all that it was told: a GPU works on while Python goes ahead."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def first_recipe(rows: torch.Tensor, device: torch.device, seed: int) -> nn.Module:
    """Train as the well-known quickstart does, loading included."""
    torch.manual_seed(seed)
    loader = DataLoader(Subset(FashionMNIST(transform=ToTensor()), rows.tolist()), batch_size=64, shuffle=True)
    model = networks.fashion_mlp().to(device)
    loss_fn, optimizer = nn.CrossEntropyLoss(), torch.optim.SGD(model.parameters(), lr=1e-3)
    for _ in range(5):
        for x, y in loader:
            x, y = x.to(device), y.to(device)
            loss = loss_fn(model(x), y)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
    return model


class Watch:
    """Judges the long recipe after every epoch, and leaves that out of its time."""

    def __init__(self, images: torch.Tensor, labels: torch.Tensor, mean: float, std: float) -> None:
        self.x, self.y = recipes.normalised(images, mean, std), labels
        self.judging, self.started = 0.0, time.perf_counter()

    def __call__(self, epoch: int, model: nn.Module) -> None:
        """Print the accuracy and the seconds of training so far."""
        wait(self.x.device)
        began = time.perf_counter()
        percent = recipes.accuracy(model, self.x, self.y)
        print(f"    epoch {epoch}: {percent:.2f} % after {began - self.started - self.judging:.1f} s", flush=True)
        self.judging += time.perf_counter() - began


def report(
    name: str, runs: list[Trained], first: list[Trained], images: torch.Tensor, labels: torch.Tensor, moved: bool
) -> None:
    """Print a recipe's accuracies and its times beside the first recipe's of the same seeds.

    `moved` says that the network learned from moved images, so that it can be asked about moved ones too.
    """
    once, twice, around = [], [], []
    for run in runs:
        x = recipes.normalised(images, run.mean, run.std)
        once.append(recipes.accuracy(run.model, x, labels))
        twice.append(recipes.accuracy(recipes.AskedTwice(run.model), x, labels))
        if moved:
            around.append(recipes.accuracy(recipes.AskedAround(run.model), x, labels))
    wall, cpu = (
        statistics.mean(getattr(b, clock) / getattr(a, clock) for a, b in zip(runs, first, strict=True))
        for clock in ("wall", "cpu")
    )
    seconds = statistics.mean(run.wall for run in runs)
    print(f"{name:22} {spread(once)} in {seconds:.2f} s")
    if runs is not first:  # which has never seen a mirror image
        print(f"{'':22} {spread(twice)} asked twice, with the mirror image")
        if moved:
            print(f"{'':22} {spread(around)} asked ten times, also moved by a pixel in four directions")
        print(f"{'':22} the first recipe takes {wall:.3g} times as long by the clock, {cpu:.3g} times in CPU time")


def spread(values: list[float]) -> str:
    """The mean and, if there are several, the standard deviation."""
    mean = f"{statistics.mean(values):.2f} %"
    return f"{mean} ± {statistics.stdev(values):.2f}" if len(values) > 1 else mean


def by_recipe(recipe: recipes.Recipe, part: Split, seed: int, bf16: bool, count: int | None = None) -> Trained:
    """Train by a recipe on the images to learn from, or the first `count` of them."""
    watch = Watch(*part.kept, part.mean, part.std) if recipe is recipes.LONG and len(part.kept[0]) else None
    images, labels = (tensor[:count] for tensor in part.learned)
    normal = part.mean, part.std
    train = partial(recipes.train, recipe, images, labels, *normal, seed=seed, bf16=bf16, after_epoch=watch)
    return timed(images.device, train, *normal)


def train_all(part: Split, device: torch.device, arguments: argparse.Namespace) -> dict[str, list[Trained]]:
    """Train every recipe once for each seed, in turn, so that a ratio comes from neighbouring minutes."""
    by_recipe(LEAST, part, 0, arguments.bf16, LEAST_IMAGES)  # the first call of everything costs more
    runs: dict[str, list[Trained]] = {}
    for seed in range(arguments.seeds):
        made = {
            "the first recipe": timed(device, partial(first_recipe, part.places, device, seed)),
            "its accuracy, sooner": by_recipe(LEAST, part, seed, arguments.bf16, LEAST_IMAGES),
            "the last recipe": by_recipe(recipes.LAST, part, seed, arguments.bf16),
        }
        if arguments.long:
            made["ten times the time"] = by_recipe(recipes.LONG, part, seed, arguments.bf16)
        for name, run in made.items():
            runs.setdefault(name, []).append(run)
        print(f"seed {seed}: " + ", ".join(f"{name} {run.wall:.2f} s" for name, run in made.items()), flush=True)
    return runs


def main() -> None:
    """Train, then judge and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=3, help="how many trainings of each recipe")
    parser.add_argument("--long", action="store_true", help="also the recipe for ten times the time")
    parser.add_argument("--validate", action="store_true", help="judge by training images; leave the test set shut")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--bf16", action="store_true", help="bfloat16 where it is safe (autocast); float32 otherwise")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    device = torch.device(arguments.device)
    computes = torch.cuda.get_device_name(device) if device.type == "cuda" else f"{torch.get_num_threads()} threads"
    precision = "bfloat16" if arguments.bf16 else "float32"
    print(f"{datetime.date.today()}, torch {torch.__version__}, {computes}, {platform.machine()}, {precision}")

    part = split(KEPT if arguments.validate else 0, device)
    runs = train_all(part, device, arguments)
    judged, kind = part.kept, "validation"
    if not arguments.validate:
        test = FashionMNIST(train=False)  # the one place where it is opened
        judged, kind = (test.data.to(device), test.targets.to(device)), "test"
    print(f"{len(part.places):,} images to learn from, {len(judged[0]):,} {kind} images to judge by")
    for name, found in runs.items():
        report(name, found, runs["the first recipe"], *judged, moved=name == "ten times the time")


if __name__ == "__main__":
    main()
