"""A dataset with a lambda in it, which no pickle can hold, so that no worker process can receive it."""

import copy
import io
import pickle
import sys
import types
from functools import partial

import torch
from torch.utils.data import Dataset

from tutor.checking import Misconception, repair
from tutor.checking.stretch import arrays_in

from ..shared import kind_of_label


def probe(d):
    """A few small images with labels, and the two numbers by which they are normalised."""
    n, height, width = d.sizes(3, 3, 7)
    images = torch.from_numpy(d.rng.integers(0, 256, (n, height, width), dtype="uint8"))
    return images, torch.from_numpy(d.labels(n, 10)), d.number(0.3, 0.6), d.number(0.2, 0.5)


def stands_in_a_file(thing):
    """Whether another process finds a class or a function by its name, the notebook being taken for a file."""
    if "<" in thing.__qualname__:
        return False
    made_inside = getattr(thing, "__closure__", None) and not hasattr(thing, "__wrapped__")  # and then called global
    module = None if thing.__module__ == "__main__" else sys.modules.get(thing.__module__)
    return not made_inside or getattr(module, thing.__qualname__, None) is thing


class Sender(pickle.Pickler):
    """A pickler to which every class and function at the top of a file counts as known on the other side."""

    def __init__(self, file, known):
        super().__init__(file)
        self.known = known

    def persistent_id(self, thing):
        if not isinstance(thing, type | types.FunctionType):
            return None
        if not stands_in_a_file(thing):
            kind = "a lambda" if thing.__name__ == "<lambda>" else "something that was made inside a function"
            raise pickle.PicklingError(f"it holds {kind}")
        self.known[str(id(thing))] = thing
        return str(id(thing))


class Receiver(pickle.Unpickler):
    """What reads a pickle of `Sender`."""

    def __init__(self, file, known):
        super().__init__(file)
        self.persistent_load = known.get


def read(dataset):
    """All images and labels of a dataset, and what a label is."""
    rows = [dataset[i] for i in range(len(dataset))]
    images, labels = zip(*rows, strict=True)
    return torch.stack(images), list(labels), kind_of_label(labels[0])


def when_normalised(dataset, images):
    """In words, when images are normalised: whether the dataset holds the numbers that it gave out."""
    held = arrays_in([vars(dataset), list(vars(dataset).values())])
    groups = [[array] for array in held] + [held[k : k + len(images)] for k in range(len(held))]
    for group in groups:
        flat = torch.cat([torch.as_tensor(array).reshape(-1) for array in group])
        if flat.numel() == images.numel() and torch.allclose(flat.double(), images.double().reshape(-1)):
            return "when the dataset is made"
    return "when they are asked for"


def read_on_both_sides(answer, images, labels, mean, std):
    """How the dataset arrives, and what it gives out here and there, when another one was made in between."""
    dataset, file, known = answer(images, labels, mean, std), io.BytesIO(), {}
    made = copy.copy(dataset)
    here = read(dataset)
    here = *here, when_normalised(made, here[0])
    try:
        Sender(file, known).dump(dataset)
    except Exception as error:
        return f"not at all: {error}", *here, None, None, None
    answer(images, labels, mean / 2, 2 * std)
    file.seek(0)
    try:
        return "as it was", *here, *read(Receiver(file, known).load())
    except Exception as error:
        return f"without all that it needs: {error}", *here, None, None, None


class _Rows(Dataset):
    def __len__(self):
        return len(self.labels)


def normalised(image, mean, std):
    return image.float().unsqueeze(0).sub(255 * mean).div(255 * std)


class WithPartial(_Rows):
    def __init__(self, images, labels, mean, std):
        self.images, self.labels, self.transform = images, labels, partial(normalised, mean=mean, std=std)

    def __getitem__(self, i):
        return self.transform(self.images[i]), int(self.labels[i])


class WithMethod(_Rows):
    def __init__(self, images, labels, mean, std):
        self.images, self.labels, self.numbers = images, labels, (mean, std)
        self.transform = self.prepare

    def prepare(self, image):
        mean, std = self.numbers
        return ((image / 255 - mean) / std)[None]

    def __getitem__(self, i):
        return self.transform(self.images[i]), self.labels[i].item()


