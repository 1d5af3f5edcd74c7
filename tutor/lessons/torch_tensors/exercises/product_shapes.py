"""Exercises of lesson 02: memory, shapes and products of tensors."""

import numpy as np
import torch

from tutor.checking import Misconception, code, value
from tutor.lessons.registry import About

ABOUT = About(
    minutes=85,
    items={
        "create": "tensors from lists, NumPy, other tensors (`*_like`), shapes",
        "attributes": "shape, dtype, device",
        "numpy-bridge": "the NumPy bridge and its shared memory",
        "indexing": "indexing, slicing, cat and stack",
        "views": "view(-1), reshape, strides, contiguous",
        "arithmetic": "arithmetic, `out=`",
        "item": "item()",
        "in-place": "in-place `_` operations",
        "broadcasting": "broadcasting and its traps",
        "products": "the product family, with shapes drawn: `*`, dot",
        "matrix-products": "the product family, with shapes drawn: mm, matmul/@, addmm",
        "batched-products": "the product family, with shapes drawn: bmm, baddbmm, addbmm",
        "einsum": "the product family, with shapes drawn: einsum",
    },
)


def probe_float32(d):
    """An array whose dtype is the wanted one already: the case in which conversions do not copy."""
    return (d.array(*d.sizes(2, 2, 5)),)


def probe_float64(d):
    """An array of NumPy's usual dtype."""
    return (d.array(*d.sizes(2, 2, 5)).astype(np.float64),)


def probe_whole(d):
    """An array of whole numbers."""
    return (d.rng.integers(1, 100, d.sizes(1, 3, 6)),)


def probe_single_number(d):
    """A number in an array without any dimension."""
    return (np.array(d.integer(2, 5), dtype=np.float32),)


def probe_one_row(d):
    """An array with a dimension of size 1."""
    return (d.array(1, *d.sizes(1, 3, 6)),)


def write_afterwards(answer, array):
    """Make the tensor, then write into the array; what the tensor holds after that counts, and whether the array was left alone."""
    mine = array.copy()
    tensor = answer(mine)
    left = "as it was" if np.array_equal(mine, array) else "changed"
    mine += 1
    return tensor, str(tensor.dtype) if isinstance(tensor, torch.Tensor) else "no tensor", left


def probe_images(d):
    """A few small images; all four sizes differ."""
    return (d.tensor(*d.sizes(4, 2, 5)),)


def probe_grey_bytes(d):
    """Grey images as they stand in files: one channel, whole numbers from 0 to 255, and every second one of a longer row."""
    n, h, w = d.sizes(3, 2, 5)
    return (torch.from_numpy(d.rng.integers(0, 256, (2 * n, h, w, 1), dtype=np.uint8))[::2],)


def look_at_memory(answer, images):
    """The images, whether they lie in one strip, and whether the dtype is that of the images that were given."""
    out = answer(images)
    if not isinstance(out, torch.Tensor):
        return out, "no tensor", "no tensor"
    lies = "contiguous" if out.is_contiguous() else "not contiguous"
    return out, lies, "as it was" if out.dtype == images.dtype else str(out.dtype)


def probe_update(d):
    """Weights, their gradient and a learning rate; 2 x 3 and larger."""
    shape = d.sizes(2, 2, 5)
    return d.tensor(*shape), d.tensor(*shape), d.number(0.1, 0.5)


def probe_transposed_update(d):
    """Weights that are a transposed view, with large gradients, so that a learning rate from elsewhere shows."""
    shape = d.sizes(2, 2, 5)
    return d.tensor(*shape).t(), 1e6 * d.tensor(*shape).t(), d.number(1e-7, 5e-7)


def look_at_weights(answer, w, grad, learning_rate):
    """Take three steps; return what lies in the memory of w afterwards, seen through a view made before."""
    w, grad = w.clone(), grad.clone()
    memory = w.detach()
    for _ in range(3):
        answer(w, grad, learning_rate)
    return memory, grad


