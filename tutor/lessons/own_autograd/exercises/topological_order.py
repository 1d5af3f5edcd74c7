"""Every node once, after all its parents: met too early, twice or never; lists are told by `graphs.py`."""

import numpy as np

from tutor.checking import Misconception, as_list, code

from ..graphs import REMEMBERS, RIGHT_ORDER, fault_of, marks_of, visits_without_measure
from ..shared import home, memory_in_the_first_line


class Node:
    """A stand-in with the lesson's protocol, for answers that come without a Tensor of their own."""

    def __init__(self, data, parents=(), vjp=lambda grad: ()):
        self.data, self.grad, self.parents, self.vjp = np.asarray(data, dtype=float), None, parents, vjp


def _marks(d, graph):
    """A number for each tensor, drawn: by these a list is told, so that no list is right on every probe."""
    return [int(mark) for mark in d.rng.permutation(len(graph))]


def probe_order(d):
    """A graph as a list, for each tensor the numbers of its parents, of which the last is the result; and marks.

    It holds the shape of e = c * d with d = c + a in both directions, so that no walk finds an order by luck, and
    tensors with one and with three parents; the leaf 10 is reached as the middle one of three alone.
    """
    graph = [[], [], [0, 1], [2, 0], [2, 3], [0, 1], [0, 5], [6, 5], [4, 7], [8], [], [9, 10, 8]]
    for k in range(len(graph), len(graph) + d.integer(0, 2)):
        graph.append([d.integer(0, 7), k - 1])
    return graph, _marks(d, graph)


def probe_order_turned(d):
    """The like with the nearer parent first, and a tensor beside it that the result does not need."""
    graph, _ = probe_order(d)
    last = len(graph)
    graph = [parents[::-1] for parents in graph] + [[0], [last - 1, last - 1]]
    return graph, _marks(d, graph)


NO_LEAF = "right, but not for a leaf: its list holds the leaf itself"
WALKS_AGAIN = "right in the end, but found by more than 10,000 visits in a graph of 26 tensors"


