"""Which cells of a notebook have to run so that some of them can: those that make what these use, and no others."""

from __future__ import annotations

import ast
import builtins
import functools
import itertools
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tutor.lessons import scopes


@dataclass(frozen=True)
class Names:
    """The names of a cell.

    Attributes
    ----------
    used : those that it uses while it runs.
    later : those that its functions and classes use, perhaps later.
    bound : those that it binds.
    certain : of these, those that it binds in any case.
    changed : those of which it changes what they name.
    """

    used: frozenset[str]
    later: frozenset[str]
    bound: frozenset[str]
    certain: frozenset[str]
    changed: frozenset[str]


KEPT = 10_000  # characters of a cell whose names are kept
EVERYTHING = "*"  # what a cell binds that imports everything of a module


def needed(sources: Sequence[str], roots: Iterable[int]) -> list[int]:
    """The numbers of the cells, in order, that have to run for the `roots`, which run in any case.

    Parameters
    ----------
    sources : the texts of the cells; "" for one that is not run.
    roots : the numbers of the cells that count.
    """
    names = [names_of(source) for source in sources]
    # a call of a module's function changes nothing of the notebook's
    imported = {name for source in sources for name in _imported(source)}
    wanted: set[int] = set()
    for root in sorted(set(roots)):
        _Above(names, root, imported, wanted).include(root)
    return sorted(wanted)


class _Above:
    """What one cell needs of those above it: of each name the last that binds it, and those that change it since."""

    def __init__(self, names: Sequence[Names | None], root: int, imported: set[str], wanted: set[int]):
        self.names, self.root, self.imported, self.wanted = names, root, imported, wanted
        self.seen: set[tuple[str, int]] = set()
        self.included: set[int] = set()

    def include(self, number: int) -> None:
        """Take a cell and what it needs."""
        self.wanted.add(number)
        cell = self.names[number]
        if cell is None or number in self.included:
            return
        self.included.add(number)
        for name in cell.used | (cell.later - cell.bound):
            self.look(name, number)
        own = cell.certain if number == self.root else frozenset()
        for name in cell.later - own:  # they are called when the cell that counts runs
            self.look(name, self.root)

    def look(self, name: str, below: int) -> None:
        """Take the cells above one that make what a name stands for there."""
        if (name, below) in self.seen:
            return
        self.seen.add((name, below))
        for number in range(below - 1, -1, -1):
            cell = self.names[number]
            if cell is None:
                continue
            if EVERYTHING in cell.bound or (name in cell.changed and name not in self.imported):
                self.include(number)
            if name in cell.bound:
                self.include(number)
            if name in cell.certain:
                return


def names_of(source: str) -> Names | None:
    """The names of a cell; None if it is no Python. What a statement above has bound for certain, none below needs.

    Most cells of a class's notebooks are alike, so the names of short ones are kept.
    """
    return _kept_names(source) if len(source) <= KEPT else _names(source)


def _names(source: str) -> Names | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an escape sequence that Python warns of
            return _in_order(ast.parse(source).body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


_kept_names = functools.lru_cache(maxsize=2_000)(_names)


def _in_order(statements: Iterable[ast.stmt]) -> Names:
    used, later, bound, changed, certain = set(), set(), set(), set(), set()
    known = set()  # also what a loop binds: where it did not, an error would name it, and all cells are run
    for statement in statements:
        names = _of_statement(statement)
        used |= names.used - known
        changed |= names.changed - known
        known |= names.bound if isinstance(statement, ast.For) else names.certain
        later |= names.later
        bound |= names.bound
        certain |= names.certain
    return Names(*map(frozenset, (used, later, bound, certain, changed)))


_PERHAPS = ast.Try | ast.Match | ast.AsyncFor  # what is bound in them may be bound or not


def _of_statement(node: ast.stmt) -> Names:
    if isinstance(node, ast.For | ast.While | ast.If | ast.With):
        return _of_block(node)
    used, later, bound = scopes.names(node)
    used |= {
        n.target.id for n in ast.walk(node) if isinstance(n, ast.AugAssign) and isinstance(n.target, ast.Name)
    } & bound
    if any(isinstance(n, ast.ImportFrom) and n.names[0].name == "*" for n in ast.walk(node)):
        bound.add(EVERYTHING)
    changed = frozenset(_changed(node)) & (used | later | bound) - set(dir(builtins))  # not what is a function's own
    certain = set() if isinstance(node, _PERHAPS) else bound
    return Names(*map(frozenset, (used | changed, later, bound, certain, changed)))


def _of_block(node: ast.For | ast.While | ast.If | ast.With) -> Names:
    """The names of a statement with others below it, of which each has what stands above it there."""
    if isinstance(node, ast.With):
        given = [(item.context_expr, item.optional_vars) for item in node.items]
    else:
        given = [(node.iter, node.target)] if isinstance(node, ast.For) else [(node.test, None)]
    head = [ast.Expr(value) if target is None else ast.Assign([target], value) for value, target in given]
    head = [ast.copy_location(statement, node) for statement in head]
    blocks = [_in_order([*head, *block]) for block in (node.body, getattr(node, "orelse", []))]
    used, later, bound, changed = (
        frozenset().union(*(getattr(names, field) for names in blocks))
        for field in ("used", "later", "bound", "changed")
    )
    return Names(used, later, bound, bound if isinstance(node, ast.With) else frozenset(), changed)


def _imported(source: str) -> Iterator[str]:
    """The names that a cell binds to modules."""
    if "import" in source and names_of(source) is not None:
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Import | ast.ImportFrom):
                yield from (alias.asname or alias.name.split(".")[0] for alias in node.names)


def _parts(target: ast.expr) -> Iterator[ast.expr]:
    """The targets in a target: `x.y, z[0] = …` has two."""
    if isinstance(target, ast.Tuple | ast.List):
        for part in target.elts:
            yield from _parts(part)
    else:
        yield target


def _changed(tree: ast.stmt) -> Iterator[str]:
    """The names of which a cell changes what they name: `x.y = …`, `x[0] = …`, `x.append(…)`, `of=x` in a decorator."""
    for node in ast.walk(tree):
        targets: list[ast.expr] = []
        if isinstance(node, ast.Assign | ast.Delete):
            targets = node.targets
        elif isinstance(node, ast.AugAssign | ast.AnnAssign):
            targets = [node.target]
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            targets = [node.value.func]
            if isinstance(node.value.func, ast.Name) and node.value.func.id == "setattr":
                targets = node.value.args[:1]
                yield from (n.id for n in targets if isinstance(n, ast.Name))
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            given = [k for d in node.decorator_list if isinstance(d, ast.Call) for k in d.keywords]
            yield from (k.value.id for k in given if k.arg == "of" and isinstance(k.value, ast.Name))
        for target in itertools.chain.from_iterable(map(_parts, targets)):
            inner = target
            while isinstance(inner, ast.Attribute | ast.Subscript | ast.Call | ast.Starred):
                inner = inner.func if isinstance(inner, ast.Call) else inner.value
            if inner is not target and isinstance(inner, ast.Name):
                yield inner.id
