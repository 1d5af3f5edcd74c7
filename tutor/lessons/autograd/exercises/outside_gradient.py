"""A gradient that NumPy computed, handed to `backward`: the loss, ones or the error sent in its place."""

import torch

from tutor.checking import FiniteDifference, Misconception, code
from tutor.checking.evidence import seen
from tutor.checking.space import Array, Space

from ..shared import leaf, nan_in_fresh_memory


def use_outside(outside_gradient, x, w, y):
    """Hide the loss in a NumPy function."""
    w, targets = leaf(w), y.numpy()

    def measure(y_pred):
        if not isinstance(y_pred, torch.Tensor | float | list):
            return y_pred - targets
        raise TypeError(f"`measure` knows NumPy alone; it was given a {type(y_pred).__name__}")

    with nan_in_fresh_memory():
        answer = outside_gradient(x, w, measure)
    if answer is None:
        filled = "and nothing has arrived at w: a loss made of what NumPy returned has no way back to it."
        filled = "though w.grad is filled; return w.grad." if w.grad is not None else filled
        raise TypeError(f"the answer is None, {filled}")
    return answer


def outside_loss(x, w, y):
    """The loss that torch never sees, for finite differences."""
    return float(((x @ w - y) ** 2).sum())


OUTSIDE_PRODUCT = '''
def outside_gradient(x, w, measure):
    """A loss whose gradient with respect to y_pred is 2 e: the sum of y_pred times 2 e, held fixed."""
    y_pred = x @ w
    errors = torch.as_tensor(measure(y_pred.detach().numpy()))
    (y_pred * (2 * errors)).sum().backward()
    return w.grad
'''

OUTSIDE_GRAD = '''
def outside_gradient(x, w, measure):
    """torch.autograd.grad takes the same argument under the name grad_outputs."""
    y_pred = torch.mm(x, w)
    with torch.no_grad():
        errors = torch.tensor(measure(y_pred.numpy() if not y_pred.requires_grad else y_pred.detach().numpy()))
    return torch.autograd.grad(y_pred, w, grad_outputs=errors * 2)[0]
'''

OUTSIDE_HAND = '''
def outside_gradient(x, w, measure):
    """The formula of notebook 01: x transposed times what arrives."""
    with torch.no_grad():
        errors = measure(x.mm(w).numpy())
    return x.t() @ torch.from_numpy(2 * errors).to(x.dtype)
'''

OUTSIDE_TARGET = '''
def outside_gradient(x, w, measure):
    """Find y from the errors and build the loss in torch after all."""
    y_pred = x.mm(w)
    y = y_pred.detach() - torch.from_numpy(measure(y_pred.detach().cpu().numpy()))
    ((y_pred - y) ** 2).sum().backward()
    return w.grad.clone()
'''

