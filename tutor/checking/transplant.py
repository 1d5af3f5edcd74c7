"""List the changes of a reader's text that put a part of the solution in the place of the reader's."""

from __future__ import annotations

import ast
import copy
import functools
import itertools
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from tutor.checking.edits import SIGNS, Edit, brief, placed

MOST = 80  # changes that are tried

Function = ast.FunctionDef | ast.AsyncFunctionDef


PARTS = ast.expr | ast.operator | ast.cmpop | ast.boolop | ast.unaryop


class Place(NamedTuple):
    """A node of the reader's text, with what holds it, and the solution's in its place."""

    holder: ast.AST
    field: str
    index: int | None
    mine: ast.AST
    theirs: ast.AST


def transplants(tree: ast.Module, solution: str) -> list[Edit]:
    """Changes after which one part of a definition is the solution's; each is told by the reader's own words there.

    A change by which a variable of the reader's would be read no more is left out: what is wrong may be how that was
    computed, and the line told would be another.
    """
    theirs = dict(_functions(ast.parse(solution)))
    found = []
    for path, mine in _functions(tree):
        if path in theirs:
            found += _of_function(mine, theirs[path])
    return found[:MOST]


def _functions(node: ast.AST, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Function]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef | Function):
            here = (*path, child.name)
            if isinstance(child, Function):
                yield here, child
            yield from _functions(child, here)


def _of_function(mine: Function, theirs: Function) -> Iterator[Edit]:
    own, right = list(_statements(mine)), list(_statements(theirs))
    words = _same_words(mine, theirs, own, right)
    made = [_renamed(statement, words) for statement in right]
    bound, defined = _bound(mine), _defined(made)
    foreign = _bound(theirs, words) - bound  # names of the solution that the reader has not
    dumps = {ast.dump(statement) for statement in own}
    missing = [statement for statement in made if ast.dump(statement) not in dumps]
    for statement, other in itertools.product(own, missing):
        for field in _counterparts(statement, other, foreign):
            here, there, index = getattr(statement, field), getattr(other, field), None
            if field == "targets":
                (here,), (there,), index = here, there, 0
            value = _inlined(there, foreign, defined)
            if value is None:
                continue
            place = _smallest(Place(statement, field, index, here, value))
            if place is not None and not _forgets(mine, place):
                yield _edit(place)
        value = _inlined(other, foreign, defined) if _written(statement) == _written(other) != "" else None
        if value is not None and not _forgets(mine, Place(statement, "", None, statement, value)):
            yield from _whole(mine, statement, value)
    yield from _left_out(mine, made, dumps, functools.partial(_inlined, foreign=foreign, defined=defined))


def _statements(node: ast.AST) -> Iterator[ast.stmt]:
    """The statements of a function, those of blocks in it too, not those of functions in it."""
    for field in ("body", "orelse", "finalbody"):
        for statement in getattr(node, field, None) or []:
            if isinstance(statement, Function | ast.ClassDef):
                continue
            if not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)):
                yield statement
            yield from _statements(statement)


def _same_words(mine: Function, theirs: Function, own: list[ast.stmt], right: list[ast.stmt]) -> dict[str, str]:
    """How the reader calls what the solution calls otherwise: by the place of an argument, or by an equal value."""
    words = dict(zip(_arguments(theirs), _arguments(mine), strict=False))
    for other in right:
        if not isinstance(other, ast.Assign):
            continue
        value = ast.dump(_renamed(other.value, words))
        for statement in own:
            if isinstance(statement, ast.Assign) and ast.dump(statement.value) == value:
                words |= dict(zip(_targets(other), _targets(statement), strict=False))
                break
    return {old: new for old, new in words.items() if old != new}


def _arguments(function: Function) -> list[str]:
    return [a.arg for a in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)]


def _targets(statement: ast.Assign) -> list[str]:
    """The names that a statement gives a value."""
    named = (n for target in statement.targets for n in ast.walk(target) if isinstance(n, ast.Name))
    return [n.id for n in named if isinstance(n.ctx, ast.Store)]


def _renamed(node: ast.AST, words: dict[str, str]) -> ast.AST:
    node = copy.deepcopy(node)
    for name in ast.walk(node):
        if isinstance(name, ast.Name):
            name.id = words.get(name.id, name.id)
    return node


