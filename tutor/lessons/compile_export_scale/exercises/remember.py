"""A loop with a decision that `torch.jit.script` has to keep: decay in the wrong place, types not named."""

import warnings

import torch

from tutor.checking import Misconception, code
from tutor.checking.space import Array, Number, Space

from ..shared import returned_in_a_loop


def probe_remember(d):
    """Two matrices with different numbers of rows; the sums of the rows have both signs, the last row's among them."""
    n, m, width = d.sizes(3, 3, 7)
    first, second = d.tensor(n, width), d.tensor(m, width)
    for x, signs in ((first, (1, -1, 1)), (second, (1, 1, -1))):
        for row, sign in zip((0, 1, -1), signs, strict=True):
            if x[row].sum() * sign < 0:
                x[row] *= -1
    return first, second, d.number(0.3, 0.8)


def probe_nothing_to_remember(d):
    """A matrix without any row to remember, and one with a single row to remember and a row of zeros behind it."""
    n, m, width = d.sizes(3, 3, 7)
    first, second = -d.tensor(n, width, positive=True), -d.tensor(m, width, positive=True)
    second[1] *= -1
    second[2] = 0
    return first, second, d.number(0.3, 0.8)


def use_remember(answer, x, other, decay):
    """Script the answer once and run it on both matrices."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scripted = torch.jit.script(answer)
    try:
        return scripted(x, decay), scripted(other, decay)
    except RuntimeError as error:  # its last line says what went wrong, the first only that something did
        raise RuntimeError(f"TorchScript says: {str(error).strip().splitlines()[-1]}") from None


REMEMBER_BY_INDEX = """
def remember(x, decay: float):
    h = torch.zeros(1, x.size(1), dtype=x.dtype)
    for i in range(x.size(0)):
        if bool(x[i].sum() > 0):
            h = h * decay + x[i : i + 1]
    return h
"""

REMEMBER_BY_WHERE = """
def remember(x, decay: float):
    h = torch.zeros_like(x[0]).unsqueeze(0)
    for row in x.split(1):
        h = torch.where(row.sum() > 0, decay * h + row, h)
    return h
"""

REMEMBER_IN_PLACE = """
def remember(x, decay: float):
    h = x.new_zeros((1, x.shape[1]))
    for row in torch.split(x, 1):
        if float(row.sum()) <= 0:
            continue
        h.mul_(decay).add_(row)
    return h
