"""Tests that the search finds what is there, in the right order, and believes nothing that it has not verified."""

from pathlib import Path

import platformdirs
import pytest

from tutor.data import FULL, SAMPLE, cache_folder, places, sample_folder, status

TRAIN = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte")
IMAGES = TRAIN[0]


def by_source(root=None):
    return {place.source: place for place in status(root)}


def test_the_search_goes_from_the_folder_asked_for_to_the_sample(world):
    assert [place.source for place in status(world.folder)] == ["folder", "system", "cache", "sample"]


def test_without_a_folder_the_search_begins_with_the_system(world):
    assert [place.source for place in status()] == ["system", "cache", "sample"]


def test_an_empty_machine_has_the_sample_and_nothing_else(world):
    assert [place.state for place in status()] == ["absent", "absent", "whole"]


def test_looking_creates_nothing(world):
    status(world.folder / "data")
    assert list(world.folder.iterdir()) == []


@pytest.mark.parametrize("packed", [True, False], ids=["gzipped", "unpacked"])
@pytest.mark.parametrize("below", ["FashionMNIST/raw", "."], ids=["torchvision's layout", "the folder itself"])
def test_a_folder_may_hold_the_files_in_each_usual_way(world, below, packed):
    world.put(world.folder / "mine" / below, packed=packed)
    assert by_source(world.folder / "mine")["folder"].state == "whole"


def test_a_home_folder_may_be_written_with_a_tilde(world, monkeypatch):
    for variable in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(variable, str(world.folder))
    world.put(world.folder / "mine")
    assert by_source("~/mine")["folder"].state == "whole"


def test_the_cache_stands_where_tutor_data_says(world):
    assert cache_folder() == world.cache


def test_the_cache_is_the_users_own_by_default(monkeypatch):
    monkeypatch.delenv("TUTOR_DATA", raising=False)
    assert cache_folder() == Path(platformdirs.user_cache_dir("autograd-tutor", appauthor=False))


def test_a_place_that_lacks_files_names_them(world, is_one_sentence):
    place = by_source(world.put(world.folder / "mine", TRAIN))["folder"]
    text = str(place.problem)
    assert place.state == "incomplete" and "t10k-labels-idx1-ubyte" in text and is_one_sentence(text)


@pytest.mark.parametrize("source", ["folder", "system", "cache"])
def test_a_well_formed_file_with_other_content_is_damaged(world, source, is_one_sentence):
    folder = {"folder": world.folder / "mine", "system": world.system, "cache": world.cache_raw}[source]
    world.contents[TRAIN[1]] = world.contents[TRAIN[1]][:-1] + b"\x0b"
    world.put(folder)
    place = by_source(world.folder / "mine")[source]
    assert place.state == "damaged" and TRAIN[1] in str(place.problem) and is_one_sentence(str(place.problem))


def test_files_under_each_others_names_are_damaged(world):
    world.contents[TRAIN[0]] = world.contents["t10k-images-idx3-ubyte"]
    world.put(world.system)
    assert by_source()["system"].state == "damaged"


def test_a_folder_in_the_place_of_a_file_is_damage(world):
    world.put(world.system, tuple(FULL)[1:])
    (world.system / TRAIN[0]).mkdir()
    assert "is not a file" in str(by_source()["system"].problem)


@pytest.mark.skipif(not hasattr(Path, "symlink_to"), reason="no symbolic links on this system")
def test_a_link_that_leads_nowhere_is_damage(world):
    world.put(world.system, tuple(FULL)[1:])
    try:
        (world.system / TRAIN[0]).symlink_to(world.folder / "nowhere")
    except OSError:
        pytest.skip("this system does not let this user make symbolic links")
    assert "is not there" in str(by_source()["system"].problem)


def test_a_folder_asked_for_may_hold_the_sample(world):
    assert by_source(sample_folder())["folder"].is_sample


def test_the_sample_does_not_pass_for_the_whole_in_the_cache(world, monkeypatch):
    monkeypatch.setenv("TUTOR_DATA", str(sample_folder()))
    assert by_source()["cache"].state == "damaged"


def test_images_of_the_sample_with_labels_of_the_full_set_are_damaged(world):
    mine = world.put(world.folder / "mine")
    (mine / f"{TRAIN[0]}.gz").write_bytes((sample_folder() / f"{TRAIN[0]}.gz").read_bytes())
    assert by_source(mine)["folder"].state == "damaged"


def test_the_full_and_the_sample_files_have_the_same_names():
    assert list(FULL) == list(SAMPLE)


def test_an_installed_package_brings_its_own_sample(tmp_path, monkeypatch):
    (tmp_path / "tutor" / "sample").mkdir(parents=True)
    monkeypatch.setattr(places, "__file__", str(tmp_path / "tutor" / "data" / "places.py"))
    assert sample_folder() == tmp_path / "tutor" / "sample"


@pytest.mark.parametrize("kept", [0, 3, 1000])
@pytest.mark.parametrize("source", ["folder", "cache"])
def test_a_file_cut_short_while_it_was_unpacked_is_mended_from_the_packed_one(world, source, kept):
    root = None if source == "cache" else world.folder / "mine"
    raw = world.put(places.raw_folder(root))
    (raw / IMAGES).write_bytes(world.contents[IMAGES][:kept])
    assert by_source(root)[source].state == "whole"
    assert (raw / IMAGES).read_bytes() == world.contents[IMAGES]


def test_another_file_in_the_place_of_an_unpacked_one_is_left_alone(world):
    raw = world.put(places.raw_folder(world.folder))
    (raw / IMAGES).write_bytes(b"mine")
    place = by_source(world.folder)["folder"]
    assert place.state == "damaged" and (raw / IMAGES).read_bytes() == b"mine"


def test_a_file_cut_short_beside_a_damaged_packed_one_is_told(world):
    raw = world.put(places.raw_folder(world.folder))
    (raw / IMAGES).write_bytes(world.contents[IMAGES][:100])
    (raw / f"{IMAGES}.gz").write_bytes(b"damage")
    assert f"{raw / IMAGES} is cut short" in str(by_source(world.folder)["folder"].problem)


def test_where_nothing_may_be_written_the_packed_file_is_read(world, monkeypatch):
    raw = world.put(places.raw_folder(world.folder))
    (raw / IMAGES).write_bytes(world.contents[IMAGES][:100])
    monkeypatch.setattr(Path, "write_bytes", lambda *a: (_ for _ in ()).throw(PermissionError(13, "denied")))
    assert by_source(world.folder)["folder"].state == "whole"
    monkeypatch.undo()
    assert (raw / IMAGES).read_bytes() == world.contents[IMAGES][:100]
