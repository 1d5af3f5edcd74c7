# %% [markdown] name="opening"
# # Tensors and gradients
#
# Three notebooks, one afternoon. In this one you meet the two things that PyTorch is built on: **tensors**, which hold
# numbers, and **autograd**, which finds gradients. In the second you build a network and train it. At the end of the third
# you have a classifier of real photographs, saved in a file, and asked about an image that it has never seen.
#
# **You will be able to**
#
# - say what the packages of PyTorch are for;
# - make, reshape and multiply tensors;
# - say what `requires_grad` and `backward()` do;
# - fit a line, first with gradients that you worked out, then with autograd's.
#
# **You need** Python with a little NumPy, and to know what a derivative is. **It takes** about 50 minutes; the code runs in a
# few seconds.

# %% [markdown] name="map-told"
# ## 1. The map
#
# PyTorch is a handful of packages, each built on those below it. You will type them under the names that everybody uses:

# %% tags=["item:map"] name="imports"
import numpy as np
import torch  # tensors, and operations on them
import torch.nn as nn  # layers, losses, models
import torch.nn.functional as F  # the same as plain functions
import torch.optim as optim  # optimisers, which take the steps

from tutor import check, exercise, graph, hint, plots, progress, solution

# %% tags=["item:map", "figure"] name="map"
plots.boxes(
    [
        [("torch.compile", "faster"), ("torch.export", "without Python"), ("torch.jit", "what came before both")],
        [("torch.utils.data", "feeds images in batches"), ("torch.optim", "takes the steps")],
        [("torch.nn", "layers, losses, models")],
        [("torch.autograd", "gradients; you call backward()")],
        [("torch", "tensors, on a processor or a graphics card")],
    ],
    title="The packages of PyTorch, from the ground up",
)

# %% [markdown] name="jit-told"
# This notebook is about the two lowest storeys. `torch.jit` turned models into programs that run without Python, by `trace`
# and `script`. You will meet it in older code; new code takes `torch.compile` to be faster, and `torch.export` to leave Python.
#
# **How a notebook works.** Run its cells from top to bottom with **Shift + Enter**. In an exercise you replace the `...` and run the
# cell: a checker tries your code on inputs of its own and says what is wrong. Until you answer, our solution is lent, so
# that nothing below gets stuck. `hint()` gives a push, `solution("…")` shows our answer, `progress()` how far you are.
#
# ## 2. Make a tensor
#
# A tensor is an array of numbers. It has a **shape**, a **dtype** (what kind of numbers) and a **device** (where they lie).

# %% tags=["item:make", "nbval-check-output"] name="made"
a = torch.tensor([[1, 2, 3], [4, 5, 6]])  # from a nested list
b = torch.from_numpy(np.array([0.5, 1.5]))  # from a NumPy array: shares its memory
c = torch.ones_like(a)  # shaped like another tensor
d = torch.rand_like(a, dtype=torch.float)  # the same, random numbers, another dtype
e = torch.zeros(2, 3)  # from a shape
for name, tensor in {"a": a, "b": b, "c": c, "d": d, "e": e}.items():
    print(name, tuple(tensor.shape), tensor.dtype, tensor.device)

# %% [markdown] name="dtype-told"
# Whole numbers became `int64`, NumPy's numbers kept their `float64`, and `ones_like` took the dtype of `a`. `d` and `e`
# are `float32`, the dtype in which networks compute; `torch.float` is short for it, and decimal numbers such as `1.5`
# get it, too. (`a.size()` is another way to write `a.shape`.)
#
# ## 3. Take it apart, put it together
#
# Indexing and slicing work as in NumPy, and you can assign to what you took. `view` and `reshape` give the same numbers
# another shape, in the same order; a `-1` stands for "whatever is left". `torch.cat` joins tensors; `dim` is what NumPy
# calls `axis`, so with `dim=1` they come to stand side by side.

# %% tags=["item:reshape", "nbval-check-output"] name="indexed"
print("a[0, 2] is", a[0, 2].item(), " the last column is", a[..., -1].tolist())
flat = a.view(-1)  # (6,)
print("view(-1)    ", flat.tolist())
print("view(3, -1) ", a.view(3, -1).tolist())
e[:, 1] = 7  # assign a column
print("joined      ", torch.cat([a, e], dim=1).tolist())  # (2, 6)

