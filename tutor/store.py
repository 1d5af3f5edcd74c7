"""Remember which exercises a reader has solved: one JSON file, written atomically, merged between kernels."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import filelock
import platformdirs

APP = "autograd-tutor"
MEND = "set TUTOR_HOME to a folder of your own that can be written"


def home() -> Path:
    """The folder of the reader's progress: TUTOR_HOME, or the system's place for an application's data."""
    return Path(os.environ.get("TUTOR_HOME") or platformdirs.user_data_path(APP, appauthor=False))


def write_atomically(path: Path, text: str) -> None:
    """Write to a temporary file in the same folder, then rename, so that no reader ever sees half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{time.monotonic_ns()}.tmp")
    try:
        temporary.write_bytes(text.encode("utf-8"))
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


class Progress:
    """The reader's progress on disk.

    Attributes
    ----------
    notice : one sentence to show if the file was damaged, or cannot be read or written, else "".
    """

    def __init__(self, folder: Path | None = None):
        self.path = (folder or home()) / "progress.json"
        self.notice = ""

    def read(self) -> dict[str, dict[str, Any]]:
        """Return exercise id -> {"verdict", "tries", "passed", "last", "solution_seen"}."""
        try:
            return self._read()
        except OSError as error:
            self.notice = f"Progress cannot be read from {self.path} ({error.strerror}); {MEND}."
            return {}

    def _read(self) -> dict[str, dict[str, Any]]:
        """The same, but raise OSError where the file may not be read (another user's): it is not damaged and stays."""
        try:
            return _parse(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (ValueError, IsADirectoryError):
            return self._rebuild()

    def record(self, identifier: str, verdict: str) -> None:
        """Note one verdict on an exercise; an exercise once passed stays passed."""

        def note(entry: dict[str, Any]) -> None:
            now = time.strftime("%Y-%m-%dT%H:%M:%S")
            entry["tries"] = entry.get("tries", 0) + (verdict != "todo")
            entry["last"] = now
            if verdict == "pass":
                entry.setdefault("passed", now)
            if entry.get("verdict") != "pass":
                entry["verdict"] = verdict

        self._change(identifier, note)

    def saw_solution(self, identifier: str) -> None:
        """Note that the reader looked at the solution."""
        self._change(identifier, lambda entry: entry.update(solution_seen=True))

    def forget(self, identifiers: list[str]) -> None:
        """Take the exercises back to untouched."""
        self._write(lambda known: [known.pop(i, None) for i in identifiers])

    def _change(self, identifier: str, change: Any) -> None:
        self._write(lambda known: change(known.setdefault(identifier, {})))

    def _write(self, change: Any) -> None:
        """Read, change and write under a lock, so that two kernels never lose each other's answers."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with filelock.FileLock(f"{self.path}.lock", timeout=5):
                known = self._read()
                change(known)
                text = json.dumps({"version": 1, "exercises": known}, indent=1, sort_keys=True) + "\n"
                write_atomically(self.path, text)
                write_atomically(self._copy, text)
        except filelock.Timeout:
            self._cannot_be_saved("it is locked by another program")
        except NotImplementedError:  # of a filelock before 3.24, on Lustre and some other network file systems
            self._cannot_be_saved("its file system has no locks")
        except OSError as error:
            self._cannot_be_saved(error.strerror or str(error))

    def _cannot_be_saved(self, reason: str) -> None:
        self.notice = f"Progress cannot be saved in {self.path} ({reason}); {MEND}."

    @property
    def _copy(self) -> Path:
        return self.path.with_name("progress.copy.json")

    def _rebuild(self) -> dict[str, dict[str, Any]]:
        """Set a damaged file aside and take the second copy, if that one is whole."""
        aside = self.path.with_name(f"progress.damaged-{time.strftime('%Y%m%d-%H%M%S')}.json")
        try:
            self.path.replace(aside)
            known = _parse(self._copy.read_text(encoding="utf-8"))
            source = "rebuilt from its second copy"
        except (ValueError, OSError):
            known, source = {}, "started anew; `tutor check` fills it again from your notebooks"
        self.notice = f"The progress file was damaged; it was set aside as {aside} and {source}."
        if known:
            write_atomically(self.path, json.dumps({"version": 1, "exercises": known}, indent=1, sort_keys=True) + "\n")
        return known


def _parse(text: str) -> dict[str, dict[str, Any]]:
    """Return the exercises in a progress file; ValueError if it is not one."""
    content = json.loads(text)
    known = content.get("exercises") if isinstance(content, dict) else None
    if not isinstance(known, dict) or not all(isinstance(entry, dict) for entry in known.values()):
        raise ValueError("not a progress file")
    return known
