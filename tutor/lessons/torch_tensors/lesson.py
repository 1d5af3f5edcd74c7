# %% [markdown] name="opening"
# # Tensors
#
# A torch tensor is a NumPy array with two more talents: it can live on a graphics processor, and it can remember how it
# was computed. This notebook is about everything else: how tensors are made, where their numbers lie in memory, and how
# they are multiplied. Many bugs in deep learning are not about learning. They are about two tensors that share memory when
# nobody knew, or that have a shape nobody expected, and few stop with an error. Here you make these mistakes on purpose.
#
# **You will be able to**
#
# - make tensors, name their shape, dtype and device, cut them up and join them;
# - say which operations share memory, which copy, and why `view` sometimes refuses;
# - predict the shape that broadcasting gives, and avoid its two classic traps;
# - choose between `*`, `dot`, `mm`, `@`, `bmm`, `addmm`, `baddbmm`, `addbmm` and `einsum`, and name the shape of each result.
#
# **You need** NumPy as in notebook 01. **It takes** about 40 minutes for the core, 105 with everything; the code runs in
# a few seconds on a laptop.

# %% name="imports"
import numpy as np
import torch

from tutor import check, exercise, expect, hint, lend, plots, progress, solution

# %% [markdown] name="making"
# ## 1. Making tensors
#
# *Core*
#
# From a list, from a shape, from another tensor. The functions that end in `_like` copy shape, dtype and device, so
# that code written with them runs wherever its input lives.

# %% tags=["item:create", "nbval-check-output"] name="make"
print(torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]))
print(torch.zeros(2, 3).shape, torch.arange(6).shape, torch.linspace(0, 1, 5).shape)
torch.manual_seed(0)
x = torch.randn(2, 3)  # (2, 3), normally distributed
print(torch.ones_like(x), torch.randn_like(x).shape)
shape = (2, 3)  # a tuple does as well
print(torch.rand(shape).shape, torch.rand_like(x, dtype=torch.float64).dtype)

# %% [markdown] name="three-facts"
# Three facts describe every tensor: its **shape**, the **dtype** of its numbers, and the **device** that holds them.
# Whole numbers in a list make an integer tensor. That is the first surprise: integers have no mean.

# %% tags=["item:attributes", "nbval-check-output"] name="shape-dtype-device"
counts = torch.tensor([1, 2, 4])
print(counts.shape, counts.size(), counts.dtype, counts.device)
print(torch.tensor([1.0, 2.0, 4.0]).dtype, counts.float().dtype, counts.float().mean())

# %% tags=["item:attributes"] name="integers-have-no-mean"
with expect(RuntimeError):
    counts.mean()

# %% [markdown] name="device-words"
# A matrix product insists that both factors agree in dtype and device. `*` and `+` insist on the device only, and even there
# a single number of shape `()` on the CPU is let through. `.to(...)` changes either, and returns a new tensor; if there is
# nothing to change, it returns the very same one. One variable for the device is all that a program needs; the next notebook
# builds on it.

# %% tags=["item:attributes"] name="to-device"
device = "cuda" if torch.cuda.is_available() else "cpu"
print("moved to", x.to(device).device, " as float64", x.to(torch.float64).dtype)
print("nothing to do, so the same tensor:", x.to("cpu") is x)
with expect(RuntimeError):
    x @ torch.ones(3, 2, dtype=torch.float64)

# %% [markdown] name="promotion-words"
# ### Which dtype wins?
#
# *Deeper ground: the rules of promotion.*
#
# Of two dtypes `*` and `+` choose the result's without a word. That is called **promotion**. A float wins over whole numbers,
# and of two floats the wider wins. But the width of a single number of shape `()` counts only where the other tensor is not
# of its *kind* (whole number, float). And where neither of two floats can hold the other's numbers, the result is a third one
# that can: float16 counts finer, bfloat16 reaches further, float32 does both.

# %% tags=["item:attributes", "nbval-check-output"] name="promotion"
whole, single, double = torch.ones(3, dtype=torch.int64), torch.ones(3), torch.ones(3, dtype=torch.float64)
half, brain = torch.ones(3, dtype=torch.float16), torch.ones(3, dtype=torch.bfloat16)
print("int64   + float32                ", (whole + single).dtype)
print("float32 + float64                ", (single + double).dtype)
print("float32 + float64 of the shape ()", (single + double[0]).dtype)
print("int64   + float64 of the shape ()", (whole + double[0]).dtype)
print("float16 + bfloat16               ", (half + brain).dtype)

# %% [markdown] name="capital-t"
# ### A capital letter
#
# *Core*
#
# One more trap has a capital letter. `torch.tensor(3)` is the number 3. `torch.Tensor(3)` is an old spelling of "three
# numbers, whatever happens to lie in memory". Use the small one.

# %% tags=["item:create", "nbval-check-output"] name="capital"
print("tensor(3) has shape", tuple(torch.tensor(3).shape))
print("Tensor(3) has shape", tuple(torch.Tensor(3).shape))

# %% [markdown] name="bridge"
# ## 2. The NumPy bridge
#
# *Core*
#
# `torch.from_numpy(a)` costs nothing, because it copies nothing: the tensor uses the array's own memory. The way back,
# `.numpy()`, is the same bridge. What you write on one side is there on the other.
#
# Here is the mistake that this invites. Someone keeps the raw data in `x`, then prepares the array for a plot.

# %% tags=["item:numpy-bridge", "nbval-check-output"] name="shared-by-mistake"
a = np.array([10.0, 20.0, 60.0])
x = torch.from_numpy(a)
a -= a.mean()  # "only for the plot"
print("x is now", x.tolist(), "and its dtype is", x.dtype)

# %% [markdown] name="bridge-silent"
# No error, no warning, and the raw data are gone. The dtype came along as well: NumPy's float64, while torch works in
# float32.
#
# Now you. After these lines, **what is `x[0]`: 0, 1 or 2?** Look closely at the last two; they are not the same.
#
# ```python
# a = np.zeros(3)
# x = torch.from_numpy(a)
# a += 1
# a = a + 1
# ```

