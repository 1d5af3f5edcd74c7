"""How many of 1,000 images a blind guess gets right: a coin's half is not one kind in ten."""

from tutor.checking import Misconception, value

EXERCISE = value(
    difficulty="easy",
    minutes=1,
    drills=("fashion-mnist",),
    misconceptions=(
        Misconception(
            "half-right", "Half right is the luck of a coin, with two sides. Here there are ten kinds.", value=500
        ),
        Misconception(
            "one-in-a-hundred", "That would be one in a hundred. There are ten kinds, so one in ten.", value=10
        ),
        Misconception("fraction-for-count", "That is the fraction. How many of the 1,000 images is that?", value=0.1),
        Misconception("none-right", "Even a blind guess is right now and then: in one case out of ten.", value=0),
    ),
    hints=("If you guess one of ten kinds blindly, how often are you right?",),
    explain="One in ten. A network that gets about 100 of 1,000 right has learned nothing.",
)
