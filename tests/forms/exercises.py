"""Exercises of the lesson that proves every form of exercise."""

import torch

from tutor.checking import Misconception, code, value
from tutor.lessons.registry import About

ABOUT = About(minutes=1)
HINTS = ("What should happen?", "Look at the docstring.", "Write it down.")


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


def value_and_gradient(function, x):
    x = x.clone().requires_grad_()
    y = function.apply(x)
    (y * x.detach().cos()).sum().backward()  # not a plain sum: what arrives must not be all ones
    return y.detach(), x.grad


EXERCISES = {
    "add": code(
        difficulty="easy",
        minutes=1,
        hints=HINTS,
        probe=lambda d: (d.number(), d.number()),
        use=lambda number, a, b: (number(a) + number(b)).value,
        misconceptions=(Misconception("minus", "That is the difference.", patch=("+ other", "- other")),),
    ),
    "double": code(
        difficulty="easy",
        minutes=1,
        hints=HINTS,
        probe=lambda d: (d.number(),),
        use=lambda number, a: number(a).double().value,
        misconceptions=(Misconception("itself", "That is the number itself.", patch=("self + self", "self")),),
    ),
    "shift": code(
        difficulty="easy",
        minutes=1,
        hints=HINTS,
        probe=lambda d: (d.tensor(*d.sizes(2)), d.number()),
        misconceptions=(Misconception("minus", "That moves it the other way.", patch=("x + by", "x - by")),),
    ),
    "counter": code(
        difficulty="easy",
        minutes=1,
        hints=HINTS,
        probe=lambda d: (d.integer(1, 9),),
        use=lambda counter, start: (lambda c: [c(), c(), c()])(counter(start)),
        misconceptions=(Misconception("stuck", "It never counts on.", patch=("self.count += 1", "pass")),),
    ),
    "scale": code(
        difficulty="easy",
        minutes=1,
        hints=HINTS,
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
    ),
    "square": code(
        difficulty="easy",
        minutes=1,
        hints=HINTS,
        probe=lambda d: (d.tensor(*d.sizes(2)),),
        use=value_and_gradient,
        outputs=("y", "grad_x"),
        misconceptions=(
            Misconception(
                "ignores-upstream",
                "The chain rule multiplies.",
                patch=("grad_output * 2 * x", "2 * x + 0 * grad_output"),
            ),
            Misconception("factor", "The derivative of a square is twice x.", patch=("* 2 * x", "* x")),
        ),
    ),
    "answer": value(
        difficulty="easy",
        minutes=1,
        hints=HINTS,
        explain="Two rows and three columns.",
        misconceptions=(Misconception("turned", "Those are columns and rows.", value=(3, 2)),),
    ),
}
