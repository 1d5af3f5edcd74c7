# %% [markdown] name="opening"
# # Layers and models: torch.nn
#
# Up to here you kept the weights in loose variables and passed them around by hand. That works for two matrices; a
# network with fifty of them needs a place to keep them. `torch.nn` is that place: objects that own their parameters
# and know how to use them. There is little more to it, and to see that you rebuild the main parts here.
#
# **You will be able to**
#
# - write layers, containers and whole models as modules, and say what a module does when you assign to it;
# - train any of them with one step function that does not know what is inside;
# - explain logits, softmax and cross-entropy, and write the loss so that it does not overflow;
# - train a classifier on real images, save it, load it, and switch it between training and evaluation;
# - tell from the first loss whether a network was initialised sensibly.
#
# **You need** the notebooks before this one, above all 03 (the same fits in tensors) and 05 (autograd). **It takes**
# about 60 minutes for the core, 175 with everything; the code runs in less than 20 seconds on a laptop.

# %% name="imports"
import math
import tempfile
from pathlib import Path

import torch
from torch import nn

from tutor import check, data, exercise, expect, hint, lend, models, plots, progress, solution
from tutor.gradients import compare_gradients

# %% [markdown] name="about-linear"
# ## 1. A layer owns its parameters
#
# *Core*
#
# `nn.Linear(D_in, D_out)` multiplies by a weight and adds a bias. It keeps its weight *the other way round* than you
# did so far, one row for each **output**, and so a transpose stands in its formula:
#
# $$\underset{(N,\,D_{out})}{y_{pred}} = \underset{(N,\,D_{in})}{x}\;\underset{(D_{in},\,D_{out})}{W^T} + \underset{(D_{out})}{b}
# \qquad W \text{ has the shape } (D_{out}, D_{in})$$

# %% tags=["item:linear", "nbval-check-output", "tolerance:±1e-6"] name="look-at-linear"
torch.manual_seed(0)
layer = nn.Linear(3, 2)  # D_in = 3, D_out = 2
x = torch.randn(5, 3)  # (N, D_in)
shapes = [tuple(tensor.shape) for tensor in (layer.weight, layer.bias, layer(x))]
print("weight", shapes[0], " bias", shapes[1], " output", shapes[2])
by_hand = x @ layer.weight.T + layer.bias
print(f"largest difference from the formula: {abs(layer(x) - by_hand).max():.0e}")

# %% [markdown] name="parameter"
# Where are the numbers kept, and how does training find them? The layer is an `nn.Module`. When you *assign* an
# `nn.Parameter` to an attribute of a module, the module notices and enters it in a list. A `Parameter` is a tensor with
# `requires_grad=True` and this one ability: modules notice it. A plain tensor they do not.

# %% tags=["item:parameters", "nbval-check-output"] name="who-is-noticed"
holder = nn.Module()
holder.noticed = nn.Parameter(torch.zeros(2))
holder.overlooked = torch.zeros(2, requires_grad=True)
for name, parameter in holder.named_parameters():
    print(name, tuple(parameter.shape), "requires_grad", parameter.requires_grad)

# %% [markdown] name="parameters-call"
# `named_parameters()` and `parameters()` are methods: without the brackets you hold the method itself, not what it gives.
# A published tutorial has that slip, and this is how it ends:

# %% tags=["item:parameters"] name="parameters-without-call"
with expect(TypeError):
    for parameter in layer.parameters:
        print(parameter.shape)

# %% [markdown] name="ask-linear"
# ### A linear layer, rebuilt
#
# *Deeper ground: what `nn.Linear` does.*
#
# Now rebuild it. A new layer starts with random numbers, spread evenly between $-1/\sqrt{D_{in}}$ and $1/\sqrt{D_{in}}$ (section
# 8 shows what that does to the outputs). `torch.rand(shape)` draws evenly between 0 and 1; stretch and shift it.


# %% tags=["item:linear", "item:parameters"]
@exercise("nn.linear")
class Linear(nn.Module):
    """A linear layer: x (N, d_in) -> x W^T + b (N, d_out), without the help of torch's own.

    weight : nn.Parameter (d_out, d_in)    bias : nn.Parameter (d_out,)
    Both start at random, spread evenly between -1/sqrt(d_in) and 1/sqrt(d_in).
    """

    def __init__(self, d_in, d_out):
        super().__init__()
        ### BEGIN SOLUTION
        bound = 1 / math.sqrt(d_in)
        self.weight = nn.Parameter((2 * torch.rand(d_out, d_in) - 1) * bound)
        self.bias = nn.Parameter((2 * torch.rand(d_out) - 1) * bound)
        ### END SOLUTION

    def forward(self, x):
        """Return x W^T + b, shape (N, d_out)."""
        ### BEGIN SOLUTION
        return x @ self.weight.T + self.bias
        ### END SOLUTION


# %% [markdown] name="same-as-torch"
# Is it the same layer? Give both the same numbers and compare values **and** gradients. This little judge serves for
# every part that we rebuild. It weighs the outputs by random numbers first, so that what flows back is not all ones.


# %% tags=["item:linear"] name="compare-modules"
def compare_modules(theirs, ours, x):
    """Print a line for the output of two modules, and one for the gradient of x and of each parameter."""
    found = []
    for module in (theirs, ours):
        x_own = x.clone().requires_grad_()
        y_pred = module(x_own)
        torch.manual_seed(1)
        y_pred.backward(torch.randn(y_pred.shape))
        rows = {"(output)": y_pred, "x": x_own.grad}
        rows |= {f"parameter {k}": p.grad for k, p in enumerate(module.parameters())}
        found.append(rows)
    compare_gradients(*found, columns=("torch", "yours"))
    assert all(torch.allclose(a, b, atol=1e-6) for a, b in zip(*(rows.values() for rows in found)))


# %% tags=["item:linear", "nbval-check-output", "tolerance:±1e-5"] name="linear-is-equal"
ours, theirs = Linear(3, 2), nn.Linear(3, 2)
ours.load_state_dict(theirs.state_dict())  # copy the numbers; section 9 has more on this
compare_modules(theirs, ours, x)

# %% [markdown] name="mse"
# ### A loss is a module, too
#
# `nn.MSELoss()` is the *mean* squared error; `nn.MSELoss(reduction="sum")` is the sum that this series has used so far. Mind
# the mean: it divides by **all** entries, $N \cdot D_{out}$ of them, and the gradient with it.

# %% tags=["item:mse", "nbval-check-output", "tolerance:±1e-6"] name="mse-rebuilt"
y_pred, y = torch.randn(4, 3, requires_grad=True), torch.randn(4, 3)
ours = ((y_pred - y) ** 2).sum() / y.numel()
theirs = nn.MSELoss()(y_pred, y)
(grad_ours,) = torch.autograd.grad(ours, y_pred)
(grad_theirs,) = torch.autograd.grad(theirs, y_pred)
compare_gradients(
    {"(loss)": theirs, "y_pred": grad_theirs}, {"(loss)": ours, "y_pred": grad_ours}, ("torch", "by hand")
)
print("the sum is", round((nn.MSELoss(reduction="sum")(y_pred, y) / theirs).item()), "times the mean")

# %% [markdown] name="ask-step"
# ## 2. One step for every model
#
# *Core*
#
# Because every module can list its parameters, one function can train them all. The recipe has not changed since the
# first notebook: forward, backward, a small step against the gradient. Two things to remember from notebook 05:
# gradients **add up** until you clear them (`model.zero_grad()` does it for all parameters), and the update itself is no
# part of the model, so it happens under `torch.no_grad()` and *in place*.


