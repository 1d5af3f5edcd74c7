"""What is no plain data is told in words, without running anything of the answer's own."""

import numpy as np
import pytest
import torch

from tutor.checking.judge import compare
from tutor.checking.plain import Thing, plain


class Own:
    """An answer's own object: whoever asks it for words waits for ever."""

    def __repr__(self):
        raise AssertionError("its own code ran")

    __str__ = __repr__

    def __eq__(self, other):
        return True

    __hash__ = object.__hash__


def test_an_object_of_the_answers_own_is_asked_nothing_and_is_equal_to_no_other():
    made = plain([Own(), {1, Own()}])
    assert made == [Thing("Own"), Thing("set")] and repr(made[0]) == "<Own>"
    assert compare(made[0], plain(Own())).kind == "value"
    assert compare(made[0], 1.0).kind == "type"


@pytest.mark.parametrize(
    "value", [torch.float32, torch.device("cpu"), np.dtype("int8"), range(3), len, Own, {"a", "b"}]
)
def test_what_is_known_by_its_words_is_the_same_where_the_words_are(value):
    assert compare(plain(value), plain(value)) is None
    assert compare(plain(value), plain(torch.int64 if value is not torch.int64 else Own)) is not None


def test_another_thing_of_the_same_kind_is_another_value_and_of_another_kind_another_type():
    assert compare(plain(torch.float32), plain(torch.float64)).kind == "value"
    assert compare(plain(torch.float32), plain(torch.device("cpu"))).kind == "type"


def test_what_is_plain_is_a_copy():
    array, tensor = np.ones(3), torch.ones(3)
    made = plain((array, [tensor]))
    array += 1
    tensor += 1
    assert made[0].tolist() == made[1][0].tolist() == [1, 1, 1]


def test_numbers_of_numpy_are_numbers_and_keep_how_exact_they_are():
    assert [type(plain(v)) for v in (np.float64(1), np.int32(1), np.bool_(True), np.str_("a"))] == [
        float,
        int,
        bool,
        str,
    ]
    assert plain(np.float32(1)).dtype == np.float32 and plain(np.longdouble(1)).dtype == np.float64


@pytest.mark.parametrize("value", [torch.ones(2, 2).to_sparse(), [[]]], ids=["sparse", "within itself"])
def test_what_cannot_be_looked_at_is_an_error(value):
    if type(value) is list:
        value[0] = value
    with pytest.raises((TypeError, ValueError)):
        plain(value)
