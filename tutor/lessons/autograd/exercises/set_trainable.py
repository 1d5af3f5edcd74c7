"""Leaf tensors frozen and thawed in place: an old gradient that stays, new tensors, a flag misspelt."""

import torch

from tutor.checking import Misconception, code

from ..shared import leaf


def probe_freeze(d):
    """A small two-layer net with a bias in its first layer."""
    n, d_in, h, d_out = d.sizes(4)
    return d.tensor(n, d_in), d.tensor(n, d_out), d.tensor(d_in, h), d.tensor(h), d.tensor(h, d_out)


def frozen_twice(set_trainable, values):
    """Freeze three weights twice and thaw them twice: one without a gradient, one with, and one frozen before.

    How many of them ask for a gradient after each of the four calls, and how many hold one after the first two.
    """
    fresh, used, before = layer = [leaf(values) for _ in range(3)]
    used.grad, before.grad = torch.ones_like(values), torch.ones_like(values)
    before.requires_grad = False
    asking, holding = [], []
    for trainable in (False, False, True, True):
        set_trainable(layer, trainable)
        asking.append(sum(w.requires_grad for w in layer))
        holding.append(sum(w.grad is not None for w in layer))
    set_trainable([fresh], False)
    return [*asking, fresh.requires_grad], holding[:2]


def use_freeze(set_trainable, x, y, w1, bias, w2):
    """Train with the first layer frozen in the middle; every weight that holds a gradient is moved."""
    w1, bias, w2 = leaf(w1), leaf(bias), leaf(w2)

    def steps():
        for _ in range(2):
            for w in (w1, bias, w2):
                if w.requires_grad:
                    w.grad = None
            ((x.mm(w1) + bias).tanh().mm(w2) - y).pow(2).sum().backward()
            with torch.no_grad():
                for w in (w1, bias, w2):
                    if w.grad is not None:
                        w -= 0.02 * w.grad
        return torch.cat([w1.detach(), bias.detach()[None]])

    steps()
    layer = [w1, bias]
    set_trainable(layer, False)
    asks, holds = sum(w.requires_grad for w in layer), sum(w.grad is not None for w in layer)
    frozen = steps()
    set_trainable(layer, True)
    asks_again = sum(w.requires_grad for w in layer)
    thawed = steps() if asks_again else frozen
    if invented := ", ".join(f"`{name}`" for name in vars(w1)):
        raise TypeError(
            f"you have given the weight an attribute {invented} of your own, which torch never reads; "
            "set `w.requires_grad`, or call `w.requires_grad_(...)`."
        )
    return asks, holds, frozen, asks_again, thawed, *frozen_twice(set_trainable, bias)


FREEZE_ATTRIBUTE = '''
def set_trainable(weights, trainable):
    """Set the attribute; an old gradient goes in any case."""
    for w in weights:
        w.requires_grad = bool(trainable)
        w.grad = None
'''

FREEZE_BRANCHES = '''
def set_trainable(weights, trainable):
    """Two branches."""
    if trainable:
        for w in weights:
            w.requires_grad_()
    else:
        for w in weights:
            w.grad = None
            w.requires_grad_(requires_grad=False)
'''

FREEZE_DETACHED = '''
def set_trainable(weights, trainable):
    """detach_ leaves a leaf a leaf and switches its flag off."""
    for k in range(len(weights)):
        weights[k].detach_()
        weights[k].grad = weights[k].grad if trainable else None
        weights[k].requires_grad = trainable
'''

