"""The product of two tensors and its way back: each factor given itself, parents or what arrives forgotten."""

from tutor.checking import FiniteDifference, Misconception, code
from tutor.checking.evidence import seen
from tutor.checking.space import Array, Number, Space

from ..shared import called, engine, gradients, left_alone, without_end


def probe_mul(d):
    """Two factors, one of which is broadcast and holds a 0, and the gradient that arrives at their product."""
    n, m = d.sizes(2)
    y = d.array(*((m,), (n, 1), (n, m))[d.integer(0, 2)])
    y.flat[0] = 0
    return d.array(n, m), y, d.array(n, m), d.number()


def probe_other_ranks(d):
    """The like of no, one or three dimensions; the third with a second factor of none."""
    n, m = d.sizes(2)
    shape, other = (((), ()), ((n,), (1,)), ((n, 1, m), ()))[d.seed % 1000 - 1]
    return d.array(*shape), d.array(*other), d.array(*shape), d.number()


def use_mul(owner, x, y, arriving, factor):
    tensor = engine(owner, "__mul__")
    a, b, twice, scaled, whole, beside = tensor(x), tensor(y), *(tensor(x) for _ in range(4))
    product = called("x * y", without_end(lambda: a * b))
    grad_x, grad_y = gradients(product, arriving, (a, b))
    (grad_twice,) = gradients(called("x * x", twice * twice), arriving, (twice,))
    number, three = called("x * number", scaled * factor), called("x * 3", whole * 3)
    (grad_scaled,), (grad_whole,) = gradients(number, arriving, (scaled,)), gradients(three, arriving, (whole,))
    given = called("x * array", beside * y)
    (grad_beside,) = gradients(given, arriving, (beside,))
    left_alone(self=(a, x), other=(b, y))
    parents = [len(result.parents) for result in (number, given)]
    values = number.data, three.data, given.data
    return product.data, grad_x, grad_y, grad_twice, grad_scaled, grad_whole, grad_beside, *parents, *values


MUL_NESTED = '''
def __mul__(self, other):
    """Return the product."""
    if not isinstance(other, Tensor):
        other = Tensor(other)
    out = Tensor(np.multiply(other.data, self.data))
    out.parents = [self, other]
    out.vjp = lambda grad: [np.multiply(other.data, grad), np.multiply(self.data, grad)]
    return out
'''

MUL_SUMMED = '''
def __mul__(self, other):
    """Return the product; the gradients come summed to the shapes of the factors already."""
    other = as_tensor(other)

    def fit(grad, shape):
        grad = grad.sum(axis=tuple(range(grad.ndim - len(shape))))
        return grad.sum(axis=tuple(i for i, n in enumerate(shape) if n == 1), keepdims=True)

    def vjp(grad):
        return fit(grad * other.data, self.data.shape), fit(self.data * grad, other.data.shape)

    return Tensor(self.data * other.data, (self, other), vjp)
'''

MUL_TURNED = '''
def __mul__(self, other):
    """Return the product; the parents stand the other way round, and so do their gradients."""
    other = as_tensor(other)
    a, b = self.data, other.data
    return Tensor(a * b, (other, self), lambda grad: (a * grad, b * grad))
'''

