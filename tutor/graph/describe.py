"""Say in words what a drawing shows, for those who cannot see it and for front ends that show no pictures."""

from __future__ import annotations

from .recording import Recording
from .scene import Card, Scene
from .words import clean, gradient_words, operation, plural, shape_text, shorten

# names beyond these are counted
MOST_NAMED = 8


def title(graph: Recording) -> str:
    """Return the title of a drawing."""
    names = [shorten(graph.nodes[i].name) or graph.nodes[i].op for i in graph.roots[:3]]
    return f"Autograd graph of {', '.join(names)}"


def summary(graph: Recording) -> str:
    """Return a recording on one line: what it is of, and its size."""
    leaves = sum(node.is_leaf for node in graph.nodes)
    ran = f", {plural(len(graph.order), 'node')} ran" if graph.recorded else ""
    ran += f", {plural(len(graph.outside), 'parameter')} outside it" if graph.outside else ""
    return (
        f"<{title(graph)}: {plural(len(graph.nodes) - leaves, 'operation')}, {plural(leaves, 'leaf tensor')}, "
        f"{plural(len(graph.edges), 'edge')}{ran}>"
    )


def describe(graph: Recording, scene: Scene) -> str:
    """Return a few sentences: what it is the graph of, its size, its leaves, and what went wrong."""
    operations = sum(not node.is_leaf for node in graph.nodes)
    leaves = [node for node in graph.nodes if node.is_leaf]
    sentences = [
        f"{title(graph)}: {plural(operations, 'operation')} and {plural(len(leaves), 'leaf tensor')}, drawn as "
        f"{plural(len(scene.cards), 'card')}; gradients flow from the output at the top down to the leaves.",
        f"Below the output: {_chain(graph)}.",
    ]
    if leaves:
        said = [
            f"{shorten(node.name) or 'unnamed'} {shape_text(node.shape)}"
            + (f" received {gradient_words(node.received[0])}" if node.received and node.received[0] else "")
            for node in leaves[:MOST_NAMED]
        ]
        more = f" and {len(leaves) - MOST_NAMED:,} more" if len(leaves) > MOST_NAMED else ""
        sentences.append(f"Leaves: {'; '.join(said)}{more}.")
    sentences += findings(graph)
    sentences += [f"Note: {note}." for note in scene.notes]
    return clean(" ".join(sentences))


def findings(graph: Recording) -> list[str]:
    """Return a sentence on each thing a recording found."""
    said = []
    if graph.first_nonfinite is not None:
        said.append(f"The first NaN or Inf arises in {_called(graph, graph.first_nonfinite)}.")
    if graph.raised is not None:
        said.append(f"Backward raised in {_called(graph, graph.raised)}.")
    idle = sum(node.order is None for node in graph.nodes) if graph.recorded else 0
    if idle:
        said.append(f"{plural(idle, 'node')} not visited.")
    return said


def _called(graph: Recording, i: int) -> str:
    node = graph.nodes[i]
    return f"{shorten(node.op, 60)} {shorten(node.name)}".strip()


def _chain(graph: Recording) -> str:
    """Return the operations that follow the loss along the first input of each."""
    following: dict[int, int] = {}
    for edge in graph.edges:
        if not graph.nodes[edge.target].is_leaf:
            following.setdefault(edge.source, edge.target)
    i, words = graph.roots[0], []
    while i is not None and len(words) < MOST_NAMED:
        words.append(operation(graph.nodes[i].op)[0])
        i = following.get(i)
    return " → ".join(words) + (" → …" if i is not None else "")


def listing(graph: Recording, scene: Scene) -> str:
    """Return a drawing as plain text: every card, and under it the edges that leave it."""
    leaving: dict[int, list[str]] = {}
    for link in scene.links:
        words = " ".join(link.label)
        leaving.setdefault(link.source, []).append(f"    -> {_line(scene.cards[link.target])}  {words}".rstrip())
    lines = [summary(graph)]
    for i, card in enumerate(scene.cards):
        if card.kind in ("parameter", "leaf"):
            continue  # it stands under the operation that uses it
        lines.append(_line(card))
        lines += leaving.get(i, ())
    return "\n".join([*lines, *findings(graph), *scene.notes])


def _line(card: Card) -> str:
    badge = f"#{card.badge}" if card.badge else ""
    words = [card.title + card.rest, badge, card.tag, *card.lines, *card.marks, *card.whole]
    return "  ".join(filter(None, words))