# %% tags=["item:numpy-bridge"]
first = ...
### BEGIN SOLUTION
first = 1
### END SOLUTION
first = check("torch_tensors.predict_memory", first)

# %% tags=["item:numpy-bridge", "nbval-check-output"] name="shared-or-not"
a = np.zeros(3)
x = torch.from_numpy(a)
a += 1
a = a + 1
print("x", x.tolist(), " a", a.tolist())

# %% [markdown] name="ask-own"
# `a += 1` writes into the memory of `a`, which is that of `x`. `a = a + 1` makes a new array and calls it `a`; `x` keeps the
# old memory.
#
# So a tensor that must stay as it is needs memory of its own. `torch.tensor(...)` always copies. `torch.as_tensor` and
# `.float()` copy only if they have to. Whether memory is shared then depends on the input, and a test with the wrong input
# misses it.


# %% tags=["item:numpy-bridge", "item:create"]
@exercise("torch_tensors.own_tensor")
def own_tensor(array):
    """Return a float32 tensor with the array's numbers in memory of its own.

    array : NumPy array of any shape and dtype; writing into it later must not change the tensor
    Returns a tensor of the array's shape.
    """
    ### BEGIN SOLUTION
    return torch.tensor(array, dtype=torch.float32)
    ### END SOLUTION


# %% [markdown] name="indexing"
# ## 3. Indexing, slicing, joining
#
# *Core*
#
# Indexing works as in NumPy: numbers drop a dimension, slices keep it, `None` inserts one, a list or a mask picks entries.

# %% tags=["item:indexing", "nbval-check-output"] name="index"
x = torch.arange(12).view(3, 4)  # 0 to 11 in three rows of four; section 4 explains view
print(x)
print("x[1]     ", x[1].tolist(), "  x[:, 1] ", x[:, 1].tolist())
print("x[1:, :2]", x[1:, :2].tolist(), "  x[x > 8]", x[x > 8].tolist())
print("x[1, 2]  ", x[1, 2], "  x[:, None].shape", tuple(x[:, None].shape))
print("x[..., -1]", x[..., -1].tolist())  # ... stands for all dimensions before
y = torch.ones(2, 3)
y[:, 1] = 0  # a whole column
print(y)

# %% [markdown] name="slices-share"
# A number or a slice gives a **view**: a second window onto the same memory. A list or a mask that is *read* gives a
# **copy**. On the left of `=` nothing is read, so there a mask writes into `x` itself. All of this is useful, and all of
# it is a trap. Here the first row is wanted as a starting point, and the data are destroyed. Then an entry is to be
# cleared: with a second index behind the mask it is read first, and the 0 is lost in the copy.

# %% tags=["item:indexing", "nbval-check-output"] name="view-or-copy"
row = x[0]
row += 100  # a view: x changes
print("x[0] is now   ", x[0].tolist())
x[x > 102][0] = 0  # reads x[x > 102], a copy, and writes into that
print("x[0] is still ", x[0].tolist())
x[x > 102] = 0  # reads nothing: writes into x
print("x[0] is now   ", x[0].tolist())

# %% [markdown] name="joining"
# `cat` puts tensors one behind the other along a dimension that **exists**; `stack` makes a **new** one. Both copy.

# %% tags=["item:indexing", "nbval-check-output"] name="cat-stack"
x, y = torch.zeros(2, 3), torch.ones(2, 3)
print("cat  ", tuple(torch.cat([x, y]).shape), tuple(torch.cat([x, y], dim=1).shape))
print("stack", tuple(torch.stack([x, y]).shape), tuple(torch.stack([x, y], dim=2).shape))

# %% tags=["item:indexing"] name="cat-refuses"
with expect(RuntimeError):
    torch.cat([torch.zeros(2, 3), torch.zeros(2, 4)])

# %% [markdown] name="memory"
# ## 4. One memory, many shapes
#
# *Core*
#
# Memory has no rows and columns. It is one long strip, and a tensor is a way to walk along it. The **strides** say how
# many places to move for one step in each dimension. For a tensor of shape $(n, m)$ made from a list they are $(m, 1)$:
#
# $$\text{place of } x_{ij} = \text{start} + i \cdot \text{stride}_0 + j \cdot \text{stride}_1$$
#
# The start is the place of the first entry: 0 for `x`, but 1 for `x[:, 1:]`, which leaves out the first column. `x.t()`
# moves no number. It swaps the strides. The picture is drawn from the tensors themselves; the small number in a cell is
# its place in memory.

# %% tags=["item:views", "figure"] name="strides-drawn"
x = torch.tensor([[10, 20, 30], [40, 50, 60]])  # (2, 3)
plots.strides({"x": x, "x.t()": x.t(), "x[:, 1:]": x[:, 1:]}, title="One memory, three tensors")

# %% [markdown] name="ask-walk"
# ### A walk of your own
#
# *Deeper ground: strides, set by hand.*
#
# Now with your own hand. Twelve numbers lie in memory, and a view reads some of them, the marked ones. **Type your guess** as
# `guess=` and run the cell: the controls stay locked until then.

# %% tags=["item:views", "figure"] name="walk-moved"
walks = {
    "(2, 3), strides (3, 1)": ((2, 3), (3, 1)),
    "(3, 2), strides (1, 3)": ((3, 2), (1, 3)),
    "(2, 3), strides (5, 2)": ((2, 3), (5, 2)),
    "(2, 3), strides (0, 1)": ((2, 3), (0, 1)),
    "(2, 3), strides (4, 0)": ((2, 3), (4, 0)),
}


def walk(view, start):
    """Twelve numbers in memory, and the view that reads them with these strides from this start."""
    shape, strides = walks[view]
    rows = torch.arange(0, 120, 10).as_strided(shape, strides, start).tolist()
    memory = [
        plots.Box(12 + 48 * k, 34, f"{10 * k}", f"{k}", fill=0.5 * any(10 * k in r for r in rows)) for k in range(12)
    ]
    cells = [(x, y, f"{number}") for y, row in enumerate(rows) for x, number in enumerate(row)]
    read = [plots.Box(220 + 48 * x, 96 + 34 * y, number, colour=2, fill=0.4) for x, y, number in cells]
    said = f"{view}, start {start}, reads {rows}"
    return plots.Diagram(said, memory + read, said, height=210)