# %% tags=["item:parameters"]
@exercise("nn.train_step")
def train_step(model, loss_fn, x, y, learning_rate):
    """Take one step of gradient descent on all parameters of the model, in place.

    model : nn.Module    loss_fn : called as loss_fn(y_pred, y), returns a scalar tensor
    x, y : one batch    learning_rate : a number
    Gradients that the model already has do not count. Returns the loss before the step, as a Python number.
    """
    ### BEGIN SOLUTION
    loss = loss_fn(model(x), y)
    model.zero_grad()
    loss.backward()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter -= learning_rate * parameter.grad
    return loss.item()
    ### END SOLUTION


# %% [markdown] name="sine"
# ## 3. The sine fit, twice
#
# *Core*
#
# The cubic $a + b\,x + c\,x^2 + d\,x^3$ is *linear in its coefficients*. So a linear layer with three inputs can be the
# whole model, if it is fed with $x$, $x^2$ and $x^3$: its weight holds $b, c, d$ and its bias is $a$.
#
# $$\underset{(2000,\,1)}{y_{pred}} = \underset{(2000,\,3)}{[x,\,x^2,\,x^3]}\;\underset{(3,\,1)}{W^T} + \underset{(1)}{b}$$
#
# The target has the shape `(2000,)`, so a `Flatten(0, 1)` takes the last dimension away. (Without it, broadcasting would
# compare every prediction with every target, and nothing would complain loudly: the accident of notebook 01.)

# %% tags=["item:sine-fit"] name="sine-data"
x, y = models.sine_data()  # (2000,), (2000,)
xx = x.unsqueeze(-1).pow(torch.tensor([1, 2, 3]))  # (2000, 3): x, x^2, x^3

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(3, 1), nn.Flatten(0, 1))
loss_fn = nn.MSELoss(reduction="sum")
losses = [train_step(model, loss_fn, xx, y, learning_rate=2e-6) for step in range(2000)]

# %% [markdown] name="sequential-in-use"
# `nn.Sequential` applies its layers one after the other; `model[0]` is the first. How far from the best possible cubic did
# it end? As in every notebook, least squares gives the answer.

# %% tags=["item:sine-fit", "nbval-check-output"] name="sine-distance"
best, best_loss = models.sine_optimum(x, y)
found = [model[0].bias.item(), *model[0].weight[0].tolist()]
print("found a, b, c, d:", [round(value, 2) + 0.0 for value in found])  # + 0.0 makes 0.0 of -0.0
above = 100 * (losses[-1] / best_loss - 1)
print(f"Linear(3, 1) ended {above:.2f} % above the optimum {best_loss:.3f}")
assert losses[-1] < 1.01 * best_loss

# %% [markdown] name="ask-polynomial3"
# ### A model of your own
#
# Not everything is a chain of ready-made layers. A class of your own says what it owns in `__init__` and what it does in
# `forward`. Write the cubic as a class, with four parameters that have names.


# %% tags=["item:sine-fit", "item:parameters"]
@exercise("nn.polynomial3")
class Polynomial3(nn.Module):
    """The cubic a + b x + c x^2 + d x^3.

    a, b, c, d : nn.Parameter, one number each, drawn by torch.randn(()), and no other parameters
    """

    def __init__(self):
        super().__init__()
        ### BEGIN SOLUTION
        self.a = nn.Parameter(torch.randn(()))
        self.b = nn.Parameter(torch.randn(()))
        self.c = nn.Parameter(torch.randn(()))
        self.d = nn.Parameter(torch.randn(()))
        ### END SOLUTION

    def forward(self, x):
        """Return the cubic at every point of x, shape (N,), like x."""
        ### BEGIN SOLUTION
        return self.a + self.b * x + self.c * x**2 + self.d * x**3
        ### END SOLUTION


# %% [markdown] name="formula-told"
# A module may have any methods besides, as every class. This one gives the formula, in the way of notebook 04 (run this cell
# again when you have changed your class).


# %% tags=["item:sine-fit"] name="polynomial3-formula"
def formula(self):
    """Return the cubic as text, rounded to two decimals."""
    a, b, c, d = (round(p.item(), 2) + 0.0 for p in (self.a, self.b, self.c, self.d))  # + 0.0: no "-0.00"
    return f"y = {a:.2f} {b:+.2f} x {c:+.2f} x² {d:+.2f} x³"


Polynomial3.formula = formula

# %% tags=["item:sine-fit", "nbval-check-output"] name="polynomial3-fit"
torch.manual_seed(0)
model = Polynomial3()
losses = [train_step(model, loss_fn, x, y, learning_rate=2e-6) for step in range(2000)]
print([name for name, parameter in model.named_parameters()])
print(model.formula())
print(f"Polynomial3 ended {100 * (losses[-1] / best_loss - 1):.2f} % above the optimum")
assert losses[-1] < 1.01 * best_loss

# %% [markdown] name="one-step-for-both"
# The same `train_step` trained both: it never asks what is inside.

# %% [markdown] name="call"
# ### Call the model, never its `forward`
#
# You write `forward`, but you call `model(x)`. The call goes through `nn.Module.__call__`, which runs whatever has been
# hooked onto the module, before and after, and `forward` in between. Tools rely on it: recorders, profilers, some layers
# themselves. `model.forward(x)` gives the same numbers and skips all of that in silence:

# %% tags=["item:call", "nbval-check-output"] name="hooks-skipped"
seen = []
handle = model.register_forward_hook(lambda module, inputs, output: seen.append(tuple(output.shape)))
model(x)
print("after model(x)        ", seen)
model.forward(x)
print("after model.forward(x)", seen)
handle.remove()

# %% [markdown] name="ask-mend-targets"
# ## Mend it: a line that only learns the mean
#
# *Deeper ground: a program that runs and is wrong.*
#
# Here is the accident itself. The training below ends with a warning at most, and with predictions that all lie near the mean of
# the targets. Mend it, so that it also takes a batch in which a single example is left over.


# %% tags=["item:mse"]
@exercise("nn.mend_targets")
def fit_regression(model, batches, rate, epochs):
    """Train a model in place by descent on the mean square.

    model : a module that makes predictions of shape (N, 1) of inputs of shape (N, D)
    batches : pairs of inputs, shape (N, D), and targets, shape (N,); N may be 1, and differs from batch to batch
    rate, epochs : the learning rate, and how often all batches are gone through
    Returns the loss of every batch of every epoch, before its step, and all predictions of the last epoch, in one row.
    """
    loss_fn, losses = nn.MSELoss(), []
    for _ in range(epochs):
        seen = []
        for x, y in batches:
            ### BEGIN SOLUTION
            predictions = model(x).squeeze(1)
            ### BROKEN
            # predictions = model(x)
            ### END SOLUTION
            loss = loss_fn(predictions, y)
            model.zero_grad()
            loss.backward()
            with torch.no_grad():
                for parameter in model.parameters():
                    parameter -= rate * parameter.grad
            losses.append(loss.item())
            seen.append(predictions.detach())
    return losses, torch.cat(seen).flatten()


# %% [markdown] name="ask-two-layer"
# ## 4. The two-layer network as a module
#
# *Deeper ground: the network of notebook 03 once more, from two layers.*
#
# The loop is written out once more here, so that the recap can lay it beside that of notebook 03.
#
# A module that is assigned to an attribute of another module is noticed just like a parameter, and brings its own
# parameters along. So a network of two `nn.Linear` is soon written. (`nn.Linear` adds a bias, which the network
# of the earlier notebooks did not have.) For the ReLU `clamp(min=0)` will do. `nn.ReLU` is a module as well: construct it
# first, with `nn.ReLU()`, and then call it.


