"""What record() and trace() read: structure, gradients, order, names, and how they behave when things go wrong."""

import contextlib
import gc
import math
import warnings
import weakref

import pytest
import torch
from lesson_graphs import (
    LESSON_GRAPHS,
    Broken,
    DynamicNet,
    LegendrePolynomial3,
    LSTMLoop,
    chain,
    needs_shapes,
    transformer,
)
from torch import nn
from torch.utils.checkpoint import checkpoint

from tutor import graph
from tutor.graph import meter, naming, walk


def recorded(loss, model=None, **leaves):
    with graph.record(loss, model, params=leaves) as g:
        loss.backward()
    return g


def leaf(g, name):
    return next(node for node in g.nodes if node.is_leaf and node.name == name)


def into(g, node):
    return [edge for edge in g.edges if edge.target == node.id]


def out_of(g, node):
    return [edge for edge in g.edges if edge.source == node.id]


@pytest.mark.parametrize("name", LESSON_GRAPHS)
def test_every_edge_of_a_lesson_graph_carries_a_gradient(name):
    loss, _ = LESSON_GRAPHS[name]()
    g = recorded(loss)
    assert g.edges
    assert {edge.state for edge in g.edges} == {"flowed"}
    assert all(edge.gradient.finite and edge.gradient.norm >= 0 for edge in g.edges)


@pytest.mark.parametrize("name", LESSON_GRAPHS)
def test_every_node_ran_once_in_an_order_that_follows_the_edges(name):
    loss, _ = LESSON_GRAPHS[name]()
    g = recorded(loss)
    assert [node.order for node in g.order] == list(range(1, len(g.nodes) + 1))
    assert all(g.nodes[edge.source].order < g.nodes[edge.target].order for edge in g.edges)


@pytest.mark.parametrize("name", LESSON_GRAPHS)
def test_what_arrived_at_a_leaf_is_its_grad(name):
    loss, leaves = LESSON_GRAPHS[name]()
    g = recorded(loss, **leaves)
    assert {node.name for node in g.nodes if node.is_leaf} == set(leaves)
    for key, tensor in leaves.items():
        node = leaf(g, key)
        assert node.received[0].norm == pytest.approx(tensor.grad.norm().item(), rel=1e-5)
        assert node.received[0].shape == tuple(tensor.shape)
        assert node.grad == node.received[0]


@pytest.mark.parametrize("name", LESSON_GRAPHS)
def test_recording_changes_no_gradient(name):
    torch.manual_seed(1)
    loss, leaves = LESSON_GRAPHS[name]()
    loss.backward()
    plain = {key: tensor.grad.clone() for key, tensor in leaves.items()}
    torch.manual_seed(1)
    loss, leaves = LESSON_GRAPHS[name]()
    recorded(loss)
    assert plain
    for key, tensor in leaves.items():
        assert torch.equal(tensor.grad, plain[key])


def test_small_gradients_keep_their_values_and_large_ones_do_not():
    small, large = torch.ones(64, requires_grad=True), torch.ones(65, requires_grad=True)
    g = recorded((small * 3).sum() + (large * 3).sum(), small=small, large=large)
    assert leaf(g, "small").received[0].values == (3.0,) * 64
    assert leaf(g, "large").received[0].values is None
    assert leaf(g, "large").received[0].max == 3.0


def test_contributions_to_a_shared_parameter_add_up_to_what_arrives():
    x = torch.tensor([1.0, 2.0])
    w = torch.tensor([3.0, 5.0], requires_grad=True)
    g = recorded((w * x).sum() + (w * w).sum(), w=w)
    contributions = [edge.gradient.values for edge in into(g, leaf(g, "w"))]
    assert len(contributions) == 3
    assert tuple(map(sum, zip(*contributions, strict=True))) == leaf(g, "w").received[0].values == (7.0, 12.0)


def test_a_gradient_of_an_earlier_pass_is_told_from_what_arrived():
    w = torch.tensor([1.0], requires_grad=True)
    (2 * w).sum().backward()
    g = recorded((3 * w).sum(), w=w)
    assert leaf(g, "w").received[0].values == (3.0,)
    assert leaf(g, "w").grad.values == (5.0,)


