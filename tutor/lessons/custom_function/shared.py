"""What several exercises of lesson 06 share."""

import ast
import contextlib
import warnings

import torch
from torch.autograd import Function, gradcheck, gradgradcheck

from tutor.checking import Misconception


def away(x, *borders, gap=0.05):
    """Move entries that lie too near to a border (a kink) beyond it."""
    for border in borders:
        near = (x - border).abs() < gap
        x = torch.where(near, border + gap + (x - border).abs(), x)
    return x


def probe_number(d):
    """An input and the gradient that arrives, neither of them 1, of no dimension."""
    return d.tensor(), d.tensor()


def probe_row(d):
    """An input and the gradient that arrives, of one dimension."""
    (n,) = d.sizes(1, 3, 7)
    return d.tensor(n), d.tensor(n)


def probe_block(d):
    """An input and the gradient that arrives, of three dimensions; at a 0, where a kink may be, nothing arrives."""
    shape = d.sizes(3)
    x, grad_output = d.tensor(*shape), d.tensor(*shape)
    x.view(-1)[-1] = grad_output.view(-1)[-1] = 0
    return x, grad_output


def few_of(*tensors):
    """Up to six entries of each tensor in float64, for judges that look at every pair of entries."""
    return [t.detach().double().reshape(-1)[:6].clone().requires_grad_() for t in tensors]


def judged(judge, function, inputs):
    """What gradcheck or gradgradcheck says; the nudge is so large that `digits` alone tells an answer in float32."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an answer that returns float32 makes the judge warn
            if judge(function, inputs, eps=1e-3, atol=1e-2, rtol=1e-2, raise_exception=False):
                return "passes"
    except RuntimeError:  # some complaints come as errors all the same
        pass
    return "fails" if judge is gradcheck else "fails, so second derivatives are wrong"


def digits(function, x, grad_output):
    """Whose digits a result and its gradient have for a float64 input: those of float32 do not follow a tiny nudge."""
    x, grad_output = x.detach().double(), grad_output.double()

    def both(nudge):
        z = ((1 + nudge) * x).requires_grad_()
        y = function(z)
        y.backward(((1 + nudge) * grad_output).to(y.dtype))
        return y.detach().double(), torch.zeros_like(z) if z.grad is None else z.grad

    for usual, tiny, larger in zip(both(0), both(1e-9), both(1e-5), strict=True):
        slow, fast = (larger - usual) / 1e-5, (tiny - usual) / 1e-9
        if ((fast - slow).abs() > 0.05 * slow.abs().max()).any():
            return "float32's"
    return FLOAT64


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


def another_call(answer, x, plain, grad_output, *others):
    """Make sure that a call keeps what it needs apart from what the next call does, with `others` for the numbers.

    Raises
    ------
    RuntimeError
        If what comes back is changed by a second call in between.
    """
    made = []
    for between in (False, True):
        first = x.detach().clone().requires_grad_()
        y = answer.apply(first, *plain)
        if between:
            answer.apply(-1.7 * x.detach(), *(others or plain))
        y.backward(grad_output)
        made.append(first.grad)
    if None not in made and not torch.allclose(*made, rtol=1e-3, equal_nan=True):
        raise RuntimeError(
            "a second call changes what the first one's way back gives. What `backward` needs is kept in one place for all "
            "calls (an attribute of the class, a global name); every call has a `ctx` of its own"
        )


def examine(answer, x, *more):
    """Value, gradient, both judges and the in-place change of a Function; the last of `more` is what arrives."""
    *plain, grad_output = more
    x.requires_grad_()
    y = result(answer, x, *plain)
    with bag_explained():
        y.backward(grad_output)
    another_call(answer, x, plain, grad_output, *(bound + sign for bound, sign in zip(plain, (-1, 1), strict=False)))

    def function(t):
        return answer.apply(t, *plain)

    few = few_of(x)
    checks = judged(gradcheck, function, few), judged(gradgradcheck, function, few)
    return y, x.grad, *checks, after_a_change(function, x, grad_output), digits(function, x, grad_output)


JUDGED = ("gradcheck", "gradgradcheck", "after an in-place change", "digits for a float64 input")

FLOAT64 = "float64's"

SECONDS = 20.0  # two judges, and in the last exercise the first vmap of a process, which imports for 1.7 s

AT_A_KINK = "a number, and of what arrives a share from 0 to 1"


def at_kinks(function, places):
    """In words, what a function does where every subgradient is right."""
    x = torch.tensor(places, dtype=torch.float64, requires_grad=True)
    y = function(x)
    y.backward(torch.ones_like(y))
    share = x.grad if x.grad is not None else torch.zeros_like(x)
    if not (y.isfinite() & share.isfinite()).all():
        return "NaN, as of a division by zero"
    return AT_A_KINK if ((share >= 0) & (share <= 1)).all() else "something else"


def use_gate(answer, h, grad_output):
    """A Function of one tensor that is called h, and what it does at exactly 0."""
    return *examine(answer, h, grad_output), at_kinks(answer.apply, [0.0, 0.0])


UNPACK = "(x,) = ctx.saved_tensors"

ON_CTX = (
    "Value and gradient are right, but nobody watches over what you keep: if it is changed in place before backward, "
    "your gradient is wrong and nothing is said. Is it an attribute of `ctx`? `ctx.save_for_backward` notices."
)


CUTS = "`detach`, `.data`, `no_grad`, `once_differentiable`, NumPy, or an operation that torch cannot differentiate"


NOTHING_SAVED = (
    "`backward` finds nothing in `ctx.saved_tensors`. What is to be there has to be packed on the way forward, with "
    "`ctx.save_for_backward(...)`."
)


def nothing_saved(line, hint):
    """The misconception of a bag that was never packed; `line` is the solution's line that packs it."""
    return Misconception("nothing-saved", NOTHING_SAVED, patch=(line, "pass"), hints=(hint,))


