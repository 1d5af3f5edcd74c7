"""A linear layer that owns its parameters: tensors that no module notices, weights turned, a bad start."""

import math

import torch
from torch import nn

from tutor.checking import FiniteDifference, Misconception, code
from tutor.checking.space import Array, Space
from tutor.lessons.training_steps import plain, shapes_of

from ..shared import fits, gradient


def spread_of(parameter, other, d_in):
    """Say in words where the numbers of a parameter lie; `other` is the same parameter of another layer."""
    low, high = (end.item() * math.sqrt(d_in) for end in parameter.detach().aminmax())
    if low == high == 0:
        return "is all zero"
    if not -1.001 < low <= high < 1.001:
        return "goes beyond 1/sqrt(d_in)"
    if high + low > 0.2 or high + low < -0.2:
        return "is not centred on zero"
    if high < 0.9:
        return "stays far within 1/sqrt(d_in)"
    if torch.equal(parameter, other) or torch.equal(parameter[0], parameter[1]):
        return "is not random: the same in each layer, or in each row"
    even = abs(parameter.std().item() * math.sqrt(d_in) - 1 / math.sqrt(3)) < 0.1
    return "goes from -1/sqrt(d_in) to 1/sqrt(d_in)" if even else "is not spread evenly"


def start_of(linear, d_in, d_out):
    """Say in words how the numbers of a fresh layer with many inputs are spread."""
    layer, other = linear(d_in, d_out), linear(d_in, d_out)
    names = "weight", "bias"
    return "; ".join(f"{name} {spread_of(getattr(layer, name), getattr(other, name), d_in)}" for name in names)


def use_linear(linear, x, weight, bias, grad_y_pred):
    """The parameters of a layer, its output and gradients with given numbers, and how a fresh one starts."""
    d_out, d_in = weight.shape
    layer = linear(d_in, d_out).to(x.dtype)
    shapes = shapes_of(layer)
    if shapes != {"weight": str((d_out, d_in)), "bias": str((d_out,))}:
        return shapes, None, None, None, None, None
    layer.load_state_dict({"weight": weight, "bias": bias})
    x = x.clone().requires_grad_()
    y_pred = layer(x)
    if not fits(y_pred, grad_y_pred.shape):
        return shapes, plain(y_pred), None, None, None, None
    if y_pred.requires_grad:
        y_pred.backward(grad_y_pred)
    grads = gradient(x), gradient(layer.weight), gradient(layer.bias)
    return shapes, y_pred.detach(), *grads, start_of(linear, 100, 200)


def linear_loss(x, weight, bias, grad_y_pred):
    """The scalar whose gradients flow back from `grad_y_pred`."""
    return float(((x @ weight.T + bias) * grad_y_pred).sum())


class LinearByFunction(nn.Module):
    def __init__(self, d_in, d_out):
        super().__init__()
        self.bias = nn.Parameter(torch.empty(d_out).uniform_(-(d_in**-0.5), d_in**-0.5))
        self.weight = nn.Parameter(torch.empty(d_out, d_in).uniform_(-(d_in**-0.5), d_in**-0.5))

    def forward(self, x):
        return torch.addmm(self.bias, x, self.weight.t())


class LinearByEinsum(nn.Module):
    def __init__(self, d_in, d_out):
        super().__init__()
        self.register_parameter("weight", nn.Parameter(torch.zeros(d_out, d_in)))
        self.register_parameter("bias", nn.Parameter(torch.zeros(d_out)))
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -1 / math.sqrt(d_in), 1 / math.sqrt(d_in))

    def forward(self, x):
        return torch.einsum("ni,oi->no", x, self.weight) + self.bias


class LinearByRows(nn.Module):
    def __init__(self, d_in, d_out):
        super().__init__()
        bound = torch.tensor(1.0 / d_in).sqrt()
        self.weight = nn.Parameter((torch.rand((d_out, d_in)) - 0.5) * 2 * bound)
        self.bias = nn.Parameter(-bound + 2 * bound * torch.rand(d_out))

    def forward(self, x):
        return torch.stack([(self.weight * row).sum(dim=1) + self.bias for row in x])


class LinearKaiming(nn.Module):
    def __init__(self, d_in, d_out):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(d_out, d_in))
        nn.init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        self.bias = nn.Parameter(torch.distributions.Uniform(-1, 1).sample((d_out,)) / d_in**0.5)

    def forward(self, x):
        return (self.weight @ x.T).T + self.bias


