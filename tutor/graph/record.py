"""Read the graph behind a tensor, and watch its backward pass from outside."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Iterator, Mapping, Sequence
from types import FrameType

import torch
from torch import nn

from .graph import Graph
from .modules import infer_modules
from .naming import Names, Watched
from .pause import collector_paused
from .recorder import listening
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
    loss: Losses, model: nn.Module | Watched | None = None, params: Mapping[str, torch.Tensor] | None = None
) -> Iterator[Graph]:
    """Record the backward pass that runs in the block: the gradient on every edge, and the order of the nodes.

    It changes no gradient, and the graph that it yields keeps no tensor alive. The structure is there at once, the
    gradients when the block ends, also if backward raises half-way. If several passes run, the last one is shown.

    Parameters
    ----------
    loss, model, params
        As for `trace`.

    Yields
    ------
    Graph
        Filled in when the block ends.

    Raises
    ------
    TypeError, ValueError
        As `trace`; what backward itself raises passes through.

    Examples
    --------
    >>> with graph.record(loss, model) as g:
    ...     loss.backward()
    >>> g
    """
    frame = inspect.currentframe().f_back
    while frame and frame.f_code.co_filename == contextlib.__file__:  # stands between the caller and a generator
        frame = frame.f_back
    graph, torch_nodes = read_graph(loss, params, model, frame)
    del frame
    try:
        with listening(graph, torch_nodes):
            del torch_nodes
            yield graph
    finally:
        # a notebook keeps the last traceback, and with it this frame: it must not keep the graph
        del loss


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
    return Graph(tuple(nodes), tuple(edges), starts, names.classes), torch_nodes
