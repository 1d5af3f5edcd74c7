"""How many bytes does a number of a sum of float32 and float64 take?"""

from tutor.checking import Misconception, value

EXERCISE = value(
    difficulty="easy",
    minutes=1,
    drills=("precision",),
    misconceptions=(
        Misconception(
            "torch-habit-wins",
            "float32 is what torch makes itself. But nothing of the float64 numbers may be lost, so the wider of the two wins.",
            value=4,
        ),
        Misconception(
            "as-in-a-matrix-product",
            "A matrix product refuses such a pair. An operation that goes entry by entry does not: it widens the narrower one.",
            value="error",
        ),
        Misconception(
            "bytes-added-up",
            "The numbers are added, not their bytes. Both are widened to one dtype first, and that of the sum is the same.",
            value=12,
        ),
        Misconception(
            "bits-for-bytes", "64 is the number of bits, as in the name float64. A byte has eight of them.", value=64
        ),
    ),
    hints=(
        "Which of the two dtypes can hold every number of the other? Try `.dtype` of such a sum in a cell of your own.",
    ),
    explain="Entry by entry, float32 and float64 meet in the wider of the two: float64, 64 bits, 8 bytes.",
)
