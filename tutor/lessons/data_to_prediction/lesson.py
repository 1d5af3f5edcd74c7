# %% [markdown] name="opening"
# # FashionMNIST from data to prediction
#
# Everything comes together here: photographs are loaded in batches, a network is trained and tested, saved to a file, loaded
# again, and asked about one image.
#
# **You will be able to**
#
# - write a `Dataset`, and take batches from a `DataLoader`;
# - write the train function and the test function that you find in every project;
# - improve a training by the three changes that matter most, and measure them honestly;
# - save a model, load it, and predict.
#
# **You need** the two notebooks before this one. **It takes** about 65 minutes to read and answer; the code runs in
# less than half a minute with the sample of the data, and in about two minutes with all of it.

# %% name="imports"
import tempfile
from pathlib import Path

import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim
from torch.utils.data import DataLoader, Dataset, Subset, random_split

from tutor import check, data, exercise, hint, lend, plots, progress, solution

# %% [markdown] name="dataset-told"
# ## 1. A dataset
#
# FashionMNIST has 60,000 photographs to learn from and 10,000 to be tested on. `data.FashionMNIST` has the interface of
# `torchvision.datasets.FashionMNIST`. Where the files are not on your machine it takes a sample of 7,000 images that comes
# with this course, and says so (`tutor data` in a terminal fetches the rest). `transform` is what becomes of an image as it is
# taken out: `ToTensor` makes floats from 0 to 1 of the bytes, with the **channel** in front.

# %% tags=["item:dataset", "item:transforms"] name="load"
training_data = data.FashionMNIST(train=True, transform=data.ToTensor())
test_data = data.FashionMNIST(train=False, transform=data.ToTensor())
print(training_data)
image, label = training_data[0]
print("image", tuple(image.shape), image.dtype, f"from {image.min():.0f} to {image.max():.0f}")
print("label", label, training_data.classes[label])

# %% tags=["item:dataset", "figure"] name="nine"
torch.manual_seed(0)
nine = [training_data[k] for k in torch.randint(len(training_data), (9,))]
pixels = torch.stack([image.squeeze() for image, label in nine])  # (9, 28, 28)
names = [training_data.classes[label] for image, label in nine]
plots.images(pixels, names, columns=3, title="Nine training images and their classes")

# %% [markdown] name="ask-dataset"
# (Drawn as ink on paper: 0 is white here.) Look at your data before you train on them; no loss tells that a picture lies on
# its side.
#
# To PyTorch a dataset is anything that says how many examples it has, and what number `index` is. Write one over images and labels
# that are in memory; over files it would be the same, with the file opened in `__getitem__`.


# %% tags=["item:dataset"]
@exercise("data_to_prediction.ImageDataset")
class ImageDataset(Dataset):
    """Pairs (image, label), each transformed when it is taken out, if a transform is given.

    images, labels : of the same length, indexed by a number: tensors, or lists
    transform, target_transform : called with the image, or the label, each time; None leaves it as it is
    """

    def __init__(self, images, labels, transform=None, target_transform=None):
        ### BEGIN SOLUTION
        self.images = images
        self.labels = labels
        self.transform = transform
        self.target_transform = target_transform
        ### END SOLUTION

    def __len__(self):
        """Return how many pairs there are."""
        ### BEGIN SOLUTION
        return len(self.labels)
        ### END SOLUTION

    def __getitem__(self, index):
        """Return the image and the label at an index."""
        ### BEGIN SOLUTION
        image, label = self.images[index], self.labels[index]
        if self.transform is not None:
            image = self.transform(image)
        if self.target_transform is not None:
            label = self.target_transform(label)
        return image, label
        ### END SOLUTION


# %% [markdown] name="transforms-told"
# Transforms are plain functions. `Compose` chains them; `Normalize` subtracts a mean and divides by a spread; `Lambda` takes any function.
# Here it makes a **one-hot** row of a label: ten zeros, and `scatter_` writes a 1 at the label's place.

# %% tags=["item:transforms", "nbval-check-output"] name="transforms"
few = data.FashionMNIST(data.sample_folder(), train=True)  # the sample: the same images on every machine
one_hot = data.Lambda(lambda label: torch.zeros(10).scatter_(0, label, value=1))
centred = data.Compose([lambda image: image[None] / 255, data.Normalize((0.5,), (0.5,))])
pairs = ImageDataset(few.data, few.targets, transform=centred, target_transform=one_hot)
image, row = pairs[0]
print(len(pairs), "pairs; image", tuple(image.shape), f"from {image.min():.0f} to {image.max():.0f}")
print("label", few.targets[0].item(), "as a row", row.tolist())

