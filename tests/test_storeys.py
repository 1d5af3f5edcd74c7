"""The storeys that pyproject.toml tells hold, and import-linter sees whatever would break them."""

import re
import shutil
import subprocess
import sys

import pytest

LINT = "from importlinter.cli import lint_imports_command; lint_imports_command()"


@pytest.fixture
def linted(pytestconfig, tmp_path):
    """Lint the imports of a copy of the package in which lines are added to a module; return (status, what it says)."""
    root = pytestconfig.rootpath
    shutil.copytree(root / "tutor", tmp_path / "tutor", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(root / "pyproject.toml", tmp_path)

    def lint(module=None, *lines):
        if module:
            with (tmp_path / "tutor" / module).open("a", encoding="utf-8") as file:
                file.write("".join(f"\n{line}" for line in lines) + "\n")
        done = subprocess.run(
            [sys.executable, "-c", LINT, "--no-cache"], cwd=tmp_path, capture_output=True, encoding="utf-8"
        )
        return done.returncode, re.sub(r"\x1b\[\d*m", "", done.stdout + done.stderr)  # older ones colour what they say

    return lint


def test_the_package_keeps_its_storeys(linted):
    status, said = linted()
    assert status == 0, said
    assert "0 broken" in said


@pytest.mark.parametrize(
    ("module", "lines", "broken"),
    [
        ("checking/judge.py", ["from tutor import session"], "The storeys of the package"),
        ("checking/judge.py", ["from tutor.lessons import SERIES"], "The storeys of the package"),
        (
            "lessons/registry.py",
            ["def late():", "    import tutor.builder.notebooks"],
            "The storeys of the package",
        ),
        ("data/idx.py", ["import tutor.graph"], "The storeys of the package"),
        ("newcomer.py", ["import numpy"], "The storeys of the package"),
        ("graph/plain.py", ["from tutor.graph.scene import Scene"], "The storeys of graph"),
        ("graph/newcomer.py", ["import numpy"], "The storeys of graph"),
        ("checking/judge.py", ["from tutor.checking.guard import clock"], "The storeys of checking"),
        ("checking/probes.py", ["from tutor.checking import exercise"], "The storeys of checking"),
        ("builder/notebooks.py", ["from tutor.builder.write import build"], "Nowhere in the package is a circle"),
    ],
)
def test_a_wrong_import_breaks_the_contract_that_forbids_it(linted, module, lines, broken):
    status, said = linted(module, *lines)
    assert status == 1, said
    assert f"{broken} BROKEN" in said


def test_imports_for_type_checkers_count(linted):
    lines = ["from typing import TYPE_CHECKING", "if TYPE_CHECKING:", "    from tutor.graph.graph import Graph"]
    status, said = linted("graph/recording.py", *lines)
    assert status == 1, said
    assert "The storeys of graph BROKEN" in said and "Nowhere in the package is a circle BROKEN" in said
