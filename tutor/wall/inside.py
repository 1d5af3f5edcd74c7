"""The process of one notebook behind the wall: run its cells, try its answers, send what is seen; no verdict."""

from __future__ import annotations

import ast
import importlib
import importlib.abc
import importlib.machinery
import itertools
import socket
import sys
import time
import types
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tutor.checking import guard
from tutor.checking.changing import CannotRebuildError, Changing, Written, as_it_was
from tutor.checking.fault import Fault, fault_of, keep_lines
from tutor.checking.observed import LOOKED_AT, perform
from tutor.checking.running import compiled
from tutor.checking.seen import Ask, Half, Seen, answer_of, looked_at, observe
from tutor.checking.wire import WireError, decode, encode, framed, read
from tutor.wall import shim
from tutor.wall.frames import Asked, Job, answer_data, fault_data, job_of, ran_data, seen_data

SHIMMED = ("tutor.session", "tutor.program_cells")
ONE_CORE = 2  # times as long as in a notebook may a program take, for it has one core


def main(connection: socket.socket) -> None:
    """Run the notebook that the connection brings, to its end."""
    job = job_of(received(connection))
    for name in SHIMMED:
        sys.modules[name] = shim
    sys.meta_path.insert(0, Halves(job.modules))
    Notebook(job, connection).run()


def received(connection: socket.socket) -> Any:
    """What the judge sends next."""
    return decode(read(connection.recv))


