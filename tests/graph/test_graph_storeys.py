"""The storeys of the graph package: what a file imports, also for type checkers alone, never leads back to it."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

from tutor import graph

PACKAGE = Path(graph.__file__).parent


def imported_by(path):
    """The files of the package that a file imports from, anywhere in its text."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = path.parents[node.level - 1].joinpath(*(node.module or "").split("."))
            for found in [base, *(base / alias.name for alias in node.names)]:
                if found.with_suffix(".py").exists():
                    yield found.relative_to(PACKAGE).as_posix()


def test_no_import_leads_in_a_circle_not_even_for_type_checkers():
    files = {path.relative_to(PACKAGE).with_suffix("").as_posix(): path for path in PACKAGE.rglob("*.py")}
    order = list(TopologicalSorter({name: set(imported_by(path)) for name, path in files.items()}).static_order())
    storeys = [order.index(name) for name in ("recording", "drawing", "graph", "record", "explain")]
    assert storeys == sorted(storeys)
