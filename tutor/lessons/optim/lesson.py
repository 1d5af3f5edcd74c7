# %% [markdown] name="opening"
# # Optimisers
#
# A gradient says in which direction the loss grows. It does not say how far to go against it. That decision is the
# optimiser's, and it can make the difference between creeping and arriving. In this notebook you write the ones that
# everybody uses, a few lines each, and hold every one of them against `torch.optim`, step by step.
#
# **You will be able to**
#
# - write the training step that stands in every PyTorch program, and say what happens if `zero_grad` is left out;
# - write SGD, momentum, AdaGrad, RMSprop and Adam by hand, weight decay and bias correction included;
# - see from a path on a loss surface what each of them is good at;
# - choose mini-batches, parameter groups and a learning rate schedule, and say what each of them buys.
#
# **You need** notebooks 01, 05 and 07: gradients, `backward`, and `nn.Module`. **It takes** about 40 minutes for the
# core, 185 with everything; the code runs in about 10 seconds on a laptop.

# %% name="imports"
import cmath
import math
import warnings

import torch
from torch import nn

from tutor import check, exercise, expect, hint, lend, models, plots, progress, solution
from tutor.gradients import compare_gradients

# %% [markdown] name="training-step"
# ## 1. The training step
#
# *Core*
#
# Until now you moved the weights yourself: `w -= learning_rate * w.grad` for each parameter, and then the
# gradients had to be cleared. An optimiser takes both chores over. It is given the parameters once; `step()` moves
# all of them, `zero_grad()` clears all their gradients.
#
# That leaves a step of training with five lines, in this order or in one that comes to the same:
#
# | | |
# |---|---|
# | predict | `y_pred = model(x)` |
# | measure | `loss = loss_fn(y_pred, y)` |
# | clear | `optimizer.zero_grad()` |
# | differentiate | `loss.backward()` |
# | move | `optimizer.step()` |
#
# You will type them thousands of times. This is the step of notebook 07, with an optimiser in the place of the loop over the
# parameters:


# %% tags=["item:zero-grad", "reference"] name="training-step-typed"
def train_step(model, loss_fn, optimizer, x, y):
    """Train the model for one step; return the loss that it had before the step, as a Python number."""
    y_pred = model(x)
    loss = loss_fn(y_pred, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


# %% [markdown] name="two-layer"
# Here is the two-layer network once more, 64 examples learnt by heart, with `torch.optim.SGD` in the place of your
# hand-written updates. *SGD* is short for stochastic gradient descent; why stochastic, section 10 shows.

# %% tags=["item:sgd"] name="two-layer-net"
N, D_in, H, D_out = 64, 1000, 100, 10
x, y, _, _ = models.two_layer_data((N, D_in, H, D_out))  # (N, D_in), (N, D_out)
torch.manual_seed(0)
model = models.TwoLayerNet(D_in, H, D_out)
loss_fn = nn.MSELoss(reduction="sum")

# %% tags=["item:sgd"] name="train-two-layer"
learning_rate = 1e-4
optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)
losses = []
for step in range(500):
    y_pred = model(x)  # (N, D_out)
    loss = loss_fn(y_pred, y)
    losses.append(loss.item())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

# %% tags=["item:sgd", "nbval-check-output", "tolerance:20%"] name="two-layer-result"
print(f"loss at the start {losses[0]:.0f}, at the end {losses[-1]:.1e}")
assert losses[0] / losses[-1] > 1e6

# %% [markdown] name="sine-again"
# ## 2. `zero_grad`, and why
#
# *Core*
#
# Back to the sine fit, because there we know the answer: the best cubic is a least-squares problem, and every run can
# be held against it. The model is the one from notebook 07, a linear layer on $x, x^2, x^3$ whose bias is $a$.

# %% name="sine-data"
x, y = models.sine_data()  # (2000,), (2000,)
xx = x.unsqueeze(-1).pow(torch.tensor([1, 2, 3]))  # (2000, 3): x, x^2, x^3
_, best_loss = models.sine_optimum(x, y)


def sine_model(seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(3, 1), nn.Flatten(0, 1))  # (2000, 3) -> (2000, 1) -> (2000,)


# %% [markdown] name="ask-forgotten"
# `backward()` does not write into `.grad`, it **adds** to it. So whoever forgets `zero_grad()` steps along the sum of
# all gradients so far. With a single weight you can follow that in your head: the loss is $\frac12 w^2$, so the gradient
# is $w$ itself; the learning rate is 1, and $w$ starts at 1. With `zero_grad()` the first step arrives at 0, the minimum,
# and there it stays. **Commit to a number**: without `zero_grad()`, what is $w$ after three steps?

# %% tags=["item:zero-grad"]
prediction = ...
### BEGIN SOLUTION
prediction = -1
### END SOLUTION
prediction = check("optim.predict_forgotten", prediction)

# %% tags=["item:zero-grad", "nbval-check-output"] name="forgotten-by-one"
w = torch.ones(1, requires_grad=True)
optimizer, way = torch.optim.SGD([w], lr=1.0), [w.item()]
for step in range(12):
    (0.5 * w**2).sum().backward()
    optimizer.step()
    way.append(w.item())
print("w after each step:", *(f"{value:.0f}" for value in way))

# %% [markdown] name="forgotten-sine"
# It never comes to rest: after six steps it is where it began. Now the sine fit at the good rate of $2 \cdot 10^{-6}$, 120 steps.


# %% tags=["item:zero-grad"] name="fit-sine"
def fit_sine(make_optimizer, steps, zero_grad=True):
    """Fit the sine; return the loss of every step. zero_grad=False leaves the gradients uncleared."""
    model = sine_model()
    optimizer, losses = make_optimizer(model.parameters()), []
    for step in range(steps):
        loss = loss_fn(model(xx), y)
        if zero_grad:
            optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


# %% tags=["item:zero-grad", "nbval-check-output"] name="forgotten"
cleared = fit_sine(lambda params: torch.optim.SGD(params, lr=2e-6), steps=120)
forgotten = fit_sine(lambda params: torch.optim.SGD(params, lr=2e-6), steps=120, zero_grad=False)
print(f"with zero_grad: in the end at {cleared[-1] / cleared[0]:.3f} times the first loss")
late = max(forgotten[60:])
print(f"without: in the second half of the run up to {late / cleared[0]:.1f} times the first loss")
assert late > cleared[0] > 100 * cleared[-1]

# %% tags=["item:zero-grad", "figure"] name="forgotten-drawn"
plots.lines(
    {"with zero_grad": cleared, "zero_grad forgotten": forgotten},
    xlabel="step",
    ylabel="loss",
    title="One fit, with zero_grad and without",
)

# %% [markdown] name="why-swings"
# The sum remembers every gradient for ever. When the weights arrive at the bottom, the sum is at its largest, and it
# carries them up the other side, until the gradients over there have worn it down. Then it all comes back. A ball in
# a bowl without friction does the same. (A ball never climbs higher than it started; steps of finite length do, a little.)
# Remember this picture; in section 5 it returns under the name of momentum.
#
# Nothing warns you, and at first the loss even falls. That is why this missing line can cost an afternoon.
#
# ### Then why does `backward` add at all?
#
# *Deeper ground: notebook 05 has shown it.*
#
# Inside one backward pass it must: a weight that is used twice receives two contributions. And across passes you
# sometimes *want* it. A batch that does not fit into memory can be cut into pieces. If the loss is a **sum**, the gradients of
# the pieces add up to the gradient of the whole. (If it is a mean, as PyTorch's losses are unless told otherwise, divide the
# loss of each of $k$ equal pieces by $k$; without that the gradient is $k$ times too large.)

# %% tags=["item:zero-grad", "nbval-check-output", "tolerance:±0.5"] name="accumulate-on-purpose"
model = sine_model()
loss_fn(model(xx), y).backward()
whole = model[0].weight.grad  # (1, 3)

model.zero_grad()
for piece in torch.arange(2000).split(500):
    loss_fn(model(xx[piece]), y[piece]).backward()
compare_gradients({"weight": whole}, {"weight": model[0].weight.grad}, columns=("whole", "four pieces"))
assert torch.allclose(model[0].weight.grad, whole, rtol=1e-4)

# %% [markdown] name="none-or-zero"
# ### Cleared means `None`
#
# *Deeper ground: a detail with consequences.*
#
# `zero_grad()` does not fill with zeros, it sets `.grad` to `None`. That saves memory, and it says something else: an
# optimiser **skips** a parameter whose gradient is `None`. A gradient of zeros is a gradient, and `weight_decay=0.5`
# (section 3 says what for) adds half of the weight to it. Here that makes $1 - 0.1 \cdot (0 + 0.5 \cdot 1) = 0.95$ of the second
# weight, and the first stays.

