"""What `explain` returns: findings in sentences, the drawing of the place, tables of gradients and of what is kept."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field

from .bars import bars
from .causes.cost import Cost, size_text
from .causes.finding import Finding
from .causes.norms import Layer
from .display import picture
from .graph import Graph
from .words import markup, plural, shorten

MOST_ROWS = 40
_CODE = re.compile(r"`([^`]+)`")


@dataclass(repr=False)
class Explanation:
    """What was found about a loss and its backward pass; plain values, no tensor is kept alive.

    Displayed at the end of a cell it is the finding in a sentence, the drawing of the place, and the tables.

    Attributes
    ----------
    findings
        What was found, the cause of an exception first, notes last.
    graph
        The graph that the findings speak of; None if there was none.
    layers
        The gradient of each parameter, in the order of the forward pass.
    cost
        What the graph keeps for backward; None if that was not counted.
    checked
        How many parameters and named leaves were looked at.
    error
        The exception that passed, on one line; an empty string if there was none.
    """

    findings: tuple[Finding, ...] = ()
    graph: Graph | None = None
    layers: tuple[Layer, ...] = ()
    cost: Cost | None = None
    checked: int = 0
    error: str = ""
    backwards: int = 0
    finished: bool = field(default=False)

    @property
    def wrong(self) -> tuple[Finding, ...]:
        """The findings that are not mere notes."""
        return tuple(finding for finding in self.findings if finding.kind != "note")

    @property
    def sentence(self) -> str:
        """What is the matter, in one sentence; that nothing is, if so."""
        if self.wrong:
            return self.wrong[0].sentence
        if not self.finished:
            return "Nothing is known yet: the block has not ended."
        if self.graph is None:
            return "Nothing was found: no loss was computed in the block."
        words = f"Nothing wrong was found: {plural(self.checked, 'parameter')} looked at"
        known = [layer for layer in self.layers if math.isfinite(layer.norm)]
        if known:
            least, most = min(known, key=lambda one: one.norm), max(known, key=lambda one: one.norm)
            words += f", gradient norms from {least.norm:.3g} (`{least.name}`) to {most.norm:.3g} (`{most.name}`)"
        return words + "."

    def text(self) -> str:
        """Return everything as plain text."""
        lines = [self.sentence]
        for finding in self.findings:
            if finding.sentence != self.sentence:
                lines.append(f"- {finding.sentence}")
            more = dict.fromkeys(line for line in finding.more if line not in finding.sentence)
            lines += [f"    {line}" for line in list(more)[:MOST_ROWS]]
        if self.layers:
            lines += ["", self.table()]
        if self.cost and self.cost.total and not self.wrong:
            lines += ["", f"kept for backward: {size_text(self.cost.total)}"]
            lines += [f"    {size_text(size):>9}  {path or '(outside modules)'}" for path, size in self._modules()]
        return "\n".join(lines)

    def table(self) -> str:
        """Return the gradients of the parameters as a table: norm, and norm per element (root mean square)."""
        rows = self.layers[:MOST_ROWS]
        wide = max([9, *(len(layer.name) for layer in rows)])
        lines = [f"{'parameter':{wide}}  {'‖g‖':>9}  {'per element':>11}"]
        lines += [f"{layer.name:{wide}}  {layer.norm:9.3g}  {layer.per_element:11.3g}" for layer in rows]
        more = len(self.layers) - len(rows)
        return "\n".join(lines + [f"... and {more:,} more"] * bool(more > 0))

    def bars(self) -> str:
        """Return the gradients per element of the parameters as a picture of bars, an SVG document."""
        return bars(
            "Gradient of each parameter, per element",
            [(layer.name, layer.per_element) for layer in self.layers[:MOST_ROWS]],
        )

    def svg(self, **fold_options: object) -> str:
        """Return the drawing of the graph, focused on the place of the first finding that has one.

        Raises
        ------
        ValueError
            If there was no graph to draw.
        """
        if self.graph is None:
            raise ValueError("There is no graph to draw: no loss with a graph was seen.")
        return self.graph.svg(**{**self._focus(), **fold_options})

    def html(self) -> str:
        """Return sentence, drawing and tables as HTML without scripts."""
        parts = [f"<p><b>{_said(self.sentence)}</b></p>"]
        others = [finding.sentence for finding in self.findings if finding.sentence != self.sentence]
        if others:
            parts.append(f"<ul>{''.join(f'<li>{_said(sentence)}</li>' for sentence in others)}</ul>")
        if self.graph is not None:
            parts.append(picture(self.svg(), self.graph.alt(**self._focus())))
        if self.layers:
            words = "; ".join(f"{layer.name} {layer.norm:.3g}" for layer in self.layers[:MOST_ROWS])
            bars_picture = picture(self.bars(), f"Norm of the gradient of each parameter: {words}")
            parts.append(f"<details><summary>Gradient of each parameter</summary>{bars_picture}</details>")
        if self.cost and self.cost.total:
            rows = "".join(
                f"<tr><td>{markup(path or '(outside modules)')}</td><td>{size_text(size)}</td></tr>"
                for path, size in self._modules()
            )
            kept = f"Kept for backward: {size_text(self.cost.total)}"
            parts.append(f"<details><summary>{kept}</summary><table>{rows}</table></details>")
        return "".join(parts)

    def _modules(self) -> list[tuple[str, int]]:
        return list(self.cost.by_module.items())[:MOST_ROWS]

    def _focus(self) -> dict[str, object]:
        node = next(
            (finding.node for finding in self.findings if finding.node is not None and finding.kind != "note"), None
        )
        return {} if node is None else {"focus": node}

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"<Explanation: {shorten(self.sentence, 160)}>"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/plain": self.text(), "text/html": self.html()}


def _said(sentence: str) -> str:
    """Return a sentence as HTML, names and lines of the program set as code."""
    return _CODE.sub(r"<code>\1</code>", markup(sentence))
