"""The search for our solutions in what readers get."""

import html
import json

import pytest

from tutor.builder import leaks, notebooks
from tutor.lessons.registry import exercises, series
from tutor.lessons.text import find_target


def planted(text, path):
    """A file of each kind with a text in it, as such files carry it."""
    if path.suffix == ".html":
        path.write_text(f"<html><pre>{html.escape(text).replace('=', '<span class=o>=</span>')}</pre></html>")
    elif path.suffix == ".ipynb":
        path.write_text(json.dumps({"cells": [{"cell_type": "code", "source": text.splitlines(keepends=True)}]}))
    else:
        path.write_text(f"var text = {json.dumps(text)};")
    return path


def test_no_unsolved_notebook_holds_a_solution(tmp_path):
    for lesson in series():
        path = tmp_path / lesson.filename
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(notebooks.as_bytes(notebooks.student(lesson)))
    assert leaks.leaks(tmp_path.rglob("*.ipynb")) == []


@pytest.mark.parametrize("kind", ["html", "ipynb", "js"])
def test_every_solved_notebook_is_seen_through_in_every_kind_of_file(kind, tmp_path):
    for lesson in series():
        solved = "\n".join(["", *(cell.solved for cell in lesson.cells if cell.exercise_id)])
        told = leaks.leaks([planted(solved, tmp_path / f"{lesson.name}.{kind}")])
        seen = {identifier for identifier in lesson.exercises if any(f"of {identifier}:" in line for line in told)}
        assert seen == set(lesson.exercises) - shown_by_a_lesson()


def shown_by_a_lesson():
    """Exercises whose solution a lesson itself shows, word for word: there is nothing to keep."""
    shown = "".join(leaks.squeeze(r) for x in series() for c in x.cells for r in c.student.split("\n"))
    bodies = {
        c.exercise_id: "".join(map(leaks.squeeze, leaks.solution_lines(c)))
        for x in series()
        for c in x.cells
        if c.exercise_id and find_target(c.source, c.exercise_id).kind != "value"
    }
    return {identifier for identifier, body in bodies.items() if body in shown}


def test_almost_every_exercise_has_something_to_be_looked_for():
    assert len(shown_by_a_lesson()) < len(exercises) / 20


def test_a_line_of_one_solution_is_told_with_file_and_exercise(tmp_path):
    path = planted("    grad_d = (grad_y_pred * x**3).sum()  # what", tmp_path / "page.html")
    (told,) = leaks.leaks([path])
    assert "page.html gives away the solution of numpy_backprop.polynomial_gradients" in told


def test_words_that_only_look_alike_are_no_leak(tmp_path):
    path = planted("The value of total = 10000 and a grad = 370.", tmp_path / "page.html")
    assert leaks.leaks([path]) == []
