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


def born(program, *words):
    found = told(program)
    assert kinds(found)[0] == "not finite"
    return says(found, "The loss is finite; backward makes the first", *words)


# pytorch/pytorch#187297: the branch of where() that was not taken still computes sqrt of a negative number
def test_a_masked_square_root_is_told_with_its_rule_and_numbers():
    x = torch.tensor([-1.0, -4.0], requires_grad=True)
    born(lambda: torch.where(x > 0, x.sqrt(), x).sum().backward(), "NaN in sqrt", "g / (2 · y)", "g = 0", "mask")


# pytorch/pytorch#16317, #52248: 0 / 0 is masked afterwards
def test_a_masked_division_by_zero_is_told_with_its_rule_and_numbers():
    x, n = torch.tensor([0.0, 1.0], requires_grad=True), torch.tensor([0.0, 2.0])
    born(
        lambda: torch.where(n == 0, torch.zeros(2), x / n).sum().backward(), "NaN in div", "g / b", "other = 0", "mask"
    )


# pytorch/pytorch#108618, #68425, #18287: logarithm, exponential and cosine beyond their bounds, masked afterwards
def test_masked_functions_out_of_their_bounds_are_told():
    x = torch.tensor([0.0, 2.0], requires_grad=True)
    born(lambda: torch.where(x > 1, torch.log2(x), 2 * x).sum().backward(), "NaN in log2", "self = 0", "mask")
    a = torch.tensor(100.0, requires_grad=True)
    born(lambda: torch.where(a <= 0, torch.exp(a), 1 + a).backward(), "NaN in exp", "result = inf", "mask")
    b = torch.tensor([0.0, float("inf")], requires_grad=True)
    born(lambda: torch.where(b < 1, torch.cos(b), torch.zeros(2)).sum().backward(), "NaN in cos", "self = inf", "mask")


# pytorch/pytorch#2421, #2721: the length of a vector of zeros has no derivative
def test_the_length_of_a_zero_vector_is_told():
    x = torch.zeros(3, requires_grad=True)
    born(lambda: x.pow(2).sum().sqrt().backward(), "Inf in sqrt", "result = 0", "epsilon")


# alexTsaptsinos/lyricsHAN#3: a row of padding alone is divided by its length, 0
def test_a_row_of_padding_is_told_as_the_birth_of_the_nan():
    model, mask = nn.Linear(3, 2), torch.tensor([[1.0, 1.0], [0.0, 0.0]])

    def step():
        words = model(torch.randn(2, 2, 3)) * mask[..., None]
        mean = words.sum(1) / mask.sum(1, keepdim=True)
        mean.pow(2).mean().backward()

    found = told(step, model)
    assert says(found, "The loss itself is NaN", "born in div", "line `mean = words.sum(1) / ")


# cvignac/SMP#3, Marcovaldong/lstmp.pytorch#2: activations grow from layer to layer until they overflow
def test_activations_that_overflow_are_told_where_inf_first_appears():
    weight = torch.full((4, 4), 1e9, requires_grad=True)

    def step():
        h = torch.ones(1, 4)
        for _ in range(8):
            h = h @ weight
        torch.softmax(h, -1).sum().backward()

    found = told(step)
    assert says(found, "The loss itself is NaN", "softmax", "what went in holds Inf")


# pytorch/pytorch#2623: the gradient of a recurrent network explodes
def test_an_exploding_recurrent_network_is_told_by_its_norm():
    cell = nn.RNNCell(2, 4, nonlinearity="relu")
    with torch.no_grad():
        cell.weight_hh.copy_(torch.full((4, 4), 0.9))

    def step():
        h = torch.ones(1, 4)
        for _ in range(25):
            h = cell(torch.ones(1, 2), h)
        h.sum().backward()

    found = told(step, cell)
    assert kinds(found) == ["exploding"]
    assert says(found, "_hh` is used in 25 steps", "grows by a factor of", "clip_grad_norm_")


class Swapped(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, w):
        ctx.save_for_backward(x, w)
        return x @ w

    @staticmethod
    def backward(ctx, gradient):
        x, w = ctx.saved_tensors
        return gradient @ w.T, gradient.T @ x


# hszhao/SAN#3, msurtsukov/neural-ode#2: a hand-written backward returns a gradient of the wrong shape
def test_a_custom_function_that_returns_a_wrong_shape_is_named_with_torchs_words():
    x, w = torch.randn(2, 3, requires_grad=True), torch.randn(3, 4, requires_grad=True)
    found = told(lambda: Swapped.apply(x, w).sum().backward())
    assert says(found, "a backward() returned does not fit", "the custom Function Swapped")
    assert "got [4, 3] but expected shape compatible with [3, 4]" in found.text()
