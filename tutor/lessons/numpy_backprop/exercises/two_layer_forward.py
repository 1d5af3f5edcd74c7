"""The two-layer network forward, with what lies between: a ReLU missing, misplaced or written into h."""

from functools import partial

import numpy as np

from tutor.checking import Misconception, code
from tutor.checking.evidence import seen
from tutor.lessons import two_layer_net


def forward_einsum(x, w1, w2):
    h = np.einsum("nd,dh->nh", x, w1)
    h_relu = h.clip(min=0)
    return [h, h_relu, np.einsum("nh,ho->no", h_relu, w2)]


def forward_where(x, w1, w2):
    h = np.matmul(x.astype(np.float64), w1)
    h_relu = np.where(h > 0, h, 0.0)
    return h, h_relu, np.matmul(h_relu, w2)


EXERCISE = code(
    difficulty="easy",
    minutes=5,
    drills=("two-layer-net", "batched-shapes"),
    space=two_layer_net.space_of_nets(),
    probe=partial(two_layer_net.probe_thin_net, kind="array"),
    outputs=("h", "h_relu", "y_pred"),
    misconceptions=(
        Misconception(
            "relu-spoils-h",
            "`h` comes out without its negative entries, which the backward pass still needs. Is the ReLU written into its memory, or returned in its place?",
            patch=("np.maximum(h, 0)", "np.maximum(h, 0, out=h)"),
            cause="What you write into is the memory of `h`.",
            evidence=seen(
                "np.maximum(h, 0, out=h)",
                "np.maximum(0, h, out=h)",
                "np.maximum(h, 0, h)",
                "h[h < 0] = 0",
                "h[h <= 0] = 0",
                "h_relu = h",
            ),
            other=("return h,", "return h_relu,"),
            hints=("Which array does the name `h` stand for when you return, and what was written into it?",),
        ),
        Misconception(
            "mask-for-relu",
            "`h_relu` holds the gate alone, which says where `h` is positive. The ReLU passes the positive entries themselves on.",
            patch=("np.maximum(h, 0)", "(h > 0)"),
            hints=("What comes out of a ReLU where h is 3?",),
        ),
        Misconception(
            "python-max",
            "Python's `max` compares whole arrays and cannot decide. `np.maximum` compares entry by entry.",
            patch=("np.maximum(h, 0)", "max(h, 0)"),
            hints=("Which of NumPy's functions works entry by entry?",),
        ),
        two_layer_net.no_relu("np.maximum(h, 0)", "h"),
        two_layer_net.relu_after_second_layer("y_pred = h_relu.dot(w2)", "y_pred = np.maximum(h_relu.dot(w2), 0)"),
        two_layer_net.skips_the_relu("h_relu.dot(w2)", "h.dot(w2)", hint="Which array goes into the second product?"),
        Misconception(
            "maximum-of-everything",
            "`h_relu` holds the largest entry of each column. The ReLU compares every entry with 0, as `np.maximum(h, 0)` does.",
            patch=("np.maximum(h, 0)", "np.max(h, 0)"),
            cause="`np.max(h, 0)` takes the 0 for an axis.",
            evidence=seen("np.max(h, 0)", "np.amax(h, 0)", "h.max(0)"),
            other=("np.maximum(h, 0)", "h.max(axis=0)"),
            hints=("What shape should `h_relu` have?",),
        ),
    ),
    alternatives=(two_layer_net.forward_at, forward_einsum, forward_where),
    equivalent_mutants={"h_relu = np.maximum(0, h)": "the larger of two numbers does not depend on their order"},
    hints=(
        "What are the shapes on the way, from (N, D_in) to (N, D_out)?",
        "Two matrix products with `np.maximum(…, 0)` between them.",
        "`h = x.dot(w1)`, then `h_relu`, then `y_pred = h_relu.dot(w2)`; return all three.",
    ),
)
