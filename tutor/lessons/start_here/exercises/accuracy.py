"""The fraction of rows with the highest score at the target: columns for rows, a count for a fraction."""

import torch

from tutor.checking import Misconception, code
from tutor.checking.space import Array, Labels, Space


def probe_scores(d):
    """Scores of a few images, more than half of them with the highest score at the target."""
    n, classes = d.integer(11, 17), d.integer(4, 6)
    scores = d.tensor(n, classes)
    scores[0, 0] = 0
    ranked = scores.argsort(dim=1, descending=True)
    targets = ranked[:, 0].clone()
    # wrong rows lie scattered between right ones, with the second-best score, the third and the lowest
    rows = 1 + torch.from_numpy(d.rng.permutation(n - 2)[: d.integer(4, n // 2)])
    targets[rows] = ranked[rows, 1]
    targets[rows[2:3]] = ranked[rows[2:3], 2]
    targets[rows[3:]] = ranked[rows[3:], -1]
    return scores, targets


def accuracy_by_loop(scores, targets):
    right = 0
    for row, target in zip(scores, targets, strict=True):
        if int(row.argmax()) == int(target):
            right += 1
    return right / len(targets)


def accuracy_by_count(scores, targets):
    return (torch.max(scores, 1).indices == targets).sum().item() / scores.shape[0]


def accuracy_by_rank(scores, targets):
    own = scores.gather(1, targets[:, None])
    return ((scores > own).sum(dim=1) == 0).double().mean()


EXERCISE = code(
    difficulty="easy",
    minutes=4,
    drills=("fashion-mnist",),
    space=Space(
        {"scores": Array("N C", scales=("usual", "eight", "small"), tensor=True), "targets": Labels("N", classes="C")},
        sizes={"N": (1,)},
    ),
    probe=probe_scores,
    misconceptions=(
        Misconception(
            "mean-of-booleans",
            "A comparison gives True and False, and torch takes no mean of those. Turn them into numbers first.",
            patch=(".float()", ""),
            hints=("Which dtype does `==` give, and which has a mean?",),
        ),
        Misconception(
            "columns-for-rows",
            "What meets the targets has a number for each column. One image is one row, and its scores lie along dimension 1: its answer is where the highest of them stands.",
            patch=("dim=1", "dim=0"),
            hints=("Along which dimension do the scores of one image lie?",),
        ),
        Misconception(
            "count-for-fraction",
            "That is how many are right, not which fraction. Divide by the number of rows.",
            patch=(".mean()", ".sum()"),
            hints=("Between which two numbers does a fraction lie?",),
        ),
        Misconception(
            "lowest-score",
            "The kinds with the *lowest* scores are compared with the targets. The network's answer is the kind with the highest.",
            patch=("argmax", "argmin"),
            hints=("Which score is the network's answer?",),
        ),
        Misconception(
            "wrong-ones-counted",
            "That is the fraction of *wrong* answers, 1 minus the accuracy.",
            patch=("==", "!="),
            hints=("Is your number large when the network is good?",),
        ),
        Misconception(
            "per-image",
            "You return one 0 or 1 for each image. The mean of them is the fraction.",
            patch=(".mean()", ""),
            hints=("How many numbers should come out?",),
        ),
    ),
    alternatives=(accuracy_by_loop, accuracy_by_count, accuracy_by_rank),
    hints=(
        "For one row of scores, how do you tell whether the answer is right?",
        "Compare `scores.argmax(dim=1)` with `targets`, then take the mean of the hits.",
        "`return (scores.argmax(dim=1) == targets).float().mean()`",
    ),
)
