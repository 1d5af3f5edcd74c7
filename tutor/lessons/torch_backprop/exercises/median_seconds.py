"""Honest timing: no warm-up, a queue that is not waited for, another figure than the median."""

import ast

import numpy as np
import torch

from tutor.checking import Misconception, code


def probe_timer(d):
    """How long each call keeps the device busy: slow warm-up, then times that all differ, one of them far out.

    The first timed call is the shortest, so that a queue left over from the warm-up moves the median; the call in the
    middle of the row does not take the median time.
    """
    warmup, repeats = 2 * d.integer(1, 2), 2 * d.integer(2, 3) + 1  # never the defaults
    timed = np.linspace(1.0, 2.0, repeats)
    timed[1:] = d.rng.permutation(timed[1:])
    timed[d.integer(1, repeats - 1)] *= 30
    middle = repeats // 2
    if timed[middle] == np.median(timed):
        timed[[middle, middle + 1]] = timed[[middle + 1, middle]]
    slow = d.rng.uniform(20, 40, warmup)
    return [float(s) for s in (*slow, *timed)], warmup, repeats


def probe_once(d):
    """A single repetition, with the warm-up of a single call or with none."""
    warmup = d.seed % 2
    return [d.number(20, 40) for _ in range(warmup)] + [d.number(1, 2), d.number(60, 90)], warmup, 1


class PretendedDevice:
    """A device with a queue and a clock of its own: work is queued at once and done later, one piece after the other."""

    launch = 0.01  # seconds until a call returns

    def __init__(self, durations):
        self.durations, self.calls = durations, 0
        self.now = self.idle_from = 0.0
        self.asked = self.idle_at_first = False

    def work(self):
        duration = self.durations[min(self.calls, len(self.durations) - 1)]
        self.calls += 1
        self.idle_from = max(self.now, self.idle_from) + duration
        self.now += self.launch

    def synchronize(self):
        self.now = max(self.now, self.idle_from)

    def clock(self):
        if not self.asked:
            self.asked, self.idle_at_first = True, self.now >= self.idle_from
        return self.now


def on_pretended_device(median_seconds, durations, warmup, repeats):
    """The answer's time for a pretended device, and whether that was idle; one that never asks its clock is told so."""
    device = PretendedDevice(durations)
    seconds = median_seconds(device.work, device.synchronize, clock=device.clock, warmup=warmup, repeats=repeats)
    if not device.asked:
        raise RuntimeError("`clock()` was never asked for the time")
    return seconds, "idle" if device.idle_at_first else "still busy", device.calls


