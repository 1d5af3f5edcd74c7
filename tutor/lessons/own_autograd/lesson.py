# %% [markdown] name="opening"
# # Build your own autograd
#
# In notebooks 01 and 03 you derived every gradient on paper and typed it in. Change one line of the network and you start
# again. But look at what you did: the same few local rules, applied in reverse order. A program can do that. In this
# notebook you write that program: about a hundred lines of NumPy, and `loss.backward()` works.
#
# **You will be able to**
#
# - say what a tensor has to remember so that gradients can be found later;
# - write the way back of an operation, and let shapes and broadcasting check it;
# - put a graph into the one order in which gradients may be passed back, and say what breaks in any other;
# - explain why gradients are added up and never overwritten;
# - train the two-layer network on your own engine, and say what the engine costs beside PyTorch's.
#
# **You need** notebook 01 (the chain rule, the two-layer network) and Python classes. **It takes** about 40 minutes for
# the core, 165 with everything; the code runs in about 10 seconds on a laptop.

# %% name="imports"
import time

import numpy as np

from tutor import check, data, exercise, expect, hint, lend, models, plots, progress, solution

# %% [markdown] name="remember"
# ## 1. A tensor that remembers
#
# *Core*
#
# To walk back through a computation, something must have written down how it went. So each result keeps three things
# beside its numbers: a place for its gradient, the tensors it was made from (its **parents**), and one small function
# that leads the gradient back from the result to the parents.
#
# That function is called `vjp`, for *vector-Jacobian product*. It is given the gradient that arrives at the result and
# returns one gradient for each parent:
#
# $$\underset{\text{shape of } x}{\text{grad}\_x} \;=\;
# \underset{\text{Jacobian, never written out}}{\left(\frac{\partial\, \text{out}}{\partial x}\right)^{T}}
# \;\underset{\text{shape of out}}{\text{grad}\_\text{out}}$$
#
# (The *Jacobian* is the table of all derivatives: row $k$, column $i$ says how much entry $k$ of the output changes when
# entry $i$ of the input is nudged.)
#
# A tensor that nobody computed (an input, a weight) has no parents. It is called a **leaf**, and its `vjp` has nothing to
# return. All tensors behind a result, linked to their parents, are its **graph**; each of them is a **node**.


# %% tags=["reference", "item:tensor"] name="tensor-class"
class Tensor:
    """A NumPy array that remembers how it was made."""

    __array_ufunc__ = None  # so that `array * tensor` asks the tensor, not NumPy

    def __init__(self, data, parents=(), vjp=lambda grad: ()):
        self.data = np.asarray(data, dtype=float)
        self.grad = None  # filled in by backward, an array of the shape of data
        self.parents = parents
        self.vjp = vjp  # gradient of this tensor -> a tuple, one gradient for each parent

    def __repr__(self):
        return f"Tensor({self.data.tolist()})"


def as_tensor(value):
    """Return a tensor as it is, and make one of a number or an array."""
    return value if isinstance(value, Tensor) else Tensor(value)


# %% [markdown] name="first-operation"
# Here is the first operation. If `out = a + b`, a nudge to either moves the result just as far, so the gradient passes
# unchanged to both. A class in Python is an object like any other: we can add methods to it later, one cell at a time.
# That is how this engine grows.


# %% tags=["reference", "item:local-rules"] name="add"
def __add__(self, other):
    other = as_tensor(other)

    def vjp(grad):
        return grad, grad

    return Tensor(self.data + other.data, (self, other), vjp)


Tensor.__add__ = __add__

# %% tags=["item:tensor", "nbval-check-output"] name="try-add"
a, b = Tensor([1.0, 2.0]), Tensor([10.0, 20.0])
out = a + b
print(out, "made from", out.parents)
grads = out.vjp(np.array([5.0, 7.0]))
print("if grad_out is [5, 7], then the parents get", [grad.tolist() for grad in grads])

# %% [markdown] name="ask-mul"
# Now the product, entry by entry. Ask about one factor at a time: if `self` moves by a little, by how much does
# `self * other` move? Multiply that by the gradient that arrives. Mind that `vjp` works on plain arrays, so it takes the
# numbers from `.data`. For now think of equal shapes: each gradient then has the shape of the product. Section 4 mends the
# rest.


# %% tags=["item:local-rules"]
@exercise("own_autograd.mul", of=Tensor)
def __mul__(self, other):
    """Return the product of two tensors, entry by entry.

    self : tensor    other : tensor, array or number; shapes as NumPy multiplies them
    Returns a tensor with the parents (self, other). Its vjp takes an array of the shape of the product
    and returns two arrays of that shape, the gradient of self and the gradient of other.
    """
    ### BEGIN SOLUTION
    other = as_tensor(other)

    def vjp(grad):
        return grad * other.data, grad * self.data

    return Tensor(self.data * other.data, (self, other), vjp)
    ### END SOLUTION


# %% [markdown] name="mirrored"
# Python turns `2 * x` into `x.__rmul__(2)`. Everything else that looks like arithmetic follows from what is there:
# $-x = (-1)\,x$ and $a - b = a + (-b)$. An operation that is built from others needs no `vjp` of its own.


# %% tags=["reference", "item:operations"] name="derived-arithmetic"
def __neg__(self):
    return self * -1.0


def __sub__(self, other):
    return self + -as_tensor(other)


Tensor.__radd__ = lambda self, other: self + other
Tensor.__rmul__ = lambda self, other: self * other
Tensor.__neg__, Tensor.__sub__ = __neg__, __sub__
Tensor.__rsub__ = lambda self, other: -self + other

# %% [markdown] name="twice"
# ## 2. A node that is used twice
#
# *Core*
#
# Take $y = x \cdot x + x$ at $x = 3$. The tensor `x` stands in this formula three times: twice in the product, once in
# the sum. Each use has its own way back, and each way brings a contribution. **Commit to an answer**: what is the
# gradient of $y$ with respect to $x$? (A whole number.)