# %% tags=["item:two-layer-net"]
@exercise("nn.two_layer_net")
class TwoLayerNet(nn.Module):
    """x (N, d_in) -> linear1 -> ReLU -> linear2 -> y_pred (N, d_out).

    linear1 : nn.Linear from d_in to d_hidden    linear2 : nn.Linear from d_hidden to d_out
    """

    def __init__(self, d_in, d_hidden, d_out):
        super().__init__()
        ### BEGIN SOLUTION
        self.linear1 = nn.Linear(d_in, d_hidden)
        self.linear2 = nn.Linear(d_hidden, d_out)
        ### END SOLUTION

    def forward(self, x):
        """Return y_pred, shape (N, d_out)."""
        ### BEGIN SOLUTION
        h = self.linear1(x)  # (N, d_hidden)
        h_relu = h.clamp(min=0)
        return self.linear2(h_relu)  # (N, d_out)
        ### END SOLUTION


# %% tags=["item:two-layer-net", "nbval-check-output"] name="two-layer-parameters"
for name, parameter in TwoLayerNet(1000, 100, 10).named_parameters():
    print(f"{name:15} {tuple(parameter.shape)}")

# %% tags=["item:two-layer-net"] name="train-two-layer"
N, D_in, H, D_out = 64, 1000, 100, 10
x, y, _, _ = models.two_layer_data((N, D_in, H, D_out))
torch.manual_seed(0)
model = TwoLayerNet(D_in, H, D_out)

learning_rate = 1e-4
losses = []
for step in range(500):
    y_pred = model(x)  # (N, D_out)
    loss = (y_pred - y).pow(2).sum()
    losses.append(loss.item())
    model.zero_grad()
    loss.backward()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter -= learning_rate * parameter.grad

# %% tags=["item:two-layer-net", "nbval-check-output", "tolerance:20%"] name="two-layer-result"
print(f"loss at the start {losses[0]:.0f}, at the end {losses[-1]:.1e}")
assert losses[0] / losses[-1] > 1e6

# %% [markdown] name="ask-sequential"
# ## 5. Sequential
#
# *Deeper ground: `nn.Sequential`, rebuilt.*
#
# You have used `nn.Sequential`; now build it. One trap lies in the way. A module notices parameters and modules that are
# assigned to its attributes, but it does not look into Python lists: layers in a list are overlooked, and never trained.

# %% tags=["item:sequential", "nbval-check-output"] name="list-is-overlooked"
holder = nn.Module()
holder.layers = [nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)]
print("in a list:       ", len(list(holder.parameters())), "parameters")
holder = nn.Module()
holder.layers = nn.ModuleList([nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)])
print("in a ModuleList: ", len(list(holder.parameters())), "parameters")


# %% tags=["item:sequential", "item:call"]
@exercise("nn.sequential")
class Sequential(nn.Module):
    """Layers applied one after the other: Sequential(f, g)(x) is g(f(x)).

    layers : any number of modules; their parameters become parameters of this module.
    """

    def __init__(self, *layers):
        super().__init__()
        ### BEGIN SOLUTION
        self.layers = nn.ModuleList(layers)
        ### END SOLUTION

    def forward(self, x):
        """Return what the last layer makes of what the layers before it made of x."""
        ### BEGIN SOLUTION
        for layer in self.layers:
            x = layer(x)
        return x
        ### END SOLUTION


# %% tags=["item:sequential", "nbval-check-output", "tolerance:±1e-5"] name="sequential-is-equal"
torch.manual_seed(0)
theirs = nn.Sequential(nn.Flatten(), nn.Linear(12, 4), nn.ReLU(), nn.Linear(4, 2))
ours = Sequential(nn.Flatten(), Linear(12, 4), nn.ReLU(), Linear(4, 2))
with torch.no_grad():  # not load_state_dict: yours may have other names for the layers
    for mine, other in zip(ours.parameters(), theirs.parameters()):
        mine.copy_(other)
images = torch.randn(5, 3, 4)  # five images of 3 x 4: Flatten() keeps the batch and makes (5, 12)
compare_modules(theirs, ours, images)

# %% [markdown] name="softmax"
# ## 6. Logits, softmax, cross-entropy
#
# *Core*
#
# A classifier gives a score for every class. The raw scores are called **logits**: any numbers, of either sign. Softmax
# makes probabilities of them, positive and with the sum 1:
#
# $$p_{k} = \frac{e^{z_k}}{\sum_j e^{z_j}} \qquad z \text{ and } p \text{ have the shape } (N, C), \text{ the sum runs over the } C \text{ classes}$$

# %% tags=["item:softmax", "figure"] name="softmax-drawn"
logits = torch.tensor([[2.0, 1.0, -1.0]])  # (1, 3)
probabilities = nn.Softmax(dim=1)(logits)  # (1, 3)
plots.bars(
    ["bag", "coat", "shirt"],
    {"logits": logits[0].tolist(), "probabilities": probabilities[0].tolist()},
    title="Softmax: the larger the logit, the larger its share",
)

# %% [markdown] name="softmax-facts"
# Only differences count: adding the same number to all logits of a row changes nothing, since the factor $e^{100}$ cancels.
# That is on paper. In float32, $e^{100}$ is infinite, and infinite divided by infinite is *not a number*:

# %% tags=["item:softmax", "nbval-check-output"] name="softmax-overflows"
shifted = logits + 100
print("torch's  ", nn.Softmax(dim=1)(shifted).numpy().round(3))
print("by hand  ", (shifted.exp() / shifted.exp().sum(dim=1, keepdim=True)).numpy())
largest = shifted.amax(dim=1, keepdim=True)  # (1, 1)
powers_of_e = (shifted - largest).exp()  # the largest exponent is 0 now
print("shifted  ", (powers_of_e / powers_of_e.sum(dim=1, keepdim=True)).numpy().round(3))

# %% [markdown] name="cross-entropy"
# So subtract the largest logit first: nothing changes, and nothing overflows.
#
# The loss asks how surprised the model is by the right class $y_i$ of each row. **Cross-entropy** is the
# mean of $-\log p_{i, y_i}$. Torch's `nn.CrossEntropyLoss()` takes **logits** and finds it in one step.
#
# ### Cross-entropy, rebuilt
#
# *Deeper ground: the loss written so that it does not overflow.*
#
# Never take the logarithm of a finished softmax: a small probability is rounded to 0, and
# its logarithm is minus infinity. Write the logarithm of the quotient out instead:
#
# $$\log p_{i,k} = \underbrace{(z_{i,k} - m_i)}_{(N,\,C)} - \log \underbrace{\sum_j e^{z_{i,j} - m_i}}_{(N,\,1)}
# \qquad m_i = \max_j z_{i,j} \qquad L = -\frac{1}{N} \sum_{i=1}^{N} \log p_{i, y_i}$$


# %% tags=["item:cross-entropy"]
@exercise("nn.cross_entropy")
def cross_entropy(logits, y):
    """Return the cross-entropy: the mean over the rows of -log p of the right class, a scalar tensor.

    logits : (N, C), any numbers, large ones as well, without overflow    y : (N,), class numbers
    Use exp, log, sum and amax (max with a dim gives a pair), no ready-made softmax, logsumexp or loss.
    """
    ### BEGIN SOLUTION
    z = logits - logits.amax(dim=1, keepdim=True)  # (N, C), no entry above 0
    log_p = z - z.exp().sum(dim=1, keepdim=True).log()  # (N, C)
    return -log_p[torch.arange(len(y)), y].mean()
    ### END SOLUTION


# %% [markdown] name="cross-entropy-equal"
# Torch's does all of this inside. Values and gradients agree:

