# %% [markdown] name="opening"
# # Networks that change at every step
#
# All networks so far did the same thing in every step: the same layers, in the same order. Yet nothing forces them
# to. In PyTorch a network is a Python function that runs, and what runs may differ from call to call: a loop that is
# longer today, a branch that is not taken, a weight that is used twice. In this notebook you train a network that
# draws its own shape at random, and then one that reads sequences of any length. Both rest on one idea: weights that
# are **shared**.
#
# **You will be able to**
#
# - write `forward` with loops, branches and random numbers, and say why autograd does not mind;
# - say what gradient a weight receives that is used never, once or many times, and derive it by hand;
# - unroll a recurrent network over sequences of any length and follow its gradient back through time;
# - find what one step leaves behind for the next: a state with its history, a total that keeps graphs, a factor that fades;
# - tell what is lost when such a network is traced, and see it coming.
#
# **You need** notebooks 05, 07 and 08: autograd's graph, `nn.Module`, and SGD with momentum. **It takes** about 25
# minutes for the core, 110 with everything; the code runs in about 15 seconds on a laptop.

# %% name="imports"
import inspect
import math
import random

import torch
from torch import fx, nn

from tutor import check, exercise, expect, graph, hint, lend, models, plots, progress, solution

# %% [markdown] name="while-loop"
# ## 1. A loop that nobody counted
#
# *Core*
#
# How do you compute a square root with $+$ and $/$ alone? Start with $r = a$, and replace $r$ by the mean of $r$ and
# $a / r$, again and again, until $r^2$ is close to $a$. How many rounds that takes depends on $a$ itself: it is a
# `while`.


# %% tags=["item:control-flow"] name="root"
def root(a):
    """The square root of a tensor of one number, and how many rounds it took."""
    r, rounds = a, 0
    while abs(r * r - a) > 1e-9 * a:
        r, rounds = (r + a / r) / 2, rounds + 1
    return r, rounds


# %% [markdown] name="ask-nothing"
# Calculus says that the derivative of $\sqrt a$ is $\frac{1}{2 \sqrt a}$. Nobody has told autograd about the loop.

# %% tags=["item:control-flow", "nbval-check-output"] name="root-derivative"
for number in (2.0, 100.0, 10_000.0):
    a = torch.tensor(number, dtype=torch.float64, requires_grad=True)
    r, rounds = root(a)
    r.backward()
    print(f"a = {number:7}  root {r.item():7.3f}  {rounds:2} rounds  gradient {a.grad.item():.6f}")
    assert abs(a.grad.item() - 1 / (2 * math.sqrt(number))) < 1e-9

# %% [markdown] name="why-it-works"
# Why does that just work? Because there is nothing to tell. Autograd never reads your code. Each operation, **at the
# moment it runs**, leaves a node behind that knows the nodes it came from. When the loop has run for five rounds, the
# graph holds five rounds, one after the other, and no loop. `backward` walks through what happened.
#
# One thing leaves no trace: the *decision*. That the loop went on, that a branch was taken, is plain Python. So no
# gradient says what a nudge would do to the decision: the gradient is that of the rounds that ran. (Try `root` at exactly 1: no
# round runs, `r` is `a` itself, and the gradient is 1 instead of a half.) Here is a function that consists of nothing else:

# %% tags=["item:control-flow", "nbval-check-output"] name="decision"
a = torch.tensor(0.3, requires_grad=True)
answer = torch.tensor(1.0) if a > 0 else torch.tensor(-1.0)
print("the answer depends on a, and yet requires_grad is", answer.requires_grad)

# %% [markdown] name="dynamic-net"
# ## 2. A network of random order
#
# *Core*
#
# Back to the sine. At each step our network tosses a die, so to speak, and becomes a polynomial of order 3, 4 or 5:
#
# $$y_{pred} = a + b\,x + c\,x^2 + d\,x^3 \;\;\; [\, + \; e\,x^4 \;\;\; [\, + \; e\,x^5 \,]\,]$$
#
# All of $a$ to $e$ are single numbers, $x$ and $y_{pred}$ have the shape $(N)$. Look closely: it is the **same** $e$
# in both brackets. Order 3 does not use it at all, order 4 once, order 5 twice. It is a strange network; it is here
# to show that loops and sharing need nothing that you do not know.
#
# `random.randint(3, 5)` draws 3, 4 or 5. So that we can also ask for a certain order, `forward` takes one.


# %% tags=["item:dynamic-net", "item:weight-sharing"]
@exercise("dynamic_nets.dynamic_net")
class DynamicNet(nn.Module):
    """A polynomial whose order changes from call to call; orders 4 and 5 share the parameter e.

    a, b, c, d, e : nn.Parameter, one number each, and no other parameters. Order 3 does not touch e.
    """

    def __init__(self):
        super().__init__()
        self.a = nn.Parameter(torch.randn(()))
        self.b = nn.Parameter(torch.randn(()))
        self.c = nn.Parameter(torch.randn(()))
        self.d = nn.Parameter(torch.randn(()))
        ### BEGIN SOLUTION
        self.e = nn.Parameter(torch.randn(()))
        ### END SOLUTION

    def forward(self, x, order=None):
        """Return y_pred, shape (N,), of the given order; each call draws 3, 4 or 5 if none is."""
        ### BEGIN SOLUTION
        if order is None:
            order = random.randint(3, 5)
        y_pred = self.a + self.b * x + self.c * x**2 + self.d * x**3
        for power in range(4, order + 1):
            y_pred = y_pred + self.e * x**power
        return y_pred
        ### END SOLUTION


