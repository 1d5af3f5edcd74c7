"""Exercises of lesson 10: probes, misconceptions, right answers written differently, hints."""

import csv
import functools
import math
import random
import tempfile
from itertools import chain
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.nn import functional
from torch.utils.data import Dataset

from tutor.checking import Misconception, code, value
from tutor.lessons.registry import About

ABOUT = About(
    minutes=105,
    items={
        "load": "FashionMNIST loaded and verified",
        "show": "FashionMNIST shown: 3x3 grid, class names, a batch of 64",
        "dataset": "Dataset: __len__ and __getitem__",
        "transforms": "transforms, and when they run",
        "to-tensor": "ToTensor to [0, 1]",
        "normalize": "Normalize",
        "one-hot": "Lambda one-hot by scatter_",
        "compose": "Compose, and a table of torchvision's equivalents",
        "augmentation": "augmentation, one image or a whole batch",
        "own-dataset": "a custom Dataset reading an image folder and a CSV of labels",
        "batching": "DataLoader and batching",
        "shuffling": "shuffling",
        "workers": "workers and what they cost",
        "cost": "what loading costs, measured",
    },
)

PLACE = tempfile.TemporaryDirectory(prefix="tutor-")  # of the images that answers read; gone when Python ends


def draw_bytes(d, *shape):
    """Pixels without the extremes, so that a picture's own smallest and largest are not 0 and 255."""
    return d.rng.integers(5, 240, shape).astype(np.uint8)


def probe_picture(d):
    """The pixels of a small picture that is not square."""
    return (draw_bytes(d, *d.sizes(2, 3, 8)),)


def use_to_tensor(to_tensor, pixels):
    """What becomes of a PIL image, and in which dtype."""
    x = to_tensor(Image.fromarray(pixels))
    return x, dtype_in_words(x)


def dtype_in_words(x):
    """The name of a tensor's or array's dtype."""
    return str(getattr(x, "dtype", "none")).removeprefix("torch.")


def to_tensor_numpy(image):
    return torch.tensor(np.asarray(image)[None] / 255, dtype=torch.float32)


def to_tensor_bytes(image):
    width, height = image.size
    return torch.tensor(list(image.tobytes())).view(1, height, width).div(255)


def to_tensor_getpixel(image):
    rows = [[image.getpixel((j, i)) / 255 for j in range(image.width)] for i in range(image.height)]
    return torch.tensor([rows])


def to_tensor_in_place(image):
    x = torch.from_numpy(np.array(image, dtype=np.float32))
    x /= 255.0
    return x.reshape((1, *x.shape))


def probe_one_image(d):
    """An image with its channels' statistics."""
    c, h, w = d.sizes(3)
    return d.tensor(c, h, w), statistics(d, c), statistics(d, c)


def probe_batch(d):
    """A batch of images with its channels' statistics."""
    n, c, h, w = d.sizes(4)
    return d.tensor(n, c, h, w), statistics(d, c), statistics(d, c)


def statistics(d, count):
    """A number for each channel."""
    return [d.number(0.2, 0.9) for _ in range(count)]


def use_normalize(normalize, images, mean, std):
    """The images, normalised twice by one transform: the second time must be like the first."""
    transform = normalize(mean, std)
    normalize(std, std)  # another transform, with numbers of its own
    return transform(images), transform(2 * images)


class NormalizeByLoop:
    def __init__(self, mean, std):
        self.pairs = list(zip(mean, std, strict=True))

    def __call__(self, images):
        channels = [(images.select(-3, k) - m) / s for k, (m, s) in enumerate(self.pairs)]
        return torch.stack(channels, dim=-3)


class NormalizeByNone:
    def __init__(self, mean, std):
        self.mean, self.std = torch.as_tensor(mean), torch.as_tensor(std)

    def __call__(self, images):
        return images.sub(self.mean[:, None, None]).div(self.std[:, None, None])


class NormalizeByMoving:
    def __init__(self, mean, std):
        self.mean, self.std = mean, std

    def __call__(self, images):
        last = images.movedim(-3, -1)
        return ((last - torch.tensor(self.mean)) / torch.tensor(self.std)).movedim(-1, -3)


class NormalizeByFactor:
    def __init__(self, mean, std):
        self.scale = (1 / torch.tensor(std)).reshape(len(std), 1, 1)
        self.shift = torch.tensor(mean).reshape(len(mean), 1, 1) * self.scale

    def __call__(self, images):
        images = images.clone()
        images *= self.scale
        images -= self.shift
        return images


def probe_labels(d):
    """Labels, some of them equal, the last class not among them; and how many classes there are."""
    n, classes = d.sizes(2, 5, 9)
    labels = d.labels(n, classes - 1)
    labels[:3] = 0, classes - 2, classes - 2
    return torch.from_numpy(labels), classes


def use_one_hot(one_hot, labels, classes):
    """The rows, and in which dtype they are."""
    rows = one_hot(labels, classes)
    return rows, dtype_in_words(rows)


def one_hot_by_index(labels, classes):
    rows = torch.zeros((len(labels), classes))
    rows[torch.arange(len(labels)), labels] = 1
    return rows


def one_hot_by_comparison(labels, classes):
    return (labels[:, None] == torch.arange(classes)).float()


def one_hot_from_eye(labels, classes):
    return torch.eye(classes)[labels]


def one_hot_by_function(labels, classes):
    return functional.one_hot(labels, num_classes=classes).to(torch.float32)


def one_hot_by_loop(labels, classes):
    rows = []
    for label in labels.tolist():
        rows.append(torch.zeros(classes).scatter_(0, torch.tensor(label), value=1))
    return torch.stack(rows)


def probe_moves(d):
    """A batch, which of its images are mirrored and how far each moves."""
    n, h, w = d.sizes(3, 5, 9)
    flipped = torch.arange(n) % 2 == d.integer(0, 1)
    down, right = torch.from_numpy(d.rng.integers(-2, 3, (2, n)))
    down[:2], right[:2] = torch.tensor([2, -1]), torch.tensor([-2, 1])
    return d.tensor(n, h, w), flipped, down, right


def moves_by_loop(images, flipped, down, right):
    out = torch.zeros_like(images)
    n, height, width = images.shape
    for k in range(n):
        image = images[k].fliplr() if flipped[k] else images[k]
        for i in range(height):
            for j in range(width):
                i_from, j_from = i - int(down[k]), j - int(right[k])
                if 0 <= i_from < height and 0 <= j_from < width:
                    out[k, i, j] = image[i_from, j_from]
    return out


def moves_by_crops(images, flipped, down, right):
    height, width = images.shape[1:]
    padded = functional.pad(images, (2, 2, 2, 2))
    mirrored = padded.flip(-1)
    cut = []
    for k, (f, d, r) in enumerate(zip(flipped.tolist(), down.tolist(), right.tolist(), strict=True)):
        source = mirrored[k] if f else padded[k]
        cut.append(source[2 - d : 2 - d + height, 2 - r : 2 - r + width])
    return torch.stack(cut)


