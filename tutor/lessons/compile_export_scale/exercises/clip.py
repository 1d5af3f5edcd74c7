"""A branch on a tensor written without one, for a single graph: entries clipped, short ones scaled too."""

import logging

import torch

from tutor.checking import Misconception, code
from tutor.checking.space import Array, Number, Space


def probe_spike(d):
    """A tensor of which one entry alone is longer than all others together, and a limit."""
    block = d.tensor(*d.sizes(3))
    block[0, 0, 0] = 2 * block.norm()
    return block, d.number(1.5, 2.5)


def probe_one_row(d):
    """A tensor with a single row, and a 0 in it."""
    row = d.tensor(1, *d.sizes(1, 3, 8))
    row[0, 1] = 0
    return row, d.number(1.5, 2.5)


def compiled_and_run(answer, x, limit):
    """What the compiled answer returns, and whether it is one graph; a backend that compiles nothing is enough for it.

    Graphs are counted, as the lesson does: `fullgraph=True` would take an `.item()` into the graph. torch's own count
    of breaks finds a `print` behind the last operation, which leaves one graph.
    """
    graphs = []
    torch.compiler.reset()
    torch._dynamo.utils.counters.clear()
    compiled = torch.compile(answer, backend=lambda graph, inputs: graphs.append(graph) or graph.forward)
    clipped = compiled(x.clone(), limit)
    return clipped, len(graphs) == 1 and not torch._dynamo.utils.counters["graph_break"]


def use_clip(answer, drawn, limit):
    """Run the answer on a tensor at lengths below and above the limit, and compiled where it has three dimensions.

    To compile is slow, so other tensors are not. The last word says whether one could be recorded as one graph.
    """
    short, over, long, longest = (drawn * (part * limit / drawn.norm()) for part in (0.9, 1.1, 4.0, 1e5))
    given = over.clone()
    results = answer(short.clone(), limit), answer(given, limit), given, answer(longest, limit)
    results = *results, "that of x" if getattr(results[-1], "dtype", None) == drawn.dtype else "another"
    if drawn.dim() != 3 or not drawn.is_contiguous():
        return *results, answer(long.clone(), limit), None
    # torch logs pages about code that it cannot record; the report says it in a sentence
    logging.disable(logging.ERROR)
    try:
        clipped, whole = compiled_and_run(answer, long, limit)
    finally:
        logging.disable(logging.NOTSET)
    words = "one graph" if whole else "pieces, with Python between them"
    return *results, clipped, words


def clip_where(x, limit):
    norm = x.norm()
    return torch.where(norm > limit, x / norm * limit, x)


def clip_minimum(x, limit):
    length = (x * x).sum().sqrt()
    return torch.minimum(length, torch.full_like(length, limit)) * x / length


def clip_cond(x, limit):
    norm = x.norm()
    return torch.cond(norm > limit, lambda x, norm: x * (limit / norm), lambda x, norm: x.clone(), (x, norm))


def clip_arithmetic(x, limit):
    norm = torch.linalg.vector_norm(x)
    too_long = (norm > limit).to(x.dtype)
    return too_long * (x * limit / norm) + (1 - too_long) * x


