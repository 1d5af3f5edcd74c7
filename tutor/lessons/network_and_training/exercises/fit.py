"""The loop over epochs and mini-batches: no shuffling, labels left behind, a last batch dropped, means of means."""

from tutor.checking import Misconception, code
from tutor.lessons.readers_text import in_loop, never_says, says

from ..shared import CLASSES, STEPS
from ..watching import use_fit


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
    return (d.integer(7, 9), 12, 2, d.tensor(CLASSES, 2), d.number(0.3, 0.5))


def probe_many(d):
    """Batches of more images than are usual."""
    batch = d.integer(66, 80)
    return (batch + d.integer(1, 3), batch, 1, d.tensor(CLASSES, 2), d.number(0.5, 0.8))


def probe_single_images(d):
    """Batches of one image each."""
    return (d.integer(8, 9), 1, 2, d.tensor(CLASSES, 2), d.number(0.05, 0.1))


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

ADDED = "            total += train_step(model, loss_fn, optimizer, X[rows], y[rows]) * len(rows)\n"
START, DRAWN, KEPT = "    losses = []\n", "torch.randperm(len(X)).split", "        losses.append(total / len(X))\n"

EXERCISE = code(
    difficulty="medium",
    minutes=9,
    drills=("mini-batches",),
    probe=(probe_fit, probe_no_rest, probe_one_batch, probe_many, probe_single_images),
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
            "seeded-anew",
            "Each epoch of a call has an order of its own, and the next call of `fit` draws the same ones once more. Leave the seed to the caller.",
            patch=(START, f"{START}    torch.manual_seed(0)\n"),
            hints=("What happens if `fit` is called once for each epoch?",),
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
            "drawn-for-each-batch",
            "For every batch images are drawn from all of them anew, so that some come more than once in an epoch, and others never. Draw one order for an epoch, and cut it.",
            patch=(
                f"        for rows in {DRAWN}(batch_size):\n",
                "        for start in range(0, len(X), batch_size):\n            rows = torch.randperm(len(X))[:batch_size]\n",
            ),
            hints=("How often is an order drawn in an epoch, and what is cut from it?",),
        ),
        Misconception(
            "loss-of-each-batch",
            "Something is kept for every batch. One number is asked for from each epoch, the mean over its images.",
            patch=(
                f"{ADDED}{KEPT}",
                "            losses.append(train_step(model, loss_fn, optimizer, X[rows], y[rows]))\n",
            ),
            hints=("How long should the list be after three epochs?",),
        ),
        Misconception(
            "last-batch-alone",
            "Each loss is that of the last batch of its epoch alone. The mean over all images of the epoch is asked for.",
            patch=(
                "total += train_step(model, loss_fn, optimizer, X[rows], y[rows]) * len(rows)",
                "total = train_step(model, loss_fn, optimizer, X[rows], y[rows]) * len(X)",
            ),
            hints=("What is left of the first batch's loss when the epoch is over?",),
        ),
        Misconception(
            "measured-afterwards",
            "Each loss is measured when its epoch is over, on all images. The mean of the losses with which the steps were taken is asked for, those that `train_step` returns.",
            patch=("total / len(X)", "loss_fn(model(X), y).item()"),
            hints=("With which weights is each image's loss computed?",),
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
