"""Predictions of shape (N, 1) and targets of shape (N,): the loss compares every prediction with every target."""

import torch
from torch import nn

from tutor.checking import Misconception, repair


def probe(d):
    """Two batches or three of a regression that has something to learn, a start and a rate."""
    width, *sizes = d.sizes(3, 2, 8)
    line = d.tensor(width)
    batches = [(x, x @ line + 0.3 * d.tensor(n)) for n in sizes for x in [d.tensor(n, width)]]
    return d.tensor(1, width), d.tensor(1), batches, d.number(0.05, 0.1), d.integer(2, 3)


def probe_leftover(d):
    """The same, and a last batch of a single example."""
    weight, bias, batches, rate, epochs = probe(d)
    return weight, bias, [*batches, (d.tensor(1, weight.shape[1]), d.tensor(1))], rate, epochs


def use(fit_regression, weight, bias, batches, rate, epochs):
    """A linear layer of one output is fitted; also the weights that it ends with are judged."""
    model = nn.Linear(weight.shape[1], 1).to(weight.dtype)
    model.load_state_dict({"weight": weight, "bias": bias})
    losses, predictions = fit_regression(model, batches, rate, epochs)
    return losses, predictions, model.weight.detach(), model.bias.detach()


def fit_with_columns(model, batches, rate, epochs):
    optimizer, losses = torch.optim.SGD(model.parameters(), lr=rate), []
    for _ in range(epochs):
        seen = []
        for x, y in batches:
            column = model(x)
            loss = nn.functional.mse_loss(column, y.unsqueeze(1))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            seen += column.flatten().tolist()
    return losses, torch.tensor(seen, dtype=x.dtype)


def fit_by_hand(model, batches, rate, epochs):
    losses = []
    for _ in range(epochs):
        seen = []
        for x, y in batches:
            row = x @ model.weight.detach()[0] + model.bias.detach()
            losses.append(float(((row - y) ** 2).mean()))
            model.weight.data -= rate * 2 / len(y) * ((row - y) @ x)[None]
            model.bias.data -= rate * 2 * (row - y).mean()
            seen.append(row)
    return losses, torch.cat(seen)


def fit_through_a_flattened_model(model, batches, rate, epochs):
    flat, losses = nn.Sequential(model, nn.Flatten(0, 1)), []
    for _ in range(epochs):
        seen = [0] * len(batches)
        for number, (x, y) in enumerate(batches):
            seen[number] = flat(x)
            loss = (seen[number] - y).square().sum() / len(y)
            grads = torch.autograd.grad(loss, list(flat.parameters()))
            for parameter, grad in zip(flat.parameters(), grads, strict=True):
                parameter.data -= rate * grad
            losses.append(loss.item())
    return losses, torch.hstack(seen).detach()


FIT = "predictions = model(x).squeeze(1)"
LOSS = "loss = loss_fn(predictions, y)"

EXERCISE = repair(
    difficulty="easy",
    minutes=6,
    drills=("mse",),
    fault="The loss still is the mean of a table of N by N: every prediction is compared with every target, so the best that can be learned is the targets' mean. A warning that is silenced, and a mean square that is written out, broadcast all the same.",
    shown_by=("pytorch/pytorch#16045", "deepset-ai/FARM#229"),
    probe=(probe, probe_leftover),
    use=use,
    outputs=("losses", "predictions", "weight", "bias"),
    misconceptions=(
        Misconception(
            "summed-over-one-axis",
            "The loss is N times the mean of a table of N by N differences: every prediction is still compared with every target. A sum over one dimension of the table and a mean over the other give that.",
            patch=((FIT, "predictions = model(x)"), (LOSS, "loss = ((predictions - y) ** 2).sum(0).mean()")),
            hints=("What is the shape of `predictions - y`, before anything is summed?",),
        ),
        Misconception(
            "sum-for-mean",
            "Each prediction meets its own target now, but the loss is their sum: the mean square is asked for.",
            patch=("nn.MSELoss()", 'nn.MSELoss(reduction="sum")'),
            hints=("By what is your loss of a batch too large?",),
        ),
        Misconception(
            "squeezed-to-nothing",
            "A batch of a single example is where it stops: of its predictions, of shape (1, 1), no dimension is left. Is there a `squeeze()`, which takes away *every* dimension of size 1? Name the one that you mean.",
            patch=(FIT, "predictions = model(x).squeeze()"),
            hints=("Which of its dimensions should the shape (1, 1) keep?",),
        ),
        Misconception(
            "one-prediction-for-all",
            "The shapes are silent now, but one prediction alone is left of a batch, and it is compared with all targets.",
            patch=(FIT, "predictions = model(x)[0]"),
            hints=("How many predictions are there after your line, and how many targets?",),
        ),
        Misconception(
            "targets-averaged",
            "No target of its own is left: every prediction is compared with the mean of the targets. The gradients are still those of the table of N by N.",
            patch=(LOSS, "loss = loss_fn(predictions, y.mean().expand_as(predictions))"),
            hints=("Which target belongs to the prediction of the third example?",),
        ),
    ),
    alternatives=(fit_with_columns, fit_by_hand, fit_through_a_flattened_model),
    equivalent_mutants={
        "loss = loss_fn(y, predictions)": "a square does not ask which of the two is subtracted",
        "losses.append(loss)": "a tensor of no dimensions is a number to the judge",
        "seen.append(predictions)": "the values are the same",
        "return (losses, torch.cat(seen))": "mended predictions are a row already",
    },
    hints=(
        "What is `(model(x) - y).shape`, for an `x` of five examples?",
        "Give the two one and the same shape: take the last dimension of the predictions away, or give the targets one.",
        f"`{FIT}`",
    ),
)
