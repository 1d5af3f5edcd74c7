"""What crosses the wall: a job goes in, frames come out; each is plain data of a form that is checked on arrival."""

from __future__ import annotations

from dataclasses import astuple, dataclass, field
from typing import Any

import numpy as np

from tutor.checking.fault import Fault
from tutor.checking.observed import Ran
from tutor.checking.plain import LONGEST, words
from tutor.checking.running import Training
from tutor.checking.seen import Answer, Ask, Seen
from tutor.checking.wire import WireError, encode

MOST_NAMES = 100  # parameters of an answer, changed arguments, entries of a list of words, things seen of a program
MOST = 10**9  # backward passes


@dataclass(frozen=True)
class Asked:
    """What is asked of one exercise's answer.

    Attributes
    ----------
    cell : the number of the cell that counts.
    module : the module that holds its public half; "" for a value, which is only looked at.
    name, owner : what the cell binds; for a method, the class that it is filled into.
    asks : the runs.
    seconds : the longest time that an answer may claim for all of them.
    program : a program with the call above it, in the lines of its cell, which holds the call alone.
    given : what a program is looked at with.
    names : those that the answer's text uses, where changed texts are run in its place; None where it is only tried.
    """

    cell: int
    module: str
    name: str
    owner: str = ""
    asks: tuple[Ask, ...] = ()
    seconds: float = 60.0
    program: str = ""
    given: Any = None
    names: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Job:
    """A notebook to run.

    Attributes
    ----------
    cells : number and text of each cell that is run, in order.
    modules : the public halves, as name -> text.
    asked : exercise -> what is asked of it.
    """

    cells: tuple[tuple[int, str], ...]
    modules: dict[str, str] = field(default_factory=dict)
    asked: dict[str, Asked] = field(default_factory=dict)

    def message(self) -> bytes:
        """The job as it crosses the wall."""
        return encode(astuple(self))


def job_of(data: Any) -> Job:
    """The job that a decoded message holds; it comes from the trusted side."""
    cells, modules, asked = data
    made = {name: Asked(*a[:4], tuple(Ask(*ask) for ask in a[4]), *a[5:]) for name, a in asked.items()}
    return Job(cells, modules, made)


def fault_data(fault: Fault) -> tuple[Any, ...]:
    """A fault as plain data."""
    fields = (fault.kind, fault.family, fault.text, fault.number, fault.line, fault.about, fault.by_check)
    return (*fields, tuple(sorted(fault.acts)[:MOST_NAMES]))


def seen_data(seen: Seen) -> tuple[Any, ...]:
    """What was seen as plain data."""
    error = fault_data(seen.error) if seen.error else None
    rest = (seen.printed, seen.seconds, seen.slow, seen.harm, seen.found, seen.changed)
    return (seen.value, error, seen.unreadable, *rest)


def answer_data(answer: Answer) -> tuple[Any, ...]:
    """What is known of an answer as plain data."""
    return (words(answer.kind), answer.callable, answer.is_class, tuple(map(words, answer.parameters[:MOST_NAMES])))


def ran_data(ran: Ran) -> tuple[Any, ...]:
    """What was seen of a program while it ran as plain data."""
    t, error = ran.training, fault_data(ran.error) if ran.error else None
    counts = tuple(min(count, MOST) for count in (t.backwards, t.watched, t.stale))
    operations = tuple(words(name) for name in t.operations[:MOST_NAMES])
    training = (np.array(t.losses, dtype=np.float64), *counts, operations, t.softmax_twice, words(t.origin))
    return (error, ran.slow, ran.harm, ran.printed, ran.seconds, ran.missing, ran.unasked, ran.lines, training)


def fault_of_data(data: Any) -> Fault:
    """The fault in a frame.

    Raises
    ------
    WireError
        If there is none.
    """
    *fields, acts = _fields(data, str, str, str, int, str, str, bool, tuple)
    kind, family, text, number, line, about, by_check = fields
    _words(kind, family, text, line, about)
    return Fault(kind, family, text, max(0, min(number, 10**6)), line, about, by_check, frozenset(_listed(acts, str)))


def seen_of_data(data: Any) -> Seen:
    """What was seen, from a frame.

    Raises
    ------
    WireError
        If a frame holds no such thing.
    """
    value, error, unreadable, printed, seconds, slow, harm, found, changed = _fields(
        data, object, object, str, str, float, bool, tuple, tuple, tuple
    )
    _words(unreadable, *_listed(harm, str), *_listed(found, str))
    changed = _listed(changed, bool)
    took = seconds_of_data(seconds)
    return Seen(value, _fault(error), unreadable, _printed(printed), took, slow, harm, found, changed)


def ran_of_data(data: Any) -> Ran:
    """What was seen of a program while it ran, from a frame.

    Raises
    ------
    WireError
        If a frame holds no such thing.
    """
    error, slow, harm, printed, seconds, missing, unasked, lines, training = _fields(
        data, object, bool, tuple, str, float, tuple, tuple, dict, tuple
    )
    losses, *counts, operations, softmax_twice, origin = _fields(training, np.ndarray, int, int, int, tuple, bool, str)
    _words(origin, *(word for listed in (harm, missing, unasked, operations) for word in _listed(listed, str)))
    if not all(0 <= count <= MOST for count in counts):
        raise WireError("no program does so much")
    if losses.ndim != 1 or losses.dtype != np.float64:
        raise WireError("losses are a row of numbers")
    _listed((*lines, *lines.values()), int, 2 * MOST_NAMES)
    seen = Training(tuple(losses.tolist()), *counts, operations, softmax_twice, origin)
    return Ran(_fault(error), slow, harm, _printed(printed), seconds_of_data(seconds), missing, unasked, lines, seen)


def answer_of_data(data: Any) -> Answer:
    """What is known of an answer, from a frame.

    Raises
    ------
    WireError
        If a frame holds no such thing.
    """
    kind, callable_, is_class, parameters = _fields(data, str, bool, bool, tuple)
    _words(kind, *_listed(parameters, str))
    return Answer(kind, callable_, is_class, parameters)


def _fault(data: Any) -> Fault | None:
    return None if data is None else fault_of_data(data)


def _printed(text: str) -> str:
    return words(text, 2 * LONGEST)


def seconds_of_data(seconds: float) -> float:
    """The seconds in a frame.

    Raises
    ------
    WireError
        If nothing takes so long.
    """
    if not 0 <= seconds < 1e6:
        raise WireError("nothing takes so long")
    return seconds


def _fields(data: Any, *types: type) -> tuple[Any, ...]:
    """The fields of a frame, each of exactly its type; an `object` may be anything that crosses."""
    whole = type(data) is tuple and len(data) == len(types)
    if not whole or not all(kind is object or type(field) is kind for field, kind in zip(data, types, strict=True)):
        raise WireError("a frame has other fields than it should have")
    return data


def _listed(data: tuple[Any, ...], kind: type, most: int = MOST_NAMES) -> tuple[Any, ...]:
    if len(data) > most or not all(type(item) is kind for item in data):
        raise WireError("a list in a frame is too long, or holds something else")
    return data


def _words(*texts: str) -> None:
    if any(words(text) != text for text in texts):
        raise WireError("a text is too long, or holds control characters")