# %% [markdown] name="ask-as-rows"
# `item()` gave a Python number. A `view` moves nothing: it reads the numbers in their order and cuts them elsewhere.
# (Where the numbers do not lie in that order, as after a transpose, `view` may refuse, and `reshape` makes a copy.)
#
# Photographs arrive as bytes, 0 for black to 255 for white, in the shape `(N, H, W)`: N images, H rows of W pixels. A
# simple network wants **one row of numbers for each image**, from 0 to 1. (Dividing bytes by a number makes floats of them.)


# %% tags=["item:reshape"]
@exercise("tensors_and_gradients.as_rows")
def as_rows(images):
    """Return the images as rows of numbers from 0 to 1, shape (N, H * W).

    images : (N, H, W), uint8, 0 to 255; 255 becomes 1
    """
    ### BEGIN SOLUTION
    return images.view(len(images), -1) / 255
    ### END SOLUTION


# %% [markdown] name="multiply-told"
# ## 4. Multiply
#
# `*` multiplies entry by entry. `@` is the **matrix product**: each row of the left with each column of the right, multiplied
# and added up. The size that is added up has to agree.

# %% tags=["item:multiply", "nbval-check-output"] name="products"
x = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])  # (3, 2)
w = torch.tensor([[1.0, 10.0]])  # (1, 2)
print("x * w   ", (x * w).tolist())  # w is used again for every row: broadcasting
print("x @ w.T ", (x @ w.T).tolist())  # w.T is w with rows and columns exchanged, (2, 1)
print("the same", torch.matmul(x, w.T).tolist(), x.mm(w.t()).tolist())
x.add_(1)  # a name that ends in _ changes the tensor in place
print("x is now", x.tolist())

# %% tags=["item:multiply", "figure"] name="product-drawn"
plots.matmul_shapes(
    "x", ("N", "D"), "w.T", ("D", "C"), "scores", title="A matrix product: D is multiplied and added up"
)

# %% [markdown] name="ask-scores"
# That product is most of what a network does. Take N examples with D numbers each, and C classes. Every class has a row of D
# weights, and a bias. Its **score** is the sum of weight times number, plus the bias.


# %% tags=["item:multiply"]
@exercise("tensors_and_gradients.scores")
def scores(x, weight, bias):
    """Return the score of every class for every example, shape (N, C).

    x : (N, D), an example in each row    weight : (C, D), the weights of a class in each row    bias : (C,)
    """
    ### BEGIN SOLUTION
    return x @ weight.T + bias
    ### END SOLUTION


# %% [markdown] name="autograd-told"
# ## 5. What requires_grad and backward() do
#
# To train is to ask: *which way should I move the weights so that the result gets smaller?* The **gradient** answers it: for each
# weight, how fast the result changes when that weight grows.
#
# `requires_grad=True` says of a tensor: watch what is computed from this one. From then on every result remembers in its
# `grad_fn` which operation made it. Together they are a **graph**.

# %% tags=["item:backward", "nbval-check-output"] name="recorded"
x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
y = torch.tensor([4.0, 5.0, 6.0], requires_grad=True)
z = (x + y) * y
s = z.sum()  # a single number
for name, tensor in {"x": x, "z": z, "s": s}.items():
    print(name, "was made by", type(tensor.grad_fn).__name__ if tensor.grad_fn else "you")

# %% [markdown] name="backward-told"
# `s.backward()` walks that graph from the end to the beginning and multiplies the slopes along the way. At the tensors that
# *you* made, the leaves, it puts what arrives into `.grad`. The picture shows the gradient that flowed along every arrow.

# %% tags=["item:backward", "figure"] name="backward-drawn"
with graph.record(s, params={"x": x, "y": y}) as flowed:
    s.backward()
flowed

# %% tags=["item:backward", "nbval-check-output"] name="gradients-read"
print("x.grad", x.grad.tolist(), " which is y")
print("y.grad", y.grad.tolist(), " which is x + 2 y")

