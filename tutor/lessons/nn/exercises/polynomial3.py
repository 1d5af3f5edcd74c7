"""The cubic as a module: coefficients that it does not notice, that do not begin at random, or that are cut off."""

import torch
from torch import nn

from tutor.checking import Misconception, code
from tutor.checking.evidence import seen
from tutor.checking.space import Array, Number, Space
from tutor.lessons.training_steps import plain, shapes_of

from ..shared import fits, steps_of

NAMES = ("a", "b", "c", "d")
MANY = 150  # models, of whose numbers mean and spread are looked at
CUBIC = "self.a + self.b * x + self.c * x**2 + self.d * x**3"


def probe_polynomial(d):
    """Points, targets, and any four coefficients."""
    (n,) = d.sizes(1, 3, 9)
    return d.tensor(n), d.tensor(n), *(d.number(-1.5, 1.5) for _ in NAMES), MANY if d.seed % 1000 < 3 else 2


def as_by_randn(drawn):
    """Whether the numbers of each column have about the mean 0 and the standard deviation 1."""
    means, spreads = drawn.mean(dim=0), drawn.std(dim=0)
    return bool((means.abs() < 0.5).all() and ((spreads > 0.65) & (spreads < 1.4)).all())


def use_polynomial(polynomial, x, y, a, b, c, d, models=2):
    """The cubic's parameters, how several models draw them, its values with given numbers, and some steps' losses."""
    model, *others = (polynomial() for _ in range(models))
    shapes = shapes_of(model)
    if shapes != dict.fromkeys(NAMES, "()"):
        return shapes, None, None, None, None
    drawn = torch.stack([p.detach() for m in (model, *others) for p in m.parameters()]).view(models, -1)
    anew = "yes" if bool((drawn[0] != drawn[1]).all()) else "no"
    alike = "yes" if models < MANY or anew == "no" or as_by_randn(drawn) else "no"
    model = model.to(x.dtype)
    with torch.no_grad():
        for name, number in zip(NAMES, (a, b, c, d), strict=True):
            getattr(model, name).fill_(number)
    y_pred = model(x)
    losses = steps_of(model, x, y) if fits(y_pred, y.shape) and x.abs().max() < 10 else None  # else they diverge
    return shapes, anew, alike, plain(y_pred), losses


class ByHorner(nn.Module):
    def __init__(self):
        super().__init__()
        self.d, self.c, self.b, self.a = (nn.Parameter(torch.randn(())) for _ in NAMES)

    def forward(self, x):
        return self.a + x * (self.b + x * (self.c + x * self.d))


class ByName(nn.Module):
    def __init__(self):
        super().__init__()
        for name in NAMES:
            self.register_parameter(name, nn.Parameter(torch.empty(()).normal_()))

    def forward(self, x):
        return sum(getattr(self, name) * x.pow(power) for power, name in enumerate(NAMES))


class ByProduct(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Parameter(torch.normal(torch.tensor(0.0), torch.tensor(1.0)))
        self.b = nn.Parameter(torch.randn(1).squeeze())
        self.c = nn.Parameter(torch.randn(1)[0])
        self.d = nn.Parameter(torch.randn([]))

    def forward(self, x):
        return torch.stack([x**0, x, x**2, x**3], dim=1) @ torch.stack([self.a, self.b, self.c, self.d])


EXERCISE = code(
    difficulty="easy",
    minutes=6,
    drills=("sine-fit", "parameters"),
    space=Space(
        {
            "x": Array("N", scales=("usual", "large"), values=("distinct", "zeros"), tensor=True),
            "y": Array("N", tensor=True),
            **{name: Number((number, 0.0)) for name, number in zip(NAMES, (0.7, -1.3, 0.4, -0.9), strict=True)},
        },
        sizes={"N": (1,)},
    ),
    probe=probe_polynomial,
    use=use_polynomial,
    outputs=(
        "the names of the parameters",
        "is every coefficient drawn anew",
        "as torch.randn draws",
        "y_pred",
        "losses",
    ),
    misconceptions=(
        Misconception(
            "not-noticed",
            "The module does not list a, b, c and d, so no step would ever move them. It notices an `nn.Parameter` that is assigned to an attribute of `self`, but no plain tensor, and nothing inside a list.",
            patch=("nn.Parameter(torch.randn(()))", "torch.randn((), requires_grad=True)"),
            hints=("What does `list(Polynomial3().parameters())` give?",),
        ),
        Misconception(
            "list-of-one",
            "A coefficient has the shape (1,), a list of one number. One number alone has the shape (): `torch.randn(())`.",
            patch=("torch.randn(())", "torch.randn(1)"),
            hints=("What is the difference between `torch.randn(1)` and `torch.randn(())`?",),
        ),
        Misconception(
            "not-at-random",
            "A coefficient is the same in every new model. It should be drawn anew: `torch.randn(())`.",
            patch=("torch.randn(())", "torch.zeros(())"),
            hints=("With which numbers does your model begin?",),
        ),
        Misconception(
            "drawn-otherwise",
            "A coefficient is drawn anew, and not as `torch.randn(())` draws: around 0, with standard deviation 1.",
            patch=("torch.randn(())", "torch.rand(())"),
            cause="`torch.rand` draws evenly between 0 and 1.",
            evidence=seen("_.rand(...)"),
            other=("torch.randn(())", "torch.randn(()) / 10"),
            hints=("Would half of your coefficients be negative?",),
        ),
        Misconception(
            "turned-round",
            "The coefficients stand at the wrong powers, turned round: `a` belongs to none, `d` to x³.",
            patch=(CUBIC, "self.d + self.c * x + self.b * x**2 + self.a * x**3"),
            hints=("Which coefficient is the value at x = 0?",),
        ),
        Misconception(
            "one-power-off",
            "Every coefficient stands one power too high: `a` has no x beside it, `b` has one.",
            patch=(CUBIC, "self.a * x + self.b * x**2 + self.c * x**3 + self.d * x**4"),
            hints=("What should your model give at x = 0?",),
        ),
        Misconception(
            "cut-from-the-graph",
            "The values are right, but no gradient reaches the coefficients. `.item()`, `.data`, `.detach()` and `no_grad` cut them off; use `self.a` itself.",
            patch=(CUBIC, f"({CUBIC}).detach()"),
            hints=("Has the prediction of your model a `grad_fn`?",),
        ),
    ),
    alternatives=(ByHorner, ByName, ByProduct),
    hints=(
        "What must a number be for a module to notice it?",
        "Four lines in `__init__`, each an `nn.Parameter` of `torch.randn(())`; then the formula with `self.` before each.",
        "`self.a = nn.Parameter(torch.randn(()))`, and `return self.a + self.b * x + …`",
    ),
)