question = "Which strides make both rows of a (2, 3) view the same?"
answer = "(0, 1): a step down moves nowhere."
plots.explore(walk, {"shape": list(walks), "start": [0, 1, 2]}, question=question, guess=..., answer=answer)

# %% [markdown] name="walked"
# A stride of 0 reads one number again and again: `expand`, in section 6, is made of that.

# %% [markdown] name="view"
# ### `view` and `reshape`
#
# *Core*
#
# A tensor whose places count up without a gap, row after row, is **contiguous**; `is_contiguous()` says whether it is. `view`
# gives such a strip another shape, for free; one size may be `-1` and is worked out. No single stride walks through `x.t()`
# in its own order, so there `view(-1)` refuses.

# %% tags=["item:views", "nbval-check-output"] name="view-minus-one"
print("view(-1)   ", x.view(-1).tolist())
print("view(3, -1)", x.view(3, -1).tolist())

# %% tags=["item:views"] name="view-refuses"
with expect(RuntimeError):
    x.t().view(-1)

# %% [markdown] name="reshape-words"
# `reshape` takes every shape with as many entries: it gives a view if it can and a **copy if it must**. The message above
# recommends it, and usually that is right. But whoever writes into the result has to know which of the two it was (the same
# `data_ptr()`, the address of the first number, means a view):

# %% tags=["item:views", "nbval-check-output"] name="reshape-copies"
x = torch.zeros(2, 3)
x.reshape(-1)[0] = 7.0  # a view: arrives in x
x.t().reshape(-1)[1] = 8.0  # a copy: lost
print(x.tolist())

# %% [markdown] name="reshape-is-no-transpose"
# ### A reshape is not a transpose
#
# Both turn a $(2, 3)$ into a $(3, 2)$. Only one of them keeps the columns together. The wrong one never raises an
# error, because the shape is right. Images are the usual victims: shuffled pixels still train, only badly.

# %% tags=["item:views", "nbval-check-output"] name="reshape-scrambles"
x = torch.tensor([[10, 20, 30], [40, 50, 60]])
print("x.t()          ", x.t().tolist())
print("x.reshape(3, 2)", x.reshape(3, 2).tolist())

# %% [markdown] name="ask-channels"
# ### Channels first
#
# *Deeper ground: reordering dimensions.*
#
# Most programs that read images put the three colours of a pixel side by side: $(N, H, W, C)$. PyTorch's layers want one
# plane per colour: $(N, C, H, W)$. `permute` reorders any number of dimensions, `transpose(0, 1)` swaps the two that it names; like
# `t`, they move nothing. The next user of these images calls `view(N, -1)` on them, so hand over a contiguous tensor:
# `contiguous()` copies the numbers into their new order, if it has to.


# %% tags=["item:views"]
@exercise("torch_tensors.channels_first")
def channels_first(images):
    """Bring the channels to the front, in contiguous memory.

    images : tensor of shape (N, H, W, C)
    Returns a contiguous tensor of shape (N, C, H, W), of the same dtype.
    """
    ### BEGIN SOLUTION
    return images.permute(0, 3, 1, 2).contiguous()
    ### END SOLUTION


# %% tags=["item:views", "nbval-check-output"] name="channels-shown"
images = torch.arange(8).view(1, 2, 2, 2)  # one image, 2 x 2 pixels, 2 colours
planes = channels_first(images)[0]
print("first colour", planes[0].tolist(), "second colour", planes[1].tolist())

# %% [markdown] name="ask-mend-patches"
# ## Mend it: patches that will not come apart
#
# *Deeper ground: a program that stops with a message that you know.*
#
# Many networks read an image in square pieces, and need each **patch** as a row of numbers. The function below should cut
# images into such rows. It stops with the message of `view` that you have seen above. Mend it, and make sure that a row holds
# one patch: the shape alone does not tell.


# %% tags=["item:views"]
@exercise("torch_tensors.mend_patches")
def patches(images, size):
    """Return every patch of some images as a row, shape (N, P, C * size * size), and its mean, shape (N, P).

    images : tensor of shape (N, C, H, W)
    size : how many rows and columns of pixels a patch has; H and W are multiples of it
    The P patches of an image come from left to right, then downwards. A row is a patch of shape (C, size, size), flattened.
    """
    n, colours, height, width = images.shape
    down, across = height // size, width // size
    tiles = images.view(n, colours, down, size, across, size)
    ### BEGIN SOLUTION
    tiles = tiles.permute(0, 2, 4, 1, 3, 5)
    rows = tiles.reshape(n, down * across, colours * size * size)
    ### BROKEN
    # tiles = tiles.transpose(3, 4)
    # rows = tiles.view(n, down * across, colours * size * size)
    ### END SOLUTION
    means = rows.mean(dim=2)
    return rows, means


# %% [markdown] name="arithmetic"
# ## 5. Arithmetic, in place or not
#
# *Core*
#
# `+ - * / **` and functions such as `exp` work entry by entry and return a **new** tensor. Reductions such as `sum` take
# `dim=`, the dimension that disappears. One entry becomes a Python number with `item()`.

# %% tags=["item:arithmetic", "item:item", "nbval-check-output"] name="arithmetic-shown"
x, y = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([4.0, 4.0, 6.0])
print((x + y).tolist(), (y / x).tolist(), (x**2).tolist(), torch.add(x, y).tolist())
loss = ((x - y) ** 2).sum()
print(loss, "becomes", loss.item(), "of", type(loss.item()))
zeros = torch.zeros(2, 3)
print("sum over dim 0", tuple(zeros.sum(dim=0).shape), " over dim 1", tuple(zeros.sum(dim=1).shape))

# %% [markdown] name="item-words"
# Use `item()` when you keep a loss for a plot: a list of tensors keeps every tensor alive, and later, when tensors remember
# how they were computed, everything that they were computed from. Several entries have no single value:

# %% tags=["item:item"] name="item-refuses"
with expect(RuntimeError):
    (x - y).item()

