# %% [markdown] name="opening"
# # A network and its training
#
# A network is a function with many weights. `torch.nn` has the parts to build it, `torch.optim` moves its weights, and one
# short loop does the rest. You write three things here: two models as classes of your own, and the loop that trains both.
#
# **You will be able to**
#
# - write a model as an `nn.Module`, and read off its shapes and its parameters;
# - choose the loss that belongs to what a model returns;
# - write a training step, and the loop over epochs and mini-batches.
#
# **You need** the notebook before this one: shapes, `@`, `backward()`. **It takes** about 50 minutes; the code runs in
# about ten seconds.

# %% name="imports"
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim

from tutor import check, data, exercise, hint, lend, plots, progress, solution

# %% [markdown] name="data-told"
# ## 1. What we train on
#
# Photographs of clothes, 28 x 28 pixels each, of ten kinds: a small part of FashionMNIST that comes with this course. The
# next notebook is about loading; here you take it as two tensors. We keep 1,000 images aside, to see later whether what was
# learned holds for images that were not learned from.

# %% tags=["item:linear", "nbval-check-output"] name="data"
few = data.FashionMNIST(data.sample_folder(), train=True)
X = few.data.view(len(few), -1) / 255  # (6000, 784), from 0 to 1
y = few.targets  # (6000,), class numbers from 0 to 9
X, X_kept, y, y_kept = X[:5000], X[5000:], y[:5000], y[5000:]
print("to learn from", tuple(X.shape), " kept aside", tuple(X_kept.shape))
print("the first image is of class", y[0].item(), few.classes[y[0]])

# %% [markdown] name="linear-told"
# ## 2. A layer
#
# You wrote `x @ weight.T + bias` in the last notebook. `nn.Linear(784, 10)` is that, and it *owns* its weight and its bias: they
# are **parameters**, tensors with `requires_grad=True`, which start at small random numbers.

# %% tags=["item:linear", "nbval-check-output"] name="linear"
torch.manual_seed(0)
layer = nn.Linear(784, 10)
print("weight", tuple(layer.weight.shape), " bias", tuple(layer.bias.shape))
scores = layer(X[:3])  # (3, 10): three images, ten scores each
print("scores of the first image", [round(s, 2) for s in scores[0].tolist()])

# %% [markdown] name="softmax-told"
# Scores (people say **logits**) may be any numbers. **Softmax** makes probabilities of them: positive, with the sum 1. `dim=1` says
# along which dimension: across the classes of each image. `log_softmax` gives their logarithms, and computes them so that no
# rounding spoils them. The **ReLU** replaces negative numbers by 0; you will need it later.

# %% tags=["item:linear", "nbval-check-output"] name="softmax"
probabilities = F.softmax(scores, dim=1)  # (3, 10)
print("the sums over dim=1 ", [round(p, 4) for p in probabilities.sum(dim=1).tolist()])
log_probabilities = F.log_softmax(scores, dim=1)
print("log_softmax and exp ", [round(p, 4) for p in log_probabilities.exp().sum(dim=1).tolist()])
print("ReLU of (-1, 0, 2)  ", F.relu(torch.tensor([-1.0, 0.0, 2.0])).tolist())

# %% [markdown] name="ask-logistic"
# ## 3. A model is a class
#
# **Logistic regression** is the simplest classifier: one linear layer, then softmax. As a model it is a class derived from `nn.Module`:
#
# - `__init__` makes the layers and assigns them to attributes of `self`. That is how the module learns of their parameters.
# - `forward` says what happens to the input. There a layer is found by the name that it was given: `self.layer(x)`.
#
# The line `super().__init__()` has to come first; it stands there already. A model that doubles what its layer makes of two numbers:
#
# ```python
# class Doubled(nn.Module):
#     def __init__(self):
#         super().__init__()
#         self.layer = nn.Linear(2, 1)
#
#     def forward(self, x):
#         return 2 * self.layer(x)
# ```


