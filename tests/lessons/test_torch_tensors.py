"""Lesson 02: what a report says of wrong shapes."""

import pytest

from tutor.lessons.registry import exercises

RIGHT = {"times": "(B, N, D_in)", "dot": "()", "vector": "(D_in,)", "mm": "(H, N)", "matmul": "(B, N, H)"}
RIGHT |= {
    "addmm": "(N, D_in)",
    "bmm": "(B, H, H)",
    "baddbmm": "(B, N, D_in)",
    "addbmm": "(N, D_in)",
    "einsum": "(B, H)",
}


def report_of(**wrong):
    def product_shapes(*sizes):
        letters = dict(zip(("B", "N", "D_in", "H"), sizes, strict=True))
        return [eval(shape, letters) for shape in (RIGHT | wrong).values()]

    return exercises["torch_tensors.product_shapes"].check(product_shapes)


def test_the_right_shapes_pass():
    assert report_of().verdict == "pass"


@pytest.mark.parametrize(("name", "shape"), [("mm", "(N, H)"), ("vector", "(N,)"), ("matmul", "(N, D_in)")])
def test_a_wrong_shape_is_named_and_the_right_one_is_not_told(name, shape):
    message = report_of(**{name: shape, "einsum": "(B, N)"}).message
    assert f"`{name}` should be the sizes that it does not sum over, in their order; yours is {shape}." in message
    assert RIGHT[name] not in message
