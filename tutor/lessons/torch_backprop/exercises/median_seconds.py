"""Exercises of lesson 03: probes, misconceptions, right answers written differently, hints."""

import math

import numpy as np
import torch

from tutor.checking import FiniteDifference, Misconception, code, value
from tutor.lessons.registry import About

ABOUT = About(
    minutes=85,
    items={
        "sine-fit": "the sine fit with tensors only",
        "precision": "float32 against NumPy's float64, and what their mixture does",
        "words": "mm, clamp(min=0), pow, t, clone",
        "two-layer-net": "the two-layer net with tensors only",
        "mistakes": "masking by the gradient; a target of shape (H, D_out) that works by accident",
        "in-place": "changing a tensor in place against making a new one",
        "device": "the CPU/CUDA (and any other accelerator) switch by one variable",
        "parity": "parity of CPU and accelerator results, asserted where there is one",
        "timing": "honest timing (warm-up, synchronise, median)",
        "crossing": "the crossing point where the accelerator starts to pay, drawn from this machine's figures",
    },
)


def probe_net(d):
    """Inputs and weights of a network whose four sizes all differ."""
    n, d_in, h, d_out = d.sizes(4)
    return d.tensor(n, d_in), d.tensor(d_in, h), d.tensor(h, d_out)


def probe_thin_net(d):
    """A network with one output, and inputs so large that hidden values reach hundreds, as they do in training."""
    n, d_in, h = d.sizes(3)
    return 100 * d.tensor(n, d_in), d.tensor(d_in, h), d.tensor(h, 1)


def probe_relu(d):
    """A gradient and the ReLU's input, with both signs in each."""
    n, h = d.sizes(2, 3, 7)
    return d.tensor(n, h), d.tensor(n, h)


def probe_relu_at_the_kink(d):
    """The same with a 0 in `h`, where no gradient arrives: then every subgradient gives 0, and a division by `h` does not."""
    grad_h_relu, h = probe_relu(d)
    grad_h_relu[0, 1] = h[0, 1] = 0
    return grad_h_relu, h


def probe_gradients(d):
    """A whole problem: inputs, targets and weights, all sizes different."""
    x, w1, w2 = probe_net(d)
    return x, d.tensor(x.shape[0], w2.shape[1]), w1, w2


def probe_thin_gradients(d):
    """A problem with one output and with an example of zeros, whose hidden values are all at the kink."""
    x, w1, w2 = probe_thin_net(d)
    x = x / 100
    x[0] = 0
    return x, d.tensor(x.shape[0], 1), w1, w2


def probe_step(d):
    """Two weights of different shapes, their gradients and a learning rate."""
    a, b, c = d.sizes(3)
    return [d.tensor(a, b), d.tensor(b, c)], [d.tensor(a, b), d.tensor(b, c)], d.number(0.1, 0.6)


def probe_one_step(d):
    """A single weight with large gradients, so that a learning rate from elsewhere shows."""
    a, b = d.sizes(2)
    return [d.tensor(a, b)], [1e6 * d.tensor(a, b)], d.number(1e-7, 5e-7)


def probe_many_steps(d):
    """Four weights: two of the same shape, one that is a transposed view, one of one dimension."""
    a, b, c = d.sizes(3)
    weights, grads = (
        [d.tensor(a, b), d.tensor(a, b), d.tensor(c, a).t(), d.tensor(c)] for _ in ("weights", "gradients")
    )
    return weights, grads, d.number(0.1, 0.6)


def probe_timer(d):
    """How long each call keeps the device busy: slow warm-up, then times that all differ, one of them far out.

    The first timed call is the shortest, so that a queue left over from the warm-up moves the median; the call in the
    middle of the row does not take the median time.
    """
    warmup, repeats = 2 * d.integer(1, 2), 2 * d.integer(2, 3) + 1  # never the defaults
    timed = np.linspace(1.0, 2.0, repeats)
    timed[1:] = d.rng.permutation(timed[1:])
    timed[d.integer(1, repeats - 1)] *= 30
    middle = repeats // 2
    if timed[middle] == np.median(timed):
        timed[[middle, middle + 1]] = timed[[middle + 1, middle]]
    slow = d.rng.uniform(20, 40, warmup)
    return [float(s) for s in (*slow, *timed)], warmup, repeats


def times(d, faster):
    """Sizes, the times here, and times there that are shorter exactly where `faster` says so."""
    sizes = np.cumsum(d.rng.integers(3, 40, len(faster)))
    here = np.cumsum(d.rng.uniform(0.5, 1.5, len(faster)))
    there = here * np.where(faster, d.rng.uniform(0.3, 0.8, len(faster)), d.rng.uniform(1.2, 3.0, len(faster)))
    return [int(s) for s in sizes], [float(t) for t in here], [float(t) for t in there]


