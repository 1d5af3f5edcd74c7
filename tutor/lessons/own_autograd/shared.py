"""What several exercises of lesson 04 share."""

import ast

import numpy as np


def home(answer, otherwise):
    """The class that the answer itself calls `Tensor`, so that its `isinstance` and its constructor agree with ours."""
    return getattr(answer, "__globals__", {}).get("Tensor", otherwise)


def engine(owner, name):
    """The class to judge a method on, with the method filled in."""
    method = vars(owner)[name]
    own = home(method, owner)
    setattr(own, name, method)
    return own


def _kind(thing):
    return {"NoneType": "None", "ndarray": "a plain array"}.get(type(thing).__name__, f"a {type(thing).__name__}")


def called(words, result):
    """The result of an operation, if it is a tensor with parents.

    Raises
    ------
    TypeError
        If it is not.
    """
    if not hasattr(result, "parents"):
        raise TypeError(f"{words} gave back {_kind(result)}; it should be Tensor(numbers, parents, vjp).")
    if not isinstance(result.parents, tuple | list):
        raise TypeError("parents should be a tuple; with a single parent that takes a comma: (self,).")
    if not callable(result.vjp):
        raise TypeError("the third argument of Tensor should be the function vjp itself: hand it over, do not call it.")
    return result


def without_end(operation):
    """What an operation of two tensors gives; a method that calls itself is told in the same words however it does so.

    Raises
    ------
    RecursionError
        If the operation never ends.
    """
    try:
        return operation()
    except RecursionError:
        raise RecursionError("the method calls itself") from None


def left_alone(**given):
    """Look whether tensors hold the numbers that they were made of; `given` is a tensor and its numbers by each name.

    Raises
    ------
    ValueError
        If one holds others.
    """
    for name, (tensor, numbers) in given.items():
        if not np.array_equal(tensor.data, numbers):
            raise ValueError(
                f"{name}.data holds other numbers afterwards; an operation leaves what it is given as it is."
            )


def _one_each(node, arriving):
    given = node.vjp(arriving)
    if not isinstance(given, tuple | list):
        raise TypeError(f"vjp returned {_kind(given)}; it should return a tuple, one gradient for each parent.")
    if len(given) != len(node.parents):
        doubt = "" if given else "; was vjp handed to Tensor?"
        raise ValueError(f"gradients returned by vjp: {len(given)}, parents: {len(node.parents)}{doubt}")
    if any(hasattr(grad, "parents") for grad in given):
        raise TypeError("vjp returned a Tensor; gradients are plain arrays, so take the numbers from .data.")
    if any(grad is None for grad in given):
        raise TypeError("vjp returned None among the gradients; it should return an array for each parent.")
    return given


def _summed(grad, shape):
    grad = np.asarray(grad, dtype=float)
    new = grad.ndim - len(shape)
    if new < 0 or any(have != want != 1 for have, want in zip(grad.shape[new:], shape, strict=True)):
        return grad  # it does not fit; the comparison will say so
    grad = grad.sum(axis=tuple(range(new)))
    return grad.sum(axis=tuple(k for k, n in enumerate(shape) if n == 1), keepdims=True)


def gradients(result, arriving, leaves):
    """Sweep back from a result and return the gradients of the leaves, each summed to its leaf's shape where it fits.

    Raises
    ------
    TypeError, ValueError
        If a vjp does not return one array for each parent.
    """
    order = []

    def visit(node):
        if all(node is not known for known in order):
            for parent in node.parents:
                visit(parent)
            order.append(node)

    visit(result)
    grads = {id(result): arriving}
    for node in reversed(order):
        if node.parents:
            for parent, grad in zip(node.parents, _one_each(node, grads.get(id(node), 0.0)), strict=True):
                grads[id(parent)] = grads.get(id(parent), 0.0) + _summed(grad, parent.data.shape)
    return tuple(np.asarray(grads.get(id(leaf), np.zeros_like(leaf.data))) for leaf in leaves)


def memory_in_the_first_line(tree):
    """Whether a parameter's default is a set, a list or a dictionary."""
    defaults = [d for n in ast.walk(tree) if isinstance(n, ast.arguments) for d in (*n.defaults, *n.kw_defaults)]
    return any(
        isinstance(d, ast.List | ast.Set | ast.Dict)
        or getattr(getattr(d, "func", None), "id", "") in ("set", "list", "dict")
        for d in defaults
    )
