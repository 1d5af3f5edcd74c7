"""x · sigmoid(x) as an autograd function that saves one tensor: slips of the product rule, too much kept."""

import torch
from torch.autograd import Function

from tutor.checking import FiniteDifference, Misconception, code
from tutor.checking.space import Array, Space

from .. import shared


def use_swish(answer, x, grad_output):
    """A Function of one tensor, and how many tensors it keeps."""
    places = set()

    def note(tensor):
        places.add(tensor.data_ptr())
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        y = shared.result(answer, x.clone().requires_grad_())  # its name keeps the memory from being used twice
    kept = "one" if len(places) < 2 else "more than one"
    del y
    seen = shared.examine(answer, x, grad_output)
    far = torch.tensor([-200.0, 200.0], requires_grad=True)
    y_far = shared.result(answer, far)
    y_far.backward(torch.ones_like(y_far))
    return *seen, kept, y_far, far.grad


def swish_value(x, grad_output):
    """The scalar whose gradient the checker asks for."""
    return float((x * torch.sigmoid(x) * grad_output).sum())


class SwishExpanded(Function):
    """The derivative in another form, with the exponential written out."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x / (1 + torch.exp(-x))

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        s = 1 / (1 + torch.exp(-x))
        return grad_output * (s + x * s * (1 - s))


class SwishByTanh(Function):
    """A sigmoid is a shifted tanh."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * (0.5 + 0.5 * torch.tanh(x / 2))

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        t = torch.tanh(x / 2)
        return grad_output * (0.5 + 0.5 * t + x * 0.25 * (1 - t**2))


