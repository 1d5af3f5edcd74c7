"""A checkpoint without the optimiser: the momentum that had gathered is lost."""

import ast
import io

import torch

from tutor.checking import Misconception, repair


def probe(d):
    """Four batches of a small regression, broken off before the second or the third."""
    n, width = d.sizes(2, 3, 8)
    batches = [(d.tensor(n, width), d.tensor(n)) for _ in range(4)]
    return d.tensor(width), batches, d.integer(1, 2), d.number(0.02, 0.05)


def never_interrupted(start, batches, stop, rate):
    w = start.clone().requires_grad_()
    optimizer, passed = torch.optim.SGD([w], lr=rate, momentum=0.9), []
    for x, y in batches:
        passed.append(w.tolist())
        w.grad = None
        torch.nn.functional.mse_loss(x @ w, y).backward()
        optimizer.step()
    return w.detach(), torch.tensor(passed[stop])


def by_hand(start, batches, stop, rate):
    w, velocity, passed = start, torch.zeros_like(start), []
    for x, y in batches:
        passed.append(w)
        velocity = 0.9 * velocity + 2 / len(x) * x.T @ (x @ w - y)
        w = w - rate * velocity
    return w, passed[stop]


def through_a_file(start, batches, stop, rate):
    def make(values):
        w = values.clone().requires_grad_()
        return w, torch.optim.SGD([w], lr=rate, momentum=0.9)

    w, optimizer = make(start)
    for number, (x, y) in enumerate(batches):
        if number == stop:
            file = io.BytesIO()
            torch.save([w.detach(), optimizer.state_dict()], file)
            file.seek(0)
            values, state = torch.load(file)
            w, optimizer = make(values)
            optimizer.load_state_dict(state)
        optimizer.zero_grad()
        (x @ w - y).square().mean().backward()
        optimizer.step()
    return w.detach(), values


NEW = "            optimizer = torch.optim.SGD([w], lr=rate, momentum=0.9)\n"
LOAD = '            optimizer.load_state_dict(saved["optimizer"])\n'


def made_once(tree):
    """Evidence that one optimiser is made and no other."""
    return sum(getattr(part, "attr", "") == "SGD" for part in ast.walk(tree)) == 1


EXERCISE = repair(
    difficulty="medium",
    minutes=6,
    drills=("resume",),
    fault="The training still goes on with an optimiser that has forgotten: the momentum of the steps before the break is lost.",
    shown_by=("kevinzakka/recurrent-visual-attention#8", "NVlabs/stylegan2-ada-pytorch#108"),
    probe=probe,
    outputs=("w", "saved"),
    seconds=20.0,
    misconceptions=(
        Misconception(
            "optimiser-of-the-old-weights",
            "No step moves the weights after the break: those that were saved come out. An optimiser steps the tensor that it was made with; is that the one that is used now?",
            patch=(NEW + LOAD, ""),
            cause="Yours is made once, with the old `w`.",
            evidence=made_once,
            other=(LOAD, LOAD + "            break\n"),
            hints=("Which tensor does the optimiser hold after the break, and which one is used?",),
        ),
        Misconception(
            "saved-goes-on",
            "The last weights are right, and what was saved is no longer what it was: the weights of the end come back in its place. Does the training go on with the very tensor that was saved? It is to go on with a copy.",
            patch=('saved["w"].clone().requires', 'saved["w"].requires'),
            hints=("Which tensor do the steps after the break change?",),
        ),
        Misconception(
            "weights-of-the-start",
            "After the break the training goes on from the weights that it started with, and from the momentum of later.",
            patch=('saved["w"].clone().requires_grad_()', "start.clone().requires_grad_()"),
            hints=("Which weights should the training go on from?",),
        ),
        Misconception(
            "batch-left-out",
            "One batch is left out: the one before which the training was broken off.",
            patch=(LOAD, LOAD + "            continue\n"),
            hints=("How many steps are made in all?",),
        ),
    ),
    alternatives=(never_interrupted, by_hand, through_a_file),
    equivalent_mutants={
        "saved = {'w': w.detach(), 'optimizer': optimizer.state_dict()}": "no step writes into the old weights any more",
        "optimizer = torch.optim.SGD([w], lr=stop, momentum=0.9)": "loading the state sets the rate, too",
        "optimizer = torch.optim.SGD([w], lr=number, momentum=0.9)": "loading the state sets the rate, too",
        "(deleted)": "the weights of before the break are those that were saved",
        "return (w, saved['w'])": "the values are the same",
        "optimizer = torch.optim.SGD([w], lr=rate)": "loading the state sets the momentum, too",
        "optimizer = torch.optim.SGD([w], momentum=0.9)": "loading the state sets the rate, too",
        "optimizer = torch.optim.SGD([w], lr=rate, momentum=1.8)": "loading the state sets the momentum, too",
        "optimizer = torch.optim.SGD([w], lr=rate, momentum=1.4)": "loading the state sets the momentum, too",
    },
    hints=(
        "What does SGD with momentum remember from one step to the next?",
        "Which object holds that memory, and what returns it so that it can be saved?",
        "`optimizer.state_dict()` into what is saved, `optimizer.load_state_dict(...)` after the break.",
    ),
)
