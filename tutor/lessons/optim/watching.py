"""What an optimiser of lesson 08 does, in words, to gradients and weights."""

import contextlib

import torch
from torch.optim.optimizer import register_optimizer_step_pre_hook

# The first optimiser of a process makes torch import its compiler, which takes seconds on a busy machine; here no
# check's time limit is running.
torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)


def said_of_gradients(sgd, weights, lr, weight_decay):
    """In words, what `zero_grad` clears and to what, and how `step` leaves the gradients."""
    leaves = [w.detach().clone().requires_grad_() for w in weights]
    optimizer = sgd(leaves, lr, weight_decay)
    sum(w.square().sum() for w in leaves).backward()
    try:
        optimizer.zero_grad()
    except RuntimeError as error:
        if "leaf Variable" not in str(error):
            raise
        return "the weights instead", ""
    if not all(torch.equal(leaf, w) for leaf, w in zip(leaves, weights, strict=True)):
        return "the weights instead", ""
    zeros = all(w.grad is None or not w.grad.any() for w in leaves)
    cleared = "to None" if all(w.grad is None for w in leaves) else "to zeros" if zeros else "not all"
    for w in leaves:
        w.grad = torch.ones_like(w)
    optimizer.step()
    gone = any(w.grad is None for w in leaves)
    kept = not gone and all(torch.equal(w.grad, torch.ones_like(w)) for w in leaves)
    return cleared, "gone" if gone else "as they are" if kept else "changed"


@contextlib.contextmanager
def no_ready_made_optimiser():
    """Stop an answer that lets one of PyTorch's optimisers do the step."""

    def refuse(optimizer, *_):
        writer = next(c for c in type(optimizer).__mro__ if "step" in vars(c))
        if writer.__module__.startswith("torch."):  # a subclass of torch's base class may have a step of its own
            raise TypeError("one of torch.optim's own optimisers does the step; write it yourself")

    handle = register_optimizer_step_pre_hook(refuse)
    try:
        yield
    finally:
        handle.remove()


def sgd_steps(sgd, as_given, steps, x, y, weights, lr, weight_decay):
    """The weights after each step, and at the end those that no loss uses and those whose gradient is 0."""
    w1, w2, unused, flat = leaves = [w.detach().clone().requires_grad_() for w in weights]
    # w2 stands last: it tells whether the skipped one ends the loop
    optimizer = sgd(as_given([w1, unused, flat, w2]), lr, weight_decay)
    for _ in range(steps):
        for _ in range(2):  # the first gradients are thrown away: zero_grad alone has to clear them
            optimizer.zero_grad()
            (((torch.tanh(x @ w1) @ w2 - y) ** 2).mean() + 0 * flat.sum()).backward()
        optimizer.step()
        yield from (w.detach().clone() for w in leaves[:2])
    yield from (unused.detach().clone(), flat.detach().clone())


def taken_in_turn(sgd, weights, lr, weight_decay):
    """Two optimisers of two models at once: the weights of the first, and those of the second, made without a decay."""
    first, second = ([w.detach().clone().requires_grad_() for w in part] for part in (weights, weights[:1]))
    both = sgd(first, lr, weight_decay), sgd(second, lr / 2)
    for optimizer in (*both, *both):
        for w in (*first, *second):
            w.grad = torch.ones_like(w)
        optimizer.step()
    return [torch.cat([w.detach().flatten() for w in part]) for part in (first, second)]


def three_sgd_steps(sgd, x, y, w1, w2, unused, lr, weight_decay):
    """The weights after each of three steps, the parameters given as a list; then after two, given by a generator."""
    with no_ready_made_optimiser():
        cleared, after_step = said_of_gradients(sgd, (w1, unused, w2), lr, weight_decay)
        if cleared == "the weights instead":
            return [cleared, *[None] * 17]
        weights = w1, w2, unused, unused + 1
        listed = sgd_steps(sgd, list, 3, x, y, weights, lr, weight_decay)
        given = sgd_steps(sgd, iter, 2, x, y, weights, lr, weight_decay)
        return [cleared, after_step, *listed, *given, *taken_in_turn(sgd, weights, lr, weight_decay)]


def probe_sgd(d):
    """A problem, weights, a parameter that takes no part in it, and the two settings."""
    n, d_in, h, d_out = d.sizes(4)
    settings = d.number(0.2, 0.4), d.number(0.5, 1.0)
    return d.tensor(n, d_in), d.tensor(n, d_out), d.tensor(d_in, h), d.tensor(h, d_out), d.tensor(3), *settings


def probe_no_decay(d):
    """No weight decay, a single row, and a parameter that is one number alone."""
    d_in, h, d_out = d.sizes(3)
    return (
        d.tensor(1, d_in),
        d.tensor(1, d_out),
        d.tensor(d_in, h),
        d.tensor(h, d_out),
        d.tensor(),
        d.number(0.2, 0.4),
        0.0,
    )
