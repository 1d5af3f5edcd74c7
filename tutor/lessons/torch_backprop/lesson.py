# %% [markdown] name="opening"
# # Backpropagation with tensors, on any device
#
# In notebook 01 you found every gradient by hand, in NumPy. Here you do the same two fits with torch tensors and nothing
# else: no autograd yet, no layers. So little has to change that you can count the lines. What you gain is a choice: the
# same code runs on a processor or on a graphics card, and you will learn to say *honestly* which of them is faster.
#
# **You will be able to**
#
# - carry NumPy code over to tensors word by word, and say where the move bites;
# - write code that runs on any device by changing one variable;
# - say how closely two devices have to agree, and why they seldom agree exactly;
# - time code on a device that works behind your back, and find the size from which it pays.
#
# **You need** notebook 01 (the two fits and their gradients) and notebook 02 (tensors). **It takes** about 40 minutes
# for the core, 85 with everything; the code runs in a few seconds on a laptop CPU. No graphics card is needed; if you
# have one, it is used.

# %% name="imports"
import math
import statistics
import time
import warnings

import numpy as np
import torch

from tutor import check, exercise, expect, hint, lend, models, plots, progress, solution

# %% [markdown] name="sine-problem"
# ## 1. The sine fit, with tensors only
#
# *Core*
#
# The problem has not changed: 2,000 points of a sine, a cubic, and the sum of squared errors.
#
# $$\underset{(2000,)}{y_{pred}} = a + b\,\underset{(2000,)}{x} + c\,x^2 + d\,x^3 \qquad
# L = \sum_{i=1}^{2000} \left(y_{pred,i} - y_i\right)^2$$

# %% tags=["item:sine-fit"] name="sine-data"
x = torch.linspace(-math.pi, math.pi, 2000)  # (2000,)
y = torch.sin(x)  # (2000,)

# %% [markdown] name="ask-bytes"
# These are float32, 4 bytes a number. In notebook 01, `np.linspace` gave you float64, 8 bytes each, and `torch.from_numpy` keeps
# them so. **Commit to an answer**: how many bytes does one number of `x + torch.from_numpy(np.linspace(0, 1, 2000))` take? A
# number, or `"error"` if you expect one.

# %% tags=["item:precision"]
bytes_each = ...
### BEGIN SOLUTION
bytes_each = 8
### END SOLUTION
bytes_each = check("torch_backprop.predict_bytes", bytes_each)

# %% tags=["item:precision", "nbval-check-output"] name="two-precisions"
from_numpy = torch.from_numpy(np.linspace(0, 1, 2000))
for name, numbers in {"from NumPy": from_numpy, "from torch": x, "their sum": x + from_numpy}.items():
    limits = torch.finfo(numbers.dtype)
    digits = f"about {-math.log10(limits.eps):.1f} decimal digits"
    print(f"{name:10} {numbers.dtype}: {numbers.element_size()} bytes, {digits}, at most {limits.max:.1e}")

# %% [markdown] name="why-float32"
# Half the bytes are half the memory, and half as much to carry about. The price is precision. A sum of both is float64, and
# nothing says so: data from NumPy can double the memory of all that follows. A matrix product of both is refused, as in
# notebook 02:

# %% tags=["item:precision"] name="mixed-precision"
data_from_numpy = torch.from_numpy(np.ones((3, 2)))  # float64
with expect(RuntimeError):
    data_from_numpy.mm(torch.ones(2, 4))
print("with .float():", data_from_numpy.float().mm(torch.ones(2, 4)).dtype)

# %% [markdown] name="the-same-functions"
# `.float()` once, when the data come in, is the mend.
#
# Now the model and its gradients. You wrote both in notebook 01. The operators `+`, `-` and `*` mean the same for
# tensors; a power can be written `x**2` or `x.pow(2)`.


# %% tags=["item:sine-fit", "reference"] name="sine-functions"
def polynomial(x, a, b, c, d):
    """Return the cubic a + b x + c x^2 + d x^3, shape (N,)."""
    return a + b * x + c * x.pow(2) + d * x.pow(3)


def polynomial_gradients(x, grad_y_pred):
    """Return the gradients of the loss with respect to a, b, c and d."""
    grad_a, grad_b = grad_y_pred.sum(), (grad_y_pred * x).sum()
    grad_c, grad_d = (grad_y_pred * x.pow(2)).sum(), (grad_y_pred * x.pow(3)).sum()
    return grad_a, grad_b, grad_c, grad_d


# %% [markdown] name="descend"
# And the loop. Lay it beside the one of notebook 01: but for the spelling `pow(2)`, two things differ. The start is made
# into a tensor that is of `x`'s kind and lies where `x` lies, and `.item()` takes the loss out of its tensor, so that the
# list holds plain numbers.


# %% tags=["item:sine-fit", "reference"] name="fit-sine"
def fit_sine(learning_rate, steps=2000, seed=0):
    """Fit the cubic by gradient descent; return the four coefficients and the loss of every step."""
    start = np.random.default_rng(seed).normal(size=4)
    a, b, c, d = torch.tensor(start, dtype=x.dtype, device=x.device)
    losses = []
    for step in range(steps):
        y_pred = polynomial(x, a, b, c, d)  # (2000,)
        losses.append((y_pred - y).pow(2).sum().item())
        grad_y_pred = 2 * (y_pred - y)  # (2000,)
        grads = polynomial_gradients(x, grad_y_pred)
        a, b, c, d = (p - learning_rate * g for p, g in zip((a, b, c, d), grads))
    return (a, b, c, d), losses


