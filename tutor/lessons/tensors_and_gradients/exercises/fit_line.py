"""A whole fit by autograd: gradients not cleared, an update that is recorded or makes new tensors, steps uphill."""

import torch

from tutor.checking import Misconception, code


def probe_fit(d):
    """Points, a few steps and a rate with which they do not yet arrive."""
    (n,) = d.sizes(1, 4, 9)
    return d.tensor(n), d.tensor(n), d.integer(4, 7), d.number(0.05, 0.15)


def probe_far_points(d):
    """Points that lie far from the start, one of them at 0."""
    (n,) = d.sizes(1, 4, 9)
    x = d.tensor(n)
    x[1] = 0
    return x, 100 + 40 * d.tensor(n), d.integer(3, 5), d.number(0.03, 0.06)


def probe_one_point(d):
    """A single point."""
    return d.tensor(1), d.tensor(1), 3, d.number(0.03, 0.06)


def probe_one_step(d):
    """A single step."""
    (n,) = d.sizes(1, 4, 9)
    return d.tensor(n), d.tensor(n), 1, d.number(0.05, 0.15)


def use_fit(fit_line, x, y, steps, learning_rate):
    """The line, and in words whether it is told in Python numbers."""
    a, b = fit_line(x, y, steps, learning_rate)
    return a, b, "tensors" if isinstance(a, torch.Tensor) or isinstance(b, torch.Tensor) else "Python numbers"


FIT_BY_GRAD = '''
def fit_line(x, y, steps, learning_rate):
    """Both coefficients in one tensor, gradients from torch.autograd.grad."""
    w = torch.zeros(2, requires_grad=True)
    for _ in range(steps):
        loss = torch.nn.functional.mse_loss(w[0] + w[1] * x, y)
        (grad,) = torch.autograd.grad(loss, w)
        w = (w - learning_rate * grad).detach().requires_grad_()
    return w[0].item(), w[1].item()
'''

FIT_BY_OPTIMISER = '''
def fit_line(x, y, steps, learning_rate):
    """An optimiser takes the steps."""
    a, b = torch.zeros(()).requires_grad_(), torch.zeros(()).requires_grad_()
    optimizer = torch.optim.SGD([a, b], lr=learning_rate)
    for _ in range(steps):
        optimizer.zero_grad()
        (y - b * x - a).pow(2).mean().backward()
        optimizer.step()
    return float(a), float(b)
'''

FIT_CLEARED_FIRST = '''
def fit_line(x, y, steps, learning_rate):
    """Gradients cleared before backward, the numbers changed through .data."""
    line = [torch.tensor(0.0, requires_grad=True) for _ in range(2)]
    for _ in range(steps):
        for p in line:
            p.grad = None
        a, b = line
        error = a + b * x - y
        (error @ error / len(x)).backward()
        for p in line:
            p.data.sub_(learning_rate * p.grad)
    return tuple(p.item() for p in line)
'''

