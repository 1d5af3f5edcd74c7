# %% [markdown] name="opening"
# # Feeding a network: datasets, transforms, loaders
#
# Until now the data were there: two tensors, made by a formula. From here on they are photographs in files. Somebody
# has to find them, open them, turn them into tensors, mix them, and hand them over in batches, fast enough that the
# network never waits. PyTorch has a small vocabulary for this, and every word of it is an object that you can write.
#
# **You will be able to**
#
# - load FashionMNIST, and know that what you loaded is what its authors published;
# - write a dataset over your own folder of images and a table of labels;
# - write the transforms that everybody uses, for one image and for a whole batch;
# - batch and shuffle by hand and with `DataLoader`, and say what workers are good for;
# - measure what loading costs, and choose the cheap way where it is possible.
#
# **You need** notebook 02 (shapes, views, indexing), and the training loop of notebook 08. **It takes** about 30
# minutes for the core, 125 with everything; the code runs in less than 20 seconds on a laptop.

# %% name="imports"
import csv
import gzip
import math
import pickle
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset, Subset, TensorDataset

from tutor import check, data, exercise, expect, hint, lend, plots, progress, solution

# %% [markdown] name="load"
# ## 1. FashionMNIST
#
# *Core*
#
# It has 60,000 grey photographs to learn from and 10,000 to be tested on, 28 x 28 pixels each, ten kinds of clothes.
# `data.FashionMNIST` looks for the files on your machine. If it does not find them, it takes a sample of 7,000 images that
# comes with this course, and says so; `tutor data` in a terminal fetches the rest. In brackets behind the location stands
# which of these places it was: a folder of yours, the operating system's package, the cache of an earlier download, or the
# sample.

# %% tags=["item:load"] name="find-it"
train = data.FashionMNIST(train=True)
print(train)
for name, tensor in {"data": train.data, "targets": train.targets}.items():
    lowest, highest = tensor.min().item(), tensor.max().item()
    print(f"{name:8}", tuple(tensor.shape), tensor.dtype, "from", lowest, "to", highest)

# %% [markdown] name="verified"
# ### Is it the right data?
#
# *Deeper ground: a damaged file, noticed.*
#
# A file can be cut short on its way, or be another one of the same name. A network trains on damaged data without a
# word; it only gets worse. So every file is **verified**: its SHA-256, a fingerprint of all its bytes, has to be the
# published one. Try it: here one single label of 6,000 is changed.

# %% tags=["item:load"] name="damaged-copy"
place = tempfile.TemporaryDirectory()
damaged = Path(place.name) / "damaged"
shutil.copytree(data.sample_folder(), damaged)
packed = damaged / "train-labels-idx1-ubyte.gz"
content = bytearray(gzip.decompress(packed.read_bytes()))
content[-1] = (content[-1] + 1) % 10
packed.write_bytes(gzip.compress(bytes(content)))
with expect(data.DataError):
    data.FashionMNIST(damaged)

# %% [markdown] name="look-first"
# ### Look at them
#
# *Core*
#
# Verified does not mean that you understand them. **Look at your data before you train on them**: no number shows a
# picture that lies on its side. From here on we use the sample, the same on every machine. (Figures are drawn in reverse, as
# ink on paper: 0, which is black in the photograph, is white there.)

# %% tags=["item:show"] name="take-the-sample"
few = data.FashionMNIST(data.sample_folder(), train=True)
few_test = data.FashionMNIST(data.sample_folder(), train=False)

# %% tags=["item:show", "figure"] name="nine-images"
torch.manual_seed(0)
nine = torch.randperm(len(few))[:9]
names = [few.classes[label] for label in few.targets[nine]]
plots.images(few.data[nine], names, columns=3, title="Nine training images and their classes")

# %% tags=["item:show", "nbval-check-output"] name="class-names"
for name, number in few.class_to_idx.items():
    print(number, f"{name:12}", "in the sample:", (few.targets == number).sum().item())

# %% [markdown] name="dataset"
# ## 2. A dataset is two methods
#
# *Core*
#
# What does PyTorch want from a dataset? How many examples there are, and what example number `i` is: `__len__` and
# `__getitem__`. That is the whole contract. An example is what you like; here it is a picture and a number.

# %% tags=["item:dataset", "nbval-check-output"] name="one-example"
image, label = few[0]
print("examples:", len(few))
print("image:", image.mode, image.size, " label:", label, few.classes[label])

# %% [markdown] name="ask-to-tensor"
# The picture is an object of Pillow (PIL), the library that opens image files: mode `L` means grey, one byte a pixel.
# A network wants a float tensor, with a dimension for the **channels** in front (one for grey, three for colour), and
# numbers of a modest size:
#
# $$\underset{(1,\,H,\,W)}{x} = \frac{1}{255}\;\underset{(H,\,W)}{\text{pixels}}$$
#
# Why 255 and not the largest pixel of this picture? Because then a dark shirt and a white one would come out alike.
# `np.array(image)` gives you the pixels.


# %% tags=["item:to-tensor"]
@exercise("fashion_mnist_data.to_tensor")
def to_tensor(image):
    """Turn a grey PIL image into a float tensor.

    image : PIL image of mode "L", H pixels high and W wide; its pixels are bytes, 0 to 255
    Returns a float32 tensor of shape (1, H, W), from 0 (black) to 1 (a pixel of 255).
    """
    ### BEGIN SOLUTION
    pixels = np.array(image)  # (H, W), uint8
    return torch.from_numpy(pixels).float().unsqueeze(0) / 255
    ### END SOLUTION


