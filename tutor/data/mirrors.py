"""Fetch FashionMNIST from its authors, so that whatever goes wrong on the way leaves nothing behind."""

import itertools
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from tutor.data.idx import LARGEST, DataError, is_gzip
from tutor.data.places import FULL, Place, find_file, raw_folder, read_file, read_place, read_published, search

# Where the authors of FashionMNIST publish it: their repository and their bucket.
MIRRORS = (
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
)
TIMEOUT = (10.0, 30.0)  # seconds: to connect, and between two pieces of an answer
LOCK_SECONDS = 900.0  # time enough for another process to fetch 30 MB over a slow line


def fetch(root: str | Path | None = None, *, mirrors: Sequence[str] = MIRRORS) -> Place:
    """Make sure that the full data set is on this machine: download it if no place has it.

    What arrives is verified before it gets its name. Two processes that fetch into one folder take turns. A damaged
    file in the cache is renamed to ``….damaged`` and fetched anew; a line on stderr shows the progress.

    Parameters
    ----------
    root : str or Path, optional
        A folder to look in first and to download to, in torchvision's layout; otherwise the cache.
    mirrors : sequence of str
        Addresses that the names of the gzipped files are appended to, tried in turn.

    Returns
    -------
    Place
        Where the data set is; its `source` is "download" if it was fetched just now.

    Raises
    ------
    DataError
        When a file in `root` is damaged, when no mirror sends the data, when TUTOR_OFFLINE is 1, or when the folder
        cannot be written.
    """
    for source, folders in search(root):
        place, _ = read_place(source, folders)
        if source == "folder" and place.state == "damaged":
            raise place.problem
        if place.state == "whole" and not place.is_sample:
            return place
    if os.environ.get("TUTOR_OFFLINE") == "1":
        raise DataError("The download of FashionMNIST", "is forbidden by TUTOR_OFFLINE=1", "unset that variable")
    folder = raw_folder(root)
    try:
        _fetch_missing(folder, mirrors, may_rename=root is None)
    except (OSError, NotImplementedError) as error:  # the latter where the file system has no locks
        mend = "make room or get the right to write there, or name another folder in the variable TUTOR_DATA"
        raise DataError(str(folder), f"cannot be written ({getattr(error, 'strerror', None) or error})", mend) from None
    return Place("download", folder, "whole")


def _fetch_missing(folder: Path, mirrors: Sequence[str], *, may_rename: bool) -> None:
    import filelock

    folder.mkdir(parents=True, exist_ok=True)
    try:
        # beside the folder, so that the folder itself holds nothing but data
        with filelock.FileLock(folder.parent / ".fetch.lock", timeout=LOCK_SECONDS):
            for name in FULL:
                if not _is_whole(folder, name, may_rename=may_rename):
                    _fetch_file(folder, name, mirrors)
    except filelock.Timeout:
        raise DataError(
            str(folder), "is still being filled by another process", "wait for it or end it, and try again"
        ) from None


def _is_whole(folder: Path, name: str, *, may_rename: bool) -> bool:
    """Say whether a file is there and right; rename it when it is wrong, if that is allowed."""
    while path := find_file(folder, name):
        try:
            read_file(folder, name, [FULL])
            return True
        except DataError:
            if not may_rename:
                raise
            path.replace(_free_name(path))
    return False


def _free_name(path: Path) -> Path:
    names = (path.with_name(f"{path.name}.damaged{suffix}") for suffix in itertools.chain([""], itertools.count(2)))
    return next(name for name in names if not os.path.lexists(name))


def _fetch_file(folder: Path, name: str, mirrors: Sequence[str]) -> None:
    """Fetch one file from the first mirror that sends it whole."""
    failures = []
    for mirror in mirrors:
        try:
            return _fetch_from(mirror, folder, name)
        except _MirrorError as error:
            failures.append(f"{urlsplit(mirror).netloc} {error}")
    problem = f"could not be fetched ({', '.join(failures)})"
    lost = next(filter(None, map(_lost_certificates, mirrors)), None)
    mend = f"unset {lost.variable}" if lost else "check the network and its proxy"
    raise DataError("FashionMNIST", problem, f"{mend}, and run `tutor data` to try again")