# %% tags=["item:zero-grad", "nbval-check-output"] name="none-is-skipped"
skipped = torch.ones(1, requires_grad=True)
moved = torch.ones(1, requires_grad=True)
moved.grad = torch.zeros(1)
torch.optim.SGD([skipped, moved], lr=0.1, weight_decay=0.5).step()
print(f"grad None: {skipped.item():.2f}    grad 0: {moved.item():.2f}")

# %% [markdown] name="sgd-by-hand"
# ## 3. SGD by hand
#
# *Core*
#
# What is in an optimiser? A list of parameters, a learning rate, and a loop. One thing in it is not obvious: a
# parameter asks for its gradient, so autograd watches everything that happens to it, and changing it in place is
# refused.

# %% tags=["item:sgd"] name="watched-leaf"
w = torch.ones(3, requires_grad=True)
w.sum().backward()
with expect(RuntimeError):
    w -= 0.1 * w.grad

# %% [markdown] name="weight-decay"
# The update is no part of the model; autograd has no business there. So it stands under `torch.no_grad()`.
#
# The other thing is **weight decay**. Large weights often mean that a model has bent itself to its noise. So one adds
# a price for them to the loss, $\frac{\lambda}{2} \sum w^2$. Its gradient is $\lambda w$, and there is no need to
# touch the loss at all:
#
# $$\underset{(D)}{w} \;\leftarrow\; \underset{(D)}{w} - \eta \left( \underset{(D)}{g} + \lambda\, \underset{(D)}{w} \right)$$
#
# Here $\eta$ is the learning rate, $\lambda$ the weight decay, both plain numbers, and $g$ has the shape of $w$ as
# every gradient has.

# %% tags=["item:weight-decay", "nbval-check-output"] name="decay-is-a-price"
w = torch.tensor([3.0, -2.0], requires_grad=True)
g = torch.tensor([0.5, 0.5])  # the gradient of the loss (w * g).sum()
((w * g).sum() + 0.1 / 2 * w.square().sum()).backward()
print("gradient of loss + price", w.grad, "   g + 0.1 w", (g + 0.1 * w).detach())
assert torch.allclose(w.grad, g + 0.1 * w)

# %% [markdown] name="ask-sgd"
# Write the optimiser. `params` may be a generator: that is what `model.parameters()` gives you, and a generator can be
# walked through **once**.


# %% tags=["item:sgd", "item:weight-decay"]
@exercise("optim.SGD")
class SGD:
    """Gradient descent with weight decay.

    params : tensors that require a gradient, in a list or from a generator
    lr, weight_decay : numbers
    """

    def __init__(self, params, lr, weight_decay=0.0):
        ### BEGIN SOLUTION
        self.params = list(params)
        self.lr = lr
        self.weight_decay = weight_decay
        ### END SOLUTION

    def zero_grad(self):
        """Set the gradient of every parameter to None."""
        ### BEGIN SOLUTION
        for w in self.params:
            w.grad = None
        ### END SOLUTION

    def step(self):
        """Move every parameter in place; skip those whose gradient is None."""
        ### BEGIN SOLUTION
        with torch.no_grad():
            for w in self.params:
                if w.grad is not None:
                    w -= self.lr * (w.grad + self.weight_decay * w)
        ### END SOLUTION


# %% [markdown] name="referee"
# ### The referee
#
# Is yours the same as PyTorch's? We train a small network in float64 twice, from the same start, and compare all its
# weights after each of 100 steps. Every optimiser of this notebook has to pass here.


