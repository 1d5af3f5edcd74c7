"""What an author writes about an exercise: probes, misconceptions, alternatives, hints, all of it data."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from tutor.checking.evidence import Evidence
from tutor.checking.space import Space
from tutor.errors import TutorError

DIFFICULTIES = ("easy", "medium", "hard")
TUPLES = ("hints", "drills", "outputs", "misconceptions", "alternatives", "forbid", "shown_by", "leaves", "wrong")
_MISSING = object()


class SpecError(TutorError):
    """A mistake in an exercise's data, told in one sentence that names the exercise and the field."""


@dataclass(frozen=True)
class Misconception:
    """A wrong answer that readers really give, with its cause.

    Give exactly one of `patch` (old text -> new text in the solution, or a tuple of such pairs), `wrap` (a function
    of the reference that returns the wrong answer) or, for a value exercise, `value`.

    Attributes
    ----------
    name : short and lower case with hyphens; stands in the report.
    message : what is wrong, one to three sentences to the reader that are true of every answer that behaves so; where
        several causes lead there, it offers them.
    cause : one sentence more, about the reader's own text, said only where `evidence` is seen in it.
    evidence : a predicate on the syntax tree of the reader's text (see `tutor.checking.evidence`).
    other : an answer that behaves the same from another cause, by which the course's proof tries the two: the whole
        text, or a patch like `patch`.
    hints : the steps that follow; the exercise's own hints come after them.
    wrong : the wrong answer itself, built from the patch; filled in by `Exercise.misconceptions`.
    """

    name: str
    message: str
    patch: tuple[Any, ...] = ()
    wrap: Callable[[Any], Any] | None = None
    value: Any = _MISSING
    hints: tuple[str, ...] = ()
    cause: str = ""
    evidence: Evidence | None = None
    other: Any = ()
    wrong: Any = field(default=None, compare=False)

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """The patch as (old, new) pairs."""
        return _pairs(self.patch)

    def apply(self, source: str) -> str:
        """Return the patched solution text.

        Raises
        ------
        SpecError
            If an old text is not in the solution.
        """
        return self._applied(self.pairs, source)

    def elsewhere(self, source: str) -> str:
        """Return the text of the answer that behaves the same from another cause; "" if there is none.

        Raises
        ------
        SpecError
            If it is a patch that does not apply.
        """
        return (
            self.other if isinstance(self.other, str) else self._applied(_pairs(self.other), source) * bool(self.other)
        )

    def _applied(self, pairs: tuple[tuple[str, str], ...], source: str) -> str:
        for old, new in pairs:
            if old not in source:
                raise SpecError(
                    f'misconception "{self.name}": the patch does not apply, "{old}" is not in the solution.'
                )
            source = source.replace(old, new)
        return source

    def told(self, text: str | None) -> str:
        """The message, and the cause where the evidence for it stands in the reader's text."""
        if not self.cause or not text:
            return self.message
        try:
            return f"{self.message} {self.cause}" if self.evidence(ast.parse(text)) else self.message
        except Exception:  # a text of another shape than the author thought of is no evidence
            return self.message


def _pairs(patch: tuple[Any, ...]) -> tuple[tuple[str, str], ...]:
    return patch if patch and isinstance(patch[0], tuple) else (patch,) if patch else ()


@dataclass(frozen=True)
class Missed:
    """The first criterion that a program missed, as its judge tells it.

    Attributes
    ----------
    criterion : its name, short and lower case with hyphens.
    message : what was measured, with its numbers, and what that means; where several causes lead there it offers them.
    hint : a question that leads on.
    """

    criterion: str
    message: str
    hint: str = ""


@dataclass(frozen=True)
class Wrong:
    """A wrong program, by which the course's proof tries the judge of a program.

    Give `patch` (as of a `Misconception`) or `text`, a whole program. `told` is the criterion by which it has to be
    refused, by default its own name.
    """

    name: str
    patch: tuple[Any, ...] = ()
    text: str = ""
    told: str = ""

    @property
    def criterion(self) -> str:
        """The criterion by which it has to be refused."""
        return self.told or self.name

    def apply(self, source: str) -> str:
        """Return the wrong program's text.

        Raises
        ------
        SpecError
            If an old text is not in the solution.
        """
        return self.text or Misconception(self.name, "", patch=self.patch).apply(source)


@dataclass(frozen=True)
class FiniteDifference:
    """Says that one output is a gradient, so that a wrong one is shown beside a finite difference.

    Attributes
    ----------
    of : the scalar function; called with the probe's arguments in float64.
    wrt : which argument (its position) the output is the gradient with respect to; None if it is none of them: then
        `of` takes one argument more, a number, and the output is the derivative with respect to that number at 0.
    """

    of: Callable[..., float]
    wrt: int | None = None


