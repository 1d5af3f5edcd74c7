"""What several exercises of lesson A3 share: a small model with a past, and batches that come from a real loader."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

# The first optimiser of a process makes torch import its compiler, which takes seconds on a busy machine; here no
# check's time limit is running.
torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)

CLASSES = 3


def small_net(weight):
    """Batch normalisation with a past, then a linear layer (weight: (CLASSES, D)); it tells training from testing."""
    model = nn.Sequential(nn.BatchNorm1d(weight.shape[1]), nn.Linear(*reversed(weight.shape))).to(weight.dtype)
    with torch.no_grad():
        model[0].running_mean.fill_(0.4)
        model[0].running_var.fill_(2.0)
        model[1].weight.copy_(weight)
        model[1].bias.fill_(0.1)
    return model


def modes_of(norm):
    """A list that fills with the mode in which a layer is called."""
    modes = []
    norm.register_forward_pre_hook(lambda layer, _: modes.append("training" if layer.training else "evaluation"))
    return modes


def loader_of(x, y, batch_size):
    """A loader that keeps the order, so that two answers see the same batches."""
    return DataLoader(TensorDataset(x, y), batch_size=batch_size)


def a_loss():
    """A loss that is not the usual one, so that it matters which is called."""
    return nn.CrossEntropyLoss(label_smoothing=0.2)
