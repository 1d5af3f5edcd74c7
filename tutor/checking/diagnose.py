"""Turn a wrong answer into one message, the most useful first; two causes are never named."""

from __future__ import annotations

import ast
import contextlib
import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from tutor.checking import judge, relations
from tutor.checking.fault import Fault
from tutor.checking.fence import MEMORY
from tutor.checking.plain import Thing
from tutor.checking.probes import in_float64, is_tensor
from tutor.checking.seen import Seen
from tutor.checking.spec import FiniteDifference, Misconception, Spec
from tutor.checking.stretch import arrays_in


@dataclass
class Trial:
    """One probe, what was expected of it and what the answer made of it."""

    arguments: tuple[Any, ...]
    expected: Any
    outcome: Seen
    scale: float
    seed: int
    stretched: bool = False

    def difference(self, spec: Spec, got: Any = None) -> judge.Difference | None:
        """How `got` (by default the answer's output) differs from what was expected, or None."""
        return next(self._differences(spec, self.outcome.value if got is None else got), None)

    def failed(self, spec: Spec) -> bool:
        """Whether the answer raised an error or returned something else than expected."""
        return self.outcome.error is not None or self.difference(spec) is not None

    def differences(self, spec: Spec) -> list[judge.Difference]:
        """Every difference between the answer's outputs and the expected ones."""
        return list(self._differences(spec, self.outcome.value))

    def _differences(self, spec: Spec, got: Any) -> Iterator[judge.Difference]:
        found = False
        for difference in judge.differences(got, self.expected, self.scale, names=spec.outputs, exact=spec.exact):
            found = True
            yield difference
        if spec.precise and not found and _all_float64(self.arguments):
            yield from judge.imprecise(got, self.expected, self.scale, names=spec.outputs)


@dataclass(frozen=True)
class Words:
    """The words in which outputs and arguments are told to a reader.

    Attributes
    ----------
    arguments : a name for each of a probe's arguments, or "" where the reader's function has none by that name.
    outputs : the labels that the exercise's author gave.
    text : what the reader has before the eyes; only names that stand in it are told as code.
    true_of : which of a probe's arguments the reader's function receives as they are, each time it is called; else all.
    """

    arguments: tuple[str, ...]
    outputs: tuple[str, ...] = ()
    text: str = ""
    true_of: Callable[[tuple[Any, ...]], set[str]] | None = None

    def output(self, path: str) -> str:
        """An output by the path of a difference: "your result", `name`, “a label of words”, or an item of one."""
        label = max((name for name in self.outputs if path.startswith(name)), key=len, default="")
        items = re.findall(r"\[([^]]*)\]", path.removeprefix(label))
        return "".join(f"item {item} of " for item in reversed(items)) + self._label(label)

    def _label(self, label: str) -> str:
        if not label:
            return "your result"
        if " " in label:
            return f"“{label}”"
        if all(self._stands(name) for name in re.findall(r"[A-Za-z_]\w*", label)):
            return f"`{label}`"
        if label.startswith("grad_") and self._stands(label.removeprefix("grad_")):
            return f"the gradient of `{label.removeprefix('grad_')}`"
        return f"“{label.replace('_', ' ')}”"

    def _stands(self, name: str) -> bool:
        return re.search(rf"\b{name}\b", self.text) is not None

    def given(self, arguments: tuple[Any, ...]) -> str:
        """The arguments of a probe, with their shapes or values."""
        named = [(name, value) for name, value in zip(self.arguments, arguments, strict=False) if name]
        true = self.true_of(arguments) if named and self.true_of else {name for name, _ in named}
        return ", ".join(f"`{name}` {shown(value)}" for name, value in named if name in true)


@dataclass(frozen=True)
class Finding:
    """What the diagnosis found: the tier that spoke, its message, perhaps a misconception, perhaps a hint of its own.

    `ladder` says whether the exercise's own hints, which are about the thing asked for, fit what was found.
    """

    tier: str
    message: str
    misconception: Misconception | None = None
    hint: str | None = None
    ladder: bool = True


def _all_float64(arguments: tuple[Any, ...]) -> bool:
    """Whether there are arrays or tensors with a point, and all of them in float64."""
    floats = [a for a in arrays_in(arguments) if judge.is_numeric(a) and judge.dtype_kind(a) == "float"]
    return bool(floats) and all(str(a.dtype).endswith("float64") for a in floats)


