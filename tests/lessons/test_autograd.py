"""What lesson 05's own proof does not reach: a switch that is put back, and drawings without Graphviz."""

import pytest
import torch

from tutor import graph, plots
from tutor.lessons.registry import HOME, Lesson


@pytest.fixture
def exercises():
    return Lesson("autograd", HOME / "autograd", 5).exercises


@pytest.mark.parametrize("switched_on", [False, True])
def test_a_check_that_fills_fresh_memory_puts_torch_s_switch_back(exercises, switched_on):
    before = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(switched_on)
    try:
        exercises["autograd.jacobian"].check(lambda y, x: torch.empty(2, 3))
        assert torch.are_deterministic_algorithms_enabled() is switched_on
    finally:
        torch.use_deterministic_algorithms(before)


def test_a_gradient_that_nobody_filled_is_told_even_where_memory_would_hold_the_right_numbers(exercises):
    def by_luck(x, w, measure):
        y_pred = x.mm(w)
        right = 2 * torch.from_numpy(measure(y_pred.detach().numpy()))
        del right  # its memory is free now, and often the next tensor's
        y_pred.backward(torch.empty_like(y_pred))
        return w.grad

    assert exercises["autograd.outside_gradient"].check(by_luck).misconception == "uninitialised"


def changed(exercises, name, *pairs):
    """The report on the solution with some texts replaced."""
    exercise = exercises[f"autograd.{name}"]
    source = exercise.source
    for old, new in pairs:
        assert old in source
        source = source.replace(old, new)
    return exercise.check(exercise.build(source)[0])


UPDATE, CLEAR = "p -= learning_rate * p.grad", "            p.grad = None\n"
WITH_ITS_GRAPH = ("return loss.item()", "return loss")


@pytest.mark.parametrize(
    ("mistake", "name"), [((CLEAR, ""), "never-cleared"), (("p -= ", "p += "), "uphill"), (None, "loss-with-its-graph")]
)
def test_a_loss_with_its_graph_does_not_hide_a_wrong_step(exercises, mistake, name):
    report = changed(exercises, "sine_step", WITH_ITS_GRAPH, *([mistake] if mistake else []))
    assert report.misconception == name


@pytest.mark.parametrize("update", ["p.sub(learning_rate * p.grad)", "p = p - learning_rate * p.grad"])
def test_an_update_that_writes_nothing_is_not_told_that_gradients_were_cleared_too_early(exercises, update):
    assert changed(exercises, "sine_step", (UPDATE, update)).misconception == "new-tensors"


def test_a_step_that_switches_requires_grad_off_is_told_so(exercises):
    report = changed(exercises, "sine_step", (CLEAR, "            p.requires_grad = False\n"))
    assert report.verdict == "error" and "leave `requires_grad` as it is" in report.message


def test_two_leaves_that_hold_the_same_numbers_are_two(exercises):
    known = "any(node.variable.shape == t.shape and bool((node.variable == t).all()) for t in found)"
    merged = changed(
        exercises, "leaves", ('if hasattr(node, "variable"):', f'if hasattr(node, "variable") and not {known}:')
    )
    assert merged.verdict == "wrong"


@pytest.mark.parametrize("place", ["waiting.pop()", "waiting.pop(0)"])
def test_a_walk_that_ends_at_its_first_leaf_is_told_apart_from_one_that_takes_a_single_step(exercises, place):
    report = changed(
        exercises, "leaves", ("waiting.pop()", place), ("found.append(node.variable)", "return [node.variable]")
    )
    assert report.misconception == "stops-at-the-first"


@pytest.mark.parametrize("name", ["requires_gradient", "requires_grad_"])
def test_an_attribute_of_the_reader_s_own_is_named(exercises, name):
    report = changed(exercises, "set_trainable", ("w.requires_grad_(trainable)", f"w.{name} = trainable"))
    assert report.verdict == "error" and f"`{name}`" in report.message


def test_the_drawings_of_torchviz_appear_without_graphviz_too(monkeypatch):
    monkeypatch.setenv("PATH", "")
    w = torch.ones(2, requires_grad=True)
    with pytest.warns(UserWarning, match="tutor.graph instead of torchviz"):
        shown = plots.drawing(graph.make_dot((w * w).sum(), params={"w": w}), alt="the graph")
    assert "<img alt=" in shown.html()


def test_zero_rows_that_no_zero_caused_are_not_blamed_on_one_alone(exercises):
    report = exercises["autograd.jacobian"].check(lambda y, x: torch.autograd.functional.jacobian(lambda x: y, x))
    assert report.misconception == "rows-emptied" and "no way from `x` to `y`" in report.message


def test_what_arrives_in_the_shape_of_x_is_told_which_shape_it_needs(exercises):
    report = changed(exercises, "jacobian", ("y.backward(direction", "y.backward(torch.ones(len(x) + len(y))"))
    assert report.verdict == "error" and "has the shape of `y`" in report.message


