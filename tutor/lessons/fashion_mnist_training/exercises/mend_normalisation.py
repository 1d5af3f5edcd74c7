"""Images that are normalised by the numbers of whatever batch they are in, not by those of the training."""

import torch

from tutor.checking import Misconception, repair


def probe(d):
    """Training images of every class, and test images that differ in brightness and contrast, one is far brighter."""
    n, m, classes = d.sizes(3, 5, 9)
    kinds = torch.arange(n + 3 * classes) % classes
    x, x_test = d.tensor(len(kinds), 783, positive=True), d.tensor(m, 783, positive=True)
    x_test = x_test * (0.4 + d.tensor(m, 1, positive=True)) + d.tensor(m, 1, positive=True)
    x_test[0] += 3
    x = x * (0.5 + d.tensor(classes, 1, positive=True))[kinds]
    return x, kinds, x_test, d.integer(1, 3)


def probe_single(d):
    """One training image and one test image, of so many pixels that n or n - 1 makes no difference to the spread."""
    x = d.tensor(1, 20_000, positive=True)
    return x, torch.zeros(1, dtype=torch.long), x + d.tensor(1, 20_000, positive=True), 2


def class_means(x, y):
    return torch.stack([x[y == k].mean(dim=0) for k in range(int(y.max()) + 1)])


def one_after_the_other(x, y, x_test, batch_size):
    std, mean = torch.std_mean(x)
    kinds = class_means((x - mean) / std, y)
    return torch.stack([((image - mean) / std * kinds).mean(dim=1) for image in x_test])


def all_at_once(x, y, x_test, batch_size):
    mean, std = x.mean(), x.std()
    return torch.einsum("md, cd -> mc", x_test - mean, class_means(x, y) - mean) / std**2 / x.shape[1]


def by_a_table_of_classes(x, y, x_test, batch_size):
    mean, spread = x.mean(), x.var(correction=0).sqrt()
    members = torch.nn.functional.one_hot(y).T.to(x.dtype)
    kinds = members @ ((x - mean) / spread) / members.sum(dim=1, keepdim=True)
    batches = ((x_test - mean) / spread).split(batch_size)
    return torch.cat([batch @ kinds.T for batch in batches]) / x.shape[1]


class Scale:
    """What a training set is like, to bring other images to its scale."""

    def fit(self, x):
        self.mean, self.std = x.mean().item(), x.std().item()
        return self

    def __call__(self, images):
        return images.sub(self.mean).div(self.std)


def by_an_object(x, y, x_test, batch_size):
    scale = Scale().fit(x)
    kinds = class_means(scale(x), y)
    return torch.cat([scale(batch).matmul(kinds.T) / batch.shape[1] for batch in torch.split(x_test, batch_size)])


MEASURED = "    mean, std = x.mean(), x.std()\n"
TRAIN = "    x = normalised(x)\n"

EXERCISE = repair(
    difficulty="easy",
    minutes=6,
    drills=("one-change",),
    fault="Each batch of test images is still normalised by its own numbers: what is said of an image depends on those "
    "beside it, and "
    "the class means stand on another scale.",
    shown_by=("ikhlestov/vision_networks#27", "deepchem/deepchem#51"),
    probe=(probe, probe_single),
    unstretched={"one example": "of a single image it matters whether the spread divides by n or by n - 1"},
    misconceptions=(
        Misconception(
            "whole-test-set",
            "The size of the batches makes no difference any more, and the fault is still there: the test images are "
            "normalised by their "
            "own numbers, all together. The class means stand on the scale of the training images.",
            patch=(TRAIN, TRAIN + "    mean, std = x_test.mean(), x_test.std()\n"),
            hints=("What would you do with one single image to predict?",),
        ),
        Misconception(
            "measured-on-the-test",
            "Both sets are normalised by the numbers of the test images. They are to be those of the training images, which alone are there when the class means are made.",
            patch=("x.mean(), x.std()", "x_test.mean(), x_test.std()"),
            hints=("Of which images are the two numbers to be?",),
        ),
        Misconception(
            "spread-of-the-batch",
            "The mean is that of the training images, and the spread is still that of whatever batch an image is in.",
            patch=("return (images - mean) / std", "return (images - mean) / images.std()"),
            hints=("Which of the two numbers still depends on the batch?",),
        ),
        Misconception(
            "measured-on-both",
            "The two numbers are measured on training and test images together. So the test images have a say in the "
            "class means: a leak.",
            patch=(MEASURED, "    both = torch.cat([x, x_test])\n    mean, std = both.mean(), both.std()\n"),
            hints=("Which images may the classifier know before it is tested?",),
        ),
        Misconception(
            "training-left-as-it-was",
            "The test images are normalised, and the training images are not: the class means stand on the scale of "
            "the raw pixels.",
            patch=(TRAIN, ""),
            hints=("Of which images are the class means made?",),
        ),
        Misconception(
            "test-left-as-it-was",
            "The test images come as they were. They were left out, or the numbers were measured on training images "
            "that are normalised "
            "already, whose mean is 0 and whose standard deviation is 1.",
            patch=("normalised(batch) @", "batch @"),
            hints=("On which scale are the class means, and on which the test images?",),
        ),
        Misconception(
            "image-by-image",
            "No image depends on its neighbours any more, for each is normalised by its own two numbers: a black shirt "
            "and a white one look alike. "
            "Two numbers for all images are asked for.",
            patch=(
                "(images - mean) / std",
                "(images - images.mean(dim=1, keepdim=True)) / images.std(dim=1, keepdim=True)",
            ),
            hints=("How many means are there?",),
        ),
        Misconception(
            "pixel-by-pixel",
            "Every pixel is normalised by a mean and a spread of its own, over the training images. Two numbers for "
            "all pixels are asked for.",
            patch=("x.mean(), x.std()", "x.mean(dim=0), x.std(dim=0)"),
            hints=("What is the shape of your mean?",),
        ),
    ),
    alternatives=(one_after_the_other, all_at_once, by_a_table_of_classes, by_an_object),
    equivalent_mutants={
        "means = torch.stack([x[y == k].mean(dim=0) for k in range(y.max() + 1)])": "a tensor that holds one whole "
        "number counts as it",
        "found.append(normalised(batch) @ means.T / x_test.shape[1])": "all images have as many pixels",
        "found.append(normalised(batch) @ means.T / means.shape[1])": "all images have as many pixels",
        "found.append(normalised(batch) @ means.T / batch.shape[1])": "all images have as many pixels",
    },
    hints=(
        "Of which images are the two numbers that a test image is normalised by?",
        "How can `normalised` use the same two numbers for all images that it is given?",
        "`mean, std = x.mean(), x.std()` before `x` changes, and `(images - mean) / std` in `normalised`.",
    ),
)
