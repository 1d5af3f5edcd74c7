"""A polynomial whose order changes from call to call: parameters for each term; `orders.py` counts draws."""

import random

import numpy as np
import torch
from torch import nn

from tutor.checking import Misconception, code
from tutor.checking.evidence import seen

from ..orders import NAMES, drawn, fill, gradients_at
from ..shared import ORDERS


def probe_net(d):
    """Points, five coefficients, and the gradients that arrive at the points."""
    (n,) = d.sizes(1, 3, 9)
    return d.tensor(n), d.tensor(5), d.tensor(n)


def try_orders(dynamic_net, x, weights, grad_y_pred):
    """Every order asked for, several times; gradients at orders 3 and 5; and which orders are drawn if none is asked for."""
    net = dynamic_net()
    if isinstance(net, nn.Module) and hasattr(net, "e") and not isinstance(net.e, nn.Parameter):
        return "no", *[None] * 9
    shapes = {name: str(tuple(getattr(net, name).shape)) for name in NAMES}
    count = fill(net, weights)
    asked = [[net(x, order) for _ in range(6)] for order in ORDERS]
    if not all(isinstance(y_pred, torch.Tensor) for again in asked for y_pred in again):
        return "yes", count, shapes, "yes", *(first for first, *_ in asked), "no", {}, ""
    steady = all(torch.equal(first, again) for first, *others in asked for again in others)
    touched = "no" if gradients_at(net, x, 3, grad_y_pred)["e"] is None else "yes"
    grads = {name: 0.0 if grad is None else grad for name, grad in gradients_at(net, x, 5, grad_y_pred).items()}
    y_preds = (first.detach() for first, *_ in asked)
    return "yes", count, shapes, "yes" if steady else "no", *y_preds, touched, grads, drawn(net, x)


class ByCoefficients(nn.Module):
    """Horner's rule on a list of coefficients, in which e stands twice; torch draws."""

    def __init__(self):
        super().__init__()
        for name in NAMES:
            setattr(self, name, nn.Parameter(torch.randn(())))

    def forward(self, x, order=None):
        order = int(torch.randint(3, 6, ())) if order is None else order
        y_pred = 0.0
        for coefficient in reversed([self.a, self.b, self.c, self.d, self.e, self.e][: order + 1]):
            y_pred = y_pred * x + coefficient
        return y_pred


class ByBranches(nn.Module):
    """An `if` for every order."""

    def __init__(self):
        super().__init__()
        self.a, self.b, self.c, self.d, self.e = (nn.Parameter(torch.zeros(())) for _ in NAMES)

    def forward(self, x, order=None):
        if not order:
            order = random.choice([3, 4, 5])
        cubic = self.a + self.b * x + self.c * x.pow(2) + self.d * x.pow(3)
        if order == 3:
            return cubic
        if order == 4:
            return cubic + self.e * x.pow(4)
        return cubic + self.e * x.pow(4) + self.e * x.pow(5)


class InPlace(nn.Module):
    """The terms are added in place, and NumPy draws."""

    def __init__(self):
        super().__init__()
        for name in NAMES:
            self.register_parameter(name, nn.Parameter(torch.rand(()), requires_grad=True))

    def forward(self, x, order=None):
        if order is None:
            order = np.random.randint(3, 6)
        y_pred = torch.zeros_like(x)
        for power in range(order + 1):
            y_pred += (self.a, self.b, self.c, self.d, self.e, self.e)[power] * x**power
        return y_pred


