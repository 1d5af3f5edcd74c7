"""More public reports of gradients that never came: cut by detach, numbers, checkpoints, no_grad, or a lost leaf."""

import pytest
import torch
from telling import kinds, says, told
from torch import nn
from torch.utils.checkpoint import checkpoint

from tutor import graph


# pytorch/pytorch#8474: the name is bound to a view of the leaf
def test_a_name_that_was_bound_to_a_view_of_its_leaf_is_told_as_no_leaf():
    x = torch.rand(5).requires_grad_()
    x = x.view(-1, 1)
    loss = x.sum()
    loss.backward()
    assert says(graph.explain(loss), "`x` is not a leaf", "(view)", "x.requires_grad_()")


# vinsis/ternary-quantization#4, mazzzystar/randomCNN-voice-transfer#16: requires_grad=True, and then .to(device)
def test_a_leaf_that_was_moved_afterwards_is_told_as_no_leaf():
    scale = torch.ones(2, requires_grad=True).to(torch.float64)
    data = torch.randn(3, 2, dtype=torch.float64)
    found = told(lambda: (data * scale).pow(2).sum().backward())
    assert kinds(found) == ["no gradient"]
    assert says(found, "`scale` is not a leaf, so its `.grad` stays None")


# pytorch/pytorch#140469: torch.randn(requires_grad=True) * 0.01 is handed to an optimizer
def test_an_optimizer_that_refuses_a_computed_tensor_is_explained():
    with pytest.raises(ValueError, match="non-leaf"), graph.explain() as found:
        image = torch.randn(2, 3, requires_grad=True) * 0.01
        torch.optim.SGD([image], lr=0.1)
    assert says(
        found, "An optimizer was given a tensor that was computed from another", "line `torch.optim.SGD([image]"
    )


# guopengf/FL-MRCM#10: one term of the loss was turned into a number, to save memory
def test_a_term_of_the_loss_that_became_a_number_is_told_with_its_line():
    model = nn.ModuleDict({"net": nn.Linear(3, 3), "critic": nn.Linear(3, 1)})

    def step():
        out = model["net"](torch.randn(4, 3))
        adversarial = model["critic"](out).mean().item()
        (out.pow(2).mean() + adversarial).backward()

    found = told(step, model)
    assert says(found, "`critic.*` get no gradient", "as plain numbers through item()", "line `adversarial = ")


class Adjacency(nn.Module):
    def __init__(self):
        super().__init__()
        self.phi, self.theta, self.out = nn.Linear(4, 3), nn.Linear(4, 3), nn.Linear(4, 2)

    def forward(self, x):
        adjacency = torch.softmax(self.phi(x) @ self.theta(x).T, dim=1)
        return self.out(adjacency.detach() @ x)


# queenie88/A-GCN#4: a learnt adjacency matrix is detached, so what makes it never learns
def test_a_matrix_that_is_learnt_and_detached_is_told():
    model = Adjacency()
    found = told(lambda: model(torch.randn(5, 4)).sum().backward(), model)
    assert says(
        found, "`phi.*` and `theta.*` get no gradient", "cut by detach()", "line `return self.out(adjacency.detach()"
    )


# pytorch/pytorch#92586: requires_grad is switched on after a detach, and backward succeeds in silence
def test_a_detached_copy_that_asks_for_gradients_itself_is_told():
    model = nn.Linear(3, 2)

    def silent():
        copy = model(torch.randn(4, 3)).detach()
        copy.requires_grad = True
        copy.sum().backward()

    assert says(told(silent, model), "`weight` and `bias` get no gradient", "cut by detach()", "line `copy = model(")


class Frozen(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(9, 4).requires_grad_(False)
        self.block = nn.Linear(4, 4)

    def forward(self, x):
        return checkpoint(self.block, self.embed(x), use_reentrant=True)


# huggingface/peft#1577, huggingface/transformers#42489, #26377: a frozen embedding feeds a reentrant checkpoint
def test_a_reentrant_checkpoint_fed_by_frozen_layers_is_told_as_the_cause_of_no_graph():
    model = Frozen()
    with pytest.warns(UserWarning, match="None of the inputs have requires_grad=True"):
        found = told(lambda: model(torch.arange(5)).sum().backward(), model)
    assert "does not require grad" in found.error
    assert says(found, "The loss has no graph", "a reentrant checkpoint none of whose inputs asks for gradients")


# mlfoundations/open_clip#573, pytorch/pytorch#7617: the first block is checkpointed, its input is data
def test_a_checkpointed_first_block_whose_input_is_data_is_told():
    model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 1))

    def step():
        model[1](checkpoint(model[0], torch.randn(3, 4), use_reentrant=True)).sum().backward()

    with pytest.warns(UserWarning, match="None of the inputs have requires_grad=True"):
        found = told(step, model)
    assert says(found, "`0.*` get no gradient", "a reentrant checkpoint none of whose inputs", "use_reentrant=False")


# Lightning-AI/pytorch-lightning#18222: a training step that runs where gradients are switched off
def test_a_training_step_with_gradients_switched_off_is_told():
    model = nn.Linear(3, 1)

    @torch.no_grad()
    def training_step():
        return model(torch.randn(4, 3)).pow(2).mean()

    found = told(lambda: training_step().backward(), model)
    assert says(found, "The loss has no graph", "torch.no_grad(), from line `return model(")


class TwoHeads(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk, self.source, self.target = nn.Linear(4, 4), nn.Linear(4, 1), nn.Linear(4, 1)

    def forward(self, x, flag=True):
        h = self.trunk(x)
        return self.source(h), self.target(h) if flag else None


# pytorch/pytorch#22436, joanaapa/Distillation-DNABERT-Promoter#1: an output that the loss does not use
def test_an_output_that_the_loss_does_not_use_is_told_with_where_it_ends():
    model = TwoHeads()

    def step():
        source, _ = model(torch.randn(3, 4))
        source.sum().backward()

    assert says(
        told(step, model), "`target.*` get no gradient", "never reaches this loss; it ends in linear in `target`"
    )


# facebookresearch/detectron2#1120: a branch that a flag switches off
def test_a_branch_that_did_not_run_is_told_as_not_called():
    model = TwoHeads()
    found = told(lambda: model(torch.randn(3, 4), flag=False)[0].sum().backward(), model)
    assert says(found, "`target.*` get no gradient", "was not called in the forward pass")


class Listed(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = [nn.Linear(3, 3) for _ in range(2)]
        self.head = nn.Linear(3, 1)

    def forward(self, x):
        for layer in self.hidden:
            x = layer(x).relu()
        return self.head(x)


# pytorch/pytorch#715, #1053, #38639, twitter/the-algorithm-ml#136: layers in a plain Python list
def test_layers_in_a_plain_list_are_told_as_unknown_to_the_model():
    model = Listed()
    found = told(lambda: model(torch.randn(2, 3)).sum().backward(), model)
    assert says(found, "4 parameters of the graph are not registered in the model", "`hidden`", "nn.ModuleList")
