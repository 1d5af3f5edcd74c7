"""Say what stands in a reader's text: predicates on its syntax tree, by which a cause is said or left unsaid."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

Evidence = Callable[[ast.AST], bool]

_PLACES = ("ctx", "lineno", "col_offset", "end_lineno", "end_col_offset", "type_comment", "kind")


def seen(*patterns: str) -> Evidence:
    """Whether one of some pieces of Python stands in a text, whatever the blanks and brackets.

    Parameters
    ----------
    patterns : expressions or statements; the name `_` stands for any expression, and `…(...)` for a call with any
        arguments: `"_.clamp_(...)"`, `"_ += _"`, `"h > 0"`.

    Raises
    ------
    SyntaxError
        If a pattern is not Python.
    """
    wanted = [ast.parse(pattern).body[0] for pattern in patterns]
    pieces = [node.value if isinstance(node, ast.Expr) else node for node in wanted]
    return lambda tree: any(_alike(piece, node) for node in ast.walk(tree) for piece in pieces)


def without(*patterns: str) -> Evidence:
    """Whether none of some pieces of Python stands in a text; see `seen`."""
    found = seen(*patterns)
    return lambda tree: not found(tree)


def _alike(pattern: Any, node: Any) -> bool:
    if isinstance(pattern, ast.Name) and pattern.id == "_":
        return isinstance(node, ast.expr)
    if isinstance(pattern, list):
        return isinstance(node, list) and len(pattern) == len(node) and all(map(_alike, pattern, node))
    if not isinstance(pattern, ast.AST):
        return type(pattern) is type(node) and pattern == node
    if type(pattern) is not type(node):
        return False
    if isinstance(pattern, ast.Call) and [getattr(a, "value", None) for a in pattern.args] == [Ellipsis]:
        return _alike(pattern.func, node.func)
    return all(
        _alike(value, getattr(node, name, None)) for name, value in ast.iter_fields(pattern) if name not in _PLACES
    )
