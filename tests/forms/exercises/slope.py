"""A program that fits a line through the origin: its loop makes no step, or never clears its gradients."""

from tutor.checking import Missed, Wrong, program, symptoms

from ..shared import HINTS


def observe(run, given):
    left = {"slope": run.left["slope"]}
    return {"moved": lambda: symptoms.moved(run, left), "dtypes": lambda: symptoms.dtypes(left)}


def judge(run):
    far = abs(run["slope"].item() - 3)
    return (
        symptoms.diverged(run)
        or symptoms.untrained(run)
        or symptoms.unmoved(run, run["moved"])
        or symptoms.uncleared(run)
        or symptoms.float64(run["dtypes"])
        or (None if far < 0.01 else Missed("far", f"`slope` is {far:.3g} from 3."))
    )


EXERCISE = program(
    difficulty="medium",
    minutes=5,
    leaves=("slope",),
    observe=observe,
    judge=judge,
    wrong=(
        Wrong("never-cleared", patch=("slope.grad = None", "pass"), told="uncleared"),
        Wrong("no-step", patch=("slope -= 0.05 * slope.grad", "slope - 0.05 * slope.grad"), told="unmoved"),
        Wrong("huge-steps", patch=("0.05", "50.0"), told="diverged"),
        Wrong("few-steps", patch=("range(50)", "range(2)"), told="far"),
        Wrong("wide", patch=("torch.zeros(())", "torch.zeros((), dtype=torch.float64)"), told="float64"),
        Wrong("by-division", text="slope = torch.tensor(3.0)", told="untrained"),
    ),
    alternatives=(
        "slope = torch.zeros(1, requires_grad=True)\n"
        "optimizer = torch.optim.SGD([slope], lr=0.05)\n"
        "for _ in range(60):\n"
        "    optimizer.zero_grad()\n"
        "    ((slope * points - 3 * points) ** 2).mean().backward()\n"
        "    optimizer.step()\n",
        "slope = torch.tensor(1.0, requires_grad=True)\n"
        "for _ in range(60):\n"
        "    (grad,) = torch.autograd.grad(((slope - 3) * points).square().mean(), slope)\n"
        "    slope = (slope - 0.05 * grad).detach().requires_grad_()\n",
        "class Line(torch.nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.slope = torch.nn.Parameter(torch.zeros(()))\n"
        "line = Line()\n"
        "for _ in range(50):\n"
        "    line.zero_grad()\n"
        "    ((line.slope - 3) * points).pow(2).mean().backward()\n"
        "    with torch.no_grad():\n"
        "        line.slope -= 0.05 * line.slope.grad\n"
        "slope = line.slope\n",
    ),
    equivalent_mutants={
        "slope -= 0.1 * slope.grad": "twice the rate fits the line as well",
        "slope = torch.ones(()).requires_grad_()": "it may begin anywhere",
        "for _ in range(49):": "a step fewer is enough",
        "for _ in range(51):": "a step more does no harm",
        "((slope * points - 3 * points) ** 2).sum().backward()": "the sum is the mean at another rate",
    },
    hints=HINTS,
)
