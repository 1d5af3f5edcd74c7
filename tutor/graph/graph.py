"""The graph a recording yields: its nodes and edges, and every form they can be shown in."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from . import export
from .describe import describe, listing, title
from .display import picture
from .fold import fold
from .model import Edge, Node
from .pause import collector_paused
from .scene import Scene, set_scene
from .steps import Steps
from .svg import draw
from .words import plural

BUDGET = 150


@dataclass(repr=False)
class Graph:
    """An autograd graph as plain values; no tensor is kept alive by it.

    Displayed at the end of a cell it is a picture. Every way to show it takes the same arguments:

    budget
        Most cards to draw (150); None for all. What does not fit is folded, and the picture says so.
    depth
        Fold modules to paths of this many parts: 1 for ``layers``, 2 for ``layers.0``.
    repeats
        True folds stretches that occur three times or more in a row into one card, "x 12".
    focus, hops
        Draw only what lies within so many steps (2) of a node: a Node, its id, or a name.

    Attributes
    ----------
    nodes, edges
        All of them, unfolded; ``nodes[edge.source]`` is where an edge begins.
    roots
        Ids of the losses.
    classes
        Class names of the model's modules by path.
    recorded
        True if a backward pass was recorded, even one that did not get far.
    passes
        How many backward passes ran; the last one is shown.
    error
        What the block raised, on one line.
    first_nonfinite
        Id of the first node whose gradients held NaN or Inf.
    raised
        Id of the node in which backward stopped half-way.
    """

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    roots: tuple[int, ...]
    classes: Mapping[str, str] = field(default_factory=dict)
    recorded: bool = False
    passes: int = 0
    error: str = ""
    first_nonfinite: int | None = None
    raised: int | None = None

    @property
    def order(self) -> tuple[Node, ...]:
        """The nodes that ran, in the order in which they did."""
        return tuple(sorted((node for node in self.nodes if node.order), key=lambda node: node.order))

    def find(self, node: Node | int | str) -> Node:
        """Return a node by its id, its name, or its operation where only one has it.

        Raises
        ------
        LookupError
            If there is no such node, or several.
        """
        if isinstance(node, Node):
            return self.nodes[node.id]
        if isinstance(node, int) and 0 <= node < len(self.nodes):
            return self.nodes[node]
        found = [one for one in self.nodes if one.name == node] or [one for one in self.nodes if one.op == node]
        if len(found) != 1:
            raise LookupError(f"{plural(len(found), 'node')} of this graph answer to {node!r}; an id is always exact.")
        return found[0]

    @collector_paused()
    def scene(
        self,
        budget: int | None = BUDGET,
        depth: int | None = None,
        repeats: bool = False,
        focus: Node | int | str | None = None,
        hops: int = 2,
    ) -> Scene:
        """Return what a drawing shows, in words, before it is laid out.

        Raises
        ------
        ValueError
            If budget is no whole number from 2, depth none from 1, or hops none from 0.
        LookupError
            If focus is no node of this graph.
        """
        if not (_at_least(2, budget) and _at_least(1, depth) and _at_least(0, hops) and hops is not None):
            raise ValueError("A drawing needs a budget of at least 2 cards, a depth of at least 1, and hops from 0.")
        centre = None if focus is None else self.find(focus).id
        return set_scene(self, fold(self, budget, depth, repeats, centre, hops))

    def svg(
        self,
        budget: int | None = BUDGET,
        *,
        now: Collection[int] = (),
        done: Collection[int] | None = None,
        **fold_options: object,
    ) -> str:
        """Return the drawing as an SVG document that follows its reader's light or dark theme.

        ``now`` marks nodes as running, and with ``done`` given all that have not run yet are pale.
        """
        scene = self.scene(budget, **fold_options)
        return draw(scene, title(self), describe(self, scene), now, done)

    def alt(self, budget: int | None = BUDGET, **fold_options: object) -> str:
        """Return in words what the drawing shows."""
        return describe(self, self.scene(budget, **fold_options))

    def html(self, budget: int | None = BUDGET, **fold_options: object) -> str:
        """Return the drawing as an ``<img>``, which also notebooks that are not trusted show."""
        return picture(self.svg(budget, **fold_options), self.alt(budget, **fold_options))

    def text(self, budget: int | None = BUDGET, **fold_options: object) -> str:
        """Return the drawing as plain text."""
        return listing(self, self.scene(budget, **fold_options))

    def mermaid(self, budget: int | None = BUDGET, **fold_options: object) -> str:
        """Return the drawing as a Mermaid flowchart; ValueError beyond the 500 edges that Mermaid draws."""
        return export.mermaid(self.scene(budget, **fold_options))

    def dot(self, budget: int | None = BUDGET, **fold_options: object) -> str:
        """Return the drawing as a Graphviz digraph."""
        return export.dot(self.scene(budget, **fold_options))

    def steps(self, budget: int | None = BUDGET) -> Steps:
        """Return the recorded backward pass one node at a time; of more than budget steps the first ones.

        Raises
        ------
        ValueError
            If no backward pass was recorded, or budget is no whole number from 1.
        """
        if not _at_least(1, budget):
            raise ValueError("Steps need a budget of at least 1, or None for all of them.")
        return Steps(self, budget)

    def save(self, path: str | Path, budget: int | None = BUDGET, **fold_options: object) -> Path:
        """Write the drawing to a file, in the form its ending asks for: svg, html, txt, mmd (Mermaid) or dot.

        Raises
        ------
        ValueError
            For any other ending.
        """
        path = Path(path)
        forms = {".svg": self.svg, ".html": self.html, ".txt": self.text, ".mmd": self.mermaid, ".dot": self.dot}
        if path.suffix.lower() not in forms:
            raise ValueError(f"A drawing is saved as {', '.join(forms)}; {path.name!r} ends in none of them.")
        path.write_text(forms[path.suffix.lower()](budget, **fold_options), encoding="utf-8", newline="\n")
        return path

    def __repr__(self) -> str:
        leaves = sum(node.is_leaf for node in self.nodes)
        ran = f", {plural(len(self.order), 'node')} ran" if self.recorded else ""
        return (
            f"<{title(self)}: {plural(len(self.nodes) - leaves, 'operation')}, {plural(leaves, 'leaf tensor')}, "
            f"{plural(len(self.edges), 'edge')}{ran}>"
        )

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        svg = self.svg()
        return {"text/plain": self.text(), "text/html": picture(svg, self.alt()), "image/svg+xml": svg}


def _at_least(least: int, number: object) -> bool:
    return number is None or (isinstance(number, int) and number >= least)