def use_order(order, graph, marks):
    """List a graph by the answer, twice, and a leaf, as far as all is well; return the lists, and if it walks again."""
    tensor = home(order, Node)
    made, lists = [], []
    for parents in graph:
        made.append(tensor(float(len(made) // 2), tuple(made[p] for p in parents)))  # equal numbers, other tensors
    for _ in range(2):
        listed = order(made[-1])
        if isinstance(listed, set | frozenset):
            raise TypeError("a set has no order; return a list.")
        if listed is None:
            return None
        lists.append(marks_of(as_list(listed), made, marks))
        if fault_of(lists[-1], marks, graph) != RIGHT_ORDER:
            return lists, False
    lists.append(marks_of(as_list(order(made[0])), made, marks))
    return lists, lists[2] == [marks[0]] and visits_without_measure(order, tensor)


def order_in_words(seen, graph, marks):
    """Say in words the first thing that is wrong with the lists."""
    lists, walks_again = seen
    for words, listed in zip(("", REMEMBERS), lists, strict=False):
        if (fault := fault_of(listed, marks, graph)) != RIGHT_ORDER:
            return words or fault
    if lists[2:] != [[marks[0]]]:
        return NO_LEAF
    return WALKS_AGAIN if walks_again else RIGHT_ORDER


ORDER_STACK = '''
def topological_order(tensor):
    """Deep first without recursion, so that a graph may be as deep as it likes."""
    order, done, stack = [], set(), [(tensor, False)]
    while stack:
        node, ready = stack.pop()
        if ready:
            order.append(node)
        elif id(node) not in done:
            done.add(id(node))
            stack.append((node, True))
            stack.extend((parent, False) for parent in node.parents)
    return order
'''

ORDER_COUNTS = '''
def topological_order(tensor):
    """Count the uses of every tensor, and take a tensor from the end when all its uses have been taken (Kahn)."""
    uses, found = {}, [tensor]
    for node in found:
        for parent in node.parents:
            if parent not in uses:
                uses[parent] = 0
                found.append(parent)
            uses[parent] += 1
    ready, backwards = [tensor], []
    while ready:
        node = ready.pop()
        backwards.append(node)
        for parent in node.parents:
            uses[parent] -= 1
            if uses[parent] == 0:
                ready.append(parent)
    return backwards[::-1]
'''

ORDER_LIST = '''
def topological_order(tensor, order=None):
    """Deep first, with the list itself as the memory of what was visited."""
    order = [] if order is None else order
    for parent in tensor.parents:
        if parent not in order:
            topological_order(parent, order)
    order.append(tensor)
    return order
'''

EXERCISE = code(
    difficulty="medium",
    minutes=12,
    drills=("topological-order",),
    probe=(probe_order, probe_order_turned),
    use=use_order,
    derive=order_in_words,
    outputs=("order",),
    misconceptions=(
        Misconception(
            "no-memory",
            "Tensors that are used more than once stand in your list more than once, and each is to stand there once. Does the walk remember what it has visited, and ask that before it goes on?",
            patch=("        if node not in visited:\n            visited", "        if True:\n            visited"),
            hints=("What should happen when the walk comes to a tensor that it has met before?",),
        ),
        Misconception(
            "as-soon-as-met",
            "Your list begins with the tensor itself, and some tensors stand before one of their parents, others not. Is each put on the list as soon as it is met? It may follow only when all of its parents are there, and turning the list round at the end does not bring that about.",
            patch=(
                ("            visited.add(node)", "            visited.add(node)\n            order.append(node)"),
                ("                visit(parent)\n            order.append(node)", "                visit(parent)"),
            ),
            hints=("When may a tensor be put on the list: before or after its parents?",),
        ),
        Misconception(
            "met-and-turned-round",
            "Some tensors stand before one of their parents. Is that a list of tensors as they were met, turned round? On a chain it looks right, but a tensor that is used twice is met at its first use, and ends up behind something that was made from it. Append a tensor when all of its parents are on the list.",
            patch=(
                ("            visited.add(node)", "            visited.add(node)\n            order.append(node)"),
                ("                visit(parent)\n            order.append(node)", "                visit(parent)"),
                ("    return order", "    return order[::-1]"),
            ),
            hints=("If c is used by both d and e, which of the three must stand first in the list, and does it?",),
        ),
        Misconception(
            "wrong-way-round",
            "Your order is a good one, the wrong way round: it begins with the tensor itself. Parents come first here; the sweep will read the list backwards.",
            patch=("    return order", "    return order[::-1]"),
            hints=("Which tensor should be the last of the list?",),
        ),
        Misconception(
            "leaves-left-out",
            "The leaves are missing from your list. They have no parents, but they belong to the graph: they are what the gradients are for.",
            patch=(
                "            order.append(node)",
                "            if node.parents:\n                order.append(node)",
            ),
            hints=("Which tensors of the graph have no parents?",),
        ),
        Misconception(
            "result-left-out",
            "The tensor that you start from is missing. It is the last of its own order, and the sweep begins with it.",
            patch=("    return order", "    return order[:-1]"),
            hints=("Which tensor does a sweep begin with?",),
        ),
        Misconception(
            "first-parent-only",
            "As many tensors are missing as hang on second and later parents alone. Is only the first parent of each tensor visited, or does the loop over them end too early?",
            patch=("for parent in node.parents:", "for parent in node.parents[:1]:"),
            hints=("How many parents does a product have?",),
        ),
        Misconception(
            "remembers-earlier-calls",
            "The first call is right; a later one comes out otherwise, because something is left over from the first. Begin each call with an empty memory.",
            patch=(
                ("def topological_order(tensor):", "def topological_order(tensor, visited=set()):"),
                ("order, visited = [], set()", "order = []"),
            ),
            cause="Where the memory stands in the first line of a function, Python makes it once, and all calls share it.",
            evidence=memory_in_the_first_line,
            other=(
                "order, visited = [], set()",
                'order, visited = [], vars(topological_order).setdefault("visited", set())',
            ),
            hints=("When you call your function a second time, what does it hold before its first line runs?",),
        ),
        Misconception(
            "walks-again",
            "The list is right, but found by far too many visits: more than 10,000 in a chain of 25 tensors, each used twice by the next. Is the way to a tensor walked again for every use of it? That makes 2 to the power of 25 visits, over 33 million. Ask whether it was visited *before* you go on to its parents.",
            patch=(
                ("        if node not in visited:\n            visited.add(node)\n", "        if True:\n"),
                (
                    "            order.append(node)",
                    "            if node not in visited:\n                visited.add(node)\n                order.append(node)",
                ),
            ),
            hints=("When your walk meets a tensor for the second time, does it still go on to the parents?",),
        ),
    ),
    alternatives=(ORDER_STACK, ORDER_COUNTS, ORDER_LIST),
    equivalent_mutants={
        "if node not in order:": "a tensor cannot be met again before it is on the list: a graph has no circles"
    },
    hints=(
        "Which tensors must already be on the list when you append one?",
        "A function that calls itself does it: for each parent first, then append. A set remembers what was visited.",
        "`def visit(node):` with `if node not in visited:`, then `visited.add(node)`, `visit` for every parent, and at the end `order.append(node)`.",
    ),
)
