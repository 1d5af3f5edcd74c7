"""How many different answers do many recordings give of a model that draws its order in each call?"""

from tutor.checking import Misconception, value

EXERCISE = value(
    difficulty="easy",
    minutes=2,
    drills=("tracing",),
    misconceptions=(
        Misconception(
            "one-order-for-all",
            "That is right for a *single* recording. Each of the 30 was made by a run of its own, in which the die was rolled.",
            value=1,
        ),
        Misconception(
            "every-recording-another",
            "Each recording keeps one order. But how many orders are there to be kept?",
            value=30,
        ),
        Misconception(
            "every-call-another",
            "A recording cannot draw: whatever was drawn while it was made is played back in every call.",
            value=3000,
        ),
        Misconception(
            "refused",
            "It is recorded without complaint and gives answers: the tracer runs the code once, and meets nothing that it could "
            "not write down.",
            value=0,
        ),
    ),
    hints=("When is `random.randint` called: while recording, or each time the recording is played?",),
    explain="Each recording keeps the order that was drawn while it was made; among 30 of them all three occur.",
)
