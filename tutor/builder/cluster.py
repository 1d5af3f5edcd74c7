"""`tutor check --scheduler`: a class is judged by the workers of a Dask cluster, each behind a wall of its own."""

from __future__ import annotations

import contextlib
import json
import logging
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tutor.builder import judge, walled, worker
from tutor.builder.judge import Judged
from tutor.builder.worker import LostError, Refused, Task
from tutor.checking import guard
from tutor.errors import TutorError
from tutor.lessons.edition import edition

if TYPE_CHECKING:
    from distributed import Client, Future

AHEAD = 200  # notebooks that are handed out before their turn in the table: one that takes long holds up no worker
AGAIN = 3  # times that a notebook is given to another process, where the one that judged it has ended
CONNECTING = 20  # seconds in which a scheduler has to answer
WAITING = 60  # seconds in which it has to have a worker


def judge_all(paths: Sequence[Path], turn: int, cell_seconds: float, address: str) -> Iterator[Judged]:
    """Judge notebooks on a cluster; each is given out in its turn, as soon as it is judged.

    The files are read here; the workers need no disk that is shared. Every worker judges our own solved notebook of a
    lesson first. A worker that is lost costs nothing but time: what it was judging is judged elsewhere.

    Parameters
    ----------
    paths : the notebooks.
    turn, cell_seconds : as for `walled.Judge`; the same for all of them, wherever they are judged.
    address : of the cluster's scheduler, "tcp://host:8786".

    Raises
    ------
    TutorError
        If the package `distributed` is missing, the scheduler cannot be reached or is lost, or a worker cannot judge.
    """
    with _client(address) as client:
        made = Cluster(client, address, turn, cell_seconds)
        made.insist_on_the_same_series()
        begun: deque[tuple[Path, Judged | Future]] = deque()
        for path in paths:
            begun.append((path, made.begun(path)))
            if len(begun) > AHEAD:
                yield made.ended(*begun.popleft())
        while begun:
            yield made.ended(*begun.popleft())


@contextlib.contextmanager
def _client(address: str) -> Iterator[Client]:
    """The connection to a scheduler; what was handed out and not judged is taken back at the end."""
    try:
        from distributed import Client, Security
        from distributed.comm import get_address_host_port
    except ModuleNotFoundError as error:
        told = "`--scheduler` needs the package distributed: `pip install autograd-tutor[cluster]`"
        raise TutorError(f"{told} ({error}).") from None
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)  # what it logs is told in a sentence here
    mend = "give `--scheduler` the address that `dask scheduler` prints, like tcp://host:8786"
    try:
        get_address_host_port(address)
    except ValueError as error:
        raise TutorError(f'"{address}" is no address of a Dask scheduler ({error}): {mend}.') from None
    if address.startswith("tls:") and Security().get_connection_args("client")["ssl_context"] is None:
        raise TutorError(f"{address} asks for TLS: set the certificates in Dask's settings (distributed.comm.tls).")
    try:
        client = Client(address, timeout=CONNECTING, set_as_default=False)
    except Exception as error:  # what answers there may be anything
        raise TutorError(f"No Dask scheduler answers at {address} ({_first(error)}): start it, or {mend}.") from None
    with client:
        yield client


class Cluster:
    """The workers of a cluster that judge a class.

    Parameters
    ----------
    client : the connection to its scheduler.
    address : where that is.
    turn, cell_seconds : as for `judge_all`.
    """

    def __init__(self, client: Client, address: str, turn: int, cell_seconds: float) -> None:
        self._client, self._address = client, address
        self._turn, self._cell_seconds, self._series = turn, cell_seconds, edition()

    def insist_on_the_same_series(self) -> None:
        """Ask the workers that are there for their version; one that joins later is asked with its first notebook.

        Raises
        ------
        TutorError
            If there is none, or one lacks the package or has another version.
        """
        try:
            self._client.wait_for_workers(1, timeout=WAITING)
        except TimeoutError:
            told = f"start one with `dask worker {self._address}`"
            raise TutorError(f"The scheduler at {self._address} has no worker: {told}.") from None
        for name, told in self._client.run(edition, on_error="return").items():
            if isinstance(told, Exception):
                raise _unfit(name, f"the package cannot be used there ({_first(told)}): install it.")
            if told != self._series:
                raise _unfit(name, worker.OTHER)

    def begun(self, path: Path) -> Judged | Future:
        """Hand a notebook to a worker; what cannot be read is judged with that."""
        try:
            made = walled.read(path)
        except (Exception, guard.TooSlow) as error:
            return walled.unreadable(path, error)
        task = Task(self._series, str(path), _plain(made.notebook), self._turn, self._cell_seconds)
        return self._client.submit(worker.judge, task, pure=False, retries=AGAIN)

    def ended(self, path: Path, begun: Judged | Future) -> Judged:
        """Wait for the verdicts on a notebook.

        Raises
        ------
        TutorError
            If the scheduler is lost, or the worker can judge nothing.
        """
        if isinstance(begun, Judged):
            return begun
        from distributed import KilledWorker

        try:
            told = begun.result()
        except (KilledWorker, LostError):
            return judge.unreadable(path, f"{path} could not be judged: every process that judged it ended.")
        except CancelledError:
            told = "with `--record FILE`, `--resume` goes on where it was"
            raise TutorError(f"The Dask scheduler at {self._address} was lost: {told}.") from None
        except Exception as error:  # of one that has joined since and lacks the package
            raise _unfit("that joined", f"the package cannot be used there ({_first(error)}): install it.") from None
        if isinstance(told, Refused):
            raise _unfit(told.worker, told.why)
        return told


def _unfit(name: str, why: str) -> TutorError:
    return TutorError(f"The worker {name} cannot judge: {why}")


def _plain(notebook: dict[str, Any]) -> bytes:
    """A notebook without its outputs, which no verdict needs, as JSON."""
    slim = [{**cell, "outputs": []} if "outputs" in cell else cell for cell in notebook["cells"]]
    return json.dumps({**notebook, "cells": slim}).encode()


def _first(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0].rstrip('.')}" if lines else type(error).__name__
