"""Run the cells of a notebook in a kernel of their own, and say which cell ended it and which raised what."""

from __future__ import annotations

import ast
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

TOLD = 300  # characters of an error's message
# asked of the kernel after a cell: whether it is about to end, though it still replies; and where the last error arose
_ENDING = "get_ipython().exit_now"
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
    notebook = new_notebook(cells=[new_code_cell(source) for source in sources])
    client = kernel.client(
        notebook,
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
        for index, cell in enumerate(notebook.cells):
            if not sources[index].strip():
                continue
            replied = False
            try:
                client.execute_cell(cell, index)
                replied = True
                failed = replies[index]["status"] == "error"
                told = _ask(client, cell, [_ENDING, _WHERE] if failed else [_ENDING])
                if told.get(_ENDING) == "True":
                    trial.stop = Stop(index, "The cell ended its kernel, as `exit()` does.", True)
                elif failed:
                    trial.faults[index] = _fault(replies[index], told.get(_WHERE, ""), sources[index])
                _wait(client, patience.get(index, 0))
            except CellTimeoutError:
                why = "The kernel did not answer any more after the cell" if replied else "The cell did not end"
                trial.stop = Stop(index, f"{why} within {cell_seconds:g} s and was killed.", True)
            except DeadKernelError:
                trial.stop = _death(index, killed)
            if trial.stop:
                trial.stopped_at = time.monotonic()
                return trial
            trial.done[index] = time.monotonic()
    return trial


def _death(index: int, killed: Path) -> Stop:
    if killed.is_file() and killed.stat().st_size:
        return Stop(index, "The answer did not end within its time limit and was killed.", True)
    return Stop(index, "The cell ended its own process.", False)


def _ask(client: Any, cell: Any, expressions: Sequence[str]) -> dict[str, str]:
    """Have the kernel compute expressions; return the text of each that could be."""
    asked = client.kc.execute("", silent=True, user_expressions={text: text for text in expressions})
    reply = client.wait_for_reply(asked, cell) or {"content": {}}
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
    for filename, number, text in reversed([*frames, *wrong]):
        timed = filename.startswith(
            "<timed "
        )  # below `%%time` lines are counted without it, and their text is not known
        number += timed
        line = lines[number - 1].strip() if 0 < number <= len(lines) else ""
        if line and (timed or text.strip() == line):
            return replace(fault, line=number, text=line)
    for filename, number, text in wrong:
        return replace(fault, line=number, text=text.strip(), file=Path(filename).name)
    return fault
