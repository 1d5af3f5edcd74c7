"""The Jacobian of a vector function, row by row: rows that add up, are overwritten, or lose their graph."""

import contextlib
from collections.abc import Iterator

from tutor.checking import Misconception, code
from tutor.checking.evidence import seen
from tutor.checking.space import Array, Drawn, Space

from ..shared import leaf, nan_in_fresh_memory


@contextlib.contextmanager
def arrival_explained() -> Iterator[None]:
    """Say of a gradient of the wrong shape which shape it has to have."""
    try:
        yield
    except RuntimeError as error:
        if "Mismatch in shape" in str(error):
            error.args = (f"{error} What arrives has the shape of `y`, one number for each of its entries",)
        raise


def probe_equal_entries(d):
    """A point, and the matrix and the factor of a function that takes it to a vector with two equal entries."""
    n, m = d.sizes(2)
    a = d.tensor(m, n)
    a[-1] = a[0]
    return d.tensor(n), a, d.number()


def probe_float64(d):
    """The same in float64."""
    x, a, factor = probe_equal_entries(d)
    return x.double(), a.double(), factor


def use_jacobian(jacobian, x, a, factor):
    """Ask for the Jacobian of a function that bends and couples the entries of x; watch what arrives at y."""
    x, ones = leaf(x), []
    y = a @ x**2 + factor * x[0] * x[-1]

    def watch(grad):
        with contextlib.suppress(RuntimeError):  # directions that come all at once cannot be looked at one by one
            ones.append(bool(grad.eq(1).all()))

    y.register_hook(watch)
    with nan_in_fresh_memory(), arrival_explained():
        return jacobian(y, x), sum(ones) if len(y) > 1 else 0  # what arrives at one entry is a 1 in any case


JACOBIAN_EYE = '''
def jacobian(y, x):
    """The rows of a unit matrix arrive one after the other; clear behind each."""
    result = torch.zeros(y.numel(), x.numel(), dtype=y.dtype)
    for k, direction in enumerate(torch.eye(len(y), dtype=y.dtype)):
        y.backward(direction, retain_graph=True)
        result[k] = x.grad
        x.grad.zero_()
    return result
'''

JACOBIAN_ENTRIES = '''
def jacobian(y, x):
    """Each entry is a scalar with a backward of its own."""
    rows = []
    for entry in y:
        rows.append(torch.autograd.grad(entry, x, retain_graph=True)[0])
    return torch.stack(rows)
'''

JACOBIAN_BATCHED = '''
def jacobian(y, x):
    """All directions at once."""
    return torch.autograd.grad(y, x, torch.eye(y.shape[0], dtype=y.dtype), is_grads_batched=True)[0]
'''

JACOBIAN_ACCUMULATED = '''
def jacobian(y, x):
    """Let the rows add up and take differences."""
    rows, before = [], torch.zeros_like(x)
    for k in range(y.shape[0]):
        y[k].backward(retain_graph=True)
        rows.append((x.grad - before).tolist())
        before = x.grad.clone()
    x.grad = None
    return torch.tensor(rows, dtype=x.dtype)
'''