# %% tags=["item:sine-fit", "nbval-check-output"] name="run-fit"
coefficients, losses = fit_sine(learning_rate=2e-6)
best, best_loss = models.sine_optimum(x, y)
excess = losses[-1] / best_loss - 1
print(f"fitted        b = {coefficients[1].item():.3f}  d = {coefficients[3].item():.4f}")
print(f"best possible b = {best[1]:.3f}  d = {best[3]:.4f}   (a and c are 0: a sine is odd)")
print(f"loss {losses[-1]:.3f}, which is {100 * excess:.3f} % above the best possible {best_loss:.3f}")
assert excess < 0.01

# %% [markdown] name="words"
# ### The dictionary
#
# These few words are all that the rest of this notebook needs. On the left NumPy, on the right torch; the cell computes
# both and compares.

# %% tags=["item:words", "nbval-check-output"] name="dictionary"
array = np.array([[1.0, -2.0], [3.0, 4.0], [-5.0, 6.0]])  # (3, 2)
tensor = torch.from_numpy(array)  # (3, 2)
pairs = {
    "a.T.dot(a)        t.t().mm(t)": (array.T.dot(array), tensor.t().mm(tensor)),
    "np.maximum(a, 0)  t.clamp(min=0)": (np.maximum(array, 0), tensor.clamp(min=0)),
    "a**2              t.pow(2)": (array**2, tensor.pow(2)),
    "a.copy()          t.clone()": (array.copy(), tensor.clone()),
}
for words, (ours, theirs) in pairs.items():
    print(f"{words:34} {(ours == theirs.numpy()).sum()} of {ours.size} entries are equal")

# %% [markdown] name="false-friends"
# Two words are false friends. `dot` exists in torch, but only for vectors; for matrices it refuses and says so. And a
# name that ends in an underscore, such as `clamp_`, is the *in-place* form: it overwrites the tensor it is called on.

# %% tags=["item:words"] name="dot-refuses"
with expect(RuntimeError):
    tensor.t().dot(tensor)

# %% [markdown] name="net"
# ## 2. The two-layer network, with tensors only
#
# *Core*
#
# $$\underset{(N,\,H)}{h} = \underset{(N,\,D_{in})}{x}\;\underset{(D_{in},\,H)}{w_1} \qquad
# \underset{(N,\,H)}{h_{relu}} = \max(h, 0) \qquad
# \underset{(N,\,D_{out})}{y_{pred}} = \underset{(N,\,H)}{h_{relu}}\;\underset{(H,\,D_{out})}{w_2}$$
#
# Notebook 02 ended with the first layer. Here is all of it, in three lines with `mm` and `clamp(min=0)`, which is the ReLU. All
# three results are needed later: `h` decides the ReLU's gate on the way back.


# %% tags=["item:two-layer-net", "item:words", "reference"] name="two-layer-forward"
def two_layer_forward(x, w1, w2):
    """Return h (N, H), h_relu (N, H) and y_pred (N, D_out)."""
    h = x.mm(w1)  # (N, H)
    h_relu = h.clamp(min=0)  # (N, H)
    y_pred = h_relu.mm(w2)  # (N, D_out)
    return h, h_relu, y_pred


# %% [markdown] name="gate"
# ### Back through the ReLU
#
# The gate of notebook 01: where $h$ was positive the gradient passes, where it was negative it is zero. Two mistakes came
# along from published tutorials, and torch stops neither of them: the gate is decided by the wrong tensor, or the
# gradient of the caller is overwritten because nobody made a copy. In torch a copy is called `clone()`.


# %% tags=["item:two-layer-net", "item:words", "reference"] name="relu-backward"
def relu_backward(grad_h_relu, h):
    """Return the gradient of the loss with respect to h, shape (N, H)."""
    grad_h = grad_h_relu.clone()
    grad_h[h < 0] = 0
    return grad_h


# %% [markdown] name="transpose"
# ### All of it
#
# The transposes stand where they stood: a gradient has the shape of its weight, and there is one way to multiply that
# gives this shape. `t()` turns a matrix; it copies nothing, it only reads the same numbers in the other order. Write it with
# the two functions above.

# %% tags=["item:two-layer-net", "figure"] name="shapes-drawn"
title = "The gradient of w1: the batch disappears"
plots.matmul_shapes("x.t()", ("D_in", "N"), "grad_h", ("N", "H"), "grad_w1", title=title)


# %% tags=["item:two-layer-net", "item:words"] name="two-layer-gradients"
@exercise("torch_backprop.two_layer_gradients")
def two_layer_gradients(x, y, w1, w2):
    """Return the gradients of the loss sum((y_pred - y)^2) with respect to w1 and w2.

    x : (N, D_in)    y : (N, D_out)    w1 : (D_in, H)    w2 : (H, D_out), all of one float dtype
    Returns grad_w1 (D_in, H) and grad_w2 (H, D_out).
    """
    ### BEGIN SOLUTION
    h, h_relu, y_pred = two_layer_forward(x, w1, w2)
    grad_y_pred = 2.0 * (y_pred - y)  # (N, D_out)
    grad_w2 = h_relu.t().mm(grad_y_pred)  # (H, N) (N, D_out) -> (H, D_out)
    grad_h_relu = grad_y_pred.mm(w2.t())  # (N, D_out) (D_out, H) -> (N, H)
    grad_h = relu_backward(grad_h_relu, h)  # (N, H)
    grad_w1 = x.t().mm(grad_h)  # (D_in, N) (N, H) -> (D_in, H)
    return grad_w1, grad_w2
    ### END SOLUTION


