"""A training step with autograd: gradients not cleared, cleared too soon, updates recorded or lost."""

import numpy as np
import torch

from tutor.checking import Misconception, code
from tutor.checking.evidence import seen
from tutor.checking.space import Array, Drawn, Space

from ..shared import leaf


def _by_hand(x, y, coefficients, learning_rate):
    """Where three right steps lead, with the gradient of notebook 01."""
    powers = torch.stack([x**k for k in range(4)])  # (4, N)
    for _ in range(3):
        coefficients = coefficients - learning_rate * powers @ (2 * (coefficients @ powers - y))
    return coefficients


def _moved(start, versions, coefficients):
    """In words: whether the coefficients moved; where they did not, their version numbers tell why."""
    if not all(torch.equal(a, p.detach()) for a, p in zip(start, coefficients, strict=True)):
        return "they moved"
    written = any(p._version > before for before, p in zip(versions, coefficients, strict=True))
    return "they did not move, though something was written into them" if written else "nothing was written into them"


def use_step(sine_step, x, y, coefficients, learning_rate):
    """Take three steps; say what came back, and whether anything moved."""
    coefficients = [leaf(p) for p in coefficients]
    start, versions = [p.detach().clone() for p in coefficients], [p._version for p in coefficients]
    given, losses = list(coefficients), []
    for _ in range(3):
        losses.append(sine_step(x, y, coefficients, learning_rate))
        if any(p is not q for p, q in zip(given, coefficients, strict=True)):
            raise TypeError("the list holds new tensors after the step; change the old ones in place, p -= ...")
        if not all(p.requires_grad for p in coefficients):
            raise TypeError(
                "after the step the coefficients ask for no gradient any more; leave `requires_grad` as it is."
            )
        held = [name for name, p in zip("abcd", coefficients, strict=True) if p.grad is not None and p.grad.any()]
        if held and held not in (list("abc"), list("abcd")):  # those two are told by their names
            raise TypeError(
                f"after the step {' and '.join(held)} still hold a gradient and the others do not; clear all four."
            )
    if any(loss is None for loss in losses):
        return None
    graphs = sum(isinstance(loss, torch.Tensor) and loss.grad_fn is not None for loss in losses)
    ended, wanted = torch.stack([p.detach() for p in coefficients]), _by_hand(x, y, torch.stack(start), learning_rate)
    others = sum(not isinstance(loss, int | float | np.generic) for loss in losses)
    wrong = not torch.allclose(ended, wanted, rtol=1e-3)  # where a step is wrong, that is told first
    return *losses, ended, _moved(start, versions, coefficients), *((0, 0) if wrong else (graphs, others))


STEP_ZERO_FIRST = '''
def sine_step(x, y, coefficients, learning_rate):
    """Clear before backward instead of after the update."""
    for p in coefficients:
        if p.grad is not None:
            p.grad.zero_()
    a, b, c, d = coefficients
    loss = (a + x * (b + x * (c + x * d)) - y).pow(2).sum()
    loss.backward()
    with torch.no_grad():
        for p in coefficients:
            p.sub_(learning_rate * p.grad)
    return loss.item()
'''

STEP_GRAD = '''
def sine_step(x, y, coefficients, learning_rate):
    """Let torch.autograd.grad return the gradients: nothing to clear."""
    powers = torch.stack([x**k for k in range(4)])
    loss = torch.sum((torch.stack(list(coefficients)) @ powers - y) ** 2)
    grads = torch.autograd.grad(loss, coefficients)
    for p, g in zip(coefficients, grads):
        p.data -= learning_rate * g
    return float(loss.detach())
'''

STEP_OPTIMISER = '''
def sine_step(x, y, coefficients, learning_rate):
    """A fresh optimiser for one step."""
    optimiser = torch.optim.SGD(coefficients, lr=learning_rate)
    optimiser.zero_grad()
    a, b, c, d = coefficients
    e = y - (a + b * x + c * x.pow(2) + d * x.pow(3))
    loss = e.dot(e)
    loss.backward()
    optimiser.step()
    return loss.item()
'''

STEP_COPY = '''
def sine_step(x, y, coefficients, learning_rate):
    """Write the new number into the old tensor."""
    a, b, c, d = coefficients
    loss = ((a + b * x + c * x * x + d * x * x * x - y) ** 2).sum()
    loss.backward()
    for p in (a, b, c, d):
        with torch.no_grad():
            p.copy_(p - learning_rate * p.grad)
        p.grad.zero_()
    return loss.item()
'''

BACK, CLEARED = "    loss.backward()\n", "    for p in coefficients:\n        p.grad.zero_()\n"

