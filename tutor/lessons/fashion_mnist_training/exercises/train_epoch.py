"""Exercises of lesson 11: probes, misconceptions, right answers written differently, hints."""

import math

import numpy as np
import torch
from torch import nn

from tutor.checking import Misconception, code, value
from tutor.lessons.registry import About

# The first optimiser of a process makes torch import its compiler, which takes seconds on a busy machine; here no
# check's time limit is running.
torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)

ABOUT = About(
    minutes=110,
    items={
        "device": "CPU and CUDA by one variable",
        "first-recipe": "the 784-512-512-10 network and the well-known 5-epoch SGD recipe",
        "loops": "train and test loops, epochs",
        "live": "loss and accuracy reported live",
        "validation": "a validation split",
        "one-change": "step by step from the first recipe to the last, each step one change",
        "noise": "how large a difference must be: several seeds, the standard error",
        "test-once": "the test set, opened once",
        "confusion": "the confusion matrix and the accuracy of each class",
        "mistakes": "the worst mistakes shown",
        "filters": "the filters of the first layer",
        "save-load": "save, load (weights_only)",
        "resume": "resume with the identical result",
        "predict": "predict one image",
    },
)

CLASSES = 3
ONE_BATCH = "that of one batch"


def small_net(w1, w2):
    """Linear, batch normalisation with a past, tanh (no kink that rounding could push a number across), linear."""
    model = nn.Sequential(nn.Linear(*w1.shape), nn.BatchNorm1d(w1.shape[1]), nn.Tanh(), nn.Linear(*w2.shape))
    model = model.to(w1.dtype)
    with torch.no_grad():
        model[0].weight.copy_(w1.T)
        model[0].bias.fill_(0.1)
        model[1].running_mean.fill_(0.4)
        model[1].running_var.fill_(2.0)
        model[3].weight.copy_(w2.T)
        model[3].bias.fill_(-0.1)
    return model


def probe_train(d):
    """Three batches, the last one smaller, and a net of sizes that all differ."""
    d_in, h = d.sizes(2, 4, 7)
    batch, last = d.integer(8, 10), d.integer(4, 6)
    count = 2 * batch + last
    x, y = d.tensor(count, d_in), torch.from_numpy(d.labels(count, CLASSES))
    return x, y, batch, d.tensor(d_in, h), d.tensor(h, CLASSES), d.number(0.1, 0.2)


def three_batches(x, y, batch):
    """Batches that can be gone through once, as those of the notebook can."""
    yield from zip(x.split(batch), y.split(batch), strict=True)


def a_loss():
    """A loss that is not the usual one, so that it matters which is called."""
    return nn.CrossEntropyLoss(label_smoothing=0.2)


def two_epochs(train_epoch, x, y, batch, w1, w2, lr):
    """What two epochs did with the model, which comes in evaluation mode; in words first, since words name one cause."""
    model, modes, fresh, met = small_net(w1, w2).eval(), [], [], []
    optimizer = torch.optim.SGD(model.parameters(), lr)
    first = model[0].weight
    model[1].register_forward_pre_hook(lambda norm, _: modes.append("training" if norm.training else "evaluation"))
    first.register_hook(lambda gradient: fresh.append(gradient.clone()))
    optimizer.register_step_post_hook(lambda *_: met.append(_gradient_met(first, fresh, steps=len(met))))
    losses = [train_epoch(model, a_loss(), optimizer, three_batches(x, y, batch)) for _ in range(2)]
    kept = any(isinstance(loss, torch.Tensor) and loss.requires_grad for loss in losses)
    weights = torch.cat([parameter.detach().flatten() for parameter in model.parameters()])
    return (
        min(modes, default="never called"),
        f"{len(met)} for the 6 batches of two epochs",
        next((words for words in met if words != ONE_BATCH), ONE_BATCH),
        "kept with the loss" if kept else "let go",
        *losses,
        model[1].running_mean.clone(),
        weights,
    )


def _gradient_met(parameter, fresh, steps):
    """In words, what `optimizer.step()` found in `.grad`, from what it left there; `steps` were taken before it."""
    if len(fresh) <= steps:
        return "none: no backward came before it"
    if parameter.grad is None:
        return "none: it was cleared"
    if torch.equal(parameter.grad, fresh[-1]):
        return ONE_BATCH
    sums = torch.stack(fresh).flip(0).cumsum(0)  # of the last one, two, ... batches
    summed = any(torch.allclose(parameter.grad, one) for one in sums[1:])
    return "the sum of several batches" if summed else "another one"


def probe_evaluate(d):
    """Three batches; most of the two large ones are right, all of the small last one is wrong."""
    d_in, h = d.sizes(2, 4, 7)
    batch, last = d.integer(8, 10), d.integer(3, 5)
    x, w1, w2 = d.tensor(2 * batch + last, d_in), d.tensor(d_in, h), d.tensor(h, CLASSES)
    with torch.no_grad():
        logits = small_net(w1.double(), w2.double()).eval()(x.double())
    y = logits.argmax(dim=1)
    y[2 * batch :] = logits[2 * batch :].argmin(dim=1)
    y[: d.integer(2, 3)] = logits[: y.numel()][0].argmin()
    return x, y, batch, w1, w2


