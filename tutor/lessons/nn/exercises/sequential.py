"""A module that applies layers one after the other: layers it overlooks, drops, or calls past their hooks."""

from torch import nn

from tutor.checking import Misconception, code
from tutor.checking.space import Array, Space
from tutor.lessons.training_steps import plain

from ..shared import fits, steps_of


def linear_of(weight):
    """A linear layer without bias that holds the given weight."""
    layer = nn.Linear(*reversed(weight.shape), bias=False).to(weight.dtype)
    layer.load_state_dict({"weight": weight})
    return layer


def use_sequential(sequential, x, y, first, last):
    """Which layers of a chain are called, what it gives, how it learns, and whether modes reach its layers."""
    chain = {"first Linear": linear_of(first), "Tanh": nn.Tanh(), "Dropout": nn.Dropout(0.5).eval()}
    chain["last Linear"] = linear_of(last)
    called = []
    for name, layer in chain.items():
        layer.register_forward_hook(lambda module, inputs, output, name=name: called.append(name))
    model = sequential(*chain.values()).eval()
    count = f"{len(list(model.parameters()))} listed"
    if count == "0 listed":  # a second mistake is told when this one is mended
        return count, *[None] * 8
    y_pred = model(x)
    calls = ", ".join(called) or "none"
    if not fits(y_pred, y.shape):
        return count, calls, plain(y_pred), *[None] * 6
    losses = steps_of(model, x, y)
    model.train()
    mode = "training" if chain["Dropout"].training else "evaluation"
    own = "nn.Sequential" if any(isinstance(m, nn.Sequential) for m in model.modules()) else "a loop of your own"
    twice, many = linear_of(first), [linear_of(last), nn.Tanh(), linear_of(first)] * 4
    others = [plain(sequential(*layers)(x)) for layers in ([twice, nn.Tanh(), twice], many, [])]
    return count, calls, plain(y_pred), losses, f"in {mode} mode", own, *others


class SequentialByNames(nn.Module):
    def __init__(self, *layers):
        super().__init__()
        for number, layer in enumerate(layers):
            self.add_module(str(number), layer)

    def forward(self, x):
        out = x
        for layer in self._modules.values():
            out = layer(out)
        return out


class SequentialByAttributes(nn.Module):
    def __init__(self, *layers):
        super().__init__()
        self.count = len(layers)
        for number, layer in enumerate(layers):
            setattr(self, f"layer{number}", layer)

    def forward(self, x):
        for number in range(self.count):
            x = getattr(self, f"layer{number}")(x)
        return x


class SequentialByIndex(nn.Module):
    def __init__(self, *layers):
        super().__init__()
        self.steps = nn.ModuleList()
        for layer in layers:
            self.steps.append(layer)

    def forward(self, x):
        i = 0
        while i < len(self.steps):
            x = self.steps[i](x)
            i += 1
        return x


EXERCISE = code(
    difficulty="medium",
    minutes=8,
    drills=("sequential", "call"),
    space=Space(  # square layers, so that those in a wrong order do not merely crash
        {
            "x": Array("N S", scales=("usual", "eight"), values=("distinct", "zeros"), tensor=True),
            "y": Array("N S", tensor=True),
            "first": Array("S S", tensor=True),
            "last": Array("S S", tensor=True),
        },
        sizes={"N": (1,), "S": (1,)},
    ),
    use=use_sequential,
    outputs=(
        "parameters",
        "layers called",
        "y_pred",
        "losses",
        "dropout after model.train()",
        "works by",
        "y_pred where one layer stands twice",
        "y_pred of twelve layers",
        "y_pred of no layer at all",
    ),
    misconceptions=(
        Misconception(
            "layers-overlooked",
            "The parameters of the layers are not listed, so nothing would be trained, and `train()` and `eval()` would not "
            "reach the layers. A module does not look into a Python list, tuple or dictionary: use `nn.ModuleList`.",
            patch=("nn.ModuleList(layers)", "layers"),
            hints=("What does `list(model.parameters())` give for your Sequential?",),
        ),
        Misconception(
            "return-in-the-loop",
            "Only the first layer is applied. Does a `return` inside the loop end it after one turn?",
            patch=("x = layer(x)\n        return x", "x = layer(x)\n            return x"),
            hints=("Which line of yours ends the loop, and in which turn?",),
        ),
        Misconception(
            "input-again",
            "The output is what the last layer makes of the first input. Every layer should receive what the layer before it gave.",
            patch=(
                ("        for layer", "        y = x\n        for layer"),
                ("x = layer(x)\n        return x", "y = layer(x)\n        return y"),
            ),
            hints=("What does the second layer get?",),
        ),
        Misconception(
            "output-dropped",
            "The layers are called, but the output is the input, unchanged. `layer(x)` does not change `x`, it gives something new: is that kept, handed to the next layer and returned?",
            patch=("x = layer(x)", "layer(x)"),
            hints=("Which line of yours keeps what a layer returns?",),
        ),
        Misconception(
            "star-too-many",
            "`nn.ModuleList` takes one list (or tuple) of modules, and here it gets each module as an argument of its own: no star before `layers`.",
            patch=("nn.ModuleList(layers)", "nn.ModuleList(*layers)"),
            hints=("What is `layers` inside `__init__`, and what would `*layers` be?",),
        ),
        Misconception(
            "forward-called",
            "The numbers are right, but no layer is called as `layer(x)`, and so their hooks are skipped. Is it `layer.forward(x)` that is called?",
            patch=("layer(x)", "layer.forward(x)"),
            hints=("What does `layer(x)` do besides running `forward`?",),
        ),
        Misconception(
            "last-layer-left-out",
            "The last layer is never applied.",
            patch=("in self.layers:", "in self.layers[:-1]:"),
            hints=("How many layers does your loop visit?",),
        ),
        Misconception(
            "order-reversed",
            "The layers are applied from the last to the first. `Sequential(f, g)(x)` is g(f(x)): the first comes first.",
            patch=("in self.layers:", "in reversed(self.layers):"),
            hints=("Which layer should receive x itself?",),
        ),
        Misconception(
            "library-sequential",
            "It works, but `nn.Sequential` does the work. Here you build it: keep the layers in an `nn.ModuleList` "
            "and write the loop.",
            patch=("nn.ModuleList(layers)", "nn.Sequential(*layers)"),
            hints=("How would `nn.Sequential` itself do it?",),
        ),
    ),
    alternatives=(SequentialByNames, SequentialByAttributes, SequentialByIndex),
    hints=(
        "Where can a module keep several layers so that it notices them?",
        "`nn.ModuleList(layers)` is noticed; in `forward` the output of one layer is the input of the next.",
        "`self.layers = nn.ModuleList(layers)`; then `for layer in self.layers: x = layer(x)` and `return x`.",
    ),
)
