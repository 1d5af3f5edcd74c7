"""The one parser of exercise cells knows every form in which readers leave them."""

import pytest

from tutor.builder import notebooks
from tutor.lessons import cells
from tutor.lessons.cells import BARE, BROKEN, COMMENT, WHOLE, locate, parse
from tutor.lessons.registry import series

F = '@exercise("l.f")\ndef f(x):\n    """Doc."""\n    ...'
G = '# Exercise: hard, about 10 minutes\n@exercise("l.g")\ndef g(x):\n    ...'
M = '@exercise("l.m", of=Tensor)\ndef add(self, other):\n    ...'
V = 'n = ...\nn = check("l.n", n)'
C = """@exercise("l.c")
class C(Base):
    def __init__(self):
        super().__init__()
        ...

    def go(self):
        ..."""
ASKED = {"l.f": F, "l.g": G, "l.m": M, "l.n": V, "l.c": C}
DONE = F.replace("...", "return x + 1")


def found(source):
    """(id, form, to do, the lines) of every exercise in a cell."""
    return [(p.identifier, p.form, p.todo, cells.text_of(source, p)) for p in parse(source, ASKED)]


@pytest.mark.parametrize("lesson", series(), ids=lambda lesson: lesson.name)
@pytest.mark.parametrize("form", ["student", "solved"])
def test_every_exercise_of_the_series_is_found_once_and_is_to_do_as_shipped_alone(lesson, form):
    notebook = getattr(notebooks, form)(lesson)
    sources = [notebooks.source_of(c) if c["cell_type"] == "code" else "" for c in notebook["cells"]]
    places = locate(sources, lesson.stubs)
    assert list(places) == list(lesson.exercises)
    for identifier, [(number, part)] in places.items():
        known = lesson.exercises[identifier]
        assert (part.kind, part.name, part.owner) == (known.kind, known.name, known.owner)
        assert (part.form, part.todo) == (WHOLE, form == "student")
        assert cells.text_of(sources[number], part) == sources[number]


def test_two_exercises_in_one_cell_have_their_own_lines():
    source = f"import numpy\n{DONE}\n\n\ndef helper():\n    pass\n\n{G}\n{V}\nprint(n)"
    assert found(source) == [("l.f", WHOLE, False, DONE), ("l.g", WHOLE, True, G), ("l.n", WHOLE, True, V)]
    assert cells.without(source, parse(source)) == "import numpy\n\n\ndef helper():\n    pass\n\nprint(n)"


def test_replacing_one_exercise_leaves_every_other_line():
    source = f"import numpy\n{DONE}\n{G}\nprint(1)"
    assert cells.replaced(source, parse(source, ASKED)[0], F) == f"import numpy\n{F}\n{G}\nprint(1)"


@pytest.mark.parametrize(
    "source",
    [
        DONE.replace("@exercise", "@tutor.exercise"),
        DONE.replace("@exercise", "@ex"),
        DONE.replace('"l.f"', "'l.f'"),
        DONE.replace('"l.f"', '\n    "l.f",\n    seconds=20,\n'),
        DONE.replace('"l.f"', 'identifier="l.f"'),
        DONE.replace("\n", "\r\n"),
        DONE.replace('@exercise("l.f")', '@exercise("l.f")\n@torch.no_grad()'),
        "%%time\n" + DONE,
        "\n%%capture out\n" + DONE,
        DONE.replace("    return", "    %time x = 1\n    !ls \\\n  -l\n    files = !ls\n    return"),
        "%matplotlib inline\n?f\nf??\n" + DONE,
        "if True:\n" + "\n".join("    " + line for line in DONE.split("\n")),
        DONE + "\nshow(f('%d' % 3))\nhint('l.f')",
        DONE + "\ntorch.sum(\n",
        "x = = 3\n" + DONE,
    ],
)
def test_an_answer_is_found_however_it_is_written(source):
    (part,) = parse(source, ASKED)
    assert (part.identifier, part.kind, part.name, part.form, part.todo) == ("l.f", "function", "f", WHOLE, False)
    assert "return x + 1" in cells.text_of(source, part)


