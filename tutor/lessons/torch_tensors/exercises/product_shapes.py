"""The shapes of ten products of vectors, matrices and batches: sizes kept that are summed over, and lost."""

import torch

from tutor.checking import Misconception, code


def probe_letters(d):
    """Four distinct sizes, none of them 1."""
    return d.sizes(4, 3, 9)


class Shape:
    """A shape in letters. A wrong one is told as it is; of the right one a report tells only the rule that gives it."""

    def __init__(self, spelt, right):
        self.spelt, self.right = spelt, right

    def __eq__(self, other):
        return isinstance(other, Shape) and self.spelt == other.spelt

    def __hash__(self):
        return hash(self.spelt)

    def __repr__(self):
        return "the sizes that it does not sum over, in their order" if self.spelt == self.right else self.spelt


def _spelt(shape, letters):
    """A shape as it is written in Python; one size that is no tuple is spelt without its comma."""
    if shape is Ellipsis:
        return "still `...`"
    if not isinstance(shape, tuple | list):
        return letters.get(shape, str(shape))
    inside = ", ".join(letters.get(size, str(size)) for size in shape)
    return f"({inside},)" if len(shape) == 1 else f"({inside})"


def shapes_from_torch(B, N, D_in, H):
    x, v, w1, b = torch.ones(N, D_in), torch.ones(D_in), torch.ones(D_in, H), torch.ones(H)
    a, c = torch.ones(B, N, D_in), torch.ones(B, D_in, H)
    first = [x * v, v.dot(v), x @ v, w1.t().mm(x.t()), a @ w1]
    second = [torch.addmm(b, x, w1), torch.bmm(a, c), torch.baddbmm(b, a, c), torch.addbmm(b, a, c)]
    return [product.shape for product in [*first, *second, torch.einsum("bnd,bdh->bh", a, c)]]


def in_letters(answer, B, N, D_in, H):
    """The shapes with letters for the sizes, each beside the right one."""
    letters = {B: "B", N: "N", D_in: "D_in", H: "H"}
    shapes = answer(B, N, D_in, H)
    if not isinstance(shapes, tuple | list):
        return shapes
    right = [_spelt(shape, letters) for shape in shapes_from_torch(B, N, D_in, H)]
    right += [""] * (len(shapes) - len(right))
    return tuple(Shape(_spelt(shape, letters), true) for shape, true in zip(shapes, right, strict=False))


def shapes_as_lists(B, N, D_in, H):
    batch = [B, N, H]
    return [N, D_in], [], [N], [H, N], batch, [N, H], batch, batch, [N, H], [B, H]


def shapes_by_slices(B, N, D_in, H):
    a, c = (B, N, D_in), (B, D_in, H)
    batch = a[:2] + c[2:]
    return a[1:], (), a[1:2], (c[2], a[1]), batch, batch[1:], batch, batch, batch[1:], batch[::2]


