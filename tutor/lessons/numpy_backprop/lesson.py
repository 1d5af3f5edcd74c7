# %% [markdown] name="opening"
# # Backpropagation by hand in NumPy
#
# A neural network learns by asking one question over and over: *if I nudge this number, how much does the error
# change?* The answers are gradients, and backpropagation is the bookkeeping that finds all of them in one sweep. In
# this notebook you do that bookkeeping yourself, with nothing but NumPy. PyTorch comes later; by then you will know
# what it is doing for you.
#
# **You will be able to**
#
# - fit a curve by gradient descent and say how far from the best possible fit it ended;
# - write down the gradient of every weight of a two-layer network, and get the transposes right;
# - check any gradient with finite differences, so that you never have to trust a derivation;
# - tell from a loss curve whether a learning rate is too small, right or too large.
#
# **You need** Python, a little NumPy, and the chain rule from school. **It takes** about 70 minutes for the core, 85
# with everything; the code runs in a few seconds on a laptop.

# %% name="imports"
import numpy as np

from tutor import check, exercise, expect, hint, lend, plots, progress, solution

# %% [markdown] name="sine-problem"
# ## 1. Fit a cubic to a sine
#
# *Core*
#
# We look for four numbers $a, b, c, d$ such that
#
# $$y_{pred} = a + b\,x + c\,x^2 + d\,x^3$$
#
# lies close to $\sin(x)$ on $[-\pi, \pi]$. The data are 2,000 points, and the loss is the sum of squared errors:
#
# $$L = \sum_{i=1}^{2000} \left(y_{pred,i} - y_i\right)^2$$

# %% name="sine-data" tags=["reference"]
x = np.linspace(-np.pi, np.pi, 2000)  # (2000,)
y = np.sin(x)  # (2000,)

# %% [markdown] name="ask-polynomial"
# The model comes first. Write it for a whole array of points at once: NumPy applies `+`, `*` and `**` entry by entry.


# %% tags=["item:sine-fit"]
@exercise("numpy_backprop.polynomial")
def polynomial(x, a, b, c, d):
    """Return the cubic a + b x + c x^2 + d x^3.

    x : array of any length, shape (N,), of whole numbers or others
    a, b, c, d : numbers
    Returns an array of shape (N,).
    """
    ### BEGIN SOLUTION
    return a + b * x + c * x**2 + d * x**3
    ### END SOLUTION


# %% [markdown] name="chain-rule"
# ## 2. The chain rule, drawn
#
# *Core*
#
# Write $\partial L / \partial d$ for the derivative of $L$ with respect to $d$, with everything else held still. The loss
# depends on $d$ only through the predictions. So at each point the effect of a nudge to $d$ is a product of two simpler effects:
#
# $$\frac{\partial L}{\partial d} = \sum_i \underbrace{\frac{\partial L}{\partial y_{pred,i}}}_{2 (y_{pred,i} - y_i)}
# \cdot \underbrace{\frac{\partial y_{pred,i}}{\partial d}}_{x_i^3}$$
#
# Values flow forward, gradients flow back along the same arrows. The picture shows both for one single point, with
# the numbers that NumPy computes.

# %% tags=["item:chain-rule", "figure"] name="chain-rule-drawn"
x0, y0, d0 = 1.2, np.sin(1.2), 0.5
y0_pred = d0 * x0**3
loss0 = (y0_pred - y0) ** 2
slope_loss, slope_y_pred = 2 * (y0_pred - y0), x0**3  # the local derivatives
grad_y0_pred = 1.0 * slope_loss
grad_d0 = grad_y0_pred * slope_y_pred

plots.chain(
    ["d", "y_pred = d x³", "loss = (y_pred - y)²"],
    [d0, y0_pred, loss0],
    [grad_d0, grad_y0_pred, 1.0],
    [slope_y_pred, slope_loss],
    title="One point: values forward, gradients back",
)