# %% tags=["item:logistic-regression"]
@exercise("network_and_training.LogisticRegression")
class LogisticRegression(nn.Module):
    """x (N, num_features) -> self.linear -> the logarithm of softmax over the classes, (N, num_classes).

    linear : nn.Linear from num_features to num_classes
    """

    def __init__(self, num_features, num_classes):
        super().__init__()
        ### BEGIN SOLUTION
        self.linear = nn.Linear(num_features, num_classes)
        ### END SOLUTION

    def forward(self, x):
        """Return the log-probabilities, shape (N, num_classes)."""
        ### BEGIN SOLUTION
        return F.log_softmax(self.linear(x), dim=1)
        ### END SOLUTION


# %% tags=["item:logistic-regression", "nbval-check-output"] name="model-called"
torch.manual_seed(0)
model = LogisticRegression(784, 10)
y_pred = model(X[:3])  # model(x), never model.forward(x): the call does more than forward
print(tuple(y_pred.shape), "of class 9 the first image is with probability", round(y_pred[0, 9].exp().item(), 2))

# %% [markdown] name="ask-count"
# How many numbers does training have to find in `LogisticRegression(784, 10)`? Count before you look.

# %% tags=["item:parameters"]
how_many = ...
### BEGIN SOLUTION
how_many = 7850
### END SOLUTION
how_many = check("network_and_training.predict_count", how_many)

# %% tags=["item:parameters", "nbval-check-output"] name="counted"
print(sum(parameter.numel() for parameter in model.parameters()), "numbers")

# %% [markdown] name="loss-told"
# ## 4. A loss
#
# How wrong is a model? For each image look at the log-probability that it gives to the *right* class, turn the sign, and take the mean.
# `nn.NLLLoss` does that ("negative log-likelihood"). If a model returns logits instead, **`nn.CrossEntropyLoss`** takes the
# `log_softmax` first, so the two agree:

# %% tags=["item:loss", "nbval-check-output"] name="losses"
logits = layer(X)  # (5000, 10), from the layer of section 2
log_p = F.log_softmax(logits, dim=1)
print(f"NLLLoss of the log-probabilities {nn.NLLLoss()(log_p, y):.4f}")
print(f"CrossEntropyLoss of the logits   {nn.CrossEntropyLoss()(logits, y):.4f}")
print(f"by hand                          {-log_p[torch.arange(len(y)), y].mean():.4f}")
print(f"a blind guess among ten classes  {-torch.tensor(0.1).log():.4f}")

# %% [markdown] name="ask-step"
# So: log-probabilities with `NLLLoss`, logits with `CrossEntropyLoss`, and never a softmax *before* `CrossEntropyLoss`.
#
# ## 5. An optimiser, and one step
#
# In the last notebook you changed every weight yourself. An **optimiser** holds all parameters of a model and does it for you:
# `optimizer.step()` is the update under `no_grad`, `optimizer.zero_grad()` clears all gradients. **SGD** is the plain
# step against the gradient.
#
# A training step is five lines, and after two notebooks you know them all: predict, loss, clear, backward, step.


