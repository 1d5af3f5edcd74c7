"""Copy what lies beside a notebook to where it is judged, so that its imports and data are found."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from tutor.lessons.registry import HOME

MOST_BYTES = 20 * 2**20  # together
MOST_FILES = 500
DEEPEST = 3  # folders in folders
_APART = ("__pycache__", "kept", "node_modules")  # what was made from the rest, or is a notebook's old version


def copy(folder: Path, work: Path) -> list[str]:
    """Copy the files in `folder` into `work`, where they cannot be written; return the names of those left out.

    Notebooks, hidden files and folders, environments, links to folders and this package are passed over in silence;
    what is more than `MOST_FILES` or `MOST_BYTES` is left out. Nothing in `folder` is touched.
    """
    room, left_out = MOST_BYTES, []
    for count, path in enumerate(_files(folder, work.resolve())):
        name = path.relative_to(folder)
        if count >= MOST_FILES:
            return [*left_out, f"{name} and what follows it"]
        with contextlib.suppress(OSError):  # a file that may not be read, or went away
            size = path.stat().st_size
            if size > room:
                left_out.append(str(name))
                continue
            room -= size
            target = work / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
            target.chmod(0o444)
    return left_out


def _files(folder: Path, work: Path) -> Iterator[Path]:
    """The ordinary files in a folder and those in it, nearest first."""
    level = [folder]
    for _ in range(DEEPEST):
        below: list[Path] = []
        for place in level:
            with contextlib.suppress(OSError), os.scandir(place) as entries:
                for entry in sorted(entries, key=lambda entry: entry.name):
                    path = Path(entry.path)
                    if entry.name.startswith("."):
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        if not _is_apart(path) and not work.is_relative_to(path.resolve()):
                            below.append(path)
                    elif entry.is_file() and path.suffix != ".ipynb":  # not a pipe, which would never end
                        yield path
        level = below


def _is_apart(folder: Path) -> bool:
    return folder.name in _APART or (folder / "pyvenv.cfg").exists() or folder.resolve() == HOME.parent.resolve()