WITH_A_CLASS = """
class Scaled:
    def __init__(self, mean, std):
        self.mean, self.std = mean, std

    def __call__(self, image):
        return (image / 255 - self.mean) / self.std


class Prepared(Dataset):
    def __init__(self, images, labels, mean, std):
        self.images, self.labels, self.transform = images, labels, data.Compose([Scaled(mean, std)])

    def __len__(self):
        return len(self.images)

    def __getitem__(self, i):
        return self.transform(self.images[i])[None], int(self.labels[i])
"""

KEPT = "        self.mean, self.std = mean, std\n"
USED = "(self.images[i] / 255 - self.mean) / self.std"
TRANSFORMED = (USED, "self.transform(self.images[i])")

EXERCISE = repair(
    difficulty="medium",
    minutes=7,
    drills=("workers", "transforms"),
    fault="The dataset can still not be sent. A pickle holds no code: of a function it keeps the name under which a "
    "file has it, "
    "and a `lambda` has none, whatever it is put into.",
    shown_by=("catalyst-team/catalyst#1024", "junyanz/pytorch-CycleGAN-and-pix2pix#1197", "pytorch/xla#1554"),
    probe=probe,
    use=read_on_both_sides,
    outputs=(
        "how it arrives",
        "the images before it is sent",
        "the labels before it is sent",
        "what a label is before it is sent",
        "when images are normalised",
        "the images that arrive",
        "the labels that arrive",
        "what a label is that arrives",
    ),
    misconceptions=(
        Misconception(
            "made-inside-a-function",
            "The dataset can still not be sent. A function or a class with a name that was made inside another "
            "function has no place "
            "in a file either, by which another process could find it.",
            patch=(
                (
                    KEPT,
                    "        def transform(image):\n            return (image / 255 - mean) / std\n\n"
                    "        self.transform = transform\n",
                ),
                TRANSFORMED,
            ),
            hints=("Where would another process have to look for that function?",),
        ),
        Misconception(
            "left-at-home",
            "The dataset arrives without what prepares its images: there they are numbers from 0 to 255.",
            patch=(
                (KEPT, KEPT + "        self.transform = lambda image: (image / 255 - mean) / std\n"),
                (USED, "self.transform(self.images[i]) if self.transform else self.images[i].float()"),
                (
                    "    def __len__(self):",
                    '    def __getstate__(self):\n        return {**vars(self), "transform": None}\n\n    def __len__(self):',
                ),
            ),
            hints=("What has to be done to an image on the other side?",),
        ),
        Misconception(
            "one-for-all-datasets",
            "The dataset arrives, and its images are normalised by the numbers of the dataset that was made last: they "
            "are kept where "
            "all datasets share them, in the class or in the notebook. In another process they would be missing "
            "altogether.",
            patch=((KEPT, "        type(self).mean, type(self).std = mean, std\n"),),
            hints=("A second dataset is made with other numbers: what becomes of those of the first?",),
        ),
        Misconception(
            "numbers-from-elsewhere",
            "The dataset arrives, and its images are normalised by 0.286 and 0.353, the numbers of FashionMNIST. This "
            "dataset was given "
            "its own.",
            patch=((KEPT, ""), (USED, "(self.images[i] / 255 - 0.286) / 0.353")),
            hints=("How does a function at the top of a file learn `mean` and `std`?",),
        ),
        Misconception(
            "normalised-at-once",
            "The dataset arrives, and its images were normalised when it was made: as floats, they take four times the memory of bytes. They are to be normalised when they are asked for.",
            patch=(
                ("self.images, self.labels = images,", "self.images, self.labels = (images / 255 - mean) / std,"),
                (USED, "self.images[i]"),
            ),
            hints=("Which of your lines run before anybody has asked for an image?",),
        ),
        Misconception(
            "label-is-a-tensor",
            "The dataset arrives, and its labels come as tensors of one number. They are to be ints, as before.",
            patch=("int(self.labels[i])", "self.labels[i]"),
            hints=("What is `type(label)`?",),
        ),
        Misconception(
            "not-normalised",
            "The dataset arrives, and its images are only divided by 255.",
            patch=(USED, "self.images[i] / 255"),
            hints=("What did the `lambda` do with `mean` and `std`?",),
        ),
    ),
    alternatives=(WithPartial, WithMethod, WITH_A_CLASS),
    hints=(
        "Which of the dataset's attributes can be written into a file, and which is code?",
        "Numbers and tensors can be pickled, and the methods of a class travel with its name. What would a method need "
        "from `self`?",
        "`self.mean, self.std = mean, std`, and the arithmetic in `__getitem__`.",
    ),
)
