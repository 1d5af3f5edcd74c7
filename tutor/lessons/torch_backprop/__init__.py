"""Lesson 03: what it says of itself."""

from tutor.lessons.registry import About

ABOUT = About(
    minutes=90,
    items={
        "sine-fit": "the sine fit with tensors only",
        "precision": "float32 against NumPy's float64, and what their mixture does",
        "words": "mm, clamp(min=0), pow, t, clone",
        "two-layer-net": "the two-layer net with tensors only",
        "mistakes": "masking by the gradient; a target of shape (H, D_out) that works by accident",
        "in-place": "changing a tensor in place against making a new one",
        "device": "the CPU/CUDA (and any other accelerator) switch by one variable",
        "parity": "parity of CPU and accelerator results, asserted where there is one",
        "timing": "honest timing (warm-up, synchronise, median)",
        "crossing": "the crossing point where the accelerator starts to pay, drawn from this machine's figures",
    },
)
