"""Backward one node at a time: what it receives, what it computes, what it emits, and what has accumulated."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from . import drawing
from .describe import summary, title
from .display import picture, player
from .fold import fold
from .model import Edge, Node, Stats
from .pause import collector_paused
from .plain import Plain
from .recording import Recording
from .rules import rule
from .scene import set_scene
from .svg import draw
from .words import gradient_words, operation, plural, shape_text, shorten

# up to this many nodes every step shows the whole graph, beyond it the neighbourhood of the node that runs
WHOLE = 26
MOST_CARDS = 40
MOST_VALUES = 6


class Step(NamedTuple):
    """One node at work, in words."""

    number: int
    node: Node
    receives: str
    computes: str
    emits: tuple[str, ...]
    accumulated: tuple[str, ...]

    def lines(self) -> list[tuple[str, str]]:
        """Return (what, words) pairs in the order they happen."""
        return [
            ("receives", self.receives),
            ("computes", self.computes),
            ("emits", "; ".join(self.emits) or "nothing: the gradient stays here"),
            ("accumulated so far", "; ".join(self.accumulated) or "no leaf has a gradient yet"),
        ]


class Steps:
    """The steps of a recorded backward pass: a sequence, shown as pictures with words in every front end.

    Where scripts run it is a player with back, next and play; where they are dropped, the same steps stand one under
    the other and fold open.
    """

    def __init__(self, graph: Recording, budget: int | None) -> None:
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
        node, done = self[at].node, set(self._ran[: self[at].number - 1])
        if len(self._graph.nodes) <= WHOLE:
            return drawing.svg(self._graph, None, now={node.id}, done=done)
        folding = fold(self._graph, MOST_CARDS, focus=node.id, hops=1, plain=self._plain)
        return draw(set_scene(self._graph, folding), title(self._graph), self._words(at), {node.id}, done)

    @cached_property
    def _plain(self) -> Plain:
        """The graph with its views folded: made once, because every step draws a part of it."""
        return Plain(self._graph)

    @cached_property
    def _ran(self) -> list[int]:
        return [node.id for node in self._graph.order]

    def _words(self, at: int) -> str:
        """Return what the picture of a step shows, for those who cannot see it."""
        step = self[at]
        return f"{_headline(step, len(self))}. " + " ".join(f"It {what}: {words}." for what, words in step.lines()[:3])

    def text(self) -> str:
        """Return all steps as plain text."""
        blocks = []
        for step in self._steps:
            blocks.append(_headline(step, len(self)))
            blocks += [f"    {what}: {words}" for what, words in step.lines()]
        return "\n".join([*blocks, *self._left_out()])

    @collector_paused()
    def html(self) -> str:
        """Return all steps as HTML that also works where scripts are dropped."""
        pages = []
        for at, step in enumerate(self._steps):
            pages.append((_headline(step, len(self)), picture(self.svg(at), self._words(at)), step.lines()))
        return player(pages, self._left_out())

    def _left_out(self) -> list[str]:
        missing = len(self._graph.order) - len(self)
        return [f"{plural(missing, 'more step')} left out to keep within the budget."] if missing else []

    def __repr__(self) -> str:
        return f"<{plural(len(self), 'step')} of {summary(self._graph)}>"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/plain": self.text(), "text/html": self.html()}


def _headline(step: Step, total: int) -> str:
    name = shorten(step.node.name)
    return f"Step {step.number} of {total}: {shorten(step.node.op, 60)}{f' ({name})' if name else ''}"


def _steps(graph: Recording, budget: int | None) -> Iterator[Step]:
    leaving: defaultdict[int, list[Edge]] = defaultdict(list)
    for edge in graph.edges:
        leaving[edge.source].append(edge)
    arriving = Counter(edge.target for edge in graph.edges if edge.gradient)
    waiting: Counter[int] = Counter()
    summed: list[str] = []
    for number, node in enumerate(graph.order[:budget], start=1):
        edges = leaving[node.id]
        waiting.update(edge.target for edge in edges if edge.gradient and graph.nodes[edge.target].is_leaf)
        if node.is_leaf:
            del waiting[node.id]
            summed.append(_leaf_words(node))
        yet = [
            f"{_name(graph.nodes[i])}: {count} of {plural(arriving[i], 'contribution')}"
            for i, count in list(waiting.items())[:MOST_VALUES]
        ]
        emits = tuple(f"{_gradient(edge.gradient)} to {_name(graph.nodes[edge.target])}" for edge in edges)
        yield Step(
            number,
            node,
            _received(node, arriving[node.id], node.id in graph.roots),
            rule(node.op, node.kind),
            emits,
            (*summed[-MOST_VALUES:], *yet),
        )


def _leaf_words(node: Node) -> str:
    received = node.received[0] if node.received else None
    if node.grad is None and received is None:
        return f"{_name(node)} received None, .grad stays None"
    if node.grad is None:
        return f"{_name(node)} received {_gradient(received)}; its .grad is None now, cleared since or never written"
    before = "" if node.grad.same(node.received[0]) else " (with what it held before)"
    return f"{_name(node)}.grad {_gradient(node.grad)}{before}"


def _received(node: Node, contributions: int, is_root: bool) -> str:
    several = len(node.received) > 1
    words = [f"for output {k}: " * several + _gradient(stats) for k, stats in enumerate(node.received)]
    if is_root:
        words.append("the gradient that backward started with")
    elif contributions > 1:
        words.append(f"the sum of {contributions} contributions")
    return ", ".join(words)


def _name(node: Node) -> str:
    return (shorten(node.name) or "an unnamed leaf") if node.is_leaf else operation(node.op)[0]


def _gradient(stats: Stats | None) -> str:
    return "None" if stats is None else f"{shape_text(stats.shape)} {gradient_words(stats, MOST_VALUES)}"
