"""The loop over epochs and mini-batches: no shuffling, labels left behind, a last batch dropped, means of means."""

import torch
from torch import nn

from tutor.checking import Misconception, as_list, code
from tutor.lessons.readers_text import in_loop, never_says, says

from ..shared import CLASSES, STEPS, Watched


def probe_fit(d):
    """Numbered examples in batches of which the last is smaller, and a model."""
    batch, last = d.integer(4, 6), d.integer(1, 3)
    return (2 * batch + last, batch, STEPS, d.tensor(CLASSES, 2), d.number(0.05, 0.1))


def probe_no_rest(d):
    """A number of examples that the batches divide, and one epoch."""
    batch = d.integer(3, 5)
    return (3 * batch, batch, 1, d.tensor(CLASSES, 2), d.number(0.05, 0.1))


def probe_one_batch(d):
    """A batch that would hold more examples than there are."""
    return (d.integer(7, 9), 12, 2, d.tensor(CLASSES, 2), d.number(0.05, 0.1))


def probe_single_images(d):
    """Batches of one image each."""
    return (d.integer(8, 9), 1, 2, d.tensor(CLASSES, 2), d.number(0.05, 0.1))


def use_fit(fit, count, batch, epochs, weight, rate):
    """In words what the epochs did, and the returned losses as parts of the right ones."""
    numbers = torch.arange(count)
    x, y = torch.stack([numbers, 7 * numbers], dim=1).to(weight.dtype), (numbers * numbers) % CLASSES
    model, met, paired = Watched(weight), [], []

    def loss_fn(y_pred, target):
        loss = nn.functional.cross_entropy(y_pred, target, label_smoothing=0.1)
        paired.append(len(y_pred) == len(target) and torch.equal(y[model.batches[-1]], target))
        met.append(loss.item())
        return loss

    optimizer, steps = torch.optim.SGD(model.parameters(), rate), []
    optimizer.register_step_post_hook(lambda *_: steps.append(len(met)))
    losses = fit(model, loss_fn, optimizer, x, y, batch, epochs)
    losses = losses if losses is None else as_list(losses, "numbers")
    per_epoch = -(-count // batch)
    sizes = [len(rows) for rows in model.batches]
    rounds = [
        [number for rows in model.batches[k : k + per_epoch] for number in rows]
        for k in range(0, len(model.batches), per_epoch)
    ]
    once = all(sorted(seen) == list(range(count)) for seen in rounds) and len(rounds) == epochs
    orders = {tuple(seen) for seen in rounds}
    order = (
        "as they lie" if tuple(range(count)) in orders else "a new one" if len(orders) == epochs else "a repeated one"
    )
    weighed = [a * n for a, n in zip(met, sizes, strict=False)]
    wanted = [sum(weighed[k : k + per_epoch]) / count for k in range(0, len(weighed), per_epoch)]
    listed = losses is not None and len(losses) == len(wanted)
    return (
        f"{len(steps)} for {epochs} epochs",
        ", ".join(map(str, sizes[:per_epoch])),
        "once in each epoch" if once else "not once in each epoch",
        order if once else "",
        "their own" if all(paired) else "those of others",
        "no list" if losses is None else len(losses),
        [float(a) / b for a, b in zip(losses, wanted, strict=True)] if listed and once else None,
    )


FIT_BY_LOADER = '''
def fit(model, loss_fn, optimizer, X, y, batch_size, epochs):
    """A DataLoader shuffles and cuts."""
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(X, y), batch_size=batch_size, shuffle=True)
    losses = []
    for epoch in range(epochs):
        seen = [(train_step(model, loss_fn, optimizer, images, labels), len(labels)) for images, labels in loader]
        losses.append(sum(loss * size for loss, size in seen) / sum(size for _, size in seen))
    return losses
'''

FIT_BY_SLICES = '''
def fit(model, loss_fn, optimizer, X, y, batch_size, epochs):
    """Shuffled copies, cut by slices; the step written out."""
    losses = []
    for epoch in range(epochs):
        order = torch.randperm(X.shape[0])
        X_new, y_new = X[order], y[order]
        total = 0
        for start in range(0, len(X), batch_size):
            part, labels = X_new[start : start + batch_size], y_new[start : start + batch_size]
            loss = loss_fn(model(part), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(labels)
        losses.append(total / len(X))
    return losses
'''

FIT_BY_RANDOM = '''
def fit(model, loss_fn, optimizer, X, y, batch_size, epochs):
    """Python's own shuffle."""
    import random

    rows, losses = list(range(len(y))), []
    for epoch in range(epochs):
        random.shuffle(rows)
        parts = [rows[k : k + batch_size] for k in range(0, len(rows), batch_size)]
        told = [train_step(model, loss_fn, optimizer, X[part], y[part]) for part in parts]
        losses += [sum(a * len(p) for a, p in zip(told, parts)) / len(rows)]
    return losses
'''

START, DRAWN, KEPT = "    losses = []\n", "torch.randperm(len(X)).split", "        losses.append(total / len(X))\n"

EXERCISE = code(
    difficulty="medium",
    minutes=9,
    drills=("mini-batches",),
    probe=(probe_fit, probe_no_rest, probe_one_batch, probe_single_images),
    use=use_fit,
    outputs=(
        "the number of steps",
        "the sizes of the batches",
        "how often an image comes",
        "the order",
        "the labels of the images",
        "how many losses are returned",
        "each loss divided by the right one",
    ),
    misconceptions=(
        Misconception(
            "not-shuffled",
            "In one epoch or in all, the images come in the order in which they lie. Draw a new order for each, the first included: `torch.randperm`.",
            patch=("torch.randperm(len(X))", "torch.arange(len(X))"),
            cause="Nothing in your code draws one.",
            evidence=never_says("randperm", "shuffle", "permutation", "permuted", "sample", "rand", "RandomSampler"),
            other=(
                (START, "    losses, order = [], torch.arange(len(X))\n"),
                (DRAWN, "order.split"),
                (KEPT, f"{KEPT}        order = torch.randperm(len(X))\n"),
            ),
            hints=("Which images stand beside each other in your first epoch?",),
        ),
        Misconception(
            "shuffled-once",
            "The same order comes back in another epoch, and with it the same batches. Is it drawn once for all, or from the same seed each time?",
            patch=((START, f"{START}    order = torch.randperm(len(X))\n"), (DRAWN, "order.split")),
            cause="`randperm` stands outside the loop over the epochs; draw the order in it.",
            evidence=lambda tree: says("randperm")(tree) and not in_loop("_.randperm(...)", "randperm(...)")(tree),
            other=("        total = 0.0\n", "        total = 0.0\n        torch.manual_seed(0)\n"),
            hints=("How often is an order drawn, and what decides which one it is?",),
        ),
        Misconception(
            "labels-left-behind",
            "The images are shuffled and their labels do not follow: images get the labels of others. Take the same rows from both.",
            patch=("y[rows])", "y[: len(rows)])"),
            hints=("Which label belongs to `X[rows[0]]`?",),
        ),
        Misconception(
            "last-batch-dropped",
            "The last, smaller batch is left out, and its images with it. Go on to the end.",
            patch=(
                "for rows in torch.randperm(len(X)).split(batch_size):\n",
                "for rows in torch.randperm(len(X))[: max(1, len(X) // batch_size) * batch_size].split(batch_size):\n",
            ),
            hints=("How many images does an epoch see, if 10 are cut into batches of 4?",),
        ),
        Misconception(
            "drawn-with-repeats",
            "Some images come more than once in an epoch, and others never. Each has to come once, as each number does in what `torch.randperm` gives.",
            patch=("torch.randperm(len(X))", "torch.randint(len(X), (len(X),))"),
            cause="`randint` draws with repeats.",
            evidence=says("randint"),
            other=("torch.randperm(len(X))", "torch.multinomial(torch.ones(len(X)), len(X), replacement=True)"),
            hints=("May a number come twice in your order?",),
        ),
        Misconception(
            "last-batch-too-heavy",
            "Each mean loss is too large: the last batch is smaller, and counts like a whole one. The mean of a batch has to count by the number of *its* images.",
            patch=(" * len(rows)", " * batch_size"),
            hints=("How many images does the last batch hold?",),
        ),
        Misconception(
            "mean-of-batch-means",
            "Those are means over batches. The last one is smaller, so its images count for more. Multiply each loss by the size of its batch, and divide by "
            "the number of images.",
            patch=(
                (" * len(rows)", ""),
                ("total / len(X)", "total / len(torch.arange(len(X)).split(batch_size))"),
            ),
            hints=("If the last batch holds one image, how much should that image count?",),
        ),
        Misconception(
            "loss-not-weighted",
            "The losses are too small: the *means* of the batches are added up, and divided by the number of images. Each has to count by the size of its batch.",
            patch=(" * len(rows)", ""),
            hints=("The loss of a batch is a mean already. What makes it a sum?",),
        ),
        Misconception(
            "sum-not-mean",
            "Those are the sums over the images of an epoch. Divide by how many there are.",
            patch=("total / len(X)", "total"),
            hints=("How does your number change if there are twice as many images?",),
        ),
        Misconception(
            "running-total",
            "From the second epoch on a loss contains those of the epochs before. Each epoch has to start its total at 0.",
            patch=(("        total = 0.0\n", ""), ("    losses = []\n", "    losses, total = [], 0.0\n")),
            hints=("What has been added up when the second epoch begins?",),
        ),
        Misconception(
            "first-epoch-only",
            "One epoch is made, however many are asked for. What ends the loop over the epochs, or counts them?",
            patch=(
                "        losses.append(total / len(X))\n    return losses",
                "        losses.append(total / len(X))\n        return losses",
            ),
            cause="`return` ends the function in the first one; it belongs behind the loop.",
            evidence=in_loop("return _"),
            other=("range(epochs)", "range(1)"),
            hints=("What happens when your first epoch is over?",),
        ),
        Misconception(
            "whole-set-at-once",
            "Each epoch takes one step with all images. Cut them into batches of `batch_size`, and step for each.",
            patch=("torch.randperm(len(X)).split(batch_size)", "[torch.randperm(len(X))]"),
            hints=("How many steps should an epoch with 10 images in batches of 4 have?",),
        ),
    ),
    alternatives=(FIT_BY_LOADER, FIT_BY_SLICES, FIT_BY_RANDOM),
    equivalent_mutants={
        "for rows in torch.randperm(len(y)).split(batch_size):": "there are as many labels as images",
        "losses.append(total / len(y))": "there are as many labels as images",
    },
    hints=(
        "Which two loops stand in each other, and what is done anew in the outer one?",
        "In each epoch: `total = 0.0`, then `for rows in torch.randperm(len(X)).split(batch_size)`, and a step with `X[rows]` and `y[rows]`.",
        "`total += train_step(model, loss_fn, optimizer, X[rows], y[rows]) * len(rows)`; after the batches `losses.append(total / len(X))`.",
    ),
)