EXERCISE = code(
    difficulty="medium",
    minutes=9,
    drills=("by-autograd", "backward"),
    probe=(probe_fit, probe_far_points, probe_one_point, probe_one_step),
    use=use_fit,
    outputs=("a", "b", "what a and b are"),
    seconds=20.0,  # an answer may use torch.optim, and the first optimiser of a process imports the compiler
    misconceptions=(
        Misconception(
            "never-cleared",
            "The gradients are never cleared, so every step follows the sum of all gradients so far. The first step is right, the second is not.",
            patch=("        a.grad.zero_()\n        b.grad.zero_()\n", ""),
            hints=("What is in `a.grad` when `backward` is called for the second time?",),
        ),
        Misconception(
            "one-cleared",
            "The gradient of `a` is cleared and that of `b` is not.",
            patch=("        b.grad.zero_()\n", ""),
            hints=("How many gradients are there to clear?",),
        ),
        Misconception(
            "cleared-before-use",
            "Nothing moves: the gradients are cleared between `backward` and the update, which then finds zeros.",
            patch=(
                ("        a.grad.zero_()\n        b.grad.zero_()\n", ""),
                (
                    "        loss.backward()\n",
                    "        loss.backward()\n        a.grad.zero_()\n        b.grad.zero_()\n",
                ),
            ),
            hints=("Which comes last: backward, update, clear?",),
        ),
        Misconception(
            "update-recorded",
            "The update changes a leaf in place while autograd is watching, which it refuses. The update is no part of the function: put it under "
            "`torch.no_grad()`.",
            patch=("with torch.no_grad():", "if True:"),
            hints=("Which block keeps autograd from watching?",),
        ),
        Misconception(
            "new-tensors",
            "`a = a - ...` makes a new tensor, and what `no_grad` made is watched by nobody: `backward` has nothing to go back to, or finds no `.grad`. "
            "Change the old one in place: `a -= ...`.",
            patch=(
                ("a -= learning_rate * a.grad", "a = a - learning_rate * a.grad"),
                ("b -= learning_rate * b.grad", "b = b - learning_rate * b.grad"),
            ),
            hints=("After `a = a - 1`, is `a` still the tensor that you made?",),
        ),
        Misconception(
            "uphill",
            "The steps go along the gradient, which points uphill. Subtract it.",
            patch=("-= learning_rate", "+= learning_rate"),
            hints=("In which direction does the loss fall?",),
        ),
        Misconception(
            "no-learning-rate",
            "The steps are as long as the gradient. Multiply it by the learning rate.",
            patch=("learning_rate * ", ""),
            hints=("Where does `learning_rate` stand in your step?",),
        ),
        Misconception(
            "sum-for-mean",
            "Your loss is the sum of the squared errors; the mean is asked for. The gradient is larger by the number of points.",
            patch=(".mean()", ".sum()"),
            hints=("What does the docstring say about the error?",),
        ),
        Misconception(
            "square-of-the-mean",
            "You square the mean of the errors, in which errors of opposite sign cancel. Square each one first.",
            patch=("((a + b * x - y) ** 2).mean()", "(a + b * x - y).mean() ** 2"),
            hints=('Which comes first in "mean squared error"?',),
        ),
        Misconception(
            "not-watched",
            "Autograd was not told to watch: without `requires_grad=True` nothing is recorded, and `backward` has nothing to go back through.",
            patch=("torch.tensor(0.0, requires_grad=True)", "torch.tensor(0.0)"),
            hints=("How does autograd know which tensors you want gradients of?",),
        ),
        Misconception(
            "started-anew",
            "Every round starts at 0 again, so that only one step is ever taken. Make `a` and `b` once, before the loop.",
            patch=(
                "    for step in range(steps):\n",
                "    for step in range(steps):\n        a = torch.tensor(0.0, requires_grad=True)\n        b = torch.tensor(0.0, requires_grad=True)\n",
            ),
            hints=("Which lines stand inside the loop, and which before it?",),
        ),
        Misconception(
            "tensors-returned",
            "The line is right, and you return tensors. Take the number out of each, with `.item()`.",
            patch=("return a.item(), b.item()", "return a.detach(), b.detach()"),
            hints=("What is the type of what you return?",),
        ),
        Misconception(
            "one-step-too-few",
            "One step is missing: `range(steps)` counts from 0, so it already has `steps` rounds.",
            patch=("range(steps)", "range(1, steps)"),
            hints=("How many rounds has `range(1, 3)`?",),
        ),
    ),
    alternatives=(FIT_BY_GRAD, FIT_BY_OPTIMISER, FIT_CLEARED_FIRST),
    hints=(
        "Which five things happen in one step, and which two lines come before the loop?",
        "Make `a` and `b` with `requires_grad=True`. In the loop: loss, `backward`, update under `no_grad`, clear both gradients.",
        "`with torch.no_grad(): a -= learning_rate * a.grad`, the same for b, then `a.grad.zero_()`; at the end `return a.item(), b.item()`.",
    ),
)
