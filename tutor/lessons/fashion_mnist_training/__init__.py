"""Lesson 11: what it says of itself."""

from tutor.lessons.registry import About

ABOUT = About(
    minutes=170,
    core=55,
    items={
        "device": "CPU and CUDA by one variable",
        "first-recipe": "the 784-512-512-10 network and the well-known 5-epoch SGD recipe",
        "loops": "train and test loops, epochs",
        "live": "loss and accuracy reported live",
        "validation": "a validation split",
        "one-change": "step by step from the first recipe to the last, each step one change",
        "noise": "how large a difference must be: several seeds, the standard error",
        "test-once": "the test set, opened once",
        "confusion": "the confusion matrix and the accuracy of each class",
        "mistakes": "the worst mistakes shown",
        "filters": "the filters of the first layer",
        "save-load": "save, load (weights_only)",
        "resume": "resume with the identical result",
        "predict": "predict one image",
    },
)
