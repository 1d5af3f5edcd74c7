"""Keep every verdict on disk as soon as it is known, so that judging that was broken off goes on where it was."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tutor.builder.judge import Judged, Row
from tutor.errors import TutorError
from tutor.lessons.edition import edition


class Ledger:
    """A file with one line for each notebook that was judged.

    Parameters
    ----------
    path : the file. What stands in it is kept; a line that was torn off while it was written is passed over.

    Raises
    ------
    TutorError
        If the file cannot be read or written to, or is another kind of file.
    """

    def __init__(self, path: Path) -> None:
        self.path, self._edition = path, edition()
        try:
            text = path.read_text(encoding="utf-8") if path.exists() else ""
            with path.open("a", encoding="utf-8") as file:
                if text and not text.endswith("\n"):
                    file.write("\n")
        except (OSError, UnicodeError) as error:
            raise TutorError(f"Verdicts cannot be kept in {path}: {error}.") from None
        lines = [line for line in text.split("\n") if line]
        read = [made for line in lines if (made := _read(line)) is not None]
        if lines and not read:
            raise TutorError(f"{path} holds no verdicts, so none are added to it: give `--record` another file.")
        self._known = dict(read)

    def known(self, path: Path, shown: str) -> Judged | None:
        """The verdicts of this edition of the series on a notebook that has not changed since, or None."""
        return self._known.get(self._key(path, shown))

    def add(self, path: Path, judged: Judged) -> None:
        """Note the verdicts on a notebook."""
        line = json.dumps({"key": self._key(path, judged.path), **asdict(judged)})
        with self.path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    def _key(self, path: Path, shown: str) -> str:
        try:
            content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        except OSError:
            content = ""
        return f"{self._edition} {content} {shown}"


def _read(line: str) -> tuple[str, Judged] | None:
    try:
        made: dict[str, Any] = json.loads(line)
        rows = tuple(Row(**row) for row in made["rows"])
        return made["key"], Judged(made["path"], rows, tuple(made["notes"]), made["student"], tuple(made["looked_at"]))
    except (ValueError, KeyError, TypeError):
        return None
