"""Lesson 07 beside the networks that later lessons share."""

import pytest
import torch
from torch import nn

from tutor import models
from tutor.lessons.registry import HOME, Lesson


def exercise(name):
    return Lesson("nn", HOME / "nn", 7).exercises[f"nn.{name}"]


def test_the_two_layer_net_that_readers_write_is_the_one_that_later_lessons_use():
    torch.manual_seed(0)
    written = exercise("two_layer_net").reference(5, 4, 3)
    shared = models.TwoLayerNet(5, 4, 3)
    shared.load_state_dict(written.state_dict())
    x = torch.randn(6, 5)
    assert torch.equal(shared(x), written(x))


def test_the_cubic_and_the_large_network_that_readers_write_are_those_of_the_course():
    pairs = (
        (exercise("polynomial3").reference(), models.Polynomial3(), torch.randn(5)),
        (exercise("neural_network").reference(), models.fashion_mlp(), torch.randn(3, 1, 28, 28)),
    )
    for ours, theirs, x in pairs:
        with torch.no_grad():
            for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
                mine.copy_(other)
        assert torch.equal(ours(x), theirs(x))


class ReluNotConstructed(nn.Module):
    def __init__(self, d_in, d_hidden, d_out):
        super().__init__()
        self.linear1 = nn.Linear(d_in, d_hidden)
        self.linear2 = nn.Linear(d_hidden, d_out)

    def forward(self, x):
        return self.linear2(nn.ReLU(self.linear1(x)))


def test_a_relu_that_is_made_and_not_called_is_told_by_its_name():
    assert exercise("two_layer_net").check(ReluNotConstructed).misconception == "relu-not-constructed"


def test_a_sum_that_loses_its_dimension_is_told_to_keep_it():
    def without_keepdim(logits, y):
        z = logits - logits.amax(dim=1, keepdim=True)
        log_p = z - z.exp().sum(dim=1).log()
        return -log_p[torch.arange(len(y)), y].mean()

    assert exercise("cross_entropy").check(without_keepdim).misconception == "keepdim-missing"


def test_a_step_returns_a_number_and_no_tensor():
    def detached(model, loss_fn, x, y, learning_rate):
        model.zero_grad()
        loss = loss_fn(model(x), y)
        loss.backward()
        with torch.no_grad():
            for parameter in model.parameters():
                parameter -= learning_rate * parameter.grad
        return loss.detach()

    assert exercise("train_step").check(detached).misconception == "tensor-returned"


class Borrowed(nn.Module):
    def __init__(self, d_in, d_out):
        super().__init__()
        ready_made = nn.Linear(d_in, d_out)
        self.weight, self.bias = ready_made.weight, ready_made.bias

    def forward(self, x):
        return x @ self.weight.T + self.bias


def test_a_linear_layer_that_takes_its_parameters_from_torchs_own_is_a_shortcut():
    assert exercise("linear").check(Borrowed).verdict == "shortcut"


class ListAndForward(nn.Module):
    def __init__(self, *layers):
        super().__init__()
        self.layers = list(layers)

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x


def test_of_two_mistakes_in_a_chain_the_overlooked_list_is_told_first():
    assert exercise("sequential").check(ListAndForward).misconception == "layers-overlooked"


def test_exponentials_that_still_overflow_are_not_taken_for_a_finished_softmax():
    def above_the_mean(logits, y):
        z = logits - logits.mean(dim=1, keepdim=True)
        log_p = z - z.exp().sum(dim=1, keepdim=True).log()
        return -log_p[torch.arange(len(y)), y].mean()

    assert exercise("cross_entropy").check(above_the_mean).misconception == "mean-for-largest"


def test_the_first_loss_is_accepted_however_it_is_computed():
    for right in (lambda c: -torch.log(torch.tensor(1 / c)), lambda c: torch.log_softmax(torch.zeros(c), 0)[0].neg()):
        assert exercise("first_loss").check(right).verdict == "pass"


