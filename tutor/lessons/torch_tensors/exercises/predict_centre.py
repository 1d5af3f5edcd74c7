"""What row means without their dimension do to a square matrix: they line up with the columns, unnoticed."""

from tutor.checking import Misconception, value

EXERCISE = value(
    difficulty="medium",
    minutes=3,
    drills=("broadcasting",),
    misconceptions=(
        Misconception(
            "means-stay-with-their-rows",
            "`x.mean(dim=1)` has the shape (3,). Broadcasting aligns it at the right, as a *row*, one mean for each "
            "column, and each row loses all three means, not its own.",
            value=0,
        ),
        Misconception(
            "shape-is-checked",
            "(3, 3) and (3,) do fit, aligned at the right. With (4, 3) and (4,) you would be right.",
            value="error",
        ),
        Misconception(
            "one-entry-of-the-row",
            "That is the sum of the first row's entries. Asked for is their mean.",
            value=-216,
        ),
    ),
    hints=(
        "Which shape has `x.mean(dim=1)`?",
        "Write (3, 3) above (3,), aligned at the right. With which dimension of `x` are the means aligned?",
        "The first row loses 2, 20 and 200, one in each column. What is its mean then?",
    ),
    explain="The means are laid out as a row, one for each column: (1 - 2, 2 - 20, 3 - 200) has the mean -72, and nothing complains.",
)
