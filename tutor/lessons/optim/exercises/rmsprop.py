"""What RMSprop subtracts from the weight: a sum for the mean, shares exchanged, the root elsewhere."""

import torch

from tutor.checking import Misconception, code
from tutor.checking.evidence import seen

from .. import shared


def probe_rmsprop(d):
    """A gradient, a learning rate, the part that is kept, and an epsilon that can be seen."""
    return *shared.gradient_and_rate(d), d.number(0.3, 0.9), d.number(0.2, 0.8)


def walk_rmsprop(rule, grad, lr, alpha, eps):
    return shared.walk(rule, grad, lr, alpha, eps)


def rmsprop_in_place(grad, state, lr, alpha, eps):
    state.setdefault("s", torch.zeros_like(grad)).mul_(alpha).addcmul_(grad, grad, value=1 - alpha)
    return lr * grad / (torch.sqrt(state["s"]) + eps)


def rmsprop_lerp(grad, state, lr, alpha, eps):
    state["s"] = torch.lerp(state.get("s", torch.zeros_like(grad)), grad.square(), 1 - alpha)
    return torch.addcdiv(torch.zeros_like(grad), grad, state["s"].sqrt() + eps, value=lr)


def rmsprop_difference(grad, state, lr, alpha, eps):
    if "mean" not in state:
        state["mean"] = 0 * grad
    state["mean"] = state["mean"] + (1 - alpha) * (grad * grad - state["mean"])
    return lr * grad * (state["mean"] ** 0.5 + eps) ** -1


MEAN = 'alpha * state.get("mean_square", 0) + (1 - alpha) * grad**2'

