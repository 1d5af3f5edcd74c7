"""A transform that normalises each channel: numbers lined up with the wrong axis, or an image's own."""

import torch

from tutor.checking import Misconception, code
from tutor.checking.evidence import seen


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


def probe_one_channel(d):
    """Grey images, one or a few, of a single row or column now and then."""
    n, h, w = (1, *d.sizes(2)) if d.seed % 2 else (*d.sizes(2), 1)
    return d.tensor(n, 1, h, w), statistics(d, 1), statistics(d, 1)


def probe_as_many_images_as_channels(d):
    """A batch whose first two sizes are the same; and an image as high as it has channels."""
    c, h, w = d.sizes(3)
    shape = (c, c, h, w) if d.seed % 2 else (c, c, w)
    return d.tensor(*shape), statistics(d, c), statistics(d, c)


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


NORMALISED = "return (images - self.mean) / self.std"

EXERCISE = code(
    difficulty="medium",
    minutes=7,
    drills=("normalize",),
    probe=(probe_one_image, probe_batch, probe_one_channel, probe_as_many_images_as_channels),
    unstretched={"one example": "the first dimension of a single image is its channels"},
    use=use_normalize,
    outputs=("the images normalised", "other images normalised by the same transform"),
    forbid=("call:tutor.data.transforms.Normalize",),
    misconceptions=(
        Misconception(
            "lined-up-from-the-right",
            "The C numbers are lined up with the last dimension, the width: broadcasting begins at the right. They have to stand at the channels, so give them the shape (C, 1, 1).",
            patch=((".view(-1, 1, 1)", ""),),
            hints=("From which side does broadcasting line up the shapes?",),
        ),
        Misconception(
            "lined-up-with-the-height",
            "The C numbers are lined up with the height. The shape (C, 1, 1), with two dimensions of size 1 on the right, puts them at the channels.",
            patch=((".view(-1, 1, 1)", ".view(-1, 1)"),),
            hints=("How many dimensions stand to the right of the channels?",),
        ),
        Misconception(
            "channels-found-by-size",
            "In a batch of as many images as channels each image gets the numbers of a channel. The channels are "
            "always the third dimension from the right, whatever the sizes are.",
            patch=(
                NORMALISED,
                "if len(images) == len(self.mean):\n"
                "            images = images.transpose(0, -3)\n"
                "            return ((images - self.mean) / self.std).transpose(0, -3)\n"
                "        return (images - self.mean) / self.std",
            ),
            hints=("From which side do you have to count, so that (C, H, W) and (N, C, H, W) are alike?",),
        ),
        Misconception(
            "a-dimension-too-many",
            "A single image comes back as a batch of one: its result is to have three dimensions. The shape (C, 1, 1) fits images with a batch dimension and without.",
            patch=((".view(-1, 1, 1)", ".view(1, -1, 1, 1)"),),
            hints=("Which shape do (C, H, W) and (1, C, 1, 1) have together?",),
        ),
        Misconception(
            "channels-counted-from-the-left",
            "Right for a single image, and no batch comes out: in (N, C, H, W) the first dimension is the images. Counted from the right the channels have the same place in both.",
            patch=(
                NORMALISED,
                "out = images.clone()\n        for k in range(len(self.mean)):\n"
                "            out[k] = (images[k] - self.mean[k]) / self.std[k]\n        return out",
            ),
            hints=("Which dimension of a batch is the channels, counted from the right?",),
        ),
        Misconception(
            "batches-alone",
            "Right for a batch, and a single image does not come out: (C, H, W) has its channels first. Counted from the right the channels have the same place in both.",
            patch=(
                NORMALISED,
                "out = images.clone()\n        for k in range(len(self.mean)):\n"
                "            out[:, k] = (images[:, k] - self.mean[k]) / self.std[k]\n        return out",
            ),
            hints=("Which dimension of a single image is the channels, counted from the right?",),
        ),
        Misconception(
            "numbers-of-all-transforms",
            "Another transform was made in between, and this one normalises by its numbers: they are kept where all transforms share them. Keep them in `self`.",
            patch=(("self.mean =", "Normalize.mean ="), ("self.std =", "Normalize.std =")),
            hints=("Whose is a name that is bound in the class: one transform's, or that of all?",),
        ),
        Misconception(
            "exchanged",
            "The standard deviation is subtracted, and the mean is what it is divided by. It is the other way round: were the two exchanged in the formula, or where they are kept?",
            patch=("(images - self.mean) / self.std", "(images - self.std) / self.mean"),
            hints=("Which of the two is to become 0?",),
        ),
        Misconception(
            "multiplied",
            "The images are multiplied by the standard deviation. To make the spread 1 they have to be divided by it.",
            patch=("/ self.std", "* self.std"),
            hints=("If the spread is 0.35, what makes it 1?",),
        ),
        Misconception(
            "bracket-missing",
            "What comes out is images - (mean / std): only the mean is divided. It is the difference that is to be divided.",
            patch=("(images - self.mean) / self.std", "images - self.mean / self.std"),
            cause="Python divides before it subtracts: a bracket is missing.",
            evidence=seen("_ - _ / _"),
            other=("(images - self.mean) / self.std", "images.sub(self.mean.div(self.std))"),
            hints=("Which is to be divided by std: the mean or the difference?",),
        ),
        Misconception(
            "divided-first",
            "What comes out is images / std - mean: the mean is subtracted after the division. It was measured in the old units, so it goes first.",
            patch=("(images - self.mean) / self.std", "images / self.std - self.mean"),
            hints=("What does an image that is equal to the mean everywhere become?",),
        ),
        Misconception(
            "variance",
            "The images are divided by the square of the standard deviation, the variance. Is it squared somewhere, or divided by twice?",
            patch=("/ self.std", "/ self.std**2"),
            hints=("Which has the unit of a pixel, the variance or its root?",),
        ),
        Misconception(
            "own-statistics",
            "Each image is normalised by the mean and the spread of its own pixels. Then each is changed differently; the two given lists are for all images.",
            patch=(
                "(images - self.mean) / self.std",
                "(images - images.mean((-2, -1), keepdim=True)) / images.std((-2, -1), keepdim=True)",
            ),
            hints=("Where do the numbers come from that you subtract?",),
        ),
        Misconception(
            "batch-statistics",
            "The images are normalised by the mean and the spread of the very pixels that arrive. Then a bright batch looks like a dark one; take the two given lists.",
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
            "The mean is subtracted, but nothing is divided by the standard deviation.",
            patch=(" / self.std", ""),
            hints=("What makes the spread 1?",),
        ),
        Misconception(
            "mean-forgotten",
            "The images are divided by the standard deviation, but the mean is not subtracted.",
            patch=("(images - self.mean)", "images"),
            hints=("What puts the numbers around 0?",),
        ),
        Misconception(
            "added",
            "The mean is added. Subtract it: what is equal to the mean has to become 0.",
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
