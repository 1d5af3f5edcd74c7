# %% [markdown] name="opening"
# # Start here
#
# This series takes you from a derivative on paper to a network that recognises photographs. What it is made of
# (gradients, layers, optimisers) you build once by hand, so that PyTorch's version of it holds no secrets.
#
# **You will be able to**
#
# - answer an exercise, read what the checker says about a wrong answer, ask for a hint, and start over;
# - say what is on your machine and whether the series can use it;
# - name the main parts of PyTorch and the notebook that takes each one apart;
# - watch a small network learn to tell a sandal from a coat, before you know how.
#
# **You need** Python, a little NumPy (arrays, `.sum()`), and curiosity. **It takes** about 20 minutes; the code runs in a few seconds on a laptop.

# %% name="imports"
import numpy as np
import torch

import tutor
from tutor import check, data, exercise, hint, lend, plots, progress, reset, solution

# %% [markdown] name="how-it-works"
# ## 1. How a notebook works
#
# *Core*
#
# Click a cell and press **Shift + Enter**: it runs, and the next one is selected. Go from top to bottom. The cells are
# meant to be changed: try other numbers and run them again. `tutor reset` in a terminal restores an exercise or a whole
# notebook, and keeps what you wrote beside it.
#
# Three things happen again and again:
#
# 1. **Predict.** You commit to an answer *before* a cell shows it. A wrong prediction teaches more than a right reading.
# 2. **Run.** You see what really happens, errors included.
# 3. **Write.** You replace a `...` by your own code. The checker tries it on inputs of its own and tells you what it
#    found.
#
# ## 2. Your first exercise
#
# *Core*
#
# How far off is a prediction? Take the difference at each point, square it, and add everything up. That is the *sum of
# squared errors*, the loss of most of these notebooks.
#
# Replace the `...` and run the cell. Until you do, our own solution is lent to you, so that nothing below gets stuck.
# Once you answer, the cells below use *your* function, right or wrong; `lend("start_here.squared_error")` puts ours back.


# %% tags=["item:first-exercise"]
@exercise("start_here.squared_error")
def squared_error(y_pred, y):
    """Return the sum of the squared differences between two arrays of one shape.

    y_pred, y : NumPy arrays or tensors, shape (N,)
    Returns one number.
    """
    ### BEGIN SOLUTION
    return ((y_pred - y) ** 2).sum()
    ### END SOLUTION


# %% [markdown] name="a-wrong-answer"
# ### What a wrong answer looks like
#
# Everybody gives wrong answers here; that is what the checker is for. This one forgets something. Read the function,
# **say what is wrong with it**, then run the cell and compare with what the checker says.


# %% tags=["item:wrong-answer"] name="wrong-on-purpose"
def forgetful(y_pred, y):
    return (y_pred - y).sum()


tutor.exercises["start_here.squared_error"].check(forgetful)

# %% [markdown] name="after-the-report"
# The report names a cause where it is sure of one; elsewhere it shows your result beside the right one. It is not looking
# for *our* code: any way of writing the right function passes. Why the square matters shows in two numbers: without it, an
# error of +3 and one of -3 cancel.

# %% tags=["item:wrong-answer", "nbval-check-output"] name="cancelling"
y_pred, y = torch.tensor([3.0, -3.0]), torch.tensor([0.0, 0.0])
print("sum of differences        ", (y_pred - y).sum().item())
print("sum of squared differences", ((y_pred - y) ** 2).sum().item())

# %% [markdown] name="hints"
# ### Hints, solution, reset, progress
#
# - `hint()` gives you the next hint for the last answer that failed: a question, a pointer, the line. (The report of a
#   wrong answer has shown you the first one already.)
# - `solution("start_here.squared_error")` shows our answer; after you have passed, beside yours.
# - `reset("start_here.squared_error")` forgets your answer and shows what the cell looked like.
# - `progress()` shows how far you are.

# %% tags=["item:hint-reset-progress"] name="ask-for-a-hint"
hint("start_here.squared_error")

# %% tags=["item:hint-reset-progress"] name="see-progress"
progress()

# %% [markdown] name="machine"
# ## 3. What is on this machine?
#
# *Core*
#
# The series runs on any laptop. A graphics processor makes a few cells faster; nothing needs one. This table says what
# was found, and what to do where something is missing.