def moves_by_windows(images, flipped, down, right):
    both = functional.pad(torch.stack([images, images.flip(2)]), (2, 2, 2, 2))
    windows = both.unfold(2, images.shape[1], 1).unfold(3, images.shape[2], 1)
    return windows[flipped.long(), torch.arange(len(images)), 2 - down, 2 - right]


def moves_by_products(images, flipped, down, right):
    height, width = images.shape[1:]
    images = images.clone()
    images[flipped] = images[flipped].flip(2)
    rows = torch.stack([torch.eye(height + 4)[2 - d : 2 - d + height, 2:-2] for d in down.tolist()])
    columns = torch.stack([torch.eye(width + 4)[2 - r : 2 - r + width, 2:-2] for r in right.tolist()])
    return rows.to(images.dtype) @ images @ columns.mT.to(images.dtype)


def rolled(_):
    """An answer that lets what leaves on one side come in on the other."""

    def flip_and_shift(images, flipped, down, right):
        images = torch.where(flipped.view(-1, 1, 1), images.flip(2), images)
        moves = zip(images, down.tolist(), right.tolist(), strict=True)
        return torch.stack([image.roll((d, r), dims=(0, 1)) for image, d, r in moves])

    return flip_and_shift


def repeated(_):
    """An answer that repeats the border instead of letting 0 come in."""

    def flip_and_shift(images, flipped, down, right):
        height, width = images.shape[1:]
        images = torch.where(flipped.view(-1, 1, 1), images.flip(2), images)
        padded = functional.pad(images, (2, 2, 2, 2), mode="replicate")
        moves = zip(padded, down.tolist(), right.tolist(), strict=True)
        return torch.stack([p[2 - d : 2 - d + height, 2 - r : 2 - r + width] for p, d, r in moves])

    return flip_and_shift


def wrapped_at_one_side(_):
    """An answer that asks whether an index is too large but not whether it is negative, so that it counts from the end."""

    def flip_and_shift(images, flipped, down, right):
        height, width = images.shape[1:]
        out = rolled(None)(images, flipped, down, right)
        for image, d, r in zip(out, down.tolist(), right.tolist(), strict=True):
            image[min(height, height + d) :] = 0
            image[:, min(width, width + r) :] = 0
        return out

    return flip_and_shift


def probe_folder(d):
    """The pixels of a few small pictures, and their labels."""
    h, w = d.sizes(2, 3, 8)
    count = d.integer(4, 6)
    labels = d.rng.permutation(np.arange(1, 9))[:count]
    return draw_bytes(d, count, h, w), [int(label) for label in labels]


