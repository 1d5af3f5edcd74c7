"""A part of the solution in the place of the reader's: which parts, and what is told of them."""

import ast
import textwrap

import pytest

from tutor.checking.transplant import transplants

SOLUTION = """
def gate(x, low, high):
    inside = (x > low) & (x < high)
    kept = x.copy()
    kept[~inside] = 0
    return kept, inside.sum()
"""


def changed(text, solution=SOLUTION):
    """The texts that come out, each with the line and the words that are told."""
    tree = ast.parse(textwrap.dedent(text))
    before = ast.unparse(tree)
    made = {}
    for edit in transplants(tree, solution):
        with edit.made():
            compile(tree, "<changed>", "exec")
            made.setdefault(ast.unparse(tree), (edit.line, edit.look))
    assert ast.unparse(tree) == before
    return made


@pytest.mark.parametrize(
    ("old", "new", "line", "look"),
    [
        ("x < high", "x < low", 3, "whether `low` is the variable that is meant"),
        (
            "x < high",
            "x <= high",
            3,
            "the comparison `<=`: which side is meant, and whether the limit itself belongs to it",
        ),
        ("] = 0", "] = 1", 5, "the number `1`"),
        ("(x < high)", "(x - low < high - 2)", 3, "whether `x - low < high - 2` is what is meant there"),
        ("inside.sum()", "inside.sum().item()", 6, "whether everything in `inside.sum().item()` belongs there"),
        ("    kept[~inside] = 0\n", "", 4, "whether something is missing between it and the next"),
    ],
)
def test_the_smallest_part_that_differs_is_told_by_the_readers_own_words(old, new, line, look):
    made = changed(SOLUTION.replace(old, new))
    assert made[ast.unparse(ast.parse(SOLUTION))] == (line, look)


def test_what_the_reader_calls_otherwise_is_put_in_by_the_readers_names():
    text = """
        def gate(t, a, b):
            mask = (t > a) | (t < b)
            out = t.copy()
            out[~mask] = 0
            return out, mask.sum()
    """
    wanted = ast.unparse(ast.parse(textwrap.dedent(text).replace("|", "&")))
    assert changed(text)[wanted] == (3, "the operator `|`")


def test_a_name_that_the_reader_has_not_is_written_out():
    text = "def gate(x, low, high):\n    kept = x.copy()\n    kept[~(x > low)] = 0\n    return kept, kept.sum()\n"
    wanted = text.replace("kept.sum()", "((x > low) & (x < high)).sum()")
    assert ast.unparse(ast.parse(wanted)) in changed(text)


def test_a_change_that_would_pass_over_the_readers_own_variable_is_left_out():
    """What is wrong may be how it was computed: the line in which it is read is not to blame."""
    text = "def gate(x, low, high):\n    count = (x > low).sum()\n    return x, count\n"
    assert all(
        "count = (x > low).sum()\n    return" not in made or "count" in made.split("return")[1]
        for made in changed(text)
    )


def test_functions_of_other_names_have_no_counterpart():
    assert changed("def other(x, low, high):\n    return x\n") == {}
