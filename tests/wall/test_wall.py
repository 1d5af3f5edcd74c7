"""What code behind the wall can do: nothing to anything outside, and nothing to the notebook after it."""

import os
import socket
from pathlib import Path

import pytest

import tutor
from tutor.wall import bubble, inside, shim, zygote
from tutor.wall.bubble import NoWallError
from tutor.wall.frames import Asked, Job, job_of
from tutor.wall.pool import wall

SLOW = pytest.mark.slow
MARK = "86412.75"  # seconds that a process would sleep which is looked for afterwards


def said(behind, *cells, seconds=60):
    """What the last cell raised: what its `tell` was given, in words."""
    texts = ("def tell(*things): raise RuntimeError(repr(things))", *cells)
    heard = behind.run(Job(tuple(enumerate(texts))), seconds)
    return heard, heard.faults[len(texts) - 1].text if len(texts) - 1 in heard.faults else ""


def test_whatever_a_notebook_imports_to_talk_to_is_there():
    asked = [name for name, module in tutor._WHERE.items() if module in inside.SHIMMED]
    assert "assert_passed" in asked and all(callable(getattr(shim, name)) for name in asked)


@SLOW
def test_it_sees_no_lesson_no_notebook_no_home_and_no_environment(behind, tmp_path):
    secret = tmp_path / "solution_of_a_classmate.ipynb"
    secret.write_text("{}")
    look = """
import os
found = [os.path.join(folder, name) for folder, _, names in os.walk("/") for name in names]
bad = [f for f in found if f.endswith((".ipynb", "lesson.py", "expected.json")) and "site-packages" not in f]
tell(bad, sorted(os.environ), os.path.exists(os.path.expanduser("~/.ssh")), os.listdir("/tmp"), os.getuid())
"""
    _, told = said(behind, look)
    wanted = sorted({*bubble.ENVIRONMENT, "PWD"})
    assert told == repr(([], wanted, False, ["work"], zygote.STUDENT)), told
    _, told = said(behind, "import tutor.lessons.registry")
    assert "No module named 'tutor.lessons" in told
    _, told = said(behind, "import tutor.builder")
    assert "No module named 'tutor.builder" in told


@SLOW
def test_it_reaches_no_network_not_even_this_machines(behind):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port), timeout=10):
            pass  # from here it can be reached
        _, told = said(behind, f"import socket\nsocket.create_connection(('127.0.0.1', {port}), timeout=10)")
    assert "unreachable" in told or "refused" in told


@SLOW
def test_its_own_processes_can_talk_to_each_other(behind):
    talk = """
import os, socket
with socket.create_server(("localhost", 0)) as server:
    if os.fork() == 0:
        socket.create_connection((socket.gethostname(), server.getsockname()[1])).sendall(b"heard")
        os._exit(0)
    tell(server.accept()[0].recv(5), [name for _, name in socket.if_nameindex()])
"""
    assert said(behind, talk)[1] == "(b'heard', ['lo'])"


@SLOW
@pytest.mark.parametrize("place", ["/x", "/dev/x", "/usr/x", "/etc/x", "{package}/x", "{prefix}/x", "{here}/x"])
def test_it_writes_nowhere_but_in_its_own_folder(behind, place, tmp_path):
    import sys

    place = place.format(package=bubble.PACKAGE, prefix=sys.prefix, here=tmp_path)
    _, told = said(behind, f"open('here', 'w').write('x')\nopen({place!r}, 'w')")
    assert "Read-only file system" in told or "No such file" in told
    assert not Path(place).exists()


@SLOW
def test_it_leaves_nothing_to_the_notebook_after_it_and_no_process(behind):
    leave = f"""
import os, subprocess
for place in ("/tmp/x", "/tmp/work/x", "/dev/shm/x"):
    open(place, "w").write("x")
for _ in range(3):
    subprocess.Popen(["/usr/bin/sleep", "{MARK}"], start_new_session=True)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execv("/usr/bin/sleep", ["sleep", "{MARK}"])
    os._exit(0)
tell(len([n for n in os.listdir("/proc") if n.isdigit()]) > 3)
"""
    heard, told = said(behind, leave)
    assert told == "(True,)" and heard.ended, "its own processes ran, and it sees them"
    assert not [p for p in Path("/proc").glob("[0-9]*/cmdline") if MARK.encode() in _read(p)]
    look = "import os\ntell(*(os.listdir(p) for p in ('/tmp', '/tmp/work', '/dev/shm')), os.getpid(), os.getppid())"
    assert said(behind, look)[1] == repr((["work"], [], [], 1, 0))


def _read(path):
    try:
        return path.read_bytes()
    except OSError:  # it ended a moment ago
        return b""


