"""The graph package beside torch alone: what `pip install --no-deps` leaves, and what importing it costs."""

import re
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest

import tutor

PROGRAM = Path(__file__).with_name("alone.py")


def what_torch_needs():
    """The top-level files and folders of torch and of what it requires, each required thing once."""
    waiting, met = ["torch"], {}
    while waiting:
        name = waiting.pop()
        if name not in met:
            met[name] = distribution(name)
            required = [one for one in met[name].requires or () if ";" not in one]
            waiting += [re.match(r"[\w.-]+", one)[0] for one in required]
    return {one.locate_file(file.parts[0]) for one in met.values() for file in one.files if ".." not in file.parts}


@pytest.fixture
def alone(tmp_path):
    """A folder with this package, and one with torch and what it requires, and nothing else."""
    places = tmp_path / "package", tmp_path / "torch"
    for place in places:
        place.mkdir()
    (places[0] / "tutor").symlink_to(Path(tutor.__file__).parent, target_is_directory=True)
    for path in what_torch_needs():
        (places[1] / path.name).symlink_to(path)
    return places


def test_it_works_beside_torch_alone_and_imports_nothing_else(alone):
    command = [sys.executable, "-S", "-I", str(PROGRAM), *map(str, alone)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stderr
    assert "the way to it is cut by detach()" in result.stdout
