"""The mean of paired differences and its standard error: a spread for the error, n for n - 1."""

import math

import numpy as np
import torch

from tutor.checking import Misconception, code


def probe_difference(d):
    """Accuracies of two recipes that go up and down together, as runs with the same seeds do; now this one is better, now that."""
    n = d.integer(4, 8)
    luck, noise = d.tensor(n), 0.8 * d.tensor(n)
    gain = d.number(0.1, 0.2) * (-1) ** d.seed
    return 2 + luck, 2 + luck + noise - noise.mean() + gain


def probe_never_right(d):
    """The same where a run of the first recipe got nothing right."""
    a, b = probe_difference(d)
    a[0] = 0
    return a, b


def probe_two_runs(d):
    """No more than two runs, in percent and in double precision; each of them is every second number of a tensor."""
    a = torch.tensor([60.0, 0.0, 68.0], dtype=torch.float64) + d.number()
    gains = torch.tensor([1.0, 0.0, 4.0], dtype=torch.float64) + d.number()
    return a[::2], (a + gains)[::2]


def difference_by_hand(a, b):
    differences = [float(q) - float(p) for p, q in zip(a, b, strict=True)]
    n = len(differences)
    mean = sum(differences) / n
    s = math.sqrt(sum((d - mean) ** 2 for d in differences) / (n - 1))
    return mean, s / n**0.5


def difference_in_numpy(a, b):
    d = np.asarray(b, dtype=np.float64) - np.asarray(a, dtype=np.float64)
    return d.mean(), d.std(ddof=1) / np.sqrt(d.size)


def difference_by_variance(a, b):
    return b.mean() - a.mean(), ((b - a).var() / len(a)).sqrt()


EXERCISE = code(
    difficulty="medium",
    minutes=8,
    drills=("noise",),
    probe=(probe_difference, probe_never_right, probe_two_runs),
    outputs=("the mean", "the standard error"),
    misconceptions=(
        Misconception(
            "spread-for-error",
            "That is the spread of a single difference. The mean of n of them is known better, by the root of n.",
            patch=(" / math.sqrt(len(d))", ""),
            hints=("Does your error shrink when you run more seeds?",),
        ),
        Misconception(
            "divided-by-n",
            "The spread is divided by n. The error of a mean shrinks with the root of n only.",
            patch=("math.sqrt(len(d))", "len(d)"),
            hints=("How many runs halve the standard error?",),
        ),
        Misconception(
            "n-for-n-minus-one",
            "The spread of the differences is the one that divides by n. With few runs that is too small: the mean was taken from the same numbers, so divide by n - 1.",
            patch=("d.std()", "d.std(correction=0)"),
            hints=("By what does the formula of s divide?",),
        ),
        Misconception(
            "not-paired",
            "The error is made of the spreads of a and b, each by itself. Both go up and down with the same seeds; that luck cancels only if the differences come first.",
            patch=("d.std()", "(a.var() + b.var()).sqrt()"),
            hints=("Of which numbers does the formula take the spread?",),
        ),
        Misconception(
            "difference-of-spreads",
            "The error is made of the difference of two spreads, that of b less that of a. Take the spread of the differences: they come first.",
            patch=("d.std()", "(b.std() - a.std()).abs()"),
            hints=("Which numbers do you take the standard deviation of?",),
        ),
        Misconception(
            "spread-of-all",
            "The error is made of the spread of all numbers of a and b together, which holds the luck of the seeds. It cancels only in the differences.",
            patch=("d.std()", "torch.cat([a, b]).std()"),
            hints=("Which numbers do you take the standard deviation of?",),
        ),
        Misconception(
            "pairs-torn-apart",
            "The mean is right, and the differences are not those of one seed each: are both lists sorted first? The i-th of both belong together as they come.",
            patch=("d = b - a", "d = b.sort().values - a.sort().values"),
            hints=("Which two numbers are of the same seed?",),
        ),
        Misconception(
            "median-for-mean",
            "The first number is the median of the differences. The mean is asked for.",
            patch=("return d.mean(),", "return d.median(),"),
            hints=("What does the docstring ask for first?",),
        ),
        Misconception(
            "turned-round",
            "The sign is wrong: positive should mean that b is better.",
            patch=("b - a", "a - b"),
            hints=("Which of the two was there before?",),
        ),
        Misconception(
            "absolute-differences",
            "Differences count by their sizes, without their signs. Then a recipe that is as often worse as better seems to be better.",
            patch=("d = b - a", "d = (b - a).abs()"),
            hints=("Can your mean be negative?",),
        ),
        Misconception(
            "absolute-mean",
            "Your mean has lost its sign. If b is worse than a, it should be negative.",
            patch=("return d.mean(),", "return d.mean().abs(),"),
            hints=("What should you return if every run of b is one point worse?",),
        ),
        Misconception(
            "variance-over-n",
            "That is the square of the standard error: the variance divided by n. Take its root.",
            patch=("d.std() / math.sqrt(len(d))", "d.var() / len(d)"),
            hints=("Is your number in points, or in points squared?",),
        ),
        Misconception(
            "one-less-twice",
            "The error is the spread divided by the root of n - 1. That n - 1 stands in the spread already; the error of the mean is the spread divided by the root of n.",
            patch=("math.sqrt(len(d))", "math.sqrt(len(d) - 1)"),
            hints=("Where does n - 1 stand in the formulas, and where n?",),
        ),
        Misconception(
            "variance-for-spread",
            "The error is made of the variance of the differences. Take its root, the standard deviation, first.",
            patch=("d.std()", "d.var()"),
            hints=("Which of the two is in points?",),
        ),
    ),
    alternatives=(difference_by_hand, difference_in_numpy, difference_by_variance),
    equivalent_mutants={
        "return (d.mean(), d.std() / math.sqrt(len(a)))": "a, b and d have one length",
        "return (d.mean(), d.std() / math.sqrt(len(b)))": "a, b and d have one length",
    },
    equivalent_narrowed={
        "an input squeezed": "there are at least two differences",
        "right for more than one example only": "there are at least two differences",
    },
    hints=(
        "What do two runs with the same seed share, and what cancels in their difference?",
        "Take `d = b - a`; then its mean, and its `std()` divided by the root of how many there are.",
        "`return d.mean(), d.std() / math.sqrt(len(d))`",
    ),
)