# %% [markdown] name="check-by-hand"
# Check it on paper: $s = \sum_i (x_i + y_i)\,y_i$, so $\partial s / \partial x_i = y_i$ and $\partial s / \partial y_i = x_i + 2 y_i$. Two
# arrows arrive at `y` because it was used twice, and the two gradients are added.
#
# Now commit to a guess before you run anything. Here is a small program:
#
# ```python
# x = torch.tensor(2.0, requires_grad=True)
# for again in range(2):
#     z = 3 * x**2
#     z.backward()
# ```
#
# The slope of $3x^2$ is $6x$. What is `x.grad` after the loop?

# %% tags=["item:backward"]
gradient = ...
### BEGIN SOLUTION
gradient = 24
### END SOLUTION
gradient = check("tensors_and_gradients.predict_twice", gradient)

# %% tags=["item:backward", "nbval-check-output"] name="twice"
x = torch.tensor(2.0, requires_grad=True)
for again in range(2):
    z = 3 * x**2
    z.backward()
    print("x.grad is", x.grad.item())
x.grad.zero_()  # clear it yourself, or x.grad = None
print("and after zero_()", x.grad.item())

# %% [markdown] name="line-told"
# **Gradients add up** until you clear them. Forgetting that is the most frequent mistake in training loops, so you will
# clear them in a moment.
#
# ## 6. A line, by hand
#
# Here are 100 points that lie near a line. Which one? We look for the $a$ and $b$ in $y_{pred} = a + b\,x$ that make
# the mean squared error small. What is to be made small is called the **loss**:
#
# $$L = \frac{1}{N} \sum_{i=1}^{N} (a + b\,x_i - y_i)^2 \qquad x, y \text{ have the shape } (N,);\quad a, b \text{ are single numbers}$$

# %% tags=["item:by-hand"] name="points"
torch.manual_seed(0)
x = torch.rand(100) * 4 - 2  # (100,), from -2 to 2
y = 1 + 2 * x + 0.5 * torch.randn(100)  # (100,), the line 1 + 2 x with noise
print("the first points:", [(round(p, 1), round(q, 1)) for p, q in zip(x[:4].tolist(), y[:4].tolist())])

# %% [markdown] name="ask-line-gradients"
# The chain rule gives both slopes. The outer square brings a factor 2 and the error itself; the inside changes by 1 when
# $a$ grows, and by $x_i$ when $b$ grows:
#
# $$\frac{\partial L}{\partial a} = \frac{1}{N} \sum_i 2\,(a + b\,x_i - y_i) \qquad
# \frac{\partial L}{\partial b} = \frac{1}{N} \sum_i 2\,(a + b\,x_i - y_i)\;x_i$$


# %% tags=["item:by-hand"]
@exercise("tensors_and_gradients.line_gradients")
def line_gradients(x, y, a, b):
    """Return the gradients of the mean squared error with respect to a and to b, in this order.

    x, y : (N,), the points    a, b : numbers, the line a + b x
    Write the formulas down; no autograd yet.
    """
    ### BEGIN SOLUTION
    error = a + b * x - y  # (N,)
    return (2 * error).mean(), (2 * error * x).mean()
    ### END SOLUTION


# %% [markdown] name="descend-told"
# The gradient points uphill. A small step the other way makes the loss smaller; how small, the **learning rate** says.

# %% tags=["item:by-hand", "nbval-check-output"] name="fit-by-hand"
a, b, learning_rate = 0.0, 0.0, 0.1
losses = []
for step in range(50):
    losses.append(((a + b * x - y) ** 2).mean().item())
    grad_a, grad_b = line_gradients(x, y, a, b)
    a = a - learning_rate * grad_a.item()
    b = b - learning_rate * grad_b.item()
print(f"loss {losses[0]:.2f} at the start, {losses[-1]:.3f} at the end; the line is {a:.2f} + {b:.2f} x")
print(f"the line that the points were made from, 1 + 2 x, has a loss of {((1 + 2 * x - y) ** 2).mean():.3f}")
by_hand = a, b

# %% tags=["item:by-hand", "figure"] name="line-drawn"
ends = [-2.0, 2.0]
plots.Chart(
    "The points and the line that was found",
    plots.Axis("x", -2, 2),
    plots.Axis("y", -5, 7),
    [
        plots.Dots(x.tolist(), y.tolist(), "points", colour=0, size=3),
        plots.Line(ends, [a + b * end for end in ends], "a + b x", colour=1),
    ],
    alt="A hundred points scattered around a rising straight line, which goes through the middle of them.",
)