EXERCISE = code(
    difficulty="medium",
    minutes=8,
    drills=("products", "matrix-products", "batched-products", "einsum"),
    probe=probe_letters,
    use=in_letters,
    outputs=("times", "dot", "vector", "mm", "matmul", "addmm", "bmm", "baddbmm", "addbmm", "einsum"),
    misconceptions=(
        Misconception(
            "dot-is-a-vector",
            "`dot` multiplies entry by entry and then adds everything up: one number, whose shape is `()`. A shape of (1,) would "
            "be a vector with one entry.",
            patch=("dot = ()", "dot = (1,)"),
            hints=("How many numbers are left after the sum, and how many indices do you need to name one?",),
        ),
        Misconception(
            "times-sums",
            "`*` never adds anything up. `v` is stretched over the rows of `x`, and the product keeps the shape of `x`.",
            patch=("times = (N, D_in)", "times = (N,)"),
            hints=("Which size does `*` sum over?",),
        ),
        Misconception(
            "column-for-vector",
            "`x @ v` with a vector gives a vector: one size. A column of shape (N, 1) would need `v` of shape (D_in, 1).",
            patch=("vector = (N,)", "vector = (N, 1)"),
            hints=("How many dimensions has `v`?",),
        ),
        Misconception(
            "comma-missing",
            "`(N)` is just the number N in parentheses. A tuple of one size needs its comma: `(N,)`.",
            patch=("vector = (N,)", "vector = (N)"),
            hints=("What is `type((3))`?",),
        ),
        Misconception(
            "transposes-overlooked",
            "Both factors are transposed: (H, D_in) times (D_in, N). The product is the transpose of `x.mm(w1)`.",
            patch=("mm = (H, N)", "mm = (N, H)"),
            hints=("Which shape has `w1.t()`?",),
        ),
        Misconception(
            "batch-lost-in-matmul",
            "`@` treats the leading dimensions as a batch and keeps them: each of the B matrices in `a` meets `w1`.",
            patch=("matmul = (B, N, H)", "matmul = (N, H)"),
            hints=("How many matrices are in `a`, and how many in the result?",),
        ),
        Misconception(
            "addbmm-keeps-the-batch",
            "That is `baddbmm`. `addbmm` adds the products of the whole batch together, so B disappears.",
            patch=("addbmm = (N, H)", "addbmm = (B, N, H)"),
            hints=("Which of the two has the b of batch in front, and keeps it?",),
        ),
        Misconception(
            "baddbmm-sums-the-batch",
            "That is `addbmm`. `baddbmm` adds to each product of the batch and keeps all B of them.",
            patch=("baddbmm = (B, N, H)", "baddbmm = (N, H)"),
            hints=("Which of the two sums over the batch?",),
        ),
        Misconception(
            "addbmm-and-baddbmm-swapped",
            "`addbmm` and `baddbmm` have changed places: `addbmm` sums over the batch, `baddbmm` keeps it.",
            patch=(("baddbmm = (B, N, H)", "baddbmm = (N, H) "), ("    addbmm = (N, H)\n", "    addbmm = (B, N, H)\n")),
            hints=("Which of the two has the b of batch in front, and keeps it?",),
        ),
        Misconception(
            "einsum-keeps-what-is-missing",
            "Only the letters after the arrow stay: b and h. Both n and d are missing there, so both are summed over.",
            patch=("einsum = (B, H)", "einsum = (B, N, H)"),
            hints=("Which letters stand after the arrow?",),
        ),
    ),
    alternatives=(shapes_from_torch, shapes_as_lists, shapes_by_slices),
    equivalent_mutants=dict.fromkeys(
        (
            "return (times, dot, vector, mm, bmm, addmm, bmm, baddbmm, addbmm, einsum)",
            "return (times, dot, vector, mm, baddbmm, addmm, bmm, baddbmm, addbmm, einsum)",
            "return (times, dot, vector, mm, matmul, addbmm, bmm, baddbmm, addbmm, einsum)",
            "return (times, dot, vector, mm, matmul, addmm, matmul, baddbmm, addbmm, einsum)",
            "return (times, dot, vector, mm, matmul, addmm, baddbmm, baddbmm, addbmm, einsum)",
            "return (times, dot, vector, mm, matmul, addmm, bmm, matmul, addbmm, einsum)",
            "return (times, dot, vector, mm, matmul, addmm, bmm, bmm, addbmm, einsum)",
            "return (times, dot, vector, mm, matmul, addmm, bmm, baddbmm, addmm, einsum)",
        ),
        "two products of one shape may be named for each other",
    ),
    hints=(
        "For each product: which sizes does it sum over? Everything else stays.",
        "`*` and `einsum` tell you themselves; the others sum over the inner size D_in, and `addbmm` over B as well.",
        "`times = (N, D_in)`, `dot = ()`, `vector = (N,)`, `mm = (H, N)`, and so on down the drawings.",
    ),
    explain="The next cell lets torch say the same.",
)
