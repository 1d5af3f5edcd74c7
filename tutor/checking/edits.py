"""List the small changes that may mend a reader's text, the likeliest first: one change each, told by where to look."""

from __future__ import annotations

import ast
import contextlib
import copy
import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tutor.checking.spec import Misconception

COPY = "_a_copy_of"  # the function that an edited text copies with, in the copied globals alone

_REDUCTIONS = {
    *("sum", "mean", "prod", "max", "min", "amax", "amin", "argmax", "argmin", "std", "var", "norm", "logsumexp"),
    *("softmax", "log_softmax", "cumsum", "any", "all", "median"),
}
_ALONG = _REDUCTIONS | {"cat", "stack", "concatenate", "squeeze", "unsqueeze", "expand_dims", "split", "chunk", "flip"}
_FAMILIES = (  # functions that are taken for each other
    *(("sum", "mean"), ("max", "min", "argmax", "argmin"), ("amax", "amin"), ("maximum", "minimum"), ("std", "var")),
    *(("zeros", "ones", "rand", "randn", "empty"), ("zeros_like", "ones_like", "empty_like"), ("any", "all")),
    *(("exp", "log", "sqrt"), ("sin", "cos", "tan"), ("softmax", "log_softmax"), ("floor", "ceil", "round")),
    *(("relu", "sigmoid", "tanh", "leaky_relu", "gelu"), ("ReLU", "Sigmoid", "Tanh", "LeakyReLU", "GELU")),
    ("train", "eval"),
    *(("append", "extend"), ("add", "sub", "mul", "div"), ("add_", "sub_", "mul_", "div_"), ("hstack", "vstack")),
    *(("dot", "outer"), ("matmul", "mul"), ("mm", "mul"), ("stack", "cat"), ("argsort", "sort"), ("clamp", "clamp_")),
    *(("values", "indices"), ("randperm", "arange")),
)
_MODULES = {"np", "numpy", "torch", "F"}
_COMPARISONS = (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq)
_ARITHMETIC: dict[type, tuple[type, ...]] = {
    ast.Add: (ast.Sub, ast.Mult),
    ast.Sub: (ast.Add, ast.Mult),
    ast.Mult: (ast.Div, ast.MatMult, ast.Add, ast.Sub),
    ast.Div: (ast.Mult, ast.FloorDiv),
    ast.MatMult: (ast.Mult,),
    ast.FloorDiv: (ast.Div, ast.Mult, ast.Mod),
    ast.Mod: (ast.FloorDiv, ast.Mult),
    ast.Pow: (ast.Mult,),
}
SIGNS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.MatMult: "@", ast.Pow: "**", ast.Mod: "%"}
SIGNS |= {
    ast.BitAnd: "&",
    ast.BitOr: "|",
    ast.BitXor: "^",
    ast.FloorDiv: "//",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}

# how likely each kind of change is to be the one, -2 the likeliest; and where it makes the reader look. A copy comes
# first, and a line that can go: a change that robs it of its effect, or one elsewhere that makes up for it, would be
# found as well
_KINDS = {
    "superfluous": (-1, "whether that line belongs there"),
    "axis": (0, "which axis `{0}` works along"),
    "dtype": (0, "which kind of numbers `{0}` makes"),
    "keepdims": (0, "which dimensions are left after `{0}`"),
    "comparison": (0, "the comparison `{0}`: which side is meant, and whether the limit itself belongs to it"),
    "operator": (0, "the operator `{0}`"),
    "sign": (-1, "the sign"),
    "no sign": (1, "the sign"),
    "left out": (0, "whether `{0}` has to be called there"),
    "jump": (0, "whether the loop ends there or goes on"),
    "stacked": (2, "what kind of thing is returned there"),
    "letters": (1, "the letters `{0}`"),
    "typed": (2, "whether the number `{0}` may be written down there"),
    "accumulate": (0, "whether a value is written anew there or added to what is there"),
    "in place": (-2, "whether a new value is made there or an old one is changed in place"),
    "copy": (-2, "whether you work on a copy there or on the thing itself"),
    "function": (0, "whether `{0}` is the function that is meant"),
    "untransposed": (0, "what is transposed there"),
    "kept": (0, "what becomes of the result of that line"),
    "brackets": (1, "what belongs together in `{0}`, and where brackets are needed"),
    "constant": (1, "the number `{0}`"),
    "switch": (1, "the switch `{0}`"),
    "arguments": (1, "the order of what stands in `{0}`"),
    "exchanged": (1, "which of `{0}` and `{1}` stands where"),
    "shape": (1, "which shape comes out of `{0}`"),
    "numbers' order": (1, "where `{0}` puts which number"),
    "starred": (1, "whether `{0}` is given one thing there or several"),
    "default": (-2, "what `{0}` holds at the beginning of a second call"),
    "keyword": (1, "the arguments of `{0}`"),
    "loop": (1, "whether that line belongs inside the block, before it or after it"),
    "order": (1, "where in the order that line stands"),
    "return": (1, "what is returned, and from where"),
    "operand": (1, "whether everything in `{0}` belongs there"),
    "own": (2, "whether you work on a copy there or on the thing itself"),
    "begin": (1, "what `{0}` begins with"),
    "reversed": (1, "the order in which the loop runs"),
    "condition": (1, "the condition: whether it is upside down, or needed"),
    "transposed": (2, "what has to be transposed there"),
    "name": (2, "whether `{0}` is the variable that is meant"),
    "attribute": (2, "whether `{0}` is what is meant"),
    "call": (2, "whether `{0}` has to be called there"),
    "index": (2, "which part `{0}` takes"),
    "written": (1, "the number `{0}`, and whether it is the same for all inputs"),
    "term": (3, "whether a factor or a term is missing there"),
    "moved": (3, "where in the order that line stands"),
    # parts of the solution in the place of the reader's (`transplant.py`)
    "meant": (0, "whether `{0}` is what is meant there"),
    "missing": (1, "whether something is missing between it and the next"),
}


