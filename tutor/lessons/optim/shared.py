"""What several exercises of lesson 08 share."""

import torch

from tutor.checking import Misconception
from tutor.checking.space import Array, Number, Space

STEPS = 5


def gradient_and_rate(d):
    """A gradient of one row, and a rate, of which those of all steps are made."""
    (n,) = d.sizes(1, 2, 7)
    return d.tensor(1, n), d.number(0.1, 1.0)


def rule_space(scale="eight", **settings):
    """Gradients of any shape, some of another scale, and a few values of each setting of a rule."""
    values = {name: Number(choices) for name, choices in settings.items()}
    array = Array(
        ranks=(1, 0, 2, 3),
        layouts=("contiguous", "transposed"),
        scales=("usual", scale),
        values=("distinct", "zeros"),
        tensor=True,
    )
    return Space({"grad": array, "lr": Number((0.3, 1.0)), **values})


def _of_each_step(grad, lr):
    """The gradients and the rates of all steps: each entry goes up and down in a way of its own."""
    entry = torch.arange(1, grad.numel() + 1, dtype=torch.float64).view(grad.shape)
    grads = [grad * (1.4 * torch.cos(1.7 * entry + 2.3 * k)).to(grad.dtype) for k in range(STEPS)]
    return grads, [lr * share for share in (1, 0.4, 1.3, 0.7, 0.2)]


class State(dict):
    """A dict that says, in the words of the exercises, what a key that is not there means."""

    def __missing__(self, key):
        raise KeyError(f"there is no {key!r} in `state` yet: it is empty at the first step")


def _kept_precisely(rule, grads, rates, settings):
    """In words, whether a rule keeps what it keeps of float64 gradients in float64."""
    state = State()
    for grad, lr in zip(grads[:2], rates, strict=False):
        rule(grad.double(), state, lr, *settings)
    kept = [v for v in state.values() if isinstance(v, torch.Tensor) and v.is_floating_point()]
    return "in float32" if any(v.dtype == torch.float32 and v.dim() for v in kept) else "in their dtype"


def walk(rule, grad, lr, *settings):
    """What a rule subtracts at each step; copies, since a rule may go on writing into what it returned.

    A bare 0, as `state.get(..., 0)` gives it at the first step, counts as a tensor of zeros. A rule that writes into the
    gradient of a step is seen to have written into `grad`, of which that one was made.
    """
    grads, rates = _of_each_step(grad, lr)
    untouched = [one.clone() for one in grads]
    state, steps = State(), []
    for one, rate in zip(grads, rates, strict=True):
        step = rule(one, state, rate, *settings)
        step = torch.zeros_like(one) if isinstance(step, float | int) and step == 0 else step
        steps.append(step.clone() if isinstance(step, torch.Tensor) else step)
    if not all(map(torch.equal, grads, untouched)):
        grad.add_(1)
    return [*steps, _kept_precisely(rule, grads, rates, settings)]


SUBTRACTED = (*(f"step {k + 1}" for k in range(STEPS)), "how float64 gradients are kept in state")


OLD_STATE_USED = "What stands below the line is what was kept before this step. The new square comes first; then the root is taken of what is kept now."


WHAT_IS_KEPT = "What does your function still know of the gradient before this one?"


def state_in_float32(*patch):
    """Squares or a velocity kept too coarsely."""
    return Misconception(
        "state-in-float32",
        "What is kept is float32 whatever the gradients are; for float64 gradients that is too coarse, and the referee below notices. `torch.zeros_like(grad)` takes the dtype, and the device, from the gradient.",
        patch=patch,
        hints=("Which dtype has `torch.zeros(grad.shape)`, and which one has `grad`?",),
    )


def rate_missing(*patch):
    """A step of the right direction and the wrong length."""
    return Misconception(
        "rate-missing",
        "The learning rate is missing: the steps have the right direction, but not the right length.",
        patch=patch,
        hints=("What makes the step small?",),
    )


def state_not_kept(*patch):
    """Nothing of the earlier gradients."""
    return Misconception(
        "state-not-kept",
        "The first step is right and the others are not: nothing of the earlier gradients is in them. What is to last has to be put into `state`, taken out again at the next step, and built on.",
        patch=patch,
        hints=(WHAT_IS_KEPT,),
    )


def no_root_no_epsilon(*patch):
    """Only what is kept below the line."""
    return Misconception(
        "no-root-no-epsilon",
        "The root is missing, and so is the epsilon behind it: the formula divides by √s + ε.",
        patch=patch,
        hints=("What stands below the line?",),
    )


def begins_with_the_first(name, key, first, what):
    """A first step that finds something kept already, under a key of `state`."""
    return Misconception(
        name,
        f"{what} does not begin at zero: at the first step something of the first gradient is there already. `state` is empty then, and what is not there yet counts as 0.",
        patch=(f'state.get("{key}", 0)', f'state.get("{key}", {first})'),
        hints=("What does your function take for the old value when `state` is empty?",),
    )


def root_kept(*patch, hint):
    """The root goes into the next sum."""
    return Misconception(
        "root-kept",
        "The next square is added to the root of what was kept. Keep s itself; the root is taken only where you divide.",
        patch=patch,
        hints=(hint,),
    )


def eps_under_the_root(*patch):
    """The root reaches too far."""
    return Misconception(
        "eps-under-the-root",
        "The epsilon stands under the root. It is added to the root.",
        patch=patch,
        hints=("Over what does the root sign in the formula reach?",),
    )


EPS_MISSING = Misconception(
    "eps-missing",
    "The epsilon that you are given has no part in it: it is missing, or another one stands there. Without any, a weight that has had no gradient yet would divide 0 by 0.",
    patch=(" + eps", ""),
    hints=("What does your rule return for a gradient of 0 at the first step?",),
)


NOT_SQUARED = Misconception(
    "not-squared",
    "The gradients are not squared. They have both signs, so what you keep may be negative, and then it has no root.",
    patch=("grad**2", "grad"),
    hints=("Can a sum of squares be negative? Can yours?",),
)


def bracket_missing(*patch):
    """The epsilon added to the result."""
    return Misconception(
        "bracket-missing",
        "The epsilon is added to the result. It belongs below the line, added to the root. (Without brackets Python divides first.)",
        patch=patch,
        hints=("What does Python do first: divide or add?",),
    )
