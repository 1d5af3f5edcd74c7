"""Figures that a reader moves: a picture for every state, made once, with native controls and no kernel afterwards."""

from __future__ import annotations

import base64
import html
import itertools
import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from numbers import Real
from pathlib import Path
from typing import Any

from tutor.plots.chart import image
from tutor.plots.picture import Picture

MOST_BYTES = 600_000
STILL = "This is its first state; run the cell to move it."


class Explorer:
    """A picture for every combination of a few values, with a slider or a list for each parameter.

    Made by `explore`. Where scripts are dropped, as in a notebook that is not trusted, the first state stands as a
    still picture.
    """

    def __init__(
        self,
        draw: Callable[..., Any],
        parameters: Mapping[str, Sequence[Any]],
        start: Sequence[Any] | None,
        question: str,
        guess: Any,
        answer: str,
    ):
        if not 1 <= len(parameters) <= 2:
            raise ValueError(f"A figure is moved by one or two parameters, not by {len(parameters)}.")
        for label, values in parameters.items():
            if len(values) < 2:
                raise ValueError(f'"{label}" needs at least two values to move between.')
        self.parameters = {label: tuple(values) for label, values in parameters.items()}
        self.question, self.guess, self.answer = question, guess, answer
        self.states = tuple(itertools.product(*self.parameters.values()))
        wanted = tuple(start) if start is not None else self.states[0]
        if wanted not in self.states:
            raise ValueError(f"The figure cannot start at {wanted}: these are none of its values.")
        self.first = self.states.index(wanted)
        self.frames = tuple(_frame(draw(*state)) for state in self.states)

    @property
    def locked(self) -> bool:
        """Whether the figure waits for a prediction."""
        return bool(self.question) and (self.guess is ... or self.guess is None or self.guess == "")

    def words(self, at: int) -> str:
        """The alt text of one state."""
        return self.frames[at][1]

    def html(self) -> str:
        """The whole figure as one self-contained piece of HTML.

        Raises
        ------
        ValueError
            If it takes more than 600 kB.
        """
        lines: dict[str, int] = {}
        drawn = [[lines.setdefault(line, len(lines)) for line in svg.split("\n")] for svg, _ in self.frames]
        told = {
            "lines": list(lines),
            "frames": drawn,
            "alts": [alt for _, alt in self.frames],
            "labels": list(self.parameters),
            "values": [[_said(v) for v in values] for values in self.parameters.values()],
            "slides": [all(_is_number(v) for v in values) for values in self.parameters.values()],
            "first": self.first,
            "locked": self.locked,
            "guess": "" if self.locked or not self.question else str(self.guess),
            "answer": self.answer,
        }
        packed = zlib.compress(json.dumps(told, ensure_ascii=False).encode("utf-8"), 9)
        data = base64.b64encode(packed).decode("ascii")
        name = "move" + sha256(packed).hexdigest()[:10]  # from the content, so that equal cells build equal bytes
        svg, alt = self.frames[self.first]
        asked = f'<p class="question"><b>{html.escape(self.question)}</b></p>' if self.question else ""
        script = _SCRIPT.replace("NAME", name).replace("DATA", data)
        whole = (
            f'<div class="tutor-move {name}">{asked}{image(svg, alt)}<p class="still">{STILL}</p></div>'
            f"<script>{script}</script>"
        )
        if len(whole) > MOST_BYTES:
            raise ValueError(
                f"This figure takes {len(whole) // 1000} kB, of {MOST_BYTES // 1000} at most: "
                "offer fewer values, or draw fewer points."
            )
        return whole

    def __repr__(self) -> str:
        moved = "; ".join(
            f"{label} from {_said(values[0])} to {_said(values[-1])} ({len(values)} values)"
            for label, values in self.parameters.items()
        )
        asked = f" {self.question}" if self.question else ""
        return f"[figure to move: {moved}.{asked} At first: {self.words(self.first)}]"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": self.html()}


def explore(
    draw: Callable[..., Any],
    parameters: Mapping[str, Sequence[Any]],
    *,
    start: Sequence[Any] | None = None,
    question: str = "",
    guess: Any = None,
    answer: str = "",
) -> Explorer:
    """Make a figure that is moved by one or two controls.

    Every picture is computed now and kept in the output, which then needs no kernel, no widget and no network: it moves
    in JupyterLab, in VS Code, on a page and in an exported file. Where pictures cannot be computed beforehand, as for a
    function that its reader goes on changing, ipywidgets is the better tool.

    Parameters
    ----------
    draw : a function of one value for each parameter; returns a `Chart` (small and fast), a `Picture`, or anything with
        `svg()` and alt text, such as a graph.
    parameters : label -> the values that its control offers; numbers get a slider, words a list.
    start : the values that are shown at first; by default the first of each.
    question : asked above the figure, whose controls stay locked until there is a prediction.
    guess : the reader's prediction; `...` while there is none. Where there is no kernel it is typed into the figure.
    answer : what turned out, shown beside the prediction.

    Raises
    ------
    ValueError
        If there are no or too many parameters, a parameter has fewer than two values, or `start` is none of them.
    """
    return Explorer(draw, parameters, start, question, guess, answer)


def _frame(drawn: Any) -> tuple[str, str]:
    """A drawing as (SVG, alt text)."""
    if isinstance(drawn, Picture):
        return drawn.svg(), drawn.alt
    if not hasattr(drawn, "svg"):
        raise TypeError(f"draw has to return a Chart, a Picture or a drawing with svg(), not {type(drawn).__name__}.")
    return drawn.svg(), drawn.alt() if callable(drawn.alt) else drawn.alt


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _said(value: Any) -> str:
    return f"{value:g}" if _is_number(value) else str(value)


_SCRIPT = Path(__file__).with_name("explore.js").read_text(encoding="utf-8")