# %% [markdown] name="judge-net"
# Ask the judge of notebook 01: nudge one weight up and down, and see what the loss does. It works in float64. In
# float32 the loss keeps about seven digits, and a small nudge changes only the last of them. So the measured slope can only
# jump from one value to the next, and here it lands more than a tenth off.

# %% tags=["item:two-layer-net", "item:precision"] name="judge-the-net"
from tutor.gradients import compare_gradients

derived, measured = {}, {}  # the gradient of w1[2, 1] in each dtype
for dtype in (torch.float64, torch.float32):
    small_x, small_y, w1, w2 = models.two_layer_data((6, 5, 4, 3), dtype=dtype)
    derived[str(dtype)] = two_layer_gradients(small_x, small_y, w1, w2)[0][2, 1]
    nudged = []
    for sign in (1, -1):
        moved = w1.clone()
        moved[2, 1] += sign * 1e-6
        nudged.append((two_layer_forward(small_x, moved, w2)[2] - small_y).pow(2).sum().item())
    measured[str(dtype)] = (nudged[0] - nudged[1]) / 2e-6
    off = abs(measured[str(dtype)] / derived[str(dtype)] - 1)
    as_told = off > 0.1 if dtype == torch.float32 else off < 1e-5
    assert as_told, 'is one of your answers above wrong? lend("…") puts ours back'
compare_gradients(derived, measured, columns=("derived", "measured"))

# %% [markdown] name="train"
# ### Train it
#
# `models.two_layer_data(sizes)` draws the very numbers that you drew in notebook 01, and puts them into float32 tensors; without
# sizes it takes those of the next cell. The loop is the old one; only the loss is written differently, with `pow` and `item`. It
# ends higher than in notebook 01, because float32 rounds every prediction.

# %% tags=["item:two-layer-net"] name="train-two-layer"
N, D_in, H, D_out = 64, 1000, 100, 10
x, y, w1, w2 = models.two_layer_data((N, D_in, H, D_out))

learning_rate = 1e-6
losses = []
for step in range(500):
    y_pred = two_layer_forward(x, w1, w2)[2]  # (N, D_out)
    loss = (y_pred - y).pow(2).sum()
    losses.append(loss.item())
    if step % 100 == 99:
        print(f"step {step + 1}  loss {loss.item():.3g}")
    grad_w1, grad_w2 = two_layer_gradients(x, y, w1, w2)
    w1 -= learning_rate * grad_w1
    w2 -= learning_rate * grad_w2

# %% tags=["item:two-layer-net", "nbval-check-output", "tolerance:20%"] name="two-layer-result"
old_x, old_y, old_w1, old_w2 = models.two_layer_data(numpy=True)  # notebook 01, in NumPy
first_loss = ((np.maximum(old_x @ old_w1, 0) @ old_w2 - old_y) ** 2).sum()
print(f"first loss: NumPy {first_loss:.4g}, torch {losses[0]:.4g}")
print(f"last loss: {losses[-1]:.1e}")
as_before = abs(losses[0] / first_loss - 1) < 1e-5 and losses[0] / losses[-1] > 1e6
assert as_before, 'is one of your answers above wrong? lend("…") puts ours back'

# %% [markdown] name="wrong-mask"
# ### The wrong mask
#
# *Deeper ground: two mistakes from published tutorials, at work.*
#
# What if the mask is decided by the gradient, `grad_h[grad_h < 0] = 0`? **Say aloud what you expect the loss to do**: stay
# where it is, grow, or fall? Then run the cell.


# %% tags=["item:mistakes"] name="train-masked"
def train_masked(by_gradient):
    """Train with the right mask or the wrong one; return the loss of every step and the first gradient of w1."""
    x, y, w1, w2 = models.two_layer_data()
    losses, grads = [], []
    for step in range(500):
        h = x.mm(w1)
        h_relu = h.clamp(min=0)
        grad_y_pred = 2.0 * (h_relu.mm(w2) - y)
        losses.append((grad_y_pred / 2).pow(2).sum().item())
        grad_h = grad_y_pred.mm(w2.t())
        grad_h[(grad_h if by_gradient else h) < 0] = 0
        grads = grads or [x.t().mm(grad_h)]  # the first one is kept
        w2 -= 1e-6 * h_relu.t().mm(grad_y_pred)
        w1 -= 1e-6 * x.t().mm(grad_h)
    return losses, grads[0]


# %% tags=["item:mistakes", "figure"] name="masks-drawn"
(right, true_grad), (wrong, wrong_grad) = train_masked(False), train_masked(True)
masks = {"masked by h (right)": right, "masked by grad_h (wrong)": wrong}
plots.loss_curves(masks, title="Two-layer network: one loop, two masks")

# %% tags=["item:mistakes", "nbval-check-output", "tolerance:5%"] name="masks-compared"
times = wrong[300] / right[300]
print(f"loss after 300 steps: right mask {right[300]:.2g}, wrong mask {wrong[300]:.2g}, {times:.1e} times as much")
cosine = (true_grad * wrong_grad).sum() / (true_grad.norm() * wrong_grad.norm())
print(f"cosine of the angle between the first gradients of w1: {cosine:.2f}")
assert times > 1000 and cosine > 0.5

