"""Put numbers, names and shapes into words that fit on a card and are safe in any markup."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from html import escape

from .model import Shape, Stats

LONGEST_NAME = 26


def shape_text(shape: Shape | None) -> str:
    """Return a shape as Python writes it, "(64, 10)" or "(4,)"; an unknown one as "(?)"."""
    return "(?)" if shape is None else str(shape)


def kinds_text(kinds: Sequence[str], most: int = 4) -> str:
    """Return the first few of what a card stands for, as "Linear, Relu, …"."""
    return ", ".join(kinds[:most]) + (", …" if len(kinds) > most else "")


def gradient_words(stats: Stats, most_values: int = 1) -> str:
    """Return what to say of a gradient: the values of a short vector, else its norm, or that it holds NaN or Inf."""
    values = stats.values or ()
    if len(stats.shape or ()) == 1 and 1 < len(values) <= most_values:
        return f"[{', '.join(f'{value:.3g}' for value in values)}]"
    if stats.trouble:
        return stats.trouble
    if len(values) == 1:
        return f"= {values[0]:.3g}"
    return "unmeasured" if math.isnan(stats.norm) else f"‖g‖ {stats.norm:.3g}"


def clean(text: str) -> str:
    """Return text on one line, without the characters that no markup may hold (control codes, lone surrogates)."""
    text = " ".join(text.split())
    return text if text.isprintable() else "".join(c if c.isprintable() else "\ufffd" for c in text)


def shorten(text: str, longest: int = LONGEST_NAME) -> str:
    """Return cleaned text of no more than this many columns, the middle left out."""
    # cleaning costs time per character; a name of megabytes is cut before
    text = clean(text if len(text) <= 4 * longest else f"{text[: 2 * longest]}{text[-2 * longest :]}")
    if columns(text) <= longest:
        return text
    head, tail = text, text
    while columns(head) > longest // 2:
        head = head[:-1]
    while columns(tail) > longest - longest // 2 - 1:
        tail = tail[1:]
    return f"{head}…{tail}"


def shorten_source(source: str, longest: int = 34) -> str:
    """Return "file.py:12: code" cut to this many columns, file and line number staying whole."""
    place, colon, code = source.partition(": ")
    room = longest - columns(place) - 2
    return f"{clean(place)}: {shorten(code, room)}" if colon and room > 2 else clean(place)


def columns(text: str) -> int:
    """Return how many columns of a fixed-width font a text takes: wide characters and emoji take two."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 2 if _is_wide(c) else 1 for c in text)


def _is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF" or unicodedata.category(character) == "So"


def markup(text: str) -> str:
    """Return text escaped for XML and HTML, attributes included."""
    return escape(text, quote=True)


def operation(op: str) -> tuple[str, str]:
    """Split "MulBackward0" into what it undoes and the rest: ("Mul", "Backward0")."""
    head, word, tail = op.rpartition("Backward")
    return (head, word + tail) if head else (op, "")


def plural(count: int, word: str) -> str:
    """Return "1 node", "2 nodes", "1,000 nodes"."""
    return f"{count:,} {word}{'' if count == 1 else 's'}"
