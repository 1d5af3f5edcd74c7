"""Look for the line that is wrong in answers that were judged behind the wall and whose mistake has no name.

It begins when all verdicts of a notebook stand. The notebook runs once more, as far as these answers need it, and waits
where each of them stands; changed texts are made out here, tried there, and compared out here. Whatever its process
says can name a wrong line in its own rows, and no more.
"""

from __future__ import annotations

import contextlib
import itertools
import math
import time
from collections import deque
from collections.abc import Mapping

from tutor.builder.jobs import Jobs
from tutor.builder.submission import Submission
from tutor.checking import guard
from tutor.checking.blame import Changed, Changes, Text
from tutor.checking.changing import CannotRebuildError
from tutor.checking.exercise import Judged, Probed
from tutor.checking.report import Report
from tutor.checking.search import Search
from tutor.checking.seen import Ask, Seen
from tutor.wall.again import Answer, Lost, again
from tutor.wall.pool import Wall

EXERCISE = 0.6  # seconds of processor time for an answer: a line that is found is mostly found in half of it
NOTEBOOK = 2.5  # for all answers of a notebook
BY_THE_WALL = 3  # how many times longer that may take by the clock on the wall, the cells above the answers included
MOST_TEXT = 20_000  # characters of an answer that is looked into
TOGETHER = 16  # changed answers that are sent at once: a process that has to be waited for each time is slow
UNTRIED = Seen(unreadable="it was not tried")


def better_reports(behind: Wall, jobs: Jobs, made: Submission, wrong: Mapping[str, Judged]) -> dict[str, Report]:
    """Look into a notebook's answers; return the reports in which a line, or two mistakes at once, are told.

    Parameters
    ----------
    behind : the wall.
    jobs : makes what is sent behind it.
    made : the notebook, which was tried.
    wrong : exercise -> what is said of its answer, and why.
    """
    unnamed = {i: judged for i, judged in wrong.items() if judged.failed and judged.report.misconception is None}
    if not unnamed:
        return {}
    looking = _Looking(behind, jobs, made, unnamed)
    # whatever fails, be it in comparing plain data, costs the search alone
    with contextlib.suppress(Exception, guard.TooSlow), guard.plain_torch():
        looking.at_lines()
        looking.at_pairs()
    return looking.found


class Behind:
    """Changed answers are run behind the wall; only what came of them arrives here.

    Parameters
    ----------
    answer : the place of the answer; None if there is none, and only what needs no run can be found.
    seconds : of processor time, here and there, that it may take.
    until : when it is given up, by `time.monotonic`.
    known : what was seen of texts on the first probe, in another process; it is added to.
    together : how many texts are sent at once.
    """

    def __init__(self, answer: Answer | None, seconds: float, until: float, known: dict[str, Seen], together: int):
        self._answer, self._seconds, self._until, self._known = answer, seconds, until, known
        self._begun, self._elsewhere, self._together = time.thread_time(), 0.0, together
        self._ahead: deque[tuple[Changed, str, int]] = deque()
        self._texts: dict[Changed, str] = {}
        self._first: Probed | None = None

    def begin(self, names: tuple[str, ...]) -> None:
        """Nothing: its process has begun when it waits."""
        if self._answer is None:
            raise CannotRebuildError

    def run(self, changed: Changed, probed: Probed, *, seconds: float, watched: bool) -> Seen:
        """Have a changed answer run; on the first probe, which few come through, with those that come after it."""
        self._first, text = self._first or probed, self._text(changed)
        if probed is not self._first or watched:
            found: dict[str, Seen] = {}
            self._try([(changed.name, text)], probed, seconds, watched, found)
            return found.get(text, UNTRIED)
        if text not in self._known:
            ahead = ((later.name, self._text(later)) for later, *_ in self._ahead)
            sent = [(changed.name, text), *(one for one in ahead if one[1] not in self._known)]
            self._try(sent, probed, seconds, watched, self._known)
        return self._known.get(text, UNTRIED)

    def _text(self, changed: Changed) -> str:
        """The text of a changed answer; one that is right nowhere, where it cannot be written."""
        if changed not in self._texts:
            try:
                self._texts[changed] = changed.text()
            except (ValueError, RecursionError):
                self._texts[changed] = ""
        return self._texts[changed]

    def _try(
        self, texts: list[tuple[str, str]], probed: Probed, seconds: float, watched: bool, found: dict[str, Seen]
    ) -> None:
        """Put down what is seen of texts, as far as the time goes."""
        left = self._seconds - self.spent()
        tried = self._answer.run(texts, probed.ask, seconds=seconds, left=left, watched=watched, until=self._until)
        for number, (seen, spent) in enumerate(tried):
            self._elsewhere += spent
            found[texts[number][1]] = seen

    def within(self, changes: Changes) -> Changes:
        """The changes; some are made ahead, in limited time: an answer can be written so that there are millions."""
        while True:
            with contextlib.suppress(guard.TooSlow), guard.time_limit(EXERCISE):
                self._ahead.extend(itertools.islice(changes, self._together - len(self._ahead)))
            if not self._ahead:
                return
            yield self._ahead.popleft()

    def spent(self) -> float:
        """The seconds of processor time that its process says it took, and those that were needed here."""
        return time.thread_time() - self._begun + self._elsewhere

    def clock(self) -> float:
        """The same, as long as there is time by the wall."""
        return self.spent() if time.monotonic() < self._until else math.inf

    def kept(self) -> contextlib.AbstractContextManager[None]:
        """Nothing is to be put back here."""
        return contextlib.nullcontext()


