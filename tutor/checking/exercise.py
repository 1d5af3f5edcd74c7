"""An exercise: its text, its reference, its misconceptions, and the check that judges an answer by them."""

from __future__ import annotations

import ast
import functools
import inspect
import itertools
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, NamedTuple

from tutor.checking import changing, diagnose, guard, judge
from tutor.checking.fault import keep_lines
from tutor.checking.plain import plain
from tutor.checking.probes import clone, in_float64, largest, same
from tutor.checking.report import Report
from tutor.checking.search import AT_ONCE, LATER, Here, Search
from tutor.checking.seen import Answer, Ask, Half, Seen, answer_of, handed_on, looked_at, observe
from tutor.checking.spec import Misconception, Spec, SpecError
from tutor.checking.stretch import STRETCHES, finite

STRETCHED = 100  # what the seeds of unusual inputs lie apart
WELL = judge.RTOL / 10  # how near the solution has to come in float32, so that another order of adding is right as well
UNMENDED = "unmended"  # the misconception that a repair as it was shows

_numbers = itertools.count()


class Probed(NamedTuple):
    """A probe and what the reference makes of it, as plain data."""

    arguments: tuple[Any, ...]
    expected: Any
    scale: float
    ask: Ask

    @property
    def seed(self) -> int:
        """What the random numbers of its run are seeded with."""
        return self.ask.seed

    @property
    def stretched(self) -> bool:
        """Whether its inputs are unusual."""
        return bool(self.ask.stretch)


class Judged(NamedTuple):
    """A report, with what it stands on: each probe that was looked at, and the seconds that each failing one took."""

    report: Report
    trials: list[diagnose.Trial]
    failed: dict[int, float]


