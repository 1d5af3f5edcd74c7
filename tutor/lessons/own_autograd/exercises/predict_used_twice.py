"""Which gradient a tensor gets that is used several times: a contribution of one use for all."""

from tutor.checking import Misconception, value

EXERCISE = value(
    difficulty="easy",
    minutes=2,
    drills=("accumulation",),
    misconceptions=(
        Misconception(
            "last-one-stays",
            "That is one contribution of the product alone. x stands in the formula three times, and each place contributes.",
            value=3,
        ),
        Misconception(
            "only-the-sum",
            "That is what comes through the `+ x` alone. The two factors of the product contribute as well.",
            value=1,
        ),
        Misconception(
            "product-counted-once",
            "That counts the product once. x stands in it twice, as the left factor and as the right one.",
            value=4,
        ),
        Misconception("sum-forgotten", "That is the derivative of x · x. The `+ x` contributes too.", value=6),
        Misconception(
            "value-for-gradient",
            "That is the value of y at x = 3. The gradient says how fast y changes when x moves.",
            value=12,
        ),
    ),
    hints=(
        "What is the derivative of x² + x, from school?",
        "The product contributes x for its left factor and x for its right one; the sum contributes 1.",
    ),
    explain="The three contributions are 3, 3 and 1, and they add up: 2x + 1 at x = 3.",
)
