"""Progress on disk: atomic, merged, and mended where it was damaged."""

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

import filelock
import pytest

from tutor.store import Progress, write_atomically


def test_what_is_recorded_is_read_back(tmp_path):
    Progress(tmp_path).record("a.b", "wrong")
    Progress(tmp_path).record("a.b", "pass")
    entry = Progress(tmp_path).read()["a.b"]
    assert (entry["verdict"], entry["tries"]) == ("pass", 2)
    assert entry["passed"]


def test_looking_without_answering_is_no_try(tmp_path):
    Progress(tmp_path).record("a.b", "todo")
    assert Progress(tmp_path).read()["a.b"]["tries"] == 0


def test_what_is_forgotten_is_gone_and_the_rest_stays(tmp_path):
    for name in ("a.b", "a.c"):
        Progress(tmp_path).record(name, "pass")
    Progress(tmp_path).forget(["a.b"])
    assert list(Progress(tmp_path).read()) == ["a.c"]


def test_two_processes_writing_at_once_lose_nothing(tmp_path):
    code = (
        "import sys; from pathlib import Path; from tutor.store import Progress\n"
        "for k in range(25): Progress(Path(sys.argv[1])).record(f'{sys.argv[2]}.{k}', 'pass')"
    )
    running = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path), name]) for name in ("one", "two")]
    assert [process.wait() for process in running] == [0, 0]
    assert len(Progress(tmp_path).read()) == 50


def test_a_damaged_file_is_set_aside_and_rebuilt_from_the_second_copy(tmp_path):
    Progress(tmp_path).record("a.b", "pass")
    (tmp_path / "progress.json").write_text('{"exercises": {"a.b": {"verd')
    store = Progress(tmp_path)
    assert store.read()["a.b"]["verdict"] == "pass"
    assert "damaged" in store.notice and "second copy" in store.notice
    assert next(tmp_path.glob("progress.damaged-*.json")).read_text().endswith("verd")
    assert Progress(tmp_path).read()["a.b"]["verdict"] == "pass"


def test_with_both_copies_damaged_progress_starts_anew_and_says_how_to_fill_it(tmp_path):
    Progress(tmp_path).record("a.b", "pass")
    for name in ("progress.json", "progress.copy.json"):
        (tmp_path / name).write_text("[1, 2]")
    store = Progress(tmp_path)
    assert store.read() == {}
    assert "started anew" in store.notice and "tutor check" in store.notice
    store.record("a.c", "pass")
    assert list(Progress(tmp_path).read()) == ["a.c"]


def test_a_file_of_another_shape_counts_as_damaged(tmp_path):
    (tmp_path / "progress.json").write_text(json.dumps({"exercises": {"a.b": "pass"}}))
    assert Progress(tmp_path).read() == {}


def test_a_file_that_may_not_be_read_is_not_called_damaged_and_stays(tmp_path, monkeypatch):
    """Another user's, for instance: it was set aside as damaged, and a new one written in its place."""
    Progress(tmp_path).record("a.b", "pass")
    before = (tmp_path / "progress.json").read_bytes()
    monkeypatch.setattr(Path, "read_text", lambda *a, **k: (_ for _ in ()).throw(PermissionError(13, "denied")))
    store = Progress(tmp_path)
    assert store.read() == {}
    assert "cannot be read" in store.notice and "denied" in store.notice and "TUTOR_HOME" in store.notice
    store.record("a.c", "pass")
    assert "cannot be saved" in store.notice and "damaged" not in store.notice
    monkeypatch.undo()
    assert (tmp_path / "progress.json").read_bytes() == before
    assert not list(tmp_path.glob("progress.damaged*"))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_progress_file_of_another_user_stays(tmp_path):
    Progress(tmp_path).record("a.b", "pass")
    (tmp_path / "progress.json").chmod(0)
    store = Progress(tmp_path)
    assert store.read() == {} and "cannot be read" in store.notice
    (tmp_path / "progress.json").chmod(0o600)
    assert list(Progress(tmp_path).read()) == ["a.b"]


def test_a_file_system_without_locks_is_told_and_stops_no_cell(tmp_path, monkeypatch):
    """filelock raised NotImplementedError there (tox-dev/filelock, issue 67), in the reader's cell."""
    monkeypatch.setattr(filelock.FileLock, "acquire", lambda *a, **k: (_ for _ in ()).throw(NotImplementedError))
    store = Progress(tmp_path)
    store.record("a.b", "pass")
    assert "has no locks" in store.notice and "TUTOR_HOME" in store.notice


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    path = tmp_path / "file.txt"
    write_atomically(path, "old")
    monkeypatch.setattr(Path, "replace", lambda *a: (_ for _ in ()).throw(OSError("disk full")))
    with contextlib.suppress(OSError):
        write_atomically(path, "new")
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]
