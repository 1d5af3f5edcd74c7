"""Run a program under guard and record what can be seen of its training from outside, however it is written.

What is recorded is seen at the backward passes, whose graphs hold the parameters, the batches and the operations;
nothing of the program is replaced, and a program that calls no `backward` has nothing recorded.
"""

from __future__ import annotations

import ast
import contextlib
import math
import sys
import threading
import types
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from tutor.checking import guard

LOOKED = 64  # backward passes whose graphs are looked at, the first ones; then one in as many
MOST_NODES = 2_000  # of a graph
MOST_NUMBERS = 20_000_000  # in copies of batches and of parameters
HUGE = 1e6  # a parameter that no training of a course arrives at
SAMPLED = 0.01  # seconds between two looks at the line that runs


@dataclass(frozen=True)
class Training:
    """What was seen of a program's training, as plain data; the attributes are those of a `Recorder`."""

    losses: tuple[float, ...] = ()
    backwards: int = 0
    watched: int = 0
    stale: int = 0
    operations: tuple[str, ...] = ()
    softmax_twice: bool = False
    origin: str = ""


@dataclass
class Recorder:
    """What is seen of a program's training while it runs.

    Attributes
    ----------
    losses : what each backward pass began at, where that was one number.
    backwards : how many backward passes there were.
    first : id of a parameter -> the parameter, and a copy from before the first backward pass that reached it.
    watched, stale : of the passes that were looked at after the first, how many there were, and in how many of them
        the gradient of some parameter was already there and not zero.
    batches : copies of what the program fed into operations with parameters, dimensions beyond the first flattened.
    operations : names of the graphs' nodes.
    softmax_twice : whether probabilities went into a function that takes their softmax once more.
    origin : where the first loss came from that was no finite number, in words.
    lines : line of the cell -> how often it was met running.
    notes : what an exercise's `watch` wrote down besides.
    """

    losses: list[float] = field(default_factory=list)
    backwards: int = 0
    first: dict[int, tuple[Any, Any]] = field(default_factory=dict)
    watched: int = 0
    stale: int = 0
    batches: list[Any] = field(default_factory=list)
    operations: set[str] = field(default_factory=set)
    softmax_twice: bool = False
    origin: str = ""
    lines: Counter[int] = field(default_factory=Counter)
    notes: dict[str, Any] = field(default_factory=dict)
    kept: int = 0

    def training(self) -> Training:
        """What of it is plain data."""
        counts = self.backwards, self.watched, self.stale
        return Training(tuple(self.losses), *counts, tuple(sorted(self.operations)), self.softmax_twice, self.origin)

    def backward(self, roots: Any) -> None:
        """Look at a backward pass that is about to begin."""
        import torch

        roots = [root for root in ([roots] if isinstance(roots, torch.Tensor) else roots) if root.grad_fn is not None]
        number, self.backwards = self.backwards, self.backwards + 1
        broke = False
        if len(roots) == 1 and roots[0].numel() == 1:
            self.losses.append(float(roots[0].detach()))
            broke = not math.isfinite(self.losses[-1]) and not self.origin
        if number < LOOKED or number % LOOKED == 0 or broke:
            nodes = list(_nodes([root.grad_fn for root in roots]))
            leaves = [node.variable for node in nodes if hasattr(node, "variable")]
            if broke:
                self.origin = _origin(nodes, leaves)
            self._gradients(leaves, number)
            self.operations |= {node.name() for node in nodes}
            self.softmax_twice |= any(map(_takes_probabilities, nodes))
            if number < LOOKED:
                self._batches(nodes)

    def _gradients(self, leaves: list[Any], number: int) -> None:
        known = [leaf for leaf in leaves if id(leaf) in self.first]
        if number and known:
            self.watched += 1
            self.stale += any(leaf.grad is not None and bool(leaf.grad.count_nonzero()) for leaf in known)
        for leaf in leaves:
            if id(leaf) not in self.first and self._has_room(leaf):
                self.first[id(leaf)] = leaf, leaf.detach().clone()

    def _batches(self, nodes: list[Any]) -> None:
        for node in nodes:
            for _, saved in _saved(node):
                plain = saved.is_floating_point() and not saved.requires_grad and saved.dim() > 1
                if plain and saved.shape[0] and self._has_room(saved):
                    self.batches.append(saved.detach().flatten(1).clone())

    def _has_room(self, tensor: Any) -> bool:
        fits = self.kept + tensor.numel() <= MOST_NUMBERS
        self.kept += tensor.numel() if fits else 0
        return fits


Watch = Callable[[dict[str, Any], Recorder], AbstractContextManager[None]]


@dataclass
class Run:
    """A program that ran, as it is looked at where it ran.

    Attributes
    ----------
    left : name -> what the program left behind under it, of the names that it has to leave.
    recorder : what was seen of its training.
    """

    left: dict[str, Any]
    recorder: Recorder

    @property
    def losses(self) -> list[float]:
        """What each backward pass began at, in order, where that was one number."""
        return self.recorder.losses

    @property
    def backwards(self) -> int:
        """How many backward passes there were."""
        return self.recorder.backwards


