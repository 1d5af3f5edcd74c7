"""FashionMNIST: found on this machine, verified, fetched where missing, or replaced by the sample; and transforms."""

import importlib
from typing import Any

from tutor.data.idx import DataError, idx_header, read_idx
from tutor.data.mirrors import MIRRORS, fetch
from tutor.data.places import FULL, SAMPLE, Place, cache_folder, sample_folder, status

_NEED_TORCH = {
    "FashionMNIST": "fashion_mnist",
    "load_tensors": "fashion_mnist",
    "Compose": "transforms",
    "FlipAndShift": "memory",
    "Lambda": "transforms",
    "MemoryLoader": "memory",
    "Normalize": "transforms",
    "RandomHorizontalFlip": "transforms",
    "RandomShift": "transforms",
    "ToTensor": "transforms",
}

__all__ = [
    "FULL",
    "MIRRORS",
    "SAMPLE",
    "Compose",
    "DataError",
    "FashionMNIST",
    "FlipAndShift",
    "Lambda",
    "MemoryLoader",
    "Normalize",
    "Place",
    "RandomHorizontalFlip",
    "RandomShift",
    "ToTensor",
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
    if name in _NEED_TORCH:
        return getattr(importlib.import_module(f"tutor.data.{_NEED_TORCH[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
