"""Where a tensor lies after a `.to` whose result nobody keeps: it works as little in place as `x + 1`."""

from tutor.checking import Misconception, value

EXERCISE = value(
    difficulty="easy",
    minutes=2,
    drills=("device",),
    misconceptions=(
        Misconception(
            "to-works-in-place",
            "`.to()` has no underscore: it returns a tensor on the other device and leaves `w1` where it was. Here the "
            "result was thrown away.",
            value="meta",
        ),
        Misconception(
            "the-accelerator",
            "Nothing goes to the accelerator by itself. `torch.ones` makes its tensor on the CPU, and a tensor moves "
            "only when it is told to.",
            value="cuda",
        ),
    ),
    hints=("What happens to the value of an expression that is not given a name?",),
    explain="`.to()` returns a tensor; it moves nothing. One writes `w1 = w1.to(device)`.",
)