def test_the_best_epoch_is_better_than_all_before_it_and_not_only_than_the_last():
    def compared_with_the_last(model, train_epoch, measure, epochs):
        before, lowest = float("inf"), float("inf")
        for _ in range(epochs):
            train_epoch(model)
            loss = measure(model)
            if loss < before:
                kept = {name: tensor.clone() for name, tensor in model.state_dict().items()}
            before, lowest = loss, min(lowest, loss)
        model.load_state_dict(kept)
        return lowest

    assert exercise("keep_best").check(compared_with_the_last).verdict == "wrong"


def test_weights_that_are_put_back_without_the_buffers_are_told_so():
    def parameters_alone(model, train_epoch, measure, epochs):
        best = float("inf")
        for _ in range(epochs):
            train_epoch(model)
            loss = measure(model)
            if loss < best:
                best, kept = loss, [p.detach().clone() for p in model.parameters()]
        for parameter, old in zip(model.parameters(), kept, strict=True):
            parameter.data.copy_(old)
        return best

    assert exercise("keep_best").check(parameters_alone).misconception == "buffer-left-behind"


def cut_from_zero(keep):
    def cross_entropy(logits, y):
        p = (logits - logits.amax(dim=1, keepdim=True)).exp()
        p = p / p.sum(dim=1, keepdim=True)
        return -keep(p[torch.arange(len(y)), y]).log().mean()

    return cross_entropy


@pytest.mark.parametrize("keep", [lambda p: p + 1e-9, lambda p: p + 1e-12, lambda p: p.clamp(min=1e-7)])
def test_a_logarithm_that_is_kept_from_zero_is_told_whatever_keeps_it(keep):
    assert exercise("cross_entropy").check(cut_from_zero(keep)).misconception == "logarithm-kept-from-zero"


def test_a_softmax_that_overflows_is_told_so_even_with_a_small_number_in_the_logarithm():
    def cross_entropy(logits, y):
        p = logits.exp() / logits.exp().sum(dim=1, keepdim=True)
        return -(p[torch.arange(len(y)), y] + 1e-9).log().mean()

    report = exercise("cross_entropy").check(cross_entropy)
    assert report.misconception == "logarithm-kept-from-zero-and-overflow"


def test_a_cross_entropy_by_logsumexp_lets_the_library_keep_the_overflow_out():
    def cross_entropy(logits, y):
        return (logits.logsumexp(1) - logits[torch.arange(len(y)), y]).mean()

    assert exercise("cross_entropy").check(cross_entropy).misconception == "library-loss"


def keeper(best, kept_before=False):
    def keep_best(model, train_epoch, measure, epochs):
        lowest, unset = best, None
        if kept_before:
            unset = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        for _ in range(epochs):
            train_epoch(model)
            loss = measure(model)
            if loss < lowest:
                lowest, unset = loss, {name: tensor.clone() for name, tensor in model.state_dict().items()}
        model.load_state_dict(unset)
        return lowest

    return keep_best


@pytest.mark.parametrize(
    ("best", "name"), [(0, "no-epoch-better"), (-float("inf"), "begins-with-minus-infinity"), (1e6, "begins-too-low")]
)
def test_a_best_that_no_loss_can_beat_is_told_so(best, name):
    def unbound(model, train_epoch, measure, epochs):
        lowest = best
        for _ in range(epochs):
            train_epoch(model)
            loss = measure(model)
            if loss < lowest:
                lowest, best_state = loss, {n: t.clone() for n, t in model.state_dict().items()}
        model.load_state_dict(best_state)
        return lowest

    assert exercise("keep_best").check(unbound).misconception == name
    assert exercise("keep_best").check(keeper(best)).misconception == name


def test_a_best_of_zero_with_the_first_weights_kept_is_told_so():
    report = exercise("keep_best").check(keeper(0, kept_before=True))
    assert report.misconception == "no-epoch-better-than-zero"


