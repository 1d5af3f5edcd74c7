"""Make small wrong variants (AST mutants) of a solution, one change each."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass

_OPERATORS: dict[type, tuple[type, ...]] = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div, ast.Add),
    ast.Div: (ast.Mult,),
    ast.Pow: (ast.Mult,),
    ast.MatMult: (ast.Mult,),
    ast.FloorDiv: (ast.Mult,),
    ast.Mod: (ast.Mult,),
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.And: (ast.Or,),
    ast.Or: (ast.And,),
}
_NAMES = {
    "sum": "mean",
    "mean": "sum",
    "max": "min",
    "min": "max",
    "argmax": "argmin",
    "argmin": "argmax",
    "maximum": "minimum",
    "zeros": "ones",
    "ones": "zeros",
    "zeros_like": "ones_like",
    "ones_like": "zeros_like",
    "sqrt": "exp",
    "exp": "log",
    "log": "exp",
    "sin": "cos",
    "cos": "sin",
}


@dataclass(frozen=True)
class Mutant:
    """One variant: its whole text, and the changed statement by which an author may list it as equivalent."""

    text: str
    line: str
    change: str


def mutants(source: str) -> Iterator[Mutant]:
    """Yield every mutant of a solution text, each with one change, all of them different from the solution."""
    tree = ast.parse(source)
    seen = {ast.unparse(tree)}
    for path, node in _positions(tree):
        for change, replacement in _changes(node, tree):
            made = copy.deepcopy(tree)
            statement = _replace(made, path, replacement)
            text = ast.unparse(ast.fix_missing_locations(made))
            if text not in seen:
                seen.add(text)
                line = ast.unparse(statement).split("\n")[0] if statement is not None else "(deleted)"
                yield Mutant(text, line, change)


Path = tuple[tuple[str, int | None], ...]


def _positions(tree: ast.AST, path: Path = ()) -> Iterator[tuple[Path, ast.AST]]:
    """Every node with the way to it; docstrings, decorators, annotations and parameter lists are left out."""
    for name, value in ast.iter_fields(tree):
        if name in ("decorator_list", "annotation", "returns", "args") and not isinstance(tree, ast.Call):
            continue
        if isinstance(value, ast.AST):
            yield (*path, (name, None)), value
            yield from _positions(value, (*path, (name, None)))
        elif isinstance(value, list):
            for k, item in enumerate(value):
                if isinstance(item, ast.AST) and not _is_docstring(item):
                    yield (*path, (name, k)), item
                    yield from _positions(item, (*path, (name, k)))


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _replace(tree: ast.AST, path: Path, replacement: ast.AST | None) -> ast.AST | None:
    """Put a node at the end of a path (None deletes a statement); return the innermost simple statement around it."""
    node, statement = tree, None
    for step, (name, k) in enumerate(path):
        last = step == len(path) - 1
        holder = getattr(node, name)
        if last and replacement is None:
            holder[k] = ast.Pass()
            return None
        if last and k is None:
            setattr(node, name, replacement)
        elif last:
            holder[k] = replacement
        node = getattr(node, name) if k is None else getattr(node, name)[k]
        statement = node if isinstance(node, ast.stmt) else statement
    return statement


def _changes(node: ast.AST, tree: ast.AST) -> Iterator[tuple[str, ast.AST | None]]:
    """The changes that can be made at one node: a name for each, and the node to put there (None: delete it)."""
    for kind in _OPERATORS.get(type(node), ()):
        yield "operator", kind()
    if isinstance(node, ast.Constant):
        yield from (("constant", ast.Constant(value)) for value in _constants(node.value))
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.Not):
        yield "sign", node.operand
    elif isinstance(node, ast.Attribute):
        if node.attr in ("T", "mT"):
            yield "transpose", node.value
        if node.attr in _NAMES:
            yield "function", ast.Attribute(node.value, _NAMES[node.attr], node.ctx)
    elif isinstance(node, ast.Call):
        yield from _call_changes(node)
    elif isinstance(node, ast.Tuple) and isinstance(node.ctx, ast.Load) and len(node.elts) > 1:
        yield "order", ast.Tuple([node.elts[1], node.elts[0], *node.elts[2:]], node.ctx)
    elif isinstance(node, ast.BinOp):
        yield "left operand", node.left
        yield "right operand", node.right
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        yield from (("name", ast.Name(other, ast.Load())) for other in _neighbours(node.id, tree))
    elif isinstance(node, ast.AugAssign):
        target = copy.deepcopy(node.target)
        yield "overwritten", ast.Assign([target], node.value)
        yield "deleted", None
    elif isinstance(node, ast.Assign | ast.Expr):
        yield "deleted", None
    elif isinstance(node, ast.If | ast.IfExp):
        yield "condition", type(node)(ast.UnaryOp(ast.Not(), node.test), node.body, node.orelse)


def _constants(value: object) -> tuple[object, ...]:
    if isinstance(value, bool):
        return (not value,)
    if isinstance(value, int):
        return (value + 1, value - 1)
    if isinstance(value, float):
        return (value * 2, value + 0.5)
    return ()


def _call_changes(node: ast.Call) -> Iterator[tuple[str, ast.AST]]:
    if isinstance(node.func, ast.Attribute) and not (isinstance(node.func.value, ast.Name) and node.args):
        yield "call dropped", node.func.value  # x.sum() -> x
    if node.args and not isinstance(node.args[0], ast.Starred):
        yield "call dropped", node.args[0]  # maximum(x, 0) -> x
    if len(node.args) > 1:
        yield "arguments", ast.Call(node.func, [node.args[1], node.args[0], *node.args[2:]], node.keywords)
    for k in range(len(node.keywords)):
        yield "keyword", ast.Call(node.func, node.args, node.keywords[:k] + node.keywords[k + 1 :])


def _neighbours(name: str, tree: ast.AST) -> list[str]:
    """Other local names of the solution, in order of appearance; not called ones, which would only crash."""
    local = {a.arg: None for n in ast.walk(tree) if isinstance(n, ast.arguments) for a in n.args}
    local |= {n.id: None for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return [other for other in local if other != name and other != "self"] if name in local else []
