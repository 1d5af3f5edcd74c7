"""Which names a piece of a module takes from around it, and which it binds there; a function's own are neither."""

from __future__ import annotations

import ast
import symtable
from collections.abc import Iterator


def names(node: ast.stmt | ast.expr) -> tuple[set[str], set[str], set[str]]:
    """The names that a statement uses as it runs, those that its functions and classes use, and those that it binds."""
    table = symtable.symtable(ast.unparse(node), "scopes", "exec")
    top = table.get_symbols()
    bound = {s.get_name() for s in top if s.is_assigned() or s.is_imported() or s.is_namespace()}
    used, later = {s.get_name() for s in top if s.is_referenced()}, set()
    for inner in _within(table):
        for symbol in inner.get_symbols():
            if symbol.is_global():
                later.add(symbol.get_name())
                bound |= {symbol.get_name()} if symbol.is_declared_global() and symbol.is_assigned() else set()
    return used, later, bound


def _within(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    for inner in table.get_children():
        yield inner
        yield from _within(inner)
