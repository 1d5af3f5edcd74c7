"""Compare the backward of custom autograd.Functions with finite differences, on the inputs of their first call."""

from __future__ import annotations

import re

import torch
from torch.autograd.gradcheck import GradcheckError, gradcheck

from .finding import Finding
from .lines import Line, line_now, line_of

# gradcheck looks at every element: beyond this many it is told on fewer
MOST_ELEMENTS = 4096


class Calls:
    """A block that keeps copies of what each custom Function took at its first call."""

    def __init__(self) -> None:
        self._first: dict[type, tuple[tuple, Line | None]] = {}

    def __enter__(self) -> Calls:
        self._original = original = torch.autograd.Function.__dict__["apply"]
        first = self._first

        def apply(cls: type, *args: object, **kwargs: object) -> object:
            if cls not in first and not kwargs:
                first[cls] = tuple(_copy(one) for one in args), line_of(line_now())
            return original.__get__(None, cls)(*args, **kwargs)

        torch.autograd.Function.apply = classmethod(apply)
        return self

    def __exit__(self, *error: object) -> None:
        torch.autograd.Function.apply = self._original

    def findings(self) -> list[Finding]:
        """Return a finding for each Function that finite differences contradict, or that could not be checked."""
        found = []
        for cls, (args, line) in self._first.items():
            found += _check(cls, args, line)
        self._first.clear()
        return found


def _copy(value: object) -> object:
    if not isinstance(value, torch.Tensor):
        return value
    copy = value.detach().clone()
    return copy.double().requires_grad_(value.requires_grad) if copy.is_floating_point() else copy


def _check(cls: type, args: tuple, line: Line | None) -> list[Finding]:
    where = f" (called in line {line})" if line else ""
    elements = sum(one.numel() for one in args if isinstance(one, torch.Tensor) and one.requires_grad)
    if elements > MOST_ELEMENTS:
        return [
            _note(
                cls, f"was not checked: its inputs have {elements:,} elements; call it once on small ones{where}", line
            )
        ]
    before = [one.clone() if isinstance(one, torch.Tensor) else one for one in args]
    try:
        # fast_mode would be quicker, and a factor that one element alone has wrong could hide in it
        gradcheck(cls.apply, args, check_undefined_grad=False, nondet_tol=1e-9)
    except GradcheckError as error:
        words = " ".join(str(error).split())
        # what differs and the two matrices are lines of their own
        parts = re.split(r",? (?=numerical:|analytical:)", words)
        return [
            Finding(
                "custom Function",
                f"The backward of {cls.__name__}{where} contradicts finite differences of its forward: {_short(words)}",
                place=cls.__name__,
                more=tuple(part.replace(":tensor", ": tensor") for part in parts),
            )
        ]
    except Exception as error:
        return [_note(cls, f"could not be checked in float64{where}: {type(error).__name__}: {error}", line)]
    changed = [
        k
        for k, (a, b) in enumerate(zip(before, args, strict=True))
        if isinstance(a, torch.Tensor) and not torch.equal(a, b)
    ]
    if changed:
        return [
            Finding(
                "custom Function",
                f"{cls.__name__}{where} changes its input {changed[0]} in place: what it or others saved of it is "
                "overwritten.",
                place=cls.__name__,
                number=len(changed),
            )
        ]
    return []


def _short(words: str) -> str:
    head = words.split("numerical:")[0].rstrip(" ,.")
    return f"{head}."


def _note(cls: type, words: str, line: Line | None) -> Finding:
    return Finding("note", f"{cls.__name__} {words}.", place=cls.__name__)
