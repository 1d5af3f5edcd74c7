"""Learn how PyTorch works: exercises that say why an answer is wrong, and drawings of the autograd graph.

Everything is imported when it is first used, so that `import tutor` costs next to nothing and does not load torch.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

if sys.version_info < (3, 11):  # noqa: UP036  pip refuses older ones, a folder on the path does not
    sys.exit(f"tutor needs Python 3.11 or newer; this is Python {sys.version_info[0]}.{sys.version_info[1]}.")

__version__ = "0.1.0"

_WHERE = {
    **dict.fromkeys(
        ("exercise", "check", "hint", "solution", "compare", "lend", "progress", "reset", "expect"), "tutor.session"
    ),
    "assert_passed": "tutor.session",
    "program": "tutor.program_cells",
    "exercises": "tutor.lessons.registry",
}
_MODULES = ("checking", "data", "graph", "lessons", "models", "plots", "session", "training")

__all__ = [*_WHERE, *_MODULES]


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        module = importlib.import_module(_WHERE[name])
        if name == "program":
            module.register()  # also where this shell is not the one that it was imported in
        return getattr(module, name)
    if name in _MODULES:
        return importlib.import_module(f"tutor.{name}")
    raise AttributeError(f"module 'tutor' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
