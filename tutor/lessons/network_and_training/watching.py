"""What a loop over epochs and mini-batches did, seen at its steps, in words and in numbers."""

import torch
from torch import nn

from tutor.checking import as_list

from .shared import CLASSES


class Watched(nn.Module):
    """A linear classifier of numbered examples, which remembers whom it saw."""

    def __init__(self, weight):
        super().__init__()
        self.weight = nn.Parameter(weight.clone())
        self.batches = []

    def forward(self, x):
        """Return scores (N, CLASSES) that depend on more than the number, which stands in the first column."""
        self.batches.append([round(number) for number in x[:, 0].tolist()])
        return torch.stack([x[:, 0] / 10, torch.sin(x[:, 0])], dim=1) @ self.weight.T


def use_fit(fit, count, batch, epochs, weight, rate):
    """In words what the steps of the epochs did, and the returned losses as parts of the right ones."""
    numbers = torch.arange(count)
    x, y = torch.stack([numbers, 7 * numbers], dim=1).to(weight.dtype), (numbers * numbers) % CLASSES
    model, met, steps = Watched(weight), [], []

    def loss_fn(y_pred, target):
        loss = nn.functional.cross_entropy(y_pred, target, label_smoothing=0.1)
        paired = len(y_pred) == len(target) and torch.equal(y[model.batches[-1]], target)
        met.append((model.batches[-1], loss.item(), paired))
        return loss

    # what a step goes along is what was looked at last before it; what is looked at otherwise is no batch
    optimizer = torch.optim.SGD(model.parameters(), rate)
    optimizer.register_step_post_hook(lambda *_: steps.append(met[-1] if met else ([], 0.0, False)))
    losses = fit(model, loss_fn, optimizer, x, y, batch, epochs)
    losses = losses if losses is None else as_list(losses, "numbers")
    per_epoch = -(-count // batch)
    first, sizes = steps.copy(), [len(rows) for rows, *_ in steps]
    steps.clear()
    fit(model, loss_fn, optimizer, x, y, batch, 1)
    rounds = [[k for rows, *_ in part for k in rows] for part in _cut(first, per_epoch)]
    once = all(sorted(seen) == list(range(count)) for seen in rounds) and len(rounds) == epochs
    weighed = [loss * len(rows) for rows, loss, _ in first]
    wanted = [sum(part) / count for part in _cut(weighed, per_epoch)]
    listed = losses is not None and len(losses) == len(wanted)
    return (
        f"{len(first)} for {epochs} epochs",
        ", ".join(map(str, sizes[:per_epoch])),
        "once in each epoch" if once else "not once in each epoch",
        _order(_cut([rows for rows, *_ in first], per_epoch), [rows for rows, *_ in steps]) if once else "",
        "their own" if all(paired for *_, paired in first) else "those of others",
        losses if losses is None else len(losses),
        [float(a) / b for a, b in zip(losses, wanted, strict=True)] if listed and once else None,
    )


def _order(rounds, later):
    """In words, the order in which the batches of each epoch hold the images, and those of one in another call."""
    orders = {_flat(batches) for batches in rounds}
    if tuple(range(len(_flat(later)))) in orders:
        return "as they lie"
    if len(orders) < len(rounds):
        return "a repeated one"
    together = {frozenset(map(frozenset, batches)) for batches in rounds}
    if len(together) < len(rounds) and 1 < len(rounds[0]) < len(_flat(later)):
        return "the same images together in a batch again"
    again = len(rounds) > 1 and _flat(later) in orders
    return "a new one in each epoch, and the same ones in the next call" if again else "a new one"


def _flat(batches):
    return tuple(k for rows in batches for k in rows)


def _cut(items, size):
    """A list in pieces of a size."""
    return [items[k : k + size] for k in range(0, len(items), size)]
