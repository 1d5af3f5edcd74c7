"""A dataset of two methods and a constructor: transforms that are forgotten, exchanged, lost or called without asking."""

import torch
from torch.utils.data import Dataset

from tutor.checking import Misconception, code


def probe_pairs(d):
    """Images, labels, both transforms, and an index that is neither the first nor the last."""
    n, h, w = d.sizes(3, 3, 8)
    return d.tensor(n, h, w), d.labels(n, 10).tolist(), d.integer(1, n - 2), True, True


def probe_image_transform(d):
    """The image's transform alone."""
    return *probe_pairs(d)[:3], True, False


def probe_label_transform(d):
    """The label's transform alone."""
    return *probe_pairs(d)[:3], False, True


def probe_bare(d):
    """No transform at all, and labels that cannot be changed."""
    images, labels, index, *_ = probe_pairs(d)
    return images, tuple(labels), index, False, False


def probe_lists(d):
    """A list of images with a channel, and a tensor of labels."""
    images, labels, index, *more = probe_pairs(d)
    return list(images[:, None]), torch.tensor(labels), index, *more


def use_dataset(dataset, images, labels, index, transformed, target_transformed):
    """The length, a pair, its image taken out again, and how often the transforms were called before and meanwhile."""
    calls = []

    def transform(image):
        calls.append("image")
        return 2 * image + 1

    def target_transform(label):
        calls.append("label")
        return 10 * label + 3

    pairs = dataset(
        images,
        labels,
        transform if transformed else None,
        target_transform=target_transform if target_transformed else None,
    )
    before, length = len(calls), len(pairs)
    pair = pairs[index]
    if not isinstance(pair, tuple | list) or len(pair) != 2:
        came = f"{len(pair)} things" if isinstance(pair, tuple | list) else f"a single {type(pair).__name__}"
        raise TypeError(f"an example should be a pair, the image and its label; yours is {came}")
    (image, label), called = pair, " and ".join(sorted(calls[before:])) or "nothing"
    whole = isinstance(label, int) or (isinstance(label, torch.Tensor) and not label.is_floating_point())
    again = pairs[index][0]
    return length, image, label, again, "a whole number" if whole else "something else", f"{before} times", called


class PairsKept(Dataset):
    def __init__(self, images, labels, transform=None, target_transform=None):
        self.pairs = list(zip(images, labels, strict=True))
        self.change = transform or (lambda image: image)
        self.change_label = target_transform or (lambda label: label)

    def __len__(self):
        return len(self.pairs)

    def __getitem__(self, index):
        image, label = self.pairs[index]
        return self.change(image), self.change_label(label)


class PairsShort(Dataset):
    def __init__(self, images, labels, transform=None, target_transform=None):
        self.data = images, labels, transform, target_transform

    def __len__(self):
        return len(self.data[0])

    def __getitem__(self, index):
        images, labels, transform, target_transform = self.data
        image = transform(images[index]) if transform else images[index]
        return image, target_transform(labels[index]) if target_transform else labels[index]


class PairsByLoop(Dataset):
    def __init__(self, images, labels, transform=None, target_transform=None):
        super().__init__()
        self.columns, self.transforms = [images, labels], [transform, target_transform]

    def __len__(self):
        return len(self.columns[1])

    def __getitem__(self, index):
        found = []
        for column, change in zip(self.columns, self.transforms, strict=True):
            found.append(column[index])
            if change is not None:
                found[-1] = change(found[-1])
        return tuple(found)


IF_IMAGE = "        if self.transform is not None:\n            image = self.transform(image)\n"
IF_LABEL = "        if self.target_transform is not None:\n            label = self.target_transform(label)\n"