EXERCISE = code(
    difficulty="easy",
    minutes=8,
    drills=("local-rules", "tensor"),
    space=Space(
        {
            "x": Array("N M", scales=("usual", "eight")),
            "y": Array("M", values=("distinct", "zeros")),
            "arriving": Array("N M"),
            "factor": Number((0.5, -3.0, 0.0)),
        },
        {"N": (1,)},
    ),
    probe=(probe_mul, probe_other_ranks),
    use=use_mul,
    outputs=(
        "x * y",
        "gradient of x in x * y",
        "gradient of y in x * y",
        "gradient of x in x * x",
        "gradient of x in x * number",
        "gradient of x in x * 3",
        "gradient of x in x * array",
        "how many parents x * number has",
        "how many parents x * array has",
        *("x * number", "x * 3", "x * array"),
    ),
    gradients={
        "gradient of x in x * y": FiniteDifference(lambda x, y, g, f: float((g * x * y).sum()), wrt=0),
        "gradient of y in x * y": FiniteDifference(lambda x, y, g, f: float((g * x * y).sum()), wrt=1),
        "gradient of x in x * x": FiniteDifference(lambda x, y, g, f: float((g * x * x).sum()), wrt=0),
    },
    misconceptions=(
        Misconception(
            "own-factor",
            "Each factor gets the gradient of the other one. If `self` moves, the product moves by *the other* factor times as much: its gradient is `grad * other.data`. Is each made with the factor itself, or do they stand in another order than the parents?",
            patch=("grad * other.data, grad * self.data", "grad * self.data, grad * other.data"),
            hints=("In 5 * x, by how much does the product move if x moves by 1?",),
        ),
        Misconception(
            "ignores-what-arrives",
            "The local derivatives come back, whatever arrives. The chain rule multiplies them by `grad`.",
            patch=("grad * other.data, grad * self.data", "other.data, self.data"),
            hints=("The argument of vjp is called grad. Where do you use it?",),
        ),
        Misconception(
            "like-a-sum",
            "`grad` comes back unchanged. That is the rule of a sum; in a product each factor scales what the other does.",
            patch=("grad * other.data, grad * self.data", "grad, grad"),
            hints=("In 5 * x, by how much does the product move if x moves by 1?",),
        ),
        Misconception(
            "parents-forgotten",
            "The product is right, but nothing flows back from it to its factors. Hand `Tensor` all three: the numbers, the very tensors `self` and `other` as parents, and the vjp.",
            patch=("self.data * other.data, (self, other), vjp)", "self.data * other.data)"),
            cause="A `Tensor` that is made of the numbers alone has no parents.",
            evidence=seen("return Tensor(_)"),
            other=("(self, other), vjp)", "(), vjp)"),
            hints=("What does the constructor in the class above take besides the data?",),
        ),
        Misconception(
            "tensors-alone-are-parents",
            "Values and gradients are right, but the product with a number or an array has one parent. The docstring asks for the parents (self, other), whatever `other` is: lift it to a tensor first.",
            patch=(
                "other = as_tensor(other)",
                "if not isinstance(other, Tensor):\n        return Tensor(self.data * other, (self,), lambda grad: (grad * other,))",
            ),
            hints=("How did the addition treat an `other` that is no tensor?",),
        ),
        Misconception(
            "divided-back-out",
            "Where a factor is 0 there is NaN in the gradient of that factor. Is the product divided by the factor itself, to get the other one? Of 0 / 0 nothing comes back: take the other factor as it is.",
            patch=(
                "grad * other.data, grad * self.data",
                "grad * (self.data * other.data / self.data), grad * (self.data * other.data / other.data)",
            ),
            hints=("What is left of the other factor in a product with 0?",),
        ),
        Misconception(
            "array-for-tensor",
            "A plain array comes back, which has no memory of what it was made from: wrap its numbers in a `Tensor`, with parents and vjp.",
            patch=("Tensor(self.data * other.data, (self, other), vjp)", "self.data * other.data"),
            hints=("What did the addition above return?",),
        ),
        Misconception(
            "number-not-lifted",
            "`other` may be a plain number, and a number has no `.data`. `as_tensor(other)` makes a tensor of it, and leaves tensors alone.",
            patch=("other = as_tensor(other)", "pass"),
            hints=("What is `other` in x * 0.5?",),
        ),
        Misconception(
            "calls-itself",
            "In here a product of two tensors, `self * other`, is this very method: it calls itself without end. Multiply the arrays, `self.data` and `other.data`.",
            patch=("Tensor(self.data * other.data,", "Tensor(self * other,"),
            hints=("Which method does Python call when it meets a tensor times a tensor?",),
        ),
    ),
    alternatives=(MUL_NESTED, MUL_SUMMED, MUL_TURNED),
    hints=(
        "If `self` moves by a little, by how much does `self * other` move?",
        "Copy the addition and change two things: the numbers of the result, and what vjp returns.",
        "`return grad * other.data, grad * self.data` is the vjp.",
    ),
)