def _size(argument: Any) -> int:
    return np.size(judge.to_numpy(argument)) if judge.is_numeric(argument) else 0


def diagnose(spec: Spec, trials: list[Trial], wrong: Callable[[Misconception, Trial], Seen], words: Words) -> Finding:
    """Say the most useful thing about an answer that returned something else than expected.

    Parameters
    ----------
    spec : the exercise's data.
    trials : every probe; at least one of them differs.
    wrong : runs a misconception on a trial's probe.
    words : how outputs and arguments are told.
    """
    matched = [m for m in spec.misconceptions if matches(spec, trials, m, wrong)]
    if len(matched) == 1:
        return Finding("misconception", matched[0].message, matched[0])
    failing = [t for t in trials if t.difference(spec) is not None]
    smallest = min(failing, key=lambda t: (t.stretched, sum(map(_size, t.arguments))))  # usual numbers are easier read
    difference = smallest.difference(spec)
    if order := _reordered(spec, trials):
        return Finding("relation", order)
    for tier, speak in (("relation", _relation), ("structure", _structure), ("nan", _not_finite), ("probe", _numbers)):
        if message := speak(spec, trials, smallest, difference, words):
            told = "\n".join(
                filter(None, (message, _elsewhere(failing, spec, difference), _right(spec, trials, words)))
            )
            fits = tier != "structure" or difference.kind == "shape"
            # a number that may rightly be infinite is written down as that, and not computed
            meant = any(isinstance(t.expected, float) and not np.isfinite(t.expected) for t in trials)
            return Finding(tier, told, hint=FINITE if tier == "nan" and not meant else None, ladder=fits)
    raise AssertionError("the last tier always speaks")


FINITE = (
    "Where may a division by zero, the logarithm of zero or of a negative number, or an `exp` of a large one occur?"
)


def matches(spec: Spec, trials: list[Trial], misconception: Misconception, wrong: Callable[..., Seen]) -> bool:
    """Whether the answer does what the misconception does, on all probes, two or more of which tell it from right."""
    telling = 0
    for trial in trials:
        outcome = wrong(misconception, trial)
        if outcome.error is not None or trial.outcome.error is not None:
            if outcome.error is None or trial.outcome.error is None or not trial.outcome.error.alike(outcome.error):
                return False
            telling += 1
            continue
        if judge.compare(trial.outcome.value, outcome.value, trial.scale, names=spec.outputs, exact=spec.exact):
            return False
        telling += trial.difference(spec, outcome.value) is not None
    return telling >= min(2, len(trials))


def _reordered(spec: Spec, trials: list[Trial]) -> str | None:
    """Say so where an answer returns the right things in another order."""
    count = len(spec.outputs)
    if not 2 <= count <= 5:
        return None
    for order in itertools.permutations(range(count)):
        if list(order) != sorted(order) and all(_agrees_in(order, spec, trial) for trial in trials):
            moved = [k for place, k in enumerate(order) if place != k or " " not in spec.outputs[k]]
            listed = ", ".join(f"`{spec.outputs[k]}`" for k in moved)  # words about an answer, in place, are not told
            return f"The values are right, but you return them in the order {listed}."
    return None


def _agrees_in(order: tuple[int, ...], spec: Spec, trial: Trial) -> bool:
    got = trial.outcome.value
    if not isinstance(got, tuple | list) or len(got) != len(order) or not isinstance(trial.expected, tuple | list):
        return False
    wanted = tuple(trial.expected[k] for k in order)
    return judge.compare(tuple(got), wanted, trial.scale, exact=spec.exact) is None


def _pairs(spec: Spec, trials: list[Trial], path: str) -> list[tuple[np.ndarray, np.ndarray]]:
    """The (mine, right) arrays of one output over all probes that differ there or not."""
    pairs = []
    for trial in trials:
        mine, right = _pick(spec, trial.outcome.value, path), _pick(spec, trial.expected, path)
        if judge.is_numeric(mine) and judge.is_numeric(right):
            pairs.append((judge.to_numpy(mine), judge.to_numpy(right)))
    return pairs


def _pick(spec: Spec, outputs: Any, path: str) -> Any:
    if isinstance(outputs, tuple | list) and path in spec.outputs:
        return outputs[spec.outputs.index(path)] if spec.outputs.index(path) < len(outputs) else None
    if isinstance(outputs, tuple | list | dict) and path.startswith("["):
        key, _, rest = path[1:].partition("]")
        try:
            return _pick(spec, outputs[ast.literal_eval(key)], rest)
        except (LookupError, TypeError, ValueError):
            return None
    return outputs