# %% [markdown] name="silent"
# It falls, only more slowly. That is why this mistake lives on: the wrong gradient still points uphill, though not straight (1
# would be straight), so a step against it still leads down. **A falling loss proves nothing about a gradient.** The judge does.
#
# The other old acquaintance is a target `y` that was made with the shape $(H, D_{out})$. As long as the batch size happens to
# equal the hidden size, torch subtracts it without a word. Change either of them, and it refuses (unless one of them is 1
# and is stretched):

# %% tags=["item:mistakes"] name="target-shape"
y_pred = torch.ones(64, 10)  # (N, D_out)
y = torch.zeros(64, 10)  # (H, D_out) with H = 64, where (N, D_out) was meant
print("N = H = 64: the wrong target is subtracted, shape", tuple((y_pred - y).shape))
y = torch.zeros(100, 10)  # (H, D_out) with H = 100
with expect(RuntimeError):
    y_pred - y

# %% [markdown] name="ask-step"
# ## 3. Change a tensor, or make a new one?
#
# *Core*
#
# The loop above says `w1 -= …`. As in notebook 02, that changes the numbers where they lie, while `w1 = w1 - …` makes a new
# tensor and moves only the name. An optimiser needs the first: it is handed the weights once and has to change *those*,
# because the network holds them. There you wrote `update_` for one weight; now take the step for a whole list of them.


# %% tags=["item:in-place"] name="take-step"
@exercise("torch_backprop.take_step")
def take_step(weights, grads, learning_rate):
    """Take one step of gradient descent; change every weight in place, in the memory that it has.

    weights, grads : lists of tensors of any shape, () too, each gradient of its weight's shape
    Returns nothing. The tensors in weights hold the new numbers; those in grads stay as they are.
    """
    ### BEGIN SOLUTION
    for w, grad_w in zip(weights, grads):
        w -= learning_rate * grad_w
    ### END SOLUTION


# %% [markdown] name="device"
# ## 4. One variable for the device
#
# *Core*
#
# A tensor lives on a *device*: `cpu`, `cuda` (NVIDIA, and AMD under the same name), `mps` (Apple), `xpu` (Intel). An operation
# runs where its tensors live. So the whole choice fits in one variable. Torch 2.6 and newer have one question for every
# kind of accelerator; older ones are asked for CUDA.

# %% tags=["item:device", "reference"] name="choose-device"
device = torch.device("cpu")
if hasattr(torch, "accelerator"):
    if torch.accelerator.is_available():
        device = torch.accelerator.current_accelerator()
elif torch.cuda.is_available():
    device = torch.device("cuda")

# %% tags=["item:device"] name="say-device"
print("this notebook computes on:", device)

# %% [markdown] name="ask-to"
# With `device = torch.device("cpu")` as the last line of the cell that chooses the device, everything that follows runs on
# the processor.
#
# `.to(device)` brings a tensor somewhere. There is a device that every installation has, `meta`: tensors on it have a
# shape but hold no numbers. It is useful for planning, and here for looking at devices on any machine. After
#
# ```python
# w1 = torch.ones(3, 4)
# w1.to("meta")
# ```
#
# what is `w1.device.type`? **Commit to it**, as a string.

# %% tags=["item:device"]
where = ...
### BEGIN SOLUTION
where = "cpu"
### END SOLUTION
where = check("torch_backprop.predict_to", where)

# %% tags=["item:device", "nbval-check-output"] name="to-returns"
w1 = torch.ones(3, 4)
w1.to("meta")
print("w1.to(…)      leaves it on", w1.device)
w1 = w1.to("meta")
print("w1 = w1.to(…) puts it on", w1.device)

# %% [markdown] name="mixed-devices"
# That is the first thing that goes wrong. The second: one tensor was moved, its partner was not. Copies are slow, so
# arithmetic makes none behind your back (except of a single number of shape `()` on the CPU); torch refuses. Read the message
# for the two devices, then find the tensor that was created without `device=`.

# %% tags=["item:device"] name="devices-clash"
elsewhere = torch.device("meta") if device.type == "cpu" else device
with expect(RuntimeError):
    torch.ones(3, 4) - torch.ones(3, 4, device=elsewhere)

# %% [markdown] name="numpy-stays-at-home"
# The third: a NumPy function such as `np.maximum` that was left in the code. NumPy can read a tensor as long as it lies on
# the CPU, so at most a warning shows there. Elsewhere it stops. The message names a way round; the mend is torch's own word.

# %% tags=["item:device", "item:words"] name="numpy-elsewhere"
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    print("on the CPU NumPy reads a tensor:", np.maximum(torch.ones(3), 0), " warnings:", len(caught))
with expect(TypeError):
    np.maximum(torch.ones(3, device=elsewhere), 0)

# %% [markdown] name="drawn-there-told"
# What is drawn at random is best drawn where it is to lie. With the dtype in a variable, too, both can be changed in one place:

# %% tags=["item:device", "item:precision"] name="drawn-there"
dtype = torch.float  # a shorter name of torch.float32
drawn = torch.randn(64, 1000, device=device, dtype=dtype)  # (N, D_in)
print(tuple(drawn.shape), drawn.dtype, "on", drawn.device)

# %% [markdown] name="train-anywhere"
# Training then needs `device` in one place only: where the tensors are made. Everything else follows them.


