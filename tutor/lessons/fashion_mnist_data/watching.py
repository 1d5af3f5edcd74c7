"""In words, when `LabelledImages` of lesson 10 opens and transforms, and how `Batches` shuffles."""

import contextlib
import csv
import functools
import os
import tempfile
from itertools import chain
from numbers import Integral
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


def what_it_is(part):
    """In words, what an image or a label is."""
    if isinstance(part, Image.Image | str):
        return "text" if isinstance(part, str) else "a PIL image"
    whole = isinstance(part, Integral) or str(getattr(part, "dtype", "")).removeprefix("torch.") in ("int64", "int32")
    return "a whole number" if whole else type(part).__name__


def when_transformed(dataset, folder):
    """In words, when each of two transforms runs, for an example that is taken out twice, and what it is given."""
    calls = [], []
    both = [lambda part, kept=kept: kept.append(what_it_is(part)) or part for kept in calls]
    counted = dataset(folder / "images", folder / "labels.csv", *both)
    early = list(map(len, calls))
    counted[0], counted[0]
    for kept, before in zip(calls, early, strict=True):
        count = ("never", "only the first time", "each time", "more than once each time")[min(len(kept), 3)]
        yield "when the dataset is made" if before else count
    yield from (" and ".join(sorted(set(kept))) for kept in calls)


def relative(path):
    """The same path as text, from the working directory where it can be told so."""
    with contextlib.suppress(OSError, ValueError):  # on another drive, or from a directory that is gone
        return os.path.relpath(path)
    return str(path)


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


SEEN = (
    "len(dataset)",
    "image and label",
    "what an image is",
    "images",
    "labels",
    "images with a transform",
    "labels with both transforms",
    "a label with a target_transform alone",
    "when an image is opened",
    "how often the transform runs",
    "how often the target_transform runs",
    "what the transform is given",
    "what the target_transform is given",
    "what a label is",
    "an example, after other datasets were made",
)


def use_dataset(dataset, pixels, labels):
    """How long a dataset is, its examples, with transforms and without, and when it does its work."""
    folder = folder_of(pixels.tobytes(), pixels.shape, tuple(labels))
    plain = dataset(folder / "images", folder / "labels.csv")
    count = len(plain)
    examples = [pair(plain[i]) for i in range(min(count, len(labels)))]
    kinds = {"PIL image" if isinstance(image, Image.Image) else type(image).__name__ for image, _ in examples}
    images = [pixels_of(image) for image, _ in examples]
    changed = dataset(
        relative(folder / "images"), relative(folder / "labels.csv"), turned, lambda label: 100 + int(label)
    )
    changed_examples = [pair(changed[i]) for i in (2, 0)]
    relabelled = dataset(folder / "images", folder / "labels.csv", target_transform=lambda label: 100 + int(label))
    opened = when_opened(dataset, pixels[:2])
    try:
        again = pair(plain[len(examples) - 1])
    except LookupError:
        again = None, None
    return (
        count,
        together(images, [label for _, label in examples], pixels, labels),
        " and ".join(sorted(kinds)),
        images,
        [pixels_of(label) for _, label in examples],  # which may be an image, out of place
        [pixels_of(image) for image, _ in changed_examples],
        [pixels_of(label) for _, label in changed_examples],
        pixels_of(pair(relabelled[1])[1]),
        opened,
        *when_transformed(dataset, folder),
        " and ".join(sorted({what_it_is(label) for _, label in examples})),
        "as before" if again[1] == examples[-1][1] and np.array_equal(pixels_of(again[0]), images[-1]) else "others",
    )


def x_and_y(batch):
    """Copies of a batch's two tensors, y with a dimension even for a single example."""
    if not isinstance(batch, tuple | list) or len(batch) != 2:
        raise TypeError("each batch should be two things, x and y")
    for part, name in zip(batch, "xy", strict=True):
        if isinstance(part, list | tuple):
            raise TypeError(f"the {name} of a batch should be a tensor; yours is a {type(part).__name__}")
    xs, ys = (torch.as_tensor(part).clone() for part in batch)
    if ys.dim() > 1:
        raise TypeError(f"each batch should be x and then y; its second part has the shape {tuple(ys.shape)}")
    return xs, ys.view(-1)


def examples_in_words(orders, count):
    """Say whether each example comes once in every epoch."""
    if any(len(set(order)) < len(order) for order in orders):
        return "some come more than once"
    return "each comes once" if all(len(order) == count for order in orders) else "some are missing"


def kinds_in_words(pairs, x, y):
    """Say whether the tensors of all batches have the dtypes of x and y, and examples of the shape of those of x."""
    for xs, ys in pairs:
        if (xs.dtype, ys.dtype) != (x.dtype, y.dtype):
            return f"x is {xs.dtype} and y {ys.dtype}".replace("torch.", "")
        if len(ys) > 1 and xs.shape[1:] != x.shape[1:]:
            return f"an example of shape {tuple(xs.shape[1:])}"
    return "as in x and y"


def at_once_in_words(loader, count):
    """Say whether two loops over one object that run at once give out each example once; each takes a step in turn."""
    loops = [[], []]
    for batches in zip(loader, loader, strict=False):
        for loop, (_, ys) in zip(loops, map(x_and_y, batches), strict=True):
            loop += ys.long().tolist()
    return (
        "each comes once in each" if all(sorted(loop) == list(range(count)) for loop in loops) else "they get mixed up"
    )


def order_in_words(epochs, batch_size):
    """Say how the orders of several epochs go; an epoch is a list of batches of numbers."""
    orders = [list(chain(*epoch)) for epoch in epochs]
    if max(map(len, orders)) <= 3 * batch_size:
        return "of few batches"  # which chance alone may leave as they were
    if all(order == sorted(order) for order in orders):
        return "never shuffled"
    pieces = [order[k : k + batch_size] for order in orders for k in range(0, len(order), batch_size)]
    if all(piece == list(range(piece[0], piece[0] + len(piece))) for piece in pieces):
        return "only whole batches change places"
    if orders[0] == orders[1] == orders[2]:
        return "the same in every epoch"
    first, second, third = ({frozenset(batch) for batch in epoch} for epoch in epochs)
    return "the same examples share a batch in every epoch" if first == second == third else "new in every epoch"


def use_batches(batches, x, batch_size):
    """How three epochs over one object go, and one over another; labels are the numbers of the examples."""
    y = torch.arange(len(x))
    loader = batches(x, y, batch_size)
    other = batches(x.flip(0) + 1, y, batch_size + 1)  # which leaves the first alone
    epochs = [[x_and_y(batch) for batch in loader] for _ in range(3)]
    numbers = [[ys.tolist() for _, ys in epoch] for epoch in epochs]
    for xs, ys in chain(*epochs, map(x_and_y, other)):
        if xs.numel() != len(ys) * x[0].numel():
            raise TypeError(f"each batch should be x and then y; its first part has the shape {tuple(xs.shape)}")
    pairs = list(chain(*epochs))
    second = [x_and_y(batch)[1].tolist() for batch in batches(x, y, batch_size)] if len(x) > 8 else []
    belong = all(torch.equal(xs.reshape(-1, *x.shape[1:]), x[ys.long()]) for xs, ys in pairs)
    return (
        len(loader),
        [len(labels) for _, labels in epochs[-1]],
        examples_in_words([list(chain(*epoch)) for epoch in numbers], len(x)),
        "belong together" if belong else "are mixed up",
        order_in_words(numbers, batch_size),
        "that of the first" if second == numbers[0] else "another",
        at_once_in_words(loader, len(x)),
        kinds_in_words(pairs, x, y),
    )