# %% [markdown] name="underscore"
# A method whose name ends in an underscore writes **into** its tensor: `add_`, `mul_`, `zero_`, `clamp_`. So do `+=` and
# `x[:] = `. A plain `x = ` never writes into a tensor. It only gives the name to another one.

# %% tags=["item:in-place", "nbval-check-output"] name="in-place"
w = torch.ones(3)
old = w  # a second name, not a copy
places = {w.data_ptr()}
w.mul_(5)
places.add(w.data_ptr())
print("in place:", w.tolist(), " places in memory so far", len(places), " and old is", old.tolist())
w = w * 2
places.add(w.data_ptr())
print("new:     ", w.tolist(), " places in memory so far", len(places), " but old is", old.tolist())

# %% [markdown] name="clone"
# `old = w` was meant to keep the old weights, and they changed with the new ones. `old = w.clone()` keeps them. An in-place
# operation also has to fit into its tensor, in dtype and in shape:

# %% tags=["item:in-place"] name="in-place-refuses"
with expect(RuntimeError):
    torch.tensor([1, 2, 3]).div_(2)
with expect(RuntimeError):
    torch.ones(3).add_(torch.ones(2, 3))

# %% [markdown] name="out"
# `out=` is the third way: the result goes into a tensor that is there already, and no new one is made. If the shape is
# wrong, torch still resizes that tensor, but warns that this will end. Only one without any entry is resized in silence.

# %% tags=["item:arithmetic", "nbval-check-output"] name="out-shown"
buffer = torch.empty(3)
torch.add(x, y, out=buffer)
print(buffer.tolist())

# %% tags=["item:arithmetic"] name="out-resizes"
with expect(UserWarning):
    torch.add(x, y, out=torch.empty(2))

# %% [markdown] name="ask-update"
# ### A step in place
#
# *Deeper ground: the underscore is a promise.*
#
# The training loop of notebook 01 says `w1 -= learning_rate * grad_w1`. Now put that step into a function. Whoever calls it looks at
# *their own* `w` afterwards, so the numbers have to change where they lie. The underscore in the name is a promise.


# %% tags=["item:in-place"]
@exercise("torch_tensors.update_")
def update_(w, grad, learning_rate):
    """Take one step of gradient descent, in the memory of w.

    w : the weights, any shape of one dimension or more; they are changed
    grad : the gradient, of the same shape; it stays as it is
    learning_rate : a number
    """
    ### BEGIN SOLUTION
    w -= learning_rate * grad
    ### END SOLUTION


# %% tags=["item:in-place", "nbval-check-output"] name="update-shown"
w = torch.tensor([1.0, 2.0])
update_(w, torch.tensor([10.0, -10.0]), 0.1)
print([round(v, 4) for v in w.tolist()])

# %% [markdown] name="broadcasting"
# ## 6. Broadcasting
#
# *Core*
#
# Two tensors of different shape are stretched to a common one. Write the shapes above each other, **aligned at the
# right**. In each column the sizes must be equal, or one of them must be 1 or missing; that one is repeated.
#
# $$\begin{array}{rccc} a & 4 & \times & 1 \\ b & & & 3 \\ \hline a + b & 4 & \times & 3 \end{array}$$

# %% tags=["item:broadcasting", "figure"] name="broadcast-drawn"
a = torch.tensor([[0], [10], [20], [30]])  # (4, 1)
b = torch.tensor([1, 2, 3])  # (3,)
plots.broadcast(a, b, "+", title="Dashed cells are read, never stored")

# %% [markdown] name="ask-pairs"
# ### Other pairs
#
# *Deeper ground: shapes to play with.*
#
# Try other pairs. The controls open when there is a guess.

# %% tags=["item:broadcasting", "figure"] name="pairs-moved"
shapes = {str(shape): shape for shape in [(4,), (3,), (4, 1), (1, 3), (4, 3), (2, 4, 1)]}


def pair(one, other):
    """Two shapes above each other, aligned at the right, and the shape that they are stretched to."""
    rows = {"a": shapes[one], "b": shapes[other]}
    try:
        rows["a + b"] = tuple(torch.broadcast_shapes(*rows.values()))
        said = f"{one} and {other} are stretched to {rows['a + b']}"
    except RuntimeError:
        said = f"{one} and {other} do not fit"
    parts = [plots.Label(150, 62 + 50 * y, name) for y, name in enumerate(rows)]
    for y, sizes in enumerate(rows.values()):
        for x, size in enumerate(reversed(sizes)):
            parts.append(plots.Box(350 - 60 * x, 40 + 50 * y, f"{size}", fill=0.3, dashed=size == 1))
    return plots.Diagram(said, parts, said, height=200)


question = "With which of the other five shapes does (4,) fit?"
answer = "With (4, 1) and (2, 4, 1): both have a 1 at the right end, which is stretched."
plots.explore(pair, {"a": list(shapes), "b": list(shapes)}, question=question, guess=..., answer=answer)

# %% [markdown] name="pairs-read"
# Shapes are aligned at the right end: what one lacks on the left is taken as 1; nothing is ever added on the right.

# %% [markdown] name="stride-zero"
# ### Stretched, not copied
#
# *Core*
#
# Nothing is copied: the stride of a stretched dimension is **0**, so every step lands on the same place. One write would change
# several cells, so `add_` and most operations in place refuse. Not all do: `clone()` before you write.

# %% tags=["item:broadcasting", "nbval-check-output"] name="strides-of-zero"
wide = a.expand(4, 3)
print("shape", tuple(wide.shape), "strides", wide.stride(), "numbers stored", a.numel())

# %% tags=["item:broadcasting"] name="expand-refuses"
with expect(RuntimeError):
    wide.add_(1)

# %% tags=["item:broadcasting", "nbval-check-output"] name="expand-written"
stretched = torch.tensor([[0], [10]]).expand(2, 3)
stretched[0, 0] = 5  # not refused
print(stretched.tolist())

# %% [markdown] name="ask-centre"
# ### Two traps
#
# **The first.** You want every *row* of `x` to have mean zero, so you subtract the mean of each row: `x - x.mean(dim=1)`.
# Here `x` has the rows (1, 2, 3), (10, 20, 30) and (100, 200, 300); their means are 2, 20 and 200. Commit to an answer: what is the mean
# of the **first** row of the result? A number, or `"error"` if the shapes do not fit.

