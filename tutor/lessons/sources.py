"""What the five sources of the series teach, item by item, and the cells that teach each in plain sight.

Every item names cells as "lesson/cell" and what has to stand in them: the lint holds both, so that nothing is lost when
a lesson is rewritten, and nothing moves into a helper.
"""

from __future__ import annotations

from dataclasses import dataclass

from tutor.lessons import SERIES

SOURCES = {
    "S0": "a small first example, a two-layer network on tensors",
    "S1": "a tour of ten minutes",
    "S2": "a notebook on autograd",
    "S3": "learning through examples",
    "S4": "an introduction, from data to a saved model",
}


@dataclass(frozen=True)
class Item:
    """Something that a source teaches.

    Attributes
    ----------
    source : its key in SOURCES.
    words : what it is.
    cells : "lesson/cell" of the cells that teach it; at least one.
    seen : what has to stand in the text of these cells, taken together, with the solutions.
    """

    source: str
    words: str
    cells: tuple[str, ...]
    seen: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.source not in SOURCES:
            raise ValueError(f'"{self.words}": there is no source {self.source}.')
        if not self.cells or not self.seen:
            raise ValueError(f'"{self.words}" names no cell that teaches it, or nothing that is seen there.')
        for cell in self.cells:
            if cell.partition("/")[0] not in SERIES:
                raise ValueError(f'"{self.words}": {cell} is in no lesson of the series.')

    def cells_in(self, lesson: str) -> list[str]:
        """The names of its cells in one lesson."""
        return [name for place, _, name in (cell.partition("/") for cell in self.cells) if place == lesson]


def _item(source: str, words: str, cells: str, *seen: str) -> Item:
    return Item(source, words, tuple(cells.split()), seen)


