"""explain() itself: it changes no gradient, leaves nothing behind, and lets exceptions pass."""

import gc
import importlib
import subprocess
import sys
import weakref
from contextlib import nullcontext

import pytest
import torch
from lesson_graphs import transformer
from torch import nn
from torch.optim.optimizer import _global_optimizer_pre_hooks
from torch.utils.checkpoint import checkpoint

from tutor import graph
from tutor.graph import meter
from tutor.graph.display import picture


def network():
    torch.manual_seed(3)
    return nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.BatchNorm1d(8), nn.Dropout(0.2), nn.Linear(8, 2))


def step(model):
    torch.manual_seed(5)
    model.zero_grad()
    loss = model(torch.randn(7, 6)).pow(2).mean()
    loss.backward()
    return [p.grad.clone() for p in model.parameters()]


def test_gradients_are_bitwise_those_of_a_plain_run():
    plain, model = step(network()), network()
    with graph.explain(model) as found:
        inside = step(model)
    assert all(map(torch.equal, plain, inside))
    assert not found.wrong and found.checked == 6


def test_nothing_is_wrong_with_a_transformer_that_works():
    model = transformer()
    with graph.explain(model) as found:
        model(torch.randn(2, 5, 32)).pow(2).mean().backward()
    assert not found.wrong
    assert len(found.layers) == found.checked == len(list(model.parameters()))


def hooks_of(model):
    return [len(module._forward_hooks) + len(module._forward_pre_hooks) for module in model.modules()]


@pytest.mark.parametrize("fails", [False, True])
def test_no_hook_mode_or_patch_stays_when_the_block_ends(fails):
    model = network()
    before = torch.autograd._engine_run_backward
    optimizer_hooks = len(_global_optimizer_pre_hooks)
    with pytest.raises(KeyError) if fails else nullcontext(), graph.explain(model):
        step(model)
        if fails:
            raise KeyError("mine")
    assert torch.autograd._engine_run_backward is before
    assert len(_global_optimizer_pre_hooks) == optimizer_hooks
    assert not any(hooks_of(model))
    assert not torch.overrides._get_current_function_mode_stack()


@pytest.mark.parametrize("fails", [False, True])
def test_no_tensor_of_the_graph_lives_on(fails):
    model, alive = network(), []

    def run():
        out = model(torch.randn(7, 6))
        alive.append(weakref.ref(out))
        loss = out.exp().mean()
        alive.append(weakref.ref(loss))
        loss.backward()
        if fails:
            loss.backward()

    gc.collect()
    gc.disable()
    try:
        explanation = None
        try:
            with graph.explain(model) as explanation:
                run()
        except RuntimeError as error:
            error.__traceback__ = None
        assert [ref() for ref in alive] == [None, None]
        assert explanation.graph is not None
    finally:
        gc.enable()


def test_the_very_exception_passes_and_what_was_found_is_shown(capsys):
    loss = torch.ones(3, requires_grad=True).exp().sum()
    loss.backward()
    with pytest.raises(RuntimeError, match="through the graph a second time") as raised, graph.explain():
        loss.backward()
    assert raised.traceback[-1].path.name != "explain.py"
    assert "The whole graph was freed already" in capsys.readouterr().err


class Trainer:
    """A library that calls backward where its user cannot reach it."""

    def __init__(self, model):
        self.model, self.optimizer = model, torch.optim.SGD(model.parameters(), lr=0.1)

    def train(self, steps):
        for _ in range(steps):
            self.optimizer.zero_grad()
            self.model(torch.randn(4, 6)).square().mean().backward()
            self.optimizer.step()


def test_a_backward_inside_a_library_is_recorded():
    model = network()
    with graph.explain(model) as found:
        Trainer(model).train(2)
    assert found.backwards == 2
    assert found.graph.recorded and not found.wrong
    assert {layer.name for layer in found.layers} == {name for name, _ in model.named_parameters()}


def test_the_functional_form_of_backward_is_recorded_too():
    x = torch.randn(3, requires_grad=True)
    with graph.explain() as found:
        torch.autograd.grad((x * x).sum(), x)
    assert found.backwards == 1


def test_modules_are_known_exactly_where_forward_runs_inside():
    model = nn.Sequential(nn.Linear(3, 3), nn.Tanh(), nn.Linear(3, 3))
    with graph.explain(model) as found:
        model(torch.randn(2, 3)).sum().backward()
    modules = {node.op: node.module for node in found.graph.nodes if not node.is_leaf}
    assert modules["TanhBackward0"] == "1"
    assert modules["SumBackward0"] == ""


