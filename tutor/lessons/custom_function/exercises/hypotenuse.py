"""sqrt(u² + v²) in the newer form, for torch.func too: what is packed wrongly, and slopes turned round."""

import inspect

import torch
from torch.autograd import Function, gradcheck, gradgradcheck

from tutor.checking import Misconception, code
from tutor.checking.space import Array, Space

from .. import shared


def use_triangle(answer, u, v, grad_output):
    """A Function of two tensors: autograd, both judges, an in-place change, and torch.func."""
    newer = answer.setup_context is not Function.setup_context
    if newer and "ctx" in inspect.signature(answer.forward).parameters:
        raise TypeError("in the newer form `forward` takes no `ctx`; what backward needs is kept in `setup_context`")
    u.requires_grad_(), v.requires_grad_()
    r = shared.result(answer, u, v)
    with shared.bag_explained():
        r.backward(grad_output)
    few = shared.few_of(u, v)
    checks = shared.judged(gradcheck, answer.apply, few), shared.judged(gradgradcheck, answer.apply, few)
    shared.another_call(answer, u, (v.detach(),), grad_output)
    told = shared.after_a_change, shared.digits
    changed, digits = (tell(lambda t: answer.apply(t, v.detach().to(t.dtype)), u, grad_output) for tell in told)
    try:
        slopes = torch.vmap(torch.func.grad(answer.apply, argnums=(0, 1)))(u.detach(), v.detach())
    except RuntimeError as error:
        error.args = (f"under `torch.func`: {error}",)
        raise
    near = answer.apply(u.detach() / 1000, v.detach() / 1000)
    return r, u.grad, v.grad, *checks, changed, digits, *slopes, near


class HypotenuseAgain(Function):
    """The result is computed again instead of being kept."""

    generate_vmap_rule = True

    @staticmethod
    def forward(u, v):
        return torch.hypot(u, v)

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, grad_output):
        u, v = ctx.saved_tensors
        scale = grad_output / (u**2 + v**2).sqrt()
        return u * scale, v * scale


class HypotenuseWanted(Function):
    """Only what is wanted is computed."""

    generate_vmap_rule = True

    @staticmethod
    def forward(u, v):
        return (u.square() + v.square()).pow(0.5)

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(output, *inputs)

    @staticmethod
    def backward(ctx, grad_output):
        r, u, v = ctx.saved_tensors
        grad_u = grad_output * (u / r) if ctx.needs_input_grad[0] else None
        grad_v = grad_output * (v / r) if ctx.needs_input_grad[1] else None
        return grad_u, grad_v


class HypotenuseByHand(Function):
    """With a vmap of its own."""

    @staticmethod
    def forward(u, v):
        return torch.sqrt(u * u + v * v)

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(inputs[0], inputs[1], output)

    @staticmethod
    def backward(ctx, grad_output):
        u, v, r = ctx.saved_tensors
        return torch.div(u, r) * grad_output, torch.div(v, r) * grad_output

    @staticmethod
    def vmap(info, in_dims, u, v):
        return HypotenuseByHand.apply(u.movedim(in_dims[0], 0), v.movedim(in_dims[1], 0)), 0


