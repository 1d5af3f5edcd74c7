"""Exercises of lesson 07: probes, misconceptions, right answers written differently, hints."""

import math

import torch
from torch import nn
from torch.nn import functional

from tutor.checking import FiniteDifference, Misconception, code, value
from tutor.lessons.registry import About

ABOUT = About(
    minutes=115,
    items={
        "linear": "Linear, and what nn.Linear does, rebuilt",
        "parameters": "Parameter, named_parameters",
        "mse": "MSELoss, rebuilt",
        "sine-fit": "the sine fit as Linear(3, 1) + Flatten and as Polynomial3",
        "two-layer-net": "the two-layer net as a module",
        "call": "why one calls model(x), never model.forward(x)",
        "sequential": "Flatten, ReLU, Sequential, rebuilt",
        "softmax": "Softmax and logits",
        "cross-entropy": "CrossEntropyLoss, rebuilt without overflow",
        "classifier": "a logistic-regression classifier with log_softmax, trained on mini-batches",
        "layer-by-layer": "the 784-512-512-10 network layer by layer with shapes on three images",
        "initialisation": "initialisation, and what it does to the first loss",
        "state": "buffers, state_dict",
        "train-eval": "train and eval",
    },
)

STEPS = 4  # of the trajectories that answers with parameters are judged on


def shapes_of(module):
    """Name -> shape, as text, of every parameter that a module lists."""
    return {name: str(tuple(p.shape)) for name, p in module.named_parameters()}


def gradient(tensor):
    """A tensor's gradient, or zeros where none arrived."""
    return torch.zeros_like(tensor) if tensor.grad is None else tensor.grad


def start_of(layer, d_in):
    """Say in words how the numbers of a fresh layer with many inputs are spread."""
    return "; ".join(f"{name} {spread_of(getattr(layer, name), d_in)}" for name in ("weight", "bias"))


def spread_of(parameter, d_in):
    """Say in words where the numbers of a parameter lie."""
    low, high = (end.item() * math.sqrt(d_in) for end in parameter.detach().aminmax())
    if low == high == 0:
        return "is all zero"
    if not -1.001 < low <= high < 1.001:
        return "goes beyond 1/sqrt(d_in)"
    if high + low > 0.2 or high + low < -0.2:
        return "is not centred on zero"
    return "stays far within 1/sqrt(d_in)" if high < 0.9 else "goes from -1/sqrt(d_in) to 1/sqrt(d_in)"


def fits(y_pred, shape):
    """Whether an output is a tensor of the right shape, so that training can go on with it."""
    return isinstance(y_pred, torch.Tensor) and y_pred.shape == shape


def plain(y_pred):
    """An output as it is shown in a report."""
    return y_pred.detach() if isinstance(y_pred, torch.Tensor) else y_pred


def probe_linear(d):
    """A batch, what a layer is filled with, and the gradient that arrives at its output."""
    n, d_in, d_out = d.sizes(3)
    return d.tensor(n, d_in), d.tensor(d_out, d_in), d.tensor(d_out), d.tensor(n, d_out)


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
    return shapes, y_pred.detach(), *grads, start_of(linear(100, 200), 100)


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


def probe_step(d):
    """A batch, its classes and the first weights of a small classifier."""
    n, d_in, classes = d.sizes(3, 3, 7)
    weight, bias = d.tensor(classes, d_in), d.tensor(classes)
    return d.tensor(n, d_in), torch.from_numpy(d.labels(n, classes)), weight, bias, d.number(0.1, 0.3)


def use_step(train_step, x, y, weight, bias, learning_rate):
    """The losses of a few steps, and the weights after them."""
    model = nn.Linear(weight.shape[1], weight.shape[0]).to(x.dtype)
    model.load_state_dict({"weight": weight, "bias": bias})
    losses = [train_step(model, functional.cross_entropy, x, y, learning_rate) for _ in range(STEPS)]
    kind = "a Python number" if isinstance(losses[-1], float | int) else f"of the type {type(losses[-1]).__name__}"
    return losses, kind, model.weight.detach(), model.bias.detach()