# %% [markdown] name="same-model"
# Later notebooks take it from `tutor.models`, where it stands with the same names. Give both the same five numbers,
# and they agree at every order:

# %% tags=["item:dynamic-net", "nbval-check-output", "tolerance:±1e-5"] name="equal-to-models"
torch.manual_seed(0)
ours, theirs, x = DynamicNet(), models.DynamicNet(), torch.randn(7)
theirs.load_state_dict(ours.state_dict())
for order in (3, 4, 5):
    print(f"order {order}: largest difference {abs(ours(x, order) - theirs(x, order)).max():.0e}")

# %% [markdown] name="side-by-side"
# ## 3. Two steps, two graphs
#
# *Core*
#
# So that the picture stays small, take a single point, $x = 2$, and freeze $a$, $b$ and $c$. Run two steps: one of
# order 3, one of order 5. (They are drawn of the network in `tutor.models`, which adds one term for each power; where you have
# joined the two to $e\,(x^4 + x^5)$, yours uses $e$ once, with the same gradient.) Gradients flow from the loss at the top down to the parameters, and stand on the arrows.
# **Commit to two numbers**, nobody checks them: how many arrows will arrive at $e$ on either side?

# %% name="guess-arrows"
guess = ...  # at order 3, at order 5

# %% tags=["item:graphs-differ", "figure"] name="graphs-drawn"
torch.manual_seed(0)
model, x_one, steps = models.DynamicNet(), torch.tensor(2.0), {}
for frozen in (model.a, model.b, model.c):
    frozen.requires_grad_(False)

for order in (3, 5):
    loss = (model(x_one, order) - torch.sin(x_one)).square()
    model.zero_grad()
    with graph.record(loss, model) as recorded:
        loss.backward()
    steps[f"a step of order {order}"] = recorded

plots.beside(steps)

# %% [markdown] name="read-graphs"
# On the left $e$ does not exist. On the right it has two cards, because two operations use it; but it is one and the
# same tensor, with one `.grad`: what arrives on the two arrows is added up. PyTorch built either graph from nothing
# while `forward` ran, and dropped it after `backward`. That is what *dynamic* means. It is also all that it means.
#
# ### Never, once, twice
#
# *Deeper ground: no gradient is not a gradient of zero.*
#
# Now think about a step of order 3 in the middle of training. The gradients have been cleared by `model.zero_grad()`,
# then `loss.backward()` runs through a graph in which $e$ does not appear. Nobody writes to `model.e.grad`, so it is what
# `zero_grad` has left: no zero, but no tensor at all.

# %% tags=["item:unused", "nbval-check-output"] name="unused-shown"
x_few = torch.tensor([-1.0, 0.5, 2.0])  # (3,)
y_few = torch.sin(x_few)  # (3,)
for order in (5, 4, 3):
    model.zero_grad()
    (model(x_few, order) - y_few).square().sum().backward()
    print(f"order {order}: e.grad is", None if model.e.grad is None else round(model.e.grad.item(), 3))

# %% [markdown] name="ask-unused"
# Does the difference between zero and `None` matter? Train with momentum, `torch.optim.SGD(…, momentum=0.9)`. The first step is of
# order 5 and moves $e$ by $-0.5$. The second is of order 3, after `zero_grad()` as always. **Commit to a number**: by how much does
# that second step move $e$?

# %% tags=["item:unused"]
moved = ...
### BEGIN SOLUTION
moved = 0
### END SOLUTION
moved = check("dynamic_nets.predict_unused", moved)

# %% [markdown] name="none-matters"
# An optimiser *skips* a parameter whose
# gradient is `None`: its velocity waits until it is used again. With a gradient of zero the old velocity carries it
# on, in a step that has nothing to say about it. `zero_grad(set_to_none=False)` shows the difference:

# %% tags=["item:unused", "nbval-check-output"] name="coasting"
for set_to_none in (True, False):
    torch.manual_seed(0)
    model = DynamicNet()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-4, momentum=0.9)
    for order in (5, 3):
        before = model.e.item()
        optimizer.zero_grad(set_to_none=set_to_none)
        (model(x_few, order) - y_few).square().sum().backward()
        optimizer.step()
    print(f"set_to_none={set_to_none!s:5}  a step of order 3 moves e by {model.e.item() - before:.4f}")

# %% [markdown] name="ask-shared"
# ## 4. Gradients through a shared weight add up
#
# *Deeper ground: the sum, derived and counted.*
#
# At order 5 two terms pull at $e$: $e\,x^4$ and $e\,x^5$. Imagine for a moment that they were two weights, $e_4$ and
# $e_5$, which merely happen to be equal. Each has a gradient of its own. Now tie them together: a nudge to $e$ nudges
# both, and the loss changes by both effects. So the gradient of the shared weight is the **sum**:
#
# $$\frac{\partial L}{\partial e} = \sum_{i} \underset{(N)}{\text{grad}\_y_{pred,i}}\; \underset{(N)}{x_i^4}
# \; + \; \sum_{i} \text{grad}\_y_{pred,i}\; x_i^5$$
#
# It is a number, as $e$ is. Do it by hand, for any of the three orders.


# %% tags=["item:shared-gradients"]
@exercise("dynamic_nets.shared_gradient")
def shared_gradient(x, grad_y_pred, order):
    """Return the gradient of the loss with respect to e, without autograd.

    x : the points, shape (N,)
    grad_y_pred : gradient of the loss with respect to each prediction, shape (N,)
    order : 3, 4 or 5
    Returns one number; 0 if e was not used.
    """
    ### BEGIN SOLUTION
    grad_e = 0.0
    for power in range(4, order + 1):
        grad_e += (grad_y_pred * x**power).sum()
    return grad_e
    ### END SOLUTION


