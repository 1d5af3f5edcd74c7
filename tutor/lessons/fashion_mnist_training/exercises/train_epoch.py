"""One epoch of training and its mean loss over images: steps left out, the mean of means, graphs kept."""

import torch

from tutor.checking import Misconception, code
from tutor.lessons import training_steps

from ..shared import (
    CLASSES,
    LOSS_OF_ITS_OWN,
    SOFTMAX_FIRST,
    a_loss,
    loss_not_weighted,
    mean_of_batch_means,
    small_net,
    three_batches,
)

# The first optimiser of a process makes torch import its compiler, which takes seconds on a busy machine; here no
# check's time limit is running.
torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)

ONE_BATCH = "that of one batch"


def probe_train(d):
    """Three batches, the last one smaller, and a net of sizes that all differ."""
    d_in, h = d.sizes(2, 4, 7)
    batch, last = d.integer(8, 10), d.integer(4, 6)
    count = 2 * batch + last
    x, y = d.tensor(count, d_in), torch.from_numpy(d.labels(count, CLASSES))
    return x, y, batch, d.tensor(d_in, h), d.tensor(h, CLASSES), d.number(0.1, 0.2)


def _gradient_met(parameter, fresh, steps):
    """In words, what `optimizer.step()` found in `.grad`, from what it left there; `steps` were taken before it."""
    if len(fresh) <= steps:
        return "none: no backward came before it"
    if parameter.grad is None:
        return "none: it was cleared"
    if torch.equal(parameter.grad, fresh[-1]):
        return ONE_BATCH
    sums = torch.stack(fresh).flip(0).cumsum(0)  # of the last one, two, ... batches
    summed = any(torch.allclose(parameter.grad, one) for one in sums[1:])
    return "the sum of several batches" if summed else "another one"


def two_epochs(train_epoch, x, y, batch, w1, w2, lr):
    """What two epochs did with the model, which comes in evaluation mode; in words first, since words name one cause."""
    model, modes, fresh, met = small_net(w1, w2).eval(), [], [], []
    optimizer = torch.optim.SGD(model.parameters(), lr)
    first = model[0].weight
    model[1].register_forward_pre_hook(lambda norm, _: modes.append("training" if norm.training else "evaluation"))
    first.register_hook(lambda gradient: fresh.append(gradient.clone()))
    optimizer.register_step_post_hook(lambda *_: met.append(_gradient_met(first, fresh, steps=len(met))))
    losses = [train_epoch(model, a_loss(), optimizer, three_batches(x, y, batch)) for _ in range(2)]
    kept = any(isinstance(loss, torch.Tensor) and loss.requires_grad for loss in losses)
    weights = torch.cat([parameter.detach().flatten() for parameter in model.parameters()])
    return (
        min(modes, default="never called"),
        f"{len(met)} for the 6 batches of two epochs",
        next((words for words in met if words != ONE_BATCH), ONE_BATCH),
        "kept with the loss" if kept else "let go",
        training_steps.kind_of(losses[-1]),
        *losses,
        model[1].running_mean.clone(),
        weights,
    )


STILL_EVALUATING = "The model stays in evaluation mode while it trains: batch normalisation uses its old running mean and never updates it. Switch to training mode before the first batch."


def train_epoch_cleared_last(model, loss_fn, optimizer, batches):
    model.train(True)
    losses, sizes = [], []
    for images, labels in batches:
        loss = loss_fn(model(images), labels)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(float(loss))
        sizes.append(images.shape[0])
    return sum(a * b for a, b in zip(losses, sizes, strict=True)) / sum(sizes)


def train_epoch_by_tensors(model, loss_fn, optimizer, batches):
    summed, seen = torch.zeros(()), 0
    for x, y in batches:
        model.train()
        optimizer.zero_grad(set_to_none=False)
        loss = loss_fn(model(x), y)
        loss.backward()
        optimizer.step()
        summed = summed + loss.detach() * x.size(0)
        seen += x.size(0)
    return (summed / seen).item()


def train_epoch_with_closure(model, loss_fn, optimizer, batches):
    model.train()
    total = count = 0
    for x, y in batches:

        def closure(x=x, y=y):
            model.zero_grad()
            loss = loss_fn(model(x), y)
            loss.backward()
            return loss

        total, count = total + len(x) * optimizer.step(closure).detach(), count + len(x)
    return float(total / count)


def train_epoch_listed_first(model, loss_fn, optimizer, batches):
    batches = list(batches)
    model.train()
    count = sum(len(y) for _, y in batches)
    total = 0.0
    for x, y in batches:
        for parameter in model.parameters():
            parameter.grad = None
        loss = loss_fn(model.forward(x), y)
        torch.autograd.backward(loss)
        optimizer.step()
        total += loss.item() * len(y) / count
    return total


