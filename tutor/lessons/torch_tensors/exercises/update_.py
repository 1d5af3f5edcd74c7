"""A step of gradient descent in the memory of the weight: new tensors and copies that nobody sees."""

import torch

from tutor.checking import Misconception, code
from tutor.checking.evidence import seen


def probe_update(d):
    """Weights, their gradient and a learning rate; 2 x 3 and larger."""
    shape = d.sizes(2, 2, 5)
    return d.tensor(*shape), d.tensor(*shape), d.number(0.1, 0.5)


def probe_transposed_update(d):
    """Weights that are a transposed view, with large gradients, so that a learning rate from elsewhere shows."""
    shape = d.sizes(2, 2, 5)
    return d.tensor(*shape).t(), 1e6 * d.tensor(*shape).t(), d.number(1e-7, 5e-7)


def probe_other_update(d):
    """Weights of one dimension, of three, or of a single row."""
    shape = (d.sizes(1), d.sizes(3, 2, 5), (1, *d.sizes(1)))[d.sizes(1, 0, 2)[0]]
    return d.tensor(*shape), d.tensor(*shape), d.number(0.1, 0.5)


def look_at_weights(answer, w, grad, learning_rate):
    """Take three steps; return what lies in the memory of w afterwards, seen through a view made before."""
    w, grad, before = w.clone(), grad.clone(), grad
    memory = w.detach()
    for _ in range(3):
        answer(w, grad, learning_rate)
    if torch.allclose(grad, before) and not torch.equal(grad, before):
        raise TypeError(
            "grad holds other numbers afterwards, by a rounding: what was multiplied in place does not come back to every "
            "digit when it is divided again. Leave it alone."
        )
    return memory, grad


def update_by_sub(w, grad, learning_rate):
    return w.sub_(learning_rate * grad)


def update_by_alpha(w, grad, learning_rate):
    w.add_(grad, alpha=-learning_rate)


def update_by_out(w, grad, learning_rate):
    torch.sub(w, grad * learning_rate, out=w)


def update_by_slice(w, grad, learning_rate):
    w[:] = w - learning_rate * grad


EXERCISE = code(
    difficulty="easy",
    minutes=5,
    drills=("in-place",),
    probe=(probe_update, probe_transposed_update, probe_other_update),
    use=look_at_weights,
    outputs=("w after three steps", "grad"),
    misconceptions=(
        Misconception(
            "new-tensor",
            "After the call, the memory of `w` holds what it held before. `w -= …`, or a method with an underscore such as `sub_`, "
            "writes into it.",
            patch=("w -= learning_rate * grad", "w = w - learning_rate * grad"),
            cause="`w = w - …` makes a new tensor and gives it the name.",
            evidence=seen("w = w - _", "w = -_ + w"),
            other=("w -= learning_rate * grad", "w.sub(learning_rate * grad)"),
            hints=("Which of your operations write into the memory of `w`, and which make a new tensor?",),
        ),
        Misconception(
            "uphill",
            "`w` moves along the gradient. That points uphill, so a step has to go against it.",
            patch=("w -=", "w +="),
            hints=("In which direction does the loss grow?",),
        ),
        Misconception(
            "written-into-a-copy",
            "`w` changes only where it is contiguous. Of a transposed one `reshape` (and `contiguous`) has to make a copy, and what "
            "is written into a copy never arrives.",
            patch=("w -= learning_rate * grad", "flat = w.reshape(-1)\n    flat -= learning_rate * grad.reshape(-1)"),
            hints=("When is what `reshape` returns a view, and when a copy?",),
        ),
        Misconception(
            "rate-of-your-own",
            "Each step is 1e-6 times the gradient, whatever `learning_rate` is. (That was the rate of one loop, not of every caller.)",
            patch=("learning_rate * grad", "1e-6 * grad"),
            hints=("What should decide how long a step is?",),
        ),
        Misconception(
            "gradient-scaled-in-place",
            "`w` is right after one step, but `grad` has changed, too. It belongs to the caller: write into `w` alone.",
            patch=("w -= learning_rate * grad", "grad *= learning_rate\n    w -= grad"),
            hints=("Which of the two tensors may change?",),
        ),
        Misconception(
            "rate-missing",
            "The step has the full length of the gradient; multiply it by the learning rate.",
            patch=("learning_rate * grad", "grad"),
            hints=("What decides how long the step is?",),
        ),
        Misconception(
            "step-for-weights",
            "The weights are nothing but learning_rate times the gradient now. They should move *by* that, against it.",
            patch=("w -= learning_rate * grad", "w.copy_(learning_rate * grad)"),
            hints=("Where do the old weights go?",),
        ),
    ),
    alternatives=(update_by_sub, update_by_alpha, update_by_out, update_by_slice),
    hints=(
        "Which operations write into a tensor, and which make a new one?",
        "Use `-=`, or a method whose name ends in an underscore.",
        "`w -= learning_rate * grad`",
    ),
)
