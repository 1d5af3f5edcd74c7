"""The smallest loss when a softmax stands before the cross-entropy: it can no longer come to zero."""

import math

from tutor.checking import Misconception, value

EXERCISE = value(
    difficulty="medium",
    minutes=4,
    drills=("one-change",),
    misconceptions=(
        Misconception(
            "zero",
            "0 is the loss of a network that is sure *in its logits*. These numbers, 1 and nine times 0, are taken for "
            "logits and go through a second softmax.",
            value=0,
        ),
        Misconception(
            "log-ten",
            "2.30 is log 10, the loss of a network that knows nothing. One number is larger than the others here, by 1.",
            value=2.30,
        ),
        Misconception(
            "log-ten-computed",
            "That is log 10, the loss of a network that knows nothing. One number is larger than the others here, by 1.",
            value=math.log(10),
        ),
        Misconception(
            "other-classes-forgotten",
            "The sum under the second softmax has ten terms: e for the right class, and nine times e to the power 0, which "
            "is 1 each, not 0.",
            value=0.46,
        ),
    ),
    alternatives=(math.log(math.e + 9) - 1,),
    hints=(
        "What does softmax make of ten logits of which one is 1 and nine are 0?",
        "The right class gets e / (e + 9). What is minus its logarithm?",
    ),
    explain="The second softmax gives the right class e / (e + 9), 23 %. The loss can never fall below log(e + 9) - 1.",
)