# %% tags=["item:environment"] name="survey"
from tutor.environment import survey

survey()

# %% [markdown] name="map"
# ## 4. A map of PyTorch
#
# *Core*
#
# PyTorch is a handful of ideas on top of one another; most of them build on those below. The numbers in brackets are those
# of the notebooks. Notebook 01 does the work of the lowest two rows with NumPy alone.

# %% tags=["item:map", "figure"] name="map-drawn"
plots.boxes(
    [
        [
            ("torch.compile, torch.export", "faster and elsewhere (12)"),
            ("torch.jit", "their predecessor: trace and script (12)"),
            ("torch.distributed", "in several processes (12)"),
        ],
        [("torch.utils.data", "feeding it (10)"), ("torch.optim", "taking steps (08)")],
        [("torch.nn", "layers and models (07, 09, 11)")],
        [("torch.autograd", "gradients of everything (04, 05, 06)")],
        [("torch", "arrays on any device (02, 03)")],
    ],
    title="PyTorch, from the ground up",
)

# %% [markdown] name="usual-names"
# Programs import them under names that everybody uses:

# %% tags=["item:map"] name="imports-everybody-writes"
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim
from torch import autograd, jit

for module in (torch, autograd, nn, F, optim, jit):
    print(f"{module.__name__:20} for instance {module.__name__}", end=".")
    print({nn: "Linear", F: "relu", optim: "SGD", autograd: "grad", jit: "trace"}.get(module, "tensor"))

# %% [markdown] name="goal"
# ## 5. Where this leads
#
# *Core*
#
# Here are real photographs of clothes, shoes and bags from FashionMNIST: 28 x 28 grey pixels, ten kinds. A sample of 7,000
# of them comes with the series. 6,000 are for learning; 1,000 are kept aside, and the network never sees them while it learns.

# %% tags=["item:fashion-mnist"] name="load"
train = data.FashionMNIST(data.sample_folder(), train=True)
test = data.FashionMNIST(data.sample_folder(), train=False)
x, y = train.data.float().div(255).flatten(1), train.targets  # (6000, 784), (6000,)
x_test, y_test = test.data.float().div(255).flatten(1), test.targets  # (1000, 784), (1000,)
print(tuple(x.shape), tuple(x_test.shape), "classes:", ", ".join(train.classes))

# %% tags=["item:fashion-mnist", "figure"] name="look"
plots.images(train.data[:12], [train.classes[k] for k in y[:12]], title="Twelve training images")

# %% [markdown] name="ask-chance"
# Before anything learns: if a machine picked one of the ten kinds blindly for each of the 1,000 test images, how many
# would it get right on average? Commit to a number.

# %% tags=["item:fashion-mnist"]
right_by_chance = ...
### BEGIN SOLUTION
right_by_chance = 100
### END SOLUTION
right_by_chance = check("start_here.chance", right_by_chance)

# %% [markdown] name="ask-accuracy"
# And how do we count? The network gives each image ten scores, one for each kind; its answer is the kind with the highest score.
# *Accuracy* is the fraction of images whose answer is right. `scores.argmax(dim=1)` says where the highest score of each row stands.


# %% tags=["item:fashion-mnist"]
@exercise("start_here.accuracy")
def accuracy(scores, targets):
    """Return the fraction of rows whose highest score stands at the target.

    scores : float tensor, shape (N, classes)
    targets : integer tensor of class numbers, shape (N,)
    Returns a number between 0 and 1.
    """
    ### BEGIN SOLUTION
    return (scores.argmax(dim=1) == targets).float().mean()
    ### END SOLUTION


# %% [markdown] name="train-it"
# Now let it learn. You do not need to understand this cell yet. Later notebooks explain every part of it, and the next one
# does by hand what the line `loss.backward()` does here.

