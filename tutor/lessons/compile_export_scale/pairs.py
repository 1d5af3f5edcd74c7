"""What is seen of the processes of `two_as_one`, and the training that they have to equal."""

import contextlib
import os

import torch

from tutor import launch
from tutor.checking import Missed, fence, symptoms

STEPS, BATCH, RATE = 20, 32, 0.1
LONGEST = 100.0  # seconds that the processes may take, less than the program has
EQUAL = 1e-6  # of the largest weight
KEYS = ("process", "weights", "losses")


def made_data():
    """The rows and targets of the lesson."""
    generator = torch.Generator().manual_seed(12)
    x = torch.randn(128, 6, dtype=torch.float64, generator=generator)
    noise = torch.randn(128, dtype=torch.float64, generator=generator)
    return x, x @ torch.arange(1.0, 7.0, dtype=torch.float64) + noise


@contextlib.contextmanager
def watch(names, recorder):
    """Let the program start processes by the course's `torchrun`, and note how many it started."""
    original, starts = launch.torchrun, recorder.notes.setdefault("starts", [])

    def torchrun(*arguments, processes=2, seconds=LONGEST):
        starts.append(processes)
        with fence.trusted():
            return original(*arguments, processes=processes, seconds=min(seconds, LONGEST))

    known = names.get("torchrun")
    launch.torchrun = torchrun
    if known is original:
        names["torchrun"] = torchrun
    try:
        yield
    finally:
        launch.torchrun = original
        if names.get("torchrun") is torchrun and known is original:
            names["torchrun"] = original


def observe(run, given):
    """How many processes were started, and the number of the one that started them."""
    return {"starts": lambda: list(run.recorder.notes["starts"]), "own": os.getpid}


def trained(parts=(slice(None),), rate=RATE, carried=0.0):
    """Train as it was asked for; return the weights, and the losses of each part of the batches.

    `carried` is by how much the last step's gradient comes into the next: 0 where it is cleared.
    """
    (x, y), w, kept = made_data(), torch.zeros(6, dtype=torch.float64), torch.zeros(6, dtype=torch.float64)
    losses = [[] for _ in parts]
    for step in range(STEPS):
        at = slice(BATCH * (step % 4), BATCH * (step % 4) + BATCH)
        grads = []
        for part, course in zip(parts, losses, strict=True):
            rows, targets = x[at][part], y[at][part]
            course.append(float(((rows @ w - targets) ** 2).mean()))
            grads.append(2 * rows.T @ (rows @ w - targets) / len(rows))
        grad = sum(grads) / len(grads)
        kept = grad + carried * kept
        w = w - rate * kept
    return w, losses


HALVES = (slice(0, None, 2), slice(1, None, 2))


def far(weights, wanted):
    """How far weights are from those wanted, as a part of the largest."""
    given = torch.as_tensor(weights).detach().double().flatten()
    return float((given - wanted).abs().max() / wanted.abs().max()) if given.shape == wanted.shape else float("inf")


def records(run):
    """Whether both processes have left what was asked for."""
    runs, own = run["runs"], run["own"]
    if not run["starts"]:
        return Missed(
            "one-process",
            "`torchrun` was not called, so no process was started.",
            "How did section 7 start its script in two processes?",
        )
    whole = isinstance(runs, list | tuple) and len(runs) == 2 and all(isinstance(r, dict) for r in runs)
    if not whole or not all(key in r for r in runs for key in KEYS):
        return Missed(
            "no-records",
            "`runs` should be a list of two dicts, process 0 first, each with "
            f"{symptoms.named([f'{k}' for k in KEYS])}.",
            "What does each process save, and under which name?",
        )
    numbers = {int(r["process"]) for r in runs}
    if len(numbers) < 2 or own in numbers:
        return Missed(
            "one-process",
            f"Both records have to come from processes of their own; their numbers are {int(runs[0]['process'])} and "
            f"{int(runs[1]['process'])}, and the notebook's is {own}.",
            "Where is `os.getpid()` called?",
        )
    counts = [len(r["losses"]) for r in runs]
    if counts != [STEPS, STEPS]:
        return Missed(
            "other-steps",
            f"The processes have {counts[0]} and {counts[1]} losses; {STEPS} steps are asked for, with a loss each.",
            "How many batches does a process take, and how often does it append?",
        )
    return None


