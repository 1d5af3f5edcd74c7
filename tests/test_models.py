"""The two problems that lessons share."""

import subprocess
import sys

import numpy as np
import pytest
import torch

from tutor import models


def test_the_sine_points_span_a_period_and_end_at_pi():
    x, y = models.sine_data(5, numpy=True)
    assert x == pytest.approx([-np.pi, -np.pi / 2, 0, np.pi / 2, np.pi])
    assert y == pytest.approx([0, -1, 0, 1, 0], abs=1e-12)


def test_tensors_are_float32_on_the_cpu_unless_asked_otherwise():
    for tensor in (*models.sine_data(), *models.two_layer_data()):
        assert (tensor.dtype, tensor.device.type) == (torch.float32, "cpu")


def test_a_dtype_and_a_device_are_obeyed():
    tensors = (*models.sine_data(dtype=torch.float64, device="meta"), *models.two_layer_data(device="meta"))
    assert [t.device.type for t in tensors] == ["meta"] * 6
    assert tensors[0].dtype == torch.float64


def test_every_form_holds_the_same_numbers():
    for problem in (models.sine_data, models.two_layer_data):
        for array, tensor in zip(problem(numpy=True), problem(dtype=torch.float64), strict=True):
            assert array.dtype == np.float64
            assert np.array_equal(array, tensor.numpy())


def test_the_net_has_the_sizes_that_are_asked_for():
    shapes = [tuple(t.shape) for t in models.two_layer_data((6, 5, 4, 3))]
    assert shapes == [(6, 5), (6, 3), (5, 4), (4, 3)]


def test_the_net_starts_from_the_numbers_that_lesson_01_draws():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(64, 1000)), rng.normal(size=(64, 10))
    w1, w2 = rng.normal(size=(1000, 100)), rng.normal(size=(100, 10))
    for ours, theirs in zip(models.two_layer_data(numpy=True), (x, y, w1, w2), strict=True):
        assert np.array_equal(ours, theirs)


def test_another_seed_draws_other_numbers():
    assert not torch.equal(models.two_layer_data(seed=0)[2], models.two_layer_data(seed=1)[2])


def test_arrays_take_no_dtype_and_no_device():
    with pytest.raises(ValueError, match="belong to tensors"):
        models.sine_data(numpy=True, device="cpu")


def test_no_cubic_near_the_optimum_is_better():
    x, y = models.sine_data(numpy=True)
    best, loss = models.sine_optimum(x, y)
    for k in range(4):
        for nudge in (-1e-3, 1e-3):
            moved = best.copy()
            moved[k] += nudge
            assert ((np.polynomial.polynomial.polyval(x, moved) - y) ** 2).sum() > loss


def test_the_optimum_is_the_same_for_arrays_and_tensors():
    _, from_arrays = models.sine_optimum(*models.sine_data(numpy=True))
    _, from_tensors = models.sine_optimum(*models.sine_data())
    assert from_tensors == pytest.approx(from_arrays, rel=1e-5)


def test_a_cubic_is_fitted_without_error():
    x = torch.linspace(-2, 2, 30)
    best, loss = models.sine_optimum(x, 1 - 2 * x + 3 * x**2 - 4 * x**3)
    assert best == pytest.approx([1, -2, 3, -4], abs=1e-4)
    assert loss < 1e-6


def test_arrays_are_had_without_importing_torch():
    use = "import sys, tutor.models as m; m.sine_data(numpy=True); m.two_layer_data(numpy=True)"
    done = subprocess.run(
        [sys.executable, "-c", f"{use}; print('torch' in sys.modules)"], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
