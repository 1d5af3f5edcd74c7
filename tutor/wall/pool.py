"""The trusted side of the wall: start it, have notebooks run behind it, hear what comes back, end what does not end."""

from __future__ import annotations

import contextlib
import select
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tutor.checking import guard
from tutor.checking.fault import Fault
from tutor.checking.observed import Ran
from tutor.checking.seen import Answer, Seen
from tutor.checking.wire import WireError, framed
from tutor.wall import bubble
from tutor.wall.bubble import NoWallError
from tutor.wall.cgroups import Groups, groups
from tutor.wall.frames import MOST_NAMES, Job, answer_of_data, fault_of_data, ran_of_data, seen_of_data
from tutor.wall.line import STARTING, Line

BUSY = 4  # how many times longer by the wall an answer may take, for on a busy machine it waits for the cores
MOST_SEEN = 2_000  # runs of one exercise
UNSEEN = Fault("EOFError", "Exception", "its process ended before this was looked at")


@dataclass
class Tried:
    """What was heard of one exercise: its answer, the time that it had, and what came of each run.

    Of a program there is what was seen while it ran, and under the names of what was looked at afterwards what was
    seen, or the error that it ended in.
    """

    answer: Answer | None = None
    limit: float = 0.0
    seen: list[Seen] = field(default_factory=list)
    ran: Ran | None = None
    looked: dict[str, Any] = field(default_factory=dict)

    def look(self, name: str) -> Any:
        """What was seen under a name, or a `Fault`."""
        return self.looked.get(name, self.looked.get("", UNSEEN))

    @property
    def faults(self) -> list[Fault]:
        """The errors of an answer's runs, or of a program and of looking at what it left."""
        found = [*(seen.error for seen in self.seen), self.ran and self.ran.error, *self.looked.values()]
        return [fault for fault in found if isinstance(fault, Fault)]


@dataclass
class Heard:
    """What was heard of a notebook.

    Attributes
    ----------
    tried : exercise -> what came of its last trial.
    faults : cell -> the error that it raised.
    cell : the cell that ran last.
    ended : whether all cells ran to their end.
    late : whether the time was over before.
    greedy : whether its processes together took more memory than they may.
    broken : why it cannot be run, or what its process sent cannot be read, or "".
    """

    tried: dict[str, Tried] = field(default_factory=dict)
    faults: dict[int, Fault] = field(default_factory=dict)
    cell: int = -1
    ended: bool = False
    late: bool = False
    greedy: bool = False
    broken: str = ""


class Wall:
    """A wall with a zygote behind it; several threads may have notebooks run there at once."""

    def __init__(self, process: subprocess.Popen, control: socket.socket, limits: Groups | None = None):
        self._process, self._control, self._lock, self.limits = process, control, threading.Lock(), limits

    def run(self, job: Job, seconds: float, whole: float | None = None) -> Heard:
        """Have a notebook run in a process of its own; return what was heard of it.

        Parameters
        ----------
        job : the notebook.
        seconds : how long nothing may be heard of it: it takes so long for a cell, or a run of an answer.
        whole : how long it may take in all; by default no longer than that.
        """
        try:
            message = framed(job.message())
        except WireError:
            return Heard(broken="the cells that it needs hold more text than is taken")
        heard = Heard()
        with self.line() as line:
            try:
                line.begin()
                end = time.monotonic() + (whole or seconds)
                until = min(end, time.monotonic() + seconds)
                line.say(message, until)
                while not heard.ended:
                    note(heard, line.hear(until), job)
                    until = min(end, time.monotonic() + _patience(heard, job, seconds))
            except TimeoutError:
                heard.late = True
            except WireError as error:
                heard.broken = f"what its process sent cannot be read ({error})"
            except (EOFError, OSError):
                pass  # its process is gone
        heard.greedy = line.greedy
        return heard

    @contextlib.contextmanager
    def line(self) -> Iterator[Line]:
        """A line to a new process, which waits for a job; it is ended, with all that it has started, with the block."""
        ours, theirs = socket.socketpair()
        group = self.limits.made() if self.limits else None
        made = Line(ours, group)
        with ours:
            ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
            with theirs, self._lock:
                socket.send_fds(self._control, [b"n"], [theirs.fileno()])
            try:
                yield made
            finally:
                with contextlib.suppress(OSError):
                    ours.shutdown(socket.SHUT_WR)  # the keeper sees it, and ends what has not ended
                _until_closed(ours)
                if group:
                    made.greedy = group.ran_out()
                    group.remove()


def _patience(heard: Heard, job: Job, seconds: float) -> float:
    """How long an answer that is being tried may be silent: it is stopped within, unless it cannot be stopped there.

    A cell may be silent for so many `seconds`, and a program for longer, for its limit leaves out waiting for a core.
    """
    name = next(reversed(heard.tried), "")
    if not name or job.asked[name].cell != heard.cell:
        return seconds
    asked, tried = job.asked[name], heard.tried[name]
    if asked.program:
        return seconds if tried.ran else max(seconds, 2 * tried.limit + guard.GRACE)
    longest = BUSY * tried.limit + guard.GRACE
    return min(seconds, longest) if len(tried.seen) < len(asked.asks) else seconds


