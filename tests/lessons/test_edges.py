"""Answers that are right for the usual sizes, numbers and counts, and wrong for others that a docstring allows."""

import math

import numpy as np
import pytest
import torch
from torch import nn

import tutor


def crossing_looks_one_ahead(sizes, here, there):
    for i in range(len(sizes) - 1):
        if there[i] < here[i] and there[i + 1] < here[i + 1]:
            return sizes[i]
    return sizes[-1] if there[-1] < here[-1] else math.inf


def crossing_by_halves(sizes, here, there):
    low, high = 0, len(sizes)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if there[middle] < here[middle] else (middle + 1, high)
    return sizes[low] if low < len(sizes) else math.inf


def update_through_ravel(w, grad, learning_rate):
    w.ravel().sub_(learning_rate * grad.ravel())


def step_of_two_weights(weights, grads, learning_rate):
    for k in (0, 1):
        weights[k] -= learning_rate * grads[k]


def step_with_new_memory(weights, grads, learning_rate):
    for w, grad_w in zip(weights, grads, strict=True):
        w.data = w.data - learning_rate * grad_w


def difference_through_ravel(f, w, eps):
    grad, flat = np.zeros_like(w), w.ravel()
    out = grad.ravel()
    for k in range(flat.size):
        kept = flat[k]
        flat[k] = kept + eps
        up = f(w)
        flat[k] = kept - eps
        out[k] = (up - f(w)) / (2 * eps)
        flat[k] = kept
    return grad


def own_by_shape(array):
    return torch.Tensor(array.tolist())


def own_and_spoilt(array):
    tensor = torch.tensor(array, dtype=torch.float32)
    array *= 0
    return tensor


def channels_in_float(images):
    return images.permute(0, 3, 1, 2).contiguous().float()


def unbroadcast_by_size(grad, shape):
    for axis in reversed(range(grad.ndim)):
        if grad.shape[axis] not in shape:
            grad = grad.sum(axis=axis)
    return grad.reshape(shape)


def trainable_turned_round(weights, trainable):
    for w in weights:
        w.requires_grad_(not w.requires_grad)
        w.grad = None


def outside_with_a_tensor(x, w, measure):
    y_pred = x @ w
    y_pred.backward(2 * measure(y_pred.detach()))
    return w.grad


def schedule_without_a_single_step(t, warm_up, steps):
    if t < warm_up:
        return 1 / warm_up + (1 - 1 / warm_up) * t / (warm_up - 1)
    return 0.5 * (1 + math.cos(math.pi * (t - warm_up) / (steps - warm_up)))


def entropy_in_float64(logits, y):
    z = logits.double()
    return -(z - z.exp().sum(1, keepdim=True).log())[torch.arange(len(y)), y].mean()


class ChildrenOnce(nn.Module):
    def __init__(self, *layers):
        super().__init__()
        for number, layer in enumerate(layers):
            self.add_module(f"layer{number}", layer)

    def forward(self, x):
        for layer in self.children():
            x = layer(x)
        return x


class SameInEachLayer(nn.Module):
    def __init__(self, d_in, d_out):
        super().__init__()
        bound = d_in**-0.5
        self.weight = nn.Parameter(torch.linspace(-bound, bound, d_in * d_out).reshape(d_out, d_in))
        self.bias = nn.Parameter(torch.linspace(-bound, bound, d_out))

    def forward(self, x):
        return x @ self.weight.T + self.bias


def unroll_squeezed(cell, x, h):
    states = []
    for x_t in x:
        h = cell(x_t, h)
        states.append(h)
    return torch.stack(states).squeeze()


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        ("numpy_backprop.finite_difference", difference_through_ravel),
        ("torch_tensors.own_tensor", own_by_shape),
        ("torch_tensors.own_tensor", own_and_spoilt),
        ("torch_tensors.channels_first", channels_in_float),
        ("torch_tensors.update_", update_through_ravel),
        ("torch_backprop.take_step", step_of_two_weights),
        ("torch_backprop.take_step", step_with_new_memory),
        ("torch_backprop.crossing_point", crossing_looks_one_ahead),
        ("torch_backprop.crossing_point", crossing_by_halves),
        ("own_autograd.unbroadcast", unbroadcast_by_size),
        ("autograd.set_trainable", trainable_turned_round),
        ("autograd.outside_gradient", outside_with_a_tensor),
        ("nn.linear", SameInEachLayer),
        ("nn.sequential", ChildrenOnce),
        ("nn.cross_entropy", entropy_in_float64),
        ("optim.schedule", schedule_without_a_single_step),
        ("dynamic_nets.unroll", unroll_squeezed),
    ],
)
def test_it_does_not_pass(exercise, answer):
    assert tutor.exercises[exercise].check(answer).verdict in ("wrong", "error")


