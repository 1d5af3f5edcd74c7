"""The two-layer network as a module: layers that it does not notice, a ReLU that is missing or misplaced."""

from torch import nn
from torch.nn import functional

from tutor.checking import Misconception, code
from tutor.checking.evidence import seen
from tutor.checking.space import Array, Space
from tutor.lessons.training_steps import plain, shapes_of

from ..shared import fits, steps_of


def probe_far(d):
    """One input lies far from the others."""
    n, d_in, h, d_out = d.sizes(4)
    x = d.tensor(n, d_in)
    x[0, 0] = 6
    return x, d.tensor(n, d_out), d.tensor(h, d_in), d.tensor(h), d.tensor(d_out, h), d.tensor(d_out)


def use_two_layer(net, x, y, weight1, bias1, weight2, bias2):
    """The parameters of a network, its output with given numbers, and the losses of a few steps."""
    numbers = {"linear1.weight": weight1, "linear1.bias": bias1, "linear2.weight": weight2, "linear2.bias": bias2}
    model = net(weight1.shape[1], weight1.shape[0], weight2.shape[0]).to(x.dtype)
    shapes = shapes_of(model)
    if shapes != {name: str(tuple(tensor.shape)) for name, tensor in numbers.items()}:
        return shapes, None, None
    model.load_state_dict(numbers)
    y_pred = model(x)
    steps = fits(y_pred, y.shape) and x.abs().mean() < 3  # on larger numbers they end nowhere
    return shapes, plain(y_pred), steps_of(model, x, y) if steps else None


class NetOfModules(nn.Module):
    def __init__(self, d_in, d_hidden, d_out):
        super().__init__()
        self.linear2 = nn.Linear(d_hidden, d_out)
        self.relu = nn.ReLU()
        self.linear1 = nn.Linear(d_in, d_hidden)

    def forward(self, x):
        return self.linear2(self.relu(self.linear1(x)))


class NetByFunction(nn.Module):
    def __init__(self, d_in, d_hidden, d_out):
        super().__init__()
        self.linear1 = nn.Linear(in_features=d_in, out_features=d_hidden, bias=True)
        self.linear2 = nn.Linear(in_features=d_hidden, out_features=d_out)

    def forward(self, x):
        x = functional.relu(self.linear1(x))
        x = self.linear2(x)
        return x


class NetByProducts(nn.Module):
    def __init__(self, d_in, d_hidden, d_out):
        super().__init__()
        self.add_module("linear1", nn.Linear(d_in, d_hidden))
        self.add_module("linear2", nn.Linear(d_hidden, d_out))

    def forward(self, x):
        h = x @ self.linear1.weight.T + self.linear1.bias
        return (h * (h > 0)) @ self.linear2.weight.T + self.linear2.bias


