"""An epoch of training with its report: steps left out, gradients kept, a wrong mode, lines at the wrong batches."""

import contextlib
import io
import re

import torch

from tutor.checking import Misconception, code
from tutor.checking.evidence import seen, without
from tutor.lessons import training_steps
from tutor.lessons.readers_text import in_loop

from ..shared import CLASSES, a_loss, loader_of, modes_of, small_net

LINE = re.compile(r"loss:\s*(-?[\d.]+)\s+\[\s*(\d+)/\s*(\d+)\]")


def probe_epoch(d):
    """More than 100 batches of which the last is smaller, so that two lines are due; once it is printed itself."""
    (features,) = d.sizes(1, 3, 6)
    count, batch = 3 * (101 if d.seed % 2 else 104) - 1, 3
    return (
        d.tensor(count, features),
        torch.from_numpy(d.labels(count, CLASSES)),
        batch,
        d.tensor(CLASSES, features),
        d.number(0.02, 0.05),
    )


def probe_few(d):
    """A few batches: one line."""
    (features,) = d.sizes(1, 3, 6)
    return (
        d.tensor(11, features),
        torch.from_numpy(d.labels(11, CLASSES)),
        4,
        d.tensor(CLASSES, features),
        d.number(0.1, 0.2),
    )


def use_train(train, x, y, batch, weight, rate):
    """What an epoch did, in words, what it printed, and the weights after it; the model comes in evaluation mode."""
    model, fresh, met, events, losses = small_net(weight).eval(), [], [], [], []
    optimizer, loss_fn = torch.optim.SGD(model.parameters(), rate), a_loss()
    first = model[1].weight
    modes = modes_of(model[0])
    first.register_hook(lambda gradient: fresh.append(gradient.clone()))

    def step_met(*_):
        none = "none: it was cleared" if fresh else "none: no backward came before it"
        alone = first.grad is not None and fresh and torch.equal(first.grad, fresh[-1])
        met.append("that of its batch" if alone else none if first.grad is None else "another one")
        events.append("step")

    def loss_of(y_pred, target):
        loss = loss_fn(y_pred, target)
        losses.append(loss.item())
        return loss

    optimizer.register_step_post_hook(step_met)
    called = modes_of(model)
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        train(loader_of(x, y, batch), model, loss_of, optimizer)
    lines = LINE.findall(printed.getvalue())
    at = [f"[{seen}/{size}]" for _, seen, size in lines]
    wanted = losses[::100]
    told = [float(loss) for loss, *_ in lines]
    honest = len(told) == len(wanted) and all(abs(a - b) < 2e-3 for a, b in zip(told, wanted, strict=True))
    return (
        min(modes, default="never called") if called else "not called as model(X)",
        f"{len(met)} for {-(-len(x) // batch)} batches",
        next((words for words in met if words != "that of its batch"), "that of its batch"),
        " ".join(at) or "nothing of the form loss: 2.303  [   64/60000]",
        "that of the batch" if honest else "another one",
        model[0].running_mean.clone(),
        first.detach().clone(),
    )


TRAIN_CLEARED_LAST = '''
def train(dataloader, model, loss_fn, optimizer):
    """Gradients are cleared after each step; batches are counted by hand."""
    model.train(True)
    batch = seen = 0
    for images, labels in dataloader:
        loss = loss_fn(model(images), labels)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        seen = seen + images.shape[0]
        if not batch % 100:
            print("loss: %.3f  [%5d/%5d]" % (float(loss), seen, len(dataloader.dataset)))
        batch += 1
'''

TRAIN_AS_OFTEN_SEEN = '''
def train(dataloader, model, loss_fn, optimizer):
    """Seen images from the number of the batch: all batches before it are full."""
    size = len(dataloader.dataset)
    model.train()
    for batch, (X, y) in enumerate(dataloader):
        pred = model(X)
        loss = loss_fn(pred, y)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        if batch % 100 == 0:
            loss, current = loss.item(), batch * dataloader.batch_size + len(X)
            print(f"loss: {loss:>7f}  [{current:>5d}/{size:>5d}]")
'''

TRAIN_BY_CLOSURE = '''
def train(dataloader, model, loss_fn, optimizer):
    """The step calls for the loss itself."""
    seen = 0
    for k, (X, y) in enumerate(dataloader):
        model.train()

        def closure():
            optimizer.zero_grad()
            loss = loss_fn(model(X), y)
            loss.backward()
            return loss

        loss = optimizer.step(closure)
        seen += len(y)
        if k in range(0, 10**6, 100):
            print(f"loss: {loss.item():.4f}  [{seen}/{len(dataloader.dataset)}]")
'''

PRINTED = '            print(f"loss: {loss.item():.3f}  [{seen:5d}/{size:5d}]")'