# %% tags=["item:accumulation"]
grad_x = ...
### BEGIN SOLUTION
grad_x = 7
### END SOLUTION
grad_x = check("own_autograd.predict_used_twice", grad_x)

# %% [markdown] name="by-hand"
# Let us walk back by hand. We start at `y` with a gradient of 1, ask `y.vjp` for the gradients of its parents, and ask
# the product in turn.

# %% tags=["item:accumulation", "nbval-check-output"] name="walk-by-hand"
x = Tensor(3.0)
square = x * x
y = square + x

grad_square, first = y.vjp(np.array(1.0))
second, third = square.vjp(grad_square)
print("three contributions to x:", float(first), float(second), float(third))
print("added up:", float(first + second + third))

# %% tags=["item:accumulation", "figure"] name="twice-drawn"
total = first + second + third
plots.computation(
    {"x": (), "square = x·x": ("x", "x"), "y = square + x": ("square = x·x", "x")},
    {
        "x": f"value {x.data:g}\ngradient {first:g} + {second:g} + {third:g} = {total:g}",
        "square = x·x": f"value {square.data:g}\ngradient {grad_square:g}",
        "y = square + x": f"value {y.data:g}\ngradient 1",
    },
    title="Three arrows leave x, so three contributions come back",
)

# %% [markdown] name="why-add"
# Check it with school calculus: the derivative of $x^2 + x$ is $2x + 1 = 7$. The rule behind it: if $x$ moves, it moves
# $y$ through every arrow at once, and to first order the effects add. So a gradient is **accumulated** with `+=`. Whoever
# writes `=` keeps the last contribution and loses the others, and no error message ever says so.
#
# ## 3. In which order?
#
# *Core*
#
# A program has to do the same walk for any graph. The first idea that comes to mind: start at the result, pass gradients to
# the parents, put the parents into a queue, go on with the next in the queue. Here is that idea, on a graph
# where it meets a difficulty.


# %% tags=["item:topological-order"] name="impatient-sweep"
def impatient_sweep(result):
    """Pass gradients back in the order of a queue; return them by tensor."""
    grads, queue = {result: np.array(1.0)}, [result]
    for node in queue:  # the list grows while the loop goes over it
        for parent, grad in zip(node.parents, node.vjp(grads[node])):
            grads[parent] = grads.get(parent, 0.0) + grad
            if parent not in queue:
                queue.append(parent)
    return grads


# %% tags=["item:topological-order", "nbval-check-output"] name="impatience-shown"
def small_graph(a_value, b_value):
    a, b = Tensor(a_value), Tensor(b_value)
    c = a * b
    d = c + a
    e = c * d
    return a, b, c, d, e


a, b, c, d, e = small_graph(2.0, 3.0)
grads = impatient_sweep(e)
eps = 1e-6
measured = (small_graph(2.0 + eps, 3.0)[-1].data - small_graph(2.0 - eps, 3.0)[-1].data) / (2 * eps)
print(f"grad_a from the queue {float(grads[a]):.1f}, measured by finite differences {measured:.1f}")

# %% [markdown] name="what-went-wrong"
# It adds up, and is wrong all the same. `c` feeds both `d` and `e`. The queue took `c` before `d`, so `c` passed
# its gradient on when the contribution from `d` had not arrived yet. It came too late and went nowhere.
#
# So the rule is: **a tensor may pass its gradient on only when everything in this graph that was made from it has passed on
# its own.** A list in which every tensor stands after all of its parents, read backwards, is exactly that. It is
# called a **topological order**.

# %% tags=["item:topological-order", "figure"] name="order-drawn"
made_from = {
    "a": (),
    "b": (),
    "c = a·b": ("a", "b"),
    "d = c + a": ("c = a·b", "a"),
    "e = c·d": ("c = a·b", "d = c + a"),
}
plots.computation(
    made_from,
    {name: f"number {k}" for k, name in enumerate(made_from, start=1)},
    title="A topological order: every arrow leads to a larger number",
)

# %% [markdown] name="ask-order"
# The usual way to find one goes deep first: visit all parents of a tensor, *then* put the tensor itself on the list. A
# tensor that was visited before is not visited again. (Numbers 1 and 2 could be swapped in the picture; any
# topological order is right.)


# %% tags=["item:topological-order"]
@exercise("own_autograd.topological_order")
def topological_order(tensor):
    """List a tensor and everything that it was made from, each once, each after all of its parents.

    tensor : a tensor; t.parents is the tuple of what t was made from, empty for a leaf
    Returns a list of tensors; `tensor` itself is the last.
    """
    ### BEGIN SOLUTION
    order, visited = [], set()

    def visit(node):
        if node not in visited:
            visited.add(node)
            for parent in node.parents:
                visit(parent)
            order.append(node)

    visit(tensor)
    return order
    ### END SOLUTION


# %% tags=["item:topological-order"] name="order-shown"
names = {a: "a", b: "b", c: "c", d: "d", e: "e"}
print(" ".join(names[node] for node in topological_order(e)))
assert set(topological_order(e)) == {a, b, c, d, e}

# %% [markdown] name="broadcasting"
# ## 4. Broadcasting owes a sum
#
# *Deeper ground: from here on the engine is finished, piece by piece.*
#
# One difficulty is left. A layer with a bias adds an array of shape $(H,)$ to one of shape $(N, H)$, and NumPy stretches the
# bias over all rows without a word. Look at what the way back makes of it.

# %% tags=["item:unbroadcasting", "nbval-check-output"] name="bias-gradient"
h = Tensor(np.arange(12.0).reshape(4, 3))  # (N, H)
bias = Tensor([0.1, 0.2, 0.3])  # (H,)
out = h + bias  # (N, H)
grad_h, grad_bias = out.vjp(np.ones((4, 3)))
print("bias has the shape", bias.data.shape, "and its gradient", grad_bias.shape)