EXERCISE = code(
    difficulty="medium",
    minutes=8,
    drills=("graph-breaks", "compile"),
    space=Space(
        {
            "drawn": Array(
                ranks=(2, 0, 1, 3), dtypes=("float32", "float64"), layouts=("contiguous", "transposed"), tensor=True
            ),
            "limit": Number((2.0, 0.3, 40.0, 1e-6)),
        }
    ),
    probe=(probe_spike, probe_one_row),
    use=use_clip,
    outputs=(
        "a tensor below the limit",
        "a tensor just above it",
        "that tensor afterwards",
        "a tensor a hundred thousand times as long",
        "its dtype",
        "a tensor of four times that length",
        "how it is recorded",
    ),
    cases=2,
    seconds=30.0,
    misconceptions=(
        Misconception(
            "branch-kept",
            "The values are right, but they do not come from one graph: somewhere Python wants to know the value of a tensor, "
            "to decide by it (`if`, `bool`, `.item()`) or to show it (`print`).",
            patch=(
                "    return x * (limit / norm).clamp(max=1.0)",
                "    if norm > limit:\n        x = x * (limit / norm)\n    return x",
            ),
            hints=("Which line of yours needs to know a number before the next can run?",),
        ),
        Misconception(
            "entries-clipped",
            "Every entry is clipped by itself. It is the length of the whole tensor that is limited; its direction stays.",
            patch=("x * (limit / norm).clamp(max=1.0)", "x.clamp(-limit, limit)"),
            hints=("Does your result still point into the direction of x?",),
        ),
        Misconception(
            "never-shortened",
            "A tensor that is too long comes back as long as it was.",
            patch=(("    norm = x.norm()\n", ""), ("x * (limit / norm).clamp(max=1.0)", "x")),
            hints=("What should happen to a vector that is longer than limit?",),
        ),
        Misconception(
            "largest-entry",
            "What is limited is the largest entry, not the length. The length is the root of the sum of all squares.",
            patch=("x.norm()", "x.abs().max()"),
            hints=("How long is the vector (3, 4)?",),
        ),
        Misconception(
            "sum-of-entries",
            "What is limited is the sum of the entries without their signs, not the length. The length is the root of the sum of the squares.",
            patch=("x.norm()", "x.abs().sum()"),
            hints=("How long is the vector (3, 4)?",),
        ),
        Misconception(
            "unit-length",
            "A tensor that is too long comes out with the length 1. It is to have the length `limit`.",
            patch=("x * (limit / norm).clamp(max=1.0)", "torch.where(norm > limit, x / norm, x)"),
            hints=("How long is `x / x.norm()`?",),
        ),
        Misconception(
            "changed-in-place",
            "The values are right, and `x` itself is shortened: it belongs to whoever passed it in. Make a new tensor.",
            patch=("return x * (limit / norm).clamp(max=1.0)", "return x.mul_((limit / norm).clamp(max=1.0))"),
            hints=("Which of your operations ends in `_`, or is a `*=`?",),
        ),
        Misconception(
            "row-by-row",
            "Every row is measured and shortened by itself. The length is one number for the whole tensor.",
            patch=("x.norm()", "x.norm(dim=-1, keepdim=True)"),
            hints=("Which shape does your norm have?",),
        ),
        Misconception(
            "always-scaled",
            "Every vector gets the length `limit`, short ones too. A short one should stay as it is.",
            patch=(".clamp(max=1.0)", ""),
            hints=("What should happen to a vector that is shorter than limit?",),
        ),
        Misconception(
            "short-ones-scaled",
            "The choice is upside down: long vectors stay as they are, and short ones are stretched to `limit`.",
            patch=("max=1.0", "min=1.0"),
            hints=("Which factor does a vector get that is twice too long?",),
        ),
        Misconception(
            "quotient-inverted",
            "Long tensors come back as they were, and short ones are made shorter. Does the quotient stand upside down? What is twice too long has to be multiplied by one half.",
            patch=("limit / norm", "norm / limit"),
            hints=("By what do you multiply a vector of length 4 to make it one of length 2?",),
        ),
        Misconception(
            "added-to-the-length",
            "A tensor that is too long comes out shorter than `limit`, which shows where both are very small. Is a "
            "small number added to the length? x is not all zero, so no division by 0 has to be feared.",
            patch=("x.norm()", "x.norm() + 1e-6"),
            hints=("What becomes of a tensor of length 2e-6 if `limit` is 1e-6?",),
        ),
        Misconception(
            "squared-length",
            "The tensor is measured by the sum of its squares. The length is the root of that sum.",
            patch=("x.norm()", "(x * x).sum()"),
            hints=("How long is the vector (3, 4)?",),
        ),
    ),
    alternatives=(clip_where, clip_minimum, clip_arithmetic, clip_cond),
    hints=(
        "By which factor is a long vector multiplied, and by which a short one?",
        "The factor is `limit / norm`, but never more than 1: a clamp, or `torch.where` between two results.",
        "`return x * (limit / norm).clamp(max=1.0)` after `norm = x.norm()`.",
    ),
)
