"""Prove an exercise: wrong answers fail under their own names, right ones pass however they are written."""

from __future__ import annotations

import functools
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from tutor.checking import judge
from tutor.checking.diagnose import Trial
from tutor.checking.exercise import Exercise
from tutor.checking.guard import Outcome
from tutor.checking.mutants import Mutant, mutants
from tutor.checking.narrowed import narrowed, shown_by, survives
from tutor.checking.programs import ProgramExercise
from tutor.checking.seen import Seen
from tutor.checking.spec import Misconception

SEEDS = 20  # with so many are right answers tried, with fewer where they take long
RIGHT_SECONDS = 2.0  # of processor time, after which an exercise's right answers are tried with no further numbers
WRONG_TURNS = 3  # with so many sets of numbers are misconceptions tried, where they take long with the least
LEAST_TURNS = 2
WRONG_SECONDS = 2.0
FAR = 100 * judge.RTOL  # how far from right a misconception has to be
KILLED = 0.99  # the share of silent mutants that have to be killed
MUTANT_SECONDS = 1.0


@dataclass(frozen=True)
class Proof:
    """What was tried on an exercise and what came of it.

    Attributes
    ----------
    mutants : how many variants of the solution were made; `silent` of them ran and were not listed as equivalent;
        `killed` of those were rejected.
    narrowed : answers that are right for usual inputs only, those listed as equivalent left out; `refused` of them
        were rejected.
    complaints : a sentence for everything that is not as it should be; empty if the exercise is proven.
    milliseconds : median time of a check.
    seconds : how long all of this took.
    """

    exercise: str
    misconceptions: int
    mutants: int
    silent: int
    killed: int
    equivalent: int
    alternatives: int
    milliseconds: float
    complaints: tuple[str, ...]
    narrowed: int = 0
    refused: int = 0
    seconds: float = 0.0


def prove(exercise: Exercise) -> Proof:
    """Try the misconceptions, the mutants and the alternatives of an exercise."""
    start = time.perf_counter()
    proof = _prove_program(exercise) if isinstance(exercise, ProgramExercise) else _prove(exercise)
    return replace(proof, seconds=time.perf_counter() - start)


