# %% [markdown] name="opening"
# # Your own function: torch.autograd.Function
#
# In notebook 05 autograd followed every operation and knew the way back by itself. It knows the way back of *its own*
# operations. Sooner or later you meet one that it does not know, or one whose gradient you know better: shorter, with
# less memory, or where there is none at all. Then you write both directions yourself, as in notebook 01, and hand them
# to autograd as one node of its graph.
#
# **You will be able to**
#
# - write `forward` and `backward` of a new operation and use it like any other;
# - prove a gradient with `gradcheck`, and a gradient of a gradient with `gradgradcheck`;
# - say what belongs into `save_for_backward`, and what goes wrong silently if it is kept elsewhere;
# - choose a subgradient at a kink, and train through a step that has no useful gradient;
# - make your operation work with `torch.func`.
#
# **You need** notebook 01 (gradients by hand) and notebook 05 (autograd). **It takes** about 25 minutes for the core,
# 145 with everything; the code runs in a few seconds on a laptop CPU.

# %% name="imports"
import gc
import math
import weakref

import numpy as np
import torch
from torch.autograd import gradcheck, gradgradcheck
from torch.autograd.function import once_differentiable

from tutor import check, exercise, expect, graph, hint, lend, models, plots, progress, solution

# %% [markdown] name="blind"
# ## 1. An operation that autograd cannot see
#
# *Core*
#
# Autograd records what torch computes. A step that NumPy computes leaves no trace in its graph, and so there is no way
# back through it. Torch does not let that happen unnoticed:

# %% tags=["item:function"] name="numpy-refused"
x = torch.linspace(-1, 1, 5, requires_grad=True)  # (5,)
with expect(RuntimeError):
    np.sin(x)

# %% [markdown] name="two-directions"
# `detach()`, which the message recommends, would silence the error and lose the gradient. Write down both directions
# instead:
#
# - **`forward`** computes the result. Autograd looks away while it runs, so any library may compute it. Only do not change
#   the inputs in place: that would have to be declared, with `ctx.mark_dirty`.
# - **`backward`** receives the gradient of the loss with respect to the *output* and returns the gradient with respect
#   to the *input*. That is the chain rule, one box of it:
#
# $$\underset{(N,)}{\text{grad}\_x} = \underset{(N,)}{\text{grad}\_\text{output}} \cdot \underset{(N,)}{\cos(x)}$$
#
# Both are static methods: there is no object, only the two directions. What the way back needs travels in **`ctx`**,
# a bag that exists once for every call.


# %% tags=["item:function"] name="numpy-sine"
class NumpySine(torch.autograd.Function):
    """sin(x), computed by NumPy."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.from_numpy(np.sin(x.detach().numpy()))

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors  # a tuple, also if it holds one tensor
        return grad_output * x.cos()


# %% tags=["item:function", "nbval-check-output", "tolerance:±1e-6"] name="apply"
from tutor.gradients import compare_gradients

y = NumpySine.apply(x)
y.backward(torch.arange(1.0, 6.0))  # what arrives is not all ones
print("requires_grad:", y.requires_grad, "  grad_fn:", type(y.grad_fn).__name__)
compare_gradients({"x": torch.arange(1.0, 6.0) * torch.cos(x)}, {"x": x.grad}, columns=("by hand", "NumpySine"))

# %% [markdown] name="apply-not-call"
# You call it through `apply`. That name comes from autograd: it makes the bag, runs `forward` with recording switched
# off and puts a node into the graph that will run `backward`. Calling the class itself makes an object of it, which
# is no tensor, and computes nothing:

# %% tags=["item:function"] name="class-called"
with expect(DeprecationWarning):
    result = NumpySine(x)
print("a tensor:", isinstance(result, torch.Tensor))

# %% [markdown] name="its-node"
# In the graph your operation is one node like any other, named after the class.

# %% tags=["item:function", "figure"] name="its-node-drawn"
w = torch.tensor(0.5, requires_grad=True)
loss = (NumpySine.apply(w * x) ** 2).sum()
graph.trace(loss)

# %% [markdown] name="ask-legendre"
# ## 2. The sine fit with a Legendre polynomial
#
# *Core*
#
# Now the sine fit, with another model. Instead of a plain cubic it uses the Legendre polynomial of degree 3, which
# lies in the middle of the model, so that a gradient has to come *through* it:
#
# $$\underset{(2000,)}{y_{pred}} = a + b\,P_3(\underset{(2000,)}{c + d\,x})
# \qquad P_3(x) = \tfrac12\,(5x^3 - 3x) \qquad P_3'(x) = \tfrac32\,(5x^2 - 1)$$
#
# The chain rule for one entry: what arrives times the slope at that entry,
#
# $$\underset{(N,)}{\text{grad}\_x} = \underset{(N,)}{\text{grad}\_\text{output}} \cdot \underset{(N,)}{P_3'(x)}$$
#
# Write both directions with torch operations. Keep `x` itself, with `save_for_backward`, and compute the slope in
# `backward`; sections 3 and 5 say why. The checker runs your function forward and backward with a gradient that is not
# all ones, asks the two judges of section 3, and does what section 5 does: it changes `x` in between.


# %% tags=["item:legendre", "item:function"]
@exercise("custom_function.legendre")
class LegendreP3(torch.autograd.Function):
    """The Legendre polynomial P3(x) = (5 x^3 - 3 x) / 2 of every entry, with its gradient by hand."""

    @staticmethod
    def forward(ctx, x):
        """Keep what backward needs, and return P3(x), of x's shape and dtype."""
        ### BEGIN SOLUTION
        ctx.save_for_backward(x)
        return 0.5 * (5 * x**3 - 3 * x)
        ### END SOLUTION

    @staticmethod
    def backward(ctx, grad_output):
        """Return the gradient with respect to x, of x's dtype; grad_output is that with respect to P3(x)."""
        ### BEGIN SOLUTION
        (x,) = ctx.saved_tensors
        return grad_output * 1.5 * (5 * x**2 - 1)
        ### END SOLUTION


# %% [markdown] name="fit"
# The step is that of notebook 05; only the model's line is new.


# %% tags=["item:legendre"] name="sine-step"
def sine_step(x, y, coefficients, learning_rate):
    """Take one step of gradient descent on the sum of squared errors of a + b P3(c + d x).

    x, y : (N,)
    coefficients : [a, b, c, d], leaf tensors of shape () that require gradients; changed in place
    Returns the loss before the step, as a Python number. The next step must find the gradients cleared.
    """
    a, b, c, d = coefficients
    y_pred = a + b * LegendreP3.apply(c + d * x)  # (N,)
    loss = ((y_pred - y) ** 2).sum()
    loss.backward()
    with torch.no_grad():
        for p in coefficients:
            p -= learning_rate * p.grad
            p.grad = None
    return loss.item()


# %% [markdown] name="optimum"
# How good can it get? Multiply $b\,P_3(d\,x)$ out and compare with the best cubic $b_1 x + b_3 x^3$ of the notebooks
# before (its other two coefficients are 0). Two equations, two unknowns:
#
# $$-\tfrac32\,b\,d = b_1, \quad \tfrac52\,b\,d^3 = b_3 \qquad\Rightarrow\qquad
# d = \sqrt{-\tfrac{3\,b_3}{5\,b_1}}, \quad b = -\frac{2\,b_1}{3\,d}$$
#
# So this model can do exactly as well as the cubic, and we know where its optimum lies.

