"""The public half of exercises, derived from their files: probes, `use` and what these call, and nothing beside.

A student's process has to draw the inputs and to use the answer on them; solutions, misconceptions, alternatives and
finite differences stay outside. So the module of an exercise is read as text, and only the statements that its public
fields reach, through other modules of the lessons as well, are kept.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

from tutor.lessons import scopes
from tutor.lessons.registry import HOME, Lesson
from tutor.lessons.text import LessonError

HALVES = {  # what makes the public half of a kind of exercise, and of which fields
    "program": ("observed", "ProgramHalf", ("leaves", "observe", "watch", "seconds")),
    "": ("seen", "half", ("probe", "space", "use", "inplace", "forbid", "seconds")),
}
_OURS = "tutor.lessons."


class PublicError(LessonError):
    """A file from which the public half cannot be told apart; one sentence that names it."""


def public_half(lesson: Lesson, names: Iterable[str], beside: tuple[str, ...] = ()) -> dict[str, str]:
    """Return the modules, name -> text, that hold the public halves of a lesson's exercises.

    The module of each binds `EXERCISE`, a `tutor.checking.seen.Half`, or of a program a
    `tutor.checking.observed.ProgramHalf`.

    Parameters
    ----------
    lesson : the lesson.
    names : the exercises, without the lesson's name.
    beside : fields that are kept besides under their own names in capitals; the tests try right and wrong answers so.

    Raises
    ------
    PublicError
        If a file is written in a way that hides what it reaches.
    """
    derived = _Derived(lesson)
    for name in names:
        derived.add(name, beside)
    return {module.name: module.text() for module in derived.modules.values()}


class _Module:
    """A module of the lessons, its statements by what they bind, and those that are kept."""

    def __init__(self, name: str, path: Path):
        self.name, self.path = name, path
        self.tree = ast.parse(path.read_text(encoding="utf-8"))
        self.kept: set[tuple[ast.stmt, str]] = set()  # an import is kept by its names, all else whole
        self.made: list[ast.stmt] = []
        self.bound: dict[str, list[ast.stmt]] = {}
        for statement in self.tree.body:
            for name in _bound(statement):
                self.bound.setdefault(name, []).append(statement)

    def text(self) -> str:
        """The statements that are kept, in their order."""
        body: list[ast.stmt] = []
        for statement in self.tree.body:
            names = {name for kept, name in self.kept if kept is statement}
            if isinstance(statement, ast.Import | ast.ImportFrom):
                aliases = [a for a in statement.names if (a.asname or a.name.split(".")[0]) in names]
                future = isinstance(statement, ast.ImportFrom) and statement.module == "__future__"
                if future or aliases:
                    body.append(_imports(statement, statement.names if future else aliases))
            elif names:
                body.append(statement)
        return ast.unparse(ast.Module([*body, *self.made], []))


def _imports(statement: ast.Import | ast.ImportFrom, names: list[ast.alias]) -> ast.stmt:
    if isinstance(statement, ast.Import):
        return ast.Import(names)
    return ast.ImportFrom(statement.module, names, statement.level)


class _Derived:
    """What the public fields reach, a module after the other."""

    def __init__(self, lesson: Lesson):
        self.lesson, self.modules = lesson, {}

    def add(self, name: str, beside: tuple[str, ...]) -> None:
        """Keep what the public fields of an exercise reach."""
        module = self._module(f"{self.lesson.package}.exercises.{name}")
        described = next((s for s in module.bound.get("EXERCISE", ()) if isinstance(s, ast.Assign)), None)
        if described is None or not isinstance(described.value, ast.Call):
            raise PublicError(f"{module.path}: EXERCISE= has to be a call, so that its public half can be told apart.")
        if any(keyword.arg is None for keyword in described.value.keywords):
            raise PublicError(f"{module.path}: write the fields of EXERCISE= out; `**` hides which of them are public.")
        fields = {keyword.arg: keyword.value for keyword in described.value.keywords}
        where, maker, names = HALVES.get(getattr(described.value.func, "id", ""), HALVES[""])
        public = [ast.keyword(name, fields[name]) for name in names if name in fields]
        module.made += ast.parse(f"from tutor.checking.{where} import {maker} as _half").body
        module.made.append(_assigned("EXERCISE", ast.Call(ast.Name("_half", ast.Load()), [], public)))
        module.made += [_assigned(name.upper(), fields[name]) for name in beside if name in fields]
        for value in [k.value for k in public] + [fields[name] for name in beside if name in fields]:
            self._reach(module, value)

    def _module(self, name: str) -> _Module:
        if name not in self.modules:
            self.modules[name] = _Module(name, self._path(name))
        return self.modules[name]

    def _path(self, name: str) -> Path:
        """The file of a module of the lessons."""
        inside = name.startswith(f"{self.lesson.package}.")
        root = self.lesson.folder if inside else HOME
        parts = name.removeprefix(f"{self.lesson.package}." if inside else _OURS).split(".")
        return root.joinpath(*parts).with_suffix(".py")

    def _is_ours(self, name: str) -> bool:
        return name.startswith((f"{self.lesson.package}.", _OURS)) and self._path(name).is_file()

    def _reach(self, module: _Module, node: ast.AST) -> None:
        """Keep every statement that a node needs, and what those need."""
        attributes = {id(n.value): n.attr for n in ast.walk(node) if isinstance(n, ast.Attribute)}
        used, later, _ = scopes.names(node)
        outer = (used | later) & set(module.bound)  # a name of a function's own may stand for something else out there
        for name in [n for n in ast.walk(node) if isinstance(n, ast.Name) and n.id in outer]:
            for statement in module.bound[name.id]:
                self._keep(module, statement, name.id, attributes.get(id(name), ""))
        for inner in [n for n in ast.walk(node) if isinstance(n, ast.Import | ast.ImportFrom)]:
            for alias in inner.names:  # an import inside a function
                self._follow(module, inner, alias, "")

    def _keep(self, module: _Module, statement: ast.stmt, name: str, attribute: str) -> None:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            alias = next(a for a in statement.names if (a.asname or a.name.split(".")[0]) == name)
            module.kept.add((statement, name))
            self._follow(module, statement, alias, attribute)
        elif (statement, "") not in module.kept:
            module.kept.add((statement, ""))
            self._reach(module, statement)

    def _follow(self, module: _Module, statement: ast.stmt, alias: ast.alias, attribute: str) -> None:
        """Keep what an import brings from another module of the lessons."""
        if isinstance(statement, ast.Import):
            if self._is_ours(alias.name):
                raise PublicError(
                    f"{module.path}: write `from … import …` for {alias.name}, so that what is used shows."
                )
            return
        base = _absolute(module.name, statement)
        if self._is_ours(f"{base}.{alias.name}"):  # the import brings a module, of which an attribute is used
            if not attribute:
                raise PublicError(
                    f"{module.path}: {alias.name} is used whole, so its public half cannot be told apart."
                )
            base, wanted = f"{base}.{alias.name}", attribute
        else:
            wanted = alias.name
        if self._is_ours(base):
            target = self._module(base)
            for bound in target.bound.get(wanted, ()):
                self._keep(target, bound, wanted, "")


def _assigned(name: str, value: ast.expr) -> ast.stmt:
    return ast.fix_missing_locations(ast.Assign([ast.Name(name, ast.Store())], value))


def _absolute(module: str, statement: ast.ImportFrom) -> str:
    """The name of the module that a `from … import` names."""
    if not statement.level:
        return statement.module or ""
    around = module.split(".")[: -statement.level]
    return ".".join([*around, *([statement.module] if statement.module else [])])


def _bound(statement: ast.stmt) -> Iterator[str]:
    """The names that a statement of a module binds, or of which it sets a part: `x.y = …`, `x[0] = …`."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
        yield statement.name
    elif isinstance(statement, ast.Import | ast.ImportFrom):
        yield from (alias.asname or alias.name.split(".")[0] for alias in statement.names)
    else:
        stored = (n for n in ast.walk(statement) if isinstance(getattr(n, "ctx", None), ast.Store))
        yield from (root.id for root in map(_root, stored) if isinstance(root, ast.Name))


def _root(node: ast.AST) -> ast.AST:
    """The `x` of `x.y[0]`."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node
