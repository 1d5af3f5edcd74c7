"""Tests that transforms do what torchvision's do, to one image and to a whole batch alike."""

import pickle
import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image

from tutor.data import Compose, FlipAndShift, Lambda, Normalize, RandomHorizontalFlip, RandomShift, ToTensor


@pytest.fixture(autouse=True)
def fixed_chance():
    torch.manual_seed(0)


@pytest.fixture
def pixels() -> np.ndarray:
    """A grey picture of 5 x 7 without a symmetry and without a 0."""
    return np.arange(1, 36, dtype=np.uint8).reshape(5, 7)


def moved(pixels: np.ndarray, down: int, right: int) -> np.ndarray:
    """A picture moved by the slow and obvious way, pixel by pixel."""
    result = np.zeros_like(pixels)
    for i, j in np.ndindex(pixels.shape):
        if 0 <= i - down < pixels.shape[0] and 0 <= j - right < pixels.shape[1]:
            result[i, j] = pixels[i - down, j - right]
    return result


def every_move(pixels: np.ndarray, most: int) -> set[bytes]:
    steps = range(-most, most + 1)
    return {moved(pixels, down, right).tobytes() for down in steps for right in steps}


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
def test_a_shift_takes_every_way_up_to_its_limit_and_no_other(pixels, make):
    seen = {np.asarray(RandomShift(2)(make(pixels))).tobytes() for _ in range(500)}
    assert seen == every_move(pixels, 2)


def test_each_image_of_a_batch_gets_one_of_the_flips_and_shifts(pixels):
    batch = torch.from_numpy(pixels).repeat(1000, 1, 1)  # (N, 5, 7)
    seen = {image.numpy().tobytes() for image in FlipAndShift(2)(batch)}
    assert seen == every_move(pixels, 2) | every_move(np.ascontiguousarray(pixels[:, ::-1]), 2)


def test_the_images_of_a_batch_keep_their_places():
    batch = torch.arange(1, 51, dtype=torch.uint8).view(50, 1, 1).expand(50, 5, 7)
    assert FlipAndShift(2)(batch).amax(dim=(1, 2)).tolist() == list(range(1, 51))


def test_the_channels_of_an_image_move_together(pixels):
    image = torch.from_numpy(pixels)
    batch = torch.stack([image, image + 100]).repeat(200, 1, 1, 1)  # (200, 2, 5, 7)
    result = FlipAndShift(2)(batch)
    inside = result[:, 0] > 0
    assert torch.equal(result[:, 1], torch.where(inside, result[:, 0] + 100, 0))


@pytest.mark.parametrize("shape", [(6, 5, 7), (6, 1, 5, 7), (6, 3, 5, 7), (0, 1, 5, 7)])
@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
def test_a_batch_keeps_its_shape_and_dtype(shape, dtype):
    result = FlipAndShift(1)(torch.ones(shape, dtype=dtype))
    assert (result.shape, result.dtype) == (shape, dtype)


def test_a_batch_is_copied_and_not_changed(pixels):
    batch = torch.from_numpy(pixels).repeat(4, 1, 1)
    FlipAndShift(2, p=0.0)(batch).zero_()
    FlipAndShift(0, p=0.0)(batch).zero_()
    assert torch.equal(batch[3], torch.from_numpy(pixels))


def test_the_same_random_state_gives_the_same_batch():
    batch = torch.rand(20, 1, 5, 7)
    state = torch.get_rng_state()
    first = FlipAndShift(2)(batch)
    torch.set_rng_state(state)
    assert torch.equal(FlipAndShift(2)(batch), first)


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no NVIDIA GPU here")
def test_a_batch_on_the_device_gets_what_it_would_get_on_the_cpu():
    batch = torch.rand(20, 1, 5, 7)
    state = torch.get_rng_state()
    first = FlipAndShift(2)(batch)
    torch.set_rng_state(state)
    second = FlipAndShift(2)(batch.cuda())
    assert second.is_cuda and torch.equal(second.cpu(), first)


def test_transforms_can_be_sent_to_a_worker(pixels):
    pipeline = Compose([RandomShift(0), RandomHorizontalFlip(0.0), ToTensor(), Normalize((0.5,), (0.25,)), Lambda(abs)])
    image = Image.fromarray(pixels)
    assert torch.equal(pickle.loads(pickle.dumps(pipeline))(image), pipeline(image))


def test_a_transform_says_what_it_is():
    assert repr(Normalize((0.5,), (0.25,))) == "Normalize(mean=(0.5,), std=(0.25,))"


def test_asking_for_the_package_does_not_import_torch():
    code = "import sys, tutor.data; assert 'ToTensor' in tutor.data.__all__; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
