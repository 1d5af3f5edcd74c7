"""What lies beside a notebook is copied to where it is judged, within bounds, and is itself left alone."""

import os
import stat

import pytest

from tutor.builder import beside


@pytest.fixture
def places(tmp_path):
    folder, work = tmp_path / "reader", tmp_path / "work"
    folder.mkdir()
    work.mkdir()
    return folder, work


def put(folder, name, content="x"):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return path


def names(work):
    return sorted(p.relative_to(work).as_posix() for p in work.rglob("*") if p.is_file())


def test_files_are_copied_and_the_copies_cannot_be_written(places):
    folder, work = places
    put(folder, "helper.py", "PLUS = 1\n")
    put(folder, "data/a/table.csv")
    assert beside.copy(folder, work) == []
    assert names(work) == ["data/a/table.csv", "helper.py"]
    assert (work / "helper.py").read_text() == "PLUS = 1\n"
    assert not any(stat.S_IMODE((work / name).stat().st_mode) & 0o222 for name in names(work))


def test_notebooks_hidden_files_environments_and_old_versions_stay_away(places):
    folder, work = places
    for name in (
        "bert.ipynb",
        ".env",
        ".git/config",
        "venv/pyvenv.cfg",
        "venv/lib/x.py",
        "__pycache__/x.pyc",
        "kept/01.py",
        "a/b/c/deep.py",
    ):
        put(folder, name)
    assert beside.copy(folder, work) == [] and names(work) == []


def test_what_is_too_much_is_left_out_and_named(places, monkeypatch):
    folder, work = places
    put(folder, "big.bin", "x" * 200)
    put(folder, "small.py")
    monkeypatch.setattr(beside, "MOST_BYTES", 100)
    assert beside.copy(folder, work) == ["big.bin"] and names(work) == ["small.py"]
    monkeypatch.setattr(beside, "MOST_FILES", 1)
    assert beside.copy(folder, work) == ["big.bin", "small.py and what follows it"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_and_a_link_to_a_folder_are_passed_over(places, tmp_path):
    folder, work = places
    os.mkfifo(folder / "pipe")
    put(tmp_path / "elsewhere", "secret.txt")
    (folder / "link").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    assert beside.copy(folder, work) == [] and names(work) == []


def test_the_folder_that_is_copied_to_is_never_copied(places):
    folder, _ = places
    put(folder, "helper.py")
    work = folder / "temporary" / "work"
    work.mkdir(parents=True)
    assert beside.copy(folder, work) == [] and names(work) == ["helper.py"]