ITEMS = (
    # S0
    _item(
        "S0",
        "the dtype and the device as variables; randn on a device",
        "torch_backprop/choose-device torch_backprop/drawn-there",
        'torch.device("cpu")',
        "torch.float ",
        "torch.randn(64, 1000, device=device, dtype=dtype)",
    ),
    _item(
        "S0",
        "a two-layer ReLU network with its gradients by hand: mm, clamp, pow, sum, item, t, clone, a mask, the update",
        "torch_backprop/two-layer-forward torch_backprop/relu-backward torch_backprop/two-layer-gradients "
        "torch_backprop/train-two-layer",
        ".mm(",
        ".clamp(min=0)",
        ".pow(2).sum()",
        ".item()",
        ".t()",
        ".clone()",
        "[h < 0] = 0",
        "w1 -= learning_rate",
    ),
    _item("S0", "the loss printed on the way", "torch_backprop/train-two-layer", "print(f", "loss.item()"),
    _item(
        "S0",
        "clamp(min=0) is the ReLU",
        "torch_backprop/net torch_backprop/dictionary",
        "clamp(min=0)`, which is the ReLU",
        "t.clamp(min=0)",
    ),
    _item(
        "S0",
        "gradients add up when backward is called again",
        "autograd/retained autograd/parts-add-up",
        "y.backward(retain_graph=retain)",
    ),
    # S1
    _item(
        "S1",
        "the packages torch, autograd, nn, optim and jit, and what each is for",
        "start_here/map-drawn",
        '"torch"',
        "torch.autograd",
        "torch.nn",
        "torch.optim",
        "torch.jit",
    ),
    _item(
        "S1",
        "importing them under their usual names",
        "start_here/imports-everybody-writes",
        "import torch.nn as nn",
        "import torch.nn.functional as F",
        "import torch.optim as optim",
        "from torch import autograd, jit",
    ),
    _item(
        "S1",
        "a tensor from a nested list, and its size()",
        "torch_tensors/make torch_tensors/shape-dtype-device",
        "[[1.0, 2.0, 3.0], [4.0",
        ".size()",
    ),
    _item(
        "S1",
        "indexing, adding, view with -1",
        "torch_tensors/index torch_tensors/arithmetic-shown torch_tensors/view-minus-one",
        "x[1]",
        "(x + y)",
        ".view(3, -1)",
    ),
    _item(
        "S1",
        "a graph from x + 1, a sum of two tensors and sum; its creator, backward, x.grad",
        "autograd/leaf-or-not autograd/walk-the-graph autograd/sum-keeps-nothing autograd/jacobian-shown",
        "grad_fn",
        "y = x + 1",
        "y.backward()",
        "x.grad",
        "x.sum()",
    ),
    _item("S1", "nn.Linear and its parameters", "nn/look-at-linear", "nn.Linear(3, 2)", "layer.weight", "layer.bias"),
    _item(
        "S1",
        "relu, softmax over a dimension, MSELoss",
        "nn/one-layer nn/mse-rebuilt",
        "nn.ReLU()",
        "nn.Softmax(dim=1)",
        "nn.MSELoss()",
    ),
    _item(
        "S1",
        "a logistic-regression classifier as a module, with log_softmax",
        "nn/logistic_regression",
        "class LogisticRegression(nn.Module)",
        "nn.Linear(d_in, classes)",
        "log_softmax(dim=1)",
    ),
    _item(
        "S1",
        "SGD, zero_grad, backward, step",
        "optim/train-two-layer",
        "torch.optim.SGD(model.parameters(), lr=learning_rate)",
        "optimizer.zero_grad()",
        "loss.backward()",
        "optimizer.step()",
    ),
    _item("S1", "backward(retain_graph=True)", "autograd/retained", "retain_graph"),
    _item("S1", "a loop over epochs and mini-batches", "nn/fit", "for epoch in range(epochs)", ".split(batch_size)"),
    _item("S1", "jit.trace", "compile_export_scale/trace-net", "torch.jit.trace(model"),
    _item(
        "S1",
        "jit.script, and a scripted loop over x.split(1) with a state",
        "compile_export_scale/remember compile_export_scale/script-loop",
        "torch.jit.script(remember)",
        ".split(1)",
    ),
    # S2
    _item(
        "S2",
        "Variable, volatile, .creator and .data, and what they are today",
        "autograd/variable-today autograd/volatile-today autograd/gone-today autograd/data-is-silent",
        "Variable(torch.ones(3), requires_grad=True)",
        "volatile=True",
        ".creator",
        ".data",
    ),
    _item(
        "S2",
        "requires_grad, .grad and .grad_fn",
        "autograd/leaf-or-not autograd/uninitialised-shown",
        "requires_grad=True",
        ".grad_fn",
        ".grad",
    ),
    _item(
        "S2",
        "front layers left out of the graph late in training",
        "autograd/set_trainable autograd/freeze-train",
        "requires_grad_(trainable)",
        "set_trainable(",
    ),
    _item("S2", "exp and mean in a graph", "autograd/in-place-both autograd/broken-4", ".exp()", ".mean()"),
    _item("S2", "the graph drawn by make_dot", "autograd/sine-make-dot", "make_dot(loss"),
    _item(
        "S2",
        "backward(gradient): uninitialised (a mistake), with 0.1, and with retain_graph",
        "autograd/uninitialised-shown autograd/weights-arrive",
        "backward(torch.FloatTensor(1))",
        "backward(torch.tensor([0.1]))",
        "retain_graph=True",
    ),
    _item("S2", "register_hook", "autograd/hook-shown", ".register_hook("),
    _item(
        "S2",
        "the two-layer net in NumPy with half the sum: 50 x 40, 100, 10, 100 steps at 1e-4",
        "numpy_backprop/half_sum_step numpy_backprop/half-sum-beside-sum",
        "0.5 * ((y_pred - y) ** 2).sum()",
        "N, D_in, H, D_out = 50, 40, 100, 10",
        "learning_rate=1e-4) for step in range(100)",
    ),
    _item(
        "S2",
        "the same in torch, with the smallest changes",
        "torch_backprop/dictionary torch_backprop/train-two-layer",
        "np.maximum(a, 0)  t.clamp(min=0)",
        "two_layer_gradients(x, y, w1, w2)",
    ),
    _item(
        "S2",
        "dot, mm, matmul and *",
        "torch_tensors/products-run torch_tensors/three-ways",
        ".dot(",
        ".mm(",
        ".matmul(",
        "(t * t)",
    ),
    _item("S2", "addmm", "torch_tensors/products-run", "torch.addmm("),
    _item("S2", "bmm, baddbmm, addbmm", "torch_tensors/batched-run", "torch.bmm(", "torch.baddbmm(", "torch.addbmm("),
    # S3
    _item(
        "S3",
        "a cubic fitted to a sine at 2,000 points, 2,000 steps, in NumPy",
        "numpy_backprop/sine-data numpy_backprop/polynomial_gradients numpy_backprop/fit-sine",
        "np.linspace(-np.pi, np.pi, 2000)",
        "steps=2000",
        "grad_y_pred = 2 * (y_pred - y)",
    ),
    _item(
        "S3",
        "the same in tensors, on any device",
        "torch_backprop/sine-functions torch_backprop/fit-sine torch_backprop/sine-agrees",
        "x.pow(3)",
        "device",
    ),
    _item(
        "S3",
        "the same with autograd and no_grad, gradients cleared by hand",
        "autograd/sine_step autograd/fit-sine",
        "loss.backward()",
        "with torch.no_grad():",
        "p.grad = None",
        "range(2000)",
    ),
    _item(
        "S3",
        "a Function of one's own: the Legendre polynomial P3 in y = a + b P3(c + d x)",
        "custom_function/legendre custom_function/sine-step",
        "ctx.save_for_backward(",
        "def backward(ctx, ",
    ),
    _item(
        "S3",
        "Sequential(Linear(3, 1), Flatten(0, 1)), MSELoss of the sum, the layer and its weights",
        "nn/sine-data nn/sine-distance",
        "nn.Sequential(nn.Linear(3, 1), nn.Flatten(0, 1))",
        'nn.MSELoss(reduction="sum")',
        "model[0].weight",
    ),
    _item("S3", "the sine fit with RMSprop", "optim/sine-rmsprop", "torch.optim.RMSprop(params, lr=1e-3)"),
    _item(
        "S3",
        "the cubic as a module with a method that gives its formula",
        "nn/polynomial3 nn/polynomial3-formula nn/polynomial3-fit",
        "class Polynomial3(nn.Module)",
        "def formula(self)",
        "print(model.formula())",
    ),
    _item(
        "S3",
        "DynamicNet: a random order, one shared parameter, SGD with momentum, 30,000 steps",
        "dynamic_nets/dynamic_net dynamic_nets/train-dynamic",
        "random.randint(3, 5)",
        "self.e * x**power",
        "momentum=0.9",
        "range(30_000)",
    ),
    # S4
    _item(
        "S4",
        "Dataset and DataLoader, batches of 64 and their shapes",
        "fashion_mnist_data/first-batch",
        "DataLoader(prepared, batch_size=64",
        "x.shape",
    ),
    _item("S4", "the device chosen", "fashion_mnist_training/choose-device", "torch.cuda.is_available()"),
    _item(
        "S4",
        "the 784-512-512-10 network as a class, printed",
        "nn/neural_network nn/network-printed",
        "class NeuralNetwork(nn.Module)",
        "nn.Flatten()",
        "nn.Linear(784, hidden)",
        "print(model)",
    ),
    _item(
        "S4",
        "CrossEntropyLoss, SGD at 1e-3, five epochs",
        "fashion_mnist_training/first-recipe",
        "nn.CrossEntropyLoss()",
        "lr=1e-3",
        " 5, watch)",
    ),
    _item(
        "S4",
        "a train function with lines of the loss every 100 batches",
        "fashion_mnist_training/train_epoch fashion_mnist_training/loss-lines fashion_mnist_training/first-recipe",
        "model.train()",
        "loss: {loss.item():.6f}  [{self.seen:5}/{self.count}]",
        "else 100",
    ),
    _item(
        "S4",
        "a test function with accuracy and mean loss, after each epoch",
        "fashion_mnist_training/evaluate fashion_mnist_training/fit",
        "model.eval()",
        "argmax(dim=1) == y",
        "for epoch in range(1, epochs + 1)",
    ),
    _item(
        "S4",
        "a state_dict saved to a file and loaded into a new model",
        "nn/save-and-load fashion_mnist_training/save-plain",
        "torch.save(first_model.state_dict(), folder",
        "again.load_state_dict(torch.load(folder",
        'Path(folder.name) / "model.pt"',
    ),
    _item(
        "S4",
        "tensors from data, from NumPy, ones_like, rand_like with a dtype, from a shape",
        "torch_tensors/make torch_tensors/shared-or-not",
        "torch.tensor([[",
        "torch.from_numpy(",
        "torch.ones_like(",
        "torch.rand_like(x, dtype=",
        "torch.rand(shape)",
    ),
    _item("S4", "shape, dtype, device", "torch_tensors/shape-dtype-device", ".shape", ".dtype", ".device"),
    _item(
        "S4",
        "indexing, slicing, [..., -1], a column assigned",
        "torch_tensors/index",
        "x[1:, :2]",
        "x[..., -1]",
        "y[:, 1] = 0",
    ),
    _item("S4", "cat", "torch_tensors/cat-stack", "torch.cat([x, y], dim=1)"),
    _item(
        "S4",
        "matrix product and product, three ways each, with out=",
        "torch_tensors/three-ways",
        "t @ t.T",
        "t.matmul(",
        "t * t",
        "t.mul(",
        "out=into",
    ),
    _item("S4", "item", "torch_tensors/arithmetic-shown", "loss.item()"),
    _item("S4", "operations in place", "torch_tensors/in-place", "w.mul_(5)"),
    _item("S4", "a picture of 3 x 3 labelled samples", "fashion_mnist_data/nine-images", "columns=3"),
    _item(
        "S4",
        "a dataset of a folder of images and a CSV, with both transforms",
        "fashion_mnist_data/LabelledImages",
        "def __init__(self, folder, table, transform=None, target_transform=None)",
        "def __len__(self)",
        "def __getitem__(self, index)",
        "csv.DictReader(file)",
    ),
    _item(
        "S4",
        "one batch taken, its images shown",
        "fashion_mnist_data/first-batch fashion_mnist_data/batch-of-64",
        "next(iter(loader))",
        "plots.images(x[:, 0]",
    ),
    _item("S4", "pixels to [0, 1], as ToTensor does it", "fashion_mnist_data/to_tensor", "/ 255"),
    _item(
        "S4",
        "one-hot labels by scatter_, in a Lambda",
        "fashion_mnist_data/lambda-one-hot",
        "data.Lambda(lambda label:",
        "scatter_(0, torch.tensor(label), value=1)",
    ),
    _item(
        "S4",
        "three images through Flatten, Linear(784, 20), ReLU before and after, Sequential, Softmax(dim=1)",
        "nn/one-layer nn/through-the-layers nn/neural_network",
        "nn.Flatten()(three)",
        "nn.Linear(784, 20)",
        "nn.ReLU()(h)",
        "nn.Sequential(",
        "nn.Softmax(dim=1)",
    ),
    _item("S4", "model(x), never model.forward(x)", "nn/hooks-skipped", "model.forward(x)"),
    _item(
        "S4",
        "named_parameters with their sizes and first values",
        "nn/network-parameters",
        "named_parameters()",
        "parameter.shape",
        ".flatten()[:2]",
    ),
    _item(
        "S4",
        "binary_cross_entropy_with_logits of matmul(x, w) + b: grad_fn, backward, w.grad",
        "autograd/logits-forward autograd/logits-recorded autograd/logits-by-hand",
        "torch.matmul(x, w) + b",
        "binary_cross_entropy_with_logits(z, y)",
        "loss.grad_fn",
        "loss.backward()",
        "w.grad",
    ),
    _item(
        "S4",
        "only leaves have a grad",
        "autograd/rebound autograd/node-hooks-shown",
        "is_leaf",
        "w1_new.grad",
        "h.retain_grad()",
    ),
    _item(
        "S4",
        "one backward for each graph, retain_graph",
        "autograd/one-backward autograd/retained",
        "retain_graph=retain",
    ),
    _item(
        "S4",
        "forward makes the graph, backward walks it",
        "autograd/sine-before autograd/sine-after",
        "graph.trace(loss)",
        "loss.backward()",
    ),
)
