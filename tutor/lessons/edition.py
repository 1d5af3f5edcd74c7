"""What tells one edition of the series from another: judging keeps verdicts by it, and machines compare theirs."""

from __future__ import annotations

import hashlib
from pathlib import Path

from tutor.lessons.registry import series

PACKAGE = Path(__file__).parents[1]


def edition() -> str:
    """A digest of the texts of the package and of a teacher's own lessons, 16 characters; it is read anew each time."""
    extra = [lesson.folder for lesson in series() if not lesson.folder.is_relative_to(PACKAGE)]
    made = hashlib.sha256()
    for folder in (PACKAGE, *extra):
        for file in sorted(folder.rglob("*.py")):
            made.update(f"{folder.name}/{file.relative_to(folder).as_posix()}\0".encode() + file.read_bytes())
    return made.hexdigest()[:16]
