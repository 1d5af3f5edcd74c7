"""One image's class and probability: no batch, a wrong mode, a logit for a probability, a number for a name."""

import torch
from torch import nn
from torch.nn import functional

from tutor.checking import Misconception, code


def probe_image(d):
    """An image, the weights of a small network, and as many names."""
    h, w, classes = d.sizes(3, 3, 7)
    names = [f"class {letter}" for letter in "abcdefgh"[:classes]]
    return d.tensor(1, h, w), 0.3 * d.tensor(classes, 2 * h * w), 0.0, names


def probe_high(d):
    """Logits that are all so large that their exponentials overflow."""
    image, weight, _, names = probe_image(d)
    return image, weight, 200.0, names


def use_predict(predict, image, weight, level, names):
    """What is returned for a small convolutional network that comes in training mode, and in words how it was called."""
    model = nn.Sequential(nn.Conv2d(1, 2, 1), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(*reversed(weight.shape)))
    model = model.to(image.dtype).train()
    with torch.no_grad():
        model[0].weight.copy_(torch.tensor([1.0, -0.7]).view(2, 1, 1, 1))
        model[0].bias.copy_(torch.tensor([0.2, 0.3]))
        model[1].running_mean.fill_(0.3)
        model[1].running_var.fill_(3.0)
        model[3].weight.copy_(weight)
        model[3].bias.fill_(level)
    modes = []
    model[1].register_forward_pre_hook(lambda norm, _: modes.append("training" if norm.training else "evaluation"))
    called = []
    model.register_forward_hook(lambda *_: called.append(True))
    returned = predict(model, image, names)
    if not isinstance(returned, tuple | list) or len(returned) != 2:
        raise TypeError("the answer should return two things, the name of the class and its probability")
    name, probability = returned
    kind = "a tensor" if isinstance(probability, torch.Tensor) else "a number"
    mode = max(modes, default="never called") if called else "not called as model(X)"
    return mode, name, probability, kind, model[1].running_mean.clone()


def predict_by_index(model, image, classes):
    model.eval()
    with torch.inference_mode():
        p = torch.softmax(model(image[None]), dim=-1)
    number = int(p.argmax())
    return classes[number], float(p[0, number])


def predict_by_dict(model, image, classes):
    model.train(False)
    logits = model(torch.stack([image])).detach().squeeze(0)
    p = dict(zip(classes, functional.softmax(logits, 0).tolist(), strict=True))
    best = max(p, key=p.get)
    return best, p[best]


@torch.no_grad()
def predict_by_log(model, image, classes):
    was = model.training
    logits = model.eval()(image.view(1, *image.shape))[0]
    model.train(was)
    top, number = torch.max(logits, dim=0)
    return classes[number], (top - logits.logsumexp(0)).exp().item()


EXERCISE = code(
    difficulty="medium",
    minutes=5,
    drills=("predict",),
    probe=(probe_image, probe_high),
    use=use_predict,
    outputs=("the mode of the model", "the name", "the probability", "what the probability is", "the running mean"),
    misconceptions=(
        Misconception(
            "no-batch",
            "The image goes in without a batch. A model takes (N, 1, H, W): make a batch of one with `image.unsqueeze(0)`.",
            patch=("model(image.unsqueeze(0))", "model(image)"),
            hints=("Which shape does the model expect, and which one has the image?",),
        ),
        Misconception(
            "training-mode",
            "The model predicts in training mode: batch normalisation looks at this one image instead of what it has learned, and even changes.",
            patch=("    model.eval()\n", ""),
            hints=("In which mode does the model come in?",),
        ),
        Misconception(
            "number-for-name",
            "You return the number of the class. Its name is `classes[number]`.",
            patch=("classes[number], ", "number.item(), "),
            hints=("What is asked for, a number or a name?",),
        ),
        Misconception(
            "logit-for-probability",
            "Your second value is a logit. Softmax makes probabilities of logits.",
            patch=("F.softmax(logits, dim=1)[0]", "logits[0]"),
            hints=("Between which two numbers does a probability lie?",),
        ),
        Misconception(
            "sigmoid-for-softmax",
            "The name is right. The probability is that of a sigmoid, which looks at one logit alone; softmax shares 1 out among all classes.",
            patch=("F.softmax(logits, dim=1)[0]", "torch.sigmoid(logits)[0]"),
            hints=("What do your probabilities of all classes add up to?",),
        ),
        Misconception(
            "softmax-over-the-batch",
            "Whatever the image, the first class comes out, with the probability 1. Does the softmax run over the batch, in which there is one image? Let it run over the classes.",
            patch=("dim=1)[0]", "dim=0)[0]"),
            hints=("What should the probabilities of one image add up to, and along which dimension do they lie?",),
        ),
        Misconception(
            "log-probability",
            "That is the logarithm of the probability.",
            patch=("F.softmax(", "F.log_softmax("),
            hints=("Can a probability be negative?",),
        ),
        Misconception(
            "overflow",
            "Where logits are large the probability is no number, for their exponentials overflow. `softmax` subtracts the largest logit first.",
            patch=("F.softmax(logits, dim=1)[0]", "(logits.exp() / logits.exp().sum())[0]"),
            hints=("What is `torch.tensor(100.0).exp()`?",),
        ),
        Misconception(
            "tensor-returned",
            "The answer is right, and the probability is a tensor. `.item()` takes the number out.",
            patch=("probability.item()", "probability"),
            hints=("What is the type of your second value?",),
        ),
        Misconception(
            "least-probable",
            "You return the class with the *lowest* probability.",
            patch=(".max(dim=0)", ".min(dim=0)"),
            hints=("Which logit is the answer of the model?",),
        ),
        Misconception(
            "exchanged",
            "Both values are right and in the wrong order: the name comes first.",
            patch=("classes[number], probability.item()", "probability.item(), classes[number]"),
            hints=("Which one does the docstring name first?",),
        ),
    ),
    alternatives=(predict_by_index, predict_by_dict, predict_by_log),
    equivalent_mutants={
        "logits = model(image.unsqueeze(1))": "the image has one channel, so the two sizes of 1 are alike",
        "probability, number = F.softmax(logits)[0].max(dim=0)": "of two dimensions it takes the second by itself, with a warning",
        "probability, number = F.softmax(logits, dim=1)[-1].max(dim=0)": "there is one image",
        "probability, number = F.softmax(logits, dim=1)[0].max(dim=-1)": "there is one dimension",
    },
    hints=(
        "What does the model want that a single image has not?",
        "Evaluation mode, no gradients, a batch of one; softmax over dimension 1; then the largest probability and its place.",
        "`probability, number = F.softmax(model(image.unsqueeze(0)), dim=1)[0].max(dim=0)`",
    ),
)