EXERCISE = code(
    difficulty="medium",
    minutes=8,
    drills=("train", "first-recipe"),
    probe=(probe_epoch, probe_few),
    use=use_train,
    outputs=(
        "the mode while training",
        "the number of steps",
        "the gradient that a step goes along",
        "the places of the lines",
        "the loss in the lines",
        "the running mean",
        "the weights",
    ),
    cases=3,
    seconds=30.0,
    misconceptions=(
        Misconception(
            "evaluation-mode",
            "The model is in evaluation mode while it trains. `model.train()` comes first.",
            patch=("    model.train()\n", ""),
            hints=("In which mode does the model come in?",),
        ),
        training_steps.NEVER_CLEARED,
        training_steps.CLEARED_BEFORE_USE,
        training_steps.NO_BACKWARD,
        training_steps.NO_STEP,
        Misconception(
            "one-step-an-epoch",
            "There is one step in an epoch. Every batch should have one, as soon as its gradients are there.",
            patch=(("        optimizer.step()\n", ""), (PRINTED, f"{PRINTED}\n    optimizer.step()")),
            cause="`step` stands behind the loop; it belongs into it.",
            evidence=lambda tree: seen("_.step(...)")(tree) and not in_loop("_.step(...)")(tree),
            other=(
                "        optimizer.step()\n        seen += len(X)\n",
                "        seen += len(X)\n        if seen == size:\n            optimizer.step()\n",
            ),
            hints=("How often should the weights move in an epoch?",),
        ),
        Misconception(
            "softmax-before-the-loss",
            "The losses are those of probabilities. Cross-entropy takes logits and has the softmax inside.",
            patch=("loss_fn(model(X), y)", "loss_fn(model(X).softmax(dim=1), y)"),
            hints=("What does `loss_fn` expect?",),
        ),
        Misconception(
            "nothing-printed",
            "The training is right, and no line of the form that the docstring shows is printed. One is due at batch 0, 100, 200 and so on.",
            patch=(PRINTED, "            pass"),
            cause="There is no `print` in your code.",
            evidence=without("print(...)"),
            other=("loss: {loss", "Loss is {loss"),
            hints=("What does the docstring say about batch 0, 100, 200?",),
        ),
        Misconception(
            "every-batch-told",
            "The training is right, and every batch prints its line. Batch 0, 100, 200 and so on are enough.",
            patch=("        if batch % 100 == 0:\n", "        if True:\n"),
            hints=("When is `batch % 100` zero?",),
        ),
        Misconception(
            "seen-one-batch-late",
            "The training is right. The lines do not count the images of the batch that they report.",
            patch=(("        seen += len(X)\n", ""), (PRINTED, f"{PRINTED}\n        seen += len(X)")),
            hints=("What should the first line say, 0 or the size of a batch?",),
        ),
        Misconception(
            "last-batch-for-all",
            "The training is right. The line of a smaller last batch counts too few images: those before it came in larger batches. Add up the images batch by batch.",
            patch=("seen += len(X)", "seen = (batch + 1) * len(X)"),
            hints=("If the last batch has two images and all before it three, how many were seen?",),
        ),
        Misconception(
            "batch-number-told",
            "The training is right. In front of the slash stands the number of the batch; it should be how many images were seen.",
            patch=("[{seen:5d}", "[{batch:5d}"),
            hints=("What does the docstring's line count, batches or images?",),
        ),
        Misconception(
            "later-losses",
            "The training is right, and so is the first line; a later one does not tell the loss of its batch. Is it a mean, or a sum, of all losses so far?",
            patch=(
                ("size, seen = len(dataloader.dataset), 0", "size, seen, total = len(dataloader.dataset), 0, 0.0"),
                ("{loss.item()", "{total / (batch + 1)"),
                ("        seen +=", "        total += loss.item()\n        seen +="),
            ),
            hints=("Which batch does the line at batch 100 tell of?",),
        ),
        Misconception(
            "batches-for-images",
            "The training is right. Behind the slash stands how many batches there are; it should be how many images.",
            patch=("len(dataloader.dataset)", "len(dataloader)"),
            hints=("What are `len(dataloader)` and `len(dataloader.dataset)`?",),
        ),
        Misconception(
            "first-batch-only",
            "Only the first batch is used.",
            patch=(PRINTED, f"{PRINTED}\n        break"),
            hints=("How many batches does your code come to, and what ends it?",),
        ),
    ),
    alternatives=(TRAIN_CLEARED_LAST, TRAIN_AS_OFTEN_SEEN, TRAIN_BY_CLOSURE),
    equivalent_mutants={
        "seen += len(y)": "both have one row for each image",
        "model.zero_grad()": "the optimiser holds all parameters of the model",
        "print(f'loss: {loss:.3f}  [{seen:5d}/{size:5d}]')": "a tensor of one number is printed as the number",
    },
    hints=(
        "Which five lines make a step, and what is counted beside them?",
        "`model.train()`; then `for batch, (X, y) in enumerate(dataloader)` with the five lines, `seen += len(X)`, and the line if `batch % 100 == 0`.",
        '`if batch % 100 == 0:` and below it `print(f"loss: {loss.item():.3f}  [{seen:5d}/{size:5d}]")`',
    ),
)
