"""Clamping as an autograd function: gates open on the wrong side, and a gradient for each argument."""

import torch
from torch.autograd import Function

from tutor.checking import Misconception, code

from .. import shared


def probe_clamp(d):
    """An input with entries below, between and above bounds that do not lie symmetrically about zero."""
    low, high = -d.number(0.2, 0.9), d.number(0.2, 0.9)
    x = shared.away(d.tensor(*d.sizes(2, 3, 7)), low, high)
    x.view(-1)[:3] = torch.tensor([low - 0.4, (low + high) / 2 + 0.01, high + 0.3])
    return x, low, high, d.tensor(*x.shape)


def probe_clamp_from_zero(d):
    """The same with 0 for the lower bound, which counts as False where somebody asks whether there is one; of other ranks."""
    x, _, high, grad_output = probe_clamp(d)
    shape = ((-1,), x.shape, (1, *x.shape))[d.seed % 1000 - 1]
    return shared.away(x, 0.0).reshape(shape), 0.0, high, grad_output.reshape(shape)


def use_clamp(answer, x, low, high, grad_output):
    """A Function of a tensor and two numbers, and what it does at them."""
    seen = shared.examine(answer, x, low, high, grad_output)
    return *seen, shared.at_kinks(lambda t: answer.apply(t, low, high), [low, high])


class ClampByMask(Function):
    """The gate is made in forward."""

    @staticmethod
    def forward(ctx, x, low, high):
        ctx.save_for_backward((x >= low) & (x <= high))
        return torch.clip(x, low, high)

    @staticmethod
    def backward(ctx, grad_output):
        (inside,) = ctx.saved_tensors
        return torch.where(inside, grad_output, torch.zeros_like(grad_output)), None, None


class ClampByFill(Function):
    """Bounds as a tuple; blocked from either side in turn."""

    @staticmethod
    def forward(ctx, x, low, high):
        ctx.save_for_backward(x)
        ctx.bounds = low, high
        return torch.where(x < low, low, torch.where(x > high, high, x))

    @staticmethod
    def backward(ctx, grad_output):
        low, high = ctx.bounds
        grad_x = grad_output.clone()
        grad_x[ctx.saved_tensors[0] < low] = 0
        grad_x[ctx.saved_tensors[0] > high] = 0
        return grad_x, None, None


class ClampFromOutput(Function):
    """Inside is where the result is the input."""

    @staticmethod
    def forward(ctx, x, low, high):
        y = x.clone().clamp_(min=low).clamp_(max=high)
        ctx.save_for_backward(x, y)
        return y

    @staticmethod
    def backward(ctx, grad_output):
        x, y = ctx.saved_tensors
        return (x == y) * grad_output, None, None