def probe_points(d):
    """Points and centres of one dimension, of different number."""
    n, m, dim = d.sizes(3, 2, 5)
    return d.tensor(n, dim), d.tensor(m, dim)


def probe_one_point(d):
    """A single point of a single number, against some centres."""
    return d.tensor(1, 1), d.tensor(d.integer(2, 4), 1)


def probe_as_many(d):
    """As many centres as points, so that a difference without a new dimension raises no error.

    Larger than `probe_points`, whose distinct sizes make the better example in a message.
    """
    n, dim = d.sizes(2, 6, 8)
    return d.tensor(n, dim), d.tensor(n, dim)


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


def in_letters(answer, B, N, D_in, H):
    """The shapes with letters for the sizes, each beside the right one."""
    letters = {B: "B", N: "N", D_in: "D_in", H: "H"}
    shapes = answer(B, N, D_in, H)
    if not isinstance(shapes, tuple | list):
        return shapes
    right = [_spelt(shape, letters) for shape in shapes_from_torch(B, N, D_in, H)]
    right += [""] * (len(shapes) - len(right))
    return tuple(Shape(_spelt(shape, letters), true) for shape, true in zip(shapes, right, strict=False))


def _spelt(shape, letters):
    """A shape as it is written in Python; one size that is no tuple is spelt without its comma."""
    if shape is Ellipsis:
        return "still `...`"
    if not isinstance(shape, tuple | list):
        return letters.get(shape, str(shape))
    inside = ", ".join(letters.get(size, str(size)) for size in shape)
    return f"({inside},)" if len(shape) == 1 else f"({inside})"


def probe_sequences(d):
    """Queries and keys of a batch of sequences; all four sizes differ."""
    b, n, m, dim = d.sizes(4, 2, 6)
    return d.tensor(b, n, dim), d.tensor(b, m, dim)


def probe_one_sequence(d):
    """A batch of one sequence with a single query."""
    m, dim = d.sizes(2, 2, 6)
    return d.tensor(1, 1, dim), d.tensor(1, m, dim)


def own_by_clone(array):
    return torch.from_numpy(array).clone().float()


def own_by_astype(array):
    return torch.from_numpy(array.astype(np.float32).copy())


def own_by_list(array):
    return torch.tensor(array.tolist(), dtype=torch.float32)


def own_by_filling(array):
    tensor = torch.empty(array.shape)
    tensor[...] = torch.as_tensor(array)
    return tensor


def channels_by_transposes(images):
    return images.transpose(2, 3).transpose(1, 2).contiguous()


def channels_by_stack(images):
    return torch.stack([images[..., c] for c in range(images.shape[-1])], dim=1)


def channels_by_einsum(images):
    return torch.einsum("nhwc->nchw", images).clone(memory_format=torch.contiguous_format)


def channels_by_filling(images):
    n, h, w, c = images.shape
    out = images.new_empty(n, c, h, w)
    out.copy_(images.movedim(-1, 1))
    return out


def update_by_sub(w, grad, learning_rate):
    return w.sub_(learning_rate * grad)


def update_by_alpha(w, grad, learning_rate):
    w.add_(grad, alpha=-learning_rate)


def update_by_out(w, grad, learning_rate):
    torch.sub(w, grad * learning_rate, out=w)


def update_by_slice(w, grad, learning_rate):
    w[:] = w - learning_rate * grad


def distances_by_unsqueeze(x, y):
    return (x.unsqueeze(1) - y.unsqueeze(0)).square().sum(-1)


def distances_expanded(x, y):
    return (x * x).sum(1, keepdim=True) - 2 * x @ y.t() + (y * y).sum(1)


def distances_by_loop(x, y):
    out = torch.zeros(len(x), len(y))
    for n in range(len(x)):
        for m in range(len(y)):
            out[n, m] = ((x[n] - y[m]) ** 2).sum()
    return out


def distances_by_cdist(x, y):
    return torch.cdist(x, y) ** 2