# %% [markdown] name="judge-shared"
# Ask autograd. Here are the two contributions by themselves, their sum, and what `backward` leaves in `e.grad`.

# %% tags=["item:shared-gradients", "nbval-check-output", "tolerance:±0.001"] name="contributions-of-e"
from tutor.gradients import compare_gradients

torch.manual_seed(0)
model = models.DynamicNet()
y_pred = model(x_few, 5)
y_pred.retain_grad()
(y_pred - y_few).square().sum().backward()
contributions = [(y_pred.grad * x_few**power).sum().item() for power in (4, 5)]
by_4, by_5 = contributions
print(f"x^4 sends {by_4:.3f}, x^5 sends {by_5:.3f}, together {by_4 + by_5:.3f}")
by_hand = shared_gradient(x_few, y_pred.grad, 5)
compare_gradients({"e": by_hand}, {"e": model.e.grad}, columns=("by hand", "autograd"))
assert abs(sum(contributions) - model.e.grad.item()) < 1e-3

# %% [markdown] name="tied"
# This is the reason for the `+=` that you wrote into your own engine in notebook 04, and the reason why `backward`
# adds to `.grad` instead of writing into it. It also shows how to share a weight in any network: assign the same
# parameter, or the same layer, to two places. It counts as one:

# %% tags=["item:weight-sharing", "nbval-check-output"] name="tied-layers"
layer = nn.Linear(4, 4)
tied = nn.Sequential(layer, nn.Tanh(), layer)
apart = nn.Sequential(nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 4))
for name, network in {"one layer, used twice": tied, "two layers": apart}.items():
    print(f"{name:22} {sum(parameter.numel() for parameter in network.parameters())} numbers to learn")

# %% [markdown] name="ask-uses"
# ### How often was it used?
#
# The graph knows. Each node has `next_functions`, pairs of a node and a number; the last node of each way is the
# `AccumulateGrad` of a leaf, and its `.variable` is the leaf itself (notebook 05). Every arrow into it is one use,
# one contribution. Write a function that counts them. Two traps lie in the way: two ways may join in one node, which
# must be walked through only once (but every arrow into a leaf counts), and an input
# that needs no gradient has `None` in the place of a node. Here is what one node knows:

# %% tags=["item:graphs-differ", "nbval-check-output"] name="look-at-a-node"
w, constant = torch.tensor(2.0, requires_grad=True), torch.tensor(3.0)
node = (w * constant).grad_fn
print(node.name(), "leads to", [below and below.name() for below, _ in node.next_functions])
print("its first leaf is w, which is", node.next_functions[0][0].variable.item())


# %% tags=["item:graphs-differ", "item:weight-sharing"]
@exercise("dynamic_nets.uses")
def uses(loss, parameter):
    """Return how many arrows of the graph behind loss lead into the parameter.

    loss : a tensor with a grad_fn
    parameter : a leaf tensor that requires a gradient
    Returns a whole number; 0 if the loss does not depend on the parameter.
    """
    ### BEGIN SOLUTION
    count, seen, waiting = 0, set(), [loss.grad_fn]
    while waiting:
        node = waiting.pop()
        if node in seen:
            continue
        seen.add(node)
        for below, _ in node.next_functions:
            if getattr(below, "variable", None) is parameter:
                count += 1
            elif below is not None:
                waiting.append(below)
    return count
    ### END SOLUTION


# %% tags=["item:graphs-differ", "nbval-check-output"] name="uses-of-e"
random.seed(0)
for step in range(6):
    loss = (model(x_few) - y_few).square().sum()
    print(f"step {step}: arrows into d {uses(loss, model.d)}, into e {uses(loss, model.e)}")

# %% [markdown] name="train-it"
# ## 5. Train it: 30,000 steps
#
# *Core*
#
# The training loop holds the five lines of `train_step` from the last notebook, and it does not know that the
# network changes under its hands. The learning rate has to be small, because $x^5$ reaches 306 on this interval, and
# its square enters the curvature. So we take momentum, and many steps. (On the CPU: a graphics processor has nothing
# to gain from operations this small, notebook 03.)

# %% tags=["item:dynamic-net"] name="sine-data"
x, y = models.sine_data()  # (2000,), (2000,)
torch.manual_seed(0)
random.seed(0)
model = DynamicNet()
loss_fn = nn.MSELoss(reduction="sum")
assert round(x.max().item() ** 5) == 306

# %% tags=["item:dynamic-net"] name="train-dynamic"
learning_rate = 1e-8
optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate, momentum=0.9)
losses = []
for step in range(30_000):
    y_pred = model(x)  # (2000,)
    loss = loss_fn(y_pred, y)
    losses.append(loss.item())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

# %% [markdown] name="what-is-best"
# Is it good? Each step has another loss, so what counts is the mean over the three orders. That is still a sum of
# squares, and linear in $a$ to $e$. So it has an exact optimum: stack the three problems, 6,000 rows and five
# columns, and let least squares solve them at once.


# %% tags=["item:dynamic-net"] name="least-squares"
def columns(order):
    """What a, b, c, d and e are multiplied by at one order, shape (2000, 5)."""
    points = x.double()
    for_e = sum((points**power for power in range(4, order + 1)), start=torch.zeros_like(points))
    return torch.stack([points**0, points, points**2, points**3, for_e], dim=1)