EXERCISE = code(
    difficulty="medium",
    minutes=5,
    drills=("rmsprop",),
    space=shared.rule_space(alpha=(0.6, 0.9), eps=(0.5, 1e-8)),
    probe=probe_rmsprop,
    use=walk_rmsprop,
    outputs=shared.SUBTRACTED,
    cases=2,
    misconceptions=(
        shared.state_in_float32('state["mean_square"] = mean_square', 'state["mean_square"] = mean_square.float()'),
        shared.state_not_kept('    state["mean_square"] = mean_square\n', ""),
        Misconception(
            "sum-for-mean",
            "That is AdaGrad's sum: nothing is ever forgotten. Here the old mean keeps only the part `alpha`, and the new square comes "
            "in with 1 - `alpha`.",
            patch=(
                'alpha * state.get("mean_square", 0) + (1 - alpha) * grad**2',
                'state.get("mean_square", 0) + grad**2',
            ),
            hints=("Which two factors turn a sum into a running mean?",),
        ),
        Misconception(
            "shares-exchanged",
            "The shares have changed places: `alpha` is what is kept of the old mean, 1 - `alpha` what the new square gets.",
            patch=(
                'alpha * state.get("mean_square", 0) + (1 - alpha) * grad**2',
                '(1 - alpha) * state.get("mean_square", 0) + alpha * grad**2',
            ),
            hints=("With alpha = 0.99, should the mean change slowly or quickly?",),
        ),
        Misconception(
            "new-square-whole",
            "The old mean shrinks, but the new square goes in whole. Then it is no mean: the two shares have to add up to 1.",
            patch=("(1 - alpha) * grad**2", "grad**2"),
            hints=("What would the mean of squares that are all 1 become?",),
        ),
        shared.eps_under_the_root("(mean_square.sqrt() + eps)", "(mean_square + eps).sqrt()"),
        Misconception(
            "no-root",
            "What stands below the line is the mean square itself. Without the root a gradient 100 times larger makes a step 100 times smaller.",
            patch=("mean_square.sqrt()", "mean_square"),
            hints=("What does the R in RMSprop stand for?",),
        ),
        shared.no_root_no_epsilon("(mean_square.sqrt() + eps)", "mean_square"),
        Misconception(
            "old-mean-used",
            shared.OLD_STATE_USED,
            patch=(
                '    mean_square = alpha * state.get("mean_square", 0) + (1 - alpha) * grad**2\n    state["mean_square"] = mean_square',
                '    mean_square = state.get("mean_square", torch.zeros_like(grad))\n    state["mean_square"] = alpha * mean_square + (1 - alpha) * grad**2',
            ),
            hints=("Does the gradient of this step count in its own root?",),
        ),
        shared.root_kept(
            'state["mean_square"] = mean_square',
            'state["mean_square"] = mean_square.sqrt()',
            hint="What is s a mean of?",
        ),
        Misconception(
            "alpha-on-both",
            "Both shares are `alpha`. The new square comes in with 1 - `alpha`; the two shares add up to 1.",
            patch=("(1 - alpha) * grad**2", "alpha * grad**2"),
            hints=("What do the two factors of the formula add up to?",),
        ),
        Misconception(
            "bracket-around-the-share-missing",
            "The new square is multiplied by minus `alpha`, and a 1 is added by itself. Its share is 1 - `alpha`: write `(1 - alpha) * grad**2`.",
            patch=("(1 - alpha) * grad**2", "1 - alpha * grad**2"),
            cause="Without brackets Python multiplies first, and adds and subtracts afterwards.",
            evidence=seen("_ + 1 - alpha * _", "1 - alpha * _"),
            other=(MEAN, '1 + alpha * (state.get("mean_square", 0) - grad**2)'),
            hints=("What does Python do first: multiply or subtract?",),
        ),
        Misconception(
            "begins-with-the-first-square",
            "After the first step the mean is the whole first square. It starts at zero: `state` is empty, and what is not there yet counts as 0.",
            patch=('state.get("mean_square", 0)', 'state.get("mean_square", grad**2)'),
            hints=("What is s before the first step?",),
        ),
        Misconception(
            "corrected-like-adam",
            "The mean is corrected for its start at zero. That is a good idea, and Adam has it; RMSprop leaves it out.",
            patch=(
                (
                    'state["mean_square"] = mean_square',
                    'state.update(mean_square=mean_square, t=state.get("t", 0) + 1)',
                ),
                ("(mean_square.sqrt() + eps)", '((mean_square / (1 - alpha ** state["t"])).sqrt() + eps)'),
            ),
            hints=("Which line of the formula divides by 1 - alpha to some power?",),
        ),
        Misconception(
            "one-rate-for-all",
            "The mean runs over all entries, so all weights share one rate. RMSprop works entry by entry; its mean is one over time.",
            patch=("* grad**2", "* (grad**2).mean()"),
            hints=("What is the shape of s?",),
        ),
        Misconception(
            "mean-of-gradients",
            "What is kept is the mean of the gradients, and its size is what you divide by. Gradients of both signs cancel in it; their squares do not.",
            patch=(("(1 - alpha) * grad**2", "(1 - alpha) * grad"), ("mean_square.sqrt()", "mean_square.abs()")),
            hints=("What comes first: the square or the mean?",),
        ),
        shared.rate_missing("lr * grad /", "grad /"),
        Misconception(
            "everything-shrunk",
            "The new square is multiplied by alpha as well. Only the old mean is; the new square gets its share 1 - alpha whole.",
            patch=(
                'alpha * state.get("mean_square", 0) + (1 - alpha) * grad**2',
                'alpha * (state.get("mean_square", 0) + (1 - alpha) * grad**2)',
            ),
            hints=("Which of the two terms does the formula multiply by alpha?",),
        ),
        shared.bracket_missing("(mean_square.sqrt() + eps)", "mean_square.sqrt() + eps"),
        shared.EPS_MISSING,
        shared.NOT_SQUARED,
    ),
    alternatives=(rmsprop_in_place, rmsprop_lerp, rmsprop_difference),
    hints=(
        "Which one line of AdaGrad changes?",
        "The new mean is `alpha` times the old one plus `1 - alpha` times `grad**2`.",
        '`mean_square = alpha * state.get("mean_square", 0) + (1 - alpha) * grad**2`; keep it; the rest is AdaGrad\'s.',
    ),
)