def ignores_what_arrives(*patch):
    """The chain rule left out."""
    return Misconception(
        "ignores-what-arrives",
        "The gradient is the same whatever arrives: the chain rule multiplies the slope by `grad_output`. Under a plain "
        "sum that is all ones, and the mistake hides.",
        patch=patch,
        hints=("What happens to your gradient if the loss is multiplied by 10?",),
    )


def tensor_on_ctx(*patch):
    """A tensor kept on ctx, where nobody notices a change."""
    return Misconception(
        "tensor-on-ctx",
        ON_CTX,
        patch=patch,
        hints=("Where does `ctx` keep tensors safely?",),
    )


def summed_up(*patch):
    """One number for a gradient with many entries."""
    return Misconception(
        "summed-up",
        "Your backward returns a single number. The gradient has an entry for every entry of `x`; nothing is added up, "
        "because each entry of the result depends on one entry of `x` only.",
        patch=patch,
        hints=("What shape has `x`?",),
    )


def saves_what_is_made(tree):
    """Whether something that is computed on the spot is handed to `save_for_backward`."""
    calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)]
    saved = [a for call in calls if call.func.attr == "save_for_backward" for a in call.args]
    return any(isinstance(a, ast.BinOp | ast.UnaryOp | ast.Call) for a in saved)


def slope_without_history(*patch, cut):
    """A backward that autograd takes for a constant; `cut` is a patch by which its graph is cut elsewhere."""
    return Misconception(
        "slope-without-history",
        "Value and gradient are right, but second derivatives do not come out. Autograd has to find the way from your "
        "gradient back to `x`: compute the slope in `backward`, from `x` itself as it was saved, and with nothing that "
        f"cuts the graph ({CUTS}).",
        patch=patch,
        cause="What you save is made in `forward`, which is not recorded: save `x` itself.",
        evidence=saves_what_is_made,
        other=cut,
        hints=("Is `forward` recorded by autograd?",),
    )


def one_yes_or_no(*patch, hint):
    """A tensor where Python wants one yes or no."""
    return Misconception(
        "one-yes-or-no",
        "An `if`, an `and`, a `max(..., 0)` and a double comparison `a < b < c` each want one yes or no, but a tensor has "
        "one for every entry. Use a mask (`h > 0` is one), or a torch function that works entry by entry.",
        patch=patch,
        hints=(hint,),
    )


def in_float32(*patch):
    """float32 on the way, be it in forward, in backward, or in both."""
    return Misconception(
        "in-float32",
        "Right for float32. For a float64 input the result or the gradient has the digits of float32 only: somewhere on "
        "the way the numbers become float32. `gradcheck` nudges by a millionth, which such a result hardly notices.",
        patch=patch,
        hints=("Which line makes a float32 tensor, whatever it is given?",),
    )


def graph_cut(*patch):
    """A backward that cannot be differentiated once more."""
    return Misconception(
        "graph-cut",
        f"Value and gradient are right, but nobody can differentiate the gradient once more: something in your backward "
        f"cuts the graph ({CUTS}).",
        patch=patch,
        hints=("What does `detach` do to the history of a tensor?",),
    )
