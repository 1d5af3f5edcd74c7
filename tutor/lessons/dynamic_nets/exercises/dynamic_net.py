"""Exercises of lesson 09: probes, misconceptions, right answers written differently, hints."""

import random
from collections import Counter
from functools import partial

import numpy as np
import torch
from torch import nn

from tutor import models
from tutor.checking import FiniteDifference, Misconception, code, value
from tutor.lessons.registry import About

ABOUT = About(
    minutes=110,
    items={
        "control-flow": "Python control flow in forward, and why it just works",
        "weight-sharing": "weight sharing",
        "dynamic-net": "DynamicNet: a random order of 3, 4 or 5, one shared e, SGD with momentum, 30,000 steps",
        "graphs-differ": "the graph differing from step to step, drawn side by side",
        "unused": "parameters that a step does not use: None, not zero",
        "shared-gradients": "gradients through shared weights add up",
        "recurrent": "a recurrent net unrolled over sequences of different length",
        "contributions": "a shared weight's contributions and their sum, drawn",
        "tracing": "what tracing would have made of it",
    },
)

ORDERS = (3, 4, 5)
NAMES = "abcde"


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
    count = _fill(net, weights)
    asked = [[net(x, order) for _ in range(6)] for order in ORDERS]
    if not all(isinstance(y_pred, torch.Tensor) for again in asked for y_pred in again):
        return "yes", count, shapes, "yes", *(first for first, *_ in asked), "no", {}, ""
    steady = all(torch.equal(first, again) for first, *others in asked for again in others)
    touched = "no" if _gradients(net, x, 3, grad_y_pred)["e"] is None else "yes"
    grads = {name: 0.0 if grad is None else grad for name, grad in _gradients(net, x, 5, grad_y_pred).items()}
    y_preds = (first.detach() for first, *_ in asked)
    return "yes", count, shapes, "yes" if steady else "no", *y_preds, touched, grads, _drawn(net, x)


def _gradients(net, x, order, grad_y_pred):
    """The gradients of the five coefficients after one backward pass."""
    net.zero_grad()
    (net(x, order) * grad_y_pred).sum().backward()
    return {name: getattr(net, name).grad for name in NAMES}


def _fill(net, weights):
    """Give the five coefficients their values, and any parameter beyond them another one; count the parameters."""
    parameters = dict(net.named_parameters())
    with torch.no_grad():
        for name, number in zip(NAMES, weights, strict=True):
            getattr(net, name).data = number.clone()
        for name in set(parameters) - set(NAMES):
            parameters[name].data = 2 * weights[4]
    return len(parameters)


def _drawn(net, x):
    """In words, the orders of 600 calls, and whether one of them comes much more often than one call in three."""
    with torch.no_grad():
        known = {order: net(x, order) for order in ORDERS}
        results = [net(x) for _ in range(600)]
    counts = Counter(next((k for k, y in known.items() if torch.equal(y, result)), "another") for result in results)
    if len(counts) == 1:
        return "always the same one"
    often = [order for order, count in counts.items() if count > 250 and len(counts) == 3]
    return ", ".join(sorted(map(str, counts))) + (f", but {often[0]} too often" if often else "")


def probe_shared(d):
    """Points and the gradients that arrive at them."""
    (n,) = d.sizes(1, 2, 9)
    return d.tensor(n), d.tensor(n)


def try_gradients(shared_gradient, x, grad_y_pred):
    """The gradient of e at each of the three orders."""
    return tuple(shared_gradient(x, grad_y_pred, order) for order in ORDERS)


def nudged_e(x, grad_y_pred, nudge, *, order):
    """What the loss gains, to first order, when e is nudged."""
    return float(sum((grad_y_pred * nudge * x**power).sum() for power in range(4, order + 1)))


def probe_uses(d):
    """A value for the parameters, an input, and how many steps a recurrent cell takes."""
    return d.tensor(3), d.tensor(3), d.integer(2, 5)


