"""The recipes that the series ends with, as data, and the loop that trains by one."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from tutor import networks
from tutor.data import MemoryLoader


@dataclass(frozen=True)
class Recipe:
    """How to train: AdamW with a rate that warms up and falls, on images mirrored and moved by chance.

    Attributes
    ----------
    network : called without arguments, gives a fresh module that takes images (N, 1, 28, 28) and gives logits.
    epochs : how many walks through all images.
    batch_size : images in a step.
    learning_rate : its peak, at the end of the warm-up.
    weight_decay : of AdamW, for every parameter alike.
    label_smoothing : the part of the target that is shared out over all classes.
    shift : by how many pixels an image is moved at most.
    """

    network: Callable[[], nn.Module]
    epochs: int
    batch_size: int = 256
    learning_rate: float = 1e-2
    weight_decay: float = 1e-2
    label_smoothing: float = 0.05
    shift: int = 0


LAST = Recipe(networks.fashion_cnn, epochs=8, weight_decay=0.05)
LONG = Recipe(networks.fashion_resnet, epochs=32, weight_decay=0.05, label_smoothing=0.1, shift=1)


def warm_up_and_fall(done: float) -> float:
    """Give the factor of the learning rate, 0.05 up to 1 and down to 0, when a part of the training is done, 0 to 1."""
    return min((done + 0.01) / 0.2, (1 - done) / 0.8)


def train(
    recipe: Recipe,
    images: torch.Tensor,
    labels: torch.Tensor,
    mean: float,
    std: float,
    *,
    seed: int = 0,
    bf16: bool = False,
    after_epoch: Callable[[int, nn.Module], Any] | None = None,
) -> nn.Module:
    """Train a fresh network by a recipe, on the device that the images lie on; return it in evaluation mode.

    Parameters
    ----------
    recipe : what to train and how.
    images : (N, 28, 28) uint8, as they are in the file.
    labels : (N,) int64, on the same device.
    mean, std : what the pixels, between 0 and 1, are normalised by; measure them on the images to train on.
    seed : of torch's generator, which draws the first weights, the order, the flips and the shifts.
    bf16 : compute the forward pass in bfloat16 (autocast); the weights stay float32.
    after_epoch : called with the number of epochs done and the network, which it may leave in either mode.
    """
    torch.manual_seed(seed)
    # with channels beside each other in memory, as convolutions compute, nothing has to be turned over between layers
    model = recipe.network().to(images.device, memory_format=torch.channels_last)
    batches = MemoryLoader(images, labels, recipe.batch_size, mean, std, pixels=recipe.shift)
    optimizer = torch.optim.AdamW(
        model.parameters(),
        lr=recipe.learning_rate,
        weight_decay=recipe.weight_decay,
        fused=images.device.type in ("cpu", "cuda"),  # a step in one go; other devices learned it later than these
    )
    steps = recipe.epochs * len(batches)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda t: warm_up_and_fall(t / steps))
    loss_fn = nn.CrossEntropyLoss(label_smoothing=recipe.label_smoothing)
    for epoch in range(1, recipe.epochs + 1):
        model.train()
        for x, y in batches:
            with torch.autocast(images.device.type, torch.bfloat16) if bf16 else nullcontext():
                loss = loss_fn(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        if after_epoch is not None:
            after_epoch(epoch, model)
    return model.eval()


class AskedTwice(nn.Module):
    """A model that averages its logits for an image (N, 1, H, W) and for its mirror image."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the mean of the two logits, (N, C)."""
        return (self.model(x) + self.model(x.flip(-1))) / 2


class AskedAround(nn.Module):
    """A model that averages ten logits for an image (N, 1, H, W): as it is, moved by a pixel four ways, each mirrored.

    For networks that learned from moved images. What comes in at an edge is the darkest value of the batch: background.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = AskedTwice(model)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the mean of the ten logits, (N, C)."""
        height, width = x.shape[-2:]
        wide = nn.functional.pad(x, (1, 1, 1, 1), value=float(x.min()))
        corners = ((1, 1), (0, 1), (2, 1), (1, 0), (1, 2))
        views = (wide[..., top : top + height, left : left + width] for top, left in corners)
        return torch.stack([self.model(view) for view in views]).mean(dim=0)


def normalised(images: torch.Tensor, mean: float, std: float) -> torch.Tensor:
    """Make of bytes (N, H, W) what a network takes: (N, 1, H, W) float32, normalised as in training."""
    return images.unsqueeze(1).float().sub_(255 * mean).mul_(1 / (255 * std))


@torch.no_grad()
def accuracy(model: nn.Module, x: torch.Tensor, y: torch.Tensor) -> float:
    """Give the percentage of the images x (N, 1, H, W) whose highest logit stands at the label in y (N,)."""
    model.eval()
    right = sum((model(a).argmax(dim=1) == b).sum() for a, b in zip(x.split(1000), y.split(1000), strict=True))
    return 100 * int(right) / len(y)
