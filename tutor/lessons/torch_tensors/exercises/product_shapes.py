"""The shapes of ten products of vectors, matrices and batches: sizes kept that are summed over, and lost."""

import torch

from tutor.checking import Misconception, code


def probe_letters(d):
    """Four distinct sizes, larger than numbers that are typed in: those are told as numbers then."""
    return d.sizes(4, 11, 29)


def _spelt(shape, letters):
    """A shape as it is written in Python; one size that is no tuple is spelt without its comma."""
    if shape is Ellipsis:
        return "still `...`"
    if isinstance(shape, int | float):
        return letters.get(shape, str(shape))
    if not isinstance(shape, tuple | list):
        return repr(shape)
    inside = ", ".join(_spelt(size, letters) for size in shape)
    return f"({inside},)" if len(shape) == 1 else f"({inside})"


def shapes_from_torch(B, N, D_in, H):
    x, v, w1, h = torch.ones(N, D_in), torch.ones(D_in), torch.ones(D_in, H), torch.ones(N, H)
    a, c, g = torch.ones(B, N, D_in), torch.ones(B, D_in, H), torch.ones(B, N, H)
    turned = c.transpose(1, 2)
    first = [a * v, h[0].dot(h[1]), x.t() @ h[:, 0], w1.t().mm(x.t()), x @ c, torch.addmm(v, h, w1.t())]
    second = [torch.bmm(turned, c), torch.baddbmm(v, g, turned), torch.addbmm(v, g, turned)]
    return [product.shape for product in [*first, *second, torch.einsum("bnd,bdh->bh", a, c)]]


def in_letters(shapes, B, N, D_in, H):
    """The shapes with letters for the sizes."""
    if not isinstance(shapes, tuple | list):
        return shapes
    letters = {B: "B", N: "N", D_in: "D_in", H: "H"}
    return tuple(_spelt(shape, letters) for shape in shapes)


def shapes_as_lists(B, N, D_in, H):
    rows = [N, D_in]
    return [B, *rows], [], [D_in], [H, N], [B, N, H], rows, [B, H, H], [B, *rows], rows, [B, H]


def shapes_by_slices(B, N, D_in, H):
    a, c = (B, N, D_in), (B, D_in, H)
    batch = a[:2] + c[2:]
    return a, (), a[2:], (c[2], a[1]), batch, a[1:], c[::2] + c[2:], a, a[1:], batch[::2]


EXERCISE = code(
    difficulty="medium",
    minutes=8,
    drills=("products", "matrix-products", "batched-products", "einsum"),
    probe=probe_letters,
    derive=in_letters,
    unsaid="the sizes that it does not sum over, in their order",
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
            "`*` never adds anything up. `v` is stretched over all rows of `a`, and the product keeps the shape of `a`.",
            patch=("times = (B, N, D_in)", "times = (B, N)"),
            hints=("Which size does `*` sum over?",),
        ),
        Misconception(
            "column-for-vector",
            "A matrix `@` a vector gives a vector: one size. For a column of shape (D_in, 1) the second factor would have to be a column, (N, 1).",
            patch=("vector = (D_in,)", "vector = (D_in, 1)"),
            hints=("How many dimensions has `h[:, 0]`?",),
        ),
        Misconception(
            "comma-missing",
            "`vector` is a number, and a shape is a tuple. A size in parentheses, such as `(N)`, is just that number; a tuple of one size needs its comma: `(N,)`.",
            patch=("vector = (D_in,)", "vector = (D_in)"),
            hints=("What is `type((3))`?",),
        ),
        Misconception(
            "inner-size-kept",
            "`bmm` multiplies (H, D_in) by (D_in, H) in each entry of the batch. What stands in the middle, D_in, is summed over; the outer two stay.",
            patch=("bmm = (B, H, H)\n", "bmm = (B, D_in, D_in)\n"),
            hints=("Which shape has `turned`, and which of its sizes meets which of `c`?",),
        ),
        Misconception(
            "transpose-of-the-matrix-overlooked",
            "`x.t()` is (D_in, N), and N is what it shares with the vector `h[:, 0]`: N is summed over and D_in stays.",
            patch=("vector = (D_in,)", "vector = (N,)"),
            hints=("How long is `h[:, 0]`, and which size of `x.t()` has to meet it?",),
        ),
        Misconception(
            "shape-without-the-transpose",
            "`addmm` adds `v`, one number for each of D_in, to the product of `h` (N, H) and `w1.t()` (H, D_in). H is summed over.",
            patch=(" addmm = (N, D_in)", " addmm = (N, H)"),
            hints=("Which shape has `w1.t()`?",),
        ),
        Misconception(
            "transposes-overlooked",
            "Both factors are transposed: (H, D_in) times (D_in, N). The product is the transpose of `x.mm(w1)`.",
            patch=("mm = (H, N)", "mm = (N, H)"),
            hints=("Which shape has `w1.t()`?",),
        ),
        Misconception(
            "batch-lost-in-matmul",
            "`@` treats leading dimensions as a batch and keeps them: `x` meets each of the B matrices in `c`.",
            patch=("matmul = (B, N, H)", "matmul = (N, H)"),
            hints=("How many matrices are in `c`, and how many in the result?",),
        ),
        Misconception(
            "addbmm-keeps-the-batch",
            "That is what `baddbmm` gives. `addbmm` adds the products of the whole batch together, so B disappears.",
            patch=(" addbmm = (N, D_in)", " addbmm = (B, N, D_in)"),
            hints=("Which of the two has the b of batch in front, and keeps it?",),
        ),
        Misconception(
            "baddbmm-sums-the-batch",
            "That is what `addbmm` gives. `baddbmm` adds to each product of the batch and keeps all B of them.",
            patch=("baddbmm = (B, N, D_in)", "baddbmm = (N, D_in)"),
            hints=("Which of the two sums over the batch?",),
        ),
        Misconception(
            "addbmm-and-baddbmm-swapped",
            "`addbmm` and `baddbmm` have changed places: `addbmm` sums over the batch, `baddbmm` keeps it.",
            patch=(
                (" baddbmm = (B, N, D_in)", " baddbmm = (N, D_in)"),
                (" addbmm = (N, D_in)", " addbmm = (B, N, D_in)"),
            ),
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
            "return (baddbmm, dot, vector, mm, matmul, addmm, bmm, baddbmm, addbmm, einsum)",
            "return (times, dot, vector, mm, matmul, addbmm, bmm, baddbmm, addbmm, einsum)",
            "return (times, dot, vector, mm, matmul, addmm, bmm, times, addbmm, einsum)",
            "return (times, dot, vector, mm, matmul, addmm, bmm, baddbmm, addmm, einsum)",
        ),
        "two products of one shape may be named for each other",
    ),
    hints=(
        "For each product: which sizes does it sum over? Everything else stays.",
        "`*` and `einsum` tell you themselves; the others sum over the inner size D_in, and `addbmm` over B as well.",
        "`times = (B, N, D_in)`, `dot = ()`, `vector = (D_in,)`, `mm = (H, N)`, and so on down the list.",
    ),
    explain="The next cell lets torch say the same.",
)
