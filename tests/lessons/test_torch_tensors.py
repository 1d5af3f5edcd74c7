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


def patched(*pairs):
    """The report on the mended patches with some texts of the solution replaced."""
    exercise = exercises["torch_tensors.mend_patches"]
    source = exercise.source
    for old, new in pairs:
        assert old in source
        source = source.replace(old, new)
    return exercise.check(exercise.build(source)[0], source=source)


AS_IT_WAS = (".permute(0, 2, 4, 1, 3, 5)", ".transpose(3, 4)")


@pytest.mark.parametrize(
    ("mend", "name"),
    [
        ("tiles.reshape(", "joined-across-colours"),
        ("tiles.contiguous().view(", "joined-across-colours"),
        ("tiles.clone().view(", "unmended"),  # a clone keeps the order in memory
        ("tiles.transpose(3, 4).view(", "strips-of-memory"),
    ],
)
def test_a_mend_that_silences_view_is_told_what_its_rows_hold(mend, name):
    assert patched(AS_IT_WAS, ("tiles.reshape(", mend)).misconception == name


def test_patches_in_the_right_order_may_be_copied_either_way():
    assert patched(("tiles.reshape(", "tiles.contiguous().view(")).verdict == "pass"
    assert patched(("tiles.reshape(", "tiles.view(")).misconception == "right-order-no-view"
