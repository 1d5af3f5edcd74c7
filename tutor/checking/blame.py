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

from tutor.checking import edits, guard, transplant
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

    def told_alike(self, lines: list[int], look: str) -> str:
        """The sentence about the same change in several places."""
        own = sorted(set(lines))
        if len(own) == 1:
            where = f"at {len(lines)} places of line {own[0]}"
        else:
            where = f"in lines {', '.join(map(str, own[:-1]))} and {own[-1]}"
        told = f"With the same change {where} all test inputs come out right: look at {look}."
        return "\n".join([told, *(f"    {self.line(line)}" for line in own)])

    def line(self, number: int) -> str:
        """A line of the reader's cell."""
        return self.source.split("\n")[number - 1].strip()


Changed = tuple[Callable[[], Any], str, int]


def changed(text: Text, misconceptions: tuple[Any, ...], solution: str, *, harm: bool = False) -> Iterator[Changed]:
    """Yield what makes each changed answer, with the sentence that is true if that answer is right.

    The same text comes first, unchanged, with no sentence: if that is right, what is wrong does not stand in it. Then
    one change: a known misconception turned back, a part of the solution, and the small edits, in one place or alike in
    several; then two changes. Where turning back only adds words, those that are there may stand in any right answer:
    it comes after the small edits. Of edits that are as likely, those come last that change a line which stands in the
    solution as it is. Of an answer that did `harm`, that changed its inputs, changes alone are tried that are about
    what is written into. A line comes third where `closer` may say more about the place; else 0.
    """
    yield functools.partial(text.build, text.tree), "", 0
    turned, added = [], []
    for source, line, words, telling in edits.reverses(text.source, misconceptions):
        with contextlib.suppress(CannotRebuildError):
            last, more = line + words.count("\n"), source.count("\n") - text.source.count("\n")
            one = text.parsed(source), line, last, more, f"`{words.splitlines()[0].strip()}`"
            (turned if telling else added).append(one)
    for tree, line, _, _, look in turned:
        yield functools.partial(text.build, tree), text.told((line, look)), 0
    parts = [] if harm else transplant.transplants(text.tree, solution)
    for edit in parts:
        line = edit.line if edit.rough else 0
        yield functools.partial(text.build, text.tree, edit), text.told((edit.line, edit.look)), line
    own = {line.strip() for line in solution.splitlines()}
    single = [edit for edit in edits.edits(text.tree) if edit.writes_elsewhere or not harm]
    single.sort(key=lambda edit: (edit.rank, text.line(edit.line) in own))  # stable
    together = [*((edit,) for edit in single), *edits.alike(single)]
    for group in sorted(together, key=lambda group: group[0].rank):  # stable: one place first, then several alike
        lines = [line for edit in group for line in (edit.line, *edit.also)]
        look = group[0].look
        told = text.told((lines[0], look)) if len(lines) == 1 else text.told_alike(lines, look)
        yield functools.partial(text.build, text.tree, *group), told, 0
    for tree, line, _, _, look in added:
        yield functools.partial(text.build, tree), text.told((line, look)), 0
    yield from _two(text, itertools.combinations(parts, 2))
    own_looks = {edit.look for edit in single}
    for tree, line, last, more, look in turned:
        for edit in edits.edits(tree):
            place = _own_line(edit.line, line, last, more)
            second = edit.look if edit.look in own_looks else "the rest of that line"  # never a text that was changed
            yield functools.partial(text.build, tree, edit), text.told((line, look), (place, second)), 0
    likely = itertools.combinations([edit for edit in single if edit.rank <= LIKELY and edit.kind != "superfluous"], 2)
    yield from _two(text, sorted(likely, key=lambda pair: pair[0].rank + pair[1].rank))


def closer(text: Text, line: int) -> Iterator[tuple[Callable[[], Any], str]]:
    """The small edits of one line, in one place or alike in several."""
    single = [edit for edit in edits.edits(text.tree) if edit.line == line and not edit.also]
    for group in (*((edit,) for edit in single), *edits.alike(single)):
        look = group[0].look
        told = text.told((line, look)) if len(group) == 1 else text.told_alike([line for _ in group], look)
        yield functools.partial(text.build, text.tree, *group), told


def _two(text: Text, pairs: Iterable[tuple[edits.Edit, edits.Edit]]) -> Iterator[Changed]:
    """Two edits at once, of different places."""
    for first, second in pairs:
        if (first.holder, first.field) != (second.holder, second.field):
            told = text.told((first.line, first.look), (second.line, second.look))
            yield functools.partial(text.build, text.tree, first, second), told, 0


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