# what a reader who gets it wrong does again in the next line
_REPEATED = {"axis", "comparison", "operator", "function", "constant", "written", "call", "name", "attribute", "copy"}


@dataclass(frozen=True)
class Edit:
    """One change: `value` in the place of what a field of a node holds.

    Attributes
    ----------
    kind : one of `_KINDS`.
    line : the line of the reader's cell that it changes.
    also : other lines in which it makes the same change.
    look : what to look at there, as the end of a sentence; never the changed text.
    rank : how likely this kind of change is, -2 the likeliest.
    twin : what it has in common with the same change elsewhere; empty if it is made in one place alone.
    rough : whether another change of the same line may tell more.
    """

    kind: str
    line: int
    look: str
    rank: int
    holder: ast.AST
    field: str
    value: Any
    twin: tuple[Any, ...] = ()
    also: tuple[int, ...] = ()
    rough: bool = False

    @property
    def writes_elsewhere(self) -> bool:
        """Whether it is about what is written into: of an input that was changed, no other change is the cause."""
        return self.kind in ("copy", "own", "in place", "accumulate", "superfluous", "name")

    @contextlib.contextmanager
    def made(self) -> Iterator[None]:
        """Make the change in the tree for the time of the block."""
        before = getattr(self.holder, self.field)
        setattr(self.holder, self.field, self.value)
        try:
            yield
        finally:
            setattr(self.holder, self.field, before)


def edits(tree: ast.Module) -> list[Edit]:
    """Every change of a definition, the likeliest kinds first, then in the order of the text: always the same list."""
    found = [*_of_expressions(tree), *_of_statements(tree)]
    return sorted(found, key=lambda edit: edit.rank)  # stable


def alike(single: list[Edit]) -> Iterator[tuple[Edit, ...]]:
    """The same change in several places at once: a reader who errs in one of two like lines errs in both."""
    groups: dict[tuple[Any, ...], list[Edit]] = {}
    for edit in single:
        if edit.twin:
            groups.setdefault(edit.twin, []).append(edit)
    for group in groups.values():
        places = {(id(edit.holder), edit.field): edit for edit in group}
        if 2 <= len(places) == len(group) <= 6:
            yield tuple(group)


def placed(
    kind: str,
    line: int,
    holder: ast.AST,
    field: str,
    value: Any,
    *told: str,
    number: int = -1,
    also: tuple[int, ...] = (),
) -> Edit:
    """An edit of a kind, with what is new in it given its place in the text.

    `number` is which of the changes of its kind it is, of those that may be made in several places.
    """
    rank, look = _KINDS[kind]
    for new in value if isinstance(value, list) else [value]:
        _place(new, line)
    twin = (kind, *told, number) if number >= 0 and kind in _REPEATED else ()
    return Edit(kind, line, look.format(*told), rank, holder, field, value, twin, also, rough=kind == "meant")


def _place(node: ast.AST, line: int) -> None:
    """Give a new node its place in the text; nodes of the reader's have theirs already, and all that is below them."""
    if hasattr(node, "lineno"):
        return
    if "lineno" in node._attributes:
        node.lineno = node.end_lineno = line
        node.col_offset = node.end_col_offset = 0
    for child in ast.iter_child_nodes(node):
        _place(child, line)


def _of_expressions(tree: ast.Module) -> Iterator[Edit]:
    seen: set[tuple[int, str, int | None, str]] = set()
    names, attributes, numbers = _local_names(tree), _attributes(tree), _numbers(tree)
    arguments = [a.arg for n in ast.walk(tree) if isinstance(n, ast.arguments) for a in n.args]
    for holder, field, index, node in _expressions(tree):
        line = getattr(node, "lineno", None) or getattr(holder, "lineno", 1)
        changes = _changes(node, holder, field, names, attributes)
        if isinstance(node, ast.Constant):
            changes = itertools.chain(changes, _of_number(node, holder, field, names, arguments, attributes, numbers))
        for number, (kind, new, told) in enumerate(changes):
            key = id(holder), field, index, ast.dump(new)  # not the node's id: all `+` are one object
            if key in seen:
                continue
            seen.add(key)
            held = getattr(holder, field)
            value = new if index is None else [*held[:index], new, *held[index + 1 :]]
            yield placed(kind, line, holder, field, value, told, number=number)


