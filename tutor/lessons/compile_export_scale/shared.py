"""What several exercises of lesson 12 share."""

import ast

from tutor.checking.evidence import seen


def returned_in_a_loop(tree):
    """Evidence that a `return` stands in a `for`."""
    return any(seen("return _")(part) for part in ast.walk(tree) if isinstance(part, ast.For))
