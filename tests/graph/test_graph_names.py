"""Names are true or marked: modules where forward was watched, inferred and tied ones, lines, what is outside."""

import pytest
import torch
from torch import nn

from tutor import graph
from tutor.graph.words import shorten_source


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed, self.body, self.head = nn.Embedding(7, 4), nn.Linear(4, 4), nn.Linear(4, 7, bias=False)
        self.head.weight = self.embed.weight

    def forward(self, x):
        return self.head(self.body(self.embed(x)))


class Pre(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm, self.mlp = nn.LayerNorm(4), nn.Linear(4, 4)

    def forward(self, x):
        return x + self.mlp(self.norm(x).relu())


class Stack(nn.Module):
    def __init__(self, blocks):
        super().__init__()
        self.blocks = nn.ModuleList(Pre() for _ in range(blocks))

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return x


def operations(g):
    return sorted((node for node in g.nodes if not node.is_leaf), key=lambda node: node.sequence)


def wrong(inferred, watched):
    """The operations whose inferred module neither holds the one that ran them nor lies in it."""
    pairs = [(a.module, b.module) for a, b in zip(operations(inferred), operations(watched), strict=True)]
    return [
        (a, b) for a, b in pairs if not (f"{a}.".startswith(f"{b}.") or f"{b}.".startswith(f"{a}.") or not a or not b)
    ]


@pytest.mark.parametrize(
    "model, x", [(Tied(), torch.arange(5)), (Stack(3), torch.randn(2, 4))], ids=["tied", "pre-norm"]
)
def test_no_operation_is_put_into_a_wrong_module_where_nobody_watched(model, x):
    loss = model(x).sum()
    with graph.watch(model) as seen:
        same = model(x).sum()
    assert wrong(graph.trace(loss, model=model), graph.trace(same, model=seen)) == []


def test_record_of_the_model_knows_tied_heads_and_pre_norm_blocks():
    tied, stack = Tied(), Stack(2)
    with graph.record(tied) as g:
        tied(torch.arange(5)).sum().backward()
    assert {node.op: node.module for node in operations(g)}["MmBackward0"] == "head"
    with graph.record(stack) as g:
        stack(torch.randn(2, 4)).sum().backward()
    assert [n.module for n in operations(g) if n.op == "AddBackward0"] == ["blocks.0", "blocks.1"]
    assert g.recorded and not any(node.inferred for node in g.nodes)


def test_record_of_the_model_shows_the_last_of_several_passes_and_counts_them():
    model = nn.Linear(2, 1)
    with graph.record(model) as g:
        for _ in range(3):
            model(torch.ones(2)).sum().backward()
    assert g.passes == 3 and len(g.order) == len(g.nodes)


def test_record_of_the_model_without_a_backward_pass_says_so():
    with pytest.raises(ValueError, match="none ran"), graph.record(nn.Linear(2, 1)):
        pass
    with pytest.raises(TypeError, match="the model alone"), graph.record(nn.Linear(2, 1), nn.Linear(2, 1)):
        pass


def test_an_inferred_module_is_marked_in_text_and_picture_and_a_watched_one_is_not():
    model = nn.Sequential(nn.Linear(3, 3), nn.Tanh(), nn.Linear(3, 3))
    unwatched = graph.trace(model(torch.randn(2, 3)).sum(), model=model)
    assert "≈ 0 · Linear" in unwatched.text() and "≈ 0 · Linear" in unwatched.svg()
    assert "≈ modules are inferred from parameters" in unwatched.alt()
    with graph.watch(model) as seen:
        loss = model(torch.randn(2, 3)).sum()
    watched = graph.trace(loss, model=seen)
    assert "≈" not in watched.text() + watched.svg() + watched.alt()


def test_parameters_outside_the_graph_are_counted_in_every_form():
    model = nn.ModuleDict({"used": nn.Linear(2, 1), "spare": nn.Linear(2, 2)})
    g = graph.trace(model["used"](torch.ones(2)).sum(), model=model)
    assert g.outside == ("spare.weight", "spare.bias")
    assert "2 parameters outside it" in repr(g)
    for form in (g.text(), g.alt(), g.svg()):
        assert "2 parameters of the model outside this graph: spare.weight" in " ".join(form.split())


def test_a_line_number_is_never_what_is_cut():
    long = "a_module_with_a_rather_long_name.py:1234: " + "x = " + "very_long_name + " * 9 + "1"
    assert shorten_source(long).startswith("a_module_with_a_rather_long_name.py:1234")
    assert shorten_source("net.py:7: " + "x = f(y)") == "net.py:7: x = f(y)"


def test_text_says_the_whole_source_line():
    w = torch.ones(3, requires_grad=True)
    with torch.autograd.set_detect_anomaly(True, check_nan=False):
        loss = (w * 2.0).sum()
    assert "test_graph_names.py:" in graph.trace(loss).text()
    assert "loss = (w * 2.0).sum()" in graph.trace(loss).text()


def test_a_leaf_that_received_and_was_cleared_is_not_said_to_have_received_none():
    w = torch.ones(2, requires_grad=True)
    loss = (w * w).sum()
    with graph.record(loss) as g:
        loss.backward()
        w.grad = None
    words = g.steps().text()
    assert "received None" not in words
    assert "its .grad is None now" in words and ".grad now None" in g.text()


def test_torchs_own_message_is_shown_whole():
    w = torch.ones(3, requires_grad=True)
    y = w.exp()
    loss = (y * w).sum()
    y.add_(1)
    with pytest.raises(RuntimeError) as raised, graph.record(loss) as g:
        loss.backward()
    assert " ".join(str(raised.value).split()) in g.text()


def test_what_is_too_large_is_folded_to_what_a_person_takes_in():
    model = Stack(60)
    with graph.watch(model) as seen:
        loss = model(torch.randn(2, 4)).sum()
    assert len(graph.trace(loss, model=seen).scene().cards) <= 40


def test_a_model_that_is_a_list_itself_ends_the_search_for_what_holds_it():
    model = nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 1)])
    g = graph.trace(model[1](model[0](torch.ones(2)).relu()).sum(), model=model)
    assert [node.module for node in operations(g) if node.op == "ReluBackward0"] == [""]
