"""Classifiers of FashionMNIST written as whole programs: what is measured of them, and three that are right."""

import functools

import torch
from torch import nn

from tutor import data
from tutor.checking import Missed, symptoms
from tutor.checking.plain import type_name

LEAST = 0.85  # of the images that no program has learned from
GUESSED = 0.1
SOME = 6
MUCH = 0.1  # better with other pixels by so much
# what else pixels from 0 to 1 may have been turned into before they were learned from
OTHERWISE = {
    "multiplied by 255": lambda x: 255 * x,
    "turned into -1 to 1": lambda x: 2 * x - 1,
    "normalised by mean and standard deviation": lambda x: (x - 0.286) / 0.353,
}


@functools.cache
def images(*, train=False):
    """The sample's images, shape (N, 1, 28, 28), from 0 to 1, and their labels; by default those to be judged by."""
    sample = data.FashionMNIST(data.sample_folder(), train=train)
    return sample.data.float().unsqueeze(1) / 255, sample.targets


def some_to_learn():
    """Every sixth of the images to learn from, 1,000, and their labels; all would take as long as an epoch."""
    pixels, labels = images(train=True)
    return pixels[::SOME], labels[::SOME]


@functools.lru_cache(4)
def kept(turn=0):
    """The images to be judged by and their labels, in an order of each turn."""
    return shuffled(turn, *images())


def shuffled(turn, pixels, labels):
    """Images and their labels in an order of each turn, which tells nothing of the labels."""
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(turn))
    return pixels[order], labels[order]


def given(turn):
    """The images to be judged by; not their labels."""
    return kept(turn)[0]


def scores(model, pixels):
    """What a model makes of images, 250 at a time; the rows of a batch must not depend on each other."""
    with torch.no_grad():
        return torch.cat([model(part) for part in pixels.split(250)])


def right(found, labels):
    """The share of images that scores get right."""
    return float((found.argmax(1) == labels).double().mean())


@torch.no_grad()
def asked(model, pixels):
    """What a model makes of a few images."""
    return model(pixels.clone())


def observe(run, given):
    """What `model` makes of images, and what the training did to it."""
    model = run.left["model"]
    module = isinstance(model, nn.Module)
    weights = dict(model.named_parameters()) if module else {}
    return {
        "kind": lambda: [type(model).__name__, callable(model)],
        "few": lambda: asked(model, given[:7]),
        "in training": lambda: module and symptoms.in_training(model, given[:7]),
        "moved": lambda: symptoms.moved(run, weights),
        "dtypes": lambda: symptoms.dtypes(weights),
        "met": lambda: symptoms.met(run, given),
        "unseen": lambda: scores(model, given.clone()),
        "otherwise": lambda: {name: scores(model, change(given)) for name, change in OTHERWISE.items()},
        "learned": lambda: scores(model, some_to_learn()[0]),
    }


def shapes(run):
    """Whether the model takes a batch of images and returns a number for each class."""
    kind, called = run["kind"]
    if not called:
        return Missed("shapes", f"`model` is a {kind}; it should be called with a batch of images.")
    found = run["few"]
    if not isinstance(found, torch.Tensor) or found.shape != (7, 10):
        was = tuple(found.shape) if isinstance(found, torch.Tensor) else f"a {type_name(found)}"
        return Missed(
            "shapes",
            f"Of a batch of shape (7, 1, 28, 28) `model` should make scores of shape (7, 10); it makes {was}.",
            "What is `model(learn_images[:7]).shape`?",
        )
    return None


def unseen(run):
    """The share of the images to be judged by that a program's model gets right."""
    return right(run["unseen"], kept(run.turn)[1])


