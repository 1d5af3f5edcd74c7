"""Both weight gradients with tensors, no autograd: the wrong gate, NumPy left in, arguments swapped."""

from functools import partial

import torch

from tutor.checking import FiniteDifference, Misconception, code
from tutor.checking.evidence import seen
from tutor.checking.space import Array, Space
from tutor.lessons import two_layer_net

from ..shared import on_any_device


def probe_float64(d):
    """A whole problem in float64, as the judge of gradients wants it."""
    return tuple(t.double() for t in two_layer_net.probe_gradients(d, "tensor"))


def gradients_anywhere(answer, x, y, w1, w2):
    """On the CPU and elsewhere; a report calls the arguments by these names."""
    return on_any_device(answer, x, y, w1, w2)


def net_loss(x, y, w1, w2):
    """The loss whose gradients are asked for."""
    return float(((x.mm(w1).clamp(min=0).mm(w2) - y) ** 2).sum())


def net_gradients_einsum(x, y, w1, w2):
    h = torch.einsum("nd,dh->nh", x, w1)
    on = (h > 0).to(h.dtype)
    error = torch.einsum("nh,ho->no", h * on, w2) - y
    grad_w2 = 2 * torch.einsum("nh,no->ho", h * on, error)
    return [2 * torch.einsum("nd,nh,no,ho->dh", x, on, error, w2), grad_w2]


