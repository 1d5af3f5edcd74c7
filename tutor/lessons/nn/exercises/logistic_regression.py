"""Logistic regression as a module: probabilities for their logarithms, a sum over the batch, images left as they are."""

import torch
from torch import nn
from torch.nn import functional

from tutor.checking import Misconception, code
from tutor.lessons.training_steps import plain, shapes_of

from ..shared import fits, steps_of


def probe_classifier(d):
    """Small images, targets of the right shape, and what the layer is filled with."""
    n, high, wide, classes = d.sizes(4)
    return d.tensor(n, 1, high, wide), d.tensor(n, classes), d.tensor(classes, high * wide), d.tensor(classes)


def probe_sure_classifier(d):
    """A single row, flat already, with a zero, and logits so far apart that a small probability is rounded to 0."""
    d_in, classes = d.sizes(2)
    x = 30 * d.tensor(1, d_in)
    x[0, 0] = 0
    return x, d.tensor(1, classes), 200 * d.tensor(classes, d_in), d.tensor(classes)


def use_classifier(classifier, x, y, weight, bias):
    """The parameters of a classifier, its output with given numbers, and the losses of a few steps."""
    model = classifier(weight.shape[1], weight.shape[0]).to(x.dtype)
    shapes = shapes_of(model)
    numbers = {"linear.weight": weight, "linear.bias": bias}
    if shapes != {name: str(tuple(tensor.shape)) for name, tensor in numbers.items()}:
        return shapes, None, None
    model.load_state_dict(numbers)
    y_pred = model(x)
    if not fits(y_pred, y.shape) or weight.abs().max() > 100:  # steps along such weights end nowhere
        return shapes, plain(y_pred), None
    return shapes, plain(y_pred), steps_of(model, x, y)


class OfModules(nn.Module):
    def __init__(self, d_in, classes):
        super().__init__()
        self.flatten, self.log_softmax = nn.Flatten(), nn.LogSoftmax(dim=-1)
        self.linear = nn.Linear(in_features=d_in, out_features=classes)

    def forward(self, x):
        return self.log_softmax(self.linear(self.flatten(x)))


class ByFunction(nn.Module):
    def __init__(self, d_in, classes):
        super().__init__()
        self.add_module("linear", nn.Linear(d_in, classes))

    def forward(self, x):
        return functional.log_softmax(self.linear(x.reshape(len(x), -1)), dim=1)


class ByHand(nn.Module):
    def __init__(self, d_in, classes):
        super().__init__()
        self.linear = nn.Linear(d_in, classes)

    def forward(self, x):
        z = x.view(x.shape[0], -1) @ self.linear.weight.T + self.linear.bias
        return z - torch.logsumexp(z, dim=1, keepdim=True)


EXERCISE = code(
    difficulty="easy",
    minutes=5,
    drills=("classifier", "softmax"),
    probe=(probe_classifier, probe_sure_classifier),
    use=use_classifier,
    outputs=("parameters", "log p", "losses"),
    misconceptions=(
        Misconception(
            "probabilities",
            "What comes out are the probabilities. Their logarithms are asked for, which `log_softmax` gives in one step.",
            patch=("log_softmax", "softmax"),
            hints=("Can the logarithm of a probability be positive?",),
        ),
        Misconception(
            "logits",
            "What comes out are the logits as the layer gives them; the log-softmax is missing.",
            patch=(".log_softmax(dim=1)", ""),
            hints=("What do the exponentials of a row of yours add up to?",),
        ),
        Misconception(
            "over-the-batch",
            "The probabilities add up to 1 over the images of the batch, and not over the classes of each image. Which "
            "dimension are the classes?",
            patch=("dim=1", "dim=0"),
            hints=("Over which dimension of (N, classes) should the probabilities add up to 1?",),
        ),
        Misconception(
            "log-of-a-softmax",
            "Where a probability is very small, the result is minus infinity. A softmax rounds it to 0 before the logarithm is taken; `log_softmax` does both in one step.",
            patch=("log_softmax(dim=1)", "softmax(dim=1).log()"),
            hints=("What is the logarithm of a probability that float32 rounds to 0?",),
        ),
        Misconception(
            "no-bias",
            "The layer has no bias. It should keep its own.",
            patch=("nn.Linear(d_in, classes)", "nn.Linear(d_in, classes, bias=False)"),
            hints=("How many parameters does an `nn.Linear` have if you leave it alone?",),
        ),
    ),
    alternatives=(OfModules, ByFunction, ByHand),
    hints=(
        "What has to happen to an image of 28 x 28 before a linear layer takes it?",
        "One `nn.Linear` in `__init__`; in `forward` flatten the images, apply it, and take the log-softmax over the classes.",
        "`return self.linear(x.flatten(1)).log_softmax(dim=1)`",
    ),
)
