"""What AdaGrad subtracts from the weight."""

import torch

from tutor.checking import Misconception, code

from ..shared import (
    BRACKET_MISSING,
    NO_EPSILON_EITHER,
    NOT_SQUARED,
    OLD_STATE_USED,
    RATE_MISSING,
    ROOT_KEPT,
    STATE_IN_FLOAT32,
    STATE_NOT_KEPT,
    SUBTRACTED,
    WHAT_IS_KEPT,
    _gradients_and_rates,
    walk,
)


def probe_adagrad(d):
    """Gradients of five steps, a learning rate for each, and an epsilon that can be seen."""
    return *_gradients_and_rates(d), d.number(0.2, 0.8)


def walk_adagrad(rule, grad_of_each_step, lr_of_each_step, eps):
    return walk(rule, grad_of_each_step, lr_of_each_step, eps)


def adagrad_in_place(grad, state, lr, eps):
    if not state:
        state["sum"] = torch.zeros_like(grad)
    state["sum"].addcmul_(grad, grad)
    return lr * grad / state["sum"].sqrt().add(eps)


def adagrad_norm(grad, state, lr, eps):
    state.setdefault("all", []).append(grad)
    return lr / (torch.stack(state["all"]).norm(dim=0) + eps) * grad


def adagrad_power(grad, state, lr, eps):
    if "s" in state:
        state["s"] = state["s"] + grad * grad
    else:
        state["s"] = grad.square()
    return grad * lr / (eps + state["s"] ** 0.5)


EXERCISE = code(
    difficulty="medium",
    minutes=7,
    drills=("adagrad",),
    probe=probe_adagrad,
    use=walk_adagrad,
    outputs=SUBTRACTED,
    misconceptions=(
        Misconception(
            "state-in-float32",
            STATE_IN_FLOAT32,
            patch=('state["squares"] = squares', 'state["squares"] = squares.float()'),
            hints=("Which dtype has `torch.zeros(grad.shape)`, and which one has `grad`?",),
        ),
        Misconception(
            "state-not-kept", STATE_NOT_KEPT, patch=('    state["squares"] = squares\n', ""), hints=(WHAT_IS_KEPT,)
        ),
        Misconception(
            "eps-under-the-root",
            "The epsilon stands under the root. It is added to the root.",
            patch=("(squares.sqrt() + eps)", "(squares + eps).sqrt()"),
            hints=("Over what does the root sign in the formula reach?",),
        ),
        Misconception(
            "eps-missing",
            "The epsilon is missing, or it is not the one that you are given. Without it a weight that has had no gradient yet would divide 0 by 0.",
            patch=(" + eps", ""),
            hints=("What does your rule return for a gradient of 0 at the first step?",),
        ),
        Misconception(
            "no-root",
            "You divide by the sum of squares itself. Without the root a gradient 100 times larger makes a step 100 times "
            "smaller.",
            patch=("squares.sqrt()", "squares"),
            hints=("Which has the unit of a gradient: the sum of squares, or its root?",),
        ),
        Misconception(
            "no-root-no-epsilon",
            NO_EPSILON_EITHER,
            patch=("(squares.sqrt() + eps)", "squares"),
            hints=("What stands below the line?",),
        ),
        Misconception(
            "old-sum-used",
            OLD_STATE_USED,
            patch=(
                'state.get("squares", 0) + grad**2\n    state["squares"] = squares',
                'state.get("squares", torch.zeros_like(grad))\n    state["squares"] = squares + grad**2',
            ),
            hints=("Does the gradient of this step count in its own root?",),
        ),
        Misconception(
            "root-kept",
            ROOT_KEPT,
            patch=('state["squares"] = squares', 'state["squares"] = squares.sqrt()'),
            hints=("What exactly does s add up?",),
        ),
        Misconception(
            "gradient-missing",
            "The gradient itself is missing above the line: every weight would move up or down by the same rule, whatever its sign.",
            patch=("lr * grad / (", "lr / ("),
            hints=("What stands above the line?",),
        ),
        Misconception(
            "not-squared",
            NOT_SQUARED,
            patch=("grad**2", "grad"),
            hints=("Can a sum of squares be negative? Can yours?",),
        ),
        Misconception(
            "absolute-gradients",
            "You add up absolute gradients, not their squares.",
            patch=(("grad**2", "grad.abs()"), ("squares.sqrt()", "squares")),
            hints=("What exactly does s add up?",),
        ),
        Misconception(
            "one-rate-for-all",
            "You add the squares of all entries together, so all weights share one rate. AdaGrad works entry by entry.",
            patch=("grad**2", "(grad**2).sum()"),
            hints=("What is the shape of s?",),
        ),
        Misconception(
            "rate-missing", RATE_MISSING, patch=("lr * grad /", "grad /"), hints=("What makes the step small?",)
        ),
        Misconception(
            "bracket-missing",
            BRACKET_MISSING,
            patch=("(squares.sqrt() + eps)", "squares.sqrt() + eps"),
            hints=("What does Python do first: divide or add?",),
        ),
    ),
    alternatives=(adagrad_in_place, adagrad_norm, adagrad_power),
    hints=(
        "Which number does each weight have to remember?",
        "Add `grad**2` to the sum in `state`; divide by its root plus `eps`.",
        '`squares = state.get("squares", 0) + grad**2`, keep it, `return lr * grad / (squares.sqrt() + eps)`.',
    ),
)
