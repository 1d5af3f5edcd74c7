"""Find names: of parameters, of the variables where the recording was asked for, and of the modules that ran a node."""

from __future__ import annotations

import inspect
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from types import FrameType

import torch
from torch import nn

from .modules import common_path


@dataclass
class Watched:
    """What `watch` saw of a model's forward pass: for each sequence number the innermost module that ran it.

    A module is told by its path and, for each part of that path, which call of it this was. ``called`` keeps the
    paths that ran, ``running`` the calls that have not ended, the innermost last.
    """

    model: nn.Module | None
    sources: bool = False
    ran: dict[int, tuple[str, tuple[int, ...]]] = field(default_factory=dict)
    called: set[str] = field(default_factory=set)
    running: list[tuple[str, tuple[int, ...], int]] = field(default_factory=list)


@contextmanager
def watch(model: nn.Module, sources: bool = False) -> Iterator[Watched]:
    """Watch a forward pass, so that a later drawing knows the module of every node.

    Without it the modules are inferred from the parameters, which cannot tell two calls of one module apart.

    Parameters
    ----------
    model
        The module whose forward pass runs in the block. It gets forward hooks for that time only: the graph stays
        as it would be.
    sources
        Also keep the source line of every operation, through anomaly mode (slower; NaN are not looked for).

    Yields
    ------
    Watched
        To be passed on as ``model`` to `trace` or `record`.

    Examples
    --------
    >>> with graph.watch(model) as seen:
    ...     loss = criterion(model(x), y)
    >>> with graph.record(loss, model=seen) as g:
    ...     loss.backward()
    """
    if not isinstance(model, nn.Module):
        raise TypeError(f"watch() needs an nn.Module, not an object of type {type(model).__name__}.")
    seen = Watched(model, sources)
    lines = torch.autograd.set_detect_anomaly(True, check_nan=False) if sources else nullcontext()
    handles = hook_modules(seen)
    try:
        with lines:
            yield seen
    finally:
        for handle in handles:
            handle.remove()


def variable_of(node: object) -> torch.Tensor | None:
    """Return the leaf that a node accumulates for; None for any other, also a custom one with such an attribute."""
    return node.variable if type(node).__name__ == "AccumulateGrad" else None


def sequence_now() -> int | None:
    """Return the sequence number that the next node of the graph will get; None where torch does not tell."""
    # private: counts the operations of this thread; without it only parameters tell modules
    counter = getattr(torch.autograd, "_get_sequence_nr", None)
    return None if counter is None else counter()


def hook_modules(seen: Watched) -> list:
    """Let a model's modules tell Watched what runs; returns the handles to remove."""
    if seen.model is None or sequence_now() is None:
        return []
    handles, counts = [], Counter()

    def enter(path: str, module: nn.Module, args: object) -> None:
        seen.called.add(path)
        now = sequence_now()
        counts[path] += 1
        parts = path.split(".")
        calls = tuple(max(counts[".".join(parts[:n])] - 1, 0) for n in range(1, len(parts) + 1))
        seen.running.append((path, calls, now))

    def leave(module: nn.Module, args: object, out: object) -> None:
        path, calls, start = seen.running.pop()
        for sequence in range(start, sequence_now()):
            seen.ran.setdefault(sequence, (path, calls))  # inner modules leave first and keep their part

    for path, module in seen.model.named_modules():
        if path:
            handles.append(module.register_forward_pre_hook(partial(enter, path)))
            # always_call: a forward that raises must not leave its module running
            handles.append(module.register_forward_hook(leave, always_call=True))
    return handles