EXERCISE = code(
    difficulty="medium",
    minutes=12,
    drills=("linear", "parameters"),
    space=Space(
        {
            "x": Array("N I", scales=("usual", "eight"), values=("distinct", "zeros"), tensor=True),
            "weight": Array("O I", scales=("usual", "eight"), tensor=True),
            "bias": Array("O", tensor=True),
            "grad_y_pred": Array("N O", scales=("usual", "eight"), tensor=True),
        },
        sizes={"N": (1,), "I": (1,), "O": (1,)},
    ),
    use=use_linear,
    outputs=("parameters", "y_pred", "grad_x", "grad_weight", "grad_bias", "start"),
    gradients={
        "grad_x": FiniteDifference(linear_loss, wrt=0),
        "grad_weight": FiniteDifference(linear_loss, wrt=1),
        "grad_bias": FiniteDifference(linear_loss, wrt=2),
    },
    cases=2,
    forbid=("call:torch.nn.Linear", "call:torch.nn.functional.linear"),
    misconceptions=(
        Misconception(
            "no-parameters",
            "A fresh layer lists no parameters, so no step would ever move it. A module notices only an `nn.Parameter` "
            "that `__init__` assigns to an attribute of `self`; a plain tensor is overlooked, even with "
            "`requires_grad=True`.",
            patch=("nn.Parameter(", "("),
            hints=("What does `list(Linear(3, 2).parameters())` give?",),
        ),
        Misconception(
            "weight-turned",
            "Your weight has the shape (d_in, d_out). torch keeps one row for each output, (d_out, d_in), and "
            "transposes it in the product; weights that others have saved come in that shape.",
            patch=(("torch.rand(d_out, d_in)", "torch.rand(d_in, d_out)"), ("self.weight.T", "self.weight")),
            hints=("How many rows has `nn.Linear(3, 2).weight`?",),
        ),
        Misconception(
            "transpose-missing",
            "In the product the inner sizes do not meet: x is (N, d_in), and the weight, with one row for each output, (d_out, d_in). Transpose the weight there.",
            patch=("self.weight.T", "self.weight"),
            hints=("Which sizes have to agree in a matrix product?",),
        ),
        Misconception(
            "bias-unused",
            "The bias is there, but it has no part in the output.",
            patch=(" + self.bias", ""),
            hints=("Which of the two parameters would change nothing if it changed?",),
        ),
        Misconception(
            "start-too-large",
            "A fresh layer goes beyond 1/sqrt(d_in). Numbers of that size make the outputs grow from layer to layer. "
            "`torch.randn` has no bounds at all, and `torch.empty` holds whatever the memory held: draw with "
            "`torch.rand`, shift and scale.",
            patch=("(2 * torch.rand", "(torch.randn"),
            hints=("What is the largest number that a fresh layer with 100 inputs may hold?",),
        ),
        Misconception(
            "start-too-small",
            "A fresh layer stays far within the bound. It is one over the *square root* of the number of *inputs*, "
            "1/sqrt(d_in).",
            patch=("1 / math.sqrt(d_in)", "1 / d_in"),
            hints=("How large is the bound for 100 inputs and 200 outputs?",),
        ),
        Misconception(
            "start-at-zero",
            "A fresh layer is all zero. Then all its outputs are alike and stay alike: nothing tells them apart. "
            "Draw random numbers.",
            patch=(
                ("(2 * torch.rand(d_out, d_in) - 1)", "torch.zeros(d_out, d_in)"),
                ("(2 * torch.rand(d_out) - 1)", "torch.zeros(d_out)"),
            ),
            hints=("With which numbers should training begin?",),
        ),
        Misconception(
            "start-one-sided",
            "The numbers of a fresh layer are not centred on zero. `torch.rand` gives numbers from 0 to 1: to reach from "
            "-1/sqrt(d_in) to 1/sqrt(d_in) they have to be stretched and shifted.",
            patch=(
                ("(2 * torch.rand(d_out, d_in) - 1)", "torch.rand(d_out, d_in)"),
                ("(2 * torch.rand(d_out) - 1)", "torch.rand(d_out)"),
            ),
            hints=("Where do the numbers of `2 * torch.rand(5) - 1` lie?",),
        ),
    ),
    alternatives=(LinearByFunction, LinearByEinsum, LinearByRows, LinearKaiming),
    hints=(
        "Which two things does the layer own, and of which shapes?",
        "In `__init__` assign two `nn.Parameter`s to `self.weight` and `self.bias`; `forward` is one line.",
        "`self.weight = nn.Parameter((2 * torch.rand(d_out, d_in) - 1) / math.sqrt(d_in))`, the bias alike; then "
        "`return x @ self.weight.T + self.bias`.",
    ),
)
