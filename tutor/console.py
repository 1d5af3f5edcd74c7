"""What every command prints with: signs that a console lacks fall back, and nothing that was read can steer it."""

from __future__ import annotations

import codecs
import csv
import io
import re
import sys
from collections.abc import Iterable

# what stands for our signs where a code page has none; any other character is shown as Python writes it, `\u0141`
SIGNS = {"●": "*", "○": ".", "✓": "+", "✗": "x", "·": "-", "→": "->", "←": "<-", "…": "..."}
# control characters (escape sequences begin with one), marks that turn the direction of text, halves of an emoji
_CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
# what makes a spreadsheet compute a cell, in both widths; tab and CR, which do so too, are control characters
_FORMULA = tuple("=+-@\n\uff1d\uff0b\uff0d\uff20")


def prepare() -> None:
    """Let what is printed fall back where a console's encoding lacks a character, instead of ending the command."""
    codecs.register_error("tutor", _fallback)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="tutor")


def _fallback(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(SIGNS.get(c) or _escaped(c) for c in lacking), error.end


def _escaped(text: str) -> str:
    return text.encode("unicode_escape").decode("ascii")


def clean(text: str) -> str:
    """The text with every control character but the line end shown, as `\\x1b`, and not obeyed."""
    return _CONTROL.sub(lambda found: _escaped(found[0]), text)


def line(text: str) -> str:
    """The text as one clean line, so that a name or a message cannot pass for several."""
    return clean(text).replace("\n", "\\n")


def say(text: object, *, err: bool = False) -> None:
    """Print a text to standard output (or errors), clean, and at once."""
    print(clean(str(text)), file=sys.stderr if err else sys.stdout, flush=True)


def put(text: str) -> None:
    """Write a piece of a table for a program: always UTF-8, whatever the console's encoding is, and at once."""
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace"))
    sys.stdout.buffer.flush()


def csv_row(values: Iterable[str]) -> str:
    """One row of CSV in which no cell is a formula or holds a control character but the line end."""
    row = io.StringIO()
    csv.writer(row, lineterminator="\n").writerow([_harmless(clean(value)) for value in values])
    return row.getvalue()


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