def _expressions(node: ast.AST) -> Iterator[tuple[ast.AST, str, int | None, ast.AST]]:
    """Every expression and operator with the place that holds it; annotations, parameters, decorators are left out."""
    for field, value in ast.iter_fields(node):
        if field in ("decorator_list", "annotation", "returns", "ctx", "bases"):
            continue
        if field == "args" and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        for index, item in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if not isinstance(item, ast.AST) or _is_text(item):
                continue
            if isinstance(item, ast.expr | ast.operator | ast.cmpop | ast.boolop):
                yield node, field, index, item
            yield from _expressions(item)


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


Change = tuple[str, ast.AST, str]


def _changes(
    node: ast.AST, holder: ast.AST, field: str, names: list[str], attributes: dict[str, list[str]]
) -> Iterator[Change]:
    """The changes of one expression or operator: kind, what to put there, and the words to tell it with."""
    called = isinstance(holder, ast.Call) and field == "func"
    if isinstance(node, ast.operator):
        others = _ARITHMETIC.get(type(node), ())
        if isinstance(node, ast.Add | ast.Sub) and getattr(getattr(holder, "right", None), "value", None) == 1:
            others = others[:1]  # times 1 is the same as without it, and the text is told so below
        if isinstance(node, ast.Mult) and isinstance(getattr(holder, "right", None), ast.Constant):
            others = (*others, ast.Pow)  # only of a written number: any other power may take for ever
        kind = "accumulate" if isinstance(holder, ast.AugAssign) else "operator"
        yield from ((kind, other(), SIGNS.get(type(node), "")) for other in others)
    elif isinstance(node, _COMPARISONS):
        yield from (("comparison", o(), SIGNS[type(node)]) for o in _COMPARISONS if o is not type(node))
    elif isinstance(node, ast.And | ast.Or):
        yield "condition", ast.Or() if isinstance(node, ast.And) else ast.And(), ""
    elif isinstance(node, ast.Constant):
        kind = "switch" if isinstance(node.value, bool) else "constant"
        yield from ((kind, _constant(value), str(node.value)) for value in _values(node.value))
        if type(node.value) in (int, float) and not isinstance(holder, ast.Subscript):
            yield from (("typed", ast.Name(name, ast.Load()), str(node.value)) for name in names)
        if isinstance(node.value, str) and re.fullmatch(r"[a-z,\s.]+->[a-z.]*", node.value):
            yield from (("letters", ast.Constant(other), node.value) for other in _spelt_otherwise(node.value))
    elif isinstance(node, ast.UnaryOp):
        if isinstance(node.op, ast.USub | ast.Not):
            yield "sign" if isinstance(node.op, ast.USub) else "condition", node.operand, ""
        if isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant):
            yield from (("constant", ast.Constant(other), brief(node)) for other in (0, 1))
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in names:
        yield from (("name", ast.Name(other, ast.Load()), node.id) for other in names if other != node.id)
    elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
        yield from _of_attribute(node, called, attributes)
    elif isinstance(node, ast.Call):
        yield from _of_call(node)
    elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        yield "index", node.value, brief(node)
        if isinstance(node.slice, ast.Slice):
            yield "index", _sliced(node, None, node.slice.upper), brief(node)
            yield "index", _sliced(node, node.slice.lower, None), brief(node)
    elif isinstance(node, ast.Tuple | ast.List) and len(node.elts) > 1:
        yield from (("arguments", type(node)(swapped, node.ctx), brief(node)) for swapped in _swaps(node.elts))
        if len(node.elts) > 3:
            yield "arguments", type(node)(node.elts[::-1], node.ctx), brief(node)
    elif isinstance(node, ast.BinOp):
        yield from (("brackets", other, brief(node)) for other in _regrouped(node))
        yield "operand", node.left, brief(node)
        yield "operand", node.right, brief(node)
        if isinstance(node.op, ast.Sub | ast.Div | ast.MatMult | ast.Pow):
            yield "arguments", ast.BinOp(node.right, node.op, node.left), brief(node)
        if isinstance(node.op, ast.MatMult):
            for left, right in ((".T", ""), ("", ".T"), (".T", ".T")):
                yield "transposed", ast.BinOp(_turned(node.left, left), node.op, _turned(node.right, right)), ""
    elif isinstance(node, ast.BoolOp):
        for k in range(len(node.values)):
            rest = node.values[:k] + node.values[k + 1 :]
            yield "operand", ast.BoolOp(node.op, rest) if len(rest) > 1 else rest[0], brief(node)
    elif isinstance(node, ast.IfExp):
        yield "condition", ast.IfExp(node.test, node.orelse, node.body), ""
    if isinstance(node, ast.expr) and not isinstance(getattr(node, "ctx", None), ast.Store | ast.Del):
        yield from _of_value(node, holder, field, names)