# %% tags=["item:legendre", "nbval-check-output"] name="known-optimum"
x, y = models.sine_data()  # (2000,) each
cubic, best_loss = models.sine_optimum(x, y)
d_best = math.sqrt(-3 * cubic[3] / (5 * cubic[1]))
b_best = -2 * cubic[1] / (3 * d_best)
reached = (b_best * LegendreP3.apply(d_best * x) - y).pow(2).sum().item()
optimum = f"a = 0, b = {b_best:.3f}, c = 0, d = {d_best:.4f}"
print(f"optimum: {optimum}; its loss {reached:.3f}, the cubic's {best_loss:.3f}")

# %% [markdown] name="start"
# Published versions of this fit start at $a = c = 0$. There both gradients are zero, because a sine is odd, and
# neither number has anything to learn. We start elsewhere, at two learning rates: the one that tutorials copy from
# each other, and a larger one.

# %% tags=["item:legendre", "nbval-check-output"] name="run-fit"
for learning_rate in (5e-6, 7e-6):
    coefficients = [torch.tensor(start, requires_grad=True) for start in (0.5, -1.0, 0.3, 0.3)]
    losses = [sine_step(x, y, coefficients, learning_rate) for step in range(2000)]
    excess = losses[-1] / best_loss - 1
    a, b, c, d = (p.item() for p in coefficients)
    print(f"learning rate {learning_rate:.0e}: b = {b:.3f}, d = {d:.4f},", end=" ")
    print(f"{100 * excess:.2f} % above the optimum")
assert excess < 0.001 and abs(b - b_best) < 0.01 and abs(d - d_best) < 1e-3

# %% tags=["item:legendre", "figure"] name="fitted-curve"
y_pred = a + b * LegendreP3.apply(c + d * x)
plots.sine_fit(x.numpy(), y.numpy(), {"fitted with P3": y_pred.numpy()}, losses, best_loss)

# %% [markdown] name="one-node"
# Here is one step's graph, recorded with the gradients that flowed. On the left your node; on the right the same
# polynomial written with plain operations. How many nodes fewer has yours? **Commit to a number** before you run on; nobody
# checks it.

# %% name="guess-nodes"
fewer = ...


# %% tags=["item:legendre"] name="record-both"
def record(polynomial):
    """Record one backward pass of the sine fit with a given P3."""
    c, d = torch.tensor(0.3, requires_grad=True), torch.tensor(0.3, requires_grad=True)
    loss = ((-2 * polynomial(c + d * x) - y) ** 2).sum()
    with graph.record(loss) as recorded:
        loss.backward()
    return recorded


own = record(LegendreP3.apply)
plain = record(lambda x: 0.5 * (5 * x**3 - 3 * x))

# %% tags=["item:legendre", "figure"] name="graphs-drawn"
drawn = {f"your P3: {len(own.nodes)} nodes": own, f"plain operations: {len(plain.nodes)} nodes": plain}
plots.beside(drawn)

# %% [markdown] name="same-gradient"
# Four fewer, 9 against 13: a power, three products and a difference have become one node. The leaves `c` and `d` receive
# the same numbers in both, up to rounding (here without their signs, as the drawing's norms are):

# %% tags=["item:legendre", "nbval-check-output", "tolerance:1%"] name="same-in-both"
assert (len(own.nodes), len(plain.nodes)) == (9, 13)
received = [{leaf: recorded.find(leaf).grad.norm for leaf in ("c", "d")} for recorded in (plain, own)]
compare_gradients(*received, columns=("plain", "your P3"))

# %% [markdown] name="who-checks"
# Inside your node torch has nothing to say: it runs what you wrote, right or wrong. Somebody has to check.

# %% [markdown] name="gradcheck"
# ## 3. Two judges: gradcheck and gradgradcheck
#
# *Deeper ground: a derivative of your own, put to the test.*
#
# `gradcheck` is notebook 01's finite difference, done thoroughly. It nudges every input entry and looks at every output
# entry, and compares this table of slopes (the Jacobian) with the one that `backward` gives:
#
# $$\frac{\partial y_i}{\partial x_j} \approx \frac{y_i(x + \varepsilon e_j) - y_i(x - \varepsilon e_j)}{2\varepsilon}
# \qquad \text{a table of shape } (N_{in},\,N_{out})\text{: row } j,\text{ column } i$$
#
# (It is your `jacobian` of notebook 05, transposed.) It returns `True` or stops with both tables. Use it on every function that you write, with a handful of numbers.

# %% tags=["item:gradcheck", "nbval-check-output"] name="gradcheck-passes"
few = torch.tensor([-1.2, -0.4, 0.7, 1.1], dtype=torch.float64, requires_grad=True)  # (4,)
print("P3 passes gradcheck:       ", gradcheck(LegendreP3.apply, (few,)))
print("NumpySine passes gradcheck:", gradcheck(NumpySine.apply, (few,)))

# %% [markdown] name="careless"
# Does one really need it? This backward forgets what arrives. Under `y.sum().backward()` what arrives is all ones, and
# forgetting to multiply by one shows nowhere:


# %% tags=["item:gradcheck"] name="careless-cube"
class CarelessCube(torch.autograd.Function):
    """x^3 with a backward that ignores what arrives."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return 3 * x**2


# %% tags=["item:gradcheck", "nbval-check-output", "tolerance:±1e-9"] name="careless-passes"
(grad_few,) = torch.autograd.grad(CarelessCube.apply(few).sum(), few)
compare_gradients({"under a plain sum": 3 * few**2}, {"under a plain sum": grad_few}, columns=("3 x^2", "CarelessCube"))

# %% tags=["item:gradcheck"] name="careless-caught"
with expect(RuntimeError):
    gradcheck(CarelessCube.apply, (few,))

# %% [markdown] name="float64"
# Read the two tables: a row for each input entry, a column for each output entry. *Numerical* is what the nudges
# measured, *analytical* what `backward` says. An output depends on its own entry only, so everything off the diagonal
# has to be zero. The careless backward never asks which output the gradient came
# from, and so all its columns are equal.
#
# Give it float64. In float32 the outputs keep about seven digits, and a nudge of $10^{-6}$ drowns in the rounding. A
# right gradient then looks wrong:

# %% tags=["item:gradcheck"] name="gradcheck-float32"
few_float32 = few.detach().float().requires_grad_()
with expect(UserWarning):
    passed = gradcheck(LegendreP3.apply, (few_float32,), raise_exception=False)
print("a right gradient passes in float32:", passed)

# %% [markdown] name="double"
# ### The gradient of a gradient
#
# With `create_graph=True` autograd records your `backward` while it runs, and the gradient can be differentiated once
# more. Nothing is needed for that but a backward made of differentiable operations. For $P_3$ the second derivative
# is $15\,x$:

# %% tags=["item:double-backward", "nbval-check-output"] name="second-derivative"
(slope,) = torch.autograd.grad(LegendreP3.apply(few).sum(), few, create_graph=True)
(curvature,) = torch.autograd.grad(slope.sum(), few, retain_graph=True)
print("slope    ", [round(v, 3) for v in slope.tolist()])
print("curvature", [round(v, 3) for v in curvature.tolist()])
print("15 x     ", [round(v, 3) for v in (15 * few).tolist()])

# %% tags=["item:double-backward", "figure"] name="gradient-graph-drawn"
graph.trace(slope.sum())  # the graph of the gradient: the operations of your backward

# %% [markdown] name="early"
# Here is a tempting shortcut. `forward` has $x$ at hand, so why not compute the slope there and save *that*? The
# first gradient is right, and `gradcheck` is content.


# %% tags=["item:double-backward"] name="early-slope"
class EarlyP3(torch.autograd.Function):
    """P3 with its slope computed ahead of time."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(1.5 * (5 * x**2 - 1))
        return 0.5 * (5 * x**3 - 3 * x)

    @staticmethod
    def backward(ctx, grad_output):
        (slope,) = ctx.saved_tensors
        return grad_output * slope