def measured(evaluate, x, y, batch, w1, w2):
    """What is returned for a model that comes in training mode, and in words how it was called."""
    model, modes, recorded = small_net(w1, w2).train(), [], []
    model[1].register_forward_pre_hook(lambda norm, _: modes.append("training" if norm.training else "evaluation"))
    model[1].register_forward_hook(lambda *_: recorded.append(torch.is_grad_enabled()))
    loss, accuracy = pair(evaluate(model, a_loss(), three_batches(x, y, batch)), "the loss and the accuracy")
    gradients = "recorded" if any(recorded) else "not recorded"
    if any(parameter.grad is not None for parameter in model.parameters()):
        gradients = "computed and left in the model"
    return max(modes, default="never called"), gradients, loss, accuracy, model[1].running_mean.clone()


def pair(result, words):
    """What an answer returned, if it is two things."""
    several = isinstance(result, tuple | list) or (isinstance(result, torch.Tensor) and result.dim() == 1)
    if several and len(result) == 2:
        return result
    raise TypeError(f"the answer should return two things, {words}")


def probe_normalise(d):
    """Two sets of images of different number, brightness and contrast; enough pixels that n or n - 1 is all one."""
    n, m = d.sizes(2, 9, 13)
    x, x_val = d.tensor(n, 1, 27, 29, positive=True), d.tensor(m, 1, 27, 29, positive=True)
    return x, d.number(0.4, 0.6) * x_val + d.number(0.8, 1.2)


def probe_difference(d):
    """Accuracies of two recipes that go up and down together, as runs with the same seeds do; now this one is better, now that."""
    n = d.integer(4, 8)
    luck, noise = d.tensor(n), 0.8 * d.tensor(n)
    gain = d.number(0.1, 0.2) * (-1) ** d.seed
    return 2 + luck, 2 + luck + noise - noise.mean() + gain


def probe_confusion(d):
    """Predictions, targets, and a last class that does not occur."""
    n, classes = d.integer(15, 25), d.integer(4, 6)
    target = torch.from_numpy(d.labels(n, classes - 1))
    predicted = torch.where(torch.from_numpy(d.rng.random(n) < 0.5), target, (target + 1) % (classes - 1))
    return predicted, target, classes


def probe_crowd(d):
    """So many images, most of them right, that a byte cannot count them."""
    n, classes = d.integer(1000, 1100), 4
    target = torch.from_numpy(d.labels(n, classes - 1))
    predicted = torch.where(torch.from_numpy(d.rng.random(n) < 0.95), target, (target + 1) % (classes - 1))
    return predicted, target, classes


def probe_predict(d):
    """An image of whole numbers, the two numbers to normalise by, and the weights of a small network."""
    height, width = d.sizes(2, 6, 9)
    image = torch.from_numpy(d.rng.integers(0, 256, (height, width)).astype(np.uint8))
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


def train_epoch_cleared_last(model, loss_fn, optimizer, batches):
    model.train(True)
    losses, sizes = [], []
    for images, labels in batches:
        loss = loss_fn(model(images), labels)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(float(loss))
        sizes.append(images.shape[0])
    return sum(a * b for a, b in zip(losses, sizes, strict=True)) / sum(sizes)


def train_epoch_by_tensors(model, loss_fn, optimizer, batches):
    summed, seen = torch.zeros(()), 0
    for x, y in batches:
        model.train()
        optimizer.zero_grad(set_to_none=False)
        loss = loss_fn(model(x), y)
        loss.backward()
        optimizer.step()
        summed = summed + loss.detach() * x.size(0)
        seen += x.size(0)
    return (summed / seen).item()


def train_epoch_with_closure(model, loss_fn, optimizer, batches):
    model.train()
    total = count = 0
    for x, y in batches:

        def closure(x=x, y=y):
            model.zero_grad()
            loss = loss_fn(model(x), y)
            loss.backward()
            return loss

        total, count = total + len(x) * optimizer.step(closure).detach(), count + len(x)
    return total / count


def train_epoch_listed_first(model, loss_fn, optimizer, batches):
    batches = list(batches)
    model.train()
    count = sum(len(y) for _, y in batches)
    total = 0.0
    for x, y in batches:
        for parameter in model.parameters():
            parameter.grad = None
        loss = loss_fn(model.forward(x), y)
        torch.autograd.backward(loss)
        optimizer.step()
        total += loss.item() * len(y) / count
    return total


def evaluate_in_inference_mode(model, loss_fn, batches):
    model.train(False)
    with torch.inference_mode():
        results = [
            (loss_fn(model(x), y).item(), (model(x).argmax(1) == y).float().mean().item(), len(y)) for x, y in batches
        ]
    count = sum(n for *_, n in results)
    return sum(loss * n for loss, _, n in results) / count, sum(right * n for _, right, n in results) / count


@torch.no_grad()
def evaluate_all_at_once(model, loss_fn, batches):
    model.eval()
    xs, ys = zip(*batches, strict=True)
    y_pred, y = model(torch.cat(xs)), torch.cat(ys)
    return loss_fn(y_pred, y), (y_pred.max(1).indices == y).double().mean()


