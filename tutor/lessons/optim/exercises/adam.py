"""What Adam subtracts from the weight: corrections left out, kept or exchanged, means that begin anew."""

import torch

from tutor.checking import Misconception, code
from tutor.checking.evidence import seen

from .. import shared


def probe_adam(d):
    """A gradient, a learning rate, two different betas, and an epsilon that can be seen."""
    return *shared.gradient_and_rate(d), d.number(0.3, 0.6), d.number(0.7, 0.95), d.number(0.2, 0.8)


def walk_adam(rule, grad, lr, beta1, beta2, eps):
    return shared.walk(rule, grad, lr, beta1, beta2, eps)


def adam_in_place(grad, state, lr, beta1, beta2, eps):
    if len(state) == 0:
        state.update(step=0, exp_avg=torch.zeros_like(grad), exp_avg_sq=torch.zeros_like(grad))
    state["step"] += 1
    state["exp_avg"].mul_(beta1).add_(grad, alpha=1 - beta1)
    state["exp_avg_sq"].mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
    denominator = state["exp_avg_sq"].sqrt() / (1 - beta2 ** state["step"]) ** 0.5 + eps
    return lr / (1 - beta1 ** state["step"]) * state["exp_avg"] / denominator


def adam_running_products(grad, state, lr, beta1, beta2, eps):
    if not state:
        state["m"], state["v"], state["p1"], state["p2"] = 0.0, 0.0, 1.0, 1.0
    state["m"] = state["m"] * beta1 + grad * (1 - beta1)
    state["v"] = state["v"] * beta2 + grad**2 * (1 - beta2)
    state["p1"], state["p2"] = state["p1"] * beta1, state["p2"] * beta2
    return lr * (state["m"] / (1 - state["p1"])) / (torch.sqrt(state["v"] / (1 - state["p2"])) + eps)


def adam_from_history(grad, state, lr, beta1, beta2, eps):
    state.setdefault("grads", []).append(grad)
    ages = range(len(state["grads"]) - 1, -1, -1)
    share1, share2 = sum(beta1**age for age in ages), sum(beta2**age for age in ages)
    m_hat = sum(beta1**age * g for age, g in zip(ages, state["grads"], strict=True)) / share1
    v_hat = sum(beta2**age * g * g for age, g in zip(ages, state["grads"], strict=True)) / share2
    return lr * m_hat / (v_hat**0.5 + eps)


M_HAT, V_HAT = 'state["m"] / (1 - beta1 ** state["t"])', 'state["v"] / (1 - beta2 ** state["t"])'

