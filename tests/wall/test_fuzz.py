"""Three hundred notebooks, each damaged in some way, are judged as one class: no row is lost, no answer made right."""

import ast
import contextlib
import csv
import io
import json
import random
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from tests.wall.tools import small_lesson
from tutor.builder import notebooks, submission
from tutor.cli import main
from tutor.errors import TutorError
from tutor.lessons import cells

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("fuzz")]

COUNT, SEED = 300, 20261130
ADD = "small.add"
BODIES = ("return a + b", "return b + a", "return a - b", "return a * b", "...", "return a", "return sum((a, b))")
ODD = (None, True, 0, -1, 1e308, "", "x", "\ud800", [], {}, [[]], {"a": [1]}, "metadata", 10**30)


def _cell(source):
    return {"cell_type": "code", "source": source, "metadata": {}, "outputs": [], "execution_count": None}


def _answer(draw, notebook):
    """Another answer, right or wrong."""
    place = next(c for c in notebook["cells"] if ADD in "".join(c["source"]))
    place["source"] = f'@exercise("{ADD}")\ndef add(a, b):\n    {draw.choice(BODIES)}'
    return notebook


def _places(data, path=()):
    """Every place in JSON data."""
    yield path
    for key in data if isinstance(data, dict) else range(len(data)) if isinstance(data, list) else ():
        yield from _places(data[key], (*path, key))


def structure(draw, notebook):
    """Put something odd in some place, or leave it out."""
    *path, last = draw.choice([p for p in _places(notebook) if p])
    place = notebook
    for key in path:
        place = place[key]
    if draw.random() < 0.3:
        del place[last]
    else:
        place[last] = draw.choice(ODD)
    return notebook


def metadata(draw, notebook):
    """Odd metadata, of the notebook and of a cell."""
    keys = ("tutor", "kernelspec", "language_info", "tags", "id", "jupytext", "nbgrader")
    for place in (notebook, draw.choice(notebook["cells"])):
        place["metadata"] = {key: draw.choice(ODD) for key in draw.sample(keys, 3)}
    return notebook


def bytes_of_a_cell(draw, notebook):
    """Single characters of a cell lost, doubled, or replaced."""
    place = draw.choice([c for c in notebook["cells"] if c["cell_type"] == "code"])
    text = list("".join(place["source"]))
    for _ in range(draw.randint(1, 4)):
        at = draw.randrange(len(text) or 1)
        text[at : at + draw.randint(0, 2)] = draw.choice(
            ["", "\0", "(", '"', "\n", "\ud800", " ", "é", "%", "@", "#", "\\"]
        )
    place["source"] = "".join(text)
    return notebook


class _Changed(ast.NodeTransformer):
    """Changes one node: an operator, a name, a constant, or a statement that goes."""

    def __init__(self, draw):
        self.draw = draw

    def visit(self, node):
        self.generic_visit(node)
        if self.draw.random() > 0.15:
            return node
        if isinstance(node, ast.BinOp):
            node.op = self.draw.choice([ast.Add(), ast.Sub(), ast.Mult(), ast.MatMult()])
        elif isinstance(node, ast.Name):
            node.id = self.draw.choice(["a", "b", "add", "c", "exercise"])
        elif isinstance(node, ast.Constant):
            node.value = self.draw.choice([0, 1.5, "x", ADD, None, ...])
        elif isinstance(node, ast.Return):
            return ast.Pass()
        return node


def tree_of_a_cell(draw, notebook):
    """A cell's syntax tree changed."""
    place = draw.choice([c for c in notebook["cells"] if c["cell_type"] == "code"])
    with contextlib.suppress(SyntaxError, ValueError):  # it was none, or is none now
        place["source"] = ast.unparse(_Changed(draw).visit(ast.parse("".join(place["source"]))))
    return notebook


