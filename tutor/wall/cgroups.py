"""Limits for all processes of a notebook together, where cgroups can be made: memory, how many there are, the cores.

What `resource.setrlimit` limits is each process by itself: 128 of them may take 4 GiB each. A cgroup limits the sum,
and the cores are shared out among cgroups. Whichever version has the memory controller is used: version 1 has a tree
for each controller, version 2 has one tree (Linux, Documentation/admin-guide, cgroup-v1/memory.rst and cgroup-v2.rst).
"""

from __future__ import annotations

import contextlib
import itertools
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tutor.wall.zygote import MEMORY, PROCESSES

CONTROLLERS = ("memory", "pids", "cpu")  # without the first there are none
GONE = 5.0  # seconds in which the kernel has let go of processes that have ended
_numbers = itertools.count()


@dataclass(frozen=True)
class Tree:
    """A folder of ours in a tree of cgroups, and what is written into which file of a notebook's folder in it."""

    folder: Path
    limits: dict[str, int] = field(default_factory=dict)


class Group:
    """The cgroups of one notebook: a folder in each tree."""

    def __init__(self, folders: Sequence[Path]):
        self._folders = folders

    def add(self, process: int) -> None:
        """Put a process there, and whatever it starts from now on.

        Raises
        ------
        OSError
            If it cannot be put there.
        """
        for folder in self._folders:
            (folder / "cgroup.procs").write_text(str(process))

    def ran_out(self) -> bool:
        """Whether processes were ended because all of them together took more memory than they may."""
        for folder in self._folders:
            for name in ("memory.events", "memory.oom_control"):
                with contextlib.suppress(OSError):
                    if any(
                        line.split()[0] == "oom_kill" for line in _lines(folder / name) if line.split()[1:] != ["0"]
                    ):
                        return True
        return False

    def remove(self) -> None:
        """Remove the folders, as soon as the kernel has let go of the last process."""
        until = time.monotonic() + GONE
        for folder in self._folders:
            while folder.is_dir():
                try:
                    folder.rmdir()
                except OSError:
                    if time.monotonic() > until:
                        break  # it is removed with what it is in, or not at all: it is empty
                    time.sleep(0.01)


class Groups:
    """Folders of ours in which notebooks have theirs."""

    def __init__(self, trees: Sequence[Tree]):
        self.trees = trees

    def made(self) -> Group:
        """New cgroups for a notebook, with its limits.

        Raises
        ------
        OSError
            If they cannot be made.
        """
        name, folders = f"notebook-{next(_numbers)}", []
        for tree in self.trees:
            folders.append(tree.folder / name)
            folders[-1].mkdir()
            for file, most in tree.limits.items():
                if (folders[-1] / file).exists():  # a kernel that does not swap has no limit for it
                    (folders[-1] / file).write_text(str(most))
        return Group(folders)


@contextlib.contextmanager
def groups(
    memory: int = MEMORY, processes: int = PROCESSES, proc: Path = Path("/proc/self")
) -> Iterator[Groups | None]:
    """Folders of ours until the end of the block; None where this machine does not let us make them.

    Parameters
    ----------
    memory : bytes that the processes of a notebook may take together; the files in its temporary folder count as well.
    processes : how many there may be, threads included.
    proc : where the kernel tells which cgroups there are and where this process is; for tests.
    """
    name = f"tutor-{os.getpid()}-{next(_numbers)}"
    processes += 1  # the one that keeps the notebook
    with contextlib.ExitStack() as undo:
        trees: list[Tree] = []
        for version in (_version_1, _version_2):
            with contextlib.suppress(OSError, ValueError, LookupError):
                trees = trees or version(proc, name, memory, processes, undo)
        yield Groups(trees) if trees else None


def _version_1(proc: Path, name: str, memory: int, processes: int, undo: contextlib.ExitStack) -> list[Tree]:
    limits = {
        "memory": {"memory.limit_in_bytes": memory, "memory.memsw.limit_in_bytes": memory},
        "pids": {"pids.max": processes},
        "cpu": {},
    }
    own = {c: path for _, controllers, path in _places(proc) for c in controllers.split(",")}
    trees = []
    for controller in CONTROLLERS:
        mounted = [where for kind, where, options in _mounts(proc) if kind == "cgroup" and controller in options]
        try:
            folder = _inside(mounted[0], own[controller]) / name
            folder.mkdir()
        except (OSError, LookupError):
            if controller == CONTROLLERS[0]:
                raise
            continue
        undo.callback(_removed, folder)
        trees.append(Tree(folder, limits[controller]))
    return trees


def _version_2(proc: Path, name: str, memory: int, processes: int, undo: contextlib.ExitStack) -> list[Tree]:
    mounted = next(where for kind, where, _ in _mounts(proc) if kind == "cgroup2")
    here = _inside(mounted, next(path for number, _, path in _places(proc) if number == "0"))
    offered = (here / "cgroup.controllers").read_text().split()
    if CONTROLLERS[0] not in offered:
        raise LookupError("the memory controller is not handed on to here")
    wanted = [controller for controller in CONTROLLERS if controller in offered]
    if not set(wanted) <= set((here / "cgroup.subtree_control").read_text().split()):
        _move_out_of(here, here / f"{name}-judge")  # a cgroup with processes of its own hands nothing on
        (here / "cgroup.subtree_control").write_text(" ".join(f"+{c}" for c in wanted))
    folder = here / name
    folder.mkdir()
    undo.callback(_removed, folder)
    (folder / "cgroup.subtree_control").write_text(" ".join(f"+{c}" for c in wanted))
    limits = {"memory.max": memory, "memory.swap.max": 0, "memory.oom.group": 1, "pids.max": processes}
    return [Tree(folder, limits)]


def _move_out_of(here: Path, leaf: Path) -> None:
    """Move this process into a cgroup of its own, if it is alone."""
    if _lines(here / "cgroup.procs") != [str(os.getpid())]:
        raise LookupError("there are other processes beside this one")
    leaf.mkdir()
    (leaf / "cgroup.procs").write_text(str(os.getpid()))


def _mounts(proc: Path) -> Iterator[tuple[str, Path, list[str]]]:
    """Kind, place and options of each file system: the fields behind the dash (proc(5), mountinfo)."""
    for line in _lines(proc / "mountinfo"):
        before, _, behind = line.partition(" - ")
        kind, _, options = behind.split(" ", 2)
        yield kind, Path(before.split(" ")[4]), options.split(",")


def _places(proc: Path) -> Iterator[tuple[str, str, str]]:
    """Number of a tree, its controllers, and where in it this process is (cgroups(7))."""
    for line in _lines(proc / "cgroup"):
        number, controllers, path = line.split(":", 2)
        yield number, controllers, path


def _inside(mounted: Path, path: str) -> Path:
    """The folder of a cgroup; in a container the tree may begin with it."""
    folder = mounted / path.lstrip("/")
    return folder if folder.is_dir() else mounted


def _removed(folder: Path) -> None:
    with contextlib.suppress(OSError):
        folder.rmdir()


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()
