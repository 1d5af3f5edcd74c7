"""Tests that the sample in data/ is what its README says: real, balanced, drawn from the published files."""

import gzip
import hashlib
import importlib.util

import numpy as np
import pytest

from tutor.data import FULL, SAMPLE, read_idx, sample_folder
from tutor.data.places import SYSTEM_FOLDER, read_place

FOLDER = sample_folder()
FILES = [FOLDER / f"{name}.gz" for name in SAMPLE]


@pytest.fixture(scope="module")
def full():
    """The full data set as the operating system's package holds it."""
    place, arrays = read_place("system", (SYSTEM_FOLDER,))
    if place.state != "whole":
        pytest.skip(f"NOT TESTED: the package dataset-fashion-mnist is not on this machine ({place.state})")
    return arrays


@pytest.mark.parametrize(("split", "per_class"), [("train", 600), ("t10k", 100)])
def test_every_class_is_equally_frequent(split, per_class):
    labels = read_idx(FOLDER / f"{split}-labels-idx1-ubyte.gz")
    assert np.bincount(labels).tolist() == [per_class] * 10


@pytest.mark.parametrize(("split", "count"), [("train", 6000), ("t10k", 1000)])
def test_there_is_an_image_for_every_label(split, count):
    assert read_idx(FOLDER / f"{split}-images-idx3-ubyte.gz").shape == (count, 28, 28)


def test_the_listed_sums_are_those_of_the_files():
    sums = "".join(f"{hashlib.sha256(gzip.decompress(path.read_bytes())).hexdigest()}  {path.stem}\n" for path in FILES)
    assert (FOLDER / "SHA256SUMS").read_text() == sums


def test_the_package_knows_the_listed_sums():
    assert (FOLDER / "SHA256SUMS").read_text() == "".join(f"{digest}  {name}\n" for name, digest in SAMPLE.items())


def test_the_readme_names_the_listed_sums():
    readme = (FOLDER / "README.md").read_text()
    assert all(digest in readme for digest in SAMPLE.values())


def test_the_licence_of_the_images_stands_beside_them():
    licence = (FOLDER / "LICENSE").read_text()
    assert "MIT" in licence and "Zalando SE" in licence


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_packed_files_hold_neither_name_nor_time(path):
    assert path.read_bytes()[3:8] == bytes(5)


def test_all_of_it_is_small_enough_to_travel():
    assert sum(path.stat().st_size for path in FOLDER.iterdir() if path.is_file()) < 3_200_000


@pytest.mark.parametrize("split", ["train", "t10k"])
def test_every_image_occurs_with_its_label_in_the_full_set(full, split):
    names = f"{split}-images-idx3-ubyte", f"{split}-labels-idx1-ubyte"
    published = set(zip(map(np.ndarray.tobytes, full[names[0]]), full[names[1]].tolist(), strict=True))
    sample = [read_idx(FOLDER / f"{name}.gz") for name in names]
    drawn = list(zip(map(np.ndarray.tobytes, sample[0]), sample[1].tolist(), strict=True))
    assert drawn and published.issuperset(drawn)


def test_drawing_again_gives_the_same_sample(full, tmp_path):
    spec = importlib.util.spec_from_file_location("make_sample", FOLDER / "make_sample.py")
    make_sample = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make_sample)
    make_sample.main(SYSTEM_FOLDER, tmp_path)
    assert (tmp_path / "SHA256SUMS").read_text() == (FOLDER / "SHA256SUMS").read_text()


def test_the_sums_of_the_full_files_are_those_of_the_package(full):
    assert set(full) == set(FULL)
