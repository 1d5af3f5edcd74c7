"""Training that ends with its best epoch: what was kept goes on changing; the epochs stand in `laid_down.py`."""

import copy
import io

import torch

from tutor.checking import Misconception, code
from tutor.checking.evidence import seen, without

from ..laid_down import use_keep_best


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
            "What was loaded are the model's own tensors, which had gone on changing, so it has its last weights. `state_dict()` hands them out, and `dict(...)` and `.copy()` copy the dictionary, not what is in it: clone every tensor.",
            patch=(COPIES, "model.state_dict()"),
            hints=("Is what you kept a copy, or the tensors that training goes on changing?",),
        ),
        Misconception(
            "never-loaded",
            "The model ends with its last weights, not its best. Is nothing put back after the loop, or no copy but the model's own tensors, which went on changing? `model.load_state_dict(kept)` puts copies back.",
            patch=(LOADED, ""),
            cause="In your text nothing is put back.",
            evidence=without("_.load_state_dict(...)", "_.copy_(...)", "_.data = _"),
            other=(
                (COPIES, "model.state_dict()"),
                (LOADED, "    for name, tensor in model.state_dict().items():\n        tensor.copy_(kept[name])\n"),
            ),
            hints=("Which line of yours changes the model after the loop?",),
        ),
        Misconception(
            "loaded-in-every-epoch",
            "After an epoch that is no better, training goes on from the best weights and not from where it was. Load them once, after the loop.",
            patch=(LOADED, "        model.load_state_dict(kept)\n"),
            hints=("How far is your `load_state_dict` indented?",),
        ),
        Misconception(
            "parameters-alone",
            "What is loaded lacks the buffers, and `load_state_dict` misses them. Are only the parameters kept? `state_dict()` has both.",
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
            "What is loaded are copies, but those of the last epoch's weights. Are the weights copied in every epoch, better or not, or only when the loop is over?",
            patch=("            kept = {name", "        kept = {name"),
            hints=("Does the line that copies the weights stand inside the `if`?",),
        ),
        Misconception(
            "larger-is-better",
            "The model ends with the weights of the epoch that measured *highest*. The lower, the better, as with every loss.",
            patch=(("math.inf", "-math.inf"), ("loss < best", "loss > best")),
            hints=("Is a loss of 3 better or worse than one of 2?",),
        ),
        Misconception(
            "begins-with-minus-infinity",
            "In the end there is nothing to load, whatever was measured: no epoch counted as better. Can any number pass your comparison with the one that you begin with? Begin with `math.inf`, and ask whether the new number is lower.",
            patch=("best = math.inf", "best = -math.inf"),
            cause="No number is below minus infinity.",
            evidence=seen("-math.inf", "-float(_)", "-torch.inf", "float('-inf')"),
            other=("loss < best", "loss > best"),
            hints=("With which number do you compare the first one, and can it be lower?",),
        ),
        Misconception(
            "begins-too-low",
            "Where all that is measured is very large, no epoch counts as better, and there is nothing to load. Is the number that you begin with above whatever may be measured? `math.inf` is.",
            patch=("best = math.inf", "best = 1000.0"),
            hints=("Which number is surely above whatever is measured?",),
        ),
        Misconception(
            "no-epoch-better",
            "Where nothing that is measured lies below 0, no epoch counts as better, and in the end there is nothing to load. (Few losses are below 0.) Begin with `math.inf`, and ask whether the new loss is lower.",
            patch=("best = math.inf", "best = 0"),
            hints=("With which number do you compare the first loss, and can a loss be lower?",),
        ),
        Misconception(
            "no-epoch-better-than-zero",
            "Where nothing that is measured lies below 0, no epoch counts as better: the model has the weights from before its training, and 0 is returned. Begin with `math.inf`.",
            patch=("    best = math.inf\n", f"    best = 0\n    kept = {COPIES}\n"),
            hints=("With which number do you compare the first loss, and can a loss be lower?",),
        ),
        Misconception(
            "start-counts-too",
            "The untrained model competes as well: where it measures lowest, you end with weights that no epoch has made. Only epochs count, so begin with `math.inf`.",
            patch=("best = math.inf\n", f"best = measure(model)\n    kept = {COPIES}\n"),
            hints=("Which models are to be compared: does the one from before the first epoch belong to them?",),
        ),
        Misconception(
            "measured-twice",
            "The result is right, but some epochs are measured more than once. Measuring goes through all the kept images: call it once, and give the number a name.",
            patch=((MEASURED, ""), ("loss < best", "measure(model) < best"), ("best = loss", "best = measure(model)")),
            hints=("How often do you call `measure` in one epoch?",),
        ),
        Misconception(
            "stops-when-worse",
            "Training ends with the first epoch that is worse than the best. A later one may be better again, as here: train all `epochs`.",
            patch=("items()}\n    model", "items()}\n        else:\n            break\n    model"),
            hints=("After which epoch does your loop end?",),
        ),
        Misconception(
            "kept-before-the-epoch",
            "The model ends with the weights from before its best epoch. What was measured are those after it: are the weights kept before `train_epoch`, or taken from one epoch too early?",
            patch=((TRAINED, f"        before = {COPIES}\n{TRAINED}"), (f"    kept = {COPIES}", "    kept = before")),
            hints=("Which comes first in your loop: keeping, or training?",),
        ),
        Misconception(
            "best-never-updated",
            "The model ends with the weights of the last epoch, and infinity is returned: what each epoch is compared with stays as it began. Is the lowest number so far written down?",
            patch=("            best = loss\n", ""),
            hints=("What is `best` when the second epoch has been measured?",),
        ),
        Misconception(
            "compared-with-the-epoch-before",
            "Every epoch is compared with the one before it. It is the best so far only if it is better than *all* before it, so write its number down only then.",
            patch=(("            best = loss\n", ""), ("items()}\n", "items()}\n        best = loss\n")),
            hints=("After the losses 1, 3, 2: with which number do you compare the next one?",),
        ),
        Misconception(
            "return-in-the-loop",
            "Only one epoch is trained, whatever `epochs` says. Does a `return` or `break` inside the loop end it after one turn?",
            patch=(f"{LOADED}    return best", f"    {LOADED}        return best"),
            hints=("Which line of yours ends the loop, and in which turn?",),
        ),
        Misconception(
            "first-epoch-kept",
            "The model ends with the weights of the first epoch. Keep those of every epoch that is better than all before it.",
            patch=("loss < best", "epoch == 0"),
            hints=("In which epochs does your code copy the weights?",),
        ),
        Misconception(
            "last-returned",
            "The model is right, but the number that is returned is that of the last epoch. The lowest is asked for.",
            patch=("return best", "return loss"),
            hints=("Which of your names holds the lowest number?",),
        ),
        Misconception(
            "measured-before-training",
            "The number that is compared belongs to the weights from before the epoch, and that of the last epoch has no say. Measure after you train.",
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