def count_uses(uses, start, x, steps):
    """Uses of a parameter in graphs of every kind that fools a wrong count."""
    net = models.DynamicNet()
    loss_of = {order: (net(x, order) ** 2).sum() for order in ORDERS}
    w, twin = start.clone().requires_grad_(), start.clone().requires_grad_()
    joined = w * x
    cell = models.RecurrentCell(3, 2)
    h = torch.zeros(1, 2)
    for _ in range(steps):
        h = cell(x.to(cell.b.dtype).unsqueeze(0), h)
    matrix = torch.ones(3, 3, requires_grad=True)
    chain = x.to(matrix.dtype)
    for _ in range(steps):
        chain = torch.tanh(matrix.T @ chain)
    return (
        *(uses(loss_of[order], net.e) for order in ORDERS),
        uses(w.sum(), w),
        uses((w * w).sum(), w),
        uses((joined * joined + joined).sum(), w),
        uses((w * x + (twin * x).sin() * twin).sum(), w),
        uses(h.sum(), cell.w_h),
        uses(chain.sum(), matrix),
        uses(loss_of[5], net.a),
        uses(loss_of[5], net.e),
    )


def probe_unroll(d):
    """A batch of sequences, a first state, the cell's weights, and the gradients that arrive at the states."""
    t, n, d_in, h = d.sizes(4, 3, 8)
    return (
        d.tensor(t, n, d_in),
        d.tensor(n, h),
        {"w_x": d.tensor(d_in, h), "w_h": d.tensor(h, h), "b": d.tensor(h)},
        d.tensor(t, n, h),
    )


def probe_thin_unroll(d):
    """One sequence of one step, or of one number, or states of one number."""
    t, n, d_in, h = ((1, 3, 2, 4), (3, 1, 2, 4), (4, 3, 2, 1))[d.sizes(1, 0, 2)[0]]
    return (
        d.tensor(t, n, d_in),
        d.tensor(n, h),
        {"w_x": d.tensor(d_in, h), "w_h": d.tensor(h, h), "b": d.tensor(h)},
        d.tensor(t, n, h),
    )


def read_sequences(unroll, x, h, weights, grad_states):
    """The states, and the gradients of the shared weights; half the size keeps tanh away from its flat ends."""
    cell = models.RecurrentCell(*weights["w_x"].shape)
    for name, numbers in weights.items():
        getattr(cell, name).data = numbers.clone() / 2
    called = []
    cell.register_forward_hook(lambda *_: called.append(True))
    states = unroll(cell, x, h)
    through = "called" if called else "not called, its forward is"
    if not isinstance(states, torch.Tensor) or states.shape != grad_states.shape:
        return states, "no gradients", "no gradients", through
    if states.requires_grad:
        (states * grad_states).sum().backward()
    grads = ("none arrives" if w.grad is None else w.grad for w in (cell.w_x, cell.w_h))
    return states.detach(), *grads, through


def probe_through_time(d):
    """A first state, later states between -1 and 1, the shared weight, and the gradient of the last state."""
    t, n, h = d.sizes(3, 2, 7)
    return d.tensor(n, h) / 1.6, d.tensor(t, n, h) / 1.6, d.tensor(h, h), d.tensor(n, h)


def probe_thin_time(d):
    """A single step, a single sequence, or states of one number."""
    t, n, h = ((1, 2, 3), (3, 1, 2), (2, 3, 1))[d.sizes(1, 0, 2)[0]]
    return d.tensor(n, h) / 1.6, d.tensor(t, n, h) / 1.6, d.tensor(h, h), d.tensor(n, h)


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


def shared_by_dot(x, grad_y_pred, order):
    powers = {3: 0 * x, 4: x**4, 5: x**4 + x**5}[order]
    return torch.dot(grad_y_pred, powers)


def shared_by_points(x, grad_y_pred, order):
    total = 0.0
    for point, arriving in zip(x.tolist(), grad_y_pred.tolist(), strict=True):
        for power in (4, 5)[: order - 3]:
            total += arriving * point**power
    return total


def shared_in_numpy(x, grad_y_pred, order):
    matrix = np.stack([x.numpy().astype(float) ** power for power in range(4, 6)])
    return (matrix[: order - 3] @ grad_y_pred.numpy().astype(float)).sum()


def uses_by_recursion(loss, parameter):
    seen = set()

    def below(node):
        if node is None or node in seen:
            return 0
        seen.add(node)
        total = 0
        for child, _ in node.next_functions:
            total += (getattr(child, "variable", None) is parameter) + below(child)
        return total

    return below(loss.grad_fn)


def uses_by_levels(loss, parameter):
    level, seen, arrows = [loss.grad_fn], {loss.grad_fn}, []
    while level:
        arrows += [child for node in level for child, _ in node.next_functions if child is not None]
        level = [child for child in dict.fromkeys(arrows) if child not in seen]
        seen.update(level)
    return sum(hasattr(child, "variable") and child.variable is parameter for child in arrows)