# %% tags=["item:device", "reference"] name="train-on-device"
def train_two_layer(device, steps=50, dtype=torch.float32, learning_rate=1e-6):
    """Train the two-layer net on a device; return the weights w1 and w2 as they are at the end."""
    x, y, w1, w2 = models.two_layer_data(dtype=dtype, device=device)
    for step in range(steps):
        grads = two_layer_gradients(x, y, w1, w2)
        take_step([w1, w2], grads, learning_rate)
    return w1, w2


# %% tags=["item:device"] name="run-on-device"
w1, w2 = train_two_layer(device)
print("trained on", w1.device)
print("brought back with .cpu() to become an array:", type(w1.cpu().numpy()).__name__)

# %% [markdown] name="parity"
# ## 5. Do two devices agree?
#
# *Deeper ground: why the last digits differ.*
#
# Seldom to the last digit. Most additions round, and another device adds in another order. Two numbers are enough to
# see it:

# %% tags=["item:parity", "nbval-check-output"] name="order-matters"
large, small = torch.tensor(1e8), torch.tensor(1.0)
print("(large + small) - large =", ((large + small) - large).item())
print("(large - large) + small =", ((large - large) + small).item())

# %% [markdown] name="tolerance"
# So we ask for agreement *within a tolerance*, and state it before we look. The measure: the largest difference, as a
# fraction of the largest number.
#
# $$\text{difference}(u, v) = \frac{\max_k |u_k - v_k|}{\max_k |v_k|} \qquad u, v \text{ of one shape}$$
#
# How large may it be? Rounding itself tells you: train once in float32 and once in float64, both on the CPU. What
# separates these two is rounding and nothing else. An accelerator that is right will differ by about as much. A mistake
# differs by far more: the cell tries one that is easily overlooked, a learning rate that is 1 % too large. We take 1e-4,
# which leaves room on both sides.


# %% tags=["item:parity", "reference"] name="difference"
def difference(u, v):
    """Return the largest difference between two tensors, as a fraction of the largest entry of v."""
    u, v = u.cpu().double(), v.cpu().double()
    return ((u - v).abs().max() / v.abs().max()).item()


# %% tags=["item:parity"] name="rounding"
tolerance = 1e-4
exact = train_two_layer(torch.device("cpu"), dtype=torch.float64)
on_cpu = train_two_layer(torch.device("cpu"))
mistaken = train_two_layer(torch.device("cpu"), learning_rate=1.01e-6)
for name, u, v, wrong in zip(("w1", "w2"), on_cpu, exact, mistaken):
    rounding, mistake = difference(u, v), difference(wrong, v)
    print(f"{name}: difference by rounding {rounding:.1e}, by the mistake {mistake:.1e}")
    assert rounding < tolerance / 10, 'is one of your answers above wrong? lend("…") puts ours back'
    assert mistake > tolerance * 10, 'is one of your answers above wrong? lend("…") puts ours back'

# %% [markdown] name="ask-accelerator"
# Now the accelerator against the CPU, after 50 steps from the same start. The next cell does the same for the sine fit: `x`
# and `y` go to the device, and `fit_sine` follows them. Where there is no accelerator, the first cell says so: a check that
# was not made must not look like one that passed.

# %% tags=["item:parity"] name="accelerator-agrees"
if device.type == "cpu":
    print("SKIPPED: no accelerator was found, so nothing is compared, neither here nor in the next cell.")
else:
    for name, u, v in zip(("w1", "w2"), train_two_layer(device), on_cpu):
        apart = difference(u, v)
        print(f"{name}: {device} against cpu, difference {apart:.1e}")
        assert apart < tolerance, 'is one of your answers above wrong? lend("…") puts ours back'

# %% tags=["item:parity", "item:device"] name="sine-agrees"
if device.type != "cpu":
    fits = []
    for place in ("cpu", device.type):
        x, y = models.sine_data(device=place)
        fits.append(torch.stack(fit_sine(learning_rate=2e-6, steps=300)[0]))  # (4,)
    apart = difference(fits[1], fits[0])
    print(f"coefficients of the sine: {device} against cpu, difference {apart:.1e}")
    assert apart < tolerance, 'is one of your answers above wrong? lend("…") puts ours back'

# %% [markdown] name="tf32"
# One setting can break this. NVIDIA cards can multiply float32 matrices with three digits instead of seven (TF32), which
# is faster. Torch leaves it off for matrix products unless someone turns it on. Ask: `highest` means full float32, `high` and
# `medium` allow fewer digits, such as those of TF32.

# %% tags=["item:parity", "nbval-check-output"] name="matmul-precision"
print("precision of float32 matrix products:", torch.get_float32_matmul_precision())

# %% [markdown] name="timing"
# ## 6. Honest timing
#
# *Deeper ground: how to measure, and how not to.*
#
# "It is ten times faster on the GPU" is easily said and often wrong, for three reasons.
#
# 1. **It works behind your back.** A call to a GPU puts the work into a queue and returns at once. Stop the clock then, and
#    you have timed the queueing. `synchronize()` waits until the queue is empty.
# 2. **The first calls are slow.** Memory is fetched, libraries are loaded, programs are chosen. Warm up first.
# 3. **Other programs get in between.** One slow repetition spoils a mean; the median does not notice it.
#
# You can see the first on any machine. Here a single worker thread with a queue plays the accelerator: `submit` returns at
# once, the product is computed behind your back. The cell notes who was busy when.

# %% tags=["item:timing"] name="queue"
from concurrent.futures import ThreadPoolExecutor

