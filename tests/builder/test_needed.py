"""Which cells have to run for some of them: what they need is there, and nothing that takes time for nothing."""

import pytest

from tutor.builder import notebooks
from tutor.builder.needed import names_of, needed
from tutor.lessons import cells
from tutor.lessons.registry import series

IMPORTS = "import torch\nfrom torch import nn"


def kept(*sources):
    """The cells that are kept for the last one, without it."""
    return needed(sources, [len(sources) - 1])[:-1]


@pytest.mark.parametrize(
    ("cells", "wanted"),
    [
        ((IMPORTS, "print(torch.ones(1))", "def f(): return torch.ones(1)"), [0]),
        (("x = 1", "x = 2", "def f(): return x"), [1]),
        (("x = 1", "x = x + 1", "def f(): return x"), [0, 1]),
        (("x = 1", "x += 1", "def f(): return x"), [0, 1]),
        (("x = 1", "if x: x = 2", "def f(): return x"), [0, 1]),
        (("x = []", "x.append(1)", "print(x)", "f = lambda: x"), [0, 1]),
        (("x = []", "x[0] = 1", "y = 3", "f = lambda: x"), [0, 1]),
        (("class A: pass", "A.name = 1", "A.name", "def f(): return A()"), [0, 1]),
        (("class A: pass", "setattr(A, 'b', 1)", "def f(): return A()"), [0, 1]),
        (("class A: pass", "@exercise('x.y', of=A)\ndef b(self): return helper", "helper = 1", "f = A().b"), [0, 1, 2]),
        (("def g(): return h()", "def h(): return 1", "def f(): return g()"), [0, 1]),
        (("h = 1", "def g(): return h", "h = 2", "def f(): return g()"), [0, 1, 2]),
        (("from math import *", "x = 1", "def f(): return pi"), [0]),
        (("x = 1", "def f(x): return x.y()"), []),
        (("x = 1", "x = 2\nprint(x)\ndef f(): pass"), []),
        (("x = 1", "for x in range(3): pass", "print(x)"), [0, 1]),
        (("x = 1", "def f(:", "f = x"), [0]),
        (("class A: pass", "A.b, A.c = 1, 2", "[A.d, *A.e[0]] = 1, 2", "f = A.b"), [0, 1, 2]),
        (("a = b = [0]", "a[0], c = 1, 2", "f = a"), [0, 1]),
        (("loss = 1", "for k in range(3):\n    loss = k\n    loss.backward()\nprint(loss)"), []),
        (("loss = 1", "for k in range(3):\n    print(loss)\n    loss = k"), [0]),
        (("loss = 1", "for k in range(loss):\n    loss = k"), [0]),
        (("k = 1", "while k: k = 0"), [0]),
        (("x = 1", "if True:\n    x = 2\nprint(x)"), [0]),
        (("x = 1", "if True:\n    x = 2\n    print(x)"), []),
        (("x = 1", "with open('a') as x:\n    y = x\nprint(x, y)"), []),
        (("w = 1", "w = 2\ndef f(): return w\nf()"), []),
        (("w = 1", "def f(): return w", "w = 2\nf()"), [0, 1]),
        (("def make():\n    global made\n    made = 1", "make()", "f = made"), [0]),
        (("import torch", "torch.manual_seed(0)", "f = torch.ones"), [0]),
        (("model = 1", "def step(model):\n    model.train()"), []),
    ],
)
def test_what_is_needed_is_kept_and_nothing_else(cells, wanted):
    assert kept(*cells) == wanted


def test_what_is_no_python_is_kept_where_it_counts():
    assert names_of("def f(:") is None
    assert needed(("def f(:", "x = 1"), [0]) == [0]


@pytest.mark.parametrize("lesson", series(), ids=lambda lesson: lesson.name)
def test_of_a_solved_lesson_hardly_more_is_run_than_its_exercises(lesson):
    found = notebooks.solved(lesson)["cells"]
    sources = [notebooks.source_of(c) if c["cell_type"] == "code" else "" for c in found]
    places = cells.locate(sources, lesson.stubs)
    roots = {where[-1][0] for where in places.values()}
    run = needed(sources, roots)
    assert set(roots) < set(run) and len(run) <= len(roots) + 7, [sources[n][:60] for n in run if n not in roots]
