"""The ReLU's gradient with tensors on any device: NumPy left in, a clone forgotten, the wrong gate."""

from functools import partial

import torch

from tutor.checking import FiniteDifference, Misconception, code
from tutor.lessons import two_layer_net

from ..shared import on_any_device


def relu_anywhere(answer, grad_h_relu, h):
    """On the CPU and elsewhere; a report calls the arguments by these names."""
    return on_any_device(answer, grad_h_relu, h)


def relu_by_where(grad_h_relu, h):
    return torch.where(h >= 0, grad_h_relu, 0.0)


def relu_by_fill(grad_h_relu, h):
    return grad_h_relu.masked_fill(h <= 0, 0)


EXERCISE = code(
    difficulty="easy",
    minutes=4,
    drills=("two-layer-net", "words", "mistakes"),
    probe=(
        partial(two_layer_net.probe_relu, kind="tensor"),
        partial(two_layer_net.probe_relu_at_the_kink, kind="tensor"),
    ),
    use=relu_anywhere,
    gradients={"": FiniteDifference(lambda g, h: float((g * h.clamp(min=0)).sum()), wrt=1)},
    forbid=("autograd",),
    misconceptions=(
        two_layer_net.mask_by_gradient(hint="Which tensor tells whether the ReLU let a value through?"),
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
            wrap=two_layer_net.writes_into_the_gradient,
            hints=("What does `grad_h = grad_h_relu` do: a new tensor, or a second name for the same one?",),
        ),
        two_layer_net.MASK_INVERTED,
        Misconception(
            "nothing-blocked",
            "You return the gradient as it arrived; nothing is blocked. Where `h` is negative the gradient has to be zero. "
            "(To set entries write `=`; `==` only compares.)",
            patch=("grad_h[h < 0] = 0", "grad_h[h < 0] == 0"),
            hints=("Which entries of your result are zero?",),
        ),
        two_layer_net.gradient_of_ones("grad_h_relu.clone()", "torch.ones_like(grad_h_relu)"),
        two_layer_net.relu_of_h("grad_h_relu.clone()", "h.clone()"),
    ),
    alternatives=(two_layer_net.relu_by_product, relu_by_where, relu_by_fill, two_layer_net.relu_by_loop),
    equivalent_mutants={"grad_h[h <= 0] = 0": "at exactly 0 either value is a subgradient"},
    hints=(
        "If a small nudge to an entry of h does not change h_relu, what is the gradient there?",
        "Clone the gradient that arrives, then set some of its entries to zero.",
        "`grad_h[h < 0] = 0` on a clone of `grad_h_relu`.",
    ),
)
