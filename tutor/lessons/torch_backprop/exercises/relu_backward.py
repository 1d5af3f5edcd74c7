"""The gradient on its way back through the ReLU, with tensors on any device."""

import torch

from tutor.checking import FiniteDifference, Misconception, code

from ..shared import on_any_device


def probe_relu(d):
    """A gradient and the ReLU's input, with both signs in each."""
    n, h = d.sizes(2, 3, 7)
    return d.tensor(n, h), d.tensor(n, h)


def probe_relu_at_the_kink(d):
    """The same with a 0 in `h`, where no gradient arrives: then every subgradient gives 0, and a division by `h` does not."""
    grad_h_relu, h = probe_relu(d)
    grad_h_relu[0, 1] = h[0, 1] = 0
    return grad_h_relu, h


def relu_anywhere(answer, grad_h_relu, h):
    return on_any_device(answer, grad_h_relu, h)


def writes_into_the_gradient(reference):
    """The ReLU's gradient without a copy of its own."""

    def wrong(grad_h_relu, h):
        grad_h = grad_h_relu
        grad_h[h < 0] = 0
        return grad_h

    return wrong


def relu_by_product(grad_h_relu, h):
    return grad_h_relu * (h > 0)


def relu_by_where(grad_h_relu, h):
    return torch.where(h >= 0, grad_h_relu, 0.0)


def relu_by_fill(grad_h_relu, h):
    return grad_h_relu.masked_fill(h <= 0, 0)


def relu_by_loop(grad_h_relu, h):
    grad_h = torch.zeros_like(h)
    for i in range(h.shape[0]):
        for j in range(h.shape[1]):
            if h[i, j] > 0:
                grad_h[i, j] = grad_h_relu[i, j]
    return grad_h


EXERCISE = code(
    difficulty="easy",
    minutes=4,
    drills=("two-layer-net", "words", "mistakes"),
    probe=(probe_relu, probe_relu_at_the_kink),
    use=relu_anywhere,
    gradients={"": FiniteDifference(lambda g, h: float((g * h.clamp(min=0)).sum()), wrt=1)},
    forbid=("autograd",),
    misconceptions=(
        Misconception(
            "mask-by-gradient",
            "You zero the entries where the *gradient* is negative. The gate is decided by `h`, the input of the "
            "ReLU; the sign of the gradient says nothing about it.",
            patch=("grad_h[h < 0]", "grad_h[grad_h < 0]"),
            hints=("Which tensor tells whether the ReLU let a value through?",),
        ),
        Misconception(
            "numpy-left-in",
            "Your code lets NumPy read a tensor. That works as long as tensors lie on the CPU; on another device it stops. "
            "Comparing, multiplying and `torch.where` need no NumPy.",
            patch=("grad_h[h < 0] = 0", "grad_h[torch.from_numpy(np.less(h.numpy(), 0))] = 0"),
            hints=("Which line of yours would NumPy carry out?",),
        ),
        Misconception(
            "no-clone",
            "You write into a tensor that was passed in, and it belongs to the caller. A second name for it is no "
            "copy, and neither are `detach()` or a view: they share its numbers. `clone()` makes new ones.",
            wrap=writes_into_the_gradient,
            hints=("What does `grad_h = grad_h_relu` do: a new tensor, or a second name for the same one?",),
        ),
        Misconception(
            "mask-inverted",
            "The gate is upside down: you keep the gradient where `h` was negative and block it where it was positive.",
            patch=("h < 0", "h > 0"),
            hints=("Where h is positive, what does the ReLU do to it?",),
        ),
        Misconception(
            "nothing-blocked",
            "You return the gradient as it arrived; nothing is blocked. Where `h` is negative the gradient has to be zero. "
            "(To set entries write `=`; `==` only compares.)",
            patch=("grad_h[h < 0] = 0", "grad_h[h < 0] == 0"),
            hints=("Which entries of your result are zero?",),
        ),
        Misconception(
            "gradient-of-ones",
            "You return the local derivative of the ReLU, 0 or 1. The chain rule multiplies it by what arrives.",
            patch=("grad_h_relu.clone()", "torch.ones_like(grad_h_relu)"),
            hints=("What do you do with a local derivative once you have it?",),
        ),
        Misconception(
            "relu-of-h",
            "You return the ReLU of `h`, which is the forward pass. Backward, it is the gradient that goes through the gate.",
            patch=("grad_h_relu.clone()", "h.clone()"),
            hints=("What travels backwards: values or gradients?",),
        ),
    ),
    alternatives=(relu_by_product, relu_by_where, relu_by_fill, relu_by_loop),
    equivalent_mutants={"grad_h[h <= 0] = 0": "at exactly 0 either value is a subgradient"},
    hints=(
        "If a small nudge to an entry of h does not change h_relu, what is the gradient there?",
        "Clone the gradient that arrives, then set some of its entries to zero.",
        "`grad_h[h < 0] = 0` on a clone of `grad_h_relu`.",
    ),
)
