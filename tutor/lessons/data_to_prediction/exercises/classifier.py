"""A classifier from an empty cell: 85 % of unseen images, small steps, a softmax too many, pixels prepared otherwise."""

from torch import nn

from tutor.checking import Wrong, program, symptoms

from ..unseen import images, results, shapes


def judge(run):
    model = run.left["model"]
    weights = dict(model.named_parameters()) if isinstance(model, nn.Module) else {}
    return (
        shapes(run)
        or (symptoms.left_training(model, images()[0][:7]) if isinstance(model, nn.Module) else None)
        or symptoms.diverged(run)
        or (symptoms.unmoved(run, weights) if run.backwards else None)
        or symptoms.softmax_twice(run)
        or symptoms.uncleared(run)
        or symptoms.float64(run, weights)
        or symptoms.trained_on(run, images()[0], "the images that you are judged by")
        or results(run)
    )


BY_KERNEL = """
def alike(a, b):
    return torch.exp(-0.03 * torch.cdist(a.flatten(1), b.flatten(1)) ** 2)

wanted = 2 * F.one_hot(learn_labels, 10).float() - 1
weights = torch.linalg.solve(alike(learn_images, learn_images) + 0.05 * torch.eye(len(learn_images)), wanted)

def model(x):
    return alike(x, learn_images) @ weights
"""
IN_SEQUENCE = """
model = nn.Sequential(
    nn.Conv2d(1, 24, 4, stride=2, padding=1), nn.ReLU(), nn.BatchNorm2d(24),
    nn.Conv2d(24, 48, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.BatchNorm2d(48),
    nn.Flatten(), nn.LazyLinear(10),
)
model(learn_images[:2])
optimizer = optim.AdamW(model.parameters(), lr=4e-3)
steps = 4 * 94
schedule = optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 - step / steps)
for step in range(steps):
    if step % 94 == 0:
        order = torch.randperm(6000)
    rows = order[step % 94 * 64 :][:64]
    optimizer.zero_grad()
    F.nll_loss(F.log_softmax(model(learn_images[rows]), dim=1), learn_labels[rows]).backward()
    optimizer.step()
    schedule.step()
model.eval()
"""
BY_HAND = """
def conv(outputs, inputs, size):
    return (torch.randn(outputs, inputs, size, size) * (2 / (inputs * size * size)) ** 0.5).requires_grad_()

w1, w2 = conv(24, 1, 4), conv(48, 24, 3)
w3, b3 = (0.02 * torch.randn(48 * 49, 10)).requires_grad_(), torch.zeros(10, requires_grad=True)
weights = [w1, w2, w3, b3]

def model(x):
    x = F.relu(F.conv2d(2 * x - 0.6, w1, stride=2, padding=1))
    x = F.max_pool2d(F.relu(F.conv2d(x, w2, padding=1)), 2)
    return x.flatten(1) @ w3 + b3

moving = [torch.zeros_like(w) for w in weights]
for epoch in range(5):
    for rows in torch.randperm(6000).split(50):
        gradients = torch.autograd.grad(F.cross_entropy(model(learn_images[rows]), learn_labels[rows]), weights)
        with torch.no_grad():
            for w, g, m in zip(weights, gradients, moving):
                m.mul_(0.9).add_(g)
                w.sub_(0.02 * (1 - epoch / 5) * m)
"""
BY_HEART = """
model = nn.Sequential(nn.Flatten(), nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 10))
optimizer = optim.Adam(model.parameters(), lr=5e-3)
for epoch in range(40):
    for rows in torch.randperm(6000).split(200):
        loss = F.cross_entropy(model(learn_images[rows]), learn_labels[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
"""

EXERCISE = program(
    difficulty="hard",
    minutes=15,
    drills=("classifier",),
    leaves=("model",),
    judge=judge,
    mutants=8,
    wrong=(
        Wrong(
            "one-epoch-of-small-steps",
            patch=(("range(4)", "range(1)"), ("max_lr=1e-2", "max_lr=1e-4")),
            told="too-few-right",
        ),
        Wrong("never-stepped", patch=("        optimizer.step()\n", ""), told="unmoved"),
        Wrong(
            "never-cleared", patch=(("        optimizer.zero_grad()\n", ""), ("range(4)", "range(1)")), told="uncleared"
        ),
        Wrong(
            "softmax-first",
            patch=(("self.training))", "self.training)).softmax(1)"), ("range(4)", "range(1)")),
            told="softmax-twice",
        ),
        Wrong("left-in-training", patch=(("model.eval()", "model"), ("range(4)", "range(1)")), told="training-mode"),
        Wrong("by-heart", text=BY_HEART, told="by-heart"),
        Wrong(
            "scaled-outside",
            patch=("model(learn_images[rows])", "model(255 * learn_images[rows])"),
            told="other-pixels",
        ),
        Wrong("shuffled-apart", patch=("learn_labels[rows]", "learn_labels[torch.randperm(100)]"), told="guessing"),
        Wrong(
            "judged-by-what-it-learned",
            patch=(
                (
                    "model = Classifier()",
                    "more = data.FashionMNIST(data.sample_folder(), train=False)\nlearn_images = torch.cat([learn_images, more.data.unsqueeze(1) / 255])\nlearn_labels = torch.cat([learn_labels, more.targets])\nmodel = Classifier()",
                ),
                ("randperm(6000)", "randperm(7000)"),
                ("total_steps=4 * 60", "total_steps=4 * 70"),
                ("range(4)", "range(1)"),
            ),
            told="trained-on",
        ),
        Wrong(
            "wide",
            patch=(
                ("model = Classifier()", "model = Classifier().double()"),
                ("model(learn_images[rows])", "model(learn_images[rows].double())"),
                ("range(4)", "range(1)"),
            ),
            told="error",
        ),
        Wrong(
            "one-score",
            patch=(
                ("7 * 7, 10)", "7 * 7, 1)"),
                (
                    "F.cross_entropy(model(learn_images[rows]), learn_labels[rows])",
                    "F.mse_loss(model(learn_images[rows])[:, 0], learn_labels[rows].float())",
                ),
                ("range(4)", "range(1)"),
            ),
            told="shapes",
        ),
    ),
    alternatives=(BY_KERNEL, IN_SEQUENCE, BY_HAND),
    hints=(
        "Which of the four recipes of section 7 was best, and from how many images did it learn, for how long?",
        "A little more of everything: all 6,000 images, some epochs more, a few more channels, and steps that grow and then shrink (`OneCycleLR`).",
        "`nn.Conv2d(1, 24, 4, stride=2, padding=1)`, then `nn.Conv2d(24, 48, 3, padding=1)` with `F.max_pool2d(x, 2)`, a `BatchNorm2d` after each, `Linear(48 * 49, 10)`; `Adam` with `OneCycleLR(optimizer, 1e-2, total_steps=...)`, four epochs of batches of 100.",
    ),
    explain="At least 85 % of images that your program has not learned from are right.",
)
