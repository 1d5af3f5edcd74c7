"""A class's notebooks, from what was handed in to the pages that a teacher reads."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from tutor.builder import judge
from tutor.builder.handed import Handed
from tutor.builder.judge import Judged
from tutor.builder.ledger import Ledger
from tutor.builder.reading import within
from tutor.builder.summary import Summary, answers
from tutor.errors import TutorError
from tutor.store import write_atomically

Judging = Callable[[Sequence[Path]], Iterator[Judged]]


def verdicts(
    found: Sequence[Handed], judging: Judging, record: Path | None = None, resume: bool = False
) -> Iterator[tuple[Handed, Judged]]:
    """Judge what was handed in; each is given out in its turn, and kept on disk before that.

    Parameters
    ----------
    found : what was handed in.
    judging : judges notebooks, in their order.
    record : the file in which verdicts are kept.
    resume : take from there what was judged before and has not changed since.

    Raises
    ------
    TutorError
        If `record` is no such file.
    """
    ledger = Ledger(record) if record else None
    known = {one.path: ledger.known(one.path, one.shown) for one in found} if ledger and resume else {}
    told = iter(judging([one.path for one in found if not one.problem and not known.get(one.path)]))
    for one in found:
        judged = known.get(one.path)
        if judged is None:
            judged = _named(one, judge.unreadable(Path(one.shown), one.problem) if one.problem else next(told))
            if ledger:
                ledger.add(one.path, judged)
        yield one, judged


def _named(one: Handed, judged: Judged) -> Judged:
    """Verdicts with what a table calls the notebook and the student."""
    rows = tuple(replace(row, notebook=one.shown) for row in judged.rows)
    seen = within(lambda: judge.looked_at(one.path), ())
    return replace(judged, path=one.shown, rows=rows, student=one.student, looked_at=seen)


class Pages:
    """The summary's files, written when judging ends, also when it is broken off.

    Raises
    ------
    TutorError
        If one of them cannot be written; that is found out before anything is judged.
    """

    def __init__(self, html: Path | None, markdown: Path | None) -> None:
        self._wanted = [(path, made) for path, made in ((html, Summary.html), (markdown, Summary.markdown)) if path]
        self._summary = Summary()
        for path, _ in self._wanted:
            if path.is_dir() or not os.access(path.parent, os.W_OK):
                raise TutorError(
                    f"The summary cannot be written to {path}: name a file in a folder that can be written to."
                )

    def add(self, one: Handed, judged: Judged) -> None:
        """Take in the verdicts on a notebook."""
        if self._wanted:
            self._summary.add(judged, within(lambda: list(answers(one.path)), []))

    def __enter__(self) -> Pages:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for path, made in self._wanted:
            write_atomically(path, made(self._summary))
