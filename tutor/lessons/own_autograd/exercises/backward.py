"""Exercises of lesson 04: the engine is judged on graphs with shared nodes, broadcasting and repeated sweeps.

Probes build their graphs from `Tensor(data, parents, vjp)` alone and sweep them with `gradients` below. So a method is
judged by what it does itself, whatever else the reader's class has or lacks.
"""

import numpy as np

from tutor.checking import FiniteDifference, Misconception, code, value
from tutor.lessons.registry import About

ABOUT = About(
    minutes=100,
    items={
        "tensor": "build reverse-mode differentiation in about 100 lines on NumPy: a Tensor with data, grad, parents, backward",
        "local-rules": "a way back for every operation: add, mul, matmul as vector-Jacobian products",
        "operations": "the operations of the engine: sum, relu, pow, exp, log, and those built from others",
        "accumulation": "accumulation with +=: a node used twice, a second sweep",
        "topological-order": "topological order",
        "unbroadcasting": "unbroadcasting",
        "backward": "the sweep that puts order, accumulation and unbroadcasting together",
        "against-torch": "checked against torch",
        "two-layer-net": "the two-layer net trained on it",
        "cost": "what the engine costs against torch on a million-element tensor, measured",
    },
)


class Node:
    """A stand-in with the lesson's protocol, for answers that come without a Tensor of their own."""

    def __init__(self, data, parents=(), vjp=lambda grad: ()):
        self.data, self.grad, self.parents, self.vjp = np.asarray(data, dtype=float), None, parents, vjp


def home(answer, otherwise):
    """The class that the answer itself calls `Tensor`, so that its `isinstance` and its constructor agree with ours."""
    return getattr(answer, "__globals__", {}).get("Tensor", otherwise)


def engine(owner, name):
    """The class to judge a method on, with the method filled in."""
    method = vars(owner)[name]
    own = home(method, owner)
    setattr(own, name, method)
    return own


def called(words, result):
    """The result of an operation, if it is a tensor with parents.

    Raises
    ------
    TypeError
        If it is not.
    """
    if not hasattr(result, "parents"):
        raise TypeError(f"{words} gave back {_kind(result)}; it should be Tensor(numbers, parents, vjp).")
    if not isinstance(result.parents, tuple | list):
        raise TypeError("parents should be a tuple; with a single parent that takes a comma: (self,).")
    if not callable(result.vjp):
        raise TypeError("the third argument of Tensor should be the function vjp itself: hand it over, do not call it.")
    return result


def without_end(operation):
    """What an operation of two tensors gives; a method that calls itself is told in the same words however it does so.

    Raises
    ------
    RecursionError
        If the operation never ends.
    """
    try:
        return operation()
    except RecursionError:
        raise RecursionError("the method calls itself") from None


def _kind(thing):
    return {"NoneType": "None", "ndarray": "a plain array"}.get(type(thing).__name__, f"a {type(thing).__name__}")


def gradients(result, arriving, leaves):
    """Sweep back from a result and return the gradients of the leaves, each summed to its leaf's shape where it fits.

    Raises
    ------
    TypeError, ValueError
        If a vjp does not return one array for each parent.
    """
    order = []

    def visit(node):
        if all(node is not known for known in order):
            for parent in node.parents:
                visit(parent)
            order.append(node)

    visit(result)
    grads = {id(result): arriving}
    for node in reversed(order):
        if node.parents:
            for parent, grad in zip(node.parents, _one_each(node, grads.get(id(node), 0.0)), strict=True):
                grads[id(parent)] = grads.get(id(parent), 0.0) + _summed(grad, parent.data.shape)
    return tuple(np.asarray(grads.get(id(leaf), np.zeros_like(leaf.data))) for leaf in leaves)


def _one_each(node, arriving):
    given = node.vjp(arriving)
    if not isinstance(given, tuple | list):
        raise TypeError(f"vjp returned {_kind(given)}; it should return a tuple, one gradient for each parent.")
    if len(given) != len(node.parents):
        doubt = "" if given else "; was vjp handed to Tensor?"
        raise ValueError(f"gradients returned by vjp: {len(given)}, parents: {len(node.parents)}{doubt}")
    if any(hasattr(grad, "parents") for grad in given):
        raise TypeError("vjp returned a Tensor; gradients are plain arrays, so take the numbers from .data.")
    return given


def _summed(grad, shape):
    grad = np.asarray(grad, dtype=float)
    new = grad.ndim - len(shape)
    if new < 0 or any(have != want != 1 for have, want in zip(grad.shape[new:], shape, strict=True)):
        return grad  # it does not fit; the comparison will say so
    grad = grad.sum(axis=tuple(range(new)))
    return grad.sum(axis=tuple(k for k, n in enumerate(shape) if n == 1), keepdims=True)


def probe_mul(d):
    """Two factors, one of which is broadcast and holds a 0, and the gradient that arrives at their product."""
    n, m = d.sizes(2)
    y = d.array(*((m,), (n, 1), (n, m))[d.integer(0, 2)])
    y.flat[0] = 0
    return d.array(n, m), y, d.array(n, m), d.number()


def use_mul(owner, x, y, arriving, factor):
    tensor = engine(owner, "__mul__")
    a, b, twice, scaled, whole, beside = tensor(x), tensor(y), *(tensor(x) for _ in range(4))
    product = called("x * y", without_end(lambda: a * b))
    grad_x, grad_y = gradients(product, arriving, (a, b))
    (grad_twice,) = gradients(called("x * x", twice * twice), arriving, (twice,))
    (grad_scaled,) = gradients(called("x * number", scaled * factor), arriving, (scaled,))
    (grad_whole,) = gradients(called("x * 3", whole * 3), arriving, (whole,))
    (grad_beside,) = gradients(called("x * array", beside * y), arriving, (beside,))
    return product.data, grad_x, grad_y, grad_twice, grad_scaled, grad_whole, grad_beside


def probe_exp(d):
    """An input and the gradient that arrives."""
    shape = d.sizes(d.integer(1, 2))
    return d.array(*shape), d.array(*shape)