def _bound(function: Function, words: dict[str, str] | None = None) -> set[str]:
    stored = {n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return {(words or {}).get(name, name) for name in stored | set(_arguments(function))}


def _defined(statements: list[ast.stmt]) -> dict[str, ast.expr]:
    """The value of each name that is given one once, in a plain assignment."""
    values: dict[str, ast.expr | None] = {}
    for statement in statements:
        targets = [n for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
        for name in targets:
            values[name.id] = None if name.id in values else _part_of(statement, name)
    return {name: value for name, value in values.items() if value is not None}


def _part_of(statement: ast.stmt, name: ast.Name) -> ast.expr | None:
    if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
        return None
    (target,) = statement.targets
    if target is name:
        return statement.value
    if isinstance(target, ast.Tuple) and name in target.elts:
        place = target.elts.index(name)
        if isinstance(statement.value, ast.Tuple) and len(statement.value.elts) == len(target.elts):
            return statement.value.elts[place]
        return ast.Subscript(statement.value, ast.Constant(place), ast.Load())
    return None


def _inlined(value: ast.AST | None, foreign: set[str], defined: dict[str, ast.expr]) -> ast.AST | None:
    """A value of the solution without the names that the reader has not; None where one of them is left."""
    if value is None:
        return None
    for _ in range(8):
        used = {n.id for n in ast.walk(value) if isinstance(n, ast.Name)} & foreign
        own = {n.id for n in ast.walk(value) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        used -= own  # those of a comprehension
        if not used:
            return value
        if not used <= set(defined):
            return None
        value = _Inline({name: defined[name] for name in used}).visit(copy.deepcopy(value))
    return None


class _Inline(ast.NodeTransformer):
    def __init__(self, values: dict[str, ast.expr]):
        self.values = values

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return copy.deepcopy(self.values[node.id]) if node.id in self.values else node


def _counterparts(mine: ast.stmt, theirs: ast.stmt, foreign: set[str]) -> Iterator[str]:
    """The fields in which a statement of the solution may stand for one of the reader's."""
    if type(mine) is not type(theirs):
        return
    if isinstance(mine, ast.Assign):
        to, at = (list(map(ast.dump, s.targets)) for s in (mine, theirs))
        if to == at or (set(_targets(theirs)) & foreign and len(_targets(mine)) == len(_targets(theirs))):
            yield "value"
        elif _into(mine) and _into(mine) == _into(theirs):
            yield from ("targets", "value")
    elif isinstance(mine, ast.AugAssign):
        if ast.dump(mine.target) == ast.dump(theirs.target):
            yield "value"
    elif isinstance(mine, ast.Return | ast.Expr):
        yield "value"
    elif isinstance(mine, ast.If | ast.While):
        yield "test"
    elif isinstance(mine, ast.For):
        yield "iter"


def _written(statement: ast.stmt) -> str:
    """The name of what a statement changes a part of, or adds to; "" if it does not."""
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    inner = targets[0]
    while isinstance(inner, ast.Subscript | ast.Attribute):
        inner = inner.value
    changes = isinstance(statement, ast.AugAssign) or inner is not targets[0]
    return inner.id if isinstance(inner, ast.Name) and changes and inner.id not in ("self", "ctx") else ""


def _whole(function: Function, mine: ast.stmt, theirs: ast.AST) -> Iterator[Edit]:
    """A statement in another's place, where both write into one thing."""
    for holder, field, block in _blocks(function):
        if mine in block and not isinstance(mine, ast.For):
            k = block.index(mine)
            told = brief(mine)
            yield placed("meant", mine.lineno, holder, field, [*block[:k], theirs, *block[k + 1 :]], told)


def _into(statement: ast.Assign) -> str:
    """The text of what a statement writes a part of; "" if it does not."""
    target = statement.targets[0]
    return ast.unparse(target.value) if len(statement.targets) == 1 and isinstance(target, ast.Subscript) else ""


def _smallest(place: Place) -> Place | None:
    """The one part in which two trees differ; None if they do not."""
    mine, theirs = place.mine, place.theirs
    if mine is None or ast.dump(mine) == ast.dump(theirs) or _both_words(mine, theirs):
        return None
    if type(mine) is not type(theirs):
        return place
    inner: list[Place] = []
    for field, value in ast.iter_fields(mine):
        other = getattr(theirs, field)
        if isinstance(value, list) and isinstance(other, list):
            if len(value) != len(other):
                return place
            pairs = [(k, a, b) for k, (a, b) in enumerate(zip(value, other, strict=True))]
        else:
            pairs = [(None, value, other)]
        for index, a, b in pairs:
            if isinstance(a, ast.AST) and isinstance(b, ast.AST):
                if ast.dump(a) != ast.dump(b):
                    inner.append(Place(mine, field, index, a, b))
            elif a != b:
                return place
    if len(inner) != 1 or not isinstance(inner[0].mine, PARTS):
        return place
    smaller = _smallest(inner[0])
    if smaller is None:
        return None
    if inner[0].field == "func" and smaller.mine is inner[0].mine and not _siblings(smaller.mine, smaller.theirs):
        return place
    return smaller


def _both_words(mine: ast.AST, theirs: ast.AST) -> bool:
    """Whether they are two texts, as under which something is kept: the reader's may be any."""
    return all(isinstance(node, ast.Constant) and isinstance(node.value, str) for node in (mine, theirs))


def _siblings(mine: ast.AST, theirs: ast.AST) -> bool:
    """Whether two functions are called of the same thing, or by plain names."""
    if isinstance(mine, ast.Attribute) and isinstance(theirs, ast.Attribute):
        return ast.dump(mine.value) == ast.dump(theirs.value)
    return isinstance(mine, ast.Name) and isinstance(theirs, ast.Name)


def _forgets(function: Function, place: Place) -> bool:
    """Whether a change does without what the reader computed above: what is wrong may be how that was computed.

    So it is where a variable of the reader's is read in that place and nowhere else in its statement, or stands there
    alone.
    """
    stored = _bound(function) - set(_arguments(function))
    read = _read_in(place.mine)
    new = set(_read_in(place.theirs))
    around = next((_read_in(s) for s in reversed(list(_statements(function))) if _holds(s, place.mine)), [])
    here_alone = {name for name in read if name in stored and around.count(name) <= read.count(name)}
    bare = isinstance(place.mine, ast.Name) and not isinstance(place.theirs, ast.Name)
    return bool(here_alone if bare else here_alone - new)


def _read_in(node: ast.AST) -> list[str]:
    return [n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)]


def _holds(statement: ast.stmt, node: ast.AST) -> bool:
    return any(inner is node for inner in ast.walk(statement))


def _edit(place: Place) -> Edit:
    line = getattr(place.mine, "lineno", None) or getattr(place.holder, "lineno", 1)
    held = getattr(place.holder, place.field)
    k = place.index
    value = place.theirs if k is None else [*held[:k], place.theirs, *held[k + 1 :]]
    kind = "function" if place.field == "func" else _kind(place.mine, place.theirs)
    return placed(kind, line, place.holder, place.field, value, _told(place.mine, kind))


def _kind(mine: ast.AST, theirs: ast.AST) -> str:
    if isinstance(mine, ast.operator):
        return "operator"
    if isinstance(mine, ast.cmpop):
        return "comparison"
    if isinstance(mine, ast.Constant) and isinstance(mine.value, int | float):
        return "switch" if isinstance(mine.value, bool) else "constant"
    if isinstance(mine, ast.Name) and isinstance(theirs, ast.Name):
        return "name"
    if isinstance(mine, ast.Attribute) and isinstance(theirs, ast.Attribute):
        return "attribute"
    inside = {ast.dump(node) for node in ast.walk(mine)}
    return "operand" if ast.dump(theirs) in inside else "meant"


def _told(node: ast.AST, kind: str) -> str:
    if kind == "function":
        return getattr(node, "attr", None) or brief(node)
    return SIGNS.get(type(node), "") if isinstance(node, ast.operator | ast.cmpop) else brief(node)


def _left_out(mine: Function, made: list[ast.stmt], dumps: set[str], inlined: Callable[..., Any]) -> Iterator[Edit]:
    """Statements that do something and that the reader has not, each behind the one that it follows in the solution."""
    for before, there in itertools.pairwise(made):
        target = there.targets[0] if isinstance(there, ast.Assign) else None
        does = isinstance(there, ast.Expr | ast.AugAssign) or isinstance(target, ast.Attribute | ast.Subscript)
        statement = inlined(there) if does and ast.dump(there) not in dumps else None
        if statement is None:
            continue
        for holder, field, block in _blocks(mine):
            for k, own in enumerate(block):
                if ast.dump(own) == ast.dump(before):
                    new = [*block[: k + 1], statement, *block[k + 1 :]]
                    yield placed("missing", own.end_lineno, holder, field, new)


def _blocks(node: ast.AST) -> Iterator[tuple[ast.AST, str, list[ast.stmt]]]:
    for holder in ast.walk(node):
        for field in ("body", "orelse"):
            block = getattr(holder, field, None)
            if isinstance(block, list) and block:
                yield holder, field, block
