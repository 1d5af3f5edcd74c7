"""Hear what every node of a graph receives and emits in a backward pass, and put it into the recording.

One post-hook a node is enough: PyTorch hands it what the node received and what it emitted. Its closure holds a
number and a plain store, because a hook that can reach a graph node is never freed, not even by the garbage
collector. All hooks are removed when the block ends; AccumulateGrad nodes would carry them into the next iteration.
"""

from __future__ import annotations

import contextlib
import math
import weakref
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

import torch

from .findings import first_nonfinite, raised
from .meter import Later, Meter, norms_of, settled
from .model import Edge, Stats
from .pause import collector_paused
from .recording import Recording
from .stats import Measured, measure, measure_norm
from .walk import TorchNode
from .words import clean

After = Callable[[int, "Ran", tuple, tuple], None]


@contextlib.contextmanager
def listening(
    graph: Recording,
    torch_nodes: list[TorchNode],
    after: After | None = None,
    measured: Measured = measure_norm,
    leaves: Measured = measure,
) -> Iterator[None]:
    """Fill the recording with the backward pass that runs in the block.

    ``after`` is told of each node that ran, ``measured`` makes the statistics of a gradient, ``leaves`` of one that
    arrives at a leaf.
    """
    recorder = Recorder(graph, after, measured, leaves)
    with collector_paused():
        handles = [node.register_hook(partial(recorder.ran, i)) for i, node in enumerate(torch_nodes)]
    try:
        yield
    except BaseException as error:
        graph.error = clean(f"{type(error).__name__}: {error}")
        raise
    finally:
        for handle in handles:
            handle.remove()
        with collector_paused():
            _fill(graph, torch_nodes, recorder)
        # a notebook keeps the last traceback, and with it this frame: it must not keep the graph
        del torch_nodes, handles


def _fill(graph: Recording, torch_nodes: list[TorchNode], recorder: Recorder) -> None:
    """Put what was heard into the recording."""
    recorder.settle()
    graph.recorded, graph.passes = True, len(recorder.passes)
    shown = recorder.shown()
    grads = recorder.grads({i: torch_nodes[i].variable.grad for i in recorder.leaves & shown.keys()})
    graph.nodes = tuple(
        node.after(ran.order, ran.received, grads.get(node.id)) if (ran := shown.get(node.id)) else node
        for node in graph.nodes
    )
    graph.edges = tuple(_merge_edge(edge, shown.get(edge.source)) for edge in graph.edges)
    graph.first_nonfinite = first_nonfinite(graph.nodes, graph.edges)
    graph.raised = raised(graph.nodes, graph.edges) if graph.error else None


class Ran(NamedTuple):
    """What one node did in one pass; statistics that a device still computes are settled when the pass is over."""

    order: int
    received: tuple[Stats | Later | None, ...]
    emitted: tuple[Stats | Later | None, ...]


