"""Find the exercises in a notebook's cells, however their reader has left them: the one parser of exercise cells.

It knows no registry: what exercises there are is passed in, as their ids with the text that each was shipped with.
"""

from __future__ import annotations

import ast
import functools
import itertools
import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

WHOLE, BARE, BROKEN, COMMENT = "whole", "bare", "broken", "comment"
PROGRAM = "program"  # the kind whose answer is all that stands below `program("lesson.exercise")` in its cell

_DEFINITION = ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef
_CALL = re.compile(r"""\b(?:exercise|check|program)\(\s*(?:identifier\s*=\s*)?(['"]{1,3})([\w.]+)\1""")
_DECORATOR = re.compile(r"""^\s*@[\w.]+\(\s*(?:identifier\s*=\s*)?(['"]{1,3})([\w.]+)\1""")
_DEFINED = re.compile(r"^(?:async\s+def|def|class)\s+(\w+)", re.MULTILINE)
_EFFORT = re.compile(r"^# Exercise: \w+, about \d+ minutes?\s*$")
_HASH = re.compile(r"^#+ ?")
_MAGIC = re.compile(r"^(?P<indent>\s*)(?:(?P<bound>\w[\w., ]*=\s*)?[%!]|\?|[\w.%]+\?{1,2}\s*$)")
_CONTINUES = re.compile(r"^(?:else|elif|except|finally|case)\b")
_NOT_PYTHON = re.compile(
    r"%%(?:!|(?:bash|sh|script|cmd|html|svg|latex|markdown|js|javascript|perl|ruby|writefile|file)\b)"
)


@dataclass(frozen=True)
class Part:
    """What stands of one exercise in a cell.

    Attributes
    ----------
    identifier : "lesson.exercise".
    kind : "function", "class", "method", "value" or "program".
    name : the name that it binds; of a program, which may bind any, its own.
    owner : the class that a method is filled into.
    start, end : its text is lines[start:end] of the cell, decorators and the comment on its effort among them.
    form : "whole"; "bare", if its decorator is lost; "broken", if it carries the id and is not Python; "comment", if it
        is commented out.
    todo : whether nothing has been written into its stub yet.
    unwritten : of an answer that was begun, the methods and the names that are still the `...` of the stub.
    node : its definition; None for a value, and for what is broken or commented out.
    """

    identifier: str
    kind: str
    name: str
    owner: str | None
    start: int
    end: int
    form: str = WHOLE
    todo: bool = False
    unwritten: tuple[str, ...] = ()
    node: ast.AST | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class _Statement:
    """A statement at the left edge, by its lines; `node` is None where it is not Python."""

    start: int
    end: int
    text: str
    node: ast.stmt | None


def lines_of(source: str) -> list[str]:
    """The lines of a cell, whatever ends them."""
    return source.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def parse(source: str, asked: Mapping[str, str] | None = None) -> tuple[Part, ...]:
    """Find every exercise in a cell, in order.

    Parameters
    ----------
    source : the text of a code cell, with IPython's magics, any line ends and any mistake in it.
    asked : exercise id -> the text that its cell was shipped with. With it, exercises are also found by the name that
        they define where their decorator is lost, and in comments; an untouched stub is known for what it is.
    """
    asked = asked or {}
    lines = lines_of(source)
    statements = _statements(lines)
    parts: list[Part] = []
    for at, statement in enumerate(statements):
        if parts and parts[-1].kind == PROGRAM and statement.start < parts[-1].end:
            continue
        found = _carried(statement, asked)
        if len(found) == 1 and found[0].kind == PROGRAM:
            found = [_with_its_program(lines, statements[at + 1 :], found[0], asked)]
        if found and found[0].kind == "value" and not _defines(statement):
            found = [_with_its_lines(statements, at, part, parts[-1].end if parts else 0) for part in found]
        parts += [_with_effort(lines, part) for part in found]
    parts += _bare(lines, statements, parts, asked)
    parts += _commented(lines, {part.identifier for part in parts}, asked)
    return tuple(sorted((_judged(lines, part, asked) for part in parts), key=lambda part: part.start))


