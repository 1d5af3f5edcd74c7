"""The smallest size from which on a device is faster: a lucky win, a tie or a loss taken for it."""

import math

import numpy as np

from tutor.checking import Misconception, code


def times(d, faster):
    """Sizes, the times here, and times there that are shorter exactly where `faster` says so."""
    sizes = np.cumsum(d.rng.integers(3, 40, len(faster)))
    here = np.cumsum(d.rng.uniform(0.5, 1.5, len(faster)))
    there = here * np.where(faster, d.rng.uniform(0.3, 0.8, len(faster)), d.rng.uniform(1.2, 3.0, len(faster)))
    return [int(s) for s in sizes], [float(t) for t in here], [float(t) for t in there]


def probe_clean(d):
    """Slower up to some size, faster from there on."""
    return times(d, [False] * d.sizes(1, 1, 3)[0] + [True] * d.sizes(1, 1, 4)[0])


def probe_noisy(d):
    """A lucky measurement at a small size before the real crossing."""
    return times(d, [False, True, False, False] + [True] * d.integer(1, 3))


def probe_never(d):
    """Faster at a small size by luck, and never again."""
    return times(d, [False, True] + [False] * d.integer(2, 4))


def probe_always(d):
    """Faster at every size."""
    return times(d, [True] * d.integer(3, 6))


def probe_broken(d):
    """Runs of wins that are broken once more, early or late, before the real crossing."""
    runs = (
        [True, True, False, True, True],
        [False, True, True, True, True, False, True],
        [False, False, True, False, True],
    )
    return times(d, list(runs[d.sizes(1, 0, 2)[0]]))


def probe_as_in_the_notebook(d):
    """Times of microseconds that differ by a few percent, or by next to nothing, many alike; faster from somewhere on."""
    slower, faster = d.integer(1, 3), d.integer(2, 4)
    sizes, here, _ = times(d, [False] * slower + [True] * faster)
    here, share = [3e-6] * len(here), (0.03, 1e-3, 1e-6)[d.sizes(1, 0, 2)[0]]
    return sizes, here, [t * (1 + share if k < slower else 1 - share) for k, t in enumerate(here)]


def probe_single(d):
    """One size only, at which it is faster or slower."""
    return times(d, [d.seed % 2 == 1])


def probe_tie(d):
    """Equally fast at one size, then faster: a tie is no win, and ends a run of wins as a loss does."""
    slower = d.integer(1, 3)
    sizes, here, there = times(d, [d.seed % 2 == 1] * slower + [True] * d.integer(3, 4))
    there[slower] = here[slower]
    return sizes, here, there


def first_win(reference):
    """The first size at which it is faster, whatever comes later."""

    def wrong(sizes, here, there):
        return next((s for s, a, b in zip(sizes, here, there, strict=True) if b < a), math.inf)

    return wrong


def last_loss(reference):
    """The largest size at which it still loses."""

    def wrong(sizes, here, there):
        return max((s for s, a, b in zip(sizes, here, there, strict=True) if b >= a), default=math.inf)

    return wrong


def last_win(reference):
    """The largest size at which it is faster."""

    def wrong(sizes, here, there):
        return max((s for s, a, b in zip(sizes, here, there, strict=True) if b < a), default=math.inf)

    return wrong


def position(reference):
    """Where the size stands in the list."""

    def wrong(sizes, here, there):
        found = reference(sizes, here, there)
        return sizes.index(found) if found in sizes else math.inf

    return wrong


def crossing_by_last_loss(sizes, here, there):
    lost = [k for k in range(len(sizes)) if there[k] >= here[k]]
    first = lost[-1] + 1 if lost else 0
    return sizes[first] if first < len(sizes) else math.inf


def crossing_by_all(sizes, here, there):
    for k, size in enumerate(sizes):
        if all(b < a for a, b in zip(here[k:], there[k:], strict=True)):
            return size
    return float("inf")


def crossing_by_numpy(sizes, here, there):
    stays = np.logical_and.accumulate((np.array(there) < np.array(here))[::-1])[::-1]
    return np.array(sizes)[stays].min(initial=2**62) if stays.any() else np.inf


EXERCISE = code(
    difficulty="medium",
    minutes=8,
    drills=("crossing",),
    probe=(
        probe_clean,
        probe_noisy,
        probe_never,
        probe_always,
        probe_tie,
        probe_broken,
        probe_as_in_the_notebook,
        probe_single,
    ),
    misconceptions=(
        Misconception(
            "first-win",
            "That is the first size at which it is faster. It may lose again after that: a lucky measurement is no crossing. It has to be faster at *every* larger size too.",
            wrap=first_win,
            hints=("What do you return for wins at sizes 2, 16 and 32 and losses at 1, 4 and 8?",),
        ),
        Misconception(
            "last-loss",
            "That is the largest size at which it is not faster. The answer is the next one: the smallest size of the winning stretch.",
            wrap=last_loss,
            hints=("Is `there` faster at the size that you return?",),
        ),
        Misconception(
            "last-win",
            "That is the largest size at which it is faster. Asked for is the smallest size of the stretch that reaches to the end.",
            wrap=last_win,
            hints=("Where does the winning stretch begin?",),
        ),
        Misconception(
            "position-for-size",
            "That is where the size stands in the list, not the size itself.",
            wrap=position,
            hints=("Is what you return one of the entries of `sizes`?",),
        ),
        Misconception(
            "never-forgotten",
            "Where it is not faster even at the largest size, the answer is `math.inf`; you return the largest size.",
            patch=("crossing = math.inf", "crossing = sizes[-1]"),
            hints=("What does your function return if `there` always loses?",),
        ),
        Misconception(
            "none-for-never",
            "Where it never pays you return `None`. Return `math.inf`: it is a number, so that it can be compared and sorted.",
            patch=("crossing = math.inf", "crossing = None"),
            hints=("What does the docstring say about a device that is never faster?",),
        ),
        Misconception(
            "turned-round",
            "That is where `here` begins to be faster. A shorter time is the better one: `there` pays where its time is smaller.",
            patch=("b >= a", "a >= b"),
            hints=("Which of two times belongs to the faster device?",),
        ),
        Misconception(
            "tie-counts",
            "A size at which both take equally long counts as faster here. A tie is not faster, so the winning stretch begins after it.",
            patch=("b >= a", "b > a"),
            hints=("Is `there` faster at a size where both times are equal?",),
        ),
    ),
    alternatives=(crossing_by_last_loss, crossing_by_all, crossing_by_numpy),
    hints=(
        "From which end of the list is it easier to see where the winning stretch begins?",
        "Walk from the largest size to the smallest and stop at the first one at which `there` is not faster.",
        "`for size, a, b in reversed(list(zip(sizes, here, there))):`, with `crossing = math.inf` before it.",
    ),
)
