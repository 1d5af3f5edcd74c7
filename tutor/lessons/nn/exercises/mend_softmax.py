"""Probabilities go into a loss that takes scores: a softmax of a softmax, whose gradients are small."""

import torch
from torch.nn import functional

from tutor.checking import Misconception, repair
from tutor.checking.evidence import seen
from tutor.checking.space import Array, Drawn, Labels, Number, Space


def probe(d):
    """A few inputs with labels, a start and a rate."""
    n, width, classes = d.sizes(3, 3, 8)
    labels = torch.from_numpy(d.labels(n, classes))
    return d.tensor(n, width), labels, d.tensor(classes, width), d.number(0.3, 0.9), d.integer(3, 4)


def probe_larger(d):
    """A start whose scores are larger."""
    x, labels, weight, rate, steps = probe(d)
    return x, labels, 6 * weight, rate, steps


def probe_large(d):
    """A start whose scores are so large that a probability is rounded to 0."""
    x, labels, weight, rate, steps = probe(d)
    return x, labels, 200 * weight, rate, steps


def use(fit_classifier, x, labels, weight, rate, steps):
    """The weight, the losses, and whether these still hold the graphs of their steps."""
    made = fit_classifier(x, labels, weight, rate, steps)
    if not isinstance(made, tuple | list) or len(made) != 2 or not isinstance(made[1], list):
        return made
    held = any(isinstance(loss, torch.Tensor) and loss.requires_grad for loss in made[1])
    return *made, "with the graphs of their steps" if held else "without graphs"


def trained(x, labels, weight, rate, steps, loss_of):
    weight, losses = weight.clone().requires_grad_(), []
    for _ in range(steps):
        loss = loss_of(x @ weight.T, labels)
        (grad,) = torch.autograd.grad(loss, weight)
        weight.data -= rate * grad
        losses.append(float(loss.detach()))
    return weight.detach(), losses


def fit_by_logarithms(x, labels, weight, rate, steps):
    return trained(x, labels, weight, rate, steps, lambda s, t: functional.nll_loss(s.log_softmax(1), t))


def fit_by_logsumexp(x, labels, weight, rate, steps):
    return trained(x, labels, weight, rate, steps, lambda s, t: (s.logsumexp(1) - s[range(len(t)), t]).mean())


def fit_twice_the_logarithm(x, labels, weight, rate, steps):
    return trained(x, labels, weight, rate, steps, lambda s, t: functional.cross_entropy(s.log_softmax(1), t))


LOSS = "nn.functional.cross_entropy(scores, labels)"
PICKED = "[range(len(labels)), labels]"

EXERCISE = repair(
    difficulty="easy",
    minutes=6,
    drills=("cross-entropy",),
    fault="The loss still takes the softmax of a softmax: `cross_entropy` expects scores and does the softmax itself. Of probabilities, which lie between 0 and 1, its loss can never come near 0.",
    shown_by=("Lightning-Universe/lightning-bolts#654", "jindongwang/Deep-learning-activity-recognition#10"),
    space=Space(
        {
            "x": Array("N D", values=("distinct", "zeros"), tensor=True),
            "labels": Labels(),
            "weight": Array("C D", tensor=True),
            "rate": Drawn(0.3, 0.9),
            "steps": Number((3, 4, 1)),
        },
        sizes={"N": (1,), "D": (1,)},
    ),
    probe=(probe_larger, probe_large),
    use=use,
    outputs=("weight", "losses", "what the losses hold"),
    cases=2,
    misconceptions=(
        Misconception(
            "losses-with-their-graphs",
            "All numbers are right, but each loss in your list is a tensor that keeps the graph of its step in memory. Numbers are asked for: `.item()` takes one out.",
            patch=("losses.append(loss.item())", "losses.append(loss)"),
            hints=("What does `losses[0].grad_fn` say?",),
        ),
        Misconception(
            "no-logarithm",
            "The loss is the mean probability of the right class with its sign turned; its logarithm is missing.",
            patch=(LOSS, "nn.functional.nll_loss(scores.softmax(dim=1), labels)"),
            cause="`nll_loss` expects *logarithms* of probabilities and takes none itself.",
            evidence=seen("_.nll_loss(...)", "nll_loss(...)", "_.NLLLoss(...)"),
            other=(LOSS, f"-scores.softmax(dim=1){PICKED}.mean()"),
            hints=("Which number of each row goes into your loss, and which should?",),
        ),
        Misconception(
            "softmax-over-the-batch",
            "The numbers that go into the loss still are probabilities, and they sum to 1 over the inputs instead of over the classes.",
            patch=(LOSS, "nn.functional.cross_entropy(scores.softmax(dim=0), labels)"),
            hints=("What does `cross_entropy` do itself, before it takes the logarithm?",),
        ),
        Misconception(
            "no-softmax-at-all",
            "No softmax is taken at all: the loss is the score of the right class with its sign turned, and falls for ever.",
            patch=(LOSS, "nn.functional.nll_loss(scores, labels)"),
            cause="`nll_loss` takes none itself.",
            evidence=seen("_.nll_loss(...)", "nll_loss(...)", "_.NLLLoss(...)"),
            other=(LOSS, f"-scores{PICKED}.mean()"),
            hints=("What has to be done to the scores before one of them is picked?",),
        ),
        Misconception(
            "logarithm-of-zero",
            "For usual scores all is right. Where scores are large, a probability is rounded to 0: its logarithm is infinite, and the weights are NaN. Softmax and logarithm have to be taken together.",
            patch=(LOSS, "nn.functional.nll_loss(scores.softmax(dim=1).log(), labels)"),
            hints=("Which function takes the scores themselves and has both inside?",),
        ),
    ),
    alternatives=(fit_by_logarithms, fit_by_logsumexp, fit_twice_the_logarithm),
    equivalent_mutants={
        "return (weight, losses)": "the values are the same",
    },
    hints=(
        "What does `cross_entropy` compute of its first argument, before anything else?",
        "Which of `scores` and `probabilities` are what the loss is made for?",
        "`loss = nn.functional.cross_entropy(scores, labels)`",
    ),
)