def locate(sources: Sequence[str], asked: Mapping[str, str]) -> dict[str, list[tuple[int, Part]]]:
    """Find every exercise of a lesson in a notebook.

    Parameters
    ----------
    sources : the texts of the cells in order; "" for those that hold no code.
    asked : as for `parse`.

    Returns
    -------
    Exercise id -> (number of the cell, part), in order. A definition without a decorator is among them if no cell
    carries the exercise, or if the decorator stands alone in a cell above; a comment, if nothing else is there.
    """
    found: dict[str, list[tuple[int, Part]]] = {}
    bound = functools.cache(_bound_names)
    for number, source in enumerate(sources):
        for part in parse(source, asked):
            if part.kind == "value" and part.form == WHOLE and not part.todo:
                part = replace(part, todo=_is_todo_above(sources, number, part, bound))
            found.setdefault(part.identifier, []).append((number, part))
    return {identifier: _meant(places, sources) for identifier, places in found.items()}


def _meant(places: list[tuple[int, Part]], sources: Sequence[str]) -> list[tuple[int, Part]]:
    live = [(n, part) for n, part in places if part.form in (WHOLE, BROKEN)]
    bare = [(n, part) for n, part in places if part.form == BARE]
    if not live:
        return bare or places
    alone = [n for n, part in live if part.form == BROKEN and not _DEFINED.search(text_of(sources[n], part))]
    for number in alone:  # the decorator in one cell, what it decorates in one below
        live += next(([(n, part)] for n, part in bare if n > number), [])
    return sorted(live, key=lambda place: (place[0], place[1].start))


def text_of(source: str, part: Part) -> str:
    """The text of one exercise in its cell."""
    return "\n".join(lines_of(source)[part.start : part.end])


def replaced(source: str, part: Part, text: str) -> str:
    """The cell with another text in the place of one exercise; every other line stays."""
    lines = lines_of(source)
    return "\n".join([*lines[: part.start], *(lines_of(text) if text else []), *lines[part.end :]])


def without(source: str, parts: Sequence[Part]) -> str:
    """What stands in a cell beside these exercises."""
    lines = lines_of(source)
    kept = [line for n, line in enumerate(lines) if not any(part.start <= n < part.end for part in parts)]
    return "\n".join(kept).strip("\n")


def decorated(source: str, part: Part) -> str:
    """The cell with the decorator put back that a definition in it ("bare") has lost."""
    lines = lines_of(source)
    of = f", of={part.owner}" if part.owner else ""
    first = part.start + 1 if _EFFORT.match(lines[part.start]) else part.start
    lines.insert(first, f'@exercise("{part.identifier}"{of})')
    return "\n".join(lines)


def is_python(source: str) -> bool:
    """Whether a cell can be run as it stands, IPython's own lines in it or not."""
    return all(statement.node is not None for statement in _statements(lines_of(source)))