# %% tags=["item:cross-entropy", "nbval-check-output", "tolerance:±1e-5"] name="cross-entropy-is-equal"
torch.manual_seed(0)
logits, y = (10 * torch.randn(6, 4)).requires_grad_(), torch.randint(4, (6,))
ours, theirs = cross_entropy(logits, y), nn.CrossEntropyLoss()(logits, y)
(grad_ours,) = torch.autograd.grad(ours, logits)
(grad_theirs,) = torch.autograd.grad(theirs, logits)
compare_gradients({"(loss)": theirs, "logits": grad_theirs}, {"(loss)": ours, "logits": grad_ours}, ("torch", "yours"))

# %% [markdown] name="ask-cross-entropy-gradient"
# ### Its gradient, derived
#
# *Deeper ground: no autograd, only pencil and paper. What follows stands without it.*
#
# Take one row: logits $z$ of shape $(C,)$, the right class $y$, a number. The logarithm of the quotient makes its loss
#
# $$L = -\log \frac{e^{z_y}}{\sum_j e^{z_j}} = -z_y + \log \sum_{j} e^{z_j}$$
#
# The largest logit is missing here: on paper it cancels, so nothing flows back through it either. Nudge one logit
# $z_k$. The first term notices only if $k$ is the right class; $[k = y]$ is 1 then and 0 otherwise. In the second, the chain
# rule takes the logarithm first, and in the sum a single term depends on $z_k$:
#
# $$\frac{\partial (-z_y)}{\partial z_k} = -[k = y] \qquad
# \frac{\partial}{\partial z_k} \log \sum_j e^{z_j} = \frac{1}{\sum_j e^{z_j}} \cdot e^{z_k} = p_k$$
#
# The softmax has come back by itself. Added up, for all $C$ logits of the row at once:
#
# $$\underset{(C,)}{\text{grad}\_z} = \underset{(C,)}{p} - \underset{(C,)}{\text{onehot}(y)}$$
#
# What the model said minus what was right. The loss of a batch is the **mean** of $N$ such rows, and no row has a say in
# another's loss, so the rows are stacked and divided by $N$:
#
# $$\underset{(N,\,C)}{\text{grad}\_z} = \frac{1}{N}\,\big(\underset{(N,\,C)}{p} - \underset{(N,\,C)}{\text{onehot}(y)}\big)$$
#
# Each row of it adds up to 0: what the right class gains, the others lose. And no entry is larger than $1/N$: however wrong
# the model is, the loss pulls no harder than that. Type it, so that large logits do no harm here either.


# %% tags=["item:cross-entropy"]
@exercise("nn.cross_entropy_gradient")
def cross_entropy_gradient(logits, y):
    """Return the gradient of the cross-entropy (the mean over the rows) with respect to the logits, without autograd.

    logits : (N, C), any numbers, large ones as well; they stay as they are    y : (N,), class numbers
    Returns a tensor of shape (N, C).
    """
    ### BEGIN SOLUTION
    powers = (logits - logits.amax(dim=1, keepdim=True)).exp()  # (N, C), at most 1
    grad = powers / powers.sum(dim=1, keepdim=True)  # p
    grad[torch.arange(len(y)), y] -= 1
    return grad / len(y)
    ### END SOLUTION


# %% tags=["item:cross-entropy", "nbval-check-output", "tolerance:±1e-6"] name="cross-entropy-gradient-shown"
grad_by_hand = cross_entropy_gradient(logits.detach(), y)
compare_gradients({"logits": grad_theirs}, {"logits": grad_by_hand}, columns=("torch", "by hand"))
print(f"sum of a row, at most {abs(grad_by_hand.sum(dim=1)).max():.6f}; 1 / N = {1 / len(y):.3f}")

# %% [markdown] name="ask-logit"
# Move one logit and watch its probability and the loss. The other two stay at 1 and -1.


# %% tags=["item:softmax", "item:cross-entropy", "figure"] name="logit-moved"
def at_logit(bag, right):
    """The probabilities of three classes, and the loss if this one is right."""
    scores = torch.tensor([bag, 1.0, -1.0])
    shares = scores.softmax(dim=0).tolist()
    surprise = -math.log(shares[["bag", "coat", "shirt"].index(right)])
    names = {k: f"{name} {score:g}" for k, (name, score) in enumerate(zip(["bag", "coat", "shirt"], scores.tolist()))}
    said = f"bag's logit {bag:g}, right is {right}: loss {surprise:.2f}"
    bars = [plots.Bars(range(3), shares, width=0.6, words=[f"{share:.3f}" for share in shares])]
    axes = plots.Axis("class and its logit", -0.6, 2.6, ticks=names), plots.Axis("probability", 0, 1.1)
    return plots.Chart(
        said, *axes, bars, f"{said}. Probabilities: " + ", ".join(f"{share:.3f}" for share in shares) + "."
    )


controls = {"bag's logit": [z / 2 for z in range(-6, 13)], "right class": ["bag", "coat", "shirt"]}
question = "The bag is right. From which logit on is the loss below 0.1?"
enough = next(z for z in controls["bag's logit"] if torch.tensor([z, 1.0, -1.0]).log_softmax(dim=0)[0] > -0.1)
answer = f"From {enough:g} on, {enough - 1:g} above the coat's."
plots.explore(at_logit, controls, start=(0.0, "bag"), question=question, guess=..., answer=answer)

# %% [markdown] name="logit-read"
# Where another class is right and the bag's logit is the largest, the loss grows by about as much as the logit does: a
# confident mistake costs in proportion to its confidence.

# %% [markdown] name="classifier"
# ## 7. A classifier: logistic regression
#
# *Core*
#
# One linear layer from 784 pixels to 10 classes, then a log-softmax: the oldest classifier there is. `log_softmax` gives
# the $\log p$, and `nn.NLLLoss` (*negative log-likelihood*) picks the right one of each row, averages, and changes
# the sign. Together they are the cross-entropy.
#
# The images are those of FashionMNIST that you met in notebook 00: clothes in grey, 28 by 28 pixels, ten classes. The whole set
# has 60,000 for training; 6,000 of them come with these notebooks, and 5,000 are enough here. The other 1,000 are kept
# aside, to see how good the classifier is on images that it has not seen.

# %% name="choose-device"
device = torch.device("cpu")  # as in notebook 03
if hasattr(torch, "accelerator"):
    if torch.accelerator.is_available():
        device = torch.accelerator.current_accelerator()
elif torch.cuda.is_available():
    device = torch.device("cuda")

# %% tags=["item:classifier"] name="load-images"
train = data.FashionMNIST(data.sample_folder(), train=True)
pixels = train.data.unsqueeze(1).float().div(255).to(device)  # (6000, 1, 28, 28), 0 to 1
labels = train.targets.to(device)  # (6000,)
x, y = pixels[:5000], labels[:5000]  # to learn from
x_kept, y_kept = pixels[5000:], labels[5000:]  # to measure with
assert len(x_kept) == 1000

# %% [markdown] name="mini-batches"
# 5,000 images are too many for one step at a time: most of the work would be done before the first improvement. So every
# step takes a **mini-batch** of 64, chosen by a fresh shuffle in each **epoch**, that is, each walk through all the images.
# Its gradient is a noisy estimate of the whole one, and many rough steps go further than one exact step.
#
# Write the model: a linear layer and a log-softmax. How many numbers does it have to learn with 784 pixels and 10 classes? Work
# it out. Nobody checks it: the cell below the functions counts them.


# %% tags=["item:classifier", "item:softmax"]
@exercise("nn.logistic_regression")
class LogisticRegression(nn.Module):
    """Images (N, ...), d_in numbers each -> the logarithms of the probabilities of the classes, (N, classes).

    linear : nn.Linear from d_in to classes, and no other parameters. Large logits give no infinities.
    """

    def __init__(self, d_in, classes):
        super().__init__()
        ### BEGIN SOLUTION
        self.linear = nn.Linear(d_in, classes)
        ### END SOLUTION

    def forward(self, x):
        """Return log p, shape (N, classes)."""
        ### BEGIN SOLUTION
        return self.linear(x.flatten(1)).log_softmax(dim=1)
        ### END SOLUTION


