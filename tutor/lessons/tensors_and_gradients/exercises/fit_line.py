"""A whole fit by autograd: gradients not cleared, an update that is recorded or makes new tensors, steps uphill."""

import torch

from tutor.checking import Misconception, code
from tutor.checking.evidence import seen
from tutor.checking.shortcut import watch
from tutor.checking.space import Array, Number, Space
from tutor.lessons.readers_text import clears_nothing, in_loop, in_order, never_says


def probe_far_points(d):
    """Points that lie far from the start, one of them at 0."""
    (n,) = d.sizes(1, 4, 9)
    x = d.tensor(n)
    x[1] = 0
    return x, 100 + 40 * d.tensor(n), d.integer(3, 5), d.number(0.03, 0.06)


def use_fit(fit_line, x, y, steps, learning_rate):
    """The line, and in words whether it is told in Python numbers and where its gradients come from."""
    with watch(("autograd",)) as met:
        a, b = fit_line(x, y, steps, learning_rate)
    kind = "tensors" if isinstance(a, torch.Tensor) or isinstance(b, torch.Tensor) else "Python numbers"
    return a, b, kind, "from autograd" if met else "from somewhere else"


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

CLEARED = "        a.grad.zero_()\n        b.grad.zero_()\n"

EXERCISE = code(
    difficulty="medium",
    minutes=9,
    drills=("by-autograd", "backward"),
    space=Space(
        {
            "x": Array("N", values=("distinct", "zeros"), tensor=True),
            "y": Array("N", scales=("usual", "eight"), values=("distinct", "ties"), tensor=True),
            "steps": Number((5, 1, 2)),
            "learning_rate": Number((0.1, 0.04, 1.2)),  # with the last one the loss grows
        },
        sizes={"N": (1,)},
    ),
    probe=probe_far_points,
    use=use_fit,
    outputs=("a", "b", "what a and b are", "the gradients"),
    seconds=20.0,  # an answer may use torch.optim, and the first optimiser of a process imports the compiler
    misconceptions=(
        Misconception(
            "never-cleared",
            "The first step is right, the second is not: every step follows the sum of all gradients so far. `backward` adds to what is in `.grad`, so both gradients have to be cleared after each step.",
            patch=(CLEARED, ""),
            cause="Nothing in your code clears them.",
            evidence=clears_nothing,
            other=(("a.grad.zero_()", "a.grad.clone().zero_()"), ("b.grad.zero_()", "b.grad.clone().zero_()")),
            hints=("What is in `a.grad` when `backward` is called for the second time?",),
        ),
        Misconception(
            "one-cleared",
            "The steps of `a` follow its newest gradient, those of `b` the sum of all its gradients so far. Both have to be cleared after each step.",
            patch=("        b.grad.zero_()\n", ""),
            hints=("How many gradients are there to clear?",),
        ),
        Misconception(
            "cleared-before-use",
            "Nothing moves: at the end `a` and `b` are 0 still. Are the gradients cleared before the update, which then finds zeros, or does the update miss the tensors themselves?",
            patch=((CLEARED, ""), ("        loss.backward()\n", f"        loss.backward()\n{CLEARED}")),
            cause="You clear them between `backward` and the update.",
            evidence=in_order("_.backward(...)", "_.grad.zero_()", "_ -= _"),
            other=(
                ("a -= learning", "a.clone().sub_(learning"),
                ("b -= learning", "b.clone().sub_(learning"),
                ("a.grad\n", "a.grad)\n"),
                ("b.grad\n", "b.grad)\n"),
            ),
            hints=("Which comes last: backward, update, clear?",),
        ),
        Misconception(
            "update-recorded",
            "A leaf is changed in place while autograd is watching, which it refuses. An update is no part of the function: put it under "
            "`torch.no_grad()`.",
            patch=("with torch.no_grad():", "if True:"),
            hints=("Which block keeps autograd from watching?",),
        ),
        Misconception(
            "new-tensors",
            "Where it is to be cleared, `.grad` is None. Either no backward pass has filled it yet, or the tensor is a new one, made by the update.",
            patch=(
                ("a -= learning_rate * a.grad", "a = a - learning_rate * a.grad"),
                ("b -= learning_rate * b.grad", "b = b - learning_rate * b.grad"),
            ),
            cause="`a = a - …` makes a new tensor, without a `.grad`, and under `no_grad` nobody watches it: change the old one in place, `a -= …`.",
            evidence=seen("a = a - _", "b = b - _"),
            other=((CLEARED, ""), ("        loss.backward()\n", f"{CLEARED}        loss.backward()\n")),
            hints=("When is there a `.grad`, and which tensor has it after `a = a - 1`?",),
        ),
        Misconception(
            "uphill",
            "The steps lead uphill, along the gradient of the mean squared error. They have to go against it.",
            patch=("-= learning_rate", "+= learning_rate"),
            cause="`+=` adds it; subtract it.",
            evidence=seen("_ += learning_rate * _", "_ += _ * learning_rate"),
            other=("loss = (", "loss = -("),
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
            "Every step is longer than it should be by the number of points: that of the *sum* of the squared errors. Their mean is asked for.",
            patch=(".mean()", ".sum()"),
            cause="`.sum()` adds them up; `.mean()` divides by how many there are as well.",
            evidence=seen("_.sum()", "torch.sum(...)"),
            other=("learning_rate * ", "len(x) * learning_rate * "),
            hints=("What does the docstring say about the error?",),
        ),
        Misconception(
            "square-of-the-mean",
            "The steps are those of the mean error, squared, in which errors of opposite sign cancel. Square each one first, and take the mean after that.",
            patch=("((a + b * x - y) ** 2).mean()", "(a + b * x - y).mean() ** 2"),
            hints=('Which comes first in "mean squared error"?',),
        ),
        Misconception(
            "not-watched",
            "`backward` has nothing to go back through: autograd has recorded nothing that leads to this loss. Does no tensor ask for its gradient, or is the loss cut off from `a` and `b`?",
            patch=("torch.tensor(0.0, requires_grad=True)", "torch.tensor(0.0)"),
            cause="`requires_grad=True` is missing, by which autograd is told to watch.",
            evidence=never_says("requires_grad", "requires_grad_"),
            other=(".mean()", ".mean().detach()"),
            hints=("How does autograd know which tensors you want gradients of?",),
        ),
        Misconception(
            "started-anew",
            "However many steps are asked for, the line is that of the first. Does every round start at 0 again, or does the loop end after one?",
            patch=(
                "    for step in range(steps):\n",
                "    for step in range(steps):\n        a, b = [torch.tensor(0.0, requires_grad=True) for _ in range(2)]\n",
            ),
            cause="`a` and `b` are made in the loop; make them once, before it.",
            evidence=in_loop("torch.tensor(...)", "torch.zeros(...)"),
            other=("        b.grad.zero_()\n", "        b.grad.zero_()\n        break\n"),
            hints=("Which lines stand inside the loop, and which before it?",),
        ),
        Misconception(
            "by-hand",
            "The line is right, and its gradients come from formulas. Here autograd should find them: write the loss, and call `backward`.",
            patch=(
                (
                    "        loss.backward()\n",
                    "        a.grad, b.grad = (g.detach() for g in line_gradients(x, y, a, b))\n",
                ),
            ),
            hints=("Which line of the step above would still work if the loss were another one?",),
        ),
        Misconception(
            "tensors-returned",
            "The line is right, and tensors come back. Take the number out of each, with `.item()`.",
            patch=("return a.item(), b.item()", "return a.detach(), b.detach()"),
            hints=("What is the type of what you return?",),
        ),
        Misconception(
            "one-step-too-few",
            "One step is missing: make as many as `steps` says. `range(steps)` counts from 0, and so has that many rounds.",
            patch=("range(steps)", "range(1, steps)"),
            hints=("How many rounds has your loop if `steps` is 3?",),
        ),
    ),
    alternatives=(FIT_BY_GRAD, FIT_BY_OPTIMISER, FIT_CLEARED_FIRST),
    hints=(
        "Which five things happen in one step, and which two lines come before the loop?",
        "Make `a` and `b` with `requires_grad=True`. In the loop: loss, `backward`, update under `no_grad`, clear both gradients.",
        "`with torch.no_grad(): a -= learning_rate * a.grad`, the same for b, then `a.grad.zero_()`; at the end `return a.item(), b.item()`.",
    ),
)