def test_the_untrained_model_is_no_epoch():
    def start_counts(model, train_epoch, measure, epochs):
        return keeper(measure(model), kept_before=True)(model, train_epoch, measure, epochs)

    assert exercise("keep_best").check(start_counts).misconception == "start-counts-too"


def test_an_epoch_that_is_measured_twice_is_told_so():
    def twice(model, train_epoch, measure, epochs):
        best = float("inf")
        for _ in range(epochs):
            train_epoch(model)
            if measure(model) < best:
                best, kept = measure(model), {n: t.clone() for n, t in model.state_dict().items()}
        model.load_state_dict(kept)
        return best

    assert exercise("keep_best").check(twice).misconception == "measured-twice"


def mended(name, *pairs):
    """The report on a repair of the lesson, with some texts of its solution replaced."""
    repair = exercise(name)
    source = repair.source
    for old, new in pairs:
        assert old in source
        source = source.replace(old, new)
    return repair.check(repair.build(source)[0], source=source)


COLUMN, LOSS = (".squeeze(1)", ""), "loss_fn(predictions, y)"


@pytest.mark.filterwarnings("ignore:Using a target size")
@pytest.mark.parametrize(
    ("loss", "name"),
    [
        ("((predictions - y) ** 2).mean()", "unmended"),
        ("loss_fn(predictions, y.unsqueeze(0))", "unmended"),
        ("loss_fn(*torch.broadcast_tensors(predictions, y))", "unmended"),
        ("((predictions - y) ** 2).sum(1).mean()", "summed-over-one-axis"),
        ("((predictions - y) ** 2).mean(0).sum()", "summed-over-one-axis"),
        ("loss_fn(predictions, y.mean().reshape(1, 1))", "targets-averaged"),
    ],
)
def test_a_loss_that_compares_all_with_all_is_told_so_without_its_warning(loss, name):
    assert mended("mend_targets", COLUMN, (LOSS, loss)).misconception == name


@pytest.mark.filterwarnings("ignore:Using a target size")
def test_a_squeeze_of_everything_is_told_where_its_last_dimension_is_missed():
    assert mended("mend_targets", (".squeeze(1)", ".squeeze()")).misconception == "squeezed-to-nothing"
    assert mended("mend_targets", COLUMN, (LOSS, "loss_fn(predictions.squeeze(), y)")).verdict == "pass"


@pytest.mark.parametrize(
    "right", ["predictions, y[:, None]", "predictions.T[0], y", "predictions, y.view_as(predictions)"]
)
def test_predictions_and_targets_may_take_either_shape(right):
    assert mended("mend_targets", COLUMN, (LOSS, f"loss_fn({right})")).verdict == "pass"


TRAIN, EVAL, BACK = "        model.train()\n", "        model.eval()\n", "    model.train(mode)\n"
MEASURED = "            losses.append(loss_fn(model(held_x), held_y).item())\n"
ONCE = (TRAIN, ""), ("    for _ in", "    model.train()\n    for _ in")


@pytest.mark.parametrize(
    ("pairs", "name"),
    [
        ([*ONCE], "unmended"),
        ([*ONCE, (EVAL, "")], "measured-in-training-mode"),
        ([*ONCE, (EVAL, EVAL + TRAIN)], "measured-in-training-mode"),
        ([*ONCE, (MEASURED, f"{MEASURED}        model.train(mode)\n")], "put-back-as-it-came"),
        ([*ONCE, (BACK, "    model.train()\n")], "back-after-all-epochs"),
        ([(TRAIN, ""), (MEASURED, MEASURED + TRAIN)], "first-epoch-as-it-came"),
        ([(BACK, ""), (MEASURED, MEASURED + TRAIN)], "left-in-training-mode"),
    ],
)
def test_a_mode_that_is_switched_in_the_wrong_place_is_told(pairs, name):
    assert mended("mend_dropout", *pairs).misconception == name


def test_a_model_may_be_switched_back_as_soon_as_it_was_measured():
    assert mended("mend_dropout", *ONCE, (MEASURED, MEASURED + TRAIN)).verdict == "pass"