# %% [markdown] name="read-the-chain"
# Read the lower row from right to left. The gradient of the loss with respect to itself is 1. Each box multiplies what
# arrives by its own local derivative, the factor below the dashed arrow, and passes the product on. Backpropagation
# multiplies along an arrow and adds where arrows meet; nothing more ever happens in it.
#
# Now all 2,000 points. Each point sends its own contribution to $a$, $b$, $c$ and $d$; the contributions **add up**,
# because a nudge to $d$ moves every prediction at once. (A wrong answer is shown beside a *finite difference*, a slope that was
# measured by nudging; section 5 builds it.)


# %% tags=["item:chain-rule"]
@exercise("numpy_backprop.polynomial_gradients")
def polynomial_gradients(x, grad_y_pred):
    """Return the gradients of the loss with respect to a, b, c and d, in this order.

    x : the points, shape (N,)
    grad_y_pred : gradient of the loss with respect to each prediction, shape (N,)
    Returns four numbers: grad_a, grad_b, grad_c, grad_d.
    """
    ### BEGIN SOLUTION
    grad_a = grad_y_pred.sum()
    grad_b = (grad_y_pred * x).sum()
    grad_c = (grad_y_pred * x**2).sum()
    grad_d = (grad_y_pred * x**3).sum()
    return grad_a, grad_b, grad_c, grad_d
    ### END SOLUTION


# %% [markdown] name="descend"
# ## 3. Gradient descent
#
# *Core*
#
# A gradient points uphill. So we take a small step against it, 2,000 times, and write down the loss on the way. The
# starting point is random but seeded: you see the same numbers as everyone else.


# %% tags=["item:sine-fit"] name="fit-sine"
def fit_sine(learning_rate, steps=2000, seed=0):
    """Fit the cubic by gradient descent; return the four coefficients and the loss of every step."""
    a, b, c, d = np.random.default_rng(seed).normal(size=4)
    losses = []
    for step in range(steps):
        y_pred = polynomial(x, a, b, c, d)  # (2000,)
        losses.append(((y_pred - y) ** 2).sum())
        grad_y_pred = 2 * (y_pred - y)  # (2000,)
        grads = polynomial_gradients(x, grad_y_pred)
        a, b, c, d = (p - learning_rate * g for p, g in zip((a, b, c, d), grads))
    return (a, b, c, d), losses


# %% tags=["item:sine-fit", "nbval-check-output"] name="run-fit"
coefficients, losses = fit_sine(learning_rate=2e-6)
print(f"loss at the start {losses[0]:9.1f}")
print(f"loss at the end   {losses[-1]:9.3f}")

# %% [markdown] name="optimum"
# Is that good? A falling loss does not say how far there is to go. This problem has an exact answer: the prediction is a
# sum of four known curves with unknown factors, and NumPy finds the best factors directly (*linear least squares*). So we
# can say precisely how far from the best possible fit gradient descent ended.

# %% tags=["item:sine-fit", "nbval-check-output"] name="distance-to-optimum"
powers = np.stack([np.ones_like(x), x, x**2, x**3], axis=1)  # (2000, 4)
best, *_ = np.linalg.lstsq(powers, y, rcond=None)
best_loss = ((powers @ best - y) ** 2).sum()
excess = losses[-1] / best_loss - 1
print(f"best possible loss {best_loss:.3f}; gradient descent ended {100 * excess:.4f} % above it")
assert excess < 0.01, 'is one of your answers above wrong? lend("…") puts ours in its place'

# %% tags=["item:sine-fit", "figure"] name="fitted-curve"
plots.sine_fit(x, y, {"fitted by gradient descent": polynomial(x, *coefficients)}, losses, best_loss)

# %% [markdown] name="ask-rate"
# ## 4. The learning rate
#
# *Core*
#
# You used $2 \cdot 10^{-6}$. Many tutorials use $10^{-6}$ for this very problem. And why not $4 \cdot 10^{-6}$, to be
# twice as fast? **Commit to an answer before you look**: what does the loss do within 2,000 steps at `4e-6`?
#
# - `"faster"`: it reaches the optimum in about half the steps
# - `"slower"`: it falls, but needs more steps
# - `"diverges"`: it grows without bound

