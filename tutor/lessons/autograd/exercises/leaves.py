"""The leaf tensors behind a result, found by walking its graph: nodes for tensors, ways missed or walked twice."""

import contextlib
from collections.abc import Iterator

import torch

from tutor.checking import Misconception, as_list, code
from tutor.checking.evidence import seen

from ..shared import leaf


@contextlib.contextmanager
def nodes_explained() -> Iterator[None]:
    """Say of a node that was taken for a tensor what it is; the line in which it happened stays known."""
    try:
        yield
    except AttributeError as error:
        if error.name in ("is_leaf", "grad_fn", "requires_grad") and hasattr(error.obj, "next_functions"):
            error.args = (f"{error}. This is a node; only tensors have that: from `tensor.grad_fn` on you hold nodes",)
        raise


def probe_leaves(d):
    """Inputs and weights of a graph, how often the first weight is used, and how many more are used once."""
    n, m = d.sizes(2)
    weights = d.tensor(n, m), d.tensor(m), d.tensor(n, m), d.tensor(n, m), d.number(), d.number()
    return *weights, d.integer(2, 4), d.integer(1, 8)


def probe_equal_leaves(d):
    """The like with leaves that hold the same numbers, which makes them no less two."""
    x, w, u, _, offset, _, uses, more = probe_leaves(d)
    return x, w, u, u, offset, offset, uses, more


def use_leaves(leaves, x, w, u, cut, offset, scale, uses, more):
    """Count how often each tensor of a known graph is listed."""
    w, u, cut, alone = leaf(w), leaf(u), leaf(cut), leaf(u)
    twin = u.detach().requires_grad_()  # another leaf in the same memory
    offset, scale = leaf(torch.tensor(offset)), leaf(torch.tensor(scale))
    h = x * w + (3 * cut).detach()
    once = [u, *(leaf(u.detach() + k) for k in range(1, more + 1))]
    for weight in once[1:]:
        h = h + weight
    result = (u.exp() * (x * twin) * h).sin()  # `x *` goes on to nothing first, and then to a leaf
    for _ in range(uses):
        result = (result * w).tanh()
    # two leaves right before the result: a walk has to go on after the first
    result = torch.addcmul(result.sum(), offset, scale)
    with nodes_explained():
        listed = leaves(result)
    if any(t.grad is not None for t in (w, *once, twin, offset, scale)):
        raise TypeError("a leaf holds a gradient afterwards; to list the leaves takes no `backward`.")
    if listed is None:
        return None
    if isinstance(listed, torch.Tensor):
        raise TypeError("the answer is one tensor; return a list of tensors.")
    listed = as_list(listed)
    if any(isinstance(one, list | tuple | set) for one in listed):
        raise TypeError("the list holds other lists; put all leaves into one list (`+=` joins two lists).")

    def count(tensor):
        return sum(one is tensor for one in listed)

    last_two = count(offset) + count(scale)
    known = [count(w), sum(map(count, once)), count(twin), last_two, *(count(t) for t in (x, cut, alone, result))]
    nodes = sum(hasattr(one, "next_functions") for one in listed)
    return *known, nodes, len(listed) - sum(known) - nodes


LEAVES_RECURSIVE = '''
def leaves(tensor):
    """Visit every node once, by recursion."""
    found, seen = [], set()
    def visit(node):
        if node is not None and node not in seen:
            seen.add(node)
            if type(node).__name__ == "AccumulateGrad":
                found.append(node.variable)
            for n in node.next_functions:
                visit(n[0])
    visit(tensor.grad_fn)
    return found
'''

LEAVES_LEVELS = '''
def leaves(tensor):
    """Level by level; tensors that are met again are recognised by identity."""
    found, level = [], {tensor.grad_fn}
    while level:
        for node in level:
            if not node.next_functions and hasattr(node, "variable"):
                if not any(node.variable is t for t in found):
                    found.append(node.variable)
        level = {n for node in level for n, _ in node.next_functions if n is not None}
    return found
'''

LEAVES_SET = '''
def leaves(tensor):
    """A set on the way: tensors compare by identity."""
    result, queue, i = set(), [tensor.grad_fn], 0
    while i < len(queue):
        for n, _ in queue[i].next_functions:
            if n and n not in queue:
                queue.append(n)
        if getattr(queue[i], "variable", None) is not None:
            result.add(queue[i].variable)
        i += 1
    return list(result)
'''

