"""An exercise whose answer is a program: it is run, and judged by what it leaves behind and by what was seen of it."""

from __future__ import annotations

import ast
import functools
import linecache
import types
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tutor.checking import diagnose, guard, symptoms
from tutor.checking.exercise import Exercise
from tutor.checking.fault import fault_of
from tutor.checking.report import Report
from tutor.checking.running import Recorder, Run, compiled, execute
from tutor.checking.spec import Missed

JUDGED = 30.0  # seconds that judging may take besides


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
        given = {name: value for name, value in names.items() if name not in self.spec.leaves}
        try:
            code = self._code(candidate, filename)
        except SyntaxError as error:  # `return` outside a function, an `await`: found when it is compiled
            told = f"The program is no Python in line {error.lineno}: {error.msg}. Mend it and run the cell again."
            return self._report("error", told, tier="exception"), {}
        limit = seconds or self.spec.seconds
        with guard.plain_torch():
            outcome, recorder, space = execute(code, given, seconds=limit, seed=turn, live=live, watch=self.spec.watch)
            bound = {name: value for name, value in space.items() if name not in given or given[name] is not value}
            report = self._judged(candidate, code, outcome, recorder, bound, limit)
        bound = {name: value for name, value in bound.items() if not name.startswith("__")}
        return replace(report, seconds=outcome.seconds, printed=outcome.printed), bound

    def _code(self, candidate: Any, filename: str) -> types.CodeType:
        if isinstance(candidate, str):
            filename, candidate = self._kept(candidate), ast.parse(candidate).body
        return compiled(candidate, filename)

    def _judged(
        self,
        candidate: Any,
        code: types.CodeType,
        outcome: guard.Outcome,
        recorder: Recorder,
        bound: dict[str, Any],
        limit: float,
    ) -> Report:
        program = types.SimpleNamespace(__code__=code)
        if outcome.slow:
            return self._report("slow", self._slow(recorder, code.co_filename, limit), tier="slow")
        if outcome.error is not None:
            left = {name: bound[name] for name in self.spec.leaves if name in bound}
            told = diagnose.exception(fault_of(outcome.error, program)) + symptoms.unasked(
                outcome.error, recorder, left
            )
            return self._report("error", told, tier="exception")
        if outcome.harm:
            return self._report("wrong", f"The program changes {outcome.harm[0]}.", tier="harm")
        missing = [name for name in self.spec.leaves if bound.get(name, ...) is ...]
        if missing:
            told = Missed("missing", f"The program leaves no {symptoms.named(missing, 'or')} behind.")
            return self._missed(told)
        text = candidate if isinstance(candidate, str) else ast.unparse(ast.Module(candidate, []))
        left = {name: bound[name] for name in self.spec.leaves}
        judged = guard.call(self.spec.judge, Run(left, recorder, outcome.seconds, text), seconds=JUDGED)
        if judged.error is not None:
            told = "The program ran to its end; what it left behind could not be used.\n"
            return self._report("error", told + diagnose.exception(fault_of(judged.error, program)), tier="exception")
        if isinstance(judged.value, Missed):
            return self._missed(judged.value)
        praise = judged.value if isinstance(judged.value, str) else self.spec.explain
        return self._report("pass", f"It does what was asked. {praise}".strip())

    def _missed(self, missed: Missed) -> Report:
        hint = missed.hint or self.spec.hints[0]
        return self._report("wrong", missed.message, misconception=missed.criterion, tier="criterion", hint=hint)

    def _slow(self, recorder: Recorder, filename: str, limit: float) -> str:
        text = dict(enumerate(map(str.rstrip, linecache.getlines(filename)), 1))
        where = symptoms.slowest(recorder.lines, text)
        longer = f'If it only needs longer, write `program("{self.id}", seconds={4 * limit:g})`'
        # what `tutor check` gives a cell by itself
        longer += f" (and `tutor check --cell-seconds {5 * limit:g}`)." if 4 * limit > 120 else "."
        return "\n".join(filter(None, (f"The program was stopped after {limit:g} s.", where, longer)))
