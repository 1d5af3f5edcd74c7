"""The graph a recording yields: its plain data, and every form that it can be shown in."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from . import drawing, export
from .describe import describe, listing, summary
from .display import picture
from .drawing import BUDGET, at_least
from .explore import Explorer
from .model import Node
from .recording import Recording
from .scene import Scene
from .steps import Steps


@dataclass(repr=False)
class Graph(Recording):
    """An autograd graph as plain values, the attributes of `Recording`; no tensor is kept alive by it.

    Displayed at the end of a cell it is a picture. Every way to show it takes the same arguments:

    budget
        Most cards to draw (150); None for all. Above 40, unless another budget is given, a picture is folded to
        what tells the architecture: one card a block, repeats and time steps counted. The picture says so.
    depth
        Fold modules to this many levels, as a person counts them: 1 for the blocks of ``layers``, 2 for their parts.
        Wrappers (DistributedDataParallel, a compiled module, PEFT) and lists are no levels of their own.
    repeats
        True folds stretches that occur three times or more in a row into one card, "x 12".
    focus, hops
        Draw only what lies within so many steps (2) of a node: a Node, its id, or a name.
    """

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
        return drawing.scene(self, budget, depth, repeats, focus, hops)

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
        return drawing.svg(self, budget, now=now, done=done, **fold_options)

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
        if not at_least(1, budget):
            raise ValueError("Steps need a budget of at least 1, or None for all of them.")
        return Steps(self, budget)

    def explore(self) -> Explorer:
        """Return the whole graph as a figure to pan, zoom, search and open; ``.save("x.html")`` keeps it.

        It is one piece of HTML that needs no network, no widget and no kernel. Where scripts are dropped, the picture
        stands in its place.
        """
        return Explorer(self)

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
        return summary(self)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        svg = self.svg()
        return {"text/plain": self.text(), "text/html": picture(svg, self.alt()), "image/svg+xml": svg}
