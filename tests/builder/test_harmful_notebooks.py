"""Harmful answers in `tutor check`: each gets its verdict, costs only itself, and reaches no reader's file."""

import json

import pytest

from tests.checking.harmful import BANK
from tutor.builder import judge, notebooks

pytestmark = pytest.mark.slow
LIMIT = 2.0


@pytest.mark.parametrize("harmful", BANK, ids=lambda h: h.name)
def test_an_answer_gets_its_verdict_and_the_rest_of_the_notebook_goes_on(harmful, make_lesson, tmp_path, monkeypatch):
    lesson = make_lesson(data=[("minutes=1", f"minutes=1, seconds={LIMIT}")])
    work = tmp_path / "work"
    work.mkdir()
    (work / "keep.txt").write_text("a reader's file")
    monkeypatch.chdir(work)
    notebook = notebooks.student(lesson)
    lines = "\n".join("    " + line for line in harmful.body.split("\n"))
    notebook["cells"][2]["source"] = f'@exercise("small.add")\ndef add(a, b):\n{lines}\n'
    notebook["cells"][1]["source"] += ["\nimport torch"]  # its import is not what is timed
    notebook["cells"][3]["source"] = 'open("ran.txt", "w").write("x")\nprint("the rest ran")\n1 / 0'
    path = work / lesson.filename
    path.write_text(json.dumps(notebook), encoding="utf-8")
    found = judge.judge(path)
    (row,) = found.rows
    assert row.verdict == harmful.command, found
    # the guard has ended it, at the exercise's own limit, not the limit of a cell, which only a hang reaches
    assert "The cell did not end" not in row.message
    if row.verdict == "slow" and "was killed" not in row.message:
        assert f"stopped after {LIMIT:g} s" in row.message
    assert any("ZeroDivisionError" in note for note in found.notes), "the cell below has to run"
    assert sorted(p.name for p in work.iterdir()) == sorted(["keep.txt", lesson.filename])
