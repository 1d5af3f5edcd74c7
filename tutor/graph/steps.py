"""Backward one node at a time: what it receives, what it computes, what it emits, and what has accumulated."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .display import picture, player
from .model import Edge, Node, Stats
from .rules import rule
from .words import gradient_words, operation, plural, shape_text, shorten

if TYPE_CHECKING:
    from .graph import Graph

# up to this many nodes every step shows the whole graph, beyond it the neighbourhood of the node that runs
WHOLE = 26
MOST_VALUES = 6


@dataclass(frozen=True)
class Step:
    """One node at work, in words."""

    number: int
    node: Node
    receives: str
    computes: str
    emits: tuple[str, ...]
    accumulated: tuple[str, ...]

    def lines(self) -> list[tuple[str, str]]:
        """Return (what, words) pairs in the order they happen."""
        emits = "; ".join(self.emits) or "nothing: the gradient stays here"
        return [
            ("receives", self.receives),
            ("computes", self.computes),
            ("emits", emits),
            ("accumulated so far", "; ".join(self.accumulated) or "no leaf has a gradient yet"),
        ]


class Steps:
    """The steps of a recorded backward pass: a sequence, shown as pictures with words in every front end.

    Where scripts run it is a player with back, next and play; where they are dropped, the same steps stand one under
    the other and fold open.
    """

    def __init__(self, graph: Graph, budget: int | None) -> None:
        if not graph.recorded:
            raise ValueError("There are no steps: this graph was traced, not recorded; run backward inside record().")
        self._graph = graph
        self._steps = tuple(_steps(graph, budget))

    def __len__(self) -> int:
        return len(self._steps)

    def __getitem__(self, at: int) -> Step:
        return self._steps[at]

    def svg(self, at: int) -> str:
        """Return the drawing of one step: the node that runs stands out, what has not run yet is pale."""
        step = self[at]
        done = {one.node.id for one in self._steps[: self._steps.index(step)]}
        near = {} if len(self._graph.nodes) <= WHOLE else {"focus": step.node, "hops": 1}
        return self._graph.svg(None if not near else 40, now={step.node.id}, done=done, **near)

    def text(self) -> str:
        """Return all steps as plain text."""
        blocks = []
        for step in self._steps:
            blocks.append(_headline(step, len(self)))
            blocks += [f"    {what}: {words}" for what, words in step.lines()]
        return "\n".join([*blocks, *self._left_out()])

    def html(self) -> str:
        """Return all steps as HTML that also works where scripts are dropped."""
        pages = []
        for at, step in enumerate(self._steps):
            head = _headline(step, len(self))
            alt = f"{head}. " + " ".join(f"It {what}: {words}." for what, words in step.lines()[:3])
            pages.append((head, picture(self.svg(at), alt), step.lines()))
        return player(pages, self._left_out())

    def _left_out(self) -> list[str]:
        missing = len(self._graph.order) - len(self)
        return [f"{plural(missing, 'more step')} left out to keep within the budget."] if missing else []

    def __repr__(self) -> str:
        return f"<{plural(len(self), 'step')} of {self._graph!r}>"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/plain": self.text(), "text/html": self.html()}


def _headline(step: Step, total: int) -> str:
    name = shorten(step.node.name)
    return f"Step {step.number} of {total}: {step.node.op}{f' ({name})' if name else ''}"


def _steps(graph: Graph, budget: int | None) -> list[Step]:
    leaving: dict[int, list[Edge]] = {}
    arriving = Counter()
    for edge in graph.edges:
        leaving.setdefault(edge.source, []).append(edge)
        arriving[edge.target] += edge.state == "flowed"
    waiting = Counter()
    summed: list[str] = []
    steps = []
    for number, node in enumerate(graph.order[:budget], start=1):
        edges = leaving.get(node.id, [])
        waiting.update(edge.target for edge in edges if edge.gradient and graph.nodes[edge.target].is_leaf)
        if node.is_leaf:
            waiting.pop(node.id, None)
            summed.append(_leaf_words(node))
        steps.append(
            Step(
                number,
                node,
                _received(node, arriving[node.id], node.id in graph.roots),
                rule(node.op, node.kind),
                tuple(_emitted(graph, edge) for edge in edges),
                (*summed[-MOST_VALUES:], *_waiting(graph, waiting, arriving)),
            )
        )
    return steps


def _leaf_words(node: Node) -> str:
    if node.grad is None:
        return f"{_name(node)} received None, .grad stays None"
    before = "" if node.grad.same(node.received[0]) else " (with what it held before)"
    return f"{_name(node)}.grad {_gradient(node.grad)}{before}"


def _waiting(graph: Graph, waiting: Counter, arriving: Counter) -> list[str]:
    """Return, for each leaf still to run, how many of its contributions have arrived."""
    return [
        f"{_name(graph.nodes[i])}: {count} of {plural(arriving[i], 'contribution')}"
        for i, count in list(waiting.items())[:MOST_VALUES]
    ]


def _received(node: Node, contributions: int, is_root: bool) -> str:
    words = [
        (f"for output {k}: " if len(node.received) > 1 else "") + ("None" if stats is None else _gradient(stats))
        for k, stats in enumerate(node.received)
    ]
    if is_root:
        words.append("the gradient that backward started with")
    elif contributions > 1:
        words.append(f"the sum of {contributions} contributions")
    return ", ".join(words)


def _emitted(graph: Graph, edge: Edge) -> str:
    target = graph.nodes[edge.target]
    what = "None" if edge.gradient is None else _gradient(edge.gradient)
    return f"{what} to {_name(target) if target.is_leaf else operation(target.op)[0]}"


def _name(node: Node) -> str:
    return shorten(node.name) or "an unnamed leaf"


def _gradient(stats: Stats) -> str:
    values = stats.values
    if values is not None and 1 < len(values) <= MOST_VALUES and len(stats.shape) == 1:
        return f"{shape_text(stats.shape)} [{', '.join(f'{value:.3g}' for value in values)}]"
    return f"{shape_text(stats.shape)} {gradient_words(stats)}"
