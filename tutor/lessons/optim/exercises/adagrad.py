"""What AdaGrad subtracts from the weight: squares not kept, the root, epsilon or brackets elsewhere."""

import torch

from tutor.checking import Misconception, code

from .. import shared


def probe_adagrad(d):
    """A gradient, a learning rate, and an epsilon that can be seen."""
    return *shared.gradient_and_rate(d), d.number(0.2, 0.8)


def walk_adagrad(rule, grad, lr, eps):
    return shared.walk(rule, grad, lr, eps)


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
    space=shared.rule_space(eps=(0.5, 1e-8)),
    probe=probe_adagrad,
    use=walk_adagrad,
    outputs=shared.SUBTRACTED,
    cases=2,
    misconceptions=(
        shared.state_in_float32('state["squares"] = squares', 'state["squares"] = squares.float()'),
        shared.state_not_kept('    state["squares"] = squares\n', ""),
        shared.eps_under_the_root("(squares.sqrt() + eps)", "(squares + eps).sqrt()"),
        shared.EPS_MISSING,
        Misconception(
            "no-root",
            "What stands below the line is the sum of squares itself. Without the root a gradient 100 times larger makes a step 100 times smaller.",
            patch=("squares.sqrt()", "squares"),
            hints=("Which has the unit of a gradient: the sum of squares, or its root?",),
        ),
        shared.no_root_no_epsilon("(squares.sqrt() + eps)", "squares"),
        Misconception(
            "old-sum-used",
            shared.OLD_STATE_USED,
            patch=(
                'state.get("squares", 0) + grad**2\n    state["squares"] = squares',
                'state.get("squares", torch.zeros_like(grad))\n    state["squares"] = squares + grad**2',
            ),
            hints=("Does the gradient of this step count in its own root?",),
        ),
        shared.begins_with_the_first("first-square-twice", "squares", "grad**2", "The sum of squares"),
        Misconception(
            "one-norm-for-all",
            "Below the line stands one number for all weights, the length of the whole tensor. AdaGrad works entry by entry: each weight has a root of its own.",
            patch=("squares.sqrt()", "squares.norm()"),
            hints=("What is the shape of √s?",),
        ),
        Misconception(
            "eps-as-a-floor",
            "The epsilon is not added: it replaces the root where that is smaller. The formula divides by √s + ε everywhere.",
            patch=("(squares.sqrt() + eps)", "squares.sqrt().clamp(min=eps)"),
            hints=("What is divided by where √s is 2 and ε is 1?",),
        ),
        shared.root_kept(
            'state["squares"] = squares', 'state["squares"] = squares.sqrt()', hint="What exactly does s add up?"
        ),
        Misconception(
            "gradient-missing",
            "The gradient itself is missing above the line: every weight would move the same way, whatever the sign of its gradient.",
            patch=("lr * grad / (", "lr / ("),
            hints=("What stands above the line?",),
        ),
        shared.NOT_SQUARED,
        Misconception(
            "absolute-gradients",
            "What is added up are absolute gradients. Is a root taken of each square, before the sum? It is taken of the sum of the squares.",
            patch=(("grad**2", "grad.abs()"), ("squares.sqrt()", "squares")),
            hints=("What exactly does s add up?",),
        ),
        Misconception(
            "one-rate-for-all",
            "The squares of all entries are added together, so all weights share one rate. AdaGrad works entry by entry.",
            patch=("grad**2", "(grad**2).sum()"),
            hints=("What is the shape of s?",),
        ),
        shared.rate_missing("lr * grad /", "grad /"),
        shared.bracket_missing("(squares.sqrt() + eps)", "squares.sqrt() + eps"),
    ),
    alternatives=(adagrad_in_place, adagrad_norm, adagrad_power),
    hints=(
        "Which number does each weight have to remember?",
        "Add `grad**2` to the sum in `state`; divide by its root plus `eps`.",
        '`squares = state.get("squares", 0) + grad**2`, keep it, `return lr * grad / (squares.sqrt() + eps)`.',
    ),
)
