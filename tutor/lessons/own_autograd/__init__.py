"""Lesson 04: what it says of itself."""

from tutor.lessons.registry import About

ABOUT = About(
    minutes=165,
    core=40,
    items={
        "tensor": "build reverse-mode differentiation in about 100 lines on NumPy: a Tensor with data, grad, parents, backward",
        "local-rules": "a way back for every operation: add, mul, matmul as vector-Jacobian products",
        "operations": "the operations of the engine: sum, relu, pow, exp, log, and those built from others",
        "accumulation": "accumulation with +=: a node used twice, a second sweep",
        "topological-order": "topological order",
        "unbroadcasting": "unbroadcasting",
        "backward": "the sweep that puts order, accumulation and unbroadcasting together",
        "against-torch": "checked against torch",
        "two-layer-net": "the two-layer net trained on it",
        "cost": "what the engine costs against torch on a million-element tensor, measured",
        "classifier": "the engine trained on FashionMNIST to 80 %, and made faster where the time goes",
    },
)
