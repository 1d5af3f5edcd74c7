"""Execute unsolved notebooks with our solutions lent, several at once; a result is kept until its makings change."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import platform
import re
import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tutor.builder import lanes, notebooks
from tutor.data import status
from tutor.errors import TutorError
from tutor.lessons import SHELVES
from tutor.lessons.registry import HOME as LESSONS
from tutor.store import write_atomically

Notebook = dict[str, Any]
PACKAGE = LESSONS.parent
# what the outputs do not depend on
_APART = (PACKAGE / "builder", PACKAGE / "cli.py", PACKAGE / "__main__.py", LESSONS / "glossary.py")


def executed(
    named: Mapping[str, Notebook], folders: Mapping[str, Path], cache: Path, jobs: int, say: Callable[[str], None]
) -> dict[str, Notebook]:
    """Return each notebook with its outputs, from the cache where nothing that makes them has changed.

    Parameters
    ----------
    named : file name -> unsolved notebook.
    folders : file name -> folder of the lesson behind it, whose solutions are lent.
    cache : where results are kept, a file each.
    jobs : how many kernels run at once, each with one torch thread.

    Raises
    ------
    TutorError
        If a cell raises, or an exercise is not "to do".
    """
    cache.mkdir(parents=True, exist_ok=True)

    def one(name: str) -> Notebook:
        path = cache / f"{Path(name).stem}-{_key(named[name], folders.get(name))}.ipynb"
        if path.exists():
            return notebooks.read_notebook(path)
        say(f"executing {name}")
        made = _execute(name, named[name])
        for old in cache.glob(f"{Path(name).stem}-*.ipynb"):
            old.unlink()
        write_atomically(path, json.dumps(made, ensure_ascii=False))
        return made

    # last lessons first: they train longest, and a long one that starts last keeps a core waiting
    with ThreadPoolExecutor(jobs) as pool:
        return dict(zip(reversed(named), pool.map(one, reversed(named)), strict=True))


def _key(notebook: Notebook, folder: Path | None) -> str:
    """A digest of everything that a notebook's outputs are made from."""
    made_of = hashlib.sha256(notebooks.as_bytes(notebook))
    for path in [*_sources(), *(sorted(folder.rglob("*.py")) if folder else [])]:
        made_of.update(path.read_bytes())
    versions = [importlib.metadata.version(name) for name in ("torch", "numpy", "matplotlib", "ipykernel")]
    images = [f"{place.source} {place.state}" for place in status(None)]
    made_of.update(" ".join([platform.python_version(), *versions, *images]).encode())
    return made_of.hexdigest()[:16]


def _sources() -> list[Path]:
    """The package's modules, without the lessons' folders and without what the outputs do not depend on."""
    paths = sorted([*PACKAGE.rglob("*.py"), *PACKAGE.rglob("*.js")])
    folders = {LESSONS / name for names in SHELVES.values() for name in names}
    return [p for p in paths if not {p, *p.parents} & {*_APART, *folders}]


def _execute(name: str, notebook: Notebook) -> Notebook:
    import nbformat
    from nbclient.exceptions import CellExecutionError

    from tutor.builder import kernel

    made = nbformat.reads(notebooks.as_bytes(notebook).decode("utf-8"), as_version=4)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        root = Path(folder).resolve()
        place, spare = lanes.folders(root)
        environment = lanes.environment(place, spare, "todo", root / "report.jsonl")
        client = kernel.client(made, timeout=lanes.CELL_SECONDS)
        client.resources = {"metadata": {"path": str(place)}}
        try:
            client.execute(env=environment)
        except CellExecutionError as error:
            raise TutorError(f"{name} does not run: {error}") from None
        return json.loads(_without_places(nbformat.writes(made), place, spare))


def _without_places(text: str, *places: Path) -> str:
    """Leave out where this machine keeps things: it is no reader's business, and differs from run to run."""
    for path in (*places, PACKAGE.parent, Path.home()):
        if path != path.parent:
            text = text.replace(_escaped(path), "…/")
    return re.sub(re.escape(_escaped(Path(tempfile.gettempdir()))) + r"tmp\w+[/\\]+", "…/", text)


def _escaped(path: Path) -> str:
    """A folder as JSON writes it, with its last separator."""
    return json.dumps(str(path) + os.sep)[1:-1]