# %% tags=["item:unbroadcasting"] name="bias-step"
with expect(ValueError):
    bias.data -= 0.01 * grad_bias

# %% [markdown] name="copies"
# A gradient must have the shape of the thing it belongs to. The stretched bias is really $N$ copies of it, one for each row.
# It is a tensor that was used $N$ times; so by the rule of section 2 its gradient is the **sum** over the copies:
#
# $$\underset{(H,)}{\text{grad}\_\text{bias}} = \sum_{n=1}^{N} \underset{(H,)}{\text{grad}\_\text{out}_n}$$
#
# Broadcasting copies in two ways: it puts new axes in front, $(H,) \to (N, H)$, and it stretches axes of size 1,
# $(N, 1) \to (N, H)$. Undo both: sum the new axes away, and sum the stretched axes back to size 1.


# %% tags=["item:unbroadcasting"]
@exercise("own_autograd.unbroadcast")
def unbroadcast(grad, shape):
    """Sum a gradient over everything that broadcasting copied.

    grad : array of the shape that broadcasting made of `shape`
    shape : tuple, the shape before broadcasting; it may be (), and it may hold sizes of 1
    Returns an array of exactly that shape; where that is (), a number is as good.
    """
    ### BEGIN SOLUTION
    while grad.ndim > len(shape):
        grad = grad.sum(axis=0)  # an axis that broadcasting put in front
    for axis, size in enumerate(shape):
        if size == 1:
            grad = grad.sum(axis=axis, keepdims=True)  # an axis that it stretched
    return grad
    ### END SOLUTION


# %% tags=["item:unbroadcasting", "nbval-check-output"] name="unbroadcast-shown"
grad_out = np.ones((4, 3))
for shape in [(4, 3), (3,), (4, 1), (1, 3), ()]:
    grad = unbroadcast(grad_out, shape)
    print(f"{shape!s:7} was copied into (4, 3); every entry of its gradient is {np.max(grad):.0f}")

# %% [markdown] name="sweep"
# ## 5. The sweep
#
# *Deeper ground: `backward`, with sections 3 and 4.*
#
# You have all the parts. `backward` starts from a tensor that holds one number (the loss) and does four things:
#
# 1. It lists the graph in topological order.
# 2. It sets the gradients to zero where a sweep has to begin afresh. A **leaf** keeps what it has, so that several sweeps add
#    up; if that is `None`, it begins with zeros. The tensors **in between** start from zero in any case, because what an
#    earlier sweep left there was passed on already.
# 3. The loss itself gets the gradient 1: nudged by a little, it changes by just that.
# 4. Backwards through the list, every tensor asks its `vjp`, and each parent **adds** what it is given, summed to
#    the parent's shape.
#
# The checker sweeps back from the sum of all entries of $c \cdot (r + r)$, with $h = x \cdot w$, $s = h + b$, $u = h + v$ and
# $r = s \cdot (s \cdot u)$. The leaves are $x$, $w$, $b$ and $v$, of which $w$ is broadcast; $c$ is a plain array. Draw this graph
# on paper if a report puzzles you.


# %% tags=["item:backward", "item:accumulation", "item:unbroadcasting"]
@exercise("own_autograd.backward", of=Tensor)
def backward(self):
    """Fill in the gradients of everything that self was made from.

    self : a tensor that holds one number and was made from others
    Afterwards every leaf t has the gradient of self with respect to t ADDED to its t.grad (None counts
    as zero). Every other tensor holds the gradient of this sweep alone. Every t.grad has the shape of
    t.data. Every vjp is asked once. Returns nothing.
    """
    ### BEGIN SOLUTION
    order = topological_order(self)
    for node in order:
        if node.parents or node.grad is None:
            node.grad = np.zeros_like(node.data)
    self.grad = np.ones_like(self.data)
    for node in reversed(order):
        for parent, grad in zip(node.parents, node.vjp(node.grad)):
            parent.grad += unbroadcast(grad, parent.data.shape)
    ### END SOLUTION


# %% [markdown] name="try-it"
# The graph on which the queue failed:

# %% tags=["item:backward", "nbval-check-output"] name="sweep-shown"
a, b, c, d, e = small_graph(2.0, 3.0)
e.backward()
print("gradients:", {name: float(t.grad) for name, t in zip("abcde", (a, b, c, d, e))})
assert np.isclose(a.grad, measured)

# %% [markdown] name="ask-dragged"
# Numbers come alive when they move. Here is $y = a \cdot b + a$ on your engine, with a sweep for every pair of leaves.
# **Type your guess** as `guess=`; then drag $a$ and $b$.


# %% tags=["item:backward", "figure"] name="leaves-dragged"
def at_leaves(left, right):
    """y = a * b + a, with the value and the gradient of every tensor."""
    one, two = Tensor(left), Tensor(right)
    product = one * two
    total = product + one
    total.backward()
    spots = {"a": (20, 40, one), "b": (20, 160, two), "a * b": (240, 130, product), "y": (440, 76, total)}
    boxes = [
        plots.Box(x, y, f"{name} = {float(t.data):g}", f"gradient {float(t.grad):g}", width=140, height=48)
        for name, (x, y, t) in spots.items()
    ]
    ways = [((160, 60), (438, 92)), ((160, 76), (238, 142)), ((160, 184), (238, 164)), ((380, 148), (438, 112))]
    grads = f"a.grad = {float(one.grad):g}, b.grad = {float(two.grad):g}"
    said = f"a = {left}, b = {right}: y = {float(total.data):g}, {grads}"
    return plots.Diagram(said, boxes + [plots.Arrow(*way) for way in ways], said)


span = range(-3, 4)
question = "You move b alone. Whose gradient changes: that of a, that of b, or both?"
answer = "That of a alone: a.grad = b + 1, and b.grad = a."
plots.explore(at_leaves, {"a": span, "b": span}, start=(2, 3), question=question, guess=..., answer=answer)

