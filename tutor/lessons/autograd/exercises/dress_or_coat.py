"""Logistic regression from an empty cell: gradients never cleared, a bias left out, inputs prepared in one place alone."""

from tutor.checking import Wrong, program, symptoms

from ..dresses import borrowed, given, harmless, observe, results, shapes, stated


def judge(run):
    return (
        shapes(run)
        or borrowed(run)
        or symptoms.untrained(run)
        or symptoms.uncleared(run)
        or symptoms.diverged(run)
        or symptoms.unmoved(run, run["moved"])
        or symptoms.float64(run["dtypes"])
        or symptoms.trained_on(run["met"], "the test images")
        or harmless(run)
        or results(run)
        or stated(run)
    )


NEW_TENSORS = """
def logit(x, w, b):
    return (x / 128 - 1) @ w + b

w, b = torch.zeros(196), torch.zeros(())
for step in range(120):
    w, b = w.detach().requires_grad_(), b.detach().requires_grad_()
    z = logit(learn_x, w, b)
    loss = (torch.log1p(torch.exp(-z.abs())) + z.clamp(min=0) - learn_y * z).mean()
    gw, gb = torch.autograd.grad(loss, [w, b])
    w, b = w - 0.05 * gw, b - 0.05 * gb

def predict(x):
    return logit(x, w, b).sigmoid()

accuracy = float(((predict(test_x) > 0.5).float() - test_y == 0).sum()) / 300
"""
MINI_BATCHES = """
mean, scale = learn_x.mean(), learn_x.std()
w = (0.01 * torch.randn(196)).requires_grad_()
b = torch.zeros(1, requires_grad=True)
for epoch in range(4):
    for rows in torch.randperm(900).split(50):
        p = torch.sigmoid(((learn_x[rows] - mean) / scale) @ w + b)
        right = torch.where(learn_y[rows] == 1, p, 1 - p)
        (-right.log().mean()).backward()
        for parameter in (w, b):
            parameter.data -= 0.05 * parameter.grad
            parameter.grad = None

def predict(x):
    with torch.no_grad():
        return torch.sigmoid((x - mean) / scale @ w + b)

accuracy = (predict(test_x).round() == test_y).float().mean()
"""
A_CLASS = """
class Logistic:
    def __init__(self):
        self.w, self.b = (torch.zeros(size, requires_grad=True) for size in [(196, 1), (1,)])

    def __call__(self, x):
        return torch.addmm(self.b, x * (1 / 255), self.w).sigmoid().squeeze(1)

predict = Logistic()
w, b = predict.w, predict.b
velocity = [torch.zeros_like(t) for t in (w, b)]
for step in range(60):
    p = predict(learn_x)
    loss = -(learn_y * p.log() + (1 - learn_y) * (1 - p).log()).sum() / 900
    loss.backward()
    with torch.no_grad():
        for t, v in zip((w, b), velocity):
            v.mul_(0.8).add_(t.grad)
            t.sub_(0.1 * v)
            t.grad.zero_()

accuracy = 1 - (predict(test_x) - test_y).abs().round().mean().item()
"""

