"""Public reports of parameters that got no gradient, rebuilt: the sentence names the parameters and the cause."""

import os
import socket

import pytest
import torch
import torch.distributed as dist
from telling import kinds, says, told
from torch import nn

from tutor import graph


class Mixture(nn.Module):
    def __init__(self):
        super().__init__()
        self.gate, self.experts, self.balance = nn.Linear(8, 2), nn.ModuleList(nn.Linear(8, 8) for _ in range(2)), None

    def forward(self, x):
        share = self.gate(x).softmax(-1)
        self.balance = (share.mean(0) ** 2).sum()
        return self.experts[0](x) + self.experts[1](x)


# laekov/fastmoe#49: torch.tensor(list of losses) forgets where they came from
def test_a_new_tensor_made_from_losses_is_named_with_its_line():
    model = nn.Sequential(Mixture(), Mixture())

    def step():
        out = model(torch.randn(6, 8))
        balance = torch.tensor([layer.balance for layer in model]).mean()
        (out.pow(2).mean() + 0.01 * balance).backward()

    found = told(step, model)
    assert says(
        found, "`0.gate.*` and `1.gate.*` get no gradient", "torch.tensor() made a new tensor", "balance = torch.tensor"
    )


def test_without_having_been_watched_the_tensor_is_named_that_the_parameters_went_into():
    model = nn.Sequential(Mixture())
    loss = model(torch.randn(6, 8)).pow(2).mean() + torch.tensor([model[0].balance])
    assert says(
        graph.explain(loss, model), "`0.gate.*` get no gradient", "went into `0.balance`", "torch.tensor([...])"
    )


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.features, self.encoder, self.head = nn.Linear(6, 8), nn.Linear(8, 8), nn.Linear(8, 2)

    def forward(self, x):
        found = self.features(x)
        return self.head(self.encoder(found.detach()).relu())


# speechbrain/speechbrain#1396: features are detached before the encoder
def test_a_detach_in_the_middle_is_named_with_its_line_and_what_follows_it():
    model = Encoder()
    found = told(lambda: model(torch.randn(3, 6)).pow(2).mean().backward(), model)
    assert kinds(found) == ["no gradient"]
    assert says(
        found, "`features.*` get no gradient", "cut by detach(), line `return self.head", "before `encoder` (Linear)"
    )


def test_without_having_been_watched_it_is_inferred_where_the_graph_begins():
    model = Encoder()
    found = graph.explain(model(torch.randn(3, 6)).pow(2).mean(), model)
    assert says(found, "`features.*` get no gradient", "the graph begins at `encoder` (Linear)", "(inferred")
    assert found.wrong[0].inferred


class Sensory(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk, self.sensory, self.head = nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 2)
        self.spare = nn.Linear(4, 4)
        self.empty = nn.Parameter(torch.zeros(3))

    def forward(self, x):
        h = self.trunk(x)
        self.side = self.sensory(h)
        return self.head(h)


@pytest.fixture
def one_process(monkeypatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setitem(os.environ, "MASTER_ADDR", "127.0.0.1")
    monkeypatch.setitem(os.environ, "MASTER_PORT", str(port))
    dist.init_process_group("gloo", rank=0, world_size=1)
    yield
    dist.destroy_process_group()


# hkchengrex/Cutie#125, microsoft/VQ-Diffusion#6, pytorch/pytorch#43259: parameters without a part in the loss
def test_what_distributed_data_parallel_waits_for_is_named_by_reason(one_process):
    model = nn.parallel.DistributedDataParallel(Sensory())

    def two_steps():
        for _ in range(2):
            model(torch.randn(2, 4)).sum().backward()

    found = told(two_steps, model)
    assert "Expected to have finished reduction" in found.error
    reasons = {finding.more: finding.sentence for finding in found.wrong if finding.kind == "no gradient"}
    assert "never reaches this loss" in reasons["module.sensory.weight", "module.sensory.bias"]
    assert "was not called" in reasons["module.spare.weight", "module.spare.bias"]
    assert "does not use it" in reasons[("module.empty",)]
    assert all("find_unused_parameters=True" in sentence for sentence in reasons.values())


def network():
    return nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2))


# open-mmlab/mmdetection#4040, jina-ai/finetuner#435: all that could learn is frozen
def test_a_frozen_model_is_told_as_frozen_before_and_by_backward():
    model = network().requires_grad_(False)
    loss = model(torch.randn(2, 4)).sum()
    for found in (graph.explain(loss, model), told(loss.backward, model)):
        assert says(found, "The loss has no graph", "all 4 parameters of the model are frozen")


def test_a_loss_computed_under_no_grad_or_through_argmax_is_told_with_the_line():
    model = network()

    def quiet():
        with torch.no_grad():
            loss = model(torch.randn(2, 4)).sum()
        loss.backward()

    def by_argmax():
        best = model(torch.randn(2, 4)).argmax(1)
        best.float().mean().backward()

    assert says(told(quiet, model), "The loss has no graph", "torch.no_grad(), from line `loss = model(")
    assert says(told(by_argmax, model), "The loss has no graph", "argmax() gives int64", "line `best = model(")


# open-mmlab/mmdetection#11234: gradients are read after zero_grad()
def test_gradients_that_were_cleared_are_told_with_the_line_that_cleared_them():
    model = nn.Linear(3, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    losses = []

    def step():
        losses.append(model(torch.randn(4, 3)).pow(2).mean())
        losses[0].backward()
        optimizer.step()
        optimizer.zero_grad()

    found = told(step, model)
    assert "`weight` and `bias` had received a gradient" in found.text()
    assert "cleared since, by `optimizer.zero_grad()`" in found.text() and not found.wrong  # the step had used it
    assert says(graph.explain(losses[0], model), "`.grad` of all 2 leaves is None", "zero_grad() does", "(inferred)")
