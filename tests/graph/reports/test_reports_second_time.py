"""Public reports of a second backward, rebuilt: what was freed, by which call, and the tensor that led there."""

import torch
from telling import kinds, says, told
from torch import nn

from tutor import graph


def softmax_loss():
    weights = torch.randn(5, 5, requires_grad=True)
    counts = (torch.eye(5) @ weights).exp()
    return -(counts / counts.sum(1, keepdim=True)).diagonal().log().mean()


# karpathy/nn-zero-to-hero#31, davda54/sam#45: the cell with loss.backward() is run again
def test_a_second_backward_on_the_same_loss_is_told_with_the_line_of_the_first():
    loss = softmax_loss()

    def twice():
        loss.backward()
        loss.backward()

    found = told(twice)
    assert kinds(found) == ["a second time"]
    assert says(found, "The whole graph was freed already, by the backward pass of line `loss.backward()`")


def test_a_first_backward_before_the_block_is_not_given_a_line():
    loss = softmax_loss()
    loss.backward()
    assert says(told(loss.backward), "The whole graph was freed already, by an earlier backward pass")
    assert says(graph.explain(loss), "Backward ran through this graph already")


# pytorch/pytorch#17568, horovod/horovod#641, rballester/tntorch#19: total += loss keeps the graph of every step
def test_a_running_total_is_told_by_its_name_and_the_number_of_steps_it_keeps():
    model, total = nn.Linear(8, 1), 0
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for _ in range(20):
        optimizer.zero_grad()
        loss = model(torch.randn(4, 8)).pow(2).mean()
        loss.backward()
        optimizer.step()
        total = total + loss
    found = graph.explain(total, model)
    assert says(found, "`total` holds the graphs of 20 passes", "total += loss.item()")
    assert found.wrong[0].number == 20


def test_a_running_total_is_found_at_the_end_of_the_block_though_no_backward_failed():
    model, kept = nn.Linear(8, 1), []

    def steps():
        total = 0
        for _ in range(4):
            loss = model(torch.randn(4, 8)).pow(2).mean()
            loss.backward()
            total = total + loss
        kept.append(total)

    assert says(told(steps, model), "holds the graphs of 4 passes", "total += loss.item()")
