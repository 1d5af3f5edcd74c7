"""The class and its probability for one image: not normalised, no batch, a score for the probability."""

import numpy as np
import torch
from torch import nn

from tutor.checking import Misconception, code

from ..shared import pair


def probe_predict(d):
    """An image of whole numbers, the two numbers to normalise by, and the weights of a small network."""
    height, width = d.sizes(2, 6, 9)
    image = torch.from_numpy(d.rng.integers(0, 120, (height, width)).astype(np.uint8))
    classes = d.integer(4, 6)
    return (
        image,
        d.number(0.2, 0.4),
        d.number(0.25, 0.45),
        d.tensor(3, 1, 3, 3),
        0.2 * d.tensor(classes, 3 * height * width),
    )


def probe_predict_sure(d):
    """The same with a network whose logits lie by hundreds apart: their exponentials overflow."""
    *given, weights = probe_predict(d)
    return *given, 1000 * weights


def predicted_by(predict, image, mean, std, w1, w2):
    """What is returned for a small convolutional network that comes in training mode, and what it kept."""
    model = nn.Sequential(
        nn.Conv2d(1, 3, 3, padding=1, bias=False), nn.BatchNorm2d(3), nn.Tanh(), nn.Flatten(), nn.Linear(*w2.T.shape)
    )
    with torch.no_grad():
        model[0].weight.copy_(w1)
        model[1].running_mean.fill_(0.3)
        model[1].running_var.fill_(4.0)
        model[4].weight.copy_(w2)
        model[4].bias.zero_()
    modes = []
    model[1].register_forward_pre_hook(lambda norm, _: modes.append("training" if norm.training else "evaluation"))
    number, probability = pair(predict(model.train(), image, mean, std), "the class and its probability")
    return max(modes, default="never called"), number, probability, model[1].running_mean.clone()


def predict_by_hand(model, image, mean, std):
    model.eval()
    x = (image.to(torch.float32).div(255.0).sub(mean)).div(std)
    with torch.inference_mode():
        y_pred = model(x.view(1, 1, *x.shape))
    p = (y_pred - y_pred.max()).exp()
    p = p / p.sum()
    return int(p.argmax()), float(p.max())


@torch.no_grad()
def predict_by_max(model, image, mean, std):
    was_training = model.training
    p = torch.softmax(model.eval()(((image / 255 - mean) / std).unsqueeze(0).unsqueeze(0)), dim=-1)
    probability, number = p.max(dim=1)
    model.train(was_training)
    return number.item(), probability.item()


def predict_one_of_two(model, image, mean, std):
    model.train(False)
    x = (image.float() - 255 * mean) / (255 * std)
    y_pred = model(torch.stack([x, x])[:, None]).detach()
    number = torch.argmax(y_pred[0]).item()
    return number, nn.functional.log_softmax(y_pred, 1)[0, number].exp().item()


