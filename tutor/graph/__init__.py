"""Drawings of the autograd graph, with the gradients that flowed: record, simplify, lay out, draw, step through.

>>> from tutor import graph
>>> with graph.record(loss, model) as g:      # gradients on every edge, in the order in which they flowed
...     loss.backward()
>>> g                                         # a picture in a notebook; g.text(), g.svg(), g.save("x.svg")
>>> g.steps()                                 # backward one node at a time
>>> graph.trace(loss)                         # structure alone, before any backward

One idea a file, in the order of the work: `walk` reads torch's nodes, `naming` and `modules` find names, `record`
adds gradients (`stats`, `findings`), `model` holds the result. `fold` and `repeats` simplify it, `scene` words it,
`layout` (`order`, `coordinates`) places it, `svg` (`theme`) draws it. `describe`, `export`, `display`, `steps`
(`rules`) are its other forms, `torchviz` the guarded way to that package, `pause` keeps the collector out of large
drawings. Nothing here knows a lesson.
"""

from .graph import Graph
from .model import Edge, Node, Stats
from .naming import Watched, watch
from .record import record, trace
from .steps import Step, Steps
from .torchviz import make_dot

__all__ = ["Edge", "Graph", "Node", "Stats", "Step", "Steps", "Watched", "make_dot", "record", "trace", "watch"]
