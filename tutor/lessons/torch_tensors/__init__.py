"""Lesson 02: what it says of itself."""

from tutor.lessons.registry import About

ABOUT = About(
    minutes=105,
    core=40,
    items={
        "create": "tensors from lists, NumPy, other tensors (`*_like`), shapes",
        "attributes": "shape, dtype, device",
        "numpy-bridge": "the NumPy bridge and its shared memory",
        "indexing": "indexing, slicing, cat and stack",
        "views": "view(-1), reshape, strides, contiguous",
        "arithmetic": "arithmetic, `out=`",
        "item": "item()",
        "in-place": "in-place `_` operations",
        "broadcasting": "broadcasting and its traps",
        "products": "the product family, with shapes drawn: `*`, dot",
        "matrix-products": "the product family, with shapes drawn: mm, matmul/@, addmm",
        "batched-products": "the product family, with shapes drawn: bmm, baddbmm, addbmm",
        "einsum": "the product family, with shapes drawn: einsum",
    },
)
