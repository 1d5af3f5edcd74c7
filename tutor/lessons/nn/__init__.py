"""Lesson 07: what it says of itself."""

from tutor.lessons.registry import About

ABOUT = About(
    minutes=175,
    core=60,
    items={
        "linear": "Linear, and what nn.Linear does, rebuilt",
        "parameters": "Parameter, named_parameters",
        "mse": "MSELoss, rebuilt",
        "sine-fit": "the sine fit as Linear(3, 1) + Flatten and as Polynomial3",
        "two-layer-net": "the two-layer net as a module",
        "call": "why one calls model(x), never model.forward(x)",
        "sequential": "Flatten, ReLU, Sequential, rebuilt",
        "softmax": "Softmax and logits",
        "cross-entropy": "CrossEntropyLoss, rebuilt without overflow",
        "classifier": "a logistic-regression classifier with log_softmax, trained on mini-batches",
        "layer-by-layer": "the 784-512-512-10 network layer by layer with shapes on three images",
        "initialisation": "initialisation, and what it does to the first loss",
        "state": "buffers, state_dict",
        "train-eval": "train and eval",
    },
)