class SwishRecomputed(Function):
    """Autograd runs forward again, from the one tensor that was kept."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.nn.functional.silu(x)

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        with torch.enable_grad():
            x = x if x.requires_grad else x.detach().requires_grad_()
            (grad_x,) = torch.autograd.grad(x * torch.sigmoid(x), x, grad_output, create_graph=True)
        return grad_x


EXERCISE = code(
    difficulty="medium",
    minutes=10,
    drills=("memory", "double-backward"),
    space=Space(
        {
            "x": Array("N M", scales=("usual", "eight"), values=("distinct", "zeros"), tensor=True),
            "grad_output": Array("N M", layouts=("transposed",), scales=("eight",), tensor=True),
        },
        {"N": (1,)},
    ),
    probe=(shared.probe_number, shared.probe_row, shared.probe_block),
    use=use_swish,
    outputs=("y", "grad_x", *shared.JUDGED, "tensors kept", "y at -200 and 200", "grad_x at -200 and 200"),
    gradients={"grad_x": FiniteDifference(of=swish_value, wrt=0)},
    cases=1,
    seconds=shared.SECONDS,
    misconceptions=(
        shared.in_float32("return x * torch.sigmoid(x)", "return (x * torch.sigmoid(x)).float()"),
        shared.nothing_saved("ctx.save_for_backward(x)", "Which tensor does the slope need, and who hands it on?"),
        Misconception(
            "brackets-moved",
            "Your slope is s (1 + x)(1 - s). In the formula `x` stands with (1 - s) inside the bracket: s (1 + x (1 - s)).",
            patch=("(1 + x * (1 - s))", "(1 + x) * (1 - s)"),
            hints=("Where do the brackets of the formula open and close?",),
        ),
        Misconception(
            "sigmoid-inside-forgotten",
            "Your slope is s + x (1 - s). The slope of the sigmoid is s (1 - s), so the second term has an `s` too: s + x s (1 - s).",
            patch=("s * (1 + x * (1 - s))", "(s + x * (1 - s))"),
            hints=("What is the derivative of the sigmoid?",),
        ),
        Misconception(
            "sign-of-the-exponent",
            "On the way back `s` is the sigmoid of -x, 1 / (1 + e^x), which is 1 minus the sigmoid of x.",
            patch=("s = torch.sigmoid(x)", "s = torch.sigmoid(-x)"),
            hints=("Does the sigmoid rise or fall as x grows?",),
        ),
        Misconception(
            "sigmoid-in-front-forgotten",
            "Your slope is 1 + x (1 - s). The `s` in front of the bracket is missing: it is s (1 + x (1 - s)).",
            patch=("grad_output * s * (1", "grad_output * (1"),
            hints=("What does the formula have in front of the bracket?",),
        ),
        shared.summed_up(
            "return grad_output * s * (1 + x * (1 - s))", "return (grad_output * s * (1 + x * (1 - s))).sum()"
        ),
        Misconception(
            "two-kept",
            "All right but for the memory: you keep more than one tensor. Whatever is not `x` can be computed again from it.",
            patch=(
                ("ctx.save_for_backward(x)", "ctx.save_for_backward(x, torch.sigmoid(x))"),
                (shared.UNPACK, "x, _ = ctx.saved_tensors"),
            ),
            hints=("Which of the two can be computed from the other?",),
        ),
        Misconception(
            "sigmoid-kept",
            "The gradient is right, but you keep more than one tensor, and second derivatives come out wrong. Was one of them computed in `forward`, which is not recorded? Keep `x` and compute the rest in `backward`.",
            patch=(
                ("ctx.save_for_backward(x)", "ctx.save_for_backward(x, torch.sigmoid(x))"),
                (shared.UNPACK, "x, s = ctx.saved_tensors"),
                ("        s = torch.sigmoid(x)\n", ""),
            ),
            hints=("Is `forward` recorded by autograd?",),
        ),
        shared.slope_without_history(
            ("ctx.save_for_backward(x)", "s = torch.sigmoid(x)\n        ctx.save_for_backward(s * (1 + x * (1 - s)))"),
            (shared.UNPACK, "(slope,) = ctx.saved_tensors"),
            (
                "        s = torch.sigmoid(x)\n        return grad_output * s * (1 + x * (1 - s))",
                "        return grad_output * slope",
            ),
            cut=("s = torch.sigmoid(x)", "s = torch.sigmoid(x.detach())"),
        ),
        Misconception(
            "product-rule-forgotten",
            "Your slope is the sigmoid alone. `x` stands in both factors of the product, and the product rule "
            "has two terms.",
            patch=("s * (1 + x * (1 - s))", "s"),
            hints=("What is the derivative of a product?",),
        ),
        Misconception(
            "sigmoids-slope-only",
            "Your slope is s (1 - s), that of the sigmoid. The factor `x` in front of it has to go through the "
            "product rule.",
            patch=("s * (1 + x * (1 - s))", "s * (1 - s)"),
            hints=("What is the derivative of a product?",),
        ),
        Misconception(
            "second-term-only",
            "Your slope is x s (1 - s), the second term of the product rule. The first is missing: `s` has to be added.",
            patch=("s * (1 + x * (1 - s))", "x * s * (1 - s)"),
            hints=("What is the derivative of a product?",),
        ),
        shared.ignores_what_arrives("grad_output * s", "s"),
        Misconception(
            "sign-in-the-bracket",
            "Your slope is s (1 + x (1 + s)). The slope of the sigmoid is s (1 - s), with a minus.",
            patch=("(1 - s)", "(1 + s)"),
            hints=("Does the sigmoid become steeper or flatter as it nears 1?",),
        ),
        shared.tensor_on_ctx(("ctx.save_for_backward(x)", "ctx.x = x"), (shared.UNPACK, "x = ctx.x")),
    ),
    alternatives=(SwishExpanded, SwishByTanh, SwishRecomputed),
    hints=(
        "Which one tensor is enough to compute the slope again?",
        "Save `x`. In `backward` compute `s = torch.sigmoid(x)` and use the formula above the cell.",
        "`return grad_output * s * (1 + x * (1 - s))`",
    ),
)
