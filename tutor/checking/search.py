"""Go on looking for the cause of a wrong answer that has no name: one changed line, or two known mistakes at once."""

from __future__ import annotations

import contextlib
import itertools
import time
import warnings
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from tutor.checking import blame, diagnose
from tutor.checking.changing import CannotRebuildError, Changing, as_it_was
from tutor.checking.probes import same
from tutor.checking.report import Report
from tutor.checking.seen import Half, Seen
from tutor.checking.spec import Misconception, Spec

AT_ONCE = 0.3  # seconds for which a report waits
LATER = 1.2  # seconds more, when a hint is asked for
SLOWER = 4  # how many times longer than the answer itself a changed one may run

Steps = Iterator[Report | None]


class Known(Protocol):
    """What is asked of the exercise that was answered."""

    id: str
    source: str
    spec: Spec
    misconceptions: Mapping[str, Misconception]

    def probed(self, turn: int = 0) -> Sequence[Any]: ...
    def again(self, turn: int) -> Sequence[Any]: ...
    def verdict_of(self, seen: Seen, probed: Any) -> str: ...
    def both(self, first: Misconception, second: Misconception) -> Any: ...
    def run_both(self, pair: Any, trial: diagnose.Trial) -> Seen: ...
    def in_order(self, *known: Misconception) -> list[Misconception]: ...
    def hints_for(self, misconception: str | None = None) -> tuple[str, ...]: ...


class Tries(Protocol):
    """Where changed answers are run: in this process, or behind a wall."""

    def begin(self, names: Sequence[str]) -> None:
        """Get ready for texts that use some names; CannotRebuildError where none can be run."""

    def run(self, changed: blame.Changed, probed: Any, *, seconds: float, watched: bool) -> Seen:
        """Run a changed answer on a probe."""

    def within(self, changes: blame.Changes) -> blame.Changes:
        """The changes, as long as making them does not take too long."""

    def clock(self) -> float:
        """The seconds that count."""

    def kept(self) -> contextlib.AbstractContextManager[None]:
        """Around it all: at its end the notebook is as it was."""


class Here:
    """Changed answers are run in this process, where the answer stands.

    Parameters
    ----------
    half, candidate, carried : as for `Changing`.
    owner, name : of a method, the class that holds it, and by what name.
    """

    clock = staticmethod(time.perf_counter)

    def __init__(self, half: Half, candidate: Any, carried: Callable[[Any], Any], owner: Any = None, name: str = ""):
        self._answer, self._place = (half, candidate, carried), (owner, name)

    def begin(self, names: Sequence[str]) -> None:
        """Copy what the names stand for."""
        half, candidate, carried = self._answer
        self._changing = Changing(half, candidate, names, carried)

    def run(self, changed: blame.Changed, probed: Any, *, seconds: float, watched: bool) -> Seen:
        """Run a changed answer among these copies."""
        return self._changing.run(changed, probed.arguments, seed=probed.seed, seconds=seconds, watched=watched)

    def within(self, changes: blame.Changes) -> blame.Changes:
        """All changes: it is the reader's own time."""
        return changes

    def kept(self) -> contextlib.AbstractContextManager[None]:
        """Put back what the class of a method holds."""
        return as_it_was(*self._place)


