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


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn, self.read = nn.LSTM(3, 4), nn.Linear(4, 1)
        self.hidden = None

    def forward(self, x):
        out, self.hidden = self.rnn(x, self.hidden)
        return self.read(out)


# MorvanZhou/PyTorch-Tutorial#57: the hidden state goes from step to step with its history
def test_a_state_that_carries_its_history_into_the_next_step_is_named():
    rnn, read = nn.RNN(3, 4), nn.Linear(4, 1)

    def train():
        h_state = None
        for _ in range(2):
            out, h_state = rnn(torch.randn(5, 2, 3), h_state)
            read(out).pow(2).mean().backward()

    found = told(train, nn.ModuleDict({"rnn": rnn, "read": read}))
    assert kinds(found) == ["a second time"]
    assert says(found, "come", "an earlier step", "freed by the backward pass of line `read(out)", "h = h.detach()")
    assert "h_state" in found.sentence


# sgadgil6/cnslab_fmri#4: the state is kept in the module
def test_a_state_that_a_module_keeps_is_named_by_its_attribute():
    model = Recurrent()

    def train():
        for _ in range(2):
            model(torch.randn(5, 2, 3)).pow(2).mean().backward()

    assert says(told(train, model), "from an earlier step", "`hidden[0]`", "h = h.detach()")


# quark0/darts#56: a tuple of states is not taken apart, so nothing is detached
def test_a_state_inside_a_tuple_is_named_before_the_second_backward_runs():
    cell, state = nn.LSTMCell(3, 4), (torch.zeros(2, 4), torch.zeros(2, 4))
    state = cell(torch.randn(2, 3), state)
    state[0].sum().backward()
    state_now = cell(torch.randn(2, 3), state)
    loss = state_now[0].sum()
    found = graph.explain(loss, cell)
    assert says(
        found, "from an earlier step", "`state[", "(inferred: the same parameters are used before and after it)"
    )


# MultimediaTechLab/YOLO#83, google/brax#152, BatsResearch/labelmodels#4: losses are added up in a dict for the log
def test_losses_added_up_in_a_dict_are_named_by_their_key():
    model, totals = nn.Linear(3, 1), {"box": torch.tensor(0.0)}

    def epoch():
        for _ in range(5):
            loss = model(torch.randn(4, 3)).pow(2).mean()
            loss.backward()
            totals["box"] = totals["box"] + loss

    epoch()
    assert says(graph.explain(totals["box"], model), "holds the graphs of 5 passes", "loss.item()")


# TRI-ML/packnet-sfm#51: losses are kept in a list without being detached
def test_a_list_that_keeps_the_losses_of_many_steps_is_named():
    model, outputs = nn.Linear(3, 1), []

    def epoch():
        for _ in range(5):
            outputs.append(model(torch.randn(4, 3)).pow(2).mean())
            outputs[-1].backward()

    found = told(epoch, model)
    assert says(found, "`outputs` keeps 5 tensors", "detach()")
