"""A layer that was put into a model after its optimiser was made: nothing steps it."""

import itertools

import torch
from torch import nn
from torch.nn import functional

from tutor.checking import Misconception, repair


def probe(d):
    """The numbers of a model of three layers and of a new last one for fewer classes, and three or four batches."""
    n, width, first, second, old, new = d.sizes(6, 3, 8)
    new, old = sorted((new, old))
    shapes = (first, width), (second, first), (old, second), (new, second)
    layers = [(d.tensor(*shape), d.tensor(shape[0])) for shape in shapes]
    batches = [(d.tensor(n, width), torch.from_numpy(d.labels(n, new))) for _ in range(d.integer(3, 4))]
    return layers, batches, d.number(0.01, 0.02)


def layer_of(weight, bias):
    """A linear layer with these numbers."""
    layer = nn.Linear(weight.shape[1], weight.shape[0], dtype=weight.dtype)
    layer.load_state_dict({"weight": weight, "bias": bias})
    return layer


def fine_tuned(answer, layers, batches, rate):
    """The losses, which layer is the model's last now, and all numbers after the training."""
    first, second, old, head = (layer_of(*numbers) for numbers in layers)
    model = nn.Sequential(first, nn.ReLU(), second, nn.ReLU(), old)
    losses = answer(model, head, batches, rate)
    last = "the new one" if model[-1] is head else "the old one" if model[-1] is old else "another one"
    trained = head, nn.Sequential(first, second)
    numbers = [torch.cat([w.detach().flatten() for w in layers.parameters()]) for layers in trained]
    return losses, last, *numbers


def added_later(model, head, batches, rate):
    optimizer = torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9)
    model[-1] = head
    optimizer.add_param_group({"params": head.parameters(), "lr": 10 * rate})
    losses = []
    for x, y in batches:
        optimizer.zero_grad()
        loss = functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def by_hand(model, head, batches, rate):
    model[-1] = head
    weights, losses = list(model.parameters()), []
    rates = [10 * rate if any(w is h for h in head.parameters()) else rate for w in weights]
    velocities = [torch.zeros_like(w) for w in weights]
    for x, y in batches:
        loss = functional.cross_entropy(model(x), y)
        losses.append(loss.item())
        gradients = torch.autograd.grad(loss, weights)
        with torch.no_grad():
            for w, r, v, g in zip(weights, rates, velocities, gradients, strict=True):
                w -= r * v.mul_(0.9).add_(g)
    return losses


def two_optimizers(model, head, batches, rate):
    def step(x, y):
        loss = functional.cross_entropy(model(x), y)
        model.zero_grad()
        loss.backward()
        for optimizer in both:
            optimizer.step()
        return loss.item()

    del model[-1]
    both = [torch.optim.SGD(m.parameters(), r, momentum=0.9) for m, r in ((model, rate), (head, 10 * rate))]
    model.append(head)
    return list(itertools.starmap(step, batches))


NEW = '{"params": model[-1].parameters(), "lr": 10 * rate}'
MADE = "    optimizer = torch.optim.SGD(groups, lr=rate, momentum=0.9)\n"

EXERCISE = repair(
    difficulty="medium",
    minutes=6,
    drills=("parameter-groups",),
    fault="The new layer still never moves. An optimiser steps the tensors that it was given and no others: a layer "
    "that is put into "
    "the model later brings tensors of its own, of which the optimiser does not know.",
    shown_by=("pytorch/pytorch#54765", "hustzxd/EfficientPyTorch#1", "microsoft/nni#4521"),
    probe=probe,
    use=fine_tuned,
    outputs=(
        "losses",
        "the last layer of the model",
        "the numbers of the new layer",
        "the numbers of the other layers",
    ),
    seconds=20.0,
    misconceptions=(
        Misconception(
            "new-layer-alone",
            "The new layer learns, and now the others stand still. All layers are to be trained.",
            patch=('groups = [{"params": model[:-1].parameters()}, ', "groups = ["),
            hints=("Which layers does the optimiser know now?",),
        ),
        Misconception(
            "one-rate",
            "All layers learn, and all at one rate. The new layer should have ten times the rate of the others; what the optimiser knows without an `lr` of its own has that of the call.",
            patch=(', "lr": 10 * rate', ""),
            hints=("At which rate should the new layer learn?",),
        ),
        Misconception(
            "ten-times-for-all",
            "All layers learn at ten times the rate. The layers that were trained already should be moved more gently.",
            patch=("SGD(groups, lr=rate", "SGD(groups, lr=10 * rate"),
            hints=("Which layers have something to lose?",),
        ),
        Misconception(
            "another-model",
            "The losses are right, and the model that was handed over still has a last layer of its own. Is a new model made, or are the numbers of the new layer put into the old one? The new layer itself has to stand in `model`.",
            patch=("model[-1] = head", "model = nn.Sequential(*model[:-1], head)"),
            hints=("What does the caller find in the last place of his model?",),
        ),
        Misconception(
            "bias-left-out",
            "Of the new layer the weight matrix learns, and its bias stands still. A layer's `parameters()` are both.",
            patch=('{"params": model[-1].parameters()', '{"params": model[-1].weight'),
            hints=("Which tensors does a linear layer have?",),
        ),
        Misconception(
            "without-memory",
            "All layers learn, and without momentum: no step remembers those before it. Is it left out, or is a new optimiser made for every batch?",
            patch=(
                ("    groups = ", "    def made():\n        return "),
                (MADE, ""),
                (
                    "        optimizer.zero_grad()",
                    f"    {MADE.replace('groups', 'made()')}        optimizer.zero_grad()",
                ),
            ),
            hints=("What does SGD with momentum keep from one step to the next, and where?",),
        ),
    ),
    alternatives=(added_later, by_hand, two_optimizers),
    equivalent_mutants={
        "groups = [{'params': model[:-2].parameters()}, {'params': model[-1].parameters(), 'lr': 10 * rate}]": "a ReLU "
        "has no parameters",
        "losses.append(loss)": "the values are the same",
        "model.zero_grad()": "the optimiser holds all of the model's parameters",
    },
    hints=(
        "Which tensors did the optimiser get when it was made?",
        "Is `model[-1]` the new layer in the line that makes the groups?",
        "`model[-1] = head` above the line that makes the groups.",
    ),
)
