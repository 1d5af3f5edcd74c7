# %% [markdown] name="opening"
# # Autograd
#
# In the last notebook you wrote an engine that finds gradients. Torch has one like it, and it is called autograd. Most
# people use it for years as a black box: they call `backward()` and hope. You do not have to, because you know what is
# inside. In this notebook you look at torch's graph, draw it, watch gradients flow through it, and make it fail in every
# way in which it commonly fails.
#
# **You will be able to**
#
# - read the graph behind a loss: leaves, `grad_fn`, `next_functions`, and the gradients on its edges;
# - write a training step without the usual mistakes, and say which line prevents which;
# - say what the argument of `backward(gradient)` means, and build a Jacobian with it;
# - stop gradients where you want them to stop: `detach`, `no_grad`, `inference_mode`, freezing;
# - look into a backward pass with hooks, and read the error messages of autograd as what they are;
# - find the line at fault in a program whose gradients are missing or whose backward fails;
# - use `torch.func`, and read code that was written for a torch of long ago.
#
# **You need** notebooks 02 (tensors) and 04 (your own engine). **It takes** about 50 minutes for the core, 170 with
# everything; the code runs in a few seconds on a laptop.

# %% name="imports"
import torch
from torch.nn import functional

from tutor import check, exercise, expect, graph, hint, lend, models, plots, progress, solution

# %% [markdown] name="remember"
# ## 1. Tensors that remember
#
# *Core*
#
# Your engine remembered everything. Torch asks you first: only what is computed from a tensor with
# `requires_grad=True` is recorded. A recorded tensor has a `grad_fn`, the node of the graph that knows the way back. It is
# what you called `vjp`. A tensor without a recorded history is a **leaf**; weights and data are leaves.

# %% tags=["item:leaves", "nbval-check-output"] name="leaf-or-not"
w = torch.tensor(2.0, requires_grad=True)  # a weight
x = torch.tensor(5.0)  # a number from the data
h = w * x
y_pred = h + 1
for name, t in {"w": w, "x": x, "h": h, "y_pred": y_pred, "x * 2": x * 2}.items():
    node = type(t.grad_fn).__name__ if t.grad_fn else "no grad_fn"
    print(f"{name:7} requires_grad {t.requires_grad!s:6} is_leaf {t.is_leaf!s:6} {node}")

# %% [markdown] name="next-functions"
# `x * 2` counts as a leaf although it was computed: nothing in it wants a gradient, so nobody wrote down how it was made.
#
# Every node knows the nodes that come next on the way back: `next_functions`, your `parents`. It is a tuple of pairs. The
# first of each pair is a node, or `None` where no gradient is wanted; the second says which output of that node is meant.
# The way ends in nodes called `AccumulateGrad`. They do the `+=`, and each holds its leaf in `.variable`.

# %% tags=["item:leaves", "nbval-check-output"] name="walk-the-graph"
node = y_pred.grad_fn
print(type(node).__name__, "leads to", [type(n).__name__ for n, _ in node.next_functions])
node = node.next_functions[0][0]
print(type(node).__name__, "leads to", [type(n).__name__ for n, _ in node.next_functions])
node = node.next_functions[0][0]
print(type(node).__name__, "holds w, which is", node.variable.item())

# %% tags=["item:leaves"] name="integers-refuse"
with expect(RuntimeError):
    torch.tensor(3, requires_grad=True)

# %% [markdown] name="ask-leaves"
# ### All leaves behind a result
#
# *Deeper ground: a walk through the graph.*
#
# Only numbers that can change by a little can have a gradient, so integers refuse.
#
# Now find all the leaves behind a result. It is the walk of notebook 04 without the order. A leaf that was used ten times
# has **one** AccumulateGrad node, and ten edges lead to it.