EXERCISE = code(
    difficulty="hard",
    minutes=10,
    drills=("setup-context", "vmap", "saving"),
    space=Space(
        {
            "u": Array("N", scales=("eight", "usual"), values=("distinct", "zeros"), tensor=True),
            "v": Array("N", scales=("eight",), tensor=True),
            "grad_output": Array("N", scales=("eight",), tensor=True),
        },
        {"N": (1,)},
    ),
    use=use_triangle,
    outputs=(
        "r",
        "grad_u",
        "grad_v",
        *shared.JUDGED,
        "vmap of torch.func.grad, u",
        "vmap of torch.func.grad, v",
        "r of u / 1000 and v / 1000",
    ),
    cases=1,
    seconds=shared.SECONDS,
    misconceptions=(
        Misconception(
            "history-lost",
            "Value and gradients are right, but second derivatives are wrong: a part of your backward has no history. Inputs and output, saved as they are, keep theirs; what `setup_context` computes, and what is detached, has none.",
            patch=("u, v, output)", "u, v, output.detach())"),
            hints=("Which tensors does `save_for_backward` connect with the graph?",),
        ),
        shared.in_float32("torch.sqrt(u**2 + v**2)", "torch.sqrt(u**2 + v**2).float().to(u.dtype)"),
        shared.nothing_saved("ctx.save_for_backward(u, v, output)", "What is `setup_context` there for?"),
        Misconception(
            "tuple-in-save-for-backward",
            "`save_for_backward` takes tensors, each as an argument of its own, and you give it a tuple. `inputs` is "
            "one: unpack it first (`u, v = inputs`), or on the spot (`*inputs`).",
            patch=("u, v, output)", "inputs, output)"),
            hints=("What is `inputs`: a tensor, or a tuple of tensors?",),
        ),
        Misconception(
            "list-in-save-for-backward",
            "`save_for_backward` takes tensors, each as an argument of its own, and you give it a list: leave the square brackets away, or unpack it with a `*`.",
            patch=("(u, v, output)", "([u, v, output])"),
            hints=("How many arguments has your call of `save_for_backward`?",),
        ),
        Misconception(
            "packed-in-another-order",
            "The gradients are r / v and u / v times what arrives, where u / r and v / r belong: the tensors have changed places. Do you unpack them in the order in which they were packed?",
            patch=("(u, v, output)", "(output, u, v)"),
            hints=("In which order does `backward` unpack them?",),
        ),
        Misconception(
            "numpy-under-vmap",
            "With `generate_vmap_rule = True` torch runs `forward` once for the whole batch, on tensors that NumPy "
            "cannot open. Compute with torch operations.",
            patch=("torch.sqrt(u**2 + v**2)", "torch.from_numpy(np.hypot(u.detach().numpy(), v.detach().numpy()))"),
            hints=("What did the lesson say about lines that are all made of torch operations?",),
        ),
        Misconception(
            "upside-down",
            "The slopes are the hypotenuse divided by the side. They should be the side divided by the hypotenuse: u / r.",
            patch=("u / r, grad_output * v / r", "r / u, grad_output * r / v"),
            hints=("Can the hypotenuse grow by more than the side did?",),
        ),
        Misconception(
            "gradients-swapped",
            "The two gradients stand in each other's places: that of `u` comes first, as in `forward`.",
            patch=("grad_output * u / r, grad_output * v / r", "grad_output * v / r, grad_output * u / r"),
            hints=("In which order does `forward` take its arguments?",),
        ),
        Misconception(
            "not-divided",
            "What arrives is multiplied by the side alone. The slope is the side divided by the hypotenuse, a number between -1 and 1.",
            patch=("grad_output * u / r, grad_output * v / r", "grad_output * u, grad_output * v"),
            hints=("How much longer can the hypotenuse become if one side grows by 1?",),
        ),
        Misconception(
            "divided-by-the-square",
            "The slopes are divided by r², so the root is missing: ∂r/∂u = u / r.",
            patch=("u / r, grad_output * v / r", "u / r**2, grad_output * v / r**2"),
            hints=("What is the derivative of a square root?",),
        ),
        Misconception(
            "half-kept",
            "Both gradients are half of what they should be: the ½ of the root's derivative cancels against the "
            "2 of the square's.",
            patch=("grad_output * u / r, grad_output * v / r", "grad_output * u / (2 * r), grad_output * v / (2 * r)"),
            hints=("What is the derivative of u²?",),
        ),
        shared.ignores_what_arrives("grad_output * u / r, grad_output * v / r", "u / r, v / r"),
        Misconception(
            "one-gradient",
            "What your `backward` returns counts as one gradient, and `forward` has two arguments. Return two, "
            "separated by a comma (a list counts as one thing).",
            patch=("grad_output * u / r, grad_output * v / r", "grad_output * u / r"),
            hints=("How many arguments has `forward`?",),
        ),
        Misconception(
            "second-gradient-none",
            "`None` says that `v` needs no gradient. It does: it is a tensor like `u`.",
            patch=("grad_output * u / r, grad_output * v / r", "grad_output * u / r, None"),
            hints=("When may a gradient be `None`?",),
        ),
        Misconception(
            "root-forgotten",
            "Your forward returns u² + v², without the root.",
            patch=("torch.sqrt(u**2 + v**2)", "u**2 + v**2"),
            hints=("What is asked for, the hypotenuse or its square?",),
        ),
        Misconception(
            "sum-of-the-sides",
            "Your forward returns u + v: the root of a sum of squares is not the sum of the sides.",
            patch=("torch.sqrt(u**2 + v**2)", "u + v"),
            hints=("How long is the hypotenuse for the sides 3 and 4?",),
        ),
        Misconception(
            "tensors-on-ctx",
            shared.ON_CTX,
            patch=(
                ("ctx.save_for_backward(u, v, output)", "ctx.kept = (u, v, output)"),
                ("u, v, r = ctx.saved_tensors", "u, v, r = ctx.kept"),
            ),
            hints=("Where does `ctx` keep tensors safely?",),
        ),
        Misconception(
            "unpacked-in-another-order",
            "The gradients are v / u and r / u times what arrives, where u / r and v / r belong: the tensors have changed places. Do you unpack them in the order in which they were packed?",
            patch=("u, v, r = ctx.saved_tensors", "r, u, v = ctx.saved_tensors"),
            hints=("In which order did `setup_context` save them?",),
        ),
        Misconception(
            "no-vmap",
            "Gradients work, `vmap` does not: torch has no rule for batches. Does the line `generate_vmap_rule = True` still stand in the class?",
            patch=("generate_vmap_rule = True", "generate_vmap_rule = False"),
            hints=("Which line told torch to derive the rule for batches?",),
        ),
    ),
    alternatives=(HypotenuseAgain, HypotenuseWanted, HypotenuseByHand),
    hints=(
        "Which three tensors stand in the two formulas for the gradients, and which of them is the output?",
        "`setup_context` gets `(u, v)` and `r`: save all three. `backward` unpacks them in the same order.",
        "`ctx.save_for_backward(u, v, output)`, then `return grad_output * u / r, grad_output * v / r`",
    ),
)
