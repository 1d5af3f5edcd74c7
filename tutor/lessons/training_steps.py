"""What exercises about models and their training steps ask of an answer, in the lessons that write them."""

import torch

from tutor.checking import Misconception


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
    "The step is right, but what is returned is a tensor. A Python number is asked for: `.item()` takes it out. (A "
    "list of losses that still have their graphs keeps every step in memory.)",
    patch=("return loss.item()", "return loss"),
    hints=("What does `type(loss)` say of what you return?",),
)
