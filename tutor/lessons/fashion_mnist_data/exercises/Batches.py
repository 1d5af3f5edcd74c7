"""Shuffled batches of two tensors: orders kept, examples lost, a pass used up; told by `watching.py`."""

import math
import random
from itertools import chain

import numpy as np
import torch

from tutor.checking import Misconception, code

from ..watching import examples_in_words, order_in_words, x_and_y


def probe_uneven(d):
    """Examples whose number is no multiple of the batch size."""
    return d.tensor(d.integer(4, 5) * 4 + d.integer(1, 3), 3), 4


def probe_even(d):
    """Examples whose number is a multiple of the batch size."""
    return d.tensor(15 + 5 * d.integer(0, 1), 2), 5


def use_batches(batches, x, batch_size):
    """How three epochs over one object go; labels are the numbers of the examples."""
    loader = batches(x, torch.arange(len(x)), batch_size)
    epochs = [[x_and_y(batch) for batch in loader] for _ in range(3)]
    numbers = [[ys.tolist() for _, ys in epoch] for epoch in epochs]
    for xs, ys in chain(*epochs):
        if xs.numel() != len(ys) * x.shape[1]:
            raise TypeError(f"each batch should be x and then y; its first part has the shape {tuple(xs.shape)}")
    belong = all(torch.equal(xs.view(-1, x.shape[1]), x[ys]) for epoch in epochs for xs, ys in epoch)
    return (
        len(loader),
        [len(labels) for _, labels in epochs[-1]],
        examples_in_words([list(chain(*epoch)) for epoch in numbers], len(x)),
        "belong together" if belong else "are mixed up",
        order_in_words(numbers, batch_size),
    )


KEPT = "self.x, self.y, self.batch_size = x, y, batch_size"
ROUNDED_UP = "math.ceil(len(self.x) / self.batch_size)"
SHUFFLED = "torch.randperm(len(self.x))"
CUT = ".split(self.batch_size)"
LOOP = f"for batch in {SHUFFLED}{CUT}:"
GIVEN_OUT = "yield self.x[batch], self.y[batch]"
LAST_BATCH = "Every example is there once, so what does the last batch do with the examples that do not fill it?"


class BatchesByIndex:
    def __init__(self, x, y, batch_size):
        self.data, self.size = (x, y), batch_size

    def __len__(self):
        return (len(self.data[0]) + self.size - 1) // self.size

    def __iter__(self):
        x, y = self.data
        order = torch.randperm(len(y))
        for start in range(0, len(y), self.size):
            chosen = order[start : start + self.size]
            yield x[chosen], y[chosen]