def step_through_data(model, loss_fn, x, y, learning_rate):
    for parameter in model.parameters():
        parameter.grad = None
    loss = loss_fn(model(x), y)
    loss.backward()
    for parameter in model.parameters():
        parameter.data = parameter.data - learning_rate * parameter.grad
    return loss.tolist()


def step_with_grad(model, loss_fn, x, y, learning_rate):
    parameters = list(model.parameters())
    loss = loss_fn(model(x), y)
    grads = torch.autograd.grad(loss, parameters)
    with torch.no_grad():
        for parameter, grad in zip(parameters, grads, strict=True):
            parameter.sub_(learning_rate * grad)
    return float(loss)


def step_cleaning_up(model, loss_fn, x, y, learning_rate):
    y_pred = model(x)
    loss = loss_fn(y_pred, y)
    loss.backward()
    with torch.no_grad():
        for _, parameter in model.named_parameters():
            parameter.copy_(parameter - learning_rate * parameter.grad)
    model.zero_grad(set_to_none=False)
    return loss.detach().numpy().item()


def step_with_optimiser(model, loss_fn, x, y, learning_rate):
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)
    optimizer.zero_grad()
    loss = loss_fn(model(x), y)
    loss.backward()
    optimizer.step()
    return loss.item()


def probe_two_layer(d):
    """A whole problem: inputs, targets, and what the two layers are filled with."""
    n, d_in, h, d_out = d.sizes(4)
    weights = d.tensor(h, d_in), d.tensor(h), d.tensor(d_out, h), d.tensor(d_out)
    return d.tensor(n, d_in), d.tensor(n, d_out), *weights


def use_two_layer(net, x, y, weight1, bias1, weight2, bias2):
    """The parameters of a network, its output with given numbers, and the losses of a few steps."""
    numbers = {"linear1.weight": weight1, "linear1.bias": bias1, "linear2.weight": weight2, "linear2.bias": bias2}
    model = net(weight1.shape[1], weight1.shape[0], weight2.shape[0]).to(x.dtype)
    shapes = shapes_of(model)
    if shapes != {name: str(tuple(tensor.shape)) for name, tensor in numbers.items()}:
        return shapes, None, None
    model.load_state_dict(numbers)
    y_pred = model(x)
    return shapes, plain(y_pred), steps_of(model, x, y) if fits(y_pred, y.shape) else None


def steps_of(model, x, y):
    """The losses of a few steps of gradient descent, on the mean squared error."""
    losses = []
    for _ in range(STEPS):
        loss = ((model(x) - y) ** 2).mean()
        losses.append(loss.item())
        model.zero_grad()
        if loss.requires_grad:
            loss.backward()
        with torch.no_grad():
            for parameter in model.parameters():
                parameter -= 0.05 * gradient(parameter)
    return losses


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


def probe_sequential(d):
    """A whole problem for a chain of layers; they are square, so that layers in a wrong order do not merely crash."""
    n, size = d.sizes(2, 3, 8)
    return d.tensor(n, size), d.tensor(n, size), d.tensor(size, size), d.tensor(size, size)


def use_sequential(sequential, x, y, first, last):
    """Which layers of a chain are called, what it gives, how it learns, and whether modes reach its layers."""
    chain = {"first Linear": linear_of(first), "Tanh": nn.Tanh(), "Dropout": nn.Dropout(0.5).eval()}
    chain["last Linear"] = linear_of(last)
    called = []
    for name, layer in chain.items():
        layer.register_forward_hook(lambda module, inputs, output, name=name: called.append(name))
    model = sequential(*chain.values()).eval()
    y_pred = model(x)
    calls = ", ".join(called) or "none"
    count = f"{len(list(model.parameters()))} listed"
    if not fits(y_pred, y.shape):
        return calls, plain(y_pred), count, None, None, None
    losses = steps_of(model, x, y)
    model.train()
    mode = "training" if chain["Dropout"].training else "evaluation"
    own = "nn.Sequential" if any(isinstance(m, nn.Sequential) for m in model.modules()) else "a loop of your own"
    return calls, plain(y_pred), count, losses, f"in {mode} mode", own