def uses_by_accumulator(loss, parameter):
    goal = parameter.view_as(parameter).grad_fn.next_functions[0][0]
    stack, done, found = [loss.grad_fn], [], 0
    while stack:
        node = stack.pop(0)
        if any(node is other for other in done):
            continue
        done.append(node)
        children = [child for child, _ in node.next_functions]
        found += children.count(goal)
        stack.extend(child for child in children if child is not None)
    return found


def unroll_into_place(cell, x, h):
    states = torch.zeros(len(x), *h.shape, dtype=h.dtype)
    for t in range(x.shape[0]):
        h = cell(x[t], h)
        states[t] = h
    return states


def unroll_by_cat(cell, x, h):
    states = h.unsqueeze(0)
    for x_t in torch.unbind(x):
        states = torch.cat([states, cell(x_t, states[-1]).unsqueeze(0)])
    return states[1:]


def unroll_by_recursion(cell, x, h):
    if len(x) == 0:
        return x.new_zeros(0, *h.shape)
    h = cell(x[0], h)
    return torch.cat([h[None], unroll_by_recursion(cell, x[1:], h)])


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


SHARED_LOOP = """    grad_e = 0.0
    for power in range(4, order + 1):
        grad_e += (grad_y_pred * x**power).sum()
"""

EXERCISES = {
    "dynamic_net": code(
        difficulty="medium",
        minutes=10,
        probe=probe_net,
        use=try_orders,
        drills=("dynamic-net", "weight-sharing", "control-flow"),
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
                "Order 5 is never drawn. `random.randint(3, 5)` includes its upper end; `randrange`, `torch.randint` and "
                "`range` leave theirs out.",
                patch=("random.randint(3, 5)", "random.randrange(3, 5)"),
                hints=("Which numbers can your draw give: is 5 among them?",),
            ),
            Misconception(
                "six-drawn-too",
                "You draw four orders, one too many: 3, 4 and 5 are all there are. `random.randint` includes its upper end.",
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
                "The last term is missing: `range(4, order)` ends before `order`. Order 4 should have the term with x⁴, "
                "order 5 also the one with x⁵.",
                patch=("range(4, order + 1)", "range(4, order)"),
                hints=("Which numbers does `range(4, 5)` give?",),
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
                "`self.e` is not an `nn.Parameter`. A module overlooks everything else (a tensor even with "
                "`requires_grad=True`), so the optimiser would never see it and it would never be trained.",
                patch=("self.e = nn.Parameter(torch.randn(()))", "self.e = torch.randn(())"),
                hints=("How are `a` to `d` made in the lines above?",),
            ),
            Misconception(
                "term-replaces-the-rest",
                "A new term replaces everything before it. It is *added* to what is there.",
                patch=("y_pred = y_pred + self.e", "y_pred = self.e"),
                hints=("What is left of a + b x + c x² + d x³ when order is 4?",),
            ),
            Misconception(
                "power-stands-still",
                "Order 5 adds the term with x⁴ twice. Each round of the loop has a power of its own.",
                patch=("x**power", "x**4"),
                hints=("Does the exponent in your loop change from round to round?",),
            ),
            Misconception(
                "five-without-four",
                "Order 5 has lost the term with x⁴. It has both, and both with the same e.",
                patch=("for power in range(4, order + 1):", "for power in range(max(4, order), order + 1):"),
                hints=("Which brackets of the formula does order 5 open?",),
            ),
            Misconception(
                "ends-after-the-first-term",
                "At order 5 nothing is added after the term with x⁴. (A `return` inside a loop ends it in its first round, and an "
                "`elif` is skipped where the `if` before it was true.)",
                patch=(
                    "            y_pred = y_pred + self.e * x**power\n",
                    "            return y_pred + self.e * x**power\n",
                ),
                hints=("Which lines of yours run at order 5, from the first to the last?",),
            ),
            Misconception(
                "begins-at-three",
                "`e` stands before x³ as well. Its first term is the one with x⁴.",
                patch=("range(4, order + 1)", "range(3, order + 1)"),
                hints=("Which power does your loop begin with?",),
            ),
            Misconception(
                "e-raised-too",
                "`e` is raised to the power as well. Only x is: `self.e * x**power`, without brackets.",
                patch=("self.e * x**power", "(self.e * x) ** power"),
                hints=("What does your exponent belong to?",),
            ),
            Misconception(
                "bare-number",
                "The values are right, but no gradient reaches `e`. `.item()`, `.data`, `.detach()` and a new `nn.Parameter` in "
                "`forward` all cut it off, and `requires_grad=False` forbids it. Use `self.e` itself.",
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
                "The values are right, but at order 3 `e` takes part, multiplied by zero. So it receives a gradient of 0 where it "
                "should have none at all. Run the term only if the order asks for it.",
                patch=(
                    ("range(4, order + 1)", "(4, 5)"),
                    ("self.e * x**power", "self.e * (power <= order) * x**power"),
                ),
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
                "You draw an order even when one is asked for. Draw only if `order` is `None`.",
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
    ),
    "predict_unused": value(
        difficulty="easy",
        minutes=2,
        drills=("unused",),
        misconceptions=(
            Misconception(
                "unused-means-zero",
                "Mathematically the derivative is 0, but nobody computes it: `backward` visits what is in the graph, and `e` is "
                "not.",
                value="zero",
            ),
            Misconception(
                "old-gradient-stays",
                "It would stay if nobody had cleared it. `zero_grad()` did; what does it leave behind?",
                value="old",
            ),
        ),
        hints=("What does `zero_grad()` leave in `.grad`, and does anything write there afterwards?",),
        alternatives=(None,),
        explain="`zero_grad()` leaves `None`, and `backward` never comes to `e`, which is not in this graph.",
    ),
    "shared_gradient": code(
        difficulty="easy",
        minutes=6,
        probe=probe_shared,
        use=try_gradients,
        drills=("shared-gradients",),
        outputs=tuple(f"grad_e at order {order}" for order in ORDERS),
        gradients={
            f"grad_e at order {order}": FiniteDifference(partial(nudged_e, order=order), wrt=None) for order in ORDERS
        },
        forbid=("autograd",),
        misconceptions=(
            Misconception(
                "last-one-wins",
                "At order 5 only x⁵ counts. There e stands in two terms, and the contributions of both add up.",
                patch=("grad_e += ", "grad_e = "),
                hints=("At order 5, what has become of the contribution of x⁴?",),
            ),
            Misconception(
                "first-one-only",
                "At order 5 the contribution of x⁵ is missing.",
                patch=("range(4, order + 1)", "range(4, min(order, 4) + 1)"),
                hints=("How many terms use e at order 5?",),
            ),
            Misconception(
                "range-ends-early",
                "The highest power is missing in every order: `range(4, order)` ends before `order`.",
                patch=("range(4, order + 1)", "range(4, order)"),
                hints=("Which numbers does `range(4, 5)` give?",),
            ),
            Misconception(
                "averaged",
                "You average the contributions of the two uses. They add up: a nudge to e moves both terms by its full size.",
                patch=("return grad_e", "return grad_e / max(order - 3, 1)"),
                hints=("If e grows by a little, does each term feel half of it or all of it?",),
            ),
            Misconception(
                "powers-multiplied",
                "You multiply the two powers to x⁹. Two terms stand beside each other in a sum, so their contributions add up.",
                patch=(
                    SHARED_LOOP,
                    "    grad_e = (grad_y_pred * x ** sum(range(4, order + 1))).sum() if order > 3 else 0.0\n",
                ),
                hints=("Is y_pred a sum of the two terms or their product?",),
            ),
            Misconception(
                "order-for-power",
                "You take the one power that is called like the order. At order 3 e is not used at all, so its gradient is 0; at "
                "order 5 it is used twice.",
                patch=(SHARED_LOOP, "    grad_e = (grad_y_pred * x**order).sum()\n"),
                hints=("Which terms with e does the formula have at order 3, and which at order 5?",),
            ),
            Misconception(
                "begins-at-three",
                "You count x³ as well, but that term belongs to d. The first term with e has x⁴.",
                patch=("range(4, order + 1)", "range(3, order + 1)"),
                hints=("Which power does your loop begin with?",),
            ),
            Misconception(
                "summed-apart",
                "You add up the gradients and the powers apart and multiply the sums. Each point multiplies its own two numbers "
                "first; then the points add up.",
                patch=("(grad_y_pred * x**power).sum()", "grad_y_pred.sum() * (x**power).sum()"),
                hints=("Which comes first, the product or the sum over the points?",),
            ),
            Misconception(
                "derivative-by-x",
                "You took the derivative with respect to x (4x³, 5x⁴). Here e is what moves: the derivative of e x⁴ with "
                "respect to e is x⁴.",
                patch=("x**power", "power * x ** (power - 1)"),
                hints=("Which symbol moves when you nudge e?",),
            ),
            Misconception(
                "sum-over-points-missing",
                "You return one number per point. A nudge to e moves all predictions at once, so the contributions of the points "
                "add up as well.",
                patch=(").sum()", ")"),
                hints=("How many numbers is the gradient of e?",),
            ),
            Misconception(
                "gradient-not-weighed",
                "What arrives from the loss is missing: each power is to be multiplied by `grad_y_pred` before you add up.",
                patch=("(grad_y_pred * x**power)", "(x**power)"),
                hints=("What does the chain rule multiply a local derivative by?",),
            ),
        ),
        alternatives=(shared_by_dot, shared_by_points, shared_in_numpy),
        hints=(
            "If e stood in one term only, e x⁴, what would its gradient be?",
            "For each power from 4 to `order`, multiply by what arrives, add up over the points; then add the powers up.",
            "`for power in range(4, order + 1): grad_e += (grad_y_pred * x**power).sum()`",
        ),
    ),
    "uses": code(
        difficulty="hard",
        minutes=15,
        probe=probe_uses,
        use=count_uses,
        drills=("graphs-differ", "weight-sharing"),
        outputs=(
            *(f"uses of e at order {order}" for order in ORDERS),
            "uses of w in w.sum()",
            "uses of w in w * w",
            "uses of w where two ways join: u = w * x, u * u + u",
            "uses of w beside another leaf of the same value",
            "uses of w_h in an unrolled cell",
            "uses of a matrix that is transposed in every step",
            "uses of a, asked for after those of e",
            "uses of e, asked for once more",
        ),
        misconceptions=(
            Misconception(
                "memory-of-earlier-calls",
                "The first call is right, and a later one about the same loss is not: which nodes were seen is remembered from call to call (a default "
                "argument, like a global, is made once). Begin each call with an empty set.",
                patch=(
                    ("def uses(loss, parameter):", "def uses(loss, parameter, seen=set()):"),
                    ("count, seen, waiting = 0, set(), [loss.grad_fn]", "count, waiting = 0, [loss.grad_fn]"),
                ),
                hints=("How many sets are made by `def f(x, seen=set())`, and when?",),
            ),
            Misconception(
                "nodes-walked-twice",
                "You count ways, not arrows: where two ways join, what lies below is counted again for each of them. Remember "
                "which nodes you have seen.",
                patch=("        if node in seen:\n            continue\n", ""),
                hints=("How often do you walk through a node that two others lead to?",),
            ),
            Misconception(
                "two-arrows-taken-for-one",
                "In `w * w` one node has two arrows into the same leaf, and you count one of them. Every arrow is a use.",
                patch=("node.next_functions", "set(node.next_functions)"),
                hints=("How many entries has `next_functions` of a product `w * w`?",),
            ),
            Misconception(
                "any-leaf",
                "You count the arrows into every leaf. Only those into `parameter` are asked for.",
                patch=('getattr(below, "variable", None) is parameter', 'hasattr(below, "variable")'),
                hints=("Whose `.variable` is it?",),
            ),
            Misconception(
                "equal-for-identical",
                "You count another tensor as well, one that merely holds the same numbers. Ask with `is` whether it is this one; "
                "`==` and `equal` compare values.",
                patch=(
                    'getattr(below, "variable", None) is parameter',
                    'hasattr(below, "variable") and torch.equal(below.variable, parameter)',
                ),
                hints=("Are two tensors with the same numbers one tensor?",),
            ),
            Misconception(
                "compared-by-value",
                "`==` compares two tensors entry by entry and gives a tensor of answers, not one answer. Ask with `is` whether "
                "the leaf is this very tensor.",
                patch=(
                    'getattr(below, "variable", None) is parameter',
                    'hasattr(below, "variable") and below.variable == parameter',
                ),
                hints=("What does `w == w` give for a tensor of three numbers?",),
            ),
            Misconception(
                "none-taken-for-a-node",
                "One of the nodes that you walk to is `None`: it stands in `next_functions` for an input that needs no gradient. "
                "Pass over it.",
                patch=("            elif below is not None:\n", "            else:\n"),
                hints=("What is in `next_functions` for an input that needs no gradient, such as `x`?",),
            ),
            Misconception(
                "none-asked-for-its-variable",
                "You ask `None` for its `.variable`: it stands in `next_functions` for an input that needs no gradient. Ask "
                "`below is not None` first.",
                patch=(
                    'getattr(below, "variable", None) is parameter',
                    '(below is None or hasattr(below, "variable")) and below.variable is parameter',
                ),
                hints=("What is in `next_functions` for an input that needs no gradient, such as `x`?",),
            ),
            Misconception(
                "variable-of-every-node",
                "Only the node of a leaf has a `.variable`; the node of an operation has none. Ask first: "
                '`getattr(node, "variable", None)` gives `None` where there is no such thing.',
                patch=('getattr(below, "variable", None) is parameter', "below.variable is parameter"),
                hints=("Which nodes have a `.variable`: all, or those of leaves?",),
            ),
            Misconception(
                "loss-is-no-node",
                "You begin at the loss, which is a tensor. The walk goes over nodes; the first one is `loss.grad_fn`.",
                patch=("[loss.grad_fn]", "[loss]"),
                hints=("Which attribute of a tensor holds the node that made it?",),
            ),
            Misconception(
                "pair-for-a-node",
                "`next_functions` holds pairs of a node and a number, and you take a pair for the node. Unpack it: "
                "`for below, _ in node.next_functions`.",
                patch=("for below, _ in node", "for below in node"),
                hints=("What does `loss.grad_fn.next_functions[0]` print?",),
            ),
            Misconception(
                "never-more-than-one",
                "Your count is never more than 1. Every arrow into the leaf is a use, also the second and the third; a leaf "
                "that has been met before still counts.",
                patch=("                count += 1\n", "                return 1\n"),
                hints=("What becomes of the second arrow that leads into the same leaf?",),
            ),
            Misconception(
                "none-ends-the-node",
                "Where one input needs no gradient, you leave out the inputs that stand behind it. `None` is one entry of "
                "`next_functions`; go on with the next one (`continue`, not `break`).",
                patch=(
                    "            elif below is not None:\n                waiting.append(below)\n",
                    "            elif below is None:\n                break\n            else:\n"
                    "                waiting.append(below)\n",
                ),
                hints=("Which entries of `next_functions` do you still look at after a `None`?",),
            ),
            Misconception(
                "one-level-deep",
                "You look at what lies directly below the loss and go no further.",
                patch=("                waiting.append(below)\n", "                pass\n"),
                hints=("Which nodes do you ask for their `next_functions`?",),
            ),
        ),
        alternatives=(uses_by_recursion, uses_by_levels, uses_by_accumulator),
        hints=(
            "Start at `loss.grad_fn`. Which nodes can you reach from there in one step?",
            "Keep a list of nodes to visit and a set of those seen. For each pair in `next_functions`, count it or put it on "
            "the list.",
            '`if getattr(below, "variable", None) is parameter: count += 1`, otherwise `waiting.append(below)` if it is not '
            "`None`.",
        ),
    ),
    "unroll": code(
        difficulty="medium",
        minutes=8,
        probe=(probe_unroll, probe_thin_unroll),
        use=read_sequences,
        drills=("recurrent",),
        outputs=("the states", "the gradient of w_x", "the gradient of w_h", "how the cell is used"),
        misconceptions=(
            Misconception(
                "state-not-carried",
                "Every step starts from the same first state: the new one is kept, but not handed to the next step. So the "
                "network remembers nothing.",
                patch=("        h = cell(x_t, h)\n        states.append(h)", "        states.append(cell(x_t, h))"),
                hints=("Which state does the second step receive from you?",),
            ),
            Misconception(
                "last-state-only",
                "You return the last state. Asked for are all of them, one for each value that was read.",
                patch=("return torch.stack(states)", "return h"),
                hints=("Which shape should come out?",),
            ),
            Misconception(
                "state-before-the-value",
                "Each state is kept one step too early: the first state is the one *after* the first value.",
                patch=(
                    "        h = cell(x_t, h)\n        states.append(h)",
                    "        states.append(h)\n        h = cell(x_t, h)",
                ),
                hints=("Does the list begin with the state that you were given?",),
            ),
            Misconception(
                "return-in-the-loop",
                "Only the first value is read: the `return` stands inside the loop and ends it after one round.",
                patch=("    return torch.stack(states)", "        return torch.stack(states)"),
                hints=("How far is your `return` indented?",),
            ),
            Misconception(
                "arguments-exchanged",
                "Value and state have changed places: the cell is called as `cell(x_t, h)`, the value first.",
                patch=("cell(x_t, h)", "cell(h, x_t)"),
                hints=("In which order does the docstring call the cell?",),
            ),
            Misconception(
                "tensor-of-states",
                "`torch.tensor` makes a tensor of plain numbers, not of tensors (and it would lose their graph). Join the states "
                "with `torch.stack`.",
                patch=("torch.stack(states)", "torch.tensor(states)"),
                hints=("Which function joins tensors along a new dimension?",),
            ),
            Misconception(
                "first-state-included",
                "The state that you were given is among those you return, so there is one too many. Return what the cell made.",
                patch=("states = []", "states = [h]"),
                hints=("How many values are read, and how many states do you return?",),
            ),
            Misconception(
                "begins-with-zeros",
                "You begin with a state of zeros. Begin with `h`, the state that you were given.",
                patch=("states = []", "states, h = [], torch.zeros_like(h)"),
                hints=("Which state does your first step receive?",),
            ),
            Misconception(
                "cut-between-steps",
                "The states are right, but the gradient of w_h is not: the state is detached between the steps, so no gradient "
                "reaches the steps before.",
                patch=("h = cell(x_t, h)", "h = cell(x_t, h.detach())"),
                hints=("Which calls in your loop cut the graph?",),
            ),
            Misconception(
                "graph-lost",
                "The states are right, but they have lost their graph, so no gradient arrives. `.detach()`, `.data`, `no_grad` "
                "and `torch.tensor` all do that; join the states with `torch.stack`.",
                patch=("states.append(h)", "states.append(h.detach())"),
                hints=("Has what you return a `grad_fn`?",),
            ),
            Misconception(
                "read-backwards",
                "The sequences are read from the end. Begin with `x[0]`.",
                patch=("for x_t in x:", "for x_t in x.flip(0):"),
                hints=("Which value does your cell see first?",),
            ),
            Misconception(
                "forward-called",
                "The cell itself is not called: you call its `forward`, or write its formula out. The numbers are the same, but every hook on the cell is skipped, as notebook 07 showed: call `cell(x_t, h)`.",
                patch=("cell(x_t, h)", "cell.forward(x_t, h)"),
                hints=("How does the docstring say that the cell is called?",),
            ),
            Misconception(
                "batch-read-as-time",
                "You loop over the batch: `x[:, i]` is one whole sequence, and its T values are taken for the N examples of a step. Time comes first, so `x[t]` is what all sequences have at step t.",
                patch=("for x_t in x:", "for x_t in x.transpose(0, 1):"),
                hints=("Which shape has `x[0]`, and which one does the cell expect?",),
            ),
            Misconception(
                "concatenated",
                "The numbers are right, but the states lie in one row, (T·N, H): `torch.cat` joins along a dimension that "
                "is there, `torch.stack` makes a new one.",
                patch=("torch.stack(states)", "torch.cat(states)"),
                hints=("How many dimensions should come out, and how many has one state?",),
            ),
            Misconception(
                "batch-for-time",
                "Your states have the batch first, (N, T, H). In this notebook time comes first.",
                patch=("torch.stack(states)", "torch.stack(states, dim=1)"),
                hints=("Which of the dimensions should be the new one?",),
            ),
        ),
        alternatives=(unroll_into_place, unroll_by_cat, unroll_by_recursion),
        hints=(
            "What does step 2 need that step 1 has made?",
            "Loop over `x`, give the cell the present value and the state, keep the new state in a list.",
            "`h = cell(x_t, h)`, `states.append(h)`, and after the loop `torch.stack(states)`.",
        ),
    ),
    "through_time": code(
        difficulty="hard",
        minutes=15,
        probe=(probe_through_time, probe_thin_time),
        drills=("contributions",),
        forbid=("autograd",),
        misconceptions=(
            Misconception(
                "not-handed-on",
                "Every step receives the gradient of the last state. What step t receives has come through all the steps after "
                "it: hand on `grad_a @ w_h.T`.",
                patch=("        grad_h = grad_a @ w_h.T  # (N, H) (H, H) -> (N, H)\n", ""),
                hints=("What is `grad_h` in the second round of your loop?",),
            ),
            Misconception(
                "order-turned-round",
                "The contributions are right, but they stand in the order in which you found them, the last step first.",
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
                "Your factor for the tanh is 1 - tanh(h_t)². But h_t *is* the tanh already: its derivative is 1 - h_t².",
                patch=("states[t] ** 2", "torch.tanh(states[t]) ** 2"),
                hints=("Is `states[t]` what goes into the tanh, or what comes out?",),
            ),
            Misconception(
                "square-forgotten",
                "The derivative of the tanh is 1 - h_t², and your state is not squared.",
                patch=("states[t] ** 2", "states[t]"),
                hints=("What is the derivative of tanh, said by its output?",),
            ),
            Misconception(
                "state-after-for-before",
                "You multiply by the state *after* each step. What was multiplied by w_h was the state before it.",
                patch=("states[t - 1] if t > 0 else h", "states[t]"),
                hints=("Which state goes into the product with w_h at step t?",),
            ),
            Misconception(
                "minus-one-is-the-end",
                "All steps are right but the first. There `states[t - 1]` is `states[-1]`, the *last* state: Python counts from "
                "the end. Before the first step the state was `h`.",
                patch=("states[t - 1] if t > 0 else h", "states[t - 1]"),
                hints=("What is `states[t - 1]` when t is 0?",),
            ),
            Misconception(
                "minus-one-and-turned-round",
                "The contributions stand in the order in which you found them, the last step first. That of the first step is wrong "
                "as well: with t = 0, `states[t - 1]` is the *last* state, where it should be `h`.",
                patch=(("states[t - 1] if t > 0 else h", "states[t - 1]"), ("contributions[::-1]", "contributions")),
                hints=("Which step comes first in your list, and what is `states[t - 1]` when t is 0?",),
            ),
            Misconception(
                "minus-one-forward-in-time",
                "You go forward in time. The gradient is known at the last state, and comes to the first one last. (And with t = 0, "
                "`states[t - 1]` is the *last* state, where it should be `h`.)",
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
                patch=(
                    "grad_h * (1 - states[t] ** 2)",
                    "grad_h * (1 - states[t] ** 2) if t < len(states) - 1 else grad_h",
                ),
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
                "`list.reverse()` turns the list round in place and returns `None`. Call it on a line of its own, or write "
                "`contributions[::-1]`.",
                patch=("contributions[::-1]", "contributions.reverse()"),
                hints=("What does `[1, 2].reverse()` return?",),
            ),
            Misconception(
                "zeros-before-the-first",
                "All steps are right but the first: you take a state of zeros before it. It was `h`.",
                patch=("else h", "else torch.zeros_like(h)"),
                hints=("Which state did the first step start from?",),
            ),
            Misconception(
                "forward-in-time",
                "You go forward in time. The gradient is known at the last state, and comes to the first one last.",
                patch=(
                    ("reversed(range(len(states)))", "range(len(states))"),
                    ("contributions[::-1]", "contributions"),
                ),
                hints=("To which state does the gradient that you are given belong?",),
            ),
            Misconception(
                "handed-on-before-the-tanh",
                "The last step is right. What you hand on to the step before is `grad_h` times w_hᵀ; it has to have "
                "passed the tanh: `grad_a` times w_hᵀ.",
                patch=("grad_h = grad_a @ w_h.T", "grad_h = grad_h @ w_h.T"),
                hints=("Which gradient stands in the third formula?",),
            ),
            Misconception(
                "contribution-before-the-tanh",
                "Your contributions are made of `grad_h`; they should be made of `grad_a`, which has passed the tanh.",
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
                "You add what you hand on to what was there. Only the last state reaches the loss directly; the others have "
                "no gradient but the one that comes through the next step.",
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
                "You add each contribution to the ones found before it. Return them one by one; the notebook adds them up.",
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
    ),
    "predict_traced": value(
        difficulty="easy",
        minutes=2,
        drills=("tracing",),
        misconceptions=(
            Misconception(
                "still-draws",
                "The recording holds operations on tensors. Python's die is none, so it was rolled once, while the tape ran.",
                value=3,
            ),
            Misconception(
                "every-call-another",
                "Even the model has only three orders to choose from, and the recording cannot choose at all.",
                value=100,
            ),
            Misconception(
                "refused",
                "It is recorded without complaint and gives answers: the tracer runs the code once, and meets nothing that it could "
                "not write down.",
                value=0,
            ),
        ),
        hints=("When is `random.randint` called: while recording, or each time the recording is played?",),
        explain="The order was drawn once, while recording. The recording does not know that there was a choice.",
    ),
}
