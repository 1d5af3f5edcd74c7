"""A model that is measured between epochs: switched to evaluation once, it is never switched back to training."""

import copy

import torch
from torch import nn
from torch.nn import functional

from tutor.checking import Misconception, as_list, repair
from tutor.checking.evidence import seen


def probe(d, training=True):
    """Two batches, held-out examples, the first weights of a small network, and the mode in which it comes."""
    n, width, hidden, classes = d.sizes(4, 3, 7)
    kinds = [(d.tensor(n, width), torch.from_numpy(d.labels(n, classes))) for _ in range(3)]
    return kinds[1:], kinds[0], d.tensor(hidden, width), d.tensor(classes, hidden), training, d.integer(2, 3)


def probe_evaluating(d):
    """The same with a model that comes in evaluation mode."""
    return probe(d, training=False)


class SteadyDropout(nn.Dropout):
    """A dropout that draws no random numbers: while training, every second value is dropped."""

    def forward(self, h):
        kept = torch.arange(h.shape[1]) % 2 == 0
        return 2 * h * kept if self.training else h


def use(fit_and_measure, batches, held_out, first, second, training, epochs):
    """The measured losses, the parameters and the statistics after the training, and the mode of the model."""
    hidden, width = first.shape
    layers = (
        nn.Linear(width, hidden, bias=False),
        nn.BatchNorm1d(hidden),
        nn.ReLU(),
        SteadyDropout(),
        nn.Linear(*second.T.shape),
    )
    model = nn.Sequential(*layers).to(first.dtype).train(training)
    with torch.no_grad():
        for layer, weight in ((model[0], first), (model[4], second)):
            layer.weight.copy_(weight)
        model[4].bias.zero_()
    losses = as_list(fit_and_measure(model, batches, *held_out, 0.2, epochs), "losses")
    weights = [parameter.detach() for parameter in model.parameters()]
    modes = {module.training for module in model.modules()}
    said = "mixed" if len(modes) > 1 else "training" if model.training else "evaluation"
    return losses, weights, [model[1].running_mean, model[1].running_var], said


def fit_and_measure_a_copy(model, batches, held_x, held_y, rate, epochs):
    mode, losses = model.training, []
    optimizer = torch.optim.SGD(model.train().parameters(), lr=rate)
    for _ in range(epochs):
        for x, y in batches:
            optimizer.zero_grad()
            functional.cross_entropy(model(x), y).backward()
            optimizer.step()
        losses.append(functional.cross_entropy(copy.deepcopy(model).eval()(held_x), held_y).detach())
    model.train(mode)
    return losses


def fit_and_switch_by_batch(model, batches, held_x, held_y, rate, epochs):
    came_training, losses = model.training, []
    for _ in range(epochs):
        for x, y in batches:
            loss = functional.nll_loss(model.train()(x).log_softmax(1), y)
            for p, grad in zip(model.parameters(), torch.autograd.grad(loss, list(model.parameters())), strict=True):
                p.data -= rate * grad
        losses += [functional.nll_loss(model.eval()(held_x).log_softmax(1), held_y).item()]
    if came_training:
        model.train()
    return losses


def fit_and_put_back(model, batches, held_x, held_y, rate, epochs):
    def measure():
        before = model.training
        model.eval()
        try:
            with torch.inference_mode():
                return float(functional.cross_entropy(model(held_x), held_y))
        finally:
            model.train(before)

    def train():
        for x, y in batches:
            model.zero_grad()
            functional.cross_entropy(model(x), y).backward()
            for p in model.parameters():
                p.data.add_(p.grad, alpha=-rate)
        return measure()

    mode = model.training
    model.train()
    losses = [train() for _ in range(epochs)]
    model.train(mode)
    return losses


LOOP = "    for _ in range(epochs):\n"
TRAIN = "        model.train()\n"
BACK = "    model.train(mode)\n"
ONCE = ((TRAIN, ""), (LOOP, "    model.train()\n" + LOOP))  # as it was
MEASURED = "            losses.append(loss_fn(model(held_x), held_y).item())\n"