EXERCISE = code(
    difficulty="easy",
    minutes=6,
    drills=("freezing",),
    probe=probe_freeze,
    use=use_freeze,
    outputs=(
        "how many of two frozen weights ask for a gradient",
        "how many of two frozen weights still hold one",
        "the frozen weights after two steps",
        "how many of two thawed weights ask for a gradient",
        "the thawed weights after two steps",
        "of three weights, asking for a gradient after two freezes and two thaws",
        "of three weights, holding a gradient after each freeze",
    ),
    misconceptions=(
        Misconception(
            "old-gradient-kept",
            "The frozen weight still holds the gradient of the last step, and an update that moves every weight with a gradient keeps pushing it. Set `.grad` to None.",
            patch=("\n        if not trainable:\n            w.grad = None", ""),
            hints=("What is in `w.grad` when a weight has just been frozen?",),
        ),
        Misconception(
            "zeros-kept",
            "A weight that has never seen a backward holds no gradient: its `.grad` is `None`, which has no `zero_()`. And where there is one, `zero_()` leaves zeros behind; for an optimiser that is still a gradient, and one with momentum moves the weight. Set `.grad` to None.",
            patch=("w.grad = None", "w.grad.zero_()"),
            hints=("What is the difference between no gradient and a gradient of zeros?",),
        ),
        Misconception(
            "zeros-for-no-gradient",
            "The frozen weight holds a gradient of zeros. For an optimiser that is still a gradient, and one with momentum moves the weight. Set `.grad` to None.",
            patch=("w.grad = None", "w.grad = torch.zeros_like(w)"),
            hints=("What is the difference between no gradient and a gradient of zeros?",),
        ),
        Misconception(
            "toggled",
            "The flag is turned over with every call: a weight that was frozen already thaws when it is frozen again. It has to become what `trainable` says.",
            patch=(
                "w.requires_grad_(trainable)\n        if not trainable:",
                "w.requires_grad_(not w.requires_grad)\n        if not w.requires_grad:",
            ),
            hints=("What should a second call with the same `trainable` change?",),
        ),
        Misconception(
            "replaced-in-the-list",
            "The list holds other tensors afterwards, and the weights that it held stay as they were: whoever else holds them, such as the network, never hears of it. Change the flag of the weight itself.",
            patch=(
                ("for w in weights:", "for k, w in enumerate(weights):"),
                (
                    "w.requires_grad_(trainable)\n        if not trainable:\n            w.grad = None",
                    "weights[k] = w.detach().requires_grad_(trainable)",
                ),
            ),
            hints=("Which tensors does the network hold after your function has returned?",),
        ),
        Misconception(
            "first-one-only",
            "Only the first weight of the list is treated. Does your function return inside the loop?",
            patch=("for w in weights:", "for w in weights[:1]:"),
            hints=("How often does the body of your loop run?",),
        ),
        Misconception(
            "never-thawed",
            "The weight can be frozen but never thawed. Does its flag depend on `trainable`?",
            patch=("w.requires_grad_(trainable)", "w.requires_grad_(False)"),
            hints=("What should happen when `trainable` is True?",),
        ),
        Misconception(
            "the-other-way-round",
            "Weights are frozen when they should thaw and thawed when they should freeze.",
            patch=("        w.requires_grad_(trainable)", "        w.requires_grad_(not trainable)"),
            hints=("What does `requires_grad` have to be while the weight is trained?",),
        ),
        Misconception(
            "still-asking",
            "After freezing, the weight still asks for a gradient: its `requires_grad` is True. (`requires_grad_()` without an argument means True.)",
            patch=("w.requires_grad_(trainable)", "w.requires_grad_()"),
            hints=(
                "Which flag says that a tensor wants a gradient, and what do you set it to when `trainable` is False?",
            ),
        ),
        Misconception(
            "new-tensors",
            "The caller's weights stay as they were: change the flag of the weight itself. (`detach()` gives a new tensor, and `==` only compares.)",
            patch=(
                "w.requires_grad_(trainable)\n        if not trainable:\n            w.grad = None",
                "w = w.detach().requires_grad_(trainable)",
            ),
            hints=("Which line of yours changes a weight of the caller's?",),
        ),
        Misconception(
            "misspelt-flag",
            "The flag is called `requires_grad`. Python lets you invent any other attribute, `require_grad` for one, and nobody ever reads it.",
            patch=("w.requires_grad_(trainable)", "w.require_grad = trainable"),
            hints=("Compare the spelling with the first cell of section 1.",),
        ),
    ),
    alternatives=(FREEZE_ATTRIBUTE, FREEZE_BRANCHES, FREEZE_DETACHED),
    hints=(
        "What makes a tensor ask for a gradient, and what does it still hold from the step before?",
        "`requires_grad_` takes True or False. Then take care of `.grad`.",
        "`w.requires_grad_(trainable)` for every `w`, and `w.grad = None` where `trainable` is False.",
    ),
)