# %% tags=["item:broadcasting"]
first_mean = ...
### BEGIN SOLUTION
first_mean = -72
### END SOLUTION
first_mean = check("torch_tensors.predict_centre", first_mean)

# %% tags=["item:broadcasting", "nbval-check-output"] name="centre-silently"
x = torch.tensor([[1.0, 2.0, 3.0], [10.0, 20.0, 30.0], [100.0, 200.0, 300.0]])
print("means of the rows afterwards ", (x - x.mean(dim=1)).mean(dim=1).tolist())
print("with keepdim=True            ", (x - x.mean(dim=1, keepdim=True)).mean(dim=1).tolist())

# %% [markdown] name="why-silent"
# The means have the shape $(3,)$. Aligned at the right, that is a *row*: the mean of row 0 was subtracted from column 0.
# `keepdim=True` leaves them as $(3, 1)$, a column. With most other shapes, such as $(4, 3)$, the same mistake is loud; not
# with $(4, 1)$, which quietly becomes $(4, 4)$. Try your shape code on sizes that all differ and are not 1.

# %% tags=["item:broadcasting"] name="centre-loudly"
x = torch.randn(4, 3)
with expect(RuntimeError):
    x - x.mean(dim=1)

# %% [markdown] name="second-trap"
# **The second** you have met in NumPy: predictions of shape $(N, 1)$ against targets of shape $(N,)$. The difference is $(N, N)$,
# and the loss of a perfect prediction is not zero. Written by hand, nothing complains. torch's own loss at least warns:

# %% tags=["item:broadcasting", "nbval-check-output"] name="loss-of-a-perfect-prediction"
y_pred = torch.tensor([[1.0], [2.0], [3.0]])  # (3, 1)
y = torch.tensor([1.0, 2.0, 3.0])  # (3,)
print("difference", tuple((y_pred - y).shape), "loss", ((y_pred - y) ** 2).sum().item())
y_pred_flat = y_pred.squeeze(1)  # (3,)
print("mended    ", tuple((y_pred_flat - y).shape), "loss", ((y_pred_flat - y) ** 2).sum().item())

# %% tags=["item:broadcasting"] name="mse-warns"
with expect(UserWarning):
    torch.nn.functional.mse_loss(y_pred, y)

# %% [markdown] name="ask-distances"
# ### Put it to use
#
# *Deeper ground: all distances without a loop.*
#
# Broadcasting on purpose replaces loops. Given points $x_n$ and centres $y_m$, find the squared distance of each to each.
# `None` in an index (or `unsqueeze`) inserts a dimension of size 1, wherever you need something to be stretched.
#
# $$\underset{(N,\,M)}{d_{nm}} = \sum_{k=1}^{D} \bigl(\underset{(N,\,D)}{x_{nk}} - \underset{(M,\,D)}{y_{mk}}\bigr)^2$$


# %% tags=["item:broadcasting"]
@exercise("torch_tensors.distances")
def distances(x, y):
    """Return the squared distance of every point in x to every point in y.

    x : (N, D)    y : (M, D)
    Returns a tensor of shape (N, M).
    """
    ### BEGIN SOLUTION
    difference = x[:, None] - y[None, :]  # (N, 1, D) - (1, M, D) -> (N, M, D)
    return (difference**2).sum(dim=2)
    ### END SOLUTION


# %% tags=["item:broadcasting", "nbval-check-output"] name="distances-shown"
x = torch.tensor([[0.0, 0.0], [3.0, 4.0]])  # two points
y = torch.tensor([[0.0, 0.0], [0.0, 1.0], [3.0, 0.0]])  # three centres
print(distances(x, y).tolist())

# %% [markdown] name="products"
# ## 7. The family of products
#
# *Core*
#
# You meet nine of them here, and one question tells them apart: **which sizes are summed over, and which stay?** In the
# drawings a Σ marks what is summed; everything else stands in the result. First those without a batch. (`@`
# and `matmul` are the same function; with two matrices it is `mm`.)

# %% tags=["item:products", "item:matrix-products", "figure"] name="products-drawn"
plots.product_shapes(
    {
        "*": "x (N, D_in) * v (D_in) = out (N, D_in)",
        "dot": "v (D_in) · v (D_in) = s ()",
        "mm, @": "x (N, D_in) · w1 (D_in, H) = h (N, H)",
        "@": "x (N, D_in) · v (D_in) = out (N)",
        "addmm": "b (H) + x (N, D_in) · w1 (D_in, H) = h (N, H)",
    },
    title="Products without a batch: Σ marks what is summed over",
)

# %% [markdown] name="products-words"
# $$\underset{(N,\,H)}{h_{nj}} = \underset{(H,)}{b_j} + \sum_{k=1}^{D_{in}} \underset{(N,\,D_{in})}{x_{nk}} \; \underset{(D_{in},\,H)}{w_{1,kj}}$$
#
# `*` is broadcasting and sums nothing. `addmm` adds a *bias*, a number for each column, in the same call; with `beta=` and
# `alpha=` it weighs the two parts: `beta * b + alpha * (x @ w1)`.
#
# Two ways to add up the same numbers may differ in the last digit (`1e-07` is about one such digit of a number near 1). So floats
# are compared with `torch.allclose` and a tolerance.

# %% tags=["item:products", "item:matrix-products", "nbval-check-output", "tolerance:±1e-5"] name="products-run"
torch.manual_seed(0)
B, N, D_in, H = 2, 4, 3, 5
x, v = torch.randn(N, D_in), torch.randn(D_in)
w1, b = torch.randn(D_in, H), torch.randn(H)


def compare(words, p, q):
    print(f"{words:22} shape {tuple(p.shape)!s:10} largest difference {abs(p - q).max():.0e}")
    assert torch.allclose(p, q, atol=1e-5)


compare("dot is * and a sum", v.dot(v), (v * v).sum())
compare("one entry of mm", x.mm(w1)[1, 2], x[1].dot(w1[:, 2]))
compare("@ is mm here", x @ w1, x.mm(w1))
compare("addmm is + and mm", torch.addmm(b, x, w1), x.mm(w1) + b)
compare("weighed", torch.addmm(b, x, w1, beta=0.5, alpha=2), 0.5 * b + 2 * (x @ w1))