EXERCISE = code(
    difficulty="medium",
    minutes=10,
    drills=("leaves",),
    probe=(probe_leaves, probe_equal_leaves),
    use=use_leaves,
    outputs=(
        "how often a weight that is used several times is listed",
        "how often the weights that are used once are listed",
        "how often another weight that lies in the same memory is listed",
        "how often the two weights that stand right before the result are listed",
        "how often the data, which want no gradient, are listed",
        "how often a weight behind a detach() is listed",
        "how often a weight that has nothing to do with the result is listed",
        "how often the result itself is listed",
        "how many nodes are listed",
        "how many other things are listed",
    ),
    misconceptions=(
        Misconception(
            "nothing-listed",
            "Your list is empty. A node that has a `.variable` is an AccumulateGrad node: there you have found a leaf.",
            patch=("            found.append(node.variable)", "            continue"),
            hints=("Does your walk ever reach a node that has an attribute `variable`?",),
        ),
        Misconception(
            "result-itself",
            "You list the tensor that you were given. It has a `grad_fn`, so it is no leaf; the leaves are where the ways back from it end.",
            patch=("    return found", "    return [tensor]"),
            hints=("What is `tensor.grad_fn`, and what does it lead to?",),
        ),
        Misconception(
            "compared-by-value",
            "Tensors are compared by their numbers here, entry by entry: `==` does that, and so do `in` and `index` of a list. That gives a tensor of answers in place of one. Remember the *nodes* that you have visited instead: those can be compared and put into a set.",
            patch=(
                ("node is None or node in visited", "node is None"),
                ('hasattr(node, "variable")', 'hasattr(node, "variable") and node.variable not in found'),
            ),
            hints=("What does `==` give for two tensors, one answer or many?",),
        ),
        Misconception(
            "once-for-each-way",
            "A leaf is listed once for every way that leads to it. It has one AccumulateGrad node; is a node that was visited visited again?",
            patch=("node is None or node in visited", "node is None"),
            hints=("How do you know that you have been at a node before?",),
        ),
        Misconception(
            "first-input-only",
            "Only the leaves on the ways through first inputs are listed. Every input of an operation has an entry in `next_functions`: does your walk follow all of them?",
            patch=("in node.next_functions]", "in node.next_functions[:1]]"),
            hints=("How many entries does `next_functions` of a product have?",),
        ),
        Misconception(
            "stops-at-the-first",
            "A single leaf is listed, one of the two right before the result. Does your walk end at the first leaf that it meets? A leaf ends one way back; other ways are still waiting.",
            patch=("            found.append(node.variable)", "            return [node.variable]"),
            hints=("When a leaf was found, which nodes have still to be visited?",),
        ),
        Misconception(
            "gradients-for-tensors",
            "As many things are listed as there are leaves, and none is one of the leaves itself. Asked for are the very tensors, `node.variable`; what stands in their `.grad`, their `.data` or a copy is another thing.",
            patch=("found.append(node.variable)", "found.append(node.variable.grad)"),
            cause="You ask for `.grad`, which is `None` before any backward.",
            evidence=seen("node.variable.grad"),
            other=("found.append(node.variable)", "found.append(node.variable.detach())"),
            hints=("What is in `node.variable`, and what in `node.variable.grad`?",),
        ),
        Misconception(
            "one-step-only",
            "Only the leaves right behind the result are listed. The others lie further back: go on from each node to those that follow it.",
            patch=(
                ("[tensor.grad_fn]", "[n for n, _ in tensor.grad_fn.next_functions]"),
                ("        waiting += [following for following, _ in node.next_functions]\n", ""),
            ),
            hints=("How many nodes did the cell that walked from `y_pred` to `w` pass on its way?",),
        ),
        Misconception(
            "nodes-for-tensors",
            "Nodes are listed, as many as there are leaves. The leaf tensor itself is in the `.variable` of its AccumulateGrad node.",
            patch=("found.append(node.variable)", "found.append(node)"),
            hints=("What did the cell that walked from `y_pred` to `w` find in the last node?",),
        ),
        Misconception(
            "every-node",
            "Every node of the graph is listed. Only AccumulateGrad nodes stand for leaves, and the leaf is in their `.variable`.",
            patch=(
                '        if hasattr(node, "variable"):\n            found.append(node.variable)',
                "        found.append(node)",
            ),
            hints=("Which nodes have an attribute `variable`?",),
        ),
        Misconception(
            "none-followed",
            "Some entries of `next_functions` hold `None` in place of a node: inputs that want no gradient, such as data. Skip them.",
            patch=("node is None or node in visited", "node in visited"),
            hints=("What stands in `next_functions` for the factor `x` of `w * x`, if `x` is data?",),
        ),
        Misconception(
            "variable-of-every-node",
            "Only AccumulateGrad nodes have a `.variable`. Ask first whether the node has one.",
            patch=(
                '        if hasattr(node, "variable"):\n            found.append(node.variable)',
                "        found.append(node.variable)",
            ),
            hints=("How can you ask Python whether an object has an attribute?",),
        ),
        Misconception(
            "pairs-for-nodes",
            "An entry of `next_functions` is a pair: the node, and the number of its output. Take the first of the two.",
            patch=("[following for following, _ in node.next_functions]", "[pair for pair in node.next_functions]"),
            hints=("What are the two things in `node.next_functions[0]`?",),
        ),
    ),
    alternatives=(LEAVES_RECURSIVE, LEAVES_LEVELS, LEAVES_SET),
    hints=(
        "Where does the walk begin, and how do you recognise its ends?",
        'Keep a list of nodes that are still to be visited and a set of those that were. A node that has a "variable" is an end.',
        '`node = waiting.pop()`; skip it if it is None or visited; `found.append(node.variable)` if `hasattr(node, "variable")`; then add the first of each pair in `node.next_functions` to `waiting`.',
    ),
)
