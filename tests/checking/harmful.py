"""A bank of harmful answers, and what becomes of each in a notebook and in `tutor check`.

Every answer stands for `def add(a, b):` of the small lesson. `notebook` is the verdict that a running kernel can give;
"ends" means that the kernel dies or hangs there, as the documentation says, and the reader restarts it. `command` is
the verdict of `tutor check`, where every notebook has a process of its own.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Harmful:
    """One answer: its body, and the two verdicts that it has to get."""

    name: str
    body: str
    notebook: str
    command: str


BANK = (
    Harmful("python_loop", "while True: pass", "slow", "slow"),
    Harmful("torch_loop", "import torch\nx = torch.ones(8, 8)\nwhile True: x = x @ x * 0", "slow", "slow"),
    Harmful("sleep", "import time\ntime.sleep(1000)", "slow", "slow"),
    Harmful("generator_loop", "return sum(1 for _ in iter(int, 1))", "slow", "slow"),
    Harmful("loop_that_catches_exceptions", "while True:\n    try: 1 / 0\n    except Exception: pass", "slow", "slow"),
    Harmful(
        "loop_that_catches_everything",
        "while True:\n    try:\n        while True: pass\n    except: pass",
        "ends",
        "slow",
    ),
    Harmful("one_huge_operation", "return sum(range(10**11))", "ends", "slow"),
    Harmful("join_a_thread_for_ever", "import threading\nthreading.Event().wait()", "slow", "slow"),
    Harmful("output_flood", "while True: print('x' * 1000)", "error", "error"),
    Harmful("error_output_flood", "import sys\nwhile True: sys.stderr.write('x' * 1000)", "error", "error"),
    Harmful("list_that_grows", "import numpy as np\nx = []\nwhile True: x.append(np.zeros(10**8))", "error", "error"),
    Harmful("huge_tensor", "import torch\nreturn torch.ones(10**12)", "error", "error"),
    Harmful("recursion", "def f(): return f()\nreturn f()", "error", "error"),
    Harmful(
        "recursion_without_limit",
        "import sys\nsys.setrecursionlimit(10**9)\ndef f(): return f()\nreturn f()",
        "error",
        "error",
    ),
    Harmful("sys_exit", "import sys\nsys.exit()", "error", "error"),
    Harmful("raise_system_exit", "raise SystemExit", "error", "error"),
    Harmful("os_exit", "import os\nos._exit(3)", "error", "error"),
    Harmful("os_abort", "import os\nos.abort()", "error", "error"),
    Harmful("kill_itself", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "error", "error"),
    Harmful("crash", "import ctypes\nctypes.string_at(0)", "ends", "error"),
    Harmful("keyboard_interrupt", "raise KeyboardInterrupt", "error", "error"),
    Harmful(
        "swallowed_interrupt",
        "try:\n    raise KeyboardInterrupt\nexcept BaseException: pass\nreturn a - b",
        "wrong",
        "wrong",
    ),
    Harmful("fork", "import os\nos.fork()\nreturn a + b", "error", "error"),
    Harmful("subprocess", "import subprocess\nsubprocess.Popen(['sleep', '1000'])\nreturn a + b", "error", "error"),
    Harmful(
        "thread_left_running",
        "import threading, time\nthreading.Thread(target=lambda: time.sleep(20), daemon=True).start()\nreturn a + b",
        "wrong",
        "wrong",
    ),
    Harmful("changed_dtype", "import torch\ntorch.set_default_dtype(torch.float64)\nreturn a + b", "wrong", "wrong"),
    Harmful("changed_grad_mode", "import torch\ntorch.set_grad_enabled(False)\nreturn a + b", "wrong", "wrong"),
    Harmful("changed_random_state", "import numpy as np\nnp.random.seed(0)\nreturn a + b", "pass", "pass"),
    Harmful(
        "allclose_always_true",
        "import numpy as np, torch\nnp.allclose = torch.allclose = lambda *a, **k: True\nreturn a - b",
        "wrong",
        "wrong",
    ),
    Harmful(
        "numpy_max_replaced",
        "import numpy as np\nnp.max = np.abs = lambda *a, **k: 0.0\nreturn a - b",
        "wrong",
        "wrong",
    ),
    Harmful(
        "equal_to_everything",
        "class E(float):\n    __eq__ = lambda s, o: True\n    __sub__ = __rsub__ = lambda s, o: 0.0\nreturn E(a - b)",
        "wrong",
        "wrong",
    ),
    Harmful(
        "deletes_the_notebook",
        "import glob, os\n[os.remove(p) for p in glob.glob('*')]\nos.remove('keep.txt')\nreturn a + b",
        "error",
        "error",
    ),
    Harmful("deletes_a_folder", "import shutil\nshutil.rmtree('.')\nreturn a + b", "error", "error"),
    Harmful("nan", "return float('nan')", "wrong", "wrong"),
    Harmful(
        "hangs_in_repr", "class R:\n    def __repr__(self):\n        while True: pass\nreturn R()", "wrong", "wrong"
    ),
)
