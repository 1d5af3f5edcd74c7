"""The student's side of a check: run an answer on what the public half of its exercise asks, and tell what was seen.

What is seen is plain data (`plain`, `fault`), so that the judge may sit in another process; no expected value, no
solution and no misconception is known here.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tutor.checking import guard
from tutor.checking.fault import Fault, fault_of
from tutor.checking.fence import MEMORY
from tutor.checking.plain import plain, words
from tutor.checking.probes import Draw, clone, same
from tutor.checking.shortcut import watch
from tutor.checking.stretch import STRETCHES


@dataclass(frozen=True)
class Half:
    """The public half of an exercise: what an answer is tried with. The fields are those of a `Spec`."""

    probes: tuple[Callable[[Draw], tuple], ...]
    use: Callable[..., Any] | None = None
    inplace: bool = False
    forbid: tuple[str, ...] = ()
    seconds: float = 5.0

    def run(self, subject: Any, arguments: tuple[Any, ...]) -> Any:
        """Use an answer as the exercise does; where it is meant to change its arguments, they are returned as well."""
        result = self.use(subject, *arguments) if self.use else subject(*arguments)
        return (result, arguments) if self.inplace else result

    @property
    def files(self) -> frozenset[str]:
        """Where its code is written, to tell its complaints from a reader's errors."""
        written = (*self.probes, *([self.use] if self.use else []))
        return frozenset(f.__code__.co_filename for f in written if hasattr(f, "__code__"))


def half(*, probe: Any = (), space: Any = None, **more: Any) -> Half:
    """Make a public half from the fields of an exercise's data that it is derived from."""
    probes = probe if isinstance(probe, tuple) else (probe,)
    return Half((*(space.probes() if space else ()), *probes), **more)


@dataclass(frozen=True)
class Ask:
    """One run that is asked for: the number of a probe, its seed, that of the run, and how its inputs are stretched."""

    probe: int
    draw: int
    seed: int
    stretch: str = ""

    def arguments(self, asked: Half) -> tuple[Any, ...]:
        """The inputs, drawn anew."""
        made = asked.probes[self.probe](Draw(self.draw))
        return STRETCHES[self.stretch](clone(made)) if self.stretch else made


@dataclass(frozen=True)
class Seen:
    """What came of an answer on one probe, as plain data.

    Attributes
    ----------
    value : what it returned.
    error : what it raised.
    unreadable : the kind of error that looking at what it returned raises, or "".
    printed : what it printed.
    seconds : how long it took.
    slow : whether it was stopped by its time limit.
    harm : what it changed beside its result, in words.
    found : the forbidden ways that it took, in words.
    changed : for each argument, whether it is no longer what it was.
    """

    value: Any = None
    error: Fault | None = None
    unreadable: str = ""
    printed: str = ""
    seconds: float = 0.0
    slow: bool = False
    harm: tuple[str, ...] = ()
    found: tuple[str, ...] = ()
    changed: tuple[bool, ...] = ()


@dataclass(frozen=True)
class Answer:
    """What is known of an answer besides what it does: the name of its type, and its parameters' names."""

    kind: str
    callable: bool
    is_class: bool
    parameters: tuple[str, ...] = ()


def answer_of(candidate: Any) -> Answer:
    """Describe an answer."""
    try:
        parameters = tuple(inspect.signature(candidate).parameters)
    except Exception:  # it is none that has a signature, or has one that cannot be looked at
        parameters = ()
    return Answer(type(candidate).__name__, callable(candidate), isinstance(candidate, type), parameters)


def observe(
    asked: Half,
    subject: Callable[[], Any],
    arguments: tuple[Any, ...],
    *,
    seed: int,
    seconds: float,
    candidate: Any = None,
    watched: bool = True,
    memory: int = MEMORY,
) -> Seen:
    """Run an answer once, under guard.

    Parameters
    ----------
    asked : the exercise's public half.
    subject : makes what `use` receives.
    arguments : the inputs; the answer gets a copy.
    seed : what random numbers are seeded with.
    seconds : the time limit.
    candidate : the answer, in whose lines an error is looked for.
    watched : whether forbidden ways are looked for.
    memory : bytes that it may take beyond what the process has.
    """
    given = clone(arguments)
    with watch(asked.forbid if watched else ()) as found:
        outcome = guard.call(lambda: asked.run(subject(), given), seconds=seconds, seed=seed, memory=memory)
    return seen_of(outcome, asked, arguments, given, candidate, tuple(found))


def seen_of(
    outcome: guard.Outcome,
    asked: Half,
    before: tuple[Any, ...],
    after: tuple[Any, ...],
    candidate: Any = None,
    found: tuple[str, ...] = (),
) -> Seen:
    """What is plain of the outcome of a guarded call, the arguments being given as they were and as they are."""
    value, error, unreadable, changed = None, None, "", ()
    try:
        if outcome.error is not None:
            error = fault_of(outcome.error, candidate, asked.files)
        else:
            value = plain(outcome.value)
            changed = () if asked.inplace else tuple(not same(b, a) for b, a in zip(before, after, strict=True))
    except Exception as stopped:  # an object can be made so that even looking at it fails
        value, unreadable = None, words(type(stopped).__name__)
    return Seen(
        value,
        error,
        unreadable,
        outcome.printed,
        outcome.seconds,
        outcome.slow,
        tuple(outcome.harm),
        found,
        changed,
    )


def handed_on(
    asked: Half, answer: Any, names: tuple[str, ...], arguments: tuple[Any, ...], shown: Callable[[Any], str]
) -> set[str]:
    """Which inputs `use` hands on to a function under their own names, the same ones each time it calls it.

    No message may show the others: a rule that is walked through steps is given another gradient at each.

    Parameters
    ----------
    answer : a right one; of what is no plain function all names are returned.
    names : of the arguments.
    arguments : the inputs.
    shown : an input in words; one that was handed on in other words is another one.
    """
    if asked.use is None or not inspect.isfunction(answer):
        return set(names)
    given, kept = dict(zip(names, arguments, strict=False)), set(names)
    signature = inspect.signature(answer)

    @functools.wraps(answer)
    def watching(*args: Any, **more: Any) -> Any:
        met = signature.bind(*args, **more).arguments
        kept.difference_update([name for name in met if name in kept and shown(given[name]) != shown(met[name])])
        return answer(*args, **more)

    guard.call(lambda: asked.run(watching, clone(arguments)))
    return kept


def looked_at(value: Any) -> Seen:
    """What is seen of a value that is not run."""
    try:
        return Seen(plain(value))
    except Exception as error:  # an object can be made so that even looking at it fails
        return Seen(unreadable=words(type(error).__name__))
