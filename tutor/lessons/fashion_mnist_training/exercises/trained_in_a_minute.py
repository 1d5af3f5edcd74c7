"""A training and its measurement from an empty cell: flattered, in the wrong mode, too early, in percent, of too few images."""

import textwrap

from tutor.checking import Wrong, program
from tutor.lessons.unseen import given

from ..honest import judge, observe, watch

MEASURED = """model.eval()
with torch.no_grad():
    right = (model(learn_images[held]).argmax(dim=1) == learn_labels[held]).sum().item()
accuracy = right / len(held)
"""
SOONER = ("epochs = 8", "epochs = 1")
EPOCH = "for epoch in range(epochs):\n"

KERNEL = """
held, rest = torch.randperm(6000).split([600, 5400])
known, labels = learn_images[rest].sqrt().flatten(1), learn_labels[rest]


def likeness(x):
    return sum(torch.exp(-0.009 * torch.cdist(way.sqrt().flatten(1), known) ** 2) for way in (x, x.flip(3)))


weights = torch.linalg.solve(likeness(learn_images[rest]) + 0.06 * torch.eye(len(known)), torch.eye(10)[labels])


def model(x):
    return likeness(x) @ weights


found = torch.cat([model(part).argmax(1) for part in learn_images[held].split(100)])
accuracy = 1 - (found != learn_labels[held]).float().mean().item()
"""
IN_FUNCTIONS = """
from torch.utils.data import DataLoader, TensorDataset, random_split


def share_right(network, loader):
    counts = [(len(y), int((network(x).max(1).indices == y).sum())) for x, y in loader]
    return sum(right for _, right in counts) / sum(count for count, _ in counts)


class Garments(nn.Module):
    def __init__(self):
        super().__init__()
        sizes = [(1, 24, 4, 2), (24, 48, 3, 1), (48, 96, 3, 1)]
        self.convolutions = nn.ModuleList(nn.Conv2d(a, b, size, stride, padding=1) for a, b, size, stride in sizes)
        self.norms = nn.ModuleList(nn.BatchNorm2d(one.out_channels) for one in self.convolutions)
        self.out = nn.Linear(864, 10)

    def scores(self, x):
        for number, (convolution, norm) in enumerate(zip(self.convolutions, self.norms)):
            x = norm(convolution(x)).relu()
            x = nn.functional.max_pool2d(x, 2) if number else x
        return self.out(x.flatten(1))

    def forward(self, x):
        if self.training:
            return self.scores(torch.where(torch.rand(len(x), 1, 1, 1) < 0.5, x.flip(-1), x))
        return self.scores(x) / 2 + self.scores(x.flip(-1)) / 2


def main():
    to_learn, to_measure = random_split(TensorDataset(learn_images, learn_labels), [5300, 700])
    network, loader = Garments(), DataLoader(to_learn, batch_size=100, shuffle=True)
    optimizer = torch.optim.Adam(network.parameters())
    rates = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1e-2, total_steps=7 * 53)
    optimizer.register_step_post_hook(lambda *_: rates.step())
    for epoch in range(7):
        train_epoch(network, nn.CrossEntropyLoss(label_smoothing=0.1), optimizer, loader)
    network.eval().requires_grad_(False)
    return network, to_measure.indices, share_right(network, DataLoader(to_measure, batch_size=100))


model, held, accuracy = main()
"""
BY_HAND = """
mask = torch.rand(6000) < 0.15
held = mask.nonzero()[:, 0]
images, labels = learn_images[~mask], learn_labels[~mask]
inputs = {(24, 1, 4, 4): 16, (48, 24, 3, 3): 24 * 9, (48 * 49, 10): 48 * 49, (10,): 1000}
weights = [(torch.randn(shape) * (2 / count) ** 0.5).requires_grad_() for shape, count in inputs.items()]
means = [w.detach().clone() for w in weights]


def scores(x, w1, w2, w3, b):
    x = torch.conv2d(2 * x - 0.6, w1, stride=2, padding=1).relu()
    x = torch.max_pool2d(torch.conv2d(x, w2, padding=1).relu(), 2)
    return x.flatten(1) @ w3 + b


first, second = ([torch.zeros_like(w) for w in weights] for _ in range(2))
for step in range(1, 801):
    rows = torch.randint(len(images), (50,))
    logits = scores(images[rows].flip(3) if step % 2 else images[rows], *weights)
    loss = (logits.logsumexp(1) - logits[torch.arange(50), labels[rows]]).mean()
    rate = 3e-3 * min(step / 60, (801 - step) / 740)
    with torch.no_grad():
        for w, g, m, v, mean in zip(weights, torch.autograd.grad(loss, weights), first, second, means):
            m.lerp_(g, 0.1)
            v.lerp_(g * g, 0.01)
            w -= rate * m / (1 - 0.9**step) / ((v / (1 - 0.99**step)) ** 0.5 + 1e-8)
            mean.lerp_(w, 0.02)


def model(x):
    return scores(x, *means) + scores(x.flip(3), *means)


accuracy = float((model(learn_images[held]).argmax(1) == learn_labels[held]).double().mean())
"""

