"""Rebuild a reader's text with small changes, each with the sentence that is true if the changed text is right."""

from __future__ import annotations

import ast
import contextlib
import copy
import functools
import itertools
import linecache
import types
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from tutor.checking import edits, guard
from tutor.checking.fault import functions_of
from tutor.checking.probes import is_tensor

_SHARED = (type, types.ModuleType, types.BuiltinFunctionType, types.FunctionType, np.ufunc, str, int, float, type(None))


COPYING = 0.05  # seconds that copying what a text can reach may take; it is done for each change
CHANGED = "a changed text"  # the file of every changed text, to Python; `linecache` reads none whose name is in <>
LIKELY = 1  # two edits at once are tried of these ranks only: others are too many


class CannotRebuildError(Exception):
    """A text that cannot be rebuilt without a risk for the reader's notebook."""


class Text:
    """A reader's definition, rebuilt in a copy of the notebook's globals; nothing of the notebook is changed by it.

    Parameters
    ----------
    source : the definition with blank lines above it, so that its line numbers are those of the cell.
    candidate : what the definition made.
    identifier : id of the exercise, whose decorator is left out.

    Raises
    ------
    CannotRebuildError
        If it cannot be rebuilt safely.
    """

    def __init__(self, source: str, candidate: Any, identifier: str):
        self.source, self.identifier = source, identifier
        self.tree = self.parsed(source)
        functions = functions_of(candidate)
        if not functions:
            raise CannotRebuildError
        self._outer = functions[0].__globals__
        self._helpers, named = self._reached({n.id for n in ast.walk(self.tree) if isinstance(n, ast.Name)})
        things = {name: self._outer[name] for name in sorted(named) if not isinstance(self._outer[name], _SHARED)}
        defaults = {name: (f.__defaults__, f.__kwdefaults__) for name, f in self._helpers.items()}
        copied = guard.call(copy.deepcopy, (things, defaults), seconds=COPYING)
        if copied.error is not None:
            raise CannotRebuildError
        # as they are now: when a hint is asked for, cells below may have changed them
        self._kept, self._outer = copied.value, dict(self._outer)

    def parsed(self, source: str) -> ast.Module:
        """The syntax tree of a text, without the decorator that judges it.

        Raises
        ------
        CannotRebuildError
            If it is no single definition, or might swallow the time limit.
        """
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError):
            raise CannotRebuildError from None
        if len(tree.body) != 1 or not isinstance(tree.body[0], ast.FunctionDef | ast.ClassDef):
            raise CannotRebuildError
        for node in ast.walk(tree):
            bare = isinstance(node, ast.ExceptHandler) and node.type is None
            if bare or (isinstance(node, ast.Name) and node.id == "BaseException"):
                raise CannotRebuildError
        (made,) = tree.body
        made.decorator_list = [d for d in made.decorator_list if not self._judges(d)]
        return tree

    def _judges(self, decorator: ast.expr) -> bool:
        first = decorator.args[0] if isinstance(decorator, ast.Call) and decorator.args else None
        return isinstance(first, ast.Constant) and first.value == self.identifier

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

    def build(self, tree: ast.Module, *changes: edits.Edit) -> Any:
        """Execute a tree, changed, where the reader's definition stands, among copies of all that it can reach."""
        things, defaults = copy.deepcopy(self._kept)
        space = {**self._outer, **things, edits.COPY: _copied}
        for name, helper in self._helpers.items():
            positional, by_name = defaults[name]
            space[name] = types.FunctionType(helper.__code__, space, name, positional, helper.__closure__)
            space[name].__kwdefaults__ = by_name
        linecache.cache[CHANGED] = (
            lambda: self._text(tree, changes),
        )  # read only by who asks, as torch.jit.script does
        with _made(changes):
            code = compile(tree, CHANGED, "exec")
        exec(code, space)
        return space[tree.body[0].name]

    def _text(self, tree: ast.Module, changes: tuple[edits.Edit, ...]) -> str:
        """The text of a changed tree, its definition in the line where the reader's begins."""
        with _made(changes):
            text = ast.unparse(tree).replace(f"{edits.COPY}(", "torch.clone(")
        return "\n" * (tree.body[0].lineno - 1) + text + "\n"

    def told(self, *places: tuple[int, str]) -> str:
        """The sentence about one change or two, each a line and where to look, with the reader's own lines below it."""
        lines = [line for line, _ in places]
        if len(places) == 1:
            told = f"With one change in line {lines[0]} all test inputs come out right: look at {places[0][1]}."
        else:
            where = f"in line {lines[0]}" if lines[0] == lines[1] else f"in lines {lines[0]} and {lines[1]}"
            looks = " and at ".join(look for _, look in places)
            told = f"With two changes, {where}, all test inputs come out right: look at {looks}."
        return "\n".join([told, *(f"    {self.line(line)}" for line in sorted(set(lines)))])

    def line(self, number: int) -> str:
        """A line of the reader's cell."""
        return self.source.split("\n")[number - 1].strip()


def changed(
    text: Text, misconceptions: tuple[Any, ...], *, harm: bool = False
) -> Iterator[tuple[Callable[[], Any], str]]:
    """Yield what makes each changed answer, with the sentence that is true if that answer is right.

    The same text comes first, unchanged, with no sentence: if that is right, what is wrong does not stand in it. Then
    one change: a known misconception turned back, and the small edits; then both together, and two likely edits. Where
    turning back only adds words, those that are there may stand in any right answer: it comes after the small edits.
    Of an answer that did `harm`, that changed its inputs, changes alone are tried that are about what is written into.
    """
    yield functools.partial(text.build, text.tree), ""
    turned, added = [], []
    for source, line, words, adds in edits.reverses(text.source, misconceptions):
        with contextlib.suppress(CannotRebuildError):
            last, more = line + words.count("\n"), source.count("\n") - text.source.count("\n")
            one = text.parsed(source), line, last, more, f"`{' '.join(words.split())}`"
            (added if adds else turned).append(one)
    for tree, line, _, _, look in turned:
        yield functools.partial(text.build, tree), text.told((line, look))
    single = [edit for edit in edits.edits(text.tree) if edit.writes_elsewhere or not harm]
    for edit in single:
        yield functools.partial(text.build, text.tree, edit), text.told((edit.line, edit.look))
    for tree, line, _, _, look in added:
        yield functools.partial(text.build, tree), text.told((line, look))
    for tree, line, last, more, look in [*turned, *added]:
        for edit in edits.edits(tree):
            own = _own_line(edit.line, line, last, more)
            yield functools.partial(text.build, tree, edit), text.told((line, look), (own, edit.look))
    likely = itertools.combinations([edit for edit in single if edit.rank <= LIKELY and edit.kind != "superfluous"], 2)
    for first, second in sorted(likely, key=lambda pair: pair[0].rank + pair[1].rank):
        if (first.holder, first.field) != (second.holder, second.field):
            told = text.told((first.line, first.look), (second.line, second.look))
            yield functools.partial(text.build, text.tree, first, second), told


@contextlib.contextmanager
def _made(changes: Iterable[edits.Edit]) -> Iterator[None]:
    """Make several changes in their tree for the time of the block."""
    with contextlib.ExitStack() as stack:
        for change in changes:
            stack.enter_context(change.made())
        yield


def _own_line(number: int, first: int, last: int, more: int) -> int:
    """The reader's own line for a line of a text in which his `first` to `last` became `more` lines longer."""
    if number <= first:
        return number
    return number - more if number > last + more else min(number, last)


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
