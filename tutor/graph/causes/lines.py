"""Tell the line of the user's program that is running: the innermost frame outside torch and outside this package."""

from __future__ import annotations

import linecache
import sys
from pathlib import Path
from types import CodeType, FrameType
from typing import NamedTuple

import torch

_OURS = str(Path(__file__).parent.parent)
_TORCH = str(Path(torch.__file__).parent)
_HIDDEN = (_TORCH, _OURS, "<frozen")
_known: dict[CodeType, bool] = {}


class Line(NamedTuple):
    """A line of a program."""

    file: str
    number: int

    @property
    def text(self) -> str:
        """The line itself, cleaned; an empty string where the source cannot be read."""
        return " ".join(linecache.getline(self.file, self.number).split())

    @property
    def place(self) -> str:
        """``name.py:12``, or ``In[3]:12`` for a notebook's cell."""
        # a cell has a file name that says nothing to its author; IPython knows its number
        shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
        cell = shell.compile.format_code_name(self.file) if shell is not None else None
        return f"{cell[1] if cell else Path(self.file).name}:{self.number}"

    def __str__(self) -> str:
        return f"`{self.text}` ({self.place})" if self.text else self.place


def line_now() -> tuple[CodeType, int] | None:
    """Return code and line number of the innermost frame of the user's, quickly; `line_of` makes it a `Line`."""
    frame = _frame_now()
    return None if frame is None else (frame.f_code, frame.f_lineno)


def spot_now() -> tuple[CodeType, int] | None:
    """Return code and instruction of that frame: two calls on one line are two spots."""
    frame = _frame_now()
    return None if frame is None else (frame.f_code, frame.f_lasti)


def _frame_now() -> FrameType | None:
    frame, known = sys._getframe(2), _known
    while frame is not None:
        hidden = known.get(frame.f_code)  # asked after every operation: no call for code that is known
        if not (is_hidden(frame.f_code) if hidden is None else hidden):
            return frame
        frame = frame.f_back
    return None


def is_hidden(code: CodeType) -> bool:
    """Tell whether code is torch's or this package's own."""
    hidden = _known.get(code)
    if hidden is None:
        hidden = _known[code] = code.co_filename.startswith(_HIDDEN)
    return hidden


def line_of(found: tuple[CodeType, int] | None) -> Line | None:
    """Return what `line_now` found as a `Line`."""
    return None if found is None else Line(found[0].co_filename, found[1])


def inside(file: str) -> bool:
    """Tell whether a function of this file (the end of its path) is running further out."""
    frame = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_filename.endswith(file):
            return True
        frame = frame.f_back
    return False
