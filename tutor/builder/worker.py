"""A worker of a Dask cluster: a process beside it judges its notebooks, behind a wall that stands between them.

Judging needs a process of its own: it limits memory, sets alarms and changes torch's settings for all of a process, and
a worker's main thread and sockets are Dask's. Each thread of a worker has one, so that a worker judges as many
notebooks at once as it has threads. That process ends when the worker does, however it ends.
"""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path

from tutor import data
from tutor.builder import submission, walled
from tutor.builder.judge import Judged
from tutor.builder.reading import READING
from tutor.builder.submission import Submission
from tutor.checking import guard
from tutor.errors import TutorError
from tutor.lessons.edition import edition
from tutor.wall.pool import Wall, wall


@dataclass(frozen=True)
class Task:
    """A notebook to be judged.

    Attributes
    ----------
    series : the edition of the series that it is to be judged by.
    path : where it is from, for tables; nothing is read there.
    notebook : what stood in the file, as JSON; it is parsed and never unpickled.
    turn, cell_seconds : as for `walled.Judge`.
    """

    series: str
    path: str
    notebook: bytes
    turn: int
    cell_seconds: float


@dataclass(frozen=True)
class Refused:
    """Why a worker can judge nothing, and which one."""

    why: str
    worker: str = ""


class LostError(Exception):
    """The process that judges has ended: the notebook has to be judged anew, there or elsewhere."""


def judge(task: Task) -> Judged | Refused:
    """Judge a notebook; called in a thread of a Dask worker.

    Raises
    ------
    LostError
        If the process that judges ends before it has answered.
    """
    from distributed import get_worker

    with _beside() as process:
        told = process.judge(task)
    return replace(told, worker=get_worker().address) if isinstance(told, Refused) else told


_own = threading.local()


@contextlib.contextmanager
def _beside() -> Iterator[Beside]:
    """This thread's process; one that has ended is replaced by the next call."""
    if not hasattr(_own, "process"):
        _own.process = Beside()
    try:
        yield _own.process
    except (EOFError, OSError):
        _own.process.end()
        del _own.process
        raise LostError("the process that judges has ended") from None


class Beside:
    """A process that judges one notebook after another."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            number = theirs.fileno()
            # -P: nothing is imported from the folder that the worker was started in
            command = [sys.executable, "-P", "-c", f"from {__name__} import main; main({number})"]
            self._process = subprocess.Popen(
                command, pass_fds=[number], stdin=subprocess.DEVNULL, start_new_session=True
            )
        self._connection = Connection(ours.detach())

    def judge(self, task: Task) -> Judged | Refused:
        """Have it judge a notebook; EOFError or OSError if it ends first."""
        self._connection.send(task)
        return self._connection.recv()

    def end(self) -> None:
        """End it, if it has not ended."""
        self._connection.close()
        self._process.kill()
        self._process.wait()


class Bench:
    """What that process keeps from one notebook to the next: the wall, and what is expected of the answers."""

    def __init__(self, stack: contextlib.ExitStack) -> None:
        self._stack = stack
        self._behind: Wall | None = None
        self._judging: walled.Judge | None = None
        self._asked: tuple[str, int, float] | None = None
        self._right: set[str] = set()  # lessons whose solutions have been found right here

    def judge(self, task: Task) -> Judged | Refused:
        """Judge a notebook, or say why none can be judged here.

        Raises
        ------
        OSError
            If the wall is gone.
        """
        path = Path(task.path)
        try:
            judging = self._judge_of(task)
            with guard.time_limit(READING):
                made = submission.of(path, json.loads(task.notebook))
            self._insist(judging, made)
        except TutorError as error:
            return Refused(str(error))
        except guard.TooSlow as error:
            return walled.unreadable(path, error)
        try:
            judging.expect(made)
            judging.try_out(made)
            return judging.verdicts(made)
        except OSError:
            raise
        except (Exception, guard.TooSlow) as error:
            return walled.unreadable(path, error)

    def _judge_of(self, task: Task) -> walled.Judge:
        asked = (task.series, task.turn, task.cell_seconds)
        if asked != self._asked:
            if task.series != edition():
                raise TutorError(OTHER)
            if self._behind is None:
                self._behind = self._stack.enter_context(wall(data.sample_folder()))
            self._judging, self._right = walled.Judge(self._behind, task.turn, task.cell_seconds), set()
            self._asked = asked
        return self._judging

    def _insist(self, judging: walled.Judge, made: Submission) -> None:
        if made.lesson.name not in self._right:
            walled.judges_right(judging, [made.lesson])
            self._right.add(made.lesson.name)


OTHER = "it has another version of the series, or other folders in TUTOR_LESSONS: give all machines the same."


def main(descriptor: int) -> None:
    """Judge what the connection brings until it is closed, as it is when the worker ends."""
    with Connection(descriptor) as caller, contextlib.ExitStack() as stack, contextlib.suppress(EOFError, OSError):
        bench = Bench(stack)
        while True:
            caller.send(bench.judge(caller.recv()))
