"""Find names: of parameters, of the variables where the recording was asked for, and of the modules that ran a node."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType

import torch
from torch import nn


@dataclass
class Watched:
    """What `watch` saw of a model's forward pass: which module ran which sequence numbers."""

    model: nn.Module
    sources: bool = False
    # (module path, first sequence number, end, calls), outer modules before inner ones
    spans: list[tuple[str, int, int, tuple[int, ...]]] = field(default_factory=list)


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
    handles = _hook_modules(seen) if _sequence_now() is not None else []
    try:
        if sources:
            with torch.autograd.set_detect_anomaly(True, check_nan=False):
                yield seen
        else:
            yield seen
    finally:
        for handle in handles:
            handle.remove()


def _sequence_now() -> int | None:
    # private: counts the operations of this thread; without it only parameters tell modules
    counter = getattr(torch.autograd, "_get_sequence_nr", None)
    return None if counter is None else counter()


def _hook_modules(seen: Watched) -> list:
    handles, calls, running = [], {}, []

    def enter(path: str) -> None:
        calls[path] = calls.get(path, -1) + 1
        parts = path.split(".")
        prefixes = [".".join(parts[: n + 1]) for n in range(len(parts))]
        running.append(len(seen.spans))
        seen.spans.append((path, _sequence_now(), -1, tuple(calls.get(prefix, 0) for prefix in prefixes)))

    def leave() -> None:
        at = running.pop()
        path, start, _, counts = seen.spans[at]
        seen.spans[at] = (path, start, _sequence_now(), counts)

    for path, module in seen.model.named_modules():
        if path:
            handles.append(module.register_forward_pre_hook(lambda m, args, path=path: enter(path)))
            # always_call: a forward that raises must not leave its span open
            handles.append(module.register_forward_hook(lambda m, args, out: leave(), always_call=True))
    return handles


class Names:
    """Answers, for torch's nodes and tensors, what they are called. Short-lived: it holds tensors."""

    def __init__(
        self,
        model: nn.Module | Watched | None,
        params: Mapping[str, torch.Tensor] | None,
        frame: FrameType | None,
    ) -> None:
        _check(model, params)
        watched = model if isinstance(model, Watched) else None
        module = watched.model if watched else model
        self.sources = bool(watched and watched.sources)
        self.classes: dict[str, str] = {}
        self._modules = _by_sequence(watched)
        self._leaves: dict[int, str] = {}
        self._parameters: set[int] = set()
        self._owners: dict[int, str] = {}
        self._variables: dict[object, str] = {}
        if module is not None:
            self._read_module(module)
        for name, tensor in (params or {}).items():
            self._add(str(name), tensor, parameter=True)
        for name, tensor in _tensors_in(frame):
            self._add(name, tensor, parameter=False)

    def _read_module(self, module: nn.Module) -> None:
        self.classes = {path: type(part).__name__ for path, part in module.named_modules()}
        for name, tensor in module.named_parameters():
            self._add(name, tensor, parameter=True)
            self._owners[id(tensor)] = name.rpartition(".")[0]

    def _add(self, name: str, tensor: torch.Tensor, parameter: bool) -> None:
        if tensor.grad_fn is None:
            self._leaves.setdefault(id(tensor), name)
            if parameter:
                self._parameters.add(id(tensor))
        else:
            self._variables.setdefault(tensor.grad_fn, name)

    def leaf(self, variable: torch.Tensor) -> str:
        """Return the name of a leaf tensor, or an empty string."""
        return self._leaves.get(id(variable), "")

    def is_parameter(self, variable: torch.Tensor) -> bool:
        """Tell whether a leaf is an nn.Parameter or was named as one."""
        return isinstance(variable, nn.Parameter) or id(variable) in self._parameters

    def owner(self, variable: torch.Tensor) -> str:
        """Return the path of the module a parameter belongs to."""
        return self._owners.get(id(variable), "")

    def variable(self, node: object) -> str:
        """Return the name of a variable whose grad_fn is this node, or an empty string."""
        return self._variables.get(node, "")

    def module_at(self, sequence: int) -> tuple[str, tuple[int, ...]]:
        """Return the path of the module that ran a sequence number, and which call of each of its parts that was."""
        return self._modules.get(sequence, ("", ()))


def _check(model: object, params: object) -> None:
    if model is not None and not isinstance(model, nn.Module | Watched):
        raise TypeError(f"model must be an nn.Module or what watch() yields, not an object of {type(model).__name__}.")
    if params is None:
        return
    if not isinstance(params, Mapping) or not all(isinstance(tensor, torch.Tensor) for tensor in params.values()):
        raise TypeError("params must be a dict from name to tensor, as dict(model.named_parameters()).")


def _by_sequence(watched: Watched | None) -> dict[int, tuple[str, tuple[int, ...]]]:
    owner = {}
    for path, start, end, calls in watched.spans if watched else ():
        for sequence in range(start, end):  # inner modules come later and take their part over
            owner[sequence] = (path, calls)
    return owner


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