def cells_moved(draw, notebook):
    """Cells lost, doubled and shuffled."""
    cells = notebook["cells"]
    for _ in range(draw.randint(1, 3)):
        at, how = draw.randrange(len(cells)), draw.choice(["lose", "double", "shuffle"])
        if how == "lose" and len(cells) > 1:
            del cells[at]
        elif how == "double":
            cells.insert(0, cells[at])
        else:
            draw.shuffle(cells)
    return notebook


def cells_added(draw, notebook):
    """Further cells that do harm, or say the same again."""
    extra = ("raise SystemExit", "import os; os._exit(0)", "%%bash\nls", "!ls", "add = None", "del exercise", "x = (")
    for _ in range(draw.randint(1, 3)):
        source = draw.choice([*extra, f'@exercise("{ADD}")\ndef add(a, b):\n    {draw.choice(BODIES)}'])
        notebook["cells"].insert(draw.randrange(len(notebook["cells"]) + 1), _cell(source))
    return notebook


def bytes_of_the_file(draw, notebook):
    """Bytes of the file lost or replaced."""
    data = bytearray(json.dumps(notebook).encode())
    for _ in range(draw.randint(1, 5)):
        at = draw.randrange(len(data))
        data[at : at + draw.randint(0, 3)] = draw.randbytes(draw.randint(0, 2))
    return bytes(data)


CHANGES = (structure, metadata, bytes_of_a_cell, tree_of_a_cell, cells_moved, cells_added, bytes_of_the_file)


def damaged(number, lesson):
    """The bytes of a notebook that was answered somehow and then damaged; the same for each number."""
    draw = random.Random(SEED + number)
    made = draw.choice([notebooks.student, notebooks.solved])(lesson)
    made = _answer(draw, json.loads(notebooks.as_bytes(made)))
    made = CHANGES[number % len(CHANGES)](draw, made)
    return made if isinstance(made, bytes) else json.dumps(made).encode()


def own_verdict(made, identifier):
    """What is said of the text of an answer here, without any wall."""
    known = made.lesson.exercises[identifier]
    number, part = made.places[identifier][-1]
    space = {"np": np, "numpy": np}
    if known.kind == "value":
        given = []
        space["check"] = lambda name, value: given.append(value)
        exec(cells.as_python(cells.text_of(made.sources[number], part)), space)
        return known.check(given[-1]).verdict
    node = ast.parse(made.definition(identifier).strip("\n")).body[0]
    node.decorator_list = []
    exec(ast.unparse(node), space)
    return known.check(space[node.name]).verdict


def test_every_damaged_notebook_gets_its_rows_and_none_is_right_by_it(tmp_path, use_lessons, behind, monkeypatch):
    (lesson,) = use_lessons(small_lesson(tmp_path / "lessons" / "small"))
    for number in range(COUNT):
        place = tmp_path / "class" / f"n{number:03d}" / "small.ipynb"
        place.parent.mkdir(parents=True)
        place.write_bytes(damaged(number, lesson))
    monkeypatch.chdir(tmp_path)
    options = ["--wall", "--csv", "--html", "s.html", "--record", "r.jsonl", "--cell-seconds", "10"]
    shown = CliRunner().invoke(main, ["check", "class", *options])
    assert isinstance(shown.exception, SystemExit | None), shown.exception
    rows, counts = {}, Counter()
    for row in csv.DictReader(io.StringIO(shown.stdout)):
        rows.setdefault(row["student"], []).append(row)
        counts[row["verdict"]] += 1
    assert len(rows) == COUNT and Path("s.html").exists() and len(Path("r.jsonl").read_text().splitlines()) == COUNT
    for student, told in rows.items():
        try:
            made = submission.read(tmp_path / "class" / student / "small.ipynb")
        except TutorError:
            assert [row["verdict"] for row in told] == ["unreadable"], told
            continue
        assert [row["exercise"] for row in told] == list(made.lesson.exercises), (student, told)
        for row in told:
            if row["verdict"] == "pass":
                assert own_verdict(made, row["exercise"]) == "pass", (student, row)
    assert counts["pass"] > 300 and min(counts[v] for v in ("wrong", "error", "todo", "missing", "unreadable")) > 5, (
        counts
    )