EXERCISE = code(
    difficulty="medium",
    minutes=10,
    drills=("vjp",),
    space=Space(
        {
            "x": Array("N D", scales=("usual", "eight"), layouts=("contiguous", "transposed"), tensor=True),
            "w": Array("D O", values=("distinct", "zeros"), tensor=True),
            "y": Array("N O", dtypes=("float32", "float64"), scales=("usual", "large"), tensor=True),
        },
        {"N": (1,), "O": (1,)},
    ),
    use=use_outside,
    outputs=("the gradient of w",),
    gradients={"the gradient of w": FiniteDifference(outside_loss, wrt=1)},
    misconceptions=(
        Misconception(
            "factor-of-two",
            "The gradient is half of what it should be. That of $e^2$ is $2e$, and that is what has to arrive at `y_pred`: the gradient of the loss, not the error.",
            patch=("2 * errors", "errors"),
            hints=("What is the derivative of the sum of $e^2$ with respect to one $e$?",),
        ),
        Misconception(
            "ones-arrive",
            "That is the gradient of `y_pred.sum()`, at which ones arrive. What arrives at `y_pred` has to be the gradient of *this* loss.",
            patch=("y_pred.backward(2 * errors)", "y_pred.backward(torch.ones_like(y_pred))"),
            hints=("Of which loss is a tensor of ones the gradient?",),
        ),
        Misconception(
            "twos-arrive",
            "That is the gradient of `2 * y_pred.sum()`: a 2 arrives everywhere. The gradient of the sum of $e^2$ depends on the errors.",
            patch=("y_pred.backward(2 * errors)", "y_pred.backward(torch.full_like(y_pred, 2.0))"),
            hints=("What is the derivative of $e^2$ with respect to $e$?",),
        ),
        Misconception(
            "one-for-all",
            "A single number arrives at `y_pred`. `gradient` needs one number for each of its entries, so it has the shape (N, D_out).",
            patch=("y_pred.backward(2 * errors)", "y_pred.backward(torch.tensor(1.0))"),
            hints=("What shape does `y_pred` have, and what shape does what you pass?",),
        ),
        Misconception(
            "nothing-arrives",
            "`backward()` without an argument is for a single number. `y_pred` is a matrix: say what arrives at it.",
            patch=("y_pred.backward(2 * errors)", "y_pred.backward()"),
            hints=("What is the gradient of the loss with respect to `y_pred`?",),
        ),
        Misconception(
            "float-tensor-1",
            "A tensor of shape (1,) arrives at `y_pred`. What is wanted is one of its own shape, (N, D_out).",
            patch=("y_pred.backward(2 * errors)", "y_pred.backward(torch.FloatTensor(1))"),
            cause="And `torch.FloatTensor(1)` is not the number 1: it is one number, whatever lay in memory.",
            evidence=seen("_.FloatTensor(...)", "FloatTensor(...)"),
            other=("y_pred.backward(2 * errors)", "y_pred.backward(torch.tensor([1.0]))"),
            hints=("What did the cell with `FloatTensor(1)` above print?",),
        ),
        Misconception(
            "uninitialised",
            "The gradient is NaN, with which the checker fills memory that nobody has written to. Does such a tensor arrive at `y_pred`? `empty`, `empty_like` and `FloatTensor(sizes)` hold whatever lay in memory.",
            patch=("y_pred.backward(2 * errors)", "y_pred.backward(torch.empty_like(y_pred))"),
            hints=("Who wrote the numbers into the gradient that you pass?",),
        ),
        Misconception(
            "prediction-arrives",
            "What has arrived at `y_pred` is `y_pred` itself. The argument of `backward` is no place at which something is evaluated; it is the gradient of the loss with respect to `y_pred`.",
            patch=("y_pred.backward(2 * errors)", "y_pred.backward(y_pred.detach())"),
            hints=("The loss is the sum of $e^2$. What is its gradient with respect to `y_pred`?",),
        ),
        Misconception(
            "loss-arrives",
            "What has arrived at `y_pred` are the squared errors. Those add up to the loss; it is the loss's *gradient* that arrives.",
            patch=("y_pred.backward(2 * errors)", "y_pred.backward(errors**2)"),
            hints=("What is the derivative of $e^2$?",),
        ),
        Misconception(
            "mean-for-sum",
            "The gradient is divided by the number of entries. That belongs to the mean; this loss is a sum.",
            patch=("2 * errors", "2 * errors / errors.numel()"),
            hints=("Is the loss a sum or a mean?",),
        ),
        Misconception(
            "numpy-of-a-recorded-tensor",
            "NumPy cannot record, so a tensor that is being recorded does not turn into an array. Cut the copy for NumPy off the graph: `y_pred.detach().numpy()`.",
            patch=("y_pred.detach().numpy()", "y_pred.numpy()"),
            hints=("What does the error message suggest?",),
        ),
        Misconception(
            "no-way-back",
            "Torch is asked to go back from a tensor that has no way to `w`. What went through NumPy has none, and what was detached has none. Detach only the copy for NumPy, and call `backward` on `y_pred`.",
            patch=("y_pred = x.mm(w)", "y_pred = x.mm(w).detach()"),
            hints=("Does the tensor on which you call `backward` have a `grad_fn`?",),
        ),
        Misconception(
            "two-dtypes",
            "It stops where `measure` returns float64: torch refuses the product of two matrices of different dtypes. What comes from outside torch has a dtype of its own.",
            patch=("y_pred.backward(2 * errors)\n    return w.grad", "return x.t().mm(2 * errors)"),
            hints=("Which dtype do the errors have, and which does `x` have?",),
        ),
        Misconception(
            "array-arrives",
            "The argument of `backward` has to be a tensor, and `measure` gives an array: `torch.from_numpy` makes one of the other.",
            patch=("torch.from_numpy(measure(y_pred.detach().numpy()))", "measure(y_pred.detach().numpy())"),
            hints=("What type does `measure` return?",),
        ),
    ),
    alternatives=(OUTSIDE_PRODUCT, OUTSIDE_GRAD, OUTSIDE_HAND, OUTSIDE_TARGET),
    hints=(
        "What is the gradient of the loss with respect to `y_pred`, and what shape does it have?",
        "Compute `y_pred` in torch, hand `y_pred.detach().numpy()` to `measure`, turn the errors into a tensor, and let twice the errors arrive at `y_pred`.",
        "`errors = torch.from_numpy(measure(y_pred.detach().numpy()))`, `y_pred.backward(2 * errors)`, `return w.grad`.",
    ),
)
