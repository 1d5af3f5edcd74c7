"""What several exercises of lesson 10 share."""

import ast
from numbers import Integral

import numpy as np

from tutor.checking.evidence import seen


def draw_bytes(d, *shape):
    """Pixels without the extremes, so that a picture's own smallest and largest are not 0 and 255."""
    return d.rng.integers(5, 240, shape).astype(np.uint8)


def dtype_in_words(x):
    """The name of a tensor's or array's dtype."""
    return str(getattr(x, "dtype", "none")).removeprefix("torch.")


def kind_of_label(label):
    """In words, what a label is: an int, or the name of another type."""
    return "an int" if isinstance(label, Integral) else type(label).__name__


def inside(function, *patterns):
    """Evidence that one of some pieces of Python stands in a function of that name."""
    found = seen(*patterns)
    return lambda tree: any(found(part) for part in ast.walk(tree) if getattr(part, "name", "") == function)


def returned_in_a_loop(tree):
    """Evidence that a `return` stands in a `for`."""
    return any(seen("return _")(part) for part in ast.walk(tree) if isinstance(part, ast.For))


def reader_kept(tree):
    """Evidence that what `csv` makes of a file is kept as it is."""
    kept = [part.value.func for part in ast.walk(tree) if isinstance(part, ast.Assign) and hasattr(part.value, "func")]
    return any(getattr(made, "attr", getattr(made, "id", "")) in ("DictReader", "reader") for made in kept)


def if_in_if(tree):
    """Evidence that one transform is asked for inside the question for the other."""
    ifs = [part for part in ast.walk(tree) if isinstance(part, ast.If) and seen("_.transform")(part.test)]
    inner = [line for part in ifs for line in part.body if isinstance(line, ast.If)]
    return any(seen("_.target_transform")(line.test) for line in inner)


def drawn_twice(tree):
    """Evidence that two random orders are drawn."""
    return sum(getattr(part, "attr", "") == "randperm" for part in ast.walk(tree)) > 1