# %% [markdown] name="early-second"
# But `forward` runs unrecorded, so the saved slope is just numbers, with no memory of `x`. Ask for the second
# derivative of $P_3(x)^2$, which is $2 P_3'(x)^2 + 2 P_3(x)\,P_3''(x)$. Which of the two terms will be missing?
# **Commit to an answer.**

# %% name="guess-term"
missing = ...  # 1 or 2

# %% tags=["item:double-backward", "nbval-check-output"] name="early-wrong"
p3, slope = 0.5 * (5 * few**3 - 3 * few), 1.5 * (5 * few**2 - 1)
one, two = 2 * slope**2, 2 * p3 * 15 * few
rows = {"term 1": one, "term 2": two, "both": one + two}
for function in (LegendreP3, EarlyP3):
    assert gradcheck(function.apply, (few,))  # both pass
    (first,) = torch.autograd.grad((function.apply(few) ** 2).sum(), few, create_graph=True)
    (rows[function.__name__],) = torch.autograd.grad(first.sum(), few)
for name, row in rows.items():
    print(f"{name:10}", "  ".join(f"{number:8.2f}" for number in row.tolist()))

# %% [markdown] name="gradgradcheck"
# No error, a wrong number. The backward returns `grad_output * slope`, and `grad_output` is here $2 P_3(x)$. By the product
# rule its derivative has two terms. Differentiating `grad_output` gives the first, which is there. Differentiating `slope`
# gives the second, $2 P_3\,P_3''$, which is missing: the saved slope is a constant.
#
# `gradgradcheck` finds the mistake: it runs `gradcheck` on your *backward*, as a function of $x$ (input 0) and of what
# arrives (input 1; torch draws it at random, here we let ones arrive).

# %% tags=["item:double-backward", "item:gradcheck"] name="early-caught"
print("your P3 passes:", gradgradcheck(LegendreP3.apply, (few,)))
arriving = torch.ones(4, dtype=torch.float64, requires_grad=True)
with expect(RuntimeError):
    gradgradcheck(EarlyP3.apply, (few,), (arriving,))

# %% [markdown] name="once"
# Read the tables as before. The numerical one says how `grad_x` moves when $x$ is nudged: by $15\,x$ on the diagonal, the
# curvature that you saw above. The analytical one is what autograd finds on its way back through your backward: zeros, for
# a constant does not move.
#
# Sometimes a backward cannot be differentiated, because NumPy computes it, say. Then put `@once_differentiable` on
# it: it turns a silent wrong number into an error.


# %% tags=["item:double-backward"] name="once-differentiable"
class HonestP3(EarlyP3):
    """The same shortcut, which says what it cannot do."""

    @staticmethod
    @once_differentiable
    def backward(ctx, grad_output):
        return grad_output * ctx.saved_tensors[0]


(first,) = torch.autograd.grad((HonestP3.apply(few) ** 2).sum(), few, create_graph=True)
with expect(RuntimeError):
    first.sum().backward()

# %% [markdown] name="ask-relu"
# ## 4. Kinks: ReLU and clamp
#
# *Deeper ground: functions with a corner.*
#
# A ReLU passes what is positive and blocks the rest, in both directions:
#
# $$\underset{(N,\,H)}{h_{relu}} = \max(h, 0) \qquad
# \underset{(N,\,H)}{\text{grad}\_h} = \begin{cases}\text{grad}\_\text{output} & h > 0\\ 0 & h < 0\end{cases}$$
#
# You have written this gate twice. Now make it a node. `grad_output` belongs to the graph, not to you: do not change it
# in place.


# %% tags=["item:relu"]
@exercise("custom_function.relu")
class ReLU(torch.autograd.Function):
    """max(h, 0) of every entry, with its gradient by hand, which may be asked for its own gradient."""

    @staticmethod
    def forward(ctx, h):
        """Keep what backward needs, and return h_relu, of h's shape, such as (N, H), and dtype."""
        ### BEGIN SOLUTION
        ctx.save_for_backward(h)
        return h.clamp(min=0)
        ### END SOLUTION

    @staticmethod
    def backward(ctx, grad_output):
        """Return the gradient with respect to h, given that with respect to h_relu; both of h's shape and dtype."""
        ### BEGIN SOLUTION
        (h,) = ctx.saved_tensors
        grad_h = grad_output.clone()
        grad_h[h < 0] = 0
        return grad_h
        ### END SOLUTION


# %% [markdown] name="train-net"
# It works wherever a ReLU does, in the two-layer net for instance, where autograd calls it between the two products:

# %% tags=["item:relu", "nbval-check-output", "tolerance:±0.1"] name="two-layer-gradients"
inputs, targets, w1, w2 = models.two_layer_data((64, 100, 50, 10))
gradients = []
for relu in (torch.relu, ReLU.apply):
    w1.requires_grad_(), w2.requires_grad_()
    loss = (relu(inputs.mm(w1)).mm(w2) - targets).pow(2).sum()
    gradients.append(dict(zip(("w1", "w2"), torch.autograd.grad(loss, (w1, w2)))))
compare_gradients(*gradients, columns=("torch.relu", "your ReLU"))

# %% [markdown] name="ask-kink"
# ### At exactly zero
#
# At the kink there is no slope. To the left it is 0, to the right 1, and **every number from 0 to 1** is called a
# *subgradient*: a line of that slope through the kink never rises above the curve. All of them are right, and any of
# them will do.
#
# Three functions of torch compute the same $\max(h, 0)$. At $h = 0$, `torch.relu` has the gradient 0. For
# `h.clamp(min=0)` it is 1 in torch 2.13 and 0 in torch 2.14: even the same function may choose anew. **Commit to an
# answer**: which gradient has `torch.maximum(h, zeros)` there, where neither of its two arguments is the larger one?

# %% tags=["item:relu", "item:clamp"]
at_zero = ...
### BEGIN SOLUTION
at_zero = 0.5
### END SOLUTION
at_zero = check("custom_function.predict_kink", at_zero)

# %% tags=["item:relu", "item:clamp"] name="three-kinks"
zero = torch.zeros(1, dtype=torch.float64, requires_grad=True)
others = {"maximum": lambda h: torch.maximum(h, torch.zeros_like(h)), "clamp": lambda h: h.clamp(min=0)}
slopes = {}
for name, relu in {"relu": torch.relu, **others}.items():
    (grad_zero,) = torch.autograd.grad(relu(zero).sum(), zero)
    slopes[name] = grad_zero.item()
    print(f"{name:8} value {relu(zero).item()}  gradient at 0: {slopes[name]}")
assert all(0 <= slope <= 1 for slope in slopes.values())

# %% [markdown] name="kink-gradcheck"
# A finite difference straddles the kink and measures the mean of both sides. So `gradcheck` has nothing to say at a
# kink: keep its inputs away from there.

# %% tags=["item:relu", "item:gradcheck"] name="gradcheck-at-kink"
with expect(RuntimeError):
    gradcheck(torch.relu, (zero,))

# %% [markdown] name="count"
# ### As many gradients as arguments
#
# `clamp(x, low, high)` has two kinks and three arguments. `backward` returns **one thing for each argument of
# `forward`**, in the same order; for what needs no gradient, such as a plain number, it is `None`. Here someone forgot:


