"""The storeys of the graph package: what a file imports, also for type checkers alone, never leads back to it."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

from tutor import graph

FILES = {path.stem: ast.parse(path.read_text(encoding="utf-8")) for path in Path(graph.__file__).parent.glob("*.py")}


def imported_by(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level == 1:
            yield from [node.module] if node.module else [alias.name for alias in node.names]


def test_no_import_leads_in_a_circle_not_even_for_type_checkers():
    order = list(TopologicalSorter({name: set(imported_by(tree)) for name, tree in FILES.items()}).static_order())
    assert order.index("recording") < order.index("drawing") < order.index("graph") < order.index("record")
