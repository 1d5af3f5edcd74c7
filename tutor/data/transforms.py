"""Turn images into what a network takes, one image at a time, as torchvision does."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageOps
from torch.nn import functional


@dataclass(frozen=True)
class Compose:
    """Apply transforms one after the other, the first one first.

    Parameters
    ----------
    transforms : sequence of callables
        Each takes what the one before it returns.
    """

    transforms: Sequence[Callable[[Any], Any]]

    def __call__(self, image: Any) -> Any:
        """Return what the last transform makes of the image."""
        for transform in self.transforms:
            image = transform(image)
        return image


@dataclass(frozen=True)
class Lambda:
    """Make a transform of any function.

    A `lambda` cannot be sent to a spawned worker; a function that stands in a file can.
    """

    function: Callable[[Any], Any]

    def __call__(self, value: Any) -> Any:
        """Return what the function makes of the value."""
        return self.function(value)


@dataclass(frozen=True)
class ToTensor:
    """Turn a picture of bytes, 0 to 255, into a float32 tensor from 0 to 1 with the channels in front."""

    def __call__(self, image: Image.Image | np.ndarray) -> torch.Tensor:
        """Return the picture as a tensor.

        Parameters
        ----------
        image : PIL.Image.Image or numpy.ndarray
            Grey or with colour channels: (H, W) or (H, W, C), uint8.

        Returns
        -------
        torch.Tensor
            (C, H, W) float32, 0 to 1; C is 1 for a grey picture.

        Raises
        ------
        TypeError
            If it does not hold bytes: what its largest value is cannot be known then.
        """
        pixels = np.array(image)  # a copy: PIL's own memory must not be written to
        if pixels.dtype != np.uint8:
            raise TypeError(f"ToTensor takes pictures of bytes (uint8), not of {pixels.dtype}.")
        if pixels.ndim == 2:
            pixels = pixels[:, :, None]  # (H, W, 1)
        return torch.from_numpy(pixels).permute(2, 0, 1).contiguous().float().div_(255)


@dataclass(frozen=True)
class Normalize:
    """Subtract a mean from every channel and divide it by a standard deviation.

    Parameters
    ----------
    mean, std : sequence of float
        One number for each channel, in the units of the images.
    """

    mean: Sequence[float]
    std: Sequence[float]

    def __call__(self, image: torch.Tensor) -> torch.Tensor:
        """Return (image - mean) / std, of the same shape (..., C, H, W)."""
        mean, std = (image.new_tensor(values).view(-1, 1, 1) for values in (self.mean, self.std))  # (C, 1, 1)
        return (image - mean) / std


@dataclass(frozen=True)
class RandomHorizontalFlip:
    """Exchange left and right, with probability `p`."""

    p: float = 0.5

    def __call__(self, image: Any) -> Any:
        """Return the image, a PIL image or a tensor (..., H, W), or its mirror image."""
        if torch.rand(()) >= self.p:
            return image
        return image.flip(-1) if isinstance(image, torch.Tensor) else ImageOps.mirror(image)


@dataclass(frozen=True)
class RandomShift:
    """Move the picture by up to `pixels` pixels, down or up and right or left; what comes in is 0."""

    pixels: int

    def __call__(self, image: Any) -> Any:
        """Return the image, a PIL image or a tensor (..., H, W), moved; its size stays."""
        top, left = torch.randint(-self.pixels, self.pixels + 1, (2,)).tolist()
        if isinstance(image, torch.Tensor):
            height, width = image.shape[-2:]
            padded = functional.pad(image, (self.pixels,) * 4)
            top, left = top + self.pixels, left + self.pixels
            return padded[..., top : top + height, left : left + width]
        return image.crop((left, top, left + image.width, top + image.height))
