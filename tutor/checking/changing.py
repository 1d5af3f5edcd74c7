"""Run changed texts of an answer where it stands, among copies of all that they can reach: nothing there is changed."""

from __future__ import annotations

import contextlib
import copy
import linecache
import types
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from tutor.checking import edits, guard
from tutor.checking.fault import functions_of
from tutor.checking.probes import is_tensor
from tutor.checking.seen import Half, Seen, observe

COPYING = 0.05  # seconds that copying what a text can reach may take; it is done for each change
MEMORY = 2**29  # bytes that an answer whose text was changed may take beyond what the process has
_SHARED = (type, types.ModuleType, types.BuiltinFunctionType, types.FunctionType, np.ufunc, str, int, float, type(None))
CHANGED = "a changed text"  # the file of every changed text, to Python; `linecache` reads none whose name is in <>
_MISSING = object()


class CannotRebuildError(Exception):
    """A text that cannot be rebuilt without a risk for the notebook that it stands in."""


class Changed(Protocol):
    """A definition with a change: the name that it binds, its code and its text."""

    @property
    def name(self) -> str: ...
    def code(self) -> types.CodeType: ...
    def text(self) -> str: ...


@dataclass(frozen=True)
class Written:
    """A changed definition that arrives as a text."""

    name: str
    written: str

    def code(self) -> types.CodeType:
        """Its code; SyntaxError or ValueError if it is no Python."""
        return compile(self.written, CHANGED, "exec")

    def text(self) -> str:
        """Its text."""
        return self.written


class Changing:
    """An answer in whose place changed ones are run, in a copy of its notebook's globals.

    Parameters
    ----------
    half : the exercise's public half.
    candidate : the answer.
    names : those that its text uses; what they stand for is copied as it is now.
    carried : makes of what a changed text binds what `use` receives.

    Raises
    ------
    CannotRebuildError
        If something that it reaches cannot be copied, or not soon enough.
    """

    def __init__(self, half: Half, candidate: Any, names: Iterable[str], carried: Callable[[Any], Any]):
        self._half, self._carried = half, carried
        self._last: Changed | None = None
        self._made: Any = _MISSING
        functions = functions_of(candidate)
        if not functions:
            raise CannotRebuildError
        self._outer = functions[0].__globals__
        self._helpers, named = self._reached(set(names))
        things = {name: self._outer[name] for name in sorted(named) if not isinstance(self._outer[name], _SHARED)}
        defaults = {name: (f.__defaults__, f.__kwdefaults__) for name, f in self._helpers.items()}
        copied = guard.call(copy.deepcopy, (things, defaults), seconds=COPYING)
        if copied.error is not None:
            raise CannotRebuildError
        # as they are now: when a hint is asked for, cells below may have changed them
        self._kept, self._outer = copied.value, dict(self._outer)

    def _reached(self, names: set[str]) -> tuple[dict[str, types.FunctionType], set[str]]:
        """The notebook's functions that the text may call, through others too, and every global that they name."""
        helpers: dict[str, types.FunctionType] = {}
        waiting, known = sorted(names & set(self._outer)), set()
        while waiting:
            name = waiting.pop()
            known.add(name)
            value = self._outer[name]
            if isinstance(value, types.FunctionType) and value.__globals__ is self._outer:
                helpers[name] = value
                waiting += sorted(set(_names_in(value.__code__)) & set(self._outer) - known)
        return helpers, known

    def run(
        self, changed: Changed, arguments: tuple[Any, ...], *, seed: int, seconds: float, watched: bool = False
    ) -> Seen:
        """Run a changed answer once, under guard; it is built once for all runs that follow each other.

        Nobody has typed it, so it gets little memory: a changed loop or size may ask for any amount, and a single
        operation on much of it is longer than any time limit.
        """
        if changed != self._last:
            self._last, self._made = changed, _MISSING
        return observe(self._half, self._subject, arguments, seed=seed, seconds=seconds, watched=watched, memory=MEMORY)

    def _subject(self) -> Any:
        if self._made is _MISSING:
            self._made = self._built(self._last)
        return self._carried(self._made)

    def _built(self, changed: Changed) -> Any:
        """Execute a changed text where the reader's definition stands, among copies of all that it can reach."""
        things, defaults = copy.deepcopy(self._kept)
        space = {**self._outer, **things, edits.COPY: _copied}
        for name, helper in self._helpers.items():
            positional, by_name = defaults[name]
            space[name] = types.FunctionType(helper.__code__, space, name, positional, helper.__closure__)
            space[name].__kwdefaults__ = by_name
        code = changed.code()
        # read only by who asks, as torch.jit.script does, which knows no function of ours
        linecache.cache[CHANGED] = (lambda: changed.text().replace(f"{edits.COPY}(", "torch.clone("),)
        exec(code, space)
        return space[changed.name]


@contextlib.contextmanager
def as_it_was(owner: Any, name: str) -> Iterator[None]:
    """Put back, at the end of the block, what a class holds under a name; None is no class."""
    before = vars(owner).get(name, _MISSING) if owner else _MISSING
    try:
        yield
    finally:
        if before is not _MISSING:
            setattr(owner, name, before)


def _names_in(code: types.CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names_in(constant)


def _copied(value: Any) -> Any:
    """A copy as a reader would make it: a tensor's keeps its history."""
    if is_tensor(value):
        return value.clone()
    return copy.copy(value)
