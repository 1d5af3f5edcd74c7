"""A list of states that holds one tensor many times, because each step writes into it."""

import torch

from tutor.checking import Misconception, repair
from tutor.checking.space import Array, Number, Space


def history_by_powers(start, rate, steps):
    return torch.stack([start * (1 - rate) ** k for k in range(steps + 1)])


def history_by_copies(start, rate, steps):
    state, states = start.clone(), [start.clone()]
    for _ in range(steps):
        state -= rate * state
        states.append(state.clone())
    return torch.stack(states)


def history_in_a_table(start, rate, steps):
    table = start.new_empty(steps + 1, len(start))
    table[0] = start
    for k in range(steps):
        table[k + 1] = table[k] - rate * table[k]
    return table


STEP = "        state = state - lost\n        states.append(state)"

EXERCISE = repair(
    difficulty="easy",
    minutes=5,
    drills=("in-place",),
    fault="All rows are still the last state. That is so where a list holds one and the same memory again and again, and every step writes into it. A slice, a view or `detach()` of a tensor is its memory, too.",
    space=Space(
        {
            "start": Array(
                "N",
                layouts=("contiguous", "strided"),
                scales=("usual", "large"),
                values=("distinct", "zeros"),
                tensor=True,
            ),
            "rate": Number((0.3, 0.85, 0.0)),
            "steps": Number((3, 1, 2, 5)),
        },
        sizes={"N": (1,)},
    ),
    misconceptions=(
        Misconception(
            "first-row-moves",
            "Every row is right but the first, which is the last state: there the start should stand, in memory that no step writes into.",
            patch=(STEP, "        state -= lost\n        states.append(state.clone())"),
            hints=("What does the list hold before the loop begins: a copy, or `state` itself?",),
        ),
        Misconception(
            "one-step-late",
            "The start stands there twice and the last state is missing. Keep each state after its step is made.",
            patch=(
                ("states = [state]", "states = [state.clone()]"),
                (STEP, "        states.append(state.clone())\n        state -= lost"),
            ),
            hints=("Which comes first in your loop: the step, or the keeping?",),
        ),
        Misconception(
            "start-missing",
            "The states after the steps are right, and the start is missing: the list has to begin with it.",
            patch=("states = [state]", "states = []"),
            hints=("How many rows are asked for, and which is the first?",),
        ),
        Misconception(
            "what-is-lost",
            "Each state is the share that was taken away; kept is to be what is left.",
            patch=("state = state - lost", "state = lost"),
            hints=("With a rate of 0, what should become of the state?",),
        ),
        Misconception(
            "share-of-the-start",
            "Every step takes the same amount away: a share of the start, not of the state that is left.",
            patch=("rate * state", "rate * start"),
            hints=("What is there to take a share of in the second step?",),
        ),
    ),
    alternatives=(history_by_powers, history_by_copies, history_in_a_table),
    equivalent_mutants={
        "states = [start]": "the start is not written into, and stacking copies it",
        "state = start": "the mended step makes a new tensor, so the start is never written into",
    },
    hints=(
        "After the loop, ask `states[0] is states[1]`: what does that tell?",
        "Which statement of the loop changes a tensor that is in the list already?",
        "`state = state - lost`",
    ),
)
