"""What works on this machine, and the mend for what does not: the rows of `tutor doctor` and of lesson 00."""

from __future__ import annotations

import html
import importlib.metadata
import importlib.util
import json
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tutor.checking.report import card, inline
from tutor.ready import in_the_way

MARKS = {"ok": "✓", "note": "·", "problem": "✗"}
MINIMUM_PYTHON = (3, 11)
ASK_SECONDS = 60.0  # a first start from a slow disk
# what another interpreter is asked, in words that an old one understands
ASKED = """
import importlib.util, json, platform
try:
    from importlib.metadata import version
    torch = version("torch")
except Exception:
    torch = None
course = importlib.util.find_spec("tutor")
print(json.dumps([platform.python_version(), course and course.origin, torch]))
"""
REMOVE_KERNEL = "`jupyter kernelspec remove python3` removes it"
OWN_KERNEL = (
    "`tutor lab` starts the right one; elsewhere run `python -m ipykernel install --user --name autograd-tutor` with "
    "the Python of the series, and choose that kernel under Kernel, Change Kernel."
)
# below it a file can do harm in spite of `weights_only=True`: CVE-2025-32434 (up to 2.5.1) and CVE-2026-24747
SAFE_TO_LOAD = (2, 10)


@dataclass(frozen=True)
class Row:
    """One thing that was looked at.

    `state` is "ok", "note" (works, but something better is possible) or "problem"; `mend` says what to do about the
    last two.
    """

    name: str
    state: str
    found: str
    mend: str = ""


@dataclass(frozen=True)
class Survey:
    """All rows; shows itself as a table."""

    rows: tuple[Row, ...]

    @property
    def healthy(self) -> bool:
        """Whether nothing is a problem."""
        return all(row.state != "problem" for row in self.rows)

    @property
    def text(self) -> str:
        """The rows as lines of text."""
        lines = []
        for row in self.rows:
            lines.append(f"{MARKS[row.state]} {row.name:<12} {row.found}")
            if row.mend:
                lines.append(f"  {'':<12} -> {row.mend}")
        return "\n".join(lines)

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        rows = "".join(
            f"<tr><td>{MARKS[r.state]}</td><td style='text-align:left'><b>{html.escape(r.name)}</b></td>"
            f"<td style='text-align:left'>{inline(r.found)}{'<br>' + inline(r.mend) if r.mend else ''}</td></tr>"
            for r in self.rows
        )
        return {"text/plain": self.text, "text/html": card("<b>This machine</b>", f"<table>{rows}</table>", "#0969da")}


def survey() -> Survey:
    """Look at everything that the series uses; never raises."""
    looks = (
        python,
        torch_version,
        device,
        fashion_mnist,
        jupyter,
        kernel,
        graphviz,
        compiler,
        other_tutor,
        file_names,
    )
    return Survey(tuple(_safely(look) for look in looks))


def _safely(look: Callable[[], Row]) -> Row:
    try:
        return look()
    except Exception as error:  # a broken installation may fail in any way; the survey has to go on
        return Row(look.__name__.replace("_", " "), "problem", f"{type(error).__name__}: {error}", "Install it anew.")


def python() -> Row:
    """The interpreter."""
    found = f"{platform.python_version()} on {platform.system()} ({platform.machine()})"
    if sys.version_info < MINIMUM_PYTHON:
        return Row("Python", "problem", found, "Install Python 3.11 or newer and create the environment with it.")
    return Row("Python", "ok", found)


def torch_version() -> Row:
    """PyTorch."""
    if importlib.util.find_spec("torch") is None:
        mend = "Run `make lab`, or `pip install torch` as pytorch.org/get-started says for your machine."
        return Row("PyTorch", "problem", "not installed", mend)
    version = importlib.metadata.version("torch")
    if tuple(int(part) for part in version.split(".")[:2]) < SAFE_TO_LOAD:
        mend = (
            "It works, but `torch.load` has known holes before 2.10, with `weights_only=True` too (CVE-2025-32434, "
            "CVE-2026-24747): load no file that you do not trust, or install a newer torch."
        )
        return Row("PyTorch", "note", version, mend)
    return Row("PyTorch", "ok", version)


def device() -> Row:
    """What computes: an accelerator or the processor."""
    import torch

    if torch.cuda.is_available():
        return Row("device", "ok", f"cuda: {torch.cuda.get_device_name()}")
    if torch.backends.mps.is_available():
        return Row("device", "ok", "mps: Apple's graphics processor")
    cores = f"cpu, {torch.get_num_threads()} threads"
    return Row("device", "ok", cores + "; every lesson is made to run on it")


def fashion_mnist() -> Row:
    """The images."""
    from tutor import data

    for place in data.status():
        if place.state == "whole" and not place.is_sample:
            return Row("FashionMNIST", "ok", f"all 70,000 images, in {place.folder}")
    mend = "`tutor data` fetches all 70,000 (30 MB)."
    return Row("FashionMNIST", "note", "the sample of 7,000 images that comes with the course", mend)


