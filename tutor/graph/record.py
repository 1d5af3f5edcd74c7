"""Read the graph behind a tensor, and watch its backward pass from outside."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Iterator, Mapping, Sequence
from types import FrameType

import torch
from torch import nn

from .graph import Graph
from .intercept import Run, each_backward
from .modules import infer_modules
from .naming import Names, Watched, hook_modules
from .pause import collector_paused
from .recorder import listening
from .stats import MEASURES, Measured
from .walk import TorchNode, collect, describe, roots_of

Losses = torch.Tensor | Sequence[torch.Tensor]


def trace(
    loss: Losses, params: Mapping[str, torch.Tensor] | None = None, model: nn.Module | Watched | None = None
) -> Graph:
    """Read the structure of the autograd graph behind a tensor, before or after any backward.

    Parameters
    ----------
    loss
        The tensor the graph leads to, of any shape, or a list of such tensors.
    params
        Names for tensors, as ``dict(model.named_parameters())``. Other tensors are called what the variables are
        called where `trace` is called.
    model
        Names parameters and modules; what `watch` yielded tells modules exactly.

    Raises
    ------
    TypeError, ValueError
        One sentence that says why there is no graph: not a tensor, an integer tensor, no grad_fn.
    """
    graph, _ = read_graph(loss, params, model, inspect.currentframe().f_back)
    return graph


@contextlib.contextmanager
def record(
    loss: Losses | nn.Module,
    model: nn.Module | Watched | None = None,
    params: Mapping[str, torch.Tensor] | None = None,
    *,
    statistics: str = "norm",
) -> Iterator[Graph]:
    """Record the backward pass that runs in the block: the gradient on every edge, and the order of the nodes.

    It changes no gradient, and the graph that it yields keeps no tensor alive. The structure is there at once, the
    gradients when the block ends, also if backward raises half-way. If several passes run, the last one is shown.

    Parameters
    ----------
    loss, model, params
        As for `trace`. The model alone, in the place of the loss, records whichever backward pass runs next, also where
        the call stands in a library, and knows the modules exactly of what forward pass runs in the block.
    statistics
        What to measure of each gradient. ``"norm"`` is what drawings show: the norm, whether it is finite, and all of a
        gradient of 64 numbers or fewer; of what arrives at a leaf also the smallest and largest number. ``"all"`` takes
        those two of every gradient, and about half as much time again. ``"none"`` measures nothing, and keeps shapes
        and the order alone.

    Yields
    ------
    Graph
        Filled in when the block ends.

    Raises
    ------
    TypeError, ValueError
        As `trace`, or if no backward pass ran in the block of a model, or for statistics that there are not; what
        backward itself raises passes through.

    Examples
    --------
    >>> with graph.record(loss, model) as g:
    ...     loss.backward()
    >>> with graph.record(model) as g:
    ...     criterion(model(x), y).backward()
    """
    if statistics not in MEASURES:
        raise ValueError(f"statistics is one of {', '.join(map(repr, MEASURES))}, not {statistics!r}.")
    frame = inspect.currentframe().f_back
    while frame and frame.f_code.co_filename == contextlib.__file__:  # stands between the caller and a generator
        frame = frame.f_back
    if isinstance(loss, nn.Module | Watched):
        if model is not None:
            raise TypeError("record() takes a loss and its model, or the model alone to record what runs in the block.")
        with _whichever(loss, params, frame, statistics) as graph:
            yield graph
        return
    graph, torch_nodes = read_graph(loss, params, model, frame)
    del frame
    try:
        with listening(graph, torch_nodes, **_measures(statistics)):
            del torch_nodes
            yield graph
    finally:
        # a notebook keeps the last traceback, and with it this frame: it must not keep the graph
        del loss


@contextlib.contextmanager
def _whichever(
    model: nn.Module | Watched, params: Mapping[str, torch.Tensor] | None, frame: FrameType | None, statistics: str
) -> Iterator[Graph]:
    """Watch the model, and record each backward pass that runs in the block; the last one is shown."""
    seen = model if isinstance(model, Watched) else Watched(model)
    graph, passes = Graph((), (), ()), 0

    def around(roots: list, run: Run) -> object:
        nonlocal passes
        if any(getattr(root, "grad_fn", None) is None for root in roots):  # torch says what is wrong with it
            return run()
        fresh, torch_nodes = read_graph(roots, params, seen, frame)
        vars(graph).update(vars(fresh))
        with listening(graph, torch_nodes, **_measures(statistics)):
            del torch_nodes
            result = run()
        graph.passes = passes = passes + 1
        return result

    with contextlib.ExitStack() as stack:
        for handle in hook_modules(seen):
            stack.callback(handle.remove)
        stack.enter_context(each_backward(around))
        yield graph
    if not graph.recorded:
        raise ValueError("record(model) records the backward pass that runs in its block, and none ran.")


def _measures(statistics: str) -> dict[str, Measured]:
    # there are few leaves, and theirs are the gradients that an optimizer uses
    return {"measured": MEASURES[statistics], "leaves": MEASURES["all" if statistics == "norm" else statistics]}


@collector_paused()
def read_graph(
    loss: Losses,
    params: Mapping[str, torch.Tensor] | None,
    model: nn.Module | Watched | None,
    *frames: FrameType | None,
) -> tuple[Graph, list[TorchNode]]:
    """Return the graph behind a loss as plain data, and torch's nodes in the same order."""
    names = Names(model, params, *frames)
    roots = roots_of(loss)
    torch_nodes, edges = collect(roots)
    nodes = infer_modules(describe(torch_nodes, names), edges, names.classes)
    numbers = {node: i for i, node in enumerate(torch_nodes)}
    starts = tuple(dict.fromkeys(numbers[node] for node, _ in roots))
    outside = names.outside(torch_nodes)
    return Graph(tuple(nodes), tuple(edges), starts, names.classes, outside=outside), torch_nodes
