"""The 784-512-512-10 network as a class: a ReLU too few or too many, a softmax at its end, layers in a list."""

from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional

from tutor.checking import Misconception, code
from tutor.lessons.training_steps import plain

from ..shared import fits, steps_of


def probe_network(d):
    """Images, targets, and what the three layers are filled with."""
    n, hidden = d.sizes(2, 3, 8)
    weights = d.tensor(hidden, 784) / 28, d.tensor(hidden), d.tensor(hidden, hidden), d.tensor(hidden)
    return d.tensor(n, 1, 28, 28), d.tensor(n, 10), *weights, d.tensor(10, hidden), d.tensor(10)


def probe_one_image(d):
    """A single image with large numbers and a zero."""
    x, y, *weights = probe_network(d)
    x = 30 * x[:1]
    x[0, 0, 0, 0] = 0
    return x, y[:1], *weights


def use_network(network, x, y, *numbers):
    """The shapes of a network's parameters, its logits with given numbers, and the losses of a few steps."""
    model = network(len(numbers[1])).to(x.dtype)
    shapes = [str(tuple(p.shape)) for p in model.parameters()]
    if shapes != [str(tuple(tensor.shape)) for tensor in numbers]:
        return shapes, None, None
    with torch.no_grad():
        for parameter, number in zip(model.parameters(), numbers, strict=True):
            parameter.copy_(number)
    y_pred = model(x)
    if not fits(y_pred, y.shape) or x.abs().max() > 30:  # steps on such numbers end nowhere
        return shapes, plain(y_pred), None
    return shapes, plain(y_pred), steps_of(model, x, y)


class OneAfterTheOther(nn.Module):
    def __init__(self, hidden=512):
        super().__init__()
        self.linear1, self.linear2 = nn.Linear(784, hidden), nn.Linear(hidden, hidden)
        self.linear3 = nn.Linear(hidden, 10)

    def forward(self, x):
        h = functional.relu(self.linear1(x.flatten(1)))
        return self.linear3(functional.relu(self.linear2(h)))


class AllInOne(nn.Module):
    def __init__(self, hidden=512):
        super().__init__()
        sizes, layers = (28 * 28, hidden, hidden, 10), [nn.Flatten()]
        for d_in, d_out in pairwise(sizes):
            layers += [nn.Linear(d_in, d_out), nn.ReLU()]
        self.stack = nn.Sequential(*layers[:-1])

    def forward(self, x):
        return self.stack(x)


class ByClamp(nn.Module):
    def __init__(self, hidden=512):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(784, hidden), nn.Linear(hidden, hidden), nn.Linear(hidden, 10)])

    def forward(self, x):
        x = x.reshape(-1, 784)
        for layer in self.layers[:2]:
            x = layer(x).clamp(min=0)
        return self.layers[2](x)


EXERCISE = code(
    difficulty="easy",
    minutes=8,
    drills=("layer-by-layer", "sequential"),
    probe=(probe_network, probe_one_image),
    use=use_network,
    outputs=("the shapes of the parameters", "logits", "losses"),
    misconceptions=(
        Misconception(
            "softmax-at-the-end",
            "What comes out are probabilities: a softmax has been applied. Logits are asked for: `CrossEntropyLoss` has the softmax inside.",
            patch=("nn.Linear(hidden, 10),", "nn.Linear(hidden, 10), nn.Softmax(dim=1),"),
            hints=("Do the rows of your output add up to 1?",),
        ),
        Misconception(
            "relu-at-the-end",
            "A ReLU behind the last layer makes every negative logit impossible. It stands between layers only.",
            patch=("nn.Linear(hidden, 10),", "nn.Linear(hidden, 10), nn.ReLU(),"),
            hints=("Can your network give a negative logit?",),
        ),
        Misconception(
            "no-relu",
            "There is no ReLU at work in your network, and three linear layers in a row are no more than one.",
            patch=("            nn.ReLU(),\n", ""),
            hints=("What stands between two of your layers?",),
        ),
        Misconception(
            "one-hidden-layer",
            "The network lists two linear layers and no more. From 784 to hidden, from hidden to hidden, from hidden to 10: is the second one missing, or somewhere that the module does not notice?",
            patch=("            nn.Linear(hidden, hidden),\n            nn.ReLU(),\n", ""),
            hints=("How many linear layers does 784-512-512-10 name?",),
        ),
        Misconception(
            "layers-in-a-list",
            "The network lists no parameters. A module does not look into a Python list, tuple or dictionary, and does not know what is made in `forward`; `nn.Sequential` and `nn.ModuleList` are noticed.",
            patch=(
                ("self.layers = nn.Sequential(", "self.layers = list(nn.Sequential("),
                ("nn.Linear(hidden, 10),\n        )", "nn.Linear(hidden, 10),\n        ))"),
                ("return self.layers(self.flatten(x))", "return nn.Sequential(*self.layers)(self.flatten(x))"),
            ),
            hints=("What does `list(NeuralNetwork().parameters())` give?",),
        ),
        Misconception(
            "size-written-out",
            "The hidden layers have 512 units whatever `hidden` says. 512 is only what it is if nobody says.",
            patch=(
                ("nn.Linear(784, hidden)", "nn.Linear(784, 512)"),
                ("nn.Linear(hidden, hidden)", "nn.Linear(512, 512)"),
                ("nn.Linear(hidden, 10)", "nn.Linear(512, 10)"),
            ),
            hints=("Which shapes does `NeuralNetwork(7)` have?",),
        ),
    ),
    alternatives=(OneAfterTheOther, AllInOne, ByClamp),
    hints=(
        "Which sizes go in and come out of each of the three linear layers?",
        "`nn.Flatten()`, and an `nn.Sequential` of three `nn.Linear` with an `nn.ReLU()` between each two.",
        "`self.layers = nn.Sequential(nn.Linear(784, hidden), nn.ReLU(), …)`, and `return self.layers(self.flatten(x))`",
    ),
)
