"""Go on looking for the cause of a wrong answer that has no name: one changed line, or two known mistakes at once."""

from __future__ import annotations

import contextlib
import functools
import itertools
import time
import warnings
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from tutor.checking import blame, diagnose
from tutor.checking.probes import same
from tutor.checking.report import Report
from tutor.checking.seen import Seen
from tutor.checking.spec import Misconception, Spec

AT_ONCE = 0.3  # seconds for which a report waits
LATER = 1.2  # seconds more, when a hint is asked for
SLOWER = 4  # how many times longer than the answer itself a changed one may run

_MISSING = object()

Steps = Iterator[Report | None]


class Known(Protocol):
    """What is asked of the exercise that was answered."""

    id: str
    kind: str
    name: str
    owner: str | None
    source: str
    spec: Spec
    misconceptions: Mapping[str, Misconception]

    def probed(self, turn: int = 0) -> Sequence[Any]: ...
    def again(self, turn: int) -> Sequence[Any]: ...
    def is_right(
        self, build: Callable[[], Any], owner: Any, probed: Any, seconds: float, *, watched: bool = False
    ) -> bool: ...
    def both(self, first: Misconception, second: Misconception) -> Any: ...
    def run_both(self, pair: Any, trial: diagnose.Trial) -> Seen: ...
    def in_order(self, *known: Misconception) -> list[Misconception]: ...
    def hints_for(self, misconception: str | None = None) -> tuple[str, ...]: ...


class Search:
    """What is tried on one wrong answer, in an order that never changes; it can be stopped and gone on with.

    Parameters
    ----------
    exercise : the exercise that was answered.
    report : what is said of the answer so far.
    candidate, owner : the answer and, for a method, the class that it is filled into.
    source : the answer's text, with the line numbers of its cell; None if it is not known.
    trials : what the answer made of every probe; empty if it was refused before the last.
    failed : the seed of each probe that the answer failed, and the seconds that it took there.
    turn : which numbers the probes were drawn with.
    """

    def __init__(
        self,
        exercise: Known,
        report: Report,
        candidate: Any,
        owner: Any,
        *,
        source: str | None,
        trials: list[diagnose.Trial],
        failed: dict[int, float],
        turn: int,
    ):
        self.exercise, self.report, self.candidate, self.owner = exercise, report, candidate, owner
        self.failed, self.turn = failed, turn
        self._until, self._limit = 0.0, 0.1 + SLOWER * max(failed.values())
        self._steps = _in_turn(*([self._lines(source)] if source else []), *([self._pairs(trials)] if trials else []))
        self.over, self._found = False, None

    def run(self, seconds: float) -> Report | None:
        """Go on for some seconds; return the better report, or None if nothing has been found so far."""
        self._until = time.perf_counter() + seconds
        with self._class_as_it_was(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # those of changed texts are not the reader's
            for found in self._steps:
                if found is not None:
                    return found
                if time.perf_counter() > self._until:
                    return self._found
        self.over = True
        return None

    @contextlib.contextmanager
    def _class_as_it_was(self) -> Iterator[None]:
        """A method is tried in the reader's own class; whatever it holds by that name is put back."""
        known = self.exercise
        owner = self.owner or getattr(self.candidate, "__globals__", {}).get(known.owner)
        before = vars(owner).get(known.name, _MISSING) if known.kind == "method" and owner else _MISSING
        try:
            yield
        finally:
            if before is not _MISSING:
                setattr(owner, known.name, before)

    def _lines(self, source: str) -> Steps:
        """Try one change of the text after the other."""
        try:
            text = blame.Text(source, self.candidate, self.exercise.id)
        except blame.CannotRebuildError:
            return
        known, writes = self.exercise, self.report.tier == "harm"
        for build, sentence, line in blame.changed(text, known.spec.misconceptions, known.source, writes=writes):
            if not (yield from self._right(build)):
                continue
            if not sentence:
                return
            self._found = self._told(sentence)
            for closer, words in blame.closer(text, line) if line else ():
                if (yield from self._right(closer)):
                    self._found = self._told(words)
                    break
            yield self._found
            return

    def _told(self, sentence: str) -> Report:
        return replace(self.report, message=f"{self.report.message}\n{sentence}", found=sentence, later=None)

    def _right(self, build: Callable[[], Any]) -> Generator[None, None, bool]:
        """Whether what is built is right on all probes and, with other numbers, on one of each kind again."""
        build = functools.cache(build)
        probes = sorted(self.exercise.probed(self.turn), key=lambda p: self.failed.get(p.seed, float("inf")))
        for probed in probes:
            if not self.exercise.is_right(build, self.owner, probed, self._seconds()):
                yield
                return False
            yield
        for probed in self.exercise.again(self.turn + 1):
            if not self.exercise.is_right(build, self.owner, probed, self._seconds(), watched=True):
                return False
            yield
        return True

    def _seconds(self) -> float:
        return max(0.05, min(self._limit, self._until - time.perf_counter()))

    def _pairs(self, trials: list[diagnose.Trial]) -> Steps:
        """Try what two known mistakes do together; a pair is told only if no other pair does the same.

        An answer that returns one and the same for every probe has other causes than two mistakes that end up there.
        """
        made = [trial.outcome.value for trial in trials]
        if all(trial.outcome.error is None for trial in trials) and all(same(made[0], value) for value in made[1:]):
            return
        known, alike = self.exercise, []
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
    """Several searches, a step of each in turn."""
    done = object()
    for step in itertools.chain.from_iterable(itertools.zip_longest(*ways, fillvalue=done)):
        if step is not done:
            yield step
