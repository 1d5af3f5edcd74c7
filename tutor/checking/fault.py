"""What an answer's error was, as plain words: its kind, its text, the reader's own line and what stands in it."""

from __future__ import annotations

import ast
import builtins
import contextlib
import functools
import linecache
import re
import sysconfig
import traceback
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from tutor.checking import judge
from tutor.checking.fence import Forbidden
from tutor.checking.guard import OutputFlood, TooSlow
from tutor.checking.plain import words
from tutor.checking.probes import is_tensor

UNDEFINED = re.compile(r"name '(\w+)' is not defined")

# what is told differently from other errors, the more special first
FAMILIES = (TooSlow, OutputFlood, Forbidden, MemoryError, SystemExit, KeyboardInterrupt, RecursionError, TypeError)
FAMILIES = (*FAMILIES, NameError, Exception)
# what stands before a file's name in a quoted path
_FOLDER = re.compile(r"""(?<=['"])(?:/|[A-Za-z]:[/\\])[^'"]*[/\\]""")


@dataclass(frozen=True)
class Fault:
    """An error, told so that nothing of it has to be looked at again.

    Attributes
    ----------
    kind : the name of its type.
    family : the name of the first of `FAMILIES` that it belongs to; "" if to none.
    text : its own words.
    number, line : the line of the reader's cell that it comes from; 0 and "" if from none.
    about : what stands in that line, in words.
    by_check : whether the check's own code raised it.
    acts : what the statement does that it comes from.
    """

    kind: str
    family: str
    text: str
    number: int = 0
    line: str = ""
    about: str = ""
    by_check: bool = False
    acts: frozenset[str] = frozenset()

    @property
    def out_of_memory(self) -> bool:
        """Whether an answer ended because it took all the memory that it may have."""
        return self.family == "MemoryError" or "can't allocate memory" in self.text

    @property
    def usual(self) -> bool:
        """Whether it is one that `except Exception` would have met."""
        return self.family not in ("", "TooSlow", "OutputFlood", "Forbidden", "SystemExit", "KeyboardInterrupt")

    def alike(self, known: Fault) -> bool:
        """Whether two errors of the same words come from statements that do something in common.

        "The truth value of an array is ambiguous" is said of `max(h, 0)` and of `if a and b`: one message, two causes.
        Of a file that the words name only the name counts: its folder is another one in each process.
        """
        if (self.kind, _FOLDER.sub("", self.text)) != (known.kind, _FOLDER.sub("", known.text)):
            return False
        return not known.acts or not self.acts or bool(known.acts & self.acts)


def keep_lines(filename: str, text: str) -> None:
    """Keep a text where Python looks for the lines of a traceback."""
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)


def fault_of(error: BaseException, candidate: Any, files: frozenset[str] = frozenset()) -> Fault:
    """Describe an error of an answer.

    Parameters
    ----------
    error : what was raised.
    candidate : the answer; its lines are those of the file (the cell) that defines it.
    files : where the check's own code is written.
    """
    kind, text = words(type(error).__name__), words(str(error))
    family = next((known.__name__ for known in FAMILIES if isinstance(error, known)), "")
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    by_check = bool(frames) and frames[-1].f_code.co_filename in files
    frame = _own_frame(error, candidate)
    if frame is None:
        return Fault(kind, family, text, by_check=by_check, acts=frozenset(_acts(error)))
    summary, local, outer = frame
    line = linecache.getline(summary.filename, summary.lineno).strip() or (summary.line or "")
    hidden = _overwritten(line, outer) if "not callable" in text else ""
    about = words(hidden or _things_in(summary.filename, summary.lineno, line, local, outer))
    return Fault(kind, family, text, summary.lineno, words(line), about, by_check, frozenset(_acts(error)))


def _acts(error: BaseException) -> set[str]:
    """What the statement does that an error comes from: the names that it calls, its operators, its kinds of access."""
    places = [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    own = [(name, line) for name, line in places if not name.startswith(_libraries())]
    last = (
        linecache.getline(*own[-1]) if own else ""
    )  # of a text that nobody kept nothing is known, nor of who called it
    acts: set[str] = set()
    for node in _parts_at(*own[-1], last) if last else []:
        if isinstance(node, ast.Call):
            acts.add(node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "call"))
        elif isinstance(node, ast.operator | ast.boolop | ast.cmpop | ast.Subscript | ast.Attribute):
            acts.add(type(node).__name__)
    return acts