# %% tags=["item:ctx"] name="one-too-few"
class Scale(torch.autograd.Function):
    """factor * x, for a plain number factor."""

    @staticmethod
    def forward(ctx, x, factor):
        ctx.factor = factor  # a plain number may be an attribute
        return factor * x

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output * ctx.factor  # and the second argument?


with expect(RuntimeError):
    Scale.apply(few, 3.0).sum().backward()

# %% [markdown] name="ask-clamp"
# Write `clamp` with both bounds. Between them the gradient passes, beyond them it is blocked:
#
# $$\underset{(N,)}{\text{grad}\_x} = \begin{cases}\text{grad}\_\text{output} & low < x < high\\ 0 & \text{beyond}\end{cases}$$


# %% tags=["item:clamp", "item:ctx"]
@exercise("custom_function.clamp")
class Clamp(torch.autograd.Function):
    """x cut off below low and above high, with its gradient by hand."""

    @staticmethod
    def forward(ctx, x, low, high):
        """Keep what backward needs, and return x, cut off at the numbers low and high, in x's shape and dtype."""
        ### BEGIN SOLUTION
        ctx.save_for_backward(x)
        ctx.low, ctx.high = low, high
        return x.clamp(low, high)
        ### END SOLUTION

    @staticmethod
    def backward(ctx, grad_output):
        """Return one thing for each argument of forward: the gradient with respect to x first, of x's dtype."""
        ### BEGIN SOLUTION
        (x,) = ctx.saved_tensors
        inside = (x > ctx.low) & (x < ctx.high)
        return grad_output * inside, None, None
        ### END SOLUTION


# %% tags=["item:clamp", "item:relu", "figure"] name="kinks-drawn"
line = torch.linspace(-2, 2, 401, requires_grad=True)
made = {"ReLU": ReLU.apply(line), "clamp(-1, 1)": Clamp.apply(line, -1.0, 1.0)}
slopes = {name: torch.autograd.grad(out.sum(), line)[0] for name, out in made.items()}
values = {name: out.detach().numpy() for name, out in made.items()}
slopes = {name: slope.numpy() for name, slope in slopes.items()}
drawn = {"value": values, "gradient": slopes}
plots.panels(line.detach().numpy(), drawn, xlabel="x", title="Your ReLU and your clamp")

# %% [markdown] name="needs"
# `ctx` knows one more thing. `ctx.needs_input_grad` says, argument by argument, whether anybody wants a gradient.
# Where it says no, return `None` and save the work. Data never want one:


# %% tags=["item:ctx", "nbval-check-output"] name="needs-input-grad"
class Product(torch.autograd.Function):
    """x @ w, which computes only the gradients that are wanted."""

    @staticmethod
    def forward(ctx, x, w):
        ctx.save_for_backward(x, w)
        return x @ w  # (N, D_out)

    @staticmethod
    def backward(ctx, grad_output):
        x, w = ctx.saved_tensors
        print("wanted (x, w):", ctx.needs_input_grad)
        grad_x = grad_output @ w.T if ctx.needs_input_grad[0] else None  # (N, D_in)
        grad_w = x.T @ grad_output if ctx.needs_input_grad[1] else None  # (D_in, D_out)
        return grad_x, grad_w


Product.apply(torch.ones(4, 3), torch.ones(3, 2, requires_grad=True)).sum().backward()

# %% [markdown] name="saving"
# ## 5. What save_for_backward is for
#
# *Deeper ground: memory, and who watches it.*
#
# `ctx` is an ordinary object. Why not `ctx.x = x`? Here are both, and an in-place change between forward and
# backward, such as `relu_` or `+=` would make in a real network:


# %% tags=["item:saving"] name="two-squares"
class Square(torch.autograd.Function):
    """x squared."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**2

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output * 2 * ctx.saved_tensors[0]


class SquareOnCtx(Square):
    """x squared, with x kept as an attribute."""

    @staticmethod
    def forward(ctx, x):
        ctx.x = x
        return x**2

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output * 2 * ctx.x


# %% [markdown] name="ask-in-place"
# ```python
# x = torch.tensor([3.0], requires_grad=True)
# h = x * 1
# y = SquareOnCtx.apply(h)
# h.mul_(10)
# y.backward()
# ```
#
# The output `y` is $x^2 = 9$ and stays 9. What is `x.grad.item()`? **Commit to it**: a number, or `"error"` if you
# expect one.

# %% tags=["item:saving"]
grad_at_three = ...
### BEGIN SOLUTION
grad_at_three = 60.0
### END SOLUTION
grad_at_three = check("custom_function.predict_in_place", grad_at_three)

# %% tags=["item:saving", "nbval-check-output"] name="silently-wrong"
start = torch.tensor([3.0], requires_grad=True)
h = start * 1
y = SquareOnCtx.apply(h)
h.mul_(10)
y.backward()
print(f"y = {y.item()}, its gradient at x = 3 should be 6.0; it is said to be {start.grad.item()}")

# %% [markdown] name="version-counter"
# No error, and a wrong number. `save_for_backward` notes the tensor's **version**, a counter that every
# in-place change raises, and compares it when you open the bag:

# %% tags=["item:saving"] name="noticed"
h = start * 1
y = Square.apply(h)
h.mul_(10)
with expect(RuntimeError):
    y.backward()

# %% [markdown] name="leak"
# The second reason is memory. If you keep an *output* as an attribute, it holds its node, the node holds the bag, and
# the bag holds the output: a circle that outlives the last use, and the graph behind it with it, until Python's garbage
# collector comes round. `save_for_backward` knows its outputs and ties no circle (and, as you saw in notebook 05, lets go of
# everything once backward is done).


# %% tags=["item:saving"] name="two-exponentials"
class Exp(torch.autograd.Function):
    """exp(x), which needs only its own result on the way back."""

    @staticmethod
    def forward(ctx, x):
        y = x.exp()
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output * ctx.saved_tensors[0]


class ExpOnCtx(Exp):
    """exp(x), with its result kept as an attribute."""

    @staticmethod
    def forward(ctx, x):
        ctx.y = x.exp()
        return ctx.y


# %% tags=["item:saving", "nbval-check-output"] name="outlives"
gc.disable()  # so that no collector happens to come by
for function in (Exp, ExpOnCtx):
    result = function.apply(torch.ones(3, requires_grad=True))
    node = weakref.ref(result.grad_fn)  # node() gives it, or None once it is gone; keeps nothing alive
    del result
    print(f"{function.__name__:8}  its graph is {'gone' if node() is None else 'still in memory'}")
gc.enable()

# %% [markdown] name="what-to-save"
# ### Saving less
#
# Everything that is saved stays in memory until backward. In a deep network that adds up, and a function
# that saves less is worth writing. The *swish* (in torch: SiLU) is the plain product
#
# $$\text{swish}(x) = x \cdot s(x), \quad s(x) = \frac{1}{1 + e^{-x}} \qquad
# \text{swish}'(x) = s\,\bigl(1 + x\,(1 - s)\bigr)$$
#
# Autograd records a sigmoid and a product and keeps both factors. This counter hooks into whatever is saved:


# %% tags=["item:memory"] name="tensors-kept"
def tensors_kept(function, x):
    """How many different tensors autograd keeps for the way back of function(x)."""
    places = set()

    def note(tensor):  # called with every tensor that is saved
        places.add(tensor.data_ptr())  # where its numbers lie in memory
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):  # on saving, on opening
        function(x)
    return len(places)


# %% tags=["item:memory", "nbval-check-output"] name="plain-swish"
def plain_swish(x):
    """The product, left to autograd."""
    return x * torch.sigmoid(x)


long = torch.linspace(-3, 3, 1000, requires_grad=True)
print("x * sigmoid(x) keeps", tensors_kept(plain_swish, long), "tensors of 1,000 numbers")
print("x * x keeps         ", tensors_kept(lambda x: x * x, long))

# %% [markdown] name="ask-swish"
# One is enough: keep `x` and compute $s$ again on the way back. It costs a little time and saves half the memory.


# %% tags=["item:memory", "item:double-backward"]
@exercise("custom_function.swish")
class Swish(torch.autograd.Function):
    """x * sigmoid(x) of every entry; keeps one tensor, and can be differentiated twice."""

    @staticmethod
    def forward(ctx, x):
        """Keep what backward needs, one tensor, and return x * sigmoid(x), of x's shape and dtype."""
        ### BEGIN SOLUTION
        ctx.save_for_backward(x)
        return x * torch.sigmoid(x)
        ### END SOLUTION

    @staticmethod
    def backward(ctx, grad_output):
        """Return the gradient with respect to x; all shapes and dtypes are x's."""
        ### BEGIN SOLUTION
        (x,) = ctx.saved_tensors
        s = torch.sigmoid(x)
        return grad_output * s * (1 + x * (1 - s))
        ### END SOLUTION


