"""Turn a wrong answer into one message, the most useful first; two causes are never named."""

from __future__ import annotations

import ast
import builtins
import contextlib
import itertools
import linecache
import re
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tutor.checking import judge, relations
from tutor.checking.fence import MEMORY, Forbidden
from tutor.checking.guard import Outcome, OutputFlood
from tutor.checking.probes import in_float64, is_tensor
from tutor.checking.spec import FiniteDifference, Misconception, Spec


@dataclass
class Trial:
    """One probe, what was expected of it and what the answer made of it."""

    arguments: tuple[Any, ...]
    expected: Any
    outcome: Outcome
    scale: float
    seed: int

    def difference(self, spec: Spec, got: Any = None) -> judge.Difference | None:
        """How `got` (by default the answer's output) differs from what was expected, or None."""
        got = self.outcome.value if got is None else got
        return judge.compare(got, self.expected, self.scale, names=spec.outputs, exact=spec.exact)

    def differences(self, spec: Spec) -> list[judge.Difference]:
        """Every difference between the answer's outputs and the expected ones."""
        return list(
            judge.differences(self.outcome.value, self.expected, self.scale, names=spec.outputs, exact=spec.exact)
        )


@dataclass(frozen=True)
class Finding:
    """What the diagnosis found: the tier that spoke, its message and perhaps a misconception."""

    tier: str
    message: str
    misconception: Misconception | None = None


def diagnose(
    spec: Spec, trials: list[Trial], wrong: Callable[[Misconception, Trial], Outcome], argument_names: tuple[str, ...]
) -> Finding:
    """Say the most useful thing about an answer that returned something else than expected.

    Parameters
    ----------
    spec : the exercise's data.
    trials : every probe; at least one of them differs.
    wrong : runs a misconception on a trial's probe.
    argument_names : names of the probe's arguments, for the messages.
    """
    matched = [m for m in spec.misconceptions if matches(spec, trials, m, wrong)]
    if len(matched) == 1:
        return Finding("misconception", matched[0].message, matched[0])
    failing = [t for t in trials if t.difference(spec) is not None]
    smallest = min(failing, key=lambda t: sum(np.size(judge.to_numpy(a)) for a in t.arguments if judge.is_numeric(a)))
    difference = smallest.difference(spec)
    if order := _reordered(spec, trials):
        return Finding("relation", order)
    for tier, speak in (("relation", _relation), ("structure", _structure), ("probe", _numbers)):
        if message := speak(spec, trials, smallest, difference, argument_names):
            return Finding(tier, _which_outputs(spec, smallest, difference) + message)
    raise AssertionError("the last tier always speaks")


def matches(spec: Spec, trials: list[Trial], misconception: Misconception, wrong: Callable[..., Outcome]) -> bool:
    """Whether the answer does what the misconception does, on all probes, two or more of which tell it from right."""
    telling = 0
    for trial in trials:
        outcome = wrong(misconception, trial)
        if outcome.error is not None or trial.outcome.error is not None:
            if type(outcome.error) is not type(trial.outcome.error) or str(outcome.error) != str(trial.outcome.error):
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
            listed = ", ".join(f"`{spec.outputs[k]}`" for k in order)
            return f"The values are right, but you return them in the order {listed}."
    return None


def _agrees_in(order: tuple[int, ...], spec: Spec, trial: Trial) -> bool:
    got = trial.outcome.value
    if not isinstance(got, tuple | list) or len(got) != len(order) or not isinstance(trial.expected, tuple | list):
        return False
    wanted = tuple(trial.expected[k] for k in order)
    return judge.compare(tuple(got), wanted, trial.scale, exact=spec.exact) is None


def _named(difference: judge.Difference) -> str:
    return f"`{difference.path}`" if difference.path else "your result"


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


def _relation(
    spec: Spec, trials: list[Trial], trial: Trial, difference: judge.Difference, names: tuple[str, ...]
) -> str | None:
    if difference.kind not in ("value", "shape"):
        return None
    pairs = _pairs(spec, trials, difference.path)
    if not pairs:
        return None
    sizes = [_sizes(t.arguments, names) for t in trials]
    found = relations.factor_relation(pairs, sizes) if len(pairs) == len(sizes) else None
    if found is None:
        said = {relations.relation(mine, right) for mine, right in pairs if not relations.near(mine, right)}
        found = said.pop() if len(said) == 1 else None
        if found is None and difference.kind == "shape":
            return None
    return f"Look at {_named(difference)}. {found}" if found else None


