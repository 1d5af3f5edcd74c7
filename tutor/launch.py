"""Start a script in several processes on this machine, and leave nothing behind when it ends, fails or hangs."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from tutor.errors import TutorError


def torchrun(*arguments: object, processes: int = 2, seconds: float = 100.0) -> list[str]:
    """Run `torchrun --standalone --nproc-per-node PROCESSES ARGUMENTS`; return the lines that the processes printed.

    The lines come process by process, those of process 0 first, and those from before a restart ahead of those after
    it. Each process writes to a file of its own: torchrun starts Python with `-u`, under which one `print` is several
    writes, and in one pipe the writes of two processes can meet in the middle of a line.

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
        If the processes fail, with the error of the one that failed first and the end of what all wrote to stderr, or
        if they take too long. None of them is left then.
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as logs:  # torchrun would leave a folder of its own
        command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--local-addr", "127.0.0.1"]
        command += ["--log-dir", logs, "--redirects", "3"]  # 1 for stdout and 2 for stderr
        command += ["--nproc-per-node", str(processes), *map(str, arguments)]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        with subprocess.Popen(command, env=environment(), encoding="utf-8", **pipes) as started:
            try:
                _, complaints = started.communicate(timeout=seconds)
            except BaseException as error:  # too slow or interrupted
                started.terminate()  # torchrun takes its processes along; killed, it could not
                started.communicate()
                if not isinstance(error, subprocess.TimeoutExpired):
                    raise
                raise TutorError(
                    f"The processes had not ended after {seconds:.0f} seconds and were stopped; "
                    "allow them more with `seconds=`, or ask yourself who of them waits for whom."
                ) from None
        said, errors = written(Path(logs), "stdout"), written(Path(logs), "stderr")
        first = _first_failure(Path(logs), complaints) if started.returncode else ""
    if started.returncode != 0:
        end = (errors or complaints)[-6000:]  # torchrun's own words where no process said any
        raise TutorError(f"The processes did not end well{first}. The end of what they said:\n{end}")
    return said.splitlines()


def _first_failure(logs: Path, complaints: str) -> str:
    """Which process failed first, by torchrun's own account, and with which error in which line; "" if unknown."""
    rank = re.search(r"Root Cause.*?rank\s*:\s*(\d+)", complaints, re.DOTALL)
    written_by = sorted(logs.glob(f"*/attempt_*/{rank[1]}/stderr.log")) if rank else []
    text = written_by[-1].read_text(encoding="utf-8", errors="replace") if written_by else ""
    raised = re.findall(r"^[\w.]*(?:Error|Exception|Exit|Interrupt)\b.*", text, re.MULTILINE)
    if not raised:
        return f": process {rank[1]} failed first" if rank else ""
    frames = re.findall(r'^  File "(.+)", line (\d+), in .+\n    (.+)', text, re.MULTILINE)
    own = [
        frame for frame in frames if not any(part in frame[0] for part in ("site-packages", "lib/python", "<frozen"))
    ]
    file, line, code = (own or frames or [("", "", "")])[-1]
    where = f", in line {line} of {Path(file).name}: `{code.strip()}`" if file else ""
    return f": process {rank[1]} failed first, with {raised[-1].rstrip('.')}{where}"


def written(logs: Path, stream: str) -> str:
    """What the processes wrote to `stream`, from torchrun's folder `logs`, in the order of restarts and processes."""
    files = logs.glob(f"*/attempt_*/*/{stream}.log")
    ordered = sorted(files, key=lambda file: (int(file.parts[-3].removeprefix("attempt_")), int(file.parts[-2])))
    return "".join(file.read_text(encoding="utf-8", errors="replace") for file in ordered)


def environment() -> dict[str, str]:
    """The environment of this process, changed so that processes find each other."""
    changed = {"OMP_NUM_THREADS": "1", "PYTHONIOENCODING": "utf-8"}
    if sys.platform == "win32":
        changed["USE_LIBUV"] = "0"  # builds for Windows lack the library that torch asks for
    if sys.platform != "win32":
        loopback = [name for _, name in socket.if_nameindex() if name.startswith("lo")]
        if loopback:
            changed["GLOO_SOCKET_IFNAME"] = loopback[0]
    return {**os.environ, **changed}
