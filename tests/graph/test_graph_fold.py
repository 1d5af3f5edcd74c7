"""What fold() leaves to be drawn, and that it says what it folded."""

import pytest
import torch
from lesson_graphs import LESSON_GRAPHS, LSTMLoop, ResNet, chain, dynamic_net, needs_shapes, quickstart_net, transformer
from torch import nn

from tutor import graph


def cards(g, **options):
    return g.scene(**options).cards


def titles(g, **options):
    return [card.title for card in cards(g, **options)]


@pytest.mark.parametrize("name", LESSON_GRAPHS)
def test_a_lesson_graph_is_drawn_whole(name):
    loss, _ = LESSON_GRAPHS[name]()
    g = graph.trace(loss)
    assert g.scene().notes == ()
    drawn = {i for card in cards(g) for i in card.nodes}
    hidden = [node.op for node in g.nodes if node.id not in drawn]
    assert set(hidden) <= {"TBackward0"}


def test_a_transpose_folds_into_its_parameter():
    loss, leaves = quickstart_net()
    g = graph.trace(loss, params=leaves)
    (weight,) = [card for card in cards(g) if card.title == "0.weight"]
    assert weight.lines == ("(512, 784)", "via t")
    assert "T" not in titles(g)


def test_a_view_of_something_computed_is_drawn():
    x = torch.ones(2, 3, requires_grad=True)
    assert titles(graph.trace(x.exp().t().sum())) == ["Sum", "T", "Exp", "x"]


def test_a_shared_parameter_is_drawn_once_per_use_with_its_sum():
    loss, leaves = dynamic_net()
    with graph.record(loss, params=leaves) as g:
        loss.backward()
    uses = [card for card in cards(g) if card.title == "middle_linear.bias"]
    assert [card.lines[1] for card in uses] == ["use 1 of 3", "use 2 of 3", "use 3 of 3"]
    total = f"sum of 3 ‖g‖ {leaves['middle_linear.bias'].grad.norm().item():.3g}"
    assert all(card.lines[2] == total for card in uses)


def test_a_view_that_is_the_output_is_drawn():
    w = torch.ones(2, 3, requires_grad=True)
    assert titles(graph.trace(w.t())) == ["T", "w"]


def test_both_edges_of_a_square_are_drawn():
    x = torch.ones(2, requires_grad=True).exp()
    assert [len(scene_links) for scene_links in [graph.trace((x * x).sum()).scene().links]] == [4]


def test_modules_fold_to_the_depth_asked_for():
    model = transformer(layers=3)
    g = graph.trace(model(torch.randn(2, 5, 32)).sum(), model=model)
    assert titles(g, depth=1) == ["Sum", *["TransformerEncoderLayer"] * 3]
    assert "modules folded to depth 1" in g.text(depth=1)
    assert "MultiheadAttention" in " ".join(titles(g, depth=2))


def test_repeats_fold_to_a_count():
    model = transformer()
    g = graph.trace(model(torch.randn(2, 5, 32)).sum(), model=model)
    assert titles(g, depth=1, repeats=True) == ["Sum", "TransformerEncoderLayer \u00d7 12"]
    assert any("layers.0 … layers.11" in line for line in cards(g, depth=1, repeats=True)[1].faint)
    assert "repeats folded" in g.text(depth=1, repeats=True)


def test_repeats_are_found_without_any_module():
    g = graph.trace(chain(1000))
    assert titles(g, repeats=True)[1] == "Mul, Sin \u00d7 499"


def test_what_occurs_twice_is_no_repeat_yet():
    def folded(times):
        return titles(graph.trace(chain(2 * times)), repeats=True)

    assert folded(3) == ["Sum", "Mul", "Sin", "Mul", "Sin", "Mul", "Sin", "unnamed"]
    assert folded(4)[:2] == ["Sum", "Mul, Sin \u00d7 3"]  # the fourth uses the leaf, and is not like the others


@needs_shapes
def test_layers_of_different_shapes_are_no_repeats():
    model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 5), nn.ReLU())
    g = graph.trace(model(torch.ones(1, 2)).sum(), model=model)
    assert not any("\u00d7" in title for title in titles(g, repeats=True))


def test_a_residual_network_of_a_thousand_layers_folds_to_its_block():
    model = ResNet(1000)
    with graph.watch(model) as seen:
        loss = model(torch.randn(2, 4)).sum()
    assert titles(graph.trace(loss, model=seen)) == ["Sum", "Block \u00d7 1,000"]
    # unwatched, what follows the last parameter cannot be told from the loss
    unwatched = titles(graph.trace(loss, model=model))
    assert sorted(unwatched) == ["Add", "Block \u00d7 1,000", "Relu", "Sum"]


