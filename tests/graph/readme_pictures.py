"""Draw the pictures of the README again: python tests/graph/readme_pictures.py [FOLDER]."""

import sys
from pathlib import Path

import torch
from lesson_graphs import LSTMLoop, ResNet, chain, rnn_unrolled, transformer, two_layer_net
from torch import nn

from tutor import graph

FOLDER = Path(__file__).parents[2] / "docs" / "images"


def recorded(loss, model=None, params=None):
    with graph.record(loss, model, params) as g:
        loss.backward()
    return g


def watched(model, x):
    with graph.watch(model) as seen:
        loss = (model(x) * torch.randn_like(model(x))).mean()
    return recorded(loss, seen)


def nan_origin():
    x, w = torch.tensor([0.0, 1.0, 4.0], requires_grad=True), torch.ones(3, requires_grad=True)
    loss = (torch.sqrt(x * w) * torch.tensor([0.0, 1.0, 1.0])).sum()
    return recorded(loss, params={"x": x, "w": w})


class Cut(nn.Module):
    """An encoder that gets no gradient, because its features are detached."""

    def __init__(self):
        super().__init__()
        self.encoder, self.head = nn.Linear(4, 3), nn.Linear(3, 1)

    def forward(self, x):
        return self.head(torch.relu(self.encoder(x)).detach())


def explained():
    net = Cut()
    with graph.explain(net) as found:
        net(torch.randn(16, 4)).square().mean().backward()
    return found


def main(folder=FOLDER):
    torch.manual_seed(0)
    loss, leaves = two_layer_net()
    two_layers = recorded(loss, params=leaves)
    loss, leaves = rnn_unrolled()
    rnn = recorded(loss, params=leaves)
    pictures = {
        "two_layer_net": two_layers.svg(),
        "step": two_layers.steps().svg(3),
        "shared_parameter": rnn.svg(),
        "nan": nan_origin().svg(),
        "transformer": watched(transformer(), torch.randn(2, 5, 32)).svg(depth=1, repeats=True),
        "transformer_layer": watched(transformer(1), torch.randn(2, 5, 32)).svg(depth=2),
        "lstm": watched(LSTMLoop(), torch.randn(50, 2, 8)).svg(depth=1, repeats=True),
        "resnet": watched(ResNet(1000), torch.randn(2, 4)).svg(),
        "chain": recorded(chain(10_000)).svg(),
        "explained": explained().svg(),
    }
    for name, svg in pictures.items():
        (folder / f"graph_{name}.svg").write_text(svg, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
