"""Say where FashionMNIST stands on this machine, and read it from there, verified byte for byte."""

import contextlib
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import platformdirs

from tutor.data.idx import FETCH_AGAIN, DataError, idx_header, read_idx

# The SHA-256 of the unpacked files, since everyone who passes them on packs them anew.
FULL = {
    "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
}
SAMPLE = {
    "train-images-idx3-ubyte": "9d6ccf33222683408d91b1df696ba9336cbdd1c6e71a46e9285cf816f79f0bf2",
    "train-labels-idx1-ubyte": "1c84501b8ee49fdd06d5a81366ddd4dd956bec1bcd0de7aad9c0203f18c0fd36",
    "t10k-images-idx3-ubyte": "e49a2ff15670b4827c1d0233f234bb9cd5371dd77650aadb49c6e42ed5179ef8",
    "t10k-labels-idx1-ubyte": "3121e2bab9d09e4d2908ca3fbe3df85fb9fd4639f58db406f41fbe4ea8ecafa1",
}
SYSTEM_FOLDER = Path("/usr/share/datasets/fashion-mnist")  # of the Debian and Ubuntu package dataset-fashion-mnist

Source = Literal["folder", "system", "cache", "download", "sample"]
Arrays = dict[str, np.ndarray]

_MENDS: dict[Source, str] = {
    "folder": FETCH_AGAIN,
    "system": "install the package dataset-fashion-mnist again",
    "cache": "run `tutor data` to fetch it again",
    "download": FETCH_AGAIN,
    "sample": "install autograd-tutor again, or run `git checkout data` in a clone",
}


@dataclass(frozen=True)
class Place:
    """A folder where FashionMNIST may stand, and in what state it stands there.

    Attributes
    ----------
    source : str
        What kind of place it is: "folder" (asked for by the reader), "system" (the operating system's package),
        "cache", "download" (the cache or the folder asked for, filled just now) or "sample".
    folder : Path
        Where the files are or would be.
    state : str
        "whole" (there and verified), "incomplete", "absent" or "damaged".
    is_sample : bool
        Whether the files are the sample and not the full data set.
    problem : DataError or None
        What is wrong where the place is incomplete or damaged, in one sentence with its mend.
    """

    source: Source
    folder: Path
    state: Literal["whole", "incomplete", "absent", "damaged"]
    is_sample: bool = False
    problem: DataError | None = None


def cache_folder() -> Path:
    """Give the folder that downloads go to: the one named by TUTOR_DATA, or else the user's cache.

    It is laid out as torchvision's `root` is, so that torchvision can be pointed at it.
    """
    named = os.environ.get("TUTOR_DATA")
    return Path(named).expanduser() if named else platformdirs.user_cache_path("autograd-tutor", appauthor=False)


def sample_folder() -> Path:
    """Give the folder of the sample: inside the installed package, or `data/` of a clone."""
    package = Path(__file__).parents[1]
    installed, cloned = package / "sample", package.parent / "data"
    return installed if installed.is_dir() else cloned


def raw_folder(root: str | Path | None) -> Path:
    """Give the folder that torchvision keeps the files of FashionMNIST in, below `root` or else below the cache."""
    return (cache_folder() if root is None else Path(root).expanduser()) / "FashionMNIST" / "raw"


def search(root: str | Path | None = None) -> Iterator[tuple[Source, tuple[Path, ...]]]:
    """Go through the kinds of places in the order of the search, each with the folders that it may be."""
    if root is not None:
        yield "folder", (raw_folder(root), Path(root).expanduser())
    yield "system", (SYSTEM_FOLDER,)
    yield "cache", (raw_folder(None), cache_folder())
    yield "sample", (sample_folder(),)


def status(root: str | Path | None = None) -> tuple[Place, ...]:
    """Look at every place where FashionMNIST may be, in the order of the search, and verify what is there.

    Parameters
    ----------
    root : str or Path, optional
        A folder to look in first.

    Returns
    -------
    tuple of Place
        The folder asked for (only if there is one), the system's package, the cache and the sample. It takes about
        half a second for each that holds the full data set.
    """
    return tuple(read_place(source, folders)[0] for source, folders in search(root))