# %% [markdown] name="step-told"
# What is left is noise: the line that was found fits these points even a little better than the one they were made from.
#
# ## 7. The same line, by autograd
#
# Nobody works out gradients for a network with hundreds of thousands of weights. We write the loss, and autograd does
# the rest. One step, slowly:

# %% tags=["item:by-autograd", "nbval-check-output"] name="one-step"
a = torch.tensor(0.0, requires_grad=True)
b = torch.tensor(0.0, requires_grad=True)
loss = ((a + b * x - y) ** 2).mean()
loss.backward()  # fills a.grad and b.grad
print(f"autograd: {a.grad:.4f} {b.grad:.4f}")
print("by hand:  {:.4f} {:.4f}".format(*line_gradients(x, y, 0.0, 0.0)))
with torch.no_grad():  # the update is no part of what we differentiate
    a -= learning_rate * a.grad
    b -= learning_rate * b.grad
a.grad.zero_()
b.grad.zero_()
print(f"after one step: {a:.2f} + {b:.2f} x")

# %% [markdown] name="ask-fit-line"
# Three things in it are easily forgotten, and each has its reason:
#
# - the update stands under `torch.no_grad()`, because it is no part of the function whose slope we want;
# - it changes `a` **in place** (`-=`): `a = a - …` would be another tensor, without a `.grad`, and under `no_grad` one
#   that nobody watches;
# - the gradients are cleared, because they add up.
#
# Now the whole fit is yours. Start at 0 and 0, take `steps` steps.


# %% tags=["item:by-autograd"]
@exercise("tensors_and_gradients.fit_line")
def fit_line(x, y, steps, learning_rate):
    """Fit a + b x to the points by gradient descent from a = 0, b = 0, with autograd; return a and b as Python numbers.

    x, y : (N,), the points    steps : how many steps are taken
    learning_rate : each step goes this far along the gradient of the mean squared error, downhill
    """
    ### BEGIN SOLUTION
    a = torch.tensor(0.0, requires_grad=True)
    b = torch.tensor(0.0, requires_grad=True)
    for step in range(steps):
        loss = ((a + b * x - y) ** 2).mean()
        loss.backward()
        with torch.no_grad():
            a -= learning_rate * a.grad
            b -= learning_rate * b.grad
        a.grad.zero_()
        b.grad.zero_()
    return a.item(), b.item()
    ### END SOLUTION


# %% tags=["item:by-autograd", "nbval-check-output"] name="same-line"
a, b = fit_line(x, y, steps=50, learning_rate=0.1)
print(f"by autograd: {a:.2f} + {b:.2f} x")
print("by hand:     {:.2f} + {:.2f} x".format(*by_hand))

# %% [markdown] name="recap"
# ## Recap
#
# | you want | you type |
# |---|---|
# | a tensor | `torch.tensor([...])`, `torch.zeros(2, 3)`, `torch.rand_like(a)` |
# | another shape | `x.view(len(x), -1)`, or `reshape` |
# | a matrix product | `x @ w.T` |
# | gradients | `requires_grad=True`, then `loss.backward()`, then `w.grad` |
# | a step | `with torch.no_grad(): w -= learning_rate * w.grad`, then `w.grad.zero_()` |
#
# ## Self-check
#
# <!-- drills: map -->
# <details><summary>1. Which package would you look into for a layer, for an optimiser, and for something to make a model faster?</summary>
#
# `torch.nn`, `torch.optim`, and `torch.compile`; in older code `torch.jit`.
# </details>
#
# <!-- drills: make -->
# <details><summary>2. What is the dtype of <code>torch.tensor([1, 2])</code>, of <code>torch.tensor([1., 2.])</code>, and of what comes from a NumPy array of floats?</summary>
#
# `int64`, `float32`, and `float64`, the dtype that the array had.
# </details>
#
# <details><summary>3. After <code>a = a - learning_rate * a.grad</code> (without <code>no_grad</code>) <code>a.grad</code> is <code>None</code>. Why?</summary>
#
# The new `a` is the result of an operation, not a leaf: it has no gradient to clear, and `backward()` leaves none in it.
# </details>
#
# ## Where to read on
#
# Go on with the next notebook: layers, a network as a class of your own, and the loop that trains it. How autograd
# works inside is the subject of the long series: notebook 04 builds it in a hundred lines.
