# %% [markdown] name="opening"
# # Every form of exercise
#
# **You will be able to** see each form work. **You need** nothing. **It takes** a minute.

# %% name="imports"
import torch

from tutor import check, exercise, program


# %% name="engine" tags=["reference"]
class Number:
    """A number that a lesson grows across cells."""

    def __init__(self, value):
        self.value = value


# %% name="method"
@exercise("forms.add", of=Number)
def __add__(self, other):
    """Return a new Number, the sum of the two."""
    ### BEGIN SOLUTION
    return Number(self.value + other.value)
    ### END SOLUTION


# %% name="second-method"
@exercise("forms.double", of=Number)
def double(self):
    """Return twice the number, using the addition above."""
    ### BEGIN SOLUTION
    return self + self
    ### END SOLUTION


# %% name="use-methods"
assert isinstance(Number(2.0) + Number(3.0), Number), "the reader's own class must be built"
assert Number(4.0).double().value == 8.0


# %% name="function"
@exercise("forms.shift")
def shift(x, by):
    """Return x moved by a number."""
    ### BEGIN SOLUTION
    return x + by
    ### END SOLUTION


# %% name="class"
@exercise("forms.counter")
class Counter:
    """Counts how often it is called and returns the count."""

    ### BEGIN SOLUTION
    def __init__(self, start=0):
        self.count = start

    def __call__(self):
        self.count += 1
        return self.count

    ### END SOLUTION


# %% name="use-class"
counter = Counter()
assert [counter(), counter()] == [1, 2]


# %% name="module"
@exercise("forms.scale")
class Scale(torch.nn.Module):
    """A layer with one parameter that multiplies its input; it starts at `start`."""

    def __init__(self, start):
        super().__init__()
        ### BEGIN SOLUTION
        self.factor = torch.nn.Parameter(torch.tensor(float(start)))
        ### END SOLUTION

    def forward(self, x):
        """Return factor * x."""
        ### BEGIN SOLUTION
        return self.factor * x
        ### END SOLUTION


# %% name="use-module"
assert [name for name, _ in Scale(2.0).named_parameters()] == ["factor"]


# %% name="autograd-function"
@exercise("forms.square")
class Square(torch.autograd.Function):
    """x squared, with its gradient by hand."""

    @staticmethod
    def forward(ctx, x):
        """Return x * x."""
        ### BEGIN SOLUTION
        ctx.save_for_backward(x)
        return x * x
        ### END SOLUTION

    @staticmethod
    def backward(ctx, grad_output):
        """Return the gradient with respect to x."""
        ### BEGIN SOLUTION
        (x,) = ctx.saved_tensors
        return grad_output * 2 * x
        ### END SOLUTION


# %% name="use-function"
x = torch.tensor([3.0], requires_grad=True)
Square.apply(x).backward()
assert x.grad.item() == 6.0

# %% name="value"
answer = ...
### BEGIN SOLUTION
answer = (2, 3)
### END SOLUTION
answer = check("forms.answer", answer)

# %% name="prints" tags=["nbval-check-output"]
print("two and two is", 2 + 2)

# %% name="points" tags=["reference"]
points = torch.tensor([-1.0, 2.0, 0.5, 3.0])

# %% name="program"
program("forms.slope")

### BEGIN SOLUTION
slope = torch.zeros(()).requires_grad_()
for _ in range(50):
    ((slope * points - 3 * points) ** 2).mean().backward()
    with torch.no_grad():
        slope -= 0.05 * slope.grad
    slope.grad = None
### END SOLUTION


# %% name="repair"
@exercise("forms.halve")
def halve(a, b):
    """Return half the sum of two numbers."""
    ### BEGIN SOLUTION
    total = a + b
    ### BROKEN
    # total = a - b
    ### END SOLUTION
    return total / 2
