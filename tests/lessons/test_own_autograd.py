"""The engine of lesson 04, taken from the lesson's own text, judged by torch on random expressions."""

import functools
import itertools
import re

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tutor.lessons.own_autograd.arms import three_arms
from tutor.lessons.registry import HOME, Lesson

LESSON = Lesson("own_autograd", HOME / "own_autograd", 4)
ROWS, COLUMNS = 3, 4
SHAPES = [(ROWS, COLUMNS), (COLUMNS,), (ROWS, 1), (1, COLUMNS), (1, 1), ()]

ONE = {
    "exp": lambda t: (t * 0.1).exp(),
    "log": lambda t: (t * t + 1.0).log(),
    "relu": lambda t: t.relu(),
    "square": lambda t: t**2.0,
    "inverse": lambda t: 1.0 / (t * t + 0.5),
    "negative": lambda t: -t,
    "sum": lambda t: t.sum(),
    "shifted": lambda t: 2.0 - t * 3.0,
}
TWO = {
    "add": lambda s, t: s + t,
    "sub": lambda s, t: s - t,
    "mul": lambda s, t: s * t,
    "div": lambda s, t: s / (t * t + 0.5),
}


@functools.cache
def engine():
    """Everything that the lesson defines, with the solutions, as a reader has it at the end."""
    return LESSON.namespace(before="")


@st.composite
def programs(draw):
    """Leaves that broadcast together, and steps that combine any of the tensors so far, perhaps one twice."""
    shapes = draw(st.lists(st.sampled_from(SHAPES), min_size=2, max_size=4))
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    leaves = [rng.uniform(0.2, 1.2, shape) * rng.choice([-1.0, 1.0], shape) for shape in shapes]
    steps = []
    for count in range(len(leaves), len(leaves) + draw(st.integers(1, 8))):
        name = draw(st.sampled_from([*ONE, *TWO]))
        taken = [draw(st.integers(0, count - 1)) for _ in range(1 if name in ONE else 2)]
        steps.append((name, taken))
    return leaves, steps


def run(leaves, steps):
    """All results of a program, for either engine; the last is the sum over all of them.

    The factor 1 keeps torch's leaves apart: summed as they are, two leaves of no dimensions get one gradient to share
    (measured in torch 2.13), and a second backward adds to it twice.
    """
    made = list(leaves)
    for name, taken in steps:
        made.append({**ONE, **TWO}[name](*(made[k] for k in taken)))
    total = (made[-1] * 1.0).sum()
    for tensor in made[:-1]:
        total = total + (tensor * 1.0).sum()
    return [*made, total]


@settings(max_examples=200)
@given(programs())
def test_random_expressions_agree_with_torch_in_values_and_gradients(program):
    arrays, steps = program
    mine = [engine()["Tensor"](array.copy()) for array in arrays]
    theirs = [torch.tensor(array, requires_grad=True) for array in arrays]
    values, wanted = run(mine, steps), run(theirs, steps)
    assume(all(torch.isfinite(t).all() and t.abs().max() < 1e6 for t in wanted))
    for value, right in zip(values, wanted, strict=True):
        np.testing.assert_allclose(value.data, right.detach().numpy(), rtol=1e-10, atol=1e-10)
    for sweeps in (1, 2):
        values[-1].backward()
        wanted[-1].backward(retain_graph=True)
        for leaf, right in zip(mine, theirs, strict=True):
            assert leaf.grad.shape == leaf.data.shape
            scale = max(1.0, float(right.grad.abs().max()))
            np.testing.assert_allclose(leaf.grad / scale, right.grad.numpy() / scale, atol=1e-10, err_msg=f"{sweeps}")


