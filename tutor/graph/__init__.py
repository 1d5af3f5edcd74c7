"""Drawings of the autograd graph, with the gradients that flowed: record, simplify, lay out, draw, step through.

>>> from tutor import graph
>>> with graph.record(loss, model) as g:      # gradients on every edge, in the order in which they flowed
...     loss.backward()
>>> g                                         # a picture in a notebook; g.text(), g.svg(), g.save("x.svg")
>>> g.steps()                                 # backward one node at a time
>>> graph.trace(loss)                         # structure alone, before any backward
>>> with graph.explain(model) as e:           # why there is no gradient, what broke backward, where it died
...     train()

One idea a file, in storeys. A file imports from its own storey and those below it, never in a circle, also not for type
checkers; nothing here knows a lesson.

==============  ======================================================================================================
on top          `explain` (the block, with `gather`), on `record` (`trace`, `record`) and `torchviz` (the guarded way to
                that package), which make the object; `explanation` shows what was found
the object      `graph`: a recording with all its forms
its forms       `steps`, `explore` on `drawing`, which draws a scene; `describe`, `export`, `svg`, `bars` say it and
                draw it
causes          `causes/` finds what is wrong in a recording, torch's nodes and a tape of the program
what is drawn   `scene` words what `fold` left of the `plain` graph, with `residual` branches named; `blocks` chooses
                the modules that open, `grouping` and `repeats` fold; `tree` nests its cards
the recording   `recording`: nodes, edges, what was found, find(): plain data, without any torch object;
                `recorder` fills it while backward runs
read in torch   `walk` reads nodes, `naming` finds names, `stats` measures, `findings` tells what went wrong,
                `intercept` steps in front of a backward pass
ground          `model` (node, edge, figures), `modules` (views and module paths), `levels` (as a person counts them),
                `words`, `rules`, `display`, `layout` (`order`, `coordinates`), `theme`, `pause` (keeps the collector
                out of large drawings)
==============  ======================================================================================================
"""

from .causes.finding import Finding
from .explain import explain
from .explanation import Explanation
from .graph import Graph
from .model import Edge, Node, Stats
from .naming import Watched, watch
from .record import record, trace
from .steps import Step, Steps
from .torchviz import make_dot

__all__ = [
    "Edge",
    "Explanation",
    "Finding",
    "Graph",
    "Node",
    "Stats",
    "Step",
    "Steps",
    "Watched",
    "explain",
    "make_dot",
    "record",
    "trace",
    "watch",
]
