"""What several exercises of lesson A2 share."""

import torch
from torch import nn

# The first optimiser of a process makes torch import its compiler, which takes seconds on a busy machine; here no
# check's time limit is running.
torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)

STEPS = 3  # of the trajectories that models are judged on
CLASSES = 3


class Watched(nn.Module):
    """A linear classifier of numbered examples, which remembers whom it saw."""

    def __init__(self, weight):
        super().__init__()
        self.weight = nn.Parameter(weight.clone())
        self.batches = []

    def forward(self, x):
        """Return scores (N, CLASSES) that depend on more than the number, which stands in the first column."""
        self.batches.append([round(number) for number in x[:, 0].tolist()])
        return torch.stack([x[:, 0] / 10, torch.sin(x[:, 0])], dim=1) @ self.weight.T