def test_variables_are_called_what_they_are_called_where_the_recording_is():
    weights = torch.ones(3, requires_grad=True)
    hidden = weights * 2
    loss = hidden.sum()
    g = graph.trace(loss)
    assert [node.name for node in g.nodes] == ["loss", "hidden", "weights"]


def test_names_given_as_params_come_before_those_of_variables():
    weights = torch.ones(3, requires_grad=True)
    g = graph.trace(weights.sum(), params={"theta": weights})
    assert g.nodes[-1].name == "theta"
    assert g.nodes[-1].kind == "parameter"


def test_leaves_that_are_no_parameters_are_told_apart():
    x, w = torch.ones(2, requires_grad=True), nn.Parameter(torch.ones(2))
    g = graph.trace((x * w).sum())
    assert leaf(g, "x").kind == "leaf"
    assert leaf(g, "w").kind == "parameter"


@needs_shapes
def test_shapes_of_forward_outputs_are_known_before_any_backward():
    g = graph.trace((torch.ones(5, 3) @ torch.ones(3, 4, requires_grad=True)).sum())
    assert [node.shape for node in g.nodes] == [(), (5, 4), (3, 4)]
    assert {edge.state for edge in g.edges} == {"traced"}
    assert not g.recorded


def test_an_unused_output_arrives_as_none():
    first, _ = torch.ones(4, requires_grad=True).unbind(0)[:2]
    halves = torch.ones(4, 2, requires_grad=True).split(2)
    g = recorded(halves[0].sum() + first)
    split = next(node for node in g.nodes if node.op.startswith("Split"))
    assert split.shapes[0] == (2, 2)
    assert split.received[0].shape == (2, 2)
    assert split.received[1] is None


