"""A report: the one thing a reader is told about an answer, as plain text and as HTML."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import dataclass, field

VERDICTS = ("pass", "todo", "wrong", "error", "slow", "shortcut")

_STRESSED = re.compile(r"(?<![\w*])\*([^*\s][^*]*)\*(?![\w*])")

# A mark and a word stand beside each colour: colour is never the only signal.
_LOOKS = {
    "pass": ("✓", "Right", "#1a7f37"),
    "todo": ("○", "To do", "#57606a"),
    "wrong": ("✗", "Not yet", "#c4320a"),
    "error": ("!", "It stopped", "#c4320a"),
    "slow": ("◷", "Too slow", "#9a6700"),
    "shortcut": ("↷", "Shortcut", "#9a6700"),
}


@dataclass(frozen=True)
class Report:
    """What a check found.

    Attributes
    ----------
    exercise : id of the exercise.
    verdict : one of `VERDICTS`.
    message : what to tell the reader, plain text; code stands between backquotes, blocks are indented by four spaces.
    misconception : the name of the one misconception that the answer shows, or None.
    tier : which rule of the diagnosis spoke ("misconception", "pair", "relation", "outputs", "probe", "exception", …).
    hint : a first hint that belongs to the message, or None.
    printed : what the answer printed while it was judged, cut to a readable length.
    seconds : how long the judgement took.
    found : the part of the message that a search of the answer's text found: the line, or two mistakes at once.
    later : goes on with a search that was stopped; returns a better report, or None.
    """

    exercise: str
    verdict: str
    message: str
    misconception: str | None = None
    tier: str = ""
    hint: str | None = None
    printed: str = ""
    seconds: float = 0.0
    found: str = ""
    later: Callable[[], Report | None] | None = field(default=None, repr=False, compare=False)

    @property
    def text(self) -> str:
        """The report as plain text, for terminals and logs."""
        mark, word, _ = _LOOKS[self.verdict]
        lines = [f"{mark} {word}: {self.exercise}", *(f"  {line}".rstrip() for line in self.message.split("\n"))]
        if self.hint:
            lines.append(f"  Hint: {self.hint}")
        if self.printed:
            lines += ["  Your code printed:", *(f"    {line}" for line in self.printed.split("\n"))]
        return "\n".join(lines)

    @property
    def html(self) -> str:
        """The report as an HTML card that is legible in light and dark themes and without scripts or style sheets."""
        mark, word, colour = _LOOKS[self.verdict]
        parts = [blocks(self.message)]
        if self.hint:
            parts.append(f'<p style="margin:6px 0 0 0"><b>Hint.</b> {inline(self.hint)}</p>')
        if self.printed:
            parts.append(f"<p style='margin:6px 0 0 0'>Your code printed:</p>{preformatted(self.printed)}")
        title = (
            f'<span style="background:{colour};color:#ffffff;border-radius:4px;padding:1px 8px;font-weight:bold">'
            f"{mark} {word}</span> <code>{html.escape(self.exercise)}</code>"
        )
        return card(title, "".join(parts), colour)

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, str]:
        return {"text/plain": self.text, "text/html": self.html}


def card(title: str, body: str, colour: str = "#57606a") -> str:
    """Wrap HTML in the frame that all of tutor's notices share."""
    return (
        f'<div style="border:1px solid #8c959f;border-left:5px solid {colour};border-radius:4px;padding:8px 12px;'
        f'margin:4px 0;max-width:860px;overflow-wrap:break-word">'
        f'<p style="margin:0 0 6px 0">{title}</p>{body}</div>'
    )


def preformatted(text: str) -> str:
    """Return an HTML block that keeps the text's lines and breaks long ones instead of scrolling."""
    return (
        '<pre style="margin:6px 0;padding:6px 10px;border:1px solid #8c959f;border-radius:4px;'
        f'white-space:pre-wrap;overflow-wrap:break-word;word-break:normal">{html.escape(text)}</pre>'
    )


def inline(text: str) -> str:
    """Escape a line of text and turn `code` between backquotes and *stressed* words into HTML."""
    pieces = html.escape(text, quote=False).split("`")
    if len(pieces) % 2 == 0:
        return "`".join(pieces)
    return "".join(f"<code>{p}</code>" if i % 2 else _STRESSED.sub(r"<em>\1</em>", p) for i, p in enumerate(pieces))


def blocks(message: str) -> str:
    """Turn a message into paragraphs; runs of lines indented by four spaces become one preformatted block."""
    out, block = [], []
    for line in [*message.split("\n"), ""]:
        if line.startswith("    "):
            block.append(line[4:])
            continue
        if block:
            out.append(preformatted("\n".join(block)))
            block = []
        if line.strip():
            out.append(f'<p style="margin:0 0 4px 0">{inline(line)}</p>')
    return "".join(out)
