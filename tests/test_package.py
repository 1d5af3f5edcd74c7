"""The package as it is installed and described."""

import platform
import re
import subprocess
import sys
import tomllib

import pytest
import yaml

CONDA_NAMES = {"torch": "pytorch"}


@pytest.fixture(scope="module")
def root(pytestconfig):
    return pytestconfig.rootpath


def names(requirements):
    return {re.match(r"[\w-]+", r).group().lower(): r for r in requirements}


def test_importing_tutor_loads_neither_torch_nor_numpy():
    code = "import sys, tutor; assert not {'torch', 'numpy', 'matplotlib'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_conda_and_pip_name_the_same_dependencies_and_ranges(root):
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    wanted = {CONDA_NAMES.get(n, n): r[len(n) :] for n, r in names(project["dependencies"]).items()}
    listed = yaml.safe_load((root / "environment.yml").read_text())["dependencies"]
    plain = [item for item in listed if isinstance(item, str)]
    (pip,) = [item["pip"] for item in listed if isinstance(item, dict)]
    found = {n: r[len(n) :] for n, r in names([*plain, *(p for p in pip if not p.startswith("-e"))]).items()}
    assert found.pop("python") == project["requires-python"]
    found.pop("pip")
    assert found == wanted


def test_every_dependency_is_pinned_in_the_constraints_and_within_its_range(root):
    from packaging.requirements import Requirement

    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    lines = (root / "constraints.txt").read_text().splitlines()
    pins = {line.split("==")[0].lower().replace("_", "-"): line.split("==")[1] for line in lines if "==" in line}
    for text in [*project["dependencies"], *(t for more in project["optional-dependencies"].values() for t in more)]:
        requirement = Requirement(text)
        assert requirement.specifier.contains(pins[requirement.name.lower()]), text


def test_every_module_says_in_its_first_line_what_it_is(root):
    for path in (root / "tutor").rglob("*.py"):
        if path.name != "lesson.py":
            assert path.read_text(encoding="utf-8").startswith('"""'), path


def test_no_test_asserts_the_clock(root):
    """A machine that is busy with something else takes longer: measure with `guard.clock`, or wait for what happens."""
    clocks = re.compile(r"perf_" r"counter|mono" r"tonic|process_" r"time|\btime\.time\b|from[ ]time\b")
    for path in (root / "tests").rglob("*.py"):
        if path.parent.name != "benchmarks":
            assert not clocks.search(path.read_text(encoding="utf-8")), path


def test_a_run_of_the_tests_says_which_python_and_torch_it_ran_on(root):
    from importlib.metadata import version

    line = f"run with Python {platform.python_version()} and torch {version('torch')}"
    for command in (("-m", "pytest", "--collect-only", "tests/test_package.py"), ("tests/versions.py",)):
        done = subprocess.run([sys.executable, *command], cwd=root, capture_output=True, text=True)
        assert line in done.stdout, done.stdout + done.stderr
    assert "tests/versions.py" in (root / "Makefile").read_text(encoding="utf-8").split("\n# the site")[0]