def is_todo(node: ast.AST, shipped: ast.AST | None = None) -> bool:
    """Whether nothing has been written into a definition: its body is only `...`, or it is as it was shipped.

    Of a class, every method has to be nothing but `...`, below a call of the parent's `__init__` perhaps.
    """
    methods = [n for n in node.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    bodies = [m.body for m in methods] if methods and isinstance(node, ast.ClassDef) else [node.body]
    return all(map(_only_dots, bodies)) or (shipped is not None and _shape(node) == _shape(shipped))


def program_is_todo(body: Sequence[ast.stmt]) -> bool:
    """Whether nothing has been written below `program("lesson.exercise")` yet: nothing but `...` and comments."""
    return all(isinstance(node, ast.Expr) and _is_dots(node.value) for node in _without_docstring(list(body)))


def program_of(node: ast.stmt) -> str | None:
    """The id in a statement `program("lesson.exercise")`, or None if it is another statement."""
    return _identifier(node.value, "program") if isinstance(node, ast.Expr) else None


def carries(node: ast.stmt) -> bool:
    """Whether a statement carries an exercise, in whatever form."""
    return bool(_carried(_Statement(0, 0, ast.unparse(node), node), {}))


def is_annotated(source: str, part: Part, stub: str) -> bool:
    """Whether a program that is to do holds comments that it was not shipped with: what its reader has begun."""
    shipped = set(lines_of(stub))
    written = lines_of(text_of(source, part)) if part.kind == PROGRAM else []
    return any(line.lstrip().startswith("#") and line not in shipped for line in written)


def program_text(source: str, part: Part) -> str:
    """The program itself: what stands below its call."""
    lines = lines_of(source)[part.start : part.end]
    call = next(k for k, line in enumerate(lines) if _CALL.search(line))
    return "\n".join(lines[call + 1 :]).strip("\n")


def _dotted(node: ast.AST) -> list[str]:
    """The methods of a definition that are nothing but `...`, and the names that are bound to it."""
    inner = [n for n in ast.walk(node) if n is not node]
    methods = [n.name for n in inner if isinstance(n, ast.FunctionDef) and _only_dots(n.body)]
    return methods + [name for n in inner if isinstance(n, ast.Assign) and _is_dots(n.value) for name in _bound(n)]


def _only_dots(body: list[ast.stmt]) -> bool:
    rest = [n for n in _without_docstring(body) if not _calls_parent(n)]
    return bool(rest) and all(isinstance(n, ast.Expr) and _is_dots(n.value) for n in rest)


def _is_dots(node: ast.AST | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is Ellipsis


def _calls_parent(node: ast.stmt) -> bool:
    called = node.value.func if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) else None
    parent = called.value if isinstance(called, ast.Attribute) and called.attr == "__init__" else None
    return isinstance(parent, ast.Call) and not parent.args and _last_name(parent.func) == "super"


def _last_name(node: ast.AST) -> str:
    """The name of what is called: `f` of `f` and of `x.f`; "" if it has none."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _unparsed(node: ast.AST) -> str:
    """A node as text; "" if things lie in it within each other without measure."""
    try:
        return ast.unparse(node)
    except RecursionError:
        return ""


def _without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    first = body[0].value if body and isinstance(body[0], ast.Expr) else None
    return body[1:] if isinstance(first, ast.Constant) and isinstance(first.value, str) else body


def _shape(node: ast.AST) -> str:
    """A definition as text without docstrings and decorators, which a reader may change without answering."""
    if not (text := _unparsed(node)):
        return ""
    tree = ast.parse(text)
    for inner in ast.walk(tree):
        if isinstance(inner, _DEFINITION):
            inner.body = _without_docstring(inner.body)
    tree.body[0].decorator_list = []
    return ast.dump(tree)


@functools.cache
def _shipped(identifier: str, stub: str) -> Part | None:
    """What an exercise was shipped as."""
    return next((part for part in parse(stub) if part.identifier == identifier), None)


def _judged(lines: list[str], part: Part, asked: Mapping[str, str]) -> Part:
    """The part with what its lines and the shipped text tell: what it asks for, what is to do."""
    shipped = _shipped(part.identifier, asked[part.identifier]) if part.identifier in asked else None
    if shipped is not None and part.node is None:
        part = replace(part, kind=shipped.kind, name=part.name or shipped.name, owner=shipped.owner)
    if part.node is not None:
        todo = is_todo(part.node, shipped.node if shipped else None)
        left = [n for n in _dotted(part.node) if n in _dotted(shipped.node)] if shipped and not todo else []
        return replace(part, todo=todo, unwritten=tuple(left))
    if part.form == WHOLE and part.kind == PROGRAM:
        body = _python(as_python("\n".join(lines[part.start : part.end])))
        return replace(part, todo=bool(body) and program_is_todo(body[1:]))
    if part.form == WHOLE and part.kind == "value":
        return replace(part, todo=_value_is_todo("\n".join(lines[part.start : part.end]), part))
    return part


def _is_todo_above(sources: Sequence[str], number: int, part: Part, bound: Callable[[str], Sequence[str]]) -> bool:
    """Whether a value that is checked in one cell is `...` where a cell above binds it last."""
    if part.name in bound(text_of(sources[number], part)):
        return False
    above = (source for source in reversed(sources[:number]) if part.name in bound(source))
    return any(_value_is_todo(source, part) for source in itertools.islice(above, 1))


def _bound_names(text: str) -> list[str]:
    """What a text binds at its left edge, but for what it checks."""
    body = _python(as_python(text)) or []
    return [name for n in body if _identifier(getattr(n, "value", None), "check") is None for name in _bound(n)]


def _value_is_todo(text: str, part: Part) -> bool:
    """Whether a value is `...` where it is checked."""
    last: ast.AST | None = None
    for node in _python(as_python(text)) or []:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None and part.name in _bound(node):
            last = node.value if _identifier(node.value, "check") is None else last
        for call in ast.walk(node):
            if _identifier(call, "check") == part.identifier and call.args[1:] and _is_dots(call.args[1]):
                last = call.args[1]
    return _is_dots(last)


def _python(text: str) -> list[ast.stmt] | None:
    """The statements of a text, or None if it is not Python."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an escape sequence that Python warns of
            return ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # also half an emoji, a null byte, deep brackets
        return None


def as_python(text: str) -> str:
    """The text with IPython's own lines made into Python, line by line."""
    if _python(text) is not None:
        return text
    made, goes_on = [], False
    for number, line in enumerate(text.split("\n")):
        found = None if goes_on else _MAGIC.match(line)
        if number == 0 and line.startswith("%%"):
            made.append("")
        elif goes_on:
            made.append("")
            goes_on = line.endswith("\\")
        elif found:
            made.append(found["indent"] + (f"{found['bound']}None" if found["bound"] else "pass"))
            goes_on = line.endswith("\\")
        else:
            made.append(line)
    return "\n".join(made)


def _statements(lines: list[str]) -> list[_Statement]:
    """The statements of a cell; where it is not Python as a whole, those that can be told apart."""
    top = next((k for k, line in enumerate(lines) if line.strip()), 0)
    if lines[top].startswith("%%"):
        if _NOT_PYTHON.match(lines[top]):
            return []
        lines = [*[""] * (top + 1), *lines[top + 1 :]]
    text = as_python("\n".join(lines))
    body = _python(text)
    if body is not None:
        return [_statement(text.split("\n"), node) for node in body]
    lines, found = text.split("\n"), []
    for start, end in _blocks(lines):
        body = _python("\n".join(lines[start:end]))
        if body is None:
            while end > start + 1 and (not lines[end - 1].strip() or lines[end - 1].startswith("#")):
                end -= 1
            found.append(_Statement(start, end, "\n".join(lines[start:end]), None))
        else:
            found += [_statement(lines, ast.increment_lineno(node, start)) for node in body]
    return found


def _statement(lines: list[str], node: ast.stmt) -> _Statement:
    start = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))]) - 1
    return _Statement(start, node.end_lineno, "\n".join(lines[start : node.end_lineno]), node)