# %% tags=["item:learning-rate"]
prediction = ...
### BEGIN SOLUTION
prediction = "diverges"
### END SOLUTION
prediction = check("numpy_backprop.predict_rate", prediction)

# %% tags=["item:learning-rate", "nbval-check-output"] name="three-rates"
runs = {}
for learning_rate in (2e-7, 1e-6, 2e-6, 4e-6):
    with np.errstate(over="ignore", invalid="ignore"):
        runs[learning_rate] = fit_sine(learning_rate)[1]
    excess = runs[learning_rate][-1] / best_loss - 1
    print(f"learning rate {learning_rate:.0e}: ends {100 * excess:.1f} % above the optimum")

# %% tags=["item:learning-rate", "figure"] name="rates-drawn"
curves = {f"learning rate {rate:.0e}": run for rate, run in runs.items()}
plots.loss_curves(curves, floor=best_loss, floor_label="best possible")

# %% [markdown] name="ask-moving-rate"
# ### Where falling turns into growing
#
# *Deeper ground: a finer choice of rates.*
#
# Where does falling turn into growing? Take a finer choice of rates, and 300 steps of each.

# %% tags=["item:learning-rate"] name="finer-rates"
ends = {rate: fit_sine(rate, steps=300)[1] for rate in np.arange(4, 43, 2) * 1e-7}
largest = max(rate for rate, run in ends.items() if run[-1] < run[-50])

# %% [markdown] name="ask-largest-rate"
# **Type your guess** as `guess=`, a number, and run the cell; the slider stays locked until then.


# %% tags=["item:learning-rate", "figure"] name="rate-moved"
def at_rate(rate):
    """The loss of 300 steps at one learning rate."""
    curves = [plots.Line(range(300), ends[rate], "loss"), plots.Line([0, 300], [best_loss] * 2, "best", 1, dash=1)]
    said = f"learning rate {rate:.1e}: after 300 steps the loss is {ends[rate][-1]:.3g}"
    return plots.Chart(said, plots.Axis("step", 0, 300), plots.Axis("loss", 1, 1e6, log=True), curves, said)


question = "Up to which learning rate does the loss still fall at the end?"
answer = f"It falls up to {largest:.1e}."
plots.explore(at_rate, {"learning rate": list(ends)}, question=question, guess=..., answer=answer)

# %% [markdown] name="why-diverge"
# ### Why a rate is too large
#
# *Core*
#
# Too small wastes your time: at `2e-7` the loss is still falling when you stop, and at `1e-6` it has not quite arrived. Too
# large overshoots: in the steepest direction of the valley every step lands further up the other side than the last one
# started, until the loss is larger than the largest float64: `inf`. That is called **divergence**. (The first losses at `4e-6`
# still fall, as the cell below shows: a gentler direction improves before the steepest one takes over.) In between lies a
# band. Its upper end is not a matter of taste: for a quadratic loss it is 2 divided by the largest curvature (the steepest
# direction's second derivative), which this cell computes.

# %% tags=["item:learning-rate", "nbval-check-output"] name="largest-rate"
print("at 4e-06 the loss begins with", ", ".join(f"{loss:.0f}" for loss in runs[4e-6][:10:3]))
curvature = np.linalg.eigvalsh(2 * powers.T @ powers).max()
print(f"gradient descent diverges above a learning rate of {2 / curvature:.2e}")
below, above = (fit_sine(factor * 2 / curvature, steps=300)[1] for factor in (0.97, 1.03))
assert below[-1] < below[-50] and above[-1] > above[-50]

