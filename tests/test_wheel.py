"""A wheel in a fresh environment and an empty folder: notebooks start and run, the sample is inside."""

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from tutor.lessons.registry import series

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("wheel")]


@pytest.fixture(scope="module")
def wheel(pytestconfig, tmp_path_factory):
    """The project's wheel, built from the clone without a network."""
    place = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(place)]
    subprocess.run(command, cwd=pytestconfig.rootpath, check=True)
    (path,) = place.glob("autograd_tutor-*.whl")
    return path


@pytest.fixture(scope="module")
def tutor(wheel, tmp_path_factory):
    """Runs `tutor …` of a fresh environment that has the wheel; its dependencies are those of this one."""
    home = tmp_path_factory.mktemp("fresh")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home)], check=True)
    site = next(home.glob("lib/python*/site-packages"), home / "Lib" / "site-packages")
    with zipfile.ZipFile(wheel) as content:
        content.extractall(site)
    # a plain path line does not process the other environment's own .pth files, so its `tutor` stays out of sight
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    python = next(p for p in (home / "bin" / "python", home / "Scripts" / "python.exe") if p.exists())
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("TUTOR_", "PYTHON"))}

    def run(*arguments, code="from tutor.cli import main; main()", folder):
        environment = {**clean, "TUTOR_HOME": str(home / "progress"), "TUTOR_OFFLINE": "1"}
        command = [str(python), "-c", code, *map(str, arguments)]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_the_wheel_holds_the_lessons_and_the_sample_with_its_licence(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    for lesson in series():
        files = ("lesson.py", "__init__.py", *(f"exercises/{name}.py" for name in lesson.described()))
        assert len(files) > 3 and {f"tutor/lessons/{lesson.name}/{file}" for file in files} <= set(names)
    assert {"tutor/sample/LICENSE", "tutor/sample/train-images-idx3-ubyte.gz"} <= set(names)
    assert {"tutor/jupyter/labconfig/page_config.json", "tutor/jupyter/kernels/python3/kernel.json"} <= set(names)
    assert "autograd_tutor.py" in names
    assert not any(n.startswith(("tests/", "notebooks/")) for n in names)


def test_the_wheel_and_not_the_clone_is_what_runs(tutor, tmp_path, pytestconfig):
    where = Path(tutor(code="import tutor; print(tutor.__file__)", folder=tmp_path).strip())
    assert not where.is_relative_to(pytestconfig.rootpath)


def test_doctor_is_reached_where_another_project_has_overwritten_our_files(tutor, tmp_path):
    """As `pip install tutor` does, whose `__init__.py` is empty: the command `tutor` is theirs then, the other ours."""
    code = """
import pathlib, subprocess, sys, tutor
path = pathlib.Path(tutor.__file__)
ours = path.read_bytes()
path.write_bytes(b"")
try:
    command = [sys.executable, "-m", "autograd_tutor", "doctor"]
    print(subprocess.run(command, capture_output=True, text=True).stdout)
finally:
    path.write_bytes(ours)
"""
    assert "another project's `tutor` has overwritten files" in tutor(code=code, folder=tmp_path)


def test_notebooks_start_in_an_empty_folder_and_run_there(tutor, tmp_path):
    tutor("start", ".", folder=tmp_path)
    started = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.ipynb")}
    assert started == {lesson.filename for lesson in series()}
    found = json.loads(tutor("check", "--json", "00_start_here.ipynb", folder=tmp_path))
    assert {row["verdict"] for row in found[0]["rows"]} == {"todo"}
    assert found[0]["notes"] == [], "every cell has to run, the one that reads the sample too"


def test_the_wheel_without_its_dependencies_draws_and_explains_graphs_beside_torch(tutor, tmp_path, pytestconfig):
    """As after `pip install torch` and `pip install --no-deps`: every import but torch's is refused."""
    code = (pytestconfig.rootpath / "tests" / "graph" / "alone.py").read_text(encoding="utf-8")
    assert "the way to it is cut by detach()" in tutor(code=code, folder=tmp_path)