# %% name="guess-numbers"
guess = ...  # a number


# %% tags=["item:classifier"] name="fit"
def fit(model, loss_fn, target, epochs, learning_rate, batch_size=64):
    """Train on mini-batches, all of them full; return the loss of every step."""
    torch.manual_seed(0)
    losses = []
    full = len(x) // batch_size * batch_size  # the few images beyond are left out
    for epoch in range(epochs):
        for rows in torch.randperm(len(x))[:full].split(batch_size):
            losses.append(train_step(model, loss_fn, x[rows], target[rows], learning_rate))
    return losses


def share_right(model):
    """Return the fraction of the kept images whose highest score stands at the right class."""
    with torch.no_grad():
        return (model(x_kept).argmax(dim=1) == y_kept).float().mean().item()


def new_classifier():
    """Return a fresh classifier; it is the same one each time."""
    torch.manual_seed(0)
    return LogisticRegression(784, 10).to(device)


# %% tags=["item:classifier", "nbval-check-output"] name="rough-or-exact"
print("parameters:", sum(parameter.numel() for parameter in new_classifier().parameters()))
for batch_size in (5000, 64):
    classifier = new_classifier()
    steps = fit(classifier, nn.NLLLoss(), y, 1, 0.01, batch_size)
    with torch.no_grad():
        loss = nn.NLLLoss()(classifier(x), y).item()
    print(f"steps in one epoch: {len(steps):2}   loss afterwards: {loss:.1f}")

# %% tags=["item:classifier"] name="fit-classifier"
classifier = new_classifier()
losses = fit(classifier, nn.NLLLoss(), y, epochs=20, learning_rate=0.01)
right = share_right(classifier)
print(f"loss of the last 78 steps {sum(losses[-78:]) / 78:.2f}; right on kept images {right:.3f}")
assert share_right(classifier) > 0.7

# %% [markdown] name="templates"
# What has it learned? Every class has one weight for each pixel, so its weights are an image: dark pixels speak for the class,
# light ones against it. You can recognise a T-shirt, a trouser and a coat.

# %% tags=["item:classifier", "figure"] name="templates-drawn"
weights = classifier.linear.weight.detach().cpu().reshape(10, 28, 28)
plots.images(weights, train.classes, columns=5, title="The weights of the ten classes")

# %% [markdown] name="wrong-loss"
# ### A mistake that trains without complaint
#
# *Deeper ground: a loss that does not belong to its model.*
#
# A published tutorial feeds the output of a log-softmax into `MSELoss`, with *one-hot* targets (a row of zeros with a 1 at the right class). Shapes fit, the loss falls. But
# a log-probability is never above 0, and the target asks for a 1 at the right class, and for 0 everywhere else: "certain",
# for nine wrong classes at once. The best answer to that is to stay undecided, and so it does.

# %% tags=["item:classifier", "nbval-check-output", "tolerance:±0.02"] name="wrong-loss-run"
undecided = new_classifier()
onehot = nn.functional.one_hot(y, 10).float()  # (5000, 10)
wrong = fit(undecided, nn.MSELoss(), onehot, epochs=20, learning_rate=0.01)
print(f"MSELoss in the first epoch {sum(wrong[:78]) / 78:.2f}, in the last {sum(wrong[-78:]) / 78:.2f}")
for name, model in {"NLLLoss": classifier, "MSELoss": undecided}.items():
    with torch.no_grad():
        p = model(x_kept).exp()  # (1000, 10); the model gives log p
    sure = p[torch.arange(1000, device=device), y_kept].mean().item()
    print(
        f"{name}: mean probability given to the right class {sure:.2f}, right on kept images {share_right(model):.2f}"
    )
assert sure < 0.15 and 0.5 < share_right(undecided) < share_right(classifier)

# %% [markdown] name="wrong-loss-told"
# That makes the mistake hard to see: the highest of ten nearly equal probabilities still stands at the right class rather often, so
# the accuracy looks like that of a model that needs more training. But more training does not help: the loss wants something else.

# %% [markdown] name="layer-by-layer"
# ## 8. The 784-512-512-10 network, layer by layer
#
# *Core*
#
# You will train this network in earnest in notebook 11. Write it as a class: the images are laid flat, then come three linear
# layers with a ReLU between each two. No softmax stands at the end: what it gives are logits.


# %% tags=["item:layer-by-layer", "item:sequential"]
@exercise("nn.neural_network")
class NeuralNetwork(nn.Module):
    """Images (N, 1, 28, 28) -> logits (N, 10), through two hidden layers of `hidden` units.

    Its parameters are those of three nn.Linear, in the order in which they are applied.
    """

    def __init__(self, hidden=512):
        super().__init__()
        ### BEGIN SOLUTION
        self.flatten = nn.Flatten()
        self.layers = nn.Sequential(
            nn.Linear(784, hidden),
            nn.ReLU(),
            nn.Linear(hidden, hidden),
            nn.ReLU(),
            nn.Linear(hidden, 10),
        )
        ### END SOLUTION

    def forward(self, x):
        """Return the logits, shape (N, 10)."""
        ### BEGIN SOLUTION
        return self.layers(self.flatten(x))
        ### END SOLUTION


# %% [markdown] name="three-images-told"
# A module can be printed, and its parameters can be listed: their names, their sizes, their first values.

# %% tags=["item:layer-by-layer"] name="network-printed"
torch.manual_seed(0)
model = NeuralNetwork()
print(model)

# %% tags=["item:layer-by-layer", "item:parameters"] name="network-parameters"
for name, parameter in model.named_parameters():
    first = [round(value, 3) for value in parameter.flatten()[:2].tolist()]
    print(f"{name:16} {tuple(parameter.shape)!s:10} begins with {first}")

# %% [markdown] name="layers-told"
# Now three images, one layer at a time. First a layer of 20 units, and what a ReLU makes of it; then the whole network. You
# call `model(x)`, never `model.forward(x)` (section 3). (`models.fashion_mlp()` is your network as one `nn.Sequential`, over whose
# layers one can loop.)

# %% tags=["item:layer-by-layer", "figure"] name="three-images"
names = [train.classes[k] for k in train.targets[:3]]
plots.images(train.data[:3], names, columns=3, title="Three images")

# %% tags=["item:layer-by-layer", "item:softmax", "nbval-check-output", "tolerance:±0.002"] name="one-layer"
torch.manual_seed(0)
three = pixels[:3].cpu()  # (3, 1, 28, 28)
flat = nn.Flatten()(three)  # (3, 784)
h = nn.Linear(784, 20)(flat)  # (3, 20)
print("flat", tuple(flat.shape), " hidden", tuple(h.shape))
print("before the ReLU", [round(value, 3) for value in h[0, :5].tolist()])
print("after the ReLU ", [round(value, 3) for value in nn.ReLU()(h)[0, :5].tolist()])
p = nn.Softmax(dim=1)(NeuralNetwork()(three))  # (3, 10)
print("probabilities", tuple(p.shape), " sum of a row", round(p[0].sum().item(), 3))

# %% tags=["item:layer-by-layer", "nbval-check-output"] name="through-the-layers"
torch.manual_seed(0)
network = models.fashion_mlp()
h = pixels[:3].cpu()
print("three images                   ", tuple(h.shape))
for layer in network:
    h = layer(h)
    name = type(layer).__name__
    owns = f"weight {tuple(layer.weight.shape)}" if name == "Linear" else ""
    zeros = f"{100 * (h == 0).float().mean():.0f} % zeros" if name == "ReLU" else ""
    print(f"{name:8} {owns:18} ->  {tuple(h.shape)!s:10} {zeros}".rstrip())
