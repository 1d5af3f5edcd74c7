"""What is saved for the way back is written into before it is used there."""

from tutor.checking import Misconception, repair

from .. import shared


def probe(d):
    """A tensor of no, two or three dimensions, a factor of either sign that is not 1, and the gradient that arrives."""
    n, m = d.sizes(2)
    shape = ((), (1, n), (n, m, 1))[d.seed % 1000 - 1]
    sign = -1 if d.seed % 2 else 1
    return d.tensor(*shape), sign * d.number(1.5, 3.0), d.tensor(*shape)


def probe_zero(d):
    """A factor of 0, and a larger gradient that arrives."""
    x, _, grad_output = probe(d)
    return x, 0.0, 8 * grad_output


def there_and_back(answer, x, scale, grad_output):
    x = x.clone().requires_grad_()
    y = answer.apply(x, scale)
    y.backward(grad_output)
    shared.another_call(answer, x, (scale,), grad_output, scale + 1)
    return y.detach(), x.grad, x.detach()


HEAD = "class ScaledExp(torch.autograd.Function):\n    @staticmethod\n    def forward(ctx, x, scale):\n"
BACK = "\n    @staticmethod\n    def backward(ctx, grad_output):\n"
OF_THE_RESULT = (
    f"{HEAD}        y = x.exp() * scale\n        ctx.save_for_backward(y)\n        return y\n"
    f"{BACK}        return grad_output * ctx.saved_tensors[0], None\n"
)
OF_THE_INPUT = (
    f"{HEAD}        ctx.save_for_backward(x)\n        ctx.scale = scale\n        return scale * x.exp()\n"
    f"{BACK}        (x,) = ctx.saved_tensors\n        return ctx.scale * x.exp() * grad_output, None\n"
)
OF_A_COPY = (
    f"{HEAD}        y = x.exp()\n        ctx.save_for_backward(y.clone())\n        ctx.scale = scale\n"
    f"        return y.mul_(scale)\n{BACK}        (y,) = ctx.saved_tensors\n        return grad_output * (y * ctx.scale), None\n"
)

EXERCISE = repair(
    difficulty="easy",
    minutes=6,
    drills=("saving",),
    fault="The gradient is still too large by the factor `scale`: what was saved holds that factor already, because `forward` multiplies in place before or after it saves, and `backward` multiplies once more.",
    shown_by=("linkedin/Liger-Kernel#272",),
    probe=(probe, probe_zero),
    use=there_and_back,
    outputs=("y", "grad_x", "x afterwards"),
    misconceptions=(
        Misconception(
            "output-unscaled",
            "The gradient is right now, and the output has lost its factor.",
            patch=("        y = y * scale\n", ""),
            hints=("What should `forward` return?",),
        ),
        Misconception(
            "factor-lost-on-the-way-back",
            "The output is right, and the gradient has lost its factor altogether: what is saved is exp(x), without it.",
            patch=(" * y * ctx.scale", " * y"),
            hints=("What is the derivative of scale * exp(x)?",),
        ),
        Misconception(
            "input-taken-for-the-result",
            "The gradient has x in it where exp(x) belongs.",
            patch=("ctx.save_for_backward(y)", "ctx.save_for_backward(x)"),
            hints=("What does `backward` take the saved tensor for?",),
        ),
        Misconception(
            "divided-by-the-factor",
            "With a scale of 0 the gradient is NaN, which comes of 0 / 0; it should be 0. For all other numbers it is right.",
            patch=(("y = y * scale", "y *= scale"), ("grad_output * y * ", "grad_output * (y / ctx.scale) * ")),
            hints=("Which saved tensor would need no division?",),
        ),
    ),
    alternatives=(OF_THE_RESULT, OF_THE_INPUT, OF_A_COPY),
    hints=(
        "What is in the saved tensor when `backward` reads it, with scale = 2?",
        "`save_for_backward` makes no copy. Which line writes into that memory?",
        "`y = y * scale`",
    ),
)
