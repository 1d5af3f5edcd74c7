"""An exercise whose answer is a program: it is run, and judged by what it leaves behind and by what was seen of it."""

from __future__ import annotations

import ast
import functools
import linecache
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from tutor.checking import diagnose, guard, symptoms
from tutor.checking.exercise import Exercise
from tutor.checking.fault import fault_of
from tutor.checking.observed import Observed, ProgramHalf, Ran, UnusableError, perform
from tutor.checking.plain import words
from tutor.checking.report import Report
from tutor.checking.running import compiled
from tutor.checking.spec import Missed

LONGEST_TOLD = 20_000  # characters of a report


class ProgramExercise(Exercise):
    """An exercise of the kind "program"; its answers are texts, or statements that were read already."""

    @functools.cached_property
    def reference(self) -> str:
        """The text of our program."""
        return self.source

    @functools.cached_property
    def misconceptions(self) -> Mapping[str, Any]:
        """None: what is wrong with a program is told by the criterion that it misses."""
        return types.MappingProxyType({})

    @functools.cached_property
    def alternatives(self) -> tuple[str, ...]:
        """Right programs written differently, as texts."""
        return self.spec.alternatives

    def check(
        self,
        candidate: Any,
        *,
        seconds: float | None = None,
        turn: int = 0,
        names: Mapping[str, Any] | None = None,
        filename: str = "",
        live: bool = False,
        **unused: Any,
    ) -> Report:
        """Run a program and judge it; never raises for what it does.

        Parameters
        ----------
        candidate : its text, or its statements; `...` is a stub.
        seconds : its time limit, by default the exercise's own.
        turn : the seed of the random numbers.
        names : what the notebook has defined before; by default what the lesson has.
        filename : the file (the cell) that the statements are from.
        live : whether it prints as it runs, and is ended by Ctrl-C.
        """
        return self.run(candidate, seconds, turn, names, filename, live)[0]

    def run(
        self,
        candidate: Any,
        seconds: float | None = None,
        turn: int = 0,
        names: Mapping[str, Any] | None = None,
        filename: str = "",
        live: bool = False,
    ) -> tuple[Report, dict[str, Any]]:
        """Run a program as `check` does; return the report, and every name that it has bound."""
        if candidate is Ellipsis:
            asked = (
                f"Write the program in place of the `...`. It has to leave {symptoms.named(self.spec.leaves)} behind."
            )
            return self._report("todo", asked), {}
        names = self._namespace() if names is None else names
        try:
            code = self._code(candidate, filename)
        except SyntaxError as error:
            return self.no_program(error), {}
        text = candidate if isinstance(candidate, str) else ast.unparse(ast.Module(candidate, []))
        limit = seconds or self.spec.seconds
        with guard.plain_torch():
            given = self.given(turn)
            ran, bound, looks = perform(self.half, code, names, given=given, seconds=limit, seed=turn, live=live)
            lines = linecache.getlines(code.co_filename)
            return self.judged_program(ran, looks, text, lines=lines, limit=limit, turn=turn), bound

    @functools.cached_property
    def half(self) -> ProgramHalf:
        """What of its data the student's side of a check knows."""
        return ProgramHalf(self.spec.leaves, self.spec.observe, self.spec.watch, self.spec.seconds)

    def given(self, turn: int = 0) -> Any:
        """What a program is looked at with, as plain data."""
        return self.spec.given(turn) if self.spec.given else None

    def _code(self, candidate: Any, filename: str) -> types.CodeType:
        if isinstance(candidate, str):
            filename, candidate = self._kept(candidate), ast.parse(candidate).body
        return compiled(candidate, filename)

    def no_program(self, error: SyntaxError) -> Report:
        """The report on what cannot be compiled: a `return` outside a function, an `await`."""
        told = f"The program is no Python in line {error.lineno}: {error.msg}. Mend it and run the cell again."
        return self._report("error", told, tier="exception")

    def judged_program(
        self,
        ran: Ran,
        look: Callable[[str], Any] | None,
        text: str,
        *,
        lines: Sequence[str],
        limit: float,
        turn: int = 0,
    ) -> Report:
        """Judge what was seen of a program, be it in this process or in another.

        Parameters
        ----------
        ran : what was seen while it ran.
        look : returns what was seen afterwards under a name: plain data, or a `Fault`.
        text : the program.
        lines : the lines of its cell.
        limit : the seconds that it had.
        turn : which numbers it was looked at with.
        """
        report = self._stopped(ran, lines, limit) or self._looked(ran, look, text, turn)
        safe = words(report.message, LONGEST_TOLD)  # names that a program gives its things may be any text
        return replace(report, message=safe, seconds=ran.seconds, printed=ran.printed)

    def _stopped(self, ran: Ran, lines: Sequence[str], limit: float) -> Report | None:
        """The verdicts that do not depend on what it left."""
        if ran.slow:
            return self._report("slow", self._slow(ran, lines, limit), tier="slow")
        if ran.error is not None:
            told = diagnose.exception(ran.error) + symptoms.unasked(ran.error, ran.training, ran.unasked)
            return self._report("error", told, tier="exception")
        if ran.harm:
            return self._report("wrong", f"The program changes {ran.harm[0]}.", tier="harm")
        if ran.missing:
            told = f"The program leaves no {symptoms.named(ran.missing, 'or')} behind."
            return self._missed(Missed("missing", told))
        return None

    def _looked(self, ran: Ran, look: Callable[[str], Any], text: str, turn: int) -> Report:
        try:
            found = self.spec.judge(Observed(look, ran.training, text, self.given(turn), turn))
        except Exception as error:  # what was left may be of any kind and shape
            fault = error.fault if isinstance(error, UnusableError) else fault_of(error, None)
            told = "The program ran to its end; what it left behind could not be used.\n"
            return self._report("error", told + diagnose.exception(fault), tier="exception")
        if isinstance(found, Missed):
            return self._missed(found)
        praise = found if isinstance(found, str) else self.spec.explain
        return self._report("pass", f"It does what was asked. {praise}".strip())

    def _missed(self, missed: Missed) -> Report:
        hint = missed.hint or self.spec.hints[0]
        return self._report("wrong", missed.message, misconception=missed.criterion, tier="criterion", hint=hint)

    def _slow(self, ran: Ran, lines: Sequence[str], limit: float) -> str:
        where = symptoms.slowest(ran.lines, dict(enumerate(map(str.rstrip, lines), 1)))
        longer = f'If it only needs longer, write `program("{self.id}", seconds={4 * limit:g})`'
        # what `tutor check` gives a cell by itself
        longer += f" (and `tutor check --cell-seconds {5 * limit:g}`)." if 4 * limit > 120 else "."
        return "\n".join(filter(None, (f"The program was stopped after {limit:g} s.", where, longer)))
