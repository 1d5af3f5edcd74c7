"""Numbers saved to a file and loaded: the whole model pickled, the file never used, a wrong mode."""

import tempfile
from pathlib import Path

import torch

from tutor.checking import Misconception, code
from tutor.checking.evidence import seen
from tutor.checking.space import Array, Space

from ..shared import CLASSES, small_net


def in_file(path, numbers):
    """In words, what a file holds, and whose numbers; it is loaded with `weights_only`, as a careful reader would."""
    if not path.exists():
        return "there is no file"
    try:
        found = torch.load(path, weights_only=True)
    except Exception:
        return "more than numbers: it cannot be loaded with weights_only=True"
    tensors = isinstance(found, dict) and all(isinstance(value, torch.Tensor) for value in found.values())
    if not tensors:
        return f"something else, a {type(found).__name__}"
    others = any(not torch.equal(found[name], numbers[name]) for name in found if name in numbers)
    return "other numbers than the first model's" if others else "the state_dict: " + ", ".join(found)


def use_save(save_and_load, weight, other):
    """What the file holds, which model came back, its mode and its numbers; later changes must not reach it."""
    model, fresh = small_net(weight), small_net(other)
    with torch.no_grad():
        fresh[0].running_mean.zero_()
    asked, load, numbers = [], torch.load, {name: tensor.clone() for name, tensor in model.state_dict().items()}
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
        held = in_file(path, numbers)
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
    space=Space({name: Array(f"{CLASSES} D", tensor=True) for name in ("weight", "other")}),
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
            "fresh-one-saved",
            "The file holds other numbers than those of the first model, and the fresh one comes back with the numbers that it had before. Which of the two models is saved?",
            patch=("torch.save(model.state", "torch.save(fresh.state"),
            hints=("Whose numbers are worth keeping here?",),
        ),
        Misconception(
            "file-elsewhere",
            "The model that comes back is right, and there is no file at `path`: is it written under a name of its own?",
            patch=(
                ("model.state_dict(), path", 'model.state_dict(), f"{path}.pt"'),
                ("torch.load(path", 'torch.load(f"{path}.pt"'),
            ),
            hints=("Where does the caller look for the file?",),
        ),
        Misconception(
            "wrapped",
            "The model that comes back is right, and the file holds something around the numbers. The state_dict alone is asked for.",
            patch=(("model.state_dict(), path", '{"model": model.state_dict()}, path'), ("=True)", '=True)["model"]')),
            hints=("What does `torch.load(path)` give whoever has only your file?",),
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
