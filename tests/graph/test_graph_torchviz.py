"""torchviz stays available, agrees with our graphs, and is kept from what it cannot draw."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import torch
from lesson_graphs import LESSON_GRAPHS, LSTMLoop, chain

from tutor import graph
from tutor.lessons.registry import series

DRAWS = re.compile(r"\bgraph\.(trace|record|make_dot)\(")
pytestmark = pytest.mark.filterwarnings("ignore:distutils Version classes:DeprecationWarning")
torchviz = pytest.importorskip("torchviz", reason="torchviz is not installed")
needs_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz's dot is not installed")


def torchviz_graph(loss, leaves):
    """Return torchviz's functions, tensors and edges between functions, as counters of what they are called."""
    body = torchviz.make_dot(loss, params=leaves).body
    labels = dict(re.findall(r'^\t(\d+) \[label="?(.*?)"?(?: fillcolor=\w+)?\]', "".join(body), re.M | re.S))
    kinds = {key: label for key, label in labels.items() if re.fullmatch(r"\w+", label)}
    edges = re.findall(r"^\t(\d+) -> (\d+)(?! \[)", "".join(body), re.M)
    functions = Counter((kinds[b], kinds[a]) for a, b in edges if a in kinds and b in kinds)
    tensors = {labels[a].splitlines()[0].strip() for a, b in edges if kinds.get(b) == "AccumulateGrad"}
    return Counter(kinds.values()), functions, tensors


@pytest.mark.parametrize("name", LESSON_GRAPHS)
def test_our_nodes_and_edges_are_those_of_torchviz(name):
    loss, leaves = LESSON_GRAPHS[name]()
    g = graph.trace(loss, params=leaves)
    functions, edges, tensors = torchviz_graph(loss, leaves)
    assert len(functions) > 2
    assert Counter(node.op for node in g.nodes) == functions
    assert Counter((g.nodes[edge.source].op, g.nodes[edge.target].op) for edge in g.edges) == edges
    assert {node.name for node in g.nodes if node.is_leaf} == tensors == set(leaves)


@pytest.mark.slow
@pytest.mark.parametrize("lesson", [one.name for one in series() if any(DRAWS.search(c.source) for c in one.cells)])
def test_every_graph_of_a_lesson_is_that_of_torchviz_and_drawn_without_a_crossing(lesson, tmp_path):
    script = Path(__file__).with_name("graphs_of_lesson.py")
    settings = {"TUTOR_EXPECT": "pass", "TUTOR_HOME": str(tmp_path), "MPLBACKEND": "agg"}
    done = subprocess.run(
        [sys.executable, str(script), lesson], env=os.environ | settings, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    graphs = json.loads(done.stdout.splitlines()[-1])
    assert graphs
    for one in graphs:
        assert one["operations"] == one["torchviz_operations"]
        assert one["edges"] == one["torchviz_edges"]
        assert one["crossings"] == 0


@needs_dot
def test_make_dot_is_torchviz_s_own():
    loss, leaves = LESSON_GRAPHS["two_layer_net"]()
    ours, theirs = graph.make_dot(loss, params=leaves), torchviz.make_dot(loss, params=leaves)
    assert type(ours) is type(theirs)
    assert ours.source == theirs.source
    assert "AddmmBackward0" not in ours.source
    assert graph.make_dot(loss, show_attrs=True, show_saved=True).source != ours.source


@needs_dot
def test_a_graph_too_deep_for_torchviz_is_drawn_by_us():
    loss = chain(1800)
    with pytest.warns(UserWarning, match="too deep for torchviz"):
        assert isinstance(graph.make_dot(loss), graph.Graph)


def test_a_graph_too_large_for_dot_is_drawn_by_us():
    with pytest.warns(UserWarning, match="5,002 nodes"):
        assert isinstance(graph.make_dot(chain(5000)), graph.Graph)


def test_a_leaf_shared_too_often_for_dot_is_drawn_by_us():
    with pytest.warns(UserWarning, match="one leaf is used 50 times"):
        drawing = graph.make_dot(LSTMLoop()(torch.randn(50, 2, 8)).sum())
    assert drawing.svg().startswith("<svg")


def test_without_dot_on_the_path_the_drawing_is_ours(monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.warns(UserWarning, match="not on the PATH"):
        assert isinstance(graph.make_dot(chain(4)), graph.Graph)


def test_without_torchviz_the_drawing_is_ours(monkeypatch):
    monkeypatch.setitem(sys.modules, "torchviz", None)
    with pytest.warns(UserWarning, match="could not be imported"):
        assert isinstance(graph.make_dot(chain(4)), graph.Graph)


def test_make_dot_takes_several_losses():
    x = torch.ones(2, requires_grad=True)
    if shutil.which("dot") is None:
        pytest.skip("Graphviz's dot is not installed")
    assert graph.make_dot((x.sin(), x.cos())).source.count("AccumulateGrad") == 1