# %% tags=["item:memory", "figure"] name="memory-drawn"
megabytes = 1_000_000 * long.element_size() / 1e6  # of one tensor with a million numbers
silu = torch.nn.functional.silu
functions = {"x * sigmoid(x)": plain_swish, "your Swish": Swish.apply, "torch's silu": silu}
kept = [megabytes * tensors_kept(function, long) for function in functions.values()]
panel = {"kept for 1,000,000 numbers (MB)": kept}
plots.bars(list(functions), panel, title="What waits for backward")

# %% [markdown] name="no-slope"
# ## 6. Steps, and a gradient that is a deliberate lie
#
# *Deeper ground: training through steps.*
#
# Some functions have no useful gradient. Rounding and signs are flat almost everywhere, so their true gradient is
# zero, and nothing in front of them can learn. A position or a comparison has no gradient at all.

# %% tags=["item:non-differentiable", "nbval-check-output"] name="no-useful-gradient"
v = torch.tensor([-1.2, 0.4, 2.7], requires_grad=True)
for name, out in {"round": v.round(), "sign": v.sign()}.items():
    print(f"{name:8} gradient", torch.autograd.grad(out.sum(), v)[0].tolist())
for name, out in {"argmax": v.argmax(), "v > 0": v > 0}.items():
    print(f"{name:8} requires_grad", out.requires_grad)

# %% [markdown] name="mark"
# Torch never asks for the gradient of whole numbers, or of True and False. But an output in floats that has none (a
# position, a count, a rounded value) would claim to have one, unless `mark_non_differentiable` names it:


# %% tags=["item:non-differentiable", "item:ctx", "nbval-check-output"] name="mark-non-differentiable"
class Largest(torch.autograd.Function):
    """The largest entry and its position, both in floats."""

    @staticmethod
    def forward(ctx, x):
        value, place = x.max(dim=0)
        ctx.save_for_backward(x, place)
        place = place.to(x.dtype)
        ctx.mark_non_differentiable(place)
        return value, place

    @staticmethod
    def backward(ctx, grad_value, grad_place):  # one gradient arrives for each output
        x, place = ctx.saved_tensors
        return torch.zeros_like(x).index_fill(0, place, 1.0) * grad_value  # 1 there, else 0


value, place = Largest.apply(v)
print("requires_grad: value", value.requires_grad, " place", place.requires_grad)
print("gradient of the value", torch.autograd.grad(value, v)[0].tolist())

# %% [markdown] name="stairs"
# ### A sine made of stairs
#
# A small network whose hidden units know only $-1$ and $+1$: each unit is one step, $w_1$ and $b_1$ say where it
# stands and $w_2$ how high it is.
#
# $$\underset{(N,)}{y_{pred}} = \underset{(N,\,H)}{\text{sign}(x\,w_1 + b_1)}\;\underset{(H,)}{w_2}$$
#
# All eight steps start in the left half. What will be learned with the true gradient of the sign: the heights, the
# places, both? **Commit to an answer.**

# %% name="guess-learned"
learned = ...


# %% tags=["item:straight-through"] name="train-stairs"
def train_stairs(sign, steps=2000, learning_rate=4e-4):
    """Fit the sine with eight steps; return the prediction, the losses and how far each place moved."""
    x, y = models.sine_data(200)  # (200,) each
    w1 = torch.full((8,), 1.5, requires_grad=True)
    start = torch.linspace(-3, -0.5, 8)
    b1 = (-1.5 * start).requires_grad_()  # a step stands where x w1 + b1 = 0, at -b1 / w1
    w2 = torch.zeros(8, requires_grad=True)
    losses = []
    for step in range(steps):
        y_pred = sign(x[:, None] * w1 + b1) @ w2  # (200, 8) (8,) -> (200,)
        loss = (y_pred - y).pow(2).sum()
        losses.append(loss.item())
        loss.backward()
        with torch.no_grad():
            for p in (w1, b1, w2):
                p -= learning_rate * p.grad
                p.grad = None
    return y_pred.detach(), losses, (-b1 / w1 - start).abs().detach()


# %% tags=["item:straight-through", "nbval-check-output"] name="true-gradient"
flat, flat_losses, flat_moves = train_stairs(torch.sign)
first, last = flat_losses[0], flat_losses[-1]
print(f"with the true gradient the loss falls from {first:.1f} to {last:.1f} and stays there")
print("places that moved:", (flat_moves > 0.01).sum().item(), "of 8")

# %% [markdown] name="ste"
# Only the heights. The places get a gradient of zero. The **straight-through estimator** lies about the way back:
# forward it is the sign, backward it pretends to have been the identity, $\text{grad}\_h = \text{grad}\_\text{output}$, near
# the step, and blocks what lies far away, where moving the step would change nothing:
#
# $$\underset{(N,\,H)}{\text{grad}\_h} = \begin{cases}\text{grad}\_\text{output} & |h| \le 1\\ 0 & |h| > 1\end{cases}$$


# %% tags=["item:straight-through"]
@exercise("custom_function.sign")
class StraightThroughSign(torch.autograd.Function):
    """The sign of every entry, +1 or -1, with a straight-through gradient."""

    @staticmethod
    def forward(ctx, h):
        """Keep what backward needs; return +1 where h is positive, -1 where it is negative, and any number at 0."""
        ### BEGIN SOLUTION
        ctx.save_for_backward(h)
        return torch.sign(h)
        ### END SOLUTION

    @staticmethod
    def backward(ctx, grad_output):
        """Pass on what arrives where |h| < 1, nothing where |h| > 1, either at 1; shapes as h."""
        ### BEGIN SOLUTION
        (h,) = ctx.saved_tensors
        return grad_output * (h.abs() <= 1)
        ### END SOLUTION


# %% tags=["item:straight-through", "nbval-check-output"] name="straight-through"
moved, moved_losses, moves = train_stairs(StraightThroughSign.apply)
print(f"straight-through: the loss ends at {moved_losses[-1]:.1f} instead of {flat_losses[-1]:.1f}")
print("places that moved:", (moves > 0.01).sum().item(), "of 8")
assert moved_losses[-1] < flat_losses[-1] / 2