@pytest.mark.parametrize(
    ("source", "todo"),
    [
        ("n = ...\nn = check('l.n', n)", True),
        ("n = 4\nn = tutor.check('l.n', n)", False),
        ("n: tuple = (1, 2)\nn: tuple = check('l.n', n)", False),
        ("n: tuple = ...\nn: tuple = check('l.n', n)", True),
        ("n = check('l.n', ...)", True),
        ("n = check('l.n', 4)", False),
        ("n = ...\nn = 4\nn = check('l.n', n)", False),
        ("n = ...\ncheck('l.n', n)", True),
        ("n = (\n    3,\n    x[..., 0],\n)\nprint(n)\nn = check('l.n', n)", False),
        ("%%time\nn = 4\nn = check('l.n', n)", False),
    ],
)
def test_a_value_is_found_with_the_lines_that_compute_it(source, todo):
    (part,) = parse("import numpy\na = 3\n" * (not source.startswith("%%")) + source, ASKED)
    assert (part.identifier, part.kind, part.name, part.todo) == ("l.n", "value", "n", todo)
    assert cells.text_of("import numpy\na = 3\n" + source, part) == source or source.startswith("%%")


@pytest.mark.parametrize(
    "source",
    [
        "x = 1",
        "# @exercise('l.unknown')",
        'print("@exercise(no)")',
        "hint('l.f')\nsolution('l.f')\nlend('l.f')",
        f"%%writefile answer.py\n{DONE}",
        "def check(x):\n    return exercise",
        "\0",
        "'\ud83d",
        "(" * 500,
    ],
)
def test_what_is_no_exercise_is_none(source):
    assert parse(source, ASKED) == ()


def test_a_cell_that_is_not_python_is_still_found_for_its_exercise():
    broken = DONE.replace("x + 1", "(x + 1")
    assert found(f"import numpy\n{broken}") == [("l.f", BROKEN, False, broken)]
    assert found(f"{broken}\n\n{G}") == [("l.f", BROKEN, False, broken), ("l.g", WHOLE, True, G)]
    assert found("n = = 4\nn = check('l.n', n)")[0][:3] == ("l.n", WHOLE, False)
    assert found("n = check('l.n', (4)")[0][:3] == ("l.n", BROKEN, False)


def test_a_lost_decorator_is_no_loss_where_no_cell_carries_the_exercise():
    bare = DONE.removeprefix('@exercise("l.f")\n')
    assert found(bare) == [("l.f", BARE, False, bare)]
    assert cells.decorated(bare, parse(bare, ASKED)[0]) == DONE
    method = M.removeprefix('@exercise("l.m", of=Tensor)\n').replace("...", "return 1")
    assert cells.decorated(method, parse(method, ASKED)[0]).startswith('@exercise("l.m", of=Tensor)\ndef add')
    assert [n for n, _ in locate([bare, "x = 1"], ASKED)["l.f"]] == [0]
    assert [n for n, _ in locate([bare, DONE], ASKED)["l.f"]] == [1], "the reader's experiment"
    assert found(bare.replace("def f(x)", "class f")) == [], "a class is no answer where a function is asked for"
    assert found(bare.replace("x + 1", "(x"))[0][:3] == ("l.f", BARE, False)


def test_a_decorator_in_one_cell_and_its_definition_in_the_next_are_one_answer():
    alone, rest = DONE.split("\n", 1)
    places = locate([alone, "y = 1", rest, rest], ASKED)["l.f"]
    assert [(n, part.form) for n, part in places] == [(0, BROKEN), (2, BARE)]


@pytest.mark.parametrize(("value", "todo"), [("...", True), ("(100, 1000)", False)])
def test_a_value_may_be_computed_in_a_cell_above_the_one_that_checks_it(value, todo):
    sources = ["n = 1", f"n = {value}", "m = 2", 'n = check("l.n", n)']
    assert [(n, part.todo) for n, part in locate(sources, ASKED)["l.n"]] == [(3, todo)]