def _sizes(arguments: tuple[Any, ...], names: tuple[str, ...]) -> dict[str, float]:
    """The numbers of a probe that a wrong factor may come from: sizes of its arrays and its scalar arguments."""
    sizes: dict[str, float] = {}
    for name, argument in zip(names, arguments, strict=False):
        if isinstance(argument, int | float) and not isinstance(argument, bool):
            sizes[f"`{name}`"] = float(argument)
        elif judge.is_numeric(argument) and judge.family(argument) != "number":
            shape = tuple(argument.shape)
            sizes |= {f"`{name}.shape[{i}]`": float(n) for i, n in enumerate(shape)}
            sizes[f"the number of entries in `{name}`"] = float(np.prod(shape))
    return sizes


def _structure(
    spec: Spec, trials: list[Trial], trial: Trial, difference: judge.Difference, names: tuple[str, ...]
) -> str | None:
    got, expected, what = difference.got, difference.expected, _named(difference)
    if difference.kind == "none":
        return f"{what.capitalize() if not difference.path else what} is `None`. Is a `return` missing?"
    if difference.kind == "length":
        if difference.path:
            return f"{_capital(what)} should hold {len(expected)} things, yours holds {len(got)}."
        return f"The answer should return {len(expected)} things, yours returns {len(got)}."
    if difference.kind == "keys":
        return f"The keys of {what} should be {sorted(map(str, expected))}; yours are {sorted(map(str, got))}."
    if difference.kind == "type":
        if isinstance(expected, tuple | list) and judge.is_numeric(got) and spec.outputs and not difference.path:
            listed = ", ".join(f"`{name}`" for name in spec.outputs)
            return f"The answer should return {len(expected)} things ({listed}); yours returns one: {kind_of(got)}."
        brackets = " Are the brackets `()` of a call missing?" if callable(got) else ""
        return f"{_capital(what)} should be {kind_of(expected)}; yours is {kind_of(got)}.{brackets}"
    if difference.kind == "shape":
        mine, right = judge.to_numpy(got).shape, judge.to_numpy(expected).shape
        told = _describe(trial.arguments, names)
        return f"The shape of {what} should be {right}; yours is {mine}." + (
            f" The arguments were {told}." if told else ""
        )
    if difference.kind == "dtype":
        wanted, found = judge.dtype_kind(expected), judge.dtype_kind(got)
        return f"{_capital(what)} should hold {wanted} numbers; yours holds {found} ones."
    if difference.kind == "device":
        return f"{_capital(what)} should be on {expected.device}; yours is on {got.device}."
    return None


def _numbers(
    spec: Spec, trials: list[Trial], trial: Trial, difference: judge.Difference, names: tuple[str, ...]
) -> str:
    index = difference.index
    at = f" at index {list(index)}" if index else ""
    if not isinstance(difference.got, np.ndarray):
        return f"{_capital(_named(difference))} should be {difference.expected!r}; yours is {difference.got!r}."
    where = f"differs most{at}" if index else "is wrong"
    told = _describe(trial.arguments, names)
    lines = [
        f"{_capital(_named(difference))} {where}" + (f" for {told}:" if told else ":"),
        f"    yours     {difference.got[index]: .6g}",
        f"    expected  {difference.expected[index]: .6g}",
    ]
    rule = spec.gradients.get(difference.path) or (spec.gradients.get("") if not difference.path else None)
    if rule is not None:
        lines.append(f"    measured  {_finite_difference(rule, trial, index): .6g}   (finite difference)")
    tolerance = judge.RTOL * (np.max(np.abs(difference.expected)) or trial.scale)
    wrong = ~(np.abs(difference.got - difference.expected) <= tolerance)  # so that NaN counts as wrong
    if wrong.size > 1:
        count = int(wrong.sum())
        lines.append(f"{count} of {wrong.size} entries {'is' if count == 1 else 'are'} wrong.")
    return "\n".join(lines)


def _which_outputs(spec: Spec, trial: Trial, difference: judge.Difference) -> str:
    """Name the outputs that are right, where there are several and some are."""
    if len(spec.outputs) < 2 or not isinstance(trial.outcome.value, tuple | list):
        return ""
    wrong = {d.path for d in trial.differences(spec)}
    right = [f"`{name}`" for name in spec.outputs if not any(w == name or w.startswith(f"{name}[") for w in wrong)]
    if not right or "" in wrong:
        return ""
    listed = right[0] if len(right) == 1 else ", ".join(right[:-1]) + " and " + right[-1]
    return f"{listed} {'is' if len(right) == 1 else 'are'} right. "


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
    if judge.is_numeric(value) and judge.family(value) == "number":
        return "a number"
    if is_tensor(value):
        return "a tensor"
    if isinstance(value, np.ndarray):
        return "a NumPy array"
    return f"a {type(value).__name__}"


