"""A bank of attacks on the judging of a class: what each tries, and the cell that tries it.

Every attack stands in the cell of `small.add` of a lesson with three exercises, and must not bring it a point. Where
nothing else would tell whether it comes through, its answer does: it is right exactly if the attack succeeds. All
are harmless: they look for marked places and processes, and reach no further than this machine's loopback.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

ADD = "small.add"
EXIT = "import os\nos._exit(0)"
RIGHT, WRONG = "return a + b", "return a - b"
NOT_RIGHT = ("wrong", "error", "slow")
UNREADABLE = ("unreadable",)


@dataclass(frozen=True)
class Attack:
    """One attack.

    Attributes
    ----------
    name : what it is called, and whose notebook it is.
    tries : what it tries.
    body : the answer to `small.add`.
    before, after : what stands above and below it in its cell. Filled in are `{mark}`, a word that nothing else holds,
        `{port}`, on which somebody listens, as on an abstract socket named by the mark, `{folder}`, that of the class,
        `{mates}`, the notebooks of others, and `{package}`, where this package lies.
    verdicts : the verdicts of which `small.add` gets one.
    change : what becomes of the notebook's data besides; text is written as it is.
    """

    name: str
    tries: str
    body: str = WRONG
    before: str = ""
    after: str = ""
    verdicts: tuple[str, ...] = NOT_RIGHT
    change: Callable[[dict[str, Any]], Any] | None = None

    def cell(self, **filled: object) -> str:
        """The text of its cell."""
        answer = f'@exercise("{ADD}")\ndef add(a, b):\n' + textwrap.indent(_flush(self.body), "    ")
        text = "\n".join(part for part in (_flush(self.before), answer, _flush(self.after)) if part)
        for name, value in filled.items():
            text = text.replace(f"{{{name}}}", str(value))
        return text


def _flush(text: str) -> str:
    return textwrap.dedent(text).strip("\n ")


# the process of a notebook holds its end of the pipe, and everything of the package but what knows an answer
PIPE = """
import gc, os
from tutor.checking.plain import Thing
from tutor.checking.wire import encode, framed
from tutor.wall.inside import Notebook
_fd = next(o for o in gc.get_objects() if isinstance(o, Notebook)).connection.fileno()
_job = next(o for o in gc.get_objects() if isinstance(o, Notebook)).job
def _raw(data):
    while data: data = data[os.write(_fd, data):]