def _of_number(
    node: ast.Constant,
    holder: ast.AST,
    field: str,
    names: list[str],
    arguments: list[str],
    attributes: dict[str, list[str]],
    numbers: list[Any],
) -> Iterator[Change]:
    """Something that is known only when the answer is called in the place of a number that is written in its text."""
    value = node.value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return
    if isinstance(holder, ast.Subscript) and field == "slice":
        yield from (("index", ast.Name(name, ast.Load()), brief(holder)) for name in names)
        return
    if value in (0, 1, 2) or (isinstance(holder, ast.BinOp) and isinstance(holder.op, ast.Pow)):
        return  # what is seldom known from outside, and powers, which grow beyond any memory
    told = str(value)
    yield from (("written", ast.Name(name, ast.Load()), told) for name in names)
    own = ast.Name("self", ast.Load())
    yield from (("written", ast.Attribute(own, name, ast.Load()), told) for name in attributes.get("self", ()))
    for name in arguments if isinstance(value, int) else ():
        argument = ast.Name(name, ast.Load())
        yield "written", ast.Call(ast.Name("len", ast.Load()), [argument], []), told
        for axis in (1, -1):
            shape = ast.Attribute(argument, "shape", ast.Load())
            yield "written", ast.Subscript(shape, _constant(axis), ast.Load()), told
    yield from (("constant", ast.Constant(other), told) for other in numbers if other != value)


def _numbers(tree: ast.AST) -> list[Any]:
    """The numbers that are written in a text, for any of them may stand in another's place."""
    written = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return list(dict.fromkeys(n for n in written if isinstance(n, int | float) and not isinstance(n, bool)))


def _of_attribute(node: ast.Attribute, called: bool, attributes: dict[str, list[str]]) -> Iterator[Change]:
    if node.attr in ("T", "mT"):
        yield "untransposed", node.value, ""
    for other in (name for family in _FAMILIES if node.attr in family for name in family if name != node.attr):
        told = ("function", node.attr) if called else ("attribute", brief(node))
        yield told[0], ast.Attribute(node.value, other, ast.Load()), told[1]
    if not called:
        if not (isinstance(node.value, ast.Name) and node.value.id in _MODULES | {"self", "ctx"}):
            yield "attribute", node.value, brief(node)
        for other in attributes.get(ast.unparse(node.value), ()):
            if other != node.attr:
                yield "attribute", ast.Attribute(node.value, other, ast.Load()), brief(node)


def _of_call(node: ast.Call) -> Iterator[Change]:
    name, told = _called(node), brief(node.func)
    method = isinstance(node.func, ast.Attribute) and not (
        isinstance(node.func.value, ast.Name) and node.func.value.id in _MODULES
    )
    if name == "squeeze" and method:
        yield "left out", node.func.value, told
    if name in _ALONG:
        yield from _along(node, name, told, first=0 if method else 1)
    if method and name in ("reshape", "view"):
        base = node.func.value
        rows = [ast.Call(ast.Name("len", ast.Load()), [base], []), _constant(-1)]
        yield "numbers' order", _turned(base, ".T"), told
        yield "shape", ast.Call(ast.Attribute(base, "reshape", ast.Load()), rows, []), told
    if method and name == "forward":
        yield "function", ast.Call(node.func.value, node.args, node.keywords), told
    if name == "abs":
        of = node.args[0] if node.args else node.func.value if method else None
        if of is not None:
            yield "function", ast.BinOp(of, ast.Pow(), ast.Constant(2)), told
    if name in ("zeros_like", "ones_like", "empty_like", "full_like") and not any(
        k.arg == "dtype" for k in node.keywords
    ):
        wide = ast.keyword("dtype", ast.Name("float", ast.Load()))
        yield "dtype", ast.Call(node.func, node.args, [*node.keywords, wide]), told
    if len(node.args) == 1 and isinstance(node.args[0], ast.Name) and not node.keywords:
        yield "starred", ast.Call(node.func, [ast.Starred(node.args[0], ast.Load())], []), brief(node)
    if name == "reversed" and node.args:
        yield "reversed", node.args[0], ""
    if method and name.endswith("_") and not name.startswith("_"):
        yield "in place", _out_of_place(node), ""
        if isinstance(node.func.value, ast.Name):
            copied = _copy_of(node.func.value)
            kind = "own" if name in _BESIDE else "copy"  # a line that writes numbers is told before
            yield kind, ast.Call(ast.Attribute(copied, name, ast.Load()), node.args, node.keywords), ""
    if method and name in ("get", "setdefault") and len(node.args) == 2 and not isinstance(node.args[1], ast.Constant):
        yield "begin", ast.Call(node.func, [node.args[0], ast.Constant(0)], []), brief(node)
    if method:
        kind = "copy" if name in ("copy", "clone", "detach") else "untransposed" if name in ("t", "transpose") else ""
        yield kind or "call", node.func.value, told
    if node.args and not isinstance(node.args[0], ast.Starred):
        yield "call", node.args[0], told
    yield from (("arguments", ast.Call(node.func, args, node.keywords), brief(node)) for args in _swaps(node.args))
    for k in range(len(node.keywords)):
        yield "keyword", ast.Call(node.func, node.args, node.keywords[:k] + node.keywords[k + 1 :]), told
    if len(node.args) > 1:
        yield "keyword", ast.Call(node.func, node.args[:-1], node.keywords), told
    if name in ("backward", "grad"):
        for word in ("create_graph", "retain_graph"):
            more = [k for k in node.keywords if k.arg != word]
            yield "keyword", ast.Call(node.func, node.args, [*more, ast.keyword(word, ast.Constant(True))]), told
    if name == "range" and len(node.args) == 1:
        (stop,) = node.args
        for value in (ast.BinOp(stop, ast.Add(), ast.Constant(1)), ast.BinOp(stop, ast.Sub(), ast.Constant(1))):
            yield "index", ast.Call(node.func, [value], []), brief(node)
        yield "index", ast.Call(node.func, [ast.Constant(1), stop], []), brief(node)
    if name == "range" and len(node.args) > 1:
        start, stop, *step = node.args
        for operator in (ast.Add, ast.Sub):
            yield "index", ast.Call(node.func, [start, ast.BinOp(stop, operator(), ast.Constant(1)), *step], []), told
            yield "index", ast.Call(node.func, [ast.BinOp(start, operator(), ast.Constant(1)), stop, *step], []), told


