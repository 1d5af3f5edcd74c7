"""How many answers the recording of a model gives that draws its order in each call: it draws no more."""

from tutor.checking import Misconception, value

EXERCISE = value(
    difficulty="easy",
    minutes=2,
    drills=("tracing",),
    misconceptions=(
        Misconception(
            "still-draws",
            "The recording holds operations on tensors. Python's die is none, so it was rolled once, while the tape ran.",
            value=3,
        ),
        Misconception(
            "every-call-another",
            "Even the model has only three orders to choose from, and the recording cannot choose at all.",
            value=100,
        ),
        Misconception(
            "refused",
            "It is recorded without complaint and gives answers: the tracer runs the code once, and meets nothing that it could "
            "not write down.",
            value=0,
        ),
    ),
    hints=("When is `random.randint` called: while recording, or each time the recording is played?",),
    explain="The order was drawn once, while recording. The recording does not know that there was a choice.",
)
