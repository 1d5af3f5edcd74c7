"""Make of a reference the answers that are right only for usual inputs, by wrapping it, without an author's help."""

from __future__ import annotations

import ast
import copy
import functools
import inspect
import random
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from tutor.checking import guard, judge
from tutor.checking.exercise import Exercise, Probed
from tutor.checking.probes import clone, is_tensor, largest, same
from tutor.checking.stretch import STRETCHES, arrays_in, each, first_size

LIMIT = 5.0  # a result is clipped to this size
USUAL = 1.6  # no number that a probe draws in the usual way is larger
OFF = (0.1, -0.1, 1, -1)  # by how much a comparison is off
SECONDS = 2.0

Function = Callable[..., Any]
Narrowing = Callable[[Function], Function]


@dataclass(frozen=True)
class Narrowed:
    """An answer that is right for usual inputs: what it does, what makes it, and whether it is another answer for sure.

    `certain` tells, after the answer ran, whether it met what it changes, where that is no matter of numbers (a tuple
    for a list).
    """

    kind: str
    build: Callable[[], Any]
    certain: Callable[[], bool] = lambda: False


def narrowed(exercise: Exercise) -> Iterator[Narrowed]:
    """Every narrowed answer of an exercise; which of them differ from the reference at all, `shown_by` finds out."""
    if exercise.kind == "value":
        return
    for kind, narrowing in _KINDS.items():
        if kind in _PROMISED and not re.search(_PROMISED[kind], exercise.stub):
            continue  # nothing in the text says so
        for method, build in _built(exercise, narrowing):
            certain = narrowing.met if isinstance(narrowing, _ListAs) else lambda: False
            yield Narrowed(f"{method}: {kind}" if method else kind, build, certain)
    yield from _limits(exercise)


def survives(exercise: Exercise, answer: Narrowed) -> bool:
    """Whether an answer passes on all probes."""
    build = functools.cache(answer.build)
    return all(exercise.is_right(build, None, probed, SECONDS) for probed in exercise.probed())


def shown_by(exercise: Exercise, answer: Narrowed, known: dict[tuple[str, int], guard.Outcome]) -> str | None:
    """The kind of inputs that tell an answer from the reference; None if none was found, and it is no other answer.

    What the reference makes of them is kept in `known`, from one answer of an exercise to the next.
    """
    if answer.certain():
        return "its kind"
    wrong = answer.build()
    usual = [probed for probed in exercise.probed() if not probed.stretched]
    for probed in usual[:: exercise.spec.cases]:
        for name, stretch in _INPUTS.items():
            if (name, probed.seed) not in known:
                known[name, probed.seed] = _outcome(exercise, exercise.reference, stretch, probed)
            right = known[name, probed.seed]
            if right.error is not None:
                continue
            mine = _outcome(exercise, wrong, stretch, probed)
            if mine.error is not None or _differs(mine.value, right.value):
                return name
    return None


def _outcome(exercise: Exercise, made: Any, stretch: Callable[[Any], Any], probed: Probed) -> guard.Outcome:
    arguments = stretch(clone(probed.arguments))
    before = clone(arguments)
    outcome = exercise.run(made, arguments, probed.seed)
    if outcome.error is None and not exercise.spec.inplace and not same(before, arguments):
        outcome.error = ValueError("an argument was changed")
    return outcome


def _differs(mine: Any, theirs: Any) -> bool:
    try:
        return judge.compare(mine, theirs, max(largest(theirs), 1e-30)) is not None
    except Exception:  # what cannot be compared is not shown to differ
        return False


def _built(exercise: Exercise, narrowing: Narrowing) -> Iterator[tuple[str, Callable[[], Any]]]:
    """A function is wrapped; of a class, each of its own methods in turn, in a class derived from it."""
    reference = exercise.reference
    if not isinstance(reference, type):
        yield "", lambda: _like(reference, narrowing(reference))
        return
    for name, member in vars(reference).items():
        function = getattr(member, "__func__", member)
        if not inspect.isfunction(function) or name in ("__init__", "setup_context", "__repr__"):
            continue

        def build(name: str = name, member: Any = member, function: Function = function) -> Any:
            wrapped: Any = _like(function, narrowing(function))
            wrapped = staticmethod(wrapped) if isinstance(member, staticmethod) else wrapped
            return type(reference)(reference.__name__, (reference,), {name: wrapped})

        yield name, build


