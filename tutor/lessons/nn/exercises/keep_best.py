"""Training that ends with its best epoch: what was kept goes on changing; the epochs stand in `laid_down.py`."""

import copy
import io

import numpy as np
import torch

from tutor.checking import Misconception, code

from ..laid_down import Training, Walker, nothing_kept


def probe_best_inside(d, losses=(2.0, 1.5, 2.6, 0.6, 1.9, 1.1)):
    """What the epochs make of the weights, and what is measured after each; then the best one is not the last."""
    (size,) = d.sizes(1, 2, 6)
    return d.tensor(6, size), tuple(loss + d.number(0.0, 0.3) for loss in losses), 4.0


def probe_best_last(d):
    """The same with the best epoch at the end: whoever measures before an epoch misses it."""
    return probe_best_inside(d, (2.0, 1.5, 2.6, 1.1, 1.9, 0.6))


def probe_best_before(d):
    """The same, but the untrained model measures lower than any epoch does; no epoch has made it, so it does not count."""
    weights, losses, _ = probe_best_inside(d)
    return weights, losses, d.number(0.1, 0.3)


def probe_best_of_all_kinds(d):
    """Numbers of other sizes and signs: very large ones, a 0 among them, negative ones, the first the best, a single one."""
    kinds = (3e7, 2e7, 5e7, 4e7), (3.0, 0.0, 5.0, 1.0), (-0.5, -0.9, -0.2, -0.7), (0.4, 0.9, 0.6, 0.8), (1.7e7,)
    losses = kinds[d.sizes(1, 0, 4)[0]]
    return d.tensor(len(losses), 3), losses, 9e7


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


COPIES = "{name: tensor.clone() for name, tensor in model.state_dict().items()}"
LOADED = "    model.load_state_dict(kept)\n"
TRAINED = "        train_epoch(model)\n"
MEASURED = "        loss = measure(model)\n"


def keep_by_deepcopy(model, train_epoch, measure, epochs):
    epochs = [(train_epoch(model), measure(model), copy.deepcopy(model.state_dict())) for _ in range(epochs)]
    _, lowest, state = min(epochs, key=lambda epoch: epoch[1])
    model.load_state_dict(state)
    return lowest


def keep_in_a_file(model, train_epoch, measure, epochs):
    lowest = None
    for _ in range(epochs):
        train_epoch(model)
        number = measure(model)
        if lowest is None or number < lowest:
            lowest, file = number, io.BytesIO()
            torch.save(model.state_dict(), file)
    file.seek(0)
    model.load_state_dict(torch.load(file))
    return lowest


def keep_by_copying_back(model, train_epoch, measure, epochs):
    numbers, kept = [], None
    for _ in range(epochs):
        train_epoch(model)
        numbers.append(measure(model))
        if numbers[-1] == min(numbers):
            kept = copy.deepcopy(model)
    with torch.no_grad():
        for name, tensor in kept.state_dict().items():
            model.state_dict()[name].copy_(tensor)
    return torch.tensor(min(numbers))