# %% tags=["item:matrix-products", "item:arithmetic", "nbval-check-output"] name="three-ways"
t, into = torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.empty(2, 2)
print("@", (t @ t.T).tolist(), " matmul", t.matmul(t.T).tolist(), " out=", torch.matmul(t, t.T, out=into).tolist())
print("*", (t * t).tolist(), " mul", t.mul(t).tolist(), " out=", torch.mul(t, t, out=into).tolist())

# %% [markdown] name="dot-changed"
# NumPy's `dot` multiplied matrices all through notebook 01. torch's `dot` takes two vectors and nothing else; `mm` takes two
# matrices and never broadcasts. They are strict, and that is a help: a batch that slipped in is found at once. The
# quiet one is `*`. On two square matrices it gives a matrix of the right shape with the wrong numbers.

# %% tags=["item:products"] name="dot-refuses"
with expect(RuntimeError):
    x.dot(w1)

# %% tags=["item:matrix-products"] name="mm-refuses"
with expect(RuntimeError):
    x.mm(x)

# %% tags=["item:products", "nbval-check-output"] name="star-is-silent"
square = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
print("square @ square", (square @ square).tolist())
print("square * square", (square * square).tolist())

# %% [markdown] name="sine-product"
# The cubic of notebook 01 is one product of this kind: broadcasting makes the matrix of powers, and `@` weighs its columns.
#
# $$\underset{(2000,)}{y_{pred}} = \underset{(2000,\,4)}{\begin{pmatrix} 1 & x & x^2 & x^3 \end{pmatrix}} \; \underset{(4,)}{(a, b, c, d)^T}$$

# %% tags=["item:broadcasting", "item:matrix-products", "nbval-check-output", "tolerance:±1e-5"] name="sine-as-product"
points = torch.linspace(-torch.pi, torch.pi, 2000)  # (2000,)
powers = points[:, None] ** torch.arange(4)  # (2000, 1) ** (4,) -> (2000, 4)
y_pred = powers @ torch.tensor([0.1, 0.2, 0.3, 0.4])  # (2000, 4) @ (4,) -> (2000,)
by_hand = 0.1 + 0.2 * points + 0.3 * points**2 + 0.4 * points**3
print("powers", tuple(powers.shape))
compare("their product", y_pred, by_hand)

# %% [markdown] name="batched"
# ### A batch of matrices
#
# *Deeper ground: products of many matrices at once.*
#
# `bmm` multiplies matrix by matrix, as many times as there are matrices in the batch. `baddbmm` adds something to each
# product. `addbmm` adds **all products together**, so that the batch disappears. The leading b of `baddbmm` is that of
# the batch, and the batch stays. What is added is broadcast: here it is the bias of shape $(H)$. A sum over a batch is
# what you will need when many examples share one weight.

# %% tags=["item:batched-products", "figure"] name="batched-drawn"
plots.product_shapes(
    {
        "bmm": "a (B, N, D_in) · c (B, D_in, H) = out (B, N, H)",
        "baddbmm": "b (H) + a (B, N, D_in) · c (B, D_in, H) = out (B, N, H)",
        "addbmm": "b (H) + a (B, N, D_in) · c (B, D_in, H) = out (N, H)",
        "@": "a (B, N, D_in) · w1 (D_in, H) = out (B, N, H)",
    },
    title="Products of batches",
)

# %% tags=["item:batched-products", "nbval-check-output", "tolerance:±1e-5"] name="batched-run"
a, c = torch.randn(B, N, D_in), torch.randn(B, D_in, H)
each = torch.stack([a[i].mm(c[i]) for i in range(B)])  # (B, N, H), as a loop
compare("bmm is a loop of mm", torch.bmm(a, c), each)
compare("baddbmm adds to each", torch.baddbmm(b, a, c), each + b)
compare("addbmm adds all up", torch.addbmm(b, a, c), each.sum(dim=0) + b)
compare("@ broadcasts the batch", a @ w1, torch.stack([a[i].mm(w1) for i in range(B)]))

# %% tags=["item:batched-products"] name="bmm-refuses"
with expect(RuntimeError):
    torch.bmm(a, w1)

# %% [markdown] name="einsum"
# ### einsum: name the dimensions
#
# *Deeper ground: all products in one notation.*
#
# `einsum` is all of them at once. Each operand gets a letter per dimension; the same letter means the same index. **A
# letter that is missing after the arrow is summed over.** That is the whole rule, and it makes transposes needless.

# %% tags=["item:einsum", "figure"] name="einsum-drawn"
plots.product_shapes(
    {
        "nd,dh->nh": "x (n, d) · w1 (d, h) = out (n, h)",
        "nd,d->nd": "x (n, d) * v (d) = out (n, d)",
        "nd->d": "x (n, d) = out (d)",
        "bnd,bdh->nh": "a (b, n, d) · c (b, d, h) = out (n, h)",
    },
    title="einsum: a letter that is missing on the right is summed over",
)

# %% tags=["item:einsum", "nbval-check-output", "tolerance:±1e-5"] name="einsum-run"
compare("mm", torch.einsum("nd,dh->nh", x, w1), x.mm(w1))
compare("*", torch.einsum("nd,d->nd", x, v), x * v)
compare("sum", torch.einsum("nd->d", x), x.sum(dim=0))
compare("addbmm", torch.einsum("bnd,bdh->nh", a, c), torch.addbmm(b, a, c) - b)
h = x.mm(w1)  # (N, H)
compare("x.t() h", torch.einsum("nd,nh->dh", x, h), x.t().mm(h))

# %% [markdown] name="ask-shapes"
# ### Predict the shapes
#
# *Deeper ground: needs the two parts above it.*
#
# Put in the shape of every product, as a tuple of letters: `(N, H)`; one size alone is `(N,)`, no size at all `()`. Decide
# all ten before you run the cell: it stays "to do" as long as one of them is `...`.


