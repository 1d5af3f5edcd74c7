"""The FashionMNIST data set for PyTorch, with torchvision's signature and attributes."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch.utils.data import Dataset

from tutor.data.idx import DataError
from tutor.data.mirrors import MIRRORS, fetch
from tutor.data.places import Place, read_place, sample_folder, search


class FashionMNIST(Dataset):
    """70,000 grey images of clothes in ten classes, 28 x 28 pixels each.

    The files are looked for in `root`, in the operating system's package ``dataset-fashion-mnist`` and in the user's
    cache (or in the folder that the environment variable TUTOR_DATA names). If none has them, they are downloaded where
    `download` allows it, and otherwise, or if that fails, the sample of 7,000 images that comes with the course takes
    their place; a printed sentence says so. Every file is verified before it is used.

    Parameters
    ----------
    root : str or Path, optional
        A folder to look in first: in ``root/FashionMNIST/raw``, where torchvision keeps the files, or in `root` itself.
        `sample_folder()` asks for the sample.
    train : bool
        The 60,000 training images, or else the 10,000 test images.
    transform : callable, optional
        Applied to each image as it is taken out.
    target_transform : callable, optional
        Applied to each label as it is taken out.
    download : bool
        Whether to download what no place has: to `root` if it is given, otherwise to the cache. TUTOR_OFFLINE=1
        forbids it.

    Attributes
    ----------
    data : torch.Tensor
        (N, 28, 28) uint8; 0 is background.
    targets : torch.Tensor
        (N,) int64, 0 to 9.
    classes : list of str
        The names of the ten classes.
    class_to_idx : dict of str to int
        The class numbers by name.
    source : str
        Where the data came from: "folder", "system", "cache", "download" or "sample".
    is_sample : bool
        Whether it is the sample: 6,000 training or 1,000 test images.
    folder : Path
        The folder that the files stand in.

    Raises
    ------
    DataError
        When a file in `root` is damaged: what was asked for is never silently replaced.
    """

    mirrors = MIRRORS
    classes = [  # noqa: RUF012  torchvision has it as a list on the class too
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ]

    def __init__(
        self,
        root: str | Path | None = None,
        train: bool = True,
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
        download: bool = False,
    ) -> None:
        self.root = root
        self.train = train
        self.transform = transform
        self.target_transform = target_transform
        images, labels, place = _load(root, train, self.mirrors if download else ())
        self.data = torch.from_numpy(images)  # (N, 28, 28) uint8
        self.targets = torch.from_numpy(labels.astype(np.int64))  # (N,)
        self.source = place.source
        self.is_sample = place.is_sample
        self.folder = place.folder

    @property
    def class_to_idx(self) -> dict[str, int]:
        """The class numbers by name."""
        return {name: number for number, name in enumerate(self.classes)}

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        """Give one image (a grey PIL image of 28 x 28, unless `transform` makes something else of it) and its label."""
        image: Any = Image.fromarray(self.data[index].numpy())
        label: Any = int(self.targets[index])
        if self.transform is not None:
            image = self.transform(image)
        if self.target_transform is not None:
            label = self.target_transform(label)
        return image, label

    def __len__(self) -> int:
        return len(self.data)

    def __repr__(self) -> str:
        lines = [
            f"Dataset {type(self).__name__}",
            f"Number of datapoints: {len(self)}",
            f"Location: {self.folder} ({self.source})",
            f"Split: {'Train' if self.train else 'Test'}",
        ]
        lines += [f"{name}: {value!r}" for name, value in self._transforms() if value is not None]
        return "\n    ".join(lines)

    def _transforms(self) -> tuple[tuple[str, Any], ...]:
        return ("Transform", self.transform), ("Target transform", self.target_transform)


def load_tensors(
    train: bool = True, root: str | Path | None = None, download: bool = False
) -> tuple[torch.Tensor, torch.Tensor]:
    """Give a whole set as two tensors, the fast way to train on data that fits into memory.

    Parameters
    ----------
    train, root, download
        As for `FashionMNIST`.

    Returns
    -------
    images : torch.Tensor
        (N, 1, 28, 28) float32, 0 to 1.
    labels : torch.Tensor
        (N,) int64, 0 to 9.
    """
    dataset = FashionMNIST(root, train, download=download)
    return dataset.data.unsqueeze(1).float().div_(255), dataset.targets


def _load(root: str | Path | None, train: bool, mirrors: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray, Place]:
    """Read one set from the first place that has it, and say aloud what the reader would not expect."""
    split = "train" if train else "t10k"
    names = (f"{split}-images-idx3-ubyte", f"{split}-labels-idx1-ubyte")
    why = "the full data set is not on this machine (`tutor data` fetches it)."
    for source, folders in search(root):
        if source == "sample" and mirrors:
            try:
                fetched = fetch(root, mirrors=mirrors)
                source, folders = fetched.source, (fetched.folder,)
            except DataError as error:
                why = str(error)
        place, arrays = read_place(source, folders, names)
        if place.state == "whole":
            break
        if place.state == "damaged" and source == "folder":
            raise place.problem
        if place.problem is not None and not (source == "cache" and mirrors):  # fetching mends the cache
            _notice(f"FashionMNIST: {place.problem}")
    else:
        raise DataError(str(place.folder), "has no whole sample", "install autograd-tutor again")
    if source == "sample":
        _notice(f"FashionMNIST: this is the sample of 6,000 training and 1,000 test images, because {why}")
    elif place.is_sample and not place.folder.samefile(sample_folder()):
        _notice(f"FashionMNIST: {place.folder} holds the sample of 6,000 training and 1,000 test images.")
    return arrays[names[0]], arrays[names[1]], place


@cache
def _notice(text: str) -> None:
    """Print a sentence, once in a process: a plain line is read, a warning's file and line number put readers off."""
    print(text)
