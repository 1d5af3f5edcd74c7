"""An optimiser from an empty cell: one that creeps, that helps in straight valleys alone, or that knows one valley by heart."""

from tutor.checking import Wrong, program

from ..valleys import given, judged, observe

LOOP = """

def walk_down():
    w, losses = start.clone().requires_grad_(), []
    optimizer = Downhill([w])
    while len(losses) < 150:
        optimizer.zero_grad()
        loss = narrow(w)
        loss.backward()
        losses.append(loss.item())
        optimizer.step()
    return losses


losses = walk_down()
"""
LOOK_AHEAD = """
class Downhill:
    def __init__(self, params, lr=1 / 400, momentum=19 / 21):
        self.states = [{"w": w, "before": w.detach().clone()} for w in params]
        self.lr, self.momentum = lr, momentum

    def zero_grad(self):
        for state in self.states:
            state["w"].grad = None

    def step(self):
        for state in self.states:
            w = state["w"]
            if w.grad is None:
                continue
            after = w.detach() - self.lr * w.grad
            w.data = after + self.momentum * (after - state["before"])
            state["before"] = after
"""
SECANT = """
class Downhill:
    def __init__(self, params):
        self.params, self.before = [*params], None

    def zero_grad(self):
        for w in self.params:
            if w.grad is not None:
                w.grad.zero_()

    @torch.no_grad()
    def step(self):
        here = torch.cat([w.reshape(-1) for w in self.params])
        grad = torch.cat([w.grad.reshape(-1) for w in self.params])
        rate = 1e-3
        if self.before is not None and (moved := here - self.before[0]).any():
            bent = grad - self.before[1]
            rate = (moved @ moved) / (moved @ bent)
        self.before = here, grad
        for w, new in zip(self.params, (here - rate * grad).split([w.numel() for w in self.params])):
            w.copy_(new.view_as(w))
"""
CURVATURE = """
class Downhill:
    def __init__(self, params):
        self.params = tuple(params)
        count = sum(w.numel() for w in self.params)
        self.inverse, self.last = torch.eye(count, dtype=torch.float64) / 400, None

    def zero_grad(self):
        for w in self.params:
            w.grad = None

    def step(self):
        g = torch.cat([w.grad.flatten() for w in self.params])
        if self.last is not None:
            s, y = self.last[0], g - self.last[1]
            if (sy := s @ y) > 1e-12:
                left = torch.eye(len(s), dtype=torch.float64) - torch.outer(s, y) / sy
                self.inverse = left @ self.inverse @ left.T + torch.outer(s, s) / sy
        move = -self.inverse @ g
        self.last, at = (move, g), 0
        with torch.no_grad():
            for w in self.params:
                w += move[at : at + w.numel()].reshape(w.shape)
                at += w.numel()
"""
ADAM = """
class Downhill:
    def __init__(self, params):
        self.params, self.t = list(params), 0
        self.m, self.v = ([torch.zeros_like(w) for w in self.params] for _ in "mv")

    def zero_grad(self):
        for w in self.params:
            w.grad = None

    @torch.no_grad()
    def step(self):
        self.t += 1
        for w, m, v in zip(self.params, self.m, self.v):
            m += 0.1 * (w.grad - m)
            v += 0.001 * (w.grad**2 - v)
            w -= 0.3 * m / (1 - 0.9**self.t) / ((v / (1 - 0.999**self.t)).sqrt() + 1e-8)
"""
LIBRARY = """
class Downhill(torch.optim.SGD):
    def __init__(self, params):
        super().__init__(params, lr=0.005, momentum=0.9)
"""
HIDDEN_LIBRARY = (
    "Downhill = lambda params: getattr(getattr(torch, 'opt' + 'im'), 'S' + 'GD')(params, lr=0.005, momentum=0.9)\n"
)
MOVE = "v.mul_(self.momentum).add_(w.grad)"
STEP = "w -= self.lr * v"
LINES = f"{MOVE}\n                {STEP}"
CLEARING = "for w in self.params:\n            w.grad = None"
VELOCITIES = "self.velocities = [torch.zeros_like(w) for w in self.params]"
NEWTON = """along, across = torch.tensor([3**0.5 / 2, 0.5]), torch.tensor([-0.5, 3**0.5 / 2])
                w -= along * (along @ w.grad.float()) + across * (across @ w.grad.float()) / 400"""