def probe_clean(d):
    """Slower up to some size, faster from there on."""
    slower, faster = d.integer(2, 4), d.integer(2, 4)
    return times(d, [False] * slower + [True] * faster)


def probe_noisy(d):
    """A lucky measurement at a small size before the real crossing."""
    return times(d, [False, True, False, False] + [True] * d.integer(1, 3))


def probe_never(d):
    """Faster at a small size by luck, and never again."""
    return times(d, [False, True] + [False] * d.integer(2, 4))


def probe_always(d):
    """Faster at every size."""
    return times(d, [True] * d.integer(3, 6))


def probe_broken(d):
    """Runs of wins that are broken once more, early or late, before the real crossing."""
    runs = (
        [True, True, False, True, True],
        [False, True, True, True, True, False, True],
        [False, False, True, False, True],
    )
    return times(d, list(runs[d.sizes(1, 0, 2)[0]]))


def probe_as_in_the_notebook(d):
    """Times of microseconds that differ by a few percent, many of them alike; faster from somewhere on."""
    slower, faster = d.integer(1, 3), d.integer(2, 4)
    sizes, here, _ = times(d, [False] * slower + [True] * faster)
    here = [3e-6] * len(here)
    return sizes, here, [t * (1.03 if k < slower else 0.97) for k, t in enumerate(here)]


def probe_single(d):
    """One size only, at which it is faster."""
    return times(d, [True])


def probe_tie(d):
    """Equally fast at one size, then faster: a tie is no win."""
    slower = d.integer(1, 3)
    sizes, here, there = times(d, [False] * slower + [True] * d.integer(3, 4))
    there[slower] = here[slower]
    return sizes, here, there


def on_any_device(answer, *arguments):
    """Run the answer, and once more on another device: an answer that works on the CPU alone stops there."""
    result = answer(*arguments)
    try:
        answer(*(a.to("meta") for a in arguments))
    except Exception as error:  # numbers cannot be looked at there, which is no mistake
        if isinstance(error, TypeError) and "numpy" in str(error):
            raise
        if "on the expected device meta" in str(error):
            raise RuntimeError("it works on the CPU alone: on another device two tensors do not meet") from None
    return result


def forward_anywhere(answer, x, w1, w2):
    return on_any_device(answer, x, w1, w2)


def relu_anywhere(answer, grad_h_relu, h):
    return on_any_device(answer, grad_h_relu, h)


def gradients_anywhere(answer, x, y, w1, w2):
    return on_any_device(answer, x, y, w1, w2)


class PretendedDevice:
    """A device with a queue and a clock of its own: work is queued at once and done later, one piece after the other."""

    launch = 0.01  # seconds until a call returns

    def __init__(self, durations):
        self.durations, self.calls = durations, 0
        self.now = self.idle_from = 0.0
        self.asked = self.idle_at_first = False

    def work(self):
        duration = self.durations[min(self.calls, len(self.durations) - 1)]
        self.calls += 1
        self.idle_from = max(self.now, self.idle_from) + duration
        self.now += self.launch

    def synchronize(self):
        self.now = max(self.now, self.idle_from)

    def clock(self):
        if not self.asked:
            self.asked, self.idle_at_first = True, self.now >= self.idle_from
        return self.now


def on_pretended_device(median_seconds, durations, warmup, repeats):
    """The answer's time for a pretended device, and whether that was idle; one that never asks its clock is told so."""
    device = PretendedDevice(durations)
    seconds = median_seconds(device.work, device.synchronize, clock=device.clock, warmup=warmup, repeats=repeats)
    if not device.asked:
        raise RuntimeError("`clock()` was never asked for the time")
    return seconds, "idle" if device.idle_at_first else "still busy"


def three_steps(take_step, weights, grads, learning_rate):
    """The gradients at the end, the weights that were handed over after each of three steps, and the list at the end."""
    weights, grads = [w.clone() for w in weights], [g.clone() for g in grads]
    kept, seen = [w.detach() for w in weights], []  # the memory that was handed over
    for _ in range(3):
        take_step(weights, grads, learning_rate)
        seen.append([w.clone() for w in kept])
    return (list(grads), *seen, list(weights))


def net_loss(x, y, w1, w2):
    """The loss whose gradients are asked for."""
    return float(((x.mm(w1).clamp(min=0).mm(w2) - y) ** 2).sum())


def forward_at(x, w1, w2):
    h = x @ w1
    h_relu = h * (h > 0)
    return h, h_relu, h_relu @ w2


def forward_einsum(x, w1, w2):
    h = torch.einsum("nd,dh->nh", x, w1)
    h_relu = torch.relu(h)
    return [h, h_relu, torch.einsum("nh,ho->no", h_relu, w2)]


def forward_where(x, w1, w2):
    h = torch.matmul(x.double(), w1.double())
    h_relu = torch.where(h > 0, h, torch.zeros_like(h))
    return h, h_relu, torch.matmul(h_relu, w2.double())