# %% tags=["item:straight-through", "figure"] name="stairs-drawn"
points, sine = models.sine_data(200, numpy=True)
fits = {"sin(x)": sine, "true gradient": flat.numpy(), "straight-through": moved.numpy()}
title = "Eight steps: only their heights learned, or their places too"
plots.panels(points, {"y": fits}, xlabel="x (radians)", title=title)

# %% tags=["item:straight-through", "figure"] name="stairs-losses"
runs = {"true gradient": flat_losses, "straight-through": moved_losses}
plots.loss_curves(runs, title="Eight steps fit a sine")

# %% [markdown] name="ask-window"
# Why should the window end at 1? Try others: narrower ones reach fewer steps, wider ones lie more.


# %% tags=["item:straight-through"] name="windows-tried"
def window(width):
    """A straight-through sign that passes on gradients where |h| is at most `width`."""

    class Window(torch.autograd.Function):
        @staticmethod
        def forward(ctx, h):
            ctx.save_for_backward(h)
            return torch.sign(h)

        @staticmethod
        def backward(ctx, grad_output):
            (h,) = ctx.saved_tensors
            return grad_output * (h.abs() <= width)

    return Window.apply


tried = {width: train_stairs(window(width), steps=800) for width in (0.05, 0.2, 0.5, 1, 4, 8)}


# %% tags=["item:straight-through", "figure"] name="window-moved"
def at_window(width):
    """The fit of eight steps whose gradients pass where |h| is at most this wide."""
    fit, losses, moves = tried[width]
    said = f"window {width:g}: loss {losses[-1]:.1f}, {(moves > 0.01).sum().item()} of 8 places moved"
    curves = [plots.Line(points, sine, "sin(x)"), plots.Line(points, fit.tolist(), "eight steps", colour=1)]
    return plots.Chart(said, plots.Axis("x (radians)", -3.2, 3.2), plots.Axis("y", -1.3, 1.3), curves, said)


narrow, usual, wide = (tried[width][1][-1] for width in (0.05, 1, 8))
question = "Does a window of 8 fit better or worse than one of 1? And one of 0.05?"
answer = f"Both worse: {usual:.1f} at 1, {wide:.1f} at 8, {narrow:.1f} at 0.05."
assert usual < min(narrow, wide)
plots.explore(at_window, {"window": list(tried)}, start=(1,), question=question, guess=..., answer=answer)

# %% [markdown] name="window-read"
# Too narrow, and hardly a point tells a step where to go; too wide, and points far away push a step that they do not touch.
# Between 0.5 and 4 the width matters little.

# %% [markdown] name="lie"
# A lie stays a lie: this "gradient" is not the slope of the sign. It is that of your `clamp(h, -1, 1)`, and `gradcheck`
# notices that the two do not belong together. Here its answer is right and wanted. Judge a straight-through estimator by
# whether it trains.

# %% tags=["item:straight-through", "item:gradcheck", "nbval-check-output"] name="lie-found"
passes = gradcheck(StraightThroughSign.apply, (few,), raise_exception=False)
print("the straight-through sign passes gradcheck:", passes)

# %% [markdown] name="func"
# ## 7. The newer form, for torch.func
#
# *Deeper ground: the same functions, for `vmap` and its kin.*
#
# `torch.func` (notebook 05) turns functions into their gradients. It has a companion, `torch.vmap`: `vmap(f)(batch)` computes
# `f` of every entry of a batch at once, without a loop. Both refuse what you have written so far:

# %% tags=["item:setup-context"] name="func-refuses"
with expect(RuntimeError):
    torch.func.grad(lambda x: NumpySine.apply(x).sum())(few.detach())

# %% [markdown] name="setup-context"
# The reason: `forward` mixes two jobs, computing and packing the bag, and `torch.func` has to do the first without
# the second. So split them. `forward` takes no `ctx` any more; `setup_context` receives the inputs (always a tuple)
# and the output and packs. `backward` stays as it was.
#
# `vmap` needs one thing more: a static method of that name, which says what a batch of calls means. Torch hands it
# `info` (the size of the batch, not needed here), `in_dims` (for each input the axis along which the batch lies) and the
# whole batch. It returns the results and their batch axis. Entry by entry a batch is just a larger tensor: an ordinary
# call, on ordinary tensors, and the axis stays the same.


# %% tags=["item:setup-context", "item:vmap"] name="functional-sine"
class FunctionalSine(torch.autograd.Function):
    """sin(x) computed by NumPy, in the form that torch.func understands."""

    @staticmethod
    def forward(x):
        return torch.from_numpy(np.sin(x.detach().numpy()))

    @staticmethod
    def setup_context(ctx, inputs, output):
        (x,) = inputs
        ctx.save_for_backward(x)

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output * ctx.saved_tensors[0].cos()

    @staticmethod
    def vmap(info, in_dims, x):
        return FunctionalSine.apply(x), in_dims[0]


# %% tags=["item:setup-context", "item:vmap", "nbval-check-output", "tolerance:±1e-9"] name="func-works"
numbers = few.detach()
slope = torch.func.grad(lambda x: FunctionalSine.apply(x).sum())(numbers)
one_by_one = torch.vmap(torch.func.grad(FunctionalSine.apply))(numbers)  # (4,)
table = torch.func.jacrev(FunctionalSine.apply)(numbers)  # (4, 4): cos(x) on the diagonal
cosine = numbers.cos()
exact = {"grad": cosine, "vmap of grad": cosine, "jacrev": cosine.diag()}
compare_gradients(exact, {"grad": slope, "vmap of grad": one_by_one, "jacrev": table}, columns=("cos(x)", "torch.func"))

# %% [markdown] name="generate"
# If every line is made of torch operations you need not write `vmap`: the line `generate_vmap_rule = True` lets torch
# derive it. Without either, `vmap` refuses:


# %% tags=["item:vmap"] name="no-vmap"
class Cube(torch.autograd.Function):
    """x^3 in the newer form, without a rule for vmap."""

    @staticmethod
    def forward(x):
        return x**3

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output * 3 * ctx.saved_tensors[0] ** 2


with expect(RuntimeError):
    torch.vmap(Cube.apply)(numbers)

# %% [markdown] name="ask-hypotenuse"
# Last exercise, in the newer form: two inputs and a result that helps on the way back. The hypotenuse of a right
# triangle, entry by entry,
#
# $$\underset{(N,)}{r} = \sqrt{u^2 + v^2} \qquad \frac{\partial r}{\partial u} = \frac{u}{r}, \quad
# \frac{\partial r}{\partial v} = \frac{v}{r}$$


# %% tags=["item:setup-context", "item:vmap", "item:saving"]
@exercise("custom_function.hypotenuse")
class Hypotenuse(torch.autograd.Function):
    """sqrt(u^2 + v^2), entry by entry, in the form that torch.func understands."""

    generate_vmap_rule = True

    @staticmethod
    def forward(u, v):
        """Return r = sqrt(u^2 + v^2); u, v and r have one shape and dtype."""
        ### BEGIN SOLUTION
        return torch.sqrt(u**2 + v**2)
        ### END SOLUTION

    @staticmethod
    def setup_context(ctx, inputs, output):
        """Keep in ctx what backward needs; inputs is the tuple (u, v), output is r."""
        ### BEGIN SOLUTION
        u, v = inputs
        ctx.save_for_backward(u, v, output)
        ### END SOLUTION

    @staticmethod
    def backward(ctx, grad_output):
        """Return the gradients with respect to u and v, in this order and of their dtype."""
        ### BEGIN SOLUTION
        u, v, r = ctx.saved_tensors
        return grad_output * u / r, grad_output * v / r
        ### END SOLUTION


