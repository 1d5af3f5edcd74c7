"""Every file that describes an exercise can be read from its top to its end."""

import ast

import pytest

from tutor.lessons.registry import series

FILES = {
    f"{lesson.name}.{name}": lesson.folder / "exercises" / f"{name}.py"
    for lesson in series()
    for name in lesson.described()
}
DEFINITIONS = ast.FunctionDef | ast.ClassDef


def used_too_early(text: str) -> list[str]:
    """Names of functions and classes that another one, or a value, uses above the place where they stand."""
    body = ast.parse(text).body
    places = {node.name: place for place, node in enumerate(body) if isinstance(node, DEFINITIONS)}
    return [
        name.id
        for place, node in enumerate(body)
        for name in ast.walk(node)
        if isinstance(name, ast.Name) and places.get(name.id, -1) > place
    ]


def test_a_function_below_its_use_is_found():
    assert used_too_early("def probe(d):\n    return drawn(d)\n\n\ndef drawn(d):\n    return d\n") == ["drawn"]


@pytest.mark.parametrize("exercise", FILES)
def test_functions_stand_above_those_that_use_them(exercise):
    assert used_too_early(FILES[exercise].read_text(encoding="utf-8")) == []


def test_no_two_exercises_of_the_series_begin_with_the_same_sentence():
    sentences = [ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) for path in FILES.values()]
    assert all(sentences)
    assert len(set(sentences)) == len(sentences)
