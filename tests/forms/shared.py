"""What the exercises share."""

HINTS = ("What should happen?", "Look at the docstring.", "Write it down.")