EXERCISE = program(
    difficulty="hard",
    minutes=30,
    drills=("training",),
    leaves=("w", "b", "predict", "accuracy"),
    given=given,
    observe=observe,
    judge=judge,
    wrong=(
        Wrong("never-cleared", patch=("    w.grad = b.grad = None\n", ""), told="uncleared"),
        Wrong(
            "no-step",
            patch=(("w -= 0.2 * w.grad", "w - 0.2 * w.grad"), ("b -= 0.2 * b.grad", "b - 0.2 * b.grad")),
            told="unmoved",
        ),
        Wrong("bias-left-out", patch=(("@ w + b", "@ w"), ("        b -= 0.2 * b.grad\n", "")), told="unmoved"),
        Wrong(
            "raw-pixels-in-predict",
            patch=("return torch.sigmoid(scores(x))", "return torch.sigmoid(x @ w + b)"),
            told="too-sure",
        ),
        Wrong("raw-pixels", patch=("x / 255 @", "x @"), told="diverged"),
        Wrong(
            "raw-pixels-clamped",
            patch=(
                ("x / 255 @", "x @"),
                ("p = torch.sigmoid(scores(learn_x))", "p = torch.sigmoid(scores(learn_x)).clamp(1e-6, 1 - 1e-6)"),
                ("range(100)", "range(300)"),
            ),
            told="frozen",
        ),
        Wrong(
            "test-images-learned",
            patch=(
                ("scores(learn_x)", "scores(torch.cat([learn_x, test_x]))"),
                ("    loss = -(learn_y", "    both_y = torch.cat([learn_y, test_y])\n    loss = -(learn_y"),
                ("(learn_y * p.log() + (1 - learn_y)", "(both_y * p.log() + (1 - both_y)"),
            ),
            told="trained-on",
        ),
        Wrong(
            "exchanged",
            patch=(
                "(learn_y * p.log() + (1 - learn_y) * (1 - p).log())",
                "((1 - learn_y) * p.log() + learn_y * (1 - p).log())",
            ),
            told="turned-round",
        ),
        Wrong(
            "scores-for-probabilities",
            patch=("return torch.sigmoid(scores(x))", "return scores(x)"),
            told="no-probabilities",
        ),
        Wrong(
            "of-what-is-given",
            patch=("return torch.sigmoid(scores(x))", "return torch.sigmoid(scores(x - x.mean() + learn_x.mean()))"),
            told="of-the-others",
        ),
        Wrong(
            "divides-its-images",
            patch=("return torch.sigmoid(scores(x))", "p = torch.sigmoid(scores(x))\n    x /= 255\n    return p"),
            told="changes-images",
        ),
        Wrong(
            "rounded",
            patch=("return torch.sigmoid(scores(x))", "return torch.sigmoid(scores(x)).round()"),
            told="rounded",
        ),
        Wrong("a-column", patch=("sigmoid(scores(x))", "sigmoid(scores(x))[:, None]"), told="shapes"),
        Wrong(
            "a-number-for-one",
            patch=("sigmoid(scores(x))", "sigmoid(scores(x))[:, None].squeeze()"),
            told="shapes",
        ),
        Wrong(
            "of-the-learned",
            patch=("(predict(test_x) > 0.5) == (test_y == 1)", "(predict(learn_x) > 0.5) == (learn_y == 1)"),
            told="another-accuracy",
        ),
        Wrong("two-steps", patch=("range(100)", "range(2)"), told="not-learned-enough"),
        Wrong(
            "wide",
            patch=(("torch.zeros(196, ", "torch.zeros(196, dtype=torch.float64, "), ("x / 255", "x.double() / 255")),
            told="float64",
        ),
        Wrong(
            "library-step",
            patch=("    w.grad = b.grad = None\n", "    torch.optim.SGD([w, b], lr=0.1).zero_grad()\n"),
            told="borrowed",
        ),
    ),
    alternatives=(NEW_TENSORS, MINI_BATCHES, A_CLASS),
    equivalent_mutants={
        "b -= 0.4 * b.grad": "the weights make up for the rate of one number",
        "b -= 0.7 * b.grad": "the weights make up for the rate of one number",
        "b += 0.2 * b.grad": "uphill in one number of 197: the weights make up for it, and what was asked is reached",
        "return x / 255 @ w - b": "the bias with its sign turned, learned and used alike",
        "for step in range(101):": "a step more",
        "for step in range(99):": "a step fewer",
        "loss = -(learn_y * p + (1 - learn_y) * (1 - p).log()).mean()": "another loss, which reaches what was asked",
        "loss = -(learn_y * p.log() + (1 - learn_y + (1 - p).log())).mean()": "another loss, which reaches what was asked",
    },
    hints=(
        "Of what is the loss the mean, if p is the probability of a coat and the label is 1 or 0?",
        "Four parts: parameters that require gradients, the probability, the mean of -log of what the right kind got, and a step under `no_grad` that clears the gradients.",
        "`p = torch.sigmoid(x / 255 @ w + b)`, and a loop of `loss.backward()`, `w -= rate * w.grad`, `w.grad = None`",
    ),
    explain="At least 88 % of the images that your program could not see are right, and its probabilities can be trusted.",
)
