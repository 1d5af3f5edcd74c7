"""A dataset over a folder of images and a CSV table of labels."""

import csv
import functools
import tempfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.utils.data import Dataset

from tutor.checking import Misconception, code

from ..shared import draw_bytes

PLACE = tempfile.TemporaryDirectory(prefix="tutor-")  # of the images that answers read; gone when Python ends


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


EXERCISE = code(
    difficulty="medium",
    minutes=14,
    drills=("own-dataset", "dataset"),
    probe=probe_folder,
    use=use_dataset,
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
            patch=("image.load()  # the pixels, before the file is closed", "pass"),
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
            patch=(("image = self.transform(image)", "pass"), ("label = self.target_transform(label)", "pass")),
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
        "with Path(table).open() as file:": "without line breaks inside a field it makes no difference"
    },
    hints=(
        "What has to be known before the first image is asked for, and what can wait?",
        "`__init__`: a list of (name, label) from the table. `__getitem__`: open the image of that name, then apply what is not None.",
        '`self.rows = [(row["file"], int(row["label"])) for row in csv.DictReader(file)]`; `image = Image.open(Path(self.folder) / name)`; return image and label.',
    ),
)