EXERCISE = program(
    difficulty="hard",
    minutes=30,
    drills=("validation", "loops"),
    leaves=("model", "held", "accuracy"),
    watch=watch,
    given=given,
    observe=observe,
    judge=judge,
    wrong=(
        Wrong("one-epoch-of-small-steps", patch=(SOONER, ("max_lr=1e-2", "max_lr=1e-4")), told="too-few-right"),
        Wrong("never-stepped", patch=(SOONER, ("        optimizer.step()\n", "")), told="unmoved"),
        Wrong("never-cleared", patch=(SOONER, ("        optimizer.zero_grad()\n", "")), told="uncleared"),
        Wrong("left-in-training", patch=(SOONER, ("model.eval()\n", "")), told="training-mode"),
        Wrong(
            "eval-too-late",
            patch=(SOONER, ("Dropout(0.2)", "Dropout(0.7)"), (MEASURED, f"{MEASURED[13:]}model.eval()\n")),
            told="measured-in-training",
        ),
        Wrong(
            "measured-before-the-last-epoch",
            patch=(
                (MEASURED, "model.eval()\n"),
                ("epochs = 8", "epochs = 2"),
                (EPOCH, f"{EPOCH}{textwrap.indent(MEASURED, '    ')}    model.train()\n"),
            ),
            told="too-early",
        ),
        Wrong("measured-on-the-learned", text=KERNEL.replace("[held]", "[rest[:1000]]"), told="flattered"),
        Wrong(
            "held-back-too-late",
            text=KERNEL.replace("images[rest]", "images").replace("labels[rest]", "labels"),
            told="flattered",
        ),
        Wrong(
            "held-images-learned",
            patch=(
                SOONER,
                ("rest[torch.randperm(5400)]", "torch.randperm(6000)"),
                ("epochs * 54", "epochs * 60"),
                ("mirrored(learn_images[rows])", "learn_images[rows]"),
            ),
            told="trained-on",
        ),
        Wrong(
            "test-images-learned",
            patch=(
                SOONER,
                (
                    "loss_fn = ",
                    "more = data.FashionMNIST(data.sample_folder(), train=False)\nlearn_images = torch.cat([learn_images, more.data.unsqueeze(1) / 255])\nlearn_labels = torch.cat([learn_labels, more.targets])\nrest = torch.cat([rest, torch.arange(6000, 7000)])\nloss_fn = ",
                ),
                ("torch.randperm(5400)", "torch.randperm(6400)"),
                ("epochs * 54", "epochs * 64"),
                ("mirrored(learn_images[rows])", "learn_images[rows]"),
            ),
            told="trained-on",
        ),
        Wrong(
            "test-images-looked-at",
            patch=(
                SOONER,
                (
                    "accuracy = right",
                    'unseen = data.FashionMNIST(data.sample_folder(), train=False)\nprint(f"{(model(unseen.data[:, None] / 255).argmax(1) == unseen.targets).float().mean()}")\naccuracy = right',
                ),
            ),
            told="test-set",
        ),
        Wrong("percent", patch=(SOONER, ("accuracy = right", "accuracy = 100 * right")), told="percent"),
        Wrong("still-a-tensor", patch=(SOONER, (".sum().item()", ".sum()")), told="no-number"),
        Wrong("few-held-back", patch=(SOONER, ("[600, 5400]", "[100, 5900]")), told="too-few-held"),
        Wrong(
            "prepared-outside",
            patch=(
                SOONER,
                ("mirrored(learn_images[rows])", "mirrored((learn_images[rows] - 0.286) / 0.353)"),
                ("model(learn_images[held])", "model((learn_images[held] - 0.286) / 0.353)"),
            ),
            told="other-pixels",
        ),
    ),
    alternatives=(KERNEL, IN_FUNCTIONS, BY_HAND),
    equivalent_mutants={
        "print(f'{accuracy:.1f} % of the {len(held)} images that were held back')": "what is printed is not judged"
    },
    mutants=6,
    seeds=3,
    hints=(
        "Which images may your program measure on, so that the measurement holds for others? Set those aside in its first line.",
        "First a program that measures honestly, with `models.fashion_cnn()` and few epochs. Then a better one: by the loss of every epoch and the accuracy on images of yours, not by the judge's.",
        "What helps with few images: batch normalisation and dropout, a rate that grows and then falls (`torch.optim.lr_scheduler.OneCycleLR`, a step after each batch), label smoothing, and images that are mirrored, anew each time; then ask twice, as in section 8.",
        "`held, rest = torch.randperm(6000).split([600, 5400])`; after the last epoch `model.eval()`, and `accuracy = (model(learn_images[held]).argmax(dim=1) == learn_labels[held]).sum().item() / 600` under `torch.no_grad()`",
    ),
)