EXERCISE = program(
    difficulty="medium",
    minutes=20,
    drills=("momentum", "loss-surface"),
    leaves=("Downhill", "losses"),
    seconds=30.0,
    given=given,
    observe=observe,
    judge=judged,
    wrong=(
        Wrong("of-the-library", text=LIBRARY + LOOP, told="borrowed"),
        Wrong(
            "of-the-lesson",
            patch=(
                (VELOCITIES, "self.velocities = [{} for w in self.params]"),
                (LINES, "w -= sgd_momentum(w.grad, v, 0.005, 0.9)"),
            ),
            told="borrowed",
        ),
        Wrong("of-the-library-by-another-name", text=HIDDEN_LIBRARY + LOOP, told="error"),
        Wrong("without-a-step", patch=("def step(self)", "def move(self)"), told="error"),
        Wrong("only-a-name", patch=(STEP, "w = w - self.lr * v"), told="unmoved"),
        Wrong("clears-nothing", patch=(CLEARING, "pass"), told="not-cleared"),
        Wrong(
            "cleared-by-the-step",
            patch=((CLEARING, "pass"), (STEP, f"{STEP}\n                w.grad = None")),
            told="not-cleared",
        ),
        Wrong("loop-without-zero-grad", patch=("    optimizer.zero_grad()\n", ""), told="uncleared"),
        Wrong("no-memory", patch=((MOVE, "v = w.grad"), ("2 * (1 + self.momentum)", "2")), told="too-slow"),
        Wrong("short-steps", patch=("2 * (1 + self.momentum) / (1 + 400)", "2e-4"), told="too-slow"),
        Wrong("long-steps", patch=("/ (1 + 400)", "/ (1 + 300)"), told="diverged"),
        Wrong("uphill", patch=(STEP, "w += self.lr * v"), told="diverged"),
        Wrong("no-friction", patch=("v.mul_(self.momentum)", "v"), told="restless"),
        Wrong("steps-of-one-length", patch=(LINES, "w -= 0.1 * w.grad.sign()"), told="restless"),
        Wrong("a-rate-for-each-weight", text=ADAM + LOOP, told="straight-only"),
        Wrong("jump", patch=(LINES, "w.copy_(torch.tensor([2.0, -1.0]).view_as(w))"), told="by-heart"),
        Wrong("curvatures-by-heart", patch=(LINES, NEWTON), told="only-there"),
        Wrong(
            "one-velocity-for-all",
            patch=(VELOCITIES, "self.velocities = [torch.zeros_like(self.params[0])] * len(self.params)"),
            told="several-tensors",
        ),
        Wrong(
            "velocity-of-the-class",
            patch=(
                (VELOCITIES, "self.velocities = Downhill.kept"),
                ("    def __init__", "    kept = [torch.zeros(2), torch.zeros(2)]\n\n    def __init__"),
            ),
            told="kept-from-before",
        ),
        Wrong(
            "generator-kept",
            patch=(
                ("self.params = list(params)", "self.params = params"),
                (VELOCITIES, "self.velocities = {}"),
                ("for w, v in zip(self.params, self.velocities):", "for w in self.params:"),
                (LINES, f"v = self.velocities.setdefault(w, torch.zeros_like(w))\n                {LINES}"),
            ),
            told="used-up",
        ),
        Wrong(
            "losses-after-the-step",
            patch=(
                "    losses.append(loss.item())\n    optimizer.step()",
                "    optimizer.step()\n    losses.append(narrow(w).item())",
            ),
            told="other-losses",
        ),
        Wrong("tensors-kept", patch=("loss.item()", "loss"), told="graphs-kept"),
        Wrong("last-loss-alone", patch=("losses.append(loss.item())", "losses = [loss.item()]"), told="other-losses"),
    ),
    alternatives=(LOOK_AHEAD + LOOP, SECANT + LOOP, CURVATURE + LOOP),
    equivalent_mutants={
        "self.velocities = [torch.ones_like(w) for w in self.params]": "a push at the start, which friction takes away",
        "self.momentum = 19 / 21": "more momentum than is best arrives as well",
        "self.momentum = (19 / 21) ** 1": "more momentum than is best arrives as well",
        "self.momentum = (19 / 20) ** 2": "more momentum than is best arrives as well",
        "self.lr = 2 / (1 + 400)": "about half the rate arrives as well",
        "self.lr = 2 * 1 / (1 + 400)": "about half the rate arrives as well",
        "self.lr = 2 * (1 + self.momentum) / (2 + 400)": "the rate, a little smaller",
        "self.lr = 2 * (1 + self.momentum) / (1 + 401)": "the rate, a little smaller",
        "v.mul_(optimizer.momentum).add_(w.grad)": "the momentum of another object, which is the same",
        "w -= optimizer.lr * v": "the rate of another object, which is the same",
        "w, losses = (start.requires_grad_(), [])": "it moves `start` itself, which is told when the program runs once more",
    },
    mutants=100,
    hints=(
        "Steps across the valley change their sign each time, and those along it do not. What keeps the one and not the other?",
        "A velocity for each tensor, as in section 5. The curvatures are known, 1 and 400: the section on how much momentum tells the best momentum and rate.",
        "`v.mul_(momentum).add_(w.grad)` and `w -= lr * v`, with `momentum = (19 / 21) ** 2` and `lr = 2 * (1 + momentum) / 401`",
    ),
    explain="In valleys that it has never seen your optimiser arrives, where SGD at its best rate creeps.",
)
