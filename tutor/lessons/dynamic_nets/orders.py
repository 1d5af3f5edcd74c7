"""What an answer to `dynamic_net` of lesson 09 does at each order, and which orders it draws."""

from collections import Counter

import torch

from .shared import ORDERS

NAMES = "abcde"


def gradients_at(net, x, order, grad_y_pred):
    """The gradients of the five coefficients after one backward pass."""
    net.zero_grad()
    (net(x, order) * grad_y_pred).sum().backward()
    return {name: getattr(net, name).grad for name in NAMES}


def fill(net, weights):
    """Give the five coefficients their values, and any parameter beyond them another one; count the parameters."""
    parameters = dict(net.named_parameters())
    with torch.no_grad():
        for name, number in zip(NAMES, weights, strict=True):
            getattr(net, name).data = number.clone()
        for name in set(parameters) - set(NAMES):
            parameters[name].data = 2 * weights[4]
    return len(parameters)


def drawn(net, x):
    """In words, the orders of 600 calls, and whether one of them comes much more often than one call in three."""
    with torch.no_grad():
        known = {order: net(x, order) for order in ORDERS}
        results = [net(x) for _ in range(600)]
    counts = Counter(next((k for k, y in known.items() if torch.equal(y, result)), "another") for result in results)
    if len(counts) == 1:
        return "always the same one"
    often = [order for order, count in counts.items() if count > 250 and len(counts) == 3]
    return ", ".join(sorted(map(str, counts))) + (f", but {often[0]} too often" if often else "")
