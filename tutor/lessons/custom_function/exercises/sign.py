"""The sign with a straight-through gradient: the true one is useless, and windows open on the wrong side."""

import torch
from torch.autograd import Function

from tutor.checking import Misconception, code

from .. import shared


def probe_sign(d):
    """An input with entries inside and outside the window from -1 to 1, and what arrives."""
    x = shared.away(d.tensor(*d.sizes(2, 3, 7)), -1.0, 1.0)
    x.view(-1)[:4] = torch.tensor([-1.4, -0.6, 0.7, 1.3])
    return x, d.tensor(*x.shape)


def probe_other_ranks(d):
    """The like of one, two and three dimensions, with steps that lie far out."""
    x, grad_output = probe_sign(d)
    shape = ((-1,), x.shape, (1, *x.shape))[d.seed % 1000 - 1]
    return torch.where(x.abs() > 1, 30 * x, x).reshape(shape), grad_output.reshape(shape)


def use_sign(answer, h, grad_output):
    """A gate whose +1 and -1 may be float32 for any input."""
    *seen, _, at_zero = shared.use_gate(answer, h, grad_output)
    return *seen, at_zero


class SignByWhere(Function):
    """Zero counts as positive."""

    @staticmethod
    def forward(ctx, h):
        ctx.save_for_backward(h)
        return torch.where(h >= 0, 1.0, -1.0)

    @staticmethod
    def backward(ctx, grad_output):
        (h,) = ctx.saved_tensors
        return torch.where((h >= -1) & (h <= 1), grad_output, 0.0)


class SignByMask(Function):
    """The window is made in forward."""

    @staticmethod
    def forward(ctx, h):
        ctx.save_for_backward(h.abs() < 1)
        return 2.0 * (h > 0) - 1.0

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output * ctx.saved_tensors[0].to(grad_output.dtype)


class SignByHardtanh(Function):
    """The gradient is that of a clamp to [-1, 1]."""

    @staticmethod
    def forward(ctx, h):
        ctx.save_for_backward(h)
        return torch.copysign(torch.ones_like(h), h)

    @staticmethod
    def backward(ctx, grad_output):
        (h,) = ctx.saved_tensors
        grad_h = grad_output.clone()
        grad_h[h.abs() > 1] = 0
        return grad_h


EXERCISE = code(
    difficulty="medium",
    minutes=7,
    drills=("straight-through",),
    probe=(probe_sign, probe_other_ranks),
    unstretched={"a zero": "what the sign of 0 is, +1 or -1, is not said"},
    use=use_sign,
    outputs=("y", "grad_h", *shared.JUDGED[:-1], "at exactly 0"),
    seconds=shared.SECONDS,
    misconceptions=(
        shared.nothing_saved("ctx.save_for_backward(h)", "Which tensor does the window look at, and who hands it on?"),
        shared.one_yes_or_no("h.abs() <= 1", "-1 <= h <= 1", hint="How many truth values has `h <= 1`?"),
        shared.graph_cut("return grad_output * (h", "return grad_output.detach() * (h"),
        Misconception(
            "other-side-open",
            "Above 1 the gradient still passes. The window closes on both sides: |h|, not h.",
            patch=("h.abs() <= 1", "h >= -1"),
            hints=("What does the formula say about h = 3?",),
        ),
        Misconception(
            "times-h",
            "What passes the window is multiplied by `h`. Backward pretends that the sign had been the identity, and the identity has the slope 1.",
            patch=("return grad_output * (h", "return grad_output * h * (h"),
            hints=("What is the slope of f(h) = h?",),
        ),
        Misconception(
            "true-gradient",
            "Your backward gives the true gradient, zero everywhere, and even `gradcheck` agrees. It is of no use: "
            "nothing in front of the sign would learn. Lie: pass on what arrives.",
            patch=("grad_output * (h.abs() <= 1)", "grad_output * 0"),
            hints=("What would move the steps?",),
        ),
        Misconception(
            "no-window",
            "Your window is open everywhere. Where |h| is larger than 1 the gradient has to be blocked, and the "
            "window has to look at `h` to know: the output is -1 or +1 wherever `h` was.",
            patch=("grad_output * (h.abs() <= 1)", "grad_output * 1"),
            hints=("What does the formula say about |h| > 1?",),
        ),
        Misconception(
            "window-on-the-gradient",
            "The gradient passes where it lies between -1 and 1 itself. The window is about `h`.",
            patch=("h.abs() <= 1", "grad_output.abs() <= 1"),
            hints=("Which tensor stands between the bars in the formula?",),
        ),
        Misconception(
            "gradient-clipped",
            "The gradient is cut off at -1 and 1. The window does not look at the gradient but at `h`: pass it whole, or not at all.",
            patch=("grad_output * (h.abs() <= 1)", "grad_output.clamp(-1, 1)"),
            hints=("Which tensor stands between the bars in the formula?",),
        ),
        Misconception(
            "one-sided-window",
            "Below -1 the gradient still passes. The window closes on both sides: |h|, not h.",
            patch=("h.abs() <= 1", "h <= 1"),
            hints=("What is |-3|?",),
        ),
        Misconception(
            "outside-for-inside",
            "The gradient passes outside the window and is blocked inside.",
            patch=("h.abs() <= 1", "h.abs() > 1"),
            hints=("For which h should the gradient pass?",),
        ),
        shared.ignores_what_arrives("grad_output * (h.abs() <= 1)", "1.0 * (h.abs() <= 1)"),
        Misconception(
            "times-the-sign",
            "What passes the window is multiplied by the sign of `h`. Backward pretends that the sign had been the identity, and the identity has the slope 1.",
            patch=("grad_output * (h.abs() <= 1)", "grad_output * torch.sign(h) * (h.abs() <= 1)"),
            hints=("What is the slope of f(h) = h?",),
        ),
        Misconception(
            "zero-or-one",
            "Your forward returns 0 where `h` is negative. Asked for is -1.",
            patch=("torch.sign(h)", "(h > 0).to(h.dtype)"),
            hints=("Which two values does a sign have?",),
        ),
        shared.tensor_on_ctx(("ctx.save_for_backward(h)", "ctx.h = h"), ("(h,) = ctx.saved_tensors", "h = ctx.h")),
    ),
    alternatives=(SignByWhere, SignByMask, SignByHardtanh),
    equivalent_mutants={"return grad_output * (h.abs() < 1)": "at exactly 1 either choice is right"},
    equivalent_narrowed={"forward: right without a zero only": "what the sign of 0 is, is not said"},
    hints=(
        "Backward does not fit forward here. What does it pretend that forward was?",
        "Pass `grad_output` on where `h.abs() <= 1`; a mask of truth values can be multiplied.",
        "`return grad_output * (h.abs() <= 1)`",
    ),
)
