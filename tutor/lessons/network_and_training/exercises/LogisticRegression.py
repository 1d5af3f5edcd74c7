"""Logistic regression as a module: a softmax over the wrong dimension, without its logarithm, or a layer unnoticed."""

import torch
from torch import nn
from torch.nn import functional

from tutor.checking import Misconception, code
from tutor.checking.space import Array, Labels, Space
from tutor.lessons.readers_text import in_function
from tutor.lessons.training_steps import descend, plain, shapes_of

from ..shared import STEPS


def use_regression(regression, x, y, weight, bias):
    """The parameters of a model, its output with given numbers, and the losses of a few steps."""
    model = regression(weight.shape[1], weight.shape[0]).to(x.dtype)
    shapes, wanted = shapes_of(model), {"linear.weight": weight, "linear.bias": bias}
    if shapes != {name: str(tuple(tensor.shape)) for name, tensor in wanted.items()}:
        return shapes, None, None, None
    model.load_state_dict(wanted)
    y_pred, rate = model(x), 0.1 / x.abs().max().item() ** 2
    fits = isinstance(y_pred, torch.Tensor) and y_pred.shape == (len(x), len(bias))
    gradient = "comes back" if getattr(y_pred, "requires_grad", False) else "is cut off"
    losses = descend(model, functional.nll_loss, x, y, rate, STEPS) if fits else None
    return shapes, plain(y_pred), gradient, losses


class ByModule(nn.Module):
    def __init__(self, num_features, num_classes):
        super().__init__()
        self.linear = nn.Linear(in_features=num_features, out_features=num_classes)
        self.log_softmax = nn.LogSoftmax(dim=-1)

    def forward(self, x):
        return self.log_softmax(self.linear(x))


class ByLogSumExp(nn.Module):
    def __init__(self, num_features, num_classes):
        super().__init__()
        self.add_module("linear", nn.Linear(num_features, num_classes))

    def forward(self, x):
        z = x @ self.linear.weight.T + self.linear.bias
        return z - z.logsumexp(dim=1, keepdim=True)


class ByTensorMethod(nn.Module):
    def __init__(self, num_features, num_classes):
        super().__init__()
        linear = nn.Linear(num_features, num_classes)
        self.linear = linear

    def forward(self, x):
        logits = self.linear(x)
        return logits.log_softmax(1)


EXERCISE = code(
    difficulty="easy",
    minutes=6,
    drills=("logistic-regression", "linear", "parameters"),
    space=Space(
        {
            "x": Array("N D", scales=("usual", "large"), values=("distinct", "zeros"), tensor=True),
            "y": Labels("N", classes="C"),
            "weight": Array("C D", tensor=True),
            "bias": Array("C", tensor=True),
        },
        sizes={"N": (1,)},
    ),
    use=use_regression,
    outputs=("parameters", "y_pred", "the gradient", "losses"),
    misconceptions=(
        Misconception(
            "softmax-without-log",
            "You return probabilities. Their logarithms are asked for: `log_softmax`.",
            patch=("F.log_softmax", "F.softmax"),
            hints=("Are your outputs positive or negative?",),
        ),
        Misconception(
            "log-of-softmax",
            "The formula is right, and where a probability is rounded to 0 its logarithm is minus infinity. `log_softmax` does both at once, and "
            "never meets that zero.",
            patch=("F.log_softmax(self.linear(x), dim=1)", "torch.log(F.softmax(self.linear(x), dim=1))"),
            hints=("What is the logarithm of 0?",),
        ),
        Misconception(
            "over-the-batch",
            "The softmax runs over the images: the exponentials of each *column* add up to 1. Those of one image's classes have to, and they stand in dimension 1.",
            patch=("dim=1", "dim=0"),
            hints=("Along which dimension do the scores of one image lie?",),
        ),
        Misconception(
            "logits-returned",
            "You return the scores of the layer. The logarithm of their softmax is asked for.",
            patch=("F.log_softmax(self.linear(x), dim=1)", "self.linear(x)"),
            hints=("What should the exponentials of one row add up to?",),
        ),
        Misconception(
            "no-layer-noticed",
            "The model lists no parameters, so nothing in it could be trained. It learns only of layers that are assigned to an attribute of `self` "
            "in `__init__`: is yours in a list, made in `forward`, or a plain tensor?",
            patch=(
                ("self.linear = nn.Linear(num_features, num_classes)", "self.sizes = num_features, num_classes"),
                ("self.linear(x)", "nn.Linear(*self.sizes)(x)"),
            ),
            cause="The layer that you make in `forward` is new and random at every call.",
            evidence=in_function("forward", "nn.Linear(...)", "torch.nn.Linear(...)"),
            other=(
                ("nn.Linear(num_features, num_classes)", "[nn.Linear(num_features, num_classes)]"),
                ("linear(x)", "linear[0](x)"),
            ),
            hints=("What does `list(LogisticRegression(4, 3).parameters())` give?",),
        ),
        Misconception(
            "sizes-exchanged",
            "The layer goes from classes to features. `nn.Linear` is told first how many numbers come in, then how many go out.",
            patch=("nn.Linear(num_features, num_classes)", "nn.Linear(num_classes, num_features)"),
            hints=("How many numbers has one example?",),
        ),
        Misconception(
            "sizes-written-in",
            "The layer has 784 inputs and 10 outputs, whatever sizes are asked for. They are handed in as `num_features` and `num_classes`.",
            patch=("nn.Linear(num_features, num_classes)", "nn.Linear(784, 10)"),
            hints=("What should `LogisticRegression(4, 3)` have?",),
        ),
        Misconception(
            "no-bias",
            "The layer has no bias. Leave it as `nn.Linear` makes it.",
            patch=("nn.Linear(num_features, num_classes)", "nn.Linear(num_features, num_classes, bias=False)"),
            hints=("How many parameters does an `nn.Linear` have if you leave it alone?",),
        ),
        Misconception(
            "another-name",
            "The layer is there under another name. Call it `self.linear`, as the docstring says: the names of attributes become the names of the "
            "parameters.",
            patch=("self.linear", "self.layer"),
            hints=("Under which name do the docstring and the cells below look for it?",),
        ),
        Misconception(
            "cut-from-the-graph",
            "The outputs are right, but no gradient comes back through them, so the model would never learn. `no_grad`, `.detach()` and `.data` do not "
            "belong into `forward`.",
            patch=("self.linear(x), dim=1)", "self.linear(x), dim=1).detach()"),
            hints=("Has the output of your model a `grad_fn`?",),
        ),
    ),
    alternatives=(ByModule, ByLogSumExp, ByTensorMethod),
    equivalent_mutants={
        "return F.log_softmax(self.linear(x))": "of two dimensions it takes the second by itself, with a warning",
    },
    hints=(
        "What does the model own, and which two things happen to x?",
        "Make `self.linear` in `__init__`; in `forward` call it, then `F.log_softmax` over the classes.",
        "`self.linear = nn.Linear(num_features, num_classes)` and `return F.log_softmax(self.linear(x), dim=1)`.",
    ),
)
