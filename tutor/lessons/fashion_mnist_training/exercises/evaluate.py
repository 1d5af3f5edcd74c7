"""Mean loss and accuracy over all images: means of batches, a wrong mode, a model left otherwise."""

import torch

from tutor.checking import Misconception, code

from ..shared import (
    CLASSES,
    LOSS_OF_ITS_OWN,
    SOFTMAX_FIRST,
    WHO_COUNTS,
    a_loss,
    loss_not_weighted,
    mean_of_batch_means,
    pair,
    small_net,
    three_batches,
)


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


EXERCISE = code(
    difficulty="medium",
    minutes=10,
    drills=("loops",),
    probe=probe_evaluate,
    use=measured,
    outputs=("the mode while measuring", "gradients", "the loss", "the accuracy", "the running mean"),
    misconceptions=(
        Misconception(
            "batches-used-up",
            "Nothing is measured: the model is never called. `batches` may yield its pairs only once, as a generator does. Were they gone through before the loop, to be counted for instance? Count in the same loop.",
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
        mean_of_batch_means(
            ("loss_fn(y_pred, y).item() * len(y)", "loss_fn(y_pred, y).item()"),
            ("(y_pred.argmax(dim=1) == y).sum()", "(y_pred.argmax(dim=1) == y).float().mean()"),
            ("count += len(y)", "count += 1"),
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
        loss_not_weighted("loss_fn(y_pred, y).item() * len(y)", "loss_fn(y_pred, y).item()"),
        SOFTMAX_FIRST,
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
            "logits-for-classes",
            "Nothing is ever right. Is the largest logit itself compared with class numbers? Which class has it is told by `argmax`. Or was nothing left to be counted, because `batches`, which may be a generator, had been walked through before?",
            patch=("y_pred.argmax(dim=1)", "y_pred.amax(dim=1)"),
            hints=("What is `y_pred.max(dim=1)`, and which of its two parts holds classes?",),
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
    alternatives=(evaluate_in_inference_mode, evaluate_all_at_once, evaluate_and_go_back),
    equivalent_mutants={
        "total, right, count = (0, 0.0, 0)": "whole numbers and others add up alike",
        "total += loss_fn(y_pred, y) * len(y)": "without gradients a tensor of one number is as good as the number",
        "right += (y_pred.argmax(dim=1) == y).sum()": "without gradients a tensor of one number is as good as the number",
        "total += loss_fn(y_pred, y).item() * len(x)": "all three have one row for each image",
        "total += loss_fn(y_pred, y).item() * len(y_pred)": "all three have one row for each image",
        "count += len(x)": "all three have one row for each image",
        "count += len(y_pred)": "all three have one row for each image",
    },
    hints=(
        "Which two switches does measuring need, and what has to be counted?",
        "`model.eval()`, then under `torch.no_grad()` add up the loss times the batch size, the right answers and the images.",
        "`right += (y_pred.argmax(dim=1) == y).sum().item()`; in the end `return total / count, right / count`.",
    ),
)
