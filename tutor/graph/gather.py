"""Put together what is known of a loss, and ask everything that looks for a cause."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import FrameType

import torch
from torch import nn

from .causes import again, born_backward, born_forward, cost, gradientless, inplace, messages, norms
from .causes.evidence import Evidence, attributes_of, variables_of
from .causes.finding import Finding
from .causes.saved import saved_by
from .explanation import Explanation
from .graph import Graph
from .meter import Later, norms_of
from .naming import Names, Watched
from .record import Losses, read_graph
from .recorder import Ran
from .walk import roots_of


def evidence(
    loss: Losses,
    model: nn.Module | Watched | None,
    params: Mapping[str, torch.Tensor] | None,
    frames: Sequence[FrameType],
) -> Evidence:
    """Return what can be known of a loss without running anything."""
    seen = model if isinstance(model, Watched) else Watched(model)
    losses = [loss] if isinstance(loss, torch.Tensor) else list(loss) if isinstance(loss, list | tuple) else loss
    if not isinstance(losses, list) or not losses or not all(isinstance(one, torch.Tensor) for one in losses):
        roots_of(loss)  # says what is wrong with it
    with_graph = [one for one in losses if one.grad_fn is not None]
    if with_graph:
        graph, torch_nodes = read_graph(with_graph, params, seen, *frames)
    else:
        names = Names(seen, params, *frames)
        graph, torch_nodes = Graph((), (), (), names.classes), []
    own = dict(seen.model.named_parameters()) if seen.model is not None else {}
    leaves = {**own, **(params or {})}
    met, variables = {id(tensor) for tensor in leaves.values()}, {}
    for name, tensor in [*(found for frame in frames for found in variables_of(frame)), *attributes_of(seen.model)]:
        if id(tensor) in met:
            continue
        met.add(id(tensor))
        kind = leaves if tensor.is_leaf and tensor.requires_grad else variables
        kind.setdefault(name, tensor)
    asked = frozenset([*own, *(params or {})])
    return Evidence(graph, torch_nodes, losses, leaves, asked, variables, seen.model, seen)


def before_backward(known: Evidence) -> list[Finding]:
    """Look at what backward will free: what is kept, dead units, and a loss that is not finite."""
    found = list(born_forward.find(known))
    known.relus = norms.count_dead(known)
    known.cost = cost.count(known)
    return found


def after_error(known: Evidence, error: Exception) -> list[Finding]:
    """Look for the cause of what a backward pass raised."""
    known.error = error
    text = str(error)
    if not known.torch_nodes:
        return list(gradientless.find(known))
    found: list[Finding] = []
    if "modified by an inplace operation" in text:
        found += inplace.find(known)
    elif "second time" in text:
        found += again.find(known)
    elif "nan values" in text:
        found += born_backward.find(known)
    return found or list(messages.find(known, error, line=str(known.line or "")))


def numbers_of(known: Evidence) -> Callable[[int, Ran], None]:
    """Return what is told of each node that ran, and keeps the numbers of the first that made NaN or Inf."""

    def after(i: int, ran: Ran, emitted: tuple, received: tuple) -> None:
        if known.numbers or not known.torch_nodes:
            return
        if any(one and not (isinstance(one, Later) or one.finite) for one in ran.emitted) or _asked(known, i, ran):
            known.numbers[i] = born_backward.numbers_backward(list(saved_by(known.torch_nodes[i])), emitted, received)

    return after


def _asked(known: Evidence, i: int, ran: Ran) -> bool:
    """Ask a device whether a node made NaN or Inf; to ask is to wait, so only where the numbers would say why."""
    later = [one for one in ran.emitted if isinstance(one, Later)]
    return (
        bool(later)
        and born_backward.may_be_singular(known.graph.nodes[i])
        and not all(one.now().finite for one in later)
    )


def conclude(known: Evidence | None, result: Explanation, found: Sequence[Finding] = (), failed: bool = False) -> None:
    """Fill in an explanation from what is known after the backward pass, or without one."""
    findings = list(found)
    if known is not None:
        grads = {name: tensor.grad for name, tensor in known.leaves.items() if tensor.grad is not None}
        known.grads_now = {
            name: float(grad.detach().norm()) if norm is None else norm
            for (name, grad), norm in zip(grads.items(), norms_of(list(grads.values())), strict=True)
        }
        if not failed:
            findings += [*born_backward.find(known), *gradientless.find(known), *norms.find(known)]
            findings += [*cost.growth(known), *cost.keepers(known)]
        findings += filter(None, [known.cost and cost.sentence(known, known.cost)])
        result.graph = known.graph if known.torch_nodes else None
        result.layers, result.cost = tuple(norms.layers(known)), known.cost
        # a leaf that some variable names and the program never used was not looked at
        result.checked = sum(name in known.own or id(one) in known.reached for name, one in known.leaves.items())
    findings.sort(key=lambda finding: finding.kind == "note")  # stable: the cause stays first
    result.findings = tuple(dict.fromkeys(findings))
