"""Started behind the wall: import once what notebooks need, then fork a process with namespaces of its own for each.

Three processes take part in a notebook. The zygote forks a keeper; the keeper leaves for new namespaces and forks the
one that runs the notebook, the first of its process namespace, so that whatever it starts ends with it. The keeper ends
it as soon as the judge lets go of the connection; no process of the notebook can see the keeper, or another notebook.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import importlib
import os
import resource
import select
import signal
import socket
import struct
import sys
from pathlib import Path

TORCH = ("numpy", "torch", "torch.nn.functional", "torch.optim", "torch.utils.data", "matplotlib.pyplot")
LATE = ("torch._dynamo", "torch._functorch.aot_autograd")  # torch fetches them at the first optimiser, or compilation
OURS = ("checking", "wall.inside", "plots", "graph", "models", "data", "training", "recipes", "gradients", "ready")
USUAL = (*TORCH, *LATE, *(f"tutor.{name}" for name in OURS))

SCRATCH = "size=256m,mode=700"  # of the notebook's own temporary folder
MEMORY = 4 * 2**30  # bytes of addresses that each process may take beyond what the zygote has
PROCESSES = 128
FILE = 256 * 2**20  # bytes of a file
NICE = 5
NOBODY = 65534
WORK = "/tmp/work"
HERE = b"h"  # what a keeper says first
STUDENT = 1000  # who a notebook takes itself for

_CLONE = {"mount": 0x00020000, "uts": 0x04000000, "ipc": 0x08000000, "user": 0x10000000, "pid": 0x20000000}
_CLONE["net"] = 0x40000000
_READ_ONLY, _NOSUID, _NODEV, _NOEXEC, _PRIVATE, _REC = 1, 2, 4, 8, 1 << 18, 16384
_DUMPABLE, _NO_NEW_PRIVILEGES, _DROP_BOUND = 4, 38, 24
_LAST_CAPABILITY = 63
_SET_FLAGS, _UP = 0x8914, 1  # of a network interface


def main(descriptor: int) -> None:
    """Fork a keeper for every connection that arrives, until the judge goes away."""
    if os.getuid() == 0:
        _become_nobody()
    settings = set(os.environ)
    for name in USUAL:
        with contextlib.suppress(ImportError):  # a library that is not installed is missed where it is needed
            importlib.import_module(name)
    for name in set(os.environ) - settings:  # the compiler's folder is one that notebooks cannot write to
        del os.environ[name]
    importlib.import_module("torch").set_num_threads(1)
    control = socket.socket(fileno=descriptor)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # keepers need no one to wait for them
    control.send(b"r")
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 1, 1)
        if not message or not descriptors:
            return
        if os.fork() == 0:
            control.close()
            _keep(socket.socket(fileno=descriptors[0]))
        os.close(descriptors[0])


def _become_nobody() -> None:
    """Where the judge is root: see the processes anew, and be a user who owns nothing."""
    _called("mount", b"proc", b"/proc", b"proc", _NOSUID | _NODEV | _NOEXEC, None)
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)
    _called("prctl", _DUMPABLE, 1, 0, 0, 0)  # else what describes a process in /proc is still root's
    _give_up_privileges()


def _keep(connection: socket.socket) -> None:
    """Be the keeper of one notebook: never returns."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    try:
        taken = _taken()
        connection.send(
            HERE
        )  # the kernel adds who sends it, and the judge sets limits for all that come of this process
        connection.recv(1, socket.MSG_PEEK)  # it has: the notebook is on its way
        _leave()
        child = os.fork()
        if child == 0:
            _run(connection, taken)
        handle = os.pidfd_open(child)
        waiting = select.poll()
        waiting.register(handle, select.POLLIN)
        waiting.register(connection, select.POLLRDHUP)  # the judge lets go
        waiting.poll()
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)  # returns when everything that it had started is gone
    finally:
        os._exit(0)


def _leave() -> None:
    """Go into new namespaces: user, processes, files, network, messages, name."""
    user, group = os.getuid(), os.getgid()
    _called("unshare", sum(_CLONE.values()))
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{STUDENT} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{STUDENT} {group} 1")
    _raise_loopback()


def _raise_loopback() -> None:
    """Let the processes of a notebook talk to each other, over an interface that leads nowhere else."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, _SET_FLAGS, struct.pack("16sh22x", b"lo", _UP))


def _run(connection: socket.socket, taken: int) -> None:
    """Be the process of the notebook: never returns."""
    try:
        Path("/proc/self/oom_score_adj").write_text("1000")  # where memory ends, this ends, and nothing of the judge's
        _mount()
        _limit(taken)
        _give_up_privileges()
        os.setsid()
        kept = connection.fileno()
        quiet = os.open("/dev/null", os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(quiet, number)
        os.closerange(3, kept)
        os.closerange(kept + 1, 4096)
        Path(WORK).mkdir()  # not the temporary folder itself: what an answer deletes there is its own affair
        os.chdir(WORK)
        os.nice(NICE)
        from tutor.wall import inside

        inside.main(connection)
    finally:
        os._exit(0)


def _mount() -> None:
    """Cover what is shared with other notebooks: the temporary folder, shared memory, the processes."""
    _called("mount", None, b"/", None, _PRIVATE | _REC, None)
    for place, options in (("/tmp", SCRATCH), ("/dev/shm", "size=64m,mode=700")):
        _called("mount", b"tmpfs", place.encode(), b"tmpfs", _NOSUID | _NODEV, options.encode())
    try:
        _called("mount", b"proc", b"/proc", b"proc", _NOSUID | _NODEV | _NOEXEC, None)
    except OSError:  # not where parts of /proc are covered: then nothing of it is seen
        _called("mount", b"tmpfs", b"/proc", b"tmpfs", _READ_ONLY | _NOSUID | _NODEV, b"size=4k")
    else:
        Path("/proc/sys/user/max_user_namespaces").write_text("0")  # in one of its own it could mount again


def _taken() -> int:
    """Bytes of addresses that this process has."""
    pages = Path("/proc/self/statm").read_text().split()[0]
    return int(pages) * resource.getpagesize()


def _limit(taken: int) -> None:
    limits = {
        resource.RLIMIT_AS: taken + MEMORY,
        resource.RLIMIT_NPROC: PROCESSES,
        resource.RLIMIT_FSIZE: FILE,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: 512,
    }
    for limit, most in limits.items():
        resource.setrlimit(limit, (most, most))


def _give_up_privileges() -> None:
    """Keep none of the capabilities that come with a new user namespace."""
    for number in range(_LAST_CAPABILITY + 1):
        with contextlib.suppress(OSError):  # the numbers above the kernel's last
            _called("prctl", _DROP_BOUND, number, 0, 0, 0)
    _called("prctl", _NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    _called("capset", header, (ctypes.c_uint32 * 6)())


def _called(name: str, *arguments: object) -> None:
    """Call a function of the C library.

    Raises
    ------
    OSError
        If it fails.
    """
    library = ctypes.CDLL(None, use_errno=True)
    if getattr(library, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


if __name__ == "__main__":
    main(int(sys.argv[1]))
