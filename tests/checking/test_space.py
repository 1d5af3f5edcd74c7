"""A docstring is a contract: the declared space has what it allows, and the probes meet all of the space."""

import itertools

import numpy as np
import pytest
import torch

from tutor.builder.lint import spaces_are_the_docstrings
from tutor.checking.narrowed import narrowed, survives
from tutor.checking.probes import Draw, clone
from tutor.checking.space import (
    CONTAINERS,
    DANGEROUS,
    LAYOUTS,
    SCALES,
    VALUES,
    Array,
    Drawn,
    Labels,
    Number,
    Several,
    Size,
    Space,
    disagreements,
)

WIDE = Space(
    {
        "x": Array("N D", dtypes=("float32", "float64", "int64"), layouts=LAYOUTS, scales=tuple(SCALES), values=VALUES),
        "w": Array("D H", tensor=True, layouts=LAYOUTS),
        "many": Several(Array("D"), counts=(3, 1), containers=tuple(CONTAINERS)),
        "rate": Number((0.1, 0.0)),
        "anything": Array(ranks=(2, 0, 1, 3), layouts=("contiguous", "transposed"), dtypes=("float32", "float64")),
    },
    {"N": (1, 0), "D": (1,)},
)


def test_every_value_of_every_field_is_met_and_every_dangerous_pair():
    rows = WIDE.rows()
    fields = dict(WIDE._fields())
    for place, values in fields.items():
        assert all(any(row.get(place, values[0]) == value for row in rows) for value in values), place
    unusual = [(place, value) for place, values in fields.items() for value in values[1:]]
    for (first, one), (second, other) in itertools.combinations(unusual, 2):
        pair = (first[1], one), (second[1], other)
        if first != second and (pair in DANGEROUS or pair[::-1] in DANGEROUS):
            assert {first: one, second: other} in rows
    assert len(WIDE.probes()) == len(rows) == len({str(row) for row in rows})


