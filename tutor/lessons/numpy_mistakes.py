"""Mistakes in NumPy that readers make in several lessons."""

from tutor.checking import Misconception


def caret_for_power(*patch, hint):
    """A bitwise operation for a power."""
    return Misconception(
        "caret-for-power",
        "In Python `^` is not a power but a bitwise operation, and it is not defined for floats. A power is `**`.",
        patch=patch,
        hints=(hint,),
    )
