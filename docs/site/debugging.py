# %% [markdown] name="opening"
# # Debug your backward pass
#
# A `.grad` is `None`, backward raises, the loss is NaN, or nothing is learned. `graph.explain` says why: in one
# sentence, with the line of your program, and with a drawing of the place. You need nothing of the course for it, and
# no other package than torch. In a clone of the repository:
#
# ```
# pip install --no-deps .     # beside the torch that you have
# ```
#
# It is a block. Put it around forward and backward, around a whole training step, or around the call of a library
# that trains for you. It changes no gradient; an exception passes through, and what was found is shown before.
#
# ```python
# from tutor import graph
#
# with graph.explain(model) as found:
#     trainer.train()
# print(found.sentence)
# ```
#
# `found.findings` are plain values: a kind, a sentence, a place, a number. `graph.explain(loss, model)` looks at a
# loss that you have already; it then cannot tell lines, and marks what it concludes as inferred. Here is one broken
# program for each kind of finding.

# %% name="imports"
from contextlib import suppress

import torch
from IPython.display import HTML
from torch import nn

from tutor import graph
from tutor.graph.display import picture

_ = torch.manual_seed(0)
x, y = torch.randn(16, 4), torch.randn(16, 1)

# %% [markdown] name="no-gradient"
# ## No gradient
#
# The encoder does not learn, and nothing says so. Parameters are told together where they have a reason in common:
# frozen, not called, cut off, made under `no_grad`, not a leaf, used in another loss, cleared since.


# %% name="cut"
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder, self.head = nn.Linear(4, 3), nn.Linear(3, 1)

    def forward(self, x):
        features = torch.relu(self.encoder(x)).detach()
        return self.head(features)


net = Net()
with graph.explain(net) as found:
    (net(x) - y).square().mean().backward()
found

# %% [markdown] name="in-place"
# ## Changed in place
#
# Torch's message names a shape and two version numbers. What you want to know is the line.

# %% name="changed"
w = torch.randn(4, 3, requires_grad=True)
with suppress(RuntimeError), graph.explain() as found:
    gate = torch.sigmoid(x @ w)
    gate *= 2
    gate.sum().backward()

# %% [markdown] name="again"
# ## A second time
#
# A state that is carried from step to step brings the graph of the step before along.

# %% name="second-time"
cell, h = nn.RNNCell(4, 3), torch.zeros(1, 3)
with suppress(RuntimeError), graph.explain(cell) as found:
    for row in x:
        h = cell(row[None], h)
        h.square().sum().backward()

# %% [markdown] name="nan-forward"
# ## NaN and Inf
#
# If the loss itself is not finite, the first operation that made it so is named, with what went in.

# %% name="born-forward"
logits = torch.tensor([[120.0, 0.0]], requires_grad=True)
with graph.explain() as found:
    p = logits.softmax(-1)
    loss = -(p * p.log()).sum()  # the entropy
    loss.backward()
found

# %% [markdown] name="nan-backward"
# If the loss is finite and a gradient is not, it is the node of the backward pass, with its rule and its numbers.
# Here the mask hides the result, but not the slope of the root at 0:

# %% name="born-backward"
distance2 = torch.tensor([0.0, 1.0, 4.0], requires_grad=True)
with graph.explain() as found:
    distance = torch.where(distance2 > 0, distance2.sqrt(), torch.zeros(3))
    distance.sum().backward()
found

# %% [markdown] name="dying"
# ## Gradients that die or explode
#
# A stack of sigmoids. `found.bars()` is a picture of the gradient of every parameter, in the order of the forward pass;
# on the way back the gradient goes from the bottom to the top.

# %% name="fading"
layers = [part for _ in range(8) for part in (nn.Linear(4, 4), nn.Sigmoid())]
deep = nn.Sequential(*layers, nn.Linear(4, 1))
with graph.explain(deep) as found:
    (deep(x) - y).square().mean().backward()
print(found.sentence)
HTML(picture(found.bars(), "The gradient of every parameter, per element: it falls from the last layer to the first."))

# %% [markdown] name="dead"
# Units that are 0 for every example are counted:

# %% name="dead-units"
dead = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 1))
nn.init.constant_(dead[0].bias, -20.0)
with graph.explain(dead) as found:
    (dead(x) - y).square().mean().backward()
found

# %% [markdown] name="cost"
# ## A graph that grows
#
# Memory rises from step to step. The graphs of the steps are compared, and the tensor that ties them together is
# named.

# %% name="growing"
level, w = torch.zeros(()), torch.tensor(0.5, requires_grad=True)
with graph.explain() as found:
    for row in x[:4]:
        level = 0.9 * level + w * row.mean()
        level.square().backward(retain_graph=True)
found

# %% [markdown] name="custom"
# ## A custom Function that is wrong
#
# On request every `autograd.Function` of the block is compared with finite differences, on the inputs of its first
# call.


# %% name="wrong-function"
class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, grad):
        return grad * ctx.saved_tensors[0]  # the 2 is missing


with graph.explain(check_functions=True) as found:
    Square.apply(torch.randn(3, requires_grad=True)).sum().backward()
found

# %% [markdown] name="fine"
# ## When nothing is wrong
#
# It says so, says how large the gradients are, and what the graph keeps in memory for backward. More drawings: the
# [gallery](gallery.ipynb).

# %% name="works"
works = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 1))
with graph.explain(works) as found:
    (works(x) - y).square().mean().backward()
found
