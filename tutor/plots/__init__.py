"""The pictures that lessons share; each is shown with alt text, on a light ground that is legible in any theme.

A file a subject: `curves`, `shapes` (tensors), `graphs` (networks too) and `results` (of training), on `picture`.
"""

from tutor.plots.curves import lines, loss_curves, loss_surface, panels, sine_fit
from tutor.plots.graphs import Sheet, beside, boxes, chain, computation, drawing
from tutor.plots.picture import COLOURS, STYLES, Animation, Picture, axes
from tutor.plots.results import bars, confusion, contributions, costs, images, runs, timeline
from tutor.plots.shapes import broadcast, matmul_shapes, product_shapes, strides

__all__ = [
    "COLOURS",
    "STYLES",
    "Animation",
    "Picture",
    "Sheet",
    "axes",
    "bars",
    "beside",
    "boxes",
    "broadcast",
    "chain",
    "computation",
    "confusion",
    "contributions",
    "costs",
    "drawing",
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
