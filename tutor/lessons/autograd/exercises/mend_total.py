"""Losses that are made into a new tensor of numbers: the total is right, and no gradient comes from them."""

import torch

from tutor.checking import Misconception, repair
from tutor.checking.space import Array, Drawn, Number, Several, Space


def probe_one_example(d):
    """A single group of a single example."""
    (width,) = d.sizes(1)
    return [(d.tensor(1, width), d.tensor(1))], d.tensor(width), d.number(0.2, 0.6), d.number(0.01, 0.03), 3


def without_graphs(answer, groups, w, penalty, rate, steps):
    """What is returned, unless the totals are tensors that keep their graphs."""
    made = answer(groups, w, penalty, rate, steps)
    totals = made[1] if isinstance(made, tuple | list) and len(made) == 2 and isinstance(made[1], list) else []
    if any(getattr(total, "grad_fn", None) is not None for total in totals):
        raise TypeError("the totals are tensors, each with its graph behind it; asked for are numbers, `total.item()`.")
    return made


def slope(groups, w, penalty):
    """The gradient of the total by hand."""
    return 2 * penalty * w + sum(2 / len(x) * x.T @ (x @ w - y) for x, y in groups)


def fit_by_hand(groups, w, penalty, rate, steps):
    totals = []
    for _ in range(steps):
        totals.append(sum(float(((x @ w - y) ** 2).mean()) for x, y in groups) + penalty * float(w @ w))
        w = w - rate * slope(groups, w, penalty)
    return w, totals


def fit_by_accumulation(groups, w, penalty, rate, steps):
    w, totals = w.clone().requires_grad_(), []
    for _ in range(steps):
        w.grad, total = None, 0.0
        for term in [lambda: penalty * (w**2).sum(), *(lambda x=x, y=y: ((x @ w - y) ** 2).mean() for x, y in groups)]:
            value = term()
            value.backward()
            total += value.item()
        totals.append(total)
        w.data -= rate * w.grad
    return w.detach(), totals


def fit_by_a_running_sum(groups, w, penalty, rate, steps):
    w, totals = w.clone().requires_grad_(), []
    for _ in range(steps):
        total = penalty * w.square().sum()
        for x, y in groups:
            total = total + torch.nn.functional.mse_loss(x @ w, y)
        (grad,) = torch.autograd.grad(total, w)
        w.data -= rate * grad
        totals.append(float(total.detach()))
    return w.detach(), totals


def fit_by_one_vector(groups, w, penalty, rate, steps):
    w, totals = w.clone().requires_grad_(), []
    for _ in range(steps):
        errors = torch.cat([(x @ w - y) / len(x) ** 0.5 for x, y in groups] + [penalty**0.5 * w])
        errors.square().sum().backward()
        with torch.no_grad():
            w -= rate * w.grad
        w.grad = None
        totals.append(errors.detach().square().sum().tolist())
    return w.detach(), totals


SUM = "torch.stack(losses).sum()"
TOTAL = f"{SUM} + penalty * (w**2).sum()"

EXERCISE = repair(
    difficulty="easy",
    minutes=6,
    drills=("no-grad",),
    fault="The totals begin right, and still only the penalty moves the weights: to `backward` the losses are constants. `torch.tensor(...)`, `.item()` and `.detach()` pass on numbers without their graph, and no `requires_grad` brings it back: it makes a new leaf, with nothing behind it.",
    shown_by=("laekov/fastmoe#49", "ronghuaiyang/arcface-pytorch#56"),
    space=Space(
        {
            "groups": Several(
                (
                    Array("N D", values=("distinct", "zeros"), tensor=True),
                    Array("N", scales=("usual", "eight"), tensor=True),
                ),
                counts=(3, 1),
                own=("N",),
            ),
            "w": Array("D", scales=("usual", "large"), values=("distinct", "zeros"), tensor=True),
            "penalty": Number((0.4, 0.0)),
            "rate": Drawn(0.01, 0.03),
            "steps": Number((4, 1)),
        },
        {"N": (1,), "D": (1,)},
    ),
    probe=probe_one_example,
    use=without_graphs,
    outputs=("w", "totals"),
    misconceptions=(
        Misconception(
            "mean-of-the-losses",
            "The losses reach the weights now, and each counts too little: the total is to hold their sum, not their mean.",
            patch=(SUM, "torch.stack(losses).mean()"),
            hints=("With three groups, by what is your part of the total too small?",),
        ),
        Misconception(
            "penalty-lost",
            "The losses reach the weights now, but the total has lost its penalty.",
            patch=(TOTAL, SUM),
            hints=("Of which two parts does the docstring make the total?",),
        ),
        Misconception(
            "penalty-in-every-group",
            "The losses reach the weights now, but the penalty counts once for every group. It is to count once.",
            patch=("penalty *", "len(groups) * penalty *"),
            hints=("How often is the penalty added in one step?",),
        ),
        Misconception(
            "last-group-alone",
            "Of all the groups only the last one's loss is in the total. Is what stood there before written over?",
            patch=(SUM, "losses[-1]"),
            hints=("What does your total hold after the second group?",),
        ),
        Misconception(
            "one-mean-over-all",
            "The losses reach the weights now, as one mean over the examples of all groups. The total is to hold the sum of the groups' means: a small group counts as much as a large one.",
            patch=(SUM, "torch.cat([(x @ w - y) ** 2 for x, y in groups]).mean()"),
            other=(SUM, "sum(len(x) * loss for (x, _), loss in zip(groups, losses)) / sum(len(x) for x, _ in groups)"),
            hints=("Over how many numbers is each mean taken, and how many means are there?",),
        ),
        Misconception(
            "total-is-a-new-leaf",
            "`w.grad` is None: nothing leads from the total back to `w` now, the penalty neither. Is the total made anew of numbers, and told to require a gradient? That makes a new leaf, at which `backward` ends; it does not bring back where the numbers came from.",
            patch=(TOTAL, "torch.tensor([*losses, penalty * (w**2).sum()], requires_grad=True).sum()"),
            hints=("What is between your total and `w`: does its `grad_fn` lead there?",),
        ),
        Misconception(
            "total-is-a-number",
            "Nothing of the total has a graph any more, the penalty neither, so `backward` stops. That it asks for a `requires_grad` is a symptom: `w` requires one, and what is computed from it has a graph until something passes on its numbers alone.",
            patch=(TOTAL, "torch.tensor([*losses, penalty * (w**2).sum()]).sum()"),
            hints=("Which step on the way from `w` to the total gives numbers without a `grad_fn`?",),
        ),
        Misconception(
            "root-of-the-penalty",
            "The losses reach the weights now, and the penalty is the length of w, the root of the sum of its squares. Asked for is the sum itself.",
            patch=("(w**2).sum()", "w.norm()"),
            hints=("Is there a root in the docstring's total?",),
        ),
        Misconception(
            "never-cleared",
            "The first step is right and the later ones are too long: they go along the sum of all gradients so far.",
            patch=("        w.grad = None\n", ""),
            hints=("What does `backward` do where there is a gradient already?",),
        ),
    ),
    alternatives=(fit_by_hand, fit_by_accumulation, fit_by_a_running_sum, fit_by_one_vector),
    equivalent_mutants={
        "return (w, totals)": "the values are the same",
    },
    hints=(
        "Print `losses[0].grad_fn`, and the `grad_fn` of what is made of the losses: where does the graph end?",
        "Tensors are joined with their graphs by `torch.stack`, by `torch.cat`, or by adding them up.",
        f"`total = {TOTAL}`",
    ),
)
