"""What runs on after one of two processes has died, and from where: all start again at what was saved."""

from tutor.checking import Misconception, value

EXERCISE = value(
    difficulty="easy",
    minutes=2,
    drills=("restart",),
    misconceptions=(
        Misconception(
            "only-the-dead-one",
            "The survivor waits in the middle of a step for a gradient that never comes, and a fresh process knows nothing "
            "of that step. They can only begin together.",
            value="the dead one",
        ),
        Misconception(
            "all-is-lost",
            "Fresh processes know nothing, that is true. But they look for the checkpoint, and epoch 1 is in it.",
            value="both, from the start",
        ),
    ),
    hints=("What do both processes know for sure after one of them has been started anew?",),
    explain="All processes are started again, and what they go on from is the checkpoint after epoch 1.",
)
