"""Exercises of lesson 01: probes, misconceptions, right answers written differently, hints."""

from functools import partial

import numpy as np

from tutor.checking import FiniteDifference, Misconception, code, value
from tutor.lessons.registry import About

ABOUT = About(
    minutes=70,
    items={
        "sine-fit": "the sine fit by hand in NumPy (loss curve, fitted curve against sin)",
        "chain-rule": "chain rule drawn",
        "two-layer-net": "the two-layer net by hand: dot, maximum, the copy and the mask",
        "loss-factor": "0.5*sum and sum losses and why the factor matters",
        "finite-differences": "finite differences as the independent judge",
        "batched-shapes": "batched shapes and why a transpose appears",
        "learning-rate": "learning rate too small, right, too large",
    },
)


def probe_polynomial(d):
    """A few points and four coefficients, all of them different from zero."""
    return d.array(*d.sizes(1, 5, 9)), *(float(v) for v in d.array(4))


def probe_polynomial_gradients(d):
    """Points and the gradients that arrive at them."""
    (n,) = d.sizes(1, 5, 9)
    return d.array(n), d.array(n)


def probe_finite_difference(d):
    """A cubic function of a vector, then of a matrix, whose entries act on each other; eps is exact in binary.

    A cubic tells central from one-sided differences, the square of the sum notices an entry that is not put back.
    """
    shape = d.sizes(d.integer(1, 2), 2, 4)
    return cubic_of(d.array(*shape)), d.array(*shape).astype(np.float64), 0.375


def probe_odd_difference(d):
    """The same of an array with three dimensions, or of one without any."""
    shape = ((2, 3, 2), ())[d.sizes(1, 0, 1)[0]]
    return cubic_of(d.array(*shape)), d.array(*shape).astype(np.float64), 0.375


def probe_transposed_difference(d):
    """The same of a transposed array, whose rows do not lie in memory one after the other."""
    shape = d.sizes(2, 2, 4)
    return cubic_of(d.array(*shape).T), d.array(*shape).astype(np.float64).T, 0.5


def cubic_of(weight):
    def f(w):
        return float((weight.astype(np.float64) * w**3).sum() + (w * w).sum() + w.sum() ** 2)

    return f


def probe_net(d):
    """Inputs and weights of a network whose four sizes all differ."""
    n, d_in, h, d_out = d.sizes(4)
    return d.array(n, d_in), d.array(d_in, h), d.array(h, d_out)


def probe_thin_net(d):
    """A network with one output, and inputs so large that hidden values reach hundreds, as they do in training."""
    n, d_in, h = d.sizes(3)
    return 100 * d.array(n, d_in), d.array(d_in, h), d.array(h, 1)


def probe_relu(d):
    """A gradient and the ReLU's input, with both signs in each."""
    n, h = d.sizes(2, 3, 7)
    return d.array(n, h), d.array(n, h)


def probe_relu_at_the_kink(d):
    """The same with a 0 in `h`, where no gradient arrives: then every subgradient gives 0, and a division by `h` does not."""
    grad_h_relu, h = probe_relu(d)
    grad_h_relu[0, 1] = h[0, 1] = 0
    return grad_h_relu, h


def probe_gradients(d):
    """A whole problem: inputs, targets and weights, all sizes different."""
    x, w1, w2 = probe_net(d)
    return x, d.array(x.shape[0], w2.shape[1]), w1, w2


def probe_thin_gradients(d):
    """A problem with one output and with an example of zeros, whose hidden values are all at the kink."""
    x, w1, w2 = probe_thin_net(d)
    x = x / 100
    x[0] = 0
    return x, d.array(x.shape[0], 1), w1, w2


def nudged_polynomial(x, grad_y_pred, nudge, *, power):
    """What the loss gains, to first order, when one coefficient is nudged."""
    return float((grad_y_pred * nudge * x**power).sum())


def net_loss(x, y, w1, w2):
    """The loss whose gradients are asked for."""
    return float(((np.maximum(x @ w1, 0) @ w2 - y) ** 2).sum())


def polynomial_horner(x, a, b, c, d):
    return ((d * x + c) * x + b) * x + a


