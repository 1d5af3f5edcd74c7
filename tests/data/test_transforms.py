"""Tests that transforms do to one image what torchvision's do."""

import pickle
import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image

from tutor.data import Compose, Lambda, Normalize, RandomHorizontalFlip, RandomShift, ToTensor


@pytest.fixture(autouse=True)
def fixed_chance():
    torch.manual_seed(0)


def test_compose_applies_the_first_transform_first():
    assert Compose([lambda value: value + 1, lambda value: value * 10])(2) == 30


def test_compose_of_nothing_changes_nothing():
    assert Compose([])("as it was") == "as it was"


def test_lambda_applies_its_function():
    assert Lambda(abs)(-3) == 3


def test_a_grey_picture_becomes_one_channel_between_0_and_1(pixels):
    pixels[0, 0], pixels[4, 6] = 0, 255
    tensor = ToTensor()(Image.fromarray(pixels))
    assert (tensor.shape, tensor.dtype) == ((1, 5, 7), torch.float32)
    assert torch.equal(tensor[0], torch.from_numpy(pixels) / 255) and tensor.max() == 1


def test_the_channels_of_a_colour_picture_come_first():
    pixels = np.arange(5 * 7 * 3, dtype=np.uint8).reshape(5, 7, 3)
    tensor = ToTensor()(Image.fromarray(pixels))
    assert tensor.shape == (3, 5, 7) and torch.equal(tensor[2], torch.from_numpy(pixels[:, :, 2]) / 255)


def test_an_array_of_bytes_is_a_picture_too(pixels):
    assert torch.equal(ToTensor()(pixels), ToTensor()(Image.fromarray(pixels)))


def test_a_picture_of_floats_is_refused_in_words(pixels):
    with pytest.raises(TypeError, match="uint8"):
        ToTensor()(pixels.astype(np.float32))


def test_the_tensor_has_memory_of_its_own(pixels):
    ToTensor()(pixels).zero_()
    assert pixels.any()


def test_normalize_works_channel_by_channel():
    image = torch.rand(2, 5, 7)
    result = Normalize((0.1, 0.2), (2.0, 4.0))(image)
    assert torch.allclose(result[0], (image[0] - 0.1) / 2) and torch.allclose(result[1], (image[1] - 0.2) / 4)


def test_normalize_takes_a_batch_as_well():
    images = torch.rand(3, 2, 5, 7)
    normalize = Normalize((0.1, 0.2), (2.0, 4.0))
    assert torch.equal(normalize(images), torch.stack([normalize(image) for image in images]))


@pytest.mark.parametrize("make", [Image.fromarray, torch.from_numpy])
def test_a_flip_exchanges_left_and_right(pixels, make):
    flipped = RandomHorizontalFlip(p=1.0)(make(pixels))
    assert np.array_equal(np.asarray(flipped), pixels[:, ::-1])


def test_half_of_the_images_are_flipped(pixels):
    image = torch.from_numpy(pixels)
    count = sum(not torch.equal(RandomHorizontalFlip()(image), image) for _ in range(1000))
    assert 430 < count < 570  # more than four standard deviations on either side


@pytest.mark.parametrize("make", [Image.fromarray, torch.from_numpy])
def test_a_shift_takes_every_way_up_to_its_limit_and_no_other(pixels, every_move, make):
    seen = {np.asarray(RandomShift(2)(make(pixels))).tobytes() for _ in range(500)}
    assert seen == every_move(pixels, 2)


def test_transforms_can_be_sent_to_a_worker(pixels):
    pipeline = Compose([RandomShift(0), RandomHorizontalFlip(0.0), ToTensor(), Normalize((0.5,), (0.25,)), Lambda(abs)])
    image = Image.fromarray(pixels)
    assert torch.equal(pickle.loads(pickle.dumps(pipeline))(image), pipeline(image))


def test_a_transform_says_what_it_is():
    assert repr(Normalize((0.5,), (0.25,))) == "Normalize(mean=(0.5,), std=(0.25,))"


def test_asking_for_the_package_does_not_import_torch():
    code = "import sys, tutor.data; assert 'ToTensor' in tutor.data.__all__; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