def _like(function: Function, wrapper: Function) -> Function:
    """A plain function with the other's name and globals at hand, where a method's class is looked for."""
    functools.update_wrapper(wrapper, function)
    return wrapper


# --- what is done to arguments and results


def _spoiled(value: Any) -> Any:
    """Something of the same form that is wrong."""
    if is_tensor(value) or isinstance(value, np.ndarray):
        return value == 0 if judge.is_numeric(value) and judge.dtype_kind(value) == "bool" else value + 1
    if isinstance(value, bool):
        return not value
    if judge.is_numeric(value):
        return value + 1
    if type(value) in (list, tuple):
        return type(value)(_spoiled(v) for v in value)
    return {k: _spoiled(v) for k, v in value.items()} if type(value) is dict else None


def _result(change: Callable[[Any], Any]) -> Narrowing:
    """An answer whose result is changed."""
    return lambda function: lambda *arguments, **named: change(function(*arguments, **named))


def _input(change: Callable[[Any], Any]) -> Narrowing:
    """An answer that changes its arguments before it works on them."""
    return lambda function: lambda *arguments, **named: function(*each(change, arguments), **named)


def _only(usual: Callable[[list[Any]], bool]) -> Narrowing:
    """An answer that is wrong for arguments that are not usual."""

    def narrow(function: Function) -> Function:
        def answer(*arguments: Any, **named: Any) -> Any:
            result = function(*arguments, **named)
            arrays = arrays_in(arguments)
            return result if not arrays or usual(arrays) else _spoiled(result)

        return answer

    return narrow


def _numbers(arrays: list[Any]) -> np.ndarray:
    numeric = [judge.to_numpy(a).ravel() for a in arrays if judge.is_numeric(a) and judge.dtype_kind(a) == "float"]
    return np.concatenate(numeric) if numeric else np.zeros(0)


def _first_positive(arrays: list[Any]) -> bool:
    numbers = _numbers(arrays)
    return not numbers.size or bool(np.real(numbers[0]) > 0)


def _first_for_all(array: Any) -> Any:
    if array.ndim == 0 or array.shape[0] < 2:
        return array
    return array[:1].expand(array.shape).clone() if is_tensor(array) else np.repeat(array[:1], array.shape[0], axis=0)


def _clipped(array: Any) -> Any:
    return array.clip(-LIMIT, LIMIT) if judge.is_numeric(array) and judge.dtype_kind(array) == "float" else array


def _single(array: Any) -> Any:
    """Rounded to float32, in whatever dtype it is."""
    if not judge.is_numeric(array) or judge.dtype_kind(array) != "float":
        return array
    return array.float().to(array.dtype) if is_tensor(array) else array.astype(np.float32).astype(array.dtype)


def _reseeded(function: Function) -> Function:
    def answer(*arguments: Any, **named: Any) -> Any:
        random.seed(0)
        np.random.seed(0)
        if (torch := sys.modules.get("torch")) is not None:
            torch.manual_seed(0)
            for argument in (*arguments, *named.values()):
                if isinstance(argument, torch.Generator):
                    argument.manual_seed(0)
        return function(*arguments, **named)

    return answer


def _given_back(function: Function) -> Function:
    """The result is written into an argument of its shape, and that is returned."""

    def answer(*arguments: Any, **named: Any) -> Any:
        result = function(*arguments, **named)
        place = next((a for a in arrays_in(arguments) if type(a) is type(result) and a.shape == result.shape), None)
        if place is None or place is result:
            return result
        if is_tensor(place):
            place.data.copy_(result.detach())
        else:
            place[...] = result
        return place

    return answer


def _view(function: Function) -> Function:
    """Where a result holds the numbers of an argument, the argument itself is returned."""

    def answer(*arguments: Any, **named: Any) -> Any:
        before = arrays_in(clone(arguments))
        result = function(*arguments, **named)
        pairs = list(zip(arrays_in(arguments), before, strict=True))
        return each(lambda array: next((a for a, b in pairs if same(b, array)), array), result)

    return answer


def _remembered(key: Callable[[Any], Any]) -> Narrowing:
    """The result of the first call with a key is given for every other: a mutable default, a class attribute."""

    def narrow(function: Function) -> Function:
        kept: dict[Any, Any] = {}

        def answer(*arguments: Any, **named: Any) -> Any:
            at = key(arguments)
            if at not in kept:
                kept[at] = function(*arguments, **named)
            return kept[at]

        return answer

    return narrow