def _prove(exercise: Exercise) -> Proof:
    times: list[float] = []
    complaints = list(_misconceptions(exercise, times))
    made = silent = killed = equivalent = 0
    survivors: list[str] = []
    used: set[str] = set()
    if exercise.kind != "value":
        complaints += _causes(exercise)
        turns = -(-SEEDS // (exercise.spec.cases * len(exercise.spec.probes)))
        complaints += _alternatives(exercise, times, turns)
        changed = list(mutants(exercise.source))
        made = len(changed)
        silent, survivors, used = _mutants(exercise, changed, functools.partial(_verdict, exercise))
        equivalent, killed = len(used), silent - len(survivors)
        if silent and killed / silent < KILLED:
            complaints += [f"{exercise.id}: this mutant passes: {line}" for line in survivors]
        for line in set(exercise.spec.equivalent_mutants) - used:
            complaints.append(f'{exercise.id}: equivalent_mutants lists "{line}", which no mutant contains.')
    tried, passing, unused = _narrowed(exercise)
    complaints += unused
    if tried and 1 - len(passing) / tried < KILLED:
        complaints += passing
    alternatives = len(exercise.alternatives) if exercise.kind != "value" else 0
    milliseconds = 1000 * statistics.median(times) if times else 0.0
    return Proof(
        exercise.id,
        len(exercise.misconceptions),
        made,
        silent,
        killed,
        equivalent,
        alternatives,
        milliseconds,
        tuple(complaints),
        tried,
        tried - len(passing),
    )


def _prove_program(exercise: ProgramExercise) -> Proof:
    """Wrong programs are refused by the criterion that is theirs, right ones pass over seeds and threads."""
    spec, times = exercise.spec, []
    complaints = list(_alternatives(exercise, times, spec.seeds, least=1))
    limit = max(MUTANT_SECONDS, 3 * max(times[:: 1 + len(spec.alternatives)]))  # the solution's
    for wrong in spec.wrong:
        report = exercise.check(wrong.apply(exercise.source))
        told = report.misconception or report.verdict
        if told != wrong.criterion:
            complaints.append(f"{exercise.id}: {wrong.name} is told {told}: {report.message.splitlines()[0]}")
    made = list(mutants(exercise.source))
    sample = random.Random(exercise.id).sample(made, min(spec.mutants, len(made)))
    silent, survivors, used = _mutants(exercise, sample, lambda text: exercise.check(text, seconds=limit).verdict)
    complaints += [f"{exercise.id}: this mutant passes: {line}" for line in survivors]
    for line in set(spec.equivalent_mutants) - {mutant.line for mutant in made}:
        complaints.append(f'{exercise.id}: equivalent_mutants lists "{line}", which no mutant contains.')
    return Proof(
        exercise.id,
        len(spec.wrong),
        len(sample),
        silent,
        silent - len(survivors),
        len(used),
        len(spec.alternatives),
        1000 * statistics.median(times),
        tuple(complaints),
    )


def _misconceptions(exercise: Exercise, times: list[float]) -> Iterator[str]:
    """Each is diagnosed as itself whatever the numbers, and lies far from right."""
    told_otherwise: set[str] = set()
    for turn in _turns(WRONG_TURNS if exercise.kind != "value" else 1, LEAST_TURNS, WRONG_SECONDS):
        for name, known in exercise.misconceptions.items():
            if name in told_otherwise:
                continue
            report = exercise.check(known.wrong, turn=turn)
            times.append(report.seconds)
            if report.misconception != name:
                told_otherwise.add(name)
                told = report.misconception or f"{report.verdict} ({report.message.splitlines()[0]})"
                yield f"{exercise.id}: {name} is diagnosed as {told}."
    for known in exercise.misconceptions.values() if exercise.kind != "value" else ():
        yield from _far_from_right(exercise, known)


def _turns(most: int, least: int, seconds: float) -> Iterator[int]:
    """Numbers of sets of inputs: `most` of them, or after `seconds` of processor time the `least`."""
    start = time.process_time()
    for turn in range(most):
        if turn >= least and time.process_time() - start > seconds:
            return
        yield turn


def _causes(exercise: Exercise) -> Iterator[str]:
    """A cause is said where its evidence is seen, and not of an answer that behaves the same from another cause."""
    for name, known in exercise.misconceptions.items():
        if not known.cause:
            continue
        text = known.apply(exercise.source)
        if known.cause not in exercise.check(known.wrong, source=text, search=0).message:
            yield f"{exercise.id}: the evidence= of {name} is not seen in its own text."
        other = known.elsewhere(exercise.source)
        if not other:
            yield f"{exercise.id}: {name} says a cause and has no other= that behaves the same from another cause."
            continue
        report = exercise.check(exercise.build(other)[0], source=other, search=0)
        if report.misconception != name:
            told = report.misconception or report.message.split("\n")[0]
            yield f"{exercise.id}: the other= of {name} behaves otherwise: it is diagnosed as {told}."
        elif known.cause in report.message:
            yield f"{exercise.id}: the other= of {name} is told the cause that it does not have."


def _far_from_right(exercise: Exercise, known: Misconception) -> Iterator[str]:
    """A misconception fails by what it does, not by a name that its patch misses, and not by a hair's breadth.

    How far it is from right is the smallest error that it makes on the usual probes that it fails; infinite if the
    structure differs.
    """
    distance = float("inf")
    for number, probed in enumerate(probed for probed in exercise.probed() if not probed.stretched):
        trial = Trial(probed.arguments, probed.expected, Seen(), probed.scale, probed.seed)
        met = exercise.run_wrong(known, trial)
        if number == 0 and met.error is not None and met.error.kind in ("NameError", "UnboundLocalError"):
            yield f"{exercise.id}: {known.name} ends in a NameError of its own; mend its patch."
        if met.error is not None or any(met.changed):
            return
        found = [d.error for d in replace(trial, outcome=met).differences(exercise.spec)]
        distance = min(distance, max(found, default=float("inf")))
    if distance < FAR:
        yield f"{exercise.id}: {known.name} lies only {distance:.1g} from right; {FAR:g} is the least."


def _alternatives(exercise: Exercise, times: list[float], turns: int, least: int = LEAST_TURNS) -> Iterator[str]:
    """Right answers written differently pass over many seeds, with one torch thread and with two."""
    refused: set[int] = set()
    for turn in _turns(turns, least, RIGHT_SECONDS):
        for number, right in enumerate((exercise.reference, *exercise.alternatives)):
            if number in refused:
                continue
            with _threads(1 + turn % 2):
                report = exercise.check(right, turn=turn)
            times.append(report.seconds)
            if report.verdict != "pass":
                refused.add(number)
                name = f"{number} ({getattr(right, '__name__', 'a text' if number else 'the solution')})"
                yield f"{exercise.id}: alternative {name} is rejected on turn {turn}: {report.message}"


class _threads:  # noqa: N801  it is used like a function
    """Run a block with a number of torch threads, where torch is loaded."""

    def __init__(self, count: int):
        self.count, self.torch = count, sys.modules.get("torch")

    def __enter__(self) -> None:
        if self.torch is not None:
            self.before = self.torch.get_num_threads()
            self.torch.set_num_threads(self.count)

    def __exit__(self, *exception: object) -> None:
        if self.torch is not None:
            self.torch.set_num_threads(self.before)


def _mutants(
    exercise: Exercise, made: Sequence[Mutant], judged: Callable[[str], str]
) -> tuple[int, list[str], set[str]]:
    """How many mutants are silent, the lines of the survivors, and the equivalents met."""
    silent = 0
    survivors, used = [], set()
    for mutant in made:
        verdict = judged(mutant.text)
        if verdict == "error":
            continue
        if verdict == "pass" and mutant.line in exercise.spec.equivalent_mutants:
            used.add(mutant.line)
            continue
        silent += 1
        if verdict == "pass":
            survivors.append(f"{mutant.line}   ({mutant.change})")
    return silent, survivors, used


def _narrowed(exercise: Exercise) -> tuple[int, list[str], list[str]]:
    """How many narrowed answers differ from the reference, those that pass, and what is wrong with their list."""
    tried, passing, listed = 0, [], dict(exercise.spec.equivalent_narrowed)
    known: dict[tuple[str, int], Outcome] = {}
    for answer in narrowed(exercise):
        if not survives(exercise, answer):
            tried += 1
        elif listed.pop(answer.kind, None) is None and (inputs := shown_by(exercise, answer, known)):
            tried += 1
            passing.append(f"{exercise.id}: this narrowed answer passes: {answer.kind} (told by: {inputs}).")
    unused = [f'{exercise.id}: equivalent_narrowed lists "{kind}", which does not pass.' for kind in listed]
    return tried, passing, unused


def _verdict(exercise: Exercise, text: str) -> str:
    """The verdict on a mutant, told by the first probe that it fails; "error" too if it does not define its name."""
    outcome: Outcome = exercise.try_build(text)
    if outcome.error is not None:
        return "error"
    verdicts = (
        exercise.verdict(lambda: outcome.value, None, p, MUTANT_SECONDS, watched=True) for p in exercise.probed()
    )
    return next((verdict for verdict in verdicts if verdict != "pass"), "pass")