def _blocks(lines: list[str]) -> Iterator[tuple[int, int]]:
    """The lines between one line at the left edge and the next; decorators stay with what they decorate."""
    starts: list[int] = []
    only_decorates = False  # whether the last block has begun with a decorator, and nothing is defined in it yet
    for k, line in enumerate(lines):
        begins = line.strip() and not line[0].isspace() and line[0] not in ")]}#" and not _CONTINUES.match(line)
        if begins and not only_decorates:
            starts.append(k)
            only_decorates = line.startswith("@")
        only_decorates = only_decorates and not _DEFINED.match(line)
    return zip(starts, [*starts[1:], len(lines)], strict=True)


def _identifier(node: ast.AST, *names: str) -> str | None:
    """The id that a call of one of the functions `names` (any function if none is named) is given, or None."""
    if not isinstance(node, ast.Call) or (names and _last_name(node.func) not in names):
        return None
    given = [*node.args[:1], *(k.value for k in node.keywords if k.arg == "identifier")]
    value = given[0].value if given and isinstance(given[0], ast.Constant) else None
    return value if isinstance(value, str) else None


def named(source: str, function: str) -> Iterator[str]:
    """The ids that calls of a function are given in a cell; none where that is no Python."""
    try:
        nodes = list(ast.walk(ast.parse(source)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    yield from filter(None, (_identifier(node, function) for node in nodes))


def _carried(statement: _Statement, asked: Mapping[str, str]) -> list[Part]:
    """The exercises whose id a statement carries."""
    if statement.node is None:
        return _scanned(statement, asked)
    if not any(word in statement.text for word in ("exercise", "check", "program", *asked)):
        return []
    if identifier := program_of(statement.node):
        return [Part(identifier, PROGRAM, identifier.split(".")[-1], None, statement.start, statement.end)]
    found, decorators = [], set()
    for node in ast.walk(statement.node):
        for call in node.decorator_list if isinstance(node, _DEFINITION) else []:
            decorators.add(call)
            identifier = _identifier(call, "exercise", "check") or _identifier(call)
            if identifier in asked or _identifier(call, "exercise", "check"):
                owner = next((_unparsed(k.value) for k in call.keywords if k.arg == "of"), None)
                kind = "class" if isinstance(node, ast.ClassDef) else "method" if owner else "function"
                found.append(Part(identifier, kind, node.name, owner, statement.start, statement.end, node=node))
        identifier = _identifier(node, "exercise", "check")
        if identifier and node not in decorators:
            name = _value_name(statement.node, node)
            found.append(Part(identifier, "value", name, None, statement.start, statement.end))
    return found


def _with_its_program(lines: list[str], below: Sequence[_Statement], part: Part, asked: Mapping[str, str]) -> Part:
    """A program with all that stands below its call in the cell, up to another exercise."""
    end = len(lines)
    for statement in below:
        if _carried(statement, asked):
            end = statement.start
            break
    while end > part.end and (not lines[end - 1].strip() or _EFFORT.match(lines[end - 1])):
        end -= 1
    broken = any(statement.node is None and statement.start < end for statement in below)
    return replace(part, end=end, form=BROKEN if broken else part.form)


def _value_name(statement: ast.stmt, call: ast.Call) -> str:
    """The name that a checked value is bound to, or that is checked."""
    names = _bound(statement)
    return names[0] if names else _unparsed(call.args[1]) if call.args[1:] else ""


def _bound(node: ast.AST) -> list[str]:
    """What an assignment binds."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if hasattr(node, "target") else []
    return [_unparsed(target) for target in targets]


def _scanned(statement: _Statement, asked: Mapping[str, str]) -> list[Part]:
    """The exercises in a statement that is not Python, found line by line."""
    lines, found = statement.text.split("\n"), []
    for line in lines:
        called, decorated = _CALL.search(line), _DECORATOR.match(line)
        identifier = called[2] if called else decorated[2] if decorated and decorated[2] in asked else None
        if identifier and not line.lstrip().startswith("#"):
            defined = _DEFINED.search(statement.text)
            kind = PROGRAM if line.startswith("program(") else "value" if not decorated else "function"
            name = defined[1] if defined and decorated else ""
            found.append(Part(identifier, kind, name, None, statement.start, statement.end, BROKEN))
    return found


def _defines(statement: _Statement) -> bool:
    return isinstance(statement.node, _DEFINITION)


def _with_its_lines(statements: list[_Statement], at: int, part: Part, after: int) -> Part:
    """A value with the lines above that compute it: from where its name is first bound."""
    start = part.start
    for statement in reversed(statements[:at]):
        imports = isinstance(statement.node, ast.Import | ast.ImportFrom)
        if statement.start < after or _defines(statement) or imports or _DEFINED.match(statement.text):
            break
        if part.name and re.match(rf"{re.escape(part.name)}\s*(?:=(?!=)|:)", statement.text):
            start = statement.start
    return replace(part, start=start)


def _with_effort(lines: list[str], part: Part) -> Part:
    """A part with the comment above it that tells its difficulty and time."""
    above = part.start - 1
    return replace(part, start=above) if above >= 0 and _EFFORT.match(lines[above]) else part


def _bare(
    lines: list[str], statements: list[_Statement], parts: list[Part], asked: Mapping[str, str]
) -> Iterator[Part]:
    """Definitions that have lost their decorator: those called like an exercise that the cell does not carry."""
    carried = {part.identifier for part in parts}
    names = {}
    for identifier, stub in asked.items():
        shipped = _shipped(identifier, stub)
        if shipped is not None and shipped.kind not in ("value", PROGRAM) and identifier not in carried:
            names[shipped.name] = shipped
    for statement in statements:
        defined = _DEFINED.search(statement.text)
        shipped = names.get(defined[1]) if defined else None
        if shipped is None or not (statement.node is None or _defines(statement)):
            continue
        if statement.node is not None and isinstance(statement.node, ast.ClassDef) != (shipped.kind == "class"):
            continue
        taken = any(part.start <= statement.start < part.end for part in parts)
        if not taken:
            made = replace(
                shipped, start=statement.start, end=statement.end, form=BARE, todo=False, node=statement.node
            )
            yield _with_effort(lines, made)


def _commented(lines: list[str], carried: set[str], asked: Mapping[str, str]) -> Iterator[Part]:
    """Exercises that are commented out as a whole."""
    starts = []
    for k, line in enumerate(lines):
        bare = _HASH.sub("", line)
        called = _CALL.search(bare) if _HASH.match(line) else None
        if called and called[2] in asked and called[2] not in carried:
            starts.append((k, called[2]))
    for n, (start, identifier) in enumerate(starts):
        limit = starts[n + 1][0] if n + 1 < len(starts) else len(lines)
        end = start + 1
        while end < limit and _HASH.match(lines[end]) and not _tells_effort(lines[end]):
            end += 1
        shipped = _shipped(identifier, asked[identifier])
        above = start - 1
        if shipped.kind == "value":
            while above >= 0 and re.match(rf"#+ ?{re.escape(shipped.name)}\s*[=:]", lines[above]):
                above -= 1
        if above >= 0 and _tells_effort(lines[above]):
            above -= 1
        yield replace(shipped, start=above + 1, end=end, form=COMMENT, todo=False, node=None)


def _tells_effort(line: str) -> bool:
    """Whether a line is the comment on an exercise's effort, be it commented out once more."""
    return bool(_EFFORT.match(line) or _EFFORT.match(_HASH.sub("", line)))
