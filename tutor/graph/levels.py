"""Read module paths as a person counts: wrappers, and the lists that blocks are kept in, are no levels of their own."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

from .model import Node

LISTS = ("ModuleList", "ModuleDict")


def pattern(path: str) -> str:
    """Return a module path with every number in it replaced, which all members of a list have in common."""
    return re.sub(r"\b\d+\b", "#", path)


class Levels:
    """The levels of the paths of one model.

    A wrapper holds a single module and runs nothing itself, as DistributedDataParallel, a compiled module and the
    outer parts of PEFT models do; what it holds stands at the wrapper's own level.
    """

    def __init__(self, nodes: Iterable[Node], classes: Mapping[str, str]) -> None:
        self.classes = classes
        self.inside: defaultdict[str, list[str]] = defaultdict(list)
        for path in filter(None, classes):
            self.inside[path.rpartition(".")[0]].append(path)
        self._run = {pattern(node.place) for node in nodes if not node.is_leaf}
        self._levels: dict[str, tuple[str, ...]] = {"": ()}

    def is_list(self, path: str) -> bool:
        """Tell whether a module only keeps others, and is never called."""
        return self.classes.get(path) in LISTS

    def wraps(self, path: str) -> bool:
        """Tell whether a module does nothing but to hand on to the one that it holds."""
        only = self.inside.get(path, ())
        if len(only) != 1 or self.is_list(only[0]):
            return False
        return not path or pattern(path) not in self._run

    def of(self, path: str) -> tuple[str, ...]:
        """Return the paths that a person counts on the way to a module, the outermost first."""
        known = self._levels.get(path)
        if known is None:
            above = path.rpartition(".")[0]
            counts = not self.is_list(path) and not self.wraps(above)
            known = self._levels[path] = (*self.of(above), path) if counts else self.of(above)
        return known

    def shown(self, path: str) -> str:
        """Return the class that a person looks for: of what a wrapper holds, not of the wrapper."""
        while path and self.wraps(path):
            path = self.inside[path][0]
        return self.classes.get(path, "") if path else ""