EXERCISE = code(
    difficulty="easy",
    minutes=5,
    drills=("dataset",),
    probe=(probe_pairs, probe_image_transform, probe_label_transform, probe_bare, probe_lists),
    use=use_dataset,
    outputs=(
        "the length",
        "the image",
        "the label",
        "the image when it is taken out again",
        "what the label is",
        "how often a transform was called before anything was taken out",
        "what was transformed as the pair was taken out",
    ),
    misconceptions=(
        Misconception(
            "transform-forgotten",
            "The transform of the image is not applied.",
            patch=(IF_IMAGE, ""),
            hints=("What has to happen to an image before it is returned, if there is a transform?",),
        ),
        Misconception(
            "target-transform-forgotten",
            "The transform of the label is not applied.",
            patch=(IF_LABEL, ""),
            hints=("What has to happen to a label before it is returned, if there is a target transform?",),
        ),
        Misconception(
            "both-forgotten",
            "Neither of the transforms is applied.",
            patch=((IF_IMAGE, ""), (IF_LABEL, "")),
            hints=("Where do `transform` and `target_transform` come in?",),
        ),
        Misconception(
            "transformed-too-early",
            "The pairs are right, and the transform runs before any is taken out. It belongs into `__getitem__`: one that draws something at random has to draw anew each time.",
            patch=(
                (
                    "self.images = images",
                    "self.images = images if transform is None else [transform(image) for image in images]",
                ),
                (IF_IMAGE, ""),
            ),
            hints=("How many images does your dataset transform if only one is ever asked for?",),
        ),
        Misconception(
            "kept-transformed",
            "The first time an image comes out right; the second time it is transformed twice. What the transform returns should not be kept.",
            patch=(
                ("self.images = images", "self.images = list(images)"),
                (
                    "            image = self.transform(image)\n",
                    "            image = self.images[index] = self.transform(image)\n",
                ),
            ),
            hints=("What lies at the index after its image was taken out?",),
        ),
        Misconception(
            "result-thrown-away",
            "The transforms run, and what they return is lost: image and label come out as they were.",
            patch=(("image = self.transform", "self.transform"), ("label = self.target", "self.target")),
            hints=("Does a transform change what it is given, or return something else?",),
        ),
        Misconception(
            "called-without-asking",
            "Without a transform `None` is called. Ask first whether there is one.",
            patch=(
                ("if self.transform is not None:", "if True:"),
                ("if self.target_transform is not None:", "if True:"),
            ),
            hints=("What is `self.transform` if nobody gave one?",),
        ),
        Misconception(
            "transforms-exchanged",
            "The image gets the label's transform, and the label the image's.",
            patch=(
                ("self.transform = transform", "self.transform = target_transform"),
                ("self.target_transform = target_transform", "self.target_transform = transform"),
            ),
            hints=("Which of the two belongs to the image?",),
        ),
        Misconception(
            "first-pair-always",
            "Whatever the index, the first pair comes out.",
            patch=("self.images[index], self.labels[index]", "self.images[0], self.labels[0]"),
            hints=("Where does the index come in?",),
        ),
        Misconception(
            "label-first",
            "The label comes out first. The order is image, label.",
            patch=("return image, label", "return label, image"),
            hints=("In which order does the docstring name them?",),
        ),
        Misconception(
            "image-alone",
            "One tensor comes out. An example is a pair, the image and its label.",
            patch=("return image, label", "return image"),
            hints=("What does `for X, y in dataloader` expect?",),
        ),
        Misconception(
            "height-for-length",
            "That is the number of rows of one image. The length of a dataset is how many pairs it has.",
            patch=("len(self.labels)", "len(self.images[0])"),
            hints=("What is the first size of the images, and what the second?",),
        ),
        Misconception(
            "tensors-alone",
            "Images or labels may come as a list, which has none of a tensor's attributes and methods, such as `shape` or `size()`. `len` and an index work for both.",
            patch=("len(self.labels)", "self.images.shape[0]"),
            hints=("Which of tensor, list and tuple knows what you ask it for?",),
        ),
    ),
    alternatives=(PairsKept, PairsShort, PairsByLoop),
    hints=(
        "What has to be kept by `__init__` so that the other two methods can work?",
        "Keep all four arguments in `self`. In `__getitem__` take image and label at the index, and apply each transform that is not None.",
        "`image, label = self.images[index], self.labels[index]`; `if self.transform is not None: image = self.transform(image)`, the same for the label.",
    ),
)
