"""What the checks of lesson 10 say of answers that differ from the mistakes they were written for."""

import random

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
    assert "`flipped` = [False, True," in report.message and "`down` = [2, -1," in report.message


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
