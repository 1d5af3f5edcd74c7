"""Lesson 07 beside the networks that later lessons share."""

import torch
from torch import nn

from tutor import models
from tutor.lessons.registry import HOME, Lesson


def exercise(name):
    return Lesson("nn", HOME / "nn", 7).exercises[f"nn.{name}"]


def test_the_two_layer_net_that_readers_write_is_the_one_that_later_lessons_use():
    torch.manual_seed(0)
    written = exercise("two_layer_net").reference(5, 4, 3)
    shared = models.TwoLayerNet(5, 4, 3)
    shared.load_state_dict(written.state_dict())
    x = torch.randn(6, 5)
    assert torch.equal(shared(x), written(x))


class ReluNotConstructed(nn.Module):
    def __init__(self, d_in, d_hidden, d_out):
        super().__init__()
        self.linear1 = nn.Linear(d_in, d_hidden)
        self.linear2 = nn.Linear(d_hidden, d_out)

    def forward(self, x):
        return self.linear2(nn.ReLU(self.linear1(x)))


def test_a_relu_that_is_made_and_not_called_is_told_by_its_name():
    assert exercise("two_layer_net").check(ReluNotConstructed).misconception == "relu-not-constructed"


def test_a_sum_that_loses_its_dimension_is_told_to_keep_it():
    def without_keepdim(logits, y):
        z = logits - logits.amax(dim=1, keepdim=True)
        log_p = z - z.exp().sum(dim=1).log()
        return -log_p[torch.arange(len(y)), y].mean()

    assert exercise("cross_entropy").check(without_keepdim).misconception == "keepdim-missing"


def test_a_step_returns_a_number_and_no_tensor():
    def detached(model, loss_fn, x, y, learning_rate):
        model.zero_grad()
        loss = loss_fn(model(x), y)
        loss.backward()
        with torch.no_grad():
            for parameter in model.parameters():
                parameter -= learning_rate * parameter.grad
        return loss.detach()

    assert exercise("train_step").check(detached).misconception == "tensor-returned"