def forward_in_place_on_a_copy(x, w1, w2):
    h = torch.mm(x, w1)
    h_relu = h.clone().clamp_(0)
    return h, h_relu, torch.mm(h_relu, w2)


def relu_by_product(grad_h_relu, h):
    return grad_h_relu * (h > 0)


def relu_by_where(grad_h_relu, h):
    return torch.where(h >= 0, grad_h_relu, 0.0)


def relu_by_fill(grad_h_relu, h):
    return grad_h_relu.masked_fill(h <= 0, 0)


def relu_by_loop(grad_h_relu, h):
    grad_h = torch.zeros_like(h)
    for i in range(h.shape[0]):
        for j in range(h.shape[1]):
            if h[i, j] > 0:
                grad_h[i, j] = grad_h_relu[i, j]
    return grad_h


def net_gradients_at(x, y, w1, w2):
    h = x @ w1
    grad_y_pred = 2 * (h.clamp(0) @ w2 - y)
    return x.T @ ((grad_y_pred @ w2.T) * (h > 0)), h.clamp(0).T @ grad_y_pred


def net_gradients_einsum(x, y, w1, w2):
    h = torch.einsum("nd,dh->nh", x, w1)
    on = (h > 0).float()
    error = torch.einsum("nh,ho->no", h * on, w2) - y
    grad_w2 = 2 * torch.einsum("nh,no->ho", h * on, error)
    return [2 * torch.einsum("nd,nh,no,ho->dh", x, on, error, w2), grad_w2]


def net_gradients_loop(x, y, w1, w2):
    grad_w1, grad_w2 = torch.zeros_like(w1), torch.zeros_like(w2)
    for row, target in zip(x, y, strict=True):
        h = row @ w1
        error = h.relu() @ w2 - target
        grad_w2 += 2 * torch.outer(h.relu(), error)
        grad_w1 += 2 * torch.outer(row, (w2 @ error) * (h > 0))
    return grad_w1, grad_w2


def step_by_method(weights, grads, learning_rate):
    for w, grad_w in zip(weights, grads, strict=True):
        w.sub_(learning_rate * grad_w)


def step_by_index(weights, grads, learning_rate):
    for k in range(len(weights)):
        weights[k] -= grads[k] * learning_rate


def step_by_slice(weights, grads, learning_rate):
    for w, grad_w in zip(weights, grads, strict=True):
        w[:] = w - learning_rate * grad_w


def step_by_copy(weights, grads, learning_rate):
    new = [w.double() - learning_rate * grad_w.double() for w, grad_w in zip(weights, grads, strict=True)]
    [w.copy_(n) for w, n in zip(weights, new, strict=True)]


def step_by_alpha(weights, grads, learning_rate):
    torch._foreach_add_(weights, grads, alpha=-learning_rate)