class Halves(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports the public halves of the exercises, which arrive as texts."""

    def __init__(self, modules: Mapping[str, str]):
        self.texts = dict(modules)
        for name in modules:
            parts = name.split(".")
            for end in range(1, len(parts)):
                self.texts.setdefault(".".join(parts[:end]), "")

    def find_spec(self, name: str, path: Sequence[str] | None, target: Any = None) -> Any:
        """The module, if it is one of those."""
        if name not in self.texts or name == "tutor":
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=not self.texts[name])

    def exec_module(self, module: types.ModuleType) -> None:
        """Run its text."""
        run(self.texts[module.__name__], f"<{module.__name__}>", vars(module))


def run(text: str, filename: str, space: dict[str, Any]) -> None:
    """Execute a text whose lines a traceback finds."""
    keep_lines(filename, text)
    exec(compile(text, filename, "exec"), space)


class Notebook:
    """A notebook that is run."""

    def __init__(self, job: Job, connection: socket.socket):
        self.job, self.connection, self.cell = job, connection, -1
        self.home = types.ModuleType("__main__")

    def run(self) -> None:
        """Run its cells in order; one that raises an error does not keep the others from running."""
        shim._observe.append(self.observe)
        shim._perform.append(self.perform)
        sys.modules["__main__"] = self.home
        space = vars(self.home)
        space["display"] = shim.display
        for number, text in self.job.cells:
            self.cell, filename = number, f"<cell {number + 1}>"
            self.send("cell", number)
            try:
                run(text, filename, space)
            except BaseException as error:  # a cell may raise anything, SystemExit and KeyboardInterrupt included
                answer = types.SimpleNamespace(__code__=types.SimpleNamespace(co_filename=filename))
                self.send("fault", number, fault_data(fault_of(error, answer)))
        self.send("end")

    def send(self, *frame: Any) -> None:
        """Send a frame."""
        self.connection.sendall(framed(encode(frame)))

    def observe(self, identifier: str, answer: Any, owner: Any, seconds: float | None) -> None:
        """Try an answer and send what is seen, if it is asked for and this is the cell that counts."""
        asked = self.job.asked.get(identifier)
        if asked is None or asked.cell != self.cell:
            return
        if not asked.module:
            self._seen(looked_at(answer), "seen", identifier)
            return
        half = importlib.import_module(asked.module).EXERCISE
        limit = min(float(seconds or half.seconds), asked.seconds)
        if asked.names is not None:
            for _ in self._tried(asked, half, answer, owner, limit):
                pass  # what is imported by its first run is not counted as a changed one's time
            self._serve(identifier, asked, half, answer, owner)
            return
        self.send("answer", identifier, answer_data(answer_of(answer)), limit)
        for seen in self._tried(asked, half, answer, owner, limit):
            self._seen(seen, "seen", identifier)

    def _tried(self, asked: Asked, half: Half, answer: Any, owner: Any, limit: float) -> Iterator[Seen]:
        """What is seen of an answer, a run after the other, within a time limit for all of them."""
        deadline = guard.clock() + limit
        with guard.plain_torch():
            for ask in asked.asks:
                left = max(0.05, deadline - guard.clock())
                seen = observe(
                    half,
                    lambda: self._subject(asked, answer, owner),
                    ask.arguments(half),
                    seed=ask.seed,
                    seconds=left,
                    candidate=answer,
                )
                yield seen
                if seen.slow or seen.found or seen.harm or any(seen.changed):
                    return

    def _serve(self, identifier: str, asked: Asked, half: Half, answer: Any, owner: Any) -> None:
        """Run changed texts in an answer's place as they arrive, and send what is seen, until the judge has enough."""
        held = (owner or vars(self.home)[asked.owner]) if asked.owner else None
        try:
            here = Changing(half, answer, asked.names, lambda made: self._subject(asked, made, held))
        except CannotRebuildError:
            return
        self.send("ready", identifier)
        with as_it_was(held, asked.name), guard.plain_torch(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            drawn: dict[Ask, tuple[Any, ...]] = {}
            while (told := received(self.connection)) != ("enough",):
                texts, fields, seconds, left, watched = told
                end, ask = time.process_time() + left, Ask(*fields)
                if ask not in drawn:
                    drawn[ask] = ask.arguments(half)
                for changed in itertools.starmap(Written, texts):
                    if (started := time.process_time()) > end:
                        break
                    seen = here.run(changed, drawn[ask], seed=ask.seed, seconds=seconds, watched=watched)
                    self._seen(seen, "tried", time.process_time() - started)
                self.send("all")

    def perform(self, identifier: str, space: dict[str, Any], seconds: float | None) -> None:
        """Run a program in a copy of the notebook's names, look at what it leaves and send what is seen.

        What it leaves goes into the notebook, and what else it binds where the name is free.
        """
        asked = self.job.asked.get(identifier)
        if asked is None or asked.cell != self.cell or not asked.program:
            return
        half = importlib.import_module(asked.module).EXERCISE
        filename = f"<program of cell {self.cell + 1}>"
        keep_lines(filename, asked.program)
        code = compiled(ast.parse(asked.program).body[1:], filename)
        limit = min(ONE_CORE * float(seconds or half.seconds), asked.seconds)
        self.send("begun", identifier, limit)
        with guard.plain_torch():
            looking = ONE_CORE * LOOKED_AT
            ran, bound, looks = perform(half, code, space, given=asked.given, seconds=limit, looking=looking)
            self.send("ran", identifier, ran_data(ran))
            for name, seen in looks.all() if looks else ():
                self._looked(identifier, name, seen)
        space.update({name: value for name, value in bound.items() if name not in space or name in half.leaves})

    def _looked(self, identifier: str, name: str, seen: Any) -> None:
        try:
            if isinstance(seen, Fault):
                self.send("failed", identifier, name, fault_data(seen))
            else:
                self.send("looked", identifier, name, seen)
        except WireError as error:  # too large, or on a device
            unsent = Fault(type(error).__name__, "Exception", str(error))
            self.send("failed", identifier, name, fault_data(unsent))

    def _subject(self, asked: Asked, answer: Any, owner: Any) -> Any:
        """What `use` receives: the answer, or for a method the class that carries it."""
        if not asked.owner:
            return answer
        owner = owner or vars(self.home)[asked.owner]
        setattr(owner, asked.name, answer)
        return owner

    def _seen(self, seen: Seen, *before: Any) -> None:
        try:
            self.send(*before, seen_data(seen))
        except WireError as error:  # too large, or on a device
            self.send(*before, seen_data(Seen(unreadable=type(error).__name__)))
