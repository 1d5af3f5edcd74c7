"""Call a reader's code so that nothing it does can harm the notebook: time, output, randomness, modes and inputs."""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import io
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tutor.checking.fence import MEMORY, fence

KEPT_OUTPUT = 2_000  # characters of an answer's prints that a report shows
FLOOD = 1_000_000  # characters after which printing is stopped as an error
GRACE = 3.0  # seconds by the wall that a time limit has for its work before a runner's process is ended


_OWN_FILES = {__file__, contextlib.__file__}


class TooSlow(BaseException):
    """The time limit was reached; not an Exception, so that `except Exception` in an answer cannot swallow it."""


class OutputFlood(BaseException):
    """The answer printed more than anyone can read."""


@dataclass
class Outcome:
    """What came of one guarded call: a value or an error, what was printed, and the harm that was mended."""

    value: Any = None
    error: BaseException | None = None
    printed: str = ""
    seconds: float = 0.0
    harm: list[str] = field(default_factory=list)

    @property
    def slow(self) -> bool:
        """Whether the call was stopped by the time limit."""
        return isinstance(self.error, TooSlow)


def call(
    function: Callable[..., Any],
    *arguments: Any,
    seconds: float = 5.0,
    seed: int = 0,
    memory: int = MEMORY,
    live: bool = False,
) -> Outcome:
    """Call `function(*arguments)` under guard; never raises for what it does, but for Ctrl-C where it is `live`.

    Random states are seeded with `seed` before and restored after; grad mode and default dtype are restored and their
    change is reported as harm. The time limit stops Python code, `time.sleep` and loops of tensor operations; a single
    long operation is stopped only when it returns, and a loop that swallows every exception not at all. Where the call
    is `live`, what it prints goes where it always goes, and is not in the outcome.
    """
    outcome, buffer = Outcome(), _Limited()
    started = time.perf_counter()
    with _kept_state(seed, outcome.harm), _last_resort(seconds) as postpone, fence(outcome.harm, memory):
        try:
            with contextlib.ExitStack() as stack:
                if not live:
                    stack.enter_context(contextlib.redirect_stdout(buffer))
                    stack.enter_context(contextlib.redirect_stderr(buffer))
                stack.enter_context(time_limit(seconds, postpone))
                outcome.value = function(*arguments)
        except BaseException as error:  # an answer may raise anything, SystemExit and KeyboardInterrupt included
            outcome.error = error
            if live and isinstance(error, KeyboardInterrupt):
                raise
    outcome.seconds = time.perf_counter() - started
    outcome.printed = buffer.shown()
    return outcome


class _Limited(io.TextIOBase):
    """A text stream that keeps the first characters and stops a flood."""

    def __init__(self) -> None:
        self.kept: list[str] = []
        self.length = 0

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if self.length < KEPT_OUTPUT:
            self.kept.append(text[: KEPT_OUTPUT - self.length])
        self.length += len(text)
        if self.length > FLOOD:
            raise OutputFlood(f"more than {FLOOD:,} characters were printed")
        return len(text)

    def shown(self) -> str:
        more = self.length - KEPT_OUTPUT
        return "".join(self.kept).rstrip("\n") + (f"\n… and {more:,} characters more" if more > 0 else "")


def clock(thread: int | None = None) -> float:
    """Seconds by the clock, without those for which a thread was ready to run and other programs had the cores.

    An answer is not slow because the machine is busy. Only Linux tells; elsewhere all seconds count. `thread` is the
    system's number of a thread of this process, by default of the one that asks.
    """
    place = "thread-self" if thread is None else f"self/task/{thread}"
    try:
        with io.FileIO(f"/proc/{place}/schedstat") as told:  # it is asked for twice in every run: no Path, no text
            waited = int(told.read(100).split()[1])  # nanoseconds
    except Exception:  # another system, or an answer that has left no file or frame to read it with
        waited = 0
    return time.perf_counter() - waited / 1e9


def _nobody_waits(left: float) -> None:
    """Where nothing has to know that an answer still has time."""


@contextlib.contextmanager
def time_limit(seconds: float, postpone: Callable[[float], None] = _nobody_waits) -> Iterator[None]:
    """Raise `TooSlow` in the calling thread after `seconds` of `clock`.

    The main thread of a POSIX system is stopped by SIGALRM, even in `time.sleep`; elsewhere (Windows, other threads)
    an asynchronous exception stops Python code, but not a sleep. `postpone` is told how many seconds are left when they
    should be over by the wall and are not by `clock`.
    """
    if hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread():
        with _alarm(seconds, postpone):
            yield
    else:
        with _asynchronous(seconds, postpone):
            yield


