"""Exercises of lesson 06: every Function is run forward and backward, by both judges, and with an in-place change."""

import contextlib
import inspect
import warnings

import torch
from torch.autograd import Function, gradcheck, gradgradcheck

from tutor.checking import FiniteDifference, Misconception, code, value
from tutor.lessons.registry import About

ABOUT = About(
    minutes=110,
    items={
        "function": "autograd.Function: forward, backward, apply",
        "ctx": "ctx: the bag of one call, plain arguments, needs_input_grad, mark_non_differentiable",
        "legendre": "the Legendre P3 fit y = a + b P3(c + d x), reaching the known optimum",
        "gradcheck": "gradcheck and gradgradcheck",
        "double-backward": "double backward",
        "relu": "ReLU by hand with its subgradients",
        "clamp": "clamp by hand with its subgradients",
        "saving": "save_for_backward: the errors and the leaks that it prevents",
        "memory": "saving less: what is kept for the way back, counted",
        "non-differentiable": "non-differentiable operations",
        "straight-through": "the straight-through estimator, which trains",
        "setup-context": "setup_context with torch.func",
        "vmap": "vmap: a rule of one's own, and generate_vmap_rule",
    },
)


def away(x, *borders, gap=0.05):
    """Move entries that lie too near to a border (a kink) beyond it."""
    for border in borders:
        near = (x - border).abs() < gap
        x = torch.where(near, border + gap + (x - border).abs(), x)
    return x


def probe_pair(d):
    """An input and the gradient that arrives, neither of them all ones, of one shape with unequal sides."""
    n, h = d.sizes(2)
    return d.tensor(n, h), d.tensor(n, h)


def probe_row(d):
    """An input and the gradient that arrives, of one dimension."""
    (n,) = d.sizes(1, 3, 7)
    return d.tensor(n), d.tensor(n)


def probe_with_zero(d):
    """The like with an entry that is exactly 0, where a polynomial has no kink."""
    x, grad_output = probe_row(d)
    x[0] = 0
    return x, grad_output


def probe_clamp(d):
    """An input with entries below, between and above bounds that do not lie symmetrically about zero."""
    low, high = -d.number(0.2, 0.9), d.number(0.2, 0.9)
    x = away(d.tensor(*d.sizes(2, 3, 7)), low, high)
    x.view(-1)[:3] = torch.tensor([low - 0.4, (low + high) / 2 + 0.01, high + 0.3])
    return x, low, high, d.tensor(*x.shape)


def probe_clamp_from_zero(d):
    """The same with 0 for the lower bound, which counts as False where somebody asks whether there is one."""
    x, _, high, grad_output = probe_clamp(d)
    return away(x, 0.0), 0.0, high, grad_output


def probe_sign(d):
    """An input with entries inside and outside the window from -1 to 1, and what arrives."""
    x = away(d.tensor(*d.sizes(2, 3, 7)), -1.0, 1.0)
    x.view(-1)[:4] = torch.tensor([-1.4, -0.6, 0.7, 1.3])
    return x, d.tensor(*x.shape)


def probe_triangle(d):
    """Two sides of either sign, and what arrives."""
    (n,) = d.sizes(1, 3, 7)
    return d.tensor(n), d.tensor(n), d.tensor(n)


def few_of(*tensors):
    """Up to six entries of each tensor in float64, for judges that look at every pair of entries."""
    return [t.detach().double().reshape(-1)[:6].clone().requires_grad_() for t in tensors]


