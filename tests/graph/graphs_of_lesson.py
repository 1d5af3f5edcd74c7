"""Run a solved lesson up to its last drawing, and print what torchviz makes of every graph: graphs_of_lesson.py LESSON.

One line a graph: our operations and those of torchviz, the edges between them, and the crossings in our drawing.
"""

import importlib
import json
import linecache
import sys
from collections import Counter

from test_graph_layout import layout_of
from test_graph_torchviz import DRAWS, torchviz_graph

from tutor.lessons.registry import find_lesson

readers = [importlib.import_module(f"tutor.graph.{name}") for name in ("record", "torchviz")]
read_graph = readers[0].read_graph
found = []


def compared(loss, params, model, frame):
    graph, torch_nodes = read_graph(loss, params, model, frame)
    operations, edges, _ = torchviz_graph(loss, params)
    ops = [node.op for node in graph.nodes]
    found.append(
        {
            "operations": sorted(ops),
            "torchviz_operations": sorted(operations.elements()),
            "edges": sorted([ops[edge.source], ops[edge.target]] for edge in graph.edges),
            "torchviz_edges": sorted(map(list, Counter(edges).elements())),
            "crossings": layout_of(graph)[0].crossings,
        }
    )
    return graph, torch_nodes


def main(lesson):
    for module in readers:
        module.read_graph = compared
    cells = [cell for cell in find_lesson(lesson).cells if cell.kind == "code"]
    last = max(k for k, cell in enumerate(cells) if DRAWS.search(cell.solved))
    namespace = {"__name__": "__main__"}
    for k, cell in enumerate(cells[: last + 1]):
        place = f"<cell {k} of {lesson}>"  # the lessons read the source of their own cells
        linecache.cache[place] = (len(cell.solved), None, cell.solved.splitlines(True), place)
        exec(compile(cell.solved, place, "exec"), namespace)
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1])
