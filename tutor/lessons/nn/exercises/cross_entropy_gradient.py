"""The gradient of the cross-entropy with respect to the logits, by its formula."""

import torch
from torch.nn import functional

from tutor.checking import FiniteDifference, Misconception, code
from tutor.checking.evidence import seen
from tutor.checking.space import Array, Labels, Space

from ..losses import FAR_FROM_ZERO

POWERS = "(logits - logits.amax(dim=1, keepdim=True)).exp()"
ONE_TAKEN_AWAY = "grad[torch.arange(len(y)), y] -= 1"
MEAN = "return grad / len(y)"


def gradient_by_onehot(logits, y):
    onehot = functional.one_hot(y, logits.shape[1])
    return (torch.softmax(logits, dim=1) - onehot) / logits.shape[0]


def gradient_by_loop(logits, y):
    grad = torch.zeros_like(logits)
    for i, row in enumerate(logits):
        powers = torch.exp(row - row.max())
        for k in range(len(row)):
            grad[i, k] = powers[k] / powers.sum() - (1 if k == y[i] else 0)
    return grad / len(logits)


def gradient_by_differences(logits, y):
    others = (logits[:, None, :] - logits[:, :, None]).exp().sum(dim=2)  # 1 / p, infinite where p is 0
    right = torch.arange(logits.shape[1]) == y[:, None]
    return (1 / others).sub(right.to(logits.dtype)).div(len(y))


def gradient_by_scatter(logits, y):
    log_p = logits - logits.logsumexp(1, keepdim=True)
    return log_p.exp().scatter_add(1, y.unsqueeze(1), -torch.ones(len(y), 1, dtype=logits.dtype)) / len(y)


EXERCISE = code(
    difficulty="medium",
    minutes=7,
    drills=("cross-entropy", "softmax"),
    space=Space(
        {
            "logits": Array(
                "N C", scales=("usual", "eight"), values=("distinct", "zeros", "ties", "equal"), tensor=True
            ),
            "y": Labels(),
        },
        sizes={"N": (1,)},
    ),
    probe=FAR_FROM_ZERO,
    gradients={"": FiniteDifference(lambda logits, y: float(functional.cross_entropy(logits, y)), wrt=0)},
    cases=2,
    forbid=("autograd",),
    misconceptions=(
        Misconception(
            "divided-before-the-one",
            "The probabilities are divided by the number of rows, and the 1 of the right class is not. Both belong to the mean: subtract first, then divide.",
            patch=(
                ("powers.sum(dim=1, keepdim=True)  # p", "powers.sum(dim=1, keepdim=True) / len(y)"),
                ("grad / len(y)", "grad"),
            ),
            hints=("What is the sum of a row of the gradient?",),
        ),
        Misconception(
            "class-number-subtracted",
            "From a whole row its class number is subtracted. `y` says *where* a 1 is subtracted: at one place in each row.",
            patch=("grad[torch.arange(len(y)), y] -= 1", "grad -= y[:, None]"),
            hints=("How much is subtracted in a row whose class is 3, and where?",),
        ),
        Misconception(
            "not-the-mean",
            "That is the gradient of the *sum* over the rows. The loss is their mean: divide by N, the number of rows.",
            patch=(MEAN, "return grad"),
            hints=("By what does the mean of N losses move if one of them moves by 1?",),
        ),
        Misconception(
            "divided-by-all-entries",
            "Each entry is too small by the factor C, the number of classes. Is it divided by all N times C entries? The loss is a mean over the rows, so divide by N alone.",
            patch=(MEAN, "return grad / logits.numel()"),
            hints=("Of how many numbers is the cross-entropy the mean?",),
        ),
        Misconception(
            "divided-by-the-classes",
            "What is divided by is C, the number of classes. The loss is a mean over the N rows.",
            patch=(MEAN, "return grad / logits.shape[1]"),
            hints=("Of how many numbers is the cross-entropy the mean?",),
        ),
        Misconception(
            "right-class-left-out",
            "That is the softmax, divided by N: the gradient of the second term alone. The first term, minus the logit of the "
            "right class, takes 1 away there.",
            patch=(ONE_TAKEN_AWAY, "pass"),
            hints=("To what does a row of your gradient add up, and to what should it?",),
        ),
        Misconception(
            "sign-turned-round",
            "The sign is wrong: this is what was right minus what the model said. A step goes *against* the gradient, and this "
            "one would make the right class less likely.",
            patch=(MEAN, "return -grad / len(y)"),
            hints=("If the logit of the right class grows, does the loss grow or fall?",),
        ),
        Misconception(
            "taken-from-every-row",
            "1 is taken away in whole columns: in every row, at each class that stands anywhere in `y`. One entry of each row should lose 1, `[torch.arange(len(y)), y]`.",
            patch=(ONE_TAKEN_AWAY, "grad[:, y] -= 1"),
            cause="`[:, y]` means all rows times all of `y`.",
            evidence=seen("_[:, y]"),
            other=(ONE_TAKEN_AWAY, "grad -= torch.nn.functional.one_hot(y, logits.shape[1]).amax(dim=0)"),
            hints=("How many entries of a row should lose 1, and how many do in your gradient?",),
        ),
        Misconception(
            "taken-from-everything",
            "1 is taken from every entry. Only the right class of each row loses 1: $[k = y]$ is 0 for the others.",
            patch=(ONE_TAKEN_AWAY, "grad -= 1"),
            hints=("Which of the logits does the term $-z_y$ depend on?",),
        ),
        Misconception(
            "softmax-over-the-batch",
            "The probabilities add up to 1 over the batch. Every row is an example of its own: its classes add up to 1.",
            patch=("dim=1", "dim=0"),
            hints=("Which numbers have to add up to 1: those of a row or those of a column?",),
        ),
        Misconception(
            "exponentials-overflow",
            "Right for small logits, but for large ones not a number: in float32 the exponential of 100 is infinite, and that of "
            "-200 is 0. Subtract the largest logit of each row before you take `exp`.",
            patch=(POWERS, "logits.exp()"),
            hints=("What is `torch.tensor(100.0).exp()` in float32?",),
        ),
        Misconception(
            "logarithms-for-probabilities",
            "1 is taken from the *logarithms* of the probabilities. What came back by itself in the derivation is the softmax: the probabilities themselves.",
            patch=("grad = powers / powers.sum(dim=1, keepdim=True)", "grad = logits.log_softmax(dim=1)"),
            hints=("Which sign has a logarithm of a probability, and which have the entries of p?",),
        ),
    ),
    alternatives=(gradient_by_onehot, gradient_by_loop, gradient_by_differences, gradient_by_scatter),
    equivalent_mutants=dict.fromkeys(
        (
            *(f"grad[torch.arange(len({t})), y] -= 1" for t in ("logits", "powers", "grad")),
            *(f"return grad / len({t})" for t in ("logits", "powers", "grad")),
        ),
        "all of them have N rows",
    ),
    hints=(
        "What did the model say for each class, and what would have been right?",
        "Make the softmax of each row (subtract its largest logit first), take 1 away at the right class, divide by the number of rows.",
        "`grad[torch.arange(len(y)), y] -= 1`, and in the end `grad / len(y)`.",
    ),
)