def best_for(*orders):
    """The best five numbers for these orders together, and their loss, a mean over the orders."""
    stacked, target = torch.cat([columns(order) for order in orders]), y.double().repeat(len(orders))
    best = torch.linalg.lstsq(stacked, target, driver="gelsd").solution
    return best, ((stacked @ best - target) ** 2).sum().item() / len(orders)


# %% tags=["item:dynamic-net", "nbval-check-output"] name="distance-to-optimum"
best, best_loss = best_for(3, 4, 5)
with torch.no_grad():
    last = sum(loss_fn(model(x, order), y).item() for order in (3, 4, 5)) / 3
print(f"mean loss of the three orders: best possible {best_loss:.2f}")
print(f"the network ended {100 * (last / best_loss - 1):.0f} % above it")
assert last < 1.02 * best_loss

# %% tags=["item:dynamic-net", "figure"] name="fit-drawn"
fits = {f"order {order}": model(x, order).detach().numpy() for order in (3, 4, 5)}
plots.sine_fit(x.numpy(), y.numpy(), fits, losses, best_loss)

# %% [markdown] name="what-e-learned"
# The three curves lie on top of each other. (On the right every step has an order of its own, and the dotted line is the best
# *mean*: a single step may lie a little below it.) What has $e$ learned, then?

# %% tags=["item:weight-sharing", "nbval-check-output", "tolerance:±0.0005"] name="what-sharing-costs"
print(f"in the network, e = {model.e.item():.4f}")
for orders in ((3,), (4,), (5,), (3, 4, 5)):
    numbers, loss = best_for(*orders)
    e = round(numbers[4].item(), 4) + 0.0  # + 0.0 makes 0.0 of -0.0
    print(f"best for the orders {orders!s:9}: loss {loss:.2f}, e = {e:.4f}")
assert best_for(5)[1] < best_for(3)[1] / 3

# %% [markdown] name="read-sharing"
# It has learned to keep out of the way. A network that is always of order 5 would want $e = 0.004$, and cut the loss
# to less than a third. But the same five numbers have to serve order 3, which has no $e$, and order 4, which is best
# off with $e = 0$: the sine changes its sign with $x$, and $x^4$ does not. A shared weight has to suit **all** its
# uses, and here they do not want the same. Sharing pays where the uses do want the same. Sequences are such a case.
#
# ## 6. One cell, any length
#
# *Deeper ground: recurrent nets.*
#
# Sentences, heartbeats and prices have no fixed length. A **recurrent** network reads them one value at a time and
# keeps a state $h$, all that it remembers of what it has read. One and the same cell turns the old state and the next
# value into the new state:
#
# $$\underset{(N,\,H)}{h_t} = \tanh\bigl( \underset{(N,\,D_{in})}{x_t}\;\underset{(D_{in},\,H)}{w_x}
# + \underset{(N,\,H)}{h_{t-1}}\;\underset{(H,\,H)}{w_h} + \underset{(H)}{b} \bigr)$$

# %% tags=["item:recurrent"] name="cell-source"
print(inspect.getsource(models.RecurrentCell))

# %% [markdown] name="ask-unroll"
# To read a sequence is to call the cell in a loop, which is called *unrolling* it. Time comes first: a batch of $N$
# sequences has the shape $(T, N, D_{in})$, and a `for` over a tensor walks along its first dimension.


# %% tags=["item:recurrent"]
@exercise("dynamic_nets.unroll")
def unroll(cell, x, h):
    """Read a batch of sequences of any length and return every state on the way.

    cell : called as cell(x_t, h), x_t (N, D_in), h (N, H); returns the next state (N, H)
    x : the sequences, shape (T, N, D_in), T at least 1
    h : the state before the first value, shape (N, H)
    Returns the states after each value, shape (T, N, H), h's dtype; gradients flow through all of them.
    """
    ### BEGIN SOLUTION
    states = []
    for x_t in x:
        h = cell(x_t, h)
        states.append(h)
    return torch.stack(states)
    ### END SOLUTION


# %% [markdown] name="unroll-is-rnn"
# Is that what `torch.nn.RNN` does? Give it our weights (it keeps them the other way round, like `nn.Linear`, and has
# two biases) and compare, over three lengths.

# %% tags=["item:recurrent", "nbval-check-output", "tolerance:±1e-5"] name="equal-to-rnn"
torch.manual_seed(0)
cell, theirs = models.RecurrentCell(2, 4), nn.RNN(2, 4)
with torch.no_grad():
    theirs.weight_ih_l0.copy_(cell.w_x.T)
    theirs.weight_hh_l0.copy_(cell.w_h.T)
    theirs.bias_ih_l0.copy_(cell.b)
    theirs.bias_hh_l0.zero_()

for T in (1, 6, 50):
    sequences, h = torch.randn(T, 3, 2), torch.zeros(3, 4)  # (T, N, D_in), (N, H)
    states = theirs(sequences)[0]  # (T, N, H)
    print(f"T = {T:2}: largest difference from nn.RNN {abs(unroll(cell, sequences, h) - states).max():.0e}")

# %% [markdown] name="unrolled-graphs"
# Draw the graph for two lengths. So that it stays legible, everything is one number here ($N = D_{in} = H = 1$), and
# only $w_h$ requires a gradient; the others are frozen. The longer sequence leaves the longer graph, with more cards
# for the one weight. (Where states were stacked, arrows with a 0 lead to those that
# the loss does not look at: it asks for the last one only.)

# %% tags=["item:recurrent", "item:contributions", "figure"] name="unrolled-drawn"
torch.manual_seed(164)
small = models.RecurrentCell(1, 1)
small.w_x.requires_grad_(False)
small.b.requires_grad_(False)
sequence, unrolled = torch.randn(6, 1, 1), {}
for T in (2, 3):
    h_last = unroll(small, sequence[:T], torch.ones(1, 1))[-1].sum()
    small.zero_grad()
    with graph.record(h_last, small) as recorded:
        h_last.backward()
    unrolled[f"a sequence of {T} values"] = recorded

