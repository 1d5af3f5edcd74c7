"""Small graphs as lessons have them, each built afresh: a name, and a function that returns (loss, names of leaves)."""

import pytest
import torch
from torch import nn
from torch.nn import functional

# private in torch and missing in older versions: without it shapes are known only from recorded gradients
needs_shapes = pytest.mark.skipif(
    not hasattr(torch.ones(1, requires_grad=True).exp().grad_fn, "_input_metadata"),
    reason=f"torch {torch.__version__} does not tell shapes before a backward",
)


def sine_fit():
    x = torch.linspace(-3.14, 3.14, 200)
    a, b, c, d = (torch.randn((), requires_grad=True) for _ in range(4))
    y_pred = a + b * x + c * x**2 + d * x**3
    return (y_pred - torch.sin(x)).pow(2).sum(), {"a": a, "b": b, "c": c, "d": d}


def two_layer_net():
    x, y = torch.randn(8, 5), torch.randn(8, 2)
    w1, w2 = torch.randn(5, 7, requires_grad=True), torch.randn(7, 2, requires_grad=True)
    return (x.mm(w1).clamp(min=0).mm(w2) - y).pow(2).sum(), {"w1": w1, "w2": w2}


def logistic_regression():
    x, y = torch.ones(5), torch.zeros(3)
    w, b = torch.randn(5, 3, requires_grad=True), torch.randn(3, requires_grad=True)
    return functional.binary_cross_entropy_with_logits(torch.matmul(x, w) + b, y), {"w": w, "b": b}


class LegendrePolynomial3(torch.autograd.Function):
    @staticmethod
    def forward(ctx, input):
        ctx.save_for_backward(input)
        return 0.5 * (5 * input**3 - 3 * input)

    @staticmethod
    def backward(ctx, grad_output):
        (input,) = ctx.saved_tensors
        return grad_output * 1.5 * (5 * input**2 - 1)


def custom_function():
    x = torch.linspace(-3.14, 3.14, 50)
    a, b, c, d = (torch.tensor(value, requires_grad=True) for value in (0.0, -1.0, 0.0, 0.3))
    y_pred = a + b * LegendrePolynomial3.apply(c + d * x)
    return (y_pred - torch.sin(x)).pow(2).sum(), {"a": a, "b": b, "c": c, "d": d}


def quickstart_net():
    model = nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10))
    loss = functional.cross_entropy(model(torch.randn(4, 784)), torch.tensor([0, 1, 2, 3]))
    return loss, dict(model.named_parameters())


class DynamicNet(nn.Module):
    """The middle layer is used three times: one parameter, three contributions."""

    def __init__(self):
        super().__init__()
        self.input_linear, self.middle_linear = nn.Linear(5, 6), nn.Linear(6, 6)
        self.output_linear = nn.Linear(6, 1)

    def forward(self, x):
        h = self.input_linear(x).clamp(min=0)
        for _ in range(3):
            h = self.middle_linear(h).clamp(min=0)
        return self.output_linear(h)


def dynamic_net():
    model = DynamicNet()
    return model(torch.randn(4, 5)).pow(2).mean(), dict(model.named_parameters())


def rnn_unrolled():
    w_x, w_h = torch.randn(3, 4, requires_grad=True), torch.randn(4, 4, requires_grad=True)
    b = torch.zeros(4, requires_grad=True)
    h = torch.zeros(2, 4)
    for _ in range(4):
        h = torch.tanh(torch.randn(2, 3) @ w_x + h @ w_h + b)
    return h.pow(2).mean(), {"w_x": w_x, "w_h": w_h, "b": b}


LESSON_GRAPHS = {
    build.__name__: build
    for build in (
        sine_fit,
        two_layer_net,
        logistic_regression,
        custom_function,
        quickstart_net,
        dynamic_net,
        rnn_unrolled,
    )
}


def transformer(layers=12, width=32):
    layer = nn.TransformerEncoderLayer(width, 4, 2 * width, batch_first=True)
    return nn.TransformerEncoder(layer, layers)


class LSTMLoop(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell, self.head = nn.LSTMCell(8, 16), nn.Linear(16, 2)

    def forward(self, x):
        h = torch.zeros(x.shape[1], 16), torch.zeros(x.shape[1], 16)
        for x_t in x:
            h = self.cell(x_t, h)
        return self.head(h[0])


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.linear = nn.Linear(width, width)
        with torch.no_grad():
            self.linear.weight.mul_(0.01)  # a thousand of these would overflow otherwise

    def forward(self, x):
        return x + self.linear(x).relu()


class ResNet(nn.Module):
    def __init__(self, layers, width=4):
        super().__init__()
        self.blocks = nn.ModuleList(Block(width) for _ in range(layers))

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return x


class Broken(torch.autograd.Function):
    """A copy whose backward raises."""

    @staticmethod
    def forward(ctx, a, message="no derivative today"):
        ctx.message = message
        return a.clone()

    @staticmethod
    def backward(ctx, grad):
        raise ArithmeticError(ctx.message)


def chain(operations):
    x = torch.ones(3, requires_grad=True)
    y = x
    for _ in range(operations // 2):
        y = y.sin() * 1.01
    return y.sum()
