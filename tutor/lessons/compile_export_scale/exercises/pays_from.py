"""The number of calls from which on compiling pays: the first call's cost forgotten, or one call too few."""

import math

from tutor.checking import Misconception, code
from tutor.checking.space import Number, Space


def probe_pays(d):
    """Times of a function that gains by being compiled, chosen so that a few calls pay for the first."""
    eager = d.number(0.4, 1.0)
    return eager * d.number(2.0, 5.0), eager * d.number(0.2, 0.6), eager


def probe_pays_never(d):
    """A compiled call that is slower than an eager one."""
    eager = d.number(0.4, 1.0)
    return eager * d.number(2.0, 5.0), eager * d.number(1.1, 1.5), eager


def probe_pays_as_slow(d):
    """A compiled call that is exactly as slow as an eager one."""
    eager = d.number(0.4, 1.0)
    return eager * d.number(2.0, 5.0), eager, eager


def probe_pays_evenly(d):
    """Times (sums of eighths, so that nothing is rounded) with which the bill is even after 2 to 6 calls."""
    compiled, gain = d.integer(1, 8) / 8, d.integer(1, 8) / 8
    return compiled + d.integer(2, 6) * gain, compiled, compiled + gain


def probe_pays_at_once(d):
    """A first call that costs less than an eager one."""
    eager = d.number(0.4, 1.0)
    return eager * d.number(0.7, 0.9), eager * d.number(0.2, 0.6), eager


def probe_pays_late(d):
    """Times with which some thousand calls pay for the first, as they do in the notebook."""
    compiled, gain = d.number(1e-4, 1e-3), d.number(1e-3, 2e-3)
    return compiled + (d.integer(1500, 3000) - 0.5) * gain, compiled, compiled + gain


def probe_pays_much_later(d):
    """The like, with some ten thousand calls."""
    compiled, gain = d.number(1e-4, 1e-3), d.number(1e-3, 2e-3)
    return compiled + (d.integer(20_000, 40_000) - 0.5) * gain, compiled, compiled + gain


def pays_by_counting(first_call, compiled_call, eager_call):
    if compiled_call >= eager_call:
        return math.inf
    n, compiled, eager = 1, first_call, eager_call
    while compiled > eager:
        n, compiled, eager = n + 1, compiled + compiled_call, eager + eager_call
    return n


def pays_by_floor(first_call, compiled_call, eager_call):
    extra, gain = first_call - eager_call, eager_call - compiled_call
    return 1 - int(-extra // gain) if gain > 0 else float("inf")


def pays_by_max(first_call, compiled_call, eager_call):
    warm_up, gain = first_call - compiled_call, eager_call - compiled_call
    return max(1, math.ceil(warm_up / gain)) if gain > 0 else math.inf


EXERCISE = code(
    difficulty="medium",
    minutes=7,
    drills=("compile-speed",),
    space=Space(
        {
            "first_call": Number((3.3, 1.25, 1000.0)),
            "compiled_call": Number((0.3, 1.0, 1.2, 1e-4)),
            "eager_call": Number((1.0, 0.37, 0.3, 0.2, 4.0, 50.0)),
        }
    ),
    probe=(
        *(probe_pays, probe_pays_never, probe_pays_as_slow, probe_pays_evenly, probe_pays_at_once),
        *(probe_pays_late, probe_pays_much_later),
    ),
    misconceptions=(
        Misconception(
            "warm-up-forgotten",
            "Yours pays from the first call on, whatever that call costs. What it costs belongs to the bill.",
            patch=("math.ceil((first_call - compiled_call) / (eager_call - compiled_call))", "1"),
            hints=("Who pays for the first call?",),
        ),
        Misconception(
            "not-rounded",
            "The number of calls is not whole: what comes out is where the two bills would meet, and that lies between two calls. The first whole number that is no smaller is asked for.",
            patch=(
                "math.ceil((first_call - compiled_call) / (eager_call - compiled_call))",
                "(first_call - compiled_call) / (eager_call - compiled_call)",
            ),
            hints=("How many calls are 4.3 calls?",),
        ),
        Misconception(
            "rounded-to-the-nearest",
            "Sometimes your n is right, and sometimes one too small: it is rounded to the nearest whole number. With fewer calls than it takes the bill is not paid: round up.",
            patch=("math.ceil(", "round("),
            hints=("If 7.2 calls would just pay, do 7 calls?",),
        ),
        Misconception(
            "one-too-few",
            "Your n is one too small: with that many calls the bill is not yet paid. Did you round down, or leave the "
            "first call out of the count?",
            patch=("math.ceil(", "math.floor("),
            hints=("If 7.2 calls would just pay, do 7 calls? And is the first call among your n?",),
        ),
        Misconception(
            "first-call-counted-twice",
            "Your bill has n later calls besides the first. The first call does a call's work, too: n calls are the first and n - 1 later ones.",
            patch=("(first_call - compiled_call)", "first_call"),
            hints=("How many later calls are there among n?",),
        ),
        Misconception(
            "compared-with-eager-alone",
            "What the first call costs more is divided by the time of an eager call. What pays for it is the time that each later call saves.",
            patch=("/ (eager_call - compiled_call)", "/ eager_call"),
            hints=("How much does each later call save?",),
        ),
        Misconception(
            "never-forgotten",
            "Where a compiled call is no faster than an eager one, no number of calls pays: math.inf is asked for.",
            patch=("    if compiled_call >= eager_call:\n        return math.inf\n", ""),
            hints=("What if compiled_call is larger than eager_call?",),
        ),
        Misconception(
            "as-slow-overlooked",
            "A compiled call that is exactly as slow as an eager one saves nothing: it never pays either, and the difference "
            "that you divide by is 0.",
            patch=("compiled_call >= eager_call", "compiled_call > eager_call"),
            hints=("How much does each call save, if both take the same time?",),
        ),
        Misconception(
            "even-is-not-enough",
            "Where both bills are equal, that number of calls counts already: the docstring says <=. Yours is one more there.",
            patch=(
                "math.ceil((first_call - compiled_call) / (eager_call - compiled_call))",
                "math.floor((first_call - compiled_call) / (eager_call - compiled_call)) + 1",
            ),
            hints=("If exactly 3 calls make both bills equal, which n is asked for?",),
        ),
        Misconception(
            "two-at-least",
            "If even the first call costs no more than an eager one, it pays from 1 call on.",
            patch=(
                "math.ceil((first_call - compiled_call) / (eager_call - compiled_call))",
                "max(2, math.ceil((first_call - compiled_call) / (eager_call - compiled_call)))",
            ),
            hints=("For n = 1, what do both sides of the docstring's <= say?",),
        ),
        Misconception(
            "gives-up",
            "math.inf comes out where it pays after a long time. Only a compiled call that is no faster than an eager one never pays.",
            patch=(
                "    return math.ceil((first_call - compiled_call) / (eager_call - compiled_call))",
                "    n = math.ceil((first_call - compiled_call) / (eager_call - compiled_call))\n    return n if n <= 1000 else math.inf",
            ),
            hints=("How many calls does a warm-up of a second need, if each later call saves a millisecond?",),
        ),
    ),
    alternatives=(pays_by_counting, pays_by_floor, pays_by_max),
    hints=(
        "After the first call you are behind. How much does each later call catch up?",
        "Solve first_call + (n - 1) * compiled_call = n * eager_call for n, and round up; but first ask whether it can pay at all.",
        "`math.ceil((first_call - compiled_call) / (eager_call - compiled_call))`",
    ),
)