# %% [markdown] name="dragged"
# Each factor of a product is handed the *other* one. That is why $b$'s own value does not appear in $b$'s gradient.

# %% [markdown] name="ask-second"
# ### Once more
#
# Back to $y = x \cdot x + x$ at $x = 3$, with the name `square` for $x \cdot x$. Suppose that you call `y.backward()`, reset
# nothing, and then call `square.backward()`: a second sweep, from the middle. What does `x.grad` hold then? (A whole number.)

# %% tags=["item:accumulation"]
twice_swept = ...
### BEGIN SOLUTION
twice_swept = 13
### END SOLUTION
twice_swept = check("own_autograd.predict_second_backward", twice_swept)

# %% tags=["item:accumulation", "nbval-check-output"] name="second-shown"
x = Tensor(3.0)
square = x * x
y = square + x
for words, result in {"y": y, "the square": square, "y once more": y}.items():
    result.backward()
    print(f"after a sweep from {words}: x.grad = {float(x.grad)}, square.grad = {float(square.grad)}")
x.grad = None
y.backward()
print("after x.grad = None and one more:", float(x.grad))

# %% [markdown] name="why-accumulate"
# The square begins every sweep afresh, so it holds 1 whatever came before. Adding across sweeps, at the leaves, is a
# decision, and PyTorch took the same one. It lets you split a large batch into parts and add up their gradients. The price: in a
# training loop **you** have to reset the gradients before every step. Where that line is missing, each step follows the sum of
# all gradients since the beginning.
#
# ## 6. More operations
#
# *Deeper ground: exponentials, logarithms, matrix products.*
#
# The engine is finished; what it lacks is vocabulary. Each word is a forward line and a local rule:
#
# | operation | gradient of `self`, given `grad` |
# |---|---|
# | `self ** n`, $n$ a number | `grad * n * self.data ** (n - 1)` |
# | `self.log()` | `grad / self.data` |
# | `self.relu()` | `grad` where `self.data` is positive, else 0 |
# | `self.sum()` | `grad`, copied to every entry: the mirror image of `unbroadcast` |


# %% tags=["reference", "item:operations"] name="pow-and-log"
def __pow__(self, n):
    def vjp(grad):
        return (grad * n * self.data ** (n - 1),)

    return Tensor(self.data**n, (self,), vjp)


def log(self):
    def vjp(grad):
        return (grad / self.data,)

    return Tensor(np.log(self.data), (self,), vjp)


Tensor.__pow__, Tensor.log = __pow__, log
Tensor.__truediv__ = lambda self, other: self * as_tensor(other) ** -1.0
Tensor.__rtruediv__ = lambda self, other: self**-1.0 * other


# %% tags=["reference", "item:operations"] name="relu-and-sum"
def relu(self):
    def vjp(grad):
        return (grad * (self.data > 0),)

    return Tensor(np.maximum(self.data, 0.0), (self,), vjp)


def sum_over(self, axis=None):
    def vjp(grad):
        if axis is not None:
            grad = np.expand_dims(grad, axis)  # the summed axis comes back with size 1
        return (np.broadcast_to(grad, self.data.shape),)

    return Tensor(self.data.sum(axis=axis), (self,), vjp)


Tensor.relu, Tensor.sum = relu, sum_over

# %% [markdown] name="ask-exp"
# A vjp with one parent returns a tuple of one gradient: mind the comma in `(grad,)`. Now write $e^x$. It is its own
# derivative, which saves computing anything twice.


# %% tags=["item:operations"]
@exercise("own_autograd.exp", of=Tensor)
def exp(self):
    """Return e to the power of every entry of self, as a tensor with the parent self."""
    ### BEGIN SOLUTION
    out = np.exp(self.data)

    def vjp(grad):
        return (grad * out,)

    return Tensor(out, (self,), vjp)
    ### END SOLUTION


# %% [markdown] name="ask-matmul"
# And the matrix product, which the network is made of. You derived its way back in notebook 01; let the shapes lead
# you again:
#
# $$\underset{(N,\,H)}{\text{out}} = \underset{(N,\,D)}{\text{self}}\;\underset{(D,\,H)}{\text{other}} \qquad
# \underset{(N,\,D)}{\text{grad}\_\text{self}} = \;?\qquad \underset{(D,\,H)}{\text{grad}\_\text{other}} = \;?$$


# %% tags=["item:operations", "item:local-rules"]
@exercise("own_autograd.matmul", of=Tensor)
def __matmul__(self, other):
    """Return the matrix product of two tensors.

    self : tensor (N, D)    other : tensor or array (D, H)
    Returns a tensor (N, H) with the parents (self, other); its vjp returns arrays (N, D) and (D, H).
    """
    ### BEGIN SOLUTION
    other = as_tensor(other)

    def vjp(grad):
        return grad @ other.data.T, self.data.T @ grad

    return Tensor(self.data @ other.data, (self, other), vjp)
    ### END SOLUTION


# %% [markdown] name="length"
# How long is all of this? Count the lines of your class and of the three functions beside it.

# %% tags=["item:tensor"] name="count-lines"
import inspect

functions = {f for f in vars(Tensor).values() if inspect.isfunction(f)}
functions |= {as_tensor, topological_order, unbroadcast}
code_lines = [line for f in functions for line in inspect.getsource(f).split("\n") if line.strip()]
print(len(code_lines), "lines, docstrings included")

# %% [markdown] name="torch-judge"
# ## 7. The judge: PyTorch
#
# *Deeper ground: needs section 6.*
#
# Finite differences judged you in notebook 01. There is a stricter judge now: PyTorch does the same job, and the same
# expression can be handed to both. (`requires_grad=True` tells torch to remember. The next notebook is about that; here
# torch only gives its verdict.) The expression uses every operation (`sum` without its `axis`), broadcasting, and shared
# nodes.

# %% tags=["item:against-torch", "nbval-check-output", "tolerance:±1e-6"] name="judged-by-torch"
import torch

from tutor.gradients import compare_gradients


