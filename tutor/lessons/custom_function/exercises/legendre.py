"""The Legendre polynomial P3 with its gradient by hand: slips of the derivative, and of what is saved."""

import torch
from torch.autograd import Function

from tutor.checking import FiniteDifference, Misconception, code
from tutor.checking.space import Array, Space

from .. import shared


def use_function(answer, x, grad_output):
    """A Function of one tensor."""
    return shared.examine(answer, x, grad_output)


def legendre_value(x, grad_output):
    """The scalar whose gradient the checker asks for."""
    return float((0.5 * (5 * x**3 - 3 * x) * grad_output).sum())


class LegendreByHorner(Function):
    """Other order, products instead of powers."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * (2.5 * x * x - 1.5)

    @staticmethod
    def backward(ctx, grad_output):
        x = ctx.saved_tensors[0]
        return (7.5 * x.square() - 1.5).mul(grad_output)


class LegendreOnACopy(Function):
    """A copy is saved and the polynomial is built up in place."""

    @staticmethod
    def forward(ctx, x):
        y = x.clone()
        ctx.save_for_backward(x)
        y.pow_(3).mul_(5).sub_(3 * x).div_(2)
        return y

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return torch.mul(grad_output, 15 * torch.pow(x, 2) - 3) / 2


class LegendreByAutograd(Function):
    """The way back by autograd itself, from what was saved."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return (5 * x.pow(3) - 3 * x) / 2

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        with torch.enable_grad():
            x = x if x.requires_grad else x.detach().requires_grad_()
            y = (5 * x.pow(3) - 3 * x) / 2
            (grad_x,) = torch.autograd.grad(y, x, grad_output, create_graph=True)
        return grad_x


class LegendreNewForm(Function):
    """The newer form, which autograd takes as well."""

    @staticmethod
    def forward(x):
        return 0.5 * (5 * x**3 - 3 * x)

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(inputs[0])

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return grad_output * (7.5 * x**2 - 1.5)


