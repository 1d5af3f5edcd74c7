"""How often the line of a wrong answer without a name is found, in the report and with the first hint.

Run with `python tests/benchmarks/bench_search.py`; it prints figures, asserts none. The answers are mutants of the
solutions, two an exercise, drawn by a seed; no search knows where they were changed. The last figure is how often the
line that is told is the one that was changed; a change in another mends the others as well.
"""

import ast
import random
import statistics
import time

import tutor
from tutor.checking.mutants import mutants

EACH = 2


def changed_line(source: str, text: str) -> int:
    """The first line that differs; both texts as the mutants are written, without blanks and comments."""
    pairs = zip(source.split("\n"), text.split("\n"), strict=False)
    return next((k for k, (a, b) in enumerate(pairs, 1) if a != b), 0)


def main() -> None:
    draw = random.Random(0)
    at_once = later = missed = same_line = 0
    waits = []
    for exercise in tutor.exercises.values():
        if exercise.kind == "value":
            continue
        plain, taken = ast.unparse(ast.parse(exercise.source)), 0
        tried = list(mutants(exercise.source))
        draw.shuffle(tried)
        for mutant in tried:
            made = exercise.try_build(mutant.text)
            if taken == EACH:
                break
            if made.error is not None:
                continue
            report = exercise.check(made.value, search=0, seconds=1)
            if report.verdict != "wrong" or report.misconception:
                continue
            taken += 1
            started = time.perf_counter()
            report = exercise.check(made.value, source=mutant.text)
            waits.append(time.perf_counter() - started)
            found = report if report.found else report.later() if report.later else None
            at_once, later, missed = (
                at_once + bool(report.found),
                later + (found is not None and found is not report),
                missed + (found is None),
            )
            same_line += found is not None and f"in line {changed_line(plain, mutant.text)} " in found.found
    told = at_once + later
    print(f"{told + missed} wrong answers without a name: {at_once} lines in the report, {later} with the first hint")
    print(f"a report: median {statistics.median(waits):.2f} s, longest {max(waits):.2f} s")
    print(f"{same_line} of {told} in the line that was changed")


if __name__ == "__main__":
    main()
