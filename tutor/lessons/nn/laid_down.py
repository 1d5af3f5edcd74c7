"""A training that is laid down beforehand, so that its best epoch is known: what lesson 07 tries `keep_best` on."""

import numpy as np
import torch
from torch import nn


def is_own(module, state):
    """In words, whether what is loaded are the module's own tensors."""
    own = {tensor.data_ptr() for tensor in module.state_dict().values()}
    shared = own & {tensor.data_ptr() for tensor in state.values()}
    return "its own tensors were loaded" if shared else "copies were loaded"


class Walker(nn.Module):
    """A model whose training is laid down beforehand: after each epoch it holds the next of the given weights."""

    def __init__(self, weights):
        super().__init__()
        self.weights = list(weights)
        self.loaded = []  # in words, what was loaded
        self.weight = nn.Parameter(torch.zeros_like(weights[0]))
        self.register_buffer("epochs_seen", torch.zeros((), dtype=torch.long))  # as in batch normalisation

    def load_state_dict(self, state_dict, *settings, **more):
        told = super().load_state_dict(state_dict, *settings, **more)
        self.loaded.append(is_own(self, state_dict))
        return told

    @torch.no_grad()
    def walk(self):
        """Take one epoch from where the model is: whoever went back to older weights in between goes on from there."""
        done = int(self.epochs_seen)
        self.weight += self.weights[min(done, len(self.weights) - 1)] - (self.weights[done - 1] if done else 0)
        self.epochs_seen += 1


class Training:
    """The two functions that an answer is given, and what was seen whenever it called them."""

    def __init__(self, losses, before):
        self.losses, self.before = losses, before
        self.trained, self.measured, self.modes, self.recorded = 0, 0, set(), True

    def train_epoch(self, net):
        net.walk()
        self.trained += 1
        self.modes.add(net.training)
        self.recorded &= torch.is_grad_enabled()

    def measure(self, net):
        self.measured += 1
        self.modes.add(net.training)
        return self.losses[int(net.epochs_seen) - 1] if net.epochs_seen else self.before


def nothing_kept(error):
    """Whether an answer ended because what it wanted to load had never been set, or was still None."""
    return isinstance(error, UnboundLocalError) or ("state_dict" in str(error) and "NoneType" in str(error))


def use_keep_best(keep_best, weights_after_each_epoch, measured_after_each_epoch, measured_before):
    """How often the model was trained, what is returned, and which epoch's numbers the model ends with."""
    weights, losses = weights_after_each_epoch, measured_after_each_epoch
    model, training = Walker(weights), Training(losses, measured_before)
    try:
        returned = keep_best(model, training.train_epoch, training.measure, len(losses))
    except (UnboundLocalError, TypeError) as error:
        if training.trained < len(losses) or model.loaded or not nothing_kept(error):
            raise
        return training.trained, "no", "nothing: no weights were kept", None, None, "nothing was loaded", None, None
    right = torch.allclose(model.weight, weights[int(np.argmin(losses))], atol=1e-4)
    back = "right" if right else model.loaded[-1] if model.loaded else "nothing was loaded"
    twice = "yes" if training.measured > len(losses) + 1 else "no"  # the start may be measured too, if only to be shown
    mode = "left as it was" if training.modes == {True} and model.training else "switched"
    at_the_end = model.weight.detach().clone(), f"of epoch {int(model.epochs_seen)}"
    return training.trained, twice, returned, *at_the_end, back, mode, "on" if training.recorded else "off"
