"""The two-layer network in NumPy (lesson 01) and in torch (lesson 03): probes, right answers and mistakes of both.

`kind` says what a probe is made of: "array" or "tensor".
"""

from tutor.checking import Misconception
from tutor.checking.space import Array, Space


def probe_net(d, kind):
    """Inputs and weights of a network whose four sizes all differ."""
    make, (n, d_in, h, d_out) = getattr(d, kind), d.sizes(4)
    return make(n, d_in), make(d_in, h), make(h, d_out)


def probe_thin_net(d, kind):
    """A network with one output, and inputs so large that hidden values reach hundreds, as they do in training."""
    make, (n, d_in, h) = getattr(d, kind), d.sizes(3)
    return 100 * make(n, d_in), make(d_in, h), make(h, 1)


def space_of_nets(*, tensor=False, **more):
    """What a network may be given: inputs of every size, weights, and `more`."""
    x = Array(
        "N D",
        layouts=("contiguous", "transposed"),
        scales=("usual", "large"),
        values=("distinct", "zeros"),
        tensor=tensor,
    )
    weights = {"w1": Array("D H", tensor=tensor), "w2": Array("H O", tensor=tensor)}
    return Space({"x": x, **weights, **more}, sizes={"N": (1,), "O": (1,)})


def space_of_problems(*, tensor=False, **more):
    """The same with targets behind the inputs, and inputs of the usual size."""
    x = Array("N D", layouts=("contiguous", "transposed"), values=("distinct", "zeros"), tensor=tensor)
    y = Array("N O", scales=("usual", "eight"), values=("distinct", "zeros"), tensor=tensor)
    weights = {"w1": Array("D H", tensor=tensor), "w2": Array("H O", tensor=tensor)}
    return Space({"x": x, "y": y, **weights, **more}, sizes={"N": (1,), "O": (1,)})


def probe_relu(d, kind):
    """A gradient and the ReLU's input, with both signs in each."""
    make, (n, h) = getattr(d, kind), d.sizes(2, 3, 7)
    return make(n, h), make(n, h)


def probe_relu_at_the_kink(d, kind):
    """The same with a 0 in `h`, where no gradient arrives: there every subgradient gives 0, a division by `h` not."""
    grad_h_relu, h = probe_relu(d, kind)
    grad_h_relu[0, 1] = h[0, 1] = 0
    return grad_h_relu, h


def probe_gradients(d, kind):
    """A whole problem: inputs, targets and weights, all sizes different."""
    x, w1, w2 = probe_net(d, kind)
    return x, getattr(d, kind)(x.shape[0], w2.shape[1]), w1, w2


def probe_thin_gradients(d, kind):
    """A problem with one output and with an example of zeros, whose hidden values are all at the kink."""
    x, w1, w2 = probe_thin_net(d, kind)
    x = x / 100
    x[0] = 0
    return x, getattr(d, kind)(x.shape[0], 1), w1, w2


def writes_into_the_gradient(reference):
    """The ReLU's gradient without a copy of its own."""

    def wrong(grad_h_relu, h):
        grad_h = grad_h_relu
        grad_h[h < 0] = 0
        return grad_h

    return wrong


def relu_by_product(grad_h_relu, h):
    return grad_h_relu * (h > 0)


def relu_by_loop(grad_h_relu, h):
    grad_h = 0 * h
    for i in range(h.shape[0]):
        for j in range(h.shape[1]):
            if h[i, j] > 0:
                grad_h[i, j] = grad_h_relu[i, j]
    return grad_h


def forward_at(x, w1, w2):
    h = x @ w1
    h_relu = h * (h > 0)
    return h, h_relu, h_relu @ w2


def net_gradients_at(x, y, w1, w2):
    h = x @ w1
    h_relu = h * (h > 0)
    grad_y_pred = 2 * (h_relu @ w2 - y)
    return x.T @ ((grad_y_pred @ w2.T) * (h > 0)), h_relu.T @ grad_y_pred


def net_gradients_loop(x, y, w1, w2):
    grad_w1, grad_w2 = 0 * w1, 0 * w2
    for row, target in zip(x, y, strict=True):
        h = row @ w1
        active = h * (h > 0)
        error = active @ w2 - target
        grad_w2 += 2 * active[:, None] * error
        grad_w1 += 2 * row[:, None] * ((w2 @ error) * (h > 0))
    return grad_w1, grad_w2


def no_relu(*patch):
    """The two layers without a ReLU between them."""
    return Misconception(
        "no-relu",
        "`h_relu` is the same as `h`: no ReLU takes effect, and without it two layers are no more than one.",
        patch=patch,
        hints=("What does a ReLU do with a negative entry?",),
    )


def relu_after_second_layer(*patch):
    """A ReLU at the output."""
    return Misconception(
        "relu-after-second-layer",
        "Predictions that should be negative come out as 0. A ReLU stands between the layers, not at the output.",
        patch=patch,
        hints=("Where between x and y_pred does the formula have its max?",),
    )


def skips_the_relu(*patch, hint):
    """The second layer is fed with what the first gave."""
    return Misconception(
        "skips-the-relu",
        "`y_pred` is what the second layer makes of `h`; it should receive `h_relu`.",
        patch=patch,
        hints=(hint,),
    )


def mask_by_gradient(hint):
    """The gate decided by the wrong array or tensor."""
    return Misconception(
        "mask-by-gradient",
        "The entries where the *gradient* is negative come out as 0. The gate is decided by `h`, the input of the "
        "ReLU; the sign of the gradient says nothing about it.",
        patch=("grad_h[h < 0]", "grad_h[grad_h < 0]"),
        hints=(hint,),
    )


MASK_INVERTED = Misconception(
    "mask-inverted",
    "The gate is upside down: the gradient passes where `h` was negative and is blocked where it was positive.",
    patch=("h < 0", "h > 0"),
    hints=("Where h is positive, what does the ReLU do to it?",),
)


def gradient_of_ones(*patch):
    """The gate itself, not what passes it."""
    return Misconception(
        "gradient-of-ones",
        "That is the local derivative of the ReLU, 0 or 1. The chain rule multiplies it by what arrives.",
        patch=patch,
        hints=("What do you do with a local derivative once you have it?",),
    )


def relu_of_h(*patch):
    """The forward pass for the backward pass."""
    return Misconception(
        "relu-of-h",
        "That is the ReLU of `h`, which is the forward pass. Backward, it is the gradient that goes through the gate.",
        patch=patch,
        hints=("What travels backwards: values or gradients?",),
    )


def h_for_h_relu(*patch, hint):
    """The second product with the wrong factor."""
    return Misconception(
        "h-for-h-relu",
        "`grad_w2` comes out as a product with `h`. What went into the second product was `h_relu`.",
        patch=patch,
        hints=(hint,),
    )


FACTOR_TWO_MISSING = Misconception(
    "factor-two-missing",
    "Both gradients are half of what they should be: the derivative of (y_pred - y)² is 2 (y_pred - y).",
    patch=("2.0 * ", ""),
    hints=("What is the derivative of a square?",),
)


def mean_over_batch(*patch):
    """A sum taken for a mean."""
    return Misconception(
        "mean-over-batch",
        "Both gradients are divided by the number of entries. The loss is a sum, not a mean.",
        patch=patch,
        hints=("Does the loss add up or average?",),
    )