def results(run):
    """How many images are right that the program has not learned from, in words; or a `Missed`."""
    labels, share = kept(run.turn)[1], unseen(run)
    if share >= LEAST:
        return f"{share:.1%} of {len(labels)} images that it has not learned from are right."
    others = {name: right(run["otherwise"][name], labels) for name in OTHERWISE}
    best = max(others, key=others.get)
    if others[best] > share + MUCH:
        return Missed(
            "other-pixels",
            f"{share:.1%} of {len(labels)} images that the program has not learned from are right; were their pixels {best}, {others[best]:.1%} would be. `model` should take pixels from 0 to 1, as `learn_images` are.",
            "What was done to the images before they were learned from, and who does it for a new one?",
        )
    learned = right(run["learned"], some_to_learn()[1])
    told = f"{share:.1%} of {len(labels)} images that the program has not learned from are right; {LEAST:.0%} are asked for. Of every sixth image to learn from, {learned:.1%} are."
    if learned < 2 * GUESSED:
        causes = "That is guessing. Do images and labels still belong together where the loss is computed, and is the loss one of classes?"
        return Missed("guessing", f"{told} {causes}", "Print the loss of every epoch: does it fall?")
    if learned > share + MUCH:
        return Missed(
            "by-heart",
            f"{told} It has learned its own images by heart rather than what holds for new ones as well; more epochs alone seldom help.",
            "Has the network convolutions, and does it look closely before it halves the picture? Pooling and dropout help against learning by heart.",
        )
    return Missed(
        "too-few-right",
        f"{told} There is more to learn: are the steps too few, too short or too long, or is the network too small?",
        "Does the loss still fall in the last epoch? By how much?",
    )


def judged(run, more=lambda run: None):
    """The first thing that is wrong with a program that had to leave `model`, or in words how good it is.

    `more` is what else is asked of it, before it is asked how good it is.
    """
    return (
        shapes(run)
        or symptoms.left_training(run["in training"])
        or symptoms.diverged(run)
        or (symptoms.unmoved(run, run["moved"]) if run.backwards else None)
        or symptoms.softmax_twice(run)
        or symptoms.uncleared(run)
        or symptoms.float64(run["dtypes"])
        or symptoms.trained_on(run["met"], "the images that you are judged by")
        or more(run)
        or results(run)
    )


BY_KERNEL = """
def alike(a, b):
    return torch.exp(-0.015 * torch.cdist(a.flatten(1), b.flatten(1)) ** 2)

wanted = 2 * F.one_hot(learn_labels, 10).float() - 1
weights = torch.linalg.solve(alike(learn_images, learn_images) + 0.03 * torch.eye(len(learn_images)), wanted)

def model(x):
    return alike(x, learn_images) @ weights
"""
IN_SEQUENCE = """
model = nn.Sequential(
    nn.Conv2d(1, 24, 4, stride=2, padding=1), nn.ReLU(), nn.BatchNorm2d(24),
    nn.Conv2d(24, 48, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.BatchNorm2d(48),
    nn.Flatten(), nn.LazyLinear(10),
)
model(learn_images[:2])
optimizer = optim.AdamW(model.parameters(), lr=4e-3)
steps = 4 * 94
schedule = optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 - step / steps)
for step in range(steps):
    if step % 94 == 0:
        order = torch.randperm(6000)
    rows = order[step % 94 * 64 :][:64]
    optimizer.zero_grad()
    F.nll_loss(F.log_softmax(model(learn_images[rows]), dim=1), learn_labels[rows]).backward()
    optimizer.step()
    schedule.step()
model.eval()
"""
BY_HAND = """
def conv(outputs, inputs, size):
    return (torch.randn(outputs, inputs, size, size) * (2 / (inputs * size * size)) ** 0.5).requires_grad_()

w1, w2 = conv(24, 1, 4), conv(48, 24, 3)
w3, b3 = (0.02 * torch.randn(48 * 49, 10)).requires_grad_(), torch.zeros(10, requires_grad=True)
weights = [w1, w2, w3, b3]

def model(x):
    x = F.relu(F.conv2d(2 * x - 0.6, w1, stride=2, padding=1))
    x = F.max_pool2d(F.relu(F.conv2d(x, w2, padding=1)), 2)
    return x.flatten(1) @ w3 + b3

moving = [torch.zeros_like(w) for w in weights]
for epoch in range(5):
    for rows in torch.randperm(6000).split(50):
        gradients = torch.autograd.grad(F.cross_entropy(model(learn_images[rows]), learn_labels[rows]), weights)
        with torch.no_grad():
            for w, g, m in zip(weights, gradients, moving):
                m.mul_(0.9).add_(g)
                w.sub_(0.02 * (1 - epoch / 5) * m)
"""