def expression(x, w, bias):
    h = (x @ w + bias).relu()  # (4, 5)
    p = h.exp() / h.exp().sum()  # (4, 5): h is used twice here, and once more below
    return ((p + 0.1).log() * h).sum() - (w**2.0).sum() + (x - bias.sum()).exp().sum()


rng = np.random.default_rng(0)
arrays = {"x": rng.normal(size=(4, 3)), "w": rng.normal(size=(3, 5)), "bias": rng.normal(size=5)}
ours = {name: Tensor(value) for name, value in arrays.items()}
theirs = {name: torch.tensor(value, requires_grad=True) for name, value in arrays.items()}
expression(**ours).backward()
expression(**theirs).backward()
our_grads = {f"grad_{name}": tensor.grad for name, tensor in ours.items()}
their_grads = {f"grad_{name}": tensor.grad for name, tensor in theirs.items()}
compare_gradients(their_grads, our_grads, columns=("torch", "yours"))
for name, grad in our_grads.items():
    assert abs(grad - their_grads[name].numpy()).max() < 1e-12 * abs(grad).max()

# %% [markdown] name="judge-tests"
# One expression proves little, so the tests of this series try 200 random ones, values and gradients both. Change the
# expression yourself and run the cell again.
#
# ## 8. The two-layer network, trained on your engine
#
# *Deeper ground: needs section 6.*
#
# The same data, the same starting weights and the same loop as before. What is gone is every line that began with
# `grad_`. (It should take a few seconds. If you can go and make tea, look for a loop over single entries in your
# `unbroadcast`; or the machine is busy with something else.) The data `x` and `y` are leaves too: their gradients pile up
# over all the steps, and nobody reads them.

# %% tags=["item:two-layer-net"] name="train-two-layer"
N, D_in, H, D_out = 64, 1000, 100, 10
x, y, w1, w2 = map(Tensor, models.two_layer_data((N, D_in, H, D_out), numpy=True))

learning_rate = 1e-6
losses = []
for step in range(500):
    y_pred = (x @ w1).relu() @ w2  # (N, D_out)
    loss = ((y_pred - y) ** 2).sum()
    losses.append(loss.data.item())
    loss.backward()
    for w in (w1, w2):
        w.data -= learning_rate * w.grad
        w.grad = None

# %% [markdown] name="train-torch"
# Now torch from the same start. The loop differs in two details that the next notebook explains: `requires_grad` says which
# tensors want a gradient, and `no_grad` keeps the update itself out of the graph.

# %% tags=["item:two-layer-net", "item:against-torch"] name="train-in-torch"
x_torch, y_torch, w1_torch, w2_torch = models.two_layer_data((N, D_in, H, D_out), dtype=torch.float64)
w1_torch.requires_grad_()
w2_torch.requires_grad_()

torch_losses = []
for step in range(500):
    loss = (((x_torch @ w1_torch).relu() @ w2_torch - y_torch) ** 2).sum()
    torch_losses.append(loss.item())
    loss.backward()
    with torch.no_grad():
        for w in (w1_torch, w2_torch):
            w -= learning_rate * w.grad
            w.grad = None

# %% tags=["item:two-layer-net", "figure"] name="two-layer-curve"
curves = {"your engine": losses, "torch": torch_losses}
plots.loss_curves(curves, title="Loss at each step: two engines, one curve")

# %% tags=["item:two-layer-net", "nbval-check-output", "tolerance:±1e-8"] name="two-layer-result"
apart = max(abs(one / other - 1) for one, other in zip(losses, torch_losses))
print(f"loss at the start {losses[0]:.3e}, at the end {losses[-1]:.1e}")
print(f"largest difference of the two runs: {apart:.0e} of the loss")
assert losses[0] / losses[-1] > 1e6 and apart < 1e-6

# %% [markdown] name="cost"
# ## 9. What it costs
#
# *Deeper ground: time, memory, depth.*
#
# Same results; what about time? We let both engines do one forward and one backward pass through a short
# expression, on tensors of up to a million numbers. To be fair, both use the same type (float64). Each time is
# the median of several runs, after one that is not counted.


