"""Which gradient torch gives where two arguments of `maximum` tie: a number, and not the ReLU's."""

from tutor.checking import Misconception, value

EXERCISE = value(
    difficulty="easy",
    minutes=2,
    drills=("relu", "clamp"),
    misconceptions=(
        Misconception(
            "as-relu",
            "That is `torch.relu`'s choice: it gives the tie to the constant. `maximum` does not know which of its two "
            "arguments is a constant.",
            value=0.0,
        ),
        Misconception(
            "all-of-it",
            "The other argument is as large as `h` and would have to get all of it as well: a change of 1 would come "
            "back as 2. `maximum` treats both alike.",
            value=1.0,
        ),
        Misconception(
            "no-number",
            "Torch always answers with a number, even where mathematics leaves the choice open.",
            value="nan",
        ),
        Misconception("an-error", "No error: torch picks one of the subgradients and says nothing.", value="error"),
    ),
    hints=("Two arguments tie for the maximum. How would you divide what arrives between them, fairly?",),
    explain="Where two arguments tie, `maximum` gives each of them half. All three choices are subgradients.",
)