print("parameters:", sum(parameter.numel() for parameter in network.parameters()))

# %% [markdown] name="relu-and-flatten"
# `Flatten` keeps the batch and lays the pixels of each image in a row. A `ReLU` has no parameters and changes no shape;
# about half of what it receives is negative and becomes 0. The last layer gives logits: no softmax stands at the end, because
# `CrossEntropyLoss` has it inside.
#
# ### How it starts decides how it learns
#
# *Deeper ground: why the size of the first weights matters.*
#
# A network with sensible random weights that has learned nothing gives every class about the same probability. How large is its
# cross-entropy then? You can work that out before you train, for any number of classes, and it is the first number to look at
# in every training run.


# %% tags=["item:initialisation", "item:cross-entropy"]
@exercise("nn.first_loss")
def first_loss(classes):
    """Return the cross-entropy of a model that gives every class the same probability.

    classes : how many classes there are
    Returns a number.
    """
    ### BEGIN SOLUTION
    return math.log(classes)
    ### END SOLUTION


# %% [markdown] name="ask-starts"
# Now four ways to start the network: as torch does it, all zero, and with normal numbers of standard deviation 0.3 and 1 (the
# *spread* in what follows). Which of them come near `first_loss(10)`? **Commit to an answer**; nobody checks it.

# %% name="guess-starts"
guess = ...  # a list of names, in quotes


# %% tags=["item:initialisation", "nbval-check-output", "tolerance:2%"] name="first-losses"
def started(how):
    """Return the network with every parameter filled anew by how(parameter)."""
    torch.manual_seed(0)
    network = models.fashion_mlp().to(device)
    for parameter in network.parameters():
        how(parameter)
    return network


starts = {
    "as torch does it": lambda p: p,
    "normal, spread 0.3": lambda p: nn.init.normal_(p, std=0.3),
    "normal, spread 1": nn.init.normal_,
    "all zero": nn.init.zeros_,
}
for name, how in starts.items():
    loss = nn.CrossEntropyLoss()(started(how)(x[:1000]), y[:1000]).item()
    print(f"{name:18} first loss {loss:.2f}")
print(f"first_loss(10) = {float(first_loss(10)):.4f}, log(10) = {math.log(10):.4f}")

# %% [markdown] name="why-spread"
# A model that knows nothing should give each class a probability of about $\frac{1}{10}$, and that is a loss of
# $-\log \frac{1}{10} = \log 10$. **A first loss far above $\log C$ says: something is wrong with the start** (or with the data).
#
# Where do hundreds and thousands come from? One output of a layer is a sum of $D_{in}$ products. With weights of spread 1
# (the standard deviation is meant) the spread grows by a factor of $\sqrt{D_{in}}$ in the first linear layer, and by
# $\sqrt{D_{in}/2}$ in every other, behind a ReLU. A spread of $1/\sqrt{D_{in}}$ makes up for the sum. But a ReLU blocks half of what passes, so only $\sqrt{2/D_{in}}$
# keeps the outputs at their size from layer to layer. Your `Linear` has $1/\sqrt{D_{in}}$ as its *bound*; the spread of numbers
# that lie evenly within a bound is the bound divided by $\sqrt 3$. So its outputs shrink in each layer, which in a net of three
# layers does far less harm than growing:

# %% tags=["item:initialisation", "nbval-check-output", "tolerance:3%"] name="spread-grows"
torch.manual_seed(0)
weights = {
    "normal, spread 1": lambda: torch.randn(512, 512),
    "normal, spread 1/sqrt(512)": lambda: torch.randn(512, 512) / math.sqrt(512),
    "normal, spread sqrt(2/512)": lambda: torch.randn(512, 512) * math.sqrt(2 / 512),
    "even, bound 1/sqrt(512)": lambda: Linear(512, 512).weight.detach(),
}
print("spread of the outputs of layer      1         2         3")
for name, draw in weights.items():
    h, spreads = torch.randn(1000, 512), []
    for layer in range(3):
        h = h @ draw().T  # (1000, 512)
        spreads.append(h.std().item())
        h = h.relu()
    print(f"{name:26}", "".join(f"{spread:10.2f}" for spread in spreads))

# %% [markdown] name="ask-layers"
# Ten layers make it plain. The weights have the spread factor $/ \sqrt{D_{in}}$; move the factor. The size of the outputs
# is told as the root of their mean square.


# %% tags=["item:initialisation", "figure"] name="spread-moved"
def through_layers(factor, between):
    """The size of what ten layers of 128 units give out, layer after layer."""
    torch.manual_seed(0)
    signal, sizes = torch.randn(50, 128), [1.0]
    for layer in range(10):
        signal = signal @ (torch.randn(128, 128) * factor / math.sqrt(128))
        signal = signal.relu() if between == "ReLU" else signal
        sizes.append(signal.square().mean().sqrt().item())
    said = f"factor {factor:g}, {between} between the layers: size {sizes[-1]:.2g} after ten"
    lines = [plots.Line(range(11), sizes), plots.Dots(range(11), sizes)]
    return plots.Chart(said, plots.Axis("layer", 0, 10), plots.Axis("size", 1e-6, 1e4, log=True), lines, said)


spread_factors = [0.25, 0.5, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.7, 2.0]
question = "With ReLU and a factor of 1, how much of the size 1 is left after ten layers?"
controls = {"factor": spread_factors, "between": ["nothing", "ReLU"]}
answer = f"{through_layers(1.0, 'ReLU').alt}; half of the square is blocked ten times, and the root of that is 1/32."
plots.explore(through_layers, controls, start=(2.0, "nothing"), question=question, guess=..., answer=answer)

# %% [markdown] name="spread-read"
# A factor a little off is taken to the power of the number of layers: that is why deep networks care so much.

# %% tags=["item:initialisation", "figure"] name="starts-drawn"
loss_fn = nn.CrossEntropyLoss()
runs = {name: fit(started(how), loss_fn, y, 2, learning_rate=0.05) for name, how in starts.items()}
diverged = runs.pop("normal, spread 1")
assert not math.isfinite(diverged[-1])
assert max(runs["normal, spread 0.3"]) > 5 * runs["normal, spread 0.3"][0]
title = "Three starts, the same training"
plots.loss_curves(runs, floor=math.log(10), floor_label="log 10", title=title)

# %% [markdown] name="zeros-stand-still"
# Spread 1 is not in the picture: at this learning rate it diverges within two epochs. Spread 0.3 first shoots up, to more
# than five times its first loss, and only then comes down; it ends behind the start of torch. All zero begins with a perfect
# $\log 10$ and stays there. Why? With zero weights every hidden value is zero, and what flows back is multiplied by zero
# weights. Only the bias of the last layer moves:

# %% tags=["item:initialisation", "nbval-check-output", "tolerance:±0.002"] name="zero-gradients"
network = started(nn.init.zeros_)
nn.CrossEntropyLoss()(network(x[:1000]), y[:1000]).backward()
for name, parameter in network.named_parameters():
    print(f"{name:9} largest gradient {parameter.grad.abs().max().item():.3f}")

# %% [markdown] name="state"
# ## 9. Buffers and state_dict
#
# *Core*
#
# Some numbers belong to a model without being learned: the mean and the spread of the training pixels, for instance. They must
# be saved with it and move to the GPU with it, but no step may touch them. `register_buffer` says so.


# %% tags=["item:state", "nbval-check-output"] name="buffers"
class Standardise(nn.Module):
    """Shift and scale the input by fixed numbers: (x - mean) / std."""

    def __init__(self, mean, std):
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("std", std)

    def forward(self, x):
        return (x - self.mean) / self.std


