"""Find the notebooks that a class handed in: in folders, as a learning platform exports them, and in archives.

A notebook is known by what is in it, not by its name: platforms rename files, and browsers append `.txt` or `.json`.
"""

from __future__ import annotations

import json
import os
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

MOST_BYTES = 20 * 2**20  # of one notebook
MOST_UNPACKED = 500 * 2**20  # of one archive, whatever it says of itself
MOST_FILES = 2000  # of one archive
HIDDEN = (".", "__MACOSX")  # what systems put beside a student's files
# what platforms append to a name: `Ada Lovelace_1234_assignsubmission_file_`, `lovelaceada_LATE_1234_5678_`
_APPENDED = re.compile(r"(?:_(?:late|LATE))?_\d{2,}(?:_.*)?$")


@dataclass(frozen=True)
class Handed:
    """A file that somebody handed in.

    Attributes
    ----------
    student : who, as far as the names of folder and file tell.
    path : where it lies now.
    shown : how it is named in tables: for one out of an archive, with the archive's name.
    problem : why it cannot be judged, or "".
    """

    student: str
    path: Path
    shown: str
    problem: str = ""


def handed_in(paths: Sequence[Path], unpacked: Path) -> list[Handed]:
    """The notebooks among these files and in these folders and archives, in order.

    Parameters
    ----------
    paths : notebooks, archives, and folders of both, however deep.
    unpacked : an empty folder for what comes out of archives.
    """
    named = [path.absolute().parent for path in paths if not _is_folder(path)]
    common = Path(os.path.commonpath(named)) if named else Path()  # `class/*/01_first.ipynb`: what differs is who
    found: list[Handed] = []
    for path in paths:
        if _is_folder(path):
            found += list(_in_folder(path, unpacked)) or [
                Handed("", path, str(path), f"There is no notebook in {path.resolve()}.")
            ]
        else:
            found += _of(path, PurePosixPath(*path.absolute().relative_to(common).parts), unpacked, named=True)
    return found


def _in_folder(folder: Path, unpacked: Path) -> Iterator[Handed]:
    for file in sorted(folder.rglob("*")):
        inner = PurePosixPath(*file.relative_to(folder).parts)
        if not _hidden(inner.parts):
            yield from _of(file, inner, unpacked, named=False)


def _is_folder(path: Path) -> bool:
    return path.is_dir() and path.suffix != ".ipynb"


def _of(file: Path, inner: PurePosixPath, unpacked: Path, *, named: bool) -> Iterator[Handed]:
    """What a file is worth: itself, what is in it, or nothing if it is something else that nobody named."""
    if file.is_file() and zipfile.is_zipfile(file):
        yield from _of_archive(file, inner, unpacked)
    elif named or is_notebook(file):
        yield Handed(student_of(inner), file, str(file))


def _of_archive(archive: Path, inner: PurePosixPath, unpacked: Path) -> Iterator[Handed]:
    """The notebooks in an archive; nothing of it is believed before it is read, least of all its sizes and names."""
    place = unpacked / f"{sum(1 for _ in unpacked.iterdir()):05d}"
    place.mkdir()
    try:
        with zipfile.ZipFile(archive) as opened:
            names = [info for info in opened.infolist() if not info.is_dir()]
            if len(names) > MOST_FILES:
                raise ValueError(f"it holds {len(names):,} files, more than {MOST_FILES:,}")
            read, found = 0, []
            for number, info in enumerate(names):
                name = PurePosixPath(info.filename)
                if _hidden(name.parts):
                    continue
                with opened.open(info) as stream:
                    content = stream.read(MOST_BYTES + 1)
                read += len(content)
                if len(content) > MOST_BYTES:
                    raise ValueError(f"{info.filename} unpacks to more than {MOST_BYTES >> 20} MB")
                if read > MOST_UNPACKED:
                    raise ValueError(f"its files unpack to more than {MOST_UNPACKED >> 20} MB")
                if _reads_as_notebook(content):
                    # under a name of our own: one of the archive's may lead out of the folder
                    to = place / f"{number:04d}" / f"{_plain(name.name)}"
                    to.parent.mkdir()
                    to.write_bytes(content)
                    found.append(Handed(student_of(inner.with_suffix("") / name), to, f"{archive}:{info.filename}"))
    except (ValueError, OSError, RuntimeError, NotImplementedError, zipfile.BadZipFile, EOFError) as error:
        yield Handed(student_of(inner), archive, str(archive), f"{archive} was not unpacked: {error}.")
        return
    yield from found or [Handed(student_of(inner), archive, str(archive), f"There is no notebook in {archive}.")]


def is_notebook(file: Path) -> bool:
    """Whether a file is a notebook by its name or by what is in it."""
    if file.suffix == ".ipynb":
        return True
    try:
        if file.stat().st_size > MOST_BYTES:
            return False
        return _reads_as_notebook(file.read_bytes())
    except OSError:
        return False


def _reads_as_notebook(content: bytes) -> bool:
    if content.lstrip()[:1] != b"{" or b'"cells"' not in content or b'"nbformat"' not in content:
        return False
    try:
        return isinstance(json.loads(content), dict)
    except (ValueError, RecursionError):
        return False


def student_of(inner: PurePosixPath) -> str:
    """Who handed a file in: the first folder of its place, or what its name holds besides the notebook's.

    Parameters
    ----------
    inner : where it lies in the folder or archive that was named.
    """
    if len(inner.parts) > 1:
        first = inner.parts[0]
    else:  # `ada-01_numpy_backprop (1)`
        first = re.sub(r"[ _-]*\(?\d?\d_[a-z][a-z_]*\)?.*$", "", inner.stem) or inner.stem
    return _APPENDED.sub("", first).strip(" _-") or first


def _plain(name: str) -> str:
    stem = re.sub(r"[^\w .()-]", "_", name.split(".ipynb")[0])[:80].strip(" .") or "notebook"
    return f"{stem}.ipynb"


def _hidden(parts: Sequence[str]) -> bool:
    return any(part.startswith(HIDDEN) and part not in (".", "..") for part in parts)