def linear_of(weight):
    """A linear layer without bias that holds the given weight."""
    layer = nn.Linear(*reversed(weight.shape), bias=False).to(weight.dtype)
    layer.load_state_dict({"weight": weight})
    return layer


class SequentialByNames(nn.Module):
    def __init__(self, *layers):
        super().__init__()
        for number, layer in enumerate(layers):
            self.add_module(str(number), layer)

    def forward(self, x):
        out = x
        for layer in self.children():
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


def node_names(grad_fn):
    """The names of all nodes of an autograd graph; torch's own losses have nodes of their own, however they are called."""
    names, waiting, met = set(), [grad_fn], set()
    while waiting:
        node = waiting.pop()
        if node is not None and node not in met:
            met.add(node)
            names.add(node.name())
            waiting += [parent for parent, _ in node.next_functions]
    return names


def probe_scores(d):
    """Logits of a usual size, and the right classes."""
    n, classes = d.sizes(2, 3, 8)
    return d.tensor(n, classes), torch.from_numpy(d.labels(n, classes))


def probe_large_scores(d):
    """Logits whose exponentials overflow."""
    logits, y = probe_scores(d)
    return 300 * logits, y


def probe_distant_rows(d):
    """Rows of usual logits, moved far up and far down by turns: no number can be subtracted from all rows alike."""
    logits, y = probe_scores(d)
    logits[::2] += 200
    logits[1::2] -= 200
    return logits, y


def probe_shifted_scores(d):
    """Usual logits, all moved up: their exponentials overflow, whatever the row."""
    logits, y = probe_scores(d)
    return logits + 200, y


def use_cross_entropy(cross_entropy, logits, y):
    """The loss, its gradient, and who did the work.

    A loss that is not finite counts as nan, and so does its gradient. That the library did the work counts only where
    the loss is right: otherwise what is wrong with it has to be told.
    """
    logits = logits.clone().requires_grad_()
    loss = cross_entropy(logits, y)
    if not fits(loss, ()) or not loss.requires_grad:
        return plain(loss), "none: the loss is not a scalar tensor that hangs on the logits", "by hand"
    right = torch.allclose(loss, functional.cross_entropy(logits, y).to(loss.dtype), rtol=1e-4)
    library = {"LogSoftmaxBackward0", "NllLossBackward0"} & node_names(loss.grad_fn)
    work = "by the library" if library and right else "by hand"
    if not loss.isfinite():
        return math.nan, torch.full_like(logits, math.nan).detach(), work
    loss.backward()
    return plain(loss), gradient(logits), work


def entropy_loss(logits, y):
    """The cross-entropy whose gradient is asked for."""
    return float(functional.cross_entropy(logits, y))


def entropy_by_logsumexp(logits, y):
    return (torch.logsumexp(logits, dim=1) - logits.gather(1, y.unsqueeze(1)).squeeze(1)).mean()


def entropy_by_onehot(logits, y):
    onehot = functional.one_hot(y, logits.shape[1])
    shifted = logits - logits.max(1, keepdim=True).values
    return ((shifted.exp().sum(1)).log() - (onehot * shifted).sum(1)).sum() / logits.size(0)


def entropy_by_loop(logits, y):
    total = 0
    for row, target in zip(logits, y, strict=True):
        largest = torch.max(row)
        total = total + largest + torch.log(torch.sum(torch.exp(row - largest))) - row[target]
    return total / len(logits)


def entropy_by_mask(logits, y):
    margins = logits - logits[torch.arange(len(y)), y][:, None]
    largest = margins.detach().amax(1)
    return ((margins - largest[:, None]).exp().sum(1).log() + largest).mean()