@functools.cache
def folder_of(content, shape, labels):
    """Write pictures, a table whose order is not that of the names, and two pictures that the table does not name."""
    folder = Path(tempfile.mkdtemp(dir=PLACE.name))
    (folder / "images").mkdir()
    pixels = np.frombuffer(content, np.uint8).reshape(shape)
    names = [f"{7 * k % 10}_{k}.png" for k in range(len(pixels))]
    for name, picture in zip([*names, "spare.png", "other.png"], [*pixels, *pixels[:2]], strict=True):
        Image.fromarray(picture).save(folder / "images" / name)
    with (folder / "labels.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerows([("file", "label"), *zip(names, labels, strict=True)])
    return folder


def use_dataset(dataset, pixels, labels):
    """How long a dataset is, its examples, with transforms and without, and when it does its work."""
    folder = folder_of(pixels.tobytes(), pixels.shape, tuple(labels))
    plain = dataset(folder / "images", folder / "labels.csv")
    count = len(plain)
    examples = [pair(plain[i]) for i in range(min(count, len(labels)))]
    kinds = {"PIL image" if isinstance(image, Image.Image) else type(image).__name__ for image, _ in examples}
    images = [seen(image) for image, _ in examples]
    changed = dataset(str(folder / "images"), str(folder / "labels.csv"), turned, lambda label: 100 + int(label))
    changed_examples = [pair(changed[i]) for i in (2, 0)]
    relabelled = dataset(folder / "images", folder / "labels.csv", target_transform=lambda label: 100 + int(label))
    return (
        count,
        together(images, [label for _, label in examples], pixels, labels),
        " and ".join(sorted(kinds)),
        images,
        [label for _, label in examples],
        [seen(image) for image, _ in changed_examples],
        [label for _, label in changed_examples],
        pair(relabelled[1])[1],
        when_opened(dataset, pixels[:2]),
        when_transformed(dataset, folder),
    )


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


def pair(example):
    """An example's image and label; what is no pair is shown in the image's place."""
    return example if isinstance(example, tuple | list) and len(example) == 2 else (example, None)


def seen(image):
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


class DatasetByLists(Dataset):
    def __init__(self, folder, table, transform=None, target_transform=None):
        lines = Path(table).read_text().splitlines()[1:]
        self.paths = [f"{folder}/{line.split(',')[0]}" for line in lines]
        self.labels = [int(line.split(",")[1]) for line in lines]
        self.transform = transform or (lambda image: image)
        self.target_transform = target_transform or (lambda label: label)

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        return self.transform(Image.open(self.paths[i])), self.target_transform(self.labels[i])


class DatasetByReader:
    def __init__(self, folder, table, transform=None, target_transform=None):
        self.folder, self.t, self.tt = Path(folder), transform, target_transform
        with Path(table).open() as file:
            reader = csv.reader(file)
            next(reader)
            self.table = dict(enumerate(reader))

    def __len__(self):
        return len(self.table)

    def __getitem__(self, index):
        file, label = self.table[index]
        with Image.open(self.folder / file) as image:
            picture = image.convert("L")
        if self.t:
            picture = self.t(picture)
        label = int(label)
        if self.tt:
            label = self.tt(label)
        return picture, label


class DatasetByTable(Dataset):
    def __init__(self, folder, table, transform=None, target_transform=None):
        self.names, labels = np.loadtxt(table, delimiter=",", dtype=str, skiprows=1, unpack=True)
        self.labels = torch.tensor([int(label) for label in labels])
        self.folder, self.transform, self.target_transform = folder, transform, target_transform

    def __len__(self):
        return self.labels.numel()

    def __getitem__(self, index):
        image, label = Image.open(f"{self.folder}/{self.names[index]}"), self.labels[index]
        if self.transform is not None:
            image = self.transform(image)
        if self.target_transform is not None:
            label = self.target_transform(label)
        return image, label


def probe_uneven(d):
    """Examples whose number is no multiple of the batch size."""
    return d.tensor(d.integer(4, 5) * 4 + d.integer(1, 3), 3), 4


def probe_even(d):
    """Examples whose number is a multiple of the batch size."""
    return d.tensor(15 + 5 * d.integer(0, 1), 2), 5


def use_batches(batches, x, batch_size):
    """How three epochs over one object go; labels are the numbers of the examples."""
    loader = batches(x, torch.arange(len(x)), batch_size)
    epochs = [[x_and_y(batch) for batch in loader] for _ in range(3)]
    numbers = [[ys.tolist() for _, ys in epoch] for epoch in epochs]
    for xs, ys in chain(*epochs):
        if xs.numel() != len(ys) * x.shape[1]:
            raise TypeError(f"each batch should be x and then y; its first part has the shape {tuple(xs.shape)}")
    belong = all(torch.equal(xs.view(-1, x.shape[1]), x[ys]) for epoch in epochs for xs, ys in epoch)
    return (
        len(loader),
        [len(labels) for _, labels in epochs[-1]],
        examples_in_words([list(chain(*epoch)) for epoch in numbers], len(x)),
        "belong together" if belong else "are mixed up",
        order_in_words(numbers, batch_size),
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


class BatchesByIndex:
    def __init__(self, x, y, batch_size):
        self.data, self.size = (x, y), batch_size

    def __len__(self):
        return (len(self.data[0]) + self.size - 1) // self.size

    def __iter__(self):
        x, y = self.data
        order = torch.randperm(len(y))
        for start in range(0, len(y), self.size):
            chosen = order[start : start + self.size]
            yield x[chosen], y[chosen]


class BatchesAsList:
    def __init__(self, x, y, batch_size):
        self.x, self.y, self.batch_size = x, y, batch_size

    def __len__(self):
        return -(-self.x.shape[0] // self.batch_size)

    def __iter__(self):
        numbers = list(range(len(self.x)))
        random.shuffle(numbers)
        order = torch.tensor(numbers)
        return iter(zip(self.x[order].split(self.batch_size), self.y[order].split(self.batch_size), strict=True))


class BatchesByNumpy:
    def __init__(self, x, y, batch_size):
        self.x, self.y, self.batch_size = x, y, batch_size
        self.count = math.ceil(len(y) / batch_size)

    def __len__(self):
        return self.count

    def __iter__(self):
        order = np.random.permutation(len(self.y))
        for piece in np.array_split(order, range(self.batch_size, len(order), self.batch_size)):
            yield [self.x[piece], self.y[piece]]


class BatchesAsIterator:
    def __init__(self, x, y, batch_size):
        self.x, self.y, self.batch_size = x, y, batch_size

    def __len__(self):
        return len(range(0, len(self.y), self.batch_size))

    def __iter__(self):
        self.left = torch.rand(len(self.y)).argsort().tolist()
        return self

    def __next__(self):
        if not self.left:
            raise StopIteration
        now, self.left = self.left[: self.batch_size], self.left[self.batch_size :]
        return self.x[now], self.y[now]


LAST_BATCH = "Every example is there once, so what does the last batch do with the examples that do not fill it?"
TWO_WORDS = "Two questions: how often is a transform called for one example, and does anything keep what it gave?"

EXERCISES = {
    "to_tensor": code(
        difficulty="easy",
        minutes=6,
        probe=probe_picture,
        use=use_to_tensor,
        outputs=("the tensor", "its dtype"),
        drills=("to-tensor", "dataset"),
        exact=True,
        forbid=("call:tutor.data.transforms.ToTensor",),
        misconceptions=(
            Misconception(
                "not-scaled",
                "The numbers still go up to 255. The network expects 0 to 1.",
                patch=(" / 255", ""),
                hints=("What is the largest number that a byte can hold?",),
            ),
            Misconception(
                "bytes-left",
                "You return the bytes as they are: whole numbers up to 255. The network expects floats from 0 to 1.",
                patch=(".float().unsqueeze(0) / 255", ".unsqueeze(0)"),
                hints=("What is the dtype of `np.array(image)`, and what is its largest number?",),
            ),
            Misconception(
                "double-precision",
                "The numbers are right, but they are float64, which NumPy makes when it divides. The weights of a network are "
                "float32, and the two cannot be multiplied.",
                patch=(".float()", ".double()"),
                hints=("What makes a float32 tensor of any tensor?",),
            ),
            Misconception(
                "own-largest",
                "You divide by the largest pixel of this picture. Then every picture is stretched differently, and a dark one looks like a bright one.",
                patch=("/ 255", "/ pixels.max()"),
                hints=("Should a picture of a dark grey shirt contain a 1?",),
            ),
            Misconception(
                "own-range",
                "You stretch this picture from its own smallest to its own largest pixel. Then a dark picture looks like a bright one.",
                patch=(
                    "torch.from_numpy(pixels).float().unsqueeze(0) / 255",
                    "torch.from_numpy((pixels - pixels.min()) / (pixels.max() - pixels.min())).float().unsqueeze(0)",
                ),
                hints=("May two pictures be scaled by different numbers?",),
            ),
            Misconception(
                "no-channel",
                "The values are right, but the dimension for the channel is missing in front: (1, H, W).",
                patch=(".unsqueeze(0)", ""),
                hints=("What adds a dimension of size 1?",),
            ),
            Misconception(
                "channel-last",
                "The channel stands last. PyTorch wants it in front of height and width: (1, H, W).",
                patch=(".unsqueeze(0)", ".unsqueeze(-1)"),
                hints=("At which position does `unsqueeze` put the new dimension?",),
            ),
            Misconception(
                "sides-exchanged",
                "Height and width have changed places. Pillow's `image.size` is (width, height); a tensor's shape is (1, height, width).",
                patch=(".unsqueeze(0)", ".reshape(1, *image.size)"),
                hints=("Does `np.array(image)` have height or width first?",),
            ),
            Misconception(
                "transposed",
                "The picture lies on its side: rows and columns have changed places. `np.array(image)` has the rows first already.",
                patch=("np.array(image)", "np.array(image).T"),
                hints=("What is the shape of `np.array(image)`?",),
            ),
            Misconception(
                "whole-division",
                "You divide whole numbers by whole numbers, and everything below 255 is rounded to 0. Turn the bytes into floats first.",
                patch=("/ 255", "// 255"),
                hints=("What is 200 // 255?",),
            ),
            Misconception(
                "around-zero",
                "Your numbers go from -1 to 1. That is a normalisation; here 0 to 1 is asked for.",
                patch=("/ 255", "/ 127.5 - 1"),
                hints=("What should a pixel of 0 become?",),
            ),
        ),
        alternatives=(to_tensor_numpy, to_tensor_bytes, to_tensor_getpixel, to_tensor_in_place),
        equivalent_mutants={
            "return torch.from_numpy(pixels).unsqueeze(0) / 255": "dividing bytes by a number makes floats of them",
        },
        hints=(
            "Which three things differ between the pixels that you have and the tensor that is asked for?",
            "Float numbers, a division by 255, and a dimension of size 1 in front.",
            "`torch.from_numpy(np.array(image)).float().unsqueeze(0) / 255`.",
        ),
    ),
    "predict_calls": value(
        difficulty="easy",
        minutes=3,
        drills=("transforms",),
        misconceptions=(
            Misconception(
                "at-loading",
                "That would be so if all images were transformed once, when the dataset is made. It does nothing before it is asked for an example.",
                value=(1000, 1000, 1000),
                hints=(TWO_WORDS,),
            ),
            Misconception(
                "kept",
                "That would be so if the first reading were kept. Nothing is kept: the second reading does all the work again.",
                value=(0, 1000, 1000),
                hints=(TWO_WORDS,),
            ),
            Misconception(
                "eager-and-again",
                "Nothing runs while the dataset is made: it only remembers the transform.",
                value=(1000, 2000, 3000),
                hints=("What does `__init__` do with the transform?",),
            ),
            Misconception(
                "once-a-reading",
                "A transform is given one example, never the whole set. It is called for each.",
                value=(0, 1, 2),
                hints=("What does a transform receive?",),
            ),
        ),
        hints=(
            "Which of the two methods of a dataset calls the transform?",
            "`__getitem__` calls it, once for each example, and keeps nothing.",
        ),
        explain="`__getitem__` runs the transform, each time that it is asked.",
    ),
    "Normalize": code(
        difficulty="medium",
        minutes=7,
        probe=(probe_one_image, probe_batch),
        use=use_normalize,
        drills=("normalize",),
        forbid=("call:tutor.data.transforms.Normalize",),
        outputs=("the images normalised", "other images normalised by the same transform"),
        misconceptions=(
            Misconception(
                "lined-up-from-the-right",
                "A mean of shape (C,) is lined up with the last dimension, the width. It has to stand at the channels: give it the shape (C, 1, 1).",
                patch=((".view(-1, 1, 1)", ""),),
                hints=("From which side does broadcasting line up the shapes?",),
            ),
            Misconception(
                "lined-up-with-the-height",
                "A mean of shape (C, 1) is lined up with the height. One more dimension of size 1 puts it at the channels: (C, 1, 1).",
                patch=((".view(-1, 1, 1)", ".view(-1, 1)"),),
                hints=("How many dimensions stand to the right of the channels?",),
            ),
            Misconception(
                "exchanged",
                "You subtract the standard deviation and divide by the mean. It is the other way round.",
                patch=("(images - self.mean) / self.std", "(images - self.std) / self.mean"),
                hints=("Which of the two is to become 0?",),
            ),
            Misconception(
                "multiplied",
                "You multiply by the standard deviation. To make the spread 1 you have to divide by it.",
                patch=("/ self.std", "* self.std"),
                hints=("If the spread is 0.35, what makes it 1?",),
            ),
            Misconception(
                "bracket-missing",
                "Only the mean is divided. Division goes before subtraction: a bracket is missing.",
                patch=("(images - self.mean) / self.std", "images - self.mean / self.std"),
                hints=("What does Python do first?",),
            ),
            Misconception(
                "divided-first",
                "You divide first and subtract the mean afterwards. The mean was measured in the old units, so it goes first.",
                patch=("(images - self.mean) / self.std", "images / self.std - self.mean"),
                hints=("What does an image that is equal to the mean everywhere become?",),
            ),
            Misconception(
                "variance",
                "You divide by the square of the standard deviation, the variance.",
                patch=("/ self.std", "/ self.std**2"),
                hints=("Which has the unit of a pixel, the variance or its root?",),
            ),
            Misconception(
                "own-statistics",
                "You use the mean and the spread of these images. Then each image is changed differently; the two given numbers are those of the whole training set.",
                patch=(
                    "(images - self.mean) / self.std",
                    "(images - images.mean((-2, -1), keepdim=True)) / images.std((-2, -1), keepdim=True)",
                ),
                hints=("Where do the numbers come from that you subtract?",),
            ),
            Misconception(
                "batch-statistics",
                "You use the mean and the spread of the very images that arrive. Then a bright batch looks like a dark one; take the two given lists.",
                patch=(
                    "(images - self.mean) / self.std",
                    "(images - images.mean()) / images.std()",
                ),
                hints=("Where do the numbers come from that you subtract?",),
            ),
            Misconception(
                "first-channel",
                "All channels get the numbers of the first one.",
                patch=((".view(-1, 1, 1)", "[0]"),),
                hints=("How many numbers does `mean` hold?",),
            ),
            Misconception(
                "std-forgotten",
                "The mean is subtracted, but the standard deviation is not used.",
                patch=(" / self.std", ""),
                hints=("What makes the spread 1?",),
            ),
            Misconception(
                "mean-forgotten",
                "You divide by the standard deviation, but the mean is not subtracted.",
                patch=("(images - self.mean)", "images"),
                hints=("What puts the numbers around 0?",),
            ),
            Misconception(
                "added",
                "You add the mean. Subtract it: what is equal to the mean has to become 0.",
                patch=("images - self.mean", "images + self.mean"),
                hints=("What does an image that is equal to the mean everywhere become?",),
            ),
        ),
        alternatives=(NormalizeByLoop, NormalizeByNone, NormalizeByMoving, NormalizeByFactor),
        hints=(
            "Which shape must the means have, so that broadcasting puts one at each channel?",
            "Make tensors of shape (C, 1, 1) of both lists; then subtract and divide.",
            "`torch.tensor(mean).view(-1, 1, 1)`, the same for `std`; `return (images - self.mean) / self.std`.",
        ),
    ),
    "one_hot": code(
        difficulty="medium",
        minutes=6,
        probe=probe_labels,
        use=use_one_hot,
        outputs=("the rows", "their dtype"),
        drills=("one-hot",),
        exact=True,
        misconceptions=(
            Misconception(
                "nothing-written",
                "There is no 1 in the zeros that you return. `scatter_` writes into its tensor; `scatter`, without the underscore, leaves it "
                "as it is and returns a new one.",
                patch=(
                    "return rows.scatter_(1, labels.unsqueeze(1), 1.0)",
                    "rows.scatter(1, labels.unsqueeze(1), 1.0)\n    return rows",
                ),
                hints=("What does an underscore at the end of a method's name say?",),
            ),
            Misconception(
                "every-row",
                "Every row has a 1 for the label of every example. `rows[:, labels]` means: in all rows, these columns. Each row is to get its own label only.",
                patch=(
                    "return rows.scatter_(1, labels.unsqueeze(1), 1.0)",
                    "rows[:, labels] = 1.0\n    return rows",
                ),
                hints=("How many ones are in your first row?",),
            ),
            Misconception(
                "transposed",
                "Your rows are the classes and your columns the examples. It is to be the other way round: (N, classes).",
                patch=(
                    ("torch.zeros(len(labels), classes)", "torch.zeros(classes, len(labels))"),
                    ("scatter_(1, labels.unsqueeze(1), 1.0)", "scatter_(0, labels.unsqueeze(0), 1.0)"),
                ),
                hints=("What stands for one example, a row or a column?",),
            ),
            Misconception(
                "whole-numbers",
                "The ones are in the right places, but they are whole numbers. The loss wants probabilities: floats.",
                patch=("torch.zeros(len(labels), classes)", "torch.zeros(len(labels), classes, dtype=torch.int64)"),
                hints=("What is the dtype of your result?",),
            ),
            Misconception(
                "true-and-false",
                "The places are right, but they hold True and False. The loss wants probabilities: floats.",
                patch=("torch.zeros(len(labels), classes)", "torch.zeros(len(labels), classes, dtype=torch.bool)"),
                hints=("What is the dtype of your result?",),
            ),
            Misconception(
                "double-precision",
                "The ones are in the right places, but they are float64. float32 is asked for, as the logits of a network are.",
                patch=("torch.zeros(len(labels), classes)", "torch.zeros(len(labels), classes, dtype=torch.float64)"),
                hints=("Which dtype does `torch.zeros` make, if you do not say anything else?",),
            ),
            Misconception(
                "index-without-columns",
                "The index has to have as many dimensions as the rows, two, and `labels` has one. It wants the shape (N, 1): one "
                "place in each of N rows.",
                patch=("labels.unsqueeze(1)", "labels"),
                hints=("What makes (N, 1) of (N,)?",),
            ),
            Misconception(
                "labels-for-ones",
                "You write the label itself into its place. A 1 belongs there, whatever the class.",
                patch=("labels.unsqueeze(1), 1.0", "labels.unsqueeze(1), labels.unsqueeze(1).float()"),
                hints=("What is the sum of a row?",),
            ),
            Misconception(
                "classes-that-occur",
                "You make as many columns as the largest label asks for. The last classes may be missing in a batch; take `classes`.",
                patch=("torch.zeros(len(labels), classes)", "torch.zeros(len(labels), int(labels.max()) + 1)"),
                hints=("How many columns does a batch need in which the last class is missing?",),
            ),
            Misconception(
                "counted-from-one",
                "The ones stand one column too far to the right. Classes are counted from 0.",
                patch=("labels.unsqueeze(1), 1.0", "labels.unsqueeze(1) + 1, 1.0"),
                hints=("In which column does class 0 belong?",),
            ),
            Misconception(
                "first-row-only",
                "All the ones stand in the first row. An index of shape (1, N) has one row; you want one place in each of N rows, so (N, 1).",
                patch=("labels.unsqueeze(1)", "labels.unsqueeze(0)"),
                hints=("What is the shape of your index, and what do its rows stand for?",),
            ),
            Misconception(
                "wrong-direction",
                "The direction is 0, so the labels are used as numbers of rows. Each row stays, and the label says the column: direction 1.",
                patch=("scatter_(1,", "scatter_(0,"),
                hints=(
                    "`out.scatter_(0, index, 1.0)` does `out[index[i, j], j] = 1.0`. Which of the two places is the label?",
                ),
            ),
        ),
        alternatives=(
            one_hot_by_index,
            one_hot_by_comparison,
            one_hot_from_eye,
            one_hot_by_function,
            one_hot_by_loop,
        ),
        hints=(
            "In row i, which single column gets a 1?",
            "Begin with zeros of shape (N, classes); `scatter_` in direction 1 wants an index of shape (N, 1).",
            "`torch.zeros(len(labels), classes).scatter_(1, labels.unsqueeze(1), 1.0)`.",
        ),
    ),
    "flip_and_shift": code(
        difficulty="hard",
        minutes=14,
        probe=probe_moves,
        drills=("augmentation",),
        misconceptions=(
            Misconception(
                "comes-in-again",
                "What leaves on one side comes in again on the other, as `torch.roll` does. It is to be lost, and 0 comes in.",
                wrap=rolled,
                hints=("What should stand in the uppermost row of an image that moved down by 2?",),
            ),
            Misconception(
                "negative-indices",
                "Above and on the left, pixels from the other side come in. A negative index counts from the end in Python; it has to give 0, as "
                "one that is too large does.",
                wrap=wrapped_at_one_side,
                hints=("Which pixel is `image[-1]`?",),
            ),
            Misconception(
                "every-image-with-every-move",
                "Your result has a dimension too many, (N, N, H, W): every image with the moves of every other. The images need an index tensor, "
                "too, so that image n meets the rows and columns n.",
                patch=("padded[number[:, None, None], ", "padded[:, "),
                hints=("Which number of an image belongs to the row n of `rows`?",),
            ),
            Misconception(
                "indices-not-lined-up",
                "Three index tensors are broadcast against each other, and (N,), (N, H) and (N, W) do not fit. Give each its own place: (N, 1, 1), "
                "(N, H, 1) and (N, 1, W).",
                patch=("number[:, None, None], rows[:, :, None], columns[:, None, :]", "number, rows, columns"),
                hints=("Which shape should the three have together?",),
            ),
            Misconception(
                "border-repeated",
                "The border is repeated where the image has moved away. It is to be 0 there.",
                wrap=repeated,
                hints=("What does `functional.pad` fill with, if you do not say anything else?",),
            ),
            Misconception(
                "border-not-counted",
                "Every image lands two rows too low and two columns too far to the right: the border of the padded image is not counted. "
                "Its row 2 is the first row of the image.",
                patch=(("+ 2 - down", "- down"), ("+ 2 - right", "- right")),
                hints=("In which row of the padded image does the image begin?",),
            ),
            Misconception(
                "condition-not-lined-up",
                "`flipped` has the shape (N,), and broadcasting lines it up with the width. It has to stand at the images: (N, 1, 1).",
                patch=("flipped[:, None, None]", "flipped"),
                hints=("From which side does broadcasting line up the shapes?",),
            ),
            Misconception(
                "other-way",
                "The images move the other way: up where `down` is positive, and left where `right` is.",
                patch=(("2 - down", "2 + down"), ("2 - right", "2 + right")),
                hints=("Pixel i of the result of a move down by 1: from which row does it come, i + 1 or i - 1?",),
            ),
            Misconception(
                "up-for-down",
                "Right and left are right, but the images move up where they should move down.",
                patch=("2 - down", "2 + down"),
                hints=("Rows are counted from the top. Where does row i of a picture that moved down come from?",),
            ),
            Misconception(
                "left-for-right",
                "Up and down are right, but the images move to the left where they should move to the right.",
                patch=("2 - right", "2 + right"),
                hints=("Where does column j of a picture that moved to the right come from?",),
            ),
            Misconception(
                "down-for-right",
                "`down` and `right` have changed places: rows move by `right` and columns by `down`.",
                patch=(("2 - down", "2 - left_"), ("2 - right", "2 - down"), ("2 - left_", "2 - right")),
                hints=("Does a move down change the row or the column?",),
            ),
            Misconception(
                "upside-down",
                "The chosen images are turned upside down. Left and right are to be exchanged: the last dimension.",
                patch=("images.flip(2)", "images.flip(1)"),
                hints=("Which dimension is the width?",),
            ),
            Misconception(
                "others-flipped",
                "The images where `flipped` is False are mirrored, and the others are not.",
                patch=("images.flip(2), images)", "images, images.flip(2))"),
                hints=("What does `torch.where` take where its condition is True?",),
            ),
            Misconception(
                "all-flipped",
                "Every image is mirrored, whatever `flipped` says.",
                patch=("torch.where(flipped[:, None, None], images.flip(2), images)", "images.flip(2)"),
                hints=("Which images are to be mirrored?",),
            ),
            Misconception(
                "none-flipped",
                "The moves are right, but no image is mirrored.",
                patch=("torch.where(flipped[:, None, None], images.flip(2), images)", "images"),
                hints=("What exchanges left and right?",),
            ),
            Misconception(
                "moved-first",
                "You move first and mirror afterwards; then a mirrored image has moved to the other side. Mirror first.",
                patch=("2 - right[:, None]", "2 - torch.where(flipped, -right, right)[:, None]"),
                hints=("A picture moves to the right and is then mirrored. On which side is it?",),
            ),
            Misconception(
                "all-alike",
                "All images move as the first one does. Each has its own numbers.",
                patch=(
                    ("down[:, None]", "down[:1, None].expand(len(down), 1)"),
                    ("right[:, None]", "right[:1, None].expand(len(right), 1)"),
                ),
                hints=("How many numbers are in `down`?",),
            ),
            Misconception(
                "not-moved",
                "The right images are mirrored, but none moves.",
                patch=(
                    (" - down[:, None]", " - 0 * down[:, None]"),
                    (" - right[:, None]", " - 0 * right[:, None]"),
                ),
                hints=("Where do `down` and `right` come in?",),
            ),
        ),
        alternatives=(moves_by_loop, moves_by_crops, moves_by_windows, moves_by_products),
        equivalent_mutants={
            "padded = functional.pad(images, (2, 3, 2, 2))": "more zeros on the right are never looked at",
            "padded = functional.pad(images, (2, 2, 2, 3))": "more zeros below are never looked at",
            "number = torch.arange(flipped.shape[0])": "all of them hold N entries",
            "number = torch.arange(down.shape[0])": "all of them hold N entries",
            "number = torch.arange(right.shape[0])": "all of them hold N entries",
            "number = torch.arange(padded.shape[0])": "all of them hold N entries",
        },
        hints=(
            "With a border of 2 zeros on every side, where does the window begin that shows the image unmoved? And moved down by 1?",
            "Image n of the result is a window of the padded image; its first row is 2 - down[n], its first column 2 - right[n].",
            "`rows = torch.arange(H) + 2 - down[:, None]`, columns likewise, then `padded[n, rows, columns]` with shapes (N, 1, 1), (N, H, 1), (N, 1, W); or a loop over n with slices.",
        ),
    ),
    "LabelledImages": code(
        difficulty="medium",
        minutes=14,
        probe=probe_folder,
        use=use_dataset,
        drills=("own-dataset", "dataset"),
        outputs=(
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
        ),
        misconceptions=(
            Misconception(
                "labels-are-text",
                "Your labels are text: everything in a CSV is. Make numbers of them.",
                patch=('int(row["label"])', 'row["label"]'),
                hints=('What is `type(label)`, and what would a loss do with "3"?',),
            ),
            Misconception(
                "names-sorted",
                "Your images come in the order of the file names and the labels in the order of the table, so an image gets the label of another. Take name and label from one row.",
                patch=(
                    "csv.DictReader(file)]",
                    "csv.DictReader(file)]\n"
                    "        names = sorted(name for name, label in self.rows)\n"
                    "        self.rows = [(name, row[1]) for name, row in zip(names, self.rows)]",
                ),
                hints=("What says which label belongs to which file?",),
            ),
            Misconception(
                "label-first",
                "You return the label first. An example is the image and then its label.",
                patch=("return image, label", "return label, image"),
                hints=("In which order does a loop `for x, y in loader` unpack an example?",),
            ),
            Misconception(
                "rows-sorted",
                "Your examples are sorted by file name. They are to come in the order of the table.",
                patch=("csv.DictReader(file)]", "csv.DictReader(file)]\n        self.rows.sort()"),
                hints=("Which order does the docstring ask for?",),
            ),
            Misconception(
                "folder-counted",
                "Your length is the number of files in the folder. A file that the table does not name has no label, and is no example.",
                patch=("return len(self.rows)", "return len(list(self.folder.iterdir()))"),
                hints=("How many labels are there?",),
            ),
            Misconception(
                "header-counted",
                "Your length is one too large. Is the header of the table counted as an example?",
                patch=("return len(self.rows)", "return len(self.rows) + 1"),
                hints=("How many lines of the table are examples?",),
            ),
            Misconception(
                "first-row-lost",
                "The first example is missing: your example 0 is the second row of the table. `DictReader` has taken the header away already.",
                patch=("csv.DictReader(file)]", "csv.DictReader(file)][1:]"),
                hints=("Does `csv.DictReader` give you the header as a row?",),
            ),
            Misconception(
                "reader-used-up",
                "A reader gives each row once: after it has been gone through, nothing comes any more. Keep the rows in a list.",
                patch=(
                    (
                        'self.rows = [(row["file"], int(row["label"])) for row in csv.DictReader(file)]',
                        "self.rows = csv.DictReader(file.read().splitlines())",
                    ),
                    ("return len(self.rows)", "return len(list(self.rows))"),
                    (
                        "name, label = self.rows[index]",
                        'row = list(self.rows)[index]\n        name, label = row["file"], int(row["label"])',
                    ),
                ),
                hints=("What does a second `list(reader)` hold?",),
            ),
            Misconception(
                "closed-before-use",
                "The image is closed when its `with` block ends, and its pixels have not been read by then. Read them inside the "
                "block, with `image.load()`.",
                patch=(
                    "image.load()  # the pixels, before the file is closed",
                    "pass",
                ),
                hints=("When does `Image.open` read the pixels?",),
            ),
            Misconception(
                "one-inside-the-other",
                "The target transform is applied only where there is a transform for the images as well. Each can come alone.",
                patch=(
                    "        if self.target_transform is not None:\n            label = self.target_transform(label)\n",
                    "            if self.target_transform is not None:\n                label = self.target_transform(label)\n",
                ),
                hints=("How far to the right does your second `if` stand?",),
            ),
            Misconception(
                "opened-at-once",
                "Your images are opened when the dataset is made. A million of them would take minutes and fill the memory. Remember "
                "the names there, and open an image in `__getitem__`.",
                patch=(
                    (
                        "self.target_transform = target_transform",
                        "self.target_transform = target_transform\n"
                        "        self.images = [Image.open(self.folder / name).copy() for name, _ in self.rows]",
                    ),
                    (
                        "        with Image.open(self.folder / name) as image:\n            image.load()  # the pixels, before the file is closed\n",
                        "        image = self.images[index]\n",
                    ),
                ),
                hints=("Which of your lines run before anybody has asked for an example?",),
            ),
            Misconception(
                "transformed-at-once",
                "Your transforms run once, when the dataset is made. One with chance in it would give the same picture in every epoch. "
                "Apply them in `__getitem__`.",
                patch=(
                    (
                        "self.target_transform = target_transform",
                        "self.target_transform = target_transform\n"
                        "        self.examples = [self.example(index) for index in range(len(self.rows))]",
                    ),
                    (
                        "def __getitem__(self, index):",
                        "def __getitem__(self, index):\n        return self.examples[index]\n\n    def example(self, index):",
                    ),
                ),
                hints=("Which of your lines run before anybody has asked for an example?",),
            ),
            Misconception(
                "kept-after-the-first-reading",
                "An example that was taken out once is kept, and its transform does not run again. One with chance in it would give the "
                "same picture in every epoch.",
                patch=(
                    ("self.folder = Path(folder)", "self.folder = Path(folder)\n        self.kept = {}"),
                    (
                        "name, label = self.rows[index]",
                        "if index in self.kept:\n            return self.kept[index]\n        name, label = self.rows[index]",
                    ),
                    ("return image, label", "self.kept[index] = image, label\n        return image, label"),
                ),
                hints=("What should a random flip do in the second epoch?",),
            ),
            Misconception(
                "folder-is-text",
                "The folder may come as text, and text has no `/`. `Path(folder)` makes a path of both.",
                patch=("self.folder = Path(folder)", "self.folder = folder"),
                hints=('What is `type(folder)`, if somebody writes `LabelledImages("clothes", …)`?',),
            ),
            Misconception(
                "table-is-text",
                "The table's path may come as text, and text has no `open`. `Path(table).open()` and `open(table)` take both.",
                patch=("Path(table).open", "table.open"),
                hints=('What is `type(table)`, if somebody writes `LabelledImages(…, "labels.csv")`?',),
            ),
            Misconception(
                "transform-forgotten",
                "The transform is not applied to the images.",
                patch=("image = self.transform(image)", "pass"),
                hints=("What has to happen to an image before it is returned, if there is a transform?",),
            ),
            Misconception(
                "target-transform-forgotten",
                "The target transform is not applied to the labels.",
                patch=("label = self.target_transform(label)", "pass"),
                hints=("What has to happen to a label before it is returned, if there is a target transform?",),
            ),
            Misconception(
                "both-forgotten",
                "Neither of the transforms is applied.",
                patch=(
                    ("image = self.transform(image)", "pass"),
                    ("label = self.target_transform(label)", "pass"),
                ),
                hints=("Where do `transform` and `target_transform` come in?",),
            ),
            Misconception(
                "result-thrown-away",
                "The transforms run, but what they return is lost: you return image and label as they were before.",
                patch=(
                    ("image = self.transform(image)", "self.transform(image)"),
                    ("label = self.target_transform(label)", "self.target_transform(label)"),
                ),
                hints=("Does a transform change the image that it is given, or return another one?",),
            ),
            Misconception(
                "transform-always",
                "Without a transform you call `None`. Ask first whether there is one.",
                patch=(
                    ("if self.transform is not None:", "if True:"),
                    ("if self.target_transform is not None:", "if True:"),
                ),
                hints=("What is `self.transform` if nobody gave one?",),
            ),
            Misconception(
                "converted-to-colour",
                "Your images have three colour channels. The files are grey; leave them so.",
                patch=("image.load()", 'image = image.convert("RGB")'),
                hints=("What is the mode of your images?",),
            ),
            Misconception(
                "array-for-image",
                "You return a NumPy array. Without a transform the image is to be the PIL image as it was opened: what becomes of it, a "
                "transform decides.",
                patch=("image.load()", "image = np.array(image)"),
                hints=("What does `Image.open` give you, and who asked for anything else?",),
            ),
            Misconception(
                "scaled-without-asking",
                "Without a transform the image is to be the PIL image as it was opened. You turn it into numbers from 0 to 1; that is the transform's work.",
                patch=("image.load()", "image = np.array(image) / 255"),
                hints=("Who is to decide what becomes of an image?",),
            ),
        ),
        alternatives=(DatasetByLists, DatasetByReader, DatasetByTable),
        equivalent_mutants={
            "with Path(table).open() as file:": "without line breaks inside a field it makes no difference",
        },
        hints=(
            "What has to be known before the first image is asked for, and what can wait?",
            "`__init__`: a list of (name, label) from the table. `__getitem__`: open the image of that name, then apply what is not None.",
            '`self.rows = [(row["file"], int(row["label"])) for row in csv.DictReader(file)]`; `image = Image.open(Path(self.folder) / name)`; return image and label.',
        ),
    ),
    "predict_batches": value(
        difficulty="easy",
        minutes=3,
        drills=("batching",),
        misconceptions=(
            Misconception(
                "last-full",
                "The number of batches is right, but 938 full batches would be more than 60,000 images.",
                value=(938, 64),
                hints=("How many images are in the first 937 batches together?",),
            ),
            Misconception(
                "last-dropped",
                "That leaves out the images that do not fill a batch. A loader does so only with `drop_last=True`.",
                value=(937, 64),
                hints=("How many images are in 937 batches?",),
            ),
            Misconception(
                "last-not-counted",
                "The last batch has that many images, but it is a batch, too: count it.",
                value=(937, 32),
                hints=("60,000 / 64 is 937.5. What becomes of the half?",),
            ),
            Misconception(
                "exchanged",
                "Both numbers are right. Give the number of batches first.",
                value=(32, 938),
                hints=("Which of the two is asked for first?",),
            ),
            Misconception(
                "half-a-batch",
                "There is no half batch. The last one is a batch with fewer images.",
                value=(937.5, 32),
                hints=("How many times does the loop run?",),
            ),
        ),
        hints=("What is 60,000 divided by 64?", "937 full batches hold 59,968 images. The rest makes one more batch."),
        explain="937 full batches hold 59,968 images; 32 are left for the 938th.",
    ),
    "Batches": code(
        difficulty="medium",
        minutes=10,
        probe=(probe_uneven, probe_even),
        use=use_batches,
        drills=("batching", "shuffling"),
        outputs=("len(batches)", "the sizes of the batches", "the examples of an epoch", "x and y", "the order"),
        misconceptions=(
            Misconception(
                "one-order",
                "The order is the same in every epoch. It is to be drawn anew each time that a loop begins, in `__iter__`.",
                patch=(
                    (
                        "self.x, self.y, self.batch_size = x, y, batch_size",
                        "self.x, self.y, self.batch_size = x, y, batch_size\n        self.order = torch.randperm(len(x))",
                    ),
                    ("torch.randperm(len(self.x)).split", "self.order.split"),
                ),
                hints=("Which of your lines runs once, and which in every epoch?",),
            ),
            Misconception(
                "never-shuffled",
                "The examples come in their old order. Shuffle them.",
                patch=("torch.randperm", "torch.arange"),
                hints=("What gives the numbers from 0 to N - 1 in a random order?",),
            ),
            Misconception(
                "whole-batches",
                "Only the batches change places; inside each the examples stay neighbours. Data that are sorted by class stay sorted within a batch.",
                patch=(
                    "for batch in torch.randperm(len(self.x)).split(self.batch_size):",
                    "pieces = torch.arange(len(self.x)).split(self.batch_size)\n        for batch in [pieces[k] for k in torch.randperm(len(pieces))]:",
                ),
                hints=("What has to be shuffled: the batches or the examples?",),
            ),
            Misconception(
                "same-company",
                "The same examples share a batch in every epoch. Who is together with whom has to be drawn anew each time: shuffle all the "
                "examples, then cut.",
                patch=(
                    "for batch in torch.randperm(len(self.x)).split(self.batch_size):",
                    "for piece in torch.arange(len(self.x)).split(self.batch_size):\n            batch = piece[torch.randperm(len(piece))]",
                ),
                hints=("Can the first and the last example ever be in one batch?",),
            ),
            Misconception(
                "two-orders",
                "x and y are shuffled apart from each other, so an image gets the label of another. One order for both.",
                patch=(
                    ("for batch in", "y = self.y[torch.randperm(len(self.y))]\n        for batch in"),
                    ("self.y[batch]", "y[batch]"),
                ),
                hints=("How many random orders do you draw in an epoch?",),
            ),
            Misconception(
                "y-not-shuffled",
                "x is shuffled and y is not, so an image gets the label of another. Index both with the same numbers.",
                patch=(
                    "for batch in torch.randperm(len(self.x)).split(self.batch_size):\n            yield self.x[batch], self.y[batch]",
                    "order = torch.randperm(len(self.x)).split(self.batch_size)\n        for batch, plain in zip(order, torch.arange(len(self.y)).split(self.batch_size)):\n            yield self.x[batch], self.y[plain]",
                ),
                hints=("Which numbers do you index y with?",),
            ),
            Misconception(
                "last-dropped",
                "The examples that do not fill a batch are left out. They make a last, smaller batch.",
                patch=(
                    ("math.ceil(len(self.x) / self.batch_size)", "len(self.x) // self.batch_size"),
                    (".split(self.batch_size):", "[: len(self) * self.batch_size].split(self.batch_size):"),
                ),
                hints=(LAST_BATCH,),
            ),
            Misconception(
                "last-dropped-but-counted",
                "The length counts the last, smaller batch, but the loop leaves it out.",
                patch=(
                    ".split(self.batch_size):",
                    "[: len(self.x) // self.batch_size * self.batch_size].split(self.batch_size):",
                ),
                hints=(LAST_BATCH,),
            ),
            Misconception(
                "last-not-counted",
                "The batches are right, but the length does not count the last, smaller one: round up, not down.",
                patch=("math.ceil(len(self.x) / self.batch_size)", "len(self.x) // self.batch_size"),
                hints=("How many batches are there for 10 examples and a batch size of 4?",),
            ),
            Misconception(
                "no-whole-number",
                "The length is no whole number. A last batch that is not full is a batch: round up.",
                patch=("math.ceil(len(self.x) / self.batch_size)", "len(self.x) / self.batch_size"),
                hints=("What is 10 / 4 in Python, and how many batches are there?",),
            ),
            Misconception(
                "one-too-many",
                "Where the examples fill the last batch exactly, the length is one too large.",
                patch=("math.ceil(len(self.x) / self.batch_size)", "len(self.x) // self.batch_size + 1"),
                hints=("How many batches are there for 8 examples and a batch size of 4?",),
            ),
            Misconception(
                "examples-counted",
                "Your length is the number of examples. It should be the number of batches.",
                patch=("math.ceil(len(self.x) / self.batch_size)", "len(self.x)"),
                hints=("How often does a loop over the batches run?",),
            ),
            Misconception(
                "used-up",
                "Only the first epoch has batches. An iterator that is made in `__init__` can be walked through once; make it in `__iter__`.",
                patch=(
                    (
                        "self.x, self.y, self.batch_size = x, y, batch_size",
                        "self.x, self.y, self.batch_size = x, y, batch_size\n        self.left = iter(torch.randperm(len(x)).split(batch_size))",
                    ),
                    ("torch.randperm(len(self.x)).split(self.batch_size)", "self.left"),
                ),
                hints=("What is left of an iterator after a loop over it?",),
            ),
            Misconception(
                "chunks",
                "`chunk` cuts into that many pieces. You want pieces of that size, which `split` makes.",
                patch=(".split(self.batch_size)", ".chunk(self.batch_size)"),
                hints=("Is the batch size the number of batches, or how many examples each holds?",),
            ),
            Misconception(
                "tuple-for-iterator",
                "Your `__iter__` returns a tuple, and a loop wants an iterator. With `yield` in the place of `return` the method gives out "
                "one batch after the other.",
                patch=("yield self.x[batch], self.y[batch]", "return self.x[batch], self.y[batch]"),
                hints=("What does a `return` inside a loop do with the rest of the loop?",),
            ),
            Misconception(
                "list-for-iterator",
                "Your `__iter__` returns a list, and a loop wants an iterator: `iter(...)` makes one of it, or give out one batch after the "
                "other with `yield`.",
                patch=(
                    ("for batch in torch.randperm(len(self.x)).split(self.batch_size):\n            yield", "return ["),
                    (
                        "self.x[batch], self.y[batch]",
                        "(self.x[k], self.y[k]) for k in torch.randperm(len(self.x)).split(self.batch_size)]",
                    ),
                ),
                hints=("What is the difference between a list and `iter` of a list?",),
            ),
            Misconception(
                "labels-first",
                "Your batches hold the labels first. A loop `for x, y in batches` wants x and then y.",
                patch=("yield self.x[batch], self.y[batch]", "yield self.y[batch], self.x[batch]"),
                hints=("In which order does the docstring name the two?",),
            ),
            Misconception(
                "drawn-again",
                "Some examples come twice in an epoch and others not at all: you draw with replacement. Shuffle instead.",
                patch=("torch.randperm(len(self.x))", "torch.randint(len(self.x), (len(self.x),))"),
                hints=("What gives every number exactly once?",),
            ),
        ),
        alternatives=(BatchesByIndex, BatchesAsList, BatchesByNumpy, BatchesAsIterator),
        hints=(
            "What has to be drawn once in an epoch, and used for both x and y?",
            "`torch.randperm(N).split(batch_size)` gives the numbers of each batch; index x and y with them.",
            "`for batch in torch.randperm(len(self.x)).split(self.batch_size): yield self.x[batch], self.y[batch]`, and `math.ceil` for the length.",
        ),
    ),
}