EXERCISE = code(
    difficulty="medium",
    minutes=8,
    drills=("clamp", "ctx"),
    probe=(probe_clamp, probe_clamp_from_zero),
    use=use_clamp,
    outputs=("y", "grad_x", *shared.JUDGED, "at the bounds"),
    seconds=shared.SECONDS,
    misconceptions=(
        shared.in_float32("x.clamp(low, high)", "x.float().clamp(low, high)"),
        shared.graph_cut("grad_output * inside", "grad_output.detach() * inside"),
        Misconception(
            "brackets-forgotten",
            "`&` is given numbers here, where it takes truth values. It binds more tightly than `<` and `>`: has each comparison brackets of its own?",
            patch=("(x > ctx.low) & (x < ctx.high)", "x > ctx.low & x < ctx.high"),
            hints=("In which order does Python read `a > b & c < d`?",),
        ),
        Misconception(
            "and-between-tensors",
            "An `and`, also the hidden one in `low < x < high`, and an `if` want one yes or no, but `x` has many entries. Combine two masks with `&`.",
            patch=("(x > ctx.low) & (x < ctx.high)", "(x > ctx.low) and (x < ctx.high)"),
            hints=("How many truth values has `x > ctx.low`?",),
        ),
        Misconception(
            "number-for-none",
            "For the two plain numbers `backward` returns `None`: no number, and no gradient either.",
            patch=("inside, None, None", "inside, 0, 0"),
            hints=("Does anybody want a gradient for a plain number?",),
        ),
        Misconception(
            "one-gradient-for-three-arguments",
            "What your `backward` returns counts as one thing, and `forward` has three arguments. Return the "
            "gradient and `None` twice, separated by commas (a list counts as one thing).",
            patch=("inside, None, None", "inside"),
            hints=("How many arguments has `forward`, not counting `ctx`?",),
        ),
        Misconception(
            "gradient-in-the-last-place",
            "Something else than `None` comes back for the last argument, a plain number. What `backward` returns stands in the order of `forward`'s arguments: the gradient of `x` first, then `None` for each number.",
            patch=("grad_output * inside, None, None", "None, None, grad_output * inside"),
            hints=("Which argument of `forward` comes first?",),
        ),
        Misconception(
            "lower-kink-only",
            "Below `low` nothing passes, above `high` the gradient does. Up there the output does not move either.",
            patch=("(x > ctx.low) & (x < ctx.high)", "x > ctx.low"),
            hints=("What is the slope of clamp far above `high`?",),
        ),
        Misconception(
            "upper-kink-only",
            "Above `high` nothing passes, below `low` the gradient does. Down there the output does not move either.",
            patch=("(x > ctx.low) & (x < ctx.high)", "x < ctx.high"),
            hints=("What is the slope of clamp far below `low`?",),
        ),
        Misconception(
            "outside-for-inside",
            "The gradient passes beyond the bounds and is blocked between them. It is the other way round.",
            patch=("(x > ctx.low) & (x < ctx.high)", "(x < ctx.low) | (x > ctx.high)"),
            hints=("Where does the output follow the input?",),
        ),
        Misconception(
            "no-gate",
            "Your gate is open everywhere. Beyond the bounds nothing may pass. (The output lies within the bounds "
            "wherever `x` was, so the gate has to look at `x`; and both conditions have to hold: `&`, not `|`.)",
            patch=("grad_output * inside, None", "grad_output * 1, None"),
            hints=("If `x` lies above `high` and moves a little, what does the output do?",),
        ),
        shared.nothing_saved(
            "ctx.save_for_backward(x)", "Which tensor does `backward` compare with the bounds, and who hands it on?"
        ),
        Misconception(
            "window-on-the-gradient",
            "The gradient passes where it lies between the bounds itself. What decides is where `x` lay.",
            patch=("(x > ctx.low) & (x < ctx.high)", "(grad_output > ctx.low) & (grad_output < ctx.high)"),
            hints=("Which tensor did `forward` compare with the bounds?",),
        ),
        Misconception(
            "clamps-the-gradient",
            "The *gradient* is cut off at the bounds. What decides is where `x` lay: it passes whole, or not at all.",
            patch=("grad_output * inside, None", "grad_output.clamp(ctx.low, ctx.high), None"),
            hints=("Which tensor did `forward` compare with the bounds?",),
        ),
        shared.ignores_what_arrives("grad_output * inside, None", "1.0 * inside, None"),
        Misconception(
            "numbers-in-save-for-backward",
            "`save_for_backward` takes tensors only. Plain numbers are kept as attributes: `ctx.low = low`.",
            patch=(
                ("ctx.save_for_backward(x)", "ctx.save_for_backward(x, low, high)"),
                (shared.UNPACK, "x, ctx.low, ctx.high = ctx.saved_tensors"),
            ),
            hints=("What is the type of `low`?",),
        ),
        shared.tensor_on_ctx(("ctx.save_for_backward(x)", "ctx.x = x"), (shared.UNPACK, "x = ctx.x")),
    ),
    alternatives=(ClampByMask, ClampByFill, ClampFromOutput),
    equivalent_mutants={
        "inside = (x >= ctx.low) & (x < ctx.high)": "at exactly the bound every subgradient is right",
        "inside = (x > ctx.low) & (x <= ctx.high)": "at exactly the bound every subgradient is right",
    },
    hints=(
        "In which stretch does the output follow the input, and what has `backward` to know to find it?",
        "Save `x`; keep the two numbers as `ctx.low` and `ctx.high`. Return three things.",
        "`inside = (x > ctx.low) & (x < ctx.high)` and `return grad_output * inside, None, None`",
    ),
)
