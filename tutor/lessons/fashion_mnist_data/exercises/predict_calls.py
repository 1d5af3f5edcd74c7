"""When, and how often, a dataset calls its transform: not at loading, and nothing keeps what it gave."""

from tutor.checking import Misconception, value

TWO_WORDS = "Two questions: how often is a transform called for one example, and does anything keep what it gave?"

EXERCISE = value(
    difficulty="easy",
    minutes=3,
    drills=("transforms",),
    misconceptions=(
        Misconception(
            "at-loading",
            "That would be so if all images were transformed once, when the dataset is made. It does nothing before it is asked for an example.",
            value=(1000, 1000, 1000),
            hints=(TWO_WORDS,),
        ),
        Misconception(
            "kept",
            "That would be so if the first reading were kept. Nothing is kept: the second reading does all the work again.",
            value=(0, 1000, 1000),
            hints=(TWO_WORDS,),
        ),
        Misconception(
            "eager-and-again",
            "Nothing runs while the dataset is made: it only remembers the transform.",
            value=(1000, 2000, 3000),
            hints=("What does `__init__` do with the transform?",),
        ),
        Misconception(
            "once-a-reading",
            "A transform is given one example, never the whole set. It is called for each.",
            value=(0, 1, 2),
            hints=("What does a transform receive?",),
        ),
    ),
    hints=(
        "Which of the two methods of a dataset calls the transform?",
        "`__getitem__` calls it, once for each example, and keeps nothing.",
    ),
    explain="`__getitem__` runs the transform, each time that it is asked.",
)
