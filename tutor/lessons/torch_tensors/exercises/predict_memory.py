"""What a tensor shows of a NumPy array that is changed in place and not: names taken for memory."""

from tutor.checking import Misconception, value

EXERCISE = value(
    difficulty="easy",
    minutes=2,
    drills=("numpy-bridge",),
    misconceptions=(
        Misconception(
            "copied-on-the-bridge",
            "`from_numpy` copies nothing, so `a += 1`, which writes into the array's memory, is seen through `x`.",
            value=0,
            hints=("Does `from_numpy` make new memory?",),
        ),
        Misconception(
            "name-for-memory",
            "`x` shares the *memory* of the first array, not the name `a`. `a = a + 1` makes a new array in new memory "
            "and calls it `a`; nothing is written into the old one.",
            value=2,
            hints=("Which of the two lines writes into memory, and which makes a new array?",),
        ),
    ),
    hints=(
        "Which of the two lines writes into the memory that `x` sees?",
        "`a += 1` writes into the array; `a = a + 1` makes a new one and gives it the name.",
    ),
    explain="`a += 1` wrote into the shared memory. `a = a + 1` made a new array, which `x` knows nothing of.",
)