def timer_sorted(work, synchronize, clock, warmup, repeats):
    seconds = []
    for k in range(warmup + repeats):
        synchronize()
        start = clock()
        work()
        synchronize()
        if k >= warmup:
            seconds.append(clock() - start)
    return sorted(seconds)[repeats // 2]


def timer_numpy(work, synchronize, clock, warmup, repeats):
    [(work(), synchronize()) for _ in range(warmup)]
    marks = [clock()]
    for _ in range(repeats):
        work()
        synchronize()
        marks.append(clock())
    return np.median(np.diff(marks))


def timer_torch(work, synchronize, clock, warmup, repeats):
    def once():
        start = clock()
        work()
        synchronize()
        return clock() - start

    for _ in range(warmup):
        once()
    return torch.tensor([once() for _ in range(repeats)]).median()


def named_alone(tree):
    """Whether a line names `work` and does not call it."""
    lines = [n.value for n in ast.walk(tree) if isinstance(n, ast.Expr)]
    return any(isinstance(value, ast.Name) and value.id == "work" for value in lines)


EXERCISE = code(
    difficulty="hard",
    minutes=12,
    drills=("timing",),
    probe=(probe_timer, probe_once),
    use=on_pretended_device,
    outputs=("seconds", "the device when you first look at the clock", "how often work was called"),
    misconceptions=(
        Misconception(
            "clock-stopped-early",
            "That is the time it takes to put the work into the queue: when the clock is stopped, the work is not done. `synchronize()` has to come between `work()` and the second look at the clock.",
            patch=(
                "        synchronize()\n        seconds.append(clock() - start)",
                "        seconds.append(clock() - start)\n        synchronize()",
            ),
            hints=("When `work()` returns, is its work done?",),
        ),
        Misconception(
            "beside-the-middle",
            "That is the time after the middle one. Of `repeats` times in their order, counted from 0, the middle one is number `repeats // 2`.",
            patch=("statistics.median(seconds)", "sorted(seconds)[(len(seconds) + 1) // 2]"),
            hints=("Of five numbers in order, counted from 0, which is the middle one?",),
        ),
        Misconception(
            "queue-left-over",
            "The first measurement is too long: the warm-up's work is still in the queue when you start the clock.",
            patch=("    synchronize()\n    seconds", "    seconds"),
            hints=("Is the device idle when you first look at the clock?",),
        ),
        Misconception(
            "no-warm-up",
            "Those are the times of the first `repeats` calls, the slow ones among them. Is there a warm-up, and are its calls left out?",
            patch=("range(warmup)", "range(0)"),
            hints=("How often was `work` called before the first time was taken?",),
        ),
        Misconception(
            "warm-up-of-one",
            "That is what a warm-up of one call gives, whatever `warmup` says.",
            patch=("range(warmup)", "range(1)"),
            hints=("Which argument says how often `work` is called before anything is timed?",),
        ),
        Misconception(
            "mean-for-median",
            "That is the mean. A single repetition that was disturbed moves it far; ask for the median.",
            patch=("statistics.median", "statistics.mean"),
            hints=("If one of nine repetitions takes thirty times as long, what should the result say?",),
        ),
        Misconception(
            "fastest-for-median",
            "That is the fastest repetition. It is a figure worth knowing, but the median was asked for.",
            patch=("statistics.median", "min"),
            hints=("How many repetitions are longer than the median, and how many are shorter?",),
        ),
        Misconception(
            "total",
            "That is the time of all repetitions together.",
            patch=("statistics.median", "sum"),
            hints=("Should the result grow with `repeats`?",),
        ),
        Misconception(
            "middle-of-the-row",
            "That is the repetition that was timed in the middle of the row. For the median the times have to be put in "
            "order first.",
            patch=("statistics.median(seconds)", "seconds[len(seconds) // 2]"),
            hints=("What has to happen to the times before the one in the middle is the median?",),
        ),
        Misconception(
            "started-once",
            "Every entry also holds all repetitions before it. Is the clock started only once, before the loop?",
            patch=(
                "    for _ in range(repeats):\n        start = clock()",
                "    start = clock()\n    for _ in range(repeats):",
            ),
            hints=("When does the second repetition begin?",),
        ),
        Misconception(
            "warm-up-counted",
            "The calls of the warm-up are among the times of which that is the median. They are there to be thrown away.",
            patch=(("range(warmup)", "range(0)"), ("range(repeats)", "range(warmup + repeats)")),
            hints=("How many times should the median be taken of?",),
        ),
        Misconception(
            "work-not-called",
            "No time passes between the two looks at the clock: no work is done there. Is `work()` called?",
            patch=("        work()\n        synchronize()", "        work\n        synchronize()"),
            cause="`work` alone is the function; `work()` calls it.",
            evidence=named_alone,
            other=("        work()\n        synchronize()", "        lambda: work()\n        synchronize()"),
            hints=("Which line makes the device do something?",),
        ),
        Misconception(
            "work-outside-the-clock",
            "No time passes between the two looks at the clock: work is called often enough, and not between them.",
            patch=(
                "        work()\n        synchronize()\n        seconds.append(clock() - start)",
                "        seconds.append(clock() - start)\n        work()\n        synchronize()",
            ),
            hints=("What stands between your two looks at the clock?",),
        ),
        Misconception(
            "fixed-numbers",
            "That is what three calls to warm up and nine that are timed give, whatever `warmup` and `repeats` say. Those are only the defaults; the caller may ask for others.",
            patch=(("range(warmup)", "range(3)"), ("range(repeats)", "range(9)")),
            hints=("Which arguments say how often?",),
        ),
        Misconception(
            "own-clock",
            "`clock()` was never asked for the time. Timed with another clock, the pretended device seems to take no time at all.",
            patch=("clock()", "time.perf_counter()"),
            hints=("Which of the arguments tells the time?",),
        ),
    ),
    alternatives=(timer_sorted, timer_numpy, timer_torch),
    hints=(
        "What has to have happened just before you look at the clock, the first time and the second?",
        "Warm up, wait; then, for each repetition: clock, work, wait, clock. At the end, the median.",
        "`start = clock()`, `work()`, `synchronize()`, `seconds.append(clock() - start)`; then `statistics.median(seconds)`.",
    ),
)
