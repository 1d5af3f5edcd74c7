"""What several exercises of lesson 10 share."""

import ast

import numpy as np

from tutor.checking.evidence import seen


def draw_bytes(d, *shape):
    """Pixels without the extremes, so that a picture's own smallest and largest are not 0 and 255."""
    return d.rng.integers(5, 240, shape).astype(np.uint8)


def dtype_in_words(x):
    """The name of a tensor's or array's dtype."""
    return str(getattr(x, "dtype", "none")).removeprefix("torch.")


def inside(function, *patterns):
    """Evidence that one of some pieces of Python stands in a function of that name."""
    found = seen(*patterns)
    return lambda tree: any(found(part) for part in ast.walk(tree) if getattr(part, "name", "") == function)


def returned_in_a_loop(tree):
    """Evidence that a `return` stands in a `for`."""
    return any(seen("return _")(part) for part in ast.walk(tree) if isinstance(part, ast.For))