# %% tags=["item:optimiser"]
@exercise("network_and_training.train_step")
def train_step(model, loss_fn, optimizer, X, y):
    """Take one training step on a batch, and return the loss before it as a Python number.

    model : called as model(X)    loss_fn : called as loss_fn(y_pred, y)
    optimizer : has zero_grad() and step(); holds the model's parameters
    """
    ### BEGIN SOLUTION
    y_pred = model(X)
    loss = loss_fn(y_pred, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()
    ### END SOLUTION


# %% tags=["item:optimiser", "nbval-check-output"] name="stepped"
optimizer = optim.SGD(model.parameters(), lr=0.1)
for step in range(5):
    loss = train_step(model, nn.NLLLoss(), optimizer, X, y)
    print(f"step {step + 1}: loss {loss:.3f}")

# %% [markdown] name="ask-fit"
# ## 6. Mini-batches
#
# Each of those steps looked at all 5,000 images. It is far quicker to look at a few, step, and look at the next few: a
# **mini-batch**. One walk through all images is an **epoch**. Before each epoch the images are shuffled, so that no batch
# comes twice.
#
# `order = torch.randperm(n)` gives the numbers 0 to n - 1 in random order, and `order.split(64)` cuts them into pieces
# of 64; the last one holds what is left. `X[rows]` takes those rows. Take the same ones from `y`!
#
# The mean loss of an epoch is a mean over *images*. The last batch is smaller, so count each batch by its size.


# %% tags=["item:mini-batches"]
@exercise("network_and_training.fit")
def fit(model, loss_fn, optimizer, X, y, batch_size, epochs):
    """Train the model for some epochs, and return the mean loss over the images of each epoch, a list of numbers.

    X : (N, ...), y : (N,)    batch_size : a step is taken for so many; the last batch of an epoch may be smaller
    Every epoch, of a later call as well, goes through all images once, in a new random order. Use your `train_step`.
    """
    ### BEGIN SOLUTION
    losses = []
    for epoch in range(epochs):
        total = 0.0
        for rows in torch.randperm(len(X)).split(batch_size):
            total += train_step(model, loss_fn, optimizer, X[rows], y[rows]) * len(rows)
        losses.append(total / len(X))
    return losses
    ### END SOLUTION


# %% tags=["item:mini-batches"] name="accuracy"
def accuracy(model, X, y):
    """Return the part of the images whose highest score stands at the right class."""
    with torch.no_grad():
        return (model(X).argmax(dim=1) == y).float().mean().item()


# %% tags=["item:mini-batches"] name="logistic-trained"
torch.manual_seed(0)
model = LogisticRegression(784, 10)
optimizer = optim.SGD(model.parameters(), lr=0.03)
logistic_losses = fit(model, nn.NLLLoss(), optimizer, X, y, batch_size=64, epochs=5)
print(f"loss {logistic_losses[0]:.2f} in the first epoch, {logistic_losses[-1]:.2f} in the last")
print(f"right on images kept aside: {100 * accuracy(model, X_kept, y_kept):.0f} %, where chance gets 10 %")
assert accuracy(model, X_kept, y_kept) > 0.6

# %% [markdown] name="weights-told"
# The 784 weights of a class are as many as an image has pixels, so they can be looked at as images: dark where a pixel speaks for
# the class, light where it speaks against it.

# %% tags=["item:logistic-regression", "figure"] name="weights-drawn"
weight = next(p for p in model.parameters() if p.dim() == 2).detach()  # (10, 784)
plots.images(weight.view(10, 28, 28), few.classes, columns=5, title="What speaks for each class")

# %% [markdown] name="layers-told"
# ## 7. A network, layer by layer
#
# Logistic regression sees each pixel by itself. A network with **hidden layers** can combine them. The best-known small one is
# 784-512-512-10: two layers of 512 numbers between the pixels and the scores, each followed by a ReLU. (Without the ReLU
# two linear layers in a row would be no more than one.) Here is what happens to three images:

# %% tags=["item:layers", "nbval-check-output"] name="layers"
torch.manual_seed(0)
images = few.data[:3] / 255
print("images      ", tuple(images.shape))
h = nn.Flatten()(images)  # keeps the first size, the batch
print("Flatten     ", tuple(h.shape))
h = nn.Linear(784, 512)(h)
print("Linear      ", tuple(h.shape), "smallest", round(h.min().item(), 2))
h = nn.ReLU()(h)
print("ReLU        ", tuple(h.shape), "smallest", round(h.min().item(), 2))
both = nn.Sequential(nn.Linear(512, 512), nn.ReLU())  # one after the other
h = both(h)
print("Linear, ReLU", tuple(h.shape))
print("Linear      ", tuple(nn.Linear(512, 10)(h).shape))

# %% [markdown] name="ask-network"
# Now as a class of your own. It returns **logits**: its loss will be `CrossEntropyLoss`.


# %% tags=["item:network"]
@exercise("network_and_training.NeuralNetwork")
class NeuralNetwork(nn.Module):
    """The 784-512-512-10 network: images (N, 28, 28) or (N, 1, 28, 28) -> logits (N, 10).

    Linear layers with 512, 512 and 10 outputs, a ReLU after the first and after the second.
    """

    def __init__(self):
        super().__init__()
        ### BEGIN SOLUTION
        self.flatten = nn.Flatten()
        self.linear_relu_stack = nn.Sequential(
            nn.Linear(784, 512),
            nn.ReLU(),
            nn.Linear(512, 512),
            nn.ReLU(),
            nn.Linear(512, 10),
        )
        ### END SOLUTION

    def forward(self, x):
        """Return the logits, shape (N, 10)."""
        ### BEGIN SOLUTION
        return self.linear_relu_stack(self.flatten(x))
        ### END SOLUTION


# %% [markdown] name="parameters-told"
# A module can be printed, and lists its parameters by name. (The brackets matter: `named_parameters` without them is the method,
# not the list.) Your names may differ from ours; the sizes may not.

# %% tags=["item:network", "item:parameters"] name="printed"
torch.manual_seed(0)
model = NeuralNetwork()
print(model)

# %% tags=["item:parameters"] name="parameters"
for name, parameter in model.named_parameters():
    first = [round(value, 4) for value in parameter.flatten()[:2].tolist()]
    print(f"{name:28} {tuple(parameter.shape)!s:12} begins with {first}")

# %% [markdown] name="same-fit-told"
# `fit` never asked what is inside a model. So it trains this one as well. It is worth pausing here: the class says *what* is
# computed, and the loop of your own, unchanged, finds 669,706 numbers for it.

# %% tags=["item:mini-batches"] name="network-trained"
count = sum(parameter.numel() for parameter in model.parameters())
optimizer = optim.SGD(model.parameters(), lr=0.05)
network_losses = fit(model, nn.CrossEntropyLoss(), optimizer, X.view(-1, 28, 28), y, batch_size=64, epochs=6)
print(f"{count:,} numbers; loss {network_losses[0]:.2f} in the first epoch, {network_losses[-1]:.2f} in the last")
right = accuracy(model, X_kept.view(-1, 28, 28), y_kept)
print(f"right on images kept aside: {100 * right:.0f} %")
assert count == 669_706 and network_losses[-1] < network_losses[0] / 2 and right > 0.55

# %% tags=["item:mini-batches", "figure"] name="losses-drawn"
curves = {"logistic regression": logistic_losses, "784-512-512-10": network_losses}
plots.lines(curves, xlabel="epoch", ylabel="mean loss", title="The loss of every epoch")

# %% [markdown] name="recap"
# ## Recap
#
# | you want | you type |
# |---|---|
# | a model | `class Net(nn.Module)`: layers in `__init__`, what happens in `forward` |
# | its output | `model(x)` |
# | its parameters | `model.named_parameters()` |
# | a loss | `nn.CrossEntropyLoss()` on logits, `nn.NLLLoss()` on log-probabilities |
# | a step | `optimizer.zero_grad()`, `loss.backward()`, `optimizer.step()` |
# | an epoch | `for rows in torch.randperm(len(X)).split(batch_size):` |
#
# The accuracies of this notebook are rough: few images, plain steps, a network that knows nothing of neighbours. In the
# next one you can have all the images, and you meet a better optimiser and a network that looks at neighbours.
#
# ## Self-check
#
# <!-- drills: loss -->
# <details><summary>1. A model ends in <code>log_softmax</code>, and is trained with <code>CrossEntropyLoss</code>. What happens?</summary>
#
# The softmax is taken twice. Of log-probabilities the second one changes nothing, because their exponentials add up to
# 1 already; after a plain `softmax` it would do harm. Give log-probabilities to `NLLLoss`, and logits to
# `CrossEntropyLoss`.
# </details>
#
# <!-- drills: layers -->
# <details><summary>2. Why <code>model(x)</code> and not <code>model.forward(x)</code>?</summary>
#
# The call runs what has been hooked onto the module as well. `forward` alone skips it without a word.
# </details>
#
# <details><summary>3. Two linear layers in a row, without a ReLU: what do they gain over one?</summary>
#
# Nothing: a matrix times a matrix is a matrix. The ReLU between them is what makes a deeper network more than a line.
# </details>
#
# ## Where to read on
#
# Go on with the last notebook of the afternoon: real data, loaded, trained on, tested, saved and predicted. In the long series
# notebook 07 rebuilds the layers, and notebook 08 the optimisers.
