"""Logits that lesson 07 tries `cross_entropy` on, and in words what it does with them."""

import torch
from torch.nn import functional

from tutor.lessons.training_steps import plain

from .shared import fits, gradient


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
    """Logits whose exponentials overflow, the right class near the largest: there a finished softmax does no harm."""
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


FAR_FROM_ZERO = (probe_unlikely_class, probe_close_scores, probe_distant_rows, probe_shifted_scores, probe_huge_scores)


def node_names(grad_fn):
    """The names of all nodes of an autograd graph; torch's own losses have theirs, whatever they are called."""
    names, waiting, met = set(), [grad_fn], set()
    while waiting:
        node = waiting.pop()
        if node is not None and node not in met:
            met.add(node)
            names.add(node.name())
            waiting += [parent for parent, _ in node.next_functions]
    return names


def agrees(loss, logits, y):
    """Whether a loss is the cross-entropy of these logits."""
    return torch.allclose(loss, functional.cross_entropy(logits, y).to(loss.dtype), rtol=1e-4)


def is_bounded(cross_entropy, loss, logits, y):
    """Whether a loss is too small because one class is very unlikely, and would be right if it were less so.

    It is told in words then, so that every bound looks alike, however the logarithm was kept from 0.
    """
    milder = logits.clamp(min=-10)
    return loss < functional.cross_entropy(logits, y) and agrees(cross_entropy(milder, y), milder, y)


def use_cross_entropy(cross_entropy, logits, y):
    """The loss, its gradient, and who did the work; both count as nan where the loss is not finite."""
    logits = logits.clone().requires_grad_()
    loss = cross_entropy(logits, y)
    if not fits(loss, ()) or not loss.requires_grad:
        return plain(loss), "none: the loss is not a scalar tensor that hangs on the logits", "by hand"
    right, ready_made = agrees(loss, logits, y), {"LogSoftmaxBackward0", "NllLossBackward0", "LogsumexpBackward0"}
    # where the loss is wrong, what is wrong with it has to be told
    work = "by the library" if right and ready_made & node_names(loss.grad_fn) else "by hand"
    if not loss.isfinite():
        return torch.nan, torch.full_like(logits, torch.nan).detach(), work
    loss.backward()
    bounded = not right and is_bounded(cross_entropy, loss, logits.detach(), y)
    return "held down by a bound" if bounded else plain(loss), gradient(logits), work
