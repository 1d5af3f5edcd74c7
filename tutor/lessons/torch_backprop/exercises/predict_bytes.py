"""How many bytes a number takes in torch's default dtype: NumPy's habit, and bits for bytes."""

from tutor.checking import Misconception, value

EXERCISE = value(
    difficulty="easy",
    minutes=1,
    drills=("precision",),
    misconceptions=(
        Misconception(
            "as-in-numpy",
            "8 bytes is float64, which is NumPy's habit. Torch has another: what it makes itself is float32.",
            value=8,
        ),
        Misconception(
            "bits-for-bytes", "32 is the number of bits, as in the name float32. A byte has eight of them.", value=32
        ),
        Misconception(
            "bits-of-float64",
            "64 would be the bits of a float64. Asked for are bytes, and torch's habit is another dtype.",
            value=64,
        ),
        Misconception(
            "half-precision", "2 bytes is float16, half precision. Torch uses it only when it is asked to.", value=2
        ),
    ),
    hints=("Which dtype do tensors have when you name none? Try `x.dtype` in a cell of your own.",),
    explain="Torch makes float32 unless you say otherwise: 32 bits, 4 bytes.",
)