def _send(*frame): _raw(framed(encode(frame)))
def _header(text): _raw(framed(len(text).to_bytes(4, "little") + text.encode()))
def _value(value, seconds=0.0, found=()): return value, None, "", "", seconds, False, (), found, ()
_answer = ("function", True, False, ("a", "b"))
"""


def _piped(name: str, tries: str, before: str, **more: Any) -> Attack:
    """An attack that writes frames of its own."""
    return Attack(name, tries, before=f"{PIPE.strip()}\n{_flush(before)}", **more)


def _forged(name: str, tries: str, frames: str) -> Attack:
    """One that says that all is done, and ends its process before another frame can be sent."""
    return _piped(f"frames-{name}", tries, f"{_flush(frames)}\n_send('end')\nos._exit(0)")


def _replaced(name: str, tries: str, before: str, body: str = WRONG) -> Attack:
    return Attack(f"replaced-{name}", tries, body, before)


def _looked(name: str, tries: str, body: str, before: str = "", after: str = "") -> Attack:
    return Attack(f"looked-{name}", tries, body, before, after)


def _object(name: str, tries: str, body: str) -> Attack:
    return Attack(f"object-{name}", tries, body)


def _reached(name: str, tries: str, test: str, before: str = "") -> Attack:
    """An attack that is right exactly if it comes through: `test` raises an error where it does not."""
    body = f"try:\n{textwrap.indent(_flush(test), '    ')}\n    return a + b\nexcept BaseException: return a - b"
    return Attack(f"reached-{name}", tries, body, before)


def _left(name: str, what: str, leave: str, find: str) -> tuple[Attack, Attack]:
    """Two attacks: what one notebook leaves behind, and the next one that looks for it."""
    left = Attack(f"left-{name}-1", f"to leave {what}", before=leave)
    return left, _reached(f"left-{name}-2", f"to find {what}", find)


def _wrote(place: str) -> str:
    return f"import os\nwith open({place!r}, 'a') as file: file.write('import tutor  # {{mark}}')"


FRAMES = (
    _forged(
        "verdict",
        "send the verdict itself",
        "_send('verdict', 'small.add', 'pass')",
    ),
    _forged(
        "report",
        "send a whole row",
        "_send('row', 'n', 'small.add', 'pass', None, 'Right')",
    ),
    _forged(
        "endless",
        "announce 4 GB",
        r"_raw(b'\xff' * 64)",
    ),
    _forged(
        "truncated",
        "break off in the middle",
        "_raw(framed(encode(('seen', 'small.add', _value(1.0))))[:-7])",
    ),
    _forged(
        "recursion",
        "lists in lists, for the parser",
        "_header('[' * 200_000)",
    ),
    _forged(
        "nested",
        "values in values",
        "_header('[\"list\",[' * 500 + '[\"none\"]' + ']]' * 500)",
    ),
    _forged(
        "huge-number",
        "a number of a million digits",
        '_header(\'["tuple",[["str","end"],["int","\' + \'f\' * 10**6 + \'"]]]\')',
    ),
    _forged(
        "large-number",
        "a number that no float holds",
        r"""
            _send('answer', 'small.add', _answer, 1.0)
            message = encode(('seen', 'small.add', _value(17))).decode('latin-1')
            _header(message[4:].replace('["int","11"]', '["int","' + 'f' * 300 + '"]'))
        """,
    ),
    _forged(
        "bare-nan",
        "what is no JSON",
        "_header('NaN')",
    ),
    _forged(
        "nan",
        "values that compare as nothing",
        r"""
            _send('answer', 'small.add', _answer, 1.0)
            for _ in range(50): _send('seen', 'small.add', _value(float('nan')))
        """,
    ),
    _forged(
        "infinite",
        "values without an end",
        r"""
            _send('answer', 'small.add', _answer, 1.0)
            for _ in range(50): _send('seen', 'small.add', _value(float('inf')))
        """,
    ),
    _forged(
        "none",
        "nothing, and an error that is none",
        r"""
            _send('answer', 'small.add', _answer, 1.0)
            for _ in range(50): _send('seen', 'small.add', _value(None))
        """,
    ),
    _forged(
        "constants",
        "one value for all probes",
        r"""
            _send('answer', 'small.add', _answer, 1.0)
            for _ in range(50): _send('seen', 'small.add', _value(1.0))
        """,
    ),
    _forged(
        "unseen",
        "an answer that was not tried",
        "_send('answer', 'small.add', _answer, 1.0)",
    ),
    _forged(
        "answers",
        "a hundred answers to one question",
        r"""
            for k in range(100):
                _send('answer', 'small.add', _answer, 1.0)
                _send('seen', 'small.add', _value(k / 50))
        """,
    ),
    _forged(
        "seen-first",
        "what was seen before there was an answer",
        r"""
            for _ in range(50): _send('seen', 'small.add', _value(1.0))
            _send('answer', 'small.add', _answer, 1.0)
        """,
    ),
    _forged(
        "time",
        "an answer that may take for ever",
        r"""
            _send('answer', 'small.add', _answer, float('inf'))
            _send('seen', 'small.add', _value(1.0, seconds=float('nan')))
        """,
    ),
    _forged(
        "another",
        "speak of another exercise",
        r"""
            _send('answer', 'small.moments', _answer, 1.0)
            _send('seen', 'small.moments', _value((0.0, 1.0)))
        """,
    ),
    _forged(
        "nobody",
        "speak of an exercise that there is none of",
        "_send('answer', 'small.other', _answer, 1.0)",
    ),
    _forged(
        "elsewhere",
        "speak of a cell that is not run",
        "_send('cell', 10**6)",
    ),
    _forged(
        "end",
        "say that all cells have run",
        "_send('end')",
    ),
    _forged(
        "pickle",
        "have code unpickled",
        r"""
            import pickle
            _raw(framed(pickle.dumps(print)))
        """,
    ),
    _forged(
        "collisions",
        "keys that have to be compared with each other",
        r"""
            _send('answer', 'small.add', _answer, 1.0)
            keys = ','.join(f'[["int","{k * (2**61 - 1):x}"],["none"]]' for k in range(1, 90_000))
            _header('["dict",[' + keys + ']]')
        """,
    ),
    _forged(
        "large-array",
        "an array of as many numbers as there is room for",
        r"""
            import numpy as np
            _send('answer', 'small.add', _answer, 1.0)
            for _ in range(9): _send('seen', 'small.add', _value(np.zeros(15 * 2**20, np.uint8)))
        """,
    ),
    _forged(
        "for-numbers",
        "an array where two numbers are expected",
        r"""
            import torch
            _send('answer', 'small.moments', _answer, 1.0)
            for _ in range(4): _send('seen', 'small.moments', _value(torch.zeros(15 * 2**20, dtype=torch.uint8)))
        """,
    ),
    _forged(
        "no-numbers",
        "an array of no numbers and a huge shape",
        r"""
            import numpy as np
            _send('seen', 'small.add', _value(np.zeros((0, 2**26, 2**26))))
        """,
    ),
    _forged(
        "buffer",
        "a buffer that is longer than the message",
        '_header(\'["array","float64",[1000000]]\')',
    ),
    _forged(
        "truths",
        "truths that are neither",
        r"""
            _send('answer', 'small.add', _answer, 1.0)
            m = encode(('seen', 'small.add', _value(__import__('numpy').array(True))))
            for _ in range(9): _raw(framed(m[:-1] + b'\x02'))
        """,
    ),
    _forged(
        "things",
        "a thing that claims to be right",
        r"""
            _send('answer', 'small.add', _answer, 1.0)
            for _ in range(50): _send('seen', 'small.add', _value(Thing('float', 'right')))
        """,
    ),
    _forged(
        "escapes",
        "words that steer a terminal",
        r"_send('fault', _job.cells[-1][0], ('\x1b[2J', '', '', 0, '', '', False, ()))",
    ),
    _forged(
        "formula",
        "a text that is a formula, in the place of a number",
        r"""
            _send('answer', 'small.add', _answer, 1.0)
            text = '=HYPERLINK("http://127.0.0.1")\x1b]0;x\x07\u202e' * 9000
            for _ in range(50): _send('seen', 'small.add', _value(text))
        """,
    ),
    _forged(
        "shortcut",
        "say of another's answer that it was a shortcut",
        "_send('seen', 'small.moments', _value(None, found=('all',)))",
    ),
    _forged(
        "flood",
        "frames without end",
        "while True: _send('cell', _job.cells[-1][0])",
    ),
    _forged(
        "bytes",
        "bytes without end",
        r"""
            m = framed(encode(('cell', b'x'.hex() * 1000)))
            while True: _raw(m)
        """,
    ),
)

REPLACED = (
    _replaced(
        "compare",
        "what compares",
        r"""
            from tutor.checking import diagnose, exercise, judge
            judge.compare = judge.differences = lambda *a, **k: None
            diagnose.Trial.failed = lambda *a: False
            exercise.Exercise.judged = lambda *a, **k: None
        """,
    ),
    _replaced(
        "observe",
        "what tries an answer",
        r"""
            from tutor.checking.seen import Seen
            from tutor.wall import inside
            inside.observe = lambda *a, **k: Seen(value=1.0)
        """,
    ),
    _replaced(
        "plain",
        "what makes plain data",
        r"""
            from tutor.checking import seen
            seen.plain = lambda value: 1.0
        """,
    ),
    _replaced(
        "encode",
        "what writes a frame",
        r"""
            from tutor.wall import inside
            _encode = inside.encode
            inside.encode = lambda f: _encode(f if f[0] != 'seen' else ('seen', f[1], (1.0, *f[2][1:])))
        """,
    ),
    _replaced(
        "send",
        "what sends a frame",
        r"""
            from tutor.wall.inside import Notebook
            Notebook.send = lambda self, *frame: None
        """,
    ),
    _replaced(
        "socket",
        "what the socket sends",
        r"""
            import socket
            socket.socket.sendall = socket.socket.send = lambda self, data, *a: len(data)
        """,
    ),
    _replaced(
        "tried",
        "whose answer is tried",
        r"""
            from tutor.wall import shim
            shim._observe[-1].__self__.job.asked['small.add'].__dict__.update(cell=-1, asks=())
        """,
    ),
    _replaced(
        "module",
        "a module of ours",
        r"""
            import sys, types
            fake = types.ModuleType('tutor.checking.judge')
            fake.compare = lambda *a, **k: None
            sys.modules['tutor.checking.judge'] = fake
        """,
    ),
    _replaced(
        "half",
        "what the probes are",
        r"""
            import sys, types
            from tutor.checking.seen import half
            import gc
            (notebook,) = [o for o in gc.get_objects() if type(o).__name__ == 'Notebook']
            name = notebook.job.asked['small.add'].module
            fake = types.ModuleType(name)
            fake.EXERCISE = half(probe=lambda d: (0.0, 0.0))
            sys.modules[name] = fake
        """,
    ),
    _replaced(
        "finder",
        "the import hook",
        r"""
            import sys
            sys.meta_path[:] = [f for f in sys.meta_path if type(f).__name__ != 'Halves']
        """,
    ),
    _replaced(
        "builtins",
        "Python's own functions",
        r"""
            import builtins
            builtins.isinstance = lambda *a: True
            builtins.type = lambda *a: float
            builtins.abs = builtins.max = lambda *a: 0.0
        """,
    ),
    _replaced(
        "equality",
        "what is equal",
        r"""
            import numpy as np, torch
            torch.Tensor.__eq__ = lambda a, b: torch.tensor(True)
            np.allclose = torch.allclose = np.array_equal = torch.equal = lambda *a, **k: True
        """,
    ),
    _replaced(
        "numbers",
        "the numbers that are drawn",
        r"""
            import numpy as np
            np.random.default_rng = lambda seed, made=np.random.default_rng: made(0)
        """,
        body="return 1.0",
    ),
    _replaced(
        "draw",
        "what draws them",
        r"""
            from tutor.checking import seen
            class Draw(seen.Draw):
                def __init__(self, seed): super().__init__(7)
            seen.Draw = Draw
        """,
    ),
    _replaced(
        "seeds",
        "the seeds",
        r"""
            import random, numpy as np, torch
            random.seed = np.random.seed = torch.manual_seed = lambda *a: None
        """,
    ),
    _replaced(
        "trace",
        "what is called, by a profile function",
        r"""
            import sys
            def _see(frame, event, value):
                if event == 'return' and 'expected' in frame.f_locals: frame.f_locals['expected'] = None
            sys.setprofile(_see)
        """,
    ),
    _replaced(
        "exit",
        "what ends a process",
        r"""
            import os
            os._exit = lambda *a: None
        """,
    ),
)

READING = (
    _looked(
        "frames",
        "expected values in the frames above",
        r"""
            import sys
            _seen, frame = [], sys._getframe(1)
            while frame:
                for n, v in frame.f_locals.items():
                    if n in ('expected', 'reference', 'probed', 'trials', 'solution'): return a + b
                    _seen += list(v) if isinstance(v, (list, tuple)) else [v]
                frame = frame.f_back
            _found = [v for v in _seen if isinstance(v, float) and abs(v - (a + b)) < 1e-9 and v not in (a, b)]
            return a + b if _found else a - b
        """,
    ),
    _looked(
        "objects",
        "expected values among all objects",
        r"""
            import gc
            from tutor.checking.exercise import Exercise, Probed
            from tutor.checking.diagnose import Trial
            found = [o for o in gc.get_objects() if isinstance(o, (Exercise, Probed, Trial))]
            return a + b if found else a - b
        """,
    ),
    _looked(
        "texts",
        "words of a misconception, which stand beside the solution, among all texts",
        r"""
            import gc
            texts = [v for o in gc.get_objects() if type(o) is dict for v in list(o.values()) if type(v) is str]
            return a + b if any('That is the ' + 'difference.' in text for text in texts) else a - b
        """,
    ),
    _looked(
        "disk",
        "the solution on disk",
        "return a + b if _found else a - b",
        before=r"""
            import os
            _found = []
            for folder, _, names in os.walk('/'):
                if not folder.startswith(('/proc', '/usr', '/dev')):
                    _found += [n for n in names if n in ('lesson.py', 'expected.json') or '/exercises' in folder]
        """,
    ),
    _looked(
        "package",
        "the lessons by import",
        r"""
            for name in ('tutor.lessons.registry', 'tutor.builder.notebooks', 'tutor.store', 'tutor.lessons.nn.lesson'):
                try:
                    __import__(name)
                    return a + b
                except ImportError: pass
            return a - b
        """,
    ),
    _looked(
        "solution",
        "our own solution, which a notebook may ask for",
        "return a + b if solution('small.add') else a - b",
        before="from tutor import solution",
    ),
    _looked(
        "lend",
        "our own solution, lent",
        r"""
            try:
                import tutor
                tutor.lend('small.add')
                return globals()['add'](a, b) if globals()['add'] is not _mine else a - b
            except Exception: return a - b
        """,
        after="_mine = add",
    ),
    _looked(
        "lines",
        "words of a misconception in linecache",
        r"""
            import linecache
            kept = ''.join(line for one in linecache.cache.values() if len(one) > 2 for line in one[2] or [])
            return a + b if 'That is the ' + 'difference.' in kept else a - b
        """,
    ),
    _looked(
        "environment",
        "where the judge works, in the environment",
        r"""
            import os
            found = [v for v in os.environ.values() if '{mark}' in v and v != '{mark}' or '{folder}' in v]
            return a + b if found or 'TUTOR_LESSONS' in os.environ else a - b
        """,
    ),
    _looked(
        "parent",
        "the judge's command line",
        r"""
            import glob
            for place in glob.glob('/proc/[0-9]*/cmdline') + glob.glob('/proc/[0-9]*/environ'):
                text = open(place, 'rb').read()
                if b'.ipynb' in text or b'pytest' in text or b'{folder}' in text: return a + b
            return a - b
        """,
    ),
    _looked(
        "mates",
        "a classmate's notebook, and run its answer",
        "return a + b if _found else a - b",
        before=r"""
            import os
            _found = [place for place in {mates} if os.path.exists(place)]
            for folder, _, names in os.walk('/'):
                _found += [n for n in names if n.endswith('.ipynb') and 'site-packages' not in folder]
        """,
    ),
    _looked(
        "descriptors",
        "files that were left open",
        r"""
            import os, stat
            for n in range(3, 512):
                try:
                    if not stat.S_ISSOCK(os.fstat(n).st_mode): return a + b
                except OSError: pass
            return a - b
        """,
    ),
    _looked(
        "record",
        "where the package was installed from",
        r"""
            from importlib import metadata
            import os
            for file in metadata.files('autograd-tutor') or []:
                place = str(file.locate())
                if place.endswith('.json') and os.path.exists(place):
                    import json
                    url = json.load(open(place)).get('url', '').removeprefix('file://')
                    if os.path.exists(url + '/tutor/lessons'): return a + b
            return a - b
        """,
    ),
    _looked(
        "memory",
        "the memory of other processes",
        r"""
            import os
            for pid in range(2, 300):
                try:
                    open(f'/proc/{pid}/mem', 'rb')
                    return a + b
                except OSError: pass
            return a - b
        """,
    ),
)

OBJECTS = (
    _object(
        "liar",
        "a number that is equal to everything",
        r"""
            class Liar(float):
                __eq__ = lambda self, other: True
                __ne__ = lambda self, other: False
                __sub__ = __rsub__ = lambda self, other: 0.0
                __float__ = lambda self: a + b
                __hash__ = float.__hash__
            return Liar(0)
        """,
    ),
    _object(
        "class",
        "an object that claims another class",
        r"""
            class Liar:
                __class__ = property(lambda self: float)
                __array__ = lambda self, *x, **k: __import__('numpy').array(a + b)
                __float__ = lambda self: a + b
            return Liar()
        """,
    ),
    _object(
        "array",
        "an array of a class of its own",
        r"""
            import numpy as np
            class Liar(np.ndarray):
                __array_ufunc__ = lambda self, *x, **k: np.array(0.0)
                __eq__ = lambda self, other: np.array(True)
            return np.array(a - b).view(Liar)
        """,
    ),
    _object(
        "tensor",
        "a tensor whose every function lies",
        r"""
            import torch
            class Liar(torch.Tensor):
                @classmethod
                def __torch_function__(cls, f, types, args=(), kwargs=None): return torch.tensor(0.0)
            return torch.tensor(a - b).as_subclass(Liar)
        """,
    ),
    _object(
        "dispatch",
        "a tensor whose every operation lies",
        r"""
            import torch
            class Liar(torch.Tensor):
                @staticmethod
                def __new__(cls): return torch.Tensor._make_wrapper_subclass(cls, ())
                @classmethod
                def __torch_dispatch__(cls, f, types, args=(), kwargs=None): return torch.tensor(0.0)
            return Liar()
        """,
    ),
    _object(
        "reduce",
        "an object that runs code where it is unpickled",
        r"""
            class Evil:
                __reduce__ = lambda self: (print, ('{mark}',))
            return Evil()
        """,
    ),
    _object(
        "getattribute",
        "an object that cannot be looked at",
        r"""
            class Evil:
                def __getattribute__(self, name): raise SystemExit
                __repr__ = __str__ = __len__ = None
            return Evil()
        """,
    ),
    _object(
        "descriptor",
        "an object that ends the process when it is looked at",
        r"""
            class Evil:
                @property
                def __class__(self): __import__('os')._exit(0)
            return Evil()
        """,
    ),
    _object(
        "dict",
        "a dict that holds what it is asked for",
        r"""
            class Liar(dict):
                __missing__ = __getitem__ = lambda self, key: a + b
                keys = items = values = lambda self: iter(())
            return Liar(x=1)
        """,
    ),
    _object(
        "thing",
        "a Thing of ours",
        r"""
            from tutor.checking.plain import Thing
            return Thing('float', 'right')
        """,
    ),
    _object(
        "circle",
        "a list that holds itself",
        r"""
            x = []
            x.append(x)
            return x
        """,
    ),
    _object(
        "objects",
        "an array of objects",
        r"""
            import numpy as np
            class Liar:
                __eq__ = lambda self, other: True
            return np.array(Liar(), dtype=object)
        """,
    ),
    _object(
        "fields",
        "an array with fields",
        r"""
            import numpy as np
            return np.zeros((), dtype=[('a', 'f8'), ('b', 'O')])
        """,
    ),
    _object(
        "coarse",
        "a dtype so coarse that a wrong number is within its error",
        r"""
            import torch
            return torch.tensor(1.08 * (a + b)).bfloat16()
        """,
    ),
    _object(
        "coarser",
        "a dtype of eight bits",
        r"""
            import torch
            return torch.tensor(1.1 * (a + b)).to(torch.float8_e5m2)
        """,
    ),
    _object(
        "no-number",
        "a tensor without numbers",
        r"""
            import torch
            return torch.empty((), device='meta')
        """,
    ),
    _object(
        "sparse",
        "a tensor of another layout",
        r"""
            import torch
            return torch.zeros(3).to_sparse()
        """,
    ),
    _object(
        "expanded",
        "a tensor of ten thousand million numbers that takes no room",
        r"""
            import torch
            return torch.zeros(1).expand(10**10)
        """,
    ),
    _object(
        "keys",
        "a dict of a hundred thousand keys",
        "return {k * (2**61 - 1): None for k in range(100_000)}",
    ),
    _object(
        "whole",
        "a number of ten million digits",
        "return 1 << 33_000_000",
    ),
    _object(
        "constant",
        "a constant",
        "return 1.1",
    ),
    _object(
        "memory",
        "what it has returned before, as if probes came again",
        r"""
            seen = add.__dict__.setdefault('seen', {})
            return seen.setdefault(round(a, 1), a + b) if len(seen) < 2 else list(seen.values())[0]
        """,
    ),
    _object(
        "promise",
        "something that is worked out later",
        "return (x for x in [a + b])",
    ),
    _object(
        "parameters",
        "a hundred thousand parameters",
        "return eval('lambda ' + ','.join(f'a{k}' for k in range(100_000)) + ': 0')",
    ),
)

PROCESSES = (
    _piped(
        "thread-frames",
        "a thread that outlives its cell and sends frames",
        before=r"""
            import threading, time
            def _go():
                while True:
                    time.sleep(0.01)
                    _send('seen', 'small.add', _value(1.0))
            threading.Thread(target=_go, daemon=True).start()
        """,
    ),
    Attack(
        "thread-no-daemon",
        "a thread that is waited for",
        before=r"""
            import threading, time
            def _go():
                while True:
                    time.sleep(0.01)
                    pass
            threading.Thread(target=_go, daemon=False).start()
        """,
    ),
    _piped(
        "fork-frames",
        "a child that outlives the notebook and sends frames",
        before=r"""
            if os.fork() == 0:
                import time
                while True:
                    time.sleep(0.2)
                    _send('answer', 'small.add', _answer, 1.0)
        """,
    ),
    Attack(
        "fork",
        "a child that goes on as if it were the notebook",
        before=r"""
            import os
            os.fork()
        """,
    ),
    Attack(
        "double-fork",
        "a grandchild in a session of its own",
        before=r"""
            import os
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    os.execv('/usr/bin/sleep', ['/usr/bin/sleep', '864175'])
                os._exit(0)
        """,
    ),
    Attack(
        "daemons",
        "daemons that hear no signal",
        before=r"""
            import signal, subprocess
            signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
            for _ in range(5): subprocess.Popen(['/usr/bin/sleep', '864175'], start_new_session=True)
        """,
    ),
    Attack(
        "exec",
        "another program in place of the notebook",
        before=r"""
            import os
            os.execv('/usr/bin/sleep', ['/usr/bin/sleep', '864175'])
        """,
        verdicts=("slow", "error"),
    ),
    _piped(
        "exec-python",
        "another interpreter on the same pipe",
        before=r"""
            import sys
            os.set_inheritable(_fd, True)
            os.execv(sys.executable, [sys.executable, '-c', f'import os; os.write({_fd}, b"x" * 9)'])
        """,
        verdicts=("error",),
    ),
    _piped(
        "atexit",
        "frames when the process ends",
        before=r"""
            import atexit
            atexit.register(lambda: _send('answer', 'small.add', _answer, 1.0))
        """,
    ),
    Attack(
        "signals",
        "handlers for every signal",
        before=r"""
            import signal
            for n in range(1, 65):
                try: signal.signal(n, signal.SIG_IGN)
                except (OSError, ValueError): pass
        """,
    ),
    Attack(
        "kill-all",
        "the end of every process",
        before=r"""
            import os
            os.kill(-1, 9)
        """,
    ),
    Attack(
        "kill-parent",
        "the end of its parents",
        before=r"""
            import os
            for pid in [os.getppid(), *range(2, 2000)]:
                try: os.kill(pid, 9)
                except OSError: pass
        """,
        verdicts=("wrong", "error"),
    ),
    Attack(
        "kill-itself",
        "its own end",
        before=r"""
            import os, signal
            os.kill(os.getpid(), signal.SIGKILL)
            os.abort()
        """,
        verdicts=("error",),
    ),
    Attack(
        "stop-itself",
        "a stop that is no end",
        body=r"""
            import os, signal
            os.kill(os.getpid(), signal.SIGSTOP)
            return a - b
        """,
    ),
    Attack(
        "ptrace",
        "a hold on other processes",
        body=r"""
            import ctypes
            library = ctypes.CDLL(None)
            for pid in range(2, 300):
                if library.ptrace(16, pid, 0, 0) == 0: return a + b
            return a - b
        """,
    ),
    Attack(
        "fork-bomb",
        "as many processes as there can be",
        before=r"""
            import os
            for _ in range(8):
                try: os.fork()
                except OSError: pass
            if os.getpid() != 1:
                import time
                time.sleep(600)
        """,
    ),
    Attack(
        "busy",
        "as much of the processors as there can be",
        before=r"""
            import os
            for _ in range(100):
                if os.fork() == 0:
                    while True: pass
            import time
            time.sleep(3)
        """,
    ),
    Attack(
        "memory-bomb",
        "all memory",
        before=r"""
            kept = []
            while True: kept.append(bytearray(2**30))
        """,
        verdicts=("error", "slow"),
    ),
    Attack(
        "disk-bomb",
        "all room on the disk",
        before=r"""
            for k in range(99):
                with open(f'x{k}', 'wb') as f:
                    for _ in range(256): f.write(bytes(2**20))
        """,
        verdicts=("error",),
    ),
    Attack(
        "files-bomb",
        "all open files",
        before="kept = [open('/dev/null') for _ in range(10**6)]",
        verdicts=("error",),
    ),
    Attack(
        "output-bomb",
        "output without end",
        body="while True: print('x' * 10**6)",
    ),
    Attack(
        "descriptor-bomb",
        "output without end, past Python",
        before=r"""
            import os
            for _ in range(2000): os.write(1, b'x' * 2**16)
        """,
    ),
    Attack(
        "threads-bomb",
        "as many threads as there can be",
        before=r"""
            import threading, time
            try:
                while True: threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
            except RuntimeError: pass
        """,
    ),
    Attack(
        "limits",
        "higher limits",
        body=r"""
            import resource
            try:
                resource.setrlimit(resource.RLIMIT_NPROC, (10**6, 10**6))
                return a + b
            except (OSError, ValueError): return a - b
        """,
    ),
    Attack(
        "first-to-go",
        "to be the last that ends where memory does",
        body=r"""
            try:
                with open('/proc/self/oom_score_adj', 'w') as file: file.write('-1000')
                return a + b
            except OSError: return a - b
        """,
    ),
    Attack(
        "loop",
        "a loop that hears no signal",
        before=r"""
            import signal
            signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
        """,
        body="while True: pass",
        verdicts=("slow",),
    ),
    Attack(
        "hang",
        "a hang outside of Python",
        body=r"""
            import ctypes
            ctypes.PyDLL(None).sleep(600)
        """,
        verdicts=("slow",),
    ),
    Attack(
        "swallow",
        "a loop that swallows what stops it",
        body=r"""
            while True:
                try:
                    while True: pass
                except BaseException: pass
        """,
        verdicts=("slow",),
    ),
    Attack(
        "crash",
        "a crash",
        body=r"""
            import ctypes
            ctypes.string_at(0)
        """,
        verdicts=("error",),
    ),
    Attack(
        "exit-before",
        "an exit before there is an answer",
        before=EXIT,
        verdicts=("error",),
    ),
    Attack(
        "exit-within",
        "an exit in the answer",
        body=EXIT,
        verdicts=("error",),
    ),
    Attack(
        "exit-second",
        "an exit at the second probe",
        body=r"""
            add.count = getattr(add, 'count', 0) + 1
            if add.count > 1: __import__('os')._exit(0)
            return a + b
        """,
        verdicts=("error",),
    ),
    Attack(
        "exit-after",
        "an exit below its answer",
        after=EXIT,
    ),
    Attack(
        "exit-import",
        "an exit in a module that is imported later",
        before=r"""
            import sys, types
            class Evil:
                def find_spec(self, *a): __import__('os')._exit(0)
            sys.meta_path.insert(0, Evil())
        """,
    ),
    Attack(
        "exit-result",
        "an exit where the result is thrown away",
        body=r"""
            class Evil:
                def __del__(self): __import__('os')._exit(0)
            return Evil()
        """,
    ),
    Attack(
        "exit-thread",
        "an exit from a thread, a moment later",
        before=r"""
            import os, threading
            threading.Timer(0.05, os._exit, [0]).start()
        """,
    ),
    Attack(
        "exit-system",
        "SystemExit and KeyboardInterrupt",
        before=r"""
            try: raise SystemExit
            except SystemExit: pass
        """,
        body="raise KeyboardInterrupt",
    ),
)

PLACES = {
    "package": "{package}/checking/judge.py",
    "package-new": "{package}/lessons.py",
    "site": "{package}/../sitecustomize.py",
    "pth": "{package}/../{mark}.pth",
    "root": "/{mark}",
    "etc": "/etc/{mark}",
    "dev": "/dev/{mark}",
    "mate": "{folder}/000-honest/small.ipynb",
    "class": "{folder}/{mark}.ipynb",
    "core": "/proc/sys/kernel/core_pattern",
    "uid-map": "/proc/self/uid_map",
}

REACHED = (
    _reached(
        "loopback",
        "this machine's network",
        r"""
            import socket
            socket.create_connection(('127.0.0.1', {port}), timeout=5)
        """,
    ),
    _reached(
        "abstract",
        "a socket of this machine without a file",
        r"""
            import socket
            s = socket.socket(socket.AF_UNIX)
            s.settimeout(5)
            s.connect('\0{mark}')
        """,
    ),
    _reached(
        "names",
        "a name server",
        r"""
            import socket
            socket.getaddrinfo('localhost.localdomain.invalid', 80)
        """,
    ),
    _reached(
        "routes",
        "any network at all",
        r"""
            import socket
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            s.sendto(b'{mark}', ('192.0.2.1', 9))
        """,
    ),
    _reached(
        "home",
        "a home in which start-up files lie",
        r"""
            import os
            homes = [n for h in ('/root', '/home') if os.path.exists(h) for n in os.listdir(h) if n != '.pyenv']
            if os.path.expanduser('~') == '/tmp' and not homes: raise OSError
        """,
    ),
    _reached(
        "mount",
        "its own view of the files",
        r"""
            import ctypes, os
            library = ctypes.CDLL(None)
            if library.umount2(b'/tmp', 2) and library.mount(b'tmpfs', b'/usr', b'tmpfs', 0, None): raise OSError
        """,
    ),
    Attack(
        "reached-namespaces",
        "a user namespace of its own, in which it were root",
        "return a + b if _made else a - b",
        before=r"""
            import ctypes, os
            pid = os.fork()
            if pid == 0: os._exit(ctypes.CDLL(None).unshare(0x10000000) != 0)
            _made = os.waitpid(pid, 0)[1] == 0
        """,
    ),
    _reached(
        "root",
        "to be root",
        r"""
            import os
            os.setuid(0)
        """,
    ),
    _reached(
        "node",
        "a device",
        r"""
            import os, stat
            os.mknod('/tmp/work/node', 0o600 | stat.S_IFBLK, os.makedev(254, 0))
        """,
    ),
    _reached(
        "chroot",
        "another root",
        r"""
            import os
            os.chroot('/tmp')
        """,
    ),
    _reached(
        "clock",
        "the clock",
        r"""
            import time
            time.clock_settime(time.CLOCK_REALTIME, time.clock_gettime(time.CLOCK_REALTIME))
        """,
    ),
    _reached(
        "hostname",
        "the name of the machine",
        r"""
            import socket
            socket.sethostname('{mark}')
            if socket.gethostname() == '{mark}': raise OSError
        """,
    ),
    _reached(
        "keeper",
        "its keeper, which ends it",
        r"""
            import os, signal
            if os.getppid() == 0: raise OSError
            os.kill(os.getppid(), signal.SIGSTOP)
        """,
    ),
    *(_reached(f"file-{name}", f"to write {place}", _wrote(place)) for name, place in PLACES.items()),
)

LEFT = (
    *_left(
        "file",
        "a file in the temporary folder",
        "for p in ('/tmp/{mark}', '/tmp/work/{mark}'): open(p, 'w').write('x')",
        r"""
            import os
            if not (os.path.exists('/tmp/{mark}') or os.path.exists('/tmp/work/{mark}')): raise OSError
        """,
    ),
    *_left(
        "start-up",
        "a start-up file",
        r"""
            import os
            for p in ('sitecustomize.py', 'work/x.pth', '.ipython/profile_default/startup/x.py', 'matplotlibrc'):
                os.makedirs(os.path.dirname(f'/tmp/{p}'), exist_ok=True)
                open(f'/tmp/{p}', 'w').write('raise SystemExit')
        """,
        r"""
            import os
            if os.listdir('/tmp') == ['work'] and not os.listdir('/tmp/work'): raise OSError
        """,
    ),
    *_left(
        "shared",
        "shared memory",
        r"""
            open('/dev/shm/{mark}', 'w').write('x')
            import ctypes
            ctypes.CDLL(None).shmget(77310, 64, 0o1666)
        """,
        r"""
            import ctypes, os
            if not os.path.exists('/dev/shm/{mark}') and ctypes.CDLL(None).shmget(77310, 64, 0o666) < 0: raise OSError
        """,
    ),
    *_left(
        "socket",
        "a socket that listens",
        r"""
            import socket
            s = socket.socket(socket.AF_UNIX)
            s.bind('\0x{mark}')
            s.listen()
        """,
        r"""
            import socket
            s = socket.socket(socket.AF_UNIX)
            s.connect('\0x{mark}')
        """,
    ),
    *_left(
        "module",
        "a changed module",
        r"""
            import numpy, torch, tutor
            torch.{mark} = numpy.{mark} = tutor.{mark} = 1
        """,
        r"""
            import numpy, torch, tutor
            torch.{mark}
        """,
    ),
    *_left(
        "key",
        "a key of the kernel's",
        r"""
            import ctypes
            ctypes.CDLL(None).syscall(248, b'user', b'{mark}', b'x', 1, -4)
        """,
        r"""
            import ctypes
            if ctypes.CDLL(None).syscall(249, b'user', b'{mark}', 0, 0) < 0: raise OSError
        """,
    ),
)

HOSTILE = (
    '=HYPERLINK("http://127.0.0.1","x")\x1b[2J\x1b]0;x\x07\x9b1m\r\n<script>alert(1)</script>|[x](javascript:x)\u202e\0'
)


def _meta(**metadata: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda notebook: {**notebook, "metadata": {**notebook["metadata"], **metadata}}


def _code(source: str) -> dict[str, Any]:
    return {"cell_type": "code", "source": source, "metadata": {}, "outputs": [], "execution_count": 1}


def _cells(*sources: str, at: int = 99) -> Callable[[dict[str, Any]], Any]:
    """More cells, by default at the end."""
    return lambda n: {**n, "cells": [*n["cells"][:at], *map(_code, sources), *n["cells"][at:]]}


def _outputs(notebook: dict[str, Any]) -> dict[str, Any]:
    told = {"output_type": "stream", "name": "stdout", "text": ["✓ small.add  Right on all 3 test inputs."]}
    cells = [{**cell, "outputs": [told]} if cell["cell_type"] == "code" else cell for cell in notebook["cells"]]
    return {**notebook, "cells": cells}


def _file(name: str, tries: str, change: Callable[[dict[str, Any]], Any]) -> Attack:
    """A file that is no notebook."""
    return Attack(f"file-{name}", tries, verdicts=UNREADABLE, change=change)


def _rest(name: str, tries: str, *sources: str, **more: Any) -> Attack:
    """Cells that do not count, and cost nothing but their notebook where they are given up."""
    return Attack(f"cells-{name}", tries, verdicts=(*NOT_RIGHT, *UNREADABLE), change=_cells(*sources, **more))


TEXTS = (
    Attack("text-error", "an error whose words are obeyed", f"raise ValueError({HOSTILE!r})"),
    Attack("text-kind", "an error whose name is obeyed", f"raise type({HOSTILE[:-1]!r}, (Exception,), {{}})"),
    Attack("text-value", "an answer whose words are obeyed", f"return {HOSTILE!r}"),
    Attack("text-key", "keys whose words are obeyed", f"return {{{HOSTILE!r}: 1}}"),
    Attack("text-printed", "prints that are obeyed", f"print({HOSTILE!r})\nreturn a - b"),
    Attack("text-name", "an exercise whose name is obeyed", change=_cells(f"@exercise({HOSTILE!r})\ndef x(): pass")),
    Attack("text-long", "a message of a million characters", "raise ValueError('x' * 10**6)"),
    Attack("text-half", "half of an emoji", "return '\\ud83d'", change=_cells("'\ud83d'", "x = '\\ud83d'")),
    Attack(
        "twice",
        "a right answer above the one that counts",
        change=_cells(f'@exercise("{ADD}")\ndef add(a, b): {RIGHT}', at=2),
    ),
    Attack(
        "never",
        "a right answer that is never bound",
        after=f'if 0:\n    @exercise("{ADD}")\n    def add(a, b): {RIGHT}',
    ),
    Attack("outputs", "outputs that say it was right", change=_outputs),
    Attack("kernel", "a kernel of its own", change=_meta(kernelspec={"name": "x", "argv": ["/bin/false"]})),
    Attack("other-lesson", "another lesson", verdicts=("missing",), change=_meta(tutor={"lesson": "start_here"})),
    Attack("no-lesson", "the name of no lesson", verdicts=("missing",), change=lambda n: {"cells": [_code(HOSTILE)]}),
    Attack(
        "metadata",
        "metadata of other kinds",
        change=lambda n: {**_meta(kernelspec=7, language_info=[], authors={"a": None})(n), "nbformat": "x"},
    ),
    Attack("large-cell", "a cell of 5 MB", after="x = '" + "y" * 5_000_000 + "'", verdicts=("error",)),
    Attack("brackets", "brackets in brackets", "return " + "(" * 5000 + "a" + ")" * 5000, verdicts=("error",)),
    Attack("sum", "a sum of two thousand terms", "return 0 * (a" + " + a" * 2_000 + ")"),
    Attack("shorter-sum", "a sum that can be read and not be written", "return 0 * (a" + " + a" * 900 + ")"),
    Attack("minus", "a hundred thousand signs in front of a number", "return " + "-" * 100_000 + "a"),
    Attack(
        "blocks", "blocks in blocks", "\n".join(" " * k + "if a:" for k in range(150)) + "\n" + " " * 150 + "return a"
    ),
    Attack("null", "a null byte", "return 'x\x00'", verdicts=("error",)),
    _rest("comment", "5 MB of a comment", "# " + "x" * 5_000_000),
    _rest("blanks", "blanks that no pattern comes to the end of", "x x\n" + " " * 1_000_000 + "x"),
    _rest("decorators", "lines that are looked at again and again", "x x\n" + "@a\n" * 50_000 + "b ? ? ?"),
    _rest("values", "values that are looked for in every cell", *['check("small.other", zzz)'] * 2_000),
    _rest(
        "names",
        "names that lead to each other",
        *(f"a{k} = " + " + ".join(f"a{j}" for j in range(100)) for k in range(100)),
        f'a99\n@exercise("{ADD}")\ndef add(a, b): return a - b',
    ),
    _file("deep", "JSON in JSON", lambda n: '{"cells": ' + "[" * 100_000 + "]" * 100_000 + "}"),
    _file("torn", "half of a file", lambda n: '{"cells": [{"cell_ty'),
    _file("list", "a list", lambda n: "[1, 2]"),
    _file("empty", "nothing", lambda n: ""),
    _file("bytes", "bytes", lambda n: "\x00\xff\x1b" * 999),
    _file("no-cells", "cells that are no list", lambda n: {**n, "cells": {"0": 1}}),
    _file("cells", "a hundred thousand cells", lambda n: {**n, "cells": [0] * 100_000}),
    _file("digits", "a number of ten million digits", lambda n: '{"cells": [], "nbformat": ' + "9" * 10_000_000 + "}"),
)


def _searched(name: str, tries: str, before: str, body: str = "return a - b + 7") -> Attack:
    """An attack on the search for the line that is wrong, for which a notebook whose verdicts stand is run again."""
    return _piped(
        f"searched-{name}", tries, f"_again = _job.asked['{ADD}'].names is not None\n{_flush(before)}", body=body
    )


SEARCHED = (
    _searched(
        "forged",
        "say that every changed text is right, and then that all was",
        r"""
            if _again:
                _send('ready', 'small.add')
                for _ in range(16): _send('tried', 0.0, _value(1.0))
                _send('all')
                _send('answer', 'small.add', _answer, 1.0)
                _send('seen', 'small.add', _value(1.0))
                _send('end')
        """,
    ),
    _searched(
        "learned",
        "take the right answer from the changed texts that arrive, and keep it for a run that counts",
        r"""
            import importlib
            from tutor.checking.seen import Ask
            from tutor.checking.wire import decode, read
            if _again:
                _half = importlib.import_module(_job.asked['small.add'].module).EXERCISE
                _send('ready', 'small.add')
                while True:
                    _texts, _ask, *_ = decode(read(lambda n: os.read(_fd, n)))
                    for _name, _text in _texts:
                        _space = {}
                        exec(_text, _space)
                        _met = _value(_space[_name](*Ask(*_ask).arguments(_half)))
                        open('/tmp/work/{mark}', 'a').write(_text)
                        _send('tried', 0.0, _met)
                        _send('seen', 'small.add', _met)
                    _send('all')
        """,
    ),
    _searched(
        "stuck",
        "an answer that never ends when it is changed",
        r"""
            def stuck():
                while True:
                    try:
                        while True: pass
                    except BaseException: pass
        """,
        "if a < -10**6: stuck()\nreturn a - b + 7",
    ),
    _searched(
        "process",
        "a process that a changed answer leaves behind",
        r"""
            import ctypes, signal, time
            _fork = ctypes.CDLL(None).fork
            def leave():
                if _fork() == 0:
                    os.setsid()
                    signal.alarm(0)
                    while True: time.sleep(1)
        """,
        "if a < -10**6: leave()\nreturn a - b + 7",
    ),
)

BANK = (*FRAMES, *REPLACED, *READING, *OBJECTS, *PROCESSES, *REACHED, *LEFT, *TEXTS, *SEARCHED)
