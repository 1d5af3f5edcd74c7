"""`lend` behind the wall: what stands below has our solution, and what stands above keeps its verdict."""

import json
from pathlib import Path

import pytest

from tutor.builder import notebooks, submission, walled

SLOW = pytest.mark.slow
ADD = '@exercise("forms.add", of=Number)\ndef __add__(self, other):\n    return {}'
DOUBLE = '@exercise("forms.double", of=Number)\ndef double(self):\n    return self + self'
RIGHT, WRONG = "Number(self.value + other.value)", "Number(self.value - other.value)"
LEND = 'from tutor import lend\nlend("forms.add")'


@pytest.fixture
def written(tmp_path, forms):
    """Write the lesson of all forms with other cells in place of its first two exercises."""
    path = tmp_path / Path(forms.filename).name

    def write(*sources):
        notebook = json.loads(notebooks.as_bytes(notebooks.student(forms)))
        cells = notebook["cells"]
        where = [
            k for k, c in enumerate(cells) if any(f'"forms.{n}"' in "".join(c["source"]) for n in ("add", "double"))
        ]
        new = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
        cells[where[0] : where[-1] + 1] = [{**new, "source": text} for text in sources]
        path.write_text(json.dumps(notebook), encoding="utf-8")
        return path

    return write


@pytest.fixture
def judged(written, behind):
    """Judge such a notebook behind the wall; return the verdicts of the two, and all that is said."""

    def run(*sources):
        path = written(*sources)
        found = walled.Judge(behind, 5, 30.0).judge(path)
        return tuple(row.verdict for row in found.rows if row.exercise in ("forms.add", "forms.double")), found

    return run


def test_what_has_been_tried_is_not_tried_again_beside_a_solution(written):
    made = submission.read(written(ADD.format(WRONG), LEND, DOUBLE))
    assert set(made.asked) == {"forms.add", "forms.double"} and not any(RIGHT in text for text in made.texts())
    lending = made.lend()
    assert "lend(" in made.sources[lending] and set(made.asked) == {"forms.double"}
    assert any(RIGHT in text for text in made.texts()) and made.lend() == -1


@SLOW
@pytest.mark.parametrize(
    ("sources", "verdicts"),
    [
        ((ADD.format(WRONG), DOUBLE), ("wrong", "wrong")),
        ((ADD.format(WRONG), LEND, DOUBLE), ("wrong", "pass")),
        ((ADD.format(WRONG), 'import tutor\ntutor.lend(identifier="forms.add")', DOUBLE), ("wrong", "pass")),
        ((ADD.format(WRONG), DOUBLE, LEND), ("wrong", "wrong")),
        ((LEND, ADD.format(WRONG), DOUBLE), ("wrong", "wrong")),
        ((ADD.format(RIGHT), LEND, DOUBLE), ("pass", "pass")),
        ((ADD.format(WRONG), LEND, DOUBLE.replace("self + self", "1 / 0")), ("wrong", "error")),
        (
            (ADD.format(WRONG), LEND, "import ctypes\n" + DOUBLE.replace("self + self", "ctypes.string_at(0)")),
            ("wrong", "error"),
        ),
        ((ADD.format(WRONG), 'lend("forms.unknown")\nlend(3)\nlend()', DOUBLE), ("wrong", "wrong")),
    ],
)
def test_what_stands_below_a_call_of_lend_has_our_solution(judged, sources, verdicts):
    found, told = judged(*sources)
    assert found == verdicts, told.rows


@SLOW
def test_a_solution_that_was_lent_makes_no_answer_right(judged):
    """What comes in with the second run cannot be sent as the answer of the first."""
    take = """
from tutor.wall import inside
kept = inside.Notebook.observe
def observe(self, identifier, answer, owner, seconds):
    kept(self, identifier, answer, owner, seconds)
    kept(self, "forms.add", Number.__add__, Number, seconds)
inside.Notebook.observe = observe
"""
    found, told = judged(ADD.format(WRONG), LEND, take + DOUBLE)
    assert found[0] == "wrong", told.rows