def test_a_function_that_returns_none_makes_a_none_edge_and_leaves_no_grad():
    class Deaf(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            return a * b

        @staticmethod
        def backward(ctx, grad):
            return grad, None

    a, b = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    g = recorded(Deaf.apply(a, b).sum(), a=a, b=b)
    assert [edge.state for edge in into(g, leaf(g, "b"))] == ["none"]
    assert leaf(g, "b").received == (None,)
    assert leaf(g, "b").grad is None
    assert next(node for node in g.nodes if node.kind == "custom").op == "DeafBackward"


def test_autograd_grad_leaves_the_other_branch_not_visited():
    x, w = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    loss = (x.sin() * w.cos()).sum()
    with graph.record(loss) as g:
        (gradient,) = torch.autograd.grad(loss, x)
    assert gradient.shape == (2,)
    cos = next(node for node in g.nodes if node.op == "CosBackward0")
    assert cos.order is None
    assert [edge.state for edge in out_of(g, cos)] == ["not visited"]
    assert "not visited" in g.svg()


def recorded_twice():
    """Two passes over one graph, which send 4 and 40 to x."""
    x = torch.tensor([2.0], requires_grad=True)
    loss = (x * x).sum()
    with graph.record(loss) as g:
        loss.backward(retain_graph=True)
        loss.backward(torch.tensor(10.0))
    return g


def test_of_two_passes_over_a_retained_graph_the_last_is_shown():
    g = recorded_twice()
    assert g.passes == 2
    assert leaf(g, "x").received[0].values == (40.0,)
    assert leaf(g, "x").grad.values == (44.0,)


def test_of_two_losses_whose_passes_share_nothing_but_a_part_the_last_is_shown_whole():
    x = torch.ones(2, requires_grad=True)
    h = x.exp()
    first, second = h.sum(), h.sin().sum()
    with graph.record([first, second]) as g:
        first.backward(retain_graph=True)
        second.backward()
    assert g.passes == 2
    assert [node.op for node in g.order] == ["SumBackward0", "SinBackward0", "ExpBackward0", "AccumulateGrad"]
    assert g.nodes[0].order is None


def test_a_pass_over_another_graph_does_not_hide_the_one_recorded():
    x = torch.ones(2, requires_grad=True)
    loss, other = (x * 2).sum(), (x * 3).sum()
    with graph.record(loss) as g:
        loss.backward()
        other.backward()
    assert g.passes == 1
    assert {edge.state for edge in g.edges} == {"flowed"}
    assert leaf(g, "x").grad.values == (5.0, 5.0)


def test_without_torch_s_number_of_a_pass_a_node_that_runs_again_begins_one(monkeypatch):
    monkeypatch.delattr(torch._C, "_current_graph_task_id")
    g = recorded_twice()
    assert g.passes == 2
    assert leaf(g, "x").received[0].values == (40.0,)


def test_the_graph_of_a_gradient_is_recorded_for_double_backward():
    x = torch.tensor([2.0], requires_grad=True)
    cube = (x**3).sum()
    with graph.record(cube) as first:
        (slope,) = torch.autograd.grad(cube, x, create_graph=True)
    assert first.nodes[1].received[0].values == (1.0,)
    second = recorded(slope.sum(), x=x)
    assert leaf(second, "x").received[0].values == (12.0,)
    assert len(second.nodes) > len(first.nodes)


def test_a_hook_of_the_user_is_seen_where_it_changes_a_gradient():
    x = torch.ones(2, requires_grad=True)
    h = x * 3
    h.register_hook(lambda grad: grad * 10)
    x.register_hook(lambda grad: grad + 1)
    g = recorded(h.sum(), x=x)
    mul = next(node for node in g.nodes if node.op == "MulBackward0")
    assert into(g, mul)[0].gradient.values == (1.0, 1.0)
    assert mul.received[0].values == (10.0, 10.0)
    assert leaf(g, "x").received[0].values == (31.0, 31.0) == tuple(x.grad.tolist())
    assert "a hook made it" in g.text()


def test_in_place_and_view_operations_are_followed():
    x = torch.ones(4, requires_grad=True)
    y = x * 2
    y[1:3].mul_(5)
    g = recorded(y.sum(), x=x)
    assert "CopySlices" in {node.op for node in g.nodes}
    assert leaf(g, "x").received[0].values == (2.0, 10.0, 10.0, 2.0) == tuple(x.grad.tolist())


@pytest.mark.parametrize("reentrant", [True, False])
def test_checkpointed_parts_record_the_gradients_they_pass(reentrant):
    x = torch.ones(3, requires_grad=True)
    w = nn.Parameter(torch.full((3,), 2.0))
    loss = checkpoint(lambda x: (x * w).sin(), x, use_reentrant=reentrant).sum()
    g = recorded(loss, x=x)
    assert leaf(g, "x").received[0].norm == pytest.approx(x.grad.norm().item())
    kinds = {node.op: node.kind for node in g.nodes}
    assert (kinds.get("CheckpointFunctionBackward") == "opaque") == reentrant


def test_a_parameter_used_in_and_outside_a_reentrant_checkpoint_does_not_end_the_recording():
    x, w = torch.ones(3, requires_grad=True), torch.ones(3, requires_grad=True)
    loss = (checkpoint(lambda x: (x * w).sin(), x * 1, use_reentrant=True) * w).sum()
    g = recorded(loss, x=x, w=w)
    assert g.passes == 1
    assert [node.order for node in g.order] == [1, 2, 3, 4, 5, 6]
    assert leaf(g, "w").grad.norm == pytest.approx(w.grad.norm().item())


def test_a_compiled_region_is_one_opaque_node():
    x = torch.ones(3, requires_grad=True)
    compiled = torch.compile(lambda x: (x * 2).sin().sum(), backend="aot_eager")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        loss = compiled(x)
    g = recorded(loss)
    assert [node.kind for node in g.nodes] == ["opaque", "leaf"]
    assert "inside not visible" in g.svg()


def test_a_backward_that_raises_half_way_is_kept_as_far_as_it_got():
    x = torch.ones(2, requires_grad=True)
    loss = (Broken.apply(x.sin()) * 2).sum()
    with pytest.raises(ArithmeticError, match="no derivative today"), graph.record(loss) as g:
        loss.backward()
    assert g.nodes[g.raised].op == "BrokenBackward"
    assert [node.op for node in g.order] == ["SumBackward0", "MulBackward0"]
    assert "no derivative today" in g.error
    assert "raised here" in g.svg()
    assert [card.visited for card in g.scene().cards] == [True, True, True, False, False]


def test_of_two_branches_the_one_that_raised_is_named():
    x, y = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    for loss in (
        x.cos().sum() + Broken.apply(y).sum(),  # the other branch was ready too and did not run
        Broken.apply(y).sum() + x.cos().sum(),  # the other branch ran before
        (Broken.apply(x) + x * 2).sum(),  # a leaf had one contribution and waited for the other
    ):
        with pytest.raises(ArithmeticError), graph.record(loss) as g:
            loss.backward()
        assert g.nodes[g.raised].op == "BrokenBackward"


def test_the_origin_of_the_first_nan_is_marked():
    x = torch.tensor([0.0, 1.0], requires_grad=True)
    g = recorded((x.sqrt() * torch.tensor([0.0, 1.0])).sum())
    assert g.nodes[g.first_nonfinite].op == "SqrtBackward0"
    assert "NaN begins here" in g.svg()
    assert recorded((x * 2).sum()).first_nonfinite is None


def test_a_nan_that_a_hook_makes_at_a_leaf_is_marked_there():
    x = torch.ones(2, requires_grad=True)
    x.register_hook(lambda grad: grad * math.nan)
    g = recorded((x * 2).sum(), x=x)
    assert g.nodes[g.first_nonfinite].is_leaf
    assert "NaN begins here" in g.svg()


def test_infinity_is_told_from_nan():
    x = torch.tensor([0.0], requires_grad=True)
    g = recorded(x.log().sum())
    assert out_of(g, g.nodes[1])[0].gradient.trouble == "Inf"
    assert "Inf begins here" in g.svg()


def test_module_paths_are_inferred_from_parameters():
    model = transformer(layers=2)
    g = graph.trace(model(torch.randn(2, 5, 32)).sum(), model=model)
    paths = {node.module for node in g.nodes if not node.is_leaf}
    assert {"layers.0.linear1", "layers.1.self_attn", "layers.1", ""} <= paths
    assert g.nodes[0].module == ""


def test_a_watched_forward_pass_tells_the_calls_of_a_shared_module_apart():
    model = DynamicNet()
    with graph.watch(model) as seen:
        loss = model(torch.randn(4, 5)).sum()
    g = recorded(loss, seen)
    calls = {node.calls for node in g.nodes if node.module == "middle_linear" and not node.is_leaf}
    assert calls == {(0,), (1,), (2,)}
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())


