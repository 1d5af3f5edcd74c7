"""Save a training so that nothing can be lost, and take it up again where it stopped, with the identical result."""

from __future__ import annotations

import io
import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import torch
from torch import nn

from tutor.errors import TutorError

FORMAT = "autograd-tutor training 1"
PARTS = {"format", "model", "optimizer", "schedule", "random", "notes"}


def save_checkpoint(
    path: str | Path,
    model: nn.Module,
    optimizer: torch.optim.Optimizer | None = None,
    schedule: Any = None,
    **notes: Any,
) -> None:
    """Save all that a training needs to go on: weights, optimiser, schedule, the random state, and your notes.

    The file is written beside its place and renamed when it is whole, so that `path` holds a whole checkpoint at every
    moment, whatever ends the process. A process that is killed while it saves leaves a file `.NAME.PID.tmp` behind.

    Parameters
    ----------
    path : where to; an older checkpoint there is replaced.
    model : its parameters and buffers are saved, not its code.
    optimizer, schedule : saved with all that they remember; leave them out for a model that is finished.
    notes : numbers, strings, tensors, and lists and dicts of them, such as `epoch=3`.

    Raises
    ------
    TutorError
        If the file cannot be written, or a note is of a kind that could not be loaded safely; an older checkpoint at
        `path` is still whole.
    """
    path = Path(path)
    content = {
        "format": FORMAT,
        "model": model.state_dict(),
        "optimizer": None if optimizer is None else [type(optimizer).__name__, optimizer.state_dict()],
        "schedule": None if schedule is None else [type(schedule).__name__, schedule.state_dict()],
        "random": torch.get_rng_state(),
        "notes": notes,
    }
    whole = _packed(content)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(whole)
            file.flush()
            os.fsync(file.fileno())  # before the rename, or a power cut could leave an empty file under the new name
        temporary.replace(path)
    except OSError as error:
        raise TutorError(
            f"The checkpoint {path} could not be saved ({error.strerror}); what stood there before is untouched."
        ) from None
    finally:
        temporary.unlink(missing_ok=True)


def load_checkpoint(
    path: str | Path,
    model: nn.Module,
    optimizer: torch.optim.Optimizer | None = None,
    schedule: Any = None,
) -> dict[str, Any]:
    """Put a checkpoint into a model, and where they are given into its optimiser and schedule; return the notes.

    With an optimiser the random state is set as well, so that the training goes on as if it had never stopped: the same
    batches, the same augmentation, the same dropout. (That is the CPU's random state, which draws them in this series.)
    Only numbers are read from the file; no code in it is ever run.

    Parameters
    ----------
    path : a file that `save_checkpoint` wrote, on whatever device.
    model, optimizer, schedule : built as they were before saving; they are filled in place.

    Returns
    -------
    The notes that were saved with it.

    Raises
    ------
    TutorError
        If there is no such file, if it is damaged or no checkpoint, or if it belongs to another model, optimiser or
        schedule; none of the three is changed then.
    """
    path = Path(path)
    content = _read(path)
    _require_same_model(path, content["model"], model)
    for words, part in (("optimizer", optimizer), ("schedule", schedule)):
        if part is not None:
            _require_same_kind(path, words, content[words], part)
    if optimizer is not None:
        _load_optimizer(path, content["optimizer"][1], optimizer)
    if schedule is not None:
        schedule.load_state_dict(content["schedule"][1])
    model.load_state_dict(content["model"])
    if optimizer is not None:
        torch.set_rng_state(content["random"])
    return content["notes"]


def _packed(content: dict[str, Any]) -> bytes:
    """The bytes of a checkpoint, tried out: what could not be loaded again is refused now, not when it is needed."""
    buffer = io.BytesIO()
    torch.save(content, buffer)
    try:
        torch.load(io.BytesIO(buffer.getvalue()), map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        raise TutorError(
            "A checkpoint holds numbers, strings, tensors, and lists and dicts of them; "
            "a note of yours is something else."
        ) from None
    return buffer.getvalue()


def _read(path: Path) -> dict[str, Any]:
    if not path.exists():
        raise TutorError(f"There is no checkpoint {path}.")
    damaged = f"{path} is damaged or no checkpoint at all; delete it and take an older one, or train again."
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.testzip() is not None:  # torch itself does not compare the check sums of all parts
                raise TutorError(damaged)
        content = torch.load(path, map_location="cpu", weights_only=True)
    except TutorError:
        raise
    except PermissionError:
        raise TutorError(f"{path} cannot be read: you have no permission to.") from None
    except pickle.UnpicklingError:
        raise TutorError(
            f"{path} holds more than numbers, and loading it could run code; it was not loaded. Take files from "
            "people you trust."
        ) from None
    except Exception:  # a damaged archive makes zipfile and torch raise nearly anything
        raise TutorError(damaged) from None
    if not isinstance(content, dict) or content.get("format") != FORMAT or set(content) != PARTS:
        raise TutorError(f"{path} is no checkpoint that `save_checkpoint` wrote.")
    return content


def _require_same_model(path: Path, saved: dict[str, torch.Tensor], model: nn.Module) -> None:
    """Compare names and shapes beforehand: `load_state_dict` would fill what fits and raise then."""
    own = model.state_dict()
    what = f"{path} is a checkpoint of another model"
    for name in own:
        if name not in saved:
            raise TutorError(f"{what}: it has no `{name}`, which this one needs.")
        if own[name].shape != saved[name].shape:
            shapes = f"{tuple(saved[name].shape)} there and {tuple(own[name].shape)} here"
            raise TutorError(f"{what}: `{name}` has the shape {shapes}.")
    for name in saved:
        if name not in own:
            raise TutorError(f"{what}: it has a `{name}`, which this one does not know.")


def _require_same_kind(path: Path, words: str, saved: list[Any] | None, part: Any) -> None:
    kind = type(part).__name__
    if saved is None:
        raise TutorError(f"{path} was saved without {words}=, so it can be loaded, but training cannot go on from it.")
    if saved[0] != kind:
        raise TutorError(f"{path} was saved with {saved[0]} as its {words}, and this one is {kind}.")


def _load_optimizer(path: Path, saved: dict[str, Any], optimizer: torch.optim.Optimizer) -> None:
    try:
        optimizer.load_state_dict(saved)
    except ValueError:
        raise TutorError(f"{path} was saved with an optimiser of other parameter groups than this one has.") from None
