"""The first cell of every notebook tells what is in the way, whatever the interpreter that runs it."""

import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from tutor import ready
from tutor.builder import notebooks
from tutor.lessons.registry import series


def told(folder, *options, path=()):
    """The last line of what the cell says, run by an interpreter of its own in `folder`."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path))}
    command = [sys.executable, *options, "-c", ready.CELL]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    return done.stderr.strip().split("\n")[-1]


def first_code(notebook):
    return next(notebooks.source_of(cell) for cell in notebook["cells"] if cell["cell_type"] == "code")


def test_every_notebook_begins_with_it_a_teachers_too(make_lesson):
    for lesson in [*series(), make_lesson()]:
        for made in (notebooks.student(lesson), notebooks.solved(lesson)):
            assert first_code(made).startswith(ready.CELL), lesson.name


def test_nothing_is_said_where_all_is_well(tmp_path):
    assert told(tmp_path) == ""


def test_a_kernel_without_the_series_is_named(tmp_path):
    said = told(tmp_path, "-S")
    assert f"not installed in this kernel ({sys.executable})" in said and "Change Kernel" in said and "restart" in said


def test_a_missing_package_is_told_from_a_wrong_kernel(tmp_path, pytestconfig):
    said = told(tmp_path, "-S", path=[pytestconfig.rootpath])
    assert said.startswith("ImportError: torch, numpy, ") and "%pip install torch numpy" in said


@pytest.mark.parametrize("text", ["", "def solve():\n", "import no_such_package\n", "raise SystemError('mine')\n"])
def test_a_file_tutor_beside_the_notebook_is_named(tmp_path, text):
    (tmp_path / "tutor.py").write_text(text)
    assert told(tmp_path).startswith(f"ImportError: {tmp_path / 'tutor.py'} is imported instead of the series")


def test_another_package_tutor_is_named(tmp_path):
    (tmp_path / "site" / "tutor").mkdir(parents=True)
    (tmp_path / "site" / "tutor" / "__init__.py").write_text("")  # as Open edX's is
    said = told(tmp_path, path=[tmp_path / "site"])
    assert str(tmp_path / "site" / "tutor" / "__init__.py") in said and "uninstall -y tutor" in said


@pytest.mark.parametrize("left", [True, False])
def test_files_that_another_package_tutor_has_overwritten_are_told(tmp_path, left):
    """Installed over ours its empty `__init__.py` is left; uninstalled again, none."""
    package = tmp_path / "site" / "tutor"
    package.mkdir(parents=True)
    (package / "ready.py").write_bytes(Path(ready.__file__).read_bytes())
    if left:
        (package / "__init__.py").write_text("")
    said = told(tmp_path, "-S", path=[tmp_path / "site"])
    assert "Open edX" in said and str(package) in said and "fresh environment" in said


@pytest.mark.parametrize("name", ["torch.py", "numpy.py", "random.py", "statistics.py", "torch/__init__.py"])
def test_a_file_that_would_be_imported_in_place_of_a_module_is_named(tmp_path, name):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("raise SystemExit('imported')")
    assert f"{tmp_path / name.removesuffix('/__init__.py')} would be imported in place of" in told(tmp_path)


def test_files_of_other_names_are_nobodys_business(tmp_path):
    for name in ("helper.py", "test.py", "random.txt", "my_torch.py"):
        (tmp_path / name).write_text("")
    assert told(tmp_path) == ""


def test_the_series_own_folder_is_not_in_its_way(pytestconfig):
    assert ready.in_the_way(pytestconfig.rootpath) == []


def test_every_package_that_a_notebook_needs_is_asked_for(pytestconfig):
    import tomllib

    project = tomllib.loads((pytestconfig.rootpath / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = {text.split(">=")[0] for text in project["dependencies"]}
    of_commands = {"click", "ipykernel", "jupyterlab", "nbclient", "nbformat", "setuptools"}
    assert set(ready.NEEDED.values()) == named - of_commands


def test_the_pages_of_the_site_leave_it_out(make_lesson, tmp_path):
    from tutor.builder import page

    lesson = make_lesson()
    assert ready.CELL not in str(page.page(lesson, notebooks.student(lesson), "", tmp_path))


def test_what_torch_says_of_its_own_old_functions_does_not_stand_in_a_readers_notebook():
    """The warning of torch 2.15 at the first forward derivative; any other FutureWarning is shown."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.resetwarnings()
        warnings.simplefilter("always")
        ready.look()
        warnings.warn(
            "`torch.jit.script` is deprecated. Please switch to `torch.compile`.", FutureWarning, stacklevel=1
        )
        warnings.warn("`mine` is deprecated", FutureWarning, stacklevel=1)
    assert [str(w.message) for w in caught] == ["`mine` is deprecated"]
