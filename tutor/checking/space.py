"""The space of an exercise's arguments as data, in the words of its docstring, and the probes that meet all of it."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tutor.checking.probes import Draw

SCALES = {"usual": 1.0, "small": 1e-3, "eight": 5.0, "large": 100.0}
LAYOUTS = ("contiguous", "transposed", "strided", "expanded")
VALUES = ("distinct", "zeros", "ties", "equal")
CONTAINERS: dict[str, Callable[[list[Any]], Any]] = {
    "list": list,
    "tuple": tuple,
    "iterator": iter,
    "generator": lambda items: (item for item in items),
}

Row = dict[tuple[str, str], Any]  # (argument or letter, field) -> value


@dataclass(frozen=True)
class Array:
    """An array or a tensor; the first value of each field is the usual one.

    Attributes
    ----------
    shape : a letter for each dimension, "N D"; a letter has one size in all arguments. A number is that size, and
        "H*W" a product: "N 1 28 28", "C H*W". "" where `ranks` is given.
    ranks : how many dimensions it may have, where the docstring says "any shape".
    dtypes : "uint8" draws 0 to 255, "bool" both values, "int64" whole numbers of both signs.
    positive : whether no number is negative.
    tensor : whether it is a torch tensor.
    """

    shape: str = ""
    ranks: tuple[int, ...] = ()
    dtypes: tuple[str, ...] = ("float32",)
    layouts: tuple[str, ...] = ("contiguous",)
    scales: tuple[str, ...] = ("usual",)
    values: tuple[str, ...] = ("distinct",)
    positive: bool = False
    tensor: bool = False


@dataclass(frozen=True)
class Labels:
    """The numbers of classes: whole numbers from 0 to one below `classes`.

    Attributes
    ----------
    shape : as an array's.
    classes : how many there are, or the letter of a dimension that has one entry for each: "C".
    values : "distinct" has the last class in it, "equal" one class for all, "missing" not the last one.
    """

    shape: str = "N"
    classes: str | int = "C"
    values: tuple[str, ...] = ("distinct", "equal", "missing")
    dtypes: tuple[str, ...] = ("int64",)
    tensor: bool = True


@dataclass(frozen=True)
class Number:
    """A number, one of some values; the first is the usual one."""

    choices: tuple[float, ...]


@dataclass(frozen=True)
class Drawn:
    """A number between two others, drawn anew for each probe; a whole one where both are."""

    low: float
    high: float


@dataclass(frozen=True)
class Several:
    """Several arrays in one argument.

    Attributes
    ----------
    of : what each of them is; of pairs (an input and its labels), what the parts of each are.
    counts : how many there may be.
    containers : in what they may come: "list", "tuple", "iterator", "generator".
    own : letters that have a size of their own in each item, "N" of batches that differ in length. An unusual size of
        such a letter is that of the last item.
    """

    of: Array | Labels | tuple[Array | Labels, ...]
    counts: tuple[int, ...] = (3,)
    containers: tuple[str, ...] = ("list",)
    own: tuple[str, ...] = ()


@dataclass(frozen=True)
class Size:
    """The number that a letter stands for: how large a square of "C H*S W*S" is."""

    letter: str


Argument = Array | Labels | Number | Drawn | Size | Several


# two things that are seldom met together, and go wrong together
DANGEROUS = (
    (("size", 1), ("layout", "transposed")),
    (("size", 1), ("size", 1)),
    (("size", 1), ("scale", "large")),
    (("rank", 0), ("dtype", "float64")),
    (("rank", 3), ("layout", "transposed")),
    (("dtype", "int64"), ("values", "zeros")),
    (("layout", "expanded"), ("dtype", "float64")),
    (("scale", "large"), ("values", "ties")),
    (("count", 1), ("container", "generator")),
)


@dataclass(frozen=True)
class Space:
    """What an exercise's arguments may be.

    Attributes
    ----------
    arguments : a description for each argument, by its name and in the order of the call.
    sizes : letter -> the sizes besides the usual ones, which are distinct and 2 to 8: 1, and 0 where it is allowed.
    """

    arguments: dict[str, Argument]
    sizes: dict[str, tuple[int, ...]] = field(default_factory=dict)

    def probes(self) -> tuple[Callable[[Draw], tuple], ...]:
        """Probe functions in which every value of every field is met, and every dangerous pair that the space holds.

        Each keeps its shapes from one case to the next and draws other numbers.
        """
        return tuple(
            lambda draw, row=row, number=number: self._draw(row, number, draw) for number, row in enumerate(self.rows())
        )

    def rows(self) -> list[Row]:
        """What is unusual in each probe; nothing in the first."""
        unusual = [(place, value) for place, values in self._fields() for value in values[1:]]
        rows: list[Row] = [{}, *({place: value} for place, value in unusual)]
        for (first, one), (second, other) in itertools.combinations(unusual, 2):
            kinds = (first[1], one), (second[1], other)
            if first != second and (kinds in DANGEROUS or kinds[::-1] in DANGEROUS):
                rows.append({first: one, second: other})
        return rows

    def has(self, field_name: str) -> set[Any]:
        """Every value of a field ("size", "rank", "dtype", "layout", "scale", "values", "count", "container")."""
        return {value for (_, name), values in self._fields() for value in values if name == field_name}

    def could_have(self, field_name: str) -> bool:
        """Whether a docstring's words can be about a field here: a number has no layout, one array no container."""
        kinds = Several if field_name in ("count", "container") else (Array, Several)
        return any(isinstance(argument, kinds) for argument in self.arguments.values())

    def _fields(self) -> Iterator[tuple[tuple[str, str], tuple[Any, ...]]]:
        for letter, sizes in self.sizes.items():
            yield (letter, "size"), (None, *sizes)  # None: a usual one
        for name, argument in self.arguments.items():
            if isinstance(argument, Number):
                yield (name, "number"), argument.choices
            if isinstance(argument, Several):
                yield (name, "count"), argument.counts
                yield (name, "container"), argument.containers
            for place, part in _parts(name, argument):
                if isinstance(part, Array) and part.ranks:
                    yield (place, "rank"), part.ranks
                yield (place, "dtype"), part.dtypes
                if isinstance(part, Array):
                    yield (place, "layout"), part.layouts
                    yield (place, "scale"), part.scales
                yield (place, "values"), part.values

    def _draw(self, row: Row, number: int, draw: Draw) -> tuple:
        chosen = {place: row.get(place, values[0]) for place, values in self._fields()}
        parts = [part for name, argument in self.arguments.items() for _, part in _parts(name, argument)]
        letters = sorted({letter for part in parts for letter in _letters(part)})
        usual = np.roll(np.arange(2, 9), number)
        sizes = {letter: int(usual[k % 7]) for k, letter in enumerate(letters)}
        sizes |= {letter: chosen[letter, "size"] for letter in self.sizes if chosen[letter, "size"] is not None}
        return tuple(self._argument(name, chosen, sizes, usual, draw) for name in self.arguments)

    def _argument(self, name: str, chosen: Row, sizes: dict[str, int], usual: np.ndarray, draw: Draw) -> Any:
        argument = self.arguments[name]
        if isinstance(argument, Number):
            return chosen[name, "number"]
        if isinstance(argument, Size):
            return sizes[argument.letter]
        if isinstance(argument, Drawn):
            whole = isinstance(argument.low, int) and isinstance(argument.high, int)
            return (draw.integer if whole else draw.number)(argument.low, argument.high)
        made = []
        count = chosen[name, "count"] if isinstance(argument, Several) else 1
        for k in range(count):
            of_item = dict(sizes)
            if isinstance(argument, Several):
                for letter in argument.own:
                    unusual = chosen.get((letter, "size"))
                    last = unusual is not None and k == count - 1
                    of_item[letter] = unusual if last else int(usual[(k + ord(letter)) % 7])
            item = []
            for place, part in _parts(name, argument):
                how = {kind: value for (of, kind), value in chosen.items() if of == place}
                item.append(_made(part, how, of_item, np.roll(usual, k), draw))
            made.append(tuple(item) if isinstance(argument, Several) and isinstance(argument.of, tuple) else item[0])
        return CONTAINERS[chosen[name, "container"]](made) if isinstance(argument, Several) else made[0]


