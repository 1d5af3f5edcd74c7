"""FashionMNIST: found on this machine, verified, fetched where it is missing, or replaced by the sample."""

from typing import Any

from tutor.data.idx import DataError, idx_header, read_idx
from tutor.data.mirrors import MIRRORS, fetch
from tutor.data.places import FULL, SAMPLE, Place, cache_folder, sample_folder, status

__all__ = [
    "FULL",
    "MIRRORS",
    "SAMPLE",
    "DataError",
    "FashionMNIST",
    "Place",
    "cache_folder",
    "fetch",
    "idx_header",
    "load_tensors",
    "read_idx",
    "sample_folder",
    "status",
]


def __getattr__(name: str) -> Any:
    # `tutor data` and `tutor doctor` need the files but not torch, which takes a second to import or may not work.
    if name in ("FashionMNIST", "load_tensors"):
        from tutor.data import fashion_mnist

        return getattr(fashion_mnist, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
