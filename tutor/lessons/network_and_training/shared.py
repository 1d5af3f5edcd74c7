"""What several exercises of lesson A2 share."""

import torch

# The first optimiser of a process makes torch import its compiler, which takes seconds on a busy machine; here no
# check's time limit is running.
torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)

STEPS = 3  # of the trajectories that models are judged on
CLASSES = 3
