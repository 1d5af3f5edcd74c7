"""Draw a recording: choose what is shown, fold it, word it, place it."""

from __future__ import annotations

from collections.abc import Collection

from .describe import describe, title
from .fold import fold
from .model import Node
from .pause import collector_paused
from .recording import Recording
from .scene import Scene, set_scene
from .svg import draw

BUDGET = 150
# what exceeds the budget is folded until a person takes it in at a look
PEOPLE = 40


@collector_paused()
def scene(
    graph: Recording,
    budget: int | None = BUDGET,
    depth: int | None = None,
    repeats: bool = False,
    focus: Node | int | str | None = None,
    hops: int = 2,
) -> Scene:
    """Return what a drawing shows, in words, before it is laid out; the arguments and errors are `Graph.scene`'s."""
    if not (at_least(2, budget) and at_least(1, depth) and at_least(0, hops) and hops is not None):
        raise ValueError("A drawing needs a budget of at least 2 cards, a depth of at least 1, and hops from 0.")
    centre = None if focus is None else graph.find(focus).id
    people = budget == BUDGET
    goal = PEOPLE if people else budget
    return set_scene(graph, fold(graph, budget, depth, repeats, centre, hops, goal, people))


def svg(
    graph: Recording,
    budget: int | None = BUDGET,
    *,
    now: Collection[int] = (),
    done: Collection[int] | None = None,
    **fold_options: object,
) -> str:
    """Return the drawing as an SVG document; the arguments are `Graph.svg`'s."""
    shown = scene(graph, budget, **fold_options)
    return draw(shown, title(graph), describe(graph, shown), now, done)


def at_least(least: int, number: object) -> bool:
    """Tell whether number is None or a whole number from least."""
    return number is None or (isinstance(number, int) and number >= least)