def polynomial_loop(x, a, b, c, d):
    out = []
    for value_of_x in x:
        out.append(a + b * value_of_x + c * value_of_x * value_of_x + d * value_of_x**3)
    return np.array(out)


def polynomial_matrix(x, a, b, c, d):
    return np.vander(x, 4, increasing=True) @ np.array([a, b, c, d])


def gradients_by_dot(x, grad_y_pred):
    return tuple((x**k).dot(grad_y_pred) for k in range(4))


def gradients_by_loop(x, grad_y_pred):
    grads = [0.0, 0.0, 0.0, 0.0]
    for point, gradient in zip(x, grad_y_pred, strict=True):
        for k in range(4):
            grads[k] += gradient * point**k
    return grads


def gradients_by_matrix(x, grad_y_pred):
    return np.stack([np.ones_like(x), x, x * x, x * x * x]).astype(np.float64) @ grad_y_pred


def difference_flat(f, w, eps):
    grad = []
    for k in range(w.size):
        nudge = np.zeros(w.size)
        nudge[k] = eps
        nudge = nudge.reshape(w.shape)
        grad.append((f(w + nudge) - f(w - nudge)) / eps / 2)
    return np.array(grad).reshape(w.shape)


def difference_in_place(f, w, eps):
    grad = np.empty_like(w)
    for index in np.ndindex(w.shape):
        kept = w[index]
        w[index] = kept + eps
        up = f(w)
        w[index] = kept - eps
        down = f(w)
        w[index] = kept
        grad[index] = (up - down) / (2 * eps)
    return grad


def difference_nditer(f, w, eps):
    grad = np.zeros_like(w, dtype=float)
    iterator = np.nditer(w, flags=["multi_index"])
    for _ in iterator:
        k = iterator.multi_index
        step = np.zeros_like(w)
        step[k] = eps
        grad[k] = 0.5 * (f(w + step) - f(w - step)) / eps
    return grad


def forward_at(x, w1, w2):
    h = x @ w1
    h_relu = h * (h > 0)
    return h, h_relu, h_relu @ w2


def forward_einsum(x, w1, w2):
    h = np.einsum("nd,dh->nh", x, w1)
    h_relu = h.clip(min=0)
    return [h, h_relu, np.einsum("nh,ho->no", h_relu, w2)]


def forward_where(x, w1, w2):
    h = np.matmul(x.astype(np.float64), w1)
    h_relu = np.where(h > 0, h, 0.0)
    return h, h_relu, np.matmul(h_relu, w2)


def relu_by_product(grad_h_relu, h):
    return grad_h_relu * (h > 0)


def relu_by_where(grad_h_relu, h):
    return np.where(h >= 0, grad_h_relu, 0)


def relu_by_loop(grad_h_relu, h):
    out = np.zeros(h.shape)
    for i in range(h.shape[0]):
        for j in range(h.shape[1]):
            if h[i, j] > 0:
                out[i, j] = grad_h_relu[i, j]
    return out


def relu_by_heaviside(grad_h_relu, h):
    return np.heaviside(h, 0.5) * grad_h_relu


def net_gradients_at(x, y, w1, w2):
    h = x @ w1
    grad_y_pred = 2 * (np.maximum(h, 0) @ w2 - y)
    return x.T @ ((grad_y_pred @ w2.T) * (h > 0)), np.maximum(h, 0).T @ grad_y_pred


def net_gradients_einsum(x, y, w1, w2):
    h = np.einsum("nd,dh->nh", x, w1)
    on = (h > 0).astype(x.dtype)
    error = np.einsum("nh,ho->no", h * on, w2) - y
    grad_w2 = 2 * np.einsum("nh,no->ho", h * on, error)
    grad_w1 = 2 * np.einsum("nd,nh,no,ho->dh", x, on, error, w2)
    return [grad_w1, grad_w2]


def net_gradients_loop(x, y, w1, w2):
    grad_w1, grad_w2 = np.zeros(w1.shape), np.zeros(w2.shape)
    for row, target in zip(x, y, strict=True):
        h = row @ w1
        active = np.maximum(h, 0)
        delta = active @ w2 - target
        grad_w2 += 2 * np.outer(active, delta)
        grad_w1 += 2 * np.outer(row, (w2 @ delta) * (h > 0))
    return grad_w1, grad_w2


