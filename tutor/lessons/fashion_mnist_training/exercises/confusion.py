"""The confusion matrix, which class is taken for which: pairs counted once, rows and columns exchanged."""

import torch
from torch import nn

from tutor.checking import Misconception, code
from tutor.checking.evidence import seen


def probe_confusion(d):
    """Predictions, targets, and a last class that does not occur."""
    n, classes = d.integer(15, 25), d.integer(4, 6)
    target = torch.from_numpy(d.labels(n, classes - 1))
    predicted = torch.where(torch.from_numpy(d.rng.random(n) < 0.5), target, (target + 1) % (classes - 1))
    return predicted, target, classes


def probe_crowd(d):
    """So many images, most of them right and of one class, that neither a byte nor half precision can count them."""
    n, classes = 2601, 4
    target = torch.from_numpy(d.labels(n, classes - 1) * (d.rng.random(n) < 0.1))
    predicted = torch.where(torch.from_numpy(d.rng.random(n) < 0.95), target, (target + 1) % (classes - 1))
    return predicted, target, classes


def probe_one_image(d):
    """A single image; of the first class or the last, taken for the other or not."""
    classes = d.integer(2, 4)
    of, taken_for = ((0, classes - 1), (classes - 1, 0), (classes - 1, classes - 1))[d.seed % 3]
    return torch.tensor([taken_for]), torch.tensor([of]), classes


def shares_of_rows(matrix):
    """Fractions of each class in the place of counts."""
    return matrix / matrix.sum(dim=1, keepdim=True)


def confusion_by_bincount(predicted, target, classes):
    return torch.bincount(classes * target + predicted, minlength=classes * classes).reshape(classes, classes)


def confusion_by_one_hot(predicted, target, classes):
    one_hot = nn.functional.one_hot
    return one_hot(target, classes).T @ one_hot(predicted, classes)


def confusion_by_put(predicted, target, classes):
    matrix = torch.zeros(classes, classes, dtype=torch.long)
    return matrix.index_put_((target, predicted), torch.ones_like(target), accumulate=True)


def confusion_by_pairs(predicted, target, classes):
    pairs = [[((target == t) & (predicted == p)).sum() for p in range(classes)] for t in range(classes)]
    return torch.tensor(pairs)


EXERCISE = code(
    difficulty="medium",
    minutes=7,
    drills=("confusion",),
    probe=(probe_confusion, probe_crowd, probe_one_image),
    misconceptions=(
        Misconception(
            "counted-once",
            "No pair is counted more than once: there is no number above 1. Each image is to add 1 to what stands there.",
            patch=(
                "    for t, p in zip(target.tolist(), predicted.tolist()):\n        matrix[t, p] += 1\n",
                "    matrix[target, predicted] += 1\n",
            ),
            cause="`matrix[target, predicted] += 1` with whole tensors reads all the values first and then writes them, so an entry that is named five times grows by 1.",
            evidence=seen("_[target, predicted] += _", "_[target, predicted] = _[target, predicted] + _"),
            other=("matrix[t, p] += 1", "matrix[t, p] = 1"),
            hints=("What is the largest number in your matrix?",),
        ),
        Misconception(
            "rows-and-columns-exchanged",
            "Rows and columns are exchanged: the row is the true class, the column the predicted one.",
            patch=("matrix[t, p]", "matrix[p, t]"),
            hints=("Which of the two numbers of (t, p) is the row?",),
        ),
        Misconception(
            "rows-are-one-list",
            "All rows are the same, and each holds the counts of all. Is there one row under several names? `[[0] * classes] * classes` makes such.",
            wrap=lambda reference: (
                lambda predicted, target, classes: (
                    reference(predicted, target, classes).sum(dim=0).expand(classes, classes).clone()
                )
            ),
            hints=("What does `*` do with a list that holds a list: copy it, or name it again?",),
        ),
        Misconception(
            "bincount-too-short",
            "`bincount` ends at the largest number that occurs, so the last classes are missing and the rest does not fill a square. Say "
            "how many numbers there are: `minlength=classes * classes`.",
            patch=(
                "    for t, p in zip(target.tolist(), predicted.tolist()):\n        matrix[t, p] += 1\n    return matrix",
                "    return torch.bincount(classes * target + predicted).view(classes, classes)",
            ),
            hints=("How many numbers does `torch.bincount(torch.tensor([0, 1]))` return?",),
        ),
        Misconception(
            "a-byte-is-too-small",
            "Some of your counts are too small by 256: a byte begins again at 0 behind 255. Count in int64.",
            patch=("torch.int64", "torch.uint8"),
            hints=("What is the dtype of your matrix, and how many images can a class have?",),
        ),
        Misconception(
            "counted-apart",
            "An entry is the count of a class among the targets times that of a class among the predictions. Asked for are the images that have both: of class t *and* taken for p.",
            patch=(
                "    for t, p in zip(target.tolist(), predicted.tolist()):\n        matrix[t, p] += 1",
                "    matrix += torch.outer(target.bincount(minlength=classes), predicted.bincount(minlength=classes))",
            ),
            hints=("How many images are there in all, and what is the sum of your entries?",),
        ),
        Misconception(
            "mistakes-only",
            "Only the mistakes are counted. The diagonal belongs to the matrix: it holds the right answers.",
            patch=("        matrix[t, p] += 1", "        matrix[t, p] += t != p"),
            hints=("What does entry (t, t) count?",),
        ),
        Misconception(
            "right-ones-only",
            "Only the right answers are counted; everything off the diagonal is missing.",
            patch=("        matrix[t, p] += 1", "        matrix[t, p] += t == p"),
            hints=("Where does a mistake go?",),
        ),
        Misconception(
            "only-classes-that-occur",
            "Your matrix has room only up to the last class that occurs. A class without an image has a row as well, of zeros.",
            wrap=lambda reference: (
                lambda predicted, target, classes: reference(
                    predicted, target, int(max(predicted.max(), target.max())) + 1
                )
            ),
            hints=("Where is the number of classes written that you were given?",),
        ),
        Misconception(
            "shares-of-rows",
            "Shares come out, each row divided by its sum (which is 0 for a class that does not occur). Counts are asked for.",
            wrap=lambda reference: (
                lambda predicted, target, classes: shares_of_rows(reference(predicted, target, classes))
            ),
            hints=("Should your entries be whole numbers?",),
        ),
    ),
    alternatives=(confusion_by_bincount, confusion_by_one_hot, confusion_by_put, confusion_by_pairs),
    equivalent_mutants={
        "matrix = torch.zeros(classes, classes)": "the counts are judged by their values",
        "for t, p in zip(target, predicted.tolist()):": "tensors of one number can be indices",
        "for t, p in zip(target.tolist(), predicted):": "tensors of one number can be indices",
    },
    hints=(
        "For one single image of class t that was taken for p: which entry grows, and by how much?",
        "Start from `torch.zeros(classes, classes, dtype=torch.int64)` and go through both tensors side by side.",
        "`matrix[t, p] += 1` inside `for t, p in zip(target.tolist(), predicted.tolist()):`",
    ),
)
