"""The matrix product of two tensors and its way back: transposes, sizes and parents in the wrong places."""

from tutor.checking import FiniteDifference, Misconception, code
from tutor.checking.space import Array, Space

from ..shared import called, engine, gradients, left_alone, without_end


def use_matmul(owner, x, w, arriving, square, arriving_square):
    """Two matrices that fit, what arrives at their product, and a square one for a product with itself."""
    tensor = engine(owner, "__matmul__")
    a, b, s, beside = tensor(x), tensor(w), tensor(square), tensor(x)
    product = called("x @ w", without_end(lambda: a @ b))
    grad_x, grad_w = gradients(product, arriving, (a, b))
    squared = called("s @ s", s @ s)
    (grad_square,) = gradients(squared, arriving_square, (s,))
    given = called("x @ array", beside @ w)
    (grad_beside,) = gradients(given, arriving, (beside,))
    left_alone(self=(a, x), other=(b, w))
    return product.data, grad_x, grad_w, grad_square, grad_beside, len(given.parents), squared.data, given.data


MATMUL_DOT = '''
def __matmul__(self, other):
    """Return the matrix product."""
    other = other if isinstance(other, Tensor) else Tensor(other)
    a, b = self.data, other.data
    return Tensor(a.dot(b), (self, other), lambda grad: (grad.dot(b.T), a.T.dot(grad)))
'''

MATMUL_EINSUM = '''
def __matmul__(self, other):
    """Return the matrix product, indices written out."""
    other = as_tensor(other)
    def vjp(grad):
        return np.einsum("nh,dh->nd", grad, other.data), np.einsum("nd,nh->dh", self.data, grad)
    return Tensor(np.einsum("nd,dh->nh", self.data, other.data), (self, other), vjp)
'''

MATMUL_TURNED = '''
def __matmul__(self, other):
    """Return the matrix product; gradients by transposed products."""
    other = as_tensor(other)
    def vjp(grad):
        return (other.data @ grad.T).T, (grad.T @ self.data).T
    return Tensor((other.data.T @ self.data.T).T, (self, other), vjp)
'''

EXERCISE = code(
    difficulty="medium",
    minutes=8,
    drills=("operations", "local-rules"),
    space=Space(
        {
            "x": Array("N D", scales=("usual", "eight")),
            "w": Array("D H", values=("distinct", "zeros")),
            "arriving": Array("N H"),
            "square": Array("D D"),
            "arriving_square": Array("D D"),
        },
        {"N": (1,), "D": (1,), "H": (1,)},
    ),
    use=use_matmul,
    outputs=(
        "x @ w",
        "gradient of x in x @ w",
        "gradient of w in x @ w",
        "gradient of s in s @ s",
        "gradient of x in x @ array",
        "how many parents x @ array has",
        *("s @ s", "x @ array"),
    ),
    gradients={
        "gradient of x in x @ w": FiniteDifference(lambda x, w, g, s, h: float((g * (x @ w)).sum()), wrt=0),
        "gradient of w in x @ w": FiniteDifference(lambda x, w, g, s, h: float((g * (x @ w)).sum()), wrt=1),
        "gradient of s in s @ s": FiniteDifference(lambda x, w, g, s, h: float((h * (s @ s)).sum()), wrt=3),
    },
    misconceptions=(
        Misconception(
            "no-transpose",
            "A product on the way back does not fit, because H meets D in it. (N, H) times (D, H) does not fit, (N, H) times (H, D) does: the products there need transposes.",
            patch=("grad @ other.data.T, self.data.T @ grad", "grad @ other.data, self.data @ grad"),
            hints=("Which shapes have grad and other.data, and what must come out?",),
        ),
        Misconception(
            "sizes-do-not-meet",
            "On the way back N and D meet in the middle of a product, and they differ. Write the shapes under the factors: `grad` (N, H) stands to the "
            "left of `other` transposed (H, D), and to the right of `self` transposed (D, N).",
            patch=("grad @ other.data.T, self.data.T @ grad", "other.data.T @ grad, grad @ self.data.T"),
            hints=("Which two sizes meet in the middle of each product?",),
        ),
        Misconception(
            "like-mul",
            "On the way back arrays of different shapes are combined entry by entry, as for `*`. A matrix product is led back by matrix products.",
            patch=("grad @ other.data.T, self.data.T @ grad", "grad * other.data, grad * self.data"),
            hints=("Which operation did the forward line use, and which one do you use on the way back?",),
        ),
        Misconception(
            "gradients-exchanged",
            "Both gradients are right, but each goes to the other parent: vjp returns them in the order of the parents.",
            patch=("grad @ other.data.T, self.data.T @ grad", "self.data.T @ grad, grad @ other.data.T"),
            hints=("Which parent comes first in (self, other), and whose gradient do you return first?",),
        ),
        Misconception(
            "array-not-lifted",
            "`other` may be a plain array, which has no parents and no vjp. `as_tensor(other)` makes a tensor of it, and leaves tensors alone.",
            patch=("other = as_tensor(other)", "pass"),
            hints=("How did the addition treat an `other` that is no tensor?",),
        ),
        Misconception(
            "tensors-alone-are-parents",
            "Values and gradients are right, but the product with an array has one parent. The docstring asks for the parents (self, other), whatever `other` is: lift it to a tensor first.",
            patch=(
                "other = as_tensor(other)",
                "if not isinstance(other, Tensor):\n        return Tensor(self.data @ other, (self,), lambda grad: (grad @ other.T,))",
            ),
            hints=("How did the addition treat an `other` that is no tensor?",),
        ),
        Misconception(
            "transposed-gradient",
            "The gradient of `other` comes out as its own transpose: it must have the shape of `other`, (D, H).",
            patch=("self.data.T @ grad", "grad.T @ self.data"),
            hints=("Which shape must the gradient of `other` have?",),
        ),
        Misconception(
            "ignores-what-arrives",
            "The factors come back, transposed, whatever arrives. Multiply each by `grad`, from the side from which it fits.",
            patch=("grad @ other.data.T, self.data.T @ grad", "other.data.T, self.data.T"),
            hints=("The argument of vjp is called grad. Where do you use it?",),
        ),
        Misconception(
            "calls-itself",
            "In here a matrix product of two tensors, `self @ other`, is this very method: it calls itself without end. Multiply the arrays, `self.data` and `other.data`.",
            patch=("Tensor(self.data @ other.data,", "Tensor(self @ other,"),
            hints=("Which method does Python call when it meets a tensor @ a tensor?",),
        ),
    ),
    alternatives=(MATMUL_DOT, MATMUL_EINSUM, MATMUL_TURNED),
    hints=(
        "Which shape must each gradient have? Which products of grad and the other factor have it?",
        "You had these lines in notebook 01: `grad_h_relu = grad_y_pred.dot(w2.T)` and `grad_w2 = h_relu.T.dot(grad_y_pred)`.",
        "`return grad @ other.data.T, self.data.T @ grad` is the vjp.",
    ),
)
