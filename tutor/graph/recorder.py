"""Hear what every node of a graph receives and emits in a backward pass, and put it into the recording.

One post-hook a node is enough: PyTorch hands it what the node received and what it emitted. Its closure holds a
number and a plain store, because a hook that can reach a graph node is never freed, not even by the garbage
collector. All hooks are removed when the block ends; AccumulateGrad nodes would carry them into the next iteration.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

import torch

from .findings import first_nonfinite, raised
from .model import Edge, Node, Stats
from .recording import Recording
from .stats import measure
from .walk import TorchNode
from .words import clean


@contextlib.contextmanager
def listening(
    graph: Recording,
    torch_nodes: list[TorchNode],
    after: Callable[[int, Ran, tuple, tuple], None] | None = None,
    measured: Callable[[torch.Tensor], Stats] = measure,
) -> Iterator[None]:
    """Fill the recording with the backward pass that runs in the block.

    ``after`` is told of each node that ran, ``measured`` makes the statistics of a gradient.
    """
    recorder = Recorder(graph, after, measured)
    handles = [node.register_hook(partial(recorder.ran, i)) for i, node in enumerate(torch_nodes)]
    try:
        yield
    except BaseException as error:
        graph.error = clean(f"{type(error).__name__}: {error}")
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
        del torch_nodes, handles


class Ran(NamedTuple):
    """What one node did in one pass."""

    order: int
    received: tuple[Stats | None, ...]
    emitted: tuple[Stats | None, ...]


class Recorder:
    """What the hooks write to: numbers and statistics, and for a moment a gradient on its way."""

    def __init__(
        self,
        graph: Recording,
        after: Callable[[int, Ran, tuple, tuple], None] | None,
        measured: Callable[[torch.Tensor], Stats],
    ) -> None:
        self.after, self.measured = after, measured
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
        self.tasks: dict[int, dict[int, Ran]] = {}
        self.reruns = 0

    @property
    def passes(self) -> list[dict[int, Ran]]:
        """What ran in each pass; the backward that a reentrant checkpoint runs inside meets only leaves of ours."""
        return [ran for ran in self.tasks.values() if not ran.keys() <= self.leaves]

    def shown(self) -> dict[int, Ran]:
        """Return the last pass."""
        return (self.passes or list(self.tasks.values()) or [{}])[-1]

    def ran(self, i: int, grad_inputs: tuple, grad_outputs: tuple) -> None:
        """Note that node i ran. Returns None always: any other value would replace the gradient."""
        task = self.tasks.setdefault(self._task(i), {})
        received = [self._received(i, output, gradient) for output, gradient in enumerate(grad_outputs)]
        known = list(zip(grad_outputs, received, strict=True))
        emitted = []
        for slot, gradient in enumerate(grad_inputs):
            stats = None if gradient is None else _same(gradient, known) or self.measured(gradient)
            emitted.append(stats)
            if stats is None:
                continue
            known.append((gradient, stats))
            if target := self.alone.get((i, slot)):
                self.held[target] = (gradient, gradient._version, stats)
        task[i] = Ran(len(task) + 1, tuple(received), tuple(emitted))
        if self.after:
            self.after(i, task[i], grad_inputs, grad_outputs)

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
        return self.measured(gradient)


def _same(gradient: torch.Tensor, known: list[tuple[torch.Tensor, Stats]]) -> Stats | None:
    """Return the statistics of a gradient that is handed on untouched, as addition does."""
    return next((stats for other, stats in known if other is gradient), None)


def _pass_now() -> int | None:
    # private: numbers the backward passes, so that also two with no node in common are told apart
    number = getattr(torch._C, "_current_graph_task_id", None)
    return None if number is None else number()


def _merge_node(node: Node, ran: Ran | None, torch_node: TorchNode) -> Node:
    if ran is None:
        return node
    grad = torch_node.variable.grad if node.is_leaf else None
    shapes = node.shapes or tuple(stats.shape if stats else None for stats in ran.received)
    after = None if grad is None else measure(grad)
    return node._replace(shapes=shapes, order=ran.order, received=ran.received, grad=after)


def _merge_edge(edge: Edge, ran: Ran | None) -> Edge:
    # a Function that returns fewer gradients than it had inputs fails later, in torch's own words
    gradient = ran.emitted[edge.slot] if ran and edge.slot < len(ran.emitted) else None
    state = "not visited" if ran is None else "flowed" if gradient else "none"
    return edge._replace(state=state, gradient=gradient)