def evaluate_and_go_back(model, loss_fn, batches):
    was_training = model.training
    model.eval()
    losses, hits = [], []
    with torch.set_grad_enabled(False):
        for x, y in batches:
            y_pred = model(x)
            losses += [loss_fn(y_pred, y).item()] * len(y)
            hits += (torch.argmax(y_pred, dim=-1) == y).tolist()
    model.train(was_training)
    return sum(losses) / len(losses), sum(hits) / len(hits)


def normalise_by_numpy(x, x_val):
    mean, std = float(np.mean(x.numpy())), float(np.std(x.numpy()))
    return x.sub(mean).div(std), x_val.sub(mean).div(std)


def normalise_by_moments(x, x_val):
    mean = x.sum() / x.numel()
    std = ((x - mean) ** 2).mean().sqrt()
    return tuple((images - mean) / std for images in (x, x_val))


def normalise_in_place(x, x_val):
    std, mean = torch.std_mean(x)
    return x.clone().sub_(mean).div_(std), x_val.clone().sub_(mean).div_(std)


def normalise_by_channel(x, x_val):
    mean = x.mean(dim=(0, 2, 3), keepdim=True)
    std = x.std(dim=(0, 2, 3), keepdim=True)
    return x / std - mean / std, x_val / std - mean / std


def difference_by_hand(a, b):
    differences = [float(q) - float(p) for p, q in zip(a, b, strict=True)]
    n = len(differences)
    mean = sum(differences) / n
    s = math.sqrt(sum((d - mean) ** 2 for d in differences) / (n - 1))
    return mean, s / n**0.5


def difference_in_numpy(a, b):
    d = np.asarray(b, dtype=np.float64) - np.asarray(a, dtype=np.float64)
    return d.mean(), d.std(ddof=1) / np.sqrt(d.size)


def difference_by_variance(a, b):
    return b.mean() - a.mean(), ((b - a).var() / len(a)).sqrt()


def confusion_by_bincount(predicted, target, classes):
    return torch.bincount(classes * target + predicted, minlength=classes * classes).reshape(classes, classes)


def confusion_by_one_hot(predicted, target, classes):
    one_hot = nn.functional.one_hot
    return one_hot(target, classes).T @ one_hot(predicted, classes)


def confusion_by_put(predicted, target, classes):
    matrix = torch.zeros(classes, classes, dtype=torch.long)
    return matrix.index_put_((target, predicted), torch.ones_like(target), accumulate=True)


def confusion_by_pairs(predicted, target, classes):
    pairs = [[((target == t) & (predicted == p)).sum() for p in range(classes)] for t in range(classes)]
    return torch.tensor(pairs)


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


STILL_EVALUATING = (
    "The model stays in evaluation mode while it trains: batch normalisation uses its old running mean and never updates "
    "it. Switch to training mode before the first batch."
)
MEAN_OF_MEANS = (
    "You average over batches. The last batch is smaller, so its images count for more than the others. Add up over images "
    "and divide by their number."
)
SOFTMAX_FIRST = (
    "You apply a softmax before the loss. Cross-entropy takes logits and has the softmax inside; after two of them the "
    "network can never be sure."
)
WHO_COUNTS = "If the last batch holds one image only, how much should that image count?"

LOSS_OF_ITS_OWN = Misconception(  # in the loop that trains and in the one that measures
    "loss-of-its-own",
    "The loss is always the plain cross-entropy, whatever `loss_fn` is. Call the one that you are given.",
    patch=("loss_fn(y_pred, y)", "nn.functional.cross_entropy(y_pred, y)"),
    hints=("Which argument does your loop not use?",),
)