# %% tags=["item:to-tensor", "nbval-check-output"] name="as-tensor"
x = to_tensor(image)
print(tuple(x.shape), x.dtype, f"from {x.min():.2f} to {x.max():.2f}, mean {x.mean():.3f}")
print(f"largest difference from the course's data.ToTensor: {abs(x - data.ToTensor()(image)).max():.1f}")

# %% [markdown] name="ask-calls"
# ## 3. Transforms
#
# *Core*
#
# A function that is applied to each image is called a **transform**, and one for labels a *target transform*. A dataset
# takes them when it is made. But when do they run? Below, a transform counts its calls. The dataset is made, over
# 1,000 images, and then read twice from the first example to the last. **Commit to three numbers**: how often has the
# transform been called (after the dataset was made, after the first reading, after the second)?

# %% tags=["item:transforms"]
calls = ...
### BEGIN SOLUTION
calls = (0, 1000, 2000)
### END SOLUTION
calls = check("fashion_mnist_data.predict_calls", calls)


# %% tags=["item:transforms"] name="count-calls"
class Counting:
    """A transform that counts how often it is called."""

    def __init__(self):
        self.count = 0

    def __call__(self, image):
        self.count += 1
        return to_tensor(image)


# %% tags=["item:transforms", "nbval-check-output"] name="read-twice"
counting = Counting()
counted = data.FashionMNIST(data.sample_folder(), train=False, transform=counting)
found = [counting.count]
for reading in range(2):
    for i in range(len(counted)):
        counted[i]
    found.append(counting.count)
print("calls:", found)

# %% [markdown] name="lazy"
# Lazy, and nothing is kept. That has two sides. A transform with chance in it gives another picture at every reading, which
# we are going to use. And a transform without chance does the same work in every epoch again, which section 7 puts a
# price on.
#
# ### Normalise
#
# Networks learn best from numbers that lie around 0 and are about 1 in size: a weight then moves its output up for one image
# and down for another. Pixels from 0 to 1 are all on one side. Subtract the mean of all
# **training** pixels, divide by their standard deviation:

# %% tags=["item:normalize", "nbval-check-output"] name="statistics"
pixels = few.data.float() / 255  # (6000, 28, 28)
mean, std = pixels.mean().item(), pixels.std().item()
print(f"mean {mean:.3f}, standard deviation {std:.3f}")
print(f"black becomes {(0 - mean) / std:.2f}, white {(1 - mean) / std:.2f}")

# %% [markdown] name="ask-normalize"
# ### A transform of your own
#
# *Deeper ground: for each channel its own numbers.*
#
# A picture in colour has a mean and a standard deviation for **each channel**. Mind the broadcasting (notebook 02): shapes
# are lined up from the right, and the channels do not stand on the right.
#
# $$\underset{(\dots,\,C,\,H,\,W)}{x'} = \Big(\underset{(\dots,\,C,\,H,\,W)}{x} - \underset{(C,\,1,\,1)}{\mu}\Big) \Big/
# \underset{(C,\,1,\,1)}{\sigma}$$


# %% tags=["item:normalize"]
@exercise("fashion_mnist_data.Normalize")
class Normalize:
    """A transform: (images - mean) / std, each channel with its own two numbers.

    mean, std : lists of C numbers
    """

    def __init__(self, mean, std):
        ### BEGIN SOLUTION
        self.mean = torch.tensor(mean).view(-1, 1, 1)  # (C, 1, 1)
        self.std = torch.tensor(std).view(-1, 1, 1)  # (C, 1, 1)
        ### END SOLUTION

    def __call__(self, images):
        """Return the images normalised; images : (C, H, W) or (N, C, H, W)."""
        ### BEGIN SOLUTION
        return (images - self.mean) / self.std
        ### END SOLUTION


# %% tags=["item:normalize", "nbval-check-output"] name="normalised"
normalised = Normalize([mean], [std])(pixels.unsqueeze(1))  # (6000, 1, 28, 28)
print(f"mean {abs(normalised.mean()):.3f}, standard deviation {normalised.std():.3f}")
assert abs(normalised.mean()) < 1e-3 and abs(normalised.std() - 1) < 1e-3

# %% [markdown] name="test-statistics"
# The test images are normalised with the **same** two numbers, those of the training images. Numbers taken from the test
# images would tell the model something about them.
#
# ### Labels: one-hot
#
# *Deeper ground: a label as a row of probabilities.*
#
# A label is a class number, and `cross_entropy` takes it as it is. Sometimes a row of probabilities is wanted: 1 for the
# right class, 0 for the others, called *one-hot*. The classic way to write the ones is `scatter_`. It goes through
# `index` and writes a value at each place that it names:
#
# `out.scatter_(1, index, 1.0)` does `out[i, index[i, j]] = 1.0` for all i and j.


# %% tags=["item:one-hot"]
@exercise("fashion_mnist_data.one_hot")
def one_hot(labels, classes):
    """Return a row for each label: 1 in the column of its class, 0 elsewhere.

    labels : class numbers, int64, shape (N,)    classes : how many classes there are, a number
    Returns a float32 tensor of shape (N, classes).
    """
    ### BEGIN SOLUTION
    rows = torch.zeros(len(labels), classes)
    return rows.scatter_(1, labels.unsqueeze(1), 1.0)  # index: (N, 1), one place in each row
    ### END SOLUTION


# %% tags=["item:one-hot", "nbval-check-output"] name="same-loss"
torch.manual_seed(0)
logits, labels = torch.randn(5, 10), few.targets[:5]  # (5, 10), (5,)
by_number = functional.cross_entropy(logits, labels)
by_row = functional.cross_entropy(logits, one_hot(labels, 10))
print(f"loss from class numbers {by_number:.4f}, from one-hot rows {by_row:.4f}")

