"""What the checks of lesson 10 say of answers that differ from the mistakes they were written for."""

import random
import re

import pytest
import torch

from tutor.lessons.registry import HOME, Lesson


@pytest.fixture
def lesson():
    return Lesson("fashion_mnist_data", HOME / "fashion_mnist_data", 10)


class Batches:
    """Shuffled batches as they should be, to be spoiled below."""

    def __init__(self, x, y, batch_size):
        self.x, self.y, self.batch_size = x, y, batch_size

    def __len__(self):
        return -(-len(self.x) // self.batch_size)

    def __iter__(self):
        for batch in torch.randperm(len(self.x)).split(self.batch_size):
            yield self.x[batch], self.y[batch]


class MadeOnce(Batches):
    """Batches that are drawn once and only change places from then on, the small one always last."""

    def __init__(self, x, y, batch_size):
        super().__init__(x, y, batch_size)
        self.batches = list(super().__iter__())

    def __iter__(self):
        *full, last = self.batches
        yield from random.sample(full, len(full))
        yield last


class WithoutLabels(Batches):
    def __iter__(self):
        for x, _ in super().__iter__():
            yield x


def test_batches_that_hold_the_same_examples_in_every_epoch_are_told(lesson):
    report = lesson.exercises["fashion_mnist_data.Batches"].check(MadeOnce)
    assert report.misconception == "same-company"
    assert report.message.startswith("The same examples share a batch in every epoch.")


def test_batches_of_one_thing_are_told(lesson):
    report = lesson.exercises["fashion_mnist_data.Batches"].check(WithoutLabels)
    assert "each batch should be two things, x and y" in report.message


def test_whole_numbers_and_truth_values_are_shown_as_such(lesson):
    report = lesson.exercises["fashion_mnist_data.flip_and_shift"].check(
        lambda images, flipped, down, right: images + 1
    )
    assert re.search(r"`flipped` = \[(True|False)\]", report.message)
    assert re.search(r"`down` = \[-?\d\]", report.message)


class NumbersForImages(Batches):
    def __iter__(self):
        for batch in torch.randperm(len(self.x)).split(self.batch_size):
            yield batch, self.y[batch]


def test_batches_of_numbers_in_the_place_of_x_are_told(lesson):
    report = lesson.exercises["fashion_mnist_data.Batches"].check(NumbersForImages)
    assert "its first part has the shape" in report.message


class NormalizeOnTheClass:
    def __init__(self, mean, std):
        type(self).mean, type(self).std = (torch.tensor(v).view(-1, 1, 1) for v in (mean, std))

    def __call__(self, images):
        return (images - self.mean) / self.std


def test_two_transforms_have_numbers_of_their_own(lesson):
    assert lesson.exercises["fashion_mnist_data.Normalize"].check(NormalizeOnTheClass).verdict == "wrong"


LAMBDA = "lambda image: (image / 255 - mean) / std"
NESTED = "def prepare(image):\n            return (image / 255 - mean) / std\n        self.transform = prepare"


def mended(lesson, *pairs):
    """Judge the dataset that cannot be sent, as it arrives, with some of its text replaced."""
    exercise = lesson.exercises["fashion_mnist_data.mend_transform"]
    text = exercise.broken
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return exercise.check(exercise.build(text)[0], source=text)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (LAMBDA, f"data.Compose([data.Lambda({LAMBDA})])", "unmended"),
        (f"self.transform = {LAMBDA}", NESTED, "made-inside-a-function"),
        (f"self.transform = {LAMBDA}", f"global prepare\n        {NESTED}", "made-inside-a-function"),
        (f"self.transform = {LAMBDA}", f"type(self).transform = staticmethod({LAMBDA})", "one-for-all-datasets"),
    ],
)
def test_a_dataset_that_holds_what_no_pickle_can_is_told_what_it_is(lesson, old, new, told):
    assert mended(lesson, (old, new)).misconception == told


@pytest.mark.parametrize(
    "pairs",
    [
        [
            (LAMBDA, "data.Normalize([mean], [std])"),
            ("self.transform(self.images[i])", "self.transform(self.images[i][None] / 255)[0]"),
        ],
        [
            ("images, labels\n", "images, labels\n        self.made = images, labels, mean, std\n"),
            ("    def __len__", "    def __reduce__(self):\n        return type(self), self.made\n\n    def __len__"),
        ],
    ],
)
def test_whatever_arrives_and_works_there_is_right(lesson, pairs):
    assert mended(lesson, *pairs).verdict == "pass"


def test_a_dataset_that_arrives_in_parts_is_told_what_it_lacks(lesson):
    without = (
        "    def __getstate__(self):\n        return {'images': self.images, 'labels': self.labels}\n\n    def __len__"
    )
    report = mended(lesson, ("    def __len__", without))
    assert "without all that it needs: 'Prepared' object has no attribute 'transform'" in report.message


def test_a_file_cannot_be_sent_either(lesson):
    report = mended(
        lesson, ("        self.images,", "        self.file = open(__import__('os').devnull)\n        self.images,")
    )
    assert "not at all: " in report.message