def note(heard: Heard, frame: Any, job: Job) -> None:
    """Put down what a frame says; only exercises that were asked for and cells that are run can be spoken of.

    Raises
    ------
    WireError
        If it says nothing that a notebook may say.
    """
    if type(frame) is not tuple or not frame or type(frame[0]) is not str:
        raise WireError("a frame has no name")
    name, *rest = frame
    kinds = tuple(map(type, rest))
    if name == "end" and not rest:
        heard.ended = True
    elif name == "cell" and kinds == (int,) and rest[0] in dict(job.cells):
        heard.cell = rest[0]
    elif name == "fault" and kinds == (int, tuple) and rest[0] in dict(job.cells):
        heard.faults[rest[0]] = fault_of_data(rest[1])
    elif name == "answer" and kinds == (str, tuple, float) and rest[0] in job.asked and rest[2] > 0:
        limit = min(rest[2], job.asked[rest[0]].seconds)
        heard.tried[rest[0]] = Tried(answer_of_data(rest[1]), limit)
    elif name == "begun" and kinds == (str, float) and _is_program(job, rest[0]) and rest[1] > 0:
        heard.tried[rest[0]] = Tried(limit=min(rest[1], job.asked[rest[0]].seconds))
    elif name == "ran" and kinds == (str, tuple) and _is_program(job, rest[0]) and rest[0] in heard.tried:
        heard.tried[rest[0]].ran = ran_of_data(rest[1])
    elif name in ("looked", "failed") and kinds[:2] == (str, str) and len(rest) == 3 and _is_program(job, rest[0]):
        looked = heard.tried.setdefault(rest[0], Tried()).looked
        looked[rest[1]] = fault_of_data(rest[2]) if name == "failed" else rest[2]
        if len(looked) > MOST_NAMES:
            raise WireError("too many things were seen of a program")
    elif name == "seen" and kinds == (str, tuple) and rest[0] in job.asked:
        seen = seen_of_data(rest[1])
        tried = heard.tried.setdefault(rest[0], Tried())
        if not job.asked[rest[0]].module:
            tried.seen.clear()  # a value: the last one counts
        if len(tried.seen) >= MOST_SEEN:
            raise WireError("an answer was tried too often")
        tried.seen.append(seen)
    else:
        raise WireError("a frame says nothing that a notebook may say")


def _is_program(job: Job, identifier: str) -> bool:
    return identifier in job.asked and bool(job.asked[identifier].program)


def _until_closed(ours: socket.socket) -> None:
    """Wait until the keeper has ended the notebook and everything that it had started."""
    ours.settimeout(STARTING)
    with contextlib.suppress(OSError):
        while ours.recv(1 << 16):
            pass


@contextlib.contextmanager
def wall(data: Path | None = None, shown: Callable[[list[str]], list[str]] = list) -> Iterator[Wall]:
    """Start a wall; it falls, with everything behind it, at the end of the block.

    Parameters
    ----------
    data : a folder of images that notebooks may read.
    shown : changes the command by which it is started; for tests.

    Raises
    ------
    NoWallError
        If there can be none on this machine.
    """
    refused: list[str] = []
    for as_root in bubble.ways():
        with _started(data, as_root, shown, refused) as made:
            if made is not None:
                yield made
                return
    raise NoWallError(
        f"The wall that other people's notebooks are judged behind cannot be built here ({refused[-1]}): allow user "
        "namespaces, or judge in a throw-away machine with `--unsafe`."
    )


@contextlib.contextmanager
def _started(
    data: Path | None, as_root: bool, shown: Callable[[list[str]], list[str]], refused: list[str]
) -> Iterator[Wall | None]:
    """Start it in one of the ways; None, with the reason put down, if it does not stand."""
    ours, theirs = socket.socketpair()
    with ours, tempfile.TemporaryFile() as complaints, groups() as limits:
        number = theirs.fileno()
        command = shown(bubble.command(["-I", "-m", "tutor.wall.zygote", str(number)], data, as_root=as_root))
        nowhere = subprocess.DEVNULL
        process = subprocess.Popen(command, pass_fds=[number], stdin=nowhere, stdout=nowhere, stderr=complaints)
        theirs.close()
        try:
            made = Wall(process, ours, limits)
            if _stands(made, ours):
                yield made
                return
            complaints.seek(0)
            lines = complaints.read(4000).decode(errors="replace").strip().splitlines()
            refused.append(lines[-1] if lines else "its processes end at once")
        finally:
            ours.close()
            process.kill()
            process.wait()
    yield None


def _stands(made: Wall, control: socket.socket) -> bool:
    """Whether what is behind the wall says so, and runs a notebook without cells; without cgroups if not with them."""
    ready, _, _ = select.select([control], [], [], STARTING)
    if not ready or not control.recv(1):
        return False
    if made.run(Job(()), STARTING).ended:
        return True
    made.limits, limited = None, made.limits is not None  # they can be made, and yet nothing can be put into them
    return limited and made.run(Job(()), STARTING).ended