def test_a_checkpoint_runs_its_forward_no_more_often_than_plainly():
    runs = []

    def part(x):
        runs.append(1)
        return x.exp().sin()

    def program():
        checkpoint(part, torch.randn(3, requires_grad=True), use_reentrant=False).sum().backward()

    program()
    plainly, runs[:] = len(runs), []
    with graph.explain():
        program()
    assert len(runs) == plainly


def test_it_is_shown_as_sentence_picture_and_tables():
    model = nn.Sequential(nn.Linear(3, 3), nn.ReLU(), nn.Linear(3, 3))
    with graph.explain(model) as found:
        model[2](model[1](model[0](torch.randn(2, 3))).detach()).sum().backward()
    html = found._repr_mimebundle_()["text/html"]
    assert html.startswith("<p><b><code>0.*</code> get no gradient")
    assert picture(found.svg(), found.graph.alt()) in html
    assert html.count("<img") == 2 and "Gradient of each parameter" in html
    assert found._repr_mimebundle_()["text/plain"] == str(found) == found.text()
    assert "`0.*` get no gradient" in repr(found)


def test_before_its_block_ends_an_explanation_claims_nothing():
    with graph.explain() as found:
        assert "has not ended" in found.sentence
    assert found.sentence == "Nothing was found: no loss was computed in the block."


def test_wrong_arguments_are_told_in_one_sentence():
    model = nn.Linear(2, 2)
    with pytest.raises(TypeError, match="takes the model alone"):
        graph.explain(model, model)
    with pytest.raises(TypeError, match="starts from a tensor"):
        graph.explain("loss")
    with pytest.raises(ValueError, match="check_functions needs a block"):
        graph.explain(model(torch.ones(2)).sum(), check_functions=True)


class Halved(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, gradient):
        return gradient * ctx.saved_tensors[0]


class Right(Halved):
    @staticmethod
    def backward(ctx, gradient):
        return gradient * 2 * ctx.saved_tensors[0]


def test_a_custom_function_is_compared_with_finite_differences_on_request_alone():
    x = torch.randn(4, requires_grad=True)
    with graph.explain() as silent:
        Halved.apply(x).sum().backward()
    with graph.explain(check_functions=True) as found:
        (Halved.apply(x) + Right.apply(x)).sum().backward()
    assert not silent.wrong
    assert [finding.place for finding in found.wrong] == ["Halved"]
    assert "contradicts finite differences" in found.sentence
    assert torch.autograd.Function.apply.__func__.__name__ == "apply"


def vmapped():
    x = torch.randn(4, 3, requires_grad=True)
    return None, lambda: torch.vmap(lambda row: row.exp().sum())(x).sum().backward()


def jagged():
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1))
    rows = torch.nested.nested_tensor([torch.randn(2, 3), torch.randn(4, 3)], layout=torch.jagged)
    return model, lambda: model(rows).values().sum().backward()


def compiled():
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU())
    return model, lambda: torch.compile(model, backend="eager")(torch.randn(2, 3)).sum().backward()


def reentrant():
    model, x = nn.Linear(3, 3), torch.randn(2, 3, requires_grad=True)
    return model, lambda: checkpoint(model, x, use_reentrant=True).sum().backward()


def sparse():
    model = nn.Embedding(9, 3, sparse=True)
    return model, lambda: model(torch.tensor([1, 2, 2])).sum().backward()


def complex_numbers():
    x = torch.randn(3, dtype=torch.complex64, requires_grad=True)
    return None, lambda: (x * x).abs().sum().backward()


def twice_differentiable():
    x = torch.randn(3, requires_grad=True)
    return None, lambda: torch.autograd.grad((x**3).sum(), x, create_graph=True)[0].sum().backward()


KINDS = [vmapped, jagged, compiled, reentrant, sparse, complex_numbers, twice_differentiable]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_nothing_is_wrong_with_programs_of_unusual_kinds_that_work(kind):
    model, program = kind()
    with graph.explain(model) as found:
        program()
    assert {finding.kind for finding in found.findings} <= {"note"}
    assert "could not be explained" not in found.text()
    assert found.backwards


