"""torchviz's own make_dot, with our drawing where it cannot draw: too deep, too large, not installed, no Graphviz."""

from __future__ import annotations

import inspect
import shutil
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import torch

from .graph import Graph
from .record import read_graph

if TYPE_CHECKING:
    import graphviz

# Graphviz takes seconds for this many nodes, and for shared leaves minutes: each use is a long edge
MOST_NODES = 2_000
MOST_USES = 30


def make_dot(
    var: torch.Tensor | Sequence[torch.Tensor],
    params: Mapping[str, torch.Tensor] | None = None,
    show_attrs: bool = False,
    show_saved: bool = False,
    max_attr_chars: int = 50,
) -> graphviz.Digraph | Graph:
    """Return ``torchviz.make_dot(...)``, or our own drawing with a warning that says why.

    Parameters
    ----------
    var, params, show_attrs, show_saved, max_attr_chars
        As in torchviz.

    Returns
    -------
    graphviz.Digraph or Graph
        What torchviz returns; our `Graph` where torchviz or Graphviz's dot is missing, where the graph is too deep
        for torchviz's recursion, or so large that dot would take minutes.
    """
    ours = read_graph(var, params, None, inspect.currentframe().f_back)[0]
    reason = _too_much(ours)
    if not reason:
        try:
            from torchviz import make_dot as theirs
        except ImportError as error:  # torchviz 0.0.3 needs distutils, which Python 3.12 gets from setuptools alone
            reason = f"torchviz could not be imported ({error})"
    if not reason and shutil.which("dot") is None:
        reason = "Graphviz's program dot, which torchviz draws with, is not on the PATH"
    if not reason:
        try:
            var = tuple(var) if isinstance(var, list) else var
            with warnings.catch_warnings():  # about torchviz's own use of distutils: nothing that a reader can mend
                warnings.simplefilter("ignore", DeprecationWarning)
                return theirs(var, params, show_attrs, show_saved, max_attr_chars)
        except RecursionError:
            reason = "the graph is too deep for torchviz, which walks it by recursion"
    warnings.warn(f"Drawn by tutor.graph instead of torchviz: {reason}.", stacklevel=2)
    return ours


def _too_much(graph: Graph) -> str:
    if len(graph.nodes) > MOST_NODES:
        return f"the graph has {len(graph.nodes):,} nodes, and dot takes seconds beyond {MOST_NODES:,}"
    uses = Counter(edge.target for edge in graph.edges)
    most = max((uses[node.id] for node in graph.nodes if node.is_leaf), default=0)
    if most > MOST_USES:
        return f"one leaf is used {most} times, and dot takes minutes over more than {MOST_USES}"
    return ""