EXERCISE = code(
    difficulty="medium",
    minutes=10,
    drills=("state",),
    probe=(probe_best_inside, probe_best_last, probe_best_before, probe_best_of_all_kinds),
    use=use_keep_best,
    outputs=(
        "number of calls of train_epoch",
        "is an epoch measured twice",
        "what is returned",
        "weights of the model at the end",
        "buffer of the model at the end",
        "what was loaded",
        "the model's mode",
        "autograd while training",
    ),
    cases=5,
    seconds=10.0,
    misconceptions=(
        Misconception(
            "own-tensors-kept",
            "You loaded something, and yet the model has its last weights. `state_dict()` hands out the model's own tensors, and they went on changing; `dict(...)` and `.copy()` copy the dictionary, not what is in it. Clone every tensor.",
            patch=(COPIES, "model.state_dict()"),
            hints=("Is what you kept a copy, or the tensors that training goes on changing?",),
        ),
        Misconception(
            "never-loaded",
            "The model has its last weights, not its best: nothing was loaded back into it. `model.load_state_dict(kept)` does, after the loop.",
            patch=(LOADED, ""),
            hints=("Which line of yours changes the model after the loop?",),
        ),
        Misconception(
            "loaded-in-every-epoch",
            "You go back to the best weights after every epoch, so training never goes on from where it is. Load them once, after the loop.",
            patch=(LOADED, "        model.load_state_dict(kept)\n"),
            hints=("How far is your `load_state_dict` indented?",),
        ),
        Misconception(
            "parameters-alone",
            "You keep the parameters and leave the buffers out, and `load_state_dict` misses them. `state_dict()` has both.",
            patch=("model.state_dict()", "dict(model.named_parameters())"),
            hints=("Which names does `state_dict()` have that `named_parameters()` has not?",),
        ),
        Misconception(
            "buffer-left-behind",
            "The parameters are those of the best epoch, but the buffer is that of the last one. Buffers belong to the model's state; `state_dict()` has them.",
            patch=("(kept)", "({name: kept[name] for name, _ in model.named_parameters()}, strict=False)"),
            hints=("Which numbers of a model are no parameters and are saved all the same?",),
        ),
        Misconception(
            "every-epoch-kept",
            "What you load are copies, but those of the last epoch: you copy the weights in every epoch, better or not.",
            patch=("            kept = {name", "        kept = {name"),
            hints=("Does the line that copies the weights stand inside the `if`?",),
        ),
        Misconception(
            "larger-is-better",
            "You keep the weights with the largest number. The lower, the better, as with every loss.",
            patch=(("math.inf", "-math.inf"), ("loss < best", "loss > best")),
            hints=("Is a loss of 3 better or worse than one of 2?",),
        ),
        Misconception(
            "begins-with-minus-infinity",
            "The line that keeps the weights never ran, so in the end there is nothing to load: no number is below minus infinity. Begin with `math.inf`, and ask whether the new number is lower.",
            patch=("best = math.inf", "best = -math.inf"),
            hints=("With which number do you compare the first one, and can it be lower?",),
        ),
        Misconception(
            "begins-too-low",
            "You begin with a number of your own. Where everything that is measured lies above it, no epoch counts as better, and there is nothing to load. Begin with `math.inf`.",
            patch=("best = math.inf", "best = 1000.0"),
            hints=("Which number is surely above whatever is measured?",),
        ),
        Misconception(
            "no-epoch-better",
            "The line that keeps the weights never ran, so in the end there is nothing to load: no epoch counted as better than what you began with. (Few losses are below 0.) Begin with `math.inf`, and ask whether the new loss is lower.",
            patch=("best = math.inf", "best = 0"),
            hints=("With which number do you compare the first loss, and can a loss be lower?",),
        ),
        Misconception(
            "no-epoch-better-than-zero",
            "The model has the weights from before its training, and you return 0: no epoch counted as better than the 0 that you began with, since no loss is below it. Begin with `math.inf`.",
            patch=("    best = math.inf\n", f"    best = 0\n    kept = {COPIES}\n"),
            hints=("With which number do you compare the first loss, and can a loss be lower?",),
        ),
        Misconception(
            "start-counts-too",
            "You let the untrained model compete: where it measures lowest, you end with weights that no epoch has made. Only epochs count, so begin with `math.inf`.",
            patch=("best = math.inf\n", f"best = measure(model)\n    kept = {COPIES}\n"),
            hints=("Which models are to be compared: does the one from before the first epoch belong to them?",),
        ),
        Misconception(
            "measured-twice",
            "The result is right, but you measure some epochs twice. Measuring goes through all the kept images: call it once, and give the number a name.",
            patch=((MEASURED, ""), ("loss < best", "measure(model) < best"), ("best = loss", "best = measure(model)")),
            hints=("How often do you call `measure` in one epoch?",),
        ),
        Misconception(
            "stops-when-worse",
            "You stop at the first epoch that is worse than the best. A later one may be better again, as here: train all `epochs`.",
            patch=("items()}\n    model", "items()}\n        else:\n            break\n    model"),
            hints=("After which epoch does your loop end?",),
        ),
        Misconception(
            "kept-before-the-epoch",
            "You keep the weights from before each epoch, but what you measure are those after it.",
            patch=((TRAINED, f"        before = {COPIES}\n{TRAINED}"), (f"    kept = {COPIES}", "    kept = before")),
            hints=("Which comes first in your loop: keeping, or training?",),
        ),
        Misconception(
            "best-never-updated",
            "Every epoch counts as the best so far, and so the last one wins: the lowest number so far is nowhere written down.",
            patch=("            best = loss\n", ""),
            hints=("What is `best` when the second epoch has been measured?",),
        ),
        Misconception(
            "compared-with-the-epoch-before",
            "You compare every epoch with the one before it. An epoch is the best so far only if it is better than *all* before it, so write its number down only then.",
            patch=(("            best = loss\n", ""), ("items()}\n", "items()}\n        best = loss\n")),
            hints=("After the losses 1, 3, 2: with which number do you compare the next one?",),
        ),
        Misconception(
            "return-in-the-loop",
            "Only one epoch is trained: the `return` stands inside the loop and ends it after one turn.",
            patch=(f"{LOADED}    return best", f"    {LOADED}        return best"),
            hints=("How far is your `return` indented?",),
        ),
        Misconception(
            "first-epoch-kept",
            "You end with the weights of the first epoch. Keep those of every epoch that is better than all before it.",
            patch=("loss < best", "epoch == 0"),
            hints=("In which epochs does your code copy the weights?",),
        ),
        Misconception(
            "last-returned",
            "The model is right, but you return the number of the last epoch. The lowest is asked for.",
            patch=("return best", "return loss"),
            hints=("Which of your names holds the lowest number?",),
        ),
        Misconception(
            "measured-before-training",
            "You measure before you train: the number that you compare belongs to the weights before the epoch, and the last epoch is never measured.",
            patch=(TRAINED + MEASURED, MEASURED + TRAINED),
            hints=("Which comes first in an epoch?",),
        ),
    ),
    alternatives=(keep_by_deepcopy, keep_in_a_file, keep_by_copying_back),
    equivalent_mutants={"if loss <= best:": "no two epochs measure the same"},
    hints=(
        "What has to be remembered from one epoch to the next: which number, and which tensors?",
        "When an epoch is the best so far, keep its number and a copy of its `state_dict()`; after the loop, load the copy.",
        "`kept = {name: tensor.clone() for name, tensor in model.state_dict().items()}`, and in the end `model.load_state_dict(kept)`.",
    ),
)