def shapes_from_torch(B, N, D_in, H):
    x, v, w1, b = torch.ones(N, D_in), torch.ones(D_in), torch.ones(D_in, H), torch.ones(H)
    a, c = torch.ones(B, N, D_in), torch.ones(B, D_in, H)
    first = [x * v, v.dot(v), x @ v, w1.t().mm(x.t()), a @ w1]
    second = [torch.addmm(b, x, w1), torch.bmm(a, c), torch.baddbmm(b, a, c), torch.addbmm(b, a, c)]
    return [product.shape for product in [*first, *second, torch.einsum("bnd,bdh->bh", a, c)]]


def shapes_as_lists(B, N, D_in, H):
    batch = [B, N, H]
    return [N, D_in], [], [N], [H, N], batch, [N, H], batch, batch, [N, H], [B, H]


def shapes_by_slices(B, N, D_in, H):
    a, c = (B, N, D_in), (B, D_in, H)
    batch = a[:2] + c[2:]
    return a[1:], (), a[1:2], (c[2], a[1]), batch, batch[1:], batch, batch, batch[1:], batch[::2]


def scores_by_matmul(queries, keys):
    return queries @ keys.mT


def scores_by_einsum(queries, keys):
    return torch.einsum("bnd,bmd->bnm", queries, keys)


def scores_by_loop(queries, keys):
    return torch.stack([q.mm(k.t()) for q, k in zip(queries, keys, strict=True)])


def scores_by_broadcasting(queries, keys):
    return (queries[:, :, None] * keys[:, None]).sum(dim=-1)