def judged(judge, function, inputs):
    """What gradcheck or gradgradcheck says; the nudge is large enough for answers that compute in float32 inside."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an answer that computes in float32 inside makes the judge warn
            if judge(function, inputs, eps=1e-3, atol=1e-2, rtol=1e-2, raise_exception=False):
                return "passes"
    except RuntimeError:  # some complaints come as errors all the same
        pass
    return "fails" if judge is gradcheck else "fails, so second derivatives are wrong"


def after_a_change(function, x, grad_output):
    """Whether a wrong gradient comes out, unnoticed, if the input or the output is changed before backward."""
    start = x.detach().clone().requires_grad_()
    (right,) = torch.autograd.grad(function(start * 1), start, grad_output, allow_unused=True)
    for which in (0, 1):
        h = start * 1
        pair = h, function(h)
        try:
            with torch.no_grad():
                pair[which].mul_(-1.7)
            (found,) = torch.autograd.grad(pair[1], start, grad_output, allow_unused=True)
        except RuntimeError:
            continue
        if right is not None and not torch.allclose(found, right):
            return "a wrong gradient, unnoticed"
    return "noticed"


def result(answer, *arguments):
    """What the answer makes of its arguments, once it is sure that this can have a gradient."""
    if not issubclass(answer, Function):
        raise TypeError("the class has to be derived from `torch.autograd.Function`")
    y = answer.apply(*arguments)
    if y is None:
        raise TypeError("`forward` returns nothing; is a `return` missing?")
    if not isinstance(y, torch.Tensor):
        pair = ". (`torch.max(h, 0)` gives one: there the 0 is an axis.)" if isinstance(y, tuple) else ""
        raise TypeError(f"`forward` should return a tensor; yours returns a {type(y).__name__}{pair}")
    if not y.is_floating_point():
        raise TypeError(
            f"`forward` returns {y.dtype} numbers, which can have no gradient; return floating-point numbers"
        )
    if y.shape != arguments[0].shape:
        raise TypeError(
            f"`forward` returns the shape {tuple(y.shape)} for an input of the shape {tuple(arguments[0].shape)}; it has "
            "to give one number for each entry"
        )
    return y


@contextlib.contextmanager
def bag_explained():
    """Say of a tuple that was taken for a tensor where it comes from; the line in which it happened stays known."""
    try:
        yield
    except (AttributeError, TypeError) as error:
        if "not callable" not in str(error) and ("'tuple'" in str(error) or "not tuple" in str(error)):
            error.args = (f"{error}. `ctx.saved_tensors` is a tuple, also if it holds one tensor: unpack it",)
        raise


def examine(answer, x, *more):
    """Value, gradient, both judges and the in-place change of a Function; the last of `more` is what arrives."""
    *plain, grad_output = more
    x.requires_grad_()
    y = result(answer, x, *plain)
    with bag_explained():
        y.backward(grad_output)

    def function(t):
        return answer.apply(t, *plain)

    few = few_of(x)
    checks = judged(gradcheck, function, few), judged(gradgradcheck, function, few)
    return y, x.grad, *checks, after_a_change(function, x, grad_output)


JUDGED = ("gradcheck", "gradgradcheck", "after an in-place change")
SECONDS = 20.0  # two judges, and in the last exercise the first vmap of a process, which imports for 1.7 s


def use_function(answer, x, grad_output):
    """A Function of one tensor."""
    return examine(answer, x, grad_output)


AT_A_KINK = "a number, and of what arrives a share from 0 to 1"


def use_gate(answer, h, grad_output):
    """A Function of one tensor that is called h, and what it does at exactly 0."""
    return *examine(answer, h, grad_output), at_kinks(answer.apply, [0.0, 0.0])


def use_clamp(answer, x, low, high, grad_output):
    """A Function of a tensor and two numbers; what it does at them; and two calls before one way back."""
    seen = examine(answer, x, low, high, grad_output)
    z = x.detach().clone().requires_grad_()
    both = answer.apply(z, low, high) + answer.apply(z, low - 1, high + 1)
    both.backward(grad_output)
    return *seen, at_kinks(lambda t: answer.apply(t, low, high), [low, high]), z.grad


def at_kinks(function, places):
    """In words, what a function does where every subgradient is right."""
    x = torch.tensor(places, dtype=torch.float64, requires_grad=True)
    y = function(x)
    y.backward(torch.ones_like(y))
    share = x.grad if x.grad is not None else torch.zeros_like(x)
    return AT_A_KINK if y.isfinite().all() and ((share >= 0) & (share <= 1)).all() else "something else"


def use_swish(answer, x, grad_output):
    """A Function of one tensor, and how many tensors it keeps."""
    places = set()

    def note(tensor):
        places.add(tensor.data_ptr())
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        y = result(answer, x.clone().requires_grad_())  # its name keeps the memory from being used twice
    kept = "one" if len(places) < 2 else "more than one"
    del y
    seen = examine(answer, x, grad_output)
    far = torch.tensor([-200.0, 200.0], requires_grad=True)
    y_far = result(answer, far)
    y_far.backward(torch.ones_like(y_far))
    return *seen, kept, y_far, far.grad


def use_triangle(answer, u, v, grad_output):
    """A Function of two tensors: autograd, both judges, an in-place change, and torch.func."""
    newer = answer.setup_context is not Function.setup_context
    if newer and "ctx" in inspect.signature(answer.forward).parameters:
        raise TypeError("in the newer form `forward` takes no `ctx`; what backward needs is kept in `setup_context`")
    u.requires_grad_(), v.requires_grad_()
    r = result(answer, u, v)
    with bag_explained():
        r.backward(grad_output)
    few = few_of(u, v)
    checks = judged(gradcheck, answer.apply, few), judged(gradgradcheck, answer.apply, few)
    changed = after_a_change(lambda t: answer.apply(t, v.detach()), u, grad_output)
    try:
        slopes = torch.vmap(torch.func.grad(answer.apply, argnums=(0, 1)))(u.detach(), v.detach())
    except RuntimeError as error:
        raise RuntimeError(f"under `torch.func`: {error}") from None
    return r, u.grad, v.grad, *checks, changed, *slopes


def legendre_value(x, grad_output):
    """The scalar whose gradient the checker asks for."""
    return float((0.5 * (5 * x**3 - 3 * x) * grad_output).sum())


def relu_value(h, grad_output):
    """The scalar whose gradient the checker asks for."""
    return float((h.clamp(min=0) * grad_output).sum())


def swish_value(x, grad_output):
    """The scalar whose gradient the checker asks for."""
    return float((x * torch.sigmoid(x) * grad_output).sum())


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


UNPACK = "(x,) = ctx.saved_tensors"
ON_CTX = (
    "Value and gradient are right, but the tensor is an attribute of `ctx`. If somebody changes it in place before "
    "backward, your gradient is wrong and nothing is said. `ctx.save_for_backward` notices."
)
IGNORES = (
    "`grad_output` is missing: the chain rule multiplies the slope by what arrives. Under a plain sum that is all "
    "ones, and the mistake hides."
)
CUTS = "`detach`, `.data`, `no_grad`, NumPy, or an operation that torch cannot differentiate"
CONSTANT_SLOPE = (
    "Value and gradient are right, but second derivatives come out wrong: a part of your backward has no history, so "
    "autograd takes it for a constant. Save `x` itself (what `forward` makes of it, even a copy, is not recorded), "
    f"compute the slope from it in `backward`, and use nothing there that cuts the graph ({CUTS})."
)
GRAPH_CUT = (
    f"Value and gradient are right, but something in your backward cuts the graph ({CUTS}), so that "
    "nobody can differentiate it once more."
)
SUMMED = (
    "Your backward returns one number. The gradient has an entry for every entry of `x`; nothing is added up, "
    "because each entry of the result depends on one entry of `x` only."
)

NOTHING_SAVED = (
    "`backward` finds nothing in `ctx.saved_tensors`. What is to be there has to be packed on the way forward, with "
    "`ctx.save_for_backward(...)`."
)
ONE_YES_OR_NO = (
    "An `if`, an `and`, a `max(..., 0)` and a double comparison `a < b < c` each want one yes or no, but a tensor has "
    "one for every entry. Use a mask (`h > 0` is one), or a torch function that works entry by entry."
)


def nothing_saved(line, hint):
    """The misconception of a bag that was never packed; `line` is the solution's line that packs it."""
    return Misconception("nothing-saved", NOTHING_SAVED, patch=(line, "pass"), hints=(hint,))


