"""Find where gradients die, explode or stop at dead units, and hooks or clipping that change them."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import torch

from .evidence import Evidence
from .finding import Finding, names_text
from .saved import KEPT

# a fall or rise along the layers that no working network shows
MUCH = 1e4
FEWEST_LAYERS = 4
FEWEST_STEPS = 8
LARGE = 1e6
DEAD = 0.9


class Layer(NamedTuple):
    """The gradient of one parameter: its norm, and that norm per element (root mean square)."""

    name: str
    norm: float
    per_element: float


def layers(known: Evidence) -> list[Layer]:
    """Return the gradients of the parameters in the order in which the forward pass first used them."""
    nodes, first = known.graph.nodes, {}
    for edge in known.graph.edges:
        if nodes[edge.target].is_leaf:
            sequence = nodes[edge.source].sequence
            first[edge.target] = min(first.get(edge.target, sequence), sequence)
    found = []
    for i in sorted(first, key=first.get):
        stats = nodes[i].received[0] if nodes[i].received else None
        if stats and nodes[i].name and stats.shape is not None and not math.isnan(stats.norm):
            found.append(Layer(nodes[i].name, stats.norm, stats.norm / math.sqrt(max(math.prod(stats.shape), 1))))
    return found


def find(known: Evidence) -> Iterator[Finding]:
    """Yield what is to be said of the sizes of the gradients."""
    dead, rows = list(dead_units(known)), layers(known)
    yield from dead
    yield from _zeros(known, rows, dead)
    yield from next(filter(None, (list(_along_steps(known)), list(_along_layers(known, rows)))), ())
    yield from _hooks(known)
    yield from _clipped(known)


def dead_units(known: Evidence) -> Iterator[Finding]:
    """Yield the ReLUs whose units are all, or nearly all, zero for the whole batch."""
    for i, (dead, units, zeros) in known.relus.items():
        if dead < DEAD * units:
            continue
        what = "Every output" if dead == units else f"{dead:,} of {units:,} units"
        yield Finding(
            "dying",
            f"{what} of {known.does(i)}{known.at(i)} {'is' if dead == units else 'are'} 0, for every example (dead "
            "ReLU): no gradient passes there to what comes before. Mend: look at the bias and the learning rate "
            "before it, or use a leaky ReLU.",
            place=known.does(i),
            number=dead,
            node=i,
            more=(f"{zeros:,.0%} of its outputs are 0",),
        )


def count_dead(known: Evidence) -> dict[int, tuple[int, int, float]]:
    """Return (dead units, units, share of zeros, where there are many) for every ReLU.

    A unit is a column, or a channel of an image.
    """
    found = {}
    for i, saved in known.saved:
        if (
            known.graph.nodes[i].op != "ReluBackward0"
            or saved.state != KEPT
            or saved.tensor.layout is not torch.strided
        ):
            continue
        if saved.tensor.is_nested or saved.tensor.numel() < 2:
            continue
        result = saved.tensor.detach()
        unit = 1 if result.ndim == 4 else result.ndim - 1
        others = [k for k in range(result.ndim) if k != unit]
        largest = result.amax(others) if others else result
        dead = int((largest <= 0).sum())
        zeros = float((result <= 0).float().mean()) if dead >= DEAD * largest.numel() else math.nan
        found[i] = dead, largest.numel(), zeros
    return found


def _zeros(known: Evidence, rows: list[Layer], dead: list[Finding]) -> Iterator[Finding]:
    """Yield the parameters whose gradient arrived and is exactly 0, and where it became so."""
    zero = [layer.name for layer in rows if layer.norm == 0]
    if not zero:
        return
    nodes = known.graph.nodes
    place, node = "", None
    for one in known.graph.order if not dead else ():
        sent = [edge.gradient for edge in known.graph.edges if edge.source == one.id and edge.gradient]
        if any(stats and stats.norm > 0 for stats in one.received) and any(stats.norm == 0 for stats in sent):
            place, node = f" It becomes 0 in {known.does(one.id)}{known.at(one.id)}.", one.id
            break
    if known.graph.roots and all(stats and stats.norm == 0 for stats in nodes[known.graph.roots[0]].received):
        place = " Backward was started with 0."
    everything = len(zero) == len(rows)
    yield Finding(
        "dying" if dead or everything else "note",
        f"The gradient of {names_text([f'`{name}`' for name in zero])} is exactly 0: it arrives, and says "
        f"nothing.{place}",
        place=zero[0],
        number=len(zero),
        node=node,
        more=tuple(zero),
    )


def _along_layers(known: Evidence, every: list[Layer]) -> Iterator[Finding]:
    # biases and norms are of another kind: a fall is looked for along the weights
    shapes = {node.name: node.shape for node in known.graph.nodes if node.is_leaf}
    rows = [layer for layer in every if len(shapes[layer.name] or ()) > 1 and layer.norm > 0]
    if len(rows) >= FEWEST_LAYERS:
        ends = max(1, len(rows) // 4)
        first, last = _middle(rows[:ends]), _middle(rows[-ends:])
        steps = [math.log10(b.per_element / a.per_element) for a, b in pairwise(rows)]
        if last > MUCH * first:
            k = max(range(len(steps)), key=steps.__getitem__)
            yield _trend("dying", "falls", rows, last / first, rows[k + 1], rows[k])
            return
        if first > MUCH * last:
            k = min(range(len(steps)), key=steps.__getitem__)
            yield _trend("exploding", "grows", rows, first / last, rows[k + 1], rows[k])
            return
    total = math.hypot(*(layer.norm for layer in every))
    if math.isfinite(total) and total > LARGE:
        most = max(every, key=lambda layer: layer.norm)
        yield Finding(
            "exploding",
            f"The gradients are very large: their norm is {total:.3g}, the largest {most.norm:.3g} at `{most.name}`. "
            "Mend: look at the scale of inputs and targets, a smaller learning rate, torch.nn.utils.clip_grad_norm_.",
            place=most.name,
            number=total,
        )


def _middle(rows: list[Layer]) -> float:
    return sorted(layer.per_element for layer in rows)[len(rows) // 2]


def _trend(kind: str, verb: str, rows: list[Layer], ratio: float, from_: Layer, to: Layer) -> Finding:
    most = max(from_.per_element, to.per_element) / min(from_.per_element, to.per_element)
    return Finding(
        kind,
        f"The gradient {verb} by a factor of {ratio:.1g} on its way back from `{rows[-1].name}` (norm "
        f"{rows[-1].norm:.3g}) to `{rows[0].name}` (norm {rows[0].norm:.3g}); most, by {most:.2g}, between "
        f"`{from_.name}` and `{to.name}`.",
        place=to.name,
        number=ratio,
    )


def _along_steps(known: Evidence) -> Iterator[Finding]:
    """Yield where the contributions to one parameter die or explode along the steps that used it."""
    nodes, uses = known.graph.nodes, defaultdict(list)
    for edge in known.graph.edges:
        if nodes[edge.target].is_leaf and edge.gradient and math.isfinite(edge.gradient.norm):
            uses[edge.target].append((nodes[edge.source].sequence, edge.gradient.norm))
    for i, steps in uses.items():
        if not nodes[i].name:
            continue
        norms = [norm for _, norm in sorted(steps) if norm > 0]  # a state that starts at 0 contributes exactly 0
        if len(norms) < FEWEST_STEPS:
            continue
        early, late = norms[0], norms[-1]
        if late > MUCH * early:
            kind, said, ratio = "dying", "shrinks", late / early
        elif early > MUCH * late:
            kind, said, ratio = "exploding", "grows", early / late
        else:
            continue
        mend = " Mend: torch.nn.utils.clip_grad_norm_, a gated cell, smaller weights." * (kind == "exploding")
        yield Finding(
            kind,
            f"`{nodes[i].name}` is used in {len(norms)} steps, and what a step contributes to its gradient {said} by "
            f"a factor of {ratio:.1g} from the last step (norm {late:.3g}) back to the first (norm {early:.3g}).{mend}",
            place=nodes[i].name,
            number=ratio,
            node=i,
        )
        return


def _hooks(known: Evidence) -> Iterator[Finding]:
    """Yield the tensors on whose way a hook changed the gradient: what was sent is not what arrived."""
    nodes, sent = known.graph.nodes, defaultdict(list)
    for edge in known.graph.edges:
        if edge.gradient:
            sent[edge.target, edge.output].append(edge.gradient)
    for (target, output), gradients in sent.items():
        arrived = nodes[target].received[output] if output < len(nodes[target].received) else None
        if len(gradients) != 1 or arrived is None or not arrived.finite or not gradients[0].finite:
            continue
        before, after = gradients[0].norm, arrived.norm
        if abs(before - after) > 1e-4 * max(before, after):
            what = f"`{nodes[target].name}`" if nodes[target].name else f"the result of {known.does(target)}"
            yield Finding(
                "note",
                f"A hook changed the gradient of {what}{known.at(target)}: from norm {before:.3g} to {after:.3g}.",
                place=nodes[target].name or known.does(target),
                number=after / before if before else math.inf,
                node=target,
            )


def _clipped(known: Evidence) -> Iterator[Finding]:
    """Yield what was done to the gradients of leaves after backward."""
    changed = []
    for node in known.graph.nodes:
        now = known.grads_now.get(node.name)
        if (
            node.is_leaf
            and node.grad
            and now is not None
            and abs(now - node.grad.norm) > 1e-4 * max(now, node.grad.norm)
        ):
            changed.append((node.name, node.grad.norm, now))
    if changed:
        before, after = (math.hypot(*column) for column in list(zip(*changed, strict=True))[1:])
        yield Finding(
            "note",
            f"After backward the gradients of {names_text([f'`{name}`' for name, *_ in changed])} were changed, as "
            f"clipping or unscaling does: their norm went from {before:.3g} to {after:.3g}.",
            place=changed[0][0],
            number=after / before if before else math.inf,
        )