def shares(run):
    """Whether each process has seen its own rows of the first batch, from the common start."""
    first = [float(r["losses"][0]) for r in run["runs"]]
    (_, halves), (_, (whole, *_)) = trained(HALVES), trained()
    wanted = [course[0] for course in halves]
    if all(abs(one - other) < EQUAL * other for one, other in zip(first, wanted, strict=True)):
        return None
    said = f"The first losses are {first[0]:.6g} and {first[1]:.6g}"
    if all(abs(one - whole[0]) < EQUAL * whole[0] for one in first):
        return Missed(
            "whole-batch",
            f"{said}: both are that of the whole batch. Does each process compute all rows, or is the loss averaged "
            "over the processes before it is noted? Asked for is that of a process's own rows.",
            "Which rows of a batch are those of process 0, and what happens to its loss before it is noted?",
        )
    if any(all(abs(one - half) < EQUAL * half for one in first) for half in wanted):
        return Missed(
            "same-half",
            f"{said}: both processes have computed the same half of the batch, and nobody the other.",
            "By what do the two processes differ, and where does your script use it?",
        )
    return Missed(
        "other-rows",
        f"{said}. From weights of 0, on rows 0, 2, 4, … of the first batch it is {wanted[0]:.6g}, on rows 1, 3, 5, … "
        f"{wanted[1]:.6g}.",
        "What are the weights before the first step, and which rows make the first batch?",
    )


def equal(run):
    """Whether both processes have the weights that one has alone."""
    wanted, _ = trained()
    zero, one = (torch.as_tensor(r["weights"]).detach().double().flatten() for r in run["runs"])
    if zero.shape != one.shape or far(one, zero) > EQUAL:
        return Missed(
            "apart",
            "The processes end with different weights. Does each follow a gradient of its own? Both have to step along "
            "the average of the two, in every step.",
            "What travels between the processes, and before or after the step?",
        )
    if far(zero, wanted) <= EQUAL:
        return None
    if far(zero, trained(rate=2 * RATE)[0]) <= EQUAL:
        return Missed(
            "summed",
            "The weights are those of steps twice as long. Is the rate 0.1, and are the two gradients averaged? "
            "`all_reduce` adds up, and the sum of two means is twice their mean.",
            "By what is a sum to be divided, to be a mean?",
        )
    # an `all_reduce` in place of what was not cleared adds up the old sum of both processes as well
    if min(far(zero, trained(carried=carried)[0]) for carried in (1.0, 2.0)) <= EQUAL:
        return Missed(
            "uncleared",
            "The weights are those of gradients that were never cleared: every step goes along the sum of all so far.",
            "What does `backward` do where there is a gradient already?",
        )
    courses = [[float(loss) for loss in r["losses"]] for r in run["runs"]]
    met = zip(zip(*courses, strict=True), zip(*trained(HALVES)[1], strict=True), strict=True)
    apart = (
        k for k, (own, all_) in enumerate(met) if any(abs(a - b) > EQUAL * b for a, b in zip(own, all_, strict=True))
    )
    k = next(apart, STEPS)
    since = f"from step {k + 1} on the losses are others" if k < STEPS else "though every loss is right"
    return Missed(
        "unequal",
        f"Both processes have the same weights, and these are not those of one process: {far(zero, wanted):.2g} of "
        f"the largest apart; {since}.",
        "What happens between that step's loss and the next one's: gradient, average, rate?",
    )


def alone(run):
    """Whether the training in one process is the one that was asked for."""
    distance = far(run["alone"], trained()[0])
    if distance <= EQUAL:
        return None
    return Missed(
        "alone-unequal",
        f"The processes are right, and `alone` is not: it is {distance:.2g} of the largest weight apart from what one "
        f"process has after {STEPS} steps on whole batches.",
        "Which rows, which rate and how many steps has your training in one process?",
    )
