"""A schedule of epochs that is stepped once a batch."""

import ast

import torch

from tutor.checking import Misconception, repair
from tutor.checking.evidence import seen


def probe(d):
    """Two or three batches of a small regression, and four or five epochs."""
    n, width = d.sizes(2, 3, 8)
    batches = [(d.tensor(n, width), d.tensor(n)) for _ in range(d.integer(2, 3))]
    return d.tensor(width), batches, d.number(0.05, 0.1), d.integer(4, 5)


def train_by_hand(w, batches, rate, epochs):
    rates = [rate * 0.5**epoch for epoch in range(epochs)]
    for now in rates:
        for x, y in batches:
            w = w - now * 2 / len(x) * x.T @ (x @ w - y)
    return w, rates


def train_with_a_lambda(w, batches, rate, epochs):
    w = w.clone().requires_grad_()
    optimizer = torch.optim.SGD([w], lr=rate)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: 0.5**epoch)
    rates = []
    for _ in range(epochs):
        rates += scheduler.get_last_lr()
        for x, y in batches:
            w.grad = None
            torch.nn.functional.mse_loss(x @ w, y).backward()
            optimizer.step()
        scheduler.step()
    return w.detach(), rates


def train_by_groups(w, batches, rate, epochs):
    w = w.clone().requires_grad_()
    optimizer, rates = torch.optim.SGD([w], lr=rate), []
    for epoch in range(epochs):
        optimizer.param_groups[0]["lr"] = rate / 2**epoch
        rates.append(rate / 2**epoch)
        for x, y in batches:
            optimizer.zero_grad()
            (x @ w - y).square().mean().backward()
            optimizer.step()
    return w.detach(), rates


STEP = "            optimizer.step()\n        scheduler.step()\n"
CALLED = seen("scheduler.step()")

EXERCISE = repair(
    difficulty="easy",
    minutes=5,
    drills=("schedules",),
    fault="The rate is still halved after every batch: a scheduler counts how often its `step` is called, and knows nothing of epochs.",
    shown_by=("ivadomed/ivadomed#55",),
    probe=probe,
    outputs=("w", "rates"),
    seconds=20.0,
    misconceptions=(
        Misconception(
            "before-the-epoch",
            "The rate is halved once an epoch, and before its first batch: all batches are trained with half of what they should have.",
            patch=(
                (STEP, "            optimizer.step()\n"),
                ("        for x, y in batches:\n", "        scheduler.step()\n        for x, y in batches:\n"),
            ),
            hints=("With which rate is the very first batch trained?",),
        ),
        Misconception(
            "after-all-epochs",
            "On no test input does the rate change while there is training.",
            patch=(STEP, "            optimizer.step()\n    scheduler.step()\n"),
            cause="Your `scheduler.step()` comes when all epochs are over.",
            evidence=lambda tree: any(isinstance(line, ast.Expr) and CALLED(line) for line in tree.body[0].body),
            other=(STEP, "            optimizer.step()\n"),
            hints=("When is the rate to be halved, and which loop is that?",),
        ),
        Misconception(
            "little-by-little",
            "Each epoch begins with the right rate, and the rate falls within the epoch: it still changes after every batch, by less.",
            patch=(
                (STEP, "            optimizer.step()\n            scheduler.step()\n"),
                ("gamma=0.5", "gamma=0.5 ** (1 / len(batches))"),
            ),
            hints=("With which rate is the last batch of the first epoch trained?",),
        ),
    ),
    alternatives=(train_by_hand, train_with_a_lambda, train_by_groups),
    equivalent_mutants={
        "rates.append(optimizer.param_groups[-1]['lr'])": "there is one group",
        "return (w, rates)": "the values are the same",
    },
    hints=(
        "How often is `scheduler.step()` called in one epoch?",
        "Which of the two loops goes over the epochs?",
        "`scheduler.step()` below the inner loop, in the outer one.",
    ),
)
