"""Lesson 00: what it says of itself."""

from tutor.lessons.registry import About

ABOUT = About(
    minutes=20,
    items={
        "first-exercise": "how the notebooks work: a first exercise",
        "wrong-answer": "a wrong answer and its diagnosis",
        "hint-reset-progress": "a hint, a reset, the progress view",
        "environment": "the environment check (device, versions, data)",
        "map": "the PyTorch map: torch, autograd, nn, optim, compile/export",
        "fashion-mnist": "a small network recognises real FashionMNIST images before the reader's eyes",
    },
)