def _relation(spec: Spec, trials: list[Trial], trial: Trial, difference: judge.Difference, words: Words) -> str | None:
    if difference.kind not in ("value", "shape"):
        return None
    pairs = _pairs(spec, trials, difference.path)
    if not pairs:
        return None
    sizes = [_sizes(t.arguments, words.arguments) for t in trials]
    found = relations.factor_relation(pairs, sizes) if len(pairs) == len(sizes) else None
    if found is None:
        said = {relations.relation(mine, right) for mine, right in pairs if not relations.near(mine, right)}
        found = said.pop() if len(said) == 1 else None
        if found is None and difference.kind == "shape":
            return None
    return f"Look at {words.output(difference.path)}. {found}" if found else None


def _sizes(arguments: tuple[Any, ...], names: tuple[str, ...]) -> dict[str, float]:
    """The numbers of a probe that a wrong factor may come from: sizes of its arrays and its scalar arguments."""
    sizes: dict[str, float] = {}
    for name, argument in zip(names, arguments, strict=False):
        if not name:
            continue
        if isinstance(argument, int | float) and not isinstance(argument, bool):
            sizes[f"`{name}`"] = float(argument)
        elif judge.is_numeric(argument) and judge.family(argument) != "number":
            shape = tuple(argument.shape)
            sizes |= {f"`{name}.shape[{i}]`": float(n) for i, n in enumerate(shape)}
            sizes[f"the number of entries in `{name}`"] = float(np.prod(shape))
    return sizes


def _structure(spec: Spec, trials: list[Trial], trial: Trial, difference: judge.Difference, words: Words) -> str | None:
    got, expected, what = difference.got, difference.expected, words.output(difference.path)
    if difference.kind == "none":
        doubt = "" if difference.path and len(spec.outputs) != 1 else " Is a `return` missing?"
        return f"{_capital(what)} should be {kind_of(expected)}; yours is `None`.{doubt}"
    if difference.kind == "length":
        if difference.path:
            return f"{_capital(what)} should hold {len(expected)} things, yours holds {len(got)}."
        return f"The answer should return {len(expected)} things, yours returns {len(got)}."
    if difference.kind == "keys":
        return f"The keys of {what} should be {sorted(map(str, expected))}; yours are {sorted(map(str, got))}."
    if difference.kind == "type":
        if isinstance(expected, tuple | list) and judge.is_numeric(got) and spec.outputs and not difference.path:
            listed = ", ".join(words.output(name) for name in spec.outputs)
            return f"The answer should return {len(expected)} things ({listed}); yours returns one: {kind_of(got)}."
        brackets = " Are the brackets `()` of a call missing?" if (type(got) is Thing and got.callable) else ""
        return f"{_capital(what)} should be {kind_of(expected)}; yours is {kind_of(got)}.{brackets}"
    if difference.kind == "shape":
        mine, right = judge.shape_of(got), judge.shape_of(expected)
        told = words.given(trial.arguments)
        return f"The shape of {what} should be {right}; yours is {mine}." + (
            f" The arguments were {told}." if told else ""
        )
    if difference.kind == "dtype":
        wanted, found = judge.dtype_kind(expected), judge.dtype_kind(got)
        return f"{_capital(what)} should hold {wanted} numbers; yours holds {found} ones."
    if difference.kind == "precision":
        digits = max(1, int(-np.log10(difference.error)))
        return (
            f"Where the arguments are float64, {what} is right to about {digits} digits, and float64 holds 15. Is "
            "something computed in float32 on the way, or turned into it?"
        )
    if difference.kind == "device":
        return f"{_capital(what)} should be on {expected.device}; yours is on {got.device}."
    return None


