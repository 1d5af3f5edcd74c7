"""What row means without their dimension do to a square matrix: they line up with the columns, unnoticed."""

from tutor.checking import Misconception, value

EXERCISE = value(
    difficulty="medium",
    minutes=2,
    drills=("broadcasting",),
    misconceptions=(
        Misconception(
            "means-stay-with-their-rows",
            "`x.mean(dim=1)` has the shape (3,). Broadcasting aligns it at the right, as a *row*, one mean for each "
            "column, and each row loses all three means, not its own.",
            value="centred",
        ),
        Misconception(
            "shape-is-checked",
            "(3, 3) and (3,) do fit, aligned at the right. With (4, 3) and (4,) you would be right.",
            value="error",
        ),
    ),
    hints=(
        "Which shape has `x.mean(dim=1)`?",
        "Write (3, 3) above (3,), aligned at the right. With which dimension of `x` are the means aligned?",
    ),
    explain="The means are laid out as a row, one for each column. The matrix is square, so the shapes fit and nothing complains.",
)
