"""Accuracy and mean loss over all images: means of batches, a wrong mode, gradients recorded, numbers exchanged."""

import torch

from tutor.checking import Misconception, code

from ..shared import CLASSES, a_loss, loader_of, modes_of, small_net


def probe_test(d):
    """Two batches and a smaller one; most of the first are right, all of the last are wrong."""
    (features,) = d.sizes(1, 3, 6)
    batch, last = d.integer(7, 9), d.integer(2, 4)
    x, weight = d.tensor(2 * batch + last, features), d.tensor(CLASSES, features)
    with torch.no_grad():
        logits = small_net(weight.double()).eval()(x.double())
    y = logits.argmax(dim=1)
    y[2 * batch :] = logits[2 * batch :].argmin(dim=1)
    y[: d.integer(2, 3)] = logits[0].argmin()
    return x, y, batch, weight, False


def probe_one_batch(d):
    """All images in one batch."""
    x, y, _, weight, _ = probe_test(d)
    return x, y, len(x), weight, False


def probe_dropped(d):
    """A loader that leaves the smaller last batch of its dataset out."""
    return *probe_test(d)[:4], True


def use_test(test, x, y, batch, weight, drop_last):
    """What is returned for a model that comes in training mode, and in words how it was called."""
    model, recorded = small_net(weight).train(), []
    modes = modes_of(model[0])
    model.register_forward_hook(lambda *_: recorded.append(torch.is_grad_enabled()))
    returned = test(loader_of(x, y, batch, drop_last), model, a_loss())
    if not isinstance(returned, tuple | list) or len(returned) != 2:
        raise TypeError("the answer should return two things, the accuracy and the mean loss")
    accuracy, loss = returned
    watched = (
        "recorded" if any(recorded) else "not recorded" if recorded else "unseen: the model was not called as model(X)"
    )
    if any(p.grad is not None for p in model.parameters()):
        watched = "computed and left in the model"
    return max(modes, default="never called"), watched, accuracy, loss, model[0].running_mean.clone()


def test_in_lists(dataloader, model, loss_fn):
    model.train(False)
    hits, losses = [], []
    with torch.inference_mode():
        for X, y in dataloader:
            y_pred = model(X)
            hits += (y_pred.max(1).indices == y).tolist()
            losses += [loss_fn(y_pred, y).item()] * len(y)
    return sum(hits) / len(hits), sum(losses) / len(losses)


@torch.no_grad()
def test_all_at_once(dataloader, model, loss_fn):
    model.eval()
    X, y = (torch.cat(parts) for parts in zip(*dataloader, strict=True))
    y_pred = model(X)
    return (y_pred.argmax(1) == y).double().mean(), loss_fn(y_pred, y)


def test_by_size(dataloader, model, loss_fn):
    was, size = model.training, sum(len(y) for _, y in dataloader)
    model.eval()
    accuracy = loss = 0
    with torch.set_grad_enabled(False):
        for X, y in dataloader:
            scores = model(X)
            accuracy += (torch.argmax(scores, dim=-1) == y).float().mean().item() * len(y) / size
            loss += float(loss_fn(scores, y)) * len(y) / size
    model.train(was)
    return accuracy, loss