# %% tags=["item:cost"] name="stopwatch"
def seconds(run):
    """Run once and return how long it took."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def median_time(run, repeats=7):
    """Warm up once, then return the median seconds of `repeats` runs (of fewer if they are slow)."""
    run()
    times = []
    while len(times) < repeats and sum(times) < 2.0:
        times.append(seconds(run))
    return float(np.median(times))


def one_pass(x, y):
    """Forward and backward through five operations."""
    ((x * y + x).relu() ** 2.0).sum().backward()
    x.grad = y.grad = None


# %% tags=["item:cost"] name="measure-cost"
sizes = [1, 100, 10_000, 1_000_000]
times = {"your engine": [], "torch": []}
for size in sizes:
    one, other = rng.normal(size=size), rng.normal(size=size)
    pairs = {
        "your engine": [Tensor(one), Tensor(other)],
        "torch": [torch.tensor(one, requires_grad=True), torch.tensor(other, requires_grad=True)],
    }
    for name, pair in pairs.items():
        times[name].append(median_time(lambda: one_pass(*pair)))
for k, size in enumerate(sizes):
    mine, torchs = 1e3 * times["your engine"][k], 1e3 * times["torch"][k]
    print(f"{size:9,} numbers: yours {mine:8.3f} ms, torch {torchs:8.3f} ms, ratio {mine / torchs:.1f}")

# %% tags=["item:cost", "figure"] name="cost-drawn"
plots.costs(sizes, times, xlabel="numbers in each tensor", title="One forward and one backward pass")

# %% [markdown] name="read-the-cost"
# Read the curves from left to right. For small tensors the time hardly depends on the size: both engines pay for
# Python, for building a graph node, and for calling a function; the arithmetic is free beside it. Yours may well be the
# faster one there: a node of yours does less checking. (A computation of many tiny steps is slow in every framework of this
# kind all the same; notebook 12 has a remedy.) For large tensors the numbers decide, and memory more than arithmetic. The
# ratio at a million varies from machine to machine, and from run to run if something else is running. You can count
# what your engine spends too much:
#
# - if yours starts from zeros, it writes them for every gradient and then adds to them, where torch hands the first
#   contribution over as it is;
# - it keeps every array in between until the whole graph is thrown away, where torch frees each as soon as the
#   sweep has passed it;
# - if your `topological_order` has a function inside that calls itself, that function refers to itself: a circle, which keeps
#   the list, and so the whole graph, in memory until Python's garbage collector comes round;
# - NumPy adds and multiplies on one processor core, torch on all that it is given;
# - it computes gradients that nobody asked for: in section 8 also those of the data `x` and `y`, in every step.
#
# The last point can be measured. Torch avoids it by asking you which tensors want a gradient. (Two times are compared
# here, so they are taken in turn, and the smallest of each counts: it is the one that was disturbed least.)


# %% tags=["item:cost"] name="unasked-gradients"
def one_step():
    """One forward and one backward pass of the two-layer network."""
    ((((x @ w1).relu() @ w2 - y) ** 2).sum()).backward()
    w1.grad = w2.grad = None


grad_h = rng.normal(size=(N, H))
pairs = [(seconds(one_step), seconds(lambda: grad_h @ w1.data.T)) for _ in range(10)]
whole, unasked = map(min, zip(*pairs))
print(f"one step takes {1e3 * whole:.2f} ms")
print(f"{1e3 * unasked:.2f} ms of it are the product for grad_x, which nobody reads")

# %% [markdown] name="depth"
# And one limit has nothing to do with time. How deep may a graph be? This one is 5,000 additions deep.

# %% tags=["item:cost", "item:topological-order"] name="deep-graph"
deep = Tensor(0.0)
for _ in range(5000):
    deep = deep + 1.0
try:
    print("listed", len(topological_order(deep)), "tensors: your order has no limit of its own")
except RecursionError as error:
    print("RecursionError:", error)

# %% [markdown] name="read-depth"
# If yours calls itself, once for every tensor on the way down, Python stopped it; the depth that it allows is enough for any
# network in this series.
# Torch keeps its own list of what is still to be done, so it has no such limit; you can do the same with a stack.

# %% [markdown] name="clothes"
# ## 10. Your engine learns to tell clothes apart
#
# *Deeper ground: the engine at work on real images, and made faster. Nothing later needs it.*
#
# Is a hundred lines of NumPy enough for images? Those of FashionMNIST that you met in notebook 00 are a good test: ten classes
# of clothes, 28 by 28 pixels. 6,000 come with these notebooks: 5,000 to learn from, 1,000 kept aside to measure with.

# %% tags=["item:classifier"] name="load-images"
train = data.FashionMNIST(data.sample_folder(), train=True)
pixels = train.data.numpy().reshape(6000, 784) / 255  # 0 to 1
labels = train.targets.numpy()  # (6000,)
learn, kept = np.arange(5000), np.arange(5000, 6000)

# %% [markdown] name="classifier"
# The network has a hidden layer of 64. Its ten outputs are scores, a number for each class:
#
# $$\underset{(N,\,64)}{h} = \text{relu}\bigl(\underset{(N,\,784)}{x}\;\underset{(784,\,64)}{w_1} + \underset{(64,)}{b_1}\bigr) \qquad
# \underset{(N,\,10)}{z} = \underset{(N,\,64)}{h}\;\underset{(64,\,10)}{w_2} + \underset{(10,)}{b_2}$$
#
# For the loss take a formula from notebook 07 on trust: $-z_{right} + \log \sum_k e^{z_k}$, averaged over the images. It is small where
# the score of the right class stands out. Your engine has all the words for it.


# %% tags=["item:classifier"] name="classifier-parts"
def new_weights(H=64):
    """Return w1, b1, w2, b2, the same ones each time."""
    rng = np.random.default_rng(0)
    w1, w2 = (Tensor(rng.uniform(-1, 1, size) / np.sqrt(size[0])) for size in [(784, H), (H, 10)])
    return w1, Tensor(np.zeros(H)), w2, Tensor(np.zeros(10))


def scores(layer, weights, rows):
    """Return the scores of some images, (N, 10); `layer` says how x w + b is made."""
    w1, b1, w2, b2 = weights
    return layer(layer(pixels[rows], w1, b1).relu(), w2, b2)


def mean_loss(z, y):
    """Return the mean over the rows of log(sum of e^z) minus the score of the right class."""
    z = z - z.data.max(axis=1, keepdims=True)  # the same number from all scores of a row: nothing overflows
    right = np.eye(10)[y]  # (N, 10), a 1 at the right class
    return (z.exp().sum(axis=1).log().sum() - (z * right).sum()) / len(y)


def train_on(layer, weights, rows, learning_rate):
    """Take one step on some images."""
    mean_loss(scores(layer, weights, rows), labels[rows]).backward()
    for w in weights:
        w.data -= learning_rate * w.grad
        w.grad = None


# %% [markdown] name="where-time-goes"
# Before you make anything faster, measure where the time goes. Below, a layer is made of the two operations that you have, and
# one step on 50 images is timed, beside three of its parts. (The smallest of many times again.)


# %% tags=["item:classifier", "item:cost"] name="time-the-parts"
def two_operations(x, w, b):
    """x w + b out of the engine's matrix product and its sum."""
    return as_tensor(x) @ w + b


def fastest(run, repeats=30):
    return min(seconds(run) for _ in range(repeats))


