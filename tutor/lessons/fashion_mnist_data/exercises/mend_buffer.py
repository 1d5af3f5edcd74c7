"""A dataset that gives out the one tensor that it writes every image into."""

import torch
from torch.utils.data import DataLoader

from tutor.checking import Misconception, repair
from tutor.checking.evidence import seen

from ..shared import dtype_in_words, kind_of_label


def probe(d):
    """A few small images with labels."""
    n, height, width = d.sizes(3, 3, 7)
    images = torch.from_numpy(d.rng.integers(0, 256, (n, height, width), dtype="uint8"))
    return images, torch.from_numpy(d.labels(n, 10))


def probe_many(d):
    """More images than a batch usually holds."""
    n = 129 + d.integer(0, 40)
    images = torch.from_numpy(d.rng.integers(0, 256, (n, 2, 3), dtype="uint8"))
    return images, torch.from_numpy(d.labels(n, 10))


def probe_floats(d):
    """Images of whole numbers that are floats already."""
    images, labels = probe(d)
    return images.float(), labels


def loaded(answer, images, labels):
    """Two rows that are asked for in turn, what they are, and all rows and labels as a loader puts them together."""
    dataset = answer(images, labels)
    first, second = dataset[0], dataset[len(images) - 1]
    if not isinstance(first[0], torch.Tensor):
        raise TypeError(f"a row should be a tensor; yours is a {type(first[0]).__name__}")
    batches = list(DataLoader(dataset, batch_size=max(2, len(images) // 2 + 1)))
    rows, given = (torch.cat(part) for part in zip(*batches, strict=True))
    return len(dataset), first[0], second[0], dtype_in_words(first[0]), kind_of_label(first[1]), rows, given


HEAD = (
    "class Rows(Dataset):\n    def __init__(self, images, labels):\n        self.images, self.labels = images, labels\n"
)
LENGTH = "\n    def __len__(self):\n        return len(self.images)\n"
AT_ONCE = (
    "class Rows(Dataset):\n    def __init__(self, images, labels):\n"
    "        self.rows, self.labels = images.flatten(1).float() / 255, labels.tolist()\n"
    "\n    def __len__(self):\n        return len(self.rows)\n"
    "\n    def __getitem__(self, i):\n        return self.rows[i], self.labels[i]\n"
)
EACH = f"{HEAD}{LENGTH}\n    def __getitem__(self, i):\n        return self.images[i].reshape(-1) / 255, int(self.labels[i])\n"
NEW_ROWS = (
    f"{HEAD}{LENGTH}\n    def __getitem__(self, i):\n        row = torch.empty(self.images[i].numel())\n"
    "        row[:] = self.images[i].view(-1)\n        row.div_(255)\n        return row, self.labels[i].item()\n"
)

DIVIDED = "        self.row /= 255\n        return self.row.clone()"

EXERCISE = repair(
    difficulty="easy",
    minutes=6,
    drills=("own-dataset",),
    fault="What was given out still changes when the next image is asked for: every image is the same row, and a loader copies them only when it has all of a batch.",
    probe=(probe, probe_floats, probe_many),
    use=loaded,
    outputs=("length", "first row", "last row", "a row's dtype", "what a label is", "rows", "labels"),
    misconceptions=(
        Misconception(
            "copied-before-scaling",
            "The images are apart now, and their numbers go from 0 to 255.",
            patch=(
                "        self.row /= 255\n        return self.row.clone(), int(self.labels[i])",
                "        row = self.row.clone()\n        self.row /= 255\n        return row, int(self.labels[i])",
            ),
            hints=("What you return, was it divided by 255?",),
        ),
        Misconception(
            "scaled-twice",
            "The images are apart now, and their numbers are too small by a factor of 255: they were divided twice.",
            patch=("self.row.clone(), int", "self.row / 255, int"),
            hints=("How often is each number divided?",),
        ),
        Misconception(
            "whole-numbers",
            "The images are apart now, and all but the brightest pixels are 0: what was divided by 255 has been cut down to a whole number.",
            patch=(
                f"        self.row.copy_(self.images[i].flatten())\n{DIVIDED}",
                "        row = (self.images[i].flatten() // 255).float()\n        return row",
            ),
            cause="`//` does that; `/` is wanted.",
            evidence=seen("_ // _"),
            other=((DIVIDED, "        return (self.row / 255).floor()"),),
            hints=("What is 100 / 255, and what is left of it in whole numbers?",),
        ),
        Misconception(
            "images-divided",
            "The images are apart now, and images that arrive as float32 are themselves divided by 255: `.float()`, "
            "`.flatten()` and `.view()` copy nothing that fits already, and `/=` writes into what it is given.",
            patch=(
                f"        self.row.copy_(self.images[i].flatten())\n{DIVIDED}",
                "        row = self.images[i].flatten().float()\n        row /= 255\n        return row",
            ),
            hints=("What does `.float()` return of a tensor that is float32 already?",),
        ),
        Misconception(
            "float64",
            "The images are apart now, and a row is float64. A model's parameters are float32, and it refuses others.",
            patch=("self.row.clone()", "self.row.double()"),
            hints=("Which dtype does the docstring ask for?",),
        ),
        Misconception(
            "label-is-a-tensor",
            "The images are apart now, and the label comes as a tensor of one number. It is to be an int, as before.",
            patch=("int(self.labels[i])", "self.labels[i]"),
            hints=("What is `type(label)`?",),
        ),
    ),
    alternatives=(AT_ONCE, EACH, NEW_ROWS),
    equivalent_mutants={
        "self.row = torch.empty(images[-1].numel())": "all images are of one size",
    },
    equivalent_narrowed={"__getitem__: a result clipped": "a row holds numbers from 0 to 1 only"},
    hints=(
        "Ask for two images and compare them with `is`: what do you see?",
        "Who still holds `self.row` when the next image is written into it?",
        "`return self.row.clone(), int(self.labels[i])`",
    ),
)