EXERCISE = code(
    difficulty="medium",
    minutes=8,
    drills=("predict",),
    probe=(probe_predict, probe_predict_sure),
    use=predicted_by,
    outputs=("the mode of the model", "the class", "the probability", "the running mean"),
    cases=5,
    misconceptions=(
        Misconception(
            "overflow",
            "With logits by hundreds above 0 the exponentials overflow, and the probability is no number. `softmax` subtracts the largest one "
            "first.",
            patch=("y_pred.softmax(dim=1)[0]", "(y_pred.exp() / y_pred.exp().sum())[0]"),
            hints=("What is `torch.tensor(100.0).exp()`?",),
        ),
        Misconception(
            "not-between-0-and-1",
            "The pixels go in on the scale 0 to 255. `mean` and `std` were measured between 0 and 1, so divide by 255 first.",
            patch=(" / 255", ""),
            hints=("On which scale were `mean` and `std` measured?",),
        ),
        Misconception(
            "scaled-too-late",
            "The mean is subtracted from pixels up to 255, and the division by 255 comes behind. `mean` and `std` were measured between 0 and 1, so divide first.",
            patch=("(image.float() / 255 - mean) / std", "(image.float() - mean) / std / 255"),
            hints=("On which scale were `mean` and `std` measured?",),
        ),
        Misconception(
            "own-largest",
            "The pixels are divided by the largest of this image. What the network knows is 255 as the largest, for every image.",
            patch=("/ 255", "/ image.max()"),
            hints=("What becomes of a dark image that is divided by its own largest pixel?",),
        ),
        Misconception(
            "shares-of-logits",
            "The second number is the highest logit divided by the sum of all. Logits have both signs, and that is no probability: softmax takes the exponentials first.",
            patch=("y_pred.softmax(dim=1)[0]", "y_pred[0] / y_pred[0].sum()"),
            hints=("Can a logit be negative? What does your division make of it?",),
        ),
        Misconception(
            "raw-pixels",
            "The pixels go in as they are in the file. Bring them to 0 to 1, then normalise them, as was done for training.",
            patch=("(image.float() / 255 - mean) / std", "image.float()"),
            hints=("What was done to every training image?",),
        ),
        Misconception(
            "exchanged",
            "Both are right, in the wrong order: the class comes first, then the probability.",
            patch=("p.argmax().item(), p.max().item()", "p.max().item(), p.argmax().item()"),
            hints=("Which of the two does the docstring name first?",),
        ),
        Misconception(
            "not-normalised",
            "The image is brought to 0 to 1, but not normalised as the training images were.",
            patch=("(image.float() / 255 - mean) / std", "image.float() / 255"),
            hints=("What else happened to the training images?",),
        ),
        Misconception(
            "batch-missing",
            "The model wants a batch, (N, 1, H, W). With three dimensions it gets one too few: an image is a batch of one.",
            patch=("x[None, None]", "x[None]"),
            hints=("How many dimensions does `x` have, and how many does the model want?",),
        ),
        Misconception(
            "batch-and-channel-missing",
            "The model wants (N, 1, H, W), and the image has the shape (H, W). The channel is missing, and the batch.",
            patch=("x[None, None]", "x"),
            hints=("How many dimensions does `x` have, and how many does the model want?",),
        ),
        Misconception(
            "logarithm",
            "The second number is the logarithm of the probability. Without `log` it is the probability.",
            patch=("softmax", "log_softmax"),
            hints=("Can a probability be negative?",),
        ),
        Misconception(
            "training-mode",
            "The model is in training mode: batch normalisation takes its numbers from this one image, and keeps a trace of it.",
            patch=("    model.eval()\n", ""),
            hints=("In which mode does the model come in?",),
        ),
        Misconception(
            "logit-for-probability",
            "The second number is the highest logit. Softmax makes a probability of it.",
            patch=("y_pred.softmax(dim=1)[0]", "y_pred[0]"),
            hints=("Does your number always lie between 0 and 1?",),
        ),
        Misconception(
            "by-its-own-numbers",
            "The image is normalised by its own mean and spread. The network knows the scale of the training images only.",
            patch=(
                "(image.float() / 255 - mean) / std",
                "(image.float() - image.float().mean()) / image.float().std()",
            ),
            hints=("What are the arguments `mean` and `std` for?",),
        ),
        Misconception(
            "sigmoid-for-softmax",
            "The second number is a sigmoid of the highest logit, which looks at each class alone: the numbers of all classes do not add up to 1. For one class out of several it is softmax.",
            patch=("softmax(dim=1)", "sigmoid()"),
            hints=("What should the numbers of all classes add up to?",),
        ),
        Misconception(
            "softmax-over-the-batch",
            "Class 0 with probability 1 comes out, whatever the image. Does the softmax run over the batch, which holds one image? Then every class gets 1; it runs over the classes, dim=1.",
            patch=("softmax(dim=1)", "softmax(dim=0)"),
            hints=("Which dimension of (1, C) holds the classes?",),
        ),
    ),
    alternatives=(predict_by_hand, predict_by_max, predict_one_of_two),
    equivalent_mutants={
        "x = (image / 255 - mean) / std": "dividing whole numbers makes them floating-point numbers",
        "p = y_pred.softmax(dim=1)[-1]": "the batch holds one image",
        "return (p.argmax(), p.max().item())": "a tensor of one number is as good as the number",
        "return (p.argmax().item(), p.max())": "a tensor of one number is as good as the number",
        "return (y_pred.argmax().item(), p.max().item())": "softmax keeps the order",
    },
    hints=(
        "What was done to every training image before the network saw it?",
        "Divide by 255, normalise, add the two missing dimensions; then `eval()`, `no_grad()`, softmax over the classes.",
        "`y_pred = model(x[None, None])`, `p = y_pred.softmax(dim=1)[0]`, `return p.argmax().item(), p.max().item()`",
    ),
)