EXERCISE = repair(
    difficulty="easy",
    minutes=6,
    drills=("train-eval",),
    fault="From the second epoch on the model is still trained as it is measured: without dropout, and by running statistics that stand still. `eval()` holds until someone calls `train()`; neither `no_grad` nor a new epoch ends it.",
    shown_by=("fartashf/vsepp#4", "pytorch/tutorials#1624"),
    probe=(probe, probe_evaluating),
    use=use,
    outputs=("losses", "weights", "running statistics", "mode of the model at the end"),
    seconds=20.0,
    misconceptions=(
        Misconception(
            "measured-in-training-mode",
            "The model is trained as it should be, and measured in training mode: with dropout, by the statistics of the held-out batch, which also flow into the running ones. `no_grad` keeps graphs from being recorded and switches neither layer.",
            patch=("        model.eval()\n", ""),
            hints=("In which mode is the model where `held_x` goes in?",),
        ),
        Misconception(
            "trained-in-evaluation-mode",
            "No epoch is trained in training mode: dropout never drops, and the running statistics stay where they were.",
            patch=(TRAIN, "        model.eval()\n"),
            hints=("In which mode is the model when the very first batch goes in?",),
        ),
        Misconception(
            "trained-as-it-came",
            "The model is trained in the mode in which it came. One that comes in training mode is trained rightly; one that comes in evaluation mode never is.",
            patch=(TRAIN, "        model.train(mode)\n"),
            hints=("What is `mode` where the model comes in evaluation mode?",),
        ),
        Misconception(
            "first-epoch-as-it-came",
            "The later epochs are right; the first one is trained in the mode in which the model came, and that may be evaluation.",
            patch=((TRAIN, ""), (MEASURED, MEASURED + TRAIN)),
            hints=("Which line has switched the mode before the very first batch?",),
        ),
        Misconception(
            "put-back-as-it-came",
            "The first epoch is trained in training mode, the later ones in the mode in which the model came. One that comes in evaluation mode is trained rightly only once.",
            patch=(*ONCE, (MEASURED, MEASURED + "        model.train(mode)\n")),
            hints=("Which mode does the second epoch need, whatever the model came in?",),
        ),
        Misconception(
            "back-after-all-epochs",
            "From the second epoch on the model is trained in evaluation mode, and in the end it is left in training mode, whatever mode it came in. Is it switched back only when all epochs are over?",
            patch=(*ONCE, (BACK, "    model.train()\n")),
            hints=("Which loop does the switch belong to?",),
        ),
        Misconception(
            "flag-of-the-outer-module",
            "The first epoch is trained in the mode in which the layers came, all later ones in evaluation mode: after the first measuring no layer is switched back. `train()` switches them all.",
            patch=(TRAIN, "        model.training = True\n"),
            cause="`model.training = True` sets the flag of the outer module alone, and each layer looks at a `training` of its own.",
            evidence=seen("_.training = True"),
            other=(TRAIN, ""),
            hints=("What does `[layer.training for layer in model.modules()]` say in the second epoch?",),
        ),
        Misconception(
            "dropout-alone-switched",
            "Dropout drops in every epoch, but batch normalisation stays in the mode that it was left in. Both have two modes, and other layers may, too: switch the whole model.",
            patch=(
                TRAIN,
                "        for m in model.modules():\n            m.train(m.training or isinstance(m, nn.Dropout))\n",
            ),
            hints=("Which two layers of this section behave differently while training?",),
        ),
        Misconception(
            "left-in-training-mode",
            "All losses and weights are right, but the model is left in training mode, whatever mode it came in: its owner may go on with it in evaluation.",
            patch=(BACK, "    model.train()\n"),
            hints=("In which mode should a model be left that came in evaluation mode?",),
        ),
        Misconception(
            "left-in-evaluation-mode",
            "All losses and weights are right, but the model is left in evaluation mode, whatever mode it came in.",
            patch=(BACK, ""),
            hints=("Who switches the model back after the last epoch was measured?",),
        ),
    ),
    alternatives=(fit_and_measure_a_copy, fit_and_switch_by_batch, fit_and_put_back),
    equivalent_mutants={
        "losses.append(loss_fn(model(held_x), held_y))": "a tensor of no dimensions is a number to the judge",
    },
    hints=(
        "Print `model.training` as the first line of the loop over the batches: what does the second epoch say?",
        "Each epoch is trained in one mode and measured in the other, so each needs two switches.",
        "`model.train()` as the first line of the loop over the epochs.",
    ),
)