torch.manual_seed(0)
model = nn.Sequential(Standardise(x.mean(), x.std()), nn.Flatten(), nn.Linear(784, 10)).to(device)
print("parameters:", [name for name, _ in model.named_parameters()])
print("buffers:   ", [name for name, _ in model.named_buffers()])
print("state_dict:", list(model.state_dict()))

# %% [markdown] name="save"
# `state_dict()` is a dictionary from names to tensors, parameters and buffers together. It is what you save: numbers, without
# code. To load it, build the model from its class and fill it. `weights_only=True` is meant to let nothing but tensors and plain values
# in, so that a file from a stranger cannot run code on your machine. It had holes: in torch up to 2.5.1 a file could run code all the
# same (CVE-2025-32434), and below 2.10 one can still corrupt memory (CVE-2026-24747). With an older torch, load only files that you
# trust; `tutor doctor` tells you whether yours is one.

# %% tags=["item:state", "nbval-check-output", "tolerance:10%"] name="save-and-load"
folder = tempfile.TemporaryDirectory()  # gone when the kernel ends
file = Path(folder.name) / "model.pt"
torch.save(model.state_dict(), file)
print("written:", file.name)

zero, one = torch.zeros(()), torch.ones(())  # what the buffers hold until they are loaded
fresh = nn.Sequential(Standardise(zero, one), nn.Flatten(), nn.Linear(784, 10)).to(device)
print(f"before: outputs differ by {abs(fresh(x_kept) - model(x_kept)).max().item():.1f}")
fresh.load_state_dict(torch.load(file, weights_only=True))
print(f"after:  outputs differ by {abs(fresh(x_kept) - model(x_kept)).max().item():.1f}")

# %% [markdown] name="load-wrong"
# The names and shapes must fit; if they do not, you are told which. That is the message to expect when code and file are
# of different age. Here all names fit, but the layer has 20 outputs where the file has 10:

# %% tags=["item:state"] name="load-into-another"
with expect(RuntimeError):
    other = nn.Sequential(Standardise(zero, one), nn.Flatten(), nn.Linear(784, 20))
    other.load_state_dict(model.state_dict())

# %% [markdown] name="snapshot"
# ### A trap, and the best weights
#
# *Deeper ground: a copy, and early stopping by hand.*
#
# One trap: `state_dict()` hands out the model's *own* tensors, not copies. "The best weights so far" kept in this way go on
# changing while you train. Copy them.

# %% tags=["item:state", "nbval-check-output"] name="no-snapshot"
kept = model.state_dict()
copied = {name: tensor.clone() for name, tensor in model.state_dict().items()}
train_step(model, nn.CrossEntropyLoss(), x[:64], y[:64], learning_rate=0.1)
for name, state in {"kept": kept, "copied": copied}.items():
    moved = abs(state["2.weight"] - model[2].weight).max().item()
    print(f"{name:6} differs from the model after the step by {moved:.3f}")

# %% [markdown] name="ask-keep-best"
# ### The best weights so far
#
# *Deeper ground: early stopping, by hand.*
#
# A model is not always best at the end of its training. So after every epoch one measures it, and remembers the weights that
# measured best. Whoever forgets the trap above ends up with the last weights, and never notices.


# %% tags=["item:state"]
@exercise("nn.keep_best")
def keep_best(model, train_epoch, measure, epochs):
    """Train for some epochs, and leave the model as it was after the epoch that measured lowest.

    model : nn.Module; its buffers count as well
    train_epoch : called as train_epoch(model), trains it for one epoch, in place
    measure : called as measure(model), returns a number, the lower the better
    epochs : how many, at least 1
    Returns the lowest number. Whether to call train() and eval() is left to train_epoch and measure.
    """
    ### BEGIN SOLUTION
    best = math.inf
    for epoch in range(epochs):
        train_epoch(model)
        loss = measure(model)
        if loss < best:
            best = loss
            kept = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    model.load_state_dict(kept)
    return best
    ### END SOLUTION


# %% [markdown] name="keep-best-used"
# Try it with a learning rate that is far too large for this classifier, so that its loss on the kept images jumps up and down:


# %% tags=["item:state"] name="keep-best-run"
def train_epoch(model):
    for rows in torch.randperm(len(x)).split(64):
        train_step(model, nn.CrossEntropyLoss(), x[rows], y[rows], learning_rate=0.1)


def measure(model):
    with torch.no_grad():
        measured.append(nn.CrossEntropyLoss()(model(x_kept), y_kept).item())
    return measured[-1]


torch.manual_seed(0)
measured = []
lowest = keep_best(model, train_epoch, measure, epochs=8)
print("measured after each epoch:", [round(loss, 1) for loss in measured])

# %% tags=["item:state", "nbval-check-output", "tolerance:10%"] name="keep-best-held"
now = measure(model)
print(f"loss of the best epoch {float(lowest):.2f}, of the model now {now:.2f}")
assert math.isclose(now, float(lowest), rel_tol=1e-4)

# %% [markdown] name="train-eval"
# ## 10. train and eval
#
# *Core*
#
# A few layers behave differently while training. `nn.Dropout(p)` sets a random share `p` of its input to zero, so that the
# network relies on no single value, and multiplies the rest by $\frac{1}{1-p}$, so that the mean stays. `model.train()` and
# `model.eval()` switch a module and everything inside it. Commit to a number: what does the last line print?
#
# ```python
# dropout = nn.Dropout(p=0.5)
# dropout.eval()
# print(dropout(torch.ones(1000)).sum())
# ```

# %% tags=["item:train-eval"]
total = ...
### BEGIN SOLUTION
total = 1000
### END SOLUTION
total = check("nn.predict_eval", total)

# %% tags=["item:train-eval", "nbval-check-output"] name="dropout"
torch.manual_seed(0)
dropout = nn.Dropout(p=0.5)
print("a new module is in training mode:", dropout.training)
print("values in training mode  ", dropout(torch.ones(1000)).unique().tolist())
dropout.eval()
print("values in evaluation mode", dropout(torch.ones(1000)).unique().tolist())

# %% [markdown] name="batch-norm"
# Batch normalisation is the other well-known one. It shifts and scales every feature to mean 0 and spread 1. In training it
# takes mean and spread from the batch at hand, and keeps running ones in *buffers*; in evaluation it uses the running ones
# and leaves them alone. So a model that is asked for an answer while still in training mode gives another answer for other
# neighbours in the batch, and changes itself by being asked:

# %% tags=["item:train-eval", "nbval-check-output"] name="batch-norm-run"
torch.manual_seed(0)
norm = nn.BatchNorm1d(1, affine=False)
x_norm = torch.tensor([[4.0], [6.0]])
norm.eval()
norm(x_norm)
print("after a call in eval mode: running mean", norm.running_mean.item())
norm.train()
norm(x_norm)
print("after a call in train mode: running mean", norm.running_mean.item())
assert norm.running_mean.item() == 0.5  # a tenth of the way to the mean of the batch, 5

# %% [markdown] name="ask-mend-dropout"
# ## Mend it: a training that switches itself off
#
# *Deeper ground: a program that runs and is wrong.*
#
# The training below measures its model after every epoch. Its first epoch is trained with dropout, and no later one is. Nothing
# warns. Mend it, and leave the model as it came: whoever lent it may have had it in either mode.