class Exercise:
    """One exercise of the series.

    Parameters
    ----------
    identifier : "lesson.exercise".
    kind : "function", "class", "method" or "value".
    name : the name that the exercise cell binds.
    owner : for a method, the name of its class.
    source : the text of the solution.
    stub : the text of the cell as a reader first meets it.
    broken : of a repair, the text of the definition that is to be mended.
    load_spec : returns the exercise's data; called once, when first needed.
    namespace : returns a fresh dict with what the lesson has defined before this exercise, solutions included.
    """

    def __init__(
        self,
        identifier: str,
        *,
        kind: str,
        name: str,
        owner: str | None,
        source: str,
        stub: str,
        load_spec: Callable[[], Spec],
        namespace: Callable[[], dict[str, Any]],
        broken: str = "",
    ):
        self.id, self.kind, self.name, self.owner, self.source, self.stub = identifier, kind, name, owner, source, stub
        self._load_spec, self._namespace, self.broken = load_spec, namespace, broken

    def __repr__(self) -> str:
        return f"<Exercise {self.id}>"

    @functools.cached_property
    def spec(self) -> Spec:
        """The data that its author wrote: probes, hints, difficulty, minutes and so on."""
        return self._load_spec()

    @functools.cached_property
    def reference(self) -> Any:
        """The object that the solution's text makes (for a value exercise, the value)."""
        return self.build(self.source)[0]

    @functools.cached_property
    def misconceptions(self) -> Mapping[str, Misconception]:
        """Name -> Misconception, `wrong` being an object like `reference`."""
        return MappingProxyType({m.name: replace(m, wrong=self._wrong(m)) for m in self.known})

    @functools.cached_property
    def known(self) -> tuple[Misconception, ...]:
        """The wrong answers of its data; of a repair, also the program as it was."""
        if not self.broken:
            return self.spec.misconceptions
        return (Misconception(UNMENDED, self.spec.fault, patch=(self.source, self.broken)), *self.spec.misconceptions)

    @functools.cached_property
    def alternatives(self) -> tuple[Any, ...]:
        """Right answers written differently, as objects like `reference`."""
        return tuple(self.build(a)[0] if isinstance(a, str) else a for a in self.spec.alternatives)

    def build(self, text: str, space: dict[str, Any] | None = None) -> tuple[Any, Any]:
        """Execute a solution text where the lesson stands; return what it makes and, for a method, its class."""
        space = self._namespace() if space is None else space
        exec(compile(text, self._kept(text), "exec"), space)
        if self.name not in space:
            raise SpecError(f"{self.id}: the text does not define {self.name}.")
        made = space[self.name]
        if self.kind != "method":
            return made, None
        setattr(space[self.owner], self.name, made)
        return made, space[self.owner]

    def _kept(self, text: str) -> str:
        """Keep a text where Python looks for the lines of a traceback; return the name of its file there."""
        filename = f"<{self.id} {next(_numbers)}>"
        keep_lines(filename, text)
        return filename

    def _wrong(self, misconception: Misconception) -> Any:
        if self.kind == "value":
            return misconception.value
        try:
            if misconception.wrap is not None:
                return misconception.wrap(self.reference)
            return self.build(misconception.apply(self.source))[0]
        except SpecError as error:
            raise SpecError(f"{self.id}: {error}") from None

    @property
    def is_lent(self) -> bool:
        """Whether our solution may be lent: a prediction is the reader's own, and a program takes its time."""
        return self.kind not in ("value", "program")

    @functools.cached_property
    def told(self) -> Spec:
        """The data as the diagnosis needs it, with all wrong answers that are known."""
        return replace(self.spec, misconceptions=self.known)

    @functools.cached_property
    def half(self) -> Half:
        """What of its data the student's side of a check knows."""
        spec = self.spec
        return Half(spec.probes, spec.use, spec.inplace, spec.forbid, spec.seconds)

    @functools.cached_property
    def argument_names(self) -> tuple[str, ...]:
        """Names of the probe's arguments: those that `use` or the answer gives them."""
        target, skip = (self.spec.use, 1) if self.spec.use else (self.reference, 0)
        return tuple(inspect.signature(target).parameters)[skip:]

    @functools.cached_property
    def _rounds(self) -> dict[int, list[Probed]]:
        return {}

    def probed(self, turn: int = 0) -> list[Probed]:
        """Every probe with what the reference makes of it, in float64; each `turn` draws other numbers."""
        if turn not in self._rounds:
            seeds = itertools.product(range(len(self.spec.probes)), range(1, self.spec.cases + 1))
            numbered = [(number, 100_000 * turn + 1000 * number + case) for number, case in seeds]
            unusual = range(1, len(self.spec.space.rows()) if self.spec.space else 0)
            asks = [(Ask(number, seed, seed), number in unusual) for number, seed in numbered]
            usual = [made for ask, drawn in asks if (made := self._drawn(ask) if drawn else self._probe(ask))]
            self._rounds[turn] = usual + [made for probed in usual[:1] for made in self._stretched(probed)]
        return self._rounds[turn]

    @functools.cached_property
    def _again(self) -> dict[int, list[Probed]]:
        return {}

    def again(self, turn: int) -> list[Probed]:
        """One probe of each kind, with the numbers of another turn: what was found to be right is tried once more."""
        if turn not in self._again:
            unusual = range(1, len(self.spec.space.rows()) if self.spec.space else 0)
            seeds = ((number, 100_000 * turn + 1000 * number + 1) for number in range(len(self.spec.probes)))
            asks = [(Ask(number, seed, seed), number in unusual) for number, seed in seeds]
            made = [self._drawn(ask) if drawn else self._probe(ask) for ask, drawn in asks]
            self._again[turn] = [probed for probed in made if probed]
        return self._again[turn]

    def _stretched(self, probed: Probed) -> Iterator[Probed]:
        """A probe's inputs made unusual, as far as the exercise allows and its solution is right in float32."""
        for name in self.spec.unstretched:
            if name not in STRETCHES:
                raise SpecError(f'{self.id}: unstretched= has "{name}", which is none of: {", ".join(STRETCHES)}.')
        if self.spec.space is not None:  # it tells all that the inputs may be, and is probed by that
            return
        for number, (name, stretch) in enumerate(STRETCHES.items(), 1):
            arguments = stretch(clone(probed.arguments))
            if name in self.spec.unstretched or same(arguments, probed.arguments):
                continue
            seed = probed.seed + STRETCHED * number
            subject, scale = self._subject(self.reference, None), largest(arguments)
            exact = self._run(subject, in_float64(arguments), seed, seconds=60)
            single = self._run(subject, clone(arguments), seed, seconds=60)
            fine = exact.error is None and single.error is None and finite(exact.value)
            if fine and self._is_well(single.value, exact.value, scale):
                expected = self._derived(plain(exact.value), arguments)
                yield Probed(arguments, expected, scale, replace(probed.ask, seed=seed, stretch=name))

    def _drawn(self, ask: Ask) -> Probed | None:
        """A probe of what a space holds besides the usual, one on which the solution is right in float32 as well.

        Where large terms cancel, another order of adding would lie beyond the tolerance: then other numbers are drawn.
        """
        subject = self._subject(self.reference, None)
        for again in range(ask.seed, ask.seed + 500, 100):
            made = self._probe(replace(ask, draw=again, seed=again))
            single = self._run(subject, clone(made.arguments), again, seconds=60)
            if single.error is not None:
                continue
            if self._is_well(self._derived(plain(single.value), made.arguments), made.expected, made.scale):
                return made
        return None

    def _is_well(self, single: Any, exact: Any, scale: float) -> bool:
        return judge.compare(single, exact, scale, exact=self.spec.exact, rtol=WELL) is None

    def _probe(self, ask: Ask) -> Probed:
        arguments = ask.arguments(self.half)
        # no limit but a generous one: the first optimiser of a process was measured to import for seconds
        outcome = self._run(self._subject(self.reference, None), in_float64(arguments), ask.seed, seconds=60)
        if outcome.error is not None:
            raise SpecError(f"{self.id}: the solution fails on its own probe: {outcome.error!r}.") from outcome.error
        return Probed(arguments, self._derived(plain(outcome.value), arguments), largest(arguments), ask)

    def _derived(self, value: Any, arguments: tuple[Any, ...]) -> Any:
        """What is compared, made of the plain data that `use` returned."""
        return value if self.spec.derive is None or value is None else self.spec.derive(value, *arguments)

    def derived(self, seen: Seen, arguments: tuple[Any, ...]) -> Seen:
        """What was seen, with what is compared in place of what `use` returned."""
        if seen.error is not None or seen.unreadable:
            return seen
        try:
            return replace(seen, value=self._derived(seen.value, arguments))
        except Exception as error:  # what came back is nothing that `use` returns
            return replace(seen, value=None, unreadable=type(error).__name__)

    @functools.cached_property
    def _wrong_outcomes(self) -> dict[tuple[str, int], Seen]:
        return {}

    def run_wrong(self, misconception: Misconception, trial: diagnose.Trial) -> Seen:
        """What a misconception makes of a probe; kept, since it never changes."""
        return self._run_known(misconception.name, self.misconceptions[misconception.name].wrong, trial)

    def _run_known(self, name: str, wrong: Any, trial: diagnose.Trial) -> Seen:
        key = name, trial.seed
        if key not in self._wrong_outcomes:
            subject, limit = self._subject(wrong, None), self.spec.seconds
            met = observe(self.half, lambda: subject, trial.arguments, seed=trial.seed, seconds=limit, watched=False)
            self._wrong_outcomes[key] = self.derived(met, trial.arguments)
        return self._wrong_outcomes[key]

    @functools.cached_property
    def _pairs(self) -> dict[tuple[str, str], Any]:
        return {}

    def both(self, first: Misconception, second: Misconception) -> Any:
        """The answer with two mistakes at once, or None if their patches do not apply together; made when asked for."""
        key = first.name, second.name
        if key not in self._pairs:
            made = guard.call(lambda: self._both(first, second))
            self._pairs[key] = made.value if made.error is None else None
        return self._pairs[key]

    def _both(self, first: Misconception, second: Misconception) -> Any:
        if first.wrap and second.wrap:
            return None
        text, other = second.apply(first.apply(self.source)), first.apply(second.apply(self.source))
        if text != other or text in (first.apply(self.source), second.apply(self.source)):
            return None
        made = self.build(text, dict(self._defined))[0]
        wrap = first.wrap or second.wrap
        return wrap(made) if wrap else made

    @functools.cached_property
    def _defined(self) -> dict[str, Any]:
        """What the lesson has defined before, executed once for all pairs of mistakes."""
        return self._namespace()

    def run_both(self, pair: tuple[Misconception, Misconception], trial: diagnose.Trial) -> Seen:
        """What two mistakes at once make of a probe; kept, since it never changes."""
        return self._run_known(" and ".join(m.name for m in pair), self.both(*pair), trial)

    def in_order(self, *known: Misconception) -> list[Misconception]:
        """Mistakes in the order in which their places stand in the text; what wraps the whole comes last."""
        return sorted(known, key=lambda m: self.source.find(m.pairs[0][0]) if m.pairs else len(self.source))

    def _subject(self, candidate: Any, owner: Any) -> Any:
        """What `use` receives: the candidate, or for a method the class that carries it."""
        if self.kind != "method":
            return candidate
        if owner is None:  # the class that the candidate itself knows by that name, else a fresh one
            owner = getattr(candidate, "__globals__", {}).get(self.owner) or self.build(self.source)[1]
        setattr(owner, self.name, candidate)
        return owner

    def try_build(self, text: str) -> guard.Outcome:
        """Execute a text as `build` does, under guard."""
        return guard.call(lambda: self.build(text)[0])

    def run(self, candidate: Any, arguments: tuple[Any, ...], seed: int) -> guard.Outcome:
        """Run an answer once, under guard, as a check would."""
        return self._run(self._subject(candidate, None), arguments, seed)

    def _run(self, subject: Any, arguments: tuple[Any, ...], seed: int, seconds: float | None = None) -> guard.Outcome:
        return guard.call(self.half.run, subject, arguments, seconds=seconds or self.spec.seconds, seed=seed)

    def is_right(
        self, build: Callable[[], Any], owner: Any, probed: Probed, seconds: float, *, watched: bool = False
    ) -> bool:
        """Whether what `build` makes is right on one probe and harmless; where `watched`, also without a way round."""
        return self.verdict(build, owner, probed, seconds, watched=watched) == "pass"

    def verdict(
        self, build: Callable[[], Any], owner: Any, probed: Probed, seconds: float, *, watched: bool = False
    ) -> str:
        """The verdict on one probe as far as it needs no diagnosis: "pass", "error" or "wrong".

        What is built nobody has typed, so it gets as little memory as a changed text.
        """
        seen = observe(
            self.half,
            lambda: self._subject(build(), owner),
            probed.arguments,
            seed=probed.seed,
            seconds=seconds,
            watched=watched,
            memory=changing.MEMORY,
        )
        return self.verdict_of(seen, probed)

    def verdict_of(self, seen: Seen, probed: Probed) -> str:
        """The verdict on what was seen on one probe, as far as it needs no diagnosis."""
        seen = self.derived(seen, probed.arguments)
        if seen.slow or seen.harm or seen.found:
            return "wrong"
        if seen.error is not None:
            return "error"
        if seen.unreadable or any(seen.changed):
            return "wrong"
        trial = diagnose.Trial(probed.arguments, probed.expected, seen, probed.scale, probed.seed)
        return "pass" if trial.difference(self.spec) is None else "wrong"

    def check(
        self,
        candidate: Any,
        *,
        of: Any = None,
        seconds: float | None = None,
        turn: int = 0,
        source: str | None = None,
        search: float = AT_ONCE,
    ) -> Report:
        """Judge an answer; displays nothing, writes nothing, and never raises for what the candidate does.

        Parameters
        ----------
        candidate : the reader's function, class, method or value; `...` is a stub.
        of : for a method, the class that it is filled into (the lesson's own by default).
        seconds : time limit of the whole check, by default the exercise's own.
        turn : which numbers the probes are drawn with; readers always get the first, the course's proof tries many.
        source : the text of the answer's definition, with the line numbers of its cell (blank lines above it): then a
            wrong answer that is no known mistake is told the line in which one change makes it right.
        search : seconds for which such an answer is looked into before the report; 0 for not at all.
        """
        started = time.perf_counter()
        try:
            with guard.plain_torch():
                if self.kind == "value":
                    report = self.judged_value(looked_at(candidate))
                else:
                    report = self._check_code(candidate, of, seconds, turn, source, search)
        except SpecError:
            raise
        except Exception as error:  # an object can be made so that even looking at it fails
            report = self._unreadable(type(error).__name__)
        return replace(report, seconds=time.perf_counter() - started)

    def _report(self, verdict: str, message: str, **more: Any) -> Report:
        return Report(self.id, verdict, message, **more)

    def judged_value(self, seen: Seen) -> Report:
        """Judge a value that was seen, be it in this process or in another."""
        if seen.unreadable:
            told = f"This value cannot be compared: `{seen.unreadable}`."
            return self._report("error", told, tier="exception")
        return self._check_value(seen.value)

    def _check_value(self, answer: Any) -> Report:
        if answer is Ellipsis:
            return self._report(
                "todo", f"Put your answer in place of the `...` in `{self.name} = ...` and run the cell again."
            )
        rights = (self.reference, *self.alternatives)
        outcome = guard.call(
            lambda: [judge.compare(_folded(answer), _folded(right), exact=self.spec.exact) for right in rights]
        )
        if outcome.error is not None:
            return self._report(
                "error", f"This value cannot be compared: `{type(outcome.error).__name__}`.", tier="exception"
            )
        if any(
            difference is None and isinstance(answer, bool) is isinstance(right, bool)  # True is not the number 1 here
            for difference, right in zip(outcome.value, rights, strict=True)
        ):
            return self._report("pass", self.spec.explain)
        for known in self.misconceptions.values():
            if isinstance(answer, bool) is not isinstance(known.wrong, bool):
                continue  # False is not the number 0 here
            alike = guard.call(lambda k=known: judge.compare(_folded(answer), _folded(k.wrong)) is None)
            if alike.value:
                return self._named(known)
        difference = outcome.value[0] or judge.Difference("type", "", answer, self.reference)
        return self._report("wrong", self._wrong_value(answer, difference), tier="value", hint=self._first_hint(None))

    def _wrong_value(self, answer: Any, difference: judge.Difference) -> str:
        """Say of a value that is no known mistake what can be said without giving the answer away."""
        if isinstance(self.reference, str):
            offered = sorted({f'"{word}"' for word in (self.reference, *(m.value for m in self.spec.misconceptions))})
            return f"`{_short(answer)}` is not one of the words to choose from: {', '.join(offered)}."
        if isinstance(difference.got, str) and difference.got.strip().replace(".", "", 1).lstrip("-").isdigit():
            return f"Write the number {difference.got} without quotes."
        if isinstance(answer, bool) and not isinstance(self.reference, bool):
            return f"The answer should be {diagnose.kind_of(self.reference)}; yours is `{answer}`."
        if difference.kind in ("none", "type") and not difference.path:  # of a part, its type may be the answer
            return f"The answer should be {diagnose.kind_of(self.reference)}; yours is {diagnose.kind_of(answer)}."
        if difference.kind in ("length", "shape"):
            return f"`{_short(answer)}` does not hold as many things as are asked for."
        return f"`{_short(answer)}` is not what happens."

    def _check_code(
        self, candidate: Any, owner: Any, seconds: float | None, turn: int, source: str | None, search: float
    ) -> Report:
        if candidate is Ellipsis:
            return self._report("todo", self._asked())
        answer, limit = answer_of(candidate), seconds or self.spec.seconds
        seen = self._observed(candidate, owner, limit, turn)
        report, trials, failed = self.judged(answer, seen, limit=limit, turn=turn, source=source)
        if search <= 0 or report.misconception is not None or not failed:
            return report
        here = self._tries(candidate, owner)
        looking = Search(self, report, here, source=source, trials=trials, failed=failed, turn=turn)
        better = looking.run(search) or report
        return better if better.found or looking.over else replace(report, later=lambda: looking.run(LATER))

    def _tries(self, candidate: Any, owner: Any) -> Here:
        """Where changed answers are run: a method's in the reader's own class."""
        held = (owner or getattr(candidate, "__globals__", {}).get(self.owner)) if self.kind == "method" else None
        return Here(self.half, candidate, lambda made: self._subject(made, owner), held, self.name)

    def _observed(self, candidate: Any, owner: Any, limit: float, turn: int) -> Iterator[Seen]:
        """What is seen of an answer, a probe after the other, within a time limit for all of them."""
        deadline = guard.clock() + limit
        for probed in self.probed(turn):
            subject, left = self._subject(candidate, owner), max(0.05, deadline - guard.clock())
            yield observe(
                self.half, lambda s=subject: s, probed.arguments, seed=probed.seed, seconds=left, candidate=candidate
            )

    def judged(
        self, answer: Answer, seen: Iterable[Seen], *, limit: float, turn: int = 0, source: str | None = None
    ) -> Judged:
        """Judge what was seen of an answer, be it in this process or in another.

        Parameters
        ----------
        answer : what is known of the answer besides.
        seen : what came of it on each probe, in the order of `probed`; no more of it is asked for than is needed.
        limit : the seconds that it had.
        turn : which numbers the probes were drawn with.
        source : as for `check`.
        """
        if (self.kind == "class" and not answer.is_class) or not answer.callable:
            wanted = "a class" if self.kind == "class" else "a function"
            told = f"The answer should be {wanted}; it is a {answer.kind}."
            return Judged(self._report("error", told, tier="exception"), [], {})
        trials, failed, printed, coming = [], [], "", iter(seen)
        for arguments, expected, scale, ask in self.probed(turn):
            if ask.stretch and failed:
                break  # what goes wrong with usual inputs is told from them
            met = next(coming, None)
            if met is None:
                told = "Its process ended before the answer had been tried on all test inputs."
                return Judged(self._report("error", told, tier="exception"), [], {})
            printed, met = printed or met.printed, self.derived(met, arguments)
            if refused := self._refused(met, arguments, answer, limit, source):
                looked_into = {ask.seed: met.seconds} if refused.tier == "harm" else {}
                return Judged(replace(refused, printed=met.printed), [], looked_into)
            trials.append(diagnose.Trial(arguments, expected, met, scale, ask.seed, bool(ask.stretch)))
            failed += [trials[-1]] if trials[-1].failed(self.spec) else []
        if not failed:
            return Judged(self._report("pass", self._praise(trials), printed=printed), trials, {})
        report = replace(self._explain(trials, answer, source), printed=printed)
        errors = [t.outcome.error for t in failed if t.outcome.error is not None]
        if any(error.out_of_memory or not error.usual for error in errors):
            return Judged(report, trials, {})
        return Judged(report, trials, {t.seed: t.outcome.seconds for t in failed})

    def _unreadable(self, kind: str) -> Report:
        told = (
            "It is the check that stopped here: what the answer returns cannot be judged, because looking at it "
            f"raises `{kind}`."
        )
        return self._report("error", told, tier="exception")

    def _asked(self) -> str:
        if self.broken:
            return f"`{self.name}` is as it was: find what is wrong in it, mend it, and run the cell again."
        return f"Write `{self.name}` in place of the `...` and run the cell again."

    def _refused(
        self, met: Seen, before: tuple[Any, ...], answer: Answer, limit: float, source: str | None
    ) -> Report | None:
        """The verdicts that do not depend on the values: slow, shortcut, and harm done."""
        if met.slow:
            return self._report(
                "slow",
                f"The answer was stopped after {limit:g} s. Does a loop never end? If it only needs longer, write "
                f'`@exercise("{self.id}", seconds={4 * limit:g})`. If the next cell does not start, restart the kernel '
                "(menu Kernel, Restart).",
                tier="slow",
            )
        if met.found:
            told = f"This exercise is about doing it by hand; your answer calls {met.found[0]}."
            return self._report("shortcut", told, tier="shortcut")
        if met.harm:
            return self._report("wrong", f"The answer changes {met.harm[0]}. It should leave that alone.", tier="harm")
        if met.unreadable:
            return self._unreadable(met.unreadable)
        if any(met.changed):
            if known := self._inplace_misconception(before, met.changed):
                return self._named(known, source)
            names = zip(self._words(answer).arguments, met.changed, strict=False)
            name = next((name for name, changed in names if changed), "")
            what = f"its input `{name}`" if name else "its input"
            message = f"The answer changes {what} in place, and whoever passed it in does not expect that."
            return self._report("wrong", f"{message} Work on a copy.", tier="harm", hint=WRITING)
        return None

    def _inplace_misconception(self, before: tuple[Any, ...], changed: tuple[bool, ...]) -> Misconception | None:
        """The one misconception that changes the same inputs as the answer did, if exactly one does."""
        alike = []
        for known in self.misconceptions.values():
            given = clone(before)
            self._run(self._subject(known.wrong, None), given, 0)
            if [not same(b, a) for b, a in zip(before, given, strict=True)] == list(changed):
                alike.append(known)
        return alike[0] if len(alike) == 1 else None

    def _named(self, known: Misconception, source: str | None = None) -> Report:
        """The report of a misconception that was met."""
        hint = self._first_hint(known)
        return self._report("wrong", known.told(source), misconception=known.name, tier="misconception", hint=hint)

    def _explain(self, trials: list[diagnose.Trial], answer: Answer, source: str | None) -> Report:
        failed = next((t for t in trials if t.outcome.error is not None), None)
        if failed is not None and not any(self._crashes_alike(m, trials) for m in self.known):
            message = diagnose.exception(failed.outcome.error, self._call)
            return self._report("error", message, tier="exception")  # the ladder begins beside the point of an error
        finding = diagnose.diagnose(self.told, trials, self.run_wrong, self._words(answer))
        known = finding.misconception
        verdict = "error" if failed is not None else "wrong"
        name = known.name if known else None
        hint = finding.hint or (self._first_hint(known) if finding.ladder else None)
        message = known.told(source) if known else finding.message
        return self._report(verdict, message, misconception=name, tier=finding.tier, hint=hint)

    def _words(self, answer: Answer) -> diagnose.Words:
        """How arguments and outputs are told: by names that the reader's function has, or that stand in the task."""
        text = f"{self.stub}\n{self.source}"
        names = self.argument_names
        if self.spec.use is None:
            own = answer.parameters
            return diagnose.Words(own if len(own) >= len(names) else names, self.spec.outputs, text)
        asked = {a.arg for n in ast.walk(ast.parse(self.source)) if isinstance(n, ast.arguments) for a in n.args}
        names = tuple(name if name in asked else "" for name in names)
        return diagnose.Words(names, self.spec.outputs, text, self._handed_on)

    def _handed_on(self, arguments: tuple[Any, ...]) -> set[str]:
        """Names of the inputs that a function is shown to have received, because it has."""
        return handed_on(self.half, self.reference, self.argument_names, arguments, diagnose.shown)

    @functools.cached_property
    def _call(self) -> str:
        """How an answer is called; "" if `use` does more than that."""
        return "" if self.spec.use else f"{self.name}({', '.join(self.argument_names)})"

    def _crashes_alike(self, misconception: Misconception, trials: list[diagnose.Trial]) -> bool:
        return diagnose.matches(self.spec, trials, misconception, self.run_wrong)

    def _first_hint(self, known: Misconception | None) -> str | None:
        return next(iter(self.hints_for(known.name if known else None)), None)

    def ladder(self, report: Report | None) -> tuple[str, ...]:
        """The hints for a report: its own first, where it has one that is none of the exercise's."""
        hints = self.hints_for(report.misconception if report else None)
        own = report.hint if report else None
        return hints if own is None or own in hints else (own, *hints)

    def hints_for(self, misconception: str | None = None) -> tuple[str, ...]:
        """The ladder of hints: first those of a misconception that was met, then the exercise's own."""
        known = self.misconceptions.get(misconception) if misconception else None
        return (known.hints if known else ()) + self.spec.hints

    def _praise(self, trials: list[diagnose.Trial]) -> str:
        told = f" {self.spec.explain}" if self.spec.explain else ""
        return f"Right on all {len(trials)} test inputs.{told}"


WRITING = (
    "Which of your lines writes into what it was given, instead of making something new? `+=`, `x[…] = …` and methods "
    "whose names end in `_` do."
)


def _folded(value: Any) -> Any:
    """A word is the same word in capitals, with other blanks, commas or a full stop, also inside a tuple or a list."""
    if type(value) in (tuple, list):
        return type(value)(_folded(item) for item in value)
    return " ".join(value.lower().replace(",", " ").split()).rstrip(".") if isinstance(value, str) else value


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"