EXERCISE = code(
    difficulty="medium",
    minutes=10,
    drills=("two-layer-net", "words", "mistakes"),
    space=Space(
        {
            "x": Array("N D", values=("distinct", "zeros"), tensor=True),
            "y": Array("N O", scales=("usual", "large"), tensor=True),
            "w1": Array("D H", scales=("usual", "eight"), tensor=True),
            "w2": Array("H O", layouts=("contiguous", "transposed"), tensor=True),
        },
        {"N": (1,), "H": (1,)},
    ),
    probe=(partial(two_layer_net.probe_thin_gradients, kind="tensor"), probe_float64),
    use=gradients_anywhere,
    outputs=("grad_w1", "grad_w2"),
    gradients={"grad_w1": FiniteDifference(net_loss, wrt=2), "grad_w2": FiniteDifference(net_loss, wrt=3)},
    precise=True,
    cases=2,
    forbid=("autograd",),
    misconceptions=(
        Misconception(
            "mask-by-gradient",
            "In `grad_w1` the gate is decided by the sign of the gradient that arrives; it has to be decided by `h`. The loss would fall all the same, which is why this mistake stands in published code.",
            patch=("relu_backward(grad_h_relu, h)", "relu_backward(grad_h_relu, grad_h_relu)"),
            hints=("Which tensor tells whether the ReLU let a value through?",),
        ),
        Misconception(
            "numpy-left-in",
            "NumPy reads a tensor here. That works as long as tensors lie on the CPU; on another device it stops.",
            patch=(
                "h, h_relu, y_pred = two_layer_forward(x, w1, w2)",
                "h = x.mm(w1)\n    h_relu = np.maximum(h, 0)\n    y_pred = h_relu.mm(w2)",
            ),
            hints=("Which line does something that the dictionary above has on its left?",),
        ),
        Misconception(
            "no-gate",
            "In `grad_w1` nothing is held back where `h` was negative. Is the gate missing, or does it test an `h` in which no negative entry is left, such as the ReLU's own result?",
            patch=(
                "h, h_relu, y_pred = two_layer_forward(x, w1, w2)",
                "h = x.mm(w1)\n    h_relu = h.clamp_(min=0)\n    y_pred = h_relu.mm(w2)",
            ),
            cause="`clamp_` writes into `h` itself: the gate finds no negative entry in it.",
            evidence=seen("h.clamp_(...)"),
            other=("relu_backward(grad_h_relu, h)", "grad_h_relu"),
            hints=("Which forward line lies between h and h_relu, and where is its counterpart?",),
        ),
        Misconception(
            "arguments-swapped",
            "Values of `h` travel back here, and the gradient decides which of them pass: the two have changed roles. The gradient goes through the gate, and `h` decides it.",
            patch=("relu_backward(grad_h_relu, h)", "relu_backward(h, grad_h_relu)"),
            cause="`relu_backward` takes the gradient first and `h` second; you hand it `h` first.",
            evidence=seen("relu_backward(h, _)"),
            other=("relu_backward(grad_h_relu, h)", "h.clone()\n    grad_h[grad_h_relu < 0] = 0"),
            hints=("Which of the two should be in what travels on to `w1`: values or gradients?",),
        ),
        Misconception(
            "float32-only",
            "Right in float32; where all four tensors are float64, two dtypes meet and it stops. Is a tensor made or converted on the way without regard to the dtype of the others?",
            patch=(
                "relu_backward(grad_h_relu, h)",
                "torch.zeros(h.shape)\n    grad_h[h >= 0] = grad_h_relu[h >= 0]",
            ),
            cause="`torch.zeros` makes float32, unless it is told otherwise.",
            evidence=seen("torch.zeros(_)", "torch.zeros(_, _)"),
            other=(
                "relu_backward(grad_h_relu, h)",
                "torch.zeros_like(h).float()\n    grad_h[h >= 0] = grad_h_relu[h >= 0]",
            ),
            hints=("Which dtype does each of your tensors have, if `x` is float64?",),
        ),
        Misconception(
            "float32-inside",
            "Right in float32; where all four tensors are float64, the result has the digits of float32 alone, about 7 in place of 15. Is something turned into float32 on the way? Turning the result back brings no digit back.",
            patch=(
                "    h, h_relu, y_pred = two",
                "    x, y, w1, w2 = x.float(), y.float(), w1.float(), w2.float()\n    h, h_relu, y_pred = two",
            ),
            hints=("Which dtype does each of your tensors have, if `x` is float64?",),
        ),
        Misconception(
            "relu-for-gate",
            "In `grad_w1` the gradient is multiplied by the values that passed the ReLU. A gate lets the gradient through as it is, or not at all: by what does `h_relu` move if `h` is positive and moves by 1?",
            patch=("relu_backward(grad_h_relu, h)", "grad_h_relu * h_relu"),
            hints=("What is the derivative of the ReLU where `h` is 3?",),
        ),
        Misconception(
            "returned-in-the-other-order",
            "What comes first is the gradient of `w2`, and that of `w1` comes second: `grad_w1` is asked for first.",
            patch=("return grad_w1, grad_w2", "return grad_w2, grad_w1"),
            hints=("What does the docstring say about the order?",),
        ),
        two_layer_net.h_for_h_relu(
            "grad_w2 = h_relu.t()", "grad_w2 = h.t()", hint="Which tensor was multiplied by w2?"
        ),
        two_layer_net.FACTOR_TWO_MISSING,
        two_layer_net.mean_over_batch("2.0 * (y_pred - y)", "2.0 * (y_pred - y) / y.numel()"),
        Misconception(
            "error-turned-round",
            "The sign is wrong in both: the derivative of (y_pred - y)² is 2 (y_pred - y), not 2 (y - y_pred).",
            patch=("(y_pred - y)", "(y - y_pred)"),
            hints=("With respect to which of the two do you take the derivative?",),
        ),
    ),
    alternatives=(two_layer_net.net_gradients_at, net_gradients_einsum, two_layer_net.net_gradients_loop),
    hints=(
        "Which forward line comes last, and what are the gradients of its two inputs?",
        "Go back line by line: loss, second product, ReLU, first product. `T` is written `t()`, `dot` is written `mm`.",
        "`grad_w2 = h_relu.t().mm(grad_y_pred)`, `grad_h_relu = grad_y_pred.mm(w2.t())`, and then the gate.",
    ),
)