def dataset_that_keeps_what_it_transformed():
    class ImageDataset:
        def __init__(self, images, labels, transform=None, target_transform=None):
            self.images, self.labels = list(images), labels
            self.changes = transform, target_transform

        def __len__(self):
            return len(self.labels)

        def __getitem__(self, index):
            change, change_label = self.changes
            if change:
                self.images[index] = change(self.images[index])
            return self.images[index], change_label(self.labels[index]) if change_label else self.labels[index]

    return ImageDataset


def fit_measured_afterwards(model, loss_fn, optimizer, x, y, batch_size, epochs):
    losses = []
    for _ in range(epochs):
        for rows in torch.randperm(len(x)).split(batch_size):
            loss = loss_fn(model(x[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        with torch.no_grad():
            losses.append(loss_fn(model(x), y).item())
    return losses


def fit_seeded(model, loss_fn, optimizer, x, y, batch_size, epochs):
    torch.manual_seed(0)
    losses = []
    for _ in range(epochs):
        total = 0.0
        for rows in torch.randperm(len(x)).split(batch_size):
            loss = loss_fn(model(x[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(rows)
        losses.append(total / len(x))
    return losses


def line_that_stops_where_the_loss_grows(x, y, steps, learning_rate):
    line, last = torch.zeros(2, requires_grad=True), float("inf")
    for _ in range(steps):
        loss = ((line[0] + line[1] * x - y) ** 2).mean()
        if loss.item() > last:
            break
        last = loss.item()
        (grad,) = torch.autograd.grad(loss, line)
        line = (line - learning_rate * grad).detach().requires_grad_()
    return tuple(line.tolist())


def step_in_evaluation_mode(model, loss_fn, optimizer, x, y):
    model.eval()
    loss = loss_fn(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


def difference_in_32_bits(f, w, eps):
    w = w.astype(np.float32)
    grad = np.zeros(w.shape)
    for index in np.ndindex(*w.shape):
        up, down = w.copy(), w.copy()
        up[index] += eps
        down[index] -= eps
        grad[index] = (f(up) - f(down)) / (2 * eps)
    return grad


@pytest.mark.parametrize(
    ("exercise", "answer", "told"),
    [
        ("data_to_prediction.ImageDataset", dataset_that_keeps_what_it_transformed(), "the second time"),
        ("network_and_training.fit", fit_measured_afterwards, "measured when its epoch is over"),
        ("network_and_training.fit", fit_seeded, "the next call of `fit` draws the same ones"),
        ("tensors_and_gradients.fit_line", line_that_stops_where_the_loss_grows, "`learning_rate` = 1.2"),
        ("network_and_training.train_step", step_in_evaluation_mode, "yours is 'called in evaluation mode'"),
        ("numpy_backprop.finite_difference", difference_in_32_bits, "`eps` = 1.526e-05"),
    ],
)
def test_it_does_not_pass_and_is_told_what_is_so(exercise, answer, told):
    assert told in tutor.exercises[exercise].check(answer, search=0).message


@pytest.mark.parametrize(
    "exercise", ["data_to_prediction.test", "data_to_prediction.predict", "data_to_prediction.train"]
)
def test_a_model_is_called_and_not_its_forward(exercise):
    answer = tutor.exercises[exercise].build(tutor.exercises[exercise].source.replace("model(", "model.forward("))[0]
    assert "model(X)" in tutor.exercises[exercise].check(answer, search=0).message


def test_the_two_best_are_not_told_as_the_lowest():
    report = tutor.exercises["start_here.accuracy"].check(
        lambda scores, targets: (scores.topk(2, dim=1).indices == targets[:, None]).any(1).float().mean(), search=5.0
    )
    assert report.verdict == "wrong" and report.misconception is None


def test_the_order_of_a_tensor_with_one_parent_or_three_is_asked_for():
    answer = tutor.exercises["own_autograd.topological_order"].build(
        """
def topological_order(tensor):
    order = []
    def visit(t):
        if t in order:
            return
        if t.parents:
            left, right = t.parents
            visit(left); visit(right)
        order.append(t)
    visit(tensor)
    return order
"""
    )
    assert tutor.exercises["own_autograd.topological_order"].check(answer).verdict == "error"


def test_a_word_with_other_blanks_and_a_full_stop_is_the_same_word():
    check = tutor.exercises["compile_export_scale.predict_restart"].check
    assert check("both  from the checkpoint.").verdict == "pass"
    assert '"the dead one"' in check("neither").message


def test_a_truth_value_is_no_number():
    assert "yours is `True`" in tutor.exercises["dynamic_nets.predict_traced"].check(True).message
