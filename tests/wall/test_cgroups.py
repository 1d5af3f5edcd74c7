"""All processes of a notebook together stay within limits, where cgroups can be made."""

import contextlib
import os

import pytest

from tests.wall.test_wall import SLOW, said
from tutor.wall.cgroups import Group, Groups, Tree, groups
from tutor.wall.pool import wall
from tutor.wall.zygote import MEMORY, PROCESSES

MB = 2**20
MANY = """
import os, time
for _ in range(3):
    if os.fork() == 0:
        block = bytearray(150 << 20)
        for place in range(0, len(block), 4096):
            block[place] = 1
        time.sleep(60)
        os._exit(0)
time.sleep(60)
"""
ONE = "block = bytearray(200 << 20)\ntell(len(block))"


@pytest.fixture
def limits(behind, monkeypatch):
    """Limits of 300 MB for each notebook of the wall."""
    with groups(300 * MB) as made:
        if made is None:
            pytest.skip("no cgroup with a memory controller can be made here")
        monkeypatch.setattr(behind, "limits", made)
        yield made


@SLOW
def test_processes_that_take_too_much_together_are_ended_and_the_next_notebook_is_not(behind, limits):
    heard, _ = said(behind, MANY, seconds=20)
    assert heard.greedy and not heard.ended
    heard, told = said(behind, ONE)
    assert told == f"({200 * MB},)" and heard.ended and not heard.greedy
    assert all(not list(tree.folder.glob("notebook-*")) for tree in limits.trees)


@SLOW
def test_files_in_its_temporary_folder_count_as_memory(behind, limits):
    write = "for k in range(2):\n    open(f'/tmp/{k}', 'wb').write(bytes(120 << 20))\nblock = b'1' * (120 << 20)"
    assert said(behind, write, seconds=30)[0].greedy


@SLOW
def test_a_notebooks_process_is_where_the_limits_are_before_its_first_cell_runs(behind, limits):
    seen = []
    made = limits.made

    def watched():
        group = made()
        add = group.add

        def added(process):
            add(process)
            seen.append((process, [(tree / "cgroup.procs").read_text().split() for tree in group._folders]))

        group.add = added
        return group

    limits.made = watched
    said(behind, "tell(1)")
    (process, held), *more = seen
    assert not more and process > 1 and all(str(process) in pids for pids in held)


def test_folders_of_ours_are_removed(tmp_path):
    with groups() as made:
        folders = [tree.folder for tree in made.trees] if made else []
        assert all(folder.is_dir() for folder in folders)
    assert not any(folder.exists() for folder in folders)


def pretended(tmp_path, processes, controllers="cpu memory pids", handed_on=""):
    """What the kernel tells of version 2, with a folder for its tree; the kernel's own part is played by nobody."""
    here = tmp_path / "tree" / "user.slice" / "scope"
    here.mkdir(parents=True)
    (tmp_path / "mountinfo").write_text(f"30 23 0:27 / {tmp_path / 'tree'} rw - cgroup2 cgroup2 rw\n")
    (tmp_path / "cgroup").write_text("0::/user.slice/scope\n")
    (here / "cgroup.controllers").write_text(controllers)
    (here / "cgroup.subtree_control").write_text(handed_on)
    (here / "cgroup.procs").write_text("".join(f"{process}\n" for process in processes))
    return here


def test_in_version_2_a_process_that_is_alone_moves_aside_and_hands_the_controllers_on(tmp_path):
    here = pretended(tmp_path, [os.getpid()])
    with groups(proc=tmp_path) as made:
        (tree,) = made.trees
        assert tree.folder.parent == here
        memory = {"memory.max": MEMORY, "memory.swap.max": 0, "memory.oom.group": 1}
        assert tree.limits == {**memory, "pids.max": PROCESSES + 1}
        (aside,) = here.glob("*-judge/cgroup.procs")
        assert aside.read_text() == str(os.getpid())
        for folder in (here, tree.folder):
            assert (folder / "cgroup.subtree_control").read_text() == "+memory +pids +cpu"


@pytest.mark.parametrize(
    "told",
    [
        {"processes": [os.getpid(), 1]},
        {"processes": [os.getpid()], "controllers": "cpu pids"},
    ],
)
def test_in_version_2_nothing_is_made_beside_others_or_without_the_memory_controller(tmp_path, told):
    here = pretended(tmp_path, **told)
    with groups(proc=tmp_path) as made:
        assert made is None
    assert not [path for path in here.iterdir() if path.is_dir()]


def test_in_version_2_what_is_handed_on_already_is_used_as_it_is(tmp_path):
    here = pretended(tmp_path, [1, 2], handed_on="cpu memory pids")
    with groups(proc=tmp_path) as made:
        assert made.trees[0].folder.parent == here and not list(here.glob("*-judge"))


def test_limits_are_written_and_the_kernels_count_of_those_it_ended_is_read(tmp_path):
    made = Groups([Tree(tmp_path, {"memory.max": 5 * MB, "not here": 1})])
    group = made.made()
    (folder,) = tmp_path.iterdir()
    assert list(folder.iterdir()) == []  # a folder of the kernel's has its files from the beginning
    (folder / "memory.events").write_text("oom 3\noom_kill 0\n")
    assert not group.ran_out()
    (folder / "memory.events").write_text("oom 3\noom_kill 2\n")
    assert group.ran_out()


@SLOW
def test_a_wall_stands_without_cgroups_where_nothing_can_be_put_into_them(behind, monkeypatch, tmp_path):
    made = Groups([Tree(tmp_path / "not there")])
    monkeypatch.setattr("tutor.wall.pool.groups", lambda: contextlib.nullcontext(made))
    monkeypatch.setattr(Groups, "made", lambda self: Group([tmp_path / "not there"]))
    with wall() as standing:
        assert standing.limits is None and said(standing, "tell(1)")[1] == "(1,)"
