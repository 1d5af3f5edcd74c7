"""What exercises about models and their training steps ask of an answer, in the lessons that write them."""

import torch

from tutor.checking import Misconception
from tutor.checking.evidence import seen
from tutor.lessons.readers_text import clears_nothing, in_order, never_says


def shapes_of(module):
    """Name -> shape, as text, of every parameter that a module lists."""
    return {name: str(tuple(p.shape)) for name, p in module.named_parameters()}


def plain(y_pred):
    """An output as it is shown in a report."""
    return y_pred.detach() if isinstance(y_pred, torch.Tensor) else y_pred


def descend(model, loss_fn, x, y, rate, steps):
    """The losses of a few steps of gradient descent; where no gradient comes back they stay the same."""
    losses = []
    for _ in range(steps):
        loss = loss_fn(model(x), y)
        losses.append(loss.item())
        model.zero_grad()
        if loss.requires_grad:
            loss.backward()
        with torch.no_grad():
            for parameter in model.parameters():
                if parameter.grad is not None:
                    parameter -= rate * parameter.grad
    return losses


def kind_of(loss):
    """In words, what sort of thing a returned loss is."""
    return "a Python number" if isinstance(loss, float | int) else f"of the type {type(loss).__name__}"


TENSOR_RETURNED = Misconception(
    "tensor-returned",
    "The step is right, but a tensor comes back. A Python number is asked for: `.item()` takes it out.",
    patch=("return loss.item()", "return loss"),
    cause="A list of such losses would keep the graph of every step in memory.",
    evidence=lambda tree: seen("return loss")(tree) and never_says("detach", "detach_", "data")(tree),
    other=("return loss.item()", "return loss.detach()"),
    hints=("What does `type(loss)` say of what you return?",),
)

# The mistakes of a step whose lines are `optimizer.zero_grad()`, `loss.backward()` and `optimizer.step()`.
NEVER_CLEARED = Misconception(
    "never-cleared",
    "Each step goes along the sum of all gradients so far: the first is right, the second is not. `backward` adds to "
    "what is there, so the gradients have to be cleared for every step.",
    patch=("optimizer.zero_grad()", "pass"),
    cause="Nothing in your code clears them: `optimizer.zero_grad()` does.",
    evidence=clears_nothing,
    other=("optimizer.zero_grad()", "optimizer.zero_grad"),
    hints=("What does `backward` do with the gradients that are already there?",),
)
CLEARED_BEFORE_USE = Misconception(
    "cleared-before-use",
    "Gradients were computed, and `step` meets none: they are cleared too early, or were never put into `.grad`.",
    patch=(
        ("optimizer.zero_grad()", "ZERO"),
        ("loss.backward()", "optimizer.zero_grad()"),
        ("ZERO", "loss.backward()"),
    ),
    cause="You clear them between `backward` and `step`, so nothing is left to step with.",
    evidence=in_order("_.backward(...)", "_.zero_grad(...)", "_.step(...)"),
    other=("loss.backward()", "torch.autograd.grad(loss, list(model.parameters()))"),
    hints=("What is in `.grad` when `step` looks at it?",),
)
NO_BACKWARD = Misconception(
    "no-backward",
    "The optimiser steps, and there is no gradient: no backward pass has come to the weights. `loss.backward()`, with "
    "its brackets, is what fills `.grad`.",
    patch=("loss.backward()", "pass"),
    hints=("Which line puts something into `.grad`?",),
)
NO_STEP = Misconception(
    "no-step",
    "The gradients are there, and no weight moves: the optimiser has not stepped. `optimizer.step()`, with its "
    "brackets, does that.",
    patch=("optimizer.step()", "pass"),
    hints=("Which line moves the weights?",),
)