def timer_sorted(work, synchronize, clock, warmup, repeats):
    seconds = []
    for k in range(warmup + repeats):
        synchronize()
        start = clock()
        work()
        synchronize()
        if k >= warmup:
            seconds.append(clock() - start)
    return sorted(seconds)[repeats // 2]


def timer_numpy(work, synchronize, clock, warmup, repeats):
    [(work(), synchronize()) for _ in range(warmup)]
    marks = [clock()]
    for _ in range(repeats):
        work()
        synchronize()
        marks.append(clock())
    return np.median(np.diff(marks))


def timer_torch(work, synchronize, clock, warmup, repeats):
    def once():
        start = clock()
        work()
        synchronize()
        return clock() - start

    for _ in range(warmup):
        once()
    return torch.tensor([once() for _ in range(repeats)]).median()


def crossing_by_last_loss(sizes, here, there):
    lost = [k for k in range(len(sizes)) if there[k] >= here[k]]
    first = lost[-1] + 1 if lost else 0
    return sizes[first] if first < len(sizes) else math.inf


def crossing_by_all(sizes, here, there):
    for k, size in enumerate(sizes):
        if all(b < a for a, b in zip(here[k:], there[k:], strict=True)):
            return size
    return float("inf")


def crossing_by_numpy(sizes, here, there):
    stays = np.logical_and.accumulate((np.array(there) < np.array(here))[::-1])[::-1]
    return np.array(sizes)[stays].min(initial=2**62) if stays.any() else np.inf


def writes_into_the_gradient(reference):
    """The ReLU's gradient without a copy of its own."""

    def wrong(grad_h_relu, h):
        grad_h = grad_h_relu
        grad_h[h < 0] = 0
        return grad_h

    return wrong


def first_win(reference):
    """The first size at which it is faster, whatever comes later."""

    def wrong(sizes, here, there):
        return next((s for s, a, b in zip(sizes, here, there, strict=True) if b < a), math.inf)

    return wrong


def last_loss(reference):
    """The largest size at which it still loses."""

    def wrong(sizes, here, there):
        return max((s for s, a, b in zip(sizes, here, there, strict=True) if b >= a), default=math.inf)

    return wrong


def last_win(reference):
    """The largest size at which it is faster."""

    def wrong(sizes, here, there):
        return max((s for s, a, b in zip(sizes, here, there, strict=True) if b < a), default=math.inf)

    return wrong


def position(reference):
    """Where the size stands in the list."""

    def wrong(sizes, here, there):
        found = reference(sizes, here, there)
        return sizes.index(found) if found in sizes else math.inf

    return wrong


EXERCISES = {
    "predict_bytes": value(
        difficulty="easy",
        minutes=1,
        drills=("precision",),
        misconceptions=(
            Misconception(
                "as-in-numpy",
                "8 bytes is float64, which is NumPy's habit. Torch has another: what it makes itself is float32.",
                value=8,
            ),
            Misconception(
                "bits-for-bytes",
                "32 is the number of bits, as in the name float32. A byte has eight of them.",
                value=32,
            ),
            Misconception(
                "bits-of-float64",
                "64 would be the bits of a float64. Asked for are bytes, and torch's habit is another dtype.",
                value=64,
            ),
            Misconception(
                "half-precision",
                "2 bytes is float16, half precision. Torch uses it only when it is asked to.",
                value=2,
            ),
        ),
        hints=("Which dtype do tensors have when you name none? Try `x.dtype` in a cell of your own.",),
        explain="Torch makes float32 unless you say otherwise: 32 bits, 4 bytes.",
    ),
    "two_layer_forward": code(
        difficulty="easy",
        minutes=4,
        probe=(probe_net, probe_thin_net),
        use=forward_anywhere,
        drills=("two-layer-net", "words"),
        outputs=("h", "h_relu", "y_pred"),
        misconceptions=(
            Misconception(
                "device-forgotten",
                "This works on the CPU alone: a tensor is made there, or fetched there, whatever the device of the others. "
                "`torch.zeros_like(h)` makes one beside `h`; better still, use a word that needs none.",
                patch=("h.clamp(min=0)", "torch.maximum(h, torch.zeros(h.shape))"),
                hints=("On which device does `torch.zeros(…)` make its tensor, if you do not say?",),
            ),
            Misconception(
                "numpy-left-in",
                "Your code lets NumPy read a tensor. That works as long as tensors lie on the CPU, but the notebook runs on any "
                "device, and elsewhere it would stop: `can't convert … device type tensor to numpy`. Use torch's own word.",
                patch=("h.clamp(min=0)", "np.maximum(h, 0)"),
                hints=("Which word stands beside `np.maximum` in the dictionary above?",),
            ),
            Misconception(
                "clamp-in-place",
                "`clamp_` with an underscore overwrites `h`, so the `h` that you return has lost its negative entries. On the "
                "way back they decide the gate.",
                patch=("h.clamp(min=0)", "h.clamp_(min=0)"),
                hints=("What does the underscore at the end of a method's name mean?",),
            ),
            Misconception(
                "clamp-from-above",
                "`clamp(max=0)` cuts off what is above 0 and keeps the negative entries. A ReLU does the opposite.",
                patch=("clamp(min=0)", "clamp(max=0)"),
                hints=("Is 0 the smallest value that a ReLU lets out, or the largest?",),
            ),
            Misconception(
                "clamp-to-one",
                "`clamp(0, 1)` also cuts off everything above 1. A ReLU has no upper limit.",
                patch=("clamp(min=0)", "clamp(0, 1)"),
                hints=("What does a ReLU do with 7?",),
            ),
            Misconception(
                "no-relu",
                "`h_relu` is the same as `h`: the ReLU is missing, and without it two layers are no more than one.",
                patch=("h.clamp(min=0)", "h"),
                hints=("What does a ReLU do with a negative entry?",),
            ),
            Misconception(
                "skips-the-relu",
                "The second layer is fed with `h`; it should receive `h_relu`.",
                patch=("h_relu.mm(w2)", "h.mm(w2)"),
                hints=("Which tensor goes into the second product?",),
            ),
            Misconception(
                "relu-after-second-layer",
                "A ReLU at the output as well makes every negative prediction impossible. It stands between the layers only.",
                patch=("h_relu.mm(w2)", "h_relu.mm(w2).clamp(min=0)"),
                hints=("Where between x and y_pred does the formula have its max?",),
            ),
        ),
        alternatives=(forward_at, forward_einsum, forward_where, forward_in_place_on_a_copy),
        hints=(
            "How did you write it in notebook 01, and what are the three words in torch?",
            "`dot` becomes `mm`, and `np.maximum(h, 0)` becomes `h.clamp(min=0)`.",
            "`h = x.mm(w1)`, then `h_relu`, then `y_pred = h_relu.mm(w2)`; return all three.",
        ),
    ),
    "relu_backward": code(
        difficulty="easy",
        minutes=4,
        probe=(probe_relu, probe_relu_at_the_kink),
        use=relu_anywhere,
        drills=("two-layer-net", "words", "mistakes"),
        forbid=("autograd",),
        gradients={"": FiniteDifference(lambda g, h: float((g * h.clamp(min=0)).sum()), wrt=1)},
        misconceptions=(
            Misconception(
                "mask-by-gradient",
                "You zero the entries where the *gradient* is negative. The gate is decided by `h`, the input of the "
                "ReLU; the sign of the gradient says nothing about it.",
                patch=("grad_h[h < 0]", "grad_h[grad_h < 0]"),
                hints=("Which tensor tells whether the ReLU let a value through?",),
            ),
            Misconception(
                "numpy-left-in",
                "Your code lets NumPy read a tensor. That works as long as tensors lie on the CPU; on another device it stops. "
                "Comparing, multiplying and `torch.where` need no NumPy.",
                patch=("grad_h[h < 0] = 0", "grad_h[torch.from_numpy(np.less(h.numpy(), 0))] = 0"),
                hints=("Which line of yours would NumPy carry out?",),
            ),
            Misconception(
                "no-clone",
                "You write into a tensor that was passed in, and it belongs to the caller. A second name for it is no "
                "copy, and neither are `detach()` or a view: they share its numbers. `clone()` makes new ones.",
                wrap=writes_into_the_gradient,
                hints=("What does `grad_h = grad_h_relu` do: a new tensor, or a second name for the same one?",),
            ),
            Misconception(
                "mask-inverted",
                "The gate is upside down: you keep the gradient where `h` was negative and block it where it was positive.",
                patch=("h < 0", "h > 0"),
                hints=("Where h is positive, what does the ReLU do to it?",),
            ),
            Misconception(
                "nothing-blocked",
                "You return the gradient as it arrived; nothing is blocked. Where `h` is negative the gradient has to be zero. "
                "(To set entries write `=`; `==` only compares.)",
                patch=("grad_h[h < 0] = 0", "grad_h[h < 0] == 0"),
                hints=("Which entries of your result are zero?",),
            ),
            Misconception(
                "gradient-of-ones",
                "You return the local derivative of the ReLU, 0 or 1. The chain rule multiplies it by what arrives.",
                patch=("grad_h_relu.clone()", "torch.ones_like(grad_h_relu)"),
                hints=("What do you do with a local derivative once you have it?",),
            ),
            Misconception(
                "relu-of-h",
                "You return the ReLU of `h`, which is the forward pass. Backward, it is the gradient that goes through the gate.",
                patch=("grad_h_relu.clone()", "h.clone()"),
                hints=("What travels backwards: values or gradients?",),
            ),
        ),
        alternatives=(relu_by_product, relu_by_where, relu_by_fill, relu_by_loop),
        equivalent_mutants={"grad_h[h <= 0] = 0": "at exactly 0 either value is a subgradient"},
        hints=(
            "If a small nudge to an entry of h does not change h_relu, what is the gradient there?",
            "Clone the gradient that arrives, then set some of its entries to zero.",
            "`grad_h[h < 0] = 0` on a clone of `grad_h_relu`.",
        ),
    ),
    "two_layer_gradients": code(
        difficulty="medium",
        minutes=10,
        probe=(probe_gradients, probe_thin_gradients),
        use=gradients_anywhere,
        drills=("two-layer-net", "words", "mistakes"),
        forbid=("autograd",),
        outputs=("grad_w1", "grad_w2"),
        gradients={"grad_w1": FiniteDifference(net_loss, wrt=2), "grad_w2": FiniteDifference(net_loss, wrt=3)},
        misconceptions=(
            Misconception(
                "mask-by-gradient",
                "The gate is decided by the sign of the gradient that arrives; it has to be decided by `h`. The loss would "
                "fall all the same, which is why this mistake stands in published code.",
                patch=("relu_backward(grad_h_relu, h)", "relu_backward(grad_h_relu, grad_h_relu)"),
                hints=("Which tensor tells whether the ReLU let a value through?",),
            ),
            Misconception(
                "numpy-left-in",
                "NumPy reads a tensor here. That works as long as tensors lie on the CPU; on another device it stops. (If NumPy is "
                "not in this cell, see whether `two_layer_forward` and `relu_backward` passed: yours are used here.)",
                patch=(
                    "h, h_relu, y_pred = two_layer_forward(x, w1, w2)",
                    "h = x.mm(w1)\n    h_relu = np.maximum(h, 0)\n    y_pred = h_relu.mm(w2)",
                ),
                hints=("Which line does something that the dictionary above has on its left?",),
            ),
            Misconception(
                "no-gate",
                "`grad_w1` comes out as if there were no ReLU: the gradient has to pass through the gate on its way back to "
                "`h`. Is the gate missing, or does it test an `h` that `clamp_` has emptied of its negative entries? (If you do call `relu_backward`, see whether it and `two_layer_forward` passed: yours are used here.)",
                patch=("relu_backward(grad_h_relu, h)", "grad_h_relu"),
                hints=("Which forward line lies between h and h_relu, and where is its counterpart?",),
            ),
            Misconception(
                "arguments-swapped",
                "`relu_backward` takes the gradient first and `h` second; you pass them the other way round, so the values "
                "travel back and the gradient decides the gate.",
                patch=("relu_backward(grad_h_relu, h)", "relu_backward(h, grad_h_relu)"),
                hints=("In which order does `relu_backward` name its arguments?",),
            ),
            Misconception(
                "returned-in-the-other-order",
                "`grad_w1` comes first and `grad_w2` second; you return them the other way round.",
                patch=("return grad_w1, grad_w2", "return grad_w2, grad_w1"),
                hints=("What does the docstring say about the order?",),
            ),
            Misconception(
                "h-for-h-relu",
                "`grad_w2` is built from `h`. What went into the second product was `h_relu`.",
                patch=("grad_w2 = h_relu.t()", "grad_w2 = h.t()"),
                hints=("Which tensor was multiplied by w2?",),
            ),
            Misconception(
                "factor-two-missing",
                "Both gradients are half of what they should be: the derivative of (y_pred - y)² is 2 (y_pred - y).",
                patch=("2.0 * ", ""),
                hints=("What is the derivative of a square?",),
            ),
            Misconception(
                "mean-over-batch",
                "Both gradients are divided by the number of entries. The loss is a sum, not a mean.",
                patch=("2.0 * (y_pred - y)", "2.0 * (y_pred - y) / y.numel()"),
                hints=("Does the loss add up or average?",),
            ),
            Misconception(
                "error-turned-round",
                "The sign is wrong in both: you took y - y_pred, but the derivative of (y_pred - y)² is 2 (y_pred - y).",
                patch=("(y_pred - y)", "(y - y_pred)"),
                hints=("With respect to which of the two do you take the derivative?",),
            ),
        ),
        alternatives=(net_gradients_at, net_gradients_einsum, net_gradients_loop),
        hints=(
            "Which forward line comes last, and what are the gradients of its two inputs?",
            "Go back line by line: loss, second product, ReLU, first product. `T` is written `t()`, `dot` is written `mm`.",
            "`grad_w2 = h_relu.t().mm(grad_y_pred)`, `grad_h_relu = grad_y_pred.mm(w2.t())`, and then the gate.",
        ),
    ),
    "take_step": code(
        difficulty="medium",
        minutes=6,
        probe=(probe_step, probe_one_step, probe_many_steps),
        use=three_steps,
        drills=("in-place",),
        outputs=("grads_afterwards", "after_step_1", "after_step_2", "after_step_3", "the_list"),
        misconceptions=(
            Misconception(
                "new-tensors",
                "The tensors that were passed in have not changed. `w - …` makes a new tensor, and `w = w - …` only gives it the "
                "name `w` inside your function; the network that holds the old tensor never hears of it.",
                patch=("w -= learning_rate * grad_w", "w = w - learning_rate * grad_w"),
                hints=("Which tensors does the network hold after your function has returned?",),
            ),
            Misconception(
                "rate-of-your-own",
                "The steps have a fixed length, whatever `learning_rate` is. (1e-6 was the rate of one loop, not of every caller.)",
                patch=("learning_rate * grad_w", "1e-6 * grad_w"),
                hints=("Which argument does your line not use?",),
            ),
            Misconception(
                "written-into-a-copy",
                "A weight changes only where it is contiguous. Of a transposed one `reshape` (and `contiguous`) has to make a copy, and "
                "it is the copy that you write into.",
                patch=(
                    "w -= learning_rate * grad_w",
                    "flat = w.reshape(-1)\n        flat -= learning_rate * grad_w.reshape(-1)",
                ),
                hints=("Which way of writing a subtraction changes the numbers where they lie?",),
            ),
            Misconception(
                "replaced-in-the-list",
                "You put new tensors into the list, but the tensors that were passed in have not changed. Whoever else holds "
                "them, such as the network, keeps the old numbers.",
                patch=(
                    ("for w, grad_w in zip(weights, grads):", "for k, (w, grad_w) in enumerate(zip(weights, grads)):"),
                    ("w -= learning_rate * grad_w", "weights[k] = w - learning_rate * grad_w"),
                ),
                hints=("Is the tensor in the list afterwards the one that was there before?",),
            ),
            Misconception(
                "first-weight-only",
                "Only the first weight has changed. Does a `return` stand inside the loop, or does the loop end too early?",
                patch=("w -= learning_rate * grad_w", "w -= learning_rate * grad_w; return"),
                hints=("How often does the body of your loop run?",),
            ),
            Misconception(
                "uphill",
                "You add the gradient. It points uphill: the loss would grow.",
                patch=("w -= ", "w += "),
                hints=("In which direction does the loss fall?",),
            ),
            Misconception(
                "rate-ignored",
                "The step is as long as the gradient itself; the learning rate is missing.",
                patch=("learning_rate * ", ""),
                hints=("What makes the step small?",),
            ),
            Misconception(
                "gradient-scaled-in-place",
                "The caller's gradients are multiplied by the learning rate in place. The first step comes out right; with the "
                "same gradients the second is too short.",
                patch=("w -= learning_rate * grad_w", "grad_w *= learning_rate; w -= grad_w"),
                hints=("What do the gradients hold after your first step?",),
            ),
            Misconception(
                "gradients-cleared",
                "The step is right, but afterwards the caller's gradients are all zero. Whoever passed them in may still need "
                "them: they should stay as they are.",
                patch=("w -= learning_rate * grad_w", "w -= learning_rate * grad_w; grad_w.zero_()"),
                hints=("What do the gradients hold after your first step?",),
            ),
            Misconception(
                "overwritten",
                "The weights hold the step itself. Subtract it from what they held before.",
                patch=("w -= learning_rate * grad_w", "w.copy_(learning_rate * grad_w)"),
                hints=("What is subtracted from what?",),
            ),
        ),
        alternatives=(step_by_method, step_by_index, step_by_slice, step_by_copy, step_by_alpha),
        hints=(
            "After your function returns, who holds the new numbers: the caller's tensors or yours?",
            "Walk through both lists together with `zip`, and use an operation that works in place.",
            "`for w, grad_w in zip(weights, grads): w -= learning_rate * grad_w`",
        ),
    ),
    "predict_to": value(
        difficulty="easy",
        minutes=2,
        drills=("device",),
        misconceptions=(
            Misconception(
                "to-works-in-place",
                "`.to()` has no underscore: it returns a tensor on the other device and leaves `w1` where it was. Here the "
                "result was thrown away.",
                value="meta",
            ),
            Misconception(
                "the-accelerator",
                "Nothing goes to the accelerator by itself. `torch.ones` makes its tensor on the CPU, and a tensor moves "
                "only when it is told to.",
                value="cuda",
            ),
        ),
        hints=("What happens to the value of an expression that is not given a name?",),
        explain="`.to()` returns a tensor; it moves nothing. One writes `w1 = w1.to(device)`.",
    ),
    "median_seconds": code(
        difficulty="hard",
        minutes=12,
        probe=probe_timer,
        use=on_pretended_device,
        outputs=("seconds", "the device when you first look at the clock"),
        drills=("timing",),
        misconceptions=(
            Misconception(
                "clock-stopped-early",
                "You stop the clock before the work is done: that is the time it takes to put the work into the queue. "
                "`synchronize()` has to come between `work()` and the second look at the clock.",
                patch=(
                    "        synchronize()\n        seconds.append(clock() - start)",
                    "        seconds.append(clock() - start)\n        synchronize()",
                ),
                hints=("When `work()` returns, is its work done?",),
            ),
            Misconception(
                "beside-the-middle",
                "You take the entry beside the middle one. Of `repeats` times in their order, counted from 0, the middle one is "
                "number `repeats // 2`.",
                patch=("statistics.median(seconds)", "sorted(seconds)[(len(seconds) + 1) // 2]"),
                hints=("Of five numbers in order, counted from 0, which is the middle one?",),
            ),
            Misconception(
                "queue-left-over",
                "The first measurement is too long: the warm-up's work is still in the queue when you start the clock.",
                patch=("    synchronize()\n    seconds", "    seconds"),
                hints=("Is the device idle when you first look at the clock?",),
            ),
            Misconception(
                "no-warm-up",
                "There is no warm-up: the first `repeats` calls, the slow ones among them, are those that you time.",
                patch=("range(warmup)", "range(0)"),
                hints=("Which argument have you not used yet?",),
            ),
            Misconception(
                "mean-for-median",
                "That is the mean. A single repetition that was disturbed moves it far; ask for the median.",
                patch=("statistics.median", "statistics.mean"),
                hints=("If one of nine repetitions takes thirty times as long, what should the result say?",),
            ),
            Misconception(
                "fastest-for-median",
                "That is the fastest repetition. It is a figure worth knowing, but the median was asked for.",
                patch=("statistics.median", "min"),
                hints=("How many repetitions are longer than the median, and how many are shorter?",),
            ),
            Misconception(
                "total",
                "That is the time of all repetitions together.",
                patch=("statistics.median", "sum"),
                hints=("Should the result grow with `repeats`?",),
            ),
            Misconception(
                "middle-of-the-row",
                "That is the repetition that was timed in the middle of the row. For the median the times have to be put in "
                "order first.",
                patch=("statistics.median(seconds)", "seconds[len(seconds) // 2]"),
                hints=("What has to happen to the times before the one in the middle is the median?",),
            ),
            Misconception(
                "started-once",
                "You start the clock once, before the loop, so every entry also holds all repetitions before it.",
                patch=(
                    "    for _ in range(repeats):\n        start = clock()",
                    "    start = clock()\n    for _ in range(repeats):",
                ),
                hints=("When does the second repetition begin?",),
            ),
            Misconception(
                "warm-up-counted",
                "The calls of the warm-up are among the times that you take the median of. They are there to be thrown away.",
                patch=(("range(warmup)", "range(0)"), ("range(repeats)", "range(warmup + repeats)")),
                hints=("How many times should the median be taken of?",),
            ),
            Misconception(
                "work-not-called",
                "Between the two looks at the clock no work is done: `work` is the function, `work()` calls it.",
                patch=("        work()\n        synchronize()", "        work\n        synchronize()"),
                hints=("Which line makes the device do something?",),
            ),
            Misconception(
                "fixed-numbers",
                "You warm up three times and time nine times, whatever `warmup` and `repeats` say. Those are only the "
                "defaults; the caller may ask for others.",
                patch=(("range(warmup)", "range(3)"), ("range(repeats)", "range(9)")),
                hints=("Which arguments say how often?",),
            ),
            Misconception(
                "own-clock",
                "You never ask `clock()`. Timed with another clock, the pretended device seems to take no time at all.",
                patch=("clock()", "time.perf_counter()"),
                hints=("Which of the arguments tells the time?",),
            ),
        ),
        alternatives=(timer_sorted, timer_numpy, timer_torch),
        hints=(
            "What has to have happened just before you look at the clock, the first time and the second?",
            "Warm up, wait; then, for each repetition: clock, work, wait, clock. At the end, the median.",
            "`start = clock()`, `work()`, `synchronize()`, `seconds.append(clock() - start)`; then `statistics.median(seconds)`.",
        ),
    ),
    "crossing_point": code(
        difficulty="medium",
        minutes=8,
        probe=(
            probe_clean,
            probe_noisy,
            probe_never,
            probe_always,
            probe_tie,
            probe_broken,
            probe_as_in_the_notebook,
            probe_single,
        ),
        drills=("crossing",),
        misconceptions=(
            Misconception(
                "first-win",
                "You return the first size at which it is faster. It may lose again after that: a lucky measurement is no "
                "crossing. It has to be faster at *every* larger size too.",
                wrap=first_win,
                hints=("What do you return for wins at sizes 2, 16 and 32 and losses at 1, 4 and 8?",),
            ),
            Misconception(
                "last-loss",
                "You return the largest size at which it still loses. The answer is the next one: the smallest size of the "
                "winning stretch.",
                wrap=last_loss,
                hints=("Is `there` faster at the size that you return?",),
            ),
            Misconception(
                "last-win",
                "You return the largest size at which it is faster. Asked for is the smallest size of the stretch that reaches "
                "to the end.",
                wrap=last_win,
                hints=("Where does the winning stretch begin?",),
            ),
            Misconception(
                "position-for-size",
                "You return where the size stands in the list, not the size itself.",
                wrap=position,
                hints=("Is what you return one of the entries of `sizes`?",),
            ),
            Misconception(
                "never-forgotten",
                "Where it is not faster even at the largest size, the answer is `math.inf`; you return the largest size.",
                patch=("crossing = math.inf", "crossing = sizes[-1]"),
                hints=("What does your function return if `there` always loses?",),
            ),
            Misconception(
                "none-for-never",
                "Where it never pays you return `None`. Return `math.inf`: it is a number, so that it can be compared and sorted.",
                patch=("crossing = math.inf", "crossing = None"),
                hints=("What does the docstring say about a device that is never faster?",),
            ),
            Misconception(
                "turned-round",
                "You look for where `here` is faster. A shorter time is the better one: `there` pays where its time is smaller.",
                patch=("b >= a", "a >= b"),
                hints=("Which of two times belongs to the faster device?",),
            ),
            Misconception(
                "tie-counts",
                "Where both take equally long, you count that as faster. A tie is not faster, so the winning stretch begins after it.",
                patch=("b >= a", "b > a"),
                hints=("Is `there` faster at a size where both times are equal?",),
            ),
        ),
        alternatives=(crossing_by_last_loss, crossing_by_all, crossing_by_numpy),
        hints=(
            "From which end of the list is it easier to see where the winning stretch begins?",
            "Walk from the largest size to the smallest and stop at the first one at which `there` is not faster.",
            "`for size, a, b in reversed(list(zip(sizes, here, there))):`, with `crossing = math.inf` before it.",
        ),
    ),
}
