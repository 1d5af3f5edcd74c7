"""The default picture of a model is for people: one card a block, repeats and steps counted, wrappers passed over."""

import re

import pytest
import torch
from torch import nn

from tutor import graph


class Attention(nn.Module):
    def __init__(self, width, bias):
        super().__init__()
        self.query, self.value, self.out = nn.Linear(width, width), nn.Linear(width, width), nn.Linear(width, width)
        self.relative = nn.Embedding(5, 1) if bias else None

    def forward(self, x):
        scores = self.query(x) @ x.transpose(-1, -2)
        if self.relative is not None:
            scores = scores + self.relative(torch.arange(5)).T
        return self.out(scores.softmax(-1) @ self.value(x))


class Block(nn.Module):
    def __init__(self, width, bias=False):
        super().__init__()
        self.norm1, self.attn = nn.LayerNorm(width), Attention(width, bias)
        self.norm2, self.mlp = nn.LayerNorm(width), nn.Sequential(nn.Linear(width, 8), nn.GELU(), nn.Linear(8, width))

    def forward(self, x):
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class Trunk(nn.Module):
    def __init__(self, blocks, width=4):
        super().__init__()
        self.embed = nn.Embedding(9, width)
        self.blocks = nn.ModuleList(Block(width, bias=k == 0) for k in range(blocks))
        self.norm = nn.LayerNorm(width)

    def forward(self, x):
        x = self.embed(x)
        for block in self.blocks:
            x = block(x)
        return self.norm(x)


class Language(nn.Module):
    """A language model whose head is tied to its embedding, and whose first block holds one module more."""

    def __init__(self, blocks=6):
        super().__init__()
        self.trunk, self.head = Trunk(blocks), nn.Linear(4, 9, bias=False)
        self.head.weight = self.trunk.embed.weight

    def forward(self, x):
        return self.head(self.trunk(x))


class Wrapper(nn.Module):
    def __init__(self, module):
        super().__init__()
        self.module = module

    def forward(self, x):
        return self.module(x)


class Steps(nn.Module):
    """A recurrence written out, with an embedding and an output a step."""

    def __init__(self):
        super().__init__()
        self.embed, self.inward, self.again = nn.Embedding(9, 3), nn.Linear(3, 4), nn.Linear(4, 4)
        self.out = nn.Linear(4, 2)

    def forward(self, x):
        h, said = torch.zeros(len(x), 4), []
        for t in range(x.shape[1]):
            h = torch.tanh(self.inward(self.embed(x[:, t])) + self.again(h))
            said.append(self.out(h))
        return torch.stack(said)


