"""Notice when an answer takes a way round that its exercise forbids, however it is spelt."""

from __future__ import annotations

import contextlib
import importlib
import inspect
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any


@contextlib.contextmanager
def watch(forbidden: tuple[str, ...]) -> Iterator[list[str]]:
    """Collect, in words, the forbidden ways that are taken inside the block, in whatever thread.

    Parameters
    ----------
    forbidden : any of

        - "autograd": torch's autograd engine, backward or forward mode (`backward`, `autograd.grad`, `torch.func`);
        - "aten:NAME": an operation by its name in ATen, such as "aten:_log_softmax", whichever torch function calls it;
        - "call:MODULE.NAME": a function or class, such as "call:numpy.gradient", under whatever name it is called.

    Raises
    ------
    ValueError
        If an entry is none of these.
    """
    found: list[str] = []
    operations = {name.removeprefix("aten:") for name in forbidden if name.startswith("aten:")}
    calls = [name.removeprefix("call:") for name in forbidden if name.startswith("call:")]
    if unknown := [n for n in forbidden if n != "autograd" and not n.startswith(("aten:", "call:"))]:
        raise ValueError(f'forbid= knows "autograd", "aten:…" and "call:…", not {unknown[0]!r}.')
    with contextlib.ExitStack() as stack:
        if "autograd" in forbidden and "torch" in sys.modules:
            stack.enter_context(_watch_autograd(found))
        if operations:
            stack.enter_context(_watch_operations(operations, found))
        if calls:
            stack.enter_context(_watch_calls(calls, found))
        yield found


@contextlib.contextmanager
def _replaced(places: list[tuple[Any, str, Callable[[Any], Any]]]) -> Iterator[None]:
    """Replace attributes by what a function makes of them, for the time of the block."""
    kept = [(module, name, getattr(module, name)) for module, name, _ in places if hasattr(module, name)]
    makers = {(id(module), name): make for module, name, make in places}
    for module, name, original in kept:
        setattr(module, name, makers[id(module), name](original))
    try:
        yield
    finally:
        for module, name, original in kept:
            setattr(module, name, original)


@contextlib.contextmanager
def _watch_autograd(found: list[str]) -> Iterator[None]:
    """Wrap the one function that every backward pass goes through, and forward mode's entry."""
    import torch
    from torch.autograd import forward_ad

    def noting(original: Any) -> Any:
        def noted(*arguments: Any, **more: Any) -> Any:
            found.append("torch's autograd")
            return original(*arguments, **more)

        return noted

    places = [
        (torch.autograd, "_engine_run_backward", noting),
        (torch.autograd.graph, "_engine_run_backward", noting),
        (forward_ad, "make_dual", noting),
    ]
    with _replaced(places):
        yield


@contextlib.contextmanager
def _watch_operations(names: set[str], found: list[str]) -> Iterator[None]:
    """Log every ATen operation; a dispatch mode sees its own thread only, so each new thread gets one as well."""
    from torch.utils._python_dispatch import TorchDispatchMode

    class Log(TorchDispatchMode):
        def __torch_dispatch__(self, operation: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            name = operation._schema.name.removeprefix("aten::")
            if name in names:
                found.append(f"the library's own operation `{name.strip('_')}`")
            return operation(*args, **(kwargs or {}))

    def in_each_thread(run: Any) -> Any:
        def logged(thread: threading.Thread) -> None:
            with Log():
                run(thread)

        return logged

    with _replaced([(threading.Thread, "run", in_each_thread)]), Log():
        yield


@contextlib.contextmanager
def _watch_calls(names: list[str], found: list[str]) -> Iterator[None]:
    """Watch Python's own profile events for the code of the forbidden functions."""
    codes, builtins = {}, {}
    for name in names:
        module, _, attribute = name.rpartition(".")
        target = inspect.unwrap(getattr(importlib.import_module(module), attribute))
        if inspect.isclass(target):
            target = target.__init__
        if hasattr(target, "__code__"):
            codes[target.__code__] = name
        else:
            builtins[id(target)] = name

    def profile(frame: Any, event: str, argument: Any) -> None:
        if event == "call" and frame.f_code in codes:
            found.append(f"`{codes[frame.f_code]}`")
        elif event == "c_call" and id(argument) in builtins:
            found.append(f"`{builtins[id(argument)]}`")

    before = sys.getprofile()
    threading.setprofile(profile)
    sys.setprofile(profile)
    try:
        yield
    finally:
        sys.setprofile(before)
        threading.setprofile(None)
