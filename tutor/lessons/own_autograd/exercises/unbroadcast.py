"""A gradient summed over everything that broadcasting copied: axes that stay, vanish, or lie at the wrong end."""

import numpy as np

from tutor.checking import Misconception, code


def probe_unbroadcast(d):
    """A gradient, and a shape that broadcasting turned into the gradient's."""
    full = d.sizes(3)
    dropped = d.integer(0, 2)
    shape = list(full[dropped:])
    for k in range(len(shape)):
        if d.integer(0, 1):
            shape[k] = 1
    return d.array(*full), tuple(shape)


def probe_leading(d):
    """New axes in front and nothing else; with the third seed all axes."""
    full = d.sizes(3)
    return d.array(*full), full[d.seed % 1000 :]


def probe_stretched(d):
    """One axis that was stretched, none in front; another is of size 1 in both."""
    full = list(d.sizes(3))
    stretched = d.integer(0, 2)
    full[stretched - 1] = 1
    return d.array(*full), tuple(1 if k == stretched else n for k, n in enumerate(full))


def probe_alike(d):
    """Sizes that are all the same, so that an axis cannot be known by its size."""
    n = d.integer(3, 4)
    full, shape = (((n, n), (n,)), ((n, n), (n, 1)), ((n, n, n), (1, n)))[d.sizes(1, 0, 2)[0]]
    return d.array(*full), shape


def probe_few(d):
    """A gradient of no dimension, of one, and of four, in which sizes of 1 are stretched and are not."""
    n, m = d.sizes(2)
    full, shape = (((), ()), ((n,), (1,)), ((m, 1, n, m), (1, 1, m)))[d.seed % 1000 - 1]
    return 100 * d.array(*full), shape


def probe_thin(d):
    """A new axis in front that is of size 1 itself: as many numbers as before, in another shape."""
    n, m = d.sizes(2)
    full, shape = (((1, n), (n,)), ((1, 1), ()), ((1, n, m), (n, m)))[d.seed % 1000 - 1]
    return d.array(*full), shape


def unbroadcast_at_once(grad, shape):
    new = grad.ndim - len(shape)
    padded = (1,) * new + tuple(shape)
    axes = tuple(k for k, n in enumerate(padded) if n == 1)
    return grad.sum(axis=axes).reshape(shape)


def unbroadcast_by_itself(grad, shape):
    if grad.ndim > len(shape):
        return unbroadcast_by_itself(grad.sum(axis=0), shape)
    return grad.sum(axis=tuple(k for k, n in enumerate(shape) if n == 1), keepdims=True)


def unbroadcast_from_the_end(grad, shape):
    for axis in range(1, grad.ndim + 1):
        if axis > len(shape) or shape[-axis] == 1:
            grad = grad.sum(axis=-axis, keepdims=True)
    return np.reshape(grad, shape)


def unbroadcast_by_loop(grad, shape):
    out = np.zeros(shape)
    for index in np.ndindex(*grad.shape):
        place = index[grad.ndim - len(shape) :]
        out[tuple(0 if n == 1 else i for i, n in zip(place, shape, strict=True))] += grad[index]
    return out


def unbroadcast_by_einsum(grad, shape):
    new = grad.ndim - len(shape)
    axes = list(range(grad.ndim))
    kept = [axis for axis in axes[new:] if shape[axis - new] != 1]
    return np.einsum(grad, axes, kept).reshape(shape)


EXERCISE = code(
    difficulty="medium",
    minutes=10,
    drills=("unbroadcasting",),
    probe=(probe_unbroadcast, probe_leading, probe_stretched, probe_alike, probe_few, probe_thin),
    misconceptions=(
        Misconception(
            "stretched-axes-stay",
            "New axes in front are summed away, but an axis of size 1 that was stretched keeps its length. Those are copies too: sum them back to size 1.",
            patch=("        if size == 1:", "        if False:"),
            hints=("What does broadcasting do to an axis of size 1?",),
        ),
        Misconception(
            "new-axes-stay",
            "The result has as many axes as `grad`: those that broadcasting put in front are still there. They hold copies too; sum them away, before you count the axes of `shape`.",
            patch=(
                "    while grad.ndim > len(shape):\n        grad = grad.sum(axis=0)",
                "    while False:\n        grad = grad.sum(axis=0)",
            ),
            hints=("How many axes should the result have, and how many has yours?",),
        ),
        Misconception(
            "mean-for-sum",
            "That is the average over the copies. Each copy moves the loss and the effects add up, so the gradient is their sum.",
            patch=(".sum(", ".mean("),
            hints=("If five copies of a bias each move the loss by 2, by how much does the bias move it?",),
        ),
        Misconception(
            "one-copy",
            "That is the gradient of the first copy alone. Every copy contributes: sum over them.",
            patch=(
                ("grad = grad.sum(axis=0)", "grad = grad[0]"),
                ("grad.sum(axis=axis, keepdims=True)", "grad.take([0], axis=axis)"),
            ),
            hints=("How many copies did broadcasting make, and how many do you look at?",),
        ),
        Misconception(
            "axes-lost",
            "An axis of size 1 is lost. Summing removes an axis unless you ask to keep it, `keepdims=True`, and the result must have the shape that was asked for, sizes of 1 included.",
            patch=("grad.sum(axis=axis, keepdims=True)", "grad.sum(axis=axis)"),
            hints=("How many axes does an array of shape (4, 1) have, and how many are left after a sum over one?",),
        ),
        Misconception(
            "one-new-axis",
            "One axis in front is summed away, but broadcasting may have put several there: sum until there are as many as in `shape`.",
            patch=("while grad.ndim > len(shape)", "if grad.ndim > len(shape)"),
            hints=("How often may `grad.sum(axis=0)` be needed for a gradient of shape (2, 3, 4) and the shape (4,)?",),
        ),
        Misconception(
            "broadcast-again",
            "Copying, as `broadcast_to` does, is the way forward. On the way back the copies are summed.",
            patch=("    while grad.ndim", "    return np.broadcast_to(grad, shape)\n    while grad.ndim"),
            hints=("Which of the two has more numbers, `grad` or the result?",),
        ),
        Misconception(
            "wrong-end",
            "Axes at the end are summed away. Broadcasting lines shapes up at the end and puts new axes in front.",
            patch=("grad = grad.sum(axis=0)  #", "grad = grad.sum(axis=-1)  #"),
            hints=("On which side does NumPy add axes when it broadcasts (3,) to (4, 3)?",),
        ),
        Misconception(
            "reshaped",
            "Reshaping only arranges the same numbers anew, and there are more of them than fit. Copies are undone by summing.",
            patch=(
                "    while grad.ndim > len(shape):\n        grad = grad.sum(axis=0)",
                "    return grad.reshape(shape)\n    while grad.ndim > len(shape):\n        grad = grad.sum(axis=0)",
            ),
            hints=("How many numbers come in, and how many should come out?",),
        ),
    ),
    alternatives=(
        unbroadcast_at_once,
        unbroadcast_by_itself,
        unbroadcast_from_the_end,
        unbroadcast_by_loop,
        unbroadcast_by_einsum,
    ),
    hints=(
        "Which axes does the gradient have that `shape` does not, and which have another length?",
        "First sum over axis 0 as long as there are too many axes; then over each axis whose size in `shape` is 1, keeping it.",
        "`grad.sum(axis=0)` in a `while`, then `grad.sum(axis=axis, keepdims=True)` where `size == 1`.",
    ),
)