# %% tags=["item:products", "item:matrix-products", "item:batched-products", "item:einsum"]
@exercise("torch_tensors.product_shapes")
def product_shapes(B, N, D_in, H):
    """Return the shapes of ten products that are not drawn above.

    x : (N, D_in)    v : (D_in,)    w1 : (D_in, H)    h : (N, H)    a : (B, N, D_in)    c : (B, D_in, H)    g : (B, N, H)
    turned = c.transpose(1, 2), so (B, H, D_in)

    times   = a * v                      addmm   = torch.addmm(v, h, w1.t())
    dot     = h[0].dot(h[1])             bmm     = torch.bmm(turned, c)
    vector  = x.t() @ h[:, 0]            baddbmm = torch.baddbmm(v, g, turned)
    mm      = w1.t().mm(x.t())           addbmm  = torch.addbmm(v, g, turned)
    matmul  = x @ c                      einsum  = torch.einsum("bnd,bdh->bh", a, c)
    """
    times = ...
    ### BEGIN SOLUTION
    times = (B, N, D_in)
    ### END SOLUTION
    dot = ...
    ### BEGIN SOLUTION
    dot = ()
    ### END SOLUTION
    vector = ...
    ### BEGIN SOLUTION
    vector = (D_in,)
    ### END SOLUTION
    mm = ...
    ### BEGIN SOLUTION
    mm = (H, N)
    ### END SOLUTION
    matmul = ...
    ### BEGIN SOLUTION
    matmul = (B, N, H)
    ### END SOLUTION
    addmm = ...
    ### BEGIN SOLUTION
    addmm = (N, D_in)
    ### END SOLUTION
    bmm = ...
    ### BEGIN SOLUTION
    bmm = (B, H, H)
    ### END SOLUTION
    baddbmm = ...
    ### BEGIN SOLUTION
    baddbmm = (B, N, D_in)
    ### END SOLUTION
    addbmm = ...
    ### BEGIN SOLUTION
    addbmm = (N, D_in)
    ### END SOLUTION
    einsum = ...
    ### BEGIN SOLUTION
    einsum = (B, H)
    ### END SOLUTION
    return times, dot, vector, mm, matmul, addmm, bmm, baddbmm, addbmm, einsum


# %% [markdown] name="shapes-truth"
# And what torch says, for $B = 2$, $N = 4$, $D_{in} = 3$, $H = 5$:

# %% tags=["item:products", "item:batched-products", "nbval-check-output"] name="shapes-shown"
g, turned = torch.bmm(a, c), c.transpose(1, 2)  # (B, N, H), (B, H, D_in)
made = {"times": a * v, "dot": h[0].dot(h[1]), "vector": x.t() @ h[:, 0], "mm": w1.t().mm(x.t()), "matmul": x @ c}
made |= {"addmm": torch.addmm(v, h, w1.t()), "bmm": torch.bmm(turned, c), "baddbmm": torch.baddbmm(v, g, turned)}
made |= {"addbmm": torch.addbmm(v, g, turned), "einsum": torch.einsum("bnd,bdh->bh", a, c)}
for name, product in made.items():
    print(f"{name:8} {tuple(product.shape)}")

# %% [markdown] name="ask-scores"
# ### The product inside a language model
#
# *Deeper ground: attention in one line.*
#
# Attention asks how well each query fits each key: a dot product of every query with every key, separately in each
# sequence of the batch. Which size is summed over, and which three stay?
#
# $$\underset{(B,\,N,\,M)}{s_{bnm}} = \sum_{d=1}^{D} \underset{(B,\,N,\,D)}{q_{bnd}} \; \underset{(B,\,M,\,D)}{k_{bmd}}$$


# %% tags=["item:batched-products", "item:einsum"]
@exercise("torch_tensors.scores")
def scores(queries, keys):
    """Return the dot product of every query with every key of the same sequence.

    queries : (B, N, D)    keys : (B, M, D)
    Returns a tensor of shape (B, N, M).
    """
    ### BEGIN SOLUTION
    return torch.bmm(queries, keys.transpose(1, 2))
    ### END SOLUTION


# %% [markdown] name="net"
# ## 8. The first layer of the network, in tensors
#
# *Core*
#
# You have everything for the network of notebook 01. Here is its first layer, as you wrote it there and in tensors. Two
# words change: `dot` becomes `mm`, and `np.maximum` becomes `clamp`. The rest of the network is yours, in the next notebook.


# %% tags=["item:matrix-products"] name="layer-in-numpy"
def numpy_layer(x, w1):
    """Return h_relu (N, H), made from x (N, D_in) and w1 (D_in, H)."""
    h = x.dot(w1)  # (N, H)
    return np.maximum(h, 0)  # (N, H)


# %% tags=["item:matrix-products"] name="layer-in-torch"
def torch_layer(x, w1):
    """Return h_relu (N, H), made from x (N, D_in) and w1 (D_in, H)."""
    h = x.mm(w1)  # (N, H)
    return h.clamp(min=0)  # (N, H)


# %% [markdown] name="compare-words"
# NumPy is the judge. Both compute from the same numbers, torch in float32 and NumPy in float64, so they agree closely, but not
# in every digit.

# %% tags=["item:numpy-bridge", "item:matrix-products", "nbval-check-output", "tolerance:±1e-5"] name="compare-with-numpy"
N, D_in, H = 64, 1000, 100
rng = np.random.default_rng(0)
arrays = rng.normal(size=(N, D_in)), rng.normal(size=(D_in, H))
x, w1 = (own_tensor(array) for array in arrays)
h_relu, expected = torch_layer(x, w1), numpy_layer(*arrays)
error = abs(h_relu.numpy() - expected).max() / abs(expected).max()
print(f"h_relu {tuple(h_relu.shape)}  largest difference {error:.0e} of the largest entry")
assert error < 1e-5

# %% [markdown] name="ask-mend-history"
# ## Mend it: a history whose rows are all equal
#
# *Deeper ground: a program that runs and is wrong.*
#
# The function below should keep every state on the way, and what it returns holds the last one many times over. No line of
# it is an error. Find what is to blame, and mend it.


