"""How often a graph uses a parameter, by its arrows: arrows merged, nodes walked twice, leaves mistaken."""

import torch

from tutor import networks
from tutor.checking import Misconception, code

from ..shared import ORDERS


def probe_uses(d):
    """A value for the parameters, an input, and how many steps a recurrent cell takes."""
    return d.tensor(3), d.tensor(3), d.integer(2, 5)


def count_uses(uses, start, x, steps):
    """Uses of a parameter in graphs of every kind that fools a wrong count."""
    net = networks.DynamicNet()
    loss_of = {order: (net(x, order) ** 2).sum() for order in ORDERS}
    w = start.clone().requires_grad_()
    twin = w.detach().requires_grad_()  # another leaf, of the same numbers in the same memory
    joined = w * x
    cell = networks.RecurrentCell(3, 2)
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


EXERCISE = code(
    difficulty="hard",
    minutes=15,
    drills=("graphs-differ", "weight-sharing"),
    probe=probe_uses,
    use=count_uses,
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
            "Ways are counted, not arrows: where two ways join, what lies below is counted again for each of them. Remember which nodes you have seen.",
            patch=("        if node in seen:\n            continue\n", ""),
            hints=("How often do you walk through a node that two others lead to?",),
        ),
        Misconception(
            "two-arrows-taken-for-one",
            "In `w * w` one node has two arrows into the same leaf, and one of them is counted. Every arrow is a use.",
            patch=("node.next_functions", "set(node.next_functions)"),
            hints=("How many entries has `next_functions` of a product `w * w`?",),
        ),
        Misconception(
            "any-leaf",
            "The arrows into every leaf are counted. Only those into `parameter` are asked for.",
            patch=('getattr(below, "variable", None) is parameter', 'hasattr(below, "variable")'),
            hints=("Whose `.variable` is it?",),
        ),
        Misconception(
            "equal-for-identical",
            "Another tensor is counted as well, one that merely holds the same numbers. Ask with `is` whether it is this one; `==` and `equal` compare values.",
            patch=(
                'getattr(below, "variable", None) is parameter',
                'hasattr(below, "variable") and torch.equal(below.variable, parameter)',
            ),
            hints=("Are two tensors with the same numbers one tensor?",),
        ),
        Misconception(
            "compared-by-value",
            "A whole tensor is asked whether it is true. `==` (and `in`, which uses it) compares two tensors entry by entry and gives a tensor of answers, not one answer. Ask with `is` whether the leaf is this very tensor.",
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
            "`None` is asked for its `.variable`: it stands in `next_functions` for an input that needs no gradient. Ask `below is not None` first.",
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
            "A tensor is asked for its `next_functions`, which only nodes have. Does the walk begin at the loss itself? The first node is `loss.grad_fn`.",
            patch=("[loss.grad_fn]", "[loss]"),
            hints=("Which attribute of a tensor holds the node that made it?",),
        ),
        Misconception(
            "pair-for-a-node",
            "`next_functions` holds pairs of a node and a number, and a pair is taken for the node. Unpack it: `for below, _ in node.next_functions`.",
            patch=("for below, _ in node", "for below in node"),
            hints=("What does `loss.grad_fn.next_functions[0]` print?",),
        ),
        Misconception(
            "never-more-than-one",
            "The count is never more than 1. Every arrow into the leaf is a use, also the second and the third; a leaf that has been met before still counts.",
            patch=("                count += 1\n", "                return 1\n"),
            hints=("What becomes of the second arrow that leads into the same leaf?",),
        ),
        Misconception(
            "none-ends-the-node",
            "Where one input needs no gradient, those that stand behind it are left out. `None` is one entry of `next_functions`; go on with the next one (`continue`, not `break`).",
            patch=(
                "            elif below is not None:\n                waiting.append(below)\n",
                "            elif below is None:\n                break\n            else:\n"
                "                waiting.append(below)\n",
            ),
            hints=("Which entries of `next_functions` do you still look at after a `None`?",),
        ),
        Misconception(
            "one-level-deep",
            "Only what lies directly below the loss is counted. The walk has to go further.",
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
)