class Search:
    """What is tried on one wrong answer, in an order that never changes; it can be stopped and gone on with.

    Parameters
    ----------
    exercise : the exercise that was answered.
    report : what is said of the answer so far.
    tries : where changed answers are run.
    source : the answer's text, with the line numbers of its cell; None if it is not known.
    trials : what the answer made of every probe; empty if it was refused before the last.
    failed : the seed of each probe that the answer failed, and the seconds that it took there.
    turn : which numbers the probes were drawn with.
    """

    def __init__(
        self,
        exercise: Known,
        report: Report,
        tries: Tries,
        *,
        source: str | None,
        trials: list[diagnose.Trial],
        failed: dict[int, float],
        turn: int,
    ):
        self.exercise, self.report, self.tries = exercise, report, tries
        self.failed, self.turn = failed, turn
        self._until, self._limit = 0.0, 0.1 + SLOWER * max(failed.values())
        self._steps = _in_turn(*([self._lines(source)] if source else []), *([self._pairs(trials)] if trials else []))
        self.over = False
        self._found: Report | None = None

    def run(self, seconds: float) -> Report | None:
        """Go on for some seconds; return the better report, or None if nothing has been found so far."""
        self._until = self.tries.clock() + seconds
        with self.tries.kept(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # those of changed texts are not the reader's
            for found in self._steps:
                if found is not None:
                    return found
                if self.tries.clock() > self._until:
                    return self._found
        self.over = True
        return None

    def _lines(self, source: str) -> Steps:
        """Try one change of the text after the other."""
        try:
            text = blame.Text(source, self.exercise.id)
            self.tries.begin(text.names)
        except CannotRebuildError:
            return
        harm = self.report.tier == "harm"
        changes = blame.changed(text, self.exercise.spec.misconceptions, self.exercise.source, harm=harm)
        for changed, sentence, line in self.tries.within(changes):
            if not (yield from self._right(changed)):
                continue
            if not sentence:
                return
            self._found = self._told(sentence)
            for closer, words, _ in blame.closer(text, line) if line else ():
                if (yield from self._right(closer)):
                    self._found = self._told(words)
                    break
            yield self._found
            return

    def _told(self, sentence: str) -> Report:
        return replace(self.report, message=f"{self.report.message}\n{sentence}", found=sentence, later=None)

    def _right(self, changed: blame.Changed) -> Generator[None, None, bool]:
        """Whether a changed answer is right on all probes and, with other numbers, on one of each kind again."""
        probes = sorted(self.exercise.probed(self.turn), key=lambda p: self.failed.get(p.seed, float("inf")))
        for probed in probes:
            if not self._passes(changed, probed, watched=False):
                yield
                return False
            yield
        for probed in self.exercise.again(self.turn + 1):
            if not self._passes(changed, probed, watched=True):
                return False
            yield
        return True

    def _passes(self, changed: blame.Changed, probed: Any, *, watched: bool) -> bool:
        seconds = max(0.05, min(self._limit, self._until - self.tries.clock()))
        seen = self.tries.run(changed, probed, seconds=seconds, watched=watched)
        return self.exercise.verdict_of(seen, probed) == "pass"

    def _pairs(self, trials: list[diagnose.Trial]) -> Steps:
        """Try what two known mistakes do together; a pair is told only if no other pair does the same.

        An answer that returns one and the same for every probe has other causes than two mistakes that end up there.
        """
        made = [trial.outcome.value for trial in trials]
        if all(trial.outcome.error is None for trial in trials) and all(same(made[0], value) for value in made[1:]):
            return
        known, alike = self.exercise, []
        trials = sorted(trials, key=lambda trial: trial.outcome.seconds)  # most pairs differ on the first
        for pair in itertools.combinations(known.misconceptions.values(), 2):
            if known.both(*pair) is not None and diagnose.matches(known.spec, trials, pair, known.run_both):
                alike.append(pair)
            yield None
        if len(alike) == 1:
            first, second = known.in_order(*alike[0])
            told = (
                "Your answer does what two mistakes do together; each is told here as if it were the only one. "
                f"Mend this one first: {first.message}\nIf that is not enough, it is this as well: {second.message}"
            )
            hint = next(iter(known.hints_for(first.name)), None)
            yield replace(
                self.report, message=told, found=told, misconception=first.name, tier="pair", hint=hint, later=None
            )


def _in_turn(*ways: Steps) -> Steps:
    """Several searches, a step of the one that has taken the least time: one of long steps must not starve another."""
    taken = [0.0] * len(ways)
    going = list(range(len(ways)))
    while going:
        way = min(going, key=taken.__getitem__)
        started = time.perf_counter()
        try:
            step = next(ways[way])
        except StopIteration:
            going.remove(way)
            continue
        taken[way] += time.perf_counter() - started
        yield step
