"""Lesson 08: what its exercises refuse beyond wrong values."""

import pytest
import torch

from tutor.lessons.registry import HOME, Lesson


@pytest.fixture(scope="module")
def exercises():
    return Lesson("optim", HOME / "optim", 8).exercises


class Inherited(torch.optim.SGD):
    def __init__(self, params, lr, weight_decay=0.0):
        super().__init__(params, lr=lr, weight_decay=weight_decay)


class Wrapped:
    def __init__(self, params, lr, weight_decay=0.0):
        self.inner = torch.optim.SGD(params, lr=lr, weight_decay=weight_decay)

    def zero_grad(self):
        self.inner.zero_grad()

    def step(self):
        self.inner.step()


@pytest.mark.parametrize("ready_made", [Inherited, Wrapped])
def test_an_sgd_that_lets_torch_take_the_step_is_refused(exercises, ready_made):
    report = exercises["optim.SGD"].check(ready_made)
    assert report.verdict == "error" and "write it yourself" in report.message


def test_torchs_own_optimisers_work_again_after_a_check(exercises):
    exercises["optim.SGD"].check(Wrapped)
    w = torch.ones(1, requires_grad=True)
    w.grad = torch.ones(1)
    torch.optim.SGD([w], lr=0.5).step()
    assert w.item() == 0.5


def test_a_velocity_that_is_the_gradient_itself_is_told_to_be_a_copy(exercises):
    def aliased(grad, state, lr, momentum):
        if not state:
            state["velocity"] = grad
        else:
            state["velocity"].mul_(momentum).add_(grad)
        return lr * state["velocity"]

    report = exercises["optim.sgd_momentum"].check(aliased)
    assert report.verdict == "wrong" and "changes its input" in report.message


class StopsAtNone:
    def __init__(self, params, lr, weight_decay=0.0):
        self.params, self.lr, self.weight_decay = list(params), lr, weight_decay

    def zero_grad(self):
        for p in self.params:
            p.grad = None

    @torch.no_grad()
    def step(self):
        for p in self.params:
            if p.grad is None:
                break
            p -= self.lr * (p.grad + self.weight_decay * p)


def test_an_sgd_that_stops_at_the_first_missing_gradient_is_told_to_go_on(exercises):
    report = exercises["optim.SGD"].check(StopsAtNone)
    assert report.misconception == "none-ends-the-step"


def test_a_loss_that_is_still_a_tensor_is_no_python_number(exercises):
    def detached(model, loss_fn, optimizer, x, y):
        optimizer.zero_grad()
        loss = loss_fn(model(x), y)
        loss.backward()
        optimizer.step()
        return loss.detach()

    assert exercises["optim.train_step"].check(detached).misconception == "tensor-returned"


class ClearsInTheStep:
    def __init__(self, params, lr, weight_decay=0.0):
        self.params, self.lr, self.weight_decay = list(params), lr, weight_decay

    def zero_grad(self):
        pass

    @torch.no_grad()
    def step(self):
        for p in self.params:
            if p.grad is not None:
                p -= self.lr * (p.grad + self.weight_decay * p)
                p.grad = None


def test_a_zero_grad_that_leaves_the_clearing_to_the_step_is_refused(exercises):
    assert exercises["optim.SGD"].check(ClearsInTheStep).misconception == "step-clears"


def test_a_key_that_is_not_there_yet_is_explained(exercises):
    def velocity_by_brackets(grad, state, lr, momentum):
        state["v"] = momentum * state["v"] + grad
        return lr * state["v"]

    report = exercises["optim.sgd_momentum"].check(velocity_by_brackets)
    assert report.verdict == "error" and "it is empty at the first step" in report.message


def test_a_rule_without_root_and_epsilon_is_told_so(exercises):
    def rmsprop(grad, state, lr, alpha, eps):
        state["s"] = alpha * state.get("s", 0) + (1 - alpha) * grad**2
        return lr * grad / state["s"]

    assert exercises["optim.rmsprop"].check(rmsprop).misconception == "no-root-no-epsilon"
