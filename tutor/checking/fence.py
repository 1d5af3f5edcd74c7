"""Keep an answer from deleting files, starting or ending processes, and taking all memory while it is judged."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# taken here, not in the hook: asking for it takes a lock that the answer may hold when the hook runs
_TEMPORARY = Path(tempfile.gettempdir()).resolve()

MEMORY = 3 * 2**30  # bytes that an answer may take beyond what the process has
DEEPEST = 20_000  # calls within calls, however high an answer sets Python's own limit

_PROCESSES = {"os.fork", "os.forkpty", "os.system", "os.posix_spawn", "os.spawn", "os.exec", "subprocess.Popen"}
_FILES = {"os.remove", "os.rmdir", "os.rename", "os.truncate", "shutil.rmtree", "shutil.move"}


class Forbidden(BaseException):
    """The answer tried something that no exercise needs; not an Exception, so that it cannot be swallowed by one."""


_bystanders: set[int] = set()  # threads that were there before the answer ran (the kernel's own); they stay free
_judging = False
_hooked = False


@contextlib.contextmanager
def trusted() -> Iterator[None]:
    """Let this thread do what is forbidden: for a helper of the course that starts processes and leaves none behind."""
    thread = threading.get_ident()
    before = thread in _bystanders
    _bystanders.add(thread)
    try:
        yield
    finally:
        if not before:
            _bystanders.discard(thread)


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    """Python's audit hook; it can never be removed, so it does nothing at all while no answer runs."""
    if not _judging or threading.get_ident() in _bystanders:
        return
    if event in _PROCESSES:
        raise Forbidden("it tried to start another process")
    if event == "os.kill":
        raise Forbidden("it tried to end a process")
    if event in _FILES and not _temporary(arguments[0], _folder(event, arguments)):
        raise Forbidden(f"it tried to delete or rename `{arguments[0]}`")


def _folder(event: str, arguments: tuple[Any, ...]) -> str:
    """The folder that a bare name is relative to: removing a tree passes an open folder and names in it."""
    place = arguments[2 if event == "os.rename" else 1] if len(arguments) > (2 if event == "os.rename" else 1) else -1
    if not isinstance(place, int) or place < 0:
        return ""
    with contextlib.suppress(OSError):
        return str(Path(f"/proc/self/fd/{place}").readlink())
    return ""


def _temporary(path: Any, folder: str) -> bool:
    """Whether a path lies in the system's folder for temporary files and is none of the working folder's.

    Readers do keep notebooks in a folder under the temporary one; those are theirs.
    """
    try:
        whole, here = Path(folder, os.fsdecode(path)).resolve(), Path.cwd()
    except (TypeError, OSError):
        return False
    if _TEMPORARY.is_relative_to(here):  # the working folder is the temporary one, or above it
        return whole.is_relative_to(_TEMPORARY) and whole.parent != here and whole != here
    return whole.is_relative_to(_TEMPORARY) and not whole.is_relative_to(here)


def _leave(*_: Any) -> None:
    raise Forbidden("it tried to end the whole process")


@contextlib.contextmanager
def fence(harm: list[str], memory: int = MEMORY) -> Iterator[None]:
    """Put the fence up around an answer; threads that it leaves running are noted as harm.

    `memory` is how many bytes the answer may take beyond what the process has.
    """
    global _judging, _hooked
    if not _hooked:
        sys.addaudithook(_hook)
        _hooked = True
    before = set(threading.enumerate())
    _bystanders.clear()
    _bystanders.update(t.ident for t in before if t.ident != threading.get_ident())
    process, recursion, set_limit = os.getpid(), sys.getrecursionlimit(), sys.setrecursionlimit
    replaced = [
        (os, "_exit", _leave),
        (os, "abort", _leave),
        # unwinding millions of frames was measured to take a minute
        (sys, "setrecursionlimit", lambda limit: set_limit(min(limit, DEEPEST))),
    ]
    kept = [(module, name, getattr(module, name)) for module, name, _ in replaced]
    for place in replaced:
        setattr(*place)
    _judging = True
    try:
        with _memory_limit(memory):
            yield
    finally:
        _judging = False
        for place in kept:
            setattr(*place)
        if os.getpid() != process:
            os._exit(0)  # a child that slipped through must not go on as a second notebook
        sys.setrecursionlimit(recursion)
        left = [t for t in threading.enumerate() if t not in before and t.is_alive() and not t.name.startswith("tutor")]
        if left:
            harm.append("how many threads run: one of its own goes on after the answer has returned")


@contextlib.contextmanager
def _memory_limit(memory: int) -> Iterator[None]:
    """Let the process take only so many bytes beyond what it has; Linux only, elsewhere nothing is limited."""
    try:
        import resource

        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except (ImportError, OSError, ValueError):
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = pages * resource.getpagesize() + memory
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_AS, (wanted, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
