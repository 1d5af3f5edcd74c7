"""What several exercises of lesson 10 share."""

import numpy as np


def draw_bytes(d, *shape):
    """Pixels without the extremes, so that a picture's own smallest and largest are not 0 and 255."""
    return d.rng.integers(5, 240, shape).astype(np.uint8)


def dtype_in_words(x):
    """The name of a tensor's or array's dtype."""
    return str(getattr(x, "dtype", "none")).removeprefix("torch.")
