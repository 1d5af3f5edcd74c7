"""What several exercises of lesson 11 share."""

import torch
from torch import nn

from tutor.checking import Misconception

CLASSES = 3


def small_net(w1, w2):
    """Linear, batch normalisation with a past, tanh (no kink that rounding could push a number across), linear."""
    model = nn.Sequential(nn.Linear(*w1.shape), nn.BatchNorm1d(w1.shape[1]), nn.Tanh(), nn.Linear(*w2.shape))
    model = model.to(w1.dtype)
    with torch.no_grad():
        model[0].weight.copy_(w1.T)
        model[0].bias.fill_(0.1)
        model[1].running_mean.fill_(0.4)
        model[1].running_var.fill_(2.0)
        model[3].weight.copy_(w2.T)
        model[3].bias.fill_(-0.1)
    return model


def three_batches(x, y, batch):
    """Batches that can be gone through once, as those of the notebook can."""
    yield from zip(x.split(batch), y.split(batch), strict=True)


def a_loss():
    """A loss that is not the usual one, so that it matters which is called."""
    return nn.CrossEntropyLoss(label_smoothing=0.2)


def pair(result, words):
    """What an answer returned, if it is two things."""
    several = isinstance(result, tuple | list) or (isinstance(result, torch.Tensor) and result.dim() == 1)
    if several and len(result) == 2:
        return result
    raise TypeError(f"the answer should return two things, {words}")


WHO_COUNTS = "If the last batch holds one image only, how much should that image count?"

LOSS_OF_ITS_OWN = Misconception(  # in the loop that trains and in the one that measures
    "loss-of-its-own",
    "The loss is always the plain cross-entropy, whatever `loss_fn` is. Call the one that you are given.",
    patch=("loss_fn(y_pred, y)", "nn.functional.cross_entropy(y_pred, y)"),
    hints=("Which loss function does your loop call?",),
)


def loss_not_weighted(*patch):
    """Means of batches, added up and divided by images."""
    return Misconception(
        "loss-not-weighted",
        "The mean losses of the batches are added up as they are and divided by the number of images. Multiply each by the size of its batch first.",
        patch=patch,
        hints=("The loss of a batch is a mean already. What makes it a sum?",),
    )


def mean_of_batch_means(*patch):
    """A mean over batches of unequal size."""
    return Misconception(
        "mean-of-batch-means",
        "That is a mean over batches. The last one is smaller, so its images count for more than the others. Add up over images and divide by their number.",
        patch=patch,
        hints=(WHO_COUNTS,),
    )


SOFTMAX_FIRST = Misconception(
    "softmax-before-the-loss",
    "The loss is given probabilities, as a softmax makes them. Cross-entropy takes logits and has the softmax inside; after two of them the network can never be sure.",
    patch=("loss_fn(y_pred, y)", "loss_fn(y_pred.softmax(dim=1), y)"),
    hints=("What does `loss_fn` expect: logits or probabilities?",),
)
