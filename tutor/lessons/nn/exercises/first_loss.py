"""The loss of a model that gives every class the same probability: a probability for its logarithm."""

import math

import numpy as np
import torch
from torch.nn import functional

from tutor.checking import Misconception, code
from tutor.checking.space import Number, Space


def probe_classes(d):
    """Any number of classes."""
    return (d.integer(11, 99),)


def loss_of_probability(classes):
    return -math.log(1 / classes)


def loss_of_zero_logits(classes):
    return functional.cross_entropy(torch.zeros(1, classes), torch.tensor([0]))


def loss_in_numpy(classes):
    return -np.log(np.full(classes, 1 / classes)).mean()


EXERCISE = code(
    difficulty="easy",
    minutes=4,
    drills=("initialisation", "cross-entropy"),
    space=Space({"classes": Number((10, 1, 2, 1000))}),
    probe=probe_classes,
    misconceptions=(
        Misconception(
            "probability-returned",
            "That is the probability of each class. The loss is minus its logarithm.",
            patch=("math.log(classes)", "1 / classes"),
            hints=("What does cross-entropy do with the probability of the right class?",),
        ),
        Misconception(
            "number-of-classes",
            "That is the number of classes. The loss is a logarithm.",
            patch=("math.log(classes)", "classes"),
            hints=("What does cross-entropy do with the probability of the right class?",),
        ),
        Misconception(
            "sign-missing",
            "The sign is wrong: the logarithm of a probability is negative, and the loss is *minus* that.",
            patch=("math.log(classes)", "math.log(1 / classes)"),
            hints=("Can a cross-entropy be negative?",),
        ),
        Misconception(
            "logarithm-to-base-two",
            "That is the logarithm to the base 2. Softmax is made with e, so the loss takes the natural one.",
            patch=("math.log(classes)", "math.log2(classes)"),
            hints=("Which logarithm undoes `exp`?",),
        ),
        Misconception(
            "logarithm-to-base-ten",
            "That is the logarithm to the base 10. Softmax is made with e, so the loss takes the natural one.",
            patch=("math.log(classes)", "math.log10(classes)"),
            hints=("Which logarithm undoes `exp`?",),
        ),
        Misconception(
            "weighed-by-the-probability",
            "That is the right number divided by the number of classes. Is it weighed by the probability as well, or averaged over the classes? The loss of a row is -log p of the right class, whole.",
            patch=("math.log(classes)", "math.log(classes) / classes"),
            hints=("How many classes of each row enter the loss?",),
        ),
        Misconception(
            "ten-always",
            "Your answer does not depend on `classes`.",
            patch=("math.log(classes)", "math.log(10)"),
            hints=("Which probability does each of 2 classes get, and which each of 100?",),
        ),
    ),
    alternatives=(loss_of_probability, loss_of_zero_logits, loss_in_numpy),
    hints=(
        "Which probability does each of C classes get from a model that knows nothing?",
        "Put that probability into the cross-entropy: minus its logarithm.",
        "`-math.log(1 / classes)`, and that is `math.log(classes)`.",
    ),
)