weights, rows, grad_h = new_weights(), learn[:50], rng.normal(size=(50, 64))
slow = fastest(lambda: train_on(two_operations, weights, rows, 0.01))
some_scores = Tensor(rng.normal(size=(50, 10)))
nodes = sum(bool(node.parents) for node in topological_order(mean_loss(some_scores, labels[rows])))
parts = {
    f"the loss, {nodes} nodes, there and back": lambda: mean_loss(some_scores, labels[rows]).backward(),
    "the product for the gradient of w1": lambda: pixels[rows].T @ grad_h,
    "the product for the gradient of the images": lambda: grad_h @ weights[0].data.T,
}
print(f"one step {1e3 * slow:.2f} ms; of it")
for name, part in parts.items():
    print(f"    {name}: {1e3 * fastest(part):.2f} ms")

# %% [markdown] name="ask-layer"
# The gradient of the images costs about as much as that of the weights, and then as much memory again as the images take is
# filled with zeros and added to. Nobody reads it: section 9 has seen that with `x` and `y`. The loss has most of the nodes and
# little of the time, since its arrays are small. So the images are where to begin.
#
# Write the layer as **one** node. Its parents are the weights and the bias, and `x` only if `x` is a tensor: data come as a plain
# array, to which no gradient is owed. (An array has a `.data`, too. It is raw memory, and not what you want.)


# %% tags=["item:classifier", "item:local-rules"]
@exercise("own_autograd.layer")
def layer(x, w, b):
    """Return x w + b as one node, which gives a gradient to those alone that can use one.

    x : (N, D), a plain array (data), or a tensor    w : tensor (D, H)    b : tensor (H,)
    Returns a tensor (N, H). Its parents are w and b if x is an array, and x, w and b if x is a tensor; its
    vjp returns a gradient for each of them, in the parents' order.
    """
    ### BEGIN SOLUTION
    wanted = isinstance(x, Tensor)
    numbers = x.data if wanted else x

    def vjp(grad):
        grads = numbers.T @ grad, grad.sum(axis=0)
        return (grad @ w.data.T, *grads) if wanted else grads

    return Tensor(numbers @ w.data + b.data, (x, w, b) if wanted else (w, b), vjp)
    ### END SOLUTION


# %% tags=["item:classifier", "item:cost"] name="layer-timed"
pairs = [[seconds(lambda: train_on(way, weights, rows, 0.01)) for way in (two_operations, layer)] for _ in range(30)]
slow, fast = map(min, zip(*pairs))
print(f"a step of two operations a layer {1e3 * slow:.2f} ms, of one node a layer {1e3 * fast:.2f} ms")

# %% [markdown] name="train-clothes"
# Ten walks through the 5,000 images, 50 at a time, in a fresh order each; the learning rate falls to zero on the way, so that the
# last steps are small ones.

# %% tags=["item:classifier"] name="clothes-trained"
weights, order_rng = new_weights(), np.random.default_rng(1)
batches = [rows for walk in range(10) for rows in order_rng.permutation(learn).reshape(100, 50)]
start = time.perf_counter()
for k, rows in enumerate(batches):
    train_on(layer, weights, rows, learning_rate=0.3 * (1 - k / len(batches)))
print(f"{len(batches)} steps took {time.perf_counter() - start:.1f} seconds")

# %% tags=["item:classifier", "nbval-check-output", "tolerance:±1.5"] name="clothes-measured"
guessed = scores(layer, weights, kept).data.argmax(axis=1)  # (1000,)
right = 100 * (guessed == labels[kept]).mean()
print(f"right on images that it has not seen: {right:.1f} %")
assert right >= 80

# %% [markdown] name="clothes-read"
# More than 80 of 100 images that it has never seen, in well under 30 seconds. Notebook 11 gets further, with a network that knows
# which pixels are neighbours and, where the full data are, with more images; no idea behind its `backward()` is missing here.

# %% [markdown] name="ask-mend-functions"
# ## Mend it: local rules that are all the same
#
# *Deeper ground: a program that runs and is wrong.*
#
# An engine keeps functions for the way back, and writes them in a loop like the one below: for a product of numbers, one
# function for each factor. Only the last of them is right. Find out what the others remember, and mend it.


# %% tags=["item:local-rules"]
@exercise("own_autograd.mend_functions")
def gradient_functions(factors):
    """Return a list with a function for each factor of a product: from the product's gradient to the factor's.

    factors : a list of two or more numbers, none of them 0
    The function of factor k returns its argument times the product of all other factors.
    """
    functions = []
    for k in range(len(factors)):
        others = 1.0
        for j, factor in enumerate(factors):
            if j != k:
                others *= factor
        ### BEGIN SOLUTION
        functions.append(lambda grad, others=others: grad * others)
        ### BROKEN
        # functions.append(lambda grad: grad * others)
        ### END SOLUTION
    return functions


# %% [markdown] name="ask-three-arms"
# ## Capstone: three arms, from an empty cell
#
# *Deeper ground: a whole program of your own, on your own engine. Nothing later needs it.*
#
# Your engine has everything that a classifier needs. Now write one from an empty cell. The cell below makes 300 points on three
# arms that wind round each other: `learn_x`, shape (300, 2), and `learn_y`, the number of each point's arm, 0, 1 or 2.

# %% tags=["reference"] name="three-arms"
from tutor import program


def three_arms(seed, count=300):
    """Return points on three arms, (count, 2), and the number of each one's arm, (count,)."""
    rng = np.random.default_rng(seed)
    arm = np.arange(count) % 3
    r = rng.uniform(0.1, 1.0, count)
    angle = 2 * np.pi / 3 * arm + 4 * r + rng.normal(0, 0.2, count)
    return np.stack([r * np.cos(angle), r * np.sin(angle)], axis=1), arm


learn_x, learn_y = three_arms(seed=0)

# %% tags=["figure"] name="arms-drawn"
sides = [plots.Axis(name, -1.2, 1.2) for name in ("learn_x[:, 0]", "learn_x[:, 1]")]
dots = [plots.Dots(*learn_x[learn_y == arm].T, f"arm {arm}", colour=arm) for arm in range(3)]
said = "Three arms of 100 points each, wound round each other like the arms of a spiral."
plots.Chart("No straight lines part them", *sides, dots, said)

