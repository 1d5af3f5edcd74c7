"""Read the IDX format strictly: a damaged file is refused in one sentence, and never turned into wrong numbers."""

import math
import struct
import zlib
from pathlib import Path

import numpy as np

from tutor.errors import TutorError

# The largest content that is read, packed or unpacked, in bytes: five times the largest file of FashionMNIST. A gzip
# file of a few hundred kilobytes can unpack to more than any machine holds.
LARGEST = 2**28
FETCH_AGAIN = "delete it and run `tutor data` to fetch it again"

_GZIP_MAGIC = b"\x1f\x8b"
_UNSIGNED_BYTES = 0x08
_MOST_DIMENSIONS = 4


class DataError(TutorError, RuntimeError):
    """Data that cannot be read, trusted or fetched, told in one sentence: what, what is wrong with it, and the mend.

    It is a RuntimeError because torchvision raises one where it does not find its files.

    Parameters
    ----------
    subject : str
        The file, folder or service that the sentence is about.
    problem : str
        What is wrong, to be read on from the subject: ``"is cut short: ..."``.
    mend : str
        What to do about it, as a command.
    """

    def __init__(self, subject: str, problem: str, mend: str) -> None:
        super().__init__(subject, problem, mend)
        self.subject = subject
        self.problem = problem
        self.mend = mend

    def __str__(self) -> str:
        return f"{self.subject} {self.problem}; {self.mend}."


def read_idx(source: str | Path | bytes, *, mend: str = FETCH_AGAIN) -> np.ndarray:
    """Read an IDX file of unsigned bytes, gzipped or not.

    The content decides whether it is unpacked, not the name: browsers often unpack a ``.gz`` on its way to the disk.

    Parameters
    ----------
    source : str, Path or bytes
        The file, or its content.
    mend : str
        The advice that an error ends with.

    Returns
    -------
    numpy.ndarray
        A writable uint8 array of 1 to 4 dimensions, its shape taken from the header: (N, 28, 28) for the images of
        FashionMNIST, (N,) for the labels.

    Raises
    ------
    DataError
        When the content is not exactly one well-formed IDX file: cut short, corrupt, too long, of another type of
        value, with impossible dimensions, or not readable at all. Nothing is allocated on the word of a header.
    """
    subject = "The IDX data" if isinstance(source, bytes) else str(source)
    try:
        packed = source if isinstance(source, bytes) else _file_content(Path(source))
        content = _unpacked(packed) if packed.startswith(_GZIP_MAGIC) else packed
        shape = _shape(content)
    except _DamageError as damage:
        raise DataError(subject, str(damage), mend) from None
    return np.frombuffer(content, np.uint8, offset=len(idx_header(shape))).reshape(shape).copy()


def idx_header(shape: tuple[int, ...]) -> bytes:
    """Give the header of an IDX file of unsigned bytes: two zeros, the type, how many dimensions, the dimensions."""
    return struct.pack(f">BBBB{len(shape)}I", 0, 0, _UNSIGNED_BYTES, len(shape), *shape)


def is_gzip(path: Path) -> bool:
    """Say whether the content of a file is gzipped, whatever its name."""
    with path.open("rb") as file:
        return file.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC


class _DamageError(Exception):
    """What is wrong with a content, before it is known what it is called."""


def _file_content(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise _DamageError("is not a file" if path.exists() else "is not there")
        if path.stat().st_size > LARGEST:
            raise _DamageError(f"holds more than {LARGEST:,} bytes, which no file of FashionMNIST does")
        return path.read_bytes()
    except OSError as error:
        raise _DamageError(f"cannot be read ({error.strerror})") from None


def _unpacked(packed: bytes) -> bytes:
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)  # 16: the gzip container with its checksum
    try:
        content = unpacker.decompress(packed, LARGEST)
    except zlib.error:
        raise _DamageError("is corrupt: its content cannot be unpacked") from None
    if unpacker.unconsumed_tail:
        raise _DamageError(f"unpacks to more than {LARGEST:,} bytes, which no file of FashionMNIST does")
    if not unpacker.eof:
        raise _DamageError("is cut short: its packed content ends too early")
    if unpacker.unused_data:
        raise _DamageError(f"is too long: {len(unpacker.unused_data):,} bytes follow its packed content")
    return content


def _shape(content: bytes) -> tuple[int, ...]:
    """Take the shape from the header, after checking that the content is as long as the header says."""
    if content[:64].lstrip().startswith(b"<"):
        raise _DamageError("is a web page and not an IDX file")
    if len(content) < 4:
        raise _DamageError(f"is too short for an IDX file ({len(content)} bytes)")
    if content[:2] != b"\0\0":
        raise _DamageError("is not an IDX file: it does not begin with two zero bytes")
    if content[2] != _UNSIGNED_BYTES:
        raise _DamageError(f"holds values of type 0x{content[2]:02X} instead of unsigned bytes (0x08)")
    dimensions = content[3]
    if not 1 <= dimensions <= _MOST_DIMENSIONS:
        raise _DamageError(f"claims to have {dimensions} dimensions instead of 1 to {_MOST_DIMENSIONS}")
    if len(content) < 4 + 4 * dimensions:
        raise _DamageError("is cut short: it ends within its header")
    shape = struct.unpack_from(f">{dimensions}I", content, 4)
    announced = 4 + 4 * dimensions + math.prod(shape)
    if 0 in shape:
        raise _DamageError("claims to hold nothing: one of its dimensions is 0")
    if len(content) < announced:
        raise _DamageError(f"is cut short: its header announces {announced:,} bytes and {len(content):,} are there")
    if len(content) > announced:
        raise _DamageError(f"is too long: its header announces {announced:,} bytes and {len(content):,} are there")
    return shape
