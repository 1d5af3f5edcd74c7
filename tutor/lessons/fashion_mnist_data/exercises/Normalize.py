"""A transform that normalises each channel: numbers lined up with the wrong axis, or an image's own."""

import torch

from tutor.checking import Misconception, code


def statistics(d, count):
    """A number for each channel."""
    return [d.number(0.2, 0.9) for _ in range(count)]


def probe_one_image(d):
    """An image with its channels' statistics."""
    c, h, w = d.sizes(3)
    return d.tensor(c, h, w), statistics(d, c), statistics(d, c)


def probe_batch(d):
    """A batch of images with its channels' statistics; once of a single image."""
    n, c, h, w = d.sizes(4)
    n = 1 if d.seed % 1000 == 3 else n
    return d.tensor(n, c, h, w), statistics(d, c), statistics(d, c)


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


EXERCISE = code(
    difficulty="medium",
    minutes=7,
    drills=("normalize",),
    probe=(probe_one_image, probe_batch),
    unstretched={"one example": "the first dimension of a single image is its channels"},
    use=use_normalize,
    outputs=("the images normalised", "other images normalised by the same transform"),
    forbid=("call:tutor.data.transforms.Normalize",),
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
            patch=("(images - self.mean) / self.std", "(images - images.mean()) / images.std()"),
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
)
