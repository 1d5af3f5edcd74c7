"""Find where NaN or Inf was born in the forward pass, with the numbers that went in."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from ..words import operation
from .evidence import Evidence
from .finding import Finding
from .flow import born
from .saved import KEPT

_SAID = {
    "Div": ("other", "divisor", "is 0", lambda x: x == 0),
    "Log": ("self", "number", "is 0 or negative", lambda x: x <= 0),
    "Log2": ("self", "number", "is 0 or negative", lambda x: x <= 0),
    "Log10": ("self", "number", "is 0 or negative", lambda x: x <= 0),
    "Log1P": ("self", "number", "is -1 or less", lambda x: x <= -1),
    "Sqrt": ("result", "result", "is NaN or 0: the number under the root was negative or 0", lambda x: ~(x > 0)),
    "Rsqrt": (
        "result",
        "result",
        "is not finite: the number under the root was 0 or negative",
        lambda x: ~x.isfinite(),
    ),
    "Pow": ("self", "base", "is 0 or negative", lambda x: x <= 0),
    "Exp": ("result", "result", "overflowed", lambda x: x.isinf()),
    "Acos": ("self", "number", "lies on or outside -1 ... 1", lambda x: x.abs() >= 1),
    "Asin": ("self", "number", "lies on or outside -1 ... 1", lambda x: x.abs() >= 1),
    "Atanh": ("self", "number", "lies on or outside -1 ... 1", lambda x: x.abs() >= 1),
    "Reciprocal": ("result", "result", "is not finite: it was divided by 0", lambda x: ~x.isfinite()),
    "LinalgVectorNorm": ("result", "norm", "is 0", lambda x: x == 0),
    "Norm": ("result", "norm", "is 0", lambda x: x == 0),
    "Std": ("result", "standard deviation", "is 0", lambda x: x == 0),
    "Softmax": ("result", "result", "is NaN: a whole row was -inf, or +inf stood in it", lambda x: x.isnan()),
    "LogSoftmax": ("result", "result", "is NaN: a whole row was -inf, or +inf stood in it", lambda x: x.isnan()),
}


def trouble_of(tensor: torch.Tensor) -> str:
    """Return "NaN", "Inf" or an empty string for what a tensor holds."""
    if not (tensor.is_floating_point() or tensor.is_complex()) or tensor.numel() == 0:
        return ""
    tensor = tensor.detach()
    try:
        if bool(tensor.isnan().any()):
            return "NaN"
        return "Inf" if bool(tensor.isinf().any()) else ""
    except (RuntimeError, NotImplementedError):  # on the meta device, or of a layout that cannot be asked
        return ""


def find(known: Evidence) -> Iterator[Finding]:
    """Yield where the NaN or Inf of a loss was born in the forward pass, from what nodes kept and the tape noted."""
    wrong = next((trouble for loss in known.losses if (trouble := trouble_of(loss))), "")
    if not wrong:
        return
    begin = f"The loss itself is {wrong}, before any backward"
    noted = born(known.tape, known.losses[0], wrong) if known.tape is not None else None
    if noted is not None:
        yield _noted(known, begin, wrong, noted)
        return
    yield _from_saved(known, begin, wrong)


def _noted(known: Evidence, begin: str, wrong: str, number: int) -> Finding:
    op = known.tape.ops[number]
    inside = [node.id for node in known.graph.nodes if not node.is_leaf and op.start <= node.sequence < op.end]
    numbers = [words for i in inside for words in _numbers(known, i)]
    what = op.name.strip("_") + known.within(op.module)
    line = f", line {op.line}" if op.line else ""
    leaf = next(_bad_leaves(known, op.takes, wrong), "")
    if leaf:
        sentence = (
            f"{begin}: {leaf} holds {wrong} already when it goes into {what}{line}. Look at the data, or at the "
            "parameters after the last step."
        )
    else:
        came = [taken for taken in op.takes if known.tape.finite.bad.get(taken)]
        held = ""
        if came:
            first = known.tape.ops[came[0]]
            held = (
                f"; what went in holds Inf from {first.name.strip('_')}{known.within(first.module)}, line {first.line}"
            )
        why = f": {numbers[0]}" if numbers else ""
        sentence = f"{begin}: the first {wrong} of the forward pass was born in {what}{line}{why}{held}."
    place = str(op.line or what)
    return Finding("not finite", sentence, place=place, node=inside[0] if inside else None, more=tuple(numbers))


def _bad_leaves(known: Evidence, takes: tuple[int, ...], wrong: str) -> Iterator[str]:
    for taken in takes:
        tensor = known.tape.leaves[-taken - 1]() if taken < 0 else None
        if tensor is not None and trouble_of(tensor) == wrong:
            name = known.called(tensor)
            yield f"`{name}`" if name else f"a tensor of shape {tuple(tensor.shape)}"


def _from_saved(known: Evidence, begin: str, wrong: str) -> Finding:
    """Conclude from what the nodes kept: the earliest result or input that is not finite, and the node that made it."""
    nodes = known.graph.nodes
    bad, fine, outside = _kept(known)
    first = min(bad, key=lambda j: nodes[j].sequence, default=None)
    for name, i, trouble in [*_leaves(known), *outside]:
        if trouble in ("NaN", wrong) and (first is None or nodes[i].sequence <= nodes[first].sequence):
            return Finding(
                "not finite",
                f"{begin}: {name}, which goes into {known.does(i)}{known.at(i)}, holds {trouble} already. It was not "
                "computed in this graph: look at the data, or at the parameters after the last step.",
                place=name,
                node=i,
            )
    if first is None:
        first = known.graph.roots[0]
    takes = {edge.target for edge in known.graph.edges if edge.source == first and not nodes[edge.target].is_leaf}
    certain = takes <= fine
    numbers = _numbers(known, first)
    said = f": {numbers[0]}" if numbers else ""
    or_before = "" if certain else " or in an operation just before it, whose result was not kept (inferred)"
    return Finding(
        "not finite",
        f"{begin}: the first {bad.get(first, wrong)} of the forward pass that is seen was born in "
        f"{known.does(first)}{known.at(first)}{said}{or_before}.",
        place=known.does(first),
        node=first,
        inferred=not certain,
        more=tuple(numbers),
    )


def _kept(known: Evidence) -> tuple[dict[int, str], set[int], list[tuple[str, int, str]]]:
    """Return the nodes whose results are not finite, those whose are, and what came from outside the graph."""
    bad: dict[int, str] = {}
    fine: set[int] = set()
    outside = []
    for i, saved in known.saved:
        if saved.state != KEPT:
            continue
        trouble = trouble_of(saved.tensor)
        maker = i if saved.name.startswith("result") else known.ids.get(saved.tensor.grad_fn)
        if maker is not None and trouble:
            bad.setdefault(maker, trouble)
        elif maker is not None:
            fine.add(maker)
        elif trouble and saved.tensor.grad_fn is None:
            name = known.called(saved.tensor)
            outside.append((f"`{name}`" if name else f"a tensor of shape {tuple(saved.tensor.shape)}", i, trouble))
    return bad, fine, outside


def _leaves(known: Evidence) -> Iterator[tuple[str, int, str]]:
    """Yield the leaves of the graph that are not finite themselves, with the operation that takes them."""
    nodes = known.graph.nodes
    for edge in sorted(known.graph.edges, key=lambda edge: nodes[edge.source].sequence):
        if nodes[edge.target].is_leaf and (trouble := trouble_of(known.torch_nodes[edge.target].variable)):
            yield f"`{nodes[edge.target].name}`" if nodes[edge.target].name else "a leaf", edge.source, trouble


def _numbers(known: Evidence, i: int) -> list[str]:
    """Return what is wrong with the numbers that went into a node, in words."""
    said = []
    what = _SAID.get(operation(known.graph.nodes[i].op)[0])
    for j, saved in known.saved:
        if j != i or saved.state != KEPT or what is None or saved.name != what[0]:
            continue
        hits = what[3](saved.tensor.detach())
        count = int(hits.sum())
        if count:
            said.append(f"{count} of {saved.tensor.numel()} times the {what[1]} {what[2]}")
    return said
