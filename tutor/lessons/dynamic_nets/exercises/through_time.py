"""What each step adds to the gradient of a recurrent weight: not handed on, in the wrong order, too far."""

import torch

from tutor.checking import Misconception, code
from tutor.checking.evidence import seen
from tutor.checking.space import Array, Space


def time_by_flip(h, states, w_h, grad_h):
    before = torch.cat([h[None], states[:-1]])
    out = torch.zeros(len(states), *w_h.shape, dtype=w_h.dtype)
    for t, (old, new) in enumerate(zip(before.flip(0), states.flip(0), strict=True)):
        grad_a = grad_h - grad_h * new * new
        out[-1 - t] = torch.einsum("nh,nk->hk", old, grad_a)
        grad_h = torch.einsum("nk,hk->nh", grad_a, w_h)
    return out


def time_by_recursion(h, states, w_h, grad_h):
    if len(states) == 0:
        return torch.zeros(0, *w_h.shape)
    before = states[-2] if len(states) > 1 else h
    grad_a = grad_h.mul(1 - states[-1].square())
    last = before.t().mm(grad_a).unsqueeze(0)
    return torch.cat([time_by_recursion(h, states[:-1], w_h, grad_a.mm(w_h.t())), last])


def time_by_example(h, states, w_h, grad_h):
    parts = torch.zeros(len(states), *w_h.shape)
    for n in range(len(h)):
        way, arriving = [h[n], *states[:, n]], grad_h[n]
        for t in range(len(states) - 1, -1, -1):
            arriving = arriving * (1 - way[t + 1] ** 2)
            parts[t] += torch.outer(way[t], arriving)
            arriving = w_h @ arriving
    return parts