def _first_arguments(function: Function) -> Function:
    """Arguments that are no arrays are those of the first call, as in a default that is computed once."""
    kept: list[Any] = []

    def answer(*arguments: Any, **named: Any) -> Any:
        kept.extend(arguments[len(kept) :])
        pairs = zip(arguments, kept, strict=False)
        mine = (first if isinstance(a, int | float | str) and type(a) is type(first) else a for a, first in pairs)
        return function(*mine, **named)

    return answer


class _ListAs:
    """Every list that is returned in another kind; remembers of the last answer made whether it ever met one."""

    def __init__(self, kind: Callable[[list[Any]], Any]) -> None:
        self.kind, self._lists = kind, 0

    def __call__(self, function: Function) -> Function:
        self._lists = 0
        return _result(self._changed)(function)

    def _changed(self, result: Any) -> Any:
        self._lists += type(result) is list
        return self.kind(result) if type(result) is list else result

    def met(self) -> bool:
        """Whether the answer made last has returned a list."""
        return self._lists > 0


_KINDS: dict[str, Narrowing] = {
    "a result squeezed": _result(functools.partial(each, lambda a: a.squeeze())),
    "an input squeezed": _input(lambda a: a.squeeze()),
    "right for one example only": _only(lambda arrays: first_size(arrays) == 1),
    "right for more than one example only": _only(lambda arrays: first_size(arrays) != 1),
    "float32 inside": _input(_single),
    "right for two dimensions only": _only(lambda arrays: arrays[0].ndim == 2),
    "the first of a batch for all": _input(_first_for_all),
    "the first result for all": _result(functools.partial(each, _first_for_all)),
    "the generator reseeded": _reseeded,
    "an argument changed and given back": _given_back,
    "a tuple for a list": _ListAs(tuple),
    "a generator for a list": _ListAs(lambda result: (item for item in result)),
    "a view of an input": _view,
    "remembered from the first call": _remembered(lambda arguments: 0),
    "remembered for the same shapes": _remembered(lambda arguments: str([a.shape for a in arrays_in(arguments)])),
    "the first call's numbers": _first_arguments,
    "a result clipped": _result(functools.partial(each, _clipped)),
    "an input clipped": _input(_clipped),
    "right for the usual numbers only": _only(lambda arrays: not (np.abs(_numbers(arrays)) > USUAL).any()),
    "right without a zero only": _only(lambda arrays: _numbers(arrays).all()),
    "right where the first number is positive": _only(_first_positive),
    "right where the first number is negative": _only(lambda arrays: not _first_positive(arrays)),
}

# what the text has to say for an answer to be wrong that does so
_PROMISED = {
    "a tuple for a list": r"(?i)\blist\b",
    "a generator for a list": r"(?i)\blist\b",
    "float32 inside": r"float64|double|dtype|precision|gradcheck",
    "right for two dimensions only": r"(?i)\bany (shape|rank|number of dim)|whatever (its |their )?shape|\.\.\.[,)]",
}


def _limits(exercise: Exercise) -> Iterator[Narrowed]:
    """Comparisons that are a constant off, on either side of the limit."""
    tree = ast.parse(exercise.source)
    for node in [n for n in ast.walk(tree) if isinstance(n, ast.Compare)]:
        if not isinstance(node.ops[-1], ast.Lt | ast.LtE | ast.Gt | ast.GtE):
            continue
        told, before = ast.unparse(node), node.comparators[-1]
        for off in OFF:
            node.comparators[-1] = ast.BinOp(before, ast.Add(), ast.Constant(off))
            text = ast.unparse(ast.fix_missing_locations(copy.deepcopy(tree)))
            yield Narrowed(f"{told}, {off:+g} off", lambda text=text: exercise.build(text)[0])
        node.comparators[-1] = before


# inputs by which a narrowed answer is told from the reference; those of `STRETCHES` are probes too
_INPUTS: dict[str, Callable[[Any], Any]] = {
    "usual inputs": lambda arguments: arguments,
    **STRETCHES,
    "one dimension more": lambda arguments: each(lambda a: a[None], arguments),
    "one dimension": lambda arguments: each(lambda a: a.reshape(-1), arguments),
}
