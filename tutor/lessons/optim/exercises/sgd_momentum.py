"""What SGD with momentum subtracts from the weight: a velocity not kept, a mean for it, the rate inside."""

import torch

from tutor.checking import Misconception, code

from ..shared import (
    SUBTRACTED,
    WHAT_IS_KEPT,
    begins_with_the_first,
    gradient_and_rate,
    rate_missing,
    rule_space,
    state_in_float32,
    walk,
)


def probe_momentum(d):
    """A gradient, a learning rate, and how much of the velocity is kept."""
    return *gradient_and_rate(d), d.number(0.3, 0.9)


def walk_momentum(rule, grad, lr, momentum):
    return walk(rule, grad, lr, momentum)


def momentum_in_place(grad, state, lr, momentum):
    if "buffer" not in state:
        state["buffer"] = grad.clone()
    else:
        state["buffer"].mul_(momentum).add_(grad)
    return state["buffer"] * lr


def momentum_from_history(grad, state, lr, momentum):
    history = state.setdefault("history", [])
    history.append(grad)
    return lr * sum(momentum**age * old for age, old in enumerate(reversed(history)))


def momentum_numpy(grad, state, lr, momentum):
    velocity = state.get("v", 0.0)
    state["v"] = momentum * velocity + grad.numpy().astype("float64")
    return torch.as_tensor(lr * state["v"])


EXERCISE = code(
    difficulty="medium",
    minutes=7,
    drills=("momentum",),
    space=rule_space("large", momentum=(0.6, 0.95)),
    probe=probe_momentum,
    use=walk_momentum,
    outputs=SUBTRACTED,
    cases=2,
    misconceptions=(
        state_in_float32('state["velocity"] = velocity', 'state["velocity"] = velocity.float()'),
        Misconception(
            "newest-gradient-only",
            "Every step is lr times the newest gradient; nothing of the earlier ones is in it. The velocity has to be "
            "kept in `state`, and what is subtracted is lr times the velocity.",
            patch=("return lr * velocity", "return lr * grad"),
            hints=(WHAT_IS_KEPT,),
        ),
        Misconception(
            "mean-for-velocity",
            "That is a running mean: the gradient is multiplied by 1 - momentum. The velocity here is a sum: the new gradient goes in whole.",
            patch=('state.get("velocity", 0) + grad', 'state.get("velocity", 0) + (1 - momentum) * grad'),
            hints=("What stands before g in the formula of the velocity?",),
        ),
        Misconception(
            "momentum-on-both",
            "The new gradient is multiplied by the momentum too. Only the old velocity loses a part.",
            patch=('momentum * state.get("velocity", 0) + grad', 'momentum * (state.get("velocity", 0) + grad)'),
            hints=("Which of the two is multiplied by the momentum: the old velocity or the sum?",),
        ),
        Misconception(
            "rate-inside-the-velocity",
            "The learning rate is kept inside the velocity. As long as it never changes, that comes to the same; when it "
            "does, the old gradients keep their old rate. PyTorch multiplies the whole velocity by the present one.",
            patch=(
                ('state.get("velocity", 0) + grad', 'state.get("velocity", 0) + lr * grad'),
                ("return lr * velocity", "return velocity"),
            ),
            hints=("What if the learning rate falls to zero: should the weights still move?",),
        ),
        Misconception(
            "rate-twice",
            "The learning rate is in it twice: once in the velocity and once behind. Only the whole velocity is multiplied by it.",
            patch=('state.get("velocity", 0) + grad', 'state.get("velocity", 0) + lr * grad'),
            hints=("How often does the learning rate stand in the two formulas?",),
        ),
        Misconception(
            "the-other-share-kept",
            "The velocity keeps the part 1 - momentum. It keeps the part `momentum`.",
            patch=("momentum * state.get", "(1 - momentum) * state.get"),
            hints=("With momentum = 0.9, how much of the velocity is left after a step?",),
        ),
        Misconception(
            "gradient-kept",
            "The first two steps are right, the later ones are not: a step knows its own gradient and the one before, and none that is older. Is it the gradient that you keep? Keep the velocity; the older gradients live on in it.",
            patch=('state["velocity"] = velocity', 'state["velocity"] = grad'),
            hints=("What is in `state` after the second step?",),
        ),
        Misconception(
            "old-velocity-used",
            "What is subtracted is made of the velocity from before this gradient. The new velocity comes first, then the step.",
            patch=(
                '    state["velocity"] = velocity\n    return lr * velocity',
                '    before = state.get("velocity", 0 * grad)\n    state["velocity"] = velocity\n    return lr * before',
            ),
            hints=("Which of the two formulas comes first?",),
        ),
        Misconception(
            "nesterov",
            "The step is made of the new gradient and the velocity together: that is Nesterov's form, which looks a step ahead. What is subtracted here is lr times the velocity.",
            patch=("return lr * velocity", "return lr * (grad + momentum * velocity)"),
            hints=("Which one tensor does the second formula subtract?",),
        ),
        Misconception(
            "no-friction",
            "The velocity loses nothing: it is the sum of all gradients. Before the new one is added, the old velocity is "
            "multiplied by the momentum.",
            patch=("momentum * state.get", "state.get"),
            hints=("What happens to the old velocity before the gradient is added?",),
        ),
        begins_with_the_first("first-gradient-twice", "velocity", "grad", "The velocity"),
        rate_missing("return lr * velocity", "return velocity"),
    ),
    alternatives=(momentum_in_place, momentum_from_history, momentum_numpy),
    hints=(
        "What has to survive from one step to the next?",
        "Take the old velocity out of `state` (0 at the first step), make the new one, put it back.",
        '`velocity = momentum * state.get("velocity", 0) + grad`, into `state` with it, and `return lr * velocity`.',
    ),
)
