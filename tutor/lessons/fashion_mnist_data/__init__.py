"""Lesson 10: what it says of itself."""

from tutor.lessons.registry import About

ABOUT = About(
    minutes=125,
    core=30,
    items={
        "load": "FashionMNIST loaded and verified",
        "show": "FashionMNIST shown: 3x3 grid, class names, a batch of 64",
        "dataset": "Dataset: __len__ and __getitem__",
        "transforms": "transforms, and when they run",
        "to-tensor": "ToTensor to [0, 1]",
        "normalize": "Normalize",
        "one-hot": "Lambda one-hot by scatter_",
        "compose": "Compose, and a table of torchvision's equivalents",
        "augmentation": "augmentation, one image or a whole batch",
        "own-dataset": "a custom Dataset reading an image folder and a CSV of labels",
        "batching": "DataLoader and batching",
        "shuffling": "shuffling",
        "workers": "workers and what they cost",
        "cost": "what loading costs, measured",
    },
)