EXERCISE = code(
    difficulty="hard",
    minutes=12,
    drills=("vjp", "retain-graph", "accumulation"),
    space=Space(
        {
            "x": Array("N", scales=("usual", "eight"), values=("distinct", "zeros"), tensor=True),
            "a": Array("M N", tensor=True),
            "factor": Drawn(0.1, 1.0),
        },
        {"M": (1,), "N": (1,)},
    ),
    probe=(probe_equal_entries, probe_float64),
    use=use_jacobian,
    outputs=("the Jacobian", "how often ones arrived at all of y"),
    precise=True,
    misconceptions=(
        Misconception(
            "rows-add-up",
            "Each row contains the rows before it. Torch adds to what `x.grad` holds: is it cleared before every backward pass?",
            patch=(("        x.grad = None\n", ""), ("rows.append(x.grad)", "rows.append(x.grad.clone())")),
            hints=("What is in `x.grad` when the second backward begins?",),
        ),
        Misconception(
            "all-rows-added-up",
            "Every row of yours is the sum of all true rows. Is one and the same tensor kept each time? Every backward adds to `x.grad` where it is not cleared, and what was kept of it grows along.",
            patch=("        x.grad = None\n", ""),
            hints=("What is in `x.grad` when the second backward begins?",),
        ),
        Misconception(
            "last-row-everywhere",
            "All your rows are the last one. Is it one and the same tensor that you have kept each time? Write `x.grad = None`, after which backward makes a new one, or keep a copy with `clone()`.",
            patch=("x.grad = None\n", "x.grad = torch.zeros_like(x) if x.grad is None else x.grad.zero_()\n"),
            cause="`zero_()` clears the very tensor that stands on your list, and the next backward fills it again.",
            evidence=seen("_.grad.zero_()"),
            other=("torch.stack(rows)", "torch.stack(rows[-1:] * len(rows))"),
            hints=("How many different tensors are in your list of rows?",),
        ),
        Misconception(
            "rows-emptied",
            "All your rows are zero. Does a `zero_()` come after the row was kept, and clear the very tensor that you have kept (keep a copy with `clone()`, or write `x.grad = None`)? Or has what you ask torch for no way from `x` to `y`, such as a new function that ignores its argument?",
            patch=("rows.append(x.grad)", "rows.append(x.grad)\n        x.grad.zero_()"),
            hints=("Does `rows.append(x.grad)` keep a copy of the numbers?",),
        ),
        Misconception(
            "nothing-there-to-clear",
            "Before the first backward `x.grad` is `None`, which has no `zero_()`. Write `x.grad = None`.",
            patch=("x.grad = None\n", "x.grad.zero_()\n"),
            hints=("What is `.grad` of a tensor that has never seen a backward pass?",),
        ),
        Misconception(
            "ones-stay",
            "Each row contains the rows before it: more and more ones arrive at `y`. The 1 of place k has to be gone when place k + 1 gets its own; make new zeros for every k.",
            patch=(
                ("        direction = torch.zeros_like(y)  # (M,)\n", ""),
                ("    rows = []\n", "    rows = []\n    direction = torch.zeros_like(y)\n"),
            ),
            hints=("Where do ones arrive at `y` in the second round of the loop?",),
        ),
        Misconception(
            "graph-thrown-away",
            "The first backward throws away what the nodes keep, and the second finds nothing. Retain the graph.",
            patch=(", retain_graph=True", ""),
            hints=("How often do you go back through the same graph?",),
        ),
        Misconception(
            "ones-arrive",
            "Ones arrive at `y`, so every row is the sum of all rows. Let 1 arrive at place k and 0 elsewhere.",
            patch=(("zeros_like", "ones_like"), ("        direction[k] = 1\n", "")),
            hints=("Which `gradient` singles out entry k of y?",),
        ),
        Misconception(
            "uninitialised",
            "There is NaN in your rows, with which the checker fills memory that nobody has written to. Is a 1 written at place k of such a tensor? Begin with zeros.",
            patch=("zeros_like", "empty_like"),
            hints=("What is in the entries that you did not write?",),
        ),
        Misconception(
            "one-for-all",
            "A single number arrives. `gradient` needs one number for each entry of `y`.",
            patch=("y.backward(direction", "y.backward(torch.tensor(1.0)"),
            hints=("What shape does `y` have?",),
        ),
        Misconception(
            "transposed",
            "This is the transpose: row k has to belong to y[k], column i to x[i].",
            patch=("torch.stack(rows)", "torch.stack(rows, dim=1)"),
            hints=("Which of M and N counts the rows?",),
        ),
        Misconception(
            "nothing-on-the-list",
            "`None` stands among your rows. `backward` returns nothing, and only leaves get a `.grad`: the row is in `x.grad`.",
            patch=("rows.append(x.grad)", "rows.append(y.backward(direction, retain_graph=True))"),
            hints=("Where does `backward` leave what it has found?",),
        ),
        Misconception(
            "first-row-only",
            "Only the first row comes back. Does the line that returns stand in the loop? It belongs behind it.",
            patch=("    return torch.stack(rows)", "        return torch.stack(rows)"),
            hints=("How often does the body of your loop run?",),
        ),
        Misconception(
            "list-of-rows",
            "You return a list of rows. Stack them into one tensor of shape (M, N).",
            patch=("torch.stack(rows)", "rows"),
            hints=("Which function of notebook 02 joins tensors along a new axis?",),
        ),
    ),
    alternatives=(JACOBIAN_EYE, JACOBIAN_ENTRIES, JACOBIAN_BATCHED, JACOBIAN_ACCUMULATED),
    hints=(
        "What has to arrive at y so that row k, and nothing else, comes out?",
        "A loop over k: zeros with a 1 at place k, clear `x.grad`, backward with the graph retained, keep the row.",
        "`y.backward(direction, retain_graph=True)` after `x.grad = None`; `rows.append(x.grad)`; at the end `torch.stack(rows)`.",
    ),
)