# %% tags=["item:sgd"] name="weights-on-the-way"
def weights_on_the_way(make_optimizer, steps=100):
    """Train a small network in float64; return all its weights after every step, shape (steps, 39)."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 3)).double()
    x, y = torch.randn(6, 5).double(), torch.randn(6, 3).double()
    optimizer, way = make_optimizer(model.parameters()), []
    for step in range(steps):
        train_step(model, loss_fn, optimizer, x, y)
        way.append(torch.cat([w.detach().flatten() for w in model.parameters()]))
    return torch.stack(way)


def referee(name, ours, theirs):
    """Print how far two optimisers come apart on the way, all 100 steps of it."""
    ours, theirs = weights_on_the_way(ours), weights_on_the_way(theirs)
    error = ((ours - theirs).abs().amax(dim=1) / theirs.abs().amax(dim=1)).max()
    print(f"{name}: largest difference from torch.optim in {len(theirs)} steps {error:.0e} of the largest weight")
    assert error < 1e-12


# %% tags=["item:sgd", "item:weight-decay", "nbval-check-output", "tolerance:±1e-12"] name="match-sgd"
referee(
    "SGD",
    lambda params: SGD(params, lr=0.01, weight_decay=0.1),
    lambda params: torch.optim.SGD(params, lr=0.01, weight_decay=0.1),
)

# %% [markdown] name="valley"
# ## 4. The valley
#
# *Core*
#
# Why is anything else needed? To see it, we take two of the sine fit's four weights, $b$ and $d$ in
# $y_{pred} = b\,x + d\,x^3$, and leave $a$ and $c$ at 0, where they belong. A loss of two weights is a landscape: it
# can be drawn.

# %% tags=["item:loss-surface"] name="surface"
terms = torch.stack([x, x**3], dim=1).double()  # (2000, 2)
target = y.double()  # (2000,)
lowest = torch.linalg.lstsq(terms, target.unsqueeze(-1)).solution.squeeze()  # (2,)


def valley(w):
    """The loss at w = (b, d)."""
    return (terms @ w - target).square().sum()


def walk(make_optimizer, steps=100, start=(-0.5, 0.12)):
    """Walk down the valley; return where each step led, the start first, shape (steps + 1, 2)."""
    w = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    optimizer, way = make_optimizer([w]), [w.detach().clone()]
    for step in range(steps):
        optimizer.zero_grad()
        valley(w).backward()
        optimizer.step()
        way.append(w.detach().clone())
    return torch.stack(way).numpy()


# %% [markdown] name="curvature"
# How steep is it? The curvatures in the steepest and in the flattest direction are the *eigenvalues* of the matrix of second
# derivatives (the Hessian of notebook 05): the factors by which it stretches along its own axes. For a sum of squares this
# matrix is $2\, X^T X$ of shape $(2, 2)$, where $X$, shape $(2000, 2)$, is `terms`.

# %% tags=["item:loss-surface", "nbval-check-output"] name="condition"
flat, steep = torch.linalg.eigvalsh(2 * terms.T @ terms).tolist()
print(f"curvature {flat:,.0f} along the valley, {steep:,.0f} across it: {steep / flat:.0f} times")
print(f"largest learning rate {2 / steep:.2e}")
print(f"with it, a step along the valley covers {100 * 2 / steep * flat:.1f} % of what is left")

# %% [markdown] name="dilemma"
# There is the dilemma. A step multiplies the distance from the minimum by 1 - rate $\cdot$ curvature. Above a rate of 2 /
# curvature that is less than -1, and the distance grows (notebook 01). So the steep direction sets the largest possible rate,
# and at that rate the flat direction hardly moves. The first steps of plain SGD go sideways, from wall to wall; as the
# bouncing dies down only the creeping is left, and after 100 steps it is still far from the minimum.


# %% tags=["item:loss-surface", "figure"] name="sgd-in-the-valley"
def surface(b, d):
    """The loss of every point of a grid; a sum of squares is a parabola, so the lowest point and a matrix give it."""
    away = torch.stack([torch.as_tensor(b), torch.as_tensor(d)]).flatten(1) - lowest[:, None]  # (2, points)
    losses = valley(lowest) + (away * (terms.T @ terms @ away)).sum(dim=0)
    return losses.reshape(b.shape).numpy()


view = {"minimum": tuple(lowest.tolist()), "spans": ((-0.7, 1.2), (-0.22, 0.2)), "names": ("b", "d")}
ways = {"SGD": walk(lambda params: torch.optim.SGD(params, lr=3.4e-6))}
plots.loss_surface(surface, ways, title="SGD: the first steps go sideways, the rest creep", **view)

# %% [markdown] name="momentum"
# ## 5. Momentum
#
# *Core*
#
# Look at the zigzag. Across the valley the gradients keep changing their sign; along it they all agree. So add
# them up: what contradicts itself cancels, what agrees adds up. A *velocity* $v$ collects the gradients, and at each
# step a part of it is lost:
#
# $$\underset{(D)}{v} \;\leftarrow\; \mu\, \underset{(D)}{v} + \underset{(D)}{g} \qquad
# \underset{(D)}{w} \;\leftarrow\; \underset{(D)}{w} - \eta\, \underset{(D)}{v}$$
#
# It starts at zero. With $\mu = 0.9$ a gradient that stays the same is collected $1 + 0.9 + 0.81 + \ldots = 10$ times.
#
# ### A rule
#
# *Deeper ground: momentum, written and judged.*
#
# From here on only one thing changes: how a step is made from a gradient. So we take that out of the optimiser into a
# function, the *rule*. It returns what is to be subtracted from the weight. What it wants to remember until the next
# step it writes into a `dict` of its own, `state`, which is empty at the first step; each parameter has one.


# %% tags=["item:momentum"] name="by-hand"
class ByHand:
    """An optimiser that subtracts from every parameter what a rule says."""

    def __init__(self, params, rule, lr, weight_decay=0.0, **settings):
        self.params, self.rule, self.lr = list(params), rule, lr
        self.weight_decay, self.settings = weight_decay, settings
        self.states = [{} for w in self.params]

    def zero_grad(self):
        for w in self.params:
            w.grad = None

    @torch.no_grad()
    def step(self):
        for w, state in zip(self.params, self.states):
            if w.grad is not None:
                grad = w.grad + self.weight_decay * w
                w -= self.rule(grad, state, self.lr, **self.settings)


# %% [markdown] name="ask-momentum"
# The rule of plain SGD would be `return lr * grad`. Write the one with momentum. (`state.get("velocity", 0)` is a
# way to say: what is there, or 0 at the first step.)


# %% tags=["item:momentum"]
@exercise("optim.sgd_momentum")
def sgd_momentum(grad, state, lr, momentum):
    """Return what SGD with momentum subtracts from the weight.

    grad : gradient, any shape; it stays as it is
    state : dict, without keys at the first step, yours to keep things in until the next
    lr : learning rate of this step; it may differ from step to step
    momentum : the part of the velocity that is kept, a number between 0 and 1
    Returns a tensor of grad's shape.
    """
    ### BEGIN SOLUTION
    velocity = momentum * state.get("velocity", 0) + grad
    state["velocity"] = velocity
    return lr * velocity
    ### END SOLUTION


# %% tags=["item:momentum", "nbval-check-output", "tolerance:±1e-12"] name="match-momentum"
settings = {"lr": 0.005, "momentum": 0.9, "weight_decay": 0.1}
referee(
    "momentum",
    lambda params: ByHand(params, sgd_momentum, **settings),
    lambda params: torch.optim.SGD(params, **settings),
)

# %% tags=["item:momentum", "item:loss-surface", "figure"] name="momentum-in-the-valley"
ways["momentum"] = walk(lambda params: ByHand(params, sgd_momentum, lr=1.5e-6, momentum=0.9))
title = "Momentum: the zigzag cancels, the way along the valley adds up"
plots.loss_surface(surface, ways, title=title, **view)

# %% [markdown] name="ask-friction"
# How much should be kept? Move the momentum $\mu$ and the rate $\eta$.

# %% tags=["item:momentum", "item:loss-surface", "figure"] name="momentum-moved"
across, up = plots.Axis("b", -0.8, 1.4), plots.Axis("d", -0.25, 0.22)
rings = plots.contours(surface, across, up, [10, 30, 100, 300, 1000, 3000, 10000])
kept, paces = [0.0, 0.5, 0.8, 0.9, 0.95, 0.99], [0.5e-6, 1.5e-6, 3e-6, 6e-6]
strolls = {
    (mu, lr): walk(lambda params: ByHand(params, sgd_momentum, lr=lr, momentum=mu), 60) for mu in kept for lr in paces
}


def with_momentum(mu, lr):
    """The way of SGD with this momentum and this rate through the valley."""
    b, d = strolls[mu, lr].T.tolist()
    end = (valley(torch.tensor([b[-1], d[-1]], dtype=torch.float64)) / valley(lowest) - 1).item()
    said = f"momentum {mu:g}, rate {lr:.1e}: after 60 steps {100 * end:.3g} % above the lowest loss"
    marks = [
        *rings,
        plots.Line(b, d, width=1.5),
        plots.Dots(b, d, size=2),
        plots.Dots(*lowest[:, None].tolist(), "lowest", 1),
    ]
    return plots.Chart(said, across, up, marks, said)


question = "At the rate 6e-6 plain SGD diverges. With which momentum does it end nearest to the minimum?"
closest = min(kept, key=lambda mu: valley(torch.from_numpy(strolls[mu, 6e-6][-1])).item())
controls = {"momentum": kept, "rate": paces}
plots.explore(with_momentum, controls, start=(0.0, 1.5e-6), question=question, guess=..., answer=f"With {closest:g}.")

# %% [markdown] name="friction-read"
# Too little creeps, too much swings to and fro and comes to rest late. And at the rate `6e-06`, where plain SGD diverges,
# some momentum still arrives: it bears larger rates.

# %% [markdown] name="friction"
# Now look back at section 2. Whoever forgets `zero_grad` steps along $g_1 + g_2 + \ldots + g_t$. That is the velocity
# for $\mu = 1$: **nothing** is lost, there is no friction, and the ball never comes to rest. It is not only similar.
# It is the same computation:

# %% tags=["item:momentum", "item:zero-grad", "nbval-check-output", "tolerance:2%"] name="momentum-one"
momentum_one = fit_sine(lambda params: torch.optim.SGD(params, lr=2e-6, momentum=1.0), steps=120)
for step in (0, 40, 80, 119):
    print(
        f"step {step:3}: momentum 1 with zero_grad {momentum_one[step]:6.0f}, momentum 0 without {forgotten[step]:6.0f}"
    )
assert torch.allclose(torch.tensor(momentum_one), torch.tensor(forgotten), rtol=1e-2)

# %% [markdown] name="ask-shrink-factor"
# ### How much momentum?
#
# *Deeper ground: what momentum can do at best, worked out and then counted. The capstone alone comes back to it.*
#
# Take one axis of the valley, with the curvature $c$. Let $e_t$ be the distance from the minimum after $t$ steps; the
# gradient there is $c\,e_t$. A step subtracts $\eta\,v$, so $\eta\,v_t = e_{t-1} - e_t$. Put that into the two formulas above, and the
# velocity is gone:
#
# $$e_{t+1} = e_t - \eta\,(\mu\,v_t + c\,e_t) = (1 + \mu - \eta c)\,e_t - \mu\,e_{t-1}$$
#
# Every number in it is a plain number. Try $e_t = z^t$, a distance that is multiplied by $z$ in each step, and divide by $z^{t-1}$:
#
# $$z^2 - (1 + \mu - \eta c)\,z + \mu = 0 \qquad
# z = \frac{(1 + \mu - \eta c) \pm \sqrt{(1 + \mu - \eta c)^2 - 4\mu}}{2}$$
#
# The distance is a mixture of both solutions, and in the long run the one with the larger $|z|$ is left. Below 1 the
# distance shrinks; at $\mu = 0$ the factor is $|1 - \eta c|$, as before. Where the number under the root is negative, $z$ is
# complex: the weight swings about the minimum. `cmath.sqrt` takes such roots, and `abs` of a complex number is its size.


# %% tags=["item:momentum"]
@exercise("optim.shrink_factor")
def shrink_factor(curvature, lr, momentum):
    """Return by which factor a step with momentum multiplies the distance from the minimum in the long run.

    curvature, lr : positive numbers    momentum : from 0 to 1
    Returns a number, the larger |z| of the two solutions; above 1 the distance grows.
    """
    ### BEGIN SOLUTION
    middle = 1 + momentum - lr * curvature
    root = cmath.sqrt(middle**2 - 4 * momentum)
    return max(abs(middle + root), abs(middle - root)) / 2
    ### END SOLUTION


# %% [markdown] name="best-momentum"
# The two solutions multiply to $\mu$ (put the brackets $(z - z_1)(z - z_2)$ out). If they are a complex pair, they have one size, so that
# $|z| = \sqrt{\mu}$, **whatever the curvature**. That is so as long as
#
# $$(1 + \mu - \eta c)^2 < 4\mu \quad\Leftrightarrow\quad (1 - \sqrt\mu)^2 < \eta c < (1 + \sqrt\mu)^2$$
#
# So take the smallest $\mu$ whose window holds all curvatures, from the flattest $c_1$ to the steepest $c_2$. It ends at both:
# $\eta c_1 = (1 - \sqrt\mu)^2$, $\eta c_2 = (1 + \sqrt\mu)^2$. Divide one by the other, with $\kappa = c_2 / c_1$, and take the root:
#
# $$\sqrt\kappa = \frac{1 + \sqrt\mu}{1 - \sqrt\mu} \quad\Rightarrow\quad
# \sqrt{\mu_{best}} = \frac{\sqrt\kappa - 1}{\sqrt\kappa + 1}, \qquad \text{without momentum at best } \frac{\kappa - 1}{\kappa + 1}$$
#
# A root of $\kappa$ in the place of $\kappa$: that is all of momentum's gain, and it is large where $\kappa$ is. For any other $\mu$ the
# best rate is the one that treats both ends alike, $\eta = 2\,(1 + \mu) / (c_1 + c_2)$: there $1 + \mu - \eta c$ has
# the same size at both. Count: how many steps until the loss stays within 1 % of the lowest, with each $\mu$ at its best rate?

# %% tags=["item:momentum", "item:loss-surface", "nbval-check-output", "tolerance:3%"] name="momentum-study"
ratio, least = math.sqrt(steep / flat), valley(lowest).item()
first_above = valley(torch.from_numpy(ways["SGD"][0])).item() - least
best_momentum = ((ratio - 1) / (ratio + 1)) ** 2
study = {"theory": [], "counted": []}
momenta = [0.0, 0.3, 0.5, 0.7, best_momentum, 0.8, 0.9, 0.95]
for momentum in momenta:
    lr = 2 * (1 + momentum) / (flat + steep)
    factor = max(shrink_factor(curvature, lr, momentum) for curvature in (flat, steep))
    # the loss goes with the square of the distance
    steps = math.log(0.01 * least / first_above) / (2 * math.log(factor))
    way = walk(lambda params: torch.optim.SGD(params, lr=lr, momentum=momentum), steps=int(steps) + 100)
    above = surface(way[:, 0], way[:, 1]) - least  # (steps + 101,)
    study["theory"].append(steps)
    study["counted"].append(int((above > 0.01 * least).nonzero()[0][-1]) + 1)
    told = f"theory {study['theory'][-1]:4.0f} steps, counted {study['counted'][-1]:4d}"
    print(f"momentum {momentum:.3f}  rate {lr:.2e}  factor {factor:.4f}  {told}")
assert min(study["counted"]) < study["counted"][0] / 9

# %% tags=["item:momentum", "figure"] name="momentum-study-drawn"
title = "Momentum, each at its best rate"
plots.panels(momenta, {"steps to within 1 % of the lowest loss": study}, xlabel="momentum", title=title)

# %% [markdown] name="momentum-study-read"
# From 685 steps to 57. The theory knows the long run only, so it is short by what the first steps take; most so at $\mu_{best}$, where
# the two solutions are one, and the distance goes like $t\,z^t$ before it goes like $z^t$. Too little momentum costs more than
# too much. The 0.9 that stands in most programs would be the best for $\kappa = 1444$, a much narrower valley; a real network's
# is not known, so one tries.

# %% [markdown] name="ask-adagrad"
# ## 6. A rate for each weight
#
# *Deeper ground: AdaGrad and RMSprop, written and judged.*
#
# Momentum still gives all weights the same learning rate. But $d$ needs small steps and $b$ large ones. **AdaGrad**
# (2011) finds that out from the gradients: it adds up their squares, weight by weight, and divides by the root of the
# sum.
#
# $$\underset{(D)}{s} \;\leftarrow\; \underset{(D)}{s} + \underset{(D)}{g^2} \qquad
# \underset{(D)}{w} \;\leftarrow\; \underset{(D)}{w} - \eta\, \frac{\overset{(D)}{g}}{\underset{(D)}{\sqrt{s}} + \varepsilon}$$
#
# Everything is entry by entry. A weight whose gradients are 100 times larger is divided by something 100 times
# larger: the *scale* of a gradient no longer matters. The tiny $\varepsilon$ keeps a weight that has had no gradient
# yet from dividing 0 by 0.


# %% tags=["item:adagrad"]
@exercise("optim.adagrad")
def adagrad(grad, state, lr, eps):
    """Return what AdaGrad subtracts from the weight.

    grad : gradient, any shape; it stays as it is
    state : dict, without keys at the first step, yours to keep things in until the next
    lr : learning rate of this step
    eps : small number, added to the root
    Returns a tensor of grad's shape.
    """
    ### BEGIN SOLUTION
    squares = state.get("squares", 0) + grad**2
    state["squares"] = squares
    return lr * grad / (squares.sqrt() + eps)
    ### END SOLUTION


# %% tags=["item:adagrad", "nbval-check-output", "tolerance:±1e-12"] name="match-adagrad"
settings = {"lr": 0.1, "eps": 1e-10, "weight_decay": 0.1}
referee(
    "AdaGrad",
    lambda params: ByHand(params, adagrad, **settings),
    lambda params: torch.optim.Adagrad(params, **settings),
)

# %% [markdown] name="ask-rmsprop"
# A sum only ever grows, so AdaGrad's rate $\eta / \sqrt{s}$ only ever shrinks: it slows down even where there is a long way
# to go. **RMSprop** (Tieleman and Hinton, 2012) changes one line. Instead of the sum it keeps a running *mean*, which
# forgets:
#
# $$\underset{(D)}{s} \;\leftarrow\; \alpha\, \underset{(D)}{s} + (1 - \alpha)\, \underset{(D)}{g^2}$$
#
# The rest stays. The root of a mean square is what gave it its name.


# %% tags=["item:rmsprop"]
@exercise("optim.rmsprop")
def rmsprop(grad, state, lr, alpha, eps):
    """Return what RMSprop subtracts from the weight.

    grad : gradient, any shape; it stays as it is
    state : dict, without keys at the first step, yours to keep things in until the next
    lr : learning rate of this step
    alpha : the part of the old mean that is kept, a number between 0 and 1
    eps : small number, added to the root
    Returns a tensor of grad's shape.
    """
    ### BEGIN SOLUTION
    mean_square = alpha * state.get("mean_square", 0) + (1 - alpha) * grad**2
    state["mean_square"] = mean_square
    return lr * grad / (mean_square.sqrt() + eps)
    ### END SOLUTION


# %% tags=["item:rmsprop", "nbval-check-output", "tolerance:±1e-12"] name="match-rmsprop"
settings = {"lr": 0.01, "alpha": 0.99, "eps": 1e-8, "weight_decay": 0.1}
referee(
    "RMSprop",
    lambda params: ByHand(params, rmsprop, **settings),
    lambda params: torch.optim.RMSprop(params, **settings),
)

# %% [markdown] name="two-means"
# ## 7. Adam
#
# *Deeper ground: Adam, written and judged, and all five in motion.*
#
# **Adam** (Kingma and Ba, 2014) puts the two ideas together: a running mean $m$ of the gradients (momentum's velocity, but
# for a factor $1 - \beta_1$ that makes a mean of the sum), divided by the root of a running mean $v$ of their squares, as
# RMSprop has it.
#
# $$\underset{(D)}{m} \leftarrow \beta_1 \underset{(D)}{m} + (1 - \beta_1) \underset{(D)}{g} \qquad
# \underset{(D)}{v} \leftarrow \beta_2 \underset{(D)}{v} + (1 - \beta_2) \underset{(D)}{g^2}$$
#
# Both start at zero, and that needs a correction. After one step with $\beta_1 = 0.9$, the mean of a single gradient
# $g$ is said to be $0.1\, g$: nine tenths of it are the zero from the start. After $t$ steps, the zeros' share is
# $\beta^t$. So one divides by the share that real gradients have, $1 - \beta^t$, with $t$ counted from 1:
#
# $$\hat m = \frac{m}{1 - \beta_1^t} \qquad \hat v = \frac{v}{1 - \beta_2^t} \qquad
# \underset{(D)}{w} \leftarrow \underset{(D)}{w} - \eta\, \frac{\overset{(D)}{\hat m}}{\underset{(D)}{\sqrt{\hat v}} + \varepsilon}$$
#
# Three weights have the gradients 0.001, 1 and 1000. Adam runs with $\eta = 0.01$, $\beta_1 = 0.9$, $\beta_2 = 0.999$
# and $\varepsilon = 10^{-8}$. What does it subtract from each of them **at the first step**? Work it out with the formulas
# before you run on; nobody checks it.

# %% name="guess-first-step"
guess = ...  # three numbers

# %% tags=["item:adam", "nbval-check-output"] name="first-step"
w = torch.zeros(3, dtype=torch.float64, requires_grad=True)
w.grad = torch.tensor([0.001, 1.0, 1000.0], dtype=torch.float64)
torch.optim.Adam([w], lr=0.01).step()
print("subtracted:", [round(-entry, 5) for entry in w.tolist()])

# %% [markdown] name="ask-adam"
# After the correction the means are $g$ and $g^2$, and $g / \sqrt{g^2}$ is 1 or -1 whatever the size of $g$: the first step is
# the learning rate. Now the whole rule. `state` has to hold three things this time.


# %% tags=["item:adam"]
@exercise("optim.adam")
def adam(grad, state, lr, beta1, beta2, eps):
    """Return what Adam subtracts from the weight.

    grad : gradient, any shape; it stays as it is
    state : dict, without keys at the first step, yours to keep things in until the next
    lr : learning rate of this step
    beta1, beta2 : the parts of the old means that are kept, numbers between 0 and 1
    eps : small number, added to the root
    Returns a tensor of grad's shape.
    """
    ### BEGIN SOLUTION
    state["t"] = state.get("t", 0) + 1
    state["m"] = beta1 * state.get("m", 0) + (1 - beta1) * grad
    state["v"] = beta2 * state.get("v", 0) + (1 - beta2) * grad**2
    m_hat = state["m"] / (1 - beta1 ** state["t"])
    v_hat = state["v"] / (1 - beta2 ** state["t"])
    return lr * m_hat / (v_hat.sqrt() + eps)
    ### END SOLUTION


# %% tags=["item:adam", "nbval-check-output", "tolerance:±1e-12"] name="match-adam"
referee(
    "Adam",
    lambda params: ByHand(params, adam, lr=0.01, weight_decay=0.1, beta1=0.9, beta2=0.999, eps=1e-8),
    lambda params: torch.optim.Adam(params, lr=0.01, weight_decay=0.1, betas=(0.9, 0.999), eps=1e-8),
)

# %% [markdown] name="steady"
# ### What is left of a steady gradient
#
# A weight's gradient is 1 at every step. How far do the rules move it each time? Plain SGD would take `lr`, always.

# %% tags=["item:adagrad", "item:rmsprop", "item:adam", "figure"] name="steady-gradient"
rules = {
    "AdaGrad": lambda grad, state: adagrad(grad, state, lr=0.01, eps=1e-10),
    "RMSprop": lambda grad, state: rmsprop(grad, state, lr=0.01, alpha=0.99, eps=1e-8),
    "Adam": lambda grad, state: adam(grad, state, lr=0.01, beta1=0.9, beta2=0.999, eps=1e-8),
}
sizes = {}
for name, rule in rules.items():
    state = {}
    sizes[name] = [rule(torch.ones(1), state).item() for step in range(60)]
assert round(sizes["RMSprop"][0] / 0.01) == 10 and round(sizes["Adam"][0] / 0.01) == 1
title = "A gradient of 1 at every step, learning rate 0.01"
plots.lines(sizes, xlabel="step", ylabel="size of the step", title=title)

# %% [markdown] name="read-steady"
# AdaGrad slows down for ever. RMSprop starts with a step **ten times** the learning rate: its mean starts at zero
# too, and nobody corrects it. Adam's correction makes every step `lr`, from the first.
#
# ### All five, in motion
#
# The same valley, the same start, 100 steps each. AdaGrad runs with the learning rate 0.3, RMSprop with 0.02, Adam with
# 0.05. How far does each of the three move a weight **at its first step**? The last picture tells; **commit to three numbers**,
# nobody checks them.

# %% name="guess-leaps"
guess = ...  # AdaGrad, RMSprop, Adam

# %% tags=["item:loss-surface", "item:rmsprop", "item:adagrad", "item:adam", "figure"] name="all-five"
ways["AdaGrad"] = walk(lambda params: ByHand(params, adagrad, lr=0.3, eps=1e-10))
ways["RMSprop"] = walk(lambda params: ByHand(params, rmsprop, lr=0.02, alpha=0.99, eps=1e-8))
ways["Adam"] = walk(lambda params: ByHand(params, adam, lr=0.05, beta1=0.9, beta2=0.999, eps=1e-8))
adaptive = ("AdaGrad", "RMSprop", "Adam")
leaps = {name: abs(ways[name][1] - ways[name][0]).round(3).tolist() for name in adaptive}
assert leaps == {"AdaGrad": [0.3, 0.3], "RMSprop": [0.2, 0.2], "Adam": [0.05, 0.05]}
plots.loss_surface(surface, ways, title="Five optimisers in one valley", animated=True, **view)

# %% tags=["item:loss-surface", "nbval-check-output"] name="where-they-end"
for name, way in ways.items():
    above = valley(torch.from_numpy(way[-1])) / valley(lowest) - 1
    print(f"{name:9} after 100 steps {100 * above:8.1f} % above the lowest loss")

# %% [markdown] name="ask-rates"
# Another rate gives another picture. Here each of the five tries multiples of the rate that it had above, 60 steps each.

# %% tags=["item:loss-surface", "item:adam"] name="rates-walked"
makers = {
    "SGD": lambda k: lambda params: torch.optim.SGD(params, lr=3.4e-6 * k),
    "momentum": lambda k: lambda params: ByHand(params, sgd_momentum, lr=1.5e-6 * k, momentum=0.9),
    "AdaGrad": lambda k: lambda params: ByHand(params, adagrad, lr=0.3 * k, eps=1e-10),
    "RMSprop": lambda k: lambda params: ByHand(params, rmsprop, lr=0.02 * k, alpha=0.99, eps=1e-8),
    "Adam": lambda k: lambda params: ByHand(params, adam, lr=0.05 * k, beta1=0.9, beta2=0.999, eps=1e-8),
}
multiples = [0.1, 0.3, 1.0, 2.0, 4.0]
walked = {(name, k): walk(make(k), steps=60) for name, make in makers.items() for k in multiples}


# %% tags=["item:loss-surface", "figure"] name="rates-moved"
def at_multiple(optimiser, multiple):
    """The way of one optimiser through the valley at a multiple of its rate."""
    b, d = walked[optimiser, multiple].T.tolist()
    end = (valley(torch.tensor([b[-1], d[-1]], dtype=torch.float64)) / valley(lowest) - 1).item()
    said = f"{optimiser}, {multiple:g} times its rate: after 60 steps {100 * end:.3g} % above the lowest loss"
    marks = [
        *rings,
        plots.Line(b, d, width=1.5),
        plots.Dots(b, d, size=2),
        plots.Dots(*lowest[:, None].tolist(), "lowest", 1),
    ]
    return plots.Chart(said, across, up, marks, said)


controls = {"optimiser": list(makers), "times its rate": multiples}
question = "Which of the five diverge at four times their rate?"
answer = "SGD alone: its rate was nearly the largest possible one already."
both_ends = {name: [valley(torch.from_numpy(point)) for point in walked[name, 4.0][[0, -1]]] for name in makers}
assert [name for name, (start, end) in both_ends.items() if end > start] == ["SGD"]
plots.explore(at_multiple, controls, start=("SGD", 1.0), question=question, guess=..., answer=answer)

# %% [markdown] name="read-five"
# Do not read this as a ranking: each has a learning rate of its own, and another rate gives another order. Read the
# shapes. AdaGrad, RMSprop and Adam set out in one and the same direction: their first step moves both weights equally
# far, however different the gradients are. AdaGrad leaps 0.3, its learning rate; RMSprop 0.2, ten times its rate; Adam 0.05,
# its rate. Momentum and Adam swing, because they carry on in an old direction for a
# while.
#
# ### Weight decay and Adam
#
# Adam divides by the size of the gradient. If the decay is part of the gradient, it is divided too, and there goes
# its meaning. Here the loss gives no gradient at all, and only the decay acts:

# %% tags=["item:weight-decay", "item:adam", "nbval-check-output"] name="adam-and-adamw"
for kind in (torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW):
    w = torch.tensor([0.1, 1.0, 10.0], requires_grad=True)
    w.grad = torch.zeros(3)
    kind([w], lr=0.01, weight_decay=0.5).step()
    print(f"{kind.__name__:6} leaves", [round(entry, 5) for entry in w.tolist()])

# %% [markdown] name="read-adamw"
# SGD shrinks each weight by the same *factor*, which is what decay is meant to do. Adam takes `lr` off each, the
# small and the large. **AdamW** (Loshchilov and Hutter, 2017) shrinks the weights apart from the gradient, by `lr *
# weight_decay`, and then takes Adam's step. If you want both Adam and weight decay, take AdamW.
#
# ## 8. The sine fit with RMSprop
#
# *Core*
#
# $2 \cdot 10^{-6}$ is a good rate for this problem because its gradients happen to be this large. RMSprop divides their
# scale out, so an everyday rate such as $10^{-3}$ will do. 2,000 steps, as ever.

# %% tags=["item:sine-rmsprop", "nbval-check-output", "tolerance:20%"] name="sine-rmsprop"
constant = fit_sine(lambda params: torch.optim.RMSprop(params, lr=1e-3), steps=2000)
excess = [100 * (loss / best_loss - 1) for loss in constant]
print(f"loss at the start {constant[0]:.0f}, best possible {best_loss:.3f}")
print(
    f"RMSprop ended {excess[-1]:.1f} % above it, and in the last 500 steps was up to {max(excess[-500:]):.0f} % above"
)
assert excess[-1] < 5 and max(excess[-500:]) > 10

# %% [markdown] name="restless"
# It arrives, and then it does not rest. At the bottom the gradients are small, and while all is quiet the mean $s$ of
# their squares shrinks. RMSprop divides by its root, so the effective rate $\eta / \sqrt{s}$ grows, until it is too large
# for the steep direction: the loss shoots up. The large gradients of that burst raise $s$ again, the loss falls back,
# and the next quiet begins. The picture in the next section shows these bursts.
#
# ## 9. Schedules
#
# *Deeper ground: rates that fall, and what they cure.*
#
# So the learning rate has to shrink by itself. That is a **schedule**: an object that is given the optimiser, and
# whose `step()` sets the next rate. Here are three that people use, over 100 steps.


# %% tags=["item:schedules", "figure"] name="schedules-drawn"
def rates_of(make_schedule, steps=100):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    schedule, rates = make_schedule(optimizer), []
    for step in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return rates


lr_scheduler = torch.optim.lr_scheduler
rates = {
    "StepLR: a tenth every 40": rates_of(lambda o: lr_scheduler.StepLR(o, step_size=40, gamma=0.1)),
    "CosineAnnealingLR": rates_of(lambda o: lr_scheduler.CosineAnnealingLR(o, T_max=100)),
    "LambdaLR: whatever you write": rates_of(lambda o: lr_scheduler.LambdaLR(o, lambda t: 1 - t / 100)),
}
plots.lines(rates, xlabel="step", ylabel="learning rate", title="Three schedules")

# %% [markdown] name="cosine"
# No magic in them either. The cosine one is a formula: $\eta_t = \frac{\eta}{2} \left(1 + \cos\left(\frac{\pi t}{T}\right)
# \right)$, all of it plain numbers.

# %% tags=["item:schedules", "nbval-check-output", "tolerance:±1e-12"] name="match-cosine"
by_hand = [0.1 / 2 * (1 + math.cos(math.pi * t / 100)) for t in range(100)]
gap = max(abs(a - b) for a, b in zip(by_hand, rates["CosineAnnealingLR"]))
print(f"by hand and PyTorch's: largest difference of 100 rates {gap:.0e}")
assert gap < 1e-12

# %% [markdown] name="ask-schedule"
# Large steps at the very start do harm: the weights are random, and the means of RMSprop and Adam still know little. So many
# training runs begin with a **warm-up**, and fall only then. `LambdaLR` takes a function of the step $t$, counted from 0, and
# multiplies the first rate by what it returns. Write one that rises for $W$ steps in a straight line, from $\frac{1}{W}$ at
# $t = 0$ to 1 at $t = W - 1$, and falls along the cosine in the $T - W$ steps that are left:
#
# $$f(t) = \frac{1}{2} \bigl(1 + \cos(\pi s)\bigr) \qquad s = \frac{t - W}{T - W} \qquad \text{for } t \ge W$$


# %% tags=["item:schedules"]
@exercise("optim.schedule")
def schedule_factor(t, warm_up, steps):
    """Return what the learning rate is multiplied by at step t.

    t : the step, from 0 to steps - 1
    warm_up : how many of the steps the rate rises, W; more than 0
    steps : how many steps there are in all, T; more than warm_up
    Returns a number: from 1/W up to 1 at t = W - 1, then down towards 0 along half a cosine turn.
    """
    ### BEGIN SOLUTION
    if t < warm_up:
        return (t + 1) / warm_up
    share = (t - warm_up) / (steps - warm_up)  # of the fall that is done
    return (1 + math.cos(math.pi * share)) / 2
    ### END SOLUTION


# %% [markdown] name="schedule-referee"
# PyTorch has it in two pieces, a `LinearLR` and a `CosineAnnealingLR`, joined by `SequentialLR`. Is yours the same?


# %% tags=["item:schedules", "nbval-check-output", "tolerance:±1e-9"] name="match-schedule"
def in_two_pieces(optimizer):
    rise = lr_scheduler.LinearLR(optimizer, start_factor=1 / 20, total_iters=19)
    fall = lr_scheduler.CosineAnnealingLR(optimizer, T_max=80)
    return lr_scheduler.SequentialLR(optimizer, [rise, fall], milestones=[20])


ours = rates_of(lambda o: lr_scheduler.LambdaLR(o, lambda t: schedule_factor(t, 20, 100)))
with warnings.catch_warnings():
    warnings.simplefilter("ignore", UserWarning)  # older versions of torch warn of a call of their own
    theirs = rates_of(in_two_pieces)
gap = max(abs(a - b) for a, b in zip(ours, theirs))
print(f"yours and PyTorch's: largest difference of 100 rates {gap:.0e}")
assert gap < 1e-9

# %% [markdown] name="order"
# The order matters: the optimiser steps first, at the present rate; then the schedule sets the next. The other way
# round the first rate is never used, and PyTorch says so.

# %% tags=["item:schedules"] name="wrong-order"
optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
schedule = torch.optim.lr_scheduler.StepLR(optimizer, step_size=40)
with expect(UserWarning):
    schedule.step()
    optimizer.step()

# %% [markdown] name="settle"
# Now the restless RMSprop with a schedule: the full rate for 1,500 steps, and then down to 0 in a straight line.

# %% tags=["item:schedules", "item:sine-rmsprop", "nbval-check-output", "tolerance:±0.01"] name="sine-scheduled"
model = sine_model()
optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3)
schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda t: min(1, (2000 - t) / 500))
scheduled = []
for step in range(2000):
    scheduled.append(train_step(model, loss_fn, optimizer, xx, y))
    schedule.step()

print(f"ended {100 * (scheduled[-1] / best_loss - 1):.3f} % above the best possible")
assert scheduled[-1] / best_loss - 1 < 1e-4

# %% tags=["item:schedules", "item:sine-rmsprop", "figure"] name="sine-rmsprop-drawn"
last = {"constant rate": constant[-600:], "with a schedule": scheduled[-600:]}
plots.lines(
    {name: [100 * (loss / best_loss - 1) for loss in losses] for name, losses in last.items()},
    xlabel="step, counted from 1,400",
    ylabel="% above the best possible loss",
    title="RMSprop comes to rest only when the rate does",
)

# %% [markdown] name="mini-batches"
# ## 10. Mini-batches
#
# *Core*
#
# One step on the sine fit looks at all 2,000 points. Does it have to? Fifty points taken at random have a gradient
# that is, **on average**, a fortieth of the whole sum's. Cut the shuffled data into 40 such batches: at one and the
# same $w$, their gradients add up to exactly the whole gradient, and each of them alone is a rough estimate.

# %% tags=["item:mini-batches", "nbval-check-output", "tolerance:±2"] name="batch-gradients"
model = sine_model()
loss_fn(model(xx), y).backward()
whole = model[0].weight.grad.clone()  # (1, 3)
estimates = []
for batch in torch.randperm(2000).split(50):
    model.zero_grad()
    loss_fn(model(xx[batch]), y[batch]).backward()
    estimates.append(40 * model[0].weight.grad)

estimates = torch.cat(estimates)  # (40, 3)
mean = estimates.mean(dim=0, keepdim=True)  # (1, 3)
compare_gradients({"weight": whole}, {"weight": mean}, columns=("whole", "mean of 40"))
error = (estimates - whole).norm(dim=1).mean() / whole.norm()  # lengths: of errors, of the gradient
print(f"one of them alone is off by {100 * error:.0f} % on average")
assert torch.allclose(mean, whole, rtol=1e-3)

# %% [markdown] name="epochs"
# One walk through all the data is an **epoch**. With full batches an epoch is one step; with batches of 50 it is 40
# steps that cost about as much arithmetic together. The steps are noisier, but there are 40 times as many. That is
# what *stochastic* means in SGD. (The loss of a batch is a sum over 50 points, so the learning rate is 40 times
# larger for steps of the same length.)


# %% tags=["item:mini-batches"] name="by-epochs"
def evaluated(model):
    """The loss over all 2,000 points."""
    with torch.no_grad():
        return loss_fn(model(xx), y).item()


def fit_in_batches(batch_size, learning_rate, epochs=40):
    """Fit the sine; return the loss over all 2,000 points, before the first epoch and after each."""
    model = sine_model()
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)
    losses = [evaluated(model)]
    for epoch in range(epochs):
        for batch in torch.randperm(2000).split(batch_size):
            train_step(model, loss_fn, optimizer, xx[batch], y[batch])
        losses.append(evaluated(model))
    return losses


full_batch = fit_in_batches(2000, learning_rate=2e-6)
batches = fit_in_batches(50, learning_rate=8e-5)

# %% tags=["item:mini-batches", "nbval-check-output", "tolerance:3%"] name="batches-result"
for name, losses in {"all 2,000 points at once": full_batch, "batches of 50": batches}.items():
    print(f"{name:24} after 40 epochs at {losses[-1] / best_loss:.2f} times the best loss")
assert batches[-1] < 1.1 * best_loss < 50 * best_loss < full_batch[-1]

# %% tags=["item:mini-batches", "figure"] name="batches-drawn"
plots.loss_curves(
    {"all 2,000 points at once": full_batch, "batches of 50": batches},
    floor=best_loss,
    floor_label="best possible",
    xlabel="epoch",
    title="Loss after each epoch",
)

# %% [markdown] name="ask-mend-clearing"
# ## Mend it: gradients that pile up
#
# *Deeper ground: a program that runs and is wrong.*
#
# To save memory, the training below computes each batch in two pieces, whose gradients add up as in section 2, and takes one
# step for each batch. The first step of an epoch is right. Then the weights run away. Mend it.


# %% tags=["item:zero-grad", "item:mini-batches"]
@exercise("optim.mend_clearing")
def train_in_pieces(w, batches, rate, epochs):
    """Return the weights after some epochs of SGD, and the loss of every batch on the way.

    w : the start, shape (D,), which stays as it is
    batches : pairs of inputs, shape (N, D), and targets, shape (N,); each batch makes one step, along the
        gradient of the mean square over its N rows
    rate, epochs : the learning rate; how often all batches are gone over
    """
    w = w.clone().requires_grad_()
    optimizer = torch.optim.SGD([w], lr=rate)
    losses = []
    for _ in range(epochs):
        ### BEGIN SOLUTION
        ### BROKEN
        # optimizer.zero_grad()
        ### END SOLUTION
        for x, y in batches:
            ### BEGIN SOLUTION
            optimizer.zero_grad()
            ### BROKEN
            ### END SOLUTION
            losses.append(0.0)
            for rows, targets in zip(x.chunk(2), y.chunk(2)):
                loss = ((rows @ w - targets) ** 2).sum() / len(x)
                loss.backward()
                losses[-1] += loss.item()
            optimizer.step()
    return w.detach(), losses


# %% [markdown] name="groups"
# ## 11. Parameter groups
#
# *Deeper ground: a rate for each group of weights.*
#
# Not every parameter wants the same treatment. A price on large weights makes sense for the weights of a layer,
# hardly for its biases; a layer that is trained already may want a smaller rate. Give the optimiser a list of
# **groups**, each a `dict` with its own settings; what a group does not say, it takes from the rest of the call.

# %% tags=["item:parameter-groups", "nbval-check-output"] name="two-groups"
model = sine_model()
optimizer = torch.optim.SGD(
    [
        {"params": [model[0].weight], "weight_decay": 0.1},
        {"params": [model[0].bias], "lr": 0.05},
    ],
    lr=0.01,
)
for group in optimizer.param_groups:
    shapes = [tuple(w.shape) for w in group["params"]]
    print(f"parameters {shapes}  lr {group['lr']}  weight decay {group['weight_decay']}")

# %% [markdown] name="groups-why"
# `param_groups` is a plain list of dicts, and it is where the rates live: a schedule does nothing but write into
# `group["lr"]`. You may write there yourself, in the middle of training. Each parameter belongs to one group; a
# second membership is refused.

# %% tags=["item:parameter-groups"] name="twice-in-groups"
with expect(ValueError):
    torch.optim.SGD([{"params": model.parameters()}, {"params": [model[0].bias], "lr": 0.05}], lr=0.01)

# %% [markdown] name="what-is-kept"
# What an optimiser remembers is kept in `state`, for each parameter, as in your rules. Adam keeps two numbers for
# every weight, so a model trained with Adam needs three times the memory of its weights, gradients not counted.

# %% tags=["item:adam", "item:parameter-groups", "nbval-check-output"] name="adam-state"
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
train_step(model, loss_fn, optimizer, xx, y)
print({name: tuple(kept.shape) for name, kept in optimizer.state[model[0].weight].items()})

# %% [markdown] name="ask-mend-head"
# ## Mend it: a layer that never moves
#
# *Deeper ground: a program that runs and is wrong.*
#
# A trained model gets a new last layer, for other classes, and is trained on: the new layer at ten times the rate of the layers
# that have learned already. The loss falls a little, and the new layer is in the end what it was in the beginning. Mend it.


# %% tags=["item:parameter-groups"]
@exercise("optim.mend_head")
def fine_tune(model, head, batches, rate):
    """Give a trained model a new last layer, train all its layers, and return the loss of every batch.

    model : an nn.Sequential, which is changed: its last layer makes way for head
    head : the new last layer, which learns with ten times the rate of the others
    batches : pairs of inputs, shape (N, D), and classes, shape (N,), with a step of SGD for each
    rate : the learning rate of the other layers; the momentum is 0.9 for all
    """
    ### BEGIN SOLUTION
    model[-1] = head
    ### BROKEN
    ### END SOLUTION
    groups = [{"params": model[:-1].parameters()}, {"params": model[-1].parameters(), "lr": 10 * rate}]
    optimizer = torch.optim.SGD(groups, lr=rate, momentum=0.9)
    ### BEGIN SOLUTION
    ### BROKEN
    # model[-1] = head
    ### END SOLUTION
    losses = []
    for x, y in batches:
        loss = nn.functional.cross_entropy(model(x), y)
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return losses


# %% [markdown] name="ask-mend-schedule"
# ## Mend it: a rate that vanishes too soon
#
# *Deeper ground: a program that runs and is wrong.*
#
# The training below should halve its rate after every epoch. With a hundred batches the rate is zero for all that matters
# long before the first epoch is over. Mend it.


# %% tags=["item:schedules"]
@exercise("optim.mend_schedule")
def train_by_epochs(w, batches, rate, epochs):
    """Return the weights after some epochs of SGD on the mean square, and the rate of each epoch.

    w : the start, shape (D,), which stays as it is
    batches : pairs of inputs, shape (N, D), and targets, shape (N,); an epoch goes over all of them
    rate : the rate of the first epoch; each later epoch has half the rate of the one before
    """
    w = w.clone().requires_grad_()
    optimizer = torch.optim.SGD([w], lr=rate)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.5)
    rates = []
    for _ in range(epochs):
        rates.append(optimizer.param_groups[0]["lr"])
        for x, y in batches:
            optimizer.zero_grad()
            ((x @ w - y) ** 2).mean().backward()
            optimizer.step()
        ### BEGIN SOLUTION
        scheduler.step()
        ### BROKEN
        #     scheduler.step()
        ### END SOLUTION
    return w.detach(), rates


# %% [markdown] name="ask-downhill"
# ## Capstone: an optimiser of your own, from an empty cell
#
# *Deeper ground: a whole program of your own. Nothing later needs it.*
#
# The valley below is narrower than that of section 4, and it is turned: neither of its directions is a weight. The loss is
# $\frac{1}{2}(a^2 + 400\,c^2)$, where $a$ is the distance from the lowest point along the valley and $c$ that across it. What can
# plain SGD do there in 150 steps? The cell tries a hundred rates and keeps the best.


# %% tags=["reference", "item:loss-surface"] name="narrow-valley"
from tutor import program


def turned_valley(degrees, lowest):
    """Return the loss of a valley: curvature 1 along it and 400 across, turned by some degrees."""
    angle = math.radians(degrees)
    along = torch.tensor([math.cos(angle), math.sin(angle)], dtype=torch.float64)
    across = torch.tensor([-math.sin(angle), math.cos(angle)], dtype=torch.float64)
    return lambda w: 0.5 * (((w - lowest) @ along) ** 2 + 400 * ((w - lowest) @ across) ** 2)


narrow = turned_valley(30, lowest=torch.tensor([2.0, -1.0], dtype=torch.float64))
start = torch.tensor([-6.0, -5.0], dtype=torch.float64)

# %% tags=["item:loss-surface", "nbval-check-output", "tolerance:2%"] name="sgd-at-its-best"
ends = {}
for rate in torch.linspace(5e-5, 5e-3, 100).tolist():
    w = start.clone().requires_grad_()
    for step in range(150):
        (grad,) = torch.autograd.grad(narrow(w), w)
        w = (w - rate * grad).detach().requires_grad_()
    ends[rate] = narrow(w).item()
best = min(ends, key=ends.get)
print(f"loss at the start {narrow(start):.1f}, after 150 steps of SGD at the best rate, {best:.2e}, {ends[best]:.1f}")
assert ends[best] > 5

# %% [markdown] name="what-downhill-leaves"
# Write an optimiser that arrives, and leave two things behind:
#
# - `Downhill`, a class: `Downhill(params)` is made of a list or a generator of tensors and nothing else (its settings are yours),
#   `zero_grad()` clears their gradients, `step()` moves them in place;
# - `losses`, a list of 150 numbers: the losses of `narrow` from `start` on, before each of 150 steps of a `Downhill`.
#
# **What counts:** a loss of at most 0.01 after 150 gradients, here and in eight valleys that your program cannot see. They have the same
# curvatures, and are turned otherwise; the lowest point and the start, at most 11 from it, are others. The judge runs the loop
# and computes one gradient a step, so `step()` has the gradients and nothing else: what you make of them, also of their
# differences, is up to you. `torch.optim` and the classes and rules of this notebook are not allowed. 30 seconds are the limit; one is enough.

# %%
program("optim.downhill")


### BEGIN SOLUTION
class Downhill:
    """Momentum, with what is best for curvatures from 1 to 400."""

    def __init__(self, params):
        self.params = list(params)
        self.velocities = [torch.zeros_like(w) for w in self.params]
        self.momentum = (19 / 21) ** 2  # ((root - 1) / (root + 1)) ** 2, with the root of 400
        self.lr = 2 * (1 + self.momentum) / (1 + 400)

    def zero_grad(self):
        for w in self.params:
            w.grad = None

    @torch.no_grad()
    def step(self):
        for w, v in zip(self.params, self.velocities):
            if w.grad is not None:
                v.mul_(self.momentum).add_(w.grad)
                w -= self.lr * v


w, losses = start.clone().requires_grad_(), []
optimizer = Downhill([w])
for step in range(150):
    optimizer.zero_grad()
    loss = narrow(w)
    loss.backward()
    losses.append(loss.item())
    optimizer.step()
### END SOLUTION

# %% [markdown] name="recap"
# ## Recap
#
# *Core*
#
# | optimiser | remembers | subtracts | good to know |
# |---|---|---|---|
# | SGD | nothing | $\eta\, g$ | the steepest direction sets the rate |
# | momentum | $v \leftarrow \mu v + g$ | $\eta\, v$ | $\mu = 1$ is a forgotten `zero_grad` |
# | AdaGrad | $s \leftarrow s + g^2$ | $\eta\, g / (\sqrt{s} + \varepsilon)$ | slows down for ever |
# | RMSprop | $s \leftarrow \alpha s + (1 - \alpha) g^2$ | $\eta\, g / (\sqrt{s} + \varepsilon)$ | needs a schedule to come to rest |
# | Adam | $m$, $v$ and $t$ | $\eta\, \hat m / (\sqrt{\hat v} + \varepsilon)$ | the first step is `lr`, whatever the gradient |
# | AdamW | the same | the same, and $\eta \lambda w$ | decay apart from the gradient |
#
# ### What changed since the last notebook
#
# The same loop over the same network. An optimiser has taken over the updates, and the loop that made them is gone:
#
# <!-- diff: nn/train-two-layer optim/train-two-layer -->

# %% [markdown] name="quiz"
# ## Self-check
#
# *Deeper ground: asks about all sections.*
#
# Answer in your head, then open.
#
# <details><summary>1. May <code>zero_grad()</code> also stand behind <code>step()</code>, at the end?</summary>
#
# Yes. What matters is that nothing old is in <code>.grad</code> when <code>backward()</code> starts. Between <code>backward()</code> and
# <code>step()</code> it must not stand: then there is nothing left to step with.
# </details>
#
# <details><summary>2. Your loss falls, climbs, falls, climbs, at a rate that used to work. What do you look for first?</summary>
#
# A missing <code>zero_grad()</code>. It is momentum without friction.
# </details>
#
# <!-- drills: loss-surface -->
# <details><summary>3. A loss has the curvatures 100 and 4. Up to which learning rate does gradient descent not diverge, and which share of the
# way along the flat direction does one step cover there?</summary>
#
# 2 / 100 = 0.02. Along the flat direction each step then multiplies what is left by 1 - 0.02 &middot; 4 = 0.92: it covers
# 8 %. The ratio of the curvatures, 25, is what makes it slow.
# </details>
#
# <details><summary>4. You multiply the loss by 1,000. Which of the five optimisers do not notice?</summary>
#
# AdaGrad, RMSprop and Adam (but for &epsilon;, and without weight decay): they divide by the size of the gradients. SGD and momentum take steps 1,000 times as long.
# </details>
#
# <!-- drills: sine-rmsprop -->
# <details><summary>5. RMSprop has almost fitted the sine, and then its loss shoots up again and again. Why, and what helps?</summary>
#
# At the bottom the gradients are small, so s shrinks, and lr / &radic;s grows until it is too large for the steep direction. A schedule that takes the
# learning rate to 0 lets it come to rest.
# </details>
#
# <details><summary>6. Why does Adam divide by 1 - &beta;<sup>t</sup>?</summary>
#
# Its means start at zero. After t steps that zero still has the share &beta;<sup>t</sup> in them; dividing by the rest makes it a mean of the gradients alone.
# </details>
#
# <details><summary>7. Why <code>list(params)</code> in your SGD?</summary>
#
# <code>model.parameters()</code> is a generator and can be walked through once. The first <code>zero_grad()</code> would use it up, and <code>step()</code> would find nothing to move.
# </details>
#
# <details><summary>8. What does a schedule do that AdaGrad does not?</summary>
#
# You decide when the rate falls. AdaGrad's falls from the first step on, wherever you are.
# </details>
#
# <!-- drills: mini-batches -->
# <details><summary>9. The loss is a sum over the batch. You go from batches of 50 to batches of 200. By what do you multiply the learning rate, and how many
# steps has an epoch of 2,000 points then?</summary>
#
# By a quarter: the sum has four times as many terms, and its gradient is about four times as long. 10 steps in the place of 40.
# </details>
#
# <!-- drills: parameter-groups -->
# <details><summary>10. Two groups, the second says <code>"lr": 0.05</code>, and the call says <code>lr=0.01, weight_decay=0.1</code>. Which settings has each?</summary>
#
# The first 0.01 and 0.1, the second 0.05 and 0.1: what a group does not say it takes from the call. To spare the biases the decay, their group
# has to say <code>"weight_decay": 0</code>.
# </details>

# %% name="see-progress"
progress()

# %% [markdown] name="onwards"
# ## Where to read on
#
# *Deeper ground: what others have written.*
#
# The next notebook builds a network that is different at every step, and trains it with SGD and momentum: 30,000
# times the five lines of `train_step`. For momentum, read Gabriel Goh, *Why Momentum Really Works*, Distill (2017), with
# pictures that move. The sources are short and readable: Duchi, Hazan and Singer, *Adaptive Subgradient Methods*,
# JMLR 12 (2011); Kingma and Ba, *Adam*, arXiv 1412.6980; Loshchilov and Hutter, *Decoupled Weight Decay
# Regularization*, arXiv 1711.05101.
