"""The wall: bubblewrap's namespaces, with the system read-only, without a network, and nothing of a home in sight."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from tutor.errors import TutorError

PACKAGE = Path(__file__).parents[1]
HIDDEN = {"lessons", "builder", "session.py", "program_cells.py", "cli.py", "__main__.py", "store.py", "__pycache__"}
HOSTS = PACKAGE / "wall" / "hosts"
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64")
LINKER = ("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives")
SETTINGS = tuple(f"/etc/{name}" for name in (*LINKER, "fonts", "localtime"))
SCRATCH = 64 * 2**20  # bytes of the temporary folder of the process that forks
ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "HOME": "/tmp",
    "USER": "student",
    "MPLBACKEND": "Agg",
    "MPLCONFIGDIR": "/tmp",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
}


class NoWallError(TutorError):
    """Why no wall can be had on this machine, with the mend."""


def ways() -> tuple[bool, ...]:
    """Whether the wall is built with root's rights, which are given up behind it at once: the ways to try, in order."""
    return (True, False) if os.geteuid() == 0 else (False,)


def command(program: Sequence[str], data: Path | None = None, *, as_root: bool = False) -> list[str]:
    """The command that runs a program of this interpreter's behind the wall.

    Of the package everything is there but the lessons and what only the trusted side needs; what is hidden is not
    covered up but never brought in.

    Parameters
    ----------
    program : the arguments of the interpreter.
    data : a folder of images that is shown as well.
    as_root : whether it starts as root, to become nobody; else in a user namespace.

    Raises
    ------
    NoWallError
        If bubblewrap is not installed.
    """
    found = shutil.which("bwrap")
    if found is None:
        raise NoWallError(
            "Other people's notebooks are judged behind a wall, which needs Linux and bubblewrap: install it "
            "(`apt-get install bubblewrap`), or judge in a throw-away machine with `--unsafe`."
        )
    options = ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
    options += ["--die-with-parent", "--new-session", "--hostname", "wall", "--clearenv"]
    if as_root:
        for capability in ("CAP_SYS_ADMIN", "CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP"):
            options += ["--cap-add", capability]
    else:
        options += ["--unshare-user", "--uid", "1000", "--gid", "1000"]
    for name, value in ENVIRONMENT.items():
        options += ["--setenv", name, value]
    shown = list(_shown(data))
    for parent in sorted({parent for place in shown for parent in Path(place[-1]).parents if parent != Path("/")}):
        options += ["--perms", "0755", "--dir", str(parent)]  # else nobody may pass
    for place in shown:
        options += place
    options += ["--proc", "/proc", "--dev", "/dev"]
    options += ["--perms", "1777", "--size", str(SCRATCH), "--tmpfs", "/tmp", "--chdir", "/tmp"]
    options += ["--remount-ro", "/dev", "--remount-ro", "/"]
    return [found, *options, "--", sys.executable, *program]


def _shown(data: Path | None) -> Iterator[list[str]]:
    """The options that show parts of this machine, read-only."""
    for text in SYSTEM:
        place = Path(text)
        if place.is_symlink():
            yield ["--symlink", str(place.readlink()), text]
        elif place.is_dir():
            yield ["--ro-bind", text, text]
    for text in SETTINGS:
        yield ["--ro-bind-try", text, text]
    yield ["--ro-bind", str(HOSTS), "/etc/hosts"]  # what `torchrun` starts looks for `localhost`
    for prefix in dict.fromkeys((Path(sys.base_prefix).resolve(), Path(sys.base_prefix), Path(sys.prefix))):
        if not prefix.is_relative_to("/usr"):
            yield ["--ro-bind", str(prefix), str(prefix)]
    yield ["--perms", "0755", "--tmpfs", str(PACKAGE)]  # whatever else lies where the package is installed
    for part in sorted(PACKAGE.iterdir()):
        if part.name not in HIDDEN:
            yield ["--ro-bind", str(part), str(part)]
    yield ["--remount-ro", str(PACKAGE)]
    if data is not None and data.is_dir() and not data.is_relative_to(PACKAGE):
        yield ["--ro-bind", str(data), str(data)]