EXERCISE = code(
    difficulty="hard",
    minutes=12,
    drills=("adam",),
    space=shared.rule_space(beta1=(0.5, 0.9), beta2=(0.8, 0.999), eps=(0.5, 1e-8)),
    probe=probe_adam,
    use=walk_adam,
    outputs=shared.SUBTRACTED,
    cases=2,
    misconceptions=(
        shared.state_in_float32(
            'state["v"] = beta2 * state.get("v", 0) + (1 - beta2) * grad**2',
            'state["v"] = (beta2 * state.get("v", 0) + (1 - beta2) * grad**2).float()',
        ),
        Misconception(
            "no-bias-correction",
            "Both means are used as they are. They start at zero, so at first they are too small: divide by 1 - beta**t.",
            patch=((M_HAT, 'state["m"]'), (V_HAT, 'state["v"]')),
            hints=("After one step, what is m, and what should the mean of a single gradient be?",),
        ),
        Misconception(
            "v-uncorrected",
            "m is corrected, v is not. Both start at zero.",
            patch=(V_HAT, 'state["v"]'),
            hints=("Which of the two means has no hat in your code?",),
        ),
        Misconception(
            "m-uncorrected",
            "v is corrected, m is not. Both start at zero.",
            patch=(M_HAT, 'state["m"]'),
            hints=("Which of the two means has no hat in your code?",),
        ),
        Misconception(
            "t-stands-still",
            "The correction is that of the first step at every step: t does not count on.",
            patch=('state.get("t", 0) + 1', "1"),
            hints=("What is t at the third step, and where is it kept?",),
        ),
        Misconception(
            "t-from-zero",
            "At the first step 1 - beta**t is 0, and a mean is divided by it: t is 0 there. Count t on before you use it: it starts from 1.",
            patch=('state.get("t", 0)', 'state.get("t", -1)'),
            hints=("What is beta to the power 0?",),
        ),
        Misconception(
            "correction-kept",
            "The next step goes on from the corrected means and corrects them once more. Are they written back into `state`, or corrected in place?",
            patch=(("m_hat = state", 'm_hat = state["m"] = state'), ("v_hat = state", 'v_hat = state["v"] = state')),
            hints=("Which of m and m-hat does the next step start from?",),
        ),
        Misconception(
            "m-hat-kept",
            "The next step goes on from m-hat and corrects it once more; v is right. Is m-hat written back into `state`, or is m corrected in place?",
            patch=("m_hat = state", 'm_hat = state["m"] = state'),
            hints=("Which of m and m-hat does the next step start from?",),
        ),
        Misconception(
            "t-not-counted",
            "At every step 1 - beta**t is 0, and a mean is divided by it: t stays 0. It has to be counted on in `state`, before it is used.",
            patch=('state.get("t", 0) + 1', 'state.get("t", 0)'),
            hints=("What is t at the third step, and where is it kept?",),
        ),
        shared.begins_with_the_first("m-begins-with-the-gradient", "m", "grad", "The mean of the gradients"),
        shared.begins_with_the_first("v-begins-with-the-square", "v", "grad**2", "The mean of the squares"),
        Misconception(
            "share-of-the-other",
            "The new square comes in with 1 - beta1. What is kept of its mean is beta2, so its share is 1 - beta2.",
            patch=("(1 - beta2) * grad**2", "(1 - beta1) * grad**2"),
            hints=("What do the two shares of the second mean add up to?",),
        ),
        Misconception(
            "share-squared",
            "The share of the new square is squared too. Only the gradient is: `(1 - beta2) * grad**2`.",
            patch=("(1 - beta2) * grad**2", "((1 - beta2) * grad) ** 2"),
            hints=("Which part of the new term does the 2 belong to?",),
        ),
        Misconception(
            "betas-exchanged",
            "The two betas have changed places: beta1 belongs to the mean of the gradients, beta2 to that of their squares.",
            patch=(
                ("beta1", "beta_"),
                ("beta2", "beta1"),
                ("beta_", "beta2"),
                ("lr, beta2, beta1, eps", "lr, beta1, beta2, eps"),
            ),
            hints=("Which beta stands in the line of m?",),
        ),
        Misconception(
            "betas-exchanged-in-the-correction",
            "The means are right, but each is corrected with the other's beta.",
            patch=(("1 - beta1 *", "1 - beta_ *"), ("1 - beta2 **", "1 - beta1 **"), ("beta_", "beta2")),
            hints=("Which beta is in the line of m, and which in that of m-hat?",),
        ),
        Misconception(
            "power-missing",
            "beta is multiplied by t. It is beta to the power of t: `beta**t`.",
            patch=(("beta1 ** state", "beta1 * state"), ("beta2 ** state", "beta2 * state")),
            hints=("How much of the zero at the start is left after three steps?",),
        ),
        Misconception(
            "multiplied-for-divided",
            "The means are multiplied by 1 - beta**t. They are too small at first: divide.",
            patch=(("/ (1 - beta1", "* (1 - beta1"), ("/ (1 - beta2", "* (1 - beta2")),
            hints=("Is 0.1 g too large or too small for a mean of g?",),
        ),
        Misconception(
            "bracket-missing-in-the-correction",
            "From each mean beta**t is subtracted; it should be divided by 1 - beta**t.",
            patch=(
                ('/ (1 - beta1 ** state["t"])', '/ 1 - beta1 ** state["t"]'),
                ('/ (1 - beta2 ** state["t"])', '/ 1 - beta2 ** state["t"]'),
            ),
            cause="Without brackets Python divides by 1 and then subtracts: write `/ (1 - beta**t)`.",
            evidence=seen("_ / 1 - _"),
            other=(
                ('/ (1 - beta1 ** state["t"])', '- beta1 ** state["t"]'),
                ('/ (1 - beta2 ** state["t"])', '- beta2 ** state["t"]'),
            ),
            hints=("What is the correction of a mean: a quotient or a difference?",),
        ),
        Misconception(
            "new-ones-whole",
            "The old means shrink, but the new gradient and its square go in whole. The two shares of a mean add up to 1.",
            patch=(("(1 - beta1) * grad", "grad"), ("(1 - beta2) * grad**2", "grad**2")),
            hints=("What would the mean of gradients that are all 1 become?",),
        ),
        Misconception(
            "mean-squared",
            "The second mean is made of the squares of m. It is made of the squares of the gradients.",
            patch=("(1 - beta2) * grad**2", '(1 - beta2) * state["m"] ** 2'),
            hints=("Can the squares of a mean tell how large the gradients are, if those have both signs?",),
        ),
        Misconception(
            "eps-before-the-correction",
            "The epsilon is added before v is corrected (the paper has a second form that does so, with another epsilon). The formula here corrects first: v-hat, then its root, then the epsilon.",
            patch=("(v_hat.sqrt() + eps)", '((state["v"].sqrt() + eps) / (1 - beta2 ** state["t"]) ** 0.5)'),
            hints=("Which v stands under the root in the formula, and what is added to that root?",),
        ),
        Misconception(
            "m-read-for-v",
            "The mean of the squares goes on from m, the mean of the gradients. Each mean goes on from its own.",
            patch=('state.get("v", 0)', 'state.get("m", 0)'),
            hints=("Which mean does the line of v go on from?",),
        ),
        Misconception(
            "m-not-kept",
            "The first step is right and the others are not: m begins from zero again at every step.",
            patch=('beta1 * state.get("m", 0)', "0"),
            hints=("What is in `state` when the second step begins?",),
        ),
        Misconception(
            "v-not-kept",
            "The first step is right and the others are not: v begins from zero again at every step.",
            patch=('beta2 * state.get("v", 0)', "0"),
            hints=("What is in `state` when the second step begins?",),
        ),
        shared.eps_under_the_root("(v_hat.sqrt() + eps)", "(v_hat + eps).sqrt()"),
        Misconception(
            "no-root",
            "What stands below the line is v-hat itself. It is a mean of squares; the size of a gradient is its root.",
            patch=("v_hat.sqrt()", "v_hat"),
            hints=("Which has the unit of a gradient: v-hat, or its root?",),
        ),
        Misconception(
            "gradient-for-m",
            "Above the line stands the gradient itself; that is RMSprop with a correction. Adam puts m-hat there.",
            patch=("lr * m_hat /", "lr * grad /"),
            hints=("What is the mean m for?",),
        ),
        shared.rate_missing("lr * m_hat /", "m_hat /"),
        shared.bracket_missing("(v_hat.sqrt() + eps)", "v_hat.sqrt() + eps"),
        shared.EPS_MISSING,
        shared.NOT_SQUARED,
        Misconception(
            "means-not-kept",
            "The first step is right and the others are not: m and v begin from zero again at every step.",
            patch=(('beta1 * state.get("m", 0)', "0"), ('beta2 * state.get("v", 0)', "0")),
            hints=("What is in `state` when the second step begins?",),
        ),
        Misconception(
            "shares-exchanged",
            "The shares have changed places: beta is what is kept of the old mean, 1 - beta what the new gradient gets.",
            patch=(
                ('beta1 * state.get("m", 0) + (1 - beta1)', '(1 - beta1) * state.get("m", 0) + beta1'),
                ('beta2 * state.get("v", 0) + (1 - beta2)', '(1 - beta2) * state.get("v", 0) + beta2'),
            ),
            hints=("With beta = 0.9, should the mean change slowly or quickly?",),
        ),
    ),
    alternatives=(adam_in_place, adam_running_products, adam_from_history),
    hints=(
        "Which three things have to survive until the next step?",
        "Count t, update m and v and keep them; correct copies of them, not what is kept.",
        '`m_hat = state["m"] / (1 - beta1 ** state["t"])`, v_hat likewise, `return lr * m_hat / (v_hat.sqrt() + eps)`.',
    ),
)
