"""The line to the process of a notebook: what is said to it and heard of it, within limits of time and of bytes."""

from __future__ import annotations

import socket
import struct
import time
from typing import Any

from tutor.checking.wire import WireError, decode, read
from tutor.wall.cgroups import Group
from tutor.wall.zygote import HERE

STARTING = 300.0  # seconds by the wall in which a machine that is very busy has imported torch
MOST_BYTES = 64 * 2**20  # that a notebook may send
MOST_FRAMES = 20_000  # those of a solved lesson are less than a thousand
CREDENTIALS = struct.Struct("3i")  # process, user, group


class Line:
    """What is said to a notebook's process and heard of it, within the limits of what it may send.

    Attributes
    ----------
    greedy : at its end, whether all processes of the notebook together took more memory than they may.
    """

    def __init__(self, ours: socket.socket, group: Group | None = None):
        self._ours, self._group, self.greedy = ours, group, False
        self._until, self._bytes, self._frames = 0.0, MOST_BYTES, MOST_FRAMES

    def begin(self) -> None:
        """Wait for the process, and limit what it and all that it starts take together, where that can be.

        Raises
        ------
        TimeoutError, EOFError, OSError
            If it has ended, or does not begin.
        """
        keeper = _keeper(self._ours)
        if self._group:
            self._group.add(keeper)

    def say(self, message: bytes, until: float) -> None:
        """Send a message; TimeoutError if it is not taken until then (`time.monotonic`), OSError if nobody is there."""
        self._ours.settimeout(max(0.001, until - time.monotonic()))
        self._ours.sendall(message)

    def hear(self, until: float) -> Any:
        """The next frame.

        Raises
        ------
        TimeoutError, EOFError, OSError
            If none comes until then, or ever.
        WireError
            If it is none, or more was sent than may be.
        """
        self._until, self._frames = until, self._frames - 1
        if self._frames < 0:
            raise WireError(f"more than {MOST_FRAMES:,} things were said")
        return decode(read(self._receive))

    def _receive(self, count: int) -> bytes:
        self._ours.settimeout(max(0.001, self._until - time.monotonic()))
        part = self._ours.recv(count)
        self._bytes -= len(part)
        if self._bytes < 0:
            raise WireError(f"more than {MOST_BYTES >> 20} MB were sent")
        return part


def _keeper(ours: socket.socket) -> int:
    """The number that the keeper of a notebook has out here; the kernel tells it of whoever sends the first byte.

    Raises
    ------
    EOFError
        If it ended before.
    """
    ours.settimeout(STARTING)
    told, about, _, _ = ours.recvmsg(1, socket.CMSG_SPACE(CREDENTIALS.size))
    if told != HERE or not about:
        raise EOFError
    return CREDENTIALS.unpack(about[0][2])[0]
