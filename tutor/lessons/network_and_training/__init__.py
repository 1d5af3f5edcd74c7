"""Lesson A2: what it says of itself."""

from tutor.lessons.registry import About

ABOUT = About(
    minutes=50,
    items={
        "linear": "nn.Linear and its parameters; ReLU; softmax over a dimension",
        "logistic-regression": "a logistic-regression classifier as a Module, with log_softmax",
        "network": "the 784-512-512-10 network as a class",
        "layers": "its shapes layer by layer, and model(x), never model.forward",
        "parameters": "its parameters by name, size and first values",
        "loss": "the loss: NLLLoss on log-probabilities, CrossEntropyLoss on logits",
        "optimiser": "an optimiser: zero_grad, backward, step",
        "mini-batches": "the loop over epochs and mini-batches",
    },
)