EXERCISE = code(
    difficulty="medium",
    minutes=6,
    drills=("test",),
    probe=(probe_test, probe_one_batch, probe_dropped),
    use=use_test,
    outputs=("the mode while testing", "gradients", "the accuracy", "the loss", "the running mean"),
    misconceptions=(
        Misconception(
            "training-mode",
            "The model is in training mode while it is tested, and even changes. `model.eval()` comes first.",
            patch=("    model.eval()\n", ""),
            hints=("In which mode does the model come in?",),
        ),
        Misconception(
            "gradients-recorded",
            "The numbers are right, but autograd records what the model does, for a backward pass that never comes.",
            patch=("with torch.no_grad():", "if True:"),
            hints=("Who tells autograd that no gradients are needed?",),
        ),
        Misconception(
            "exchanged",
            "Both numbers are right and in the wrong order: first the accuracy, then the loss.",
            patch=("right / count, total / count", "total / count, right / count"),
            hints=("Which of the two does the docstring name first?",),
        ),
        Misconception(
            "mean-of-batch-means",
            "Both numbers are averages over batches. The last batch is smaller, so its images count for more. Add up over images, and divide once.",
            patch=(
                ("(y_pred.argmax(dim=1) == y).sum()", "(y_pred.argmax(dim=1) == y).float().mean()"),
                (".item() * len(X)", ".item()"),
                ("count += len(X)", "count += 1"),
            ),
            hints=("If the last batch holds one image, how much should that image count?",),
        ),
        Misconception(
            "each-by-another-count",
            "The accuracy is divided by the images of the dataset, and the loss, a sum of means, by the number of batches. Divide both by the images that came, and count each batch's loss by its size.",
            patch=(
                (".item() * len(X)", ".item()"),
                ("right / count, total / count", "right / len(dataloader.dataset), total / len(dataloader)"),
            ),
            hints=("How much does an image of a smaller last batch count in your loss?",),
        ),
        Misconception(
            "accuracy-over-batches",
            "The loss is right; the accuracy is an average over batches, in which the images of the smaller last one count for more.",
            patch=(
                ("(y_pred.argmax(dim=1) == y).sum()", "(y_pred.argmax(dim=1) == y).float().mean()"),
                ("right / count", "right / len(dataloader)"),
            ),
            hints=("If the last batch holds one image, how much should that image count?",),
        ),
        Misconception(
            "last-batch-too-heavy",
            "The accuracy is right; the loss counts the smaller last batch like a whole one. The mean of a batch has to count by the number of *its* images.",
            patch=(".item() * len(X)", ".item() * dataloader.batch_size"),
            hints=("How many images does the last batch hold?",),
        ),
        Misconception(
            "counted-in-whole-batches",
            "Both numbers are too small where the last batch is smaller: they are divided by as many images as whole batches would hold.",
            patch=("count += len(X)", "count += dataloader.batch_size"),
            hints=("How many images does the last batch hold?",),
        ),
        Misconception(
            "loss-of-its-own",
            "The accuracy is right, and the loss is not the one that you were given: call `loss_fn`.",
            patch=("loss_fn(y_pred, y)", "F.cross_entropy(y_pred, y)"),
            hints=("Which loss does the caller ask for?",),
        ),
        Misconception(
            "loss-over-batches",
            "The accuracy is right; the loss is an average over batches, in which the images of the smaller last one count for more.",
            patch=((".item() * len(X)", ".item()"), ("total / count", "total / len(dataloader)")),
            hints=("If the last batch holds one image, how much should that image count?",),
        ),
        Misconception(
            "loss-not-weighted",
            "The loss adds up means of batches and is divided by the number of images. Multiply each by the size of its batch first.",
            patch=(".item() * len(X)", ".item()"),
            hints=("The loss of a batch is a mean already. What makes it a sum?",),
        ),
        Misconception(
            "count-for-part",
            "That is how many are right. The accuracy is the part of all images.",
            patch=("right / count,", "right,"),
            hints=("Between which two numbers does an accuracy lie?",),
        ),
        Misconception(
            "accuracy-in-percent",
            "The accuracy is a part between 0 and 1; yours is in percent.",
            patch=("right / count,", "100 * right / count,"),
            hints=("Between which two numbers does a part lie?",),
        ),
        Misconception(
            "error-for-accuracy",
            "You return the part of *wrong* answers.",
            patch=("right / count,", "1 - right / count,"),
            hints=("Should your number rise or fall while the network learns?",),
        ),
        Misconception(
            "size-of-the-dataset",
            "Both numbers are too small where the loader leaves images of its dataset out: they are divided by the images of the dataset. Divide by those that came.",
            patch=("right / count, total / count", "right / len(dataloader.dataset), total / len(dataloader.dataset)"),
            hints=("How many images does a loader with `drop_last=True` yield, and how many has its dataset?",),
        ),
        Misconception(
            "softmax-before-the-loss",
            "The loss is that of probabilities. Cross-entropy takes logits and has the softmax inside.",
            patch=("loss_fn(y_pred, y)", "loss_fn(y_pred.softmax(dim=1), y)"),
            hints=("What does `loss_fn` expect?",),
        ),
        Misconception(
            "last-batch-only",
            "Both numbers come from the last batch alone.",
            patch=(("right +=", "right ="), ("total +=", "total ="), ("count +=", "count =")),
            hints=("What is left of the first batch after the second?",),
        ),
        Misconception(
            "first-batch-only",
            "Both numbers come from the first batch alone.",
            patch=("            count += len(X)\n", "            count += len(X)\n            break\n"),
            hints=("How many batches does your code come to, and what ends it?",),
        ),
        Misconception(
            "over-the-batch",
            "The highest logit is sought among the images of a batch. Each image has a row of logits: look along dimension 1.",
            patch=("argmax(dim=1) == y).sum()", "argmax(dim=0)[:1] == y).sum()"),
            hints=("Along which dimension do the logits of one image lie?",),
        ),
    ),
    alternatives=(test_in_lists, test_all_at_once, test_by_size),
    equivalent_mutants={
        "right, total, count = (0.0, 0, 0)": "whole numbers and others add up alike",
        "right += (y_pred.argmax(dim=1) == y).sum()": "without gradients a tensor of one number is as good as the number",
        "total += loss_fn(y_pred, y) * len(X)": "without gradients a tensor of one number is as good as the number",
        "total += loss_fn(y_pred, y).item() * len(y)": "all have one row for each image",
        "total += loss_fn(y_pred, y).item() * len(y_pred)": "all have one row for each image",
        "count += len(y)": "all have one row for each image",
        "count += len(y_pred)": "all have one row for each image",
    },
    hints=(
        "Which two switches does testing need, and what has to be counted?",
        "`model.eval()`, then under `torch.no_grad()` add up the right answers, the loss times the batch size, and the images.",
        "`right += (y_pred.argmax(dim=1) == y).sum().item()`; in the end `return right / count, total / count`.",
    ),
)
