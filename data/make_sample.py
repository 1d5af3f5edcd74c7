"""Draw the balanced sample of FashionMNIST that stands beside this script from the full data set.

Run it as ``python data/make_sample.py [FOLDER]`` where FOLDER holds the four full files; it defaults to the folder of
the operating system's package ``dataset-fashion-mnist``.
"""

import gzip
import hashlib
import struct
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
SYSTEM_FOLDER = Path("/usr/share/datasets/fashion-mnist")
PER_CLASS = {"train": 600, "t10k": 100}
# of the unpacked files: packages recompress them, so the packed bytes differ from place to place
SHA256 = {
    "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
}


def read_verified(folder: Path, name: str) -> bytes:
    """Unpack one full file and refuse it when it is not, byte for byte, the published one."""
    unpacked = gzip.decompress((folder / f"{name}.gz").read_bytes())
    if hashlib.sha256(unpacked).hexdigest() != SHA256[name]:
        raise SystemExit(f"{folder / name}.gz is not the published FashionMNIST file.")
    return unpacked


def draw(images: np.ndarray, labels: np.ndarray, per_class: int) -> np.ndarray:
    """Choose, in every class, the images with the smallest SHA-256; return their indices in file order.

    The hash stands in for a random draw: it knows nothing of what an image shows, and it gives the same sample with
    every version of every library.
    """
    hashes = np.array([hashlib.sha256(image.tobytes()).hexdigest() for image in images])
    by_hash = np.argsort(hashes, kind="stable")
    chosen = [by_hash[labels[by_hash] == label][:per_class] for label in range(10)]
    return np.sort(np.concatenate(chosen))


def idx_bytes(array: np.ndarray) -> bytes:
    """Write a uint8 array in the IDX format: two zeros, the type code 8, the number of dimensions, the dimensions."""
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


def write_gzip(path: Path, content: bytes) -> None:
    """Pack `content` with neither name nor time in the header, so that the same content gives the same file."""
    with path.open("wb") as raw, gzip.GzipFile("", "wb", compresslevel=9, fileobj=raw, mtime=0) as packed:
        packed.write(content)


def main(folder: Path) -> None:
    """Write the four files of the sample and the list of their SHA-256."""
    lines = []
    for split, per_class in PER_CLASS.items():
        images = np.frombuffer(read_verified(folder, f"{split}-images-idx3-ubyte")[16:], np.uint8).reshape(-1, 28, 28)
        labels = np.frombuffer(read_verified(folder, f"{split}-labels-idx1-ubyte")[8:], np.uint8)
        chosen = draw(images, labels, per_class)
        for name, part in (("images-idx3", images[chosen]), ("labels-idx1", labels[chosen])):
            path = HERE / f"{split}-{name}-ubyte.gz"
            content = idx_bytes(part)
            write_gzip(path, content)
            lines.append(f"{hashlib.sha256(content).hexdigest()}  {path.stem}\n")
    (HERE / "SHA256SUMS").write_text("".join(lines), encoding="ascii", newline="\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else SYSTEM_FOLDER)
