"""Gradients that are cleared once an epoch, though every batch makes a step: in the wrong one of three loops."""

import torch

from tutor.checking import Misconception, repair


def probe(d):
    """Two or three batches of a small regression, of odd and even numbers of rows, and two or three epochs."""
    n, m, width = d.sizes(3, 3, 8)
    batches = [(d.tensor(rows, width), d.tensor(rows)) for rows in (n, m, n)[: d.integer(2, 3)]]
    return d.tensor(width), batches, d.number(0.05, 0.1), d.integer(2, 3)


def train_by_hand(w, batches, rate, epochs):
    losses = []
    for x, y in batches * epochs:
        errors = x @ w - y
        losses.append(errors.square().mean().item())
        w = w - rate * 2 / len(x) * x.T @ errors
    return w, losses


def train_without_grad(w, batches, rate, epochs):
    w, losses = w.clone().requires_grad_(), []
    for _ in range(epochs):
        for x, y in batches:
            pieces = [((x[rows] @ w - y[rows]) ** 2).sum() / len(x) for rows in (slice(0, 2), slice(2, None))]
            losses.append(sum(pieces).item())
            gradients = [torch.autograd.grad(piece, w)[0] for piece in pieces]
            w = (w - rate * sum(gradients)).detach().requires_grad_()
    return w.detach(), losses


def train_and_clear_behind(w, batches, rate, epochs):
    w = w.clone().requires_grad_()
    optimizer, losses = torch.optim.SGD([w], lr=rate), []
    for _ in range(epochs):
        for x, y in batches:
            total = 0.0
            for i in range(len(x)):
                loss = (x[i] @ w - y[i]) ** 2 / len(x)
                loss.backward()
                total += loss.item()
            losses.append(total)
            optimizer.step()
            w.grad.zero_()
    return w.detach(), losses


CLEAR = "            optimizer.zero_grad()\n"
STEP = "            optimizer.step()\n"
BACKWARD = "                loss.backward()\n"

EXERCISE = repair(
    difficulty="easy",
    minutes=5,
    drills=("zero-grad", "mini-batches"),
    fault="Within an epoch the gradients still pile up: every step goes along the sum of the gradients of all batches "
    "so far.",
    shown_by=("pytorch/pytorch#47175", "heartcored98/Standalone-DeepLearning#11"),
    probe=probe,
    outputs=("w", "losses"),
    seconds=20.0,
    misconceptions=(
        Misconception(
            "for-every-piece",
            "Every step goes along the gradient of the last piece alone: that of the piece before is lost.",
            patch=((CLEAR, ""), (BACKWARD, "                optimizer.zero_grad()\n" + BACKWARD)),
            hints=("Between which two lines do the gradients of the two pieces have to add up?",),
        ),
        Misconception(
            "before-the-step",
            "The weights never move. Nothing is left to step with where gradients are cleared between `backward` and "
            "`step`; and a `w` "
            "that is made anew is not the one that the optimiser steps.",
            patch=((CLEAR, ""), (STEP, CLEAR + STEP)),
            hints=("What is in `w.grad` when `step` reads it?",),
        ),
        Misconception(
            "a-step-an-epoch",
            "The gradients of all batches are added up, and one step is made with them. Each batch should make its "
            "own.",
            patch=(
                (CLEAR, ""),
                ("    for _ in range(epochs):\n", "    for _ in range(epochs):\n        optimizer.zero_grad()\n"),
                (STEP, "        optimizer.step()\n"),
            ),
            hints=("How many steps does an epoch of three batches have?",),
        ),
        Misconception(
            "a-step-for-every-piece",
            "Every piece makes a step of its own, so that the second piece meets weights that have moved. A batch "
            "makes one step.",
            patch=(
                (CLEAR, ""),
                (STEP, ""),
                (
                    BACKWARD,
                    f"                optimizer.zero_grad()\n{BACKWARD}                optimizer.step()\n",
                ),
            ),
            hints=("How many steps does a batch of two pieces make?",),
        ),
        Misconception(
            "never",
            "The gradients are never cleared: every step goes along the sum of all since the very beginning.",
            patch=(CLEAR, ""),
            hints=("Who sets `w.grad` back, and how often?",),
        ),
        Misconception(
            "smaller-steps",
            "The steps no longer grow, and they are still wrong: each goes along the sum of the gradients of all batches so far, divided by their number, and only the last of them belongs to this batch.",
            patch=(
                (CLEAR, ""),
                (
                    "    for _ in range(epochs):\n        for x, y in batches:\n",
                    "    for _ in range(epochs):\n        optimizer.zero_grad()\n"
                    "        for number, (x, y) in enumerate(batches, 1):\n"
                    '            optimizer.param_groups[0]["lr"] = rate / number\n',
                ),
            ),
            hints=("Which batches have a say in the second step of an epoch?",),
        ),
    ),
    alternatives=(train_by_hand, train_without_grad, train_and_clear_behind),
    equivalent_mutants={
        "loss = ((rows @ w - targets) ** 2).sum() / len(y)": "there are as many targets as rows",
        "losses[-1] += loss": "the values are the same",
        "return (w, losses)": "the values are the same",
    },
    hints=(
        "How many steps does an epoch have, and how often is `w.grad` cleared in it?",
        "Which of the three loops goes round once for each step?",
        "`optimizer.zero_grad()` as the first line of the loop over the batches.",
    ),
)
