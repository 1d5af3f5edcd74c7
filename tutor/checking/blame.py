"""Make small changes of a reader's text, each with the sentence that is true if the changed text is right."""

from __future__ import annotations

import ast
import contextlib
import itertools
import types
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from tutor.checking import edits, transplant
from tutor.checking.changing import CHANGED, CannotRebuildError

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
            return compile(self.tree, CHANGED, "exec")

    def text(self) -> str:
        """Its text, in the lines of the reader's; ValueError or RecursionError where it cannot be written."""
        with self._made():
            return "\n" * (self.tree.body[0].lineno - 1) + ast.unparse(self.tree) + "\n"

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


Changes = Iterator[tuple[Changed, str, int]]


def changed(text: Text, misconceptions: tuple[Any, ...], solution: str, *, harm: bool = False) -> Changes:
    """Yield each changed answer, with the sentence that is true if that answer is right.

    The same text comes first, unchanged, with no sentence: if that is right, what is wrong does not stand in it. Then
    one change: a known misconception turned back, a part of the solution, and the small edits, in one place or alike in
    several; then two changes. Where turning back only adds words, those that are there may stand in any right answer:
    it comes after the small edits. Of edits that are as likely, those come last that change a line which stands in the
    solution as it is. Of an answer that did `harm`, that changed its inputs, changes alone are tried that are about
    what is written into. A line comes third where `closer` may say more about the place; else 0.
    """
    yield Changed(text.tree), "", 0
    turned, added = [], []
    for source, line, words, telling in edits.reverses(text.source, misconceptions):
        with contextlib.suppress(CannotRebuildError):
            last, more = line + words.count("\n"), source.count("\n") - text.source.count("\n")
            one = text.parsed(source), line, last, more, f"`{words.splitlines()[0].strip()}`"
            (turned if telling else added).append(one)
    for tree, line, _, _, look in turned:
        yield Changed(tree), text.told((line, look)), 0
    parts = [] if harm else transplant.transplants(text.tree, solution)
    for edit in parts:
        line = edit.line if edit.rough else 0
        yield Changed(text.tree, (edit,)), text.told((edit.line, edit.look)), line
    own = {line.strip() for line in solution.splitlines()}
    single = [edit for edit in edits.edits(text.tree) if edit.writes_elsewhere or not harm]
    single.sort(key=lambda edit: (edit.rank, text.line(edit.line) in own))  # stable
    together = [*((edit,) for edit in single), *edits.alike(single)]
    for group in sorted(together, key=lambda group: group[0].rank):  # stable: one place first, then several alike
        lines = [line for edit in group for line in (edit.line, *edit.also)]
        look = group[0].look
        told = text.told((lines[0], look)) if len(lines) == 1 else text.told_alike(lines, look)
        yield Changed(text.tree, group), told, 0
    for tree, line, _, _, look in added:
        yield Changed(tree), text.told((line, look)), 0
    yield from _two(text, itertools.combinations(parts, 2))
    own_looks = {edit.look for edit in single}
    for tree, line, last, more, look in turned:
        for edit in edits.edits(tree):
            place = _own_line(edit.line, line, last, more)
            second = edit.look if edit.look in own_looks else "the rest of that line"  # never a text that was changed
            yield Changed(tree, (edit,)), text.told((line, look), (place, second)), 0
    yield from _two(text, _likely(single))


def _likely(known: list[edits.Edit]) -> Iterator[tuple[edits.Edit, edits.Edit]]:
    """Two edits, the likeliest first; of long answers there are too many to be listed."""
    known = [edit for edit in known if edit.rank <= LIKELY and edit.kind != "superfluous"]
    for rank in range(2 * min((edit.rank for edit in known), default=0), 2 * LIKELY + 1):
        for first, second in itertools.combinations(known, 2):
            if first.rank + second.rank == rank:
                yield first, second


def closer(text: Text, line: int) -> Changes:
    """The small edits of one line, in one place or alike in several."""
    single = [edit for edit in edits.edits(text.tree) if edit.line == line and not edit.also]
    for group in (*((edit,) for edit in single), *edits.alike(single)):
        look = group[0].look
        told = text.told((line, look)) if len(group) == 1 else text.told_alike([line for _ in group], look)
        yield Changed(text.tree, group), told, 0


def _two(text: Text, pairs: Iterable[tuple[edits.Edit, edits.Edit]]) -> Changes:
    """Two edits at once, of different places."""
    for first, second in pairs:
        if (first.holder, first.field) != (second.holder, second.field):
            told = text.told((first.line, first.look), (second.line, second.look))
            yield Changed(text.tree, (first, second)), told, 0


def _own_line(number: int, first: int, last: int, more: int) -> int:
    """The reader's own line for a line of a text in which his `first` to `last` became `more` lines longer."""
    if number <= first:
        return number
    return number - more if number > last + more else min(number, last)
