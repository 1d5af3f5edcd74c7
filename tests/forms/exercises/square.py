"""An autograd function."""

from tutor.checking import Misconception, code

from ..shared import HINTS


def value_and_gradient(function, x):
    x = x.clone().requires_grad_()
    y = function.apply(x)
    (y * x.detach().cos()).sum().backward()  # not a plain sum: what arrives must not be all ones
    return y.detach(), x.grad


EXERCISE = code(
    difficulty="easy",
    minutes=1,
    probe=lambda d: (d.tensor(*d.sizes(2)),),
    use=value_and_gradient,
    outputs=("y", "grad_x"),
    misconceptions=(
        Misconception(
            "ignores-upstream",
            "The chain rule multiplies.",
            patch=("grad_output * 2 * x", "2 * x + 0 * grad_output"),
        ),
        Misconception("factor", "The derivative of a square is twice x.", patch=("* 2 * x", "* x")),
    ),
    hints=HINTS,
)
