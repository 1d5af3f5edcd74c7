"""What a drawing is made from: nodes, edges and gradient statistics as plain values, without any torch object.

They are named tuples because recording makes thousands of them while the reader waits: a frozen dataclass takes four
times as long to make.
"""

from __future__ import annotations

import math
from typing import NamedTuple

Shape = tuple[int, ...]

LEAF_KINDS = ("parameter", "leaf")


class Stats(NamedTuple):
    """What is kept of a gradient: never the tensor itself, so that a recording costs next to no memory.

    Attributes
    ----------
    shape
        Shape of the gradient; None if it has no plain one, as nested tensors.
    dtype
        Its dtype, as ``"float32"``.
    norm
        Euclidean norm over all elements; NaN if it could not be measured.
    min, max
        Smallest and largest element (of the absolute values, for complex gradients); NaN if empty or unmeasured.
    finite
        True if no element is NaN or infinite.
    values
        All elements, row by row, where there are 64 or fewer; None otherwise.
    """

    shape: Shape | None
    dtype: str
    norm: float
    min: float
    max: float
    finite: bool
    values: tuple[float | complex, ...] | None = None

    def same(self, other: Stats | None) -> bool:
        """Tell whether two gradients have the same figures; unlike with ==, NaN is the same as NaN."""
        return repr(self) == repr(other)

    @property
    def trouble(self) -> str:
        """``"NaN"``, ``"Inf"`` or an empty string."""
        if self.finite:
            return ""
        return "NaN" if math.isnan(self.norm) or math.isnan(self.min) else "Inf"


class Node(NamedTuple):
    """One node of the autograd graph: a backward function, or the AccumulateGrad of a leaf tensor.

    Attributes
    ----------
    id
        Its number in ``g.nodes``; 0 is the (first) loss.
    op
        PyTorch's name of the backward function, ``"MulBackward0"``.
    kind
        ``"operation"``, ``"custom"`` (an autograd.Function), ``"opaque"`` (a compiled region, a reentrant
        checkpoint), ``"parameter"`` (an nn.Parameter or a named one) or ``"leaf"`` (another leaf tensor).
    shapes
        Shapes of the forward outputs, one for each; an unknown one is None.
    name
        Name of the parameter or variable, or an empty string.
    module
        Path of the module that ran it, ``"layers.0.linear1"``, or an empty string. Where nobody watched the forward
        pass it is inferred (`inferred` tells), and no more is said than the parameters around it leave no doubt of.
    calls
        For each part of that path, which call of it this was (from 0); empty unless the forward pass was watched.
    source
        ``"file.py:12: h = x @ w"`` where source lines were asked for.
    sequence
        PyTorch's sequence number: the larger, the later in the forward pass; -1 if unknown.
    order
        Its place in the recorded backward pass, from 1; None if it was not visited.
    received
        One entry for each forward output: the gradient that arrived (for a leaf the sum of all
        contributions), or None for an output that received nothing.
    grad
        For a leaf that was visited: ``.grad`` after the recording.
    guess
        The module that a drawing of an unwatched forward pass puts it into; an empty string if that is ``module``.
    """

    id: int
    op: str
    kind: str
    shapes: tuple[Shape | None, ...]
    name: str = ""
    module: str = ""
    calls: tuple[int, ...] = ()
    source: str = ""
    sequence: int = -1
    order: int | None = None
    received: tuple[Stats | None, ...] = ()
    grad: Stats | None = None
    guess: str = ""

    def after(self, order: int, received: tuple[Stats | None, ...], grad: Stats | None) -> Node:
        """Return the node as a backward pass left it; shapes that were not known are those of what it received."""
        shapes = self.shapes or tuple(stats.shape if stats else None for stats in received)
        # _replace takes four times as long, and this runs for every node while the reader waits
        return Node._make((*self[:3], shapes, *self[4:9], order, received, grad, self.guess))

    @property
    def place(self) -> str:
        """The module that a drawing puts it into, guessed or not."""
        return self.guess or self.module

    @property
    def inferred(self) -> bool:
        """True if the module was concluded from parameters, not seen."""
        return bool(self.module) and not self.calls and not self.is_leaf

    @property
    def is_leaf(self) -> bool:
        """True for AccumulateGrad nodes."""
        return self.kind in LEAF_KINDS

    @property
    def shape(self) -> Shape | None:
        """Shape of the first forward output, if known."""
        return self.shapes[0] if self.shapes else None


class Edge(NamedTuple):
    """The way of one gradient: from the node that computes it to the node that receives it.

    Attributes
    ----------
    source, target
        Node ids. The gradient flows from source to target, against the direction of the forward pass.
    slot
        Which input of the forward operation this is: the place in ``next_functions``.
    output
        Which forward output of the target the gradient is for.
    state
        ``"traced"`` (no backward recorded), ``"flowed"``, ``"none"`` (the source ran and sent None) or
        ``"not visited"`` (the source did not run).
    gradient
        Its statistics if it flowed.
    """

    source: int
    target: int
    slot: int
    output: int
    state: str = "traced"
    gradient: Stats | None = None