# %% [markdown] name="half-loss"
# ### Half the loss, half the gradient
#
# Books often write $\frac12 \sum (y_{pred} - y)^2$, so that the 2 of the derivative cancels. The best fit is the same,
# but **the gradient is half as large**, and so the same learning rate takes steps of half the length. Whoever copies a learning rate
# has to copy the loss with it. The same goes for the mean: it divides the gradient by $N$.

# %% tags=["item:loss-factor", "nbval-check-output"] name="loss-factor"
y_pred = polynomial(x, 0.1, 0.2, 0.3, 0.4)
error = y_pred - y
for name, grad_y_pred in {"sum": 2 * error, "0.5 * sum": error, "mean": 2 * error / len(x)}.items():
    grad_d = polynomial_gradients(x, grad_y_pred)[3]
    print(f"loss = {name:9}  grad_d = {grad_d:12.3f}")

# %% [markdown] name="finite"
# ## 5. An independent judge: finite differences
#
# *Deeper ground: how a gradient is measured. What follows stands without it.*
#
# You derived gradients on paper. How do you know that they are right? Nudge one weight a little up, then a little
# down, and see how much the loss changes:
#
# $$\frac{\partial f}{\partial w_k} \approx \frac{f(w + \varepsilon e_k) - f(w - \varepsilon e_k)}{2 \varepsilon}$$
#
# where $w + \varepsilon e_k$ is $w$ with $\varepsilon$ added to entry $k$ alone. How small should $\varepsilon$ be? Small enough for a
# straight line, large enough to survive rounding: with 64-bit floats `1e-5` or `1e-6` is a good choice.
#
# It is far too slow to train with (two evaluations for every single weight), but it knows nothing of your derivation.
# That makes it a good judge. Write it for an array of any shape; `np.ndindex(*w.shape)` walks through all indices.


# %% tags=["item:finite-differences"]
@exercise("numpy_backprop.finite_difference")
def finite_difference(f, w, eps):
    """Return the gradient of f at w, measured by central differences.

    f : function that takes an array of w's shape and returns a number
    w : array of any shape; it must be unchanged when you return
    eps : how far each entry is nudged
    Returns an array of w's shape.
    """
    ### BEGIN SOLUTION
    grad = np.zeros(w.shape)
    for index in np.ndindex(*w.shape):
        up, down = w.copy(), w.copy()
        up[index] += eps
        down[index] -= eps
        grad[index] = (f(up) - f(down)) / (2 * eps)
    return grad
    ### END SOLUTION


# %% [markdown] name="read-the-judge"
# Throughout this series gradients are compared one a line: the exact one, the approximate one, and the largest difference
# of all their entries (of a matrix the columns show the entry that is largest in size).

# %% tags=["item:finite-differences", "nbval-check-output", "tolerance:±0.01"] name="judge-the-fit"
from tutor.gradients import compare_gradients

w = np.array([0.1, 0.2, 0.3, 0.4])
measured = finite_difference(lambda w: ((polynomial(x, *w) - y) ** 2).sum(), w, 1e-5)
derived = polynomial_gradients(x, 2 * (polynomial(x, *w) - y))
names = ["grad_a", "grad_b", "grad_c", "grad_d"]
compare_gradients(dict(zip(names, derived)), dict(zip(names, measured)))

# %% [markdown] name="net"
# ## 6. A two-layer network
#
# *Core*
#
# The second problem of this series has more to it. A batch of $N$ inputs goes through two weight matrices with a
# ReLU in between:
#
# $$\underset{(N,\,H)}{h} = \underset{(N,\,D_{in})}{x}\;\underset{(D_{in},\,H)}{w_1} \qquad
# h_{relu} = \max(h, 0) \qquad
# \underset{(N,\,D_{out})}{y_{pred}} = \underset{(N,\,H)}{h_{relu}}\;\underset{(H,\,D_{out})}{w_2}$$
#
# One row is one example, and everything happens to the whole batch at once. $h_{relu}$ holds the *activations* of $H$
# *hidden units*; $H$ is the hidden size. Of two matrices `a.dot(b)` is the product, and `a @ b` is the same;
# `np.maximum(a, 0)` compares every entry with 0.


