"""What dropout does with 1,000 ones in eval mode: it drops and doubles nothing there."""

from tutor.checking import Misconception, value

EXERCISE = value(
    difficulty="easy",
    minutes=2,
    drills=("train-eval",),
    misconceptions=(
        Misconception(
            "half-dropped", "Half of them would be dropped in training mode. `eval()` has switched that off.", value=500
        ),
        Misconception(
            "all-doubled",
            "The factor 2 makes up for what is dropped. In evaluation nothing is dropped, and nothing is multiplied.",
            value=2000,
        ),
        Misconception("all-dropped", "Nothing is dropped in evaluation mode.", value=0),
        Misconception(
            "one-entry", "That is one entry of the output. What is printed is the *sum* of all of them.", value=1
        ),
    ),
    hints=("Which mode does the second line choose, and what does dropout do there?",),
    explain="In evaluation mode dropout passes its input on unchanged.",
)