# %% [markdown] name="why-float"
# Why floats? Because the rows are probabilities to the loss; whole numbers it refuses. (`functional.one_hot` makes whole
# numbers: put a `.float()` behind it.)

# %% tags=["item:one-hot"] name="long-one-hot"
with expect(RuntimeError):
    functional.cross_entropy(logits, functional.one_hot(labels, 10))

# %% [markdown] name="lambda-told"
# For a single label there is no batch dimension: the row is dimension 0, and the index is the label alone. As a target
# transform it is often written in one line. `Lambda` makes a transform of any function.

# %% tags=["item:one-hot", "nbval-check-output"] name="lambda-one-hot"
to_one_hot = data.Lambda(lambda label: torch.zeros(10).scatter_(0, torch.tensor(label), value=1))
print(few.classes[3], "is class 3:", to_one_hot(3))

# %% [markdown] name="compose"
# ### One after the other
#
# `Compose` strings transforms together, and the order is yours to get right. `Normalize` computes with tensors; a PIL image
# does not know how.

# %% tags=["item:compose", "nbval-check-output"] name="compose-right"
prepare = data.Compose([to_tensor, data.Normalize([mean], [std])])
print(tuple(prepare(image).shape), f"from {prepare(image).min():.2f} to {prepare(image).max():.2f}")

# %% tags=["item:compose"] name="compose-wrong"
with expect(AttributeError):
    data.Compose([data.Normalize([mean], [std]), to_tensor])(image)

# %% [markdown] name="torchvision"
# These transforms are small, and `tutor.data` has them under the names that **torchvision** uses, PyTorch's library for
# images. If you have it, this is what to write there:
#
# | here | in torchvision |
# |---|---|
# | `data.FashionMNIST(root, train=True, transform=…, download=True)` | `torchvision.datasets.FashionMNIST`, the same arguments |
# | `data.ToTensor()` | `transforms.ToTensor()`, or `v2.ToImage()` and `v2.ToDtype(torch.float32, scale=True)` |
# | `data.Normalize((0.286,), (0.353,))` | `transforms.Normalize((0.286,), (0.353,))` |
# | `data.Lambda(function)` | `transforms.Lambda(function)` |
# | `data.Compose([…])` | `transforms.Compose([…])` |
# | `data.RandomHorizontalFlip(p=0.5)` | `transforms.RandomHorizontalFlip(p=0.5)` |
# | `data.RandomShift(2)` | `transforms.RandomCrop(28, padding=2)` |
# | `data.FlipAndShift(2)`, a batch at once | none: its random transforms do the same to every image of a batch |
# | `data.MemoryLoader(images, labels, …)` of section 7 | none; a `DataLoader` gives the same batches more slowly |
# | your dataset of section 4 | `datasets.ImageFolder`, if each class has a folder of its own |
#
# ### Augmentation
#
# *Deeper ground: more images than were taken.*
#
# A boot that is mirrored, or stands two pixels further to the left, is still a boot. The network does not know that. Show it
# both, and it learns what does *not* matter; there are suddenly many more training images than were taken. Here is one boot,
# read twelve times.

# %% tags=["item:augmentation", "figure"] name="augmented-boot"
torch.manual_seed(0)
vary = data.Compose([data.RandomHorizontalFlip(), data.RandomShift(2)])
boot = (few.targets == 9).nonzero()[0].item()
augmented = data.FashionMNIST(data.sample_folder(), transform=vary)
readings = np.stack([np.array(augmented[boot][0]) for reading in range(12)])  # (12, 28, 28)
upper = readings[:, :14]  # (12, 14, 28): the leg stands on the side where these are heavier
legs = ["left" if u[:, :14].sum() > u[:, 14:].sum() else "right" for u in upper]
told = [f"leg {leg}, top row {r.any(axis=1).argmax()}" for leg, r in zip(legs, readings)]
plots.images(readings, told, columns=4, title="The same ankle boot, twelve readings")

# %% [markdown] name="ask-flip"
# Two rules. Only change what leaves the label true: a mirrored boot is a boot, a mirrored 2 is no digit. And augment
# training images only: a test has to ask the same question each time.
#
# PIL changes one image at a time. If the images are a tensor already, a whole batch can be changed in a handful of
# operations, **each image in its own way**. With $\tilde x$ for the mirrored or unmirrored image, $d_n$ steps down and
# $r_n$ to the right:
#
# $$\text{out}_{n,i,j} = \tilde x_{n,\,i - d_n,\,j - r_n} \qquad \text{and } 0 \text{ where that lies outside; } x \text{ and out have the shape } (N, H, W)$$
#
# A border of zeros takes care of the outside: `functional.pad(images, (2, 2, 2, 2))` puts 2 columns and rows on every side.
# A loop over the images is right, too. The fast way is to index once with three tensors that broadcast to `(N, H, W)`: from
# which image, which row and which column each pixel comes. Here they are in small, for a piece of 2 x 2 of each of two images:

# %% tags=["item:augmentation", "nbval-check-output"] name="three-indices"
numbered = torch.arange(24).view(2, 3, 4)  # image 0 holds 0 to 11 in three rows, image 1 holds 12 to 23
number = torch.tensor([0, 1])[:, None, None]  # (2, 1, 1)
rows = torch.tensor([[0, 1], [1, 2]])[:, :, None]  # (2, 2, 1): 0 and 1 of image 0, 1 and 2 of image 1
columns = torch.tensor([[0, 1], [2, 3]])[:, None, :]  # (2, 1, 2)
print(numbered[number, rows, columns])