matrix = torch.ones(700, 700)


def product():
    start = time.perf_counter()
    matrix.mm(matrix)
    return start, time.perf_counter()


calls, jobs = [], []
with ThreadPoolExecutor(max_workers=1) as worker:
    worker.submit(product).result()  # warm up
    for _ in range(3):
        start = time.perf_counter()
        jobs.append(worker.submit(product))
        calls.append((start, time.perf_counter()))
    products = [job.result() for job in jobs]  # this is what synchronize() does: wait for the queue

# %% tags=["item:timing", "figure"] name="queue-drawn"
waiting = (calls[-1][1], products[-1][1])
rows = {"you: calling": calls, "you: waiting": [waiting], "worker: computing": products}
plots.timeline(rows, title="Who was busy when")

# %% tags=["item:timing"] name="queue-measured"
begun = calls[0][0]  # when the clock was started
called, computed = 1e3 * (calls[-1][1] - begun), 1e3 * (products[-1][1] - begun)
print(f"clock stopped after the calls: {called:.2f} ms; after the work: {computed:.2f} ms")
assert called < computed

# %% [markdown] name="synchronize-where"
# The thin line at the top left is all three calls. Whoever stops the clock there has timed the queueing and nothing else.
#
# Every device brings its own `synchronize`: `torch.cuda.synchronize`, `torch.mps.synchronize`, and for the CPU, which never
# works behind your back, one that does nothing. One line finds the right one.

# %% tags=["item:timing", "item:device", "reference"] name="synchronize"
synchronize = getattr(torch, device.type).synchronize

# %% [markdown] name="ask-warm-up"
# The second and the third reason, on your device: an operation that this notebook has not used yet, a convolution,
# called seven times. Say aloud: how many times as long as the median will the first call take?

# %% tags=["item:timing"] name="warm-up"
image, kernel = torch.ones(1, 1, 256, 256, device=device), torch.ones(1, 1, 5, 5, device=device)
seconds = []
for _ in range(7):
    start = time.perf_counter()
    torch.nn.functional.conv2d(image, kernel)
    synchronize()
    seconds.append(time.perf_counter() - start)
print("calls in ms:", "  ".join(f"{1e3 * s:.2f}" for s in seconds))
median = statistics.median(seconds)
print(f"mean {1e3 * statistics.mean(seconds):.2f} ms, median {1e3 * median:.2f} ms")
print(f"the first call took {seconds[0] / median:.1f} times the median")

# %% [markdown] name="ask-median"
# Write a timer that falls for none of this. It is handed everything that it needs: the work, the function that waits
# for the device, and a clock. (The checker hands it a pretended device with a clock of its own, so ask *that* clock.)


# %% tags=["item:timing"] name="median-seconds"
@exercise("torch_backprop.median_seconds")
def median_seconds(work, synchronize, clock=time.perf_counter, warmup=3, repeats=9):
    """Return the median time that work takes, in seconds.

    work : function without arguments; it may return before its work is done
    synchronize : function without arguments; it returns when all work is done
    clock : function without arguments; it returns the time in seconds
    warmup : how often work is called before anything is timed
    repeats : how often work is called and timed, an odd number
    """
    ### BEGIN SOLUTION
    for _ in range(warmup):
        work()
    synchronize()
    seconds = []
    for _ in range(repeats):
        start = clock()
        work()
        synchronize()
        seconds.append(clock() - start)
    return statistics.median(seconds)
    ### END SOLUTION


# %% [markdown] name="use-timer"
# Now use it. One training step of the two-layer network, with as many hidden units as you like, on a device of your choice:


# %% tags=["item:timing", "reference"] name="time-step"
def step_seconds(device, H):
    """Return the median time of one training step with H hidden units on a device, in seconds."""
    x, y, w1, w2 = models.two_layer_data((64, 1000, H, 10), device=device)

    def work():
        take_step([w1, w2], two_layer_gradients(x, y, w1, w2), learning_rate=0.0)

    return median_seconds(work, getattr(torch, device.type).synchronize)


# %% tags=["item:timing"] name="run-timer"
print(f"one step with 100 hidden units on {device}: {1e3 * step_seconds(device, 100):.2f} ms")

# %% [markdown] name="benchmark"
# (A learning rate of 0 costs the same time and keeps the numbers from running away.) Torch has a timer that takes the same
# care and chooses the number of repetitions itself. Use it in earnest; now you know what it does. But tell it how many CPU
# threads you use: left alone it takes one, and the gradients may seem to cost more than the whole step.

# %% tags=["item:timing"] name="torch-timer"
from torch.utils.benchmark import Timer

x, y, w1, w2 = models.two_layer_data(device=device)
threads = torch.get_num_threads()
timer = Timer("two_layer_gradients(x, y, w1, w2)", globals=globals(), num_threads=threads)
timed = timer.blocked_autorange(min_run_time=0.5)
print(f"gradients alone: {1e3 * timed.median:.2f} ms, median of {len(timed.times)} blocks")

# %% [markdown] name="crossing"
# ## 7. Where does it start to pay?
#
# *Deeper ground: from which size on a device pays.*
#
# A call to a faster machine has a fixed price, and after that every number is cheap. So the slower machine wins small
# problems and loses large ones. Somewhere the two curves cross, and *that* size is the honest answer to "is it faster?".
#
# Timings are noisy. A lucky measurement at a small size is not a crossing; what counts is from where on it *stays* faster.