class Cells(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed, self.cell, self.out = nn.Embedding(9, 3), nn.LSTMCell(3, 4), nn.Linear(4, 2)

    def forward(self, x):
        h = torch.zeros(len(x), 4), torch.zeros(len(x), 4)
        for t in range(x.shape[1]):
            h = self.cell(self.embed(x[:, t]), h)
        return self.out(h[0])


class Stage(nn.Module):
    def __init__(self, before, after):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(before, after, 3, padding=1), nn.Conv2d(after, after, 3, padding=1)
        self.bn, self.relu = nn.BatchNorm2d(after), nn.ReLU()
        self.down = nn.Sequential(nn.Conv2d(before, after, 1), nn.BatchNorm2d(after)) if before != after else None

    def forward(self, x):
        made = self.conv2(self.relu(self.bn(self.conv1(x))))
        return self.relu(made + (x if self.down is None else self.down(x)))


class Experts(nn.Module):
    """Blocks that each send something to the loss past the others, as the routers of a mixture do."""

    def __init__(self, blocks=5):
        super().__init__()
        self.blocks = nn.ModuleList(Block(4) for _ in range(blocks))

    def forward(self, x):
        sizes = []
        for block in self.blocks:
            x = block(x)
            sizes.append(x.square().mean())
        return x.sum() + torch.stack(sizes).sum()


def watched(model, x):
    with graph.watch(model) as seen:
        loss = model(x).square().mean()
    return graph.trace(loss, model=seen)


def titles(g, **options):
    return [card.title for card in g.scene(**options).cards]


TOKENS = torch.arange(10).reshape(2, 5) % 9


def test_blocks_that_differ_by_something_small_are_one_card_that_says_so():
    g = watched(Language(), TOKENS)
    assert titles(g) == ["Mean", "Pow", "Linear", "LayerNorm", "Block \u00d7 6", "Embedding"]
    assert "0 also holds attn.relative" in g.text()
    assert "trunk.blocks.0 … trunk.blocks.5" in g.text()


def test_the_branches_of_a_residual_stream_are_named():
    assert "residual: attn, mlp" in watched(Language(), TOKENS).text()


def test_a_residual_sum_that_is_drawn_itself_names_its_branch():
    g = watched(nn.Sequential(nn.Linear(4, 4), Block(4), Block(4)), torch.ones(2, 5, 4))
    named = [card.faint[0] for card in g.scene(depth=2).cards if card.title == "Add"]
    assert named == ["residual: mlp", "residual: attn"] * 2


def test_a_shortcut_that_is_a_module_is_a_residual_branch_too():
    g = watched(nn.Sequential(Stage(2, 3), Stage(3, 3), Stage(3, 3), Stage(3, 3)), torch.ones(1, 2, 4, 4))
    assert "residual: conv1, conv2" in g.text()
    assert "0 also holds down" in g.text()


@pytest.mark.parametrize("wrap", [Wrapper, lambda model: Wrapper(Wrapper(model))], ids=["once", "twice"])
def test_wrappers_are_passed_over(wrap):
    plain, wrapped = watched(Language(), TOKENS), watched(wrap(Language()), TOKENS)
    assert titles(wrapped) == titles(plain)
    for depth in (1, 2, 3):
        assert titles(wrapped, depth=depth) == titles(plain, depth=depth)


def test_a_compiled_model_is_drawn_as_the_model():
    model = Language()
    compiled = torch.compile(model, backend="eager")
    loss = model(TOKENS).square().mean()
    as_wrapper, as_model = (graph.trace(loss, model=one).scene().cards for one in (compiled, model))
    # parameters have the names that the model in question gives them
    assert [card.title for card in as_wrapper if card.kind != "parameter"] == [
        card.title for card in as_model if card.kind != "parameter"
    ]


def test_a_wrapped_block_is_called_what_it_wraps():
    model = nn.Sequential(*(Wrapper(Block(4)) for _ in range(4)))
    assert "Block \u00d7 4" in titles(watched(model, torch.ones(2, 5, 4)))


def test_depth_counts_no_list():
    g = watched(Language(), TOKENS)
    assert titles(g, depth=1) == ["Mean", "Pow", "Linear", "Trunk"]
    assert titles(g, depth=2).count("Block") == 6


def test_time_steps_are_folded_and_what_feeds_them_stands_beside_them():
    g = watched(Steps(), torch.zeros(2, 30, dtype=torch.long))
    drawn = titles(g)
    assert {"Linear \u00d7 30", "Tanh, Add, Linear \u00d7 30", "Embedding \u00d7 30"} <= set(drawn)
    assert len(drawn) < 10
    assert "embed, called 30 times" in g.text()


def test_a_cell_with_an_embedding_a_step_is_two_cards():
    g = watched(Cells(), torch.zeros(2, 50, dtype=torch.long))
    assert titles(g)[-3:] == ["Linear", "LSTMCell \u00d7 50", "Embedding \u00d7 50"]


def test_what_each_block_sends_past_the_others_does_not_keep_them_apart():
    assert "Block \u00d7 5" in titles(watched(Experts(), torch.ones(2, 5, 4)))


@pytest.mark.parametrize("build", [Language, lambda: Wrapper(Language(12)), Steps, Cells])
@pytest.mark.parametrize("seen", [True, False], ids=["watched", "inferred"])
def test_a_model_is_a_picture_of_forty_cards_and_two_pages_at_most(build, seen):
    model = build()
    x = TOKENS.repeat(1, 1) if not isinstance(model, Steps | Cells) else torch.zeros(2, 40, dtype=torch.long)
    g = watched(model, x) if seen else graph.trace(model(x).square().mean(), model=model)
    assert len(g.scene().cards) <= 40
    width, height = map(int, re.search(r'width="(\d+)" height="(\d+)"', g.svg()).groups())
    assert width <= 1300 and height <= 2400


def test_every_operation_is_part_of_exactly_one_card_of_a_folded_picture():
    g = watched(Language(), TOKENS)
    drawn = [i for card in g.scene().cards for i in card.nodes if not g.nodes[i].is_leaf]
    assert sorted(drawn) == sorted(set(drawn))
    left = {g.nodes[i].op for i in range(len(g.nodes)) if i not in drawn and not g.nodes[i].is_leaf}
    assert left <= {"TBackward0", "PermuteBackward0"}  # views of leaves


class Wrong(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a):
        return a * 2

    @staticmethod
    def backward(ctx, grad):
        return grad * 3


def test_what_contradicts_a_custom_function_stands_on_lines_of_its_own():
    x = torch.ones(2, requires_grad=True)
    with graph.explain(check_functions=True) as found:
        Wrong.apply(x).sum().backward()
    (wrong,) = [finding for finding in found.findings if finding.kind == "custom Function"]
    assert [part.partition(":")[0] for part in wrong.more] == [
        "Jacobian mismatch for output 0 with respect to input 0",
        "numerical",
        "analytical",
    ]


def test_a_line_that_keeps_several_tensors_is_told_once():
    x = torch.ones(4, requires_grad=True)
    with graph.explain() as found:
        y = x
        for _ in range(5):
            y = y.tanh()
        y.sum().backward()
    (kept,) = [one.sentence for one in found.findings if one.sentence.startswith("The graph keeps")]
    assert "80 bytes by tanh" in kept and kept.count(" by ") == 1