def test_an_exercise_that_is_commented_out_is_still_there():
    commented = "\n".join("# " + line for line in DONE.split("\n"))
    assert found(f"{commented}\n{G}") == [("l.f", COMMENT, False, commented), ("l.g", WHOLE, True, G)]
    assert found(f"{commented}\n{DONE}") == [("l.f", WHOLE, False, DONE)], "an old attempt above the answer"
    assert [n for n, _ in locate([commented, DONE], ASKED)["l.f"]] == [1]
    value = "#n = 4\n#n = check('l.n', n)"
    assert found(f"print(1)\n{value}") == [("l.n", COMMENT, False, value)]


@pytest.mark.parametrize(
    "body",
    [
        "return x[..., 0]",
        "pass",
        "return None",
        "raise NotImplementedError",
        "return x\n    ...",
        "if False: ...\n    return x",
        "y = ...\n    return x[y, 0]",
        "return ...",
        "for i in x:\n        ...",
    ],
)
def test_dots_in_an_answer_are_part_of_the_answer(body):
    (part,) = parse(F.replace("...", body), ASKED)
    assert not part.todo and part.unwritten == ()


def test_a_body_of_dots_is_to_do_whatever_its_docstring_says():
    for source in (
        F,
        F.replace("Doc.", "My notes."),
        F.replace('    """Doc."""\n', ""),
        F + "\n    ...",
        "%%time\n" + F,
    ):
        assert parse(source, ASKED)[0].todo and parse(source)[0].todo


def test_a_class_is_to_do_until_one_method_is_written_and_then_told_what_is_left():
    assert parse(C, ASKED)[0].todo
    (part,) = parse(C.replace("go(self):\n        ...", "go(self):\n        return 1"), ASKED)
    assert not part.todo and part.unwritten == ("__init__",)
    (part,) = parse(C.replace("        ...\n\n", "        self.x = 1\n\n"), ASKED)
    assert not part.todo and part.unwritten == ("go",)


def test_a_stub_that_is_more_than_dots_is_to_do_as_it_was_shipped():
    stub = '@exercise("l.s")\ndef s(x):\n    """Doc."""\n    a = ...\n    b = ...\n    return a, b'
    asked = {"l.s": stub}
    assert parse(stub, asked)[0].todo and parse(stub.replace("Doc.", "Mine."), asked)[0].todo
    (part,) = parse(stub.replace("a = ...", "a = (3, ...)"), asked)
    assert not part.todo and part.unwritten == ("b",)


P = '# Exercise: hard, about 30 minutes\nprogram("l.p")\n\n...'


@pytest.mark.parametrize(
    ("source", "todo"),
    [
        (P, True),
        ('program("l.p")', True),
        ('program("l.p", seconds=100)\n# a thought\n\n', True),
        ('%%time\nprogram("l.p")\n\n...', True),
        (P.replace("...", "model = 1\n\n# and\nlosses = []"), False),
        (P.replace("...", "%matplotlib inline\nmodel = 1"), False),
        (P.replace("...", "def f():\n    ..."), False),
    ],
)
def test_a_program_is_all_that_stands_below_its_call(source, todo):
    (part,) = parse(source, {"l.p": P})
    assert (part.kind, part.form, part.todo) == ("program", WHOLE, todo)
    assert cells.text_of(source, part) == source.removeprefix("%%time\n").rstrip("\n")
    assert cells.replaced(source, part, P).removeprefix("%%time\n").rstrip("\n") == P


def test_a_program_ends_where_another_exercise_begins():
    source = f'import torch\nprogram("l.p")\na = 1\n\n{G}\nprogram("l.q")\nb = 2'
    told = {part.identifier: cells.text_of(source, part) for part in parse(source, {"l.p": P, **ASKED})}
    assert told == {"l.p": 'program("l.p")\na = 1', "l.g": G, "l.q": 'program("l.q")\nb = 2'}
    assert cells.program_text(source, parse(source)[0]) == "a = 1"


def test_a_program_that_is_no_python_or_is_commented_out_is_found():
    (broken,) = parse(P.replace("...", "for k in range(3)\n    pass"), {"l.p": P})
    assert (broken.kind, broken.form, broken.todo) == ("program", BROKEN, False)
    (comment,) = parse('# program("l.p")\n# a = 1', {"l.p": P})
    assert (comment.kind, comment.form) == ("program", COMMENT)