# %% tags=["item:two-layer-net"]
@exercise("numpy_backprop.two_layer_forward")
def two_layer_forward(x, w1, w2):
    """Run the network forward; return h, h_relu and y_pred.

    x : (N, D_in)    w1 : (D_in, H)    w2 : (H, D_out)
    Returns h (N, H), h_relu (N, H) and y_pred (N, D_out).
    """
    ### BEGIN SOLUTION
    h = x.dot(w1)  # (N, H)
    h_relu = np.maximum(h, 0)  # (N, H)
    y_pred = h_relu.dot(w2)  # (N, D_out)
    return h, h_relu, y_pred
    ### END SOLUTION


# %% [markdown] name="ask-shape"
# ### Let the shapes lead you
#
# Before any formula: take $N = 64$, $D_{in} = 1000$, $H = 100$, $D_{out} = 10$. What shape does the gradient of `w1` have?
# Commit to it.

# %% tags=["item:batched-shapes"]
shape = ...
### BEGIN SOLUTION
shape = (1000, 100)
### END SOLUTION
shape = check("numpy_backprop.predict_shape", shape)

# %% [markdown] name="shapes"
# A gradient always has the shape of the thing it belongs to: one number for each weight. With
# $y_{pred} = h_{relu}\, w_2$, the gradient of $w_2$ is made of $h_{relu}$ of shape $(N, H)$ and `grad_y_pred` of shape
# $(N, D_{out})$. There is only one way to multiply these two that sums over the batch and leaves $(H, D_{out})$: transpose
# $h_{relu}$. That is why a transpose appears, and why the sum over the batch needs no extra line. (Written out, one entry is
# $\sum_n h_{relu,nj}\, \text{grad}\_y_{pred,nk}$: weight $w_{2,jk}$ carries example $n$'s activation $j$ to output $k$, and every
# example contributes.)
#
# $$\underset{(H,\,D_{out})}{\text{grad}\_w_2} = \underset{(H,\,N)}{h_{relu}^T}\;\underset{(N,\,D_{out})}{\text{grad}\_y_{pred}}
# \qquad
# \underset{(N,\,H)}{\text{grad}\_h_{relu}} = \underset{(N,\,D_{out})}{\text{grad}\_y_{pred}}\;\underset{(D_{out},\,H)}{w_2^T}$$

# %% tags=["item:batched-shapes", "figure"] name="shapes-drawn"
title = "The batch size N disappears in the product"
plots.matmul_shapes("h_reluᵀ", ("H", "N"), "grad_y_pred", ("N", "D_out"), "grad_w2", title=title)

# %% [markdown] name="relu"
# ### Back through the ReLU
#
# The ReLU passes an entry of $h$ on if it is positive and blocks it otherwise. The way back is the same gate: where
# $h$ was positive the gradient passes unchanged, where $h$ was negative it is zero. (At exactly 0 the function has a
# kink, and any slope from 0 to 1 is right; such a slope is called a subgradient.)
#
# Two things go wrong here even in published code: the gate is decided by the wrong array, and the caller's gradient is
# overwritten because nobody made a **copy**.


# %% tags=["item:two-layer-net"]
@exercise("numpy_backprop.relu_backward")
def relu_backward(grad_h_relu, h):
    """Return the gradient of the loss with respect to h.

    grad_h_relu : gradient with respect to h_relu = maximum(h, 0), shape (N, H)
    h : what went into the ReLU, shape (N, H)
    Returns an array of shape (N, H); the arguments stay as they are.
    """
    ### BEGIN SOLUTION
    grad_h = grad_h_relu.copy()
    grad_h[h < 0] = 0
    return grad_h
    ### END SOLUTION


# %% [markdown] name="all-together"
# ### All of it
#
# Now the whole backward pass. Walk the forward lines from the last to the first; for each one, ask what the gradient
# of its inputs is, given the gradient of its output. The loss is $\sum (y_{pred} - y)^2$.


