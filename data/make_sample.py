"""Draw the balanced sample of FashionMNIST that stands beside this script from the full data set.

Run it as ``python data/make_sample.py [FOLDER]`` where FOLDER holds the four full files; it defaults to the folder of
the operating system's package ``dataset-fashion-mnist``.
"""

import gzip
import hashlib
import sys
from pathlib import Path

import numpy as np

from tutor.data import FULL, idx_header
from tutor.data.places import SYSTEM_FOLDER, find_file, read_published

HERE = Path(__file__).parent
PER_CLASS = {"train": 600, "t10k": 100}


def draw(images: np.ndarray, labels: np.ndarray, per_class: int) -> np.ndarray:
    """Choose, in every class, the images with the smallest SHA-256; return their indices in file order.

    The hash stands in for a random draw: it knows nothing of what an image shows, and it gives the same sample with
    every version of every library.
    """
    hashes = np.array([hashlib.sha256(image.tobytes()).hexdigest() for image in images])
    by_hash = np.argsort(hashes, kind="stable")
    chosen = [by_hash[labels[by_hash] == label][:per_class] for label in range(10)]
    return np.sort(np.concatenate(chosen))


def write_gzip(path: Path, content: bytes) -> None:
    """Pack `content` with neither name nor time in the header, so that the same content gives the same file."""
    with path.open("wb") as raw, gzip.GzipFile("", "wb", compresslevel=9, fileobj=raw, mtime=0) as packed:
        packed.write(content)


def main(folder: Path, target: Path = HERE) -> None:
    """Write the four files of the sample and the list of their SHA-256 into `target`."""
    lines = []
    for split, per_class in PER_CLASS.items():
        names = f"{split}-images-idx3-ubyte", f"{split}-labels-idx1-ubyte"
        images, labels = (read_published(find_file(folder, name) or folder / name, name, [FULL])[0] for name in names)
        chosen = draw(images, labels, per_class)
        for name, part in zip(names, (images[chosen], labels[chosen]), strict=True):
            content = idx_header(part.shape) + part.tobytes()
            write_gzip(target / f"{name}.gz", content)
            lines.append(f"{hashlib.sha256(content).hexdigest()}  {name}\n")
    (target / "SHA256SUMS").write_text("".join(lines), encoding="ascii", newline="\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else SYSTEM_FOLDER)