def _parts(name: str, argument: Argument) -> Iterator[tuple[str, Array | Labels]]:
    """The arrays and labels of an argument, and the place in a row at which each is described."""
    if isinstance(argument, Array | Labels):
        yield name, argument
    elif isinstance(argument, Several):
        several = isinstance(argument.of, tuple)
        for k, part in enumerate(argument.of if several else (argument.of,)):
            yield f"{name}[{k}]" if several else name, part


def _letters(part: Array | Labels) -> set[str]:
    counted = str(part.classes) if isinstance(part, Labels) else ""
    return {token for token in re.split(r"[ *]", f"{part.shape} {counted}") if token.isalpha()}


def _size(told: str | int, sizes: dict[str, int]) -> int:
    """The size of "N", "28" or "H*W"."""
    return math.prod(int(token) if token.isdigit() else sizes[token] for token in str(told).split("*"))


def _made(part: Array | Labels, how: dict[str, Any], sizes: dict[str, int], usual: np.ndarray, draw: Draw) -> Any:
    """One array, or labels, with the chosen shape, numbers, dtype and layout."""
    shape = tuple(_size(told, sizes) for told in part.shape.split())
    if "rank" in how:
        shape = tuple(int(n) for n in usual[: how["rank"]])
    if isinstance(part, Labels):
        numbers = _labels(shape, _size(part.classes, sizes), how["values"], draw).astype(how["dtype"])
        return _as_tensor(numbers) if part.tensor else numbers
    dtype = np.dtype(how["dtype"])
    numbers = draw.array(*shape, positive=part.positive).astype(np.float64) * SCALES[how["scale"]]
    if how["values"] == "zeros":
        numbers = np.where(draw.rng.random(shape) < 0.4, 0.0, numbers)
    elif how["values"] == "ties":
        low = 1.0 if part.positive else -1.0
        numbers = np.where(draw.rng.random(shape) < 0.5, 0.5, low) * SCALES[how["scale"]]
    elif how["values"] == "equal":
        numbers = np.full(shape, 0.75 * SCALES[how["scale"]])
    elif dtype == np.uint8:
        numbers = draw.rng.integers(0, 256, shape)
    elif dtype == np.bool_:
        numbers = draw.rng.random(shape) < 0.5
    if dtype.kind in "iu" and numbers.dtype.kind == "f":
        numbers = np.rint(4 * numbers)
    laid_out = _laid_out(np.asarray(numbers).astype(dtype), how["layout"])
    return _as_tensor(laid_out) if part.tensor else laid_out