# %% tags=["item:two-layer-net", "item:batched-shapes"]
@exercise("numpy_backprop.two_layer_gradients")
def two_layer_gradients(x, y, w1, w2):
    """Return the gradients of the loss sum((y_pred - y)^2) with respect to w1 and w2.

    x : (N, D_in)    y : (N, D_out)    w1 : (D_in, H)    w2 : (H, D_out)
    Returns grad_w1 (D_in, H) and grad_w2 (H, D_out).
    """
    ### BEGIN SOLUTION
    h, h_relu, y_pred = two_layer_forward(x, w1, w2)
    grad_y_pred = 2.0 * (y_pred - y)  # (N, D_out)
    grad_w2 = h_relu.T.dot(grad_y_pred)  # (H, N) (N, D_out) -> (H, D_out)
    grad_h_relu = grad_y_pred.dot(w2.T)  # (N, D_out) (D_out, H) -> (N, H)
    grad_h = relu_backward(grad_h_relu, h)  # (N, H)
    grad_w1 = x.T.dot(grad_h)  # (D_in, N) (N, H) -> (D_in, H)
    return grad_w1, grad_w2
    ### END SOLUTION


# %% [markdown] name="judge-net"
# ### Ask the judge
#
# *Deeper ground: with `finite_difference` of section 5, yours or ours.*
#
# Ask the judge. The sizes are all different on purpose: with equal sizes a forgotten transpose would go unnoticed.

# %% tags=["item:finite-differences", "item:two-layer-net", "nbval-check-output", "tolerance:±1e-5"] name="judge-the-net"
rng = np.random.default_rng(0)
N, D_in, H, D_out = 6, 5, 4, 3
small_x, small_y = rng.normal(size=(N, D_in)), rng.normal(size=(N, D_out))
w1, w2 = rng.normal(size=(D_in, H)), rng.normal(size=(H, D_out))


def loss_of(w1, w2):
    return ((two_layer_forward(small_x, w1, w2)[2] - small_y) ** 2).sum()


derived = dict(zip(["grad_w1", "grad_w2"], two_layer_gradients(small_x, small_y, w1, w2)))
measured = {"grad_w1": finite_difference(lambda w: loss_of(w, w2), w1, 1e-6)}
measured["grad_w2"] = finite_difference(lambda w: loss_of(w1, w), w2, 1e-6)
compare_gradients(derived, measured)
for name, judge in measured.items():
    assert np.allclose(derived[name], judge, rtol=0, atol=1e-5), f"{name} and its judge disagree: which one is wrong?"

# %% [markdown] name="train"
# ### Train it
#
# (From here on `x`, `y` and `losses` belong to the network; to go back to the sine, run the notebook from its top.)
#
# 64 random examples with 1,000 inputs and 10 outputs each. The network has far more weights (101,000) than there are targets
# to remember (640), so it can learn all of them by heart: the loss should fall towards zero.

# %% tags=["item:two-layer-net"] name="train-two-layer"
N, D_in, H, D_out = 64, 1000, 100, 10
rng = np.random.default_rng(0)
x, y = rng.normal(size=(N, D_in)), rng.normal(size=(N, D_out))
w1, w2 = rng.normal(size=(D_in, H)), rng.normal(size=(H, D_out))

learning_rate = 1e-6
losses = []
for step in range(500):
    y_pred = two_layer_forward(x, w1, w2)[2]  # (N, D_out)
    loss = ((y_pred - y) ** 2).sum()
    losses.append(loss)
    grad_w1, grad_w2 = two_layer_gradients(x, y, w1, w2)
    w1 -= learning_rate * grad_w1
    w2 -= learning_rate * grad_w2

# %% tags=["item:two-layer-net", "figure"] name="two-layer-curve"
plots.loss_curves({"two-layer network": losses})

