"""Backward one node at a time, with and without scripts."""

import re

import pytest
import torch
from lesson_graphs import LESSON_GRAPHS, LSTMLoop, chain, rnn_unrolled
from torch import nn

from tutor import graph
from tutor.graph import fold, plain, steps
from tutor.graph.rules import RULES, rule


def square():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    loss = (x * x).sum()
    with graph.record(loss) as g:
        loss.backward()
    return g.steps()


def test_every_node_that_ran_is_a_step_in_order():
    steps = square()
    assert [step.node.op for step in steps] == ["SumBackward0", "MulBackward0", "AccumulateGrad"]
    assert [step.number for step in steps] == [1, 2, 3]


def test_a_step_says_what_it_receives_computes_emits_and_what_has_accumulated():
    first, second, last = square()
    assert first.receives == "() = 1, the gradient that backward started with"
    assert "receives the same g" in first.computes
    assert second.emits == ("(2,) [1, 2] to x",) * 2
    assert second.accumulated == ("x: 2 of 2 contributions",)
    assert last.receives == "(2,) [2, 4], the sum of 2 contributions"
    assert last.emits == ()
    assert last.accumulated == ("x.grad (2,) [2, 4]",)


def test_contributions_to_a_shared_parameter_are_counted_as_they_arrive():
    loss, leaves = rnn_unrolled()
    with graph.record(loss, params=leaves) as g:
        loss.backward()
    counts = [words for step in g.steps() for words in step.accumulated if words.startswith("b: ")]
    assert "b: 1 of 4 contributions" in counts
    assert "b: 4 of 4 contributions" in counts


def test_none_is_said_where_none_is_sent():
    class Deaf(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a * 2

        @staticmethod
        def backward(ctx, grad):
            return None

    x = torch.ones(2, requires_grad=True)
    loss = Deaf.apply(x).sum()
    with graph.record(loss) as g:
        loss.backward()
    assert g.steps()[1].emits == ("None to x",)
    assert g.steps()[1].computes == "what the backward() of Deaf says"
    assert g.steps()[2].accumulated == ("x received None, .grad stays None",)


@pytest.mark.parametrize("name", LESSON_GRAPHS)
def test_the_rule_of_every_operation_of_the_lessons_is_known(name):
    loss, _ = LESSON_GRAPHS[name]()
    unknown = [node.op for node in graph.trace(loss).nodes if rule(node.op, node.kind).startswith("the vector-Jac")]
    assert unknown == []


def test_rules_are_named_as_torch_names_its_functions():
    x = torch.rand(2, 2, requires_grad=True)
    results = [torch.log1p(x), torch.rsqrt(x), torch.softmax(x, 0), torch.var(x), torch.dot(x[0], x[1])]
    results += [torch.cat([x, x]), torch.where(x > 0, x, -x), torch.special.log_softmax(x, 0), torch.linalg.norm(x)]
    results += [nn.functional.silu(x), nn.functional.gelu(x), nn.functional.layer_norm(x, (2,))]
    names = {type(y.grad_fn).__name__.partition("Backward")[0] for y in results}
    assert len(names) == len(results)
    assert names <= set(RULES)


def test_without_scripts_every_step_can_be_unfolded():
    html = square().html()
    static = html.split("<script>")[0]
    assert static.count("<details") == static.count("<summary>") == static.count("<img alt=") == 3
    assert static.count("<details open>") == 1
    assert "<button" not in static


def test_every_picture_of_a_step_has_words():
    alts = re.findall(r'<img alt="([^"]*)"', square().html())
    assert [alt.split(".")[0] for alt in alts] == [
        "Step 1 of 3: SumBackward0 (loss)",
        "Step 2 of 3: MulBackward0",
        "Step 3 of 3: AccumulateGrad (x)",
    ]


def test_the_running_node_stands_out_and_what_is_to_come_is_pale():
    svg = square().svg(1)
    assert svg.count(" here") >= 1
    assert svg.count('<g class="pale">') == 2  # x is drawn twice, once per use
    assert 'class="e pale"' in square().svg(0)


def test_a_large_graph_shows_the_neighbourhood_of_each_step():
    loss = LSTMLoop()(torch.randn(50, 2, 8)).sum()
    with graph.record(loss) as g:
        loss.backward()
    steps = g.steps(budget=20)
    assert len(steps) == 20
    assert len(steps.svg(10)) < 20_000
    assert "more steps left out" in steps.text()
    assert "more steps left out" in steps.html()


def test_all_steps_are_there_without_a_budget():
    loss = chain(400)
    with graph.record(loss) as g:
        loss.backward()
    assert len(g.steps()) == 150
    assert len(g.steps(budget=None)) == 402


def test_a_traced_graph_has_no_steps():
    with pytest.raises(ValueError, match="traced, not recorded"):
        graph.trace(chain(4)).steps()


@pytest.mark.parametrize("budget", [0, -3, "all"])
def test_a_budget_of_steps_that_makes_no_sense_is_refused(budget):
    loss = chain(4)
    with graph.record(loss) as g:
        loss.backward()
    with pytest.raises(ValueError, match="budget of at least 1"):
        g.steps(budget)


def test_a_step_of_a_node_with_hundreds_of_inputs_is_drawn_small():
    loss = torch.stack([torch.ones(2, requires_grad=True) for _ in range(400)]).sum()
    with graph.record(loss) as g:
        loss.backward()
    assert g.steps().svg(1).count("<g") <= 40


def test_steps_are_shown_in_every_front_end():
    bundle = square()._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html"}
    assert "    computes: a product" in bundle["text/plain"]


def test_the_steps_of_a_large_graph_fold_its_views_once_for_all_pictures(monkeypatch):
    made = []

    class Counted(plain.Plain):
        def __init__(self, graph):
            made.append(len(graph.nodes))
            super().__init__(graph)

    for module in (steps, fold):
        monkeypatch.setattr(module, "Plain", Counted)
    loss = chain(300)
    with graph.record(loss) as g:
        loss.backward()
    shown = g.steps(budget=20)
    assert shown.html().count("data:image/svg+xml") == 20
    assert made == [len(g.nodes)]
    assert shown.svg(4) == shown.svg(4)
    assert "Step 5 of 20" in shown.svg(4)
