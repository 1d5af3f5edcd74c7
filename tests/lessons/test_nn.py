"""Lesson 07 beside the networks that later lessons share."""

import torch

from tutor import models
from tutor.lessons.registry import HOME, Lesson


def test_the_two_layer_net_that_readers_write_is_the_one_that_later_lessons_use():
    torch.manual_seed(0)
    written = Lesson("nn", HOME / "nn", 7).exercises["nn.two_layer_net"].reference(5, 4, 3)
    shared = models.TwoLayerNet(5, 4, 3)
    shared.load_state_dict(written.state_dict())
    x = torch.randn(6, 5)
    assert torch.equal(shared(x), written(x))
