"""The pinned versions can be installed with every Python that the README names, not only with the one that runs this.

uv resolves for other Pythons and systems from the package index's metadata: nothing is downloaded or built.
"""

import os
import re
import subprocess
import sys

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("constraints")]

MINUTES = 5


def compile_requirements(*arguments, **more):
    """Let uv resolve; wheels alone count, since a version without one would have to be built on a reader's machine."""
    command = [sys.executable, "-m", "uv", "pip", "compile", "-q", "--no-config", "--only-binary", ":all:"]
    environment = {**os.environ, "MACOSX_DEPLOYMENT_TARGET": "14.0"}  # the oldest that torch has wheels for
    return subprocess.run(
        [*command, *map(str, arguments)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=MINUTES * 60,
        **more,
    )


@pytest.fixture(scope="module")
def index():
    """Skip where no package index is reached; asked with the tool's own settings and without its cache."""
    asked = compile_requirements("--no-cache", "-", input="six\n")
    if asked.returncode:
        pytest.skip(f"uv reaches no package index: {' '.join(asked.stderr.split())[-200:]}")


@pytest.mark.parametrize(
    ("version", "system"),
    [("3.11.0", None), ("3.12", None), ("3.13", None), ("3.14", None), ("3.11.0", "windows"), ("3.14", "macos")],
)
def test_every_pin_can_be_installed(index, pytestconfig, version, system):
    """3.11.0 is the lowest that `requires-python` allows; Debian 12 has 3.11.2."""
    where = ["--python-version", version, *(["--python-platform", system] if system else [])]
    extras = ["--extra", "test", "--extra", "site"]
    root = pytestconfig.rootpath
    done = compile_requirements(*where, *extras, root / "pyproject.toml", root / "constraints.txt")
    assert done.returncode == 0, done.stderr
    resolved = set(re.findall(r"^([\w.-]+)==", done.stdout, re.MULTILINE))
    assert {"torch", "jupyterlab", "soupsieve"} <= resolved


def test_a_pin_that_needs_a_later_python_is_seen(index):
    done = compile_requirements("--python-version", "3.11.0", "-", input="soupsieve==4.1.1\n")
    assert done.returncode and "3.11.5" in done.stderr