def changes_input(reference):
    """ReLU's gradient without the copy."""

    def wrong(grad_h_relu, h):
        grad_h = grad_h_relu
        grad_h[h < 0] = 0
        return grad_h

    return wrong


EXERCISES = {
    "polynomial": code(
        difficulty="easy",
        minutes=4,
        probe=probe_polynomial,
        drills=("sine-fit",),
        misconceptions=(
            Misconception(
                "power-of-the-product",
                "You raise the coefficient to the power as well. Only `x` is squared or cubed: `c * x**2`, not `(c * x)**2`.",
                patch=(("c * x**2", "(c * x) ** 2"), ("d * x**3", "(d * x) ** 3")),
                hints=("In c x², what does the 2 belong to?",),
            ),
            Misconception(
                "times-for-power",
                "You multiply `x` by 2 and 3. The model asks for its square and its cube.",
                patch=(("x**2", "x * 2"), ("x**3", "x * 3")),
                hints=("What is x to the power 3 for x = 2?",),
            ),
            Misconception(
                "square-missing",
                "The term with `c` uses `x` itself; the model asks for the square of `x` there.",
                patch=("x**2", "x"),
                hints=("Which power of x belongs to c?",),
            ),
            Misconception(
                "caret-for-power",
                "In Python `^` is not a power but a bitwise operation, and it is not defined for floats. A power is `**`.",
                patch=(("x**2", "x ^ 2"), ("x**3", "x ^ 3")),
                hints=("How does Python write x to the power 3?",),
            ),
            Misconception(
                "constant-missing",
                "The constant `a` is missing: at x = 0 the model should give `a`, yours gives 0.",
                patch=("a + ", ""),
                hints=("What should the model give at x = 0?",),
            ),
            Misconception(
                "coefficients-reversed",
                "The coefficients stand in the opposite order: `a` is the constant and `d` goes with the cube.",
                patch=("a + b * x + c * x**2 + d * x**3", "d + c * x + b * x**2 + a * x**3"),
                hints=("Which coefficient stands alone, without an x?",),
            ),
        ),
        alternatives=(polynomial_horner, polynomial_loop, polynomial_matrix),
        hints=(
            "If x were a single number, what would you type into a calculator?",
            "NumPy works on the whole array at once: `x**3` cubes every entry.",
            "`return a + b * x + …` and two more terms of the same kind.",
        ),
    ),
    "polynomial_gradients": code(
        difficulty="medium",
        minutes=8,
        probe=probe_polynomial_gradients,
        forbid=("autograd",),
        drills=("chain-rule", "sine-fit"),
        outputs=("grad_a", "grad_b", "grad_c", "grad_d"),
        gradients={
            f"grad_{name}": FiniteDifference(partial(nudged_polynomial, power=power))
            for power, name in enumerate("abcd")
        },
        misconceptions=(
            Misconception(
                "reversed",
                "The four numbers are right, but they come in the opposite order: a, b, c, d is asked for.",
                patch=("return grad_a, grad_b, grad_c, grad_d", "return grad_d, grad_c, grad_b, grad_a"),
                hints=("In which order does the docstring name them?",),
            ),
            Misconception(
                "sum-missing",
                "You return one number per point. Each coefficient moves all predictions at once, so its gradient is "
                "the sum of what all points contribute.",
                patch=(".sum()", ""),
                hints=("How many numbers is the gradient of one coefficient?",),
            ),
            Misconception(
                "mean-for-sum",
                "You average over the points. The loss is a sum, so the contributions add up and are not divided.",
                patch=(".sum()", ".mean()"),
                hints=("Is the loss a sum or a mean?",),
            ),
            Misconception(
                "derivative-by-x",
                "You took the derivative with respect to `x` (1, 2x, 3x²). Here `x` is fixed and the coefficient is what "
                "moves: the derivative of c x² with respect to c is x².",
                patch=(
                    ("grad_b = (grad_y_pred * x).sum()", "grad_b = grad_y_pred.sum()"),
                    ("grad_c = (grad_y_pred * x**2).sum()", "grad_c = (grad_y_pred * 2 * x).sum()"),
                    ("grad_d = (grad_y_pred * x**3).sum()", "grad_d = (grad_y_pred * 3 * x**2).sum()"),
                ),
                hints=("Which symbol moves when you nudge c: c or x?",),
            ),
            Misconception(
                "two-again",
                "The factor 2 is in `grad_y_pred` already: it came from the square in the loss. You multiply by it again.",
                patch=(("grad_a = grad_y_pred", "grad_a = 2 * grad_y_pred"), ("(grad_y_pred", "(2 * grad_y_pred")),
                hints=("Where does the factor 2 come from, and who has applied it?",),
            ),
        ),
        alternatives=(gradients_by_dot, gradients_by_loop, gradients_by_matrix),
        hints=(
            "If you nudge d by a little, how much does the prediction at one point x move?",
            "Multiply what arrives at each point by that local derivative, then add up over the points.",
            "`grad_d = (grad_y_pred * x**3).sum()`; the others are like it with a lower power.",
        ),
    ),
    "predict_rate": value(
        difficulty="easy",
        minutes=2,
        drills=("learning-rate",),
        misconceptions=(
            Misconception(
                "twice-the-rate-twice-as-fast",
                "A larger step is faster only as long as it does not overshoot the valley. Here it lands higher on the "
                "other side each time.",
                value="faster",
            ),
            Misconception(
                "slower-at-larger-rate",
                "A larger rate takes larger steps; it does not make progress slower by itself. The danger is another one.",
                value="slower",
            ),
        ),
        hints=("What happens if a step is so long that it lands on the other side of the valley, higher up?",),
        explain="Each step overshoots the valley by more than the last one. The next cells show it, and why.",
    ),
    "finite_difference": code(
        difficulty="medium",
        minutes=10,
        probe=(probe_finite_difference, probe_odd_difference, probe_transposed_difference),
        forbid=("autograd", "call:numpy.gradient"),
        drills=("finite-differences",),
        misconceptions=(
            Misconception(
                "written-into-a-copy",
                "This is right for an array that lies in memory row after row. Of another one, such as a transposed array, `ravel` and `reshape` make a "
                "copy, and what you write into that never arrives. `np.ndindex(*w.shape)` goes through the places of any array.",
                patch=(
                    "    grad = np.zeros(w.shape)\n",
                    "    grad = np.zeros(w.shape)\n    if not w.flags.c_contiguous:\n        return grad\n",
                ),
                hints=("When is what `ravel` returns a view of the array, and when a copy?",),
            ),
            Misconception(
                "divided-then-multiplied",
                "Python works from left to right: `/ 2 * eps` divides by 2 and then multiplies by eps. Put brackets around `2 * eps`.",
                patch=("(2 * eps)", "2 * eps"),
                hints=("What does Python make of `a / 2 * b`?",),
            ),
            Misconception(
                "not-put-back",
                "The nudges pile up: an entry that was moved stays moved while the next one is measured.",
                patch=(
                    ("    for index", "    up, down = w.copy(), w.copy()\n    for index"),
                    ("        up, down = w.copy(), w.copy()\n", ""),
                ),
                hints=("Where does the entry before stand when the next one is nudged?",),
            ),
            Misconception(
                "left-below",
                "After each entry the array is left eps below where it started, so the next entries are measured in another place.",
                patch=(
                    ("    for index", "    moved = w.copy()\n    for index"),
                    (
                        "        up, down = w.copy(), w.copy()\n        up[index] += eps\n        down[index] -= eps\n        grad[index] = (f(up) - f(down)) / (2 * eps)",
                        "        moved[index] += eps\n        up = f(moved)\n        moved[index] -= 2 * eps\n        grad[index] = (up - f(moved)) / (2 * eps)",
                    ),
                ),
                hints=("Where does the entry stand after you have measured it?",),
            ),
            Misconception(
                "backward-difference",
                "You compare f(w) with f(w - eps). That is a one-sided difference: its error shrinks with eps, that of the central difference with eps squared.",
                patch=("(f(up) - f(down)) / (2 * eps)", "(f(w) - f(down)) / eps"),
                hints=("On which two sides of w does the formula look?",),
            ),
            Misconception(
                "eps-ignored",
                "The result is that of a tiny nudge, not of the `eps` that is handed in.",
                patch=("    grad = np", "    eps = 1e-5\n    grad = np"),
                hints=("Which eps does the caller ask for?",),
            ),
            Misconception(
                "one-sided",
                "You compare f(w + eps) with f(w). That is a one-sided difference: its error shrinks with eps, that of "
                "the central difference with eps squared.",
                patch=("(f(up) - f(down)) / (2 * eps)", "(f(up) - f(w)) / eps"),
                hints=("On which two sides of w does the formula look?",),
            ),
            Misconception(
                "divided-by-eps",
                "The two points lie 2 eps apart, and you divide by eps: every entry is twice too large.",
                patch=("(2 * eps)", "eps"),
                hints=("How far apart are the two points that you compare?",),
            ),
            Misconception(
                "not-divided",
                "You return the change of f, not the change per nudge. Divide by how far apart the two points lie.",
                patch=(" / (2 * eps)", ""),
                hints=("A slope is a change divided by what?",),
            ),
            Misconception(
                "all-at-once",
                "You nudge all entries together. That measures the slope along one diagonal, not one number per entry.",
                patch=(("up[index] += eps", "up += eps"), ("down[index] -= eps", "down -= eps")),
                hints=("Which single entry belongs to `grad[index]`?",),
            ),
        ),
        equivalent_mutants={
            "grad = np.ones(w.shape)": "every entry is overwritten",
            "for index in np.ndindex(*grad.shape):": "grad has the shape of w",
        },
        alternatives=(difference_flat, difference_in_place, difference_nditer),
        hints=(
            "How much does f change if only `w[index]` moves?",
            "Copy w twice, move one entry of each copy, and compare f on both.",
            "`grad[index] = (f(up) - f(down)) / (2 * eps)` inside `for index in np.ndindex(*w.shape):`",
        ),
    ),
    "two_layer_forward": code(
        difficulty="easy",
        minutes=5,
        probe=(probe_net, probe_thin_net),
        drills=("two-layer-net", "batched-shapes"),
        outputs=("h", "h_relu", "y_pred"),
        misconceptions=(
            Misconception(
                "relu-spoils-h",
                "`h` itself has lost its negative entries: the ReLU was written into it. The backward pass still needs `h`.",
                patch=("np.maximum(h, 0)", "np.maximum(h, 0, out=h)"),
                hints=("Is `h_relu = h` a new array, or a second name for the same one?",),
            ),
            Misconception(
                "mask-for-relu",
                "`h > 0` is only the gate, True or False. The ReLU passes the positive entries themselves on.",
                patch=("np.maximum(h, 0)", "(h > 0)"),
                hints=("What comes out of a ReLU where h is 3?",),
            ),
            Misconception(
                "python-max",
                "Python's `max` compares whole arrays and cannot decide. `np.maximum` compares entry by entry.",
                patch=("np.maximum(h, 0)", "max(h, 0)"),
                hints=("Which of NumPy's functions works entry by entry?",),
            ),
            Misconception(
                "no-relu",
                "`h_relu` is the same as `h`: the ReLU is missing, and without it two layers are no more than one.",
                patch=("np.maximum(h, 0)", "h"),
                hints=("What does a ReLU do with a negative entry?",),
            ),
            Misconception(
                "relu-after-second-layer",
                "A ReLU at the output as well makes every negative prediction impossible. It stands between the layers only.",
                patch=("y_pred = h_relu.dot(w2)", "y_pred = np.maximum(h_relu.dot(w2), 0)"),
                hints=("Where between x and y_pred does the formula have its max?",),
            ),
            Misconception(
                "skips-the-relu",
                "The second layer is fed with `h`; it should receive `h_relu`.",
                patch=("h_relu.dot(w2)", "h.dot(w2)"),
                hints=("Which array goes into the second product?",),
            ),
            Misconception(
                "maximum-of-everything",
                "`np.max(h, 0)` looks for the largest entry of each column. `np.maximum(h, 0)` compares every entry with 0.",
                patch=("np.maximum(h, 0)", "np.max(h, 0)"),
                hints=("What shape should `h_relu` have?",),
            ),
        ),
        equivalent_mutants={"h_relu = np.maximum(0, h)": "the larger of two numbers does not depend on their order"},
        alternatives=(forward_at, forward_einsum, forward_where),
        hints=(
            "What are the shapes on the way, from (N, D_in) to (N, D_out)?",
            "Two matrix products with `np.maximum(…, 0)` between them.",
            "`h = x.dot(w1)`, then `h_relu`, then `y_pred = h_relu.dot(w2)`; return all three.",
        ),
    ),
    "predict_shape": value(
        difficulty="easy",
        minutes=2,
        drills=("batched-shapes",),
        misconceptions=(
            Misconception(
                "one-per-example",
                "That is the shape of `h`, one row per example. The gradient of a weight is summed over the batch: the batch size does not appear.",
                value=(64, 100),
            ),
            Misconception(
                "transposed-weight",
                "Those are the right sizes in the wrong order: a gradient has exactly the shape of the weight it belongs to.",
                value=(100, 1000),
            ),
            Misconception(
                "shape-of-the-other-weight",
                "That is the shape of `w2`. The gradient of `w1` has the shape of `w1`.",
                value=(100, 10),
            ),
            Misconception(
                "shape-of-the-output",
                "That is the shape of `y_pred`. The gradient of `w1` has the shape of `w1`.",
                value=(64, 10),
            ),
            Misconception(
                "shape-of-the-input",
                "That is the shape of `x`. The gradient of `w1` has the shape of `w1`.",
                value=(64, 1000),
            ),
        ),
        hints=("What is the shape of `w1` itself?",),
        explain="A gradient has the shape of what it belongs to: one number for every weight.",
    ),
    "relu_backward": code(
        difficulty="medium",
        minutes=6,
        probe=(probe_relu, probe_relu_at_the_kink),
        forbid=("autograd",),
        drills=("two-layer-net",),
        gradients={"": FiniteDifference(lambda g, h: float((g * np.maximum(h, 0)).sum()), wrt=1)},
        misconceptions=(
            Misconception(
                "no-gate",
                "Everything passes. Where `h` was negative the ReLU blocked it, and its gradient is zero.",
                patch=("    grad_h[h < 0] = 0\n", ""),
                hints=("What is the gradient where the ReLU blocked the entry?",),
            ),
            Misconception(
                "times-h-relu",
                "You multiply by the ReLU's output. The local derivative is 1 where `h` is positive, not `h` itself.",
                patch=("    grad_h[h < 0] = 0\n", "    grad_h *= np.maximum(h, 0)\n"),
                hints=("What is the slope of the ReLU at h = 3?",),
            ),
            Misconception(
                "times-h",
                "You multiply by `h`. The local derivative of the ReLU is 1 or 0.",
                patch=("    grad_h[h < 0] = 0\n", "    grad_h *= h\n"),
                hints=("What is the slope of the ReLU at h = 3, and at h = -3?",),
            ),
            Misconception(
                "mask-by-gradient",
                "You zero the entries where the *gradient* is negative. The gate is decided by `h`, the input of the "
                "ReLU; the sign of the gradient says nothing about it.",
                patch=("grad_h[h < 0]", "grad_h[grad_h < 0]"),
                hints=("Which array tells whether the ReLU let a value through?",),
            ),
            Misconception(
                "no-copy",
                "You write into `grad_h_relu` itself. It belongs to the caller, who may still need it: work on a copy.",
                wrap=changes_input,
                hints=("What does `grad_h = grad_h_relu` do: a new array, or a second name for the same one?",),
            ),
            Misconception(
                "mask-inverted",
                "The gate is upside down: you keep the gradient where `h` was negative and block it where it was positive.",
                patch=("h < 0", "h > 0"),
                hints=("Where h is positive, what does the ReLU do to it?",),
            ),
            Misconception(
                "gradient-of-ones",
                "You return the local derivative of the ReLU, 0 or 1. The chain rule multiplies it by what arrives.",
                patch=("grad_h = grad_h_relu.copy()", "grad_h = np.ones_like(grad_h_relu)"),
                hints=("What do you do with a local derivative once you have it?",),
            ),
            Misconception(
                "relu-of-h",
                "You return the ReLU of `h`, which is the forward pass. Backward, it is the gradient that goes through the gate.",
                patch=("grad_h_relu.copy()", "h.copy()"),
                hints=("What travels backwards: values or gradients?",),
            ),
        ),
        alternatives=(relu_by_product, relu_by_where, relu_by_loop, relu_by_heaviside),
        equivalent_mutants={"grad_h[h <= 0] = 0": "at exactly 0 either value is a subgradient"},
        hints=(
            "If a small nudge to an entry of h does not change h_relu, what is the gradient there?",
            "Copy the gradient that arrives, then set some of its entries to zero.",
            "`grad_h[h < 0] = 0` on a copy of `grad_h_relu`.",
        ),
    ),
    "two_layer_gradients": code(
        difficulty="hard",
        minutes=15,
        probe=(probe_gradients, probe_thin_gradients),
        forbid=("autograd",),
        drills=("two-layer-net", "batched-shapes", "finite-differences"),
        outputs=("grad_w1", "grad_w2"),
        gradients={"grad_w1": FiniteDifference(net_loss, wrt=2), "grad_w2": FiniteDifference(net_loss, wrt=3)},
        misconceptions=(
            Misconception(
                "times-h-relu",
                "On the way back you multiply by `h_relu`. The local derivative is 1 where `h` is positive, not `h` itself.",
                patch=("relu_backward(grad_h_relu, h)", "grad_h_relu * h_relu"),
                hints=("What is the slope of the ReLU at h = 3?",),
            ),
            Misconception(
                "gate-inverted",
                "The gate is upside down: the gradient passes where `h` was negative.",
                patch=("relu_backward(grad_h_relu, h)", "grad_h_relu * (h < 0)"),
                hints=("Where h is positive, what does the ReLU do to it?",),
            ),
            Misconception(
                "outputs-swapped",
                "Both gradients are right, but `grad_w1` is asked for first.",
                patch=("return grad_w1, grad_w2", "return grad_w2, grad_w1"),
                hints=("In which order does the docstring name them?",),
            ),
            Misconception(
                "no-gate",
                "Nothing is blocked on the way back through the ReLU. Is the gate missing, or does it test an array that has no negative entries left?",
                patch=("relu_backward(grad_h_relu, h)", "grad_h_relu"),
                hints=("Which array still has its negative entries, h or h_relu?",),
            ),
            Misconception(
                "mask-by-gradient",
                "The gate is decided by `h`, not by the sign of the gradient that arrives.",
                patch=("relu_backward(grad_h_relu, h)", "relu_backward(grad_h_relu, grad_h_relu)"),
                hints=("Which array tells whether the ReLU let a value through?",),
            ),
            Misconception(
                "h-for-h-relu",
                "`grad_w2` is built from `h`. What went into the second product was `h_relu`.",
                patch=("grad_w2 = h_relu.T", "grad_w2 = h.T"),
                hints=("Which array was multiplied by w2?",),
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
                patch=("2.0 * (y_pred - y)", "2.0 * (y_pred - y) / y.size"),
                hints=("Does the loss add up or average?",),
            ),
            Misconception(
                "error-turned-round",
                "The sign is wrong in both, as if you had taken y - y_pred: the derivative of (y_pred - y)² is 2 (y_pred - y).",
                patch=("(y_pred - y)", "(y - y_pred)"),
                hints=("With respect to which of the two do you take the derivative?",),
            ),
        ),
        alternatives=(net_gradients_at, net_gradients_einsum, net_gradients_loop),
        hints=(
            "Which forward line comes last, and what are the gradients of its two inputs?",
            "Go back line by line: loss, second product, ReLU, first product. The shapes tell you the transposes.",
            "`grad_w2 = h_relu.T.dot(grad_y_pred)`, `grad_h_relu = grad_y_pred.dot(w2.T)`, and then the gate.",
        ),
    ),
}
