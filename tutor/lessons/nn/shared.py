"""What several exercises of lesson 07 share."""

import torch

STEPS = 4  # of the trajectories that answers with parameters are judged on


def shapes_of(module):
    """Name -> shape, as text, of every parameter that a module lists."""
    return {name: str(tuple(p.shape)) for name, p in module.named_parameters()}


def gradient(tensor):
    """A tensor's gradient, or zeros where none arrived."""
    return torch.zeros_like(tensor) if tensor.grad is None else tensor.grad


def fits(y_pred, shape):
    """Whether an output is a tensor of the right shape, so that training can go on with it."""
    return isinstance(y_pred, torch.Tensor) and y_pred.shape == shape


def plain(y_pred):
    """An output as it is shown in a report."""
    return y_pred.detach() if isinstance(y_pred, torch.Tensor) else y_pred


def steps_of(model, x, y):
    """The losses of a few steps of gradient descent, on the mean squared error."""
    losses = []
    for _ in range(STEPS):
        loss = ((model(x) - y) ** 2).mean()
        losses.append(loss.item())
        model.zero_grad()
        if loss.requires_grad:
            loss.backward()
        with torch.no_grad():
            for parameter in model.parameters():
                parameter -= 0.05 * gradient(parameter)
    return losses