# %% tags=["item:leaves"]
@exercise("autograd.leaves")
def leaves(tensor):
    """List the leaf tensors into which tensor.backward() would put a gradient, each once, in any order.

    tensor : a result with a grad_fn    Returns a list of tensors.
    """
    ### BEGIN SOLUTION
    found, visited, waiting = [], set(), [tensor.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is None or node in visited:
            continue
        visited.add(node)
        if hasattr(node, "variable"):
            found.append(node.variable)
        waiting += [following for following, _ in node.next_functions]
    return found
    ### END SOLUTION


# %% [markdown] name="draw-sine"
# ## 2. The graph, drawn
#
# *Core*
#
# The sine fit again: $y_{pred} = a + b\,x + c\,x^2 + d\,x^3$, 2,000 points, sum of squared errors. This time the four
# coefficients ask for gradients.

# %% tags=["item:graph-drawn"] name="sine-forward"
x, y = models.sine_data()  # (2000,), (2000,)
torch.manual_seed(0)
a, b, c, d = (torch.randn((), requires_grad=True) for _ in range(4))
y_pred = a + b * x + c * x**2 + d * x**3  # (2000,)
loss = ((y_pred - y) ** 2).sum()
print(f"loss {loss.item():.0f}, made by {type(loss.grad_fn).__name__}")

# %% [markdown] name="torchviz"
# The classic tool for a picture is `make_dot` of the package torchviz. It draws along the forward pass: leaves (blue) at
# the top, the loss (green) at the bottom. (It needs the program Graphviz. Where that is missing, you get a
# warning and the drawing of the next cell instead.)

# %% tags=["item:graph-drawn", "figure"] name="sine-make-dot"
dot = graph.make_dot(loss, params={"a": a, "b": b, "c": c, "d": d})
plots.drawing(dot, alt="torchviz's sine fit: the leaves a, b, c, d at the top, the loss at the bottom.")

# %% [markdown] name="before-backward"
# That is the structure, and no more. This course has a drawing of its own, `graph.trace`. It follows the *gradients*, so the
# loss is at the top. Find $x$ and $y$ in it: they are not there, since nobody asked for their gradients.

# %% tags=["item:graph-drawn", "figure"] name="sine-before"
graph.trace(loss)

# %% [markdown] name="record"
# Nothing has flowed yet. `graph.record` watches a backward pass: every edge gets the gradient that went along it, with its shape
# and its norm $\lVert g \rVert$ (for a single number, the number), and every node its place in the order.

# %% tags=["item:graph-drawn", "figure"] name="sine-after"
with graph.record(loss) as recorded:
    loss.backward()
recorded

# %% [markdown] name="read-the-graph"
# Follow the gradient of $d$, on the far right. A gradient of shape `(2000,)` arrives at the product $d\,x^3$, and one single
# number leaves it. The product multiplies by $x^3$ and, because $d$ was stretched over 2,000 points, sums: your `unbroadcast`.
# That number is `d.grad`, and you derived it on paper in notebook 01:

# %% tags=["item:graph-drawn", "nbval-check-output", "tolerance:±2"] name="sine-by-hand"
from tutor.gradients import compare_gradients

grad_y_pred = 2 * (y_pred - y)  # (2000,)
by_hand = (grad_y_pred * x**3).sum()
compare_gradients({"d": by_hand}, {"d": d.grad}, columns=("notebook 01", "autograd"))

# %% [markdown] name="stepping"
# ### Step by step
#
# *Deeper ground: the same pass in slow motion.*
#
# The same pass, one node at a time: what the node receives, what it computes, what it sends on. Press *Play*, or open
# the lines one after the other. Torch's rule for the order: of all nodes that are ready, the one that was made last in the forward
# pass goes first, and an AccumulateGrad at once.

# %% tags=["item:graph-drawn", "figure"] name="sine-steps"
recorded.steps()

# %% [markdown] name="draw-net"
# ### The two-layer network
#
# Now the other problem of this series, with the shapes that you know. First torchviz, then before and after side by side.

# %% tags=["item:graph-drawn"] name="net-forward"
device = torch.device("cpu")  # as in notebook 03
if hasattr(torch, "accelerator"):
    if torch.accelerator.is_available():
        device = torch.accelerator.current_accelerator()
elif torch.cuda.is_available():
    device = torch.device("cuda")
N, D_in, H, D_out = 64, 1000, 100, 10
x, y, w1, w2 = models.two_layer_data((N, D_in, H, D_out), device=device)
w1.requires_grad_()
w2.requires_grad_()
h = x.mm(w1)  # (N, H)
h_relu = h.clamp(min=0)  # (N, H)
y_pred = h_relu.mm(w2)  # (N, D_out)
loss = (y_pred - y).pow(2).sum()

# %% tags=["item:graph-drawn", "figure"] name="net-make-dot"
dot = graph.make_dot(loss, params={"w1": w1, "w2": w2})
plots.drawing(dot, alt="torchviz's net: w1, a product, a clamp, a product with w2, the loss.")

# %% tags=["item:graph-drawn", "figure"] name="net-before-after"
before = graph.trace(loss)
with graph.record(loss) as after:
    loss.backward()
plots.beside({"before backward": before, "after backward": after})

# %% [markdown] name="loop"
# Every `grad_...` that you typed in notebook 01 is an arrow here, with its shape and its norm; one Mm box computes two of
# them at once.
#
# ## 3. A training loop, and what breaks it
#
# *Core*
#
# The update is arithmetic too. Should it be recorded? If it were, each step would hang on the one before it. Torch refuses
# to change a leaf that is being recorded:

# %% tags=["item:training", "item:no-grad"] name="update-recorded"
with expect(RuntimeError):
    w1 -= 1e-6 * w1.grad

# %% [markdown] name="rebinding"
# A common way out is to write `w1 = w1 - ...`. That runs, and is worse: the name `w1` now belongs to a *computed* tensor, which is
# no leaf, and which gets no `.grad` (torch says so in a warning).

# %% tags=["item:training", "item:leaves"] name="rebound"
w1_new = w1 - 1e-6 * w1.grad
print("is_leaf:", w1_new.is_leaf)
with expect(UserWarning):
    print("grad:", w1_new.grad)

# %% [markdown] name="no-grad-update"
# So an update is done **in place**, under `torch.no_grad()`, which switches recording off. This is the loop of the last notebook
# in torch:

# %% tags=["item:training"] name="train-two-layer"
N, D_in, H, D_out = 64, 1000, 100, 10
x, y, w1, w2 = models.two_layer_data((N, D_in, H, D_out), device=device)
w1.requires_grad_()
w2.requires_grad_()

learning_rate = 1e-6
losses = []
for step in range(500):
    y_pred = (x @ w1).relu() @ w2  # (N, D_out)
    loss = ((y_pred - y) ** 2).sum()
    losses.append(loss.item())
    loss.backward()
    with torch.no_grad():
        for w in (w1, w2):
            w -= learning_rate * w.grad
            w.grad = None

# %% tags=["item:training", "nbval-check-output", "tolerance:20%"] name="two-layer-result"
print(f"loss at the start {losses[0]:.3e}, at the end {losses[-1]:.1e}")
assert losses[0] / losses[-1] > 1e6

# %% [markdown] name="why-zero"
# The last line of the loop is there because **torch adds**. `backward` never overwrites a `.grad`, it accumulates, as your
# engine did. That is useful when a batch does not fit into memory: call `backward` for each part, and the gradients of the
# parts add up to that of the whole. (So it is for a sum; with a mean, weight each part by its share.)

# %% tags=["item:accumulation", "nbval-check-output", "tolerance:±1"] name="parts-add-up"
w1, w2 = (w.requires_grad_() for w in models.two_layer_data((N, D_in, H, D_out), device=device)[2:])  # untrained again
((x @ w1).relu() @ w2 - y).pow(2).sum().backward()
whole = {"w1": w1.grad, "w2": w2.grad}
w1.grad = w2.grad = None
for part in range(4):
    rows = slice(16 * part, 16 * (part + 1))  # 16 of the 64 rows
    ((x[rows] @ w1).relu() @ w2 - y[rows]).pow(2).sum().backward()
compare_gradients(whole, {"w1": w1.grad, "w2": w2.grad}, columns=("whole", "four parts"))

# %% [markdown] name="forget-zero"
# ### And if the line is missing?
#
# *Deeper ground: what adds up, and how it ends.*
#
# And it is a trap when you forget. One of the two loops below never clears the gradients. Does its loss fall more slowly, or
# faster, because the steps grow? Or does something else happen? **Commit to an answer** in the next cell. Nobody checks it:
# it is there so that you cannot tell yourself afterwards that you knew. (We take half the learning rate, so that the right
# loop falls in every single step.)

# %% name="guess-forgotten"
guess = ...  # in a word or two, in quotes


# %% tags=["item:accumulation"] name="with-and-without"
def train(clear, steps=240):
    """Train the two-layer net; return the loss of every step."""
    start = models.two_layer_data((N, D_in, H, D_out), device=device)[2:]  # w1 and w2
    weights = [w.requires_grad_() for w in start]
    losses = []
    for step in range(steps):
        loss = ((x @ weights[0]).relu() @ weights[1] - y).pow(2).sum()
        losses.append(loss.item())
        loss.backward()
        with torch.no_grad():
            for w in weights:
                w -= 5e-7 * w.grad
                if clear:
                    w.grad = None
    return losses


runs = {"cleared": train(clear=True), "never cleared": train(clear=False)}

# %% tags=["item:accumulation", "figure"] name="forgotten-drawn"
plots.loss_curves(runs, title="The same loop with and without clearing the gradients")

# %% [markdown] name="read-forgotten"
# First it falls more slowly, then something else happens. Each step of the second loop follows the *sum of all gradients so far*,
# also those that stopped being true long ago. For 60 steps that looks like a slower loop, if a restless one. But it cannot brake:
# it shoots past the valley, comes back and shoots past again, and in the end each swing is wider than the last, until the numbers
# overflow. Nothing raises an error. If a loss swings like this, look for the missing line first.

# %% tags=["item:accumulation", "nbval-check-output", "tolerance:15%"] name="forgotten-counted"
for name, losses in runs.items():
    rises = int((torch.tensor(losses[:61]).diff() > 0).sum())
    print(f"{name:13}  loss after 60 steps {losses[60]:.2g}, risen in {rises} of them")
assert runs["never cleared"][60] > 5 * runs["cleared"][60]

# %% tags=["item:accumulation", "nbval-check-output", "tolerance:±15"] name="forgotten-diverges"
finite = torch.tensor(runs["never cleared"]).isfinite()
print("never cleared: the loss is a number for", int(finite.int().cumprod(0).sum()), "steps, then inf and nan")
assert not finite[-1]

# %% [markdown] name="ask-step"
# ### The sine fit
#
# *Core*
#
# Now write the step for the sine fit. Three things in the right order: backward, update, clear.


# %% tags=["item:training", "item:accumulation"]
@exercise("autograd.sine_step")
def sine_step(x, y, coefficients, learning_rate):
    """Take one step of gradient descent on the sum of squared errors of a + b x + c x^2 + d x^3.

    x, y : (N,)
    coefficients : [a, b, c, d], leaf tensors of shape () that require gradients; changed in place
    Returns the loss before the step, as a Python number. Every step has to begin with cleared gradients.
    """
    ### BEGIN SOLUTION
    a, b, c, d = coefficients
    y_pred = a + b * x + c * x**2 + d * x**3  # (N,)
    loss = ((y_pred - y) ** 2).sum()
    loss.backward()
    with torch.no_grad():
        for p in coefficients:
            p -= learning_rate * p.grad
            p.grad = None
    return loss.item()
    ### END SOLUTION


# %% tags=["item:training", "nbval-check-output"] name="fit-sine"
x, y = models.sine_data()
torch.manual_seed(0)
coefficients = [torch.randn((), requires_grad=True) for _ in range(4)]
losses = [sine_step(x, y, coefficients, learning_rate=2e-6) for step in range(2000)]
best, best_loss = models.sine_optimum(x, y)
excess = losses[-1] / best_loss - 1
print(f"autograd's sine fit ended at {losses[-1]:.3f}, {100 * excess:.2f} % above the optimum {best_loss:.3f}")
assert excess < 0.01

# %% [markdown] name="one-backward"
# ## 4. One backward for each graph
#
# *Core*
#
# To go back through $x \cdot x$, torch needs the value of $x$. So the node keeps it. That costs memory, and so torch
# throws away what the nodes keep **as soon as a backward pass has gone through them**. `retain_graph=True` says: not this time.
#
# Commit to an answer. With $x = 3$:
#
# ```python
# y = x * x
# y.backward(retain_graph=True)   # 1
# y.backward()                    # 2
# y.backward()                    # 3
# ```
#
# Which of the three calls raises an error (0 if none does), and what is `x.grad` in the end? Answer with a pair, such as `(1, 6)`.

# %% tags=["item:retain-graph", "item:accumulation"]
answer = ...
### BEGIN SOLUTION
answer = (3, 12)
### END SOLUTION
answer = check("autograd.predict_retain", answer)

# %% tags=["item:retain-graph", "nbval-check-output"] name="retained"
x = torch.tensor(3.0, requires_grad=True)
y = x * x
print("kept by the node:", y.grad_fn._saved_self.item())
for call, retain in enumerate((True, False, False), 1):
    try:
        y.backward(retain_graph=retain)
        print(f"call {call}: x.grad is", x.grad.item())
    except RuntimeError as error:
        print(f"call {call}:", str(error).split(" (")[0])

# %% [markdown] name="shared-trunk"
# You meet this error when two losses share a part of the graph, or when a result of one training step is used in the next.
# Ask yourself which part is shared. Often the mend is to add the losses and go back once, which is also faster.

# %% tags=["item:retain-graph", "nbval-check-output"] name="two-losses"
x.grad = None
h = x * x  # the shared part
first, second = h * h, 5 * h
(first + second).backward()
print("one backward through the sum of both losses:", x.grad.item())

# %% [markdown] name="nothing-kept"
# One curiosity, so that you are not puzzled by it: a node that keeps nothing has nothing to lose. A sum passes gradients on
# unchanged, so a graph of sums can be walked again and again.

# %% tags=["item:retain-graph", "nbval-check-output"] name="sum-keeps-nothing"
x.grad = None
y = x + 1
y.backward()
y.backward()
print("two backward passes through x + 1, no error:", x.grad.item())

# %% [markdown] name="vector"
# ## 5. backward(gradient)
#
# *Core*
#
# So far everything ended in one number. What if it does not?

# %% tags=["item:vjp"] name="not-a-scalar"
x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
y = x**2  # (3,)
with expect(RuntimeError):
    y.backward()

# %% [markdown] name="vector-meaning"
# Torch asks: the gradient *of what*? A result with several entries has no gradient, it has a Jacobian. The argument
# of `backward` is what *arrives* at `y`, namely the gradient of some loss with respect to `y`. What comes out is the
# vector-Jacobian product, for which your functions were named:
#
# $$\underset{(N,)}{\text{x.grad}} \mathrel{+}= \underset{(N,\,M)}{\left(\frac{\partial y}{\partial x}\right)^{T}}\;
# \underset{(M,)}{\text{gradient}}, \qquad \text{gradient} = \frac{\partial L}{\partial y}$$
#
# So it has the shape of `y`, always. And `loss.backward()` is short for `loss.backward(torch.tensor(1.0))`.
#
# **Commit to an answer.** Here $y = x^2$ at $x = [1, 2, 3]$. What is in `x.grad` after `y.backward(gradient)`, if `gradient` is
# $[1, 10, 100]$, and what if it is $[2, 2, 2]$?

# %% name="guess-vector"
guess_1, guess_2 = ..., ...  # each a list of three numbers

# %% tags=["item:vjp", "nbval-check-output"] name="weights-arrive"
y.backward(torch.tensor([1.0, 10.0, 100.0]), retain_graph=True)
print("gradient [1, 10, 100] gives", x.grad.tolist())
x.grad = None
y.backward(torch.full((3,), 2.0), retain_graph=True)
print("gradient [2, 2, 2] gives   ", x.grad.tolist())
print("that is the gradient of (2 * y).sum(); 2 * x would be", (2 * x).tolist())

# %% [markdown] name="three-misreadings"
# Three misunderstandings of this argument are common. The third stands in published tutorials.
#
# 1. **A factor of two.** The argument is no learning rate and no place where to evaluate. It multiplies everything, as above.
# 2. **The wrong shape.** A number does not stand for a vector of equal numbers:

# %% tags=["item:vjp"] name="wrong-shape"
with expect(RuntimeError):
    y.backward(torch.tensor(1.0))

# %% [markdown] name="uninitialised"
# 3. **An uninitialised gradient.** `y.backward(torch.FloatTensor(1))` is found in published code for a `y` of shape `(1,)`. It
#    reads like "start with 1". But `FloatTensor(1)` is a tensor of *one number, whatever lay in memory*. Often that is 0, sometimes
#    anything. Torch has a switch that fills such memory with NaN, so that the mistake becomes visible:

# %% tags=["item:vjp", "item:old-code", "nbval-check-output"] name="uninitialised-shown"
x1 = torch.tensor([3.0], requires_grad=True)
torch.use_deterministic_algorithms(True)
(x1 * x1).backward(torch.FloatTensor(1))
torch.use_deterministic_algorithms(False)
print("what was meant: 6.0; what arrived:", x1.grad.item())
x1.grad = None
(x1 * x1).backward(torch.tensor([0.1]))
print(f"with 0.1, a tenth of it: {x1.grad.item():.1f}")

# %% [markdown] name="ask-outside"
# ### A loss that torch does not see
#
# *Deeper ground: where the argument is needed.*
#
# When does one need the argument? When something other than torch computes the loss. Say that a measuring device, or a
# program in another language, takes predictions and returns the errors $e = y_{pred} - y$; the loss is $\sum e^2$. Torch
# never sees it. But you know what arrives at `y_pred`, and autograd can take it from there.


# %% tags=["item:vjp"]
@exercise("autograd.outside_gradient")
def outside_gradient(x, w, measure):
    """Return the gradient of the loss sum(e^2) with respect to w; y_pred = x w and e = measure(y_pred).

    x : (N, D_in)    w : (D_in, D_out), requires a gradient, has none yet
    measure : takes y_pred as a NumPy array (N, D_out) and returns e = y_pred - y, an array of that
        shape, float32 or float64; torch knows nothing of what happens inside
    """
    ### BEGIN SOLUTION
    y_pred = x.mm(w)  # (N, D_out)
    errors = torch.from_numpy(measure(y_pred.detach().numpy()))  # (N, D_out)
    y_pred.backward(2 * errors)
    return w.grad
    ### END SOLUTION


# %% [markdown] name="ask-jacobian"
# ### A whole Jacobian
#
# *Deeper ground: one backward pass for each row.*
#
# You can also have the whole Jacobian. If what arrives at `y` is 1 at place $k$ and 0 elsewhere, then row $k$ of the
# Jacobian comes out. So $M$ backward passes through one graph give all of it.


# %% tags=["item:vjp", "item:retain-graph", "item:accumulation"]
@exercise("autograd.jacobian")
def jacobian(y, x):
    """Return the Jacobian of y with respect to x, shape (M, N), y's dtype: entry [k, i] is dy[k] / dx[i].

    y : (M,), computed from x    x : (N,), a leaf that requires a gradient, with x.grad None
    """
    ### BEGIN SOLUTION
    rows = []
    for k in range(len(y)):
        direction = torch.zeros_like(y)  # (M,)
        direction[k] = 1
        x.grad = None
        y.backward(direction, retain_graph=True)
        rows.append(x.grad)
    return torch.stack(rows)
    ### END SOLUTION


# %% tags=["item:vjp", "nbval-check-output"] name="jacobian-shown"
x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
y = torch.stack([x[0] * x[1], x.sum()])  # (2,)
print(jacobian(y, x))

# %% [markdown] name="logits"
# ## 6. A graph that you did not write
#
# *Core*
#
# A classifier with three outputs, one example, five inputs: $z = x\,W + b$. The loss is the binary cross-entropy. Torch
# computes it from the raw outputs $z$ (the **logits**). The **sigmoid** $\sigma(z) = 1 / (1 + e^{-z})$ would make
# probabilities of them, and the loss needs $\log \sigma(z)$ where $y$ is 1 and $\log(1 - \sigma(z))$ where it is 0. In two
# steps that fails: in float32 $\sigma(20)$ is exactly 1, and $\log(1 - 1)$ is minus infinity. In one step it does not:
#
# $$\underset{(3,)}{z} = \underset{(5,)}{x}\;\underset{(5,\,3)}{W} + \underset{(3,)}{b}, \qquad
# L = \frac13 \sum_k \left[\log(1 + e^{z_k}) - y_k z_k\right], \qquad
# \underset{(3,)}{\frac{\partial L}{\partial z}} = \frac{\sigma(z) - y}{3}$$

# %% tags=["item:logits-graph"] name="logits-forward"
x, y = torch.ones(5), torch.tensor([0.0, 1.0, 0.0])
torch.manual_seed(0)
w, b = torch.randn(5, 3, requires_grad=True), torch.randn(3, requires_grad=True)
z = torch.matmul(x, w) + b  # (3,)
loss = functional.binary_cross_entropy_with_logits(z, y)
print("z", z.grad_fn, "\nloss", loss.grad_fn)

# %% tags=["item:logits-graph", "item:graph-drawn", "figure"] name="logits-make-dot"
dot = graph.make_dot(loss, params={"w": w, "b": b})
plots.drawing(dot, alt="torchviz's graph of the classifier: w, a product, a sum with b, the loss.")

# %% tags=["item:logits-graph", "item:graph-drawn", "figure"] name="logits-recorded"
with graph.record(loss) as recorded:
    loss.backward()
recorded

# %% [markdown] name="read-logits"
# Two things to see. `matmul` of a vector and a matrix was *one* call, but it left two nodes: torch makes the vector a matrix of one
# row, multiplies, and takes the row out again. (The first of these steps concerns `x` alone, so it was not recorded.) And the
# whole loss is *one* node. What leaves it is the formula above:

# %% tags=["item:logits-graph", "nbval-check-output", "tolerance:±1e-6"] name="logits-by-hand"
grad_z = (torch.sigmoid(z) - y) / 3  # (3,)
grad_w = x[:, None] * grad_z[None, :]  # (5, 1) times (1, 3): x times grad_z, entry by entry
compare_gradients({"b": grad_z, "w": grad_w}, {"b": b.grad, "w": w.grad}, columns=("formula", "autograd"))

# %% [markdown] name="stopping"
# ## 7. Where gradients stop
#
# *Core*
#
# Three ways to keep something out of the graph:
#
# | | what it does |
# |---|---|
# | `t.detach()` | gives a tensor with the same numbers (the same **memory**) and no history |
# | `with torch.no_grad():` | whatever is computed in the block is not recorded |
# | `with torch.inference_mode():` | the same, faster, and what is made there may **never** be saved for a backward pass |
#
# Commit to an answer. At $x = 3$, `s` is the square of `x`, made in three ways, and `y = s + 2 * x`:
#
# ```python
# s = (x * x).detach()                            # 1
# with torch.no_grad(): s = x * x                 # 2
# with torch.inference_mode(): s = x * x          # 3
# y = s + 2 * x
# y.backward()
# ```
#
# For each way: what is `x.grad`? Answer with three things, each a number or the word `"error"`, such as `(1, 2, "error")`.

# %% tags=["item:no-grad"]
answer = ...
### BEGIN SOLUTION
answer = (2, 2, 2)
### END SOLUTION
answer = check("autograd.predict_cut", answer)

# %% tags=["item:no-grad", "nbval-check-output"] name="cut-shown"
x = torch.tensor(3.0, requires_grad=True)
squares = {"detach": (x * x).detach()}
with torch.no_grad():
    squares["no_grad"] = x * x
with torch.inference_mode():
    squares["inference_mode"] = x * x
for way, s in squares.items():
    for words, combined in {"s + 2 * x": lambda: s + 2 * x, "s * x": lambda: s * x}.items():
        x.grad = None
        try:
            combined().backward()
            print(f"{way:14}", f"{words:9}", x.grad.item())
        except RuntimeError as error:
            print(f"{way:14}", f"{words:9}", str(error).split(". ")[0])

# %% [markdown] name="which-stop"
# In a sum `s` is a constant in all three ways. A product has to save `s` for the way back, since `s` is the slope of `s * x`; what was
# made in `inference_mode` may not be saved, and there is the error.
#
# Use `detach` to cut *one* tensor, for a plot or for a target that should stand still; `no_grad` for updates and evaluation;
# `inference_mode` where nothing will ever be trained from the result (it refuses as early as `s * x`). And remember that a detached tensor shares its memory:

# %% tags=["item:no-grad", "nbval-check-output"] name="detached-shares"
x = torch.ones(3, requires_grad=True)
picture = x.detach()
picture *= 100  # "only for the plot"
print("x is now", x.tolist())

# %% [markdown] name="ask-mend-total"
# ## Mend it: losses that nobody learns from
#
# *Deeper ground: a program that runs and is wrong.*
#
# One fit for several groups of data, held small by a penalty. The program below runs, and its total even falls. But the weights
# only shrink: whatever the groups say makes no difference. Mend it.


# %% tags=["item:no-grad"]
@exercise("autograd.mend_total")
def fit_groups(groups, w, penalty, rate, steps):
    """Return the weights of a linear fit after some steps of descent, shape (D,), and the total before each step.

    groups : pairs of inputs, shape (N, D), and targets, shape (N,), with an N of each group's own
    w : the start, shape (D,), which stays as it is
    penalty, rate, steps : numbers
    The total is the sum of the groups' mean squares, and penalty times the sum of the squares of w; the totals are numbers.
    """
    w = w.clone().requires_grad_()
    totals = []
    for _ in range(steps):
        losses = [((x @ w - y) ** 2).mean() for x, y in groups]
        ### BEGIN SOLUTION
        total = torch.stack(losses).sum() + penalty * (w**2).sum()
        ### BROKEN
        # total = torch.tensor(losses).sum() + penalty * (w**2).sum()
        ### END SOLUTION
        w.grad = None
        total.backward()
        with torch.no_grad():
            w -= rate * w.grad
        totals.append(total.item())
    return w.detach(), totals


# %% [markdown] name="hooks"
# ## 8. Hooks: looking into a backward pass
#
# *Deeper ground: to look, and to interfere.*
#
# A hook is a function that torch calls during backward. On a **tensor** it receives the gradient when that is complete. If
# the hook returns something, that takes the gradient's place. So hooks can print, record, shorten, and also falsify.
#
# Commit to an answer. At $x = 1$:
#
# ```python
# h = 3 * x
# h.register_hook(lambda grad: 2 * grad)
# y = h * h + x
# y.backward()
# ```
#
# What is `x.grad`? (Without the hook it would be $2 \cdot 3 \cdot 3 + 1 = 19$.)

# %% tags=["item:hooks"]
grad = ...
### BEGIN SOLUTION
grad = 37
### END SOLUTION
grad = check("autograd.predict_hook", grad)

# %% tags=["item:hooks", "nbval-check-output"] name="hook-shown"
x = torch.tensor(1.0, requires_grad=True)
h = 3 * x
handle = h.register_hook(lambda grad: 2 * grad)
y = h * h + x
y.backward(retain_graph=True)
print("with the hook   ", x.grad.item())
handle.remove()
x.grad = None
y.backward()
print("after remove()  ", x.grad.item())

# %% [markdown] name="ask-factor"
# The same computation with other factors than 2 in the hook; look at the way that the factor takes through the graph.


# %% tags=["item:hooks", "figure"] name="hook-moved"
def with_hook(factor):
    """The recorded graph of h * h + x, h = 3 x at x = 1, with a hook on h that multiplies its gradient."""
    start = torch.tensor(1.0, requires_grad=True)
    middle = 3 * start
    middle.register_hook(lambda grad: factor * grad)
    end = middle * middle + start
    with graph.record(end) as recorded:
        end.backward()
    return recorded


question = "With which factor does x.grad become 1?"
factors = [-1, 0, 0.5, 1, 2, 3]
plots.explore(with_hook, {"factor": factors}, start=(1,), question=question, guess=..., answer="With 0.")

# %% [markdown] name="hook-moved-read"
# With 0 nothing comes through $h$, and only the 1 of the direct way is left: $18 \cdot \text{factor} + 1$.

# %% [markdown] name="node-hooks"
# Keep the handle, and remove the hook when you are done; a hook that was forgotten in a notebook goes on changing gradients. If you only want to
# *see* the gradient of a tensor in between, `h.retain_grad()` is enough: it makes torch fill in `h.grad`.
#
# **Nodes** take hooks too. `register_prehook` sees what a node receives, `register_hook` what it emits as well. (`graph.record` is
# made of these.)

# %% tags=["item:hooks", "nbval-check-output"] name="node-hooks-shown"
h = 3 * x
h.retain_grad()
y = h * h
y.grad_fn.register_prehook(lambda received: print("the product receives", [g.item() for g in received]))
y.grad_fn.register_hook(lambda sent, received: print("the product emits   ", [g.item() for g in sent]))
y.backward()
print("h.grad, the sum of both:", h.grad.item())

# %% [markdown] name="in-place"
# ## 9. In-place errors
#
# *Core*
#
# The quiz of the last notebook asked what happens if numbers change between forward and backward: your engine gave a wrong
# gradient and no error. Torch counts instead. Every tensor has a version number, each in-place operation raises it, and a node
# remembers the version that it saved.
#
# **Commit to an answer.** One of these two raises an error in backward. Which, and why not the other?
#
# ```python
# e = x.exp()          # A
# e += 1
# e.sum().backward()
#
# p = x * 3            # B
# p += 1
# p.sum().backward()
# ```

# %% name="guess-in-place"
guess = ...  # "A" or "B"

# %% tags=["item:in-place"] name="in-place-both"
x = torch.zeros(3, requires_grad=True)
for name, result in {"A": x.exp(), "B": x * 3}.items():
    before = result._version
    result += 1
    print(f"{name}: version {before} before, {result._version} after")
    try:
        result.sum().backward()
        print("   no error, x.grad is", x.grad.tolist())
    except RuntimeError as error:
        print("   RuntimeError:", str(error).split(" Hint:")[0])

# %% [markdown] name="in-place-why"
# It is A. The way back of $e^x$ multiplies by its own **result** (you wrote it like that in notebook 04), and the result was
# overwritten. The way back of $3x$ needs only the 3. Read the message again: it names the shape, the node (`Exp`), and both versions. The mend is
# nearly always the same: `e = e + 1` instead of `e += 1`.
#
# There is one way around the counter, and it is the reason why `.data` is best left alone. It gives you the numbers, with a counter of their own:

# %% tags=["item:in-place", "item:old-code", "nbval-check-output"] name="data-is-silent"
x.grad = None
e = x.exp()  # ones
e.data += 1  # nobody counts this
e.sum().backward()
print("right would be", x.exp().tolist(), " silently wrong:", x.grad.tolist())

# %% [markdown] name="in-place-detach"
# The same with `e.detach().add_(1)` raises the error that you saw, because a detached tensor shares the counter too.

# %% tags=["item:in-place"] name="detach-is-loud"
e = x.exp()
e.detach().add_(1)
with expect(RuntimeError):
    e.sum().backward()

# %% [markdown] name="ask-freeze"
# ## 10. Freezing a layer half-way
#
# *Deeper ground: a layer that stands still for a while.*
#
# Sometimes a part of a network shall stay as it is: a layer that was trained before, or one that you distrust. `w.requires_grad_(False)`
# **freezes** a leaf: from the next forward pass on it is not in the graph. `w.requires_grad_(True)` thaws it.
#
# One thing is easily forgotten. If nobody has cleared it, the frozen weight still holds its last gradient, and an update that
# moves "every weight that has a gradient" (as torch's own optimisers do) pushes it with that one. Our loops clear after every
# update, but do not rely on the loop: who freezes a weight drops its gradient as well.


# %% tags=["item:freezing"]
@exercise("autograd.set_trainable")
def set_trainable(weights, trainable):
    """Freeze (trainable False) or thaw (trainable True) leaf tensors, in place.

    weights : list of leaf tensors    trainable : True or False
    A frozen tensor asks for no gradient and holds none: its .grad is None. A thawed one asks again;
    what its .grad holds until the next backward is up to you. Returns nothing.
    """
    ### BEGIN SOLUTION
    for w in weights:
        w.requires_grad_(trainable)
        if not trainable:
            w.grad = None
    ### END SOLUTION


# %% [markdown] name="freeze-run"
# We train for 30 steps and freeze `w1` from step 10 to step 19. The graph of every step is recorded. Look at the drawing *after
# backward* in section 2 once more: it has eight boxes. **Commit to an answer**: which of them are missing in step 10?

# %% name="guess-frozen"
guess = ...  # their numbers, such as [4, 5]

# %% tags=["item:freezing"] name="freeze-train"
x, y, w1, w2 = models.two_layer_data((N, D_in, H, D_out), device=device)
start = {"w1": w1.clone(), "w2": w2.clone()}
moved, recordings = {"w1": [], "w2": []}, []
set_trainable([w1, w2], True)
for step in range(30):
    if step in (10, 20):
        set_trainable([w1], step == 20)
    loss = (x.mm(w1).clamp(min=0).mm(w2) - y).pow(2).sum()
    with graph.record(loss, params={"w1": w1, "w2": w2}) as recorded:
        loss.backward()
    recordings.append(recorded)
    with torch.no_grad():
        for name, w in {"w1": w1, "w2": w2}.items():
            if w.grad is not None:
                w -= learning_rate * w.grad
                w.grad = None
            moved[name].append((w - start[name]).norm().item())

# %% tags=["item:freezing", "item:graph-drawn", "figure"] name="freeze-graphs"
plots.beside({"step 9: w1 is trained": recordings[9], "step 10: w1 is frozen": recordings[10]})

# %% [markdown] name="read-freeze"
# Three boxes are missing, 6, 7 and 8. Not only is `w1` gone: what led to `w1` alone went with it, so the backward pass has become
# shorter. There is no product for `grad_w1`, the largest matrix of all, and no clamp. The forward pass costs what it always did.

# %% tags=["item:freezing", "nbval-check-output"] name="freeze-counted"
ran = {step: [n.name if n.is_leaf else n.op for n in recordings[step].order] for step in (9, 10, 20)}
print("nodes that ran in steps 9, 10 and 20:", [len(names) for names in ran.values()])
print("not in step 10:", ", ".join(f"{k} {ran[9][k - 1]}" for k in (6, 7, 8)))
assert ran[10] == ran[9][:5] and ran[20] == ran[9]
print("w1's distance from its start:", ", ".join(f"step {step} {moved['w1'][step]:.2f}" for step in (8, 9, 10, 19, 20)))
assert moved["w1"][9] == moved["w1"][19] != moved["w1"][20]

# %% tags=["item:freezing", "figure"] name="freeze-drawn"
plots.lines(moved, xlabel="step", ylabel="distance from start", title="w1 frozen from step 10 to 19")

# %% [markdown] name="broken"
# ## 11. Four broken programs
#
# *Deeper ground: four programs that you meet on forums.*
#
# You have met the errors of autograd one at a time, each a line away from its cause. In a program they are further apart. The
# message comes from `backward`, and the line at fault stands somewhere in the forward pass. Some faults have no message at all.
#
# `graph.explain` is a block that you put around a program. It watches forward and backward, changes no gradient, and when
# the block ends it says what was wrong, and in which line. An exception passes through it; before that it shows what it found.
#
# Each of the next four programs has one fault. Read it, **commit to an answer**, then run it and read the finding. (For a program
# without a message, `found` at the end of the cell shows it.) All four train this small net:

# %% tags=["item:explain"] name="broken-data"
torch.manual_seed(0)
x, y = torch.randn(16, 5), torch.randn(16, 2)  # (N, D_in), (N, D_out)


def two_weights():
    """New weights for 7 hidden units: w1 (5, 7) and w2 (7, 2)."""
    return torch.randn(5, 7, requires_grad=True), torch.randn(7, 2, requires_grad=True)


# %% [markdown] name="broken-cut"
# **Program 1** keeps the hidden units for a plot. It raises nothing. Which of the weights does not learn?

# %% name="guess-cut"
guess = ...  # "w1" or "w2"


# %% tags=["item:explain", "item:no-grad", "figure"] name="broken-1"
def predict(x, w1, w2):
    """The two-layer net; keeps the hidden units for a plot."""
    h = (x @ w1).relu().detach()  # (N, H)
    for_plot.append(h)
    return h @ w2  # (N, D_out)


for_plot = []
w1, w2 = two_weights()
with graph.explain() as found:
    (predict(x, w1, w2) - y).pow(2).mean().backward()
found

# %% [markdown] name="broken-cut-read"
# It is `w1`, which lies behind the cut: the drawing ends at the product with `w2`. The loss would even fall, because `w2` learns.
# Detach what goes into the plot, `for_plot.append(h.detach())`, and not what goes on.
#
# **Program 2** wants smaller weights. Torch will say nothing here. What is `w1.grad` afterwards?

# %% name="guess-leaf"
guess = ...  # "its gradient", "zero" or "None"

# %% tags=["item:explain", "item:leaves", "nbval-check-output"] name="broken-2"
w1, w2 = two_weights()
w1 = 0.1 * w1
with graph.explain() as found:
    ((x @ w1).relu() @ w2 - y).pow(2).mean().backward()
print(found.sentence)

# %% [markdown] name="broken-leaf-read"
# The name `w1` was moved from the leaf to a product. The gradient flows on to the leaf, which nobody can reach any more, and an
# update of `w1` has nothing to go by. `w1.to(device)` does the same, where it has anything to move. So compute first, and ask for gradients last:
# `w1 = (0.1 * torch.randn(5, 7)).requires_grad_()`.
#
# **Program 3** saves memory: it changes three tensors in place. One of the three lines breaks `backward`. Which?

# %% name="guess-changed"
guess = ...  # "A", "B" or "C"

# %% tags=["item:explain", "item:in-place"] name="broken-3"
w1, w2 = two_weights()
with expect(RuntimeError), graph.explain() as found:
    h = x @ w1  # (N, H)
    h += 1  # A
    h = h.tanh()
    errors = h @ w2  # (N, D_out)
    h *= 2  # B
    errors -= y  # C
    errors.pow(2).mean().backward()

# %% [markdown] name="broken-changed-read"
# Compare the two messages. Torch's names what the tensor is *now*, output 0 of `Mul`. The finding names the line that
# changed it and the two that had kept it: the tanh keeps its result (its slope is $1 - h^2$), the product keeps $h$ for the gradient of `w2`. A
# is harmless, since a product does not keep its own result, and so is C. The mend is `h = 2 * h`.
#
# **Program 4** trains. The penalty on large weights does not depend on the data, so it is computed once. In which step does
# the loop stop?

# %% name="guess-step"
guess = ...  # 0, 1, 2 or "in none"

# %% tags=["item:explain", "item:retain-graph"] name="broken-4"
w1, w2 = two_weights()
with expect(RuntimeError), graph.explain() as found:
    penalty = 0.001 * (w1.pow(2).sum() + w2.pow(2).sum())
    for step in range(3):
        loss = ((x @ w1).relu() @ w2 - y).pow(2).mean() + penalty
        loss.backward()
        with torch.no_grad():
            for w in (w1, w2):
                w -= 0.01 * w.grad
                w.grad = None

# %% [markdown] name="broken-again-read"
# In step 1. Step 0 walked back through `penalty` and freed it; the loss of step 1 is new, but `penalty` is not. `retain_graph=True`, which torch's
# message offers, would only hide it: the penalty would stay that of the first weights. Weights that have changed need a penalty
# that is computed anew, inside the loop:

# %% tags=["item:explain", "item:training", "nbval-check-output"] name="mended-4"
w1, w2 = two_weights()
with graph.explain(params={"w1": w1, "w2": w2}) as found:
    for step in range(3):
        penalty = 0.001 * (w1.pow(2).sum() + w2.pow(2).sum())
        loss = ((x @ w1).relu() @ w2 - y).pow(2).mean() + penalty
        loss.backward()
        with torch.no_grad():
            for w in (w1, w2):
                w -= 0.01 * w.grad
                w.grad = None
print(found.sentence)

# %% [markdown] name="broken-end"
# That is what it says of a program in which nothing is wrong. Put the block around a program of your own: the mend of the first
# finding is the first thing to try.

# %% [markdown] name="functional"
# ## 12. torch.func: gradients of functions
#
# *Deeper ground: needs your `jacobian` of section 5, or ours.*
#
# Everything so far hung on tensors: `.grad`, flags, graphs. `torch.func` thinks as mathematics does. You hand it a
# **function** and get a function back. Nothing is accumulated and there is nothing to clear. Let us hold it against what you made by hand.

# %% tags=["item:torch-func"] name="func-functions"
from torch.func import grad, hessian, jacrev, vjp


def f(x):
    """Three numbers to two."""
    return torch.stack([x[0] * x[1] ** 2, x.sin().sum()])  # (2,)


def scalar_loss(x):
    """Three numbers to one."""
    return (f(x) ** 2).sum()


x = torch.tensor([1.0, 2.0, 3.0])

# %% tags=["item:torch-func", "nbval-check-output", "tolerance:±1e-4"] name="func-grad-vjp"
leaf, by_hand = x.clone().requires_grad_(), {}
scalar_loss(leaf).backward()
by_hand["grad"], leaf.grad = leaf.grad, None

arriving = torch.tensor([1.0, 10.0])  # (2,)
f(leaf).backward(arriving)
by_hand["vjp"], leaf.grad = leaf.grad, None
by_hand["jacrev"] = jacobian(f(leaf), leaf)

y, pull_back = vjp(f, x)
by_torch = {"grad": grad(scalar_loss)(x), "vjp": pull_back(arriving)[0], "jacrev": jacrev(f)(x)}
compare_gradients(by_hand, by_torch, columns=("backward", "torch.func"))

# %% [markdown] name="hessian"
# The second derivatives, too. The Hessian is the Jacobian *of the gradient*. For that the gradient must itself
# be recorded, and `create_graph=True` sees to it. (`torch.autograd.grad` returns gradients instead of writing them into `.grad`.) Then
# your `jacobian` can take it from there:

# %% tags=["item:torch-func", "nbval-check-output", "tolerance:±1e-3"] name="func-hessian"
leaf = x.clone().requires_grad_()
(gradient,) = torch.autograd.grad(scalar_loss(leaf), leaf, create_graph=True)  # (3,), with a grad_fn
by_hand = jacobian(gradient, leaf)  # (3, 3)
by_torch = hessian(scalar_loss)(x)
compare_gradients({"hessian": by_hand}, {"hessian": by_torch}, columns=("by hand", "torch.func"))
print(f"largest difference from its own transpose: {abs(by_hand - by_hand.T).max():.0e}")
assert torch.allclose(by_torch, by_hand, atol=1e-4), (
    'is your `jacobian` right? lend("autograd.jacobian") puts ours in its place'
)

# %% [markdown] name="old-code"
# ## 13. Reading old code
#
# *Deeper ground: what old programs mean today.*
#
# Until 2018 a tensor could not have a gradient; one wrapped it into a `Variable`. Code from then is still on the web, and its
# habits are still copied. You should be able to read it:
#
# ```python
# w = Variable(torch.randn(3).type(torch.cuda.FloatTensor), requires_grad=True)
# x = Variable(torch.randn(3).type(torch.cuda.FloatTensor))
# loss = (w * x).sum()
# loss.backward(retain_variables=True)
# print(loss.data[0], loss.creator)
# w.data -= 0.1 * w.grad.data
#
# x_test = Variable(torch.randn(3).type(torch.cuda.FloatTensor), volatile=True)
# print((w * x_test).sum().data[0])
# ```
#
# The first six lines train, the last two only look at a result. Word for word, today:

# %% tags=["item:old-code", "nbval-check-output"] name="variable-today"
from torch.autograd import Variable

w = Variable(torch.ones(3), requires_grad=True)
print("Variable makes a", type(w).__name__, "with requires_grad", w.requires_grad)

# %% tags=["item:old-code"] name="volatile-today"
with expect(UserWarning):
    x_test = Variable(torch.ones(3), volatile=True)
print("recorded all the same:", (w * x_test).requires_grad)

# %% [markdown] name="volatile-words"
# `volatile=True` on *one* tensor once switched recording off for everything computed from it: `w * x_test` had no history although
# `w` asked for gradients, and `backward` on it was an error. So people marked the data on which they only evaluated. Today the word
# does *nothing*, with a warning: code that relied on it runs, and records, and fills the memory. The other words are gone, and say so:

# %% tags=["item:old-code"] name="gone-today"
loss = (w * w).sum()
with expect(AttributeError):
    print(loss.creator)
with expect(TypeError):
    loss.backward(retain_variables=True)
with expect(IndexError):
    print(loss.data[0])

# %% tags=["item:old-code"] name="cuda-type-today"
try:
    print(torch.cuda.FloatTensor(3).shape)
except (TypeError, RuntimeError) as error:
    print("without CUDA:", str(error).split(":")[0])
today = torch.randn(3, device=device)
print("today:", tuple(today.shape), "on", today.device, "which old code calls", today.type())

# %% [markdown] name="old-table"
# | then | now |
# |---|---|
# | `Variable(t, requires_grad=True)` | `t.requires_grad_()`; every tensor can |
# | `Variable(t, volatile=True)` | `with torch.no_grad():` around what is computed from `t` |
# | `y.creator` | `y.grad_fn` |
# | `backward(retain_variables=True)` | `backward(retain_graph=True)` |
# | `loss.data[0]` | `loss.item()` |
# | `w.data -= ...` | `with torch.no_grad(): w -= ...` |
# | `t.data` to look at numbers | `t.detach()`, whose changes are counted |
# | `torch.cuda.FloatTensor(3)`, `t.type(torch.cuda.FloatTensor)` | `torch.empty(3, device="cuda")`, `t.to("cuda", torch.float32)` |
#
# The old lines, rewritten:

# %% tags=["item:old-code", "nbval-check-output"] name="old-code-rewritten"
w = torch.ones(3, device=device, requires_grad=True)
x = torch.ones(3, device=device)
loss = (w * x).sum()
loss.backward(retain_graph=True)
print(loss.item(), type(loss.grad_fn).__name__)
with torch.no_grad():
    w -= 0.1 * w.grad
    x_test = torch.ones(3, device=device)
    print(round((w * x_test).sum().item(), 3))

# %% [markdown] name="ask-mend-leaf"
# ## Mend it: a gradient that is None
#
# *Deeper ground: a program that stops.*
#
# The fit below stops in its first step, because `w.grad` is None although `backward` was called. Find out why, and mend it so
# that the fit begins where it should.


# %% tags=["item:training"]
@exercise("autograd.mend_leaf")
def fit(x, y, scale, rate, steps):
    """Return the weights of a linear fit, shape (D,), after some steps of descent on the mean square.

    x : inputs, shape (N, D); y : targets, shape (N,), of the same float dtype
    scale : the number that every weight begins at
    rate, steps : the learning rate, and how many steps are made
    """
    ### BEGIN SOLUTION
    w = (scale * torch.ones(x.shape[1], dtype=x.dtype)).requires_grad_()
    ### BROKEN
    # w = scale * torch.ones(x.shape[1], dtype=x.dtype, requires_grad=True)
    ### END SOLUTION
    for _ in range(steps):
        loss = ((x @ w - y) ** 2).mean()
        loss.backward()
        with torch.no_grad():
            w -= rate * w.grad
        w.grad = None
    return w.detach()


# %% [markdown] name="ask-dress-or-coat"
# ## Capstone: dress or coat, from an empty cell
#
# *Deeper ground: a whole program of your own. Nothing later needs it.*
#
# Everything that a classifier needs you have met: parameters, a loss, `backward`, a step, cleared gradients. Now write one with
# autograd alone, without `nn`, `optim` or `functional`. The images are 14 by 14 pixels, rows of 196 numbers from 0 to 255:
# `learn_x`, shape (900, 196), to learn from, with `learn_y`, 1 for a coat and 0 for a dress; `test_x` and `test_y`, 300 more, to
# measure with and not to learn from.
#
# The score of an image is a weighted sum of its pixels and `b`; the probability of a coat is the sigmoid of the score. With pixels up
# to 255 scores come to hundreds, where the sigmoid is flat; you may scale the pixels first. Leave four things behind:
#
# - `w` and `b`, float32 tensors of 196 numbers and of one;
# - `predict`, a function from images with pixels from 0 to 255, shape (N, 196), to the probabilities of a coat, shape (N,); what
#   the training did to the pixels it does itself;
# - `accuracy`, the share of the test images that it gets right.
#
# **What counts:** 88 % of 200 images that your program cannot see, and probabilities that can be trusted (a mean of minus their
# logarithms below 0.4). Torch's functions of tensors are allowed, `torch.sigmoid` too. What you print is shown as it comes; a
# minute is the limit.

# %% tags=["reference"] name="dresses-and-coats"
from tutor import data, program

clothes = data.FashionMNIST(data.sample_folder(), train=True)
two_kinds = (clothes.targets == 3) | (clothes.targets == 4)  # dresses and coats
small = clothes.data[two_kinds].float().view(-1, 14, 2, 14, 2).mean((2, 4)).flatten(1)
coat = (clothes.targets[two_kinds] == 4).float()
learn_x, learn_y, test_x, test_y = small[:900], coat[:900], small[900:], coat[900:]

# %%
program("autograd.dress_or_coat")

### BEGIN SOLUTION
w = torch.zeros(196, requires_grad=True)
b = torch.zeros((), requires_grad=True)


def scores(x):
    return x / 255 @ w + b


for step in range(100):
    p = torch.sigmoid(scores(learn_x))
    loss = -(learn_y * p.log() + (1 - learn_y) * (1 - p).log()).mean()
    loss.backward()
    with torch.no_grad():
        w -= 0.2 * w.grad
        b -= 0.2 * b.grad
    w.grad = b.grad = None


def predict(x):
    return torch.sigmoid(scores(x))


accuracy = ((predict(test_x) > 0.5) == (test_y == 1)).float().mean().item()
### END SOLUTION

# %% [markdown] name="recap"
# ## Recap
#
# *Core*
#
# | your engine | torch | and what to remember |
# |---|---|---|
# | every tensor remembers | `requires_grad=True` at the leaves | results inherit it; integers cannot have it |
# | `vjp` | `grad_fn` | a tensor that was not recorded has none |
# | `parents` | `next_functions` | `None` where no gradient is wanted |
# | `parent.grad += …` | `AccumulateGrad` | clear the gradients in every step |
# | `backward()` from one number | `backward(gradient)` | `gradient` is what arrives, and has the shape of the result |
# | arrays kept for ever | kept for one backward | `retain_graph=True` keeps them once more |
# | changes go unnoticed | version numbers | `.data` is not counted |
# | no way to stop | `detach`, `no_grad`, `inference_mode`, `requires_grad_(False)` | one tensor, a block, a block for good, a leaf |
# | no way to look | hooks | what a hook returns replaces the gradient |
# | nothing says what is wrong | `graph.explain` | the line at fault is rarely the line that raises |
#
# ### What changed since the last notebook
#
# The loop is the same. Your `Tensor` became torch's, which asks which tensors want a gradient, and which must be told when not to record:
#
# <!-- diff: own_autograd/train-two-layer autograd/train-two-layer -->

# %% [markdown] name="quiz"
# ## Self-check
#
# *Deeper ground: asks about all sections.*
#
# Answer in your head, then open.
#
# <!-- drills: leaves -->
# <details><summary>1. Which of these is a leaf: a weight, the data, the loss, <code>w.detach()</code>, <code>w * 2</code>?</summary>
#
# The weight, the data and <code>w.detach()</code>: none of them has a <code>grad_fn</code>. A leaf need not require a gradient.
# </details>
#
# <!-- drills: graph-drawn -->
# <details><summary>2. <code>graph.trace((w * x + w) * w)</code>, where only <code>w</code> asks for a gradient: how many operations do you see, and how many arrows end at <code>w</code>?</summary>
#
# Three operations and three arrows, one for each place where <code>w</code> stands. The three contributions are added up in
# its one AccumulateGrad. <code>x</code> is not in the drawing.
# </details>
#
# <!-- drills: vjp -->
# <details><summary>3. <code>y</code> has the shape (4, 3). What shape must <code>gradient</code> have in <code>y.backward(gradient)</code>, and what does it stand for?</summary>
#
# The shape (4, 3). It is the gradient of some scalar loss with respect to <code>y</code>, one number for each entry.
# </details>
#
# <!-- drills: logits-graph -->
# <details><summary>4. <code>z</code> is 200 where <code>y</code> is 0, as wrong as can be. What arrives at <code>z</code> from <code>binary_cross_entropy_with_logits(z, y)</code>, and what from <code>binary_cross_entropy(torch.sigmoid(z), y)</code>?</summary>
#
# From the first $\sigma(z) - y = 1$. From the second 0, so nothing is learned: in float32 $\sigma(200)$ is exactly 1, and
# the sigmoid, now a node of its own, multiplies by its slope $\sigma\,(1 - \sigma) = 0$.
# </details>
#
# <!-- drills: retain-graph -->
# <details><summary>5. Your loop says "Trying to backward through the graph a second time". You call backward once in each step. How can that be?</summary>
#
# Something of an earlier step's graph is still in use: a hidden state, a running total of losses on which you call
# <code>backward()</code>, a result computed once before the loop. Detach it, or compute it inside.
# </details>
#
# <!-- drills: no-grad -->
# <details><summary>6. You evaluate a model in a loop, add up <code>total += loss</code>, and memory grows. Why, and what are the two mends?</summary>
#
# <code>total</code> keeps the graph of every batch. Take the number, <code>loss.item()</code>, or evaluate under
# <code>torch.no_grad()</code>.
# </details>
#
# <!-- drills: in-place -->
# <details><summary>7. One of these fails in backward: <code>s = x.sigmoid(); s *= 2</code> or <code>c = x.cos(); c *= 2</code>. Which?</summary>
#
# The sigmoid: its slope $s\,(1 - s)$ is made of its own result, which has been overwritten. The slope of the cosine,
# $-\sin x$, needs <code>x</code>, and nobody touched that.
# </details>
#
# <!-- drills: explain -->
# <details><summary>8. <code>w = torch.randn(3, requires_grad=True).to("cuda")</code>: no error, and <code>w.grad</code> stays <code>None</code>. Why does the same line work on a machine without a GPU, if <code>"cpu"</code> stands there?</summary>
#
# Where there is something to move, <code>to</code> is an operation: <code>w</code> names its result, and the leaf has no name any more.
# Where there is nothing to move, it returns the very tensor that it was given, which is the leaf.
# </details>
#
# <!-- drills: torch-func -->
# <details><summary>9. <code>f</code> takes 4 numbers to 3. Why does <code>grad(f)</code> refuse it, what do you take instead, and what shape comes out?</summary>
#
# A gradient is that of *one* number. <code>jacrev(f)(x)</code> has the shape (3, 4). If you know what arrives at the result,
# <code>vjp(f, x)</code> gives the product with it, of shape (4,), and never builds the table.
# </details>
#
# <!-- drills: old-code -->
# <details><summary>10. An old evaluation loop says <code>x = Variable(x, volatile=True)</code> and <code>total += loss.data[0]</code>. Today one of the two lines fails. Which is the more dangerous one, and what do you write for both?</summary>
#
# <code>loss.data[0]</code> fails; write <code>loss.item()</code>. More dangerous is the other: it only warns, and from then on
# every batch is recorded. Put <code>with torch.no_grad():</code> around the evaluation.
# </details>

# %% name="see-progress"
progress()

# %% [markdown] name="onwards"
# ## Where to read on
#
# *Deeper ground: what others have written.*
#
# The next notebook adds operations of your own to torch's engine. PyTorch's notes on *Autograd mechanics* go through what
# was said here about saved tensors, versions and modes in every detail. For `torch.func`, and why a gradient should be a function of a
# function, read about *functorch* and about JAX, where the idea comes from. A small exercise without a checker: draw the graph of a loss
# in which a weight is used five times, and count the contributions on its edges.