def _out_of_place(node: ast.expr) -> ast.expr:
    """A chain of methods that write, each in the form that makes something new."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return node
    name = node.func.attr.rstrip("_") if node.func.attr not in _BESIDE else node.func.attr
    return ast.Call(ast.Attribute(_out_of_place(node.func.value), name, ast.Load()), node.args, node.keywords)


def _regrouped(node: ast.BinOp) -> Iterator[ast.expr]:
    """The same numbers and signs in the same order, with other brackets."""
    left, right = node.left, node.right
    if isinstance(right, ast.BinOp) and isinstance(right.op, ast.Mult | ast.Div | ast.Pow | ast.Add | ast.Sub):
        yield ast.BinOp(ast.BinOp(left, node.op, right.left), right.op, right.right)
    if isinstance(left, ast.BinOp) and isinstance(left.op, ast.Mult | ast.Div | ast.Add | ast.Sub):
        yield ast.BinOp(left.left, left.op, ast.BinOp(left.right, node.op, right))


def _along(node: ast.Call, name: str, told: str, first: int) -> Iterator[Change]:
    """Another axis in a call that works along one, and the dimensions that it leaves."""
    word = next((k for k in node.keywords if k.arg in ("axis", "dim")), None)
    written = word.value if word else node.args[first] if len(node.args) > first else None
    others = [k for k in node.keywords if k is not word and k.arg not in ("keepdims", "keepdim")]
    kept = [k for k in node.keywords if k.arg in ("keepdims", "keepdim")]
    before = node.args[:first]
    keep = ast.keyword("keepdims", ast.Constant(True))
    for axis in (0, 1, -1, 2):
        # torch knows `axis` and `keepdims` as other names of `dim` and `keepdim`
        for more in (kept, [keep]) if name in _REDUCTIONS else (kept,):
            new = ast.Call(node.func, before, [ast.keyword("axis", _constant(axis)), *others, *more])
            if written is None or more is kept:
                yield "axis", new, told
    if written is not None:
        yield "axis", ast.Call(node.func, before, others), told
        if name in _REDUCTIONS:
            new = [k for k in node.keywords if k not in kept] + ([] if kept else [keep])
            yield "keepdims", ast.Call(node.func, node.args, new), told


def _of_value(node: ast.expr, holder: ast.AST, field: str, names: list[str]) -> Iterator[Change]:
    """Changes of a whole value: one that is assigned, returned, or put into a tuple or list."""
    whole = (isinstance(holder, ast.Assign | ast.AugAssign | ast.Return) and field == "value") or (
        isinstance(holder, ast.Tuple | ast.List) and field == "elts"
    )
    kept = whole or (isinstance(holder, ast.Call) and field == "args" and _called(holder) in ("append", "insert"))
    kept = kept or (isinstance(holder, ast.ListComp | ast.GeneratorExp) and field == "elt")
    looked_up = isinstance(node, ast.Call) and _called(node) in ("get", "setdefault")
    if kept and (looked_up or isinstance(node, ast.Name | ast.Attribute | ast.Subscript)):
        yield "copy", _copy_of(node), ""
    if isinstance(holder, ast.For | ast.comprehension) and field == "iter":
        everything = ast.Call(ast.Name("list", ast.Load()), [node], [])
        yield "reversed", ast.Call(ast.Name("reversed", ast.Load()), [everything], []), ""
    if isinstance(holder, ast.If | ast.While | ast.IfExp) and field == "test":
        yield "condition", ast.UnaryOp(ast.Not(), node), ""
    if isinstance(holder, ast.Return) and isinstance(node, ast.Name | ast.ListComp | ast.List):
        for module, function in (("torch", "stack"), ("np", "array")):
            joined = ast.Attribute(ast.Name(module, ast.Load()), function, ast.Load())
            yield "stacked", ast.Call(joined, [node], []), ""
    if isinstance(node, ast.Tuple | ast.List | ast.Constant) or not (whole or isinstance(holder, ast.BinOp)):
        return
    yield "no sign", ast.UnaryOp(ast.USub(), node), ""
    yield "transposed", _turned(node, ".T"), ""
    for operator, value in ((ast.Mult, 2), (ast.Div, 2), (ast.Pow, 2), (ast.Pow, 0.5), (ast.Sub, 1), (ast.Add, 1)):
        yield "term", ast.BinOp(node, operator(), ast.Constant(value)), ""
    if not whole:
        for name, operator in itertools.product(names, (ast.Mult, ast.Sub, ast.Add)):
            yield "term", ast.BinOp(node, operator(), ast.Name(name, ast.Load())), ""
        return
    for name in names:
        other = ast.Name(name, ast.Load())
        for operator in (ast.Mult, ast.Div, ast.Add, ast.Sub, ast.MatMult):
            yield "term", ast.BinOp(node, operator(), other), ""
        yield "term", ast.BinOp(node, ast.Div(), ast.Call(ast.Name("len", ast.Load()), [other], [])), ""
    for method in ("sum", "mean"):
        yield "term", ast.Call(ast.Attribute(node, method, ast.Load()), [], []), ""


def _of_statements(tree: ast.Module) -> Iterator[Edit]:
    names = _local_names(tree)
    for holder in ast.walk(tree):
        if isinstance(holder, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _of_parameters(holder)
        for field in ("body", "orelse"):
            block = getattr(holder, field, None)
            if isinstance(block, list) and not isinstance(holder, ast.Module):
                yield from _of_block(holder, field, block, names)


def _of_block(holder: ast.AST, field: str, block: list[ast.stmt], names: list[str]) -> Iterator[Edit]:
    """Changes of a run of statements: one less, another order, in or out of the block below."""

    def edit(kind: str, statement: ast.stmt, new: list[ast.stmt]) -> Edit:
        return placed(kind, statement.lineno, holder, field, new or [ast.Pass()])

    for k, statement in enumerate(block):
        if _is_text(statement) or isinstance(statement, ast.FunctionDef | ast.ClassDef):
            continue
        before, after = block[:k], block[k + 1 :]
        yield from (edit(kind, statement, [*before, *new, *after]) for kind, new in _instead(statement, names))
        for one, other, swapped in _exchanges(statement, names):
            yield placed("exchanged", statement.lineno, holder, field, [*before, swapped, *after], one, other)
        if not isinstance(statement, ast.Return):
            yield edit("superfluous", statement, [*before, *after])
        end = next((k for k, s in enumerate(block) if isinstance(s, ast.Return | ast.Break | ast.Continue)), len(block))
        for to in range(min(len(block), end + (k >= end))):  # what stands behind a `return` is not there at all
            if to != k and to != k - 1 and not _is_text(block[to]):  # one down is the same as the next one up
                rest = [*before, *after]
                yield edit("order" if to == k + 1 else "moved", statement, [*rest[:to], statement, *rest[to:]])
        if isinstance(statement, ast.For):
            for name in [n.id for n in ast.walk(statement.target) if isinstance(n, ast.Name)]:
                writing = [s.lineno for s in ast.walk(statement) if _writes_into(s, name)]
                copied = ast.Assign([ast.Name(name, ast.Store())], _copy_of(ast.Name(name, ast.Load())))
                if writing:
                    yield placed("copy", min(writing), statement, "body", [copied, *statement.body])
        if isinstance(statement, ast.For | ast.While | ast.If | ast.With):
            yield from _in_and_out(statement, before, after, edit)
    yield from _in_pairs(holder, field, block, names)


def _in_pairs(holder: ast.AST, field: str, block: list[ast.stmt], names: list[str]) -> Iterator[Edit]:
    """The same change of two statements of a block, or of all that are alike."""
    ways = [list(_instead(statement, names)) for statement in block]
    like: dict[tuple[Any, ...], dict[int, list[ast.stmt]]] = {}
    for i, statement in enumerate(block):
        for number, (kind, new) in enumerate(ways[i]):
            if kind in ("accumulate", "in place"):
                like.setdefault((type(statement), kind, number), {})[i] = new
    for (_, kind, _), places in like.items():
        if len(places) > 2:
            new = [s for i, statement in enumerate(block) for s in places.get(i, [statement])]
            first, *others = (block[i].lineno for i in sorted(places))
            yield placed(kind, first, holder, field, new, also=tuple(others))
    for i, j in itertools.combinations(range(len(block)), 2):
        if type(block[i]) is not type(block[j]):
            continue
        for (kind, one), (same, other) in zip(ways[i], ways[j], strict=False):
            if kind == same and kind in ("accumulate", "in place", "kept"):
                new = [*block[:i], *one, *block[i + 1 : j], *other, *block[j + 1 :]]
                yield placed(kind, block[i].lineno, holder, field, new, also=(block[j].lineno,))


def _exchanges(statement: ast.stmt, names: list[str]) -> Iterator[tuple[str, str, ast.stmt]]:
    """A statement with two of its variables in each other's place."""
    if hasattr(statement, "body"):
        return
    found = [n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)]
    for one, other in itertools.combinations([name for name in dict.fromkeys(found) if name in names], 2):
        swapped = copy.deepcopy(statement)
        for node in ast.walk(swapped):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in (one, other):
                node.id = other if node.id == one else one
        yield one, other, swapped


