"""The first cell of every notebook looks here whether the series can run; it imports nothing that may be missing."""

from __future__ import annotations

import importlib.util
import sys
import warnings
from pathlib import Path

# What the notebooks import, by the names under which pip knows it.
NEEDED = {
    "torch": "torch",
    "numpy": "numpy",
    "matplotlib": "matplotlib",
    "PIL": "pillow",
    "filelock": "filelock",
    "platformdirs": "platformdirs",
    "pooch": "pooch",
    "requests": "requests",
    "torchviz": "torchviz",
}

# What stands at the top of every notebook's first code cell: a kernel without the series can be told by the cell alone.
CELL = """\
try:  # Can the series run here? If not, this says what to do.
    from tutor import ready
except Exception:
    import sys
    from importlib.util import find_spec

    other = find_spec("tutor")
    raise ImportError(
        f"{other.origin} is imported instead of the series: rename it, or `%pip uninstall -y tutor`, and restart."
        if other and other.origin
        else f"The series is not installed in this kernel ({sys.executable}): choose its kernel under Kernel, Change "
        "Kernel, or open the notebook with `tutor lab`; if you have just installed it, restart the kernel. "
        "(`pip install tutor` installs another project of that name.)"
    ) from None
ready.look()

"""


def look() -> None:
    """Say what keeps the series from running in this kernel.

    Raises
    ------
    ImportError
        If another project has overwritten the series' files, a file beside the notebook takes the place of a module,
        or a package is missing.
    """
    import tutor

    # torch's own doing: from 2.15 on, its first forward derivative calls a function that it has put out of date itself
    warnings.filterwarnings("ignore", message=r"`torch\.jit\.script` is deprecated", category=FutureWarning)
    if not hasattr(tutor, "__all__"):
        raise ImportError(
            f"Another project called `tutor` (PyPI's is Open edX's) has overwritten the series' files in "
            f"{Path(__file__).parent}: install the series into a fresh environment, as its README says."
        )
    if found := in_the_way(Path()):
        raise ImportError(
            f"{' and '.join(str(path.resolve()) for path in found)} would be imported in place of a module that the "
            "series needs: rename it and restart the kernel."
        )
    if missing := [pip for name, pip in NEEDED.items() if importlib.util.find_spec(name) is None]:
        raise ImportError(
            f"{', '.join(missing)} is not installed in this kernel ({sys.executable}): run "
            f"`%pip install {' '.join(missing)}` in a cell and restart the kernel, or choose the series' kernel."
        )


def in_the_way(folder: Path) -> list[Path]:
    """Files and packages in a folder that are called like a module of Python's or of the series' own needs."""
    taken = {*sys.stdlib_module_names, *NEEDED, "tutor", "IPython", "ipykernel"}
    ours = Path(__file__).parent
    try:
        files = [path for path in folder.glob("*.py") if path.stem in taken]
        packages = [path.parent for path in folder.glob("*/__init__.py") if path.parent.name in taken]
    except OSError:  # a folder that is gone, or that may not be listed
        return []
    return sorted(path for path in (*files, *packages) if path.resolve() != ours)