EXERCISES = {
    "predict_memory": value(
        difficulty="easy",
        minutes=2,
        drills=("numpy-bridge",),
        misconceptions=(
            Misconception(
                "copied-on-the-bridge",
                "`from_numpy` copies nothing, so `a += 1`, which writes into the array's memory, is seen through `x`.",
                value=0,
                hints=("Does `from_numpy` make new memory?",),
            ),
            Misconception(
                "name-for-memory",
                "`x` shares the *memory* of the first array, not the name `a`. `a = a + 1` makes a new array in new memory "
                "and calls it `a`; nothing is written into the old one.",
                value=2,
                hints=("Which of the two lines writes into memory, and which makes a new array?",),
            ),
        ),
        hints=(
            "Which of the two lines writes into the memory that `x` sees?",
            "`a += 1` writes into the array; `a = a + 1` makes a new one and gives it the name.",
        ),
        explain="`a += 1` wrote into the shared memory. `a = a + 1` made a new array, which `x` knows nothing of.",
    ),
    "own_tensor": code(
        difficulty="easy",
        minutes=5,
        probe=(probe_float32, probe_float64, probe_whole, probe_single_number, probe_one_row),
        use=write_afterwards,
        outputs=("the tensor after a later write into the array", "dtype", "the array"),
        drills=("numpy-bridge", "create"),
        misconceptions=(
            Misconception(
                "shared-memory",
                "The tensor uses the array's own memory and its dtype: when the array is written to, the tensor changes with it.",
                patch=("torch.tensor(array, dtype=torch.float32)", "torch.from_numpy(array)"),
                hints=("Which functions copy, and which build a bridge?",),
            ),
            Misconception(
                "copies-only-if-it-must",
                "This copies only where the dtype has to change. An array that is float32 already is shared, and "
                "your tensor changes with it.",
                patch=("torch.tensor(array, dtype=torch.float32)", "torch.from_numpy(array).float()"),
                hints=("What does `.float()` (or `as_tensor`) do if the numbers are float32 already?",),
            ),
            Misconception(
                "dtype-of-the-array",
                "The memory is its own now, but the dtype came along from NumPy: float64 or whole numbers instead of float32.",
                patch=(", dtype=torch.float32", ""),
                hints=("What is `np.zeros(3).dtype`, and what does torch make of it?",),
            ),
            Misconception(
                "dtype-from-a-list",
                "A list of decimal numbers becomes float32, but a list of whole numbers becomes int64. Name the dtype.",
                patch=("torch.tensor(array, dtype=torch.float32)", "torch.tensor(array.tolist())"),
                hints=("Which dtype has `torch.tensor([1, 2])`?",),
            ),
            Misconception(
                "shape-for-numbers",
                "The shape is right, but the numbers of the array never arrived.",
                patch=("torch.tensor(array, dtype=torch.float32)", "torch.zeros(array.shape)"),
                hints=("Where do the numbers of the array go?",),
            ),
        ),
        alternatives=(own_by_clone, own_by_astype, own_by_list, own_by_filling),
        hints=(
            "Whose memory should the numbers lie in, and which dtype should they have?",
            "`torch.tensor` always copies, and takes a `dtype=`.",
            "`return torch.tensor(array, dtype=torch.float32)`",
        ),
    ),
    "channels_first": code(
        difficulty="medium",
        minutes=8,
        probe=(probe_images, probe_grey_bytes),
        use=look_at_memory,
        outputs=("images", "memory", "dtype"),
        drills=("views",),
        misconceptions=(
            Misconception(
                "reshape-for-permute",
                "The shape is right and the pixels are shuffled: a reshape walks through memory in the old order and "
                "cuts it elsewhere. Here dimensions have to change places.",
                patch=(
                    "images.permute(0, 3, 1, 2)",
                    "images.reshape(images.shape[0], images.shape[3], images.shape[1], images.shape[2])",
                ),
                hints=("Does a reshape move any number to another place in memory?",),
            ),
            Misconception(
                "not-contiguous",
                "The right numbers in the right order of dimensions, but they do not lie in memory in that order: `permute` and "
                "`transpose` only swap strides, and `clone` keeps them. `view(N, -1)` would refuse.",
                patch=(".contiguous()", ""),
                hints=("What is `is_contiguous()` of your result?",),
            ),
            Misconception(
                "height-and-width-swapped",
                "The channels are in front, but height and width have changed places: your shape is (N, C, W, H), and every "
                "image lies on its side.",
                patch=("permute(0, 3, 1, 2)", "transpose(1, 3)"),
                hints=("After you swap dimensions 1 and 3, where is the height?",),
            ),
            Misconception(
                "permute-backwards",
                "You told `permute` where each dimension goes. It wants the opposite: for each new place, the old "
                "dimension that comes there.",
                patch=("permute(0, 3, 1, 2)", "permute(0, 2, 3, 1)"),
                hints=("Which old dimension should stand at place 1 of the result?",),
            ),
        ),
        alternatives=(channels_by_transposes, channels_by_stack, channels_by_einsum, channels_by_filling),
        hints=(
            "For each place in (N, C, H, W): which dimension of `images` comes there?",
            "`permute` with four numbers, then make the memory follow.",
            "`return images.permute(0, 3, 1, 2).contiguous()`",
        ),
    ),
    "update_": code(
        difficulty="easy",
        minutes=5,
        probe=(probe_update, probe_transposed_update),
        use=look_at_weights,
        outputs=("w after three steps", "grad"),
        drills=("in-place",),
        misconceptions=(
            Misconception(
                "new-tensor",
                "After the call, the memory of `w` holds what it held before. `w = w - …` (and `w.sub(…)` without the underscore) "
                "makes a new tensor; nothing is written into the old one.",
                patch=("w -= learning_rate * grad", "w = w - learning_rate * grad"),
                hints=("What does `=` do to a tensor: write into it, or name another one?",),
            ),
            Misconception(
                "uphill",
                "You add the gradient. It points uphill, so a step against it is subtracted.",
                patch=("w -=", "w +="),
                hints=("In which direction does the loss grow?",),
            ),
            Misconception(
                "written-into-a-copy",
                "`w` changes only where it is contiguous. Of a transposed one `reshape` (and `contiguous`) has to make a copy, and it is "
                "the copy that you write into.",
                patch=(
                    "w -= learning_rate * grad",
                    "flat = w.reshape(-1)\n    flat -= learning_rate * grad.reshape(-1)",
                ),
                hints=("When is what `reshape` returns a view, and when a copy?",),
            ),
            Misconception(
                "rate-of-your-own",
                "The step has a fixed length, whatever `learning_rate` is. (1e-6 was the rate of one loop, not of every caller.)",
                patch=("learning_rate * grad", "1e-6 * grad"),
                hints=("Which argument does your line not use?",),
            ),
            Misconception(
                "gradient-scaled-in-place",
                "`w` is right after one step, but you changed `grad` too, by an in-place operation on it. It belongs to the caller.",
                patch=("w -= learning_rate * grad", "grad *= learning_rate\n    w -= grad"),
                hints=("Which of the two tensors may change?",),
            ),
            Misconception(
                "rate-missing",
                "The step has the full length of the gradient; multiply it by the learning rate.",
                patch=("learning_rate * grad", "grad"),
                hints=("What decides how long the step is?",),
            ),
            Misconception(
                "step-for-weights",
                "You overwrote the weights with the step. They should move *by* the step.",
                patch=("w -= learning_rate * grad", "w.copy_(-learning_rate * grad)"),
                hints=("Where do the old weights go?",),
            ),
        ),
        alternatives=(update_by_sub, update_by_alpha, update_by_out, update_by_slice),
        hints=(
            "Which operations write into a tensor, and which make a new one?",
            "Use `-=`, or a method whose name ends in an underscore.",
            "`w -= learning_rate * grad`",
        ),
    ),
    "predict_centre": value(
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
    ),
    "distances": code(
        difficulty="medium",
        minutes=8,
        probe=(probe_points, probe_as_many, probe_one_point),
        drills=("broadcasting",),
        misconceptions=(
            Misconception(
                "pairs-only",
                "You subtract point 0 from centre 0, 1 from 1, and so on. If there are as many of each that runs, and gives one "
                "number per pair; otherwise it stops. Every point has to meet every centre.",
                patch=(
                    ("x[:, None] - y[None, :]", "x - y"),
                    ("sum(dim=2)", "sum(dim=1)"),
                ),
                hints=("Which shape should the differences have before you sum over D?",),
            ),
            Misconception(
                "transposed",
                "Your result is the transpose: rows belong to the points in `x`, columns to those in `y`.",
                patch=("x[:, None] - y[None, :]", "x[None, :] - y[:, None]"),
                hints=("Which of the two is stretched along the rows of the result?",),
            ),
            Misconception(
                "sum-before-square",
                "You add up the differences first and square afterwards. Then differences of opposite sign cancel before "
                "they are squared.",
                patch=("(difference**2).sum(dim=2)", "difference.sum(dim=2) ** 2"),
                hints=("Which comes first in the formula, the square or the sum?",),
            ),
            Misconception(
                "summed-over-the-centres",
                "You sum over dimension 1, which runs over the centres. The coordinates are the last dimension, and they are "
                "what should disappear.",
                patch=("sum(dim=2)", "sum(dim=1)"),
                hints=("Which of N, M and D stands at which place before the sum?",),
            ),
            Misconception(
                "square-root",
                "That is the distance. The *squared* distance is asked for, without the root.",
                patch=(".sum(dim=2)", ".sum(dim=2).sqrt()"),
                hints=("What does the formula do after the sum?",),
            ),
            Misconception(
                "mean-for-sum",
                "You average over the coordinates; the formula adds them up.",
                patch=(".sum(dim=2)", ".mean(dim=2)"),
                hints=("Is there a division in the formula?",),
            ),
            Misconception(
                "absolute-for-square",
                "You add up the absolute differences. The formula squares them.",
                patch=("(difference**2)", "difference.abs()"),
                hints=("Which power stands in the formula?",),
            ),
            Misconception(
                "dot-products",
                "`x @ y.t()` has the right shape, but holds dot products: large where points look the same way, not where they are far apart.",
                patch=("(difference**2).sum(dim=2)", "x @ y.t()"),
                hints=("What should the distance of a point to itself be?",),
            ),
        ),
        alternatives=(distances_by_unsqueeze, distances_expanded, distances_by_loop, distances_by_cdist),
        hints=(
            "Which three dimensions do you need before the sum?",
            "Give `x` the shape (N, 1, D) and `y` the shape (1, M, D); broadcasting does the rest.",
            "`difference = x[:, None] - y[None, :]`, then square and sum over `dim=2`.",
        ),
    ),
    "product_shapes": code(
        difficulty="medium",
        minutes=8,
        probe=probe_letters,
        use=in_letters,
        outputs=("times", "dot", "vector", "mm", "matmul", "addmm", "bmm", "baddbmm", "addbmm", "einsum"),
        drills=("products", "matrix-products", "batched-products", "einsum"),
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
                patch=(
                    ("baddbmm = (B, N, H)", "baddbmm = (N, H) "),
                    ("    addbmm = (N, H)\n", "    addbmm = (B, N, H)\n"),
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
        alternatives=(shapes_from_torch, shapes_as_lists, shapes_by_slices),
        hints=(
            "For each product: which sizes does it sum over? Everything else stays.",
            "`*` and `einsum` tell you themselves; the others sum over the inner size D_in, and `addbmm` over B as well.",
            "`times = (N, D_in)`, `dot = ()`, `vector = (N,)`, `mm = (H, N)`, and so on down the drawings.",
        ),
        explain="The next cell lets torch say the same.",
    ),
    "scores": code(
        difficulty="hard",
        minutes=8,
        probe=(probe_sequences, probe_one_sequence),
        drills=("batched-products", "einsum"),
        misconceptions=(
            Misconception(
                "reshape-for-transpose",
                "The shape is right and the numbers are not: a reshape of `keys` to (B, D, M) cuts the memory elsewhere, so parts of "
                "different keys are mixed. Dimensions 1 and 2 have to change places.",
                patch=("keys.transpose(1, 2)", "keys.reshape(keys.shape[0], keys.shape[2], keys.shape[1])"),
                hints=("Does a reshape keep the entries of one key together?",),
            ),
            Misconception(
                "not-transposed",
                "`bmm` multiplies (N, D) by (D, M) in each sequence, but `keys` are (M, D): their last two dimensions have to change places.",
                patch=("keys.transpose(1, 2)", "keys"),
                hints=("Which shape does the second factor need?",),
            ),
            Misconception(
                "batch-transposed-too",
                "You reversed all dimensions, the batch included. Only the last two of `keys` change places.",
                patch=("keys.transpose(1, 2)", "keys.permute(2, 1, 0)"),
                hints=("Where does B stand after your transpose?",),
            ),
            Misconception(
                "queries-and-keys-swapped",
                "Your result is (B, M, N): a row for each key. Rows belong to queries.",
                patch=(
                    "torch.bmm(queries, keys.transpose(1, 2))",
                    "torch.bmm(keys, queries.transpose(1, 2))",
                ),
                hints=("Which of N and M comes first in the result?",),
            ),
            Misconception(
                "summed-over-the-batch",
                "You added up the scores of all sequences. B has to stay: sequences know nothing of each other.",
                patch=(
                    "torch.bmm(queries, keys.transpose(1, 2))",
                    'torch.einsum("bnd,bmd->nm", queries, keys)',
                ),
                hints=("Which letters of the formula stand under the sum?",),
            ),
            Misconception(
                "scaled",
                "These are divided by the square root of D, as attention does later. Here the plain dot products are asked for.",
                patch=(
                    "torch.bmm(queries, keys.transpose(1, 2))",
                    "torch.bmm(queries, keys.transpose(1, 2)) / keys.shape[2] ** 0.5",
                ),
                hints=("Is there a division in the formula?",),
            ),
        ),
        equivalent_mutants={
            "return torch.bmm(queries, keys.transpose(2, 1))": "swapping 1 and 2 is swapping 2 and 1",
        },
        alternatives=(scores_by_matmul, scores_by_einsum, scores_by_loop, scores_by_broadcasting),
        hints=(
            "Which size is summed over, and where does it stand in each factor?",
            "`bmm` with the last two dimensions of `keys` swapped, or `einsum` with a letter for each dimension.",
            '`torch.einsum("bnd,bmd->bnm", queries, keys)`',
        ),
    ),
}
