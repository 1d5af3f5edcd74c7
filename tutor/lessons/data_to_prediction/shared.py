"""What several exercises of lesson A3 share: a small model with a past, and batches as a loader gives them."""

import torch
from torch import nn
from torch.utils.data import TensorDataset

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


class loader_of:  # noqa: N801  it is used like a function
    """What a `DataLoader` that does not shuffle is to a loop; a real one fetches pair by pair, which takes seconds here."""

    def __init__(self, x, y, batch_size, drop_last=False):
        self.dataset, self.batch_size, self.drop_last = TensorDataset(x, y), batch_size, drop_last

    def __len__(self):
        return len(self.dataset) // self.batch_size if self.drop_last else -(-len(self.dataset) // self.batch_size)

    def __iter__(self):
        batches = (tensor.split(self.batch_size)[: len(self)] for tensor in self.dataset.tensors)
        return zip(*batches, strict=True)


def a_loss():
    """A loss that is not the usual one, so that it matters which is called."""
    return nn.CrossEntropyLoss(label_smoothing=0.2)