# %% tags=["item:augmentation"]
@exercise("fashion_mnist_data.flip_and_shift")
def flip_and_shift(images, flipped, down, right):
    """Mirror some images (left and right exchanged), then move each; what comes in at the border is 0.

    images : (N, H, W)    flipped : (N,), True where an image is mirrored
    down, right : (N,), whole numbers from -2 to 2: how many pixels image n moves
        (negative: up, to the left)
    Returns a new tensor of shape (N, H, W).
    """
    ### BEGIN SOLUTION
    images = torch.where(flipped[:, None, None], images.flip(2), images)
    padded = functional.pad(images, (2, 2, 2, 2))  # (N, H + 4, W + 4)
    number = torch.arange(images.shape[0])  # (N,)
    rows = torch.arange(images.shape[1]) + 2 - down[:, None]  # (N, H): where each row comes from
    columns = torch.arange(images.shape[2]) + 2 - right[:, None]  # (N, W)
    return padded[number[:, None, None], rows[:, :, None], columns[:, None, :]]
    ### END SOLUTION


# %% tags=["item:augmentation", "figure"] name="batch-moved"
torch.manual_seed(2)
batch = few.data[:6]  # (6, 28, 28)
flipped, (down, right) = torch.rand(6) < 0.5, torch.randint(-2, 3, (2, 6))
moved = flip_and_shift(batch, flipped, down, right)
told = [f"{'mirrored, ' if f else ''}{d:+} down\n{r:+} right" for f, d, r in zip(flipped, down, right)]
before_and_after = torch.cat([batch, moved])  # (12, 28, 28)
plots.images(before_and_after, ["before"] * 6 + told, title="Six images, each changed in its own way")

# %% [markdown] name="ask-boot"
# One boot under your hand, to mirror and to move by the function that you wrote.

# %% tags=["item:augmentation", "figure"] name="boot-moved"
one_boot = few.data[boot : boot + 1]  # (1, 28, 28)


def boot_after(right, mirrored):
    """The boot, mirrored or not, and moved by so many pixels to the right, shape (28, 28)."""
    flag, still = torch.tensor([mirrored == "mirrored"]), torch.tensor([0])
    return flip_and_shift(one_boot, flag, still, torch.tensor([right]))[0]


def shifted_boot(right, mirrored):
    """The boot as it was, and as it is now."""
    after = boot_after(right, mirrored)
    columns = (after.sum(dim=0) > 0).nonzero().flatten()
    said = f"{mirrored}, {right:+} to the right: it stands in the columns {columns[0].item()} to {columns[-1].item()}"
    images = [plots.Pixels(60, 36, one_boot[0], 6), plots.Pixels(340, 36, after, 6)]
    words = [plots.Label(144, 222, "before", "middle"), plots.Label(424, 222, "after", "middle")]
    return plots.Diagram(said, images + words, said)


controls = {"to the right": [-2, -1, 0, 1, 2], "mirror": ["as it is", "mirrored"]}
moved_then_mirrored = boot_after(2, "as it is").flip(1)
same = [right for right in controls["to the right"] if torch.equal(boot_after(right, "mirrored"), moved_then_mirrored)]
question = "Suppose the boot were moved by +2 first and mirrored then. Which setting shows what comes out?"
answer = f"Mirrored and moved by {same[0]:+}."
plots.explore(shifted_boot, controls, start=(0, "as it is"), question=question, guess=..., answer=answer)

# %% [markdown] name="boot-read"
# The order counts. The mirrored boot moves to the right; one that is moved first and mirrored then has moved to the left.

# %% [markdown] name="own-dataset"
# ## 4. A dataset of your own
#
# *Deeper ground: images in a folder, labels in a table.*
#
# Your own images will hardly come as IDX files, which is the format of those that you have loaded. The usual form is a
# folder with images, and a table that says what is on each. Let us make one from real images: 60 PNG files and a CSV with a
# header.

# %% tags=["item:own-dataset", "nbval-check-output"] name="write-folder"
folder = Path(place.name) / "clothes"
folder.mkdir(exist_ok=True)
with (folder / "labels.csv").open("w", newline="") as file:
    table = csv.writer(file)
    table.writerow(["file", "label"])
    for i in range(60):
        image, label = few[i]
        image.save(folder / f"{i:04}.png")
        table.writerow([f"{i:04}.png", label])

print((folder / "labels.csv").read_text()[:44])

# %% [markdown] name="ask-dataset"
# Now write the dataset. Read the **table** in `__init__` (it is small), open an **image** in `__getitem__`, when it is asked
# for: a million images do not fit into memory. `csv.DictReader(file)` gives each row as a dict; everything in a CSV is
# text. `Image.open(path)` opens a picture, and reads its pixels only when somebody needs them; until then the file is open.
# `image.load()` reads them at once.


