"""How many batches a loader makes, and how large the last is: it is neither full nor dropped."""

from tutor.checking import Misconception, value

EXERCISE = value(
    difficulty="easy",
    minutes=3,
    drills=("batching",),
    misconceptions=(
        Misconception(
            "last-full",
            "The number of batches is right, but 938 full batches would be more than 60,000 images.",
            value=(938, 64),
            hints=("How many images are in the first 937 batches together?",),
        ),
        Misconception(
            "last-dropped",
            "That leaves out the images that do not fill a batch. A loader does so only with `drop_last=True`.",
            value=(937, 64),
            hints=("How many images are in 937 batches?",),
        ),
        Misconception(
            "last-not-counted",
            "The last batch has that many images, but it is a batch, too: count it.",
            value=(937, 32),
            hints=("60,000 / 64 is 937.5. What becomes of the half?",),
        ),
        Misconception(
            "exchanged",
            "Both numbers are right. Give the number of batches first.",
            value=(32, 938),
            hints=("Which of the two is asked for first?",),
        ),
        Misconception(
            "half-a-batch",
            "There is no half batch. The last one is a batch with fewer images.",
            value=(937.5, 32),
            hints=("How many times does the loop run?",),
        ),
    ),
    hints=("What is 60,000 divided by 64?", "937 full batches hold 59,968 images. The rest makes one more batch."),
    explain="937 full batches hold 59,968 images; 32 are left for the 938th.",
)
