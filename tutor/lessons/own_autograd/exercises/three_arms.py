"""A classifier on one's own engine: gradients never cleared, a layer of equal units, `predict` unlike the training."""

from tutor.checking import Missed, Wrong, program, symptoms

from ..arms import (
    alike,
    given,
    incomplete,
    losses_are_those,
    observe,
    results,
    shapes,
    unmoved,
    untrained,
    watch,
    weighed,
)

LENDERS = ("torch", "sklearn", "scipy", "jax", "tensorflow")


def borrowed(run):
    """Whether the gradients, or the whole classifier, come from a library."""
    taken = next((name for name in LENDERS if name in symptoms.names_in(run.text)), None)
    if not taken and not run.recorder.operations:
        return None
    told = f"The program uses `{taken}`" if taken else "A backward pass of torch was made"
    return Missed(
        "borrowed",
        f"{told}: here the gradients come from your own engine, and everything else from NumPy.",
        "Which method of your `Tensor` does the same?",
    )


def judge(run):
    return (
        borrowed(run)
        or untrained(run)
        or shapes(run)
        or symptoms.uncleared(run)
        or symptoms.diverged(run)
        or alike(run)
        or unmoved(run)
        or incomplete(run)
        or losses_are_those(run)
        or weighed(run)
        or results(run)
    )


DEEP = """
rng, steps = np.random.default_rng(5), 25 * 12
sizes = [2, 24, 24, 3]
pairs = [(Tensor(rng.normal(size=(a, b)) * np.sqrt(2 / a)), Tensor(np.zeros(b))) for a, b in zip(sizes, sizes[1:])]
weights = [w for pair in pairs for w in pair]
speeds = [np.zeros_like(w.data) for w in weights]
spread = learn_x.std()


def forward(x):
    h = x / spread
    for k, (w, b) in enumerate(pairs):
        h = layer(h, w, b)
        if k < 2:
            h = h.relu()
    return h


losses = []
for walk in range(25):
    for rows in rng.permutation(300).reshape(12, 25):
        z = forward(learn_x[rows])
        e = (z - z.data.max()).exp()
        p = e / (e @ np.ones((3, 1)))
        loss = (p * np.eye(3)[learn_y[rows]]).sum(axis=1).log().sum() * (-1 / 25)
        losses.append(float(loss.data))
        loss.backward()
        for w, v in zip(weights, speeds):
            v *= 0.8
            v += w.grad
            w.data = w.data - 0.1 * v
            w.grad[...] = 0


def predict(x):
    return np.array([int(np.argmax(forward(row[None]).data)) for row in x])
"""
NEW_TENSORS = """
class ThreeYesOrNo:
    def __init__(self, width):
        rng = np.random.default_rng()
        self.numbers = [rng.uniform(-2, 2, (2, width)), rng.uniform(-1, 1, width), 0.2 * rng.normal(size=(width, 3)), np.zeros((1, 3))]

    def scores(self, x, w, b, u, c):
        return (as_tensor(x) @ w + b).relu() @ u + c

    def step(self, x, signs, rate):
        tensors = [Tensor(n) for n in self.numbers]
        doubt = (1.0 + (-1.0 * signs * self.scores(x, *tensors)).exp()).log()
        loss = doubt.sum() / len(x)
        loss.backward()
        self.numbers = [t.data - rate * t.grad for t in tensors]
        return loss.data.item()


net = ThreeYesOrNo(40)
signs = np.where(np.arange(3) == learn_y[:, None], 1.0, -1.0)
losses = [net.step(learn_x, signs, 0.6) for _ in range(500)]
weights = [Tensor(n) for n in net.numbers]


def predict(x):
    return list(net.scores(x, *weights).data.argmax(1))
"""
BUMPS = """
places = learn_x[::5]
w = Tensor(np.zeros((len(places), 3)))
weights, losses = (w,), []


def bumps(x):
    return np.exp(-np.square(x[:, None] - places).sum(-1) / 0.05)


known, wanted = Tensor(bumps(learn_x)), np.equal.outer(learn_y, [0, 1, 2]) * 1.0
while not losses or losses[-1] > 12 and len(losses) < 500:
    loss = ((known @ w - wanted) ** 2).sum()
    losses.append(loss.data)
    w.grad = None
    loss.backward()
    w.data -= 0.003 * w.grad
predict = lambda x: np.argmax(bumps(x) @ w.data, axis=-1)
"""
NEAREST = """\
def predict(x):
    return learn_y[((x[:, None] - learn_x) ** 2).sum(-1).argmin(axis=1)]"""
TORCH = """
import torch as t

x, y, losses = t.tensor(learn_x).float(), t.tensor(learn_y), []
w1, w2 = t.randn(2, 32, requires_grad=True), t.randn(32, 3, requires_grad=True)
weights = [w1, w2]
for step in range(300):
    loss = t.nn.functional.cross_entropy((x @ w1).relu() @ w2, y)
    losses.append(loss.item())
    loss.backward()
    for w in weights:
        w.data -= 0.3 * w.grad
        w.grad = None


def predict(x):
    return ((t.tensor(x).float() @ w1).relu() @ w2).argmax(1).numpy()
"""
BY_HAND = """
w = np.zeros((2, 3))
losses, weights = [], [Tensor(w)]
for step in range(300):
    e = np.exp(learn_x @ w)
    p = e / e.sum(axis=1, keepdims=True)
    losses.append(-np.log(p[np.arange(300), learn_y]).mean())
    w -= learn_x.T @ (p - np.eye(3)[learn_y]) / 300


def predict(x):
    return (x @ w).argmax(axis=1)
"""
FIRST, SECOND = "rng.normal(size=(2, 32))", "rng.normal(size=(32, 3)) / 6"
STEP = "w.data -= 0.5 * w.grad"
PREDICT = "return scores(x).data.argmax(axis=1)"

