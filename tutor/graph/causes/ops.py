"""What the tape notes of a program: operations, changes in place, and gradients that were cleared."""

from __future__ import annotations

from types import CodeType
from typing import NamedTuple

import torch

from .lines import Line, line_of


class Op(NamedTuple):
    """One operation: what it was called, the sequence numbers of its nodes, and what it took.

    ``takes`` holds numbers of operations, and of leaves as -1, -2 ...; ``gives`` tells whether what came out asks for
    gradients, ``asked`` whether what went in did, ``dtype`` of what came out.
    """

    name: str
    start: int
    end: int
    where: tuple[CodeType, int] | None
    module: str
    takes: tuple[int, ...]
    asked: bool
    gives: bool
    records: bool
    inference: bool
    dtype: torch.dtype | None
    around: str = ""

    @property
    def line(self) -> Line | None:
        """The line of the user's program that ran it."""
        return line_of(self.where)


class Change(NamedTuple):
    """A tensor that an operation changed in place: its storage, its versions, and what it was."""

    op: int
    storage: int
    before: int
    after: int
    value: int
    during: str = ""


class Clearing(NamedTuple):
    """A ``.grad`` that was set to None."""

    leaf: int
    where: tuple[CodeType, int] | None
    after: int

    @property
    def line(self) -> Line | None:
        """The line of the user's program that cleared it."""
        return line_of(self.where)
