"""Write a drawing for other tools: Mermaid, which GitHub and JupyterLab draw themselves, and Graphviz's DOT."""

from __future__ import annotations

from .scene import Card, Scene
from .words import markup

# Mermaid refuses to draw more
MOST_MERMAID_EDGES = 500

_MERMAID = {"parameter": ("([", "])"), "leaf": ("{{", "}}"), "output": ("[[", "]]"), "custom": ("[/", "/]")}
_DOT = {"parameter": "oval", "leaf": "octagon", "output": "box, peripheries=2", "custom": "box, style=dashed"}


def mermaid(scene: Scene) -> str:
    """Return a Mermaid flowchart.

    Raises
    ------
    ValueError
        If it has more edges than Mermaid draws.
    """
    if len(scene.links) > MOST_MERMAID_EDGES:
        raise ValueError(
            f"Mermaid draws at most {MOST_MERMAID_EDGES} edges and this graph has {len(scene.links):,}: "
            f"pass a smaller budget, or save it as SVG."
        )
    lines = ["flowchart TD"]
    for i, card in enumerate(scene.cards):
        opening, closing = _MERMAID.get(card.kind, ("[", "]"))
        lines.append(f'    c{i}{opening}"{"<br/>".join(_mermaid_text(line) for line in _lines(card))}"{closing}')
    for link in scene.links:
        arrow = "-->" if link.state in ("flowed", "traced") else "-.->"
        label = f'|"{_mermaid_text(" ".join(link.label))}"|' if link.label else ""
        lines.append(f"    c{link.source} {arrow}{label} c{link.target}")
    return "\n".join(lines) + "\n"


def _mermaid_text(text: str) -> str:
    # Mermaid knows entities by # instead of &, and reads Markdown: everything but the plainest goes by its number
    return "".join(c if c.isalnum() or c in " ()[],.‖=\u00d7_-…:/" else f"#{ord(c)};" for c in text)


def dot(scene: Scene) -> str:
    """Return a Graphviz digraph."""
    lines = ["digraph autograd {", '    node [shape=box, fontname="monospace"];', '    edge [fontname="monospace"];']
    for i, card in enumerate(scene.cards):
        shape = _DOT.get(card.kind, "box")
        lines.append(f"    c{i} [label=<{'<br/>'.join(map(markup, _lines(card)))}>, shape={shape}];")
    for link in scene.links:
        look = "" if link.state in ("flowed", "traced") else ", style=dashed"
        label = "<br/>".join(map(markup, link.label)) or " "
        lines.append(f"    c{link.source} -> c{link.target} [label=<{label}>{look}];")
    return "\n".join([*lines, "}"]) + "\n"


def _lines(card: Card) -> list[str]:
    badge = f" #{card.badge}" if card.badge else ""
    words = [card.tag, card.title + card.rest + badge, *card.lines, *card.faint, *card.marks]
    return [line for line in words if line]