EXERCISES = {
    "train_epoch": code(
        difficulty="hard",
        minutes=12,
        probe=probe_train,
        use=two_epochs,
        outputs=(
            "the mode while training",
            "the number of steps",
            "the gradient that a step goes along",
            "the graph of a batch",
            "the first loss",
            "the second loss",
            "the running mean",
            "the weights",
        ),
        drills=("loops",),
        misconceptions=(
            Misconception(
                "batches-used-up",
                "No step is taken. `batches` yields its pairs once, as a generator does: whoever counts them first, or looks at the first one, "
                "has used them up. Count in the same loop.",
                patch=("    total, count = 0.0, 0\n", "    total, count = 0.0, sum(len(y) for x, y in batches)\n"),
                hints=("How often can you go through a generator?",),
            ),
            LOSS_OF_ITS_OWN,
            Misconception(
                "zero-grad-forgotten",
                "The gradients are never cleared: every step goes along the sum of all gradients so far.",
                patch=("        optimizer.zero_grad()\n", ""),
                hints=("What does `backward` do with the gradients that are already there?",),
            ),
            Misconception(
                "cleared-once",
                "The gradients are cleared once in an epoch, before its first batch. From the second batch on, a step goes along the sum of "
                "all gradients of the epoch so far.",
                patch=(
                    ("        optimizer.zero_grad()\n", ""),
                    ("    model.train()\n", "    model.train()\n    optimizer.zero_grad()\n"),
                ),
                hints=("How often does `backward` add to what is there?",),
            ),
            Misconception(
                "no-gradient-yet",
                "When the optimiser steps there is no gradient: no `backward` came before it. First `backward`, then `step`.",
                patch=("        loss.backward()\n", ""),
                hints=("Which line puts something into `.grad`?",),
            ),
            Misconception(
                "one-step-an-epoch",
                "There is one step in an epoch, behind the loop, along the gradient of the last batch. The step belongs into the loop: one for "
                "every batch.",
                patch=(
                    ("        optimizer.step()\n", ""),
                    ("    return total / count", "    optimizer.step()\n    return total / count"),
                ),
                hints=("How often should the weights move in an epoch?",),
            ),
            Misconception(
                "cleared-before-the-step",
                "You clear the gradients between `backward` and `step`: nothing is left to step with.",
                patch=(
                    "        optimizer.zero_grad()\n        loss.backward()\n",
                    "        loss.backward()\n        optimizer.zero_grad()\n",
                ),
                hints=("What is in `.grad` when `step` looks at it?",),
            ),
            Misconception(
                "step-forgotten",
                "Gradients are computed, but no step is taken: the weights never move.",
                patch=("        optimizer.step()\n", ""),
                hints=("Which line moves the weights?",),
            ),
            Misconception(
                "evaluation-mode",
                STILL_EVALUATING,
                patch=("    model.train()\n", ""),
                hints=("In which mode does the model come in?",),
            ),
            Misconception(
                "mean-of-batch-means",
                MEAN_OF_MEANS,
                patch=(("loss.item() * len(y)", "loss.item()"), ("count += len(y)", "count += 1")),
                hints=(WHO_COUNTS,),
            ),
            Misconception(
                "loss-not-weighted",
                "You add up the mean losses of the batches but divide by the number of images. Multiply each by the size of "
                "its batch first.",
                patch=("loss.item() * len(y)", "loss.item()"),
                hints=("The loss of a batch is a mean already. What makes it a sum?",),
            ),
            Misconception(
                "sum-not-mean",
                "That is the sum of the losses of all images. Divide by how many there were.",
                patch=("total / count", "total"),
                hints=("How does your number change if there are twice as many images?",),
            ),
            Misconception(
                "softmax-before-the-loss",
                SOFTMAX_FIRST,
                patch=("loss_fn(y_pred, y)", "loss_fn(y_pred.softmax(dim=1), y)"),
                hints=("What does `loss_fn` expect: logits or probabilities?",),
            ),
            Misconception(
                "graph-kept",
                "You add up tensors that still carry their graphs, so the graphs of all batches stay in memory until the "
                "epoch is over. Take the number out with `.item()`.",
                patch=("loss.item() * len(y)", "loss * len(y)"),
                hints=("What hangs on `loss`, besides a number?",),
            ),
            Misconception(
                "last-batch-only",
                "You return the loss of the last batch. The mean over the whole epoch is asked for.",
                patch=("total / count", "loss.item()"),
                hints=("Which images does your number know about?",),
            ),
        ),
        equivalent_mutants={
            "total, count = (0, 0.0)": "whole numbers and others add up alike",
            "model.zero_grad()": "the optimiser holds all parameters of the model",
            "total += loss.item() * len(x)": "all three have one row for each image",
            "total += loss.item() * len(y_pred)": "all three have one row for each image",
            "count += len(x)": "all three have one row for each image",
            "count += len(y_pred)": "all three have one row for each image",
        },
        alternatives=(
            train_epoch_cleared_last,
            train_epoch_by_tensors,
            train_epoch_with_closure,
            train_epoch_listed_first,
        ),
        hints=(
            "Which five lines make a training step, and what has to happen once before the first of them?",
            "`model.train()`, then a loop with the five lines; add up `loss.item() * len(y)` and `len(y)` on the way.",
            "`total += loss.item() * len(y)`, `count += len(y)`, and `return total / count` behind the loop.",
        ),
    ),
    "evaluate": code(
        difficulty="medium",
        minutes=10,
        probe=probe_evaluate,
        use=measured,
        outputs=("the mode while measuring", "gradients", "the loss", "the accuracy", "the running mean"),
        drills=("loops",),
        misconceptions=(
            Misconception(
                "batches-used-up",
                "Nothing is measured. `batches` yields its pairs once, as a generator does: whoever counts them first has used them up. Count in "
                "the same loop.",
                patch=(
                    (
                        "    total, right, count = 0.0, 0, 0\n",
                        "    total, right, count = 0.0, 0, sum(len(y) for x, y in batches)\n",
                    ),
                ),
                hints=("How often can you go through a generator?",),
            ),
            LOSS_OF_ITS_OWN,
            Misconception(
                "training-mode",
                "The model stays in training mode while you measure: batch normalisation uses the batch at hand, and each "
                "answer depends on its neighbours. It even changes the model.",
                patch=("    model.eval()\n", ""),
                hints=("In which mode does the model come in, and in which one do you measure?",),
            ),
            Misconception(
                "exchanged",
                "Both numbers are right, in the wrong order: the loss comes first, then the accuracy.",
                patch=("total / count, right / count", "right / count, total / count"),
                hints=("Which of the two does the docstring name first?",),
            ),
            Misconception(
                "gradients-recorded",
                "The numbers are right, but autograd records every step for a backward pass that never comes: it costs memory "
                "and time.",
                patch=("with torch.no_grad():", "if True:"),
                hints=("Who tells autograd that no gradients are needed?",),
            ),
            Misconception(
                "mean-of-batch-means",
                MEAN_OF_MEANS,
                patch=(
                    ("loss_fn(y_pred, y).item() * len(y)", "loss_fn(y_pred, y).item()"),
                    ("(y_pred.argmax(dim=1) == y).sum()", "(y_pred.argmax(dim=1) == y).float().mean()"),
                    ("count += len(y)", "count += 1"),
                ),
                hints=(WHO_COUNTS,),
            ),
            Misconception(
                "loss-averaged-over-batches",
                "The accuracy is right; the loss is a mean of batch means, in which the images of the small last batch count "
                "for more.",
                patch=(
                    ("loss_fn(y_pred, y).item() * len(y)", "loss_fn(y_pred, y).item()"),
                    ("total, right, count = 0.0, 0, 0", "total, right, count, steps = 0.0, 0, 0, 0"),
                    ("count += len(y)", "count, steps = count + len(y), steps + 1"),
                    ("total / count", "total / steps"),
                ),
                hints=(WHO_COUNTS,),
            ),
            Misconception(
                "accuracy-averaged-over-batches",
                "The loss is right; the accuracy is a mean of batch accuracies, in which the images of the small last batch "
                "count for more.",
                patch=(
                    ("(y_pred.argmax(dim=1) == y).sum()", "(y_pred.argmax(dim=1) == y).float().mean()"),
                    ("total, right, count = 0.0, 0, 0", "total, right, count, steps = 0.0, 0, 0, 0"),
                    ("count += len(y)", "count, steps = count + len(y), steps + 1"),
                    ("right / count", "right / steps"),
                ),
                hints=(WHO_COUNTS,),
            ),
            Misconception(
                "loss-not-weighted",
                "You add up the mean losses of the batches but divide by the number of images. Multiply each by the size of "
                "its batch first.",
                patch=("loss_fn(y_pred, y).item() * len(y)", "loss_fn(y_pred, y).item()"),
                hints=("The loss of a batch is a mean already. What makes it a sum?",),
            ),
            Misconception(
                "softmax-before-the-loss",
                SOFTMAX_FIRST,
                patch=("loss_fn(y_pred, y)", "loss_fn(y_pred.softmax(dim=1), y)"),
                hints=("What does `loss_fn` expect: logits or probabilities?",),
            ),
            Misconception(
                "count-for-fraction",
                "The second number is how many are right. The accuracy is the fraction of all images.",
                patch=("right / count", "right"),
                hints=("Between which two numbers does an accuracy lie?",),
            ),
            Misconception(
                "last-batch-only",
                "Both numbers come from the last batch alone.",
                patch=(("total +=", "total ="), ("right +=", "right ="), ("count +=", "count =")),
                hints=("What is left of the first batch after the second?",),
            ),
            Misconception(
                "error-for-accuracy",
                "The second number is the fraction of *wrong* answers. The accuracy is that of the right ones.",
                patch=("right / count", "1 - right / count"),
                hints=("Should your number rise or fall while the network learns?",),
            ),
            Misconception(
                "accuracy-in-percent",
                "The accuracy is a fraction between 0 and 1; yours is in percent.",
                patch=("right / count", "100 * right / count"),
                hints=("Between which two numbers does a fraction lie?",),
            ),
        ),
        equivalent_mutants={
            "total, right, count = (0, 0.0, 0)": "whole numbers and others add up alike",
            "total += loss_fn(y_pred, y) * len(y)": "without gradients a tensor of one number is as good as the number",
            "right += (y_pred.argmax(dim=1) == y).sum()": "without gradients a tensor of one number is as good as the number",
            "total += loss_fn(y_pred, y).item() * len(x)": "all three have one row for each image",
            "total += loss_fn(y_pred, y).item() * len(y_pred)": "all three have one row for each image",
            "count += len(x)": "all three have one row for each image",
            "count += len(y_pred)": "all three have one row for each image",
        },
        alternatives=(evaluate_in_inference_mode, evaluate_all_at_once, evaluate_and_go_back),
        hints=(
            "Which two switches does measuring need, and what has to be counted?",
            "`model.eval()`, then under `torch.no_grad()` add up the loss times the batch size, the right answers and the images.",
            "`right += (y_pred.argmax(dim=1) == y).sum().item()`; in the end `return total / count, right / count`.",
        ),
    ),
    "normalise": code(
        difficulty="easy",
        minutes=4,
        probe=probe_normalise,
        outputs=("x", "x_val"),
        drills=("one-change", "validation"),
        misconceptions=(
            Misconception(
                "each-by-its-own",
                "`x_val` is normalised by its own mean and spread. The network has learned what a number means on the scale of "
                "`x`; use the same two numbers for every image.",
                patch=("(x_val - mean) / std", "(x_val - x_val.mean()) / x_val.std()"),
                hints=("What would you do with one single new image?",),
            ),
            Misconception(
                "measured-on-both",
                "The two numbers are measured on both sets together. So the validation images have a say in the training: that "
                "is a leak.",
                patch=(
                    "mean, std = x.mean(), x.std()",
                    "mean, std = torch.cat([x, x_val]).mean(), torch.cat([x, x_val]).std()",
                ),
                hints=("Which images may the training know?",),
            ),
            Misconception(
                "measured-on-the-other",
                "The two numbers are measured on `x_val`. They have to come from `x`, the images that are learned from.",
                patch=("x.mean(), x.std()", "x_val.mean(), x_val.std()"),
                hints=("Which images may the training know?",),
            ),
            Misconception(
                "only-the-first",
                "`x_val` comes back as it was: it was left out, or the numbers were measured on an `x` that was normalised already, whose "
                "mean is 0 and whose standard deviation is 1. Keep both numbers before anything is overwritten.",
                patch=("(x_val - mean) / std", "x_val"),
                hints=("What would the network make of images on another scale?",),
            ),
            Misconception(
                "one-half-for-everything",
                "You subtract 0.5 and divide by 0.5, as many tutorials do for any data. Measure the mean and the standard deviation of "
                "these images.",
                patch=("x.mean(), x.std()", "0.5, 0.5"),
                hints=("Where do your two numbers come from?",),
            ),
            Misconception(
                "numbers-from-elsewhere",
                "You take 0.286 and 0.353, the numbers of another training set. These images have their own; measure them.",
                patch=("x.mean(), x.std()", "0.286, 0.353"),
                hints=("Would your two numbers change if these images were brighter?",),
            ),
            Misconception(
                "variance-for-spread",
                "You divide by the variance. The standard deviation is its root, and has the unit of a pixel.",
                patch=("x.std()", "x.var()"),
                hints=("Which of the two doubles when all pixels double?",),
            ),
            Misconception(
                "only-scaled",
                "You divide but do not subtract the mean: the inputs are still all on one side of 0.",
                patch=(("(x - mean)", "x"), ("(x_val - mean)", "x_val")),
                hints=("What should the mean of the new `x` be?",),
            ),
            Misconception(
                "only-centred",
                "You subtract the mean but do not divide by the standard deviation.",
                patch=(" / std", ""),
                hints=("What should the spread of the new `x` be?",),
            ),
            Misconception(
                "bracket-missing",
                "Division comes before subtraction: without brackets this is x - (mean / std). Put the difference in brackets.",
                patch=(("(x - mean) / std", "x - mean / std"), ("(x_val - mean) / std", "x_val - mean / std")),
                hints=("What does Python do first: subtract or divide?",),
            ),
            Misconception(
                "image-by-image",
                "Every image is normalised by its own mean and spread. Then a black shirt and a white one look alike; two "
                "numbers for all pixels are asked for.",
                patch=(
                    (
                        "(x - mean) / std",
                        "(x - x.mean(dim=(2, 3), keepdim=True)) / x.std(dim=(2, 3), keepdim=True)",
                    ),
                    (
                        "(x_val - mean) / std",
                        "(x_val - x_val.mean(dim=(2, 3), keepdim=True)) / x_val.std(dim=(2, 3), keepdim=True)",
                    ),
                ),
                hints=("How many means do you compute?",),
            ),
            Misconception(
                "pixel-by-pixel",
                "Every pixel has a mean and a spread of its own, over the images. Two numbers for all pixels are asked for.",
                patch=("x.mean(), x.std()", "x.mean(dim=0), x.std(dim=0)"),
                hints=("What is the shape of your mean?",),
            ),
            Misconception(
                "to-the-range",
                "You stretch the pixels to the range 0 to 1. Asked for are mean 0 and standard deviation 1.",
                patch=("mean, std = x.mean(), x.std()", "mean, std = x.min(), x.max() - x.min()"),
                hints=("Which two numbers does the formula subtract and divide by?",),
            ),
        ),
        alternatives=(normalise_by_numpy, normalise_by_moments, normalise_in_place, normalise_by_channel),
        hints=(
            "Which images may have a say in the two numbers?",
            "`x.mean()` and `x.std()` are the two numbers; both sets are shifted and scaled by them.",
            "`return (x - mean) / std, (x_val - mean) / std`",
        ),
    ),
    "predict_softmax": value(
        difficulty="medium",
        minutes=4,
        drills=("one-change",),
        misconceptions=(
            Misconception(
                "zero",
                "0 is the loss of a network that is sure *in its logits*. These numbers, 1 and nine times 0, are taken for "
                "logits and go through a second softmax.",
                value=0,
            ),
            Misconception(
                "log-ten",
                "2.30 is log 10, the loss of a network that knows nothing. One number is larger than the others here, by 1.",
                value=2.30,
            ),
            Misconception(
                "log-ten-computed",
                "That is log 10, the loss of a network that knows nothing. One number is larger than the others here, by 1.",
                value=math.log(10),
            ),
            Misconception(
                "other-classes-forgotten",
                "The sum under the second softmax has ten terms: e for the right class, and nine times e to the power 0, which "
                "is 1 each, not 0.",
                value=0.46,
            ),
        ),
        hints=(
            "What does softmax make of ten logits of which one is 1 and nine are 0?",
            "The right class gets e / (e + 9). What is minus its logarithm?",
        ),
        alternatives=(math.log(math.e + 9) - 1,),
        explain="The second softmax gives the right class e / (e + 9), 23 %. The loss can never fall below log(e + 9) - 1.",
    ),
    "paired_difference": code(
        difficulty="medium",
        minutes=8,
        probe=probe_difference,
        outputs=("the mean", "the standard error"),
        drills=("noise",),
        misconceptions=(
            Misconception(
                "spread-for-error",
                "That is the spread of a single difference. The mean of n of them is known better, by the root of n.",
                patch=(" / math.sqrt(len(d))", ""),
                hints=("Does your error shrink when you run more seeds?",),
            ),
            Misconception(
                "divided-by-n",
                "You divide the spread by n. The error of a mean shrinks with the root of n only.",
                patch=("math.sqrt(len(d))", "len(d)"),
                hints=("How many runs halve the standard error?",),
            ),
            Misconception(
                "n-for-n-minus-one",
                "Your spread divides by n. With few runs that is too small: the mean was taken from the same numbers, so divide by n - 1.",
                patch=("d.std()", "d.std(correction=0)"),
                hints=("By what does the formula of s divide?",),
            ),
            Misconception(
                "not-paired",
                "You add up the spreads of a and b. Both go up and down with the same seeds; that luck cancels only if you take the "
                "differences first.",
                patch=("d.std()", "(a.var() + b.var()).sqrt()"),
                hints=("Of which numbers does the formula take the spread?",),
            ),
            Misconception(
                "turned-round",
                "The sign is wrong: positive should mean that b is better.",
                patch=("b - a", "a - b"),
                hints=("Which of the two was there before?",),
            ),
            Misconception(
                "absolute-differences",
                "You take the sizes of the differences. Then a recipe that is as often worse as better seems to be better.",
                patch=("d = b - a", "d = (b - a).abs()"),
                hints=("Can your mean be negative?",),
            ),
            Misconception(
                "absolute-mean",
                "Your mean has lost its sign. If b is worse than a, it should be negative.",
                patch=("return d.mean(),", "return d.mean().abs(),"),
                hints=("What should you return if every run of b is one point worse?",),
            ),
            Misconception(
                "variance-over-n",
                "That is the square of the standard error: the variance divided by n. Take its root.",
                patch=("d.std() / math.sqrt(len(d))", "d.var() / len(d)"),
                hints=("Is your number in points, or in points squared?",),
            ),
            Misconception(
                "one-less-twice",
                "The n - 1 stands in the spread already, and `std` divides by it. The error of the mean is that spread divided by the root of n.",
                patch=("math.sqrt(len(d))", "math.sqrt(len(d) - 1)"),
                hints=("Where does n - 1 stand in the formulas, and where n?",),
            ),
            Misconception(
                "variance-for-spread",
                "You start from the variance. Take its root, the standard deviation, first.",
                patch=("d.std()", "d.var()"),
                hints=("Which of the two is in points?",),
            ),
        ),
        equivalent_mutants={
            "return (d.mean(), d.std() / math.sqrt(len(a)))": "a, b and d have one length",
            "return (d.mean(), d.std() / math.sqrt(len(b)))": "a, b and d have one length",
        },
        alternatives=(difference_by_hand, difference_in_numpy, difference_by_variance),
        hints=(
            "What do two runs with the same seed share, and what cancels in their difference?",
            "Take `d = b - a`; then its mean, and its `std()` divided by the root of how many there are.",
            "`return d.mean(), d.std() / math.sqrt(len(d))`",
        ),
    ),
    "confusion": code(
        difficulty="medium",
        minutes=7,
        probe=(probe_confusion, probe_crowd),
        drills=("confusion",),
        misconceptions=(
            Misconception(
                "counted-once",
                "No pair is counted more than once. `matrix[target, predicted] += 1` with whole tensors does that: it reads all the "
                "values first and then writes them, so an entry that is named five times grows by 1.",
                patch=(
                    "    for t, p in zip(target.tolist(), predicted.tolist()):\n        matrix[t, p] += 1\n",
                    "    matrix[target, predicted] += 1\n",
                ),
                hints=("What is the largest number in your matrix?",),
            ),
            Misconception(
                "rows-and-columns-exchanged",
                "Rows and columns are exchanged: the row is the true class, the column the predicted one.",
                patch=("matrix[t, p]", "matrix[p, t]"),
                hints=("Which of the two numbers of (t, p) is the row?",),
            ),
            Misconception(
                "rows-are-one-list",
                "All rows are the same. `[[0] * classes] * classes` makes *one* list and names it several times: a count in one "
                "row shows in all.",
                wrap=lambda reference: (
                    lambda predicted, target, classes: (
                        reference(predicted, target, classes).sum(dim=0).expand(classes, classes).clone()
                    )
                ),
                hints=("What does `*` do with a list that holds a list: copy it, or name it again?",),
            ),
            Misconception(
                "bincount-too-short",
                "`bincount` ends at the largest number that occurs, so the last classes are missing and the rest does not fill a square. Say "
                "how many numbers there are: `minlength=classes * classes`.",
                patch=(
                    "    for t, p in zip(target.tolist(), predicted.tolist()):\n        matrix[t, p] += 1\n    return matrix",
                    "    return torch.bincount(classes * target + predicted).view(classes, classes)",
                ),
                hints=("How many numbers does `torch.bincount(torch.tensor([0, 1]))` return?",),
            ),
            Misconception(
                "a-byte-is-too-small",
                "Some of your counts are too small by 256: a byte begins again at 0 behind 255. Count in int64.",
                patch=("torch.int64", "torch.uint8"),
                hints=("What is the dtype of your matrix, and how many images can a class have?",),
            ),
            Misconception(
                "mistakes-only",
                "Only the mistakes are counted. The diagonal belongs to the matrix: it holds the right answers.",
                patch=("        matrix[t, p] += 1", "        matrix[t, p] += t != p"),
                hints=("What does entry (t, t) count?",),
            ),
            Misconception(
                "right-ones-only",
                "Only the right answers are counted; everything off the diagonal is missing.",
                patch=("        matrix[t, p] += 1", "        matrix[t, p] += t == p"),
                hints=("Where does a mistake go?",),
            ),
            Misconception(
                "only-classes-that-occur",
                "Your matrix has room only for the classes that occur. A class without an image has a row as well, of zeros.",
                wrap=lambda reference: (
                    lambda predicted, target, classes: reference(
                        predicted, target, int(max(predicted.max(), target.max())) + 1
                    )
                ),
                hints=("Where is the number of classes written that you were given?",),
            ),
            Misconception(
                "shares-of-rows",
                "You return shares, each row divided by its sum (which is 0 for a class that does not occur). Counts are asked for.",
                wrap=lambda reference: (
                    lambda predicted, target, classes: _shares(reference(predicted, target, classes))
                ),
                hints=("Should your entries be whole numbers?",),
            ),
        ),
        equivalent_mutants={
            "matrix = torch.zeros(classes, classes)": "the counts are judged by their values",
            "for t, p in zip(target, predicted.tolist()):": "tensors of one number can be indices",
            "for t, p in zip(target.tolist(), predicted):": "tensors of one number can be indices",
        },
        alternatives=(confusion_by_bincount, confusion_by_one_hot, confusion_by_put, confusion_by_pairs),
        hints=(
            "For one single image of class t that was taken for p: which entry grows, and by how much?",
            "Start from `torch.zeros(classes, classes, dtype=torch.int64)` and go through both tensors side by side.",
            "`matrix[t, p] += 1` inside `for t, p in zip(target.tolist(), predicted.tolist()):`",
        ),
    ),
    "predict": code(
        difficulty="medium",
        minutes=8,
        probe=(probe_predict, probe_predict_sure),
        use=predicted_by,
        cases=5,
        outputs=("the mode of the model", "the class", "the probability", "the running mean"),
        drills=("predict",),
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
                "You normalise the image by its own mean and spread. The network knows the scale of the training images only.",
                patch=(
                    "(image.float() / 255 - mean) / std",
                    "(image.float() - image.float().mean()) / image.float().std()",
                ),
                hints=("What are the arguments `mean` and `std` for?",),
            ),
            Misconception(
                "sigmoid-for-softmax",
                "A sigmoid looks at each class alone; the ten numbers do not add up to 1. For one class out of several it is softmax.",
                patch=("softmax(dim=1)", "sigmoid()"),
                hints=("What should the numbers of all classes add up to?",),
            ),
            Misconception(
                "softmax-over-the-batch",
                "Your softmax runs over the batch, which holds one image: every class gets probability 1. It runs over the classes, dim=1.",
                patch=("softmax(dim=1)", "softmax(dim=0)"),
                hints=("Which dimension of (1, C) holds the classes?",),
            ),
        ),
        equivalent_mutants={
            "x = (image / 255 - mean) / std": "dividing whole numbers makes them floating-point numbers",
            "p = y_pred.softmax(dim=1)[-1]": "the batch holds one image",
            "return (p.argmax(), p.max().item())": "a tensor of one number is as good as the number",
            "return (p.argmax().item(), p.max())": "a tensor of one number is as good as the number",
            "return (y_pred.argmax().item(), p.max().item())": "softmax keeps the order",
        },
        alternatives=(predict_by_hand, predict_by_max, predict_one_of_two),
        hints=(
            "What was done to every training image before the network saw it?",
            "Divide by 255, normalise, add the two missing dimensions; then `eval()`, `no_grad()`, softmax over the classes.",
            "`y_pred = model(x[None, None])`, `p = y_pred.softmax(dim=1)[0]`, `return p.argmax().item(), p.max().item()`",
        ),
    ),
    "predict_chosen": value(
        difficulty="medium",
        minutes=3,
        drills=("test-once", "validation"),
        misconceptions=(
            Misconception(
                "fair",
                "90 is what all 20 show on average. You do not report the average, you report the best, and the best of 20 was lucky.",
                value=90,
            ),
            Misconception(
                "wild",
                "One measurement on 1,000 images has a spread of about one point. The best of 20 lies about two of them above the truth, not seven.",
                value=97,
            ),
            Misconception(
                "more-exact",
                "You are as near as one can be: 91.7 is what comes out on average, and of the three 92 is the nearest. Write that.",
                value=91.7,
            ),
            Misconception(
                "nearly-as-exact",
                "You are nearly there: of the three 92 is the nearest. Write that.",
                value=91.8,
            ),
            Misconception(
                "as-a-fraction",
                "The right one, as a fraction. Please give it in percent.",
                value=0.92,
            ),
        ),
        hints=(
            "Twenty equally good archers shoot once. Do you expect the best shot to be an average one?",
            "The spread of one measurement is the root of 0.9 · 0.1 / 1000, about one point.",
        ),
        explain="Nearly two points too good, though all are equal and nobody trained on a test image. Choosing is enough.",
    ),
}


def _shares(matrix):
    return matrix / matrix.sum(dim=1, keepdim=True)