# %% tags=["item:in-place"]
@exercise("torch_tensors.mend_history")
def history(start, rate, steps):
    """Return every state of a decay, shape (steps + 1, N): the start, then that after each step.

    start : a tensor of shape (N,), which stays as it is
    rate : a number; each step takes that share of the state away
    steps : how many steps, 1 or more
    """
    state = start.clone()
    states = [state]
    for _ in range(steps):
        lost = rate * state
        ### BEGIN SOLUTION
        state = state - lost
        ### BROKEN
        # state -= lost
        ### END SOLUTION
        states.append(state)
    return torch.stack(states)


# %% [markdown] name="recap"
# ## Recap
#
# *Core*
#
# | you want | write | memory |
# |---|---|---|
# | an array as a tensor, for free | `torch.from_numpy(a)` | shared with the array |
# | an array as a tensor of your own | `torch.tensor(a, dtype=torch.float32)` | new |
# | part of it | `x[1:]`, `x[0]` (view); `x[[0, 2]]`, `x[mask]`, read (copy) | shared; new |
# | another shape | `view` (never copies), `reshape` (copies if it must) | shared; it depends |
# | other order of dimensions | `t`, `transpose`, `permute`, then `contiguous()` | shared; new if needed |
# | to change it where it lies | `add_`, `-=`, `x[:] =`, `x[mask] =` | the same |
# | to keep the old values | `x.clone()` | new |
# | a Python number | `x.item()` | none |
#
# | product | shapes | summed over |
# |---|---|---|
# | `*` | any that broadcast | nothing |
# | `dot` | $(D)\,(D) \to ()$ | $D$ |
# | `mm`, `@` | $(N, D)\,(D, H) \to (N, H)$ | $D$ |
# | `addmm` | $(H) + (N, D)\,(D, H) \to (N, H)$ | $D$ |
# | `bmm`, `@` | $(B, N, D)\,(B, D, H) \to (B, N, H)$ | $D$ |
# | `baddbmm` | $(H) + (B, N, D)\,(B, D, H) \to (B, N, H)$ | $D$ |
# | `addbmm` | $(H) + (B, N, D)\,(B, D, H) \to (N, H)$ | $D$ and $B$ |
# | `einsum` | as you write it | what is missing after `->` |
#
# ### What changed since the last notebook
#
# The first layer, before and after. The shapes in the comments did not change, and neither did the mathematics:
#
# <!-- diff: torch_tensors/layer-in-numpy torch_tensors/layer-in-torch -->

# %% [markdown] name="quiz"
# ## Self-check
#
# *Deeper ground: asks about all sections.*
#
# Answer in your head, then open.
#
# <details><summary>1. <code>x.t().view(-1)</code> fails and <code>x.t().reshape(-1)</code> does not. What does the second do that the first may not?</summary>
#
# It copies. No single stride walks through the transposed matrix in order, so the numbers have to be moved.
# </details>
#
# <details><summary>2. A function does <code>w = w - 0.1 * grad</code> and returns nothing. What has happened to the caller's <code>w</code>?</summary>
#
# Nothing. The function made a new tensor and named it; the name ended with the function. <code>w -= 0.1 * grad</code> writes into the caller's memory.
# </details>
#
# <details><summary>3. Which shape has the sum of a <code>(5, 1, 3)</code> and a <code>(4, 3)</code>?</summary>
#
# (5, 4, 3). Aligned at the right: 3 and 3, 1 and 4, 5 and nothing.
# </details>
#
# <details><summary>4. Your loss is far too large although the predictions look right. Which shapes do you compare first?</summary>
#
# Those of <code>y_pred</code> and <code>y</code>. If one is (N, 1) and the other (N,), their difference is (N, N).
# </details>
#
# <details><summary>5. What is <code>torch.einsum("nd,nd->n", x, y)</code>?</summary>
#
# The dot product of each row of x with the same row of y: d is summed over, n stays. The same as (x * y).sum(dim=1).
# </details>
#
# <details><summary>6. <code>addbmm</code> or <code>baddbmm</code>: which result has no batch dimension?</summary>
#
# addbmm. It adds the products of the whole batch to one matrix.
# </details>
#
# <!-- drills: attributes -->
# <details><summary>7. <code>torch.tensor([1, 2, 3]).mean()</code> fails and <code>torch.tensor([1, 2, 3.0]).mean()</code> does not. Why?</summary>
#
# One decimal point in the list makes all its numbers float32. Without one the dtype is int64, and integers have no mean.
# </details>
#
# <!-- drills: indexing -->
# <details><summary>8. <code>x</code> has the shape (4, 3). Which shapes have <code>x[0]</code>, <code>x[:1]</code>, <code>torch.cat([x, x])</code> and <code>torch.stack([x, x])</code>, and which of them share memory with <code>x</code>?</summary>
#
# (3,), (1, 3), (8, 3) and (2, 4, 3). The number drops the dimension, the slice keeps it; both share memory. cat and stack copy.
# </details>
#
# <!-- drills: arithmetic -->
# <details><summary>9. You keep a second name, <code>z = y</code>. Then either <code>y = x + x</code> or <code>torch.add(x, x, out=y)</code> runs. After which of them does <code>z</code> hold the sum?</summary>
#
# After the second: it writes into the tensor that both names mean. The first makes a new tensor and gives it the name y; z still
# means the old one.
# </details>
#
# <!-- drills: item -->
# <details><summary>10. <code>losses.append(loss.item())</code> fails with "a Tensor with 3 elements cannot be converted to Scalar". Which line above it is wrong?</summary>
#
# The one that computes the loss: its sum is missing, or it ran over one dimension only. A loss is one number, and
# <code>item()</code> has just noticed that yours is three.
# </details>

# %% name="see-progress"
progress()

# %% [markdown] name="onwards"
# ## Where to read on
#
# *Deeper ground: what others have written.*
#
# The next notebook takes the backward pass across as well, and then moves all of it to a graphics processor by changing one
# variable. The rules of broadcasting stand in the torch documentation under *Broadcasting semantics*, those of views
# under *Tensor Views*. How strides make arrays fast is told by van der Walt, Colbert and Varoquaux, *The NumPy
# array: a structure for efficient numerical computation*, Computing in Science & Engineering 13 (2011).