# %% tags=["item:train-eval"]
@exercise("nn.mend_dropout")
def fit_and_measure(model, batches, held_x, held_y, rate, epochs):
    """Train a classifier in place, and return its loss on held-out examples after each epoch, a list of numbers.

    model : is trained in training mode, measured in evaluation mode, and left in the mode in which it came
    batches : pairs of inputs, shape (N, D), and labels, shape (N,)
    held_x, held_y : examples that are not trained on, of the same shapes
    rate, epochs : the learning rate, and how often all batches are gone through
    """
    loss_fn, mode, losses = nn.CrossEntropyLoss(), model.training, []
    ### BEGIN SOLUTION
    ### BROKEN
    # model.train()
    ### END SOLUTION
    for _ in range(epochs):
        ### BEGIN SOLUTION
        model.train()
        ### BROKEN
        ### END SOLUTION
        for x, y in batches:
            model.zero_grad()
            loss_fn(model(x), y).backward()
            with torch.no_grad():
                for parameter in model.parameters():
                    parameter -= rate * parameter.grad
        model.eval()
        with torch.no_grad():
            losses.append(loss_fn(model(held_x), held_y).item())
    model.train(mode)
    return losses


# %% [markdown] name="ask-mend-softmax"
# ## Mend it: a classifier that learns too slowly
#
# *Deeper ground: a program that runs and is wrong.*
#
# The training below runs, its loss falls a little and then stays where it is, and nothing warns. Look at what the loss is
# given, and mend it.


# %% tags=["item:cross-entropy"]
@exercise("nn.mend_softmax")
def fit_classifier(x, labels, weight, rate, steps):
    """Return a linear classifier's weight after some steps of descent, and the loss before each step.

    x : inputs, shape (N, D); labels : classes, shape (N,)
    weight : the start, shape (C, D), which stays as it is
    rate, steps : the learning rate, and how many steps are made
    The loss is the cross-entropy of the scores x @ weight.T, which may be large; the losses are a list of numbers.
    """
    weight = weight.clone().requires_grad_()
    losses = []
    for _ in range(steps):
        scores = x @ weight.T
        ### BEGIN SOLUTION
        loss = nn.functional.cross_entropy(scores, labels)
        ### BROKEN
        # probabilities = scores.softmax(dim=1)
        # loss = nn.functional.cross_entropy(probabilities, labels)
        ### END SOLUTION
        weight.grad = None
        loss.backward()
        with torch.no_grad():
            weight -= rate * weight.grad
        losses.append(loss.item())
    return weight.detach(), losses


# %% [markdown] name="recap"
# ## Recap
#
# *Core*
#
# | you want to | write | because |
# |---|---|---|
# | a number that is learned | `self.w = nn.Parameter(...)` | assignment registers it; a plain tensor is overlooked |
# | a number that is kept, not learned | `self.register_buffer("mean", ...)` | it is saved and moved, never stepped |
# | several layers | `nn.ModuleList(layers)` or `nn.Sequential(*layers)` | a Python list is overlooked |
# | all parameters | `model.parameters()` | a method: mind the brackets |
# | an answer | `model(x)` | `model.forward(x)` skips the hooks |
# | to train a classifier | `nn.CrossEntropyLoss()(logits, y)` | takes logits; stable; MSE on log-probabilities learns to stay undecided |
# | to judge the start | first loss near `log(C)` | far above: too large weights; exactly there for ever: all zero |
# | to save | `torch.save(model.state_dict(), path)` | numbers only |
# | to keep the best weights | clone what `state_dict()` gives | they are the model's own tensors and go on changing |
# | to measure | `model.eval()` first, `model.train()` after | dropout and batch normalisation differ |
#
# ### What changed since the last notebook
#
# The last notebook changed one node of the sine fit; the two-layer network was last trained by hand in notebook 03. Below
# stands what is different from there: the weights have moved into the model, their gradients into
# `backward()`, and one loop over `parameters()` updates however many there are. (The learning rate is larger because
# `nn.Linear` starts with much smaller weights than the standard normal ones before.)
#
# <!-- diff: torch_backprop/train-two-layer nn/train-two-layer -->

# %% [markdown] name="quiz"
# ## Self-check
#
# *Deeper ground: asks about all sections.*
#
# Answer in your head, then open.
#
# <details><summary>1. You keep your layers in a Python list. The model runs, the loss does not fall. Why?</summary>
#
# A module does not look into lists. <code>parameters()</code> is empty, so no step moves anything. Use <code>nn.ModuleList</code>.
# </details>
#
# <!-- drills: mse -->
# <details><summary>2. Predictions have the shape (64, 10). By what do you multiply the learning rate when you replace <code>MSELoss(reduction="sum")</code>
# by <code>MSELoss()</code>, if the steps are to stay the same?</summary>
#
# By 640. The mean divides the loss, and with it every gradient, by all 64 &middot; 10 entries, not by the 64 rows.
# </details>
#
# <details><summary>3. Which shape has the weight of <code>nn.Linear(784, 10)</code>, and why?</summary>
#
# <code>(10, 784)</code>: one row for each output. The layer computes <code>x @ weight.T + bias</code>.
# </details>
#
# <!-- drills: sine-fit -->
# <details><summary>4. <code>nn.Linear(3, 1)</code> fits a curve to the sine. Why is a <em>linear</em> layer able to bend?</summary>
#
# The curve bends in x, but the model is linear in its weights: the layer is given x, x<sup>2</sup> and x<sup>3</sup>, and adds them up, each by its own
# weight. Fed with x alone, it could give a straight line only.
# </details>
#
# <details><summary>5. Your network ends in a softmax and you train it with <code>CrossEntropyLoss</code>. What is wrong?</summary>
#
# The loss applies a softmax of its own to what it takes for logits. Numbers between 0 and 1 are nearly equal logits: it learns
# slowly and can never be sure. Leave the softmax away.
# </details>
#
# <!-- drills: classifier -->
# <details><summary>6. A classifier ends in <code>LogSoftmax</code>. Which loss belongs to it, and how do you read off how sure it is?</summary>
#
# <code>NLLLoss</code>; the two together are <code>CrossEntropyLoss</code>. <code>exp()</code> of its output gives the probabilities. MSE against one-hot targets would
# train without complaint, and teach it to stay undecided.
# </details>
#
# <!-- drills: layer-by-layer -->
# <details><summary>7. Which shape do 64 images have behind each of Flatten, Linear(784, 512), ReLU and Linear(512, 10), and how many parameters has
# this smaller network?</summary>
#
# (64, 784), (64, 512), (64, 512), (64, 10). Only the linear layers own numbers: 784 &middot; 512 + 512 + 512 &middot; 10 + 10 = 407,050. The
# batch size appears nowhere in it.
# </details>
#
# <details><summary>8. A classifier with 100 classes starts with a loss of 4.6. Is that good?</summary>
#
# Yes: log(100) is 4.6. It knows nothing and does not pretend to.
# </details>
#
# <details><summary>9. What is the difference between a parameter and a buffer?</summary>
#
# Both are saved and moved with the model. A parameter gets a gradient and is changed by steps; a buffer is not.
# </details>
#
# <details><summary>10. You measure twice with the same images and get two different accuracies. Where do you look first?</summary>
#
# At <code>model.eval()</code>: in training mode dropout is random, and with batch normalisation the answer for an image
# depends on the batch in which it comes, so another shuffle gives another accuracy.
# </details>

# %% name="see-progress"
progress()

# %% [markdown] name="onwards"
# ## Where to read on
#
# *Deeper ground: what others have written.*
#
# The next notebook takes the last hand-written piece of `train_step`, the update, and turns it into an optimiser. The source of
# `torch.nn.Module` is long but readable: look for `__setattr__`, where assignment is noticed, and `__call__`. Why the size of the
# first weights matters is worked out in Glorot and Bengio, *Understanding the difficulty of training deep feedforward
# neural networks*, AISTATS 2010, and for ReLU networks in He et al., *Delving Deep into Rectifiers*, ICCV 2015.