def _describe(arguments: tuple[Any, ...], names: tuple[str, ...]) -> str:
    return ", ".join(f"`{n}` {_shape(a)}" for n, a in zip(names, arguments, strict=False))


def _shape(value: Any) -> str:
    if judge.is_numeric(value):
        array = judge.to_numpy(value)
        if array.ndim == 0:
            return f"= {array:.4g}"
        # a probe that is small enough to type in again is shown whole
        if array.ndim > 1 or array.size > 6:
            return f"of shape {array.shape}"
        whole = judge.dtype_kind(value) in ("int", "bool")  # which look like what they are, not like floats
        return f"= {value.tolist() if whole else [float(f'{v:.4g}') for v in array]}"
    return f"= {value!r}" if len(repr(value)) <= 30 else f"(a {type(value).__name__})"


def exception(outcome: Outcome, candidate: Any) -> str:
    """Say where the answer stopped: the reader's own line, with the shapes of what stands in it."""
    error = outcome.error
    if isinstance(error, OutputFlood):
        return f"The answer was stopped: {error}. Is a `print` inside a loop?"
    if isinstance(error, Forbidden):
        return f"The answer was stopped: {error}. No exercise needs that."
    if isinstance(error, MemoryError) or "can't allocate memory" in str(error):
        limit = f"{MEMORY / 2**30:.0f} GiB of memory"
        return f"The answer was stopped: it took more than {limit}. Does something grow in a loop?"
    if isinstance(error, SystemExit):
        return "The answer tried to end the program (`sys.exit`, `exit` or `quit`). Return a value instead."
    if isinstance(error, KeyboardInterrupt):
        return "The check was interrupted before the answer returned."
    said = "" if isinstance(error, RecursionError) else str(error).strip().split("\n")[0][:300]
    head = f"`{type(error).__name__}`: {said}" if said else f"`{type(error).__name__}`."
    if isinstance(error, RecursionError):
        head = "`RecursionError`: the answer calls itself without end. Where does it stop?"
    frame = _own_frame(error, candidate)
    if frame is None:
        return head
    summary, local, outer = frame
    line = linecache.getline(summary.filename, summary.lineno).strip() or (summary.line or "")
    more = _overwritten(line, outer) if "not callable" in said else _shapes_in(line, local, outer)
    return f"{head}\nIt happened in line {summary.lineno} of your cell:\n    {line}" + (f"\n{more}" if more else "")


def _overwritten(line: str, outer: dict[str, Any]) -> str:
    """Name Python's own functions in a line that the notebook has assigned to, as `sum = 0` in another cell does."""
    words = [word for word in dict.fromkeys(re.findall(r"\w+", line)) if hasattr(builtins, word)]
    hidden = [word for word in words if word in outer and not callable(outer[word])]
    told = "A cell has assigned to `{0}`, which hides Python's own: run `del {0}`, and call yours otherwise."
    return " ".join(told.format(word) for word in hidden)


def _own_frame(
    error: BaseException, candidate: Any
) -> tuple[traceback.FrameSummary, dict[str, Any], dict[str, Any]] | None:
    """The deepest frame of the traceback in the file (the cell) that defines the candidate, its locals and globals."""
    files = {f.__code__.co_filename for f in functions_of(candidate)}
    best = None
    for frame, line in traceback.walk_tb(error.__traceback__):
        if frame.f_code.co_filename in files:
            code = frame.f_code
            summary = traceback.FrameSummary(code.co_filename, line, code.co_name, lookup_line=False)
            best = summary, frame.f_locals, frame.f_globals
    return best


def functions_of(candidate: Any) -> list[Any]:
    """The Python functions that make up a candidate: itself, or the methods of a class."""
    members = vars(candidate).values() if isinstance(candidate, type) else [candidate]
    plain = [getattr(m, "__func__", m) for m in members]
    return [f for f in plain if hasattr(f, "__code__")]


def _shapes_in(line: str, local: dict[str, Any], outer: dict[str, Any]) -> str:
    """The shapes of what stands in a line; a name that comes from the notebook and is no argument is told as such."""
    try:
        tree = ast.parse(line.rstrip(":"))
    except SyntaxError:
        return ""
    names = sorted({(n.lineno, n.col_offset, n.id) for n in ast.walk(tree) if isinstance(n, ast.Name)})
    known = []
    for name in dict.fromkeys(name for *_, name in names):
        with contextlib.suppress(RuntimeError):  # a tensor of a transform that is over cannot be looked at
            if judge.is_numeric(local.get(name)):
                known.append(f"`{name}` {_shape(local[name])}")
            elif name not in local and judge.is_numeric(outer.get(name)):
                known.append(f"`{name}` (from the notebook, no argument of yours) {_shape(outer[name])}")
    return f"There, {', '.join(known)}." if known else ""
