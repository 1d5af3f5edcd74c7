"""Run a notebook once more behind the wall, and have changed texts of its answers tried where these stand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import astuple
from typing import Any

from tutor.checking.seen import Ask, Seen
from tutor.checking.wire import WireError, encode, framed
from tutor.wall.frames import Job, seconds_of_data, seen_of_data
from tutor.wall.line import Line
from tutor.wall.pool import Wall

Lost = (TimeoutError, EOFError, OSError, WireError)  # what ends a process of which nothing more is expected


class Answer:
    """The place of one answer, whose process waits for changed texts."""

    def __init__(self, line: Line):
        self._line = line

    def run(
        self,
        texts: Sequence[tuple[str, str]],
        ask: Ask,
        *,
        seconds: float,
        left: float,
        watched: bool,
        until: float,
    ) -> Iterator[tuple[Seen, float]]:
        """Have changed texts tried; yield what was seen of each, and the seconds that it took, as its process says.

        Parameters
        ----------
        texts : names and the texts that bind them; of the last ones nothing is told where `left` is over before.
        ask : the run.
        seconds : the time limit of each.
        left : seconds of processor time after which no other is begun.
        watched : whether forbidden ways are looked for.
        until : when all of it is given up, by `time.monotonic`.

        Raises
        ------
        TimeoutError, EOFError, OSError, WireError
            If nothing comes of it, or nothing that can be read: the process is lost.
        """
        self._line.say(framed(encode((tuple(texts), astuple(ask), seconds, left, watched))), until)
        for _ in texts:
            if _kinds(frame := self._line.hear(until)) == (str,):
                return
            yield _tried(frame)
        if _kinds(self._line.hear(until)) != (str,):
            raise WireError("more is told than was asked")


def again(behind: Wall, job: Job, begun: Callable[[str, Answer], None], until: float) -> None:
    """Run a notebook, and give out each answer that is asked for while its process waits at it.

    Parameters
    ----------
    behind : the wall.
    job : the notebook; of each answer that is asked for it says what names its text uses.
    begun : is called with an exercise and its answer, once at most for each.
    until : when it is ended, by `time.monotonic`.

    Raises
    ------
    TimeoutError, EOFError, OSError, WireError
        If its process is lost before its end.
    """
    waiting = set(job.asked)
    with behind.line() as line:
        line.begin()
        line.say(framed(job.message()), until)
        while waiting:
            frame = line.hear(until)
            kinds = _kinds(frame)
            if kinds == (str, str) and frame[0] == "ready" and frame[1] in waiting:
                waiting.discard(frame[1])
                begun(frame[1], Answer(line))
                line.say(framed(encode(("enough",))), until)
            elif kinds == (str,) and frame[0] == "end":
                return
            elif kinds[:1] != (str,) or frame[0] not in ("cell", "fault"):
                raise WireError("a frame says nothing that is said here")


def _tried(frame: Any) -> tuple[Seen, float]:
    if _kinds(frame) != (str, float, tuple) or frame[0] != "tried":
        raise WireError("a frame does not say what came of a text")
    return seen_of_data(frame[2]), seconds_of_data(frame[1])


def _kinds(frame: Any) -> tuple[type, ...]:
    return tuple(map(type, frame)) if type(frame) is tuple else ()