EXERCISE = code(
    difficulty="medium",
    minutes=10,
    drills=("legendre", "function"),
    space=Space(
        {
            "x": Array("N M", scales=("usual", "eight"), values=("distinct", "zeros"), tensor=True),
            "grad_output": Array("N M", layouts=("transposed",), scales=("eight",), tensor=True),
        },
        {"N": (1,)},
    ),
    probe=(shared.probe_number, shared.probe_row, shared.probe_block),
    use=use_function,
    outputs=("y", "grad_x", *shared.JUDGED),
    gradients={"grad_x": FiniteDifference(of=legendre_value, wrt=0)},
    cases=1,
    seconds=shared.SECONDS,
    misconceptions=(
        Misconception(
            "half-for-three-halves",
            "Your slope is ½ (15 x² - 1). The derivative of -3 x is -3, so it is ½ (15 x² - 3).",
            patch=("1.5 * (5 * x**2 - 1)", "0.5 * (15 * x**2 - 1)"),
            hints=("What is the derivative of -3 x?",),
        ),
        Misconception(
            "value-s-brackets-lost",
            "Your forward returns ½ · 5 x³ - 3 x. The ½ stands in front of both terms: brackets around them.",
            patch=("0.5 * (5 * x**3 - 3 * x)", "0.5 * 5 * x**3 - 3 * x"),
            hints=("What is P3(1)? What does your forward give for it?",),
        ),
        Misconception(
            "half-on-one-term",
            "Your slope is 7.5 x² - 3. The ½ stands in front of both terms: the derivative is 7.5 x² - 1.5.",
            patch=("5 * x**2 - 1)", "5 * x**2 - 2)"),
            hints=("What is the derivative of ½ · 3 x?",),
        ),
        shared.in_float32("return 0.5 * (5 * x**3 - 3 * x)", "return (0.5 * (5 * x**3 - 3 * x)).float().to(x.dtype)"),
        shared.nothing_saved("ctx.save_for_backward(x)", "Which tensor does the slope need, and who hands it on?"),
        Misconception(
            "brackets-lost",
            "What comes out is 7.5 x² times what arrives, minus 1. What arrives and the factor in front have to reach both terms of the slope: is there a bracket around 5 x² - 1?",
            patch=("* (5 * x**2 - 1)", "* 5 * x**2 - 1"),
            hints=("In which order does Python read `a * b - 1`?",),
        ),
        Misconception(
            "sign-in-the-bracket",
            "Your slope is 3/2 (5 x² + 1). P3 has -3 x, so inside the brackets stands -1.",
            patch=("5 * x**2 - 1)", "5 * x**2 + 1)"),
            hints=("What is the derivative of -3 x?",),
        ),
        Misconception(
            "power-lost",
            "Your slope is 3/2 (5 x - 1). The derivative of x³ is 3 x²: the `x` has a square.",
            patch=("5 * x**2 - 1)", "5 * x - 1)"),
            hints=("What is the derivative of x³?",),
        ),
        Misconception(
            "second-derivative",
            "What arrives is multiplied by 15 x, the *second* derivative of P3. The chain rule wants the first, 3/2 (5 x² - 1).",
            patch=("1.5 * (5 * x**2 - 1)", "15 * x"),
            hints=("How often have you differentiated?",),
        ),
        Misconception(
            "arrivals-summed",
            "Every entry of the slope is multiplied by the sum of all that arrives. Each entry of `grad_output` belongs to one entry of the result, and to the slope there.",
            patch=("return grad_output *", "return grad_output.sum() *"),
            hints=("Which entries of the result does one entry of `x` move?",),
        ),
        Misconception(
            "passed-on",
            "What arrives is passed on as it is. It is missing its factor, the slope P3'(x).",
            patch=("grad_output * 1.5 * (5 * x**2 - 1)", "grad_output * 1.0"),
            hints=("Where does the slope come in?",),
        ),
        Misconception(
            "added",
            "What comes out is the slope plus what arrives. The chain rule multiplies.",
            patch=("grad_output * 1.5", "grad_output + 1.5"),
            hints=("If the loss does not depend on P3 at all, what arrives, and what has to come out?",),
        ),
        shared.summed_up(
            "return grad_output * 1.5 * (5 * x**2 - 1)", "return (grad_output * 1.5 * (5 * x**2 - 1)).sum()"
        ),
        shared.ignores_what_arrives("grad_output * 1.5 * (5 * x**2 - 1)", "1.5 * (5 * x**2 - 1)"),
        Misconception(
            "half-forgotten",
            "Your backward is twice too large: the ½ in front of P3 stays in front of its derivative, 3/2 (5 x² - 1).",
            patch=("grad_output * 1.5", "grad_output * 3"),
            hints=("What is the derivative of ½ f(x)?",),
        ),
        Misconception(
            "value-for-slope",
            "What arrives is multiplied by P3(x), the value. The chain rule wants the slope P3'(x) = 3/2 (5 x² - 1).",
            patch=("grad_output * 1.5 * (5 * x**2 - 1)", "grad_output * 0.5 * (5 * x**3 - 3 * x)"),
            hints=("Which of the two formulas has the stroke?",),
        ),
        Misconception(
            "power-not-lowered",
            "Your slope is 3/2 (5 x³ - 1). The derivative of x³ is 3 x²: the power goes down by one.",
            patch=("5 * x**2 - 1)", "5 * x**3 - 1)"),
            hints=("What is the derivative of x³?",),
        ),
        Misconception(
            "constant-term-kept",
            "Your slope is 3/2 (5 x² - x). The derivative of -3 x is the constant -3, so inside the brackets stands -1, with no `x`.",
            patch=("5 * x**2 - 1)", "5 * x**2 - x)"),
            hints=("What is the derivative of 3 x?",),
        ),
        Misconception(
            "slope-only-of-the-cube",
            "Your slope is 7.5 x², that of the cube alone. The term -3 x of the polynomial has a derivative too.",
            patch=("(5 * x**2 - 1)", "(5 * x**2)"),
            hints=("How many terms has P3?",),
        ),
        shared.tensor_on_ctx(("ctx.save_for_backward(x)", "ctx.x = x"), (shared.UNPACK, "x = ctx.x")),
        shared.slope_without_history(
            ("ctx.save_for_backward(x)", "ctx.save_for_backward(1.5 * (5 * x**2 - 1))"),
            (shared.UNPACK, "(slope,) = ctx.saved_tensors"),
            ("grad_output * 1.5 * (5 * x**2 - 1)", "grad_output * slope"),
            cut=("(5 * x**2 - 1)", "(5 * x.detach() ** 2 - 1)"),
        ),
        Misconception(
            "tuple-not-unpacked",
            "`ctx.saved_tensors` is a tuple, also if it holds one tensor. Unpack it: `(x,) = ctx.saved_tensors`.",
            patch=(shared.UNPACK, "x = ctx.saved_tensors"),
            hints=("What is the type of `ctx.saved_tensors`?",),
        ),
    ),
    alternatives=(LegendreByHorner, LegendreOnACopy, LegendreByAutograd, LegendreNewForm),
    hints=(
        "Hold your two results against the two formulas above, P3 and P3': which is which, and which `x` do they need?",
        "`ctx.save_for_backward(x)` packs; `(x,) = ctx.saved_tensors` unpacks; the result is what arrives times "
        "the slope.",
        "`return grad_output * 1.5 * (5 * x**2 - 1)`",
    ),
)
