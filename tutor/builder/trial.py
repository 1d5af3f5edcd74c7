"""Run the cells of a notebook in a kernel of their own, and say which cell ended it and which raised what."""

from __future__ import annotations

import ast
import re
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

TOLD = 300  # characters of an error's message
_PLACE = re.compile(r" \([^()]*, line \d+\)$")
_MARK = "__tutor_judges__ = True"
# asked of the kernel after a cell: whether it is about to end, though it still replies; whether its names were taken
# away; where the last error arose
_ENDING = "get_ipython().exit_now"
_EMPTIED = "'__tutor_judges__' not in globals()"
_WHERE = (
    "([(frame.filename, frame.lineno, frame.line or '') for frame in __import__('traceback').extract_tb("
    "__import__('sys').last_traceback)[:40]], [(e.filename or '', e.lineno or 0, e.text or '') for e in "
    "[__import__('sys').last_value] if isinstance(e, SyntaxError)])"
)


@dataclass(frozen=True)
class Fault:
    """An error that a cell raised; `line` and `text` are the cell's own, `file` another file whose line it is."""

    name: str
    message: str
    line: int = 0
    text: str = ""
    file: str = ""

    def __str__(self) -> str:
        first = next(iter(self.message.strip().splitlines()), "")
        told = ": ".join(filter(None, (self.name, first if len(first) <= TOLD else first[:TOLD] + "…")))
        if not self.line:
            return told
        return f"{told} (line {self.line}{f' of {self.file}' if self.file else ''}: `{self.text}`)"


@dataclass(frozen=True)
class Stop:
    """Where a kernel was given up: at which cell, why, and whether no cell above can be to blame."""

    index: int
    why: str
    sure: bool


@dataclass
class Trial:
    """What came of running the cells once."""

    stop: Stop | None = None
    faults: dict[int, Fault] = field(default_factory=dict)
    done: dict[int, float] = field(default_factory=dict)  # cell -> when it had ended, by the monotonic clock
    stopped_at: float = 0.0


def run(
    sources: Sequence[str],
    work: Path,
    environment: Mapping[str, str],
    killed: Path,
    cell_seconds: float,
    patience: Mapping[int, float],
) -> Trial:
    """Run the cells in order until one ends the kernel.

    Parameters
    ----------
    sources : the code of each cell; "" for one that is not run.
    work : the folder that they run in.
    environment : the kernel's environment variables.
    killed : the file in which the kernel says that a time limit killed it.
    cell_seconds : time limit of a cell.
    patience : cell -> seconds to wait after it whether the kernel ends, so that no cell below is blamed for it.
    """
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from nbformat.v4 import new_code_cell, new_notebook

    from tutor.builder import kernel

    replies: dict[int, dict[str, Any]] = {}
    client = kernel.client(
        new_notebook(cells=[new_code_cell(source) for source in sources]),
        timeout=cell_seconds,
        allow_errors=True,
        interrupt_on_timeout=False,
        shell_timeout_interval=1,
        on_cell_executed=lambda cell, cell_index, execute_reply: replies.update({cell_index: execute_reply["content"]}),
    )
    client.resources = {"metadata": {"path": str(work)}}
    client.shutdown_kernel = "immediate"  # a kernel is killed, not asked
    trial = Trial()
    with client.setup_kernel(env=dict(environment), stderr=subprocess.DEVNULL):
        client.kc.execute(_MARK, silent=True)
        for index, cell in enumerate(client.nb.cells):
            if not sources[index].strip():
                continue
            try:
                client.execute_cell(cell, index)
                trial.stop = _after(client, index, replies[index], trial.faults)
                if index in patience and not trial.stop:
                    _wait(client, patience[index])
                    _ask(client, index)
            except CellTimeoutError:
                replied = index in replies
                why = "The kernel did not answer any more after the cell" if replied else "The cell did not end"
                trial.stop = Stop(index, f"{why} within {cell_seconds:g} s and was killed.", replied)
            except DeadKernelError:
                trial.stop = _death(index, killed)
            if trial.stop:
                trial.stopped_at = time.monotonic()
                break
            trial.done[index] = time.monotonic()
    return trial


def _after(client: Any, index: int, reply: Mapping[str, Any], faults: dict[int, Fault]) -> Stop | None:
    """Ask the kernel what a cell has left behind; its error, if it raised one, is put to the `faults`."""
    failed = reply["status"] == "error"
    told = _ask(client, index, _ENDING, _EMPTIED, *([_WHERE] if failed else []))
    if told.get(_ENDING) == "True":
        return Stop(index, "The cell ended its kernel, as `exit()` does.", True)
    if told.get(_EMPTIED) == "True":
        return Stop(index, "The cell took every name from the cells below, as `%reset` does.", True)
    if failed:
        faults[index] = _fault(reply, told.get(_WHERE, ""), client.nb.cells[index].source)
    return None


def _death(index: int, killed: Path) -> Stop:
    if killed.is_file() and killed.stat().st_size:
        return Stop(index, "The answer did not end within its time limit and was killed.", True)
    return Stop(index, "The cell ended its own process.", False)


def _ask(client: Any, index: int, *expressions: str) -> dict[str, str]:
    """Have the kernel compute expressions; return the text of each that could be."""
    asked = client.kc.execute("", silent=True, user_expressions={text: text for text in expressions})
    reply = client.wait_for_reply(asked, client.nb.cells[index]) or {"content": {}}
    found = reply["content"].get("user_expressions", {})
    return {text: one["data"]["text/plain"] for text, one in found.items() if one.get("status") == "ok"}


def _wait(client: Any, seconds: float) -> None:
    """Wait whether the kernel ends.

    Raises
    ------
    DeadKernelError
        If it does.
    """
    from nbclient.exceptions import DeadKernelError
    from nbclient.util import ensure_async, run_sync

    async def alive() -> bool:
        return await ensure_async(client.kc.is_alive())

    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if not run_sync(alive)():
            raise DeadKernelError("The kernel died after the cell.")
        time.sleep(0.1)


def _fault(reply: Mapping[str, Any], where: str, source: str) -> Fault:
    """The error of a reply, with the last place in the cell that it passed through."""
    fault = Fault(str(reply.get("ename", "")), str(reply.get("evalue", "")))
    try:
        frames, wrong = ast.literal_eval(where)
    except (ValueError, SyntaxError):  # the cell has changed what was asked
        return fault
    lines = source.splitlines()
    places = [_place(lines, *frame) for frame in (*frames, *wrong)]
    number, text = next(filter(None, reversed(places)), (0, ""))
    file = ""
    for filename, at, line in wrong:
        # the place stands in Python's message too, with the name of the file that IPython keeps the cell in
        fault = replace(fault, message=_PLACE.sub("", fault.message))
        if places[-1] is None and number:  # the cell imports what is wrong
            number, text, file = at, line.strip(), Path(filename).name
    return replace(fault, line=number, text=text, file=file)


def _place(lines: Sequence[str], filename: str, number: int, text: str) -> tuple[int, str] | None:
    """Where in a cell a frame stands, or None if it stands elsewhere."""
    timed = filename.startswith(
        "<timed "
    )  # what stands below `%%time` is counted from its first line, its text unknown
    if timed:
        magic = next((k for k, line in enumerate(lines) if line.startswith("%%")), 0)
        number += next((k for k, line in enumerate(lines) if k > magic and line.strip()), 0)
    line = lines[number - 1].strip() if 0 < number <= len(lines) else ""
    return (number, line) if line and (timed or text.strip() == line) else None