def test_watching_attributes_nearly_every_node_of_a_transformer():
    model = transformer()
    with graph.watch(model) as seen:
        loss = model(torch.randn(2, 5, 32)).sum()
    operations = [node for node in graph.trace(loss, model=seen).nodes if not node.is_leaf]
    assert len(operations) > 700
    assert sum(not node.module for node in operations) <= 3


def test_source_lines_are_kept_where_asked_for():
    model = nn.Linear(2, 1)
    with graph.watch(model, sources=True) as seen:
        loss = model(torch.ones(1, 2)).square().sum()
    g = graph.trace(loss, model=seen)
    assert g.nodes[0].source.startswith("test_graph_record.py:")
    assert "square().sum()" in g.nodes[0].source
    assert all("test_graph_record.py" in node.source for node in g.nodes if not node.is_leaf)
    assert not graph.trace(model(torch.ones(1, 2)).sum()).nodes[0].source


def test_nothing_of_a_recording_is_left_on_the_graph():
    w = torch.ones(2, requires_grad=True)
    loss = (w * 2).sum()
    with graph.record(loss):
        loss.backward(retain_graph=True)
    gc.collect()
    assert [one for one in gc.get_objects() if type(one).__name__ == "_Recorder"] == []
    loss.backward()
    assert w.grad.tolist() == [4.0, 4.0]


def test_a_hook_that_changes_a_gradient_in_place_is_seen():
    x = torch.ones(2, requires_grad=True)
    h = x * 3

    def louder(grad):
        grad.mul_(10)

    h.register_hook(louder)
    y = h * torch.ones(2)
    g = recorded((y * torch.ones(2)).sum(), x=x)
    first = next(node for node in g.nodes if node.op == "MulBackward0" and into(g, leaf(g, "x"))[0].source == node.id)
    assert into(g, first)[0].gradient.values == (1.0, 1.0)
    assert first.received[0].values == (10.0, 10.0)