EXERCISES = {
    "legendre": code(
        difficulty="medium",
        minutes=10,
        probe=(probe_pair, probe_row, probe_with_zero),
        use=use_function,
        seconds=SECONDS,
        drills=("legendre", "function"),
        outputs=("y", "grad_x", *JUDGED),
        gradients={"grad_x": FiniteDifference(of=legendre_value, wrt=0)},
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
                "The ½ stands in front of both terms: the derivative is 7.5 x² - 1.5.",
                patch=("5 * x**2 - 1)", "5 * x**2 - 2)"),
                hints=("What is the derivative of ½ · 3 x?",),
            ),
            nothing_saved("ctx.save_for_backward(x)", "Which tensor does the slope need, and who hands it on?"),
            Misconception(
                "brackets-lost",
                "The factor in front has to reach both terms of the slope, 5 x² and -1; without its brackets the -1 stands alone.",
                patch=("* (5 * x**2 - 1)", "* 5 * x**2 - 1"),
                hints=("In which order does Python read `a * b - 1`?",),
            ),
            Misconception(
                "sign-in-the-bracket",
                "P3 has -3 x, so its slope has -1 inside the brackets, not +1.",
                patch=("5 * x**2 - 1)", "5 * x**2 + 1)"),
                hints=("What is the derivative of -3 x?",),
            ),
            Misconception(
                "power-lost",
                "The derivative of x³ is 3 x²; in your slope `x` has no square.",
                patch=("5 * x**2 - 1)", "5 * x - 1)"),
                hints=("What is the derivative of x³?",),
            ),
            Misconception(
                "second-derivative",
                "You multiply by 15 x, the *second* derivative of P3. The chain rule wants the first, 3/2 (5 x² - 1).",
                patch=("1.5 * (5 * x**2 - 1)", "15 * x"),
                hints=("How often have you differentiated?",),
            ),
            Misconception(
                "arrivals-summed",
                "You add up what arrives before you multiply. Each entry of `grad_output` belongs to one entry of the result, and to the slope there.",
                patch=("return grad_output *", "return grad_output.sum() *"),
                hints=("Which entries of the result does one entry of `x` move?",),
            ),
            Misconception(
                "passed-on",
                "Your backward passes on what arrives and never multiplies it by the slope P3'(x).",
                patch=("grad_output * 1.5 * (5 * x**2 - 1)", "grad_output * 1.0"),
                hints=("Where does the slope come in?",),
            ),
            Misconception(
                "added",
                "You add the slope to what arrives. The chain rule multiplies.",
                patch=("grad_output * 1.5", "grad_output + 1.5"),
                hints=("If the loss does not depend on P3 at all, what arrives, and what has to come out?",),
            ),
            Misconception(
                "summed-up",
                SUMMED,
                patch=(
                    "return grad_output * 1.5 * (5 * x**2 - 1)",
                    "return (grad_output * 1.5 * (5 * x**2 - 1)).sum()",
                ),
                hints=("What shape has `x`?",),
            ),
            Misconception(
                "ignores-what-arrives",
                IGNORES,
                patch=("grad_output * 1.5 * (5 * x**2 - 1)", "1.5 * (5 * x**2 - 1)"),
                hints=("What happens to your gradient if the loss is multiplied by 10?",),
            ),
            Misconception(
                "half-forgotten",
                "Your backward is twice too large: the ½ in front of P3 stays in front of its derivative, 3/2 (5 x² "
                "- 1).",
                patch=("grad_output * 1.5", "grad_output * 3"),
                hints=("What is the derivative of ½ f(x)?",),
            ),
            Misconception(
                "value-for-slope",
                "You multiply by P3(x), the value. The chain rule wants the slope P3'(x) = 3/2 (5 x² - 1).",
                patch=("grad_output * 1.5 * (5 * x**2 - 1)", "grad_output * 0.5 * (5 * x**3 - 3 * x)"),
                hints=("Which of the two formulas has the stroke?",),
            ),
            Misconception(
                "power-not-lowered",
                "The derivative of x³ is 3 x²: the power goes down by one.",
                patch=("5 * x**2 - 1)", "5 * x**3 - 1)"),
                hints=("What is the derivative of x³?",),
            ),
            Misconception(
                "constant-term-kept",
                "The derivative of -3 x is the constant -3, so inside the brackets stands -1, with no `x`.",
                patch=("5 * x**2 - 1)", "5 * x**2 - x)"),
                hints=("What is the derivative of 3 x?",),
            ),
            Misconception(
                "slope-only-of-the-cube",
                "The term -3 x of the polynomial has a derivative too; it is missing in your backward.",
                patch=("(5 * x**2 - 1)", "(5 * x**2)"),
                hints=("How many terms has P3?",),
            ),
            Misconception(
                "tensor-on-ctx",
                ON_CTX,
                patch=(("ctx.save_for_backward(x)", "ctx.x = x"), (UNPACK, "x = ctx.x")),
                hints=("Where does `ctx` keep tensors safely?",),
            ),
            Misconception(
                "slope-without-history",
                CONSTANT_SLOPE,
                patch=(
                    ("ctx.save_for_backward(x)", "ctx.save_for_backward(1.5 * (5 * x**2 - 1))"),
                    (UNPACK, "(slope,) = ctx.saved_tensors"),
                    ("grad_output * 1.5 * (5 * x**2 - 1)", "grad_output * slope"),
                ),
                hints=("Is `forward` recorded by autograd?",),
            ),
            Misconception(
                "tuple-not-unpacked",
                "`ctx.saved_tensors` is a tuple, also if it holds one tensor. Unpack it: `(x,) = ctx.saved_tensors`.",
                patch=(UNPACK, "x = ctx.saved_tensors"),
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
    ),
    "relu": code(
        difficulty="easy",
        minutes=6,
        probe=(probe_pair, probe_row),
        use=use_gate,
        seconds=SECONDS,
        drills=("relu",),
        outputs=("h_relu", "grad_h", *JUDGED, "at exactly 0"),
        gradients={"grad_h": FiniteDifference(of=relu_value, wrt=0)},
        equivalent_mutants={"grad_h[h <= 0] = 0": "at exactly 0 every subgradient is right"},
        misconceptions=(
            nothing_saved("ctx.save_for_backward(h)", "Which tensor decides whether a gradient passes?"),
            Misconception(
                "one-yes-or-no",
                ONE_YES_OR_NO,
                patch=("grad_h[h < 0] = 0", "grad_h = 0 if h < 0 else grad_h"),
                hints=("How many truth values has `h < 0`?",),
            ),
            Misconception(
                "times-h",
                "You multiply by `h` itself. The chain rule wants the slope of max(h, 0), which is 0 or 1.",
                patch=("grad_h[h < 0] = 0", "grad_h = grad_h * h"),
                hints=("What is the slope of max(h, 0) at h = 3, and at h = -3?",),
            ),
            Misconception(
                "sign-for-gate",
                "Where `h` is negative you turn the gradient's sign round. The gate is closed there: nothing passes.",
                patch=("grad_h[h < 0] = 0", "grad_h[h < 0] *= -1"),
                hints=("What is the slope of max(h, 0) at h = -3?",),
            ),
            Misconception(
                "graph-cut",
                GRAPH_CUT,
                patch=("grad_output.clone()", "grad_output.detach().clone()"),
                hints=("What does `detach` do to the history of a tensor?",),
            ),
            Misconception(
                "mask-by-gradient",
                "You ask whether the *gradient* is negative. The gate was set on the way forward: what counts is the"
                " sign of `h`.",
                patch=("grad_h[h < 0]", "grad_h[grad_h < 0]"),
                hints=("Which tensor did the ReLU look at when it decided what to let through?",),
            ),
            Misconception(
                "no-gate",
                "Everything that arrives is passed on. Where `h` was negative the ReLU's output did not depend on "
                "it, so nothing may pass.",
                patch=("        grad_h[h < 0] = 0\n", ""),
                hints=("If `h` is negative and moves a little, what does the output do?",),
            ),
            Misconception(
                "gate-turned-round",
                "Your gate is open where `h` is negative and closed where it is positive.",
                patch=("h < 0", "h > 0"),
                hints=("Where has max(h, 0) the slope 1?",),
            ),
            Misconception(
                "ignores-what-arrives",
                IGNORES,
                patch=("grad_output.clone()", "torch.ones_like(grad_output)"),
                hints=("What happens to your gradient if the loss is multiplied by 10?",),
            ),
            Misconception(
                "relu-of-the-gradient-times-h",
                "You multiply by the value max(h, 0). The chain rule wants its slope, which is 0 or 1.",
                patch=("grad_h[h < 0] = 0", "grad_h = grad_h * h.clamp(min=0)"),
                hints=("What is the slope of max(h, 0) at h = 3?",),
            ),
            Misconception(
                "tensor-on-ctx",
                ON_CTX,
                patch=(("ctx.save_for_backward(h)", "ctx.h = h"), ("(h,) = ctx.saved_tensors", "h = ctx.h")),
                hints=("Where does `ctx` keep tensors safely?",),
            ),
        ),
        alternatives=(ReLUFromOutput, ReLUFromMask, ReLUByWhere, ReLUByLoop),
        hints=(
            "What decides whether a gradient passes, and is it still known on the way back?",
            "Save `h`. On the way back, copy what arrives and put zeros where `h` was negative.",
            "`grad_h = grad_output.clone()` and `grad_h[h < 0] = 0`",
        ),
    ),
    "predict_kink": value(
        difficulty="easy",
        minutes=2,
        drills=("relu", "clamp"),
        misconceptions=(
            Misconception(
                "as-relu",
                "That is `torch.relu`'s choice: it gives the tie to the constant. `maximum` does not know which of its two "
                "arguments is a constant.",
                value=0.0,
            ),
            Misconception(
                "all-of-it",
                "The other argument is as large as `h` and would have to get all of it as well: a change of 1 would come "
                "back as 2. `maximum` treats both alike.",
                value=1.0,
            ),
            Misconception(
                "no-number",
                "Torch always answers with a number, even where mathematics leaves the choice open.",
                value="nan",
            ),
            Misconception("an-error", "No error: torch picks one of the subgradients and says nothing.", value="error"),
        ),
        hints=("Two arguments tie for the maximum. How would you divide what arrives between them, fairly?",),
        explain="Where two arguments tie, `maximum` gives each of them half. All three choices are subgradients.",
    ),
    "clamp": code(
        difficulty="medium",
        minutes=8,
        probe=(probe_clamp, probe_clamp_from_zero),
        use=use_clamp,
        seconds=SECONDS,
        drills=("clamp", "ctx"),
        outputs=("y", "grad_x", *JUDGED, "at the bounds", "grad_x through two calls with other bounds"),
        equivalent_mutants={
            "inside = (x >= ctx.low) & (x < ctx.high)": "at exactly the bound every subgradient is right",
            "inside = (x > ctx.low) & (x <= ctx.high)": "at exactly the bound every subgradient is right",
        },
        misconceptions=(
            Misconception(
                "graph-cut",
                GRAPH_CUT,
                patch=("grad_output * inside", "grad_output.detach() * inside"),
                hints=("What does `detach` do to the history of a tensor?",),
            ),
            Misconception(
                "brackets-forgotten",
                "`&` binds more tightly than `<` and `>`, so each comparison needs brackets of its own.",
                patch=("(x > ctx.low) & (x < ctx.high)", "x > ctx.low & x < ctx.high"),
                hints=("In which order does Python read `a > b & c < d`?",),
            ),
            Misconception(
                "and-between-tensors",
                "`and`, also the hidden one in `low < x < high`, wants one yes or no, but `x` has many entries. "
                "Combine two masks with `&`.",
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
                "What `backward` returns stands in the order of `forward`'s arguments: the gradient of `x` comes "
                "first.",
                patch=("grad_output * inside, None, None", "None, None, grad_output * inside"),
                hints=("Which argument of `forward` comes first?",),
            ),
            Misconception(
                "lower-kink-only",
                "Below `low` you block, above `high` you let the gradient through. Up there the output does not move"
                " either.",
                patch=("(x > ctx.low) & (x < ctx.high)", "x > ctx.low"),
                hints=("What is the slope of clamp far above `high`?",),
            ),
            Misconception(
                "upper-kink-only",
                "Above `high` you block, below `low` you let the gradient through. Down there the output does not "
                "move either.",
                patch=("(x > ctx.low) & (x < ctx.high)", "x < ctx.high"),
                hints=("What is the slope of clamp far below `low`?",),
            ),
            Misconception(
                "outside-for-inside",
                "You pass the gradient beyond the bounds and block it between them. It is the other way round.",
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
            nothing_saved(
                "ctx.save_for_backward(x)", "Which tensor does `backward` compare with the bounds, and who hands it on?"
            ),
            Misconception(
                "window-on-the-gradient",
                "You ask whether the *gradient* lies between the bounds. What decides is where `x` lay.",
                patch=(
                    "(x > ctx.low) & (x < ctx.high)",
                    "(grad_output > ctx.low) & (grad_output < ctx.high)",
                ),
                hints=("Which tensor did `forward` compare with the bounds?",),
            ),
            Misconception(
                "clamps-the-gradient",
                "You cut off the *gradient* at the bounds. What decides is where `x` lay.",
                patch=("grad_output * inside, None", "grad_output.clamp(ctx.low, ctx.high), None"),
                hints=("Which tensor did `forward` compare with the bounds?",),
            ),
            Misconception(
                "ignores-what-arrives",
                IGNORES,
                patch=("grad_output * inside, None", "1.0 * inside, None"),
                hints=("What happens to your gradient if the loss is multiplied by 10?",),
            ),
            Misconception(
                "numbers-in-save-for-backward",
                "`save_for_backward` takes tensors only. Plain numbers are kept as attributes: `ctx.low = low`.",
                patch=(
                    ("ctx.save_for_backward(x)", "ctx.save_for_backward(x, low, high)"),
                    (UNPACK, "x, ctx.low, ctx.high = ctx.saved_tensors"),
                ),
                hints=("What is the type of `low`?",),
            ),
            Misconception(
                "tensor-on-ctx",
                ON_CTX,
                patch=(("ctx.save_for_backward(x)", "ctx.x = x"), (UNPACK, "x = ctx.x")),
                hints=("Where does `ctx` keep tensors safely?",),
            ),
        ),
        alternatives=(ClampByMask, ClampByFill, ClampFromOutput),
        hints=(
            "In which stretch does the output follow the input, and what has `backward` to know to find it?",
            "Save `x`; keep the two numbers as `ctx.low` and `ctx.high`. Return three things.",
            "`inside = (x > ctx.low) & (x < ctx.high)` and `return grad_output * inside, None, None`",
        ),
    ),
    "predict_in_place": value(
        difficulty="medium",
        minutes=3,
        drills=("saving",),
        misconceptions=(
            Misconception(
                "as-if-nothing-happened",
                "6 is right for x = 3, and it is what backward would say if it had kept the *numbers*. What does "
                "`ctx.x` hold: the numbers, or the tensor whose numbers have changed?",
                value=6.0,
            ),
            Misconception(
                "noticed",
                "With `save_for_backward` there would be an error. Here the tensor is a plain attribute, and nobody "
                "looks after it.",
                value="error",
            ),
            Misconception(
                "noticed-by-its-name",
                "With `save_for_backward` there would be an error. Here the tensor is a plain attribute, and nobody "
                "looks after it.",
                value="RuntimeError",
            ),
            Misconception(
                "chain-through-the-change",
                "600 would count the factor 10 twice. `mul_` came after `y` was made, so it is not on the way from "
                "`x` to `y`.",
                value=600.0,
            ),
            Misconception(
                "factor-two-lost",
                "Close: `ctx.x` holds 30 by now. Backward multiplies it by 2.",
                value=30.0,
            ),
            Misconception(
                "zero", "`y` still depends on `x`, and backward finds its way; only the number is off.", value=0.0
            ),
        ),
        hints=("`ctx.x` and `h` are two names for one tensor. What does it hold when backward runs?",),
        explain="Backward computes 2 · 30: the attribute is the very tensor that was multiplied by 10.",
    ),
    "swish": code(
        difficulty="medium",
        minutes=10,
        probe=(probe_pair, probe_row),
        use=use_swish,
        seconds=SECONDS,
        drills=("memory", "double-backward"),
        outputs=("y", "grad_x", *JUDGED, "tensors kept", "y at -200 and 200", "grad_x at -200 and 200"),
        gradients={"grad_x": FiniteDifference(of=swish_value, wrt=0)},
        misconceptions=(
            nothing_saved("ctx.save_for_backward(x)", "Which tensor does the slope need, and who hands it on?"),
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
                "Your `s` on the way back is 1 / (1 + e^x), which is 1 minus the sigmoid. The exponent is -x.",
                patch=("s = torch.sigmoid(x)", "s = torch.sigmoid(-x)"),
                hints=("Does the sigmoid rise or fall as x grows?",),
            ),
            Misconception(
                "sigmoid-in-front-forgotten",
                "The `s` in front of the bracket is missing: the slope is s (1 + x (1 - s)).",
                patch=("grad_output * s * (1", "grad_output * (1"),
                hints=("What does the formula have in front of the bracket?",),
            ),
            Misconception(
                "summed-up",
                SUMMED,
                patch=(
                    "return grad_output * s * (1 + x * (1 - s))",
                    "return (grad_output * s * (1 + x * (1 - s))).sum()",
                ),
                hints=("What shape has `x`?",),
            ),
            Misconception(
                "two-kept",
                "All right but for the memory: you keep more than one tensor. Whatever is not `x` can be computed again from it.",
                patch=(
                    ("ctx.save_for_backward(x)", "ctx.save_for_backward(x, torch.sigmoid(x))"),
                    (UNPACK, "x, _ = ctx.saved_tensors"),
                ),
                hints=("Which of the two can be computed from the other?",),
            ),
            Misconception(
                "sigmoid-kept",
                "The gradient is right, but you keep more than one tensor, and one of them was computed in "
                "`forward`, which is not recorded: second derivatives come out wrong. Keep `x` and compute the "
                "rest in `backward`.",
                patch=(
                    ("ctx.save_for_backward(x)", "ctx.save_for_backward(x, torch.sigmoid(x))"),
                    (UNPACK, "x, s = ctx.saved_tensors"),
                    ("        s = torch.sigmoid(x)\n", ""),
                ),
                hints=("Is `forward` recorded by autograd?",),
            ),
            Misconception(
                "slope-without-history",
                CONSTANT_SLOPE,
                patch=(
                    (
                        "ctx.save_for_backward(x)",
                        "s = torch.sigmoid(x)\n        ctx.save_for_backward(s * (1 + x * (1 - s)))",
                    ),
                    (UNPACK, "(slope,) = ctx.saved_tensors"),
                    (
                        "        s = torch.sigmoid(x)\n        return grad_output * s * (1 + x * (1 - s))",
                        "        return grad_output * slope",
                    ),
                ),
                hints=("Is `forward` recorded by autograd?",),
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
                "The first term of the product rule is missing: x s (1 - s) is the second one, and `s` has to be "
                "added.",
                patch=("s * (1 + x * (1 - s))", "x * s * (1 - s)"),
                hints=("What is the derivative of a product?",),
            ),
            Misconception(
                "ignores-what-arrives",
                IGNORES,
                patch=("grad_output * s", "s"),
                hints=("What happens to your gradient if the loss is multiplied by 10?",),
            ),
            Misconception(
                "sign-in-the-bracket",
                "The slope of the sigmoid is s (1 - s); you have s (1 + s).",
                patch=("(1 - s)", "(1 + s)"),
                hints=("Does the sigmoid become steeper or flatter as it nears 1?",),
            ),
            Misconception(
                "tensor-on-ctx",
                ON_CTX,
                patch=(("ctx.save_for_backward(x)", "ctx.x = x"), (UNPACK, "x = ctx.x")),
                hints=("Where does `ctx` keep tensors safely?",),
            ),
        ),
        alternatives=(SwishExpanded, SwishByTanh, SwishRecomputed),
        hints=(
            "Which one tensor is enough to compute the slope again?",
            "Save `x`. In `backward` compute `s = torch.sigmoid(x)` and use the formula above the cell.",
            "`return grad_output * s * (1 + x * (1 - s))`",
        ),
    ),
    "sign": code(
        difficulty="medium",
        minutes=7,
        probe=probe_sign,
        use=use_gate,
        seconds=SECONDS,
        drills=("straight-through",),
        outputs=("y", "grad_h", *JUDGED, "at exactly 0"),
        equivalent_mutants={"return grad_output * (h.abs() < 1)": "at exactly 1 either choice is right"},
        misconceptions=(
            nothing_saved("ctx.save_for_backward(h)", "Which tensor does the window look at, and who hands it on?"),
            Misconception(
                "one-yes-or-no",
                ONE_YES_OR_NO,
                patch=("h.abs() <= 1", "-1 <= h <= 1"),
                hints=("How many truth values has `h <= 1`?",),
            ),
            Misconception(
                "graph-cut",
                GRAPH_CUT,
                patch=("return grad_output * (h", "return grad_output.detach() * (h"),
                hints=("What does `detach` do to the history of a tensor?",),
            ),
            Misconception(
                "other-side-open",
                "Above 1 you still pass the gradient on. The window closes on both sides: |h|, not h.",
                patch=("h.abs() <= 1", "h >= -1"),
                hints=("What does the formula say about h = 3?",),
            ),
            Misconception(
                "times-h",
                "You multiply by `h`. Backward pretends that the sign had been the identity, and the identity has "
                "the slope 1.",
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
                "You ask whether the *gradient* lies between -1 and 1. The window is about `h`.",
                patch=("h.abs() <= 1", "grad_output.abs() <= 1"),
                hints=("Which tensor stands between the bars in the formula?",),
            ),
            Misconception(
                "gradient-clipped",
                "You cut the gradient off at -1 and 1. The window does not look at the gradient but at `h`: pass it "
                "whole, or not at all.",
                patch=("grad_output * (h.abs() <= 1)", "grad_output.clamp(-1, 1)"),
                hints=("Which tensor stands between the bars in the formula?",),
            ),
            Misconception(
                "one-sided-window",
                "Below -1 you still pass the gradient on. The window closes on both sides: |h|, not h.",
                patch=("h.abs() <= 1", "h <= 1"),
                hints=("What is |-3|?",),
            ),
            Misconception(
                "outside-for-inside",
                "You pass the gradient outside the window and block it inside.",
                patch=("h.abs() <= 1", "h.abs() > 1"),
                hints=("For which h should the gradient pass?",),
            ),
            Misconception(
                "ignores-what-arrives",
                IGNORES,
                patch=("grad_output * (h.abs() <= 1)", "1.0 * (h.abs() <= 1)"),
                hints=("What happens to your gradient if the loss is multiplied by 10?",),
            ),
            Misconception(
                "times-the-sign",
                "You multiply by the sign of `h`. Backward pretends that the sign had been the identity, and the "
                "identity has the slope 1.",
                patch=("grad_output * (h.abs() <= 1)", "grad_output * torch.sign(h) * (h.abs() <= 1)"),
                hints=("What is the slope of f(h) = h?",),
            ),
            Misconception(
                "zero-or-one",
                "Your forward returns 0 where `h` is negative. Asked for is -1.",
                patch=("torch.sign(h)", "(h > 0).to(h.dtype)"),
                hints=("Which two values does a sign have?",),
            ),
            Misconception(
                "tensor-on-ctx",
                ON_CTX,
                patch=(("ctx.save_for_backward(h)", "ctx.h = h"), ("(h,) = ctx.saved_tensors", "h = ctx.h")),
                hints=("Where does `ctx` keep tensors safely?",),
            ),
        ),
        alternatives=(SignByWhere, SignByMask, SignByHardtanh),
        hints=(
            "Backward does not fit forward here. What does it pretend that forward was?",
            "Pass `grad_output` on where `h.abs() <= 1`; a mask of truth values can be multiplied.",
            "`return grad_output * (h.abs() <= 1)`",
        ),
    ),
    "hypotenuse": code(
        difficulty="hard",
        minutes=10,
        probe=probe_triangle,
        use=use_triangle,
        seconds=SECONDS,
        drills=("setup-context", "vmap", "saving"),
        outputs=("r", "grad_u", "grad_v", *JUDGED, "vmap of torch.func.grad, u", "vmap of torch.func.grad, v"),
        misconceptions=(
            Misconception(
                "history-lost",
                "Value and gradients are right, but a part of your backward has no history, so second derivatives "
                "are wrong. Inputs and output, saved as they are, keep theirs; what `setup_context` computes, and "
                "what is detached, has none.",
                patch=("u, v, output)", "u, v, output.detach())"),
                hints=("Which tensors does `save_for_backward` connect with the graph?",),
            ),
            nothing_saved("ctx.save_for_backward(u, v, output)", "What is `setup_context` there for?"),
            Misconception(
                "tuple-in-save-for-backward",
                "`save_for_backward` takes tensors, each as an argument of its own, and you give it a tuple. `inputs` is "
                "one: unpack it first (`u, v = inputs`), or on the spot (`*inputs`).",
                patch=("u, v, output)", "inputs, output)"),
                hints=("What is `inputs`: a tensor, or a tuple of tensors?",),
            ),
            Misconception(
                "list-in-save-for-backward",
                "`save_for_backward` takes tensors, each as an argument of its own, and you give it a list. Leave the "
                "square brackets away.",
                patch=("(u, v, output)", "([u, v, output])"),
                hints=("How many arguments has your call of `save_for_backward`?",),
            ),
            Misconception(
                "packed-in-another-order",
                "You pack in another order than you unpack: what you call `u`, `v` and `r` are other tensors.",
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
                "You divide the hypotenuse by the side. The slope is the side divided by the hypotenuse: u / r.",
                patch=("u / r, grad_output * v / r", "r / u, grad_output * r / v"),
                hints=("Can the hypotenuse grow by more than the side did?",),
            ),
            Misconception(
                "gradients-swapped",
                "The two gradients stand in the wrong order: that of `u` comes first, as in `forward`.",
                patch=("grad_output * u / r, grad_output * v / r", "grad_output * v / r, grad_output * u / r"),
                hints=("In which order does `forward` take its arguments?",),
            ),
            Misconception(
                "not-divided",
                "You multiply by the side alone. The slope is the side divided by the hypotenuse, a number between "
                "-1 and 1.",
                patch=("grad_output * u / r, grad_output * v / r", "grad_output * u, grad_output * v"),
                hints=("How much longer can the hypotenuse become if one side grows by 1?",),
            ),
            Misconception(
                "divided-by-the-square",
                "You divide by r², so the root is missing: ∂r/∂u = u / r.",
                patch=("u / r, grad_output * v / r", "u / r**2, grad_output * v / r**2"),
                hints=("What is the derivative of a square root?",),
            ),
            Misconception(
                "half-kept",
                "Both gradients are half of what they should be: the ½ of the root's derivative cancels against the "
                "2 of the square's.",
                patch=(
                    "grad_output * u / r, grad_output * v / r",
                    "grad_output * u / (2 * r), grad_output * v / (2 * r)",
                ),
                hints=("What is the derivative of u²?",),
            ),
            Misconception(
                "ignores-what-arrives",
                IGNORES,
                patch=("grad_output * u / r, grad_output * v / r", "u / r, v / r"),
                hints=("What happens to your gradient if the loss is multiplied by 10?",),
            ),
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
                ON_CTX,
                patch=(
                    ("ctx.save_for_backward(u, v, output)", "ctx.kept = (u, v, output)"),
                    ("u, v, r = ctx.saved_tensors", "u, v, r = ctx.kept"),
                ),
                hints=("Where does `ctx` keep tensors safely?",),
            ),
            Misconception(
                "unpacked-in-another-order",
                "You unpack in another order than you packed: what you call `u`, `v` and `r` are other tensors.",
                patch=("u, v, r = ctx.saved_tensors", "r, u, v = ctx.saved_tensors"),
                hints=("In which order did `setup_context` save them?",),
            ),
            Misconception(
                "no-vmap",
                "Gradients work, `vmap` does not: the line `generate_vmap_rule = True` is gone.",
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
    ),
}