# %% tags=["item:crossing"] name="crossing-point"
@exercise("torch_backprop.crossing_point")
def crossing_point(sizes, here, there):
    """Return the smallest size from which on `there` is faster, at that size and at every larger one.

    sizes : list of sizes, increasing
    here, there : lists of times in seconds, one for each size
    Returns one of the sizes, or math.inf if `there` is not faster even at the largest size.
    """
    ### BEGIN SOLUTION
    crossing = math.inf
    for size, a, b in reversed(list(zip(sizes, here, there))):
        if b >= a:
            break
        crossing = size
    return crossing
    ### END SOLUTION


# %% [markdown] name="python-against-torch"
# There is one crossing that every machine has: plain Python against torch. Adding up products of Python numbers needs no
# preparation; a call into torch has its fixed price. How long do the vectors have to be before torch pays? Say your guess
# aloud, then run both cells.

# %% tags=["item:crossing"] name="python-and-torch"
sizes = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]
in_python, in_torch = [], []
for size in sizes:
    u, v = torch.linspace(0, 1, size), torch.linspace(1, 2, size)
    u_list, v_list = u.tolist(), v.tolist()
    repeats = range(200)  # one call is too short for the clock

    def in_a_loop():
        return [sum(p * q for p, q in zip(u_list, v_list)) for _ in repeats]

    plain = median_seconds(in_a_loop, torch.cpu.synchronize)
    called = median_seconds(lambda: [u.dot(v) for _ in repeats], torch.cpu.synchronize)
    in_python.append(plain / len(repeats))
    in_torch.append(called / len(repeats))

# %% tags=["item:crossing", "figure"] name="python-crossing-drawn"
crossing = crossing_point(sizes, in_python, in_torch)
times = {"plain Python": in_python, "torch on the CPU": in_torch}
title = "Dot product: Python and torch"
plots.costs(sizes, times, crossing=crossing, xlabel="length of the vectors", title=title)

# %% [markdown] name="cpu-against-accelerator"
# The two curves tell the whole story: torch's is flat as long as the fixed price rules, Python's grows with every number.
# CPU and accelerator differ in the same way, only at larger sizes. The next cell times one step of the two-layer
# network at growing width, on your CPU and on your accelerator if there is one. If the accelerator wins at every width, or
# at none, nothing crosses among these sizes, and the drawing says so. Without an accelerator the second curve is the CPU's time
# divided by $H$. As long as that falls, the step pays the fixed price; where it no longer does, every unit costs its share, and
# there an accelerator would have something to win.

# %% tags=["item:crossing"] name="widths"
widths = [8, 32, 128, 512, 1024]
step_times = {"cpu": [step_seconds(torch.device("cpu"), H) for H in widths]}
crossing = None
if device.type == "cpu":
    print("No accelerator was found: the CPU's time is drawn, and its time for each hidden unit.")
    step_times["cpu, for each hidden unit"] = [time / H for H, time in zip(widths, step_times["cpu"])]
else:
    step_times[device.type] = [step_seconds(device, H) for H in widths]
    crossing = crossing_point(widths, step_times["cpu"], step_times[device.type])

# %% tags=["item:crossing", "figure"] name="crossing-drawn"
title = f"One training step (torch {torch.__version__}, {torch.get_num_threads()} CPU thread(s))"
plots.costs(widths, step_times, crossing=crossing, xlabel="hidden units H", title=title)

# %% [markdown] name="recorded-figures"
# No figures of an accelerator stand beside yours: none were measured for this notebook. What was measured is another pair on
# one CPU thread: the step by hand in NumPy, as in notebook 01, and in torch (2026-11-29, an x86 processor, NumPy 2.4 in float64,
# torch 2.13 in float32; $D_{in} = 64$, $D_{out} = 10$; the fastest of 30 to 400 repeats). Torch pays more for each call. **Type
# your guess** as `guess=`, then move the batch size.

# %% tags=["item:crossing", "figure"] name="batch-moved"
measured = plots.Axis("hidden units H", 4, 1024, log=True, ticks={H: f"{H}" for H in (4, 16, 64, 256, 1024)})
microseconds = {  # batch size -> NumPy's step and torch's, at each of these widths
    1: ([8.1, 9.3, 14.0, 33.2, 109.7], [23.3, 23.3, 24.4, 28.5, 43.6]),
    8: ([8.4, 9.1, 12.9, 27.0, 90.7], [24.7, 24.9, 28.9, 43.1, 120.1]),
    64: ([11.0, 17.2, 41.6, 157.2, 822.4], [33.4, 33.0, 58.0, 153.8, 867.9]),
    512: ([31.2, 78.3, 339.8, 7229.9, 24479.4], [111.6, 98.2, 352.7, 1844.7, 11604.3]),
}


def at_batch(N):
    """The recorded time of a training step at every width, for one batch size."""
    found, *curves = crossing_point(list(measured.ticks), *microseconds[N]), *microseconds[N]
    said = f"batch of {N}: " + (
        "no crossing up to 1024" if math.isinf(found) else f"torch is faster from H = {found} on"
    )
    lines = [
        plots.Line(list(measured.ticks), c, name, k, k) for k, (name, c) in enumerate(zip(("NumPy", "torch"), curves))
    ]
    return plots.Chart(said, measured, plots.Axis("microseconds", 5, 30000, log=True), lines, said)


