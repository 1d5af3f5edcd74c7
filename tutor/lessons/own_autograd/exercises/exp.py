"""The exponential of a tensor and its way back: the power rule, a derivative or what arrives left out."""

import numpy as np

from tutor.checking import FiniteDifference, Misconception, code
from tutor.checking.evidence import seen
from tutor.checking.space import Array, Space

from ..shared import called, engine, gradients


def probe_other_ranks(d):
    """An input and the gradient that arrives, of no, one or three dimensions."""
    shape = d.sizes((0, 1, 3)[d.seed % 1000 - 1])
    return d.array(*shape), d.array(*shape)


def probe_tiny_powers(d):
    """Entries so far below zero that no power reaches 1e-40: beside larger ones nobody would see that they are wrong."""
    n, m = d.sizes(2)
    return -100 - 30 * d.array(n, m, positive=True), d.array(n, m)


def use_exp(owner, x, arriving):
    tensor = engine(owner, "exp")
    a = tensor(x)
    out = called("x.exp()", a.exp())
    return out.data, gradients(out, arriving, (a,))[0], a.data


EXP_AGAIN = '''
def exp(self):
    """Return e to the power of self; the way back computes it again."""
    return Tensor(np.exp(self.data), (self,), lambda grad: (np.exp(self.data) * grad,))
'''

EXP_RESULT = '''
def exp(self):
    """Return e to the power of self, through the result's own data."""
    result = Tensor(np.e ** self.data)
    result.parents = (self,)
    result.vjp = lambda grad: (result.data * grad,)
    return result
'''

EXP_LIST = '''
def exp(self):
    """Return e to the power of self."""
    out = 1 / np.exp(-self.data)
    def vjp(grad):
        return [np.multiply(grad, out)]
    return Tensor(out, [self], vjp)
'''

EXERCISE = code(
    difficulty="easy",
    minutes=5,
    drills=("operations",),
    space=Space(
        {
            "x": Array("N M", scales=("usual", "eight", "large"), values=("distinct", "zeros")),
            "arriving": Array("N M", scales=("usual", "large")),
        },
        {"N": (1,)},
    ),
    probe=(probe_other_ranks, probe_tiny_powers),
    use=use_exp,
    outputs=("x.exp()", "gradient of x", "x.data afterwards"),
    gradients={"gradient of x": FiniteDifference(lambda x, g: float((g * np.exp(x)).sum()), wrt=0)},
    misconceptions=(
        Misconception(
            "power-rule",
            "What arrives is multiplied by x · e^(x-1). That is the rule of a power, n · x^(n-1), where the base moves and the exponent is fixed; here it is the other way round.",
            patch=("(grad * out,)", "(grad * self.data * np.exp(self.data - 1),)"),
            hints=("What is the derivative of e^x, from school?",),
        ),
        Misconception(
            "input-for-output",
            "What arrives is multiplied by x. The derivative of e^x is e^x, the result of the way forward.",
            patch=("(grad * out,)", "(grad * self.data,)"),
            hints=("What is the derivative of e^x, from school?",),
        ),
        Misconception(
            "ignores-what-arrives",
            "The local derivative comes back, whatever arrives. The chain rule multiplies it by `grad`.",
            patch=("(grad * out,)", "(out,)"),
            hints=("The argument of vjp is called grad. Where do you use it?",),
        ),
        Misconception(
            "input-overwritten",
            "After `x.exp()` the tensor x itself holds the result. Other operations still need its old numbers, and so does whoever holds it: leave `self.data` as it is.",
            patch=("out = np.exp(self.data)", "self.data = out = np.exp(self.data)"),
            hints=("What should `x.data` hold after `x.exp()`?",),
        ),
        Misconception(
            "passes-unchanged",
            "`grad` comes back as it is. The local derivative, e^x, is missing.",
            patch=("(grad * out,)", "(grad,)"),
            hints=("What is the derivative of e^x, from school?",),
        ),
        Misconception(
            "comma-missing",
            "Your vjp returns a plain array. It returns a tuple, one gradient for each parent, and a single parent takes a comma: `(grad * out,)`. Parentheses alone mean nothing, and the sweep would take the rows of an array for gradients.",
            patch=("(grad * out,)", "(grad * out)"),
            hints=("What is the type of (5), and what is the type of (5,)?",),
        ),
        Misconception(
            "parents-forgotten",
            "The value is right, but nothing flows back from the result to its parent. Hand `Tensor` all three: the numbers, `(self,)` as parents, and the vjp.",
            patch=("Tensor(out, (self,), vjp)", "Tensor(out)"),
            cause="A `Tensor` that is made of the numbers alone has no parents.",
            evidence=seen("return Tensor(_)"),
            other=("(self,), vjp)", "(Tensor(self.data),), vjp)"),
            hints=("What does the constructor of Tensor take besides the data?",),
        ),
        Misconception(
            "tensor-for-array",
            "NumPy was handed the tensor itself. Its functions work on arrays: give them the numbers, `self.data`.",
            patch=("np.exp(self.data)", "np.exp(self)"),
            hints=("How does `log` above hand its numbers to NumPy?",),
        ),
    ),
    alternatives=(EXP_AGAIN, EXP_RESULT, EXP_LIST),
    hints=(
        "What is the derivative of e^x?",
        "Follow `log` above: one parent, and a vjp that multiplies what arrives by the local derivative.",
        "`out = np.exp(self.data)`; the vjp returns `(grad * out,)`.",
    ),
)