EXERCISE = code(
    difficulty="hard",
    minutes=15,
    drills=("contributions",),
    space=Space(
        {
            "h": Array("N H", tensor=True),
            "states": Array("T N H", layouts=("contiguous", "transposed"), values=("distinct", "zeros"), tensor=True),
            "w_h": Array("H H", layouts=("contiguous", "transposed"), tensor=True),
            "grad_h": Array("N H", scales=("usual", "eight"), tensor=True),
        },
        sizes={"T": (1,), "N": (1,), "H": (1,)},
    ),
    cases=1,
    forbid=("autograd",),
    misconceptions=(
        Misconception(
            "not-handed-on",
            "Every step receives the gradient of the last state. What step t receives has come through all the steps after it: hand on `grad_a @ w_h.T`.",
            patch=("        grad_h = grad_a @ w_h.T  # (N, H) (H, H) -> (N, H)\n", ""),
            hints=("What is `grad_h` in the second round of your loop?",),
        ),
        Misconception(
            "order-turned-round",
            "The contributions are right, but that of the last step stands first. They are asked for in the order of time.",
            patch=("contributions[::-1]", "contributions"),
            hints=("Which step comes first when you go back through time?",),
        ),
        Misconception(
            "tanh-forgotten",
            "The tanh is missing on the way back: what arrives at a state is multiplied by 1 - h_t² first.",
            patch=("grad_h * (1 - states[t] ** 2)", "grad_h"),
            hints=("Which operation comes last in the cell, and so first on the way back?",),
        ),
        Misconception(
            "tanh-of-the-state",
            "The factor of the tanh is 1 - tanh(h_t)². But h_t *is* the tanh already: its derivative is 1 - h_t².",
            patch=("states[t] ** 2", "torch.tanh(states[t]) ** 2"),
            hints=("Is `states[t]` what goes into the tanh, or what comes out?",),
        ),
        Misconception(
            "square-forgotten",
            "The derivative of the tanh is 1 - h_t², and the state in yours is not squared.",
            patch=("states[t] ** 2", "states[t]"),
            hints=("What is the derivative of tanh, said by its output?",),
        ),
        Misconception(
            "state-after-for-before",
            "The state in each product is the one *after* the step. What was multiplied by w_h was the state before it.",
            patch=("states[t - 1] if t > 0 else h", "states[t]"),
            hints=("Which state goes into the product with w_h at step t?",),
        ),
        Misconception(
            "minus-one-is-the-end",
            "All steps are right but the first: there the state before is taken to be the *last* one. Before the first step the state was `h`.",
            patch=("states[t - 1] if t > 0 else h", "states[t - 1]"),
            cause="With t = 0, `states[t - 1]` is `states[-1]`: Python counts from the end.",
            evidence=seen("states[t - 1]"),
            other=("states[t - 1] if t > 0 else h", "states.roll(1, 0)[t]"),
            hints=("Which state does your code take for the one before the first step?",),
        ),
        Misconception(
            "minus-one-and-turned-round",
            "The contributions stand in the wrong order, that of the last step first. And in that of the first step the state before is the *last* one, as `states[t - 1]` is with t = 0; it should be `h`.",
            patch=(("states[t - 1] if t > 0 else h", "states[t - 1]"), ("contributions[::-1]", "contributions")),
            hints=("Which step comes first in your result, and which state comes before step 0?",),
        ),
        Misconception(
            "minus-one-forward-in-time",
            "The gradient is taken forward in time. It is known at the last state, and comes to the first one last. (And the state before the first step is taken to be the *last* one, as `states[t - 1]` is with t = 0; it should be `h`.)",
            patch=(
                ("reversed(range(len(states)))", "range(len(states))"),
                ("contributions[::-1]", "contributions"),
                ("states[t - 1] if t > 0 else h", "states[t - 1]"),
            ),
            hints=("To which state does the gradient that you are given belong?",),
        ),
        Misconception(
            "first-step-missing",
            "The contribution of the first step is missing. It has one, too: the state before it was `h`.",
            patch=("reversed(range(len(states)))", "reversed(range(1, len(states)))"),
            hints=("How many steps are there, and how many contributions do you return?",),
        ),
        Misconception(
            "last-tanh-forgotten",
            "At the last step the tanh is missing: `grad_h` belongs to the state, behind the tanh, and has to pass it like "
            "all the others.",
            patch=("grad_h * (1 - states[t] ** 2)", "grad_h * (1 - states[t] ** 2) if t < len(states) - 1 else grad_h"),
            hints=("Is the gradient that you are given that of h_t or that of a_t?",),
        ),
        Misconception(
            "tensor-turned-by-a-slice",
            "A tensor takes no negative step in a slice, a list does. Turn the list round before you stack it, or call `.flip(0)` "
            "on the tensor.",
            patch=("torch.stack(contributions[::-1])", "torch.stack(contributions)[::-1]"),
            hints=("What is it that you turn round: a list or a tensor?",),
        ),
        Misconception(
            "reverse-gives-none",
            "`torch.stack` is given `None`. `list.reverse()` turns a list round in place and returns `None`: call it on a line of its own, or write `contributions[::-1]`.",
            patch=("contributions[::-1]", "contributions.reverse()"),
            hints=("What does `[1, 2].reverse()` return?",),
        ),
        Misconception(
            "zeros-before-the-first",
            "All steps are right but the first, whose contribution is zero. Is a state of zeros taken before it? It was `h`.",
            patch=("else h", "else torch.zeros_like(h)"),
            hints=("Which state did the first step start from?",),
        ),
        Misconception(
            "forward-in-time",
            "The gradient is taken forward in time. It is known at the last state, and comes to the first one last.",
            patch=(("reversed(range(len(states)))", "range(len(states))"), ("contributions[::-1]", "contributions")),
            hints=("To which state does the gradient that you are given belong?",),
        ),
        Misconception(
            "handed-on-before-the-tanh",
            "The last step is right. What is handed on to the step before is `grad_h` times w_hᵀ; it has to have passed the tanh: `grad_a` times w_hᵀ.",
            patch=("grad_h = grad_a @ w_h.T", "grad_h = grad_h @ w_h.T"),
            hints=("Which gradient stands in the third formula?",),
        ),
        Misconception(
            "contribution-before-the-tanh",
            "The contributions are made of `grad_h`; they should be made of `grad_a`, which has passed the tanh.",
            patch=("before.T @ grad_a", "before.T @ grad_h"),
            hints=("Which gradient stands in the second formula?",),
        ),
        Misconception(
            "one-product-too-far",
            "The contribution of each step is taken after the product with w_hᵀ. Take it before: from `grad_a`.",
            patch=("before.T @ grad_a", "before.T @ (grad_a @ w_h.T)"),
            hints=("In which order do the three formulas come?",),
        ),
        Misconception(
            "added-on-the-way",
            "What is handed on is added to what was there. Only the last state reaches the loss directly; the others have no gradient but the one that comes through the next step.",
            patch=("grad_h = grad_a @ w_h.T", "grad_h = grad_h + grad_a @ w_h.T"),
            hints=("By how many ways does a state in the middle reach the loss?",),
        ),
        Misconception(
            "tanh-of-the-state-before",
            "The factor of the tanh is made of the state before the step. The tanh put out the state *after* it.",
            patch=("states[t] ** 2", "before**2"),
            hints=("Which state is the output of the tanh of step t?",),
        ),
        Misconception(
            "weight-not-transposed",
            "On its way back the gradient goes through the transpose of w_h. (With one size for everything the shapes "
            "cannot warn you.)",
            patch=("grad_a @ w_h.T", "grad_a @ w_h"),
            hints=("Forward was h @ w_h: by what do you multiply on the way back?",),
        ),
        Misconception(
            "summed-on-the-way",
            "Each entry holds the contributions of all later steps as well. Return them one by one; the notebook adds them up.",
            patch=(
                "contributions.append(before.T @ grad_a)",
                "contributions.append(before.T @ grad_a + (contributions[-1] if contributions else 0))",
            ),
            hints=("Should the first entry hold one step's contribution, or all of them?",),
        ),
        Misconception(
            "product-turned-round",
            "Each contribution is transposed: it is grad_aᵀ h where it should be hᵀ grad_a. (It is square, so the shape "
            "cannot warn you.)",
            patch=("before.T @ grad_a", "grad_a.T @ before"),
            hints=("Does the row of w_h belong to the old state or to the new one?",),
        ),
    ),
    alternatives=(time_by_flip, time_by_recursion, time_by_example),
    hints=(
        "At the last step, how does `grad_h` pass the tanh, and what is then the gradient of a product?",
        "Loop with t from the last step to the first: the three formulas, in this order, and `grad_h` takes a new value in "
        "each round.",
        "`grad_a = grad_h * (1 - states[t] ** 2)`, append `before.T @ grad_a`, then `grad_h = grad_a @ w_h.T`.",
    ),
)