def _not_finite(
    spec: Spec, trials: list[Trial], trial: Trial, difference: judge.Difference, words: Words
) -> str | None:
    """Say NaN (or an infinity) where there is one and none is expected, or the other way round."""
    if difference.kind != "nan":
        return None
    mine, right, index = difference.got, difference.expected, difference.index
    what, told = words.output(difference.path), words.given(trial.arguments)
    lines = [f"Look at {what}. There is {_kind_of_number(mine[index])} in it" + (f", for {told}:" if told else ":")]
    if np.isfinite(mine[index]):
        lines = [
            f"Look at {what}. {_capital(_kind_of_number(right[index]))} is expected in it"
            + (f", for {told}:" if told else ":")
        ]
    at = f"at index {list(index)}" if index else ""
    lines += [f"    yours     {mine[index]: .6g}   {at}".rstrip(), f"    expected  {right[index]: .6g}"]
    if mine.size > 1:
        nan = int(np.isnan(mine).sum())
        lines.append(f"{nan} of {mine.size} entries {'is' if nan == 1 else 'are'} NaN." if nan else "")
    return "\n".join(filter(None, lines))


def _kind_of_number(value: Any) -> str:
    return "NaN" if np.isnan(value) else "an infinite number" if np.isinf(value) else "a number"


def _elsewhere(failing: list[Trial], spec: Spec, said: judge.Difference) -> str:
    """Say NaN also where the inputs that a message is about do not show it."""
    kinds = {d.kind for t in failing for d in t.differences(spec) if d.kind == "nan" and np.isnan(d.got[d.index])}
    return "For other test inputs there is NaN in the result." if kinds and said.kind != "nan" else ""


def _numbers(spec: Spec, trials: list[Trial], trial: Trial, difference: judge.Difference, words: Words) -> str:
    index, what, told = difference.index, words.output(difference.path), words.given(trial.arguments)
    if not isinstance(difference.got, np.ndarray):
        if spec.unsaid and type(difference.got) is str:
            return f"{_capital(what)} should be {spec.unsaid}; yours is {difference.got}."
        return f"{_capital(what)} should be {difference.expected!r}; yours is {difference.got!r}."
    where = f"The largest error is at index {list(index)}" if index else "It is wrong"
    lines = [
        f"Look at {what}. {where}" + (f", for {told}:" if told else ":"),
        f"    yours     {difference.got[index]: .6g}",
        f"    expected  {difference.expected[index]: .6g}",
    ]
    rule = spec.gradients.get(difference.path) or (spec.gradients.get("") if not difference.path else None)
    with contextlib.suppress(Exception):  # a rule need not hold for every probe: a norm asks for a batch of two
        if rule is not None:
            lines.append(f"    measured  {_finite_difference(rule, trial, index): .6g}   (finite difference)")
    tolerance = judge.RTOL * (np.max(np.abs(difference.expected)) or trial.scale)
    wrong = ~(np.abs(difference.got - difference.expected) <= tolerance)  # so that NaN counts as wrong
    if wrong.size > 1:
        count = int(wrong.sum())
        lines.append(f"{count} of {wrong.size} entries {'is' if count == 1 else 'are'} wrong.")
    return "\n".join(lines)


def _right(spec: Spec, trials: list[Trial], words: Words) -> str:
    """Name the outputs that are right for every probe, briefly, where there are several and some are.

    An output that says in words what was seen (how a function was called, say) is not named: its label is read as more
    than was looked at.
    """
    if len(spec.outputs) < 2 or any(t.outcome.error is not None for t in trials):
        return ""
    wrong = {d.path for t in trials for d in t.differences(spec)}
    right = [name for name in spec.outputs if not any(w == name or w.startswith(f"{name}[") for w in wrong)]
    if not right or "" in wrong:
        return ""
    if len(right) > 3:
        return f"{len(right)} of the {len(spec.outputs)} things that are looked at are right for all test inputs."
    told = [words.output(name) for name in right if not any(_is_word(_pick(spec, t.expected, name)) for t in trials)]
    if not told:
        return ""
    listed = told[0] if len(told) == 1 else ", ".join(told[:-1]) + " and " + told[-1]
    return f"Right for all test inputs: {listed}."


def _is_word(value: Any) -> bool:
    """Whether a value is words, or yes and no."""
    if isinstance(value, tuple | list):
        return bool(value) and all(map(_is_word, value))
    return isinstance(value, str | bool)