EXERCISE = program(
    difficulty="hard",
    minutes=30,
    drills=("classifier", "two-layer-net"),
    leaves=("weights", "predict", "losses"),
    seconds=20.0,
    watch=watch,
    given=given,
    observe=observe,
    judge=judge,
    wrong=(
        Wrong("never-cleared", patch=("        w.grad = None\n", ""), told="uncleared"),
        Wrong("no-step", patch=(STEP, "w.data - 0.5 * w.grad"), told="unmoved"),
        Wrong("only-a-name", patch=(STEP, "w = Tensor(w.data - 0.5 * w.grad)"), told="unmoved"),
        Wrong("all-zero", patch=((FIRST, "np.zeros((2, 32))"), (SECOND, "np.zeros((32, 3))")), told="unmoved"),
        Wrong("all-ones", patch=((FIRST, "np.ones((2, 32))"), (SECOND, "np.ones((32, 3)) / 32")), told="alike"),
        Wrong(
            "biases-left-out",
            patch=(
                ("weights = [w1, b1, w2, b2]", "weights = [w1, w2]"),
                ("for w in weights:", "for w in [w1, b1, w2, b2]:"),
            ),
            told="left-out",
        ),
        Wrong("uphill", patch=(STEP, "w.data += 0.01 * w.grad"), told="risen"),
        Wrong("huge-steps", patch=(STEP, "w.data -= 1000 * w.grad"), told="diverged"),
        Wrong("counted-from-the-end", patch=(PREDICT, "return 2 - scores(x).data.argmax(axis=1)"), told="exchanged"),
        Wrong("scores-for-arms", patch=(PREDICT, "return scores(x).data"), told="no-numbers-of-arms"),
        Wrong("a-tensor-for-arms", patch=(PREDICT, "return scores(x)"), told="no-numbers-of-arms"),
        Wrong("scaled-in-training-alone", patch=("scores(learn_x)", "scores(-learn_x)"), told="unlike-training"),
        Wrong(
            "scaled-by-what-is-given",
            patch=(PREDICT, "return scores(x - x.mean(axis=0)).data.argmax(axis=1)"),
            told="of-the-others",
        ),
        Wrong("no-layer-between", patch=(".relu()", ""), told="straight-lines"),
        Wrong("half-a-loss", patch=("z.exp().sum(axis=1).log().sum() - ", "0.0 - "), told="bottomless"),
        Wrong("few-steps", patch=("range(400)", "range(80)"), told="too-few-right"),
        Wrong("very-few-steps", patch=("range(400)", "range(20)"), told="straight-lines"),
        Wrong("tensors-kept", patch=("loss.data.item()", "loss"), told="graphs-kept"),
        Wrong(
            "last-loss-alone",
            patch=("losses.append(loss.data.item())", "losses = [loss.data.item()]"),
            told="other-losses",
        ),
        Wrong("nearest-point", patch=(f"def predict(x):\n    {PREDICT}", NEAREST), told="weights-unused"),
        Wrong("by-hand", text=BY_HAND, told="untrained"),
        Wrong("torch", text=TORCH, told="borrowed"),
    ),
    alternatives=(DEEP, NEW_TENSORS, BUMPS),
    equivalent_mutants={
        "rng = np.random": "numbers from another generator",
        "rng = np.random.default_rng(1)": "other random numbers",
        "w2, b2 = (Tensor(rng.normal(size=(32, 3))), Tensor(np.zeros(3)))": "another start",
        "w2, b2 = (Tensor(rng.normal(size=(32, 3)) * 6), Tensor(np.zeros(3)))": "another start, and the loss falls from it",
        "w2, b2 = (Tensor(rng.normal(size=(32, 3)) / 7), Tensor(np.zeros(3)))": "another start",
        "w2, b2 = (Tensor(rng.normal(size=(32, 3)) / 5), Tensor(np.zeros(3)))": "another start",
        "w2, b2 = (Tensor(rng.normal(size=(32, 3)) / 6), Tensor(np.ones(3)))": "another start",
        "return (as_tensor(x) @ w1 - b1).relu() @ w2 + b2": "the bias with its sign turned, learned and used alike",
        "return (as_tensor(x) @ w1 + b1).relu() @ w2 - b2": "the bias with its sign turned, learned and used alike",
        "loss = (z.exp().sum(axis=1).sum() - (z * np.eye(3)[learn_y]).sum()) / len(learn_y)": "another loss, which has its smallest value at the right arms too",
        "for step in range(401):": "a step more",
        "for step in range(399):": "a step fewer",
        "losses.append(loss.data)": "an array of one number is as good as a number",
        "w.data -= w.grad": "twice the rate",
        "w.data -= 1.0 * w.grad": "twice the rate",
    },
    mutants=150,
    hints=(
        "What does a network need between the two coordinates and the three scores, so that it can bend?",
        "Four parts: weights that begin at random, scores `(x @ w1 + b1).relu() @ w2 + b2`, the loss of section 10 with three scores, and a loop of `backward`, a step and cleared gradients.",
        "`loss = (z.exp().sum(axis=1).log().sum() - (z * np.eye(3)[learn_y]).sum()) / len(learn_y)`, and for each of the weights `w.data -= 0.5 * w.grad` and `w.grad = None`",
    ),
    explain="At least 95 % of the points that your program could not see are right, by gradients that your own engine computed.",
)
