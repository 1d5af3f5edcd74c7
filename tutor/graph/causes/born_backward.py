"""Find the node of the backward pass that made NaN or Inf of finite gradients, with its rule and the numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

import torch

from ..model import Node
from ..rules import rule
from ..words import operation
from .born_forward import trouble_of
from .evidence import Evidence
from .finding import Finding
from .saved import Saved

# operations whose derivative is not finite somewhere that their result is
_SINGULAR = frozenset(
    (
        "Sqrt",
        "Pow",
        "Div",
        "Log",
        "Norm",
        "LinalgVectorNorm",
        "Acos",
        "Asin",
        "Acosh",
        "Atanh",
        "Rsqrt",
        "Reciprocal",
        "Std",
    )
)
# and those that multiply by what they kept, where 0 times Inf is NaN
_MULTIPLIES = frozenset(("Mul", "Prod", "Exp", "Where"))
_ZERO = re.compile(r"g = -?0[,;]")


def may_be_singular(node: Node) -> bool:
    """Tell whether a node can make NaN or Inf of finite gradients in a way that its numbers explain."""
    return node.kind == "custom" or operation(node.op)[0] in _SINGULAR | _MULTIPLIES


def numbers_backward(saved: list[Saved], emitted: tuple, received: tuple) -> tuple[str, ...]:
    """Return, for a node that turned finite gradients into others, the numbers at the first place where it did."""
    for slot, gradient in enumerate(emitted):
        if gradient is None or not (at := trouble_of(gradient)):
            continue
        flat = gradient.detach().reshape(-1)
        place = int((~flat.isfinite()).nonzero()[0])
        words = []
        for name, tensor in [("g", received[0] if received else None), *((one.name, one.tensor) for one in saved)]:
            value = _value_at(tensor, gradient, place)
            if value is not None:
                words.append(f"{name} = {value:.4g}")
        index = tuple(int(k) for k in torch.unravel_index(torch.tensor(place), gradient.shape)) if gradient.ndim else ()
        where = f" at {index}" if index else ""
        return (
            f"{at} for input {slot}{where}, where {', '.join(words)}" if words else f"{at} for input {slot}{where}",
        )
    return ()


def _value_at(tensor: object, like: torch.Tensor, place: int) -> float | None:
    if not isinstance(tensor, torch.Tensor) or not tensor.is_floating_point():
        return None
    try:
        return float(tensor.detach().expand(like.shape).reshape(-1)[place])
    except RuntimeError:  # of another shape: not an element-wise operation
        return None


def find(known: Evidence) -> Iterator[Finding]:
    """Yield the node of the backward pass that turned finite gradients into NaN or Inf."""
    graph = known.graph
    i = graph.first_nonfinite
    if i is None or any(trouble_of(loss) for loss in known.losses):
        return
    node = graph.nodes[i]
    sent = [edge.gradient for edge in graph.edges if edge.source == i and edge.gradient]
    trouble = "NaN" if any(one.trouble == "NaN" for one in sent) else "Inf"
    came_in = any(stats and not stats.finite for stats in node.received)
    if came_in:
        yield Finding(
            "not finite",
            f"The loss is finite, but the gradient that arrives at {known.does(i)}{known.at(i)} is not: it was given "
            "to backward() so, or a hook made it so.",
            place=known.does(i),
            node=i,
        )
        return
    numbers = known.numbers.get(i, ())
    norm = max((stats.norm for stats in node.received if stats and not math.isnan(stats.norm)), default=math.nan)
    zero = ""
    if norm == 0 or any(_ZERO.search(words) for words in numbers):
        zero = (
            " No gradient was wanted here (g is 0), but 0 times what is not finite is NaN: masking the result does "
            "not mask the gradient, so what goes in has to be masked, too (torch.where before the operation)."
        )
    elif operation(node.op)[0] in _SINGULAR:
        zero = " Mend: keep what goes in away from there (add an epsilon, clamp)."
    yield Finding(
        "not finite",
        f"The loss is finite; backward makes the first {trouble} in {known.does(i)}{known.at(i)}: "
        f"{rule(node.op, node.kind)}; {'; '.join(numbers) or f'the gradient that came in has norm {norm:.3g}'}.{zero}",
        place=known.does(i),
        number=norm,
        node=i,
        more=numbers,
    )
