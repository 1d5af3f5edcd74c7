"""Ways round that an exercise forbids, in every spelling; honest answers are never accused."""

import threading

import numpy as np
import pytest
import torch
import torch.nn.functional as functional
from torch.autograd import forward_ad

from tutor.checking.shortcut import watch

X = torch.tensor([[1.0, 2.0, 0.5], [0.1, -1.0, 2.0]])
TARGET = torch.tensor([1, 2])


def leaf():
    return X.clone().requires_grad_()


def by_backward():
    (leaf() ** 2).sum().backward()


def by_grad():
    x = leaf()
    torch.autograd.grad((x**2).sum(), x)


def by_exec():
    exec("x.pow(2).sum().backward()", {"x": leaf()})


def by_alias():
    run = torch.Tensor.backward
    run((leaf() ** 2).sum())


def by_thread():
    thread = threading.Thread(target=by_backward)
    thread.start()
    thread.join()


def by_forward_mode():
    with forward_ad.dual_level():
        dual = forward_ad.make_dual(X, torch.ones_like(X))
        forward_ad.unpack_dual(dual**2)


WAYS = [
    by_backward,
    by_grad,
    by_exec,
    by_alias,
    by_thread,
    by_forward_mode,
    lambda: torch.func.grad(lambda x: (x**2).sum())(X),
    lambda: torch.func.vjp(lambda x: x**2, X)[1](torch.ones_like(X)),
    lambda: torch.func.jacrev(lambda x: x**2)(X),
    lambda: torch.func.jvp(lambda x: x**2, (X,), (torch.ones_like(X),)),
    lambda: torch.autograd.functional.jacobian(lambda x: x**2, X),
]


@pytest.mark.parametrize("way", WAYS)
def test_autograd_is_noticed_however_it_is_called(way):
    with watch(("autograd",)) as found:
        way()
    assert found and found[0] == "torch's autograd"


def test_computing_by_hand_is_never_accused():
    with watch(("autograd", "aten:_log_softmax", "call:numpy.gradient")) as found:
        leaf() ** 2
        log_sum = (X - X.max()).exp().sum(dim=1, keepdim=True).log() + X.max()
        (log_sum - X).gather(1, TARGET[:, None]).mean()
        np.diff(np.arange(5.0))
    assert found == []


@pytest.mark.parametrize(
    "spelling",
    [
        lambda: functional.cross_entropy(X, TARGET),
        lambda: torch.nn.CrossEntropyLoss()(X, TARGET),
        lambda: functional.nll_loss(functional.log_softmax(X, dim=1), TARGET),
        lambda: torch.nn.LogSoftmax(dim=1)(X),
        lambda: X.log_softmax(1),
        lambda: getattr(torch, "log_" + "softmax")(X, 1),
    ],
)
def test_a_library_operation_is_noticed_under_every_name(spelling):
    with watch(("aten:_log_softmax",)) as found:
        spelling()
    assert found == ["the library's own operation `log_softmax`"]


def test_a_library_operation_is_noticed_in_a_thread():
    with watch(("aten:_log_softmax",)) as found:
        thread = threading.Thread(target=lambda: X.log_softmax(1))
        thread.start()
        thread.join()
    assert found


def test_a_python_function_is_noticed_under_another_name_and_a_class_by_its_making():
    other = np.gradient
    with watch(("call:numpy.gradient", "call:torch.nn.Linear", "call:math.fsum")) as found:
        other(np.arange(5.0))
        torch.nn.Linear(2, 3)
        import math

        math.fsum([1.0])
    assert set(found) == {"`numpy.gradient`", "`torch.nn.Linear`", "`math.fsum`"}


def test_everything_is_put_back():
    engine, run = torch.autograd._engine_run_backward, threading.Thread.run
    with pytest.raises(RuntimeError), watch(("autograd", "aten:mm", "call:numpy.gradient")):
        raise RuntimeError
    assert torch.autograd._engine_run_backward is engine and threading.Thread.run is run
    by_backward()


def test_an_unknown_way_is_told():
    with pytest.raises(ValueError, match="forbid= knows"), watch(("backprop",)):
        pass