# %% tags=["item:fashion-mnist"] name="train"
torch.manual_seed(0)
model = torch.nn.Sequential(torch.nn.Linear(784, 128), torch.nn.ReLU(), torch.nn.Linear(128, 10))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(10):
    losses = []
    for batch in torch.randperm(len(x)).split(64):
        loss = torch.nn.functional.cross_entropy(model(x[batch]), y[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    print(f"epoch {epoch + 1:2}: mean loss {np.mean(losses):.2f}")

# %% [markdown] name="test-it"
# And now the 1,000 images that it has never seen. Everything else is settled, and nothing is changed because of what they show;
# notebook 11 explains why that matters.

# %% tags=["item:fashion-mnist"] name="test-once"
with torch.no_grad():
    scores = model(x_test)  # (1000, 10)
fraction = float(accuracy(scores, y_test))
print(f"{1000 * fraction:.0f} of 1000 test images right; 100 would be luck")
assert fraction > 0.75

# %% tags=["item:fashion-mnist", "figure"] name="predictions"
sure, answer = scores.softmax(dim=1).max(dim=1)
right = answer == y_test
captions = [f"{test.classes[a]}\n{100 * s:.0f} % sure" for a, s in zip(answer[:12], sure[:12])]
title = "Images it has never seen, and its answers"
plots.images(test.data[:12], captions, right=right[:12].tolist(), title=title)

# %% [markdown] name="ask-mistakes"
# Where was it wrong? Here are its first twelve mistakes. Would you have known better?

# %% tags=["item:fashion-mnist", "figure"] name="mistakes"
wrong = torch.arange(len(y_test))[~right][:12]
captions = [f"says {test.classes[answer[k]]}\nis {test.classes[y_test[k]]}" for k in wrong]
plots.images(test.data[wrong], captions, right=[False] * 12, title="Its first twelve mistakes")

# %% tags=["item:fashion-mnist"] name="count-mistakes"
names = ("T-shirt/top", "Pullover", "Dress", "Coat", "Shirt")
tops = torch.tensor([train.classes.index(name) for name in names])
among_tops = torch.isin(y_test[~right], tops) & torch.isin(answer[~right], tops)
print(f"{among_tops.sum()} of its {(~right).sum()} mistakes take one kind of top or dress for another")
assert among_tops.float().mean() > 0.5

# %% [markdown] name="look-at-mistakes"
# Most of its mistakes are not silly: shirts, pullovers and coats are hard to tell apart at this size, for people too.

# %% [markdown] name="recap"
# ## Recap
#
# *Core*
#
# | you want to | do this |
# |---|---|
# | answer | replace the `...`, Shift + Enter |
# | know why it is wrong | read the report: a cause, or your result beside the right one |
# | get a push | `hint()` |
# | give up for now | `solution("…")`; or leave the `...`, and our solution is lent |
# | start over | `reset("…")`, or `tutor reset` in a terminal |
# | see how far you are | `progress()` |
# | stop a cell that never ends | the square in the toolbar; if that does not help, menu Kernel, Restart |
#
# ## Self-check
#
# *Core*
#
# <details><summary>1. Your function is written quite differently from our solution. Will it pass?</summary>
#
# Yes, if it computes the same, without calling what it is meant to replace. The checker compares values on inputs of its own,
# never text.
# </details>
#
# <details><summary>2. Why is the accuracy measured on images that were kept aside?</summary>
#
# A network can learn its training images by heart. Only images that it has never seen tell what it can do with new ones.
# </details>
#
# <!-- drills: map -->
# <details><summary>3. Which parts of the map does the training cell of section 5 use, beside <code>torch</code> itself?</summary>
#
# <code>torch.nn</code> makes the model (and <code>cross_entropy</code> lives there), <code>torch.autograd</code> runs
# behind <code>loss.backward()</code>, and <code>torch.optim</code> takes the steps. What <code>torch.utils.data</code> would do,
# shuffling and cutting into batches, the line with <code>randperm</code> does by hand.
# </details>
#
# <!-- drills: environment -->
# <details><summary>4. A cell fails on your machine and works on a friend's. Which table do you both run, and what do you compare?</summary>
#
# <code>survey()</code> of section 3. Compare the versions of Python and PyTorch, the device, and where the data lie. A row marked ✗
# says what to do. The device <code>cpu</code> is no fault: every lesson runs on it.
# </details>
#
# ## Where to read on
#
# *Core*
#
# Go on with notebook 01, where you do by hand what `loss.backward()` did above.
