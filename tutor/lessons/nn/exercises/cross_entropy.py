"""Exercises of lesson 07: probes, misconceptions, right answers written differently, hints."""

import copy
import io
import math

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from tutor.checking import FiniteDifference, Misconception, code, value
from tutor.lessons.registry import About

ABOUT = About(
    minutes=120,
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


def start_of(linear, d_in, d_out):
    """Say in words how the numbers of a fresh layer with many inputs are spread."""
    layer, other = linear(d_in, d_out), linear(d_in, d_out)
    names = "weight", "bias"
    return "; ".join(f"{name} {spread_of(getattr(layer, name), getattr(other, name), d_in)}" for name in names)


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


def probe_thin_linear(d):
    """A single row and a single output."""
    (d_in,) = d.sizes(1)
    return d.tensor(1, d_in), d.tensor(1, d_in), d.tensor(1), d.tensor(1, 1)


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


def probe_step(d):
    """A batch, its classes and the first weights of a small classifier."""
    n, d_in, classes = d.sizes(3, 3, 7)
    weight, bias = d.tensor(classes, d_in), d.tensor(classes)
    return d.tensor(n, d_in), torch.from_numpy(d.labels(n, classes)), weight, bias, d.number(0.1, 0.3)


def use_step(train_step, x, y, weight, bias, learning_rate):
    """The losses of a few steps, and the weights after them; they lie in a layer inside and in the model itself."""
    model = ScaledClassifier(weight, bias)
    parameters = list(model.parameters())
    memory, versions = [p.detach() for p in parameters], [p._version for p in parameters]
    losses = [train_step(model, functional.cross_entropy, x, y, learning_rate) for _ in range(STEPS)]
    kind = "a Python number" if isinstance(losses[-1], float | int) else f"of the type {type(losses[-1]).__name__}"
    same = all(p is q and torch.equal(p, m) for p, q, m in zip(model.parameters(), parameters, memory, strict=True))
    written = any(p._version > version for p, version in zip(parameters, versions, strict=True))
    moved = not torch.equal(parameters[1], weight)  # `.data` is written into without being counted
    what = "other tensors than before" if not same else "written into" if moved or written else "never written into"
    return losses, kind, *(p.detach() for p in parameters), what


class ScaledClassifier(nn.Module):
    """A linear layer in a box, and a scale of each class that belongs to the model itself."""

    def __init__(self, weight, bias):
        super().__init__()
        self.box = nn.Sequential(nn.Linear(*reversed(weight.shape)).to(weight.dtype))
        self.box[0].load_state_dict({"weight": weight, "bias": bias})
        self.scale = nn.Parameter(torch.ones_like(bias))

    def forward(self, x):
        return self.box(x) * self.scale


def step_through_data(model, loss_fn, x, y, learning_rate):
    for parameter in model.parameters():
        parameter.grad = None
    loss = loss_fn(model(x), y)
    loss.backward()
    for parameter in model.parameters():
        parameter.data -= learning_rate * parameter.grad
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


def probe_unlikely_class(d):
    """Usual logits, but for one row whose right class is so unlikely that its probability is rounded to 0."""
    logits, y = probe_scores(d)
    logits[0, y[0]] -= 110
    return logits, y


def probe_close_scores(d):
    """Logits whose exponentials overflow, the right class close to the largest: there a finished softmax does no harm."""
    logits, _ = probe_scores(d)
    logits = 300 * logits
    y = logits.argmin(dim=1)
    logits[torch.arange(len(y)), y] = logits.amax(dim=1) - 2
    return logits, y


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


def probe_huge_scores(d):
    """Scores so far from 0 that not even float64 holds their exponentials; no class is unlikely."""
    n, classes = d.sizes(2, 3, 7)
    rows = torch.where(torch.arange(n) % 2 == 0, 1000.0, -1000.0).unsqueeze(1)
    return rows + d.tensor(n, classes), torch.from_numpy(d.labels(n, classes))


def use_cross_entropy(cross_entropy, logits, y):
    """The loss, its gradient, and who did the work.

    A loss that is not finite counts as nan, and so does its gradient. A loss that an unlikely class cannot raise beyond a
    bound is told in words, so that every bound looks alike. That the library did the work counts only where the loss is
    right: otherwise what is wrong with it has to be told.
    """
    logits = logits.clone().requires_grad_()
    loss = cross_entropy(logits, y)
    if not fits(loss, ()) or not loss.requires_grad:
        return plain(loss), "none: the loss is not a scalar tensor that hangs on the logits", "by hand"
    right = agrees(loss, logits, y)
    library = {"LogSoftmaxBackward0", "NllLossBackward0", "LogsumexpBackward0"} & node_names(loss.grad_fn)
    work = "by the library" if library and right else "by hand"
    if not loss.isfinite():
        return math.nan, torch.full_like(logits, math.nan).detach(), work
    loss.backward()
    bounded = not right and is_bounded(cross_entropy, loss, logits.detach(), y)
    return "held down by a bound" if bounded else plain(loss), gradient(logits), work


def agrees(loss, logits, y):
    """Whether a loss is the cross-entropy of these logits."""
    return torch.allclose(loss, functional.cross_entropy(logits, y).to(loss.dtype), rtol=1e-4)


def is_bounded(cross_entropy, loss, logits, y):
    """Whether a loss is too small because one class is very unlikely, and would be right if it were less so."""
    milder = logits.clamp(min=-10)
    return loss < functional.cross_entropy(logits, y) and agrees(cross_entropy(milder, y), milder, y)


def entropy_loss(logits, y):
    """The cross-entropy whose gradient is asked for."""
    return float(functional.cross_entropy(logits, y))


def entropy_by_gather(logits, y):
    largest = logits.detach().max(dim=1).values
    sums = (logits - largest.unsqueeze(1)).exp().sum(dim=1)
    return (largest + sums.log() - logits.gather(1, y.unsqueeze(1)).squeeze(1)).mean()


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


def probe_classes(d):
    """A number of classes."""
    return (d.integer(11, 99),)


def loss_of_probability(classes):
    return -math.log(1 / classes)


def loss_of_zero_logits(classes):
    return functional.cross_entropy(torch.zeros(1, classes), torch.tensor([0]))


def loss_in_numpy(classes):
    return -np.log(np.full(classes, 1 / classes)).mean()


class Walker(nn.Module):
    """A model whose training is laid down beforehand: after each epoch it holds the next of the given weights."""

    def __init__(self, weights):
        super().__init__()
        self.weights = list(weights)
        self.loaded = []  # in words, what was loaded; torch 2.4 has no public hook that would tell
        self.weight = nn.Parameter(torch.zeros_like(weights[0]))
        self.register_buffer("epochs_seen", torch.zeros((), dtype=torch.long))  # as in batch normalisation

    def load_state_dict(self, state_dict, *settings, **more):
        told = super().load_state_dict(state_dict, *settings, **more)
        self.loaded.append(_is_own(self, state_dict))
        return told

    @torch.no_grad()
    def walk(self):
        """Take one epoch from where the model is: whoever went back to older weights in between goes on from there."""
        done = int(self.epochs_seen)
        self.weight += self.weights[min(done, len(self.weights) - 1)] - (self.weights[done - 1] if done else 0)
        self.epochs_seen += 1


LOSSES = {"inside": (2.0, 1.5, 2.6, 0.6, 1.9, 1.1), "last": (2.0, 1.5, 2.6, 1.1, 1.9, 0.6)}


def probe_best_inside(d):
    """What the epochs make of the weights, and what is measured after each; then the best one is not the last."""
    (size,) = d.sizes(1, 2, 6)
    return d.tensor(6, size), tuple(loss + d.number(0.0, 0.3) for loss in LOSSES["inside"]), 4.0


def probe_best_last(d):
    """The same with the best epoch at the end: whoever measures before an epoch misses it."""
    (size,) = d.sizes(1, 2, 6)
    return d.tensor(6, size), tuple(loss + d.number(0.0, 0.3) for loss in LOSSES["last"]), 4.0


def probe_best_before(d):
    """The same, but the untrained model measures lower than any epoch does; no epoch has made it, so it does not count."""
    weights, losses, _ = probe_best_inside(d)
    return weights, losses, d.number(0.1, 0.3)


def probe_best_of_all_kinds(d):
    """Numbers of other sizes and signs: very large ones, a 0 among them, negative ones, the first the best, a single one."""
    losses = (
        (3e7, 2e7, 5e7, 4e7),
        (3.0, 0.0, 5.0, 1.0),
        (-0.5, -0.9, -0.2, -0.7),
        (0.4, 0.9, 0.6, 0.8),
        (1.7e7,),
    )[d.sizes(1, 0, 4)[0]]
    return d.tensor(len(losses), 3), losses, 9e7


def use_keep_best(keep_best, weights_after_each_epoch, measured_after_each_epoch, measured_before):
    """How often the model was trained, what is returned, and which epoch's numbers the model ends with."""
    weights, losses = weights_after_each_epoch, measured_after_each_epoch
    model, trained, measured = Walker(weights), [], []
    loaded = model.loaded

    modes, watched = set(), []

    def train_epoch(net):
        net.walk()
        trained.append(net)
        modes.add(net.training)
        watched.append(torch.is_grad_enabled())

    def measure(net):
        modes.add(net.training)
        measured.append(losses[int(net.epochs_seen) - 1] if net.epochs_seen else measured_before)
        return measured[-1]

    try:
        returned = keep_best(model, train_epoch, measure, len(losses))
    except (UnboundLocalError, TypeError) as error:
        if len(trained) < len(losses) or loaded or not _nothing_kept(error):
            raise
        return len(trained), "no", "nothing: no weights were kept", None, None, "nothing was loaded", None, None
    best = int(np.argmin(losses))
    right = torch.allclose(model.weight, weights[best], atol=1e-4)
    back = "right" if right else "nothing was loaded" if not loaded else loaded[-1]
    twice = "yes" if len(measured) > len(losses) + 1 else "no"  # the start may be measured too, if only to be shown
    mode = "left as it was" if modes == {True} and model.training else "switched"
    on = "on" if all(watched) else "off"
    at_the_end = model.weight.detach().clone(), f"of epoch {int(model.epochs_seen)}"
    return len(trained), twice, returned, *at_the_end, back, mode, on


def _nothing_kept(error):
    """Whether an answer ended because what it wanted to load had never been set, or was still None."""
    return isinstance(error, UnboundLocalError) or ("state_dict" in str(error) and "NoneType" in str(error))


def _is_own(module, state):
    """In words, whether what is loaded are the module's own tensors."""
    own = {tensor.data_ptr() for tensor in module.state_dict().values()}
    return (
        "its own tensors were loaded"
        if own & {tensor.data_ptr() for tensor in state.values()}
        else "copies were loaded"
    )


def keep_by_deepcopy(model, train_epoch, measure, epochs):
    numbers, states = [], []
    for _ in range(epochs):
        train_epoch(model)
        numbers.append(measure(model))
        states.append(copy.deepcopy(model.state_dict()))
    model.load_state_dict(states[numbers.index(min(numbers))])
    return min(numbers)


def keep_in_a_file(model, train_epoch, measure, epochs):
    lowest = None
    for _ in range(epochs):
        train_epoch(model)
        number = measure(model)
        if lowest is None or number < lowest:
            lowest, file = number, io.BytesIO()
            torch.save(model.state_dict(), file)
    file.seek(0)
    model.load_state_dict(torch.load(file))
    return lowest


def keep_by_copying_back(model, train_epoch, measure, epochs):
    numbers, kept = [], None
    for _ in range(epochs):
        train_epoch(model)
        numbers.append(measure(model))
        if numbers[-1] == min(numbers):
            kept = copy.deepcopy(model)
    with torch.no_grad():
        for name, tensor in kept.state_dict().items():
            model.state_dict()[name].copy_(tensor)
    return torch.tensor(min(numbers))


OVERFLOW = (
    "Right for small logits, but for large ones the loss is infinite or not a number: in float32 the exponential of "
    "100 overflows, and that of -200 is 0. Subtract the largest logit of each row before you take `exp`."
)
LOG_OF_SOFTMAX = (
    "Right for small logits, but where one logit lies far below another its probability is rounded to 0, and "
    "the logarithm of 0 is minus infinity. Do not finish the softmax: `log p` is `z` minus the logarithm of the sum."
)
NOT_THE_LARGEST = (
    "Right for small logits, but for large ones the loss is infinite or not a number: after your subtraction there are still "
    "entries far above 0, and their exponentials overflow. Subtract the *largest* logit of each row."
)

EXERCISES = {
    "linear": code(
        difficulty="medium",
        minutes=12,
        probe=(probe_linear, probe_thin_linear),
        use=use_linear,
        forbid=("call:torch.nn.Linear", "call:torch.nn.functional.linear"),
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
        outputs=("losses", "kind of the loss", "scale", "weight", "bias", "how the parameters end"),
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
                "cleared-too-late",
                "The gradients are cleared between `backward` and the update, so there is nothing left to step along. Clear them before `backward`.",
                patch=(
                    (
                        "    model.zero_grad()\n    loss.backward()\n",
                        "    loss.backward()\n    model.zero_grad(set_to_none=False)\n",
                    ),
                ),
                hints=("What does each `.grad` hold when your update reads it?",),
            ),
            Misconception(
                "other-tensors",
                "The numbers are right, but the model has other tensors than before: whoever holds the old ones (an optimiser, a `state_dict`) never hears "
                "of the step. Change the parameters where they lie.",
                patch=(
                    "parameter -= learning_rate * parameter.grad",
                    "parameter.data = parameter - learning_rate * parameter.grad",
                ),
                hints=("Which memory does `p.data = …` write into?",),
            ),
            Misconception(
                "weight-and-bias-only",
                "A parameter of the model itself never moves: you step through layers and their weights. `model.parameters()` lists all, wherever they lie.",
                patch=(
                    "        for parameter in model.parameters():\n",
                    "        for parameter in (p for m in model.modules() if isinstance(m, nn.Linear) for p in m.parameters()):\n",
                ),
                hints=("Which parameters can a model have besides those of its layers?",),
            ),
            Misconception(
                "name-rebound",
                "The parameters never move. (`p = p - ...` would make a new tensor and give it the loop's name; "
                "the tensor in the model stays as it was.) Change the parameter itself, in place.",
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
                "return-in-the-loop",
                "Only the first parameter moves. A model has several, and all of them take the step; a `return` inside the loop "
                "ends it after one turn.",
                patch=(
                    "learning_rate * parameter.grad\n    return",
                    "learning_rate * parameter.grad\n            return",
                ),
                hints=("How many parameters does your loop reach?",),
            ),
            Misconception(
                "none-zeroed",
                "At the first step there is nothing to clear yet: `.grad` is `None`, and `None` cannot be filled with zeros. "
                "`model.zero_grad()` takes care of that.",
                patch=(
                    "    model.zero_grad()\n",
                    "    for parameter in model.parameters():\n        parameter.grad.zero_()\n",
                ),
                hints=("What is `parameter.grad` before the first `backward`?",),
            ),
            Misconception(
                "target-first",
                "Prediction and target have changed places: `loss_fn(y_pred, y)`, the prediction first.",
                patch=("loss_fn(model(x), y)", "loss_fn(y, model(x))"),
                hints=("In which order does the docstring call loss_fn?",),
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
                "cut-from-the-graph",
                "The predictions are right, but no gradient comes back through them, so the network would never learn. `no_grad`, "
                "`.detach()` and `.data` do not belong into `forward`.",
                patch=("return self.linear2(h_relu)", "return self.linear2(h_relu).detach()"),
                hints=("Has the prediction of your network a `grad_fn`?",),
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
                "Only the first layer is applied: the `return` stands inside the loop and ends it after one turn.",
                patch=("x = layer(x)\n        return x", "x = layer(x)\n            return x"),
                hints=("How far is your `return` indented?",),
            ),
            Misconception(
                "input-again",
                "Every layer receives the first input again. It should receive what the layer before it gave.",
                patch=(
                    ("        for layer", "        y = x\n        for layer"),
                    ("x = layer(x)\n        return x", "y = layer(x)\n        return y"),
                ),
                hints=("What does the second layer get?",),
            ),
            Misconception(
                "output-dropped",
                "The output is the input, unchanged: what a layer returns is dropped. `layer(x)` does not change `x`, it gives "
                "something new, which the next layer needs.",
                patch=("x = layer(x)", "layer(x)"),
                hints=("Which line of yours keeps what a layer returns?",),
            ),
            Misconception(
                "star-too-many",
                "`nn.ModuleList` takes one list (or tuple) of modules, and here it gets each module as an argument of its own: no "
                "star before `layers`.",
                patch=("nn.ModuleList(layers)", "nn.ModuleList(*layers)"),
                hints=("What is `layers` inside `__init__`, and what would `*layers` be?",),
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
        probe=(
            probe_scores,
            probe_unlikely_class,
            probe_close_scores,
            probe_distant_rows,
            probe_shifted_scores,
            probe_huge_scores,
        ),
        use=use_cross_entropy,
        drills=("cross-entropy", "softmax"),
        outputs=("loss", "grad_logits", "done by hand"),
        gradients={"grad_logits": FiniteDifference(entropy_loss, wrt=0)},
        misconceptions=(
            Misconception(
                "only-more-digits",
                "float64 only moves the border: its exponentials overflow beyond 709 and are 0 below -745. Subtract the largest logit of each row first; then "
                "no exponent is above 0.",
                patch=("logits - logits.amax(dim=1, keepdim=True)", "logits.double()"),
                hints=("What is `math.exp(1000)`?",),
            ),
            Misconception(
                "exponentials-overflow",
                OVERFLOW,
                patch=("z = logits - logits.amax(dim=1, keepdim=True)", "z = logits"),
                hints=("What is `torch.tensor(100.0).exp()` in float32?",),
            ),
            Misconception(
                "softmax-as-it-stands",
                OVERFLOW,
                patch=(
                    ("z = logits - logits.amax(dim=1, keepdim=True)", "z = logits"),
                    (
                        "z - z.exp().sum(dim=1, keepdim=True).log()",
                        "(z.exp() / z.exp().sum(dim=1, keepdim=True)).log()",
                    ),
                ),
                hints=("What is `torch.tensor(100.0).exp()` in float32?",),
            ),
            Misconception(
                "smallest-for-largest",
                NOT_THE_LARGEST,
                patch=("amax", "amin"),
                hints=("After which subtraction is no entry of a row above 0?",),
            ),
            Misconception(
                "mean-for-largest",
                NOT_THE_LARGEST,
                patch=("amax", "mean"),
                hints=("After which subtraction is no entry of a row above 0?",),
            ),
            Misconception(
                "keepdim-missing",
                "The largest logit or the sum of each row has the shape (N,), and that does not broadcast against (N, C). "
                "`keepdim=True` keeps it a column, (N, 1).",
                patch=("amax(dim=1, keepdim=True)", "amax(dim=1)"),
                hints=("Which shape does a maximum or a sum over `dim=1` have without `keepdim`?",),
            ),
            Misconception(
                "log-of-softmax",
                LOG_OF_SOFTMAX,
                patch=(
                    "z - z.exp().sum(dim=1, keepdim=True).log()",
                    "(z.exp() / z.exp().sum(dim=1, keepdim=True)).log()",
                ),
                hints=("What is `log(exp(z) / s)`, written without the quotient?",),
            ),
            Misconception(
                "log-of-the-right-probability",
                LOG_OF_SOFTMAX,
                patch=(
                    ("z - z.exp().sum(dim=1, keepdim=True).log()", "z.exp() / z.exp().sum(dim=1, keepdim=True)"),
                    ("y].mean()", "y].log().mean()"),
                ),
                hints=("What is `log(exp(z) / s)`, written without the quotient?",),
            ),
            Misconception(
                "logarithm-kept-from-zero",
                "Right for usual logits, but where the right class is very unlikely your loss stops growing, and no gradient comes "
                "from such a row: the worst rows teach nothing. (A small number added inside the logarithm does that, and so "
                "does a `clamp`.) Do not finish the softmax: `log p` is `z` minus the logarithm of the sum.",
                patch=(
                    "z - z.exp().sum(dim=1, keepdim=True).log()",
                    "(z.exp() / z.exp().sum(dim=1, keepdim=True) + 1e-9).log()",
                ),
                hints=("What is `log(p + 1e-9)` for p = 1e-20, and what should `log p` be?",),
            ),
            Misconception(
                "logarithm-kept-from-zero-and-overflow",
                "Right for small logits, but for large ones the loss is not a number: in float32 the exponential of 100 overflows. "
                "Subtract the largest logit of each row before you take `exp`. (And where the right class is very unlikely, your "
                "loss stops growing: do not keep the logarithm from 0, write it out as in the formula.)",
                patch=(
                    ("z = logits - logits.amax(dim=1, keepdim=True)", "z = logits"),
                    (
                        "z - z.exp().sum(dim=1, keepdim=True).log()",
                        "(z.exp() / z.exp().sum(dim=1, keepdim=True) + 1e-9).log()",
                    ),
                ),
                hints=("What is `torch.tensor(100.0).exp()` in float32?",),
            ),
            Misconception(
                "softmax-over-the-batch",
                "The sum of the softmax runs over the batch (`dim=0`). Every row is an example of its own: sum over the classes.",
                patch=("dim=1", "dim=0"),
                hints=("Which numbers have to add up to 1: those of a row or those of a column?",),
            ),
            Misconception(
                "summed-over-the-batch",
                "The largest logit is that of each row, but the exponentials are added up over the batch (`dim=0`). Every row is an "
                "example of its own: sum over its classes.",
                patch=("sum(dim=1", "sum(dim=0"),
                hints=("Which numbers have to add up to 1: those of a row or those of a column?",),
            ),
            Misconception(
                "summed-over-everything",
                "You add up the exponentials of the whole batch. Every row is an example of its own, with a sum of its own.",
                patch=("sum(dim=1, keepdim=True)", "sum()"),
                hints=("How many sums are there for N rows?",),
            ),
            Misconception(
                "logarithm-of-the-sum-missing",
                "You subtract the sum of the exponentials. What stands in the formula is its *logarithm*.",
                patch=(".sum(dim=1, keepdim=True).log()", ".sum(dim=1, keepdim=True)"),
                hints=("What is the logarithm of a quotient?",),
            ),
            Misconception(
                "largest-kept-in-the-sum",
                "The sum is made of the logits as they came, but its logarithm is subtracted from the ones that the largest was taken from. Both have to be the same: `z` in both places.",
                patch=("log_p = z - z.exp()", "log_p = z - logits.exp()"),
                hints=("In which of the two terms has the largest logit been subtracted?",),
            ),
            Misconception(
                "logarithm-of-the-sum-added",
                "You add the logarithm of the sum. The logarithm of a quotient is a difference: it is subtracted.",
                patch=("log_p = z - z.exp()", "log_p = z + z.exp()"),
                hints=("What is the logarithm of a quotient?",),
            ),
            Misconception(
                "pair-for-the-largest",
                "`max` with a dim gives a pair, the largest values and where they stand, and a pair cannot be subtracted. Take `amax`, or the first of the pair.",
                patch=("logits.amax(dim=1, keepdim=True)", "logits.max(dim=1, keepdim=True)"),
                hints=("What does `logits.max(dim=1)` print?",),
            ),
            Misconception(
                "largest-left-out-once",
                "The sum is made of the logits that the largest was taken from, but you subtract its logarithm from the logits as "
                "they came. Both have to be the same: `z` in both places.",
                patch=("log_p = z - z.exp()", "log_p = logits - z.exp()"),
                hints=("In which of the two terms has the largest logit been subtracted?",),
            ),
            Misconception(
                "most-probable-class",
                "You take the largest log-probability of each row: the class that the model holds for the most likely. What counts is the "
                "*right* class, y[i].",
                patch=("log_p[torch.arange(len(y)), y]", "log_p.amax(dim=1)"),
                hints=("Where does your loss look at y?",),
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
                "It is right, but torch's own function does the work (`log_softmax`, `logsumexp` or the loss itself). Here you build it "
                "from exp, log, sum and max: that is where the overflow is kept out.",
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
        alternatives=(entropy_by_gather, entropy_by_onehot, entropy_by_loop, entropy_by_mask),
        hints=(
            "What is the logarithm of a quotient of exponentials?",
            "Subtract the largest logit of each row, then `log p` is `z` minus the log of the sum of the exponentials.",
            "`log_p = z - z.exp().sum(dim=1, keepdim=True).log()`, then `return -log_p[torch.arange(len(y)), y].mean()`.",
        ),
    ),
    "first_loss": code(
        difficulty="easy",
        minutes=4,
        probe=probe_classes,
        drills=("initialisation", "cross-entropy"),
        misconceptions=(
            Misconception(
                "probability-returned",
                "That is the probability of each class. The loss is minus its logarithm.",
                patch=("math.log(classes)", "1 / classes"),
                hints=("What does cross-entropy do with the probability of the right class?",),
            ),
            Misconception(
                "number-of-classes",
                "That is the number of classes. The loss is a logarithm.",
                patch=("math.log(classes)", "classes"),
                hints=("What does cross-entropy do with the probability of the right class?",),
            ),
            Misconception(
                "sign-missing",
                "The sign is wrong: the logarithm of a probability is negative, and the loss is *minus* that.",
                patch=("math.log(classes)", "math.log(1 / classes)"),
                hints=("Can a cross-entropy be negative?",),
            ),
            Misconception(
                "logarithm-to-base-two",
                "That is the logarithm to the base 2. Softmax is made with e, so the loss takes the natural one.",
                patch=("math.log(classes)", "math.log2(classes)"),
                hints=("Which logarithm undoes `exp`?",),
            ),
            Misconception(
                "logarithm-to-base-ten",
                "That is the logarithm to the base 10. Softmax is made with e, so the loss takes the natural one.",
                patch=("math.log(classes)", "math.log10(classes)"),
                hints=("Which logarithm undoes `exp`?",),
            ),
            Misconception(
                "weighed-by-the-probability",
                "You multiply by the probability as well. The loss of a row is -log p of the right class, whole.",
                patch=("math.log(classes)", "math.log(classes) / classes"),
                hints=("How many classes of each row enter the loss?",),
            ),
            Misconception(
                "ten-always",
                "Your answer does not depend on `classes`.",
                patch=("math.log(classes)", "math.log(10)"),
                hints=("Which probability does each of 2 classes get, and which each of 100?",),
            ),
        ),
        alternatives=(loss_of_probability, loss_of_zero_logits, loss_in_numpy),
        hints=(
            "Which probability does each of C classes get from a model that knows nothing?",
            "Put that probability into the cross-entropy: minus its logarithm.",
            "`-math.log(1 / classes)`, and that is `math.log(classes)`.",
        ),
    ),
    "keep_best": code(
        difficulty="medium",
        minutes=10,
        probe=(probe_best_inside, probe_best_last, probe_best_before, probe_best_of_all_kinds),
        cases=5,
        use=use_keep_best,
        seconds=10.0,
        drills=("state",),
        outputs=(
            "number of calls of train_epoch",
            "is an epoch measured twice",
            "what is returned",
            "weights of the model at the end",
            "buffer of the model at the end",
            "what was loaded",
            "the model's mode",
            "autograd while training",
        ),
        misconceptions=(
            Misconception(
                "own-tensors-kept",
                "You loaded something, and yet the model has its last weights. `state_dict()` hands out the model's own tensors, and they "
                "went on changing; `dict(...)` and `.copy()` copy the dictionary, not what is in it. Clone every tensor.",
                patch=(
                    "{name: tensor.clone() for name, tensor in model.state_dict().items()}",
                    "model.state_dict()",
                ),
                hints=("Is what you kept a copy, or the tensors that training goes on changing?",),
            ),
            Misconception(
                "never-loaded",
                "The model has its last weights, not its best: nothing was loaded back into it. `model.load_state_dict(kept)` does, "
                "after the loop.",
                patch=("    model.load_state_dict(kept)\n", ""),
                hints=("Which line of yours changes the model after the loop?",),
            ),
            Misconception(
                "loaded-in-every-epoch",
                "You go back to the best weights after every epoch, so training never goes on from where it is. Load them "
                "once, after the loop.",
                patch=("    model.load_state_dict(kept)\n", "        model.load_state_dict(kept)\n"),
                hints=("How far is your `load_state_dict` indented?",),
            ),
            Misconception(
                "parameters-alone",
                "You keep the parameters and leave the buffers out, and `load_state_dict` misses them. `state_dict()` has both.",
                patch=("model.state_dict()", "dict(model.named_parameters())"),
                hints=("Which names does `state_dict()` have that `named_parameters()` has not?",),
            ),
            Misconception(
                "buffer-left-behind",
                "The parameters are those of the best epoch, but the buffer is that of the last one. Buffers belong to the model's "
                "state; `state_dict()` has them.",
                patch=(
                    "    model.load_state_dict(kept)\n",
                    "    model.load_state_dict({name: kept[name] for name, _ in model.named_parameters()}, strict=False)\n",
                ),
                hints=("Which numbers of a model are no parameters and are saved all the same?",),
            ),
            Misconception(
                "every-epoch-kept",
                "What you load are copies, but those of the last epoch: you copy the weights in every epoch, better or not.",
                patch=("            kept = {name", "        kept = {name"),
                hints=("Does the line that copies the weights stand inside the `if`?",),
            ),
            Misconception(
                "larger-is-better",
                "You keep the weights with the largest number. The lower, the better, as with every loss.",
                patch=(("math.inf", "-math.inf"), ("loss < best", "loss > best")),
                hints=("Is a loss of 3 better or worse than one of 2?",),
            ),
            Misconception(
                "begins-with-minus-infinity",
                "The line that keeps the weights never ran, so in the end there is nothing to load: no number is below minus infinity. Begin with "
                "`math.inf`, and ask whether the new number is lower.",
                patch=("best = math.inf", "best = -math.inf"),
                hints=("With which number do you compare the first one, and can it be lower?",),
            ),
            Misconception(
                "begins-too-low",
                "You begin with a number of your own. Where everything that is measured lies above it, no epoch counts as better, and there is nothing to "
                "load. Begin with `math.inf`.",
                patch=("best = math.inf", "best = 1000.0"),
                hints=("Which number is surely above whatever is measured?",),
            ),
            Misconception(
                "no-epoch-better",
                "The line that keeps the weights never ran, so in the end there is nothing to load: no epoch counted as better "
                "than what you began with. (Few losses are below 0.) Begin with `math.inf`, and "
                "ask whether the new loss is lower.",
                patch=("best = math.inf", "best = 0"),
                hints=("With which number do you compare the first loss, and can a loss be lower?",),
            ),
            Misconception(
                "no-epoch-better-than-zero",
                "The model has the weights from before its training, and you return 0: no epoch counted as better than the 0 that "
                "you began with, since no loss is below it. Begin with `math.inf`.",
                patch=(
                    "    best = math.inf\n",
                    "    best = 0\n    kept = {name: tensor.clone() for name, tensor in model.state_dict().items()}\n",
                ),
                hints=("With which number do you compare the first loss, and can a loss be lower?",),
            ),
            Misconception(
                "start-counts-too",
                "You let the untrained model compete: where it measures lowest, you end with weights that no epoch has made. Only epochs count, so begin with `math.inf`.",
                patch=(
                    "best = math.inf\n",
                    "best = measure(model)\n    kept = {name: tensor.clone() for name, tensor in model.state_dict().items()}\n",
                ),
                hints=("Which models are to be compared: does the one from before the first epoch belong to them?",),
            ),
            Misconception(
                "measured-twice",
                "The result is right, but you measure some epochs twice. Measuring goes through all the kept images: call it once, and give the number a name.",
                patch=(
                    "        loss = measure(model)\n        if loss < best:\n            best = loss\n",
                    "        if measure(model) < best:\n            best = measure(model)\n",
                ),
                hints=("How often do you call `measure` in one epoch?",),
            ),
            Misconception(
                "stops-when-worse",
                "You stop at the first epoch that is worse than the best. A later one may be better again, as here: train all `epochs`.",
                patch=(
                    "state_dict().items()}\n    model",
                    "state_dict().items()}\n        else:\n            break\n    model",
                ),
                hints=("After which epoch does your loop end?",),
            ),
            Misconception(
                "kept-before-the-epoch",
                "You keep the weights from before each epoch, but what you measure are those after it.",
                patch=(
                    (
                        "        train_epoch(model)\n",
                        "        before = {name: tensor.clone() for name, tensor in model.state_dict().items()}\n        train_epoch(model)\n",
                    ),
                    (
                        "            kept = {name: tensor.clone() for name, tensor in model.state_dict().items()}",
                        "            kept = before",
                    ),
                ),
                hints=("Which comes first in your loop: keeping, or training?",),
            ),
            Misconception(
                "best-never-updated",
                "Every epoch counts as the best so far, and so the last one wins: the lowest number so far is nowhere written down.",
                patch=("            best = loss\n", ""),
                hints=("What is `best` when the second epoch has been measured?",),
            ),
            Misconception(
                "compared-with-the-epoch-before",
                "You compare every epoch with the one before it. An epoch is the best so far only if it is better than *all* before it, "
                "so write its number down only then.",
                patch=(
                    ("            best = loss\n", ""),
                    ("state_dict().items()}\n", "state_dict().items()}\n        best = loss\n"),
                ),
                hints=("After the losses 1, 3, 2: with which number do you compare the next one?",),
            ),
            Misconception(
                "return-in-the-loop",
                "Only one epoch is trained: the `return` stands inside the loop and ends it after one turn.",
                patch=(
                    "    model.load_state_dict(kept)\n    return best",
                    "        model.load_state_dict(kept)\n        return best",
                ),
                hints=("How far is your `return` indented?",),
            ),
            Misconception(
                "first-epoch-kept",
                "You end with the weights of the first epoch. Keep those of every epoch that is better than all before it.",
                patch=("loss < best", "epoch == 0"),
                hints=("In which epochs does your code copy the weights?",),
            ),
            Misconception(
                "last-returned",
                "The model is right, but you return the number of the last epoch. The lowest is asked for.",
                patch=("return best", "return loss"),
                hints=("Which of your names holds the lowest number?",),
            ),
            Misconception(
                "measured-before-training",
                "You measure before you train: the number that you compare belongs to the weights before the epoch, and the last epoch is "
                "never measured.",
                patch=(
                    "        train_epoch(model)\n        loss = measure(model)\n",
                    "        loss = measure(model)\n        train_epoch(model)\n",
                ),
                hints=("Which comes first in an epoch?",),
            ),
        ),
        alternatives=(keep_by_deepcopy, keep_in_a_file, keep_by_copying_back),
        equivalent_mutants={"if loss <= best:": "no two epochs measure the same"},
        hints=(
            "What has to be remembered from one epoch to the next: which number, and which tensors?",
            "When an epoch is the best so far, keep its number and a copy of its `state_dict()`; after the loop, load the copy.",
            "`kept = {name: tensor.clone() for name, tensor in model.state_dict().items()}`, and in the end "
            "`model.load_state_dict(kept)`.",
        ),
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
            Misconception(
                "one-entry", "That is one entry of the output. What is printed is the *sum* of all of them.", value=1
            ),
        ),
        hints=("Which mode does the second line choose, and what does dropout do there?",),
        explain="In evaluation mode dropout passes its input on unchanged.",
    ),
}