plots.beside(unrolled)

# %% [markdown] name="through-time"
# ## 7. Back through time
#
# *Deeper ground: needs section 6.*
#
# Each card of $w_h$ receives a contribution, and `.grad` is their sum, just as with $e$. Let us compute them one by
# one. The loss depends on the last state; call its gradient `grad_h`. Go back from the last step to the first. In
# each, with $a_t$ for what stands inside the tanh (whose derivative is $1 - h_t^2$):
#
# $$\underset{(N,\,H)}{\text{grad}\_a_t} = \text{grad}\_h_t \cdot (1 - h_t^2) \qquad
# \underset{(H,\,H)}{\text{contribution}_t} = \underset{(H,\,N)}{h_{t-1}^T}\; \underset{(N,\,H)}{\text{grad}\_a_t} \qquad
# \underset{(N,\,H)}{\text{grad}\_h_{t-1}} = \underset{(N,\,H)}{\text{grad}\_a_t}\; \underset{(H,\,H)}{w_h^T}$$
#
# The first formula is the tanh, the other two are the product $h_{t-1}\,w_h$, exactly as in notebook 01. The third
# hands the gradient on to the step before.


# %% tags=["item:contributions"]
@exercise("dynamic_nets.through_time")
def through_time(h, states, w_h, grad_h):
    """Return what each step contributes to the gradient of w_h, without autograd.

    h : the state before the first step, shape (N, H)
    states : the states after each step, shape (T, N, H)
    w_h : (H, H)
    grad_h : gradient of the loss with respect to the last state, shape (N, H)
    Returns the contributions in the order of time, shape (T, H, H).
    """
    ### BEGIN SOLUTION
    contributions = []
    for t in reversed(range(len(states))):
        before = states[t - 1] if t > 0 else h  # (N, H)
        grad_a = grad_h * (1 - states[t] ** 2)  # (N, H)
        contributions.append(before.T @ grad_a)  # (H, N) (N, H) -> (H, H)
        grad_h = grad_a @ w_h.T  # (N, H) (H, H) -> (N, H)
    return torch.stack(contributions[::-1])
    ### END SOLUTION


# %% [markdown] name="judge-time"
# Hold it against autograd: with $H = 1$ the contributions are plain numbers. Six steps, six contributions, one sum.

# %% tags=["item:contributions", "nbval-check-output", "tolerance:±1e-4"] name="sum-is-grad"
states = unroll(small, sequence, torch.ones(1, 1))  # (6, 1, 1)
small.zero_grad()
states[-1].sum().backward()
one = torch.ones(1, 1)
parts = through_time(one, states.detach(), small.w_h.detach(), one).flatten()  # (6,)
print("contributions", [round(part, 4) + 0.0 for part in parts.tolist()])
compare_gradients({"w_h": parts.sum()}, {"w_h": small.w_h.grad[0, 0]}, columns=("their sum", "autograd"))
assert torch.allclose(parts.sum(), small.w_h.grad.sum(), atol=1e-5)
assert parts.argmax() == 5 and small.w_h.abs() < 1

# %% tags=["item:contributions", "figure"] name="contributions-drawn"
title = "What six steps send to one shared weight"
plots.contributions(parts.tolist(), title=title, ylabel="gradient of w_h")

# %% [markdown] name="fading"
# Read it from right to left. The last step has the largest say. On its way to the step before, a gradient is
# multiplied by $1 - h_t^2$, which is at most 1, and by $w_h$, which lies between -1 and 1 here: it fades. With a
# large $w_h$ it can grow from step to step instead, until it overflows. Both are known by name, *vanishing* and
# *exploding* gradients, and they are the price of many steps one after the other; a deep network whose layers share
# nothing pays it too. Sharing makes it worse, because the factor $w_h$ is the same every time.

# %% [markdown] name="ask-weight"
# Take a longer sequence, twenty values, and look at the gradient that arrives at the state of each step. Once all values are
# zeros, so that every state is 0 and $1 - h_t^2 = 1$; once they are random.


# %% tags=["item:contributions", "figure"] name="weight-moved"
def back_in_time(w_h, values):
    """The gradient of the last state with respect to the state after each of twenty steps, with one hidden unit."""
    torch.manual_seed(3)
    state, states = torch.zeros(()), []
    for value in torch.randn(20) if values == "random" else torch.zeros(20):
        state = torch.tanh(value + w_h * state)
        states.append(state)
    factors = [w_h * (1 - s.item() ** 2) for s in states[:0:-1]]  # from a state to the one before, the last first
    arrived = [abs(math.prod(factors[:k])) for k in range(20)][::-1]
    said = f"w_h = {w_h:g}, {values}: {arrived[0]:.2g} arrives at the first step"
    axes = plots.Axis("step", 1, 20), plots.Axis("size of the gradient", 1e-8, 1e8, log=True)
    return plots.Chart(said, *axes, [plots.Line(range(1, 21), arrived), plots.Dots(range(1, 21), arrived)], said)


controls = {"w_h": [0.25, 0.5, 0.75, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0, 2.5], "values": ["zeros", "random"]}
question = "The values are random and w_h is 2.5. Does the gradient grow on its way back, or fade?"
answer = f"It fades: {back_in_time(2.5, 'random').alt}."
plots.explore(back_in_time, controls, start=(0.5, "zeros"), question=question, guess=..., answer=answer)

