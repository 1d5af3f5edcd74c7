"""Numbers saved to a file and loaded: the whole model pickled, the file never used, a wrong mode."""

import tempfile
from pathlib import Path

import torch

from tutor.checking import Misconception, code
from tutor.checking.evidence import seen

from ..shared import CLASSES, small_net


def probe_models(d):
    """The weights of a model and those of a fresh one, and an example."""
    n, features = d.sizes(2, 3, 7)
    return d.tensor(CLASSES, features), d.tensor(CLASSES, features), d.tensor(n, features)


def in_file(path):
    """In words, what a file holds; it is loaded with `weights_only`, as a careful reader of it would."""
    if not path.exists():
        return "there is no file"
    try:
        found = torch.load(path, weights_only=True)
    except Exception:
        return "more than numbers: it cannot be loaded with weights_only=True"
    tensors = isinstance(found, dict) and all(isinstance(value, torch.Tensor) for value in found.values())
    return "the state_dict: " + ", ".join(found) if tensors else f"something else, a {type(found).__name__}"


def use_save(save_and_load, weight, other, x):
    """What the file holds, which model came back, its mode and its numbers; later changes must not reach it."""
    model, fresh = small_net(weight), small_net(other)
    with torch.no_grad():
        fresh[0].running_mean.zero_()
    asked, load = [], torch.load
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.pth")

        def watched(*arguments, **more):
            asked.append(more.get("weights_only"))
            return load(*arguments, **more)

        torch.load = watched
        try:
            found = save_and_load(model, fresh, path)
        finally:
            torch.load = load
        held = in_file(path)
    with torch.no_grad():
        model[1].weight.zero_()
    if not isinstance(found, torch.nn.Module):
        raise TypeError(f"a model should come back, and a {type(found).__name__} did")
    careful = (
        "with weights_only=True" if asked and all(asked) else "never" if not asked else "without weights_only=True"
    )
    which = "the fresh one" if found is fresh else "the first one" if found is model else "another one"
    mode = "training" if found.training else "evaluation"
    return held, careful, which, mode, found[1].weight.detach().clone(), found[0].running_mean.clone()


def save_in_pieces(model, fresh, path):
    numbers = model.state_dict()
    with Path(path).open("wb") as file:
        torch.save(dict(numbers), file)
    with Path(path).open("rb") as file:
        numbers = torch.load(file, map_location="cpu", weights_only=True)
    fresh.load_state_dict(numbers)
    return fresh.eval()


def save_by_copy(model, fresh, path):
    torch.save(model.state_dict(), str(path))
    loaded = torch.load(str(path), weights_only=True)
    with torch.no_grad():
        for name, tensor in fresh.state_dict().items():
            tensor.copy_(loaded[name])
    fresh.train(False)
    return fresh


def save_clones(model, fresh, path):
    torch.save({name: tensor.clone() for name, tensor in model.state_dict().items()}, path)
    fresh.eval()
    fresh.load_state_dict(torch.load(path, weights_only=True), strict=True)
    return fresh


EXERCISE = code(
    difficulty="easy",
    minutes=4,
    drills=("save-load",),
    probe=probe_models,
    use=use_save,
    outputs=(
        "the file",
        "how it was loaded",
        "the model that came back",
        "its mode",
        "the weights",
        "the running mean",
    ),
    misconceptions=(
        Misconception(
            "whole-model-saved",
            "The file holds more than numbers, so `weights_only` refuses it. Save the numbers of the model alone: `model.state_dict()`.",
            patch=(
                ("torch.save(model.state_dict(), path)", "torch.save(model, path)"),
                (
                    "fresh.load_state_dict(torch.load(path, weights_only=True))",
                    "fresh.load_state_dict(torch.load(path, weights_only=False).state_dict())",
                ),
            ),
            cause="`torch.save(model, …)` saves the whole model, class and all.",
            evidence=seen("torch.save(model, _)"),
            other=(
                ("model.state_dict(), path", "[model], path"),
                ("torch.load(path, weights_only=True)", "torch.load(path, weights_only=False)[0].state_dict()"),
            ),
            hints=("What is in the file, numbers or a Python object?",),
        ),
        Misconception(
            "not-careful",
            "The file is loaded without `weights_only=True`, so that in some versions of PyTorch, or in all, it could run any code. Numbers are all that you need: say so.",
            patch=(", weights_only=True", ""),
            hints=("What could a stranger's file do when it is loaded?",),
        ),
        Misconception(
            "file-never-read",
            "The fresh model has the right numbers, and `torch.load` has not read the file. Load it with `torch.load(path, weights_only=True)`, and take the numbers from there.",
            patch=("torch.load(path, weights_only=True)", "model.state_dict()"),
            cause="You hand them over from the first model, not from the file.",
            evidence=seen("_.load_state_dict(model.state_dict())"),
            other=("torch.load(path", "torch.serialization.load(path"),
            hints=("What would your function do if only the file were left?",),
        ),
        Misconception(
            "numbers-never-given",
            "The file is loaded, and the fresh model has the numbers that it had before. `load_state_dict` is what puts numbers into a model.",
            patch=("fresh.load_state_dict(torch.load(path, weights_only=True))", "torch.load(path, weights_only=True)"),
            hints=("Which model gets the numbers of the file, and by which call?",),
        ),
        Misconception(
            "first-model-returned",
            "You return the first model. The fresh one, with the loaded numbers, is asked for.",
            patch=("return fresh", "return model"),
            hints=("Which of the two has read the file?",),
        ),
        Misconception(
            "training-mode",
            "The model comes back in training mode. `fresh.eval()` makes it ready to predict.",
            patch=("    fresh.eval()\n", ""),
            hints=("In which mode is a model that was just made?",),
        ),
        Misconception(
            "keys-returned",
            "What `load_state_dict` returns is a note about names, and no model: call it on a line of its own, and return the model itself.",
            patch=("    fresh.load_state_dict(", "    fresh = fresh.load_state_dict("),
            hints=("What does `load_state_dict` return?",),
        ),
    ),
    alternatives=(save_in_pieces, save_by_copy, save_clones),
    hints=(
        "What is worth keeping of a model, and what puts it back?",
        "`torch.save(model.state_dict(), path)`, then `load_state_dict` of `torch.load(path, weights_only=True)`, then `eval()`.",
        "`fresh.load_state_dict(torch.load(path, weights_only=True))`",
    ),
)
