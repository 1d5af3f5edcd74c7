"""The 784-512-512-10 network as a class: a ReLU missing or at the end, layers unnoticed, a softmax too many."""

import functools

import torch
from torch import nn
from torch.nn import functional

from tutor.checking import Misconception, code
from tutor.checking.space import Array, Drawn, Labels, Space
from tutor.lessons.training_steps import descend, plain

SIZES = ((10,), (10, 512), (512,), (512,), (512, 512), (512, 784))


def probe_channel(d):
    """A single image with its channel."""
    return d.tensor(1, 1, 28, 28), torch.from_numpy(d.labels(1, 10)), d.integer(1, 1000)


def probe_channels(d):
    """Several of them."""
    (n,) = d.sizes(1, 3, 6)
    return d.tensor(n, 1, 28, 28), torch.from_numpy(d.labels(n, 10)), d.integer(1, 1000)


@functools.lru_cache(16)
def numbers(seed):
    """Numbers for parameters of every size, drawn once for each probe."""
    drawing = torch.Generator().manual_seed(seed)
    return {size: torch.randn(size, generator=drawing) / size[-1] ** 0.5 for size in dict.fromkeys(SIZES)}


def use_network(network, x, y, seed):
    """The sizes of the parameters, the output with weights that are set by size, and the losses around a step."""
    model = network().to(x.dtype)
    sizes = sorted(tuple(p.shape) for p in model.parameters())
    if tuple(sizes) != SIZES:
        return ", ".join(map(str, sizes)) or "none", None, None
    drawn = numbers(seed)
    with torch.no_grad():
        for parameter in model.parameters():  # weights are told apart by their sizes, whatever they are called
            parameter.copy_(drawn[tuple(parameter.shape)])
    y_pred = model(x)
    fits = isinstance(y_pred, torch.Tensor) and y_pred.shape == (len(x), 10)
    losses = descend(model, functional.cross_entropy, x, y, 0.002, 2) if fits else None
    return ", ".join(map(str, sizes)), plain(y_pred), losses


class ByNames(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden1 = nn.Linear(28 * 28, 512)
        self.hidden2 = nn.Linear(512, 512)
        self.out = nn.Linear(512, 10)

    def forward(self, x):
        x = x.reshape(len(x), -1)
        x = functional.relu(self.hidden1(x))
        x = functional.relu(self.hidden2(x))
        return self.out(x)


class ByOneStack(nn.Module):
    def __init__(self):
        super().__init__()
        parts = [part for a, b in ((784, 512), (512, 512)) for part in (nn.Linear(a, b), nn.ReLU())]
        self.stack = nn.Sequential(nn.Flatten(), *parts, nn.Linear(512, 10))

    def forward(self, x):
        return self.stack(x)


class ByModuleList(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(784, 512), nn.Linear(512, 512), nn.Linear(512, 10)])

    def forward(self, x):
        h = torch.flatten(x, 1)
        for layer in self.layers[:-1]:
            h = layer(h).clamp(min=0)
        return self.layers[-1](h)


