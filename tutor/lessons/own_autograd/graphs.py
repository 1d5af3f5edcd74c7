"""Instruments of lesson 04: what is wrong with a list of tensors; the loss that `backward` sweeps back from."""

import numpy as np

RIGHT_ORDER = "a list of every tensor once, each after its parents"
REMEMBERS = "right when first called, and something else when called again"
NO_TENSOR, OF_ANOTHER_CALL = -1, -2


def marks_of(things, made, marks):
    """The mark of each thing in a list, by which it is known again without being looked at."""
    known = {id(node): mark for node, mark in zip(made, marks, strict=True)}
    return [known.get(id(t), OF_ANOTHER_CALL) if hasattr(t, "parents") else NO_TENSOR for t in things]


def fault_of(listed, marks, graph):
    """Say in words what is wrong with a list of marks; the same words for every list with the same fault."""
    if not listed:
        return "an empty list"
    if NO_TENSOR in listed:
        return "a list with something in it that is no tensor"
    if not set(listed) <= set(marks):
        return REMEMBERS  # a tensor of an earlier call
    listed = [marks.index(mark) for mark in listed]
    needed = {len(graph) - 1}
    for k in range(len(graph) - 1, -1, -1):
        needed |= set(graph[k]) if k in needed else set()
    counts = {k: listed.count(k) for k in needed}
    if missing := [k for k in needed if counts[k] == 0]:
        leaves = sum(not graph[k] for k in missing)
        result = " (the tensor itself is missing)" if max(missing) == len(graph) - 1 else ""
        return f"a list that lacks leaves: {leaves}, other tensors: {len(missing) - leaves}{result}"
    if repeated := [k for k in needed if counts[k] > 1]:
        return f"a list in which some tensors stand more than once: {len(repeated)}"
    place = {k: listed.index(k) for k in needed}
    early = [place[k] < place[p] for k in needed for p in graph[k]]
    if not any(early):
        return RIGHT_ORDER
    if all(early):
        return "a list in which each tensor stands before its parents"
    first = "the tensor itself stands first, and " if place[len(graph) - 1] == 0 else ""
    return f"a list in which {first}some tensors stand before one of their parents"


VISITS = 10_000  # more than any sound walk of a small graph makes


class TooManyVisitsError(Exception):
    """The parents of a small graph's tensors were asked for more often than any sound walk does."""


def visits_without_measure(order, tensor):
    """Whether the answer follows every path of a chain in which each of 25 tensors is used twice by the next."""
    visits = 0

    class Counted(tensor):
        @property
        def parents(self):
            nonlocal visits
            visits += 1
            if visits > VISITS:
                raise TooManyVisitsError
            return self.__dict__["parents"]

        @parents.setter
        def parents(self, parents):
            self.__dict__["parents"] = parents

    last = Counted(0.0)
    for _ in range(25):
        last = Counted(0.0, (last, last))
    try:
        order(last)
    except TooManyVisitsError:
        return True
    return False


def loss_of(tensor, x, w, b, v, c):
    """The sum of c * (r + r) with h = x * w, s = h + b, u = h + v, t = s * u, r = s * t; built from bare tensors.

    `s` has to wait for `t`, `h` for `s` and `u`; and a sum gives one array to both of its parents. Returned are `h`,
    the sum's parent, the sum, and a list that grows by a tensor's number whenever its vjp is called.
    """
    calls, made = [], []

    def op(data, parents, vjp):
        number = len(made)

        def counted(grad):
            if grad is None:
                raise TypeError("a vjp was given None: its tensor has no gradient yet.")
            calls.append(number)
            return vjp(grad)

        made.append(tensor(data, parents, counted))
        return made[-1]

    h = op(x.data * w.data, (x, w), lambda g: (g * w.data, g * x.data))
    s = op(h.data + b.data, (h, b), lambda g: (g, g))
    u = op(h.data + v.data, (h, v), lambda g: (g, g))
    t = op(s.data * u.data, (s, u), lambda g: (g * u.data, g * s.data))
    r = op(s.data * t.data, (s, t), lambda g: (g * t.data, g * s.data))
    q = op(r.data + r.data, (r, r), lambda g: (g, g))
    return h, q, op((c * q.data).sum(), (q,), lambda g: (g * c,)), calls


def sum_of_two(tensor, shape):
    """Two leaves of one number each and their sum, whose vjp hands one array on to both; the second is of shape ()."""
    left, right = tensor(np.full(shape, 2.0)), tensor(3.0)
    return left, right, tensor(left.data + right.data, (left, right), lambda grad: (grad, grad))


def gradient_of(node):
    """A copy, since a later sweep may write into it."""
    return None if node.grad is None else np.array(node.grad)


def plain_loss(x, w, b, v, c):
    """The loss of `loss_of` in NumPy, for finite differences."""
    return float((2 * c * (x * w + b) ** 2 * (x * w + v)).sum())
