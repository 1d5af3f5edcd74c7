"""What a learning rate is multiplied by at a step: counted from the wrong end, and the wrong part of a cosine."""

import math

import torch

from tutor.checking import Misconception, code
from tutor.checking.evidence import seen
from tutor.checking.space import Number, Space


def probe_schedule(d):
    """Lengths of a warm-up and of a whole training."""
    warm_up = d.integer(4, 9)
    return warm_up, warm_up + d.integer(11, 20)


def probe_short_schedule(d):
    """A warm-up of one step, and not many more."""
    return 1, d.integer(2, 6)


def six_factors(schedule, warm_up, steps):
    """The factors at both ends of the two parts and within them."""
    moments = (0, min(2, warm_up - 1), warm_up - 1, warm_up, min((warm_up + steps) // 2 + 1, steps - 1), steps - 1)
    return tuple(schedule(t, warm_up, steps) for t in moments)


def schedule_by_minimum(t, warm_up, steps):
    done = max(0, t - warm_up) / (steps - warm_up)
    return min((t + 1) / warm_up, 0.5 * (1 + math.cos(math.pi * done)))


def schedule_by_square(t, warm_up, steps):
    if t >= warm_up:
        return math.cos(math.pi / 2 * (t - warm_up) / (steps - warm_up)) ** 2
    return 1 / warm_up + t / warm_up


def schedule_in_torch(t, warm_up, steps):
    rising = torch.arange(1, warm_up + 1) / warm_up
    falling = (1 + torch.cos(torch.linspace(0, math.pi, steps - warm_up + 1))) / 2
    return torch.cat([rising, falling])[t].item()


EXERCISE = code(
    difficulty="medium",
    minutes=8,
    drills=("schedules",),
    space=Space({"warm_up": Number((8, 1, 2)), "steps": Number((20, 9, 40))}),
    probe=(probe_schedule, probe_short_schedule),
    use=six_factors,
    outputs=(
        "the factor at the first step",
        "the factor within the warm-up",
        "the factor at the last step of the warm-up",
        "the factor at the first step after the warm-up",
        "the factor within the fall",
        "the factor at the last step",
    ),
    misconceptions=(
        Misconception(
            "first-rate-zero",
            "At the first step the factor is 0, so that step moves nothing, and the warm-up ends one step too late. It begins with 1/warm_up.",
            patch=("(t + 1) / warm_up", "t / warm_up"),
            hints=("What is the factor at t = 0?",),
        ),
        Misconception(
            "one-step-too-long",
            "The warm-up goes on for one step too many: at t = warm_up the fall begins, with the factor 1.",
            patch=("t < warm_up", "t <= warm_up"),
            hints=("How many steps are there from t = 0 to t = warm_up?",),
        ),
        Misconception(
            "fall-from-the-start",
            "The fall counts from step 0, so that the factor jumps down where the warm-up ends. What counts is how much of the *fall* is done: 0 at t = warm_up.",
            patch=("(t - warm_up) / (steps - warm_up)", "t / steps"),
            hints=("How much of the fall is done at t = warm_up?",),
        ),
        Misconception(
            "fall-counted-by-all-steps",
            "The fall does not get down to 0: it has only steps - warm_up steps to do it in.",
            patch=("(t - warm_up) / (steps - warm_up)", "(t - warm_up) / steps"),
            hints=("How many steps does the fall take?",),
        ),
        Misconception(
            "not-halved",
            "The factor of the fall is twice as large as it should be: 1 plus a cosine lies between 0 and 2. Take half of it.",
            patch=("(1 + math.cos(math.pi * share)) / 2", "1 + math.cos(math.pi * share)"),
            hints=("What is 1 + cos 0?",),
        ),
        Misconception(
            "cosine-alone",
            "The fall goes down to -1, as a cosine alone does, and a negative rate walks uphill. Add 1 and take half.",
            patch=("(1 + math.cos(math.pi * share)) / 2", "math.cos(math.pi * share)"),
            hints=("What is the cosine of π?",),
        ),
        Misconception(
            "whole-turn",
            "The factor goes through a whole turn of the cosine: down and up again. Half a turn, π, goes down only.",
            patch=("math.pi * share", "2 * math.pi * share"),
            hints=("Where does your factor end?",),
        ),
        Misconception(
            "share-outside-the-cosine",
            "The fall is a straight line, from 1/2. The cosine is that of the product, π times the share.",
            patch=("math.cos(math.pi * share)", "math.cos(math.pi) * share"),
            cause="`math.cos(math.pi)` is -1, whatever t is: the share stands outside the cosine.",
            evidence=seen("math.cos(math.pi)"),
            other=("(1 + math.cos(math.pi * share)) / 2", "(1 - share) / 2"),
            hints=("What should the cosine be taken of?",),
        ),
        Misconception(
            "degrees",
            "The fall is no fall: the cosine is taken of degrees, and `math.cos` counts in radians. Half a turn is π.",
            patch=("math.pi * share", "180 * share"),
            hints=("What is `math.cos(180)`?",),
        ),
        Misconception(
            "rise-stands-still",
            "The factor is 1/W within the whole warm-up. It is to rise, by 1/W with each step.",
            patch=("(t + 1) / warm_up", "1 / warm_up"),
            hints=("On what should the factor within the warm-up depend?",),
        ),
        Misconception(
            "curved-warm-up",
            "The warm-up rises along half a cosine turn. It rises evenly, by 1/W with each step; the cosine is for the fall.",
            patch=("return (t + 1) / warm_up", "return (1 - math.cos(math.pi * (t + 1) / warm_up)) / 2"),
            hints=("By how much does the factor grow from t = 0 to t = 1?",),
        ),
        Misconception(
            "fall-within-the-warm-up",
            "The cosine is at work from step 0 on, and the warm-up is multiplied by it. Within the warm-up there is no fall yet; it begins at t = warm_up, with the factor 1.",
            patch=(
                ("(t + 1) / warm_up", "(t + 1) / warm_up * (1 + math.cos(math.pi * t / steps)) / 2"),
                ("(t - warm_up) / (steps - warm_up)", "t / steps"),
            ),
            hints=("How much of the fall is done at t = warm_up?",),
        ),
        Misconception(
            "quarter-turn",
            "That is a quarter of a turn of the cosine. It ends at 0 as well, but falls steeply at the end, where half a turn is flat.",
            patch=("(1 + math.cos(math.pi * share)) / 2", "math.cos(math.pi * share / 2)"),
            hints=("How does the formula of the cosine schedule begin?",),
        ),
        Misconception(
            "straight-down",
            "The fall is a straight line. Asked for is half a turn of the cosine.",
            patch=("(1 + math.cos(math.pi * share)) / 2", "1 - share"),
            hints=("Which function stands in the formula above?",),
        ),
        Misconception(
            "upside-down",
            "Behind the warm-up the factor climbs from 0 to 1. It should fall from 1 to 0.",
            patch=("(1 + math", "(1 - math"),
            hints=("What is your factor at t = warm_up?",),
        ),
        Misconception(
            "whole-numbers",
            "Within the warm-up the factor is 0, until its last step. Is the rest of the division thrown away?",
            patch=("(t + 1) / warm_up", "(t + 1) // warm_up"),
            cause="`//` does that: divide with `/`.",
            evidence=seen("_ // _"),
            other=("(t + 1) / warm_up", "int((t + 1) / warm_up)"),
            hints=("What should the factor be half-way through the warm-up?",),
        ),
        Misconception(
            "no-warm-up",
            "There is no warm-up: the factor begins with 1 and falls.",
            patch=(
                "    if t < warm_up:\n        return (t + 1) / warm_up\n    share = (t - warm_up) / (steps - warm_up)",
                "    share = t / steps",
            ),
            hints=("What should the factor be at t = 0?",),
        ),
    ),
    alternatives=(schedule_by_minimum, schedule_by_square, schedule_in_torch),
    hints=(
        "Which two parts has the schedule, and at which t does the second one begin?",
        "An `if` for the warm-up; behind it, first the share of the fall that is done, then the cosine of it.",
        "`share = (t - warm_up) / (steps - warm_up)`, then `return (1 + math.cos(math.pi * share)) / 2`.",
    ),
)