@pytest.mark.parametrize("watching", [False, True])
def test_a_leaf_takes_its_gradient_over_without_a_copy(watching):
    places = []

    class Known(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a.clone()

        @staticmethod
        def backward(ctx, grad):
            out = torch.full_like(grad, 7.0)
            places.append(out.data_ptr())
            return out

    w = torch.ones(100, requires_grad=True)
    loss = Known.apply(w).sum()
    with graph.record(loss) if watching else contextlib.nullcontext():
        loss.backward()
    assert w.grad.data_ptr() == places[0]


def test_a_recording_keeps_no_torch_object_alive():
    w = torch.ones(100, requires_grad=True)
    h = w * 2
    watched = weakref.ref(h)
    g = recorded(h.sum())
    del h
    gc.collect()
    assert watched() is None
    assert len(g.nodes) == 3
    reached, new = {id(g): g}, [g]
    while new:  # everything that can be reached from the graph, but for classes and modules
        new = [one for one in gc.get_referents(*new) if id(one) not in reached and not isinstance(one, type)]
        reached.update({id(one): one for one in new})
    kinds = {type(one) for one in reached.values()}
    assert graph.Stats in kinds
    assert not [kind for kind in kinds if kind.__module__.startswith("torch")]


def test_a_recording_inside_a_function_does_not_hold_its_locals():
    big = torch.ones(1000, requires_grad=True)
    h = big * 2
    recorded(h.sum())
    graph.trace(h.sum())
    watched = weakref.ref(h)
    del h
    assert watched() is None


def test_a_hundred_recordings_leak_nothing():
    psutil = pytest.importorskip("psutil", reason="psutil measures the memory of this test")
    process = psutil.Process()

    def once():
        x = torch.ones(1_000_000, requires_grad=True)  # 4 MB, and as much for each of three gradients
        return recorded((x.sin() * x).sum())

    once()
    gc.collect()
    before = process.memory_info().rss
    kept = [once() for _ in range(100)]
    gc.collect()
    assert len(kept) == 100
    assert process.memory_info().rss - before < 100e6  # one tensor kept for each would be 400 MB


def test_a_chain_of_ten_thousand_nodes_is_recorded_without_recursion():
    g = recorded(chain(10_000))
    assert len(g.nodes) == 10_002
    assert g.order[-1].is_leaf


def test_an_lstm_of_fifty_steps_shares_its_parameters():
    model = LSTMLoop()
    g = recorded(model(torch.randn(50, 2, 8)).sum(), model)
    assert len(into(g, leaf(g, "cell.bias_hh"))) == 50


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: torch.ones(2), ValueError, "no grad_fn"),
        (lambda: torch.ones(2, requires_grad=True), ValueError, "is a leaf"),
        (lambda: torch.arange(3), ValueError, "torch.int64"),
        (lambda: (torch.ones(2, requires_grad=True) * 2).detach(), ValueError, "detached"),
        (lambda: 3.0, TypeError, "float"),
        (list, TypeError, "empty"),
        (lambda: None, TypeError, "NoneType"),
    ],
)
def test_what_has_no_graph_is_refused_with_one_sentence(make, error, words):
    for enter in (graph.trace, lambda loss: graph.record(loss).__enter__()):
        with pytest.raises(error, match=words) as caught:
            enter(make())
        assert "\n" not in str(caught.value)


def test_wrong_models_and_params_are_refused_with_one_sentence():
    loss = torch.ones(2, requires_grad=True).sum()
    with pytest.raises(TypeError, match="dict from name to tensor"):
        graph.trace(loss, params={"w": 3})
    with pytest.raises(TypeError, match=r"nn\.Module"):
        graph.trace(loss, model="model")
    with pytest.raises(TypeError, match=r"nn\.Module"), graph.watch(loss):
        pass


def test_a_graph_whose_buffers_were_freed_is_still_read():
    x = torch.ones(2, requires_grad=True)
    loss = (x * x).sum()
    loss.backward()
    assert len(graph.trace(loss).nodes) == 3
    with pytest.raises(RuntimeError, match="second time"), graph.record(loss) as g:
        loss.backward()
    assert "backward stopped" in g.svg()


def test_a_loss_that_is_no_scalar_is_recorded_with_the_gradient_it_is_given():
    x = torch.ones(2, requires_grad=True)
    y = x * 3
    with graph.record(y, params={}) as g:
        y.backward(torch.tensor([1.0, 2.0]))
    assert g.nodes[0].received[0].values == (1.0, 2.0)
    with pytest.raises(RuntimeError, match="scalar"), graph.record(x * 3) as g:
        (x * 3).backward()


