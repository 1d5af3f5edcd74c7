"""Find the notebooks that a class handed in: in folders, as a learning platform exports them, and in archives.

A notebook is known by what is in it, not by its name: platforms rename files, and browsers append `.txt` or `.json`.
"""

from __future__ import annotations

import json
import os
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

MOST_BYTES = 20 * 2**20  # of one notebook
MOST_UNPACKED = 500 * 2**20  # of one archive, whatever it says of itself
MOST_FILES = 5000  # of one archive
SHARE = 10  # how much less of both a folder at its top may take, that is one student of a class's archive
LONGEST = 200  # characters of a student's name
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
    archived : whether it came out of an archive.
    """

    student: str
    path: Path
    shown: str
    problem: str = ""
    archived: bool = False


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
            inner = PurePosixPath(*path.absolute().relative_to(common).parts)
            home = common / inner.parts[0] if len(inner.parts) > 1 else common
            found += _of(path, inner, unpacked, home=home, alone=len(paths) == 1)
    return found


def is_archived(found: Sequence[Handed]) -> bool:
    """Whether one of these came out of an archive, as no reader's own copies do."""
    return any(one.archived for one in found)


def _in_folder(folder: Path, unpacked: Path) -> Iterator[Handed]:
    for file in sorted(folder.rglob("*")):
        inner = PurePosixPath(*file.relative_to(folder).parts)
        if not _hidden(inner.parts):
            home = folder / inner.parts[0] if len(inner.parts) > 1 else folder
            yield from _of(file, inner, unpacked, home=home, named=False)


def _is_folder(path: Path) -> bool:
    return path.is_dir() and path.suffix != ".ipynb"


def _of(
    file: Path, inner: PurePosixPath, unpacked: Path, *, home: Path, named: bool = True, alone: bool = False
) -> Iterator[Handed]:
    """What a file is worth: itself, what is in it, or nothing if it is something else that nobody named.

    A link that leads out of a student's `home` would be another's work, or no work at all.
    """
    if not file.resolve().is_relative_to(home.parent.resolve() / home.name):
        if named or file.suffix in (".ipynb", ".zip"):
            told = f"{file} is a link to somewhere else, and was not followed: name the file itself."
            yield Handed(student_of(inner), file, str(file), told)
    elif file.is_file() and zipfile.is_zipfile(file):
        yield from _Archive(file, inner, unpacked, alone).handed()
    elif named or is_notebook(file):
        yield Handed(student_of(inner), file, str(file))


class _Archive:
    """An archive; nothing of it is believed before it is read, least of all its sizes and names.

    It may be one student's or a whole class's. So what is the matter with a file of it costs that file alone, and a
    folder at its top may take no more than its share. One that is named `alone` and holds several folders is a class's.
    """

    def __init__(self, path: Path, inner: PurePosixPath, unpacked: Path, alone: bool):
        self.path, self.inner, self.alone, self.read, self.files = path, inner, alone, Counter(), Counter()
        self.place = unpacked / f"{sum(1 for _ in unpacked.iterdir()):05d}"
        self.place.mkdir()

    def handed(self) -> Iterator[Handed]:
        """The notebooks in it."""
        try:
            with zipfile.ZipFile(self.path) as opened:
                infos = [info for info in opened.infolist() if not info.is_dir()]
                if len(infos) > MOST_FILES:
                    raise ValueError(f"it holds {len(infos):,} files, more than {MOST_FILES:,}")
                folders = {name.parts[0] for name in (PurePosixPath(i.filename) for i in infos) if len(name.parts) > 1}
                self.alone &= len({name for name in folders if not _hidden([name])}) > 1
                found = [one for number, info in enumerate(infos) if (one := self._of(opened, number, info))]
        except _BROKEN as error:
            yield Handed(student_of(self.inner), self.path, str(self.path), f"{self.path} was not unpacked: {error}.")
            return
        nothing = f"There is no notebook in {self.path}."
        yield from found or [Handed(student_of(self.inner), self.path, str(self.path), nothing)]

    def _of(self, opened: zipfile.ZipFile, number: int, info: zipfile.ZipInfo) -> Handed | None:
        """A notebook, or why it is none that can be judged; None for something else."""
        name, shown = PurePosixPath(info.filename), f"{self.path}:{info.filename}"
        if _hidden(name.parts):
            return None
        student = student_of(name if self.alone else self.inner.with_suffix("") / name)
        try:
            content = self._content(opened, info, name.parts[0] if len(name.parts) > 1 else "")
            if not _reads_as_notebook(content):
                if name.suffix == ".zip" and content.startswith(b"PK"):
                    raise ValueError("it is an archive within an archive; unpack that first")
                return None
            # under a name of our own: one of the archive's may lead out of the folder
            to = self.place / f"{number:04d}" / _plain(name.name)
            to.parent.mkdir()
            to.write_bytes(content)
        except _BROKEN as error:
            return Handed(student, self.path, shown, f"{shown} was not unpacked: {error}.")
        return Handed(student, to, shown, archived=True)

    def _content(self, opened: zipfile.ZipFile, info: zipfile.ZipInfo, folder: str) -> bytes:
        share = SHARE if folder else 1
        self.files[folder] += 1
        if self.files[folder] > MOST_FILES // share:
            raise ValueError(f"there are more than {MOST_FILES // share:,} files in its folder")
        left = min(MOST_UNPACKED // share - self.read[folder], MOST_UNPACKED - self.read.total(), MOST_BYTES)
        with opened.open(info) as stream:
            content = stream.read(left + 1)
        self.read[folder] += len(content)
        if len(content) > MOST_BYTES:
            raise ValueError(f"it unpacks to more than {MOST_BYTES >> 20} MB")
        if len(content) > left:
            raise ValueError("with the files before it, it unpacks to more than is taken")
        return content


_BROKEN = (ValueError, OSError, RuntimeError, NotImplementedError, zipfile.BadZipFile, EOFError, zlib.error)


def is_notebook(file: Path) -> bool:
    """Whether a file is a notebook by its name or by what is in it."""
    if file.suffix == ".ipynb":
        return True
    try:
        if not file.is_file() or file.stat().st_size > MOST_BYTES:  # a device or a pipe may have no end
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
        first = inner.parts[0][:LONGEST]
    else:  # `ada-01_numpy_backprop (1)`
        first = re.sub(r"[ _-]*\(?\d?\d_[a-z][a-z_]*\)?.*$", "", inner.stem[:LONGEST]) or inner.stem[:LONGEST]
    return _APPENDED.sub("", first).strip(" _-") or first


def _plain(name: str) -> str:
    stem = re.sub(r"[^\w .()-]", "_", name.split(".ipynb")[0])[:80].strip(" .") or "notebook"
    return f"{stem.encode()[:80].decode(errors='ignore')}.ipynb"


def _hidden(parts: Sequence[str]) -> bool:
    return any(part.startswith(HIDDEN) and part not in (".", "..") for part in parts)