EXERCISE = code(
    difficulty="easy",
    minutes=8,
    drills=("two-layer-net", "parameters"),
    space=Space(
        {
            "x": Array("N D", scales=("usual", "eight"), values=("distinct", "zeros"), tensor=True),
            "y": Array("N O", tensor=True),
            "weight1": Array("H D", tensor=True),
            "bias1": Array("H", tensor=True),
            "weight2": Array("O H", tensor=True),
            "bias2": Array("O", tensor=True),
        },
        sizes={"N": (1,), "H": (1,), "O": (1,)},
    ),
    probe=probe_far,
    use=use_two_layer,
    outputs=("parameters", "y_pred", "losses"),
    cases=2,
    misconceptions=(
        Misconception(
            "no-layer-noticed",
            "The network lists no parameters: no layer was assigned to an attribute of `self` in `__init__`. A layer "
            "in a list is overlooked, and one that is made in `forward` is new and random at every call.",
            patch=(
                ("self.linear1 = nn.Linear(d_in, d_hidden)", "self.sizes = d_in, d_hidden, d_out"),
                ("        self.linear2 = nn.Linear(d_hidden, d_out)\n", ""),
                ("self.linear1(x)", "nn.Linear(*self.sizes[:2])(x)"),
                ("self.linear2(h_relu)", "nn.Linear(*self.sizes[1:])(h_relu)"),
            ),
            hints=("What does `list(TwoLayerNet(4, 3, 2).parameters())` give?",),
        ),
        Misconception(
            "no-relu",
            "`linear2` receives what `linear1` gave, unchanged: no ReLU has been at work in between. Two linear layers "
            "in a row are no more than one.",
            patch=("self.linear2(h_relu)", "self.linear2(h)"),
            hints=("What goes into `linear2`?",),
        ),
        Misconception(
            "relu-at-the-end",
            "A ReLU at the output makes every negative prediction impossible. It stands between the layers only.",
            patch=("return self.linear2(h_relu)", "return self.linear2(h_relu).clamp(min=0)"),
            hints=("Can your network ever predict a negative number?",),
        ),
        Misconception(
            "relu-only-at-the-end",
            "The ReLU is at work behind `linear2`, and none between the layers. It belongs between them; the prediction may be negative.",
            patch=(("h_relu = h.clamp(min=0)", "h_relu = h"), ("linear2(h_relu)", "linear2(h_relu).clamp(min=0)")),
            hints=("Which of the two layers comes before your ReLU?",),
        ),
        Misconception(
            "relu-not-constructed",
            "A ReLU module goes into `linear2` in the place of a tensor. `nn.ReLU(h)` does not apply a ReLU, it makes one: construct it first, `relu = nn.ReLU()`, and then call it: `relu(h)`.",
            patch=("h.clamp(min=0)", "nn.ReLU(h)"),
            hints=("What is `type(nn.ReLU(h))`?",),
        ),
        Misconception(
            "relu-upside-down",
            "The negative numbers are kept and the positive ones cut. A ReLU does the opposite.",
            patch=("clamp(min=0)", "clamp(max=0)"),
            cause="`clamp(max=0)` cuts what is above 0.",
            evidence=seen("_.clamp(max=0)", "torch.clamp(_, max=0)", "_.clamp(max=0.0)"),
            other=("h.clamp(min=0)", "h * (h < 0)"),
            hints=("Below which number does a ReLU cut?",),
        ),
        Misconception(
            "relu-on-the-input",
            "The ReLU is applied to the input, before `linear1`, and not to what `linear1` gives, where it belongs.",
            patch=(("self.linear1(x)", "self.linear1(x.clamp(min=0))"), ("h_relu = h.clamp(min=0)", "h_relu = h")),
            hints=("Between which two things does the ReLU stand?",),
        ),
        Misconception(
            "cut-from-the-graph",
            "The predictions are right, but no gradient comes back through them, so the network would never learn. `no_grad`, "
            "`.detach()` and `.data` do not belong into `forward`.",
            patch=("return self.linear2(h_relu)", "return self.linear2(h_relu).detach()"),
            hints=("Has the prediction of your network a `grad_fn`?",),
        ),
        Misconception(
            "no-bias",
            "Neither layer has a bias. That is how the earlier notebooks had it; here each layer keeps its own.",
            patch=(
                ("nn.Linear(d_in, d_hidden)", "nn.Linear(d_in, d_hidden, bias=False)"),
                ("nn.Linear(d_hidden, d_out)", "nn.Linear(d_hidden, d_out, bias=False)"),
            ),
            hints=("How many parameters does an `nn.Linear` have if you leave it alone?",),
        ),
    ),
    alternatives=(NetOfModules, NetByFunction, NetByProducts),
    hints=(
        "Which two things does the network own, and what happens between them?",
        "Make both layers in `__init__`; in `forward` call the first, clamp at 0, call the second.",
        "`self.linear1 = nn.Linear(d_in, d_hidden)` and so on; `return self.linear2(self.linear1(x).clamp(min=0))`.",
    ),
)