def test_several_losses_share_one_graph():
    x = torch.ones(2, requires_grad=True)
    h = x.exp()
    losses = [h.sum(), h.mean()]
    with graph.record(losses) as g:
        torch.autograd.backward(losses)
    assert g.roots == (0, 1)
    assert len(g.nodes) == 4


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64, torch.complex64])
def test_gradients_of_every_dtype_are_measured(dtype):
    x = torch.full((10_000,), 3.0, dtype=dtype, requires_grad=True)
    y = x * 2
    with graph.record(y) as g:
        y.backward(torch.full_like(y, 1000.0))  # norm 200,000: beyond the largest float16
    stats = leaf(g, "x").received[0]
    assert stats.dtype == str(dtype).removeprefix("torch.")
    assert stats.norm == pytest.approx(200_000, rel=0.01)
    assert stats.finite


@pytest.mark.parametrize("size", [1e25, 1e-30])
def test_the_norm_of_very_large_and_very_small_gradients_is_right(size):
    x = torch.ones(4, requires_grad=True)
    stats = leaf(recorded((x * size).sum(), x=x), "x").received[0]
    assert stats.norm == pytest.approx(2 * size)
    assert stats.finite


def test_what_cannot_be_measured_does_not_stop_the_backward_pass():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rows = torch.nested.nested_tensor([torch.ones(2, 3), torch.ones(4, 3)], requires_grad=True)
    g = recorded(torch.nested.to_padded_tensor(rows * 2, 0.0).sum(), rows=rows)
    assert leaf(g, "rows").shape is None
    assert "(?) unmeasured" in g.text()
    on_meta = torch.ones(3, device="meta", requires_grad=True)
    assert "a hook made it" not in recorded((on_meta * 2).sum(), x=on_meta).text()


def test_sparse_and_empty_gradients_are_measured():
    table = nn.Embedding(1000, 4, sparse=True)
    loss = table(torch.tensor([3, 3, 5])).sum()
    g = recorded(loss, table)
    assert leaf(g, "weight").received[0].norm == pytest.approx(math.sqrt(4 * (4 + 1)))
    empty = torch.ones(0, 3, requires_grad=True)
    assert leaf(recorded((empty * 2).sum(), empty=empty), "empty").received[0].norm == 0


def test_a_custom_function_runs_as_it_would_without_a_recording():
    x = torch.tensor([0.3], requires_grad=True)
    g = recorded(LegendrePolynomial3.apply(x).sum(), x=x)
    assert leaf(g, "x").received[0].values == pytest.approx((1.5 * (5 * 0.09 - 1),))


def test_inputs_that_are_no_tensors_do_not_shift_the_slots_of_a_custom_function():
    class Scaled(torch.autograd.Function):
        @staticmethod
        def forward(ctx, factor, a, name, b):
            ctx.factor = factor
            return a * factor + b

        @staticmethod
        def backward(ctx, grad):
            return None, grad * ctx.factor, None, grad

    a, b = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    g = recorded(Scaled.apply(3.0, a, "name", b).sum(), a=a, b=b)
    assert into(g, leaf(g, "a"))[0].gradient.values == (3.0, 3.0)
    assert into(g, leaf(g, "b"))[0].gradient.values == (1.0, 1.0)


def test_backward_for_chosen_inputs_leaves_the_others_not_visited():
    x, w = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    loss = (x * w).sum()
    with graph.record(loss) as g:
        loss.backward(inputs=[x])
    assert leaf(g, "x").order == 3
    assert leaf(g, "w").order is None
    assert w.grad is None


def test_an_error_after_backward_is_not_taken_for_one_of_backward():
    x = torch.ones(2, requires_grad=True)
    loss = x.sum()
    with pytest.raises(KeyError), graph.record(loss) as g:
        loss.backward()
        raise KeyError("afterwards")
    assert g.raised is None
    assert "backward stopped" not in g.text()
    assert leaf(g, "x").received[0].values == (1.0, 1.0)


def test_names_are_found_through_an_exit_stack_too():
    theta = torch.ones(2, requires_grad=True)
    with contextlib.ExitStack() as stack:
        g = stack.enter_context(graph.record(theta.sum()))
    assert g.nodes[-1].name == "theta"