@contextlib.contextmanager
def _last_resort(seconds: float) -> Iterator[Callable[[float], None]]:
    """Where a runner names a file in TUTOR_KILLED: end the process if not even the time limit stops the answer.

    The runner restarts the notebook without that answer; a reader's own kernel is never ended. What is given is called
    with the seconds that are left, when waiting for a core was no fault of the answer.
    """
    path = os.environ.get("TUTOR_KILLED")
    if not path:
        yield _nobody_waits
        return
    with open(path, "a") as file:  # noqa: PTH123  faulthandler needs a file with a descriptor

        def postpone(left: float) -> None:
            faulthandler.dump_traceback_later(left + GRACE, exit=True, file=file)

        postpone(seconds)
        try:
            yield postpone
        finally:
            faulthandler.cancel_dump_traceback_later()


@contextlib.contextmanager
def _alarm(seconds: float, postpone: Callable[[float], None]) -> Iterator[None]:
    started, over = clock(), False

    def ring(signum: int, frame: Any) -> None:
        # never inside the guard's own steps, which would leave the alarm ringing for ever; it rings again soon
        if over or frame.f_code.co_filename in _OWN_FILES:
            return
        spent = clock() - started
        if spent > 0.95 * seconds:
            raise TooSlow
        postpone(seconds - spent)

    before = signal.signal(signal.SIGALRM, ring)
    # it rings again and again: for answers that swallow the first, and on machines that are busy with something else
    signal.setitimer(signal.ITIMER_REAL, seconds, 0.2)
    try:
        yield
    finally:
        over = True
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextlib.contextmanager
def _asynchronous(seconds: float, postpone: Callable[[float], None]) -> Iterator[None]:
    caller, number = threading.get_ident(), threading.get_native_id()
    started, over, done = clock(number), threading.Event(), threading.Lock()

    def stop() -> None:
        left = seconds
        while not over.wait(left):
            left = seconds - (clock(number) - started)
            if left < 0.05 * seconds:
                if done.acquire(blocking=False):
                    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(caller), ctypes.py_object(TooSlow))
                return
            postpone(left)

    threading.Thread(target=stop, daemon=True, name="tutor time limit").start()
    try:
        yield
    finally:
        over.set()
        done.acquire(blocking=False)


@contextlib.contextmanager
def plain_torch() -> Iterator[None]:
    """torch as it is when it is imported, whatever the notebook has set: a default device or dtype, autocast.

    Probes and solutions are made for that, and an answer is judged beside them.
    """
    torch = sys.modules.get("torch")
    if torch is None:
        yield
        return
    dtype = torch.get_default_dtype()
    with contextlib.ExitStack() as stack:
        if torch.get_default_device().type != "cpu":
            stack.enter_context(torch.device("cpu"))
        if torch.is_autocast_enabled("cpu"):
            stack.enter_context(torch.autocast("cpu", enabled=False))
        torch.set_default_dtype(torch.float32)
        try:
            yield
        finally:
            torch.set_default_dtype(dtype)


@contextlib.contextmanager
def _kept_state(seed: int, harm: list[str]) -> Iterator[None]:
    torch = sys.modules.get("torch")
    dtype, grad = "torch.float32", True  # what they are if the answer is the first to import torch
    states = random.getstate(), np.random.get_state(), np.geterr()
    if torch is not None:
        generator, dtype, grad = torch.get_rng_state(), torch.get_default_dtype(), torch.is_grad_enabled()
        torch.manual_seed(seed)
        torch.set_grad_enabled(True)
    random.seed(seed)
    np.random.seed(seed)
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
        np.seterr(**states[2])
        if torch is not None:
            torch.set_rng_state(generator)
        if (torch := sys.modules.get("torch")) is not None:
            if str(torch.get_default_dtype()) != str(dtype):
                harm.append(f"the default dtype (it was {dtype}; it has been set back)")
                torch.set_default_dtype(getattr(torch, str(dtype).removeprefix("torch.")))
            if not torch.is_grad_enabled():
                harm.append("the grad mode (gradients were switched off; they are on again)")
            torch.set_grad_enabled(grad)