class _Looking:
    """What is found in a notebook, and the time that is left for it."""

    def __init__(self, behind: Wall, jobs: Jobs, made: Submission, unnamed: Mapping[str, Judged]):
        self._behind, self._jobs, self._made, self._unnamed = behind, jobs, made, unnamed
        self._left, self._end = NOTEBOOK, time.monotonic() + BY_THE_WALL * NOTEBOOK
        self._at = ""  # the exercise that a process waits at
        self._lost: set[str] = set()  # those at which one was lost
        self._done: set[str] = set()
        self._known: dict[str, dict[str, Seen]] = {i: {} for i in unnamed}
        self.found: dict[str, Report] = {}

    @property
    def _over(self) -> bool:
        return self._left <= 0 or time.monotonic() >= self._end

    def at_lines(self) -> None:
        """Run the notebook, and look into each answer while its process waits there."""
        wanted = {i: (names, self._first(i)) for i in self._unnamed if (names := self._names(i)) is not None}
        for made, settled in ((self._made.as_first(), True), (self._made, False)):
            self._run(made, {i: one for i, one in wanted.items() if (i in made.settled) is settled})

    def _names(self, identifier: str) -> tuple[str, ...] | None:
        """The names that an answer's text uses; None if it cannot be changed."""
        text = self._made.definition(identifier)
        with contextlib.suppress(CannotRebuildError, RecursionError, MemoryError):
            return Text(text, identifier).names if text and len(text) <= MOST_TEXT else None
        return None

    def _first(self, identifier: str) -> Ask:
        """The run that an answer failed soonest."""
        failed = self._unnamed[identifier].failed
        probes = self._made.lesson.exercises[identifier].probed(self._jobs.turn)
        return min((p for p in probes if p.seed in failed), key=lambda p: failed[p.seed]).ask

    def _run(self, made: Submission, wanted: dict[str, tuple[tuple[str, ...], Ask]]) -> None:
        """Run it again where its process is lost at an answer: then its changes are sent one by one, then it is left.

        What lost it may have come after the one that is looked for.
        """
        while wanted and not self._over:
            self._at = ""
            try:
                with guard.time_limit(self._left):
                    job = self._jobs.again(made, wanted)
                again(self._behind, job, self._look, self._end)
                return
            except Lost:
                if not self._at:
                    return
                left = {self._at} & self._lost
                wanted = {i: one for i, one in wanted.items() if i not in self._done | left}
                self._lost.add(self._at)
            except (Exception, guard.TooSlow):  # what cannot even be sent costs the search alone
                return

    def at_pairs(self) -> None:
        """Look for two mistakes at once where no process was there to the end; that needs none."""
        for identifier in self._unnamed:
            if identifier not in self._done and not self._over:
                self._look(identifier, None)

    def _look(self, identifier: str, answer: Answer | None) -> None:
        """Look into one answer, as a notebook does."""
        self._at, seconds = identifier, min(EXERCISE, self._left)
        until = min(self._end, time.monotonic() + BY_THE_WALL * seconds)
        together = 1 if identifier in self._lost else TOGETHER
        tries = Behind(answer, seconds, until, self._known[identifier], together)
        try:
            if better := self._search(identifier, tries).run(seconds):
                self.found[identifier] = better
        except Lost:
            raise
        except Exception:  # plain data can be such that even comparing it fails
            pass
        finally:
            self._left -= tries.spent()
        self._done.add(identifier)
        self._at = ""

    def _search(self, identifier: str, tries: Behind) -> Search:
        known, judged = self._made.lesson.exercises[identifier], self._unnamed[identifier]
        text = self._made.definition(identifier)
        return Search(
            known,
            judged.report,
            tries,
            source=text if text and len(text) <= MOST_TEXT else None,
            trials=judged.trials,
            failed=judged.failed,
            turn=self._jobs.turn,
        )