def use_exp(owner, x, arriving):
    tensor = engine(owner, "exp")
    a = tensor(x)
    out = called("x.exp()", a.exp())
    return out.data, gradients(out, arriving, (a,))[0], a.data


def probe_matmul(d):
    """Two matrices that fit, what arrives at their product, and a square one for a product with itself."""
    n, k, m = d.sizes(3)
    return d.array(n, k), d.array(k, m), d.array(n, m), d.array(k, k), d.array(k, k)


def use_matmul(owner, x, w, arriving, square, arriving_square):
    tensor = engine(owner, "__matmul__")
    a, b, s, beside = tensor(x), tensor(w), tensor(square), tensor(x)
    product = called("x @ w", without_end(lambda: a @ b))
    grad_x, grad_w = gradients(product, arriving, (a, b))
    (grad_square,) = gradients(called("s @ s", s @ s), arriving_square, (s,))
    (grad_beside,) = gradients(called("x @ array", beside @ w), arriving, (beside,))
    return product.data, grad_x, grad_w, grad_square, grad_beside


def probe_unbroadcast(d):
    """A gradient, and a shape that broadcasting turned into the gradient's."""
    full = d.sizes(3)
    dropped = d.integer(0, 2)
    shape = list(full[dropped:])
    for k in range(len(shape)):
        if d.integer(0, 1):
            shape[k] = 1
    return d.array(*full), tuple(shape)


def probe_leading(d):
    """New axes in front and nothing else; with the third seed all axes."""
    full = d.sizes(3)
    return d.array(*full), full[d.seed % 1000 :]


def probe_stretched(d):
    """One axis that was stretched, none in front."""
    full = list(d.sizes(3))
    stretched = d.integer(0, 2)
    return d.array(*full), tuple(1 if k == stretched else n for k, n in enumerate(full))


def probe_alike(d):
    """Sizes that are all the same, so that an axis cannot be known by its size."""
    n = d.integer(3, 4)
    full, shape = (((n, n), (n,)), ((n, n), (n, 1)), ((n, n, n), (1, n)))[d.sizes(1, 0, 2)[0]]
    return d.array(*full), shape


def probe_order(d):
    """A graph as a list: for each tensor the numbers of its parents; the last one is the result.

    It holds the shape of e = c * d with d = c + a in both directions, so that no walk finds an order by luck, and
    tensors with one and with three parents; the leaf 10 is reached as the middle one of three alone.
    """
    graph = [[], [], [0, 1], [2, 0], [2, 3], [0, 1], [0, 5], [6, 5], [4, 7], [8], [], [9, 10, 8]]
    for k in range(len(graph), len(graph) + d.integer(0, 2)):
        graph.append([d.integer(0, 7), k - 1])
    return (graph,)


def probe_order_turned(d):
    """The like with the nearer parent first, and a tensor beside it that the result does not need."""
    (graph,) = probe_order(d)
    last = len(graph)
    return ([parents[::-1] for parents in graph] + [[0], [last - 1, last - 1]],)


RIGHT_ORDER = "a list of every tensor once, each after its parents"
REMEMBERS = "right when first called, and something else when called again"
NO_LEAF = "right, but not for a leaf: its list holds the leaf itself"
WALKS_AGAIN = "right in the end, but found by more than 100,000 visits in a graph of 26 tensors"
VISITS = 100_000


class TooManyVisitsError(Exception):
    """The parents of a small graph's tensors were asked for more often than any sound walk does."""


