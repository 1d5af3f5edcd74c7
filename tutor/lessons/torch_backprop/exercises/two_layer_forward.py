"""The two-layer network forward on any device: tensors made on the CPU, clamps that cut too much."""

from functools import partial

import torch

from tutor.checking import Misconception, code
from tutor.lessons import two_layer_net

from ..shared import on_any_device


def forward_anywhere(answer, x, w1, w2):
    """On the CPU and elsewhere; a report calls the arguments by these names."""
    return on_any_device(answer, x, w1, w2)


def forward_einsum(x, w1, w2):
    h = torch.einsum("nd,dh->nh", x, w1)
    h_relu = torch.relu(h)
    return [h, h_relu, torch.einsum("nh,ho->no", h_relu, w2)]


def forward_where(x, w1, w2):
    h = torch.matmul(x.double(), w1.double())
    h_relu = torch.where(h > 0, h, torch.zeros_like(h))
    return h, h_relu, torch.matmul(h_relu, w2.double())


def forward_in_place_on_a_copy(x, w1, w2):
    h = torch.mm(x, w1)
    h_relu = h.clone().clamp_(0)
    return h, h_relu, torch.mm(h_relu, w2)


EXERCISE = code(
    difficulty="easy",
    minutes=4,
    drills=("two-layer-net", "words"),
    probe=(partial(two_layer_net.probe_net, kind="tensor"), partial(two_layer_net.probe_thin_net, kind="tensor")),
    use=forward_anywhere,
    outputs=("h", "h_relu", "y_pred"),
    misconceptions=(
        Misconception(
            "device-forgotten",
            "This works on the CPU alone: a tensor is made there, or fetched there, whatever the device of the others. "
            "`torch.zeros_like(h)` makes one beside `h`; better still, use a word that needs none.",
            patch=("h.clamp(min=0)", "torch.maximum(h, torch.zeros(h.shape))"),
            hints=("On which device does `torch.zeros(…)` make its tensor, if you do not say?",),
        ),
        Misconception(
            "numpy-left-in",
            "Your code lets NumPy read a tensor. That works as long as tensors lie on the CPU, but the notebook runs on any "
            "device, and elsewhere it would stop: `can't convert … device type tensor to numpy`. Use torch's own word.",
            patch=("h.clamp(min=0)", "np.maximum(h, 0)"),
            hints=("Which word stands beside `np.maximum` in the dictionary above?",),
        ),
        Misconception(
            "clamp-in-place",
            "`clamp_` with an underscore overwrites `h`, so the `h` that you return has lost its negative entries. On the "
            "way back they decide the gate.",
            patch=("h.clamp(min=0)", "h.clamp_(min=0)"),
            hints=("What does the underscore at the end of a method's name mean?",),
        ),
        Misconception(
            "clamp-from-above",
            "`clamp(max=0)` cuts off what is above 0 and keeps the negative entries. A ReLU does the opposite.",
            patch=("clamp(min=0)", "clamp(max=0)"),
            hints=("Is 0 the smallest value that a ReLU lets out, or the largest?",),
        ),
        Misconception(
            "clamp-to-one",
            "`clamp(0, 1)` also cuts off everything above 1. A ReLU has no upper limit.",
            patch=("clamp(min=0)", "clamp(0, 1)"),
            hints=("What does a ReLU do with 7?",),
        ),
        two_layer_net.no_relu("h.clamp(min=0)", "h"),
        two_layer_net.skips_the_relu("h_relu.mm(w2)", "h.mm(w2)", hint="Which tensor goes into the second product?"),
        two_layer_net.relu_after_second_layer("h_relu.mm(w2)", "h_relu.mm(w2).clamp(min=0)"),
    ),
    alternatives=(two_layer_net.forward_at, forward_einsum, forward_where, forward_in_place_on_a_copy),
    hints=(
        "How did you write it in notebook 01, and which two words change in torch?",
        "`dot` becomes `mm`, and `np.maximum(h, 0)` becomes `h.clamp(min=0)`.",
        "`h = x.mm(w1)`, then `h_relu`, then `y_pred = h_relu.mm(w2)`; return all three.",
    ),
)