def test_a_probe_is_what_its_row_says():
    drawn = [(row, probe(Draw(3))) for row, probe in zip(WIDE.rows(), WIDE.probes(), strict=True)]
    for row, (x, w, many, rate, anything) in drawn:
        assert isinstance(x, np.ndarray) and isinstance(w, torch.Tensor) and x.shape[1] == w.shape[0]
        assert x.dtype == row.get(("x", "dtype"), "float32") and rate == row.get(("rate", "number"), 0.1)
        assert anything.ndim == row.get(("anything", "rank"), 2)
        assert x.shape[0] == row.get(("N", "size"), x.shape[0]) and x.shape[1] == row.get(("D", "size"), x.shape[1])
        items = list(many)
        assert len(items) == row.get(("many", "count"), 3) and all(i.shape == (x.shape[1],) for i in items)
        if x.size:
            assert (x == 0).any() or row.get(("x", "values")) != "zeros" or x.size < 4
            assert np.ptp(x) == 0 or row.get(("x", "values")) != "equal"
            if not {("x", "values"), ("x", "dtype")} & set(row):
                assert 0.04 < np.abs(x).max() / SCALES[row.get(("x", "scale"), "usual")] <= 1.5001


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("tensor", [False, True])
def test_a_layout_is_one_and_stays_one_in_the_copy_that_an_answer_receives(layout, tensor):
    space = Space({"x": Array("N D", layouts=("contiguous", layout), tensor=tensor)})
    (x,) = space.probes()[-1](Draw(1))
    for array in (x, clone(x)):
        strides = array.stride() if tensor else tuple(s // array.itemsize for s in array.strides)
        rows, columns = array.shape
        assert (
            strides
            == {"contiguous": (columns, 1), "transposed": (1, rows), "strided": (2 * columns, 2), "expanded": (0, 1)}[
                layout
            ]
        )
    assert (clone(x) == x).all() and clone(x) is not x


def test_the_shapes_stay_from_case_to_case_and_the_numbers_do_not():
    first, second = (WIDE.probes()[0](Draw(seed)) for seed in (1, 2))
    assert first[0].shape == second[0].shape and not np.array_equal(first[0], second[0])


@pytest.mark.parametrize(
    ("docstring", "space", "complaint"),
    [
        ("x of any shape", Space({"x": Array("N D")}), 'says "any shape", and the space has no rank 0, 1, 2, 3'),
        ("x of any shape", Space({"x": Array(ranks=(2, 0, 1, 3))}), None),
        ("x: shape (N, D)", Space({"x": Array(ranks=(2, 3))}), "the space has rank 2, and the docstring does not say"),
        ("x: shape (N, D)", Space({"x": Array("N D")}, {"N": (1,)}), None),
        ("x: shape (N, D)", Space({"x": Array("N D")}, {"N": (0,)}), "the space has size 0, and the docstring"),
        ("x may be empty", Space({"x": Array("N")}, {"N": (0,)}), None),
        ("x may be empty", Space({"x": Array("N")}), 'says "empty", and the space has no size 0'),
        ("x, whole numbers", Space({"x": Array("N")}), "no dtype int64"),
        ("an iterable of w", Space({"w": Several(Array("N"))}), "no container tuple"),
        ("the list w", Space({"w": Several(Array("N"), containers=("list", "generator"))}), "has container generator"),
    ],
)
def test_the_docstring_and_the_space_are_held_against_each_other(docstring, space, complaint):
    told = list(disagreements(docstring, space))
    assert told == [] if complaint is None else any(complaint in sentence for sentence in told)


DECLARED = [
    ("from tutor.checking import", "from tutor.checking.space import Array, Space\nfrom tutor.checking import"),
    (
        "probe=lambda d: (d.number(), d.number())",
        'space=Space({"a": Array("N D", scales=("usual", "large"), values=("distinct", "zeros")), "b": Array("N D")}, '
        '{"N": (1,)})',
    ),
]


def test_the_lint_holds_an_exercise_to_its_docstring(make_lesson):
    assert list(spaces_are_the_docstrings(make_lesson(data=DECLARED))) == []
    text = [("Return a + b.", "Return a + b, of any shape.")]
    assert "small.add: the docstring says" in " ".join(spaces_are_the_docstrings(make_lesson(text, DECLARED)))


def test_a_declared_space_tells_answers_that_are_right_for_usual_inputs_only(make_lesson):
    exercise = make_lesson(data=DECLARED).exercises["small.add"]
    assert exercise.check(exercise.reference).verdict == "pass"
    passing = {answer.kind for answer in narrowed(exercise) if survives(exercise, answer)}
    assert not passing & {
        *("right for more than one example only", "right for one example only", "right without a zero only"),
        *(
            "a result clipped",
            "right for the usual numbers only",
            "remembered for the same shapes",
            "a result squeezed",
        ),
    }


def test_what_is_special_is_tried_beside_the_space(make_lesson):
    special = [*DECLARED, ("minutes=1,", "minutes=1, probe=lambda d: (d.number(), d.number()),")]
    exercise, plain = make_lesson(data=special).exercises["small.add"], len(Space({}).probes())
    assert plain == 1 and len(exercise.spec.probes) == len(exercise.spec.space.probes()) + 1


def test_words_are_not_held_against_arguments_that_they_cannot_be_about():
    numbers = Space({"count": Number((3, 1))})
    assert list(disagreements("count : whole numbers, drawn by a torch.Generator", numbers)) == []
    arrays = Space({"x": Array("N")})
    assert any("int64" in told for told in disagreements("x : whole numbers", arrays))
    assert not any("generator" in told for told in disagreements("x : from a generator", arrays))


BATCHES = Space(
    {
        "images": Array("N 1 28 4", dtypes=("uint8", "float32"), tensor=True),
        "weight": Array("C 28*H", positive=True),
        "batches": Several((Array("B D", tensor=True), Labels("B", "C")), counts=(3, 1), own=("B",)),
        "classes": Labels("N", 10, tensor=False),
        "flipped": Array("N", dtypes=("bool",)),
        "rate": Drawn(0.1, 0.3),
        "steps": Drawn(2, 4),
    },
    {"B": (1,), "C": (2,)},
)


def test_labels_pairs_products_and_fixed_sizes_are_drawn_as_they_are_told():
    drawn = list(zip(BATCHES.rows(), (probe(Draw(3)) for probe in BATCHES.probes()), strict=True))
    assert {("batches[1]", "values"), ("B", "size"), ("batches", "count")} <= set(dict(BATCHES._fields()))
    for row, (images, weight, batches, classes, flipped, rate, steps) in drawn:
        assert images.shape[1:] == (1, 28, 4) and weight.shape[1] % 28 == 0 and (weight > 0).all()
        assert len(images) == len(classes) == len(flipped) and flipped.dtype == bool and classes.max() < 10
        if images.dtype == torch.uint8:
            assert int(images.max()) > 200
        lengths = [len(x) for x, y in batches]
        assert all(len(x) == len(y) for x, y in batches) and len(set(lengths)) == len(batches) == len(lengths)
        assert (lengths[-1] == 1) == (row.get(("B", "size")) == 1)
        labels = torch.cat([y for _, y in batches])
        assert labels.dtype == torch.int64 and int(labels.min()) >= 0 and int(labels.max()) < len(weight)
        told = row.get(("batches[1]", "values"), "distinct")
        last = int(labels.max()) == len(weight) - 1
        assert (told == "equal") or last == (told == "distinct")
        assert 0.1 <= rate <= 0.3 and steps in (2, 3, 4)
    equal = next(made for row, made in drawn if row.get(("batches[1]", "values")) == "equal")
    assert all(len(set(y.tolist())) == 1 for _, y in equal[2])


def test_a_size_is_the_number_that_its_letter_stands_for():
    space = Space({"x": Array("H*S W*S"), "size": Size("S")}, {"S": (1,)})
    drawn = [probe(Draw(2)) for probe in space.probes()]
    assert all(x.shape[0] % size == 0 and x.shape[1] % size == 0 for x, size in drawn)
    assert [size == 1 for _, size in drawn] == [False, True]