@settings(max_examples=50)
@given(st.lists(st.integers(1, 5), min_size=3, max_size=5), st.integers(0, 2**32 - 1))
def test_chains_of_matrix_products_agree_with_torch(sizes, seed):
    rng = np.random.default_rng(seed)
    arrays = [rng.normal(size=shape) for shape in itertools.pairwise(sizes)]
    mine = [engine()["Tensor"](array) for array in arrays]
    theirs = [torch.tensor(array, requires_grad=True) for array in arrays]
    results = []
    for matrices in (mine, theirs):
        product = functools.reduce(lambda a, b: (a @ b).relu() + 0.1, matrices)
        results.append((product**2.0).sum())
        results[-1].backward()
    np.testing.assert_allclose(results[0].data, results[1].detach().numpy(), rtol=1e-10)
    for leaf, right in zip(mine, theirs, strict=True):
        np.testing.assert_allclose(leaf.grad, right.grad.numpy(), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("axis", [None, 0, 1, -1, (0, 1)])
def test_a_sum_over_any_axis_agrees_with_torch(axis):
    array = np.random.default_rng(0).normal(size=(ROWS, COLUMNS))
    mine, right = engine()["Tensor"](array), torch.tensor(array, requires_grad=True)
    (mine.sum(axis=axis) ** 2.0).sum().backward()
    (right.sum(dim=axis) ** 2.0).sum().backward()
    np.testing.assert_allclose(mine.grad, right.grad.numpy(), rtol=1e-12)


def test_arrays_and_numbers_may_stand_on_either_side():
    t = engine()["Tensor"]([2.0, 4.0])
    two = np.array([2.0, 2.0])
    for result, wanted in [
        (two * t, [4, 8]),
        (t * two, [4, 8]),
        (two + t, [4, 6]),
        (two - t, [0, -2]),
        (two / t, [1, 0.5]),
    ]:
        assert isinstance(result, engine()["Tensor"])
        np.testing.assert_allclose(result.data, wanted)


def test_the_engine_is_about_a_hundred_lines_and_has_its_whole_vocabulary():
    wanted = {"__add__", "__mul__", "__matmul__", "__pow__", "sum", "relu", "exp", "log", "backward"}
    assert wanted <= set(vars(engine()["Tensor"]))
    cells = [cell for cell in LESSON.cells if "reference" in cell.tags or cell.exercise_id]
    others = r"predict|mend|three.arms"
    sources = [cell.solved for cell in cells if not re.search(others, cell.exercise_id or cell.name or "")]
    lines = [line for source in sources for line in source.split("\n") if line.strip()]
    assert 80 <= len(lines) <= 140


METHODS = [i for i, known in LESSON.exercises.items() if known.kind == "method"]


@pytest.mark.parametrize("identifier", METHODS)
def test_a_method_is_judged_whatever_else_the_class_lacks(identifier):
    known = LESSON.exercises[identifier]
    method, owner = known.build(known.source)
    kept = {"__init__", "__array_ufunc__", "__doc__", "__module__", "__dict__", "__weakref__"}
    for name in set(vars(owner)) - kept:
        delattr(owner, name)
    assert known.check(method, of=owner).verdict == "pass"


@pytest.mark.parametrize("identifier", METHODS)
def test_a_method_is_judged_alike_on_a_class_that_is_complete(identifier):
    known, space = LESSON.exercises[identifier], LESSON.namespace(before="")
    for name, wrong in known.misconceptions.items():
        exec(wrong.apply(known.source), space)
        assert known.check(space[known.name], of=space["Tensor"]).misconception == name
    exec(known.source, space)
    assert known.check(space[known.name], of=space["Tensor"]).verdict == "pass"


def test_a_method_that_stands_on_a_broken_class_is_judged_on_its_own():
    space = LESSON.namespace(before="")
    for name in ("__add__", "sum", "backward", "relu"):
        setattr(space["Tensor"], name, None)
    for identifier in ("own_autograd.mul", "own_autograd.exp", "own_autograd.matmul"):
        known = LESSON.exercises[identifier]
        assert known.check(space["Tensor"].__dict__[known.name], of=space["Tensor"]).verdict == "pass"


def test_an_answer_that_asks_for_its_own_tensor_by_type_is_right_without_naming_its_class():
    known = LESSON.exercises["own_autograd.mul"]
    text = """def __mul__(self, other):
    assert isinstance(self, Tensor)
    other = other if isinstance(other, Tensor) else Tensor(other)
    return Tensor(self.data * other.data, (self, other), lambda grad: (grad * other.data, grad * self.data))
"""
    assert known.check(known.build(text)[0]).verdict == "pass"


# What a learner really wrote: exercise, text, and the misconception it has to be told (None: it is right).
MUTABLE_DEFAULT = """def topological_order(tensor, visited=set()):
    if tensor in visited:
        return []
    visited.add(tensor)
    return [t for parent in tensor.parents for t in topological_order(parent)] + [tensor]
"""
LIST_AS_DEFAULT = """def topological_order(tensor, order=[]):
    for parent in tensor.parents:
        if parent not in order:
            topological_order(parent)
    order.append(tensor)
    return order
"""
DUPLICATES_DROPPED = """def topological_order(tensor):
    found = [t for parent in tensor.parents for t in topological_order(parent)] + [tensor]
    return list(dict.fromkeys(found))
"""
PATHS = """def backward(self):
    def go(t, grad):
        t.grad = grad if t.grad is None else t.grad + grad
        for parent, share in zip(t.parents, t.vjp(grad)):
            go(parent, unbroadcast(share, parent.data.shape))
    go(self, np.ones_like(self.data))
"""
PATHS_RESET = """def backward(self):
    for t in topological_order(self):
        if t.parents:
            t.grad = None
""" + PATHS.partition("\n")[2]
NONE_LEFT = """def backward(self):
    order = topological_order(self)
    for t in order:
        if t.parents:
            t.grad = np.zeros(t.data.shape)
    self.grad = np.ones(self.data.shape)
    for t in order[::-1]:
        for p, g in zip(t.parents, t.vjp(t.grad)):
            p.grad = p.grad + unbroadcast(g, p.data.shape)
"""
NONE_HANDLED = NONE_LEFT.replace("if t.parents:", "if t.parents or t.grad is None:")
WRITTEN = [
    ("topological_order", MUTABLE_DEFAULT, "remembers-earlier-calls"),
    ("topological_order", LIST_AS_DEFAULT, "remembers-earlier-calls"),
    ("topological_order", DUPLICATES_DROPPED, "walks-again"),
    ("topological_order", DUPLICATES_DROPPED.replace("list(dict.fromkeys(found))", "found"), "no-memory"),
    ("backward", PATHS, "every-path-piling-up"),
    ("backward", PATHS_RESET, "every-path"),
    ("backward", NONE_LEFT, "adds-to-none"),
    ("backward", NONE_HANDLED, None),
    ("backward", NONE_HANDLED.replace("p.data.shape", "t.data.shape"), "shape-of-the-result"),
    ("backward", NONE_HANDLED.replace("(g, p.data.shape)", "(g, p)"), "tensor-for-shape"),
    ("backward", NONE_HANDLED.replace("order[::-1]", "reversed(order[:-1])"), "loss-left-out"),
    ("backward", NONE_HANDLED.replace("order[::-1]", "order"), "forwards"),
    (
        "mul",
        "def __mul__(self, other):\n    return Tensor(other * self, (self, other), lambda g: (g, g))\n",
        "calls-itself",
    ),
    (
        "matmul",
        "def __matmul__(self, other):\n    out = self @ other\n    return Tensor(out, (self, other))\n",
        "calls-itself",
    ),
    ("exp", "def exp(self):\n    return Tensor(np.exp(self), (self,), lambda g: (g,))\n", "tensor-for-array"),
]


@pytest.mark.parametrize(("name", "text", "misconception"), WRITTEN)
def test_what_readers_write_is_told_its_cause(name, text, misconception):
    known = LESSON.exercises[f"own_autograd.{name}"]
    report = known.check(known.build(text)[0])
    assert (report.misconception, report.verdict == "pass") == (misconception, misconception is None), report.message


def test_an_order_with_a_memory_of_earlier_calls_is_told_so_in_every_check():
    known = LESSON.exercises["own_autograd.topological_order"]
    answer = known.build(LIST_AS_DEFAULT)[0]
    for _ in range(2):
        assert known.check(answer).misconception == "remembers-earlier-calls"


def test_a_walk_along_every_path_is_stopped_early():
    known = LESSON.exercises["own_autograd.topological_order"]
    assert known.check(known.build(DUPLICATES_DROPPED)[0]).verdict == "wrong"  # not "slow"


THREE_ARMS = LESSON.exercises["own_autograd.three_arms"]


def test_the_judge_of_three_arms_has_the_points_of_the_lesson():
    for ours, lessons in zip(three_arms(0), engine()["three_arms"](0), strict=True):
        assert np.array_equal(ours, lessons)


def test_the_engine_is_as_it_was_after_a_program_was_watched():
    space = LESSON.namespace(before="own_autograd.three_arms")
    before = space["Tensor"].backward
    report, bound = THREE_ARMS.run(THREE_ARMS.source, names=space)
    assert report.verdict == "pass" and space["Tensor"].backward is before
    assert [w.grad for w in bound["weights"]] == [None] * 4 and all(w.data.any() for w in bound["weights"])
    assert "name 'Tensor' is not defined" in THREE_ARMS.run(THREE_ARMS.source, names={"np": np, **points()})[0].message


def points():
    learn_x, learn_y = three_arms(0)
    return {"learn_x": learn_x, "learn_y": learn_y}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ((("scores(learn_x)", "scores(given)"), ("losses = []", "losses, given = [], Tensor(learn_x)")), None),
        ((("losses = []", "losses = []\nTensor.twice = lambda self: self * 2.0"),), None),
        ((("    loss.backward()", "    loss.backward()\n    loss.backward()"),), "other-losses"),
        ((("w.grad = None", "w.grad *= 0.999"),), "uncleared"),
        ((("np.zeros(32)", "np.zeros(32) + np.nan"),), "diverged"),
        ((("predict(x):", "predict(x, _=np.random.seed(3)):"),), None),
        ((("scores(x).data.argmax(axis=1)", "np.zeros(len(x))"),), "one-arm"),
        ((("scores(x).data.argmax(axis=1)", "scores(x).data.argmax(axis=1).tolist()"),), None),
        ((("losses = []", "from torch import tensor\nlosses = []"),), "borrowed"),
        (
            (
                ("weights = [w1, b1, w2, b2]", "weights = [w1, b1, w2, b2, Tensor([1.0] * 7)]"),
                ("in weights:", "in weights[:4]:"),
            ),
            "unmoved",
        ),
    ],
)
def test_what_three_arms_is_told(changes, told):
    text = THREE_ARMS.source
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    report = THREE_ARMS.check(text)
    assert (report.misconception, report.verdict) == (told, "wrong" if told else "pass"), report.message
