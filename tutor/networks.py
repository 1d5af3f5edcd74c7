"""The networks that lessons share; lessons take them from `tutor.models`, which imports torch only for them."""

from __future__ import annotations

import math
import random

import torch
from torch import nn


class Polynomial3(nn.Module):
    """The cubic a + b x + c x^2 + d x^3, its four coefficients drawn from the standard normal distribution."""

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Parameter(torch.randn(()))
        self.b = nn.Parameter(torch.randn(()))
        self.c = nn.Parameter(torch.randn(()))
        self.d = nn.Parameter(torch.randn(()))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the cubic at each entry of x, in the shape of x."""
        return self.a + self.b * x + self.c * x**2 + self.d * x**3

    def formula(self) -> str:
        """Return the cubic as text, rounded to two decimals."""
        a, b, c, d = (round(p.item(), 2) + 0.0 for p in (self.a, self.b, self.c, self.d))  # + 0.0: no "-0.00"
        return f"y = {a:.2f} {b:+.2f} x {c:+.2f} x² {d:+.2f} x³"


class TwoLayerNet(nn.Module):
    """Two linear layers with a ReLU between them: (N, d_in) -> (N, d_hidden) -> (N, d_out)."""

    def __init__(self, d_in: int, d_hidden: int, d_out: int) -> None:
        super().__init__()
        self.linear1 = nn.Linear(d_in, d_hidden)
        self.linear2 = nn.Linear(d_hidden, d_out)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return y_pred, shape (N, d_out)."""
        h_relu = self.linear1(x).clamp(min=0)  # (N, d_hidden)
        return self.linear2(h_relu)  # (N, d_out)


def fashion_mlp() -> nn.Sequential:
    """The 784-512-512-10 network: images (N, 1, 28, 28) or (N, 28, 28) -> logits (N, 10)."""
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(784, 512),
        nn.ReLU(),
        nn.Linear(512, 512),
        nn.ReLU(),
        nn.Linear(512, 10),
    )


class DynamicNet(nn.Module):
    """The cubic a + b x + c x^2 + d x^3 and, for orders 4 and 5, the terms e x^4 and e x^5 with one shared e."""

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Parameter(torch.randn(()))
        self.b = nn.Parameter(torch.randn(()))
        self.c = nn.Parameter(torch.randn(()))
        self.d = nn.Parameter(torch.randn(()))
        self.e = nn.Parameter(torch.randn(()))

    def forward(self, x: torch.Tensor, order: int | None = None) -> torch.Tensor:
        """Return the polynomial at each entry of x; its order, 3, 4 or 5, is drawn by `random` if it is not given."""
        order = order if order is not None else random.randint(3, 5)
        y_pred = self.a + x * self.b + x**2 * self.c + x**3 * self.d
        for extra in range(order - 3):
            y_pred = y_pred + self.e * x ** (4 + extra)
        return y_pred


class RecurrentCell(nn.Module):
    """One step of a recurrent net: (x_t, h) -> tanh(x_t w_x + h w_h + b), the next state.

    Every weight starts spread evenly between -1/sqrt(d_hidden) and 1/sqrt(d_hidden).
    """

    def __init__(self, d_in: int, d_hidden: int) -> None:
        super().__init__()
        bound = 1 / math.sqrt(d_hidden)
        self.w_x = nn.Parameter(torch.empty(d_in, d_hidden).uniform_(-bound, bound))
        self.w_h = nn.Parameter(torch.empty(d_hidden, d_hidden).uniform_(-bound, bound))
        self.b = nn.Parameter(torch.empty(d_hidden).uniform_(-bound, bound))

    def forward(self, x_t: torch.Tensor, h: torch.Tensor) -> torch.Tensor:
        """Return the next state (N, d_hidden) from the input x_t (N, d_in) and the state h (N, d_hidden)."""
        return torch.tanh(x_t @ self.w_x + h @ self.w_h + self.b)


def fashion_cnn() -> nn.Sequential:
    """A small convolutional network with batch normalisation: images (N, 1, 28, 28) -> logits (N, 10).

    Strides take the place of pooling, which was measured to cost three times as much on a CPU. A bias in front of a
    batch normalisation would be subtracted again with the mean, so those layers have none.
    """
    return nn.Sequential(
        nn.Conv2d(1, 16, kernel_size=5, stride=2, padding=2, bias=False),  # (N, 16, 14, 14)
        nn.BatchNorm2d(16),
        nn.ReLU(),
        nn.Conv2d(16, 32, kernel_size=3, stride=2, padding=1, bias=False),  # (N, 32, 7, 7)
        nn.BatchNorm2d(32),
        nn.ReLU(),
        nn.Flatten(),  # (N, 1568)
        nn.Linear(1568, 128, bias=False),
        nn.BatchNorm1d(128),
        nn.ReLU(),
        nn.Linear(128, 10),
    )


class Residual(nn.Module):
    """A convolution 3 x 3 with batch normalisation and ReLU, added to what comes in: (N, C, H, W), shape unchanged."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(*_convolution(channels, channels, kernel_size=3, stride=1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return x + relu(norm(conv(x)))."""
        return x + self.layers(x)


def fashion_resnet() -> nn.Sequential:
    """A wider `fashion_cnn` with a residual block, for a training of minutes: (N, 1, 28, 28) -> logits (N, 10).

    It is small, so that many epochs fit into the time.
    """
    return nn.Sequential(
        *_convolution(1, 24, kernel_size=5, stride=2),  # (N, 24, 14, 14)
        *_convolution(24, 48, kernel_size=3, stride=2),  # (N, 48, 7, 7)
        Residual(48),
        nn.Flatten(),  # (N, 2352)
        nn.Linear(2352, 128, bias=False),
        nn.BatchNorm1d(128),
        nn.ReLU(),
        nn.Linear(128, 10),
    )


def _convolution(channels_in: int, channels_out: int, kernel_size: int, stride: int) -> list[nn.Module]:
    """A convolution that leaves the size to its stride, batch normalisation, ReLU."""
    padding = kernel_size // 2
    convolution = nn.Conv2d(channels_in, channels_out, kernel_size, stride, padding, bias=False)
    return [convolution, nn.BatchNorm2d(channels_out), nn.ReLU()]