EXERCISE = code(
    difficulty="medium",
    minutes=7,
    drills=("network", "layers"),
    space=Space(
        {
            "x": Array("N 28 28", scales=("usual", "eight"), values=("distinct", "zeros"), tensor=True),
            "y": Labels("N", classes=10, values=("distinct",)),
            "seed": Drawn(1, 1000),
        },
        sizes={"N": (1,)},
    ),
    probe=(probe_channel, probe_channels),
    use=use_network,
    outputs=("the sizes of the parameters", "the logits", "losses"),
    cases=2,
    misconceptions=(
        Misconception(
            "first-relu-missing",
            "No ReLU takes effect between the first and the second layer, so these two are no more than one.",
            patch=("            nn.Linear(784, 512),\n            nn.ReLU(),\n", "            nn.Linear(784, 512),\n"),
            hints=("What stands behind each of the two hidden layers?",),
        ),
        Misconception(
            "second-relu-missing",
            "No ReLU takes effect between the second and the third layer, so these two are no more than one.",
            patch=("            nn.Linear(512, 512),\n            nn.ReLU(),\n", "            nn.Linear(512, 512),\n"),
            hints=("What stands behind each of the two hidden layers?",),
        ),
        Misconception(
            "no-relu",
            "No ReLU takes effect at all, so the three layers are no more than one.",
            patch=("            nn.ReLU(),\n", ""),
            hints=("What is a matrix times a matrix?",),
        ),
        Misconception(
            "relu-at-the-end",
            "What should be negative comes out as 0, as it does behind a ReLU. Logits may be negative; leave what the last layer makes as it is.",
            patch=("nn.Linear(512, 10),\n", "nn.Linear(512, 10),\n            nn.ReLU(),\n"),
            hints=("Can your network ever give a negative score?",),
        ),
        Misconception(
            "softmax-at-the-end",
            "You return probabilities. `CrossEntropyLoss` takes the softmax itself; return the logits.",
            patch=("nn.Linear(512, 10),\n", "nn.Linear(512, 10),\n            nn.Softmax(dim=1),\n"),
            hints=("What does `CrossEntropyLoss` expect?",),
        ),
        Misconception(
            "log-softmax-at-the-end",
            "You return log-probabilities, as the last model did. This one returns the logits.",
            patch=("nn.Linear(512, 10),\n", "nn.Linear(512, 10),\n            nn.LogSoftmax(dim=1),\n"),
            hints=("What does the docstring call what `forward` returns?",),
        ),
        Misconception(
            "not-flattened",
            "The first layer is given rows of pixels, not images: it looks at the last size alone, which has to be 784. Flatten each image first.",
            patch=("self.linear_relu_stack(self.flatten(x))", "self.linear_relu_stack(x)"),
            hints=("Which shape has x, and which one does `nn.Linear(784, 512)` want?",),
        ),
        Misconception(
            "batch-flattened-too",
            "Everything became one row, the images of the batch included. Keep the first size.",
            patch=("self.flatten(x)", "x.flatten()"),
            hints=("Which size has to survive the flattening?",),
        ),
        Misconception(
            "no-layer-noticed",
            "The network lists no parameters, so nothing could be trained. It learns only of layers that are attributes of `self`, or stand in an "
            "`nn.Sequential` that is one: are yours in a Python list, or made in `forward`?",
            patch=(
                ("self.linear_relu_stack = nn.Sequential(", "self.stack = ("),
                (
                    "return self.linear_relu_stack(self.flatten(x))",
                    "x = self.flatten(x)\n        for layer in self.stack:\n            x = layer(x)\n        return x",
                ),
            ),
            hints=("What does `list(NeuralNetwork().parameters())` give?",),
        ),
        Misconception(
            "one-hidden-layer",
            "There is one hidden layer; two are asked for, of 512 each.",
            patch=("            nn.Linear(512, 512),\n            nn.ReLU(),\n", ""),
            hints=("How many numbers with 512 stand in the name 784-512-512-10?",),
        ),
        Misconception(
            "cut-from-the-graph",
            "The logits are right, but no gradient comes back through them, so the network would never learn. `no_grad`, `.detach()` and `.data` do "
            "not belong into `forward`.",
            patch=("self.linear_relu_stack(self.flatten(x))", "self.linear_relu_stack(self.flatten(x)).detach()"),
            hints=("Has the output of your network a `grad_fn`?",),
        ),
    ),
    alternatives=(ByNames, ByOneStack, ByModuleList),
    hints=(
        "Which parts did the three images go through in the cell above, and in which order?",
        "In `__init__` an `nn.Flatten()` and an `nn.Sequential` of three linear layers with a ReLU between; in `forward` one after the other.",
        "`nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10))`",
    ),
)
