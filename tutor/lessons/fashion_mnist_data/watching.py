"""In words, when `LabelledImages` of lesson 10 opens and transforms, and how `Batches` shuffles."""

import csv
import functools
import tempfile
from itertools import chain
from pathlib import Path

import numpy as np
import torch
from PIL import Image

PLACE = tempfile.TemporaryDirectory(prefix="tutor-")  # of the images that answers read; gone when Python ends


@functools.cache
def folder_of(content, shape, labels):
    """Write pictures, a table that is in no order and has a column more, and two pictures that it does not name."""
    folder = Path(tempfile.mkdtemp(dir=PLACE.name))
    (folder / "images").mkdir()
    pixels = np.frombuffer(content, np.uint8).reshape(shape)
    names = [f"{7 * k % 10}_{k}.png" for k in range(len(pixels))]
    for name, picture in zip([*names, "spare.png", "other.png"], [*pixels, *pixels[:2]], strict=True):
        Image.fromarray(picture).save(folder / "images" / name)
    with (folder / "labels.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(("label", "size", "file"))
        table.writerows((label, pixels[0].size, name) for name, label in zip(names, labels, strict=True))
    return folder


def pair(example):
    """An example's image and label; what is no pair is shown in the image's place."""
    return example if isinstance(example, tuple | list) and len(example) == 2 else (example, None)


def when_opened(dataset, pictures):
    """In words, when a file is opened: one is replaced by another picture after the dataset was made."""
    with tempfile.TemporaryDirectory(dir=PLACE.name) as name:
        folder = Path(name)
        (folder / "labels.csv").write_text("file,label\n0.png,3\n1.png,4\n")
        Image.fromarray(pictures[0]).save(folder / "1.png")
        made = []
        for picture in pictures:
            Image.fromarray(picture).save(folder / "new.png")
            (folder / "new.png").replace(folder / "0.png")
            made.append(dataset(folder, folder / "labels.csv"))
        first, second = (np.array(pair(one[0])[0]) for one in made)
    return "when it is asked for" if np.array_equal(first, second) else "when the dataset is made"


def when_transformed(dataset, folder):
    """In words, when a transform runs, for an example that is taken out twice."""
    calls = []
    counted = dataset(folder / "images", folder / "labels.csv", lambda image: calls.append(1) or image)
    if calls:
        return "when the dataset is made"
    counted[0], counted[0]
    return ("never", "only the first time", "each time", "more than once each time")[min(len(calls), 3)]


def pixels_of(image):
    """The pixels of a PIL image; anything else as it is."""
    return np.array(image) if isinstance(image, Image.Image) else image


def together(images, found, pixels, labels):
    """Say whether an image that is one of the right ones comes with another's label."""
    owner = {picture.tobytes(): str(label) for picture, label in zip(pixels, labels, strict=True)}
    pairs = [(owner.get(np.asarray(image).tobytes()), str(label)) for image, label in zip(images, found, strict=True)]
    mixed = any(right is not None and label in owner.values() and label != right for right, label in pairs)
    return "an image has another's label" if mixed else "belong together"


def turned(image):
    """A transform that can be told from none."""
    return 255.0 - np.array(image)


def use_dataset(dataset, pixels, labels):
    """How long a dataset is, its examples, with transforms and without, and when it does its work."""
    folder = folder_of(pixels.tobytes(), pixels.shape, tuple(labels))
    plain = dataset(folder / "images", folder / "labels.csv")
    count = len(plain)
    examples = [pair(plain[i]) for i in range(min(count, len(labels)))]
    kinds = {"PIL image" if isinstance(image, Image.Image) else type(image).__name__ for image, _ in examples}
    images = [pixels_of(image) for image, _ in examples]
    changed = dataset(str(folder / "images"), str(folder / "labels.csv"), turned, lambda label: 100 + int(label))
    changed_examples = [pair(changed[i]) for i in (2, 0)]
    relabelled = dataset(folder / "images", folder / "labels.csv", target_transform=lambda label: 100 + int(label))
    return (
        count,
        together(images, [label for _, label in examples], pixels, labels),
        " and ".join(sorted(kinds)),
        images,
        [pixels_of(label) for _, label in examples],  # which may be an image, out of place
        [pixels_of(image) for image, _ in changed_examples],
        [pixels_of(label) for _, label in changed_examples],
        pixels_of(pair(relabelled[1])[1]),
        when_opened(dataset, pixels[:2]),
        when_transformed(dataset, folder),
    )


def x_and_y(batch):
    """Copies of a batch's two tensors, y with a dimension even for a single example."""
    if not isinstance(batch, tuple | list) or len(batch) != 2:
        raise TypeError("each batch should be two things, x and y")
    xs, ys = (torch.as_tensor(part).clone() for part in batch)
    if ys.dim() > 1:
        raise TypeError(f"each batch should be x and then y; its second part has the shape {tuple(ys.shape)}")
    return xs, ys.view(-1)


def examples_in_words(orders, count):
    """Say whether each example comes once in every epoch."""
    if any(len(set(order)) < len(order) for order in orders):
        return "some come more than once"
    return "each comes once" if all(len(order) == count for order in orders) else "some are missing"


def order_in_words(epochs, batch_size):
    """Say how the orders of several epochs go; an epoch is a list of batches of numbers."""
    orders = [list(chain(*epoch)) for epoch in epochs]
    if all(order == sorted(order) for order in orders):
        return "never shuffled"
    pieces = [order[k : k + batch_size] for order in orders for k in range(0, len(order), batch_size)]
    if all(piece == list(range(piece[0], piece[0] + len(piece))) for piece in pieces):
        return "only whole batches change places"
    if orders[0] == orders[1] == orders[2]:
        return "the same in every epoch"
    first, second, third = ({frozenset(batch) for batch in epoch} for epoch in epochs)
    return "the same examples share a batch in every epoch" if first == second == third else "new in every epoch"
