"""A pytest plugin: nbval compares words to the letter, and numbers as precisely as they are printed."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

TAG = "tolerance:"
# not what follows a letter or a dot (float64, 2.13.0); `(?>` gives nothing back, so that 2.13.0 is no number but a word
_NUMBER = re.compile(r" *(?<![\w.])((?>[+-]?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d*)?(?:e[+-]?\d+)?))(?!\.\d) *")
_TOLERANCE = re.compile(rf"{TAG}(?:±(?P<absolute>\d+(?:\.\d+)?(?:e-?\d+)?)|(?P<percent>\d+(?:\.\d+)?)%)")


def disagreement(expected: str, got: str, tags: tuple[str, ...] = ()) -> str | None:
    """Say where two printed texts differ; None where they agree.

    A number agrees with one that differs by at most 1 in the last digit that was expected; whole numbers have to be the
    same. Spaces around numbers are not compared, because a sign or one more digit moves them.

    Parameters
    ----------
    expected : the text that was kept.
    got : the text that was printed now.
    tags : of the cell; `tolerance:5%` or `tolerance:±0.3` among them allows numbers to differ by so much.
    """
    absolute, relative = tolerance(tags)
    rows, others = expected.split("\n"), got.split("\n")
    for number, (row, other) in enumerate(zip(rows, others, strict=False), start=1):
        words, printed = _parts(row)
        other_words, other_printed = _parts(other)
        if words != other_words:
            return f"line {number}: expected {row!r}, got {other!r}"
        for kept, new in zip(printed, other_printed, strict=True):
            allowed = max(_last_digit(kept), absolute, relative * abs(_value(kept)))
            if abs(_value(kept) - _value(new)) > allowed:
                return f"line {number}: expected {kept}, got {new}, and {allowed:f} is the most that it may differ by"
    if len(rows) != len(others):
        return f"expected {len(rows) - 1} lines, got {len(others) - 1}"
    return None


def tolerance(tags: tuple[str, ...]) -> tuple[Decimal, Decimal]:
    """The absolute and the relative tolerance that a cell's tags state, 0 where they state none.

    Raises
    ------
    ValueError
        If a tag begins like a tolerance and is none.
    """
    absolute = relative = Decimal(0)
    for tag in tags:
        if not tag.startswith(TAG):
            continue
        found = _TOLERANCE.fullmatch(tag)
        if found is None:
            raise ValueError(f'"{tag}" is no tolerance: write "tolerance:5%" or "tolerance:±0.3".')
        absolute = max(absolute, Decimal(found["absolute"] or 0))
        relative = max(relative, Decimal(found["percent"] or 0) / 100)
    return absolute, relative


def _parts(row: str) -> tuple[list[str], list[str]]:
    """The words between a line's numbers, and the numbers."""
    pieces = _NUMBER.split(row)
    return pieces[::2], pieces[1::2]


def _value(number: str) -> Decimal:
    return Decimal(number.replace(",", ""))


def _last_digit(number: str) -> Decimal:
    """What 1 in the last printed digit is worth; 0 for a whole number."""
    mantissa, _, power = number.partition("e")
    decimals = len(mantissa.partition(".")[2])
    return Decimal(1).scaleb(int(power or 0) - decimals) if decimals or power else Decimal(0)


class Printed(str):
    """A text that equals another if no person would tell them apart."""

    tags: tuple[str, ...] = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and disagreement(self, other, self.tags) is None

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = str.__hash__


def pytest_itemcollected(item: Any) -> None:
    """nbval passes both texts of a cell through `sanitize` before it compares them: there they become `Printed`."""
    if not hasattr(item, "sanitize"):
        return
    tags = tuple(item.cell.metadata.get("tags", ()))

    def printed(text: Any) -> Any:
        if not isinstance(text, str):
            return text
        made = Printed(text)
        made.tags = tags
        return made

    item.sanitize = printed


def pytest_assertrepr_compare(op: str, left: object, right: object) -> list[str] | None:
    """Tell the first line that differs, below nbval's "Cell outputs differ"."""
    if op == "==" and isinstance(left, Printed) and isinstance(right, str):
        return [str(disagreement(left, right, left.tags)), "all that was expected:", *left.split("\n")]
    return None