def execute(
    code: types.CodeType, names: Mapping[str, Any], *, seconds: float, seed: int, live: bool, watch: Watch | None = None
) -> tuple[guard.Outcome, Recorder, dict[str, Any]]:
    """Run a program in a copy of `names`; return what came of it, what was seen, and all the names that it ends with.

    Its classes are found in `__main__` as long as it runs, as if the notebook had defined them, so that they can be
    saved. Where it is `live`, what it prints is shown as it comes, and Ctrl-C ends it with a KeyboardInterrupt. A
    `watch` is entered around it and notes in the recorder what it sees.
    """
    home, before = types.ModuleType("__main__"), sys.modules["__main__"]
    space = vars(home)
    space.update(names, __name__="__main__")
    recorder = Recorder()
    sys.modules["__main__"] = home
    try:
        watched = watch(space, recorder) if watch else contextlib.nullcontext()
        with _seen(recorder), _sampled(recorder.lines, code.co_filename), watched:
            outcome = guard.call(exec, code, space, seconds=seconds, seed=seed, live=live)
    finally:
        sys.modules["__main__"] = before
    return outcome, recorder, space


def compiled(body: list[ast.stmt], filename: str) -> types.CodeType:
    """A program's statements as code of a file (a cell)."""
    return compile(ast.Module(body, []), filename, "exec")


@contextlib.contextmanager
def _seen(recorder: Recorder) -> Iterator[None]:
    """Have the recorder look at every backward pass before it begins."""
    import torch

    original = torch.autograd.graph._engine_run_backward

    def looking(roots: Any, *arguments: Any, **more: Any) -> Any:
        with contextlib.suppress(Exception):  # whatever cannot be looked at, the program goes on
            recorder.backward(roots)
        return original(roots, *arguments, **more)

    places = [place for place in (torch.autograd, torch.autograd.graph) if hasattr(place, "_engine_run_backward")]
    for place in places:
        place._engine_run_backward = looking
    try:
        yield
    finally:
        for place in places:
            place._engine_run_backward = original


@contextlib.contextmanager
def _sampled(lines: Counter[int], filename: str) -> Iterator[None]:
    """Count which line of a file runs, the innermost, again and again."""
    over, watched = threading.Event(), threading.get_ident()

    def look() -> None:
        while not over.wait(SAMPLED):
            frame = sys._current_frames().get(watched)
            while frame is not None and frame.f_code.co_filename != filename:
                frame = frame.f_back
            if frame is not None:
                lines[frame.f_lineno] += 1

    thread = threading.Thread(target=look, daemon=True, name="tutor looks at lines")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _nodes(roots: list[Any]) -> Iterator[Any]:
    """The nodes of a graph, from its roots on, at most so many."""
    stack, seen = list(roots), set()
    while stack and len(seen) < MOST_NODES:
        node = stack.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        yield node
        stack += [child for child, _ in node.next_functions]


def _saved(node: Any) -> Iterator[tuple[str, Any]]:
    """The tensors that a node keeps for its backward pass, by name."""
    import torch

    for name in dir(node):
        if name.startswith("_saved_"):
            with contextlib.suppress(RuntimeError):
                value = getattr(node, name)
                if isinstance(value, torch.Tensor):
                    yield name, value


_SHAPES = ("View", "Reshape", "Transpose", "TBackward", "Permute", "Squeeze", "Unsqueeze", "Select", "Slice", "Clone")


def _takes_probabilities(node: Any) -> bool:
    """Whether a node is the log-softmax of a softmax; of a log-softmax it would be that itself, and do no harm."""
    if not node.name().startswith("LogSoftmax"):
        return False
    (above, _), *_ = node.next_functions
    while above is not None and above.name().startswith(_SHAPES):
        (above, _), *_ = above.next_functions
    return above is not None and above.name().startswith("Softmax")


def _is_flat_sigmoid(node: Any) -> bool:
    """Whether a node is a sigmoid that was rounded to 0 or 1 somewhere."""
    if not node.name().startswith("SigmoidBackward"):
        return False
    y = dict(_saved(node)).get("_saved_result")
    return y is not None and bool(((y == 0) | (y == 1)).any())


def _origin(nodes: list[Any], leaves: list[Any]) -> str:
    """Where a loss that is no finite number comes from."""
    if any(not bool(leaf.detach().isfinite().all()) for leaf in leaves):
        return "parameters"
    for node in nodes:
        saved = dict(_saved(node))
        kind = node.name().removesuffix("0").removesuffix("Backward")
        x = saved.get("_saved_self")
        if kind in ("Log", "Log2", "Log10") and x is not None and bool((x <= 0).any()):
            told = f"`{kind.lower()}` was given {float(x.detach().min()):.4g}"
            flat = any(_is_flat_sigmoid(other) for other in nodes)
            return f"{told}; a sigmoid is exactly 0 or 1 there, which a score beyond 17 leads to" if flat else told
        if kind == "Div" and (x := saved.get("_saved_other")) is not None and not bool(x.all()):
            return "a division had 0 below the line"
        if kind == "Exp" and (x := saved.get("_saved_result")) is not None and not bool(x.isfinite().all()):
            return "`exp` was given a number so large that its result is infinite"
    if any(not bool(x.isfinite().all()) for node in nodes for _, x in _saved(node) if not x.requires_grad):
        return "something that went in was not finite, though all parameters were"
    largest = max((float(leaf.detach().abs().max()) for leaf in leaves if leaf.numel()), default=0.0)
    told = f"all parameters were finite, the largest {largest:.2g}"
    return f"{told}: the steps before were too large" if largest > HUGE else told