# %% tags=["item:setup-context", "item:vmap", "nbval-check-output"] name="hypotenuse-everywhere"
u, v = torch.tensor([3.0, 5.0, 8.0]), torch.tensor([4.0, 12.0, 15.0])
print("r           ", Hypotenuse.apply(u, v).tolist())
by_u, by_v = torch.vmap(torch.func.grad(Hypotenuse.apply, argnums=(0, 1)))(u, v)
print("vmap of grad", [round(n, 3) for n in by_u.tolist()], [round(n, 3) for n in by_v.tolist()])
print("cos, sin    ", [round(n, 3) for n in (u / torch.hypot(u, v)).tolist()], end=" ")
print([round(n, 3) for n in (v / torch.hypot(u, v)).tolist()])

# %% [markdown] name="before-the-judges"
# Everything that you wrote today comes before both judges once more. (The straight-through sign is missing here: you saw
# what the first judge says to it, and why.)

# %% tags=["item:gradcheck", "nbval-check-output"] name="all-judged"
written = {
    "LegendreP3": LegendreP3.apply,
    "ReLU": ReLU.apply,
    "Clamp": lambda x: Clamp.apply(x, -1.0, 1.0),
    "Swish": Swish.apply,
    "Hypotenuse": lambda x: Hypotenuse.apply(x, x.flip(0)),
}
for name, function in written.items():
    gradcheck(function, (few,)), gradgradcheck(function, (few,))  # each raises an error where it finds a difference
    print(f"{name:10}  passes both")

# %% [markdown] name="ask-batch-norm"
# ## 8. Batch normalisation, step by step there and back
#
# *Deeper ground: one long exercise, in truth nineteen small ones. Nothing later needs its answer.*
#
# You have written the way back of single operations. Here is a layer that real networks use, taken apart into nine of them.
# Batch normalisation (notebook 07 has it as a layer) gives every column of a batch the mean 0 and the spread 1, and then
# a scale $\gamma$ and a shift $\beta$ that are learned. $N$ rows, $D$ columns, $\varepsilon$ a small number:
#
# $$\underset{(D,)}{mean} = \frac1N \sum_n x_n \qquad \underset{(N,\,D)}{centred} = x - mean \qquad
# \underset{(N,\,D)}{squared} = centred^2 \qquad \underset{(D,)}{variance} = \frac1N \sum_n squared_n$$
#
# $$\underset{(D,)}{spread} = \sqrt{variance + \varepsilon} \qquad \underset{(D,)}{inverse} = \frac{1}{spread} \qquad
# \underset{(N,\,D)}{normed} = centred \cdot inverse$$
#
# $$\underset{(N,\,D)}{scaled} = \gamma \cdot normed \qquad \underset{(N,\,D)}{y} = scaled + \beta$$
#
# The way back goes through the same steps from the last to the first. Four rules are enough for all of them:
#
# - the chain rule: what arrives, times the slope of the step;
# - what was **stretched** over the rows on the way there gathers a **sum** over the rows on the way back, and what was a
#   sum or a mean over the rows hands a share of what arrives to every row;
# - at a sum what arrives passes on unchanged, so the gradient of `scaled` is that of `y`, and is not asked for;
# - what is used **twice** gets two contributions. Look for it: `centred` is used by `squared` and by `normed`, and `x` by
#   `mean` and by `centred`.
#
# Fill in one line after the other. The checker looks at all nineteen and names the first that is wrong, so that you can
# check as you go; the later ones may still be `...`, as long as no line computes with them.


# %% tags=["item:batch-norm"]
@exercise("custom_function.batch_norm")
def batch_norm(x, gamma, beta, eps, grad_y):
    """Return every intermediate of batch normalisation and every gradient, in the order in which they are computed.

    x, grad_y : (N, D), the batch and the gradient of the loss with respect to y    gamma, beta : (D,)    eps : a number
    A gradient has the shape of what it belongs to: grad_squared is (N, D), grad_variance is (D,). No autograd.
    """
    mean = ...
    ### BEGIN SOLUTION
    mean = x.mean(dim=0)
    ### END SOLUTION
    centred = ...
    ### BEGIN SOLUTION
    centred = x - mean
    ### END SOLUTION
    squared = ...
    ### BEGIN SOLUTION
    squared = centred**2
    ### END SOLUTION
    variance = ...
    ### BEGIN SOLUTION
    variance = squared.mean(dim=0)
    ### END SOLUTION
    spread = ...
    ### BEGIN SOLUTION
    spread = (variance + eps).sqrt()
    ### END SOLUTION
    inverse = ...
    ### BEGIN SOLUTION
    inverse = 1 / spread
    ### END SOLUTION
    normed = ...
    ### BEGIN SOLUTION
    normed = centred * inverse
    ### END SOLUTION
    scaled = ...
    ### BEGIN SOLUTION
    scaled = gamma * normed
    ### END SOLUTION
    y = ...
    ### BEGIN SOLUTION
    y = scaled + beta
    ### END SOLUTION
    grad_beta = ...
    ### BEGIN SOLUTION
    grad_beta = grad_y.sum(dim=0)
    ### END SOLUTION
    grad_gamma = ...
    ### BEGIN SOLUTION
    grad_gamma = (grad_y * normed).sum(dim=0)
    ### END SOLUTION
    grad_normed = ...
    ### BEGIN SOLUTION
    grad_normed = grad_y * gamma
    ### END SOLUTION
    grad_inverse = ...
    ### BEGIN SOLUTION
    grad_inverse = (grad_normed * centred).sum(dim=0)
    ### END SOLUTION
    grad_spread = ...
    ### BEGIN SOLUTION
    grad_spread = -grad_inverse * inverse**2
    ### END SOLUTION
    grad_variance = ...
    ### BEGIN SOLUTION
    grad_variance = grad_spread * inverse / 2
    ### END SOLUTION
    grad_squared = ...
    ### BEGIN SOLUTION
    grad_squared = (grad_variance / len(x)).expand_as(x)
    ### END SOLUTION
    grad_centred = ...
    ### BEGIN SOLUTION
    grad_centred = grad_normed * inverse + 2 * centred * grad_squared
    ### END SOLUTION
    grad_mean = ...
    ### BEGIN SOLUTION
    grad_mean = -grad_centred.sum(dim=0)
    ### END SOLUTION
    grad_x = ...
    ### BEGIN SOLUTION
    grad_x = grad_centred + grad_mean / len(x)
    ### END SOLUTION
    forward = mean, centred, squared, variance, spread, inverse, normed, scaled, y
    backward = grad_beta, grad_gamma, grad_normed, grad_inverse, grad_spread, grad_variance
    return *forward, *backward, grad_squared, grad_centred, grad_mean, grad_x


# %% [markdown] name="batch-norm-judge"
# And autograd, which does the same walk. A tensor in between keeps its gradient if it is asked to, with `retain_grad`.


# %% tags=["item:batch-norm"] name="batch-norm-by-autograd"
def steps_and_gradients(x, gamma, beta, eps, grad_y):
    """The same nineteen by name, the gradients those that autograd leaves at each step."""
    t = {"mean": x.mean(dim=0)}
    t["centred"] = x - t["mean"]
    t["squared"] = t["centred"].square()
    t["variance"] = t["squared"].sum(dim=0) / len(x)
    t["spread"] = torch.sqrt(t["variance"] + eps)
    t["inverse"] = t["spread"].reciprocal()
    t["normed"] = t["centred"] * t["inverse"]
    t["scaled"] = t["normed"] * gamma
    t["y"] = t["scaled"] + beta
    for step in t.values():
        step.retain_grad()
    t["y"].backward(grad_y)
    leaves = {"beta": beta, "gamma": gamma, "x": x}
    order = ["beta", "gamma", "normed", "inverse", "spread", "variance", "squared", "centred", "mean", "x"]
    return t | {f"grad_{name}": (t | leaves)[name].grad for name in order}


