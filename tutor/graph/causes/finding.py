"""What is found: a sentence, a place and a number, as plain values."""

from __future__ import annotations

import re
from typing import NamedTuple

_ONE = {"their": "its", "they": "it", "they are": "it is", "they were": "it was", "them": "it"}


class Finding(NamedTuple):
    """One thing that is wrong, or worth knowing.

    Attributes
    ----------
    kind
        ``"no gradient"``, ``"changed in place"``, ``"a second time"``, ``"not finite"``, ``"dying"``, ``"exploding"``,
        ``"cost"``, ``"not registered"``, ``"custom Function"``, ``"error"`` or ``"note"`` (nothing is wrong by itself).
    sentence
        What is the matter, where, and the mend.
    place
        The module, parameter, operation or source line that it is about; an empty string if there is no one place.
    number
        How many, how large, which version: what the sentence counts.
    node
        Id of the node in the explanation's graph that the drawing is focused on; None if there is none.
    inferred
        True if this was concluded, not seen; the sentence says so too.
    more
        Further lines: the names, the numbers that went in.
    """

    kind: str
    sentence: str
    place: str = ""
    number: float = 0
    node: int | None = None
    inferred: bool = False
    more: tuple[str, ...] = ()


def names_text(names: list[str], most: int = 6) -> str:
    """Return names as a list in words, those beyond the first few counted."""
    if len(names) > most:
        return f"{', '.join(names[: most - 1])} and {len(names) - most + 1:,} more"
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]])) if names else ""


def singular(words: str) -> str:
    """Return what is said of several parameters as it is said of one; lines of the program stay as they are."""
    parts = words.split("`")
    parts[::2] = [
        re.sub(r"\b(their|they are|they were|they|them)\b", lambda m: _ONE[m[0]], part) for part in parts[::2]
    ]
    return "`".join(parts)