def test_what_explain_itself_cannot_look_at_does_not_stop_the_program(monkeypatch):
    def broken(*args):
        raise LookupError("a fault of ours")

    module = importlib.import_module("tutor.graph.explain")
    monkeypatch.setattr(module, "before_backward", broken)
    x = torch.ones(2, requires_grad=True)
    with graph.explain() as found:
        (x * x).sum().backward()
    assert torch.equal(x.grad, torch.full((2,), 2.0))
    assert "could not be explained (LookupError: a fault of ours)" in found.text()


@pytest.mark.parametrize("scale", [1e-25, 1e-3, 1e25])
def test_the_norms_of_the_table_are_those_of_the_gradients_at_any_scale(scale):
    w = torch.randn(4, 3, requires_grad=True)
    with graph.explain(params={"w": w}) as found:
        (w * scale).sum().backward()
    (layer,) = found.layers
    assert layer.norm == pytest.approx(float(w.grad.double().norm()), rel=1e-5)


def test_leaves_that_the_block_never_touches_are_nobodys_concern_unless_they_were_named():
    w, other = torch.ones(3, requires_grad=True), torch.ones(2, requires_grad=True)
    with graph.explain() as found:
        (w * w).sum().backward()
    assert not found.wrong and found.checked == 1
    with graph.explain(params={"other": other}) as found:
        (w * w).sum().backward()
    assert found.sentence.startswith("`other` gets no gradient: the forward pass does not use")


def test_one_parameter_is_spoken_of_as_one():
    w1, w2 = torch.ones(3, requires_grad=True), torch.ones(3, requires_grad=True)
    with graph.explain() as found:
        their = torch.tensor(w1.tolist())
        (their * w2).sum().backward()
    assert "`w1` gets no gradient: its values left autograd" in found.sentence
    assert "`their = torch.tensor(w1.tolist())`" in found.sentence


def test_a_leaf_that_was_moved_is_told_by_the_word_that_moved_it():
    w = torch.ones(3, requires_grad=True).to(torch.float64)
    with graph.explain() as found:
        (w * w).sum().backward()
    assert "it was computed (to) from a leaf" in found.sentence


def test_a_state_that_starts_at_zero_is_no_gradient_that_dies():
    torch.manual_seed(0)
    cell, h = nn.RNNCell(1, 4), torch.zeros(2, 4)
    with graph.explain(cell) as found:
        for x in torch.randn(10, 2, 1):
            h = cell(x, h)
        h.sum().backward()
    assert not found.wrong


def test_the_same_line_is_not_said_twice():
    w, h = torch.ones(3, requires_grad=True), torch.ones(3)
    with pytest.raises(RuntimeError), graph.explain() as found:
        for _ in range(2):
            for _ in range(5):
                h = torch.tanh(w * h)
            h.sum().backward()
    assert found.text().count("freed: tanh") == 1


CELLS = """
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
for cell in ("import torch; from tutor import graph; w = torch.ones(3, requires_grad=True)",
             "with graph.explain() as e:\\n    h = w.exp()\\n    h += 1; h.sum()"):
    shell.run_cell(cell, store_history=True)
print(shell.user_ns["e"].sentence)
"""


def test_a_line_of_a_notebook_is_told_by_its_cell():
    done = subprocess.run([sys.executable, "-c", CELLS], capture_output=True, text=True, check=True)
    assert "line `h += 1; h.sum()` (In[2]:3)" in done.stdout


@pytest.mark.parametrize("set_by_hand", [True, False])
def test_a_gradient_that_is_cleared_after_its_update_is_not_missed(set_by_hand):
    w = torch.ones(3, requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=0.1)
    for updated in (False, True):
        with graph.explain() as found:
            (w * w).sum().backward()
            if updated:
                optimizer.step()
            if set_by_hand:
                w.grad = None
            else:
                optimizer.zero_grad()
        assert "was cleared since" in found.text()
        assert bool(found.wrong) is not updated


def test_squares_that_overflow_are_not_taken_for_the_infinity_that_comes_later():
    with graph.explain() as e:
        x = torch.full((100,), 1e25, requires_grad=True)
        large = x * 1e10
        (large * 1e10).sum().backward()
    assert "`(large * 1e10).sum().backward()`" in e.sentence
    assert "x * 1e10`" not in e.sentence


def test_what_a_device_has_to_be_asked_for_is_still_told_with_its_numbers(monkeypatch):
    monkeypatch.setattr(meter.Meter, "_far", lambda self, gradient: True)
    x = torch.cat([torch.zeros(1), torch.ones(99)]).requires_grad_()
    with graph.explain() as e:
        x.sqrt().sum().backward()
    assert "result = 0" in e.sentence