EXERCISES = {
    "linear": code(
        difficulty="medium",
        minutes=12,
        probe=probe_linear,
        use=use_linear,
        drills=("linear", "parameters"),
        outputs=("parameters", "y_pred", "grad_x", "grad_weight", "grad_bias", "start"),
        gradients={
            "grad_x": FiniteDifference(linear_loss, wrt=0),
            "grad_weight": FiniteDifference(linear_loss, wrt=1),
            "grad_bias": FiniteDifference(linear_loss, wrt=2),
        },
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
                "The weight has one row for each output, so the inner sizes do not meet: x is (N, d_in), the weight (d_out, "
                "d_in). Transpose the weight in the product.",
                patch=("self.weight.T", "self.weight"),
                hints=("Which sizes have to agree in a matrix product?",),
            ),
            Misconception(
                "bias-unused",
                "The bias is there, but `forward` does not add it.",
                patch=(" + self.bias", ""),
                hints=("Which of the two parameters does your `forward` not mention?",),
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
    ),
    "train_step": code(
        difficulty="medium",
        minutes=10,
        probe=probe_step,
        use=use_step,
        seconds=20.0,  # an answer may use torch.optim, and the first optimiser of a process imports the compiler
        drills=("parameters",),
        outputs=("losses", "kind of the loss", "weight", "bias"),
        misconceptions=(
            Misconception(
                "parameters-not-called",
                "`model.parameters` is the method itself, and a method cannot be looped over. Call it: "
                "`model.parameters()`.",
                patch=("model.parameters()", "model.parameters"),
                hints=("What is missing behind `model.parameters`?",),
            ),
            Misconception(
                "zero-grad-missing",
                "The first step is right, the later ones are not: the gradients of all steps so far add up, because "
                "nothing clears them. `model.zero_grad()` does, brackets included.",
                patch=("    model.zero_grad()\n", ""),
                hints=("What does `backward` do with a gradient that is there already?",),
            ),
            Misconception(
                "no-gradient-at-the-update",
                "When the update comes, the gradients are `None`: since they were cleared, no `backward` has filled them. "
                "The order is: clear, backward, update.",
                patch=(
                    ("    model.zero_grad()\n", ""),
                    ("loss.backward()\n", "loss.backward()\n    model.zero_grad()\n"),
                ),
                hints=("Which line fills `parameter.grad`, and which one clears it?",),
            ),
            Misconception(
                "name-rebound",
                "The parameters never move. `p = p - ...` makes a new tensor and gives it the loop's name; "
                "the tensor in the model stays as it was. Change it in place.",
                patch=("parameter -= learning_rate", "parameter = parameter - learning_rate"),
                hints=("What is the difference between `p = p - 1` and `p -= 1` for a tensor?",),
            ),
            Misconception(
                "update-recorded",
                "The update is recorded as if it were part of the model, and autograd refuses to change a leaf in place. "
                "Put it under `with torch.no_grad():`.",
                patch=(
                    "    with torch.no_grad():\n        for parameter in model.parameters():\n            parameter",
                    "    for parameter in model.parameters():\n        parameter",
                ),
                hints=("Should autograd watch the update?",),
            ),
            Misconception(
                "forward-not-recorded",
                "`backward` finds nothing to go back through: the forward pass was not recorded, or the loss was cut off from "
                "it. Only the update belongs under `torch.no_grad()`.",
                patch=(
                    "    loss = loss_fn(model(x), y)\n",
                    "    with torch.no_grad():\n        loss = loss_fn(model(x), y)\n",
                ),
                hints=("Which lines of your function stand under `no_grad`?",),
            ),
            Misconception(
                "loss-after-the-step",
                "The step is right, but you return the loss after it. The loss before the step is asked for, and it costs "
                "nothing: you have it already.",
                patch=("return loss.item()", "return loss_fn(model(x), y).item()"),
                hints=("How often does your function call the model?",),
            ),
            Misconception(
                "uphill",
                "You walk up: the gradient points to where the loss grows. Subtract it.",
                patch=("-=", "+="),
                hints=("Does your loss fall?",),
            ),
            Misconception(
                "rate-unused",
                "You subtract the whole gradient. `learning_rate` says how far to go.",
                patch=("learning_rate * ", ""),
                hints=("Which argument does your function never use?",),
            ),
            Misconception(
                "tensor-returned",
                "The step is right, but you return a tensor. A Python number is asked for: `.item()` takes it out. A list of such "
                "losses would keep the graph of every step in memory.",
                patch=("return loss.item()", "return loss"),
                hints=("What does `type(loss)` say of what you return?",),
            ),
        ),
        alternatives=(step_through_data, step_with_grad, step_cleaning_up, step_with_optimiser),
        hints=(
            "Which four things happen in a step, and in which order?",
            "Loss, `model.zero_grad()`, `loss.backward()`, then a loop over `model.parameters()` under `torch.no_grad()`.",
            "`for parameter in model.parameters(): parameter -= learning_rate * parameter.grad`, and at the end "
            "`return loss.item()`.",
        ),
    ),
    "two_layer_net": code(
        difficulty="easy",
        minutes=8,
        probe=probe_two_layer,
        use=use_two_layer,
        drills=("two-layer-net", "parameters"),
        outputs=("parameters", "y_pred", "losses"),
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
                "Your ReLU stands behind `linear2`. It belongs between the layers; the prediction may be negative.",
                patch=(("h_relu = h.clamp(min=0)", "h_relu = h"), ("linear2(h_relu)", "linear2(h_relu).clamp(min=0)")),
                hints=("Which of the two layers comes before your ReLU?",),
            ),
            Misconception(
                "relu-not-constructed",
                "`nn.ReLU(h)` does not apply a ReLU, it makes one, and that module then goes into `linear2` in the place of a tensor. "
                "Construct it first, `relu = nn.ReLU()`, and then call it: `relu(h)`.",
                patch=("h.clamp(min=0)", "nn.ReLU(h)"),
                hints=("What is `type(nn.ReLU(h))`?",),
            ),
            Misconception(
                "relu-upside-down",
                "`clamp(max=0)` keeps the negative numbers and cuts the positive ones. A ReLU does the opposite.",
                patch=("clamp(min=0)", "clamp(max=0)"),
                hints=("Below which number does a ReLU cut?",),
            ),
            Misconception(
                "relu-on-the-input",
                "The ReLU is applied to the input, before `linear1`. It belongs on what `linear1` gives.",
                patch=(("self.linear1(x)", "self.linear1(x.clamp(min=0))"), ("h_relu = h.clamp(min=0)", "h_relu = h")),
                hints=("Between which two things does the ReLU stand?",),
            ),
            Misconception(
                "no-bias",
                "You switched the bias off in both layers. That is how the earlier notebooks had it; here each layer keeps its own.",
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
    ),
    "sequential": code(
        difficulty="medium",
        minutes=8,
        probe=probe_sequential,
        use=use_sequential,
        drills=("sequential", "call"),
        outputs=("layers called", "y_pred", "parameters", "losses", "dropout after model.train()", "works by"),
        misconceptions=(
            Misconception(
                "layers-overlooked",
                "The output is right, but the parameters of the layers are not listed, so nothing is trained, and `train()` "
                "and `eval()` do not reach them. A module does not look into a Python list, tuple or dictionary: use `nn.ModuleList`.",
                patch=("nn.ModuleList(layers)", "layers"),
                hints=("What does `list(model.parameters())` give for your Sequential?",),
            ),
            Misconception(
                "return-in-the-loop",
                "Only the first layer is applied: the `return` stands inside the loop and ends it after one turn.",
                patch=("x = layer(x)\n        return x", "x = layer(x)\n            return x"),
                hints=("How far is your `return` indented?",),
            ),
            Misconception(
                "input-again",
                "Every layer receives the first input again. It should receive what the layer before it gave.",
                patch=("x = layer(x)\n        return x", "y = layer(x)\n        return y"),
                hints=("What does the second layer get?",),
            ),
            Misconception(
                "forward-called",
                "You call `layer.forward(x)`. The numbers are the same, but the hooks of the layers are skipped: call "
                "`layer(x)`.",
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
    ),
    "cross_entropy": code(
        difficulty="hard",
        minutes=12,
        probe=(probe_scores, probe_large_scores, probe_distant_rows, probe_shifted_scores),
        use=use_cross_entropy,
        drills=("cross-entropy", "softmax"),
        outputs=("loss", "grad_logits", "work"),
        gradients={"grad_logits": FiniteDifference(entropy_loss, wrt=0)},
        misconceptions=(
            Misconception(
                "exponentials-overflow",
                "Right for small logits, but for large ones the loss is infinite or not a number: in float32 the exponential of "
                "100 overflows, and that of -200 is 0. Subtract the largest logit of each row before you take `exp`.",
                patch=("z = logits - logits.amax(dim=1, keepdim=True)", "z = logits"),
                hints=("What is `torch.tensor(100.0).exp()` in float32?",),
            ),
            Misconception(
                "keepdim-missing",
                "The largest logit or the sum of each row has the shape (N,), and that does not broadcast against (N, C). "
                "`keepdim=True` keeps it a column, (N, 1).",
                patch=("amax(dim=1, keepdim=True)", "amax(dim=1)"),
                hints=("Which shape does `logits.amax(dim=1)` have?",),
            ),
            Misconception(
                "log-of-softmax",
                "Right for small logits, but where one logit lies far below another its probability is rounded to 0, and "
                "the logarithm of 0 is minus infinity. Do not finish the softmax: `log p` is `z` minus the logarithm of the sum.",
                patch=(
                    "z - z.exp().sum(dim=1, keepdim=True).log()",
                    "(z.exp() / z.exp().sum(dim=1, keepdim=True)).log()",
                ),
                hints=("What is `log(exp(z) / s)`, written without the quotient?",),
            ),
            Misconception(
                "softmax-over-the-batch",
                "The sum of the softmax runs over the batch (`dim=0`). Every row is an example of its own: sum over the classes.",
                patch=("dim=1", "dim=0"),
                hints=("Which numbers have to add up to 1: those of a row or those of a column?",),
            ),
            Misconception(
                "every-row-with-every-target",
                "`[:, y]` takes, from every row, the columns of *all* targets. Row i needs only its own, y[i].",
                patch=("[torch.arange(len(y)), y]", "[:, y]"),
                hints=("What shape does `log_p[:, y]` have?",),
            ),
            Misconception(
                "rows-for-classes",
                "`[y]` picks whole *rows*, those with the numbers in y. From row i you need the one entry in column y[i].",
                patch=("[torch.arange(len(y)), y]", "[y]"),
                hints=("What do the class numbers in y count: rows or columns?",),
            ),
            Misconception(
                "largest-of-all-rows",
                "You subtract the largest logit of the whole batch. A row that lies far below it then has exponentials that are all 0, "
                "and the logarithm of their sum is minus infinity. Every row needs its own largest logit.",
                patch=("logits.amax(dim=1, keepdim=True)", "logits.max()"),
                hints=("What is left of a row whose logits all lie 500 below the largest of another row?",),
            ),
            Misconception(
                "softmax-twice",
                "The logits go through a softmax twice. What comes in are raw scores, and the formula applies the softmax to "
                "them once.",
                patch=("z = logits - ", "logits = logits.softmax(dim=1)\n    z = logits - "),
                hints=("What are logits: scores or probabilities?",),
            ),
            Misconception(
                "all-classes",
                "You average over all classes. Only the log-probability of the right class of each row counts.",
                patch=("[torch.arange(len(y)), y]", ""),
                hints=("How many numbers of each row enter the loss?",),
            ),
            Misconception(
                "mse-on-log-softmax",
                "That is the mean squared error between log-probabilities and one-hot targets. A log-probability can never be "
                "1, and 0 means certain: such a loss teaches the model to stay undecided.",
                patch=(
                    "-log_p[torch.arange(len(y)), y].mean()",
                    "((log_p - torch.nn.functional.one_hot(y, logits.shape[1])) ** 2).mean()",
                ),
                hints=("Which number should the log-probability of the right class come close to?",),
            ),
            Misconception(
                "sum-for-mean",
                "You add up over the batch. The cross-entropy is the mean over the rows.",
                patch=(".mean()", ".sum()"),
                hints=("Should the loss of twice as many rows be twice as large?",),
            ),
            Misconception(
                "sign-missing",
                "The sign is missing: a log-probability is never above 0, so the loss is *minus* its mean.",
                patch=("return -", "return "),
                hints=("Can a loss be negative?",),
            ),
            Misconception(
                "logarithm-missing",
                "You average the probabilities themselves. Cross-entropy is made of their logarithms.",
                patch=("return -log_p[", "return -log_p.exp()["),
                hints=("What stands in front of p in the formula?",),
            ),
            Misconception(
                "cut-from-the-graph",
                "The number is right, but it is not a tensor that autograd can follow back to the logits (`item()`, `float()` "
                "and `detach()` cut it off). Return the tensor.",
                patch=(".mean()", ".mean().item()"),
                hints=("Could you call `backward()` on what you return?",),
            ),
            Misconception(
                "library-loss",
                "It is right, but torch's own function does the work. Here you build it from exp, log, sum and max.",
                patch=(
                    "-log_p[torch.arange(len(y)), y].mean()",
                    "torch.nn.functional.cross_entropy(logits, y)",
                ),
                hints=("How would `nn.CrossEntropyLoss` itself do it?",),
            ),
        ),
        equivalent_mutants={
            f"return -log_p[torch.arange(len({name})), y].mean()": "it has as many rows as y"
            for name in ("logits", "z", "log_p")
        },
        alternatives=(entropy_by_logsumexp, entropy_by_onehot, entropy_by_loop, entropy_by_mask),
        hints=(
            "What is the logarithm of a quotient of exponentials?",
            "Subtract the largest logit of each row, then `log p` is `z` minus the log of the sum of the exponentials.",
            "`log_p = z - z.exp().sum(dim=1, keepdim=True).log()`, then `return -log_p[torch.arange(len(y)), y].mean()`.",
        ),
    ),
    "predict_count": value(
        difficulty="easy",
        minutes=2,
        drills=("parameters", "classifier"),
        misconceptions=(
            Misconception(
                "biases-forgotten", "Those are the weights. Each of the ten outputs has a bias as well.", value=7840
            ),
            Misconception(
                "one-bias", "There is not one bias for the whole layer, but one for each output.", value=7841
            ),
            Misconception(
                "bias-per-input",
                "A bias belongs to an output, not to an input: there are ten of them, not 784.",
                value=8624,
            ),
            Misconception(
                "inputs",
                "784 is the number of pixels. Each of the ten outputs has a weight for every pixel.",
                value=784,
            ),
        ),
        hints=("How many entries has the weight of `nn.Linear(784, 10)`, and how many its bias?",),
        explain="784 x 10 weights and 10 biases. Flatten and LogSoftmax have nothing to learn.",
    ),
    "predict_first_loss": value(
        difficulty="easy",
        minutes=2,
        drills=("initialisation", "cross-entropy"),
        misconceptions=(
            Misconception(
                "nearly-none",
                "A loss of 0.1 means that the right class gets a probability of about 0.9. It has learned nothing yet.",
                value=0.1,
            ),
            Misconception(
                "one",
                "A loss of 1.0 means that the right class gets a probability of about 0.37. With ten classes and no knowledge it is less.",
                value=1.0,
            ),
            Misconception(
                "number-of-classes",
                "Ten is the number of classes, but the loss is a logarithm: 10.0 would be a probability of 0.00005 for the "
                "right class.",
                value=10.0,
            ),
            Misconception("not-rounded", "Exactly so. Take it as the list has it, rounded to 2.3.", value=math.log(10)),
            Misconception("three-decimals", "Quite right. Take it as the list has it, rounded to 2.3.", value=2.303),
        ),
        hints=("Which probability does each of ten classes get from a model that knows nothing?",),
        explain="Each class gets about one tenth, and minus log(1/10) is 2.30.",
    ),
    "predict_eval": value(
        difficulty="easy",
        minutes=2,
        drills=("train-eval",),
        misconceptions=(
            Misconception(
                "half-dropped",
                "Half of them would be dropped in training mode. `eval()` has switched that off.",
                value=500,
            ),
            Misconception(
                "all-doubled",
                "The factor 2 makes up for what is dropped. In evaluation nothing is dropped, and nothing is multiplied.",
                value=2000,
            ),
            Misconception("all-dropped", "Nothing is dropped in evaluation mode.", value=0),
        ),
        hints=("Which mode does the second line choose, and what does dropout do there?",),
        explain="In evaluation mode dropout passes its input on unchanged.",
    ),
}