@dataclass(frozen=True)
class Spec:
    """The data of one exercise; build it with `code`, `repair`, `value` or `program`, which check it."""

    difficulty: str
    minutes: int
    hints: tuple[str, ...]
    drills: tuple[str, ...] = ()
    probes: tuple[Callable[[Any], tuple], ...] = ()
    space: Space | None = None
    use: Callable[..., Any] | None = None
    derive: Callable[..., Any] | None = None
    outputs: tuple[str, ...] = ()
    gradients: dict[str, FiniteDifference] = field(default_factory=dict)
    misconceptions: tuple[Misconception, ...] = ()
    alternatives: tuple[Any, ...] = ()
    equivalent_mutants: dict[str, str] = field(default_factory=dict)
    equivalent_narrowed: dict[str, str] = field(default_factory=dict)
    unstretched: dict[str, str] = field(default_factory=dict)
    unsaid: str = ""
    exact: bool = False
    precise: bool = False
    inplace: bool = False
    forbid: tuple[str, ...] = ()
    cases: int = 3
    seconds: float = 5.0
    explain: str = ""
    fault: str = ""
    shown_by: tuple[str, ...] = ()
    leaves: tuple[str, ...] = ()
    watch: Callable[[dict[str, Any], Any], AbstractContextManager[None]] | None = None
    given: Callable[[int], Any] | None = None
    observe: Callable[[Any, Any], Mapping[str, Callable[[], Any]]] | None = None
    judge: Callable[[Any], Missed | str | None] | None = None
    wrong: tuple[Wrong, ...] = ()
    mutants: int = 40
    seeds: int = 5


def code(
    *,
    difficulty: str,
    minutes: int,
    hints: tuple[str, ...],
    probe: Callable[[Any], tuple] | tuple[Callable[[Any], tuple], ...] = (),
    **more: Any,
) -> Spec:
    """Describe an exercise whose answer is a function, a class or a method.

    Parameters
    ----------
    difficulty : "easy", "medium" or "hard".
    minutes : how long it takes a first-time reader.
    hints : at least a question, a pointer and a line, in this order.
    probe : one or several functions of a `Draw` that return the arguments of one call: what is special, beside `space`.
    space : what the arguments may be (`tutor.checking.space`); probes that meet all of it are drawn from it.
    use : `use(answer, *arguments)` runs the answer and returns what is judged; the answer is called if it is absent.
        For a class or a loop, let it return a trajectory of three steps or more.
    derive : `derive(seen, *arguments)` makes of what `use` returned what is compared: words, say. It never runs beside
        an answer that nobody trusts, which could put any words together.
    outputs : names of what is returned, for the messages.
    gradients : output name -> `FiniteDifference`.
    misconceptions, alternatives : wrong answers with their causes; right answers written differently.
    equivalent_mutants : mutated line -> why it computes the same (used by the course's proof).
    equivalent_narrowed : kind of narrowed answer -> why it is as right, or why no reader can mean it (see `narrowed`).
    unstretched : unusual inputs with which the exercise is not tried (see `stretch`) -> why the text does not ask for
        them; with a `space` none are made, for it tells them itself.
    unsaid : what a report says in the place of a right word that would give the answer away.
    exact : judge dtype and device too.
    precise : where all arguments are float64, an answer has to be right to float64's digits.
    inplace : the answer is meant to change its arguments; they are judged as well.
    forbid : ways round that count as a shortcut: "autograd", "aten:OPERATION" or "call:MODULE.NAME" (see `shortcut`).
    cases : how many seeds each probe function is run with.
    drills : curriculum items that the exercise practises.

    Raises
    ------
    SpecError
        If a field is wrong.
    """
    probes = probe if isinstance(probe, tuple) else (probe,)
    probes = (*(more["space"].probes() if more.get("space") else ()), *probes)
    spec = _build(difficulty=difficulty, minutes=minutes, probes=probes, hints=hints, **more)
    _require(
        bool(probes) and all(callable(p) for p in probes),
        "probe",
        "must be a function of a Draw, or several; or give a space=",
    )
    _require(all(m.pairs or m.wrap for m in spec.misconceptions), "misconceptions", "each needs a patch= or a wrap=")
    _require(len(spec.hints) >= 3, "hints", "needs at least three steps: a question, a pointer, a line")
    return spec