# %% [markdown] name="weight-read"
# With zeros it is $w_h$ to the power of the distance. With random values the tanh takes back what a large $w_h$ gives: where
# $|h_t|$ is near 1, $1 - h_t^2$ is near 0.

# %% [markdown] name="many-lengths"
# ## 8. Train on many lengths
#
# *Deeper ground: needs section 6.*
#
# The network shall continue a sine wave: it reads some values, taken every 0.5 radians from a random start, and says
# which value comes next. At each step the batch has **another length**, between 2 and 10.


# %% tags=["item:recurrent"] name="waves"
def waves(T, N=64):
    """N waves: T values of each to read, shape (T, N, 1), and the value after them, shape (N, 1)."""
    start = 2 * math.pi * torch.rand(N)
    values = torch.sin(start + 0.5 * torch.arange(T + 1).unsqueeze(1)).unsqueeze(-1)  # (T + 1, N, 1)
    return values[:-1], values[-1]


class NextValue(nn.Module):
    """Read sequences (T, N, 1) of any length and predict what comes next, shape (N, 1)."""

    def __init__(self, H):
        super().__init__()
        self.cell, self.readout = models.RecurrentCell(1, H), nn.Linear(H, 1)

    def forward(self, x):
        h = x.new_zeros(x.shape[1], len(self.cell.b))  # (N, H)
        return self.readout(unroll(self.cell, x, h)[-1])


# %% tags=["item:recurrent"] name="train-recurrent"
torch.manual_seed(0)
random.seed(0)
network = NextValue(H=8)
optimizer = torch.optim.Adam(network.parameters(), lr=1e-2)
for step in range(800):
    x_waves, y_waves = waves(T=random.randint(2, 10))  # (T, 64, 1), (64, 1)
    loss = nn.functional.mse_loss(network(x_waves), y_waves)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

# %% [markdown] name="any-length"
# One set of weights has learned from all lengths. Does it cope with lengths that it has never met? The error below is
# the root of the mean squared error over 1,000 new waves, whose values lie between -1 and 1.

# %% tags=["item:recurrent", "nbval-check-output", "tolerance:±0.02"] name="lengths-never-seen"
errors = {}
with torch.no_grad():
    for T in (1, 2, 5, 10, 30, 100):
        x_waves, y_waves = waves(T, N=1000)
        errors[T] = nn.functional.mse_loss(network(x_waves), y_waves).sqrt().item()
        met = "met in training" if 2 <= T <= 10 else "never met"
        print(f"length {T:3} ({met:15})  error {errors[T]:.3f}")
assert max(errors[T] for T in errors if T > 1) < 0.1 < 0.3 < errors[1]

# %% [markdown] name="length-one"
# Ten times as long, and the error stays small: the cell does the same thing, a few times more. Length 1 fails, and no training
# could mend it: a single value does not say whether the wave is rising or falling.
#
# A network that can read its own predictions can go on alone. It reads ten values, and from there on its own output
# is its input.

# %% tags=["item:recurrent", "figure"] name="going-on-alone"
with torch.no_grad():
    values, _ = waves(50, N=1)  # (50, 1, 1)
    told = list(values[:10])
    for _ in range(40):
        told.append(network(torch.stack(told)))  # one value longer each time

assert (torch.stack(told) - values).abs().max() < 0.2
continued = torch.stack(told).flatten().tolist()
both = {"the sine": values.flatten().tolist(), "10 values read, 40 continued": continued}
title = "The network continues the wave by itself"
picture = plots.lines(both, xlabel="value number", ylabel="value", title=title)
picture.figure.axes[0].set_ylim(-1.1, 1.7)  # room for the legend above the wave
picture

# %% [markdown] name="time-broken"
# ## 9. Mistakes in time
#
# *Deeper ground: needs section 6.*
#
# In notebook 05 you looked for the fault in four programs with `graph.explain`. A network that reads sequences adds
# mistakes of its own, and all of them are of one kind: a step leaves something behind, and the next step finds it.
#
# A recording of a day is too long to be unrolled at once. So one cuts it into pieces, learns from one piece after the
# other, and hands the state on. Here are four pieces of six values, and a reader that takes a state and gives it back.

# %% tags=["item:broken-in-time"] name="time-reader"
torch.manual_seed(0)
pieces = torch.sin(0.5 * torch.arange(24.0)).reshape(4, 6, 1, 1)  # four of shape (T, N, D_in)


class Reader(nn.Module):
    """Read a piece (T, N, 1) from a state (N, H); return a prediction (N, 1) and the last state."""

    def __init__(self, H):
        super().__init__()
        self.cell, self.readout = models.RecurrentCell(1, H), nn.Linear(H, 1)

    def forward(self, piece, h):
        for x_t in piece:
            h = self.cell(x_t, h)
        return self.readout(h), h


reader = Reader(H=4)
optimizer = torch.optim.SGD(reader.parameters(), lr=0.01)

# %% [markdown] name="time-ask-state"
# **A state that is handed on.** Read the loop and **commit to an answer**: at which piece does it stop, and why there?

# %% name="time-guess-state"
guess = ...  # 0, 1, 2, 3 or "at none"

# %% tags=["item:broken-in-time"] name="time-state"
h = torch.zeros(1, 4)
with expect(RuntimeError), graph.explain(reader) as found:
    for piece in pieces:
        y_pred, h = reader(piece[:-1], h)
        loss = (y_pred - piece[-1]).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