LIMITS = {
    "memory": ("x = bytearray(12 * 2**30)", "MemoryError"),
    "a file": ("open('x', 'wb').write(bytes(300 * 2**20))", "OSError"),
    "shared memory": ("open('/dev/shm/x', 'wb').write(bytes(80 * 2**20))", "OSError"),
    "processes": ("import os, time\nfor _ in range(400):\n    if os.fork() == 0: time.sleep(600)", "BlockingIOError"),
    "open files": ("kept = [open('/dev/null') for _ in range(5000)]", "OSError"),
    "privileges": ("import os\nos.setuid(0)", "OSError"),
    "a mount": ("import ctypes\nif ctypes.CDLL(None).umount2(b'/tmp', 2): raise PermissionError", "PermissionError"),
}


@SLOW
@pytest.mark.parametrize(("cell", "kind"), LIMITS.values(), ids=LIMITS.keys())
def test_it_has_its_limits(behind, cell, kind):
    heard, _ = said(behind, cell)
    assert heard.faults[1].kind == kind and heard.ended


@SLOW
@pytest.mark.parametrize(
    "cell", ["import os; os._exit(0)", "import ctypes; ctypes.string_at(0)", "import os; os.abort()"]
)
def test_a_process_that_ends_is_noticed_and_costs_no_other(behind, cell):
    heard, _ = said(behind, "x = 1", cell, "y = 1")
    assert (heard.ended, heard.late, heard.cell) == (False, False, 2)
    assert said(behind, "tell(1)")[0].ended


@SLOW
@pytest.mark.parametrize(
    "cell",
    [
        "while True: pass",
        "import signal, time\nsignal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\nwhile True: time.sleep(1)",
        "import os\nos.kill(-1, 9) if os.fork() else None\nwhile True: pass",
    ],
)
def test_what_does_not_end_is_ended(behind, cell):
    heard, _ = said(behind, cell, seconds=5)
    assert heard.late and not heard.ended and heard.cell == 1


FORGED = {
    "noise": "os.write(fd, os.urandom(5000))",
    "a pickle": "m = pickle.dumps(print); os.write(fd, len(m).to_bytes(4, 'little') + m)",
    "another's exercise": "os.write(fd, framed(encode(('seen', 'x.y', (None,) * 9))))",
    "another cell": "os.write(fd, framed(encode(('cell', 99))))",
    "a verdict": "os.write(fd, framed(encode(('verdict', 'small.add', 'pass'))))",
    "half of what was seen": "os.write(fd, framed(encode(('seen', 'small.add', (1, 2)))))",
    "control characters": "os.write(fd, framed(encode(('fault', 1, ('\\x1b[2J', '', '', 0, '', '', False, ())))))",
}


@SLOW
@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED.keys())
def test_what_is_no_frame_is_told_and_nothing_after_it_is_believed(behind, forged):
    find = "import os, pickle\nfrom tutor.checking.wire import encode, framed\n"
    find += "fd = next(int(n) for n in os.listdir('/proc/self/fd') if 'socket' in os.readlink(f'/proc/self/fd/{n}'))\n"
    asked = {"small.add": Asked(1, "", "add")}
    heard = behind.run(Job(((0, "x = 1"), (1, find + forged)), {}, asked), 20)
    assert heard.broken and not heard.tried and not heard.ended


@SLOW
def test_notebooks_behind_one_wall_run_at_once(behind):
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(4) as threads:
        told = list(threads.map(lambda n: said(behind, f"x = {n}\ntell(x)")[1], range(12)))
    assert told == [f"({n},)" for n in range(12)]


def test_a_job_crosses_as_it_is():
    from tutor.checking.seen import Ask
    from tutor.checking.wire import decode

    job = Job(((0, "x = 1"),), {"a.b": "text"}, {"a.b": Asked(0, "a.b", "b", "C", (Ask(0, 1, 2, "a zero"),), 3.0)})
    assert job_of(decode(job.message())) == job


def test_without_bubblewrap_it_is_refused_in_one_sentence(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    told = r"needs Linux and bubblewrap: install it .* or judge .* with `--unsafe`\.$"
    with pytest.raises(NoWallError, match=told), wall():
        pass


def test_where_a_wall_cannot_be_built_it_is_refused_with_what_the_system_says(monkeypatch, tmp_path):
    fake = tmp_path / "bwrap"
    fake.write_text("#!/bin/sh\necho 'bwrap: No permissions to create a new namespace' >&2\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    told = r"cannot be built here \(bwrap: No permissions .*\): allow user namespaces"
    with pytest.raises(NoWallError, match=told), wall():
        pass