EXERCISE = code(
    difficulty="hard",
    minutes=12,
    drills=("loops",),
    probe=probe_train,
    use=two_epochs,
    outputs=(
        "the mode while training",
        "the number of steps",
        "the gradient that a step goes along",
        "the graph of a batch",
        "what the loss is",
        "the first loss",
        "the second loss",
        "the running mean",
        "the weights",
    ),
    misconceptions=(
        Misconception(
            "batches-used-up",
            "No step is taken: the model is never called. `batches` may yield its pairs only once, as a generator does. Were they gone through before the loop, to be counted for instance? Count in the same loop.",
            patch=("    total, count = 0.0, 0\n", "    total, count = 0.0, sum(len(y) for x, y in batches)\n"),
            hints=("How often can you go through a generator?",),
        ),
        LOSS_OF_ITS_OWN,
        Misconception(
            "zero-grad-forgotten",
            "The gradients that the steps go along are never cleared: each is the sum of all so far.",
            patch=("        optimizer.zero_grad()\n", ""),
            hints=("What does `backward` do with the gradients that are already there?",),
        ),
        Misconception(
            "cleared-once",
            "The gradients are cleared once in an epoch, before its first batch. From the second batch on, a step goes along the sum of all gradients of the epoch so far.",
            patch=(
                ("        optimizer.zero_grad()\n", ""),
                ("    model.train()\n", "    model.train()\n    optimizer.zero_grad()\n"),
            ),
            hints=("How often does `backward` add to what is there?",),
        ),
        Misconception(
            "no-gradient-yet",
            "When the optimiser steps there is no gradient: no `backward` came before it. First `backward`, then `step`.",
            patch=("        loss.backward()\n", ""),
            hints=("Which line puts something into `.grad`?",),
        ),
        Misconception(
            "one-step-an-epoch",
            "There is one step in an epoch, along the gradient of the last batch. One for every batch is asked for: does `step` come only when the loop is over?",
            patch=(
                ("        optimizer.step()\n", ""),
                ("    return total / count", "    optimizer.step()\n    return total / count"),
            ),
            hints=("How often should the weights move in an epoch?",),
        ),
        Misconception(
            "cleared-before-the-step",
            "The gradients are cleared between `backward` and `step`: nothing is left to step with.",
            patch=(
                "        optimizer.zero_grad()\n        loss.backward()\n",
                "        loss.backward()\n        optimizer.zero_grad()\n",
            ),
            hints=("What is in `.grad` when `step` looks at it?",),
        ),
        Misconception(
            "step-forgotten",
            "No step is taken: the weights never move, whatever gradients there are.",
            patch=("        optimizer.step()\n", ""),
            hints=("Which line moves the weights?",),
        ),
        Misconception(
            "evaluation-mode",
            STILL_EVALUATING,
            patch=("    model.train()\n", ""),
            hints=("In which mode does the model come in?",),
        ),
        mean_of_batch_means(("loss.item() * len(y)", "loss.item()"), ("count += len(y)", "count += 1")),
        loss_not_weighted("loss.item() * len(y)", "loss.item()"),
        Misconception(
            "sum-not-mean",
            "That is the sum of the losses of all images. Divide by how many there were.",
            patch=("total / count", "total"),
            hints=("How does your number change if there are twice as many images?",),
        ),
        SOFTMAX_FIRST,
        Misconception(
            "graph-kept",
            "The loss that you return still carries its graph, and so the graphs of all batches stay in memory until the epoch is over. `.item()` takes the number out.",
            patch=("loss.item() * len(y)", "loss * len(y)"),
            hints=("What hangs on `loss`, besides a number?",),
        ),
        Misconception(
            "last-batch-only",
            "That is the loss of the last batch. The mean over the whole epoch is asked for.",
            patch=("total / count", "loss.item()"),
            hints=("Which images does your number know about?",),
        ),
    ),
    alternatives=(train_epoch_cleared_last, train_epoch_by_tensors, train_epoch_with_closure, train_epoch_listed_first),
    equivalent_mutants={
        "total, count = (0, 0.0)": "whole numbers and others add up alike",
        "model.zero_grad()": "the optimiser holds all parameters of the model",
        "total += loss.item() * len(x)": "all three have one row for each image",
        "total += loss.item() * len(y_pred)": "all three have one row for each image",
        "count += len(x)": "all three have one row for each image",
        "count += len(y_pred)": "all three have one row for each image",
    },
    hints=(
        "Which five lines make a training step, and what has to happen once before the first of them?",
        "`model.train()`, then a loop with the five lines; add up `loss.item() * len(y)` and `len(y)` on the way.",
        "`total += loss.item() * len(y)`, `count += len(y)`, and `return total / count` behind the loop.",
    ),
)
