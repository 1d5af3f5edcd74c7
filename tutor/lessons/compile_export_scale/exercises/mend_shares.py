"""Samplers that are never told which epoch it is, and so shuffle every epoch alike."""

import math

import torch
from torch.utils.data import DistributedSampler

from tutor.checking import Misconception, repair
from tutor.checking.space import Number, Space


def probe(d):
    """A count that may not divide, two or three processes, three epochs."""
    return d.integer(9, 14), d.integer(2, 3), 3, d.integer(0, 99)


def shares_of_new_samplers(count, processes, epochs, seed):
    def share(epoch, rank):
        return list(DistributedSampler(range(count), processes, rank, seed=seed + epoch))

    return torch.tensor([[share(epoch, rank) for rank in range(processes)] for epoch in range(epochs)])


def shares_by_hand(count, processes, epochs, seed):
    size, table = math.ceil(count / processes), []
    for epoch in range(epochs):
        order = torch.randperm(count, generator=torch.Generator().manual_seed(seed + epoch))
        order = torch.cat([order, order[: size * processes - count]])
        table.append(order.view(size, processes).T)
    return torch.stack(table)


def shares_by_process(count, processes, epochs, seed):
    rows = []
    for rank in range(processes):
        sampler, mine = DistributedSampler(range(count), processes, rank, seed=seed), []
        for epoch in range(epochs):
            sampler.set_epoch(epoch)
            mine.append(list(sampler))
        rows.append(mine)
    return torch.tensor(rows).transpose(0, 1)


SET = "        for sampler in samplers:\n            sampler.set_epoch(epoch)\n"
LISTED = "        table.append([list(sampler) for sampler in samplers])\n"

EXERCISE = repair(
    difficulty="easy",
    minutes=5,
    drills=("sampler",),
    fault="All epochs have the same order still: a sampler shuffles by its seed and the number of the epoch, and that number has stayed 0. `torch.manual_seed` does not reach a sampler.",
    shown_by=("pytorch/pytorch#31771", "pytorch/pytorch#11324"),
    space=Space(
        {
            "count": Number((11, 12, 30)),
            "processes": Number((3, 2, 1)),
            "epochs": Number((3, 1, 4)),
            "seed": Number((17, 0)),
        }
    ),
    probe=probe,
    misconceptions=(
        Misconception(
            "one-process-alone",
            "One process has a new order in every epoch, the others keep theirs: some images are trained on twice in an epoch, others not at all.",
            patch=(SET, "        samplers[0].set_epoch(epoch)\n"),
            hints=("Do the shares of one epoch still hold every image once?",),
        ),
        Misconception(
            "an-epoch-late",
            "Each epoch has the order of the one before, and the first two are alike. Are the samplers told too late, or told a number that is one too small?",
            patch=(SET + LISTED, LISTED + SET),
            hints=("When does `list(sampler)` shuffle?",),
        ),
        Misconception(
            "epoch-of-its-own",
            "The processes are in different epochs, so that their shares overlap: all of them have to be told the same number.",
            patch=(
                SET,
                "        for rank, sampler in enumerate(samplers):\n            sampler.set_epoch(epoch + rank)\n",
            ),
            hints=("Do the shares of one epoch still hold every image once?",),
        ),
    ),
    alternatives=(shares_of_new_samplers, shares_by_hand, shares_by_process),
    hints=(
        "What does a sampler know about which epoch it is?",
        "Which method tells it, and how many samplers have to be told?",
        "`sampler.set_epoch(epoch)` for each of them, before they are listed.",
    ),
)