# %% tags=["item:two-layer-net", "nbval-check-output"] name="two-layer-result"
print(f"{w1.size + w2.size:,} weights, {y.size} targets")
print(f"loss at the start {losses[0]:.3e}, at the end {losses[-1]:.1e}")
assert losses[0] / losses[-1] > 1e6

# %% [markdown] name="ask-half-sum"
# ### The same network, half the sum
#
# Many programs train this network on $\frac12 \sum (y_{pred} - y)^2$. Write one step for that loss; `two_layer_gradients` gives the
# gradients of the whole sum.


# %% tags=["item:loss-factor", "item:two-layer-net"]
@exercise("numpy_backprop.half_sum_step")
def half_sum_step(x, y, w1, w2, learning_rate):
    """Take one step of gradient descent on the loss 0.5 * sum((y_pred - y)^2), in place.

    x : (N, D_in)    y : (N, D_out)    w1 : (D_in, H)    w2 : (H, D_out); w1 and w2 are changed
    Returns the loss before the step, a number.
    """
    ### BEGIN SOLUTION
    y_pred = two_layer_forward(x, w1, w2)[2]  # (N, D_out)
    grad_w1, grad_w2 = two_layer_gradients(x, y, w1, w2)
    w1 -= learning_rate * 0.5 * grad_w1
    w2 -= learning_rate * 0.5 * grad_w2
    return 0.5 * ((y_pred - y) ** 2).sum()
    ### END SOLUTION


# %% [markdown] name="half-sum-told"
# Now both losses, side by side: 50 examples, 40 inputs, 100 hidden units, 10 outputs, 100 steps each. Which of the last two runs
# ends where the first one does?

# %% tags=["item:loss-factor", "item:two-layer-net", "nbval-check-output", "tolerance:1%"] name="half-sum-beside-sum"
N, D_in, H, D_out = 50, 40, 100, 10
rng = np.random.default_rng(0)
x, y = rng.normal(size=(N, D_in)), rng.normal(size=(N, D_out))
first_w1, first_w2 = rng.normal(size=(D_in, H)), rng.normal(size=(H, D_out))

w1, w2 = first_w1.copy(), first_w2.copy()
half = [half_sum_step(x, y, w1, w2, learning_rate=1e-4) for step in range(100)]
print(f"0.5 * sum at 1e-4: from {half[0]:.0f} to {half[-1]:.1f}")
for learning_rate in (1e-4, 5e-5):
    w1, w2, whole = first_w1.copy(), first_w2.copy(), []
    with np.errstate(over="ignore", invalid="ignore"):
        for step in range(100):
            whole.append(((two_layer_forward(x, w1, w2)[2] - y) ** 2).sum())
            grad_w1, grad_w2 = two_layer_gradients(x, y, w1, w2)
            w1 -= learning_rate * grad_w1
            w2 -= learning_rate * grad_w2
    print(f"      sum at {learning_rate:.0e}: from {whole[0]:.0f} to {whole[-1]:.1f}")
assert np.allclose(whole, 2 * np.array(half))

# %% [markdown] name="half-sum-read"
# At the rate that was copied the whole sum takes steps twice as long, and it diverges: `nan` is *not a number*. At half the rate
# it takes the very same steps as the half.

# %% [markdown] name="failure"
# ### A mistake that only works by accident
#
# *Deeper ground: a target of the wrong shape.*
#
# A target whose shape does not fit is not always refused. Broadcasting stretches it silently, the loss still falls,
# and the network learns nonsense. Here one target per *row* is taken for one target per *column*, and nothing
# complains, because both are stretched to the same shape.

# %% tags=["item:batched-shapes", "nbval-check-output"] name="broadcast-accident"
y_pred = np.array([[1.0], [2.0], [3.0]])  # (3, 1): one prediction per row
target = np.array([1.0, 2.0, 3.0])  # (3,): looks the same, but broadcasts as a row
print("shape of the difference", (y_pred - target).shape)
print("loss of a perfect prediction", ((y_pred - target) ** 2).sum())