# %% tags=["item:own-dataset"]
@exercise("fashion_mnist_data.LabelledImages")
class LabelledImages(Dataset):
    """Images of a folder with the labels of a CSV table, in the order of the table.

    folder : where the image files are; a str or a Path, as table is
    table : a CSV file whose header names its columns, in any order: "file" (a name in the folder),
        "label" (a class number), perhaps others
    transform, target_transform : applied to each image and each label as it is taken out;
        None leaves them as they are
    """

    def __init__(self, folder, table, transform=None, target_transform=None):
        ### BEGIN SOLUTION
        with Path(table).open(newline="") as file:
            self.rows = [(row["file"], int(row["label"])) for row in csv.DictReader(file)]
        self.folder = Path(folder)
        self.transform = transform
        self.target_transform = target_transform
        ### END SOLUTION

    def __len__(self):
        """Return how many examples there are."""
        ### BEGIN SOLUTION
        return len(self.rows)
        ### END SOLUTION

    def __getitem__(self, index):
        """Return example number index: the image and its label.

        The image is a PIL image, unless a transform makes something else of it.
        """
        ### BEGIN SOLUTION
        name, label = self.rows[index]
        with Image.open(self.folder / name) as image:
            image.load()  # the pixels, before the file is closed
        if self.transform is not None:
            image = self.transform(image)
        if self.target_transform is not None:
            label = self.target_transform(label)
        return image, label
        ### END SOLUTION


# %% tags=["item:own-dataset", "nbval-check-output"] name="read-folder"
clothes = LabelledImages(folder, folder / "labels.csv", transform=to_tensor)
x, label = clothes[7]
print(len(clothes), tuple(x.shape), few.classes[label], "and in the original", few.classes[few.targets[7]])
print(f"largest difference from the original's pixels: {abs(x[0] - pixels[7]).max():.1f}")

# %% [markdown] name="ask-batches"
# ## 5. DataLoader: batches, shuffled
#
# *Core*
#
# A `DataLoader` takes a dataset and gives out batches. It draws an order, asks the dataset for one example after the other, and
# stacks each batch's examples into tensors (that is called *collating*).
#
# **Commit to an answer**: the full set has 60,000 training images. With `batch_size=64`, how many batches does an epoch have, and
# how many images are in the last one?

# %% tags=["item:batching"]
batches_and_last = ...
### BEGIN SOLUTION
batches_and_last = (938, 32)
### END SOLUTION
batches_and_last = check("fashion_mnist_data.predict_batches", batches_and_last)

# %% tags=["item:batching", "nbval-check-output"] name="batches-counted"
loader = DataLoader(TensorDataset(torch.arange(60_000)), batch_size=64)
sizes = [len(numbers) for (numbers,) in loader]
print(len(loader), "batches; the last three hold", sizes[-3:])

# %% [markdown] name="last-batch"
# The last batch is a small one. Mind that when you average over batches: it must not weigh as much as the others (notebook
# 11 shows the damage). `drop_last=True` leaves it out. Here is one batch of 64, as the network gets it.

# %% tags=["item:batching"] name="first-batch"
torch.manual_seed(0)
prepared = data.FashionMNIST(data.sample_folder(), transform=prepare)
loader = DataLoader(prepared, batch_size=64, shuffle=True)
x, y = next(iter(loader))
print("x", tuple(x.shape), x.dtype, "  y", tuple(y.shape), y.dtype)

# %% tags=["item:show", "figure"] name="batch-of-64"
plots.images(x[:, 0], [few.classes[label] for label in y], columns=8, title="A batch of 64, shuffled")

# %% [markdown] name="collate"
# Collating needs things that can be stacked: tensors of one shape, or numbers. A PIL image is neither. This is the
# error that you meet when the transform was forgotten:

# %% tags=["item:batching"] name="pil-in-loader"
with expect(TypeError):
    next(iter(DataLoader(few, batch_size=64)))

# %% [markdown] name="shuffling"
# ### Why shuffle?
#
# `shuffle=True` draws a new order in **every epoch**. The order comes from a generator of random numbers; give the loader one of
# its own, and the run can be repeated.

# %% tags=["item:shuffling", "nbval-check-output"] name="orders"
generator = torch.Generator().manual_seed(0)
loader = DataLoader(TensorDataset(torch.arange(8)), batch_size=3, shuffle=True, generator=generator)
for epoch in range(2):
    print("epoch", epoch + 1, [numbers.tolist() for (numbers,) in loader])

# %% [markdown] name="train-on-batches"
# Does it matter? Each batch should be a small picture of the whole, so that its gradient is right on average (notebook 08). Data often
# come sorted, class by class. We train one linear layer for one epoch, first as it should be. The loop goes over the
# loader now:

# %% tags=["item:shuffling"] name="train-by-loader"
torch.manual_seed(0)
model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
loss_fn = nn.CrossEntropyLoss()
loader = DataLoader(prepared, batch_size=64, shuffle=True)

learning_rate = 1e-2
optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate, momentum=0.9)
losses = []
for x, y in loader:
    y_pred = model(x)  # (64, 10)
    loss = loss_fn(y_pred, y)
    losses.append(loss.item())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

# %% tags=["item:shuffling", "figure"] name="loss-by-batch"
assert len(losses) == 94 and sum(losses[-10:]) < 0.5 * sum(losses[:10])
plots.lines({"loss": losses}, xlabel="batch", ylabel="loss of the batch", title="One epoch, 94 batches")

# %% [markdown] name="sorted"
# ### Sorted by class
#
# *Deeper ground: what shuffling is good for.*
#
# And now the same with the images in the order of their classes. `Subset` is a dataset of chosen examples of another one, in the
# order chosen.