# %% [markdown] name="time-read-state"
# At piece 1, the second. Its graph does not begin with its first value: through `h` it hangs on the graph of piece 0, which
# backward has freed. `retain_graph=True` would exchange this error for another, since the optimiser has changed the
# weights that the old graph kept. The mend says what you mean, that the *numbers* go on and the history does not:
# `h = h.detach()` before each piece. Gradients then reach back no farther than the piece, which is the price.

# %% tags=["item:broken-in-time", "nbval-check-output", "tolerance:5%"] name="time-state-mended"
h = torch.zeros(1, 4)
with graph.explain(reader) as found:
    for piece in pieces:
        y_pred, h = reader(piece[:-1], h.detach())
        loss = (y_pred - piece[-1]).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
print(found.sentence)

# %% [markdown] name="time-ask-total"
# **A total that runs.** Now the pieces are read each from a fresh state, and the mean of the losses is to be reported. This loop
# raises nothing. What is in memory when it ends: the graph of the last piece, those of all four, or none?

# %% name="time-guess-total"
guess = ...  # "last", "four" or "none"

# %% tags=["item:broken-in-time", "nbval-check-output"] name="time-total"
total = 0.0
with graph.explain(reader) as found:
    for piece in pieces:
        y_pred, _ = reader(piece[:-1], torch.zeros(1, 4))
        loss = (y_pred - piece[-1]).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss
print(found.sentence)

# %% [markdown] name="time-read-total"
# All four. Each `+` is an operation like any other, and its node leads to the graphs of both sides. What the nodes kept for
# backward has been freed, the nodes themselves have not; in a loop that only evaluates, without a backward, everything is
# kept. Take the number: `total += loss.item()`.
#
# **A factor that is always the same.** Section 7 ended with it, and the figure of section 8 moved it. Here is a cell without the tanh, so
# that a gradient on its way to the step before is multiplied by $w_h$ and by nothing else. $w_h$ is a multiple of the
# identity. For which of the factors 0.5, 1 and 2 do you expect a finding, and which?

# %% name="time-guess-factor"
guess = ...  # such as {0.5: "nothing", 1: "nothing", 2: "nothing"}


# %% tags=["item:broken-in-time", "item:contributions", "nbval-check-output", "tolerance:5%"] name="time-factor"
class WithoutTanh(models.RecurrentCell):
    """The recurrent cell without its tanh."""

    def forward(self, x_t, h):
        return x_t @ self.w_x + h @ self.w_h + self.b


for factor in (0.5, 1, 2):
    torch.manual_seed(0)
    bare, h = WithoutTanh(1, 4), torch.zeros(1, 4)
    with torch.no_grad():
        bare.w_h.copy_(factor * torch.eye(4))
    with graph.explain(bare) as found:
        for x_t in torch.randn(20, 1, 1):
            h = bare(x_t, h)
        h.square().mean().backward()
    print(f"factor {factor}: {found.sentence}\n")

# %% [markdown] name="time-read-factor"
# Nineteen steps lie between the last contribution and the first, and $2^{19}$ is 524,288. With 0.5 the first values might as well not
# be there; with 2 they are all that counts. (The contributions to $b$ show it best: each is the gradient that arrives at its
# step.) Clipping the norm of the gradients helps against growing. Against fading it takes another cell, one with a gate that can hold
# the factor at 1: the LSTM of *Where to read on*.

# %% [markdown] name="tracing"
# ## 10. What tracing would have made of it
#
# *Deeper ground: needs section 6; notebook 12 comes back to it.*
#
# Running Python in every step costs time, and a phone may have no Python at all. So there are tools that run
# `forward` **once**, with a stand-in for `x`, and write down every operation on the way. That is *tracing*. From then
# on the recording is run in place of your code. `torch.fx` is a tracer whose recordings can be read; notebook 12 has
# more of them. (`concrete_args` below says which arguments get no stand-in: `order` stays `None`.)
#
# `model` draws its order in each call. Suppose that you record it 30 times, one recording after the other, and call each of the 30
# recordings 100 times, always with the same `x`. **Commit to a number**: how many different answers are there among the
# 3,000?

# %% tags=["item:tracing"]
answers = ...
### BEGIN SOLUTION
answers = 3
### END SOLUTION
answers = check("dynamic_nets.predict_traced", answers)

# %% tags=["item:tracing", "nbval-check-output"] name="traced-net"
random.seed(1)
traced = fx.symbolic_trace(model, concrete_args={"order": None})
recordings = [fx.symbolic_trace(model, concrete_args={"order": None}) for tape in range(30)]
for name, called in {"the model": [model], "one recording": [traced], "30 recordings": recordings}.items():
    different = {network_or_tape(x_few).sum().item() for network_or_tape in called for call in range(100)}
    print(f"{name:13} {len(different)} different answers")

# %% tags=["item:tracing", "nbval-check-output"] name="on-the-tape"
print("on the tape:", " ".join(node.name for node in traced.graph.nodes if node.op == "call_function"))

# %% [markdown] name="read-tape"
# The tape holds operations; no `if`, no loop, no die. (`_assert_is_none` is the tracer's note that `order` was
# `None`.) The order that happened to be drawn while it was recorded is now the order for ever, and **nobody says
# so**. The outputs look right, the shapes fit.
#
# When a decision depends on *values*, the tracer has only its stand-in to ask, and it refuses, with a `TraceError` (a kind
# of `ValueError`). That is the better kind of failure. A loop over a sequence is refused as well: how long is a stand-in?

# %% tags=["item:tracing"] name="trace-while"
with expect(ValueError):
    fx.symbolic_trace(root)


# %% tags=["item:tracing"] name="trace-loop"
def read(x, h):
    for x_t in x:
        h = network.cell(x_t, h)
    return h