def test_a_walk_that_takes_nodes_for_tensors_is_told_what_it_holds(exercises):
    report = changed(exercises, "leaves", ('hasattr(node, "variable")', "node.is_leaf"))
    assert report.verdict == "error" and "you hold nodes" in report.message


def test_a_coefficient_whose_gradient_alone_was_kept_is_named(exercises):
    forgotten = (CLEAR, "            p.grad = None if p is not b else p.grad\n")
    report = changed(exercises, "sine_step", forgotten)
    assert report.verdict == "error" and "b still hold a gradient" in report.message


def test_question_2_counts_operations_and_arrows_rightly():
    w = torch.ones(2, requires_grad=True)
    drawn = graph.trace((w * torch.ones(2) + w) * w)
    (leaf,) = (node for node in drawn.nodes if node.is_leaf)
    assert len(drawn.nodes) - 1 == 3 and sum(edge.target == leaf.id for edge in drawn.edges) == 3


def test_question_4_says_rightly_which_loss_still_learns_from_the_worst_mistake():
    functional, arrived = torch.nn.functional, []
    for loss in (
        functional.binary_cross_entropy_with_logits,
        lambda z, y: functional.binary_cross_entropy(torch.sigmoid(z), y),
    ):
        z = torch.tensor([200.0], requires_grad=True)
        loss(z, torch.zeros(1)).backward()
        arrived.append(z.grad.item())
    assert arrived == [1.0, 0.0]


def test_question_7_says_rightly_which_of_two_in_place_changes_fails():
    x = torch.ones(3, requires_grad=True)
    s, c = x.sigmoid(), x.cos()
    s *= 2
    c *= 2
    c.sum().backward()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        s.sum().backward()


def test_question_8_says_rightly_what_torch_func_gives():
    x, arriving = torch.arange(4.0), torch.ones(3)

    def f(x):
        return x[:3] * x[3]

    with pytest.raises(RuntimeError, match="scalar"):
        torch.func.grad(f)(x)
    assert torch.func.jacrev(f)(x).shape == (3, 4) and torch.func.vjp(f, x)[1](arriving)[0].shape == (4,)


BROKEN = {
    "broken-1": ("no gradient", "`w1` gets no gradient", "cut by detach(), line broken-1.py:3"),
    "broken-2": ("no gradient", "`w1` is not a leaf", "(mul)"),
    "broken-3": ("changed in place", "`h` was changed in place after tanh and matmul", "by line broken-3.py:7"),
    "broken-4": ("a second time", "from an earlier step, through `penalty`", "line broken-4.py:6"),
    "mended-4": (None, "Nothing wrong was found: 2 parameters looked at"),
}


def test_the_four_broken_programs_are_told_by_their_causes():
    cells = {cell.name: cell.solved for cell in Lesson("autograd", HOME / "autograd", 5).cells}
    space = {}
    for name in ("imports", "broken-data", *BROKEN):
        exec(compile(cells[name], f"{name}.py", "exec"), space)
        if name in BROKEN:
            kind, *words = BROKEN[name]
            found = space["found"]
            assert (found.wrong[0].kind if found.wrong else None) == kind
            assert all(part in found.sentence for part in words), found.sentence


SUM = "torch.stack(losses).sum()"
ALL = f"{SUM} + penalty * (w**2).sum()"


@pytest.mark.filterwarnings("ignore:Converting a tensor with requires_grad=True")
@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        (SUM, "torch.tensor(losses, requires_grad=True).sum()", "unmended"),
        (SUM, "torch.tensor(losses).requires_grad_().sum()", "unmended"),
        (SUM, "sum(loss.item() for loss in losses)", "unmended"),
        (SUM, "torch.stack([loss.detach() for loss in losses]).sum()", "unmended"),
        (SUM, "sum(losses) / len(losses)", "mean-of-the-losses"),
        (ALL, "sum(loss + penalty * (w**2).sum() for loss in losses)", "penalty-in-every-group"),
        (ALL, "torch.tensor(losses).sum() + penalty * (w**2).sum().item()", "total-is-a-number"),
        (
            ALL,
            "(torch.tensor(losses).sum() + penalty * w.detach() @ w.detach()).requires_grad_()",
            "total-is-a-new-leaf",
        ),
    ],
)
def test_a_total_that_was_cut_off_is_told_so_whatever_hides_it(exercises, old, new, name):
    assert changed(exercises, "mend_total", (old, new)).misconception == name


def test_a_total_that_keeps_its_graph_for_later_is_still_cut_off(exercises):
    pairs = (SUM, "torch.tensor(losses).sum()"), ("total.backward()", "total.backward(retain_graph=True)")
    assert changed(exercises, "mend_total", *pairs).misconception == "unmended"


@pytest.mark.parametrize(
    "right", ["sum(losses)", "torch.hstack(losses).sum()", "torch.cat([v[None] for v in losses]).sum()"]
)
def test_losses_may_be_joined_in_any_way_that_keeps_their_graphs(exercises, right):
    assert changed(exercises, "mend_total", (SUM, right)).verdict == "pass"