def jupyter() -> Row:
    """JupyterLab."""
    if importlib.util.find_spec("jupyterlab") is None:
        return Row("JupyterLab", "problem", "not installed", "Run `pip install jupyterlab`.")
    return Row("JupyterLab", "ok", importlib.metadata.version("jupyterlab"))


def kernel() -> Row:
    """The kernel that a JupyterLab starts for the notebooks, as its own interpreter describes itself."""
    from jupyter_client.kernelspec import KernelSpecManager
    from jupyter_client.manager import KernelManager

    folder = KernelSpecManager().find_kernel_specs()["python3"]
    place = f"the kernel `python3` in {folder}"
    manager = KernelManager(kernel_name="python3")
    try:
        command = manager.format_kernel_cmd()
    except ValueError:
        return Row("kernel", "problem", f"{place} has a kernel.json that is not JSON", f"{REMOVE_KERNEL}; {OWN_KERNEL}")
    if shutil.which(command[0]) is None:
        gone = f"{place} is of an environment that is gone ({command[0]})"
        return Row("kernel", "problem", gone, f"{REMOVE_KERNEL}; {OWN_KERNEL}")
    if "-m" not in command:
        return Row("kernel", "note", f"{place} is started by {command[0]}, which cannot be asked", OWN_KERNEL)
    try:
        version, course, torch = _ask(command[: command.index("-m")], manager.kernel_spec.env)
    except (OSError, subprocess.SubprocessError, ValueError):
        return Row("kernel", "problem", f"{place} does not start ({command[0]})", OWN_KERNEL)
    found = f"{place} is Python {version} ({command[0]})"
    if course is None:
        return Row("kernel", "problem", f"{found} without the series", OWN_KERNEL)
    if Path(course).resolve().parent != Path(__file__).resolve().parent:
        mend = f"Rename that, or run `{command[0]} -m pip uninstall tutor`; {OWN_KERNEL}"
        return Row("kernel", "problem", f"{found} with another `tutor`, {course}", mend)
    if torch is None:
        return Row("kernel", "problem", f"{found} without torch", OWN_KERNEL)
    return Row("kernel", "ok", f"Python {version} with torch {torch} and the series")


def _ask(interpreter: list[str], variables: dict[str, str]) -> list[str | None]:
    """Python's version, the file of its `tutor` and the version of its torch, from another interpreter.

    Raises
    ------
    OSError, subprocess.SubprocessError, ValueError
        If it does not start, or answers nothing of the kind within `ASK_SECONDS`.
    """
    with tempfile.TemporaryDirectory() as empty:  # from here no file that lies about is imported
        done = subprocess.run(
            [*interpreter, "-c", ASKED],
            cwd=empty,
            env={**os.environ, **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=ASK_SECONDS,
            check=True,
        )
    return json.loads(done.stdout.strip().rpartition("\n")[2])


def graphviz() -> Row:
    """The `dot` program."""
    path = shutil.which("dot")
    if path is None:
        return Row("Graphviz", "note", "no `dot` program; tutor draws its graphs without it", "Only torchviz needs it.")
    return Row("Graphviz", "ok", path)


def compiler() -> Row:
    """A C++ compiler, which torch.compile needs."""
    known = [os.environ.get("CXX"), "g++", "clang++", "cl"]
    path = next((found for name in known if name and (found := shutil.which(name))), None)
    if path is None:
        return Row(
            "C++ compiler", "note", "none; only `torch.compile` in lesson 12 needs one", "It falls back without one."
        )
    return Row("C++ compiler", "ok", path)


def other_tutor() -> Row:
    """Another package or file called tutor that Python might import instead of this one."""
    import tutor

    here = Path(__file__).resolve().parent
    if not hasattr(tutor, "__all__"):
        mend = "Install the series into a fresh environment: `make lab` creates one."
        return Row("other tutor", "problem", f"another project's `tutor` has overwritten files in {here}", mend)
    places = [Path(p or ".").resolve() for p in [*sys.path, sysconfig.get_path("purelib")]]
    candidates = {c for place in places for c in (place / "tutor.py", place / "tutor" / "__init__.py")}
    found = [c for c in candidates if c.is_file() and c.resolve().parent != here]
    try:
        rival = importlib.metadata.version("tutor")
    except importlib.metadata.PackageNotFoundError:
        rival = None
    if rival:
        mend = "Both are imported as `tutor`: use an environment of its own for each (`make lab` creates one)."
        return Row("other tutor", "problem", f"the distribution `tutor` {rival} is installed here too", mend)
    if found:
        mend = "Rename it, or start from another folder: Python may import it instead of this one."
        return Row("other tutor", "problem", ", ".join(sorted(map(str, found))), mend)
    return Row("other tutor", "ok", "none in the way")


def file_names() -> Row:
    """Files beside the notebooks that are called like a module which the notebooks import."""
    found = [path for folder in (Path(), Path("work")) for path in in_the_way(folder)]
    if found:
        mend = "Rename it and restart the kernel: a notebook beside it would import it in the place of that module."
        return Row("file names", "problem", ", ".join(str(path.resolve()) for path in found), mend)
    return Row("file names", "ok", "no file here is called like a module")