# %% [markdown] name="what-three-arms-leaves"
# Leave three things behind:
#
# - `weights`, a list of all tensors that were learned, each a `Tensor` of this notebook;
# - `predict`, a function from points, shape (N, 2), to the numbers of their arms, shape (N,), computed with these weights;
# - `losses`, a list of numbers: for each call of `backward`, the loss that it was called on.
#
# **What counts:** 95 % of 600 points from the same arms that your program cannot see. The gradients have to come from the `backward` of
# your `Tensor`, to which you may add operations, and each step goes along the gradients of one sweep, so clear them in between;
# torch and other libraries that learn are not allowed. Which layers, which loss and which steps is for you to decide. 20 seconds are the limit; one or two are enough.

# %%
program("own_autograd.three_arms")

### BEGIN SOLUTION
rng = np.random.default_rng(0)
w1, b1 = Tensor(rng.normal(size=(2, 32))), Tensor(np.zeros(32))
w2, b2 = Tensor(rng.normal(size=(32, 3)) / 6), Tensor(np.zeros(3))
weights = [w1, b1, w2, b2]


def scores(x):
    return (as_tensor(x) @ w1 + b1).relu() @ w2 + b2


losses = []
for step in range(400):
    z = scores(learn_x)
    loss = (z.exp().sum(axis=1).log().sum() - (z * np.eye(3)[learn_y]).sum()) / len(learn_y)
    losses.append(loss.data.item())
    loss.backward()
    for w in weights:
        w.data -= 0.5 * w.grad
        w.grad = None


def predict(x):
    return scores(x).data.argmax(axis=1)


### END SOLUTION

# %% [markdown] name="recap"
# ## Recap
#
# *Core*
#
# | the engine has | because |
# |---|---|
# | `parents` and `vjp` on every result | the way back must be known before it is walked |
# | a vjp that multiplies by what arrives | chain rule: outer gradient times local derivative |
# | `parent.grad += …` | a tensor that is used twice gets a contribution from each use |
# | a topological order, read backwards | a gradient may be passed on only when it is complete |
# | `unbroadcast` | a stretched tensor is a tensor that is used many times |
# | leaves that keep their gradient, the others reset | sweeps add up at the leaves, and nowhere else |
#
# Not one of these depends on what the network looks like. That is why it is called *automatic* differentiation.
#
# ### What changed since the last notebook
#
# The model, the data and the rule of the update stayed. What you derived by hand there is now one call; new is that the
# gradients have to be reset:
#
# <!-- diff: torch_backprop/train-two-layer own_autograd/train-two-layer -->

# %% [markdown] name="quiz"
# ## Self-check
#
# *Deeper ground: asks about all sections.*
#
# Answer in your head, then open.
#
# <details><summary>1. Someone writes <code>parent.grad = …</code> instead of <code>+=</code>. On which networks is that noticed?</summary>
#
# Only where a tensor is used more than once: shared weights, an input that is added to a layer's output again,
# <code>x * x</code>. A plain chain of layers trains as if nothing were wrong, which is what makes the mistake so durable.
# </details>
#
# <details><summary>2. Why does the sweep need a topological order? Is "parents before children" not obvious from the code?</summary>
#
# The code ran in such an order, but a tensor knows only its parents, not what was made from it. The order has to be
# found again from the links.
# </details>
#
# <details><summary>3. Why is a gradient summed, not averaged, over the rows that a bias was copied to?</summary>
#
# Each copy moves the loss, and the effects add. A mean appears only if the loss itself is a mean.
# </details>
#
# <!-- drills: accumulation -->
# <details><summary>4. You call <code>backward()</code> twice on the same result without a reset. Which gradients double?</summary>
#
# Those of the leaves. The tensors in between start every sweep from zero.
# </details>
#
# <details><summary>5. Between the forward pass and <code>backward()</code> you write into <code>w.data</code>. What do you get?</summary>
#
# A wrong gradient without an error: the vjp reads <code>w.data</code> when it is called, and finds the new numbers. Torch keeps a
# version number with every tensor, and after a change such as <code>w += 1</code> under <code>no_grad</code> its backward raises
# an error; but a write into <code>.data</code> goes past it, there too. Notebook 05 shows both.
# </details>
#
# <!-- drills: against-torch -->
# <details><summary>6. Your engine and torch agree on <code>(x @ w).relu().sum()</code>. Which parts of the engine has this not tried at all?</summary>
#
# Accumulation, because no tensor is used twice; the topological order, because along a plain chain even the queue of section 3
# is right; unbroadcasting, because nothing is stretched; and every operation that does not stand there.
# </details>
#
# <!-- drills: two-layer-net -->
# <details><summary>7. The network of section 8 gets a third layer with weights <code>w3</code>. Which lines of the training loop change, and which did notebook 03 have you derive?</summary>
#
# The line of the forward pass, and the tuple of weights in the update. In notebook 03 every layer asks for lines of its own on
# the way back: the gradient of its weights, that of its input, and the gate of its ReLU.
# </details>
#
# <!-- drills: cost -->
# <details><summary>8. How many numbers do the gradients hold that nobody reads in section 8, beside those of the weights?</summary>
#
# Those of <code>x</code> and <code>y</code> are as large as the data: 64 · 1000 + 64 · 10 = 64,640 numbers, beside 101,000 for the
# two weights. They are computed again in each of the 500 steps.
# </details>

# %% name="see-progress"
progress()

# %% [markdown] name="onwards"
# ## Where to read on
#
# *Deeper ground: what others have written.*
#
# The next notebook opens torch's own autograd, and you will know every part: `grad_fn` is your `vjp`, `next_functions` are
# your `parents`, `AccumulateGrad` is your `+=`. For the whole field, read Baydin, Pearlmutter, Radul and Siskind, *Automatic
# differentiation in machine learning: a survey*, Journal of Machine Learning Research 18 (2018). A small exercise
# without a checker: add `tanh` to your engine, and let torch judge it.
