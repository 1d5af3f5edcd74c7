"""Watch one backward pass from outside: what every node receives and emits, and in which order.

One post-hook a node is enough: PyTorch hands it what the node received and what it emitted. Its closure holds a
number and a plain store, because a hook that can reach a graph node is never freed, not even by the garbage
collector. All hooks are removed when the block ends; AccumulateGrad nodes would carry them into the next iteration.
"""

from __future__ import annotations

import contextlib
import inspect
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from types import FrameType
from typing import NamedTuple

import torch
from torch import nn

from .findings import first_nonfinite, raised
from .graph import Graph
from .model import Edge, Node, Stats
from .modules import infer_modules
from .naming import Names, Watched
from .pause import collector_paused
from .stats import measure
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
    recorder = _Recorder(graph)
    handles = [node.register_hook(partial(recorder.ran, i)) for i, node in enumerate(torch_nodes)]
    try:
        yield graph
    except BaseException as error:
        graph.error = f"{type(error).__name__}: {error}".split("\n")[0]
        raise
    finally:
        for handle in handles:
            handle.remove()
        recorder.held.clear()
        graph.recorded, graph.passes = True, len(recorder.passes)
        shown = recorder.shown()
        graph.nodes = tuple(_merge_node(node, shown.get(node.id), torch_nodes[node.id]) for node in graph.nodes)
        graph.edges = tuple(_merge_edge(edge, shown.get(edge.source)) for edge in graph.edges)
        graph.first_nonfinite = first_nonfinite(graph.nodes, graph.edges)
        graph.raised = raised(graph.nodes, graph.edges) if graph.error else None
        # a notebook keeps the last traceback, and with it this frame: it must not keep the graph
        del loss, torch_nodes, handles


@collector_paused()
def read_graph(
    loss: Losses, params: Mapping[str, torch.Tensor] | None, model: nn.Module | Watched | None, frame: FrameType | None
) -> tuple[Graph, list[TorchNode]]:
    names = Names(model, params, frame)
    roots = roots_of(loss)
    torch_nodes, edges = collect(roots)
    nodes = infer_modules(describe(torch_nodes, names), edges, names.classes)
    numbers = {node: i for i, node in enumerate(torch_nodes)}
    starts = tuple(dict.fromkeys(numbers[node] for node, _ in roots))
    return Graph(tuple(nodes), tuple(edges), starts, names.classes), torch_nodes


class _Ran(NamedTuple):
    """What one node did in one pass."""

    order: int
    received: tuple[Stats | None, ...]
    emitted: tuple[Stats | None, ...]


class _Recorder:
    """What the hooks write to: numbers and statistics, and for a moment a gradient on its way."""

    def __init__(self, graph: Graph) -> None:
        self.leaves = {node.id for node in graph.nodes if node.is_leaf}
        arriving = Counter((edge.target, edge.output) for edge in graph.edges)
        # (source, slot) -> (target, output), where exactly one gradient arrives: there what was emitted is what is
        # received unless a user's hook stepped in between, and need not be measured twice. Leaves are left out:
        # AccumulateGrad copies a gradient that someone else still holds.
        self.alone = {
            (edge.source, edge.slot): (edge.target, edge.output)
            for edge in graph.edges
            if arriving[edge.target, edge.output] == 1 and edge.target not in self.leaves
        }
        self.held: dict[tuple[int, int], tuple[torch.Tensor, int, Stats]] = {}
        self.tasks: dict[int, dict[int, _Ran]] = {}
        self.reruns = 0

    @property
    def passes(self) -> list[dict[int, _Ran]]:
        """What ran in each pass; the backward that a reentrant checkpoint runs inside meets only leaves of ours."""
        return [ran for ran in self.tasks.values() if not ran.keys() <= self.leaves]

    def shown(self) -> dict[int, _Ran]:
        """Return the last pass."""
        return (self.passes or list(self.tasks.values()) or [{}])[-1]

    def ran(self, i: int, grad_inputs: tuple, grad_outputs: tuple) -> None:
        """Note that node i ran. Returns None always: any other value would replace the gradient."""
        task = self.tasks.setdefault(self._task(i), {})
        received = [self._received(i, output, gradient) for output, gradient in enumerate(grad_outputs)]
        known = list(zip(grad_outputs, received, strict=True))
        emitted = []
        for slot, gradient in enumerate(grad_inputs):
            stats = None if gradient is None else _same(gradient, known) or measure(gradient)
            emitted.append(stats)
            if stats is None:
                continue
            known.append((gradient, stats))
            if target := self.alone.get((i, slot)):
                self.held[target] = (gradient, gradient._version, stats)
        task[i] = _Ran(len(task) + 1, tuple(received), tuple(emitted))

    def _task(self, i: int) -> int:
        """Return a number that tells one pass from another."""
        number = _pass_now()
        if number is None:  # all that can be seen then is a node that runs again
            self.reruns += i in self.tasks.get(self.reruns, ())
            return self.reruns
        return number

    def _received(self, i: int, output: int, gradient: torch.Tensor | None) -> Stats | None:
        if gradient is None:
            return None
        held = self.held.pop((i, output), None)
        if held and held[0] is gradient and held[1] == gradient._version:
            return held[2]
        return measure(gradient)


def _same(gradient: torch.Tensor, known: list[tuple[torch.Tensor, Stats]]) -> Stats | None:
    """Return the statistics of a gradient that is handed on untouched, as addition does."""
    return next((stats for other, stats in known if other is gradient), None)


def _pass_now() -> int | None:
    # private: numbers the backward passes, so that also two with no node in common are told apart
    number = getattr(torch._C, "_current_graph_task_id", None)
    return None if number is None else number()


def _merge_node(node: Node, ran: _Ran | None, torch_node: TorchNode) -> Node:
    if ran is None:
        return node
    grad = torch_node.variable.grad if node.is_leaf else None
    shapes = node.shapes or tuple(stats.shape if stats else None for stats in ran.received)
    after = None if grad is None else measure(grad)
    return node._replace(shapes=shapes, order=ran.order, received=ran.received, grad=after)


def _merge_edge(edge: Edge, ran: _Ran | None) -> Edge:
    # a Function that returns fewer gradients than it had inputs fails later, in torch's own words
    gradient = ran.emitted[edge.slot] if ran and edge.slot < len(ran.emitted) else None
    state = "not visited" if ran is None else "flowed" if gradient else "none"
    return edge._replace(state=state, gradient=gradient)