def _labels(shape: tuple[int, ...], classes: int, values: str, draw: Draw) -> np.ndarray:
    """Classes drawn at random; the last one among them, unless that is "missing" or all are "equal"."""
    if values == "equal":
        return np.full(shape, draw.integer(0, classes - 1))
    labels = draw.rng.integers(0, max(1, classes - (values == "missing")), shape)
    if values == "distinct" and labels.size > 1:
        labels.reshape(-1)[draw.integer(1, labels.size - 1)] = classes - 1
    return labels


def _as_tensor(made: np.ndarray) -> Any:
    import torch

    if 0 in made.strides:
        return torch.as_tensor(made[:1].copy()).expand(made.shape)
    return torch.as_tensor(made)


def _laid_out(made: np.ndarray, layout: str) -> np.ndarray:
    """The same numbers elsewhere in memory; "expanded" repeats the first along the first dimension."""
    if layout == "transposed":
        return np.ascontiguousarray(made.T).T
    if made.ndim == 0 or layout == "contiguous":
        return made
    if layout == "strided":
        return np.repeat(made, 2, axis=-1)[..., ::2]
    return np.broadcast_to(made[:1], made.shape)


@dataclass(frozen=True)
class Promise:
    """Words of a docstring, and the values of a field that the space must have then."""

    words: str
    field: str
    values: frozenset[Any]


PROMISES = (
    Promise(r"any shape|any number of dimensions|whatever (its|their) shape", "rank", frozenset({0, 1, 2, 3})),
    Promise(r"\bempty\b|\bno (examples|rows|entries)\b|N may be 0|N >= 0", "size", frozenset({0})),
    Promise(r"whole numbers|\bintegers?\b|int64", "dtype", frozenset({"int64"})),
    Promise(r"float64|double precision", "dtype", frozenset({"float64"})),
    Promise(r"transposed|strided|contiguous", "layout", frozenset({"transposed"})),
    Promise(r"\btuple\b|any sequence|iterable", "container", frozenset({"tuple"})),
    Promise(r"generator|iterable", "container", frozenset({"generator"})),
)
_UNASKED = {"rank", "size", "container"}  # a docstring that is silent on these does not allow them


def disagreements(docstring: str, space: Space) -> Iterator[str]:
    """A sentence for each promise of a docstring that the space does not have, and for what it has without one."""
    for promise in PROMISES:
        said = re.search(promise.words, " ".join(docstring.split()), flags=re.IGNORECASE)
        missing = promise.values - space.has(promise.field)
        if said and missing and space.could_have(promise.field):
            listed = ", ".join(map(str, sorted(missing, key=str)))
            yield f'the docstring says "{said[0]}", and the space has no {promise.field} {listed}.'
    for name in sorted(_UNASKED):
        for value in sorted((v for v in space.has(name) if _needs_words(name, v)), key=str):
            words = [p.words for p in PROMISES if p.field == name and value in p.values]
            if not any(re.search(w, " ".join(docstring.split()), flags=re.IGNORECASE) for w in words):
                yield f"the space has {name} {value}, and the docstring does not say that it may."


def _needs_words(name: str, value: Any) -> bool:
    """Whether a value is more than a silent docstring allows."""
    return any(p.field == name and value in p.values for p in PROMISES)
