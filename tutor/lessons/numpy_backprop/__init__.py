"""Lesson 01: what it says of itself."""

from tutor.lessons.registry import About

ABOUT = About(
    minutes=85,
    core=70,
    items={
        "sine-fit": "the sine fit by hand in NumPy (loss curve, fitted curve against sin)",
        "chain-rule": "chain rule drawn",
        "two-layer-net": "the two-layer net by hand: dot, maximum, the copy and the mask",
        "loss-factor": "0.5*sum and sum losses and why the factor matters",
        "finite-differences": "finite differences as the independent judge",
        "batched-shapes": "batched shapes and why a transpose appears",
        "learning-rate": "learning rate too small, right, too large",
    },
)