def _instead(statement: ast.stmt, names: list[str]) -> Iterator[tuple[str, list[ast.stmt]]]:
    """What may stand in a statement's place."""
    if isinstance(statement, ast.AugAssign):
        target = _loaded(statement.target)
        yield "accumulate", [ast.Assign([statement.target], statement.value)]
        yield "in place", [ast.Assign([statement.target], ast.BinOp(target, statement.op, statement.value))]
    elif isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        (target,) = statement.targets
        if isinstance(target, ast.Name | ast.Attribute | ast.Subscript):
            for operator in (ast.Add, ast.Sub, ast.Mult):
                yield "accumulate", [ast.AugAssign(target, operator(), statement.value)]
            value = statement.value
            if isinstance(value, ast.BinOp) and ast.dump(value.left) == ast.dump(_loaded(target)):
                yield "in place", [ast.AugAssign(target, value.op, value.right)]
            whole = ast.Subscript(_loaded(target), ast.Slice(), ast.Store())
            yield "in place", [ast.Assign([whole], value)]
    elif isinstance(statement, ast.Break | ast.Continue):
        yield "jump", [ast.Continue() if isinstance(statement, ast.Break) else ast.Break()]
    elif isinstance(statement, ast.Expr):
        yield "return", [ast.Return(statement.value)]
        if isinstance(statement.value, ast.Call):
            held = [n.id for n in ast.walk(statement.value) if isinstance(n, ast.Name) and n.id in names]
            for name in dict.fromkeys(held):
                yield "kept", [ast.Assign([ast.Name(name, ast.Store())], statement.value)]
    elif isinstance(statement, ast.With):
        yield "superfluous", statement.body
    elif isinstance(statement, ast.If):
        yield "condition", statement.body
        if statement.orelse:
            yield "condition", [ast.If(statement.test, statement.body, []), *statement.orelse]
        if statement.orelse:
            yield "condition", [ast.If(statement.test, statement.orelse, statement.body)]


