"""Tests that FashionMNIST behaves as torchvision's does, and says where its data came from."""

import pickle
import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image

from tutor.data import FULL, DataError, FashionMNIST, fashion_mnist, load_tensors, sample_folder

IMAGES = "train-images-idx3-ubyte"


@pytest.fixture(autouse=True)
def every_notice_is_new():
    """Forget which notices were printed, as a new process would."""
    fashion_mnist._notice.cache_clear()


@pytest.fixture
def full(world) -> FashionMNIST:
    world.put(world.system)
    return FashionMNIST()


@pytest.mark.parametrize(("train", "split"), [(True, "train"), (False, "t10k")])
def test_images_and_labels_are_those_of_the_files(world, train, split):
    world.put(world.system)
    dataset = FashionMNIST(train=train)
    assert dataset.data.numpy().tobytes() == world.contents[f"{split}-images-idx3-ubyte"][16:]
    assert dataset.targets.tolist() == list(world.contents[f"{split}-labels-idx1-ubyte"][8:])


def test_the_tensors_have_torchvisions_shapes_and_types(full):
    assert (full.data.shape, full.data.dtype) == ((24, 28, 28), torch.uint8)
    assert (full.targets.shape, full.targets.dtype) == ((24,), torch.int64)


def test_an_item_is_a_grey_picture_and_a_number(full):
    image, label = full[3]
    assert isinstance(image, Image.Image) and image.mode == "L" and type(label) is int
    assert np.array_equal(np.asarray(image), full.data[3]) and label == full.targets[3]


def test_transforms_are_applied_to_image_and_label(world):
    world.put(world.system)
    dataset = FashionMNIST(transform=lambda image: image.size, target_transform=lambda label: -label)
    assert dataset[3] == ((28, 28), -dataset.targets[3])


def test_a_loop_over_the_set_ends(full):
    assert len(list(full)) == len(full) == 24


def test_the_classes_are_numbered_in_the_published_order(full):
    assert full.classes[0] == "T-shirt/top" and full.class_to_idx["Ankle boot"] == 9 and len(full.classes) == 10


def test_the_description_names_size_split_and_place(full, world):
    text = repr(full)
    assert "24" in text and "Train" in text and f"{world.system} (system)" in text


def test_the_set_can_be_sent_to_a_worker(full):
    assert torch.equal(pickle.loads(pickle.dumps(full)).data, full.data)


@pytest.mark.parametrize("source", ["folder", "system", "cache"])
def test_the_first_place_that_has_the_data_is_named(world, source):
    order = {"folder": world.folder / "mine", "system": world.system, "cache": world.cache_raw}
    for later in list(order)[list(order).index(source) :]:
        world.put(order[later])
    dataset = FashionMNIST(world.folder / "mine")
    assert (dataset.source, dataset.folder, dataset.is_sample) == (source, order[source], False)


def test_the_training_set_alone_is_enough_to_train(world):
    world.put(world.system, ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"))
    assert FashionMNIST(train=True).source == "system"


def test_the_sample_steps_in_where_nothing_else_is(world):
    dataset = FashionMNIST(train=False)
    assert (dataset.source, dataset.is_sample, len(dataset)) == ("sample", True, 1000)


def test_the_sample_is_announced_once(world, capsys, is_one_sentence):
    FashionMNIST(train=True), FashionMNIST(train=False)
    text = capsys.readouterr().out.strip()
    assert "sample" in text and "tutor data" in text and is_one_sentence(text)


def test_the_sample_asked_for_needs_no_announcement(world, capsys):
    dataset = FashionMNIST(sample_folder())
    assert dataset.is_sample and capsys.readouterr().out == ""


def test_a_copy_of_the_sample_in_a_folder_asked_for_is_announced(world, capsys):
    mine = world.folder / "mine"
    mine.mkdir()
    for path in sample_folder().glob("*.gz"):
        (mine / path.name).write_bytes(path.read_bytes())
    assert FashionMNIST(mine).is_sample and "holds the sample" in capsys.readouterr().out


def test_nothing_is_downloaded_unasked(world, mirror, monkeypatch):
    monkeypatch.setattr(FashionMNIST, "mirrors", (mirror.address,))
    assert FashionMNIST().is_sample and mirror.requests == []


def test_what_is_missing_is_downloaded_when_asked(world, mirror, monkeypatch):
    monkeypatch.setattr(FashionMNIST, "mirrors", (mirror.address,))
    dataset = FashionMNIST(download=True)
    assert (dataset.source, dataset.folder, len(dataset)) == ("download", world.cache_raw, 24)


def test_a_download_that_fails_ends_with_the_sample_and_the_reason(world, mirror, monkeypatch, capsys, is_one_sentence):
    monkeypatch.setattr(FashionMNIST, "mirrors", (mirror.address,))
    mirror.answer = lambda handler, content: handler.send_error(503)
    assert FashionMNIST(download=True).is_sample
    text = capsys.readouterr().out.strip()
    assert "sample" in text and "answered 503" in text and is_one_sentence(text)


def test_a_damaged_file_in_a_folder_asked_for_is_never_replaced(world):
    mine = world.put(world.folder / "mine")
    world.put(world.system)
    (mine / f"{IMAGES}.gz").write_bytes(b"damage")
    with pytest.raises(DataError, match=IMAGES):
        FashionMNIST(mine)


def test_a_damaged_system_package_is_announced_and_passed_over(world, capsys):
    world.put(world.cache_raw)
    (world.put(world.system) / f"{IMAGES}.gz").write_bytes(b"damage")
    assert FashionMNIST().source == "cache" and "dataset-fashion-mnist" in capsys.readouterr().out


def test_a_damaged_cache_is_mended_by_a_download(world, mirror, monkeypatch):
    monkeypatch.setattr(FashionMNIST, "mirrors", (mirror.address,))
    (world.put(world.cache_raw) / f"{IMAGES}.gz").write_bytes(b"damage")
    assert FashionMNIST(download=True).source == "download" and len(mirror.requests) == 1


def test_a_damaged_cache_without_a_download_ends_with_the_sample_and_says_so(world, capsys):
    (world.put(world.cache_raw) / f"{IMAGES}.gz").write_bytes(b"damage")
    assert FashionMNIST().is_sample and str(world.cache_raw / f"{IMAGES}.gz") in capsys.readouterr().out


def test_a_package_without_its_sample_says_how_to_get_it(world, tmp_path, monkeypatch, is_one_sentence):
    from tutor.data import places

    monkeypatch.setattr(places, "sample_folder", lambda: tmp_path / "nowhere")
    with pytest.raises(DataError) as caught:
        FashionMNIST()
    assert "install autograd-tutor again" in str(caught.value) and is_one_sentence(str(caught.value))


def test_a_whole_set_comes_as_two_tensors_between_0_and_1(world):
    world.put(world.system)
    images, labels = load_tensors()
    assert (images.shape, images.dtype, labels.shape) == ((24, 1, 28, 28), torch.float32, (24,))
    assert images.min() == 0 and images.max() == 1


def test_finding_and_fetching_need_no_torch():
    code = "import sys, tutor.data; tutor.data.status, tutor.data.fetch; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_an_unknown_name_is_refused_as_usual():
    import tutor.data

    with pytest.raises(AttributeError, match="no attribute 'MNIST'"):
        _ = tutor.data.MNIST


def test_the_names_of_the_files_are_the_published_ones():
    assert set(FULL) == {
        f"{split}-{kind}-ubyte" for split in ("train", "t10k") for kind in ("images-idx3", "labels-idx1")
    }
