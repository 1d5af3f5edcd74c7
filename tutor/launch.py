"""Start a script in several processes on this machine, and leave nothing behind when it ends, fails or hangs."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile

from tutor.errors import TutorError


def torchrun(*arguments: object, processes: int = 2, seconds: float = 100.0) -> list[str]:
    """Run `torchrun --standalone --nproc-per-node PROCESSES ARGUMENTS`; return the lines that the processes printed.

    The processes meet at a port that the system chooses, so that two runs at a time never meet each other, and talk
    over the loopback interface alone, whatever this machine is called and whichever networks it is in.

    Parameters
    ----------
    arguments : what stands after torchrun's own options: a script or `-m` and a module, and the script's arguments.
    processes : how many to start.
    seconds : how long they may take, restarts included.

    Raises
    ------
    TutorError
        If the processes fail, with the end of what they wrote to stderr, or if they take too long. None of them is
        left then.
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as logs:  # torchrun would leave a folder of its own
        command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--local-addr", "127.0.0.1"]
        command += ["--log-dir", logs, "--nproc-per-node", str(processes), *map(str, arguments)]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        with subprocess.Popen(command, env=environment(), encoding="utf-8", **pipes) as started:
            try:
                said, complaints = started.communicate(timeout=seconds)
            except BaseException as error:  # too slow or interrupted
                started.terminate()  # torchrun takes its processes along; killed, it could not
                started.communicate()
                if not isinstance(error, subprocess.TimeoutExpired):
                    raise
                raise TutorError(
                    f"The processes had not ended after {seconds:.0f} seconds and were stopped; "
                    "allow them more with `seconds=`, or ask yourself who of them waits for whom."
                ) from None
    if started.returncode != 0:
        raise TutorError(f"The processes did not end well. The end of what they said:\n{complaints[-6000:]}")
    return said.splitlines()


def environment() -> dict[str, str]:
    """The environment of this process, changed so that processes find each other and print whole lines."""
    changed = {"OMP_NUM_THREADS": "1", "PYTHONIOENCODING": "utf-8"}
    if sys.platform == "win32":
        changed["USE_LIBUV"] = "0"  # torch asks for a library that its builds for Windows do not have
    else:
        loopback = [name for _, name in socket.if_nameindex() if name.startswith("lo")]
        if loopback:
            changed["GLOO_SOCKET_IFNAME"] = loopback[0]
    known = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}  # it splits lines
    return {**known, **changed}
