"""Two sets of images normalised by the numbers of the first: each by its own, or pixel by pixel."""

import numpy as np
import torch

from tutor.checking import Misconception, code
from tutor.checking.evidence import seen


def probe_normalise(d):
    """Two sets of images of different number, brightness and contrast; enough pixels that n or n - 1 is all one."""
    n, m = d.sizes(2, 9, 13)
    x, x_val = d.tensor(n, 1, 27, 29, positive=True), d.tensor(m, 1, 27, 29, positive=True)
    x = x * (0.5 + d.tensor(n, 1, 1, 1, positive=True))
    return x, d.number(0.4, 0.6) * x_val + d.number(0.8, 1.2)


def normalise_by_numpy(x, x_val):
    mean, std = float(np.mean(x.numpy())), float(np.std(x.numpy()))
    return x.sub(mean).div(std), x_val.sub(mean).div(std)


def normalise_by_moments(x, x_val):
    mean = x.sum() / x.numel()
    std = ((x - mean) ** 2).mean().sqrt()
    return tuple((images - mean) / std for images in (x, x_val))


def normalise_in_place(x, x_val):
    std, mean = torch.std_mean(x)
    return x.clone().sub_(mean).div_(std), x_val.clone().sub_(mean).div_(std)


def normalise_by_channel(x, x_val):
    mean = x.mean(dim=(0, 2, 3), keepdim=True)
    std = x.std(dim=(0, 2, 3), keepdim=True)
    return x / std - mean / std, x_val / std - mean / std


EXERCISE = code(
    difficulty="easy",
    minutes=4,
    drills=("one-change", "validation"),
    probe=probe_normalise,
    unstretched={"one example": "of a single image it matters whether the spread divides by n or by n - 1"},
    outputs=("x", "x_val"),
    misconceptions=(
        Misconception(
            "each-by-its-own",
            "`x_val` is normalised by its own mean and spread. The network has learned what a number means on the scale of "
            "`x`; use the same two numbers for every image.",
            patch=("(x_val - mean) / std", "(x_val - x_val.mean()) / x_val.std()"),
            hints=("What would you do with one single new image?",),
        ),
        Misconception(
            "measured-on-both",
            "The two numbers are measured on both sets together. So the validation images have a say in the training: that "
            "is a leak.",
            patch=(
                "mean, std = x.mean(), x.std()",
                "mean, std = torch.cat([x, x_val]).mean(), torch.cat([x, x_val]).std()",
            ),
            hints=("Which images may the training know?",),
        ),
        Misconception(
            "measured-on-the-other",
            "The two numbers are measured on `x_val`. They have to come from `x`, the images that are learned from.",
            patch=("x.mean(), x.std()", "x_val.mean(), x_val.std()"),
            hints=("Which images may the training know?",),
        ),
        Misconception(
            "first-image",
            "The two numbers are those of the first image. All pixels of all images in `x` have a say in them.",
            patch=("x.mean(), x.std()", "x[0].mean(), x[0].std()"),
            hints=("Of how many images do you take the mean?",),
        ),
        Misconception(
            "root-of-the-mean-square",
            "The images are divided by the root of their mean square, a size and not a spread: it counts the mean in. A standard deviation is that of what is left when the mean is subtracted.",
            patch=("x.std()", "(x**2).mean().sqrt()"),
            hints=("What is the spread of pixels that are all alike, and what does yours say?",),
        ),
        Misconception(
            "only-the-first",
            "`x_val` comes back as it was: it was left out, or the numbers were measured on an `x` that was normalised already, whose "
            "mean is 0 and whose standard deviation is 1. Keep both numbers before anything is overwritten.",
            patch=("(x_val - mean) / std", "x_val"),
            hints=("What would the network make of images on another scale?",),
        ),
        Misconception(
            "one-half-for-everything",
            "0.5 is subtracted and divided by, as many tutorials do for any data. Measure the mean and the standard deviation of these images.",
            patch=("x.mean(), x.std()", "0.5, 0.5"),
            hints=("Where do your two numbers come from?",),
        ),
        Misconception(
            "numbers-from-elsewhere",
            "The two numbers are 0.286 and 0.353, those of another training set. These images have their own; measure them.",
            patch=("x.mean(), x.std()", "0.286, 0.353"),
            hints=("Would your two numbers change if these images were brighter?",),
        ),
        Misconception(
            "variance-for-spread",
            "The images are divided by the variance. The standard deviation is its root, and has the unit of a pixel.",
            patch=("x.std()", "x.var()"),
            hints=("Which of the two doubles when all pixels double?",),
        ),
        Misconception(
            "only-scaled",
            "The images are divided by the standard deviation, but the mean is not subtracted: the inputs are still all on one side of 0.",
            patch=(("(x - mean)", "x"), ("(x_val - mean)", "x_val")),
            hints=("What should the mean of the new `x` be?",),
        ),
        Misconception(
            "only-centred",
            "The mean is subtracted, but nothing is divided by the standard deviation.",
            patch=(" / std", ""),
            hints=("What should the spread of the new `x` be?",),
        ),
        Misconception(
            "bracket-missing",
            "What comes out is x - (mean / std): only the mean is divided. It is the difference that is to be divided.",
            patch=(("(x - mean) / std", "x - mean / std"), ("(x_val - mean) / std", "x_val - mean / std")),
            cause="Python divides before it subtracts: brackets are missing.",
            evidence=seen("_ - _ / _"),
            other=(("(x - mean) / std", "x.sub(mean / std)"), ("(x_val - mean) / std", "x_val.sub(mean / std)")),
            hints=("Which is to be divided by std: the mean or the difference?",),
        ),
        Misconception(
            "image-by-image",
            "Every image is normalised by its own mean and spread. Then a black shirt and a white one look alike; two "
            "numbers for all pixels are asked for.",
            patch=(
                ("(x - mean) / std", "(x - x.mean(dim=(2, 3), keepdim=True)) / x.std(dim=(2, 3), keepdim=True)"),
                (
                    "(x_val - mean) / std",
                    "(x_val - x_val.mean(dim=(2, 3), keepdim=True)) / x_val.std(dim=(2, 3), keepdim=True)",
                ),
            ),
            hints=("How many means do you compute?",),
        ),
        Misconception(
            "pixel-by-pixel",
            "Every pixel has a mean and a spread of its own, over the images. Two numbers for all pixels are asked for.",
            patch=("x.mean(), x.std()", "x.mean(dim=0), x.std(dim=0)"),
            hints=("What is the shape of your mean?",),
        ),
        Misconception(
            "to-the-range",
            "The pixels of `x` are stretched to the range 0 to 1. Asked for are mean 0 and standard deviation 1.",
            patch=("mean, std = x.mean(), x.std()", "mean, std = x.min(), x.max() - x.min()"),
            hints=("Which two numbers does the formula subtract and divide by?",),
        ),
    ),
    alternatives=(normalise_by_numpy, normalise_by_moments, normalise_in_place, normalise_by_channel),
    equivalent_narrowed={"right for more than one example only": "of a single image the spread's divisor is not said"},
    hints=(
        "Which images may have a say in the two numbers?",
        "`x.mean()` and `x.std()` are the two numbers; both sets are shifted and scaled by them.",
        "`return (x - mean) / std, (x_val - mean) / std`",
    ),
)
