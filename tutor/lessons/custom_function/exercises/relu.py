"""The ReLU as an autograd function that can be differentiated again: the wrong gate, a graph that is cut."""

import torch
from torch.autograd import Function

from tutor.checking import FiniteDifference, Misconception, code
from tutor.checking.space import Array, Space

from .. import shared


def relu_value(h, grad_output):
    """The scalar whose gradient the checker asks for."""
    return float((h.clamp(min=0) * grad_output).sum())


class ReLUFromOutput(Function):
    """The gate is read from the result."""

    @staticmethod
    def forward(ctx, h):
        h_relu = torch.relu(h)
        ctx.save_for_backward(h_relu)
        return h_relu

    @staticmethod
    def backward(ctx, grad_output):
        (h_relu,) = ctx.saved_tensors
        return grad_output * (h_relu > 0)


class ReLUFromMask(Function):
    """The gate itself is kept."""

    @staticmethod
    def forward(ctx, h):
        ctx.mask = h > 0
        return torch.where(ctx.mask, h, torch.zeros_like(h))

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output.masked_fill(~ctx.mask, 0)


class ReLUByWhere(Function):
    """The other subgradient at zero."""

    @staticmethod
    def forward(ctx, h):
        ctx.save_for_backward(h)
        return torch.maximum(h, torch.zeros(h.shape, dtype=h.dtype))

    @staticmethod
    def backward(ctx, grad_output):
        (h,) = ctx.saved_tensors
        return torch.where(h >= 0, grad_output, 0.0)


class ReLUByLoop(Function):
    """Entry by entry."""

    @staticmethod
    def forward(ctx, h):
        ctx.save_for_backward(h)
        return (h + h.abs()) / 2

    @staticmethod
    def backward(ctx, grad_output):
        (h,) = ctx.saved_tensors
        rows = [g if z > 0 else 0 * g for g, z in zip(grad_output.flatten(), h.flatten(), strict=True)]
        return torch.stack(rows).reshape(h.shape)


EXERCISE = code(
    difficulty="easy",
    minutes=6,
    drills=("relu",),
    space=Space(
        {
            "h": Array("N H", scales=("usual", "eight"), tensor=True),
            "grad_output": Array("N H", layouts=("transposed",), scales=("eight",), tensor=True),
        },
        {"N": (1,)},
    ),
    probe=(shared.probe_row, shared.probe_block),
    use=shared.use_gate,
    outputs=("h_relu", "grad_h", *shared.JUDGED, "at exactly 0"),
    gradients={"grad_h": FiniteDifference(of=relu_value, wrt=0)},
    cases=1,
    seconds=shared.SECONDS,
    misconceptions=(
        shared.in_float32("return h.clamp(min=0)", "return h.float().clamp(min=0)"),
        shared.nothing_saved("ctx.save_for_backward(h)", "Which tensor decides whether a gradient passes?"),
        shared.one_yes_or_no(
            "grad_h[h < 0] = 0", "grad_h = 0 if h < 0 else grad_h", hint="How many truth values has `h < 0`?"
        ),
        Misconception(
            "times-h",
            "What arrives is multiplied by `h` itself. The chain rule wants the slope of max(h, 0), which is 0 or 1.",
            patch=("grad_h[h < 0] = 0", "grad_h = grad_h * h"),
            hints=("What is the slope of max(h, 0) at h = 3, and at h = -3?",),
        ),
        Misconception(
            "sign-for-gate",
            "Where `h` is negative the gradient comes out with its sign turned round. The gate is closed there: nothing passes.",
            patch=("grad_h[h < 0] = 0", "grad_h[h < 0] *= -1"),
            hints=("What is the slope of max(h, 0) at h = -3?",),
        ),
        shared.graph_cut("grad_output.clone()", "grad_output.detach().clone()"),
        Misconception(
            "mask-by-gradient",
            "It is where the *gradient* is negative that nothing passes. The gate was set on the way forward: what counts is the sign of `h`.",
            patch=("grad_h[h < 0]", "grad_h[grad_h < 0]"),
            hints=("Which tensor did the ReLU look at when it decided what to let through?",),
        ),
        Misconception(
            "no-gate",
            "Everything that arrives is passed on. Where `h` was negative the ReLU's output did not depend on it, so nothing may pass. Is the gate missing, or does it test a tensor in which no negative entry is left?",
            patch=("        grad_h[h < 0] = 0\n", ""),
            hints=("If `h` is negative and moves a little, what does the output do?",),
        ),
        Misconception(
            "gate-turned-round",
            "Your gate is open where `h` is negative and closed where it is positive.",
            patch=("h < 0", "h > 0"),
            hints=("Where has max(h, 0) the slope 1?",),
        ),
        shared.ignores_what_arrives("grad_output.clone()", "torch.ones_like(grad_output)"),
        Misconception(
            "relu-of-the-gradient-times-h",
            "What arrives is multiplied by the value max(h, 0). The chain rule wants its slope, which is 0 or 1.",
            patch=("grad_h[h < 0] = 0", "grad_h = grad_h * h.clamp(min=0)"),
            hints=("What is the slope of max(h, 0) at h = 3?",),
        ),
        shared.tensor_on_ctx(("ctx.save_for_backward(h)", "ctx.h = h"), ("(h,) = ctx.saved_tensors", "h = ctx.h")),
    ),
    alternatives=(ReLUFromOutput, ReLUFromMask, ReLUByWhere, ReLUByLoop),
    equivalent_mutants={"grad_h[h <= 0] = 0": "at exactly 0 every subgradient is right"},
    hints=(
        "What decides whether a gradient passes, and is it still known on the way back?",
        "Save `h`. On the way back, copy what arrives and put zeros where `h` was negative.",
        "`grad_h = grad_output.clone()` and `grad_h[h < 0] = 0`",
    ),
)