class Recorder:
    """What the hooks write to: numbers and statistics, and weak references to gradients on their way."""

    def __init__(self, graph: Recording, after: After | None, measured: Measured, leaves: Measured) -> None:
        self.after, self.measured = after, Meter(measured)
        self.of_leaves = self.measured if leaves is measured else Meter(leaves)
        self.leaves = {node.id for node in graph.nodes if node.is_leaf}
        arriving = Counter((edge.target, edge.output) for edge in graph.edges)
        # (source, slot) -> (target, output), where exactly one gradient arrives: there what was emitted is what is
        # received unless a user's hook stepped in between, and need not be measured twice
        self.alone = {
            (edge.source, edge.slot): (edge.target, edge.output)
            for edge in graph.edges
            if arriving[edge.target, edge.output] == 1
        }
        # weak: AccumulateGrad copies a gradient that someone else still holds
        self.held: dict[tuple[int, int], tuple[weakref.ref, int, Stats | Later]] = {}
        self.arrived: dict[int, tuple[int, int, Stats | Later]] = {}
        self.tasks: dict[int, dict[int, Ran]] = {}
        self.reruns = 0
        # private: numbers the backward passes, so that also two with no node in common are told apart
        self.pass_now: Callable[[], int] | None = getattr(torch._C, "_current_graph_task_id", None)

    @property
    def passes(self) -> list[dict[int, Ran]]:
        """What ran in each pass; the backward that a reentrant checkpoint runs inside meets only leaves of ours."""
        return [ran for ran in self.tasks.values() if not ran.keys() <= self.leaves]

    def shown(self) -> dict[int, Ran]:
        """Return the last pass."""
        return (self.passes or list(self.tasks.values()) or [{}])[-1]

    def ran(self, i: int, grad_inputs: tuple, grad_outputs: tuple) -> None:
        """Note that node i ran. Returns None always: any other value would replace the gradient."""
        number = self._rerun(i) if self.pass_now is None else self.pass_now()
        task = self.tasks.get(number)
        if task is None:
            task = self.tasks[number] = {}
        received = tuple([self._received(i, output, gradient) for output, gradient in enumerate(grad_outputs)])
        emitted: list[Stats | Later | None] = []
        for slot, gradient in enumerate(grad_inputs):
            if gradient is None:
                emitted.append(None)
                continue
            target = self.alone.get((i, slot))
            meter = self.of_leaves if target and target[0] in self.leaves else self.measured
            stats = None
            if meter is self.measured:  # handed on untouched, as addition does
                stats = _known(gradient, grad_outputs, received) or _known(gradient, grad_inputs, emitted)
            stats = stats or meter(gradient)
            emitted.append(stats)
            if target:
                self.held[target] = (weakref.ref(gradient), gradient._version, stats)
        ran = task[i] = Ran(len(task) + 1, received, tuple(emitted))
        if self.after:
            self.after(i, ran, grad_inputs, grad_outputs)

    def _rerun(self, i: int) -> int:
        """Return a number for a pass where torch has none: all that can be seen then is a node that runs again."""
        self.reruns += i in self.tasks.get(self.reruns, ())
        return self.reruns

    def _received(self, i: int, output: int, gradient: torch.Tensor | None) -> Stats | Later | None:
        if gradient is None:
            return None
        held = self.held.pop((i, output), None)
        if held and held[0]() is gradient and held[1] == gradient._version:
            stats = held[2]
        else:
            stats = (self.of_leaves if i in self.leaves else self.measured)(gradient)
        if i in self.leaves:
            self.arrived[i] = (_address(gradient), gradient._version, stats)
        return stats

    def settle(self) -> None:
        """Ask the devices for what they were told to compute, and let go of what is still held."""
        self.held.clear()
        if not (self.measured.settle() + self.of_leaves.settle()):
            return
        for task in self.tasks.values():
            for i, (order, received, emitted) in task.items():
                if any(isinstance(stats, Later) for stats in (*received, *emitted)):
                    task[i] = Ran(order, tuple(map(settled, received)), tuple(map(settled, emitted)))

    def grads(self, grads: dict[int, torch.Tensor | None]) -> dict[int, Stats]:
        """Return the statistics of ``.grad`` of each leaf that has any, now."""
        there = {i: grad for i, grad in grads.items() if grad is not None}
        found = {}
        for (i, grad), norm in zip(there.items(), norms_of(list(there.values())), strict=True):
            address, version, stats = self.arrived.get(i, (0, 0, None))
            stats = settled(stats)
            # the very memory that arrived, unchanged: the norm excludes that another tensor has taken its place since
            same = stats and address and address == _address(grad) and version == grad._version
            if not (same and norm is not None and math.isclose(norm, stats.norm, rel_tol=1e-5)):
                stats = self.of_leaves(grad)
            found[i] = stats
        self.of_leaves.settle()
        return {i: settled(stats) for i, stats in found.items()}


def _known(gradient: torch.Tensor, others: tuple, measured: Sequence[Stats | Later | None]) -> Stats | Later | None:
    """Return the statistics of a gradient if it is one of these tensors itself."""
    for other, stats in zip(others, measured, strict=False):
        if other is gradient:
            return stats
    return None


def _address(tensor: torch.Tensor) -> int:
    """Return where the numbers of a tensor lie; 0 where there is no such place (sparse, nested)."""
    try:
        return tensor.data_ptr()
    except (RuntimeError, NotImplementedError):
        return 0


def _merge_edge(edge: Edge, ran: Ran | None) -> Edge:
    if ran is None:
        return Edge._make((*edge[:4], "not visited", None))
    # a Function that returns fewer gradients than it had inputs fails later, in torch's own words
    gradient = ran.emitted[edge.slot] if edge.slot < len(ran.emitted) else None
    return Edge._make((*edge[:4], "flowed" if gradient else "none", gradient))
