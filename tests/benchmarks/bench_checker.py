"""What a check, an import and a guarded call cost; prints figures, asserts none.

Run with `python tests/benchmarks/bench_checker.py`. Medians over repeated runs; each figure of ours stands beside its
peer's of the same run: an import beside NumPy's, a guarded call beside the bare one.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

import numpy as np
import torch

import tutor
from tutor.checking import guard
from tutor.checking.proof import prove


def seconds(function, runs=20):
    """The times of `runs` calls, in seconds."""
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        function()
        times.append(time.perf_counter() - started)
    return times


def of_a_process(code, runs=7):
    """Median wall time of a fresh interpreter that runs `code`, in seconds."""
    return statistics.median(seconds(lambda: subprocess.run([sys.executable, "-c", code], check=True), runs))


def main():
    bare, numpy, ours = (of_a_process(code) for code in ("pass", "import numpy", "import numpy, tutor"))
    print(
        f"import: numpy {numpy - bare:.3f} s, tutor beyond it {ours - numpy:+.3f} s "
        f"({(ours - bare) / (numpy - bare):.2f} x)"
    )

    first, later = [], []
    for exercise in tutor.exercises.values():
        started = time.perf_counter()
        exercise.check(exercise.reference)
        first.append(time.perf_counter() - started)
        later += seconds(lambda e=exercise: e.check(e.reference))
        for known in exercise.misconceptions.values():
            later += seconds(lambda e=exercise, k=known: e.check(k.wrong), 3)
    first = first[1:]  # the very first check imports torch and the data of its lesson
    print(
        f"first check of an exercise: median {1000 * statistics.median(first):.1f} ms, worst {1000 * max(first):.0f} ms"
    )
    print(
        f"later checks:               median {1000 * statistics.median(later):.1f} ms, worst {1000 * max(later):.0f} ms"
    )

    times = []
    for exercise in tutor.exercises.values():
        started = time.perf_counter()
        prove(exercise)
        times.append(time.perf_counter() - started)
    print(f"proof of an exercise: median {statistics.median(times):.2f} s, worst {max(times):.1f} s")

    x = torch.from_numpy(np.ones((8, 8), dtype=np.float32))
    plain = statistics.median(seconds(lambda: x @ x, 2000))
    guarded = statistics.median(seconds(lambda: guard.call(lambda: x @ x), 2000))
    print(f"guard: {1e6 * (guarded - plain):.0f} us a call beyond the bare {1e6 * plain:.1f} us")


if __name__ == "__main__":
    main()