def tensors_in(value: object) -> Iterator[torch.Tensor]:
    """Yield the tensors in lists, tuples and dicts of any depth."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, list | tuple):
        for one in value:
            yield from tensors_in(one)
    elif isinstance(value, dict):
        yield from tensors_in(list(value.values()))


class Names:
    """Answers, for torch's nodes and tensors, what they are called. Short-lived: it holds tensors."""

    def __init__(
        self,
        model: nn.Module | Watched | None,
        params: Mapping[str, torch.Tensor] | None,
        *frames: FrameType | None,
    ) -> None:
        _check(model, params)
        watched = model if isinstance(model, Watched) else Watched(model)
        self.sources = watched.sources
        self.classes: dict[str, str] = {}
        self.parameters: dict[str, torch.Tensor] = {}
        self._ran = watched.ran
        self._leaves: dict[int, tuple[str, str, str]] = {}
        self._variables: dict[object, str] = {}
        if watched.model is not None:
            self.classes = {path: type(part).__name__ for path, part in watched.model.named_modules()}
            owners: defaultdict[int, list[str]] = defaultdict(list)
            for name, tensor in watched.model.named_parameters(remove_duplicate=False):
                owners[id(tensor)].append(name.rpartition(".")[0])
            self.parameters = dict(watched.model.named_parameters())
            for name, tensor in self.parameters.items():
                # a tied parameter does not tell which of its owners used it
                self._add(name, tensor, "parameter", common_path(owners[id(tensor)]))
        for name, tensor in (params or {}).items():
            self._add(str(name), tensor, "parameter")
        for frame in frames:
            for name, tensor in _tensors_in(frame):
                self._add(name, tensor, "parameter" if isinstance(tensor, nn.Parameter) else "leaf")

    def _add(self, name: str, tensor: torch.Tensor, kind: str, owner: str = "") -> None:
        if tensor.grad_fn is None:
            self._leaves.setdefault(id(tensor), (kind, name, owner))
        else:
            self._variables.setdefault(tensor.grad_fn, name)

    def leaf(self, variable: torch.Tensor) -> tuple[str, str, str]:
        """Return the kind of a leaf ("parameter" or "leaf"), its name, and the path of the module that owns it."""
        unnamed = ("parameter" if isinstance(variable, nn.Parameter) else "leaf", "", "")
        return self._leaves.get(id(variable), unnamed)

    def outside(self, torch_nodes: Iterable[object]) -> tuple[str, ...]:
        """Return the names of the model's parameters that none of these nodes accumulates for."""
        inside = {id(variable_of(node)) for node in torch_nodes}
        return tuple(name for name, tensor in self.parameters.items() if id(tensor) not in inside)

    def variable(self, node: object) -> str:
        """Return the name of a variable whose grad_fn is this node, or an empty string."""
        return self._variables.get(node, "")

    def module_at(self, sequence: int) -> tuple[str, tuple[int, ...]]:
        """Return the path of the module that ran a sequence number, and which call of each of its parts that was."""
        return self._ran.get(sequence, ("", ()))


def _check(model: object, params: object) -> None:
    if model is not None and not isinstance(model, nn.Module | Watched):
        raise TypeError(f"model must be an nn.Module or what watch() yields, not an object of {type(model).__name__}.")
    if params is None:
        return
    if not isinstance(params, Mapping) or not all(isinstance(tensor, torch.Tensor) for tensor in params.values()):
        raise TypeError("params must be a dict from name to tensor, as dict(model.named_parameters()).")


def _tensors_in(frame: FrameType | None) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield the tensors a frame can see under a name of its own, locals first."""
    if frame is None:
        return
    local = frame.f_locals
    for name, value in [*local.items(), *frame.f_globals.items()]:
        if isinstance(value, torch.Tensor) and not name.startswith("_") and _has_readable_history(value):
            yield name, value
    # Up to Python 3.12 a function's frame keeps this copy of its locals, and with it every tensor, until it returns.
    # Three references (the frame's, ours, the question's own) mean that nobody called locals() and relies on it.
    if sys.version_info < (3, 13) and frame.f_code.co_flags & inspect.CO_OPTIMIZED and sys.getrefcount(local) <= 3:
        local.clear()


def _has_readable_history(tensor: torch.Tensor) -> bool:
    try:
        return tensor.requires_grad and (tensor.grad_fn is not None or tensor.is_leaf)
    except RuntimeError:  # a view that was changed in place under no_grad refuses to tell
        return False
