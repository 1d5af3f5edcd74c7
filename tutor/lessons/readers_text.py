"""Evidence that several lessons ask for: which words stand in a reader's text, and what stands where."""

import ast

from tutor.checking.evidence import seen

LOOPS = (ast.For, ast.While)


def says(*words):
    """Whether one of some words stands in a text as a name, an attribute or the name of an argument."""

    def found(tree):
        told = ((getattr(node, field, None) for field in ("id", "attr", "arg")) for node in ast.walk(tree))
        return any(word in words for fields in told for word in fields)

    return found


def never_says(*words):
    """Whether none of some words stands in a text."""
    found = says(*words)
    return lambda tree: not found(tree)


def clears_nothing(tree):
    """Whether nothing in a text clears a gradient, or tries to."""
    told = says("zero_grad", "zero_", "fill_", "zeros_like")(tree)
    return not told and not any(
        isinstance(node, ast.Attribute) and node.attr == "grad" and not isinstance(node.ctx, ast.Load)
        for node in ast.walk(tree)
    )


def in_order(*patterns):
    """Whether some pieces of Python (see `seen`) stand in statements that follow each other in this order."""
    wanted = [seen(pattern) for pattern in patterns]

    def found(tree):
        last = 0
        for piece in wanted:
            lines = [node.lineno for node in _statements(tree) if piece(node) and node.lineno > last]
            if not lines:
                return False
            last = min(lines)
        return True

    return found


def in_loop(*patterns):
    """Whether one of some pieces of Python stands in the body of a loop."""
    return _within(lambda node: isinstance(node, LOOPS), patterns)


def in_function(name, *patterns):
    """Whether one of some pieces of Python stands in the body of a function or method of this name."""
    return _within(lambda node: isinstance(node, ast.FunctionDef) and node.name == name, patterns)


def _within(chosen, patterns):
    wanted = seen(*patterns)
    return lambda tree: any(wanted(part) for node in ast.walk(tree) if chosen(node) for part in node.body)


def _statements(tree):
    """The statements that hold no others."""
    return (node for node in ast.walk(tree) if isinstance(node, ast.stmt) and not hasattr(node, "body"))