# %% tags=["item:batch-norm", "nbval-check-output", "tolerance:±1e-6"] name="batch-norm-compared"
torch.manual_seed(0)
x, grad_y = torch.randn(6, 3).double(), torch.randn(6, 3).double()
gamma, beta = torch.rand(3).double() + 0.5, torch.randn(3).double()
exact = steps_and_gradients(*(t.clone().requires_grad_() for t in (x, gamma, beta)), 1e-5, grad_y)
by_hand = dict(zip(exact, batch_norm(x, gamma, beta, 1e-5, grad_y)))
compare_gradients(exact, by_hand, columns=("autograd", "by hand"))
for name, step in by_hand.items():
    assert torch.allclose(step, exact[name], atol=1e-10), name

# %% [markdown] name="batch-norm-short"
# Ten lines for the way back. Put them into each other, and nearly everything cancels: with $g = \gamma \cdot grad\_y$,
#
# $$\underset{(N,\,D)}{\text{grad}\_x} = \underset{(D,)}{inverse} \cdot \Bigl(g - \underset{(D,)}{\tfrac1N \textstyle\sum_n g_n}
# - normed \cdot \underset{(D,)}{\tfrac1N \textstyle\sum_n g_n \, normed_n}\Bigr)$$
#
# Read it as two things taken away from $g$: its mean, and its share along `normed`. It has to be so. Moving a whole column of
# the batch, or (but for $\varepsilon$) stretching it, changes nothing in $y$; so no gradient may point that way.

# %% tags=["item:batch-norm", "nbval-check-output", "tolerance:±1e-6"] name="batch-norm-in-one-line"
g, normed, inverse = gamma * grad_y, by_hand["normed"], by_hand["inverse"]
grad_x = inverse * (g - g.mean(dim=0) - normed * (g * normed).mean(dim=0))
x_torch = x.clone().requires_grad_()
torch.nn.functional.batch_norm(x_torch, None, None, gamma, beta, training=True, eps=1e-5).backward(grad_y)
compare_gradients({"x": x_torch.grad}, {"x": grad_x}, columns=("torch", "one line"))
print(
    f"along a shift {abs(grad_x.sum(dim=0)).max():.6f}, along a stretch {abs((grad_x * normed).sum(dim=0)).max():.4f}"
)

# %% [markdown] name="ask-mend-scaled-exp"
# ## Mend it: a gradient that is too large
#
# *Deeper ground: a program that runs and is wrong.*
#
# The function below returns what it should, and its gradient is too large by a factor. To save memory it writes over a tensor, and over the wrong one.
# Mend it.


# %% tags=["item:saving"]
@exercise("custom_function.mend_scaled_exp")
class ScaledExp(torch.autograd.Function):
    """scale * exp(x) of a tensor of any shape and a number, which may be 0, with its gradient with respect to x."""

    @staticmethod
    def forward(ctx, x, scale):
        """Return scale * exp(x); x stays as it is."""
        y = torch.exp(x)
        ctx.save_for_backward(y)
        ctx.scale = scale
        ### BEGIN SOLUTION
        y = y * scale
        ### BROKEN
        # y *= scale
        ### END SOLUTION
        return y

    @staticmethod
    def backward(ctx, grad_output):
        """Return the gradient with respect to x, and None for the number."""
        (y,) = ctx.saved_tensors
        return grad_output * y * ctx.scale, None


# %% [markdown] name="recap"
# ## Recap
#
# *Core*
#
# | you want | you write | mind |
# |---|---|---|
# | a new operation | `forward(ctx, …)` and `backward(ctx, grad_output)`, both static | call it through `apply` |
# | the chain rule | `grad_output * slope` | a plain sum hides a forgotten `grad_output` |
# | inputs and outputs on the way back | `ctx.save_for_backward`, `ctx.saved_tensors` | as attributes: silently wrong, or freed late |
# | plain numbers there | `ctx.low = low` | return `None` at their place |
# | a second derivative | a backward of differentiable operations on what was saved | a slope made in `forward` has forgotten `x` |
# | proof | `gradcheck`, `gradgradcheck` | float64, few numbers, no kinks |
# | to train through a step | a straight-through backward | it is no gradient; `gradcheck` refuses it |
# | `torch.func` | `forward(…)`, `setup_context(ctx, inputs, output)` | `generate_vmap_rule` or `vmap` |
#
# ### What changed since the last notebook
#
# The step of the sine fit: one line and its description. Another model, and your own node in the middle of it.
#
# <!-- diff: autograd/sine_step custom_function/sine-step -->

# %% [markdown] name="quiz"
# ## Self-check
#
# *Deeper ground: asks about all sections.*
#
# Answer in your head, then open.
#
# <details><summary>1. Your backward is right under <code>y.sum().backward()</code> and training goes wrong. What did you forget?</summary>
#
# Most likely to multiply by <code>grad_output</code>. Under a plain sum it is all ones. <code>gradcheck</code> finds
# it.
# </details>
#
# <details><summary>2. <code>forward</code> takes five arguments, two of them tensors. How many things does <code>backward</code> return?</summary>
#
# Five, in the same order, with <code>None</code> for the three that are no tensors.
# </details>
#
# <!-- drills: gradcheck -->
# <details><summary>3. <code>gradcheck</code> fails and the formula is right. What do you look at?</summary>
#
# The dtype (float64?), kinks (does an input lie on one?), and whether <code>forward</code> computes in float32 inside.
# </details>
#
# <details><summary>4. Why may a <code>float</code> be an attribute of <code>ctx</code>, and a tensor not?</summary>
#
# Nobody can change a float in place, and it holds no graph. A tensor can be changed behind your back, and an output
# kept as an attribute ties a circle.
# </details>
#
# <!-- drills: non-differentiable -->
# <details><summary>5. You want to train for accuracy and call backward on <code>(y_pred.argmax(1) == y).float().mean()</code>; a friend calls it on <code>y_pred.round().sum()</code>. What happens to each of you?</summary>
#
# You get an error: <code>argmax</code> gives positions, which have no <code>grad_fn</code>, and nothing after it has one
# either. Your friend gets none: the gradient of rounding exists and is zero, so nothing is learned, and nothing is said.
# </details>
#
# <!-- drills: straight-through -->
# <details><summary>6. A colleague's quantised network trains although <code>gradcheck</code> refuses its rounding. A bug?</summary>
#
# No, if the rounding is straight-through: its backward is meant to differ from the slope, which is zero everywhere.
# </details>

# %% name="see-progress"
progress()

# %% [markdown] name="onwards"
# ## Where to read on
#
# *Deeper ground: what others have written.*
#
# Gradients are in your hands now. What is still loose are the weights; in notebook 07 `torch.nn` gives them a home.
# PyTorch's documentation has two notes, *Extending PyTorch* and *Extending torch.func with autograd.Function*, that
# list what else `ctx` can do. The straight-through estimator is discussed in Yoshua Bengio, Nicholas Léonard and
# Aaron Courville, *Estimating or Propagating Gradients Through Stochastic Neurons for Conditional Computation*
# (2013).