class BatchesAsList:
    def __init__(self, x, y, batch_size):
        self.x, self.y, self.batch_size = x, y, batch_size

    def __len__(self):
        return -(-self.x.shape[0] // self.batch_size)

    def __iter__(self):
        numbers = list(range(len(self.x)))
        random.shuffle(numbers)
        order = torch.tensor(numbers)
        return iter(zip(self.x[order].split(self.batch_size), self.y[order].split(self.batch_size), strict=True))


class BatchesByNumpy:
    def __init__(self, x, y, batch_size):
        self.x, self.y, self.batch_size = x, y, batch_size

    def __len__(self):
        return math.ceil(len(self.y) / self.batch_size)

    def __iter__(self):
        order = np.random.permutation(len(self.y))
        for piece in np.array_split(order, range(self.batch_size, len(order), self.batch_size)):
            yield [self.x[piece], self.y[piece]]


class BatchesAsIterator:
    def __init__(self, x, y, batch_size):
        self.x, self.y, self.batch_size = x, y, batch_size

    def __len__(self):
        return len(range(0, len(self.y), self.batch_size))

    def __iter__(self):
        self.left = torch.rand(len(self.y)).argsort().tolist()
        return self

    def __next__(self):
        if not self.left:
            raise StopIteration
        now, self.left = self.left[: self.batch_size], self.left[self.batch_size :]
        return self.x[now], self.y[now]


EXERCISE = code(
    difficulty="medium",
    minutes=10,
    drills=("batching", "shuffling"),
    probe=(probe_uneven, probe_even),
    use=use_batches,
    outputs=("len(batches)", "the sizes of the batches", "the examples of an epoch", "x and y", "the order"),
    misconceptions=(
        Misconception(
            "one-order",
            "The order is the same in every epoch. It is to be drawn anew each time that a loop begins, in `__iter__`.",
            patch=((KEPT, f"{KEPT}\n        self.order = torch.randperm(len(x))"), (SHUFFLED, "self.order")),
            hints=("Which of your lines runs once, and which in every epoch?",),
        ),
        Misconception(
            "never-shuffled",
            "The examples come in their old order. Shuffle them.",
            patch=("torch.randperm", "torch.arange"),
            hints=("What gives the numbers from 0 to N - 1 in a random order?",),
        ),
        Misconception(
            "whole-batches",
            "Only the batches change places; inside each the examples stay neighbours. Data that are sorted by class stay sorted within a batch.",
            patch=(
                LOOP,
                "pieces = torch.arange(len(self.x)).split(self.batch_size)\n        for batch in [pieces[k] for k in torch.randperm(len(pieces))]:",
            ),
            hints=("What has to be shuffled: the batches or the examples?",),
        ),
        Misconception(
            "same-company",
            "The same examples share a batch in every epoch. Who is together with whom has to be drawn anew each time: shuffle all the examples, then cut.",
            patch=(
                LOOP,
                f"for piece in torch.arange(len(self.x)){CUT}:\n            batch = piece[torch.randperm(len(piece))]",
            ),
            hints=("Can the first and the last example ever be in one batch?",),
        ),
        Misconception(
            "two-orders",
            "x and y are shuffled apart from each other, so an image gets the label of another. One order for both.",
            patch=(("for batch", "y = self.y[torch.randperm(len(self.y))]\n        for batch"), ("self.y[b", "y[b")),
            hints=("How many random orders do you draw in an epoch?",),
        ),
        Misconception(
            "y-not-shuffled",
            "x is shuffled and y is not, so an image gets the label of another. Index both with the same numbers.",
            patch=(
                f"{LOOP}\n            {GIVEN_OUT}",
                "order = torch.randperm(len(self.x)).split(self.batch_size)\n        for batch, plain in zip(order, torch.arange(len(self.y)).split(self.batch_size)):\n            yield self.x[batch], self.y[plain]",
            ),
            hints=("Which numbers do you index y with?",),
        ),
        Misconception(
            "last-dropped",
            "The examples that do not fill a batch are left out. They make a last, smaller batch.",
            patch=((ROUNDED_UP, "len(self.x) // self.batch_size"), (CUT, f"[: len(self) * self.batch_size]{CUT}")),
            hints=(LAST_BATCH,),
        ),
        Misconception(
            "last-dropped-but-counted",
            "The length counts the last, smaller batch, but the loop leaves it out.",
            patch=(CUT, f"[: len(self.x) // self.batch_size * self.batch_size]{CUT}"),
            hints=(LAST_BATCH,),
        ),
        Misconception(
            "last-not-counted",
            "The batches are right, but the length does not count the last, smaller one: round up, not down.",
            patch=(ROUNDED_UP, "len(self.x) // self.batch_size"),
            hints=("How many batches are there for 10 examples and a batch size of 4?",),
        ),
        Misconception(
            "no-whole-number",
            "The length is no whole number. A last batch that is not full is a batch: round up.",
            patch=(ROUNDED_UP, "len(self.x) / self.batch_size"),
            hints=("What is 10 / 4 in Python, and how many batches are there?",),
        ),
        Misconception(
            "one-too-many",
            "Where the examples fill the last batch exactly, the length is one too large.",
            patch=(ROUNDED_UP, "len(self.x) // self.batch_size + 1"),
            hints=("How many batches are there for 8 examples and a batch size of 4?",),
        ),
        Misconception(
            "examples-counted",
            "Your length is the number of examples. It should be the number of batches.",
            patch=(ROUNDED_UP, "len(self.x)"),
            hints=("How often does a loop over the batches run?",),
        ),
        Misconception(
            "used-up",
            "Only the first epoch has batches. An iterator that is made in `__init__` can be walked through once; make it in `__iter__`.",
            patch=(
                (KEPT, f"{KEPT}\n        self.left = iter(torch.randperm(len(x)).split(batch_size))"),
                (SHUFFLED + CUT, "self.left"),
            ),
            hints=("What is left of an iterator after a loop over it?",),
        ),
        Misconception(
            "chunks",
            "`chunk` cuts into that many pieces. You want pieces of that size, which `split` makes.",
            patch=(CUT, ".chunk(self.batch_size)"),
            hints=("Is the batch size the number of batches, or how many examples each holds?",),
        ),
        Misconception(
            "tuple-for-iterator",
            "Your `__iter__` returns a tuple, and a loop wants an iterator. With `yield` in the place of `return` the method gives out one batch after the other.",
            patch=(GIVEN_OUT, "return self.x[batch], self.y[batch]"),
            hints=("What does a `return` inside a loop do with the rest of the loop?",),
        ),
        Misconception(
            "list-for-iterator",
            "Your `__iter__` returns a list, and a loop wants an iterator: `iter(...)` makes one of it, or give out one batch after the other with `yield`.",
            patch=(
                (f"{LOOP}\n            yield", "return ["),
                ("self.x[batch], self.y[batch]", f"(self.x[k], self.y[k]) for k in {SHUFFLED}{CUT}]"),
            ),
            hints=("What is the difference between a list and `iter` of a list?",),
        ),
        Misconception(
            "labels-first",
            "Your batches hold the labels first. A loop `for x, y in batches` wants x and then y.",
            patch=(GIVEN_OUT, "yield self.y[batch], self.x[batch]"),
            hints=("In which order does the docstring name the two?",),
        ),
        Misconception(
            "drawn-again",
            "Some examples come twice in an epoch and others not at all: you draw with replacement. Shuffle instead.",
            patch=(SHUFFLED, "torch.randint(len(self.x), (len(self.x),))"),
            hints=("What gives every number exactly once?",),
        ),
    ),
    alternatives=(BatchesByIndex, BatchesAsList, BatchesByNumpy, BatchesAsIterator),
    hints=(
        "What has to be drawn once in an epoch, and used for both x and y?",
        "`torch.randperm(N).split(batch_size)` gives the numbers of each batch; index x and y with them.",
        "`for batch in torch.randperm(len(self.x)).split(self.batch_size): yield self.x[batch], self.y[batch]`, and `math.ceil` for the length.",
    ),
)
