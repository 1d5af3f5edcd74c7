"""The graph package stands on torch alone."""

import subprocess
import sys
from pathlib import Path

ALONE = Path(__file__).with_name("alone.py")


def test_only_torch_is_imported_and_needed():
    done = subprocess.run([sys.executable, ALONE], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "The loss has no graph, so nothing gets a gradient: the way to it is cut by detach()" in done.stdout
