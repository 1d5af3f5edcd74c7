"""Lesson A1: what it says of itself."""

from tutor.lessons.registry import About

ABOUT = About(
    minutes=50,
    items={
        "map": "the map of the packages: torch, autograd, nn, optim, jit and its successors",
        "make": "tensors made from lists, arrays, other tensors and a shape; shape, dtype, device",
        "reshape": "indexing, slicing, cat, view and reshape",
        "multiply": "products entry by entry and of matrices; item; in-place operations",
        "backward": "what requires_grad and backward() do, drawn; gradients accumulate",
        "by-hand": "a line fitted with gradients by hand",
        "by-autograd": "the same line fitted by autograd",
    },
)
