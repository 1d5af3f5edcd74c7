"""A classifier from an empty cell: it learns nothing, too little or by heart, or cannot be asked for scores."""

import functools

import torch

from tutor import data
from tutor.checking import Missed, Wrong, program, symptoms

WANTED = 0.85  # of the test images of the sample


@functools.cache
def test_images():
    """The 1,000 test images of the sample, (1000, 1, 28, 28) from 0 to 1, and their classes."""
    test = data.FashionMNIST(data.sample_folder(), train=False)
    return test.data.unsqueeze(1) / 255, test.targets


def no_model(run):
    """Whether what was left is no module."""
    if isinstance(run.left["model"], torch.nn.Module):
        return None
    kind = type(run.left["model"]).__name__
    return Missed(
        "no-module",
        f"`model` is of the type {kind}; an `nn.Module` is asked for.",
        "Which name has your network when the program ends?",
    )


def not_accurate(run):
    """Whether the scores have another shape, or too few of them are highest at the right class."""
    images, classes = test_images()
    with torch.no_grad():
        scores = torch.cat([run.left["model"](part) for part in images.split(250)])
    if scores.shape != (len(images), 10):
        return Missed(
            "shape",
            f"For {len(images)} images `model` returns the shape {tuple(scores.shape)}; ({len(images)}, 10) is asked for, a score for "
            "each class.",
            "What does the last layer of your network give for one image?",
        )
    right = (scores.argmax(dim=1) == classes).float().mean().item()
    if right >= WANTED:
        return None
    losses = (
        f" The loss of its last batch was {run.losses[-1]:.2f}, that of the first {run.losses[0]:.2f}."
        if run.losses
        else ""
    )
    return Missed(
        "accuracy",
        f"`model` is right on {100 * right:.1f} % of the images that it has not seen; {100 * WANTED:.0f} % are asked for.{losses}",
        "If the loss still falls, what would more epochs or larger steps do? If it is small already, what would give the network more to learn from?",
    )


def judge(run):
    """The first criterion that is missed, or None."""
    model = run.left["model"]
    return (
        no_model(run)
        or symptoms.diverged(run)
        or symptoms.untrained(run)
        or symptoms.uncleared(run)
        or symptoms.unmoved(run, dict(model.named_parameters()))
        or symptoms.trained_on(run, test_images()[0].flatten(1))
        or symptoms.softmax_twice(run)
        or symptoms.float64(run, dict(model.named_parameters()))
        or symptoms.left_training(model)
        or not_accurate(run)
    )


LEARNED_FROM_TEST = """
test = data.FashionMNIST(data.sample_folder(), train=False)
X_all = torch.cat([X_learn[:1000], test.data.unsqueeze(1) / 255])
y_all = torch.cat([y_learn[:1000], test.targets])
model = ConvNetwork()
optimizer = optim.Adam(model.parameters(), lr=3e-3)
for epoch in range(2):
    for rows in torch.randperm(len(X_all)).split(64):
        loss = F.cross_entropy(model(X_all[rows]), y_all[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
model.eval()
"""

PLAIN = """
model = nn.Sequential(
    nn.Conv2d(1, 16, 5, stride=2, padding=2), nn.BatchNorm2d(16), nn.ReLU(),
    nn.Conv2d(16, 32, 3, stride=2, padding=1), nn.BatchNorm2d(32), nn.ReLU(),
    nn.Flatten(), nn.Dropout(0.3), nn.Linear(32 * 7 * 7, 10),
)
loader = DataLoader(torch.utils.data.TensorDataset(X_learn, y_learn), batch_size=64, shuffle=True)
optimizer = optim.Adam(model.parameters(), lr=3e-3)
schedule = optim.lr_scheduler.CosineAnnealingLR(optimizer, 9)
for epoch in range(9):
    model.train()
    for X, y in loader:
        optimizer.zero_grad()
        nn.CrossEntropyLoss()(model(X), y).backward()
        optimizer.step()
    schedule.step()
model.eval()
"""

WITH_MOMENTUM = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = ConvNetwork()

    def forward(self, x):
        return self.body((x - 0.286) / 0.353)

net = Net()
steps = 9 * 94
optimizer = optim.SGD(net.parameters(), lr=0.05, momentum=0.9, weight_decay=5e-4)
schedule = optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.05, total_steps=steps)
step = 0
while step < steps:
    for rows in torch.randperm(len(X_learn)).split(64):
        X = X_learn[rows].flip(-1) if step % 2 else X_learn[rows]
        optimizer.zero_grad()
        F.cross_entropy(net(X), y_learn[rows], label_smoothing=0.1).backward()
        optimizer.step()
        schedule.step()
        step += 1
model = net.eval()
"""

WITH_BOTH_SIDES = """
X_both, y_both = torch.cat([X_learn, X_learn.flip(-1)]), y_learn.repeat(2)
model = ConvNetwork()
optimizer = optim.AdamW(model.parameters(), lr=4e-3, weight_decay=0.01)
for epoch in range(5):
    optimizer.param_groups[0]["lr"] = 4e-3 * 0.5**epoch
    for rows in torch.randperm(len(X_both)).split(64):
        loss = -F.log_softmax(model(X_both[rows]), dim=1)[torch.arange(len(rows)), y_both[rows]].mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
model.requires_grad_(False).eval()
"""

EXERCISE = program(
    difficulty="hard",
    minutes=15,
    drills=("program",),
    leaves=("model",),
    judge=judge,
    wrong=(
        Wrong("untrained", text="model = ConvNetwork().eval()"),
        Wrong("never-cleared", patch=("        optimizer.zero_grad()\n", ""), told="uncleared"),
        Wrong("no-step", patch=("        optimizer.step()\n", ""), told="unmoved"),
        Wrong("training-mode", patch=("model.eval()", "pass")),
        Wrong("softmax-twice", patch=("cross_entropy(model(X)", "cross_entropy(model(X).softmax(dim=1)")),
        Wrong("one-epoch", patch=("range(8)", "range(1)"), told="accuracy"),
        Wrong("first-recipe", patch=("optim.Adam(", "optim.SGD("), told="accuracy"),
        Wrong("learned-from-test", text=LEARNED_FROM_TEST, told="trained-on"),
        Wrong("numbers-left", patch=("model.eval()", "model = model.state_dict()"), told="no-module"),
    ),
    alternatives=(PLAIN, WITH_MOMENTUM, WITH_BOTH_SIDES),
    hints=(
        "Which of the four recipes of section 7 was best, and what would make it better still: more epochs, smaller steps at the end, more images?",
        "`ConvNetwork`, Adam, and the loop of the last notebook over `torch.randperm(len(X_learn)).split(64)` for several epochs, with half of each batch mirrored.",
        "`loss = F.cross_entropy(model(X), y_learn[rows])`, then clear, backward, step; at the end `model.eval()`.",
    ),
    explain="Loaded, trained, and right on images that it has never seen: that is the whole craft, and you have written it from an empty cell.",
)
