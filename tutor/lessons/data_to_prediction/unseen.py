"""What the judge of `classifier` measures: images that no program has learned from, and which pixels a model wants."""

import functools

import torch

from tutor import data
from tutor.checking import Missed

LEAST = 0.85  # of the images that no program has learned from
GUESSED = 0.1
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


def right(model, pixels, labels):
    """The share of images that a model gets right; the rows of a batch must not depend on each other."""
    with torch.no_grad():
        return float((torch.cat([model(part) for part in pixels.split(250)]).argmax(1) == labels).double().mean())


def shapes(run):
    """Whether the model takes a batch of images and returns a number for each class."""
    model = run.left["model"]
    if not callable(model):
        return Missed("shapes", f"`model` is a {type(model).__name__}; it should be called with a batch of images.")
    with torch.no_grad():
        found = model(images()[0][:7].clone())
    if not isinstance(found, torch.Tensor) or found.shape != (7, 10):
        was = tuple(found.shape) if isinstance(found, torch.Tensor) else f"a {type(found).__name__}"
        return Missed(
            "shapes",
            f"Of a batch of shape (7, 1, 28, 28) `model` should make scores of shape (7, 10); it makes {was}.",
            "What is `model(learn_images[:7]).shape`?",
        )
    return None


def results(run):
    """Whether enough images are right that the program has not learned from."""
    model, (pixels, labels) = run.left["model"], images()
    share = right(model, pixels.clone(), labels)
    if share >= LEAST:
        return None
    others = {name: right(model, change(pixels), labels) for name, change in OTHERWISE.items()}
    best = max(others, key=others.get)
    if others[best] > share + MUCH:
        return Missed(
            "other-pixels",
            f"{share:.1%} of {len(labels)} images that the program has not learned from are right; were their pixels {best}, {others[best]:.1%} would be. `model` should take pixels from 0 to 1, as `learn_images` are.",
            "What was done to the images before they were learned from, and who does it for a new one?",
        )
    learned = right(model, images(train=True)[0].clone(), images(train=True)[1])
    told = f"{share:.1%} of {len(labels)} images that the program has not learned from are right; {LEAST:.0%} are asked for. Of those to learn from, {learned:.1%} are."
    if learned < 2 * GUESSED:
        causes = "That is guessing. Do images and labels still belong together where the loss is computed, and is the loss one of classes?"
        return Missed("guessing", f"{told} {causes}", "Print the loss of every epoch: does it fall?")
    if learned > share + MUCH:
        return Missed(
            "by-heart",
            f"{told} It has learned its own images by heart, so more epochs will not help.",
            "Which kind of layer sees that a sleeve is a sleeve wherever it is?",
        )
    return Missed(
        "too-few-right",
        f"{told} It has not learned enough.",
        "Does the loss still fall in the last epoch? By how much?",
    )
