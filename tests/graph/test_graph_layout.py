"""Where things stand: in rows, apart, in order, the same every time, and with few crossings."""

import gc

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lesson_graphs import LESSON_GRAPHS, LSTMLoop, transformer

from tutor import graph
from tutor.checking.guard import time_limit
from tutor.graph.coordinates import isotonic
from tutor.graph.layout import lay_out
from tutor.graph.order import count_crossings
from tutor.graph.scene import Link, Scene
from tutor.graph.svg import _card_size, _label_size, draw


def layout_of(g, **options):
    scene = g.scene(**options)
    sizes = [_card_size(card) for card in scene.cards]
    links = [(link.source, link.target) for link in scene.links]
    return lay_out(sizes, links, [_label_size(link) for link in scene.links]), sizes, links


def boxes_overlap(one, other):
    (x, y, w, h), (u, v, a, b) = one, other
    return abs(x - u) < (w + a) / 2 - 0.01 and abs(y - v) < (h + b) / 2 - 0.01


@pytest.mark.parametrize("name", LESSON_GRAPHS)
def test_no_edges_of_a_lesson_graph_cross(name):
    loss, _ = LESSON_GRAPHS[name]()
    with graph.record(loss) as g:
        loss.backward()
    assert layout_of(g)[0].crossings == 0


def test_a_transformer_of_twelve_layers_has_at_most_ten_crossings():
    g = graph.trace(transformer()(torch.randn(2, 5, 32)).sum())
    layout, sizes, _ = layout_of(g, budget=None)
    assert len(sizes) > 800
    assert layout.crossings <= 10


@st.composite
def drawings(draw):
    count = draw(st.integers(1, 14))
    ends = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)).filter(lambda e: e[0] < e[1])
    edges = draw(st.lists(ends, max_size=24)) if count > 1 else []
    size = st.tuples(st.floats(10, 300), st.floats(10, 90))
    sizes = draw(st.lists(size, min_size=count, max_size=count))
    labels = draw(st.lists(st.none() | st.just((60.0, 26.0)), min_size=len(edges), max_size=len(edges)))
    return sizes, edges, labels


@settings(max_examples=120)
@given(drawings())
def test_cards_and_labels_never_overlap_and_lie_inside_the_drawing(drawing):
    sizes, edges, labels = drawing
    layout = lay_out(sizes, edges, labels)
    boxes = [(*centre, *size) for centre, size in zip(layout.centres, sizes, strict=True)]
    boxes += [(*place, *size) for place, size in zip(layout.labels, labels, strict=True) if size]
    for k, box in enumerate(boxes):
        assert not any(boxes_overlap(box, other) for other in boxes[k + 1 :])
        x, y, width, height = box
        assert -0.01 <= x - width / 2 <= x + width / 2 <= layout.width + 0.01
        assert -0.01 <= y - height / 2 <= y + height / 2 <= layout.height + 0.01


@settings(max_examples=60)
@given(drawings())
def test_edges_lead_down_from_card_to_card(drawing):
    sizes, edges, labels = drawing
    layout = lay_out(sizes, edges, labels)
    for (source, target), route in zip(edges, layout.routes, strict=True):
        heights = [y for _, y in route]
        assert heights == sorted(heights)
        assert abs(route[0][0] - layout.centres[source][0]) <= sizes[source][0] / 2
        assert abs(route[-1][0] - layout.centres[target][0]) <= sizes[target][0] / 2


@settings(max_examples=40)
@given(drawings())
def test_the_same_graph_is_drawn_the_same_way(drawing):
    assert lay_out(*drawing) == lay_out(*drawing)


def test_crossings_are_counted():
    rows, below = [[0, 1], [2, 3]], [[3], [2], [], []]
    assert count_crossings(rows, below, {0: 0, 1: 1, 2: 0, 3: 1}) == 1
    assert count_crossings(rows, below, {0: 0, 1: 1, 2: 1, 3: 0}) == 0


def test_sweeps_undo_crossings():
    edges = [(0, 1), (0, 2), (0, 3), (1, 4), (2, 5), (3, 4)]  # 1 and 3 share 4, and 2 stands between them
    assert lay_out([(40, 20)] * 6, edges, [None] * 6).crossings == 0


def test_what_nothing_leads_to_stands_just_above_its_use():
    ys = [y for _, y in lay_out([(40, 20)] * 5, [(0, 1), (1, 2), (2, 3), (4, 3)], [None] * 4).centres]
    assert ys[4] == ys[2]


@settings(max_examples=60)
@given(drawings())
@example(([(90.0, 20.0)] * 3, [(1, 2), (0, 2)], [None, None]))
def test_edges_do_not_cross_at_the_card_they_leave_or_enter(drawing):
    sizes, edges, labels = drawing
    routes = lay_out(sizes, edges, labels).routes
    for end, near in ((0, 1), (-1, -2)):
        for card in range(len(sizes)):
            fan = [
                (route[near][0], route[end][0]) for edge, route in zip(edges, routes, strict=True) if edge[end] == card
            ]
            ports = [port for _, port in sorted(fan)]
            assert ports == sorted(ports)


def test_isotonic_regression_pools_what_is_out_of_order():
    assert isotonic([(1, 1), (3, 1), (2, 1), (5, 1)]) == [1, 2.5, 2.5, 5]
    assert isotonic([(4, 3), (0, 1)]) == [3, 3]


def test_a_cycle_is_refused():
    with pytest.raises(ValueError, match="without cycles"):
        lay_out([(10, 10)] * 2, [(0, 1), (1, 0)], [None, None])


def test_nothing_and_a_single_card_are_laid_out():
    assert lay_out([], [], []).crossings == 0
    assert lay_out([(40, 20)], [], []).centres == ((20, 10),)


def test_a_leaf_that_a_thousand_cards_share_does_not_hang():
    count = 1000
    edges = [(i, i + 1) for i in range(count)] + [(i, count + 1) for i in range(count)]
    with time_limit(60):  # a bound against hanging, not a claim about speed
        layout = lay_out([(100, 40)] * (count + 2), edges, [None] * len(edges))
    assert len(layout.routes) == 2 * count


@pytest.mark.parametrize("enabled", [True, False])
def test_the_collector_is_left_as_it_was(enabled):
    before = gc.isenabled()
    (gc.enable if enabled else gc.disable)()
    try:
        g = graph.trace(torch.ones(2, requires_grad=True).sum())
        g.svg()
        with pytest.raises(ValueError, match="without cycles"):
            draw(Scene(g.scene().cards, (Link(0, 0, (), "traced"),), ()), "", "")
        assert gc.isenabled() == enabled
    finally:
        (gc.enable if before else gc.disable)()


def test_long_recurrent_graphs_stand_upright():
    g = graph.trace(LSTMLoop()(torch.randn(50, 2, 8)).sum())
    layout, *_ = layout_of(g, budget=None)
    assert layout.width < layout.height / 8
