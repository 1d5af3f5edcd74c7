"""A program that ran, as its judge sees it: plain data alone, be it from this process or from behind a wall.

Where it ran it is looked at by name (`Looks`), and nothing is known there of what is right; the judge (`Observed`) has
what was seen, and the truth of its own to hold it against.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tutor.checking import guard
from tutor.checking.fault import Fault, fault_of
from tutor.checking.plain import plain, words
from tutor.checking.running import Run, Training, Watch, execute

LOOKED_AT = 30.0  # seconds that looking at what a program left may take in all
MOST_LINES = 100  # of a program, those in which most of its time went

Observe = Callable[[Run, Any], Mapping[str, Callable[[], Any]]]


class UnusableError(Exception):
    """What a program left behind could not be used; `fault` is the error."""

    def __init__(self, fault: Fault):
        super().__init__(fault.text)
        self.fault = fault


@dataclass(frozen=True)
class ProgramHalf:
    """The public half of a program's exercise: how it is run and looked at. The fields are those of a `Spec`."""

    leaves: tuple[str, ...]
    observe: Observe | None = None
    watch: Watch | None = None
    seconds: float = 60.0


@dataclass(frozen=True)
class Ran:
    """What was seen of a program while it ran, as plain data.

    Attributes
    ----------
    error : what it raised.
    slow : whether it was stopped by its time limit.
    harm : what it changed beside its result, in words.
    printed : what it printed, where that was not shown as it came.
    seconds : how long it took.
    missing : the names that it has to leave behind and did not.
    unasked : of those left, the tensors of numbers that ask for no gradient.
    lines : line of the cell -> how often it was met running.
    training : what was seen of its training.
    """

    error: Fault | None = None
    slow: bool = False
    harm: tuple[str, ...] = ()
    printed: str = ""
    seconds: float = 0.0
    missing: tuple[str, ...] = ()
    unasked: tuple[str, ...] = ()
    lines: dict[int, int] = field(default_factory=dict)
    training: Training = field(default_factory=Training)


class Looks:
    """Looks at what a program left behind, a thing at a time: at each name that it has to leave, and as `observe` says.

    Parameters
    ----------
    half : the public half of its exercise.
    run : the program that ran.
    given : what the judge gave to look at it with, as plain data.
    program : what has the program's code, in whose lines an error is looked for.
    seconds : how long all of it may take.
    """

    def __init__(self, half: ProgramHalf, run: Run, given: Any, program: Any, seconds: float = LOOKED_AT):
        self._program, self._end = program, guard.clock() + seconds
        self._looks = {name: lambda value=value: value for name, value in run.left.items()}
        self._fault: Fault | None = None
        if half.observe is not None:
            made = guard.call(half.observe, run, given, seconds=seconds)
            self._fault = None if made.error is None else fault_of(made.error, program)
            self._looks.update(made.value or {})

    def __call__(self, name: str) -> Any:
        """What is seen under a name, as plain data, or the `Fault` that it ends in.

        Raises
        ------
        LookupError
            If there is nothing of that name.
        """
        if name not in self._looks and self._fault is not None:
            return self._fault
        look = self._looks[name]
        outcome = guard.call(lambda: plain(look()), seconds=max(0.05, self._end - guard.clock()))
        return outcome.value if outcome.error is None else fault_of(outcome.error, self._program)

    def all(self) -> Iterator[tuple[str, Any]]:
        """Every name with what is seen under it, in order; where the time is over, "" with that for all others."""
        for name in self._looks:
            seen = self(name)
            late = isinstance(seen, Fault) and seen.family == "TooSlow"
            yield "" if late else name, seen
            if late:
                return
        if self._fault is not None:
            yield "", self._fault


class Observed:
    """A program that ran: what its judge is given. `run[name]` is what was seen under a name.

    Attributes
    ----------
    text : the program.
    given : what it was looked at with; `turn` is the number by which that was drawn.
    recorder : what was seen of its training.
    """

    def __init__(
        self, look: Callable[[str], Any], training: Training, text: str = "", given: Any = None, turn: int = 0
    ):
        self._look, self.recorder, self.text, self.given, self.turn = look, training, text, given, turn
        self._kept: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._kept:
            self._kept[name] = self._look(name)
        if isinstance(self._kept[name], Fault):
            raise UnusableError(self._kept[name])
        return self._kept[name]

    @property
    def losses(self) -> tuple[float, ...]:
        """What each backward pass began at, in order, where that was one number."""
        return self.recorder.losses

    @property
    def backwards(self) -> int:
        """How many backward passes there were."""
        return self.recorder.backwards


def perform(
    half: ProgramHalf,
    code: types.CodeType,
    names: Mapping[str, Any],
    *,
    given: Any = None,
    seconds: float,
    seed: int = 0,
    live: bool = False,
    looking: float = LOOKED_AT,
) -> tuple[Ran, dict[str, Any], Looks | None]:
    """Run a program in a copy of a notebook's names, without those that it has to leave.

    `seconds` are its time limit, and `looking` that of all looks at what it left.

    Returns
    -------
    What was seen of it, every name that it has bound, and what looks at what it left; None if it did not come so far.
    """
    before = {name: value for name, value in names.items() if name not in half.leaves}
    outcome, recorder, space = execute(code, before, seconds=seconds, seed=seed, live=live, watch=half.watch)
    bound = {name: value for name, value in space.items() if name not in before or before[name] is not value}
    left = {name: bound[name] for name in half.leaves if bound.get(name, ...) is not ...}
    program = types.SimpleNamespace(__code__=code)
    ran = Ran(
        error=None if outcome.error is None else fault_of(outcome.error, program),
        slow=outcome.slow,
        harm=tuple(outcome.harm),
        printed=outcome.printed,
        seconds=outcome.seconds,
        missing=tuple(name for name in half.leaves if name not in left),
        unasked=tuple(name for name, value in left.items() if _is_unasked(value)),
        lines=dict(recorder.lines.most_common(MOST_LINES)),
        training=recorder.training(),
    )
    ended = ran.error is None and not ran.harm and not ran.missing
    looks = Looks(half, Run(left, recorder), given, program, looking) if ended else None
    return ran, {name: value for name, value in bound.items() if not name.startswith("__")}, looks


def _is_unasked(value: Any) -> bool:
    try:
        return words(str(getattr(value, "dtype", ""))).startswith("torch.float") and not value.requires_grad
    except Exception:  # an object can be made so that even looking at it fails
        return False