# %% tags=["item:shuffling"] name="train-sorted"
def answers_after_one_epoch(loader):
    """Train a linear layer for one epoch; return its classes for the test images, shape (1000,)."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-2, momentum=0.9)
    for x, y in loader:
        optimizer.zero_grad()
        loss_fn(model(x), y).backward()
        optimizer.step()
    with torch.no_grad():
        y_pred = model((few_test.data.float() / 255 - mean) / std)  # (1000, 10)
    return y_pred.argmax(dim=1)


def right(answers):
    """The fraction of test images that are right."""
    return (answers == few_test.targets).float().mean().item()


by_class = Subset(prepared, few.targets.argsort().tolist())
shuffled = answers_after_one_epoch(DataLoader(by_class, batch_size=64, shuffle=True))
in_order = answers_after_one_epoch(DataLoader(by_class, batch_size=64, shuffle=False))
print(f"shuffled {100 * right(shuffled):.0f} % right; luck would be 10 %")
last_three = (in_order >= 7).float().mean().item()
print(f"sorted   {100 * right(in_order):.0f} % right")
print(f"{100 * last_three:.0f} % of its answers are one of the last three classes")
assert right(shuffled) > 0.7 > 0.5 > right(in_order) and last_three > 0.4

# %% [markdown] name="why-sorted-fails"
# In class order each stretch of batches pulls the network towards one class, and what it learned before is overwritten. It
# prefers the classes that it saw last, although they are only three tenths of the test. So shuffle the training data. Test
# data need no shuffling: nothing is learned from them.
#
# ### By hand
#
# *Deeper ground: what a loader does, in three methods.*
#
# If all images lie in one tensor, there is nothing to open and nothing to stack: a batch is an **index**. Shuffle the
# numbers, cut them into pieces (`torch.Tensor.split` does that), and index with each piece.


# %% tags=["item:batching", "item:shuffling"]
@exercise("fashion_mnist_data.Batches")
class Batches:
    """Shuffled batches of two tensors: a loop over it gives (x, y) pairs, in a new order each time.

    Two loops over one object may run at once.

    x : (N, ...)    y : (N,)
    batch_size : how many examples a batch holds; the last batch holds what is left
    """

    def __init__(self, x, y, batch_size):
        ### BEGIN SOLUTION
        self.x, self.y, self.batch_size = x, y, batch_size
        ### END SOLUTION

    def __len__(self):
        """Return how many batches an epoch has."""
        ### BEGIN SOLUTION
        return math.ceil(len(self.x) / self.batch_size)
        ### END SOLUTION

    def __iter__(self):
        """Give out the batches of one epoch, each example once."""
        ### BEGIN SOLUTION
        for batch in torch.randperm(len(self.x)).split(self.batch_size):
            yield self.x[batch], self.y[batch]
        ### END SOLUTION


# %% tags=["item:shuffling"] name="batches-train"
by_hand = Batches(normalised, few.targets, batch_size=64)
fraction = right(answers_after_one_epoch(by_hand))
print(f"{len(by_hand)} batches, {100 * fraction:.0f} % right after one epoch")
assert fraction > 0.7

# %% [markdown] name="workers"
# ## 6. Workers
#
# *Deeper ground: loading in several processes.*
#
# `num_workers=2` lets two more processes fetch examples while the network computes. They do not come free. Each is a whole
# Python that has to import PyTorch and receive a copy of the dataset; then every batch travels from process to process. (On
# Linux, Python before 3.14 copies the running process instead, *fork*, which is quick; from 3.14 on a small helper process
# makes the copies, *forkserver*. Windows and macOS start a new one, *spawn*. We ask for spawn, so that you see the same
# everywhere.)
#
# The data set below flips and moves 6,000 images with PIL. With two workers it is read by two processes at once. Twice as
# fast, then? **Commit to an answer**; nobody checks it.

# %% name="guess-workers"
guess = ...  # the time with two workers, as a fraction of the time without: 0.5, 1, 2, ...

# %% tags=["item:workers"] name="workers-measured"
vary_and_prepare = data.Compose(
    [data.RandomHorizontalFlip(), data.RandomShift(2), data.ToTensor(), data.Normalize([mean], [std])]
)
items = data.FashionMNIST(data.sample_folder(), transform=vary_and_prepare)


def epoch_seconds(**settings):
    """How long it takes to read the sample once, in seconds."""
    loader = DataLoader(items, batch_size=64, shuffle=True, **settings)
    started = time.perf_counter()
    for x, y in loader:
        pass
    return time.perf_counter() - started


alone = epoch_seconds(num_workers=0)
with_workers = epoch_seconds(num_workers=2, multiprocessing_context="spawn")
print(f"{len(items):,} images without workers {alone:.2f} s, with two new workers {with_workers:.2f} s")
print(f"that is {with_workers / alone:.1f} times as long")

# %% [markdown] name="read-workers"
# For images this small, starting the workers costs as a rule more than all the work. They pay off when an example takes
# milliseconds, a photograph of ten megapixels for instance, and when they live longer than an epoch: `persistent_workers=True`.
#
# ### A trap in notebooks
#
# A spawned worker receives the dataset *pickled*, turned into bytes by Python's module `pickle`. A pickle does not hold the
# code of a class, only where it stands: module and name. A class that was defined in a notebook stands in `__main__`, and in
# the new process `__main__` is something else. Here is what a worker does first, done by hand in a new process:


# %% tags=["item:workers"] name="unpickle-elsewhere"
def unpickled_elsewhere(dataset):
    """Send a dataset to a new Python process, as to a worker; return what comes of it."""
    code = "import pickle, sys; print(len(pickle.load(sys.stdin.buffer)), 'examples arrived')"
    new = subprocess.run([sys.executable, "-c", code], input=pickle.dumps(dataset), capture_output=True)
    return (new.stderr or new.stdout).decode().strip().split("\n")[-1]


lost = unpickled_elsewhere(LabelledImages(folder, folder / "labels.csv"))
print("a class of this notebook:", lost)
print("a class of a module:     ", unpickled_elsewhere(few_test))
assert "LabelledImages" in lost

# %% [markdown] name="mend-workers"
# In a real loader this error appears in the worker, and your loop ends with *DataLoader worker exited unexpectedly*. The
# mend is to move the class into a file beside the notebook, `my_data.py`, and to write `from my_data import
# LabelledImages`. The same holds for transforms, and a `lambda` cannot be pickled at all:

# %% tags=["item:workers"] name="lambda-pickled"
with expect(pickle.PicklingError):
    pickle.dumps(data.Lambda(lambda image: image))

# %% [markdown] name="ask-mend-transform"
# ## Mend it: a dataset that cannot be sent
#
# *Deeper ground: a program that stops.*
#
# The dataset below works without workers. Before the first worker has started, the loop ends with *Can't pickle*, and
# `num_workers=0` is no mend where loading is slow. The check sends a dataset as a loader does, pickled, and reads what arrives;
# a class or a function that stands at the top of your cell counts as one in a file. Mend it.


# %% tags=["item:workers", "item:transforms"]
@exercise("fashion_mnist_data.mend_transform")
class Prepared(Dataset):
    """Images with their labels, normalised when they are asked for, also in another process."""

    def __init__(self, images, labels, mean, std):
        """Take N images of whole numbers from 0 to 255, shape (N, H, W), and their labels.

        mean, std : two numbers, of this dataset's pixels divided by 255
        """
        self.images, self.labels = images, labels
        ### BEGIN SOLUTION
        self.mean, self.std = mean, std
        ### BROKEN
        # self.transform = lambda image: (image / 255 - mean) / std
        ### END SOLUTION

    def __len__(self):
        """Return how many images there are."""
        return len(self.labels)

    def __getitem__(self, i):
        """Return image i, normalised, shape (1, H, W), and its label as an int."""
        ### BEGIN SOLUTION
        image = (self.images[i] / 255 - self.mean) / self.std
        ### BROKEN
        # image = self.transform(self.images[i])
        ### END SOLUTION
        return image.unsqueeze(0), int(self.labels[i])


# %% [markdown] name="cost"
# ## 7. What loading costs
#
# *Deeper ground: three ways, timed.*
#
# Three ways to the same float tensors, mirrored and moved by chance, normalised:
#
# - **item by item**: PIL, four transforms for each image, then stacked by a `DataLoader`; the usual way;
# - **`DataLoader` over tensors**: a `TensorDataset`, taken apart into single images and stacked again; then
#   `data.FlipAndShift(2)` does to the batch what your `flip_and_shift` does, with numbers that it draws;
# - **one tensor**: `data.MemoryLoader`, your `Batches` with that built in. It lays the images down once, with their border and
#   beside their mirror images. Then a moved image is a piece of memory, and a batch is one copy of 256 pieces.


# %% tags=["item:cost"] name="three-ways"
def finish(images):
    """Bytes (N, 28, 28) to float32 (N, 1, 28, 28): ToTensor and Normalize in two operations."""
    return images.unsqueeze(1).float().sub_(255 * mean).mul_(1 / (255 * std))


def loader_over_tensors():
    for images, y in DataLoader(TensorDataset(few.data, few.targets), batch_size=256, shuffle=True):
        yield finish(data.FlipAndShift(2)(images)), y


one_by_one = DataLoader(items, batch_size=256, shuffle=True)
one_tensor = data.MemoryLoader(few.data, few.targets, 256, mean, std, pixels=2)


# %% tags=["item:cost"] name="measure-ways"
def images_per_second(way, epochs=3):
    """The median over a few epochs."""
    rates = []
    for epoch in range(epochs):
        started = time.perf_counter()
        count = sum(len(x) for x, y in way())
        rates.append(count / (time.perf_counter() - started))
    return float(np.median(rates))


ways = {
    "PIL items": lambda: one_by_one,
    "loader": loader_over_tensors,
    "one tensor": lambda: one_tensor,
}
rates = {name: images_per_second(way) for name, way in ways.items()}
for name, rate in rates.items():
    print(f"{name:16} {rate:10,.0f} images per second")

# %% tags=["item:cost", "figure"] name="ways-drawn"
thousands = [rate / 1000 for rate in rates.values()]
plots.bars(list(rates), {"1,000 images per second": thousands}, title="Three ways to the same batches")

# %% [markdown] name="fits"
# The pictures are the same. What costs is the wrapping: a Python object, a few calls and a small tensor **for each image**. So
# ask first whether the data fit into memory, kept as bytes:

# %% tags=["item:cost", "nbval-check-output"] name="memory"
count = 60_000 * 28 * 28
print(f"60,000 images as bytes {count / 1e6:.0f} MB, as float32 {4 * count / 1e6:.0f} MB")
print(f"1,000,000 photographs of 224 x 224 in colour, as bytes {1e6 * 224 * 224 * 3 / 1e9:.0f} GB")

# %% [markdown] name="rule"
# 47 MB fit anywhere: keep FashionMNIST as one tensor, on the accelerator if you have one, and convert each batch to
# floats when it is used. The photographs do not fit; for them there are datasets, loaders and workers.

# %% [markdown] name="ask-mend-buffer"
# ## Mend it: a batch of one image
#
# *Deeper ground: a program that runs and is wrong.*
#
# To save memory the dataset below writes each image into one row that it keeps. Asked for single images it gives the right
# ones; a loader's batches hold one image many times over. Mend it.


# %% tags=["item:own-dataset"]
@exercise("fashion_mnist_data.mend_buffer")
class Rows(Dataset):
    """Images as rows of numbers from 0 to 1, each with its label."""

    def __init__(self, images, labels):
        """Take N images of whole numbers from 0 to 255, uint8 or float32, shape (N, H, W), and their labels.

        The images are the caller's, and stay as they are.
        """
        self.images, self.labels = images, labels
        self.row = torch.empty(images[0].numel())

    def __len__(self):
        """Return how many images there are."""
        return len(self.labels)

    def __getitem__(self, i):
        """Return image i as a row of H * W float32 numbers, and its label as an int."""
        self.row.copy_(self.images[i].flatten())
        self.row /= 255
        ### BEGIN SOLUTION
        return self.row.clone(), int(self.labels[i])
        ### BROKEN
        # return self.row, int(self.labels[i])
        ### END SOLUTION


# %% [markdown] name="recap"
# ## Recap
#
# *Core*
#
# | you want | take | good to know |
# |---|---|---|
# | an example by its number | a `Dataset`: `__len__`, `__getitem__` | runs when asked, keeps nothing |
# | numbers from 0 to 1 | `ToTensor`: `(H, W)` bytes to `(1, H, W)` floats | divide by 255, not by the largest pixel |
# | numbers around 0 | `Normalize(mean, std)` | statistics of the training images, a pair for each channel |
# | rows for labels | `scatter_(1, labels.unsqueeze(1), 1.0)` | floats, or the loss refuses them |
# | more variety | flips, shifts, each image in its own way | training only; the label has to stay true |
# | batches | `DataLoader(dataset, batch_size, shuffle=True)` | the last batch is smaller |
# | data that fit into memory | one tensor and an index | many times faster |
# | slow examples | `num_workers`, `persistent_workers=True` | classes must stand in a file |
#
# ### What changed since the last notebook
#
# Another problem: images and classes in the place of a curve. And the loop that counted steps now goes over batches; what is done
# with a batch has not changed.
#
# <!-- diff: dynamic_nets/train-dynamic fashion_mnist_data/train-by-loader -->

# %% [markdown] name="quiz"
# ## Self-check
#
# *Deeper ground: asks about all sections.*
#
# Answer in your head, then open.
#
# <!-- drills: own-dataset -->
# <details><summary>1. Your dataset sorts the file names of a folder and takes the labels from a CSV, row by row. What can go wrong?</summary>
#
# Everything: nothing says that the table has the same order, or names every file. Take the name from the row that has the label.
# </details>
#
# <!-- drills: transforms -->
# <details><summary>2. Why does a random transform give other images in the second epoch?</summary>
#
# It runs again each time an example is asked for. Nothing is kept.
# </details>
#
# <!-- drills: augmentation -->
# <details><summary>3. May a handwritten 6 be mirrored, and a shirt turned upside down?</summary>
#
# A mirrored 6 is no 6 any more. An upside-down shirt is still a shirt, but none of the test images looks like that: it would cost
# the network effort and teach it nothing that is asked.
# </details>
#
# <!-- drills: batching -->
# <details><summary>4. 1,000 examples, batches of 300, <code>drop_last=True</code>. How many batches, how many examples?</summary>
#
# 3 batches, 900 examples; in the next epoch another 100 are left out, if the loader shuffles.
# </details>
#
# <!-- drills: workers -->
# <details><summary>5. With <code>num_workers=2</code> your loop fails and says that a worker exited. Without workers it runs. What do you look for?</summary>
#
# A dataset or transform whose class is defined in the notebook: the new process cannot find it. (A <code>lambda</code> fails
# earlier, with a <code>PicklingError</code> in your own process, before a worker starts.)
# </details>
#
# <!-- drills: load -->
# <details><summary>6. A label file has the right name and the right length, and is refused. What is wrong with it, and what do you do?</summary>
#
# Its SHA-256 is another one, so at least one byte differs. The fingerprint does not say which, so nothing can be repaired: fetch the
# file again (<code>tutor data</code>).
# </details>
#
# <!-- drills: show -->
# <details><summary>7. All files are verified, and the network learns nothing. What do you look at before you change the network?</summary>
#
# At a batch, as the network gets it: images beside their class names. Verified files can still be misread: pictures on their
# side, labels one place further on. And at its smallest and largest number: a picture is stretched to its own range when
# it is drawn, so nobody sees in it that everything was divided by 255 twice.
# </details>
#
# <!-- drills: compose, normalize -->
# <details><summary>8. A shift fills the border with zeros. Why does it belong before <code>Normalize</code>, never behind it?</summary>
#
# Before it 0 is black, and the border becomes what black becomes, -0.81 here. Behind it 0 is the mean: the border would be grey, and
# no test image has a grey border.
# </details>
#
# <!-- drills: cost -->
# <details><summary>9. Loading gives 10,000 images a second, one after the other with a network that takes 10,000 a second. From one
# tensor you get 200,000. How much faster is an epoch of 60,000 images?</summary>
#
# 6 s + 6 s become 0.3 s + 6 s: 1.9 times, not 20 times. Now the network is what you wait for.
# </details>

# %% name="clean-up"
place.cleanup()
progress()

# %% [markdown] name="onwards"
# ## Where to read on
#
# *Deeper ground: what others have written.*
#
# The next notebook trains on these batches, from the recipe that everybody copies to one that is right nine times out of ten,
# one change at a time. The data set: Xiao, Rasul and Vollgraf, *Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine
# Learning Algorithms*, arXiv 1708.07747. On augmentation: Shorten and Khoshgoftaar, *A survey on Image Data
# Augmentation for Deep Learning*, Journal of Big Data 6 (2019). All of `DataLoader`'s arguments stand in the
# documentation of `torch.utils.data`.