with expect(ValueError):
    fx.symbolic_trace(read)

# %% [markdown] name="tracing-told"
# This is the bargain. Python control flow just works because PyTorch records each step anew, and it costs you the
# time to record each step anew. Whoever records once gives the control flow away, or has to say it in another
# language than Python's `if` and `for`. Notebook 12 shows how far the tools of today get.

# %% [markdown] name="ask-mend-chunks"
# ## Mend it: a state that remembers too much
#
# *Deeper ground: a program that stops.*
#
# A long sequence is learned in chunks: the state goes on from one chunk to the next, the gradients do not. The function below
# stops at the second chunk. The error's own advice, `retain_graph=True`, makes it run and is wrong. Mend it.


# %% tags=["item:broken-in-time"]
@exercise("dynamic_nets.mend_chunks")
def chunk_gradients(w, u, chunks):
    """Return the gradients of a recurrent net with respect to w and u, added up over chunks.

    w : from an input to the state, shape (D, H); u : from the state to the next one, shape (H, H)
    Both stay as they are: no gradient is left in them. All is float32, or all is float64.
    chunks : pairs of inputs, shape (T, D), and wanted states, shape (T, H); the first state is zero
    A chunk begins with the state in which the one before has ended, as a constant: no gradient goes
    further back.
    """
    w, u = w.clone().requires_grad_(), u.clone().requires_grad_()
    state = w.new_zeros(w.shape[1])
    for x, y in chunks:
        ### BEGIN SOLUTION
        state = state.detach()
        ### BROKEN
        ### END SOLUTION
        loss = 0.0
        for step, wanted in zip(x, y):
            state = torch.tanh(step @ w + state @ u)
            loss = loss + ((state - wanted) ** 2).mean()
        loss.backward()
    return w.grad, u.grad


# %% [markdown] name="recap"
# ## Recap
#
# *Core*
#
# | you saw | because |
# |---|---|
# | a `while` differentiated without a word | the graph holds the operations that ran, not the code |
# | no gradient through an `if` | a decision is no operation |
# | another graph in each step | built while `forward` runs, dropped after `backward` |
# | `e.grad` is `None` at order 3 | it was not in the graph; the optimiser skips it, its velocity waits |
# | `e.grad` has two contributions at order 5 | gradients through a shared weight add up |
# | `e` near 0 after training | a shared weight has to suit all its uses |
# | one cell reads 2 values or 100 | the same weights at every step, as many steps as there are values |
# | contributions of early steps fade | each step back multiplies by $w_h$ and $1 - h_t^2$ |
# | backward failed at the second piece | the state brought the freed graph of the first |
# | a recording with one order for ever | tracing keeps what happened, not what might have |
#
# ### What changed since the last notebook
#
# Another network, another rate, momentum and more steps. That the network is a different one in every step changes no
# line of the loop:
#
# <!-- diff: optim/train-two-layer dynamic_nets/train-dynamic -->

# %% [markdown] name="quiz"
# ## Self-check
#
# *Deeper ground: asks about all sections.*
#
# Answer in your head, then open.
#
# <details><summary>1. You put <code>if step % 2: h = self.extra(h)</code> into <code>forward</code>. What do you have to tell autograd?</summary>
#
# Nothing. In steps that run the layer it is in the graph and gets gradients; in the others its gradients are
# <code>None</code>.
# </details>
#
# <details><summary>2. A weight is used three times, and the contributions are 2, -1 and 4. What is its gradient?</summary>
#
# 5. Contributions add up; they are neither averaged nor does the last one win.
# </details>
#
# <details><summary>3. Can gradient descent learn when to take a branch?</summary>
#
# Not through the <code>if</code>: a decision has no gradient. You would have to blend both branches by a weight, or
# estimate the gradient in another way.
# </details>
#
# <details><summary>4. How many parameters does a recurrent net need for sequences of 1,000 values, compared with 10?</summary>
#
# The same. Only the graph grows, and with it memory and time: every state is kept for the backward pass.
# </details>
#
# <details><summary>5. Why is <code>h.detach()</code> in the loop no harmless way to save memory?</summary>
#
# It cuts the graph there: the values stay right, but no gradient passes to earlier steps. Done on purpose, every so
# many steps, it is called truncated backpropagation through time.
# </details>
#
# <details><summary>6. A traced model passes your test on one input. Is the recording right?</summary>
#
# For inputs that take the same way through the code. Test one for each branch and each length.
# </details>
#
# <!-- drills: broken-in-time -->
# <details><summary>7. An evaluation loop without <code>backward</code> keeps <code>losses.append(loss)</code>, and memory grows. Which line is at fault, and what are two mends?</summary>
#
# The list keeps every loss, and every loss the graph it was made from. Append <code>loss.item()</code>, or evaluate under
# <code>torch.no_grad()</code>, where no graph is made.
# </details>

# %% name="see-progress"
progress()

# %% [markdown] name="onwards"
# ## Where to read on
#
# *Deeper ground: what others have written.*
#
# You have the networks; the next notebook is about what they are fed with. On recurrent networks: Elman, *Finding
# Structure in Time*, Cognitive Science 14 (1990), where the cell of this notebook comes from; Werbos,
# *Backpropagation through time: what it does and how to do it*, Proceedings of the IEEE 78 (1990); and for the cure
# of fading gradients Hochreiter and Schmidhuber, *Long Short-Term Memory*, Neural Computation 9 (1997). How PyTorch
# came to record as it runs is told in Paszke and others, *PyTorch: An Imperative Style, High-Performance Deep
# Learning Library*, NeurIPS 2019.