def _finite_difference(rule: FiniteDifference, trial: Trial, index: tuple[int, ...], step: float = 1e-6) -> float:
    """Central difference (f(x + step) - f(x - step)) / (2 step) with respect to one entry, in float64."""
    values = []
    for sign in (1, -1):
        arguments = list(in_float64(trial.arguments))
        if rule.wrt is None:
            values.append(float(rule.of(*arguments, sign * step)))
            continue
        moved = arguments[rule.wrt]
        if index and not isinstance(moved, float | int):
            moved[index] += sign * step
        else:
            arguments[rule.wrt] = moved + sign * step
        values.append(float(rule.of(*arguments)))
    return (values[0] - values[1]) / (2 * step)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def kind_of(value: Any) -> str:
    """What a value is, in words for a reader."""
    if value is ...:
        return "still `...`"
    if type(value) is Thing:
        return {"ndarray": "a NumPy array", "Tensor": "a tensor"}.get(value.kind, f"a {value.kind}")
    if is_tensor(value):
        return "a tensor"
    if judge.is_numeric(value) and judge.family(value) == "number":
        return "a number"
    if isinstance(value, np.ndarray):
        return "a NumPy array"
    return f"a {type(value).__name__}"


def shown(value: Any) -> str:
    """An input as it stands in a message: its value if it is small, else its shape."""
    if judge.is_numeric(value):
        array = judge.to_numpy(value)
        if array.ndim == 0:
            return f"= {array:.4g}"
        # a probe that is small enough to type in again is shown whole
        if array.ndim > 1 or array.size > 6:
            return f"of shape {array.shape}"
        whole = judge.dtype_kind(value) in ("int", "bool")  # which look like what they are, not like floats
        return f"= {value.tolist() if whole else [float(f'{v:.4g}') for v in array]}"
    if type(value) in (list, tuple) and 0 < len(value) <= 6 and all(type(v) in (int, float) for v in value):
        inside = ", ".join(str(v) if type(v) is int else f"{v:.4g}" for v in value)
        return f"= [{inside}]" if type(value) is list else f"= ({inside}{',' * (len(value) == 1)})"
    if isinstance(value, list | tuple | dict):
        return f"(a {type(value).__name__} of {len(value)})"
    return f"= {value!r}" if len(repr(value)) <= 30 else f"(a {type(value).__name__})"


def exception(fault: Fault, call: str = "") -> str:
    """Say where the answer stopped: the reader's own line and what stands in it; or that the check itself stopped.

    `call` is how an answer is called, for a reader whose function takes other arguments; "" if it is not simply called.
    """
    if fault.family in _STOPPED:
        return _STOPPED[fault.family].format(fault.text)
    if fault.out_of_memory:
        limit = f"{MEMORY / 2**30:.0f} GiB of memory"
        return f"The answer was stopped: it took more than {limit}. Does something grow in a loop?"
    said = "" if fault.family == "RecursionError" else _sentence(fault.text)
    head = f"`{fault.kind}`: {said}" if said else f"`{fault.kind}`."
    if fault.family == "RecursionError":
        head = "`RecursionError`: the answer calls itself without end. Where does it stop?"
    if not fault.number:
        return f"{head}\n{_complaint(fault, call)}"
    told = [head, f"It happened in line {fault.number} of your cell:", f"    {fault.line}"]
    if fault.by_check:
        told.append("It is the check that complains: the error comes from what it passed to your answer.")
    return "\n".join(filter(None, [*told, fault.about]))


_STOPPED = {
    "OutputFlood": "The answer was stopped: {}. Is a `print` inside a loop?",
    "Forbidden": "The answer was stopped: {}. No exercise needs that.",
    "SystemExit": "The answer tried to end the program (`sys.exit`, `exit` or `quit`). Return a value instead.",
    "KeyboardInterrupt": "The check was interrupted before the answer returned.",
}


def _complaint(fault: Fault, call: str) -> str:
    """What to say of an error that happened in none of the reader's lines."""
    if fault.family == "TypeError" and "argument" in fault.text and call:
        return f"The check calls your answer like this: `{call}`."
    return "It is the check that stopped, in none of your lines: it could not go on with what your answer gave it."


LONGEST = 600  # characters of an error's own words that are told


def _sentence(text: str) -> str:
    """An error's own words: its first paragraph, whole, without the traces of C++ that torch appends."""
    lines = re.sub(r"\x1b?\[\d+(;\d+)*m", "", text).strip().split("\n")  # torch colours some of its words
    end = next(
        (k for k, line in enumerate(lines) if not line.strip() or line.startswith("Exception raised from")), None
    )
    whole = " ".join(line.strip() for line in lines[:end])
    if len(whole) <= LONGEST:
        return whole
    cut = whole[:LONGEST]
    return cut[: cut.rindex(". ") + 1] if ". " in cut else f"{cut.rsplit(' ', 1)[0]} …"
