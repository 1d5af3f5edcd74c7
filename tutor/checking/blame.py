"""Make small changes of a reader's text, each with the sentence that is true if the changed text is right."""

from __future__ import annotations

import ast
import contextlib
import itertools
import types
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tutor.checking import edits
from tutor.checking.changing import CannotRebuildError

LIKELY = 1  # two edits at once are tried of these ranks only: others are too many


@dataclass(frozen=True, eq=False)
class Changed:
    """A tree with some changes, which are made only while its code, or its text, is."""

    tree: ast.Module
    edits: tuple[edits.Edit, ...] = ()

    @property
    def name(self) -> str:
        """What it binds."""
        return self.tree.body[0].name

    def code(self) -> types.CodeType:
        """Its code."""
        with self._made():
            return compile(self.tree, "<a changed text>", "exec")

    def text(self) -> str:
        """Its text; ValueError or RecursionError where it cannot be written."""
        with self._made():
            return ast.unparse(self.tree)

    @contextlib.contextmanager
    def _made(self) -> Iterator[None]:
        with contextlib.ExitStack() as stack:
            for edit in self.edits:
                stack.enter_context(edit.made())
            yield


class Text:
    """A reader's definition, from which changed ones are made.

    Parameters
    ----------
    source : the definition with blank lines above it, so that its line numbers are those of the cell.
    identifier : id of the exercise, whose decorator is left out.

    Raises
    ------
    CannotRebuildError
        If it cannot be rebuilt safely.
    """

    def __init__(self, source: str, identifier: str):
        self.source, self.identifier = source, identifier
        self.tree = self.parsed(source)

    @property
    def names(self) -> tuple[str, ...]:
        """The names that it uses, in the order of the alphabet."""
        return tuple(sorted({n.id for n in ast.walk(self.tree) if isinstance(n, ast.Name)}))

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


def changed(text: Text, misconceptions: tuple[Any, ...]) -> Iterator[tuple[Changed, str]]:
    """Yield each changed answer, with the sentence that is true if that answer is right.

    The same text comes first, unchanged, with no sentence: if that is right, what is wrong does not stand in it. Then
    one change: a known misconception turned back, and the small edits; then both together, and two likely edits.
    """
    yield Changed(text.tree), ""
    turned = []
    for source, line, words in edits.reverses(text.source, misconceptions):
        with contextlib.suppress(CannotRebuildError):
            last, more = line + words.count("\n"), source.count("\n") - text.source.count("\n")
            turned.append((text.parsed(source), line, last, more, f"`{' '.join(words.split())}`"))
    for tree, line, _, _, look in turned:
        yield Changed(tree), text.told((line, look))
    single = edits.edits(text.tree)
    for edit in single:
        yield Changed(text.tree, (edit,)), text.told((edit.line, edit.look))
    for tree, line, last, more, look in turned:
        for edit in edits.edits(tree):
            own = _own_line(edit.line, line, last, more)
            yield Changed(tree, (edit,)), text.told((line, look), (own, edit.look))
    for first, second in _likely([edit for edit in single if edit.rank <= LIKELY]):
        told = text.told((first.line, first.look), (second.line, second.look))
        yield Changed(text.tree, (first, second)), told


def _likely(known: list[edits.Edit]) -> Iterator[tuple[edits.Edit, edits.Edit]]:
    """Two edits in different places, the likeliest first; of long answers there are too many to be listed."""
    for rank in range(2 * LIKELY + 1):
        for first, second in itertools.combinations(known, 2):
            if first.rank + second.rank == rank and (first.holder, first.field) != (second.holder, second.field):
                yield first, second


def _own_line(number: int, first: int, last: int, more: int) -> int:
    """The reader's own line for a line of a text in which his `first` to `last` became `more` lines longer."""
    if number <= first:
        return number
    return number - more if number > last + more else min(number, last)
