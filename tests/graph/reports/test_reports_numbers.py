"""Public reports of NaN, vanishing gradients, dead units and memory, rebuilt: the sentence names place and numbers."""

import torch
from telling import kinds, says, told
from torch import nn
from torch.nn import functional

from tutor import graph


class Field(nn.Module):
    def __init__(self):
        super().__init__()
        self.rays, self.middle, self.colour = nn.Linear(3, 8), nn.Linear(8, 8), nn.Linear(8, 3)
        nn.init.constant_(self.rays.bias, -9.0)

    def forward(self, x):
        density = self.rays(x).relu()
        weights = density / density.sum(-1, keepdim=True)
        return torch.sigmoid(self.colour(self.middle(weights)))


# dunbar12138/DSNeRF#85, yenchenlin/nerf-pytorch#38: "PowBackward0 returned nan", but it was born in the forward pass
def test_a_nan_of_the_forward_pass_is_told_with_operation_line_and_numbers():
    model, points = Field(), torch.rand(6, 3)
    found = told(lambda: functional.mse_loss(model(points), torch.rand(6, 3)).backward(), model)
    assert kinds(found)[0] == "not finite"
    assert says(
        found, "The loss itself is NaN", "born in div", "line `weights = density / ", "6 of 6 times the divisor is 0"
    )


def test_a_nan_is_traced_to_its_operation_without_having_been_watched():
    model = Field()
    found = graph.explain(functional.mse_loss(model(torch.rand(6, 3)), torch.rand(6, 3)), model)
    assert says(found, "The loss itself is NaN", "born in div", "6 of 6 times the divisor is 0")


# thunlp/HATT-Proto#6, official-stockfish/nnue-pytorch#55, pytorch/pytorch#40983: where does the gradient die
def test_a_vanishing_gradient_is_told_with_its_ends_and_listed_by_layer():
    layers = [layer for _ in range(12) for layer in (nn.Linear(16, 16), nn.Sigmoid())]
    model = nn.Sequential(*layers, nn.Linear(16, 1))
    found = told(lambda: model(torch.randn(8, 16)).pow(2).mean().backward(), model)
    assert kinds(found) == ["dying"]
    assert says(found, "The gradient falls by a factor of", "from `24.weight`", "to `0.weight`")
    assert [layer.name for layer in found.layers][:2] == ["0.weight", "0.bias"]
    assert "24.weight" in found.table() and "<rect" in found.bars()


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.attend = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 1, 3, padding=1), nn.ReLU())
        self.read = nn.Linear(9, 2)
        nn.init.constant_(self.attend[2].bias, -9.0)

    def forward(self, x):
        return self.read((self.attend(x) * x).flatten(1))


def test_a_relu_that_is_zero_everywhere_is_told_as_dead():
    model, image = Attention(), torch.rand(4, 1, 3, 3)
    found = told(lambda: functional.cross_entropy(model(image), torch.tensor([0, 1, 0, 1])).backward(), model)
    assert says(found, "Every output of relu in `attend.3` (ReLU)", "dead ReLU")
    assert "`attend.0.weight`" in found.wrong[1].sentence and "exactly 0" in found.wrong[1].sentence


# johnmarktaylor91/torchlens#28, pytorch/pytorch#91692, szagoruyko/pytorchviz#49: what is kept for backward
def test_what_a_graph_keeps_is_counted_by_node_and_module_without_parameters():
    model, x = nn.Sequential(nn.Linear(64, 256), nn.GELU(), nn.Linear(256, 64)), torch.randn(32, 64)
    losses = []
    told(lambda: losses.append(model(x).pow(2).mean()), model)
    with graph.watch(model) as seen:
        loss = model(x).pow(2).mean()
    found = graph.explain(loss, seen)
    floats = {"0": 32 * 64, "1": 32 * 256, "2": 32 * 256, "": 32 * 64}
    assert found.cost.by_module == {path: 4 * count for path, count in floats.items()}
    assert found.cost.total == 4 * sum(floats.values())
    assert not found.wrong and "81.9 kB" in found.text()
