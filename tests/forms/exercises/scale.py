"""A module with one parameter."""

import torch

from tutor.checking import Misconception, code

from ..shared import HINTS


def train_three_steps(layer, x):
    """Three steps of gradient descent; what is judged is the way, not one point on it."""
    model, seen = layer(1.5), []
    for _ in range(3):
        loss = (model(x) ** 2).sum()
        model.zero_grad()
        loss.backward()
        with torch.no_grad():
            for p in model.parameters():
                p -= 0.1 * p.grad
        seen += [loss.item(), *(p.item() for p in model.parameters())]
    return seen


EXERCISE = code(
    difficulty="easy",
    minutes=1,
    probe=lambda d: (d.tensor(d.integer(2, 5)),),
    use=train_three_steps,
    misconceptions=(
        Misconception(
            "plain-tensor",
            "A plain tensor is no parameter: an optimiser never sees it.",
            patch=(
                "torch.nn.Parameter(torch.tensor(float(start)))",
                "torch.tensor(float(start), requires_grad=True)",
            ),
        ),
    ),
    hints=HINTS,
)