EXERCISE = code(
    difficulty="medium",
    minutes=10,
    drills=("dynamic-net", "weight-sharing", "control-flow"),
    probe=probe_net,
    use=try_orders,
    outputs=(
        "is e an nn.Parameter",
        "the number of parameters",
        "the shapes",
        "is the order obeyed that is asked for",
        *(f"y_pred of order {order}" for order in ORDERS),
        "does e take part at order 3",
        "the gradients at order 5",
        "the orders that are drawn",
    ),
    misconceptions=(
        Misconception(
            "five-never-drawn",
            "Order 5 is never drawn. `random.randint(3, 5)` includes its upper end; `randrange`, `torch.randint` and `range` leave theirs out.",
            patch=("random.randint(3, 5)", "random.randrange(3, 5)"),
            hints=("Which numbers can your draw give: is 5 among them?",),
        ),
        Misconception(
            "six-drawn-too",
            "Where no order is asked for, 3, 4 and 5 come out, and something else besides: 3, 4 and 5 are all there are. Is a fourth number drawn? `random.randint` includes its upper end.",
            patch=("random.randint(3, 5)", "random.randint(3, 6)"),
            hints=("Which numbers can your draw give?",),
        ),
        Misconception(
            "three-never-drawn",
            "Order 3 is never drawn. It is the one at which `e` is not used.",
            patch=("random.randint(3, 5)", "random.randint(4, 5)"),
            hints=("Which is the smallest number that your draw can give?",),
        ),
        Misconception(
            "always-five",
            "Every order gives what order 5 should give: the order has no say in which terms are added.",
            patch=("range(4, order + 1)", "range(4, 6)"),
            hints=("Where does your code look at the order after it has been drawn?",),
        ),
        Misconception(
            "order-stays-none",
            "When no order is asked for, `order` is `None`, and with `None` Python cannot count. Draw it first.",
            patch=("        if order is None:\n            order = random.randint(3, 5)\n", ""),
            hints=("What is `order` in `model(x)`?",),
        ),
        Misconception(
            "loop-ends-early",
            "The last term is missing: order 4 should have the term with x⁴, order 5 also the one with x⁵.",
            patch=("range(4, order + 1)", "range(4, order)"),
            cause="`range(4, order)` ends before `order`.",
            evidence=seen("range(4, order)"),
            other=(("range(4, order + 1)", "range(5, order + 1)"), ("x**power", "x ** (power - 1)")),
            hints=("Which powers of x does your code add at order 4?",),
        ),
        Misconception(
            "one-parameter-each",
            "x⁴ and x⁵ have a parameter each. In this network they share one: the same `self.e` stands in both terms.",
            patch=(
                (
                    "self.e = nn.Parameter(torch.randn(()))",
                    "self.e = nn.Parameter(torch.randn(())); self.f = nn.Parameter(torch.randn(()))",
                ),
                ("self.e * x**power", "(self.e if power == 4 else self.f) * x**power"),
            ),
            hints=("How many parameters do the two terms have together in the formula?",),
        ),
        Misconception(
            "e-is-no-parameter",
            "`self.e` is not an `nn.Parameter`. A module overlooks a plain tensor (even one with `requires_grad=True`), so the optimiser would never see it and it would never be trained.",
            patch=("self.e = nn.Parameter(torch.randn(()))", "self.e = torch.randn(())"),
            hints=("How are `a` to `d` made in the lines above?",),
        ),
        Misconception(
            "term-replaces-the-rest",
            "At orders 4 and 5 only the last term is left. A new term is *added* to what is there.",
            patch=("y_pred = y_pred + self.e", "y_pred = self.e"),
            hints=("What is left of a + b x + c x² + d x³ when order is 4?",),
        ),
        Misconception(
            "power-stands-still",
            "Order 5 adds the term with x⁴ twice. The second one has a power of its own, x⁵.",
            patch=("x**power", "x**4"),
            hints=("Which exponent has the last term of order 5?",),
        ),
        Misconception(
            "five-without-four",
            "Order 5 has lost the term with x⁴. It has both, and both with the same e.",
            patch=("for power in range(4, order + 1):", "for power in range(max(4, order), order + 1):"),
            hints=("Which brackets of the formula does order 5 open?",),
        ),
        Misconception(
            "ends-after-the-first-term",
            "At order 5 nothing is added after the term with x⁴. (A `return` inside a loop ends it in its first round, and an `elif` is skipped where the `if` before it was true.)",
            patch=(
                "            y_pred = y_pred + self.e * x**power\n",
                "            return y_pred + self.e * x**power\n",
            ),
            hints=("Which lines of yours run at order 5, from the first to the last?",),
        ),
        Misconception(
            "begins-at-three",
            "`e` stands before x³ as well, at every order. Its first term is the one with x⁴.",
            patch=("range(4, order + 1)", "range(3, order + 1)"),
            hints=("Which is the lowest power that e stands before?",),
        ),
        Misconception(
            "e-raised-too",
            "`e` is raised to the power as well. Only x is: `self.e * x**power`, without brackets.",
            patch=("self.e * x**power", "(self.e * x) ** power"),
            hints=("What does your exponent belong to?",),
        ),
        Misconception(
            "bare-number",
            "The values are right, but no gradient reaches `e`. `.item()`, `.data`, `.detach()` and a new `nn.Parameter` in `forward` all cut it off, and `requires_grad=False` forbids it. Use `self.e` itself.",
            patch=("self.e * x**power", "self.e.item() * x**power"),
            hints=("Through which expression does your loop use e?",),
        ),
        Misconception(
            "list-of-one",
            "`e` has the shape (1,), a list of one number. The others have the shape (): `torch.randn(())`.",
            patch=("self.e = nn.Parameter(torch.randn(()))", "self.e = nn.Parameter(torch.randn(1))"),
            hints=("What is the difference between `torch.randn(1)` and `torch.randn(())`?",),
        ),
        Misconception(
            "multiplied-by-zero",
            "The values are right, but at order 3 `e` takes part all the same, with no effect. So it receives a gradient of 0 where it should have none at all. Is its term multiplied by zero? Run it only if the order asks for it.",
            patch=(("range(4, order + 1)", "(4, 5)"), ("self.e * x**power", "self.e * (power <= order) * x**power")),
            hints=("Is an operation that multiplies by zero in the graph or not?",),
        ),
        Misconception(
            "always-the-same",
            "If no order is asked for, every call takes one and the same. Draw it in `forward`, anew in each such call; an order that somebody asks for holds for that call alone.",
            patch=(
                ("            order = random.randint(3, 5)", "            order = self.order"),
                (
                    "self.e = nn.Parameter(torch.randn(()))",
                    "self.e = nn.Parameter(torch.randn(())); self.order = random.randint(3, 5)",
                ),
            ),
            hints=("Which line of yours draws, and does it run in every call?",),
        ),
        Misconception(
            "order-ignored",
            "Even when an order is asked for, another one may be taken. Draw only if `order` is `None`.",
            patch=("if order is None:", "if True:"),
            hints=("What should `model(x, 3)` do differently from `model(x)`?",),
        ),
    ),
    alternatives=(ByCoefficients, ByBranches, InPlace),
    hints=(
        "Which part of the formula is always there, and what does each further order add?",
        "Compute the cubic; then loop over the powers from 4 to `order`, adding `self.e * x**power` each time.",
        "`for power in range(4, order + 1): y_pred = y_pred + self.e * x**power`",
    ),
)
