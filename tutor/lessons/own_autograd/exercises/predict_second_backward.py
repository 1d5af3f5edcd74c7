"""What a tensor in between holds after a second sweep: it does not add up as a leaf does."""

from tutor.checking import Misconception, value

EXERCISE = value(
    difficulty="easy",
    minutes=2,
    drills=("accumulation",),
    misconceptions=(
        Misconception(
            "like-a-leaf",
            "That would be so if `square` were a leaf. It has parents, and a sweep passes on what it holds.",
            value=2,
        ),
        Misconception(
            "leaf-instead", "That is what `x.grad` holds after two sweeps. The question is about the square.", value=14
        ),
        Misconception(
            "leaf-once",
            "That is the gradient of `x` after one sweep. The question is about the square: by how much does y move when the square moves by a little?",
            value=7,
        ),
        Misconception(
            "derivative-of-the-square",
            "That is how the square changes when x moves. The gradient of the square says how y changes when the square moves.",
            value=6,
        ),
        Misconception(
            "value-for-gradient",
            "That is the value of the square. Its gradient says how fast y changes when the square moves.",
            value=9,
        ),
        Misconception("zero", "It is set to zero when a sweep begins. What arrives there afterwards?", value=0),
    ),
    hints=(
        "In y = square + x, by how much does y move when the square moves by a little?",
        "Is the square a leaf? What does step 2 do with the tensors in between?",
    ),
    explain="Each sweep sets the square to zero and brings it 1, since y = square + x. Only a leaf adds sweeps up.",
)