def _copy_of(node: ast.expr) -> ast.expr:
    return ast.Call(ast.Name(COPY, ast.Load()), [node], [])


def _in_and_out(
    compound: Any, before: list[ast.stmt], after: list[ast.stmt], edit: Callable[..., Edit]
) -> Iterator[Edit]:
    """Move a statement across the edge of a loop, an `if` or a `with`."""

    def holding(body: list[ast.stmt]) -> ast.stmt:
        fields = {name: value for name, value in ast.iter_fields(compound) if name != "body"}
        return ast.copy_location(type(compound)(**fields, body=body), compound)

    body = compound.body
    if len(body) > 1:
        yield edit("loop", body[-1], [*before, holding(body[:-1]), body[-1], *after])
        yield edit("loop", body[0], [*before, body[0], holding(body[1:]), *after])
    if after:
        yield edit("loop", after[0], [*before, holding([*body, after[0]]), *after[1:]])
    if before and not _is_text(before[-1]):
        yield edit("loop", before[-1], [*before[:-1], holding([before[-1], *body]), *after])


def _of_parameters(function: Any) -> Iterator[Edit]:
    """At the top, defaults made anew, or a copy of an argument that is written into; a `return` where there is none."""
    body = function.body
    top = 1 if _is_text(body[0]) else 0
    kept = {a.arg: value for a, value in _defaults(function) if not isinstance(value, ast.Constant | ast.Name)}
    if kept:
        anew = [ast.Assign([ast.Name(name, ast.Store())], value) for name, value in kept.items()]
        line = min(value.lineno for value in kept.values())
        yield placed("default", line, function, "body", [*body[:top], *anew, *body[top:]], "`, `".join(kept))
    for argument in (a for a in function.args.args if a.arg not in kept):
        writing = [s.lineno for s in ast.walk(function) if _writes_into(s, argument.arg)]
        if writing:
            name = ast.Name(argument.arg, ast.Store())
            copied = ast.Assign([name], ast.Call(ast.Name(COPY, ast.Load()), [_loaded(name)], []))
            yield placed("copy", min(writing), function, "body", [*body[:top], copied, *body[top:]])
            copied = ast.Assign([name], _copy_of(_loaded(name)))
            yield placed("copy", min(writing), function, "body", [*body[:top], copied, *body[top:]])
    if not any(isinstance(node, ast.Return | ast.Yield) for node in ast.walk(function)):
        for name in _stored(function):
            new = [*body, ast.Return(ast.Name(name, ast.Load()))]
            yield placed("return", body[-1].end_lineno, function, "body", new)


def _defaults(function: Any) -> Iterator[tuple[ast.arg, ast.expr]]:
    """Each argument that has a default, which is made once for all calls."""
    given = function.args.defaults
    positional = [*function.args.posonlyargs, *function.args.args]
    yield from zip(positional[len(positional) - len(given) :], given, strict=True)
    pairs = zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True)
    yield from ((argument, value) for argument, value in pairs if value is not None)


def _writes_into(node: ast.AST, name: str) -> bool:
    """Whether a statement changes what a name stands for: `x += …`, `x[…] = …`, `x.add_(…)`."""
    targets = [node.target] if isinstance(node, ast.AugAssign) else node.targets if isinstance(node, ast.Assign) else []
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Attribute):
        called = node.value.func
        writes = called.attr.endswith("_") or called.attr in _WRITING
        return writes and called.attr not in _BESIDE and _root(called.value) == name
    value = node.value if isinstance(node, ast.Expr | ast.Assign) else None
    if isinstance(value, ast.Call) and isinstance(called := value.func, ast.Attribute):
        writes = called.attr.endswith("_") or called.attr in ("fill", "sort", "append", "pop", "update")
        if writes and called.attr not in _BESIDE and _root(called.value) == name:
            return True
    return any(
        _root(target) == name
        and getattr(target, "attr", "") not in _BESIDE
        and (isinstance(node, ast.AugAssign) or not isinstance(target, ast.Name))
        for target in targets
    )


