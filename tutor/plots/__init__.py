"""The pictures that lessons share; each is shown with alt text, on a light ground that is legible in any theme.

`explore` makes a figure that is moved, from `chart`s, `diagram`s or any others.
A file a subject: `curves`, `shapes` (tensors), `graphs` (networks too) and `results` (of training), on `picture`.
"""

from tutor.plots.chart import Axis, Bars, Chart, Dots, Line, Words
from tutor.plots.curves import contours, lines, loss_curves, loss_surface, panels, sine_fit
from tutor.plots.diagram import Arrow, Box, Diagram, Label, Pixels
from tutor.plots.explore import Explorer, explore
from tutor.plots.graphs import Sheet, beside, boxes, chain, computation, drawing
from tutor.plots.picture import COLOURS, STYLES, Animation, Picture, axes
from tutor.plots.results import bars, confusion, contributions, costs, images, runs, timeline
from tutor.plots.shapes import broadcast, matmul_shapes, product_shapes, strides

__all__ = [
    "COLOURS",
    "STYLES",
    "Animation",
    "Arrow",
    "Axis",
    "Bars",
    "Box",
    "Chart",
    "Diagram",
    "Dots",
    "Explorer",
    "Label",
    "Line",
    "Picture",
    "Pixels",
    "Sheet",
    "Words",
    "axes",
    "bars",
    "beside",
    "boxes",
    "broadcast",
    "chain",
    "computation",
    "confusion",
    "contours",
    "contributions",
    "costs",
    "drawing",
    "explore",
    "images",
    "lines",
    "loss_curves",
    "loss_surface",
    "matmul_shapes",
    "panels",
    "product_shapes",
    "runs",
    "sine_fit",
    "strides",
    "timeline",
]