def read_place(source: Source, folders: tuple[Path, ...], names: tuple[str, ...] = tuple(FULL)) -> tuple[Place, Arrays]:
    """Read files from a place and verify them.

    Parameters
    ----------
    source : str
        The kind of place.
    folders : tuple of Path
        The folders that the place may be; the first that holds most of the files counts.
    names : tuple of str
        The files to read.

    Returns
    -------
    place : Place
        The folder that counts and its state. It tells of damage; nothing is raised.
    arrays : dict of str to numpy.ndarray
        The uint8 arrays by the names of their files; empty unless the place is whole.
    """
    present = {folder: [name for name in names if find_file(folder, name)] for folder in folders}
    folder = max(folders, key=lambda candidate: len(present[candidate]))
    missing = [name for name in names if name not in present[folder]]
    if len(missing) == len(names):
        return Place(source, folder, "absent"), {}
    if missing:
        problem = DataError(str(folder), f"lacks {' and '.join(missing)}", "run `tutor data` to fetch what is missing")
        return Place(source, folder, "incomplete", problem=problem), {}
    editions = [SAMPLE if source == "sample" else FULL] + ([SAMPLE] if source == "folder" else [])
    arrays: Arrays = {}
    try:
        for name in names:
            arrays[name], edition = read_file(folder, name, editions, mend=_MENDS[source])
            # the first file settles which edition the others have to belong to
            editions = [edition]
    except DataError as error:
        return Place(source, folder, "damaged", problem=error), {}
    return Place(source, folder, "whole", is_sample=editions == [SAMPLE]), arrays


def find_file(folder: Path, name: str) -> Path | None:
    """Find a file in a folder, unpacked (which reads faster) or gzipped."""
    return next((path for path in (folder / name, folder / f"{name}.gz") if os.path.lexists(path)), None)


def read_file(
    folder: Path, name: str, editions: list[dict[str, str]], *, mend: str = FETCH_AGAIN
) -> tuple[np.ndarray, dict[str, str]]:
    """Read a file that is there as `read_published` does; an unpacked one that is cut short is mended from its ``.gz``.

    Unpacking that was broken off leaves the two beside each other. A file that is damaged otherwise is left alone: it
    may be something else that somebody means to keep.
    """
    path, packed = find_file(folder, name), folder / f"{name}.gz"
    try:
        return read_published(path, name, editions, mend=mend)
    except DataError as damage:
        if path == packed or not packed.is_file() or not path.is_file():
            raise
        try:
            array, edition = read_published(packed, name, editions)
        except DataError:
            raise damage from None
        whole = idx_header(array.shape) + array.tobytes()
        if not whole.startswith(path.read_bytes()):
            raise
        with contextlib.suppress(OSError):  # where nothing may be written it is read from its `.gz` each time
            _replace(path, whole)
        return array, edition


def _replace(path: Path, content: bytes) -> None:
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def read_published(
    path: Path, name: str, editions: list[dict[str, str]], *, mend: str = FETCH_AGAIN
) -> tuple[np.ndarray, dict[str, str]]:
    """Read an IDX file and make sure that it is, byte for byte, a published one.

    Parameters
    ----------
    path : Path
        The file.
    name : str
        Which of the files it should be: a key of the editions.
    editions : list of dict of str to str
        SHA-256 of the unpacked files by name: what it may be.
    mend : str
        The advice that an error ends with.

    Returns
    -------
    array : numpy.ndarray
        Its uint8 values.
    edition : dict of str to str
        The edition that it belongs to.

    Raises
    ------
    DataError
        When it cannot be read or is not the published file.
    """
    array = read_idx(path, mend=mend)
    # An IDX file that read_idx accepts is its header and its values and nothing else.
    digest = hashlib.sha256(idx_header(array.shape))
    digest.update(array)
    for edition in editions:
        if edition[name] == digest.hexdigest():
            return array, edition
    raise DataError(str(path), "is not the published file of FashionMNIST (its SHA-256 differs)", mend)
