"""Labels as rows with a 1 in the column of the class: every row written, the wrong dtype, too few columns."""

import torch
from torch.nn import functional

from tutor.checking import Misconception, code
from tutor.checking.evidence import seen

from ..shared import dtype_in_words


def probe_labels(d):
    """Labels, some of them equal, the last class not among them; and how many classes there are."""
    n, classes = d.sizes(2, 5, 9)
    labels = d.labels(n, classes - 1)
    labels[:3] = 0, classes - 2, classes - 2
    return torch.from_numpy(labels), classes


def probe_one_label(d):
    """A single label, of the first class or the last."""
    classes = d.integer(1, 4)
    return torch.tensor([(classes - 1) * (d.seed % 2)]), classes


def use_one_hot(one_hot, labels, classes):
    """The rows, and in which dtype they are."""
    rows = one_hot(labels, classes)
    return rows, dtype_in_words(rows)


def one_hot_by_index(labels, classes):
    rows = torch.zeros((len(labels), classes))
    rows[torch.arange(len(labels)), labels] = 1
    return rows


def one_hot_by_comparison(labels, classes):
    return (labels[:, None] == torch.arange(classes)).float()


def one_hot_from_eye(labels, classes):
    return torch.eye(classes)[labels]


def one_hot_by_function(labels, classes):
    return functional.one_hot(labels, num_classes=classes).to(torch.float32)


def one_hot_by_loop(labels, classes):
    rows = []
    for label in labels.tolist():
        rows.append(torch.zeros(classes).scatter_(0, torch.tensor(label), value=1))
    return torch.stack(rows)


EXERCISE = code(
    difficulty="medium",
    minutes=6,
    drills=("one-hot",),
    probe=(probe_labels, probe_one_label),
    use=use_one_hot,
    outputs=("the rows", "their dtype"),
    exact=True,
    misconceptions=(
        Misconception(
            "nothing-written",
            "There is no 1 in the zeros that you return. Is none written, or are the ones written into another tensor?",
            patch=(
                "return rows.scatter_(1, labels.unsqueeze(1), 1.0)",
                "rows.scatter(1, labels.unsqueeze(1), 1.0)\n    return rows",
            ),
            cause="`scatter`, without an underscore, leaves its tensor as it is and returns a new one.",
            evidence=seen("_.scatter(...)"),
            other=(
                "return rows.scatter_(1, labels.unsqueeze(1), 1.0)",
                "rows[torch.arange(len(labels))].scatter_(1, labels.unsqueeze(1), 1.0)\n    return rows",
            ),
            hints=("Which of your lines changes the very tensor that you return?",),
        ),
        Misconception(
            "every-row",
            "Every row has a 1 for the label of every example. Each row is to get its own label only.",
            patch=("return rows.scatter_(1, labels.unsqueeze(1), 1.0)", "rows[:, labels] = 1.0\n    return rows"),
            cause="`[:, labels]` means: in all rows, these columns.",
            evidence=seen("_[:, labels]"),
            other=("return rows.scatter_(1, labels.unsqueeze(1), 1.0)", "return rows.index_fill_(1, labels, 1.0)"),
            hints=("How many ones are in your first row?",),
        ),
        Misconception(
            "ones-pile-up",
            "The first row is right, and each row also has the ones of the rows before it. Is one row filled again and again? Begin each with zeros of its own.",
            patch=("1.0)", "1.0).cumsum(0).clamp_(max=1)"),
            hints=("What stands in your row when the second label comes?",),
        ),
        Misconception(
            "transposed",
            "Your rows are the classes and your columns the examples. It is to be the other way round: (N, classes).",
            patch=(
                ("torch.zeros(len(labels), classes)", "torch.zeros(classes, len(labels))"),
                ("scatter_(1, labels.unsqueeze(1), 1.0)", "scatter_(0, labels.unsqueeze(0), 1.0)"),
            ),
            hints=("What stands for one example, a row or a column?",),
        ),
        Misconception(
            "whole-numbers",
            "The ones are in the right places, but they are whole numbers. The loss wants probabilities: floats.",
            patch=("torch.zeros(len(labels), classes)", "torch.zeros(len(labels), classes, dtype=torch.int64)"),
            hints=("What is the dtype of your result?",),
        ),
        Misconception(
            "true-and-false",
            "The places are right, but they hold True and False. The loss wants probabilities: floats.",
            patch=("torch.zeros(len(labels), classes)", "torch.zeros(len(labels), classes, dtype=torch.bool)"),
            hints=("What is the dtype of your result?",),
        ),
        Misconception(
            "double-precision",
            "The ones are in the right places, but they are float64. float32 is asked for, as the logits of a network are.",
            patch=("torch.zeros(len(labels), classes)", "torch.zeros(len(labels), classes, dtype=torch.float64)"),
            hints=("Which dtype does `torch.zeros` make, if you do not say anything else?",),
        ),
        Misconception(
            "index-without-columns",
            "The index has to have as many dimensions as the rows, two, and `labels` has one. The shape (N, 1) is wanted: one place in each of N rows.",
            patch=("labels.unsqueeze(1)", "labels"),
            hints=("What makes (N, 1) of (N,)?",),
        ),
        Misconception(
            "labels-for-ones",
            "The label itself stands in its place. A 1 belongs there, whatever the class.",
            patch=("labels.unsqueeze(1), 1.0", "labels.unsqueeze(1), labels.unsqueeze(1).float()"),
            hints=("What is the sum of a row?",),
        ),
        Misconception(
            "classes-that-occur",
            "There are only as many columns as the largest label asks for. The last classes may be missing in a batch; take `classes`.",
            patch=("torch.zeros(len(labels), classes)", "torch.zeros(len(labels), int(labels.max()) + 1)"),
            hints=("How many columns does a batch need in which the last class is missing?",),
        ),
        Misconception(
            "counted-from-one",
            "The ones stand one column too far to the right. Classes are counted from 0.",
            patch=("labels.unsqueeze(1), 1.0", "labels.unsqueeze(1) + 1, 1.0"),
            hints=("In which column does class 0 belong?",),
        ),
        Misconception(
            "first-row-only",
            "All the ones stand in the first row. One place in each of N rows is wanted.",
            patch=("labels.unsqueeze(1)", "labels.unsqueeze(0)"),
            cause="`scatter_` goes through the rows of its index, and an index of shape (1, N) has one; (N, 1) has N.",
            evidence=seen(
                "labels.unsqueeze(0)", "labels[None]", "labels[None, :]", "labels.view(1, -1)", "labels.reshape(1, -1)"
            ),
            other=("return rows.scatter_(1, labels.unsqueeze(1), 1.0)", "rows[0, labels] = 1.0\n    return rows"),
            hints=("How many of your rows hold a 1?",),
        ),
        Misconception(
            "wrong-direction",
            "The labels are used as numbers of rows. Each example has its row, and the label says the column: that is direction 1 of `scatter_`.",
            patch=("scatter_(1,", "scatter_(0,"),
            hints=(
                "`out.scatter_(0, index, 1.0)` does `out[index[i, j], j] = 1.0`. Which of the two places is the label?",
            ),
        ),
    ),
    alternatives=(one_hot_by_index, one_hot_by_comparison, one_hot_from_eye, one_hot_by_function, one_hot_by_loop),
    hints=(
        "In row i, which single column gets a 1?",
        "Begin with zeros of shape (N, classes); `scatter_` in direction 1 wants an index of shape (N, 1).",
        "`torch.zeros(len(labels), classes).scatter_(1, labels.unsqueeze(1), 1.0)`.",
    ),
)