@functools.cache
def _libraries() -> tuple[str, ...]:
    """Where code lies that neither a reader nor an author of an exercise wrote."""
    return (*sysconfig.get_paths().values(), str(Path(__file__).parent), "<frozen")


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
            local, around = dict(frame.f_locals), frame
            while around.f_code.co_name.startswith("<") and around.f_back and around.f_back.f_code.co_filename in files:
                around = around.f_back  # a comprehension or a lambda stands in a function, whose names it may not hold
                local = {**around.f_locals, **local}
            unset = {*around.f_code.co_varnames, *code.co_varnames, *around.f_code.co_cellvars} - set(local)
            best = summary, local, {name: value for name, value in frame.f_globals.items() if name not in unset}
    return best


def functions_of(candidate: Any) -> list[Any]:
    """The Python functions that make up a candidate: itself, or the methods of a class."""
    members = vars(candidate).values() if isinstance(candidate, type) else [candidate]
    plain = [getattr(m, "__func__", m) for m in members]
    return [f for f in plain if hasattr(f, "__code__")]


def _things_in(filename: str, number: int, line: str, local: dict[str, Any], outer: dict[str, Any]) -> str:
    """What each name in a statement stands for; one that comes from the notebook and is no argument is told as such."""
    names = sorted({(n.lineno, n.col_offset, n.id) for n in _names_at(filename, number, line)})
    known = []
    for name in dict.fromkeys(name for *_, name in names):
        with contextlib.suppress(Exception):  # a tensor of a transform that is over cannot be looked at
            if name in local and (told := thing(local[name])):
                known.append(f"`{name}` is {told}")
            elif name not in local and judge.is_numeric(outer.get(name)):
                known.append(f"`{name}` (from the notebook, no argument of yours) is {thing(outer[name])}")
    return f"There, {', '.join(known)}." if known else ""


def _names_at(filename: str, number: int, line: str) -> list[ast.Name]:
    """The names of the statement that holds a line; of one with a block below it, those of its head."""
    return [node for node in _parts_at(filename, number, line) if isinstance(node, ast.Name)]


def _parts_at(filename: str, number: int, line: str) -> list[ast.AST]:
    """Every part of the statement that holds a line, without a block below it."""
    line = line.strip()
    for text, at in (("".join(linecache.getlines(filename)), number), (line, 1), (f"{line} pass", 1)):
        with contextlib.suppress(SyntaxError, ValueError):
            around = [n for n in ast.walk(_parsed(text)) if isinstance(n, ast.stmt) and n.lineno <= at <= n.end_lineno]
            if around:
                innermost = max(around, key=lambda n: (n.lineno, -n.end_lineno))
                head = [child for child in ast.iter_child_nodes(innermost) if not isinstance(child, ast.stmt)]
                return [n for part in head for n in ast.walk(part)]
    return []


@functools.lru_cache(16)
def _parsed(text: str) -> ast.Module:
    """A text's syntax tree; a search meets errors of the same file over and over."""
    return ast.parse(text)


def thing(value: Any) -> str:
    """What a name stands for: an array, a tensor or a number, with shape and dtype; "" for functions and modules."""
    if is_tensor(value) or isinstance(value, np.ndarray):
        kind = "a tensor" if is_tensor(value) else "an array"
        one = f" = {judge.to_numpy(value):.4g}" if value.ndim == 0 and judge.is_numeric(value) else ""
        return f"{kind} of shape {tuple(value.shape)}, {str(value.dtype).removeprefix('torch.')}{one}"
    if isinstance(value, bool | str | None):
        return f"`{value!r}`" if len(repr(value)) <= 30 else "a string"
    if judge.is_numeric(value):
        return f"a number, {type(value).__name__} {value:.6g}"
    if isinstance(value, list | tuple | dict | set):
        inside = thing(next(iter(value), None)) if value and not isinstance(value, dict | set) else ""
        count = f"{len(value)} thing{'s' if len(value) != 1 else ''}"
        return f"a {type(value).__name__} of {count}" + (f" (the first: {inside})" if inside else "")
    if callable(value) or isinstance(value, ModuleType):
        return ""
    return f"a `{type(value).__name__}`"