def repair(*, fault: str, shown_by: tuple[str, ...] = (), **more: Any) -> Spec:
    """Describe an exercise whose cell arrives with a function that is wrong, or stops, and is to be mended.

    It is judged by its results, like the answer of `code`, whose parameters the others are.

    Parameters
    ----------
    fault : what a program does in which nothing was mended but its looks; told as the misconception "unmended".
    shown_by : public questions and issues in which the bug was met, as "owner/repository#number".
    """
    spec = code(fault=fault, shown_by=shown_by, **more)
    _require(bool(fault), "fault", "must say what the program still does when nothing was mended")
    return spec


def program(
    *,
    difficulty: str,
    minutes: int,
    hints: tuple[str, ...],
    leaves: tuple[str, ...],
    judge: Callable[[Any], Missed | str | None],
    seconds: float = 60.0,
    **more: Any,
) -> Spec:
    """Describe an exercise whose answer is a program: all that stands below `program("lesson.exercise")` in its cell.

    Parameters
    ----------
    leaves : the names that it has to leave behind.
    judge : receives an `Observed` (`tutor.checking.observed`), returns the first criterion missed, or None, or of a
        right program in words how good it is; what is right it knows by itself. `tutor.checking.symptoms` tells what
        goes wrong most.
    observe : looks at what a program left, where it ran: receives a `Run` and what was `given`, returns name -> a
        function that looks, for `run[name]` of the judge; it knows nothing of what is right, and what it returns is
        made plain data. The names that a program has to leave can be asked for without it.
    given : receives a number and returns, as plain data, what a program is looked at with: inputs whose right answers
        stay with the judge. Another number draws others, or the same in another order.
    watch : a context manager that is entered around the program; receives the names among which it runs and the run's
        `Recorder`, and notes there what torch's backward passes do not show.
    seconds : its time limit.
    wrong : wrong programs, each with the criterion by which it has to be refused.
    alternatives : right programs written really differently, as texts.
    equivalent_mutants : mutated line -> why the program is as right with it.
    mutants : how many of its mutants the course's proof tries: fewer where a run takes long.
    seeds : with how many seeds it runs right programs; fewer where they start processes, which no seed reaches.
    """
    spec = _build(
        difficulty=difficulty, minutes=minutes, hints=hints, leaves=leaves, judge=judge, seconds=seconds, **more
    )
    _require(bool(leaves) and all(name.isidentifier() for name in leaves), "leaves", "must name what it leaves behind")
    _require(callable(judge), "judge", "must be a function of an Observed")
    _require(all(bool(w.patch) is not bool(w.text) for w in spec.wrong), "wrong", "each needs a patch= or a text=")
    _require(all(isinstance(a, str) for a in spec.alternatives), "alternatives", "must be texts of programs")
    _require(len(spec.hints) >= 3, "hints", "needs at least three steps: a question, a pointer, a line")
    return spec


def value(*, difficulty: str, minutes: int, hints: tuple[str, ...], explain: str, **more: Any) -> Spec:
    """Describe an exercise whose answer is a value: a prediction that the reader commits to before the cell shows it.

    `explain` says after a right answer why it is right. The misconceptions carry `value=`, a wrong value with its
    cause; `alternatives` are values that are as right (a number before it is rounded). The other parameters are those
    of `code`.
    """
    spec = _build(difficulty=difficulty, minutes=minutes, hints=hints, explain=explain, **more)
    _require(all(m.value is not _MISSING for m in spec.misconceptions), "misconceptions", "each needs a value=")
    _require(bool(spec.hints), "hints", "needs at least one step")
    return spec


def _build(**fields: Any) -> Spec:
    for name in TUPLES:
        _require(isinstance(fields.get(name, ()), tuple), name, "must be a tuple; is a trailing comma missing?")
    try:
        spec = Spec(**fields)
    except TypeError as error:
        raise SpecError(str(error).replace("Spec.__init__() got an ", "")) from None
    _require(
        spec.difficulty in DIFFICULTIES, "difficulty", f"is {spec.difficulty!r}, not one of {', '.join(DIFFICULTIES)}"
    )
    _require(isinstance(spec.minutes, int) and spec.minutes > 0, "minutes", "must be a whole number of minutes above 0")
    _require(
        all(isinstance(m, Misconception) for m in spec.misconceptions),
        "misconceptions",
        "must hold Misconception objects",
    )
    _require(
        all(bool(m.cause) is bool(m.evidence) and (m.pairs or not m.cause) for m in spec.misconceptions),
        "misconceptions",
        "a cause= needs an evidence= and a patch=, and an evidence= a cause=",
    )
    names = [m.name for m in spec.misconceptions]
    _require(len(set(names)) == len(names), "misconceptions", "has two of the same name")
    return spec


def _require(condition: bool, name: str, complaint: str) -> None:
    if not condition:
        raise SpecError(f"{name}= {complaint}.")
