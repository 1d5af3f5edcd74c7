"""One training step: gradients not cleared or cleared too late, a step that is missing, a loss of one's own."""

import torch
from torch import nn

from tutor.checking import Misconception, code
from tutor.lessons.training_steps import TENSOR_RETURNED, kind_of

from .. import shared


def probe_step(d):
    """A batch and the weights of a small network whose sizes all differ."""
    n, d_in, h, d_out = d.sizes(4)
    return d.tensor(n, d_in), d.tensor(n, d_out), d.tensor(h, d_in), d.tensor(d_out, h), d.number(0.05, 0.1)


def lopsided(y_pred, y):
    """A loss in which prediction and target cannot be exchanged unseen."""
    return ((1 + y**2) * (y_pred - y) ** 2).mean()


def use_step(train_step, x, y, w1, w2, rate):
    """Losses of four steps, in words what the first two `step()` met, whether the model was called, and the weights."""
    model = nn.Sequential(nn.Linear(*w1.T.shape, bias=False), nn.Tanh(), nn.Linear(*w2.T.shape, bias=False)).to(x.dtype)
    with torch.no_grad():
        model[0].weight.copy_(w1)
        model[2].weight.copy_(w2)
    first, events, called = model[0].weight, [], []
    optimizer = torch.optim.SGD(model.parameters(), rate)
    model.register_forward_hook(lambda *_: called.append(True))
    first.register_hook(lambda gradient: events.append("backward"))
    optimizer.register_step_post_hook(lambda *_: events.append("step" if first.grad is not None else "vain step"))
    losses, met = [], []
    for _ in range(shared.STEPS + 1):
        events.clear()
        losses.append(train_step(model, lopsided, optimizer, x, y))
        met.append(" then ".join(events) or "nothing happened")
    through = "called" if called else "not called: its forward is"
    return *losses, kind_of(losses[-1]), through, *met[:2], first.detach().clone(), model[2].weight.detach().clone()


def step_cleared_last(model, loss_fn, optimizer, X, y):
    loss = loss_fn(model(X), y)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    return float(loss)


def step_cleared_first(model, loss_fn, optimizer, X, y):
    optimizer.zero_grad(set_to_none=False)
    loss = loss_fn(model(X), y)
    torch.autograd.backward(loss)
    optimizer.step()
    return loss.detach().tolist()


def step_by_closure(model, loss_fn, optimizer, X, y):
    def closure():
        model.zero_grad()
        loss = loss_fn(model(X), y)
        loss.backward()
        return loss

    return optimizer.step(closure).item()


EXERCISE = code(
    difficulty="easy",
    minutes=6,
    drills=("optimiser",),
    probe=probe_step,
    use=use_step,
    outputs=(
        *(f"the loss of step {k}" for k in range(1, shared.STEPS + 2)),
        "what the loss is",
        "the model",
        "the order in the first step",
        "the order in the second step",
        "the first weights",
        "the last weights",
    ),
    misconceptions=(
        Misconception(
            "never-cleared",
            "The gradients are never cleared: every step goes along the sum of all gradients so far. The first step is right, the second is not.",
            patch=("    optimizer.zero_grad()\n", ""),
            hints=("What does `backward` do with the gradients that are already there?",),
        ),
        Misconception(
            "cleared-before-use",
            "The gradients are cleared between `backward` and `step`, so nothing is left to step with.",
            patch=(
                "    optimizer.zero_grad()\n    loss.backward()\n",
                "    loss.backward()\n    optimizer.zero_grad()\n",
            ),
            hints=("What is in `.grad` when `step` looks at it?",),
        ),
        Misconception(
            "no-backward",
            "The optimiser steps, and there is no gradient: `backward` was not called. It is what fills `.grad`.",
            patch=("    loss.backward()\n", ""),
            hints=("Which line puts something into `.grad`?",),
        ),
        Misconception(
            "step-before-backward",
            "The step comes before the gradients of this batch: it meets none. First `backward`, then `step`.",
            patch=(
                "    loss.backward()\n    optimizer.step()\n",
                "    optimizer.step()\n    loss.backward()\n",
            ),
            hints=("What does `step` need, and who brings it?",),
        ),
        Misconception(
            "no-step",
            "The gradients are there, and no weight moves: `optimizer.step()` is missing.",
            patch=("    optimizer.step()\n", ""),
            hints=("Which line moves the weights?",),
        ),
        Misconception(
            "exchanged",
            "The loss is called with the target first. It is `loss_fn(y_pred, y)`; for most losses the order matters.",
            patch=("loss_fn(y_pred, y)", "loss_fn(y, y_pred)"),
            hints=("Which of the two does the docstring name first?",),
        ),
        Misconception(
            "loss-of-its-own",
            "The loss is not the one that you were given: call `loss_fn`.",
            patch=("loss_fn(y_pred, y)", "nn.functional.mse_loss(y_pred, y)"),
            hints=("Which argument does your function not use?",),
        ),
        Misconception(
            "forward-called",
            "The numbers are right, but you call `model.forward(X)`. `model(X)` does what is hooked onto the model as well.",
            patch=("model(X)", "model.forward(X)"),
            hints=("How does one call a model?",),
        ),
        TENSOR_RETURNED,
        Misconception(
            "loss-after-the-step",
            "You return the loss after the step; the one before it is asked for.",
            patch=("return loss.item()", "return loss_fn(model(X), y).item()"),
            hints=("With which weights is the returned loss computed?",),
        ),
    ),
    alternatives=(step_cleared_last, step_cleared_first, step_by_closure),
    equivalent_mutants={"model.zero_grad()": "the optimiser holds all parameters of the model"},
    hints=(
        "Which three calls follow once the loss is there, and which of them needs the other?",
        "`model(X)`, `loss_fn(...)`, `optimizer.zero_grad()`, `loss.backward()`, `optimizer.step()`.",
        "`loss = loss_fn(model(X), y)`, the three calls in this order, and `return loss.item()`.",
    ),
)