"""

EXERCISE = code(
    difficulty="medium",
    minutes=10,
    drills=("scripted-loop", "script"),
    space=Space(
        {
            "x": Array(
                "N D",
                dtypes=("float32", "float64"),
                layouts=("contiguous", "transposed", "strided"),
                scales=("usual", "large"),
                values=("distinct", "zeros", "ties"),
                tensor=True,
            ),
            "other": Array("M D", tensor=True),
            "decay": Number((0.5, 0.0, 1.0, 0.95)),
        },
        sizes={"N": (1,), "D": (1,)},
    ),
    probe=(probe_remember, probe_nothing_to_remember),
    use=use_remember,
    outputs=("h of one matrix", "h of another, with more or fewer rows"),
    cases=2,
    misconceptions=(
        Misconception(
            "no-decision",
            "Every row is remembered. Rows whose sum is not positive should leave h alone.",
            patch=("if row.sum() > 0:", "if True:"),
            hints=("What happens to h when a row has the sum -1?",),
        ),
        Misconception(
            "decays-always",
            "h decays at every row. A row whose sum is not positive should leave it as it is, undecayed.",
            patch=(
                "            h = decay * h + row\n",
                "            h = decay * h + row\n        else:\n            h = decay * h\n",
            ),
            hints=("What is h after a row that is passed over?",),
        ),
        Misconception(
            "decay-on-the-sum",
            "`decay` multiplies the new row as well. It belongs to the old h alone.",
            patch=("decay * h + row", "decay * (h + row)"),
            hints=("In the formula, what does decay stand next to?",),
        ),
        Misconception(
            "decay-on-the-row",
            "`decay` multiplies the new row; it belongs to the old h.",
            patch=("decay * h + row", "h + decay * row"),
            hints=("In the formula, what does decay stand next to?",),
        ),
        Misconception(
            "decay-missing",
            "h does not decay: the rows that are remembered are added up.",
            patch=("decay * h + row", "h + row"),
            hints=("Where does `decay` stand in the formula?",),
        ),
        Misconception(
            "averaged",
            "The new row is multiplied by 1 - decay, as in a running mean. Here it is added as it is.",
            patch=("decay * h + row", "decay * h + (1 - decay) * row"),
            hints=("In the formula, what does the row stand next to?",),
        ),
        Misconception(
            "forgets",
            "A row whose sum is not positive clears the memory. It should leave h as it is.",
            patch=(
                "            h = decay * h + row\n",
                "            h = decay * h + row\n        else:\n            h = torch.zeros_like(row)\n",
            ),
            hints=("What is h after a row that is passed over?",),
        ),
        Misconception(
            "stops",
            "Nothing that comes after the first row whose sum is not positive is remembered. Such a row is only passed over.",
            patch=(
                "        if row.sum() > 0:\n",
                "        if row.sum() <= 0:\n            break\n        if row.sum() > 0:\n",
            ),
            hints=("Which rows come after one that is passed over?",),
        ),
        Misconception(
            "first-row-only",
            "h is what it should be after the first row; the others have had no say.",
            patch=("    return h", "        return h\n    return h"),
            cause="Your `return` stands inside the loop and ends it; it belongs behind.",
            evidence=returned_in_a_loop,
            other=("x.split(1)", "x[:1].split(1)"),
            hints=("How many rows does your loop see before the function returns?",),
        ),
        Misconception(
            "shape-lost",
            "The result has lost a dimension: h should keep the shape (1, D) of a row of `x.split(1)`.",
            patch=("    return h", "    return h[0]"),
            hints=("Which shape does `x[:1]` have, and which `x[0]`?",),
        ),
        Misconception(
            "begins-with-the-first-row",
            "h begins as the first row, which is then met once more. It should begin as zeros.",
            patch=("torch.zeros_like(x[:1])", "x[:1]"),
            hints=("What is in memory before the first row has been seen?",),
        ),
        Misconception(
            "first-entry-decides",
            "The decision is made by the first entry of a row. It is that of the sum of all.",
            patch=("row.sum() > 0", "row[0, 0] > 0"),
            hints=("What is `row[0, 0]`, and what is `row.sum()`?",),
        ),
        Misconception(
            "largest-decides",
            "A row is remembered if any of its entries is positive. The decision is that of the sum of all.",
            patch=("row.sum() > 0", "row.max() > 0"),
            hints=("What is the sum of the row (-3, 1), and is it remembered?",),
        ),
        Misconception(
            "entry-by-entry",
            "Every entry is decided by its own sign. The decision is one for the whole row, by its sum.",
            patch=(
                "        if row.sum() > 0:\n            h = decay * h + row\n",
                "        h = torch.where(row > 0, decay * h + row, h)\n",
            ),
            hints=("How many decisions does a row with five entries ask for?",),
        ),
        Misconception(
            "condition-inverted",
            "The decision is upside down: the rows with a sum that is not positive are remembered.",
            patch=("row.sum() > 0", "row.sum() <= 0"),
            hints=("Which rows are to be remembered?",),
        ),
        Misconception(
            "zero-is-remembered",
            "A row whose sum is 0 is remembered. 0 is not positive: such a row leaves h alone.",
            patch=("row.sum() > 0", "row.sum() >= 0"),
            hints=("What should a row of zeros do to h?",),
        ),
        Misconception(
            "annotation-missing",
            "TorchScript takes `decay` for a tensor, but it is a number. Say so where the function begins: `decay: float`.",
            patch=("decay: float", "decay"),
            hints=("How does TorchScript know what `decay` is, before anybody has called your function?",),
        ),
    ),
    alternatives=(REMEMBER_BY_INDEX, REMEMBER_BY_WHERE, REMEMBER_IN_PLACE),
    equivalent_mutants={"if row.mean() > 0:": "the mean has the sign of the sum"},
    hints=(
        "If there were only one row, what would h be after it?",
        "Begin with `h = torch.zeros_like(x[:1])`, loop over `x.split(1)`, and decide by `row.sum()`.",
        "`if row.sum() > 0:` and below it `h = decay * h + row`.",
    ),
)