_WRITING = ("fill", "sort", "append", "pop", "update", "reverse", "insert", "extend", "remove", "clear")
_BESIDE = ("grad", "requires_grad", "requires_grad_", "retain_grad")  # no number of a tensor changes by them


def _root(node: ast.AST) -> str | None:
    while isinstance(node, ast.Subscript | ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def reverses(source: str, misconceptions: tuple[Misconception, ...]) -> Iterator[tuple[str, int, str, bool]]:
    """The text with a known misconception turned back, wherever its wrong words stand.

    Text, line, those words, and whether they tell a mistake: words that stand in a right answer, too, tell none.
    """
    for known in misconceptions:
        for old, new in known.pairs:
            words = re.findall(r"\w+|[^\w\s]", new)
            if len(words) < 3:
                continue  # so few words stand anywhere
            pattern = r"\s*".join(map(re.escape, words))
            for match in re.finditer(rf"(?<!\w){pattern}(?!\w)" if words[0][0].isalnum() else pattern, source):
                text = source[: match.start()] + old.strip() + source[match.end() :]
                if old.strip() != new.strip():
                    yield text, source[: match.start()].count("\n") + 1, match.group(), new.strip() not in old


def _local_names(tree: ast.AST) -> list[str]:
    """The names of a definition's arguments and variables in order of appearance; of a class without `self`, `ctx`."""
    arguments = [a.arg for n in ast.walk(tree) if isinstance(n, ast.arguments) for a in n.args]
    whole = any(isinstance(node, ast.ClassDef) for node in ast.walk(tree))
    return [n for n in dict.fromkeys([*arguments, *_stored(tree)]) if not (whole and n in ("self", "ctx"))]


def _stored(tree: ast.AST) -> list[str]:
    return list(dict.fromkeys(n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)))


def _attributes(tree: ast.AST) -> dict[str, list[str]]:
    """What is asked of each thing, by its text: of `self` its attributes; not of modules, which hold too much."""
    found: dict[str, dict[str, None]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            found.setdefault(ast.unparse(node.value), {})[node.attr] = None
    return {text: list(names) for text, names in found.items() if text not in _MODULES}


def _values(value: object) -> list[object]:
    """Other constants than the one that is written."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        others = [value + 1, value - 1, 0, 1, 2, -value, 0.5]
    elif isinstance(value, float):
        others = [value * 2, value / 2, -value, 1 - value, value * 10, value / 10, 1.0, 0.0]
    elif value in ("mean", "sum"):
        return ["sum" if value == "mean" else "mean"]
    else:
        return []
    return [other for k, other in enumerate(others) if other != value and other not in others[:k]]


def _spelt_otherwise(letters: str) -> Iterator[str]:
    """An einsum's letters with one of them replaced, or with two in each other's place."""
    known = [c for c in dict.fromkeys(letters) if c.isalpha()]
    for k, old in enumerate(letters):
        if old.isalpha():
            yield from (letters[:k] + new + letters[k + 1 :] for new in known if new != old)
            yield letters[:k] + letters[k + 1 :]
    for k in range(len(letters) - 1):
        if letters[k].isalpha() and letters[k + 1].isalpha():
            yield letters[:k] + letters[k + 1] + letters[k] + letters[k + 2 :]


def _constant(value: Any) -> ast.expr:
    negative = isinstance(value, int | float) and not isinstance(value, bool) and value < 0
    return ast.UnaryOp(ast.USub(), ast.Constant(-value)) if negative else ast.Constant(value)


def _swaps(items: list[Any]) -> Iterator[list[Any]]:
    """A list with two of its things in each other's place; of a long one only neighbours."""
    if any(isinstance(item, ast.Starred) for item in items):
        return
    for i in range(len(items)):
        for j in range(i + 1, len(items) if len(items) <= 4 else min(i + 2, len(items))):
            swapped = list(items)
            swapped[i], swapped[j] = items[j], items[i]
            yield swapped


def _sliced(node: ast.Subscript, lower: Any, upper: Any) -> ast.Subscript:
    return ast.Subscript(node.value, ast.Slice(lower, upper, node.slice.step), node.ctx)


def _turned(node: ast.expr, how: str) -> ast.expr:
    return ast.Attribute(node, "T", ast.Load()) if how else node


def _loaded(target: Any) -> Any:
    """What is stored into, as it is read."""
    fields = {name: value for name, value in ast.iter_fields(target) if name != "ctx"}
    return type(target)(**fields, ctx=ast.Load())


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def brief(node: ast.AST) -> str:
    """A piece of the reader's own text, short enough for a sentence."""
    text = ast.unparse(node)
    return text if len(text) <= 40 and "\n" not in text else text.split("\n")[0][:37] + "…"
