"""Tests that images in memory are mirrored, moved and batched as one by one, each in its own way."""

import numpy as np
import pytest
import torch

from tutor.data import FlipAndShift, MemoryLoader


@pytest.fixture(autouse=True)
def fixed_chance():
    torch.manual_seed(0)


def test_each_image_of_a_batch_gets_one_of_the_flips_and_shifts(pixels, every_move):
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


@pytest.fixture
def numbered(pixels):
    """50 pictures, no two alike, and their numbers as labels."""
    images = torch.from_numpy(pixels) + 3 * torch.arange(50, dtype=torch.uint8).view(50, 1, 1)  # (50, 5, 7)
    return images, torch.arange(50)


def test_an_epoch_holds_every_example_once_in_batches_of_a_size(numbered):
    loader = MemoryLoader(*numbered, batch_size=16)
    labels = [y for _, y in loader]
    assert [len(y) for y in labels] == [16, 16, 16, 2] and len(loader) == 4
    assert torch.cat(labels).sort().values.tolist() == list(range(50))


def test_each_epoch_has_an_order_of_its_own(numbered):
    loader = MemoryLoader(*numbered, batch_size=50)
    first, second = (next(iter(loader))[1].tolist() for _ in range(2))
    assert first != second and first != sorted(first)


def test_without_chance_the_images_are_as_they_were_with_their_labels(numbered):
    images, _ = numbered
    for x, y in MemoryLoader(*numbered, batch_size=16, pixels=0, p=0.0):
        assert (x.shape, x.dtype, x.is_contiguous()) == ((len(y), 1, 5, 7), torch.float32, True)
        assert torch.allclose(255 * x[:, 0], images[y].float(), atol=1e-4)


def test_mean_and_spread_are_taken_at_pixels_between_0_and_1(numbered):
    images, _ = numbered
    (x, y), *_ = MemoryLoader(*numbered, batch_size=50, mean=0.25, std=0.5, pixels=0, p=0.0)
    assert torch.allclose(x[:, 0], (images[y] / 255 - 0.25) / 0.5, atol=1e-6)


def test_over_many_epochs_an_image_takes_every_flip_and_shift_and_no_other(pixels, every_move):
    image = torch.from_numpy(pixels)
    loader = MemoryLoader(torch.stack([image, image + 100]), torch.arange(2), batch_size=1)
    seen = {0: set(), 1: set()}
    for _ in range(700):
        for x, y in loader:
            seen[y.item()].add((255 * x[0, 0]).round().byte().numpy().tobytes())
    for number, found in seen.items():
        picture = pixels + 100 * number
        assert found == every_move(picture, 2) | every_move(np.ascontiguousarray(picture[:, ::-1]), 2)


def test_half_of_the_images_of_an_epoch_are_mirrored(pixels):
    images = torch.from_numpy(pixels).repeat(1000, 1, 1)
    (x, _), *_ = MemoryLoader(images, torch.zeros(1000), batch_size=1000, pixels=0)
    mirrored = (x[:, 0, 0, 0] > x[:, 0, 0, 1]).sum().item()
    assert 430 < mirrored < 570  # more than four standard deviations on either side


def test_what_comes_in_at_the_border_is_a_pixel_of_0_on_the_scale_of_the_batch(pixels):
    images = torch.from_numpy(pixels).repeat(100, 1, 1)
    (x, _), *_ = MemoryLoader(images, torch.zeros(100), batch_size=100, mean=0.5, std=0.25)
    assert x.min().item() == pytest.approx(-2)


def test_images_in_colour_keep_their_channels(pixels):
    image = torch.from_numpy(pixels)
    images = torch.stack([image, image + 100, image + 200]).repeat(20, 1, 1, 1)  # (20, 3, 5, 7)
    (x, _), *_ = MemoryLoader(images, torch.zeros(20), batch_size=20)
    inside = x[:, 0] > 0
    assert x.shape == (20, 3, 5, 7)
    assert torch.allclose(x[:, 2][inside], x[:, 0][inside] + 200 / 255)


def test_a_batch_may_be_changed_without_harm_to_the_images(numbered):
    loader = MemoryLoader(*numbered, batch_size=50, pixels=0, p=0.0)
    for x, _ in loader:
        x.zero_()
    assert all(x.min() > 0 for x, _ in loader)


def test_a_seed_gives_the_same_epoch_again(numbered):
    loader = MemoryLoader(*numbered, batch_size=16)
    state = torch.get_rng_state()
    first = [x for x, _ in loader]
    torch.set_rng_state(state)
    assert all(torch.equal(x, before) for (x, _), before in zip(loader, first, strict=True))


@pytest.mark.parametrize(
    ("changed", "kind", "words"),
    [
        ({"images": torch.rand(4, 5, 7)}, TypeError, "images of bytes"),
        ({"labels": torch.arange(3)}, ValueError, "not 3 for 4"),
        (
            {"images": torch.zeros(0, 5, 7, dtype=torch.uint8), "labels": torch.arange(0)},
            ValueError,
            "at least one image",
        ),
        ({"batch_size": 0}, ValueError, "batch_size of at least 1"),
    ],
)
def test_bad_input_is_refused_in_words(changed, kind, words):
    good = {"images": torch.zeros(4, 5, 7, dtype=torch.uint8), "labels": torch.arange(4), "batch_size": 2}
    with pytest.raises(kind, match=words):
        MemoryLoader(**good | changed)


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no NVIDIA GPU here")
def test_an_epoch_on_the_device_is_the_one_of_the_cpu(numbered):
    images, labels = numbered
    state = torch.get_rng_state()
    first = list(MemoryLoader(images, labels, batch_size=16))
    torch.set_rng_state(state)
    for (x, y), (x_cpu, y_cpu) in zip(MemoryLoader(images.cuda(), labels.cuda(), batch_size=16), first, strict=True):
        assert x.is_cuda and torch.allclose(x.cpu(), x_cpu) and torch.equal(y.cpu(), y_cpu)