def test_a_torch_without_its_private_parts_still_gives_a_drawing(monkeypatch):
    """Shapes then come from the gradients, and modules from the parameters."""
    monkeypatch.setattr(walk, "_shapes", lambda node: ())
    monkeypatch.setattr(walk, "_sequence", lambda node: -1)
    monkeypatch.setattr(naming, "sequence_now", lambda: None)
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    with graph.watch(model) as seen:
        loss = model(torch.ones(1, 3)).sum()
    g = recorded(loss, seen)
    assert [node.shape for node in g.nodes[:3]] == [(), (1, 2), (2,)]
    assert g.nodes[1].module == "2"
    assert g.svg()


def test_private_parts_that_are_missing_are_passed_over(monkeypatch):
    assert walk._shapes(object()) == ()
    assert walk._sequence(object()) == -1
    monkeypatch.delattr(torch.autograd, "_get_sequence_nr")
    assert naming.sequence_now() is None


def test_what_is_measured_can_be_chosen_and_the_default_is_what_drawings_show():
    figures = {}
    for statistics in ("none", "norm", "all"):
        x = torch.arange(100.0, requires_grad=True)
        loss = ((x * 2).sin() * 3).sum()
        with graph.record(loss, params={"x": x}, statistics=statistics) as g:
            loss.backward()
        sin = next(node for node in g.nodes if node.op == "SinBackward0")
        figures[statistics] = sin.received[0], leaf(g, "x").received[0], leaf(g, "x").grad
        assert [node.order for node in g.nodes] == [1, 2, 3, 4, 5]
    for stats in figures["none"]:
        assert stats.shape == (100,)
        assert math.isnan(stats.norm)
    assert figures["norm"][0].norm == figures["all"][0].norm == pytest.approx(30)
    assert math.isnan(figures["norm"][0].max)
    assert figures["all"][0].max == 3.0
    assert figures["norm"][1] == figures["all"][1] == figures["norm"][2] == figures["all"][2]
    with (
        pytest.raises(ValueError, match="'none', 'norm', 'all', not 'median'"),
        graph.record(loss, statistics="median"),
    ):
        pass


def test_another_device_is_asked_once_for_all_gradients_and_tells_the_same(monkeypatch):
    """What a device would be asked for is computed on the processor, as if it were one that works on by itself."""
    asked, settle = [], meter.settle
    monkeypatch.setattr(meter, "settle", lambda waiting: (asked.append(len(waiting)), settle(waiting)))

    def figures():
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(9, 9), nn.Tanh(), nn.Linear(9, 2))
        g = recorded(model(torch.randn(30, 9)).square().sum(), model)
        return [stats for node in g.nodes for stats in (*node.received, node.grad) if stats]

    near = figures()
    assert not any(asked)
    monkeypatch.setattr(meter.Meter, "_far", lambda self, gradient: True)
    for far, one in zip(figures(), near, strict=True):
        assert far.shape == one.shape
        assert far.dtype == one.dtype
        assert far.norm == pytest.approx(one.norm, rel=1e-5)
        assert far.values == one.values
    assert 1 <= sum(map(bool, asked)) <= 3  # for what flowed, for what arrived at leaves, for what lies in .grad
    assert sum(asked) > 10


def test_a_nan_on_another_device_is_found_too(monkeypatch):
    monkeypatch.setattr(meter.Meter, "_far", lambda self, gradient: True)
    x = torch.zeros(100, requires_grad=True)
    g = recorded((x * x).sqrt().sum(), x=x)
    assert g.nodes[g.first_nonfinite].op == "SqrtBackward0"
    assert "NaN" in g.text() or "Inf" in g.text()


def test_a_grad_that_was_replaced_since_is_not_taken_for_what_arrived():
    x = torch.ones(100, requires_grad=True)
    loss = (x * 2).sum()
    with graph.record(loss, params={"x": x}) as g:
        loss.backward()
        x.grad.neg_()
    assert leaf(g, "x").received[0].max == 2.0
    assert leaf(g, "x").grad.max == -2.0


def test_a_custom_function_may_call_what_it_keeps_variable():
    class Kept(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            ctx.variable = 3
            return a * 3

        @staticmethod
        def backward(ctx, grad):
            return grad * ctx.variable

    x = torch.ones(2, requires_grad=True)
    g = recorded(Kept.apply(x).sum(), x=x)
    assert [node.kind for node in g.nodes] == ["operation", "custom", "parameter"]