EXERCISE = code(
    difficulty="medium",
    minutes=10,
    drills=("training", "accumulation", "no-grad"),
    space=Space(
        {
            "x": Array("N", values=("distinct", "zeros"), tensor=True),
            "y": Array("N", scales=("usual", "eight"), values=("distinct", "zeros"), tensor=True),
            "coefficients": Array("4", scales=("usual", "eight"), values=("distinct", "equal"), tensor=True),
            "learning_rate": Drawn(0.004, 0.008),
        },
        {"N": (1,)},
    ),
    use=use_step,
    outputs=(
        *(f"the loss of step {k}" for k in (1, 2, 3)),
        "a, b, c, d after three steps",
        "what the coefficients did",
        "how many of the losses still hold a graph",
        "how many of the losses are no Python number",
    ),
    seconds=20.0,  # an answer may use torch.optim, and the first optimiser of a process imports the compiler
    misconceptions=(
        Misconception(
            "never-cleared",
            "Each step follows the sum of all gradients so far: the first step is right, the second is not. Are the gradients cleared between two steps?",
            patch=("            p.grad = None\n", ""),
            hints=("What is in `p.grad` when `backward` is called for the second time?",),
        ),
        Misconception(
            "cleared-before-use",
            "The update finds zeros, so that nothing moves. Are the gradients cleared between backward and the update?",
            patch=(BACK, f"{BACK}{CLEARED}"),
            hints=("Which of the three must come last: backward, update, clear?",),
        ),
        Misconception(
            "no-gradient-at-update",
            "When the update runs, `p.grad` is None. The order is: backward, then the update, and only then clear. Is something missing before it, or done too soon?",
            patch=(
                "p -= learning_rate * p.grad\n            p.grad = None",
                "p.grad = None\n            p -= learning_rate * p.grad",
            ),
            hints=("What fills `p.grad`, and what empties it?",),
        ),
        Misconception(
            "last-one-cleared",
            "Only the gradient of `d` is cleared. Does the line that clears stand behind the loop? It has to run for every coefficient.",
            patch=("            p.grad = None\n", "        p.grad = None\n"),
            hints=("How often does the line that clears run in one step?",),
        ),
        Misconception(
            "no-learning-rate",
            "The step subtracts the whole gradient, whatever the learning rate is. Multiply by it.",
            patch=("learning_rate * p.grad", "p.grad"),
            hints=("Where does `learning_rate` stand in your step?",),
        ),
        Misconception(
            "nothing-there-to-clear",
            "Before the first backward `.grad` is `None`, which has no `zero_()`. Clear at the end of the step, or write `p.grad = None`.",
            patch=(BACK, f"{CLEARED}{BACK}"),
            hints=("What is `.grad` of a tensor that has never seen a backward pass?",),
        ),
        Misconception(
            "update-recorded",
            "The update changes a leaf in place while torch is recording. An update is no part of the model: switch recording off for it.",
            patch=("with torch.no_grad():", "if True:"),
            hints=("Which block keeps what is computed in it out of the graph?",),
        ),
        Misconception(
            "forward-not-recorded",
            "The loss has no graph to go back through. Does the forward pass stand under `no_grad`, or does something in it pass on numbers alone (`.data`, `detach`, `.item()`, `torch.tensor(...)`)? Only the update is not to be recorded.",
            patch=(
                "    loss = ((y_pred - y) ** 2).sum()\n",
                "    with torch.no_grad():\n        loss = ((y_pred - y) ** 2).sum()\n",
            ),
            hints=("Which lines must be recorded so that backward works?",),
        ),
        Misconception(
            "new-tensors",
            "Nothing is written into the caller's coefficients. A difference (`p - ...`, `p.sub(...)`) is a new tensor; change the old one in place: `p -= ...`.",
            patch=("p -= learning_rate * p.grad", "p = p - learning_rate * p.grad"),
            cause="`p = p - ...` only gives that new tensor the name `p`.",
            evidence=seen("p = p - _", "param = param - _"),
            other=("p -= learning_rate * p.grad", "p.sub(learning_rate * p.grad)"),
            hints=("After `p = p - 1`, which tensor does the name `p` belong to, and which is in the list?",),
        ),
        Misconception(
            "uphill",
            "The step goes along the gradient, which points uphill. Subtract it.",
            patch=("p -= ", "p += "),
            hints=("In which direction does the loss fall?",),
        ),
        Misconception(
            "square-of-the-sum",
            "The loss is the square of the summed errors. Errors of opposite sign cancel there; square each one first, then add up.",
            patch=("((y_pred - y) ** 2).sum()", "(y_pred - y).sum() ** 2"),
            hints=('Which comes first in "the sum of squared errors"?',),
        ),
        Misconception(
            "not-summed-up",
            "`backward()` is called on a loss that is no single number but has an entry for each point. Add the squared errors up first.",
            patch=(".sum()", ""),
            hints=("What shape does your loss have?",),
        ),
        Misconception(
            "mean-for-sum",
            "Your loss is the mean of the squared errors; the task asks for their sum. The gradient is smaller by the number of points.",
            patch=(".sum()", ".mean()"),
            hints=("By what do you divide if you take the mean?",),
        ),
        Misconception(
            "loss-with-its-graph",
            "You return the loss with its graph. Whoever collects such losses keeps every graph in memory; return the number, `loss.item()`.",
            patch=("return loss.item()", "return loss"),
            hints=("What does a tensor with a `grad_fn` keep alive?",),
        ),
        Misconception(
            "tensor-for-number",
            "The step is right, and what you return is no Python number, if of its value: a tensor without its graph, or an array. `loss.item()` is one, and so is `float(loss)`.",
            patch=("return loss.item()", "return loss.detach()"),
            hints=("What is `type(...)` of what you return?",),
        ),
        Misconception(
            "loss-after-the-step",
            "You return the loss after the step; the task asks for the one before it.",
            patch=(
                "    return loss.item()",
                "    y_pred = a + b * x + c * x**2 + d * x**3\n    return ((y_pred - y) ** 2).sum().item()",
            ),
            hints=("With which coefficients is the returned loss computed?",),
        ),
    ),
    alternatives=(STEP_ZERO_FIRST, STEP_GRAD, STEP_OPTIMISER, STEP_COPY),
    hints=(
        "Which of backward, update and clear must come first, and which last?",
        "Compute the loss as in section 2, call `loss.backward()`, then do as the loop over `(w1, w2)` did above.",
        "`with torch.no_grad():` `for p in coefficients:` `p -= learning_rate * p.grad`, then `p.grad = None`; at the end `return loss.item()`.",
    ),
)