question = "You see one row at a time. With a batch of 64, from which width on is torch the faster one?"
answer = f"{at_batch(64).alt}."
plots.explore(at_batch, {"batch size": list(microseconds)}, question=question, guess=..., answer=answer)

# %% [markdown] name="recorded-read"
# There is no such thing as "torch is faster": with batches of 8 and of 64 NumPy is ahead at 1024 units, although its numbers
# are twice as wide. Where one overtakes the other, if at all, depends on the batch, on the dtype and on the machine.

# %% [markdown] name="ask-mend-scores"
# ## Mend it: scores that are far too low
#
# *Deeper ground: a program that runs and is wrong.*
#
# The function below scores weights of a linear model: 1 where the predictions are exact, 0 where they are no better than the
# mean of the targets. It runs, and even exact weights score about minus 1. Print a shape or two, and mend it.


# %% tags=["item:mistakes"]
@exercise("torch_backprop.mend_scores")
def scores_of(x, y, candidates):
    """Return how much of the targets' variance each of some weights explains, a score for each.

    x : inputs, shape (N, D) with N at least 2
    y : targets, shape (N,)
    candidates : a list of weights, each of shape (D, 1); the predictions are x @ w
    """
    spread = ((y - y.mean()) ** 2).mean()
    scores = []
    for w in candidates:
        ### BEGIN SOLUTION
        predicted = (x @ w).squeeze(1)
        ### BROKEN
        # predicted = x @ w
        ### END SOLUTION
        residual = predicted - y
        unexplained = (residual**2).mean()
        scores.append(1 - unexplained / spread)
    return torch.stack(scores)


# %% [markdown] name="recap"
# ## Recap
#
# *Core*
#
# | NumPy | torch | mind |
# |---|---|---|
# | `np.linspace` (float64) | `torch.linspace` (float32) | a product of both kinds is refused: `.float()` |
# | `x.dot(w1)` | `x.mm(w1)` | `dot` is for vectors only |
# | `np.maximum(h, 0)` | `h.clamp(min=0)` | `clamp_` overwrites `h` |
# | `w.T`, `a.copy()`, `a**2` | `w.t()`, `a.clone()`, `a.pow(2)` | without `clone` you write into the caller's tensor |
# | `w1 -= …` | `w1 -= …` | in place; `w1 = w1 - …` makes a new tensor |
# | | `w1 = w1.to(device)` | returns a tensor; alone it moves nothing |
# | | `torch.cuda.synchronize()`, warm-up, median | a GPU's call returns before its work is done |
#
# ### What changed since the last notebook
#
# Notebook 02 gave you the words; the code to lay beside this one is that of notebook 01. The sine fit:
#
# <!-- diff: numpy_backprop/fit-sine torch_backprop/fit-sine -->
#
# The training loop of the two-layer network:
#
# <!-- diff: numpy_backprop/train-two-layer torch_backprop/train-two-layer -->
#
# The gradients:
#
# <!-- diff: numpy_backprop/two_layer_gradients torch_backprop/two-layer-gradients -->

# %% [markdown] name="quiz"
# ## Self-check
#
# *Deeper ground: asks about all sections.*
#
# Answer in your head, then open.
#
# <details><summary>1. <code>expected m1 and m2 to have the same dtype, but got: double != float</code>. What happened?</summary>
#
# Data from NumPy (float64, which torch calls double) met weights made by torch (float32). Convert the data once with
# <code>.float()</code>.
# </details>
#
# <details><summary>2. You wrote <code>h_relu = h.clamp_(min=0)</code>. Why is the gradient of the first layer wrong?</summary>
#
# The underscore overwrote <code>h</code>. No entry of it is negative any more, so <code>grad_h[h &lt; 0] = 0</code> blocks nothing.
# </details>
#
# <!-- drills: parity -->
# <details><summary>3. The GPU's result differs from the CPU's in the seventh digit. Is something broken?</summary>
#
# No. float32 has about seven digits, and the two add in different orders. State a tolerance and measure against it.
# </details>
#
# <details><summary>4. A colleague times a GPU with <code>time.time()</code> around one call and reports 20 microseconds. What did they time?</summary>
#
# How long it takes to put work into the queue. Without <code>synchronize()</code> the work itself is not in it; and without a
# warm-up and repetitions the figure would still mean little.
# </details>
#
# <details><summary>5. Your network is small, and the GPU is slower than the CPU. What is it busy with?</summary>
#
# The fixed price of its calls. Below the crossing point there is too little work to earn it back; a larger batch may change that.
# </details>
#
# <!-- drills: sine-fit -->
# <details><summary>6. In NumPy the sine fit diverged at a learning rate of <code>4e-6</code>. Does it with tensors?</summary>
#
# Yes. The limit is 2 divided by the largest curvature of the loss, and the loss is the same, whoever computes it. Only
# <code>inf</code> comes sooner, because the largest float32 is far below the largest float64; section 1 printed both.
# </details>

# %% name="see-progress"
progress()

# %% [markdown] name="onwards"
# ## Where to read on
#
# *Deeper ground: what others have written.*
#
# You have now written the same backward pass twice, and every line followed from the forward line above it. Such work can
# be left to a program: in notebook 04 you write it. PyTorch's documentation has a page on *CUDA semantics* (asynchronous
# execution, TF32) and one on *Numerical accuracy*; both are short and worth an evening. On rounding, the classic is David
# Goldberg, *What every computer scientist should know about floating-point arithmetic*, ACM Computing Surveys 23 (1991).