# %% [markdown] name="loader-told"
# ## 2. Batches
#
# A `DataLoader` does what your loop in the last notebook did with `randperm` and `split`: it shuffles, cuts, and stacks
# images into a batch. First we put some training images aside. This **validation split** is what we judge by while we
# try things. The test images have to wait: whoever chooses by them is flattered by them.
#
# The network computes on a graphics card where there is one. Model and batches have to be on the same **device**:
# `collate_fn` is what stacks the pairs, so that is where we move them. (Most projects write
# `X, y = X.to(device), y.to(device)` as the first line of the loop instead; with `num_workers` it belongs there.)

# %% tags=["item:loader"] name="device"
device = torch.device("cuda" if torch.cuda.is_available() else "cpu")


def on_device(pairs):
    """Stack some pairs (image, label) to a batch, on the device."""
    images, labels = zip(*pairs)
    return torch.stack(images).to(device), torch.tensor(labels).to(device)


# %% tags=["item:loader", "nbval-check-output"] name="loaders"
kept = len(training_data) // 12
train_part, validation = random_split(
    training_data, [len(training_data) - kept, kept], generator=torch.Generator().manual_seed(0)
)
train_dataloader = DataLoader(train_part, batch_size=64, shuffle=True, collate_fn=on_device)
validation_dataloader = DataLoader(validation, batch_size=1000, collate_fn=on_device)
X, y = next(iter(train_dataloader))
print("a batch: X", tuple(X.shape), X.dtype, " y", tuple(y.shape), y.dtype)

# %% [markdown] name="network-told"
# ## 3. The network
#
# The 784-512-512-10 network of the last notebook, written a little differently.


# %% tags=["item:first-recipe"] name="network"
class Network(nn.Module):
    """Images (N, 1, 28, 28) -> logits (N, 10)."""

    def __init__(self):
        super().__init__()
        self.hidden1 = nn.Linear(28 * 28, 512)
        self.hidden2 = nn.Linear(512, 512)
        self.out = nn.Linear(512, 10)

    def forward(self, x):
        x = torch.flatten(x, start_dim=1)  # (N, 784)
        x = F.relu(self.hidden1(x))
        x = F.relu(self.hidden2(x))
        return self.out(x)


# %% tags=["item:first-recipe"] name="printed"
model = Network().to(device)
print(model)

# %% [markdown] name="ask-train"
# ## 4. Train
#
# The function below is one epoch. You know its lines; two are new. `model.train()` switches on what only training wants
# (some layers behave differently when they are tested). And every 100 batches it prints how it is doing, so that you
# need not wait for the end:
#
# ```
# loss: 2.303  [   64/60000]
# ```
#
# That is the loss of the batch, the images seen so far, this batch included, and all there are,
# `len(dataloader.dataset)`: here fewer, because some are put aside.


