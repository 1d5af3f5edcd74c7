"""A classifier from an empty cell: 85 % of unseen images, small steps, a softmax too many, pixels prepared otherwise."""

from tutor.checking import Wrong, program
from tutor.lessons.unseen import BY_HAND, BY_KERNEL, IN_SEQUENCE, given, judged, observe

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
    given=given,
    observe=observe,
    judge=judged,
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
                    "F.cross_entropy(model(learn_images[rows]), learn_labels[rows], label_smoothing=0.1)",
                    "F.mse_loss(model(learn_images[rows])[:, 0], learn_labels[rows].float())",
                ),
                ("range(4)", "range(1)"),
            ),
            told="shapes",
        ),
    ),
    alternatives=(BY_KERNEL, IN_SEQUENCE, BY_HAND),
    equivalent_mutants={"print(f'epoch {rows + 1}: loss {loss.item():.3f}')": "what is printed is not judged"},
    mutants=8,
    hints=(
        "Which of the four recipes of section 7 was best, and from how many images did it learn, for how long?",
        "Print the loss of every epoch, and how many of some images that were set aside are right. Does the loss still fall? Then more epochs. Is it near 0? Then a network that looks closer: more channels, pooling, dropout.",
        "Steps that grow and then shrink come further in few epochs: `schedule = optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1e-2, total_steps=...)`, and `schedule.step()` after every batch.",
        "`nn.Conv2d(1, 24, 4, stride=2, padding=1)`, then `nn.Conv2d(24, 48, 3, padding=1)` with `F.max_pool2d(x, 2)`, a `BatchNorm2d` after each, `Linear(48 * 49, 10)`; `Adam` with `OneCycleLR(optimizer, 1e-2, total_steps=...)`, four epochs of 60 batches of 100.",
    ),
)
