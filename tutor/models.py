"""The problems and the networks that lessons share; torch is imported only for tensors and networks."""

from __future__ import annotations

from typing import Any

import numpy as np

from tutor.checking.judge import to_numpy


def sine_data(count: int = 2000, *, numpy: bool = False, dtype: Any = None, device: Any = None) -> tuple[Any, Any]:
    """The points of the sine fit: x from -pi to pi in radians, and y = sin(x).

    Parameters
    ----------
    count : how many points, N.
    numpy : return float64 arrays instead of tensors.
    dtype, device : of the tensors; float32 on the CPU if not given.

    Returns
    -------
    x, y : each of shape (N,).
    """
    x = np.linspace(-np.pi, np.pi, count)
    return _placed((x, np.sin(x)), numpy, dtype, device)


def sine_optimum(x: Any, y: Any) -> tuple[np.ndarray, float]:
    """The best cubic y = a + b x + c x^2 + d x^3 in the least-squares sense, computed in float64.

    Parameters
    ----------
    x, y : arrays or tensors of any device, shape (N,).

    Returns
    -------
    coefficients : (a, b, c, d), shape (4,).
    loss : its sum of squared errors, which no cubic can beat.
    """
    powers = np.vander(to_numpy(x), 4, increasing=True)  # (N, 4)
    coefficients, *_ = np.linalg.lstsq(powers, to_numpy(y), rcond=None)
    return coefficients, float(((powers @ coefficients - to_numpy(y)) ** 2).sum())


def two_layer_data(
    sizes: tuple[int, int, int, int] = (64, 1000, 100, 10),
    seed: int = 0,
    *,
    numpy: bool = False,
    dtype: Any = None,
    device: Any = None,
) -> tuple[Any, Any, Any, Any]:
    """Inputs, targets and first weights of the two-layer net, standard normal; the numbers that lesson 01 draws.

    They are drawn by NumPy in float64 and converted, so that every dtype and device starts from the same numbers.

    Parameters
    ----------
    sizes : N, D_in, H and D_out.
    seed : of NumPy's generator.
    numpy : return float64 arrays instead of tensors.
    dtype, device : of the tensors; float32 on the CPU if not given.

    Returns
    -------
    x (N, D_in), y (N, D_out), w1 (D_in, H), w2 (H, D_out).
    """
    n, d_in, h, d_out = sizes
    rng = np.random.default_rng(seed)
    shapes = ((n, d_in), (n, d_out), (d_in, h), (h, d_out))
    return _placed(tuple(rng.normal(size=shape) for shape in shapes), numpy, dtype, device)


def _placed(arrays: tuple[np.ndarray, ...], numpy: bool, dtype: Any, device: Any) -> tuple[Any, ...]:
    """The arrays as they are, or as tensors; converted on the CPU first, since not every device knows float64."""
    if numpy:
        if dtype is not None or device is not None:
            raise ValueError("dtype= and device= belong to tensors; leave them out with numpy=True.")
        return arrays
    import torch

    return tuple(torch.from_numpy(a).to(dtype or torch.float32).to(device or "cpu") for a in arrays)


def __getattr__(name: str) -> Any:
    # the networks are torch modules, and a notebook on NumPy should not wait a second for torch
    if name in (
        "Polynomial3",
        "TwoLayerNet",
        "fashion_mlp",
        "fashion_cnn",
        "fashion_resnet",
        "DynamicNet",
        "RecurrentCell",
    ):
        from tutor import networks

        return getattr(networks, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
