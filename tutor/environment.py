"""What works on this machine, and the mend for what does not: the rows of `tutor doctor` and of lesson 00."""

from __future__ import annotations

import html
import importlib.metadata
import importlib.util
import os
import platform
import shutil
import sys
import sysconfig
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tutor.checking.report import card, inline

MARKS = {"ok": "✓", "note": "·", "problem": "✗"}
MINIMUM_PYTHON = (3, 11)
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
    looks = (python, torch_version, device, fashion_mnist, jupyter, graphviz, compiler, other_tutor)
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
    here = Path(__file__).resolve().parent
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