# %% [markdown] name="failure-loud"
# The second accident stands in a published tutorial: the target was created with the shape $(H, D_{out})$ instead of
# $(N, D_{out})$. It ran, because batch size and hidden size happened to be equal. Change one of them and NumPy refuses.
# The message names both shapes: read it from there.

# %% tags=["item:batched-shapes"] name="loud-failure"
N, H, D_out = 64, 100, 10
y_pred, target = np.ones((N, D_out)), np.ones((H, D_out))
with expect(ValueError):
    y_pred - target

# %% [markdown] name="recap"
# ## Recap
#
# *Core*
#
# | forward | backward | why |
# |---|---|---|
# | `loss = ((y_pred - y)**2).sum()` | `grad_y_pred = 2 * (y_pred - y)` | derivative of a square |
# | `y_pred = h_relu.dot(w2)` | `grad_w2 = h_relu.T.dot(grad_y_pred)` | sums over the batch, has the shape of `w2` |
# | | `grad_h_relu = grad_y_pred.dot(w2.T)` | has the shape of `h_relu` |
# | `h_relu = np.maximum(h, 0)` | `grad_h = grad_h_relu.copy(); grad_h[h < 0] = 0` | the gate is decided by `h` |
# | `h = x.dot(w1)` | `grad_w1 = x.T.dot(grad_h)` | sums over the batch, has the shape of `w1` |
#
# ### What changed since the last notebook
#
# There, `loss.backward()` and `optimizer.step()` did the work out of sight. Here `two_layer_gradients` is the first, and
# the two lines with `-=` are the second in its plainest form (the one in notebook 00 was a refined one; see notebook 08):
#
# <!-- diff: start_here/train numpy_backprop/train-two-layer -->

# %% [markdown] name="quiz"
# ## Self-check
#
# *Deeper ground: asks about all sections.*
#
# Answer in your head, then open.
#
# <details><summary>1. Why does <code>grad_w1</code> have the shape of <code>w1</code>?</summary>
#
# It holds one number for every weight: how much the loss changes when that weight is nudged.
# </details>
#
# <details><summary>2. Your loss is still falling at the end. How do you find out whether the learning rate is too small?</summary>
#
# Run again with twice the rate and compare the two curves. If the second ends lower, the first was too small; if it grows or
# jumps about, you have found the upper end.
# </details>
#
# <!-- drills: loss-factor -->
# <details><summary>3. Someone changes the loss from a sum to a mean over 2,000 points and keeps the learning rate. What happens?</summary>
#
# Every gradient becomes 2,000 times smaller, and so do the steps. Training seems to stand still.
# </details>
#
# <!-- drills: loss-factor, learning-rate -->
# <details><summary>4. With the loss <code>0.5 * ((y_pred - y)**2).sum()</code>, does the sine fit still diverge at <code>4e-6</code>?</summary>
#
# No. Every gradient is half as large, so the steps are those that the plain sum takes at <code>2e-6</code>: it is the best run of
# section 4 over again. The limit for this loss is twice as high.
# </details>
#
# <details><summary>5. When do you use finite differences?</summary>
#
# To check a gradient that you derived, on a tiny problem in float64. Never to train: they cost two evaluations per weight.
# </details>
#
# <details><summary>6. Which array decides what passes back through a ReLU?</summary>
#
# Its input <code>h</code> (or, equally, its output). Never the gradient itself: its sign says nothing about the gate.
# </details>

# %% name="see-progress"
progress()

# %% [markdown] name="onwards"
# ## Where to read on
#
# *Deeper ground: what others have written.*
#
# The next notebook lays the same numbers into torch tensors. If the chain rule for matrices still feels like a trick,
# write out one entry of `h_relu.T.dot(grad_y_pred)` as a sum by hand; it is worth the five minutes. The classic paper
# is Rumelhart, Hinton and Williams, *Learning representations by back-propagating errors*, Nature 323 (1986).