def test_the_steps_of_a_watched_lstm_fold_to_one_card():
    model = LSTMLoop()
    with graph.watch(model) as seen:
        loss = model(torch.randn(50, 2, 8)).sum()
    assert "LSTMCell \u00d7 50" in titles(graph.trace(loss, model=seen), depth=1, repeats=True)


def test_a_module_called_again_after_others_is_not_folded_into_a_cycle():
    loss, _ = dynamic_net()
    model = LSTMLoop()
    g = graph.trace(model(torch.randn(3, 2, 8)).sum(), model=model)
    assert "LSTMCell" in titles(g, depth=1)
    assert g.svg(depth=1)
    assert graph.trace(loss).svg(depth=1)


def test_a_module_around_another_one_is_opened_where_folding_would_make_a_cycle():
    class Around(nn.Module):
        def __init__(self):
            super().__init__()
            self.outer, self.inner = nn.Linear(3, 3, bias=False), nn.Linear(3, 3, bias=False)

        def forward(self, x):
            a = x * self.outer.weight
            return torch.addcmul(a, self.inner(a), self.outer.weight)

    model = Around()
    g = graph.trace(model(torch.ones(3, 3)).sum(), model=model)
    assert titles(g, depth=1).count("Linear") == 1
    assert {"Addcmul", "Mul"} < set(titles(g, depth=1))
    assert g.svg(depth=1)


@pytest.mark.parametrize("budget", [2, 3, 10, 150])
def test_no_more_cards_than_the_budget_are_drawn(budget):
    x = torch.ones(3, requires_grad=True)
    for digit in "3141592653589793238462643383279502884197":  # nothing repeats
        made = (x.sin, x.exp, x.tanh, x.sigmoid, x.abs)[int(digit) % 5]()
        x = torch.stack([made, x.cos()]).mean(0) * torch.randn(3, requires_grad=True)
    g = graph.trace(x.sum())
    assert 0 < len(cards(g, budget=budget)) <= budget
    assert budget > 140 or any("left out" in note for note in g.scene(budget=budget).notes)


def test_everything_is_drawn_without_a_budget():
    g = graph.trace(chain(1000))
    assert len(cards(g, budget=None)) == 1002
    assert g.scene(budget=None).notes == ()


def test_a_focus_shows_a_node_and_its_neighbours():
    g = graph.trace(chain(100))
    scene = g.scene(focus=50, hops=1)
    assert [card.kind for card in scene.cards].count("operation") == 3
    assert [card.kind for card in scene.cards].count("stub") == 2
    assert scene.notes == ("only what lies within 1 step of SinBackward0",)


def test_a_focus_on_a_leaf_shows_what_uses_it():
    loss, leaves = dynamic_net()
    g = graph.trace(loss, params=leaves)
    assert titles(g, focus="middle_linear.bias", hops=0).count("Addmm") == 3


@pytest.mark.parametrize("focus", [0, 1, 2, "x"])
def test_a_focus_keeps_to_the_budget_and_says_so(focus):
    x = torch.ones(3, requires_grad=True)
    g = graph.trace(torch.stack([x.sin() for _ in range(300)]).sum())
    scene = g.scene(budget=20, focus=focus, hops=1)
    assert len(scene.cards) == 20
    assert scene.notes[-1].endswith("cards left out to keep within 20 cards (budget)")
    assert g.svg(budget=20, focus=focus, hops=1)


def test_what_the_budget_leaves_out_still_tells_where_the_first_nan_lies():
    x = torch.zeros(2, requires_grad=True)
    loss = (x.sqrt() * 0).sum()
    with graph.record(loss) as g:
        loss.backward()
    assert [card.marks for card in cards(g, budget=2)] == [(), ("NaN begins here",)]


def test_a_complex_view_folds_into_its_leaf():
    w = torch.ones(3, 2, requires_grad=True)
    assert titles(graph.trace(torch.view_as_complex(w).abs().sum())) == ["Sum", "Abs", "w"]


@pytest.mark.parametrize("options", [{"budget": 1}, {"budget": "9"}, {"depth": 0}, {"depth": 1.5}, {"hops": None}])
def test_numbers_that_make_no_sense_are_refused(options):
    with pytest.raises(ValueError, match="budget of at least 2"):
        graph.trace(chain(4)).svg(**options)


@pytest.mark.parametrize("focus", ["nobody", "SinBackward0", 9999, -1])
def test_a_focus_that_is_none_or_several_is_refused(focus):
    with pytest.raises(LookupError, match="node"):
        graph.trace(chain(10)).svg(focus=focus)