def _fetch_from(mirror: str, folder: Path, name: str) -> None:
    """Fetch one file under a passing name, verify it and give it its own name; on any failure remove it."""
    import pooch
    from requests import RequestException

    if lost := _lost_certificates(mirror):
        raise _MirrorError(f"was not asked, because {lost.variable} names {lost.path}, which is not there")
    part = folder / f"{name}.part"  # the same name each time: what a killed process left there is overwritten
    progress = _Progress(name)
    download = pooch.HTTPDownloader(progressbar=progress, chunk_size=2**16, timeout=TIMEOUT)
    try:
        with part.open("wb") as file:
            download(f"{mirror}{name}.gz", file, None)
        read_published(part, name, [FULL])
        part.replace(folder / (f"{name}.gz" if is_gzip(part) else name))
    except (RequestException, ValueError) as error:  # ValueError: a Content-Length that is no number
        raise _MirrorError(_explain(error)) from None
    except DataError as error:
        raise _MirrorError(f"sent a file that {error.problem}") from None
    finally:
        progress.close()
        part.unlink(missing_ok=True)


class _Certificates(NamedTuple):
    """A file of trusted certificates, and the variable that names it."""

    variable: str
    path: str


def _certificates() -> _Certificates | None:
    """The certificates that requests is told to trust in the place of its own, if it is."""
    named = (_Certificates(name, os.environ.get(name, "")) for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"))
    return next((certificates for certificates in named if certificates.path), None)


def _lost_certificates(mirror: str) -> _Certificates | None:
    """The same where they would be needed and are gone, which requests reports as an error of any file."""
    named = _certificates()
    return named if named and mirror.startswith("https:") and not Path(named.path).exists() else None


class _MirrorError(Exception):
    """Why one mirror did not help, to be read on from its name."""


def _explain(error: Exception) -> str:
    from requests import exceptions

    if isinstance(error, exceptions.HTTPError):
        return f"answered {error.response.status_code} {error.response.reason}"
    if isinstance(error, exceptions.SSLError) and (named := _certificates()):
        return f"showed a certificate that is not in {named.path}, which {named.variable} names"
    # from the particular to the general: the first two are connection errors too
    reasons = {
        exceptions.ProxyError: "could not be reached through the proxy",
        exceptions.SSLError: "showed a certificate that is not trusted",
        exceptions.Timeout: "did not answer in time",
        exceptions.ConnectionError: "could not be reached",
        exceptions.ChunkedEncodingError: "broke off the transfer",
    }
    matching = (reason for kind, reason in reasons.items() if isinstance(error, kind))
    return next(matching, f"could not be asked ({type(error).__name__})")


class _Progress:
    """A line on stderr that counts up, with the methods that pooch calls; it also stops a transfer without end."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.total = 0
        self.done = 0
        self.shown = ""

    def update(self, amount: int) -> None:
        """Count `amount` bytes more, and rewrite the line if that changes it."""
        self.done += amount
        if self.done > LARGEST:
            raise _MirrorError("sent more than the data set holds")
        share = f"{min(100, 100 * self.done // self.total):3d} %" if self.total else f"{self.done:,} bytes"
        if share != self.shown:
            self.shown = share
            print(f"\rfetching {self.name}: {share}", end="", file=sys.stderr, flush=True)

    def reset(self) -> None:
        """Begin to count again: pooch does so at the end, to state the exact sum."""
        self.done = 0

    def close(self) -> None:
        """End the line, if there is one; pooch does so only where all went well."""
        if self.shown:
            print(file=sys.stderr)
        self.shown = ""
