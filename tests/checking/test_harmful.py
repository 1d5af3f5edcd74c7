"""Harmful answers in a notebook: each gets its verdict, and nothing is left broken behind it."""

import threading

import numpy as np
import pytest
import torch

from tests.checking.harmful import BANK
from tutor.checking.guard import clock

LIMIT = 2.5
IN_A_NOTEBOOK = [h for h in BANK if h.notebook != "ends"]


def function(body):
    lines = "\n".join("    " + line for line in body.split("\n"))
    space = {}
    exec(f"def add(a, b):\n{lines}", space)
    return space["add"]


def test_the_bank_is_large_and_says_which_answers_a_kernel_cannot_survive():
    assert len(BANK) >= 25
    assert {h.name for h in BANK if h.notebook == "ends"} == {
        "loop_that_catches_everything",
        "one_huge_operation",
        "crash",
    }


@pytest.mark.parametrize("harmful", IN_A_NOTEBOOK, ids=lambda h: h.name)
def test_a_kernel_survives_and_says_what_happened(harmful, make_lesson, tmp_path, monkeypatch):
    exercise = make_lesson().exercises["small.add"]
    (tmp_path / "keep.txt").write_text("a reader's file")
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)
    replaced = np.max, np.abs, np.allclose, torch.allclose
    started = clock()
    try:
        report = exercise.check(function(harmful.body), seconds=LIMIT)
    finally:
        np.max, np.abs, np.allclose, torch.allclose = replaced
    assert report.verdict == harmful.notebook, report.message
    assert clock() - started < LIMIT + 2  # waiting for a core aside
    assert {"keep.txt", "folder"} <= {path.name for path in tmp_path.iterdir()}
    assert torch.get_default_dtype() == torch.float32 and torch.is_grad_enabled()
    assert threading.current_thread() is threading.main_thread()
    assert exercise.check(lambda a, b: a + b).verdict in (
        "pass",
        "wrong" if harmful.name == "thread_left_running" else "pass",
    )
