"""Public reports of tensors that were changed in place, rebuilt: the sentence names tensor, victims and line."""

import torch
from telling import kinds, says, told
from torch import nn

from tutor import graph


def gan():
    generator = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 5))
    critic = nn.Sequential(nn.Linear(5, 6), nn.LeakyReLU(), nn.Linear(6, 1))
    return nn.ModuleDict({"generator": generator, "critic": critic})


def step_between(model):
    optimizer = torch.optim.SGD(model["critic"].parameters(), lr=0.1)
    score = model["critic"](model["generator"](torch.randn(3, 4)))
    score.mean().backward(retain_graph=True)
    optimizer.step()
    return -score.mean()


# NVlabs/FUNIT#23, Lornatang/SRGAN-PyTorch#28: the critic steps between the generator's forward and backward pass
def test_an_optimizer_step_between_forward_and_backward_is_told_as_such():
    model = gan()
    found = told(lambda: step_between(model).backward(), model)
    assert kinds(found) == ["changed in place"]
    assert says(found, "`critic.0.weight` and `critic.2.weight`", "SGD.step(), line `optimizer.step()`", "version 1")


def test_an_optimizer_step_that_nobody_watched_is_inferred_before_backward_runs():
    model = gan()
    loss = step_between(model)
    found = graph.explain(loss, model)
    assert says(found, "`critic.0.weight` and `critic.2.weight`", "an optimizer's step()", "(inferred")
    assert found.findings[0].inferred


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second, self.act = nn.Linear(4, 4), nn.Linear(4, 4), nn.ReLU(inplace=True)

    def forward(self, x):
        h = torch.sigmoid(self.first(x))
        y = self.second(h)
        h += 1
        return self.act(y) + h


# bruceyo/GLA-GCN#5: what sigmoid and a linear layer had saved is overwritten; torch names neither line nor tensor
def test_the_line_that_overwrote_a_saved_tensor_and_all_its_victims_are_named():
    model = nn.Sequential(Block(), Block())
    found = told(lambda: model(torch.randn(2, 4)).sum().backward(), model)
    assert says(found, "The result of sigmoid in `0` (Block)", "by line `h += 1`", "linear in `0.second` (Linear)")
    assert found.findings[0].number == 1


def test_what_was_overwritten_is_told_before_backward_runs_too():
    model = nn.Sequential(Block())
    kept = []
    found = told(lambda: kept.append(model(torch.randn(2, 4)).sum()), model)
    assert not found.error
    assert says(found, "The result of sigmoid in `0` (Block)", "by line `h += 1`")
    assert says(graph.explain(kept[0], model), "The result of sigmoid", "the add that follows may be it (inferred")
