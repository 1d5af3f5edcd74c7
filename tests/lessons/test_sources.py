"""Every item of the five sources is taught in plain sight, or the build fails."""

import re

import pytest

from tutor.builder import coverage, lint, site
from tutor.lessons import SERIES
from tutor.lessons.registry import find_lesson, series
from tutor.lessons.sources import ITEMS, SOURCES, Item

EXAMPLE = "S4: named_parameters with their sizes and first values"


def test_every_item_is_seen_in_cells_of_the_series():
    assert [told for lesson in series() for told in lint.sources_are_taught(lesson)] == []


def test_every_source_has_items_and_no_item_stands_twice():
    assert {item.source for item in ITEMS} == set(SOURCES)
    assert len({(item.source, item.words) for item in ITEMS}) == len(ITEMS) > 60


@pytest.mark.parametrize(
    ("cells", "seen", "told"),
    [
        (("nn/gone",), ("x",), 'in cell "gone", which is not there'),
        (("nn/fit", "nn/templates"), ("never typed",), "`never typed` is not seen in nn/fit, nn/templates"),
        (("nn/templates",), ("learned",), "none of templates carries a curriculum item"),
    ],
)
def test_an_item_that_is_not_taught_fails_the_build(cells, seen, told, monkeypatch):
    monkeypatch.setattr(lint, "ITEMS", (Item("S1", "something", cells, seen),))
    (complaint,) = lint.sources_are_taught(find_lesson("nn"))
    assert told in complaint and "something" in complaint
    assert list(lint.sources_are_taught(find_lesson("optim"))) == []
    assert lint.sources_are_taught in lint.RULES


@pytest.mark.parametrize(
    ("source", "cells", "seen", "told"),
    [
        ("S9", ("nn/fit",), ("x",), "there is no source S9"),
        ("S1", (), ("x",), "names no cell that teaches it"),
        ("S1", ("nn/fit",), (), "or nothing that is seen there"),
        ("S1", ("other/fit",), ("x",), "other/fit is in no lesson of the series"),
    ],
)
def test_an_item_without_a_source_or_a_cell_is_refused(source, cells, seen, told):
    with pytest.raises(ValueError, match=re.escape(told)):
        Item(source, "something", cells, seen)


def test_the_table_of_coverage_names_every_item_with_its_source():
    tables = coverage.taught()
    for item in ITEMS:
        lessons = {cell.partition("/")[0] for cell in item.cells}
        assert tables.count(f"{item.source}: {item.words}") == len(lessons), item.words
    (row,) = (row for row in tables.split("\n") if EXAMPLE in row)
    assert re.match(r"\| Parameter, named_parameters \||\| the 784-512-512-10 network layer by layer", row)
    assert row.count("|") == 5 and "`network-parameters`" in row
    assert all(f"- {name}: {words}" in coverage.sources() for name, words in SOURCES.items())
    assert EXAMPLE in coverage.taught(site._link) and set(SERIES) <= {lesson.name for lesson in series()}