def use_order(order, graph):
    """List a graph by the answer, twice, and say in words the first thing that is wrong with the list."""
    tensor = home(order, Node)
    made = []
    for parents in graph:
        made.append(tensor(float(len(made) // 2), tuple(made[p] for p in parents)))  # equal numbers, other tensors
    for words in ("", REMEMBERS):
        listed = order(made[-1])
        if isinstance(listed, set | frozenset):
            raise TypeError("a set has no order; return a list.")
        if listed is None:
            return None
        if (fault := _fault(list(listed), made, graph)) != RIGHT_ORDER:
            return words or fault
    alone = list(order(made[0]))
    if len(alone) != 1 or alone[0] is not made[0]:
        return NO_LEAF
    return WALKS_AGAIN if _visits_without_measure(order, tensor) else RIGHT_ORDER


def _visits_without_measure(order, tensor):
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


def _fault(things, made, graph):
    """Say in words what is wrong with a list; the same words for every list with the same fault."""
    if not things:
        return "an empty list"
    if any(not hasattr(thing, "parents") for thing in things):
        return "a list with something in it that is no tensor"
    numbers = {id(node): k for k, node in enumerate(made)}
    listed = [numbers.get(id(thing)) for thing in things]
    if None in listed:
        return REMEMBERS  # a tensor of an earlier call
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


def probe_backward(d):
    """Inputs, weights that are broadcast over them, two terms to add, and the unequal weights of the loss."""
    n, m = d.sizes(2)
    return d.array(n, m), d.array(m), d.array(n, m), d.array(n, m), d.array(n, m)


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


def use_backward(owner, x, w, b, v, c):
    tensor = engine(owner, "backward")
    leaves = tuple(tensor(values) for values in (x, w, b, v))
    h, q, loss, calls = loss_of(tensor, *leaves, c)
    loss.backward()
    once = [_gradient(t) for t in (*leaves, h, q, loss)]
    most = max((calls.count(k) for k in calls), default=0)
    loss.backward()
    again = [_gradient(t) for t in (leaves[0], h, loss)]
    loss_of(tensor, *leaves, 2 * c)[2].backward()
    left, right, total = sum_of_two(tensor, ())
    total.backward()
    total.backward()
    *_, square = sum_of_two(tensor, (1, 1))
    square.backward()
    return *once, most, *again, _gradient(leaves[1]), _gradient(left), _gradient(right), _gradient(square)


def sum_of_two(tensor, shape):
    """Two leaves of one number each and their sum, whose vjp hands one array on to both."""
    left, right = tensor(np.full(shape, 2.0)), tensor(np.full(shape, 3.0))
    return left, right, tensor(left.data + right.data, (left, right), lambda grad: (grad, grad))


def _gradient(node):
    """A copy, since a later sweep may write into it; nothing counts as zero."""
    return np.zeros_like(node.data) if node.grad is None else np.array(node.grad)


def plain_loss(x, w, b, v, c):
    """The loss of `loss_of` in NumPy, for finite differences."""
    return float((2 * c * (x * w + b) ** 2 * (x * w + v)).sum())


MUL_NESTED = '''
def __mul__(self, other):
    """Return the product."""
    if not isinstance(other, Tensor):
        other = Tensor(other)
    out = Tensor(np.multiply(other.data, self.data))
    out.parents = [self, other]
    out.vjp = lambda grad: [np.multiply(other.data, grad), np.multiply(self.data, grad)]
    return out
'''
MUL_SUMMED = '''
def __mul__(self, other):
    """Return the product; the gradients come summed to the shapes of the factors already."""
    other = as_tensor(other)

    def fit(grad, shape):
        grad = grad.sum(axis=tuple(range(grad.ndim - len(shape))))
        return grad.sum(axis=tuple(i for i, n in enumerate(shape) if n == 1), keepdims=True)

    def vjp(grad):
        return fit(grad * other.data, self.data.shape), fit(self.data * grad, other.data.shape)

    return Tensor(self.data * other.data, (self, other), vjp)
'''
MUL_TURNED = '''
def __mul__(self, other):
    """Return the product; the parents stand the other way round, and so do their gradients."""
    other = as_tensor(other)
    a, b = self.data, other.data
    return Tensor(a * b, (other, self), lambda grad: (a * grad, b * grad))
'''
EXP_AGAIN = '''
def exp(self):
    """Return e to the power of self; the way back computes it again."""
    return Tensor(np.exp(self.data), (self,), lambda grad: (np.exp(self.data) * grad,))
'''
EXP_RESULT = '''
def exp(self):
    """Return e to the power of self, through the result's own data."""
    result = Tensor(np.e ** self.data)
    result.parents = (self,)
    result.vjp = lambda grad: (result.data * grad,)
    return result
'''
EXP_LIST = '''
def exp(self):
    """Return e to the power of self."""
    out = 1 / np.exp(-self.data)
    def vjp(grad):
        return [np.multiply(grad, out)]
    return Tensor(out, [self], vjp)
'''
MATMUL_DOT = '''
def __matmul__(self, other):
    """Return the matrix product."""
    other = other if isinstance(other, Tensor) else Tensor(other)
    a, b = self.data, other.data
    return Tensor(a.dot(b), (self, other), lambda grad: (grad.dot(b.T), a.T.dot(grad)))
'''
MATMUL_EINSUM = '''
def __matmul__(self, other):
    """Return the matrix product, indices written out."""
    other = as_tensor(other)
    def vjp(grad):
        return np.einsum("nh,dh->nd", grad, other.data), np.einsum("nd,nh->dh", self.data, grad)
    return Tensor(np.einsum("nd,dh->nh", self.data, other.data), (self, other), vjp)
'''
MATMUL_TURNED = '''
def __matmul__(self, other):
    """Return the matrix product; gradients by transposed products."""
    other = as_tensor(other)
    def vjp(grad):
        return (other.data @ grad.T).T, (grad.T @ self.data).T
    return Tensor((other.data.T @ self.data.T).T, (self, other), vjp)
'''
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
BACKWARD_DICTIONARY = '''
def backward(self):
    """Keep the gradients of this sweep in a dictionary and hand them over at the end."""
    grads = {self: np.ones_like(self.data)}
    for node in topological_order(self)[::-1]:
        for parent, grad in zip(node.parents, node.vjp(grads[node])):
            grad = unbroadcast(grad, parent.data.shape)
            grads[parent] = grads[parent] + grad if parent in grads else grad
    for node, grad in grads.items():
        node.grad = grad if node.parents or node.grad is None else node.grad + grad
'''
BACKWARD_NONE = '''
def backward(self):
    """Gradients start as None and are never changed in place."""
    order = topological_order(self)
    for node in order:
        if len(node.parents) > 0:
            node.grad = None
    self.grad = np.ones(self.data.shape)
    while order:
        node = order.pop()
        for i, grad in enumerate(node.vjp(node.grad)):
            parent = node.parents[i]
            grad = unbroadcast(grad, parent.data.shape)
            if parent.grad is None:
                parent.grad = grad
            else:
                parent.grad = parent.grad + grad
'''
BACKWARD_SHARES = '''
def backward(self):
    """Collect every contribution first, sum them when their tensor's turn comes."""
    shares = {}
    shares[id(self)] = [np.ones(self.data.shape)]
    for node in reversed(topological_order(self)):
        total = sum(shares[id(node)])
        if node.parents:
            node.grad = total
        else:
            node.grad = total if node.grad is None else node.grad + total
        for parent, grad in zip(node.parents, node.vjp(total)):
            shares.setdefault(id(parent), []).append(unbroadcast(grad, parent.data.shape))
'''

STORED_AS_IT_CAME = (  # a patch: the first contribution is kept as the very array that arrived
    "            parent.grad += unbroadcast(grad, parent.data.shape)",
    "            grad = unbroadcast(grad, parent.data.shape)\n"
    "            if parent.grad is None:\n"
    "                parent.grad = grad\n"
    "            else:\n"
    "                parent.grad += grad",
)
TWO_NAMES_FOR_ONE_ARRAY = "After `p.grad = g` and `q.grad = g`, what does `p.grad += 1` do to `q.grad`?"

EVERY_PATH = """    def go(node, grad):
        for parent, share in zip(node.parents, node.vjp(grad)):
            share = unbroadcast(share, parent.data.shape)
            parent.grad = parent.grad + share
            go(parent, share)

    go(self, np.ones_like(self.data))"""
EACH_PATH = (
    "every path to a leaf is walked by itself: a tensor that is used twice passes on each share alone, and so does everything behind it. With each such "
    "tensor the paths double. Let a tensor wait until its gradient is complete (that is what the order is for), and ask every vjp once."
)


def unbroadcast_at_once(grad, shape):
    new = grad.ndim - len(shape)
    padded = (1,) * new + tuple(shape)
    axes = tuple(k for k, n in enumerate(padded) if n == 1)
    return grad.sum(axis=axes).reshape(shape)


def unbroadcast_by_itself(grad, shape):
    if grad.ndim > len(shape):
        return unbroadcast_by_itself(grad.sum(axis=0), shape)
    return grad.sum(axis=tuple(k for k, n in enumerate(shape) if n == 1), keepdims=True)


def unbroadcast_from_the_end(grad, shape):
    for axis in range(1, grad.ndim + 1):
        if axis > len(shape) or shape[-axis] == 1:
            grad = grad.sum(axis=-axis, keepdims=True)
    return np.reshape(grad, shape)


def unbroadcast_by_loop(grad, shape):
    out = np.zeros(shape)
    for index in np.ndindex(*grad.shape):
        place = index[grad.ndim - len(shape) :]
        out[tuple(0 if n == 1 else i for i, n in zip(place, shape, strict=True))] += grad[index]
    return out


def unbroadcast_by_einsum(grad, shape):
    new = grad.ndim - len(shape)
    axes = list(range(grad.ndim))
    kept = [axis for axis in axes[new:] if shape[axis - new] != 1]
    return np.einsum(grad, axes, kept).reshape(shape)


EXERCISES = {
    "mul": code(
        difficulty="easy",
        minutes=8,
        probe=probe_mul,
        use=use_mul,
        drills=("local-rules", "tensor"),
        outputs=(
            "x * y",
            "gradient of x in x * y",
            "gradient of y in x * y",
            "gradient of x in x * x",
            "gradient of x in x * number",
            "gradient of x in x * 3",
            "gradient of x in x * array",
        ),
        gradients={
            "gradient of x in x * y": FiniteDifference(lambda x, y, g, f: float((g * x * y).sum()), wrt=0),
            "gradient of y in x * y": FiniteDifference(lambda x, y, g, f: float((g * x * y).sum()), wrt=1),
            "gradient of x in x * x": FiniteDifference(lambda x, y, g, f: float((g * x * x).sum()), wrt=0),
        },
        misconceptions=(
            Misconception(
                "own-factor",
                "Each factor is given a gradient made with itself. If `self` moves, the product moves by *the other* factor "
                "times as much: the gradient of `self` needs `other.data`, and the other way round.",
                patch=("grad * other.data, grad * self.data", "grad * self.data, grad * other.data"),
                hints=("In 5 * x, by how much does the product move if x moves by 1?",),
            ),
            Misconception(
                "ignores-what-arrives",
                "Your vjp returns the local derivatives and forgets what arrives. The chain rule multiplies them by `grad`.",
                patch=("grad * other.data, grad * self.data", "other.data, self.data"),
                hints=("The argument of vjp is called grad. Where do you use it?",),
            ),
            Misconception(
                "like-a-sum",
                "Your vjp passes `grad` on unchanged. That is the rule of a sum; in a product each factor scales what the other does.",
                patch=("grad * other.data, grad * self.data", "grad, grad"),
                hints=("In 5 * x, by how much does the product move if x moves by 1?",),
            ),
            Misconception(
                "parents-forgotten",
                "The product is right, but it does not remember its parents, so nothing can ever flow back to them. Hand "
                "`Tensor` all three: the numbers, the parents and the vjp.",
                patch=("self.data * other.data, (self, other), vjp)", "self.data * other.data)"),
                hints=("What does the constructor in the class above take besides the data?",),
            ),
            Misconception(
                "array-for-tensor",
                "You return a plain array. It has the right numbers and no memory: wrap it in a `Tensor`, with parents and vjp.",
                patch=("Tensor(self.data * other.data, (self, other), vjp)", "self.data * other.data"),
                hints=("What did the addition above return?",),
            ),
            Misconception(
                "number-not-lifted",
                "`other` may be a plain number, and a number has no `.data`. `as_tensor(other)` makes a tensor of it, and leaves tensors alone.",
                patch=("other = as_tensor(other)", "pass"),
                hints=("What is `other` in x * 0.5?",),
            ),
            Misconception(
                "calls-itself",
                "In here a product of two tensors, `self * other`, is this very method: it calls itself without end. Multiply the arrays, `self.data` and `other.data`.",
                patch=("Tensor(self.data * other.data,", "Tensor(self * other,"),
                hints=("Which method does Python call when it meets a tensor times a tensor?",),
            ),
        ),
        alternatives=(MUL_NESTED, MUL_SUMMED, MUL_TURNED),
        hints=(
            "If `self` moves by a little, by how much does `self * other` move?",
            "Copy the addition and change two things: the numbers of the result, and what vjp returns.",
            "`return grad * other.data, grad * self.data` is the vjp.",
        ),
    ),
    "predict_used_twice": value(
        difficulty="easy",
        minutes=2,
        drills=("accumulation",),
        misconceptions=(
            Misconception(
                "last-one-stays",
                "That is one contribution of the product alone. x stands in the formula three times, and each place contributes.",
                value=3,
            ),
            Misconception(
                "only-the-sum",
                "That is what comes through the `+ x` alone. The two factors of the product contribute as well.",
                value=1,
            ),
            Misconception(
                "product-counted-once",
                "You counted the product once. x stands in it twice, as the left factor and as the right one.",
                value=4,
            ),
            Misconception(
                "sum-forgotten",
                "That is the derivative of x · x. The `+ x` contributes too.",
                value=6,
            ),
            Misconception(
                "value-for-gradient",
                "That is the value of y at x = 3. The gradient says how fast y changes when x moves.",
                value=12,
            ),
        ),
        hints=(
            "What is the derivative of x² + x, from school?",
            "The product contributes x for its left factor and x for its right one; the sum contributes 1.",
        ),
        explain="The three contributions are 3, 3 and 1, and they add up: 2x + 1 at x = 3.",
    ),
    "topological_order": code(
        difficulty="medium",
        minutes=12,
        probe=(probe_order, probe_order_turned),
        use=use_order,
        drills=("topological-order",),
        outputs=("order",),
        misconceptions=(
            Misconception(
                "no-memory",
                "A tensor that is used twice stands in your list more than once, because nothing remembers what was visited. "
                "In a deep network the list would grow without measure.",
                patch=("        if node not in visited:\n            visited", "        if True:\n            visited"),
                hints=("What should happen when the walk comes to a tensor that it has met before?",),
            ),
            Misconception(
                "as-soon-as-met",
                "You put a tensor on the list as soon as you meet it, before its parents are there. Turning that list round would not help either: "
                "a tensor that is used twice is met too early.",
                patch=(
                    ("            visited.add(node)", "            visited.add(node)\n            order.append(node)"),
                    ("                visit(parent)\n            order.append(node)", "                visit(parent)"),
                ),
                hints=("When may a tensor be put on the list: before or after its parents?",),
            ),
            Misconception(
                "met-and-turned-round",
                "A list of tensors as they are met, turned round at the end, looks right on a chain. Where a tensor is used twice it is met at its first use, "
                "and stands behind something that was made from it. Append a tensor when all of its parents are on the list.",
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
                "Only the first parent of each tensor is visited. Whatever hangs on the others is missing from the list.",
                patch=("for parent in node.parents:", "for parent in node.parents[:1]:"),
                hints=("How many parents does a product have?",),
            ),
            Misconception(
                "remembers-earlier-calls",
                "The first call is right; a later one still remembers what the first has seen. Where memory stands in the first line, as in "
                "`def topological_order(tensor, visited=set())`, Python makes it once and every call shares it. Begin each call with an empty one.",
                patch=(
                    ("def topological_order(tensor):", "def topological_order(tensor, visited=set()):"),
                    ("order, visited = [], set()", "order = []"),
                ),
                hints=("When you call your function a second time, what does it hold before its first line runs?",),
            ),
            Misconception(
                "walks-again",
                "The list is right, but the way to it is walked again for every use of a tensor, and everything behind it too. In a chain of 25 tensors, "
                "each used twice by the next, that makes 2 to the power of 25 visits, over 33 million. Ask whether a tensor was visited *before* you go on to its parents.",
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
        equivalent_mutants={
            "if node not in order:": "a tensor cannot be met again before it is on the list: a graph has no circles"
        },
        alternatives=(ORDER_STACK, ORDER_COUNTS, ORDER_LIST),
        hints=(
            "Which tensors must already be on the list when you append one?",
            "A function that calls itself does it: for each parent first, then append. A set remembers what was visited.",
            "`def visit(node):` with `if node not in visited:`, then `visited.add(node)`, `visit` for every parent, and at the end `order.append(node)`.",
        ),
    ),
    "unbroadcast": code(
        difficulty="medium",
        minutes=10,
        probe=(probe_unbroadcast, probe_leading, probe_stretched, probe_alike),
        drills=("unbroadcasting",),
        misconceptions=(
            Misconception(
                "stretched-axes-stay",
                "New axes in front are summed away, but an axis of size 1 that was stretched keeps its length. Those are copies too: sum them back to size 1.",
                patch=("        if size == 1:", "        if False:"),
                hints=("What does broadcasting do to an axis of size 1?",),
            ),
            Misconception(
                "new-axes-stay",
                "Axes of size 1 are summed, but the axes that broadcasting put in front are still there.",
                patch=(
                    "    while grad.ndim > len(shape):\n        grad = grad.sum(axis=0)",
                    "    while False:\n        grad = grad.sum(axis=0)",
                ),
                hints=("How many axes should the result have, and how many has yours?",),
            ),
            Misconception(
                "mean-for-sum",
                "You average over the copies. Each copy moves the loss and the effects add up, so the gradient is their sum.",
                patch=(".sum(", ".mean("),
                hints=("If five copies of a bias each move the loss by 2, by how much does the bias move it?",),
            ),
            Misconception(
                "one-copy",
                "You keep the gradient of one copy and drop the others. Every copy contributes: sum over them.",
                patch=(
                    ("grad = grad.sum(axis=0)", "grad = grad[0]"),
                    ("grad.sum(axis=axis, keepdims=True)", "grad.take([0], axis=axis)"),
                ),
                hints=("How many copies did broadcasting make, and how many do you look at?",),
            ),
            Misconception(
                "axes-lost",
                "Summing removes an axis unless you ask to keep it: `keepdims=True`. The result must have the shape that was asked for, sizes of 1 included.",
                patch=("grad.sum(axis=axis, keepdims=True)", "grad.sum(axis=axis)"),
                hints=(
                    "How many axes does an array of shape (4, 1) have, and how many are left after a sum over one?",
                ),
            ),
            Misconception(
                "one-new-axis",
                "You sum away one axis in front, but broadcasting may have put several there.",
                patch=("while grad.ndim > len(shape)", "if grad.ndim > len(shape)"),
                hints=(
                    "How often may `grad.sum(axis=0)` be needed for a gradient of shape (2, 3, 4) and the shape (4,)?",
                ),
            ),
            Misconception(
                "broadcast-again",
                "`broadcast_to` makes copies: that is the way forward. On the way back the copies are summed.",
                patch=("    while grad.ndim", "    return np.broadcast_to(grad, shape)\n    while grad.ndim"),
                hints=("Which of the two has more numbers, `grad` or the result?",),
            ),
            Misconception(
                "wrong-end",
                "You sum away axes at the end. Broadcasting lines shapes up at the end and puts new axes in front.",
                patch=("grad = grad.sum(axis=0)  #", "grad = grad.sum(axis=-1)  #"),
                hints=("On which side does NumPy add axes when it broadcasts (3,) to (4, 3)?",),
            ),
            Misconception(
                "reshaped",
                "Reshaping only arranges the same numbers anew, and there are more of them than fit. Copies are undone by summing.",
                patch=(
                    "    while grad.ndim > len(shape):\n        grad = grad.sum(axis=0)",
                    "    return grad.reshape(shape)\n    while grad.ndim > len(shape):\n        grad = grad.sum(axis=0)",
                ),
                hints=("How many numbers come in, and how many should come out?",),
            ),
        ),
        alternatives=(
            unbroadcast_at_once,
            unbroadcast_by_itself,
            unbroadcast_from_the_end,
            unbroadcast_by_loop,
            unbroadcast_by_einsum,
        ),
        hints=(
            "Which axes does the gradient have that `shape` does not, and which have another length?",
            "First sum over axis 0 as long as there are too many axes; then over each axis whose size in `shape` is 1, keeping it.",
            "`grad.sum(axis=0)` in a `while`, then `grad.sum(axis=axis, keepdims=True)` where `size == 1`.",
        ),
    ),
    "backward": code(
        difficulty="hard",
        minutes=18,
        probe=probe_backward,
        use=use_backward,
        drills=("backward", "accumulation", "topological-order", "unbroadcasting"),
        outputs=(
            "x.grad",
            "w.grad",
            "b.grad",
            "v.grad",
            "h.grad",
            "grad of the loss's parent",
            "grad of the loss itself",
            "calls of one vjp in a sweep, at most",
            "x.grad after a second sweep",
            "h.grad after a second sweep",
            "grad of the loss itself after a second sweep",
            "w.grad after a sweep from another result",
            "a.grad after two sweeps from a + b",
            "b.grad after two sweeps from a + b",
            "the grad of a + b, of shape (1, 1)",
        ),
        gradients={
            "x.grad": FiniteDifference(plain_loss, wrt=0),
            "w.grad": FiniteDifference(plain_loss, wrt=1),
            "b.grad": FiniteDifference(plain_loss, wrt=2),
            "v.grad": FiniteDifference(plain_loss, wrt=3),
        },
        misconceptions=(
            Misconception(
                "overwrites",
                "You overwrite the gradient of a parent. A tensor that is used several times gets a contribution from each use: add them with `+=`.",
                patch=("parent.grad += unbroadcast", "parent.grad = unbroadcast"),
                hints=(
                    "If a tensor has two children, what happens to the first contribution when the second arrives?",
                ),
            ),
            Misconception(
                "no-start",
                "Everything is zero because the sweep starts from zero. The loss changes by 1 when the loss is nudged by 1: give it the gradient 1.",
                patch=("    self.grad = np.ones_like(self.data)\n", ""),
                hints=("What is the gradient of the loss with respect to itself?",),
            ),
            Misconception(
                "number-for-array",
                "The loss's gradient is a plain number. The vjps are handed it and expect an array, of the shape of the loss: "
                "`np.ones_like(self.data)`.",
                patch=("self.grad = np.ones_like(self.data)", "self.grad = 1.0"),
                hints=("Which shape does every gradient have to have?",),
            ),
            Misconception(
                "start-without-a-shape",
                "The loss's gradient has no dimensions, though the loss may have some: it may have the shape (1, 1). Every gradient has the shape of "
                "its tensor's data.",
                patch=("self.grad = np.ones_like(self.data)", "self.grad = np.array(1.0)"),
                hints=("Which shape does every gradient have to have?",),
            ),
            Misconception(
                "parent-that-stands-twice",
                "A tensor whose parents are one and the same, as in r + r, gets one contribution of its two. A dictionary or a set of parents keeps "
                "each of them once only.",
                patch=(
                    "in zip(node.parents, node.vjp(node.grad)):",
                    "in dict(zip(node.parents, node.vjp(node.grad))).items():",
                ),
                hints=("How many contributions has r in r + r?",),
            ),
            Misconception(
                "shared-by-leaves",
                "Two leaves share one array. A sum hands the *same* array to both of its parents; stored as it came, it is changed for both by "
                "the next `+=`. Start from zeros, or write `a = a + b`, which makes a new array.",
                patch=(
                    ("        if node.parents or node.grad is None:\n", "        if node.parents:\n"),
                    STORED_AS_IT_CAME,
                ),
                hints=(TWO_NAMES_FOR_ONE_ARRAY,),
            ),
            Misconception(
                "loss-left-out",
                "The loss has its gradient of 1 and never passes it on: its own vjp is not asked. It is the last of the order, so it is the first in the sweep.",
                patch=("reversed(order)", "reversed(order[:-1])"),
                hints=("Who hands the loss's parents their gradients?",),
            ),
            Misconception(
                "adds-to-none",
                "You add to a gradient that is still `None`: that is what `grad` holds before the first sweep. Where it is `None`, begin with zeros.",
                patch=("        if node.parents or node.grad is None:\n", "        if node.parents:\n"),
                hints=("What does a leaf's `grad` hold before the first sweep?",),
            ),
            Misconception(
                "forwards",
                "You go through the list from the leaves to the loss. Gradients flow the other way: the loss is the first to have one.",
                patch=("reversed(order)", "order"),
                hints=("Which tensor is the only one that knows its gradient at the start?",),
            ),
            Misconception(
                "leaves-start-again",
                "The first sweep is right, but the next one erases what the leaves had. They add up over sweeps; only the tensors in between start again.",
                patch=("        if node.parents or node.grad is None:\n", "        if True:\n"),
                hints=("What should `x.grad` hold after two sweeps: the gradient once, or twice?",),
            ),
            Misconception(
                "leftovers-flow-again",
                "The first sweep is right, the second is too large. The tensors in between still held the gradients of the first sweep, and passed them on again.",
                patch=("        if node.parents or node.grad is None:\n", "        if node.grad is None:\n"),
                hints=("What do the tensors in between hold when the second sweep starts?",),
            ),
            Misconception(
                "ones-to-everyone",
                "Every vjp is given ones. What it must be given is the gradient that has arrived at its tensor: `node.grad`.",
                patch=("node.vjp(node.grad)", "node.vjp(np.ones_like(node.data))"),
                hints=("What does the chain rule multiply the local derivative with?",),
            ),
            Misconception(
                "no-unbroadcast",
                "The contribution to `w` has the shape that broadcasting made of `w`. Sum it to the *parent's* own shape with `unbroadcast` before you add it.",
                patch=("unbroadcast(grad, parent.data.shape)", "grad"),
                hints=("Which shape must `w.grad` have, and which one arrives?",),
            ),
            Misconception(
                "no-unbroadcast-quietly",
                "Gradients come out in the shapes that broadcasting made. Sum each contribution to its parent's own shape with `unbroadcast` before you add it.",
                patch=(
                    "parent.grad += unbroadcast(grad, parent.data.shape)",
                    "parent.grad = parent.grad + grad",
                ),
                hints=("Which shape must `w.grad` have, and which one do you get?",),
            ),
            Misconception(
                "shared-array",
                "Two tensors share one array. The first contribution is stored as it came, and a sum hands the *same* array to both of its parents; `+=` then "
                "changes it for both. Start from zeros, or write `a = a + b`, which makes a new array.",
                patch=(
                    ("            node.grad = np.zeros_like(node.data)", "            node.grad = None"),
                    STORED_AS_IT_CAME,
                ),
                hints=(TWO_NAMES_FOR_ONE_ARRAY,),
            ),
            Misconception(
                "every-path",
                f"The gradients are right, but {EACH_PATH}",
                patch=(
                    "    for node in reversed(order):\n        for parent, grad in zip(node.parents, node.vjp(node.grad)):\n"
                    "            parent.grad += unbroadcast(grad, parent.data.shape)",
                    EVERY_PATH,
                ),
                hints=("How often does your sweep call the vjp of a tensor that is used twice?",),
            ),
            Misconception(
                "every-path-piling-up",
                f"The first sweep is right, but a second piles up in the tensors in between, which should hold the gradients of one sweep alone. And {EACH_PATH}",
                patch=(
                    ("        if node.parents or node.grad is None:\n", "        if node.grad is None:\n"),
                    ("    self.grad = np.ones_like(self.data)\n", "    self.grad = self.grad + 1.0\n"),
                    (
                        "    for node in reversed(order):\n        for parent, grad in zip(node.parents, node.vjp(node.grad)):\n"
                        "            parent.grad += unbroadcast(grad, parent.data.shape)",
                        EVERY_PATH,
                    ),
                ),
                hints=("How often does your sweep call the vjp of a tensor that is used twice?",),
            ),
            Misconception(
                "tensor-for-shape",
                "`unbroadcast` wants a shape and was handed a tensor: give it `parent.data.shape`.",
                patch=("unbroadcast(grad, parent.data.shape)", "unbroadcast(grad, parent)"),
                hints=("What is the second argument of `unbroadcast`?",),
            ),
            Misconception(
                "shape-of-the-result",
                "A contribution is summed to the shape of the tensor that it comes *from*. It belongs to the parent: `parent.data.shape`.",
                patch=(
                    "parent.grad += unbroadcast(grad, parent.data.shape)",
                    "parent.grad = parent.grad + unbroadcast(grad, node.data.shape)",
                ),
                hints=("Whose gradient is it that you sum, and which shape must it have?",),
            ),
        ),
        equivalent_mutants={
            "node.grad = np.ones_like(self.data)": "the last of the order is self",
            "self.grad = np.ones_like(node.data)": "the last of the order is self",
        },
        alternatives=(BACKWARD_DICTIONARY, BACKWARD_NONE, BACKWARD_SHARES),
        hints=(
            "When a tensor passes its gradient on, which other tensors must have done so before?",
            "Four steps: the order, zeros where a sweep begins afresh, 1 for self, and then the list backwards, every parent adding what vjp gives it.",
            "`for node in reversed(topological_order(self)):` and inside `for parent, grad in zip(node.parents, node.vjp(node.grad)): parent.grad += unbroadcast(grad, parent.data.shape)`",
        ),
    ),
    "predict_second_backward": value(
        difficulty="easy",
        minutes=2,
        drills=("accumulation",),
        misconceptions=(
            Misconception(
                "like-a-leaf",
                "That would be so if `square` were a leaf. It has parents, and a sweep passes on what it holds.",
                value=2,
            ),
            Misconception(
                "leaf-instead",
                "That is what `x.grad` holds after two sweeps. The question is about the square.",
                value=14,
            ),
            Misconception(
                "leaf-once",
                "That is the gradient of `x` after one sweep. The question is about the square: by how much does y move when the square moves by a little?",
                value=7,
            ),
            Misconception(
                "derivative-of-the-square",
                "That is how the square changes when x moves. The gradient of the square says how y changes when the square moves.",
                value=6,
            ),
            Misconception(
                "value-for-gradient",
                "That is the value of the square. Its gradient says how fast y changes when the square moves.",
                value=9,
            ),
            Misconception(
                "zero",
                "It is set to zero when a sweep begins. What arrives there afterwards?",
                value=0,
            ),
        ),
        hints=(
            "In y = square + x, by how much does y move when the square moves by a little?",
            "Is the square a leaf? What does step 2 do with the tensors in between?",
        ),
        explain="Each sweep sets the square to zero and brings it 1, since y = square + x. Only a leaf adds sweeps up.",
    ),
    "exp": code(
        difficulty="easy",
        minutes=5,
        probe=probe_exp,
        use=use_exp,
        drills=("operations",),
        outputs=("x.exp()", "gradient of x", "x.data afterwards"),
        gradients={"gradient of x": FiniteDifference(lambda x, g: float((g * np.exp(x)).sum()), wrt=0)},
        misconceptions=(
            Misconception(
                "power-rule",
                "You used the rule of a power, n · x^(n-1). There the base moves and the exponent is fixed; here it is the other way round.",
                patch=("(grad * out,)", "(grad * self.data * np.exp(self.data - 1),)"),
                hints=("What is the derivative of e^x, from school?",),
            ),
            Misconception(
                "input-for-output",
                "You multiply by x. The derivative of e^x is e^x, the result that you have just computed.",
                patch=("(grad * out,)", "(grad * self.data,)"),
                hints=("What is the derivative of e^x, from school?",),
            ),
            Misconception(
                "ignores-what-arrives",
                "Your vjp returns the local derivative and forgets what arrives. The chain rule multiplies it by `grad`.",
                patch=("(grad * out,)", "(out,)"),
                hints=("The argument of vjp is called grad. Where do you use it?",),
            ),
            Misconception(
                "input-overwritten",
                "You write the result into `self.data`. Other operations still need the old numbers, and so does whoever holds the tensor.",
                patch=("out = np.exp(self.data)", "self.data = out = np.exp(self.data)"),
                hints=("What should `x.data` hold after `x.exp()`?",),
            ),
            Misconception(
                "passes-unchanged",
                "Your vjp passes `grad` on as it is. The local derivative, e^x, is missing.",
                patch=("(grad * out,)", "(grad,)"),
                hints=("What is the derivative of e^x, from school?",),
            ),
            Misconception(
                "comma-missing",
                "A vjp returns a tuple, one gradient for each parent. With a single parent that takes a comma: `(grad * out,)`. Without it "
                "the parentheses mean nothing, and the sweep would take the rows of the array for gradients.",
                patch=("(grad * out,)", "(grad * out)"),
                hints=("What is the type of (5), and what is the type of (5,)?",),
            ),
            Misconception(
                "parents-forgotten",
                "The value is right, but the result does not remember its parent, so nothing can flow back.",
                patch=("Tensor(out, (self,), vjp)", "Tensor(out)"),
                hints=("What does the constructor of Tensor take besides the data?",),
            ),
            Misconception(
                "tensor-for-array",
                "NumPy was handed the tensor itself. Its functions work on arrays: give them the numbers, `self.data`.",
                patch=("np.exp(self.data)", "np.exp(self)"),
                hints=("How does `log` above hand its numbers to NumPy?",),
            ),
        ),
        alternatives=(EXP_AGAIN, EXP_RESULT, EXP_LIST),
        hints=(
            "What is the derivative of e^x?",
            "Follow `log` above: one parent, and a vjp that multiplies what arrives by the local derivative.",
            "`out = np.exp(self.data)`; the vjp returns `(grad * out,)`.",
        ),
    ),
    "matmul": code(
        difficulty="medium",
        minutes=8,
        probe=probe_matmul,
        use=use_matmul,
        drills=("operations", "local-rules"),
        outputs=(
            "x @ w",
            "gradient of x in x @ w",
            "gradient of w in x @ w",
            "gradient of s in s @ s",
            "gradient of x in x @ array",
        ),
        gradients={
            "gradient of x in x @ w": FiniteDifference(lambda x, w, g, s, h: float((g * (x @ w)).sum()), wrt=0),
            "gradient of w in x @ w": FiniteDifference(lambda x, w, g, s, h: float((g * (x @ w)).sum()), wrt=1),
            "gradient of s in s @ s": FiniteDifference(lambda x, w, g, s, h: float((h * (s @ s)).sum()), wrt=3),
        },
        misconceptions=(
            Misconception(
                "no-transpose",
                "The products on the way back need transposes: (N, H) times (D, H) does not fit, (N, H) times (H, D) does.",
                patch=("grad @ other.data.T, self.data.T @ grad", "grad @ other.data, self.data @ grad"),
                hints=("Which shapes have grad and other.data, and what must come out?",),
            ),
            Misconception(
                "sizes-do-not-meet",
                "On the way back N and D meet in the middle of a product, and they differ. Write the shapes under the factors: `grad` (N, H) stands to the "
                "left of `other` transposed (H, D), and to the right of `self` transposed (D, N).",
                patch=("grad @ other.data.T, self.data.T @ grad", "other.data.T @ grad, grad @ self.data.T"),
                hints=("Which two sizes meet in the middle of each product?",),
            ),
            Misconception(
                "like-mul",
                "Your way back multiplies entry by entry, as for `*`. A matrix product is led back by matrix products.",
                patch=("grad @ other.data.T, self.data.T @ grad", "grad * other.data, grad * self.data"),
                hints=("Which operation did the forward line use, and which one do you use on the way back?",),
            ),
            Misconception(
                "gradients-exchanged",
                "Both gradients are right, but they stand in the wrong places: vjp returns them in the order of the parents.",
                patch=("grad @ other.data.T, self.data.T @ grad", "self.data.T @ grad, grad @ other.data.T"),
                hints=("Which parent comes first in (self, other), and whose gradient do you return first?",),
            ),
            Misconception(
                "array-not-lifted",
                "`other` may be a plain array, which has no parents and no vjp. `as_tensor(other)` makes a tensor of it, and leaves tensors alone.",
                patch=("other = as_tensor(other)", "pass"),
                hints=("How did the addition treat an `other` that is no tensor?",),
            ),
            Misconception(
                "transposed-gradient",
                "The gradient of `other` comes out as its own transpose: it must have the shape of `other`, (D, H).",
                patch=("self.data.T @ grad", "grad.T @ self.data"),
                hints=("Which shape must the gradient of `other` have?",),
            ),
            Misconception(
                "ignores-what-arrives",
                "Your vjp returns the transposed factors and forgets what arrives. Multiply by `grad`.",
                patch=("grad @ other.data.T, self.data.T @ grad", "other.data.T, self.data.T"),
                hints=("The argument of vjp is called grad. Where do you use it?",),
            ),
            Misconception(
                "calls-itself",
                "In here a matrix product of two tensors, `self @ other`, is this very method: it calls itself without end. Multiply the arrays, `self.data` and `other.data`.",
                patch=("Tensor(self.data @ other.data,", "Tensor(self @ other,"),
                hints=("Which method does Python call when it meets a tensor @ a tensor?",),
            ),
        ),
        alternatives=(MATMUL_DOT, MATMUL_EINSUM, MATMUL_TURNED),
        hints=(
            "Which shape must each gradient have? Which products of grad and the other factor have it?",
            "You had these lines in notebook 01: `grad_h_relu = grad_y_pred.dot(w2.T)` and `grad_w2 = h_relu.T.dot(grad_y_pred)`.",
            "`return grad @ other.data.T, self.data.T @ grad` is the vjp.",
        ),
    ),
}