# %% tags=["item:train"]
@exercise("data_to_prediction.train")
def train(dataloader, model, loss_fn, optimizer):
    """Train the model for one epoch, in training mode, and print a line at batch 0, 100, 200, ...

    dataloader : yields pairs X, y on the model's device
    model : called as model(X); may be in evaluation mode    loss_fn : called as loss_fn(y_pred, y)
    optimizer : has zero_grad() and step()
    The line tells as f"loss: {loss:.3f}  [{seen:5d}/{size:5d}]" does; what is returned does not count.
    """
    ### BEGIN SOLUTION
    size, seen = len(dataloader.dataset), 0
    model.train()
    for batch, (X, y) in enumerate(dataloader):
        loss = loss_fn(model(X), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        seen += len(X)
        if batch % 100 == 0:
            print(f"loss: {loss.item():.3f}  [{seen:5d}/{size:5d}]")
    ### END SOLUTION


# %% [markdown] name="ask-test"
# ## 5. Test
#
# Testing is a loop of its own: `model.eval()` switches off what `model.train()` switched on, nothing is recorded
# (`torch.no_grad()`), and no step is taken. **Accuracy** is the part of the images whose highest logit is at the right
# class. Count the images that come and divide once, at the end: the last batch may be smaller, and a loader may leave
# images of its dataset out (`drop_last=True` or a sampler does).


# %% tags=["item:test"]
@exercise("data_to_prediction.test")
def test(dataloader, model, loss_fn):
    """Return accuracy (a part, 0 to 1) and mean loss over the images that come, in evaluation mode, without gradients.

    dataloader : yields pairs X, y    model : called as model(X); may be in training mode
    loss_fn : called as loss_fn(y_pred, y), returns the mean over a batch
    """
    ### BEGIN SOLUTION
    right, total, count = 0, 0.0, 0
    model.eval()
    with torch.no_grad():
        for X, y in dataloader:
            y_pred = model(X)
            right += (y_pred.argmax(dim=1) == y).sum().item()
            total += loss_fn(y_pred, y).item() * len(X)
            count += len(X)
    return right / count, total / count
    ### END SOLUTION


# %% [markdown] name="first-told"
# ## 6. Five epochs, as everybody knows them
#
# Cross-entropy, SGD with a learning rate of $10^{-3}$, batches of 64, five epochs, and a look at the validation images after each:

# %% tags=["item:first-recipe"] name="first-recipe"
torch.manual_seed(0)
model = Network().to(device)
loss_fn = nn.CrossEntropyLoss()
optimizer = optim.SGD(model.parameters(), lr=1e-3)
for epoch in range(5):
    print(f"Epoch {epoch + 1}\n-------------------------------")
    train(train_dataloader, model, loss_fn, optimizer)
    accuracy, average_loss = test(validation_dataloader, model, loss_fn)
    print(f"Validation: accuracy {100 * accuracy:.1f} %, average loss {average_loss:.3f}\n")
first = accuracy

# %% [markdown] name="changes-told"
# Read the losses: they are still falling. The recipe is not wrong, it is *slow*. It walks in very small steps, and stops early.
#
# ## 7. Three changes
#
# We make one change after the other, and judge each by the validation images. So that this takes seconds, all four
# recipes learn from 5,000 images only, for five epochs; what counts are the differences. (With the sample only 500
# images judge: a difference of one or two percent may be luck. Notebook 11 measures that.)
#
# 1. **Larger steps**: a learning rate of $10^{-1}$, a hundred times as large.
# 2. **Adam**, an optimiser that measures for each weight how large its gradients usually are, and chooses the step for
#    it. Its learning rate means something else, so it goes back to $10^{-3}$, the usual one for Adam.
# 3. **Convolutions**: layers that look at a small window, the same weights at every place. A pixel's neighbours matter,
#    and a sleeve is a sleeve wherever it is. With them comes `BatchNorm2d`, which keeps the numbers at a modest size.


# %% tags=["item:three-changes"] name="conv-network"
class ConvNetwork(nn.Module):
    """Images (N, 1, 28, 28) -> logits (N, 10), by two convolutions."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, kernel_size=5, stride=2, padding=2)  # -> (N, 16, 14, 14)
        self.conv2 = nn.Conv2d(16, 32, kernel_size=3, stride=2, padding=1)  # -> (N, 32, 7, 7)
        self.norm1, self.norm2 = nn.BatchNorm2d(16), nn.BatchNorm2d(32)  # keep the numbers at a modest size
        self.out = nn.Linear(32 * 7 * 7, 10)

    def forward(self, x):
        x = F.relu(self.norm1(self.conv1(x)))
        x = F.relu(self.norm2(self.conv2(x)))
        return self.out(torch.flatten(x, start_dim=1))


# %% tags=["item:three-changes"] name="four-recipes"
import contextlib
import io


def try_recipe(network, make_optimizer):
    """Train a new network on 5,000 images for five epochs, and return its accuracy on the validation images."""
    torch.manual_seed(0)
    model = network().to(device)
    optimizer = make_optimizer(model.parameters())
    few_pairs = Subset(train_part, range(5000))
    loader = DataLoader(few_pairs, batch_size=64, shuffle=True, collate_fn=on_device)
    for epoch in range(5):
        with contextlib.redirect_stdout(io.StringIO()):  # without the lines
            train(loader, model, loss_fn, optimizer)
    return 100 * test(validation_dataloader, model, loss_fn)[0]


recipes = {
    "SGD 1e-3": (Network, lambda weights: optim.SGD(weights, lr=1e-3)),
    "SGD 1e-1": (Network, lambda weights: optim.SGD(weights, lr=1e-1)),
    "Adam 1e-3": (Network, lambda weights: optim.Adam(weights, lr=1e-3)),
    "Adam, convolutions": (ConvNetwork, lambda weights: optim.Adam(weights, lr=1e-3)),
}
results = {name: try_recipe(*recipe) for name, recipe in recipes.items()}
for name, accuracy in results.items():
    print(f"{name:20} {accuracy:.1f} %")

# %% tags=["item:three-changes", "figure"] name="changes-drawn"
plots.bars(
    list(results), {"right, %": list(results.values())}, title="Right on the validation images, after each change"
)

# %% [markdown] name="final-told"
# The best by the validation images is what we train in earnest, on all images that we have to learn from. Then the test images are looked at,
# **once**.

# %% tags=["item:three-changes"] name="final"
torch.manual_seed(0)
best = max(results, key=results.get)
best_network, make_optimizer = recipes[best]
model = best_network().to(device)
optimizer = make_optimizer(model.parameters())
print("The best on the validation images:", best)
for epoch in range(2 if len(train_part) > 10000 else 6):
    train(train_dataloader, model, loss_fn, optimizer)
accuracy, average_loss = test(DataLoader(test_data, batch_size=1000, collate_fn=on_device), model, loss_fn)
print(f"On test images: {100 * accuracy:.1f} %; the first recipe had {100 * first:.1f} % on the validation images")
assert accuracy > first + 0.05

# %% [markdown] name="ask-save"
# ## 8. Save and load
#
# What is worth keeping of a model is its numbers. `model.state_dict()` is a dict of them, name by name, and
# `torch.save` writes it to a file. To load, build a model of the same class and give it the numbers: `load_state_dict`.
# `weights_only=True` lets in only what cannot run: tensors, numbers, strings and containers of them. (From PyTorch 2.6
# on it is the default.) With `weights_only=False`, loading a stranger's file could run a stranger's code.


# %% tags=["item:save-load"]
@exercise("data_to_prediction.save_and_load")
def save_and_load(model, fresh, path):
    """Save the numbers of a model to a file; load them from it into a fresh model; return that, in evaluation mode.

    model, fresh : two models of the same class    path : where the file is written
    The file holds the state_dict alone, and is loaded with weights_only=True.
    """
    ### BEGIN SOLUTION
    torch.save(model.state_dict(), path)
    fresh.load_state_dict(torch.load(path, weights_only=True))
    fresh.eval()
    return fresh
    ### END SOLUTION


# %% tags=["item:save-load"] name="saved"
path = Path(tempfile.mkdtemp()) / "model.pth"
loaded = save_and_load(model, best_network().to(device), path)
X, y = next(iter(DataLoader(test_data, batch_size=1000, collate_fn=on_device)))
with torch.no_grad():
    difference = (loaded(X) - model.eval()(X)).abs().max()
print(f"{path.name}, {path.stat().st_size:,} bytes; the largest difference of a logit is {difference.item()}")

# %% [markdown] name="ask-predict"
# ## 9. Predict
#
# A model takes *batches*. One image of shape (1, 28, 28) is made a batch of one by `image.unsqueeze(0)`. The answer is the class with the highest
# logit, and softmax says how sure the model is.


# %% tags=["item:predict"]
@exercise("data_to_prediction.predict")
def predict(model, image, classes):
    """Return the name of the class that the model predicts for one image, and its probability as a Python number.

    model : called with a batch (N, 1, H, W), returns logits (N, C); may be in training mode, predicts in evaluation mode
    image : (1, H, W)    classes : the C names
    """
    ### BEGIN SOLUTION
    model.eval()
    with torch.no_grad():
        logits = model(image.unsqueeze(0))  # (1, C)
    probability, number = F.softmax(logits, dim=1)[0].max(dim=0)
    return classes[number], probability.item()
    ### END SOLUTION


# %% tags=["item:predict", "figure"] name="predicted"
shown = [test_data[k] for k in range(6)]
told = [predict(loaded, image.to(device), test_data.classes) for image, label in shown]
names = [test_data.classes[label] for image, label in shown]
captions = [f"{name}, {100 * p:.0f} %" + ("" if name == t else f"\nis: {t}") for (name, p), t in zip(told, names)]
plots.images(
    torch.stack([image.squeeze() for image, label in shown]),
    captions,
    right=[name == t for (name, p), t in zip(told, names)],
    title="Test images and what the loaded model says",
)

# %% [markdown] name="ask-classifier"
# ## 10. Your own, from an empty cell
#
# Write a program that trains a classifier to **85 %** on images that it has not learned from. Nothing of it stands there; it may use
# all that you have run above, and be anything that you like. `ConvNetwork` is a good start, but five epochs of it are not enough, and
# the network of section 3 does not get there. If the loss on what you learn from is near 0 and other images get no better, it has learned by heart:
# then more epochs do not help. More channels do, a picture that is halved by `F.max_pool2d(x, 2)` instead of `stride=2`, or
# `nn.Dropout`, which sets some numbers to 0 while it learns.
#
# To learn from there are 6,000 images: `learn_images`, shape (6000, 1, 28, 28), from 0 to 1, and `learn_labels`. Leave `model`
# behind, in float32 and in evaluation mode: it is called with a batch (N, 1, 28, 28), from 0 to 1, and returns a score for each class, (N, 10). What counts:
# at least 85 % of 1,000 other images of the sample. If you compare recipes, set some of the 6,000 aside and choose by those; every
# attempt that is judged here is a look at the same 1,000. The limit is a minute; ours takes about a quarter of that.

# %% tags=["reference"] name="images-to-learn-from"
from tutor import program

sample = data.FashionMNIST(data.sample_folder(), train=True)
learn_images, learn_labels = sample.data.float().unsqueeze(1) / 255, sample.targets

# %% tags=["item:classifier"]
program("data_to_prediction.classifier")


### BEGIN SOLUTION
class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 24, kernel_size=4, stride=2, padding=1)  # -> (N, 24, 14, 14)
        self.conv2 = nn.Conv2d(24, 48, kernel_size=3, padding=1)  # -> (N, 48, 14, 14)
        self.norm1, self.norm2 = nn.BatchNorm2d(24), nn.BatchNorm2d(48)
        self.out = nn.Linear(48 * 7 * 7, 10)

    def forward(self, x):
        x = F.relu(self.norm1(self.conv1(x)))
        x = F.max_pool2d(F.relu(self.norm2(self.conv2(x))), 2)  # -> (N, 48, 7, 7)
        return self.out(F.dropout(x.flatten(1), 0.2, self.training))


model = Classifier()
optimizer = optim.Adam(model.parameters())
schedule = optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1e-2, total_steps=4 * 60)
for epoch in range(4):
    for rows in torch.randperm(6000).split(100):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(learn_images[rows]), learn_labels[rows], label_smoothing=0.1)  # never quite sure
        loss.backward()
        optimizer.step()
        schedule.step()
    print(f"epoch {epoch + 1}: loss {loss.item():.3f}")
model.eval()
### END SOLUTION

# %% [markdown] name="recap"
# ## Recap
#
# | you want | you type |
# |---|---|
# | batches | `DataLoader(dataset, batch_size=64, shuffle=True)` |
# | to train | `model.train()`, then per batch: loss, `zero_grad`, `backward`, `step` |
# | to test | `model.eval()`, `with torch.no_grad():` |
# | to choose | a validation split; the test set once, at the end |
# | to save | `torch.save(model.state_dict(), path)` |
# | to load | `model.load_state_dict(torch.load(path, weights_only=True))` |
# | to predict | `model(image.unsqueeze(0))` |
#
# ## Self-check
#
# <!-- drills: transforms -->
# <details><summary>1. What does <code>ToTensor</code> do to a grey photograph of 28 x 28 bytes, and what <code>Normalize((0.5,), (0.5,))</code> after it?</summary>
#
# It gives floats from 0 to 1 of shape (1, 28, 28). `Normalize` subtracts 0.5 and divides by 0.5: from -1 to 1.
# </details>
#
# <!-- drills: loader -->
# <details><summary>2. 5,000 images in batches of 64: how many batches has an epoch, and how large is the last one?</summary>
#
# 79: 78 batches of 64 are 4,992 images, and 8 are left for the last.
# </details>
#
# <!-- drills: first-recipe, three-changes -->
# <details><summary>3. Why were the four recipes compared on validation images and not on the test images?</summary>
#
# We chose by the comparison. The winner of a choice looks better on the images that chose it than it is; only images that took no part
# can tell. The first recipe lost by its small steps, not because anything in it is wrong.
# </details>
#
# ## Where to read on
#
# You have seen the whole way. What each part does inside is the subject of the long series: it begins with notebook 00. Notebook 11
# improves this classifier step by step, and tells luck from progress; notebook 12 makes it faster and takes it out of Python.
